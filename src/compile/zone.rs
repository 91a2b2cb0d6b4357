//! A zone's record sets with their provenance: who wrote each, at which revision, and what it displaced.

use std::collections::HashMap;
use std::sync::Arc;

use crate::dns::{OwnerName, RecordData, RecordSet, RecordType, Soa};
use crate::estate::{EndpointName, ResourceName, Revision, ScopeName, ZoneId};

/// Who wrote a record set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Writer {
    /// The zone group of a private endpoint.
    Endpoint {
        /// The endpoint.
        endpoint: EndpointName,
        /// The scope it is connected to.
        scope: ScopeName,
    },
    /// Somebody, by hand.
    Manual,
    /// Made with the zone.
    Zone,
    /// Public DNS, as published.
    Published {
        /// True if nobody has seen this very record: it follows from others.
        inferred: bool,
    },
    /// Public DNS, because the resource exists.
    Resource(ResourceName),
}

/// Who wrote something, in words.
pub fn who(writer: &Writer) -> String {
    match writer {
        Writer::Endpoint { endpoint, scope } => format!("{endpoint} ({scope})"),
        Writer::Manual => "somebody by hand".to_owned(),
        Writer::Zone => "the zone's creation".to_owned(),
        Writer::Published { .. } => "public DNS".to_owned(),
        Writer::Resource(name) => format!("public DNS, for {name}"),
    }
}

/// A record set in a zone, and how it came to be there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Owned {
    /// The record set.
    pub set: RecordSet,
    /// Who wrote it.
    pub writer: Writer,
    /// The revision its writing made; 0 for what was there before any event.
    pub revision: Revision,
    /// What it took the place of, if another had written that; the newest first.
    pub displaced: Option<Arc<Owned>>,
}

/// What is left of a record set that was deleted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tombstone {
    /// What was there last.
    pub last: Arc<Owned>,
    /// The revision its deletion made.
    pub revision: Revision,
}

/// What a zone says to a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lookup<'z> {
    /// The name owns these record sets; none if it is an empty non-terminal (RFC 4592, 2.2.2).
    Name(&'z [Owned]),
    /// A wildcard stands for the name and owns these (RFC 4592, 3.3).
    Wildcard(&'z [Owned]),
    /// There is no such name.
    Missing,
}

/// A zone with all its record sets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Zone {
    /// Its identity.
    pub id: ZoneId,
    /// The revision its creation made.
    pub created: Revision,
    names: HashMap<OwnerName, Vec<Owned>>,
    /// For each name that has names below it: how many of those own record sets.
    below: HashMap<OwnerName, u32>,
    tombstones: HashMap<(OwnerName, RecordType), Tombstone>,
}

impl Zone {
    /// A zone with nothing but its SOA.
    pub fn new(id: ZoneId, soa: RecordSet, writer: Writer, created: Revision) -> Self {
        let apex = id.apex.clone();
        let mut zone = Self { id, created, names: HashMap::new(), below: HashMap::new(), tombstones: HashMap::new() };
        debug_assert_eq!(soa.owner(), &apex, "the SOA stands at the apex");
        zone.put(Owned { set: soa, writer, revision: created, displaced: None });
        zone
    }

    /// Its apex.
    pub fn apex(&self) -> &OwnerName {
        &self.id.apex
    }

    /// Its SOA record set.
    pub fn soa(&self) -> &RecordSet {
        let sets = self.names.get(&self.id.apex).expect("every zone is made with its SOA, which cannot be deleted");
        let soa = sets.iter().find(|owned| owned.set.kind() == RecordType::SOA);
        &soa.expect("every zone is made with its SOA, which cannot be deleted").set
    }

