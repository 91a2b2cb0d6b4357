//! What is not known of an object does not drop the object: it keeps its place under a name that stands for it.

use std::sync::Arc;

use ampls_dns::compile::{Compiled, compile};
use ampls_dns::import::{ImportFile, Imported, Topic, import};
use serde_json::{Value, json};

const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg/providers";

fn read(value: &Value) -> (Imported, Compiled) {
    let text = value.to_string();
    let source = ImportFile { name: "main.json".into(), text: text.as_bytes() };
    let imported = import(&[source]).unwrap_or_else(|errors| panic!("{errors}"));
    let history = Arc::new(imported.scenario.history.clone());
    let world = compile(&history, history.last());
    (imported, world)
}

fn resource(address: &str, kind: &str, values: Value) -> Value {
    json!({"address": address, "mode": "managed", "type": kind, "name": "x", "values": values})
}

fn refers(to: &str, attribute: &str) -> Value {
    json!({"references": [format!("{to}.{attribute}"), to]})
}

/// A zone that is called after what Azure makes of a container app, as in public plans.
#[test]
fn a_zone_whose_name_azure_makes_keeps_its_link_and_has_unknown_contents() {
    let network = json!({"name": "v", "resource_group_name": "rg", "address_space": ["10.0.0.0/16"]});
    let group = json!({"resource_group_name": "rg"});
    let plan = json!({
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [
            // Records come before their zone, as in a plan's order by name.
            resource("azurerm_private_dns_a_record.all", "azurerm_private_dns_a_record", json!({"name": "*", "ttl": 300, "resource_group_name": "rg"})),
            resource("azurerm_private_dns_zone.app", "azurerm_private_dns_zone", group),
            resource("azurerm_private_dns_zone_virtual_network_link.l", "azurerm_private_dns_zone_virtual_network_link", json!({"name": "l", "resource_group_name": "rg"})),
            resource("azurerm_virtual_network.v", "azurerm_virtual_network", network),
        ]}},
        "configuration": {"root_module": {"resources": [
            {"address": "azurerm_private_dns_a_record.all", "expressions": {
                "zone_name": refers("azurerm_private_dns_zone.app", "name"), "records": refers("azurerm_container_app_environment.e", "static_ip_address"),
            }},
            {"address": "azurerm_private_dns_zone.app", "expressions": {"name": refers("azurerm_container_app_environment.e", "default_domain")}},
            {"address": "azurerm_private_dns_zone_virtual_network_link.l", "expressions": {
                "private_dns_zone_name": refers("azurerm_private_dns_zone.app", "name"), "virtual_network_id": refers("azurerm_virtual_network.v", "id"),
            }},
        ]}},
    });
    let (imported, world) = read(&plan);
    let (id, zone) = world.state.zones.iter().next().expect("there is a zone");
    assert_eq!(id.apex.to_string(), "azurerm_private_dns_zone.app.invalid");
    assert_eq!(zone.links.keys().map(ToString::to_string).collect::<Vec<_>>(), ["v"]);
    assert!(imported.scenario.write().contains("setZoneContents"), "{}", imported.scenario.write());
    assert!(imported.report.is_partial());
    let said: Vec<&str> = imported.report.of(Topic::NotRead).map(|remark| remark.text.as_str()).collect();
    assert!(
        said.iter().any(|text| text.contains("the records of record set *.azurerm_private_dns_zone.app.invalid")),
        "{said:?}"
    );
}

#[test]
fn the_module_of_a_resource_is_in_its_address() {
    let network =
        |name: &str, prefix: &str| json!({"name": name, "resource_group_name": "rg", "address_space": [prefix]});
    let peering = json!({"name": "p", "resource_group_name": "rg", "virtual_network_name": "one"});
    // Some tools list the resources of modules in the root.
    let plan = json!({
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [
            resource("module.one[\"a.b\"].azurerm_virtual_network.v", "azurerm_virtual_network", network("one", "10.0.0.0/16")),
            resource("module.two.azurerm_virtual_network.v", "azurerm_virtual_network", network("two", "10.1.0.0/16")),
            resource("module.p[0].azurerm_virtual_network_peering.p", "azurerm_virtual_network_peering", peering),
        ]}},
        "configuration": {"root_module": {"module_calls": {
            "one": {"module": {"resources": [{"address": "azurerm_virtual_network.v"}]}},
            "two": {"module": {
                "outputs": {"id": {"expression": refers("azurerm_virtual_network.v", "id")}},
                "resources": [{"address": "azurerm_virtual_network.v"}],
            }},
            "p": {
                "expressions": {"remote": refers("module.two", "id")},
                "module": {"resources": [{
                    "address": "azurerm_virtual_network_peering.p",
                    "expressions": {"remote_virtual_network_id": {"references": ["var.remote"]}},
                }]},
            },
        }}},
    });
    let (imported, world) = read(&plan);
    assert_eq!(world.state.peerings.len(), 1, "{:#?}", imported.report);
    assert!(!imported.report.is_partial(), "{:#?}", imported.report);
}

fn endpoint(target: &str, group: &str) -> Value {
    json!({
        "id": format!("{GROUP}/Microsoft.Network/privateEndpoints/pe"),
        "properties": {
            "subnet": {"id": format!("{GROUP}/Microsoft.Network/virtualNetworks/hub/subnets/pe")},
            "privateLinkServiceConnections": [{"name": "c", "properties": {
                "privateLinkServiceId": format!("{GROUP}/{target}"), "groupIds": [group],
            }}],
        },
    })
}

#[test]
fn endpoints_keep_their_place_whatever_they_lead_to() {
    // Azure has no private DNS zone for application gateways: nothing about names is unknown.
    for (target, partial) in [("Microsoft.Network/applicationGateways/gw", false), ("Microsoft.Example/things/t", true)]
    {
        let (imported, world) = read(&json!([endpoint(target, "private")]));
        assert!(world.state.unresolved.contains_key("pe"), "{target}");
        assert_eq!(imported.report.is_partial(), partial, "{target}: {:#?}", imported.report);
    }
}

#[test]
fn resources_of_azure_monitor_without_host_names_keep_their_place() {
    let own = json!([
        {"id": format!("{GROUP}/Microsoft.OperationalInsights/workspaces/w"), "location": "westeurope", "properties": {}},
        {"id": format!("{GROUP}/Microsoft.Insights/dataCollectionEndpoints/d"), "location": "westeurope", "properties": {}},
    ]);
    let (imported, world) = read(&own);
    let names: Vec<String> = world.state.resources.keys().map(ToString::to_string).collect();
    assert_eq!(names, ["w", "d"]);
    let said: Vec<_> = imported.report.of(Topic::Unresolved).collect();
    assert!(said.len() == 2 && said.iter().all(|remark| remark.get.is_some()), "{said:#?}");
}
