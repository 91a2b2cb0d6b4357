//! The one lookup: what a question is answered with, and on whose word.
//!
//! Everything that answers or explains goes through [`decide`]: the server, `resolve`, `explain`, `story`, the tables.

use std::borrow::Cow;
use std::sync::Arc;

use crate::catalogue::every_cloud;
use crate::compile::existing::{Basis, Existing, existing};
use crate::compile::{Answer, Chosen, Compiled, Link, Lookup, NoServer, Owned, Target, Tombstone, View, ViewId, Zone};
use crate::dns::{OwnerName, RecordSet, RecordType, WholeKey};
use crate::estate::history::RulesetChain;
use crate::estate::network::RulesetRule;
use crate::estate::{DnsSetting, ForwarderKind, NetworkKind, ResolutionPolicy, RulesetSpec, Unresolved, ZoneId};

/// The most aliases that are followed for one question.
pub const MAX_ALIASES: usize = 16;

/// The most servers one name is handed along.
const MAX_FORWARDS: usize = 16;

/// A question: a name and a type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Question {
    /// The name asked for.
    pub name: OwnerName,
    /// The type asked for.
    pub kind: RecordType,
}

/// What a question is answered with.
#[derive(Clone, Debug)]
pub struct Decision<'w> {
    /// The question.
    pub question: Question,
    /// The view it was asked in.
    pub view: ViewId,
    /// The aliases followed, in the order a client meets them.
    pub hops: Vec<Hop<'w>>,
    /// What is at the end.
    pub outcome: Outcome<'w>,
}

/// A record set that was met, and who said so.
#[derive(Clone, Debug)]
pub struct Hop<'w> {
    /// The name it was met at.
    pub owner: OwnerName,
    /// The record set with its provenance. Its owner is a wildcard's where one matched the name.
    pub owned: Owned,
    /// Who said so.
    pub by: Authority<'w>,
}

/// What answers a name, and how the question got there.
#[derive(Clone, Debug)]
pub struct Authority<'w> {
    /// The zone.
    pub zone: &'w Zone,
    /// The link through which it was seen; absent for public zones.
    pub link: Option<&'w Link>,
    /// The view of the network whose link it is.
    pub seen_from: ViewId,
    /// The linked zone that said NXDOMAIN before, where its link redirects that to public DNS.
    pub redirected: Option<&'w Zone>,
    /// The forwarders the question went through, in order.
    pub forwards: Vec<Forwarded>,
    /// What is known about a public name that the zone does not hold.
    pub existing: Option<Arc<Existing>>,
}

/// One server handing a name on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Forwarded {
    /// The network whose DNS server or ruleset it is.
    pub by: ViewId,
    /// What made it do so.
    pub rule: Rule,
    /// The servers that come before and cannot be asked.
    pub skipped: Vec<Target>,
    /// Who was asked next.
    pub to: Target,
}

/// Why a server hands a name on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Rule {
    /// A conditional forwarder for this suffix.
    Suffix(OwnerName),
    /// The server's default.
    Default,
    /// A rule of this ruleset for this domain.
    Ruleset(crate::estate::RulesetName, OwnerName),
}

/// What is at the end of the aliases.
#[derive(Clone, Debug)]
pub enum Outcome<'w> {
    /// A record set of the type asked for.
    Answer(Hop<'w>),
    /// The name exists with other types only, or as an empty non-terminal (NODATA, RFC 2308, 2.2).
    NoData {
        /// The name.
        owner: OwnerName,
        /// Who says so.
        by: Authority<'w>,
    },
    /// There is no such name (NXDOMAIN, RFC 2308, 2.1).
    NameError {
        /// The name.
        owner: OwnerName,
        /// Who says so.
        by: Authority<'w>,
        /// What was there once, if anything.
        tombstone: Option<&'w Tombstone>,
    },
    /// No answer can be given (SERVFAIL).
    Failure {
        /// The name it failed at.
        owner: OwnerName,
        /// Why.
        why: Failure,
    },
}

