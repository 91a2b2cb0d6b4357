//! What the clients of one network get, as zones that a server can hold by itself.
//!
//! A network's DNS may be made of linked zones, redirects, forwarders and rulesets. None of that is in a zone, so every
//! name that any of them could speak of is decided here as a client's question would be, and put down under the zone that
//! answers it. Where a server would follow the aliases to other addresses than the network's clients get, or cannot follow
//! them, the addresses are at the alias's own name.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Bound;

use crate::compile::{Compiled, Lookup, Target, ViewId};
use crate::dns::packed::Found;
use crate::dns::{OwnerName, PackedZone, RecordData, RecordSet, RecordType, Suffixes, Ttl, WholeKey};
use crate::estate::DnsSetting;
use crate::resolve::{Authority, Decision, Outcome, Question, decide};

/// The most aliases a server is trusted to follow for one question; dnsmasq and BIND stop at about ten.
const MAX_FOLLOWED: usize = 8;

/// How far a server follows aliases.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Aliases {
    /// Into every zone it has.
    Followed,
    /// The same, but not from a wildcard, and only to names that exist.
    FromNames,
    /// While they stay in one zone.
    WithinZone,
    /// Not at all.
    Flattened,
}

/// A zone as a network's clients meet it.
#[derive(Clone, Debug)]
pub struct SeenZone {
    /// True if it is a private zone, or a part of one.
    pub private: bool,
    /// What is looked up in it.
    packed: PackedZone,
    /// Its record sets by owner, without the SOA; wildcards under their own names, and never an empty list.
    names: BTreeMap<OwnerName, Vec<RecordSet>>,
}

impl SeenZone {
    fn new(soa: RecordSet, private: bool) -> Self {
        Self { private, packed: PackedZone::new(soa, 0), names: BTreeMap::new() }
    }

    /// Its apex.
    pub fn apex(&self) -> &OwnerName {
        self.packed.apex()
    }

    /// Its SOA, at its apex.
    pub fn soa(&self) -> &RecordSet {
        self.packed.soa()
    }

    /// Its record sets by owner in canonical order, without the SOA; wildcards under their own names.
    pub fn names(&self) -> &BTreeMap<OwnerName, Vec<RecordSet>> {
        &self.names
    }

    /// All record sets, the SOA first, then by owner in canonical order.
    pub fn sets(&self) -> impl Iterator<Item = &RecordSet> {
        std::iter::once(self.soa()).chain(self.names.values().flatten())
    }

    /// Writes all record sets of a name in place of those it has.
    fn put(&mut self, owner: &OwnerName, sets: Vec<RecordSet>) {
        self.remove(owner);
        for set in &sets {
            self.packed.put(set, 0);
        }
        self.names.insert(owner.clone(), sets);
    }

    fn remove(&mut self, owner: &OwnerName) -> Option<Vec<RecordSet>> {
        let sets = self.names.remove(owner)?;
        for set in &sets {
            self.packed.remove(owner, set.kind());
        }
        Some(sets)
    }

    /// The names within a name that own records, itself among them if it does.
    pub fn within<'z>(&'z self, name: &'z OwnerName) -> impl Iterator<Item = &'z OwnerName> {
        // In canonical order all that is below a name is right after it.
        let from = (Bound::Included(name), Bound::Unbounded);
        self.names.range::<OwnerName, _>(from).map(|(own, _)| own).take_while(|own| own.is_within(name))
    }

    /// What the zone has for a name within it (RFC 1034, 4.3.2): none if the name exists without records; absent if there is
    /// no such name.
    pub fn lookup(&self, name: &OwnerName) -> Option<Vec<RecordSet>> {
        let key = WholeKey::of(name);
        let (owner, entry) = match self.packed.lookup(&key) {
            Found::Name(entry) => (name.clone(), entry),
            Found::Wildcard(entry, encloser) => {
                let encloser = OwnerName::from_wire(key.suffix(encloser).0).expect("a suffix of a name is a name");
                (encloser.wildcard().expect("a name of the zone is short enough"), entry)
            }
            Found::Missing => return None,
        };
        Some(entry.sets().map(|set| set.at(&owner)).collect())
    }
}

