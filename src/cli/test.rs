//! `test`: expectations, held against what scenarios say and what servers reply.

mod record;
mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};

use self::server::{Server, Servers};
use super::input::{self, Read};
use super::{Outcome, Result, StepArguments, format, output};
use crate::assess::verify::{Asked, Case, Mismatch, verify};
use crate::client::dns::{Patience, Task};
use crate::compile::compile;
use crate::dns::RecordType;
use crate::estate::{Event, Revision};
use crate::output::verification::{self, TestFormat, Verified};
use crate::scenario::expect::From;
use crate::scenario::{Document, Expectation, Spec, builtin};
use crate::server::{listen, plan};

/// Hold expectations against scenarios or DNS servers; exit code 1 if one does not hold
#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  \
        ampls-dns test                                              all built-in scenarios\n  \
        ampls-dns test my-estate.yaml --format junit                the `expect:` of a scenario's steps\n  \
        ampls-dns test spec.yaml --scenario my-estate.yaml          a spec, against a scenario\n  \
        ampls-dns test spec.yaml --server vnet1=127.0.0.1:5301      the same, against a server\n  \
        ampls-dns test spec.yaml --server 10.0.0.4 --from vnet1     inside a real network\n  \
        ampls-dns test record --server 10.0.0.4 --from vnet1 api.monitor.azure.com > spec.yaml\n\n\
        A spec is a YAML file with expectations alone; `ampls-dns schema spec` prints its JSON Schema."
)]
pub(super) struct TestArguments {
    #[command(subcommand)]
    verb: Option<TestVerb>,
    /// Specs and scenarios: files, names of built-in scenarios, or - for standard input; without any, all built-in ones
    #[arg(value_name = "SPEC")]
    specs: Vec<String>,
    /// Scenario that specs are held against, instead of the one they name: a file or the name of a built-in one. Without any
    /// spec, the scenario's own expectations are held
    #[arg(long, value_name = "FILE|NAME", env = "AMPLS_DNS_SCENARIO")]
    scenario: Option<String>,
    #[command(flatten)]
    step: StepArguments,
    #[command(flatten)]
    asking: AskingArguments,
    /// Fail on answers that rest on an assumption, such as those for workspaces that the scenario does not declare
    #[arg(long)]
    no_assumptions: bool,
    /// How long to ask a server again until it says what is expected, where the spec does not say it, such as 30s
    #[arg(long, value_name = "TIME", value_parser = duration)]
    within: Option<Duration>,
    /// Fail if an expectation was not looked at
    #[arg(long)]
    fail_on_skip: bool,
    /// Form of the output
    #[arg(long, value_parser = format::of::<TestFormat>(), default_value = "text")]
    format: TestFormat,
}

#[derive(Subcommand, Debug)]
enum TestVerb {
    Record(record::RecordArguments),
}

/// Which servers are asked, and how.
#[derive(Args, Debug)]
struct AskingArguments {
    /// DNS server to ask, for one network or for the one in --from; may be given several times
    #[arg(long, value_name = "[NETWORK=]ADDR[:PORT]")]
    server: Vec<Server>,
    /// The network in which a --server without a network stands, or public
    #[arg(long, value_name = "NETWORK")]
    from: Option<String>,
    /// How long one try waits for a reply
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "2s")]
    timeout: Duration,
    /// How often a query is sent over UDP before the server counts as silent
    #[arg(long, value_name = "NUMBER", default_value = "3")]
    tries: NonZeroU32,
}

impl AskingArguments {
    fn patience(&self) -> Patience {
        Patience { timeout: self.timeout, tries: self.tries }
    }

    fn servers(&self) -> Servers {
        Servers::of(&self.server, self.from.as_deref())
    }
}

/// Why a test cannot be run.
#[derive(Debug, thiserror::Error)]
enum TestError {
    #[error(
        "the spec `{0}` names no scenario, and there is no server\nhint: add `scenario:` to it, or give --scenario or --server"
    )]
    NothingToHold(String),
    #[error(
        "the spec `{0}` asks from networks, and nobody says in which one the server stands\nhint: add --from NETWORK, or \
         give the server as NETWORK=ADDR:PORT"
    )]
    NoNetwork(String),
    #[error("--from says where a server stands, and there is none\nhint: add --server ADDR:PORT")]
    NoServer,
    #[error(
        "`{0}` is a scenario with expectations of its own, and --scenario names another one\nhelp: --scenario (or \
         AMPLS_DNS_SCENARIO) is for specs; leave it out here"
    )]
    NotASpec(String),
    #[error("unknown network `{network}` in --server or --from\nhelp: {hint}")]
    UnknownNetwork { network: String, hint: String },
}

/// Servers were given, and no question was for any of them.
#[derive(Debug, thiserror::Error)]
#[error(
    "nothing was asked over the network\nhelp: none of the expectations is a question from a network that has a server"
)]
struct NothingAsked;

