//! Results in the forms that CI systems read, and holding only some expectations, again, or whenever a file changes.

use std::io::{BufRead as _, BufReader};
use std::net::UdpSocket;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value as Json;

use crate::fixture::{Folder, binary, run, run_with};

/// Snapshots stand in `integration/snapshots/`.
macro_rules! shows {
    ($name:literal, $told:expr) => {
        insta::assert_snapshot!($name, $told)
    };
}

const SPEC: &str = "version: 1
scenario: two-scopes-one-dns
at: first-scope
expect:
- from: [vnet1, vnet2]
  answers: { api.monitor.azure.com: 10.0.1.9 }
- from: vnet1
  answers: { global.in.ai.monitor.azure.com: 10.0.0.1 }
- findings: AMPLS003
";

fn stdout(told: &str) -> &str {
    let rest = told.split_once("--- stdout\n").expect("it prints").1;
    rest.split("--- stderr\n").next().unwrap_or_default()
}

#[test]
fn azure_pipelines_gets_issues_with_file_line_and_code() {
    let told = run_with(&["test", "-", "--format", "azure"], SPEC);
    assert!(told.starts_with("exit code 1"), "{told}");
    shows!("test-azure", stdout(&told));
    shows!("check-azure", run(&["check", "zones/scenarios/two-scopes-one-dns.yaml", "--format", "azure"]));
    let broken = "version: 1\nnetworks: { vnet1: { addresSpace: [10.0.1.0/24] } }\n";
    let unreadable = run_with(&["check", "-", "--format", "azure"], broken);
    let line = stdout(&unreadable).lines().next().expect("there is an error");
    assert!(line.starts_with("##vso[task.logissue type=error;sourcepath=<stdin>;linenumber=2;"), "{line}");
}

#[test]
fn gitlab_gets_a_code_quality_report_with_fingerprints_that_do_not_move_with_the_lines() {
    let report = |text: &str| {
        let told = run_with(&["test", "-", "--format", "gitlab"], text);
        serde_json::from_str::<Json>(stdout(&told)).expect("it is JSON")
    };
    let (here, below) = (report(SPEC), report(&SPEC.replace("at: first-scope", "# a comment\nat: first-scope")));
    let [issue] = here.as_array().map(Vec::as_slice).expect("a list") else { panic!("{here}") };
    assert_eq!(issue["location"]["lines"]["begin"], 8, "{issue}");
    assert_eq!(issue["severity"], "major");
    assert_eq!(below[0]["location"]["lines"]["begin"], 9);
    assert_eq!(issue["fingerprint"], below[0]["fingerprint"]);

    let checked = run(&["check", "zones/scenarios/two-scopes-one-dns.yaml", "--format", "gitlab"]);
    let checked: Json = serde_json::from_str(stdout(&checked)).expect("it is JSON");
    let issues = checked.as_array().expect("a list");
    let mut fingerprints: Vec<_> = issues.iter().map(|one| one["fingerprint"].as_str().expect("a text")).collect();
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), issues.len(), "each issue has a fingerprint of its own");
    assert!(issues.iter().any(|one| one["check_name"] == "AMPLS001"), "{checked}");
}

#[test]
fn junit_has_a_suite_for_each_network_and_times() {
    let told = run_with(&["test", "-", "--format", "junit"], SPEC);
    let text = stdout(&told);
    for suite in ["-: vnet1", "-: vnet2", "-"] {
        assert!(text.contains(&format!("<testsuite name=\"{suite}\"")), "{text}");
    }
    let cases: Vec<_> = text.lines().filter(|line| line.trim_start().starts_with("<testcase ")).collect();
    assert_eq!(cases.len(), 4, "{text}");
    assert!(cases.iter().all(|case| case.contains(" time=\"")), "{text}");
}

#[test]
fn a_filter_holds_what_has_the_text_and_refuses_to_hold_nothing() {
    let told = run_with(&["test", "-", "--filter", "VNET2", "--filter", "finding"], SPEC);
    assert!(told.starts_with("exit code 0") && told.contains("2 passed, 0 failed"), "{told}");
    let some = run(&["test", "two-scopes-one-dns", "limits", "--filter", "limits"]);
    assert!(!some.contains("two-scopes-one-dns"), "a file without any is left out: {some}");
    let nothing = run_with(&["test", "-", "--filter", "vnet7"], SPEC);
    assert!(
        nothing.starts_with("exit code 2") && nothing.contains("no expectation matches `--filter vnet7`"),
        "{nothing}"
    );
}

