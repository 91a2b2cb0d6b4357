//! What two estates differ in, as a client inside their networks sees it.
//!
//! Four things are compared, each keyed by what it is the same thing in both: record sets of private zones, answers of
//! each network, flows of each client, and findings. What is there on one side only has nothing on the other. Nothing is
//! said about what is equal, and everything is in the order of its key, so that [`diff`] of an estate with itself is
//! empty and [`diff`] the other way round is [`Diff::mirrored`].

mod answers;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use jiff::civil::Date;

use crate::assess::flow::{Client, flows};
use crate::assess::route::is_documentation;
use crate::assess::{Assessment, Severity, Standing};
use crate::assess::{Flow, Path};
use crate::compile::zone::who;
use crate::compile::{Compiled, Owned, Zone, member};
use crate::dns::{OwnerName, RecordType, Ttl};
use crate::estate::{EndpointName, NetworkName, ResourceName, ZoneId};
use crate::scenario::Allowance;

/// Something that is not the same on both sides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change<K, V> {
    /// What it is.
    pub key: K,
    /// How it is on the first side; absent if it is not there.
    pub before: Option<V>,
    /// How it is on the second side; absent if it is not there.
    pub after: Option<V>,
}

/// The most answers of each estate that are compared. What differs in its record sets is asked for first.
pub const MOST_ANSWERS: usize = 200_000;
/// The most pairs of client and resource whose flows are compared. Resources that differ, and whose names do, come first.
pub const MOST_FLOWS: usize = 10_000;

/// How much of two large estates was not compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LeftOut {
    /// Answers of networks.
    pub answers: usize,
    /// Pairs of client and resource.
    pub flows: usize,
}

/// All that differs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Diff {
    /// Record sets of private zones, SOAs left out.
    pub record_sets: Vec<Change<RecordSetKey, Written>>,
    /// Answers, over the public names estates are about, those flows go through, and the names of record sets that none of
    /// those leads to.
    pub answers: Vec<Change<AnswerKey, Seen>>,
    /// Flows.
    pub flows: Vec<Change<FlowKey, End>>,
    /// Findings.
    pub findings: Vec<Change<FindingKey, FindingState>>,
    /// Names that are broken after and not before, by network: the broken names before, with these and without those that
    /// heal, are the broken names after.
    pub breaks: BTreeSet<(NetworkName, OwnerName)>,
    /// Names that are broken before and not after.
    pub heals: BTreeSet<(NetworkName, OwnerName)>,
    /// What was not compared, because there is too much of it.
    pub left_out: LeftOut,
}

/// Which record set.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RecordSetKey {
    /// The zone.
    pub zone: ZoneId,
    /// Its owner name.
    pub owner: OwnerName,
    /// Its type.
    pub kind: RecordType,
}

/// A record set, and who wrote it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// Seconds it may be kept.
    pub ttl: Ttl,
    /// Its data in master-file form, in order.
    pub data: Vec<String>,
    /// Who wrote it, in words.
    pub by: String,
}

/// Which answer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AnswerKey {
    /// The name.
    pub name: OwnerName,
    /// The type.
    pub kind: RecordType,
    /// The network that asks; `public` for clients outside all networks.
    pub network: String,
}

/// What a network gets for a name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Seen {
    /// Data of public DNS, in order. Addresses for documentation (RFC 5737) represent any public address, and are left out.
    Public(Vec<String>),
    /// Data of a private zone.
    Private {
        /// The data, in order.
        data: Vec<String>,
        /// The endpoint that wrote them; absent for what was written by hand.
        endpoint: Option<EndpointName>,
        /// True if the network reaches all addresses among them.
        reachable: bool,
    },
    /// The name exists, without such data.
    NoData,
    /// There is no such name.
    NameError,
    /// No answer can be given.
    Failure,
}

/// Which flow.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FlowKey {
    /// The network or virtual machine; `public` for clients outside all networks.
    pub client: String,
    /// The resource.
    pub resource: String,
    /// What is done.
    pub operation: &'static str,
    /// The name it goes through.
    pub name: OwnerName,
    /// What for.
    pub function: String,
}

