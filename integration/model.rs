//! The product against an independent model: a small implementation of the published rules in Python, written without a look
//! at this crate. Both are given the same random histories; at the end of each step they must give the same answer for every
//! name in every network, the same verdict on every use, and refuse the same events. See `model/README.md`.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;

use ampls_dns::assess::{Assessment, Standing};
use ampls_dns::compile::{Compiled, Fold, ViewId};
use ampls_dns::dns::{OwnerName, RecordType};
use ampls_dns::resolve::{Outcome, Question, decide};
use ampls_dns::scenario::Scenario;
use serde_json::{Map, Value, json};

/// How many histories are compared: CI asks for a thousand (`AMPLS_DNS_HISTORIES`), `cargo test` for fewer.
fn histories() -> String {
    std::env::var("AMPLS_DNS_HISTORIES").unwrap_or_else(|_| "120".to_owned())
}

/// The seed of the first history; each history has the next one. Other seeds give other histories (`AMPLS_DNS_FIRST_HISTORY`).
fn first_history() -> String {
    std::env::var("AMPLS_DNS_FIRST_HISTORY").unwrap_or_else(|_| "1".to_owned())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("integration/model")
}

/// What a name is in a view, in the model's words: addresses, `public` or the code, and the aliases up to the first
/// privatelink name.
fn answer(world: &Compiled, view: ViewId, name: &str, kind: RecordType) -> String {
    let question = Question { name: OwnerName::parse(name).expect("the model asks for good names"), kind };
    let decision = decide(world, view, &question);
    let outcome = match &decision.outcome {
        Outcome::Answer(hop) => {
            let mut addresses: Vec<IpAddr> = hop.owned.set.ip_addresses().collect();
            addresses.sort_by_key(ToString::to_string);
            match addresses.iter().all(|address| matches!(address, IpAddr::V4(own) if own.is_documentation())) {
                true => "public".to_owned(),
                false => addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
            }
        }
        Outcome::NoData { .. } => "NODATA".to_owned(),
        Outcome::NameError { .. } => "NXDOMAIN".to_owned(),
        Outcome::Failure { .. } => return "SERVFAIL".to_owned(),
    };
    let aliases = decision.hops.iter().filter_map(|hop| hop.owned.set.alias()).map(ToString::to_string);
    let aliases: Vec<String> = aliases.collect();
    match aliases.iter().position(|alias| alias.contains("privatelink")) {
        Some(cut) => format!("{outcome} via {}", aliases[..=cut].join(" ")),
        None => outcome,
    }
}

fn step(world: &Compiled, names: &[Value], refused: usize) -> Value {
    let mut answers = Map::new();
    for (view, one) in world.views.iter() {
        let network = one.network.as_ref().map_or("public", |network| network.as_str());
        for asked in names.iter().filter_map(Value::as_str) {
            let (name, kind) = match asked.split_once(' ') {
                Some((name, _)) => (name, RecordType::AAAA),
                None => (asked, RecordType::A),
            };
            answers.insert(format!("{network}|{asked}"), answer(world, view, name, kind).into());
        }
    }
    let assessment = Assessment::of(world);
    let mut unserved = Map::new();
    for one in assessment.unserved() {
        let used = &one.used;
        let name = used.name.to_string();
        // An open session of a machine is a client of its own.
        let client = match &used.machine {
            None => used.network.to_string(),
            Some(machine) => format!("{}/{machine}", used.network),
        };
        let key = match &used.resource {
            None => format!("{client}|*|any|{name}"),
            Some(resource) => format!("{client}|{resource}|{}|{name}", used.operation.name()),
        };
        let standing = match one.standing {
            Standing::Broken => "broken",
            Standing::AtRisk => "atRisk",
            Standing::Closed => "closed",
        };
        unserved.insert(key, format!("{standing} {}", one.cause.code).into());
    }
    let counts = assessment.counts();
    json!({
        "answers": answers,
        "unserved": unserved,
        "counts": { "broken": counts.broken, "atRisk": counts.at_risk, "closed": counts.closed },
        "refused": refused,
    })
}

/// What the product says of a history, a document for each step.
fn product(line: &str) -> Value {
    let given: Value = serde_json::from_str(line).expect("the model writes JSON");
    let scenario = Scenario::read("history.json", given["scenario"].to_string().as_bytes());
    let scenario = scenario.unwrap_or_else(|errors| panic!("{errors}\n{}", given["scenario"]));
    let history = Arc::new(scenario.history);
    let mut fold = Fold::new(&history);
    let mut refused = 0;
    let names = given["names"].as_array().expect("names to ask for");
    let steps = history.steps().iter().map(|own| {
        fold.to(own.end);
        let world = fold.compiled();
        let before = std::mem::replace(&mut refused, world.state.refusals.len());
        step(&world, names, world.state.refusals.len() - before)
    });
    steps.collect()
}

#[test]
#[allow(clippy::print_stdout, reason = "what was compared is the result, shown with --nocapture")]
fn an_independent_model_agrees_and_catches_mutated_rules() {
    let work = tempfile::tempdir().expect("a folder for histories");
    let (given, told) = (work.path().join("histories.jsonl"), work.path().join("product.jsonl"));
    let python = |arguments: &[&std::ffi::OsStr]| {
        let mut command = Command::new("python3");
        command.arg("-B").arg(folder().join("compare.py")).args(arguments);
        command.output().expect("python3 runs")
    };
    let written = python(&["write".as_ref(), histories().as_ref(), given.as_ref(), first_history().as_ref()]);
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    let text = fs::read_to_string(&given).expect("histories");
    let lines: Vec<&str> = text.lines().collect();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<Vec<Value>> = thread::scope(|scope| {
        let share = lines.len().div_ceil(threads).max(1);
        let parts = lines.chunks(share).map(|part| scope.spawn(|| part.iter().map(|line| product(line)).collect()));
        let parts: Vec<_> = parts.collect();
        parts.into_iter().map(|part| part.join().expect("the product answers")).collect()
    });
    let documents: Vec<String> = parts.iter().flatten().map(Value::to_string).collect();
    fs::write(&told, documents.join("\n")).expect("the folder can be written to");
    let compared = python(&["hold".as_ref(), given.as_ref(), told.as_ref()]);
    let (report, errors) = (String::from_utf8_lossy(&compared.stdout), String::from_utf8_lossy(&compared.stderr));
    println!("{report}");
    if let Ok(keep) = std::env::var("AMPLS_DNS_KEEP_HISTORIES") {
        let _copied = fs::copy(&given, Path::new(&keep).join("histories.jsonl"));
        let _copied = fs::copy(&told, Path::new(&keep).join("product.jsonl"));
    }
    assert!(compared.status.success(), "{report}\n{errors}");
}
