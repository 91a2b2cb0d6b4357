//! Events of private endpoints: addresses are given in Azure's order, zone groups write and delete record sets.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use jiff::civil::Date;

use super::address::{Pool, Shortage};
use super::member::{self, Member};
use super::refusal::Reason;
use super::service;
use super::state::{Addressed, Endpoint, State};
use super::zone::Writer;
use crate::catalogue::Limit;
use crate::dns::RecordSet;
use crate::estate::history::{Append, Deletion};
use crate::estate::{
    ApprovalState, EndpointName, EndpointTarget, IpVersion, NetworkName, PrivateEndpointSpec, ResourceName,
    ResourceSpec, StaticAddress, ZoneGroup, ZoneId,
};

impl State {
    pub(super) fn create_endpoint(&mut self, spec: &PrivateEndpointSpec, date: Option<Date>) -> Result<(), Reason> {
        self.only_virtual(&spec.network, || format!("the private endpoint {}", spec.name))?;
        let created = spec.created.or(date);
        if let Some(group) = &spec.zone_group {
            self.keep(Limit::ZonesPerZoneGroup, spec.name.as_str(), group.zones.len(), created)?;
        }
        let wanted = match &spec.target {
            EndpointTarget::Scope(name) => {
                let Some(scope) = self.scopes.get(name) else { return Ok(()) };
                self.keep(Limit::EndpointsPerScope, name.as_str(), scope.endpoints.len() + 1, created)?;
                self.wanted(name, created)
            }
            EndpointTarget::Service { resource, group } => {
                self.service_target(resource, group)?;
                self.wanted_of_service(resource, group)
            }
        };
        let mut endpoint = Endpoint {
            spec: spec.clone(),
            revision: self.revision,
            created,
            approval: spec.approval,
            zone_group: spec.zone_group.clone(),
            written: std::collections::BTreeSet::new(),
            members: Vec::new(),
            failed: None,
            failed_resources: Vec::new(),
        };
        let given = self.give_addresses(&mut endpoint, wanted);
        if let Err(reason) = &given {
            endpoint.failed = Some(reason.to_string());
        }
        let name = spec.name.clone();
        self.endpoints.insert(name.clone(), Arc::new(endpoint));
        match &spec.target {
            EndpointTarget::Scope(scope) => {
                let own = self.scopes.get_mut(scope).expect("it was just there");
                Arc::make_mut(own).endpoints.push(name.clone());
                self.publish_if_legacy(scope);
            }
            EndpointTarget::Service { resource, .. } => {
                let own = Arc::make_mut(&mut self.resources).get_mut(resource).expect("it was just there");
                own.endpoints.push(name.clone());
                self.publish_names(resource);
            }
        }
        given?;
        self.write_all(&name)
    }

    pub(super) fn delete_endpoint(&mut self, name: &EndpointName) {
        self.delete_zone_group(name);
        let Some(endpoint) = self.endpoints.shift_remove(name) else { return };
        match &endpoint.spec.target {
            EndpointTarget::Scope(name_of_scope) => {
                if let Some(scope) = self.scopes.get_mut(name_of_scope) {
                    let scope = Arc::make_mut(scope);
                    scope.endpoints.retain(|own| own != name);
                    scope.access.exclusions.retain(|exclusion| exclusion.endpoint != *name);
                }
                self.publish_if_legacy(name_of_scope);
            }
            EndpointTarget::Service { resource, .. } => {
                if let Some(own) = Arc::make_mut(&mut self.resources).get_mut(resource) {
                    own.endpoints.retain(|own| own != name);
                }
                self.publish_names(resource);
            }
        }
    }

    /// Creates, replaces or repairs a zone group: record sets go from zones that are listed no more, then all are
    /// written, regardless of who wrote last.
    pub(super) fn set_zone_group(&mut self, name: &EndpointName, group: &ZoneGroup) -> Result<(), Reason> {
        let Some(endpoint) = self.endpoints.get(name) else { return Ok(()) };
        self.keep(Limit::ZonesPerZoneGroup, name.as_str(), group.zones.len(), endpoint.created)?;
        let before = endpoint.zone_group.clone();
        let dropped = before.into_iter().flat_map(|before| before.zones).filter(|zone| !group.zones.contains(zone));
        let members = endpoint.members.clone();
        for zone in dropped.collect::<Vec<_>>() {
            self.erase(name, &zone, &members);
        }
        let endpoint = Arc::make_mut(self.endpoints.get_mut(name).expect("it was just there"));
        endpoint.zone_group = Some(group.clone());
        self.write_all(name)
    }

