//! The count of what imports read holds for small files whose objects are known.

use serde_json::{Value, json};

use crate::corpus::{Counted, count};

const GROUP: &str = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers";
const ZONE: &str = "privatelink.monitor.azure.com";

fn counted(value: &Value) -> Counted {
    count("file.json", value.to_string().as_bytes(), &[])
}

fn network() -> Value {
    json!({
        "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "hub", "location": "westeurope",
        "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}},
    })
}

fn template(resources: &Value) -> Value {
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0", "parameters": {"other": {"type": "string"}}, "resources": resources,
    })
}

fn link(name: &str, network: &str) -> Value {
    json!({
        "type": "Microsoft.Network/privateDnsZones/virtualNetworkLinks", "apiVersion": "2024-06-01",
        "name": format!("{ZONE}/{name}"), "location": "global", "properties": {"virtualNetwork": {"id": network}},
    })
}

#[test]
fn loops_conditions_and_modules_are_counted_as_deployed() {
    let zones = json!({
        "type": "Microsoft.Network/privateDnsZones", "apiVersion": "2024-06-01", "location": "global",
        "name": "[format('z{0}.example', copyIndex())]", "copy": {"name": "zones", "count": 3},
    });
    let mut off = network();
    off["condition"] = json!(false);
    let module = json!({
        "type": "Microsoft.Resources/deployments", "apiVersion": "2024-03-01", "name": "module",
        "properties": {"mode": "Incremental", "template": template(&json!([
            {"type": "Microsoft.Network/privateDnsZones", "apiVersion": "2024-06-01", "name": ZONE, "location": "global"},
            link("hub", "[resourceId('Microsoft.Network/virtualNetworks', 'hub')]"),
        ]))},
    });
    let found = counted(&template(&json!([network(), off, zones, module])));
    assert_eq!((found.read, found.not_deployed, found.all()), (6, 1, 6), "{found:?}");
    assert!(found.holds(), "{found:?}");
}

#[test]
fn what_is_not_read_is_reported_and_the_count_says_how_much() {
    let zone = json!({"type": "Microsoft.Network/privateDnsZones", "apiVersion": "2024-06-01", "name": ZONE, "location": "global"});
    let found = counted(&template(&json!([
        network(),
        zone,
        link("hub", "[resourceId('Microsoft.Network/virtualNetworks', 'hub')]"),
        link("other", "[parameters('other')]"),
        link("nothing", ""),
    ])));
    assert!(found.dropped.is_empty() && found.invented.is_empty(), "{found:?}");
    assert_eq!((found.read, found.reported.len()), (3, 2), "{found:?}");
    assert!(!found.holds(), "{found:?}");
    // A file that is refused has read nothing.
    let refused =
        counted(&template(&json!([network(), {"type": "Microsoft.Network/privateDnsZones", "name": "[x(]"}])));
    assert_eq!((refused.read, refused.reported.len()), (0, 2), "{refused:?}");
}

#[test]
fn a_link_alone_says_that_its_zone_exists() {
    let found = counted(&template(&json!([
        network(),
        link("hub", "[resourceId('Microsoft.Network/virtualNetworks', 'hub')]")
    ])));
    assert_eq!((found.read, found.all()), (2, 2), "{found:?}");
    assert!(found.holds(), "{found:?}");
}

#[test]
fn plans_and_states_are_counted_alike() {
    let resources = json!([
        {"address": "azurerm_virtual_network.n", "mode": "managed", "type": "azurerm_virtual_network", "name": "n",
         "values": {"name": "hub", "resource_group_name": "rg", "address_space": ["10.0.0.0/16"]}},
        {"address": "azurerm_subnet.s", "mode": "managed", "type": "azurerm_subnet", "name": "s",
         "values": {"name": "pe", "resource_group_name": "rg", "virtual_network_name": "hub", "address_prefixes": ["10.0.1.0/24"]}},
        {"address": "azurerm_private_dns_zone.z", "mode": "managed", "type": "azurerm_private_dns_zone", "name": "z",
         "values": {"name": ZONE, "resource_group_name": "rg"}},
        {"address": "azurerm_private_dns_a_record.a", "mode": "managed", "type": "azurerm_private_dns_a_record", "name": "a",
         "values": {"name": "api", "zone_name": ZONE, "resource_group_name": "rg", "ttl": 300, "records": ["10.0.1.4"]}},
    ]);
    let module = json!({"root_module": {"resources": resources}});
    let plan = json!({"format_version": "1.2", "planned_values": module, "configuration": {"root_module": {}}});
    let state = json!({"format_version": "1.0", "terraform_version": "1.13.3", "values": module});
    let raw: Vec<Value> = resources
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| json!({"mode": "managed", "type": one["type"], "name": one["name"], "instances": [{"attributes": one["values"]}]}))
        .collect();
    let raw = json!({"version": 4, "lineage": "x", "resources": raw});
    for value in [plan, state, raw] {
        let found = counted(&value);
        assert_eq!((found.read, found.all()), (4, 4), "{found:?}");
        assert!(found.holds(), "{found:?}");
    }
}

#[test]
fn a_network_whose_name_is_known_only_after_apply_is_called_after_its_place() {
    let resource = |kind: &str, values: Value| json!({"address": format!("{kind}.x"), "mode": "managed", "type": kind, "name": "x", "values": values});
    let resources = [
        resource("azurerm_virtual_network", json!({"resource_group_name": "rg", "address_space": ["10.0.0.0/16"]})),
        resource("azurerm_private_dns_zone", json!({"name": ZONE, "resource_group_name": "rg"})),
    ];
    let plan = json!({"format_version": "1.2", "planned_values": {"root_module": {"resources": resources}}});
    let found = counted(&plan);
    assert_eq!((found.read, found.all(), found.invented.len()), (2, 2, 0), "{found:?}");
}

#[test]
fn forms_of_evaluated_resources_are_counted() {
    let zone = json!({"id": format!("{GROUP}/Microsoft.Network/privateDnsZones/{ZONE}"), "type": "Microsoft.Network/privateDnsZones", "name": ZONE});
    let pulumi = json!({"urn": "u", "type": "azure-native:privatedns:PrivateZone", "custom": true, "id": zone["id"], "outputs": zone});
    let forms = [
        json!([zone]),
        json!({"value": [zone]}),
        json!({"count": 1, "total_records": 1, "data": [zone]}),
        json!({"predictedResources": [zone]}),
        json!({"changes": [{"changeType": "Create", "resourceId": zone["id"], "after": zone}]}),
        json!({"version": 3, "deployment": {"resources": [pulumi]}}),
    ];
    let mut total = Counted::default();
    for value in forms {
        let found = counted(&value);
        assert_eq!((found.read, found.all()), (1, 1), "{value}: {found:?}");
        total.add(found);
    }
    assert_eq!((total.read, total.all()), (6, 6));
}
