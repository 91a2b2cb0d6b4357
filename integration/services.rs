//! Other services: the catalogue against the documented tables of zones, and their endpoints in what is printed and drawn.

use std::collections::{BTreeMap, BTreeSet};

use ampls_dns::catalogue::Catalogue;
use ampls_dns::estate::Cloud;
use ampls_dns::output::drawing::{Estate, TimelineView};
use ampls_dns::output::page::Page;
use ampls_dns::scenario::{Scenario, builtin};

use crate::fixture::run;

/// Private zones with their public zones.
type Zones = BTreeMap<String, BTreeSet<String>>;

/// A row of the documented tables.
struct Row {
    cloud: Cloud,
    kind: &'static str,
    groups: Vec<&'static str>,
    zones: Zones,
}

fn rows() -> Vec<Row> {
    let lines = include_str!("services.tsv").lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut columns = line.split('\t');
            let mut next = || columns.next().unwrap_or_else(|| panic!("a column is missing: {line}"));
            let cloud = next().parse().expect("a cloud");
            let (kind, groups, zones) = (next(), next().split(',').collect(), next());
            let zone = |text: &str| {
                let (private, public) = text.split_once(" < ").expect("a private zone and its public zones");
                (private.to_owned(), public.split(", ").map(str::to_owned).collect())
            };
            Row { cloud, kind, groups, zones: zones.split("; ").map(zone).collect() }
        })
        .collect()
}

#[test]
fn every_documented_row_is_in_the_catalogue_with_its_zones() {
    let rows = rows();
    let counts = Cloud::ALL.map(|cloud| rows.iter().filter(|row| row.cloud == cloud).count());
    assert_eq!((counts, rows.len()), ([103, 50, 35], 188));
    for row in &rows {
        let catalogue = Catalogue::of(row.cloud);
        let what = format!("{} {} {:?}", row.cloud, row.kind, row.groups);
        if row.kind == "Microsoft.Insights/privateLinkScopes" {
            let own: BTreeSet<String> = catalogue.zone_group().map(|zone| zone.private.to_string()).collect();
            // Zone groups leave out the sixth zone of the US Government: they can have five, and no endpoint writes to it.
            let mut documented: BTreeSet<String> = row.zones.keys().cloned().collect();
            documented.remove("privatelink.adx.monitor.azure.us");
            assert_eq!(own, documented, "{what}");
            for zone in catalogue.zone_group() {
                let public = &row.zones[&zone.private.to_string()];
                assert!(public.contains(&zone.public.to_string()), "{what}: {}", zone.public);
            }
            continue;
        }
        let mut together = Zones::new();
        for group in &row.groups {
            let of_row = |zones: &[ampls_dns::catalogue::ServiceZone]| -> Zones {
                let publics = |zone: &ampls_dns::catalogue::ServiceZone| {
                    zone.public.iter().map(|public| public.as_str().to_owned()).collect()
                };
                zones.iter().map(|zone| (zone.private.as_str().to_owned(), publics(zone))).collect()
            };
            let own = catalogue.services_of(row.kind).filter(|own| own.group.as_str() == *group || own.is_for(group));
            let found: Vec<Zones> = own.map(|own| of_row(&own.zones)).collect();
            // Where a row is for several group ids, each of them has some of the public zones.
            let fits = |own: &Zones| match row.groups.len() {
                1 => *own == row.zones,
                _ => own.iter().all(|(private, public)| {
                    row.zones.get(private).is_some_and(|all| public.is_subset(all)) && own.len() == row.zones.len()
                }),
            };
            assert!(found.iter().any(fits), "{what}: {group}: {found:?}");
            for (private, public) in found.into_iter().flatten() {
                together.entry(private).or_default().extend(public);
            }
        }
        assert!(row.zones.iter().all(|(private, public)| public.is_subset(&together[private])), "{what}");
    }
}

#[test]
fn the_catalogue_has_no_row_that_is_not_documented() {
    let documented: BTreeSet<(String, String, String)> = rows()
        .into_iter()
        .flat_map(|row| {
            let key = |group: &str| (row.cloud.to_string(), row.kind.to_ascii_lowercase(), group.to_ascii_lowercase());
            row.groups.iter().map(|group| key(group)).collect::<Vec<_>>()
        })
        .collect();
    for cloud in Cloud::ALL {
        for row in Catalogue::of(cloud).services() {
            let key = (cloud.to_string(), row.kind.to_ascii_lowercase(), row.group.as_str().to_ascii_lowercase());
            assert!(documented.contains(&key), "{key:?}");
        }
    }
}

/// The timeline of a built-in scenario.
fn timeline(name: &str) -> TimelineView {
    let text = builtin::text(name).expect("the scenario is built in");
    TimelineView::of(&Scenario::read(name, text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}")), &[])
}

#[test]
fn the_page_has_their_names_and_why_they_resolve() {
    let page = Page::of(&timeline("key-vault-with-a-private-endpoint"));
    let value = serde_json::to_value(&page).expect("pages have text for keys");
    let names = value["names"].as_array().expect("the page has names");
    assert!(
        names.iter().any(|name| name["name"] == "kv-app.vault.azure.net" && name["kind"] == "resource"),
        "{names:?}"
    );
    let text = value.to_string();
    assert!(text.contains("10.1.1.4") && text.contains("pe-kv"), "address and endpoint are on the page");
    assert!(!text.contains("AMPLS058"), "each name that does not work has a cause");
}

#[test]
fn the_drawing_has_their_endpoints_and_what_they_lead_to() {
    let view = timeline("hub-with-a-firewall-and-twelve-services");
    let last = view.steps.len() - 1;
    let drawn = format!("{:?}", Estate::at(&view, last));
    let world = &view.worlds[last];
    assert_eq!(world.state.endpoints.values().filter(|one| one.spec.target.service().is_some()).count(), 12);
    for endpoint in world.state.endpoints.values() {
        assert!(drawn.contains(endpoint.spec.name.as_str()), "{} is drawn", endpoint.spec.name);
        assert!(drawn.contains(&endpoint.spec.target.to_string()), "{} is drawn", endpoint.spec.target);
    }
}

#[test]
fn compose_runs_a_network_with_their_names() {
    let text = run(&[
        "compose",
        "storage-beside-a-scope-in-the-blob-zone",
        "--image",
        "ampls-dns",
        "--admin-token",
        "0123456789abcdef",
    ]);
    let scenario = timeline("storage-beside-a-scope-in-the-blob-zone");
    for network in scenario.networks() {
        assert!(text.contains(network.as_str()), "{network}: {text}");
    }
    assert!(text.contains("storage-beside-a-scope-in-the-blob-zone"), "{text}");
}

#[test]
fn a_hosts_file_has_their_private_addresses() {
    let text =
        run(&["export", "key-vault-with-a-private-endpoint", "--at", "endpoint", "--format", "hosts", "--from", "hub"]);
    assert!(text.lines().any(|line| line.starts_with("10.1.1.4") && line.contains("kv-app.vault.azure.net")), "{text}");
}
