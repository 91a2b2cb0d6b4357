//! What is missing makes an import partial if it could change DNS, and only then.

use std::sync::Arc;

use ampls_dns::import::{ImportFile, Imported, Remark, Topic, import};
use serde_json::{Value, json};

const PROVIDERS: &str = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers";

fn resource(kind: &str, name: &str, properties: Value) -> Value {
    let id = kind.split('/').skip(1).zip(name.split('/')).map(|(kind, name)| format!("/{kind}/{name}"));
    let provider = kind.split('/').next().unwrap_or_default();
    json!({
        "id": format!("{PROVIDERS}/{provider}{}", id.collect::<String>()), "name": name.rsplit('/').next(), "type": kind,
        "location": "westeurope", "properties": properties,
    })
}

fn id(kind: &str, name: &str) -> String {
    format!("{PROVIDERS}/{kind}/{name}")
}

fn read(value: &Value) -> Imported {
    let text = value.to_string();
    let source = ImportFile { name: Arc::from("file.json"), text: text.as_bytes() };
    import(&[source]).unwrap_or_else(|errors| panic!("{errors}"))
}

fn network(properties: Value) -> Value {
    let mut own = json!({"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [
        {"name": "pe", "id": id("Microsoft.Network/virtualNetworks", "hub/subnets/pe"), "properties": {"addressPrefix": "10.0.1.0/24"}},
    ]});
    own.as_object_mut().expect("an object").extend(properties.as_object().expect("an object").clone());
    resource("Microsoft.Network/virtualNetworks", "hub", own)
}

fn scope(properties: Value) -> Value {
    resource("Microsoft.Insights/privateLinkScopes", "ampls", properties)
}

fn modes() -> Value {
    json!({"accessModeSettings": {"ingestionAccessMode": "Open", "queryAccessMode": "Open"}})
}

fn endpoint() -> Value {
    resource(
        "Microsoft.Network/privateEndpoints",
        "pe",
        json!({
            "subnet": {"id": format!("{}/subnets/pe", id("Microsoft.Network/virtualNetworks", "hub"))},
            "privateLinkServiceConnections": [{"name": "c", "properties": {
                "privateLinkServiceId": id("Microsoft.Insights/privateLinkScopes", "ampls"), "groupIds": ["azuremonitor"],
                "privateLinkServiceConnectionState": {"status": "Approved"},
            }}],
        }),
    )
}

fn component(properties: Value) -> Value {
    resource("Microsoft.Insights/components", "ai", properties)
}

/// What is missing in some files, and what the remark says.
fn decides_names() -> Vec<(&'static str, Value)> {
    let zone = || resource("Microsoft.Network/privateDnsZones", "privatelink.monitor.azure.com", json!({}));
    let remote = id("Microsoft.Network/virtualNetworks", "spoke");
    let resolver = resource(
        "Microsoft.Network/dnsResolvers",
        "dr",
        json!({
            "virtualNetwork": {"id": id("Microsoft.Network/virtualNetworks", "hub")},
        }),
    );
    let inbound = resource(
        "Microsoft.Network/dnsResolvers/inboundEndpoints",
        "dr/in",
        json!({
            "ipConfigurations": [{"subnet": {"id": format!("{}/subnets/pe", id("Microsoft.Network/virtualNetworks", "hub"))}}],
        }),
    );
    let ruleset = resource("Microsoft.Network/dnsForwardingRulesets", "rules", json!({}));
    let scoped = resource(
        "Microsoft.Insights/privateLinkScopes/scopedResources",
        "ampls/one",
        json!({
            "linkedResourceId": id("Microsoft.OperationalInsights/workspaces", "elsewhere"),
        }),
    );
    let connection = json!({"name": "c", "properties": {
        "privateEndpoint": {"id": id("Microsoft.Network/privateEndpoints", "elsewhere")},
        "privateLinkServiceConnectionState": {"status": "Approved"},
    }});
    let mut connected = modes();
    connected["privateEndpointConnections"] = json!([connection]);
    let peering = resource(
        "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
        "hub/p",
        json!({
            "remoteVirtualNetwork": {"id": remote}, "peeringState": "Connected",
        }),
    );
    vec![
        ("the contents of private zone", json!([zone()])),
        ("the links of privatelink.monitor.azure.com are not in the import", json!([zone()])),
        ("network spoke is referenced but not in the import", json!([network(json!({})), peering])),
        ("is in no network of the import", json!([network(json!({"dhcpOptions": {"dnsServers": ["10.9.9.9"]}}))])),
        ("inbound endpoint in has no address in the import", json!([network(json!({})), resolver, inbound])),
        ("ruleset rules has no rules", json!([ruleset.clone()])),
        ("is linked to no network", json!([ruleset])),
        ("private endpoint elsewhere is referenced but not in the import", json!([scope(connected)])),
        ("whether private endpoint pe has a zone group", json!([network(json!({})), scope(modes()), endpoint()])),
        (
            "the addresses of private endpoint pe are not in the import",
            json!([network(json!({})), scope(modes()), endpoint()]),
        ),
        ("scope ampls is referenced but not in the import", json!([network(json!({})), endpoint()])),
        (
            "workspace elsewhere is in scope ampls, but the resource is not in the import",
            json!([scope(modes()), scoped]),
        ),
        ("has no connection string in the import", json!([component(json!({}))])),
        (
            "one page of a longer list",
            json!({"value": [scope(modes())], "nextLink": "https://management.azure.com/more"}),
        ),
    ]
}

fn decides_access() -> Vec<(&'static str, Value)> {
    let string = "InstrumentationKey=0;IngestionEndpoint=https://westeurope-5.in.applicationinsights.azure.com/";
    let workspace = resource(
        "Microsoft.OperationalInsights/workspaces",
        "ws",
        json!({
            "customerId": "33333333-3333-4333-8333-333333333333", "publicNetworkAccessForQuery": "SecuredByPerimeter",
        }),
    );
    let mut excluding = modes();
    excluding["accessModeSettings"]["exclusions"] =
        json!([{"privateEndpointConnectionName": "c", "queryAccessMode": "Open", "ingestionAccessMode": "Open"}]);
    vec![
        ("has no access modes in the import", json!([scope(json!({}))])),
        ("excludes connection c", json!([scope(excluding)])),
        ("the access rules of the network security perimeter", json!([workspace])),
        (
            "the workspace elsewhere of component ai is not in the import",
            json!([component(json!({
                "ConnectionString": string,
                "WorkspaceResourceId": id("Microsoft.OperationalInsights/workspaces", "elsewhere"),
            }))]),
        ),
    ]
}

fn remark<'i>(imported: &'i Imported, text: &str) -> &'i Remark {
    let all: Vec<&Remark> = imported.report.of(Topic::Missing).collect();
    all.iter().find(|one| one.text.contains(text)).unwrap_or_else(|| panic!("{text}: {all:#?}"))
}

#[test]
fn what_could_change_dns_and_is_missing_makes_the_import_partial() {
    for (text, files) in decides_names() {
        let imported = read(&files);
        let found = remark(&imported, text);
        assert!(found.changes_dns && imported.report.is_partial(), "{text}");
        assert!(!found.places.is_empty() && found.get.is_some(), "{text}: {found:?}");
    }
}

#[test]
fn what_decides_only_who_may_do_what_does_not() {
    for (text, files) in decides_access() {
        let imported = read(&files);
        let found = remark(&imported, text);
        assert!(!found.changes_dns && !imported.report.is_partial(), "{text}: {:#?}", imported.report.remarks);
        assert!(!found.places.is_empty() && found.get.is_some(), "{text}: {found:?}");
    }
}
