//! Where an address is, and how packets get there or where they end.
//!
//! The rules are those of Azure's routing as far as it decides about private endpoints and DNS servers: peering is not
//! transitive, a route table can lead through an appliance, networks of one Virtual WAN reach each other, and on-premises
//! networks reach what the gateway's network lets them (virtual-networks-udr-overview, 2023-05-27;
//! inspect-traffic-with-azure-firewall, 2025-03-25; private-link in Virtual WAN, 2023-03-30). What an estate does not
//! describe is unknown and never "not peered".

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::state::{Endpoint, State};
use super::zone::{Owned, Writer};
use crate::estate::routing::{Appliance, Forwards, GatewayKind, NextHop, RouteTable, VirtualHub};
use crate::estate::{ApprovalState, EndpointTarget, MachineName, NetworkKind, NetworkName};

/// The most appliances packets are followed through.
const MAX_APPLIANCES: usize = 4;

/// Where packets begin: in a network, and in a subnet and at a machine of it where these are known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Origin<'o> {
    /// The network.
    pub network: &'o NetworkName,
    /// The subnet.
    pub subnet: Option<&'o str>,
    /// The virtual machine.
    pub machine: Option<&'o MachineName>,
}

impl<'o> Origin<'o> {
    /// A virtual machine; absent if there is none of that name.
    pub fn machine(state: &'o State, name: &'o MachineName) -> Option<Self> {
        let machine = state.machines.get(name)?;
        Some(Self { network: &machine.network, subnet: machine.subnet.as_deref(), machine: Some(name) })
    }
}

impl<'o> From<&'o NetworkName> for Origin<'o> {
    fn from(network: &'o NetworkName) -> Self {
        Self { network, subnet: None, machine: None }
    }
}

/// How packets get to another network, or why they do not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reach {
    /// The address is in the client's own network.
    SameNetwork,
    /// The networks are peered, or connected by a gateway.
    Peered,
    /// Through the gateway of a network in between.
    ThroughGateway(NetworkName),
    /// Through appliances, each with the network it is in.
    ThroughAppliance(Vec<(Arc<str>, NetworkName)>),
    /// Through hubs of a Virtual WAN, one or two, each with true if its firewall is on the way.
    ThroughVirtualWan(Vec<(Arc<str>, bool)>),
    /// The networks share nothing: connections time out.
    NotPeered,
    /// Packets are stopped on the way.
    Stopped(String),
    /// The estate does not say enough.
    Unknown(String),
    /// The endpoint's connection is not approved: packets are not passed.
    NotApproved(ApprovalState),
    /// The endpoint's scope is gone: its connection is disconnected.
    Disconnected,
}

impl Reach {
    /// True if packets arrive for certain.
    pub fn arrives(&self) -> bool {
        matches!(
            self,
            Self::SameNetwork
                | Self::Peered
                | Self::ThroughGateway(_)
                | Self::ThroughAppliance(_)
                | Self::ThroughVirtualWan(_)
        )
    }

    /// True unless it is certain that packets do not arrive.
    pub fn may_arrive(&self) -> bool {
        self.arrives() || matches!(self, Self::Unknown(_))
    }

    /// The way in a line, `app → hub (fw) → mon`; absent where packets do not arrive or stay in their network.
    pub fn way(&self, from: &NetworkName, to: &NetworkName) -> Option<String> {
        match self {
            Self::Peered => Some(format!("{from} → {to}")),
            Self::ThroughGateway(hub) => Some(format!("{from} → {hub} (gateway) → {to}")),
            Self::ThroughAppliance(through) => {
                let through = through.iter().map(|(name, network)| format!(" → {network} ({name})"));
                Some(format!("{from}{} → {to}", through.collect::<String>()))
            }
            Self::ThroughVirtualWan(hubs) => {
                let by = |firewall: &bool| if *firewall { " (firewall)" } else { "" };
                let through = hubs.iter().map(|(hub, firewall)| format!(" → {hub}{}", by(firewall)));
                Some(format!("{from}{} → {to}", through.collect::<String>()))
            }
            _ => None,
        }
    }
}

