//! Resources that every rule treats alike: one of them is assessed for all. The same holds for [`networks`].
//!
//! An estate may have a hundred thousand workspaces. What a network gets for their names, and what their names get back,
//! depends on scopes, endpoints, record sets, addresses' prefixes and flags; resources that have all of these in common
//! differ in their own names alone. What is found out for the first of them holds for each.

mod networks;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::verdict::{Root, Unserved};
use crate::compile::state::Resource;
use crate::compile::view::Prefixes;
use crate::compile::{Compiled, Owned, ViewId, Writer, member};
use crate::dns::{OwnerName, RecordType};
use crate::estate::routing::{NextHop, Routing};
use crate::estate::security::Addresses;
use crate::estate::{
    ArcConnection, ComponentSpec, DnsSetting, EndpointName, EndpointTarget, NetworkName, PublicNetworkAccess,
    ResourceName, ResourceSpec, ScopeName, WorkspaceSpec,
};

/// Groups of resources that are alike.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Alike {
    groups: Vec<Group>,
    /// The group of each resource that is in one.
    of_resource: HashMap<ResourceName, u32>,
    /// For a name that belongs to one resource of a group: the group, and which of the resource's names it is.
    of_name: HashMap<OwnerName, (u32, u32)>,
    /// Networks whose clients meet the same, each in one group.
    pub(super) networks: Vec<Vec<NetworkName>>,
}

/// At least two resources.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Group {
    /// The one that is assessed, by its place among the resources.
    first: usize,
    /// All of them, by name.
    resources: Arc<[ResourceName]>,
    /// The names that belong to one of them, as many for each: by kind of name, in the order of the resources.
    names: Vec<Arc<[OwnerName]>>,
}

impl Alike {
    /// Every resource and every network by itself.
    pub(super) fn apart_from_all(world: &Compiled) -> Self {
        Self { networks: world.state.networks.keys().map(|one| vec![one.clone()]).collect(), ..Self::default() }
    }

    /// The groups of an estate.
    pub(super) fn of(world: &Compiled) -> Self {
        let marks = Marks::of(world);
        let mut order: Vec<Vec<(&Resource, Vec<OwnerName>)>> = Vec::new();
        let mut places: HashMap<Key<'_>, usize> = HashMap::new();
        for resource in world.state.resources.values() {
            let Some((key, names)) = marks.key(resource) else { continue };
            let place = *places.entry(key).or_insert(order.len());
            match order.get_mut(place) {
                Some(group) => group.push((resource, names)),
                None => order.push(vec![(resource, names)]),
            }
        }
        let networks = networks::groups(world, marks.addresses);
        let mut alike = Self { networks, ..Self::default() };
        for group in order.into_iter().filter(|group| group.len() > 1) {
            alike.add(group);
        }
        alike
    }

    fn add(&mut self, mut group: Vec<(&Resource, Vec<OwnerName>)>) {
        let index = u32::try_from(self.groups.len()).expect("a scenario's size bounds its resources");
        let first = group[0].0.spec.name();
        group.sort_by_key(|(resource, _)| resource.spec.name());
        let place = group.iter().position(|(resource, _)| resource.spec.name() == first).expect("it is one of them");
        let kinds = group[0].1.len();
        let names: Vec<Arc<[OwnerName]>> =
            (0..kinds).map(|kind| group.iter().map(|(_, names)| names[kind].clone()).collect()).collect();
        for (kind, names) in (0..).zip(&names) {
            self.of_name.extend(names.iter().map(|name| (name.clone(), (index, kind))));
        }
        let resources: Arc<[ResourceName]> = group.iter().map(|(resource, _)| resource.spec.name().clone()).collect();
        self.of_resource.extend(resources.iter().map(|name| (name.clone(), index)));
        self.groups.push(Group { first: place, resources, names });
    }

    fn group_of(&self, resource: &ResourceName) -> Option<&Group> {
        self.of_resource.get(resource).map(|index| &self.groups[*index as usize])
    }

    /// The resource that is assessed for this one; often itself.
    pub(super) fn first<'a>(&'a self, resource: &'a ResourceName) -> &'a ResourceName {
        self.group_of(resource).map_or(resource, |group| &group.resources[group.first])
    }

    /// True if a resource is assessed itself.
    pub(super) fn is_first(&self, resource: &ResourceName) -> bool {
        self.first(resource) == resource
    }

