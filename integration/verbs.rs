//! What people read: help, answers, explanations, findings and errors, with exit code, stdout and stderr together.

use ampls_dns::cli::CommandLine;
use clap::CommandFactory as _;

use crate::fixture::{Readings, run, run_with};

/// Snapshots stand in `integration/snapshots/`.
macro_rules! shows {
    ($name:literal, $arguments:expr) => {
        insta::assert_snapshot!($name, run(&$arguments))
    };
}

/// The JSON document that a command prints.
fn document(arguments: &[&str]) -> serde_json::Value {
    let output = crate::fixture::binary().args(arguments).output().expect("the binary can be started");
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}

#[test]
fn help_says_what_there_is_with_examples() {
    let mut all = Readings::default();
    all.add("ampls-dns --help", &run(&["--help"]));
    for command in CommandLine::command().get_subcommands().filter(|command| command.get_name() != "help") {
        let verb = command.get_name();
        all.add(&format!("ampls-dns {verb} --help"), &run(&[verb, "--help"]));
        let below = command.get_subcommands().map(clap::Command::get_name).filter(|name| *name != "help");
        below.for_each(|name| all.add(&format!("ampls-dns {verb} {name} --help"), &run(&[verb, name, "--help"])));
    }
    insta::assert_snapshot!("help", all.text());
}

#[test]
fn explain_says_who_wrote_the_answer_and_what_it_overwrote() {
    let question = ["explain", "api.monitor.azure.com", "--from", "vnet1"];
    shows!("explain", question);
    let json = document(&[&question[..], &["--format", "json"]].concat());
    assert_eq!((&json["rcode"], &json["answer"][1]["data"]), (&"NOERROR".into(), &"10.0.2.7".into()));
    assert_eq!((&json["written"]["endpoint"], &json["written"]["step"]), (&"pe2".into(), &"second-scope".into()));
    let kinds: Vec<_> = json["statements"].as_array().expect("a list").iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds, ["view", "alias", "zoneCut", "answer", "overwritten", "reach", "known"]);
    for (arguments, wanted) in [
        (
            &["api.monitor.azure.com", "--from", "vnet1", "--at", "second-endpoint-deleted"][..],
            "deleted in step second-endpoint-deleted: 10.0.2.7 by pe2 of ampls2; Azure does not restore the record set that it had overwritten",
        ),
        (&["api.loganalytics.io", "--from", "vnet2"], "10.0.2.7 can be reached from vnet2: it is in vnet2 itself"),
        (
            &["api.loganalytics.io", "AAAA", "--from-address", "10.0.1.9"],
            "the source address is in its prefix 10.0.1.0/24",
        ),
        (&["www.example.org", "--from", "vnet1"], "outside the emulated zones (NXDOMAIN)"),
    ] {
        let told = run(&[&["explain"], arguments].concat());
        assert!(told.starts_with("exit code 0") && told.contains(wanted), "{told}");
    }
}

#[test]
fn resolve_prints_what_dig_would() {
    shows!("resolve", ["resolve", "api.loganalytics.io", "--from", "vnet1"]);
    let nodata = run(&["resolve", "api.monitor.azure.com", "HTTPS", "--from", "vnet1"]);
    assert!(nodata.contains("status: NOERROR") && nodata.contains("ANSWER: 1, AUTHORITY: 1"), "{nodata}");
    let gone = ["resolve", "API.monitor.azure.com.", "--from", "vnet2", "--at", "second-endpoint-deleted"];
    let json = document(&[&gone[..], &["--format", "json"]].concat());
    assert_eq!((&json["rcode"], &json["authority"][0]["type"]), (&"NXDOMAIN".into(), &"SOA".into()));
    assert_eq!(json["extendedError"]["code"], 0);
}

