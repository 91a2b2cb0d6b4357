//! The rules by which packets get from one network to another, each with its test, in the order in which they decide
//! (virtual-networks-udr-overview, 2023-05-27; virtual-network-manage-peering, 2018-02-09; inspect-traffic-with-azure-firewall,
//! 2025-03-25; disable-private-endpoint-network-policy, 2023-07-26; private-link in Virtual WAN, 2023-03-30).

use std::net::Ipv4Addr;
use std::sync::Arc;

use ampls_dns::compile::arrival;
use ampls_dns::compile::reachability::{Reach, between};
use ampls_dns::compile::{Compiled, compile};
use ampls_dns::scenario::Scenario;

fn world(text: &str) -> Compiled {
    let scenario = Scenario::read("rules.yaml", text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    let last = scenario.history.last();
    let world = compile(&Arc::new(scenario.history), last);
    assert!(world.state.refusals.is_empty(), "{:?}", world.state.refusals);
    world
}

/// Hub, two networks beside it, one without a neighbour, and a network outside Azure. An endpoint is in `mon`, at 10.1.0.7.
const NETWORKS: &str = "version: 1
networks:
  hub: { addressSpace: [10.0.0.0/16], subnets: { fw: 10.0.1.0/26, GatewaySubnet: 10.0.2.0/27 } }
  app: { addressSpace: [10.2.0.0/16], subnets: { vms: 10.2.0.0/24 } }
  mon: { addressSpace: [10.1.0.0/16], subnets: { pe: 10.1.0.0/26 } }
  far: { addressSpace: [10.3.0.0/16], subnets: { vms: 10.3.0.0/24 } }
  dc: { kind: onPremises, addressSpace: [192.168.0.0/16] }
workspaces: { ws: { customerId: 11111111-1111-4111-8111-111111111111, location: westeurope } }
";

const ENDPOINT: &str = "events:
- createPrivateDnsZones: { resourceGroup: rg, zones: azuremonitor, links: { app: {} } }
- createPrivateLinkScope: { name: s, ingestionAccessMode: Open, queryAccessMode: Open }
- addScopedResource: { scope: s, resource: ws }
- createPrivateEndpoint: { name: pe, scope: s, subnet: mon/pe, zoneGroup: rg }
";

/// The address of the endpoint for queries.
const AT: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 7);

/// How packets get from a network to the endpoint in `mon`, with what else the estate has.
fn way(from: &str, more: &str) -> Reach {
    between(&world(&format!("{NETWORKS}{more}{ENDPOINT}")).state, &from.into(), &"mon".into(), Some(AT.into()))
}

/// How packets get to the first address of another network.
fn to(from: &str, to: &str, more: &str) -> Reach {
    between(&world(&format!("{NETWORKS}{more}")).state, &from.into(), &to.into(), None)
}

fn through(names: &[(&str, &str)]) -> Reach {
    Reach::ThroughAppliance(names.iter().map(|(name, network)| ((*name).into(), (*network).into())).collect())
}

fn is_stopped(reach: &Reach, why: &str) {
    assert!(matches!(reach, Reach::Stopped(told) if told.contains(why)), "expected `{why}`, found {reach:?}");
}

fn is_unknown(reach: &Reach, why: &str) {
    assert!(matches!(reach, Reach::Unknown(told) if told.contains(why)), "expected `{why}`, found {reach:?}");
}

const STAR: &str = "peerings: [[hub, app], [hub, mon]]\n";

/// A firewall in the hub.
fn firewall(forwards: &str) -> String {
    format!("appliances: {{ fw: {{ network: hub, privateIPAddress: 10.0.1.4, forwards: {forwards} }} }}\n")
}

/// A route table of the subnet of `app`.
fn table(routes: &str) -> String {
    format!("routeTables: {{ rt: {{ routes: [{routes}], subnets: [app/vms] }} }}\n")
}

fn route(prefix: &str, hop: &str) -> String {
    format!("{{ addressPrefix: {prefix}, nextHopType: {hop} }}")
}

