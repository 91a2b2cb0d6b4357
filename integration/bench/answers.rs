//! `just bench`: what answering, deciding and compiling take, case by case.

use std::hint::black_box;
use std::net::IpAddr;
use std::sync::Arc;

use ampls_dns::compile::{Compiled, ViewId, Zone, ZoneFiles, compile};
use ampls_dns::dns::wire::{Transport, encode_query};
use ampls_dns::dns::{NameServers, OwnerName, RecordType};
use ampls_dns::resolve::{Ede, Forwarding, Prepared, Question, RequestContext, Subnets, decide};
use ampls_dns::scenario::{Scenario, builtin};
use ampls_dns::server::observe::QueryLog;
use ampls_dns::server::{Arrival, Bound, Conduct, Listener, Service};
use criterion::{Criterion, criterion_group, criterion_main};

fn name(text: &str) -> OwnerName {
    OwnerName::parse(text).expect("a good name")
}

fn context(listener: Option<ViewId>) -> RequestContext<'static> {
    RequestContext {
        listener,
        source: IpAddr::from([127, 0, 0, 1]),
        asked_at: None,
        subnets: Subnets::Ignored,
        extended: Ede::Include,
        outside: Forwarding::On,
        local_addresses: &[],
    }
}

fn built_in() -> Arc<Compiled> {
    let text = builtin::text("two-scopes-one-dns").expect("it is built in");
    let scenario = Scenario::read("two-scopes-one-dns", text.as_bytes()).expect("it is a good one");
    let step = scenario.history.steps().iter().find(|step| Some(&*step.name) == scenario.start.as_deref());
    let at = step.expect("it stands at one of its steps").end;
    let history = Arc::new(scenario.history);
    Arc::new(compile(&history, at))
}

/// A zone of that many names, every hundredth of them an alias of another.
fn zone(names: usize) -> Arc<ZoneFiles> {
    use std::fmt::Write as _;
    let mut text = "$TTL 10\n$ORIGIN z.example.\n@ SOA ns host 1 2 3 4 5\n".to_owned();
    for number in 0..names {
        let _ = match number % 100 {
            99 => writeln!(text, "n{number} CNAME n{}", number - 1),
            _ => writeln!(text, "n{number} A 10.0.{}.{}", number / 250 % 250, number % 250),
        };
    }
    let mut files = ZoneFiles::default();
    files
        .publish(Arc::new(Zone::read("z.example.zone", text.as_bytes(), None, NameServers::Keep).expect("a good zone")))
        .expect("one zone");
    Arc::new(files)
}

fn query(text: &str, kind: RecordType, size: Option<u16>) -> Vec<u8> {
    encode_query(1, &name(text), kind, size)
}

fn respond(criterion: &mut Criterion) {
    let world = built_in();
    let vnet1 = world.views.of_network("vnet1");
    let prepared = Prepared::new(world, None);
    let api = "api.monitor.azure.com";
    let missing = "nobody.privatelink.monitor.azure.com";
    for (label, view, packet) in [
        ("private address by alias", vnet1, query(api, RecordType::A, None)),
        ("private address by alias, EDNS", vnet1, query(api, RecordType::A, Some(1232))),
        ("public chain", None, query(api, RecordType::A, None)),
        ("no data by alias", vnet1, query(api, RecordType::AAAA, Some(1232))),
        ("no such private name", vnet1, query(missing, RecordType::A, Some(1232))),
        ("outside the world, with its reason", None, query("x.example", RecordType::A, Some(1232))),
        ("ANY", vnet1, query(api, RecordType::ANY, None)),
    ] {
        respond_case(criterion, label, &prepared, view, &[packet]);
    }
    for names in [100, 10_000, 1_000_000] {
        let prepared = Prepared::new(Arc::new(Compiled::of_files(zone(names))), None);
        // Different names each time, so that caches do not help where there are many.
        let ask = |kind, label: &str| -> Vec<_> {
            (0..4096).map(|number| query(&format!("{label}{}.z.example", number * 7919 % names), kind, None)).collect()
        };
        respond_case(criterion, &format!("{names} names, address"), &prepared, None, &ask(RecordType::A, "n"));
        respond_case(criterion, &format!("{names} names, no data"), &prepared, None, &ask(RecordType::AAAA, "n"));
        respond_case(criterion, &format!("{names} names, missing"), &prepared, None, &ask(RecordType::A, "m"));
    }
}

