//! Data collection rules, associations, Azure Monitor workspaces and subscriptions are read from every form.

use std::sync::Arc;

use ampls_dns::compile::owner::Property;
use ampls_dns::compile::{Compiled, compile};
use ampls_dns::estate::{IpVersion, ResourceSpec};
use ampls_dns::import::{ImportFile, Imported, Topic, import};
use serde_json::{Value, json};

const SUBSCRIPTION: &str = "11111111-1111-4111-8111-111111111111";
const OTHER: &str = "22222222-2222-4222-8222-222222222222";
const TENANT: &str = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";
const HOST: &str = "westeurope-1";

fn id(kind: &str, name: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/{kind}/{name}")
}

fn read(values: &[Value]) -> Imported {
    let texts: Vec<String> = values.iter().map(Value::to_string).collect();
    let files = texts
        .iter()
        .enumerate()
        .map(|(number, text)| ImportFile { name: Arc::from(format!("file-{number}.json")), text: text.as_bytes() });
    import(&files.collect::<Vec<_>>()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn world(imported: &Imported) -> Compiled {
    let history = Arc::new(imported.scenario.history.clone());
    compile(&history, history.last())
}

/// The machine's network, its rules and its endpoint, and where the rule sends data.
fn associated(world: &Compiled, machine: &str) -> [String; 4] {
    let own = world.state.machines.get(machine).unwrap_or_else(|| panic!("no {machine}: {:?}", world.state.machines));
    let associations = own.associations.as_ref().expect("its associations are known");
    let rules: Vec<&str> = associations.rules.iter().map(|rule| rule.as_str()).collect();
    let endpoint = associations.endpoint.as_ref().map_or("", |endpoint| endpoint.as_str());
    let sent = rules.first().and_then(|rule| match &world.state.resources.get(*rule)?.spec {
        ResourceSpec::DataCollectionRule(rule) => rule.endpoint.as_ref().map(ToString::to_string),
        _ => None,
    });
    [own.network.to_string(), rules.join(" "), endpoint.to_owned(), sent.unwrap_or_default()]
}

const EXPECTED: [&str; 4] = ["hub", "dcr", "dce", "dce"];

fn hosts() -> Value {
    let host = |part: &str| json!({"endpoint": format!("https://dce-ab12.{HOST}.{part}.monitor.azure.com")});
    json!({
        "configurationAccess": host("handler.control"), "logsIngestion": host("ingest"),
        "metricsIngestion": host("metrics.ingest"),
    })
}

fn association_id(machine: &str, name: &str) -> String {
    format!("{machine}/providers/Microsoft.Insights/dataCollectionRuleAssociations/{name}")
}

/// A network, a machine in it, a rule, an endpoint and the machine's associations with both.
fn resources() -> Vec<Value> {
    let network = id("Microsoft.Network/virtualNetworks", "hub");
    let interface = id("Microsoft.Network/networkInterfaces", "vm1-nic");
    let machine = id("Microsoft.Compute/virtualMachines", "vm1");
    let rule = id("Microsoft.Insights/dataCollectionRules", "dcr");
    let endpoint = id("Microsoft.Insights/dataCollectionEndpoints", "dce");
    vec![
        json!({
            "id": network, "name": "hub", "type": "Microsoft.Network/virtualNetworks", "location": "westeurope",
            "properties": {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}, "subnets": [
                {"name": "machines", "id": format!("{network}/subnets/machines"), "properties": {"addressPrefix": "10.1.2.0/24"}},
            ]},
        }),
        json!({
            "id": interface, "name": "vm1-nic", "type": "Microsoft.Network/networkInterfaces", "location": "westeurope",
            "properties": {"ipConfigurations": [
                {"name": "one", "properties": {"subnet": {"id": format!("{network}/subnets/machines")}}},
            ]},
        }),
        json!({
            "id": machine, "name": "vm1", "type": "Microsoft.Compute/virtualMachines", "location": "westeurope",
            "properties": {"networkProfile": {"networkInterfaces": [{"id": interface}]}},
        }),
        json!({
            "id": endpoint, "name": "dce", "type": "Microsoft.Insights/dataCollectionEndpoints", "location": "westeurope",
            "properties": hosts(),
        }),
        json!({
            "id": rule, "name": "dcr", "type": "Microsoft.Insights/dataCollectionRules", "location": "westeurope",
            "properties": {"dataCollectionEndpointId": endpoint, "dataFlows": [], "destinations": {}},
        }),
        json!({
            "id": association_id(&machine, "with-rule"), "name": "with-rule",
            "type": "Microsoft.Insights/dataCollectionRuleAssociations", "properties": {"dataCollectionRuleId": rule},
        }),
        json!({
            "id": association_id(&machine, "configurationAccessEndpoint"), "name": "configurationAccessEndpoint",
            "type": "Microsoft.Insights/dataCollectionRuleAssociations", "properties": {"dataCollectionEndpointId": endpoint},
        }),
    ]
}

#[test]
fn what_az_and_rest_print() {
    let imported = read(&[json!({"value": resources()})]);
    let world = world(&imported);
    assert_eq!(associated(&world, "vm1"), EXPECTED);
    assert_eq!(world.state.machines["vm1"].subnet.as_deref(), Some("machines"));
    assert_eq!(world.state.machines["vm1"].location.as_deref(), Some("westeurope"));
    assert_eq!(imported.refusals, []);
    assert!(!imported.report.is_partial(), "{:?}", imported.report.remarks);
}

#[test]
fn associations_of_two_machines_have_the_same_names() {
    let mut all = resources();
    let text = Value::from(all.clone()).to_string().replace("vm1", "vm2");
    let second: Vec<Value> = serde_json::from_str(&text).expect("it is JSON");
    all.extend(second.into_iter().filter(|one| one["id"].as_str().is_some_and(|id| id.contains("vm2"))));
    let world = world(&read(&[Value::from(all)]));
    assert_eq!(
        (associated(&world, "vm1"), associated(&world, "vm2")),
        (EXPECTED.map(String::from), EXPECTED.map(String::from))
    );
}

#[test]
fn what_azure_resource_graph_answers() {
    let mut rows = resources();
    for row in &mut rows {
        row["subscriptionId"] = SUBSCRIPTION.into();
        row["tenantId"] = TENANT.into();
        row["resourceGroup"] = "rg".into();
    }
    let answer = json!({"count": rows.len(), "total_records": rows.len(), "skip_token": null, "data": rows});
    assert_eq!(associated(&world(&read(&[answer])), "vm1"), EXPECTED);
}

#[test]
fn what_a_deployment_would_change() {
    let change = |one: Value| json!({"resourceId": one["id"], "changeType": "NoChange", "before": one, "after": one});
    let changes: Vec<Value> = resources().into_iter().map(change).collect();
    assert_eq!(associated(&world(&read(&[json!({"status": "Succeeded", "changes": changes})])), "vm1"), EXPECTED);
    let snapshot = json!({"predictedResources": resources(), "diagnostics": []});
    assert_eq!(associated(&world(&read(&[snapshot])), "vm1"), EXPECTED);
}

/// The resources as a template writes them; associations by scope, or in the older form as children.
fn template(by_scope: bool) -> Value {
    let mut all = Vec::new();
    for one in resources() {
        let mut own = one.clone();
        let object = own.as_object_mut().expect("an object");
        object.remove("id");
        object.insert("apiVersion".to_owned(), "2023-03-11".into());
        if one["type"] == "Microsoft.Insights/dataCollectionRuleAssociations" {
            match by_scope {
                true => {
                    object.insert("scope".to_owned(), "Microsoft.Compute/virtualMachines/vm1".into());
                }
                false => {
                    let name = one["name"].as_str().expect("a name");
                    let kind = "Microsoft.Compute/virtualMachines/providers/dataCollectionRuleAssociations";
                    object.insert("type".to_owned(), kind.into());
                    object.insert("name".to_owned(), format!("vm1/Microsoft.Insights/{name}").into());
                }
            }
        }
        all.push(own);
    }
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0", "resources": all,
    })
}

