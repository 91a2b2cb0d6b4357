//! What decides which way packets take is read from the forms people have, and what is not in them is unknown.

use std::sync::Arc;

use ampls_dns::compile::reachability::{Reach, between};
use ampls_dns::compile::{Compiled, compile};
use ampls_dns::estate::routing::{Forwards, GatewayKind};
use ampls_dns::import::{ImportFile, Imported, Topic, import};
use ampls_dns::scenario::Scenario;
use serde_json::{Value, json};

const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg/providers/Microsoft.Network";

fn read(value: &Value) -> Imported {
    let text = value.to_string();
    let source = ImportFile { name: Arc::from("main.json"), text: text.as_bytes() };
    import(&[source]).unwrap_or_else(|errors| panic!("{errors}"))
}

fn world(imported: &Imported) -> Compiled {
    let history = Arc::new(imported.scenario.history.clone());
    compile(&history, history.last())
}

fn id(kind: &str, name: &str) -> String {
    format!("{GROUP}/{kind}/{name}")
}

fn subnet(network: &str, name: &str) -> Value {
    json!({ "id": format!("{GROUP}/virtualNetworks/{network}/subnets/{name}") })
}

fn network(name: &str, space: &str, subnets: Value) -> Value {
    json!({ "id": id("virtualNetworks", name), "properties": { "addressSpace": { "addressPrefixes": [space] }, "subnets": subnets } })
}

fn half(from: &str, to: &str, transit: bool, remote: bool) -> Value {
    json!({
        "id": format!("{GROUP}/virtualNetworks/{from}/virtualNetworkPeerings/to-{to}"),
        "properties": {
            "remoteVirtualNetwork": { "id": id("virtualNetworks", to) }, "peeringState": "Connected",
            "allowVirtualNetworkAccess": true, "allowForwardedTraffic": true,
            "allowGatewayTransit": transit, "useRemoteGateways": remote
        }
    })
}

/// Hub and two spokes; the route of one leads to a firewall in the hub.
fn hub_and_spokes() -> Vec<Value> {
    let table = json!({ "id": id("routeTables", "rt") });
    vec![
        network(
            "hub",
            "10.0.0.0/16",
            json!([{ "name": "AzureFirewallSubnet", "properties": { "addressPrefix": "10.0.1.0/26" } }]),
        ),
        network(
            "app",
            "10.2.0.0/16",
            json!([{ "name": "vms", "properties": { "addressPrefix": "10.2.0.0/24", "routeTable": table } }]),
        ),
        network("mon", "10.1.0.0/16", json!([{ "name": "pe", "properties": { "addressPrefix": "10.1.0.0/26" } }])),
        half("hub", "app", true, false),
        half("app", "hub", false, true),
        half("hub", "mon", false, false),
        half("mon", "hub", false, false),
    ]
}

fn table() -> Value {
    json!({ "id": id("routeTables", "rt"), "properties": { "disableBgpRoutePropagation": true, "routes": [
        { "name": "all", "properties": { "addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.0.1.4" } }
    ] } })
}

fn firewall() -> Value {
    json!({ "id": id("azureFirewalls", "fw"), "properties": { "ipConfigurations": [
        { "name": "ip", "properties": { "privateIPAddress": "10.0.1.4", "subnet": subnet("hub", "AzureFirewallSubnet") } }
    ] } })
}

fn reach(imported: &Imported, from: &str, to: &str) -> Reach {
    between(&world(imported).state, &from.into(), &to.into(), None)
}

