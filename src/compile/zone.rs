//! Zones: record sets with their provenance. Who wrote each, at which revision, and what it overwrote.
//!
//! Zones made by events, zones read from files and zones of public DNS are all a [`Zone`]: packed bytes that everything is
//! looked up in, and beside them what is known about each record set. A zone from a file may have a million records, so its
//! provenance is only the file's name and the line that each record set has as its origin.

use std::collections::HashMap;
use std::sync::Arc;

use crate::dns::master::MasterError;
use crate::dns::packed::{self, Entry, Found, StoredSet};
use crate::dns::{NameServers, OwnerName, PackedZone, RecordSet, RecordType, Suffixes, WholeKey};
use crate::estate::{EndpointName, EndpointTarget, MachineName, ResourceName, Revision, Unresolved, ZoneId};

/// Who wrote a record set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Writer {
    /// The zone group of a private endpoint.
    Endpoint {
        /// The endpoint.
        endpoint: EndpointName,
        /// Its next hop.
        target: EndpointTarget,
    },
    /// A user, by hand.
    Manual,
    /// Azure, in the registration zone of a machine's network.
    Registration(MachineName),
    /// Made with the zone.
    Zone,
    /// Public DNS, as published.
    Published {
        /// True if this record was never observed: it follows from others.
        inferred: bool,
    },
    /// Public DNS, because the resource exists.
    Resource(ResourceName),
    /// The author of a zone file.
    File {
        /// The file, as it was named.
        file: Arc<str>,
        /// The line of the set's first record, from 1.
        line: u32,
    },
}

/// Who wrote something, in words.
pub fn who(writer: &Writer) -> String {
    match writer {
        Writer::Endpoint { endpoint, target } => format!("{endpoint} ({target})"),
        Writer::Manual => "hand".to_owned(),
        Writer::Registration(machine) => format!("the autoregistration of {machine}"),
        Writer::Zone => "the zone's creation".to_owned(),
        Writer::Published { .. } => "public DNS".to_owned(),
        Writer::Resource(name) => format!("public DNS, for {name}"),
        Writer::File { file, line } => format!("{file}:{line}"),
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
    /// What it overwrote, if another had written that; the newest first.
    pub overwritten: Option<Arc<Owned>>,
}

/// What is left of a record set that was deleted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tombstone {
    /// What was there last.
    pub last: Arc<Owned>,
    /// The revision its deletion made.
    pub revision: Revision,
}

/// What a zone has for a name.
#[derive(Clone, Debug)]
pub enum Lookup<'z> {
    /// The name exists and owns these record sets; none if it is an empty non-terminal (RFC 4592, 2.2.2).
    Name(Sets<'z>),
    /// A wildcard answers for the name and owns these (RFC 4592, 3.3).
    Wildcard(Sets<'z>),
    /// There is no such name.
    Missing,
}

/// The record sets of one name.
#[derive(Clone)]
pub struct Sets<'z> {
    zone: &'z Zone,
    owner: OwnerName,
    entry: Entry<'z>,
}

/// What the record sets of a name say to a question.
#[derive(Clone, Debug)]
pub enum Answer {
    /// This record set answers it.
    Set(Owned),
    /// The name is an alias, and this record set says of what.
    Alias(Owned),
    /// The name has records of other types only, or none.
    NoData,
}

/// A zone with all its record sets.
#[derive(Clone, Debug)]
pub struct Zone {
    /// Its identity.
    pub id: ZoneId,
    /// The revision its creation made.
    pub created: Revision,
    packed: PackedZone,
    provenance: Provenance,
    tombstones: HashMap<(OwnerName, RecordType), Tombstone>,
    /// Why it may have more record sets than these: endpoints whose record sets are unknown, or the zone itself (absent).
    unknown: Vec<(Option<EndpointName>, Unresolved)>,
}