#[test]
fn templates() {
    for by_scope in [true, false] {
        assert_eq!(associated(&world(&read(&[template(by_scope)])), "vm1"), EXPECTED, "by scope: {by_scope}");
    }
}

/// Attributes of the provider azurerm; ids that a plan does not know are absent in `planned`.
fn attributes() -> Vec<(&'static str, &'static str, Value, Value)> {
    let network = id("Microsoft.Network/virtualNetworks", "hub");
    let subnet = format!("{network}/subnets/machines");
    let interface = id("Microsoft.Network/networkInterfaces", "vm1-nic");
    let machine = id("Microsoft.Compute/virtualMachines", "vm1");
    let rule = id("Microsoft.Insights/dataCollectionRules", "dcr");
    let endpoint = id("Microsoft.Insights/dataCollectionEndpoints", "dce");
    let host = |part: &str| format!("https://dce-ab12.{HOST}.{part}.monitor.azure.com");
    let general = |name: &str| json!({"name": name, "resource_group_name": "rg", "location": "westeurope"});
    let with = |mut value: Value, more: Value| {
        let (own, more) = (value.as_object_mut().expect("an object"), more.as_object().expect("an object").clone());
        own.extend(more);
        value
    };
    let references = |attribute: &str, to: &str| json!({attribute: {"references": [format!("{to}.id"), to]}});
    vec![
        (
            "azurerm_virtual_network",
            "hub",
            with(general("hub"), json!({"id": network, "address_space": ["10.1.0.0/16"]})),
            json!({}),
        ),
        (
            "azurerm_subnet",
            "machines",
            json!({"id": subnet, "name": "machines", "resource_group_name": "rg", "virtual_network_name": "hub",
                "address_prefixes": ["10.1.2.0/24"]}),
            json!({}),
        ),
        (
            "azurerm_network_interface",
            "nic",
            with(
                general("vm1-nic"),
                json!({"id": interface, "ip_configuration": [{"name": "one", "subnet_id": subnet}]}),
            ),
            json!({"ip_configuration": [references("subnet_id", "azurerm_subnet.machines")]}),
        ),
        (
            "azurerm_linux_virtual_machine",
            "vm",
            with(general("vm1"), json!({"id": machine, "network_interface_ids": [interface]})),
            references("network_interface_ids", "azurerm_network_interface.nic"),
        ),
        (
            "azurerm_monitor_data_collection_endpoint",
            "dce",
            with(
                general("dce"),
                json!({"id": endpoint, "configuration_access_endpoint": host("handler.control"),
                "logs_ingestion_endpoint": host("ingest"), "metrics_ingestion_endpoint": host("metrics.ingest")}),
            ),
            json!({}),
        ),
        (
            "azurerm_monitor_data_collection_rule",
            "dcr",
            with(general("dcr"), json!({"id": rule, "data_collection_endpoint_id": endpoint})),
            references("data_collection_endpoint_id", "azurerm_monitor_data_collection_endpoint.dce"),
        ),
        (
            "azurerm_monitor_data_collection_rule_association",
            "rule",
            json!({"id": association_id(&machine, "with-rule"), "name": "with-rule", "target_resource_id": machine,
                "data_collection_rule_id": rule}),
            with(
                references("target_resource_id", "azurerm_linux_virtual_machine.vm"),
                references("data_collection_rule_id", "azurerm_monitor_data_collection_rule.dcr"),
            ),
        ),
        (
            "azurerm_monitor_data_collection_rule_association",
            "endpoint",
            json!({"id": association_id(&machine, "configurationAccessEndpoint"), "name": "configurationAccessEndpoint",
                "target_resource_id": machine, "data_collection_endpoint_id": endpoint}),
            with(
                references("target_resource_id", "azurerm_linux_virtual_machine.vm"),
                references("data_collection_endpoint_id", "azurerm_monitor_data_collection_endpoint.dce"),
            ),
        ),
    ]
}

