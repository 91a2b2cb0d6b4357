//! Record sets to bytes and back.
//!
//! This file and [`foreign`](super::foreign) are the only ones that know hickory-proto's record types. Answers are encoded by it, after a lower-case question:
//! every compression pointer then points into the question or at a fixed place further back, so that the bytes after the
//! question, the [`Tail`], are the same however the client spelled it. A reply is a header, the question as received, the
//! tail, and an OPT record if the query had one.

use std::borrow::Cow;

use hickory_proto::op::{Message, MessageType};
use hickory_proto::rr::{DNSClass, Name, RData, Record, rdata};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder, BinEncodable, BinEncoder, NameEncoding, Restrict};

use super::message::{CLIENT_SUBNET, COOKIE, Class, ClientSubnet, Echo, Edns, HEADER_OCTETS, OPT, opt_length_at};
use super::{ExtendedError, OwnerName, Rcode, RecordData, RecordSet, RecordType, Reply, Soa, Ttl};

pub use super::transport::{MAX_TCP_OCTETS, MAX_UDP_OCTETS, MIN_UDP_OCTETS, Transport};

/// The UDP size that our OPT record states, in octets.
///
/// Source: dns-traffic-log-how-to, dig through 168.63.129.16 of 2025-09.
pub const ADVERTISED_SIZE: u16 = 1224;
/// The number of the option that carries an extended error (RFC 8914, 2).
pub(super) const EXTENDED_ERROR: u16 = 15;
/// Octets of an OPT record without options.
const OPT_OCTETS: usize = 11;

/// What a reply reports to a trusted sender about the client subnet it named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SubnetEcho {
    /// The option as received.
    pub subnet: ClientSubnet,
    /// How many leading bits of the address the answer is good for; 0 where the address did not matter.
    pub scope_length: u8,
}

/// Writes a reply into `out`, in place of what was there.
///
/// QR and RA are set, AA and AD are not, as Azure's resolver has them; opcode, RD and CD are the message's own. Where the
/// reply would be longer than the transport allows, the extended error goes first, its text before its code; if that is
/// not enough, TC is set and nothing but the question and the OPT record is left. Over TCP there is no next try, so what
/// cannot be encoded is SERVFAIL there.
pub fn encode(echo: &Echo<'_>, reply: &Reply<'_>, subnet: Option<SubnetEcho>, transport: Transport, out: &mut Vec<u8>) {
    let tail = match (echo.asked(), reply.answer.as_slice(), &reply.authority) {
        (_, [], None) => Some(Tail::default()),
        (None, _, _) => None,
        (Some((name, class)), answer, authority) => encode_tail(name, class, answer, authority.as_deref()),
    };
    settle(echo, reply.rcode, tail.as_ref(), reply.extended_error.as_ref(), subnet, transport, out);
}

/// Writes a reply whose records are encoded already; `tail` is absent where they are more than a message can hold.
pub(super) fn settle(
    echo: &Echo<'_>,
    rcode: Rcode,
    tail: Option<&Tail>,
    told: Option<&ExtendedError>,
    subnet: Option<SubnetEcho>,
    transport: Transport,
    out: &mut Vec<u8>,
) {
    let limit = transport.limit(echo);
    let room = |options: &Options| {
        let tail = tail?;
        let whole = HEADER_OCTETS + echo.question.len() + tail.octets.len() + options.octets(echo);
        (whole <= limit).then_some(tail)
    };
    let told = told.map(|error| (error.code, error.text.as_str()));
    for extended_error in [told, told.map(|(code, _)| (code, "")), None] {
        let options = Options { subnet, extended_error };
        if let Some(tail) = room(&options) {
            return write(echo, rcode, false, tail, &options, out);
        }
    }
    let options = Options { subnet, extended_error: None };
    let (rcode, truncated) = if transport.is_datagram() { (rcode, true) } else { (Rcode::SERVFAIL, false) };
    write(echo, rcode, truncated, &Tail::default(), &options, out);
}

/// The records of a reply as they are after a question of one name: good for every spelling of it and every id, flag
/// and OPT record.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tail {
    /// The answer section, then the authority section.
    pub octets: Vec<u8>,
    /// How many records the answer section has.
    pub answers: u16,
    /// How many records the authority section has.
    pub authorities: u16,
}

