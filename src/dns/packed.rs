//! A zone as packed bytes: what every answer is looked up in and copied from.
//!
//! All names and records of a zone are in one byte vector; an index of offsets finds a name by its hash. A name is kept
//! relative to the zone, a record without its owner, so that a million records take less than ninety bytes each and a
//! lookup touches few cache lines. Reading a master file ([`PackedZone::read`]) goes straight into it. A change appends the
//! name's new entry and moves its index slot; [`PackedZone::compact`] drops the bytes that are not used any more.
//!
//! An entry is the length of its relative name, the name, the number of its record sets, and the sets: origin (4 bytes),
//! number of records (2), length of the body (4), bytes an alias shares with its target (1), then the body. The body holds
//! the records from their type on, names in them uncompressed. The origin says where a set comes from; what it means is up
//! to the zone's owner: the line of a master file, or the place in a table of writers.

use std::collections::HashMap;
use std::fmt;

use hashbrown::HashTable;

use super::key::{Key, hash_below, hash_of, wildcard_hash};
use super::wire::{put_data, take_data};
use super::{OwnerName, RecordData, RecordSet, RecordType, Ttl};

/// Bytes of a set's header within an entry.
pub(super) const SET_BYTES: usize = 11;

/// A zone, ready to be answered from.
#[derive(Clone)]
pub struct PackedZone {
    apex: OwnerName,
    apex_labels: usize,
    pub(super) apex_hash: u64,
    soa: RecordSet,
    soa_origin: u32,
    /// The SOA as negative answers have it: without owner, with the TTL of negative answers.
    negative: Vec<u8>,
    pub(super) bytes: Vec<u8>,
    pub(super) index: HashTable<u32>,
    pub(super) wildcards: bool,
    pub(super) records: usize,
    pub(super) sets: usize,
    /// How many bytes belong to entries that the index does not name any more.
    pub(super) unused: usize,
    /// For each relative name that has names with records below it: how many. Made at the first change.
    below: Option<HashMap<Box<[u8]>, u32>>,
}

impl fmt::Debug for PackedZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PackedZone({}, {} records)", self.apex, self.records)
    }
}

/// What a zone has for a name.
#[derive(Clone, Copy)]
pub enum Found<'z> {
    /// The name exists; without record sets if it is an empty non-terminal (RFC 4592, 2.2.2).
    Name(Entry<'z>),
    /// A wildcard answers for it (RFC 4592, 3.3): the one below the closest encloser, which is the suffix that starts with
    /// the label of this index.
    Wildcard(Entry<'z>, usize),
    /// It does not exist.
    Missing,
}

/// The record sets of one name; the SOA is not among them.
#[derive(Clone, Copy)]
pub struct Entry<'z> {
    pub(super) sets: &'z [u8],
    pub(super) count: u8,
}

/// One record set of a zone.
#[derive(Clone, Copy, Debug)]
pub struct StoredSet<'z> {
    /// Its type.
    pub kind: RecordType,
    /// How many records it has.
    pub count: u16,
    /// Its records from their type on, without owners.
    pub body: &'z [u8],
    /// Where it comes from.
    pub origin: u32,
    /// How many bytes at their ends the owner and an alias's target share, in whole labels; 1 is the root alone.
    pub shared: usize,
}