#[test]
fn terraform_states() {
    let resources: Vec<Value> = attributes()
        .into_iter()
        .map(|(kind, name, values, _)| {
            json!({"mode": "managed", "type": kind, "name": name, "provider": "provider[\"registry.terraform.io/hashicorp/azurerm\"]",
                "instances": [{"schema_version": 0, "attributes": values}]})
        })
        .collect();
    let state = json!({"version": 4, "terraform_version": "1.13.3", "serial": 1, "lineage": "x", "outputs": {}, "resources": resources});
    assert_eq!(associated(&world(&read(&[state])), "vm1"), EXPECTED);
}

#[test]
fn terraform_plans() {
    let (mut planned, mut configured) = (Vec::new(), Vec::new());
    for (kind, name, values, expressions) in attributes() {
        let unknown = [
            "id",
            "target_resource_id",
            "data_collection_rule_id",
            "data_collection_endpoint_id",
            "network_interface_ids",
        ];
        let mut known = values.as_object().expect("an object").clone();
        known.retain(|key, _| !unknown.contains(&key.as_str()) && !key.ends_with("_endpoint"));
        if known.contains_key("ip_configuration") {
            known.insert("ip_configuration".to_owned(), json!([{"name": "one"}]));
        }
        let address = format!("{kind}.{name}");
        let own = json!({"address": address, "mode": "managed", "type": kind, "name": name, "values": known,
            "provider_name": "registry.terraform.io/hashicorp/azurerm"});
        planned.push(own);
        configured.push(
            json!({"address": address, "mode": "managed", "type": kind, "name": name, "expressions": expressions}),
        );
    }
    let plan = json!({
        "format_version": "1.2", "terraform_version": "1.13.3",
        "planned_values": {"root_module": {"resources": planned}}, "resource_changes": [],
        "configuration": {"root_module": {"resources": configured}},
    });
    assert_eq!(associated(&world(&read(&[plan])), "vm1"), EXPECTED);
}

