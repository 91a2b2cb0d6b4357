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

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use super::alike::{Alike, Lists};
use super::code::{Code, Severity};
use super::verdict::{Cause, Root, Standing, Unknown, Unserved};
use crate::compile::Compiled;
use crate::dns::OwnerName;
use crate::estate::{EndpointName, MachineName, NetworkName, Place, ResourceName, Revision, ScopeName, ZoneId};

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
    pub names: Arc<[OwnerName]>,
    /// The networks concerned, by name.
    pub networks: Arc<[NetworkName]>,
    /// The resources concerned, by name.
    pub resources: Arc<[ResourceName]>,
    /// The private endpoints concerned.
    pub endpoints: Vec<EndpointName>,
    /// The scopes concerned.
    pub scopes: Vec<ScopeName>,
    /// The private zones concerned.
    pub zones: Vec<ZoneId>,
    /// Every use that is not served because of it, with those that are less severe than the rest. One of a resource is for all
    /// resources that are alike; [`super::Assessment::uses_of`] lists each.
    pub uses: Vec<Arc<Unserved>>,
    /// The revision that caused it, where one event did.
    pub revision: Option<Revision>,
    /// Where that event was written.
    pub place: Option<Place>,
}

impl Finding {
    /// True if it is about one of these networks, or about none in particular.
    pub fn concerns(&self, networks: &[NetworkName]) -> bool {
        self.networks.is_empty() || self.networks.iter().any(|own| networks.contains(own))
    }
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
pub(super) fn findings(world: &Compiled, alike: &Alike, unserved: &[Arc<Unserved>], unknown: &Unknown) -> Vec<Finding> {
    let mut groups: HashMap<&Cause, Vec<Arc<Unserved>>, foldhash::fast::RandomState> = HashMap::default();
    for one in unserved {
        groups.entry(&*one.cause).or_default().push(Arc::clone(one));
    }
    let groups: BTreeMap<&Cause, Vec<Arc<Unserved>>> = groups.into_iter().collect();
    let mut drafts = declared::all(world, alike, unknown);
    written::find(world, &mut drafts);
    collection::find(world, &mut drafts);
    ways::find(world, &mut drafts);
    // A zone that became empty because an endpoint lost its record sets is part of that finding.
    drafts.retain(|cause, _| !declared::is_consequence(world, cause, &groups));
    for cause in groups.keys() {
        drafts.entry(Cause::clone(cause)).or_default();
    }
    let mut findings = Vec::with_capacity(drafts.len());
    let (mut lists, mut lists_of_one) = (Lists::default(), Lists::default());
    let none = Alike::default();
    for (cause, mut draft) in drafts {
        let uses = groups.get(&cause).map_or(&[][..], Vec::as_slice);
        let failing = match uses.first().is_some_and(|one| alike.is_alone(one)) {
            true => Failing::of(&none, &mut lists_of_one, uses),
            false => Failing::of(alike, &mut lists, uses),
        };
        describe::describe(world, &cause, &failing, &mut draft);
        findings.push(finish(world, cause, draft, failing, uses.to_vec()));
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
    let draft = Draft { message, ..Draft::default() };
    finished(Cause::new(code, root), draft, Failing::default(), Vec::new(), place)
}

/// What fails because of a cause, as far as its worst uses.
#[derive(Default)]
struct Failing {
    standing: Option<Standing>,
    names: Arc<[OwnerName]>,
    networks: Arc<[NetworkName]>,
    resources: Arc<[ResourceName]>,
    machines: BTreeSet<MachineName>,
}

impl Failing {
    fn of<'a>(alike: &Alike, lists: &mut Lists<'a>, uses: &'a [Arc<Unserved>]) -> Self {
        let standing = uses.iter().map(|one| one.standing).min();
        let worst = || uses.iter().filter(|one| Some(one.standing) == standing).map(|one| &one.used);
        Self {
            standing,
            names: lists.names(alike, worst().map(|used| &used.name).collect()),
            networks: lists.networks(worst().map(|used| &used.network).collect()),
            resources: lists.resources(alike, worst().filter_map(|used| used.resource.as_ref()).collect()),
            machines: worst().filter_map(|used| used.machine.clone()).collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// `3 names are NXDOMAIN in vnet1, vnet2`.
    fn are(&self, what: &str) -> String {
        let names = count(self.names.len(), "name");
        format!("{names} {} {what} in {}", are(self.names.len()), list(&*self.networks))
    }
}

fn are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

fn finish(world: &Compiled, cause: Cause, draft: Draft, failing: Failing, uses: Vec<Arc<Unserved>>) -> Finding {
    let place = draft.revision.and_then(|at| world.history.event(at)).and_then(|recorded| recorded.place.clone());
    finished(cause, draft, failing, uses, place)
}

fn finished(cause: Cause, draft: Draft, failing: Failing, uses: Vec<Arc<Unserved>>, place: Option<Place>) -> Finding {
    let severity = match failing.standing {
        Some(Standing::Broken) => Severity::Error,
        Some(Standing::AtRisk) => cause.code.severity_without_uses().min(Severity::Warning),
        _ => cause.code.severity_without_uses(),
    };
    let (names, networks, resources) = match failing.standing {
        Some(_) => (failing.names, failing.networks, failing.resources),
        None => (
            draft.names.into_iter().collect(),
            draft.networks.into_iter().collect(),
            draft.resources.into_iter().collect(),
        ),
    };
    Finding {
        code: cause.code,
        object: cause.root.name().unwrap_or_else(|| draft.message.clone()),
        root: cause.root,
        accepted: None,
        severity,
        message: draft.message,
        also: draft.also,
        names,
        networks,
        resources,
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

pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Items in a sentence: the first five, and how many more there are.
fn list<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    list_first(items, 5)
}

/// Items in a sentence: the first ones, and how many more there are.
pub(super) fn list_first<T: fmt::Display>(items: impl IntoIterator<Item = T>, most: usize) -> String {
    let mut items = items.into_iter();
    let shown: Vec<String> = items.by_ref().take(most).map(|item| item.to_string()).collect();
    match items.count() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
