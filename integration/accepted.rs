//! Findings that somebody accepts, and what could not be checked: reports and exit codes of `check`.

use std::path::PathBuf;

use crate::fixture::{Server, run, run_with};

/// A folder of its own for a case, empty.
fn folder(case: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("ampls-dns-accepted-{}-{case}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("a folder can be made");
    path
}

/// Writes a file into a folder, and gives back its name.
fn file(folder: &std::path::Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file can be written");
    path.to_str().expect("the path is text").to_owned()
}

/// Two networks without way between them get the names of one endpoint.
const ESTATE: &str = "version: 1
networks:
  near: { addressSpace: [10.0.1.0/24], subnets: { pe: 10.0.1.0/26 } }
  far: { addressSpace: [10.0.2.0/24] }
  other: { addressSpace: [10.0.3.0/24] }
dataCollectionEndpoints:
  dce: { location: westeurope, configurationAccess: dce-ab12.westeurope-1.handler.control.monitor.azure.com,
    logsIngestion: dce-ab12.westeurope-1.ingest.monitor.azure.com }
ALLOW
steps:
- name: linked
  events:
  - createPrivateDnsZones: { resourceGroup: rg, zones: azuremonitor, links: { near: {}, far: {} } }
  - createPrivateLinkScope: { name: ampls, ingestionAccessMode: Open, queryAccessMode: Open }
  - addScopedResource: { scope: ampls, resource: dce }
  - createPrivateEndpoint: { name: pe, scope: ampls, subnet: near/pe, zoneGroup: rg }
- name: grown
  events:
  - linkZones: { resourceGroup: rg, zones: azuremonitor, links: { other: {} } }
";

fn estate(allow: &str) -> String {
    ESTATE.replace("ALLOW", allow)
}

/// Holds the exit code and what must be in the text and what must not.
fn holds(text: &str, code: u8, has: &[&str], has_not: &[&str]) {
    assert!(text.starts_with(&format!("exit code {code}\n")), "{text}");
    for part in has {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
    for part in has_not {
        assert!(!text.contains(part), "`{part}` is in\n{text}");
    }
}

#[test]
fn what_an_entry_accepts_is_shown_and_does_not_fail() {
    let folder = folder("entry");
    let open = file(&folder, "open.yaml", &estate(""));
    holds(&run(&["check", &open, "--at", "linked"]), 1, &["error[AMPLS003]", "1 error"], &["accepted"]);

    let entry = "allow:\n- { code: AMPLS003, object: pe, network: far, reason: far is torn down in March }";
    let accepted = file(&folder, "accepted.yaml", &estate(entry));
    let text = run(&["check", &accepted, "--at", "linked"]);
    holds(&text, 0, &["accepted error[AMPLS003]", "far is torn down in March", "0 errors", "1 accepted"], &[]);
    // The number of broken names stays: accepting repairs nothing.
    assert!(text.contains(" names broken in 1 network"), "{text}");
    // What the entry does not cover is not accepted.
    holds(
        &run(&["check", &accepted, "--at", "grown"]),
        1,
        &["error[AMPLS003]", "accepted in part"],
        &["accepted error"],
    );
    // Neither does another object.
    let wrong = file(&folder, "wrong.yaml", &estate(&entry.replace("object: pe", "object: pe2")));
    holds(
        &run(&["check", &wrong, "--at", "linked"]),
        1,
        &["error[AMPLS003]", "note[AMPLS061]", "matches no finding"],
        &[],
    );
    // --deny does not overrule an acceptance, and every form shows it.
    for (form, shown) in [
        ("json", "\"reason\": \"far is torn down in March\""),
        ("sarif", "\"justification\": \"far is torn down in March\""),
        ("github", "accepted: far is torn down in March"),
        ("markdown", "accepted error"),
        ("junit", "AMPLS003"),
    ] {
        let text = run(&["check", &accepted, "--at", "linked", "--deny", "AMPLS003", "--format", form]);
        holds(&text, 0, &[shown], &[]);
    }
}

#[test]
fn an_entry_that_has_expired_is_reported_and_accepts_nothing() {
    let entry = "allow:\n- { code: AMPLS003, reason: until the move, expires: 2027-03-31 }";
    let folder = folder("expired");
    let name = file(&folder, "estate.yaml", &estate(entry));
    let on = |date: &str| run(&["check", &name, "--at", "linked", "--date", date]);
    holds(&on("2027-03-31"), 0, &["accepted error[AMPLS003]", "until 2027-03-31"], &["AMPLS060"]);
    holds(
        &on("2027-04-01"),
        1,
        &["error[AMPLS003]", "warning[AMPLS060]", "expired on 2027-03-31"],
        &["accepted error"],
    );
}

#[test]
fn entries_of_a_file_count_like_those_of_the_scenario() {
    let folder = folder("file");
    let name = file(&folder, "estate.yaml", &estate(""));
    let allow = file(&folder, "allow.yaml", "version: 1\nallow:\n- { code: AMPLS003, reason: known }\n");
    holds(&run(&["check", &name, "--at", "linked", "--allow", &allow]), 0, &["accepted error[AMPLS003]"], &[]);
    let broken = file(&folder, "broken.yaml", "version: 1\nallow:\n- { code: AMPLS003 }\n");
    holds(&run(&["check", &name, "--allow", &broken]), 2, &["reason", "broken.yaml:3"], &[]);
    let missing = folder.join("missing.yaml");
    let missing = missing.to_str().expect("the path is text");
    holds(&run(&["check", &name, "--baseline", missing]), 2, &["--write-baseline"], &[]);
}

#[test]
fn a_baseline_accepts_what_was_there_and_nothing_new() {
    let folder = folder("baseline");
    let name = file(&folder, "estate.yaml", &estate(""));
    let baseline = folder.join("baseline.yaml");
    let baseline = baseline.to_str().expect("the path is text");
    let written = run(&["check", &name, "--at", "linked", "--write-baseline", baseline, "--date", "2026-01-02"]);
    holds(&written, 0, &["accepted error[AMPLS003]", "found on 2026-01-02", "accepted in `"], &[]);
    holds(&run(&["check", &name, "--at", "linked", "--baseline", baseline]), 0, &["accepted error[AMPLS003]"], &[]);
    // One more network gets the addresses: the same cause, and not what was accepted.
    holds(&run(&["check", &name, "--at", "grown", "--baseline", baseline]), 1, &["error[AMPLS003]", "other"], &[]);
    // A second time it is written over, and what is new is accepted with it.
    holds(&run(&["check", &name, "--write-baseline", baseline]), 0, &["accepted error[AMPLS003]"], &[]);
    holds(&run(&["check", &name, "--baseline", baseline]), 0, &[], &["\nerror["]);
}

/// `check`, `story`, `diff`, the page and a running server read the same entries.
#[test]
fn every_output_marks_what_is_accepted() {
    let folder = folder("outputs");
    let entry = "allow:\n- { code: AMPLS003, reason: far is torn down in March, expires: 2999-12-31 }";
    let name = file(&folder, "estate.yaml", &estate(entry));
    let open = file(&folder, "open.yaml", &estate(""));
    let marked = "; accepted: far is torn down in March";
    let story = run(&["story", &name, "--at", "linked"]);
    holds(&story, 0, &["accepted error[AMPLS003]", marked, "0 errors", "1 accepted"], &["  error[AMPLS003]"]);
    holds(&run(&["story", &name, "--date", "3000-01-01"]), 0, &["  error[AMPLS003]", "AMPLS060"], &[marked]);
    let drawn = run(&["story", &name, "--format", "html"]);
    assert!(
        drawn.contains("\"accepted\":{\"reason\":\"far is torn down in March\",\"expires\":\"2999-12-31\"}"),
        "the page"
    );
    // A finding that is the same on both sides and accepted on one of them differs.
    let diff = run(&["diff", &format!("{open}@linked"), &format!("{name}@linked")]);
    holds(&diff, 0, &["- error[AMPLS003]", "+ accepted error[AMPLS003]", marked], &[]);
    let allow = file(&folder, "allow.yaml", "version: 1\nallow:\n- { code: AMPLS003, reason: known }\n");
    let both = ["diff", &format!("{open}@linked"), &format!("{open}@grown"), "--allow", &allow];
    holds(&run(&both), 0, &["+ accepted error[AMPLS003]", "; accepted: known"], &["+ error[AMPLS003]"]);

    let server = Server::start(&["--scenario", &name, "--at", "linked", "--listen", "127.0.0.1:0"]);
    let reason = |findings: &serde_json::Value| {
        let all = findings.as_array().expect("it is a list").iter();
        let own: Vec<_> =
            all.filter(|one| one["code"] == "AMPLS003").map(|one| one["accepted"]["reason"].clone()).collect();
        own
    };
    assert_eq!(reason(&server.get("/v1/findings")), ["far is torn down in March"]);
    assert_eq!(server.get("/v1/state")["assessment"]["accepted"], 1);
    assert_eq!(server.get("/v1/state")["assessment"]["errors"], 0);
    let page = server.get("/v1/story");
    assert_eq!(reason(&page["findings"]).len(), 2, "one for each step: the second has a network more");
    assert!(reason(&page["findings"]).iter().all(|one| one == "far is torn down in March"));
    let diff = server.get("/v1/diff?from=linked&to=grown");
    let accepted = diff["findings"].as_array().expect("it is a list").iter().filter(|one| one["code"] == "AMPLS003");
    assert!(accepted.clone().count() == 2 && accepted.into_iter().all(|one| one["accepted"].is_string()), "{diff}");
    // Another scenario has other entries.
    let text = std::fs::read_to_string(&open).expect("it was written");
    let (status, _, told) = server.http("PUT", "/v1/scenario", &[("Content-Type", "application/yaml")], &text);
    assert_eq!(status, 200, "{told}");
    assert_eq!(reason(&server.get("/v1/findings")), [serde_json::Value::Null]);
}

#[test]
fn a_server_accepts_what_files_say_and_reads_them_again() {
    let folder = folder("served");
    let open = file(&folder, "open.yaml", &estate(""));
    let entry = |reason: &str| format!("version: 1\nallow:\n- {{ code: AMPLS003, reason: {reason} }}\n");
    let allow = file(&folder, "allow.yaml", &entry("known"));
    let server = Server::start(&["--scenario", &open, "--at", "linked", "--listen", "127.0.0.1:0", "--allow", &allow]);
    let reason = |document: &serde_json::Value| {
        let all = document.as_array().expect("it is a list").iter();
        all.filter(|one| one["code"] == "AMPLS003").map(|one| one["accepted"]["reason"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(reason(&server.get("/v1/findings")), ["known"]);
    assert_eq!(server.get("/v1/state")["assessment"]["accepted"], 1);
    assert_eq!(server.get("/v1/state")["assessment"]["errors"], 0);
    assert_eq!(reason(&server.get("/v1/story")["findings"]), ["known", "known"], "one for each step");
    let (_, _, metrics) = server.http("GET", "/metrics", &[], "");
    let metrics = metrics.as_str().expect("it is text");
    assert!(metrics.contains("ampls_dns_findings{severity=\"accepted\"} 1\n"), "{metrics}");
    assert!(metrics.contains("ampls_dns_findings{severity=\"error\"} 0\n"), "{metrics}");

    file(&folder, "allow.yaml", &entry("still known"));
    assert_eq!(server.post("/v1/reload", "{}").0, 200);
    assert_eq!(reason(&server.get("/v1/findings")), ["still known"]);
    // A file that cannot be read leaves what was served.
    file(&folder, "allow.yaml", "version: 1\nallow: everything\n");
    let (status, problem) = server.post("/v1/reload", "{}");
    assert!(status == 422 && problem.to_string().contains("allow.yaml"), "{status} {problem}");
    assert_eq!(reason(&server.get("/v1/findings")), ["still known"]);
}

/// A template whose link leads to a network that nobody knows.
const TEMPLATE: &str = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": { "hub": { "type": "string" } },
  "resources": [
    { "type": "Microsoft.Network/privateDnsZones", "apiVersion": "2020-06-01", "name": "privatelink.monitor.azure.com", "location": "global" },
    { "type": "Microsoft.Network/privateDnsZones/virtualNetworkLinks", "apiVersion": "2020-06-01",
      "name": "privatelink.monitor.azure.com/hub", "location": "global",
      "properties": { "registrationEnabled": false, "virtualNetwork": { "id": "[parameters('hub')]" } } }
  ]
}"#;

#[test]
fn an_import_that_was_read_in_part_fails_and_says_what_is_missing() {
    let text = run_with(&["check", "-"], TEMPLATE);
    holds(
        &text,
        1,
        &["error[AMPLS057]", "2 parts of <stdin> were not read", "parameter `hub` has no value"],
        &["no findings"],
    );
    let json = run_with(&["check", "-", "--format", "json"], TEMPLATE);
    holds(&json, 1, &["\"code\": \"AMPLS057\"", "\"object\": \"<stdin>\""], &[]);
    // Whoever knows that it does not matter accepts it.
    let folder = folder("partial");
    let allow =
        file(&folder, "allow.yaml", "version: 1\nallow:\n- { code: AMPLS057, reason: the hub is checked elsewhere }\n");
    holds(&run_with(&["check", "-", "--allow", &allow], TEMPLATE), 0, &["accepted error[AMPLS057]"], &[]);
}

/// A template that does not say how a workspace takes queries.
const OF_A_WORKSPACE: &str = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": { "access": { "type": "string" } },
  "resources": [
    { "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2023-04-01", "name": "hub", "location": "westeurope",
      "properties": { "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] } } },
    { "type": "Microsoft.OperationalInsights/workspaces", "apiVersion": "2022-10-01", "name": "ws", "location": "westeurope",
      "properties": { "customerId": "11111111-1111-4111-8111-111111111111",
        "publicNetworkAccessForQuery": "[parameters('access')]" } }
  ]
}"#;

/// What is unknown of a workspace hides no zone, link or endpoint: a warning, and never "no findings".
#[test]
fn parts_that_decide_no_name_are_a_warning() {
    let has = ["warning[AMPLS057]", "none of them in a network, zone, link", "parameter `access` has no value"];
    holds(&run_with(&["check", "-"], OF_A_WORKSPACE), 0, &has, &["no findings", "error["]);
    holds(&run_with(&["check", "-", "--fail-on", "warning"], OF_A_WORKSPACE), 1, &has, &["no findings"]);
    // The network itself is another matter.
    let text = OF_A_WORKSPACE.replace("\"10.0.0.0/16\"", "\"[parameters('access')]\"");
    holds(
        &run_with(&["check", "-"], &text),
        1,
        &["error[AMPLS057]", "of them in networks, zones, links"],
        &["no findings"],
    );
}

#[test]
fn what_would_have_no_effect_is_reported() {
    let text = "version: 1
networks: { net: { addressSpace: [10.0.1.0/24] } }
steps:
- name: old
  date: 2021-05-05
  events:
  - createPrivateDnsZones: { resourceGroup: rg, zones: [internal.example], links: { net: { resolutionPolicy: NxDomainRedirect } } }
  - createPrivateLinkScope: { name: ampls, ingestionAccessMode: Open, queryAccessMode: PrivateOnly }
";
    let told = run_with(&["check", "-"], text);
    holds(
        &told,
        1,
        &["NxDomainRedirect: Azure supports it for privatelink zones only", "sets access modes, which scopes have"],
        &[],
    );
    let text = text.replace("internal.example", "privatelink.monitor.azure.com").replace("2021-05-05", "2023-05-05");
    let text = text.replace("resolutionPolicy: NxDomainRedirect", "");
    holds(&run_with(&["check", "-"], &text), 1, &["AMPLS004"], &["AMPLS052"]);
}

#[test]
fn an_estate_with_nothing_in_it_is_not_checked() {
    let text = run_with(&["check", "-"], "version: 1\n");
    holds(&text, 2, &["error[AMPLS056]", "nothing was checked"], &["no findings"]);
    let state = r#"{"format_version":"1.0","terraform_version":"1.9.0","values":{"root_module":{}}}"#;
    holds(&run_with(&["check", "-"], state), 2, &["error[AMPLS056]"], &["no findings"]);
    // Names resolve in networks: without one no name was checked, and what is there says nothing about health.
    let alone = "version: 1\nresources: {kv: {type: Microsoft.KeyVault/vaults}}\n";
    let has = ["warning[AMPLS056]", "has no networks", "az network vnet list"];
    holds(&run_with(&["check", "-"], alone), 0, &has, &["no findings", "error["]);
    holds(&run_with(&["check", "-", "--fail-on", "warning"], alone), 1, &has, &["no findings"]);
}