/// How a flow ends.
#[derive(Clone, Eq, Debug)]
pub struct End {
    /// True if it is allowed; absent where nothing says whether it is.
    pub allowed: Option<bool>,
    /// True if it is not allowed and was meant to be.
    pub is_broken: bool,
    /// The path it takes.
    pub path: Path,
    /// The HTTP status the client sees; absent where it sees none.
    pub status: Option<u16>,
    /// Why. Two ends that differ in nothing else are equal: reasons mention steps and scopes that may have other names.
    pub reason: String,
}

impl PartialEq for End {
    fn eq(&self, other: &Self) -> bool {
        (self.allowed, self.status) == (other.allowed, other.status) && is_same(&self.path, &other.path)
    }
}

/// Addresses for documentation represent any public address: which of them says nothing.
fn is_same(one: &Path, other: &Path) -> bool {
    match (one, other) {
        (Path::Public { address: one, unknown: why }, Path::Public { address: other, unknown: other_why }) => {
            why == other_why && (one == other || is_documentation(*one) && is_documentation(*other))
        }
        (Path::Blocked { address: one, .. }, Path::Blocked { address: other, .. }) => {
            one == other || is_documentation(*one) && is_documentation(*other)
        }
        (one, other) => one == other,
    }
}

/// Which finding.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FindingKey {
    /// Its code.
    pub code: String,
    /// What happened.
    pub message: String,
    /// The networks concerned.
    pub networks: Vec<String>,
    /// The names concerned.
    pub names: Vec<OwnerName>,
}

/// How a finding counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FindingState {
    /// Its severity.
    pub severity: Severity,
    /// Why it is accepted; absent where it is not accepted.
    pub accepted: Option<String>,
}

/// Entries of `allow` on both sides, as they count on a day.
#[derive(Clone, Copy, Debug)]
pub struct Accepting<'a> {
    /// Those of the first side.
    pub before: &'a [Allowance],
    /// Those of the second side.
    pub after: &'a [Allowance],
    /// The day by which they expire.
    pub today: Date,
}

impl Accepting<'_> {
    /// Nothing is accepted on either side.
    const NOTHING: Accepting<'static> = Accepting { before: &[], after: &[], today: Date::ZERO };
}

/// What a change means for its users.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// It worked, and does not any more.
    Breaks,
    /// It did not work, and does now.
    Heals,
    /// It works as before, or as little.
    Neither,
}

impl Effect {
    fn of(before: Option<bool>, after: Option<bool>) -> Self {
        match (before, after) {
            (Some(true), Some(false)) => Self::Breaks,
            (Some(false), Some(true)) => Self::Heals,
            _ => Self::Neither,
        }
    }
}

impl Change<FlowKey, End> {
    /// What it is for the client.
    pub fn effect(&self) -> Effect {
        let works = |end: &Option<End>| end.as_ref().map(|end| !end.is_broken);
        Effect::of(works(&self.before), works(&self.after))
    }
}

impl Diff {
    /// True if nothing differs.
    pub fn is_empty(&self) -> bool {
        self.record_sets.is_empty() && self.answers.is_empty() && self.flows.is_empty() && self.findings.is_empty()
    }

    /// What the change of an answer is for its network.
    pub fn effect_of(&self, change: &Change<AnswerKey, Seen>) -> Effect {
        let pair = (NetworkName::from(change.key.network.as_str()), change.key.name.clone());
        match change.key.kind {
            RecordType::A if self.breaks.contains(&pair) => Effect::Breaks,
            RecordType::A if self.heals.contains(&pair) => Effect::Heals,
            _ => Effect::Neither,
        }
    }

    /// The same seen from the other side.
    #[must_use]
    pub fn mirrored(self) -> Self {
        fn mirrored<K, V>(changes: Vec<Change<K, V>>) -> Vec<Change<K, V>> {
            let swapped = |Change { key, before, after }| Change { key, before: after, after: before };
            changes.into_iter().map(swapped).collect()
        }
        Self {
            record_sets: mirrored(self.record_sets),
            answers: mirrored(self.answers),
            flows: mirrored(self.flows),
            findings: mirrored(self.findings),
            breaks: self.heals,
            heals: self.breaks,
            left_out: self.left_out,
        }
    }

