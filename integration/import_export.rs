//! What the script of `import --azure-commands` exports of a landing zone over several subscriptions is read whole: run with an `az`
//! that serves pages.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use ampls_dns::compile::compile;
use ampls_dns::dns::RecordType;
use ampls_dns::estate::Event;
use ampls_dns::scenario::Scenario;
use serde_json::{Value, json};

use crate::fixture::{Folder, run};

const SUBSCRIPTIONS: [&str; 3] = [
    "11111111-1111-4111-8111-111111111111",
    "22222222-2222-4222-8222-222222222222",
    "33333333-3333-4333-8333-333333333333",
];
const TENANT: &str = "99999999-9999-4999-8999-999999999999";
const VAULTS: usize = 12;
/// Record sets of one zone, of which Azure prints 100 a page.
const MANY: usize = 250;

/// Serves files of the folder in `FAKE`, and refuses what does more than read.
const AZ: &str = r#"#!/usr/bin/env bash
set -eu
case "$1 $2" in
  "extension add") ;;
  "graph query")
    query="" token=0 first=""
    while [ $# -gt 0 ]; do
      case $1 in -q) query=$2 ;; --skip-token) token=$2 ;; --first) first=$2 ;; esac
      shift
    done
    [ "$first" = 1000 ]
    case $query in
      insightsresources*) name=associations ;;
      *networkProfile*) name=machines ;;
      *"distinct target"*) name=targets ;;
      *) name=resources ;;
    esac
    printf '%s\n' "$(<"$FAKE/graph-$name-$token")" ;;
  "rest --method")
    [ "$3 $4" = "get --url" ]
    file=$FAKE/${5//[^A-Za-z0-9]/_}
    if [ -e "$file.once" ]; then
      mv "$file.once" "$file"
      echo "Too Many Requests(429)" >&2
      exit 1
    fi
    [ -e "$file" ] || { echo "Forbidden: $5" >&2 && exit 1; }
    printf '%s\n' "$(<"$file")" ;;
  *) echo "unexpected: $*" >&2 && exit 2 ;;
esac
"#;

/// What Azure has: rows of Azure Resource Graph, and answers of the REST interface by their URL.
#[derive(Default)]
struct Azure {
    rows: Vec<Value>,
    answers: HashMap<String, Value>,
}

fn id(subscription: usize, group: &str, path: &str) -> String {
    format!("/subscriptions/{}/resourceGroups/{group}/providers/{path}", SUBSCRIPTIONS[subscription])
}

impl Azure {
    fn row(&mut self, id: &str, properties: Value) {
        let parts: Vec<&str> = id.split('/').collect();
        let kind: Vec<&str> = std::iter::once(parts[6]).chain(parts[7..].iter().step_by(2).copied()).collect();
        self.rows.push(json!({
            "id": id, "name": parts[parts.len() - 1], "type": kind.join("/").to_lowercase(), "location": "westeurope",
            "subscriptionId": parts[2], "tenantId": TENANT, "resourceGroup": parts[4].to_lowercase(), "properties": properties,
        }));
    }

    fn answer(&mut self, path: &str, version: &str, value: Value) {
        self.answers.insert(format!("{path}?api-version={version}"), value);
    }

    /// The answer for the record sets of a zone, 100 a page.
    fn record_sets(&mut self, zone: &str, sets: Vec<Value>) {
        let pages: Vec<&[Value]> = sets.chunks(100).collect();
        let first = format!("{zone}/ALL?api-version=2024-06-01");
        let url = |page: usize| match page {
            0 => first.clone(),
            page => format!("https://management.azure.com{first}&$skipToken={page}"),
        };
        for (number, page) in pages.iter().enumerate() {
            let mut answer = json!({"value": page});
            if number + 1 < pages.len() {
                answer["nextLink"] = url(number + 1).into();
            }
            self.answers.insert(url(number), answer);
        }
    }

