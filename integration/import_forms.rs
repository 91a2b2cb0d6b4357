//! Forms that people have: each is read, nothing is invented, and what is unknown is reported.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ampls_dns::compile::{Compiled, compile};
use ampls_dns::dns::RecordType;
use ampls_dns::import::{ImportFile, Imported, Kind, Topic, import, recognise};
use serde_json::{Value, json};

use crate::fixture::{run, run_with};

const SUBSCRIPTION: &str = "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg/providers";
const MONITOR: &str = "privatelink.monitor.azure.com";

fn read(files: &[(&str, &str)]) -> Imported {
    let sources: Vec<ImportFile<'_>> =
        files.iter().map(|(name, text)| ImportFile { name: Arc::from(*name), text: text.as_bytes() }).collect();
    import(&sources).unwrap_or_else(|errors| panic!("{errors}"))
}

fn one(value: &Value) -> Imported {
    read(&[("main.json", &value.to_string())])
}

fn world(imported: &Imported) -> Compiled {
    let history = Arc::new(imported.scenario.history.clone());
    compile(&history, history.last())
}

fn zones(imported: &Imported) -> Vec<String> {
    world(imported).state.zones.keys().map(|id| id.apex.to_string()).collect()
}

fn networks(imported: &Imported) -> Vec<String> {
    world(imported).state.networks.keys().map(ToString::to_string).collect()
}

fn remarks(imported: &Imported, topic: Topic) -> Vec<&str> {
    imported.report.of(topic).map(|remark| remark.text.as_str()).collect()
}

/// A template with those resources; `more` are other sections.
fn template(resources: Value, more: Value) -> Value {
    let mut own = json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        own[key] = value.clone();
    }
    own["resources"] = resources;
    own
}

fn zone(name: &str) -> Value {
    json!({"type": "Microsoft.Network/privateDnsZones", "apiVersion": "2024-06-01", "name": name, "location": "global"})
}

fn hub() -> Value {
    json!({
        "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "hub", "location": "westeurope",
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "pe", "properties": {"addressPrefix": "10.0.1.0/24"}}],
        },
    })
}

fn scope() -> Value {
    json!({
        "type": "Microsoft.Insights/privateLinkScopes", "apiVersion": "2021-07-01-preview", "name": "s",
        "location": "global",
        "properties": {"accessModeSettings": {"ingestionAccessMode": "Open", "queryAccessMode": "Open"}},
    })
}

fn endpoint(subnet: &str, target: &str, group: &str) -> Value {
    json!({
        "type": "Microsoft.Network/privateEndpoints", "apiVersion": "2024-05-01", "name": "pe", "location": "westeurope",
        "properties": {
            "subnet": {"id": subnet},
            "privateLinkServiceConnections": [
                {"name": "c", "properties": {"privateLinkServiceId": target, "groupIds": [group]}},
            ],
        },
    })
}

const IN_HUB: &str = "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'hub', 'pe')]";
const TO_SCOPE: &str = "[resourceId('Microsoft.Insights/privateLinkScopes', 's')]";

fn zone_group(zones: &Value) -> Value {
    json!({
        "type": "Microsoft.Network/privateEndpoints/privateDnsZoneGroups", "apiVersion": "2024-05-01", "name": "pe/default",
        "properties": {"privateDnsZoneConfigs": zones},
    })
}

/// A deployment within a template, with inner scope.
fn module(name: &str, parameters: Value, inner: Value) -> Value {
    json!({
        "type": "Microsoft.Resources/deployments", "apiVersion": "2025-04-01", "name": name,
        "properties": {
            "mode": "Incremental", "expressionEvaluationOptions": {"scope": "inner"},
            "parameters": parameters, "template": inner,
        },
    })
}

/// The zones that the only endpoint writes to.
fn group_of(imported: &Imported) -> Vec<String> {
    let world = world(imported);
    let endpoint = world.state.endpoints.values().next().expect("there is an endpoint");
    let group = endpoint.spec.zone_group.as_ref().expect("it has a zone group");
    group.zones.iter().map(|zone| zone.apex.to_string()).collect()
}

#[test]
fn comments_and_strings_over_several_lines_are_read() {
    let text = "{ // a template\n  \"contentVersion\": \"1.0.0.0\", /* two\n lines */\n  \"resources\": [\n    {\n      \"type\": \
                \"Microsoft.Network/privateDnsZones\",\n      \"name\": \"[concat('privatelink.',\n        \
                'monitor.azure.com')]\",\n    },\n  ]\n}";
    let imported = read(&[("main.jsonc", text)]);
    assert_eq!(zones(&imported), [MONITOR]);
    let broken = text.replace("],\n}", "\n}").replace("  ]\n}", "  \n}");
    let told = run_with(&["import", "-"], &broken);
    assert!(told.starts_with("exit code 2") && told.contains("<stdin>:11:"), "{told}");
}

#[test]
fn nullable_parameters_that_are_not_given_are_null() {
    let list = "coalesce(parameters('zones'), createArray('privatelink.monitor.azure.com'))";
    let mut own = zone(&format!("[{list}[copyIndex()]]"));
    own["copy"] = json!({"name": "z", "count": format!("[length({list})]")});
    let parameters = json!({"parameters": {"zones": {"type": "array", "nullable": true}}, "languageVersion": "2.0"});
    assert_eq!(zones(&one(&template(json!([own]), parameters))), [MONITOR]);
}