    /// Keeps to what concerns these networks and the machines called so; all, where none is named.
    pub fn keep(&mut self, clients: &[String]) {
        if clients.is_empty() {
            return;
        }
        let meant = |name: &String| clients.contains(name);
        self.answers.retain(|one| meant(&one.key.network));
        self.flows.retain(|one| meant(&one.key.client));
        self.breaks.retain(|(network, _)| meant(&network.to_string()));
        self.heals.retain(|(network, _)| meant(&network.to_string()));
        self.findings.retain(|one| one.key.networks.is_empty() || one.key.networks.iter().any(meant));
    }
}

/// What differs between two estates.
pub fn diff(before: &Compiled, after: &Compiled) -> Diff {
    diff_for(before, after, &[])
}

/// What differs between two estates for these networks and machines; for all, where none is named.
pub fn diff_for(before: &Compiled, after: &Compiled, clients: &[String]) -> Diff {
    diff_accepting(before, after, clients, Accepting::NOTHING)
}

/// The same, with the findings that are accepted marked so.
pub fn diff_accepting(before: &Compiled, after: &Compiled, clients: &[String], accepting: Accepting<'_>) -> Diff {
    diff_within(before, after, clients, accepting, MOST_ANSWERS, MOST_FLOWS)
}

fn diff_within(
    before: &Compiled,
    after: &Compiled,
    clients: &[String],
    accepting: Accepting<'_>,
    answers: usize,
    most_flows: usize,
) -> Diff {
    if is_one(before, after) && accepting.before == accepting.after {
        return Diff::default();
    }
    let assessments = [(before, accepting.before), (after, accepting.after)]
        .map(|(world, entries)| Assessment::of(world).accept(entries, accepting.today));
    let record_sets = record_sets(before, after);
    let changed: BTreeSet<_> = record_sets.iter().map(|one| (one.key.owner.clone(), one.key.kind)).collect();
    let owners: HashSet<&OwnerName> = changed.iter().map(|(owner, _)| owner).collect();
    let apexes = relinked(before, after);
    let [names_before, names_after] = [before, after].map(named);
    let differs = |public: &OwnerName, private: &OwnerName| {
        let there = names_before.contains_key(public) && names_after.contains_key(public);
        let relinked = apexes.iter().any(|apex| private.is_within(apex) || public.is_within(apex));
        !there || relinked || owners.contains(public) || owners.contains(private)
    };
    let touched: BTreeSet<&OwnerName> = names_before
        .iter()
        .chain(&names_after)
        .filter(|(public, private)| differs(public, private))
        .map(|(public, _)| public)
        .collect();
    let (ends, flows_left) = ends([before, after], &assessments, clients, &touched, most_flows);
    // Shared names belong to no resource; their users go through them.
    let used: BTreeSet<&OwnerName> = ends.iter().flat_map(BTreeMap::keys).map(|key| &key.name).collect();
    let all: BTreeSet<&OwnerName> = names_before.keys().chain(names_after.keys()).chain(used).collect();
    let (first, rest): (Vec<&OwnerName>, Vec<&OwnerName>) = all.into_iter().partition(|name| touched.contains(name));
    let questions = answers::Questions {
        names: first.into_iter().chain(rest).cloned().collect(),
        changed: &changed,
        private: names_before.values().chain(names_after.values()).collect(),
        networks: clients,
        most: answers,
    };
    let ([answers_before, answers_after], answers_left) = answers::of([before, after], questions);
    let mut answers = changes(answers_before, answers_after);
    // Who comes new into a network, or the last who leaves, finds public DNS as everywhere: that is not a change.
    answers.retain(|one| {
        !matches!((&one.before, &one.after), (None, Some(Seen::Public(_))) | (Some(Seen::Public(_)), None))
    });
    let [ends_before, ends_after] = ends;
    let broken: [BTreeSet<_>; 2] = assessments.each_ref().map(|one| one.broken().collect());
    let mut diff = Diff {
        record_sets,
        answers,
        flows: changes(ends_before, ends_after),
        findings: changes(findings(&assessments[0]), findings(&assessments[1])),
        breaks: broken[1].difference(&broken[0]).cloned().collect(),
        heals: broken[0].difference(&broken[1]).cloned().collect(),
        left_out: LeftOut { answers: answers_left, flows: flows_left },
    };
    diff.keep(clients);
    diff
}

