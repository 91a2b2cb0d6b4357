//! Rules about ways to private endpoints on which packets may be lost, although nothing stops them for certain.

use std::collections::BTreeMap;

use super::Draft;
use crate::assess::Code;
use crate::assess::route::{Path, route};
use crate::assess::verdict::{Cause, Root};
use crate::compile::arrival::arrives;
use crate::compile::forwarded::closed_to_forwarded;
use crate::compile::reachability::{Origin, Reach, between};
use crate::compile::state::{Endpoint, State};
use crate::compile::{Compiled, ViewId};
use crate::estate::NetworkName;

/// Finds them for every network and every endpoint whose names the network gets.
pub(super) fn find(world: &Compiled, drafts: &mut BTreeMap<Cause, Draft>) {
    let state = &world.state;
    let has_groups = state.routes.groups().next().is_some();
    for endpoint in state.endpoints.values() {
        let differs = addresses_differ(state, endpoint);
        for (view, own) in world.views.iter() {
            let Some(network) = own.network.as_ref().filter(|network| **network != endpoint.spec.network) else {
                continue;
            };
            // Most pairs are settled by one look at the whole network that the endpoint is in.
            let is_uncertain = match between(state, network, &endpoint.spec.network, None) {
                Reach::Unknown(_) | Reach::ThroughAppliance(_) => true,
                reach => differs || has_groups && reach.may_arrive(),
            };
            if is_uncertain {
                of_pair(world, (view, network), endpoint, drafts);
            }
        }
    }
}

/// True if routes or the family of an address can treat addresses of the endpoint differently from others of its network.
fn addresses_differ(state: &State, endpoint: &Endpoint) -> bool {
    let spaces = state.networks.get(&endpoint.spec.network).map_or(&[][..], |network| &network.address_space);
    let is_inside = |prefix: ipnet::Ipv4Net| {
        let prefix = ipnet::IpNet::V4(prefix);
        spaces.iter().any(|space| space.contains(&prefix) && space.prefix_len() < prefix.prefix_len())
    };
    let mut routes = state.routes.tables().flat_map(|table| &table.routes);
    spaces.len() > 1
        || endpoint.members.iter().any(|one| one.address.is_ipv6())
        || routes.any(|route| is_inside(route.prefix))
}

fn of_pair(
    world: &Compiled,
    (view, network): (ViewId, &NetworkName),
    endpoint: &Endpoint,
    drafts: &mut BTreeMap<Cause, Draft>,
) {
    let (name, home) = (&endpoint.spec.name, &endpoint.spec.network);
    for member in &endpoint.members {
        let halves = match arrives(&world.state, Origin::from(network), home, member.address) {
            Reach::Unknown(_) => Vec::new(),
            Reach::ThroughAppliance(through) => closed_to_forwarded(&world.state, network, &through, home),
            _ => continue,
        };
        let is_about_routes =
            || matches!(between(&world.state, network, home, Some(member.address)), Reach::Unknown(_));
        let public = &member.member.public;
        let Path::PrivateEndpoint { endpoint: own, unknown, way, .. } = route(world, view, public) else { continue };
        if own != *name {
            continue;
        }
        let mut add = |code, root, also: Vec<String>| {
            let draft = drafts.entry(Cause::new(code, root)).or_default();
            draft.names.insert(public.clone());
            draft.networks.insert(network.clone());
            draft.also = also;
        };
        if let Some(why) = unknown {
            let mut also = vec![why];
            if is_about_routes() {
                let what = "`transits`, or `routeTables` and `appliances`";
                also.push(format!("if packets arrive, declare what forwards them: {what}"));
            }
            add(Code::UnreachableAddresses, Root::Endpoint(name.clone()), also);
        }
        for (from, to) in halves {
            let also = way.iter().map(|way| format!("requests to {name} take the way {way}")).collect();
            add(Code::ForwardedPackets, Root::PeeringHalf(from, to), also);
        }
    }
}