    pub(super) fn delete_zone_group(&mut self, name: &EndpointName) {
        let Some(endpoint) = self.endpoints.get_mut(name) else { return };
        let endpoint = Arc::make_mut(endpoint);
        let (group, members) = (endpoint.zone_group.take(), endpoint.members.clone());
        for zone in group.into_iter().flat_map(|group| group.zones) {
            self.erase(name, &zone, &members);
        }
    }

    /// A connection that is approved for the first time makes its zone group write; one that is rejected later keeps
    /// its record sets (inferred: their removal is not documented).
    pub(super) fn set_approval(&mut self, name: &EndpointName, state: ApprovalState) {
        let Some(endpoint) = self.endpoints.get_mut(name) else { return };
        let endpoint = Arc::make_mut(endpoint);
        let before = std::mem::replace(&mut endpoint.approval, state);
        if let Some(resource) = endpoint.spec.target.service().cloned() {
            self.publish_names(&resource);
        }
        if state == ApprovalState::Approved && before != state {
            // The zones of a group are checked when the group is set; what is refused here was refused there.
            let _refused_before = self.write_all(name);
        }
    }

    /// Gives an endpoint the addresses and record sets of a resource scoped later.
    pub(super) fn append(&mut self, name: &EndpointName, resource: &ResourceName) -> Result<(), Reason> {
        let (Some(endpoint), Some(own)) = (self.endpoints.get(name), self.resources.get(resource)) else {
            return Ok(());
        };
        if endpoint.failed.is_some() {
            return Ok(());
        }
        let wanted = member::of_resource(&self.catalogue, &own.spec, endpoint.created);
        let mut endpoint = Endpoint::clone(endpoint);
        let mut new = Vec::new();
        for one in wanted {
            match endpoint.members.iter_mut().find(|had| had.member.private == one.private) {
                Some(had) => had.resources.push(resource.clone()),
                None => new.push((one, vec![resource.clone()])),
            }
        }
        let given = self.give_addresses(&mut endpoint, new);
        if given.is_err() {
            endpoint.failed_resources.push(resource.clone());
        }
        // Its own record sets are those it shares with others of the scope too.
        let own: Vec<_> =
            endpoint.members.iter().filter(|member| member.resources.contains(resource)).cloned().collect();
        self.endpoints.insert(name.clone(), Arc::new(endpoint));
        given?;
        match self.switches.append {
            Append::OwnOnly => self.write_members(name, &own),
            Append::RewriteAll => self.write_all(name),
        }
    }

    /// Takes a resource's record sets and addresses from an endpoint.
    pub(super) fn strip(&mut self, name: &EndpointName, resource: &ResourceName) {
        let Some(endpoint) = self.endpoints.get_mut(name) else { return };
        let endpoint = Arc::make_mut(endpoint);
        endpoint.failed_resources.retain(|failed| failed != resource);
        let mut gone = Vec::new();
        endpoint.members.retain_mut(|member| {
            let had = member.resources.contains(resource);
            member.resources.retain(|own| own != resource);
            let stays = !had || !member.resources.is_empty();
            if !stays {
                gone.push(member.clone());
            }
            stays
        });
        for zone in endpoint.zone_group.clone().into_iter().flat_map(|group| group.zones) {
            self.erase(name, &zone, &gone);
        }
    }

    /// All members an endpoint of the scope needs now.
    fn wanted(&self, scope: &crate::estate::ScopeName, created: Option<Date>) -> Vec<(Member, Vec<ResourceName>)> {
        let resources = self.scopes[scope].resources.iter().filter_map(|name| self.resources.get(name));
        member::of_scope(&self.catalogue, resources.map(|resource| &resource.spec), created)
    }

    /// All members an endpoint to a group id of a resource needs.
    fn wanted_of_service(&self, resource: &ResourceName, group: &str) -> Vec<(Member, Vec<ResourceName>)> {
        let Some(ResourceSpec::Service(spec)) = self.resources.get(resource).map(|own| &own.spec) else {
            return Vec::new();
        };
        let names = service::of_group(&self.catalogue, spec, group).known;
        names.into_iter().map(|name| (name.member, vec![resource.clone()])).collect()
    }

