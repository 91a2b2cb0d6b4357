//! Any octets as a query: silence or a reply that can be read, and the same one whether zones are tables or not.

#![no_main]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};

use ampls_dns::resolve::{RequestContext, Ede, Forwarding, Prepared, Response, Subnets, respond};
use ampls_dns::compile::{Compiled, ViewId, compile};
use ampls_dns::dns::wire::{Transport, decode};
use ampls_dns::scenario::{Scenario, builtin};
use libfuzzer_sys::fuzz_target;

static WORLD: LazyLock<(Arc<Compiled>, Prepared)> = LazyLock::new(|| {
    let text = builtin::text("two-scopes-one-dns").expect("it is built in");
    let scenario = Scenario::read("two-scopes-one-dns", text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
    let history = Arc::new(scenario.history);
    let world = Arc::new(compile(&history, history.last()));
    (Arc::clone(&world), Prepared::new(world, None))
});

fuzz_target!(|octets: &[u8]| {
    // The first octet chooses how the rest came.
    let Some((&how, packet)) = octets.split_first() else { return };
    let (world, prepared) = &*WORLD;
    let transport = if how & 1 == 0 { Transport::Udp } else { Transport::Tcp };
    let context = RequestContext {
        listener: (how & 2 == 0).then_some(ViewId(1)),
        asked_at: None,
        local_addresses: &[],
        outside: if how & 16 == 0 { Forwarding::Off } else { Forwarding::On },
        source: IpAddr::V4(Ipv4Addr::new(10, 0, 2, 5)),
        subnets: if how & 4 == 0 { Subnets::Trusted } else { Subnets::Ignored },
        extended: if how & 8 == 0 { Ede::Include } else { Ede::Omit },
    };
    let (mut out, mut other) = (Vec::new(), Vec::new());
    let response = respond(world, &context, transport, packet, &mut out);
    assert_eq!(format!("{response:?}"), format!("{:?}", prepared.respond(&context, transport, packet, &mut other)));
    if matches!(response, Response::Refused(_) | Response::Answered(..)) {
        // Names may be compressed in more than one way, so the two need not be cut at the same place.
        let [told, told_from_tables] = [&out, &other].map(|reply| decode(reply).expect("a reply can be read"));
        assert!(
            told == told_from_tables || told.truncated || told_from_tables.truncated,
            "{told:?} {told_from_tables:?}"
        );
        assert_eq!(out[..2], packet[..2]);
        assert!(transport == Transport::Tcp || out.len() <= 4096);
    }
});