#[test]
fn states_of_azapi() {
    let resources: Vec<Value> = resources()
        .into_iter()
        .enumerate()
        .map(|(number, one)| {
            let values = json!({"id": one["id"], "name": one["name"], "type": format!("{}@2023-03-11", one["type"].as_str().unwrap_or("")),
                "location": "westeurope", "body": {"properties": one["properties"]}});
            json!({"address": format!("azapi_resource.r{number}"), "mode": "managed", "type": "azapi_resource",
                "name": format!("r{number}"), "values": values})
        })
        .collect();
    let state = json!({"format_version": "1.0", "terraform_version": "1.13.3", "values": {"root_module": {"resources": resources}}});
    assert_eq!(associated(&world(&read(&[state])), "vm1"), EXPECTED);
}

#[test]
fn exports_of_pulumi() {
    let resources: Vec<Value> = resources()
        .into_iter()
        .map(|one| {
            let mut outputs = one["properties"].clone();
            outputs["name"] = one["name"].clone();
            outputs["location"] = "westeurope".into();
            json!({"urn": format!("urn:pulumi:dev::x::{}", one["name"]), "custom": true, "id": one["id"],
                "type": "azure-native:insights:Any", "outputs": outputs})
        })
        .collect();
    assert_eq!(
        associated(
            &world(&read(&[json!({"version": 3, "deployment": {"manifest": {}, "resources": resources}})])),
            "vm1"
        ),
        EXPECTED
    );
}

#[test]
fn the_nodes_of_a_cluster_are_where_its_subnet_is() {
    let network = id("Microsoft.Network/virtualNetworks", "hub");
    let cluster = id("Microsoft.ContainerService/managedClusters", "aks");
    let mut all: Vec<Value> = resources().into_iter().filter(|one| !one["id"].to_string().contains("vm1")).collect();
    all.push(json!({
        "id": cluster, "name": "aks", "type": "Microsoft.ContainerService/managedClusters", "location": "westeurope",
        "properties": {"agentPoolProfiles": [{"name": "system", "vnetSubnetID": format!("{network}/subnets/machines")}]},
    }));
    all.push(json!({
        "id": association_id(&cluster, "metrics"), "name": "metrics", "type": "Microsoft.Insights/dataCollectionRuleAssociations",
        "properties": {"dataCollectionRuleId": id("Microsoft.Insights/dataCollectionRules", "dcr")},
    }));
    assert_eq!(associated(&world(&read(&[Value::from(all)])), "aks"), ["hub", "dcr", "", "dce"]);
}

#[test]
fn what_an_association_is_with_and_where_its_machine_is_can_be_missing() {
    let machine = id("Microsoft.HybridCompute/machines", "server");
    let rule = id("Microsoft.Insights/dataCollectionRules", "elsewhere");
    let mut all = resources();
    all.push(
        json!({"id": machine, "name": "server", "type": "Microsoft.HybridCompute/machines", "location": "westeurope"}),
    );
    for (of, name) in [(machine, "arc"), (id("Microsoft.Compute/virtualMachines", "vm1"), "other")] {
        all.push(json!({
            "id": association_id(&of, name), "name": name, "type": "Microsoft.Insights/dataCollectionRuleAssociations",
            "properties": {"dataCollectionRuleId": rule},
        }));
    }
    let imported = read(&[Value::from(all)]);
    let missing: Vec<&str> = imported.report.of(Topic::Missing).map(|one| one.text.as_str()).collect();
    let has = |text: &str| missing.iter().any(|one| one.contains(text));
    assert!(
        has("server is connected to Azure Arc") && has("rule elsewhere, which is not in the import"),
        "{missing:?}"
    );
    assert!(imported.report.of(Topic::Missing).all(|one| !one.places.is_empty() && one.get.is_some()));
    // Neither has a part in DNS.
    assert!(!imported.report.is_partial(), "{:?}", imported.report.remarks);
}