#[test]
fn an_outer_parameter_without_a_value_costs_only_what_needs_it() {
    let inner = template(
        json!([{
            "type": "Microsoft.OperationalInsights/workspaces", "apiVersion": "2023-09-01",
            "name": "[parameters('ws')]", "location": "westeurope", "properties": {},
        }]),
        json!({}),
    );
    let mut outer = module("d", json!({}), inner);
    outer["properties"].as_object_mut().expect("it is an object").remove("expressionEvaluationOptions");
    let own = template(json!([outer, zone(MONITOR)]), json!({"parameters": {"ws": {"type": "string"}}}));
    let imported = one(&own);
    assert_eq!(zones(&imported), [MONITOR]);
    let unresolved = remarks(&imported, Topic::Unresolved);
    assert!(unresolved.iter().any(|text| text.contains("parameter `ws` has no value")), "{unresolved:?}");
    assert!(imported.report.is_partial());
}

#[test]
fn zone_groups_come_from_outputs_of_modules() {
    let names = ["privatelink.monitor.azure.com", "privatelink.ods.opinsights.azure.com"];
    let inner = template(
        json!([{
            "type": "Microsoft.Network/privateDnsZones", "apiVersion": "2024-06-01", "location": "global",
            "name": "[parameters('names')[copyIndex()]]",
            "copy": {"name": "zones", "count": "[length(parameters('names'))]"},
        }]),
        json!({
            "parameters": {"names": {"type": "array"}},
            "outputs": {"ids": {"type": "array", "copy": {
                "count": "[length(parameters('names'))]",
                "input": "[resourceId('Microsoft.Network/privateDnsZones', parameters('names')[copyIndex()])]",
            }}},
        }),
    );
    // The name of the module depends on the moment: both sides take the same.
    let name = "[format('zones-{0}-{1}', parameters('suffix'), uniqueString(deployment().name))]";
    let output = "reference(resourceId('Microsoft.Resources/deployments', format('zones-{0}-{1}', parameters('suffix'), \
                  uniqueString(deployment().name)))).outputs.ids.value";
    let configs = json!({"copy": [{
        "name": "privateDnsZoneConfigs", "count": format!("[length({output})]"),
        "input": {
            "name": "[format('c{0}', copyIndex('privateDnsZoneConfigs'))]",
            "properties": {"privateDnsZoneId": format!("[{output}[copyIndex('privateDnsZoneConfigs')]]")},
        },
    }]});
    let mut group = zone_group(&json!([]));
    group["properties"] = configs;
    let own = template(
        json!([
            hub(),
            scope(),
            module(name, json!({"names": {"value": names}}), inner),
            endpoint(IN_HUB, TO_SCOPE, "azuremonitor"),
            group
        ]),
        json!({"parameters": {"suffix": {"type": "string", "defaultValue": "[utcNow()]"}}}),
    );
    let imported = one(&own);
    assert_eq!(group_of(&imported), names, "{:#?}", imported.report);
    assert!(!imported.report.is_partial(), "{:#?}", imported.report);
}

#[test]
fn ids_of_subnets_follow_from_their_network() {
    let subnet = "[reference(resourceId('Microsoft.Network/virtualNetworks', 'hub'), '2024-05-01').subnets[0].id]";
    let own = template(json!([hub(), scope(), endpoint(subnet, TO_SCOPE, "azuremonitor")]), json!({}));
    let imported = one(&own);
    assert_eq!(networks(&imported), ["hub"]);
    let world = world(&imported);
    let endpoint = world.state.endpoints.values().next().expect("there is an endpoint");
    assert_eq!((endpoint.spec.network.as_str(), endpoint.spec.subnet.as_str()), ("hub", "pe"));
}

#[test]
fn endpoints_of_other_services_are_no_scopes() {
    let vault = "[resourceId(parameters('group'), 'Microsoft.KeyVault/vaults', parameters('vault'))]";
    let parameters =
        json!({"parameters": {"vault": {"type": "string"}, "group": {"type": "string"}, "pls": {"type": "string"}}});
    for target in [vault, "[parameters('pls')]"] {
        let imported = one(&template(json!([hub(), endpoint(IN_HUB, target, "vault")]), parameters.clone()));
        let world = world(&imported);
        assert!(world.state.scopes.is_empty() && world.state.endpoints.is_empty(), "{target}");
        let not_read = remarks(&imported, Topic::NotRead);
        assert!(not_read.iter().any(|text| text.contains("private endpoint pe is connected to")), "{not_read:?}");
    }
    // Without the group nobody knows what it leads to, and it is reported.
    let mut unknown = endpoint(IN_HUB, "[parameters('pls')]", "vault");
    let connections = &mut unknown["properties"]["privateLinkServiceConnections"];
    connections[0]["properties"].as_object_mut().expect("it is an object").remove("groupIds");
    let imported = one(&template(json!([hub(), unknown]), parameters));
    assert!(world(&imported).state.scopes.is_empty());
    assert!(imported.report.is_partial());
}

