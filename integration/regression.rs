//! Regression tests of somebody's DNS: specs offline, over the wire, recorded; differences between estates; findings in
//! the forms CI reads.

use ampls_dns::Emulator;
use serde_json::Value as Json;

use crate::fixture::{Folder, Readings, run, run_with};

/// Snapshots stand in `integration/snapshots/`.
macro_rules! shows {
    ($name:literal, $told:expr) => {
        insta::assert_snapshot!($name, $told)
    };
}

const SPEC: &str = "version: 1
title: what vnet1 depends on
scenario: two-scopes-one-dns
at: first-scope
expect:
- from: [vnet1, vnet2]
  answers:
    api.monitor.azure.com: 10.0.1.9
    api.monitor.azure.com AAAA: NODATA
    22222222-2222-4222-8222-222222222222.ods.opinsights.azure.com: public
  chain:
    api.monitor.azure.com: [api.privatelink.monitor.azure.com]
- from: vnet1
  transport: [udp, tcp]
  within: 2s
  replies:
    api.monitor.azure.com:
      rcode: NOERROR
      data: 10.0.1.9
      records: [api.monitor.azure.com CNAME api.privatelink.monitor.azure.com, api.privatelink.monitor.azure.com A 10.0.1.9]
      ttl: 0..10
      flags: { aa: false, ra: true, tc: false, ad: false }
      soa: none
      extendedError: none
    x.privatelink.monitor.azure.com: { rcode: NXDOMAIN, soa: privatelink.monitor.azure.com, ttl: 10 }
    www.example.org: { rcode: NXDOMAIN, extendedError: { code: 0, text: outside the emulated zones } }
- from: public
  answers: { api.monitor.azure.com: public }
- subnet: 10.0.1.0/24
  answers: { api.monitor.azure.com: 10.0.1.9 }
- absentFindings: AMPLS001
- findings: AMPLS003
- flows:
  - { from: vnet1, to: ws-alpha, operation: query, path: private, endpoint: pe1, decision: allow, status: 200 }
";

/// The same, a step later: much of it does not hold any more.
fn broken() -> String {
    SPEC.replace("at: first-scope", "at: second-scope")
}

#[test]
fn a_spec_holds_offline_and_what_does_not_is_told_side_by_side() {
    let held = run_with(&["test", "-"], SPEC);
    assert_eq!(
        held,
        "exit code 0\n--- stdout\nok     - (what vnet1 depends on): 19 expectations\n\n19 passed, 0 failed\n"
    );
    shows!("spec-text", run_with(&["test", "-"], &broken()));
    let json: Json =
        serde_json::from_str(&stdout(&run_with(&["test", "-", "--format", "json"], &broken()))).expect("JSON");
    assert_eq!((&json[0]["passed"], &json[0]["failed"]), (&10.into(), &9.into()));
    let first = &json[0]["failures"][0];
    assert_eq!((&first["expected"], &first["found"]), (&"10.0.1.9".into(), &"10.0.2.7".into()));
    assert_eq!(first["place"], "<stdin>:8:5");
    shows!("spec-junit", without_times(&run_with(&["test", "-", "--format", "junit"], &broken())));
    shows!("spec-tap", run_with(&["test", "-", "--format", "tap"], &broken()));
    shows!("spec-github", run_with(&["test", "-", "--format", "github"], &broken()));
    let elsewhere = run_with(&["test", "-", "--at", "first-scope"], &broken());
    assert_eq!(elsewhere, held, "--at has the last word");
    let folder = Folder::new("spec-beside");
    folder.write("estate.yaml", ampls_dns::scenario::builtin::text("two-scopes-one-dns").expect("it is built in"));
    let spec = folder.write("spec.yaml", &SPEC.replace("two-scopes-one-dns", "estate.yaml"));
    assert!(run(&["test", &spec]).starts_with("exit code 0"), "a scenario is found from the spec's folder on");
}

#[test]
fn the_spec_of_the_manual_holds() {
    let blocks =
        include_str!("../docs/testing.md").split("```yaml\n").skip(1).filter_map(|block| block.split("```").next());
    let mut specs = blocks.filter(|block| block.contains("\nscenario: two-scopes-one-dns\n"));
    let told = run_with(&["test", "-"], specs.next().expect("there is one"));
    assert!(told.starts_with("exit code 0") && told.contains("7 passed, 0 failed"), "{told}");
}

