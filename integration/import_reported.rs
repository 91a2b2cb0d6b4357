//! What could change DNS and is not read is in the report with its place, makes the import partial, and is part of a finding of
//! `check` in every format.

use std::sync::Arc;

use ampls_dns::import::{ImportFile, Imported, Remark, import};
use serde_json::{Value, json};

use crate::fixture::run_with;

const PROVIDERS: &str = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers";

fn id(path: &str) -> String {
    format!("{PROVIDERS}/{path}")
}

fn body(path: &str, properties: Value) -> Value {
    json!({"id": id(path), "name": path.rsplit('/').next(), "location": "westeurope", "properties": properties})
}

fn read_all(files: &[Value]) -> Imported {
    let texts: Vec<String> = files.iter().map(Value::to_string).collect();
    let file = |(number, text): (usize, &'_ String)| (format!("{number}.json"), text.clone());
    let named: Vec<(String, String)> = texts.iter().enumerate().map(file).collect();
    let sources: Vec<ImportFile<'_>> =
        named.iter().map(|(name, text)| ImportFile { name: Arc::from(name.as_str()), text: text.as_bytes() }).collect();
    import(&sources).unwrap_or_else(|errors| panic!("{errors}"))
}

fn read(file: &Value) -> Imported {
    read_all(std::slice::from_ref(file))
}

fn remark<'i>(imported: &'i Imported, text: &str) -> &'i Remark {
    let found = imported.report.remarks.iter().find(|one| one.text.contains(text));
    found.unwrap_or_else(|| panic!("{text}: {:#?}", imported.report.remarks))
}

/// True if the import says it, with a place and in the exit code.
fn is_reported(file: &Value, text: &str) {
    let imported = read(file);
    let found = remark(&imported, text);
    assert!(found.changes_dns && imported.report.is_partial(), "{found:?}");
    assert!(found.places.iter().all(|place| place.line > 0) && !found.places.is_empty(), "{found:?}");
}

