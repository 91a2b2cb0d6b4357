//! The records of a master file, one by one in the order of the text, without gathering them into record sets.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::ControlFlow;

use super::error::{Fault, MAX_ERRORS, MasterErrorKind, start_of};
use crate::dns::name::{MAX_LABEL_OCTETS, MAX_NAME_OCTETS};
use crate::dns::{NameError, OwnerName, RecordData, RecordType, Soa, Ttl};

/// The longest TTL (RFC 2181, 8).
pub const MAX_TTL: Ttl = i32::MAX as Ttl;
/// The most octets the data of one record can have on the wire.
const MAX_DATA_OCTETS: usize = 65_535;
/// The most words one record can have: a TXT record of empty strings, with what is before it.
const MAX_WORDS: usize = MAX_DATA_OCTETS + 4;
/// The most octets one string of a TXT record can have.
const MAX_STRING_OCTETS: usize = 255;

/// One record as it is in the text.
pub(in crate::dns) struct Record<'t> {
    /// Its owner in wire form, lower-case.
    pub(in crate::dns) owner: &'t [u8],
    pub(in crate::dns) ttl: Ttl,
    pub(in crate::dns) data: RecordData,
    /// Its offset in the text, for faults.
    pub(in crate::dns) place: usize,
    /// The last comment of its entry, without the semicolon and trimmed.
    pub(in crate::dns) comment: Option<&'t [u8]>,
}

/// What a text says besides its records.
pub(in crate::dns) struct Frame {
    /// The first origin there was.
    pub(in crate::dns) apex: Option<OwnerName>,
}

/// Hands the records of a text to `take` one by one, in order, until it breaks off. What is wrong goes to `faults`, of
/// which there are then at most [`MAX_ERRORS`] more. Absent where the text cannot be read at all.
pub(in crate::dns) fn visit(
    text: &[u8],
    origin: Option<&OwnerName>,
    faults: &mut Vec<Fault>,
    take: &mut impl FnMut(Record<'_>) -> Result<ControlFlow<()>, Fault>,
) -> Option<Frame> {
    if text.starts_with(&[0xff, 0xfe]) || text.starts_with(&[0xfe, 0xff]) {
        faults.push((0, MasterErrorKind::Utf16));
        return None;
    }
    let mut scanner = Scanner { text, at: start_of(text), words: Vec::new(), indented: false, comment: None };
    let mut reading = Reading { origin: origin.cloned(), apex: origin.cloned(), ..Reading::default() };
    let most = faults.len() + MAX_ERRORS;
    while faults.len() < most {
        let result = match scanner.next_entry() {
            Ok(false) => break,
            Ok(true) => {
                let entry = Entry { text, words: &scanner.words, at: 0, indented: scanner.indented };
                reading.entry(entry, scanner.comment, take)
            }
            Err(fault) => {
                scanner.skip_line();
                Err(fault)
            }
        };
        match result {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => break,
            Err(fault) => faults.push(fault),
        }
    }
    Some(Frame { apex: reading.apex })
}

/// Where a word of an entry is; the quotes of a quoted one are left out.
#[derive(Clone, Copy)]
struct Word {
    start: usize,
    end: usize,
    quoted: bool,
}

/// Cuts the text into entries: the words of one line, or of several within parentheses.
struct Scanner<'t> {
    text: &'t [u8],
    at: usize,
    /// The words of the entry read last; never empty after `Ok(true)`.
    words: Vec<Word>,
    /// True if the entry's line begins with a blank.
    indented: bool,
    /// The last comment within the entry.
    comment: Option<(usize, usize)>,
}