#[test]
fn a_scenario_can_be_held_at_one_of_its_steps() {
    let told = run(&["test", "two-scopes-one-dns", "--at", "first-scope"]);
    assert!(told.starts_with("exit code 0") && told.contains("applies at another step"), "{told}");
}

#[test]
fn the_schema_of_specs_describes_them() {}

const MISTAKES: &str = "version: 1
scenaro: two-scopes-one-dns
expect:
- answers: { a.example: public }
- from: vnet1
  transport: [tls]
  within: soon
  replies:
    a..b: { rcode: NXDOMIAN }
    a.example:
      ttl: 10..0
      records: [a.example A, a.example A 10.0.0.300, a.example ZZ x]
      soa: a..b
      flags: { aa: yes }
      extendedError: never
- subnet: 10.0.1.0/33
  answers: { a.example: publc }
- from: vnet1
  findings: AMPLS1
";

#[test]
fn mistakes_in_specs_are_told_with_their_places() {
    let mut all = Readings::default();
    all.add("error-spec", &run_with(&["test", "-"], MISTAKES));
    let told = |arguments: &[&str]| {
        run_with(arguments, "version: 1\nexpect: [{ from: vnet1, answers: { a.example: public } }]\n")
    };
    all.add("error-spec-without-scenario", &told(&["test", "-"]));
    all.add("error-spec-without-network", &told(&["test", "-", "--server", "127.0.0.1:1"]));
    all.add("error-spec-without-server", &told(&["test", "-", "--from", "vnet1"]));
    all.add("error-spec-server", &told(&["test", "-", "--server", "vnet1=127.0.0.1:x"]));
    all.add("error-record-without-server", &run(&["test", "record", "a.example"]));
    let nowhere = told(&["test", "-", "--scenario", "two-scopes-one-dns"]);
    assert!(nowhere.starts_with("exit code 1") && nowhere.contains("expected  public"), "{nowhere}");
    let unknown = run_with(&["test", "-"], &SPEC.replace("at: first-scope", "at: first-scop"));
    assert!(unknown.starts_with("exit code 2") && unknown.contains("did you mean `first-scope`?"), "{unknown}");
    let stranger = run_with(&["test", "-"], &SPEC.replace("[vnet1, vnet2]", "[vnet1, vnet7]"));
    assert!(stranger.contains("there is no such network at this step"), "{stranger}");
    insta::assert_snapshot!("errors-of-specs", all.text());
}

/// The text with the times of a run replaced: they are chance.
fn without_times(text: &str) -> String {
    let mut parts = text.split(" time=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + " time=\"TIME" + &part[part.find('"').unwrap_or_default()..])
}

/// The text with the ports of a run replaced: they are chance.
fn without_ports(text: &str, ports: &[(&str, u16)]) -> String {
    ports.iter().fold(text.to_owned(), |text, (name, port)| text.replace(&port.to_string(), name))
}

#[tokio::test]
async fn the_same_spec_holds_over_the_wire() {
    let emulator = Emulator::builder().at("first-scope").start().await.expect("loopback has free ports");
    let port = |network: &str| emulator.address_of(network).expect("it has a listener").port();
    let ports = [("PORT1", port("vnet1")), ("PORT2", port("vnet2")), ("PORT0", emulator.public_address().port())];
    let servers = ports.map(|(name, port)| match name {
        "PORT0" => format!("public=127.0.0.1:{port}"),
        name => format!("vnet{}=127.0.0.1:{port}", &name[4..]),
    });
    let folder = Folder::new("spec-wire");
    let spec = folder.write("spec.yaml", SPEC);
    let told = tokio::task::spawn_blocking({
        let (spec, servers) = (spec.clone(), servers.clone());
        move || {
            let mut arguments = vec!["test", &spec];
            servers.iter().for_each(|server| arguments.extend(["--server", server]));
            let whole = run(&arguments);
            let some = run(&["test", &spec, "--server", &servers[0], "--format", "tap"]);
            (whole, some)
        }
    });
    let (whole, some) = told.await.expect("it does not panic");
    assert!(whole.starts_with("exit code 0") && whole.contains("19 passed, 0 failed"), "{whole}");
    let skipped = some.lines().filter(|line| line.contains("# SKIP no server for ")).count();
    assert!(some.starts_with("exit code 0") && skipped == 6, "other networks are skipped: {some}");

    // What the server says a step later is recorded, and holds there and nowhere else.
    emulator.go_to("second-scope").expect("there is such a step");
    let told = tokio::task::spawn_blocking(move || {
        let names = ["api.monitor.azure.com", "api.monitor.azure.com AAAA", "x.privatelink.monitor.azure.com"];
        let bare = servers[0].trim_start_matches("vnet1=");
        let record = ["test", "record", "--server", bare, "--from", "vnet1"];
        let recorded = run(&[&record[..], &names[..]].concat());
        let broken = run(&["test", &spec, "--server", bare, "--from", "vnet1", "--within", "1ms"]);
        let text = recorded.split_once("--- stdout\n").expect("it prints").1;
        let held = run_with(&["test", "-", "--server", &servers[0]], text);
        let before = run_with(&["test", "-", "--scenario", "two-scopes-one-dns", "--at", "first-scope"], text);
        (recorded, broken, held, before)
    });
    let (recorded, broken, held, before) = told.await.expect("it does not panic");
    shows!("spec-recorded", without_ports(&recorded, &ports));
    assert!(
        broken.starts_with("exit code 1") && broken.contains(&format!("dig @127.0.0.1 -p {}", ports[0].1)),
        "{broken}"
    );
    assert!(held.starts_with("exit code 0"), "{held}");
    assert!(before.starts_with("exit code 1"), "{before}");
    emulator.shutdown().await;
}