/// Expectations were not looked at, and `--fail-on-skip` was given.
#[derive(Debug, thiserror::Error)]
#[error("{0} not looked at, and --fail-on-skip was given")]
struct Skipped(String);

pub(super) fn run(arguments: &TestArguments) -> Result {
    if let Some(TestVerb::Record(record)) = &arguments.verb {
        return record::run(record);
    }
    let all: Vec<String> = match (&arguments.specs[..], &arguments.scenario) {
        ([], Some(scenario)) => vec![scenario.clone()],
        ([], None) => builtin::names().map(str::to_owned).collect(),
        (specs, _) => specs.to_vec(),
    };
    if arguments.asking.server.is_empty() && arguments.asking.from.is_some() {
        return Err(TestError::NoServer.into());
    }
    let mut verified = Vec::with_capacity(all.len());
    for name in &all {
        let cases = match input::read_document(name)? {
            (found, Document::Scenario(scenario)) => {
                if arguments.scenario.as_ref().is_some_and(|other| other != name) {
                    return Err(TestError::NotASpec(name.clone()).into());
                }
                scenario_cases(arguments, &Read { name: found, scenario: *scenario })?
            }
            (_, Document::Spec(spec)) => spec_cases(arguments, name, spec)?,
        };
        let cases = if arguments.no_assumptions { cases.into_iter().map(refuse_assumption).collect() } else { cases };
        verified.push(Verified { name: name.clone(), cases });
    }
    output::print(&verification::print(&verified, arguments.format))?;
    let cases = || verified.iter().flat_map(|one| &one.cases);
    let mut outcome = if verified.iter().all(Verified::holds) { Outcome::Done } else { Outcome::Failed };
    // A case that was asked over the network has the `dig` line of its server.
    if !arguments.asking.server.is_empty() && !cases().any(|case| case.skipped.is_none() && case.command.is_some()) {
        output::complain(&NothingAsked);
        outcome = Outcome::Failed;
    }
    let skipped = cases().filter(|case| case.skipped.is_some()).count();
    if arguments.fail_on_skip && skipped > 0 {
        output::complain(&Skipped(crate::output::count(skipped, "expectation")));
        outcome = Outcome::Failed;
    }
    Ok(outcome)
}

/// A case whose answer is as expected, on an assumption nobody wants to rest on.
fn refuse_assumption(case: Case) -> Case {
    let refused = case.assumed.as_ref().map(|assumed| Mismatch {
        expected: "an answer that rests on no assumption".to_owned(),
        found: assumed.clone(),
    });
    Case { mismatch: case.mismatch.clone().or(refused), ..case }
}

/// A scenario's own expectations: without a server all of them, or those of one step; with one those of the step it is
/// taken to stand at.
fn scenario_cases(
    arguments: &TestArguments,
    read: &Read,
) -> std::result::Result<Vec<Case>, Box<dyn std::error::Error>> {
    let one_step = !arguments.asking.server.is_empty() || arguments.step.at.is_some();
    let at = read.revision(&arguments.step)?;
    let (held, other): (Vec<_>, Vec<_>) =
        read.scenario.expectations.iter().cloned().partition(|one| !one_step || one.revision == at);
    let mut cases = cases(arguments, &read.name, Some(read), &held)?;
    cases.extend(other.iter().map(|one| Case::skipped(one, "holds at another step")));
    Ok(cases)
}

fn spec_cases(
    arguments: &TestArguments,
    name: &str,
    spec: Spec,
) -> std::result::Result<Vec<Case>, Box<dyn std::error::Error>> {
    let beside = |scenario: &str| match Path::new(name).parent().map(|folder| folder.join(scenario)) {
        Some(path) if name != "-" && path.exists() => path.to_string_lossy().into_owned(),
        _ => scenario.to_owned(),
    };
    let scenario = arguments.scenario.clone().or_else(|| spec.scenario.as_deref().map(beside));
    let read = match scenario {
        Some(scenario) => Some(input::read(&scenario)?),
        None if arguments.asking.server.is_empty() => return Err(TestError::NothingToHold(name.to_owned()).into()),
        None => None,
    };
    let at = arguments.step.at.clone().or_else(|| spec.at.as_ref().map(|(step, _)| step.clone()));
    let revision = match &read {
        Some(read) => read.revision(&StepArguments { at: at.clone() })?,
        None => Revision::default(),
    };
    let step = at.unwrap_or_default();
    let expectations: Vec<_> = spec
        .expectations
        .into_iter()
        .map(|expectation| Expectation { step: step.clone(), revision, ..expectation })
        .collect();
    cases(arguments, name, read.as_ref(), &expectations)
}