impl Scanner<'_> {
    /// Reads the next entry that has words; false at the end of the text.
    fn next_entry(&mut self) -> Result<bool, Fault> {
        self.words.clear();
        self.begin_line();
        let mut open = None;
        loop {
            let Some(&octet) = self.text.get(self.at) else {
                return match open {
                    Some(at) => Err((at, MasterErrorKind::OpenParenthesis)),
                    None => Ok(!self.words.is_empty()),
                };
            };
            match octet {
                b'\n' => {
                    self.at += 1;
                    if open.is_none() {
                        if !self.words.is_empty() {
                            return Ok(true);
                        }
                        self.begin_line();
                    }
                }
                b' ' | b'\t' | b'\r' => self.at += 1,
                b';' => {
                    let start = self.at + 1;
                    while self.text.get(self.at).is_some_and(|&octet| octet != b'\n') {
                        self.at += 1;
                    }
                    self.comment = Some((start, self.at));
                }
                b'(' if open.is_some() => return Err((self.at, MasterErrorKind::NestedParenthesis)),
                b'(' => {
                    open = Some(self.at);
                    self.at += 1;
                }
                b')' => {
                    if open.take().is_none() {
                        return Err((self.at, MasterErrorKind::StrayParenthesis));
                    }
                    self.at += 1;
                }
                _ if self.words.len() == MAX_WORDS => return Err((self.at, MasterErrorKind::TooManyWords)),
                b'"' => self.quoted()?,
                _ => self.word(),
            }
        }
    }

    fn begin_line(&mut self) {
        self.indented = matches!(self.text.get(self.at), Some(b' ' | b'\t'));
        self.comment = None;
    }

    fn word(&mut self) {
        let start = self.at;
        while let Some(&octet) = self.text.get(self.at) {
            match octet {
                b'\n' | b' ' | b'\t' | b'\r' | b';' | b'(' | b')' | b'"' => break,
                // What follows belongs to the word, but a line's end ends it all the same.
                b'\\' if self.text.get(self.at + 1).is_some_and(|&next| next != b'\n') => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.words.push(Word { start, end: self.at, quoted: false });
    }

    fn quoted(&mut self) -> Result<(), Fault> {
        let quote = self.at;
        self.at += 1;
        loop {
            match self.text.get(self.at) {
                None | Some(b'\n') => return Err((quote, MasterErrorKind::OpenQuote)),
                Some(b'"') => break,
                Some(b'\\') if self.text.get(self.at + 1).is_some_and(|&next| next != b'\n') => self.at += 2,
                Some(_) => self.at += 1,
            }
        }
        self.words.push(Word { start: quote + 1, end: self.at, quoted: true });
        self.at += 1;
        Ok(())
    }

    /// Goes on at the next line after an entry that cannot be cut.
    fn skip_line(&mut self) {
        while let Some(&octet) = self.text.get(self.at) {
            self.at += 1;
            if octet == b'\n' {
                break;
            }
        }
    }
}

/// The words of one entry, taken one by one.
struct Entry<'e> {
    text: &'e [u8],
    words: &'e [Word],
    at: usize,
    indented: bool,
}

impl<'e> Entry<'e> {
    /// The next word with its offset, left in place.
    fn peek(&self) -> Option<(&'e [u8], usize)> {
        self.words.get(self.at).map(|word| (&self.text[word.start..word.end], word.start))
    }

    /// Takes the next word, which must be unquoted and represents `what`.
    fn take(&mut self, what: &'static str) -> Result<(&'e [u8], usize), Fault> {
        let Some(word) = self.words.get(self.at) else {
            let end = self.words.last().map_or(0, |last| last.end + usize::from(last.quoted));
            return Err((end, MasterErrorKind::Missing(what)));
        };
        if word.quoted {
            return Err((word.start - 1, MasterErrorKind::Quoted(what)));
        }
        self.at += 1;
        Ok((&self.text[word.start..word.end], word.start))
    }

    /// Takes the next word and turns it into a value.
    fn parsed<T>(&mut self, what: &'static str, parse: impl Fn(&[u8]) -> Option<T>) -> Result<T, Fault> {
        let (word, at) = self.take(what)?;
        parse(word).ok_or_else(|| (at, MasterErrorKind::Field { what, text: lossy(word) }))
    }

    fn name(&mut self, what: &'static str, origin: Option<&OwnerName>) -> Result<OwnerName, Fault> {
        let (word, at) = self.take(what)?;
        let mut wire = WireName::new();
        wire.read(word, origin).map_err(|kind| (at, kind))?;
        wire.owner(word).map_err(|kind| (at, kind))
    }

    /// An SOA's name: absolute as soon as there is a dot in it.
    fn soa_name(&mut self, what: &'static str, origin: Option<&OwnerName>) -> Result<OwnerName, Fault> {
        let dotted = self.peek().is_some_and(|(word, _)| has_dot(word));
        let root = OwnerName::root();
        self.name(what, if dotted { Some(&root) } else { origin })
    }

    /// The strings of a TXT record: all words that are left.
    fn strings(&mut self) -> Result<Vec<Vec<u8>>, Fault> {
        let words = &self.words[self.at.min(self.words.len())..];
        if words.is_empty() {
            self.take("a string")?;
        }
        self.at = self.words.len();
        let mut strings = Vec::with_capacity(words.len());
        let mut octets = 0;
        for word in words {
            let string = unescaped(&self.text[word.start..word.end]).ok_or((word.start, MasterErrorKind::Escape))?;
            if string.len() > MAX_STRING_OCTETS {
                return Err((word.start, MasterErrorKind::LongString));
            }
            octets += 1 + string.len();
            if octets > MAX_DATA_OCTETS {
                return Err((word.start, MasterErrorKind::LongText));
            }
            strings.push(string);
        }
        Ok(strings)
    }

