//! Master files: the text form of zones (RFC 1035, 5), both ways.
//!
//! [`read`] goes once over the octets of a file and gathers its records into record sets; [`write()`] prints record sets so
//! that [`read`] gives them back. Nothing else is touched: no other file, no clock, no log.
//!
//! The reader is our own because hickory-proto's opens the files that `$INCLUDE` names, says nothing about where in the
//! text an error is, and is slow where a million records are loaded. Ours holds offsets only; line and column of an error
//! are counted when there is one.
//!
//! What it takes: `$TTL` and `$ORIGIN`, comments, parentheses, a blank owner for the previous one, `@`, quoted strings,
//! `\.` and `\DDD`, TTL and class in either order or left out, TTLs with units (`1h30m`), CRLF, a byte order mark and a
//! last line without an end. The types are those of [`RecordData`]. [`read`] leaves name
//! servers at the apex out: every valid master file has them, and no private zone can. A delegation below the apex is an
//! error.
//!
//! Files that `az network private-dns zone export` writes are read as they are: its SOA names may lack the final dot, so
//! an SOA name that has a dot anywhere is taken as absolute.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::ControlFlow;

use super::gather::{Gathered, NameServers, gather};
use super::name::{MAX_LABEL_OCTETS, MAX_NAME_OCTETS};
use super::{NameError, OwnerName, RecordData, RecordSet, RecordType, Soa, Ttl};

/// The most errors [`read`] reports; it stops reading there.
pub const MAX_ERRORS: usize = 20;
/// The longest TTL (RFC 2181, 8).
pub const MAX_TTL: Ttl = i32::MAX as Ttl;
/// The most octets the data of one record can have on the wire.
const MAX_DATA_OCTETS: usize = 65_535;
/// The most words one record can have: a TXT record of empty strings, with what stands before it.
const MAX_WORDS: usize = MAX_DATA_OCTETS + 4;
/// The most octets one string of a TXT record can have.
const MAX_STRING_OCTETS: usize = 255;

/// A zone as a master file describes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParsedZone {
    /// The owner of the SOA; without one the origin that was given, else the first `$ORIGIN`.
    pub apex: OwnerName,
    /// The SOA first if there is one, then in order of first appearance. A set has the TTL of its first record.
    pub sets: Vec<RecordSet>,
    /// How many name server records at the apex were left out.
    pub skipped: usize,
}

/// What is wrong in a master file, and where.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}, column {column}: {kind}")]
pub struct MasterError {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub kind: MasterErrorKind,
}

