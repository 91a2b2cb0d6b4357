//! A zone as a table of bytes: what answers are copied from.
//!
//! All names and records of a zone stand one behind the other in one byte vector; an index of offsets finds a name by its
//! hash. A name is kept relative to the zone, a record without its owner, so that a million records take some eighty
//! bytes each and a look-up touches few cache lines. Reading a master file ([`Table::read`]) goes straight into it.
//!
//! A [`Key`] is a name taken apart for look-ups: one pass from the root gives the hash of every suffix, which is what
//! zones, names, closest enclosers and wildcards are found by.
//!
//! An entry is the length of its relative name, the name, the number of its record sets, and the sets:
//! type (2 octets), number of records (2), length of the body (4), length of the reason (2), octets an alias shares with
//! its target (1), then body and reason. The body holds the records from their type on, names in them uncompressed.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::{ControlFlow, Range};
use std::sync::LazyLock;

use foldhash::SharedSeed;
use foldhash::fast::FoldHasher;
use hashbrown::{HashMap, HashTable};

use super::master::{self, Fault, MasterError, MasterErrorKind};
use super::name::MAX_NAME_OCTETS;
use super::wire::{put_data, take_data};
use super::{OwnerName, RecordData, RecordSet, RecordType, Ttl};

/// The most labels a name may have to be found by [`Key`], the root's left out. Longer ones are looked up by
/// [`Table::sets_of`] only.
pub const MAX_KEY_LABELS: usize = 32;

/// Octets of a set's header within an entry.
const SET_OCTETS: usize = 11;

/// Starts every hash. It is random, so nobody can make up names with one hash, and the same for all zones, so that one
/// pass over a name serves them all.
static SEED: LazyLock<(u64, SharedSeed)> = LazyLock::new(|| {
    let random = RandomState::new();
    (random.hash_one(1), SharedSeed::from_u64(random.hash_one(2)))
});

/// The hash of a name one label longer than the one with the hash `of`.
fn longer(of: u64, label: &[u8], seed: &SharedSeed) -> u64 {
    let mut hasher = FoldHasher::with_seed(of, seed);
    hasher.write(label);
    hasher.finish()
}

/// The hash of a whole name in wire form, lower-case.
pub fn hash_of(wire: &[u8]) -> u64 {
    let (start, seed) = &*SEED;
    let mut starts = [0u8; MAX_NAME_OCTETS];
    let mut count = 0;
    let mut at = 0;
    while let Some(&length @ 1..) = wire.get(at) {
        starts[count] = at as u8;
        count += 1;
        at += 1 + usize::from(length);
    }
    starts[..count].iter().rev().fold(*start, |hash, &at| {
        let at = usize::from(at);
        longer(hash, &wire[at + 1..at + 1 + usize::from(wire[at])], seed)
    })
}

/// A name in lower case, with the place and the hash of every suffix.
#[derive(Clone)]
pub struct Key {
    wire: [u8; MAX_NAME_OCTETS],
    length: usize,
    labels: usize,
    /// Where each label starts, the root's last.
    starts: [u8; MAX_KEY_LABELS + 1],
    /// The hash of the suffix that starts there.
    hashes: [u64; MAX_KEY_LABELS + 1],
}

impl Default for Key {
    fn default() -> Self {
        Self {
            wire: [0; MAX_NAME_OCTETS],
            length: 1,
            labels: 0,
            starts: [0; MAX_KEY_LABELS + 1],
            hashes: [0; MAX_KEY_LABELS + 1],
        }
    }
}

impl Key {
    /// Takes a name: uncompressed wire form in any case, at most 255 octets. False if it has more than
    /// [`MAX_KEY_LABELS`] labels; the key is of no use then.
    pub fn set(&mut self, name: &[u8]) -> bool {
        let (start, seed) = &*SEED;
        self.length = name.len();
        let wire = &mut self.wire[..name.len()];
        wire.copy_from_slice(name);
        // A length octet is below 64 and so never an upper-case letter: the whole wire form can be lowered at once.
        wire.make_ascii_lowercase();
        let mut at = 0;
        self.labels = 0;
        while let Some(&length @ 1..) = wire.get(at) {
            if self.labels == MAX_KEY_LABELS {
                return false;
            }
            self.starts[self.labels] = at as u8;
            self.labels += 1;
            at += 1 + usize::from(length);
        }
        self.starts[self.labels] = at as u8;
        self.hashes[self.labels] = *start;
        let mut hash = *start;
        for index in (0..self.labels).rev() {
            let at = usize::from(self.starts[index]);
            hash = longer(hash, &wire[at + 1..at + 1 + usize::from(wire[at])], seed);
            self.hashes[index] = hash;
        }
        true
    }