#[test]
fn story_and_check_tell_the_whole() {
    shows!("story", ["story"]);
    shows!("story-svg", ["story", "--format", "svg"]);
    shows!("story-mermaid", ["story", "--format", "mermaid"]);
    shows!("check", ["check"]);
    for (step, code, wanted) in [
        ("before", 0, "no findings: 2 networks, 0 scopes, "),
        ("first-scope", 1, "error[AMPLS003]: 13 names of pe1 "),
        ("second-endpoint-deleted", 1, "error[AMPLS002]: 8 record sets of pe1 (ampls1) "),
    ] {
        let told = run(&["check", "--at", step]);
        assert!(told.starts_with(&format!("exit code {code}\n")) && told.contains(wanted), "{step}: {told}");
    }
    shows!("flows", ["flows", "--from", "vnet1", "--to", "ws-alpha"]);
    shows!("scenarios", ["scenarios"]);
}

#[test]
fn compose_prints_a_file_for_any_estate() {
    const TOKEN: [&str; 2] = ["--admin-token", "0123456789abcdef"];
    shows!("compose", [&["compose", "--at", "first-scope", "--image", "ampls-dns"], &TOKEN[..]].concat());
    let overlapping = run(&[&["compose", "equal-client-prefixes"], &TOKEN[..]].concat());
    assert!(
        overlapping.contains("# plant-b has 10.0.0.0/16. Another container network uses that prefix"),
        "{overlapping}"
    );
    let stdin = run_with(&["compose", "-"], "version: 1\n");
    assert!(stdin.starts_with("exit code 2") && stdin.contains("comes from standard input"), "{stdin}");
}

#[test]
fn the_page_of_a_file_asks_nobody_and_lets_only_its_own_script_run() {
    let told = run(&["story", "--format", "html"]);
    for outside in ["http://", "https://", "src=", "@import", "url("] {
        let mut found = told.matches(outside).count();
        // The name of SVG's namespace is no address anybody asks for.
        if outside == "http://" {
            found -= told.matches("\"http://www.w3.org/2000/svg\"").count();
        }
        assert_eq!(found, 0, "{outside}");
    }
    assert!(told.contains("default-src 'none'; script-src 'sha256-"), "{told}");
    assert_eq!(told.matches("</script>").count(), 2, "the story, and the script");
}