/// Where a question ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// At these addresses, in order.
    Addresses(BTreeSet<IpAddr>),
    /// At a name without addresses of the family.
    NoData,
    /// At no name.
    NameError,
    /// At a failure: an alias that is not followed, or a question that cannot be answered.
    Failure,
}

/// A network's DNS as zones.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The zones by apex, in canonical order.
    pub zones: BTreeMap<OwnerName, SeenZone>,
    /// Names that are answered with SERVFAIL; exports leave them out.
    pub failing: BTreeSet<OwnerName>,
    aliases: Aliases,
    /// The apexes of the zones.
    apexes: Suffixes<OwnerName>,
}

impl Seen {
    /// Asks a view for everything there is.
    pub fn new(world: &Compiled, view: ViewId, aliases: Aliases) -> Self {
        let mut seen = Self { zones: BTreeMap::new(), failing: BTreeSet::new(), aliases, apexes: Suffixes::default() };
        let Candidates { apexes, suffixes, owners } = candidates(world, view);
        for apex in &apexes {
            let decision = ask(world, view, apex, RecordType::SOA);
            if let Outcome::Answer(hop) = &decision.outcome
                && decision.hops.is_empty()
                && hop.by.zone.apex() == apex
            {
                seen.make(hop.shown().into_owned(), hop.by.link.is_some());
            }
        }
        for suffix in &suffixes {
            seen.cut(world, view, suffix);
        }
        for owner in &owners {
            seen.add(world, view, owner);
        }
        seen.flatten(world, view);
        seen
    }

    /// The zone with the longest apex that the name is within.
    pub fn zone_of(&self, name: &OwnerName) -> Option<&SeenZone> {
        self.zones.get(self.apexes.longest_of(name)?)
    }

    /// Makes a zone with that SOA.
    fn make(&mut self, soa: RecordSet, private: bool) {
        let apex = soa.owner().clone();
        self.apexes.insert(apex.clone(), apex.clone());
        self.zones.insert(apex, SeenZone::new(soa, private));
    }

    /// Where a server that holds these zones ends up, A or AAAA; absent for names it does not hold.
    pub fn end(&self, name: &OwnerName, kind: RecordType) -> Option<End> {
        let mut name = name.clone();
        let mut zone = self.zone_of(&name)?;
        for followed in 0..=MAX_FOLLOWED {
            let Some(sets) = zone.lookup(&name) else { return Some(End::NameError) };
            if let Some(set) = sets.iter().find(|set| set.kind() == kind) {
                return Some(End::Addresses(set.data().iter().filter_map(address).collect()));
            }
            let Some(target) = sets.iter().find_map(RecordSet::alias) else { return Some(End::NoData) };
            let next = self.zone_of(target);
            let follows = match self.aliases {
                Aliases::Followed => next.is_some(),
                Aliases::FromNames => next.is_some() && sets[0].owner() == &name && !name.is_wildcard(),
                Aliases::WithinZone => next.is_some_and(|next| next.apex() == zone.apex()),
                Aliases::Flattened => false,
            };
            match next {
                Some(next) if follows && followed < MAX_FOLLOWED => zone = next,
                _ => return Some(End::Failure),
            }
            name = target.clone();
        }
        Some(End::Failure)
    }

    /// A forwarded suffix within a zone that others have the say over is a zone of its own.
    fn cut(&mut self, world: &Compiled, view: ViewId, suffix: &OwnerName) {
        let Some(parent) = suffix.parent().filter(|_| !self.zones.contains_key(suffix)) else { return };
        let (here, above) = (ask(world, view, suffix, RecordType::A), ask(world, view, &parent, RecordType::A));
        let (Some(here), above) = (authority(&here), authority(&above)) else { return };
        let same = above
            .is_some_and(|above| std::ptr::eq(here.zone, above.zone) && here.link.is_some() == above.link.is_some());
        if same || here.zone.apex().is_root() {
            return;
        }
        let soa = here.zone.soa();
        let soa = soa.synthesized(suffix.clone(), soa.ttl());
        self.make(soa, here.link.is_some());
    }

