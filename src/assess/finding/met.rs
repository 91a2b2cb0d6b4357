//! Which private record sets the clients of a network meet: by their own links, or through the servers they ask.

use super::records::public_name;
use crate::compile::Compiled;
use crate::compile::view::{Target, ViewId};
use crate::compile::zone::Owned;
use crate::dns::OwnerName;
use crate::estate::{DnsSetting, ForwarderKind, NetworkKind, NetworkName};

/// The most servers a name is handed along.
const MAX_FORWARDS: usize = 16;

/// The network in which Azure's resolver decides a private name for the clients of `client`, if it does: a server that
/// starts anew at each alias asks for the private name, one that takes whole chains for the public one.
pub(super) fn decided_in(
    compiled: &Compiled,
    client: ViewId,
    public: &OwnerName,
    private: &OwnerName,
) -> Option<ViewId> {
    let mut at = client;
    for _ in 0..MAX_FORWARDS {
        let view = compiled.views.get(at);
        let (kind, forward, default) = match &view.dns {
            DnsSetting::AzureProvided => return (view.kind == NetworkKind::Virtual).then_some(at),
            DnsSetting::Custom { kind, forward, default } => (kind, forward, default),
        };
        let name = match kind {
            ForwarderKind::RestartsAtCname => private,
            ForwarderKind::AcceptsChain => public,
        };
        let matching = forward.iter().filter(|one| name.is_within(&one.suffix));
        let best = matching.max_by_key(|one| one.suffix.label_count()).map_or(default, |one| &one.to);
        let target = compiled.views.target(best, at);
        if compiled.views.is_out_of_reach(at, target) {
            return None;
        }
        match target {
            Target::Azure(id) => return (compiled.views.get(id).kind == NetworkKind::Virtual).then_some(id),
            Target::Network(id) => at = id,
            Target::Public | Target::Gone => return None,
        }
    }
    None
}

/// Every private record set that clients of a network meet, with the public name that leads to it.
pub(super) fn all(compiled: &Compiled) -> Vec<(NetworkName, OwnerName, Owned)> {
    let state = &compiled.state;
    let mut met = Vec::new();
    for (id, view) in compiled.views.iter() {
        let Some(network) = &view.network else { continue };
        let own = view.dns == DnsSetting::AzureProvided && view.kind == NetworkKind::Virtual;
        if view.dns == DnsSetting::AzureProvided && !own {
            continue;
        }
        for linked in state.zones.values() {
            if own && !linked.links.contains_key(network) {
                continue;
            }
            for owned in linked.zone.iter() {
                let private = owned.set.owner();
                let public = public_name(state, linked.zone.apex(), private);
                let here = own
                    || decided_in(compiled, id, &public, private).is_some_and(|at| {
                        compiled.views.get(at).network.as_ref().is_some_and(|at| linked.links.contains_key(at))
                    });
                if here {
                    met.push((network.clone(), public, owned));
                }
            }
        }
    }
    met
}
