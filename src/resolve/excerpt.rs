//! As much of the zones from files as one question meets.
//!
//! The lookup works on zones with provenance; zones from files are [tables](crate::dns::Table) and may have a million
//! records. For a question off the fast road, what its chain of aliases can meet is copied into small zones: each name
//! with its ancestors and their wildcards, which is all that a lookup of that name can see.

use std::borrow::Cow;
use std::sync::Arc;

use super::decide::{MAX_ALIASES, Question, walk};
use crate::compile::public::{empty_zone, published};
use crate::compile::{Compiled, Link, Target, ViewId, Zone};
use crate::dns::{OwnerName, RecordType, Table};
use crate::estate::{ResolutionPolicy, Revision};

/// The world in which this question is decided as in `world`, with zones from files among its public and linked ones.
pub fn excerpt<'w>(world: &'w Compiled, view: ViewId, question: &Question) -> Cow<'w, Compiled> {
    excerpt_from(world, Target::Network(view), question)
}

/// The same for a question that this server decides.
pub(super) fn excerpt_from<'w>(world: &'w Compiled, server: Target, question: &Question) -> Cow<'w, Compiled> {
    if world.files.is_empty() {
        return Cow::Borrowed(world);
    }
    let mut names = vec![question.name.clone()];
    loop {
        let with = with_names(world, &names);
        let decision = walk(&with, &mut server.clone(), question);
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
    for zone in zones(names, |name| world.files.zone_of(name)) {
        state.public.insert(zone);
    }
    let mut views = world.views.clone();
    for network in world.files.networks() {
        let Some(view) = views.of_network(network.as_str()) else { continue };
        for zone in zones(names, |name| world.files.linked_zone_of(network.as_str(), name)) {
            views.link(view, Link { zone: Arc::new(zone), policy: ResolutionPolicy::Default });
        }
    }
    Compiled { state: Arc::new(state), views, ..world.clone() }
}

/// As much of the tables as these names meet, as zones.
fn zones<'t>(names: &[OwnerName], of: impl Fn(&OwnerName) -> Option<&'t Arc<Table>>) -> Vec<Zone> {
    let mut tables: Vec<(&Arc<Table>, Vec<&OwnerName>)> = Vec::new();
    for name in names {
        let Some(table) = of(name) else { continue };
        match tables.iter_mut().find(|(one, _)| Arc::ptr_eq(one, table)) {
            Some((_, within)) => within.push(name),
            None => tables.push((table, vec![name])),
        }
    }
    tables.into_iter().map(|(table, names)| zone(table, &names)).collect()
}

fn zone(table: &Table, names: &[&OwnerName]) -> Zone {
    let mut zone = empty_zone(table.soa().clone());
    for name in names {
        let mut ancestor = Some((*name).clone());
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
    zone
}
