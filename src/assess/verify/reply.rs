//! A reply held against what is expected of it.

use std::net::Ipv4Addr;

use super::Mismatch;
use crate::dns::wire::{Received, ReceivedData, ReceivedRecord};
use crate::dns::{OwnerName, Rcode, RecordData, RecordType};
use crate::scenario::expect::{ExpectedAnswer, ExpectedError, ExpectedRecord, ExpectedReply, ExpectedSoa};
use crate::scenario::{Expectation, Expected};

/// The most aliases that are followed.
const MAX_ALIASES: usize = 32;

/// What a reply says, as a client reads it: the aliases, and the records they end at.
#[derive(Clone, PartialEq, Debug)]
pub struct Read<'r> {
    /// The targets of the aliases, in the order they are followed.
    pub chain: Vec<&'r OwnerName>,
    /// The records of the type asked for, at the last of them.
    pub records: Vec<&'r ReceivedRecord>,
}

impl<'r> Read<'r> {
    /// Follows the aliases of a reply from the name that was asked for.
    pub fn of(reply: &'r Received, name: &'r OwnerName, kind: RecordType) -> Self {
        let (mut at, mut chain) = (name, Vec::new());
        let own = |at: &OwnerName| {
            let meant = |one: &&ReceivedRecord| one.owner == *at && (kind == RecordType::ANY || one.kind == kind);
            reply.answer.iter().filter(meant).collect::<Vec<_>>()
        };
        loop {
            let records = own(at);
            let alias = reply.answer.iter().filter(|one| one.owner == *at).find_map(alias);
            match alias {
                Some(target) if records.is_empty() && chain.len() < MAX_ALIASES => {
                    chain.push(target);
                    at = target;
                }
                _ => return Self { chain, records },
            }
        }
    }
}

fn alias(record: &ReceivedRecord) -> Option<&OwnerName> {
    match &record.data {
        ReceivedData::Known(RecordData::Cname(target)) => Some(target),
        _ => None,
    }
}

/// True if all addresses are public ones. Addresses for documentation count as public: the emulator's public DNS ends there.
pub fn is_public(records: &[&ReceivedRecord]) -> bool {
    let public = |record: &&ReceivedRecord| match &record.data {
        ReceivedData::Known(RecordData::A(address)) => {
            let shared = u32::from(*address) >> 22 == u32::from(Ipv4Addr::new(100, 64, 0, 0)) >> 22;
            !(address.is_private() || address.is_loopback() || address.is_link_local() || shared)
        }
        ReceivedData::Known(RecordData::Aaaa(address)) => {
            !(address.is_unique_local() || address.is_loopback() || address.is_unicast_link_local())
        }
        _ => false,
    };
    !records.is_empty() && records.iter().all(public)
}

/// Holds a reply against the expectation of a question: what differs, if anything does. Other expectations hold. Where no
/// reply came, `heard` says why. `public` says whether the records a reply ends at are those of public DNS.
pub fn holds(
    expectation: &Expectation,
    heard: Result<&Received, &str>,
    public: &dyn Fn(&[&ReceivedRecord]) -> bool,
) -> Option<Mismatch> {
    let heard = heard.map(|reply| Heard { reply, public });
    let mismatch = |expected: String, found: String| Some(Mismatch { expected, found });
    match (&expectation.expected, heard) {
        (Expected::Answer { answer, .. }, Err(why)) => mismatch(spoken(answer), why.to_owned()),
        (Expected::Chain { targets, .. }, Err(why)) => mismatch(arrows(targets.iter()), why.to_owned()),
        (Expected::Reply { .. }, Err(why)) => mismatch("a reply".to_owned(), why.to_owned()),
        (Expected::Answer { name, kind, answer, .. }, Ok(heard)) => {
            let found = heard.found(name, *kind);
            (!found.is(answer)).then(|| Mismatch { expected: spoken(answer), found: found.to_string() })
        }
        (Expected::Chain { name, targets, .. }, Ok(heard)) => {
            let read = Read::of(heard.reply, name, RecordType::A);
            let (expected, found) = (arrows(targets.iter()), arrows(read.chain.into_iter()));
            (expected != found).then_some(Mismatch { expected, found })
        }
        (Expected::Reply { name, kind, reply, .. }, Ok(heard)) => heard.differs(name, *kind, reply),
        _ => None,
    }
}