/// What the origins of a zone's record sets mean.
#[derive(Clone, Debug)]
enum Provenance {
    /// An origin is a place among the writings.
    Writings {
        writings: Vec<Writing>,
        /// Places of record sets that were deleted.
        free: Vec<u32>,
        /// How many record sets overwrote another writer's. While there is none, nothing needs to be said about any.
        overwriting: usize,
    },
    /// An origin is a line of this file.
    File(Arc<str>),
}

/// How a record set came to be there.
#[derive(Clone, Debug)]
struct Writing {
    writer: Writer,
    revision: Revision,
    overwritten: Option<Arc<Owned>>,
}

impl std::fmt::Debug for Sets<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Sets<'_> {
    /// True for an empty non-terminal.
    pub fn is_empty(&self) -> bool {
        self.entry.is_empty() && !self.at_apex()
    }

    /// The record sets in the order of their writing, the SOA first.
    pub fn iter(&self) -> impl Iterator<Item = Owned> + '_ {
        let soa = self.at_apex().then(|| self.zone.soa_owned());
        soa.into_iter().chain(self.entry.sets().map(|set| self.zone.owned(&self.owner, set)))
    }

    /// What answers a question for that type. ANY gets one record set, the first (RFC 8482, 4.1).
    pub fn answer(&self, kind: RecordType) -> Answer {
        if self.at_apex() && matches!(kind, RecordType::SOA | RecordType::ANY) {
            return Answer::Set(self.zone.soa_owned());
        }
        match self.entry.answer(kind) {
            packed::Answer::Set(set) => Answer::Set(self.zone.owned(&self.owner, set)),
            packed::Answer::Alias(set) => Answer::Alias(self.zone.owned(&self.owner, set)),
            packed::Answer::NoData => Answer::NoData,
        }
    }

    fn at_apex(&self) -> bool {
        self.owner == *self.zone.apex()
    }
}

impl Zone {
    /// A zone with nothing but its SOA.
    pub fn new(id: ZoneId, soa: RecordSet, writer: Writer, created: Revision) -> Self {
        debug_assert_eq!(soa.owner(), &id.apex, "the SOA's owner is the apex");
        let provenance = Provenance::Writings {
            writings: vec![Writing { writer, revision: created, overwritten: None }],
            free: Vec::new(),
            overwriting: 0,
        };
        Self {
            id,
            created,
            packed: PackedZone::new(soa, 0),
            provenance,
            tombstones: HashMap::new(),
            unknown: Vec::new(),
        }
    }

    /// A zone as a file has it. `file` is how explanations name the file. Such a zone is never written to.
    fn from_file(file: &str, packed: PackedZone) -> Self {
        let file: Arc<str> = file.into();
        let id = ZoneId { resource_group: Arc::clone(&file), apex: packed.apex().clone() };
        Self {
            id,
            created: Revision(0),
            packed,
            provenance: Provenance::File(file),
            tombstones: HashMap::new(),
            unknown: Vec::new(),
        }
    }

    /// Reads a master file. `origin` is what relative names end in until the text says `$ORIGIN`.
    ///
    /// # Errors
    /// All errors of the text in its order, at most [`MAX_ERRORS`](crate::dns::master::MAX_ERRORS).
    pub fn read(
        file: &str,
        text: &[u8],
        origin: Option<&OwnerName>,
        servers: NameServers,
    ) -> Result<Self, Vec<MasterError>> {
        Ok(Self::from_file(file, PackedZone::read(text, origin, servers)?))
    }

    /// What makes its contents unknown: it may have names besides those it is known to have. Absent if it has no others.
    pub fn unknown(&self) -> Option<&Unresolved> {
        self.unknown.first().map(|(_, unresolved)| unresolved)
    }

    /// Says what an endpoint, or the zone itself, adds to it that is unknown; or that it adds nothing.
    pub(super) fn set_unknown(&mut self, by: Option<&EndpointName>, unresolved: Option<&Unresolved>) {
        self.unknown.retain(|(own, _)| own.as_ref() != by);
        self.unknown.extend(unresolved.map(|one| (by.cloned(), one.clone())));
    }

    /// The file the zone was read from; absent for zones made by events and for published zones.
    pub fn file(&self) -> Option<&Arc<str>> {
        match &self.provenance {
            Provenance::File(file) => Some(file),
            Provenance::Writings { .. } => None,
        }
    }