#[test]
fn networks_are_never_invented() {
    let own = template(
        json!([
            zone(MONITOR),
            {
                "type": "Microsoft.Network/privateDnsZones/virtualNetworkLinks", "apiVersion": "2024-06-01",
                "name": "privatelink.monitor.azure.com/l", "location": "global",
                "properties": {"virtualNetwork": {"id": "[parameters('network')]"}, "registrationEnabled": false},
            },
            scope(),
            endpoint("[parameters('subnet')]", TO_SCOPE, "azuremonitor"),
        ]),
        json!({"parameters": {"network": {"type": "string"}, "subnet": {"type": "string"}}}),
    );
    let imported = one(&own);
    assert_eq!(networks(&imported), [""; 0]);
    let unresolved = remarks(&imported, Topic::Unresolved);
    for parameter in ["network", "subnet"] {
        assert!(unresolved.iter().any(|text| text.contains(&format!("parameter `{parameter}`"))), "{unresolved:?}");
    }
    // Parameters given, it is whole.
    let ids = json!({"contentVersion": "1.0.0.0", "parameters": {
        "network": {"value": format!("{SUBSCRIPTION}/Microsoft.Network/virtualNetworks/v")},
        "subnet": {"value": format!("{SUBSCRIPTION}/Microsoft.Network/virtualNetworks/v/subnets/s")},
    }});
    let imported = read(&[("main.json", &own.to_string()), ("main.parameters.json", &ids.to_string())]);
    assert_eq!(networks(&imported), ["v"]);
}

#[test]
fn what_a_module_depends_on_comes_first() {
    let workspace = json!({
        "type": "Microsoft.OperationalInsights/workspaces", "apiVersion": "2023-09-01", "name": "w",
        "location": "westeurope", "properties": {},
    });
    let id = |kind: &str, name: &str| format!("[resourceId('{kind}', '{name}')]");
    let endpoints = module(
        "endpoints",
        json!({"scope": {"value": TO_SCOPE}, "subnet": {"value": IN_HUB}}),
        template(
            json!([endpoint("[parameters('subnet')]", "[parameters('scope')]", "azuremonitor")]),
            json!({"parameters": {"scope": {"type": "string"}, "subnet": {"type": "string"}}}),
        ),
    );
    let mut scoped = module(
        "scoped",
        json!({"w": {"value": id("Microsoft.OperationalInsights/workspaces", "w")}}),
        template(
            json!([{
                "type": "Microsoft.Insights/privateLinkScopes/scopedResources", "apiVersion": "2021-07-01-preview",
                "name": "s/w", "properties": {"linkedResourceId": "[parameters('w')]"},
            }]),
            json!({"parameters": {"w": {"type": "string"}}}),
        ),
    );
    let steps = |own: &Value| -> Vec<String> {
        one(own).scenario.history.steps().iter().map(|step| step.name.to_string()).collect()
    };
    let all = |scoped: &Value| template(json!([hub(), workspace, scope(), endpoints, scoped]), json!({}));
    assert!(!steps(&all(&scoped)).contains(&"scoped-later".to_owned()));
    scoped["dependsOn"] = json!([id("Microsoft.Resources/deployments", "endpoints")]);
    assert!(steps(&all(&scoped)).contains(&"scoped-later".to_owned()));
}

#[test]
fn scopes_from_before_access_modes_behave_as_such() {
    let mut own = scope();
    own["apiVersion"] = json!("2019-10-17-preview");
    own["properties"] = json!({});
    let imported = one(&template(json!([own]), json!({})));
    let inferred = remarks(&imported, Topic::Inferred);
    assert!(inferred.iter().any(|text| text.contains("ingestion is PrivateOnly and queries are Open")), "{inferred:?}");
    let world = world(&imported);
    let scope = world.state.scopes.values().next().expect("there is a scope");
    assert_eq!(scope.spec.created.map(|date| date.to_string()).as_deref(), Some("2021-08-31"));
}

#[test]
fn a_scope_that_is_only_referred_to_is_reported() {
    let own = json!({
        "id": format!("{SUBSCRIPTION}/Microsoft.Insights/privateLinkScopes/my-scope/scopedResources/w"),
        "properties": {"linkedResourceId": format!("{SUBSCRIPTION}/Microsoft.OperationalInsights/workspaces/w")},
    });
    let imported = one(&own);
    let missing = remarks(&imported, Topic::Missing);
    assert!(missing.iter().any(|text| text.contains("scope my-scope is referenced")), "{missing:?}");
}

#[test]
fn zones_of_lists_invent_no_network() {
    let own = json!([{
        "id": format!("{SUBSCRIPTION}/Microsoft.Network/privateDnsZones/{MONITOR}"),
        "name": MONITOR, "numberOfRecordSets": 9, "numberOfVirtualNetworkLinks": 2,
    }]);
    let imported = one(&own);
    assert_eq!(networks(&imported), [""; 0]);
    let missing = remarks(&imported, Topic::Missing);
    assert!(missing.iter().any(|text| text.contains("the links of")), "{missing:?}");
}

