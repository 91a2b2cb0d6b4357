//! Every built-in scenario holds what it promises: offline, and over real UDP.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use ampls_dns::assess::Code;
use ampls_dns::assess::verify::verify;
use ampls_dns::compile::Fold;
use ampls_dns::dns::wire::encode_query;
use ampls_dns::dns::{Rcode, RecordType};
use ampls_dns::scenario::expect::{ExpectedAnswer, From};
use ampls_dns::scenario::{Expected, Scenario, builtin};
use ampls_dns::server::{Settings, plan, start};

use crate::exchange::ask;

fn read(name: &str) -> Scenario {
    let text = builtin::text(name).expect("the scenario is built in");
    Scenario::read(name, text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn every_file_is_built_in() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("zones/scenarios");
    let files = std::fs::read_dir(folder).expect("the folder is there").filter_map(|entry| {
        let path = entry.expect("its entries can be read").path();
        let is_scenario = path.extension().is_some_and(|extension| extension == "yaml");
        is_scenario.then(|| path.file_stem().expect("a file has a name").to_string_lossy().into_owned())
    });
    let files: BTreeSet<String> = files.collect();
    let built_in: BTreeSet<String> = builtin::names().map(str::to_owned).collect();
    assert_eq!(files, built_in);
}

#[test]
fn every_expectation_holds() {
    let mut held = 0;
    for name in builtin::names() {
        let scenario = read(name);
        assert!(!scenario.title.is_empty() && !scenario.source.is_empty(), "{name} has title and source");
        assert!(!scenario.expectations.is_empty(), "{name} expects something");
        for case in verify(&Arc::new(scenario.history), &scenario.expectations) {
            held += 1;
            if let Some(mismatch) = case.mismatch {
                let place = case.expectation.place;
                panic!("{place}: {}: expected {}, found {}", case.subject, mismatch.expected, mismatch.found);
            }
        }
    }
    assert!(held > 500, "{held} expectations");
}

#[test]
fn what_is_written_reads_back_to_the_same() {
    for name in builtin::names() {
        let first = read(name);
        let second = Scenario::read(name, first.write().as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
        let events = |scenario: &Scenario| -> Vec<_> {
            scenario.history.events().iter().map(|one| (one.event.clone(), one.date)).collect()
        };
        assert_eq!(events(&first), events(&second), "{name}");
        assert_eq!(first.history.steps(), second.history.steps(), "{name}");
        assert_eq!(first.expectations.len(), second.expectations.len(), "{name}");
    }
}

fn network_of(from: &From) -> Option<&str> {
    match from {
        From::Network(network) => Some(network.as_str()),
        From::Public | From::Machine(_) | From::Subnet(_) => None,
    }
}

#[test]
fn every_answer_is_the_same_over_udp() {
    let mut asked = 0;
    for name in builtin::names() {
        let scenario = read(name);
        let mut fold = Fold::new(&Arc::new(scenario.history.clone()));
        for step in scenario.history.steps() {
            fold.to(step.end);
            let world = Arc::new(fold.compiled());
            if world.state.networks.is_empty() {
                continue;
            }
            let listeners = plan(&world, SocketAddr::from(([127, 0, 0, 1], 0))).listeners;
            let server = start(Settings { listeners, ..Settings::default() }, Arc::clone(&world)).expect("it starts");
            for expectation in scenario.expectations.iter().filter(|one| one.revision == step.end) {
                if let Expected::Chain { from, name: owner, targets } = &expectation.expected {
                    let at = server.address_of(network_of(from)).expect("each network has a listener");
                    let received = ask(at, &encode_query(7, owner, RecordType::A, Some(1232)));
                    let aliases = received.answer.iter().filter(|record| record.kind == RecordType::CNAME);
                    let met: Vec<_> = aliases.map(|record| record.data.to_string()).collect();
                    let wanted: Vec<_> = targets.iter().map(|target| target.dotted().to_string()).collect();
                    assert_eq!(met, wanted, "{}: chain of {owner} over UDP", expectation.place);
                    asked += 1;
                }
                let Expected::Answer { from, name: owner, kind, answer } = &expectation.expected else { continue };
                let at = server.address_of(network_of(from)).expect("each network has a listener");
                let received = ask(at, &encode_query(7, owner, *kind, Some(1232)));
                asked += 1;
                let data: Vec<_> = received
                    .answer
                    .iter()
                    .filter(|record| record.kind == *kind)
                    .map(|record| record.data.to_string().trim_end_matches('.').to_owned())
                    .collect();
                let holds = match answer {
                    ExpectedAnswer::Data(wanted) => {
                        wanted.iter().map(|one| one.trim_end_matches('.')).all(|one| data.iter().any(|own| own == one))
                            && data.len() == wanted.len()
                    }
                    ExpectedAnswer::Public => received.rcode == Rcode::NOERROR && !data.is_empty(),
                    ExpectedAnswer::NameError => received.rcode == Rcode::NXDOMAIN,
                    ExpectedAnswer::NoData => received.rcode == Rcode::NOERROR && data.is_empty(),
                    ExpectedAnswer::Failure => received.rcode == Rcode::SERVFAIL,
                };
                assert!(holds, "{}: {owner} {kind} over UDP: {received:?}", expectation.place);
            }
        }
    }
    assert!(asked > 300, "{asked} questions");
}

#[test]
fn every_finding_is_shown_by_a_scenario() {
    let mut shown = BTreeSet::new();
    for name in builtin::names() {
        for expectation in read(name).expectations {
            if let Expected::Finding(finding) = expectation.expected {
                shown.insert(finding.code);
            }
        }
    }
    // One is made while reading: its scenario cannot be read.
    let text = include_str!("../zones/scenarios/unreadable/a-mode-that-does-not-exist.yaml");
    let errors = Scenario::read("unreadable", text.as_bytes()).expect_err("the mode does not exist").errors;
    shown.extend(errors.iter().filter_map(|error| error.code).map(str::to_owned));
    assert_eq!(Code::InvalidValue.to_string(), ampls_dns::scenario::error::INVALID_VALUE);
    let own = Code::ALL.iter().filter(|code| match code {
        // It says that the program does not know why, which no scenario may show.
        Code::NoRuleSaysWhy => false,
        // They are about what a check was given: nothing, files it could not read whole, entries of `allow`.
        Code::NothingToCheck | Code::ReadInPart | Code::AcceptanceExpired | Code::AcceptanceUnused => false,
        _ => true,
    });
    let missing: Vec<_> = own.map(ToString::to_string).filter(|code| !shown.contains(code)).collect();
    assert!(missing.is_empty(), "no scenario expects {missing:?}");
}

#[test]
fn every_finding_of_a_scenario_is_expected_there() {
    let mut faults = Vec::new();
    for name in builtin::names() {
        let scenario = read(name);
        let history = Arc::new(scenario.history);
        let mut fold = Fold::new(&history);
        for step in history.steps() {
            fold.to(step.end);
            let findings = ampls_dns::assess::Assessment::of(&fold.compiled()).findings;
            // Each is stated with its networks and names.
            let stated = |finding: &&ampls_dns::assess::Finding| {
                let own = scenario.expectations.iter().filter(|one| one.step == *step.name);
                let mut own = own.filter_map(|one| match &one.expected {
                    Expected::Finding(wanted) => Some(wanted),
                    _ => None,
                });
                own.any(|wanted| {
                    wanted.networks.is_some()
                        && wanted.names.is_some()
                        && ampls_dns::assess::verify::finding::is_expected(finding, wanted)
                })
            };
            for finding in findings.iter().filter(|finding| !stated(finding)) {
                faults.push(format!(
                    "{name} at {}: {} of {} is not stated for {:?} with {} names",
                    step.name,
                    finding.code,
                    finding.object,
                    finding.networks,
                    finding.names.len()
                ));
            }
            let found: BTreeSet<String> = findings.iter().map(|finding| finding.code.to_string()).collect();
            let own = scenario.expectations.iter().filter(|one| one.step == *step.name);
            let expected = own.filter_map(|one| match &one.expected {
                Expected::Finding(finding) => Some(finding.code.clone()),
                _ => None,
            });
            let expected: BTreeSet<String> = expected.collect();
            if found != expected {
                faults.push(format!("{name} at {}: expected {expected:?}, found {found:?}", step.name));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Relative names and addresses of the A record sets of a `record-set list`.
fn recorded(json: &str) -> BTreeSet<(String, String)> {
    let sets: serde_json::Value = serde_json::from_str(json).expect("the example is JSON");
    let sets = sets.as_array().expect("it is a list").iter();
    sets.filter_map(|set| {
        let address = set.get("aRecords")?.as_array()?.first()?["ipv4Address"].as_str()?;
        Some((set["name"].as_str()?.to_owned(), address.to_owned()))
    })
    .collect()
}

#[test]
fn the_recorded_override_is_reproduced_name_by_name() {
    let scenario = read("azure-examples-override");
    let wanted = [
        recorded(include_str!("azure-examples/private-dns-record-sets.monitor.cli.json")),
        recorded(include_str!("azure-examples/private-dns-record-sets.monitor.after-override.cli.json")),
        recorded(include_str!("azure-examples/private-dns-record-sets.monitor.after-override-then-delete.cli.json")),
    ];
    let mut fold = Fold::new(&Arc::new(scenario.history.clone()));
    let mut met = Vec::new();
    for step in scenario.history.steps() {
        fold.to(step.end);
        let world = fold.compiled();
        let zones = world.state.zones.values();
        let monitor = zones.filter(|linked| linked.zone.apex().to_string() == "privatelink.monitor.azure.com");
        let sets: BTreeSet<_> = monitor
            .flat_map(|linked| linked.zone.iter())
            .filter_map(|owned| {
                let relative = owned.set.owner().relative_to(&"privatelink.monitor.azure.com".parse().ok()?)?;
                Some((relative, owned.set.addresses().next()?.to_string()))
            })
            .collect();
        met.push(sets);
    }
    // Each recorded moment is the end of a step, and they come in order.
    let at: Vec<_> = wanted.iter().map(|wanted| met.iter().position(|sets| sets == wanted)).collect();
    assert!(at.iter().all(Option::is_some), "{at:?}");
    assert!(at.is_sorted(), "{at:?}");
    assert!(wanted.iter().all(|sets| !sets.is_empty()));
}
