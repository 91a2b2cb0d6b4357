//! Which servers a question passes, and where Azure's resolver decides it.

use crate::compile::Compiled;
use crate::compile::view::{Target, ViewId};
use crate::dns::OwnerName;
use crate::estate::{DnsSetting, ForwardTo, ForwarderKind, NetworkKind, RulesetName};

/// The most servers a name is forwarded along.
const MAX_FORWARDS: usize = 16;

/// The network in which Azure's resolver decides a private name for the clients of `client`, if it does: a server that
/// restarts at each alias asks for the private name, one that takes whole chains for the public one.
pub(super) fn decided_in(
    compiled: &Compiled,
    client: ViewId,
    public: &OwnerName,
    private: &OwnerName,
) -> Option<ViewId> {
    let mut at = client;
    for _ in 0..MAX_FORWARDS {
        let view = compiled.views.get(at);
        let DnsSetting::Custom { kind, .. } = &view.dns else {
            return (view.kind == NetworkKind::Virtual).then_some(at);
        };
        let name = match kind {
            ForwarderKind::RestartsAtCname => private,
            ForwarderKind::AcceptsChain => public,
        };
        match compiled.views.choose_from(forward_of(&view.dns, name)?, at).target.ok()? {
            Target::Azure(id) => return (compiled.views.get(id).kind == NetworkKind::Virtual).then_some(id),
            Target::Network(id) => at = id,
            Target::Public | Target::Gone => return None,
        }
    }
    None
}

/// Where a DNS server of the network's own forwards a name: by the longest suffix, else by default.
pub(crate) fn forward_of<'v>(dns: &'v DnsSetting, name: &OwnerName) -> Option<&'v [ForwardTo]> {
    let DnsSetting::Custom { forward, default, .. } = dns else { return None };
    let matching = forward.iter().filter(|one| name.is_within(&one.suffix));
    Some(matching.max_by_key(|one| one.suffix.label_count()).map_or(default, |one| &one.to))
}

/// The servers a question passes.
pub(super) struct ForwardingPath {
    /// The networks whose servers or rulesets forward it, in order; the first is the client's.
    pub(super) passed: Vec<ViewId>,
    /// The ruleset that forwards it last, where the last one to forward is a ruleset.
    pub(super) ruleset: Option<RulesetName>,
    /// For a circle, the index in `passed` at which it begins.
    pub(super) circle: Option<usize>,
}

/// Follows a question for `name` from server to server.
pub(super) fn way(compiled: &Compiled, client: ViewId, name: &OwnerName) -> ForwardingPath {
    let mut way = ForwardingPath { passed: Vec::new(), ruleset: None, circle: None };
    let mut here = Target::Network(client);
    while let Target::Network(at) | Target::Azure(at) = here {
        let view = compiled.views.get(at);
        let own = matches!(here, Target::Network(_)).then(|| forward_of(&view.dns, name)).flatten();
        let (chosen, ruleset) = match own {
            Some(to) => (compiled.views.choose_from(to, at), None),
            None => {
                let rules = view.rulesets.iter().flat_map(|set| set.rules.iter().map(move |rule| (set, rule)));
                let matching = rules.filter(|(_, rule)| rule.enabled && rule.final_dot && name.is_within(&rule.domain));
                match matching.max_by_key(|(_, rule)| rule.domain.label_count()) {
                    Some((set, rule)) => (compiled.views.choose_by_rule(set, rule, at), Some(set.name.clone())),
                    None => return way,
                }
            }
        };
        if let Some(begin) = way.passed.iter().position(|passed| *passed == at) {
            way.circle = Some(begin);
            return way;
        }
        if way.passed.len() > MAX_FORWARDS {
            return way;
        }
        way.passed.push(at);
        way.ruleset = ruleset;
        match chosen.target {
            Ok(target) => here = target,
            Err(_) => return way,
        }
    }
    way
}