/// What the record sets of a name say to a question.
#[derive(Clone, Copy, Debug)]
pub enum Answer<'z> {
    /// This record set answers it.
    Set(StoredSet<'z>),
    /// The name is an alias.
    Alias(StoredSet<'z>),
    /// The name has records of other types only, or none.
    NoData,
}

impl<'z> Entry<'z> {
    /// The record sets in order.
    pub fn sets(self) -> impl Iterator<Item = StoredSet<'z>> {
        let mut rest = self.sets;
        (0..self.count).filter_map(move |_| {
            let (head, behind) = rest.split_first_chunk::<SET_BYTES>()?;
            let &[o0, o1, o2, o3, c0, c1, b0, b1, b2, b3, shared] = head;
            let (body, behind) = behind.split_at_checked(u32::from_be_bytes([b0, b1, b2, b3]) as usize)?;
            let (kind, _) = body.split_first_chunk::<2>()?;
            rest = behind;
            Some(StoredSet {
                kind: RecordType(u16::from_be_bytes(*kind)),
                count: u16::from_be_bytes([c0, c1]),
                body,
                origin: u32::from_be_bytes([o0, o1, o2, o3]),
                shared: usize::from(shared),
            })
        })
    }

    /// True for an empty non-terminal, and for an apex with nothing but its SOA.
    pub fn is_empty(self) -> bool {
        self.count == 0
    }

    /// The record set of that type.
    pub fn set(self, kind: RecordType) -> Option<StoredSet<'z>> {
        self.sets().find(|set| set.kind == kind)
    }

    /// What answers a question for that type: a record set, or the alias in its place. ANY gets one record set, the first
    /// (RFC 8482, 4.1).
    pub fn answer(self, kind: RecordType) -> Answer<'z> {
        let mut alias = None;
        for set in self.sets() {
            if set.kind == kind || kind == RecordType::ANY {
                return Answer::Set(set);
            }
            if set.kind == RecordType::CNAME {
                alias = Some(set);
            }
        }
        alias.map_or(Answer::NoData, Answer::Alias)
    }

    /// How many bytes its sets take.
    fn length(self) -> usize {
        self.sets().map(|set| SET_BYTES + set.body.len()).sum()
    }
}