/// Why no answer can be given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// An alias leads back to a name met before.
    AliasLoop,
    /// More than [`MAX_ALIASES`] aliases.
    TooManyAliases,
    /// The servers hand the name around in a circle.
    ForwardLoop,
    /// A ruleset is linked to the network of its own target, which forwards the name back to it.
    RulesetLoop,
    /// 168.63.129.16 cannot be reached from outside Azure.
    AzureDnsOutOfReach,
    /// The server it is forwarded to does not exist any more.
    ForwardTargetGone,
    /// No packet gets from the network to the server it is forwarded to.
    ForwardTargetOutOfReach,
    /// It is unknown whether the private zone that answers has the name.
    UnknownContents {
        /// The zone.
        zone: ZoneId,
        /// What would have to be known.
        unresolved: Unresolved,
    },
}

impl From<NoServer> for Failure {
    fn from(why: NoServer) -> Self {
        match why {
            NoServer::Gone => Self::ForwardTargetGone,
            NoServer::OutOfReach => Self::ForwardTargetOutOfReach,
        }
    }
}

impl Decision<'_> {
    /// The assumption the decision rests on, if it does.
    pub fn assumption(&self) -> Option<&Basis> {
        let last = match &self.outcome {
            Outcome::Answer(hop) => Some(&hop.by),
            Outcome::NoData { by, .. } | Outcome::NameError { by, .. } => Some(by),
            Outcome::Failure { .. } => None,
        };
        let all = self.hops.iter().map(|hop| &hop.by).chain(last);
        all.filter_map(|by| Some(&by.existing.as_ref()?.basis)).find(|basis| basis.is_assumed())
    }
}

impl Outcome<'_> {
    /// The name the outcome is about: the last of the chain.
    pub fn owner(&self) -> &OwnerName {
        match self {
            Self::Answer(hop) => &hop.owner,
            Self::NoData { owner, .. } | Self::NameError { owner, .. } | Self::Failure { owner, .. } => owner,
        }
    }
}

impl Hop<'_> {
    /// The record set as the client meets it: at the name asked for, also where a wildcard matched it, and an SOA with
    /// the TTL Azure's resolver shows.
    pub fn shown(&self) -> Cow<'_, RecordSet> {
        let set = &self.owned.set;
        let ttl = if set.kind() == RecordType::SOA && self.by.link.is_some() {
            set.ttl().min(every_cloud().longest_soa_ttl.value)
        } else {
            set.ttl()
        };
        if *set.owner() == self.owner && ttl == set.ttl() {
            Cow::Borrowed(set)
        } else {
            Cow::Owned(set.synthesized(self.owner.clone(), ttl))
        }
    }
}

/// Answers a question in a view.
///
/// Aliases are followed completely and in order, into any zone, each name decided anew: by the servers of the
/// network first, by the zones linked to it next, by public DNS last.
pub fn decide<'w>(world: &'w Compiled, view: ViewId, question: &Question) -> Decision<'w> {
    Decision { view, ..walk(world, &mut Target::Network(view), question) }
}

/// What a client in a view gets that looks for the addresses of a name: its IPv4 addresses, and its IPv6 ones where there are
/// no others.
pub fn decide_addresses<'w>(world: &'w Compiled, view: ViewId, name: &OwnerName) -> Decision<'w> {
    let of = |kind| decide(world, view, &Question { name: name.clone(), kind });
    let first = of(RecordType::A);
    if !matches!(first.outcome, Outcome::NoData { .. }) {
        return first;
    }
    let other = of(RecordType::AAAA);
    if matches!(other.outcome, Outcome::Answer(_)) { other } else { first }
}