/// Written and read again, an import is the same.
fn reads_back(imported: &Imported) {
    let text = imported.scenario.write();
    let again = Scenario::read("again.yaml", text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    let events = |scenario: &Scenario| -> Vec<_> {
        scenario.history.events().iter().map(|one| one.event.clone()).collect::<Vec<_>>()
    };
    assert_eq!(events(&imported.scenario), events(&again));
}

#[test]
fn a_route_through_a_firewall_is_known_and_its_rules_are_not() {
    let mut all = hub_and_spokes();
    all.extend([table(), firewall()]);
    let imported = read(&json!(all));
    match reach(&imported, "app", "mon") {
        Reach::Unknown(why) => assert!(why.contains("fw in hub"), "{why}"),
        other => panic!("{other:?}"),
    }
    let state = world(&imported).state;
    let appliance = state.routes.appliances().next().expect("the firewall is read");
    assert_eq!((appliance.forwards, appliance.address.to_string().as_str()), (Forwards::Unknown, "10.0.1.4"));
    let rt = state.routes.tables().next().expect("the table is read");
    assert!(rt.disable_bgp && rt.is_complete && rt.subnets.len() == 1);
    let half = state.routes.half(&"app".into(), &"hub".into()).expect("the half is read");
    assert_eq!((half.gateway_transit, half.remote_gateways), (Some(false), Some(true)));
    assert!(imported.report.of(Topic::Unresolved).any(|remark| remark.text.contains("rules of fw")));
    reads_back(&imported);
}

#[test]
fn what_is_referred_to_and_missing_is_unknown_and_never_not_peered() {
    // Neither the table nor the firewall is in the import.
    let imported = read(&json!(hub_and_spokes()));
    assert!(matches!(reach(&imported, "app", "mon"), Reach::Unknown(_)), "{:?}", reach(&imported, "app", "mon"));
    assert!(imported.report.of(Topic::Missing).any(|remark| remark.text.contains("route table rt")));
    reads_back(&imported);
    // The table is there, and what its route leads to is not.
    let mut all = hub_and_spokes();
    all.push(table());
    assert!(matches!(reach(&read(&json!(all)), "app", "mon"), Reach::Unknown(_)));
}

#[test]
fn gateways_and_their_connections_join_on_premises_networks() {
    let mut all = hub_and_spokes();
    all.extend([
        json!({ "id": id("virtualNetworkGateways", "gw"), "properties": { "gatewayType": "Vpn", "ipConfigurations": [
            { "name": "ip", "properties": { "subnet": subnet("hub", "GatewaySubnet") } } ] } }),
        json!({ "id": id("localNetworkGateways", "office"), "properties": {
            "localNetworkAddressSpace": { "addressPrefixes": ["192.168.0.0/16"] } } }),
        json!({ "id": id("connections", "c"), "properties": { "connectionType": "IPsec",
            "virtualNetworkGateway1": { "id": id("virtualNetworkGateways", "gw") },
            "localNetworkGateway2": { "id": id("localNetworkGateways", "office") } } }),
    ]);
    let imported = read(&json!(all));
    let state = world(&imported).state;
    assert_eq!(state.routes.gateways().next().map(|one| one.kind), Some(GatewayKind::Vpn));
    assert_eq!(reach(&imported, "office", "hub"), Reach::Peered);
    assert_eq!(reach(&imported, "office", "app"), Reach::ThroughGateway("hub".into()));
    assert!(matches!(reach(&imported, "office", "mon"), Reach::Stopped(_)), "mon does not use the gateway");
    reads_back(&imported);
}

#[test]
fn networks_of_one_virtual_wan_reach_each_other() {
    let connection = |name: &str| {
        json!({ "id": format!("{GROUP}/virtualHubs/vhub/hubVirtualNetworkConnections/{name}"),
            "properties": { "remoteVirtualNetwork": { "id": id("virtualNetworks", name) } } })
    };
    let hub = |more: Value| {
        let mut properties =
            json!({ "virtualWan": { "id": id("virtualWans", "wan") }, "addressPrefix": "10.9.0.0/24" });
        if let (Value::Object(own), Value::Object(more)) = (&mut properties, more) {
            own.extend(more);
        }
        json!({ "id": id("virtualHubs", "vhub"), "properties": properties })
    };
    let networks = [network("app", "10.2.0.0/16", json!([])), network("mon", "10.1.0.0/16", json!([]))];
    let mut all = networks.to_vec();
    all.extend([hub(json!({})), connection("app"), connection("mon")]);
    let imported = read(&json!(all));
    assert!(reach(&imported, "app", "mon").arrives());
    reads_back(&imported);
    let mut all = networks.to_vec();
    all.extend([
        hub(json!({ "azureFirewall": { "id": id("azureFirewalls", "fw") } })),
        connection("app"),
        connection("mon"),
    ]);
    assert!(matches!(reach(&read(&json!(all)), "app", "mon"), Reach::Unknown(_)));
}

/// Only the default route tables of a hub are read: the import reports others, because they make the ways uncertain.
#[test]
fn route_tables_of_a_virtual_hub_are_reported() {
    let hub =
        json!({ "id": id("virtualHubs", "vhub"), "properties": { "virtualWan": { "id": id("virtualWans", "wan") } } });
    let connection = |routing: Value| {
        let of = |name: &str| {
            json!({ "id": format!("{GROUP}/virtualHubs/vhub/hubVirtualNetworkConnections/{name}"),
                "properties": { "remoteVirtualNetwork": { "id": id("virtualNetworks", name) } } })
        };
        let mut own = of("app");
        own["properties"]["routingConfiguration"] = routing;
        let networks = [network("app", "10.2.0.0/16", json!([])), network("mon", "10.1.0.0/16", json!([]))];
        json!([networks[0], networks[1], hub, own, of("mon")])
    };
    let table = |name: &str| json!({ "id": format!("{GROUP}/virtualHubs/vhub/hubRouteTables/{name}") });
    // What is reported makes the ways of that network unknown.
    let told = |value: &Value| {
        let imported = read(value);
        let mut remarks = imported.report.of(Topic::NotRead);
        let is_reported = remarks.any(|one| one.text.contains("of a virtual hub") && !one.places.is_empty());
        let way = reach(&imported, "app", "mon");
        assert_eq!(matches!(way, Reach::Unknown(_)), is_reported, "{way:?}");
        assert!(way.arrives() || is_reported, "{way:?}");
        reads_back(&imported);
        is_reported
    };
    let default = json!({ "associatedRouteTable": table("defaultRouteTable"),
        "propagatedRouteTables": { "labels": ["default"], "ids": [table("defaultRouteTable")] }, "vnetRoutes": { "staticRoutes": [] } });
    assert!(!told(&connection(default.clone())), "the default tables are read");
    for (pointer, value) in [
        ("/associatedRouteTable", table("isolated")),
        ("/propagatedRouteTables/ids", json!([table("noneRouteTable")])),
        ("/propagatedRouteTables/labels", json!(["isolated"])),
        ("/propagatedRouteTables", json!({ "labels": [], "ids": [] })),
        (
            "/vnetRoutes/staticRoutes",
            json!([{ "name": "r", "addressPrefixes": ["10.9.0.0/16"], "nextHopIpAddress": "10.2.0.4" }]),
        ),
    ] {
        let mut other = default.clone();
        *other.pointer_mut(pointer).expect("it is there") = value;
        assert!(told(&connection(other)), "{pointer}");
    }
    let mut routes = connection(default.clone());
    let own = json!({ "id": table("defaultRouteTable")["id"], "properties": { "routes": [
        { "name": "all", "destinationType": "CIDR", "destinations": ["10.0.0.0/8"], "nextHopType": "ResourceId", "nextHop": "fw" } ] } });
    routes.as_array_mut().expect("a list").push(own);
    assert!(told(&routes));
    // A route to the hub's own firewall is no more than the firewall.
    let mut inspected = connection(default);
    let own = json!({ "id": table("defaultRouteTable")["id"], "properties": { "routes": [
        { "name": "all", "destinationType": "CIDR", "destinations": ["10.0.0.0/8"], "nextHopType": "ResourceId",
          "nextHop": id("azureFirewalls", "fw") } ] } });
    inspected.as_array_mut().expect("a list").push(own);
    assert!(!told(&inspected));
}

/// The same in Terraform's state, and in a plan in which the ids of the tables are known only after apply.
#[test]
fn route_tables_of_a_virtual_hub_are_reported_from_terraform() {
    let resource = |kind: &str, name: &str, values: Value| json!({ "address": format!("{kind}.{name}"), "mode": "managed", "type": kind, "name": name, "values": values });
    let vnet = |name: &str, space: &str| {
        let values = json!({ "id": id("virtualNetworks", name), "name": name, "resource_group_name": "rg", "address_space": [space] });
        resource("azurerm_virtual_network", name, values)
    };
    let hub = id("virtualHubs", "vhub");
    let connection = |name: &str, routing: Value| {
        let values = json!({ "id": format!("{hub}/hubVirtualNetworkConnections/{name}"), "name": name, "virtual_hub_id": hub,
            "remote_virtual_network_id": id("virtualNetworks", name), "routing": routing });
        resource("azurerm_virtual_hub_connection", name, values)
    };
    let hub_itself = || {
        let values = json!({ "id": hub, "name": "vhub", "resource_group_name": "rg", "virtual_wan_id": id("virtualWans", "wan") });
        resource("azurerm_virtual_hub", "vhub", values)
    };
    let state = |routing: Value, more: Option<Value>| {
        let mut all =
            vec![vnet("app", "10.2.0.0/16"), vnet("mon", "10.1.0.0/16"), hub_itself(), connection("app", routing)];
        all.push(connection("mon", json!([])));
        all.extend(more);
        read(&json!({ "format_version": "1.0", "terraform_version": "1.9.0",
            "values": { "root_module": { "resources": all } } }))
    };
    let table = |name: &str| format!("{hub}/hubRouteTables/{name}");
    let routing = |associated: &str, propagated: &str| {
        json!([{ "associated_route_table_id": table(associated), "inbound_route_map_id": "", "outbound_route_map_id": "",
            "propagated_route_table": [{ "labels": [], "route_table_ids": [table(propagated)] }], "static_vnet_route": [],
            "static_vnet_propagate_static_routes_enabled": true, "static_vnet_local_route_override_criteria": "Contains" }])
    };
    assert!(reach(&state(routing("defaultRouteTable", "defaultRouteTable"), None), "app", "mon").arrives());
    let is_unknown = |imported: &Imported| {
        let reported = imported.report.of(Topic::NotRead).any(|one| one.text.contains("of a virtual hub"));
        reported && matches!(reach(imported, "app", "mon"), Reach::Unknown(_))
    };
    assert!(is_unknown(&state(routing("isolated", "defaultRouteTable"), None)));
    assert!(is_unknown(&state(routing("defaultRouteTable", "noneRouteTable"), None)));
    let route = json!({ "id": format!("{}/routes/r", table("defaultRouteTable")), "route_table_id": table("defaultRouteTable"), "name": "r",
        "destinations": ["10.0.0.0/8"], "destinations_type": "CIDR", "next_hop": "x", "next_hop_type": "ResourceId" });
    assert!(is_unknown(&state(json!([]), Some(resource("azurerm_virtual_hub_route_table_route", "r", route)))));

    let plan = |table: &str| {
        let planned = |kind: &str, name: &str, values: Value| resource(kind, name, values);
        let all = json!([
            vnet("app", "10.2.0.0/16"),
            vnet("mon", "10.1.0.0/16"),
            hub_itself(),
            connection("mon", json!([])),
            planned(
                "azurerm_virtual_hub_route_table",
                "isolated",
                json!({ "name": "isolated", "virtual_hub_id": hub, "labels": [], "route": [] })
            ),
            planned(
                "azurerm_virtual_hub_connection",
                "app",
                json!({ "name": "app", "virtual_hub_id": hub,
                "remote_virtual_network_id": id("virtualNetworks", "app"),
                "routing": [{ "propagated_route_table": [{ "labels": null }], "static_vnet_route": [] }] })
            )
        ]);
        let ids = json!({ "references": [table, table.rsplit_once('.').expect("an attribute").0] });
        read(
            &json!({ "format_version": "1.2", "terraform_version": "1.9.0", "planned_values": { "root_module": { "resources": all } },
            "configuration": { "root_module": { "resources": [
                { "address": "azurerm_virtual_hub_connection.app", "mode": "managed", "type": "azurerm_virtual_hub_connection", "name": "app",
                  "expressions": { "routing": [{ "associated_route_table_id": ids,
                      "propagated_route_table": [{ "route_table_ids": ids }] }] } },
                { "address": "azurerm_virtual_hub_route_table.isolated", "mode": "managed", "type": "azurerm_virtual_hub_route_table",
                  "name": "isolated", "expressions": {} },
                { "address": "azurerm_virtual_hub.vhub", "mode": "managed", "type": "azurerm_virtual_hub", "name": "vhub", "expressions": {} }] } } }),
        )
    };
    assert!(reach(&plan("azurerm_virtual_hub.vhub.default_route_table_id"), "app", "mon").arrives());
    assert!(is_unknown(&plan("azurerm_virtual_hub_route_table.isolated.id")));
}

#[test]
fn security_groups_and_policies_of_subnets_are_read() {
    let group = json!({ "id": id("networkSecurityGroups", "nsg") });
    let all = json!([
        network("app", "10.2.0.0/16", json!([{ "name": "vms", "properties": { "addressPrefix": "10.2.0.0/24",
            "networkSecurityGroup": group, "privateEndpointNetworkPolicies": "Enabled" } }])),
        { "id": id("networkSecurityGroups", "nsg"), "properties": { "securityRules": [
            { "name": "no", "properties": { "priority": 200, "direction": "Outbound", "access": "Deny", "protocol": "*",
                "sourceAddressPrefix": "*", "destinationAddressPrefixes": ["10.0.0.0/8", "AzureMonitor"],
                "sourcePortRange": "*", "destinationPortRange": "443" } } ] } }
    ]);
    let imported = read(&all);
    let state = world(&imported).state;
    let nsg = state.routes.group_of(&"app".into(), "vms").expect("the group is read");
    assert_eq!((nsg.rules.len(), nsg.rules[0].priority, nsg.rules[0].destinations.len()), (1, 200, 2));
    assert!(state.routes.policy(&"app".into(), "vms").has_groups());
    reads_back(&imported);
}

#[test]
fn a_terraform_state_has_the_same() {
    let resource = |kind: &str, name: &str, values: Value| json!({ "address": format!("{kind}.{name}"), "mode": "managed", "type": kind, "name": name, "values": values });
    let vnet = |name: &str, space: &str| {
        resource(
            "azurerm_virtual_network",
            name,
            json!({ "id": id("virtualNetworks", name), "name": name,
            "resource_group_name": "rg", "address_space": [space] }),
        )
    };
    let sub = |network: &str, name: &str, prefix: &str| {
        resource(
            "azurerm_subnet",
            name,
            json!({ "id": subnet(network, name)["id"], "name": name, "resource_group_name": "rg",
            "virtual_network_name": network, "address_prefixes": [prefix], "private_endpoint_network_policies": "RouteTableEnabled" }),
        )
    };
    let peer = |from: &str, to: &str| {
        resource(
            "azurerm_virtual_network_peering",
            &format!("{from}-{to}"),
            json!({
            "id": format!("{GROUP}/virtualNetworks/{from}/virtualNetworkPeerings/{to}"), "name": to, "resource_group_name": "rg",
            "virtual_network_name": from, "remote_virtual_network_id": id("virtualNetworks", to),
            "allow_virtual_network_access": true, "allow_forwarded_traffic": false, "allow_gateway_transit": false,
            "use_remote_gateways": false }),
        )
    };
    let resources = json!([
        vnet("hub", "10.0.0.0/16"),
        vnet("app", "10.2.0.0/16"),
        vnet("mon", "10.1.0.0/16"),
        sub("hub", "AzureFirewallSubnet", "10.0.1.0/26"),
        sub("app", "vms", "10.2.0.0/24"),
        peer("hub", "app"),
        peer("app", "hub"),
        peer("hub", "mon"),
        peer("mon", "hub"),
        resource(
            "azurerm_route_table",
            "rt",
            json!({ "id": id("routeTables", "rt"), "name": "rt", "resource_group_name": "rg",
            "bgp_route_propagation_enabled": false, "route": [{ "name": "all", "address_prefix": "0.0.0.0/0",
            "next_hop_type": "VirtualAppliance", "next_hop_in_ip_address": "10.0.1.4" }] })
        ),
        resource(
            "azurerm_subnet_route_table_association",
            "a",
            json!({ "id": subnet("app", "vms")["id"],
            "subnet_id": subnet("app", "vms")["id"], "route_table_id": id("routeTables", "rt") })
        ),
        resource(
            "azurerm_firewall",
            "fw",
            json!({ "id": id("azureFirewalls", "fw"), "name": "fw", "resource_group_name": "rg",
            "ip_configuration": [{ "name": "ip", "subnet_id": subnet("hub", "AzureFirewallSubnet")["id"],
            "private_ip_address": "10.0.1.4" }] })
        ),
        resource(
            "azurerm_network_security_group",
            "nsg",
            json!({ "id": id("networkSecurityGroups", "nsg"), "name": "nsg",
            "resource_group_name": "rg", "security_rule": [{ "name": "no", "priority": 100, "direction": "Outbound",
            "access": "Deny", "protocol": "Tcp", "source_address_prefix": "*", "destination_address_prefix": "Internet",
            "source_port_range": "*", "destination_port_range": "443" }] })
        ),
        resource(
            "azurerm_subnet_network_security_group_association",
            "b",
            json!({ "id": subnet("app", "vms")["id"],
            "subnet_id": subnet("app", "vms")["id"], "network_security_group_id": id("networkSecurityGroups", "nsg") })
        )
    ]);
    let imported = read(&json!({ "format_version": "1.0", "terraform_version": "1.9.0",
        "values": { "root_module": { "resources": resources } } }));
    match reach(&imported, "app", "mon") {
        Reach::Unknown(why) => assert!(why.contains("fw in hub"), "{why}"),
        other => panic!("{other:?}"),
    }
    let state = world(&imported).state;
    assert!(state.routes.tables().all(|table| table.disable_bgp && table.is_complete));
    assert_eq!(state.routes.group_of(&"app".into(), "vms").map(|group| group.rules.len()), Some(1));
    assert!(state.routes.policy(&"app".into(), "vms").has_routes());
    reads_back(&imported);
}

#[test]
fn rules_of_a_ruleset_keep_all_targets_and_ask_from_the_outbound_endpoint() {
    let resolver = id("dnsResolvers", "dns");
    let ruleset = id("dnsForwardingRulesets", "rules");
    let all = json!([
        network("hub", "10.0.0.0/16", json!([{ "name": "out", "properties": { "addressPrefix": "10.0.3.0/28" } }])),
        { "id": resolver, "properties": { "virtualNetwork": { "id": id("virtualNetworks", "hub") } } },
        { "id": format!("{resolver}/outboundEndpoints/out"), "properties": { "subnet": subnet("hub", "out") } },
        { "id": ruleset, "properties": { "dnsResolverOutboundEndpoints": [{ "id": format!("{resolver}/outboundEndpoints/out") }] } },
        { "id": format!("{ruleset}/forwardingRules/corp"), "properties": { "domainName": "corp.example.", "forwardingRuleState": "Enabled",
            "targetDnsServers": [{ "ipAddress": "192.168.1.4", "port": 53 }, { "ipAddress": "192.168.2.4", "port": 53 }] } },
        { "id": format!("{ruleset}/virtualNetworkLinks/l"), "properties": { "virtualNetwork": { "id": id("virtualNetworks", "hub") } } }
    ]);
    let imported = read(&all);
    let compiled = world(&imported);
    let own = compiled.state.rulesets.values().next().expect("the ruleset is read");
    assert_eq!(own.outbound.as_ref().map(|network| network.as_str()), Some("hub"));
    assert_eq!(own.rules[0].to.len(), 2);
    // Servers outside the import are asked: which way packets take to them is not in it.
    let view = compiled.views.of_network("hub").expect("the hub is there");
    let chosen = compiled.views.choose_by_rule(own, &own.rules[0], view);
    assert!(chosen.skipped.is_empty() && chosen.target.is_ok(), "{chosen:?}");
    reads_back(&imported);
}

/// What a DNS security policy blocks is not known here, and it is said of which network.
#[test]
fn links_of_dns_security_policies_are_reported() {
    let policy = id("dnsResolverPolicies", "p");
    let imported = read(&json!([
        network("v", "10.1.0.0/16", json!([])),
        { "id": policy, "properties": {} },
        { "id": format!("{policy}/dnsSecurityRules/r"), "properties": { "priority": 100, "action": { "actionType": "Block" } } },
        { "id": format!("{policy}/virtualNetworkLinks/k"), "properties": { "virtualNetwork": { "id": id("virtualNetworks", "v") } } }
    ]));
    let unread: Vec<&str> = imported.report.of(Topic::NotRead).map(|one| one.text.as_str()).collect();
    assert_eq!(
        unread,
        ["DNS security policy p is linked to v and is not read: names that it blocks there are answered"]
    );
    let mut all = imported.report.remarks.iter();
    assert!(!all.any(|one| one.text.contains("not relevant")), "{:?}", imported.report.remarks);
}