impl StoredSet<'_> {
    /// Seconds a resolver may keep it.
    pub fn ttl(&self) -> Ttl {
        self.body.get(4..8).and_then(|ttl| ttl.try_into().ok()).map_or(0, Ttl::from_be_bytes)
    }

    /// The record set at an owner name.
    pub fn at(&self, owner: &OwnerName) -> RecordSet {
        let data = bodies(self.body).map(|record| take_data(self.kind, &record[10..]).expect("put_data wrote it"));
        RecordSet::new(owner.clone(), self.ttl(), data.collect()).expect("a stored set has records of one type")
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

impl PackedZone {
    /// A zone with nothing but its SOA, whose owner is the apex.
    pub fn new(soa: RecordSet, origin: u32) -> Self {
        Self::with_capacity(soa, origin, 0, 0)
    }

    /// The same with room for that many bytes and names.
    pub(super) fn with_capacity(soa: RecordSet, origin: u32, bytes: usize, names: usize) -> Self {
        let apex = soa.owner().clone();
        let mut zone = Self {
            apex_labels: apex.label_count(),
            apex_hash: hash_of(apex.wire()),
            apex,
            negative: negative(&soa),
            soa,
            soa_origin: origin,
            bytes: Vec::with_capacity(bytes),
            index: HashTable::with_capacity(names),
            wildcards: false,
            records: 0,
            sets: 0,
            unused: 0,
            below: None,
        };
        // The apex exists, with or without records besides its SOA.
        zone.bytes.extend([0, 0]);
        let hash = zone.apex_hash;
        zone.index.insert_unique(hash, 0, |_| hash);
        zone
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

    /// Where the SOA comes from.
    pub fn soa_origin(&self) -> u32 {
        self.soa_origin
    }

    /// The SOA record of a negative answer, from its type on.
    pub fn negative(&self) -> &[u8] {
        &self.negative
    }

    /// How many records it has; the SOA is not counted.
    pub fn records(&self) -> usize {
        self.records
    }

    /// How many record sets it has; the SOA is not counted.
    pub fn sets(&self) -> usize {
        self.sets
    }

    /// What the zone has for a name within it.
    pub fn lookup<const PLACES: usize>(&self, key: &Key<PLACES>) -> Found<'_> {
        let end = key.wire().len() - self.apex.wire().len();
        let relative = |label: usize| &key.wire()[key.start(label)..end];
        if let Some(entry) = self.find(key.suffix(0).1, &[], relative(0)) {
            return Found::Name(entry);
        }
        if !self.wildcards {
            return Found::Missing;
        }
        // The closest encloser is the longest ancestor that exists; only the wildcard directly below it counts.
        for label in 1..=key.labels() - self.apex_labels {
            let hash = key.suffix(label).1;
            if self.find(hash, &[], relative(label)).is_some() {
                let wildcard = self.find(wildcard_hash(hash), b"\x01*", relative(label));
                let wildcard = wildcard.filter(|entry| !entry.is_empty());
                return wildcard.map_or(Found::Missing, |entry| Found::Wildcard(entry, label));
            }
        }
        Found::Missing
    }

    /// The record sets of exactly this name; absent if it does not exist.
    pub fn entry(&self, name: &OwnerName) -> Option<Entry<'_>> {
        let relative = relative(name.wire(), &self.apex)?;
        self.find(hash_of(name.wire()), &[], relative)
    }

    /// All names with their record sets, in no order; the SOA is left out, and so are empty non-terminals.
    pub fn entries(&self) -> impl Iterator<Item = (OwnerName, Entry<'_>)> {
        self.index.iter().filter_map(|&offset| {
            let (relative, entry) = self.at(offset);
            (!entry.is_empty()).then(|| {
                let wire = [relative, self.apex.wire()].concat();
                (OwnerName::from_wire(&wire).expect("an entry's name is a name of the zone"), entry)
            })
        })
    }

    /// Writes a whole record set in place of the one of its owner and type. The owner must be within the zone.
    pub fn put(&mut self, set: &RecordSet, origin: u32) {
        if set.kind() == RecordType::SOA {
            self.negative = negative(set);
            self.soa = set.clone();
            self.soa_origin = origin;
            return;
        }
        let owner = set.owner();
        let own = relative(owner.wire(), &self.apex).expect("record sets of a zone are within it").to_vec();
        let had_records = self.entry(owner).is_some_and(|entry| !entry.is_empty());
        self.rewrite(&own, owner, Some((set, origin)), set.kind());
        if !had_records && !own.is_empty() {
            self.count_above(&own, true);
        }
        self.wildcards |= own.starts_with(b"\x01*");
    }

    /// Removes a record set; false if there is none. The SOA stays.
    pub fn remove(&mut self, owner: &OwnerName, kind: RecordType) -> bool {
        let there = self.entry(owner).and_then(|entry| entry.set(kind)).is_some();
        if !there {
            return false;
        }
        let own = relative(owner.wire(), &self.apex).expect("the name was found in the zone").to_vec();
        self.rewrite(&own, owner, None, kind);
        let empty = self.entry(owner).is_none_or(Entry::is_empty);
        if empty && !own.is_empty() {
            self.count_above(&own, false);
            if !self.counts_below().contains_key(&own[..]) {
                self.forget(&own);
            }
        }
        true
    }

    /// True if enough bytes are unused that [`PackedZone::compact`] is worth its time.
    pub fn is_sparse(&self) -> bool {
        self.unused > self.bytes.len() / 2 && self.unused > 4096
    }

    /// True if some bytes are unused.
    pub fn has_unused(&self) -> bool {
        self.unused > 0
    }

    /// Drops the bytes of entries that are not used any more.
    pub fn compact(&mut self) {
        let mut bytes = Vec::with_capacity(self.bytes.len() - self.unused);
        let mut offsets: Vec<u32> = self.index.iter().copied().collect();
        offsets.sort_unstable();
        let mut index = HashTable::with_capacity(offsets.len());
        for offset in offsets {
            let (relative, entry) = self.at(offset);
            let hash = hash_below(self.apex_hash, relative);
            let to = u32::try_from(bytes.len()).expect("it is shorter than it was");
            let start = offset as usize;
            bytes.extend_from_slice(&self.bytes[start..start + 2 + relative.len() + entry.length()]);
            // The table was made large enough, so nothing is hashed again.
            index.insert_unique(hash, to, |_| hash);
        }
        (self.bytes, self.index, self.unused) = (bytes, index, 0);
    }

    /// Appends a name's entry without its set of that type and with the new one, and moves its index slot.
    fn rewrite(&mut self, own: &[u8], owner: &OwnerName, new: Option<(&RecordSet, u32)>, kind: RecordType) {
        let hash = hash_below(self.apex_hash, own);
        let old = self.index.find(hash, |offset| is_name(&self.bytes, *offset, own)).copied();
        let mut entry = Vec::with_capacity(64 + own.len());
        entry.push(own.len() as u8);
        entry.extend_from_slice(own);
        entry.push(0);
        let count_at = entry.len() - 1;
        if let Some((set, _)) = new {
            self.records += set.data().len();
            self.sets += 1;
        }
        let mut new = new;
        if let Some(offset) = old {
            let (_, before) = self.at(offset);
            let (mut gone, mut gone_sets) = (0, 0);
            for set in before.sets() {
                if set.kind == kind {
                    gone += bodies(set.body).count();
                    gone_sets += 1;
                    // The new set keeps the place of the old one among the sets of the name.
                    if let Some(new) = new.take() {
                        entry[count_at] += 1;
                        put_set(owner, new, &mut entry);
                    }
                    continue;
                }
                entry[count_at] += 1;
                put_head(set.origin, set.count, set.body.len(), set.shared as u8, &mut entry);
                entry.extend_from_slice(set.body);
            }
            let length = 2 + own.len() + before.length();
            self.records -= gone;
            self.sets -= gone_sets;
            self.unused += length;
        }
        if let Some(new) = new {
            entry[count_at] += 1;
            put_set(owner, new, &mut entry);
        }
        let offset = self.append(&entry);
        match self.index.find_mut(hash, |slot| Some(*slot) == old) {
            Some(slot) => *slot = offset,
            None => {
                let (bytes, apex_hash) = (&self.bytes, self.apex_hash);
                self.index.insert_unique(hash, offset, |offset| hash_at(bytes, apex_hash, *offset));
            }
        }
    }

    fn append(&mut self, entry: &[u8]) -> u32 {
        let offset = u32::try_from(self.bytes.len()).expect("a zone that is changed stays far below four GiB");
        self.bytes.extend_from_slice(entry);
        offset
    }

    /// Takes a name out of the index.
    fn forget(&mut self, own: &[u8]) {
        let hash = hash_below(self.apex_hash, own);
        let bytes = &self.bytes;
        if let Ok(slot) = self.index.find_entry(hash, |offset| is_name(bytes, *offset, own)) {
            let (offset, _) = slot.remove();
            let (_, entry) = self.at(offset);
            self.unused += 2 + own.len() + entry.length();
        }
    }

    /// Keeps the ancestors of a name that came or went: they exist while there are names with records below them.
    fn count_above(&mut self, own: &[u8], came: bool) {
        let mut at = 1 + usize::from(own[0]);
        // The counts are made from the entries as they are, so a name that came is among them already.
        let counted = self.below.is_none();
        self.counts_below();
        while at < own.len() {
            let ancestor = &own[at..];
            let below = self.counts_below();
            let count = below.entry(ancestor.into()).or_insert(0);
            if !counted {
                *count = if came { *count + 1 } else { count.saturating_sub(1) };
            }
            let left = *count;
            if left == 0 {
                below.remove(ancestor);
            }
            let hash = hash_below(self.apex_hash, ancestor);
            let there = self.index.find(hash, |offset| is_name(&self.bytes, *offset, ancestor)).copied();
            match there {
                None if left > 0 => {
                    let mut entry = vec![ancestor.len() as u8];
                    entry.extend_from_slice(ancestor);
                    entry.push(0);
                    let offset = self.append(&entry);
                    let (bytes, apex_hash) = (&self.bytes, self.apex_hash);
                    self.index.insert_unique(hash, offset, |offset| hash_at(bytes, apex_hash, *offset));
                }
                Some(offset) if left == 0 && self.at(offset).1.is_empty() => self.forget(ancestor),
                _ => {}
            }
            at += 1 + usize::from(own[at]);
        }
    }

    fn counts_below(&mut self) -> &mut HashMap<Box<[u8]>, u32> {
        if self.below.is_none() {
            let mut counts = HashMap::new();
            for &offset in &self.index {
                let (own, entry) = self.at(offset);
                if own.is_empty() || entry.is_empty() {
                    continue;
                }
                let mut at = 1 + usize::from(own[0]);
                while at < own.len() {
                    *counts.entry(own[at..].into()).or_insert(0) += 1;
                    at += 1 + usize::from(own[at]);
                }
            }
            self.below = Some(counts);
        }
        self.below.as_mut().expect("it was just made")
    }

    /// The relative name and the record sets of the entry at an offset.
    fn at(&self, offset: u32) -> (&[u8], Entry<'_>) {
        let at = offset as usize;
        let end = at + 1 + usize::from(self.bytes[at]);
        (&self.bytes[at + 1..end], Entry { sets: &self.bytes[end + 1..], count: self.bytes[end] })
    }

    /// The entry of the relative name that is made of these two parts.
    fn find(&self, hash: u64, first: &[u8], second: &[u8]) -> Option<Entry<'_>> {
        let length = first.len() + second.len();
        let offset = self.index.find(hash, |offset| {
            let at = *offset as usize;
            usize::from(self.bytes[at]) == length
                && self.bytes[at + 1..at + 1 + length].split_at(first.len()) == (first, second)
        })?;
        let at = *offset as usize + 1 + length;
        Some(Entry { sets: &self.bytes[at + 1..], count: self.bytes[at] })
    }
}