/// True for one and the same revision of histories that say the same.
fn is_one(before: &Compiled, after: &Compiled) -> bool {
    let history = Arc::ptr_eq(&before.history, &after.history) || before.history == after.history;
    let [one, other] = [before, after].map(|world| &world.state.files);
    let files = Arc::ptr_eq(one, other) || one.is_empty() && other.is_empty();
    history && files && before.revision() == after.revision()
}

/// The apexes of zones that are linked to other networks, or in another way, on one side than on the other.
fn relinked<'w>(before: &'w Compiled, after: &'w Compiled) -> BTreeSet<&'w OwnerName> {
    let links = |world: &'w Compiled, id: &ZoneId| {
        world.state.zones.get(id).map(|one| &one.links).filter(|links| !links.is_empty())
    };
    let all = before.state.zones.keys().chain(after.state.zones.keys());
    all.filter(|id| links(before, id) != links(after, id)).map(|id| &id.apex).collect()
}

/// True if a network or machine is among those named, or none is named.
fn is_meant(clients: &[String], name: &str) -> bool {
    clients.is_empty() || clients.iter().any(|client| client == name)
}

/// The public names an estate is about, each with its private one.
fn named(world: &Compiled) -> BTreeMap<OwnerName, OwnerName> {
    let state = &world.state;
    let own = state.resources.values().flat_map(|one| member::of_resource(&state.catalogue, &one.spec, None));
    let served = state.endpoints.values().flat_map(|endpoint| &endpoint.members).map(|one| one.member.clone());
    // These belong to everybody, whether a resource is declared or not.
    let shared = member::base(&state.catalogue, None);
    own.chain(served).chain(shared).map(|member| (member.public, member.private)).collect()
}

fn changes<K: Ord + Clone, V: PartialEq>(before: BTreeMap<K, V>, mut after: BTreeMap<K, V>) -> Vec<Change<K, V>> {
    let mut changes: Vec<Change<K, V>> = before
        .into_iter()
        .filter_map(|(key, before)| match after.remove(&key) {
            Some(after) if after == before => None,
            after => Some(Change { key, before: Some(before), after }),
        })
        .collect();
    changes.extend(after.into_iter().map(|(key, after)| Change { key, before: None, after: Some(after) }));
    changes.sort_by(|one, other| one.key.cmp(&other.key));
    changes
}

/// Record sets that differ. Zones are compared one by one, and of what is equal nothing is kept.
fn record_sets(before: &Compiled, after: &Compiled) -> Vec<Change<RecordSetKey, Written>> {
    let [before, after] = [before, after].map(|world| &world.state.zones);
    let ids: BTreeSet<&ZoneId> = before.keys().chain(after.keys()).collect();
    let mut all = Vec::new();
    for id in ids {
        let [one, other] = [before, after].map(|zones| zones.get(id).map(|linked| &linked.zone));
        if let (Some(one), Some(other)) = (one, other)
            && Arc::ptr_eq(one, other)
        {
            continue;
        }
        all.extend(changes(written(id, one, other), written(id, other, one)));
    }
    all
}

/// The record sets of a zone that the other one does not have in the same way.
fn written(id: &ZoneId, zone: Option<&Arc<Zone>>, other: Option<&Arc<Zone>>) -> BTreeMap<RecordSetKey, Written> {
    let mut own = BTreeMap::new();
    for Owned { set, writer, .. } in zone.iter().flat_map(|zone| zone.iter()) {
        let same = |theirs: Owned| theirs.set == set && theirs.writer == writer;
        if set.kind() == RecordType::SOA || other.and_then(|other| other.get(set.owner(), set.kind())).is_some_and(same)
        {
            continue;
        }
        let key = RecordSetKey { zone: id.clone(), owner: set.owner().clone(), kind: set.kind() };
        let data = sorted(set.data().iter().map(ToString::to_string));
        own.insert(key, Written { ttl: set.ttl(), data, by: who(&writer) });
    }
    own
}

