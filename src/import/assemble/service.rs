//! Resources of other services, and the private endpoints that lead to them.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use indexmap::IndexMap;

use super::endpoint::{approval, told_group};
use super::{Builder, Networks, Placed, Zones};
use crate::catalogue::Catalogue;
use crate::compile::service::of_group;
use crate::dns::{OwnerName, RecordType};
use crate::estate::{
    EndpointTarget, Event, IpVersion, PrivateEndpointSpec, PublicNetworkAccess, ResourceSpec, ServiceSpec,
    StaticAddress, ZoneGroup,
};
use crate::import::command;
use crate::import::fact::Object;
use crate::import::id::ResourceId;
use crate::import::report::{Provenance, Topic};

/// Resources of other services by the key of their id, and their endpoints.
#[derive(Default)]
pub(super) struct Services {
    resources: IndexMap<String, (ServiceSpec, Option<Provenance>)>,
    pub(super) endpoints: Vec<(PrivateEndpointSpec, Option<Provenance>)>,
}

impl Services {
    /// What declares the resources.
    pub(super) fn resource_events(&self) -> Vec<Placed> {
        let all = self.resources.values().cloned();
        all.map(|(spec, place)| (Event::PutResource(ResourceSpec::Service(spec)), place)).collect()
    }

    /// A resource without private endpoints.
    pub(super) fn add(&mut self, id: &ResourceId, spec: ServiceSpec, places: Vec<Provenance>) {
        self.resources.insert(id.key(), (spec, places.into_iter().next()));
    }

    /// True if the resource with that id is there.
    pub(super) fn has(&self, id: &ResourceId) -> bool {
        self.resources.contains_key(&id.key())
    }

    /// Keys of ids, each with the resource's label.
    pub(super) fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.resources.iter().map(|(key, (spec, _))| (key.as_str(), spec.name.as_str()))
    }

    /// What creates the endpoints.
    pub(super) fn endpoint_events(&self) -> Vec<Placed> {
        let all = self.endpoints.iter().cloned();
        all.map(|(spec, place)| (Event::CreatePrivateEndpoint(spec), place)).collect()
    }

    /// Networks, subnets and addresses of the endpoints.
    pub(super) fn places(&self) -> impl Iterator<Item = (&str, &str, Vec<Ipv4Addr>)> {
        self.endpoints.iter().map(|(spec, _)| {
            let addresses = spec.ip_configurations.iter().filter_map(|fixed| match fixed.address {
                IpAddr::V4(address) => Some(address),
                IpAddr::V6(_) => None,
            });
            let addresses = addresses.collect();
            (spec.network.as_str(), spec.subnet.as_str(), addresses)
        })
    }
}

