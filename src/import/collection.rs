//! Data collection rules, what agents are associated with, and the machines they run on, as Azure's REST interface writes them.

use super::id::{ASSOCIATIONS, ResourceId};
use super::property::View;
use super::reading::{Reading, host};

/// Data collection rules.
pub(super) const RULE: &str = "microsoft.insights/datacollectionrules";
/// Azure Monitor workspaces.
pub(super) const MONITOR_WORKSPACE: &str = "microsoft.monitor/accounts";
/// AKS clusters: the agents of their nodes are associated as those of machines are.
pub(super) const CLUSTER: &str = "microsoft.containerservice/managedclusters";
/// Azure Arc servers.
pub(super) const ARC_SERVER: &str = "microsoft.hybridcompute/machines";
/// What else has agents.
const MACHINES: [&str; 2] = ["microsoft.compute/virtualmachines", "microsoft.compute/virtualmachinescalesets"];

/// True for the type of an association.
pub(super) fn is_association(kind: &str) -> bool {
    kind.rsplit_once('/').is_some_and(|(_, own)| own == ASSOCIATIONS)
}

/// True for machines, which are read where an agent of theirs is associated with something.
pub(super) fn is_machine(kind: &str) -> bool {
    kind == ARC_SERVER || MACHINES.contains(&kind)
}

impl Reading<'_> {
    /// A data collection rule: where its data is sent, and the hosts that it has itself.
    pub(super) fn collection_rule(&mut self, id: &ResourceId, view: &View<'_>) {
        self.located(id, view);
        self.record_text(id, view, "kind", "kind");
        if let Some((text, pointer)) = view.text("dataCollectionEndpointId") {
            self.tell_id(id, "endpoint", text, &pointer);
        }
        if let Some(own) = view.object("endpoints") {
            for name in ["logsIngestion", "metricsIngestion"] {
                if let Some((text, pointer)) = own.text(name)
                    && let Some(host) = self.name(host(text), &pointer)
                {
                    self.tell(id, name, host.to_string(), &pointer);
                }
            }
            self.close("endpoints of a data collection rule", &own);
        }
        view.ignore(&[
            "agentSettings",
            "dataFlows",
            "dataSources",
            "description",
            "destinations",
            "directDataSources",
            "immutableId",
            "ingestionQuotas",
            "references",
            "streamDeclarations",
        ]);
    }

    /// What an agent is associated with.
    pub(super) fn association(&mut self, id: &ResourceId, view: &View<'_>) {
        for (name, attribute) in [("dataCollectionRuleId", "rule"), ("dataCollectionEndpointId", "endpoint")] {
            if let Some((text, pointer)) = view.text(name) {
                self.tell_id(id, attribute, text, &pointer);
            }
        }
        view.ignore(&["description", "provisioningState"]);
    }

    /// Where a machine is. What else it has, has no part in DNS.
    pub(super) fn machine(&mut self, id: &ResourceId, view: &View<'_>) {
        let from = self.at(view.pointer());
        self.facts.exists(id, self.planned, &from);
        self.located(id, view);
        let profile = || view.object("virtualMachineProfile")?.object("networkProfile");
        let Some(network) = view.object("networkProfile").or_else(profile) else { return };
        for item in network.items("networkInterfaces").into_iter().take(1) {
            if let Some((text, pointer)) = item.view().text("id") {
                self.tell_id(id, "interface", text, &pointer);
            }
        }
        for item in network.items("networkInterfaceConfigurations").into_iter().take(1) {
            for own in item.view().items("ipConfigurations").into_iter().take(1) {
                if let Some(subnet) = own.view().object("subnet") {
                    self.linked(id, "subnet", &subnet);
                }
            }
        }
    }

    /// The subnet of a cluster's nodes.
    pub(super) fn cluster(&mut self, id: &ResourceId, view: &View<'_>) {
        for item in view.items("agentPoolProfiles").into_iter().take(1) {
            if let Some((text, pointer)) = item.view().text("vnetSubnetID") {
                self.tell_id(id, "subnet", text, &pointer);
            }
        }
    }

    /// Where an Azure Monitor workspace takes metrics: a data collection endpoint and a rule that Azure created with it.
    pub(super) fn default_ingestion(&mut self, id: &ResourceId, view: &View<'_>) {
        let Some(own) = view.object("defaultIngestionSettings") else { return };
        for (name, attribute) in
            [("dataCollectionEndpointResourceId", "endpoint"), ("dataCollectionRuleResourceId", "rule")]
        {
            if let Some((text, pointer)) = own.text(name) {
                self.tell_id(id, attribute, text, &pointer);
            }
        }
    }
}