fn to_firewall(prefix: &str) -> String {
    route(prefix, "VirtualAppliance, nextHopIpAddress: 10.0.1.4")
}

#[test]
fn rule_1_a_connection_that_is_not_approved_carries_nothing() {
    for (state, arrives) in [("Approved", true), ("Pending", false), ("Rejected", false)] {
        let text = format!("{NETWORKS}{STAR}{ENDPOINT}- setApproval: {{ endpoint: pe, approval: {state} }}\n");
        let world = world(&text.replace("[hub, mon]]", "[hub, mon], [app, mon]]"));
        let zone =
            world.state.zones.values().find(|one| one.zone.apex().to_string() == "privatelink.monitor.azure.com");
        let name = ampls_dns::dns::OwnerName::parse("api.privatelink.monitor.azure.com").expect("a good name");
        let owned = zone.and_then(|one| one.zone.get(&name, ampls_dns::dns::RecordType::A)).expect("it is written");
        for from in ["app", "mon"] {
            let reach = arrival::reach(&world.state, &from.into(), &owned, AT.into()).expect("the address is private");
            assert_eq!((reach.0.as_str(), reach.1.arrives()), ("mon", arrives), "{from}, {state}: {:?}", reach.1);
        }
    }
}

#[test]
fn rule_2_the_endpoints_own_network_reaches_it() {
    assert_eq!(way("mon", ""), Reach::SameNetwork);
}