    /// A landing zone: a hub and spokes, zones in each subscription, key vaults with private endpoints, a scope.
    fn landing_zone(zones: usize) -> Self {
        let mut own = Self::default();
        let network =
            |number: usize| id(number % 3, "rg-net", &format!("Microsoft.Network/virtualNetworks/vnet-{number}"));
        for number in 0..30 {
            let (own_id, prefix) = (network(number), format!("10.{number}"));
            let subnet = json!({"name": "pe", "id": format!("{own_id}/subnets/pe"),
                "properties": {"addressPrefix": format!("{prefix}.1.0/24")}});
            own.row(
                &own_id,
                json!({"addressSpace": {"addressPrefixes": [format!("{prefix}.0.0/16")]}, "subnets": [subnet]}),
            );
        }
        for number in 0..zones {
            let name = match number {
                0 => "privatelink.vaultcore.azure.net".to_owned(),
                1 => "many.example".to_owned(),
                number => format!("zone-{number}.example"),
            };
            let zone = id(number % 3, "rg-dns", &format!("Microsoft.Network/privateDnsZones/{name}"));
            let mut sets = vec![set(
                &zone,
                "SOA",
                "@",
                json!({"ttl": 3600, "soaRecord": {
                "host": "azureprivatedns.net", "email": "azureprivatedns-host.microsoft.com", "serialNumber": 1,
                "refreshTime": 3600, "retryTime": 300, "expireTime": 2_419_200, "minimumTtl": 10}}),
            )];
            let count = match number {
                0 => VAULTS,
                1 => MANY,
                _ => 2,
            };
            for host in 0..count {
                let properties = match number {
                    0 => json!({"ttl": 10, "aRecords": [{"ipv4Address": format!("10.0.1.{}", host + 4)}],
                        "metadata": {"creator": format!("created by private endpoint pe-{host} with resource guid x")}}),
                    _ => json!({"ttl": 300, "aRecords": [{"ipv4Address": format!("10.9.9.{}", host % 250 + 1)}]}),
                };
                let host = if number == 0 { format!("kv-{host}") } else { format!("host-{host}") };
                sets.push(set(&zone, "A", &host, properties));
            }
            own.row(&zone, json!({"numberOfRecordSets": sets.len(), "numberOfVirtualNetworkLinks": 2}));
            // Two hubs: a network can have 1,000 linked zones.
            for link in [number % 2, 2 + number % 28] {
                own.row(
                    &format!("{zone}/virtualNetworkLinks/link-{link}"),
                    json!({"registrationEnabled": false, "virtualNetwork": {"id": network(link)}}),
                );
            }
            own.record_sets(&zone, sets);
        }
        for number in 0..VAULTS {
            let vault = id(1, "rg-kv", &format!("Microsoft.KeyVault/vaults/kv-{number}"));
            let endpoint = id(1, "rg-kv", &format!("Microsoft.Network/privateEndpoints/pe-{number}"));
            let zone = id(0, "rg-dns", "Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net");
            own.row(
                &endpoint,
                json!({"subnet": {"id": format!("{}/subnets/pe", network(0))},
                "privateLinkServiceConnections": [{"name": "c", "properties": {"privateLinkServiceId": vault,
                    "groupIds": ["vault"], "privateLinkServiceConnectionState": {"status": "Approved"}}}]}),
            );
            let groups = json!({"value": [{"name": "default", "id": format!("{endpoint}/privateDnsZoneGroups/default"),
                "type": "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
                "properties": {"privateDnsZoneConfigs": [{"name": "kv", "properties": {"privateDnsZoneId": zone}}]}}]});
            own.answer(&format!("{endpoint}/privateDnsZoneGroups"), "2024-05-01", groups);
        }
        let scope = id(2, "rg-mon", "Microsoft.Insights/privateLinkScopes/ampls");
        let workspace = id(2, "rg-mon", "Microsoft.OperationalInsights/workspaces/ws");
        let modes = json!({"accessModeSettings": {"queryAccessMode": "Open", "ingestionAccessMode": "PrivateOnly"}});
        own.row(&scope, json!({}));
        own.row(&workspace, json!({"customerId": "44444444-4444-4444-8444-444444444444"}));
        own.answer(&scope, "2021-07-01-preview", json!({"id": scope, "name": "ampls", "properties": modes}));
        let scoped = json!({"value": [{"id": format!("{scope}/scopedResources/ws"), "name": "ws",
            "properties": {"linkedResourceId": workspace}}]});
        own.answer(&format!("{scope}/scopedResources"), "2021-07-01-preview", scoped);
        own
    }

    /// The pages of the resources, of so many rows each.
    fn pages(&self, rows: usize) -> Vec<Value> {
        let pages = self.rows.chunks(rows).count();
        let page = |(number, page): (usize, &[Value])| {
            let token = (number + 1 < pages).then(|| (number + 1).to_string());
            json!({"count": page.len(), "data": page, "skip_token": token, "total_records": self.rows.len()})
        };
        self.rows.chunks(rows).enumerate().map(page).collect()
    }

