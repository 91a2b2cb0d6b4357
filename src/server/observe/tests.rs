use std::net::IpAddr;

use super::ring::SLOT_OCTETS;
use super::*;
use crate::compile::sample::{estate, name};
use crate::dns::wire::{Transport, encode_query};
use crate::dns::{Rcode, RecordType};
use crate::resolve::{Ede, Forwarding, Prepared, RequestContext, Response, Subnets};
use crate::server::faults::{FaultEffect, FaultHit};

/// A query log with one worker, and a revision to answer from.
pub(crate) struct Scene {
    pub(crate) log: Arc<QueryLog>,
    recorder: Recorder,
    segment: Arc<Segment>,
    prepared: Prepared,
}

impl Scene {
    pub(crate) fn new(kept: usize) -> Self {
        let listener = Bound { network: None, address: ([127, 0, 0, 1], 5300).into() };
        let log = Arc::new(QueryLog::new(vec![listener], kept, kept));
        let world = Arc::new(estate([10, 0, 1, 9].into()));
        let segment = log.begin(&world);
        Self { recorder: log.recorder(), log, segment, prepared: Prepared::new(world, None) }
    }

    /// Answers from the address of a client, and takes it down.
    pub(crate) fn ask(&self, source: &str, text: &str, kind: RecordType) {
        self.ask_with(source, &encode_query(1, &name(text), kind, Some(1232)), None);
    }

    fn ask_with(&self, source: &str, query: &[u8], fault: Option<FaultHit>) {
        let source: IpAddr = source.parse().expect("an address");
        let context = RequestContext {
            listener: None,
            source,
            asked_at: None,
            subnets: Subnets::Ignored,
            extended: Ede::Include,
            outside: Forwarding::Off,
            local_addresses: &[],
        };
        let mut reply = Vec::new();
        let mut recording = self.recorder.now();
        let response = self.prepared.respond(&context, Transport::Udp, query, &mut reply);
        let source = (source, 4242).into();
        let made = Made { source, listener: 0, transport: Transport::Udp, path: Path::Fast, response, fault };
        recording.record(&self.segment, made, query, &reply);
    }

    fn seen(&self) -> Vec<QueryDocument> {
        self.log.kept().queries.iter().map(|one| self.log.document(one).clone()).collect()
    }
}

