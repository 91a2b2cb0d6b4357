//! Other services: the catalogue against the documented tables of zones, and their endpoints in what is printed and drawn.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ampls_dns::assess::flow::Client;
use ampls_dns::assess::{Path, flows};
use ampls_dns::catalogue::{Catalogue, ServiceHop, ServiceRow};
use ampls_dns::compile::compile;
use ampls_dns::dns::{OwnerName, RecordType};
use ampls_dns::estate::Cloud;
use ampls_dns::output::drawing::{Estate, TimelineView};
use ampls_dns::output::page::Page;
use ampls_dns::resolve::{Outcome, Question, decide};
use ampls_dns::scenario::{Scenario, builtin};

use crate::fixture::run;

/// Private zones with their public zones, or with their records.
type Zones = BTreeMap<String, BTreeSet<String>>;

/// A row of the documented tables.
struct Row {
    cloud: Cloud,
    kind: &'static str,
    groups: Vec<&'static str>,
    zones: Zones,
    records: Zones,
    hop: ServiceHop,
}

fn rows() -> Vec<Row> {
    let lines = include_str!("services.tsv").lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut columns = line.split('\t');
            let mut next = || columns.next().unwrap_or_else(|| panic!("a column is missing: {line}"));
            let cloud = next().parse().expect("a cloud");
            let (kind, groups, zones) = (next(), next().split(',').collect(), next());
            let hop = match columns.next() {
                None => ServiceHop::WithEndpoint,
                Some("always") => ServiceHop::Always,
                Some(never) => (never == "never").then_some(ServiceHop::Never).expect("when there is an alias"),
            };
            let mut row = Row { cloud, kind, groups, zones: Zones::new(), records: Zones::new(), hop };
            for zone in zones.split("; ") {
                let (private, rest) = zone.split_once(" < ").expect("a private zone and its public zones");
                let (public, records) = rest.split_once(" = ").expect("public zones and records");
                let all = |text: &str| text.split(", ").map(str::to_owned).collect();
                row.zones.insert(private.to_owned(), all(public));
                row.records.insert(private.to_owned(), all(records));
            }
            row
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
fn every_documented_record_is_in_the_catalogue_and_no_other() {
    for row in rows().iter().filter(|row| row.kind != "Microsoft.Insights/privateLinkScopes") {
        let catalogue = Catalogue::of(row.cloud);
        let what = format!("{} {} {:?}", row.cloud, row.kind, row.groups);
        let own = catalogue.services_of(row.kind).filter(|own| {
            let is_here = |group: &&str| own.group.as_str() == *group || own.is_for(group);
            let zones: BTreeSet<&str> = own.zones.iter().map(|zone| zone.private.as_str()).collect();
            row.groups.iter().any(is_here) && row.zones.keys().map(String::as_str).collect::<BTreeSet<_>>() == zones
        });
        let own: Vec<_> = own.collect();
        assert!(own.iter().all(|one| one.hop == row.hop), "{what}");
        for (private, documented) in &row.records {
            let zones = || own.iter().flat_map(|one| &one.zones).filter(|zone| zone.private.as_str() == private);
            let built: BTreeSet<String> =
                zones().flat_map(|zone| &zone.records).map(|record| record.as_str().to_owned()).collect();
            let (given, always): (BTreeSet<&String>, BTreeSet<&String>) =
                documented.iter().filter(|record| *record != "?").partition(|record| record.starts_with('('));
            assert_eq!(built.iter().collect::<BTreeSet<_>>(), always, "{what} {private}");
            assert_eq!(zones().any(|zone| zone.others_unknown), documented.contains("?"), "{what} {private}");
            for record in given {
                let record = record.trim_matches(['(', ')']);
                let says_so = |one: &&ServiceRow| one.note.as_deref().is_some_and(|note| note.contains(record));
                assert!(own.iter().any(says_so), "{what}: the note says when {record} has to be given");
            }
        }
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

/// What all files of a folder say; that of a file, if it is one.
fn whole(path: &std::path::Path) -> String {
    match std::fs::read_dir(path) {
        Ok(entries) => entries.map(|entry| whole(&entry.expect("the entry can be read").path())).collect(),
        Err(_) => std::fs::read_to_string(path).expect("the file is text"),
    }
}

#[test]
fn every_format_of_an_export_has_the_private_addresses_of_twelve_services() {
    let scenario = "hub-with-a-firewall-and-twelve-services";
    let view = timeline(scenario);
    let world = &view.worlds[view.steps.len() - 1];
    let members = world.state.endpoints.values().filter(|one| one.spec.target.service().is_some());
    let addresses: BTreeSet<String> =
        members.flat_map(|one| &one.members).map(|member| member.address.to_string()).collect();
    assert!(addresses.len() >= 12, "{addresses:?}");
    for format in ["hosts", "dnsmasq", "zone", "azure", "bind", "unbound", "coredns", "knot"] {
        let folder = std::env::temp_dir().join(format!("ampls-dns-services-{}-{format}", std::process::id()));
        let at = folder.to_str().expect("a path of text");
        let printed = run(&["export", scenario, "--format", format, "--from", "hub", "--output", at]);
        let text = if folder.exists() { whole(&folder) } else { printed };
        let _gone = std::fs::remove_dir_all(&folder).or_else(|_| std::fs::remove_file(&folder));
        let missing: Vec<_> = addresses.iter().filter(|address| !text.contains(address.as_str())).collect();
        assert!(missing.is_empty(), "{format} lacks {missing:?}: {text}");
    }
}

#[test]
fn an_endpoint_with_ipv6_addresses_is_in_exports_pages_and_drawings() {
    let scenario = "ipv6-endpoint-of-a-storage-account";
    let hosts = run(&["export", scenario, "--at", "endpoint", "--format", "hosts", "--from", "hub"]);
    let is_written = |line: &str| line.starts_with("fd00:10:1:1::4 ") && line.ends_with("stone.blob.core.windows.net");
    assert!(hosts.lines().any(is_written), "{hosts}");
    let view = timeline(scenario);
    let page = serde_json::to_value(Page::of(&view)).expect("pages have text for keys").to_string();
    assert!(page.contains("fd00:10:1:1::4"), "the address is on the page");
    assert!(!page.contains("AMPLS058"), "each name that does not work has a cause");
    let drawn = format!("{:?}", Estate::at(&view, 0));
    assert!(drawn.contains("fd00:10:1:1::4") && drawn.contains("stone/blob"), "{drawn}");
    let compose = run(&["compose", scenario, "--image", "ampls-dns", "--admin-token", "0123456789abcdef"]);
    assert!(compose.contains("spoke"), "{compose}");
}

#[test]
fn the_codes_of_regions_are_those_of_the_documentation() {
    // Azure/bicep-registry-modules, private-link-private-dns-zones, 2026-08-07: 81 regions.
    let documented = "australiacentral acl australiacentral2 acl2 australiaeast ae australiasoutheast ase austriaeast aue \
        belgiumcentral bec brazilsouth brs brazilsoutheast bse canadacentral cnc canadaeast cne centralindia inc centralus cus \
        centraluseuap ccy chilecentral clc denmarkeast dke eastasia ea eastus eus eastus2 eus2 eastus2euap ecy eastus3 eus3 \
        francecentral frc francesouth frs germanynorth gn germanywestcentral gwc indiasouthcentral isc indonesiacentral idc \
        israelcentral ilc israelnorthwest iln italynorth itn japaneast jpe japanwest jpw jioindiacentral jic jioindiawest jiw \
        koreacentral krc koreasouth krs malaysiasouth mys malaysiawest myw mexicocentral mxc newzealandnorth nzn \
        northcentralus ncus northeastus5 ne5s northeurope ne norwayeast nwe norwaywest nww polandcentral plc qatarcentral qac \
        saudiarabiaeast sae southafricanorth san southafricawest saw southcentralus scus southcentralus2 usc2 southeastasia sea \
        southeastasia3 sg3 southeastus use southeastus3 use3 southeastus5 use5 southindia ins southwestus swus spaincentral spc \
        swedencentral sdc swedensouth sds switzerlandnorth szn switzerlandwest szw taiwannorth twn taiwannorthwest tnw \
        uaecentral uac uaenorth uan uksouth uks ukwest ukw westcentralus wcus westcentralusfre wfre westeurope we westindia inw \
        westus wus westus2 wus2 westus3 wus3 usgovvirginia ugv usgovtexas ugt usgovarizona uga usdodeast ude usdodcentral udc";
    let words: Vec<&str> = documented.split_whitespace().collect();
    assert_eq!(words.len(), 2 * 81);
    for pair in words.chunks(2) {
        assert_eq!(ampls_dns::catalogue::every_cloud().region_code(pair[0]), Some(pair[1]), "{}", pair[0]);
    }
}

#[test]
fn ipv6_packets_from_on_premises_pass_no_vpn() {
    // private-link-ipv6, 2026-07-07: ExpressRoute with a routing appliance alone, neither VPN nor Virtual WAN.
    let estate = |kind: &str, office: &str| {
        let text = format!(
            "version: 1
networks:
  hub: {{addressSpace: [10.1.0.0/16, 'fd00:10:1::/48'], subnets: {{endpoints: [10.1.1.0/24, 'fd00:10:1:1::/64']}}}}
  office: {{kind: onPremises, addressSpace: [{office}], dns: {{default: inboundEndpoint/in}}}}
gateways: {{hub: {{kind: {kind}, connects: [office]}}}}
inboundEndpoints: {{in: {{network: hub}}}}
resources: {{stone: {{type: Microsoft.Storage/storageAccounts, location: northeurope, groupIds: [blob]}}}}
steps:
  - name: endpoint
    events:
      - createPrivateDnsZones: {{resourceGroup: dns, zones: [privatelink.blob.core.windows.net], links: {{hub: {{}}}}}}
      - createPrivateEndpoint: {{name: pe, resource: stone, subnet: hub/endpoints, ipVersionType: IPv6, zoneGroup: {{resourceGroup: dns, zones: [privatelink.blob.core.windows.net]}}}}
"
        );
        let history =
            Scenario::read("estate.yaml", text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}")).history;
        let world = compile(&Arc::new(history.clone()), history.last());
        assert_eq!(world.state.refusals, []);
        let client = Client::named(&world, "office").expect("the network is there");
        let flow = flows(&world, &client, &"stone".into()).pop().expect("the account has a name");
        flow.path
    };
    let both = "192.168.0.0/16, 'fd00:192::/48'";
    let Path::PrivateEndpoint { unknown: Some(why), .. } = estate("expressRoute", both) else {
        panic!("it is unknown")
    };
    assert!(why.contains("routing appliance"), "{why}");
    let Path::Unreachable { why, .. } = estate("vpn", both) else { panic!("no packet arrives") };
    assert!(why.contains("VPN gateways pass no IPv6 packets"), "{why}");
    let Path::Unreachable { why, .. } = estate("expressRoute", "192.168.0.0/16") else { panic!("no packet arrives") };
    assert!(why.contains("office has no IPv6 addresses"), "{why}");
}

#[test]
fn a_registered_machine_has_a_reverse_name_in_its_own_network() {
    let text = builtin::text("registration-zones").expect("it is built in");
    let history = Arc::new(Scenario::read("registration-zones", text.as_bytes()).expect("it is a good one").history);
    let ask = |step: &str, network: &str, name: &str| {
        let end = history.steps().iter().find(|own| *own.name == *step).expect("a step of it").end;
        let world = compile(&history, end);
        let view = world.views.of_network(network).expect("a network of it");
        let question = Question { name: OwnerName::parse(name).expect("a name"), kind: RecordType::PTR };
        match decide(&world, view, &question).outcome {
            Outcome::Answer(hop) => hop.shown().data().iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            Outcome::NameError { .. } => "NXDOMAIN".to_owned(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(ask("one-zone", "hub", "70.0.60.10.in-addr.arpa"), "vm-hub.corp.example.");
    assert_eq!(ask("one-zone", "lab", "5.0.61.10.in-addr.arpa"), "vm-lab.corp.example.");
    // It is there for its own network alone, and other addresses have none.
    assert_eq!(ask("one-zone", "lab", "70.0.60.10.in-addr.arpa"), "NXDOMAIN");
    assert_eq!(ask("one-zone", "hub", "71.0.60.10.in-addr.arpa"), "NXDOMAIN");
    // It was written when the address was, and still is after a record set of the machine's name is written by hand.
    let revision = |step: &str| {
        let end = history.steps().iter().find(|own| *own.name == *step).expect("a step of it").end;
        let world = compile(&history, end);
        let view = world.views.of_network("lab").expect("a network of it");
        let name = OwnerName::parse("5.0.61.10.in-addr.arpa").expect("a name");
        match decide(&world, view, &Question { name, kind: RecordType::PTR }).outcome {
            Outcome::Answer(hop) => hop.owned.revision,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(revision("by-hand"), revision("one-zone"));
    assert_eq!(revision("a-second-one"), revision("one-zone"));
    assert!(revision("the-first-one-gives-way") > revision("one-zone"));
    // A record set of the machine's name that is written by hand changes nothing there; another registration zone does.
    assert_eq!(ask("by-hand", "hub", "70.0.60.10.in-addr.arpa"), "vm-hub.corp.example.");
    assert_eq!(ask("the-first-one-gives-way", "lab", "5.0.61.10.in-addr.arpa"), "vm-lab.lab.example.");
}
