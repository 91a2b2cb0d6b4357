//! `terraform show -json`, of a state and of a plan, to facts.
//!
//! A state says everything. In a plan what Azure computes is absent: ids are built from names, references between
//! resources are followed through the plan's configuration (see `reference`), and the rest is predicted later.

mod collection;
mod reference;
mod routing;
mod service;
mod twin;
mod unknown;

use serde_json::{Map, Value};

use self::reference::Plan;
use super::id::{CLOSE, OPEN, ResourceId, UNKNOWN};
use super::property::{Placed, View};
use super::reading::{Reading, host, record};
use super::report::Topic;
use super::rest::{ACCESSES, IP_VERSIONS, MODES, POLICIES, quoted, usual_address};
use crate::dns::RecordType;

/// Resource groups are no objects of an estate, and others are in them.
const GROUP: &str = "azurerm_resource_group";
/// How deep modules may be nested.
const MAX_DEPTH: usize = 32;

/// Types of the provider azurerm, and the types of resources they make. Records are named by their type.
const TYPES: [(&str, &str); 25] = [
    ("azurerm_virtual_network", "microsoft.network/virtualnetworks"),
    ("azurerm_virtual_network_dns_servers", "microsoft.network/virtualnetworks"),
    ("azurerm_subnet", "microsoft.network/virtualnetworks/subnets"),
    ("azurerm_virtual_network_peering", "microsoft.network/virtualnetworks/virtualnetworkpeerings"),
    ("azurerm_private_dns_zone", "microsoft.network/privatednszones"),
    ("azurerm_private_dns_zone_virtual_network_link", "microsoft.network/privatednszones/virtualnetworklinks"),
    ("azurerm_private_dns_a_record", "microsoft.network/privatednszones/a"),
    ("azurerm_private_dns_aaaa_record", "microsoft.network/privatednszones/aaaa"),
    ("azurerm_private_dns_cname_record", "microsoft.network/privatednszones/cname"),
    ("azurerm_private_dns_mx_record", "microsoft.network/privatednszones/mx"),
    ("azurerm_private_dns_ptr_record", "microsoft.network/privatednszones/ptr"),
    ("azurerm_private_dns_srv_record", "microsoft.network/privatednszones/srv"),
    ("azurerm_private_dns_txt_record", "microsoft.network/privatednszones/txt"),
    ("azurerm_log_analytics_workspace", "microsoft.operationalinsights/workspaces"),
    ("azurerm_application_insights", "microsoft.insights/components"),
    ("azurerm_monitor_data_collection_endpoint", "microsoft.insights/datacollectionendpoints"),
    ("azurerm_monitor_private_link_scope", "microsoft.insights/privatelinkscopes"),
    ("azurerm_monitor_private_link_scoped_service", "microsoft.insights/privatelinkscopes/scopedresources"),
    ("azurerm_private_endpoint", "microsoft.network/privateendpoints"),
    ("azurerm_private_dns_resolver", "microsoft.network/dnsresolvers"),
    ("azurerm_private_dns_resolver_inbound_endpoint", "microsoft.network/dnsresolvers/inboundendpoints"),
    ("azurerm_private_dns_resolver_outbound_endpoint", "microsoft.network/dnsresolvers/outboundendpoints"),
    ("azurerm_private_dns_resolver_dns_forwarding_ruleset", "microsoft.network/dnsforwardingrulesets"),
    ("azurerm_private_dns_resolver_forwarding_rule", "microsoft.network/dnsforwardingrulesets/forwardingrules"),
    (
        "azurerm_private_dns_resolver_virtual_network_link",
        "microsoft.network/dnsforwardingrulesets/virtualnetworklinks",
    ),
];

/// A resource of a state or plan.
struct Resource<'t> {
    /// Its address, such as `module.net.azurerm_subnet.pe[0]`.
    address: String,
    /// The address of the module it is in; empty for the root.
    module: String,
    kind: String,
    values: &'t Value,
    pointer: String,
    planned: bool,
    /// What of it is known only after apply.
    unknown: Option<&'t Value>,
}

/// The resource type a Terraform type makes.
fn kind_of(kind: &str) -> Option<&'static str> {
    let services = service::TYPES.iter().chain(&service::WITHOUT_ZONES);
    let collection = collection::TYPES.iter().chain(&collection::MACHINES);
    TYPES
        .iter()
        .chain(&routing::TYPES)
        .chain(services)
        .chain(collection)
        .find(|(own, _)| *own == kind)
        .map(|(_, azure)| *azure)
}

