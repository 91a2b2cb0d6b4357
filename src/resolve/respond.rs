//! Bytes to bytes: all queries come through here, regardless of transport.
//!
//! [`respond`] looks at the query, finds the view of the client, decides, and encodes. Other questions are
//! answered here as well: refusals (RFC 8906), what CHAOS says about the server, and the names of the addresses it
//! listens at. There is no socket, no clock and no state.

use std::borrow::Cow;

use super::context::{Forwarding, RequestContext, place};
use super::outside::{is_outside, stays};
use super::reverse::reversed;
use super::{Decision, Ede, Outcome, Question, decide, reply};
use crate::compile::{Compiled, ViewId};
use crate::dns::message::{Class, Query, Refusal};
use crate::dns::wire::{Transport, encode};
use crate::dns::{ExtendedError, OwnerName, Rcode, RecordData, RecordSet, RecordType, Reply, Ttl};

/// What became of a query.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Response {
    /// Nothing is to be sent.
    Silence,
    /// A reply without data is to be sent: the query was not one that can be answered.
    Refused(Rcode),
    /// A reply is to be sent.
    Answered(ViewId, Rcode),
    /// Another server is to be asked before there is a reply: a [`ForwardedQuery`](super::ForwardedQuery) begins.
    Outside(ViewId),
}

/// RFC 8914, 4.22: the operation is not supported.
const NOT_SUPPORTED: u16 = ExtendedError::NOT_SUPPORTED;
/// How long what the server says about itself may be kept, in seconds.
const OWN_TTL: Ttl = 10;
/// The zone of the names that addresses of listeners have; `invalid` is reserved (RFC 6761, 6.4).
const OWN_ZONE: &str = "ampls-dns.invalid";

/// Parses a message, once: everything after it works with what this returns. What replies do not repeat is left out of the
/// echo already.
///
/// # Errors
/// As [`Query::parse`].
pub fn parse(packet: &[u8], extended: Ede) -> Result<Query<'_>, Refusal<'_>> {
    match Query::parse(packet) {
        Ok(mut query) => {
            extended.settle(&mut query.echo);
            Ok(query)
        }
        Err(Refusal::Drop) => Err(Refusal::Drop),
        Err(Refusal::Reply(mut echo, rcode)) => {
            extended.settle(&mut echo);
            Err(Refusal::Reply(echo, rcode))
        }
    }
}

/// Parses a query and answers it: [`parse`], then [`answer`].
pub fn respond(
    world: &Compiled,
    context: &RequestContext<'_>,
    transport: Transport,
    packet: &[u8],
    out: &mut Vec<u8>,
) -> Response {
    answer(world, context, transport, &parse(packet, context.extended), out)
}