/// Why packets arrive or do not, after "it is in NETWORK".
impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameNetwork => f.write_str("the client's own network"),
            Self::Peered => f.write_str("which is peered"),
            Self::ThroughGateway(hub) => write!(f, "through the gateway of {hub}"),
            Self::ThroughAppliance(through) => {
                let names: Vec<_> = through.iter().map(|(name, network)| format!("{name} in {network}")).collect();
                write!(f, "through {}", names.join(", then "))
            }
            Self::ThroughVirtualWan(hubs) => {
                let by = |firewall: &bool| if *firewall { " and its firewall" } else { "" };
                let names: Vec<_> = hubs.iter().map(|(hub, firewall)| format!("{hub}{}", by(firewall))).collect();
                write!(f, "through virtual hub {}", names.join(", then "))
            }
            Self::NotPeered => f.write_str("which is not peered with it"),
            Self::Stopped(why) | Self::Unknown(why) => f.write_str(why),
            Self::NotApproved(ApprovalState::Rejected) => {
                f.write_str("the connection of its private endpoint is rejected")
            }
            Self::NotApproved(ApprovalState::Disconnected) => {
                f.write_str("the owner of the target deleted the connection of its private endpoint")
            }
            Self::NotApproved(_) => f.write_str("the connection of its private endpoint is waiting for approval"),
            Self::Disconnected => f.write_str("the target of its private endpoint is deleted"),
        }
    }
}

/// The network an address of a record set is in, as a client in `from` would reach it: the client's own if its address space
/// holds the address, since packets never leave it then; else that of the endpoint that wrote the record set, that of an
/// endpoint that has the address, or one whose address space holds it. Of several, one that the client reaches comes first.
pub fn home_of(state: &State, from: &NetworkName, owned: &Owned, address: IpAddr) -> Option<NetworkName> {
    if state.networks.get(from).is_some_and(|network| network.holds(address)) {
        return Some(from.clone());
    }
    if let Writer::Endpoint { endpoint, .. } = &owned.writer
        && let Some(endpoint) = state.endpoints.get(endpoint)
    {
        return Some(endpoint.spec.network.clone());
    }
    let distance = |network: &NetworkName| u8::from(!state.reaches(from, network));
    let having = state.endpoints.values().filter(|one| has(one, address));
    let endpoint = having.map(|one| &one.spec.network).min_by_key(|network| distance(network));
    let holding = || {
        let networks = state.networks.values().filter(|network| network.holds(address)).map(|network| &network.name);
        networks.min_by_key(|network| distance(network))
    };
    endpoint.or_else(holding).cloned()
}

/// True if the endpoint has the address.
pub fn has(endpoint: &Endpoint, address: IpAddr) -> bool {
    endpoint.members.iter().any(|member| member.address == address)
}

/// True while what the endpoint leads to is there; one created again under the same name is another.
pub fn is_connected(state: &State, endpoint: &Endpoint) -> bool {
    let name = &endpoint.spec.name;
    match &endpoint.spec.target {
        EndpointTarget::Scope(scope) => state.scopes.get(scope).is_some_and(|own| own.endpoints.contains(name)),
        EndpointTarget::Service { resource, .. } => {
            state.resources.get(resource).is_some_and(|own| own.endpoints.contains(name))
        }
    }
}

/// How packets of `from` get to an address of `to`; without an address, to a server in it that is not a private endpoint.
pub fn between<'o>(state: &State, from: impl Into<Origin<'o>>, to: &NetworkName, address: Option<IpAddr>) -> Reach {
    trace(state, from, to, address).1
}

