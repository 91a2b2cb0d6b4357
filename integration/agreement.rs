//! Laws: what must hold whatever the estate and whatever the question.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use ampls_dns::assess::flow::{Client, flows};
use ampls_dns::compile::member::Member;
use ampls_dns::compile::{Compiled, ViewId, Writer, compile};
use ampls_dns::dns::wire::encode_query;
use ampls_dns::dns::{OwnerName, RecordType};
use ampls_dns::estate::{
    ApprovalState, DnsSetting, EndpointTarget, Event, History, IpVersion, NetworkKind, NetworkSpec,
    PrivateEndpointSpec, PublicNetworkAccess, Recorded, ResolutionPolicy, ResourceSpec, Revision, ZoneGroup, ZoneId,
};
use ampls_dns::output::answer::{AnswerDocument, document};
use ampls_dns::resolve::explain::{Chosen, Statement};
use ampls_dns::resolve::{Ede, Outcome, Question, decide, explain, reply};
use ampls_dns::scenario::Scenario;
use ampls_dns::server::{Running, Settings, plan, start};
use proptest::prelude::*;

use crate::exchange::{ask, ask_over_tcp, records as shown};
use crate::generate::{Premise, apart, histories, kinds, law, names_to_ask};

fn compiled(history: &History) -> Compiled {
    compile(&Arc::new(history.clone()), history.last())
}

fn offline(world: &Compiled, view: ViewId, question: &Question) -> AnswerDocument {
    let decision = decide(world, view, question);
    document(world.views.get(view).label(), None, question, &reply(world, &decision, Ede::Include))
}

fn serve(world: &Arc<Compiled>) -> Running {
    let listeners = plan(world, SocketAddr::from(([127, 0, 0, 1], 0))).listeners;
    start(Settings { listeners, ..Settings::default() }, Arc::clone(world)).expect("loopback has free ports")
}

/// All answers of all views, for comparing estates.
fn everything(world: &Compiled) -> BTreeMap<(String, String), AnswerDocument> {
    let mut answers = BTreeMap::new();
    for (id, view) in world.views.iter() {
        for name in ampls_dns::assess::timeline::names_of(world) {
            let question = Question { name: name.clone(), kind: RecordType::A };
            let mut answer = offline(world, id, &question);
            // Reasons name the history; the law is about records.
            answer.extended_error = None;
            answers.insert((view.label().to_owned(), name.to_string()), answer);
        }
    }
    answers
}

/// A view that a drawn number stands for.
fn pick_view(world: &Compiled, index: prop::sample::Index) -> ViewId {
    let views: Vec<ViewId> = world.views.iter().map(|(id, _)| id).collect();
    *index.get(&views)
}

fn has_endpoint_with_zones(world: &Compiled) -> bool {
    world.state.endpoints.values().any(|one| one.zone_group.as_ref().is_some_and(|group| !group.zones.is_empty()))
}

/// What picks a question in an estate: a name, a type and a view.
fn questions(most: usize) -> impl Strategy<Value = Vec<(prop::sample::Index, RecordType, prop::sample::Index)>> {
    prop::collection::vec((any::<prop::sample::Index>(), kinds(), any::<prop::sample::Index>()), 1..most)
}

