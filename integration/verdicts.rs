//! One verdict: the laws of the assessment, over every step of every built-in scenario and over generated histories.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ampls_dns::assess::diff::diff;
use ampls_dns::assess::flow::{Client, flows};
use ampls_dns::assess::{Assessment, Code, Path, Severity, Standing, Timeline, route};
use ampls_dns::compile::{Compiled, Fold, compile};
use ampls_dns::estate::{Event, History, Recorded, ResourceSpec};
use ampls_dns::output::drawing::{Condition, Estate, TimelineView};
use ampls_dns::output::page::Page;
use ampls_dns::output::{findings, story};
use ampls_dns::scenario::{Scenario, builtin};
use proptest::prelude::*;

use crate::fixture::{Server, run};
use crate::generate::{Premise, histories, law};

/// Every built-in scenario's history.
pub fn built_in() -> impl Iterator<Item = (&'static str, Arc<History>)> {
    builtin::names().map(|name| {
        let text = builtin::text(name).expect("it is built in");
        let scenario = Scenario::read(name, text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
        (name, Arc::new(scenario.history))
    })
}

/// A thousand resources cost seconds in the passes that look at each flow again.
/// True for a scenario that takes long.
pub fn is_large(name: &str) -> bool {
    ["limit", "hundred", "thousand"].iter().any(|word| name.contains(word))
}

/// The laws that can be told from one revision alone; what does not hold, in words.
fn broken_laws(world: &Compiled, assessment: &Assessment, each_flow: bool) -> Vec<String> {
    let mut faults = Vec::new();
    let mut fault = |text: String| faults.push(text);
    let mut roots = BTreeSet::new();
    let mut covered: BTreeMap<_, usize> = BTreeMap::new();
    for finding in &assessment.findings {
        let worst = finding.uses.iter().map(|one| one.standing).min();
        for one in assessment.uses_of(finding) {
            *covered.entry(one.clone()).or_default() += 1;
            if (one.cause.code, &one.cause.root) != (finding.code, &finding.root) {
                fault(format!("{} covers a use of another cause", finding.code));
            }
            let used = &one.used;
            let is_listed = finding.names.contains(&used.name)
                && finding.networks.contains(&used.network)
                && used.resource.as_ref().is_none_or(|own| finding.resources.contains(own));
            if Some(one.standing) == worst && !is_listed {
                fault(format!("{} does not list {} in {}", finding.code, used.name, used.network));
            }
        }
        if finding.code == Code::NoRuleSaysWhy {
            fault(format!("no rule explains {:?} in {:?}", finding.names, finding.networks));
        }
        // Sound, and severity follows.
        let own = finding.code.severity_without_uses();
        let expected = match worst {
            Some(Standing::Broken) => Severity::Error,
            Some(Standing::AtRisk) => own.min(Severity::Warning),
            _ => own,
        };
        if finding.severity != expected {
            fault(format!("{} is {} and not {expected}", finding.code, finding.severity));
        }
        if finding.severity == Severity::Error && own != Severity::Error {
            let is_broken = |name| {
                finding.networks.iter().any(|network| assessment.standing(network, name) == Some(Standing::Broken))
            };
            if let Some(name) = finding.names.iter().find(|name| !is_broken(*name)) {
                fault(format!("{} lists {name}, which works", finding.code));
            }
        }
        if !roots.insert((finding.code, finding.root.clone())) {
            fault(format!("{} twice for {:?}", finding.code, finding.root));
        }
        if finding.message.is_empty() || finding.message.contains("  ") || finding.message.ends_with("in ") {
            fault(format!("{} says {:?}", finding.code, finding.message));
        }
    }
    for one in assessment.unserved() {
        if covered.get(&one) != Some(&1) {
            fault(format!("{} in {} is in {:?} findings", one.used.name, one.used.network, covered.get(&one)));
        }
    }
    let counts = assessment.counts();
    let errors = assessment.findings.iter().filter(|one| one.severity == Severity::Error && !one.uses.is_empty());
    if (counts.broken == 0) != (errors.count() == 0) {
        fault(format!("{} broken names and the errors do not agree", counts.broken));
    }
    if !each_flow {
        return faults;
    }
    for (view, network) in world.views.iter().filter_map(|(id, view)| Some((id, view.network.clone()?))) {
        let client = Client::View(view);
        for resource in world.state.resources.keys() {
            for flow in flows(world, &client, resource).iter().filter(|flow| !flow.judgement.allowed) {
                if let Path::Unknown { zone, .. } = &flow.path {
                    // Neither broken nor working: the finding of the zone lists it.
                    let lists = assessment.findings.iter().any(|one| {
                        one.code == Code::UnknownContents
                            && one.zones.contains(zone)
                            && one.names.contains(&flow.name)
                            && one.networks.contains(&network)
                    });
                    if !lists || assessment.of_flow(world, &client, flow).is_some() {
                        fault(format!("{network} to {resource} through {} is unknown and not told so", flow.name));
                    }
                    continue;
                }
                if assessment.of_flow(world, &client, flow).is_none() {
                    fault(format!("{network} to {resource} through {} has no cause", flow.name));
                }
            }
        }
        // Up to the point at which a request arrives, the cause depends on network and name alone.
        let mut causes: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        let own = assessment.unserved().filter(|one| one.used.network == network && one.used.machine.is_none());
        for one in own {
            causes.entry(one.used.name).or_default().insert(one.cause);
        }
        for (name, causes) in causes.into_iter().filter(|(_, causes)| causes.len() > 1) {
            let arrives = matches!(
                route(world, view, &name),
                Path::Public { .. } | Path::PrivateEndpoint { .. } | Path::Blocked { .. }
            );
            if !arrives {
                fault(format!("{name} has {} causes in {network}", causes.len()));
            }
        }
    }
    faults
}

#[test]
fn every_use_that_is_not_served_is_in_one_finding_of_its_cause() {
    let mut faults = Vec::new();
    for (name, history) in built_in() {
        let mut fold = Fold::new(&history);
        for step in history.steps() {
            fold.to(step.end);
            let world = fold.compiled();
            let broken = broken_laws(&world, &Assessment::of(&world), !is_large(name));
            faults.extend(broken.into_iter().map(|fault| format!("{name} at {}: {fault}", step.name)));
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// What each output says of a history's steps: the same number of broken names. Gives it for each step.
fn one_number(name: &str, history: &Arc<History>) -> Vec<usize> {
    let mut fold = Fold::new(history);
    let worlds: Vec<Compiled> = history
        .steps()
        .iter()
        .map(|step| {
            fold.to(step.end);
            fold.compiled()
        })
        .collect();
    let checks: Vec<Assessment> = worlds.iter().map(Assessment::of).collect();
    let told = story::document(&Timeline::of(history.steps(), &worlds, &[], usize::MAX));
    let view = TimelineView::of_worlds(history.steps().to_vec(), worlds.clone(), &[]);
    let page = Page::of(&view);
    for (index, check) in checks.iter().enumerate() {
        let broken = check.counts().broken;
        let rows = told.rows.iter().filter_map(|row| row.cells[index].as_ref());
        let marked = rows.filter(|cell| cell.standing == Some("broken")).count();
        let at = format!("{name} at {}", told.steps[index].name);
        assert_eq!((told.steps[index].broken, marked), (broken, broken), "story of {at}");
        assert_eq!(page.steps[index].broken, broken, "page of {at}");
        assert_eq!(findings::check_document(check).summary.broken, broken, "check of {at}");
        let closing = findings::closing(check);
        let said = closing.split_once(" broken in ").and_then(|(names, _)| names.split(' ').next()?.parse().ok());
        assert_eq!(said.unwrap_or(0), broken, "last line of check of {at}: {closing}");
        let networks = Estate::at(&view, index).networks;
        let drawn: usize = networks.iter().map(|network| network.broken).sum();
        assert_eq!(drawn, broken, "drawing of {at}");
        // What a person reads in the drawing adds up to it.
        let answers = networks.iter().flat_map(|network| &network.answers);
        let read = answers.filter(|one| one.standing == Condition::Broken).map(|one| one.names).sum::<usize>();
        assert_eq!(read, broken, "names in the drawing of {at}");
        if index > 0 {
            let diff = diff(&worlds[index - 1], &worlds[index]);
            let before = checks[index - 1].counts().broken;
            assert_eq!(before + diff.breaks.len() - diff.heals.len(), broken, "diff of {at}");
        }
        let networks = worlds[index].state.networks.keys();
        let by_network: usize =
            networks.map(|network| check.clone().keep(std::slice::from_ref(network)).counts().broken).sum();
        assert_eq!(by_network, broken, "the sum over networks of {at}");
    }
    checks.iter().map(|check| check.counts().broken).collect()
}

#[test]
fn every_output_gives_the_same_number() {
    for (name, history) in built_in().filter(|(name, _)| !is_large(name)) {
        one_number(name, &history);
    }
}

#[test]
fn every_output_gives_the_same_number_for_any_history() {
    law(24, 50, histories(), |history| {
        let broken = one_number("a history", &Arc::new(history));
        Ok(Premise::of(broken.windows(2).any(|two| two[0] != two[1])))
    });
}

#[test]
fn the_server_and_the_command_line_give_the_same_number() {
    for (name, history) in built_in().filter(|(name, _)| !is_large(name)) {
        let server = Server::start(&["--scenario", name, "--listen", "127.0.0.1:0"]);
        let mut fold = Fold::new(&history);
        for step in history.steps() {
            fold.to(step.end);
            let world = fold.compiled();
            let check = Assessment::of(&world);
            let (broken, at) = (check.counts().broken, format!("{name} at {}", step.name));
            let moved = server.post("/v1/steps/goto", &serde_json::json!({ "step": &*step.name }).to_string());
            assert_eq!(moved.0, 200, "{at}: {moved:?}");
            assert_eq!(server.get("/v1/state")["assessment"]["broken"], broken, "state of {at}");
            let (_, _, metrics) = server.http("GET", "/metrics", &[], "");
            let metrics = metrics.as_str().unwrap_or_default();
            let line = format!("ampls_dns_broken_names {broken}\n");
            assert!(metrics.contains(&line), "metrics of {at}: no {line}");
            let errors = check.findings.iter().any(|one| one.severity == Severity::Error);
            assert_eq!(server.get("/v1/findings").as_array().map(Vec::len), Some(check.findings.len()), "{at}");
            if let Some(network) = world.state.networks.keys().next() {
                let told = server.get(&format!("/v1/findings?network={network}"));
                let own = check.clone().keep(std::slice::from_ref(network)).findings.len();
                assert_eq!(told.as_array().map(Vec::len), Some(own), "{network}, {at}");
            }
            // The exit code of `check` follows from the same findings.
            assert_eq!(errors, findings::check_document(&check).summary.errors > 0, "{at}");
        }
    }
}

#[test]
fn exit_codes_and_flows_follow_from_the_same_number() {
    for step in ["before", "first-scope", "second-scope", "second-endpoint-deleted"] {
        let check = run(&["check", "--at", step]);
        let broken = |text: &str, what: &str| {
            let line = text.lines().find(|line| line.contains(what)).unwrap_or_default();
            let number = line.split(" name").next().and_then(|head| head.rsplit(' ').next()?.parse::<usize>().ok());
            number.unwrap_or(0)
        };
        let whole = broken(&check, " broken in ");
        assert_eq!(check.starts_with("exit code 1"), whole > 0, "{check}");
        let each = |network| broken(&run(&["flows", "--from", network, "--at", step]), " denied; ");
        assert_eq!(each("vnet1") + each("vnet2"), whole, "flows at {step}");
    }
}

/// The findings without the revisions, which count declarations.
fn of(history: &Arc<History>, step: usize) -> Vec<(Code, Severity, String, Vec<String>)> {
    let world = compile(history, history.steps()[step].end);
    let findings = Assessment::of(&world).findings.into_iter().map(|one| {
        let lists = one.names.iter().map(ToString::to_string).chain(one.networks.iter().map(ToString::to_string));
        (one.code, one.severity, one.message, lists.collect())
    });
    findings.collect()
}

/// The history with networks and resources of one kind that are created one after the other turned round. True if that changed it.
fn turned(history: &History) -> (Arc<History>, bool) {
    let events = history.events();
    let mut other = History::new(history.cloud);
    other.switches = history.switches;
    other.public.clone_from(&history.public);
    let mut is_changed = false;
    let mut part = |events: &[Recorded], other: &mut History| {
        for run in events.chunk_by(are_alike) {
            let names: BTreeSet<_> = run.iter().filter_map(created).map(|(_, name)| name).collect();
            let is_turned = names.len() == run.len() && run.len() > 1;
            is_changed |= is_turned;
            let run: Vec<&Recorded> = if is_turned { run.iter().rev().collect() } else { run.iter().collect() };
            for recorded in run {
                other.push(recorded.clone());
            }
        }
    };
    part(&events[..history.declared().0 as usize], &mut other);
    other.end_declarations();
    for (index, step) in history.steps().iter().enumerate() {
        let own = history.revisions_of(index);
        part(&events[own.start as usize - 1..own.end as usize - 1], &mut other);
        other.end_step(&step.name, &step.about);
        if let Some(date) = step.date {
            other.date_empty_step(date);
        }
    }
    (Arc::new(other), is_changed)
}

/// The kind and name of what an event creates, for networks and resources.
fn created(recorded: &Recorded) -> Option<(u8, String)> {
    match &recorded.event {
        Event::CreateNetwork(spec) => Some((0, spec.name.to_string())),
        Event::PutResource(spec) => {
            let kind = match spec {
                ResourceSpec::Workspace(_) => 1,
                ResourceSpec::Component(_) => 2,
                ResourceSpec::DataCollectionEndpoint(_) => 3,
                ResourceSpec::DataCollectionRule(_) => 4,
                ResourceSpec::Service(_) => 5,
            };
            Some((kind, spec.name().to_string()))
        }
        _ => None,
    }
}

/// True if two events create things of one kind on one day.
fn are_alike(one: &Recorded, other: &Recorded) -> bool {
    let kind = |recorded| created(recorded).map(|(kind, _)| kind);
    kind(one).is_some() && kind(one) == kind(other) && one.date == other.date
}

#[test]
fn the_order_of_declarations_does_not_matter() {
    for (name, history) in built_in().filter(|(name, _)| !is_large(name)) {
        let (other, _) = turned(&history);
        for index in 0..history.steps().len() {
            assert_eq!(of(&history, index), of(&other, index), "{name} at {}", history.steps()[index].name);
        }
    }
}

#[test]
fn the_order_of_declarations_does_not_matter_in_any_history() {
    law(48, 60, histories(), |history| {
        let (other, is_changed) = turned(&history);
        let history = Arc::new(history);
        let last = history.steps().len() - 1;
        let findings = of(&history, last);
        prop_assert_eq!(&findings, &of(&other, last));
        Ok(Premise::of(is_changed && !findings.is_empty()))
    });
}

/// Being linked to a scope's zones shows what was meant, even where no packet gets to its endpoint.
#[test]
fn a_network_that_gets_a_private_name_of_a_scope_was_meant_to_use_its_resources() {
    const TEXT: &str = "
version: 1
networks:
  near: { addressSpace: [10.0.1.0/24], subnets: { endpoints: 10.0.1.0/26 } }
  far: { addressSpace: [10.0.2.0/24] }
workspaces:
  ws: { customerId: 11111111-1111-4111-8111-111111111111, location: westeurope, publicNetworkAccessForIngestion: Disabled }
steps:
  - name: without-the-zone-of-logs
    events:
      - createPrivateDnsZones: { resourceGroup: rg, zones: [privatelink.monitor.azure.com], links: { far: {} } }
      - createPrivateLinkScope: { name: ampls, ingestionAccessMode: Open, queryAccessMode: Open }
      - addScopedResource: { scope: ampls, resource: ws }
      - createPrivateEndpoint: { name: pe, scope: ampls, subnet: near/endpoints, zoneGroup: { resourceGroup: rg, zones: [privatelink.monitor.azure.com] } }
";
    let scenario = Scenario::read("far.yaml", TEXT.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
    let history = Arc::new(scenario.history);
    let assessment = Assessment::of(&compile(&history, history.last()));
    let logs = "11111111-1111-4111-8111-111111111111.ods.opinsights.azure.com".parse().expect("a name");
    assert_eq!(assessment.standing(&"far".into(), &logs), Some(Standing::Broken));
}

#[test]
fn the_laws_hold_for_any_history() {
    law(96, 60, histories(), |history| {
        let history = Arc::new(history);
        let world = compile(&history, history.last());
        let assessment = Assessment::of(&world);
        let faults = broken_laws(&world, &assessment, true);
        prop_assert!(faults.is_empty(), "{}", faults.join("\n"));
        let is_broken = assessment.counts().broken > 0;
        Ok(Premise::of(is_broken && assessment.findings.iter().any(|one| one.severity != Severity::Error)))
    });
}

/// A machine opens a session to a data collection endpoint before its agent is configured by it, and then a rule denies public
/// addresses.
const LATER_ASSOCIATION: &str = "
version: 1
networks: { net: { addressSpace: [10.0.1.0/24] } }
dataCollectionEndpoints:
  dce: { location: westeurope, configurationAccess: dce-ab12.westeurope-1.handler.control.monitor.azure.com, logsIngestion: dce-ab12.westeurope-1.ingest.monitor.azure.com }
virtualMachines: { vm: { network: net, associations: { dataCollectionRules: [] } } }
steps:
  - name: sending
    events: [{ openSession: { machine: vm, resource: dce } }]
  - name: denied
    events: [{ setOutboundRule: { network: net, action: Deny } }]
  - name: associated
    events: [{ setAssociations: { machine: vm, associations: { configurationAccessEndpoint: dce } } }]
";

#[test]
fn a_session_has_no_names_that_were_not_in_use_when_it_was_opened() {
    let scenario =
        Scenario::read("later.yaml", LATER_ASSOCIATION.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
    let history = Arc::new(scenario.history);
    let world = compile(&history, history.last());
    let flows = flows(&world, &Client::Machine("vm".into()), &"dce".into());
    let of = |label: &str| flows.iter().find(|flow| flow.name.to_string().contains(label)).expect("the flow is there");
    assert!(matches!(of("westeurope-1.ingest").path, Path::Public { .. }), "the session stays open");
    let config = of("westeurope-1.handler.control");
    assert!(matches!(config.path, Path::Blocked { .. }) && config.session.is_none(), "{config:?}");
}

/// Nothing of Azure Monitor is private here, and one zone is linked before anybody writes to it.
const EMPTY_ZONE: &str = "version: 1
networks: { net: { addressSpace: [10.41.1.0/24] } }
virtualMachines: { vm: { network: net } }
steps:
- name: before
- name: linked
  events:
  - createPrivateDnsZones: { resourceGroup: rg, zones: [privatelink.monitor.azure.com], links: { net: {} } }
";

#[test]
fn names_that_an_empty_zone_takes_away_are_shown_everywhere() {
    let file = std::env::temp_dir().join(format!("ampls-dns-empty-zone-{}.yaml", std::process::id()));
    std::fs::write(&file, EMPTY_ZONE).expect("a file can be written");
    let file = file.to_str().expect("the path is text");
    // The seven names that belong to all customers, although the estate declares no resource.
    let shared = [
        "api.monitor.azure.com",
        "diagservices-query.monitor.azure.com",
        "global.handler.control.monitor.azure.com",
        "global.in.ai.monitor.azure.com",
        "live.monitor.azure.com",
        "profiler.monitor.azure.com",
        "snapshot.monitor.azure.com",
    ];
    let (before, after) = (format!("{file}@before"), format!("{file}@linked"));
    for arguments in [
        &["story", file][..],
        &["story", file, "--client", "vm"],
        &["story", file, "--format", "json"],
        &["story", file, "--format", "html"],
        &["diff", &before, &after],
        &["check", file],
    ] {
        let text = run(arguments);
        for name in shared {
            assert!(text.contains(name), "{arguments:?} does not show {name}:\n{text}");
        }
        assert!(text.contains("NXDOMAIN"), "{arguments:?}:\n{text}");
    }
    for format in ["svg", "mermaid"] {
        let text = run(&["story", file, "--format", format, "--at", "linked"]);
        assert!(text.contains("7 names: NXDOMAIN"), "{format}:\n{text}");
    }
}
