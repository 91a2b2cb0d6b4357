//! `test` is strict: what was not checked never counts as passed.

use crate::fixture::{Folder, Server, binary, run, run_with};

const SPEC: &str = "version: 1
scenario: two-scopes-one-dns
at: first-scope
expect:
- from: vnet1
  answers: { api.monitor.azure.com: 10.0.1.9 }
";

/// A server of the built-in scenario at a step, with one listener for vnet1, and `vnet1=ADDRESS`.
fn server(step: &str, more: &[&str]) -> (Server, String) {
    let listen = ["--listen", "127.0.0.1:0,vnet1=127.0.0.1:0", "--at", step];
    let server = Server::start(&[&listen[..], more].concat());
    let address = format!("vnet1={}", server.dns[1]);
    (server, address)
}

#[test]
fn a_server_or_network_that_nobody_knows_is_an_error() {
    for network in ["vnet7", "Public"] {
        let told = run_with(&["test", "-", "--server", &format!("{network}=127.0.0.1:1")], SPEC);
        assert!(told.starts_with("exit code 2") && told.contains(&format!("unknown network `{network}`")), "{told}");
        let told = run_with(&["test", "-", "--server", "127.0.0.1:1", "--from", network], SPEC);
        assert!(told.starts_with("exit code 2") && told.contains(&format!("unknown network `{network}`")), "{told}");
    }
}

#[test]
fn a_run_that_asked_nothing_over_the_network_fails() {
    let (_server, address) = server("first-scope", &[]);
    let flows = "version: 1\nscenario: two-scopes-one-dns\nat: first-scope\nexpect:\n- flows: \
                 [{ from: vnet1, to: ws-alpha, operation: query, decision: allow }]\n";
    let told = run_with(&["test", "-", "--server", &address], flows);
    assert!(told.starts_with("exit code 1") && told.contains("no query was sent"), "{told}");
    // A server for the other network alone: the question is skipped.
    let other = address.replace("vnet1=", "vnet2=");
    let told = run_with(&["test", "-", "--server", &other], SPEC);
    assert!(told.starts_with("exit code 1") && told.contains("no query was sent"), "{told}");
    let told = run_with(&["test", "-", "--server", &address], SPEC);
    assert!(told.starts_with("exit code 0"), "{told}");
}

#[test]
fn what_is_skipped_fails_if_that_is_asked_for() {
    let (_server, address) = server("first-scope", &[]);
    let both = SPEC.replace("- from: vnet1", "- from: [vnet1, vnet2]");
    let told = run_with(&["test", "-", "--server", &address], &both);
    assert!(told.starts_with("exit code 0") && told.contains("1 skipped"), "{told}");
    let told = run_with(&["test", "-", "--server", &address, "--fail-on-skip"], &both);
    assert!(told.starts_with("exit code 1") && told.contains("--fail-on-skip was given"), "{told}");
}

#[test]
fn the_scenario_of_a_flag_or_variable_is_held_or_refused() {
    let missing = run(&["test", "--scenario", "/nonexistent"]);
    assert!(missing.starts_with("exit code 2") && missing.contains("/nonexistent"), "{missing}");
    let folder = Folder::new("strict-scenario");
    let text = ampls_dns::scenario::builtin::text("approval").expect("it is built in");
    let own = folder.write("own.yaml", text);
    let of = |arguments: &[&str], variable: &str| {
        let output = binary().args(arguments).env("AMPLS_DNS_SCENARIO", variable).output().expect("it can be started");
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        format!("exit code {}\n{stdout}{stderr}", output.status.code().unwrap_or(-1))
    };
    // Without a spec the variable names what is held; with one of its own expectations both is a contradiction.
    let told = of(&["test"], &own);
    assert!(told.starts_with("exit code 0") && told.contains("own.yaml: ") && !told.contains("two-scopes"), "{told}");
    let told = of(&["test", "two-scopes-one-dns"], &own);
    assert!(told.starts_with("exit code 2") && told.contains("AMPLS_DNS_SCENARIO"), "{told}");
    let told = of(&["test"], "/nonexistent");
    assert!(told.starts_with("exit code 2") && told.contains("/nonexistent"), "{told}");
}

#[test]
fn the_step_of_the_server_is_compared_and_shown() {
    let folder = Folder::new("strict-token");
    let token = folder.write("token", "a-token-of-more-than-sixteen-characters\n");
    let (server, address) = server("second-scope", &["--admin-token-file", &token]);
    let admin = server.admin.to_string();
    let ask = |spec: &str, more: &[&str]| {
        let given = ["test", "-", "--server", &address, "--admin", &admin, "--admin-token-file", &token];
        run_with(&[&given[..], more].concat(), spec)
    };
    let told = ask(SPEC, &[]);
    assert!(told.starts_with("exit code 2"), "{told}");
    assert!(told.contains("the server is at step `second-scope`, but `-` is written for step `first-scope`"), "{told}");
    // Without the admin address nobody knows the step, and the answers differ.
    let told = run_with(&["test", "-", "--server", &address], SPEC);
    assert!(told.starts_with("exit code 1") && told.contains("found     10.0.2.7"), "{told}");
    let told = ask(&SPEC.replace("first-scope", "second-scope"), &[]);
    assert!(told.starts_with("exit code 1") && told.contains("# at step second-scope"), "{told}");
    let told = ask(&SPEC.replace("first-scope", "second-scope").replace("10.0.1.9", "10.0.2.7"), &[]);
    assert!(told.starts_with("exit code 0"), "{told}");
    // A scenario's own expectations are held at the step it starts at, or at --at.
    let own = ["test", "two-scopes-one-dns", "--at", "before", "--server", &address, "--admin", &admin];
    let told = run(&[&own[..], &["--admin-token-file", &token]].concat());
    assert!(told.starts_with("exit code 2") && told.contains("is written for step `before`"), "{told}");
}

#[test]
fn over_the_wire_public_means_a_public_address() {
    let (_server, address) = server("first-scope", &[]);
    let public = SPEC.replace("10.0.1.9", "public");
    let told = run_with(&["test", "-", "--server", &address], &public);
    assert!(told.starts_with("exit code 1") && told.contains("found     10.0.1.9"), "{told}");
    let (_server, address) = server("before", &[]);
    let told = run_with(&["test", "-", "--server", &address], &public);
    assert!(told.starts_with("exit code 0"), "{told}");
}