    /// The name that is assessed for this one; often itself.
    pub(super) fn first_name<'a>(&'a self, name: &'a OwnerName) -> &'a OwnerName {
        self.of_name.get(name).map_or(name, |(group, kind)| {
            let group = &self.groups[*group as usize];
            &group.names[*kind as usize][group.first]
        })
    }

    /// The resources that this one is assessed for, by name.
    pub(super) fn resources<'a>(&'a self, first: &'a ResourceName) -> &'a [ResourceName] {
        self.group_of(first).map_or(std::slice::from_ref(first), |group| &group.resources)
    }

    /// The names that this one is assessed for, by the names of their resources.
    pub(super) fn names<'a>(&'a self, first: &'a OwnerName) -> &'a [OwnerName] {
        let group = self.of_name.get(first);
        group.map_or(std::slice::from_ref(first), |(group, kind)| &self.groups[*group as usize].names[*kind as usize])
    }

    /// The names of the uses that this one was assessed for.
    pub(super) fn names_of<'a>(&'a self, one: &'a Unserved) -> &'a [OwnerName] {
        if self.is_alone(one) { std::slice::from_ref(&one.used.name) } else { self.names(&one.used.name) }
    }

    /// Each use that this one was assessed for.
    pub(super) fn uses<'a>(&'a self, one: &'a Unserved) -> impl Iterator<Item = Unserved> + 'a {
        let resources = one.used.resource.as_ref().filter(|_| !self.is_alone(one));
        self.each(one, resources)
    }

    /// The same use of each resource that is alike, each with a cause of its own if it is the resource itself; else this
    /// one for all.
    pub(super) fn apart(&self, one: Unserved) -> Vec<Unserved> {
        if !self.is_alone(&one) {
            return vec![one];
        }
        let each = self.each(&one, one.used.resource.as_ref());
        // A wildcard's record set is the same for all.
        let label = one.used.name.labels().next();
        let is_named = |owner: &OwnerName| owner.labels().next() == label;
        let own = |mut one: Unserved| {
            match (&mut Arc::make_mut(&mut one.cause).root, &one.used.resource) {
                (Root::Resource(root), Some(resource)) => *root = resource.clone(),
                (Root::RecordSet(_, owner), _) if is_named(owner) => *owner = with_label_of(owner, &one.used.name),
                _ => {}
            }
            one
        };
        each.map(own).collect()
    }

    /// True if a use was assessed for no other, because its cause is the resource itself or a record set of its own.
    pub(super) fn is_alone(&self, one: &Unserved) -> bool {
        match &one.cause.root {
            Root::Resource(_) => true,
            Root::RecordSet(..) => self.of_name.contains_key(&one.used.name),
            _ => false,
        }
    }

    fn each<'a>(
        &'a self,
        one: &'a Unserved,
        resource: Option<&'a ResourceName>,
    ) -> impl Iterator<Item = Unserved> + 'a {
        let resources = resource.map_or(&[][..], |resource| self.resources(resource));
        let names = if resources.is_empty() { &[][..] } else { self.names(&one.used.name) };
        (0..resources.len().max(1)).map(move |at| {
            let mut one = one.clone();
            if let Some(resource) = resources.get(at) {
                one.used.resource = Some(resource.clone());
            }
            if names.len() > 1 {
                one.used.name = names[at].clone();
            }
            one
        })
    }
}

/// The owner name beside this one that begins with the label of `name`.
fn with_label_of(owner: &OwnerName, name: &OwnerName) -> OwnerName {
    let own = owner.parent().zip(name.parent().and_then(|parent| name.relative_to(&parent)));
    own.and_then(|(parent, label)| parent.child(&label).ok()).unwrap_or_else(|| owner.clone())
}

/// Lists that many findings have in common, each made once.
#[derive(Default)]
pub(super) struct Lists<'a> {
    names: Known<'a, OwnerName>,
    resources: Known<'a, ResourceName>,
    networks: Known<'a, NetworkName>,
}

/// Lists by what they are made from.
type Known<'a, T> = HashMap<Vec<&'a T>, Arc<[T]>>;

impl<'a> Lists<'a> {
    /// All names that these are assessed for, in canonical order.
    pub(super) fn names(&mut self, alike: &Alike, of: BTreeSet<&'a OwnerName>) -> Arc<[OwnerName]> {
        list(&mut self.names, of, |name| alike.names(name))
    }