#[test]
fn record_sets_of_zone_groups_are_taken_as_they_are() {
    let blob = "privatelink.blob.core.windows.net";
    let zone_id = format!("{SUBSCRIPTION}/Microsoft.Network/privateDnsZones/{blob}");
    let own = json!([
        {"id": zone_id, "name": blob, "properties": {"numberOfRecordSets": 2}},
        {
            "id": format!("{SUBSCRIPTION}/Microsoft.Network/privateEndpoints/stone-pe"),
            "properties": {
                "subnet": {"id": format!("{SUBSCRIPTION}/Microsoft.Network/virtualNetworks/hub/subnets/pe")},
                "privateLinkServiceConnections": [{"name": "c", "properties": {
                    "privateLinkServiceId": format!("{SUBSCRIPTION}/Microsoft.Storage/storageAccounts/stone"),
                    "groupIds": ["blob"],
                }}],
            },
        },
        {
            "id": format!("{SUBSCRIPTION}/Microsoft.Network/privateEndpoints/stone-pe/privateDnsZoneGroups/default"),
            "properties": {"privateDnsZoneConfigs": [{"name": "b", "properties": {
                "privateDnsZoneId": zone_id,
                "recordSets": [{
                    "recordType": "A", "recordSetName": "stone", "fqdn": format!("stone.{blob}"), "ttl": 10,
                    "ipAddresses": ["10.0.1.4"],
                }],
            }}]},
        },
    ]);
    let imported = one(&own);
    let world = world(&imported);
    let (_, zone) = world.state.zones.iter().next().expect("there is a zone");
    let sets: Vec<String> = zone
        .zone
        .sets()
        .into_iter()
        .filter(|owned| owned.set.kind() == RecordType::A)
        .map(|owned| {
            format!("{} {:?}", owned.set.owner(), owned.set.data().iter().map(ToString::to_string).collect::<Vec<_>>())
        })
        .collect();
    assert_eq!(sets, [format!("stone.{blob} [\"10.0.1.4\"]")]);
    // The endpoint itself writes it: nothing is left out, and nothing is done by hand.
    assert_eq!(remarks(&imported, Topic::NotRead), Vec::<&str>::new());
    assert!(world.state.endpoints.contains_key("stone-pe"));
}

/// A private zone as Azure writes it.
fn zone_body() -> Value {
    json!({
        "id": format!("{SUBSCRIPTION}/Microsoft.Network/privateDnsZones/{MONITOR}"),
        "name": MONITOR, "type": "Microsoft.Network/privateDnsZones", "location": "global", "properties": {},
    })
}

#[test]
fn what_if_answers_give_the_estate_afterwards() {
    let id = zone_body()["id"].clone();
    let change = |kind: &str, side: &str| json!({"changeType": kind, "resourceId": id, side: zone_body()});
    for (kind, side, wanted) in [
        ("Create", "after", 1),
        ("NoChange", "after", 1),
        ("Modify", "after", 1),
        ("Ignore", "before", 1),
        ("Delete", "before", 0),
    ] {
        let cli = json!({"status": "Succeeded", "error": null, "changes": [change(kind, side)]});
        let rest = json!({"status": "Succeeded", "properties": {"changes": [change(kind, side)]}});
        for own in [cli, rest] {
            let imported = one(&own);
            assert_eq!(zones(&imported).len(), wanted, "{kind}");
            assert_eq!(imported.report.of(Topic::NotRead).count(), 0, "{kind}");
        }
    }
    for kind in ["Deploy", "Unsupported"] {
        let own = json!({"status": "Succeeded", "changes": [{"changeType": kind, "resourceId": id}]});
        assert!(one(&own).report.is_partial(), "{kind}");
    }
    let own = json!({"status": "Succeeded", "changes": [], "potentialChanges": [{"resourceId": id}]});
    assert!(one(&own).report.is_partial());
}

#[test]
fn snapshots_keep_what_is_not_known_as_unknown() {
    let link = json!({
        "id": format!("{SUBSCRIPTION}/Microsoft.Network/privateDnsZones/{MONITOR}/virtualNetworkLinks/l"),
        "type": "Microsoft.Network/privateDnsZones/virtualNetworkLinks", "name": format!("{MONITOR}/l"),
        "properties": {"virtualNetwork": {"id": "[reference('x', '2024-05-01').id]"}},
    });
    let imported = one(&json!({"predictedResources": [zone_body(), link], "diagnostics": []}));
    assert_eq!(zones(&imported), [MONITOR]);
    assert_eq!(networks(&imported), [""; 0]);
    assert!(imported.report.is_partial(), "{:#?}", imported.report);
}

#[test]
fn answers_of_resource_graph_are_read_page_by_page() {
    let record = json!({
        "id": format!("{SUBSCRIPTION}/Microsoft.Network/privateDnsZones/{MONITOR}/A/api"),
        "name": "api", "type": "microsoft.network/privatednszones/a", "managedBy": MONITOR,
        "properties": {"records": [{"ipv4Address": "10.0.1.4"}], "ttl": 10},
    });
    let page = |rows: Value| json!({"count": 1, "total_records": 2, "skip_token": null, "data": rows}).to_string();
    let (first, second) = (page(json!([zone_body()])), page(json!([record])));
    let imported = read(&[("a.json", &first), ("b.json", &second)]);
    assert_eq!(imported.report.of(Topic::NotRead).count(), 0, "{:#?}", imported.report);
    let world = world(&imported);
    let (_, zone) = world.state.zones.iter().next().expect("there is a zone");
    assert!(zone.zone.sets().into_iter().any(|owned| owned.set.owner().to_string() == format!("api.{MONITOR}")));
    assert!(read(&[("a.json", &first)]).report.is_partial(), "a page is missing");
    let id = zone_body()["id"].clone();
    let table = json!({"totalRecords": 1, "count": 1, "data": {
        "columns": [{"name": "id"}, {"name": "name"}, {"name": "type"}],
        "rows": [[id, MONITOR, "microsoft.network/privatednszones"]],
    }});
    assert_eq!(zones(&one(&table)), [MONITOR]);
    let powershell = json!({"Data": [zone_body()], "Count": 1, "SkipToken": null});
    assert_eq!(zones(&one(&powershell)), [MONITOR]);
}

