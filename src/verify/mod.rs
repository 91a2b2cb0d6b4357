//! Expectations held against what is: the same decisions, flows and findings everything else prints.

use std::sync::Arc;

use crate::access::{Flow, Path, flow::Client, flows};
use crate::answer::{Outcome, Question, decide};
use crate::compile::{Compiled, Fold, ViewId};
use crate::dns::RecordType;
use crate::estate::History;
use crate::scenario::expect::{ExpectedAnswer, ExpectedFlow, From};
use crate::scenario::{Expectation, Expected};

/// An expectation and whether it holds.
#[derive(Clone, PartialEq, Debug)]
pub struct Case {
    /// What was expected, in a few words, such as `vnet1: api.monitor.azure.com A`.
    pub subject: String,
    /// The expectation.
    pub expectation: Expectation,
    /// What differs; absent if it holds.
    pub mismatch: Option<Mismatch>,
}

/// What was expected and what was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch {
    /// Expected.
    pub expected: String,
    /// Found.
    pub found: String,
}

/// Holds all expectations against the history, in the order written.
pub fn verify(history: &Arc<History>, expectations: &[Expectation]) -> Vec<Case> {
    let mut fold = Fold::new(history);
    let mut world: Option<Compiled> = None;
    // Expectations stand in the order of their steps, so one fold serves all of them.
    let mut cases = Vec::with_capacity(expectations.len());
    for expectation in expectations {
        if world.as_ref().is_none_or(|world| world.revision() != expectation.revision) {
            if world.as_ref().is_some_and(|world| world.revision() > expectation.revision) {
                fold = Fold::new(history);
            }
            fold.to(expectation.revision);
            world = Some(fold.compiled());
        }
        let world = world.as_ref().expect("it was just made");
        let (subject, mismatch) = hold(world, &expectation.expected);
        cases.push(Case { subject, expectation: expectation.clone(), mismatch });
    }
    cases
}

fn hold(world: &Compiled, expected: &Expected) -> (String, Option<Mismatch>) {
    match expected {
        Expected::Answer { from, name, kind, answer } => {
            let subject = format!("{}: {name} {kind}", from.name());
            let found =
                view(world, from).map(|view| answered(world, view, &Question { name: name.clone(), kind: *kind }));
            (subject, differs(answer, found))
        }
        Expected::Chain { from, name, targets } => {
            let subject = format!("{}: chain of {name}", from.name());
            let question = Question { name: name.clone(), kind: RecordType::A };
            let found = view(world, from).map_or_else(no_such_network, |view| {
                let decision = decide(world, view, &question);
                let targets = decision.hops.iter().filter_map(|hop| hop.owned.set.alias());
                targets.map(ToString::to_string).collect::<Vec<_>>().join(" -> ")
            });
            let wanted = targets.iter().map(ToString::to_string).collect::<Vec<_>>().join(" -> ");
            (subject, unequal(wanted, found))
        }
        Expected::Finding(code) => {
            let codes = codes(world);
            let there = codes.iter().any(|own| own == code);
            let found = if codes.is_empty() { "no findings".to_owned() } else { codes.join(", ") };
            (format!("finding {code}"), (!there).then(|| Mismatch { expected: code.clone(), found }))
        }
        Expected::NoFinding(code) => {
            let there = world.findings().into_iter().find(|finding| finding.code.to_string() == *code);
            let mismatch =
                there.map(|finding| Mismatch { expected: format!("no {code}"), found: finding.message.clone() });
            (format!("no finding {code}"), mismatch)
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
            let mismatch = (a != b).then(|| Mismatch { expected: wanted.join(", "), found: found.join(", ") });
            (format!("record sets of {zone}"), mismatch)
        }
    }
}

/// What a question is answered with, as expectations write it.
enum Answered {
    Data { data: Vec<String>, public: bool },
    NoData,
    NameError,
    Failure,
}