    /// The name in wire form, lower-case.
    pub fn wire(&self) -> &[u8] {
        &self.wire[..self.length]
    }

    /// How many labels it has, the root's left out.
    pub fn labels(&self) -> usize {
        self.labels
    }

    /// Where the label of that index starts; the root's, which is the last, included.
    pub fn start(&self, label: usize) -> usize {
        usize::from(self.starts[label])
    }

    /// The suffix that starts with the label of that index, and its hash.
    pub fn suffix(&self, label: usize) -> (&[u8], u64) {
        (&self.wire[self.start(label)..self.length], self.hashes[label])
    }
}

/// Why a record cannot be put into a table.
pub type TableError = MasterErrorKind;

/// A zone, ready to be answered from.
#[derive(Clone)]
pub struct Table {
    apex: OwnerName,
    apex_labels: usize,
    apex_hash: u64,
    soa: RecordSet,
    /// The SOA as negative answers have it: without owner, living as long as they do.
    negative: Vec<u8>,
    octets: Vec<u8>,
    index: HashTable<u32>,
    wildcards: bool,
    reasons: bool,
    records: usize,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table({}, {} records)", self.apex, self.records)
    }
}

/// What a table says to a name.
#[derive(Clone, Copy)]
pub enum Found<'t> {
    /// The name is there; without record sets if it only has names below it.
    Name(Entry<'t>),
    /// A wildcard stands for it.
    Wildcard(Entry<'t>),
    /// It does not exist.
    Missing,
}

/// The record sets of one name.
#[derive(Clone, Copy)]
pub struct Entry<'t> {
    sets: &'t [u8],
    count: u8,
}

/// One record set of a table.
#[derive(Clone, Copy, Debug)]
pub struct StoredSet<'t> {
    /// Its type.
    pub kind: RecordType,
    /// How many records it has.
    pub count: u16,
    /// Its records from their type on, without owners.
    pub body: &'t [u8],
    /// What is told about it as the reason; empty if there is nothing to tell.
    pub reason: &'t [u8],
    /// How many octets at their ends the owner and an alias's target share, in whole labels; 1 is the root alone.
    pub shared: usize,
}

impl<'t> Entry<'t> {
    /// The record sets in order.
    pub fn sets(self) -> impl Iterator<Item = StoredSet<'t>> {
        let mut rest = self.sets;
        (0..self.count).filter_map(move |_| {
            let (head, behind) = rest.split_first_chunk::<SET_OCTETS>()?;
            let &[k0, k1, c0, c1, b0, b1, b2, b3, r0, r1, shared] = head;
            let (body, behind) = behind.split_at_checked(u32::from_be_bytes([b0, b1, b2, b3]) as usize)?;
            let (reason, behind) = behind.split_at_checked(usize::from(u16::from_be_bytes([r0, r1])))?;
            rest = behind;
            Some(StoredSet {
                kind: RecordType(u16::from_be_bytes([k0, k1])),
                count: u16::from_be_bytes([c0, c1]),
                body,
                reason,
                shared: usize::from(shared),
            })
        })
    }

    /// The record set of that type, or the alias that stands in its place.
    pub fn answering(self, kind: RecordType) -> Option<StoredSet<'t>> {
        self.sets().find(|set| set.kind == kind || set.kind == RecordType::CNAME)
    }
}

/// The records of a body: each from its type to the end of its data.
pub fn bodies(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = rest.get(8..10)?;
        let whole = 10 + usize::from(u16::from_be_bytes([length[0], length[1]]));
        let (record, behind) = rest.split_at_checked(whole)?;
        rest = behind;
        Some(record)
    })
}

