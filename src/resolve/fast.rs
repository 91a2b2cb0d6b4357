//! The fast path, which most queries take: replies put together by copying.
//!
//! Nothing is allocated, decided twice or encoded here. Each name of a chain is looked up in the table of the zone that answers for it; its records are copied, each after a pointer to where the name is in the reply already. Names shared by
//! an alias and its target are pointed at, so the bytes are the same for every spelling of the question.
//!
//! Unusual questions are left to [`respond()`](super::respond()), by giving up: what is in `out` by then is overwritten.

use super::MAX_ALIASES;
use super::context::{Forwarding, RequestContext, place};
use super::prepared::Prepared;
use super::respond::{Response, answer, parse};
use super::sections::{Ede, OTHER};
use crate::dns::key::{Key, MAX_KEY_LABELS};
use crate::dns::message::{Class, HEADER_OCTETS, Query};
use crate::dns::packed::{Answer, Found, StoredSet, bodies};
use crate::dns::wire::{Transport, close};
use crate::dns::{Rcode, RecordType};

/// The first two bits of a pointer, and the first offset that does not fit after them (RFC 1035, 4.1.4).
const POINTER: u16 = 0xc000;
const POINTER_END: usize = 0x4000;

/// Where each label of the current name is in the reply.
type Places = [u16; MAX_KEY_LABELS + 1];

impl Prepared {
    /// Answers a query; as `respond` does, only faster where it can be.
    pub fn respond(
        &self,
        context: &RequestContext<'_>,
        transport: Transport,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Response {
        let parsed = parse(packet, context.extended);
        let fast = parsed.as_ref().ok().and_then(|query| self.answer_fast(context, transport, query, out));
        fast.unwrap_or_else(|| answer(self.world(), context, transport, &parsed, out))
    }

    /// Answers a query where that takes no more than copying; absent where it does, and [`answer`] is to be asked.
    pub fn answer_fast(
        &self,
        context: &RequestContext<'_>,
        transport: Transport,
        query: &Query<'_>,
        out: &mut Vec<u8>,
    ) -> Option<Response> {
        respond_fast(self, context, transport, query, out)
    }
}

/// Answers an ordinary question; absent where it is not one.
pub(super) fn respond_fast(
    prepared: &Prepared,
    context: &RequestContext<'_>,
    transport: Transport,
    query: &Query<'_>,
    out: &mut Vec<u8>,
) -> Option<Response> {
    if query.class != Class::IN || !is_plain(query.kind) {
        return None;
    }
    let mut key: Key = Key::default();
    // Reverse names may be those of the server's own addresses.
    if !key.set(query.name) || key.labels() == 0 || key.wire().ends_with(b"\x04arpa\0") {
        return None;
    }
    let (view, subnet) = place(prepared.world(), context, query.echo.edns.as_ref()).ok()?;
    let mut places: Places = [0; MAX_KEY_LABELS + 1];
    for (label, place) in places.iter_mut().enumerate().take(key.labels()) {
        *place = (HEADER_OCTETS + key.start(label)) as u16;
    }
    out.clear();
    out.extend_from_slice(&[0; HEADER_OCTETS]);
    out.extend_from_slice(query.echo.question);
    let tells = context.extended == Ede::Include && query.echo.edns.is_some();
    let mut answers = 0u16;
    let mut authorities = 0;
    let mut reason: Option<&str> = None;
    let mut rcode = Rcode::NOERROR;
    for _ in 0..=MAX_ALIASES {
        let slot = prepared.zone_of(view.0 as usize, &key)?;
        let zone = slot.packed();
        let answer = match zone.lookup(&key) {
            Found::Missing | Found::Wildcard(..) if slot.unknown => return None,
            Found::Name(entry) | Found::Wildcard(entry, _) => entry.answer(query.kind),
            Found::Missing
                if slot.redirects
                    || slot.rules
                    || slot.ends && context.outside == Forwarding::On
                    || tells && slot.tells_of(&key) =>
            {
                return None;
            }
            Found::Missing => {
                rcode = Rcode::NXDOMAIN;
                Answer::NoData
            }
        };
        match answer {
            Answer::Set(set) => {
                answers = answers.checked_add(set.count)?;
                for record in bodies(set.body) {
                    out.extend_from_slice(&(POINTER | places[0]).to_be_bytes());
                    out.extend_from_slice(record);
                }
                let reason = if tells { slot.reason(set.origin).or(reason).map(|text| (OTHER, text)) } else { None };
                let fits = close(&query.echo, rcode, [answers, 0], subnet, reason, transport, out);
                return fits.then_some(Response::Answered(view, rcode));
            }
            Answer::Alias(alias) => {
                answers += 1;
                if tells {
                    reason = slot.reason(alias.origin).or(reason);
                }
                follow(alias, &mut key, &mut places, out)?;
            }
            Answer::NoData => {
                match key.labels() - zone.apex_labels() {
                    label if label == key.labels() => out.push(0),
                    label => out.extend_from_slice(&(POINTER | places[label]).to_be_bytes()),
                }
                out.extend_from_slice(zone.negative());
                authorities += 1;
                let fits = close(&query.echo, rcode, [answers, authorities], subnet, None, transport, out);
                return fits.then_some(Response::Answered(view, rcode));
            }
        }
    }
    None
}

/// True for types that are answered with the record set of the name and nothing else.
fn is_plain(kind: RecordType) -> bool {
    // The SOA of a private zone is shown with another TTL; beyond 127 are questions for more or other than records.
    !matches!(kind, RecordType::SOA | RecordType(41 | 128..=255))
}

/// Appends an alias; `key` and `places` are its target's then.
fn follow(alias: StoredSet<'_>, key: &mut Key, places: &mut Places, out: &mut Vec<u8>) -> Option<()> {
    let record = alias.body;
    let (head, target) = record.split_at_checked(10)?;
    // Where in the owner the shared part begins; the root alone is not worth a pointer.
    let first = if alias.shared > 1 {
        let start = key.wire().len() - alias.shared;
        (0..key.labels()).find(|&label| key.start(label) == start)?
    } else {
        key.labels()
    };
    let literal = if alias.shared > 1 { target.len() - alias.shared } else { target.len() };
    out.extend_from_slice(&(POINTER | places[0]).to_be_bytes());
    out.extend_from_slice(&head[..8]);
    let start = out.len() + 2;
    if start + literal >= POINTER_END {
        return None;
    }
    let length = literal + if alias.shared > 1 { 2 } else { 0 };
    out.extend_from_slice(&(length as u16).to_be_bytes());
    out.extend_from_slice(&target[..literal]);
    if alias.shared > 1 {
        out.extend_from_slice(&(POINTER | places[first]).to_be_bytes());
    }
    let before = *places;
    if !key.set(target) || key.labels() == 0 {
        return None;
    }
    let mut behind = first;
    for (label, place) in places.iter_mut().enumerate().take(key.labels()) {
        if key.start(label) < literal {
            *place = (start + key.start(label)) as u16;
        } else {
            *place = before[behind];
            behind += 1;
        }
    }
    Some(())
}