#[test]
fn raw_states_are_read_and_their_secrets_stay_inside() {
    let secret = "hunter2-hunter2-hunter2";
    let state = json!({
        "version": 4, "terraform_version": "1.11.4", "serial": 7, "lineage": "x", "outputs": {},
        "resources": [
            {
                "mode": "managed", "type": "azurerm_private_dns_zone", "name": "z", "provider": "p",
                "instances": [{"attributes": {
                    "id": format!("{SUBSCRIPTION}/Microsoft.Network/privateDnsZones/{MONITOR}"),
                    "name": MONITOR, "resource_group_name": "rg", "number_of_record_sets": 1,
                }}],
            },
            {
                "mode": "managed", "type": "azurerm_log_analytics_workspace", "name": "w", "provider": "p", "module": "module.m",
                "instances": [{"index_key": "a", "attributes": {
                    "id": format!("{SUBSCRIPTION}/Microsoft.OperationalInsights/workspaces/w"), "name": "w",
                    "workspace_id": "11111111-1111-4111-8111-111111111111", "location": "westeurope",
                    "primary_shared_key": secret, "secondary_shared_key": secret,
                    "internet_ingestion_enabled": true, "internet_query_access_type": "Disabled",
                }}],
            },
            {
                "mode": "managed", "type": "azapi_resource", "name": "s", "provider": "p",
                "instances": [{"attributes": {
                    "id": format!("{SUBSCRIPTION}/Microsoft.Insights/privateLinkScopes/s"), "name": "s",
                    "type": "Microsoft.Insights/privateLinkScopes@2021-07-01-preview",
                    "body": {"type": ["object", {}], "value": {"properties": {"accessModeSettings": {
                        "ingestionAccessMode": "PrivateOnly", "queryAccessMode": "Open",
                    }}}},
                }}],
            },
        ],
    });
    let imported = one(&state);
    assert_eq!(zones(&imported), [MONITOR]);
    let world = world(&imported);
    let scope = world.state.scopes.values().next().expect("there is a scope");
    assert_eq!(format!("{:?}", scope.access.ingestion), "PrivateOnly");
    assert_eq!(world.state.resources.len(), 1);
    // Whatever is wrong with it, no line of it is shown.
    let text = serde_json::to_string_pretty(&state).expect("it can be written");
    let broken = [text.clone(), text[..text.len() - 9].to_owned(), text.replace("\"rg\"", "7")];
    for text in &broken {
        for verb in [&["import", "-"][..], &["import", "-", "--format", "json"], &["check", "-"]] {
            let told = run_with(verb, text);
            assert!(!told.contains(secret), "{verb:?}: {told}");
        }
    }
    let parameters = json!({"contentVersion": "1", "parameters": {"key": {"value": secret}}}).to_string();
    let own = template(
        json!([zone("[concat('x.', parameters('key'))]")]),
        json!({"parameters": {"key": {"type": "secureString"}}}),
    );
    let imported = read(&[("main.json", &own.to_string()), ("main.parameters.json", &parameters)]);
    assert!(!imported.scenario.write().contains(secret) && !format!("{:?}", imported.report).contains(secret));
}

/// A plan of those resources, with their expressions.
fn plan(resources: &[(&str, &str, Value, Value)]) -> Value {
    let planned = resources.iter().map(|(kind, name, values, _)| {
        json!({"address": format!("{kind}.{name}"), "mode": "managed", "type": kind, "name": name, "values": values})
    });
    let configured = resources.iter().map(|(kind, name, _, expressions)| {
        json!({"address": format!("{kind}.{name}"), "mode": "managed", "type": kind, "name": name, "expressions": expressions})
    });
    json!({
        "format_version": "1.2", "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": planned.collect::<Vec<_>>()}},
        "configuration": {"root_module": {"resources": configured.collect::<Vec<_>>()}},
    })
}

fn refers(to: &str) -> Value {
    json!({"references": [format!("{to}.id"), to]})
}

#[test]
fn plans_of_new_and_old_providers_link_zones_alike() {
    let network = || {
        let values = json!({"name": "v", "resource_group_name": "rg", "address_space": ["10.0.0.0/16"]});
        ("azurerm_virtual_network", "v", values, json!({}))
    };
    let zone = || ("azurerm_private_dns_zone", "z", json!({"name": MONITOR, "resource_group_name": "rg"}), json!({}));
    let group = || ("azurerm_resource_group", "g", json!({"name": "rg", "location": "westeurope"}), json!({}));
    let old = plan(&[
        network(),
        zone(),
        (
            "azurerm_private_dns_zone_virtual_network_link",
            "l",
            json!({"name": "l", "private_dns_zone_name": MONITOR, "resource_group_name": "rg"}),
            json!({"virtual_network_id": refers("azurerm_virtual_network.v")}),
        ),
    ]);
    let new = plan(&[
        network(),
        zone(),
        (
            "azurerm_private_dns_zone_virtual_network_link",
            "l",
            json!({"name": "l"}),
            json!({
                "private_dns_zone_id": refers("azurerm_private_dns_zone.z"),
                "virtual_network_id": refers("azurerm_virtual_network.v"),
            }),
        ),
    ]);
    let azapi = plan(&[
        group(),
        network(),
        (
            "azapi_resource",
            "z",
            json!({"type": "Microsoft.Network/privateDnsZones@2024-06-01", "name": MONITOR, "body": null}),
            json!({"parent_id": refers("azurerm_resource_group.g")}),
        ),
        (
            "azapi_resource",
            "l",
            json!({
                "type": "Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01", "name": "l",
                "body": {"properties": {"registrationEnabled": false, "virtualNetwork": {}}},
            }),
            json!({"parent_id": refers("azapi_resource.z"), "body": refers("azurerm_virtual_network.v")}),
        ),
    ]);
    for (what, own) in [("azurerm 4", old), ("azurerm 5", new), ("azapi", azapi)] {
        let imported = one(&own);
        let world = world(&imported);
        let (_, zone) = world.state.zones.iter().next().unwrap_or_else(|| panic!("{what}: there is a zone"));
        let links: Vec<String> = zone.links.keys().map(ToString::to_string).collect();
        assert_eq!(links, ["v"], "{what}: {:#?}", imported.report);
        assert!(!imported.report.is_partial(), "{what}: {:#?}", imported.report);
    }
}