    /// Puts down what is at a name.
    fn add(&mut self, world: &Compiled, view: ViewId, owner: &OwnerName) {
        let decision = ask(world, view, owner, RecordType::A);
        let Some(by) = authority(&decision) else {
            self.failing.insert(owner.clone());
            return;
        };
        let Lookup::Name(sets) = by.zone.lookup(owner) else { return };
        // A link that redirects does so for addresses and aliases only.
        let passes =
            |kind| by.redirected.is_none() || matches!(kind, RecordType::A | RecordType::AAAA | RecordType::CNAME);
        let sets = sets.iter().map(|owned| owned.set);
        let mut sets: Vec<_> = sets.filter(|set| set.kind() != RecordType::SOA && passes(set.kind())).collect();
        if sets.is_empty() {
            return;
        }
        sets.sort_by_key(RecordSet::kind);
        if self.zone_of(owner).is_none() {
            // Only the root could answer it: its last two labels make a zone.
            let mut apex = owner.clone();
            while apex.label_count() > 2 {
                apex = apex.parent().expect("a name of several labels has a parent");
            }
            let soa = by.zone.soa();
            let soa = soa.synthesized(apex.clone(), soa.ttl());
            self.make(soa, false);
        }
        let apex = self.zone_of(owner).expect("it was just made").apex().clone();
        let zone = self.zones.get_mut(&apex).expect("zone_of finds only zones that are there");
        zone.put(owner, sets);
    }

    /// Puts addresses in the place of aliases that would not lead a server's clients to them.
    fn flatten(&mut self, world: &Compiled, view: ViewId) {
        let owners = self.zones.values().flat_map(|zone| &zone.names);
        let aliases = owners.filter(|(_, sets)| sets.iter().any(|set| set.alias().is_some()));
        let mut kept: Vec<(OwnerName, [End; 2])> = aliases
            .map(|(owner, _)| {
                let ends = FAMILIES.map(|kind| end(&ask(world, view, owner, kind)));
                (owner.clone(), ends)
            })
            .collect();
        // Addresses in one alias's place may change where another leads.
        loop {
            let before = kept.len();
            let (same, other): (Vec<_>, Vec<_>) = kept.into_iter().partition(|(owner, ends)| {
                let dead = self.aliases == Aliases::FromNames && ends.contains(&End::NameError);
                !dead
                    && !ends.contains(&End::Failure)
                    && FAMILIES.iter().zip(ends).all(|(kind, end)| self.end(owner, *kind).as_ref() == Some(end))
            });
            for (owner, ends) in other {
                self.replace(world, view, &owner, &ends);
            }
            kept = same;
            if kept.len() == before {
                return;
            }
        }
    }

    fn replace(&mut self, world: &Compiled, view: ViewId, owner: &OwnerName, ends: &[End; 2]) {
        let mut sets = Vec::new();
        for kind in FAMILIES {
            let decision = ask(world, view, owner, kind);
            let Outcome::Answer(hop) = &decision.outcome else { continue };
            let ttl = decision.hops.iter().map(|hop| hop.owned.set.ttl()).min();
            let ttl: Ttl = ttl.unwrap_or(Ttl::MAX).min(hop.owned.set.ttl());
            sets.push(hop.owned.set.synthesized(owner.clone(), ttl));
        }
        let apex = self.zone_of(owner).expect("the owner was put into a zone").apex().clone();
        let zone = self.zones.get_mut(&apex).expect("zone_of finds only zones that are there");
        if !sets.is_empty() {
            zone.put(owner, sets);
            return;
        }
        // An alias that leads to no address is left where its name must exist: for its being without data, or so that no
        // wildcard matches it.
        let without_data = ends.contains(&End::NoData);
        let failing = ends.contains(&End::Failure);
        let mut alias = zone.remove(owner).expect("the owner was put into a zone");
        if failing {
            // A client that follows it must come to an end.
            let target = OwnerName::parse(NOWHERE).expect("a constant name");
            alias = vec![RecordSet::single(owner.clone(), alias[0].ttl(), RecordData::Cname(target))];
        }
        if without_data || zone.lookup(owner).is_some_and(|sets| !sets.is_empty()) {
            zone.put(owner, alias);
        }
        if failing {
            self.failing.insert(owner.clone());
        }
    }
}

