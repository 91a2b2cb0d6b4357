//! What a file declares, found without the importer: a plain walk over its JSON by resource type.

use serde_json::Value;

/// Types of Azure that decide what names resolve to.
pub const KINDS: [&str; 25] = [
    "microsoft.insights/components",
    "microsoft.insights/datacollectionendpoints",
    "microsoft.insights/privatelinkscopes",
    "microsoft.insights/privatelinkscopes/scopedresources",
    "microsoft.network/dnsforwardingrulesets",
    "microsoft.network/dnsforwardingrulesets/forwardingrules",
    "microsoft.network/dnsforwardingrulesets/virtualnetworklinks",
    "microsoft.network/dnsresolvers",
    "microsoft.network/dnsresolvers/inboundendpoints",
    "microsoft.network/dnsresolvers/outboundendpoints",
    "microsoft.network/privatednszones",
    "microsoft.network/privatednszones/a",
    "microsoft.network/privatednszones/aaaa",
    "microsoft.network/privatednszones/cname",
    "microsoft.network/privatednszones/mx",
    "microsoft.network/privatednszones/ptr",
    "microsoft.network/privatednszones/srv",
    "microsoft.network/privatednszones/txt",
    "microsoft.network/privatednszones/virtualnetworklinks",
    "microsoft.network/privateendpoints",
    "microsoft.network/privateendpoints/privatednszonegroups",
    "microsoft.network/virtualnetworks",
    "microsoft.network/virtualnetworks/subnets",
    "microsoft.network/virtualnetworks/virtualnetworkpeerings",
    "microsoft.operationalinsights/workspaces",
];

/// What the provider azurerm calls them.
const TERRAFORM: [(&str, &str); 24] = [
    ("azurerm_application_insights", "microsoft.insights/components"),
    ("azurerm_log_analytics_workspace", "microsoft.operationalinsights/workspaces"),
    ("azurerm_monitor_data_collection_endpoint", "microsoft.insights/datacollectionendpoints"),
    ("azurerm_monitor_private_link_scope", "microsoft.insights/privatelinkscopes"),
    ("azurerm_monitor_private_link_scoped_service", "microsoft.insights/privatelinkscopes/scopedresources"),
    ("azurerm_private_dns_a_record", "microsoft.network/privatednszones/a"),
    ("azurerm_private_dns_aaaa_record", "microsoft.network/privatednszones/aaaa"),
    ("azurerm_private_dns_cname_record", "microsoft.network/privatednszones/cname"),
    ("azurerm_private_dns_mx_record", "microsoft.network/privatednszones/mx"),
    ("azurerm_private_dns_ptr_record", "microsoft.network/privatednszones/ptr"),
    ("azurerm_private_dns_resolver", "microsoft.network/dnsresolvers"),
    ("azurerm_private_dns_resolver_dns_forwarding_ruleset", "microsoft.network/dnsforwardingrulesets"),
    ("azurerm_private_dns_resolver_forwarding_rule", "microsoft.network/dnsforwardingrulesets/forwardingrules"),
    ("azurerm_private_dns_resolver_inbound_endpoint", "microsoft.network/dnsresolvers/inboundendpoints"),
    ("azurerm_private_dns_resolver_outbound_endpoint", "microsoft.network/dnsresolvers/outboundendpoints"),
    (
        "azurerm_private_dns_resolver_virtual_network_link",
        "microsoft.network/dnsforwardingrulesets/virtualnetworklinks",
    ),
    ("azurerm_private_dns_srv_record", "microsoft.network/privatednszones/srv"),
    ("azurerm_private_dns_txt_record", "microsoft.network/privatednszones/txt"),
    ("azurerm_private_dns_zone", "microsoft.network/privatednszones"),
    ("azurerm_private_dns_zone_virtual_network_link", "microsoft.network/privatednszones/virtualnetworklinks"),
    ("azurerm_private_endpoint", "microsoft.network/privateendpoints"),
    ("azurerm_subnet", "microsoft.network/virtualnetworks/subnets"),
    ("azurerm_virtual_network", "microsoft.network/virtualnetworks"),
    ("azurerm_virtual_network_peering", "microsoft.network/virtualnetworks/virtualnetworkpeerings"),
];

