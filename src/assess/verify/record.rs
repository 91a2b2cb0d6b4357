//! An expectation of a reply: what a server says today, to be held tomorrow.

use std::sync::Arc;

use super::SentQuestion;
use super::reply::{Read, ttls};
use crate::dns::wire::Received;
use crate::dns::{Rcode, RecordType};
use crate::estate::{Place, Revision};
use crate::scenario::expect::{ExpectedAnswer, ExpectedError, ExpectedFlags, ExpectedReply, ExpectedSoa};
use crate::scenario::{Expectation, Expected};

/// What must be true so that a server replies as it did. A TTL may be anything up to the one seen, since caches count down;
/// the text of an extended error may be any.
pub fn record(sent: &SentQuestion, reply: &Received) -> Expectation {
    let read = Read::of(reply, &sent.name, sent.kind);
    let data: Vec<_> = read.records.iter().map(|one| one.data.to_string()).collect();
    let answer = match reply.rcode {
        Rcode::NOERROR if data.is_empty() => Some(ExpectedAnswer::NoData),
        Rcode::NOERROR => Some(ExpectedAnswer::Data(data)),
        // The code says it all.
        _ => None,
    };
    let soa = reply.authority.iter().find(|one| one.kind == RecordType::SOA);
    let error = reply.edns.as_ref().and_then(|edns| edns.extended_error.as_ref());
    let reply = ExpectedReply {
        rcode: Some(reply.rcode),
        chain: (!read.chain.is_empty()).then(|| read.chain.into_iter().cloned().collect()),
        data: answer,
        records: None,
        ttl: ttls(reply, &sent.name, sent.kind).last().map(|most| (0, *most)),
        flags: ExpectedFlags {
            aa: Some(reply.authoritative),
            tc: Some(reply.truncated),
            ra: Some(reply.recursion_available),
            ad: Some(reply.authentic_data),
        },
        soa: soa.map(|one| ExpectedSoa::Of(one.owner.clone())),
        extended_error: error.map(|error| ExpectedError::Coded { code: error.code, text: String::new() }),
    };
    Expectation {
        step: String::new(),
        revision: Revision(0),
        expected: Expected::Reply { from: sent.from.clone(), name: sent.name.clone(), kind: sent.kind, reply },
        asking: sent.asking,
        place: Place { file: Arc::from("<recorded>"), line: 1, column: 1 },
    }
}
