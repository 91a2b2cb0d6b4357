//! What Azure would refuse.

use std::fmt;

use crate::dns::OwnerName;
use crate::estate::{EndpointName, NetworkName, Place, ResourceName, Revision, ScopeName, ZoneId};

/// An event that had no effect, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The revision the event made, with nothing changed in it.
    pub revision: Revision,
    /// Why Azure would refuse it.
    pub reason: Reason,
    /// Where the event was written.
    pub place: Option<Place>,
}

/// Why Azure would refuse an event. Each variant's source stands beside its wording in the findings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reason {
    /// Peered networks must not overlap.
    PeeringOverlaps {
        /// The two.
        between: [NetworkName; 2],
        /// Their overlapping prefixes.
        prefixes: [ipnet::IpNet; 2],
    },
    /// A network can be linked to one zone of a name only.
    ZoneNameTaken {
        /// The network.
        network: NetworkName,
        /// The zone it is linked to.
        linked: ZoneId,
        /// The zone it was to be linked to.
        refused: ZoneId,
    },
    /// A zone with links cannot be deleted.
    ZoneHasLinks {
        /// The zone.
        zone: ZoneId,
        /// How many links it has.
        links: usize,
    },
    /// A zone of that resource group and name exists.
    ZoneExists(ZoneId),
    /// Azure keeps this zone name for itself.
    ReservedZoneName(OwnerName),
    /// The zone is not there any more.
    ZoneGone(ZoneId),
    /// A zone's name has 2 to 34 labels.
    ZoneLabels(OwnerName),
    /// A CNAME record set stands alone at its name, has one record, and is not at the apex.
    AliasNotAlone(OwnerName),
    /// A record set's owner is not within its zone.
    OutsideZone {
        /// The owner.
        owner: OwnerName,
        /// The zone.
        zone: ZoneId,
    },
    /// A resource in a scope cannot be deleted.
    ResourceIsScoped {
        /// The resource.
        resource: ResourceName,
        /// A scope it is in.
        scope: ScopeName,
    },
    /// An exclusion names a connection that does not exist.
    NoSuchConnection {
        /// The scope.
        scope: ScopeName,
        /// The endpoint named.
        endpoint: EndpointName,
    },
    /// A network with endpoints in it cannot be deleted.
    NetworkInUse {
        /// The network.
        network: NetworkName,
        /// An endpoint in it.
        endpoint: EndpointName,
    },
    /// The subnet has no free address left.
    SubnetExhausted {
        /// The endpoint.
        endpoint: EndpointName,
        /// The subnet, as `network/subnet`.
        subnet: String,
        /// How many addresses are needed.
        needed: usize,
        /// How many are free.
        free: usize,
    },
    /// A static address is taken.
    AddressTaken {
        /// The endpoint.
        endpoint: EndpointName,
        /// The address.
        address: std::net::Ipv4Addr,
    },
    /// A rule's target is 168.63.129.16.
    RuleTargetsAzureDns {
        /// The ruleset.
        ruleset: crate::estate::RulesetName,
        /// The rule's domain.
        domain: OwnerName,
    },
    /// A limit of Azure's.
    Limit(Exceeded),
}

/// A limit that an event would exceed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exceeded {
    /// Which limit.
    pub limit: super::limit::Limit,
    /// Whose limit it is: the name of the scope, zone, endpoint or network.
    pub of: String,
    /// The figure that held.
    pub most: usize,
    /// The figure the event would have brought.
    pub found: usize,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PeeringOverlaps { between: [one, other], prefixes: [a, b] } => {
                write!(f, "{one} and {other} cannot be peered: {a} and {b} overlap")
            }
            Self::ZoneNameTaken { network, linked, refused } => write!(
                f,
                "{refused} cannot be linked to {network}: it is linked to {linked}, and a network can be linked to one \
                 zone of a name only (Azure says BadRequest, overlapping namespaces)"
            ),
            Self::ZoneHasLinks { zone, links } => {
                write!(f, "{zone} cannot be deleted: it is linked to {links} network{}", plural(*links))
            }
            Self::ZoneExists(zone) => write!(f, "{zone} exists already"),
            Self::ReservedZoneName(apex) => {
                write!(f, "{apex} cannot be created: Azure keeps that zone name for itself")
            }
            Self::ZoneGone(zone) => write!(f, "{zone} does not exist any more"),
            Self::ZoneLabels(apex) => write!(f, "{apex} cannot be created: a zone's name has 2 to 34 labels"),
            Self::OutsideZone { owner, zone } => write!(f, "`{owner}` is not within the zone {zone}"),
            Self::AliasNotAlone(owner) => write!(
                f,
                "{owner} cannot have that record set: a CNAME has one record, stands alone at its name and not at the \
                 zone's apex"
            ),
            Self::ResourceIsScoped { resource, scope } => {
                write!(f, "{resource} cannot be deleted: it is in scope {scope}")
            }
            Self::NoSuchConnection { scope, endpoint } => write!(
                f,
                "the access modes of {scope} cannot exclude {endpoint}: no such private endpoint is connected to it"
            ),
            Self::NetworkInUse { network, endpoint } => {
                write!(f, "{network} cannot be deleted: private endpoint {endpoint} is in it")
            }
            Self::SubnetExhausted { endpoint, subnet, needed, free } => write!(
                f,
                "{endpoint} needs {needed} more address{} of {subnet}, which has {free} free: provisioning fails",
                if *needed == 1 { "" } else { "es" }
            ),
            Self::AddressTaken { endpoint, address } => {
                write!(f, "{endpoint} cannot have {address}: the address is taken")
            }
            Self::RuleTargetsAzureDns { ruleset, domain } => {
                write!(f, "{ruleset} cannot send {domain} to 168.63.129.16: Azure does not allow that target")
            }
            Self::Limit(exceeded) => write!(f, "{exceeded}"),
        }
    }
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit, of, most, found } = self;
        write!(f, "{of} would have {found} {}, and the limit is {most}", limit.what())
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