/// Answers a query that was [parsed](parse). If the response is neither [`Response::Silence`] nor [`Response::Outside`],
/// `out` holds the reply, within the transport's limit.
///
/// The view is that of the listener's network; else that of the client subnet, from a trusted sender, where an address
/// in no network is a client of the public view; else that of the longest client prefix that holds the source; else the
/// public view.
pub fn answer(
    world: &Compiled,
    context: &RequestContext<'_>,
    transport: Transport,
    parsed: &Result<Query<'_>, Refusal<'_>>,
    out: &mut Vec<u8>,
) -> Response {
    let query = match parsed {
        Ok(query) => query,
        Err(Refusal::Drop) => return Response::Silence,
        Err(Refusal::Reply(echo, rcode)) => {
            encode(echo, &bare(*rcode), None, transport, out);
            return Response::Refused(*rcode);
        }
    };
    let refuse = |out: &mut Vec<u8>, rcode, why: &str| {
        let extended_error = match context.extended {
            Ede::Include if !why.is_empty() => Some(ExtendedError { code: NOT_SUPPORTED, text: why.to_owned() }),
            _ => None,
        };
        encode(&query.echo, &Reply { extended_error, ..bare(rcode) }, None, transport, out);
        Response::Refused(rcode)
    };
    match query.kind {
        // Pseudo-records cannot be asked for.
        OPT | TSIG => return refuse(out, Rcode::FORMERR, ""),
        RecordType::AXFR | RecordType::IXFR => {
            return refuse(out, Rcode::REFUSED, "zone transfers are not supported");
        }
        TKEY | MAILA | MAILB => return refuse(out, Rcode::NOTIMP, ""),
        _ => {}
    }
    let Ok((view, subnet)) = place(world, context, query.echo.edns.as_ref()) else {
        return refuse(out, Rcode::FORMERR, "");
    };
    let name = OwnerName::from_wire(query.name).expect("the name was checked when the query was parsed");
    let question = Question { name, kind: query.kind };
    let rcode = match query.class {
        Class::IN | Class::ANY => {
            let decision = decide(world, view, &question);
            let own = local_name(world, context, view, &question.name);
            if context.outside == Forwarding::On && own.is_none() && is_outside(world, &decision) {
                return Response::Outside(view);
            }
            let mut reply = reply(world, &decision, context.extended);
            if context.outside == Forwarding::On && stays(decision.outcome.owner()) {
                tell_that_it_stays(&decision, &mut reply);
            }
            if let Some(own) = own {
                reply = own_address(question, &own, reply);
            }
            encode(&query.echo, &reply, subnet, transport, out);
            reply.rcode
        }
        Class::CH => match chaos(world, view, &question) {
            Some(reply) => {
                encode(&query.echo, &reply, subnet, transport, out);
                reply.rcode
            }
            None => return refuse(out, Rcode::REFUSED, "class CHAOS has only version.bind and hostname.bind"),
        },
        // Knot, NSD and BIND refuse classes they have no zone in.
        Class(_) => return refuse(out, Rcode::REFUSED, "this class has no names"),
    };
    Response::Answered(view, rcode)
}

/// Users who forward names need to know why these are not forwarded.
fn tell_that_it_stays(decision: &Decision<'_>, reply: &mut Reply<'_>) {
    let owner = decision.outcome.owner();
    let denied = matches!(&decision.outcome, Outcome::NameError { by, .. } if by.zone.apex().is_root());
    if let Some(told) = reply.extended_error.as_mut().filter(|_| denied) {
        told.text = format!("{owner} is local to this host or network and is never forwarded");
    }
}

const OPT: RecordType = RecordType(41);
const TKEY: RecordType = RecordType(249);
const TSIG: RecordType = RecordType(250);
const MAILB: RecordType = RecordType(253);
const MAILA: RecordType = RecordType(254);

fn bare(rcode: Rcode) -> Reply<'static> {
    Reply { rcode, answer: Vec::new(), authority: None, extended_error: None }
}

/// What the server says about itself (RFC 4892 and custom); absent for names CHAOS does not have here.
fn chaos(world: &Compiled, view: ViewId, question: &Question) -> Option<Reply<'static>> {
    let text = match question.name.wire() {
        b"\x07version\x04bind\0" | b"\x07version\x06server\0" => {
            concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned()
        }
        b"\x08hostname\x04bind\0" | b"\x02id\x06server\0" => world.views.get(view).label().to_owned(),
        _ => return None,
    };
    let mut reply = bare(Rcode::NOERROR);
    if matches!(question.kind, RecordType::TXT | RecordType::ANY) {
        let strings = text.as_bytes().chunks(255).map(<[u8]>::to_vec).collect();
        let set = RecordSet::single(question.name.clone(), OWN_TTL, RecordData::Txt(strings));
        reply.answer.push(Cow::Owned(set));
    }
    Some(reply)
}

