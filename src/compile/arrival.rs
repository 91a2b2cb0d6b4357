//! Whether packets for an address of a record set arrive: the way they take, the connection of the private endpoint, and the
//! rules of security groups. One verdict for answers, explanations, flows and findings.

use std::net::Ipv4Addr;

use super::reachability::{Origin, Reach, between, has, home_of, is_connected};
use super::security::{DNS, Destination, HTTPS, Passage, enters, leaves};
use super::state::State;
use super::zone::{Owned, Writer};
use crate::estate::{ApprovalState, NetworkName};

/// Whether a client reaches an address of `owned`, and the network that is in; absent for public addresses.
pub fn reach<'o>(
    state: &State,
    from: impl Into<Origin<'o>>,
    owned: &Owned,
    address: Ipv4Addr,
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
pub fn arrives(state: &State, origin: Origin<'_>, home: &NetworkName, address: Ipv4Addr) -> Reach {
    let way = between(state, origin, home, Some(address));
    if way.may_arrive() { by_rules(state, origin, home, address, way) } else { way }
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

/// Whether a DNS server in `home` can be asked from a network. Where in it the server is asked from is not known.
pub fn can_ask(state: &State, from: &NetworkName, home: &NetworkName, address: Option<Ipv4Addr>) -> bool {
    let passes = |address| leaves(state, from.into(), Destination::Private(address), DNS);
    let first = || state.networks.get(home).and_then(|network| network.first_address());
    between(state, from, home, address).may_arrive()
        && !address.or_else(first).is_some_and(|address| matches!(passes(address), Passage::Closed(_)))
}
