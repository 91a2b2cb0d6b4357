//! Explain equals wire: for any estate with zones from files, at every step and from every view, `decide`, `resolve`,
//! `explain` and the reply have the same code, records, TTLs and extended error, and name the same writer.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use ampls_dns::compile::{Compiled, Fold, ViewId, Writer, Zone, ZoneFiles};
use ampls_dns::dns::wire::{Received, Transport, decode, encode_query};
use ampls_dns::dns::{NameServers, OwnerName, RecordType};
use ampls_dns::estate::Revision;
use ampls_dns::output::answer::{AnswerDocument, RecordDocument, answered};
use ampls_dns::output::explanation;
use ampls_dns::output::provenance::WriterDocument;
use ampls_dns::resolve::explain::{Chosen, Statement};
use ampls_dns::resolve::{Ede, Forwarding, Outcome, Prepared, Question, Response, decide, explain, reply, respond};
use ampls_dns::server::{Settings, plan, start};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::Value;

use crate::exchange::{ask, ask_over_tcp, records};
use crate::fixture::{Server, context};
use crate::generate::{Estate, Premise, ZoneText, estates, law, names_to_ask};

/// The types that are asked for, one after the other.
const KINDS: [RecordType; 14] = [
    RecordType::A,
    RecordType::AAAA,
    RecordType::A,
    RecordType::CNAME,
    RecordType::NS,
    RecordType::A,
    RecordType::SOA,
    RecordType::TXT,
    RecordType::MX,
    RecordType::A,
    RecordType::SRV,
    RecordType::PTR,
    RecordType::HTTPS,
    RecordType::ANY,
];

/// The most questions of one case.
const QUESTIONS: usize = 400;

/// The zones of an estate's master files; those linked to networks that are not there yet are seen by nobody.
fn files(zones: &[ZoneText]) -> Arc<ZoneFiles> {
    let mut files = ZoneFiles::default();
    for zone in zones {
        let servers = if zone.links.is_empty() { NameServers::Keep } else { NameServers::LeaveOut };
        let read = Zone::read(&zone.file, zone.text.as_bytes(), Some(&zone.apex), servers);
        let read = Arc::new(read.unwrap_or_else(|errors| panic!("{}: {errors:?}\n{}", zone.file, zone.text)));
        if zone.links.is_empty() {
            files.publish(Arc::clone(&read)).expect("no two public zones have one name");
        }
        for network in &zone.links {
            files.link(network, Arc::clone(&read)).expect("no two zones of a network have one name");
        }
    }
    Arc::new(files)
}

/// Code, answer, authority and extended error.
type Answered = (String, Vec<RecordDocument>, Vec<RecordDocument>, Option<(u16, String)>);

/// What a reply says, in the words of a document.
fn said(received: &Received) -> Answered {
    let error = received.edns.as_ref().and_then(|edns| edns.extended_error.as_ref());
    (
        received.rcode.to_string(),
        records(&received.answer),
        records(&received.authority),
        error.map(|error| (error.code, error.text.clone())),
    )
}

fn told(answer: &AnswerDocument) -> Answered {
    let error = answer.extended_error.as_ref().map(|error| (error.code, error.text.clone()));
    (answer.rcode.clone(), answer.answer.clone(), answer.authority.clone(), error)
}

