//! Replies of other servers, whose records can be of any type.
//!
//! Zones here hold a few types; what another server says may be of any. Its records are taken as they are, those of types
//! unknown here as octets (RFC 3597), and only as much of them is looked at as it takes to follow aliases.

use hickory_proto::op::{Message, MessageType, OpCode};
use hickory_proto::rr::{DNSClass, Name, RData, Record};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder, BinEncodable, BinEncoder};

use super::message::{Echo, HEADER_OCTETS, OPT};
use super::wire::{self, EXTENDED_ERROR, SubnetEcho, Tail, Transport};
use super::{ExtendedError, OwnerName, Rcode, RecordSet, RecordType, Ttl};

/// The UDP size advertised to other servers, in octets: no fragment on any usual path (DNS flag day 2020).
const UDP_SIZE: u16 = 1232;
/// The longest a record of another server may be kept, in seconds (RFC 8767, 4).
pub const MAX_TTL: Ttl = 604_800;

/// A record as another server gave it, or one of our own beside such records.
#[derive(Clone, PartialEq, Debug)]
pub struct ForeignRecord(Record);

impl ForeignRecord {
    /// Whose it is.
    pub fn owner(&self) -> OwnerName {
        wire::from_name(&self.0.name)
    }

    /// Its type.
    pub fn kind(&self) -> RecordType {
        RecordType(self.0.record_type().into())
    }

    /// The name its owner is an alias of, if it is a CNAME.
    pub fn alias(&self) -> Option<OwnerName> {
        match &self.0.data {
            RData::CNAME(target) => Some(wire::from_name(target)),
            _ => None,
        }
    }

    /// The records of one of our own sets.
    pub fn of(set: &RecordSet) -> impl Iterator<Item = Self> + '_ {
        wire::records(set).map(Self)
    }
}

/// What another server replied.
#[derive(Clone, PartialEq, Debug)]
pub struct ForeignReply {
    /// Response code, the upper bits from the OPT record included.
    pub rcode: Rcode,
    /// The TC bit.
    pub truncated: bool,
    /// Answer section, records of the Internet alone, none with a TTL above [`MAX_TTL`].
    pub answer: Vec<ForeignRecord>,
    /// Authority section, likewise.
    pub authority: Vec<ForeignRecord>,
    /// The server's own reason; absent where it gave none.
    pub extended_error: Option<ExtendedError>,
}

/// A query to another server: RD set, class IN, with an OPT record that has no option.
pub fn encode_question(
    id: u16,
    name: &OwnerName,
    kind: RecordType,
    dnssec_ok: bool,
    checking_disabled: bool,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER_OCTETS + name.wire().len() + 15);
    let flags = 0x0100 | u16::from(checking_disabled) << 4;
    wire::put(&mut out, &[id, flags, 1, 0, 0, 1]);
    out.extend_from_slice(name.wire());
    wire::put(&mut out, &[kind.0, 1]);
    out.push(0);
    wire::put(&mut out, &[OPT, UDP_SIZE, 0, u16::from(dnssec_ok) << 15, 0]);
    out
}

/// Reads a reply to [`encode_question`]; absent where the octets are none: another id, another question, a query, or
/// nothing that can be read.
pub fn read_reply(octets: &[u8], id: u16, name: &OwnerName, kind: RecordType) -> Option<ForeignReply> {
    // A sender that does not know the id is ignored.
    if octets.first_chunk::<2>()? != &id.to_be_bytes() {
        return None;
    }
    let (octets, options) = wire::split_options(octets)?;
    let message = Message::from_vec(&octets).ok()?;
    let metadata = &message.metadata;
    if metadata.message_type != MessageType::Response || metadata.op_code != OpCode::Query {
        return None;
    }
    let [question] = message.queries.as_slice() else { return None };
    let asked = wire::from_name(question.name()) == *name
        && u16::from(question.query_type()) == kind.0
        && question.query_class() == DNSClass::IN;
    if !asked {
        return None;
    }
    let taken = |records: &[Record]| {
        let own = records.iter().filter(|record| record.dns_class == DNSClass::IN).cloned();
        own.map(|mut record| {
            record.ttl = record.ttl.min(MAX_TTL);
            ForeignRecord(record)
        })
        .collect()
    };
    let told = options.iter().find(|(code, _)| *code == EXTENDED_ERROR);
    Some(ForeignReply {
        rcode: Rcode(metadata.response_code.into()),
        truncated: metadata.truncation,
        answer: taken(&message.answers),
        authority: taken(&message.authorities),
        extended_error: told.and_then(|(_, data)| wire::extended_error(data)),
    })
}

/// What a reply made of such records carries.
#[derive(Clone, PartialEq, Debug)]
pub struct Mixed {
    /// Response code.
    pub rcode: Rcode,
    /// Answer section.
    pub answer: Vec<ForeignRecord>,
    /// Authority section.
    pub authority: Vec<ForeignRecord>,
    /// The reason, for clients that use EDNS.
    pub extended_error: Option<ExtendedError>,
}

/// Writes a reply into `out`, as [`wire::encode`] does for records of our own.
pub fn encode(echo: &Echo<'_>, reply: &Mixed, subnet: Option<SubnetEcho>, transport: Transport, out: &mut Vec<u8>) {
    let tail = match echo.asked() {
        Some((name, _)) => tail(name, &reply.answer, &reply.authority),
        None => None,
    };
    wire::settle(echo, reply.rcode, tail.as_ref(), reply.extended_error.as_ref(), subnet, transport, out);
}

/// The records as they are after a question; absent if they are more than a message can hold.
fn tail(name: &[u8], answer: &[ForeignRecord], authority: &[ForeignRecord]) -> Option<Tail> {
    let mut octets = Vec::new();
    let mut encoder = BinEncoder::new(&mut octets);
    encoder.emit_vec(&[0; HEADER_OCTETS]).ok()?;
    Name::read(&mut BinDecoder::new(&name.to_ascii_lowercase())).ok()?.emit(&mut encoder).ok()?;
    encoder.emit_vec(&[0; 4]).ok()?;
    let start = encoder.len();
    for record in answer.iter().chain(authority) {
        record.0.emit(&mut encoder).ok()?;
    }
    octets.drain(..start);
    Some(Tail { octets, answers: answer.len().try_into().ok()?, authorities: authority.len().try_into().ok()? })
}