/// What Pulumi's azure-native calls them, without module and version.
const PULUMI: [(&str, &str); 12] = [
    ("Component", "microsoft.insights/components"),
    ("DataCollectionEndpoint", "microsoft.insights/datacollectionendpoints"),
    ("PrivateDnsZoneGroup", "microsoft.network/privateendpoints/privatednszonegroups"),
    ("PrivateEndpoint", "microsoft.network/privateendpoints"),
    ("PrivateLinkScope", "microsoft.insights/privatelinkscopes"),
    ("PrivateLinkScopedResource", "microsoft.insights/privatelinkscopes/scopedresources"),
    ("PrivateZone", "microsoft.network/privatednszones"),
    ("Subnet", "microsoft.network/virtualnetworks/subnets"),
    ("VirtualNetwork", "microsoft.network/virtualnetworks"),
    ("VirtualNetworkLink", "microsoft.network/privatednszones/virtualnetworklinks"),
    ("VirtualNetworkPeering", "microsoft.network/virtualnetworks/virtualnetworkpeerings"),
    ("Workspace", "microsoft.operationalinsights/workspaces"),
];

/// An object that a file declares, before anything is evaluated.
#[derive(Debug)]
pub struct Declared {
    /// One of [`KINDS`].
    pub kind: &'static str,
    /// Its JSON pointer.
    pub pointer: String,
    /// Places around it whose remark is about it as well: the nested deployments it is in.
    pub within: Vec<String>,
    /// True if it may be deployed never or several times: a condition or a loop is on it or around it.
    pub conditional: bool,
}

/// All objects of a file.
pub fn walk(value: &Value) -> Vec<Declared> {
    let mut found = Vec::new();
    if let Some(schema) = value["$schema"].as_str() {
        if schema.to_ascii_lowercase().contains("deploymenttemplate") {
            template(value, "", "", &[], false, &mut found);
        }
        return found;
    }
    if value.get("planned_values").is_some() || value.get("values").is_some_and(|values| values.is_object()) {
        let section = if value.get("planned_values").is_some() { "planned_values" } else { "values" };
        module(&value[section]["root_module"], &format!("/{section}/root_module"), &mut found);
    } else if value.get("lineage").is_some() {
        for (index, resource) in items(&value["resources"]) {
            for (number, instance) in items(&resource["instances"]) {
                let pointer = format!("/resources/{index}/instances/{number}");
                terraform(resource, &instance["attributes"], pointer, &mut found);
            }
        }
    } else if let Some(resources) = value.pointer("/deployment/resources") {
        for (index, resource) in items(resources) {
            let name = resource["type"].as_str().unwrap_or_default();
            let own = name.starts_with("azure-native:").then(|| name.rsplit(':').next().unwrap_or_default());
            let kind = PULUMI.iter().find(|(pulumi, _)| Some(*pulumi) == own);
            if let (Some((_, kind)), false) = (kind, resource["delete"] == true) {
                found.push(Declared::plain(kind, format!("/deployment/resources/{index}")));
            }
        }
    } else if let Some(changes) = value.get("changes").or_else(|| value.pointer("/properties/changes")) {
        let base = if value.get("changes").is_some() { "/changes" } else { "/properties/changes" };
        for (index, change) in items(changes).filter(|(_, change)| change["changeType"] != "Delete") {
            let id = change["resourceId"].as_str().unwrap_or_default();
            found.extend(kind_of_id(id).map(|kind| Declared::plain(kind, format!("{base}/{index}"))));
        }
    } else {
        let (list, base) = match value {
            Value::Array(_) => (value, String::new()),
            _ => match ["predictedResources", "data", "value"].iter().find(|name| value[**name].is_array()) {
                Some(name) => (&value[*name], format!("/{name}")),
                None => {
                    found.extend(evaluated(value).map(|kind| Declared::plain(kind, String::new())));
                    return found;
                }
            },
        };
        for (index, one) in items(list) {
            found.extend(evaluated(one).map(|kind| Declared::plain(kind, format!("{base}/{index}"))));
        }
    }
    found
}

