//! Findings: what is wrong with an estate at one revision, for whom, and what to do about it.
//!
//! A finding is a [`Code`] and the one object to change, with every use that is not served because of it. Rules about what
//! is declared add findings for what breaks nothing yet.

mod collection;
mod declared;
mod describe;
mod events;
mod ways;
mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::code::{Code, Severity};
use super::verdict::{Cause, Root, Standing, Unknown, Unserved};
use crate::compile::Compiled;
use crate::dns::OwnerName;
use crate::estate::{EndpointName, NetworkName, Place, ResourceName, Revision, ScopeName, ZoneId};

/// Something worth reporting.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What kind.
    pub code: Code,
    /// The object to change.
    pub root: Root,
    /// What that object is called: its name, or for an event the message.
    pub object: String,
    /// Why it is accepted; absent where it is not accepted.
    pub accepted: Option<Acceptance>,
    /// How severe.
    pub severity: Severity,
    /// What happened here, in one sentence without the final stop.
    pub message: String,
    /// What follows from it and needs no action of its own, a sentence each.
    pub also: Vec<String>,
    /// The public names concerned, in canonical order.
    pub names: Vec<OwnerName>,
    /// The networks concerned, by name.
    pub networks: Vec<NetworkName>,
    /// The resources concerned, by name.
    pub resources: Vec<ResourceName>,
    /// The private endpoints concerned.
    pub endpoints: Vec<EndpointName>,
    /// The scopes concerned.
    pub scopes: Vec<ScopeName>,
    /// The private zones concerned.
    pub zones: Vec<ZoneId>,
    /// Every use that is not served because of it, with those that are less severe than the rest.
    pub uses: Vec<Unserved>,
    /// The revision that caused it, where one event did.
    pub revision: Option<Revision>,
    /// Where that event was written.
    pub place: Option<Place>,
}

/// That a finding is accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Acceptance {
    /// Why, in the words of the entries.
    pub reason: String,
    /// The first day on which one of the entries ends; absent if none does.
    pub expires: Option<jiff::civil::Date>,
}

/// What a rule says of one object, before the uses that fail because of it are added.
#[derive(Default)]
struct Draft {
    message: String,
    also: Vec<String>,
    names: BTreeSet<OwnerName>,
    networks: BTreeSet<NetworkName>,
    resources: BTreeSet<ResourceName>,
    endpoints: BTreeSet<EndpointName>,
    scopes: BTreeSet<ScopeName>,
    zones: BTreeSet<ZoneId>,
    revision: Option<Revision>,
}

/// All findings of a revision: errors first, then in the order in which causes are looked for, then most names first.
pub(super) fn findings(world: &Compiled, unserved: &[Unserved], unknown: &Unknown) -> Vec<Finding> {
    let mut groups: BTreeMap<Cause, Vec<Unserved>> = BTreeMap::new();
    for one in unserved {
        groups.entry(one.cause.clone()).or_default().push(one.clone());
    }
    let mut drafts = declared::all(world, unknown);
    written::find(world, &mut drafts);
    collection::find(world, &mut drafts);
    ways::find(world, &mut drafts);
    // A zone that became empty because an endpoint lost its record sets is part of that finding.
    drafts.retain(|cause, _| !declared::is_consequence(world, cause, &groups));
    for cause in groups.keys() {
        drafts.entry(cause.clone()).or_default();
    }
    let mut findings = Vec::with_capacity(drafts.len());
    for (cause, mut draft) in drafts {
        let uses = groups.remove(&cause).unwrap_or_default();
        describe::describe(world, &cause, &uses, &mut draft);
        findings.push(finish(world, cause, draft, uses));
    }
    events::refused(world, &mut findings);
    findings.sort_by(|a, b| {
        let key = |one: &Finding| (one.severity, rank(one.code), one.code, std::cmp::Reverse(one.names.len()));
        key(a).cmp(&key(b)).then_with(|| (a.revision, &a.message).cmp(&(b.revision, &b.message)))
    });
    findings
}

/// A finding that no use fails because of.
pub(super) fn stand_alone(code: Code, root: Root, message: String, place: Option<Place>) -> Finding {
    finished(Cause::new(code, root), Draft { message, ..Draft::default() }, Vec::new(), place)
}