#[test]
fn check_names_exactly_the_eight_overwritten_names() {
    let told = run(&["check", "--format", "json"]);
    let json = told.split_once("--- stdout\n").expect("it prints").1;
    let findings: serde_json::Value = serde_json::from_str(json).expect("it prints JSON");
    let overwritten: Vec<_> = findings["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|finding| finding["code"] == "AMPLS001")
        .flat_map(|finding| finding["names"].as_array().expect("names").clone())
        .map(|name| name.as_str().expect("text").to_owned())
        .collect();
    let wanted = [
        "global.in.ai.monitor.azure.com",
        "api.monitor.azure.com",
        "global.handler.control.monitor.azure.com",
        "diagservices-query.monitor.azure.com",
        "live.monitor.azure.com",
        "profiler.monitor.azure.com",
        "snapshot.monitor.azure.com",
        "scadvisorcontentpl.blob.core.windows.net",
    ];
    assert_eq!(overwritten, wanted);
}

#[test]
fn mistakes_on_the_command_line_are_answered_with_a_way_out() {
    let mut all = Readings::default();
    all.add(
        "error-client-drawn",
        &run(&["story", "docs-43-sessions-outlive-a-deny-rule", "--client", "vm", "--format", "svg"]),
    );
    all.add("error-no-scenario", &run(&["check", "two-scope-one-dns"]));
    all.add("error-no-step", &run(&["check", "--at", "second-scop"]));
    all.add("error-no-network", &run(&["resolve", "api.monitor.azure.com", "--from", "vnet3"]));
    all.add("error-bad-name", &run(&["resolve", "a..b"]));
    all.add("error-bad-type", &run(&["resolve", "a.example", "AAAAA"]));
    all.add("error-twice", &run(&["check", "one.yaml", "--scenario", "two.yaml"]));
    all.add("error-no-resource", &run(&["flows", "--from", "vnet1", "--to", "ws-gamma"]));
    all.add("error-folder", &run(&["check", "src"]));
    all.add("error-listener-network", &run(&["serve", "--listen", "vnet9=127.0.0.1:0"]));
    insta::assert_snapshot!("errors-of-arguments", all.text());
}

/// What a missing file is called in the message, by the verb that reads it, and what the message says to do.
#[test]
fn a_missing_file_is_named_with_what_to_do() {
    let path = "check the path: a relative path starts in the current folder";
    let cases: [(&[&str], &str, &str); 9] = [
        (
            &["check", "missing.yaml"],
            "no file and no built-in scenario `missing.yaml`",
            "give the path of a scenario file",
        ),
        (&["check", "missing/estate.yaml"], "no file and no built-in scenario `missing/estate.yaml`", "give the path"),
        (&["import", "missing.json"], "`missing.json` cannot be read", path),
        (&["check", "--allow", "missing.yaml"], "the accepted findings in `missing.yaml`", "check --write-baseline"),
        (&["serve", "--zone", "missing.zone", "--port", "0"], "`missing.zone` cannot be read", path),
        (&["test", "missing.yaml"], "`missing.yaml`", "help: "),
        (&["apply", "missing.yaml", "--admin", "127.0.0.1:9"], "the events in `missing.yaml` cannot be read", path),
        (&["check", "-o", "missing/folder/report"], "cannot write `missing/folder/report`", path),
        (&["diff", "missing.yaml", "two-scopes-one-dns"], "`missing.yaml`", "help: "),
    ];
    for (arguments, what, help) in cases {
        let told = run(arguments);
        assert!(told.starts_with("exit code 2\n"), "{arguments:?}: {told}");
        assert!(told.contains("error: ") && told.contains(what), "{arguments:?}: {told}");
        assert!(told.contains("\nhelp: ") && told.contains(help), "{arguments:?}: {told}");
        assert_eq!(told.matches("help: ").count(), 1, "{arguments:?}: {told}");
    }
    let json = run(&["check", "missing.yaml", "--format", "json"]);
    let text = json.split_once("--- stdout\n").and_then(|(_, rest)| rest.split_once("--- stderr\n")).expect("both").0;
    let document: serde_json::Value = serde_json::from_str(text).expect("it is JSON");
    let help = document["error"]["help"].as_str().expect("it has help");
    assert!(help.starts_with("give the path of a scenario file"), "{help}");
    let zone = run_with(&["check", "-"], "version: 1\nzoneFiles:\n  - file: missing.zone\n");
    assert!(
        zone.starts_with("exit code 2\n") && zone.contains("the zone file `missing.zone` cannot be read"),
        "{zone}"
    );
    assert!(zone.contains("help: check the path: it starts in the folder of the scenario"), "{zone}");
}

/// `script` of util-linux gives the program a terminal.
#[cfg(target_os = "linux")]
#[test]
fn work_of_more_than_a_second_is_shown_on_a_terminal_only() {
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").expect("loopback has free ports");
    let address = silent.local_addr().expect("it is bound");
    let verb = format!("compare --server vnet1={address} --timeout 2s --tries 1");
    let on_terminal = std::process::Command::new("script")
        .args(["-qec", &format!("'{}' {verb}", env!("CARGO_BIN_EXE_ampls-dns")), "/dev/null"])
        .stdin(std::process::Stdio::null())
        .output()
        .expect("util-linux has script");
    let shown = String::from_utf8_lossy(&on_terminal.stdout).into_owned();
    let line = shown.find("comparing with real servers: 1 s").unwrap_or_else(|| panic!("{shown:?}"));
    let removed = shown.rfind("\r\u{1b}[K").expect("the line is removed");
    assert!(line < removed && shown[removed..].contains("vnet1"), "the result comes after the line: {shown:?}");
    let elsewhere = run(&verb.split(' ').collect::<Vec<_>>());
    assert!(!elsewhere.contains("comparing with real servers"), "{elsewhere}");
}

#[test]
fn a_taken_port_names_itself_and_the_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let port = taken.local_addr().expect("it is bound").port().to_string();
    let told = run(&["serve", "--listen", &format!("127.0.0.1:{port}")]).replace(&port, "PORT");
    assert!(told.starts_with("exit code 2\n"), "{told}");
    assert!(told.contains("error: port PORT of 127.0.0.1 is already in use"), "{told}");
    assert!(told.contains("--listen"), "{told}");
}

