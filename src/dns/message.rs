//! A view on the bytes of a query.
//!
//! [`Query::parse`] looks at a packet without copying it and without allocating. What comes out is either a [`Query`] that
//! can be answered, or a [`Refusal`]: silence, or a reply that carries nothing but a response code. The rules are those of
//! RFC 8906: a client that sends something unusual gets a well-formed reply, never silence and never an answer to another question.
//!
//! Parsing always ends after one pass over the bytes: compression pointers are stepped over, never followed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::name::MAX_NAME_OCTETS;
use super::{Rcode, RecordType};

/// Octets of a message's header (RFC 1035, 4.1.1).
pub const HEADER_OCTETS: usize = 12;

/// The number of the OPT pseudo-record's type (RFC 6891, 6.1.1).
pub(super) const OPT: u16 = 41;
/// The number of the client subnet option (RFC 7871, 6).
pub(super) const CLIENT_SUBNET: u16 = 8;

/// The number of the cookie option (RFC 7873, 4).
pub(super) const COOKIE: u16 = 10;

/// The number of a class (RFC 1035, 3.2.4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Class(pub u16);

impl Class {
    /// The Internet.
    pub const IN: Self = Self(1);
    /// CHAOS, in which servers answer about themselves.
    pub const CH: Self = Self(3);
    /// Any class.
    pub const ANY: Self = Self(255);
}

/// What a reply repeats of the message it replies to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Echo<'p> {
    /// The message's id.
    pub id: u16,
    /// Its opcode, 0 to 15.
    pub opcode: u8,
    /// Its RD bit.
    pub recursion_desired: bool,
    /// Its CD bit.
    pub checking_disabled: bool,
    /// The question as received, name, type and class; empty if there is not exactly one that can be read.
    pub question: &'p [u8],
    /// Its OPT record; absent where it had none, and replies then have none either.
    pub edns: Option<Edns<'p>>,
}

/// A query that can be answered: opcode QUERY, one question, well-formed to its last octet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Query<'p> {
    /// What the reply repeats.
    pub echo: Echo<'p>,
    /// The name asked for: wire form, spelled as received.
    pub name: &'p [u8],
    /// The type asked for.
    pub kind: RecordType,
    /// The class asked in.
    pub class: Class,
}

/// What an OPT record says (RFC 6891, 6.1.3). Options and flags that mean nothing here are left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Edns<'p> {
    /// Version; only 0 is known.
    pub version: u8,
    /// The largest UDP reply the sender can take, in octets, as it was said: values below 512 count as 512.
    pub udp_size: u16,
    /// The DO bit.
    pub dnssec_ok: bool,
    /// The client subnet option; absent where there is none.
    pub client_subnet: Option<SubnetOption>,
    /// The data of the first cookie option, of a length cookies have (RFC 7873, 4); absent where there is none.
    pub cookie: Option<&'p [u8]>,
}

/// A client subnet option. Use it only if the sender is trusted with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SubnetOption {
    /// One that can be used.
    Good(ClientSubnet),
    /// One that breaks a rule of RFC 7871, 6: FORMERR from a server that uses the option.
    Malformed,
}

/// The network of the client a query is asked for (RFC 7871, 6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientSubnet {
    /// Address family as received: 1 is IPv4, 2 is IPv6; 0 goes with an empty address.
    pub family: u16,
    /// How many leading bits of the address are reported.
    pub source_length: u8,
    /// The address, further bits zero; absent for a source length of 0, which asks not to be placed by address.
    pub address: Option<IpAddr>,
}

impl ClientSubnet {
    /// The address as it is in the option: just the octets the source length needs.
    pub fn octets(&self) -> ([u8; 16], usize) {
        let mut octets = [0; 16];
        match self.address {
            Some(IpAddr::V4(address)) => octets[..4].copy_from_slice(&address.octets()),
            Some(IpAddr::V6(address)) => octets = address.octets(),
            None => {}
        }
        (octets, usize::from(self.source_length).div_ceil(8))
    }
}