fn network(properties: Value) -> Value {
    let mut own = json!({"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}});
    own.as_object_mut().expect("an object").extend(properties.as_object().expect("an object").clone());
    body("Microsoft.Network/virtualNetworks/hub", own)
}

fn ruleset(rule: Value, link: Value) -> Value {
    let own = "Microsoft.Network/dnsForwardingRulesets/rules";
    json!([
        network(json!({})),
        body(own, json!({})),
        body(&format!("{own}/forwardingRules/r"), rule),
        body(&format!("{own}/virtualNetworkLinks/l"), link),
    ])
}

#[test]
fn bodies_report_what_they_have_and_the_importer_does_not_read() {
    let hub = json!({"virtualNetwork": {"id": id("Microsoft.Network/virtualNetworks/hub")}});
    let target = |server: Value| json!({"domainName": "corp.example.", "targetDnsServers": [server]});
    let interface = json!({"dnsSettings": {"dnsServers": ["10.0.0.9"]}, "ipConfigurations": []});
    let several =
        json!({"subnets": [{"name": "pe", "properties": {"addressPrefixes": ["10.0.1.0/24", "10.0.2.0/24"]}}]});
    let zone = "Microsoft.Network/privateDnsZones/corp.example";
    let cases = [
        (network(json!({"dhcpOptions": {"dnsServers": ["fd00::1"]}})), "the DNS server fd00::1 has no IPv4 address"),
        (network(several), "several address prefixes"),
        (body("Microsoft.Network/networkInterfaces/nic", interface), "DNS servers of its own"),
        (ruleset(target(json!({"ipAddress": "fd00::1", "port": 53})), hub.clone()), "fd00::1 has an IPv6 address"),
        (ruleset(target(json!({"ipAddress": "10.0.0.4", "port": 5353})), hub.clone()), "listens on port 5353"),
        (ruleset(json!({"domainName": "corp.example."}), hub.clone()), "its target DNS servers are unknown"),
        (ruleset(json!({"targetDnsServers": [{"ipAddress": "10.0.0.4"}]}), hub), "its domain is unknown"),
        (
            ruleset(target(json!({"ipAddress": "10.0.0.4", "port": 53})), json!({})),
            "link l of ruleset rules is to an unknown network",
        ),
        (
            body("Microsoft.Insights/privateLinkScopes/ampls/scopedResources/w", json!({})),
            "the resource of scoped resource w is unknown",
        ),
        (body(zone, json!({"numberOfRecordSets": 1, "novelty": 1})), "`novelty` of microsoft.network/privatednszones"),
        (network(json!({"novelty": 1})), "`novelty` of microsoft.network/virtualnetworks"),
        (
            body(
                &format!("{zone}/A/host"),
                json!({"ttl": 60, "aRecords": [{"ipv4Address": "10.0.0.1", "novelty": 1}]}),
            ),
            "`novelty` of a record",
        ),
        (json!({"predictedResources": [], "diagnostics": ["group Warning: not expanded"]}), "not expanded"),
        (
            json!({"Data": [network(json!({}))], "Count": 1, "SkipToken": "next"}),
            "the last page of an Azure Resource Graph answer is not in the import",
        ),
    ];
    for (file, text) in cases {
        is_reported(&file, text);
    }
    // What decides no name is listed only.
    let file =
        network(json!({"subnets": [{"name": "pe", "properties": {"addressPrefix": "10.0.1.0/24", "novelty": 1}}]}));
    let imported = read(&file);
    assert!(!remark(&imported, "`novelty` of microsoft.network/virtualnetworks/subnets").changes_dns);
    assert!(!imported.report.is_partial(), "{:#?}", imported.report.remarks);
}

/// Pages of one answer count together, and answers can have as many rows.
#[test]
fn pages_of_resource_graph_are_counted() {
    let zone = |name: &str| body(&format!("Microsoft.Network/virtualNetworks/{name}"), json!({}));
    let page = |names: &[&str]| json!({"count": names.len(), "total_records": 2, "skip_token": null, "data": names.iter().map(|one| zone(one)).collect::<Vec<_>>()});
    let missing =
        |files: &[Value]| read_all(files).report.remarks.iter().any(|one| one.text.contains("pages are missing"));
    assert!(!missing(&[page(&["a"]), page(&["b"])]));
    assert!(!missing(&[page(&["a", "b"]), page(&["c", "d"])]));
    assert!(missing(&[page(&["a", "b"]), page(&["c"])]));
}

#[test]
fn an_unknown_public_access_is_never_quiet() {
    let vault = |access: Value| body("Microsoft.KeyVault/vaults/kv", json!({"publicNetworkAccess": access}));
    let endpoint = body(
        "Microsoft.Network/privateEndpoints/pe",
        json!({
            "subnet": {"id": id("Microsoft.Network/virtualNetworks/hub/subnets/pe")},
            "privateLinkServiceConnections": [{"name": "c", "properties": {
                "privateLinkServiceId": id("Microsoft.KeyVault/vaults/kv"), "groupIds": ["vault"]}}],
        }),
    );
    let hub = network(json!({"subnets": [{"name": "pe", "properties": {"addressPrefix": "10.0.1.0/24"}}]}));
    for (access, text) in [
        (json!("Sometimes"), "the public network access `Sometimes` of kv is not a value of Azure"),
        (json!("[parameters('access')]"), "the public network access of microsoft.keyvault/vaults kv is unknown"),
        (json!(7), "the public network access `7` of kv"),
    ] {
        let imported = read(&json!([hub, endpoint, vault(access.clone())]));
        let found = remark(&imported, text);
        assert!(!found.changes_dns && !found.places.is_empty(), "{found:?}");
        assert!(imported.scenario.write().contains("publicNetworkAccess: Unknown"), "{access}");
    }
    for access in ["Enabled", "disabled", "SecuredByPerimeter", ""] {
        let imported = read(&json!([hub, endpoint, vault(json!(access))]));
        let quiet = !imported.report.remarks.iter().any(|one| one.text.contains("public network access"));
        assert!(quiet, "{access}: {:#?}", imported.report.remarks);
    }
}

/// Azure says with a resource in which scopes it is.
#[test]
fn a_resource_says_in_which_scopes_it_is() {
    let scope = "Microsoft.Insights/privateLinkScopes/ampls";
    let modes = json!({"accessModeSettings": {"queryAccessMode": "Open", "ingestionAccessMode": "Open"}});
    let workspace = json!({
        "customerId": "33333333-3333-4333-8333-333333333333",
        "privateLinkScopedResources": [{"resourceId": id(&format!("{scope}/scopedResources/w")), "scopeId": "x"}],
    });
    let imported = read(&json!([body(scope, modes), body("Microsoft.OperationalInsights/workspaces/w", workspace)]));
    assert!(!imported.report.is_partial(), "{:#?}", imported.report.remarks);
    let written = imported.scenario.write();
    assert!(written.contains("addScopedResource: {scope: ampls, resource: w}"), "{written}");
}

/// A plan of one resource, with what is unknown of it and what the configuration sets.
fn plan(kind: &str, values: Value, unknown: Value, configured: Value) -> Value {
    let one = |more: Value| {
        let mut own = json!({"address": format!("{kind}.x"), "mode": "managed", "type": kind, "name": "x"});
        own.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        own
    };
    json!({
        "format_version": "1.2", "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": [one(json!({"values": values}))]}},
        "resource_changes": [one(json!({"change": {"actions": ["create"], "after": values, "after_unknown": unknown}}))],
        "configuration": {"root_module": {"resources": [one(json!({"expressions": configured}))]}},
    })
}