const MISTAKES: &str = r"version: 1
cloud: AzureClod
network:
  vnet1: { addressSpace: [10.0.1.0/24] }
networks:
  vnet1: { addressSpace: [10.0.1.0/24], subnet: { endpoints: 10.0.1.0/26 } }
workspaces:
  ws: { location: westeurope }
steps:
  - name: one
    events:
      - createPrivateLinkScop: { name: ampls1 }
      - createPrivateLinkScope: { name: ampls2, ingestionAccessMode: Private }
      - addScopedResource: [ampls1, ws]
";

const DANGLING: &str = r"version: 1
networks:
  vnet1: { addressSpace: [10.0.1.0/24], subnets: { endpoints: 10.0.1.0/26, far: 10.0.9.0/26 } }
  vnet2: { addressSpace: [10.0.2.1/24], dns: { forward: { monitor.azure.com: network/vnet3 } } }
peerings: [[vnet1, vnet1]]
workspaces:
  ws: { customerId: not-a-guid, location: westeurope }
start: two
steps:
  - name: one
    date: 2021-13-01
    events:
      - createPrivateDnsZones: { resourceGroup: rg-dns, zones: azuremonitor, links: { vnet9: {} } }
      - createPrivateLinkScope: { name: ampls1 }
      - addScopedResource: { scope: ampls, resource: wss }
      - createPrivateEndpoint:
          name: pe1
          scope: ampls1
          subnet: vnet1/endpoint
          zoneGroup: rg-dsn
      - createPrivateEndpoint:
          name: pe2
          scope: ampls1
          subnet: vnet1/endpoints
          ipConfigurations:
            - { memberName: api, privateIPAddress: 10.0.1.70 }
            - { memberName: live, privateIPAddress: 10.0.1.3 }
      - deletePrivateEndpoint: pe2
      - deletePrivateEndpoint: pe2
      - putRecordSet: { resourceGroup: rg-dns, zone: privatelink.monitor.azure.com, name: x, type: A, records: [10.0.0.300] }
      - createPrivateDnsZones: { resourceGroup: rg-gov, zones: [privatelink.monitor.azure.us] }
      - reboot: vm1
      - date: 2021-01-01
";

#[test]
fn all_errors_of_a_file_are_told_at_once_with_place_caret_and_hint() {
    let mut all = Readings::default();
    all.add("error-structure", &run_with(&["check", "-"], MISTAKES));
    all.add("error-references", &run_with(&["check", "-"], DANGLING));
    all.add("error-syntax", &run_with(&["check", "-"], "version: 1\nnetworks: { a: [\n"));
    all.add("error-empty", &run_with(&["check", "-"], "# nothing\n"));
    all.add("error-duplicate", &run_with(&["check", "-"], "version: 1\nsteps: []\nversion: 1\n"));
    all.add("error-version", &run_with(&["check", "-"], "version: 2\n"));
    all.add("error-two-documents", &run_with(&["check", "-"], "version: 1\n---\nversion: 1\n"));
    insta::assert_snapshot!("errors-of-a-scenario", all.text());
}

#[test]
fn hostile_files_are_errors_and_no_memory_problem() {
    let deep = format!("version: 1\nsteps: {}", "[".repeat(10_000));
    assert!(run_with(&["check", "-"], &deep).contains("deep"), "depth is bounded");
    let mut laughs = String::from("version: 1\na: &a [x, x, x, x, x, x, x, x, x, x]\n");
    for (this, last) in ["b", "c", "d", "e", "f", "g", "h", "i"].iter().zip(["a", "b", "c", "d", "e", "f", "g", "h"]) {
        laughs.push_str(&format!("{this}: &{this} [{}]\n", vec![format!("*{last}"); 10].join(", ")));
    }
    assert!(run_with(&["check", "-"], &laughs).contains("100000 values"), "aliases are counted as what they stand for");
    let many = format!("version: 1\na: &a [{}]\nb: [{}]\n", "x, ".repeat(10_000), "*a, ".repeat(10_000));
    assert!(run_with(&["check", "-"], &many).contains("100000 values"), "one anchor many times is counted too");
}

