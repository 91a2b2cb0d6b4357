//! Public DNS as far as it is emulated: the published zones, and the names that exist because a resource does.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::member;
use super::service::ServiceName;
use super::zone::{Writer, Zone, Zones};
use crate::catalogue::{Catalogue, Hop, ServiceHop, Slots, doc_address};
use crate::dns::{OwnerName, RecordData, RecordSet, RecordType, Soa, Ttl, WholeKey};
use crate::estate::history::UncertainHop;
use crate::estate::{PublicZone, ResourceName, ResourceSpec, Revision, ZoneId};

/// TTL of the SOA record set of a public zone of another service (a suggested default; the real ones are not emulated).
const SERVICE_SOA_TTL: Ttl = 300;

/// The public zones by apex, the root among them.
#[derive(Clone, Debug)]
pub struct PublicDns {
    zones: Zones,
    /// Apexes of zones that are there for the names of other services: more exists in them than is known.
    partial: BTreeSet<OwnerName>,
}

impl PublicDns {
    /// Public DNS before any resource exists.
    pub fn published(catalogue: &Catalogue, uncertain: UncertainHop) -> Self {
        let mut zones = Zones::default();
        let root = OwnerName::root();
        zones.insert(root.clone(), Arc::new(Zone::new(public_id(&root), root_soa(), published(false), Revision(0))));
        for public in &catalogue.public_zones {
            let soa = public.sets.iter().find(|set| set.kind() == RecordType::SOA);
            let soa = soa.expect("the loader refuses public zones without an SOA").clone();
            let mut zone = Zone::new(public_id(&public.apex), soa, published(false), Revision(0));
            for set in public.sets.iter().filter(|set| set.kind() != RecordType::SOA) {
                let inferred = public.inferred_names.contains(set.owner());
                zone.write(set.clone(), published(inferred), Revision(0));
            }
            zones.insert(public.apex.clone(), Arc::new(zone));
        }
        let mut dns = Self { zones, partial: BTreeSet::new() };
        if uncertain == UncertainHop::Always {
            let hosts = catalogue.hosts.iter().filter(|row| row.hop == Hop::Unknown);
            let hosts = hosts.filter_map(|row| OwnerName::parse(row.host.as_str()).ok());
            let endpoints = catalogue.endpoints.iter().filter(|row| row.record.is_fixed() && row.hop == Hop::Unknown);
            let endpoints = endpoints.filter_map(|row| row.public_zone.child(row.record.as_str()).ok());
            for name in hosts.chain(endpoints) {
                dns.add_hop(catalogue, &name);
            }
        }
        dns
    }

    /// Puts the `privatelink` alias between a name and its address.
    fn add_hop(&mut self, catalogue: &Catalogue, name: &OwnerName) {
        let private = catalogue.zones.iter().find_map(|zone| name.moved(&zone.public, &zone.private));
        let set = self.zone_of(name).get(name, RecordType::A).map(|owned| owned.set.clone());
        if let (Some(private), Some(set)) = (private, set) {
            self.clear(name);
            let writer = published(true);
            self.put(alias(name, private.clone(), catalogue.rules.public_ttl.hop), &writer, Revision(0));
            self.put(set.synthesized(private, set.ttl()), &writer, Revision(0));
        }
    }

    /// Public DNS with nothing in it but the root.
    pub fn bare() -> Self {
        let root = OwnerName::root();
        let zone = Zone::new(public_id(&root), root_soa(), published(false), Revision(0));
        Self { zones: Zones::from_iter([(root, Arc::new(zone))]), partial: BTreeSet::new() }
    }

    /// The zone that answers for a name: the one with the longest apex. Outside the emulated zones that is the root, which
    /// holds nothing.
    pub fn zone_of(&self, name: &OwnerName) -> &Arc<Zone> {
        self.zone_of_key(&WholeKey::of(name))
    }

    /// The same with the name's key, for those who have it already.
    pub fn zone_of_key(&self, key: &WholeKey) -> &Arc<Zone> {
        self.zones.longest(key).expect("every name is within the root")
    }

    /// The zone of exactly this name.
    pub fn get(&self, apex: &OwnerName) -> Option<&Arc<Zone>> {
        self.zones.get(apex)
    }

    /// All zones.
    pub fn zones(&self) -> impl Iterator<Item = &Arc<Zone>> {
        self.zones.values()
    }

    /// True for a zone that is there for the names of other services: names missing from it may exist.
    pub fn is_partial(&self, apex: &OwnerName) -> bool {
        self.partial.contains(apex)
    }

    /// Drops what changes to zones left unused.
    pub(super) fn compact(&mut self) {
        for zone in self.zones.values_mut().filter(|zone| zone.has_unused()) {
            Arc::make_mut(zone).compact();
        }
    }

    /// Puts a zone in, or in the place of the one with its apex.
    pub fn insert(&mut self, zone: Zone) {
        self.zones.insert(zone.apex().clone(), Arc::new(zone));
    }