/// Holds all outputs about one question equal; gives who wrote the answer.
fn check(prepared: &Prepared, view: ViewId, question: &Question) -> Result<Option<Writer>, TestCaseError> {
    let world = &**prepared.world();
    let place = format!("{} {} from {}", question.name, question.kind, world.views.get(view).label());
    let decision = decide(world, view, question);
    let writer = match &decision.outcome {
        Outcome::Answer(hop) => Some(hop.owned.writer.clone()),
        _ => None,
    };
    let resolved = answered(world, view, question);
    let direct = reply(world, &decision, Ede::Include);
    prop_assert_eq!(&resolved.rcode, &direct.rcode.to_string(), "{}", place);
    // Over TCP nothing is cut off.
    let packet = encode_query(1, &question.name, question.kind, Some(1232));
    let (mut fast, mut slow) = (Vec::new(), Vec::new());
    prepared.respond(&context(Some(view), Forwarding::Off), Transport::Tcp, &packet, &mut fast);
    let response = respond(world, &context(Some(view), Forwarding::Off), Transport::Tcp, &packet, &mut slow);
    prop_assert!(matches!(response, Response::Answered(of, _) if of == view), "{place}: {response:?}");
    for (path, bytes) in [("fast", &fast), ("slow", &slow)] {
        let received = decode(bytes).expect("a reply is a message");
        prop_assert_eq!(said(&received), told(&resolved), "{}, {} path", place, path);
    }
    let explained = explain(world, view, Chosen::Named, question);
    let document = explanation::document(&explained, resolved.clone());
    prop_assert_eq!(&document.answer, &resolved);
    let wanted = writer.as_ref().map(WriterDocument::of);
    prop_assert_eq!(resolved.written.as_ref().map(|written| &written.writer), wanted.as_ref(), "{}", place);
    let answer = explained.statements.iter().find_map(|statement| match statement {
        Statement::Answer { data, writer, .. } => Some((data.clone(), writer.clone())),
        _ => None,
    });
    let last = resolved.answer.iter().skip(decision.hops.len());
    let data: Vec<String> = last.map(|record| record.data.clone()).collect();
    let wanted = writer.clone().map(|writer| (data, writer));
    prop_assert_eq!(&answer, &wanted, "{}", place);
    // The text begins with the outcome, and has a sentence for each statement.
    let text = explanation::text(&explained, &resolved);
    let heading = text.lines().next().unwrap_or_default();
    let outcome = match (&wanted, resolved.rcode.as_str()) {
        (Some((data, _)), _) => data.join(", "),
        (None, "NOERROR") => "no data".to_owned(),
        (None, rcode) => rcode.to_owned(),
    };
    let any = question.kind == RecordType::ANY;
    prop_assert!(any || heading.ends_with(&format!(": {outcome}")), "{heading} {outcome}");
    prop_assert_eq!(text.lines().count(), 1 + explained.statements.len());
    Ok(writer)
}

/// The revisions that are looked at: the end of each step, and the last.
fn revisions(estate: &Estate) -> BTreeSet<Revision> {
    let ends = estate.history.steps().iter().map(|step| step.end);
    ends.chain([estate.history.last()]).collect()
}

#[test]
fn every_output_says_what_the_reply_says() {
    law(if cfg!(debug_assertions) { 24 } else { 200 }, 80, estates(), |estate| {
        let files = files(&estate.zones);
        let revisions = revisions(&estate);
        let mut fold = Fold::new(&Arc::new(estate.history.clone()));
        let (mut of_files, mut of_endpoints, mut asked) = (false, false, 0usize);
        let mut before: Option<Prepared> = None;
        for revision in &revisions {
            fold.to(*revision);
            let world = Arc::new(fold.compiled().with_unchecked_files(Arc::clone(&files)));
            let prepared = Prepared::new(Arc::clone(&world), before.as_ref());
            let names = names_to_ask(&world, &estate.zones);
            let views: Vec<ViewId> = world.views.iter().map(|(view, _)| view).collect();
            let all = names.len() * views.len();
            // A step that shares no factor with much reaches every name, view and type over the cases.
            let every = 1 + all * revisions.len() / QUESTIONS;
            for at in (asked % every..all).step_by(every) {
                let question = Question { name: names[at / views.len()].clone(), kind: KINDS[asked % KINDS.len()] };
                let writer = check(&prepared, views[at % views.len()], &question)?;
                of_files |= matches!(writer, Some(Writer::File { .. }));
                of_endpoints |= matches!(writer, Some(Writer::Endpoint { .. }));
                asked += 1;
            }
            before = Some(prepared);
        }
        Ok(Premise::of(of_files || of_endpoints))
    });
}

#[test]
fn files_answer_and_explanations_say_so() {
    law(if cfg!(debug_assertions) { 24 } else { 100 }, 50, estates(), |estate| {
        let mut fold = Fold::new(&Arc::new(estate.history.clone()));
        fold.to(estate.history.last());
        let world = Arc::new(fold.compiled().with_unchecked_files(files(&estate.zones)));
        let prepared = Prepared::new(Arc::clone(&world), None);
        let mut met = false;
        for zone in &estate.zones {
            let views: Vec<ViewId> = world.views.iter().map(|(view, _)| view).collect();
            for (owner, view) in zone.owners.iter().flat_map(|owner| views.iter().map(move |view| (owner, *view))) {
                for kind in [RecordType::A, RecordType::CNAME, RecordType::NS] {
                    let question = Question { name: owner.clone(), kind };
                    met |= matches!(check(&prepared, view, &question)?, Some(Writer::File { .. }));
                }
            }
        }
        Ok(Premise::of(met))
    });
}

