//! Gateways, their connections, firewalls and route tables, the same estate from an ARM template, a Terraform plan and an answer of
//! Resource Graph: each form says the same about who reaches whom.

use std::sync::Arc;

use ampls_dns::compile::reachability::{Reach, between};
use ampls_dns::compile::{Compiled, compile};
use ampls_dns::estate::routing::{Forwards, GatewayKind};
use ampls_dns::import::{ImportFile, Imported, Topic, import};
use serde_json::{Value, json};

const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg/providers/Microsoft.Network";

fn read(value: &Value) -> Imported {
    let text = value.to_string();
    let source = ImportFile { name: Arc::from("main.json"), text: text.as_bytes() };
    import(&[source]).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The resources of the estate, each with what its id is after.
fn resources() -> Vec<(&'static str, &'static str, Value)> {
    let id = |kind: &str, name: &str| json!({ "id": format!("{GROUP}/{kind}/{name}") });
    let sub = |network: &str, name: &str| json!({ "id": format!("{GROUP}/virtualNetworks/{network}/subnets/{name}") });
    let network =
        |space: &str, subnets: Value| json!({ "addressSpace": { "addressPrefixes": [space] }, "subnets": subnets });
    let subnet = |name: &str, prefix: &str| json!({ "name": name, "properties": { "addressPrefix": prefix } });
    let gateway = |kind: &str, network: &str| json!({ "gatewayType": kind, "ipConfigurations": [{ "name": "ip", "properties": { "subnet": sub(network, "GatewaySubnet") } }] });
    let mut app = subnet("vms", "10.2.0.0/24");
    app["properties"]["routeTable"] = id("routeTables", "rt");
    vec![
        (
            "virtualNetworks",
            "hub",
            network(
                "10.0.0.0/16",
                json!([subnet("AzureFirewallSubnet", "10.0.1.0/26"), subnet("GatewaySubnet", "10.0.2.0/27")]),
            ),
        ),
        ("virtualNetworks", "app", network("10.2.0.0/16", json!([app]))),
        ("virtualNetworks", "far", network("10.3.0.0/16", json!([subnet("GatewaySubnet", "10.3.2.0/27")]))),
        ("virtualNetworks", "edge", network("10.4.0.0/16", json!([subnet("GatewaySubnet", "10.4.2.0/27")]))),
        ("virtualNetworkGateways", "gw-hub", gateway("Vpn", "hub")),
        ("virtualNetworkGateways", "gw-far", gateway("Vpn", "far")),
        ("virtualNetworkGateways", "gw-edge", gateway("ExpressRoute", "edge")),
        (
            "localNetworkGateways",
            "office",
            json!({ "localNetworkAddressSpace": { "addressPrefixes": ["192.168.0.0/16"] } }),
        ),
        (
            "connections",
            "hub-to-office",
            json!({ "connectionType": "IPsec", "virtualNetworkGateway1": id("virtualNetworkGateways", "gw-hub"),
                "localNetworkGateway2": id("localNetworkGateways", "office") }),
        ),
        (
            "connections",
            "hub-to-far",
            json!({ "connectionType": "Vnet2Vnet", "virtualNetworkGateway1": id("virtualNetworkGateways", "gw-hub"),
                "virtualNetworkGateway2": id("virtualNetworkGateways", "gw-far") }),
        ),
        (
            "connections",
            "edge-to-circuit",
            json!({ "connectionType": "ExpressRoute", "virtualNetworkGateway1": id("virtualNetworkGateways", "gw-edge"),
                "peer": id("expressRouteCircuits", "circuit-1") }),
        ),
        (
            "azureFirewalls",
            "fw",
            json!({ "ipConfigurations": [{ "name": "ip", "properties": { "privateIPAddress": "10.0.1.4",
                "subnet": sub("hub", "AzureFirewallSubnet") } }],
                "networkRuleCollections": [{ "name": "all", "properties": { "priority": 100, "action": { "type": "Allow" } } }] }),
        ),
        (
            "routeTables",
            "rt",
            json!({ "disableBgpRoutePropagation": true, "routes": [
                { "name": "all", "properties": { "addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.0.1.4" } },
                { "name": "edge", "properties": { "addressPrefix": "10.4.0.0/16", "nextHopType": "None" } }
            ] }),
        ),
    ]
}

fn peerings() -> Vec<(String, Value)> {
    [("hub", "app", true, false), ("app", "hub", false, true)]
        .map(|(from, to, transit, remote)| {
            let properties = json!({
                "remoteVirtualNetwork": { "id": format!("{GROUP}/virtualNetworks/{to}") }, "peeringState": "Connected",
                "allowVirtualNetworkAccess": true, "allowForwardedTraffic": true, "allowGatewayTransit": transit, "useRemoteGateways": remote
            });
            (format!("{from}/to-{to}"), properties)
        })
        .to_vec()
}

fn template() -> Value {
    let all = resources().into_iter().map(|(kind, name, properties)| {
        json!({ "type": format!("Microsoft.Network/{kind}"), "apiVersion": "2023-11-01", "name": name, "location": "westeurope", "properties": properties })
    });
    let halves = peerings().into_iter().map(|(name, properties)| {
        json!({ "type": "Microsoft.Network/virtualNetworks/virtualNetworkPeerings", "apiVersion": "2023-11-01", "name": name, "properties": properties })
    });
    // Ids in a template are expressions.
    let text = Value::from(all.chain(halves).collect::<Vec<_>>()).to_string();
    let mut own: Value = serde_json::from_str(&text).expect("it was written just now");
    with_expressions(&mut own);
    json!({ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
        "resources": own })
}

fn with_expressions(value: &mut Value) {
    match value {
        Value::String(text) if text.starts_with(GROUP) => {
            let parts: Vec<&str> = text[GROUP.len() + 1..].split('/').collect();
            *text = match parts.as_slice() {
                [kind, name] => format!("[resourceId('Microsoft.Network/{kind}', '{name}')]"),
                [kind, name, child, own] => {
                    format!("[resourceId('Microsoft.Network/{kind}/{child}', '{name}', '{own}')]")
                }
                other => panic!("{other:?}"),
            };
        }
        Value::Array(items) => items.iter_mut().for_each(with_expressions),
        Value::Object(fields) => fields.values_mut().for_each(with_expressions),
        _ => {}
    }
}

fn graph() -> Value {
    let of = |kind: String, name: &str, id: String, properties: Value| json!({ "id": id, "name": name, "type": kind.to_lowercase(), "resourceGroup": "rg", "properties": properties });
    let mut rows: Vec<Value> = Vec::new();
    for (kind, name, mut properties) in resources() {
        // Networks of an answer have their peerings inside.
        if kind == "virtualNetworks" {
            let own = peerings().into_iter().filter_map(|(half, body)| {
                let child = half.strip_prefix(&format!("{name}/"))?.to_owned();
                let id = format!("{GROUP}/virtualNetworks/{name}/virtualNetworkPeerings/{child}");
                Some(json!({ "id": id, "name": child, "properties": body }))
            });
            properties["virtualNetworkPeerings"] = own.collect::<Vec<_>>().into();
        }
        rows.push(of(format!("Microsoft.Network/{kind}"), name, format!("{GROUP}/{kind}/{name}"), properties));
    }
    json!({ "count": rows.len(), "total_records": rows.len(), "skip_token": null, "data": rows })
}

/// A resource of a plan: type, name, values, expressions.
type Planned = (&'static str, String, Value, Value);

/// An expression that refers to a resource.
fn refers(to: &str) -> Value {
    json!({ "references": [format!("{to}.id"), to] })
}

fn planned_networks() -> Vec<Planned> {
    let vnet = |name: &str, space: &str| {
        (
            "azurerm_virtual_network",
            name.to_owned(),
            json!({ "name": name, "resource_group_name": "rg", "address_space": [space] }),
            json!({}),
        )
    };
    let subnet = |network: &str, label: &str, name: &str, prefix: &str| {
        let values = json!({ "name": name, "resource_group_name": "rg", "virtual_network_name": network, "address_prefixes": [prefix] });
        (
            "azurerm_subnet",
            label.to_owned(),
            values,
            json!({ "virtual_network_name": { "references": [format!("azurerm_virtual_network.{network}.name"), format!("azurerm_virtual_network.{network}")] } }),
        )
    };
    let half = |from: &str, to: &str, transit: bool, remote: bool| {
        let values = json!({ "name": format!("to-{to}"), "resource_group_name": "rg", "virtual_network_name": from,
            "allow_virtual_network_access": true, "allow_forwarded_traffic": true, "allow_gateway_transit": transit, "use_remote_gateways": remote });
        (
            "azurerm_virtual_network_peering",
            format!("{from}-{to}"),
            values,
            json!({ "remote_virtual_network_id": refers(&format!("azurerm_virtual_network.{to}")) }),
        )
    };
    vec![
        vnet("hub", "10.0.0.0/16"),
        vnet("app", "10.2.0.0/16"),
        vnet("far", "10.3.0.0/16"),
        vnet("edge", "10.4.0.0/16"),
        subnet("hub", "fw", "AzureFirewallSubnet", "10.0.1.0/26"),
        subnet("hub", "hub_gw", "GatewaySubnet", "10.0.2.0/27"),
        subnet("app", "vms", "vms", "10.2.0.0/24"),
        subnet("far", "far_gw", "GatewaySubnet", "10.3.2.0/27"),
        subnet("edge", "edge_gw", "GatewaySubnet", "10.4.2.0/27"),
        half("hub", "app", true, false),
        half("app", "hub", false, true),
    ]
}

fn planned_gateways() -> Vec<Planned> {
    let gateway = |name: &str, kind: &str, subnet: &str| {
        let values = json!({ "name": name, "resource_group_name": "rg", "type": kind, "sku": "VpnGw1", "ip_configuration": [{ "name": "ip" }] });
        (
            "azurerm_virtual_network_gateway",
            name.to_owned(),
            values,
            json!({ "ip_configuration": [{ "subnet_id": refers(&format!("azurerm_subnet.{subnet}")) }] }),
        )
    };
    let connection = |name: &str, kind: &str, gateway: &str, key: &str, other: &str| {
        let values = json!({ "name": name, "resource_group_name": "rg", "type": kind });
        let own = format!("azurerm_virtual_network_gateway.{gateway}");
        (
            "azurerm_virtual_network_gateway_connection",
            name.to_owned(),
            values,
            json!({ "virtual_network_gateway_id": refers(&own), key: refers(other) }),
        )
    };
    vec![
        gateway("gw-hub", "Vpn", "hub_gw"),
        gateway("gw-far", "Vpn", "far_gw"),
        gateway("gw-edge", "ExpressRoute", "edge_gw"),
        (
            "azurerm_local_network_gateway",
            "office".to_owned(),
            json!({ "name": "office", "resource_group_name": "rg", "address_space": ["192.168.0.0/16"] }),
            json!({}),
        ),
        (
            "azurerm_express_route_circuit",
            "circuit-1".to_owned(),
            json!({ "name": "circuit-1", "resource_group_name": "rg" }),
            json!({}),
        ),
        connection(
            "hub-to-office",
            "IPsec",
            "gw-hub",
            "local_network_gateway_id",
            "azurerm_local_network_gateway.office",
        ),
        connection(
            "hub-to-far",
            "Vnet2Vnet",
            "gw-hub",
            "peer_virtual_network_gateway_id",
            "azurerm_virtual_network_gateway.gw-far",
        ),
        connection(
            "edge-to-circuit",
            "ExpressRoute",
            "gw-edge",
            "express_route_circuit_id",
            "azurerm_express_route_circuit.circuit-1",
        ),
        (
            "azurerm_firewall",
            "fw".to_owned(),
            json!({ "name": "fw", "resource_group_name": "rg", "ip_configuration": [{ "name": "ip", "private_ip_address": "10.0.1.4" }] }),
            json!({ "ip_configuration": [{ "subnet_id": refers("azurerm_subnet.fw") }] }),
        ),
        (
            "azurerm_route_table",
            "rt".to_owned(),
            json!({ "name": "rt", "resource_group_name": "rg", "bgp_route_propagation_enabled": false, "route": [
                { "name": "all", "address_prefix": "0.0.0.0/0", "next_hop_type": "VirtualAppliance", "next_hop_in_ip_address": "10.0.1.4" },
                { "name": "edge", "address_prefix": "10.4.0.0/16", "next_hop_type": "None", "next_hop_in_ip_address": "" }
            ] }),
            json!({}),
        ),
        (
            "azurerm_subnet_route_table_association",
            "a".to_owned(),
            json!({}),
            json!({ "subnet_id": refers("azurerm_subnet.vms"), "route_table_id": refers("azurerm_route_table.rt") }),
        ),
    ]
}

/// A plan in which no id is known before apply.
fn plan() -> Value {
    let all: Vec<Planned> = planned_networks().into_iter().chain(planned_gateways()).collect();
    let resource = |kind: &str, name: &str, key: &str, value: &Value| json!({ "address": format!("{kind}.{name}"), "mode": "managed", "type": kind, "name": name, key: value });
    let planned: Vec<Value> =
        all.iter().map(|(kind, name, values, _)| resource(kind, name, "values", values)).collect();
    let configured: Vec<Value> =
        all.iter().map(|(kind, name, _, own)| resource(kind, name, "expressions", own)).collect();
    json!({ "format_version": "1.2", "terraform_version": "1.11.4", "planned_values": { "root_module": { "resources": planned } },
        "configuration": { "root_module": { "resources": configured } } })
}

/// What every form says.
fn says_the_same(imported: &Imported) {
    let history = Arc::new(imported.scenario.history.clone());
    let world: Compiled = compile(&history, history.last());
    assert!(world.state.refusals.is_empty(), "{:?}", world.state.refusals);
    let state = &world.state;
    let report = || format!("{:#?}", imported.report);
    let mut gateways: Vec<_> = state
        .routes
        .gateways()
        .map(|one| {
            (one.network.to_string(), one.kind, one.connects.iter().map(ToString::to_string).collect::<Vec<_>>())
        })
        .collect();
    gateways.sort_by(|one, other| one.0.cmp(&other.0));
    for one in &mut gateways {
        one.2.sort();
    }
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let expected = [
        ("edge".to_owned(), GatewayKind::ExpressRoute, texts(&[])),
        ("far".to_owned(), GatewayKind::Vpn, texts(&["hub"])),
        ("hub".to_owned(), GatewayKind::Vpn, texts(&["far", "office"])),
    ];
    assert_eq!(gateways, expected, "{}", report());
    let reach = |from: &str, to: &str| between(state, &from.into(), &to.into(), None);
    let by_hub = Reach::ThroughGateway("hub".into());
    assert_eq!(reach("hub", "far"), Reach::Peered);
    assert_eq!(reach("far", "hub"), Reach::Peered);
    assert_eq!(reach("office", "hub"), Reach::Peered);
    assert_eq!((reach("office", "app"), reach("far", "app")), (by_hub.clone(), by_hub));
    // Its route table leaves out the gateway's routes, and sends all else to a firewall whose rules are not read.
    for to in ["far", "office"] {
        assert!(matches!(reach("app", to), Reach::Unknown(why) if why.contains("fw")), "{:?}", reach("app", to));
    }
    assert!(
        matches!(reach("app", "edge"), Reach::Stopped(why) if why.contains("10.4.0.0/16")),
        "{:?}",
        reach("app", "edge")
    );
    assert_eq!(reach("hub", "edge"), Reach::NotPeered);
    let table = state.routes.tables().next().expect("the table is read");
    assert_eq!((table.disable_bgp, table.is_complete, table.routes.len(), table.subnets.len()), (true, true, 2, 1));
    let firewall = state.routes.appliances().next().expect("the firewall is read");
    assert_eq!((firewall.forwards, firewall.address.to_string().as_str()), (Forwards::Unknown, "10.0.1.4"));
    // What is not known is said.
    let unresolved = |what: &str| imported.report.of(Topic::Unresolved).any(|remark| remark.text.contains(what));
    assert!(unresolved("the rules of fw are not read"), "{}", report());
    assert!(unresolved("joins circuit circuit-1 to edge"), "{}", report());
    let text = imported.scenario.write();
    let again = ampls_dns::scenario::Scenario::read("again.yaml", text.as_bytes())
        .unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    let events = |of: &ampls_dns::estate::History| of.events().iter().map(|one| one.event.clone()).collect::<Vec<_>>();
    assert_eq!(events(&again.history), events(&history));
}

#[test]
fn a_template_says_who_reaches_whom() {
    says_the_same(&read(&template()));
}

#[test]
fn a_plan_says_who_reaches_whom() {
    says_the_same(&read(&plan()));
}

#[test]
fn an_answer_of_resource_graph_says_who_reaches_whom() {
    says_the_same(&read(&graph()));
}

#[test]
fn a_gateway_that_is_not_in_the_import_is_missing_and_not_guessed() {
    let mut all = resources();
    all.retain(|(_, name, _)| *name != "gw-far");
    let rows: Vec<Value> = all
        .into_iter()
        .map(|(kind, name, properties)| json!({ "id": format!("{GROUP}/{kind}/{name}"), "properties": properties }))
        .collect();
    let imported = read(&json!(rows));
    let is_missing =
        imported.report.of(Topic::Missing).any(|remark| remark.text.contains("hub-to-far joins gateway gw-far"));
    assert!(is_missing, "{:#?}", imported.report);
}