/// The same with the appliances that packets come to on the way, also where they end at one.
pub fn trace<'o>(
    state: &State,
    from: impl Into<Origin<'o>>,
    to: &NetworkName,
    address: Option<IpAddr>,
) -> (Appliances, Reach) {
    let origin = from.into();
    let from = origin.network;
    if from == to {
        return (Vec::new(), Reach::SameNetwork);
    }
    let address = match address {
        Some(IpAddr::V6(_)) => return (Vec::new(), over_ipv6(state, from, to)),
        Some(IpAddr::V4(address)) => Some(address),
        None => None,
    };
    let to = &Destination {
        network: to,
        address: address.or_else(|| state.networks.get(to)?.first_address()),
        endpoint: address
            .and_then(|own| state.endpoints.values().find(|one| one.spec.network == *to && has(one, own.into()))),
    };
    if let Some(subnet) = origin.subnet {
        return along(state, from, state.routes.table_of(from, subnet), to);
    }
    let tables = state.routes.tables_of(from);
    if tables.is_empty() {
        return along(state, from, None, to);
    }
    // A client of which only the network is known may be in any subnet that has clients, also in one without a table.
    let subnets = state.client_subnets(from);
    let tables: Vec<Option<&RouteTable>> = match subnets.is_empty() {
        true => tables.into_iter().map(Some).collect(),
        false => subnets.into_iter().map(|subnet| state.routes.table_of(from, subnet)).collect(),
    };
    let mut ways: Vec<(Appliances, Reach)> = Vec::new();
    for table in tables {
        let way = along(state, from, table, to);
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    let none_arrives = ways.iter().all(|(_, way)| !way.may_arrive());
    match ways.len() {
        1 => ways.remove(0),
        // They end at different places, and none arrives.
        _ if none_arrives => ways.remove(0),
        _ => (Vec::new(), Reach::Unknown(format!("the subnets of {from} have different routes to {}", to.network))),
    }
}

/// How packets get to an IPv6 address of a private endpoint. Peerings carry them, route tables here have no IPv6 routes, and
/// from on-premises they pass ExpressRoute with a routing appliance alone: neither VPN nor Virtual WAN (private-link-ipv6,
/// 2026-07-07; the peering is inferred).
fn over_ipv6(state: &State, from: &NetworkName, to: &NetworkName) -> Reach {
    if !state.networks.get(from).is_some_and(|network| network.has_ipv6()) {
        return Reach::Stopped(format!("{from} has no IPv6 addresses"));
    }
    let beyond = [from, to].into_iter().find(|network| is_on_premises(state, network));
    if beyond.is_none() && state.are_peered(from, to) {
        return closed_half(state, from, to).map_or(Reach::Peered, Reach::Stopped);
    }
    if wide_area(state, from, to).is_some() {
        return Reach::Stopped("Virtual WAN passes no IPv6 packets to private endpoints".to_owned());
    }
    match (through_gateways(state, from, None, to), beyond) {
        (None, _) => Reach::NotPeered,
        (Some(way), _) if !way.arrives() => way,
        (Some(_), Some(beyond)) if !is_by_vpn(state, beyond) => Reach::Unknown(
            "IPv6 packets pass ExpressRoute only through a routing appliance, and the estate does not say whether there is one"
                .to_owned(),
        ),
        (Some(_), _) => Reach::Stopped("VPN gateways pass no IPv6 packets to private endpoints".to_owned()),
    }
}

/// True if every gateway that connects a network is a VPN gateway.
fn is_by_vpn(state: &State, beyond: &NetworkName) -> bool {
    let mut own = state.routes.gateways().filter(|gateway| gateway.connects.contains(beyond)).peekable();
    own.peek().is_some() && own.all(|gateway| gateway.kind != GatewayKind::ExpressRoute)
}

/// What packets are for.
struct Destination<'d> {
    network: &'d NetworkName,
    address: Option<Ipv4Addr>,
    /// The private endpoint that has the address.
    endpoint: Option<&'d Arc<Endpoint>>,
}

impl State {
    /// True unless it is certain that packets from `from` do not reach a server in `to`.
    pub fn reaches(&self, from: &NetworkName, to: &NetworkName) -> bool {
        between(self, from, to, None).may_arrive()
    }

    /// True unless it is certain that packets from `from` do not reach the private endpoint, regardless of the state of its connection.
    pub fn reaches_endpoint(&self, from: &NetworkName, endpoint: &Endpoint) -> bool {
        let address = endpoint.members.first().map(|member| member.address);
        between(self, from, &endpoint.spec.network, address).may_arrive()
    }
}

/// Appliances, each with the network it is in.
pub type Appliances = Vec<(Arc<str>, NetworkName)>;