#[test]
fn an_azure_monitor_workspace_without_private_endpoint() {
    let workspace = id("Microsoft.Monitor/accounts", "amw");
    let mut all = resources();
    all.push(json!({
        "id": workspace, "name": "amw", "type": "Microsoft.Monitor/accounts", "location": "westeurope",
        "properties": {
            "metrics": {"prometheusQueryEndpoint": "https://amw-c3d4.westeurope.prometheus.monitor.azure.com"},
            "defaultIngestionSettings": {
                "dataCollectionEndpointResourceId": id("Microsoft.Insights/dataCollectionEndpoints", "amw"),
                "dataCollectionRuleResourceId": id("Microsoft.Insights/dataCollectionRules", "dcr"),
            },
            "publicNetworkAccess": "Disabled",
        },
    }));
    let imported = read(&[Value::from(all)]);
    let world = world(&imported);
    let ResourceSpec::Service(spec) = &world.state.resources["amw"].spec else { panic!("it is a service") };
    assert_eq!(spec.hosts["prometheusMetrics"][0].to_string(), "amw-c3d4.westeurope.prometheus.monitor.azure.com");
    let missing: Vec<&str> = imported.report.of(Topic::Missing).map(|one| one.text.as_str()).collect();
    assert_eq!(missing, ["the data collection endpoint amw of Azure Monitor workspace amw is not in the import"]);
}

#[test]
fn objects_of_several_subscriptions_have_an_owner() {
    let zone = |subscription: &str, name: &str| {
        json!({
            "id": format!("/subscriptions/{subscription}/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones/{name}"),
            "name": name, "type": "Microsoft.Network/privateDnsZones", "location": "global",
            "properties": {"numberOfRecordSets": 1, "numberOfVirtualNetworkLinks": 0},
        })
    };
    let accounts = json!([
        {"id": SUBSCRIPTION, "name": "one", "tenantId": TENANT, "state": "Enabled", "isDefault": true},
        {"id": OTHER, "name": "two", "tenantId": OTHER, "state": "Enabled", "isDefault": false},
    ]);
    let mut all = resources();
    all.extend([zone(SUBSCRIPTION, "a.example"), zone(OTHER, "b.example")]);
    let imported = read(&[Value::from(all.clone()), accounts]);
    let world = world(&imported);
    let owners = &world.state.owners;
    let groups: Vec<&str> = world.state.zones.keys().map(|zone| &*zone.resource_group).collect();
    assert_eq!(groups, ["dns", "dns-2"], "resource groups of two subscriptions are two");
    assert_eq!(owners.subscription(Property::Network, "hub").map(|own| &**own), Some(SUBSCRIPTION));
    assert_eq!(owners.subscription(Property::Resource, "dcr").map(|own| &**own), Some(SUBSCRIPTION));
    assert_eq!(owners.tenant(Property::ResourceGroup, "dns").map(|own| &**own), Some(TENANT));
    assert_eq!(owners.tenant(Property::ResourceGroup, "dns-2").map(|own| &**own), Some(OTHER));
    // A tenant that is unknown is not made up: nothing is taken to need an approval.
    let unknown = self::world(&read(&[Value::from(all)]));
    let tenant = |group: &str| unknown.state.owners.tenant(Property::ResourceGroup, group).cloned();
    assert!(tenant("dns").is_some() && tenant("dns") == tenant("dns-2"));
}

#[test]
fn one_subscription_decides_nothing() {
    assert!(world(&read(&[Value::from(resources())])).state.owners.is_empty());
}

