//! What must be true when a step is over.

use super::Pourer;
use crate::catalogue::Operation;
use crate::dns::{OwnerName, RecordType};
use crate::scenario::error::{nearest, shown};
use crate::scenario::expect::{Expectation, Expected, ExpectedAnswer, ExpectedFlow, From};
use crate::scenario::node::{Node, Range};
use crate::scenario::shape::*;

impl Pourer<'_> {
    pub(super) fn expect(&mut self, shape: &ExpectShape, node: &Node, into: &mut Vec<Expectation>) {
        let askers = self.askers(shape, node);
        for ((question, answer), (key, own)) in shape.answers.iter().zip(node.entries_of("answers")) {
            let Some((name, kind)) = self.question(question, key.range) else { continue };
            let Some(answer) = self.answer(kind, answer.names(), own) else { continue };
            for from in &askers {
                let (from, name, answer) = (from.clone(), name.clone(), answer.clone());
                into.push(self.expectation(key.range, Expected::Answer { from, name, kind, answer }));
            }
        }
        for ((name, targets), (key, own)) in shape.chain.iter().zip(node.entries_of("chain")) {
            let targets: Option<Vec<_>> = targets
                .iter()
                .enumerate()
                .map(|(index, target)| self.owner_name(target, own.item(index).range))
                .collect();
            let Some((name, targets)) = self.owner_name(name, key.range).zip(targets) else { continue };
            for from in &askers {
                let (from, name, targets) = (from.clone(), name.clone(), targets.clone());
                into.push(self.expectation(key.range, Expected::Chain { from, name, targets }));
            }
        }
        self.findings(shape.findings.as_ref(), node.get("findings"), Expected::Finding, into);
        self.findings(shape.absent_findings.as_ref(), node.get("absentFindings"), Expected::NoFinding, into);
        for (index, flow) in shape.flows.iter().enumerate() {
            let own = node.get("flows").item(index);
            if let Some(flow) = self.flow(flow, own) {
                into.push(self.expectation(own.range, Expected::Flow(flow)));
            }
        }
        for ((zone, records), (key, own)) in shape.records.iter().zip(node.entries_of("records")) {
            let Some(zone) = self.zone_id(zone, key.range) else { continue };
            let mut read = Vec::new();
            for ((name, address), (key, own)) in records.iter().zip(own.entries()) {
                let owner = zone.apex.child(name).map_err(|error| {
                    self.fault(key.range, format!("`{}` is no name: {error}", shown(name)), None);
                });
                let address = address.parse().map_err(|_| {
                    let message = format!("`{}` is no IPv4 address", shown(address));
                    self.fault(own.range, message, Some("write it as 10.0.1.4".to_owned()));
                });
                read.extend(owner.ok().zip(address.ok()));
            }
            into.push(self.expectation(key.range, Expected::Records { zone, records: read }));
        }
    }

    /// Who asks the questions of an entry.
    fn askers(&mut self, shape: &ExpectShape, node: &Node) -> Vec<From> {
        let asks = !(shape.answers.is_empty() && shape.chain.is_empty());
        let Some(names) = &shape.from else {
            if asks {
                let message = "these answers and chains lack a `from`".to_owned();
                self.fault(node.range, message, Some("add `from:` with a network, several, or public".to_owned()));
            }
            return Vec::new();
        };
        if !asks {
            let message = "`from` is for answers and chains, and this entry has none".to_owned();
            self.fault(node.get("from").range, message, Some("a flow has a `from` of its own".to_owned()));
        }
        let mut askers = Vec::new();
        for (index, name) in names.names().iter().enumerate() {
            if name == "public" {
                askers.push(From::Public);
            } else {
                self.refer(|own| &own.networks, name, node.get("from").item(index));
                askers.push(From::Network(name.as_str().into()));
            }
        }
        askers
    }

    /// A name, and a type behind a blank; A without it.
    fn question(&mut self, text: &str, range: Range) -> Option<(OwnerName, RecordType)> {
        let (name, kind) = text.split_once(' ').unwrap_or((text, "A"));
        let kind = kind.trim().parse::<RecordType>().map_err(|error| self.fault(range, error.to_string(), None));
        self.owner_name(name, range).zip(kind.ok())
    }

    fn answer(&mut self, kind: RecordType, texts: &[String], node: &Node) -> Option<ExpectedAnswer> {
        if let [word] = texts {
            if let Some((_, answer)) = ExpectedAnswer::WORDS.into_iter().find(|(own, _)| own == word) {
                return Some(answer);
            }
            let near = nearest(word, ExpectedAnswer::WORDS.iter().map(|(own, _)| *own));
            if let Some(near) = near.filter(|_| kind != RecordType::TXT) {
                let message = format!("`{}` is no answer", shown(word));
                self.fault(node.range, message, Some(format!("did you mean `{near}`?")));
                return None;
            }
        }
        if texts.is_empty() {
            let hint = "write data, public, NXDOMAIN, NODATA or SERVFAIL".to_owned();
            self.fault(node.range, "this answer is empty".to_owned(), Some(hint));
            return None;
        }
        let read = texts
            .iter()
            .enumerate()
            .map(|(index, text)| self.record(&OwnerName::root(), kind, text, node.item(index).range));
        // All of them are read, so that all faults are told.
        let read: Vec<_> = read.collect();
        let data = read.into_iter().map(|data| Some(data?.to_string()));
        data.collect::<Option<Vec<String>>>().map(ExpectedAnswer::Data)
    }

    fn findings(
        &mut self,
        codes: Option<&OneOrMoreShape>,
        node: &Node,
        expected: impl Fn(String) -> Expected,
        into: &mut Vec<Expectation>,
    ) {
        for (index, code) in codes.map_or(&[][..], OneOrMoreShape::names).iter().enumerate() {
            let range = node.item(index).range;
            let digits = code.strip_prefix("AMPLS").unwrap_or_default();
            if digits.len() == 3 && digits.bytes().all(|octet| octet.is_ascii_digit()) {
                into.push(self.expectation(range, expected(code.clone())));
            } else {
                let message = format!("`{}` is no code of a finding", shown(code));
                self.fault(range, message, Some("write AMPLS and three digits, such as AMPLS001".to_owned()));
            }
        }
    }

    fn flow(&mut self, shape: &FlowShape, node: &Node) -> Option<ExpectedFlow> {
        let from = if self.machines.has(&shape.from) {
            From::Machine(shape.from.as_str().into())
        } else if shape.from == "public" {
            From::Public
        } else {
            self.refer(|own| &own.networks, &shape.from, node.get("from"));
            From::Network(shape.from.as_str().into())
        };
        self.refer(|own| &own.resources, &shape.to, node.get("to"));
        let name = match &shape.name {
            Some(name) => Some(self.owner_name(name, node.get("name").range)?),
            None => None,
        };
        if let Some(endpoint) = &shape.endpoint {
            self.refer(|own| &own.endpoints, endpoint, node.get("endpoint"));
        }
        Some(ExpectedFlow {
            from,
            to: shape.to.as_str().into(),
            operation: match shape.operation {
                OperationShape::Ingestion => Operation::Ingestion,
                OperationShape::Query => Operation::Query,
                OperationShape::Config => Operation::Config,
                OperationShape::Download => Operation::Download,
                OperationShape::ResourceManager => Operation::ResourceManager,
            },
            name,
            path: shape.path.map(|path| path.word().to_owned()),
            endpoint: shape.endpoint.as_deref().map(Into::into),
            allowed: shape.decision.map(|decision| decision == DecisionShape::Allow),
            row: shape.row,
            status: shape.status,
            text: shape.text.clone(),
        })
    }

    fn expectation(&self, range: Range, expected: Expected) -> Expectation {
        Expectation { step: self.step.to_string(), revision: self.history.last(), expected, place: self.place(range) }
    }
}
