//! Which order of events agrees with what was found. Orders are folded as any history is, and what comes out is compared:
//! which addresses the endpoints get, and whose record sets are there at the end.
//!
//! A dump says what is, and not how it came about. Which resources were scoped before an endpoint was made shows in its
//! addresses, since those of later ones come after; which of two endpoints wrote last shows in the record sets.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use indexmap::IndexMap;
use ipnet::IpNet;

use super::endpoint::Endpoint;
use super::network::Networks;
use super::resource::Resources;
use super::zone::Zones;
use super::{Builder, ScopeParts};
use crate::catalogue::Catalogue;
use crate::compile::address::usable;
use crate::compile::member::{self, Member};
use crate::compile::{State, Writer, declared_names};
use crate::dns::{OwnerName, RecordType};
use crate::estate::history::Switches;
use crate::estate::{
    AccessModeSettings, ApprovalState, Event, Recorded, ResourceSpec, Revision, ScopeSpec, StaticAddress, ZoneId,
};
use crate::import::command::{self, word};
use crate::import::report::{Provenance, Topic};

/// The result of an order of events.
pub(super) struct Played {
    /// Indexes of endpoints in the order they are made.
    pub(super) order: Vec<usize>,
    /// Resources that are scoped before each of them, in that order.
    pub(super) before: Vec<Vec<String>>,
    /// Resources that are scoped after all of them, with the index of their scope.
    pub(super) after: Vec<(usize, String)>,
    /// Whose address is at each name, and which one.
    pub(super) written: IndexMap<(ZoneId, OwnerName), (Ipv4Addr, usize)>,
    /// Members of each endpoint with their addresses, by its index; none where the subnet has not enough.
    members: Vec<Vec<(Member, Ipv4Addr)>>,
}

impl Played {
    /// The names at which endpoints' addresses are, zone by zone, each with the endpoint that wrote last.
    pub(super) fn by_zone(&self) -> HashMap<&ZoneId, Vec<(&OwnerName, usize)>> {
        let mut zones: HashMap<&ZoneId, Vec<(&OwnerName, usize)>> = HashMap::new();
        for ((zone, owner), (_, writer)) in &self.written {
            zones.entry(zone).or_default().push((owner, *writer));
        }
        zones
    }
}

/// All that takes part.
struct Play<'p> {
    catalogue: &'p Arc<Catalogue>,
    networks: &'p Networks,
    zones: &'p Zones,
    scopes: &'p [ScopeParts],
    endpoints: &'p [Endpoint],
    resources: &'p Resources,
}