    /// All resources that these are assessed for, by name.
    pub(super) fn resources(&mut self, alike: &Alike, of: BTreeSet<&'a ResourceName>) -> Arc<[ResourceName]> {
        list(&mut self.resources, of, |resource| alike.resources(resource))
    }

    /// These networks, by name.
    pub(super) fn networks(&mut self, of: BTreeSet<&'a NetworkName>) -> Arc<[NetworkName]> {
        list(&mut self.networks, of, std::slice::from_ref)
    }
}

/// The list of `all` that each of these is there for, in order and each once.
fn list<'a, 'l, T: Clone + Ord + Hash + 'l>(
    known: &mut Known<'a, T>,
    of: BTreeSet<&'a T>,
    all: impl Fn(&'a T) -> &'l [T],
) -> Arc<[T]>
where
    'a: 'l,
{
    let of: Vec<&T> = of.into_iter().collect();
    let made =
        |of: &Vec<&'a T>| of.iter().flat_map(|one| all(one)).collect::<BTreeSet<_>>().into_iter().cloned().collect();
    Arc::clone(known.entry(of).or_insert_with_key(made))
}

/// All that rules read of a resource, but for its own names. Resources with equal keys are alike.
#[derive(PartialEq, Eq, Hash)]
struct Key<'w> {
    kind: Kind,
    scopes: &'w [ScopeName],
    endpoints: &'w [EndpointName],
    /// The endpoints that could not give it addresses.
    failed: Vec<u32>,
    names: Vec<NameKey>,
}

/// A resource without its identity.
#[derive(PartialEq, Eq, Hash)]
enum Kind {
    Workspace {
        /// Its region, where public DNS has chains of that region's own.
        location: Option<String>,
        ingestion: PublicNetworkAccess,
        query: PublicNetworkAccess,
    },
    Component(ComponentSpec),
}

/// What there is of a name that belongs to one resource.
#[derive(PartialEq, Eq, Hash)]
struct NameKey {
    /// Its row of the catalogue.
    row: Option<usize>,
    /// Whether public DNS has its alias, as most networks see it and as those that share the DNS of a legacy scope do.
    aliases: [bool; 2],
    /// The endpoints that have an address for it.
    held: Vec<(u32, AddressKey)>,
    /// Its record sets in private zones: the zone, who wrote it, and its addresses.
    written: Vec<(u32, u32, RecordType, Vec<AddressKey>)>,
}

/// What decides the way to an address: the longest prefix that the estate mentions and that holds it, and the endpoints that
/// have it.
type AddressKey = (Option<IpNet>, Vec<u32>);

/// A record set in a private zone: the zone, the endpoint that wrote it, its type and its addresses.
type Written = (u32, u32, RecordType, Vec<IpAddr>);

/// What is looked up for every key.
struct Marks<'w> {
    world: &'w Compiled,
    /// Prefixes that the estate mentions.
    prefixes: Prefixes,
    /// The endpoints that have an address.
    having: HashMap<IpAddr, Vec<u32>>,
    /// The endpoints that have an address for a private name, and that address.
    held: HashMap<&'w OwnerName, Vec<(u32, IpAddr)>>,
    /// The record sets of a private name that one endpoint wrote and that overwrote nothing.
    written: HashMap<OwnerName, Vec<Written>>,
    /// Names that are not as endpoints make them: other writers' record sets, overwritten and deleted ones, and the names above
    /// them.
    odd: HashSet<OwnerName>,
    /// Zones' apexes, and the suffixes of forwarders and rulesets.
    suffixes: HashSet<&'w OwnerName>,
    /// Resources that machines are named with.
    used: HashSet<&'w ResourceName>,
    /// Ids that several workspaces have.
    shared_ids: HashSet<&'w str>,
    /// The endpoints that could not give a resource addresses.
    failed: HashMap<&'w ResourceName, Vec<u32>>,
    /// Addresses of endpoints and of record sets in private zones.
    addresses: Vec<IpAddr>,
}