/// Encodes the records of a reply for a question whose name is `name` (wire form, in any case). The records are of the
/// class asked in; of the Internet where any class was.
///
/// Absent if they are more than a message can hold.
pub fn encode_tail(
    name: &[u8],
    class: Class,
    answer: &[Cow<'_, RecordSet>],
    authority: Option<&RecordSet>,
) -> Option<Tail> {
    let class = if class == Class::CH { DNSClass::CH } else { DNSClass::IN };
    let mut octets = Vec::with_capacity(MIN_UDP_OCTETS);
    let mut encoder = BinEncoder::new(&mut octets);
    encoder.emit_vec(&[0; HEADER_OCTETS]).ok()?;
    Name::read(&mut BinDecoder::new(&name.to_ascii_lowercase())).ok()?.emit(&mut encoder).ok()?;
    encoder.emit_vec(&[0; 4]).ok()?;
    let start = encoder.len();
    let mut answers = 0u16;
    for set in answer {
        answers = answers.checked_add(emit(set, class, &mut encoder)?)?;
    }
    let authorities = match authority {
        Some(set) => emit(set, class, &mut encoder)?,
        None => 0,
    };
    octets.drain(..start);
    Some(Tail { octets, answers, authorities })
}

/// Writes a record set and says how many records it has; absent if there is no room.
fn emit(set: &RecordSet, class: DNSClass, encoder: &mut BinEncoder<'_>) -> Option<u16> {
    for mut record in records(set) {
        record.dns_class = class;
        record.emit(encoder).ok()?;
    }
    u16::try_from(set.data().len()).ok()
}

/// The records of a set, of class IN.
pub(super) fn records(set: &RecordSet) -> impl Iterator<Item = Record> + '_ {
    let owner = to_name(set.owner());
    set.data().iter().map(move |data| Record::from_rdata(owner.clone(), set.ttl(), to_rdata(data)))
}

/// Options of the reply's OPT record.
struct Options<'r> {
    subnet: Option<SubnetEcho>,
    extended_error: Option<(u16, &'r str)>,
}

impl Options<'_> {
    /// Octets of the whole OPT record; none where the query had none.
    fn octets(&self, echo: &Echo<'_>) -> usize {
        echo.edns.map_or(0, |edns| OPT_OCTETS + self.data_octets(&edns))
    }

    fn data_octets(&self, edns: &Edns<'_>) -> usize {
        let cookie = edns.cookie.map_or(0, |cookie| 4 + cookie.len());
        let subnet = self.subnet.map_or(0, |echo| 8 + echo.subnet.octets().1);
        cookie + subnet + self.extended_error.map_or(0, |(_, text)| 6 + text.len())
    }
}

fn write(echo: &Echo<'_>, rcode: Rcode, truncated: bool, tail: &Tail, options: &Options<'_>, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(&header(echo, rcode, truncated, [tail.answers, tail.authorities]));
    out.extend_from_slice(echo.question);
    out.extend_from_slice(&tail.octets);
    put_opt(echo, rcode, options, out);
}

/// The header of a reply; `counts` are the records of the answer and the authority section.
fn header(echo: &Echo<'_>, rcode: Rcode, truncated: bool, counts: [u16; 2]) -> [u8; HEADER_OCTETS] {
    let mut header = [0; HEADER_OCTETS];
    header[..2].copy_from_slice(&echo.id.to_be_bytes());
    header[2] = 0x80 | echo.opcode << 3 | u8::from(truncated) << 1 | u8::from(echo.recursion_desired);
    header[3] = 0x80 | u8::from(echo.checking_disabled) << 4 | (rcode.0 & 0x0f) as u8;
    header[5] = u8::from(!echo.question.is_empty());
    header[6..8].copy_from_slice(&counts[0].to_be_bytes());
    header[8..10].copy_from_slice(&counts[1].to_be_bytes());
    header[11] = u8::from(echo.edns.is_some());
    header
}

/// Appends the OPT record, if the query had one.
fn put_opt(echo: &Echo<'_>, rcode: Rcode, options: &Options<'_>, out: &mut Vec<u8>) {
    let Some(edns) = echo.edns else { return };
    out.push(0);
    put(out, &[OPT, ADVERTISED_SIZE]);
    out.extend_from_slice(&[(rcode.0 >> 4) as u8, 0, u8::from(edns.dnssec_ok) << 7, 0]);
    put(out, &[options.data_octets(&edns) as u16]);
    if let Some(cookie) = edns.cookie {
        put(out, &[COOKIE, cookie.len() as u16]);
        out.extend_from_slice(cookie);
    }
    if let Some(SubnetEcho { subnet, scope_length }) = options.subnet {
        let (address, length) = subnet.octets();
        put(out, &[CLIENT_SUBNET, 4 + length as u16, subnet.family]);
        out.extend_from_slice(&[subnet.source_length, scope_length]);
        out.extend_from_slice(&address[..length]);
    }
    if let Some((code, text)) = options.extended_error {
        put(out, &[EXTENDED_ERROR, 2 + text.len() as u16, code]);
        out.extend_from_slice(text.as_bytes());
    }
}

/// Ends a reply whose records are in `out` already, after room for the header: header, OPT record, and the reason if
/// there is one. False if it is longer than the transport allows; `out` is of no use then.
#[must_use]
pub fn close(
    echo: &Echo<'_>,
    rcode: Rcode,
    counts: [u16; 2],
    subnet: Option<SubnetEcho>,
    reason: Option<(u16, &str)>,
    transport: Transport,
    out: &mut Vec<u8>,
) -> bool {
    out[..HEADER_OCTETS].copy_from_slice(&header(echo, rcode, false, counts));
    put_opt(echo, rcode, &Options { subnet, extended_error: reason }, out);
    out.len() <= transport.limit(echo)
}

