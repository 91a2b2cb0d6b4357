//! What must be true of an estate at the end of a step.

use std::borrow::Cow;
use std::net::Ipv4Addr;
use std::time::Duration;

use ipnet::IpNet;

use crate::catalogue::Operation;
use crate::dns::wire::Transport;
use crate::dns::{OwnerName, Rcode, RecordType, Ttl};
use crate::estate::{EndpointName, MachineName, NetworkName, Place, ResourceName, Revision, ZoneId};

/// One thing that must be true.
#[derive(Clone, PartialEq, Debug)]
pub struct Expectation {
    /// The step's name.
    pub step: String,
    /// The revision the step ends at.
    pub revision: Revision,
    /// What must be true.
    pub expected: Expected,
    /// How it is asked, where it is a question.
    pub asking: Asking,
    /// Where it is written.
    pub place: Place,
}

/// How a question is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Asking {
    /// The only transport; absent for what clients do: UDP, and TCP where the reply is truncated.
    pub transport: Option<Transport>,
    /// How long to ask again until the answer is the one expected, where a server is asked; absent for once.
    pub within: Option<Duration>,
}

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum From {
    /// A client outside every network.
    Public,
    /// A client in a network.
    Network(NetworkName),
    /// A virtual machine, with its open sessions; for flows only.
    Machine(MachineName),
    /// A client of this subnet, for whom a server asks that sends it (EDNS client subnet); for questions only.
    Subnet(IpNet),
}

impl From {
    /// The name it is written by.
    pub fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Public => "public".into(),
            Self::Network(name) => name.as_str().into(),
            Self::Machine(name) => name.as_str().into(),
            Self::Subnet(subnet) => subnet.to_string().into(),
        }
    }
}

/// What must be true.
#[derive(Clone, PartialEq, Debug)]
pub enum Expected {
    /// A question has this answer.
    Answer {
        /// Who asks.
        from: From,
        /// The name.
        name: OwnerName,
        /// The type.
        kind: RecordType,
        /// The answer.
        answer: ExpectedAnswer,
    },
    /// A question is answered with these aliases, in this order; it does not check what they end at.
    Chain {
        /// Who asks.
        from: From,
        /// The name.
        name: OwnerName,
        /// The alias targets.
        targets: Vec<OwnerName>,
    },
    /// A question is replied to so.
    Reply {
        /// Who asks.
        from: From,
        /// The name.
        name: OwnerName,
        /// The type.
        kind: RecordType,
        /// The reply.
        reply: ExpectedReply,
    },
    /// There is such a finding.
    Finding(ExpectedFinding),
    /// There is none with this code.
    NoFinding(String),
    /// A flow ends so.
    Flow(ExpectedFlow),
    /// A zone has these record sets of type A, and besides its SOA no others.
    Records {
        /// The zone.
        zone: ZoneId,
        /// Owner names and addresses, in the order written.
        records: Vec<(OwnerName, Ipv4Addr)>,
    },
}

/// A finding; absent fields are not checked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ExpectedFinding {
    /// Its code.
    pub code: String,
    /// The object to change.
    pub object: Option<String>,
    /// The word for how severe it is.
    pub severity: Option<&'static str>,
    /// The networks it lists.
    pub networks: Option<Vec<NetworkName>>,
    /// The names it lists.
    pub names: Option<ExpectedNames>,
}

/// The names that a finding lists.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ExpectedNames {
    /// So many.
    Count(u32),
    /// These, in any order.
    These(Vec<OwnerName>),
}

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ExpectedAnswer {
    /// These data, in any order; in master-file form, as [`crate::dns::RecordData`] prints it.
    Data(Vec<String>),
    /// An address by public DNS.
    Public,
    /// NXDOMAIN.
    NameError,
    /// NODATA.
    NoData,
    /// SERVFAIL.
    Failure,
}

impl ExpectedAnswer {
    /// The words for answers that are not data.
    pub(super) const WORDS: [(&'static str, Self); 4] = [
        ("public", Self::Public),
        ("NXDOMAIN", Self::NameError),
        ("NODATA", Self::NoData),
        ("SERVFAIL", Self::Failure),
    ];
}

/// A reply, part by part; absent parts are not checked.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ExpectedReply {
    /// Response code.
    pub rcode: Option<Rcode>,
    /// The alias targets, in the order a client follows them.
    pub chain: Option<Vec<OwnerName>>,
    /// What the aliases end at.
    pub data: Option<ExpectedAnswer>,
    /// All records of the answer section, in any order.
    pub records: Option<Vec<ExpectedRecord>>,
    /// The lowest and highest TTL of the records the aliases end at, or of the SOA where there are none.
    pub ttl: Option<(Ttl, Ttl)>,
    /// Header bits.
    pub flags: ExpectedFlags,
    /// Whose SOA is in the authority section.
    pub soa: Option<ExpectedSoa>,
    /// The extended DNS error.
    pub extended_error: Option<ExpectedError>,
}

/// A record of an answer section.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExpectedRecord {
    /// Owner name.
    pub owner: OwnerName,
    /// Type.
    pub kind: RecordType,
    /// Data, as [`crate::dns::RecordData`] prints it.
    pub data: String,
}

/// Header bits; absent ones are not checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ExpectedFlags {
    /// AA: the server is an authority for the name.
    pub aa: Option<bool>,
    /// TC: the reply was cut off.
    pub tc: Option<bool>,
    /// RA: the server asks others.
    pub ra: Option<bool>,
    /// AD: all data is signed and was checked.
    pub ad: Option<bool>,
}

/// An SOA in the authority section.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ExpectedSoa {
    /// There is none.
    Absent,
    /// That of this zone.
    Of(OwnerName),
}

/// An extended DNS error.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ExpectedError {
    /// There is none.
    Absent,
    /// One with this info-code.
    Coded {
        /// Info-code.
        code: u16,
        /// Part of the text; empty for any.
        text: String,
    },
}

/// How a flow ends; absent fields are not checked.
#[derive(Clone, PartialEq, Debug)]
pub struct ExpectedFlow {
    /// Who opens the connection.
    pub from: From,
    /// The resource.
    pub to: ResourceName,
    /// What is done.
    pub operation: Operation,
    /// The name it goes through; without it every flow of the operation must end so.
    pub name: Option<OwnerName>,
    /// The word for its path.
    pub path: Option<String>,
    /// The endpoint it goes through.
    pub endpoint: Option<EndpointName>,
    /// True if it is allowed.
    pub allowed: Option<bool>,
    /// The row of the table of decisions.
    pub row: Option<u8>,
    /// HTTP status.
    pub status: Option<u16>,
    /// Part of the error text.
    pub text: Option<String>,
}
