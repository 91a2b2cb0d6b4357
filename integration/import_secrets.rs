//! Secrets in what people import: whatever verb reads it, whole or broken, none of them is printed or written.

use serde_json::{Value, json};

use crate::fixture::run_with;

const SECRET: &str = "hunter2-hunter2-hunter2";
const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg/providers";
const MONITOR: &str = "privatelink.monitor.azure.com";

/// A workspace as azurerm has it, with its keys.
fn workspace() -> Value {
    json!({
        "id": format!("{GROUP}/Microsoft.OperationalInsights/workspaces/w"), "name": "w", "resource_group_name": "rg",
        "workspace_id": "11111111-1111-4111-8111-111111111111", "location": "westeurope",
        "primary_shared_key": SECRET, "secondary_shared_key": SECRET, "a_new_attribute": SECRET,
    })
}

/// A component: the key is a part of its connection string.
fn component() -> Value {
    let text =
        format!("InstrumentationKey={SECRET};IngestionEndpoint=https://westeurope-5.in.applicationinsights.azure.com/");
    json!({
        "id": format!("{GROUP}/Microsoft.Insights/components/c"), "name": "c", "resource_group_name": "rg",
        "location": "westeurope", "connection_string": text, "instrumentation_key": SECRET,
    })
}

/// Types, names and values of azurerm and azapi.
fn resources() -> Vec<(&'static str, &'static str, Value)> {
    let zone = json!({"id": format!("{GROUP}/Microsoft.Network/privateDnsZones/{MONITOR}"), "name": MONITOR, "resource_group_name": "rg"});
    let body = json!({"properties": {"privateLinkServiceConnections": [], "password": SECRET, "customNetworkInterfaceName": SECRET}});
    let azapi = json!({
        "id": format!("{GROUP}/Microsoft.Network/privateEndpoints/pe"), "name": "pe", "type": "Microsoft.Network/privateEndpoints@2024-05-01",
        "body": body, "sensitive_body": {"properties": {"password": SECRET}}, "output": {"password": SECRET},
    });
    vec![
        ("azurerm_private_dns_zone", "z", zone),
        ("azurerm_log_analytics_workspace", "w", workspace()),
        ("azurerm_application_insights", "c", component()),
        (
            "azurerm_key_vault_secret",
            "s",
            json!({"id": "https://kv.vault.azure.net/secrets/s", "name": "s", "value": SECRET}),
        ),
        ("azapi_resource", "pe", azapi),
    ]
}

/// Each form that can have secrets in it.
fn forms() -> Vec<(&'static str, Value)> {
    let shown = resources().into_iter().map(|(kind, name, values)| {
        json!({"address": format!("{kind}.{name}"), "mode": "managed", "type": kind, "name": name, "values": values, "sensitive_values": {}})
    });
    let root = json!({"resources": shown.collect::<Vec<_>>()});
    let raw = resources().into_iter().map(|(kind, name, attributes)| {
        json!({"mode": "managed", "type": kind, "name": name, "provider": "p", "instances": [{"attributes": attributes}]})
    });
    let changes = resources().into_iter().map(|(kind, name, after)| {
        json!({"address": format!("{kind}.{name}"), "type": kind, "name": name, "change": {"actions": ["create"], "after": after}})
    });
    let configured = resources().into_iter().map(|(kind, name, _)| {
        json!({"address": format!("{kind}.{name}"), "type": kind, "name": name, "expressions": {"x": {"constant_value": SECRET}}})
    });
    let outputs = json!({"key": {"value": SECRET, "type": "string", "sensitive": true}});
    let stack = json!([
        {
            "urn": "urn:w", "custom": true, "type": "azure-native:operationalinsights:Workspace",
            "id": format!("{GROUP}/Microsoft.OperationalInsights/workspaces/w"),
            "inputs": {"key": SECRET},
            "outputs": {
                "name": "w", "location": "westeurope", "customerId": "11111111-1111-4111-8111-111111111111",
                "sharedKey": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": SECRET},
                "other": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": SECRET},
            },
        },
        {"urn": "urn:p", "custom": true, "type": "random:index:Password", "id": "none", "outputs": {"result": SECRET}},
    ]);
    vec![
        (
            "state file",
            json!({"version": 4, "lineage": "x", "serial": 1, "outputs": outputs, "resources": raw.collect::<Vec<_>>()}),
        ),
        ("state", json!({"format_version": "1.0", "values": {"outputs": outputs, "root_module": root}})),
        (
            "plan",
            json!({
                "format_version": "1.2", "variables": {"key": {"value": SECRET}},
                "planned_values": {"outputs": outputs, "root_module": root}, "resource_changes": changes.collect::<Vec<_>>(),
                "configuration": {"root_module": {"resources": configured.collect::<Vec<_>>()}},
            }),
        ),
        (
            "stack",
            json!({"version": 3, "deployment": {"secrets_providers": {"state": {"salt": SECRET}}, "resources": stack}}),
        ),
        (
            "parameters",
            json!({
                "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
                "contentVersion": "1.0.0.0", "parameters": {"key": {"value": SECRET}, "other": {"value": {"password": SECRET}}},
            }),
        ),
    ]
}

