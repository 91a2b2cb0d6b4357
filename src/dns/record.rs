//! Record sets: all records of one type at one owner name, with one TTL.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::OwnerName;

/// Seconds a resolver may keep a record set.
pub type Ttl = u32;

/// The number of a record type (RFC 1035, 3.2.2 and the IANA registry).
///
/// `Display` and `FromStr` use the mnemonic, and `TYPE65` for numbers without one (RFC 3597, 5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RecordType(pub u16);

macro_rules! record_types {
    ($($constant:ident = $number:literal),* $(,)?) => {
        #[allow(missing_docs, reason = "each constant is the type of its name")]
        impl RecordType {
            $(pub const $constant: Self = Self($number);)*

            /// The types that have a mnemonic here.
            const NAMED: &'static [(&'static str, Self)] = &[$((stringify!($constant), Self($number))),*];
        }
    };
}

record_types! {
    A = 1, NS = 2, CNAME = 5, SOA = 6, PTR = 12, HINFO = 13, MX = 15, TXT = 16, AAAA = 28, SRV = 33, NAPTR = 35,
    DS = 43, RRSIG = 46, NSEC = 47, DNSKEY = 48, SVCB = 64, HTTPS = 65, IXFR = 251, AXFR = 252, ANY = 255, CAA = 257,
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMED.iter().find(|(_, kind)| kind == self) {
            Some((name, _)) => f.pad(name),
            None => f.pad(&format!("TYPE{}", self.0)),
        }
    }
}

/// A text that names no record type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a supported record type; write A, AAAA, CNAME, MX, PTR, SOA, SRV, TXT or TYPE and a number")]
pub struct UnknownType(pub String);

impl FromStr for RecordType {
    type Err = UnknownType;

    fn from_str(text: &str) -> Result<Self, UnknownType> {
        let upper = text.to_ascii_uppercase();
        if let Some((_, kind)) = Self::NAMED.iter().find(|(name, _)| *name == upper) {
            return Ok(*kind);
        }
        let number = upper.strip_prefix("TYPE").and_then(|digits| digits.parse().ok());
        number.map(Self).ok_or_else(|| UnknownType(text.to_owned()))
    }
}

/// The data of one record, of the types zones here can hold.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum RecordData {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// The name this one is an alias of.
    Cname(OwnerName),
    /// A mail exchange.
    Mx {
        /// Lower is tried first.
        preference: u16,
        /// The host.
        exchange: OwnerName,
    },
    /// A name server of the zone.
    Ns(OwnerName),
    /// The name of an address.
    Ptr(OwnerName),
    /// A service's host and port (RFC 2782).
    Srv {
        /// Lower is tried first.
        priority: u16,
        /// Share among equals.
        weight: u16,
        /// Port number.
        port: u16,
        /// The host.
        target: OwnerName,
    },
    /// One or more strings of at most 255 bytes each.
    Txt(Vec<Vec<u8>>),
    /// The start of a zone of authority.
    Soa(Soa),
}

/// The data of an SOA record; all times in seconds (RFC 1035, 3.3.13; RFC 2308, 4).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Soa {
    /// Primary server.
    pub host: OwnerName,
    /// Mailbox of who is responsible, as a name.
    pub email: OwnerName,
    /// Version of the zone.
    pub serial: u32,
    /// Until a secondary looks again.
    pub refresh: u32,
    /// Until it tries again.
    pub retry: u32,
    /// Until it gives up.
    pub expire: u32,
    /// How long a negative answer may be kept.
    pub minimum: u32,
}

impl From<IpAddr> for RecordData {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::A(address),
            IpAddr::V6(address) => Self::Aaaa(address),
        }
    }
}

impl RecordData {
    /// The type of record this is the data of.
    pub fn kind(&self) -> RecordType {
        match self {
            Self::A(_) => RecordType::A,
            Self::Aaaa(_) => RecordType::AAAA,
            Self::Cname(_) => RecordType::CNAME,
            Self::Mx { .. } => RecordType::MX,
            Self::Ns(_) => RecordType::NS,
            Self::Ptr(_) => RecordType::PTR,
            Self::Srv { .. } => RecordType::SRV,
            Self::Txt(_) => RecordType::TXT,
            Self::Soa(_) => RecordType::SOA,
        }
    }
}

