//! Real clients: `dig`, `nslookup` and `host` against the real server. Where `CI=true`, a missing client is a failure.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;

use ampls_dns::compile::compile;
use ampls_dns::scenario::{Scenario, builtin};
use ampls_dns::server::{Running, Settings, plan, start};

fn serve(step: &str) -> Running {
    let text = builtin::text("two-scopes-one-dns").expect("it is built in");
    let scenario = Scenario::read("two-scopes-one-dns", text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
    let end = scenario.history.step(step).expect("the scenario has the step").end;
    let world = Arc::new(compile(&Arc::new(scenario.history), end));
    let listeners = plan(&world, SocketAddr::from(([127, 0, 0, 1], 0))).listeners;
    start(Settings { listeners, ..Settings::default() }, world).expect("loopback has free ports")
}

/// Runs a client with the port of a network in the place of `PORT`; absent where the client is not installed.
fn client(server: &Running, network: &str, command: &str) -> Option<(i32, String)> {
    let at = server.address_of(Some(network)).expect("each network has a listener");
    let command = command.replace("PORT", &at.port().to_string());
    let mut words = command.split_whitespace();
    let program = words.next().expect("a command has a program");
    match Command::new(program).args(words).env("LC_ALL", "C").output() {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            Some((output.status.code().expect("clients are not ended by signals"), text))
        }
        Err(error) => {
            let ci = std::env::var("CI").is_ok_and(|value| value == "true");
            assert!(!ci, "`{program}` cannot be run: {error}");
            None
        }
    }
}

fn check(server: &Running, network: &str, command: &str, code: i32, wanted: &[&str]) {
    if let Some((found, text)) = client(server, network, command) {
        assert_eq!(found, code, "{command}: {text}");
        for part in wanted {
            assert!(text.contains(part), "{command} says `{part}`: {text}");
        }
    }
}

#[test]
fn dig_sees_the_chain_the_flags_and_the_reason() {
    let server = serve("second-scope");
    let wanted = [
        "status: NOERROR",
        "flags: qr rd ra;",
        "udp: 1224",
        "EDE: 0 (Other): (written by pe2 (ampls2) in step second-scope; overwrote 10.0.1.9 of pe1 (ampls1))",
        "api.privatelink.monitor.azure.com. 10 IN A\t10.0.2.7",
    ];
    check(&server, "vnet1", "dig @127.0.0.1 -p PORT api.monitor.azure.com", 0, &wanted);
    check(&server, "vnet1", "dig @127.0.0.1 -p PORT +tcp api.monitor.azure.com", 0, &wanted);
    let nodata = ["status: NOERROR", "AUTHORITY: 1", "privatelink.monitor.azure.com. 10 IN\tSOA\tazureprivatedns.net."];
    check(&server, "vnet1", "dig @127.0.0.1 -p PORT api.monitor.azure.com AAAA", 0, &nodata);
    check(&server, "vnet1", "dig @127.0.0.1 -p PORT api.monitor.azure.com TYPE65", 0, &nodata);
    check(&server, "vnet1", "dig @127.0.0.1 -p PORT +noedns +short ch txt hostname.bind", 0, &["\"vnet1\""]);
    check(&server, "vnet1", "dig @127.0.0.1 -p PORT +norec +short api.monitor.azure.com", 0, &["10.0.2.7"]);
}

#[test]
fn dig_sees_nxdomain_with_the_chain_after_the_deletion() {
    let server = serve("second-endpoint-deleted");
    let wanted = [
        "status: NXDOMAIN",
        "api.monitor.azure.com.\t300\tIN\tCNAME\tapi.privatelink.monitor.azure.com.",
        "privatelink.monitor.azure.com. 10 IN\tSOA\tazureprivatedns.net.",
        "was deleted in step second-endpoint-deleted",
    ];
    check(&server, "vnet2", "dig @127.0.0.1 -p PORT api.monitor.azure.com", 0, &wanted);
}

#[test]
fn nslookup_and_host_are_content() {
    let server = serve("first-scope");
    let wanted = ["canonical name = api.privatelink.monitor.azure.com.", "Address: 10.0.1.9"];
    check(&server, "vnet2", "nslookup -port=PORT api.monitor.azure.com 127.0.0.1", 0, &wanted);
    let wanted = ["is an alias for api.privatelink.monitor.azure.com.", "has address 10.0.1.9"];
    check(&server, "vnet1", "host -p PORT api.monitor.azure.com 127.0.0.1", 0, &wanted);
    let deleted = serve("second-endpoint-deleted");
    let wanted = ["server can't find", "NXDOMAIN"];
    check(&deleted, "vnet1", "nslookup -port=PORT api.monitor.azure.com 127.0.0.1", 1, &wanted);
}