    /// Makes a resource's names exist, with the `privatelink` hop or without.
    ///
    /// Shared names carry the hop always; those of one resource while `own_hop` holds.
    /// Source: Azure/Enterprise-Scale issue 1017 for the former; the latter is uncertain and a switch.
    pub(super) fn announce(
        &mut self,
        catalogue: &Catalogue,
        resource: &ResourceSpec,
        own_hop: bool,
        uncertain: UncertainHop,
        revision: Revision,
    ) {
        let slots = member::slots(catalogue, resource);
        let writer = Writer::Resource(resource.name().clone());
        for member in member::of_resource(catalogue, resource, None) {
            if self.is_published(&member.public) {
                continue;
            }
            let row = member.endpoint_row(catalogue);
            let is_there = row.is_none_or(|row| is_hop(row.hop, uncertain));
            let hop = is_there && (own_hop || member.is_shared(catalogue));
            let names =
                if hop { vec![member.public.clone(), member.private.clone()] } else { vec![member.public.clone()] };
            self.clear(&member.public);
            self.clear(&member.private);
            self.chain(catalogue, names, &slots, &writer, revision);
        }
        self.announce_region(catalogue, &slots, &writer, uncertain, revision);
        for host in &catalogue.hosts {
            // Hosts of a component's region lead to the names above.
            let open = !host.host.is_fixed() && !host.host.as_str().starts_with("*.");
            let leads_to = host.leads_to.as_ref().filter(|_| open);
            let Some((from, to)) = leads_to.and_then(|to| Some((host.host.fill(&slots)?, to.fill(&slots)?))) else {
                continue;
            };
            if let (Ok(from), Ok(to)) = (OwnerName::parse(&from), OwnerName::parse(&to))
                && from != to
                && !self.is_published(&from)
            {
                self.put(alias(&from, to, catalogue.rules.public_ttl.hop), &writer, revision);
            }
        }
    }

    /// Makes a name of another service's resource exist, with the `privatelink` alias or without.
    pub(super) fn announce_service(
        &mut self,
        catalogue: &Catalogue,
        resource: &ResourceName,
        name: &ServiceName,
        hop: bool,
        revision: Revision,
    ) {
        let ServiceName { member, public_zone, through, .. } = name;
        // Names that lie in the private zone itself are not in public DNS.
        if name.hop == ServiceHop::Never {
            return;
        }
        self.add_partial(public_zone);
        self.add_partial(&member.zone.parent().unwrap_or_else(OwnerName::root));
        if self.is_published(&member.public) {
            return;
        }
        let mut names = vec![member.public.clone()];
        if hop {
            names.extend(through.iter().cloned());
            names.push(member.private.clone());
        }
        for one in [&member.public, &member.private].into_iter().chain(through) {
            self.clear(one);
        }
        let writer = Writer::Resource(resource.clone());
        self.chain(catalogue, names, &Slots::default(), &writer, revision);
    }

    /// Makes a host of a resource exist that no private endpoint serves.
    pub(super) fn announce_host(
        &mut self,
        catalogue: &Catalogue,
        resource: &ResourceName,
        host: &OwnerName,
        private: Option<&OwnerName>,
        revision: Revision,
    ) {
        if self.is_published(host) {
            return;
        }
        let names: Vec<OwnerName> = std::iter::once(host).chain(private).cloned().collect();
        names.iter().for_each(|name| self.clear(name));
        self.chain(catalogue, names, &Slots::default(), &Writer::Resource(resource.clone()), revision);
    }

    /// Adds an empty zone for names of other services, unless a zone has them already.
    fn add_partial(&mut self, apex: &OwnerName) {
        if apex.label_count() < 2 || !self.zone_of(apex).apex().is_root() {
            return;
        }
        let soa = root_soa().synthesized(apex.clone(), SERVICE_SOA_TTL);
        let zone = Zone::new(public_id(apex), soa, published(true), Revision(0));
        self.zones.insert(apex.clone(), Arc::new(zone));
        self.partial.insert(apex.clone());
    }

    /// Makes the names of a region exist that no endpoint serves.
    fn announce_region(
        &mut self,
        catalogue: &Catalogue,
        slots: &Slots,
        writer: &Writer,
        uncertain: UncertainHop,
        revision: Revision,
    ) {
        for row in &catalogue.regional {
            let name = row.name.fill(slots).and_then(|name| OwnerName::parse(&name).ok());
            let Some(name) = name.filter(|name| !self.zone_of(name).has_name(name)) else { continue };
            let mut zones = catalogue.zones.iter().filter(|_| is_hop(row.hop, uncertain));
            let hop = zones.find_map(|zone| name.moved(&zone.public, &zone.private));
            let names = std::iter::once(name).chain(hop).collect();
            self.chain(catalogue, names, slots, writer, revision);
        }
    }