    /// Nothing may be left.
    fn finish(&self) -> Result<(), Fault> {
        match self.peek() {
            Some((word, at)) => Err((at, MasterErrorKind::Excess(lossy(word)))),
            None => Ok(()),
        }
    }
}

/// Where in the text's context the reader is.
#[derive(Default)]
struct Reading {
    /// What relative names end in now.
    origin: Option<OwnerName>,
    /// The first origin there was.
    apex: Option<OwnerName>,
    /// The owner of the previous record; none if empty.
    owner: WireName,
    /// From `$TTL`.
    default_ttl: Option<Ttl>,
    /// The last one stated.
    last_ttl: Option<Ttl>,
    /// How long the SOA wants negative answers kept.
    minimum: Option<Ttl>,
}

impl Reading {
    fn entry(
        &mut self,
        mut entry: Entry<'_>,
        comment: Option<(usize, usize)>,
        take: &mut impl FnMut(Record<'_>) -> Result<ControlFlow<()>, Fault>,
    ) -> Result<ControlFlow<()>, Fault> {
        let place = entry.words[0].start;
        if !entry.indented {
            let (word, _) = entry.take("an owner name")?;
            if word.starts_with(b"$") {
                return self.directive(word, place, &mut entry).map(ControlFlow::Continue);
            }
            self.set_owner(word).map_err(|kind| (place, kind))?;
        }
        if self.owner.octets().is_empty() {
            return Err((place, MasterErrorKind::NoOwner));
        }
        let (kind, stated) = type_and_ttl(&mut entry)?;
        let data = data(kind, &mut entry, self.origin.as_ref())?;
        entry.finish()?;
        let own = if let RecordData::Soa(soa) = &data { Some(soa.minimum.min(MAX_TTL)) } else { None };
        let given = stated.or(self.default_ttl).or(self.last_ttl).or(own).or(self.minimum);
        let ttl = given.ok_or((place, MasterErrorKind::NoTtl))?;
        self.last_ttl = stated.or(self.last_ttl);
        self.minimum = self.minimum.or(own);
        let comment = comment.map(|(from, to)| entry.text[from..to].trim_ascii());
        take(Record { owner: self.owner.octets(), ttl, data, place, comment })
    }

    fn directive(&mut self, word: &[u8], place: usize, entry: &mut Entry<'_>) -> Result<(), Fault> {
        if word.eq_ignore_ascii_case(b"$ORIGIN") {
            let origin = entry.name("the origin's name", self.origin.as_ref())?;
            self.apex.get_or_insert_with(|| origin.clone());
            self.origin = Some(origin);
        } else if word.eq_ignore_ascii_case(b"$TTL") {
            let (word, at) = entry.take("a TTL")?;
            self.default_ttl = Some(ttl(word).ok_or_else(|| (at, MasterErrorKind::BadTtl(lossy(word))))?);
        } else if word.eq_ignore_ascii_case(b"$INCLUDE") {
            return Err((place, MasterErrorKind::Include));
        } else if word.eq_ignore_ascii_case(b"$GENERATE") {
            return Err((place, MasterErrorKind::Generate));
        } else {
            return Err((place, MasterErrorKind::Directive(lossy(word))));
        }
        entry.finish()
    }

    fn set_owner(&mut self, word: &[u8]) -> Result<(), MasterErrorKind> {
        self.owner.length = 0;
        let read = self.owner.read(word, self.origin.as_ref());
        if read.is_err() {
            // Blank owners after it must not count as the one before.
            self.owner.length = 0;
        }
        read
    }
}

/// TTL and class, in either order and both optional, then the type.
fn type_and_ttl(entry: &mut Entry<'_>) -> Result<(RecordType, Option<Ttl>), Fault> {
    let mut stated = None;
    let mut classed = false;
    loop {
        let (word, at) = entry.take("the record type")?;
        if stated.is_none() && word.first().is_some_and(u8::is_ascii_digit) {
            stated = Some(ttl(word).ok_or_else(|| (at, MasterErrorKind::BadTtl(lossy(word))))?);
        } else if !classed && word.eq_ignore_ascii_case(b"IN") {
            classed = true;
        } else if !classed && [&b"CH"[..], b"HS", b"CS", b"ANY"].iter().any(|class| word.eq_ignore_ascii_case(class)) {
            return Err((at, MasterErrorKind::Class(lossy(word))));
        } else {
            // The two most frequent types need no text of their own to be known.
            let kind = match word {
                b"A" => RecordType::A,
                b"CNAME" => RecordType::CNAME,
                _ => lossy(word).parse().map_err(|_| (at, MasterErrorKind::UnknownType(lossy(word))))?,
            };
            let held = [
                RecordType::A,
                RecordType::CNAME,
                RecordType::AAAA,
                RecordType::TXT,
                RecordType::MX,
                RecordType::SRV,
                RecordType::PTR,
                RecordType::SOA,
                RecordType::NS,
            ];
            return if held.contains(&kind) {
                Ok((kind, stated))
            } else {
                Err((at, MasterErrorKind::Unsupported(kind)))
            };
        }
    }
}

fn data(kind: RecordType, entry: &mut Entry<'_>, origin: Option<&OwnerName>) -> Result<RecordData, Fault> {
    Ok(match kind {
        RecordType::A => RecordData::A(entry.parsed("an IPv4 address", parse_as::<Ipv4Addr>)?),
        RecordType::AAAA => RecordData::Aaaa(entry.parsed("an IPv6 address", parse_as::<Ipv6Addr>)?),
        RecordType::CNAME => RecordData::Cname(entry.name("the alias's target", origin)?),
        RecordType::NS => RecordData::Ns(entry.name("a name server", origin)?),
        RecordType::PTR => RecordData::Ptr(entry.name("the pointer's name", origin)?),
        RecordType::MX => RecordData::Mx {
            preference: entry.parsed("a preference from 0 to 65535", number)?,
            exchange: entry.name("the mail exchange", origin)?,
        },
        RecordType::SRV => RecordData::Srv {
            priority: entry.parsed("a priority from 0 to 65535", number)?,
            weight: entry.parsed("a weight from 0 to 65535", number)?,
            port: entry.parsed("a port from 0 to 65535", number)?,
            target: entry.name("the service's host", origin)?,
        },
        RecordType::TXT => RecordData::Txt(entry.strings()?),
        RecordType::SOA => RecordData::Soa(Soa {
            host: entry.soa_name("the primary server", origin)?,
            email: entry.soa_name("the mailbox", origin)?,
            serial: entry.parsed("a serial number", number)?,
            refresh: entry.parsed("a refresh time in seconds", seconds)?,
            retry: entry.parsed("a retry time in seconds", seconds)?,
            expire: entry.parsed("an expiry time in seconds", seconds)?,
            minimum: entry.parsed("a negative TTL in seconds", seconds)?,
        }),
        other => {
            let at = entry.words[0].start;
            return Err((at, MasterErrorKind::Unsupported(other)));
        }
    })
}

/// A name on its way from text to wire form, on the stack.
struct WireName {
    octets: [u8; MAX_NAME_OCTETS],
    length: usize,
}

impl Default for WireName {
    fn default() -> Self {
        Self { octets: [0; MAX_NAME_OCTETS], length: 0 }
    }
}

impl WireName {
    fn new() -> Self {
        Self::default()
    }