/// How the flows of two estates end, and of how many pairs of client and resource that was not found out. Of many
/// resources those come first that differ, or that are used through one of these names.
fn ends(
    worlds: [&Compiled; 2],
    assessments: &[Assessment; 2],
    clients: &[String],
    touched: &BTreeSet<&OwnerName>,
    most: usize,
) -> ([BTreeMap<FlowKey, End>; 2], usize) {
    let [before, after] = worlds.map(|world| &world.state.resources);
    let is_touched = |name: &ResourceName| match (before.get(name), after.get(name)) {
        (Some(one), Some(other)) => {
            one.spec != other.spec
                || one.scopes != other.scopes
                || member::of_resource(&worlds[0].state.catalogue, &one.spec, None)
                    .iter()
                    .any(|member| touched.contains(&member.public))
        }
        _ => true,
    };
    let all: BTreeSet<&ResourceName> = before.keys().chain(after.keys()).collect();
    let askers = |world: &Compiled| {
        let views = world.views.iter().map(|(id, view)| (view.label().to_owned(), Client::View(id)));
        let machines = world.state.machines.keys().map(|name| (name.to_string(), Client::Machine(name.clone())));
        views.chain(machines).filter(|(label, _)| is_meant(clients, label)).collect::<Vec<_>>()
    };
    let askers = worlds.map(askers);
    let many = askers.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let affordable = most / many;
    let mut resources: Vec<&ResourceName> = all.into_iter().collect();
    if resources.len() > affordable {
        let (first, rest): (Vec<_>, Vec<_>) = resources.into_iter().partition(|name| is_touched(name));
        resources = first.into_iter().chain(rest).collect();
    }
    let left = resources.len().saturating_sub(affordable);
    resources.truncate(affordable);
    let mut ends = [BTreeMap::new(), BTreeMap::new()];
    for (((world, assessment), askers), all) in worlds.iter().zip(assessments).zip(&askers).zip(&mut ends) {
        for (label, client) in askers {
            for resource in resources.iter().filter(|name| world.state.resources.contains_key(**name)) {
                for flow in flows(world, client, resource) {
                    let is_broken =
                        assessment.of_flow(world, client, &flow).is_some_and(|one| one.standing == Standing::Broken);
                    let Flow { operation, function, name, path, judgement, .. } = flow;
                    let (client, resource) = (label.clone(), resource.to_string());
                    let key =
                        FlowKey { client, resource, operation: operation.name(), name, function: function.to_string() };
                    let allowed = (!judgement.is_unknown).then_some(judgement.allowed);
                    let status = judgement.seen.status;
                    all.insert(key, End { allowed, is_broken, path, status, reason: judgement.reason });
                }
            }
        }
    }
    (ends, left * many)
}

fn findings(assessment: &Assessment) -> BTreeMap<FindingKey, FindingState> {
    let all = assessment.findings.iter().map(|finding| {
        let key = FindingKey {
            code: finding.code.to_string(),
            message: finding.message.clone(),
            networks: finding.networks.iter().map(ToString::to_string).collect(),
            names: finding.names.to_vec(),
        };
        let accepted = finding.accepted.as_ref().map(|own| own.reason.clone());
        (key, FindingState { severity: finding.severity, accepted })
    });
    all.collect()
}