#[test]
fn json_is_read_as_yaml_is_and_line_ends_do_not_matter() {
    let json =
        r#"{"version": 1, "networks": {"vnet1": {"addressSpace": ["10.0.1.0/24"]}}, "steps": [{"name": "only"}]}"#;
    assert!(run_with(&["check", "-"], json).starts_with("exit code 0"), "JSON is YAML");
    let windows = "\u{feff}version: 1\r\nnetworks:\r\n  vnet1: { addressSpace: [10.0.1.0/24] }\r\n";
    assert!(run_with(&["check", "-"], windows).starts_with("exit code 0"), "CRLF and a byte order mark do not matter");
}

#[test]
fn completions_and_the_manual_page_come_from_the_same_grammar() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(run(&["completions", shell]).contains("explain"), "{shell}");
    }
    let page = run(&["man"]);
    assert!(page.contains(".TH ampls-dns") && page.contains("two\\-scopes\\-one\\-dns"), "{page}");
}

/// Everything Azure would refuse, in one estate: each is a finding, and none has an effect.
const REFUSED: &str = r"version: 1
networks:
  vnet1: { addressSpace: [10.0.1.0/24], subnets: { endpoints: 10.0.1.0/26, tiny: 10.0.1.64/28 } }
  vnet2: { addressSpace: [10.0.1.0/25] }
  vnet3: { addressSpace: [10.0.3.0/24], clientPrefixes: [10.0.1.0/24] }
workspaces:
  ws: { customerId: 11111111-1111-4111-8111-111111111111, location: westeurope }
  far: { customerId: 22222222-2222-4222-8222-222222222222, location: eastus }
steps:
  - name: refused
    events:
      - createPeering: [vnet1, vnet2]
      - createPrivateDnsZones: { resourceGroup: rg-a, zones: azuremonitor, links: { vnet1: {} } }
      - createPrivateDnsZones: { resourceGroup: rg-b, zones: [privatelink.monitor.azure.com], links: { vnet1: {} } }
      - createPrivateDnsZones: { resourceGroup: rg-a, zones: [privatelink.monitor.azure.com] }
      - createPrivateDnsZones: { resourceGroup: rg-a, zones: [azure.com, single] }
      - deletePrivateDnsZones: { resourceGroup: rg-a, zones: [privatelink.monitor.azure.com] }
      - putRecordSet: { resourceGroup: rg-b, zone: privatelink.monitor.azure.com, name: '@', type: CNAME, records: [a.example] }
      - putRecordSet:
          resourceGroup: rg-b
          zone: privatelink.monitor.azure.com
          name: many
          type: A
          records: [10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, 10.0.0.6, 10.0.0.7, 10.0.0.8, 10.0.0.9, 10.0.0.10,
            10.0.0.11, 10.0.0.12, 10.0.0.13, 10.0.0.14, 10.0.0.15, 10.0.0.16, 10.0.0.17, 10.0.0.18, 10.0.0.19, 10.0.0.20,
            10.0.0.21]
      - createPrivateLinkScope: { name: ampls }
      - addScopedResource: { scope: ampls, resource: ws }
      - deleteResource: ws
      - createPrivateDnsZones: { resourceGroup: rg-a, zones: [privatelink.adx.example.com] }
      - createPrivateEndpoint:
          name: six
          scope: ampls
          subnet: vnet1/endpoints
          zoneGroup:
            - { resourceGroup: rg-a, zones: azuremonitor }
            - { resourceGroup: rg-a, zones: [privatelink.adx.example.com] }
      - createPrivateEndpoint: { name: pe, scope: ampls, subnet: vnet1/endpoints, zoneGroup: rg-a }
      - createPrivateEndpoint:
          name: taken
          scope: ampls
          subnet: vnet1/endpoints
          ipConfigurations: [{ memberName: api, privateIPAddress: 10.0.1.7 }]
      - createPrivateEndpoint: { name: small, scope: ampls, subnet: vnet1/tiny }
      - addScopedResource: { scope: ampls, resource: far }
      - createPrivateLinkScope: { name: other }
      - setAccessModes:
          scope: other
          exclusions: [{ privateEndpointConnectionName: pe, ingestionAccessMode: Open, queryAccessMode: Open }]
      - deleteNetwork: vnet1
      - setRuleset: { name: rules, rules: [{ domain: x.example., target: azureProvided }] }