#[test]
fn no_region_is_made_up() {
    let network = id("Microsoft.Network/virtualNetworks", "hub");
    let account = id("Microsoft.Storage/storageAccounts", "stone");
    let zone = id("Microsoft.Network/privateDnsZones", "privatelink.blob.core.windows.net");
    let endpoint = id("Microsoft.Network/privateEndpoints", "pe");
    let all = json!([
        {
            "id": network, "name": "hub", "type": "Microsoft.Network/virtualNetworks", "location": "westus",
            "properties": {"addressSpace": {"addressPrefixes": ["10.1.0.0/16", "fd00:1::/48"]}, "subnets": [
                {"name": "pe", "id": format!("{network}/subnets/pe"),
                    "properties": {"addressPrefixes": ["10.1.2.0/24", "fd00:1:0:2::/64"]}},
            ]},
        },
        {
            "id": zone, "name": "privatelink.blob.core.windows.net", "type": "Microsoft.Network/privateDnsZones",
            "location": "global", "properties": {"numberOfRecordSets": 2},
        },
        {
            "id": endpoint, "name": "pe", "type": "Microsoft.Network/privateEndpoints", "location": "westus",
            "properties": {
                "subnet": {"id": format!("{network}/subnets/pe")}, "ipVersionType": "IPv6",
                "privateLinkServiceConnections": [{"name": "c", "properties": {
                    "privateLinkServiceId": account, "groupIds": ["blob"],
                    "privateLinkServiceConnectionState": {"status": "Approved"},
                }}],
            },
        },
        {
            "id": format!("{endpoint}/privateDnsZoneGroups/default"), "name": "default",
            "type": "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
            "properties": {"privateDnsZoneConfigs": [{"name": "z", "properties": {"privateDnsZoneId": zone}}]},
        },
    ]);
    let imported = read(&[all]);
    let world = world(&imported);
    assert_eq!(imported.refusals, []);
    assert_eq!(world.state.resources["stone"].spec.location(), None);
    assert_eq!(world.state.endpoints["pe"].spec.ip_version, IpVersion::V6);
    assert!(!imported.scenario.write().contains("westeurope"));
}

#[test]
fn the_ip_version_of_azurerm() {
    let network = id("Microsoft.Network/virtualNetworks", "hub");
    let resource = |kind: &str, name: &str, values: Value| json!({"address": format!("{kind}.{name}"), "mode": "managed", "type": kind, "name": name, "values": values});
    let state = |version: &str, addresses: &Value| {
        json!({"format_version": "1.0", "terraform_version": "1.13.3", "values": {"root_module": {"resources": [
            resource("azurerm_virtual_network", "hub", json!({"id": network, "name": "hub", "address_space": ["10.1.0.0/16", "fd00:1::/48"]})),
            resource("azurerm_subnet", "pe", json!({"id": format!("{network}/subnets/pe"), "name": "pe",
                "virtual_network_name": "hub", "address_prefixes": ["10.1.2.0/24", "fd00:1:0:2::/64"]})),
            resource("azurerm_storage_account", "stone", json!({"name": "stone", "location": "northeurope",
                "id": id("Microsoft.Storage/storageAccounts", "stone")})),
            resource("azurerm_private_endpoint", "pe", json!({
                "id": id("Microsoft.Network/privateEndpoints", "pe"), "name": "pe", "ip_version_type": version,
                "subnet_id": format!("{network}/subnets/pe"),
                "private_service_connection": [{"name": "c", "is_manual_connection": false, "subresource_names": ["blob"],
                    "private_connection_resource_id": id("Microsoft.Storage/storageAccounts", "stone")}],
                "custom_dns_configs": [{"fqdn": "stone.blob.core.windows.net", "ip_addresses": addresses}],
            })),
        ]}}})
    };
    let (four, six) = (json!(["10.1.2.4"]), json!(["fd00:1:0:2::4"]));
    let both = json!(["fd00:1:0:2::4", "10.1.2.4"]);
    let versions = [("IPv6", six, IpVersion::V6), ("IPv4", four, IpVersion::V4), ("DualStack", both, IpVersion::V4)];
    for (version, addresses, expected) in versions {
        let imported = read(&[state(version, &addresses)]);
        assert_eq!(imported.refusals, [], "{version}");
        assert_eq!(world(&imported).state.endpoints["pe"].spec.ip_version, expected, "{version}");
    }
    // An address that is not in the subnet is reported, and the scenario can be read.
    for outside in ["10.9.9.9", "fd00:9::9"] {
        let version = if outside.contains(':') { "IPv6" } else { "IPv4" };
        let imported = read(&[state(version, &json!([outside]))]);
        assert_eq!(imported.refusals, [], "{outside}");
        assert!(world(&imported).state.endpoints["pe"].spec.ip_configurations.is_empty(), "{outside}");
        let told = format!("the fixed address {outside}, which is not a usable address");
        assert!(imported.report.remarks.iter().any(|one| one.text.contains(&told)), "{:#?}", imported.report);
    }
}