#[test]
fn plans_report_what_is_known_only_after_apply() {
    let net =
        json!({"name": "net", "resource_group_name": "rg", "location": "westeurope", "address_space": ["10.0.0.0/16"]});
    let with = |servers: Value| {
        let mut own = net.clone();
        own["dns_servers"] = servers;
        own
    };
    let reference = json!({"references": ["azurerm_firewall.fw.ip_configuration", "azurerm_firewall.fw"]});
    let set = json!({"dns_servers": reference});
    let text = "dns_servers of azurerm_virtual_network.x is known only after apply";
    is_reported(
        &plan("azurerm_virtual_network", with(json!([null])), json!({"dns_servers": [true]}), set.clone()),
        text,
    );
    is_reported(&plan("azurerm_virtual_network", net.clone(), json!({"dns_servers": true, "id": true}), set), text);
    // What the configuration does not set is Azure's default.
    let imported = read(&plan("azurerm_virtual_network", net, json!({"dns_servers": true, "id": true}), json!({})));
    assert!(!imported.report.is_partial(), "{:#?}", imported.report.remarks);
    let rule = json!({"name": "r", "domain_name": "corp.example.", "enabled": true, "target_dns_servers": [{"port": 53}],
        "dns_forwarding_ruleset_id": id("Microsoft.Network/dnsForwardingRulesets/rules")});
    is_reported(
        &plan(
            "azurerm_private_dns_resolver_forwarding_rule",
            rule,
            json!({"target_dns_servers": [{"ip_address": true}]}),
            json!({"target_dns_servers": [{"ip_address": reference}]}),
        ),
        "target_dns_servers.ip_address of azurerm_private_dns_resolver_forwarding_rule.x is known only after apply",
    );
    let records = json!({"name": "host", "zone_name": "corp.example", "resource_group_name": "rg", "ttl": 60, "records": ["10.0.0.1", null]});
    is_reported(
        &plan(
            "azurerm_private_dns_a_record",
            records,
            json!({"records": [false, true]}),
            json!({"records": reference}),
        ),
        "some records of azurerm_private_dns_a_record.x are known only after apply",
    );
    let vault = json!({"name": "kv", "resource_group_name": "rg", "location": "westeurope"});
    let unknown = json!({"public_network_access_enabled": true});
    let imported =
        read(&plan("azurerm_key_vault", vault, unknown, json!({"public_network_access_enabled": reference})));
    assert!(
        !remark(&imported, "public_network_access_enabled of azurerm_key_vault.x is known only after apply")
            .changes_dns
    );
    let azapi = json!({"type": "Microsoft.Network/virtualNetworks@2024-05-01", "name": "net", "parent_id": "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg",
        "body": {"properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "dhcpOptions": {}}}});
    is_reported(
        &plan(
            "azapi_resource",
            azapi,
            json!({"body": {"properties": {"dhcpOptions": {"dnsServers": true}}}}),
            json!({"body": reference}),
        ),
        "body.properties.dhcpOptions.dnsServers of azapi_resource.x is known only after apply",
    );
}

/// Before a deployment, nothing has the records of virtual machines; afterwards they are among those of the zone.
#[test]
fn names_of_virtual_machines_are_reported_before_a_deployment() {
    let link = json!({"name": "l", "private_dns_zone_name": "corp.example", "resource_group_name": "rg", "registration_enabled": true,
        "virtual_network_id": id("Microsoft.Network/virtualNetworks/hub")});
    let text = "the names of virtual machines that link l registers in corp.example are not read";
    is_reported(&plan("azurerm_private_dns_zone_virtual_network_link", link, json!({}), json!({})), text);
    let zone = "Microsoft.Network/privateDnsZones/corp.example";
    let whole = json!([
        network(json!({})),
        body(zone, json!({"numberOfRecordSets": 2, "numberOfVirtualNetworkLinks": 1})),
        body(
            &format!("{zone}/virtualNetworkLinks/l"),
            json!({"registrationEnabled": true,
            "virtualNetwork": {"id": id("Microsoft.Network/virtualNetworks/hub")}})
        ),
        body(
            &format!("{zone}/A/vm"),
            json!({"ttl": 10, "isAutoRegistered": true, "aRecords": [{"ipv4Address": "10.0.0.4"}]})
        ),
    ]);
    let imported = read(&whole);
    assert!(!imported.report.is_partial(), "{:#?}", imported.report.remarks);
}

/// An association by azapi whose rule is created in the same plan is followed; one that leads nowhere is reported.
#[test]
fn associations_by_azapi_are_followed() {
    let association = |references: Value| {
        let machine = id("Microsoft.Compute/virtualMachines/vm");
        let mut own = plan(
            "azapi_resource",
            json!({"type": "Microsoft.Insights/dataCollectionRuleAssociations@2023-03-11", "name": "a", "parent_id": machine,
                "body": {"properties": {}}}),
            json!({"body": {"properties": {"dataCollectionRuleId": true}}, "id": true}),
            json!({"body": {"references": references}}),
        );
        let rule = json!({"address": "azurerm_monitor_data_collection_rule.r", "mode": "managed",
            "type": "azurerm_monitor_data_collection_rule", "name": "r"});
        let mut planned = rule.clone();
        planned["values"] = json!({"name": "dcr", "resource_group_name": "rg", "location": "westeurope"});
        own["planned_values"]["root_module"]["resources"].as_array_mut().expect("a list").push(planned);
        own["configuration"]["root_module"]["resources"].as_array_mut().expect("a list").push(rule);
        read(&own)
    };
    let text = "associates its machine with is known only after apply";
    let followed =
        association(json!(["azurerm_monitor_data_collection_rule.r.id", "azurerm_monitor_data_collection_rule.r"]));
    assert!(!followed.report.remarks.iter().any(|one| one.text.contains(text)), "{:#?}", followed.report.remarks);
    assert!(!remark(&association(json!(["local.rule"])), text).places.is_empty());
}

/// A network that is only referred to, and a zone of which links and record sets are missing.
#[test]
fn what_is_missing_is_part_of_a_finding_in_every_format() {
    let peering = json!({"remoteVirtualNetwork": {"id": id("Microsoft.Network/virtualNetworks/spoke")}, "peeringState": "Connected"});
    let file = json!([
        network(json!({})),
        body("Microsoft.Network/virtualNetworks/hub/virtualNetworkPeerings/p", peering),
        body(
            "Microsoft.Network/privateDnsZones/privatelink.monitor.azure.com",
            json!({"numberOfRecordSets": 3, "numberOfVirtualNetworkLinks": 1})
        ),
        body("Microsoft.Network/dnsForwardingRulesets/rules", json!({})),
        body("Microsoft.Network/dnsForwardingRulesets/rules/forwardingRules/r", json!({"domainName": "corp.example."})),
    ])
    .to_string();
    for format in ["text", "json", "sarif", "github", "azure", "gitlab", "junit", "markdown"] {
        let told = run_with(&["check", "-", "--format", format], &file);
        let findings = told.split("--- stderr").next().unwrap_or_default();
        assert!(told.starts_with("exit code 1\n"), "{format}: {told}");
        for text in [
            "AMPLS057",
            "network spoke is referenced but not in the import (",
            "the contents of private zone privatelink.monitor.azure.com are not in the import",
            "the links of privatelink.monitor.azure.com are not in the import",
            "its target DNS servers are unknown",
            "stdin",
        ] {
            assert!(findings.contains(text), "{format}, {text}: {findings}");
        }
    }
}

fn template(resources: Value, parameters: Value) -> Value {
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
        "parameters": parameters, "resources": resources,
    })
}

fn values(entries: Value) -> Value {
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#", "contentVersion": "1.0.0.0",
        "parameters": entries,
    })
}