/// A name that never exists (RFC 6761, 6.4).
const NOWHERE: &str = "servfail.invalid";

/// The types of addresses.
pub const FAMILIES: [RecordType; 2] = [RecordType::A, RecordType::AAAA];

/// Where the network's own clients end up.
pub fn end(decision: &Decision<'_>) -> End {
    match &decision.outcome {
        Outcome::Answer(hop) => End::Addresses(hop.owned.set.data().iter().filter_map(address).collect()),
        Outcome::NoData { .. } => End::NoData,
        Outcome::NameError { .. } => End::NameError,
        Outcome::Failure { .. } => End::Failure,
    }
}

fn address(data: &RecordData) -> Option<IpAddr> {
    match data {
        RecordData::A(address) => Some(IpAddr::V4(*address)),
        RecordData::Aaaa(address) => Some(IpAddr::V6(*address)),
        _ => None,
    }
}

fn ask<'w>(world: &'w Compiled, view: ViewId, name: &OwnerName, kind: RecordType) -> Decision<'w> {
    decide(world, view, &Question { name: name.clone(), kind })
}

/// What answers the name asked for; absent if it cannot be answered.
fn authority<'d, 'w>(decision: &'d Decision<'w>) -> Option<&'d Authority<'w>> {
    if let Some(hop) = decision.hops.first() {
        return Some(&hop.by);
    }
    match &decision.outcome {
        Outcome::Answer(hop) => Some(&hop.by),
        Outcome::NoData { by, .. } | Outcome::NameError { by, .. } => Some(by),
        Outcome::Failure { .. } => None,
    }
}

/// Names that a view may have something to say about.
struct Candidates {
    /// Of zones, the root's left out.
    apexes: BTreeSet<OwnerName>,
    /// Of forwarders and rulesets.
    suffixes: BTreeSet<OwnerName>,
    /// Of record sets.
    owners: BTreeSet<OwnerName>,
}

/// Every name of public DNS, and of the zones linked to the networks that a question may come to.
fn candidates(world: &Compiled, view: ViewId) -> Candidates {
    let mut reached = vec![view];
    let mut suffixes = BTreeSet::new();
    let mut at = 0;
    while let Some(&id) = reached.get(at) {
        at += 1;
        let here = world.views.get(id);
        let mut targets = Vec::new();
        if let DnsSetting::Custom { forward, default, .. } = &here.dns {
            targets.extend(default);
            targets.extend(forward.iter().flat_map(|one| &one.to));
            suffixes.extend(forward.iter().map(|one| one.suffix.clone()));
        }
        for rule in here.rulesets.iter().flat_map(|ruleset| &ruleset.rules) {
            targets.extend(&rule.to);
            suffixes.insert(rule.domain.clone());
        }
        for target in targets {
            if let Target::Network(id) | Target::Azure(id) = world.views.target(target, id)
                && !reached.contains(&id)
            {
                reached.push(id);
            }
        }
    }
    let linked = reached.iter().flat_map(|id| world.views.get(*id).links.values().map(|link| &link.zone));
    let mut candidates = Candidates { apexes: BTreeSet::new(), suffixes, owners: BTreeSet::new() };
    let files = world.state.files.public().values();
    for zone in world.state.public.zones().chain(files).chain(linked) {
        if !zone.apex().is_root() {
            candidates.apexes.insert(zone.apex().clone());
        }
        candidates.owners.extend(zone.iter().map(|owned| owned.set.owner().clone()));
    }
    candidates
}
