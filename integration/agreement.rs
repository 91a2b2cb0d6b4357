//! Laws: what must hold whatever the estate and whatever the question.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use ampls_dns::assess::flow::{Client, flows};
use ampls_dns::compile::{Compiled, ViewId, compile};
use ampls_dns::dns::wire::{Received, ReceivedRecord, decode, encode_query};
use ampls_dns::dns::{OwnerName, RecordType};
use ampls_dns::estate::{Event, History, PublicNetworkAccess, Recorded, ResourceSpec, Revision};
use ampls_dns::output::answer::{AnswerDocument, RecordDocument, document};
use ampls_dns::resolve::explain::{Chosen, Statement};
use ampls_dns::resolve::{Ede, Outcome, Question, decide, explain, reply};
use ampls_dns::scenario::Scenario;
use ampls_dns::server::{Running, Settings, plan, start};
use proptest::prelude::*;

use crate::generate::{NETWORKS, declarations, events_of_side, histories, kinds, names};
use crate::scenarios::ask;

fn compiled(history: &History) -> Compiled {
    compile(&Arc::new(history.clone()), history.last())
}

fn offline(world: &Compiled, network: &str, question: &Question) -> AnswerDocument {
    let view = world.views.of_network(network).expect("generated networks stay");
    let decision = decide(world, view, question);
    document(network, None, question, &reply(world, &decision, Ede::Include))
}

fn serve(world: &Arc<Compiled>) -> Running {
    let listeners = plan(world, SocketAddr::from(([127, 0, 0, 1], 0))).listeners;
    start(Settings { listeners, ..Settings::default() }, Arc::clone(world)).expect("loopback has free ports")
}

fn ask_over_tcp(at: SocketAddr, packet: &[u8]) -> Received {
    let mut stream = TcpStream::connect(at).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(5))).expect("the time is not zero");
    let length = u16::try_from(packet.len()).expect("a query is short").to_be_bytes();
    stream.write_all(&[&length[..], packet].concat()).expect("the server reads");
    let mut length = [0; 2];
    stream.read_exact(&mut length).expect("the server answers");
    let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut reply).expect("the server sends whole messages");
    decode(&reply).expect("the reply is a message")
}

fn shown(records: &[ReceivedRecord]) -> Vec<RecordDocument> {
    let record = |record: &ReceivedRecord| RecordDocument {
        name: record.owner.dotted().to_string(),
        ttl: record.ttl,
        r#type: record.kind.to_string(),
        data: record.data.to_string(),
    };
    records.iter().map(record).collect()
}

