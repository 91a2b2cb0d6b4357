//! A decision to the sections of a reply.

use std::borrow::Cow;

use super::decide::{Authority, Decision, Failure, MAX_ALIASES, Outcome};
use crate::catalogue::EndpointKind;
use crate::compile::zone::who;
use crate::compile::{Compiled, Owned};
use crate::dns::message::Echo;
use crate::dns::packed::negative_ttl;
use crate::dns::{ExtendedError, OwnerName, Rcode, RecordSet, Reply};

/// Whether replies carry the reason as an extended DNS error.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Ede {
    /// They do.
    #[default]
    Include,
    /// They do not: what Azure would send and nothing more.
    Omit,
}

impl Ede {
    /// Removes from a reply what this conduct does not repeat: cookies are sent back by Azure's resolver,
    /// as they came and without one of its own (dns-traffic-log-how-to, dig through 168.63.129.16 of 2025-09); otherwise
    /// and options without effect are left out.
    pub fn settle(self, echo: &mut Echo<'_>) {
        if let Some(edns) = echo.edns.as_mut().filter(|_| self == Self::Include) {
            edns.cookie = None;
        }
    }
}

/// RFC 8914, 4: an error that fits no other code.
pub(super) const OTHER: u16 = ExtendedError::OTHER;
/// RFC 8914, 4.23: no authority could be reached.
const NO_REACHABLE_AUTHORITY: u16 = ExtendedError::NO_REACHABLE_AUTHORITY;

/// The sections that report a decision to a client.
pub fn reply<'d>(world: &Compiled, decision: &'d Decision<'d>, extended: Ede) -> Reply<'d> {
    let mut answer: Vec<Cow<'d, RecordSet>> = decision.hops.iter().map(super::Hop::shown).collect();
    let (rcode, authority) = match &decision.outcome {
        Outcome::Answer(hop) => {
            answer.push(hop.shown());
            (Rcode::NOERROR, None)
        }
        Outcome::NoData { by, .. } => (Rcode::NOERROR, Some(negative_soa(by))),
        Outcome::NameError { by, .. } => (Rcode::NXDOMAIN, Some(negative_soa(by))),
        Outcome::Failure { .. } => {
            // The aliases that led to a failure are of no use to a client.
            answer.clear();
            (Rcode::SERVFAIL, None)
        }
    };
    let extended_error = match extended {
        Ede::Include => reason(world, decision),
        Ede::Omit => None,
    };
    Reply { rcode, answer, authority, extended_error }
}

/// The SOA of the zone that says no, living as long as the negative answer (RFC 2308, 5).
fn negative_soa<'d>(by: &Authority<'d>) -> Cow<'d, RecordSet> {
    let soa = by.zone.soa();
    Cow::Owned(soa.synthesized(soa.owner().clone(), negative_ttl(soa)))
}

/// Why, for people with `dig`: where a record set overwrote another, where a name was deleted, where the emulated zones
/// end, where no answer could be given.
fn reason(world: &Compiled, decision: &Decision<'_>) -> Option<ExtendedError> {
    let other = |text: String| Some(ExtendedError { code: OTHER, text });
    match &decision.outcome {
        Outcome::Answer(hop) => {
            let last = std::iter::once(hop).chain(decision.hops.iter().rev());
            match last.into_iter().find(|hop| hop.owned.overwritten.is_some()) {
                Some(hop) => other(overwriting(world, &hop.owned)?),
                None => other(decision.assumption()?.to_string()),
            }
        }
        Outcome::NameError { tombstone: Some(tombstone), owner, .. } => {
            let step = at_step(world, tombstone.revision);
            other(format!("{owner} was deleted{step}; its last record set was by {}", who(&tombstone.last.writer)))
        }
        // The author of zone files knows what is in them.
        Outcome::NameError { by, .. } if by.zone.file().is_some() => None,
        Outcome::NameError { by, .. } if by.existing.is_some() => {
            other(by.existing.as_ref().expect("it was just looked at").basis.to_string())
        }
        Outcome::NameError { owner, by, .. } if by.link.is_none() && ends_at(world, by.zone.apex()) => {
            other(format!("{owner} is outside the emulated zones"))
        }
        Outcome::NameError { owner, by, .. } if by.link.is_none() => other(absent_resource(world, owner)?),
        Outcome::NameError { .. } | Outcome::NoData { .. } => None,
        Outcome::Failure { owner, why } => Some(failure(owner, why)),
    }
}