/// A sample over sockets: the bytes that travel are those that were held equal above.
#[test]
fn replies_over_udp_and_tcp_are_those_that_are_resolved() {
    law(8, 25, estates(), |estate| {
        let mut fold = Fold::new(&Arc::new(estate.history.clone()));
        fold.to(estate.history.last());
        let world: Arc<Compiled> = Arc::new(fold.compiled().with_unchecked_files(files(&estate.zones)));
        let listeners = plan(&world, SocketAddr::from(([127, 0, 0, 1], 0))).listeners;
        let server = start(Settings { listeners, ..Settings::default() }, Arc::clone(&world)).expect("ports are free");
        let names = names_to_ask(&world, &estate.zones);
        let mut asked = 0;
        for (view, network) in world.views.iter() {
            let network = network.network.as_ref().map(|network| network.as_str());
            let Some(at) = server.address_of(network) else { continue };
            for (name, kind) in names.iter().step_by(1 + names.len() / 12).zip(KINDS.iter().cycle()) {
                let question = Question { name: name.clone(), kind: *kind };
                let wanted = told(&answered(&world, view, &question));
                let packet = encode_query(7, name, *kind, Some(1232));
                prop_assert_eq!(said(&ask_over_tcp(at, &packet)), wanted.clone(), "{} {}", name, kind);
                let udp = ask(at, &packet);
                prop_assert!(udp.truncated || said(&udp) == wanted, "{name} {kind}: {udp:?}");
                asked += 1;
            }
        }
        Ok(Premise::of(asked > 12))
    });
}

/// Zones from files beside a scenario, over sockets and HTTP: one linked in place of the scenario's own, and one public.
#[test]
fn the_admin_api_explains_zones_from_files() {
    let folder = std::env::temp_dir().join(format!("ampls-dns-explained-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let head = "$TTL 60\n@ SOA ns host 1 2 3 4 5\n";
    let monitor = folder.join("privatelink.monitor.azure.com.zone");
    std::fs::write(&monitor, format!("{head}api A 10.9.9.9\n")).expect("the file can be written");
    let corp = folder.join("corp.example.zone");
    std::fs::write(&corp, format!("{head}@ NS ns1\na A 192.0.2.77\n")).expect("the file can be written");
    let monitor_text = format!("vnet1={}", monitor.display());
    let corp_text = corp.display().to_string();
    let server = Server::start(&[
        "two-scopes-one-dns",
        "--zone",
        &monitor_text,
        "--zone",
        &corp_text,
        "--listen",
        "vnet1=127.0.0.1:0",
    ]);
    let explained = |name: &str, kind: &str| -> Value {
        server.http("GET", &format!("/v1/explain?from=vnet1&name={name}&type={kind}"), &[], "").2
    };
    let statement = |document: &Value, kind: &str| -> Value {
        let statements = document["statements"].as_array().cloned().unwrap_or_default();
        statements.into_iter().find(|statement| statement["kind"] == kind).unwrap_or(Value::Null)
    };
    for (name, kind, data, file, line) in [
        ("api.privatelink.monitor.azure.com", "A", "10.9.9.9", &monitor, 3),
        ("api.monitor.azure.com", "A", "10.9.9.9", &monitor, 3),
        ("a.corp.example", "A", "192.0.2.77", &corp, 4),
        ("corp.example", "NS", "ns1.corp.example.", &corp, 3),
    ] {
        let owner: OwnerName = name.parse().expect("a good name");
        let kind_asked: RecordType = kind.parse().expect("a type");
        let received = ask(server.dns[0], &encode_query(3, &owner, kind_asked, Some(1232)));
        assert_eq!(received.answer.last().map(|record| record.data.to_string()).as_deref(), Some(data), "{name}");
        let document = explained(name, kind);
        let answer = document["answer"].as_array().and_then(|records| records.last()).cloned().unwrap_or_default();
        assert_eq!(answer["data"], data, "{document}");
        let answer = statement(&document, "answer");
        assert_eq!(answer["written"]["kind"], "file", "{document}");
        assert_eq!(answer["written"]["file"], file.display().to_string(), "{document}");
        assert_eq!(answer["written"]["line"], line, "{document}");
    }
    let shadowed = statement(&explained("api.monitor.azure.com", "A"), "shadowed");
    assert_eq!(shadowed["zone"]["resourceGroup"], "rg-dns", "{shadowed}");
    assert_eq!(shadowed["by"], monitor.display().to_string(), "{shadowed}");
    drop(server);
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
}