/// All answers of all networks, for comparing estates.
fn everything(world: &Compiled) -> BTreeMap<(String, String), AnswerDocument> {
    let mut answers = BTreeMap::new();
    for network in NETWORKS {
        for name in ampls_dns::assess::timeline::names_of(world) {
            let question = Question { name: name.clone(), kind: RecordType::A };
            let mut answer = offline(world, network, &question);
            // Reasons name the history; the law is about records.
            answer.extended_error = None;
            answers.insert((network.to_owned(), name.to_string()), answer);
        }
    }
    answers
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn resolve_explain_json_udp_and_tcp_agree(
        history in histories(),
        questions in prop::collection::vec((names(), kinds(), 0usize..3), 1..8),
    ) {
        let world = Arc::new(compiled(&history));
        let server = serve(&world);
        for (name, kind, network) in questions {
            let network = NETWORKS[network];
            let question = Question { name: name.clone(), kind };
            let told = offline(&world, network, &question);
            let at = server.address_of(Some(network)).expect("each network has a listener");
            let packet = encode_query(1, &name, kind, Some(1232));
            for received in [ask(at, &packet), ask_over_tcp(at, &packet)] {
                prop_assert_eq!(received.rcode.to_string(), told.rcode.clone());
                prop_assert_eq!(shown(&received.answer), told.answer.clone());
                prop_assert_eq!(shown(&received.authority), told.authority.clone());
                prop_assert!(received.recursion_available && !received.authoritative);
                let reason = received.edns.and_then(|edns| edns.extended_error).map(|error| error.text);
                prop_assert_eq!(reason, told.extended_error.clone().map(|error| error.text));
            }
            // The JSON form is made from the same document; what it says last is what the explanation says.
            let view = world.views.of_network(network).expect("generated networks stay");
            let explained = explain(&world, view, Chosen::Named, &question);
            let ends = explained.statements.iter().find_map(|statement| match statement {
                Statement::Answer { data, .. } => Some(data.clone()),
                _ => None,
            });
            let answered = told.answer.iter().filter(|record| record.r#type == kind.to_string());
            let answered: Vec<_> = answered.map(|record| record.data.clone()).collect();
            if let Some(data) = ends {
                prop_assert!(kind == RecordType::CNAME || data == answered, "{data:?} {answered:?}");
            } else {
                prop_assert!(answered.is_empty() || kind == RecordType::CNAME);
            }
        }
    }

    #[test]
    fn letter_case_of_the_question_never_changes_the_decision(
        history in histories(), name in names(), kind in kinds(), bits in any::<u64>(),
    ) {
        let text = name.to_string();
        let spelt: String = text
            .chars()
            .enumerate()
            .map(|(at, one)| if bits >> (at % 64) & 1 == 1 { one.to_ascii_uppercase() } else { one })
            .collect();
        let world = compiled(&history);
        let other = OwnerName::parse(&spelt).expect("the same name in another spelling");
        let plain = offline(&world, NETWORKS[0], &Question { name, kind });
        prop_assert_eq!(plain, offline(&world, NETWORKS[0], &Question { name: other, kind }));
    }

    #[test]
    fn compiling_is_deterministic_and_a_fold(history in histories()) {
        let (once, again) = (compiled(&history), compiled(&history));
        prop_assert_eq!(ampls_dns::assess::findings(&once), ampls_dns::assess::findings(&again));
        prop_assert_eq!(everything(&once), everything(&again));
        // Standing at a revision is the same whether later events are known or not.
        let half = Revision(history.last().0 / 2);
        let mut short = History::new(history.cloud);
        for recorded in &history.events()[..half.0 as usize] {
            short.push(recorded.clone());
        }
        let long = compile(&Arc::new(history.clone()), half);
        if NETWORKS.iter().all(|network| long.views.of_network(network).is_some()) {
            prop_assert_eq!(everything(&long), everything(&compiled(&short)));
        }
    }

    #[test]
    fn what_is_printed_parses_to_the_same_history(history in histories()) {
        let scenario = Scenario {
            title: "".into(), about: "".into(), source: "".into(), history, start: None, expectations: Vec::new(),
        };
        // Chance refers to what does not exist; such histories have no written form.
        if let Ok(read) = Scenario::read("printed", scenario.write().as_bytes()) {
            let events = |one: &Scenario| -> Vec<Event> {
                one.history.events().iter().map(|recorded| recorded.event.clone()).collect()
            };
            prop_assert_eq!(events(&scenario), events(&read));
            prop_assert_eq!(scenario.history.steps(), read.history.steps());
        }
    }

    #[test]
    fn every_displaced_set_names_its_displacer(history in histories()) {
        let world = compiled(&history);
        for linked in world.state.zones.values() {
            for owned in linked.zone.iter() {
                if let Some(before) = &owned.displaced {
                    prop_assert!(before.writer != owned.writer);
                    prop_assert!(before.revision < owned.revision);
                    prop_assert_eq!(before.set.owner(), owned.set.owner());
                    prop_assert_eq!(before.set.kind(), owned.set.kind());
                }
            }
        }
    }

    #[test]
    fn a_network_without_links_sees_public_dns_only(history in histories(), name in names(), kind in kinds()) {
        let world = compiled(&history);
        for (id, view) in world.views.iter() {
            let azure = view.dns == ampls_dns::estate::DnsSetting::AzureProvided;
            if id != ViewId::PUBLIC && azure && view.links.is_empty() {
                let question = Question { name: name.clone(), kind };
                let own = decide(&world, id, &question);
                let public = decide(&world, ViewId::PUBLIC, &question);
                let sections = |decision: &_| document("", None, &question, &reply(&world, decision, Ede::Omit));
                prop_assert_eq!(sections(&own), sections(&public));
            }
        }
    }

    #[test]
    fn deleting_an_endpoint_that_met_nobody_restores_the_state_before_it(history in histories()) {
        let history = Arc::new(history);
        let world = compile(&history, history.last());
        let busy: Vec<_> = world.state.endpoints.keys().cloned().collect();
        if busy.is_empty() && world.state.scopes.contains_key("ampls1") {
            let mut longer = (*history).clone();
            let events = [
                Event::CreatePrivateEndpoint(ampls_dns::estate::PrivateEndpointSpec {
                    name: "alone".into(),
                    scope: "ampls1".into(),
                    network: "vnet1".into(),
                    subnet: "endpoints".to_owned(),
                    zone_group: Some(ampls_dns::estate::ZoneGroup {
                        zones: world.state.zones.keys().filter(|id| &*id.resource_group == "rg-a").cloned().collect(),
                    }),
                    ip_configurations: Vec::new(),
                    approval: ampls_dns::estate::ApprovalState::Approved,
                    created: None,
                }),
                Event::DeletePrivateEndpoint { endpoint: "alone".into() },
            ];
            for event in events {
                longer.push(Recorded { event, date: None, place: None });
            }
            let between = compile(&Arc::new(longer.clone()), Revision(history.last().0 + 1));
            let displaced = between.state.zones.values().any(|zone| {
                zone.zone.iter().any(|owned| {
                    owned.displaced.is_some()
                        && matches!(&owned.writer, ampls_dns::compile::Writer::Endpoint { endpoint, .. } if endpoint.as_str() == "alone")
                })
            });
            if !displaced {
                prop_assert_eq!(everything(&world), everything(&compiled(&longer)));
            }
        }
    }

    #[test]
    fn flows_of_a_resource_never_depend_on_anothers_flags(history in histories()) {
        let world = compiled(&history);
        let mut changed = history.clone();
        for name in ["ws-1", "ai"] {
            if let Some(own) = world.state.resources.get(name) {
                let mut spec = own.spec.clone();
                match &mut spec {
                    ResourceSpec::Workspace(one) => {
                        one.ingestion = PublicNetworkAccess::Disabled;
                        one.query = PublicNetworkAccess::Disabled;
                    }
                    ResourceSpec::Component(one) => one.ingestion = PublicNetworkAccess::Disabled,
                    ResourceSpec::DataCollectionEndpoint(_) => {}
                }
                changed.push(Recorded { event: Event::PutResource(spec), date: None, place: None });
            }
        }
        let after = compiled(&changed);
        for network in NETWORKS {
            let client = |world: &Compiled| Client::View(world.views.of_network(network).expect("they stay"));
            let ends = |world: &Compiled| -> Vec<_> {
                flows(world, &client(world), &"ws-0".into())
                    .into_iter()
                    .map(|flow| (flow.name, flow.path, flow.judgement))
                    .collect()
            };
            prop_assert_eq!(ends(&world), ends(&after));
        }
    }

    #[test]
    fn events_that_share_nothing_commute(
        history in declarations(), one in events_of_side(0), other in events_of_side(1), mixed in any::<u64>(),
    ) {
        let with = |events: Vec<Event>| {
            let mut longer = history.clone();
            for event in events {
                longer.push(Recorded { event, date: None, place: None });
            }
            everything(&compiled(&longer))
        };
        // Any shuffle of the two that keeps the order of each.
        let (mut left, mut right, mut shuffled) = (one.iter(), other.iter(), Vec::new());
        for turn in 0.. {
            let next = if mixed >> (turn % 64) & 1 == 1 { left.next().or_else(|| right.next()) } else { right.next().or_else(|| left.next()) };
            match next {
                Some(event) => shuffled.push(event.clone()),
                None => break,
            }
        }
        let in_order = with(one.iter().chain(&other).cloned().collect());
        prop_assert_eq!(&in_order, &with(other.iter().chain(&one).cloned().collect()));
        prop_assert_eq!(&in_order, &with(shuffled));
    }
}

#[test]
fn a_loop_of_aliases_ends() {
    let history = r"
version: 1
networks: { vnet1: { addressSpace: [10.0.1.0/24] } }
steps:
  - name: loop
    events:
      - createPrivateDnsZones: { resourceGroup: rg, zones: [a.example], links: { vnet1: {} } }
      - putRecordSet: { resourceGroup: rg, zone: a.example, name: one, type: CNAME, records: [two.a.example] }
      - putRecordSet: { resourceGroup: rg, zone: a.example, name: two, type: CNAME, records: [one.a.example] }
";
    let scenario = Scenario::read("loop", history.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
    let world = compiled(&scenario.history);
    let question = Question { name: OwnerName::parse("one.a.example").expect("a good name"), kind: RecordType::A };
    let view = world.views.of_network("vnet1").expect("it is there");
    let decision = decide(&world, view, &question);
    assert!(matches!(decision.outcome, Outcome::Failure { .. }));
    let told = offline(&world, "vnet1", &question);
    assert_eq!(told.rcode, "SERVFAIL");
    assert_eq!(
        told.extended_error.map(|error| error.text).as_deref(),
        Some("the aliases lead in a circle back to one.a.example")
    );
}
