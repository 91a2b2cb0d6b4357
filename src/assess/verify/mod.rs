//! Expectations held against what is: the same bytes, flows and findings everybody else gets.
//!
//! A question is [`SentQuestion`] as bytes, by [`verify`] of a world without a socket, or by a caller that has one; what comes back is
//! held against the expectation by [`holds()`], which does not know the difference. Flows, findings and record sets are
//! no matter of DNS, and only a world can be held against what is expected of them. [`record()`] goes the other way: it
//! makes an expectation of a reply.

pub mod ask;
pub mod finding;
pub mod record;
pub mod reply;

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

pub use ask::SentQuestion;
use finding::{held_finding, stated};
pub use record::record;
pub use reply::holds;

use crate::assess::{Assessment, Flow, Path, flow::Client, flows};
use crate::compile::{Compiled, Fold, ViewId};
use crate::dns::RecordType;
use crate::estate::{History, MachineName};
use crate::scenario::expect::{ExpectedFlow, From};
use crate::scenario::{Expectation, Expected};

/// An expectation and whether it holds.
#[derive(Clone, PartialEq, Debug)]
pub struct Case {
    /// What was expected, in a few words, such as `vnet1: api.monitor.azure.com A`.
    pub subject: String,
    /// The expectation.
    pub expectation: Expectation,
    /// What differs; absent if it holds, and if it was skipped.
    pub mismatch: Option<Mismatch>,
    /// Why it was skipped; absent if it was not.
    pub skipped: Option<String>,
    /// The assumption that the answer rests on, such as that another team's workspace exists; absent where it rests on none.
    pub assumed: Option<String>,
    /// A command that asks the same, such as a `dig` line; absent where it is not a question.
    pub command: Option<String>,
    /// How long looking took, where it was measured.
    pub took: Option<Duration>,
    /// What differed in earlier tries, before the one that counts.
    pub earlier: Vec<Mismatch>,
}

/// What was expected and what was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch {
    /// Expected.
    pub expected: String,
    /// Found.
    pub found: String,
}

impl Case {
    /// An expectation that was checked.
    pub fn held(expectation: &Expectation, mismatch: Option<Mismatch>) -> Self {
        let (subject, expectation) = (subject(expectation), expectation.clone());
        let (skipped, assumed, command, took) = (None, None, None, None);
        Self { subject, expectation, mismatch, skipped, assumed, command, took, earlier: Vec::new() }
    }

    /// One that was not.
    pub fn skipped(expectation: &Expectation, why: &str) -> Self {
        Self { skipped: Some(why.to_owned()), ..Self::held(expectation, None) }
    }
}

/// Holds all expectations against the history, in the order written.
pub fn verify(history: &Arc<History>, expectations: &[Expectation]) -> Vec<Case> {
    let mut verifier = Verifier::new(history);
    expectations.iter().map(|expectation| verifier.hold(expectation)).collect()
}

/// Holds expectations against a history one at a time. Those in the order of their steps take one fold together.
#[derive(Debug)]
pub struct Verifier<'h> {
    history: &'h Arc<History>,
    fold: Fold,
    world: Option<(Compiled, OnceCell<Assessment>)>,
}

impl<'h> Verifier<'h> {
    /// A verifier that has held nothing yet.
    pub fn new(history: &'h Arc<History>) -> Self {
        Self { history, fold: Fold::new(history), world: None }
    }

    /// Holds an expectation against the revision it is about.
    pub fn hold(&mut self, expectation: &Expectation) -> Case {
        let wanted = expectation.revision;
        let world = match self.world.take().filter(|(world, _)| world.revision() == wanted) {
            Some(world) => world,
            None => {
                if self.fold.state().revision > wanted {
                    self.fold = Fold::new(self.history);
                }
                self.fold.to(wanted);
                (self.fold.compiled(), OnceCell::new())
            }
        };
        let (world, assessment) = self.world.insert(world);
        let assessed = || assessment.get_or_init(|| Assessment::of(world));
        let assumed = SentQuestion::of(expectation).and_then(|sent| sent.assumed_in(world));
        Case { assumed, ..Case::held(expectation, hold(world, assessed, expectation)) }
    }
}

/// What an expectation is about, in a few words.
pub fn subject(expectation: &Expectation) -> String {
    let over = match expectation.asking.transport {
        Some(transport) => format!(" over {}", transport.title()),
        None => String::new(),
    };
    match &expectation.expected {
        Expected::Answer { from, name, kind, .. } => format!("{}: {name} {kind}{over}", from.name()),
        Expected::Chain { from, name, .. } => format!("{}: chain of {name}{over}", from.name()),
        Expected::Reply { from, name, kind, .. } => format!("{}: reply to {name} {kind}{over}", from.name()),
        Expected::Finding(wanted) => format!("finding {}", stated(wanted)),
        Expected::NoFinding(code) => format!("no finding {code}"),
        Expected::Flow(wanted) => {
            let name = wanted.name.as_ref().map_or_else(String::new, |name| format!(" through {name}"));
            format!("{} to {}: {}{name}", wanted.from.name(), wanted.to, wanted.operation.name())
        }
        Expected::Records { zone, .. } => format!("record sets of {zone}"),
    }
}