    fn octets(&self) -> &[u8] {
        &self.octets[..self.length]
    }

    fn owner(&self, word: &[u8]) -> Result<OwnerName, MasterErrorKind> {
        OwnerName::from_wire(self.octets()).map_err(|fault| MasterErrorKind::Name { text: lossy(word), fault })
    }

    fn push(&mut self, octet: u8) -> Result<(), NameError> {
        *self.octets.get_mut(self.length).ok_or(NameError::LongName)? = octet;
        self.length += 1;
        Ok(())
    }

    /// Reads a name; one without a final dot ends in `origin`.
    fn read(&mut self, word: &[u8], origin: Option<&OwnerName>) -> Result<(), MasterErrorKind> {
        let relative = match word {
            b"@" => true,
            b"." => false,
            _ => self.labels(word).map_err(|fault| MasterErrorKind::Name { text: lossy(word), fault })?,
        };
        let root = [0];
        let suffix = match origin {
            _ if !relative => &root,
            Some(origin) => origin.wire(),
            None => return Err(MasterErrorKind::NoOrigin(lossy(word))),
        };
        let end = self.length + suffix.len();
        let Some(place) = self.octets.get_mut(self.length..end) else {
            return Err(MasterErrorKind::Name { text: lossy(word), fault: NameError::LongName });
        };
        place.copy_from_slice(suffix);
        self.length = end;
        Ok(())
    }

