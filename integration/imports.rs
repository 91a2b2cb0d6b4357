//! What people have of Azure becomes a scenario that answers as it was recorded.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ampls_dns::compile::{Compiled, compile};
use ampls_dns::dns::{OwnerName, RecordType};
use ampls_dns::import::{ImportErrors, ImportFile, Imported, Topic, import};
use ampls_dns::output::answer::document;
use ampls_dns::resolve::{Ede, Question, decide, reply};
use ampls_dns::scenario::Scenario;
use proptest::prelude::*;
use serde_json::Value;

use crate::fixture::{Readings, run, run_with};

const EXAMPLES: &str = "integration/azure-examples";
const OWN: &str = "integration/imports";
const MONITOR: &str = "privatelink.monitor.azure.com";

/// Dumps of one zone at three moments.
const MOMENTS: [&str; 3] = [
    "private-dns-record-sets.monitor.cli.json",
    "private-dns-record-sets.monitor.after-override.cli.json",
    "private-dns-record-sets.monitor.after-override-then-delete.cli.json",
];

/// What goes with any of the three moments.
const ALWAYS: [&str; 21] = [
    "ampls.rest.json",
    "ampls-scoped-resources.rest.json",
    "ampls-scoped-resources.cli.json",
    "ampls-private-link-resources.rest.json",
    "ampls-show.cli.json",
    "app-insights-component.rest.json",
    "data-collection-endpoint.rest.json",
    "dns-forwarding-rules.rest.json",
    "dns-resolver-inbound-endpoint.rest.json",
    "log-analytics-workspace.outside.cli.json",
    "log-analytics-workspace.rest.json",
    "network-interface.cli.json",
    "private-dns-record-sets.ods.rest.json",
    "private-dns-vnet-links.cli.json",
    "private-dns-zone-group.rest.json",
    "private-dns-zone-list.rest.json",
    "private-endpoint.with-zone-group.rest.json",
    "privatelink.agentsvc.azure-automation.net.zone",
    "privatelink.blob.core.windows.net.zone",
    "privatelink.oms.opinsights.azure.com.zone",
    "virtual-network.rest.json",
];