fn answered(world: &Compiled, view: ViewId, question: &Question) -> Answered {
    let decision = decide(world, view, question);
    match &decision.outcome {
        Outcome::Answer(hop) => Answered::Data {
            data: hop.owned.set.data().iter().map(ToString::to_string).collect(),
            public: hop.by.link.is_none(),
        },
        Outcome::NoData { .. } => Answered::NoData,
        Outcome::NameError { .. } => Answered::NameError,
        Outcome::Failure { .. } => Answered::Failure,
    }
}

fn differs(wanted: &ExpectedAnswer, found: Option<Answered>) -> Option<Mismatch> {
    let sorted = |data: &[String]| {
        let mut data: Vec<String> = data.iter().map(|one| one.trim_end_matches('.').to_lowercase()).collect();
        data.sort();
        data
    };
    let holds = match (wanted, &found) {
        (ExpectedAnswer::Data(wanted), Some(Answered::Data { data, .. })) => sorted(wanted) == sorted(data),
        (ExpectedAnswer::Public, Some(Answered::Data { public, .. })) => *public,
        (ExpectedAnswer::NameError, Some(Answered::NameError))
        | (ExpectedAnswer::NoData, Some(Answered::NoData))
        | (ExpectedAnswer::Failure, Some(Answered::Failure)) => true,
        _ => false,
    };
    let spoken = |answer: &ExpectedAnswer| match answer {
        ExpectedAnswer::Data(data) => data.join(", "),
        ExpectedAnswer::Public => "public".to_owned(),
        ExpectedAnswer::NameError => "NXDOMAIN".to_owned(),
        ExpectedAnswer::NoData => "NODATA".to_owned(),
        ExpectedAnswer::Failure => "SERVFAIL".to_owned(),
    };
    (!holds).then(|| Mismatch {
        expected: spoken(wanted),
        found: match found {
            None => no_such_network(),
            Some(Answered::Data { data, public: true }) => format!("{} (public)", data.join(", ")),
            Some(Answered::Data { data, public: false }) => data.join(", "),
            Some(Answered::NoData) => "NODATA".to_owned(),
            Some(Answered::NameError) => "NXDOMAIN".to_owned(),
            Some(Answered::Failure) => "SERVFAIL".to_owned(),
        },
    })
}

fn held_flow(world: &Compiled, wanted: &ExpectedFlow) -> (String, Option<Mismatch>) {
    let name = wanted.name.as_ref().map_or_else(String::new, |name| format!(" through {name}"));
    let subject = format!("{} to {}: {}{name}", wanted.from.name(), wanted.to, wanted.operation.name());
    let client = match &wanted.from {
        From::Machine(machine) => Some(Client::Machine(machine.clone())),
        other => view(world, other).map(Client::View),
    };
    let Some(client) = client else {
        return (subject, Some(Mismatch { expected: "a flow".to_owned(), found: no_such_network() }));
    };
    let all = flows(world, &client, &wanted.to);
    let is_meant =
        |flow: &&Flow| flow.operation == wanted.operation && wanted.name.as_ref().is_none_or(|name| flow.name == *name);
    let mut meant = all.iter().filter(is_meant).peekable();
    if meant.peek().is_none() {
        let names: Vec<_> = all.iter().map(|flow| format!("{} {}", flow.operation.name(), flow.name)).collect();
        return (subject, Some(Mismatch { expected: "a flow".to_owned(), found: names.join(", ") }));
    }
    (subject, meant.find_map(|flow| flow_differs(wanted, flow)))
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
    compare("decision", wanted.allowed.map(decision), decision(judgement.allowed));
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

fn view(world: &Compiled, from: &From) -> Option<ViewId> {
    match from {
        From::Public => Some(ViewId::PUBLIC),
        From::Network(name) => world.views.of_network(name.as_str()),
        From::Machine(name) => world.views.of_network(world.state.machines.get(name)?.network.as_str()),
    }
}

fn codes(world: &Compiled) -> Vec<String> {
    let mut codes: Vec<String> = world.findings().iter().map(|finding| finding.code.to_string()).collect();
    codes.dedup();
    codes
}

fn unequal(expected: String, found: String) -> Option<Mismatch> {
    (expected != found).then_some(Mismatch { expected, found })
}

fn no_such_network() -> String {
    "there is no such network at this step".to_owned()
}
