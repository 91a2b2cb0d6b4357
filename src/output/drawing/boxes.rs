//! What each box says.

use std::collections::BTreeMap;

use indexmap::{IndexMap, IndexSet};

use super::Condition;
use super::estate::{DrawnScope, Endpoint, Estate, Network, Resource, ZoneGroup};
use super::layout::{Id, Place, Plan, Presence, is_short, place_and_dns};
use super::pen::{Pen, kept};
use crate::output::count;

/// The most zones, resources, kinds of answers and reasons a box lists.
const MOST_ZONES: usize = 8;
const MOST_RESOURCES: usize = 6;
const MOST_ANSWERS: usize = 4;
const MOST_UNSCOPED: usize = 3;
const MOST_REASONS: usize = 3;

impl Plan {
    /// Writes a box as it is in a step.
    pub(super) fn write(&self, (kind, name): &Id, index: usize, pen: &mut Pen) -> Presence {
        let estate = &self.estates[index];
        let is_there = |estate: &Estate| match *kind {
            "network" => estate.networks.iter().any(|one| one.name == *name),
            "zones" => estate.groups.iter().any(|one| one.resource_group == *name),
            "endpoint" => estate.endpoints.iter().any(|one| one.name == *name),
            "scope" => estate.scopes.iter().any(|one| one.name == *name),
            _ => false,
        };
        let written = match *kind {
            "frame" => self.frame(estate, name, pen),
            "network" => find(&estate.networks, |one| one.name == *name).map(|one| self.network(one, pen)),
            "zones" => find(&estate.groups, |one| one.resource_group == *name).map(|one| self.zone_group(one, pen)),
            "endpoint" => find(&estate.endpoints, |one| one.name == *name).map(|one| endpoint(one, pen)),
            "scope" => find(&estate.scopes, |one| one.name == *name).map(|one| scope(one, pen)),
            // What is scoped now is not a loss, so an empty box leaves no trace.
            _ => (!estate.unscoped.is_empty()).then(|| unscoped(&estate.unscoped, pen)),
        };
        match written {
            Some(standing) => Presence::There(standing),
            None if self.estates[..index].iter().any(is_there) => {
                pen.name(name);
                pen.quiet("deleted");
                Presence::Gone
            }
            None => Presence::NotYet,
        }
    }

    fn frame(&self, estate: &Estate, name: &str, pen: &mut Pen) -> Option<Condition> {
        let members = &self.frames[name.parse::<usize>().ok()?];
        let there: Vec<&Network> = estate.networks.iter().filter(|one| members.contains(&one.name)).collect();
        let first = there.first()?;
        let mut linked: IndexMap<&str, usize> = IndexMap::new();
        for link in &first.links {
            *linked.entry(&link.resource_group).or_default() += 1;
        }
        let each = linked.iter().map(|(group, zones)| {
            let all = estate.groups.iter().find(|one| one.resource_group == *group).map_or(0, |one| one.zones.len());
            match (*zones, all) {
                (1, 1) => format!("the zone of {group}"),
                (zones, all) if zones == all => format!("all {all} zones of {group}"),
                (zones, all) => format!("{zones} of {all} zones of {group}"),
            }
        });
        let each = each.collect::<Vec<_>>().join(", ");
        let what = match (each.is_empty(), first.forwards_to.as_slice()) {
            (false, _) => format!("linked to {each}"),
            (true, []) => "linked to no private zone".to_owned(),
            (true, to) => format!("forwarding to {}", to.join(", ")),
        };
        pen.quiet(&format!("{} {what}", count(there.len(), "network")));
        Some(Condition::Plain)
    }