fn text(folder: &str, file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(file);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn try_import(texts: &[(&str, Vec<u8>)]) -> Result<Imported, ImportErrors> {
    let sources: Vec<ImportFile<'_>> =
        texts.iter().map(|(name, text)| ImportFile { name: Arc::from(*name), text }).collect();
    import(&sources)
}

fn imported(texts: &[(&str, Vec<u8>)]) -> Imported {
    try_import(texts).unwrap_or_else(|errors| panic!("{errors}"))
}

fn examples(files: &[&'static str]) -> Imported {
    imported(&files.iter().map(|file| (*file, text(EXAMPLES, file))).collect::<Vec<_>>())
}

fn own(files: &[&'static str]) -> Imported {
    imported(&files.iter().map(|file| (*file, text(OWN, file))).collect::<Vec<_>>())
}

fn world(imported: &Imported) -> Compiled {
    let history = Arc::new(imported.scenario.history.clone());
    compile(&history, history.last())
}

/// All artefacts among the examples.
fn artefacts() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(EXAMPLES);
    let files = std::fs::read_dir(folder).expect("the examples are there");
    let mut names: Vec<String> =
        files.map(|file| file.expect("it can be read").file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| !["README.md", "main.tf", "main.bicep", "public-chains.json"].contains(&name.as_str()));
    names.sort();
    names
}

/// The scenario as it is written reads back to the same events.
fn reads_back(imported: &Imported, what: &str) -> Scenario {
    let written = imported.scenario.write();
    let read = Scenario::read("written", written.as_bytes());
    let read = read.unwrap_or_else(|errors| panic!("{what}\n{errors}\n{written}"));
    let events = |scenario: &Scenario| -> Vec<_> {
        scenario.history.events().iter().map(|recorded| recorded.event.clone()).collect()
    };
    assert_eq!(events(&read), events(&imported.scenario), "{what}\n{written}");
    read
}

/// Names and addresses of a zone with the address records a dump has, by relative name.
fn addresses_in(world: &Compiled, zone: &str) -> BTreeMap<String, String> {
    let found = world.state.zones.iter().find(|(id, _)| id.apex.to_string() == zone);
    let zone = &found.unwrap_or_else(|| panic!("there is a zone {zone}")).1.zone;
    zone.sets()
        .into_iter()
        .filter(|owned| owned.set.kind() == RecordType::A)
        .map(|owned| {
            let name = owned.set.owner().relative_to(zone.apex()).expect("it is in the zone");
            (name, owned.set.data().iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
        })
        .collect()
}

/// The same from the dump itself, read without the import.
fn addresses_of(dump: &str) -> BTreeMap<String, String> {
    let value: Value = serde_json::from_slice(&text(EXAMPLES, dump)).expect("it is JSON");
    let items = value.get("value").unwrap_or(&value).as_array().expect("it is a list").clone();
    items
        .iter()
        .filter_map(|item| {
            let records = item.get("properties").unwrap_or(item).get("aRecords")?.as_array()?;
            let addresses: Vec<&str> =
                records.iter().map(|record| record["ipv4Address"].as_str().expect("an address")).collect();
            Some((item["name"].as_str()?.to_owned(), addresses.join(",")))
        })
        .collect()
}

/// The last address of an answer, or its status.
fn answer(world: &Compiled, network: &str, name: &str) -> String {
    let view = world.views.of_network(network).unwrap_or_else(|| panic!("there is a network {network}"));
    let name = OwnerName::parse(name).expect("a good name");
    let question = Question { name, kind: RecordType::A };
    let answer = document(network, None, &question, &reply(world, &decide(world, view, &question), Ede::Include));
    let address = answer.answer.iter().rev().find(|record| record.r#type == "A");
    address.map_or(answer.rcode.clone(), |record| record.data.clone())
}

#[test]
fn each_artefact_loads_alone_and_what_it_becomes_reads_back() {
    let artefacts = artefacts();
    assert!(artefacts.len() >= 39, "{}", artefacts.len());
    for name in &artefacts {
        let imported = imported(&[(name, text(EXAMPLES, name))]);
        assert!(!imported.report.has_contradictions(), "{name}");
        assert!(imported.report.of(Topic::UnknownProperty).next().is_none(), "{name}: {:?}", imported.report);
        assert!(imported.report.remarks.iter().flat_map(|one| &one.places).all(|place| place.line > 0), "{name}");
        reads_back(&imported, name);
        assert!(world(&imported).state.refusals.is_empty(), "{name}: Azure would refuse nothing that it has");
    }
}

#[test]
fn artefacts_of_one_moment_load_together_and_answer_as_recorded() {
    for moment in MOMENTS {
        let mut files = ALWAYS.to_vec();
        files.push(moment);
        let imported = examples(&files);
        let contradictions: Vec<_> = imported.report.of(Topic::Contradiction).collect();
        assert!(contradictions.is_empty(), "{moment}: {contradictions:?}");
        reads_back(&imported, moment);
        let world = world(&imported);
        assert!(world.state.refusals.is_empty(), "{moment}: {:?}", world.state.refusals);
        let recorded = addresses_of(moment);
        assert_eq!(addresses_in(&world, MONITOR), recorded, "{moment}");
        let ods = "privatelink.ods.opinsights.azure.com";
        assert_eq!(addresses_in(&world, ods), addresses_of("private-dns-record-sets.ods.rest.json"), "{moment}");
        // What the chains that were recorded lead to in public, leads to the recorded address here.
        for (host, name) in [
            ("api.loganalytics.io", "api"),
            ("dc.services.visualstudio.com", "global.in.ai"),
            ("eastus-8.in.applicationinsights.azure.com", "eastus-8.in.ai"),
            ("global.handler.control.monitor.azure.com", "global.handler.control"),
            ("dce-eus-k3p9.eastus-1.ingest.monitor.azure.com", "dce-eus-k3p9.eastus-1.ingest"),
        ] {
            let wanted = recorded.get(name).map_or("NXDOMAIN", String::as_str);
            assert_eq!(answer(&world, "vnet-hub", host), wanted, "{moment}: {host}");
        }
        let workspace = "5b0d9c1e-4a67-4c5f-8f21-9d3a7e60b4c2";
        assert_eq!(answer(&world, "vnet-hub", &format!("{workspace}.ods.opinsights.azure.com")), "10.20.1.5");
        assert_eq!(answer(&world, "vnet-spoke1", &format!("{workspace}.oms.opinsights.azure.com")), "10.20.1.4");
        assert_eq!(answer(&world, "vnet-hub", "scadvisorcontentpl.blob.core.windows.net"), "10.20.1.15");
        // The link of vnet-spoke1 goes on to public DNS where the zone has no such name.
        let outside = answer(&world, "vnet-spoke1", "api.monitor.azure.com");
        assert_eq!(outside.starts_with("10."), recorded.contains_key("api"), "{moment}: {outside}");
    }
}

#[test]
fn both_nestings_and_the_zone_file_say_the_same() {
    let zone = format!("{MONITOR}.zone");
    let all = [MOMENTS[0], "private-dns-record-sets.monitor.rest.json"]
        .map(|file| addresses_in(&world(&examples(&[file])), MONITOR));
    let from_file = imported(&[(&zone, text(EXAMPLES, &zone))]);
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0], addresses_in(&world(&from_file), MONITOR));
    let together =
        examples(&[MOMENTS[0], "private-dns-record-sets.monitor.rest.json", "privatelink.monitor.azure.com.zone"]);
    assert!(!together.report.has_contradictions(), "{:?}", together.report);
}

#[test]
fn two_moments_together_are_a_contradiction_that_names_both_files() {
    for (one, other) in [(0, 1), (0, 2), (1, 2), (1, 0), (2, 0), (2, 1)] {
        let imported = examples(&[MOMENTS[one], MOMENTS[other]]);
        let mut contradictions = imported.report.of(Topic::Contradiction).peekable();
        assert!(contradictions.peek().is_some(), "{one} and {other}");
        for remark in contradictions {
            let files: Vec<&str> = remark.places.iter().map(|place| &*place.file).collect();
            assert_eq!(files, [MOMENTS[one], MOMENTS[other]], "{}", remark.text);
        }
        reads_back(&imported, "rivals");
    }
}

#[test]
fn rest_template_and_plan_of_one_estate_answer_alike() {
    let rest = own(&["trio.rest.json"]);
    let template = own(&["trio.template.json", "trio.parameters.json"]);
    let plan = own(&["trio.plan.json"]);
    for (what, imported) in [("rest", &rest), ("template", &template), ("plan", &plan)] {
        reads_back(imported, what);
        let world = world(imported);
        assert!(world.state.refusals.is_empty(), "{what}: {:?}", world.state.refusals);
        for (name, wanted) in [
            ("api.loganalytics.io", "10.40.1.7"),
            ("global.in.ai.monitor.azure.com", "10.40.1.8"),
            ("scadvisorcontentpl.blob.core.windows.net", "10.40.1.13"),
            ("global.handler.control.monitor.azure.com", "10.40.1.14"),
        ] {
            assert_eq!(answer(&world, "vnet-trio", name), wanted, "{what}: {name}: {:#?}", imported.report);
        }
        let scope = world.state.scopes.values().next().expect("there is a scope");
        assert_eq!(format!("{:?} {:?}", scope.access.ingestion, scope.access.query), "Open PrivateOnly", "{what}");
        assert_eq!(scope.resources.len(), 1, "{what}");
    }
    // What Azure will compute is said to be predicted.
    for imported in [&template, &plan] {
        let predicted: Vec<&str> = imported.report.of(Topic::Predicted).map(|one| one.text.as_str()).collect();
        assert!(predicted.iter().any(|text| text.contains("no customerId before it is deployed")), "{predicted:?}");
        assert!(predicted.iter().any(|text| text.contains("addresses in Azure's order")), "{predicted:?}");
    }
}

#[test]
fn a_template_with_its_parameters_and_what_exists_already_are_one_estate() {
    let parameters = br#"{"contentVersion": "1.0.0.0", "parameters": {
        "workspaceId": {"value": "/subscriptions/3f1c0a52-7d4e-4b0e-9a55-0c8e5d2f6a10/resourceGroups/rg-monitor-lab/providers/Microsoft.OperationalInsights/workspaces/law-core-eus"},
        "subnetId": {"value": "/subscriptions/3f1c0a52-7d4e-4b0e-9a55-0c8e5d2f6a10/resourceGroups/rg-net-lab/providers/Microsoft.Network/virtualNetworks/vnet-hub/subnets/snet-pe"},
        "vnetId": {"value": "/subscriptions/3f1c0a52-7d4e-4b0e-9a55-0c8e5d2f6a10/resourceGroups/rg-net-lab/providers/Microsoft.Network/virtualNetworks/vnet-hub"}}}"#;
    let mut texts = vec![("parameters.json", parameters.to_vec())];
    for file in ["arm-template.json", "virtual-network.rest.json", "log-analytics-workspace.rest.json"] {
        texts.push((file, text(EXAMPLES, file)));
    }
    let world = world(&imported(&texts));
    // The workspace's three addresses come first, since the endpoint depends on the scoped resource.
    assert_eq!(answer(&world, "vnet-hub", "api.monitor.azure.com"), "10.20.1.7");
}