/// How packets of a subnet with this route table get there.
fn along(state: &State, from: &NetworkName, table: Option<&RouteTable>, to: &Destination<'_>) -> (Appliances, Reach) {
    let mut at = from.clone();
    let mut table = table;
    let mut through: Appliances = Vec::new();
    loop {
        let appliance = match next(state, &at, table, to) {
            Next::Network if through.is_empty() => return (through, Reach::Peered),
            Next::Network => return (through.clone(), Reach::ThroughAppliance(through)),
            Next::Verdict(verdict) if verdict.arrives() && !through.is_empty() => {
                return (through.clone(), Reach::ThroughAppliance(through));
            }
            Next::Verdict(verdict) => return (through, verdict),
            Next::Appliance { from, address } => {
                at = from;
                address
            }
            Next::Nothing => {
                let verdict = without_route(state, &at, table, to.network, &through);
                return (through, verdict);
            }
        };
        let found = match appliance_at(state, &at, appliance) {
            Ok(found) => found,
            Err(verdict) => return (through, verdict),
        };
        through.push((Arc::clone(&found.name), found.network.clone()));
        let ends = match found.forwards {
            Forwards::Deny => Some(Reach::Stopped(format!("{} in {} drops the packets", found.name, found.network))),
            Forwards::Unknown => Some(Reach::Unknown(format!(
                "the estate does not say whether {} in {} forwards the packets",
                found.name, found.network
            ))),
            Forwards::Allow => (through.len() > MAX_APPLIANCES).then(|| {
                Reach::Stopped(format!("more than {MAX_APPLIANCES} appliances forward the packets to each other"))
            }),
        };
        if let Some(verdict) = ends {
            return (through, verdict);
        }
        at = found.network.clone();
        let subnet = state.subnet_of(&at, appliance);
        table = subnet.and_then(|subnet| state.routes.table_of(&at, subnet));
    }
}

/// The appliance a route leads to. Its address has to be in the network or in one that is peered with it.
fn appliance_at<'s>(state: &'s State, at: &NetworkName, address: Ipv4Addr) -> Result<&'s Appliance, Reach> {
    let is_near = |network: &NetworkName| network == at || state.are_peered(at, network);
    if let Some(found) = state.routes.appliances().find(|one| one.address == address && is_near(&one.network)) {
        let closed = (found.network != *at).then(|| closed_half(state, at, &found.network)).flatten();
        return closed.map_or(Ok(found), |closed| Err(Reach::Stopped(closed)));
    }
    let holding = || state.networks.values().filter(|network| is_near(&network.name) && network.holds(address));
    let closed = |network: &NetworkName| (network != at).then(|| closed_half(state, at, network)).flatten();
    let is_held = holding().any(|network| closed(&network.name).is_none());
    if let Some(closed) = holding().find_map(|network| closed(&network.name)).filter(|_| !is_held) {
        return Err(Reach::Stopped(closed));
    }
    Err(match is_held {
        true => Reach::Unknown(format!("{at} routes to {address}, where no appliance is declared")),
        false => Reach::Stopped(format!(
            "{at} routes to {address}, which is neither in {at} nor in a network that is peered with it"
        )),
    })
}

/// Where packets go next.
enum Next {
    /// Into the network they are for.
    Network,
    /// From that network to the appliance with that address.
    Appliance {
        /// The network whose route leads there.
        from: NetworkName,
        /// The appliance's address.
        address: Ipv4Addr,
    },
    /// This is known of the rest of the way.
    Verdict(Reach),
    /// No route leads there.
    Nothing,
}

/// The longest prefix decides; of equally long ones a user's route comes before the others.
fn next(state: &State, at: &NetworkName, table: Option<&RouteTable>, destination: &Destination<'_>) -> Next {
    let (to, address) = (destination.network, destination.address);
    if at == to {
        return Next::Network;
    }
    let closed = state.are_peered(at, to).then(|| closed_half(state, at, to)).flatten();
    if let Some(closed) = closed.clone().filter(|_| [at, to].into_iter().any(|network| is_on_premises(state, network)))
    {
        return Next::Verdict(Reach::Stopped(closed));
    }
    // A peering that lets no packets in gives no route, so others decide.
    let is_peered = state.are_peered(at, to) && closed.is_none();
    let user = address.and_then(|address| {
        let routes = table.into_iter().flat_map(|table| &table.routes).filter(|route| route.prefix.contains(&address));
        routes.max_by_key(|route| route.prefix.prefix_len())
    });
    let space = address.and_then(|address| state.prefix_length(to, address)).unwrap_or(0);
    let length = user.map(|route| route.prefix.prefix_len());
    let own_route = destination.endpoint.is_some_and(|endpoint| has_own_route(state, endpoint, length, space));
    // Routes that are not known decide nothing where the route of a peering or an endpoint cannot be replaced.
    let may_replace = || destination.endpoint.is_some_and(|endpoint| has_route_tables(state, endpoint));
    let may_decide = || !is_peered || !own_route || may_replace();
    if let Some(table) = table.filter(|table| !table.is_complete && may_decide()) {
        return Next::Verdict(Reach::Unknown(format!("not all routes of {} in {at} are known", table.name)));
    }
    // A gateway or a virtual hub gives routes as long as the network's prefix; a peering comes before them.
    let by_gateway = if is_peered { None } else { through_gateways(state, at, table, to) };
    let learned = match is_peered {
        true => None,
        false => wide_area(state, at, to).or_else(|| by_gateway.clone().filter(Reach::arrives)),
    };
    let system = match (is_peered, own_route) {
        (true, true) => Some(32),
        (true, false) => Some(space),
        (false, _) => learned.as_ref().map(|_| space),
    };
    let user = user.filter(|route| system.is_none_or(|system| route.prefix.prefix_len() >= system));
    match user.map(|route| (route, route.next)) {
        Some((_, NextHop::VirtualAppliance(address))) => Next::Appliance { from: at.clone(), address },
        Some((route, NextHop::VirtualNetworkGateway)) => through_own_gateway(state, at, to, route.prefix),
        Some((route, NextHop::Internet | NextHop::None)) => {
            Next::Verdict(Reach::Stopped(format!("{at} has the route {route}")))
        }
        Some((_, NextHop::VnetLocal)) | None if is_peered => Next::Network,
        Some((_, NextHop::VnetLocal)) | None => match learned {
            Some(way) => from_gateway(state, at, destination, way),
            None => {
                let known = by_gateway.or_else(|| declared(state, at, to));
                known.map_or(Next::Nothing, Next::Verdict)
            }
        },
    }
}