/// Adds an extended error to a finished reply: without the text if only the code fits, and
/// not at all if neither does or the reply has no OPT record at its end.
pub fn add_extended_error(reply: &mut Vec<u8>, code: u16, text: &str, limit: usize) {
    let Some(at) = opt_length_at(reply) else { return };
    for text in [text, ""] {
        let option = 6 + text.len();
        let length = usize::from(u16::from_be_bytes([reply[at], reply[at + 1]])) + option;
        if let Ok(length) = u16::try_from(length)
            && reply.len() + option <= limit
        {
            reply[at..at + 2].copy_from_slice(&length.to_be_bytes());
            put(reply, &[EXTENDED_ERROR, 2 + text.len() as u16, code]);
            reply.extend_from_slice(text.as_bytes());
            return;
        }
    }
}

pub(super) fn put(out: &mut Vec<u8>, numbers: &[u16]) {
    out.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
}

/// A query as a stub resolver sends it: RD set, class IN, with an OPT record if a UDP size is given.
pub fn encode_query(id: u16, name: &OwnerName, kind: RecordType, udp_size: Option<u16>) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER_OCTETS + name.wire().len() + 4 + OPT_OCTETS);
    put(&mut out, &[id, 0x0100, 1, 0, 0, u16::from(udp_size.is_some())]);
    out.extend_from_slice(name.wire());
    put(&mut out, &[kind.0, 1]);
    if let Some(size) = udp_size {
        out.push(0);
        put(&mut out, &[OPT, size, 0, 0, 0]);
    }
    out
}

/// The same for a client elsewhere: with the client subnet option (RFC 7871, 6).
pub fn encode_subnet_query(
    id: u16,
    name: &OwnerName,
    kind: RecordType,
    udp_size: u16,
    subnet: &ClientSubnet,
) -> Vec<u8> {
    let mut out = encode_query(id, name, kind, Some(udp_size));
    let (octets, length) = subnet.octets();
    let data = u16::try_from(length).expect("an address has at most 16 bytes") + 4;
    // The option goes after the OPT record, whose data were empty.
    let end = out.len() - 2;
    out.truncate(end);
    put(&mut out, &[data + 4, CLIENT_SUBNET, data, subnet.family]);
    out.extend_from_slice(&[subnet.source_length, 0]);
    out.extend_from_slice(&octets[..length]);
    out
}

/// A reply as a client reads it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Received {
    /// Its id.
    pub id: u16,
    /// Response code, the upper bits from the OPT record included.
    pub rcode: Rcode,
    /// The AA bit.
    pub authoritative: bool,
    /// The TC bit.
    pub truncated: bool,
    /// The RD bit.
    pub recursion_desired: bool,
    /// The RA bit.
    pub recursion_available: bool,
    /// The AD bit.
    pub authentic_data: bool,
    /// The CD bit.
    pub checking_disabled: bool,
    /// The question; absent unless there is exactly one.
    pub question: Option<(OwnerName, RecordType)>,
    /// Answer section, in the order received.
    pub answer: Vec<ReceivedRecord>,
    /// Authority section.
    pub authority: Vec<ReceivedRecord>,
    /// Additional section without the OPT record.
    pub additional: Vec<ReceivedRecord>,
    /// The OPT record; absent where there is none.
    pub edns: Option<ReceivedEdns>,
}

/// A record as a client reads it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceivedRecord {
    /// Whose it is.
    pub owner: OwnerName,
    /// Its type.
    pub kind: RecordType,
    /// Seconds it may be kept.
    pub ttl: Ttl,
    /// What it says.
    pub data: ReceivedData,
}

/// What a received record says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReceivedData {
    /// Data of a type a private zone can hold.
    Known(RecordData),
    /// Data of any other type, in presentation form.
    Other(String),
}

impl std::fmt::Display for ReceivedData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Known(data) => data.fmt(f),
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// An OPT record as a client reads it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceivedEdns {
    /// The UDP size the server says.
    pub udp_size: u16,
    /// EDNS version.
    pub version: u8,
    /// The DO bit.
    pub dnssec_ok: bool,
    /// The extended error; absent where there is none.
    pub extended_error: Option<ExtendedError>,
    /// The client subnet option's source and scope prefix lengths; absent where there is none.
    pub client_subnet: Option<(u8, u8)>,
    /// How many options there are, of any kind.
    pub options: usize,
}

/// Why bytes are not a reply.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeError {
    /// They cannot be read as a message.
    #[error("the bytes are not a DNS message: {0}")]
    Malformed(String),
    /// They are a query.
    #[error("the message is a query, not a reply")]
    Query,
    /// There are octets after the last record.
    #[error("{0} trailing bytes after the last record")]
    Trailing(usize),
}