/// A server that refuses the first so many queries and answers NXDOMAIN from then on.
fn flaky_server(refused: usize) -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback has free ports");
    let port = socket.local_addr().expect("it is bound").port();
    std::thread::spawn(move || {
        let mut buffer = [0; 600];
        for number in 0.. {
            let Ok((length, from)) = socket.recv_from(&mut buffer) else { return };
            let mut reply = buffer[..length].to_vec();
            reply[2..4].copy_from_slice(&[0x81, if number < refused { 0x85 } else { 0x83 }]);
            let _ = socket.send_to(&reply, from);
        }
    });
    port
}

#[test]
fn an_expectation_that_holds_only_at_a_later_try_is_held_and_said_to_be_flaky() {
    let spec = "version: 1\nexpect: [{ from: vnet1, answers: { a.example: NXDOMAIN } }]\n";
    let hold = |retries: &str, format: &str| {
        let server = format!("vnet1=127.0.0.1:{}", flaky_server(2));
        run_with(&["test", "-", "--server", &server, "--retry", retries, "--format", format], spec)
    };
    assert!(hold("1", "text").starts_with("exit code 1"));
    let told = hold("2", "text");
    assert!(told.starts_with("exit code 0") && told.contains("1 expectation passed only after a retry"), "{told}");
    let told = hold("2", "junit");
    assert!(told.starts_with("exit code 0") && told.matches("<flakyFailure ").count() == 2, "{told}");
    let offline = run(&["test", "--retry", "2"]);
    assert!(offline.starts_with("exit code 2") && offline.contains("--server"), "{offline}");
}

#[test]
fn results_come_as_they_are_known() {
    // The second server never answers: the result of the first is there long before the end.
    let (quick, silent) = (flaky_server(0), UdpSocket::bind("127.0.0.1:0").expect("loopback has free ports"));
    let silent_port = silent.local_addr().expect("it is bound").port();
    let folder = Folder::new("results-stream");
    let spec =
        folder.write("spec.yaml", "version: 1\nexpect: [{ from: [vnet1, vnet2], answers: { a.example: NXDOMAIN } }]\n");
    let mut child = binary()
        .args(["test", &spec, "--format", "tap", "--timeout", "60s", "--tries", "1"])
        .args(["--server", &format!("vnet1=127.0.0.1:{quick}"), "--server", &format!("vnet2=127.0.0.1:{silent_port}")])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary can be started");
    let lines = lines_of(child.stdout.take().expect("it is piped"));
    let next =
        || lines.recv_timeout(Duration::from_secs(30)).expect("a line comes before the second server's time is over");
    assert_eq!(next(), "TAP version 14");
    assert!(next().starts_with("ok 1 - "), "the first result");
    assert!(child.try_wait().expect("it is ours").is_none(), "the second is still waited for");
    child.kill().expect("it is ours");
    child.wait().expect("it is ours");
}

#[test]
fn watching_holds_again_when_a_file_changes_and_outlives_a_broken_one() {
    let folder = Folder::new("test-watch");
    let spec = folder.write("spec.yaml", SPEC);
    let mut child = binary()
        .args(["test", &spec, "--watch"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary can be started");
    let lines = lines_of(child.stdout.take().expect("it is piped"));
    let errors = lines_of(child.stderr.take().expect("it is piped"));
    let until = |lines: &mpsc::Receiver<String>, text: &str| {
        let limit = Duration::from_secs(30);
        while !lines.recv_timeout(limit).unwrap_or_else(|_| panic!("no line with `{text}`")).contains(text) {}
    };
    until(&lines, "3 passed, 1 failed");
    until(&errors, "waiting for changes");
    folder.write("spec.yaml", "version: 1\nexpec: []\n");
    until(&errors, "expec");
    until(&errors, "waiting for changes");
    folder.write("spec.yaml", &SPEC.replace("10.0.0.1 }", "public }"));
    until(&lines, " passed, ");
    child.kill().expect("it is ours");
    child.wait().expect("it is ours");
    let nothing = run(&["test", "two-scopes-one-dns", "--watch"]);
    assert!(nothing.starts_with("exit code 2") && nothing.contains("nothing to watch"), "{nothing}");
}

fn lines_of(from: impl std::io::Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}