";

#[test]
fn what_azure_would_refuse_is_a_finding_and_has_no_effect() {
    insta::assert_snapshot!("check-refused", run_with(&["check", "-"], REFUSED));
}

const MORE_MISTAKES: &str = r"version: 1
networks:
  vnet1: { addressSpace: [10.0.1.0/24], clientPrefixes: [nonsense], subnets: { endpoints: 10.0.1.0/26, bad: x, odd: 10.0.1.65/26 }, dns: { default: nowhere, forward: { a..b: public } } }
inboundEndpoints: { in1: { network: vnet9 } }
rulesets: { rules1: { rules: [{ domain: x.example., target: inboundEndpoint/in2 }], links: [vnet8] } }
workspaces:
  ws: { customerId: 11111111-1111-4111-8111-111111111111, location: westeurope }
components:
  ws: { location: westeurope, ingestionEndpoint: westeurope-5, workspace: wx }
dataCollectionEndpoints:
  dce: { location: westeurope, configurationAccess: dce.westeurope-1.handler.control.monitor.azure.cn, logsIngestion: a b }
virtualMachines: { vm1: { network: vnet7 } }
steps:
  - name: one
    events:
      - createPrivateLinkScope: { name: ampls1, created: yesterday }
      - createPrivateLinkScope: { name: ampls1 }
      - createPrivateEndpoint: { name: pe1, scope: ampls1, subnet: endpoints }
      - createPrivateEndpoint: { name: pe2, scope: ampls1, subnet: vnet1/endpoints, ipConfigurations: [{ memberName: api, privateIPAddress: x }] }
      - repairZoneGroup: pe2
      - setAccessModes: { scope: ampls1, exclusions: [{ privateEndpointConnectionName: pe9, ingestionAccessMode: Open, queryAccessMode: Open }] }
      - putRecordSet: { resourceGroup: rg, zone: privatelink.monitor.azure.com, name: a, type: A, records: [10.0.0.1] }
      - putRecordSet: { resourceGroup: rg, zone: privatelink.monitor.azure.com, name: a, type: AAA, records: [10.0.0.1] }
      - reboot: vm1
        cutSessions: vm1
    expect:
      - answers: { api.monitor.azure.com: public }
      - from: vnet5
        answers: { api.monitor.azure.com X: public, a..b: public }
      - flows: [{ from: vnet6, to: wy, operation: ingest, path: privat, name: a..b }]
      - records: { privatelink.monitor.azure.com: {}, rg/privatelink.monitor.azure.com: { a: b } }
  - name: one
";

#[test]
fn the_other_messages_have_their_place_too() {
    let mut all = Readings::default();
    all.add("error-mode", &run(&["check", "zones/scenarios/unreadable/a-mode-that-does-not-exist.yaml"]));
    all.add("error-more", &run_with(&["check", "-"], MORE_MISTAKES));
    all.add("error-tag", &run_with(&["check", "-"], "version: !one 1\n"));
    all.add("error-key", &run_with(&["check", "-"], "version: 1\n? [a]\n: b\n"));
    all.add("error-own-anchor", &run_with(&["check", "-"], "version: 1\nsteps: &a [*a]\n"));
    all.add("error-scalar", &run_with(&["check", "-"], "version: one\nsteps: 1\nnetworks: [x]\n"));
    all.add("error-peering-length", &run_with(&["check", "-"], "version: 1\npeerings: [[a]]\n"));
    insta::assert_snapshot!("more-errors-of-a-scenario", all.text());
}

