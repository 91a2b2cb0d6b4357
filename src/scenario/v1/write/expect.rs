//! Expectations to shapes: what is asked by the same askers one after the other becomes one entry.

use std::time::Duration;

use indexmap::IndexMap;
use jiff::SignedDuration;

use crate::catalogue::Operation;
use crate::dns::wire::Transport;
use crate::dns::{OwnerName, RecordType};
use crate::scenario::expect::{
    Expectation, Expected, ExpectedAnswer, ExpectedError, ExpectedFinding, ExpectedFlags, ExpectedFlow, ExpectedNames,
    ExpectedReply, ExpectedSoa, From,
};
use crate::scenario::v1::schema::*;

pub(super) fn schemas<'e>(expectations: impl Iterator<Item = &'e Expectation>) -> Vec<ExpectSchema> {
    let mut schemas: Vec<ExpectSchema> = Vec::new();
    let mut rest = expectations.peekable();
    while let Some(first) = rest.next() {
        let schema = match &first.expected {
            Expected::Answer { name, kind, answer, .. } => {
                let entry = asked(first, &mut rest);
                ExpectSchema { answers: IndexMap::from([(question(name, *kind), data(answer))]), ..entry }
            }
            Expected::Chain { name, targets, .. } => {
                let entry = asked(first, &mut rest);
                let targets = targets.iter().map(ToString::to_string).collect();
                ExpectSchema { chain: IndexMap::from([(name.to_string(), targets)]), ..entry }
            }
            Expected::Reply { name, kind, reply, .. } => {
                let entry = asked(first, &mut rest);
                ExpectSchema { replies: IndexMap::from([(question(name, *kind), self::reply(reply))]), ..entry }
            }
            Expected::Finding(own) => {
                ExpectSchema { findings: Some(FindingsSchema::More(vec![finding(own)])), ..ExpectSchema::default() }
            }
            Expected::NoFinding(code) => ExpectSchema {
                absent_findings: Some(OneOrMoreSchema::More(vec![code.clone()])),
                ..ExpectSchema::default()
            },
            Expected::Flow(own) => ExpectSchema { flows: vec![flow(own)], ..ExpectSchema::default() },
            Expected::Records { zone, records } => {
                let names = records.iter().map(|(owner, address)| {
                    let name = owner.relative_to(&zone.apex).unwrap_or_else(|| owner.to_string());
                    (name, address.to_string())
                });
                let records = IndexMap::from([(zone.to_string(), names.collect())]);
                ExpectSchema { records, ..ExpectSchema::default() }
            }
        };
        match schemas.last_mut() {
            Some(last) if joins(last, &schema) => join(last, schema),
            _ => schemas.push(schema),
        }
    }
    schemas
}

fn question(name: &OwnerName, kind: RecordType) -> String {
    if kind == RecordType::A { name.to_string() } else { format!("{name} {kind}") }
}

/// Who asks, and how: this one, and all that follow and differ in nothing but the asker. Networks come first, and subnets
/// after them.
fn asked<'e>(
    first: &Expectation,
    rest: &mut std::iter::Peekable<impl Iterator<Item = &'e Expectation>>,
) -> ExpectSchema {
    let (mut networks, mut subnets) = (Vec::new(), Vec::new());
    let mut put = |one: &Expectation| match asker(&one.expected) {
        Some(From::Subnet(subnet)) => subnets.push(subnet.to_string()),
        Some(other) if subnets.is_empty() => networks.push(other.name().into_owned()),
        _ => {}
    };
    put(first);
    let mut seen_subnet = matches!(asker(&first.expected), Some(From::Subnet(_)));
    while let Some(next) = rest.next_if(|next| {
        let is_subnet = matches!(asker(&next.expected), Some(From::Subnet(_)));
        (is_subnet || !seen_subnet) && next.asking == first.asking && differs_in_asker(&first.expected, &next.expected)
    }) {
        seen_subnet = matches!(asker(&next.expected), Some(From::Subnet(_)));
        put(next);
    }
    let named = |mut names: Vec<String>| match names.len() {
        0 => None,
        1 => Some(OneOrMoreSchema::One(names.remove(0))),
        _ => Some(OneOrMoreSchema::More(names)),
    };
    ExpectSchema {
        from: named(networks),
        subnet: named(subnets),
        transport: first.asking.transport.map(|transport| {
            OneOrMoreTransportsSchema::One(match transport {
                Transport::Udp => TransportSchema::Udp,
                Transport::Tcp => TransportSchema::Tcp,
            })
        }),
        within: first.asking.within.map(length),
        ..ExpectSchema::default()
    }
}

/// A length of time, as it is read again.
fn length(time: Duration) -> String {
    format!("{:#}", SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX))
}

fn asker(expected: &Expected) -> Option<&From> {
    match expected {
        Expected::Answer { from, .. } | Expected::Chain { from, .. } | Expected::Reply { from, .. } => Some(from),
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
        (Expected::Reply { name, kind, reply, .. }, Expected::Reply { name: n, kind: k, reply: r, .. }) => {
            (name, kind, reply) == (n, k, r)
        }
        _ => false,
    }
}

