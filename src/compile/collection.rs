//! Events of data collection rules and of what agents are associated with.

use std::iter::once;
use std::sync::Arc;

use super::existing::is_hop;
use super::refusal::Reason;
use super::state::{Machine, State};
use crate::catalogue::{Hop, Limit};
use crate::dns::OwnerName;
use crate::estate::{ArcConnection, Associations, DataCollectionRuleSpec, MachineName, ResourceName, ResourceSpec};

impl State {
    pub(super) fn create_machine(&mut self, name: &MachineName, machine: Machine) -> Result<(), Reason> {
        self.keep_associations(name, machine.associations.as_ref())?;
        let network = machine.network.clone();
        self.machines.insert(name.clone(), machine);
        self.register_machines_of(&network)
    }

    /// Refuses more rules than a machine can have.
    fn keep_associations(&self, name: &MachineName, own: Option<&Associations>) -> Result<(), Reason> {
        own.map_or(Ok(()), |own| self.keep(Limit::RulesPerMachine, name.as_str(), own.rules.len(), None))
    }

    pub(super) fn set_associations(&mut self, name: &MachineName, own: &Associations) -> Result<(), Reason> {
        self.keep_associations(name, Some(own))?;
        if let Some(machine) = self.machines.get_mut(name) {
            machine.associations = Some(own.clone());
        }
        Ok(())
    }

    /// An association ends with what it is with.
    pub(super) fn end_associations(&mut self, gone: &ResourceName) {
        for own in self.machines.values_mut().filter_map(|machine| machine.associations.as_mut()) {
            own.rules.retain(|rule| rule != gone);
            own.endpoint.take_if(|endpoint| endpoint == gone);
            if own.arc.as_ref() == Some(&ArcConnection::Scope(gone.clone())) {
                own.arc = Some(ArcConnection::Unassociated);
            }
        }
    }

    /// Refuses associations with what is neither a rule nor an endpoint.
    pub(super) fn can_be_associated(&self, own: &Associations) -> Result<(), Reason> {
        own.rules.iter().try_for_each(|rule| {
            self.is_of_kind(rule, "data collection rule", |spec| matches!(spec, ResourceSpec::DataCollectionRule(_)))
        })?;
        if let Some(ArcConnection::Scope(scope)) = &own.arc {
            let is_it = |spec: &ResourceSpec| matches!(spec, ResourceSpec::Service(own) if own.is_arc_scope());
            self.is_of_kind(scope, "private link scope of Azure Arc", is_it)?;
        }
        own.endpoint.iter().try_for_each(|endpoint| self.is_collection_endpoint(endpoint))
    }

    /// Refuses a resource that is not a data collection endpoint.
    pub(super) fn is_collection_endpoint(&self, name: &ResourceName) -> Result<(), Reason> {
        self.is_of_kind(name, "data collection endpoint", |spec| {
            matches!(spec, ResourceSpec::DataCollectionEndpoint(_))
        })
    }

    fn is_of_kind(
        &self,
        name: &ResourceName,
        wanted: &'static str,
        is_it: impl Fn(&ResourceSpec) -> bool,
    ) -> Result<(), Reason> {
        self.resource(name)?;
        let spec = &self.resources[name].spec;
        match is_it(spec) {
            true => Ok(()),
            false => Err(Reason::OtherKind { resource: name.clone(), kind: spec.kind(), wanted }),
        }
    }

    /// Makes the hosts of a rule exist that are its own. No private endpoint writes them; whether they carry the `privatelink` alias
    /// is uncertain, and a switch.
    pub(super) fn publish_rule(&mut self, spec: &DataCollectionRuleSpec) {
        for host in spec.hosts() {
            let private = self.private_name_of_rule(host);
            for public in once(&mut self.public).chain(&mut self.legacy_public) {
                public.announce_host(&self.catalogue, &spec.name, host, private.as_ref(), self.revision);
            }
        }
    }

    /// Makes the hosts of a rule cease to exist.
    pub(super) fn withdraw_rule(&mut self, spec: &DataCollectionRuleSpec) {
        for host in spec.hosts() {
            let private = self.private_name_of_rule(host);
            for name in once(host).chain(private.as_ref()) {
                for public in once(&mut self.public).chain(&mut self.legacy_public) {
                    public.delete(name, self.revision);
                }
            }
        }
    }

    fn private_name_of_rule(&self, host: &OwnerName) -> Option<OwnerName> {
        let catalogue = Arc::clone(&self.catalogue);
        let text = host.to_string();
        let row = catalogue.resources.iter().find(|row| row.name.slot_in(&text).is_some());
        if !is_hop(self, row.map_or(Hop::Unknown, |row| row.hop)) {
            return None;
        }
        catalogue.zones.iter().find_map(|zone| host.moved(&zone.public, &zone.private))
    }
}
