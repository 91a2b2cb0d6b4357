//! Master files straight into packed zones: records that belong together become one record set.

use std::collections::HashMap;
use std::hash::RandomState;
use std::ops::{ControlFlow, Range};

use super::key::hash_below;
use super::master::error::{Fault, MAX_ERRORS, MasterError, MasterErrorKind, placed};
use super::master::reader::{Record, visit};
use super::name::MAX_NAME_OCTETS;
use super::packed::{PackedZone, bodies, hash_at, is_name, put_head, put_record, relative, shared};
use super::wire::put_data;
use super::{OwnerName, RecordData, RecordSet, RecordType, Soa, Ttl};

/// How the name server records at a zone's apex are treated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameServers {
    /// They are served, as in public DNS.
    Keep,
    /// They are left out: private zones have none.
    LeaveOut,
}

impl PackedZone {
    /// Reads a master file. `origin` is what relative names end in until the text says `$ORIGIN`. Each record set's origin
    /// is the line of its first record.
    ///
    /// # Errors
    /// All errors of the text in its order, at most [`MAX_ERRORS`]; a zone without an SOA is one.
    pub fn read(text: &[u8], origin: Option<&OwnerName>, servers: NameServers) -> Result<Self, Vec<MasterError>> {
        let gathered = gather(text, origin, servers, &mut |_| {})?;
        match gathered.has_soa {
            true => Ok(gathered.zone),
            false => Err(placed(text, vec![(0, MasterErrorKind::NoSoa)])),
        }
    }
}

/// The records of a text.
pub(super) struct Gathered {
    pub(super) zone: PackedZone,
    /// False if the text has no SOA; the zone's is a placeholder then.
    pub(super) has_soa: bool,
    /// How many name server records at the apex were left out.
    pub(super) left_out: usize,
}

/// Gathers the records of a text into the record sets of a zone, and shows each to `seen`. Without an SOA the zone is named
/// by `origin`, else by the first `$ORIGIN`.
pub(super) fn gather(
    text: &[u8],
    origin: Option<&OwnerName>,
    servers: NameServers,
    seen: &mut dyn FnMut(&Record<'_>),
) -> Result<Gathered, Vec<MasterError>> {
    let mut faults = Vec::new();
    let mut lines = Lines::new(text);
    let mut soa = None;
    // As good as always it is the first record.
    let frame = visit(text, origin, &mut faults, &mut |record| {
        if matches!(record.data, RecordData::Soa(_)) {
            let owner = OwnerName::from_wire(record.owner).expect("the reader hands on names only");
            soa = Some((RecordSet::single(owner, record.ttl, record.data), lines.line_of(record.place)));
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(()))
    });
    let has_soa = soa.is_some();
    let named = || frame.and_then(|frame| frame.apex).map(|apex| (placeholder(apex), 0));
    let Some((soa, soa_line)) = soa.or_else(named) else {
        if faults.is_empty() {
            faults.push((0, if origin.is_some() { MasterErrorKind::NoSoa } else { MasterErrorKind::NoApex }));
        }
        return Err(placed(text, faults));
    };
    faults.clear();
    let mut lines = Lines::new(text);
    let mut gatherer = Gatherer::new(soa, soa_line, has_soa, text);
    let mut again = false;
    let mut left_out = 0;
    visit(text, origin, &mut faults, &mut |record| {
        seen(&record);
        match &record.data {
            RecordData::Soa(_) if std::mem::replace(&mut again, true) => {
                return Err((record.place, MasterErrorKind::SecondSoa));
            }
            RecordData::Soa(_) => return Ok(ControlFlow::Continue(())),
            RecordData::Ns(_) if record.owner != gatherer.zone.apex().wire() => {
                let owner = OwnerName::from_wire(record.owner).expect("the reader hands on names only");
                return Err((record.place, MasterErrorKind::Delegation { owner, apex: gatherer.zone.apex().clone() }));
            }
            RecordData::Ns(_) if servers == NameServers::LeaveOut => {
                left_out += 1;
                return Ok(ControlFlow::Continue(()));
            }
            _ => {}
        }
        gatherer.add(&record, lines.line_of(record.place))?;
        Ok(ControlFlow::Continue(()))
    });
    match gatherer.finish(&mut faults) {
        zone if faults.is_empty() => Ok(Gathered { zone, has_soa, left_out }),
        _ => Err(placed(text, faults)),
    }
}

/// The SOA of a zone whose text has none; nothing is answered from it.
fn placeholder(apex: OwnerName) -> RecordSet {
    let root = OwnerName::root();
    let soa = Soa { host: root.clone(), email: root, serial: 0, refresh: 0, retry: 0, expire: 0, minimum: 0 };
    RecordSet::single(apex, 0, RecordData::Soa(soa))
}

/// Counts lines up to places that come in order.
struct Lines<'t> {
    text: &'t [u8],
    at: usize,
    line: u32,
}