#[test]
fn parameters_that_no_template_declares_are_reported() {
    let zone = json!({"type": "Microsoft.Network/privateDnsZones", "apiVersion": "2024-06-01", "name": "[parameters('name')]", "location": "global"});
    let own = template(json!([zone]), json!({"name": {"type": "string", "defaultValue": "a.example"}}));
    let misspelt = read_all(&[own.clone(), values(json!({"nmae": {"value": "b.example"}}))]);
    let found = remark(&misspelt, "parameter `nmae` is not declared by a template of the import");
    assert!(found.changes_dns && found.places[0].line > 0 && &*found.places[0].file == "1.json", "{found:?}");
    let known = read_all(&[own, values(json!({"NAME": {"value": "b.example"}}))]);
    assert!(!known.report.is_partial(), "{:#?}", known.report.remarks);
}

/// The spellings of parameter files that `az` and the REST interface take.
#[test]
fn parameter_files_are_recognised_in_all_spellings() {
    let zone = json!({"type": "Microsoft.Network/privateDnsZones", "apiVersion": "2024-06-01", "name": "[parameters('name')]", "location": "global"});
    let own = template(json!([zone]), json!({"name": {"type": "string"}}));
    let entries = json!({"name": {"value": "a.example"}});
    let body = json!({"properties": {"mode": "Incremental", "parameters": entries}});
    let noted = json!({"name": {"value": "a.example", "metadata": {"description": "a zone"}}});
    for given in [values(entries.clone()), json!({"parameters": entries}), entries.clone(), body, noted] {
        let imported = read_all(&[own.clone(), given.clone()]);
        assert!(imported.scenario.write().contains("zones: [a.example]"), "{given}: {:#?}", imported.report.remarks);
        assert!(!imported.report.is_partial(), "{given}: {:#?}", imported.report.remarks);
    }
}