fn finish(world: &Compiled, cause: Cause, draft: Draft, uses: Vec<Unserved>) -> Finding {
    let place = draft.revision.and_then(|at| world.history.event(at)).and_then(|recorded| recorded.place.clone());
    finished(cause, draft, uses, place)
}

fn finished(cause: Cause, draft: Draft, uses: Vec<Unserved>, place: Option<Place>) -> Finding {
    let worst = uses.iter().map(|one| one.standing).min();
    let severity = match worst {
        Some(Standing::Broken) => Severity::Error,
        Some(Standing::AtRisk) => cause.code.severity_without_uses().min(Severity::Warning),
        _ => cause.code.severity_without_uses(),
    };
    let mut names = draft.names;
    let mut networks = draft.networks;
    let mut resources = draft.resources;
    if let Some(worst) = worst {
        let listed = || uses.iter().filter(|one| one.standing == worst).map(|one| &one.used);
        names = listed().map(|used| used.name.clone()).collect();
        networks = listed().map(|used| used.network.clone()).collect();
        resources = listed().filter_map(|used| used.resource.clone()).collect();
    }
    Finding {
        code: cause.code,
        object: cause.root.name().unwrap_or_else(|| draft.message.clone()),
        root: cause.root,
        accepted: None,
        severity,
        message: draft.message,
        also: draft.also,
        names: names.into_iter().collect(),
        networks: networks.into_iter().collect(),
        resources: resources.into_iter().collect(),
        endpoints: draft.endpoints.into_iter().collect(),
        scopes: draft.scopes.into_iter().collect(),
        zones: draft.zones.into_iter().collect(),
        uses,
        revision: draft.revision,
        place,
    }
}

/// The place of a code in the order in which causes are looked for; what is not a cause comes last.
fn rank(code: Code) -> usize {
    const ORDER: [Code; 44] = [
        Code::ForwarderLeadsNowhere,
        Code::DnsServerOutOfReach,
        Code::RulesetLoop,
        Code::ForwardingCircle,
        Code::UnknownContents,
        Code::PublicZoneTakenOver,
        Code::ConnectionNotApproved,
        Code::ProvisioningFailed,
        Code::EndpointOfDeletedScope,
        Code::LostRecordSets,
        Code::EndpointWithoutZoneGroup,
        Code::ManualZoneLacksNames,
        Code::ScopeWithoutEndpoint,
        Code::EndpointOlderThanName,
        Code::ZoneMissingFromZoneGroup,
        Code::ScopedElsewhere,
        Code::LegacyScope,
        Code::RuleHiddenByZone,
        Code::EmptyLinkedZone,
        Code::ForwarderBeforeScope,
        Code::ComponentNameMissing,
        Code::ResourceNameMissing,
        Code::NameWithoutAddress,
        Code::AddressOfNoEndpoint,
        Code::OverwrittenRecordSets,
        Code::UnreachableAddresses,
        Code::MachineWithoutAssociation,
        Code::MachineOutsideArcScope,
        Code::AgentWithoutDataCollectionEndpoint,
        Code::ThroughAnotherScope,
        Code::PrivateOnlyOnSharedDns,
        Code::ResourceOutOfReach,
        Code::QueriesThroughResourceManager,
        Code::ZonesLinkedNowhere,
        Code::ZoneNotLinked,
        Code::LinkWithoutEffect,
        Code::ForwarderForPrivatelink,
        Code::RuleWithoutFinalDot,
        Code::SomeZonesForwarded,
        Code::ScopedButPublic,
        Code::RefusedAsConfigured,
        Code::SessionOutlivesRule,
        Code::OutboundRuleLeavesNoPath,
        Code::NoRuleSaysWhy,
    ];
    ORDER.iter().position(|own| *own == code).unwrap_or(ORDER.len())
}

fn step_words(world: &Compiled, revision: Revision) -> String {
    world.history.step_of(revision).map_or_else(String::new, |step| format!(" in step {}", step.name))
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Items in a sentence: the first five, and how many more there are.
fn list<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    const SHOWN: usize = 5;
    let all: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    match all.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{} and {more} more", all[..SHOWN].join(", ")),
        _ => all.join(", "),
    }
}
