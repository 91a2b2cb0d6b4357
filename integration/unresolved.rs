//! Unknown is not empty: names of a zone whose contents are unknown are neither answered nor denied.

use std::net::SocketAddr;
use std::sync::Arc;

use ampls_dns::assess::flow::{Client, flows};
use ampls_dns::assess::route::Path;
use ampls_dns::assess::{Assessment, Code, Severity};
use ampls_dns::compile::{Compiled, compile};
use ampls_dns::dns::wire::encode_query;
use ampls_dns::dns::{OwnerName, Rcode, RecordType};
use ampls_dns::estate::{ApprovalState, Revision};
use ampls_dns::import::{ImportFile, import};
use ampls_dns::resolve::{Failure, Outcome, Question, decide};
use ampls_dns::scenario::Scenario;
use ampls_dns::server::{Settings, plan, start};
use serde_json::json;

use crate::exchange::ask;
use crate::fixture::run;

const MONITOR: &str = "privatelink.monitor.azure.com";

/// An endpoint that leads to a scope nobody knows writes to the zones of Azure Monitor. One of its names is known.
const ESTATE: &str = "
version: 1
networks:
  vnet1: { addressSpace: [10.0.1.0/24], subnets: { endpoints: 10.0.1.0/25 } }
workspaces:
  ws: { customerId: 11111111-1111-1111-1111-111111111111, location: westeurope }
