//! What is broken: the one verdict that every output reads.
//!
//! A [`Use`] is a client, a name and what is done through it. Each use that is not served has a [`Standing`] and a
//! [`Cause`]. [`crate::assess::Assessment`] computes them once for a revision.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Code;
use crate::catalogue::Operation;
use crate::dns::OwnerName;
use crate::estate::{EndpointName, MachineName, NetworkName, ResourceName, Revision, RulesetName, ScopeName, ZoneId};

/// How bad it is that a use is not served.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Standing {
    /// It was meant to work.
    Broken,
    /// Nothing that works now depends on it as far as the estate says, and something probably will.
    AtRisk,
    /// It is refused as configured.
    Closed,
}

/// One way a client uses a name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Use {
    /// The network of the client.
    pub network: NetworkName,
    /// The public name.
    pub name: OwnerName,
    /// The resource; absent for what everybody in the network uses.
    pub resource: Option<ResourceName>,
    /// What is done.
    pub operation: Operation,
    /// The virtual machine whose open session it is; absent for new connections of any client of the network.
    pub machine: Option<MachineName>,
}

/// A use that is not served.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Unserved {
    /// The use.
    pub used: Use,
    /// How bad it is.
    pub standing: Standing,
    /// Why it is not served.
    pub cause: Arc<Cause>,
}

impl Unserved {
    /// The same use in another network that meets the same.
    pub(super) fn in_network(&self, network: &NetworkName) -> Self {
        let mut one = self.clone();
        if one.cause.root == Root::Network(one.used.network.clone()) {
            one.cause = Arc::new(Cause::new(one.cause.code, Root::Network(network.clone())));
        }
        one.used.network = network.clone();
        one
    }
}

/// Networks and names that depend on what is unknown.
#[derive(Default, Debug)]
pub(super) struct Unknown {
    /// On the contents of a private zone.
    pub(super) contents: BTreeMap<ZoneId, BTreeSet<(NetworkName, OwnerName)>>,
    /// On what a resource does with public requests.
    pub(super) access: BTreeMap<ResourceName, BTreeSet<(NetworkName, OwnerName)>>,
}

/// Why a use is not served: the rule, and the one object to change.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Cause {
    /// The code of the finding.
    pub code: Code,
    /// The object to change.
    pub root: Root,
}

/// The object to change.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Root {
    /// The estate as a whole.
    Estate,
    /// Networks that forward to each other, in order of names.
    Circle(Vec<NetworkName>),
    /// The DNS of a network, its links, or its outbound rule.
    Network(NetworkName),
    /// A forwarding ruleset.
    Ruleset(RulesetName),
    /// The private zones of a resource group.
    Group(Arc<str>),
    /// A private zone.
    Zone(ZoneId),
    /// The record sets of a name in a private zone.
    RecordSet(ZoneId, OwnerName),
    /// A private endpoint.
    Endpoint(EndpointName),
    /// Record sets of an endpoint that another writer overwrote.
    Overwritten {
        /// The endpoint that had written them.
        endpoint: EndpointName,
        /// The endpoint that overwrote them; absent for a record set written by hand.
        by: Option<EndpointName>,
    },
    /// A scope.
    Scope(ScopeName),
    /// Resources of a scope whose endpoints do not write to the private zones of a resource group.
    ScopedElsewhere {
        /// The scope.
        scope: ScopeName,
        /// The resource group.
        group: Arc<str>,
    },
    /// An endpoint without zone group, and the resource group whose private zones hold record sets for it that are written by hand.
    KeptByHand {
        /// The endpoint.
        endpoint: EndpointName,
        /// The resource group.
        group: Arc<str>,
    },
    /// A resource.
    Resource(ResourceName),
    /// The half of the peering of the first network with the second.
    PeeringHalf(NetworkName, NetworkName),
    /// An id that several resources have.
    Id(String),
    /// A prefix that several networks claim.
    Prefix(ipnet::IpNet),
    /// A virtual machine.
    Machine(MachineName),
    /// An event.
    Event(Revision),
    /// A file that was imported.
    File(Arc<str>),
    /// An entry that accepts findings, by its place among them.
    Allowance(usize),
}

impl Root {
    /// What it is called, where it has a name.
    pub fn name(&self) -> Option<String> {
        Some(match self {
            Self::Estate => "estate".to_owned(),
            Self::Circle(networks) => networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            Self::Network(name) => name.to_string(),
            Self::Ruleset(name) => name.to_string(),
            Self::Group(name) => name.to_string(),
            Self::Zone(id) => id.to_string(),
            Self::RecordSet(id, owner) => format!("{id} {owner}"),
            Self::Endpoint(name) | Self::Overwritten { endpoint: name, by: None } => name.to_string(),
            Self::Overwritten { endpoint, by: Some(by) } => format!("{endpoint} by {by}"),
            Self::Scope(name) => name.to_string(),
            Self::ScopedElsewhere { scope, group } => format!("{scope} and {group}"),
            Self::KeptByHand { endpoint, group } => format!("{endpoint} and {group}"),
            Self::Resource(name) => name.to_string(),
            Self::PeeringHalf(from, to) => format!("{from} with {to}"),
            Self::Id(id) => id.clone(),
            Self::Prefix(prefix) => prefix.to_string(),
            Self::Machine(name) => name.to_string(),
            Self::File(name) => name.to_string(),
            Self::Event(_) | Self::Allowance(_) => return None,
        })
    }
}

impl Cause {
    pub(super) fn new(code: Code, root: Root) -> Self {
        Self { code, root }
    }
}
