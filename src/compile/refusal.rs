//! What Azure would refuse.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::absence::{Absence, Missing, ObjectKind};
use crate::catalogue::Limit;
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

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reason)
    }
}

/// Why a private endpoint cannot have IPv6 addresses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoIpv6 {
    /// It leads to a scope.
    Scope,
    /// It leads to a resource of this type.
    Service(Arc<str>),
    /// It leads to a resource in this region.
    Region(Arc<str>),
    /// Its subnet, `network/subnet`, has IPv4 addresses only.
    Subnet(Arc<str>),
}

impl fmt::Display for NoIpv6 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scope => f.write_str("private endpoints of Azure Monitor have none"),
            Self::Service(kind) => write!(f, "private endpoints of {kind} have none"),
            Self::Region(region) => write!(f, "Azure gives none in {region}"),
            Self::Subnet(subnet) => write!(f, "subnet {subnet} has no IPv6 prefix"),
        }
    }
}

/// Why Azure would refuse an event. Each variant's source is beside its wording in the findings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reason {
    /// Peered networks must not overlap.
    PeeringOverlaps {
        /// The two.
        between: [NetworkName; 2],
        /// Their overlapping prefixes.
        prefixes: [IpNet; 2],
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
    /// A network has one registration zone only.
    SecondRegistrationZone {
        /// The network.
        network: NetworkName,
        /// Its registration zone.
        first: ZoneId,
        /// The zone that was to be one too.
        refused: ZoneId,
    },
    /// A network is linked to one ruleset only.
    SecondRuleset {
        /// The network.
        network: NetworkName,
        /// The ruleset that is linked to it.
        first: crate::estate::RulesetName,
        /// The ruleset that was to be linked too.
        refused: crate::estate::RulesetName,
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
    /// A zone's name has 2 to 34 labels.
    ZoneLabels(OwnerName),
    /// A CNAME record set is alone at its name, has one record, and is not at the apex.
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
        address: IpAddr,
    },
    /// A rule's target is 168.63.129.16.
    RuleTargetsAzureDns {
        /// The ruleset.
        ruleset: crate::estate::RulesetName,
        /// The rule's domain.
        domain: OwnerName,
    },
    /// The event refers to what does not exist.
    Missing(Missing),
    /// There is an object of that name.
    Exists {
        /// What it is.
        kind: ObjectKind,
        /// Its name.
        name: Arc<str>,
    },
    /// An object cannot have that name.
    BadName {
        /// What it is.
        what: Arc<str>,
        /// The name.
        name: Arc<str>,
    },
    /// A network cannot be peered with itself.
    PeeredWithItself(NetworkName),
    /// There is no such peering to delete.
    NotPeered([NetworkName; 2]),
    /// There is no such gateway, route table, appliance, virtual hub, transit, policy or half of a peering to delete.
    NoSuchRouting,
    /// There is no such link to remove.
    NotLinked {
        /// The zone.
        zone: ZoneId,
        /// The network.
        network: NetworkName,
    },
    /// The resource is not in the scope it is to be taken from.
    NotScoped {
        /// The scope.
        scope: ScopeName,
        /// The resource.
        resource: ResourceName,
    },
    /// A resource that exists is of another kind.
    OtherKind {
        /// The resource.
        resource: ResourceName,
        /// What it is.
        kind: &'static str,
        /// What the event takes it for.
        wanted: &'static str,
    },
    /// What a component names as its workspace is something else.
    NotAWorkspace {
        /// The resource.
        resource: ResourceName,
        /// What it is.
        kind: &'static str,
    },
    /// A resource has no such group id.
    NoSuchGroup {
        /// The resource.
        resource: ResourceName,
        /// The group id.
        group: Arc<str>,
    },
    /// A resource of one tenant was to be put into a scope of another.
    OtherTenant {
        /// The scope.
        scope: ScopeName,
        /// The resource.
        resource: ResourceName,
        /// The tenant of the scope, and that of the resource.
        tenants: [Arc<str>; 2],
    },
    /// The network has no such subnet.
    NoSubnet {
        /// The network.
        network: NetworkName,
        /// The subnet.
        subnet: Arc<str>,
    },
    /// A static address is outside the endpoint's subnet.
    AddressOutside {
        /// The address.
        address: IpAddr,
        /// The subnet.
        subnet: IpNet,
    },
    /// A static address is one that Azure keeps for itself.
    AddressReserved(IpAddr),
    /// A private endpoint cannot have IPv6 addresses there (source: private-link-ipv6, 2026-07-07).
    NoIpv6Endpoint {
        /// The endpoint.
        endpoint: EndpointName,
        /// Why not.
        why: NoIpv6,
    },
    /// A connection that the target's owner deleted has no other state any more.
    Disconnected(EndpointName),
    /// Subnets of a network must not overlap (error NetcfgSubnetRangesOverlap; virtual networks FAQ).
    SubnetsOverlap {
        /// The network.
        network: NetworkName,
        /// The two subnets.
        subnets: [String; 2],
    },
    /// A network uses one gateway: its own, or that of one network that it is peered with (virtual-network-manage-peering,
    /// 2018-02-09; virtual-network-peering-overview).
    SecondGateway {
        /// The network.
        network: NetworkName,
        /// The network whose gateway it uses; itself, if it has one.
        first: NetworkName,
        /// The network whose gateway it was to use too.
        refused: NetworkName,
    },
    /// Something that only a virtual network can have.
    OnlyInVirtualNetworks {
        /// What it is, such as `inbound endpoint in1`.
        what: String,
        /// The network on premises.
        network: NetworkName,
    },
    /// The customerId of a workspace never changes.
    CustomerIdIsFixed {
        /// The workspace.
        resource: ResourceName,
        /// Its customerId.
        id: String,
    },
    /// A limit of Azure's.
    Limit(Exceeded),
}

