//! What is wrong in a master file: the kinds of errors, their places and what to do about them.

use crate::dns::{NameError, OwnerName, RecordType};

/// The most errors [`read`](super::read) reports; it stops reading there.
pub const MAX_ERRORS: usize = 20;

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
#[allow(missing_docs, reason = "the error texts describe the variants and their fields")]
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
    #[error("the record has too many fields")]
    TooManyWords,
    #[error("`$INCLUDE` is not followed: a zone is read from one text, and no other file is opened")]
    Include,
    #[error("`$GENERATE` is not part of the master file format (RFC 1035, 5.1)")]
    Generate,
    #[error("`{0}` is not a known directive")]
    Directive(String),
    #[error("the name `{0}` is relative, and there is no origin")]
    NoOrigin(String),
    #[error("the record has no owner: the line begins with a blank, and there is no record before it")]
    NoOwner,
    #[error("`{text}` is not a valid domain name: {fault}")]
    Name { text: String, fault: NameError },
    #[error("`{0}` is not a valid TTL")]
    BadTtl(String),
    #[error("the record has no TTL, and no record or `$TTL` before it sets one")]
    NoTtl,
    #[error("unsupported class `{0}`, expected IN")]
    Class(String),
    #[error("`{0}` is not a supported record type")]
    UnknownType(String),
    #[error("a private zone cannot hold {0} records")]
    Unsupported(RecordType),
    #[error("`{owner}` is delegated, and the zone `{apex}` cannot delegate names")]
    Delegation { owner: OwnerName, apex: OwnerName },
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("`{text}` is not {what}")]
    Field { what: &'static str, text: String },
    #[error("unexpected `{0}` after the end of the record")]
    Excess(String),
    #[error("a quoted string cannot be used for {0}")]
    Quoted(&'static str),
    #[error("a backslash must be followed by a character or by three digits up to 255")]
    Escape,
    #[error("the string has more than 255 bytes")]
    LongString,
    #[error("the strings of the record have more than 65,535 bytes together")]
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
            Self::Include => "replace it with the included lines",
            Self::Generate => "write the records out",
            Self::Directive(_) => {
                "only `$TTL` and `$ORIGIN` are supported; an owner name that begins with `$` is written `\\$`"
            }
            Self::NoOrigin(_) | Self::NoApex => "write `$ORIGIN` with the zone's name before the first record",
            Self::BadTtl(_) => "write seconds up to 2147483647, or units such as `1h30m`",
            Self::NoTtl => "write `$TTL 3600` before the first record",
            Self::UnknownType(_) => "a record is `owner TTL IN type data`; an owner name starts in the first column",
            Self::Unsupported(_) => "private zones hold A, AAAA, CNAME, MX, PTR, SOA, SRV and TXT",
            Self::Delegation { .. } => "remove the NS records, and keep the child zone as a separate zone",
            Self::LongString => "split it into several quoted strings",
            Self::AliasBeside(_) => "an alias is the only record of its name (RFC 1034, 3.6.2)",
            Self::Outside { .. } => "a name without a final dot is relative to `$ORIGIN`",
            Self::NoSoa => "add one at the zone's name; it sets how long clients cache a negative answer",
            _ => return None,
        })
    }
}

/// An error and the offset it is at.
pub(in crate::dns) type Fault = (usize, MasterErrorKind);

/// Where the text begins, after a byte order mark.
pub(super) fn start_of(text: &[u8]) -> usize {
    if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
}

/// Counts lines and columns.
pub(in crate::dns) fn placed(text: &[u8], mut faults: Vec<Fault>) -> Vec<MasterError> {
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