/// Why a packet is not answered with data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal<'p> {
    /// Nothing is sent. *When*: the packet is shorter than a header, or is itself a reply; answering replies makes two
    /// servers talk to each other forever.
    Drop,
    /// Nothing but this code is sent.
    Reply(Echo<'p>, Rcode),
}

impl<'p> Echo<'p> {
    /// The name and the class of the question; absent where there is none.
    pub fn asked(&self) -> Option<(&'p [u8], Class)> {
        let (rest, class) = self.question.split_last_chunk::<2>()?;
        Some((rest.split_last_chunk::<2>()?.0, Class(u16::from_be_bytes(*class))))
    }
}

/// An [`Echo`] that owns its bytes, for replies that take longer than their query is kept.
#[derive(Clone, Debug)]
pub struct OwnedEcho {
    id: u16,
    opcode: u8,
    recursion_desired: bool,
    checking_disabled: bool,
    question: Box<[u8]>,
    edns: Option<Edns<'static>>,
    cookie: Option<Box<[u8]>>,
}

impl Echo<'_> {
    /// The same, with bytes of its own.
    pub fn to_owned(&self) -> OwnedEcho {
        let Self { id, opcode, recursion_desired, checking_disabled, question, edns } = *self;
        OwnedEcho {
            id,
            opcode,
            recursion_desired,
            checking_disabled,
            question: question.into(),
            edns: edns.map(|edns| Edns { cookie: None, ..edns }),
            cookie: edns.and_then(|edns| edns.cookie).map(Box::from),
        }
    }
}

impl OwnedEcho {
    /// What a reply repeats.
    pub fn as_echo(&self) -> Echo<'_> {
        let Self { id, opcode, recursion_desired, checking_disabled, ref question, edns, ref cookie } = *self;
        let edns = edns.map(|edns| Edns { cookie: cookie.as_deref(), ..edns });
        Echo { id, opcode, recursion_desired, checking_disabled, question, edns }
    }
}

impl<'p> Query<'p> {
    /// Looks at a packet.
    ///
    /// # Errors
    /// - [`Refusal::Drop`] for what is shorter than a header and for replies;
    /// - NOTIMP for every opcode but QUERY, regardless of what follows the header;
    /// - FORMERR unless there is exactly one question and every record can be stepped over with nothing left after them;
    ///   for compression in the question's name; for an OPT record that is not the only one, not in the additional
    ///   section or not owned by the root;
    /// - BADVERS for an EDNS version above 0.
    pub fn parse(packet: &'p [u8]) -> Result<Self, Refusal<'p>> {
        let Some((header, _)) = packet.split_first_chunk::<HEADER_OCTETS>() else { return Err(Refusal::Drop) };
        if header[2] & 0x80 != 0 {
            return Err(Refusal::Drop);
        }
        let mut echo = Echo {
            id: u16::from_be_bytes([header[0], header[1]]),
            opcode: (header[2] >> 3) & 0x0f,
            recursion_desired: header[2] & 0x01 != 0,
            checking_disabled: header[3] & 0x10 != 0,
            question: &[],
            edns: None,
        };
        let scanned = scan(packet, header, &mut echo);
        if echo.opcode != 0 {
            return Err(Refusal::Reply(echo, Rcode::NOTIMP));
        }
        let Some(query) = scanned else { return Err(Refusal::Reply(echo, Rcode::FORMERR)) };
        if echo.edns.is_some_and(|edns| edns.version > 0) {
            return Err(Refusal::Reply(echo, Rcode::BADVERS));
        }
        Ok(Self { echo, ..query })
    }

    /// The name in lower case, put into `buffer`: the key of a look-up.
    pub fn lowered<'b>(&self, buffer: &'b mut [u8; MAX_NAME_OCTETS]) -> &'b [u8] {
        let lowered = &mut buffer[..self.name.len()];
        lowered.copy_from_slice(self.name);
        // A length octet is below 64 and so never an upper-case letter: the whole wire form can be lowered at once.
        lowered.make_ascii_lowercase();
        lowered
    }
}

