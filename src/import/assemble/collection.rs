//! Data collection rules, the agents that are associated with them, and Azure Monitor workspaces.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::resource::{Resources, location};
use super::{Builder, Networks, Placed};
use crate::dns::OwnerName;
use crate::estate::{Associations, DataCollectionRuleSpec, Event, ResourceSpec, ServiceSpec};
use crate::import::collection::{ARC_SERVER, MONITOR_WORKSPACE, RULE, is_association, is_machine};
use crate::import::command::show;
use crate::import::fact::{Object, described};
use crate::import::id::ResourceId;
use crate::import::report::{Provenance, Topic};

/// The group id of private endpoints to an Azure Monitor workspace.
const METRICS: &str = "prometheusMetrics";

impl Builder<'_> {
    /// Data collection rules, after the endpoints that they name.
    pub(super) fn rules(&mut self, resources: &mut Resources) {
        let facts = self.facts;
        for object in facts.of(RULE).filter(|object| object.declared.is_some()) {
            let label = self.labels.of("resource", &object.id);
            let endpoint = object.id_of("endpoint");
            let known = endpoint.as_ref().and_then(|id| resources.label(id)).cloned();
            if let (Some(id), None) = (&endpoint, &known) {
                let text = format!(
                    "the data collection endpoint {} of rule {label} is not in the import: where the rule's data is sent is unknown",
                    id.name()
                );
                self.missing_beside(text, object.place("endpoint").into_iter().collect(), show("resource show", id));
            }
            let host = |attribute: &str| object.text(attribute).and_then(|text| OwnerName::parse(text).ok());
            let spec = DataCollectionRuleSpec {
                name: label.as_str().into(),
                location: location(object),
                endpoint: known.map(|label| label.as_str().into()),
                logs_ingestion: host("logsIngestion"),
                metrics_ingestion: host("metricsIngestion"),
            };
            let is_direct = object.text("kind").is_some_and(|kind| kind.eq_ignore_ascii_case("Direct"));
            if is_direct && spec.logs_ingestion.is_none() {
                let text = format!("rule {label} is of kind Direct, and its own hosts are not in the import");
                match object.planned {
                    true => self.report.add(Topic::Predicted, text, object.places(), None),
                    false => self.missing_beside(text, object.places(), show("resource show", &object.id)),
                }
            }
            resources.add(&object.id, label, ResourceSpec::DataCollectionRule(spec), object.places());
        }
    }

    /// Machines with agents that are associated with something, each with its associations.
    pub(super) fn machines(&mut self, networks: &mut Networks, resources: &Resources) -> Vec<Placed> {
        let facts = self.facts;
        let mut of_machine: IndexMap<String, (ResourceId, Vec<&Object>)> = IndexMap::new();
        for object in facts.objects.values().filter(|object| is_association(&object.id.kind)) {
            let Some(machine) = object.id.parent().filter(|_| object.declared.is_some()) else { continue };
            of_machine.entry(machine.key()).or_insert((machine, Vec::new())).1.push(object);
        }
        let mut events = Vec::new();
        for (id, own) in of_machine.values() {
            let machine = facts.get(id).filter(|object| object.declared.is_some());
            let places: Vec<Provenance> = own.iter().flat_map(|object| object.places()).take(1).collect();
            let Some((network, subnet)) = self.place_of_machine(id, machine, &places, networks) else { continue };
            let mut associations = Associations::default();
            for object in own {
                for (attribute, what) in [("rule", "data collection rule"), ("endpoint", "data collection endpoint")] {
                    let Some(target) = object.id_of(attribute) else { continue };
                    let Some(label) = resources.label(&target) else {
                        let text = format!(
                            "{} is associated with {what} {}, which is not in the import",
                            described(id),
                            target.name()
                        );
                        self.missing_beside(
                            text,
                            object.place(attribute).into_iter().collect(),
                            show("resource show", &target),
                        );
                        continue;
                    };
                    match attribute {
                        "rule" if !associations.rules.iter().any(|rule| rule.as_str() == label) => {
                            associations.rules.push(label.as_str().into());
                        }
                        "rule" => {}
                        _ => associations.endpoint = Some(label.as_str().into()),
                    }
                }
            }
            let label = self.labels.of("machine", id);
            let event = Event::CreateVirtualMachine {
                name: label.as_str().into(),
                network: network.as_str().into(),
                subnet: subnet.map(|subnet| subnet.as_str().into()),
                address: None,
                location: machine.and_then(location).map(Into::into),
                associations: Some(associations),
            };
            events.push((event, places.into_iter().next()));
        }
        self.unused_machines(&of_machine);
        events
    }

    /// The network of a machine, and its subnet where the network is known to have it.
    fn place_of_machine(
        &mut self,
        id: &ResourceId,
        machine: Option<&Object>,
        places: &[Provenance],
        networks: &mut Networks,
    ) -> Option<(String, Option<String>)> {
        let facts = self.facts;
        let interface = machine.and_then(|object| object.id_of("interface"));
        let subnet = machine.and_then(|object| object.id_of("subnet"));
        let subnet = subnet.or_else(|| facts.get(interface.as_ref()?)?.id_of("subnet"));
        match subnet.filter(|subnet| !self.is_unknown_network(subnet)).and_then(|id| Some((id.parent()?, id))) {
            Some((network, subnet)) => {
                let label = self.add_network(networks, &network);
                let name = super::label::clean(subnet.name());
                let has = networks.by_label(&label).is_some_and(|network| network.spec.subnet(&name).is_some());
                Some((label, has.then_some(name)))
            }
            None => {
                let own = described(id);
                let (text, get) = match (id.kind == ARC_SERVER, interface) {
                    (true, _) => (
                        format!(
                            "{own} is connected to Azure Arc: its network is not in Azure, and what its agent is associated with is left out"
                        ),
                        "add the machine to `virtualMachines` of the scenario, with its network".to_owned(),
                    ),
                    (false, interface) => (
                        format!(
                            "the network of {own} is not in the import: what its agent is associated with is left out"
                        ),
                        show("resource show", interface.as_ref().unwrap_or(id)),
                    ),
                };
                self.missing_beside(text, places.to_vec(), get);
                None
            }
        }
    }

    /// Machines whose agents are not associated with anything have no part here.
    fn unused_machines(&mut self, used: &IndexMap<String, (ResourceId, Vec<&Object>)>) {
        for object in self.facts.objects.values().filter(|object| is_machine(&object.id.kind)) {
            if object.declared.is_some() && !used.contains_key(&object.id.key()) {
                let text = format!("{} are ignored: not relevant to DNS", object.id.kind);
                self.report.add(Topic::Unsupported, text, object.places(), None);
            }
        }
    }

    /// Azure Monitor workspaces, those without private endpoints too.
    pub(super) fn monitor_workspaces(&mut self, resources: &Resources) {
        let facts = self.facts;
        for object in facts.of(MONITOR_WORKSPACE).filter(|object| object.declared.is_some()) {
            let label = self.labels.of("resource", &object.id);
            if !self.services.has(&object.id) {
                let host = object.text("host").and_then(|text| OwnerName::parse(text).ok());
                if host.is_none() {
                    let text = format!("the query host of Azure Monitor workspace {label} is unknown");
                    match object.planned {
                        true => self.report.add(Topic::Predicted, text, object.places(), None),
                        false => self.missing(text, object.places(), show("resource show", &object.id)),
                    }
                }
                let row = self.catalogue.service(MONITOR_WORKSPACE, METRICS).next();
                let Some(kind) = row.map(|row| std::sync::Arc::clone(&row.kind)) else { continue };
                let hosts = host.map(|host| (METRICS.into(), vec![host]));
                let spec = ServiceSpec {
                    name: label.as_str().into(),
                    kind,
                    location: location(object),
                    groups: vec![METRICS.into()],
                    hosts: hosts.into_iter().collect::<BTreeMap<_, _>>(),
                    endpoints_elsewhere: Vec::new(),
                    public_network_access: self.access(object, "publicNetworkAccess"),
                };
                self.services.add(&object.id, spec, object.places());
            }
            for (attribute, what) in [("endpoint", "data collection endpoint"), ("rule", "data collection rule")] {
                let Some(id) = object.id_of(attribute).filter(|id| resources.label(id).is_none()) else { continue };
                let text = format!("the {what} {} of Azure Monitor workspace {label} is not in the import", id.name());
                self.missing_beside(text, object.place(attribute).into_iter().collect(), show("resource show", &id));
            }
        }
    }
}