/// Two networks that nothing joins have the same addresses, and both get those of the endpoint in one of them.
#[test]
fn rule_2_a_networks_own_address_space_comes_first() {
    let twin = "  twin: { addressSpace: [10.1.0.0/16], subnets: { pe: 10.1.0.0/26 } }\n";
    let text = format!("{NETWORKS}{STAR}{ENDPOINT}").replace("  dc:", &format!("{twin}  dc:"));
    let text = text.replace("links: { app: {} }", "links: { app: {}, twin: {}, mon: {} }");
    let home = |world: &Compiled, from: &str| {
        let mut zones = world.state.zones.values();
        let zone = zones.find(|one| one.zone.apex().to_string() == "privatelink.monitor.azure.com");
        let name = ampls_dns::dns::OwnerName::parse("api.privatelink.monitor.azure.com").expect("a good name");
        let owned = zone.and_then(|one| one.zone.get(&name, ampls_dns::dns::RecordType::A)).expect("it is written");
        arrival::reach(&world.state, &from.into(), &owned, AT.into()).expect("the address is private")
    };
    let before = world(&text);
    assert_eq!(home(&before, "mon"), ("mon".into(), Reach::SameNetwork));
    assert_eq!(home(&before, "twin"), ("twin".into(), Reach::SameNetwork), "packets do not leave it");
    assert_eq!(home(&before, "app").0, "mon".into());
    // Nothing has the address in it, so nothing answers.
    let path = |world: &Compiled| {
        let view = world.views.of_network("twin").expect("it is declared");
        let flows = ampls_dns::assess::flows(world, &ampls_dns::assess::flow::Client::View(view), &"ws".into());
        flows.into_iter().find(|one| one.name.to_string() == "api.monitor.azure.com").expect("a flow of queries").path
    };
    match path(&before) {
        ampls_dns::assess::Path::Unreachable { why, .. } => assert_eq!(why, "no private endpoint has that address"),
        other => panic!("{other:?}"),
    }
    // With an endpoint of its own at that address, it is that one.
    let own = "- createPrivateEndpoint: { name: own, scope: s, subnet: twin/pe }\n";
    match path(&world(&format!("{text}{own}"))) {
        ampls_dns::assess::Path::PrivateEndpoint { endpoint, .. } => assert_eq!(endpoint, "own".into()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn rule_3_networks_and_branches_of_one_virtual_wan_reach_each_other() {
    let hubs = |second: &str, firewall: &str| {
        format!(
            "virtualHubs: {{ v1: {{ virtualWan: wan, connections: [app, dc]{firewall} }}, \
             v2: {{ virtualWan: {second}, connections: [mon] }} }}\n"
        )
    };
    // Each hub on the way is in it, with its firewall.
    let wan = |firewall| Reach::ThroughVirtualWan(vec![("v1".into(), firewall), ("v2".into(), false)]);
    let one = "virtualHubs: { v1: { virtualWan: wan, connections: [app, mon] } }\n";
    assert_eq!(way("app", one), Reach::ThroughVirtualWan(vec![("v1".into(), false)]));
    assert_eq!(way("app", &hubs("wan", "")), wan(false));
    assert_eq!(way("dc", &hubs("wan", "")), wan(false));
    assert_eq!(way("app", &hubs("other", "")), Reach::NotPeered);
    assert_eq!(way("far", &hubs("wan", "")), Reach::NotPeered);
    // Routes of a connected network that are not described decide about its own ways alone.
    let undescribed = |network: &str| hubs("wan", &format!(", unknownRoutes: [{network}]"));
    is_unknown(&way("app", &undescribed("app")), "the routes of app in virtual hub v1 are not known");
    assert_eq!(way("app", &undescribed("dc")), wan(false));
    is_unknown(&way("dc", &undescribed("dc")), "the routes of dc");
    // The verdict of the hub's firewall counts.
    assert_eq!(way("app", &hubs("wan", ", firewall: Allow")), wan(true));
    is_stopped(&way("app", &hubs("wan", ", firewall: Deny")), "drops the packets");
    is_unknown(&way("app", &hubs("wan", ", firewall: Unknown")), "does not say");
    // A hub's route is as long as the network's prefix: a shorter one of the user's does not come before it.
    for hop in ["None", "Internet", "VirtualAppliance, nextHopIpAddress: 10.0.1.4"] {
        let shorter = table(&route("0.0.0.0/0", hop));
        assert_eq!(way("app", &format!("{}{shorter}", hubs("wan", ""))), wan(false), "{hop}");
    }
    is_stopped(&way("app", &format!("{}{}", hubs("wan", ""), table(&route("10.1.0.0/16", "None")))), "10.1.0.0/16");
}

#[test]
fn rule_4_the_longest_prefix_decides_and_a_users_route_comes_before_others() {
    let more = |routes: &str| format!("{STAR}{}{}", firewall("Allow"), table(routes));
    let both = format!("{}, {}", to_firewall("0.0.0.0/0"), route("10.1.0.0/24", "None"));
    is_stopped(&way("app", &more(&both)), "10.1.0.0/24");
    let both = format!("{}, {}", route("0.0.0.0/0", "None"), to_firewall("10.1.0.0/24"));
    assert_eq!(way("app", &more(&both)), through(&[("fw", "hub")]));
    // The route of a peering is as long as the prefix of the network: as long a route of the user's comes before it.
    let peered = "peerings: [[app, far]]\n";
    assert_eq!(to("app", "far", &format!("{peered}{}", table(&route("10.0.0.0/8", "None")))), Reach::Peered);
    is_stopped(&to("app", "far", &format!("{peered}{}", table(&route("10.3.0.0/16", "None")))), "10.3.0.0/16");
    // So is that of a gateway.
    let gateway = "peerings: [[hub, dc], [hub, app]]\n";
    let by_gateway = Reach::ThroughGateway("hub".into());
    assert_eq!(to("app", "dc", &format!("{gateway}{}", table(&route("0.0.0.0/0", "None")))), by_gateway);
    let everything = format!("{gateway}{}{}", firewall("Deny"), table(&to_firewall("0.0.0.0/0")));
    assert_eq!(to("app", "dc", &everything), by_gateway);
    is_stopped(&to("app", "dc", &everything.replace("0.0.0.0/0", "192.168.0.0/16")), "drops the packets");
    // Without the gateway's routes the user's route is the longest.
    let cut = everything.replace("rt: {", "rt: { disableBgpRoutePropagation: true,").replace("Deny", "Allow");
    assert_eq!(to("app", "dc", &cut), through(&[("fw", "hub")]));
}

#[test]
fn rule_5_system_routes_are_those_of_peers_that_let_packets_in() {
    let halves = |one: &str, other: &str| {
        format!("peerings: [{{ from: app, to: mon{one} }}, {{ from: mon, to: app{other} }}]\n")
    };
    assert_eq!(way("app", &halves("", "")), Reach::Peered);
    for (one, other) in [(", allowVirtualNetworkAccess: false", ""), ("", ", allowVirtualNetworkAccess: false")] {
        is_stopped(&way("app", &halves(one, other)), "allowVirtualNetworkAccess");
    }
    is_stopped(&way("app", "peerings: [{ from: app, to: mon }]\n"), "not Connected");
    // A peering that lets no packets in gives no route, so a route to an appliance and a neighbour in common decide.
    let star = "peerings: [[hub, app], [hub, mon], { from: app, to: mon, allowVirtualNetworkAccess: false }, { from: mon, to: app }]\n";
    is_unknown(&way("app", star), "both are peered with hub");
    let routed = |forwards: &str| format!("{star}{}{}", firewall(forwards), table(&to_firewall("0.0.0.0/0")));
    assert_eq!(way("app", &routed("Allow")), through(&[("fw", "hub")]));
    is_stopped(&way("app", &routed("Deny")), "fw in hub drops the packets");
    is_stopped(&way("app", &format!("{star}{}", table(&route("10.9.0.0/16", "None")))), "allowVirtualNetworkAccess");
    // Private addresses that nobody routes go nowhere.
    assert_eq!(way("far", ""), Reach::NotPeered);
    // `allowForwardedTraffic` decides no way, because its effect is disputed: it is a finding.
    let star = "peerings: [[hub, app], { from: hub, to: mon }, { from: mon, to: hub, allowForwardedTraffic: false }]\n";
    let more = format!("{star}{}{}", firewall("Allow"), table(&to_firewall("0.0.0.0/0")));
    assert_eq!(way("app", &more), through(&[("fw", "hub")]));
}

#[test]
fn rule_6_the_endpoints_own_route_stands_unless_its_subnet_lets_routes_replace_it() {
    let peered = "peerings: [[hub, app], [app, mon]]\n";
    let more = |policy: &str, prefix: &str| {
        let policy = format!("privateEndpointNetworkPolicies: {{ mon/pe: {policy} }}\n");
        format!("{peered}{}{}{policy}", firewall("Deny"), table(&to_firewall(prefix)))
    };
    for (policy, replaces) in
        [("Disabled", false), ("NetworkSecurityGroupEnabled", false), ("RouteTableEnabled", true), ("Enabled", true)]
    {
        // As long as the network's prefix, or longer; never a shorter one.
        for (prefix, is_long) in
            [("0.0.0.0/0", false), ("10.0.0.0/8", false), ("10.1.0.0/16", true), ("10.1.0.0/24", true)]
        {
            let reach = way("app", &more(policy, prefix));
            match replaces && is_long {
                true => is_stopped(&reach, "drops the packets"),
                false => assert_eq!(reach, Reach::Peered, "{policy}, {prefix}"),
            }
        }
        // A route for the address itself is as long as the endpoint's own.
        is_stopped(&way("app", &more(policy, "10.1.0.7/32")), "drops the packets");
    }
}

#[test]
fn rule_7_peers_are_reached_directly() {
    assert_eq!(way("hub", STAR), Reach::Peered);
    assert_eq!(to("app", "hub", STAR), Reach::Peered);
}

#[test]
fn rule_8_an_appliance_passes_packets_on_by_its_own_routes() {
    let more = |forwards: &str| format!("{STAR}{}{}", firewall(forwards), table(&to_firewall("0.0.0.0/0")));
    assert_eq!(way("app", &more("Allow")), through(&[("fw", "hub")]));
    is_stopped(&way("app", &more("Deny")), "fw in hub drops the packets");
    is_unknown(&way("app", &more("Unknown")), "does not say whether fw in hub");
    // Its address has to be in the network or a peered one.
    let alone = more("Allow").replace("[hub, app], ", "");
    is_stopped(&way("app", &alone), "neither in app nor in a network that is peered with it");
    let closed = more("Allow")
        .replace("[hub, app]", "{ from: hub, to: app, allowVirtualNetworkAccess: false }, { from: app, to: hub }");
    is_stopped(&way("app", &closed), "allowVirtualNetworkAccess");
    let undeclared = more("Allow").replace("privateIPAddress: 10.0.1.4", "privateIPAddress: 10.0.1.5");
    is_unknown(&way("app", &undeclared), "where no appliance is declared");
    // Where it has no way on, packets end.
    is_stopped(&way("app", &more("Allow").replace(", [hub, mon]", "")), "fw in hub has no route to mon");
    // A second one is behind the route table of the first one's subnet.
    let two = format!(
        "{STAR}appliances: {{ fw: {{ network: hub, privateIPAddress: 10.0.1.4 }}, nva: {{ network: mon, privateIPAddress: 10.1.9.9 }} }}\n\
         routeTables: {{ rt: {{ routes: [{}], subnets: [app/vms] }}, next: {{ routes: [{}], subnets: [hub/fw] }} }}\n\
         privateEndpointNetworkPolicies: {{ mon/pe: Enabled }}\n",
        to_firewall("0.0.0.0/0"),
        route("10.1.0.0/16", "VirtualAppliance, nextHopIpAddress: 10.1.9.9"),
    );
    assert_eq!(way("app", &two), through(&[("fw", "hub"), ("nva", "mon")]));
    // Through it to the gateway beside it.
    let office =
        format!("peerings: [[hub, app], [hub, dc]]\n{}{}", firewall("Allow"), table(&to_firewall("192.168.0.0/16")));
    assert_eq!(to("app", "dc", &office), through(&[("fw", "hub")]));
}

#[test]
fn rule_9_gateways_join_what_uses_them() {
    let flags = |transit: bool, remote: bool, mon: &str| {
        format!(
            "peerings: [{{ from: hub, to: mon, allowGatewayTransit: {transit} }}, {{ from: mon, to: hub, useRemoteGateways: {remote}{mon} }}]\n\
             gateways: {{ hub: {{ kind: expressRoute, connects: [dc] }} }}\n"
        )
    };
    let by_gateway = Reach::ThroughGateway("hub".into());
    assert_eq!(way("dc", &flags(true, true, "")), by_gateway);
    assert_eq!(to("mon", "dc", &flags(true, true, "")), by_gateway);
    assert_eq!(to("dc", "hub", &flags(true, true, "")), Reach::Peered);
    is_stopped(&way("dc", &flags(false, true, "")), "hub does not let mon use its gateway");
    is_stopped(&way("dc", &flags(true, false, "")), "mon does not use the gateway of hub");
    is_stopped(&way("dc", &flags(true, true, ", allowVirtualNetworkAccess: false")), "allowVirtualNetworkAccess");
    // What comes from there takes the routes of the gateway's subnet.
    let inspected = |forwards: &str, policy: &str| {
        let route = to_firewall("10.1.0.0/16");
        format!(
            "{}{}routeTables: {{ gw: {{ routes: [{route}], subnets: [hub/GatewaySubnet] }} }}\n\
             privateEndpointNetworkPolicies: {{ mon/pe: {policy} }}\n",
            flags(true, true, ""),
            firewall(forwards)
        )
    };
    assert_eq!(way("dc", &inspected("Allow", "Enabled")), through(&[("fw", "hub")]));
    is_stopped(&way("dc", &inspected("Deny", "Enabled")), "fw in hub drops the packets");
    // The endpoint's own route is in the gateway's subnet, too.
    assert_eq!(way("dc", &inspected("Deny", "Disabled")), by_gateway);
    // From spoke to spoke a route to a VPN gateway leads on, and none to one of ExpressRoute.
    let spokes = |kind: &str| {
        let half = |spoke: &str| {
            format!(
                "{{ from: hub, to: {spoke}, allowGatewayTransit: true }}, {{ from: {spoke}, to: hub, useRemoteGateways: true }}"
            )
        };
        format!(
            "peerings: [{}, {}]\ngateways: {{ hub: {{ kind: {kind} }} }}\n{}",
            half("app"),
            half("mon"),
            table(&route("10.1.0.0/16", "VirtualNetworkGateway"))
        )
    };
    assert_eq!(way("app", &spokes("vpn")), by_gateway);
    is_stopped(&way("app", &spokes("expressRoute")), "ExpressRoute gateway");
    is_stopped(
        &way("app", &spokes("vpn").replace(", useRemoteGateways: true }]", " }]")),
        "mon does not use the gateway",
    );
}

#[test]
fn rule_9_two_gateways_that_a_connection_joins_join_their_networks() {
    let joined = "gateways: { hub: { kind: vpn, connects: [far] }, far: { kind: vpn, connects: [hub] } }\n";
    assert_eq!(to("hub", "far", joined), Reach::Peered);
    assert_eq!(to("far", "hub", joined), Reach::Peered);
    let spoke = |transit: bool| {
        format!(
            "peerings: [{{ from: hub, to: mon, allowGatewayTransit: {transit} }}, {{ from: mon, to: hub, useRemoteGateways: true }}]\n{joined}"
        )
    };
    assert_eq!(way("far", &spoke(true)), Reach::ThroughGateway("hub".into()));
    assert_eq!(to("mon", "far", &spoke(true)), Reach::ThroughGateway("hub".into()));
    is_stopped(&way("far", &spoke(false)), "hub does not let mon use its gateway");
    assert_eq!(to("app", "far", &spoke(true)), Reach::NotPeered);
    let cut = format!("{joined}routeTables: {{ rt: {{ disableBgpRoutePropagation: true, subnets: [far/vms] }} }}\n");
    is_stopped(&to("far", "hub", &cut), "does not propagate gateway routes");
}

#[test]
fn rule_10_what_the_estate_does_not_describe_is_unknown() {
    assert_eq!(way("far", STAR), Reach::NotPeered);
    is_unknown(&way("app", STAR), "both are peered with hub");
    // With routes that lead elsewhere it is certain again.
    is_stopped(&way("app", &format!("{STAR}{}", table(&route("0.0.0.0/0", "Internet")))), "0.0.0.0/0");
    // A transit in a line is enough.
    let transit = "transits: [{ through: hub, between: [app, mon], by: fw }]\n";
    assert_eq!(way("app", &format!("{STAR}{transit}")), through(&[("fw", "hub")]));
    assert_eq!(way("far", &format!("{STAR}{transit}")), Reach::NotPeered);
    is_stopped(&way("app", &format!("{STAR}{transit}{}", firewall("Deny"))), "fw in hub drops the packets");
    is_unknown(&way("app", &format!("{STAR}{transit}{}", firewall("Unknown"))), "does not say");
    // A half that lets no packets in closes it like any other way.
    let halves =
        "peerings: [{ from: hub, to: app }, { from: app, to: hub }, { from: hub, to: mon }, { from: mon, to: hub }]\n";
    assert_eq!(way("app", &format!("{halves}{transit}")), through(&[("fw", "hub")]));
    for half in ["from: hub, to: app", "from: app, to: hub", "from: hub, to: mon", "from: mon, to: hub"] {
        let own = halves.replace(half, &format!("{half}, allowVirtualNetworkAccess: false"));
        is_stopped(&way("app", &format!("{own}{transit}")), "allowVirtualNetworkAccess false");
    }
}