/// A template and parameters of a nested deployment are taken from the files of the import, and are no deployment of their own.
#[test]
fn linked_templates_and_parameters_are_files_of_the_import() {
    let zone = json!({"type": "Microsoft.Network/privateDnsZones", "apiVersion": "2024-06-01", "name": "[parameters('name')]", "location": "global"});
    let linked = template(json!([zone]), json!({"name": {"type": "string"}})).to_string();
    let given = values(json!({"name": {"value": "linked.example"}})).to_string();
    let deployment = |uri: &str| {
        json!({"type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "m", "properties": {
            "mode": "Incremental", "templateLink": {"uri": uri}, "parametersLink": {"uri": "https://x.example/zone.parameters.json?v=1"}}})
    };
    for uri in ["https://x.example/zone.json", "[uri(deployment().properties.templateLink.uri, 'zone.json')]"] {
        let main = template(json!([deployment(uri)]), json!({})).to_string();
        let files = [("main.json", &main), ("nested/zone.json", &linked), ("nested/zone.parameters.json", &given)];
        let sources: Vec<ImportFile<'_>> =
            files.iter().map(|(name, text)| ImportFile { name: Arc::from(*name), text: text.as_bytes() }).collect();
        let imported = import(&sources).unwrap_or_else(|errors| panic!("{errors}"));
        let written = imported.scenario.write();
        assert!(written.contains("zones: [linked.example]"), "{uri}: {written} {:#?}", imported.report.remarks);
        assert!(!imported.report.is_partial(), "{uri}: {:#?}", imported.report.remarks);
    }
    let main = template(json!([deployment("https://x.example/zone.json")]), json!({}));
    assert!(!remark(&read(&main), "the template `https://x.example/zone.json` is not in the import").places.is_empty());
}