impl Reading<'_> {
    /// Reads what `terraform show -json` printed.
    pub(super) fn terraform(&mut self, value: &Value) {
        let mut resources = Vec::new();
        let planned = value.get("planned_values").is_some();
        for (section, planned, data_only) in
            [("values", false, false), ("planned_values", true, false), ("prior_state", false, true)]
        {
            let (tree, pointer) = match section {
                "prior_state" if planned_only(value) => {
                    (value.get("prior_state").and_then(|prior| prior.get("values")), "/prior_state/values".to_owned())
                }
                "prior_state" => (None, String::new()),
                section => (value.get(section), format!("/{section}")),
            };
            if let Some(root) = tree.and_then(|tree| tree.get("root_module")) {
                self.module(root, &format!("{pointer}/root_module"), planned, data_only, 0, &mut resources);
            }
        }
        if let Some(Value::Array(drift)) = value.get("resource_drift")
            && !drift.is_empty()
        {
            let text = "the plan reports drift: the importer uses the values that Terraform will set";
            self.remark(Topic::Inconsistent, text, "/resource_drift", None);
        }
        self.raw_state(value, &mut resources);
        self.forgotten(value, &mut resources);
        let unknown = unknown::of_plan(value);
        for resource in resources.iter_mut().filter(|resource| resource.planned) {
            resource.unknown = unknown.get(resource.address.as_str()).copied();
        }
        let whole = value.get("complete").and_then(Value::as_bool) != Some(false);
        let deferred = value.get("deferred_changes").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
        if !whole || deferred {
            let text = "the plan is incomplete: Terraform deferred some changes to a later plan";
            self.remark(Topic::NotRead, text, "", None);
        }
        let mut plan = Plan::of(value);
        // Ids that need ids of others come after those; at last those of resources without a name, and of what needs them.
        for last in [false, false, false, true, true, true] {
            for resource in &resources {
                if plan.has(&resource.address) {
                    continue;
                }
                if let Some(id) = self.id_of_resource(resource, &plan, last) {
                    plan.add(&resource.address, &resource.module, id);
                }
            }
        }
        for resource in &resources {
            self.planned = resource.planned && planned;
            match plan.id(&resource.address) {
                Some(id) if resource.kind == GROUP || id.kind.is_empty() => {}
                Some(id) => {
                    self.terraform_resource(resource, &id, &plan);
                    self.tf_unknown(resource, &id, &plan);
                }
                None if is_read(resource) => {
                    let text = format!(
                        "the plan does not say which resource {} is: the importer ignores it",
                        resource.address
                    );
                    self.remark(Topic::NotRead, text, &resource.pointer, None);
                }
                None => {
                    let text = format!("{} is ignored: not relevant to DNS", resource.kind);
                    self.remark(Topic::Unsupported, text, &resource.pointer, None);
                }
            }
        }
    }

    /// Resources of a raw state, with the attributes of each instance.
    fn raw_state<'t>(&mut self, value: &'t Value, resources: &mut Vec<Resource<'t>>) {
        if value.get("lineage").is_none() {
            return;
        }
        for (index, own) in value.get("resources").and_then(Value::as_array).into_iter().flatten().enumerate() {
            let text = |key: &str| own.get(key).and_then(Value::as_str).unwrap_or_default();
            let (module, kind) = (text("module"), text("type"));
            let data = if text("mode") == "data" { "data." } else { "" };
            let dot = if module.is_empty() { "" } else { "." };
            for (number, one) in own.get("instances").and_then(Value::as_array).into_iter().flatten().enumerate() {
                let pointer = format!("/resources/{index}/instances/{number}");
                if one.get("deposed").is_some_and(|deposed| !deposed.is_null()) {
                    continue;
                }
                let Some(values) = one.get("attributes").filter(|values| values.is_object()) else {
                    if kind_of(kind).is_some() || kind.starts_with("azapi_") {
                        let text =
                            format!("{module}{dot}{kind}.{} has no attributes that the importer reads", text("name"));
                        self.remark(Topic::NotRead, text, &pointer, None);
                    }
                    continue;
                };
                let key = match one.get("index_key") {
                    Some(Value::String(key)) => format!("[\"{key}\"]"),
                    Some(Value::Number(key)) => format!("[{key}]"),
                    _ => String::new(),
                };
                resources.push(Resource {
                    address: format!("{module}{dot}{data}{kind}.{}{key}", text("name")),
                    module: module.to_owned(),
                    kind: kind.to_owned(),
                    values,
                    pointer: format!("{pointer}/attributes"),
                    planned: false,
                    unknown: None,
                });
            }
        }
    }

    /// Resources that Terraform forgets stay in Azure.
    fn forgotten<'t>(&mut self, value: &'t Value, resources: &mut Vec<Resource<'t>>) {
        for (index, own) in value.get("resource_changes").and_then(Value::as_array).into_iter().flatten().enumerate() {
            let text = |key: &str| own.get(key).and_then(Value::as_str).unwrap_or_default();
            let change = own.get("change");
            let actions = change.and_then(|change| change.get("actions")).and_then(Value::as_array);
            let only_forgotten = actions.is_some_and(|all| all.len() == 1 && all[0] == "forget");
            let before = change.and_then(|change| change.get("before")).filter(|before| before.is_object());
            if let Some(values) = before.filter(|_| only_forgotten) {
                resources.push(Resource {
                    address: text("address").to_owned(),
                    module: module_of(text("address")).to_owned(),
                    kind: text("type").to_owned(),
                    values,
                    pointer: format!("/resource_changes/{index}/change/before"),
                    planned: false,
                    unknown: None,
                });
            }
        }
    }

    fn module<'t>(
        &mut self,
        module: &'t Value,
        pointer: &str,
        planned: bool,
        data_only: bool,
        depth: usize,
        resources: &mut Vec<Resource<'t>>,
    ) {
        if depth > MAX_DEPTH {
            return self.error(pointer, format!("modules are nested deeper than {MAX_DEPTH}"), None);
        }
        for (index, resource) in module.get("resources").and_then(Value::as_array).into_iter().flatten().enumerate() {
            let pointer = format!("{pointer}/resources/{index}");
            let text = |key: &str| resource.get(key).and_then(Value::as_str);
            let (Some(kind), Some(values)) = (text("type"), resource.get("values")) else {
                self.error(
                    &pointer,
                    "this resource has no type or no values",
                    Some("pass the output of `terraform show -json`"),
                );
                continue;
            };
            let is_data = text("mode") == Some("data");
            if data_only && !is_data {
                continue;
            }
            let address = text("address").unwrap_or(&pointer).to_owned();
            resources.push(Resource {
                module: module_of(&address).to_owned(),
                address,
                kind: kind.to_owned(),
                values,
                pointer: format!("{pointer}/values"),
                planned: planned && !is_data,
                unknown: None,
            });
        }
        for (index, child) in module.get("child_modules").and_then(Value::as_array).into_iter().flatten().enumerate() {
            self.module(child, &format!("{pointer}/child_modules/{index}"), planned, data_only, depth + 1, resources);
        }
    }

    /// The id of a resource: its own, or built from its names; absent for types that have no part in this, and where a
    /// name is unknown (yet).
    fn id_of_resource(&mut self, resource: &Resource<'_>, plan: &Plan<'_>, last: bool) -> Option<ResourceId> {
        let text = |key: &str| resource.values.get(key).and_then(Value::as_str);
        if resource.kind == GROUP {
            let id = text("id").and_then(ResourceId::parse);
            return id.or_else(|| Some(ResourceId::of(UNKNOWN, text("name")?, "", &[])));
        }
        if matches!(resource.kind.as_str(), "azapi_resource" | "azapi_update_resource") {
            let id = text("id").or_else(|| text("resource_id")).and_then(ResourceId::parse);
            return id.filter(|id| !id.kind.is_empty()).or_else(|| {
                let kind = text("type")?.split('@').next()?.to_owned();
                let parent = text("parent_id").and_then(ResourceId::parse).or_else(|| {
                    plan.resolve(&resource.address, &resource.module, &["parent_id"], "").into_iter().next()
                });
                // A parent that is found by nothing at last is a resource group without a name.
                let parent = parent.or_else(|| last.then(|| ResourceId::of(UNKNOWN, UNKNOWN, "", &[])))?;
                if super::collection::is_association(&kind.to_ascii_lowercase()) {
                    return Some(parent.child(super::id::ASSOCIATIONS, text("name")?));
                }
                let mut names: Vec<&str> = parent.names.iter().map(String::as_str).collect();
                names.push(text("name")?);
                (kind.matches('/').count() == names.len())
                    .then(|| ResourceId::of(&parent.subscription, &parent.group, &kind, &names))
            });
        }
        if let Some(id) = self.subscription_of(resource) {
            return Some(id);
        }
        let kind = kind_of(&resource.kind)?;
        if resource.kind == collection::ASSOCIATION {
            return collection::id_of_association(resource, plan);
        }
        if resource.kind == "azurerm_virtual_network_dns_servers" {
            let id = text("virtual_network_id").and_then(ResourceId::parse);
            return id.or_else(|| {
                plan.resolve(&resource.address, &resource.module, &["virtual_network_id"], kind).into_iter().next()
            });
        }
        if routing::is_association(&resource.kind) {
            let id = text("subnet_id").or_else(|| text("id")).and_then(ResourceId::parse);
            return id.or_else(|| {
                plan.resolve(&resource.address, &resource.module, &["subnet_id"], kind).into_iter().next()
            });
        }
        if let Some(id) = text("id").and_then(ResourceId::parse) {
            return Some(id);
        }
        // What has no name before apply is called after its place in the configuration.
        let name = match text("name") {
            Some(name) => name.to_owned(),
            None if last => format!("{OPEN}{}{CLOSE}", resource.address.replace('/', "|")),
            None => return None,
        };
        let name = name.as_str();
        let group = text("resource_group_name").unwrap_or(UNKNOWN);
        let Some(parent) = twin::parent(&resource.kind) else {
            return Some(ResourceId::of(UNKNOWN, group, kind, &[name]));
        };
        let own = kind.rsplit('/').next().unwrap_or_default();
        if let Some(id) = text(parent.id).and_then(ResourceId::parse) {
            return Some(id.child(own, name));
        }
        if let Some(parent) = text(parent.name).filter(|_| !parent.name.is_empty()) {
            return Some(ResourceId::of(UNKNOWN, group, kind, &[parent, name]));
        }
        for attribute in [parent.id, parent.name] {
            let found = plan.resolve(&resource.address, &resource.module, &[attribute], parent.kind);
            if let [one] = found.as_slice() {
                return Some(one.child(own, name));
            }
        }
        None
    }

    /// The subscription that a data source of the provider says, with its tenant.
    fn subscription_of(&mut self, resource: &Resource<'_>) -> Option<ResourceId> {
        if !matches!(resource.kind.as_str(), "azurerm_client_config" | "azurerm_subscription") {
            return None;
        }
        let text = |key: &str| resource.values.get(key).and_then(Value::as_str);
        let subscription = text("subscription_id")?;
        if let Some(tenant) = text("tenant_id") {
            self.tenant(subscription, tenant, &format!("{}/tenant_id", resource.pointer));
        }
        Some(ResourceId::of(subscription, "", "", &[]))
    }

    fn terraform_resource(&mut self, resource: &Resource<'_>, id: &ResourceId, plan: &Plan<'_>) {
        if resource.kind.starts_with("azapi_") {
            return self.azapi(resource, id, plan);
        }
        let view = View::of(resource.values, &resource.pointer);
        view.ignore(&["resource_group_name", "timeouts", "guid", "parent_id"]);
        if let Some(parent) = twin::parent(&resource.kind) {
            view.ignore(&[parent.id, parent.name]);
        }
        if id.names.last().is_some_and(|name| name.contains(OPEN)) {
            self.unknown_name(id, &resource.pointer, "it is known only after apply");
        }
        let is_of_type = kind_of(&resource.kind) == Some(id.kind.as_str());
        if !is_of_type && !routing::is_association(&resource.kind) && resource.kind != collection::ASSOCIATION {
            let text = format!("the id of {} has the type {}: the importer ignores it", resource.address, id.kind);
            return self.remark(Topic::NotRead, text, &resource.pointer, None);
        }
        let known = Known { resource, plan };
        if super::collection::is_machine(&id.kind) {
            return self.tf_machine(id, &view, &known);
        }
        self.exists(id, &resource.pointer);
        if service::is_service(&resource.kind) {
            self.tf_service_parts(id, &view, &known);
            return self.tf_service(id, &view);
        }
        let is_read = self.tf_networking(id, &view, &known)
            || self.tf_private_dns(id, &view, &known)
            || self.tf_monitor(id, &view, &known)
            || self.tf_collection(id, &view, &known)
            || self.tf_routing(id, &view, &known);
        if !is_read {
            self.tf_record_set(id, &view);
        }
        self.close(&resource.kind, &view);
    }

    /// Virtual networks, their parts, and private endpoints; false for what is something else.
    fn tf_networking(&mut self, id: &ResourceId, view: &View<'_>, known: &Known<'_, '_>) -> bool {
        match known.resource.kind.as_str() {
            "azurerm_virtual_network" => self.tf_network(id, view),
            "azurerm_virtual_network_dns_servers" => {
                let servers: Vec<String> =
                    view.texts("dns_servers").into_iter().map(|(text, _)| text.to_owned()).collect();
                self.tell(id, "dnsServers", servers, view.pointer());
                view.ignore(&["virtual_network_id"]);
            }
            "azurerm_subnet" => {
                self.subnet_prefix(id, &view.texts("address_prefixes"));
                self.tf_subnet_policy(id, view);
                if let Some((text, pointer)) = view.text("route_table_id") {
                    self.tell_id(id, "routeTable", text, &pointer);
                }
                view.ignore(&[
                    "virtual_network_name",
                    "delegation",
                    "service_endpoints",
                    "service_endpoint_policy_ids",
                    "route_table_id_wo",
                    "route_table_id_wo_version",
                    "private_link_service_network_policies_enabled",
                    "default_outbound_access_enabled",
                    "enforce_private_link_service_network_policies",
                ]);
            }
            "azurerm_virtual_network_peering" => {
                self.tf_id(id, "remote", view, "remote_virtual_network_id", known, "microsoft.network/virtualnetworks");
                self.tf_peering_flags(id, view);
                view.ignore(&[
                    "virtual_network_name",
                    "triggers",
                    "peer_complete_virtual_networks_enabled",
                    "only_ipv6_peering_enabled",
                    "local_subnet_names",
                    "remote_subnet_names",
                ]);
            }
            "azurerm_private_endpoint" => self.tf_endpoint(id, view, known),
            _ => return false,
        }
        true
    }

    /// Private zones and resolvers; false for what is something else.
    fn tf_private_dns(&mut self, id: &ResourceId, view: &View<'_>, known: &Known<'_, '_>) -> bool {
        match known.resource.kind.as_str() {
            "azurerm_private_dns_zone" => {
                if let Some((number, pointer)) = view.number("number_of_record_sets") {
                    self.tell(id, "numberOfRecordSets", number, &pointer);
                }
                view.ignore(&[
                    "max_number_of_record_sets",
                    "max_number_of_virtual_network_links",
                    "max_number_of_virtual_network_links_with_registration",
                    "soa_record",
                ]);
            }
            "azurerm_private_dns_zone_virtual_network_link" => {
                self.tf_id(id, "network", view, "virtual_network_id", known, "microsoft.network/virtualnetworks");
                self.word(id, "resolutionPolicy", view.text("resolution_policy"), POLICIES);
                if let Some((true, pointer)) = view.flag("registration_enabled") {
                    self.registration(id, &pointer);
                }
                view.ignore(&["private_dns_zone_name"]);
            }
            "azurerm_private_dns_resolver" => {
                self.tf_id(id, "network", view, "virtual_network_id", known, "microsoft.network/virtualnetworks");
            }
            "azurerm_private_dns_resolver_inbound_endpoint" => {
                for item in view.items("ip_configurations").into_iter().take(1) {
                    let own = item.view();
                    let blocks = ["ip_configurations", "subnet_id"];
                    self.tf_block_id(
                        id,
                        "subnet",
                        &own,
                        "subnet_id",
                        known,
                        &blocks,
                        "microsoft.network/virtualnetworks/subnets",
                    );
                    if let Some((text, pointer)) = own.text("private_ip_address")
                        && let Some(address) = self.address(text, &pointer)
                    {
                        self.tell(id, "address", address.to_string(), &pointer);
                    }
                    own.ignore(&["private_ip_allocation_method"]);
                    self.close("ip_configurations", &own);
                }
                view.ignore(&["private_dns_resolver_id"]);
            }
            "azurerm_private_dns_resolver_outbound_endpoint" => {
                self.tf_id(id, "subnet", view, "subnet_id", known, "microsoft.network/virtualnetworks/subnets");
                view.ignore(&["private_dns_resolver_id"]);
            }
            "azurerm_private_dns_resolver_dns_forwarding_ruleset" => {
                self.tf_outbound_endpoint(id, view, known);
            }
            "azurerm_private_dns_resolver_forwarding_rule" => self.tf_rule(id, view),
            "azurerm_private_dns_resolver_virtual_network_link" => {
                self.tf_id(id, "network", view, "virtual_network_id", known, "microsoft.network/virtualnetworks");
                view.ignore(&["dns_forwarding_ruleset_id"]);
            }
            _ => return false,
        }
        true
    }

    /// Resources of Azure Monitor; false for what is something else.
    fn tf_monitor(&mut self, id: &ResourceId, view: &View<'_>, known: &Known<'_, '_>) -> bool {
        match known.resource.kind.as_str() {
            "azurerm_log_analytics_workspace" => {
                if let Some((text, pointer)) = view.text("workspace_id") {
                    self.customer_id(id, text, &pointer);
                }
                self.tf_resource(id, view);
                view.ignore(&[
                    "primary_shared_key",
                    "secondary_shared_key",
                    "retention_in_days",
                    "daily_quota_gb",
                    "allow_resource_only_permissions",
                    "cmk_for_query_forced",
                    "local_authentication_disabled",
                    "local_authentication_enabled",
                    "reservation_capacity_in_gb_per_day",
                    "data_collection_rule_id",
                    "immediate_data_purge_on_30_days_enabled",
                ]);
            }
            "azurerm_application_insights" => {
                if let Some((text, pointer)) = view.text("connection_string") {
                    self.connection_string(id, text, &pointer);
                }
                self.tf_id(id, "workspace", view, "workspace_id", known, "microsoft.operationalinsights/workspaces");
                self.tf_resource(id, view);
                view.ignore(&[
                    "app_id",
                    "application_type",
                    "instrumentation_key",
                    "daily_data_cap_in_gb",
                    "daily_data_cap_notifications_disabled",
                    "disable_ip_masking",
                    "force_customer_storage_for_profiler",
                    "local_authentication_disabled",
                    "retention_in_days",
                    "sampling_percentage",
                ]);
            }
            "azurerm_monitor_data_collection_endpoint" => self.tf_collection_endpoint(id, view),
            "azurerm_monitor_private_link_scope" => {
                // The provider's default is Open, and a plan has it.
                self.word(id, "ingestionAccessMode", view.text("ingestion_access_mode"), MODES);
                self.word(id, "queryAccessMode", view.text("query_access_mode"), MODES);
            }
            "azurerm_monitor_private_link_scoped_service" => {
                self.tf_id(id, "resource", view, "linked_resource_id", known, "");
                view.ignore(&["scope_name"]);
            }
            _ => return false,
        }
        true
    }

    /// An attribute that holds an id; in a plan it is followed through the configuration.
    fn tf_id(
        &mut self,
        id: &ResourceId,
        attribute: &str,
        view: &View<'_>,
        key: &str,
        known: &Known<'_, '_>,
        kind: &str,
    ) {
        self.tf_block_id(id, attribute, view, key, known, &[key], kind);
    }

    #[allow(clippy::too_many_arguments, reason = "where to look and what to say")]
    fn tf_block_id(
        &mut self,
        id: &ResourceId,
        attribute: &str,
        view: &View<'_>,
        key: &str,
        known: &Known<'_, '_>,
        path: &[&str],
        kind: &str,
    ) {
        if let Some((text, pointer)) = view.text(key) {
            self.tell_id(id, attribute, text, &pointer);
            return;
        }
        if !known.resource.planned {
            return;
        }
        let resource = known.resource;
        match known.plan.candidates(&resource.address, &resource.module, path, kind).as_slice() {
            [(other, sure)] => {
                let from = self.at(&resource.pointer);
                self.facts.tell_id(id, attribute, other, &from);
                if !sure {
                    let text = format!(
                        "{key} of {} is known only after apply: the only possible value is {}",
                        resource.address,
                        super::fact::described(other)
                    );
                    self.remark(Topic::Inferred, text, &resource.pointer, None);
                }
            }
            [] => {
                let text = format!(
                    "{key} of {} is known only after apply, and the configuration does not show it",
                    resource.address
                );
                self.remark(Topic::Unresolved, text, &resource.pointer, None);
            }
            several => {
                let names: Vec<&str> = several.iter().map(|(other, _)| other.name()).take(8).collect();
                let text = format!(
                    "{key} of {} is known only after apply; it can be any of {}",
                    resource.address,
                    names.join(", ")
                );
                self.remark(Topic::Unresolved, text, &resource.pointer, None);
            }
        }
    }

    fn tf_network(&mut self, id: &ResourceId, view: &View<'_>) {
        let prefixes = self.prefixes(&view.texts("address_space"));
        if !prefixes.is_empty() {
            self.tell(id, "addressSpace", prefixes, view.pointer());
        }
        if let Some(servers) = view.get("dns_servers") {
            let texts: Vec<&str> = servers.items().iter().filter_map(Placed::text).collect();
            if !texts.is_empty() {
                self.tell(id, "dnsServers", texts, &servers.pointer);
            }
        }
        for item in view.items("subnet") {
            let own = item.view();
            if let Some((name, _)) = own.text("name") {
                let subnet = id.child("subnets", name);
                self.exists(&subnet, &item.pointer);
                let mut texts = own.texts("address_prefixes");
                if texts.is_empty() {
                    texts.extend(own.text("address_prefix"));
                }
                self.subnet_prefix(&subnet, &texts);
                self.tf_subnet_policy(&subnet, &own);
                for (key, attribute) in [("security_group", "securityGroup"), ("route_table_id", "routeTable")] {
                    if let Some((text, pointer)) = own.text(key).filter(|(text, _)| !text.is_empty()) {
                        self.tell_id(&subnet, attribute, text, &pointer);
                    }
                }
            }
            own.ignore(&[
                "security_group",
                "delegation",
                "default_outbound_access_enabled",
                "private_endpoint_network_policies",
                "private_link_service_network_policies_enabled",
                "route_table_id",
                "service_endpoints",
                "service_endpoint_policy_ids",
            ]);
            self.close("subnet", &own);
        }
        view.ignore(&[
            "bgp_community",
            "ddos_protection_plan",
            "edge_zone",
            "encryption",
            "flow_timeout_in_minutes",
            "private_endpoint_vnet_policies",
            "ip_address_pool",
        ]);
    }

    fn tf_resource(&mut self, id: &ResourceId, view: &View<'_>) {
        self.tf_location(id, view);
        for access in &twin::ACCESSES {
            match view.text(access.word) {
                Some(found) => {
                    self.word(id, access.property, Some(found), ACCESSES);
                    view.ignore(&[access.flag]);
                }
                None => {
                    if let Some((flag, pointer)) = view.flag(access.flag) {
                        self.tell(id, access.property, ACCESSES[usize::from(!flag)], &pointer);
                    }
                }
            }
        }
    }

    fn tf_location(&mut self, id: &ResourceId, view: &View<'_>) {
        if let Some((text, pointer)) = view.text("location") {
            self.tell(id, "location", text.to_ascii_lowercase().replace(' ', ""), &pointer);
        }
    }

    fn tf_collection_endpoint(&mut self, id: &ResourceId, view: &View<'_>) {
        self.tf_location(id, view);
        let endpoints = [
            ("configuration_access_endpoint", "configurationAccess"),
            ("logs_ingestion_endpoint", "logsIngestion"),
            ("metrics_ingestion_endpoint", "metricsIngestion"),
        ];
        for (key, attribute) in endpoints {
            if let Some((text, pointer)) = view.text(key)
                && let Some(host) = self.name(host(text), &pointer)
            {
                self.tell(id, attribute, host.to_string(), &pointer);
            }
        }
        if let Some((flag, pointer)) = view.flag("public_network_access_enabled") {
            self.tell(id, "publicNetworkAccess", ACCESSES[usize::from(!flag)], &pointer);
        }
        view.ignore(&["description", "immutable_id"]);
    }

    fn tf_endpoint(&mut self, id: &ResourceId, view: &View<'_>, known: &Known<'_, '_>) {
        self.tf_location(id, view);
        self.tf_id(id, "subnet", view, "subnet_id", known, "microsoft.network/virtualnetworks/subnets");
        for item in view.items("private_service_connection") {
            let own = item.view();
            let path = ["private_service_connection", "private_connection_resource_id"];
            let groups: Vec<String> =
                own.texts("subresource_names").into_iter().map(|(text, _)| text.to_ascii_lowercase()).collect();
            let is_scope = groups.is_empty() || groups.iter().any(|group| group == "azuremonitor");
            let resource = known.resource;
            let is_followed = || {
                resource.planned && !known.plan.candidates(&resource.address, &resource.module, &path, "").is_empty()
            };
            if is_scope {
                self.tf_block_id(id, "scope", &own, path[1], known, &path, "microsoft.insights/privatelinkscopes");
            } else if own.get(path[1]).is_some() || is_followed() {
                self.tf_block_id(id, "scope", &own, path[1], known, &path, "");
            }
            if !groups.is_empty() {
                self.tell(id, "groupIds", groups, &item.pointer);
            }
            if let (Some((true, pointer)), true) = (own.flag("is_manual_connection"), known.resource.planned) {
                self.tell(id, "status", "Pending", &pointer);
            }
            own.ignore(&["private_connection_resource_alias", "private_ip_address", "request_message"]);
            self.close("private_service_connection", &own);
        }
        for item in view.items("private_dns_zone_group") {
            let own = item.view();
            let mut zones: Vec<ResourceId> = Vec::new();
            for (text, pointer) in own.texts("private_dns_zone_ids") {
                zones.extend(self.reference(text, &pointer));
            }
            if zones.is_empty() && known.resource.planned {
                let path = ["private_dns_zone_group", "private_dns_zone_ids"];
                let resource = known.resource;
                let kind = "microsoft.network/privatednszones";
                zones = known.plan.resolve(&resource.address, &resource.module, &path, kind);
            }
            let from = self.at(&item.pointer);
            for zone in &zones {
                self.facts.refers(zone, &from);
            }
            match zones.is_empty() {
                true => self.tell(id, "zoneGroupUnknown", true, &item.pointer),
                false => {
                    let zones: Vec<String> = zones.iter().map(ToString::to_string).collect();
                    self.tell(id, "zoneGroup", zones, &item.pointer);
                }
            }
            self.close("private_dns_zone_group", &own);
        }
        for item in view.items("custom_dns_configs") {
            let own = item.view();
            if let (Some((fqdn, at)), Some((text, pointer))) =
                (own.text("fqdn"), usual_address(own.texts("ip_addresses")))
            {
                self.served(id, fqdn, &at, text, &pointer);
                self.tell(id, "customDnsConfigs", true, &item.pointer);
            }
            self.close("custom_dns_configs", &own);
        }
        for item in view.items("private_dns_zone_configs") {
            let own = item.view();
            let zone = own.text("private_dns_zone_id").and_then(|(text, _)| ResourceId::parse(text));
            for set in own.items("record_sets") {
                let own = set.view();
                if let (Some(zone), Some((name, _))) = (&zone, own.text("name")) {
                    let addresses: Vec<&str> = own.texts("ip_addresses").into_iter().map(|(text, _)| text).collect();
                    let kind = own.text("type").map_or("A", |(kind, _)| kind).to_ascii_lowercase();
                    self.tell(id, &format!("writes {} {kind} {name}", zone.key()), addresses, &set.pointer);
                }
                if let (Some((fqdn, at)), Some((text, pointer))) =
                    (own.text("fqdn"), usual_address(own.texts("ip_addresses")))
                {
                    self.served(id, fqdn, &at, text, &pointer);
                }
                own.ignore(&["ttl"]);
                self.close("record_sets", &own);
            }
            own.ignore(&["private_dns_zone_id"]);
            self.close("private_dns_zone_configs", &own);
        }
        for item in view.items("ip_configuration") {
            let own = item.view();
            let member = own.text("member_name").or_else(|| own.text("subresource_name"));
            self.static_address(id, member, own.text("private_ip_address"));
            own.ignore(&["subresource_name"]);
            self.close("ip_configuration", &own);
        }
        self.own_interfaces(id, view, "network_interface");
        self.word(id, "ipVersion", view.text("ip_version_type"), IP_VERSIONS);
        view.ignore(&["custom_network_interface_name", "edge_zone"]);
    }

    fn tf_rule(&mut self, id: &ResourceId, view: &View<'_>) {
        if let Some((text, pointer)) = view.text("domain_name")
            && self.name(text, &pointer).is_some()
        {
            self.tell(id, "domainName", text, &pointer);
        }
        if let Some((flag, pointer)) = view.flag("enabled") {
            self.tell(id, "forwardingRuleState", if flag { "Enabled" } else { "Disabled" }, &pointer);
        }
        let mut targets = Vec::new();
        for item in view.items("target_dns_servers") {
            let own = item.view();
            targets.extend(self.target_server(&own, "ip_address"));
            self.close("target_dns_servers", &own);
        }
        self.tell(id, "targets", targets, view.pointer());
        view.ignore(&["dns_forwarding_ruleset_id"]);
    }

    fn tf_record_set(&mut self, id: &ResourceId, view: &View<'_>) {
        let Some(kind) = super::rest::record_type(&id.kind) else { return };
        if let Some(zone) = id.parent() {
            let from = self.at(view.pointer());
            self.facts.refers(&zone, &from);
        }
        if let Some((ttl, pointer)) = view.number("ttl") {
            match u32::try_from(ttl).ok().filter(|ttl| *ttl <= crate::dns::master::MAX_TTL) {
                Some(ttl) => self.tell(id, "ttl", ttl, &pointer),
                None => self.error(&pointer, format!("`{ttl}` is not a valid TTL"), Some("the maximum is 2147483647")),
            }
        }
        let dotted = |text: &str| if text.ends_with('.') { text.to_owned() } else { format!("{text}.") };
        let mut lines: Vec<(String, String)> = Vec::new();
        match kind {
            RecordType::A | RecordType::AAAA => {
                lines.extend(view.texts("records").into_iter().map(|(text, pointer)| (text.to_owned(), pointer)));
            }
            RecordType::PTR => {
                lines.extend(view.texts("records").into_iter().map(|(text, pointer)| (dotted(text), pointer)));
            }
            RecordType::CNAME => lines.extend(view.text("record").map(|(text, pointer)| (dotted(text), pointer))),
            _ => {
                for item in view.items("record") {
                    let own = item.view();
                    let text = |name: &str| own.text(name).map_or_else(String::new, |(text, _)| text.to_owned());
                    let number = |name: &str| match own.get(name).map(|placed| placed.value.clone()) {
                        Some(Value::Number(number)) => number.to_string(),
                        Some(Value::String(text)) => text,
                        _ => "0".to_owned(),
                    };
                    let line = match kind {
                        RecordType::MX => format!("{} {}", number("preference"), dotted(&text("exchange"))),
                        RecordType::SRV => format!(
                            "{} {} {} {}",
                            number("priority"),
                            number("weight"),
                            number("port"),
                            dotted(&text("target"))
                        ),
                        _ => quoted(&text("value")),
                    };
                    lines.push((line, item.pointer.clone()));
                    self.close("record", &own);
                }
            }
        }
        let mut records = Vec::new();
        for (line, pointer) in lines {
            match record(kind, &line) {
                Some(data) => records.push(data.to_string()),
                None => {
                    let line = super::fact::shown(&line.into());
                    self.error(&pointer, format!("`{line}` is not valid data of {kind} records"), None);
                }
            }
        }
        records.sort();
        self.tell(id, "records", records, view.pointer());
        view.ignore(&["zone_name", "fqdn"]);
    }

    /// A resource in Azure's own words; older versions of the provider have the body as text.
    fn azapi(&mut self, resource: &Resource<'_>, id: &ResourceId, plan: &Plan<'_>) {
        let mut own = Map::new();
        let pointer = format!("{}/body", resource.pointer);
        for key in ["body", "output"] {
            let body = match resource.values.get(key).map(unwrapped) {
                Some(Value::String(text)) => match serde_json::from_str(text) {
                    Ok(Value::Object(entries)) => entries,
                    _ => Map::new(),
                },
                Some(Value::Object(entries)) => entries.clone(),
                _ => Map::new(),
            };
            for (name, value) in body {
                match (own.get_mut(&name), value) {
                    // What Azure returned is beside what was requested.
                    (Some(Value::Object(before)), Value::Object(more)) => {
                        for (name, value) in more {
                            before.entry(name).or_insert(value);
                        }
                    }
                    (None, value) => {
                        own.insert(name, value);
                    }
                    _ => {}
                }
            }
        }
        if let Some(location) = resource.values.get("location").filter(|location| location.is_string()) {
            own.entry("location").or_insert_with(|| location.clone());
        }
        let text = |key: &str| resource.values.get(key).and_then(Value::as_str);
        if let Some((_, version)) = text("type").and_then(|kind| kind.split_once('@')) {
            own.entry("apiVersion").or_insert_with(|| version.into());
        }
        self.declared(id, &Value::Object(own), &pointer);
        if resource.planned {
            self.azapi_references(resource, id, plan, &pointer);
        }
    }

    /// What an agent is associated with: a rule or an endpoint, which are known only after apply. One of them need not be there.
    fn azapi_association(&mut self, resource: &Resource<'_>, id: &ResourceId, plan: &Plan<'_>, pointer: &str) {
        let has = |own: &Self, attribute: &str| own.facts.get(id).is_some_and(|own| own.get(attribute).is_some());
        for (attribute, kind) in
            [("rule", super::collection::RULE), ("endpoint", "microsoft.insights/datacollectionendpoints")]
        {
            if has(self, attribute) {
                continue;
            }
            if let [one] = plan.resolve(&resource.address, &resource.module, &["body"], kind).as_slice() {
                let from = self.at(pointer);
                self.facts.tell_id(id, attribute, one, &from);
            }
        }
        if !has(self, "rule") && !has(self, "endpoint") {
            let text = format!(
                "what {} associates its machine with is known only after apply, and the configuration does not say it",
                resource.address
            );
            self.remark(Topic::Unresolved, text, pointer, None);
        }
    }

    /// Ids in a body that are known only after apply: the body's references, by the kind of resource each property wants.
    fn azapi_references(&mut self, resource: &Resource<'_>, id: &ResourceId, plan: &Plan<'_>, pointer: &str) {
        let network = "microsoft.network/virtualnetworks";
        let subnet = "microsoft.network/virtualnetworks/subnets";
        let wanted: &[(&str, &[&str])] = match id.kind.as_str() {
            "microsoft.network/privatednszones/virtualnetworklinks"
            | "microsoft.network/dnsforwardingrulesets/virtualnetworklinks"
            | "microsoft.network/dnsresolvers" => &[("network", &[network])],
            "microsoft.network/virtualnetworks/virtualnetworkpeerings" => &[("remote", &[network])],
            "microsoft.network/dnsresolvers/inboundendpoints" | "microsoft.network/dnsresolvers/outboundendpoints" => {
                &[("subnet", &[subnet])]
            }
            "microsoft.network/privateendpoints" => {
                &[("subnet", &[subnet]), ("scope", &["microsoft.insights/privatelinkscopes"])]
            }
            super::collection::RULE => &[("endpoint", &["microsoft.insights/datacollectionendpoints"])],
            kind if super::collection::is_association(kind) => {
                return self.azapi_association(resource, id, plan, pointer);
            }
            "microsoft.insights/privatelinkscopes/scopedresources" => &[(
                "resource",
                &[
                    "microsoft.operationalinsights/workspaces",
                    "microsoft.insights/components",
                    "microsoft.insights/datacollectionendpoints",
                ],
            )],
            "microsoft.network/privateendpoints/privatednszonegroups" => {
                let zones =
                    plan.resolve(&resource.address, &resource.module, &["body"], "microsoft.network/privatednszones");
                if let Some(endpoint) = id.parent().filter(|_| !zones.is_empty()) {
                    let known =
                        self.facts.get(&endpoint).and_then(|own| own.get("zoneGroup")?.as_array()).map_or(0, Vec::len);
                    let zones: Vec<String> = zones.iter().map(ToString::to_string).collect();
                    if known < zones.len() {
                        self.facts.forget(&endpoint, "zoneGroup");
                        self.tell(&endpoint, "zoneGroup", zones, pointer);
                    }
                }
                &[]
            }
            _ => &[],
        };
        for (attribute, kinds) in wanted {
            if self.facts.get(id).is_some_and(|own| own.get(attribute).is_some()) {
                continue;
            }
            let groups =
                self.facts.get(id).and_then(|own| own.get("groupIds")?.as_array().cloned()).unwrap_or_default();
            if *attribute == "scope" && !groups.is_empty() && !groups.iter().any(|group| group == "azuremonitor") {
                continue;
            }
            let found =
                kinds.iter().flat_map(|kind| plan.resolve(&resource.address, &resource.module, &["body"], kind));
            match found.collect::<Vec<_>>().as_slice() {
                [one] => {
                    let from = self.at(pointer);
                    self.facts.tell_id(id, attribute, one, &from);
                }
                _ => {
                    let text = format!(
                        "the {attribute} of {} is known only after apply, and the configuration does not say it",
                        resource.address
                    );
                    self.remark(Topic::Unresolved, text, pointer, None);
                }
            }
        }
    }
}