#[test]
fn a_server_that_is_not_there_is_a_failure_that_says_so() {
    let port =
        std::net::UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("loopback has ports");
    let server = format!("vnet1={port}");
    let told = run_with(&["test", "-", "--server", &server, "--within", "1ms", "--timeout", "200ms"], SPEC);
    assert!(told.starts_with("exit code 1") && told.contains(&format!("no server listens at {port}")), "{told}");
    let told = run(&["test", "record", "--server", &server, "a.example"]);
    assert!(told.starts_with("exit code 1") && told.contains("no server listens"), "{told}");
}

#[test]
fn findings_are_printed_in_the_forms_ci_reads() {
    let check = |format: &str| run(&["check", "zones/scenarios/two-scopes-one-dns.yaml", "--format", format]);
    shows!("check-github", check("github"));
    shows!("check-junit", check("junit"));
    shows!("check-markdown", check("markdown"));
    assert!(run(&["check", "--at", "first-scope", "--deny", "AMPLS003"]).starts_with("exit code 1"));
    let broken = "version: 1\nnetworks: { vnet1: { addresSpace: [10.0.1.0/24] } }\n";
    let unreadable = stdout(&run_with(&["check", "-", "--format", "github"], broken));
    assert!(unreadable.starts_with("::error file=") && unreadable.contains("line=2,"), "{unreadable}");
    let unreadable = stdout(&run_with(&["check", "-", "--format", "sarif"], broken));
    let unreadable: Json = serde_json::from_str(&unreadable).expect("it is JSON");
    assert_eq!(unreadable["runs"][0]["invocations"][0]["executionSuccessful"], false);
    assert_eq!(unreadable["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"], 2);
}

fn stdout(told: &str) -> String {
    let rest = told.split_once("--- stdout\n").expect("it prints").1;
    rest.split("--- stderr\n").next().unwrap_or_default().to_owned()
}

#[test]
fn sarif_has_what_code_scanning_asks_for() {
    let told = stdout(&run(&["check", "zones/scenarios/two-scopes-one-dns.yaml", "--format", "sarif"]));
    let log: Json = serde_json::from_str(&told).expect("it is JSON");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("there are rules");
    for rule in rules {
        assert!(rule["help"]["markdown"].is_string() && rule["shortDescription"]["text"].is_string(), "{rule}");
    }
    let results = run["results"].as_array().expect("there are results");
    assert!(!results.is_empty());
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("it has a rule")).expect("it is small");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().expect("it has a level")));
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "zones/scenarios/two-scopes-one-dns.yaml");
    }
    let lines = results.iter().filter(|one| one["locations"][0]["physicalLocation"]["region"]["startLine"].is_u64());
    assert!(lines.count() > 0, "events have lines");
}