    /// The vaults that private endpoints lead to.
    fn targets() -> Value {
        let vaults: Vec<Value> = (0..VAULTS)
            .map(|number| {
                let id = id(1, "rg-kv", &format!("Microsoft.KeyVault/vaults/kv-{number}"));
                json!({"id": id, "name": format!("kv-{number}"), "type": "microsoft.keyvault/vaults", "location": "westeurope",
                    "subscriptionId": SUBSCRIPTIONS[1], "tenantId": TENANT, "properties": {"publicNetworkAccess": "Disabled"}})
            })
            .collect();
        json!({"count": VAULTS, "data": vaults, "skip_token": null, "total_records": VAULTS})
    }

    /// Writes what the script writes: pages of resources, and each other answer as a whole.
    fn write(&self, folder: &Path) {
        let save =
            |name: String, value: &Value| fs::write(folder.join(name), value.to_string()).expect("it can be written");
        for (number, page) in self.pages(1_000).iter().enumerate() {
            save(format!("resources-{number}.json"), page);
        }
        save("targets-0.json".to_owned(), &Self::targets());
        let mut urls: Vec<&String> = self.answers.keys().filter(|url| !url.contains("skipToken")).collect();
        urls.sort();
        for (number, url) in urls.into_iter().enumerate() {
            let mut answer = self.answers[url].clone();
            while let Some(next) = answer.get("nextLink").and_then(Value::as_str).map(str::to_owned) {
                let page = &self.answers[&next];
                let more = page["value"].as_array().expect("a page has a list").clone();
                answer["value"].as_array_mut().expect("a page has a list").extend(more);
                answer["nextLink"] = page.get("nextLink").cloned().unwrap_or_default();
            }
            save(format!("rest-{number}.json"), &answer);
        }
    }

    /// Writes what the `az` in the folder answers.
    fn serve(&self, folder: &Path) {
        for (number, page) in self.pages(100).iter().enumerate() {
            fs::write(folder.join(format!("graph-resources-{number}")), page.to_string()).expect("it can be written");
        }
        let none = json!({"count": 0, "data": [], "skip_token": null, "total_records": 0}).to_string();
        for name in ["machines", "associations"] {
            fs::write(folder.join(format!("graph-{name}-0")), &none).expect("it can be written");
        }
        fs::write(folder.join("graph-targets-0"), Self::targets().to_string()).expect("it can be written");
        for (url, answer) in &self.answers {
            fs::write(folder.join(file(url)), answer.to_string()).expect("it can be written");
        }
    }
}

fn file(url: &str) -> String {
    url.chars().map(|one| if one.is_ascii_alphanumeric() { one } else { '_' }).collect()
}

fn set(zone: &str, kind: &str, name: &str, properties: Value) -> Value {
    let kind_of = format!("Microsoft.Network/privateDnsZones/{kind}");
    json!({"id": format!("{zone}/{kind}/{name}"), "name": name, "type": kind_of, "properties": properties})
}

