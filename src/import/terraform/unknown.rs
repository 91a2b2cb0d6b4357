//! Attributes of a plan that are known only after apply and could change DNS. Ids are followed through the configuration (see
//! `reference`); of the rest, what a configuration sets and a plan does not know is reported.

use std::collections::HashMap;

use serde_json::Value;

use super::reference::Plan;
use super::{Resource, service, twin};
use crate::import::id::ResourceId;
use crate::import::property::escaped;
use crate::import::reading::{Reading, decides_names};
use crate::import::report::Topic;

/// Attributes that could change DNS, by type. Azure computes some of them if a configuration does not set them.
const ATTRIBUTES: [(&str, &[&[&str]]); 7] = [
    ("azurerm_virtual_network", &[&["address_space"], &["dns_servers"]]),
    ("azurerm_virtual_network_dns_servers", &[&["dns_servers"]]),
    ("azurerm_subnet", &[&["address_prefixes"]]),
    ("azurerm_private_dns_zone_virtual_network_link", &[&["registration_enabled"], &["resolution_policy"]]),
    (
        "azurerm_private_dns_resolver_forwarding_rule",
        &[&["domain_name"], &["enabled"], &["target_dns_servers", "ip_address"]],
    ),
    ("azurerm_private_dns_resolver_inbound_endpoint", &[&["ip_configurations", "private_ip_address"]]),
    (
        "azurerm_private_endpoint",
        &[
            &["ip_configuration", "private_ip_address"],
            &["private_service_connection", "is_manual_connection"],
            &["private_service_connection", "subresource_names"],
        ],
    ),
];

/// Blocks without a default for what is in them: a plan that does not know it had it from the configuration, even if a dynamic block
/// hides it there.
const REQUIRED: [&str; 4] = ["target_dns_servers", "ip_configuration", "private_service_connection", "record"];

/// Properties of bodies that hold ids: they are followed.
const FOLLOWED: [&str; 6] =
    ["id", "privateLinkServiceId", "privateDnsZoneId", "linkedResourceId", "WorkspaceResourceId", "resourceId"];

/// What a plan does not know of its resources, by their address.
pub(super) fn of_plan(value: &Value) -> HashMap<&str, &Value> {
    let changes = value.get("resource_changes").and_then(Value::as_array).into_iter().flatten();
    let unknown =
        changes.filter_map(|one| Some((one.get("address")?.as_str()?, one.get("change")?.get("after_unknown")?)));
    unknown.collect()
}

impl Reading<'_> {
    /// Reports what is known of a resource only after apply.
    pub(super) fn tf_unknown(&mut self, resource: &Resource<'_>, id: &ResourceId, plan: &Plan<'_>) {
        let Some(unknown) = resource.unknown else { return };
        if resource.kind.starts_with("azapi_") {
            return self.unknown_body(resource, id, unknown.get("body").unwrap_or(&Value::Null));
        }
        let own = ATTRIBUTES.iter().find(|(kind, _)| *kind == resource.kind);
        for path in own.map_or(&[][..], |(_, paths)| paths) {
            let is_set =
                || REQUIRED.contains(&path[0]) || plan.is_configured(&resource.address, &resource.module, path);
            if is_unknown(unknown, path) && is_set() {
                let text = format!("{} of {} is known only after apply", path.join("."), resource.address);
                self.remark(Topic::Unresolved, text, &resource.pointer, None);
            }
        }
        let records = ["records", "record"].into_iter().filter(|_| resource.kind.ends_with("_record"));
        for name in records.filter(|name| is_unknown(unknown, &[name])) {
            // Record sets without any record that is known are reported as such.
            if resource
                .values
                .get(name)
                .and_then(Value::as_array)
                .is_some_and(|known| !known.iter().all(Value::is_null))
            {
                let text = format!("some records of {} are known only after apply", resource.address);
                self.remark(Topic::Unresolved, text, &resource.pointer, None);
            }
        }
        let own = twin::ACCESSES.iter().flat_map(|own| [(own.flag, own.property), (own.word, own.property)]);
        let accesses = own.chain(service::ACCESSES.map(|name| (name, "publicNetworkAccess")));
        for (name, property) in accesses.filter(|(name, _)| is_unknown(unknown, &[name])) {
            if plan.is_configured(&resource.address, &resource.module, &[name]) {
                let text = format!(
                    "{name} of {} is known only after apply: whether it takes public requests is unknown",
                    resource.address
                );
                self.unknown_access(id, property, text, &resource.pointer);
            }
        }
    }

    /// The same for a body in Azure's own words, which nothing but the configuration sets.
    fn unknown_body(&mut self, resource: &Resource<'_>, id: &ResourceId, unknown: &Value) {
        if !decides_names(&id.kind) {
            return;
        }
        let mut paths = Vec::new();
        leaves(unknown, "", 0, &mut paths);
        for path in paths {
            let name = path.rsplit('/').find(|part| part.parse::<usize>().is_err()).unwrap_or_default();
            if FOLLOWED.iter().any(|own| own.eq_ignore_ascii_case(name)) {
                continue;
            }
            let what = if path.is_empty() { "the body".to_owned() } else { format!("body{}", path.replace('/', ".")) };
            let text = format!("{what} of {} is known only after apply", resource.address);
            self.remark(Topic::Unresolved, text, &resource.pointer, None);
        }
    }
}

/// True if anything at a path is unknown. Blocks are lists of objects.
fn is_unknown(value: &Value, path: &[&str]) -> bool {
    match (value, path) {
        (Value::Bool(unknown), _) => *unknown,
        (Value::Array(items), path) => items.iter().any(|item| is_unknown(item, path)),
        (Value::Object(entries), [first, rest @ ..]) => entries.get(*first).is_some_and(|own| is_unknown(own, rest)),
        (Value::Object(entries), []) => entries.values().any(|own| is_unknown(own, &[])),
        _ => false,
    }
}

/// The paths of all that is unknown.
fn leaves(value: &Value, path: &str, depth: usize, found: &mut Vec<String>) {
    match value {
        Value::Bool(true) => found.push(path.to_owned()),
        Value::Array(items) if depth < 64 => {
            for (index, item) in items.iter().enumerate() {
                leaves(item, &format!("{path}/{index}"), depth + 1, found);
            }
        }
        Value::Object(entries) if depth < 64 => {
            for (key, item) in entries {
                leaves(item, &format!("{path}/{}", escaped(key)), depth + 1, found);
            }
        }
        _ => {}
    }
}