struct Heard<'r> {
    reply: &'r Received,
    public: &'r dyn Fn(&[&ReceivedRecord]) -> bool,
}

/// The outcome of a reply.
enum Found {
    Data { data: Vec<String>, public: bool },
    NoData,
    Truncated,
    Rcode(Rcode),
}

impl Found {
    fn is(&self, wanted: &ExpectedAnswer) -> bool {
        match (wanted, self) {
            (ExpectedAnswer::Data(wanted), Self::Data { data, .. }) => same(wanted, data),
            (ExpectedAnswer::Public, Self::Data { public, .. }) => *public,
            (ExpectedAnswer::NameError, Self::Rcode(Rcode::NXDOMAIN))
            | (ExpectedAnswer::NoData, Self::NoData)
            | (ExpectedAnswer::Failure, Self::Rcode(Rcode::SERVFAIL)) => true,
            _ => false,
        }
    }
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Data { data, public: true } => write!(f, "{} (public)", data.join(", ")),
            Self::Data { data, public: false } => f.write_str(&data.join(", ")),
            Self::NoData => f.write_str("NODATA"),
            Self::Truncated => f.write_str("a truncated reply"),
            Self::Rcode(rcode) => rcode.fmt(f),
        }
    }
}

impl Heard<'_> {
    fn found(&self, name: &OwnerName, kind: RecordType) -> Found {
        let records = Read::of(self.reply, name, kind).records;
        match self.reply.rcode {
            Rcode::NOERROR if self.reply.truncated => Found::Truncated,
            Rcode::NOERROR if records.is_empty() => Found::NoData,
            Rcode::NOERROR => Found::Data {
                public: (self.public)(&records),
                data: records.iter().map(|record| record.data.to_string()).collect(),
            },
            other => Found::Rcode(other),
        }
    }

    fn differs(&self, name: &OwnerName, kind: RecordType, wanted: &ExpectedReply) -> Option<Mismatch> {
        let (mut expected, mut found) = (Vec::new(), Vec::new());
        let mut differ = |what: &str, wanted: String, own: String| {
            expected.push(format!("{what} {wanted}"));
            found.push(format!("{what} {own}"));
        };
        let reply = self.reply;
        if let Some(rcode) = wanted.rcode.filter(|rcode| *rcode != reply.rcode) {
            differ("rcode", rcode.to_string(), reply.rcode.to_string());
        }
        if let Some(chain) = &wanted.chain {
            let (chain, own) = (arrows(chain.iter()), arrows(Read::of(reply, name, kind).chain.into_iter()));
            if chain != own {
                differ("chain", chain, own);
            }
        }
        if let Some(data) = &wanted.data {
            let own = self.found(name, kind);
            if !own.is(data) {
                differ("data", spoken(data), own.to_string());
            }
        }
        if let Some(records) = &wanted.records {
            let line = |owner: &OwnerName, kind: RecordType, data: &str| format!("{owner} {kind} {data}");
            let wanted: Vec<_> =
                records.iter().map(|ExpectedRecord { owner, kind, data }| line(owner, *kind, data)).collect();
            let own = reply.answer.iter().map(|one| line(&one.owner, one.kind, &one.data.to_string()));
            let own: Vec<_> = own.collect();
            if !same(&wanted, &own) {
                differ("records", listed(&wanted, "none"), listed(&own, "none"));
            }
        }
        if let Some((least, most)) = wanted.ttl {
            let ttls = ttls(reply, name, kind);
            if ttls.is_empty() || ttls.iter().any(|ttl| !(least..=most).contains(ttl)) {
                let range = if least == most { least.to_string() } else { format!("{least}..{most}") };
                let own: Vec<_> = ttls.iter().map(ToString::to_string).collect();
                differ("TTL", range, listed(&own, "none"));
            }
        }
        let flags = &wanted.flags;
        for (word, wanted, own) in [
            ("aa", flags.aa, reply.authoritative),
            ("tc", flags.tc, reply.truncated),
            ("ra", flags.ra, reply.recursion_available),
            ("ad", flags.ad, reply.authentic_data),
        ] {
            if let Some(wanted) = wanted.filter(|wanted| *wanted != own) {
                let state = |set| if set { "set" } else { "clear" }.to_owned();
                differ(word, state(wanted), state(own));
            }
        }
        if let Some(soa) = &wanted.soa {
            let own = reply.authority.iter().find(|one| one.kind == RecordType::SOA).map(|one| &one.owner);
            let wanted = match soa {
                ExpectedSoa::Absent => None,
                ExpectedSoa::Of(zone) => Some(zone),
            };
            if wanted != own {
                let said = |zone: Option<&OwnerName>| zone.map_or_else(|| "none".to_owned(), ToString::to_string);
                differ("SOA", said(wanted), said(own));
            }
        }
        if let Some(error) = &wanted.extended_error {
            let own = reply.edns.as_ref().and_then(|edns| edns.extended_error.as_ref());
            let holds = match (error, own) {
                (ExpectedError::Absent, own) => own.is_none(),
                (ExpectedError::Coded { code, text }, Some(own)) => *code == own.code && own.text.contains(text),
                (ExpectedError::Coded { .. }, None) => false,
            };
            if !holds {
                let said = |code: u16, text: &str| format!("{code} {text}").trim().to_owned();
                let wanted = match error {
                    ExpectedError::Absent => "none".to_owned(),
                    ExpectedError::Coded { code, text } => said(*code, text),
                };
                differ(
                    "extended error",
                    wanted,
                    own.map_or_else(|| "none".to_owned(), |own| said(own.code, &own.text)),
                );
            }
        }
        (!expected.is_empty()).then(|| Mismatch { expected: expected.join(", "), found: found.join(", ") })
    }
}

