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
    let cut = format!(
        "{NETWORKS}{open}routeTables: {{ rt: {{ disableBgpRoutePropagation: true, subnets: [one/a, one/b] }} }}\n"
    );
    assert!(matches!(reach(&cut, "one", "dc"), Reach::Stopped(_)));
    // A client may be in the other subnet, whose packets arrive.
    let half = cut.replace("[one/a, one/b]", "[one/a]");
    assert!(matches!(reach(&half, "one", "dc"), Reach::Unknown(_)));
}

/// Azure refuses the second of two gateways that a network would use, whichever is declared last.
#[test]
fn a_network_uses_one_gateway() {
    let uses = |one: &str, other: &str| {
        format!(
            "peerings:\n- {{ from: {one}, to: {other}, useRemoteGateways: true }}\n- {{ from: {other}, to: {one}, allowGatewayTransit: true }}\n"
        )
    };
    let gateways = |of: &[&str]| {
        let all: Vec<_> = of.iter().map(|one| format!("{one}: {{ kind: vpn }}")).collect();
        format!("gateways: {{ {} }}\n", all.join(", "))
    };
    let good = format!("{NETWORKS}{}{}", uses("one", "hub"), gateways(&["hub"]));
    let told = run_with(&["check", "-"], &good);
    assert!(!told.contains("AMPLS008"), "{told}");
    let both = format!("{NETWORKS}{}{}", uses("one", "hub"), gateways(&["hub", "one"]));
    let late = format!(
        "{NETWORKS}{}steps: [{{ name: s, events: [{{ setPeering: {{ from: one, to: hub, useRemoteGateways: true }} }}] }}]\n",
        gateways(&["hub", "one"])
    );
    let two = format!("{NETWORKS}{}{}", uses("one", "hub"), uses("one", "two").replace("peerings:\n", ""));
    for (text, place, why) in [
        (&both, "<stdin>:11:", "one cannot have a gateway: it uses that of hub, and a network uses one gateway only"),
        (
            &late,
            "<stdin>:9:",
            "one cannot use the gateway of hub: it has a gateway of its own, and a network uses one gateway only",
        ),
        (
            &two,
            "<stdin>:11:",
            "one cannot use the gateway of two: it uses that of hub, and a network uses one gateway only",
        ),
    ] {
        let told = run_with(&["check", "-"], text);
        assert!(told.contains("AMPLS008") && told.contains(why) && told.contains(place), "{told}");
        let refused = world(text).state.refusals.len();
        assert_eq!(refused, 1, "{text}");
    }
    // What was refused has no effect: the network uses the gateway it had.
    assert_eq!(world(&both).state.routes.gateways().count(), 1);
    // Its place is free again once the first is gone.
    let freed = format!(
        "{both}steps: [{{ name: s, events: [{{ deletePeering: [one, hub] }}, {{ setGateway: {{ network: one, kind: vpn }} }}] }}]\n"
    );
    assert_eq!(world(&freed).state.routes.gateways().count(), 2);
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
    let alone = text.replace("subnets: [one/b]", "subnets: []").replace("[one/a]", "[one/a, one/b]");
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
    assert!(drawn.contains("no path to mon"), "{drawn}");
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
        ("transits: [{ through: hub, between: [one] }]\n", "expected at least 2"),
    ] {
        let told = run_with(&["check", "-"], &format!("{NETWORKS}{text}"));
        assert!(told.starts_with("exit code 2") && told.contains(message), "{text}: {told}");
    }
}