/// What a record set took the place of, in one sentence.
pub fn overwriting(world: &Compiled, owned: &Owned) -> Option<String> {
    let before = owned.overwritten.as_ref()?;
    Some(format!(
        "written by {}{}; overwrote {} of {}",
        who(&owned.writer),
        at_step(world, owned.revision),
        before.set.data().iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        who(&before.writer),
    ))
}

fn at_step(world: &Compiled, revision: crate::estate::Revision) -> String {
    world.history.step_of(revision).map_or_else(String::new, |step| format!(" in step {}", step.name))
}

/// True if names missing from this public zone may exist outside the emulated zones.
pub(super) fn ends_at(world: &Compiled, apex: &OwnerName) -> bool {
    apex.is_root() || world.state.is_shared_zone(apex)
}

/// True if a reply may say more about names missing from a public zone.
pub(super) fn tells_of_missing(world: &Compiled, apex: &OwnerName) -> bool {
    let near = |zone: &OwnerName| zone.is_within(apex) || apex.is_within(zone);
    let rows = &world.state.catalogue.endpoints;
    ends_at(world, apex)
        || rows.iter().any(|row| !row.kind.is_shared() && (near(&row.private_zone) || near(&row.public_zone)))
}

/// Which kind of resource a public name would belong to, if it had one.
fn absent_resource(world: &Compiled, owner: &OwnerName) -> Option<String> {
    let rows = &world.state.catalogue.endpoints;
    rows.iter().find_map(|row| {
        let kind = match row.kind {
            EndpointKind::Workspace => "workspace",
            EndpointKind::DataCollectionEndpoint => "data collection endpoint",
            EndpointKind::Global | EndpointKind::Regional => return None,
        };
        let relative = owner.relative_to(&row.private_zone).or_else(|| owner.relative_to(&row.public_zone))?;
        let slot = row.record.slot_in(&relative)?;
        let fits = row.kind != EndpointKind::Workspace || !slot.contains('.');
        fits.then(|| format!("no {kind} in the emulated zones has the name {owner}"))
    })
}

fn failure(owner: &OwnerName, why: &Failure) -> ExtendedError {
    let (code, text) = match why {
        Failure::AliasLoop => (OTHER, format!("the aliases form a loop back to {owner}")),
        Failure::TooManyAliases => (OTHER, format!("more than {MAX_ALIASES} aliases, the last one to {owner}")),
        Failure::ForwardLoop => (NO_REACHABLE_AUTHORITY, format!("the forwarders forward {owner} in a loop")),
        Failure::RulesetLoop => {
            (NO_REACHABLE_AUTHORITY, format!("a forwarding ruleset sends {owner} back to the network it is linked to"))
        }
        Failure::ForwardTargetGone => {
            (NO_REACHABLE_AUTHORITY, format!("{owner} is forwarded to a server that no longer exists"))
        }
        Failure::ForwardTargetOutOfReach => {
            (NO_REACHABLE_AUTHORITY, format!("{owner} is forwarded to a server that the network cannot reach"))
        }
        Failure::UnknownContents { zone, unresolved } => {
            (OTHER, format!("whether {zone} has {owner} is unknown: {unresolved} could not be resolved"))
        }
        Failure::AzureDnsOutOfReach => (
            NO_REACHABLE_AUTHORITY,
            format!("{owner} is forwarded to 168.63.129.16, which cannot be reached from outside Azure"),
        ),
    };
    ExtendedError { code, text }
}