#[test]
fn record_values_decide_who_wrote_last() {
    let all = |zone: &'static str| own(&["trio.rest.json", "later.rest.json", zone]);
    let order = |imported: &Imported| -> Vec<String> {
        imported
            .scenario
            .history
            .steps()
            .iter()
            .map(|step| step.name.to_string())
            .filter(|name| name.starts_with("endpoint-"))
            .collect()
    };
    let later = all("later-won.zone");
    assert_eq!(order(&later), ["endpoint-pep-trio", "endpoint-pep-later"]);
    assert_eq!(answer(&world(&later), "vnet-trio", "api.monitor.azure.com"), "10.50.1.4");
    let first = all("trio-won.zone");
    assert_eq!(order(&first), ["endpoint-pep-later", "endpoint-pep-trio"]);
    assert_eq!(answer(&world(&first), "vnet-trio", "api.monitor.azure.com"), "10.40.1.7");
    for (imported, who) in [(&later, "pep-later"), (&first, "pep-trio")] {
        let said = imported.report.of(Topic::Order).any(|one| one.text.starts_with(&format!("{who} wrote last in")));
        assert!(said, "{:?}", imported.report);
        assert!(imported.scenario.history.step("by-hand").is_none(), "the order explains all of it");
    }
    // Without the zone nobody can know, and that is said, with the command that settles it.
    let unknown = own(&["trio.rest.json", "later.rest.json"]);
    let remark = unknown.report.of(Topic::Order).find(|one| one.text.starts_with("which of")).expect("it is said");
    assert_eq!(
        remark.get.as_deref(),
        Some("az network private-dns record-set list -g rg-trio -z privatelink.monitor.azure.com")
    );
}