    /// Its apex.
    pub fn apex(&self) -> &OwnerName {
        self.packed.apex()
    }

    /// The bytes that answers are copied from.
    pub fn packed(&self) -> &PackedZone {
        &self.packed
    }

    /// Its SOA record set.
    pub fn soa(&self) -> &RecordSet {
        self.packed.soa()
    }

    /// What the zone has for `name`; nothing for a name outside it.
    pub fn lookup(&self, name: &OwnerName) -> Lookup<'_> {
        if !name.is_within(self.apex()) {
            return Lookup::Missing;
        }
        self.lookup_key(name, &WholeKey::of(name))
    }

    /// The same with the key of a name that is within the zone.
    pub fn lookup_key(&self, name: &OwnerName, key: &WholeKey) -> Lookup<'_> {
        match self.packed.lookup(key) {
            Found::Name(entry) => Lookup::Name(Sets { zone: self, owner: name.clone(), entry }),
            Found::Wildcard(entry, encloser) => {
                let wire = [b"\x01*", key.suffix(encloser).0].concat();
                let owner = OwnerName::from_wire(&wire).expect("the wildcard is a name of the zone");
                Lookup::Wildcard(Sets { zone: self, owner, entry })
            }
            Found::Missing => Lookup::Missing,
        }
    }

    /// The record set of that name and type.
    pub fn get(&self, owner: &OwnerName, kind: RecordType) -> Option<Owned> {
        if kind == RecordType::SOA {
            return (owner == self.apex()).then(|| self.soa_owned());
        }
        self.stored(owner, kind).map(|set| self.owned(owner, set))
    }

    /// True if there is a record set of that name and type.
    pub fn has(&self, owner: &OwnerName, kind: RecordType) -> bool {
        if kind == RecordType::SOA { owner == self.apex() } else { self.stored(owner, kind).is_some() }
    }

    /// True if the name owns any record set.
    pub fn has_name(&self, owner: &OwnerName) -> bool {
        owner == self.apex() || self.packed.entry(owner).is_some_and(|entry| !entry.is_empty())
    }

    /// Who wrote the record set of that name and type; absent if there is none.
    pub fn writer(&self, owner: &OwnerName, kind: RecordType) -> Option<Writer> {
        self.stored(owner, kind).map(|set| self.writing(set.origin).writer)
    }

    /// What was deleted at that name and type and has not been written again.
    pub fn tombstone(&self, owner: &OwnerName, kind: RecordType) -> Option<&Tombstone> {
        if self.tombstones.is_empty() {
            return None;
        }
        self.tombstones.get(&(owner.clone(), kind))
    }

    /// Names with the types of what was deleted there and has not been written again, in no order.
    pub fn tombstones(&self) -> impl Iterator<Item = (&OwnerName, RecordType)> {
        self.tombstones.keys().map(|(name, kind)| (name, *kind))
    }

    /// All record sets, in canonical order of their names.
    pub fn sets(&self) -> Vec<Owned> {
        let mut sets: Vec<_> = self.iter().collect();
        sets.sort_by(|a, b| a.set.owner().cmp(b.set.owner()).then(a.set.kind().cmp(&b.set.kind())));
        sets
    }

    /// All record sets, in no order.
    pub fn iter(&self) -> impl Iterator<Item = Owned> + '_ {
        let stored = self
            .packed
            .entries()
            .flat_map(|(owner, entry)| entry.sets().map(|set| self.owned(&owner, set)).collect::<Vec<_>>());
        std::iter::once(self.soa_owned()).chain(stored)
    }

    /// The record sets that overwrote another writer's, with the origin that [`PackedZone`] has for each; in no order.
    pub fn overwriting(&self) -> impl Iterator<Item = (u32, Owned)> + '_ {
        let some = matches!(&self.provenance, Provenance::Writings { overwriting, .. } if *overwriting > 0);
        let entries = some.then(|| self.packed.entries()).into_iter().flatten();
        let stored = entries.flat_map(|(owner, entry)| {
            entry.sets().map(|set| (set.origin, self.owned(&owner, set))).collect::<Vec<_>>()
        });
        stored.filter(|(_, owned)| owned.overwritten.is_some())
    }

    /// How many record sets it has; the SOA is one of them.
    pub fn len(&self) -> usize {
        1 + self.packed.sets()
    }

    /// True if it has nothing but its SOA.
    pub fn is_empty(&self) -> bool {
        self.packed.sets() == 0
    }

    /// Writes a whole record set: what had its name and type is overwritten, nothing is merged.
    pub fn write(&mut self, set: RecordSet, writer: Writer, revision: Revision) {
        let (owner, kind) = (set.owner(), set.kind());
        if !self.tombstones.is_empty() {
            self.tombstones.remove(&(owner.clone(), kind));
        }
        let origin = match kind {
            RecordType::SOA => Some(self.packed.soa_origin()),
            _ => self.stored(owner, kind).map(|stored| stored.origin),
        };
        let before = origin.and_then(|origin| {
            let before = self.writing(origin);
            match before.writer == writer {
                true => before.overwritten,
                false => self.get(owner, kind).map(Arc::new),
            }
        });
        let Provenance::Writings { writings, free, overwriting } = &mut self.provenance else {
            unreachable!("zones from files are not written to");
        };
        if let Some(origin) = origin {
            *overwriting -= usize::from(writings[origin as usize].overwritten.is_some());
        }
        *overwriting += usize::from(before.is_some());
        let writing = Writing { writer, revision, overwritten: before };
        let origin = match origin.or_else(|| free.pop()) {
            Some(origin) => {
                writings[origin as usize] = writing;
                origin
            }
            None => {
                writings.push(writing);
                u32::try_from(writings.len() - 1).expect("a zone has fewer record sets than that")
            }
        };
        self.packed.put(&set, origin);
        if self.packed.is_sparse() {
            self.packed.compact();
        }
    }

    /// Deletes a record set; false if there is none. The SOA stays.
    pub fn delete(&mut self, owner: &OwnerName, kind: RecordType, revision: Revision) -> bool {
        let Some(last) = (kind != RecordType::SOA).then(|| self.get(owner, kind)).flatten() else { return false };
        self.remove(owner, kind);
        self.tombstones.insert((owner.clone(), kind), Tombstone { last: Arc::new(last), revision });
        true
    }

    /// Removes everything from a name, the SOA excepted, without remembering it.
    pub fn clear(&mut self, owner: &OwnerName) {
        let Some(entry) = self.packed.entry(owner) else { return };
        let kinds: Vec<RecordType> = entry.sets().map(|set| set.kind).collect();
        for kind in kinds {
            self.remove(owner, kind);
        }
    }

    /// Drops what changes left unused, before many readers get the zone.
    pub fn compact(&mut self) {
        self.packed.compact();
    }

    /// True if [`Zone::compact`] would drop something.
    pub fn has_unused(&self) -> bool {
        self.packed.has_unused()
    }

    fn remove(&mut self, owner: &OwnerName, kind: RecordType) {
        let Some(origin) = self.stored(owner, kind).map(|set| set.origin) else { return };
        let Provenance::Writings { writings, free, overwriting } = &mut self.provenance else {
            unreachable!("zones from files are not written to");
        };
        let writing = &mut writings[origin as usize];
        *overwriting -= usize::from(writing.overwritten.take().is_some());
        free.push(origin);
        self.packed.remove(owner, kind);
        if self.packed.is_sparse() {
            self.packed.compact();
        }
    }

    fn stored(&self, owner: &OwnerName, kind: RecordType) -> Option<StoredSet<'_>> {
        self.packed.entry(owner)?.set(kind)
    }

    fn owned(&self, owner: &OwnerName, set: StoredSet<'_>) -> Owned {
        let Writing { writer, revision, overwritten } = self.writing(set.origin);
        Owned { set: set.at(owner), writer, revision, overwritten }
    }

    fn soa_owned(&self) -> Owned {
        let Writing { writer, revision, overwritten } = self.writing(self.packed.soa_origin());
        Owned { set: self.soa().clone(), writer, revision, overwritten }
    }

    fn writing(&self, origin: u32) -> Writing {
        match &self.provenance {
            Provenance::Writings { writings, .. } => writings[origin as usize].clone(),
            Provenance::File(file) => {
                let writer = Writer::File { file: Arc::clone(file), line: origin };
                Writing { writer, revision: Revision(0), overwritten: None }
            }
        }
    }
}