#[test]
fn one_scope_of_two_providers_is_one() {
    let own = plan(&[
        (
            "azapi_resource",
            "s",
            json!({
                "type": "Microsoft.Insights/privateLinkScopes@2021-07-01-preview", "name": "s",
                "body": {"properties": {"accessModeSettings": {
                    "ingestionAccessMode": "PrivateOnly", "queryAccessMode": "PrivateOnly",
                }}},
            }),
            json!({"parent_id": refers("azurerm_resource_group.g")}),
        ),
        (
            "azurerm_log_analytics_workspace",
            "w",
            json!({"name": "w", "resource_group_name": "rg", "location": "westeurope", "internet_query_access_type": "Disabled"}),
            json!({}),
        ),
        (
            "azurerm_monitor_private_link_scoped_service",
            "sw",
            json!({"name": "w", "resource_group_name": "rg", "scope_name": "s"}),
            json!({"linked_resource_id": refers("azurerm_log_analytics_workspace.w")}),
        ),
        // The group comes after what is in it, as in a plan's order by name.
        ("azurerm_resource_group", "g", json!({"name": "rg", "location": "westeurope"}), json!({})),
    ]);
    let imported = one(&own);
    let world = world(&imported);
    let scopes: Vec<String> = world.state.scopes.keys().map(ToString::to_string).collect();
    assert_eq!(scopes, ["s"], "{:#?}", imported.report);
    let scope = world.state.scopes.values().next().expect("there is a scope");
    assert_eq!((scope.resources.len(), format!("{:?}", scope.access.query).as_str()), (1, "PrivateOnly"));
}

#[test]
fn stacks_of_pulumi_are_read() {
    let own = json!({"version": 3, "deployment": {"manifest": {}, "resources": [
        {"urn": "urn:pulumi:a::b::pulumi:pulumi:Stack::s", "custom": false, "type": "pulumi:pulumi:Stack"},
        {
            "urn": "urn:z", "custom": true, "type": "azure-native:privatedns:PrivateZone", "id": zone_body()["id"],
            "inputs": {}, "outputs": {"name": MONITOR, "type": "Microsoft.Network/privateDnsZones", "numberOfRecordSets": 1},
        },
        {"urn": "urn:gone", "custom": true, "delete": true, "type": "azure-native:privatedns:PrivateZone", "id": "/x"},
    ]}});
    assert_eq!(zones(&one(&own)), [MONITOR]);
}

#[test]
fn other_forms_get_the_command_that_makes_them_readable() {
    for (text, command) in [
        ("resource \"azurerm_subnet\" \"x\" {\n}\n", "terraform show -json"),
        ("resource z 'Microsoft.Network/privateDnsZones@2024-06-01' = {\n}\n", "az bicep build"),
        ("using 'main.bicep'\nparam a = 'b'\n", "bicep build-params"),
        ("# here\nlocation = \"westeurope\"\n", "terraform plan -var-file"),
        (
            "{\"serial\": 1, \"lineage\": \"x\", \"encrypted_data\": \"x\", \"encryption_version\": \"v0\"}",
            "tofu state pull",
        ),
        ("{\"version\": 3, \"lineage\": \"x\", \"modules\": []}", "terraform state pull"),
    ] {
        assert_eq!(recognise(text.as_bytes()), Some(Kind::Other), "{text}");
        for verb in ["import", "check"] {
            let told = run_with(&[verb, "-"], text);
            assert!(told.starts_with("exit code 2") && told.contains(command), "{verb} {text}: {told}");
        }
    }
}

/// Forty variables, each with the one before it twice.
fn doubled(expression: &str) -> Value {
    let own = |number: usize| json!(expression.replace("{}", &number.to_string()));
    let more = (1..=40).map(|number| (format!("v{number}"), own(number - 1)));
    Value::Object(std::iter::once(("v0".to_owned(), json!("x"))).chain(more).collect())
}

/// A resource with a loop that runs a thousand million times.
fn copied(mut resource: Value) -> Value {
    resource["copy"] = json!({"name": "c", "count": 1_000_000_000});
    resource
}

fn zone_with(properties: Value) -> Value {
    let mut own = zone("z.example");
    own["properties"] = properties;
    own
}

fn zone_named(name: &str, more: Value) -> Value {
    template(json!([zone(name)]), more)
}