/// What can be wrong in a master file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the texts say what the variants and their fields are")]
pub enum MasterErrorKind {
    #[error("the text is UTF-16, not UTF-8")]
    Utf16,
    #[error("the quoted string does not end on its line")]
    OpenQuote,
    #[error("the parenthesis is never closed")]
    OpenParenthesis,
    #[error("a parenthesis within parentheses")]
    NestedParenthesis,
    #[error("a closing parenthesis without an opening one")]
    StrayParenthesis,
    #[error("the record has too many words")]
    TooManyWords,
    #[error("`$INCLUDE` is not followed: a zone is read from one text, and no other file is opened")]
    Include,
    #[error("`$GENERATE` is not part of the master file format (RFC 1035, 5.1)")]
    Generate,
    #[error("`{0}` is no directive")]
    Directive(String),
    #[error("the name `{0}` is relative, and there is no origin")]
    NoOrigin(String),
    #[error("the record has no owner: the line begins with a blank, and no record stands before it")]
    NoOwner,
    #[error("`{text}` is no name: {fault}")]
    Name { text: String, fault: NameError },
    #[error("`{0}` is no TTL")]
    BadTtl(String),
    #[error("the record has no TTL, and nothing before it gives one")]
    NoTtl,
    #[error("the class `{0}` is not IN")]
    Class(String),
    #[error("`{0}` is no record type")]
    UnknownType(String),
    #[error("a private zone cannot hold {0} records")]
    Unsupported(RecordType),
    #[error("`{owner}` is delegated, and the zone `{apex}` cannot delegate names")]
    Delegation { owner: OwnerName, apex: OwnerName },
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("`{text}` is not {what}")]
    Field { what: &'static str, text: String },
    #[error("`{0}` is more than the record needs")]
    Excess(String),
    #[error("a quoted string cannot stand for {0}")]
    Quoted(&'static str),
    #[error("a backslash must be followed by a character or by three digits up to 255")]
    Escape,
    #[error("the string has more than 255 octets")]
    LongString,
    #[error("the strings of the record have more than 65,535 octets together")]
    LongText,
    #[error("a second SOA record")]
    SecondSoa,
    #[error("`{0}` is an alias and has another record as well")]
    AliasBeside(OwnerName),
    #[error("`{owner}` is not within the zone `{apex}`")]
    Outside { owner: OwnerName, apex: OwnerName },
    #[error("the zone has no name: there is no SOA record and no origin")]
    NoApex,
    #[error("the zone has no SOA record")]
    NoSoa,
    #[error("the zone is larger than four GiB")]
    TooLarge,
}

impl MasterErrorKind {
    /// What to do about it; absent where the error itself says it.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Utf16 => "save it as UTF-8; Windows PowerShell's `>` writes UTF-16",
            Self::OpenQuote => "a quote within a string is written `\\\"`",
            Self::Include => "put the included lines in its place",
            Self::Generate => "write the records out",
            Self::Directive(_) => "there are `$TTL` and `$ORIGIN`; an owner name that begins with `$` is written `\\$`",
            Self::NoOrigin(_) | Self::NoApex => "write `$ORIGIN` with the zone's name before the first record",
            Self::BadTtl(_) => "write seconds up to 2147483647, or units such as `1h30m`",
            Self::NoTtl => "write `$TTL 3600` before the first record",
            Self::UnknownType(_) => {
                "a record is `owner TTL IN type data`; an owner stands at the very start of its line"
            }
            Self::Unsupported(_) => "private zones hold A, AAAA, CNAME, MX, PTR, SOA, SRV and TXT",
            Self::Delegation { .. } => "leave the NS records out, and keep the child zone as a zone of its own",
            Self::LongString => "split it into several quoted strings",
            Self::AliasBeside(_) => "an alias is the only record of its name (RFC 1034, 3.6.2)",
            Self::Outside { .. } => "a name without a final dot is relative to `$ORIGIN`",
            Self::NoSoa => "write one at the zone's name; it says how long a missing name stays missing",
            _ => return None,
        })
    }
}

/// Reads a zone. `origin` is what relative names end in until the text says `$ORIGIN`.
///
/// # Errors
/// All errors of the text in its order, at most [`MAX_ERRORS`].
pub fn read(text: &[u8], origin: Option<&OwnerName>) -> Result<ParsedZone, Vec<MasterError>> {
    read_with_remarks(text, origin, |_, _| {})
}

/// [`read`], which also hands each record's owner and the last comment of its entry (without the semicolon and
/// trimmed) to `remark`.
///
/// # Errors
/// As [`read`].
pub fn read_with_remarks(
    text: &[u8],
    origin: Option<&OwnerName>,
    mut remark: impl FnMut(&OwnerName, &[u8]),
) -> Result<ParsedZone, Vec<MasterError>> {
    let gathered = gather(text, origin, NameServers::LeaveOut, &mut |record| {
        if let Some(comment) = record.comment {
            let owner = OwnerName::from_wire(record.owner).expect("the reader hands on names only");
            remark(&owner, comment);
        }
    })?;
    let Gathered { zone, has_soa, left_out } = gathered;
    let mut sets: Vec<(u32, RecordSet)> = Vec::new();
    for (owner, entry) in zone.entries() {
        sets.extend(entry.sets().map(|set| (set.origin, set.at(&owner))));
    }
    // A set's origin is the line of its first record, and no line has two.
    sets.sort_unstable_by_key(|(line, _)| *line);
    let soa = has_soa.then(|| zone.soa().clone());
    let sets = soa.into_iter().chain(sets.into_iter().map(|(_, set)| set)).collect();
    Ok(ParsedZone { apex: zone.apex().clone(), sets, skipped: left_out })
}

/// One record as it stands in the text.
pub(super) struct Record<'t> {
    /// Its owner in wire form, lower-case.
    pub(super) owner: &'t [u8],
    pub(super) ttl: Ttl,
    pub(super) data: RecordData,
    /// Its offset in the text, for faults.
    pub(super) place: usize,
    /// The last comment of its entry, without the semicolon and trimmed.
    pub(super) comment: Option<&'t [u8]>,
}

/// What a text says besides its records.
pub(super) struct Frame {
    /// The first origin there was.
    pub(super) apex: Option<OwnerName>,
}