/// The address of the module that a resource is in; empty for the root. Keys in brackets can have dots.
fn module_of(address: &str) -> &str {
    let mut end = 0;
    while let Some(call) = address[end..].trim_start_matches('.').strip_prefix("module.") {
        let begin = address.len() - call.len();
        let name = call.find(['.', '[']).unwrap_or(call.len());
        end = begin + name;
        if call[name..].starts_with("[\"") {
            end += call[name..].find("\"]").map_or(0, |key| key + 2);
        } else if call[name..].starts_with('[') {
            end += call[name..].find(']').map_or(0, |key| key + 1);
        }
    }
    &address[..end]
}

/// A value of dynamic type, which a raw state wraps with its type.
fn unwrapped(value: &Value) -> &Value {
    match value.as_object() {
        Some(own) if own.len() == 2 && own.contains_key("type") => own.get("value").unwrap_or(value),
        _ => value,
    }
}

/// True for resources of types that are read.
fn is_read(resource: &Resource<'_>) -> bool {
    let azapi = || resource.values.get("type").and_then(Value::as_str).and_then(|kind| kind.split('@').next());
    match resource.kind.starts_with("azapi_") {
        true => azapi().is_some_and(|kind| super::rest::is_read(&kind.to_ascii_lowercase())),
        false => kind_of(&resource.kind).is_some(),
    }
}

/// What a reader of an attribute can look things up in.
struct Known<'k, 't> {
    resource: &'k Resource<'t>,
    plan: &'k Plan<'t>,
}

/// The prior state of a plan has the data sources that were read for it.
fn planned_only(value: &Value) -> bool {
    value.get("planned_values").is_some()
}
