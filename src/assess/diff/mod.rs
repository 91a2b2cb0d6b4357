//! What two estates differ in, as somebody inside their networks meets it.
//!
//! Four things are compared, each keyed by what it is the same thing in both: record sets of private zones, answers of
//! each network, flows of each client, and findings. What is there on one side only has nothing on the other. Nothing is
//! said about what is equal, and everything stands in the order of its key, so that [`diff`] of an estate with itself is
//! empty and [`diff`] the other way round is [`Diff::mirrored`].

mod answers;

use std::collections::{BTreeMap, BTreeSet};

use crate::assess::flow::{Client, flows};
use crate::assess::{Assessment, Severity, Standing};
use crate::assess::{Flow, Path};
use crate::compile::Compiled;
use crate::compile::zone::who;
use crate::dns::{OwnerName, RecordType, Ttl};
use crate::estate::{EndpointName, NetworkName, ZoneId};

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
    pub findings: Vec<Change<FindingKey, Severity>>,
    /// Names that are broken after and not before, by network: the broken names before, with these and without those that
    /// heal, are the broken names after.
    pub breaks: BTreeSet<(NetworkName, OwnerName)>,
    /// Names that are broken before and not after.
    pub heals: BTreeSet<(NetworkName, OwnerName)>,
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
    /// The network that asks; `public` for whoever is in none.
    pub network: String,
}

/// What a network gets for a name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Seen {
    /// Data of public DNS, in order. Addresses for documentation (RFC 5737) stand for any public address, and are left out.
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
    /// The network or virtual machine; `public` for whoever is in no network.
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
    /// True if it is allowed.
    pub allowed: bool,
    /// True if it is not allowed and was meant to be.
    pub is_broken: bool,
    /// The path it takes.
    pub path: Path,
    /// The HTTP status the client sees; absent where it sees none.
    pub status: Option<u16>,
    /// Why. Two ends that differ in nothing else are equal: reasons tell of steps and scopes that may have other names.
    pub reason: String,
}

impl PartialEq for End {
    fn eq(&self, other: &Self) -> bool {
        (self.allowed, self.status) == (other.allowed, other.status) && is_same(&self.path, &other.path)
    }
}

/// Addresses for documentation stand for any public address: which of them says nothing.
fn is_same(one: &Path, other: &Path) -> bool {
    match (one, other) {
        (Path::Public { address: one }, Path::Public { address: other })
        | (Path::Blocked { address: one }, Path::Blocked { address: other }) => {
            one == other || one.is_documentation() && other.is_documentation()
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

/// What a change is for whoever depends on it.
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
    let assessments = [before, after].map(Assessment::of);
    let ends = [ends(before, &assessments[0]), ends(after, &assessments[1])];
    // Shared names belong to no resource; whoever uses one goes through them.
    let used = ends.iter().flat_map(BTreeMap::keys).map(|key| key.name.clone()).collect();
    let [answers_before, answers_after] = answers::of([before, after], used);
    let mut answers = changes(answers_before, answers_after);
    // Who comes new into a network, or the last who leaves, finds public DNS as everywhere: that is no news.
    answers.retain(|one| {
        !matches!((&one.before, &one.after), (None, Some(Seen::Public(_))) | (Some(Seen::Public(_)), None))
    });
    let [ends_before, ends_after] = ends;
    let broken: [BTreeSet<_>; 2] = assessments.each_ref().map(|one| one.broken().cloned().collect());
    Diff {
        record_sets: changes(record_sets(before), record_sets(after)),
        answers,
        flows: changes(ends_before, ends_after),
        findings: changes(findings(&assessments[0]), findings(&assessments[1])),
        breaks: broken[1].difference(&broken[0]).cloned().collect(),
        heals: broken[0].difference(&broken[1]).cloned().collect(),
    }
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

fn record_sets(world: &Compiled) -> BTreeMap<RecordSetKey, Written> {
    let mut all = BTreeMap::new();
    for (zone, linked) in &world.state.zones {
        for owned in linked.zone.iter().filter(|owned| owned.set.kind() != RecordType::SOA) {
            let set = &owned.set;
            let key = RecordSetKey { zone: zone.clone(), owner: set.owner().clone(), kind: set.kind() };
            let data = sorted(set.data().iter().map(ToString::to_string));
            all.insert(key, Written { ttl: set.ttl(), data, by: who(&owned.writer) });
        }
    }
    all
}

fn ends(world: &Compiled, assessment: &Assessment) -> BTreeMap<FlowKey, End> {
    let views = world.views.iter().map(|(id, view)| (view.label().to_owned(), Client::View(id)));
    let machines = world.state.machines.keys().map(|name| (name.to_string(), Client::Machine(name.clone())));
    let mut all = BTreeMap::new();
    for (label, client) in views.chain(machines) {
        for resource in world.state.resources.keys() {
            for flow in flows(world, &client, resource) {
                let is_broken =
                    assessment.of_flow(world, &client, &flow).is_some_and(|one| one.standing == Standing::Broken);
                let Flow { operation, function, name, path, judgement, .. } = flow;
                let (client, resource) = (label.clone(), resource.to_string());
                let key =
                    FlowKey { client, resource, operation: operation.name(), name, function: function.to_string() };
                let (allowed, status) = (judgement.allowed, judgement.seen.status);
                all.insert(key, End { allowed, is_broken, path, status, reason: judgement.reason });
            }
        }
    }
    all
}

fn findings(assessment: &Assessment) -> BTreeMap<FindingKey, Severity> {
    let all = assessment.findings.iter().map(|finding| {
        let key = FindingKey {
            code: finding.code.to_string(),
            message: finding.message.clone(),
            networks: finding.networks.iter().map(ToString::to_string).collect(),
            names: finding.names.clone(),
        };
        (key, finding.severity)
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
