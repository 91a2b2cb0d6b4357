//! What one reply carries, before it is bytes.

use std::borrow::Cow;
use std::fmt;

use super::RecordSet;

/// A response code with its upper bits (RFC 1035, 4.1.1; RFC 6891, 6.1.3). `Display` is `dig`'s word.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Rcode(pub u16);

#[allow(missing_docs, reason = "each constant is the code of its name")]
impl Rcode {
    pub const NOERROR: Self = Self(0);
    pub const FORMERR: Self = Self(1);
    pub const SERVFAIL: Self = Self(2);
    pub const NXDOMAIN: Self = Self(3);
    pub const NOTIMP: Self = Self(4);
    pub const REFUSED: Self = Self(5);
    pub const BADVERS: Self = Self(16);
}

impl fmt::Display for Rcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self.0 {
            0 => "NOERROR",
            1 => "FORMERR",
            2 => "SERVFAIL",
            3 => "NXDOMAIN",
            4 => "NOTIMP",
            5 => "REFUSED",
            16 => "BADVERS",
            other => return f.pad(&format!("RCODE{other}")),
        })
    }
}

/// An extended DNS error (RFC 8914): the reason, in band.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ExtendedError {
    /// The info-code, such as 0 (other), 15 (blocked), 24 (invalid data).
    pub code: u16,
    /// The extra text, UTF-8, for people.
    pub text: String,
}

/// Info-codes (RFC 8914, 4).
impl ExtendedError {
    /// An error that fits no other code (4.1).
    pub const OTHER: u16 = 0;
    /// The answer is out of date (4.4).
    pub const STALE_ANSWER: u16 = 3;
    /// The answer is not what the zones hold (4.5).
    pub const FORGED_ANSWER: u16 = 4;
    /// The operation or the type is not supported (4.22).
    pub const NOT_SUPPORTED: u16 = 21;
    /// No authority could be reached (4.23).
    pub const NO_REACHABLE_AUTHORITY: u16 = 22;
    /// The network failed while another server was asked (4.24).
    pub const NETWORK_ERROR: u16 = 23;
}

/// What one reply carries: the sections without their bytes.
///
/// The answer holds the aliases in the order a client follows them, then the record set they end at. The additional
/// section is never used but for EDNS.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply<'a> {
    /// Response code.
    pub rcode: Rcode,
    /// Answer section.
    pub answer: Vec<Cow<'a, RecordSet>>,
    /// Authority section: the SOA of the zone that says no, with its negative TTL already set.
    pub authority: Option<Cow<'a, RecordSet>>,
    /// The reason, for clients that use EDNS.
    pub extended_error: Option<ExtendedError>,
}