/// The label of the view one meets at an address the server listens at; absent if `name` is not the reverse name of one.
///
/// Old `nslookup` asks for it first, and prints it as the server's name.
fn local_name(world: &Compiled, context: &RequestContext<'_>, view: ViewId, name: &OwnerName) -> Option<OwnerName> {
    // Most names end here. Azure's resolver has no name (a reverse lookup of 168.63.129.16 gives NXDOMAIN).
    if context.extended == Ede::Omit || !name.wire().ends_with(b"\x04arpa\0") {
        return None;
    }
    let address = reversed(name)?;
    let mut here = context.local_addresses.iter().filter(|(own, _)| *own == address).peekable();
    let met = if context.asked_at == Some(address) {
        view
    } else {
        // Several listeners can share an address; the one that was asked counts first.
        here.peek()?;
        let views: Vec<_> = here.map(|(_, listener)| listener.unwrap_or(view)).collect();
        if views.contains(&view) { view } else { views[0] }
    };
    let label = world.views.get(met).label();
    let plain = label.bytes().map(|octet| if octet.is_ascii_alphanumeric() || octet == b'-' { octet } else { b'-' });
    let plain: Vec<u8> = plain.take(63).collect();
    let wire = [&[u8::try_from(plain.len()).expect("at most 63")][..], &plain, &[0]].concat();
    let zone = OwnerName::parse(OWN_ZONE).expect("the constant is a name");
    OwnerName::from_wire(&wire).ok()?.under(&zone).ok()
}