impl Declared {
    fn plain(kind: &'static str, pointer: String) -> Self {
        Self { kind, pointer, within: Vec::new(), conditional: false }
    }
}

fn items(value: &Value) -> impl Iterator<Item = (usize, &Value)> {
    value.as_array().into_iter().flatten().enumerate()
}

fn known(kind: &str) -> Option<&'static str> {
    KINDS.into_iter().find(|known| known.eq_ignore_ascii_case(kind.trim_end_matches('/')))
}

/// The type that an id ends with.
fn kind_of_id(id: &str) -> Option<&'static str> {
    let (_, behind) = id.rsplit_once("/providers/")?;
    let parts: Vec<&str> = behind.split('/').collect();
    let types = parts.iter().skip(1).step_by(2).copied();
    known(&std::iter::once(parts[0]).chain(types).collect::<Vec<_>>().join("/"))
}

/// The type of an evaluated resource.
fn evaluated(value: &Value) -> Option<&'static str> {
    let by_id = value["id"].as_str().and_then(kind_of_id);
    by_id.or_else(|| value["type"].as_str().and_then(known))
}

fn module(value: &Value, pointer: &str, found: &mut Vec<Declared>) {
    for (index, resource) in items(&value["resources"]) {
        let values = &resource["values"];
        terraform(resource, values, format!("{pointer}/resources/{index}"), found);
    }
    for (index, child) in items(&value["child_modules"]) {
        module(child, &format!("{pointer}/child_modules/{index}"), found);
    }
}

fn terraform(resource: &Value, values: &Value, pointer: String, found: &mut Vec<Declared>) {
    let name = resource["type"].as_str().unwrap_or_default();
    let kind = match name {
        "azapi_resource" => values["type"].as_str().and_then(|text| known(text.split('@').next().unwrap_or_default())),
        name => TERRAFORM.iter().find(|(own, _)| *own == name).map(|(_, kind)| *kind),
    };
    found.extend(kind.map(|kind| Declared::plain(kind, pointer)));
}

/// A template, or the resources below another: `parent` is the type of that one.
fn template(value: &Value, pointer: &str, parent: &str, within: &[String], maybe: bool, found: &mut Vec<Declared>) {
    let all: Vec<(String, &Value)> = match &value["resources"] {
        Value::Array(items) => items.iter().enumerate().map(|(index, one)| (index.to_string(), one)).collect(),
        Value::Object(entries) => entries.iter().map(|(name, one)| (escaped(name), one)).collect(),
        _ => Vec::new(),
    };
    for (key, resource) in all {
        let pointer = format!("{pointer}/resources/{key}");
        let own = resource["type"].as_str().unwrap_or_default();
        let whole = if parent.is_empty() { own.to_owned() } else { format!("{parent}/{own}") };
        let maybe = maybe || resource.get("condition").is_some() || resource.get("copy").is_some();
        if resource["existing"] == true {
            continue;
        }
        if let Some(kind) = known(&whole) {
            found.push(Declared { kind, pointer: pointer.clone(), within: within.to_vec(), conditional: maybe });
        }
        if whole.eq_ignore_ascii_case("Microsoft.Resources/deployments") {
            let mut around = within.to_vec();
            around.push(pointer.clone());
            let nested = format!("{pointer}/properties/template");
            template(&resource["properties"]["template"], &nested, "", &around, maybe, found);
        } else {
            template(resource, &pointer, &whole, within, maybe, found);
        }
    }
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