impl Builder<'_> {
    /// Takes an endpoint that leads to a resource of another service; false if its target is not known well enough.
    pub(super) fn service_endpoint(
        &mut self,
        object: &Object,
        target: Option<&ResourceId>,
        networks: &mut Networks,
        zones: &Zones,
    ) -> bool {
        let Some(target) = target.filter(|id| !id.kind.is_empty() && !id.has_unknown_name()) else { return false };
        let catalogue = Arc::clone(&self.catalogue);
        let told = object.get("groupIds").and_then(serde_json::Value::as_array);
        let told = told.into_iter().flatten().find_map(serde_json::Value::as_str);
        let row = told.and_then(|group| catalogue.service(&target.kind, group).next());
        let (Some(text), Some(row)) = (told, row) else { return false };
        let subnet = object.id_of("subnet");
        if subnet.as_ref().is_none_or(|id| self.is_unknown_network(id)) {
            return false;
        }
        let group: Arc<str> = if row.group.is_fixed() { row.group.as_str().into() } else { text.into() };
        let label = self.labels.of("endpoint", &object.id);
        let zone_group = told_group(object, zones).flatten();
        let addresses = addresses(object, zone_group.as_deref().unwrap_or_default(), zones);
        let hosts = self.service_resource(target, &row.kind, &group, addresses.keys());
        let resource = self.services.resources[&target.key()].0.clone();
        let known = of_group(&catalogue, &resource, &group).known;
        let ip_version = self.ip_version(object, &label, &addresses);
        let fixed = known.iter().filter_map(|name| {
            let member = &name.member;
            let address = addresses.get(&member.private).or_else(|| addresses.get(&member.public))?;
            Some(StaticAddress { member: member.handle(), address: *address })
        });
        let mut fixed: Vec<StaticAddress> = fixed.collect();
        fixed.dedup_by_key(|one| one.address);
        if !hosts && of_group(&catalogue, &resource, &group).others_unknown {
            let text = format!(
                "the record names of private endpoint {label} to {} ({group}) are unknown: they are neither in a published source nor in the import",
                resource.name
            );
            self.report.add(Topic::NotRead, text, object.places(), None);
        }
        let (network, subnet) = self.subnet_of(networks, subnet.as_ref(), &label);
        let spec = PrivateEndpointSpec {
            name: label.as_str().into(),
            target: EndpointTarget::Service { resource: resource.name, group },
            network: network.into(),
            subnet: subnet.as_str().into(),
            ip_version,
            zone_group: zone_group.map(|zones| ZoneGroup { zones }),
            ip_configurations: fixed,
            approval: approval(object),
            created: None,
        };
        self.services.endpoints.push((spec, object.place("subnet")));
        true
    }

    /// Which addresses an endpoint has: as it says, or as those are that it has.
    fn ip_version(&mut self, object: &Object, label: &str, addresses: &IndexMap<OwnerName, IpAddr>) -> IpVersion {
        if object.text("ipVersion") == Some("DualStack") {
            let text = format!(
                "private endpoint {label} has IPv4 and IPv6 addresses (ipVersionType DualStack): the importer ignores its IPv6 addresses"
            );
            self.report.add(Topic::NotRead, text, object.places(), None);
            return IpVersion::V4;
        }
        let told = object.text("ipVersion").map(|version| version == "IPv6");
        let has = || addresses.values().next().is_some_and(IpAddr::is_ipv6);
        if told.unwrap_or_else(has) { IpVersion::V6 } else { IpVersion::V4 }
    }

    /// Notes the resource an endpoint leads to, with its group id. Hosts are given where they do not follow from its name; true
    /// if they are.
    fn service_resource<'n>(
        &mut self,
        target: &ResourceId,
        kind: &Arc<str>,
        group: &Arc<str>,
        seen: impl Iterator<Item = &'n OwnerName>,
    ) -> bool {
        let facts = self.facts;
        let object = facts.get(target);
        if !self.services.resources.contains_key(&target.key()) {
            let label = self.labels.of("resource", target);
            let place = object.and_then(|object| object.places().into_iter().next());
            let access = match object.filter(|object| object.declared.is_some()) {
                Some(object) => self.access(object, "publicNetworkAccess"),
                None => {
                    let text = format!("{label} is not in the import: whether it takes public requests is unknown");
                    let get = command::show("resource show", target);
                    self.missing_beside(text, object.map_or_else(Vec::new, Object::places), get);
                    PublicNetworkAccess::Unknown
                }
            };
            let spec = ServiceSpec {
                name: label.as_str().into(),
                kind: Arc::clone(kind),
                location: object.and_then(super::resource::location),
                groups: Vec::new(),
                hosts: BTreeMap::new(),
                endpoints_elsewhere: Vec::new(),
                public_network_access: access,
            };
            self.services.resources.insert(target.key(), (spec, place));
        }
        let catalogue = Arc::clone(&self.catalogue);
        let (spec, _) = self.services.resources.get_mut(&target.key()).expect("it was just put there");
        if spec.group(group).is_none() {
            spec.groups.push(Arc::clone(group));
        }
        let host = object.and_then(|object| object.text("host")).and_then(|text| OwnerName::parse(text).ok());
        let told: Vec<OwnerName> = host.into_iter().chain(seen.cloned()).collect();
        let built = of_group(&catalogue, spec, group);
        let is_built =
            |name: &OwnerName| built.known.iter().any(|one| one.member.public == *name || one.member.private == *name);
        // Azure's resource name decides unless the label had to differ from it, or the names are ids.
        if told.is_empty() || told.iter().all(is_built) && !built.others_unknown {
            return false;
        }
        let hosts = told_hosts(&catalogue, spec, group, &told);
        let has = !hosts.is_empty();
        if has {
            spec.hosts.insert(Arc::clone(group), hosts);
        }
        has
    }
}

/// The public hosts of the names that lie in a zone of the group id, each once.
fn told_hosts(catalogue: &Catalogue, spec: &ServiceSpec, group: &Arc<str>, told: &[OwnerName]) -> Vec<OwnerName> {
    let hosts = BTreeMap::from([(Arc::clone(group), told.to_vec())]);
    let all = of_group(catalogue, &ServiceSpec { hosts, ..spec.clone() }, group).known;
    let mut names: Vec<OwnerName> = Vec::new();
    for name in all {
        if !names.contains(&name.member.public) {
            names.push(name.member.public);
        }
    }
    names
}

/// The addresses an endpoint is known to have: stated for its names, or found in the record sets that it made.
fn addresses(object: &Object, group: &[crate::estate::ZoneId], zones: &Zones) -> IndexMap<OwnerName, IpAddr> {
    let told = object
        .with("address ")
        .filter_map(|(name, declared)| Some((OwnerName::parse(name).ok()?, declared.value.as_str()?.parse().ok()?)));
    let mut addresses: IndexMap<OwnerName, IpAddr> = told.collect();
    for zone in group.iter().filter_map(|id| zones.get(id)) {
        for ((owner, kind), found) in &zone.sets {
            let is_own = found.creator.as_deref().is_some_and(|one| one.eq_ignore_ascii_case(object.id.name()));
            let is_address = matches!(*kind, RecordType::A | RecordType::AAAA);
            if let Some(address) = found.set.ip_addresses().next().filter(|_| is_own && is_address) {
                addresses.entry(owner.clone()).or_insert(address);
            }
        }
    }
    addresses
}