/// Answers a question as `server` does. It moves on to the server that the rest of a chain belongs to.
pub(super) fn walk<'w>(world: &'w Compiled, server: &mut Target, question: &Question) -> Decision<'w> {
    let view = match *server {
        Target::Network(view) | Target::Azure(view) => view,
        Target::Public | Target::Gone => ViewId::PUBLIC,
    };
    let mut hops: Vec<Hop<'w>> = Vec::new();
    let mut name = question.name.clone();
    let mut legacy = false;
    let outcome = loop {
        let (found, by) = match ask(world, server, &name, question.kind, legacy) {
            Ok(current) => current,
            Err(why) => break Outcome::Failure { owner: name, why },
        };
        legacy |= by.link.is_none() && world.views.get(by.seen_from).shares_legacy_dns;
        let answer = match found {
            Lookup::Name(sets) | Lookup::Wildcard(sets) => sets.answer(question.kind),
            Lookup::Missing => match by.existing.as_ref().filter(|existing| existing.is_there()) {
                Some(existing) => existing.answer(question.kind),
                None => {
                    let tombstone = tombstone(by.redirected.unwrap_or(by.zone), &name);
                    break Outcome::NameError { owner: name, by, tombstone };
                }
            },
        };
        let owned = match answer {
            Answer::Set(owned) => break Outcome::Answer(Hop { owner: name, owned, by }),
            Answer::Alias(owned) => owned,
            Answer::NoData => break Outcome::NoData { owner: name, by },
        };
        let target = owned.set.alias().expect("an alias has a target").clone();
        let seen = target == name || hops.iter().any(|hop| hop.owner == target);
        hops.push(Hop { owner: std::mem::replace(&mut name, target), owned, by });
        if seen {
            break Outcome::Failure { owner: name, why: Failure::AliasLoop };
        }
        if hops.len() > MAX_ALIASES {
            break Outcome::Failure { owner: name, why: Failure::TooManyAliases };
        }
    };
    Decision { question: question.clone(), view, hops, outcome }
}

/// A name that is asked for on the way.
struct CurrentName<'q> {
    name: &'q OwnerName,
    key: &'q WholeKey,
    kind: RecordType,
    /// True where an alias before it is one that only networks with the DNS of a legacy scope see: its target exists too.
    legacy: bool,
}

/// What was there once: an address, or the alias of a public name to one.
fn tombstone<'w>(zone: &'w Zone, name: &OwnerName) -> Option<&'w Tombstone> {
    zone.tombstone(name, RecordType::A).or_else(|| zone.tombstone(name, RecordType::CNAME))
}

/// Finds what answers a name and what is there. `server` moves on where a forwarder passes whole chains along:
/// the rest of the chain is then its target's.
fn ask<'w>(
    world: &'w Compiled,
    server: &mut Target,
    name: &OwnerName,
    kind: RecordType,
    legacy: bool,
) -> Result<(Lookup<'w>, Authority<'w>), Failure> {
    let mut forwards: Vec<Forwarded> = Vec::new();
    let key = WholeKey::of(name);
    let current = CurrentName { name, key: &key, kind, legacy };
    let mut here = *server;
    // True while no server on the way restarts at a CNAME.
    let mut passes_chains = true;
    loop {
        let (at, azure) = match here {
            Target::Public => return Ok(public(world, &current, None, ViewId::PUBLIC, forwards)),
            Target::Gone => return Err(Failure::ForwardTargetGone),
            Target::Network(id) => (id, false),
            Target::Azure(id) => (id, true),
        };
        let view = world.views.get(at);
        let next = match (&view.dns, azure) {
            (DnsSetting::Custom { kind, forward, default }, false) => {
                let best = forward.iter().filter(|one| name.is_within(&one.suffix));
                let best = best.max_by_key(|one| one.suffix.label_count());
                let (rule, to) = match best {
                    Some(one) => (Rule::Suffix(one.suffix.clone()), &one.to),
                    None => (Rule::Default, default),
                };
                passes_chains &= *kind == ForwarderKind::AcceptsChain;
                let Chosen { skipped, target } = world.views.choose_from(to, at);
                Forwarded { by: at, rule, skipped, to: target? }
            }
            _ if view.kind == NetworkKind::OnPremises => {
                if azure {
                    return Err(Failure::AzureDnsOutOfReach);
                }
                return Ok(public(world, &current, None, at, forwards));
            }
            _ => {
                if let Some(link) = view.link_of(&key) {
                    return linked(world, link, &current, at, forwards);
                }
                let Some((ruleset, rule)) = rule_of(view, name) else {
                    return Ok(public(world, &current, None, at, forwards));
                };
                passes_chains &= world.state.switches.ruleset_chain == RulesetChain::Stands;
                let Chosen { skipped, target } = world.views.choose_by_rule(ruleset, rule, at);
                let to = target?;
                if to == Target::Azure(at) {
                    return Err(Failure::RulesetLoop);
                }
                let rule = Rule::Ruleset(ruleset.name.clone(), rule.domain.clone());
                Forwarded { by: at, rule, skipped, to }
            }
        };
        here = next.to;
        if forwards.len() >= MAX_FORWARDS || forwards.contains(&next) {
            let ruleset = forwards.iter().any(|forward| matches!(forward.rule, Rule::Ruleset(..)));
            return Err(if ruleset { Failure::RulesetLoop } else { Failure::ForwardLoop });
        }
        forwards.push(next);
        if passes_chains {
            *server = here;
        }
    }
}

