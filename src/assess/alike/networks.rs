//! Networks whose clients meet the same: one of them is assessed for all.
//!
//! An estate may have a thousand spokes that are linked to the same zones. Names lead to the same in two networks if their
//! links, DNS setting, rulesets, peerings and outbound rule are equal, and if there is nothing in either that another object
//! refers to, or that packets are sent to.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::compile::{Compiled, View};
use crate::estate::{
    DnsSetting, ForwardTo, NetworkKind, NetworkName, ResolutionPolicy, RuleAction, RulesetSpec, ZoneId,
};

/// The networks that are assessed, each with those that meet the same; every network is in one group.
pub(in crate::assess) fn groups(world: &Compiled, addresses: Vec<IpAddr>) -> Vec<Vec<NetworkName>> {
    let marks = Marks::of(world, addresses);
    let mut groups: Vec<Vec<NetworkName>> = Vec::new();
    let mut places: HashMap<Key<'_>, usize> = HashMap::new();
    for (_, view) in world.views.iter() {
        let Some(network) = &view.network else { continue };
        let next = groups.len();
        let place = marks.key(view, network).map_or(next, |key| *places.entry(key).or_insert(next));
        match groups.get_mut(place) {
            Some(group) => group.push(network.clone()),
            None => groups.push(vec![network.clone()]),
        }
    }
    groups
}

/// All that decides what the clients of a network meet.
#[derive(PartialEq, Eq, Hash)]
struct Key<'w> {
    /// The zones it is linked to, and how.
    links: Vec<(&'w ZoneId, Option<ResolutionPolicy>)>,
    peered: Vec<&'w NetworkName>,
    kind: NetworkKind,
    /// Whether its machines have addresses of IPv4, and of IPv6.
    families: [bool; 2],
    dns: &'w DnsSetting,
    rulesets: &'w [Arc<RulesetSpec>],
    shares_legacy_dns: bool,
    outbound: Option<RuleAction>,
}

/// What is looked up for every network.
struct Marks<'w> {
    world: &'w Compiled,
    /// Networks that something is in, or that something refers to.
    named: HashSet<&'w NetworkName>,
    /// Addresses that packets may be sent to, in order.
    addresses: Vec<IpAddr>,
}

impl<'w> Marks<'w> {
    fn of(world: &'w Compiled, mut addresses: Vec<IpAddr>) -> Self {
        addresses.sort_unstable();
        let state = &world.state;
        let mut named: HashSet<&NetworkName> = HashSet::new();
        named.extend(state.endpoints.values().map(|one| &one.spec.network));
        named.extend(state.machines.values().map(|one| &one.network));
        named.extend(state.inbound.values().map(|one| &one.network));
        named.extend(state.rulesets.values().filter_map(|one| one.outbound.as_ref()));
        let forwards = state.networks.values().flat_map(|one| match &one.dns {
            DnsSetting::Custom { forward, default, .. } => {
                forward.iter().flat_map(|one| &one.to).chain(default).collect()
            }
            DnsSetting::AzureProvided => Vec::new(),
        });
        let rules = state.rulesets.values().flat_map(|set| &set.rules).flat_map(|rule| &rule.to);
        named.extend(forwards.chain(rules).filter_map(|to| match to {
            ForwardTo::Network(name) => Some(name),
            ForwardTo::AzureProvided | ForwardTo::InboundEndpoint(_) | ForwardTo::Public => None,
        }));
        Self { world, named, addresses }
    }

    /// The key of a network; absent for one that may have no like.
    fn key(&self, view: &'w View, network: &'w NetworkName) -> Option<Key<'w>> {
        let state = &self.world.state;
        // Routes, gateways and rules name networks and subnets, and files may have any name and address.
        let is_plain = state.routes.is_empty() && state.files.is_empty() && self.world.history.public.is_empty();
        let own = state.networks.get(network)?;
        if !is_plain || self.named.contains(network) || own.prefixes().any(|prefix| self.has_address(prefix)) {
            return None;
        }
        let policy = |zone| state.zones.get(zone)?.links.get(network).copied();
        let linked = state.linked.get(network).into_iter().flatten();
        Some(Key {
            links: linked.map(|zone| (zone, policy(zone))).collect(),
            peered: state.peerings.of(network).collect(),
            kind: view.kind,
            families: [
                own.address_space.iter().any(|prefix| matches!(prefix, IpNet::V4(_))),
                own.address_space.iter().any(|prefix| matches!(prefix, IpNet::V6(_))),
            ],
            dns: &view.dns,
            rulesets: &view.rulesets,
            shares_legacy_dns: view.shares_legacy_dns,
            outbound: state.outbound.get(network).copied(),
        })
    }

    fn has_address(&self, prefix: IpNet) -> bool {
        let (first, last) = (prefix.network(), prefix.broadcast());
        let at = self.addresses.partition_point(|one| *one < first);
        self.addresses.get(at).is_some_and(|one| *one <= last)
    }
}