/// Steps over the whole packet and notes in `echo` what can be read of it. Absent where the packet is malformed.
fn scan<'p>(packet: &'p [u8], header: &[u8; HEADER_OCTETS], echo: &mut Echo<'p>) -> Option<Query<'p>> {
    let count = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let mut rest = Reader { packet, at: HEADER_OCTETS };
    let mut only = None;
    for _ in 0..count(4) {
        let start = rest.at;
        let name = rest.plain_name()?;
        let kind = RecordType(rest.number()?);
        let class = Class(rest.number()?);
        only = Some((&packet[start..rest.at], name, kind, class));
    }
    if count(4) == 1 {
        echo.question = only?.0;
    }
    for _ in 0..u32::from(count(6)) + u32::from(count(8)) {
        if rest.record()?.kind == OPT {
            return None;
        }
    }
    let mut edns = None;
    for _ in 0..count(10) {
        let record = rest.record()?;
        if record.kind == OPT {
            if !record.owned_by_root || edns.is_some() {
                return None;
            }
            edns = Some(record.edns()?);
            echo.edns = edns;
        }
    }
    if rest.at != packet.len() || echo.question.is_empty() {
        return None;
    }
    let (_, name, kind, class) = only?;
    Some(Query { echo: *echo, name, kind, class })
}

/// Where the length of the OPT record's data is in a message of one question, if that record is the last.
pub(super) fn opt_length_at(message: &[u8]) -> Option<usize> {
    let header = message.first_chunk::<HEADER_OCTETS>()?;
    let count = |at: usize| u32::from(u16::from_be_bytes([header[at], header[at + 1]]));
    let mut rest = Reader { packet: message, at: HEADER_OCTETS };
    for _ in 0..count(4) {
        rest.any_name()?;
        rest.take(4)?;
    }
    for _ in 1..count(6) + count(8) + count(10) {
        rest.record()?;
    }
    let start = rest.at;
    let last = rest.record()?;
    (last.kind == OPT && last.owned_by_root && rest.at == message.len()).then_some(start + 9)
}

/// A place in a packet. Each step is absent where the packet ends too early.
struct Reader<'p> {
    packet: &'p [u8],
    at: usize,
}

struct Record<'p> {
    owned_by_root: bool,
    kind: u16,
    class: u16,
    ttl: [u8; 4],
    data: &'p [u8],
}

impl<'p> Reader<'p> {
    fn take(&mut self, length: usize) -> Option<&'p [u8]> {
        let taken = self.packet.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(taken)
    }

    fn number(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    /// A name without compression, at most 255 bytes, the root's octet included.
    fn plain_name(&mut self) -> Option<&'p [u8]> {
        let start = self.at;
        loop {
            match self.take(1)?[0] {
                0 => break,
                length @ 1..=63 => self.take(usize::from(length))?,
                _ => return None,
            };
        }
        let name = &self.packet[start..self.at];
        (name.len() <= MAX_NAME_OCTETS).then_some(name)
    }

    /// Steps over a name that may end in a pointer. A pointer must lead back, as all pointers do (RFC 1035, 4.1.4).
    fn any_name(&mut self) -> Option<()> {
        let start = self.at;
        loop {
            let length = self.take(1)?[0];
            match length {
                0 => break,
                1..=63 => {
                    self.take(usize::from(length))?;
                }
                0xc0..=0xff => {
                    let target = usize::from(u16::from_be_bytes([length & 0x3f, self.take(1)?[0]]));
                    if target >= start {
                        return None;
                    }
                    break;
                }
                _ => return None,
            }
        }
        (self.at - start <= MAX_NAME_OCTETS).then_some(())
    }

    fn record(&mut self) -> Option<Record<'p>> {
        let start = self.at;
        self.any_name()?;
        let owned_by_root = self.at - start == 1;
        let kind = self.number()?;
        let class = self.number()?;
        let ttl = self.take(4)?.try_into().ok()?;
        let length = self.number()?;
        Some(Record { owned_by_root, kind, class, ttl, data: self.take(usize::from(length))? })
    }
}