    /// The labels that are written; true if no final dot closes the last one.
    fn labels(&mut self, word: &[u8]) -> Result<bool, NameError> {
        let mut at = 0;
        loop {
            let length_at = self.length;
            self.push(0)?;
            let dot = loop {
                let Some(&octet) = word.get(at) else { break false };
                at += 1;
                match octet {
                    b'.' => break true,
                    b'\\' => {
                        let (octet, octets) = escape(&word[at..]).ok_or(NameError::Escape)?;
                        at += octets;
                        self.push(octet.to_ascii_lowercase())?;
                    }
                    b'!'..=b'~' => self.push(octet.to_ascii_lowercase())?,
                    _ => {
                        let character = lossy(&word[at - 1..]).chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
                        return Err(NameError::Character(character));
                    }
                }
            };
            match self.length - length_at - 1 {
                0 => return Err(if word.is_empty() { NameError::Empty } else { NameError::EmptyLabel }),
                length @ 1..=MAX_LABEL_OCTETS => self.octets[length_at] = length as u8,
                _ => return Err(NameError::LongLabel(lossy(&self.octets[length_at + 1..self.length]))),
            }
            if !dot {
                return Ok(true);
            }
            if at == word.len() {
                return Ok(false);
            }
        }
    }
}

/// What follows a backslash: the octet meant, and how many octets say it.
fn escape(behind: &[u8]) -> Option<(u8, usize)> {
    match behind {
        [hundreds @ b'0'..=b'9', tens @ b'0'..=b'9', ones @ b'0'..=b'9', ..] => {
            let value = [hundreds, tens, ones].iter().fold(0u16, |value, &digit| value * 10 + u16::from(digit - b'0'));
            u8::try_from(value).ok().map(|octet| (octet, 3))
        }
        [b'0'..=b'9', ..] | [] => None,
        [octet, ..] => Some((*octet, 1)),
    }
}

fn unescaped(word: &[u8]) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(word.len());
    let mut at = 0;
    while let Some(&octet) = word.get(at) {
        at += 1;
        if octet == b'\\' {
            let (octet, length) = escape(&word[at..])?;
            at += length;
            octets.push(octet);
        } else {
            octets.push(octet);
        }
    }
    Some(octets)
}

/// True if a dot is in the name that no backslash takes its meaning from.
fn has_dot(word: &[u8]) -> bool {
    let mut octets = word.iter();
    while let Some(octet) = octets.next() {
        match octet {
            b'.' => return true,
            b'\\' => {
                octets.next();
            }
            _ => {}
        }
    }
    false
}

fn ttl(word: &[u8]) -> Option<Ttl> {
    seconds(word).filter(|&seconds| seconds <= MAX_TTL)
}

/// Seconds, plain or with units from weeks to seconds: `3600`, `1h30m`.
fn seconds(word: &[u8]) -> Option<u32> {
    let mut sum = 0u64;
    let mut value: Option<u64> = None;
    for octet in word {
        let unit = match octet {
            b'0'..=b'9' => {
                value = Some(value.unwrap_or(0).checked_mul(10)?.checked_add(u64::from(octet - b'0'))?);
                continue;
            }
            b's' | b'S' => 1,
            b'm' | b'M' => 60,
            b'h' | b'H' => 3_600,
            b'd' | b'D' => 86_400,
            b'w' | b'W' => 604_800,
            _ => return None,
        };
        sum = sum.checked_add(value.take()?.checked_mul(unit)?)?;
    }
    // Digits without a unit may be last; no digits at all is not a time.
    let sum = match value {
        Some(rest) => sum.checked_add(rest)?,
        None if word.is_empty() => return None,
        None => sum,
    };
    u32::try_from(sum).ok()
}

fn number<T: std::str::FromStr>(word: &[u8]) -> Option<T> {
    // `FromStr` would take a sign.
    if word.iter().all(u8::is_ascii_digit) { parse_as(word) } else { None }
}

fn parse_as<T: std::str::FromStr>(word: &[u8]) -> Option<T> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// A word for an error text, cut where it is long.
fn lossy(word: &[u8]) -> String {
    const LONGEST: usize = 80;
    match word.get(..LONGEST) {
        Some(start) if word.len() > LONGEST => format!("{}…", String::from_utf8_lossy(start)),
        _ => String::from_utf8_lossy(word).into_owned(),
    }
}