/// A transit is known by the networks it joins: without one of them it is named by the rest, and one alone joins nothing.
#[test]
fn a_transit_loses_the_networks_that_are_deleted() {
    let three = "transits: [{ through: hub, between: [one, two, three] }]\n";
    let networks = "version: 1\nnetworks:\n  hub: { addressSpace: [10.0.0.0/16] }\n  one: { addressSpace: [10.1.0.0/16] }\n  \
        two: { addressSpace: [10.2.0.0/16] }\n  three: { addressSpace: [10.3.0.0/16] }\n";
    let delete = |between: &str, deleted: &str| {
        let events = format!("{deleted}, {{ deleteRouting: {{ transit: {{ through: hub, between: [{between}] }} }} }}");
        run_with(&["check", "-"], &format!("{networks}{three}steps: [{{ name: last, events: [{events}] }}]\n"))
    };
    let rest = delete("two, one", "{ deleteNetwork: three }");
    assert!(!rest.contains("error"), "{rest}");
    let gone = delete("two, one", "{ deleteNetwork: three }, { deleteNetwork: two }");
    assert!(gone.starts_with("exit code 2") && gone.contains("no"), "{gone}");
}

fn route_of(text: &str, machine: &str, resource: &str) -> Vec<(String, String)> {
    let world = world(text);
    let client = ampls_dns::assess::flow::Client::Machine(machine.into());
    let flows = ampls_dns::assess::flows(&world, &client, &resource.into());
    flows.into_iter().map(|flow| (flow.path.word().to_owned(), flow.judgement.reason)).collect()
}

/// A spoke with two subnets, an endpoint in the hub, and a machine in each subnet.
const RULED: &str = "version: 1
networks:
  hub: { addressSpace: [10.0.0.0/16], subnets: { pe: 10.0.2.0/26 } }
  app: { addressSpace: [10.2.0.0/16], subnets: { web: 10.2.0.0/24, data: 10.2.1.0/24 } }
peerings: [[hub, app]]
virtualMachines: { web-vm: { network: app, subnet: web }, data-vm: { network: app, subnet: data }, any-vm: { network: app } }
workspaces: { ws: { customerId: 11111111-1111-4111-8111-111111111111, location: westeurope } }
events:
- createPrivateDnsZones: { resourceGroup: rg, zones: azuremonitor, links: { hub: {}, app: {} } }
- createPrivateLinkScope: { name: s, ingestionAccessMode: Open, queryAccessMode: Open }
- addScopedResource: { scope: s, resource: ws }
- createPrivateEndpoint: { name: pe, scope: s, subnet: hub/pe, zoneGroup: rg }
";

fn paths(text: &str, machine: &str) -> Vec<String> {
    let mut words: Vec<String> = route_of(text, machine, "ws").into_iter().map(|(word, _)| word).collect();
    words.sort();
    words.dedup();
    words
}

fn group(name: &str, rules: &str, subnets: &str) -> String {
    format!("- setSecurityGroup: {{ name: {name}, rules: [{rules}], subnets: [{subnets}] }}\n")
}

/// Azure Firewall drops the sessions that a changed rule denies (firewall/rule-processing, 2020-04-10); rules of security
/// groups are for new sessions (private-link-security, 2026-01-27).
#[test]
fn an_appliance_that_begins_to_deny_ends_sessions_and_a_security_group_does_not() {
    let networks = "version: 1
networks:
  hub: { addressSpace: [10.0.0.0/16], subnets: { fw: 10.0.1.0/26 } }
  app: { addressSpace: [10.2.0.0/16], subnets: { vms: 10.2.0.0/24 } }
  mon: { addressSpace: [10.1.0.0/16], subnets: { pe: 10.1.0.0/26 } }
peerings: [[hub, app], [hub, mon]]
appliances: { fw: { network: hub, privateIPAddress: 10.0.1.4 } }
routeTables: { rt: { routes: [{ addressPrefix: 0.0.0.0/0, nextHopType: VirtualAppliance, nextHopIpAddress: 10.0.1.4 }], subnets: [app/vms] } }
virtualMachines: { vm: { network: app, subnet: vms } }
workspaces: { ws: { customerId: 11111111-1111-4111-8111-111111111111, location: westeurope } }
events:
- createPrivateDnsZones: { resourceGroup: rg, zones: azuremonitor, links: { app: {} } }
- createPrivateLinkScope: { name: s, ingestionAccessMode: Open, queryAccessMode: Open }
- addScopedResource: { scope: s, resource: ws }
- createPrivateEndpoint: { name: pe, scope: s, subnet: mon/pe, zoneGroup: rg }
- openSession: { machine: vm, resource: ws }
";
    assert_eq!(paths(networks, "vm"), ["private", "public"]);
    let deny = "{ name: no, priority: 100, direction: Outbound, access: Deny }";
    assert!(paths(&format!("{networks}{}", group("nsg", deny, "app/vms")), "vm").contains(&"private".to_owned()));
    let dropped =
        format!("{networks}- setAppliance: {{ name: fw, network: hub, privateIPAddress: 10.0.1.4, forwards: Deny }}\n");
    assert_eq!(paths(&dropped, "vm"), ["public", "unreachable"], "the query through ARM is public");
    // Allowed again, the session that was dropped does not come back, but a new one passes.
    let again =
        format!("{dropped}- setAppliance: {{ name: fw, network: hub, privateIPAddress: 10.0.1.4, forwards: Allow }}\n");
    assert_eq!(paths(&again, "vm"), ["private", "public"]);
}