/// Zones by apex; the zone with the longest apex that a name is within answers for it.
pub type Zones = Suffixes<Arc<Zone>>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::RecordData;

    fn name(text: &str) -> OwnerName {
        OwnerName::parse(text).expect("a good name")
    }

    fn zone() -> Zone {
        let id = ZoneId { resource_group: "rg".into(), apex: name("z.example") };
        Zone::new(id.clone(), crate::catalogue::every_cloud().private_soa(&id.apex), Writer::Zone, Revision(1))
    }

    fn a(owner: &str, last: u8) -> RecordSet {
        RecordSet::single(name(owner), 10, RecordData::A([10, 0, 0, last].into()))
    }

    #[test]
    fn an_empty_non_terminal_exists_without_data() {
        let mut zone = zone();
        zone.write(a("global.in.ai.z.example", 4), Writer::Manual, Revision(2));
        assert!(matches!(zone.lookup(&name("in.ai.z.example")), Lookup::Name(sets) if sets.is_empty()));
        assert!(matches!(zone.lookup(&name("x.ai.z.example")), Lookup::Missing));
        assert!(zone.delete(&name("global.in.ai.z.example"), RecordType::A, Revision(3)));
        assert!(matches!(zone.lookup(&name("in.ai.z.example")), Lookup::Missing));
        assert!(zone.is_empty());
    }

    #[test]
    fn a_wildcard_stands_only_for_names_below_its_closest_encloser() {
        let mut zone = zone();
        zone.write(a("*.z.example", 4), Writer::Manual, Revision(2));
        zone.write(a("b.a.z.example", 5), Writer::Manual, Revision(2));
        assert!(matches!(zone.lookup(&name("x.y.z.example")), Lookup::Wildcard(_)));
        // `a.z.example` exists as an empty non-terminal, so the wildcard above it does not reach below it.
        assert!(matches!(zone.lookup(&name("a.z.example")), Lookup::Name(sets) if sets.is_empty()));
        assert!(matches!(zone.lookup(&name("x.a.z.example")), Lookup::Missing));
    }

    #[test]
    fn the_last_writer_wins_and_what_it_overwrote_is_known_but_does_not_come_back() {
        let writer =
            |endpoint: &str| Writer::Endpoint { endpoint: endpoint.into(), target: EndpointTarget::Scope("s".into()) };
        let mut zone = zone();
        zone.write(a("api.z.example", 4), writer("pe1"), Revision(2));
        zone.write(a("api.z.example", 5), writer("pe2"), Revision(3));
        let now = zone.get(&name("api.z.example"), RecordType::A).expect("it was written");
        assert_eq!(now.overwritten.as_ref().map(|before| before.writer.clone()), Some(writer("pe1")));
        // Writing one's own record set again overwrites no other writer and forgets none.
        zone.write(a("api.z.example", 6), writer("pe2"), Revision(4));
        let now = zone.get(&name("api.z.example"), RecordType::A).expect("it was written");
        assert_eq!(now.overwritten.as_ref().map(|before| before.revision), Some(Revision(2)));
        zone.delete(&name("api.z.example"), RecordType::A, Revision(5));
        assert!(matches!(zone.lookup(&name("api.z.example")), Lookup::Missing));
        assert_eq!(
            zone.tombstone(&name("api.z.example"), RecordType::A).map(|tombstone| tombstone.revision),
            Some(Revision(5))
        );
        assert!(!zone.delete(&name("z.example"), RecordType::SOA, Revision(6)));
    }
}