#[test]
fn what_was_deleted_and_what_nobody_explains_is_done_by_hand_and_said() {
    let mut files = ALWAYS.to_vec();
    files.push(MOMENTS[2]);
    let deleted = examples(&files);
    let said: Vec<&str> = deleted.report.of(Topic::ByHand).map(|one| one.text.as_str()).collect();
    assert!(said.iter().any(|text| text.contains("they were deleted later")), "{said:?}");
    files.pop();
    files.push(MOMENTS[1]);
    let overwritten = examples(&files);
    let remark =
        overwritten.report.of(Topic::ByHand).find(|one| one.text.contains("pep-ampls-spoke")).expect("it is said");
    assert!(remark.get.as_deref().is_some_and(|get| get.starts_with("az network private-endpoint list")), "{remark:?}");
}

#[test]
fn access_modes_that_az_does_not_print_are_asked_for() {
    let imported = examples(&["ampls-show.cli.json"]);
    let remark = imported.report.of(Topic::Missing).next().expect("it is told");
    assert!(remark.text.contains("no access modes in the import"), "{remark:?}");
    assert_eq!(remark.places[0].pointer.as_deref(), Some(""));
    assert!(remark.get.as_deref().is_some_and(|get| get.ends_with("--api-version 2021-07-01-preview")), "{remark:?}");
}

