//! What must be true of an estate at the end of a step.

use std::net::Ipv4Addr;

use crate::catalogue::Operation;
use crate::dns::{OwnerName, RecordType};
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
    /// Where it is written.
    pub place: Place,
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
}

impl From {
    /// The name it is written by.
    pub fn name(&self) -> &str {
        match self {
            Self::Public => "public",
            Self::Network(name) => name.as_str(),
            Self::Machine(name) => name.as_str(),
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
    /// A question is answered with these aliases, in this order; what they end at is not looked at.
    Chain {
        /// Who asks.
        from: From,
        /// The name.
        name: OwnerName,
        /// The alias targets.
        targets: Vec<OwnerName>,
    },
    /// There is a finding with this code.
    Finding(String),
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

/// An answer.
#[derive(Clone, PartialEq, Debug)]
pub enum ExpectedAnswer {
    /// These data, in any order; in master-file form.
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

/// How a flow ends; what is absent is not looked at.
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