/// Templates whose expressions grow or never end, with a part of the error.
fn hostile_expressions() -> Vec<(&'static str, Value, &'static str)> {
    let named = zone_named;
    vec![
        ("range", named("[string(range(0, 1000000000))]", json!({})), "the limit is 10000"),
        ("padLeft", named("[padLeft('x', 2000000000, 'y')]", json!({})), "more than 1 MiB"),
        (
            "replace",
            named("[replace(padLeft('', 1000000, 'a'), 'a', padLeft('', 1000000, 'b'))]", json!({})),
            "more than 1 MiB",
        ),
        (
            "recursion",
            named(
                "[n.f('x')]",
                json!({"functions": [{"namespace": "n", "members": {"f": {
                    "parameters": [{"name": "a", "type": "string"}],
                    "output": {"type": "string", "value": "[n.f(parameters('a'))]"},
                }}}]}),
            ),
            "nested deeper than",
        ),
        (
            "loops",
            named(
                "[string(length(variables('a')))]",
                json!({"variables": {"a": "[map(range(0, 10000), lambda('i', map(range(0, 10000), lambda('j', 'x'))))]"}}),
            ),
            "too much",
        ),
        (
            "lists",
            named(
                "[string(variables('a'))]",
                json!({"variables": {"a": "[map(range(0, 10000), lambda('i', padLeft('', 100000, 'x')))]"}}),
            ),
            "too much",
        ),
        (
            "shared parts",
            named(
                "[string(variables('v40'))]",
                json!({"variables": doubled("[createArray(variables('v{}'), variables('v{}'))]")}),
            ),
            "too large",
        ),
        (
            "doubled text",
            named("[variables('v40')]", json!({"variables": doubled("[concat(variables('v{}'), variables('v{}'))]")})),
            "more than 1 MiB",
        ),
        ("format", named("[format('{0,2000000000}', 'x')]", json!({})), "more than 1 MiB"),
        (
            "circle",
            named("[variables('a')]", json!({"variables": {"a": "[variables('b')]", "b": "[variables('a')]"}})),
            "circular references",
        ),
        (
            "brackets",
            named(&format!("[{}true{}]", "not(".repeat(100_000), ")".repeat(100_000)), json!({})),
            "nested deeper",
        ),
    ]
}

/// Names whose functions repeat work on large texts or lists, or call themselves, with a part of the error.
fn hostile_work() -> Vec<(&'static str, Value, &'static str)> {
    let named = zone_named;
    let work = "too much work";
    let text = json!({"variables": {"b": "[padLeft('', 1000000, 'a')]"}});
    let each =
        |body: &str| named(&format!("[string(length(map(range(0, 10000), lambda('i', {body}))))]"), text.clone());
    let list: Vec<String> = (0..6).map(|part| format!("range({}, 10000)", part * 10_000)).collect();
    let own =
        |value: &str| json!({"parameters": [{"name": "x", "type": "int"}], "output": {"type": "int", "value": value}});
    let functions = |members: Value| json!({"functions": [{"namespace": "f", "members": members}]});
    let mut doubling = serde_json::Map::new();
    for number in 0..60 {
        let next = number + 1;
        let value = format!("[add(f.a{next}(parameters('x')), f.a{next}(parameters('x')))]");
        doubling.insert(format!("a{number}"), own(&value));
    }
    doubling.insert("a60".to_owned(), own("[parameters('x')]"));
    vec![
        ("hashes of a large text", each("uniqueString(variables('b'))"), work),
        ("ids of a large text", each("guid(variables('b'))"), work),
        ("searches in a large text", each("indexOf(variables('b'), 'b')"), work),
        (
            "sorting by a large text",
            named("[string(sort(range(0, 10000), lambda('a', 'b', less(length(variables('b')), 2))))]", text.clone()),
            work,
        ),
        (
            "repeats of a large list",
            named(&format!("[string(length(distinct(concat({}))))]", list.join(", ")), json!({})),
            work,
        ),
        (
            "an object that grows",
            named(
                "[string(length(reduce(range(0, 10000), createObject(), lambda('a', 'b', union(lambdaVariables('a'), createObject(string(lambdaVariables('b')), 1))))))]",
                json!({}),
            ),
            work,
        ),
        ("a list of large texts", each("concat(variables('b'), string(lambdaVariables('i')))"), "too much memory"),
        ("a list of lists", each("range(0, 10000)"), "too much memory"),
        ("JSON", named("[string(json(concat('[', padLeft('', 300000, '1'), ']')))]", json!({})), "bytes of JSON"),
        (
            "a function of itself",
            named("[string(f.a(1))]", functions(json!({"a": own("[f.a(parameters('x'))]")}))),
            "nested deeper",
        ),
        ("functions that double", named("[string(f.a0(1))]", functions(Value::Object(doubling))), work),
        ("a long name", named("[padLeft('z', 5000, 'a')]", json!({})), "longer than 4096"),
    ]
}

/// Templates whose loops or nested templates never end, with a part of the error.
fn hostile_loops() -> Vec<(&'static str, Value, &'static str)> {
    let named = zone_named;
    vec![
        (
            "copies of a resource",
            template(json!([copied(zone("[concat('z', copyIndex(), '.example')]"))]), json!({})),
            "the loop runs 1000000000 times",
        ),
        (
            "copies of a property",
            template(
                json!([zone_with(json!({"copy": [{"name": "x", "count": 1_000_000_000, "input": "y"}]}))]),
                json!({}),
            ),
            "the loop runs 1000000000 times",
        ),
        (
            "copies of a variable",
            named(
                "[string(variables('v'))]",
                json!({"variables": {"copy": [{"name": "v", "count": 1_000_000_000, "input": "y"}]}}),
            ),
            "the loop runs 1000000000 times",
        ),
        (
            "a template within itself",
            template(
                json!([{"type": "Microsoft.Resources/deployments", "apiVersion": "2025-04-01", "name": "m", "properties": {"template": "[variables('t')]"}}]),
                json!({"variables": {"t": {"contentVersion": "1", "resources": [
                    {"type": "Microsoft.Resources/deployments", "apiVersion": "2025-04-01", "name": "m", "properties": {"template": "[variables('t')]"}},
                ]}}}),
            ),
            "circular references",
        ),
    ]
}