impl Builder<'_> {
    /// Finds the order that agrees with the addresses and record sets that were found. Endpoints whose addresses come out
    /// of no order get them fixed.
    pub(super) fn play(
        &mut self,
        networks: &Networks,
        scopes: &mut [ScopeParts],
        endpoints: &mut [Endpoint],
        resources: &Resources,
        zones: &Zones,
    ) -> Played {
        let catalogue = Arc::clone(&self.catalogue);
        for endpoint in endpoints.iter_mut() {
            self.keep_within(endpoint, networks);
        }
        self.keep_services_within(networks);
        for scope in scopes.iter_mut() {
            let of_scope: Vec<&Endpoint> = endpoints.iter().filter(|one| one.scope == scope.label).collect();
            let first = |label: &String| -> (bool, Option<Ipv4Addr>) {
                let spec = resources.all.get(label).map(|(spec, _)| spec);
                let found = of_scope.iter().find_map(|one| spec.and_then(|spec| lowest(&catalogue, spec, one)));
                (found.is_none(), found)
            };
            scope.resources.sort_by_cached_key(first);
        }
        let mut order: Vec<usize> = (0..endpoints.len()).collect();
        let ground = Play { catalogue: &catalogue, networks, zones, scopes, endpoints, resources }.ground();
        let play = |endpoints: &[Endpoint], order: &[usize]| {
            Play { catalogue: &catalogue, networks, zones, scopes, endpoints, resources }.run(&ground, order)
        };
        let mut played = play(endpoints, &order);
        order = self.last_writers(endpoints, &played, zones);
        played = play(endpoints, &order);
        // Fixing the addresses of one can free or take those of another in its subnet.
        for _ in 0..(endpoints.len() + 1).min(8) {
            let mut again = false;
            for (index, endpoint) in endpoints.iter_mut().enumerate() {
                let agrees = played.members[index].iter().all(|(member, address)| {
                    endpoint.addresses.get(&member.public).is_none_or(|known| known == address)
                });
                let failed = played.members[index].is_empty() && !endpoint.addresses.is_empty();
                if !agrees || failed {
                    again |= self.fix(endpoint, networks, scopes, resources);
                }
            }
            if !again {
                break;
            }
            played = play(endpoints, &order);
        }
        self.collisions(endpoints, &played, zones);
        played
    }

    /// Leaves out fixed addresses that the subnet does not have.
    fn keep_within(&mut self, endpoint: &mut Endpoint, networks: &Networks) {
        let subnet = networks.by_label(&endpoint.network).and_then(|network| network.spec.subnet(&endpoint.subnet));
        let Some(subnet) = subnet else { return };
        let (label, place) = (endpoint.label.clone(), endpoint.place.clone());
        endpoint.fixed.retain(|fixed| self.fits(fixed.address, subnet.into(), &label, place.as_ref()));
    }

    /// The same for endpoints of other services.
    fn keep_services_within(&mut self, networks: &Networks) {
        let mut endpoints = std::mem::take(&mut self.services.endpoints);
        for (endpoint, place) in &mut endpoints {
            let network = networks.by_label(endpoint.network.as_str()).map(|network| &network.spec);
            let subnet = |address: IpAddr| -> Option<IpNet> {
                match address {
                    IpAddr::V4(_) => network?.subnet(&endpoint.subnet).map(IpNet::V4),
                    IpAddr::V6(_) => network?.subnet_v6(&endpoint.subnet).map(IpNet::V6),
                }
            };
            let label = endpoint.name.to_string();
            endpoint.ip_configurations.retain(|fixed| {
                subnet(fixed.address).is_none_or(|subnet| self.fits(fixed.address, subnet, &label, place.as_ref()))
            });
        }
        self.services.endpoints = endpoints;
    }

    /// True if an endpoint in this subnet can have the address; else it is reported.
    fn fits(&mut self, address: IpAddr, subnet: IpNet, endpoint: &str, place: Option<&Provenance>) -> bool {
        let (from, to) = usable(&self.catalogue, subnet);
        let fits = (from..=to).contains(&address);
        if !fits {
            let text = format!(
                "private endpoint {endpoint} has the fixed address {address}, which is not a usable address of its subnet {subnet}: the importer ignores it"
            );
            self.report.add(Topic::NotRead, text, place.into_iter().cloned().collect(), None);
        }
        fits
    }

    /// Fixes the known addresses of an endpoint; false if they are fixed already.
    fn fix(
        &mut self,
        endpoint: &mut Endpoint,
        networks: &Networks,
        scopes: &[ScopeParts],
        resources: &Resources,
    ) -> bool {
        let subnet = networks.by_label(&endpoint.network).and_then(|network| network.spec.subnet(&endpoint.subnet));
        let Some(subnet) = subnet else { return false };
        let (from, to) = usable(&self.catalogue, subnet);
        let scope = scopes.iter().find(|scope| scope.label == endpoint.scope);
        let specs: Vec<&ResourceSpec> = scope
            .into_iter()
            .flat_map(|scope| &scope.resources)
            .filter_map(|label| resources.all.get(label).map(|(spec, _)| spec))
            .collect();
        let mut fixed = endpoint.fixed.clone();
        let mut outside = Vec::new();
        for (member, _) in member::of_scope(&self.catalogue, specs, endpoint.created) {
            let handle = member.handle();
            let Some(address) = endpoint.addresses.get(&member.public) else { continue };
            if fixed.iter().any(|own| own.member == handle) {
                continue;
            }
            match (from..=to).contains(&IpAddr::V4(*address)) {
                true => fixed.push(StaticAddress { member: handle, address: (*address).into() }),
                false => outside.push(address.to_string()),
            }
        }
        if !outside.is_empty() {
            let text = format!(
                "private endpoint {} has addresses that are not usable addresses of subnet {}/{} ({subnet}): {}",
                endpoint.label,
                endpoint.network,
                endpoint.subnet,
                outside.join(", ")
            );
            self.report.add(Topic::Inconsistent, text, endpoint.place.iter().cloned().collect(), None);
        }
        if fixed == endpoint.fixed {
            return false;
        }
        let text = format!(
            "the addresses of private endpoint {} are not in the order that Azure assigns: the importer writes them as static addresses (ipConfigurations)",
            endpoint.label
        );
        self.report.add(Topic::Inferred, text, endpoint.place.iter().cloned().collect(), None);
        endpoint.fixed = fixed;
        true
    }

    /// Endpoints in an order in which those whose addresses are in the zones come after those whose do not.
    fn last_writers(&mut self, endpoints: &[Endpoint], played: &Played, zones: &Zones) -> Vec<usize> {
        let mut later: HashSet<(usize, usize)> = HashSet::new();
        let writers = writers(endpoints);
        for zone in zones.all.values() {
            let Some(writers) = writers.get(&zone.id).filter(|writers| writers.len() > 1) else { continue };
            for ((owner, kind), found) in zone.sets.iter().filter(|((_, kind), _)| *kind == RecordType::A) {
                debug_assert_eq!(*kind, RecordType::A, "others were left out");
                let has: Vec<(usize, Ipv4Addr)> = writers
                    .iter()
                    .filter_map(|index| Some((*index, address_of(endpoints, played, *index, owner)?)))
                    .collect();
                let by_name = |index: usize| {
                    found
                        .creator
                        .as_deref()
                        .is_some_and(|creator| creator.eq_ignore_ascii_case(endpoints[index].id.name()))
                };
                let last = has.iter().find(|(index, _)| by_name(*index));
                let last = last.or_else(|| has.iter().find(|(_, address)| Some(*address) == found.address()));
                if let Some((last, _)) = last {
                    later.extend(has.iter().filter(|(index, _)| index != last).map(|(index, _)| (*index, *last)));
                }
            }
        }
        // For each endpoint how many of those that are left write before it, and which it is before.
        let mut waits = vec![0_usize; endpoints.len()];
        let mut before: HashMap<usize, Vec<usize>> = HashMap::new();
        for (first, last) in &later {
            waits[*last] += 1;
            before.entry(*first).or_default().push(*last);
        }
        let mut order = Vec::new();
        let mut left: BTreeSet<usize> = (0..endpoints.len()).collect();
        let mut free: BTreeSet<usize> = left.iter().copied().filter(|index| waits[*index] == 0).collect();
        while let Some(first) = left.first().copied() {
            let next = free.pop_first().unwrap_or_else(|| {
                // In a circle each wrote last at some name: no order of whole writes gives that.
                let names: Vec<&str> = left.iter().map(|index| endpoints[*index].label.as_str()).take(8).collect();
                let text = format!(
                    "no order of writes by {} explains the record sets in the import: the importer assumes that those that differ were written by hand",
                    names.join(", ")
                );
                self.report.add(Topic::Order, text, Vec::new(), None);
                first
            });
            left.remove(&next);
            order.push(next);
            for other in before.remove(&next).into_iter().flatten() {
                waits[other] -= 1;
                if waits[other] == 0 && left.contains(&other) {
                    free.insert(other);
                }
            }
        }
        order
    }

    /// Says who wrote last where two could have.
    fn collisions(&mut self, endpoints: &[Endpoint], played: &Played, zones: &Zones) {
        let (writers, written) = (writers(endpoints), played.by_zone());
        for zone in zones.all.values() {
            let Some(writers) = writers.get(&zone.id).filter(|writers| writers.len() > 1) else { continue };
            let mut last: IndexMap<usize, Vec<String>> = IndexMap::new();
            let mut unknown: Vec<String> = Vec::new();
            for (owner, index) in written.get(&zone.id).into_iter().flatten() {
                let several =
                    writers.iter().filter(|writer| address_of(endpoints, played, **writer, owner).is_some()).count()
                        > 1;
                let short = owner.relative_to(&zone.id.apex).unwrap_or_default();
                match (several, zone.sets.contains_key(&((*owner).clone(), RecordType::A))) {
                    (false, _) => {}
                    (true, true) => last.entry(*index).or_default().push(short),
                    (true, false) => unknown.push(short),
                }
            }
            let places: Vec<_> = zone.place.iter().cloned().collect();
            for (index, names) in last {
                let text = format!(
                    "{} wrote last in {}: {} have its addresses",
                    endpoints[index].label,
                    zone.id.apex,
                    names.join(", ")
                );
                self.report.add(Topic::Order, text, places.clone(), None);
            }
            if !unknown.is_empty() && !zone.whole {
                let names: Vec<&str> = writers.iter().map(|index| endpoints[*index].label.as_str()).collect();
                let text = format!(
                    "which of {} wrote last in {} is unknown: the importer uses the order of the files for {}",
                    names.join(", "),
                    zone.id.apex,
                    unknown.join(", ")
                );
                let group = self.facts.group(&zone.resource.group).to_owned();
                let get = format!(
                    "az network private-dns record-set list -g {} -z {}",
                    command::group(&group),
                    word(&zone.id.apex)
                );
                self.report.add(Topic::Order, text, places, Some(get));
            }
        }
    }
}