/// Packets from on-premises follow the routes of the subnet of the gateway from there on.
fn from_gateway(state: &State, at: &NetworkName, to: &Destination<'_>, way: Reach) -> Next {
    let Reach::ThroughGateway(hub) = &way else { return Next::Verdict(way) };
    let table = state.routes.table_of(hub, "GatewaySubnet").filter(|_| is_on_premises(state, at));
    match table.map(|table| next(state, hub, Some(table), to)) {
        Some(Next::Appliance { from, address }) => Next::Appliance { from, address },
        Some(Next::Verdict(verdict)) if !verdict.arrives() => Next::Verdict(verdict),
        _ => Next::Verdict(way),
    }
}

/// Which half of a peering does not let packets pass.
fn closed_half(state: &State, one: &NetworkName, other: &NetworkName) -> Option<String> {
    let is_closed = |from, to| state.routes.half(from, to).is_some_and(|flags| !flags.access);
    [(one, other), (other, one)]
        .into_iter()
        .find(|(from, to)| is_closed(from, to))
        .map(|(from, to)| format!("the peering of {from} with {to} has allowVirtualNetworkAccess false"))
}

/// True if a private endpoint puts a route of its own for its address into the networks that are peered with its own. A
/// user's route takes its place only if the subnet's policy says so and the route is as long as the network's prefix
/// (disable-private-endpoint-network-policy, 2023-07-26).
fn has_own_route(state: &State, endpoint: &Endpoint, user: Option<u8>, space: u8) -> bool {
    !(has_route_tables(state, endpoint) && user.is_some_and(|user| user >= space))
}

/// True if route tables apply to a private endpoint.
fn has_route_tables(state: &State, endpoint: &Endpoint) -> bool {
    state.routes.policy(&endpoint.spec.network, &endpoint.spec.subnet).has_routes()
}

/// Networks and branches of one Virtual WAN reach each other.
fn wide_area(state: &State, from: &NetworkName, to: &NetworkName) -> Option<Reach> {
    let hub_of = |network: &NetworkName| state.routes.hubs().find(|hub| hub.connections.contains(network));
    let (near, far) = (hub_of(from)?, hub_of(to)?);
    if near.wan != far.wan {
        return None;
    }
    let firewalls = [near, far].into_iter().filter_map(|hub| Some((hub, hub.firewall?)));
    let mut unknown = None;
    for (hub, forwards) in firewalls {
        match forwards {
            Forwards::Allow => {}
            // What one firewall drops, no other passes on.
            Forwards::Deny => {
                return Some(Reach::Stopped(format!("the firewall of virtual hub {} drops the packets", hub.name)));
            }
            Forwards::Unknown => {
                unknown.get_or_insert_with(|| {
                    format!(
                        "the estate does not say whether the firewall of virtual hub {} forwards the packets",
                        hub.name
                    )
                });
            }
        }
    }
    let is_undescribed = |hub: &VirtualHub, network: &NetworkName| hub.unknown_routes.contains(network);
    let undescribed = [(near, from), (far, to)].into_iter().find(|(hub, network)| is_undescribed(hub, network));
    if let Some((hub, network)) = undescribed {
        unknown = Some(format!("the routes of {network} in virtual hub {} are not known", hub.name));
    }
    Some(match unknown {
        Some(why) => Reach::Unknown(why),
        None => {
            let hubs = [near, far].into_iter().take(if near.name == far.name { 1 } else { 2 });
            Reach::ThroughVirtualWan(hubs.map(|hub| (Arc::clone(&hub.name), hub.firewall.is_some())).collect())
        }
    })
}