impl Table {
    /// Reads a master file. `origin` is what relative names end in until the text says `$ORIGIN`.
    ///
    /// # Errors
    /// All errors of the text in its order, at most [`master::MAX_ERRORS`]; a zone without an SOA is one.
    pub fn read(text: &[u8], origin: Option<&OwnerName>) -> Result<Self, Vec<MasterError>> {
        let mut faults = Vec::new();
        let mut soa = None;
        // As good as always it is the first record.
        master::visit(text, origin, &mut faults, &mut |record| {
            if matches!(record.data, RecordData::Soa(_)) {
                let owner = OwnerName::from_wire(record.owner).expect("the reader hands on names only");
                soa = Some(RecordSet::single(owner, record.ttl, record.data));
                return Ok(ControlFlow::Break(()));
            }
            Ok(ControlFlow::Continue(()))
        });
        let Some(soa) = soa else {
            if faults.is_empty() {
                faults.push((0, MasterErrorKind::NoSoa));
            }
            return Err(master::placed(text, faults));
        };
        faults.clear();
        let lines = memchr::memchr_iter(b'\n', text).count();
        let mut builder = Builder::new(soa, text.len(), lines);
        let mut again = false;
        let frame = master::visit(text, origin, &mut faults, &mut |record| {
            if matches!(record.data, RecordData::Soa(_)) {
                if std::mem::replace(&mut again, true) {
                    return Err((record.place, MasterErrorKind::SecondSoa));
                }
                return Ok(ControlFlow::Continue(()));
            }
            builder.add(record.owner, record.ttl, &record.data, "", record.place)?;
            Ok(ControlFlow::Continue(()))
        });
        if let Some(frame) = frame {
            frame.check(&builder.table.apex, &mut faults);
        }
        match builder.finish() {
            Ok(table) if faults.is_empty() => Ok(table),
            Ok(_) => Err(master::placed(text, faults)),
            Err(fault) => {
                faults.push(fault);
                Err(master::placed(text, faults))
            }
        }
    }

    /// Makes a table of record sets, each with what is told about it (empty for nothing). They must be within the apex of
    /// the SOA, and at most one of an owner and type; sets of one owner should stand together.
    ///
    /// # Errors
    /// [`TableError`] where they break a rule of zones.
    pub fn of<'s>(soa: RecordSet, sets: impl IntoIterator<Item = (&'s RecordSet, String)>) -> Result<Self, TableError> {
        let mut builder = Builder::new(soa, 0, 0);
        for (set, reason) in sets {
            for data in set.data() {
                if set.kind() != RecordType::SOA {
                    builder.add(set.owner().wire(), set.ttl(), data, &reason, 0).map_err(|(_, kind)| kind)?;
                }
            }
        }
        builder.finish().map_err(|(_, kind)| kind)
    }

    /// The zone's name.
    pub fn apex(&self) -> &OwnerName {
        &self.apex
    }

    /// How many labels that has.
    pub fn apex_labels(&self) -> usize {
        self.apex_labels
    }

    /// The zone's SOA record set.
    pub fn soa(&self) -> &RecordSet {
        &self.soa
    }

    /// The SOA record of a negative answer, from its type on.
    pub fn negative(&self) -> &[u8] {
        &self.negative
    }

    /// How many records it has, the SOA left out.
    pub fn records(&self) -> usize {
        self.records
    }

    /// True if something is told about any of its record sets.
    pub fn has_reasons(&self) -> bool {
        self.reasons
    }

    /// What the zone says to a name within it.
    pub fn lookup(&self, key: &Key) -> Found<'_> {
        let end = key.length - self.apex.wire().len();
        let relative = |label: usize| &key.wire[key.start(label)..end];
        if let Some(entry) = self.find(key.hashes[0], &[], relative(0)) {
            return Found::Name(entry);
        }
        if !self.wildcards {
            return Found::Missing;
        }
        let (_, seed) = &*SEED;
        // The closest encloser is the longest ancestor that exists; only the wildcard directly below it counts.
        for label in 1..=key.labels - self.apex_labels {
            let hash = key.hashes[label];
            if self.find(hash, &[], relative(label)).is_some() {
                let wildcard = self.find(longer(hash, b"*", seed), b"\x01*", relative(label));
                return wildcard.filter(|entry| entry.count > 0).map_or(Found::Missing, Found::Wildcard);
            }
        }
        Found::Missing
    }

    /// The record sets that stand at just this name, with the SOA at the apex; absent if it does not exist.
    pub fn sets_of(&self, name: &OwnerName) -> Option<Vec<RecordSet>> {
        let relative = relative(name.wire(), &self.apex)?;
        let entry = self.find(hash_of(name.wire()), &[], relative)?;
        let soa = (*name == self.apex).then(|| self.soa.clone());
        Some(soa.into_iter().chain(entry.sets().filter_map(|set| read_set(name, set))).collect())
    }

    /// The entry of the relative name that is made of these two parts.
    fn find(&self, hash: u64, first: &[u8], second: &[u8]) -> Option<Entry<'_>> {
        let length = first.len() + second.len();
        let offset = self.index.find(hash, |offset| {
            let at = *offset as usize;
            usize::from(self.octets[at]) == length
                && self.octets[at + 1..at + 1 + length].split_at(first.len()) == (first, second)
        })?;
        let at = *offset as usize + 1 + length;
        Some(Entry { sets: &self.octets[at + 1..], count: self.octets[at] })
    }

    /// The hash of the entry at an offset, for when the index grows.
    fn hash_at(octets: &[u8], apex: u64, offset: u32) -> u64 {
        let at = offset as usize;
        let name = &octets[at + 1..at + 1 + usize::from(octets[at])];
        hash_below(apex, name)
    }
}

