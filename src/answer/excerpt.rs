//! As much of the zones from files as one question meets.
//!
//! The lookup works on zones with provenance; zones from files are [tables](crate::dns::Table) and may have a million
//! records. For a question off the fast road, what its chain of aliases can meet is copied into small zones: each name
//! with its ancestors and their wildcards, which is all that a lookup of that name can see.

use std::borrow::Cow;
use std::sync::Arc;

use super::decide::{MAX_ALIASES, Question, decide};
use crate::compile::public::{empty_zone, published};
use crate::compile::{Compiled, ViewId};
use crate::dns::{OwnerName, RecordType, Table};
use crate::estate::Revision;

/// The world in which this question is decided as in `world`, with zones from files among its public ones.
pub fn excerpt<'w>(world: &'w Compiled, view: ViewId, question: &Question) -> Cow<'w, Compiled> {
    if world.files.is_empty() {
        return Cow::Borrowed(world);
    }
    let mut names = vec![question.name.clone()];
    loop {
        let with = with_names(world, &names);
        let decision = decide(&with, view, question);
        let met = decision.hops.iter().map(|hop| &hop.owner).chain([decision.outcome.owner()]);
        let new: Vec<OwnerName> = met.filter(|name| !names.contains(name)).cloned().collect();
        drop(decision);
        if new.is_empty() || names.len() > MAX_ALIASES + 1 {
            return Cow::Owned(with);
        }
        names.extend(new);
    }
}

fn with_names(world: &Compiled, names: &[OwnerName]) -> Compiled {
    let mut state = (*world.state).clone();
    let mut tables: Vec<(&Arc<Table>, Vec<&OwnerName>)> = Vec::new();
    for name in names {
        let Some(table) = world.files.zone_of(name) else { continue };
        match tables.iter_mut().find(|(one, _)| Arc::ptr_eq(one, table)) {
            Some((_, within)) => within.push(name),
            None => tables.push((table, vec![name])),
        }
    }
    for (table, names) in tables {
        let mut zone = empty_zone(table.soa().clone());
        for name in names {
            let mut ancestor = Some(name.clone());
            while let Some(name) = ancestor.filter(|name| name.is_within(table.apex())) {
                for one in [Some(name.clone()), name.wildcard()].into_iter().flatten() {
                    match table.sets_of(&one) {
                        Some(sets) if !sets.is_empty() => {
                            for set in sets.into_iter().filter(|set| set.kind() != RecordType::SOA) {
                                zone.write(set, published(false), Revision(0));
                            }
                        }
                        Some(_) => zone.touch(&one),
                        None => {}
                    }
                }
                ancestor = name.parent();
            }
        }
        state.public.insert(zone);
    }
    Compiled { state: Arc::new(state), ..world.clone() }
}
