//! The answers of every network, for the names two estates are about.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::IpAddr;

use super::{AnswerKey, Seen, is_meant, sorted};
use crate::assess::route::is_documentation;
use crate::assess::timeline::{Cell, cell_of};
use crate::compile::{Compiled, Writer};
use crate::dns::{OwnerName, RecordType};
use crate::resolve::{Decision, Outcome, Question, decide};

/// What is asked of both estates.
pub(super) struct Questions<'q> {
    /// Names of addresses, the most important first.
    pub(super) names: Vec<OwnerName>,
    /// Record sets that differ: where not everything can be asked, they are.
    pub(super) changed: &'q BTreeSet<(OwnerName, RecordType)>,
    /// Names that others lead to.
    pub(super) private: HashSet<&'q OwnerName>,
    /// The networks to keep to; all, where none is named.
    pub(super) networks: &'q [String],
    /// The most answers of each side.
    pub(super) most: usize,
}

/// What each of two estates answers, to the same questions, and how many answers were not asked for.
pub(super) fn of(worlds: [&Compiled; 2], questions: Questions<'_>) -> ([BTreeMap<AnswerKey, Seen>; 2], usize) {
    let Questions { mut names, changed, private, networks, most } = questions;
    let of_world = |world: &&Compiled| world.views.iter().filter(|(_, view)| is_meant(networks, view.label())).count();
    let views = worlds.iter().map(of_world).max().unwrap_or(0).max(1);
    let left = names.len().saturating_sub(most / views);
    names.truncate(most / views);
    // Names of aliases on the way are mentioned by the name the way begins at.
    let mut met = BTreeSet::new();
    let public: BTreeSet<_> = names.into_iter().map(|name| (name, RecordType::A)).collect();
    let mut all = worlds.map(|world| asked(world, &public, networks, &mut met));
    let mut more = BTreeSet::new();
    let by_itself = |owner: &OwnerName, kind: RecordType| {
        let on_the_way = matches!(kind, RecordType::A | RecordType::CNAME) && met.contains(owner);
        kind != RecordType::SOA && !on_the_way
    };
    if left > 0 {
        more.extend(
            changed.iter().filter(|(owner, kind)| by_itself(owner, *kind) && !private.contains(owner)).cloned(),
        );
    } else {
        for linked in worlds.iter().flat_map(|world| world.state.zones.values()) {
            let sets = linked.zone.iter().map(|owned| (owned.set.owner().clone(), owned.set.kind()));
            more.extend(sets.filter(|(owner, kind)| by_itself(owner, *kind)));
        }
    }
    let left = left + more.len().saturating_sub(most / views);
    let more: BTreeSet<_> = more.into_iter().take(most / views).collect();
    for (world, answers) in worlds.iter().zip(&mut all) {
        answers.extend(asked(world, &more, networks, &mut BTreeSet::new()));
    }
    (all, left * views)
}

fn asked(
    world: &Compiled,
    questions: &BTreeSet<(OwnerName, RecordType)>,
    networks: &[String],
    met: &mut BTreeSet<OwnerName>,
) -> BTreeMap<AnswerKey, Seen> {
    let mut answers = BTreeMap::new();
    for (name, kind) in questions {
        for (id, view) in world.views.iter().filter(|(_, view)| is_meant(networks, view.label())) {
            let question = Question { name: name.clone(), kind: *kind };
            let decision = decide(world, id, &question);
            met.extend(decision.hops.iter().map(|hop| hop.owner.clone()));
            if let Some(end) = end(&decision) {
                met.insert(end.clone());
            }
            let key = AnswerKey { name: name.clone(), kind: *kind, network: view.label().to_owned() };
            answers.insert(key, seen(world, &decision));
        }
    }
    answers
}

/// The name the aliases lead to, whether it exists or not.
fn end<'d>(decision: &'d Decision<'_>) -> Option<&'d OwnerName> {
    decision.hops.iter().rev().find_map(|hop| hop.owned.set.alias())
}

fn seen(world: &Compiled, decision: &Decision<'_>) -> Seen {
    let texts = |addresses: Vec<IpAddr>| sorted(addresses.iter().map(ToString::to_string));
    if decision.question.kind == RecordType::A {
        return match cell_of(world, decision) {
            Cell::Public(addresses) if addresses.iter().all(|address| is_documentation(*address)) => {
                Seen::Public(Vec::new())
            }
            Cell::Public(addresses) => Seen::Public(texts(addresses)),
            Cell::Private { addresses, endpoint, reachable } => {
                Seen::Private { data: texts(addresses), endpoint, reachable }
            }
            Cell::NoData => Seen::NoData,
            Cell::NameError => Seen::NameError,
            Cell::Failure => Seen::Failure,
        };
    }
    match &decision.outcome {
        Outcome::Answer(hop) => {
            let data = sorted(hop.owned.set.data().iter().map(ToString::to_string));
            let endpoint = match &hop.owned.writer {
                Writer::Endpoint { endpoint, .. } => Some(endpoint.clone()),
                _ => None,
            };
            match hop.by.link {
                Some(_) => Seen::Private { data, endpoint, reachable: true },
                None => Seen::Public(data),
            }
        }
        Outcome::NoData { .. } => Seen::NoData,
        Outcome::NameError { .. } => Seen::NameError,
        Outcome::Failure { .. } => Seen::Failure,
    }
}