#[test]
fn differences_are_told_for_people_pull_requests_and_programs() {
    let diff = |more: &[&str]| run(&[&["diff", "two-scopes-one-dns@first-scope", "@second-scope"], more].concat());
    shows!("diff-text", diff(&[]));
    shows!("diff-markdown", diff(&["--format", "markdown", "--from", "vnet1"]));
    let small = ["diff", "exclusions-per-connection@private-only", "@one-excluded", "--format", "json"];
    let json: Json = serde_json::from_str(&stdout(&run(&small))).expect("JSON");
    assert_eq!(
        (&json["flows"][0]["before"]["allowed"], &json["flows"][0]["after"]["allowed"]),
        (&false.into(), &true.into())
    );
    assert_eq!((&json["recordSets"], json["findings"].as_array().map(Vec::len)), (&Json::Array(Vec::new()), Some(2)));
    assert!(diff(&["--exit-code"]).starts_with("exit code 1"));
    let same =
        |more: &[&str]| run(&[&["diff", "two-scopes-one-dns", "two-scopes-one-dns", "--exit-code"], more].concat());
    assert_eq!(same(&[]), "exit code 0\n", "where nothing differs, nothing is said");
    assert_eq!(same(&["--format", "markdown"]), "exit code 0\n");
    let empty: Json = serde_json::from_str(&stdout(&same(&["--format", "json"]))).expect("it is JSON");
    assert!(empty["answers"].as_array().expect("a list").is_empty());
}

#[test]
fn one_more_scope_is_previewed_before_it_is_there() {
    const ADD: &str = "step: preview
events:
- createPrivateLinkScope: { name: ampls9 }
- addScopedResource: { scope: ampls9, resource: ws-beta }
- createPrivateEndpoint: { name: pe9, scope: ampls9, subnet: vnet2/endpoints, zoneGroup: rg-dns }
";
    let preview = |add: &str| {
        run_with(&["diff", "two-scopes-one-dns@first-scope", "--add", "-", "--from", "vnet1", "--exit-code"], add)
    };
    shows!("diff-add", preview(ADD));
    let wrong = preview(&ADD.replace("vnet2/endpoints", "vnet2/endpoint"));
    assert!(wrong.starts_with("exit code 2") && wrong.contains("vnet2/endpoint"), "{wrong}");
}

#[test]
fn artefacts_are_compared_as_they_are() {
    let example = |name: &str| format!("integration/azure-examples/{name}");
    let (one, other) = (
        example("private-dns-record-sets.monitor.cli.json"),
        example("private-dns-record-sets.monitor.after-override.cli.json"),
    );
    let told = run(&["diff", &one, &other, "--exit-code"]);
    assert!(told.starts_with("exit code 1") && told.contains("  - api ") && told.contains("  + api "), "{told}");
    assert_eq!(stdout(&run(&["diff", &one, &other])), stdout(&told));
    // What an artefact tells again changes nothing.
    let again = run(&["diff", &one, "--add", &one, "--exit-code"]);
    assert!(again.starts_with("exit code 0") && !again.contains("--- stdout"), "{again}");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let mut all = Readings::default();
    all.add("error-diff-one-side", &run(&["diff", "two-scopes-one-dns"]));
    all.add("error-diff-no-scenario", &run(&["diff", "@first-scope", "@second-scope"]));
    all.add("error-diff-no-step", &run(&["diff", "two-scopes-one-dns@first-scop", "@second-scope"]));
    all.add("error-diff-no-client", &run(&["diff", "two-scopes-one-dns@before", "@second-scope", "--from", "vnet3"]));
    let nobody = run(&["diff", "--running", "1", "--admin", "127.0.0.1:1"]);
    assert!(nobody.starts_with("exit code 2") && nobody.contains("no server answers"), "{nobody}");
    insta::assert_snapshot!("errors-of-diff", all.text());
}

/// A server as a process of its own; it is ended when the test is over.
struct Server(std::process::Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn steps_of_a_running_server_are_compared_as_those_of_a_file_are() {
    use std::io::BufRead as _;
    let mut child = crate::fixture::binary()
        .args(["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the binary can be started");
    let stderr = std::io::BufReader::new(child.stderr.take().expect("it is piped"));
    let _server = Server(child);
    let mut lines = stderr.lines().map(|line| line.expect("it is text"));
    let admin = lines.find_map(|line| line.strip_prefix("admin: ").map(str::to_owned)).expect("it says where it is");
    let running = |more: &[&str]| run(&[&["diff", "--running", "--admin", &admin], more].concat());
    let file = |more: &[&str]| run(&[&["diff"], more].concat());
    assert_eq!(
        running(&["first-scope", "second-scope", "--from", "vnet1"]),
        file(&["two-scopes-one-dns@first-scope", "@second-scope", "--from", "vnet1"])
    );
    // Without a second side it is what is served now.
    assert_eq!(running(&["second-scope", "--exit-code"]), "exit code 0\n");
    let unknown = running(&["first-scop"]);
    assert!(unknown.starts_with("exit code 2") && unknown.contains("no step or revision"), "{unknown}");
}