fn sorted(data: impl Iterator<Item = String>) -> Vec<String> {
    let mut data: Vec<String> = data.collect();
    data.sort();
    data
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::compile::compile;
    use crate::estate::History;
    use crate::scenario::{Scenario, builtin};

    fn history(name: &str) -> Arc<History> {
        let text = builtin::text(name).expect("it is built in");
        Arc::new(Scenario::read(name, text.as_bytes()).expect("it can be read").history)
    }

    fn at(history: &Arc<History>, step: &str) -> Compiled {
        compile(history, history.step(step).expect("there is such a step").end)
    }

    #[test]
    fn a_second_scope_takes_shared_names_over_and_breaks_whoever_is_not_peered() {
        let history = history("two-scopes-one-dns");
        let diff = diff(&at(&history, "first-scope"), &at(&history, "second-scope"));
        let api = diff
            .answers
            .iter()
            .find(|one| one.key.name.to_string() == "api.monitor.azure.com" && one.key.network == "vnet1");
        let api = api.expect("it changes");
        let private = |address: &str, endpoint: &str, reachable| {
            let (data, endpoint) = (vec![address.to_owned()], Some(endpoint.into()));
            Some(Seen::Private { data, endpoint, reachable })
        };
        assert_eq!((&api.before, &api.after), (&private("10.0.1.9", "pe1", true), &private("10.0.2.7", "pe2", false)));
        assert_eq!(diff.effect_of(api), Effect::Breaks);
        assert!(diff.flows.iter().any(|one| one.effect() == Effect::Breaks && one.key.client == "vnet1"));
        assert!(diff.findings.iter().any(|one| one.key.code == "AMPLS001" && one.before.is_none()));
        assert!(diff.record_sets.iter().any(|one| one.before.is_some() && one.after.is_some()));
        assert!(
            diff.answers.iter().all(|one| !one.key.name.to_string().contains("privatelink")),
            "aliases are told once"
        );
    }

    #[test]
    fn what_is_kept_concerns_the_networks_named() {
        let history = history("two-scopes-one-dns");
        let mut diff = diff(&at(&history, "first-scope"), &at(&history, "second-scope"));
        let all = diff.clone();
        diff.keep(&[]);
        assert_eq!(diff, all);
        diff.keep(&["vnet2".to_owned()]);
        assert!(!diff.answers.is_empty() && diff.answers.iter().all(|one| one.key.network == "vnet2"));
        assert!(diff.flows.iter().all(|one| one.key.client == "vnet2"));
    }

    #[test]
    fn record_sets_no_public_name_leads_to_are_asked_by_themselves() {
        let text = "version: 1\nnetworks: { vnet1: { addressSpace: [10.0.1.0/24] } }\nsteps:\n- name: a\n  events:\n  - \
                    createPrivateDnsZones: { resourceGroup: rg, zones: [corp.example], links: { vnet1: {} } }\n- name: b\n  \
                    events:\n  - putRecordSet: { resourceGroup: rg, zone: corp.example, name: x, type: TXT, records: [hello] }\n";
        let history = Arc::new(Scenario::read("x", text.as_bytes()).expect("it can be read").history);
        let diff = diff(&at(&history, "a"), &at(&history, "b"));
        let told: Vec<_> = diff.answers.iter().map(|one| format!("{} {}", one.key.name, one.key.network)).collect();
        assert_eq!(told, ["x.corp.example vnet1"]);
        assert_eq!(diff.answers[0].before, Some(Seen::NameError));
    }

    #[test]
    fn of_a_large_estate_what_differs_is_compared_first_and_the_rest_is_counted() {
        let history = history("two-scopes-one-dns");
        let (before, after) = (at(&history, "first-scope"), at(&history, "second-scope"));
        let whole = diff(&before, &after);
        assert_eq!(whole.left_out, LeftOut::default());
        let part = diff_within(&before, &after, &[], Accepting::NOTHING, 12, 3);
        assert!(part.left_out.answers > 0 && part.left_out.flows > 0, "{:?}", part.left_out);
        assert_eq!((&part.record_sets, &part.findings), (&whole.record_sets, &whole.findings));
        assert!(!part.answers.is_empty() && part.answers.iter().all(|one| whole.answers.contains(one)));
        assert!(part.flows.iter().all(|one| whole.flows.contains(one)));
        // One network alone can be compared whole.
        let network = ["vnet1".to_owned()];
        let own = diff_for(&before, &after, &network);
        let mut kept = whole;
        kept.keep(&network);
        assert_eq!(own, kept);
        assert_eq!(diff(&after, &after), Diff::default());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn nothing_differs_from_itself_and_the_other_way_round_is_the_mirror(
            one in 0..builtin::names().count(), other in 0..builtin::names().count(), at: [prop::sample::Index; 2], same: bool,
        ) {
            let name = |index: usize| builtin::names().nth(index).expect("it is within the count");
            // The limits have a thousand resources: their flows are compared elsewhere, in less time.
            let large = |name: &str| name.contains("limit") || name.contains("thousand") || name.contains("hundred");
            prop_assume!(!large(name(one)) && !large(name(other)));
            let histories = [history(name(one)), history(name(if same { one } else { other }))];
            let worlds = [0, 1].map(|side| {
                let history = &histories[side];
                let revision = at[side].index(history.last().0 as usize + 1);
                compile(history, crate::estate::Revision(u32::try_from(revision).expect("it was one")))
            });
            prop_assert!(diff(&worlds[0], &worlds[0]).is_empty());
            prop_assert_eq!(diff(&worlds[0], &worlds[1]).mirrored(), diff(&worlds[1], &worlds[0]));
        }
    }
}
