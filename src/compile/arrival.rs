//! Whether packets for an address of a record set arrive: the way they take, the connection of the private endpoint, and the
//! rules of security groups. One verdict for answers, explanations, flows and findings.

use std::net::{IpAddr, Ipv4Addr};

use super::address::usable;
use super::reachability::{Origin, Reach, between, has, home_of, is_connected};
use super::security::{DNS, Destination, HTTPS, Passage, enters, enters_subnet, leaves};
use super::state::State;
use super::zone::{Owned, Writer};
use crate::estate::{ApprovalState, InboundEndpointSpec, NetworkName};

/// Whether a client reaches an address of `owned`, and the network that is in; absent for public addresses.
pub fn reach<'o>(
    state: &State,
    from: impl Into<Origin<'o>>,
    owned: &Owned,
    address: IpAddr,
) -> Option<(NetworkName, Reach)> {
    let origin = from.into();
    let home = home_of(state, origin.network, owned, address)?;
    let own = match &owned.writer {
        Writer::Endpoint { endpoint, .. } => state.endpoints.get(endpoint).filter(|one| one.spec.network == home),
        _ => None,
    };
    let endpoint = own.or_else(|| state.endpoints.values().find(|one| one.spec.network == home && has(one, address)));
    let way = arrives(state, origin, &home, address);
    let verdict = match endpoint {
        _ if !way.may_arrive() => way,
        Some(endpoint) if !is_connected(state, endpoint) => Reach::Disconnected,
        Some(endpoint) if endpoint.approval != ApprovalState::Approved => Reach::NotApproved(endpoint.approval),
        _ => way,
    };
    Some((home, verdict))
}

/// Whether packets get to an address of another network, by routes and rules.
pub fn arrives(state: &State, origin: Origin<'_>, home: &NetworkName, address: IpAddr) -> Reach {
    let way = between(state, origin, home, Some(address));
    match address {
        IpAddr::V4(address) if way.may_arrive() => by_rules(state, origin, home, address, way),
        // Security groups do not work with IPv6 private endpoints (private-link-ipv6, 2026-07-07).
        IpAddr::V4(_) | IpAddr::V6(_) => way,
    }
}

/// What security groups make of packets that the routes bring there.
fn by_rules(state: &State, origin: Origin<'_>, home: &NetworkName, address: Ipv4Addr, way: Reach) -> Reach {
    let left = leaves(state, origin, Destination::Private(address), HTTPS);
    let entered = || enters(state, origin, home, address, &way);
    match left {
        Passage::Closed(why) => Reach::Stopped(why),
        Passage::Unknown(why) => match entered() {
            Passage::Closed(why) => Reach::Stopped(why),
            Passage::Open | Passage::Unknown(_) => Reach::Unknown(why),
        },
        Passage::Open => match entered() {
            Passage::Closed(why) => Reach::Stopped(why),
            Passage::Unknown(why) => Reach::Unknown(why),
            Passage::Open => way,
        },
    }
}

/// Whether a network's own DNS server in `home` can be asked from a network. Where in `home` it is, and where it is asked
/// from, is not known.
pub fn can_ask(state: &State, from: &NetworkName, home: &NetworkName) -> bool {
    let first = state.networks.get(home).and_then(|network| network.first_address());
    let left = first.map_or(Passage::Open, |address| leaves(state, from.into(), Destination::Private(address), DNS));
    between(state, from, home, None).may_arrive() && !matches!(left, Passage::Closed(_))
}

/// Whether an inbound endpoint can be asked from a network: packets have to get to its address, and the security groups of
/// both sides have to let them pass. Where in the network it is asked from is not known.
pub fn can_ask_endpoint(state: &State, from: &NetworkName, endpoint: &InboundEndpointSpec) -> bool {
    let home = &endpoint.network;
    let Some(address) = address_of(state, endpoint) else { return *from == *home || can_ask(state, from, home) };
    let origin = Origin::from(from);
    let way = between(state, origin, home, Some(address.into()));
    let is_closed = |passage: Passage| matches!(passage, Passage::Closed(_));
    let enters = || {
        let subnet = endpoint.subnet.as_deref().or_else(|| state.subnet_of(home, address))?;
        Some(enters_subnet(state, origin, (home, subnet), address, (&way, DNS)))
    };
    way.may_arrive()
        && !is_closed(leaves(state, origin, Destination::Private(address), DNS))
        && !enters().is_some_and(is_closed)
}

/// The address of an inbound endpoint: its own, else the first that Azure gives in its subnet, as Microsoft's examples have
/// it. Absent where neither is known.
fn address_of(state: &State, endpoint: &InboundEndpointSpec) -> Option<Ipv4Addr> {
    let first = || {
        let subnet = state.networks.get(&endpoint.network)?.subnet(endpoint.subnet.as_deref()?)?;
        match usable(&state.catalogue, subnet).0 {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        }
    };
    endpoint.address.or_else(first)
}
