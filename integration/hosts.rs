//! Public hosts that exist: every name of `hosts.tsv`, in its cloud, from a network and from public DNS, over both ways of
//! answering.

use std::sync::Arc;

use ampls_dns::compile::{Compiled, ViewId, compile};
use ampls_dns::dns::wire::{Received, Transport, decode, encode_query};
use ampls_dns::dns::{OwnerName, Rcode, RecordType};
use ampls_dns::estate::Cloud;
use ampls_dns::resolve::explain::Chosen;
use ampls_dns::resolve::{Forwarding, Prepared, Question, Response, decide, explain, respond};
use ampls_dns::scenario::Scenario;

use crate::fixture::{context, run_with};

const VECTORS: &str = include_str!("hosts.tsv");

fn world(text: &str) -> Arc<Compiled> {
    let scenario = Scenario::read("hosts.yaml", text.as_bytes()).expect("a good scenario");
    let last = scenario.history.last();
    Arc::new(compile(&Arc::new(scenario.history), last))
}

/// The reply to a question, which is the same by both ways.
fn ask(prepared: &Prepared, view: ViewId, name: &OwnerName, kind: RecordType, outside: Forwarding) -> Option<Received> {
    let context = context(Some(view), outside);
    let packet = encode_query(1, name, kind, Some(1232));
    let (mut fast, mut slow) = (Vec::new(), Vec::new());
    let response = respond(prepared.world(), &context, Transport::Udp, &packet, &mut slow);
    assert_eq!(prepared.respond(&context, Transport::Udp, &packet, &mut fast), response, "{name}");
    if matches!(response, Response::Outside(_)) {
        return None;
    }
    let read = |octets: &[u8]| decode(octets).expect("a reply that can be read");
    assert_eq!(read(&fast), read(&slow), "{name}");
    Some(read(&slow))
}

fn reason(reply: &Received) -> String {
    reply.edns.as_ref().and_then(|edns| edns.extended_error.clone()).map_or_else(String::new, |error| error.text)
}

fn first_alias(reply: &Received) -> Option<String> {
    let alias = reply.answer.first().filter(|record| record.kind == RecordType::CNAME)?;
    Some(alias.data.to_string().trim_end_matches('.').to_owned())
}

/// What a reply is, in the words of the vectors.
fn is_as_expected(expected: &str, reply: &Received) -> bool {
    let ends_at_address = reply.answer.last().is_some_and(|record| record.kind == RecordType::A);
    let assumed = reason(reply).starts_with("assumed: ");
    let exists = reply.rcode == Rcode::NOERROR && ends_at_address;
    match expected.split_once(' ') {
        Some(("alias", target)) => exists && !assumed && first_alias(reply).as_deref() == Some(target),
        _ => match expected {
            "address" => exists && !assumed && reply.answer.len() == 1,
            "exists" => exists && !assumed,
            "assumed" => exists && assumed,
            "NODATA" => reply.rcode == Rcode::NOERROR && reply.answer.is_empty(),
            "NXDOMAIN" => reply.rcode == Rcode::NXDOMAIN,
            "outside" => reply.rcode == Rcode::NXDOMAIN && reason(reply).contains("exists outside the emulated zones"),
            other => panic!("`{other}` is not a word of the vectors"),
        },
    }
}

