//! What decides which way packets take, and whether they arrive: flags of peerings, gateways, route tables, appliances,
//! virtual hubs, security groups.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use ipnet::Ipv4Net;

use super::NetworkName;
use super::security::SecurityGroup;

/// An object that decides which way packets take.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Routing {
    /// One half of a peering.
    PeeringHalf(PeeringHalf),
    /// The gateway of a virtual network.
    Gateway(Gateway),
    /// A route table and the subnets it is for.
    RouteTable(RouteTable),
    /// Azure Firewall or another appliance that forwards packets.
    Appliance(Appliance),
    /// A hub of a Virtual WAN.
    VirtualHub(VirtualHub),
    /// A path through a network, declared without its routes.
    Transit(Transit),
    /// What a subnet's rules and routes apply to.
    EndpointPolicy(EndpointPolicy),
    /// Rules for packets at subnets and virtual machines.
    SecurityGroup(SecurityGroup),
}

/// Which object of [`Routing`].
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum RoutingKey {
    /// The half of the peering from the first network to the second.
    PeeringHalf(NetworkName, NetworkName),
    /// The gateway of that network.
    Gateway(NetworkName),
    /// The route table of that name.
    RouteTable(Arc<str>),
    /// The appliance of that name.
    Appliance(Arc<str>),
    /// The hub of that name.
    VirtualHub(Arc<str>),
    /// The transit through that network, of these networks.
    Transit(NetworkName, Vec<NetworkName>),
    /// The policy of that subnet.
    EndpointPolicy(NetworkName, Arc<str>),
    /// The security group of that name.
    SecurityGroup(Arc<str>),
}

/// One half of a peering, as `virtualNetworkPeerings` has it. Packets pass once both halves are there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PeeringHalf {
    /// The network it belongs to.
    pub from: NetworkName,
    /// The network that it connects to.
    pub to: NetworkName,
    /// Its flags.
    pub flags: PeeringFlags,
}

/// Flags of one half of a peering.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PeeringFlags {
    /// `allowVirtualNetworkAccess`: packets of the other network are let in.
    pub access: bool,
    /// `allowForwardedTraffic`: so are packets that did not begin there. Its effect is disputed (azure-docs issue 48390), so
    /// it stops no packet here, and a finding says where it may.
    pub forwarded: bool,
    /// `allowGatewayTransit`: the other network may use this one's gateway. Absent where it is not stated.
    pub gateway_transit: Option<bool>,
    /// `useRemoteGateways`: this network uses the other one's gateway. Absent where it is not stated.
    pub remote_gateways: Option<bool>,
}

impl Default for PeeringFlags {
    /// Both networks reach each other, and nothing is said of gateways.
    fn default() -> Self {
        Self { access: true, forwarded: true, gateway_transit: None, remote_gateways: None }
    }
}

/// What kind of gateway it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GatewayKind {
    /// A VPN gateway: routes can lead to it, and it passes packets between networks.
    Vpn,
    /// An ExpressRoute gateway: no route can lead to it (virtual-networks-udr-overview, 2023-05-27).
    ExpressRoute,
}

/// The gateway of a virtual network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gateway {
    /// The network it is in; a network has one.
    pub network: NetworkName,
    /// Its kind.
    pub kind: GatewayKind,
    /// The networks that it connects: on-premises ones, and virtual networks with a gateway that a connection joins to it.
    pub connects: Vec<NetworkName>,
}

/// A route table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RouteTable {
    /// Its name.
    pub name: Arc<str>,
    /// `disableBgpRoutePropagation`: routes of gateways are not in it.
    pub disable_bgp: bool,
    /// Its routes.
    pub routes: Vec<UserRoute>,
    /// False if it has routes that are not described: what they decide is unknown.
    pub is_complete: bool,
    /// The subnets it is for.
    pub subnets: Vec<(NetworkName, Arc<str>)>,
}

/// A route of a user.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UserRoute {
    /// `addressPrefix`.
    pub prefix: Ipv4Net,
    /// `nextHopType`, with `nextHopIpAddress`.
    pub next: NextHop,
}

/// Where a route leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NextHop {
    /// To the appliance with that address.
    VirtualAppliance(Ipv4Addr),
    /// To the network's gateway.
    VirtualNetworkGateway,
    /// To the network itself.
    VnetLocal,
    /// To the internet.
    Internet,
    /// Nowhere: packets are dropped.
    None,
}