/// The TTLs of the records the aliases end at, each once; where there are none, of the SOA.
pub(super) fn ttls(reply: &Received, name: &OwnerName, kind: RecordType) -> Vec<u32> {
    let soa = reply.authority.iter().filter(|one| one.kind == RecordType::SOA);
    let mut ttls: Vec<u32> = match Read::of(reply, name, kind).records.as_slice() {
        [] => soa.map(|one| one.ttl).collect(),
        records => records.iter().map(|one| one.ttl).collect(),
    };
    ttls.sort_unstable();
    ttls.dedup();
    ttls
}

/// True if both are the same data in any order, in any case, and with or without final dots.
fn same(wanted: &[String], found: &[String]) -> bool {
    let sorted = |data: &[String]| {
        let mut data: Vec<String> = data.iter().map(|one| one.trim_end_matches('.').to_lowercase()).collect();
        data.sort();
        data
    };
    sorted(wanted) == sorted(found)
}

fn listed(items: &[String], none: &str) -> String {
    if items.is_empty() { none.to_owned() } else { items.join("; ") }
}

fn arrows<'n>(targets: impl Iterator<Item = &'n OwnerName>) -> String {
    let targets: Vec<_> = targets.map(ToString::to_string).collect();
    if targets.is_empty() { "no aliases".to_owned() } else { targets.join(" -> ") }
}