#[test]
fn properties_that_nobody_reads_are_listed() {
    let mut value: Value = serde_json::from_slice(&text(EXAMPLES, "ampls.rest.json")).expect("it is JSON");
    value["properties"]["someNewSetting"] = true.into();
    value["properties"]["accessModeSettings"]["perHour"] = 3.into();
    let imported = imported(&[("ampls.json", value.to_string().into_bytes())]);
    let unread: Vec<_> = imported
        .report
        .of(Topic::UnknownProperty)
        .map(|one| (one.text.as_str(), one.places[0].pointer.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(
        unread,
        [
            ("`perHour` of access modes", "/properties/accessModeSettings/perHour"),
            ("`someNewSetting` of microsoft.insights/privatelinkscopes", "/properties/someNewSetting")
        ]
    );
}

#[test]
fn hostile_input_is_an_error_with_a_place() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let scope =
        r#"{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/privateLinkScopes/a", "properties":"#;
    let template = |rest: &str| {
        format!(
            r#"{{"contentVersion": "1", {rest}, "resources": [{{"type": "Microsoft.Network/privateDnsZones", "name": "[variables('a')]"}}]}}"#
        )
    };
    let doubling: Vec<String> = (1..60)
        .map(|index| format!(r#""v{index}": "[concat(variables('v{}'), variables('v{}'))]""#, index - 1, index - 1))
        .collect();
    let doubling =
        template(&format!(r#""variables": {{"v0": "xxxxxxxx", {}, "a": "[variables('v59')]"}}"#, doubling.join(", ")));
    let chain: Vec<String> = (1..5000).map(|index| format!(r#""v{index}": "[variables('v{}')]""#, index - 1)).collect();
    let chain = template(&format!(r#""variables": {{"v0": "x", {}, "a": "[variables('v4999')]"}}"#, chain.join(", ")));
    let cases: [(&str, String, &str, &str); 16] = [
        ("deep", deep, "nested deeper than 128", "f:1:"),
        ("number", format!(r#"{scope} {{"x": 1e999999}}}}"#), "number out of range", "f:1:"),
        ("cut off", "{\n \"id\": \"x".to_owned(), "not valid JSON: EOF", "f:2:"),
        ("type", format!(r#"{scope} {{"accessModeSettings": [7]}}}}"#), "expected an object, found a list", "(/properties/accessModeSettings)"),
        ("word", format!(r#"{scope} {{"accessModeSettings": {{"queryAccessMode": "Private"}}}}}}"#), "unknown queryAccessMode `Private`", "(/properties/accessModeSettings/queryAccessMode)"),
        ("circle", template(r#""variables": {"a": "[variables('b')]", "b": "[variables('a')]"}"#), "circular references", "(/resources/0/name)"),
        ("doubling", doubling, "more than 1 MiB", "(/resources/0/name)"),
        ("chain", chain, "nested deeper than 200", "(/resources/0/name)"),
        ("loop", template(r#""variables": {"copy": [{"name": "a", "count": 999999999, "input": "x"}]}"#), "the limit is 800", "(/resources/0/name)"),
        ("expression", template(r#""variables": {"a": "[concat('x"}"#).replace("('x\"", "('x]\""), "unclosed quote", "(/resources/0/name)"),
        ("include", "$ORIGIN z.example.\n@ 1 IN A 10.0.0.1\n$INCLUDE /etc/passwd\n".to_owned(), "`$INCLUDE` is not followed", "f:3:1"),
        ("crlf", "$ORIGIN z.example.\r\n@ 1 IN A 10.0.0.1\r\nb 1 IN A 10.0.0\r\n".to_owned(), "is not an IPv4 address", "f:3:"),
        ("ttl", r#"{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateDnsZones/z.example/A/b", "ttl": 99999999999, "aRecords": []}"#.to_owned(), "is not a valid TTL", "(/ttl)"),
        ("id", r#"{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateEndpoints/p", "properties": {"subnet": {"id": "nowhere"}}}"#.to_owned(), "`nowhere` is not a resource id", "(/properties/subnet/id)"),
        ("no artefact", r#"{"observed": []}"#.to_owned(), "not a known file of Azure or Terraform", "f:1:1"),
        ("hcl", "resource \"azurerm_subnet\" \"x\" {\n}\n".to_owned(), "this is a Terraform source file", "f:1:1"),
    ];
    for (what, text, message, place) in cases {
        // A byte order mark and CRLF change nothing.
        for text in [text.clone(), format!("\u{feff}{text}"), text.replace('\n', "\r\n").replace("\r\r", "\r")] {
            let errors = try_import(&[("f", text.into_bytes())]).expect_err(what);
            let told = errors.to_string();
            assert!(told.contains(message) && told.contains(place), "{what}: {told}");
        }
    }
    let utf16: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(try_import(&[("f", utf16)]).is_err());
}

#[test]
fn the_verb_prints_the_scenario_and_says_what_it_found() {
    let mut all = Readings::default();
    let folder = Path::new(EXAMPLES);
    let file = |name: &str| folder.join(name).display().to_string();
    let files = [
        "ampls-show.cli.json",
        "private-endpoint.no-zone-group.cli.json",
        "private-dns-zone-group.rest.json",
        "virtual-network.rest.json",
        "private-dns-vnet-links.cli.json",
        MOMENTS[1],
    ]
    .map(file);
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    insta::assert_snapshot!("import", run(&[&["import"], files.as_slice()].concat()));
    let rivals = [MOMENTS[0], MOMENTS[2]].map(file);
    let told = run(&["import", &rivals[0], &rivals[1], "--format", "json"]);
    assert!(told.starts_with("exit code 1\n"), "{told}");
    let json = told.split_once("--- stderr\n").expect("the report goes to stderr").1;
    let json: Value = serde_json::from_str(json).expect("it is JSON");
    assert_eq!(json["remarks"][0]["topic"], "contradiction");
    all.add("import-error-terraform", &run(&["import", &file("main.tf")]));
    all.add("import-error-json", &run_with(&["import", "-"], "{\n  \"id\": \n}\n"));
    all.add("import-error-include", &run_with(&["import", "-"], "$ORIGIN z.example.\n$INCLUDE other.zone\n"));
    let zone = run_with(&["import", "-"], "$ORIGIN corp.example.\n@ 60 IN SOA a. b. 1 2 3 4 5\nwww 60 IN A 10.0.0.1\n");
    // A zone file alone does not say which networks are linked.
    assert!(zone.starts_with("exit code 1\n"), "{zone}");
    insta::assert_snapshot!("errors-of-import", all.text());
}

#[test]
fn a_time_to_live_that_azure_does_not_take_is_told_and_what_is_written_reads_back() {
    let text = "$TTL 3600\n$ORIGIN privatelink.monitor.azure.com.\n@ 3601 IN SOA a. b. 1 6300 300 2419200 10\n\
                profiler 00 IN A 10.50.1.6\nlive 10 IN A 10.50.1.7\n";
    let told = run_with(&["import", "-", "--allow-partial"], text);
    assert!(told.starts_with("exit code 0\n"), "{told}");
    assert!(
        told.contains("profiler.privatelink.monitor.azure.com A has TTL 0, but Azure accepts 1 to 2147483647"),
        "{told}"
    );
    let written = told.split_once("--- stdout\n").and_then(|(_, rest)| rest.split_once("--- stderr\n")).expect("both");
    Scenario::read("written", written.0.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
    let rest = r#"[{"id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/privateDnsZones/corp.example/A/www",
        "name": "www", "type": "Microsoft.Network/privateDnsZones/A",
        "properties": {"ttl": 0, "aRecords": [{"ipv4Address": "10.0.0.1"}]}}]"#;
    let told = run_with(&["import", "-"], rest);
    assert!(told.contains("www.corp.example A has TTL 0"), "{told}");
}

#[test]
fn a_file_that_exists_is_not_written_over_unless_asked() {
    let folder = std::env::temp_dir().join(format!("ampls-dns-import-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("it can be made");
    let output = folder.join("estate.yaml").display().to_string();
    let input = format!("{EXAMPLES}/ampls.rest.json");
    assert!(run(&["import", &input, "--allow-partial", "-o", &output]).starts_with("exit code 0\n"));
    let again = run(&["import", &input, "-o", &output]);
    assert!(again.starts_with("exit code 2\n") && again.contains("--force"), "{again}");
    assert!(run(&["import", &input, "--allow-partial", "-o", &output, "--force"]).starts_with("exit code 0\n"));
    assert!(run(&["check", &output]).starts_with("exit code 0\n"));
    std::fs::remove_dir_all(&folder).expect("it can be removed");
}

/// Values that stand where others are expected.
fn odd_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(Value::from(true)),
        Just(Value::from(-1)),
        Just(Value::from(u64::MAX)),
        Just(Value::from(1.5)),
        Just(Value::from("")),
        Just(Value::from("/")),
        Just(Value::from("public")),
        Just(Value::from("a/b c\u{0}\n'\"")),
        Just(Value::from("..")),
        Just(Value::from("10.20.1.4")),
        Just(Value::from("0.0.0.0/0")),
        Just(Value::from("10.20.1.0/31")),
        Just(Value::from("privatelink.monitor.azure.us")),
        Just(Value::from("[parameters('x')]")),
        Just(Value::from("[concat(parameters('amplsName'), '/')]")),
        Just(Value::from("/subscriptions/S/resourceGroups/R/providers/Microsoft.Network/privateDnsZones/x.example")),
        Just(serde_json::json!([])),
        Just(serde_json::json!({})),
        Just(serde_json::json!([[{"id": 1}]])),
    ]
}

/// All pointers of a value.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                pointers(value, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), all);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                pointers(value, &format!("{at}/{index}"), all);
            }
        }
        _ => {}
    }
}

/// What an import makes is either errors with places, or a scenario that reads back.
fn holds(texts: &[(&str, Vec<u8>)]) {
    match try_import(texts) {
        Ok(imported) => {
            reads_back(&imported, "mutated");
            let _ = ampls_dns::assess::Assessment::of(&world(&imported));
        }
        Err(errors) => assert!(errors.errors.iter().all(|error| error.place.line > 0), "{errors}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(
        file in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8, any::<u8>()), 1..8),
    ) {
        let all = artefacts();
        let name = &all[file.index(all.len())];
        let mut bytes = text(EXAMPLES, name);
        for (at, kind, octet) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = octet,
                1 => bytes.insert(at, octet),
                2 => {
                    bytes.remove(at);
                }
                _ => bytes.truncate(at.max(1)),
            }
        }
        holds(&[("mutated", bytes)]);
    }

    #[test]
    fn no_value_in_the_place_of_another_makes_it_panic(
        file in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), odd_value()), 1..4),
    ) {
        let own = ["trio.rest.json", "trio.template.json", "trio.plan.json", "later.rest.json", "trio.parameters.json"];
        let examples: Vec<String> = artefacts().into_iter().filter(|name| name.ends_with(".json")).collect();
        let count = own.len() + examples.len();
        let load = |index: usize| match own.get(index) {
            Some(name) => text(OWN, name),
            None => text(EXAMPLES, &examples[index - own.len()]),
        };
        let mut value: Value = serde_json::from_slice(&load(file.index(count))).expect("it is JSON");
        for (at, odd) in edits {
            let mut all = Vec::new();
            pointers(&value, "", &mut all);
            let pointer = &all[at.index(all.len())];
            if let Some(place) = value.pointer_mut(pointer) {
                *place = odd;
            }
        }
        holds(&[("mutated", value.to_string().into_bytes()), ("beside", load(other.index(count)))]);
    }
}
