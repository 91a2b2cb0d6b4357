//! Answering takes nothing from the allocator. A binary of its own, since its allocator counts.

use std::net::IpAddr;
use std::sync::Arc;

use ampls_dns::compile::{Compiled, ViewId, Zone, ZoneFiles, compile};
use ampls_dns::dns::wire::{Transport, encode_query};
use ampls_dns::dns::{NameServers, OwnerName, Rcode, RecordType};
use ampls_dns::resolve::{Ede, Forwarding, Prepared, RequestContext, Response, Subnets};
use ampls_dns::scenario::{Scenario, builtin};
use ampls_dns::server::{Arrival, Bound, Conduct, Listener, Service};

fn context(listener: Option<ViewId>) -> RequestContext<'static> {
    RequestContext {
        listener,
        source: IpAddr::from([127, 0, 0, 1]),
        asked_at: None,
        subnets: Subnets::Trusted,
        extended: Ede::Include,
        outside: Forwarding::On,
        local_addresses: &[],
    }
}

/// How often the allocator is called for one answer, and the answer's code.
fn allocations(prepared: &Prepared, view: Option<ViewId>, text: &str, kind: RecordType) -> (u64, Rcode) {
    let name = OwnerName::parse(text).expect("a good name");
    let packet = encode_query(1, &name, kind, Some(1232));
    let mut out = Vec::with_capacity(1232);
    let mut response = Response::Silence;
    let counted = allocation_counter::measure(|| {
        response = prepared.respond(&context(view), Transport::Udp, &packet, &mut out);
    });
    let Response::Answered(_, rcode) = response else { panic!("{text} is answered") };
    (counted.count_total, rcode)
}

#[test]
fn an_ordinary_answer_allocates_nothing() {
    let text = builtin::text("two-scopes-one-dns").expect("it is built in");
    let scenario = Scenario::read("two-scopes-one-dns", text.as_bytes()).expect("it is a good one");
    let step = scenario.history.steps().iter().find(|step| Some(&*step.name) == scenario.start.as_deref());
    let at = step.expect("it stands at one of its steps").end;
    let history = Arc::new(scenario.history);
    let world = compile(&history, at);
    let vnet1 = world.views.of_network("vnet1");
    let prepared = Prepared::new(Arc::new(world), None);
    // Whatever is made once is made by the first.
    allocations(&prepared, vnet1, "api.monitor.azure.com", RecordType::A);
    for (view, text, kind, rcode) in [
        (vnet1, "api.monitor.azure.com", RecordType::A, Rcode::NOERROR),
        (vnet1, "api.monitor.azure.com", RecordType::AAAA, Rcode::NOERROR),
        (vnet1, "nobody.privatelink.monitor.azure.com", RecordType::A, Rcode::NXDOMAIN),
        (None, "api.monitor.azure.com", RecordType::A, Rcode::NOERROR),
    ] {
        assert_eq!(allocations(&prepared, view, text, kind), (0, rcode), "{text} {kind}");
    }
}

#[test]
fn what_is_kept_of_a_query_allocates_nothing_either() {
    let text = builtin::text("two-scopes-one-dns").expect("it is built in");
    let scenario = Scenario::read("two-scopes-one-dns", text.as_bytes()).expect("it is a good one");
    let history = Arc::new(scenario.history);
    let at = history.step("first-scope").expect("it is one of its steps").end;
    let world = Arc::new(compile(&history, at));
    let bound = Bound { network: Some("vnet1".into()), address: ([127, 0, 0, 1], 5300).into() };
    let service = Arc::new(Service::new(world, vec![bound], Conduct::default()));
    let listener = Listener::new(Arc::clone(&service), 0).expect("there is one");
    let name = OwnerName::parse("api.monitor.azure.com").expect("a good name");
    let packet = encode_query(1, &name, RecordType::A, Some(1232));
    let mut out = Vec::with_capacity(1232);
    let mut ask = || listener.respond(&Arrival::new(([10, 0, 1, 5], 4242).into(), Transport::Udp, &packet), &mut out);
    // Whatever is made once is made by the first.
    ask();
    let counted = allocation_counter::measure(|| {
        // More than are kept, so that slots are written over.
        for _ in 0..3000 {
            ask();
        }
    });
    assert_eq!(counted.count_total, 0);
    let kept = service.log().kept();
    assert_eq!((kept.queries.len(), kept.last), (1000, 3001));
}

#[test]
fn an_answer_from_a_zone_file_allocates_nothing() {
    let text = "$TTL 10\n$ORIGIN z.example.\n@ SOA ns host 1 2 3 4 5\na A 192.0.2.1\nb CNAME a\n*.w CNAME b\n";
    let mut files = ZoneFiles::default();
    files
        .publish(Arc::new(Zone::read("z.example.zone", text.as_bytes(), None, NameServers::Keep).expect("a good zone")))
        .expect("one zone");
    let prepared = Prepared::new(Arc::new(Compiled::of_files(Arc::new(files))), None);
    allocations(&prepared, None, "a.z.example", RecordType::A);
    for (text, kind, rcode) in [
        ("a.z.example", RecordType::A, Rcode::NOERROR),
        ("b.z.example", RecordType::A, Rcode::NOERROR),
        ("any.w.z.example", RecordType::A, Rcode::NOERROR),
        ("b.z.example", RecordType::AAAA, Rcode::NOERROR),
        ("c.z.example", RecordType::A, Rcode::NXDOMAIN),
    ] {
        assert_eq!(allocations(&prepared, None, text, kind), (0, rcode), "{text} {kind}");
    }
}