    fn network(&self, one: &Network, pen: &mut Pen) -> Condition {
        let standing = if one.broken > 0 {
            Condition::Broken
        } else {
            one.answers.iter().map(|answers| answers.standing).min().unwrap_or(Condition::Plain)
        };
        pen.name(&one.name);
        if self.compact {
            let mut sums: BTreeMap<Condition, usize> = BTreeMap::new();
            for answers in &one.answers {
                *sums.entry(answers.standing).or_default() += answers.names;
            }
            let word = |standing| match standing {
                Condition::Broken => "broken",
                Condition::Well => "private",
                Condition::Public => "public",
                Condition::Plain => "none",
            };
            let sums = sums.into_iter().map(|(standing, names)| (standing, format!("{names} {}", word(standing))));
            pen.signs(sums.collect());
            pen.say(&one.asks);
            for answers in &one.answers {
                pen.say(&answers.words());
            }
            return standing;
        }
        if is_short(one, pen.room()) {
            pen.quiet(&place_and_dns(one));
        } else {
            pen.quiet(&one.address_space.join(" "));
            pen.quiet(&one.asks);
        }
        for answers in one.answers.iter().take(kept(one.answers.len(), MOST_ANSWERS)) {
            pen.line(&answers.words(), Some(answers.standing));
        }
        pen.more(one.answers.len(), MOST_ANSWERS, "kind of answer");
        for way in one.ways.iter().filter(|way| way.standing != Condition::Broken) {
            pen.say(&way.words);
        }
        // Why what is not reachable is not.
        let reasons: IndexSet<&str> =
            one.ways.iter().filter(|way| way.standing == Condition::Broken).map(|way| way.words.as_str()).collect();
        for reason in reasons.iter().take(kept(reasons.len(), MOST_REASONS)) {
            pen.quiet(reason);
        }
        pen.more(reasons.len(), MOST_REASONS, "reason");
        standing
    }

    /// Zones of a resource group in any step.
    fn zones_of(&self, group: &str) -> IndexSet<String> {
        self.union(|estate| {
            let own = estate.groups.iter().filter(|one| one.resource_group == group);
            own.flat_map(|one| one.zones.iter().map(|zone| zone.name.clone())).collect()
        })
    }

    /// A zone keeps its place in its box from step to step.
    fn zone_group(&self, one: &ZoneGroup, pen: &mut Pen) -> Condition {
        pen.name(&one.resource_group);
        let linked = one.zones.iter().map(|zone| zone.linked_to).max().unwrap_or(0);
        pen.quiet(&format!("{}, linked to {}", count(one.zones.len(), "private zone"), count(linked, "network")));
        pen.gap(6.0);
        let mut standing = Condition::Plain;
        let all = self.zones_of(&one.resource_group);
        for (index, name) in all.iter().enumerate() {
            let zone = one.zones.iter().find(|zone| zone.name == *name);
            standing = zone.map_or(standing, |zone| standing.min(zone.standing()));
            if index >= MOST_ZONES {
                continue;
            }
            let next = pen.at() + self.height_of_zone(&one.resource_group, name, pen.width());
            if let Some(zone) = zone {
                pen.line(&zone.name, None);
                pen.line(&zone.words(), Some(zone.standing()));
            }
            pen.move_to(next);
        }
        if all.len() > MOST_ZONES {
            pen.quiet(&format!("and {} more", all.len() - MOST_ZONES));
        }
        standing
    }

    /// The height of a zone in its box: that of its highest step.
    fn height_of_zone(&self, group: &str, name: &str, width: f64) -> f64 {
        let groups = self.estates.iter().flat_map(|estate| &estate.groups).filter(|one| one.resource_group == group);
        let zones = groups.flat_map(|one| &one.zones).filter(|zone| zone.name == name);
        let heights = zones.map(|zone| {
            let mut pen = Pen::new(Place { width, ..Place::default() });
            let top = pen.at();
            pen.line(&zone.name, None);
            pen.line(&zone.words(), Some(zone.standing()));
            pen.at() - top
        });
        heights.fold(0.0, f64::max)
    }
}

fn find<T>(list: &[T], is_wanted: impl Fn(&T) -> bool) -> Option<&T> {
    list.iter().find(|one| is_wanted(one))
}

fn endpoint(one: &Endpoint, pen: &mut Pen) -> Condition {
    pen.name(&one.name);
    pen.quiet(&format!("in {}/{}", one.network, one.subnet));
    pen.line(&one.range(), None);
    pen.line(&one.words(), Some(one.standing()));
    one.standing()
}

fn scope(one: &DrawnScope, pen: &mut Pen) -> Condition {
    pen.name(&one.name);
    pen.quiet(&format!("ingestion {}, query {}", one.ingestion_access_mode, one.query_access_mode));
    resources(&one.resources, MOST_RESOURCES, pen);
    Condition::Plain
}

fn unscoped(list: &[Resource], pen: &mut Pen) -> Condition {
    pen.name("in no scope");
    resources(list, MOST_UNSCOPED, pen);
    Condition::Plain
}

fn resources(list: &[Resource], most: usize, pen: &mut Pen) {
    for one in list.iter().take(kept(list.len(), most)) {
        pen.line(&format!("{} ({}, {})", one.name, one.kind, one.location), None);
    }
    pen.more(list.len(), most, "resource");
}