impl<'p> Record<'p> {
    /// The OPT record's fields; absent where its options do not fill it exactly. What an unknown version holds is not
    /// looked at.
    fn edns(&self) -> Option<Edns<'p>> {
        let [_, version, flags, _] = self.ttl;
        let mut edns =
            Edns { version, udp_size: self.class, dnssec_ok: flags & 0x80 != 0, client_subnet: None, cookie: None };
        if version > 0 {
            return Some(edns);
        }
        let mut rest = Reader { packet: self.data, at: 0 };
        while rest.at < self.data.len() {
            let code = rest.number()?;
            let length = rest.number()?;
            let data = rest.take(usize::from(length))?;
            if code == CLIENT_SUBNET {
                edns.client_subnet = Some(match (edns.client_subnet, client_subnet(data)) {
                    (None, Some(subnet)) => SubnetOption::Good(subnet),
                    _ => SubnetOption::Malformed,
                });
            }
            if code == COOKIE && edns.cookie.is_none() && matches!(data.len(), 8 | 16..=40) {
                edns.cookie = Some(data);
            }
        }
        Some(edns)
    }
}

/// Reads the option's data; absent where it breaks a rule of RFC 7871, 6.
fn client_subnet(data: &[u8]) -> Option<ClientSubnet> {
    let (&[high, low, source_length, scope_length], told) = data.split_first_chunk::<4>()?;
    let family = u16::from_be_bytes([high, low]);
    // The scope is for replies and 0 in queries; the address has just the octets the source length needs.
    if scope_length != 0 || told.len() != usize::from(source_length).div_ceil(8) {
        return None;
    }
    let address = match (family, source_length) {
        (0..=2, 0) => None,
        (1, 1..=32) => {
            let mut octets = [0; 4];
            octets[..told.len()].copy_from_slice(told);
            Some(IpAddr::V4(Ipv4Addr::from(octets)))
        }
        (2, 1..=128) => {
            let mut octets = [0; 16];
            octets[..told.len()].copy_from_slice(told);
            Some(IpAddr::V6(Ipv6Addr::from(octets)))
        }
        _ => return None,
    };
    // Bits after the source length are zero.
    let spare = told.len() * 8 - usize::from(source_length);
    let clean = told.last().is_none_or(|last| u32::from(*last).trailing_zeros() as usize >= spare);
    clean.then_some(ClientSubnet { family, source_length, address })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dns::OwnerName;
    use crate::dns::wire::encode_query;

    fn query(name: &str, edns: Option<u16>) -> Vec<u8> {
        encode_query(0x1234, &OwnerName::parse(name).expect("a good name"), RecordType::A, edns)
    }

    /// An OPT record with these octets of TTL and data.
    fn opt(ttl: [u8; 4], data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(data.len()).expect("a short option");
        [&[0, 0, 41, 0x04, 0xd0][..], &ttl, &length.to_be_bytes(), data].concat()
    }

    /// A query with these records put after it as additional ones.
    fn with_additional(records: &[Vec<u8>]) -> Vec<u8> {
        let mut packet = query("api.monitor.azure.com", None);
        packet[11] = u8::try_from(records.len()).expect("few");
        packet.extend(records.concat());
        packet
    }

    fn rcode(packet: &[u8]) -> Option<Rcode> {
        match Query::parse(packet) {
            Ok(_) => Some(Rcode::NOERROR),
            Err(Refusal::Drop) => None,
            Err(Refusal::Reply(_, rcode)) => Some(rcode),
        }
    }

    #[test]
    fn a_query_is_seen_as_it_was_sent() {
        let mut packet = query("api.monitor.azure.com", Some(4096));
        packet[13] = b'A';
        packet[3] |= 0x30;
        let parsed = Query::parse(&packet).expect("a good query");
        assert_eq!((parsed.echo.id, parsed.kind, parsed.class), (0x1234, RecordType::A, Class::IN));
        assert!(parsed.echo.recursion_desired && parsed.echo.checking_disabled);
        assert_eq!(&parsed.name[..4], b"\x03Api");
        assert_eq!(parsed.lowered(&mut [0; 255]), OwnerName::parse("api.monitor.azure.com").expect("good").wire());
        assert_eq!(parsed.echo.edns.map(|edns| edns.udp_size), Some(4096));
        assert_eq!(parsed.echo.question.len(), parsed.name.len() + 4);
    }

    #[test]
    fn replies_and_fragments_of_headers_meet_silence() {
        assert_eq!(rcode(&[]), None);
        assert_eq!(rcode(&[0; 11]), None);
        let mut reply = query("x", None);
        reply[2] |= 0x80;
        assert_eq!(rcode(&reply), None);
        // Also where it is malformed besides.
        reply.push(0);
        assert_eq!(rcode(&reply), None);
    }

    #[test]
    fn opcodes_other_than_query_are_not_implemented_with_or_without_a_question() {
        for opcode in 1..16u8 {
            let mut packet = query("x", Some(1232));
            packet[2] = opcode << 3;
            let Err(Refusal::Reply(echo, code)) = Query::parse(&packet) else { panic!("no reply") };
            assert_eq!((code, echo.opcode), (Rcode::NOTIMP, opcode));
            assert!(!echo.question.is_empty() && echo.edns.is_some());
            let mut bare = [0; HEADER_OCTETS];
            bare[2] = opcode << 3;
            assert_eq!(rcode(&bare), Some(Rcode::NOTIMP));
        }
    }

    #[test]
    fn there_is_exactly_one_question() {
        assert_eq!(rcode(&[0; HEADER_OCTETS]), Some(Rcode::FORMERR));
        let mut two = query("x", None);
        two[5] = 2;
        two.extend_from_within(HEADER_OCTETS..);
        let Err(Refusal::Reply(echo, Rcode::FORMERR)) = Query::parse(&two) else { panic!("not FORMERR") };
        assert!(echo.question.is_empty());
        // No question but a cookie: a server without cookies says FORMERR (RFC 7873, 5.4).
        let mut cookie = vec![0; HEADER_OCTETS];
        cookie[11] = 1;
        cookie.extend(opt([0; 4], &[0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]));
        let Err(Refusal::Reply(echo, Rcode::FORMERR)) = Query::parse(&cookie) else { panic!("not FORMERR") };
        assert!(echo.edns.is_some());
    }

    #[test]
    fn malformed_packets_are_format_errors() {
        let good = query("api.monitor.azure.com", None);
        assert_eq!(rcode(&[&good[..], &[0]].concat()), Some(Rcode::FORMERR), "an octet left behind");
        assert_eq!(rcode(&good[..good.len() - 1]), Some(Rcode::FORMERR), "an octet missing");
        let mut counted = good.clone();
        counted[11] = 1;
        assert_eq!(rcode(&counted), Some(Rcode::FORMERR), "a record missing");
        let pointer = [&good[..HEADER_OCTETS], &[0xc0, 12, 0, 1, 0, 1]].concat();
        assert_eq!(rcode(&pointer), Some(Rcode::FORMERR), "compression in the question");
        let long = [&good[..HEADER_OCTETS], &[1, b'a'].repeat(128), &[0, 0, 1, 0, 1]].concat();
        assert_eq!(rcode(&long), Some(Rcode::FORMERR), "a name of 257 octets");
    }

    #[test]
    fn an_opt_record_stands_once_and_at_the_root() {
        assert_eq!(rcode(&with_additional(&[opt([0; 4], &[])])), Some(Rcode::NOERROR));
        assert_eq!(rcode(&with_additional(&[opt([0; 4], &[]), opt([0; 4], &[])])), Some(Rcode::FORMERR));
        let owned = [&[1, b'x'][..], &opt([0; 4], &[])].concat();
        assert_eq!(rcode(&with_additional(&[owned])), Some(Rcode::FORMERR));
        let mut answer = with_additional(&[opt([0; 4], &[])]);
        answer.swap(7, 11);
        assert_eq!(rcode(&answer), Some(Rcode::FORMERR));
        assert_eq!(rcode(&with_additional(&[opt([0; 4], &[0, 3, 0, 1])])), Some(Rcode::FORMERR), "option too long");
    }

    #[test]
    fn unknown_options_and_flags_are_passed_over_but_an_unknown_version_is_told() {
        assert_eq!(rcode(&with_additional(&[opt([0, 0, 0x7f, 0xff], &[0xff, 0xee, 0, 1, 9])])), Some(Rcode::NOERROR));
        assert_eq!(rcode(&with_additional(&[opt([0, 1, 0, 0], &[])])), Some(Rcode::BADVERS));
        // What a later version puts into its options is not ours to judge.
        assert_eq!(rcode(&with_additional(&[opt([0, 1, 0, 0], &[9])])), Some(Rcode::BADVERS));
        // A signature is passed over too (TSIG is type 250).
        let tsig = [&[0, 0, 250, 0, 255, 0, 0, 0, 0, 0, 2][..], &[1, 2]].concat();
        assert_eq!(rcode(&with_additional(&[opt([0; 4], &[]), tsig])), Some(Rcode::NOERROR));
    }

    #[test]
    fn a_client_subnet_keeps_the_rules_of_rfc_7871() {
        let subnet = |data: &[u8]| {
            let option = [&[0, 8, 0, u8::try_from(data.len()).expect("short")][..], data].concat();
            let packet = with_additional(&[opt([0; 4], &option)]);
            Query::parse(&packet).expect("a good query").echo.edns.expect("an OPT record").client_subnet
        };
        let good = |family, source_length, address: Option<&str>| {
            let address = address.map(|text| text.parse().expect("an address"));
            Some(SubnetOption::Good(ClientSubnet { family, source_length, address }))
        };
        assert_eq!(subnet(&[0, 1, 24, 0, 10, 0, 1]), good(1, 24, Some("10.0.1.0")));
        assert_eq!(subnet(&[0, 2, 16, 0, 0xfd, 0]), good(2, 16, Some("fd00::")));
        assert_eq!(subnet(&[0, 1, 0, 0]), good(1, 0, None));
        assert_eq!(subnet(&[0, 0, 0, 0]), good(0, 0, None));
        for bad in [
            &[0, 1, 24, 24, 10, 0, 1][..],
            &[0, 1, 24, 0, 10, 0],
            &[0, 1, 24, 0, 10, 0, 1, 0],
            &[0, 1, 20, 0, 10, 0, 1],
            &[0, 1, 33, 0, 10, 0, 1, 0, 0],
            &[0, 3, 8, 0, 10],
            &[0, 1, 24],
        ] {
            assert_eq!(subnet(bad), Some(SubnetOption::Malformed), "{bad:?}");
        }
    }

    /// Packets that are nearly right: a good one with octets changed, cut off or put in.
    fn bent_packet() -> impl Strategy<Value = Vec<u8>> {
        let good = with_additional(&[opt([0; 4], &[0, 8, 0, 7, 0, 1, 24, 0, 10, 0, 1])]);
        let length = good.len();
        (prop::collection::vec((0..length, any::<u8>()), 0..6), 0..=length, any::<bool>()).prop_map(
            move |(changes, cut, whole)| {
                let mut packet = good.clone();
                for (at, octet) in changes {
                    packet[at] = octet;
                }
                packet.truncate(if whole { length } else { cut });
                packet
            },
        )
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_query_or_a_refusal(packet in prop_oneof![bent_packet(), prop::collection::vec(any::<u8>(), 0..300)]) {
            match Query::parse(&packet) {
                Ok(query) => {
                    prop_assert!(query.name.len() <= MAX_NAME_OCTETS);
                    prop_assert!(OwnerName::from_wire(query.name).is_ok());
                    prop_assert_eq!(&packet[HEADER_OCTETS..HEADER_OCTETS + query.echo.question.len()], query.echo.question);
                }
                Err(Refusal::Drop) => prop_assert!(packet.len() < HEADER_OCTETS || packet[2] & 0x80 != 0),
                Err(Refusal::Reply(echo, _)) => prop_assert_eq!(&echo.id.to_be_bytes()[..], &packet[..2]),
            }
        }
    }
}