impl Reason {
    /// True if the event says something that means nothing where it is: it refers to what does not exist, or gives a
    /// name that cannot be given. Azure is not involved, and the author of such an event made a mistake. What follows
    /// from an earlier refusal is none.
    pub fn is_mistake(&self) -> bool {
        match self {
            Self::Missing(missing) => !matches!(missing.absence, Absence::Refused(_)),
            Self::Exists { .. }
            | Self::OutsideZone { .. }
            | Self::BadName { .. }
            | Self::PeeredWithItself(_)
            | Self::NotPeered(_)
            | Self::NoSuchRouting
            | Self::NotLinked { .. }
            | Self::NotScoped { .. }
            | Self::OtherKind { .. }
            | Self::NotAWorkspace { .. }
            | Self::NoSuchGroup { .. }
            | Self::NoSubnet { .. }
            | Self::AddressOutside { .. }
            | Self::AddressReserved(_) => true,
            Self::PeeringOverlaps { .. }
            | Self::ZoneNameTaken { .. }
            | Self::SecondRegistrationZone { .. }
            | Self::SecondRuleset { .. }
            | Self::ZoneHasLinks { .. }
            | Self::ZoneExists(_)
            | Self::ReservedZoneName(_)
            | Self::ZoneLabels(_)
            | Self::AliasNotAlone(_)
            | Self::ResourceIsScoped { .. }
            | Self::NoSuchConnection { .. }
            | Self::NetworkInUse { .. }
            | Self::SubnetExhausted { .. }
            | Self::AddressTaken { .. }
            | Self::RuleTargetsAzureDns { .. }
            | Self::SubnetsOverlap { .. }
            | Self::SecondGateway { .. }
            | Self::OnlyInVirtualNetworks { .. }
            | Self::CustomerIdIsFixed { .. }
            | Self::OtherTenant { .. }
            | Self::NoIpv6Endpoint { .. }
            | Self::Disconnected(_)
            | Self::Limit(_) => false,
        }
    }
}

fn disconnected(f: &mut fmt::Formatter<'_>, endpoint: &EndpointName) -> fmt::Result {
    write!(f, "the connection of {endpoint} is Disconnected: only a new private endpoint makes a new one")
}

impl From<Missing> for Reason {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing)
    }
}

/// A limit that an event would exceed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exceeded {
    /// Which limit.
    pub limit: Limit,
    /// Whose limit it is: the name of the scope, zone, endpoint or network.
    pub of: String,
    /// The figure that held.
    pub most: usize,
    /// The figure the event would have brought.
    pub found: usize,
}