/// The hash of a relative name below a zone with that hash.
fn hash_below(apex: u64, relative: &[u8]) -> u64 {
    let (_, seed) = &*SEED;
    // One label is what most names have.
    if let Some((&length, label)) = relative.split_first()
        && label.len() == usize::from(length)
    {
        return longer(apex, label, seed);
    }
    let mut starts = [0u8; MAX_NAME_OCTETS];
    let mut count = 0;
    let mut at = 0;
    while let Some(&length) = relative.get(at) {
        starts[count] = at as u8;
        count += 1;
        at += 1 + usize::from(length);
    }
    starts[..count].iter().rev().fold(apex, |hash, &at| {
        let at = usize::from(at);
        longer(hash, &relative[at + 1..at + 1 + usize::from(relative[at])], seed)
    })
}

/// The octets of a name in front of the zone it is in; absent outside it.
fn relative<'n>(name: &'n [u8], zone: &OwnerName) -> Option<&'n [u8]> {
    let cut = name.len().checked_sub(zone.wire().len())?;
    if name[cut..] != *zone.wire() {
        return None;
    }
    // The suffix must begin at a label's start, not within a label.
    let mut at = 0;
    while at < cut {
        at += 1 + usize::from(name[at]);
    }
    (at == cut).then(|| &name[..cut])
}

fn read_set(owner: &OwnerName, set: StoredSet<'_>) -> Option<RecordSet> {
    let mut ttl = 0;
    let mut data = Vec::with_capacity(usize::from(set.count));
    for record in bodies(set.body) {
        ttl = Ttl::from_be_bytes(record[4..8].try_into().ok()?);
        data.push(take_data(set.kind, &record[10..])?);
    }
    RecordSet::new(owner.clone(), ttl, data)
}

/// How many octets two names share at their ends, in whole labels. Of a wildcard the name it stands below counts.
fn shared(owner: &[u8], target: &[u8]) -> u8 {
    let owner = owner.strip_prefix(b"\x01*").unwrap_or(owner);
    let mut rest = owner;
    loop {
        if target.ends_with(rest) && starts_label(target, target.len() - rest.len()) {
            return u8::try_from(rest.len()).expect("a name has at most 255 octets");
        }
        // The root's octet ends every name, so there is a label to take off here.
        rest = &rest[1 + usize::from(rest[0])..];
    }
}

fn starts_label(name: &[u8], cut: usize) -> bool {
    let mut at = 0;
    while at < cut {
        at += 1 + usize::from(name[at]);
    }
    at == cut
}

/// A record of the name that is being gathered.
struct Open {
    kind: RecordType,
    ttl: Ttl,
    /// Its data, in the builder's scratch.
    data: Range<usize>,
    reason: String,
    place: usize,
}

/// A record of a name that has an entry already.
struct Late {
    kind: RecordType,
    ttl: Ttl,
    data: Vec<u8>,
    reason: String,
    place: usize,
}

/// Takes records in the order they are read.
struct Builder {
    table: Table,
    /// The owner of the records gathered; none at first.
    owner: Vec<u8>,
    open: Vec<Open>,
    scratch: Vec<u8>,
    /// Names whose records stand apart, each put together once at the end.
    late: HashMap<u32, (Vec<u8>, Vec<Late>), RandomState>,
}