#[test]
fn rules_are_those_of_the_machines_own_subnet() {
    let deny = "{ name: no, priority: 100, direction: Outbound, access: Deny, destinationAddressPrefix: 10.0.2.0/26 }";
    let text = format!("{RULED}{}", group("nsg", deny, "app/data"));
    assert_eq!(paths(&text, "web-vm"), ["private", "public"], "the query through ARM is public");
    assert_eq!(paths(&text, "data-vm"), ["public", "unreachable"]);
    let why = route_of(&text, "data-vm", "ws");
    let named = |(_, why): &(String, String)| why.contains("rule no of security group nsg at app/data");
    assert!(why.iter().any(named), "{why:?}");
    // Of a machine whose subnet is unknown both can be true.
    let world = world(&text);
    let client = ampls_dns::assess::flow::Client::Machine("any-vm".into());
    let flows = ampls_dns::assess::flows(&world, &client, &"ws".into());
    let unknown = flows.iter().any(|flow| {
        matches!(&flow.path, ampls_dns::assess::Path::PrivateEndpoint { unknown: Some(why), .. } if why.contains("app/data"))
    });
    assert!(unknown, "{flows:?}");
}

#[test]
fn the_first_rule_that_catches_decides_and_azures_own_come_last() {
    let allow = "{ name: yes, priority: 100, direction: Outbound, access: Allow, protocol: Tcp, destinationPortRange: \"400-500\" }";
    let deny = "{ name: no, priority: 200, direction: Outbound, access: Deny }";
    assert_eq!(
        paths(&format!("{RULED}{}", group("g", &format!("{allow}, {deny}"), "app/web")), "web-vm"),
        ["private", "public"]
    );
    // Another protocol or port does not catch HTTPS.
    for other in [allow.replace("Tcp", "Udp"), allow.replace("400-500", "80")] {
        let text = format!("{RULED}{}", group("g", &format!("{other}, {deny}"), "app/web"));
        assert_eq!(paths(&text, "web-vm"), ["blocked", "unreachable"]);
    }
    // A group without rules lets everything out.
    assert_eq!(paths(&format!("{RULED}{}", group("g", "", "app/web")), "web-vm"), ["private", "public"]);
}

#[test]
fn service_tags_catch_public_addresses_and_no_private_ones() {
    let tag = |tag: &str| {
        format!("{{ name: no, priority: 100, direction: Outbound, access: Deny, destinationAddressPrefix: {tag} }}")
    };
    let private = format!("{RULED}{}", group("g", &tag("AzureMonitor"), "app/web"));
    assert_eq!(paths(&private, "web-vm"), ["private", "public"]);
    let unlinked = "- unlinkZones: { resourceGroup: rg, zones: azuremonitor, networks: app }\n";
    let public = format!("{RULED}{unlinked}{}", group("g", &tag("AzureMonitor"), "app/web"));
    assert_eq!(paths(&public, "web-vm"), ["blocked", "public"], "ARM and storage are under other tags");
    let everything = format!("{RULED}{unlinked}{}", group("g", &tag("Internet"), "app/web"));
    assert_eq!(paths(&everything, "web-vm"), ["blocked"]);
    assert_eq!(
        paths(&format!("{RULED}{}", group("g", &tag("VirtualNetwork"), "app/web")), "web-vm"),
        ["public", "unreachable"]
    );
}