fn is_on_premises(state: &State, name: &NetworkName) -> bool {
    state.networks.get(name).is_some_and(|network| network.kind == NetworkKind::OnPremises)
}

/// Networks that a gateway connects - on-premises ones, and virtual networks whose gateways are joined - reach its network and
/// those that use it; and the other way round.
fn through_gateways(state: &State, from: &NetworkName, table: Option<&RouteTable>, to: &NetworkName) -> Option<Reach> {
    let sides = [is_on_premises(state, from), is_on_premises(state, to)];
    let way = match sides {
        [true, true] => None,
        [true, false] => from_beyond(state, from, to),
        [false, true] => from_beyond(state, to, from),
        [false, false] => between_gateways(state, from, to),
    }?;
    // A gateway's routes are not in a table that leaves them out.
    let is_left_out = !sides[0] && table.is_some_and(|table| table.disable_bgp);
    Some(match is_left_out {
        true => Reach::Stopped(format!("a route table of {from} does not propagate gateway routes")),
        false => way,
    })
}

/// The way between a network beyond a gateway and another one; absent where no gateway joins them.
fn from_beyond(state: &State, beyond: &NetworkName, network: &NetworkName) -> Option<Reach> {
    let connects = |hub: &NetworkName| {
        is_on_premises(state, beyond) && state.are_peered(beyond, hub)
            || state.routes.gateways().any(|gateway| gateway.network == *hub && gateway.connects.contains(beyond))
    };
    if connects(network) {
        return Some(Reach::Peered);
    }
    let mut closed = None;
    for hub in state.peers(network).into_iter().filter(|hub| connects(hub)) {
        match gateway_of(state, hub, network) {
            None => return Some(Reach::ThroughGateway(hub.clone())),
            Some(why) => closed = Some(why),
        }
    }
    closed.map(Reach::Stopped)
}

/// The way between two virtual networks whose gateways, or those of the hubs they use, are joined by a connection.
fn between_gateways(state: &State, from: &NetworkName, to: &NetworkName) -> Option<Reach> {
    // Absent for networks that have nothing to do with the hub; else why its gateway is not used, if it is not.
    let use_of = |hub: &NetworkName, network: &NetworkName| match (hub == network, state.are_peered(hub, network)) {
        (true, _) => Some(None),
        (false, true) => Some(gateway_of(state, hub, network)),
        (false, false) => None,
    };
    let joined = state.routes.gateways().flat_map(|gateway| gateway.connects.iter().map(|to| (&gateway.network, to)));
    let joined = joined.filter(|(_, to)| !is_on_premises(state, to));
    let mut closed = None;
    for (near, far) in joined.flat_map(|(one, other)| [(one, other), (other, one)]) {
        let (Some(here), Some(there)) = (use_of(near, from), use_of(far, to)) else { continue };
        match here.or(there) {
            Some(why) => closed = Some(why),
            None if near == from && far == to => return Some(Reach::Peered),
            None if near == from => return Some(Reach::ThroughGateway(far.clone())),
            None => return Some(Reach::ThroughGateway(near.clone())),
        }
    }
    closed.map(Reach::Stopped)
}

/// Why a network does not use the gateway of a hub that it is peered with; absent if it does.
fn gateway_of(state: &State, hub: &NetworkName, network: &NetworkName) -> Option<String> {
    let says = |from, to| state.routes.half(from, to);
    if let Some(closed) = closed_half(state, hub, network) {
        return Some(closed);
    }
    if says(hub, network).and_then(|flags| flags.gateway_transit) == Some(false) {
        return Some(format!("{hub} does not let {network} use its gateway"));
    }
    if says(network, hub).and_then(|flags| flags.remote_gateways) == Some(false) {
        return Some(format!("{network} does not use the gateway of {hub}"));
    }
    None
}