/// Reads a reply.
///
/// # Errors
/// [`DecodeError`], where the bytes are no reply or more than one.
pub fn decode(reply: &[u8]) -> Result<Received, DecodeError> {
    let malformed = |error: &dyn std::fmt::Display| DecodeError::Malformed(error.to_string());
    let (reply, options) = split_options(reply).ok_or_else(|| malformed(&"an option of the OPT record is cut off"))?;
    let mut decoder = BinDecoder::new(&reply);
    let message = Message::read(&mut decoder).map_err(|error| malformed(&error))?;
    if message.metadata.message_type != MessageType::Response {
        return Err(DecodeError::Query);
    }
    if !decoder.is_empty() {
        return Err(DecodeError::Trailing(decoder.len()));
    }
    let records = |records: &[Record]| records.iter().map(received).collect();
    let metadata = message.metadata;
    Ok(Received {
        id: metadata.id,
        rcode: Rcode(metadata.response_code.into()),
        authoritative: metadata.authoritative,
        truncated: metadata.truncation,
        recursion_desired: metadata.recursion_desired,
        recursion_available: metadata.recursion_available,
        authentic_data: metadata.authentic_data,
        checking_disabled: metadata.checking_disabled,
        question: match message.queries.as_slice() {
            [one] => Some((from_name(one.name()), RecordType(one.query_type().into()))),
            _ => None,
        },
        answer: records(&message.answers),
        authority: records(&message.authorities),
        additional: records(&message.additionals),
        edns: message.edns.as_ref().map(|edns| ReceivedEdns {
            udp_size: edns.max_payload(),
            version: edns.version(),
            dnssec_ok: edns.flags().dnssec_ok,
            extended_error: options
                .iter()
                .find(|(code, _)| *code == EXTENDED_ERROR)
                .and_then(|(_, data)| extended_error(data)),
            client_subnet: match options.iter().find(|(code, _)| *code == CLIENT_SUBNET) {
                Some((_, [_, _, source, scope, ..])) => Some((*source, *scope)),
                _ => None,
            },
            options: options.len(),
        }),
    })
}

/// The options of an OPT record: code and data.
pub(super) type OptionList<'m> = Vec<(u16, &'m [u8])>;

/// A message without the options of its OPT record, and those options. hickory-proto refuses a whole message for the sake
/// of an option it cannot read, such as a client subnet of family 0, which RFC 7871 (7.1.2) lets a client send and a server
/// return. Absent where the options do not fill the record.
pub(super) fn split_options(message: &[u8]) -> Option<(Cow<'_, [u8]>, OptionList<'_>)> {
    let Some(at) = opt_length_at(message) else { return Some((Cow::Borrowed(message), Vec::new())) };
    let mut rest = &message[at + 2..];
    let mut options = Vec::new();
    while let Some((head, behind)) = rest.split_first_chunk::<4>() {
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let (data, behind) = behind.split_at_checked(length)?;
        options.push((u16::from_be_bytes([head[0], head[1]]), data));
        rest = behind;
    }
    let mut without = message[..at].to_vec();
    without.extend_from_slice(&[0, 0]);
    rest.is_empty().then_some((Cow::Owned(without), options))
}

pub(super) fn extended_error(data: &[u8]) -> Option<ExtendedError> {
    let (code, text) = data.split_first_chunk::<2>()?;
    Some(ExtendedError { code: u16::from_be_bytes(*code), text: String::from_utf8_lossy(text).into_owned() })
}

fn received(record: &Record) -> ReceivedRecord {
    ReceivedRecord {
        owner: from_name(&record.name),
        kind: RecordType(record.record_type().into()),
        ttl: record.ttl,
        data: from_rdata(&record.data)
            .map_or_else(|| ReceivedData::Other(record.data.to_string()), ReceivedData::Known),
    }
}

fn to_name(name: &OwnerName) -> Name {
    Name::read(&mut BinDecoder::new(name.wire())).expect("an owner name is an uncompressed wire name")
}

pub(super) fn from_name(name: &Name) -> OwnerName {
    let mut wire: Vec<u8> = Vec::with_capacity(name.len() + 1);
    for label in name.iter() {
        wire.push(u8::try_from(label.len()).expect("hickory's labels have at most 63 bytes"));
        wire.extend_from_slice(label);
    }
    wire.push(0);
    OwnerName::from_wire(&wire).expect("hickory's names keep the limits of RFC 1035")
}

fn to_rdata(data: &RecordData) -> RData {
    match data {
        RecordData::A(address) => RData::A((*address).into()),
        RecordData::Aaaa(address) => RData::AAAA((*address).into()),
        RecordData::Cname(target) => RData::CNAME(rdata::CNAME(to_name(target))),
        RecordData::Mx { preference, exchange } => RData::MX(rdata::MX::new(*preference, to_name(exchange))),
        RecordData::Ns(name) => RData::NS(rdata::NS(to_name(name))),
        RecordData::Ptr(name) => RData::PTR(rdata::PTR(to_name(name))),
        RecordData::Srv { priority, weight, port, target } => {
            RData::SRV(rdata::SRV::new(*priority, *weight, *port, to_name(target)))
        }
        RecordData::Txt(strings) => RData::TXT(rdata::TXT::from_bytes(strings.iter().map(Vec::as_slice).collect())),
        // The three times are unsigned on the wire and signed in hickory; the bits are the same.
        RecordData::Soa(soa) => RData::SOA(rdata::SOA::new(
            to_name(&soa.host),
            to_name(&soa.email),
            soa.serial,
            soa.refresh.cast_signed(),
            soa.retry.cast_signed(),
            soa.expire.cast_signed(),
            soa.minimum,
        )),
    }
}