#[test]
fn a_group_at_the_endpoints_subnet_counts_by_its_policy_and_cloud() {
    let rules = "{ name: web, priority: 100, direction: Inbound, access: Allow, sourceAddressPrefix: 10.2.0.0/24 }, \
                 { name: no, priority: 200, direction: Inbound, access: Deny }";
    let policy =
        |policy: &str| format!("- setEndpointPolicy: {{ subnet: hub/pe, privateEndpointNetworkPolicies: {policy} }}\n");
    for (word, data) in [
        ("Disabled", "private"),
        ("RouteTableEnabled", "private"),
        ("NetworkSecurityGroupEnabled", "unreachable"),
        ("Enabled", "unreachable"),
    ] {
        let text = format!("{RULED}{}{}", group("g", rules, "hub/pe"), policy(word));
        assert!(paths(&text, "web-vm").contains(&"private".to_owned()), "{word}");
        assert!(paths(&text, "data-vm").contains(&data.to_owned()), "{word}");
        let government =
            text.replace("version: 1", "version: 1\ncloud: AzureUSGovernment").replace("westeurope", "usgovvirginia");
        assert!(paths(&government, "data-vm").contains(&"private".to_owned()), "{word} in US Government");
    }
}

#[test]
fn a_subnet_has_one_group_and_one_table() {
    let deny = "{ name: no, priority: 100, direction: Outbound, access: Deny }";
    let text = format!("{RULED}{}{}", group("first", deny, "app/web"), group("second", "", "app/web"));
    assert_eq!(paths(&text, "web-vm"), ["private", "public"]);
}