/// Hands the records of a text to `take` one by one, in order, until it breaks off. What is wrong goes to `faults`, of
/// which there are then at most [`MAX_ERRORS`] more. Absent where the text cannot be read at all.
pub(super) fn visit(
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

/// Where the text begins, behind a byte order mark.
fn start_of(text: &[u8]) -> usize {
    if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
}

/// Prints a zone: `$ORIGIN`, then one line a record, owners relative to `apex`, each with its own TTL.
///
/// [`read`] gives back the same record sets if the SOA, if any, is the first and at the apex, all owners are within
/// `apex`, and no TTL is above [`MAX_TTL`].
pub fn write(apex: &OwnerName, sets: &[RecordSet]) -> String {
    let mut text = format!("$ORIGIN {}\n", apex.dotted());
    for set in sets {
        let owner = set.owner().relative_to(apex).unwrap_or_else(|| set.owner().dotted().to_string());
        for data in set.data() {
            writeln!(text, "{owner} {} IN {} {data}", set.ttl(), set.kind()).expect("a String takes any text");
        }
    }
    text
}

/// An error and the offset it is at.
pub(super) type Fault = (usize, MasterErrorKind);

/// Where a word of an entry stands; the quotes of a quoted one are left out.
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
                // Whatever follows belongs to the word, but a line's end ends it all the same.
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

    /// Takes the next word, which must be unquoted and stands for `what`.
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
            // Blank owners behind it must not count as the one before.
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

/// True if a dot stands in the name that no backslash takes its meaning from.
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
    // Digits without a unit may stand last; no digits at all is no time.
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

/// Counts lines and columns.
pub(super) fn placed(text: &[u8], mut faults: Vec<Fault>) -> Vec<MasterError> {
    let start = start_of(text);
    faults.sort_by_key(|(at, _)| *at);
    faults.truncate(MAX_ERRORS);
    let (mut line, mut line_start, mut counted) = (1, start, start);
    let place = |(at, kind): Fault| {
        let at = at.clamp(start, text.len());
        for (offset, octet) in text[counted..at].iter().enumerate() {
            if *octet == b'\n' {
                line += 1;
                line_start = counted + offset + 1;
            }
        }
        counted = at;
        // Octets that continue a UTF-8 character are no column of their own.
        let column = 1 + text[line_start..at].iter().filter(|&&octet| octet & 0xc0 != 0x80).count();
        MasterError { line, column, kind }
    };
    faults.into_iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> OwnerName {
        OwnerName::parse(text).expect("a good name")
    }

    fn read_text(text: &str) -> ParsedZone {
        read(text.as_bytes(), None).unwrap_or_else(|errors| panic!("{errors:?}"))
    }

    fn lines(zone: &ParsedZone) -> Vec<String> {
        zone.sets.iter().map(|set| set.to_string().replace('\t', " ")).collect()
    }

    fn errors(text: &str) -> Vec<String> {
        let errors = read(text.as_bytes(), Some(&name("x.example"))).expect_err("the text has errors");
        errors.iter().map(ToString::to_string).collect()
    }

    const HEAD: &str = "$TTL 1h\n$ORIGIN x.example.\n@ IN SOA ns host 1 2 3 4 5\n";

    #[test]
    fn all_types_and_ways_to_write_them_are_read() {
        let zone = read_text(
            "\u{feff}; a comment\r\n\
             $TTL 1h30m ; default\r\n\
             $ORIGIN x.example.\r\n\
             \x20   \r\n\
             a 10 IN A 192.0.2.1\r\n\
             \tIN 20 A 192.0.2.2\r\n\
             @ IN SOA ns.y.example host ( ; opens\r\n\
               1 ; serial\r\n\
               1h 5m 4w ; times\r\n\
               10 )\r\n\
             @ NS ns.y.example.\r\n\
             $ORIGIN sub\r\n\
             A.B AAAA 2001:db8::1\r\n\
             c 1d CNAME @\r\n\
             m MX 10 mail.y.example.\r\n\
             _s._tcp SRV 1 2 443 a.b\r\n\
             \\046\\; IN TYPE12 \\@.y.example.\r\n\
             t TXT plain \"with ; and \\\" and \\233\" \"\"\r\n\
             a.x.example. 99 a 192.0.2.3",
        );
        assert_eq!(zone.apex, name("x.example"));
        assert_eq!(zone.skipped, 1);
        assert_eq!(
            lines(&zone),
            [
                "x.example. 5400 IN SOA ns.y.example. host.x.example. 1 3600 300 2419200 10",
                "a.x.example. 10 IN A 192.0.2.1\na.x.example. 10 IN A 192.0.2.2\na.x.example. 10 IN A 192.0.2.3",
                "a.b.sub.x.example. 5400 IN AAAA 2001:db8::1",
                "c.sub.x.example. 86400 IN CNAME sub.x.example.",
                "m.sub.x.example. 5400 IN MX 10 mail.y.example.",
                "_s._tcp.sub.x.example. 5400 IN SRV 1 2 443 a.b.sub.x.example.",
                "\\.\\;.sub.x.example. 5400 IN PTR \\@.y.example.",
                "t.sub.x.example. 5400 IN TXT \"plain\" \"with ; and \\\" and \\233\" \"\"",
            ]
        );
    }

    #[test]
    fn a_zone_without_an_soa_has_the_origin_as_its_apex() {
        let text = "$ORIGIN x.example.\n$ORIGIN y\na 1 A 192.0.2.1\n";
        assert_eq!(read_text(text).apex, name("x.example"));
        let zone = read(b"a 1 A 192.0.2.1", Some(&name("z.example"))).expect("a good zone");
        assert_eq!(zone.apex, name("z.example"));
        assert_eq!(lines(&zone), ["a.z.example. 1 IN A 192.0.2.1"]);
        assert_eq!(read(b"", None).expect_err("no name")[0].kind, MasterErrorKind::NoApex);
    }

    #[test]
    fn ttls_come_from_the_record_the_default_the_last_one_and_the_soa_in_this_order() {
        let zone = read_text(
            "x.example. SOA a. b. 1 2 3 4 7\na.x.example. A 192.0.2.1\nb.x.example. 9 A 192.0.2.1\nc.x.example. A 192.0.2.1\n$TTL 4\nd.x.example. A 192.0.2.1",
        );
        assert_eq!(zone.sets.iter().map(RecordSet::ttl).collect::<Vec<_>>(), [7, 7, 9, 9, 4]);
    }

    #[test]
    fn a_record_written_twice_counts_once() {
        let zone = read_text(&format!("{HEAD}a A 192.0.2.1\na A 192.0.2.1\nc CNAME a\nc CNAME a\n"));
        assert_eq!(zone.sets[1].data().len(), 1);
        assert_eq!(zone.sets[2].data().len(), 1);
    }

    #[test]
    fn remarks_are_the_comments_behind_records() {
        let mut remarks = Vec::new();
        let text =
            format!("{HEAD}; over it\n\na A 192.0.2.1 ; inferred \r\n$TTL 5 ; not this\nb A ( ; opens\n 192.0.2.2 )\n");
        read_with_remarks(text.as_bytes(), None, |owner, remark| {
            remarks.push(format!("{owner}: {}", String::from_utf8_lossy(remark)));
        })
        .expect("a good zone");
        assert_eq!(remarks, ["a.x.example: inferred", "b.x.example: opens"]);
    }

    #[test]
    fn every_error_names_its_place_and_reading_goes_on() {
        let text = "$TTL 5x\n\
                    $INCLUDE /etc/passwd\n\
                    $GENERATE 1-9 a$ A 192.0.2.$\n\
                    $TIME 5\n\
                    a 1 A 192.0.2.256\n\
                    é..b 1 A 192.0.2.1\n\
                    \x20 1 A 192.0.2.1\n\
                    b 1 CH A 192.0.2.1\n\
                    b 1 WKS x\n\
                    b 1 CAA 0 issue x\n\
                    b 1 A\n\
                    é 1 A 192.0.2.1\n\
                    b 1 A 192.0.2.1 192.0.2.2\n\
                    b 1 MX +1 m\n\
                    b 1 TXT \"é\" \"open\n\
                    b 1 A )\n\
                    b A 192.0.2.1\n\
                    c 1 A (( 192.0.2.1\n\
                    d 4294967296 A 192.0.2.1\n";
        assert_eq!(
            errors(text),
            [
                "line 1, column 6: `5x` is no TTL",
                "line 2, column 1: `$INCLUDE` is not followed: a zone is read from one text, and no other file is opened",
                "line 3, column 1: `$GENERATE` is not part of the master file format (RFC 1035, 5.1)",
                "line 4, column 1: `$TIME` is no directive",
                "line 5, column 7: `192.0.2.256` is not an IPv4 address",
                "line 6, column 1: `é..b` is no name: `é` cannot stand in a name",
                "line 7, column 3: the record has no owner: the line begins with a blank, and no record stands before it",
                "line 8, column 5: the class `CH` is not IN",
                "line 9, column 5: `WKS` is no record type",
                "line 10, column 5: a private zone cannot hold CAA records",
                "line 11, column 6: an IPv4 address is missing",
                "line 12, column 1: `é` is no name: `é` cannot stand in a name",
                "line 13, column 17: `192.0.2.2` is more than the record needs",
                "line 14, column 8: `+1` is not a preference from 0 to 65535",
                "line 15, column 13: the quoted string does not end on its line",
                "line 16, column 7: a closing parenthesis without an opening one",
                "line 17, column 1: the record has no TTL, and nothing before it gives one",
                "line 18, column 8: a parenthesis within parentheses",
                "line 19, column 3: `4294967296` is no TTL",
            ]
        );
    }

    #[test]
    fn rules_of_the_whole_zone_are_kept() {
        let text = format!(
            "{HEAD}sub NS ns\n\
                    c CNAME a\n\
                    c A 192.0.2.1\n\
                    a A 192.0.2.1\n\
                    a CNAME c\n\
                    d CNAME a\n\
                    d CNAME c\n\
                    y.example. A 192.0.2.1\n\
                    @ SOA ns host 1 2 3 4 5\n\
                    t TXT {}\n\
                    \"q\" A 192.0.2.1\n\
                    e A (\n",
            "x".repeat(256)
        );
        assert_eq!(
            errors(&text),
            [
                "line 4, column 1: `sub.x.example` is delegated, and the zone `x.example` cannot delegate names",
                "line 6, column 1: `c.x.example` is an alias and has another record as well",
                "line 8, column 1: `a.x.example` is an alias and has another record as well",
                "line 10, column 1: `d.x.example` is an alias and has another record as well",
                "line 11, column 1: `y.example` is not within the zone `x.example`",
                "line 12, column 1: a second SOA record",
                "line 13, column 7: the string has more than 255 octets",
                "line 14, column 1: a quoted string cannot stand for an owner name",
                "line 15, column 5: the parenthesis is never closed",
            ]
        );
    }

    #[test]
    fn hostile_texts_are_bounded_errors() {
        assert_eq!(errors(&"(".repeat(1 << 20)).len(), 1);
        assert_eq!(errors(&"(\n(\n".repeat(1 << 10)).len(), MAX_ERRORS);
        assert_eq!(errors(&"a 1 A nowhere\n".repeat(1 << 12)).len(), MAX_ERRORS);
        assert!(errors(&format!("a 1 TXT {}", "x ".repeat(1 << 17)))[0].ends_with("too many words"));
        assert!(errors(&format!("a 1 TXT {}", "xx ".repeat(1 << 15)))[0].ends_with("65,535 octets together"));
        let utf16: Vec<u8> = "\u{feff}$TTL 1".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&utf16, None).expect_err("UTF-16")[0].kind, MasterErrorKind::Utf16);
    }

    #[test]
    fn zone_files_exported_by_the_azure_command_line_are_read() {
        let monitor = include_bytes!("../../integration/azure-examples/privatelink.monitor.azure.com.zone");
        let zone = read(monitor, None).expect("a good zone");
        assert_eq!(zone.apex, name("privatelink.monitor.azure.com"));
        assert_eq!(zone.sets.len(), 13);
        assert_eq!(
            lines(&zone)[..2],
            [
                // Written without their final dots.
                "privatelink.monitor.azure.com. 3600 IN SOA azureprivatedns.net. azureprivatedns-host.microsoft.com. \
                 1 3600 300 2419200 10",
                "eastus-8.in.ai.privatelink.monitor.azure.com. 10 IN A 10.20.1.7",
            ]
        );
        let others: [(&str, &[u8], &str); 4] = [
            (
                "privatelink.agentsvc.azure-automation.net",
                include_bytes!("../../integration/azure-examples/privatelink.agentsvc.azure-automation.net.zone"),
                "10.20.1.6",
            ),
            (
                "privatelink.blob.core.windows.net",
                include_bytes!("../../integration/azure-examples/privatelink.blob.core.windows.net.zone"),
                "10.20.1.15",
            ),
            (
                "privatelink.ods.opinsights.azure.com",
                include_bytes!("../../integration/azure-examples/privatelink.ods.opinsights.azure.com.zone"),
                "10.20.1.5",
            ),
            (
                "privatelink.oms.opinsights.azure.com",
                include_bytes!("../../integration/azure-examples/privatelink.oms.opinsights.azure.com.zone"),
                "10.20.1.4",
            ),
        ];
        for (apex, text, address) in others {
            let zone = read(text, None).expect("a good zone");
            assert_eq!(zone.apex, name(apex));
            assert_eq!(
                zone.sets.iter().flat_map(RecordSet::addresses).map(|a| a.to_string()).collect::<Vec<_>>(),
                [address]
            );
        }
    }

    fn any_name(under: OwnerName) -> impl Strategy<Value = OwnerName> {
        // Labels of any octets, so that escapes are met too.
        vec(vec(any::<u8>(), 1..12), 0..5).prop_map(move |labels| {
            let mut wire: Vec<u8> = Vec::new();
            for label in labels {
                wire.push(label.len() as u8);
                wire.extend(label);
            }
            wire.extend(under.wire());
            OwnerName::from_wire(&wire).expect("few and short labels")
        })
    }

    fn any_data() -> impl Strategy<Value = Vec<RecordData>> {
        let target = || any_name(OwnerName::root());
        prop_oneof![
            vec(any::<Ipv4Addr>().prop_map(RecordData::A), 1..4),
            vec(any::<Ipv6Addr>().prop_map(RecordData::Aaaa), 1..4),
            target().prop_map(|name| vec![RecordData::Cname(name)]),
            vec(target().prop_map(RecordData::Ptr), 1..4),
            vec(
                (any::<u16>(), target()).prop_map(|(preference, exchange)| RecordData::Mx { preference, exchange }),
                1..4
            ),
            vec(
                (any::<u16>(), any::<u16>(), any::<u16>(), target())
                    .prop_map(|(priority, weight, port, target)| RecordData::Srv { priority, weight, port, target }),
                1..4
            ),
            vec(vec(vec(any::<u8>(), 0..40), 1..4).prop_map(RecordData::Txt), 1..4),
        ]
    }

    fn any_soa() -> impl Strategy<Value = RecordData> {
        (any_name(OwnerName::root()), any_name(OwnerName::root()), any::<[u32; 5]>()).prop_map(
            |(host, email, [serial, refresh, retry, expire, minimum])| {
                RecordData::Soa(Soa { host, email, serial, refresh, retry, expire, minimum })
            },
        )
    }

    prop_compose! {
        fn any_zone()(apex in any_name(name("example")))(
            soa in proptest::option::of((0..=MAX_TTL, any_soa())),
            sets in vec((any_name(apex.clone()), 0..=MAX_TTL, any_data()), 0..12),
            apex in Just(apex),
        ) -> (OwnerName, Vec<RecordSet>) {
            let mut kept: Vec<RecordSet> =
                soa.into_iter().map(|(ttl, soa)| RecordSet::single(apex.clone(), ttl, soa)).collect();
            for (owner, ttl, mut data) in sets {
                let mut seen = std::collections::HashSet::new();
                data.retain(|one| seen.insert(one.clone()));
                let set = RecordSet::new(owner, ttl, data).expect("one type");
                // No two sets of one owner and type, no alias beside another set.
                let clash = |other: &RecordSet| {
                    other.owner() == set.owner()
                        && (other.kind() == set.kind() || other.alias().is_some() || set.alias().is_some())
                };
                if !kept.iter().any(clash) {
                    kept.push(set);
                }
            }
            (apex, kept)
        }
    }

    proptest! {
        #[test]
        fn reading_what_was_written_gives_the_same_sets((apex, sets) in any_zone()) {
            let zone = read(write(&apex, &sets).as_bytes(), None);
            prop_assert_eq!(zone, Ok(ParsedZone { apex, sets, skipped: 0 }));
        }

        #[test]
        fn no_octets_make_the_reader_panic(text in vec(any::<u8>(), 0..300)) {
            let _ = read(&text, None);
        }

        #[test]
        fn no_words_make_the_reader_panic(
            words in vec(proptest::sample::select(&[
                "\n", " ", "@", "(", ")", "\"", "\\", ";", "$ORIGIN", "$TTL", "1h", "IN", "SOA", "TXT", "A", "MX", "NS",
                "a.", "x", "1.2.3.4", "\\25", "..", "\r\n", "TYPE65",
            ][..]), 0..60),
        ) {
            let text = words.join(" ").replace("\n ", "\n");
            if let Err(errors) = read(text.as_bytes(), None) {
                prop_assert!(!errors.is_empty() && errors.len() <= MAX_ERRORS);
                prop_assert!(errors.is_sorted_by_key(|error| (error.line, error.column)));
            }
        }
    }
}