impl<'t> Lines<'t> {
    fn new(text: &'t [u8]) -> Self {
        Self { text, at: 0, line: 1 }
    }

    fn line_of(&mut self, place: usize) -> u32 {
        let passed = self.text.get(self.at..place).unwrap_or_default();
        self.line = self.line.saturating_add(memchr::memchr_iter(b'\n', passed).count() as u32);
        self.at = self.at.max(place);
        self.line
    }
}

/// A record of the name that is being gathered.
struct Open {
    kind: RecordType,
    ttl: Ttl,
    /// Its data, in the gatherer's scratch.
    data: Range<usize>,
    line: u32,
    place: usize,
}

/// A record of a name that has an entry already.
struct Late {
    kind: RecordType,
    ttl: Ttl,
    data: Vec<u8>,
    line: u32,
    place: usize,
}

/// Takes records in the order they are read.
struct Gatherer {
    zone: PackedZone,
    /// The owner of the records gathered; none at first.
    owner: Vec<u8>,
    open: Vec<Open>,
    scratch: Vec<u8>,
    /// Names whose records are in several places, each put together once at the end.
    late: HashMap<u32, (Vec<u8>, Vec<Late>), RandomState>,
    /// True if the apex has an SOA, so that an alias there is not alone.
    has_soa: bool,
}

impl Gatherer {
    fn new(soa: RecordSet, soa_line: u32, has_soa: bool, text: &[u8]) -> Self {
        // An entry is seldom longer than its line; pages that are not needed are never touched.
        let names = memchr::memchr_iter(b'\n', text).count();
        Self {
            zone: PackedZone::with_capacity(soa, soa_line, text.len(), names),
            owner: Vec::with_capacity(MAX_NAME_OCTETS),
            open: Vec::new(),
            scratch: Vec::new(),
            late: HashMap::default(),
            has_soa,
        }
    }

    fn add(&mut self, record: &Record<'_>, line: u32) -> Result<(), Fault> {
        let mut closed = Ok(());
        if self.owner != record.owner {
            // This record is read even if the name before it has a fault.
            closed = self.close_name();
            self.owner.clear();
            self.owner.extend_from_slice(record.owner);
        }
        let start = self.scratch.len();
        put_data(&record.data, &mut self.scratch);
        let data = start..self.scratch.len();
        self.open.push(Open { kind: record.data.kind(), ttl: record.ttl, data, line, place: record.place });
        closed
    }