/// Appends the octets of a record's data, names uncompressed and lower-case: such octets are the same in every message.
///
/// The types zones are full of take a short cut; a test holds it equal to the long way.
pub(super) fn put_data(data: &RecordData, out: &mut Vec<u8>) {
    match data {
        RecordData::A(address) => out.extend_from_slice(&address.octets()),
        RecordData::Aaaa(address) => out.extend_from_slice(&address.octets()),
        RecordData::Cname(target) | RecordData::Ns(target) | RecordData::Ptr(target) => {
            out.extend_from_slice(target.wire());
        }
        other => put_any_data(other, out),
    }
}

fn put_any_data(data: &RecordData, out: &mut Vec<u8>) {
    let mut octets = Vec::new();
    let mut encoder = BinEncoder::new(&mut octets);
    encoder.set_name_encoding(NameEncoding::Uncompressed);
    to_rdata(data).emit(&mut encoder).expect("record data is checked against the limits of a message when it is made");
    out.extend_from_slice(&octets);
}

/// Reads what [`put_data`] wrote.
pub(super) fn take_data(kind: RecordType, octets: &[u8]) -> Option<RecordData> {
    match kind {
        RecordType::A => return Some(RecordData::A(<[u8; 4]>::try_from(octets).ok()?.into())),
        RecordType::AAAA => return Some(RecordData::Aaaa(<[u8; 16]>::try_from(octets).ok()?.into())),
        RecordType::CNAME => return Some(RecordData::Cname(OwnerName::from_wire(octets).ok()?)),
        _ => {}
    }
    let length = Restrict::new(u16::try_from(octets.len()).ok()?);
    from_rdata(&RData::read(&mut BinDecoder::new(octets), kind.0.into(), length).ok()?)
}