    /// What the zone says to `name`, which must be within it.
    pub fn lookup(&self, name: &OwnerName) -> Lookup<'_> {
        if let Some(sets) = self.names.get(name) {
            return Lookup::Name(sets);
        }
        if self.below.contains_key(name) {
            return Lookup::Name(&[]);
        }
        // The closest encloser is the longest ancestor that exists; only the wildcard directly below it counts.
        let mut encloser = name.parent();
        while let Some(ancestor) = encloser {
            if self.exists(&ancestor) || ancestor == self.id.apex {
                return match ancestor.wildcard().and_then(|wildcard| self.names.get(&wildcard)) {
                    Some(sets) => Lookup::Wildcard(sets),
                    None => Lookup::Missing,
                };
            }
            encloser = ancestor.parent();
        }
        Lookup::Missing
    }

    /// The record set of that name and type.
    pub fn get(&self, owner: &OwnerName, kind: RecordType) -> Option<&Owned> {
        self.names.get(owner)?.iter().find(|owned| owned.set.kind() == kind)
    }

    /// The first record set of that name, whatever its type.
    pub fn get_any(&self, owner: &OwnerName) -> Option<&Owned> {
        self.names.get(owner)?.first()
    }

    /// What was deleted at that name and type and has not been written again.
    pub fn tombstone(&self, owner: &OwnerName, kind: RecordType) -> Option<&Tombstone> {
        self.tombstones.get(&(owner.clone(), kind))
    }

    /// Names with the types of what was deleted there and has not been written again, in no order.
    pub fn tombstones(&self) -> impl Iterator<Item = (&OwnerName, RecordType)> {
        self.tombstones.keys().map(|(name, kind)| (name, *kind))
    }

    /// Makes a name below the apex exist without data, as if another stood below it.
    pub fn touch(&mut self, name: &OwnerName) {
        if name.is_below(&self.id.apex) {
            *self.below.entry(name.clone()).or_insert(0) += 1;
        }
    }

    /// All record sets, in canonical order of their names.
    pub fn sets(&self) -> Vec<&Owned> {
        let mut sets: Vec<_> = self.names.values().flatten().collect();
        sets.sort_by(|a, b| a.set.owner().cmp(b.set.owner()).then(a.set.kind().cmp(&b.set.kind())));
        sets
    }

    /// All record sets, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Owned> {
        self.names.values().flatten()
    }

    /// How many record sets it has, the SOA included.
    pub fn len(&self) -> usize {
        self.names.values().map(Vec::len).sum()
    }

    /// True if it has nothing but its SOA.
    pub fn is_empty(&self) -> bool {
        self.len() <= 1
    }

    /// Writes a whole record set: what had its name and type is displaced, nothing is merged.
    pub fn write(&mut self, set: RecordSet, writer: Writer, revision: Revision) {
        let before = self.get(set.owner(), set.kind());
        let displaced = before.and_then(|before| {
            if before.writer == writer { before.displaced.clone() } else { Some(Arc::new(before.clone())) }
        });
        self.put(Owned { set, writer, revision, displaced });
    }

    /// Deletes a record set; false if there is none. The SOA stays.
    pub fn delete(&mut self, owner: &OwnerName, kind: RecordType, revision: Revision) -> bool {
        if kind == RecordType::SOA {
            return false;
        }
        let Some(sets) = self.names.get_mut(owner) else { return false };
        let Some(at) = sets.iter().position(|owned| owned.set.kind() == kind) else { return false };
        let last = Arc::new(sets.remove(at));
        if sets.is_empty() {
            self.names.remove(owner);
            self.count_above(owner, false);
        }
        self.tombstones.insert((owner.clone(), kind), Tombstone { last, revision });
        true
    }

    /// Takes everything from a name, the SOA excepted, without remembering it.
    pub fn clear(&mut self, owner: &OwnerName) {
        let Some(sets) = self.names.get_mut(owner) else { return };
        sets.retain(|owned| owned.set.kind() == RecordType::SOA);
        if sets.is_empty() {
            self.names.remove(owner);
            self.count_above(owner, false);
        }
    }

    fn exists(&self, name: &OwnerName) -> bool {
        self.names.contains_key(name) || self.below.contains_key(name)
    }

    fn put(&mut self, owned: Owned) {
        let owner = owned.set.owner().clone();
        let kind = owned.set.kind();
        self.tombstones.remove(&(owner.clone(), kind));
        let new = !self.names.contains_key(&owner);
        let sets = self.names.entry(owner.clone()).or_default();
        match sets.iter_mut().find(|one| one.set.kind() == kind) {
            Some(before) => *before = owned,
            None => sets.push(owned),
        }
        if new {
            self.count_above(&owner, true);
        }
    }

    /// Keeps `below` true for the ancestors of a name that came or went.
    fn count_above(&mut self, owner: &OwnerName, came: bool) {
        let mut ancestor = owner.parent();
        while let Some(name) = ancestor.filter(|name| name.is_below(&self.id.apex)) {
            let count = self.below.entry(name.clone()).or_insert(0);
            *count = if came { *count + 1 } else { count.saturating_sub(1) };
            if *count == 0 {
                self.below.remove(&name);
            }
            ancestor = name.parent();
        }
    }
}