    /// Makes an entry of the records gathered.
    fn close_name(&mut self) -> Result<(), Fault> {
        let Some(first) = self.open.first() else { return Ok(()) };
        let place = first.place;
        let Some(own) = relative(&self.owner, self.zone.apex()) else {
            let owner = OwnerName::from_wire(&self.owner).expect("the reader hands on names only");
            self.open.clear();
            self.scratch.clear();
            return Err((place, MasterErrorKind::Outside { owner, apex: self.zone.apex().clone() }));
        };
        let own_length = own.len();
        let apex_hash = self.zone.apex_hash;
        let hash = hash_below(apex_hash, own);
        let PackedZone { bytes, index, wildcards, records: total, sets, .. } = &mut self.zone;
        let known = index.find(hash, |offset| is_name(bytes, *offset, own)).copied();
        let result = match known {
            Some(offset) => {
                let (_, late) = self.late.entry(offset).or_insert_with(|| (self.owner.clone(), Vec::new()));
                late.extend(self.open.drain(..).map(|open| Late {
                    kind: open.kind,
                    ttl: open.ttl,
                    data: self.scratch[open.data].to_vec(),
                    line: open.line,
                    place: open.place,
                }));
                Ok(())
            }
            None => {
                let offset = u32::try_from(bytes.len()).map_err(|_| (place, MasterErrorKind::TooLarge))?;
                let records: Vec<EncodedRecord<'_>>;
                let one;
                // Most names have one record.
                let ready: &[EncodedRecord<'_>] = if let [open] = &self.open[..] {
                    one = [open.ready(&self.scratch)];
                    &one
                } else {
                    records = self.open.iter().map(|open| open.ready(&self.scratch)).collect();
                    &records
                };
                *wildcards |= own.starts_with(b"\x01*");
                match put_entry(&self.owner, own_length, self.has_soa, ready, bytes) {
                    Ok((count, kinds)) => {
                        *total += count;
                        *sets += kinds;
                        index.insert_unique(hash, offset, |offset| hash_at(bytes, apex_hash, *offset));
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
        let apex_hash = self.zone.apex_hash;
        let PackedZone { bytes, index, .. } = &mut self.zone;
        let Some(&first) = self.owner.first() else { return Ok(()) };
        let mut at = 1 + usize::from(first);
        while at < own_length {
            let ancestor = &self.owner[at..own_length];
            let hash = hash_below(apex_hash, ancestor);
            if index.find(hash, |offset| is_name(bytes, *offset, ancestor)).is_some() {
                break;
            }
            let offset = u32::try_from(bytes.len()).map_err(|_| (0, MasterErrorKind::TooLarge))?;
            bytes.push(ancestor.len() as u8);
            bytes.extend_from_slice(ancestor);
            bytes.push(0);
            index.insert_unique(hash, offset, |offset| hash_at(bytes, apex_hash, *offset));
            at += 1 + usize::from(self.owner[at]);
        }
        Ok(())
    }

    fn finish(mut self, faults: &mut Vec<Fault>) -> PackedZone {
        faults.extend(self.close_name().err());
        let mut late: Vec<_> = std::mem::take(&mut self.late).into_iter().collect();
        late.sort_by_key(|(offset, _)| *offset);
        for (before, (owner, records)) in late {
            if let Err(fault) = self.join(before, &owner, &records) {
                faults.push(fault);
                if faults.len() > 2 * MAX_ERRORS {
                    break;
                }
            }
        }
        let zone = &mut self.zone;
        zone.bytes.shrink_to_fit();
        let apex_hash = zone.apex_hash;
        let bytes = &zone.bytes;
        zone.index.shrink_to_fit(|offset| hash_at(bytes, apex_hash, *offset));
        self.zone
    }

    /// Writes the entry at `before` anew, with the records that came later.
    fn join(&mut self, before: u32, owner: &[u8], late: &[Late]) -> Result<(), Fault> {
        let name = OwnerName::from_wire(owner).expect("the reader hands on names only");
        let own = relative(owner, self.zone.apex()).expect("only names within the zone have an entry");
        let entry = self.zone.entry(&name).expect("its entry was found when they were read");
        let mut old: Vec<(RecordType, Ttl, Vec<u8>, u32)> = Vec::new();
        for set in entry.sets() {
            let data = bodies(set.body).map(|record| (set.kind, set.ttl(), record[10..].to_vec(), set.origin));
            old.extend(data);
        }
        let length = 2 + own.len() + entry.sets().map(|set| super::packed::SET_BYTES + set.body.len()).sum::<usize>();
        let place = late[0].place;
        let mut records: Vec<EncodedRecord<'_>> = old
            .iter()
            .map(|(kind, ttl, data, line)| EncodedRecord { kind: *kind, ttl: *ttl, data, line: *line, place })
            .collect();
        let (had, had_sets) = (records.len(), entry.sets().count());
        records.extend(late.iter().map(|late| EncodedRecord {
            kind: late.kind,
            ttl: late.ttl,
            data: &late.data,
            line: late.line,
            place: late.place,
        }));
        let apex_hash = self.zone.apex_hash;
        let PackedZone { bytes, index, wildcards, records: total, sets, unused, .. } = &mut self.zone;
        *wildcards |= own.starts_with(b"\x01*");
        let own_length = own.len();
        let offset = u32::try_from(bytes.len()).map_err(|_| (place, MasterErrorKind::TooLarge))?;
        let (count, kinds) = put_entry(owner, own_length, self.has_soa, &records, bytes)?;
        *total += count - had;
        *sets += kinds - had_sets;
        *unused += length;
        let hash = hash_below(apex_hash, &owner[..own_length]);
        if let Some(slot) = index.find_mut(hash, |offset| *offset == before) {
            *slot = offset;
        }
        Ok(())
    }
}

impl Open {
    fn ready<'r>(&'r self, scratch: &'r [u8]) -> EncodedRecord<'r> {
        EncodedRecord {
            kind: self.kind,
            ttl: self.ttl,
            data: &scratch[self.data.clone()],
            line: self.line,
            place: self.place,
        }
    }
}

/// A record ready to be written into an entry.
struct EncodedRecord<'r> {
    kind: RecordType,
    ttl: Ttl,
    data: &'r [u8],
    line: u32,
    place: usize,
}

/// Appends an entry and gives the numbers of its records and record sets. Records of one type become one set with the TTL
/// and the line of its first; a record written twice counts once.
fn put_entry(
    owner: &[u8],
    own_length: usize,
    has_soa: bool,
    records: &[EncodedRecord<'_>],
    out: &mut Vec<u8>,
) -> Result<(usize, usize), Fault> {
    if let Some(alias) = records.iter().find(|record| record.kind == RecordType::CNAME) {
        let other = records.iter().find(|other| other.kind != alias.kind || other.data != alias.data);
        // The apex has an SOA, which is not among these.
        let place =
            other.map(|other| alias.place.max(other.place)).or((has_soa && own_length == 0).then_some(alias.place));
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
        let head = out.len();
        let target = if first.kind == RecordType::CNAME { shared(owner, first.data) } else { 0 };
        put_head(first.line, 0, 0, target, out);
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
        out[head + 4..head + 6].copy_from_slice(&count.to_be_bytes());
        out[head + 6..head + 10].copy_from_slice(&body.to_be_bytes());
    }
    Ok((written, usize::from(out[count_at])))
}