steps:
  - name: zones
    events:
      - createPrivateDnsZones: { resourceGroup: rg, zones: azuremonitor, links: { vnet1: {} } }
      - putRecordSet: { resourceGroup: rg, zone: privatelink.monitor.azure.com, name: api, type: A, records: [10.0.1.5] }
  - name: endpoint
    events:
      - createUnresolvedEndpoint: { name: pe9, unresolved: \"[parameters('scope')]\", zoneGroup: rg }
  - name: listed
    events:
      - deletePrivateEndpoint: pe9
      - setZoneContents: { resourceGroup: rg, zone: privatelink.monitor.azure.com, unresolved: the other record sets }
  - name: known
    events:
      - setZoneContents: { resourceGroup: rg, zone: privatelink.monitor.azure.com }
";

fn world(step: &str) -> Compiled {
    let scenario = Scenario::read("unresolved.yaml", ESTATE.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
    let end = scenario.history.step(step).expect("it has the step").end;
    compile(&Arc::new(scenario.history), end)
}

fn name(text: &str) -> OwnerName {
    OwnerName::parse(text).expect("a good name")
}

/// What is asked in vnet1, and what comes of it.
fn outcome(world: &Compiled, text: &str, kind: RecordType) -> String {
    let view = world.views.of_network("vnet1").expect("it is there");
    match decide(world, view, &Question { name: name(text), kind }).outcome {
        Outcome::Answer(hop) => hop.owned.set.data()[0].to_string(),
        Outcome::NoData { .. } => "NODATA".to_owned(),
        Outcome::NameError { .. } => "NXDOMAIN".to_owned(),
        Outcome::Failure { why: Failure::UnknownContents { zone, unresolved }, .. } => {
            format!("{zone} unknown: {unresolved}")
        }
        Outcome::Failure { why, .. } => format!("{why:?}"),
    }
}

#[test]
fn names_a_zone_is_not_known_to_have_are_unknown() {
    let before = world("zones");
    assert_eq!(outcome(&before, "api.monitor.azure.com", RecordType::A), "10.0.1.5");
    assert_eq!(outcome(&before, "global.in.ai.monitor.azure.com", RecordType::A), "NXDOMAIN");
    let endpoint = world("endpoint");
    assert_eq!(outcome(&endpoint, "api.monitor.azure.com", RecordType::A), "10.0.1.5");
    assert_eq!(outcome(&endpoint, "api.monitor.azure.com", RecordType::AAAA), "NODATA");
    let unknown = format!("rg/{MONITOR} unknown: [parameters('scope')]");
    assert_eq!(outcome(&endpoint, "global.in.ai.monitor.azure.com", RecordType::A), unknown);
    assert_eq!(outcome(&endpoint, &format!("x.{MONITOR}"), RecordType::TXT), unknown);
    // What the endpoint wrote goes with it; the zone itself may have more.
    let listed = world("listed");
    let unknown = format!("rg/{MONITOR} unknown: the other record sets");
    assert_eq!(outcome(&listed, "global.in.ai.monitor.azure.com", RecordType::A), unknown);
    let ods = "11111111-1111-1111-1111-111111111111.privatelink.ods.opinsights.azure.com";
    assert_eq!(outcome(&listed, ods, RecordType::A), "NXDOMAIN");
    assert_eq!(outcome(&world("known"), "global.in.ai.monitor.azure.com", RecordType::A), "NXDOMAIN");
}

#[test]
fn the_reply_says_that_it_is_unknown() {
    let world = Arc::new(world("endpoint"));
    let listeners = plan(&world, SocketAddr::from(([127, 0, 0, 1], 0))).listeners;
    let server = start(Settings { listeners, ..Settings::default() }, Arc::clone(&world)).expect("ports are free");
    let at = server.address_of(Some("vnet1")).expect("each view has a listener");
    let asked = |text: &str| ask(at, &encode_query(1, &name(text), RecordType::A, Some(1232)));
    assert_eq!(asked(&format!("api.{MONITOR}")).rcode, Rcode::NOERROR);
    let reply = asked(&format!("global.in.ai.{MONITOR}"));
    assert_eq!((reply.rcode, reply.answer.len(), reply.authority.len()), (Rcode::SERVFAIL, 0, 0));
    let error = reply.edns.and_then(|edns| edns.extended_error).expect("it says why");
    let wanted = format!(
        "whether rg/{MONITOR} has global.in.ai.{MONITOR} is unknown: [parameters('scope')] could not be resolved"
    );
    assert_eq!((error.code, error.text), (0, wanted));
}

#[test]
fn what_is_unknown_is_neither_broken_nor_works() {
    let known = Assessment::of(&world("zones"));
    assert!(known.counts().broken > 0, "without record sets names are broken");
    assert!(known.findings.iter().all(|one| one.code != Code::UnknownContents), "an empty zone is known to be empty");
    let world = world("endpoint");
    let assessment = Assessment::of(&world);
    // The record set made by hand has an address that no endpoint of the estate is known to have.
    let broken: Vec<String> = assessment.broken().map(|(_, name)| name.to_string()).collect();
    assert_eq!(broken, ["api.monitor.azure.com"]);
    let found: Vec<_> = assessment.findings.iter().filter(|one| one.code == Code::UnknownContents).collect();
    assert_eq!(found.len(), 5, "one finding a zone: {:#?}", assessment.findings);
    assert!(found.iter().all(|one| one.severity == Severity::Warning && !one.zones.is_empty()));
    assert!(found.iter().any(|one| one.names.contains(&name("global.in.ai.monitor.azure.com"))), "{found:#?}");
    let view = world.views.of_network("vnet1").expect("it is there");
    let flows = flows(&world, &Client::View(view), &"ws".into());
    assert!(flows.iter().any(|flow| matches!(flow.path, Path::Unknown { .. })), "{flows:#?}");
    // An endpoint that leads to nothing known makes no scope, and has no connection to approve.
    assert!(world.state.scopes.is_empty() && world.state.endpoints.is_empty());
    assert_eq!(world.state.unresolved.len(), 1);
    assert_eq!(ApprovalState::default(), ApprovalState::Approved);
}

#[test]
fn the_verbs_say_unknown() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("unresolved.yaml");
    std::fs::write(&file, ESTATE).expect("the file can be written");
    let file = file.to_str().expect("the path is text");
    let out =
        run(&["explain", "global.in.ai.monitor.azure.com", "--scenario", file, "--at", "endpoint", "--from", "vnet1"]);
    assert!(out.contains("is unknown, because [parameters('scope')] could not be resolved"), "{out}");
    let out = run(&["flows", file, "--at", "endpoint", "--from", "vnet1", "--to", "ws"]);
    assert!(
        out.starts_with("exit code 1") && out.contains("unknown: unknown") && out.contains(" denied, 2 unknown;"),
        "{out}"
    );
    let other = "It may have other record sets, which are unknown";
    for format in ["zone", "azure"] {
        let zones = folder.path().join(format);
        let zones = zones.to_str().expect("the path is text");
        run(&["export", file, "--format", format, "--at", "endpoint", "-o", zones]);
        let zone = std::fs::read_to_string(format!("{zones}/rg/{MONITOR}.zone")).expect("it is exported");
        assert!(zone.contains(other) && zone.contains("parameters('scope')"), "{zone}");
    }
    let out = run(&["check", file, "--at", "endpoint"]);
    assert!(out.contains("AMPLS062") && out.contains("may have record sets that are unknown"), "{out}");
}

#[test]
fn names_that_refer_to_nothing_are_still_reported() {
    for (event, said) in [
        (
            "createUnresolvedEndpoint: { name: x, unresolved: y, zoneGroup: { resourceGroup: rg2, zones: [a.example] } }",
            "rg2/a.example",
        ),
        ("setZoneContents: { resourceGroup: rg2, zone: a.example, unresolved: y }", "rg2/a.example"),
        ("createPrivateEndpoint: { name: x, scope: nobody, subnet: vnet1/endpoints }", "no scope `nobody`"),
        ("createUnresolvedEndpoint: { name: pe9, unresolved: y }", "a private endpoint `pe9` already"),
    ] {
        let text = ESTATE.replace("      - deletePrivateEndpoint: pe9\n", &format!("      - {event}\n"));
        let errors = Scenario::read("unresolved.yaml", text.as_bytes()).expect_err(event).to_string();
        assert!(errors.contains(said), "{event}: {errors}");
    }
}

#[test]
fn what_is_written_reads_back_to_the_same() {
    let first = Scenario::read("unresolved.yaml", ESTATE.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
    let second = Scenario::read("again", first.write().as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
    let events = |scenario: &Scenario| -> Vec<_> {
        scenario.history.events().iter().map(|recorded| recorded.event.clone()).collect()
    };
    assert_eq!(events(&first), events(&second));
    assert!(first.history.last() > Revision(0));
}

/// The world of an import, and what was not read.
fn imported(value: &serde_json::Value) -> (Compiled, Vec<String>) {
    let text = value.to_string();
    let sources = [ImportFile { name: "main.json".into(), text: text.as_bytes() }];
    let imported = import(&sources).unwrap_or_else(|errors| panic!("{errors}"));
    let remarks = imported.report.remarks.iter().filter(|remark| remark.changes_dns);
    let remarks = remarks.map(|remark| remark.text.clone()).collect();
    let history = Arc::new(imported.scenario.history);
    (compile(&history, history.last()), remarks)
}

#[test]
fn an_import_has_endpoints_whose_scope_is_not_in_it() {
    let subscription = "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg/providers";
    let zone_id = format!("{subscription}/Microsoft.Network/privateDnsZones/{MONITOR}");
    let own = json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": { "target": { "type": "string" } },
        "resources": [
            { "type": "Microsoft.Network/privateDnsZones", "apiVersion": "2024-06-01", "name": MONITOR, "location": "global" },
            {
                "type": "Microsoft.Network/privateEndpoints", "apiVersion": "2024-05-01", "name": "pe", "location": "westeurope",
                "properties": {
                    "subnet": { "id": format!("{subscription}/Microsoft.Network/virtualNetworks/hub/subnets/pe") },
                    "privateLinkServiceConnections": [
                        { "name": "c", "properties": { "privateLinkServiceId": "[parameters('target')]" } },
                    ],
                },
            },
            {
                "type": "Microsoft.Network/privateEndpoints/privateDnsZoneGroups", "apiVersion": "2024-05-01",
                "name": "pe/default",
                "properties": { "privateDnsZoneConfigs": [
                    { "name": "m", "properties": { "privateDnsZoneId": "[resourceId('Microsoft.Network/privateDnsZones', 'privatelink.monitor.azure.com')]" } },
                ] },
            },
        ],
    });
    let (world, remarks) = imported(&own);
    assert!(world.state.scopes.is_empty() && world.state.endpoints.is_empty());
    assert_eq!(world.state.unresolved.keys().map(ToString::to_string).collect::<Vec<_>>(), ["pe"]);
    let (_, linked) = world.state.zones.iter().next().expect("there is a zone");
    assert!(linked.zone.unknown().is_some(), "{remarks:?}");
    assert!(remarks.iter().any(|text| text.contains("the target of private endpoint pe is unknown")), "{remarks:?}");
    let list = json!([{ "id": zone_id, "name": MONITOR, "numberOfRecordSets": 9 }]);
    let (world, remarks) = imported(&list);
    let (_, linked) = world.state.zones.iter().next().expect("there is a zone");
    assert_eq!(
        linked.zone.unknown().map(ToString::to_string),
        Some(format!("the list of record sets of rg/{MONITOR}"))
    );
    assert!(
        remarks.iter().any(|text| text.contains("reports 9 record sets, but the import has only 1 of them")),
        "{remarks:?}"
    );
    assert!(!Assessment::of(&world).findings.iter().any(|one| one.severity == Severity::Error));
}