#[test]
fn every_recorded_name_is_answered_as_recorded_in_its_cloud() {
    let mut wrong = Vec::new();
    let mut asked = 0;
    for cloud in Cloud::ALL {
        let text = format!("version: 1\ncloud: {cloud}\nnetworks: {{ net: {{ addressSpace: [10.1.0.0/16] }} }}\n");
        let world = world(&text);
        let net = world.views.of_network("net").expect("it is declared");
        let prepared = Prepared::new(Arc::clone(&world), None);
        for line in VECTORS.lines().filter(|line| !line.starts_with('#')) {
            let columns: Vec<&str> = line.split('\t').collect();
            let [own, name, kind, expected, source] = columns[..] else { panic!("five columns: {line}") };
            if own != cloud.name() {
                continue;
            }
            assert!(source.len() > 8, "a source: {line}");
            asked += 1;
            let name = OwnerName::parse(name).expect("a good name");
            let kind = kind.parse().expect("a good type");
            for view in [net, ViewId::PUBLIC] {
                let reply = ask(&prepared, view, &name, kind, Forwarding::Off).expect("no other server is asked");
                if !is_as_expected(expected, &reply) {
                    wrong.push(format!("{line}\n  {} {:?} {}", reply.rcode, reply.answer, reason(&reply)));
                }
                // With an upstream the names of Azure Monitor's zones still stay.
                let leaves = ask(&prepared, view, &name, kind, Forwarding::On).is_none();
                let apex = world.state.public.zone_of(&name).apex();
                let is_ours = !apex.is_root() && !world.state.catalogue.shared.contains(apex);
                if leaves && is_ours || !leaves && expected == "outside" {
                    wrong.push(format!("{line}\n  leaves: {leaves}"));
                }
            }
        }
    }
    assert!(asked > 1000, "{asked}");
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

const ESTATE: &str = "version: 1
networks: { net: { addressSpace: [10.1.0.0/16], subnets: { pe: 10.1.0.0/26 } } }
workspaces: { ws-alpha: { customerId: 11111111-1111-4111-8111-111111111111, location: westeurope } }
dataCollectionEndpoints:
  dce-one:
    location: westeurope
    configurationAccess: { endpoint: dce-one-a1b2.westeurope-1.handler.control.monitor.azure.com }
    logsIngestion: { endpoint: dce-one-a1b2.westeurope-1.ingest.monitor.azure.com }
steps:
  - name: linked
    events:
      - createPrivateDnsZones: { resourceGroup: rg, zones: azuremonitor, links: { net: {} } }
";

/// Rcode and reason of a name in the network of the estate.
fn told(text: &str, name: &str) -> (String, String) {
    let world = world(text);
    let net = world.views.of_network("net").expect("it is declared");
    let prepared = Prepared::new(world, None);
    let name = OwnerName::parse(name).expect("a good name");
    let reply = ask(&prepared, net, &name, RecordType::A, Forwarding::Off).expect("no other server is asked");
    (reply.rcode.to_string(), reason(&reply))
}

#[test]
fn a_typing_error_is_told_and_everybody_elses_workspace_is_assumed_to_exist() {
    let is = |name: &str, rcode: &str, why: &str| {
        assert_eq!(told(ESTATE, name), (rcode.to_owned(), why.to_owned()), "{name}");
    };
    let meant = "did you mean ws-alpha (11111111-1111-4111-8111-111111111111)?";
    is("11111111-1111-4111-8111-111111111112.ods.opinsights.azure.com", "NXDOMAIN", meant);
    is("11111111-1111-4111-8111-11111111111.oms.opinsights.azure.com", "NXDOMAIN", meant);
    is("ws-alpha.ods.opinsights.azure.com", "NXDOMAIN", meant);
    is(
        "dce-one-a1b3.westeurope-1.ingest.monitor.azure.com",
        "NXDOMAIN",
        "did you mean dce-one (dce-one-a1b2.westeurope-1)?",
    );
    is(
        "11111111-1111-4111-8111-111111111111.ods.opinsights.azure.us",
        "NXDOMAIN",
        "ws-alpha is in another cloud's zone here; its name is \
         11111111-1111-4111-8111-111111111111.ods.opinsights.azure.com",
    );
    let assumed = "assumed: no workspace here has this name; Azure answers it if it exists";
    is("99999999-9999-4999-8999-999999999999.ods.opinsights.azure.com", "NOERROR", assumed);
    // A stamp's name has the alias always, so the linked zone answers: it has no such record.
    is("westus-0.in.applicationinsights.azure.com", "NXDOMAIN", "");
    is("eastus.handler.control.monitor.azure.com", "NOERROR", "");
}

#[test]
fn a_declared_name_in_another_cloud_is_not_asked_for_elsewhere() {
    let world = world(ESTATE);
    let net = world.views.of_network("net").expect("it is declared");
    let prepared = Prepared::new(world, None);
    let leaves = |name: &str| {
        let name = OwnerName::parse(name).expect("a good name");
        ask(&prepared, net, &name, RecordType::A, Forwarding::On).is_none()
    };
    assert!(!leaves("11111111-1111-4111-8111-111111111111.ods.opinsights.azure.us"));
    assert!(!leaves("99999999-9999-4999-8999-999999999999.ods.opinsights.azure.com"));
    assert!(leaves("login.windows.net"));
    assert!(leaves("portal.azure.com"));
}

#[test]
fn switches_decide_what_nobody_knows() {
    let with =
        |switch: &str, text: &str| text.replacen("version: 1\n", &format!("version: 1\nswitches: {{ {switch} }}\n"), 1);
    let foreign = "99999999-9999-4999-8999-999999999999.ods.opinsights.azure.com";
    assert_eq!(
        told(&with("undeclared: nameError", ESTATE), foreign),
        (
            "NXDOMAIN".to_owned(),
            "no workspace here has this name, and the switch `undeclared` is `nameError`".to_owned()
        )
    );
    // With the alias the linked zone answers, and it has no such name.
    assert_eq!(told(&with("workspaceHop: always", ESTATE), foreign).0, "NXDOMAIN");
    for host in ["eastus.handler.control.monitor.azure.com", "js.monitor.azure.com", "adx.monitor.azure.com"] {
        assert_eq!(told(ESTATE, host).0, "NOERROR", "{host}");
        assert_eq!(told(&with("uncertainHop: always", ESTATE), host).0, "NXDOMAIN", "{host}");
    }
}

#[test]
fn a_deleted_workspace_is_not_taken_for_somebody_elses() {
    let text = format!("{ESTATE}  - name: gone\n    events: [ {{ deleteResource: ws-alpha }} ]\n");
    let (rcode, why) = told(&text, "11111111-1111-4111-8111-111111111111.ods.opinsights.azure.com");
    assert_eq!(rcode, "NXDOMAIN");
    assert!(why.contains("was deleted in step gone"), "{why}");
}

#[test]
fn explanations_say_where_the_knowledge_is_from_and_what_is_assumed() {
    let world = world(ESTATE);
    let net = world.views.of_network("net").expect("it is declared");
    let explained = |name: &str| {
        let question = Question { name: OwnerName::parse(name).expect("a good name"), kind: RecordType::A };
        assert!(decide(&world, net, &question).hops.len() < 8);
        let explanation = explain(&world, net, Chosen::Named, &question);
        explanation.statements.iter().map(|statement| format!("{statement}\n")).collect::<String>()
    };
    let foreign = explained("99999999-9999-4999-8999-999999999999.ods.opinsights.azure.com");
    assert!(foreign.contains("assumed: no workspace here has this name"), "{foreign}");
    assert!(foreign.contains("if it is in any scope, net gets NXDOMAIN from its linked zone"), "{foreign}");
    let statistics = explained("westus-0.in.applicationinsights.azure.com");
    assert!(statistics.contains("the name is known from"), "{statistics}");
    assert!(statistics.contains("in private zone privatelink.monitor.azure.com"), "{statistics}");
    let script = explained("js.monitor.azure.com");
    assert!(script.contains("js.monitor.azure.com is known from azure-monitor-network-access"), "{script}");
}

#[test]
fn test_counts_assumptions_and_can_refuse_them() {
    let spec = "version: 1
networks: { net: { addressSpace: [10.1.0.0/16] } }
steps:
  - name: s
    expect:
      - from: net
        answers:
          99999999-9999-4999-8999-999999999999.ods.opinsights.azure.com: public
          js.monitor.azure.com: public
";
    let counted = run_with(&["test", "-"], spec);
    assert!(counted.starts_with("exit code 0") && counted.contains("based on assumptions: 1 answer"), "{counted}");
    let refused = run_with(&["test", "-", "--no-assumptions"], spec);
    assert!(refused.starts_with("exit code 1") && refused.contains("1 passed, 1 failed"), "{refused}");
}