fn hold<'a>(world: &Compiled, assessed: impl Fn() -> &'a Assessment, expectation: &Expectation) -> Option<Mismatch> {
    match &expectation.expected {
        Expected::Answer { .. } | Expected::Chain { .. } | Expected::Reply { .. } => {
            let sent = SentQuestion::of(expectation).expect("these are questions");
            let heard = sent.offline(world);
            holds(expectation, heard.as_ref().map_err(String::as_str), &|_| sent.is_public_in(world))
        }
        Expected::Finding(wanted) => held_finding(assessed(), wanted),
        Expected::NoFinding(code) => {
            let there = assessed().findings.iter().find(|finding| finding.code.to_string() == *code);
            there.map(|finding| Mismatch { expected: format!("no {code}"), found: finding.message.clone() })
        }
        Expected::Flow(flow) => held_flow(world, flow),
        Expected::Records { zone, records } => {
            let wanted: Vec<String> = records.iter().map(|(owner, address)| format!("{owner} {address}")).collect();
            let found = world.state.zones.get(zone).map(|linked| {
                let sets = linked.zone.sets().into_iter().filter(|owned| owned.set.kind() != RecordType::SOA);
                let shown = sets.map(|owned| {
                    let data: Vec<_> = owned.set.data().iter().map(ToString::to_string).collect();
                    format!("{} {}", owned.set.owner(), data.join(" "))
                });
                shown.collect::<Vec<_>>()
            });
            let found = found.unwrap_or_else(|| vec!["no such zone".to_owned()]);
            let (mut a, mut b) = (wanted.clone(), found.clone());
            a.sort();
            b.sort();
            (a != b).then(|| Mismatch { expected: wanted.join(", "), found: found.join(", ") })
        }
    }
}

fn held_flow(world: &Compiled, wanted: &ExpectedFlow) -> Option<Mismatch> {
    let client = match &wanted.from {
        From::Machine(machine) => Some(Client::Machine(machine.clone())),
        // A spec does not know which of both a name is of.
        From::Network(name) if view(world, &wanted.from).is_none() => {
            let machine = MachineName::from(name.as_str());
            world.state.machines.contains_key(&machine).then_some(Client::Machine(machine))
        }
        other => view(world, other).map(Client::View),
    };
    let Some(client) = client else {
        return Some(Mismatch { expected: "a flow".to_owned(), found: no_such_network() });
    };
    if !world.state.resources.contains_key(&wanted.to) {
        let found = format!("there is no resource {} at this step", wanted.to);
        return Some(Mismatch { expected: "a flow".to_owned(), found });
    }
    let all = flows(world, &client, &wanted.to);
    let is_meant =
        |flow: &&Flow| flow.operation == wanted.operation && wanted.name.as_ref().is_none_or(|name| flow.name == *name);
    let mut meant = all.iter().filter(is_meant).peekable();
    if meant.peek().is_none() {
        let names: Vec<_> = all.iter().map(|flow| format!("{} {}", flow.operation.name(), flow.name)).collect();
        return Some(Mismatch { expected: "a flow".to_owned(), found: names.join(", ") });
    }
    meant.find_map(|flow| flow_differs(wanted, flow))
}

fn flow_differs(wanted: &ExpectedFlow, flow: &Flow) -> Option<Mismatch> {
    let mut expected = Vec::new();
    let mut found = Vec::new();
    let mut compare = |what: &str, wanted: Option<String>, own: String| {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != own) {
            expected.push(format!("{what} {wanted}"));
            found.push(format!("{what} {own}"));
        }
    };
    let judgement = &flow.judgement;
    compare("path", wanted.path.clone(), flow.path.word().to_owned());
    let endpoint = match &flow.path {
        Path::PrivateEndpoint { endpoint, .. } => endpoint.to_string(),
        _ => "none".to_owned(),
    };
    compare("endpoint", wanted.endpoint.as_ref().map(ToString::to_string), endpoint);
    let decision = |allowed| if allowed { "allow" } else { "deny" }.to_owned();
    let found_decision = if judgement.is_unknown { "unknown".to_owned() } else { decision(judgement.allowed) };
    compare("decision", wanted.allowed.map(decision), found_decision);
    let number = |number: Option<u16>| number.map_or_else(|| "none".to_owned(), |number| number.to_string());
    compare("row", wanted.row.map(|row| row.to_string()), number(judgement.row.map(|row| u16::from(row.0))));
    compare("status", wanted.status.map(|status| status.to_string()), number(judgement.seen.status));
    if let Some(text) = wanted.text.as_ref().filter(|text| !judgement.seen.text.contains(*text)) {
        expected.push(format!("text {text}"));
        found.push(format!("text {}", judgement.seen.text));
    }
    (!expected.is_empty()).then(|| Mismatch {
        expected: expected.join(", "),
        found: format!("{} ({}: {})", found.join(", "), flow.name, judgement.reason),
    })
}

pub(crate) fn view(world: &Compiled, from: &From) -> Option<ViewId> {
    match from {
        From::Public => Some(ViewId::PUBLIC),
        From::Network(name) => world.views.of_network(name.as_str()),
        From::Subnet(subnet) => Some(world.views.of_address(subnet.addr()).map_or(ViewId::PUBLIC, |(view, _)| view)),
        From::Machine(name) => world.views.of_network(world.state.machines.get(name)?.network.as_str()),
    }
}

fn no_such_network() -> String {
    "there is no such network at this step".to_owned()
}