#[test]
fn dns_servers_behind_a_rule_cannot_be_asked() {
    let text = "version: 1
networks:
  hub: { addressSpace: [10.0.0.0/16] }
  app: { addressSpace: [10.2.0.0/16], subnets: { all: 10.2.0.0/24 }, dns: { default: network/hub } }
peerings: [[hub, app]]
securityGroups: { g: { rules: [{ name: no-dns, priority: 100, direction: Outbound, access: Deny, protocol: Udp, destinationPortRange: \"53\" }], subnets: [app/all] } }
steps: [{ name: s, events: [], expect: [{ from: app, answers: { api.monitor.azure.com: SERVFAIL } }] }]
";
    assert!(run_with(&["test", "-"], text).starts_with("exit code 0"));
    let open = text.replace("\"53\"", "\"443\"").replace("SERVFAIL", "public");
    assert!(run_with(&["test", "-"], &open).starts_with("exit code 0"));
}

#[test]
fn what_is_wrong_with_rules_is_told_with_a_place() {
    let rule = "{ name: a, priority: 100, direction: Outbound, access: Deny }";
    for (text, message) in [
        (format!("securityGroups: {{ g: {{ rules: [{rule}, {rule}] }} }}\n"), "have the same priority"),
        (format!("securityGroups: {{ g: {{ rules: [{}] }} }}\n", rule.replace("100", "5000")), "5000"),
        ("securityGroups: { g: { subnets: [one/c] } }\n".to_owned(), "there is no subnet `one/c`"),
        ("securityGroups: { g: { virtualMachines: [nobody] } }\n".to_owned(), "there is no virtual machine `nobody`"),
        (
            format!(
                "securityGroups: {{ g: {{ rules: [{}] }} }}\n",
                rule.replace("Deny", "Deny, destinationPortRange: \"9-1\"")
            ),
            "`9-1` is not a range of ports",
        ),
        ("virtualMachines: { vm: { network: one, subnet: c } }\n".to_owned(), "subnet"),
    ] {
        let told = run_with(&["check", "-"], &format!("{NETWORKS}{text}"));
        assert!(told.starts_with("exit code 2") && told.contains(message), "{text}: {told}");
    }
}

#[test]
fn drawings_show_each_stop_of_a_way_and_where_it_ends() {
    let name = "hub-and-spoke-through-a-firewall";
    let drawn = run(&["story", name, "--format", "mermaid", "--at", "through-the-firewall"]);
    assert!(drawn.contains("path through fw"), "{drawn}");
    let ended = run(&["story", name, "--format", "mermaid", "--at", "firewall-drops"]);
    assert!(ended.contains("BROKEN no path"), "{ended}");
    let svg = run(&["story", name, "--format", "svg", "--at", "firewall-drops"]);
    assert!(
        svg.contains("Paths of packets to private endpoints") && svg.contains("data-kind=\"stop\""),
        "no way is drawn"
    );
    assert!(svg.contains("data-name=\"app to mon: hub (fw)\""), "the stop is drawn");
    assert!(svg.contains("Broken. no path to mon: fw in hub drops the packets"), "where it ends is drawn");
}

#[test]
fn no_built_in_scenario_says_unreachable_of_what_the_rules_reach() {
    use ampls_dns::assess::flow::Client;
    use ampls_dns::compile::reachability::Origin;

    let (mut seen, mut reached) = (0, 0);
    for name in ampls_dns::scenario::builtin::names() {
        let text = ampls_dns::scenario::builtin::text(name).expect("it is built in");
        let scenario = Scenario::read(name, text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
        let history = Arc::new(scenario.history);
        for step in history.steps() {
            let world = compile(&history, step.end);
            let views = world.views.iter().map(|(id, _)| Client::View(id));
            let machines = world.state.machines.keys().map(|name| Client::Machine(name.clone()));
            for client in views.chain(machines) {
                let origin = match &client {
                    Client::View(id) | Client::Subnet(id, _) => world.views.get(*id).network.as_ref().map(Origin::from),
                    Client::Machine(name) => Origin::machine(&world.state, name),
                };
                let Some(origin) = origin else { continue };
                for resource in world.state.resources.keys() {
                    for flow in ampls_dns::assess::flows(&world, &client, resource) {
                        let ampls_dns::assess::Path::Unreachable { address, why, .. } = &flow.path else { continue };
                        seen += 1;
                        let homes = world.state.endpoints.values().filter(|endpoint| {
                            endpoint.approval == ampls_dns::estate::ApprovalState::Approved
                                && endpoint.members.iter().any(|member| member.address == *address)
                                && ampls_dns::compile::reachability::is_connected(&world.state, endpoint)
                        });
                        // Where two networks have the address, packets go to the client's own.
                        for endpoint in homes.filter(|_| !world.state.networks[origin.network].holds(*address)) {
                            let verdict = ampls_dns::compile::arrival::arrives(
                                &world.state,
                                origin,
                                &endpoint.spec.network,
                                *address,
                            );
                            reached += usize::from(verdict.may_arrive());
                            assert!(!verdict.may_arrive(), "{name}, {}: {address} from {origin:?}: {why}", step.name);
                        }
                    }
                }
            }
        }
    }
    assert!(seen > 20 && reached == 0, "{seen} unreachable addresses were looked at");
}

/// Subnets of one network with routes of their own: each is asked for by itself.
#[test]
fn flows_of_a_subnet_go_by_its_routes_and_rules() {
    const TEXT: &str = "
version: 1
networks:
  hub: { addressSpace: [10.0.0.0/16] }
  mon: { addressSpace: [10.1.0.0/16], subnets: { pe: 10.1.0.0/26 } }
  app: { addressSpace: [10.2.0.0/16], subnets: { open: 10.2.0.0/24, shut: 10.2.1.0/24, none: 10.2.2.0/24 } }
peerings: [[hub, mon], [hub, app]]
appliances:
  fw: { network: hub, privateIPAddress: 10.0.1.4, forwards: Allow }
  wall: { network: hub, privateIPAddress: 10.0.1.5, forwards: Deny }
routeTables:
  open: { subnets: [app/open], routes: [{ addressPrefix: 0.0.0.0/0, nextHopType: VirtualAppliance, nextHopIpAddress: 10.0.1.4 }] }
  shut: { subnets: [app/shut], routes: [{ addressPrefix: 0.0.0.0/0, nextHopType: VirtualAppliance, nextHopIpAddress: 10.0.1.5 }] }
  none: { subnets: [app/none], routes: [{ addressPrefix: 10.1.0.0/16, nextHopType: None }] }
  back: { subnets: [mon/pe], routes: [{ addressPrefix: 10.2.0.0/16, nextHopType: VirtualAppliance, nextHopIpAddress: 10.0.1.4 }] }
workspaces:
  ws: { customerId: 11111111-1111-4111-8111-111111111111, location: westeurope }
steps:
- name: linked
  events:
  - createPrivateDnsZones: { resourceGroup: rg, zones: azuremonitor, links: { app: {} } }
  - createPrivateLinkScope: { name: ampls, ingestionAccessMode: Open, queryAccessMode: Open }
  - addScopedResource: { scope: ampls, resource: ws }
  - createPrivateEndpoint: { name: pe, scope: ampls, subnet: mon/pe, zoneGroup: rg }
";
    let ask = |from: &str| run_with(&["flows", "-", "--from", from, "--to", "ws", "--operation", "query"], TEXT);
    let open = ask("app/open");
    assert!(open.contains("allowed, row 1: private, pe of ampls") && open.contains("app → hub (fw) → mon"), "{open}");
    let shut = ask("app/shut");
    assert!(shut.contains("DENIED: unreachable at 10.1.0.7 [AMPLS003]"), "{shut}");
    let none = ask("app/none");
    assert!(none.contains("DENIED: unreachable at 10.1.0.7 [AMPLS003]"), "{none}");
    // For the network as a whole the subnets contradict each other.
    assert!(ask("app").contains("the subnets of app have different routes to mon"), "{}", ask("app"));
    let unknown = ask("app/opn");
    assert!(unknown.starts_with("exit code 2") && unknown.contains("did you mean `app/open`?"), "{unknown}");
}

/// A spoke that asks the inbound endpoint of a resolver in the hub, beside what decides whether its packets get there.
fn resolver(endpoint: &str, more: &str) -> String {
    format!(
        "version: 1
networks:
  hub: {{ addressSpace: [10.0.0.0/16], subnets: {{ dns: 10.0.3.0/28, fw: 10.0.1.0/26 }} }}
  app: {{ addressSpace: [10.2.0.0/16], subnets: {{ all: 10.2.0.0/24 }}, dns: {{ default: inboundEndpoint/in }} }}
peerings: [[hub, app]]
inboundEndpoints: {{ in: {{ {endpoint} }} }}
{more}"
    )
}

/// What the spoke gets from the endpoint.
fn asked(endpoint: &str, more: &str, answer: &str) {
    let text = format!(
        "{}steps: [{{ name: s, events: [], expect: [{{ from: app, answers: {{ api.monitor.azure.com: {answer} }} }}] }}]\n",
        resolver(endpoint, more)
    );
    let tested = run_with(&["test", "-"], &text);
    assert!(tested.starts_with("exit code 0"), "{endpoint}, {more}: {tested}");
}

#[test]
fn an_inbound_endpoint_is_asked_where_packets_get_to_its_address() {
    let table = |prefix: &str, hop: &str| {
        format!(
            "routeTables: {{ rt: {{ routes: [{{ addressPrefix: {prefix}, nextHopType: {hop} }}], subnets: [app/all] }} }}\n"
        )
    };
    let in_subnet = "network: hub, subnet: dns";
    let fixed = "network: hub, subnet: dns, privateIPAddress: 10.0.3.10";
    asked(in_subnet, "", "public");
    // Its address is the first that the subnet gives, 10.0.3.4, unless it is said.
    asked(in_subnet, &table("10.0.3.4/32", "None"), "SERVFAIL");
    asked(fixed, &table("10.0.3.4/32", "None"), "public");
    asked(fixed, &table("10.0.3.10/32", "None"), "SERVFAIL");
    asked("network: hub, privateIPAddress: 10.0.3.10", &table("10.0.3.8/29", "Internet"), "SERVFAIL");
    // Routes through an appliance count by what it does.
    let through = |forwards: &str| {
        let hop = "VirtualAppliance, nextHopIpAddress: 10.0.1.4";
        let appliance =
            format!("appliances: {{ fw: {{ network: hub, privateIPAddress: 10.0.1.4, forwards: {forwards} }} }}\n");
        format!("{appliance}{}", table("10.0.0.0/16", hop))
    };
    asked(fixed, &through("Allow"), "public");
    asked(fixed, &through("Deny"), "SERVFAIL");
    // What is not known is not taken for unreachable.
    asked(fixed, &through("Unknown"), "public");
    // Without a peering no packet gets there.
    let alone = resolver(fixed, "").replace("peerings: [[hub, app]]\n", "");
    let text = format!(
        "{alone}steps: [{{ name: s, events: [], expect: [{{ from: app, answers: {{ api.monitor.azure.com: SERVFAIL }} }}] }}]\n"
    );
    assert!(run_with(&["test", "-"], &text).starts_with("exit code 0"));
}

#[test]
fn security_groups_of_both_sides_decide_who_asks_an_inbound_endpoint() {
    let fixed = "network: hub, subnet: dns, privateIPAddress: 10.0.3.10";
    let rule = |direction: &str, more: &str| {
        format!("{{ name: r, priority: 100, direction: {direction}, access: Deny, {more} }}")
    };
    let group =
        |rule: &str, subnet: &str| format!("securityGroups: {{ g: {{ rules: [{rule}], subnets: [{subnet}] }} }}\n");
    let port = "protocol: Udp, destinationPortRange: \"53\"";
    asked(fixed, &group(&rule("Inbound", port), "hub/dns"), "SERVFAIL");
    asked(fixed, &group(&rule("Outbound", port), "app/all"), "SERVFAIL");
    // Other ports, sources and addresses do not count, and neither does the group of another subnet.
    asked(fixed, &group(&rule("Inbound", "protocol: Tcp, destinationPortRange: \"443\""), "hub/dns"), "public");
    asked(fixed, &group(&rule("Inbound", "sourceAddressPrefix: 10.9.0.0/16"), "hub/dns"), "public");
    asked(fixed, &group(&rule("Inbound", "destinationAddressPrefix: 10.0.3.11/32"), "hub/dns"), "public");
    asked(fixed, &group(&rule("Outbound", "destinationAddressPrefix: 10.0.3.10/32"), "app/all"), "SERVFAIL");
    asked(fixed, &group(&rule("Inbound", port), "hub/fw"), "public");
    // Its subnet is known from its address, too.
    asked("network: hub, privateIPAddress: 10.0.3.10", &group(&rule("Inbound", port), "hub/dns"), "SERVFAIL");
}

#[test]
fn what_is_wrong_with_an_inbound_endpoint_is_told_with_a_place() {
    for (endpoint, message) in [
        ("network: hub, subnet: nowhere", "has no subnet `nowhere`"),
        ("network: hub, privateIPAddress: ten", "`ten` is not an IPv4 address"),
        ("network: hub, subnet: dns, privateIPAddress: 10.0.9.9", "10.0.9.9"),
        ("network: hub, subnet: dns, privateIPAddress: 10.0.3.1", "Azure reserves 10.0.3.1"),
    ] {
        let told = run_with(&["check", "-"], &resolver(endpoint, ""));
        assert!(told.starts_with("exit code 2") && told.contains(message), "{endpoint}: {told}");
    }
}