impl<'w> Marks<'w> {
    fn of(world: &'w Compiled) -> Self {
        let state = &world.state;
        let mut marks = Self {
            world,
            prefixes: Prefixes::new(prefixes(world).into_iter().map(|prefix| (prefix, ViewId::PUBLIC))),
            having: HashMap::new(),
            held: HashMap::new(),
            written: HashMap::new(),
            odd: HashSet::new(),
            suffixes: suffixes(world),
            used: used(world),
            shared_ids: shared_ids(world),
            failed: HashMap::new(),
            addresses: Vec::new(),
        };
        for (index, endpoint) in (0..).zip(state.endpoints.values()) {
            for one in &endpoint.members {
                // Names that every endpoint has belong to no resource.
                if one.resources.len() == 1 {
                    marks.held.entry(&one.member.private).or_default().push((index, one.address));
                }
                marks.addresses.push(one.address);
                let having = marks.having.entry(one.address).or_default();
                if having.last() != Some(&index) {
                    having.push(index);
                }
            }
            for resource in &endpoint.failed_resources {
                marks.failed.entry(resource).or_default().push(index);
            }
        }
        let mut writers: HashMap<(EndpointName, EndpointTarget), u32> = HashMap::new();
        for (index, linked) in (0..).zip(state.zones.values()) {
            for owned in linked.zone.iter() {
                marks.record_set(index, &owned, &mut writers);
            }
            for (name, _) in linked.zone.tombstones() {
                marks.odd.insert(name.clone());
            }
        }
        marks
    }

    /// Notes a record set of a private zone.
    fn record_set(&mut self, zone: u32, owned: &Owned, writers: &mut HashMap<(EndpointName, EndpointTarget), u32>) {
        let (owner, kind) = (owned.set.owner(), owned.set.kind());
        self.addresses.extend(owned.set.ip_addresses());
        match (&owned.writer, &owned.overwritten) {
            (Writer::Endpoint { endpoint, target }, None) => {
                let next = u32::try_from(writers.len()).expect("a scenario's size bounds its endpoints");
                let writer = *writers.entry((endpoint.clone(), target.clone())).or_insert(next);
                let addresses = owned.set.ip_addresses().collect();
                self.written.entry(owner.clone()).or_default().push((zone, writer, kind, addresses));
            }
            // The SOA.
            (Writer::Zone, None) => {}
            _ => {
                let mut at = Some(owner.clone());
                while let Some(name) = at {
                    at = name.parent();
                    self.odd.insert(name);
                }
            }
        }
    }

    /// The key of a resource, and the names that belong to it alone; absent for one that may have no like.
    fn key(&self, resource: &'w Resource) -> Option<(Key<'w>, Vec<OwnerName>)> {
        let state = &self.world.state;
        let name = resource.spec.name();
        // A zone from a file may have any name.
        if self.used.contains(name) || !state.files.is_empty() {
            return None;
        }
        let kind = match &resource.spec {
            ResourceSpec::Workspace(WorkspaceSpec { name: _, customer_id, location, ingestion, query }) => {
                if self.shared_ids.contains(&**customer_id) {
                    return None;
                }
                let mut chains = state.catalogue.chains.iter().filter(|chain| chain.region.is_some());
                let location = location.clone().filter(|own| chains.any(|chain| chain.region.as_deref() == Some(own)));
                Kind::Workspace { location, ingestion: *ingestion, query: *query }
            }
            ResourceSpec::Component(own) => Kind::Component(ComponentSpec { name: "".into(), ..own.clone() }),
            ResourceSpec::DataCollectionEndpoint(_)
            | ResourceSpec::DataCollectionRule(_)
            | ResourceSpec::Service(_) => return None,
        };
        let (mut keys, mut names) = (Vec::new(), Vec::new());
        if let Kind::Workspace { .. } = kind {
            for one in member::of_resource(&state.catalogue, &resource.spec, None) {
                keys.push(self.name_key(&one)?);
                names.push(one.public);
            }
        }
        let failed = self.failed.get(name).cloned().unwrap_or_default();
        let key = Key { kind, scopes: &resource.scopes, endpoints: &resource.endpoints, failed, names: keys };
        Some((key, names))
    }