fn reply(reply: &ExpectedReply) -> ReplySchema {
    let ExpectedFlags { aa, tc, ra, ad } = reply.flags;
    let flags = reply.flags != ExpectedFlags::default();
    ReplySchema {
        rcode: reply
            .rcode
            .and_then(|code| RcodeSchema::CODES.iter().find(|(_, own)| *own == code))
            .map(|(own, _)| *own),
        chain: reply.chain.as_ref().map(|targets| targets.iter().map(ToString::to_string).collect()),
        data: reply.data.as_ref().map(data),
        records: reply
            .records
            .as_ref()
            .map(|records| records.iter().map(|one| format!("{} {} {}", one.owner, one.kind, one.data)).collect()),
        ttl: reply.ttl.map(|(least, most)| match least == most {
            true => TtlSchema::Exact(least),
            false => TtlSchema::Range(format!("{least}..{most}")),
        }),
        flags: flags.then_some(FlagsSchema { aa, tc, ra, ad }),
        soa: reply.soa.as_ref().map(|soa| match soa {
            ExpectedSoa::Absent => "none".to_owned(),
            ExpectedSoa::Of(zone) => zone.to_string(),
        }),
        extended_error: reply.extended_error.as_ref().map(|error| match error {
            ExpectedError::Absent => ErrorSchema::Word(AbsentSchema::None),
            ExpectedError::Coded { code, text } if text.is_empty() => ErrorSchema::Code(*code),
            ExpectedError::Coded { code, text } => {
                ErrorSchema::Whole(CodedErrorSchema { code: *code, text: Some(text.clone()) })
            }
        }),
    }
}

/// True if two entries are of one kind, and read in the same order as one.
fn joins(last: &ExpectSchema, next: &ExpectSchema) -> bool {
    let head = |one: &ExpectSchema| {
        let ExpectSchema { from, subnet, transport, within, .. } = one;
        serde_json::json!([from, subnet, transport, within])
    };
    fn new<T>(mine: &IndexMap<String, T>, other: &IndexMap<String, T>) -> bool {
        !mine.is_empty() && !other.is_empty() && other.keys().all(|key| !mine.contains_key(key))
    }
    head(last) == head(next)
        && (new(&last.answers, &next.answers)
            || new(&last.chain, &next.chain)
            || new(&last.replies, &next.replies)
            || last.findings.is_some() && next.findings.is_some()
            || last.absent_findings.is_some() && next.absent_findings.is_some()
            || !last.flows.is_empty() && !next.flows.is_empty())
}

fn join(last: &mut ExpectSchema, next: ExpectSchema) {
    last.answers.extend(next.answers);
    last.chain.extend(next.chain);
    last.replies.extend(next.replies);
    last.flows.extend(next.flows);
    if let (Some(FindingsSchema::More(mine)), Some(other)) = (&mut last.findings, next.findings) {
        mine.extend(other.all().iter().cloned());
    }
    if let (Some(OneOrMoreSchema::More(mine)), Some(other)) = (&mut last.absent_findings, next.absent_findings) {
        mine.extend(other.names().iter().cloned());
    }
}

fn finding(own: &ExpectedFinding) -> FindingSchema {
    let ExpectedFinding { code, object, severity, networks, names } = own;
    if (object, severity, networks, names) == (&None, &None, &None, &None) {
        return FindingSchema::Code(code.clone());
    }
    FindingSchema::Whole(WholeFindingSchema {
        code: code.clone(),
        object: object.clone(),
        severity: severity.map(|word| match word {
            "error" => SeveritySchema::Error,
            "warning" => SeveritySchema::Warning,
            _ => SeveritySchema::Note,
        }),
        networks: networks.as_ref().map(|own| own.iter().map(ToString::to_string).collect()),
        names: names.as_ref().map(|names| match names {
            ExpectedNames::Count(count) => NamesSchema::Count(*count),
            ExpectedNames::These(names) => NamesSchema::Names(names.iter().map(ToString::to_string).collect()),
        }),
    })
}

fn data(answer: &ExpectedAnswer) -> OneOrMoreSchema {
    if let ExpectedAnswer::Data(data) = answer {
        return match data.as_slice() {
            [only] => OneOrMoreSchema::One(only.clone()),
            several => OneOrMoreSchema::More(several.to_vec()),
        };
    }
    let word = ExpectedAnswer::WORDS.iter().find(|(_, own)| own == answer).map_or("", |(word, _)| word);
    OneOrMoreSchema::One(word.to_owned())
}

fn flow(flow: &ExpectedFlow) -> FlowSchema {
    FlowSchema {
        from: flow.from.name().into_owned(),
        to: flow.to.to_string(),
        operation: match flow.operation {
            Operation::Ingestion => OperationSchema::Ingestion,
            Operation::Query => OperationSchema::Query,
            Operation::Config => OperationSchema::Config,
            Operation::Download => OperationSchema::Download,
            Operation::ResourceManager => OperationSchema::ResourceManager,
            Operation::DataPlane => OperationSchema::DataPlane,
        },
        name: flow.name.as_ref().map(ToString::to_string),
        path: flow.path.as_deref().and_then(PathSchema::of),
        endpoint: flow.endpoint.as_ref().map(ToString::to_string),
        decision: flow.allowed.map(|allowed| if allowed { DecisionSchema::Allow } else { DecisionSchema::Deny }),
        row: flow.row,
        status: flow.status,
        text: flow.text.clone(),
    }
}