/// Appends a record set with its header.
fn put_set(owner: &OwnerName, (set, origin): (&RecordSet, u32), out: &mut Vec<u8>) {
    let target = set.alias().map_or(0, |target| shared(owner.wire(), target.wire()));
    let count = u16::try_from(set.data().len()).unwrap_or(u16::MAX);
    put_head(origin, count, 0, target, out);
    let start = out.len();
    for data in set.data() {
        put_record(set.kind(), set.ttl(), out, |out| put_data(data, out));
    }
    let body = u32::try_from(out.len() - start).expect("a record set of an event stays far below four GiB");
    out[start - 5..start - 1].copy_from_slice(&body.to_be_bytes());
}

/// The SOA record of negative answers, from its type on: its TTL is theirs (RFC 2308, 5).
fn negative(soa: &RecordSet) -> Vec<u8> {
    let mut record = Vec::new();
    put_record(RecordType::SOA, negative_ttl(soa), &mut record, |out| put_data(&soa.data()[0], out));
    record
}

/// Seconds a negative answer of the zone with this SOA may be kept (RFC 2308, 5).
pub fn negative_ttl(soa: &RecordSet) -> Ttl {
    match &soa.data()[0] {
        RecordData::Soa(data) => soa.ttl().min(data.minimum),
        _ => soa.ttl(),
    }
}