    /// Gives each member an address, see [`Pool::give`]: all or none.
    fn give_addresses(&self, endpoint: &mut Endpoint, wanted: Vec<(Member, Vec<ResourceName>)>) -> Result<(), Reason> {
        let spec = &endpoint.spec;
        let Some(network) = self.networks.get(&spec.network) else { return Ok(()) };
        let subnet = match spec.ip_version {
            IpVersion::V4 => network.subnet(&spec.subnet).map(IpNet::V4),
            IpVersion::V6 => network.subnet_v6(&spec.subnet).map(IpNet::V6),
        };
        let Some(subnet) = subnet else { return Ok(()) };
        let taken = self.taken(&spec.network, &spec.subnet, &spec.name);
        let others = taken.len();
        let had = endpoint.members.iter().map(|member| (member.member.key.clone(), member.address));
        let only = only_address(spec, &wanted);
        let fixed = only.as_ref().map_or(spec.ip_configurations.as_slice(), std::slice::from_ref);
        let pool = Pool { catalogue: &self.catalogue, subnet, fixed };
        let given = pool.give(taken, had, wanted).map_err(|shortage| match shortage {
            Shortage::Taken(address) => Reason::AddressTaken { endpoint: spec.name.clone(), address },
            Shortage::Exhausted { needed, size } => {
                let own = endpoint.members.iter().map(|member| member.address).collect::<HashSet<_>>().len();
                Reason::SubnetExhausted {
                    endpoint: spec.name.clone(),
                    subnet: format!("{}/{}", spec.network, spec.subnet),
                    needed,
                    free: size.saturating_sub(others + own),
                }
            }
        })?;
        endpoint.members.extend(given.into_iter().map(|(member, address, resources)| Addressed {
            member,
            address,
            resources,
        }));
        Ok(())
    }

    /// Addresses of a subnet that other endpoints have.
    fn taken(&self, network: &NetworkName, subnet: &str, except: &EndpointName) -> HashSet<IpAddr> {
        let others = self.endpoints.values().filter(|other| {
            other.spec.network == *network && other.spec.subnet == subnet && other.spec.name != *except
        });
        let machines = self.machines.values().filter(|machine| machine.network == *network);
        let machines = machines.filter_map(|machine| machine.address.map(IpAddr::V4));
        others.flat_map(|other| other.members.iter().map(|member| member.address)).chain(machines).collect()
    }

    fn write_all(&mut self, name: &EndpointName) -> Result<(), Reason> {
        let Some(endpoint) = self.endpoints.get(name) else { return Ok(()) };
        let endpoint = Arc::clone(endpoint);
        self.write_members(name, &endpoint.members)
    }

    /// Writes whole record sets into the zones of the endpoint's group; nothing is merged.
    fn write_members(&mut self, name: &EndpointName, members: &[Addressed]) -> Result<(), Reason> {
        let Some(endpoint) = self.endpoints.get(name).map(Arc::clone) else { return Ok(()) };
        if endpoint.approval != ApprovalState::Approved {
            return Ok(());
        }
        let Some(group) = &endpoint.zone_group else { return Ok(()) };
        Arc::make_mut(&mut self.endpoints[name]).written.extend(group.zones.iter().cloned());
        let writer = Writer::Endpoint { endpoint: name.clone(), target: endpoint.spec.target.clone() };
        let ttl = self.catalogue.rules.private_ttl;
        let mut outcome = Ok(());
        for zone in &group.zones {
            let own = members.iter().filter(|one| one.member.zone == zone.apex);
            let sets: Vec<_> =
                own.map(|one| RecordSet::single(one.member.private.clone(), ttl, one.address.into())).collect();
            for set in sets {
                // One zone that is gone or full does not keep the others from being written.
                let written = self.write(zone, set, writer.clone());
                outcome = outcome.and(written);
            }
        }
        outcome
    }

    /// Deletes the record sets of members from a zone: by name, or only those the endpoint wrote last.
    fn erase(&mut self, name: &EndpointName, zone: &ZoneId, members: &[Addressed]) {
        let revision = self.revision;
        let if_owner = self.switches.deletion == Deletion::DeleteIfOwner;
        // What it never wrote, because its connection was not approved, it does not delete.
        if !self.endpoints.get(name).is_some_and(|endpoint| endpoint.written.contains(zone)) {
            return;
        }
        let Some(linked) = self.zones.get_mut(zone) else { return };
        let own: Vec<_> = members.iter().filter(|one| one.member.zone == zone.apex).collect();
        if own.is_empty() {
            return;
        }
        let zone = Arc::make_mut(&mut linked.zone);
        for one in own {
            let owner = &one.member.private;
            let kind = one.record_type();
            let is_own = zone
                .get(owner, kind)
                .is_some_and(|owned| matches!(&owned.writer, Writer::Endpoint { endpoint, .. } if endpoint == name));
            if is_own || !if_owner {
                zone.delete(owner, kind, revision);
            }
        }
    }
}

/// The fixed address of an endpoint to another service that has one address: member names of other services are mostly not
/// known, and of one there is no doubt.
fn only_address<T>(spec: &PrivateEndpointSpec, wanted: &[(Member, T)]) -> Option<StaticAddress> {
    spec.target.service()?;
    let [one] = spec.ip_configurations.as_slice() else { return None };
    let (first, _) = wanted.first()?;
    let is_only = wanted.iter().all(|(member, _)| member.key == first.key);
    is_only.then(|| StaticAddress { member: first.handle(), address: one.address })
}