/// Forms with bodies of the REST interface: secrets are in properties that have no part in DNS, in parameters and in outputs.
fn bodies() -> Vec<(&'static str, Value)> {
    let body = |kind: &str, name: &str, properties: Value| {
        json!({"id": format!("{GROUP}/{kind}/{name}"), "type": kind, "name": name, "apiVersion": "2024-01-01", "location": "westeurope",
            "subscriptionId": "11111111-1111-4111-8111-111111111111", "properties": properties})
    };
    let string =
        format!("InstrumentationKey={SECRET};IngestionEndpoint=https://westeurope-5.in.applicationinsights.azure.com/");
    let all = vec![
        body("Microsoft.Network/privateDnsZones", MONITOR, json!({"numberOfRecordSets": 1, "note": SECRET})),
        body(
            "Microsoft.Insights/components",
            "c",
            json!({"InstrumentationKey": SECRET, "ConnectionString": string, "Application_Type": "web"}),
        ),
        body("Microsoft.Network/connections", "vpn", json!({"sharedKey": SECRET, "connectionType": "IPsec"})),
        body("Microsoft.Web/sites", "app", json!({"siteConfig": {"appSettings": [{"name": "KEY", "value": SECRET}]}})),
    ];
    let deployment = json!({
        "id": format!("{GROUP}/Microsoft.Resources/deployments/d"), "name": "d", "type": "Microsoft.Resources/deployments",
        "properties": {
            "parameters": {"key": {"type": "String", "value": SECRET}}, "outputs": {"key": {"type": "String", "value": SECRET}},
        },
    });
    let change = |one: &Value| {
        json!({"resourceId": one["id"], "changeType": "Modify", "before": one, "after": one, "delta": [
        {"path": "properties.note", "propertyChangeType": "Modify", "before": SECRET, "after": SECRET}]})
    };
    let changes: Vec<Value> = all.iter().map(change).collect();
    let template = json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
        "parameters": {"key": {"type": "secureString", "defaultValue": SECRET}, "more": {"type": "secureObject", "defaultValue": {"key": SECRET}}},
        "variables": {"text": "[concat('a', parameters('key'))]"},
        "resources": [
            {"type": "Microsoft.Network/privateDnsZones", "apiVersion": "2024-06-01", "name": "[variables('text')]", "location": "global"},
            {"type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-06-01", "name": "v", "location": "[parameters('more').key]",
                "properties": {"addressSpace": {"addressPrefixes": ["[parameters('key')]"]}}},
        ],
        "outputs": {"key": {"type": "string", "value": "[parameters('key')]"}},
    });
    vec![
        ("resources", json!(all)),
        ("deployment", json!([deployment])),
        ("page", json!({"value": all, "nextLink": "https://management.azure.com/next"})),
        ("graph", json!({"count": 4, "data": all, "skip_token": null, "total_records": 4})),
        ("what-if", json!({"status": "Succeeded", "changes": changes, "potentialChanges": [], "diagnostics": []})),
        ("snapshot", json!({"predictedResources": all, "diagnostics": [], "outputs": {"key": SECRET}})),
        ("template", template),
    ]
}

#[test]
fn no_verb_prints_a_secret_of_bodies() {
    for (what, value) in bodies() {
        let text = serde_json::to_string_pretty(&value).expect("it can be written");
        let broken = [text.clone(), text[..text.len() - 9].to_owned(), text.replace("\"westeurope\"", "7")];
        // A template's text is its author's, and errors in it show their line.
        for text in broken.iter().take(if what == "template" { 1 } else { 3 }) {
            for verb in [
                &["import", "-"][..],
                &["import", "-", "--format", "json"],
                &["check", "-"],
                &["check", "-", "--format", "sarif"],
            ] {
                let told = run_with(verb, text);
                assert!(!told.contains(SECRET), "{what} {verb:?}: {told}");
            }
        }
    }
}

#[test]
fn no_verb_prints_a_secret_of_what_it_imports() {
    for (what, value) in forms() {
        let text = serde_json::to_string_pretty(&value).expect("it can be written");
        assert!(text.contains(SECRET), "{what}");
        // Whole, without its end, with values of another type, and with a secret where an id is wanted.
        let broken = [
            text.clone(),
            text[..text.len() - 9].to_owned(),
            text.replace("\"westeurope\"", "7"),
            text.replace(&format!("\"{SECRET}\""), &format!("[\"{SECRET}\"")),
            text.replace("\"resources\": [", "\"resources\": {"),
        ];
        for text in &broken {
            for verb in [
                &["import", "-"][..],
                &["import", "-", "--format", "json"],
                &["check", "-"],
                &["check", "-", "--format", "json"],
                &["resolve", "api.monitor.azure.com", "-"],
            ] {
                let told = run_with(verb, text);
                assert!(!told.contains(SECRET), "{what} {verb:?}: {told}");
            }
        }
    }
}