#[test]
fn a_query_is_seen_with_its_view_its_names_its_answer_and_who_wrote_it() {
    let scene = Scene::new(10);
    scene.ask("10.0.1.5", "API.monitor.azure.com", RecordType::A);
    scene.ask("10.0.1.5", "nobody.privatelink.monitor.azure.com", RecordType::AAAA);
    let [first, second] = &*scene.seen() else { panic!("two queries") };
    assert_eq!(first.sequence, Some(1));
    assert_eq!((first.view.as_deref(), first.rcode.as_deref()), (Some("vnet1"), Some("NOERROR")));
    assert_eq!((first.name.as_deref(), first.r#type.as_deref()), (Some("api.monitor.azure.com"), Some("A")));
    assert_eq!(first.aliases, ["api.privatelink.monitor.azure.com"]);
    assert_eq!(first.answer, ["10.0.1.9"]);
    assert!(first.writer.is_some(), "{first:?}");
    assert_eq!((&*first.client, &*first.listener, &*first.transport), ("10.0.1.5:4242", "127.0.0.1:5300", "udp"));
    assert_eq!(first.revision, Some(scene.segment.world.revision().0));
    assert_eq!((second.sequence, second.rcode.as_deref()), (Some(2), Some("NXDOMAIN")));
    assert!(second.writer.is_none() && second.answer.is_empty());
    let json = serde_json::to_string(first).expect("it can be written");
    assert_eq!(serde_json::from_str::<QueryDocument>(&json).expect("it can be read"), *first);
}

#[test]
fn octets_of_a_name_that_are_not_plain_are_escaped() {
    let scene = Scene::new(10);
    let wire = [&[5][..], b"a\n\"\x1b.", b"\x07example\0"].concat();
    let mut query = encode_query(1, &name("x"), RecordType::A, None);
    query.splice(12..15, wire);
    scene.ask_with("127.0.0.1", &query, None);
    assert_eq!(scene.seen()[0].name.as_deref(), Some("a\\010\\\"\\027\\..example"));
}

#[test]
fn what_is_no_query_is_seen_as_far_as_it_can_be() {
    let scene = Scene::new(10);
    scene.ask_with("127.0.0.1", &[0; 5], None);
    scene.ask_with("127.0.0.1", &[0; 12], None);
    let [silence, refused] = &*scene.seen() else { panic!("two") };
    assert!(silence.rcode.is_none() && silence.name.is_none() && silence.view.is_none());
    assert_eq!(refused.rcode.as_deref(), Some("FORMERR"));
    let counts = scene.log.counts();
    assert_eq!(counts.silent, [1, 0]);
    assert_eq!(counts.replies[0][0][1], 1, "a refusal is in no view");
    assert_eq!(counts.latencies.iter().sum::<u64>(), 1, "silence takes no time");
}

#[test]
fn the_last_queries_are_kept_and_the_numbers_go_on() {
    let scene = Scene::new(3);
    for _ in 0..5 {
        scene.ask("10.0.1.5", "api.monitor.azure.com", RecordType::A);
    }
    let numbers = || scene.seen().iter().map(|query| query.sequence.unwrap_or_default()).collect::<Vec<_>>();
    assert_eq!(numbers(), [3, 4, 5]);
    assert_eq!(scene.log.seen_and_lost(), (5, 2));
    scene.ask("10.0.1.5", "api.monitor.azure.com", RecordType::A);
    assert_eq!(numbers(), [4, 5, 6]);
}

#[test]
fn workers_queries_are_put_in_order() {
    let scene = Scene::new(10);
    let other = Scene { recorder: scene.log.recorder(), ..Scene::new(0) };
    for round in 0..6 {
        let scene = if round % 2 == 0 { &scene } else { &other };
        scene.ask("10.0.1.5", &format!("n{round}.example"), RecordType::A);
    }
    let names: Vec<_> = scene.seen().into_iter().filter_map(|query| query.name).collect();
    assert_eq!(names, (0..6).map(|round| format!("n{round}.example")).collect::<Vec<_>>());
    assert_eq!(scene.log.counts().paths, [6, 0, 0]);
}

#[test]
fn a_filter_lets_through_what_is_wanted() {
    let scene = Scene::new(10);
    scene.ask("10.0.1.5", "api.monitor.azure.com", RecordType::A);
    scene.ask("10.0.2.5", "api.monitor.azure.com", RecordType::A);
    scene.ask("10.0.1.5", "www.example.org", RecordType::AAAA);
    let hit = FaultHit { fault: 3, delay: Duration::ZERO, effect: Some(FaultEffect::Drop) };
    scene.ask_with("10.0.1.5", &[0; 3], Some(hit));
    let through = |filter: Filter| {
        let kept = scene.log.kept().queries;
        let through = kept.iter().filter(|one| scene.log.lets_through(&filter, one));
        through.filter_map(|one| one.sequence).collect::<Vec<_>>()
    };
    let all = Filter::default();
    assert_eq!(through(all.clone()), [1, 2, 3, 4]);
    assert_eq!(through(Filter { name: Some("*.azure.com".parse().expect("good")), ..all.clone() }), [1, 2]);
    assert_eq!(through(Filter { kind: Some(RecordType::AAAA), ..all.clone() }), [3]);
    assert_eq!(through(Filter { view: Some("vnet1".into()), ..all.clone() }), [1, 3]);
    assert_eq!(through(Filter { rcode: Some(Rcode::NXDOMAIN), ..all.clone() }), [3]);
    assert_eq!(through(Filter { client: Some("10.0.2.0/24".parse().expect("good")), ..all.clone() }), [2]);
    assert_eq!(through(Filter { answer: Some("10.0.1.9".into()), ..all.clone() }), [1]);
    assert_eq!(through(Filter { transport: Some(Transport::Tcp), ..all.clone() }), [0u64; 0]);
    assert_eq!(through(Filter { fault: Some(true), ..all.clone() }), [4]);
    let writer = scene.seen()[0].writer.clone();
    assert_eq!(through(Filter { writer, ..all }), [1]);
}

#[test]
fn a_reply_too_long_for_its_slot_is_told_from_the_revision() {
    let scene = Scene::new(2);
    let query = encode_query(1, &name("api.monitor.azure.com"), RecordType::A, None);
    let vnet1 = scene.segment.world.views.of_network("vnet1").expect("it is there");
    let made = Made {
        source: ([10, 0, 1, 5], 1).into(),
        listener: 0,
        transport: Transport::Tcp,
        path: Path::Slow,
        response: Response::Answered(vnet1, Rcode::NOERROR),
        fault: None,
    };
    scene.recorder.now().record(&scene.segment, made, &query, &[0; 2 * SLOT_OCTETS]);
    let seen = &scene.seen()[0];
    assert_eq!(seen.aliases, ["api.privatelink.monitor.azure.com"]);
    assert_eq!(seen.answer, ["10.0.1.9"]);
}

#[test]
fn views_beyond_the_limit_share_a_label() {
    let mut known: Vec<Arc<str>> = vec!["none".into(), "other".into(), "public".into()];
    let places: Vec<u16> = (0..100).map(|number| label(&mut known, &format!("vnet{number}"))).collect();
    assert_eq!((known.len(), places[0], places[62], places[63], places[99]), (MAX_LABELS, 3, 65, 1, 1));
    assert_eq!(label(&mut known, "vnet7"), 10);
    // A network may be called like one of ours.
    assert_eq!(label(&mut known, "none"), OTHER_VIEWS);
}

#[test]
fn queries_of_forgotten_revisions_are_still_shown() {
    let scene = Scene::new(10);
    scene.ask("10.0.1.5", "api.monitor.azure.com", RecordType::A);
    let kept = scene.log.kept();
    let Scene { log, segment, .. } = scene;
    for _ in 0..SEGMENTS {
        log.begin(&segment.world);
    }
    drop(segment);
    let seen = log.document(&kept.queries[0]);
    assert_eq!((&*seen.answer[0], seen.writer.as_deref(), seen.revision), ("10.0.1.9", None, None));
}

fn soon() -> tokio::time::Instant {
    tokio::time::Instant::now() + Duration::from_millis(50)
}

#[tokio::test]
async fn waiting_finds_what_was_there_what_comes_and_nothing() {
    let scene = Scene::new(10);
    let filter = Filter { name: Some("api.monitor.azure.com".parse().expect("good")), ..Filter::default() };
    assert!(scene.log.wait(&filter, None, soon()).await.is_none());
    scene.ask("10.0.1.5", "other.example", RecordType::A);
    scene.ask("10.0.1.5", "api.monitor.azure.com", RecordType::A);
    let number = |found: Option<Arc<LoggedQuery>>| found.and_then(|one| one.sequence);
    assert_eq!(number(scene.log.wait(&filter, Some(0), soon()).await), Some(2));
    assert_eq!(number(scene.log.wait(&filter, Some(2), soon()).await), None);
    assert_eq!(number(scene.log.wait(&filter, None, soon()).await), None, "from now on");
    let later = tokio::time::Instant::now() + Duration::from_secs(20);
    let asking = async {
        tokio::task::yield_now().await;
        scene.ask("10.0.1.5", "other.example", RecordType::A);
        tokio::time::sleep(Duration::from_millis(20)).await;
        scene.ask("10.0.1.5", "api.monitor.azure.com", RecordType::A);
    };
    let (found, ()) = tokio::join!(scene.log.wait(&filter, None, later), asking);
    assert_eq!(number(found), Some(4));
    assert_eq!(scene.log.waiting.load(Ordering::Relaxed), 0);
}

#[test]
fn a_waiting_reader_misses_no_query_of_another_thread() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for _ in 0..50 {
        let scene = Scene::new(10);
        let log = Arc::clone(&scene.log);
        let worker = std::thread::spawn(move || scene.ask("10.0.1.5", "api.monitor.azure.com", RecordType::A));
        let found = runtime.block_on(async {
            let until = tokio::time::Instant::now() + Duration::from_secs(20);
            log.wait(&Filter::default(), Some(0), until).await
        });
        assert!(found.is_some());
        worker.join().expect("it does not panic");
    }
}
