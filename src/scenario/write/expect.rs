//! Expectations to shapes: what is asked by the same askers one after the other becomes one entry.

use indexmap::IndexMap;

use crate::catalogue::Operation;
use crate::dns::RecordType;
use crate::scenario::expect::{Expectation, Expected, ExpectedAnswer, ExpectedFlow, From};
use crate::scenario::shape::*;

pub(super) fn shapes<'e>(expectations: impl Iterator<Item = &'e Expectation>) -> Vec<ExpectShape> {
    let mut shapes: Vec<ExpectShape> = Vec::new();
    let mut rest = expectations.map(|one| &one.expected).peekable();
    while let Some(first) = rest.next() {
        let shape = match first {
            Expected::Answer { name, kind, answer, .. } => {
                let from = askers(first, &mut rest);
                let question = if *kind == RecordType::A { name.to_string() } else { format!("{name} {kind}") };
                ExpectShape { from, answers: IndexMap::from([(question, data(answer))]), ..ExpectShape::default() }
            }
            Expected::Chain { name, targets, .. } => {
                let from = askers(first, &mut rest);
                let targets = targets.iter().map(ToString::to_string).collect();
                ExpectShape { from, chain: IndexMap::from([(name.to_string(), targets)]), ..ExpectShape::default() }
            }
            Expected::Finding(code) => {
                ExpectShape { findings: Some(OneOrMoreShape::More(vec![code.clone()])), ..ExpectShape::default() }
            }
            Expected::NoFinding(code) => ExpectShape {
                absent_findings: Some(OneOrMoreShape::More(vec![code.clone()])),
                ..ExpectShape::default()
            },
            Expected::Flow(own) => ExpectShape { flows: vec![flow(own)], ..ExpectShape::default() },
            Expected::Records { zone, records } => {
                let names = records.iter().map(|(owner, address)| {
                    let name = owner.relative_to(&zone.apex).unwrap_or_else(|| owner.to_string());
                    (name, address.to_string())
                });
                let records = IndexMap::from([(zone.to_string(), names.collect())]);
                ExpectShape { records, ..ExpectShape::default() }
            }
        };
        match shapes.last_mut() {
            Some(last) if joins(last, &shape) => join(last, shape),
            _ => shapes.push(shape),
        }
    }
    shapes
}

/// Who asks: this one, and all that follow and differ in nothing else.
fn askers<'e>(
    first: &Expected,
    rest: &mut std::iter::Peekable<impl Iterator<Item = &'e Expected>>,
) -> Option<OneOrMoreShape> {
    let mut names = vec![asker(first)?.name().to_owned()];
    while let Some(next) = rest.next_if(|next| differs_in_asker(first, next)) {
        names.extend(asker(next).map(|from| from.name().to_owned()));
    }
    Some(match names.len() {
        1 => OneOrMoreShape::One(names.remove(0)),
        _ => OneOrMoreShape::More(names),
    })
}

fn asker(expected: &Expected) -> Option<&From> {
    match expected {
        Expected::Answer { from, .. } | Expected::Chain { from, .. } => Some(from),
        _ => None,
    }
}

fn differs_in_asker(one: &Expected, other: &Expected) -> bool {
    match (one, other) {
        (Expected::Answer { name, kind, answer, .. }, Expected::Answer { name: n, kind: k, answer: a, .. }) => {
            (name, kind, answer) == (n, k, a)
        }
        (Expected::Chain { name, targets, .. }, Expected::Chain { name: n, targets: t, .. }) => {
            (name, targets) == (n, t)
        }
        _ => false,
    }
}

/// True if two entries are of one kind, and read in the same order as one.
fn joins(last: &ExpectShape, next: &ExpectShape) -> bool {
    let same_from = last.from.as_ref().map(OneOrMoreShape::names) == next.from.as_ref().map(OneOrMoreShape::names);
    let new = |mine: &IndexMap<String, OneOrMoreShape>, other: &IndexMap<String, OneOrMoreShape>| {
        !mine.is_empty() && !other.is_empty() && other.keys().all(|key| !mine.contains_key(key))
    };
    same_from
        && (new(&last.answers, &next.answers)
            || !last.chain.is_empty()
                && !next.chain.is_empty()
                && next.chain.keys().all(|key| !last.chain.contains_key(key))
            || last.findings.is_some() && next.findings.is_some()
            || last.absent_findings.is_some() && next.absent_findings.is_some()
            || !last.flows.is_empty() && !next.flows.is_empty())
}

fn join(last: &mut ExpectShape, next: ExpectShape) {
    last.answers.extend(next.answers);
    last.chain.extend(next.chain);
    last.flows.extend(next.flows);
    for (mine, other) in [(&mut last.findings, next.findings), (&mut last.absent_findings, next.absent_findings)] {
        if let (Some(OneOrMoreShape::More(mine)), Some(other)) = (mine, other) {
            mine.extend(other.names().iter().cloned());
        }
    }
}

fn data(answer: &ExpectedAnswer) -> OneOrMoreShape {
    if let ExpectedAnswer::Data(data) = answer {
        return match data.as_slice() {
            [only] => OneOrMoreShape::One(only.clone()),
            several => OneOrMoreShape::More(several.to_vec()),
        };
    }
    let word = ExpectedAnswer::WORDS.iter().find(|(_, own)| own == answer).map_or("", |(word, _)| word);
    OneOrMoreShape::One(word.to_owned())
}

fn flow(flow: &ExpectedFlow) -> FlowShape {
    FlowShape {
        from: flow.from.name().to_owned(),
        to: flow.to.to_string(),
        operation: match flow.operation {
            Operation::Ingestion => OperationShape::Ingestion,
            Operation::Query => OperationShape::Query,
            Operation::Config => OperationShape::Config,
            Operation::Download => OperationShape::Download,
            Operation::ResourceManager => OperationShape::ResourceManager,
        },
        name: flow.name.as_ref().map(ToString::to_string),
        path: flow.path.as_deref().and_then(PathShape::of),
        endpoint: flow.endpoint.as_ref().map(ToString::to_string),
        decision: flow.allowed.map(|allowed| if allowed { DecisionShape::Allow } else { DecisionShape::Deny }),
        row: flow.row,
        status: flow.status,
        text: flow.text.clone(),
    }
}