#[test]
fn text_that_is_no_utf_8_is_told_with_its_place() {
    let file = std::env::temp_dir().join(format!("ampls-dns-not-utf-8-{}.yaml", std::process::id()));
    std::fs::write(&file, b"version: 1\ntitle: \xff\n").expect("the temporary folder can be written to");
    let told = run(&["check", &file.to_string_lossy()]);
    std::fs::remove_file(&file).expect("it was just written");
    assert!(told.contains("error: the scenario is not UTF-8") && told.contains(":2:8"), "{told}");
}

#[test]
fn machine_formats_are_documents_even_if_the_input_cannot_be_read() {
    for arguments in [
        &["check", "missing.yaml", "--format", "json"][..],
        &["story", "missing.yaml", "--format", "json"],
        &["diff", "missing.yaml", "two-scopes-one-dns", "--format", "json"],
        &["flows", "--from", "nowhere", "--format", "json"],
        &["check", "missing.yaml", "--format", "sarif"],
        &["check", "missing.yaml", "--format", "gitlab"],
        &["check", "two-scopes-one-dns", "--at", "no-step", "--format", "sarif"],
        &["test", "missing.yaml", "--format", "json"],
        &["test", "missing.yaml", "--format", "gitlab"],
        &["test", "two-scopes-one-dns", "missing.yaml", "--format", "gitlab"],
        &["flows", "--format", "json"],
        &["check", "--no-such-option", "--format=json"],
        &["check", "--no-such-option", "--format", "sarif"],
        &["test", "--no-such-option", "--format=gitlab"],
    ] {
        let output = crate::fixture::binary().args(arguments).output().expect("the binary can be started");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let document = serde_json::from_slice::<serde_json::Value>(&output.stdout);
        assert!(document.is_ok(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    }
    for verb in ["check", "test"] {
        let junit = run(&[verb, "missing.yaml", "--format", "junit"]);
        assert!(junit.contains("<testsuites") && junit.contains("missing.yaml"), "{junit}");
        let github = run(&[verb, "missing.yaml", "--format", "github"]);
        assert!(github.contains("--- stdout\n::error file=missing.yaml,"), "{github}");
        let azure = run(&[verb, "missing.yaml", "--format", "azure"]);
        assert!(azure.contains("--- stdout\n##vso[task.logissue type=error;sourcepath=missing.yaml;"), "{azure}");
    }
    let both = run(&["test", "two-scopes-one-dns", "missing.yaml", "--format", "junit"]);
    assert!(both.contains("<testsuite name=\"two-scopes-one-dns") && both.contains("type=\"unreadable\""), "{both}");
    let junit = run(&["test", "--no-such-option", "--format", "junit"]);
    assert!(junit.contains("<testsuites") && junit.contains("unexpected argument"), "{junit}");
    let tap = run(&["test", "--no-such-option", "--format", "tap"]);
    assert!(tap.contains("TAP version 14\nBail out! unexpected argument"), "{tap}");
    let tap = run(&["test", "missing.yaml", "--format", "tap"]);
    assert!(tap.contains("TAP version 14\nBail out! missing.yaml:1:1: "), "{tap}");
    let markdown = run(&["diff", "missing.yaml", "two-scopes-one-dns", "--format", "markdown"]);
    assert!(markdown.contains("### `missing.yaml` cannot be read"), "{markdown}");
}

#[test]
fn the_scenario_is_an_operand_of_every_verb_that_reads_one() {
    for arguments in [
        &["resolve", "api.monitor.azure.com", "fallback-to-internet"][..],
        &["resolve", "api.monitor.azure.com", "AAAA", "fallback-to-internet"],
        &["explain", "api.monitor.azure.com", "fallback-to-internet"],
        &["records", "fallback-to-internet"],
        &["export", "--format", "hosts", "fallback-to-internet"],
    ] {
        let told = run(arguments);
        assert!(told.starts_with("exit code 0"), "{arguments:?}: {told}");
    }
    let twice = run(&["resolve", "api.monitor.azure.com", "one.yaml", "two.yaml"]);
    assert!(twice.starts_with("exit code 2") && twice.contains("pass only one of them"), "{twice}");
}