/// What an appliance does with packets for private endpoints. Its rules are not modelled: they are one verdict.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Forwards {
    /// It passes them on.
    #[default]
    Allow,
    /// It drops them.
    Deny,
    /// Unknown.
    Unknown,
}

/// Azure Firewall or another appliance that forwards packets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Appliance {
    /// Its name.
    pub name: Arc<str>,
    /// The network it is in.
    pub network: NetworkName,
    /// Its private address.
    pub address: Ipv4Addr,
    /// What it does.
    pub forwards: Forwards,
}

/// A hub of a Virtual WAN. All networks of one WAN reach each other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VirtualHub {
    /// Its name.
    pub name: Arc<str>,
    /// The WAN it is of.
    pub wan: Arc<str>,
    /// The networks connected to it, virtual and on-premises.
    pub connections: Vec<NetworkName>,
    /// What its firewall does; absent without one.
    pub firewall: Option<Forwards>,
    /// Those of the connected networks whose routes are not described: whether packets from there and to there arrive is unknown.
    pub unknown_routes: Vec<NetworkName>,
}

/// A path through a network, declared without its routes: packets between these networks pass.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transit {
    /// The network in the middle.
    pub through: NetworkName,
    /// The networks that reach each other through it.
    pub between: Vec<NetworkName>,
    /// What forwards the packets, in a word.
    pub by: Option<Arc<str>>,
}

/// `privateEndpointNetworkPolicies` of a subnet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EndpointPolicy {
    /// The network.
    pub network: NetworkName,
    /// The subnet.
    pub subnet: Arc<str>,
    /// What applies to private endpoints in it.
    pub policy: EndpointPolicies,
}

/// Which network policies apply to the private endpoints of a subnet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum EndpointPolicies {
    /// Neither route tables nor security groups.
    #[default]
    Disabled,
    /// Security groups.
    NetworkSecurityGroupEnabled,
    /// Route tables: a route at least as long as the network's prefix takes the place of the endpoint's own.
    RouteTableEnabled,
    /// Both.
    Enabled,
}

impl EndpointPolicies {
    /// True if a route of a client's table can take the place of an endpoint's own route.
    pub fn has_routes(self) -> bool {
        matches!(self, Self::RouteTableEnabled | Self::Enabled)
    }

    /// True if the subnet's security group is for the endpoints in it too.
    pub fn has_groups(self) -> bool {
        matches!(self, Self::NetworkSecurityGroupEnabled | Self::Enabled)
    }
}

impl Routing {
    /// Which object it is.
    pub fn key(&self) -> RoutingKey {
        match self {
            Self::PeeringHalf(half) => RoutingKey::PeeringHalf(half.from.clone(), half.to.clone()),
            Self::Gateway(gateway) => RoutingKey::Gateway(gateway.network.clone()),
            Self::RouteTable(table) => RoutingKey::RouteTable(Arc::clone(&table.name)),
            Self::Appliance(appliance) => RoutingKey::Appliance(Arc::clone(&appliance.name)),
            Self::VirtualHub(hub) => RoutingKey::VirtualHub(Arc::clone(&hub.name)),
            Self::Transit(transit) => {
                let mut between = transit.between.clone();
                between.sort();
                RoutingKey::Transit(transit.through.clone(), between)
            }
            Self::EndpointPolicy(one) => RoutingKey::EndpointPolicy(one.network.clone(), Arc::clone(&one.subnet)),
            Self::SecurityGroup(group) => RoutingKey::SecurityGroup(Arc::clone(&group.name)),
        }
    }
}

impl RoutingKey {
    /// True if the object is of this network, or is nothing without it.
    pub fn needs(&self, network: &NetworkName) -> bool {
        match self {
            Self::PeeringHalf(one, other) => one == network || other == network,
            Self::Gateway(own) | Self::EndpointPolicy(own, _) | Self::Transit(own, _) => own == network,
            Self::RouteTable(_) | Self::Appliance(_) | Self::VirtualHub(_) | Self::SecurityGroup(_) => false,
        }
    }
}

impl fmt::Display for UserRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.next {
            NextHop::VirtualAppliance(address) => write!(f, "{} to {address}", self.prefix),
            NextHop::VirtualNetworkGateway => write!(f, "{} to the gateway", self.prefix),
            NextHop::VnetLocal => write!(f, "{} to the network itself", self.prefix),
            NextHop::Internet => write!(f, "{} to the internet", self.prefix),
            NextHop::None => write!(f, "{} to nowhere", self.prefix),
        }
    }
}