impl Builder {
    /// For a text of that many octets and lines; 0 where that is not known.
    fn new(soa: RecordSet, octets: usize, lines: usize) -> Self {
        let apex = soa.owner().clone();
        let minimum = match &soa.data()[0] {
            RecordData::Soa(data) => data.minimum,
            _ => soa.ttl(),
        };
        let mut negative = Vec::new();
        put_record(RecordType::SOA, soa.ttl().min(minimum), &mut negative, |out| put_data(&soa.data()[0], out));
        // An entry is seldom longer than its line; pages that are not needed are never touched.
        let mut table = Table {
            apex_labels: apex.label_count(),
            apex_hash: hash_of(apex.wire()),
            apex,
            soa,
            negative,
            octets: Vec::with_capacity(octets),
            index: HashTable::with_capacity(lines),
            wildcards: false,
            reasons: false,
            records: 0,
        };
        // The apex exists, whatever it owns besides its SOA.
        table.octets.extend([0, 0]);
        let hash = table.apex_hash;
        table.index.insert_unique(hash, 0, |_| hash);
        Self {
            table,
            owner: Vec::with_capacity(MAX_NAME_OCTETS),
            open: Vec::new(),
            scratch: Vec::new(),
            late: HashMap::default(),
        }
    }

    fn add(&mut self, owner: &[u8], ttl: Ttl, data: &RecordData, reason: &str, place: usize) -> Result<(), Fault> {
        let mut closed = Ok(());
        if self.owner != owner {
            // A fault of the name before is no reason to leave this record out.
            closed = self.close_name();
            self.owner.clear();
            self.owner.extend_from_slice(owner);
        }
        let start = self.scratch.len();
        put_data(data, &mut self.scratch);
        let data_range = start..self.scratch.len();
        self.open.push(Open { kind: data.kind(), ttl, data: data_range, reason: reason.to_owned(), place });
        closed
    }

    /// Makes an entry of the records gathered.
    fn close_name(&mut self) -> Result<(), Fault> {
        let Some(first) = self.open.first() else { return Ok(()) };
        let place = first.place;
        let Some(own) = relative(&self.owner, &self.table.apex) else {
            let owner = OwnerName::from_wire(&self.owner).expect("the reader hands on names only");
            self.open.clear();
            self.scratch.clear();
            return Err((place, MasterErrorKind::Outside { owner, apex: self.table.apex.clone() }));
        };
        let own_length = own.len();
        let hash = hash_below(self.table.apex_hash, own);
        let apex_hash = self.table.apex_hash;
        let Table { octets, index, wildcards, reasons, records: total, .. } = &mut self.table;
        let known = index.find(hash, |offset| is_name(octets, *offset, own)).copied();
        let result = match known {
            Some(offset) => {
                let (_, late) = self.late.entry(offset).or_insert_with(|| (self.owner.clone(), Vec::new()));
                late.extend(self.open.drain(..).map(|open| Late {
                    kind: open.kind,
                    ttl: open.ttl,
                    data: self.scratch[open.data].to_vec(),
                    reason: open.reason,
                    place: open.place,
                }));
                Ok(())
            }
            None => {
                let offset = u32::try_from(octets.len()).map_err(|_| (place, MasterErrorKind::TooLarge))?;
                let records: Vec<Ready<'_>>;
                let one;
                // Most names have one record.
                let ready: &[Ready<'_>] = if let [open] = &self.open[..] {
                    one = [open.ready(&self.scratch)];
                    &one
                } else {
                    records = self.open.iter().map(|open| open.ready(&self.scratch)).collect();
                    &records
                };
                *wildcards |= own.starts_with(b"\x01*");
                *reasons |= ready.iter().any(|record| !record.reason.is_empty());
                let written = put_entry(&self.owner, own_length, ready, octets);
                match written {
                    Ok(count) => {
                        *total += count;
                        index.insert_unique(hash, offset, |offset| Table::hash_at(octets, apex_hash, *offset));
                        self.put_ancestors(own_length)
                    }
                    Err(fault) => Err(fault),
                }
            }
        };
        self.open.clear();
        self.scratch.clear();
        result
    }

