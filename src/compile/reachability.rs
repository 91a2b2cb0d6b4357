//! Where an address is, and who reaches it.

use std::net::Ipv4Addr;

use super::state::State;
use super::zone::{Owned, Writer};
use crate::estate::NetworkName;

/// The network an address of a record set is in, as a client in `from` would reach it: that of the endpoint that wrote it,
/// else that of an endpoint that has the address, else one whose address space holds it. Where several have the address,
/// isolated networks often do, the client's own network comes first, then one it reaches.
pub fn home_of(state: &State, from: &NetworkName, owned: &Owned, address: Ipv4Addr) -> Option<NetworkName> {
    if let Writer::Endpoint { endpoint, .. } = &owned.writer
        && let Some(endpoint) = state.endpoints.get(endpoint)
    {
        return Some(endpoint.spec.network.clone());
    }
    let distance = |network: &NetworkName| match network {
        own if own == from => 0,
        other if state.reaches(from, other) => 1,
        _ => 2,
    };
    let having = state.endpoints.values().filter(|one| one.members.iter().any(|member| member.address == address));
    let endpoint = having.map(|one| &one.spec.network).min_by_key(|network| distance(network));
    let holding = || {
        let networks = state.networks.values().filter(|network| network.holds(address)).map(|network| &network.name);
        networks.min_by_key(|network| distance(network))
    };
    endpoint.or_else(holding).cloned()
}