/// Holds expectations: questions against the servers, where there are any; the rest, and without servers everything,
/// against the scenario.
fn cases(
    arguments: &TestArguments,
    name: &str,
    read: Option<&Read>,
    expectations: &[Expectation],
) -> std::result::Result<Vec<Case>, Box<dyn std::error::Error>> {
    let servers = arguments.asking.servers();
    if servers.is_empty() {
        let read = read.expect("without a server there is a scenario");
        let mut cases = verify(&Arc::new(read.scenario.history.clone()), expectations);
        commands(read, &mut cases);
        return Ok(cases);
    }
    known_networks(arguments, &servers, read, expectations)?;
    let mut cases: Vec<Option<Case>> = Vec::with_capacity(expectations.len());
    let (mut tasks, mut asked) = (Vec::new(), Vec::new());
    for expectation in expectations {
        let Some(question) = Asked::of(expectation) else {
            cases.push(Some(match read {
                Some(read) => {
                    let held = verify(&Arc::new(read.scenario.history.clone()), std::slice::from_ref(expectation));
                    held.into_iter().next().expect("there is a case for each expectation")
                }
                None => Case::skipped(expectation, "no question, and there is no --scenario"),
            }));
            continue;
        };
        if !matches!(question.from, From::Subnet(_)) && servers.lacks_network() {
            return Err(TestError::NoNetwork(name.to_owned()).into());
        }
        cases.push(match servers.of_asker(&question.from) {
            Some(server) => {
                let within = arguments.within.unwrap_or_default();
                tasks.push(Task { server, expectation, within });
                asked.push((cases.len(), question));
                None
            }
            None => Some(Case::skipped(expectation, &format!("no server for {}", question.from.name()))),
        });
    }
    let results = arguments.asking.patience().hold_all(&tasks);
    for ((task, (index, question)), mismatch) in tasks.iter().zip(asked).zip(results) {
        let command = Some(question.dig(task.server));
        cases[index] = Some(Case { command, ..Case::held(task.expectation, mismatch) });
    }
    Ok(cases.into_iter().map(|case| case.expect("every expectation was looked at or skipped")).collect())
}

/// Refuses servers for networks that neither the scenario nor any expectation has.
fn known_networks(
    arguments: &TestArguments,
    servers: &Servers,
    read: Option<&Read>,
    expectations: &[Expectation],
) -> std::result::Result<(), TestError> {
    let asked = expectations.iter().filter_map(Asked::of).filter_map(|asked| match asked.from {
        From::Network(name) => Some(name.to_string()),
        _ => None,
    });
    let mut known: BTreeSet<String> = asked.collect();
    known.extend(read.iter().flat_map(|read| read.scenario.history.events()).filter_map(
        |recorded| match &recorded.event {
            Event::CreateNetwork(network) => Some(network.name.to_string()),
            _ => None,
        },
    ));
    known.insert("public".to_owned());
    let given = servers.named().iter().map(|(network, _)| network).chain(&arguments.asking.from);
    for network in given {
        if !known.contains(network) {
            let names: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
            let hint = format!("expected one of {}", names.join(", "));
            return Err(TestError::UnknownNetwork { network: network.clone(), hint });
        }
    }
    Ok(())
}

/// The `dig` lines of cases that fail: what `serve` would be asked at its own ports.
fn commands(read: &Read, cases: &mut [Case]) {
    let history = Arc::new(read.scenario.history.clone());
    let mut plans = BTreeMap::new();
    for case in cases.iter_mut().filter(|case| case.mismatch.is_some()) {
        let Some(asked) = Asked::of(&case.expectation) else { continue };
        let revision = case.expectation.revision;
        let plan = plans.entry(revision).or_insert_with(|| plan(&compile(&history, revision), listen::DEFAULT_ADDRESS));
        let step = input::step_at(&history, revision).map_or_else(String::new, |step| format!(" --at {step}"));
        let network = match &asked.from {
            From::Network(name) => Some(name.as_str()),
            _ => None,
        };
        let meant = plan.listeners.iter().find(|one| one.network.as_ref().map(|own| own.as_str()) == network);
        case.command = meant
            .map(|listener| format!("{}   # at: ampls-dns serve {}{step}", asked.dig(listener.address), read.name));
    }
}

fn duration(text: &str) -> std::result::Result<Duration, String> {
    let read = text.parse::<jiff::SignedDuration>().ok().filter(jiff::SignedDuration::is_positive);
    read.map(|time| time.unsigned_abs()).ok_or_else(|| "write a number and a unit, such as 500ms, 5s or 2m".to_owned())
}

/// A name, and a type behind a blank; A without it.
fn question(text: &str) -> std::result::Result<(crate::dns::OwnerName, RecordType), Box<dyn std::error::Error>> {
    let (name, kind) = text.split_once(' ').unwrap_or((text, "A"));
    Ok((input::owner_name(name)?, input::record_type(kind.trim())?))
}