/// A route to the gateway: on to other networks that use it, if it is a VPN gateway.
fn through_own_gateway(state: &State, at: &NetworkName, to: &NetworkName, prefix: ipnet::Ipv4Net) -> Next {
    let uses = |network: &NetworkName, hub: &NetworkName| {
        network == hub
            || state.are_peered(network, hub)
                && state.routes.half(network, hub).and_then(|flags| flags.remote_gateways) == Some(true)
                && state.routes.half(hub, network).and_then(|flags| flags.gateway_transit) == Some(true)
    };
    let gateway = state.routes.gateways().find(|gateway| uses(at, &gateway.network));
    if gateway.is_some_and(|gateway| gateway.kind == GatewayKind::ExpressRoute) {
        return Next::Verdict(Reach::Stopped(format!(
            "{at} routes {prefix} to an ExpressRoute gateway, which a route cannot use"
        )));
    }
    let joined = || through_gateways(state, at, None, to);
    Next::Verdict(match gateway {
        Some(gateway) if uses(to, &gateway.network) => Reach::ThroughGateway(gateway.network.clone()),
        _ => joined().unwrap_or_else(|| {
            Reach::Stopped(match gateway {
                None => format!("{at} routes {prefix} to a gateway it does not have"),
                Some(gateway) => format!("{to} does not use the gateway of {}", gateway.network),
            })
        }),
    })
}

/// A declared transit, between networks that are peered with the one in the middle.
fn declared(state: &State, from: &NetworkName, to: &NetworkName) -> Option<Reach> {
    let joined = |network: &NetworkName, hub: &NetworkName| {
        state.are_peered(network, hub)
            || state.routes.gateways().any(|gateway| gateway.network == *hub && gateway.connects.contains(network))
    };
    let ends = [from, to];
    let mut joining = state
        .routes
        .transits()
        .filter(|transit| ends.iter().all(|one| transit.between.contains(one) && joined(one, &transit.through)))
        .map(|transit| (transit, ends.iter().find_map(|one| closed_half(state, one, &transit.through))))
        .peekable();
    let first = joining.peek().cloned()?;
    let (transit, closed) = joining.find(|(_, closed)| closed.is_none()).unwrap_or(first);
    if let Some(closed) = closed {
        return Some(Reach::Stopped(closed));
    }
    let by = transit.by.clone().unwrap_or_else(|| "an appliance".into());
    let appliance = state.routes.appliances().find(|one| one.name == by);
    Some(match appliance.map(|one| one.forwards) {
        Some(Forwards::Deny) => Reach::Stopped(format!("{by} in {} drops the packets", transit.through)),
        Some(Forwards::Unknown) => {
            Reach::Unknown(format!("the estate does not say whether {by} in {} forwards the packets", transit.through))
        }
        Some(Forwards::Allow) | None => Reach::ThroughAppliance(vec![(by, transit.through.clone())]),
    })
}

/// What is known where no route leads: networks with a neighbour in common may be joined by something undeclared.
fn without_route(
    state: &State,
    at: &NetworkName,
    table: Option<&RouteTable>,
    to: &NetworkName,
    through: &[(Arc<str>, NetworkName)],
) -> Reach {
    let closed = || state.are_peered(at, to).then(|| closed_half(state, at, to)).flatten();
    if let Some((name, network)) = through.last() {
        return Reach::Stopped(closed().unwrap_or_else(|| format!("{name} in {network} has no route to {to}")));
    }
    let passes = |one: &NetworkName, other: &NetworkName| {
        state.are_peered(one, other) && closed_half(state, one, other).is_none()
    };
    let middle = || state.peers(at).into_iter().find(|hub| passes(at, hub) && passes(hub, to));
    if table.is_none()
        && let Some(hub) = middle()
    {
        return Reach::Unknown(format!(
            "both are peered with {hub}, and the estate does not say whether an appliance there forwards the packets"
        ));
    }
    if let Some(closed) = closed() {
        return Reach::Stopped(closed);
    }
    let has = |from: &NetworkName, to: &NetworkName| state.routes.half(from, to).is_some();
    if !state.are_peered(at, to) && has(at, to) != has(to, at) {
        let (missing, other) = if has(at, to) { (to, at) } else { (at, to) };
        return Reach::Stopped(format!("{missing} has no peering with {other}, so the other half is not Connected"));
    }
    Reach::NotPeered
}
