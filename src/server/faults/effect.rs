//! What a fault makes of a reply: bytes to bytes, without a clock.

use super::{FaultEffect, FaultHit};
use crate::dns::message::Echo;
use crate::dns::wire::{Transport, add_extended_error, encode};
use crate::dns::{ExtendedError, Rcode, Reply};
use crate::resolve::{Ede, Response};

/// The bit of a message's third byte that marks it as truncated.
const TRUNCATED: u8 = 0x02;

/// Applies a fault to the reply to a query, and adds the fault to the reply as its reason if replies carry reasons. For
/// [`FaultEffect::Stale`] the reply must be the old one already. Only replies with an answer change.
pub(in crate::server) fn apply(
    hit: &FaultHit,
    echo: &Echo<'_>,
    transport: Transport,
    extended: Ede,
    response: Response,
    reply: &mut Vec<u8>,
) -> Response {
    let Response::Answered(view, _) = response else { return response };
    let with_reason = extended == Ede::Include;
    let empty = |rcode: Rcode, out: &mut Vec<u8>| {
        let extended_error = with_reason.then(|| ExtendedError { code: hit.info_code(), text: hit.to_string() });
        encode(echo, &Reply { rcode, answer: Vec::new(), authority: None, extended_error }, None, transport, out);
        Response::Answered(view, rcode)
    };
    match hit.effect {
        Some(FaultEffect::Drop) => Response::Silence,
        Some(FaultEffect::Rcode(rcode)) => empty(rcode, reply),
        Some(FaultEffect::Truncate) => {
            let response = empty(Rcode::NOERROR, reply);
            reply[2] |= TRUNCATED;
            response
        }
        Some(FaultEffect::Stale) | None => {
            if with_reason {
                add_extended_error(reply, hit.info_code(), &hit.to_string(), transport.limit(echo));
            }
            response
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::Duration;

    use super::*;
    use crate::compile::sample::{estate, name};
    use crate::dns::RecordType;
    use crate::dns::wire::{Received, decode, encode_query};
    use crate::resolve::{Forwarding, RequestContext, Subnets, parse, respond};

    fn hit(effect: Option<FaultEffect>, size: Option<u16>, extended: Ede) -> Option<Received> {
        let context = RequestContext {
            listener: None,
            source: IpAddr::from([10, 0, 1, 5]),
            asked_at: None,
            subnets: Subnets::Ignored,
            extended,
            outside: Forwarding::Off,
            local_addresses: &[],
        };
        let query = encode_query(1, &name("api.monitor.azure.com"), RecordType::A, size);
        let mut reply = Vec::new();
        let response = respond(&estate([10, 0, 1, 9].into()), &context, Transport::Udp, &query, &mut reply);
        let hit = FaultHit { fault: 3, delay: Duration::from_millis(20), effect };
        let echo = parse(&query, extended).expect("a good query").echo;
        match apply(&hit, &echo, Transport::Udp, extended, response, &mut reply) {
            Response::Silence | Response::Outside(_) => None,
            Response::Refused(rcode) | Response::Answered(_, rcode) => {
                let received = decode(&reply).expect("a reply that can be read");
                assert_eq!(received.rcode, rcode);
                Some(received)
            }
        }
    }

    fn reason(received: &Received) -> Option<(u16, &str)> {
        let error = received.edns.as_ref()?.extended_error.as_ref()?;
        Some((error.code, &error.text))
    }

    #[test]
    fn each_effect_does_what_it_says_and_gives_the_reason() {
        let shown = |effect| hit(effect, Some(1232), Ede::Include);
        assert_eq!(shown(Some(FaultEffect::Drop)), None);
        let failed = shown(Some(FaultEffect::Rcode(Rcode::SERVFAIL))).expect("a reply");
        assert_eq!((failed.rcode, failed.answer.len(), failed.truncated), (Rcode::SERVFAIL, 0, false));
        assert_eq!(reason(&failed), Some((4, "fault 3: SERVFAIL, 20 ms late")));
        let truncated = shown(Some(FaultEffect::Truncate)).expect("a reply");
        assert_eq!((truncated.rcode, truncated.answer.len(), truncated.truncated), (Rcode::NOERROR, 0, true));
        assert_eq!(reason(&truncated), Some((4, "fault 3: truncated, 20 ms late")));
        let stale = shown(Some(FaultEffect::Stale)).expect("a reply");
        assert_eq!(
            (stale.answer.len(), reason(&stale)),
            (2, Some((3, "fault 3: the answer of the previous revision, 20 ms late")))
        );
        let late = shown(None).expect("a reply");
        assert_eq!((late.answer.len(), reason(&late)), (2, Some((0, "fault 3: 20 ms late"))));
    }

    #[test]
    fn no_reason_is_sent_to_clients_that_do_not_want_one() {
        for effect in [FaultEffect::Rcode(Rcode::REFUSED), FaultEffect::Truncate, FaultEffect::Stale] {
            let strict = hit(Some(effect), Some(1232), Ede::Omit).expect("a reply");
            assert_eq!(reason(&strict), None);
            let plain = hit(Some(effect), None, Ede::Include).expect("a reply");
            assert!(plain.edns.is_none());
        }
    }

    #[test]
    fn what_is_no_question_is_not_hit() {
        let hit = FaultHit { fault: 1, delay: Duration::ZERO, effect: Some(FaultEffect::Drop) };
        let query = encode_query(1, &name("x"), RecordType::A, None);
        let echo = parse(&query, Ede::Include).expect("a good query").echo;
        let refused = Response::Refused(Rcode::FORMERR);
        let mut reply = vec![1, 2, 3];
        let same = apply(&hit, &echo, Transport::Udp, Ede::Include, refused, &mut reply);
        assert_eq!((same, reply), (refused, vec![1, 2, 3]));
    }
}