/// The rule of the linked rulesets for a name: enabled, and the longest domain.
pub(crate) fn rule_of<'w>(view: &'w View, name: &OwnerName) -> Option<(&'w RulesetSpec, &'w RulesetRule)> {
    let rules = view.rulesets.iter().flat_map(|ruleset| ruleset.rules.iter().map(move |rule| (&**ruleset, rule)));
    // A rule for the root does not catch names Azure keeps for itself (private-resolver-endpoints-rulesets, 2023-03-29).
    let reserved = every_cloud().is_within_reserved_zone(name);
    let catches = |rule: &RulesetRule| name.is_within(&rule.domain) && !(reserved && rule.domain.is_root());
    let matching = rules.filter(|(_, rule)| rule.enabled && rule.final_dot && catches(rule));
    matching.max_by_key(|(_, rule)| rule.domain.label_count())
}

/// What a linked zone says. It owns its whole name space: a name it does not have does not exist, regardless of what public DNS
/// knows, unless the link redirects. Of a zone with unknown contents only what is known to be there is answered.
fn linked<'w>(
    world: &'w Compiled,
    link: &'w Link,
    current: &CurrentName<'_>,
    at: ViewId,
    forwards: Vec<Forwarded>,
) -> Result<(Lookup<'w>, Authority<'w>), Failure> {
    let zone = &*link.zone;
    let found = zone.lookup_key(current.name, current.key);
    // A wildcard answers for names the zone does not have, and whether it has this one is unknown.
    if let (Lookup::Missing | Lookup::Wildcard(_), Some(unresolved)) = (&found, zone.unknown()) {
        return Err(Failure::UnknownContents { zone: zone.id.clone(), unresolved: unresolved.clone() });
    }
    if matches!(found, Lookup::Missing) && redirects(link, current.kind) {
        return Ok(public(world, current, Some(zone), at, forwards));
    }
    Ok((found, Authority { zone, link: Some(link), seen_from: at, redirected: None, forwards, existing: None }))
}

/// True if a public zone is the catalogue's: the author of a zone file knows what is in it.
fn is_published(world: &Compiled, zone: &Zone) -> bool {
    zone.file().is_none() && !world.history.public.iter().any(|own| own.soa.owner() == zone.apex())
}

/// True if NXDOMAIN of this link is asked again in public DNS: the catalogue has the types and the zones.
fn redirects(link: &Link, kind: RecordType) -> bool {
    link.policy == ResolutionPolicy::NxDomainRedirect && every_cloud().falls_back(link.zone.apex(), kind)
}

/// True if a privatelink name is that of a public name that was deleted.
fn is_behind_tombstone(world: &Compiled, name: &OwnerName) -> bool {
    let zones = &world.state.catalogue.zones;
    let public = zones.iter().find_map(|zone| name.moved(&zone.private, &zone.public));
    public.is_some_and(|public| {
        let zone = world.state.public_zone_of(&WholeKey::of(&public), false);
        tombstone(zone, &public).is_some()
    })
}

fn public<'w>(
    world: &'w Compiled,
    current: &CurrentName<'_>,
    redirected: Option<&'w Zone>,
    at: ViewId,
    forwards: Vec<Forwarded>,
) -> (Lookup<'w>, Authority<'w>) {
    let legacy = current.legacy || world.views.get(at).shares_legacy_dns;
    let zone = world.state.public_zone_of(current.key, legacy);
    let found = zone.lookup_key(current.name, current.key);
    let unknown =
        matches!(found, Lookup::Missing) && tombstone(zone, current.name).is_none() && is_published(world, zone);
    // The alias of a deleted workspace is gone, and so is what only networks with a legacy scope saw after it.
    let unknown = unknown && !(legacy && is_behind_tombstone(world, current.name));
    let existing = unknown.then(|| existing(&world.state, current.name, zone.apex(), legacy)).flatten();
    (found, Authority { zone, link: None, seen_from: at, redirected, forwards, existing: existing.map(Arc::new) })
}