/// The hash of the entry at an offset, for when the index grows.
pub(super) fn hash_at(bytes: &[u8], apex: u64, offset: u32) -> u64 {
    let at = offset as usize;
    hash_below(apex, &bytes[at + 1..at + 1 + usize::from(bytes[at])])
}

/// The bytes of a name in front of the zone it is in; absent outside it.
pub(super) fn relative<'n>(name: &'n [u8], zone: &OwnerName) -> Option<&'n [u8]> {
    let cut = name.len().checked_sub(zone.wire().len())?;
    // The suffix must begin at a label's start, not within a label.
    (name[cut..] == *zone.wire() && starts_label(name, cut)).then(|| &name[..cut])
}

/// How many bytes two names share at their ends, in whole labels. Of a wildcard the name it is below counts.
pub(super) fn shared(owner: &[u8], target: &[u8]) -> u8 {
    let owner = owner.strip_prefix(b"\x01*").unwrap_or(owner);
    let mut rest = owner;
    loop {
        if target.ends_with(rest) && starts_label(target, target.len() - rest.len()) {
            return u8::try_from(rest.len()).expect("a name has at most 255 bytes");
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

pub(super) fn is_name(bytes: &[u8], offset: u32, relative: &[u8]) -> bool {
    let at = offset as usize;
    usize::from(bytes[at]) == relative.len() && bytes[at + 1..at + 1 + relative.len()] == *relative
}

/// Appends the header of a set.
pub(super) fn put_head(origin: u32, count: u16, body: usize, shared: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(&origin.to_be_bytes());
    out.extend_from_slice(&count.to_be_bytes());
    out.extend_from_slice(&u32::try_from(body).unwrap_or(u32::MAX).to_be_bytes());
    out.push(shared);
}

/// Appends a record of class IN from its type on.
pub(super) fn put_record(kind: RecordType, ttl: Ttl, out: &mut Vec<u8>, data: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(&kind.0.to_be_bytes());
    out.extend_from_slice(&[0, 1]);
    out.extend_from_slice(&ttl.to_be_bytes());
    let length_at = out.len();
    out.extend_from_slice(&[0; 2]);
    data(out);
    let length = u16::try_from(out.len() - length_at - 2).expect("record data has at most 65,535 bytes");
    out[length_at..length_at + 2].copy_from_slice(&length.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dns::{NameServers, master};

    fn name(text: &str) -> OwnerName {
        OwnerName::parse(text).expect("a good name")
    }

    fn zone(text: &str) -> PackedZone {
        let text = format!("$TTL 10\n$ORIGIN z.example.\n@ SOA ns host 1 2 3 4 5\n{text}");
        PackedZone::read(text.as_bytes(), None, NameServers::LeaveOut).unwrap_or_else(|errors| panic!("{errors:?}"))
    }

    /// What a zone says to a name, for people.
    fn said(zone: &PackedZone, text: &str) -> String {
        let mut key: Key = Key::default();
        assert!(key.set(name(text).wire()));
        let told = |entry: Entry<'_>| {
            let mut sets: Vec<_> = entry.sets().map(|set| format!(" {}x{}", set.kind, set.count)).collect();
            sets.sort_unstable();
            sets.concat()
        };
        match zone.lookup(&key) {
            Found::Name(entry) => format!("name{}", told(entry)),
            Found::Wildcard(entry, _) => format!("wildcard{}", told(entry)),
            Found::Missing => "missing".to_owned(),
        }
    }

    #[test]
    fn names_wildcards_and_empty_non_terminals_are_found() {
        let zone = zone(
            "a A 192.0.2.1\na AAAA 2001:db8::1\nx.y.b A 192.0.2.2\n*.w CNAME a\nc.w A 192.0.2.3\n*.e.v A 192.0.2.4\n@ NS ns\n",
        );
        for (asked, expected) in [
            ("z.example", "name"),
            ("a.z.example", "name AAAAx1 Ax1"),
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
            assert_eq!(said(&zone, asked), expected, "{asked}");
        }
        assert_eq!(zone.records(), 6);
    }

    #[test]
    fn records_of_one_name_that_stand_apart_are_one_set() {
        let zone = zone("b.a A 192.0.2.1\nc A 192.0.2.2\nb.a A 192.0.2.3\nb.a A 192.0.2.1\na TXT x\nc A 192.0.2.2\n");
        assert_eq!(said(&zone, "b.a.z.example"), "name Ax2");
        assert_eq!(said(&zone, "a.z.example"), "name TXTx1");
        assert_eq!(said(&zone, "c.z.example"), "name Ax1");
        assert_eq!(zone.records(), 4);
    }

    #[test]
    fn faults_are_those_of_the_reader_and_of_zones() {
        let errors = |text: &str| -> Vec<String> {
            let errors = PackedZone::read(text.as_bytes(), Some(&name("z.example")), NameServers::LeaveOut)
                .expect_err("it has errors");
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
        fn a_zone_has_what_its_record_sets_say(
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
            let zone = PackedZone::read(text.as_bytes(), None, NameServers::LeaveOut).expect("a good zone");
            let parsed = master::read(text.as_bytes(), None).expect("a good zone");
            for set in &parsed.sets {
                let entry = zone.entry(set.owner()).expect("the name is there");
                let stored = match set.kind() {
                    RecordType::SOA => zone.soa().clone(),
                    kind => entry.set(kind).expect("the type is there").at(set.owner()),
                };
                prop_assert_eq!(&stored, set);
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
            let mut key: Key = Key::default();
            prop_assert!(key.set(asked.wire()));
            let wildcard = encloser.wildcard().expect("a short name");
            match zone.lookup(&key) {
                Found::Name(entry) => prop_assert!(encloser == asked && owns(&asked) == (entry.count > 0)),
                Found::Wildcard(..) => prop_assert!(encloser != asked && owns(&wildcard)),
                Found::Missing => prop_assert!(encloser != asked && !owns(&wildcard)),
            }
        }
    }

    #[derive(Clone, Debug)]
    enum Edit {
        Put(String, u8, u8),
        Remove(String, u8),
        Compact,
    }

    fn edits() -> impl Strategy<Value = Vec<Edit>> {
        let owner = || {
            prop::collection::vec("[ab*]", 0..4)
                .prop_map(|labels| labels.into_iter().map(|label| label + ".").collect::<String>() + "z.example")
        };
        let edit = prop_oneof![
            6 => (owner(), 0u8..3, 1u8..5).prop_map(|(owner, kind, last)| Edit::Put(owner, kind, last)),
            4 => (owner(), 0u8..3).prop_map(|(owner, kind)| Edit::Remove(owner, kind)),
            1 => Just(Edit::Compact),
        ];
        prop::collection::vec(edit, 0..40)
    }

    fn kind_of(number: u8) -> RecordType {
        [RecordType::A, RecordType::TXT, RecordType::AAAA][usize::from(number)]
    }

    fn record_set(owner: &str, kind: u8, last: u8) -> RecordSet {
        let data = |one: u8| match kind {
            0 => RecordData::A([192, 0, 2, one].into()),
            1 => RecordData::Txt(vec![vec![one]]),
            _ => RecordData::Aaaa([0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(one)].into()),
        };
        RecordSet::new(name(owner), u32::from(last), (0..last).map(data).collect()).expect("one type")
    }

    proptest! {
        #[test]
        fn an_edited_zone_is_the_zone_of_what_is_left(edits in edits(), asked in "([abc*]\\.){0,4}z\\.example") {
            let mut left: std::collections::BTreeMap<(OwnerName, u16), (RecordSet, u32)> = std::collections::BTreeMap::new();
            let soa = zone("").soa().clone();
            let mut edited = PackedZone::new(soa.clone(), 7);
            for (origin, edit) in (0..).zip(edits) {
                match edit {
                    Edit::Put(owner, kind, last) => {
                        let set = record_set(&owner, kind, last);
                        edited.put(&set, origin);
                        left.insert((set.owner().clone(), set.kind().0), (set, origin));
                    }
                    Edit::Remove(owner, kind) => {
                        let there = left.remove(&(name(&owner), kind_of(kind).0)).is_some();
                        prop_assert_eq!(edited.remove(&name(&owner), kind_of(kind)), there);
                    }
                    Edit::Compact => edited.compact(),
                }
            }
            let mut fresh = PackedZone::new(soa, 7);
            for (set, origin) in left.values() {
                fresh.put(set, *origin);
            }
            prop_assert_eq!(edited.sets(), left.len());
            prop_assert_eq!(edited.records(), left.values().map(|(set, _)| set.data().len()).sum::<usize>());
            let all = |zone: &PackedZone| {
                let sets = zone.entries().flat_map(|(owner, entry)| {
                    entry.sets().map(|set| ((owner.clone(), set.kind.0), (set.at(&owner), set.origin))).collect::<Vec<_>>()
                });
                sets.collect::<std::collections::BTreeMap<_, _>>()
            };
            prop_assert_eq!(&all(&edited), &left);
            prop_assert_eq!(said(&edited, &asked), said(&fresh, &asked));
            edited.compact();
            prop_assert!(!edited.has_unused());
            prop_assert_eq!(said(&edited, &asked), said(&fresh, &asked));
        }
    }
}