#[test]
fn hostile_templates_are_refused_with_a_place_in_a_moment() {
    for (what, own, message) in hostile_expressions().into_iter().chain(hostile_work()).chain(hostile_loops()) {
        let text = own.to_string();
        let start = Instant::now();
        let mut told = String::new();
        let counted = allocation_counter::measure(|| {
            let source = ImportFile { name: "f".into(), text: text.as_bytes() };
            told = import(&[source]).expect_err(what).to_string();
        });
        assert!(told.contains(message) && told.contains("f:1:"), "{what}: {told}");
        // A debug build takes up to ten times as long as what is released.
        assert!(start.elapsed() < Duration::from_secs(10), "{what}: {:?} in a debug build", start.elapsed());
        assert!(counted.bytes_max < 64 << 20, "{what}: {} bytes", counted.bytes_max);
    }
}

/// Deployments of two modules have one name, and each has something that depends on that of its own template.
#[test]
fn a_dependency_is_on_a_deployment_of_its_own_template() {
    let deployment = |name: &str, template: Value, needs: Value| {
        json!({"type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": name, "dependsOn": needs, "properties": {
            "mode": "Incremental", "expressionEvaluationOptions": {"scope": "inner"}, "template": template}})
    };
    let on = |name: &str| json!([format!("[resourceId('Microsoft.Resources/deployments', '{name}')]")]);
    let leaf = |name: &str| template(json!([zone(name)]), json!({}));
    let module = |first: &str, second: &str| {
        let inner =
            json!([deployment("first", leaf(first), json!([])), deployment("second", leaf(second), on("first"))]);
        template(inner, json!({}))
    };
    let all = json!([
        deployment("one", module("a.example", "b.example"), json!([])),
        deployment("two", module("c.example", "d.example"), on("one")),
        deployment("first", leaf("e.example"), on("two")),
    ]);
    let imported = one(&template(all, json!({})));
    assert!(!imported.report.is_partial(), "{:#?}", imported.report.remarks);
    assert_eq!(zones(&imported).len(), 5);
}

#[test]
fn the_script_for_azure_is_printed_in_two_shells() {
    let bash = run(&["import", "--azure-commands"]);
    assert!(bash.contains("az graph query") && bash.contains("Rights: Reader"), "{bash}");
    let powershell = run(&["import", "--azure-commands", "--powershell"]);
    assert!(powershell.contains("Search-AzGraph") && powershell.contains("Rights: Reader"), "{powershell}");
    // They only read.
    for text in [&bash, &powershell] {
        for word in ["--method put", "--method post", "--method delete", " create ", " update "] {
            assert!(!text.contains(word), "{word}");
        }
    }
}

#[test]
fn partial_imports_exit_with_1_unless_allowed() {
    let own = template(json!([zone("[parameters('name')]")]), json!({"parameters": {"name": {"type": "string"}}}));
    let text = own.to_string();
    assert!(run_with(&["import", "-"], &text).starts_with("exit code 1\n"));
    assert!(run_with(&["import", "-", "--allow-partial"], &text).starts_with("exit code 0\n"));
}

#[test]
fn a_second_registration_zone_of_a_network_is_refused() {
    let zone = |name: &str| {
        format!(
            r#"{{ "type": "Microsoft.Network/privateDnsZones", "apiVersion": "2020-06-01", "name": "{name}", "location": "global" }},
            {{ "type": "Microsoft.Network/privateDnsZones/virtualNetworkLinks", "apiVersion": "2020-06-01", "name": "{name}/net",
               "location": "global", "properties": {{ "registrationEnabled": true,
               "virtualNetwork": {{ "id": "[resourceId('Microsoft.Network/virtualNetworks', 'net')]" }} }} }}"#
        )
    };
    let text = format!(
        r#"{{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0", "resources": [
        {{ "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2023-04-01", "name": "net", "location": "westeurope",
           "properties": {{ "addressSpace": {{ "addressPrefixes": ["10.1.0.0/16"] }} }} }},
        {}, {} ] }}"#,
        zone("vms.example"),
        zone("more.example")
    );
    let source = ImportFile { name: "template.json".into(), text: text.as_bytes() };
    let made = import(&[source]).unwrap_or_else(|errors| panic!("{errors}"));
    // The import passes both links on, and the fold refuses one of them as Azure would.
    let history = Arc::new(made.scenario.history);
    let world = compile(&history, history.last());
    let findings = ampls_dns::assess::Assessment::of(&world).findings;
    let refused: Vec<_> = findings.iter().filter(|one| one.message.contains("with registrationEnabled: ")).collect();
    assert_eq!(refused.len(), 1, "{findings:?}");
    assert_eq!(refused[0].code.to_string(), "AMPLS008");
    assert!(refused[0].place.as_ref().is_some_and(|place| &*place.file == "template.json"), "{:?}", refused[0].place);
    assert_eq!(world.state.zones.values().map(|zone| zone.links.len()).sum::<usize>(), 1);
}