    /// Makes the names that belong to one resource alone cease to exist. Regional names stay: they are everybody's.
    pub(super) fn withdraw(&mut self, catalogue: &Catalogue, resource: &ResourceSpec, revision: Revision) {
        for member in member::of_resource(catalogue, resource, None) {
            if !member.is_shared(catalogue) {
                self.delete(&member.public, revision);
                self.delete(&member.private, revision);
            }
        }
    }

    pub(super) fn delete(&mut self, name: &OwnerName, revision: Revision) {
        let apex = self.zone_of(name).apex().clone();
        let zone = self.zones.get_mut(&apex).expect("zone_of finds only zones that are there");
        for kind in [RecordType::CNAME, RecordType::A] {
            Arc::make_mut(zone).delete(name, kind, revision);
        }
    }

    /// Writes a chain that begins with `names` and goes on as the catalogue knows, to a documentation address.
    fn chain(
        &mut self,
        catalogue: &Catalogue,
        mut names: Vec<OwnerName>,
        slots: &Slots,
        writer: &Writer,
        revision: Revision,
    ) {
        let public = names[0].to_string();
        let known = catalogue.chains.iter().find(|chain| {
            let region = chain.region.as_deref().is_none_or(|region| slots.region.as_deref() == Some(region));
            region && chain.start.fill(slots).is_some_and(|start| start == public)
        });
        for behind in known.into_iter().flat_map(|chain| &chain.behind) {
            names.extend(behind.fill(slots).and_then(|name| OwnerName::parse(&name).ok()));
        }
        let ttl = catalogue.rules.public_ttl;
        for pair in names.windows(2) {
            if self.is_published(&pair[0]) {
                return;
            }
            let traffic_manager = pair[0].to_string().contains(".trafficmanager.");
            self.put(
                alias(&pair[0], pair[1].clone(), if traffic_manager { ttl.traffic_manager } else { ttl.hop }),
                writer,
                revision,
            );
        }
        let tail = names.last().expect("a chain has at least its first name");
        if !self.is_published(tail) {
            let address = RecordData::A(doc_address(tail));
            self.put(RecordSet::single(tail.clone(), ttl.tail, address), writer, revision);
        }
    }

    /// True if the catalogue or a zone file of the estate has the name: resources do not change it.
    fn is_published(&self, name: &OwnerName) -> bool {
        let zone = self.zone_of(name);
        let published = |kind| matches!(zone.writer(name, kind), Some(Writer::Published { .. } | Writer::File { .. }));
        published(RecordType::CNAME) || published(RecordType::A)
    }

    fn put(&mut self, set: RecordSet, writer: &Writer, revision: Revision) {
        let apex = self.zone_of(set.owner()).apex().clone();
        // An alias cannot be at a zone's apex, where the SOA is.
        if set.alias().is_some() && *set.owner() == apex {
            return;
        }
        let zone = self.zones.get_mut(&apex).expect("zone_of finds only zones that are there");
        Arc::make_mut(zone).write(set, writer.clone(), revision);
    }

    fn clear(&mut self, name: &OwnerName) {
        let apex = self.zone_of(name).apex().clone();
        let zone = self.zones.get_mut(&apex).expect("zone_of finds only zones that are there");
        if [RecordType::CNAME, RecordType::A].iter().any(|kind| zone.has(name, *kind)) {
            Arc::make_mut(zone).clear(name);
        }
    }
}

/// Whether names with this row's alias carry it, as the switch says.
pub(super) fn is_hop(hop: Hop, uncertain: UncertainHop) -> bool {
    match hop {
        Hop::Always => true,
        Hop::Never => false,
        Hop::Unknown => uncertain == UncertainHop::Always,
    }
}

/// A public zone as a scenario's file has it.
pub(super) fn zone_of_file(file: &PublicZone) -> Zone {
    let writer = |line| Writer::File { file: Arc::clone(&file.file), line };
    let mut zone = Zone::new(public_id(file.soa.owner()), file.soa.clone(), writer(file.soa_line), Revision(0));
    for (set, line) in &file.sets {
        zone.write(set.clone(), writer(*line), Revision(0));
    }
    zone
}

/// Who wrote what is published; true where the record was never observed.
pub(super) fn published(inferred: bool) -> Writer {
    Writer::Published { inferred }
}

/// Public zones have no resource group; this word replaces it.
fn public_id(apex: &OwnerName) -> ZoneId {
    ZoneId { resource_group: "public".into(), apex: apex.clone() }
}

fn alias(from: &OwnerName, to: OwnerName, ttl: Ttl) -> RecordSet {
    RecordSet::single(from.clone(), ttl, RecordData::Cname(to))
}

/// The root's SOA, with its real names and negative TTL and a serial of our own (source: root zone, 2026).
fn root_soa() -> RecordSet {
    let name = |text| OwnerName::parse(text).expect("a constant name");
    let soa = Soa {
        host: name("a.root-servers.net"),
        email: name("nstld.verisign-grs.com"),
        serial: 1,
        refresh: 1800,
        retry: 900,
        expire: 604_800,
        minimum: 86_400,
    };
    RecordSet::single(OwnerName::root(), 86_400, RecordData::Soa(soa))
}