/// The endpoints that write into each zone, in their order.
fn writers(endpoints: &[Endpoint]) -> HashMap<&ZoneId, Vec<usize>> {
    let mut writers: HashMap<&ZoneId, Vec<usize>> = HashMap::new();
    for (index, one) in endpoints.iter().enumerate().filter(|(_, one)| one.approval == ApprovalState::Approved) {
        for zone in one.zone_group.iter().flatten() {
            writers.entry(zone).or_default().push(index);
        }
    }
    writers
}

/// The address an endpoint has for a private name: the one that is known, else the one it would get.
fn address_of(endpoints: &[Endpoint], played: &Played, index: usize, owner: &OwnerName) -> Option<Ipv4Addr> {
    let (member, address) = played.members[index].iter().find(|(member, _)| member.private == *owner)?;
    Some(endpoints[index].addresses.get(&member.public).copied().unwrap_or(*address))
}

/// The lowest known address an endpoint has for a resource.
fn lowest(catalogue: &Catalogue, spec: &ResourceSpec, endpoint: &Endpoint) -> Option<Ipv4Addr> {
    let members = member::of_resource(catalogue, spec, endpoint.created);
    members.iter().filter_map(|member| endpoint.addresses.get(&member.public)).min().copied()
}

impl Play<'_> {
    /// The estate before any scope has resources.
    fn ground(&self) -> State {
        let mut state = State::without_public_dns(Arc::clone(self.catalogue), Switches::default());
        let networks: Vec<Event> = self.networks.events().into_iter().map(|(event, _)| event).collect();
        state.declare(declared_names(&networks), Revision(u32::MAX));
        let written: HashSet<&ZoneId> = self.endpoints.iter().flat_map(|one| &one.zone_group).flatten().collect();
        let zones = self.zones.all.values().filter(|zone| written.contains(&zone.id));
        let zones = zones.map(|zone| Event::CreatePrivateDnsZone { zone: zone.id.clone() });
        let declared = networks.into_iter().chain(zones);
        let resources = self.resources.all.values().map(|(spec, _)| spec);
        // Components name workspaces, so those come first, as in the history.
        let (first, rest): (Vec<_>, Vec<_>) = resources.partition(|spec| matches!(spec, ResourceSpec::Workspace(_)));
        let resources = first.into_iter().chain(rest).map(|spec| Event::PutResource(spec.clone()));
        let scopes = self.scopes.iter().map(|scope| {
            let access = AccessModeSettings::default();
            Event::CreatePrivateLinkScope(ScopeSpec {
                name: scope.label.as_str().into(),
                access,
                lacks_modes: false,
                created: scope.created,
            })
        });
        declared.chain(resources).chain(scopes).for_each(|event| apply(&mut state, event));
        state
    }

    /// Folds the events of the endpoints in an order, and the scoping of resources where their addresses show it was.
    fn run(&self, ground: &State, order: &[usize]) -> Played {
        let mut state = ground.clone();
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let mut scoped: HashMap<&str, HashSet<&str>> = HashMap::new();
        let scoping = |scope: &ScopeParts, label: &str| Event::AddScopedResource {
            scope: scope.label.as_str().into(),
            resource: label.into(),
        };
        for &index in order {
            let endpoint = &self.endpoints[index];
            let mut own = Vec::new();
            if let Some(scope) = self.scopes.iter().find(|scope| scope.label == endpoint.scope) {
                let had = scoped.entry(scope.label.as_str()).or_default();
                for label in &scope.resources {
                    if !had.contains(label.as_str()) && !self.comes_later(scope, label, endpoint) {
                        had.insert(label);
                        apply(&mut state, scoping(scope, label));
                        own.push(label.clone());
                    }
                }
            }
            before.push(own);
            apply(&mut state, Event::CreatePrivateEndpoint(endpoint.spec()));
        }
        for (at, scope) in self.scopes.iter().enumerate() {
            let had = scoped.entry(scope.label.as_str()).or_default();
            for label in scope.resources.iter().filter(|label| !had.contains(label.as_str())) {
                apply(&mut state, scoping(scope, label));
                after.push((at, label.clone()));
            }
        }
        let members: Vec<Vec<(Member, Ipv4Addr)>> = (self.endpoints.iter())
            .map(|endpoint| {
                let made = state.endpoints.get(endpoint.label.as_str());
                let members = made.into_iter().flat_map(|made| &made.members);
                let with_address = members.filter_map(|one| match one.address {
                    IpAddr::V4(address) => Some((one.member.clone(), address)),
                    IpAddr::V6(_) => None,
                });
                with_address.collect()
            })
            .collect();
        Played { order: order.to_vec(), before, after, written: self.written(&state, order), members }
    }

    /// What the zones hold of endpoints, in the order in which it was written first.
    fn written(&self, state: &State, order: &[usize]) -> IndexMap<(ZoneId, OwnerName), (Ipv4Addr, usize)> {
        let by_label: HashMap<&str, usize> =
            self.endpoints.iter().enumerate().map(|(index, endpoint)| (endpoint.label.as_str(), index)).collect();
        let mut written = IndexMap::new();
        for endpoint in order.iter().filter_map(|index| state.endpoints.get(self.endpoints[*index].label.as_str())) {
            for zone in endpoint.zone_group.iter().flat_map(|group| &group.zones) {
                let Some(linked) = state.zones.get(zone) else { continue };
                for owner in endpoint.members.iter().map(|one| &one.member.private) {
                    let Some(owned) = linked.zone.get(owner, RecordType::A) else { continue };
                    let Writer::Endpoint { endpoint, .. } = &owned.writer else { continue };
                    let address = owned.set.addresses().next();
                    if let (Some(address), Some(writer)) = (address, by_label.get(endpoint.as_str())) {
                        written.insert((zone.clone(), owner.clone()), (address, *writer));
                    }
                }
            }
        }
        written
    }

    /// True if a resource was scoped after the endpoint was made.
    fn comes_later(&self, scope: &ScopeParts, label: &str, endpoint: &Endpoint) -> bool {
        if scope.after.iter().any(|(own, of)| own == label && *of == endpoint.label) {
            return true;
        }
        let Some((spec, _)) = self.resources.all.get(label) else { return false };
        if endpoint.addresses.is_empty() {
            return false;
        }
        let base = member::base(self.catalogue, endpoint.created);
        let base = base.iter().filter_map(|member| endpoint.addresses.get(&member.public)).min();
        match (lowest(self.catalogue, spec, endpoint), base) {
            (None, _) => true,
            (Some(own), Some(base)) => own > *base,
            (Some(_), None) => false,
        }
    }
}

fn apply(state: &mut State, event: Event) {
    state.apply(&Recorded { event, date: None, place: None });
}