#[test]
fn resolve_explain_json_udp_and_tcp_agree() {
    law(48, 75, (histories(), questions(12)), |(history, questions)| {
        let world = Arc::new(compiled(&history));
        let server = serve(&world);
        let names = names_to_ask(&world, &[]);
        for (name, kind, view) in questions {
            let (name, view) = (name.get(&names).clone(), pick_view(&world, view));
            let question = Question { name: name.clone(), kind };
            let told = offline(&world, view, &question);
            let network = world.views.get(view).network.as_ref().map(|network| network.as_str());
            let at = server.address_of(network).expect("each view has a listener");
            let packet = encode_query(1, &name, kind, Some(1232));
            for received in [ask(at, &packet), ask_over_tcp(at, &packet)] {
                if received.truncated {
                    continue;
                }
                prop_assert_eq!(received.rcode.to_string(), told.rcode.clone());
                prop_assert_eq!(shown(&received.answer), told.answer.clone());
                prop_assert_eq!(shown(&received.authority), told.authority.clone(), "{} {} {:?}", name, kind, told);
                prop_assert!(received.recursion_available && !received.authoritative);
                let reason = received.edns.and_then(|edns| edns.extended_error).map(|error| error.text);
                prop_assert_eq!(reason, told.extended_error.clone().map(|error| error.text));
            }
            // The JSON form is made from the same document; what it says last is what the explanation says.
            let explained = explain(&world, view, Chosen::Named, &question);
            let ends = explained.statements.iter().find_map(|statement| match statement {
                Statement::Answer { data, .. } => Some(data.clone()),
                _ => None,
            });
            let answered = told.answer.iter().filter(|record| record.r#type == kind.to_string());
            let answered: Vec<_> = answered.map(|record| record.data.clone()).collect();
            if let Some(data) = ends {
                prop_assert!(kind == RecordType::CNAME || data == answered, "{:?} {:?}", data, answered);
            } else {
                prop_assert!(answered.is_empty() || kind == RecordType::CNAME);
            }
        }
        Ok(Premise::of(has_endpoint_with_zones(&world)))
    });
}

#[test]
fn letter_case_of_the_question_never_changes_the_decision() {
    law(64, 90, (histories(), questions(6), any::<u64>()), |(history, questions, bits)| {
        let world = compiled(&history);
        let names = names_to_ask(&world, &[]);
        let mut differ = false;
        for (name, kind, view) in questions {
            let (name, view) = (name.get(&names).clone(), pick_view(&world, view));
            let text = name.to_string();
            let spelt: String = text
                .chars()
                .enumerate()
                .map(|(at, one)| if bits >> (at % 64) & 1 == 1 { one.to_ascii_uppercase() } else { one })
                .collect();
            differ |= spelt != text;
            let other = OwnerName::parse(&spelt).expect("the same name in another spelling");
            let plain = offline(&world, view, &Question { name, kind });
            prop_assert_eq!(plain, offline(&world, view, &Question { name: other, kind }));
        }
        Ok(Premise::of(differ))
    });
}

#[test]
fn compiling_is_deterministic_and_a_fold() {
    law(48, 75, histories(), |history| {
        let (once, again) = (compiled(&history), compiled(&history));
        prop_assert_eq!(ampls_dns::assess::Assessment::of(&once), ampls_dns::assess::Assessment::of(&again));
        prop_assert_eq!(everything(&once), everything(&again));
        // Standing at a revision is the same whether later events are known or not.
        let half = Revision(history.last().0 / 2);
        let mut short = History::new(history.cloud);
        short.switches = history.switches;
        for recorded in &history.events()[..half.0 as usize] {
            short.push(recorded.clone());
        }
        let long = compile(&Arc::new(history.clone()), half);
        prop_assert_eq!(everything(&long), everything(&compiled(&short)));
        Ok(Premise::of(has_endpoint_with_zones(&once)))
    });
}

#[test]
fn every_overwritten_set_names_its_overwriter() {
    law(96, 25, histories(), |history| {
        let world = compiled(&history);
        let mut overwritten = 0;
        for linked in world.state.zones.values() {
            for owned in linked.zone.sets() {
                if let Some(before) = &owned.overwritten {
                    overwritten += 1;
                    prop_assert!(before.writer != owned.writer);
                    prop_assert!(before.revision <= owned.revision);
                    prop_assert_eq!(before.set.owner(), owned.set.owner());
                    prop_assert_eq!(before.set.kind(), owned.set.kind());
                }
            }
        }
        Ok(Premise::of(overwritten > 0))
    });
}

#[test]
fn a_network_without_links_sees_public_dns_only() {
    law(96, 20, (histories(), questions(12)), |(history, questions)| {
        let world = compiled(&history);
        let names = names_to_ask(&world, &[]);
        let azure = |view: &ampls_dns::compile::View| view.dns == DnsSetting::AzureProvided;
        let alone = world.views.iter().filter(|(id, view)| {
            *id != ViewId::PUBLIC && azure(view) && view.links.is_empty() && view.rulesets.is_empty()
        });
        let alone: Vec<ViewId> = alone.map(|(id, _)| id).collect();
        for (name, kind, _) in questions {
            let question = Question { name: name.get(&names).clone(), kind };
            let public = decide(&world, ViewId::PUBLIC, &question);
            for id in &alone {
                let own = decide(&world, *id, &question);
                let sections = |decision: &_| document("", None, &question, &reply(&world, decision, Ede::Omit));
                prop_assert_eq!(sections(&own), sections(&public));
            }
        }
        Ok(Premise::of(!alone.is_empty()))
    });
}

#[test]
fn deleting_an_endpoint_that_overwrote_nothing_restores_the_answers_before_it() {
    // A history that has a scope gets one endpoint more, in a network and zones of its own.
    law(64, 70, histories(), |history| {
        let world = compiled(&history);
        let Some(scope) = world.state.scopes.keys().next().cloned() else { return Ok(Premise::Missed) };
        let (group, network) = ("rg-alone", "vnet-alone");
        let rows = world.state.catalogue.zone_group();
        let zones: Vec<ZoneId> =
            rows.map(|row| ZoneId { resource_group: group.into(), apex: row.private.clone() }).collect();
        let mut longer = history.clone();
        let mut push = |event| longer.push(Recorded { event, date: None, place: None });
        push(Event::CreateNetwork(NetworkSpec {
            name: network.into(),
            kind: NetworkKind::Virtual,
            address_space: vec!["10.9.0.0/24".parse().expect("a good prefix")],
            client_prefixes: Vec::new(),
            subnets: vec![("endpoints".to_owned(), "10.9.0.0/25".parse().expect("a good prefix"))],
            subnets_v6: Vec::new(),
            dns: DnsSetting::AzureProvided,
        }));
        for zone in &zones {
            push(Event::CreatePrivateDnsZone { zone: zone.clone() });
            let (zone, policy) = (zone.clone(), ResolutionPolicy::Default);
            push(Event::LinkZone { zone, network: network.into(), policy, registration: false });
        }
        let before = push(Event::Reboot { machine: "nobody".into() });
        let written = push(Event::CreatePrivateEndpoint(PrivateEndpointSpec {
            name: "alone".into(),
            target: EndpointTarget::Scope(scope),
            network: network.into(),
            subnet: "endpoints".to_owned(),
            ip_version: IpVersion::V4,
            zone_group: Some(ZoneGroup { zones }),
            ip_configurations: Vec::new(),
            approval: ApprovalState::Approved,
            created: None,
        }));
        push(Event::DeletePrivateEndpoint { endpoint: "alone".into() });
        let longer = Arc::new(longer);
        let [without, with] = [before, written].map(|at| compile(&longer, at));
        let writes =
            with.state.endpoints.get("alone").is_some_and(|one| one.failed.is_none() && !one.members.is_empty());
        // Where no public name is an alias of what it writes, no answer leads there.
        let public = with.state.public_dns(false);
        let is_led_to = |one: &Member| {
            let alias = public.zone_of(&one.public).get(&one.public, RecordType::CNAME);
            alias.is_some_and(|owned| owned.set.alias() == Some(&one.private))
        };
        let members = with.state.endpoints.get("alone").into_iter().flat_map(|one| &one.members);
        let is_asked = members.map(|one| &one.member).any(is_led_to);
        let changed = everything(&without) != everything(&with);
        prop_assert!(!(writes && is_asked) || changed, "an endpoint that writes changes answers");
        prop_assert_eq!(everything(&without), everything(&compile(&longer, longer.last())));
        Ok(Premise::of(writes && is_asked))
    });
}

#[test]
fn flows_of_a_resource_never_depend_on_anothers_flags() {
    law(48, 60, histories(), |history| {
        let world = compiled(&history);
        let mut changed = history.clone();
        let Some(subject) = world.state.resources.keys().next().cloned() else { return Ok(Premise::Missed) };
        for (name, own) in world.state.resources.iter().filter(|(name, _)| **name != subject) {
            let mut spec = own.spec.clone();
            match &mut spec {
                ResourceSpec::Workspace(one) => {
                    one.ingestion = PublicNetworkAccess::Disabled;
                    one.query = PublicNetworkAccess::Disabled;
                }
                ResourceSpec::Component(one) => one.ingestion = PublicNetworkAccess::Disabled,
                ResourceSpec::DataCollectionEndpoint(one) => one.public_network_access = PublicNetworkAccess::Disabled,
                ResourceSpec::Service(one) => one.public_network_access = PublicNetworkAccess::Disabled,
                ResourceSpec::DataCollectionRule(_) => {}
            }
            prop_assert_eq!(name, spec.name());
            changed.push(Recorded { event: Event::PutResource(spec), date: None, place: None });
        }
        let after = compiled(&changed);
        for (id, _) in world.views.iter().filter(|(id, _)| *id != ViewId::PUBLIC) {
            let ends = |world: &Compiled| -> Vec<_> {
                flows(world, &Client::View(id), &subject)
                    .into_iter()
                    .map(|flow| (flow.name, flow.path, flow.judgement))
                    .collect()
            };
            prop_assert_eq!(ends(&world), ends(&after));
        }
        Ok(Premise::of(changed.last() > history.last()))
    });
}

#[test]
fn events_that_share_nothing_commute() {
    law(48, 40, (apart(), any::<u64>()), |((history, [one, other]), mixed)| {
        let with = |events: Vec<&Event>| {
            let mut longer = history.clone();
            for event in events {
                longer.push(Recorded { event: event.clone(), date: None, place: None });
            }
            compiled(&longer)
        };
        // Any shuffle of the two that keeps the order of each.
        let (mut left, mut right, mut shuffled) = (one.iter(), other.iter(), Vec::new());
        for turn in 0.. {
            let next = match mixed >> (turn % 64) & 1 == 1 {
                true => left.next().or_else(|| right.next()),
                false => right.next().or_else(|| left.next()),
            };
            let Some(event) = next else { break };
            shuffled.push(event);
        }
        let in_order = with(one.iter().chain(&other).collect());
        let answers = everything(&in_order);
        prop_assert_eq!(&answers, &everything(&with(other.iter().chain(&one).collect())));
        prop_assert_eq!(&answers, &everything(&with(shuffled)));
        let both = ["left", "right"].iter().all(|side| {
            let group = format!("rg-{side}");
            let zones = in_order.state.zones.iter().filter(|(id, _)| *id.resource_group == *group);
            zones.flat_map(|(_, zone)| zone.zone.sets()).any(|owned| matches!(owned.writer, Writer::Endpoint { .. }))
        });
        Ok(Premise::of(both))
    });
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
    let told = offline(&world, view, &question);
    assert_eq!(told.rcode, "SERVFAIL");
    assert_eq!(
        told.extended_error.map(|error| error.text).as_deref(),
        Some("the aliases form a loop back to one.a.example")
    );
}