/// Runs the script with the folder's `az`, and a `sleep` that does not wait; its exit code and what it says.
fn export(folder: &Path, out: &Path) -> (i32, String) {
    use std::os::unix::fs::PermissionsExt as _;
    let commands = folder.join("bin");
    fs::create_dir_all(&commands).expect("it can be made");
    for (name, text) in [("az", AZ), ("sleep", "#!/bin/sh\n")] {
        let path = commands.join(name);
        fs::write(&path, text).expect("it can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    }
    let printed = run(&["import", "--azure-commands"]);
    let script = folder.join("export.sh");
    fs::write(&script, printed.split_once("--- stdout\n").expect("it prints the script").1).expect("it can be written");
    let path = format!("{}:{}", commands.display(), std::env::var("PATH").expect("there is a path"));
    let output = Command::new("bash")
        .arg(&script)
        .arg(out)
        .env("PATH", path)
        .env("FAKE", folder)
        .stdin(Stdio::null())
        .output()
        .expect("there is bash");
    (output.status.code().expect("it ends"), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn has_jq() -> bool {
    let found = Command::new("jq").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success());
    assert!(found || std::env::var("CI").is_err(), "`jq` is not installed");
    found
}

/// Imports a folder with a landing zone, which must be whole.
fn is_whole(folder: &Path, estate: &Path, zones: usize) {
    let (estate, written) = (estate.display().to_string(), folder.join("estate.yaml").display().to_string());
    let told = run(&["import", &estate, "-o", &written]);
    let remarks: Vec<&str> = told.lines().filter(|line| !line.contains(": Azure re")).take(60).collect();
    assert!(told.starts_with("exit code 0\n"), "{remarks:#?}");
    let text = fs::read(&written).expect("it was written");
    let history = Arc::new(Scenario::read(&written, &text).expect("it reads back").history);
    let links = history.events().iter().filter(|one| matches!(one.event, Event::LinkZone { .. })).count();
    let state = &compile(&history, history.last()).state;
    assert_eq!((state.zones.len(), state.networks.len()), (zones, 30));
    assert_eq!(links, 2 * zones);
    let sets = |name: &str| -> Vec<String> {
        let (_, linked) =
            state.zones.iter().find(|(id, _)| id.apex.to_string().starts_with(name)).expect("it is there");
        let sets = linked.zone.iter().filter(|set| set.set.kind() == RecordType::A);
        sets.map(|set| set.set.owner().to_string()).collect()
    };
    assert_eq!(sets("many.").len(), MANY);
    assert_eq!(sets("privatelink.vaultcore").len(), VAULTS);
    // What endpoints wrote is known from the creator: no record set is one by hand.
    assert!(!told.contains("record sets by hand") || !told.contains("vaultcore"), "{told}");
}

#[test]
fn a_landing_zone_with_more_than_a_thousand_zones_is_read_whole() {
    let folder = Folder::new("thousand-zones");
    let estate = folder.0.join("estate");
    fs::create_dir_all(&estate).expect("it can be made");
    let azure = Azure::landing_zone(1_040);
    azure.write(&estate);
    assert!(estate.join("resources-3.json").exists(), "there are four pages");
    is_whole(&folder.0, &estate, 1_040);
    // Without one page, it is not whole.
    fs::remove_file(estate.join("resources-2.json")).expect("it is there");
    let told = run(&["import", &estate.display().to_string()]);
    assert!(told.starts_with("exit code 1\n") && told.contains("pages are missing"), "{}", &told[..200]);
}

#[test]
fn the_script_exports_a_landing_zone() {
    if !has_jq() {
        return;
    }
    let folder = Folder::new("landing-zone");
    Azure::landing_zone(120).serve(&folder.0);
    // Azure has too many requests once.
    let busy = folder.0.join(file(&format!(
        "{}/ALL?api-version=2024-06-01",
        id(0, "rg-dns", "Microsoft.Network/privateDnsZones/zone-99.example")
    )));
    fs::rename(&busy, busy.with_extension("once")).expect("that zone is there");
    let estate = folder.0.join("estate");
    let (code, said) = export(&folder.0, &estate);
    assert_eq!(code, 0, "{said}");
    is_whole(&folder.0, &estate, 120);
    // A second run into the same folder would mix two exports.
    let (code, said) = export(&folder.0, &estate);
    assert!(code == 1 && said.contains("is not empty"), "{said}");
}

#[test]
fn what_the_script_cannot_read_is_reported_by_the_import() {
    if !has_jq() {
        return;
    }
    let folder = Folder::new("export-refused");
    let mut azure = Azure::default();
    let zone = id(0, "rg", "Microsoft.Network/privateDnsZones/many.example");
    let host = |number| {
        set(&zone, "A", &format!("host-{number}"), json!({"ttl": 300, "aRecords": [{"ipv4Address": "10.0.0.1"}]}))
    };
    azure.row(&zone, json!({"numberOfRecordSets": 151, "numberOfVirtualNetworkLinks": 0}));
    azure.record_sets(&zone, (0..150).map(host).collect());
    azure.answers.retain(|url, _| !url.contains("skipToken"));
    azure.serve(&folder.0);
    let out = folder.0.join("estate");
    let (code, said) = export(&folder.0, &out);
    assert!(code == 1 && said.contains("Forbidden") && said.contains("1 of 1 answers were not read whole"), "{said}");
    let told = run(&["import", &out.display().to_string()]);
    assert!(told.starts_with("exit code 1\n") && told.contains("this is one page of a longer list"), "{told}");
    assert!(told.contains("skipToken=1"), "{told}");
}