/// The data of a type a zone here can hold; absent for others.
fn from_rdata(data: &RData) -> Option<RecordData> {
    Some(match data {
        RData::A(address) => RecordData::A(address.0),
        RData::AAAA(address) => RecordData::Aaaa(address.0),
        RData::CNAME(target) => RecordData::Cname(from_name(target)),
        RData::MX(mx) => RecordData::Mx { preference: mx.preference, exchange: from_name(&mx.exchange) },
        RData::NS(name) => RecordData::Ns(from_name(name)),
        RData::PTR(name) => RecordData::Ptr(from_name(name)),
        RData::SRV(srv) => RecordData::Srv {
            priority: srv.priority,
            weight: srv.weight,
            port: srv.port,
            target: from_name(&srv.target),
        },
        RData::TXT(txt) => RecordData::Txt(txt.txt_data.iter().map(|string| string.to_vec()).collect()),
        RData::SOA(soa) => RecordData::Soa(Soa {
            host: from_name(&soa.mname),
            email: from_name(&soa.rname),
            serial: soa.serial,
            refresh: soa.refresh.cast_unsigned(),
            retry: soa.retry.cast_unsigned(),
            expire: soa.expire.cast_unsigned(),
            minimum: soa.minimum,
        }),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;
    use crate::dns::message::{Edns, Query, SubnetOption};

    #[test]
    fn a_name_that_is_no_good_punycode_is_shown_in_the_error() {
        // Found by fuzzing: the error shows the label `xn--`.
        let reply = b"\x12com\x00\x00\x0f\x00\x01\xc0\x0c\x00\x0fxn\x2d\x2d\x00\x00\x00\xce\x00\x48\x00\xce\x00\xc0\
            \x02\x10\x03\x00\x0c\x01\x00\x00\x5e\x02\x00\x00\x29\x10\x00\x00\x0c\x02\x00\x00\x29\x1d\x1d\x1d\
            \x1d\x1d\x1d\x1d\x1d\x123\xff\xff\xff\x04\x00\x00\x00\x00\x00\x00\x00z\x00\x00";
        assert!(matches!(decode(reply), Err(DecodeError::Malformed(_))));
    }

    #[test]
    fn the_short_cut_for_frequent_types_gives_hickorys_octets() {
        let target = OwnerName::parse("a.b.example").expect("a good name");
        for data in [
            RecordData::A(Ipv4Addr::new(192, 0, 2, 1)),
            RecordData::Aaaa(Ipv6Addr::LOCALHOST),
            RecordData::Cname(target.clone()),
            RecordData::Mx { preference: 7, exchange: target },
            RecordData::Txt(vec![b"x".to_vec(), Vec::new()]),
        ] {
            let (mut short, mut long) = (Vec::new(), Vec::new());
            put_data(&data, &mut short);
            put_any_data(&data, &mut long);
            assert_eq!(short, long);
            assert_eq!(take_data(data.kind(), &short), Some(data));
        }
    }

    proptest! {
        #[test]
        fn an_extended_error_is_added_where_there_is_room(extra in 0usize..80, text in "[a-z ]{0,60}", edns in any::<bool>()) {
            let query = encode_query(7, &name("x.example"), RecordType::A, edns.then_some(1232));
            let echo = Query::parse(&query).expect("a good query").echo;
            let set = set("x.example", RecordData::A([192, 0, 2, 1].into()));
            let reason = Some(ExtendedError { code: 0, text: "why".into() });
            let whole = Reply { rcode: Rcode::NOERROR, answer: vec![Cow::Borrowed(&set)], authority: None, extended_error: reason };
            let mut reply = Vec::new();
            encode(&echo, &whole, None, Transport::Udp, &mut reply);
            let (before, limit) = (decode(&reply).expect("a reply"), reply.len() + extra);
            add_extended_error(&mut reply, 4, &text, limit);
            prop_assert!(reply.len() <= limit);
            let after = decode(&reply).expect("still a reply");
            prop_assert_eq!(&after.answer, &before.answer);
            let options = |received: &Received| received.edns.as_ref().map_or(0, |edns| edns.options);
            prop_assert_eq!(options(&after) - options(&before), usize::from(edns && extra >= 6));
            prop_assert_eq!(reply.ends_with(text.as_bytes()), edns && extra >= 6 + text.len() || text.is_empty());
        }
    }

    fn name(text: &str) -> OwnerName {
        OwnerName::parse(text).expect("a good name")
    }

    fn set(owner: &str, data: RecordData) -> RecordSet {
        RecordSet::single(name(owner), 10, data)
    }

    fn addresses(owner: &str, count: u8) -> RecordSet {
        let data = (0..count).map(|last| RecordData::A([10, 0, 1, last].into())).collect();
        RecordSet::new(name(owner), 10, data).expect("addresses of one type")
    }

    fn soa(owner: &str) -> RecordSet {
        let soa = Soa {
            host: name("azureprivatedns.net"),
            email: name("azureprivatedns-host.microsoft.com"),
            serial: 1,
            refresh: 3600,
            retry: 300,
            expire: 2_419_200,
            minimum: 10,
        };
        set(owner, RecordData::Soa(soa))
    }

    fn chain() -> Vec<RecordSet> {
        let hop = RecordData::Cname(name("api.privatelink.monitor.azure.com"));
        vec![
            set("api.monitor.azure.com", hop),
            set("api.privatelink.monitor.azure.com", RecordData::A([10, 0, 2, 7].into())),
        ]
    }

    fn reply(answer: &[RecordSet], authority: Option<&RecordSet>, error: Option<&str>) -> Reply<'static> {
        Reply {
            rcode: Rcode::NOERROR,
            answer: answer.iter().cloned().map(Cow::Owned).collect(),
            authority: authority.cloned().map(Cow::Owned),
            extended_error: error.map(|text| ExtendedError { code: 0, text: text.to_owned() }),
        }
    }

    fn bytes(packet: &[u8], reply: &Reply<'_>, transport: Transport) -> Vec<u8> {
        let query = Query::parse(packet).expect("a good query");
        let mut out = vec![9; 3];
        encode(&query.echo, reply, None, transport, &mut out);
        out
    }

    fn sets(records: &[ReceivedRecord]) -> Vec<(OwnerName, Ttl, ReceivedData)> {
        records.iter().map(|one| (one.owner.clone(), one.ttl, one.data.clone())).collect()
    }

    fn told(sets: &[RecordSet]) -> Vec<(OwnerName, Ttl, ReceivedData)> {
        let one = |set: &RecordSet| {
            let (owner, ttl) = (set.owner().clone(), set.ttl());
            let data = set.data().iter().cloned();
            data.map(move |data| (owner.clone(), ttl, ReceivedData::Known(data))).collect::<Vec<_>>()
        };
        sets.iter().flat_map(one).collect()
    }

    #[test]
    fn a_reply_has_the_flags_of_azures_resolver() {
        let mut packet = encode_query(7, &name("api.monitor.azure.com"), RecordType::A, Some(1232));
        packet[3] |= 0x30;
        let received = decode(&bytes(&packet, &reply(&chain(), None, None), Transport::Udp)).expect("a reply");
        assert!(received.recursion_available && received.recursion_desired && received.checking_disabled);
        assert!(!received.authoritative && !received.authentic_data && !received.truncated);
        assert_eq!((received.id, received.rcode), (7, Rcode::NOERROR));
        assert_eq!(sets(&received.answer), told(&chain()));
        let edns = received.edns.expect("an OPT record");
        assert_eq!((edns.udp_size, edns.version, edns.dnssec_ok, edns.options), (1224, 0, false, 0));
        packet[2] &= !1;
        packet[3] &= !0x10;
        let received = decode(&bytes(&packet, &reply(&chain(), None, None), Transport::Udp)).expect("a reply");
        assert!(!received.recursion_desired && !received.checking_disabled);
    }

    #[test]
    fn the_question_is_echoed_as_spelled_and_the_answer_points_to_it() {
        let mut packet = encode_query(7, &name("api.monitor.azure.com"), RecordType::A, None);
        packet[13] = b'A';
        packet[18] = b'O';
        let plain = bytes(&packet, &reply(&chain(), None, None), Transport::Udp);
        let question = HEADER_OCTETS..packet.len();
        assert_eq!(plain[question.clone()], packet[question.clone()]);
        assert_eq!(plain[question.end..question.end + 2], [0xc0, 12]);
        assert_eq!(decode(&plain).expect("a reply").edns, None);
        // What the CNAME's target shares with the question is a pointer too: `api`, `privatelink`, pointer.
        assert_eq!(plain[question.end + 12..question.end + 30], *b"\x03api\x0bprivatelink\xc0\x10");
    }

    #[test]
    fn one_tail_serves_every_spelling() {
        let answer: Vec<_> = chain().into_iter().map(Cow::Owned).collect();
        let soa = soa("privatelink.monitor.azure.com");
        let lower = encode_tail(name("api.monitor.azure.com").wire(), Class::IN, &answer, Some(&soa));
        assert_eq!(lower, encode_tail(b"\x03aPi\x07MONitor\x05azure\x03COM\0", Class::IN, &answer, Some(&soa)));
        let tail = lower.expect("short enough");
        assert_eq!((tail.answers, tail.authorities), (2, 1));
    }

    #[test]
    fn an_extended_error_is_shortened_before_the_answer_is() {
        let owner = "x.example";
        let packet = encode_query(1, &name(owner), RecordType::A, Some(512));
        let long = "overwritten ".repeat(60);
        let received = decode(&bytes(&packet, &reply(&chain(), None, Some("short")), Transport::Udp)).expect("a reply");
        assert_eq!(received.edns.and_then(|edns| edns.extended_error).map(|error| error.text), Some("short".into()));
        let received = decode(&bytes(&packet, &reply(&chain(), None, Some(&long)), Transport::Udp)).expect("a reply");
        assert_eq!(received.answer.len(), 2);
        let edns = received.edns.expect("an OPT record");
        assert_eq!(edns.extended_error, Some(ExtendedError { code: 0, text: String::new() }));
        // 28 addresses make 27 + 28 × 16 + 11 = 486 octets; 29 make 502, which leaves no room for six of a code.
        let received = decode(&bytes(&packet, &reply(&[addresses(owner, 29)], None, Some(&long)), Transport::Udp));
        let received = received.expect("a reply");
        assert_eq!((received.answer.len(), received.truncated), (29, false));
        let received = decode(&bytes(&packet, &reply(&[addresses(owner, 30)], None, Some(&long)), Transport::Udp));
        let received = received.expect("a reply");
        assert_eq!((received.answer.len(), received.truncated), (0, true));
        assert!(received.edns.is_some());
        // Without EDNS there is no place for an error.
        let plain = encode_query(1, &name(owner), RecordType::A, None);
        assert_eq!(
            decode(&bytes(&plain, &reply(&chain(), None, Some("short")), Transport::Udp)).expect("good").edns,
            None
        );
    }

    #[test]
    fn the_limit_is_the_clients_size_but_at_least_512_and_at_most_1232() {
        let limit = |size: Option<u16>| {
            let packet = encode_query(1, &name("x"), RecordType::A, size);
            Transport::Udp.limit(&Query::parse(&packet).expect("a good query").echo)
        };
        assert_eq!(
            [None, Some(0), Some(511), Some(1000), Some(1232), Some(65535)].map(limit),
            [512, 512, 512, 1000, 1232, 1232]
        );
    }

    #[test]
    fn what_is_too_long_for_a_datagram_goes_over_tcp() {
        let owner = "x.example";
        let big = reply(&[addresses(owner, 200)], None, None);
        let packet = encode_query(1, &name(owner), RecordType::A, Some(4096));
        let short = bytes(&packet, &big, Transport::Udp);
        assert!(decode(&short).expect("a reply").truncated);
        assert_eq!(short.len(), packet.len());
        let whole = decode(&bytes(&packet, &big, Transport::Tcp)).expect("a reply");
        assert_eq!((whole.answer.len(), whole.truncated), (200, false));
        // More than any message can hold.
        let text = RecordData::Txt(vec![vec![b'x'; 255]; 300]);
        let refused =
            decode(&bytes(&packet, &reply(&[set(owner, text)], None, None), Transport::Tcp)).expect("a reply");
        assert_eq!((refused.rcode, refused.truncated), (Rcode::SERVFAIL, false));
    }

    #[test]
    fn a_client_subnet_comes_back_with_its_scope() {
        let subnet = ClientSubnet { family: 1, source_length: 20, address: Some([10, 0, 16, 0].into()) };
        let edns = Edns {
            version: 0,
            udp_size: 1232,
            dnssec_ok: true,
            client_subnet: Some(SubnetOption::Good(subnet)),
            cookie: None,
        };
        let packet = encode_query(1, &name("x.example"), RecordType::A, None);
        let echo = Echo { edns: Some(edns), ..Query::parse(&packet).expect("a good query").echo };
        let mut out = Vec::new();
        let subnet = Some(SubnetEcho { subnet, scope_length: 24 });
        encode(&echo, &reply(&[], None, Some("why")), subnet, Transport::Udp, &mut out);
        let edns = decode(&out).expect("a reply").edns.expect("an OPT record");
        assert_eq!((edns.client_subnet, edns.dnssec_ok, edns.options), (Some((20, 24)), true, 2));
        assert_eq!(out[out.len() - 20..out.len() - 9], [0, 8, 0, 7, 0, 1, 20, 24, 10, 0, 16]);
    }

    #[test]
    fn upper_bits_of_the_rcode_travel_in_the_opt_record() {
        let packet = encode_query(1, &name("x.example"), RecordType::A, Some(1232));
        let badvers = Reply { rcode: Rcode::BADVERS, ..reply(&[], None, None) };
        let out = bytes(&packet, &badvers, Transport::Udp);
        assert_eq!(out[3] & 0x0f, 0);
        assert_eq!(decode(&out).expect("a reply").rcode, Rcode::BADVERS);
    }

    #[test]
    fn bytes_that_are_no_reply_are_told_apart() {
        let packet = encode_query(1, &name("x.example"), RecordType::A, None);
        assert_eq!(decode(&packet), Err(DecodeError::Query));
        let mut out = bytes(&packet, &reply(&[], None, None), Transport::Udp);
        out.extend([0; 3]);
        assert_eq!(decode(&out), Err(DecodeError::Trailing(3)));
        assert!(matches!(decode(&out[..20]), Err(DecodeError::Malformed(_))));
    }

    fn any_name() -> impl Strategy<Value = OwnerName> {
        let label = prop_oneof![
            4 => prop::sample::select(vec!["api", "monitor", "azure", "com", "privatelink"]).prop_map(|l| l.as_bytes().to_vec()),
            1 => prop::collection::vec(any::<u8>(), 1..20),
        ];
        prop::collection::vec(label, 0..6).prop_map(|labels| {
            let mut wire: Vec<u8> = Vec::new();
            for label in labels {
                wire.push(label.len() as u8);
                wire.extend(label);
            }
            wire.push(0);
            OwnerName::from_wire(&wire).expect("short labels, few of them")
        })
    }

    fn any_data() -> impl Strategy<Value = RecordData> {
        let numbers = any::<(u16, u16, u16)>();
        prop_oneof![
            any::<u32>().prop_map(|bits| RecordData::A(Ipv4Addr::from(bits))),
            any::<u128>().prop_map(|bits| RecordData::Aaaa(Ipv6Addr::from(bits))),
            any_name().prop_map(RecordData::Cname),
            any_name().prop_map(RecordData::Ptr),
            any_name().prop_map(RecordData::Ns),
            (any::<u16>(), any_name()).prop_map(|(preference, exchange)| RecordData::Mx { preference, exchange }),
            (numbers, any_name()).prop_map(|((priority, weight, port), target)| RecordData::Srv {
                priority,
                weight,
                port,
                target
            }),
            prop::collection::vec(prop::collection::vec(any::<u8>(), 0..256), 1..8).prop_map(RecordData::Txt),
            (any_name(), any_name(), any::<[u32; 5]>()).prop_map(|(host, email, n)| RecordData::Soa(Soa {
                host,
                email,
                serial: n[0],
                refresh: n[1],
                retry: n[2],
                expire: n[3],
                minimum: n[4]
            })),
        ]
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read_again_and_keeps_the_limit(
            question in any_name(),
            answer in prop::collection::vec((any_name(), any::<u32>(), any_data()), 0..12),
            authority in prop::option::of((any_name(), any_data())),
            size in prop::option::of(any::<u16>()),
            error in prop::option::of(".{0,80}"),
            tcp in any::<bool>(),
        ) {
            let answer: Vec<_> =
                answer.into_iter().map(|(owner, ttl, data)| RecordSet::single(owner, ttl & 0x7fff_ffff, data)).collect();
            let authority = authority.map(|(owner, data)| RecordSet::single(owner, 10, data));
            let packet = encode_query(99, &question, RecordType::ANY, size);
            let query = Query::parse(&packet).expect("a good query");
            let reply = reply(&answer, authority.as_ref(), error.as_deref());
            let transport = if tcp { Transport::Tcp } else { Transport::Udp };
            let out = bytes(&packet, &reply, transport);
            prop_assert!(out.len() <= transport.limit(&query.echo));
            let received = decode(&out).expect("a reply that can be read");
            prop_assert_eq!(received.question, Some((question, RecordType::ANY)));
            prop_assert_eq!(received.edns.is_some(), size.is_some());
            if received.truncated {
                prop_assert!(received.answer.is_empty() && received.authority.is_empty() && !tcp);
            } else {
                prop_assert_eq!(sets(&received.answer), told(&answer));
                let authority: Vec<_> = authority.into_iter().collect();
                prop_assert_eq!(sets(&received.authority), told(&authority));
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&octets);
        }
    }
}