fn second_ruleset(
    f: &mut fmt::Formatter<'_>,
    network: &NetworkName,
    first: &crate::estate::RulesetName,
    refused: &crate::estate::RulesetName,
) -> fmt::Result {
    write!(
        f,
        "{refused} cannot be linked to {network}: {first} is linked to it, and a network is linked to one ruleset only"
    )
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
            Self::SecondRegistrationZone { network, first, refused } => write!(
                f,
                "{refused} cannot be linked to {network} with registrationEnabled: {first} is its registration zone, and a \
                 network has one only"
            ),
            Self::SecondRuleset { network, first, refused } => second_ruleset(f, network, first, refused),
            Self::ZoneHasLinks { zone, links } => {
                write!(f, "{zone} cannot be deleted: it is linked to {links} network{}", plural(*links))
            }
            Self::ZoneExists(zone) => write!(f, "{zone} exists already"),
            Self::ReservedZoneName(apex) => {
                write!(f, "{apex} cannot be created: Azure reserves that zone name")
            }
            Self::ZoneLabels(apex) => write!(f, "{apex} cannot be created: a zone's name has 2 to 34 labels"),
            Self::OutsideZone { owner, zone } => write!(f, "`{owner}` is not within the zone {zone}"),
            Self::AliasNotAlone(owner) => write!(
                f,
                "{owner} cannot have that record set: a CNAME record set has one record, is the only record set of \
                 its name, and is not allowed at the zone's apex"
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
                write!(f, "{ruleset} cannot forward {domain} to 168.63.129.16: Azure does not allow that target")
            }
            Self::Missing(missing) => write!(f, "{missing}"),
            Self::Exists { kind, name } => write!(f, "there is a {kind} `{name}` already"),
            Self::BadName { what, name } => write!(f, "`{name}` is not a valid name for a {what}"),
            Self::PeeredWithItself(network) => write!(f, "network `{network}` cannot be peered with itself"),
            Self::NotPeered([one, other]) => write!(f, "networks `{one}` and `{other}` are not peered at this point"),
            Self::NoSuchRouting => f.write_str("there is no such object at this point"),
            Self::NotLinked { zone, network } => {
                write!(f, "private zone `{zone}` is not linked to network `{network}` here")
            }
            Self::NotScoped { scope, resource } => write!(f, "resource `{resource}` is not in scope `{scope}` here"),
            Self::OtherKind { resource, kind, wanted } => write!(f, "`{resource}` is a {kind}, expected a {wanted}"),
            Self::NotAWorkspace { resource, kind } => {
                write!(f, "`{resource}` is a {kind}, expected a workspace")
            }
            Self::NoSuchGroup { resource, group } => {
                write!(f, "`{resource}` has no group id `{group}` in its `groupIds`")
            }
            Self::OtherTenant { scope, resource, tenants: [own, other] } => write!(
                f,
                "{resource} cannot be added to {scope}: it belongs to tenant {other}, and the scope to tenant {own}"
            ),
            Self::NoSubnet { network, subnet } => write!(f, "network `{network}` has no subnet `{subnet}`"),
            Self::AddressOutside { address, subnet } => {
                write!(f, "{address} is not in the subnet, which is {subnet}")
            }
            Self::AddressReserved(address) => write!(f, "Azure reserves {address} of the subnet"),
            Self::Disconnected(endpoint) => disconnected(f, endpoint),
            Self::NoIpv6Endpoint { endpoint, why } => write!(f, "{endpoint} cannot have IPv6 addresses: {why}"),
            Self::SubnetsOverlap { network, subnets: [one, other] } => {
                write!(f, "{network} cannot be created: its subnets {one} and {other} overlap")
            }
            Self::SecondGateway { network, first, refused } => {
                match network == refused {
                    true => write!(f, "{network} cannot have a gateway")?,
                    false => write!(f, "{network} cannot use the gateway of {refused}")?,
                }
                match network == first {
                    true => f.write_str(": it has a gateway of its own")?,
                    false => write!(f, ": it uses that of {first}")?,
                }
                f.write_str(", and a network uses one gateway only")
            }
            Self::OnlyInVirtualNetworks { what, network } => {
                write!(f, "{network} is on premises and cannot have {what}: only a virtual network can")
            }
            Self::CustomerIdIsFixed { resource, id } => {
                write!(f, "the customerId of {resource} cannot change: it is {id}")
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
