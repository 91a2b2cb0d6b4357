//! The ways from networks to the private endpoints of others: what packets come through, and where they end.

use std::net::IpAddr;

use serde::Serialize;

use super::Condition;
use crate::compile::State;
use crate::compile::arrival::arrives;
use crate::compile::reachability::{Reach, trace};
use crate::compile::security::{Destination, HTTPS, Passage, leaves};
use crate::estate::NetworkName;

/// A way from a network to the private endpoints of another one.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Way {
    /// The network of the endpoints.
    pub to: String,
    /// What packets come through, in order.
    pub through: Vec<Stop>,
    /// Whether they arrive: well, broken, or plain where that is unknown.
    pub standing: Condition,
    /// Where they end: between the stop of this number and the next; 0 is the network itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<usize>,
    /// The way in words, or why it ends.
    pub words: String,
}

/// A place on the way.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Stop {
    /// The network, or the virtual hub.
    pub place: String,
    /// What passes packets on there; empty for a virtual hub without a firewall.
    pub by: String,
}

impl Stop {
    fn new(place: impl ToString, by: impl ToString) -> Self {
        Self { place: place.to_string(), by: by.to_string() }
    }

    /// The stop in a word or two, `hub (fw)`.
    pub fn words(&self) -> String {
        if self.by.is_empty() { self.place.clone() } else { format!("{} ({})", self.place, self.by) }
    }
}

/// The ways of a network to the networks with private endpoints that are more than a peering. Of networks that have nothing
/// to do with each other only those are shown whose addresses the network is given.
pub(super) fn ways(state: &State, from: &NetworkName, given: impl Fn(&NetworkName) -> bool) -> Vec<Way> {
    let mut homes: Vec<(&NetworkName, Option<IpAddr>)> = Vec::new();
    for endpoint in state.endpoints.values().filter(|endpoint| endpoint.spec.network != *from) {
        if !homes.iter().any(|(home, _)| **home == endpoint.spec.network) {
            homes.push((&endpoint.spec.network, endpoint.members.first().map(|member| member.address)));
        }
    }
    homes.into_iter().filter_map(|(home, address)| way(state, from, home, address, given(home))).collect()
}

fn way(state: &State, from: &NetworkName, home: &NetworkName, address: Option<IpAddr>, is_given: bool) -> Option<Way> {
    let (passed, routed) = trace(state, from, home, address);
    let verdict = match address {
        Some(address) if routed.may_arrive() => arrives(state, from.into(), home, address),
        _ => routed.clone(),
    };
    let through: Vec<Stop> = match &routed {
        Reach::ThroughGateway(hub) => vec![Stop::new(hub, "gateway")],
        Reach::ThroughVirtualWan(hubs) => {
            hubs.iter().map(|(hub, firewall)| Stop::new(hub, if *firewall { "firewall" } else { "" })).collect()
        }
        _ => passed.iter().map(|(name, network)| Stop::new(network, name)).collect(),
    };
    let (standing, words) = match &verdict {
        Reach::Peered => return None,
        Reach::NotPeered if !is_given => return None,
        Reach::NotPeered => (Condition::Broken, format!("no path to {home}: it is not peered with {from}")),
        Reach::Stopped(why) => (Condition::Broken, format!("no path to {home}: {why}")),
        Reach::Unknown(why) => (Condition::Plain, format!("unknown path to {home}: {why}")),
        verdict => (Condition::Well, verdict.way(from, home)?),
    };
    let last = through.len();
    let ends_at = (standing != Condition::Well).then(|| match address {
        // Rules where packets leave, or where they arrive.
        Some(IpAddr::V4(address)) if routed.may_arrive() && verdict != routed => {
            let left = leaves(state, from.into(), Destination::Private(address), HTTPS);
            if left == Passage::Open { last } else { 0 }
        }
        _ => last,
    });
    Some(Way { to: home.to_string(), through, standing, ends_at, words })
}