/// Master-file form, names with their final dot.
impl fmt::Display for RecordData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::A(address) => write!(f, "{address}"),
            Self::Aaaa(address) => write!(f, "{address}"),
            Self::Cname(name) | Self::Ns(name) | Self::Ptr(name) => write!(f, "{}", name.dotted()),
            Self::Mx { preference, exchange } => write!(f, "{preference} {}", exchange.dotted()),
            Self::Srv { priority, weight, port, target } => {
                write!(f, "{priority} {weight} {port} {}", target.dotted())
            }
            Self::Txt(strings) => {
                for (index, string) in strings.iter().enumerate() {
                    f.write_str(if index == 0 { "\"" } else { " \"" })?;
                    for &octet in string {
                        match octet {
                            b'"' | b'\\' => write!(f, "\\{}", char::from(octet))?,
                            b' '..=b'~' => write!(f, "{}", char::from(octet))?,
                            _ => write!(f, "\\{octet:03}")?,
                        }
                    }
                    f.write_str("\"")?;
                }
                Ok(())
            }
            Self::Soa(soa) => write!(
                f,
                "{} {} {} {} {} {} {}",
                soa.host.dotted(),
                soa.email.dotted(),
                soa.serial,
                soa.refresh,
                soa.retry,
                soa.expire,
                soa.minimum
            ),
        }
    }
}

/// All records of one type at one owner name, with one TTL (an RRset, RFC 2181, 5).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RecordSet {
    owner: OwnerName,
    ttl: Ttl,
    data: Vec<RecordData>,
}

impl RecordSet {
    /// A record set of several records; absent if `data` is empty or mixes types.
    pub fn new(owner: OwnerName, ttl: Ttl, data: Vec<RecordData>) -> Option<Self> {
        let kind = data.first()?.kind();
        data.iter().all(|one| one.kind() == kind).then_some(Self { owner, ttl, data })
    }

    /// A record set of one record.
    pub fn single(owner: OwnerName, ttl: Ttl, data: RecordData) -> Self {
        Self { owner, ttl, data: vec![data] }
    }

    /// The name that owns the records.
    pub fn owner(&self) -> &OwnerName {
        &self.owner
    }

    /// Seconds a resolver may keep it.
    pub fn ttl(&self) -> Ttl {
        self.ttl
    }

    /// The type all its records have.
    pub fn kind(&self) -> RecordType {
        self.data[0].kind()
    }

    /// The records' data; never empty.
    pub fn data(&self) -> &[RecordData] {
        &self.data
    }

    /// The alias target, if this is a CNAME.
    pub fn alias(&self) -> Option<&OwnerName> {
        match &self.data[0] {
            RecordData::Cname(target) => Some(target),
            _ => None,
        }
    }

    /// The IPv4 addresses in it.
    pub fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> + '_ {
        self.data.iter().filter_map(|one| match one {
            RecordData::A(address) => Some(*address),
            _ => None,
        })
    }

    /// The addresses in it, of either family.
    pub fn ip_addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.data.iter().filter_map(|one| match one {
            RecordData::A(address) => Some(IpAddr::V4(*address)),
            RecordData::Aaaa(address) => Some(IpAddr::V6(*address)),
            _ => None,
        })
    }

    /// The same records at another owner name: what a wildcard gives (RFC 4592, 2.2), or with another TTL.
    pub fn synthesized(&self, owner: OwnerName, ttl: Ttl) -> Self {
        Self { owner, ttl, data: self.data.clone() }
    }
}

/// One line a record, in `dig`'s form.
impl fmt::Display for RecordSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, data) in self.data.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}\t{}\tIN\t{}\t{data}", self.owner.dotted(), self.ttl, self.kind())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_without_a_mnemonic_are_written_by_number() {
        assert_eq!(RecordType(65534).to_string(), "TYPE65534");
        assert_eq!("type65534".parse(), Ok(RecordType(65534)));
        assert_eq!("https".parse(), Ok(RecordType::HTTPS));
        assert!("HTTP".parse::<RecordType>().is_err());
    }

    #[test]
    fn a_record_set_has_one_type() {
        let owner = OwnerName::parse("x.example").expect("a good name");
        let a = RecordData::A(Ipv4Addr::LOCALHOST);
        assert!(RecordSet::new(owner.clone(), 10, vec![]).is_none());
        assert!(RecordSet::new(owner.clone(), 10, vec![a.clone(), RecordData::Ptr(owner.clone())]).is_none());
        assert_eq!(RecordSet::single(owner, 10, a).to_string(), "x.example.\t10\tIN\tA\t127.0.0.1");
    }
}
