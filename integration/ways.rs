//! The ways packets take, as explanations, flows and drawings show them.

use std::sync::Arc;

use ampls_dns::compile::reachability::{Reach, between};
use ampls_dns::compile::{Compiled, compile};
use ampls_dns::scenario::Scenario;

use crate::fixture::{run, run_with};

fn world(text: &str) -> Compiled {
    let scenario = Scenario::read("ways.yaml", text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
    let last = scenario.history.last();
    compile(&Arc::new(scenario.history), last)
}

fn reach(text: &str, from: &str, to: &str) -> Reach {
    between(&world(text).state, &from.into(), &to.into(), None)
}

const NETWORKS: &str = "version: 1
networks:
  hub: { addressSpace: [10.0.0.0/16], subnets: { fw: 10.0.1.0/26 } }
  one: { addressSpace: [10.1.0.0/16], subnets: { a: 10.1.0.0/24, b: 10.1.1.0/24 } }
  two: { addressSpace: [10.2.0.0/16] }
  far: { addressSpace: [10.3.0.0/16] }
  dc: { kind: onPremises, addressSpace: [192.168.0.0/16] }
";

#[test]
fn networks_without_a_neighbour_are_not_peered_and_others_are_unknown() {
    let text = format!("{NETWORKS}peerings: [[hub, one], [hub, two]]\n");
    assert_eq!(reach(&text, "one", "one"), Reach::SameNetwork);
    assert_eq!(reach(&text, "one", "hub"), Reach::Peered);
    assert!(matches!(reach(&text, "one", "two"), Reach::Unknown(_)));
    assert_eq!(reach(&text, "one", "far"), Reach::NotPeered);
    assert_eq!(reach(&text, "dc", "one"), Reach::NotPeered);
}

#[test]
fn on_premises_networks_reach_what_uses_the_gateway() {
    // A pair says nothing of gateways, so it does not close them.
    let text = format!("{NETWORKS}peerings: [[hub, one], [hub, dc]]\n");
    assert_eq!(reach(&text, "dc", "one"), Reach::ThroughGateway("hub".into()));
    assert_eq!(reach(&text, "one", "dc"), Reach::ThroughGateway("hub".into()));
    let halves = "peerings:\n- { from: hub, to: one, allowGatewayTransit: true }\n- { from: one, to: hub }\n\
                  gateways: { hub: { kind: expressRoute, connects: [dc] } }\n";
    let closed = reach(&format!("{NETWORKS}{halves}"), "dc", "one");
    assert_eq!(closed, Reach::Stopped("one does not use the gateway of hub".to_owned()));
    let open = halves.replace("to: hub }", "to: hub, useRemoteGateways: true }");
    assert_eq!(reach(&format!("{NETWORKS}{open}"), "dc", "one"), Reach::ThroughGateway("hub".into()));
    let cut =
        format!("{NETWORKS}{open}routeTables: {{ rt: {{ disableBgpRoutePropagation: true, subnets: [one/a] }} }}\n");
    assert!(matches!(reach(&cut, "one", "dc"), Reach::Stopped(_)));
}

#[test]
fn a_half_of_a_peering_carries_nothing() {
    let text = format!("{NETWORKS}peerings: [{{ from: hub, to: one }}]\n");
    assert!(matches!(reach(&text, "one", "hub"), Reach::Stopped(_)));
    let closed = format!(
        "{NETWORKS}peerings: [{{ from: hub, to: one }}, {{ from: one, to: hub, allowVirtualNetworkAccess: false }}]\n"
    );
    assert!(matches!(reach(&closed, "hub", "one"), Reach::Stopped(_)));
}

#[test]
fn subnets_with_different_routes_have_no_single_verdict() {
    let text = format!(
        "{NETWORKS}peerings: [[hub, one], [hub, two]]\nappliances: {{ fw: {{ network: hub, privateIPAddress: 10.0.1.4 }} }}\n\
         routeTables:\n  a: {{ routes: [{{ addressPrefix: 0.0.0.0/0, nextHopType: VirtualAppliance, nextHopIpAddress: 10.0.1.4 }}], \
         subnets: [one/a] }}\n  b: {{ routes: [{{ addressPrefix: 0.0.0.0/0, nextHopType: None }}], subnets: [one/b] }}\n"
    );
    assert!(matches!(reach(&text, "one", "two"), Reach::Unknown(_)));
    let alone = text.replace("subnets: [one/b]", "subnets: []");
    let way = reach(&alone, "one", "two");
    assert_eq!(way.way(&"one".into(), &"two".into()).as_deref(), Some("one \u{2192} hub (fw) \u{2192} two"));
}

#[test]
fn appliances_that_send_packets_around_end_after_four() {
    let text = format!(
        "{NETWORKS}peerings: [[hub, one]]\nappliances: {{ fw: {{ network: hub, privateIPAddress: 10.0.1.4 }} }}\nrouteTables:\n  \
         rt: {{ routes: [{{ addressPrefix: 0.0.0.0/0, nextHopType: VirtualAppliance, nextHopIpAddress: 10.0.1.4 }}], \
         subnets: [one/a, hub/fw] }}\n"
    );
    assert!(matches!(reach(&text, "one", "far"), Reach::Stopped(_)));
}

#[test]
fn explanations_flows_and_drawings_show_the_way() {
    let name = "hub-and-spoke-through-a-firewall";
    let explained =
        run(&["explain", "api.monitor.azure.com", "--scenario", name, "--from", "app", "--at", "through-the-firewall"]);
    assert!(explained.contains("through fw in hub (app \u{2192} hub (fw) \u{2192} mon)"), "{explained}");
    let flows = run(&["flows", name, "--from", "app", "--at", "through-the-firewall"]);
    assert!(flows.contains("way  app \u{2192} hub (fw) \u{2192} mon"), "{flows}");
    let ended = run(&["flows", name, "--from", "app", "--at", "firewall-drops"]);
    assert!(ended.contains("fw in hub drops the packets"), "{ended}");
    let unknown = run(&[
        "explain",
        "api.monitor.azure.com",
        "--scenario",
        "transit-nobody-declared",
        "--from",
        "app",
        "--at",
        "scoped",
    ]);
    assert!(unknown.contains("is unknown: it is in mon; both are peered with hub"), "{unknown}");
    let drawn = run(&["story", name, "--format", "mermaid"]);
    assert!(drawn.contains("no way to mon"), "{drawn}");
}

#[test]
fn what_is_wrong_with_ways_is_told_with_a_place() {
    for (text, message) in [
        ("peerings: [{ from: hub, to: hub }]\n", "cannot be peered with itself"),
        ("gateways: { nowhere: { kind: vpn } }\n", "there is no network `nowhere`"),
        ("appliances: { fw: { network: hub, privateIPAddress: ten } }\n", "`ten` is not an IPv4 address"),
        (
            "routeTables: { rt: { routes: [{ addressPrefix: 0.0.0.0/0, nextHopType: VirtualAppliance }] } }\n",
            "lacks `nextHopIpAddress`",
        ),
        ("routeTables: { rt: { subnets: [one/c] } }\n", "there is no subnet `one/c`"),
        ("transits: [{ through: hub, between: [one] }]\n", "needs at least 2"),
    ] {
        let told = run_with(&["check", "-"], &format!("{NETWORKS}{text}"));
        assert!(told.starts_with("exit code 2") && told.contains(message), "{text}: {told}");
    }
}
