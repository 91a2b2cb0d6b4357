//! What a client with a cache sees after a step: old answers live on for their TTL.
//!
//! The client asks each name again and again and keeps each answer as long as it may: a positive one for the smallest TTL
//! of its records, a negative one for the SOA's (RFC 2308, 5). The latest it can see the new answer is that many seconds
//! after the step, if it asked just before.

use std::sync::Arc;

use super::timeline::{Cell, cell, names_of};
use crate::compile::{Compiled, Fold};
use crate::dns::{OwnerName, RecordType, Ttl};
use crate::estate::{Event, History, MachineName, NetworkName, ResourceName};
use crate::resolve::{Ede, Question, decide, reply};

/// A name whose answer changed in a step, as a caching client meets it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Overlap {
    /// The name.
    pub name: OwnerName,
    /// What the client saw before.
    pub before: Cell,
    /// What it sees in the end.
    pub after: Cell,
    /// The second from which on it sees that at the latest, counted from the step.
    pub from: Ttl,
}

/// What a step means for a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wait {
    /// The step's name.
    pub step: Arc<str>,
    /// The names whose answers changed.
    pub overlaps: Vec<Overlap>,
    /// Sessions that stay open regardless of DNS, with the step at whose DNS they were opened.
    pub sessions: Vec<(ResourceName, Option<Arc<str>>)>,
}

/// What a virtual machine sees, step by step, from the step on in which it exists.
pub fn waits(history: &Arc<History>, machine: &MachineName) -> Vec<Wait> {
    let mut fold = Fold::new(history);
    let mut before: Option<Compiled> = None;
    let mut begin = history.declared();
    let mut waits = Vec::new();
    for step in history.steps() {
        fold.to(step.end);
        let world = fold.compiled();
        // A machine that restarts has an empty cache.
        let restarted = history.events()[begin.0 as usize..step.end.0 as usize]
            .iter()
            .any(|recorded| matches!(&recorded.event, Event::Reboot { machine: own } if own == machine));
        begin = step.end;
        if let Some(own) = world.state.machines.get(machine) {
            let sessions = own.sessions.iter().map(|session| {
                (session.resource.clone(), history.step_of(session.opened).map(|step| Arc::clone(&step.name)))
            });
            waits.push(Wait {
                step: Arc::clone(&step.name),
                overlaps: before
                    .as_ref()
                    .map_or_else(Vec::new, |before| overlaps(before, &world, &own.network, restarted)),
                sessions: sessions.collect(),
            });
        }
        before = Some(world);
    }
    waits
}

fn overlaps(before: &Compiled, after: &Compiled, network: &NetworkName, restarted: bool) -> Vec<Overlap> {
    let views = (before.views.of_network(network.as_str()), after.views.of_network(network.as_str()));
    let (Some(then), Some(now)) = views else { return Vec::new() };
    let mut names = names_of(before);
    names.extend(names_of(after));
    let changed = names.into_iter().filter_map(|name| {
        let (old, new) = (cell(before, then, &name), cell(after, now, &name));
        let differs = match (&old, &new) {
            // Caches do not decide whether an address can be reached.
            (Cell::Private { addresses: one, .. }, Cell::Private { addresses: other, .. }) => one != other,
            (one, other) => one != other,
        };
        differs.then(|| {
            let decision = decide(before, then, &Question { name: name.clone(), kind: RecordType::A });
            let reply = reply(before, &decision, Ede::Omit);
            let sets = reply.answer.iter().chain(&reply.authority);
            let from = if restarted { 0 } else { sets.map(|set| set.ttl()).min().unwrap_or(0) };
            Overlap { name, before: old, after: new, from }
        })
    });
    changed.collect()
}
