//! What must be true when a step is over.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use jiff::SignedDuration;

use super::Loader;
use crate::catalogue::Operation;
use crate::compile::ObjectKind;
use crate::dns::wire::Transport;
use crate::dns::{OwnerName, RecordType, Ttl};
use crate::scenario::error::{nearest, shown};
use crate::scenario::expect::{
    Asking, Expectation, Expected, ExpectedAnswer, ExpectedError, ExpectedFinding, ExpectedFlags, ExpectedFlow,
    ExpectedNames, ExpectedRecord, ExpectedReply, ExpectedSoa, From,
};
use crate::scenario::node::{Node, Range};
use crate::scenario::v1::schema::*;

impl Loader<'_> {
    pub(super) fn expect(&mut self, schema: &ExpectSchema, node: &Node, into: &mut Vec<Expectation>) {
        let askers = self.askers(schema, node);
        let askings = self.askings(schema, node);
        // Every question by every transport, and by every asker.
        let each = |into: &mut Vec<Expectation>, pourer: &Self, range, expected: &dyn Fn(From) -> Expected| {
            for asking in &askings {
                let asked = askers.iter().map(|from| expected(from.clone()));
                into.extend(
                    asked.map(|expected| Expectation { asking: *asking, ..pourer.expectation(range, expected) }),
                );
            }
        };
        for ((question, answer), (key, own)) in schema.answers.iter().zip(node.entries_of("answers")) {
            let Some((name, kind)) = self.question(question, key.range) else { continue };
            let Some(answer) = self.answer(kind, answer.names(), own) else { continue };
            each(into, self, key.range, &|from| {
                let (name, answer) = (name.clone(), answer.clone());
                Expected::Answer { from, name, kind, answer }
            });
        }
        for ((name, targets), (key, own)) in schema.chain.iter().zip(node.entries_of("chain")) {
            let targets = self.targets(targets, own);
            let Some((name, targets)) = self.owner_name(name, key.range).zip(targets) else { continue };
            each(into, self, key.range, &|from| {
                let (name, targets) = (name.clone(), targets.clone());
                Expected::Chain { from, name, targets }
            });
        }
        for ((question, reply), (key, own)) in schema.replies.iter().zip(node.entries_of("replies")) {
            let question = self.question(question, key.range);
            let kind = question.as_ref().map_or(RecordType::A, |(_, kind)| *kind);
            let Some(((name, kind), reply)) = question.zip(self.reply(kind, reply, own)) else { continue };
            each(into, self, key.range, &|from| {
                let (name, reply) = (name.clone(), reply.clone());
                Expected::Reply { from, name, kind, reply }
            });
        }
        for (index, finding) in schema.findings.iter().flat_map(FindingsSchema::all).enumerate() {
            let own = node.get("findings").item(index);
            if let Some(finding) = self.finding(finding, own) {
                into.push(self.expectation(own.range, Expected::Finding(finding)));
            }
        }
        for (index, code) in schema.absent_findings.iter().flat_map(OneOrMoreSchema::names).enumerate() {
            let range = node.get("absentFindings").item(index).range;
            if self.code(code, range) {
                into.push(self.expectation(range, Expected::NoFinding(code.clone())));
            }
        }
        for (index, flow) in schema.flows.iter().enumerate() {
            let own = node.get("flows").item(index);
            if let Some(flow) = self.flow(flow, own) {
                into.push(self.expectation(own.range, Expected::Flow(flow)));
            }
        }
        for ((zone, records), (key, own)) in schema.records.iter().zip(node.entries_of("records")) {
            let Some(zone) = self.zone_id(zone, key.range) else { continue };
            let mut read = Vec::new();
            for ((name, address), (key, own)) in records.iter().zip(own.entries()) {
                let owner = zone.apex.child(name).map_err(|error| {
                    self.fault(key.range, format!("`{}` is not a valid domain name: {error}", shown(name)), None);
                });
                let address = address.parse().map_err(|_| {
                    let message = format!("`{}` is not an IPv4 address", shown(address));
                    self.fault(own.range, message, Some("write it as 10.0.1.4".to_owned()));
                });
                read.extend(owner.ok().zip(address.ok()));
            }
            into.push(self.expectation(key.range, Expected::Records { zone, records: read }));
        }
    }

    /// Who asks the questions of an entry.
    fn askers(&mut self, schema: &ExpectSchema, node: &Node) -> Vec<From> {
        let asks = !(schema.answers.is_empty() && schema.chain.is_empty() && schema.replies.is_empty());
        let mut askers = Vec::new();
        for (index, name) in schema.from.iter().flat_map(OneOrMoreSchema::names).enumerate() {
            if name == "public" {
                askers.push(From::Public);
            } else {
                self.refer(ObjectKind::Network, name, node.get("from").item(index));
                askers.push(From::Network(name.as_str().into()));
            }
        }
        for (index, text) in schema.subnet.iter().flat_map(OneOrMoreSchema::names).enumerate() {
            let alone = || text.parse::<IpAddr>().map(IpNet::from).ok();
            match text.parse::<IpNet>().ok().or_else(alone) {
                Some(subnet) => askers.push(From::Subnet(subnet)),
                None => {
                    let message = format!("`{}` is not a client subnet", shown(text));
                    let hint = "write an address and a length, such as 10.0.1.0/24".to_owned();
                    self.fault(node.get("subnet").item(index).range, message, Some(hint));
                }
            }
        }
        for (key, given) in [("from", schema.from.is_some()), ("subnet", schema.subnet.is_some())] {
            if given && !asks {
                let message = format!("`{key}` is for answers, chains and replies, but this entry has none of them");
                self.fault(node.get(key).range, message, Some("a flow has a `from` of its own".to_owned()));
            }
        }
        if asks && schema.from.is_none() && schema.subnet.is_none() {
            let message = "these answers, chains and replies need a `from`".to_owned();
            self.fault(node.range, message, Some("add `from:` with a network, several, or public".to_owned()));
        }
        askers
    }

    /// How the questions of an entry are asked.
    fn askings(&mut self, schema: &ExpectSchema, node: &Node) -> Vec<Asking> {
        let within = match &schema.within {
            None => None,
            Some(text) => match text.parse::<SignedDuration>().ok().filter(SignedDuration::is_positive) {
                Some(within) => Some(within.unsigned_abs()),
                None => {
                    let message = format!("`{}` is not a length of time", shown(text));
                    let hint = "write a number and a unit, such as 500ms, 5s or 2m".to_owned();
                    self.fault(node.get("within").range, message, Some(hint));
                    None
                }
            },
        };
        let transports = match &schema.transport {
            None => vec![None],
            Some(OneOrMoreTransportsSchema::One(one)) => vec![Some(transport(*one))],
            Some(OneOrMoreTransportsSchema::More(more)) => more.iter().map(|one| Some(transport(*one))).collect(),
        };
        if transports.is_empty() {
            let hint = "write udp, tcp, or both".to_owned();
            self.fault(node.get("transport").range, "this list of transports is empty".to_owned(), Some(hint));
        }
        let asking = |transport| Asking { transport, within: within.filter(|within| *within > Duration::ZERO) };
        transports.into_iter().map(asking).collect()
    }

    fn targets(&mut self, targets: &[String], node: &Node) -> Option<Vec<OwnerName>> {
        let read = targets.iter().enumerate().map(|(index, target)| self.owner_name(target, node.item(index).range));
        // All of them are read, so that all faults are reported.
        let read: Vec<_> = read.collect();
        read.into_iter().collect()
    }

    fn reply(&mut self, kind: RecordType, schema: &ReplySchema, node: &Node) -> Option<ExpectedReply> {
        let chain = schema.chain.as_ref().map(|targets| self.targets(targets, node.get("chain")));
        let data = schema.data.as_ref().map(|data| self.answer(kind, data.names(), node.get("data")));
        let records = schema.records.as_ref().map(|records| {
            let read = records.iter().enumerate();
            let read = read.map(|(index, text)| self.answer_record(text, node.get("records").item(index).range));
            let read: Vec<_> = read.collect();
            read.into_iter().collect::<Option<Vec<_>>>()
        });
        let ttl = schema.ttl.as_ref().map(|ttl| self.ttl(ttl, node.get("ttl").range));
        let soa = schema.soa.as_deref().map(|zone| match zone {
            "none" => Some(ExpectedSoa::Absent),
            zone => self.owner_name(zone, node.get("soa").range).map(ExpectedSoa::Of),
        });
        let flags = schema.flags.clone().unwrap_or_default();
        let rcode = schema.rcode.map(|rcode| RcodeSchema::CODES.iter().find(|(own, _)| *own == rcode));
        Some(ExpectedReply {
            rcode: rcode.flatten().map(|(_, code)| *code),
            chain: chain.map_or(Some(None), |read| read.map(Some))?,
            data: data.map_or(Some(None), |read| read.map(Some))?,
            records: records.map_or(Some(None), |read| read.map(Some))?,
            ttl: ttl.map_or(Some(None), |read| read.map(Some))?,
            soa: soa.map_or(Some(None), |read| read.map(Some))?,
            flags: ExpectedFlags { aa: flags.aa, tc: flags.tc, ra: flags.ra, ad: flags.ad },
            extended_error: schema.extended_error.as_ref().map(|error| match error {
                ErrorSchema::Code(code) => ExpectedError::Coded { code: *code, text: String::new() },
                ErrorSchema::Word(AbsentSchema::None) => ExpectedError::Absent,
                ErrorSchema::Whole(own) => {
                    ExpectedError::Coded { code: own.code, text: own.text.clone().unwrap_or_default() }
                }
            }),
        })
    }

    /// A record as owner name, type and data.
    fn answer_record(&mut self, text: &str, range: Range) -> Option<ExpectedRecord> {
        let mut words = text.trim().splitn(3, char::is_whitespace);
        let (Some(owner), Some(kind), Some(data)) = (words.next(), words.next(), words.next()) else {
            let message = format!("`{}` is not a record", shown(text));
            let hint = "write owner name, type and data, such as `api.monitor.azure.com A 10.0.1.7`".to_owned();
            self.fault(range, message, Some(hint));
            return None;
        };
        let kind = kind.parse::<RecordType>().map_err(|error| self.fault(range, error.to_string(), None));
        let owner = self.owner_name(owner, range);
        let kind = kind.ok()?;
        Some(ExpectedRecord { data: self.data(kind, data.trim(), range)?, owner: owner?, kind })
    }

    fn ttl(&mut self, schema: &TtlSchema, range: Range) -> Option<(Ttl, Ttl)> {
        let text = match schema {
            TtlSchema::Exact(seconds) => return Some((*seconds, *seconds)),
            TtlSchema::Range(text) => text,
        };
        let ends = text.split_once("..").and_then(|(least, most)| Some((least.parse().ok()?, most.parse().ok()?)));
        let ends = ends.filter(|(least, most)| least <= most);
        if ends.is_none() {
            let message = format!("`{}` is not a valid TTL", shown(text));
            let hint = "write seconds, or the lowest and the highest as in 0..10".to_owned();
            self.fault(range, message, Some(hint));
        }
        ends
    }

    /// Data in the form they are printed in; of types no zone here can hold, as they are.
    fn data(&mut self, kind: RecordType, text: &str, range: Range) -> Option<String> {
        match self.holds(kind) {
            true => Some(self.record(&OwnerName::root(), kind, text, range)?.to_string()),
            false => Some(text.to_owned()),
        }
    }

    /// A name, and a type after a blank; A without it.
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
                let message = format!("`{}` is not an answer", shown(word));
                self.fault(node.range, message, Some(format!("did you mean `{near}`?")));
                return None;
            }
        }
        if texts.is_empty() {
            let hint = "write data, public, NXDOMAIN, NODATA or SERVFAIL".to_owned();
            self.fault(node.range, "this answer is empty".to_owned(), Some(hint));
            return None;
        }
        let read = texts.iter().enumerate().map(|(index, text)| self.data(kind, text, node.item(index).range));
        // All of them are read, so that all faults are reported.
        let read: Vec<_> = read.collect();
        read.into_iter().collect::<Option<Vec<String>>>().map(ExpectedAnswer::Data)
    }

    fn finding(&mut self, schema: &FindingSchema, node: &Node) -> Option<ExpectedFinding> {
        let whole = match schema {
            FindingSchema::Code(code) => {
                let finding = ExpectedFinding { code: code.clone(), ..ExpectedFinding::default() };
                return self.code(code, node.range).then_some(finding);
            }
            FindingSchema::Whole(whole) => whole,
        };
        let is_code = self.code(&whole.code, node.get("code").range);
        for (index, network) in whole.networks.iter().flatten().enumerate() {
            self.refer(ObjectKind::Network, network, node.get("networks").item(index));
        }
        let names = match &whole.names {
            None => None,
            Some(NamesSchema::Count(count)) => Some(ExpectedNames::Count(*count)),
            Some(NamesSchema::Names(names)) => Some(ExpectedNames::These(self.targets(names, node.get("names"))?)),
        };
        is_code.then(|| ExpectedFinding {
            code: whole.code.clone(),
            object: whole.object.clone(),
            severity: whole.severity.map(|severity| match severity {
                SeveritySchema::Error => "error",
                SeveritySchema::Warning => "warning",
                SeveritySchema::Note => "note",
            }),
            networks: whole.networks.as_ref().map(|own| own.iter().map(|name| name.as_str().into()).collect()),
            names,
        })
    }

    /// True if a text has the form of a code; else it is a fault.
    pub(super) fn code(&mut self, code: &str, range: Range) -> bool {
        let digits = code.strip_prefix("AMPLS").unwrap_or_default();
        let is_code = digits.len() == 3 && digits.bytes().all(|octet| octet.is_ascii_digit());
        if !is_code {
            let message = format!("`{}` is not the code of a finding", shown(code));
            self.fault(range, message, Some("write AMPLS and three digits, such as AMPLS001".to_owned()));
        }
        is_code
    }

    fn flow(&mut self, schema: &FlowSchema, node: &Node) -> Option<ExpectedFlow> {
        let from = if self.state.has(ObjectKind::VirtualMachine, &schema.from) {
            From::Machine(schema.from.as_str().into())
        } else if schema.from == "public" {
            From::Public
        } else {
            self.refer(ObjectKind::Network, &schema.from, node.get("from"));
            From::Network(schema.from.as_str().into())
        };
        self.refer(ObjectKind::Resource, &schema.to, node.get("to"));
        let name = match &schema.name {
            Some(name) => Some(self.owner_name(name, node.get("name").range)?),
            None => None,
        };
        if let Some(endpoint) = &schema.endpoint {
            self.refer(ObjectKind::PrivateEndpoint, endpoint, node.get("endpoint"));
        }
        Some(ExpectedFlow {
            from,
            to: schema.to.as_str().into(),
            operation: match schema.operation {
                OperationSchema::Ingestion => Operation::Ingestion,
                OperationSchema::Query => Operation::Query,
                OperationSchema::Config => Operation::Config,
                OperationSchema::Download => Operation::Download,
                OperationSchema::ResourceManager => Operation::ResourceManager,
                OperationSchema::DataPlane => Operation::DataPlane,
            },
            name,
            path: schema.path.map(|path| path.word().to_owned()),
            endpoint: schema.endpoint.as_deref().map(Into::into),
            allowed: schema.decision.map(|decision| decision == DecisionSchema::Allow),
            row: schema.row,
            status: schema.status,
            text: schema.text.clone(),
        })
    }

    fn expectation(&self, range: Range, expected: Expected) -> Expectation {
        Expectation {
            step: self.step.to_string(),
            revision: self.history.last(),
            expected,
            asking: Asking::default(),
            place: self.place(range),
        }
    }

    /// True for types whose data are looked at: in a scenario all of them, since no zone holds any other.
    fn holds(&self, kind: RecordType) -> bool {
        const HELD: [RecordType; 8] = [
            RecordType::A,
            RecordType::AAAA,
            RecordType::CNAME,
            RecordType::MX,
            RecordType::PTR,
            RecordType::SOA,
            RecordType::SRV,
            RecordType::TXT,
        ];
        !self.lenient || HELD.contains(&kind)
    }
}

fn transport(schema: TransportSchema) -> Transport {
    match schema {
        TransportSchema::Udp => Transport::Udp,
        TransportSchema::Tcp => Transport::Tcp,
    }
}