    /// Names between an entry and the apex exist too.
    fn put_ancestors(&mut self, own_length: usize) -> Result<(), Fault> {
        let Table { octets, index, apex_hash, .. } = &mut self.table;
        let apex_hash = *apex_hash;
        let mut at = 1 + usize::from(self.owner[0]);
        while at < own_length {
            let ancestor = &self.owner[at..own_length];
            let hash = hash_below(apex_hash, ancestor);
            if index.find(hash, |offset| is_name(octets, *offset, ancestor)).is_some() {
                break;
            }
            let offset = u32::try_from(octets.len()).map_err(|_| (0, MasterErrorKind::TooLarge))?;
            octets.push(ancestor.len() as u8);
            octets.extend_from_slice(ancestor);
            octets.push(0);
            index.insert_unique(hash, offset, |offset| Table::hash_at(octets, apex_hash, *offset));
            at += 1 + usize::from(self.owner[at]);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Table, Fault> {
        self.close_name()?;
        let mut late: Vec<_> = std::mem::take(&mut self.late).into_iter().collect();
        late.sort_by_key(|(offset, _)| *offset);
        for (before, (owner, records)) in late {
            self.join(before, &owner, &records)?;
        }
        let table = &mut self.table;
        table.octets.shrink_to_fit();
        let apex_hash = table.apex_hash;
        let octets = &table.octets;
        table.index.shrink_to_fit(|offset| Table::hash_at(octets, apex_hash, *offset));
        Ok(self.table)
    }

    /// Writes the entry at `before` anew, with the records that came later.
    fn join(&mut self, before: u32, owner: &[u8], late: &[Late]) -> Result<(), Fault> {
        let own = relative(owner, &self.table.apex).expect("only names within the zone have an entry");
        let Table { octets, index, apex_hash, wildcards, reasons, records: total, .. } = &mut self.table;
        let at = before as usize + 1 + own.len();
        let entry = Entry { sets: &octets[at + 1..], count: octets[at] };
        let length: usize = entry.sets().map(|set| SET_OCTETS + set.body.len() + set.reason.len()).sum();
        // The entry goes to the end of the octets, which may move them.
        let old = entry.sets[..length].to_vec();
        let mut records: Vec<Ready<'_>> = Vec::new();
        for set in (Entry { sets: &old, ..entry }).sets() {
            for record in bodies(set.body) {
                let ttl = Ttl::from_be_bytes([record[4], record[5], record[6], record[7]]);
                let reason = std::str::from_utf8(set.reason).unwrap_or_default();
                records.push(Ready { kind: set.kind, ttl, data: &record[10..], reason, place: late[0].place });
            }
        }
        let had = records.len();
        records.extend(late.iter().map(|late| Ready {
            kind: late.kind,
            ttl: late.ttl,
            data: &late.data,
            reason: &late.reason,
            place: late.place,
        }));
        *wildcards |= own.starts_with(b"\x01*");
        *reasons |= records.iter().any(|record| !record.reason.is_empty());
        let offset = u32::try_from(octets.len()).map_err(|_| (late[0].place, MasterErrorKind::TooLarge))?;
        let count = put_entry(owner, own.len(), &records, octets)?;
        *total += count - had;
        let hash = hash_below(*apex_hash, own);
        if let Some(slot) = index.find_mut(hash, |offset| *offset == before) {
            *slot = offset;
        }
        Ok(())
    }
}

impl Open {
    fn ready<'r>(&'r self, scratch: &'r [u8]) -> Ready<'r> {
        Ready {
            kind: self.kind,
            ttl: self.ttl,
            data: &scratch[self.data.clone()],
            reason: &self.reason,
            place: self.place,
        }
    }
}

/// A record ready to be written into an entry.
struct Ready<'r> {
    kind: RecordType,
    ttl: Ttl,
    data: &'r [u8],
    reason: &'r str,
    place: usize,
}

fn is_name(octets: &[u8], offset: u32, relative: &[u8]) -> bool {
    let at = offset as usize;
    usize::from(octets[at]) == relative.len() && octets[at + 1..at + 1 + relative.len()] == *relative
}

/// Appends an entry and says how many records it has. Records of one type become one set with the TTL and the reason of
/// its first; a record written twice counts once.
fn put_entry(owner: &[u8], own_length: usize, records: &[Ready<'_>], out: &mut Vec<u8>) -> Result<usize, Fault> {
    if let Some(alias) = records.iter().find(|record| record.kind == RecordType::CNAME) {
        let other = records.iter().find(|other| other.kind != alias.kind || other.data != alias.data);
        // The apex has an SOA, which is not among these.
        let place = other.map(|other| alias.place.max(other.place)).or((own_length == 0).then_some(alias.place));
        if let Some(place) = place {
            let owner = OwnerName::from_wire(owner).expect("the reader hands on names only");
            return Err((place, MasterErrorKind::AliasBeside(owner)));
        }
    }
    out.push(own_length as u8);
    out.extend_from_slice(&owner[..own_length]);
    let count_at = out.len();
    out.push(0);
    let mut written = 0;
    for (index, first) in records.iter().enumerate() {
        if records[..index].iter().any(|earlier| earlier.kind == first.kind) {
            continue;
        }
        out[count_at] += 1;
        out.extend_from_slice(&first.kind.0.to_be_bytes());
        let reason = first.reason.as_bytes();
        let reason = &reason[..reason.len().min(usize::from(u16::MAX))];
        let head = out.len();
        out.extend_from_slice(&[0; 6]);
        out.extend_from_slice(&(reason.len() as u16).to_be_bytes());
        out.push(if first.kind == RecordType::CNAME { shared(owner, first.data) } else { 0 });
        let start = out.len();
        let mut count = 0u16;
        let mut seen: HashMap<&[u8], (), RandomState> = HashMap::default();
        for record in records[index..].iter().filter(|record| record.kind == first.kind) {
            // The first of a set needs no look at the others.
            if records.len() > 1 && seen.insert(record.data, ()).is_some() {
                continue;
            }
            put_record(record.kind, first.ttl, out, |out| out.extend_from_slice(record.data));
            // More cannot be sent in any message; what is not counted is not sent whole, and so truncated.
            count = count.saturating_add(1);
            written += 1;
        }
        let body = u32::try_from(out.len() - start).map_err(|_| (first.place, MasterErrorKind::TooLarge))?;
        out[head..head + 2].copy_from_slice(&count.to_be_bytes());
        out[head + 2..head + 6].copy_from_slice(&body.to_be_bytes());
        out.extend_from_slice(reason);
    }
    Ok(written)
}

/// Appends a record of class IN from its type on.
fn put_record(kind: RecordType, ttl: Ttl, out: &mut Vec<u8>, data: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(&kind.0.to_be_bytes());
    out.extend_from_slice(&[0, 1]);
    out.extend_from_slice(&ttl.to_be_bytes());
    let length_at = out.len();
    out.extend_from_slice(&[0; 2]);
    data(out);
    let length = u16::try_from(out.len() - length_at - 2).expect("record data has at most 65,535 octets");
    out[length_at..length_at + 2].copy_from_slice(&length.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> OwnerName {
        OwnerName::parse(text).expect("a good name")
    }

    fn table(text: &str) -> Table {
        let text = format!("$TTL 10\n$ORIGIN z.example.\n@ SOA ns host 1 2 3 4 5\n{text}");
        Table::read(text.as_bytes(), None).unwrap_or_else(|errors| panic!("{errors:?}"))
    }

    /// What a table says to a name, for people.
    fn said(table: &Table, text: &str) -> String {
        let mut key = Key::default();
        assert!(key.set(name(text).wire()));
        let told =
            |entry: Entry<'_>| entry.sets().map(|set| format!(" {}x{}", set.kind, set.count)).collect::<String>();
        match table.lookup(&key) {
            Found::Name(entry) => format!("name{}", told(entry)),
            Found::Wildcard(entry) => format!("wildcard{}", told(entry)),
            Found::Missing => "missing".to_owned(),
        }
    }

    #[test]
    fn names_wildcards_and_empty_non_terminals_are_found() {
        let table = table(
            "a A 192.0.2.1\na AAAA 2001:db8::1\nx.y.b A 192.0.2.2\n*.w CNAME a\nc.w A 192.0.2.3\n*.e.v A 192.0.2.4\n@ NS ns\n",
        );
        for (asked, expected) in [
            ("z.example", "name"),
            ("a.z.example", "name Ax1 AAAAx1"),
            ("y.b.z.example", "name"),
            ("b.z.example", "name"),
            ("n.b.z.example", "missing"),
            ("n.z.example", "missing"),
            ("n.w.z.example", "wildcard CNAMEx1"),
            ("m.n.w.z.example", "wildcard CNAMEx1"),
            ("w.z.example", "name"),
            ("n.c.w.z.example", "missing"),
            ("*.w.z.example", "name CNAMEx1"),
        ] {
            assert_eq!(said(&table, asked), expected, "{asked}");
        }
        assert_eq!(table.records(), 6);
    }

    #[test]
    fn records_of_one_name_that_stand_apart_are_one_set() {
        let table = table("b.a A 192.0.2.1\nc A 192.0.2.2\nb.a A 192.0.2.3\nb.a A 192.0.2.1\na TXT x\nc A 192.0.2.2\n");
        assert_eq!(said(&table, "b.a.z.example"), "name Ax2");
        assert_eq!(said(&table, "a.z.example"), "name TXTx1");
        assert_eq!(said(&table, "c.z.example"), "name Ax1");
        assert_eq!(table.records(), 4);
    }

    #[test]
    fn faults_are_those_of_the_reader_and_of_zones() {
        let errors = |text: &str| -> Vec<String> {
            let errors = Table::read(text.as_bytes(), Some(&name("z.example"))).expect_err("it has errors");
            errors.iter().map(ToString::to_string).collect()
        };
        assert_eq!(errors("a 1 A 192.0.2.1\n"), ["line 1, column 1: the zone has no SOA record"]);
        let soa = "@ 1 SOA a b 1 2 3 4 5\n";
        assert_eq!(
            errors(&format!("a 1 A 192.0.2.1\n{soa}b A 192.0.2.x\na CNAME b\nx.example. A 192.0.2.1\nsub NS x\n")),
            [
                "line 3, column 5: `192.0.2.x` is not an IPv4 address",
                "line 4, column 1: `a.z.example` is an alias and has another record as well",
                "line 5, column 1: `x.example` is not within the zone `z.example`",
                "line 6, column 1: `sub.z.example` is delegated, and the zone `z.example` cannot delegate names",
            ]
        );
        assert_eq!(errors(&format!("{soa}{soa}")), ["line 2, column 1: a second SOA record"]);
        let alias = ["line 2, column 1: `z.example` is an alias and has another record as well"];
        assert_eq!(errors(&format!("{soa}@ CNAME b\n")), alias, "the SOA is the other record");
    }

    proptest! {
        #[test]
        fn a_table_says_what_the_zones_record_sets_say(
            labels in prop::collection::vec((prop::collection::vec("[ab*]", 1..4), 0u8..5), 0..12),
            asked in prop::collection::vec("[abc*]", 0..5),
        ) {
            let mut text = "$TTL 10\n$ORIGIN z.example.\n@ SOA ns host 1 2 3 4 5\n".to_owned();
            let mut aliases = std::collections::HashSet::new();
            let mut owners = std::collections::HashSet::new();
            for (owner, what) in labels {
                let owner = owner.join(".");
                match what {
                    0 if owners.insert(owner.clone()) => {
                        aliases.insert(owner.clone());
                        text.push_str(&format!("{owner} CNAME a.b.y.example.\n"));
                    }
                    _ if aliases.contains(&owner) => {}
                    1 => text.push_str(&format!("{owner} TXT \"x\"\n")),
                    last => text.push_str(&format!("{owner} A 192.0.2.{last}\n")),
                }
                owners.insert(owner);
            }
            let table = Table::read(text.as_bytes(), None).expect("a good zone");
            let parsed = master::read(text.as_bytes(), None).expect("a good zone");
            for set in &parsed.sets {
                let stored = table.sets_of(set.owner()).expect("the name is there");
                prop_assert!(stored.contains(set), "{set} in {stored:?}");
            }
            let mut asked = asked.join(".");
            asked.push_str(if asked.is_empty() { "z.example" } else { ".z.example" });
            let asked = name(&asked);
            let exists = |name: &OwnerName| parsed.sets.iter().any(|set| set.owner().is_within(name));
            let owns = |name: &OwnerName| parsed.sets.iter().any(|set| set.owner() == name && set.kind() != RecordType::SOA);
            let mut encloser = asked.clone();
            while !exists(&encloser) {
                encloser = encloser.parent().expect("the apex exists");
            }
            let mut key = Key::default();
            prop_assert!(key.set(asked.wire()));
            let wildcard = encloser.wildcard().expect("a short name");
            match table.lookup(&key) {
                Found::Name(entry) => prop_assert!(encloser == asked && owns(&asked) == (entry.count > 0)),
                Found::Wildcard(_) => prop_assert!(encloser != asked && owns(&wildcard)),
                Found::Missing => prop_assert!(encloser != asked && !owns(&wildcard)),
            }
        }

        #[test]
        fn hashes_do_not_depend_on_the_way_they_are_made(labels in prop::collection::vec("[a-zA-Z0-9]{1,9}", 0..9)) {
            let asked = name(&if labels.is_empty() { ".".to_owned() } else { labels.join(".") });
            let mut key = Key::default();
            prop_assert!(key.set(asked.wire()));
            prop_assert_eq!(key.labels(), labels.len());
            for label in 0..=key.labels() {
                let (suffix, hash) = key.suffix(label);
                prop_assert_eq!(hash, hash_of(suffix));
                let front = &asked.wire()[..key.start(label)];
                prop_assert_eq!(hash_below(hash, front), hash_of(asked.wire()));
            }
        }
    }
}