/// The reply to a question for an address of our own: its name, or no data, with the authority of the server that would have said
/// that there is no such name.
fn own_address<'d>(question: Question, own: &OwnerName, otherwise: Reply<'d>) -> Reply<'d> {
    let mut reply = bare(Rcode::NOERROR);
    if matches!(question.kind, RecordType::PTR | RecordType::ANY) {
        let set = RecordSet::single(question.name, OWN_TTL, RecordData::Ptr(own.clone()));
        reply.answer.push(Cow::Owned(set));
    } else {
        reply.authority = otherwise.authority;
    }
    reply
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;
    use crate::compile::sample::{estate, name};
    use crate::dns::wire::{Received, ReceivedData, decode, encode_query};
    use crate::resolve::Subnets;

    const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn world() -> Compiled {
        estate([10, 0, 1, 9].into())
    }

    fn from(source: &str) -> RequestContext<'static> {
        RequestContext {
            listener: None,
            source: source.parse().expect("an address"),
            asked_at: None,
            subnets: Subnets::Ignored,
            extended: Ede::Include,
            outside: Forwarding::Off,
            local_addresses: &[],
        }
    }

    fn ask(context: &RequestContext<'_>, packet: &[u8]) -> Option<Received> {
        let mut out = Vec::new();
        match respond(&world(), context, Transport::Udp, packet, &mut out) {
            Response::Silence | Response::Outside(_) => None,
            Response::Refused(rcode) | Response::Answered(_, rcode) => {
                let received = decode(&out).expect("a reply that can be read");
                assert!(received.rcode == rcode && out.len() <= 1232);
                Some(received)
            }
        }
    }

    fn query(text: &str, kind: RecordType) -> Vec<u8> {
        encode_query(1, &name(text), kind, Some(1232))
    }

    /// The same query with this class.
    fn in_class(mut packet: Vec<u8>, class: Class) -> Vec<u8> {
        let at = packet.len() - 12;
        packet[at] = class.0 as u8;
        packet
    }

    /// The same query asked for the client with this address.
    fn asked_for(mut packet: Vec<u8>, address: [u8; 4], length: u8) -> Vec<u8> {
        packet.truncate(packet.len() - 2);
        let told = usize::from(length).div_ceil(8);
        packet.extend([0, 8 + told as u8, 0, 8, 0, 4 + told as u8, 0, 1, length, 0]);
        packet.extend(&address[..told]);
        packet
    }

    fn last_address(received: &Received) -> Option<String> {
        received.answer.last().map(|record| record.data.to_string())
    }

    #[test]
    fn a_source_address_belongs_to_the_longest_client_prefix_that_holds_it() {
        let packet = query("api.monitor.azure.com", RecordType::A);
        let met = |source: &str| ask(&from(source), &packet).as_ref().and_then(last_address);
        assert_eq!(met("10.0.1.77").as_deref(), Some("10.0.1.9"));
        assert_eq!(met("127.0.1.5").as_deref(), Some("10.0.1.9"));
        assert_eq!(met("127.0.1.200").as_deref(), Some("192.0.2.1"));
        assert_eq!(met("203.0.113.5").as_deref(), Some("192.0.2.1"));
    }

    #[test]
    fn the_listeners_network_goes_before_everything_a_query_says() {
        let world = world();
        let vnet2 = world.views.of_network("vnet2");
        let context = RequestContext { listener: vnet2, subnets: Subnets::Trusted, ..from("10.0.1.77") };
        let packet = asked_for(query("api.monitor.azure.com", RecordType::A), [10, 0, 1, 5], 32);
        let received = ask(&context, &packet).expect("a reply");
        assert_eq!(last_address(&received).as_deref(), Some("192.0.2.1"));
        // The address did not matter, so the answer is good for all of them.
        assert_eq!(received.edns.and_then(|edns| edns.client_subnet), Some((32, 0)));
    }

    #[test]
    fn a_client_subnet_counts_from_a_trusted_sender_only() {
        let trusted = RequestContext { subnets: Subnets::Trusted, ..from("10.0.2.5") };
        let asked = |context: &RequestContext<'_>, address, length| {
            let packet = asked_for(query("api.monitor.azure.com", RecordType::A), address, length);
            let received = ask(context, &packet).expect("a reply");
            (last_address(&received).expect("an address"), received.edns.and_then(|edns| edns.client_subnet))
        };
        let (private, public) = ("10.0.1.9".to_owned(), "192.0.2.1".to_owned());
        assert_eq!(asked(&trusted, [10, 0, 1, 0], 24), (private.clone(), Some((24, 24))));
        assert_eq!(asked(&from("10.0.2.5"), [10, 0, 1, 0], 24), (public.clone(), None));
        // Half of this prefix is another network's, so a cache may not give the answer to all of it.
        assert_eq!(asked(&trusted, [127, 0, 1, 5], 32), (private, Some((32, 25))));
        // A client outside all networks is in the public view, wherever the query came from.
        let trusted = RequestContext { source: [10, 0, 1, 5].into(), ..trusted };
        assert_eq!(asked(&trusted, [203, 0, 113, 5], 32), (public, Some((32, 1))));
    }

    #[test]
    fn a_malformed_client_subnet_matters_to_those_only_who_look_at_it() {
        let mut packet = asked_for(query("api.monitor.azure.com", RecordType::A), [10, 0, 1, 5], 32);
        let scope = packet.len() - 5;
        packet[scope] = 24;
        let rcode = |context: &RequestContext<'_>| ask(context, &packet).map(|received| received.rcode);
        assert_eq!(rcode(&from("127.0.0.1")), Some(Rcode::NOERROR));
        assert_eq!(rcode(&RequestContext { subnets: Subnets::Trusted, ..from("127.0.0.1") }), Some(Rcode::FORMERR));
    }

    #[test]
    fn a_source_length_of_zero_asks_not_to_be_placed_by_subnet() {
        let context = RequestContext { subnets: Subnets::Trusted, ..from("10.0.1.5") };
        let packet = asked_for(query("api.monitor.azure.com", RecordType::A), [0; 4], 0);
        let received = ask(&context, &packet).expect("a reply");
        assert_eq!(last_address(&received).as_deref(), Some("10.0.1.9"));
        assert_eq!(received.edns.and_then(|edns| edns.client_subnet), Some((0, 0)));
    }

    #[test]
    fn chaos_tells_the_version_and_the_view() {
        let told = |text: &str, kind| {
            let received = ask(&from("10.0.1.5"), &in_class(query(text, kind), Class::CH)).expect("a reply");
            (received.rcode, received.answer.first().map(|record| record.data.to_string()))
        };
        let version = concat!("\"ampls-dns ", env!("CARGO_PKG_VERSION"), "\"").to_owned();
        assert_eq!(told("VERSION.bind", RecordType::TXT), (Rcode::NOERROR, Some(version.clone())));
        assert_eq!(told("version.server", RecordType::TXT), (Rcode::NOERROR, Some(version)));
        assert_eq!(told("hostname.bind", RecordType::TXT), (Rcode::NOERROR, Some("\"vnet1\"".into())));
        assert_eq!(told("id.server", RecordType::ANY), (Rcode::NOERROR, Some("\"vnet1\"".into())));
        assert_eq!(told("id.server", RecordType::A), (Rcode::NOERROR, None));
        assert_eq!(told("authors.bind", RecordType::TXT), (Rcode::REFUSED, None));
        let mut out = Vec::new();
        let packet = in_class(query("id.server", RecordType::TXT), Class::CH);
        respond(&world(), &from("10.0.1.5"), Transport::Udp, &packet, &mut out);
        let owner = packet.len() - 11;
        assert_eq!(out[owner..owner + 6], [0xc0, 12, 0, 16, 0, 3], "the record is of class CHAOS");
    }

    #[test]
    fn what_is_no_question_for_data_is_refused_politely() {
        let rcode = |packet: &[u8]| ask(&from("127.0.0.1"), packet).map(|received| received.rcode);
        let plain = |kind| query("monitor.azure.com", RecordType(kind));
        assert_eq!(rcode(&plain(252)), Some(Rcode::REFUSED));
        assert_eq!(rcode(&plain(251)), Some(Rcode::REFUSED));
        assert_eq!(rcode(&plain(253)), Some(Rcode::NOTIMP));
        assert_eq!(rcode(&plain(41)), Some(Rcode::FORMERR));
        assert_eq!(rcode(&plain(65_280)), Some(Rcode::NOERROR));
        assert_eq!(rcode(&in_class(plain(1), Class(4))), Some(Rcode::REFUSED));
        assert_eq!(rcode(&in_class(plain(6), Class::ANY)), Some(Rcode::NOERROR));
        let refused = ask(&from("127.0.0.1"), &plain(252)).expect("a reply");
        assert!(refused.edns.is_some_and(|edns| edns.extended_error.is_some()));
        let strict = RequestContext { extended: Ede::Omit, ..from("127.0.0.1") };
        let refused = ask(&strict, &plain(252)).expect("a reply");
        assert!(refused.edns.is_some_and(|edns| edns.extended_error.is_none()));
    }

    #[test]
    fn a_later_edns_version_is_told_in_an_opt_record() {
        let mut packet = query("api.monitor.azure.com", RecordType::A);
        let version = packet.len() - 5;
        packet[version] = 1;
        let received = ask(&from("127.0.0.1"), &packet).expect("a reply");
        assert_eq!(received.rcode, Rcode::BADVERS);
        assert_eq!(received.edns.map(|edns| edns.version), Some(0));
        assert!(received.answer.is_empty() && received.question.is_some());
    }

    #[test]
    fn the_address_one_asks_at_has_the_views_name() {
        let world = world();
        let (vnet1, vnet2) = (world.views.of_network("vnet1"), world.views.of_network("vnet2"));
        let second = IpAddr::from([127, 0, 0, 2]);
        let six = IpAddr::V6(Ipv6Addr::LOCALHOST);
        let listening = [(LOOPBACK, None), (LOOPBACK, vnet1), (second, vnet2), (six, vnet2)];
        let ptr = |context: &RequestContext<'_>, reverse: &str, kind| {
            let received = ask(context, &query(reverse, kind)).expect("a reply");
            (received.rcode, received.answer.first().map(|record| record.data.to_string()))
        };
        let context = RequestContext { local_addresses: &listening, listener: vnet1, ..from("127.0.0.1") };
        let own = |view: &str| (Rcode::NOERROR, Some(format!("{view}.ampls-dns.invalid.")));
        assert_eq!(ptr(&context, "1.0.0.127.in-addr.arpa", RecordType::PTR), own("vnet1"));
        let public = RequestContext { listener: None, ..context };
        assert_eq!(ptr(&public, "1.0.0.127.in-addr.arpa", RecordType::PTR), own("public"));
        assert_eq!(ptr(&public, "2.0.0.127.in-addr.arpa", RecordType::PTR), own("vnet2"));
        let reverse = format!("1.{}ip6.arpa", "0.".repeat(31));
        assert_eq!(ptr(&public, &reverse, RecordType::PTR), own("vnet2"));
        assert_eq!(ptr(&public, "2.0.0.127.in-addr.arpa", RecordType::A), (Rcode::NOERROR, None));
        assert_eq!(ptr(&public, "3.0.0.127.in-addr.arpa", RecordType::PTR), (Rcode::NXDOMAIN, None));
        assert_eq!(ptr(&public, "02.0.0.127.in-addr.arpa", RecordType::PTR), (Rcode::NXDOMAIN, None));
        // At a wildcard address only the packet says where it was sent to.
        let wildcard =
            RequestContext { local_addresses: &[], asked_at: Some([10, 0, 1, 53].into()), ..from("10.0.1.5") };
        assert_eq!(ptr(&wildcard, "53.1.0.10.in-addr.arpa", RecordType::PTR), own("vnet1"));
    }

    #[test]
    fn a_query_without_recursion_desired_is_answered_too() {
        let mut packet = query("api.monitor.azure.com", RecordType::A);
        packet[2] &= !1;
        let received = ask(&from("10.0.1.5"), &packet).expect("a reply");
        assert_eq!(received.answer.len(), 2);
        assert!(!received.recursion_desired && received.recursion_available);
    }

    #[test]
    fn other_types_of_a_private_name_are_no_data_of_its_zone() {
        for kind in [RecordType::AAAA, RecordType::HTTPS, RecordType::SVCB] {
            let received = ask(&from("10.0.1.5"), &query("api.monitor.azure.com", kind)).expect("a reply");
            assert_eq!((received.rcode, received.answer.len()), (Rcode::NOERROR, 1));
            let soa = &received.authority[0];
            assert_eq!((soa.owner.clone(), soa.ttl), (name("privatelink.monitor.azure.com"), 10));
            assert!(matches!(soa.data, ReceivedData::Known(RecordData::Soa(_))));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_get_silence_or_a_reply_within_the_limit(
            octets in prop::collection::vec(any::<u8>(), 0..200),
            changes in prop::collection::vec((0usize..70, any::<u8>()), 0..5),
            bent in any::<bool>(),
            tcp in any::<bool>(),
        ) {
            let mut packet = octets;
            if bent {
                packet = asked_for(query("api.monitor.azure.com", RecordType::A), [10, 0, 1, 5], 24);
                for (at, octet) in changes {
                    if let Some(old) = packet.get_mut(at) {
                        *old = octet;
                    }
                }
            }
            let transport = if tcp { Transport::Tcp } else { Transport::Udp };
            let context = RequestContext { subnets: Subnets::Trusted, ..from("127.0.0.1") };
            let mut out = Vec::new();
            match respond(&world(), &context, transport, &packet, &mut out) {
                Response::Silence => prop_assert!(packet.len() < 12 || packet[2] & 0x80 != 0),
                Response::Outside(_) => prop_assert!(false, "no other server is asked"),
                Response::Refused(rcode) | Response::Answered(_, rcode) => {
                    let received = decode(&out).expect("a reply that can be read");
                    prop_assert_eq!(received.rcode, rcode);
                    prop_assert_eq!(&out[..2], &packet[..2]);
                    prop_assert!(tcp || out.len() <= 1232);
                    prop_assert!(tcp || received.edns.is_some() || out.len() <= 512);
                }
            }
        }

        #[test]
        fn the_spelling_of_a_question_never_changes_the_answer(upper in prop::collection::vec(any::<bool>(), 21)) {
            let plain = query("api.monitor.azure.com", RecordType::A);
            let mut spelled = plain.clone();
            for (octet, upper) in spelled[13..34].iter_mut().zip(upper) {
                if upper {
                    octet.make_ascii_uppercase();
                }
            }
            let mut out = Vec::new();
            respond(&world(), &from("10.0.1.5"), Transport::Udp, &spelled, &mut out);
            prop_assert_eq!(&out[12..39], &spelled[12..39]);
            prop_assert_eq!(decode(&out).expect("a reply"), ask(&from("10.0.1.5"), &plain).expect("a reply"));
        }
    }
}
