//! Data collection rules, associations and machines, as the provider azurerm writes them.

use super::{Known, Resource};
use crate::import::collection::{ARC_SERVER, CLUSTER, MONITOR_WORKSPACE, RULE};
use crate::import::id::{ASSOCIATIONS, ResourceId};
use crate::import::property::View;
use crate::import::reading::Reading;

const SUBNET: &str = "microsoft.network/virtualnetworks/subnets";
const INTERFACE: &str = "microsoft.network/networkinterfaces";
const COLLECTION: &str = "microsoft.insights/datacollectionendpoints";
const MACHINE: &str = "microsoft.compute/virtualmachines";
const SCALE_SET: &str = "microsoft.compute/virtualmachinescalesets";

/// The provider's type of associations.
pub(super) const ASSOCIATION: &str = "azurerm_monitor_data_collection_rule_association";
/// The name that Azure wants of the association with an endpoint, and the provider's default.
const WITH_ENDPOINT: &str = "configurationAccessEndpoint";

/// The provider's types of rules and associations. An association is named by what it is of.
pub(super) const TYPES: [(&str, &str); 2] = [
    ("azurerm_monitor_data_collection_rule", RULE),
    (ASSOCIATION, "microsoft.insights/datacollectionruleassociations"),
];

/// The provider's types of machines: they are read where an agent of theirs is associated with something.
pub(super) const MACHINES: [(&str, &str); 8] = [
    ("azurerm_arc_machine", ARC_SERVER),
    ("azurerm_linux_virtual_machine", MACHINE),
    ("azurerm_linux_virtual_machine_scale_set", SCALE_SET),
    ("azurerm_orchestrated_virtual_machine_scale_set", SCALE_SET),
    ("azurerm_virtual_machine", MACHINE),
    ("azurerm_virtual_machine_scale_set", SCALE_SET),
    ("azurerm_windows_virtual_machine", MACHINE),
    ("azurerm_windows_virtual_machine_scale_set", SCALE_SET),
];

/// The id of an association: a child of what it is of.
pub(super) fn id_of_association(resource: &Resource<'_>, plan: &super::Plan<'_>) -> Option<ResourceId> {
    let text = |key: &str| resource.values.get(key).and_then(serde_json::Value::as_str);
    if let Some(id) = text("id").and_then(ResourceId::parse) {
        return Some(id);
    }
    let target = text("target_resource_id").and_then(ResourceId::parse).or_else(|| {
        plan.resolve(&resource.address, &resource.module, &["target_resource_id"], "").into_iter().next()
    })?;
    Some(target.child(ASSOCIATIONS, text("name").unwrap_or(WITH_ENDPOINT)))
}

impl Reading<'_> {
    /// A rule or an association; false for what is something else.
    pub(super) fn tf_collection(&mut self, id: &ResourceId, view: &View<'_>, known: &Known<'_, '_>) -> bool {
        match known.resource.kind.as_str() {
            "azurerm_monitor_data_collection_rule" => {
                self.tf_location(id, view);
                self.record_text(id, view, "kind", "kind");
                self.tf_optional_id(id, "endpoint", view, "data_collection_endpoint_id", known, COLLECTION);
                view.ignore(&[
                    "data_flow",
                    "data_sources",
                    "description",
                    "destinations",
                    "immutable_id",
                    "stream_declaration",
                ]);
            }
            ASSOCIATION => {
                self.tf_optional_id(id, "rule", view, "data_collection_rule_id", known, RULE);
                self.tf_optional_id(id, "endpoint", view, "data_collection_endpoint_id", known, COLLECTION);
                view.ignore(&["target_resource_id", "description"]);
            }
            _ => return false,
        }
        true
    }

    /// An id that need not be there: one that is known only after apply is followed, if the configuration has it.
    fn tf_optional_id(
        &mut self,
        id: &ResourceId,
        attribute: &str,
        view: &View<'_>,
        key: &str,
        known: &Known<'_, '_>,
        kind: &str,
    ) {
        let resource = known.resource;
        let is_there = view.get(key).is_some()
            || !known.plan.candidates(&resource.address, &resource.module, &[key], kind).is_empty();
        if is_there {
            self.tf_id(id, attribute, view, key, known, kind);
        }
    }

    /// Where a machine is.
    pub(super) fn tf_machine(&mut self, id: &ResourceId, view: &View<'_>, known: &Known<'_, '_>) {
        let from = self.at(view.pointer());
        self.facts.exists(id, self.planned, &from);
        self.tf_location(id, view);
        let resource = known.resource;
        let follow = |path: &[&str], kind: &str| {
            let found = known.plan.resolve(&resource.address, &resource.module, path, kind);
            found.into_iter().next().filter(|_| resource.planned)
        };
        match id.kind.as_str() {
            MACHINE => {
                let own = view.texts("network_interface_ids").into_iter().next();
                let own = own.and_then(|(text, _)| ResourceId::parse(text));
                if let Some(interface) = own.or_else(|| follow(&["network_interface_ids"], INTERFACE)) {
                    self.facts.tell_id(id, "interface", &interface, &from);
                }
            }
            SCALE_SET => {
                let own = view.items("network_interface").into_iter().next().and_then(|item| {
                    let configuration = item.view().items("ip_configuration").into_iter().next()?;
                    ResourceId::parse(configuration.view().text("subnet_id")?.0)
                });
                let path = ["network_interface", "ip_configuration", "subnet_id"];
                if let Some(subnet) = own.or_else(|| follow(&path, SUBNET)) {
                    self.facts.tell_id(id, "subnet", &subnet, &from);
                }
            }
            _ => {}
        }
    }

    /// What a service has besides: the subnet of a cluster's nodes, where an Azure Monitor workspace takes metrics.
    pub(super) fn tf_service_parts(&mut self, id: &ResourceId, view: &View<'_>, known: &Known<'_, '_>) {
        match id.kind.as_str() {
            CLUSTER => {
                let path = ["default_node_pool", "vnet_subnet_id"];
                for item in view.items("default_node_pool").into_iter().take(1) {
                    let own = item.view();
                    let resource = known.resource;
                    let followed = || known.plan.candidates(&resource.address, &resource.module, &path, SUBNET);
                    if own.get(path[1]).is_some() || resource.planned && !followed().is_empty() {
                        self.tf_block_id(id, "subnet", &own, path[1], known, &path, SUBNET);
                    }
                }
            }
            MONITOR_WORKSPACE => {
                let keys =
                    [("default_data_collection_endpoint_id", "endpoint"), ("default_data_collection_rule_id", "rule")];
                for (key, attribute) in keys {
                    if let Some((text, pointer)) = view.text(key) {
                        self.tell_id(id, attribute, text, &pointer);
                    }
                }
            }
            _ => {}
        }
    }
}