    /// The key of a name; absent for one that may have no like.
    fn name_key(&self, one: &member::Member) -> Option<NameKey> {
        let state = &self.world.state;
        let is_odd = |name: &OwnerName| self.odd.contains(name) || self.suffixes.contains(name);
        // Between its zone and the name there is no other name that could be one's own.
        let is_direct = one.private.label_count() == one.zone.label_count() + 1;
        if !is_direct || is_odd(&one.public) || is_odd(&one.private) {
            return None;
        }
        let alias = |shares_legacy_dns: bool| {
            let zone = state.public_dns(shares_legacy_dns).zone_of(&one.public);
            match zone.get(&one.public, RecordType::CNAME) {
                None => Some(false),
                Some(owned) => (owned.set.alias() == Some(&one.private)).then_some(true),
            }
        };
        let held = self.held.get(&one.private).map_or(&[][..], Vec::as_slice);
        let written = self.written.get(&one.private).map_or(&[][..], Vec::as_slice);
        Some(NameKey {
            row: one.row,
            aliases: [alias(false)?, alias(true)?],
            held: held.iter().map(|(endpoint, address)| (*endpoint, self.address_key(*address))).collect(),
            written: written
                .iter()
                .map(|(zone, writer, kind, addresses)| {
                    (*zone, *writer, *kind, addresses.iter().map(|address| self.address_key(*address)).collect())
                })
                .collect(),
        })
    }

    fn address_key(&self, address: IpAddr) -> AddressKey {
        let prefix = self.prefixes.longest(address).map(|(_, prefix)| prefix);
        (prefix, self.having.get(&address).cloned().unwrap_or_default())
    }
}

/// The prefixes and addresses that ways and rules depend on.
fn prefixes(world: &Compiled) -> Vec<IpNet> {
    let state = &world.state;
    let mut prefixes: Vec<IpNet> = Vec::new();
    for network in state.networks.values() {
        prefixes.extend(&network.address_space);
        prefixes.extend(&network.client_prefixes);
        prefixes.extend(network.subnets.iter().map(|(_, prefix)| IpNet::V4(*prefix)));
        prefixes.extend(network.subnets_v6.iter().map(|(_, prefix)| IpNet::V6(*prefix)));
    }
    for object in state.routes.objects() {
        match object {
            Routing::RouteTable(table) => {
                for route in &table.routes {
                    prefixes.push(IpNet::V4(route.prefix));
                    if let NextHop::VirtualAppliance(address) = route.next {
                        prefixes.push(IpAddr::V4(address).into());
                    }
                }
            }
            Routing::Appliance(appliance) => prefixes.push(IpAddr::V4(appliance.address).into()),
            Routing::SecurityGroup(group) => {
                let sides = group.rules.iter().flat_map(|rule| rule.sources.iter().chain(&rule.destinations));
                prefixes.extend(sides.filter_map(|one| match one {
                    Addresses::Prefix(prefix) => Some(IpNet::V4(*prefix)),
                    Addresses::Any | Addresses::Tag(_) => None,
                }));
            }
            Routing::PeeringHalf(_)
            | Routing::Gateway(_)
            | Routing::VirtualHub(_)
            | Routing::Transit(_)
            | Routing::EndpointPolicy(_) => {}
        }
    }
    prefixes.extend(state.inbound.values().filter_map(|one| one.address).map(|one| IpNet::from(IpAddr::V4(one))));
    prefixes
}

/// The names at which zones, forwarders and rules begin.
fn suffixes(world: &Compiled) -> HashSet<&OwnerName> {
    let state = &world.state;
    let zones = state.zones.keys().map(|id| &id.apex).chain(state.public.zones().map(|zone| zone.apex()));
    let forwards = world.views.iter().flat_map(|(_, view)| match &view.dns {
        DnsSetting::Custom { forward, .. } => forward.as_slice(),
        DnsSetting::AzureProvided => &[],
    });
    let rules = state.rulesets.values().flat_map(|set| &set.rules).map(|rule| &rule.domain);
    zones.chain(forwards.map(|forward| &forward.suffix)).chain(rules).collect()
}

/// The resources that machines have sessions to, and that their agents are associated with.
fn used(world: &Compiled) -> HashSet<&ResourceName> {
    let mut used = HashSet::new();
    for machine in world.state.machines.values() {
        used.extend(machine.sessions.iter().map(|session| &session.resource));
        if let Some(agent) = &machine.associations {
            used.extend(agent.rules.iter().chain(&agent.endpoint));
            if let Some(ArcConnection::Scope(scope)) = &agent.arc {
                used.insert(scope);
            }
        }
    }
    used
}

fn shared_ids(world: &Compiled) -> HashSet<&str> {
    let mut seen = HashSet::new();
    let ids = world.state.resources.values().filter_map(|one| match &one.spec {
        ResourceSpec::Workspace(own) => Some(own.customer_id.as_str()),
        _ => None,
    });
    ids.filter(|id| !seen.insert(*id)).collect()
}