/// The SOA record set of a private zone as Azure makes it.
///
/// Source: two public dig transcripts of negative answers of 168.63.129.16 (2022 and later); TTL 3600 as in
/// dns-private-records, 2024-02-07.
pub fn private_soa(apex: &OwnerName) -> RecordSet {
    let name = |text| OwnerName::parse(text).expect("a constant name");
    let soa = Soa {
        host: name("azureprivatedns.net"),
        email: name("azureprivatedns-host.microsoft.com"),
        serial: 1,
        refresh: 3600,
        retry: 300,
        expire: 2_419_200,
        minimum: 10,
    };
    RecordSet::single(apex.clone(), 3600, RecordData::Soa(soa))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> OwnerName {
        OwnerName::parse(text).expect("a good name")
    }

    fn zone() -> Zone {
        let id = ZoneId { resource_group: "rg".into(), apex: name("z.example") };
        Zone::new(id.clone(), private_soa(&id.apex), Writer::Zone, Revision(1))
    }

    fn a(owner: &str, last: u8) -> RecordSet {
        RecordSet::single(name(owner), 10, RecordData::A([10, 0, 0, last].into()))
    }

    #[test]
    fn an_empty_non_terminal_exists_without_data() {
        let mut zone = zone();
        zone.write(a("global.in.ai.z.example", 4), Writer::Manual, Revision(2));
        assert_eq!(zone.lookup(&name("in.ai.z.example")), Lookup::Name(&[]));
        assert_eq!(zone.lookup(&name("x.ai.z.example")), Lookup::Missing);
        assert!(zone.delete(&name("global.in.ai.z.example"), RecordType::A, Revision(3)));
        assert_eq!(zone.lookup(&name("in.ai.z.example")), Lookup::Missing);
        assert!(zone.is_empty());
    }

    #[test]
    fn a_wildcard_stands_only_for_names_below_its_closest_encloser() {
        let mut zone = zone();
        zone.write(a("*.z.example", 4), Writer::Manual, Revision(2));
        zone.write(a("b.a.z.example", 5), Writer::Manual, Revision(2));
        assert!(matches!(zone.lookup(&name("x.y.z.example")), Lookup::Wildcard(_)));
        // `a.z.example` exists as an empty non-terminal, so the wildcard above it does not reach below it.
        assert_eq!(zone.lookup(&name("a.z.example")), Lookup::Name(&[]));
        assert_eq!(zone.lookup(&name("x.a.z.example")), Lookup::Missing);
    }

    #[test]
    fn the_last_writer_wins_and_what_it_displaced_is_known_but_does_not_come_back() {
        let writer = |endpoint: &str| Writer::Endpoint { endpoint: endpoint.into(), scope: "s".into() };
        let mut zone = zone();
        zone.write(a("api.z.example", 4), writer("pe1"), Revision(2));
        zone.write(a("api.z.example", 5), writer("pe2"), Revision(3));
        let now = zone.get(&name("api.z.example"), RecordType::A).expect("it was written");
        assert_eq!(now.displaced.as_ref().map(|before| before.writer.clone()), Some(writer("pe1")));
        // Writing again what is one's own displaces nobody and forgets nobody.
        zone.write(a("api.z.example", 6), writer("pe2"), Revision(4));
        let now = zone.get(&name("api.z.example"), RecordType::A).expect("it was written");
        assert_eq!(now.displaced.as_ref().map(|before| before.revision), Some(Revision(2)));
        zone.delete(&name("api.z.example"), RecordType::A, Revision(5));
        assert_eq!(zone.lookup(&name("api.z.example")), Lookup::Missing);
        assert_eq!(
            zone.tombstone(&name("api.z.example"), RecordType::A).map(|tombstone| tombstone.revision),
            Some(Revision(5))
        );
        assert!(!zone.delete(&name("z.example"), RecordType::SOA, Revision(6)));
    }
}
