//! The answers of every network, for the names two estates are about.

use std::collections::{BTreeMap, BTreeSet};

use super::{AnswerKey, Seen, sorted};
use crate::assess::timeline::{Cell, cell_of, names_of};
use crate::compile::{Compiled, Writer};
use crate::dns::{OwnerName, RecordType};
use crate::resolve::{Decision, Outcome, Question, decide};

/// What each of two estates answers, to the same questions. `names` are asked besides those the estates are about.
pub(super) fn of(worlds: [&Compiled; 2], mut names: BTreeSet<OwnerName>) -> [BTreeMap<AnswerKey, Seen>; 2] {
    names.extend(worlds.iter().flat_map(|world| names_of(world)));
    // Names of aliases on the way are told of by the name the way begins at.
    let mut met = BTreeSet::new();
    let public: BTreeSet<_> = names.into_iter().map(|name| (name, RecordType::A)).collect();
    let mut all = worlds.map(|world| asked(world, &public, &mut met));
    let mut more = BTreeSet::new();
    for linked in worlds.iter().flat_map(|world| world.state.zones.values()) {
        let sets = linked.zone.iter().map(|owned| (owned.set.owner().clone(), owned.set.kind()));
        more.extend(sets.filter(|(owner, kind)| {
            let on_the_way = matches!(*kind, RecordType::A | RecordType::CNAME) && met.contains(owner);
            *kind != RecordType::SOA && !on_the_way
        }));
    }
    for (world, answers) in worlds.iter().zip(&mut all) {
        answers.extend(asked(world, &more, &mut BTreeSet::new()));
    }
    all
}

fn asked(
    world: &Compiled,
    questions: &BTreeSet<(OwnerName, RecordType)>,
    met: &mut BTreeSet<OwnerName>,
) -> BTreeMap<AnswerKey, Seen> {
    let mut answers = BTreeMap::new();
    for (name, kind) in questions {
        for (id, view) in world.views.iter() {
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
    let texts = |addresses: Vec<std::net::Ipv4Addr>| sorted(addresses.iter().map(ToString::to_string));
    if decision.question.kind == RecordType::A {
        return match cell_of(world, decision) {
            Cell::Public(addresses) if addresses.iter().all(|address| address.is_documentation()) => {
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