fn spoken(answer: &ExpectedAnswer) -> String {
    match answer {
        ExpectedAnswer::Data(data) => data.join(", "),
        ExpectedAnswer::Public => "public".to_owned(),
        ExpectedAnswer::NameError => "NXDOMAIN".to_owned(),
        ExpectedAnswer::NoData => "NODATA".to_owned(),
        ExpectedAnswer::Failure => "SERVFAIL".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::wire::decode;
    use crate::scenario::Document;

    fn expectations(text: &str) -> Vec<Expectation> {
        match Document::read("spec.yaml", text.as_bytes(), &|_| Err(String::new())) {
            Ok(Document::Spec(spec)) => spec.expectations,
            Ok(Document::Scenario(_)) => panic!("it has expect at its top"),
            Err(errors) => panic!("{errors}"),
        }
    }

    /// A reply as some server elsewhere would send it: AA set, RA clear, TTLs of its own.
    fn received() -> Received {
        let mut bytes = vec![0, 7, 0x85, 0x00, 0, 1, 0, 2, 0, 0, 0, 0];
        let name = |text: &str| OwnerName::parse(text).expect("a good name").wire().to_vec();
        let record = |owner: &str, kind: u8, ttl: u8, data: &[u8]| {
            let length = u8::try_from(data.len()).expect("short data");
            let head = [0, kind, 0, 1, 0, 0, 0, ttl, 0, length];
            [name(owner), head.to_vec(), data.to_vec()].concat()
        };
        bytes.extend([name("a.example"), vec![0, 1, 0, 1]].concat());
        bytes.extend(record("a.example", 5, 30, &name("b.example")));
        bytes.extend(record("b.example", 1, 60, &[10, 0, 0, 7]));
        decode(&bytes).expect("it is a reply")
    }

    fn told(entry: &str) -> String {
        let text = format!("version: 1\nexpect:\n- from: public\n  {entry}\n");
        let reply = received();
        match holds(&expectations(&text)[0], Ok(&reply), &|records| is_public(records)) {
            None => "holds".to_owned(),
            Some(Mismatch { expected, found }) => format!("{expected} | {found}"),
        }
    }

    #[test]
    fn each_part_of_a_reply_is_looked_at() {
        for (entry, wanted) in [
            ("answers: { a.example: 10.0.0.7 }", "holds"),
            ("answers: { A.Example.: public }", "public | 10.0.0.7"),
            ("answers: { a.example: NXDOMAIN }", "NXDOMAIN | 10.0.0.7"),
            ("answers: { a.example AAAA: NODATA }", "holds"),
            ("answers: { a.example CNAME: b.example }", "holds"),
            ("chain: { a.example: [b.example] }", "holds"),
            ("chain: { a.example: [] }", "no aliases | b.example"),
            ("replies: { a.example: { rcode: NOERROR, chain: [b.example], data: 10.0.0.7 } }", "holds"),
            ("replies: { a.example: { rcode: NXDOMAIN } }", "rcode NXDOMAIN | rcode NOERROR"),
            ("replies: { a.example: { ttl: 30..60 } }", "holds"),
            ("replies: { a.example: { ttl: 10 } }", "TTL 10 | TTL 60"),
            ("replies: { a.example: { flags: { aa: true, ra: false, tc: false, ad: false } } }", "holds"),
            ("replies: { a.example: { flags: { aa: false, ra: true } } }", "aa clear, ra set | aa set, ra clear"),
            ("replies: { a.example: { soa: none, extendedError: none } }", "holds"),
            ("replies: { a.example: { soa: example } }", "SOA example | SOA none"),
            ("replies: { a.example: { extendedError: 15 } }", "extended error 15 | extended error none"),
            ("replies: { a.example: { records: [b.example A 10.0.0.7, a.example CNAME B.example.] } }", "holds"),
            (
                "replies: { a.example: { records: [b.example A 10.0.0.7] } }",
                "records b.example A 10.0.0.7 | records a.example CNAME b.example.; b.example A 10.0.0.7",
            ),
        ] {
            assert_eq!(told(entry), wanted, "{entry}");
        }
    }

    #[test]
    fn no_reply_is_a_mismatch_that_says_why() {
        let expectation = &expectations("version: 1\nexpect: [{ from: public, answers: { a.example: public } }]\n")[0];
        let mismatch = holds(expectation, Err("no reply"), &|records| is_public(records));
        assert_eq!(mismatch, Some(Mismatch { expected: "public".to_owned(), found: "no reply".to_owned() }));
    }

    #[test]
    fn aliases_in_a_circle_are_not_followed_for_ever() {
        let mut reply = received();
        reply.answer.pop();
        let target = reply.answer[0].owner.clone();
        reply.answer[0].data = ReceivedData::Known(RecordData::Cname(target.clone()));
        assert_eq!(Read::of(&reply, &target, RecordType::A).chain.len(), MAX_ALIASES);
    }
}
