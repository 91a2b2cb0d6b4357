//! What a fault makes of a reply: bytes to bytes, the clock left out.

use super::{FaultEffect, FaultHit};
use crate::dns::message::{Echo, Query, Refusal};
use crate::dns::wire::{Transport, add_extended_error, encode};
use crate::dns::{ExtendedError, Rcode, Reply};
use crate::resolve::{Ede, Response};

/// The bit of a message's third octet that says it was truncated.
const TRUNCATED: u8 = 0x02;

/// Does to a reply what has struck its query, and tells about it in the reply where that is wanted. The reply to
/// [`FaultEffect::Stale`] is the old one already.
pub(in crate::server) fn harm(
    strike: &FaultHit,
    query: &[u8],
    transport: Transport,
    extended: Ede,
    response: Response,
    reply: &mut Vec<u8>,
) -> Response {
    let (echo, view) = match (Query::parse(query), response) {
        (Ok(query), Response::Answered(view, _)) => (query.echo, view),
        // Only what is answered can be struck.
        (Ok(_) | Err(Refusal::Drop | Refusal::Reply(..)), _) => return response,
    };
    let told = strike.to_string();
    let tells = extended == Ede::Include;
    let bare = |echo: &Echo<'_>, rcode: Rcode, out: &mut Vec<u8>| {
        let extended_error = tells.then(|| ExtendedError { code: strike.info_code(), text: told.clone() });
        let bare = Reply { rcode, answer: Vec::new(), authority: None, extended_error };
        encode(echo, &bare, None, transport, out);
        Response::Answered(view, rcode)
    };
    match strike.harm {
        Some(FaultEffect::Drop) => Response::Silence,
        Some(FaultEffect::Rcode(rcode)) => bare(&echo, rcode, reply),
        Some(FaultEffect::Truncate) => {
            let response = bare(&echo, Rcode::NOERROR, reply);
            reply[2] |= TRUNCATED;
            response
        }
        Some(FaultEffect::Stale) | None => {
            if tells {
                add_extended_error(reply, strike.info_code(), &told, transport.limit(&echo));
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
    use crate::resolve::{Forwarding, RequestContext, Subnets, respond};

    fn struck(harm_done: Option<FaultEffect>, size: Option<u16>, extended: Ede) -> Option<Received> {
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
        let strike = FaultHit { fault: 3, delay: Duration::from_millis(20), harm: harm_done };
        match harm(&strike, &query, Transport::Udp, extended, response, &mut reply) {
            Response::Silence | Response::Outside(_) => None,
            Response::Refused(rcode) | Response::Answered(_, rcode) => {
                let received = decode(&reply).expect("a reply that can be read");
                assert_eq!(received.rcode, rcode);
                Some(received)
            }
        }
    }

    fn told(received: &Received) -> Option<(u16, &str)> {
        let error = received.edns.as_ref()?.extended_error.as_ref()?;
        Some((error.code, &error.text))
    }

    #[test]
    fn each_harm_does_what_it_says_and_tells_so() {
        let shown = |harm| struck(harm, Some(1232), Ede::Include);
        assert_eq!(shown(Some(FaultEffect::Drop)), None);
        let failed = shown(Some(FaultEffect::Rcode(Rcode::SERVFAIL))).expect("a reply");
        assert_eq!((failed.rcode, failed.answer.len(), failed.truncated), (Rcode::SERVFAIL, 0, false));
        assert_eq!(told(&failed), Some((4, "fault 3: SERVFAIL, 20 ms late")));
        let truncated = shown(Some(FaultEffect::Truncate)).expect("a reply");
        assert_eq!((truncated.rcode, truncated.answer.len(), truncated.truncated), (Rcode::NOERROR, 0, true));
        assert_eq!(told(&truncated), Some((4, "fault 3: truncated, 20 ms late")));
        let stale = shown(Some(FaultEffect::Stale)).expect("a reply");
        assert_eq!(
            (stale.answer.len(), told(&stale)),
            (2, Some((3, "fault 3: the answer of the revision before, 20 ms late")))
        );
        let late = shown(None).expect("a reply");
        assert_eq!((late.answer.len(), told(&late)), (2, Some((0, "fault 3: 20 ms late"))));
    }

    #[test]
    fn nothing_is_told_to_who_does_not_want_it() {
        for harm in [FaultEffect::Rcode(Rcode::REFUSED), FaultEffect::Truncate, FaultEffect::Stale] {
            let strict = struck(Some(harm), Some(1232), Ede::Omit).expect("a reply");
            assert_eq!(told(&strict), None);
            let plain = struck(Some(harm), None, Ede::Include).expect("a reply");
            assert!(plain.edns.is_none());
        }
    }

    #[test]
    fn what_is_no_question_is_not_struck() {
        let strike = FaultHit { fault: 1, delay: Duration::ZERO, harm: Some(FaultEffect::Drop) };
        let refused = Response::Refused(Rcode::FORMERR);
        let mut reply = vec![1, 2, 3];
        let same = harm(&strike, &[0; 12], Transport::Udp, Ede::Include, refused, &mut reply);
        assert_eq!((same, reply), (refused, vec![1, 2, 3]));
    }
}