/// What a listener does beside the answer: the revision is read, the query is taken down and counted.
fn listener(criterion: &mut Criterion) {
    let bound = Bound { network: Some("vnet1".into()), address: ([127, 0, 0, 1], 5300).into() };
    let packet = query("api.monitor.azure.com", RecordType::A, Some(1232));
    for (label, kept) in [("listener, 1000 queries kept", 1000), ("listener, queries counted only", 0)] {
        let listeners = vec![bound.clone()];
        let log = QueryLog::new(listeners.clone(), kept, kept);
        let service = Service::with_log(built_in(), listeners, Conduct::default(), log);
        let listener = Listener::new(Arc::new(service), 0).expect("there is one");
        let mut out = Vec::with_capacity(1232);
        criterion.bench_function(label, |bencher| {
            bencher.iter(|| {
                let arrival = Arrival::new(([10, 0, 1, 5], 4242).into(), Transport::Udp, black_box(&packet));
                listener.respond(&arrival, &mut out)
            });
        });
    }
}

fn respond_case(
    criterion: &mut Criterion,
    label: &str,
    prepared: &Prepared,
    view: Option<ViewId>,
    packets: &[Vec<u8>],
) {
    let mut out = Vec::with_capacity(2048);
    let mut at = 0;
    criterion.bench_function(&format!("respond/{label}"), |bencher| {
        bencher.iter(|| {
            at = (at + 1) % packets.len();
            prepared.respond(&context(view), Transport::Udp, black_box(&packets[at]), &mut out)
        });
    });
}

fn deciding(criterion: &mut Criterion) {
    let world = built_in();
    let vnet1 = world.views.of_network("vnet1").expect("it is there");
    let mut group = criterion.benchmark_group("decide");
    for (label, text, view) in [
        ("private address by alias", "api.monitor.azure.com", vnet1),
        ("public chain", "api.monitor.azure.com", ViewId::PUBLIC),
        ("missing", "nobody.privatelink.monitor.azure.com", vnet1),
    ] {
        let question = Question { name: name(text), kind: RecordType::A };
        group.bench_function(label, |bencher| bencher.iter(|| decide(&world, view, black_box(&question))));
    }
    group.finish();
}

fn compiling(criterion: &mut Criterion) {
    let history = Arc::clone(&built_in().history);
    let mut group = criterion.benchmark_group("compile");
    group.bench_function("built-in scenario", |bencher| {
        bencher.iter(|| compile(black_box(&history), history.last()));
    });
    let world = built_in();
    group.bench_function("built-in scenario, tables", |bencher| {
        bencher.iter(|| Prepared::new(Arc::clone(&world), None));
    });
    let before = Prepared::new(Arc::clone(&world), None);
    group.bench_function("built-in scenario, tables of an unchanged revision", |bencher| {
        bencher.iter(|| Prepared::new(Arc::clone(&world), Some(&before)));
    });
    group.finish();
}

fn placing(criterion: &mut Criterion) {
    use ampls_dns::compile::view::Prefixes;
    let mut group = criterion.benchmark_group("view of a source address");
    for count in [10u32, 1_000, 10_000] {
        let prefix = |number: u32| {
            let net = ipnet::Ipv4Net::new(((127 << 24) + (number << 8)).into(), 24).expect("a prefix");
            (ipnet::IpNet::V4(net), ViewId(number % 1000))
        };
        let table = Prefixes::new((0..count).map(prefix));
        let mut number = 0u32;
        group.bench_function(format!("{count} prefixes"), |bencher| {
            bencher.iter(|| {
                number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let address: u32 = (127 << 24) + number % (count << 8);
                table.longest(IpAddr::V4(address.into()))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, respond, listener, deciding, compiling, placing);
criterion_main!(benches);
