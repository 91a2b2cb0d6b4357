//! `test`: expectations, held against what scenarios say and what servers reply.

mod record;
pub(super) mod server;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};

use self::server::{Server, Servers};
use super::client::ServerArguments;
use super::input::{self, Read};
use super::{Outcome, Result, StepArguments, format, output};
use crate::assess::verify::{self, Case, Mismatch, SentQuestion, Verifier};
use crate::client::dns::{Patience, Task, TaskOutcome};
use crate::compile::compile;
use crate::dns::RecordType;
use crate::estate::{Event, History, Revision};
use crate::output::verification::{Printer, TestFormat, Verified};
use crate::scenario::expect::From;
use crate::scenario::{Document, Expectation, Spec, builtin};
use crate::server::{Plan, listen, plan};

/// Check expectations against scenarios or DNS servers; exit code 1 if one fails
#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    after_long_help = "Examples:\n  \
        ampls-dns test                                              all built-in scenarios\n  \
        ampls-dns test my-estate.yaml --format junit                the `expect:` of a scenario's steps\n  \
        ampls-dns test spec.yaml --scenario my-estate.yaml          a spec, against a scenario\n  \
        ampls-dns test spec.yaml --server vnet1=127.0.0.1:5301      the same, against a server\n  \
        ampls-dns test spec.yaml --server 10.0.0.4 --from vnet1     inside a real network\n  \
        ampls-dns test record --server 10.0.0.4 --from vnet1 api.monitor.azure.com > spec.yaml\n  \
        ampls-dns test my-estate.yaml --filter vnet1 --watch        one network's, again when the file changes\n\n\
        A spec is a YAML file with expectations alone; `ampls-dns schema spec` prints its JSON Schema."
)]
pub(super) struct TestArguments {
    #[command(subcommand)]
    verb: Option<TestVerb>,
    /// Specs and scenarios: files, names of built-in scenarios, or - for standard input [default: all built-in scenarios]
    #[arg(value_name = "SPEC")]
    specs: Vec<String>,
    /// Scenario to check specs against, instead of the one they name: a file or the name of a built-in one. Without a spec,
    /// the scenario's own expectations are checked
    #[arg(long, value_name = "FILE|NAME", env = "AMPLS_DNS_SCENARIO")]
    scenario: Option<String>,
    #[command(flatten)]
    step: StepArguments,
    #[command(flatten)]
    asking: AskingArguments,
    /// Admin address of the server, if it is ampls-dns: a spec for a step that is not the current one is refused
    #[arg(long, value_name = "URL|ADDRESS:PORT", requires = "server")]
    admin: Option<String>,
    /// File with the token of the admin address
    #[arg(long, value_name = "FILE", requires = "admin")]
    admin_token_file: Option<PathBuf>,
    /// Fail on answers that rest on an assumption, such as those for workspaces that the scenario does not declare
    #[arg(long)]
    no_assumptions: bool,
    /// How long to repeat a query until the server gives the expected answer, such as 30s; a spec can set its own
    #[arg(long, value_name = "TIME", value_parser = duration)]
    within: Option<Duration>,
    /// How many more times to try an expectation that a server does not meet
    #[arg(long, value_name = "NUMBER", default_value = "0", requires = "server", value_parser = clap::value_parser!(u32).range(..=100))]
    retry: u32,
    /// Check only expectations with this text in `FILE STEP SUBJECT`, such as a network or a name; may be given several times
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// Check again when the files change, until the program ends
    #[arg(long)]
    watch: bool,
    /// Fail if an expectation was skipped
    #[arg(long)]
    fail_on_skip: bool,
    /// Output format
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
    /// DNS server to query, for one network or for the one in --from; may be given several times
    #[arg(long, value_name = "[NETWORK=]ADDR[:PORT]")]
    server: Vec<Server>,
    /// Network of a --server without a network, or `public`
    #[arg(long, value_name = "NETWORK")]
    from: Option<String>,
    /// How long one try waits for a reply
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "2s")]
    timeout: Duration,
    /// How often to send a query over UDP before giving up
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
        "the spec `{0}` names no scenario, and there is no server\nhelp: add `scenario:` to it, or give --scenario or --server"
    )]
    NothingToHold(String),
    #[error(
        "the spec `{0}` asks from networks, but the network of the server is not given\nhelp: add --from NETWORK, or \
         give the server as NETWORK=ADDR:PORT"
    )]
    NoNetwork(String),
    #[error("--from names the network of a server, but no server is given\nhelp: add --server ADDR:PORT")]
    NoServer,
    #[error(
        "`{0}` is a scenario with expectations of its own, and --scenario names another one\nhelp: --scenario (or \
         AMPLS_DNS_SCENARIO) is for specs; remove it here"
    )]
    NotASpec(String),
    #[error("no expectation matches {0}\nhelp: --filter searches `FILE STEP SUBJECT` for a text and ignores case")]
    NothingMatches(String),
    #[error("--admin names no running server: {0}")]
    Admin(String),
    #[error(
        "the server is at step `{server}`, but `{file}` is written for step `{wanted}`\nhelp: `ampls-dns step {wanted}` moves the server there; --at selects the expectations of another step"
    )]
    OtherStep { server: String, file: String, wanted: String },
    #[error("unknown network `{network}` in --server or --from\nhelp: {hint}")]
    UnknownNetwork { network: String, hint: String },
}

/// Servers were given, and no question was for any of them.
#[derive(Debug, thiserror::Error)]
#[error(
    "no query was sent\nhelp: add --server for a network that the expectations use; only answers, chains and replies are queries"
)]
struct NothingAsked;

/// Expectations were skipped, and `--fail-on-skip` was given.
#[derive(Debug, thiserror::Error)]
#[error("{0} skipped, and --fail-on-skip was given")]
struct Skipped(String);

pub(super) fn run(arguments: &TestArguments) -> Result {
    if let Some(TestVerb::Record(record)) = &arguments.verb {
        return record::run(record);
    }
    if arguments.watch {
        return watch::run(arguments);
    }
    Run::new(arguments).hold()
}

/// One time through all specs.
struct Run<'a> {
    arguments: &'a TestArguments,
    printer: Printer,
    /// Files that were read.
    read: Vec<PathBuf>,
    /// The step that the server is at, where it was asked.
    server_step: Option<String>,
    /// The spec or scenario that is verified now.
    file: String,
    /// What stopped the output, if anything did.
    unwritten: Option<Box<dyn std::error::Error>>,
}

impl<'a> Run<'a> {
    fn new(arguments: &'a TestArguments) -> Self {
        Self {
            arguments,
            printer: Printer::new(arguments.format),
            read: Vec::new(),
            server_step: None,
            file: String::new(),
            unwritten: None,
        }
    }

    /// Verifies everything and prints the results: a whole document also if a file cannot be read.
    fn hold(&mut self) -> Result {
        output::print(self.printer.begin())?;
        let mut verified = Vec::new();
        self.hold_all(&mut verified).or_else(|error| {
            let errors = input::errors_of(&*error, &self.file);
            output::print(&self.printer.failed(&verified, &self.file, &errors))?;
            Err(error)
        })
    }

    fn hold_all(&mut self, verified: &mut Vec<Verified>) -> Result {
        let arguments = self.arguments;
        let all: Vec<String> = match (&arguments.specs[..], &arguments.scenario) {
            ([], Some(scenario)) => vec![scenario.clone()],
            ([], None) => builtin::names().map(str::to_owned).collect(),
            (specs, _) => specs.to_vec(),
        };
        self.file = all.first().cloned().unwrap_or_default();
        if arguments.asking.server.is_empty() && arguments.asking.from.is_some() {
            return Err(TestError::NoServer.into());
        }
        if let Some(admin) = &arguments.admin {
            let server = ServerArguments::of(Some(admin), arguments.admin_token_file.clone());
            let state = server.map_err(TestError::Admin)?.client()?.get("/v1/state")?;
            self.server_step = state["step"].as_str().map(str::to_owned);
        }
        for name in &all {
            self.file.clone_from(name);
            self.note(Path::new(name));
            let document = input::read_document(name, &mut |path| self.note(path))?;
            let (mut title, mut about) = (String::new(), String::new());
            let cases = match document {
                (found, Document::Scenario(scenario)) => {
                    if arguments.scenario.as_ref().is_some_and(|other| other != name) {
                        return Err(TestError::NotASpec(name.clone()).into());
                    }
                    self.scenario_cases(name, &Read { name: found, scenario: *scenario, report: None })?
                }
                (_, Document::Spec(spec)) => {
                    (title, about) = (spec.title.to_string(), spec.about.to_string());
                    self.spec_cases(name, spec)?
                }
            };
            if cases.is_empty() && !arguments.filter.is_empty() {
                continue;
            }
            let one = Verified { name: name.clone(), title, about, cases };
            output::print(&self.printer.file(&one))?;
            verified.push(one);
        }
        if let Some(error) = self.unwritten.take() {
            return Err(error);
        }
        if verified.is_empty() && !arguments.filter.is_empty() {
            let filters: Vec<_> = arguments.filter.iter().map(|one| format!("`--filter {one}`")).collect();
            return Err(TestError::NothingMatches(filters.join(" or ")).into());
        }
        output::print(&self.printer.end(verified))?;
        Ok(self.outcome(verified))
    }

    fn outcome(&self, verified: &[Verified]) -> Outcome {
        let cases = || verified.iter().flat_map(|one| &one.cases);
        let mut outcome = if verified.iter().all(Verified::holds) { Outcome::Done } else { Outcome::Failed };
        // A case that was asked over the network has the `dig` line of its server.
        let sent = |case: &Case| case.skipped.is_none() && case.command.is_some();
        if !self.arguments.asking.server.is_empty() && !cases().any(sent) {
            output::complain(&NothingAsked);
            outcome = Outcome::Failed;
        }
        let skipped = cases().filter(|case| case.skipped.is_some()).count();
        if self.arguments.fail_on_skip && skipped > 0 {
            output::complain(&Skipped(crate::output::count(skipped, "expectation")));
            outcome = Outcome::Failed;
        }
        outcome
    }

    /// A file that is read, if it is one and not a built-in scenario or standard input.
    fn note(&mut self, path: &Path) {
        if path.exists() && !self.read.iter().any(|own| own == path) {
            self.read.push(path.to_owned());
        }
    }

    /// A case that is known now: it is printed at once where the format has it.
    fn known(&mut self, file: &str, case: Case) -> Case {
        let case = if self.arguments.no_assumptions { refuse_assumption(case) } else { case };
        if let Err(error) = output::print(&self.printer.case(file, &case)) {
            self.unwritten.get_or_insert(error);
        }
        case
    }

    /// True if it matches --filter.
    fn is_meant(&self, file: &str, expectation: &Expectation) -> bool {
        let filter = &self.arguments.filter;
        if filter.is_empty() {
            return true;
        }
        let text = format!("{file} {} {}", expectation.step, verify::subject(expectation)).to_lowercase();
        filter.iter().any(|one| text.contains(&one.to_lowercase()))
    }
}

/// A case whose answer is as expected, on an assumption that the caller excludes.
fn refuse_assumption(case: Case) -> Case {
    let refused = case
        .assumed
        .as_ref()
        .map(|assumed| Mismatch { expected: "an answer without assumptions".to_owned(), found: assumed.clone() });
    Case { mismatch: case.mismatch.clone().or(refused), ..case }
}

impl Run<'_> {
    /// A scenario's own expectations: without a server all of them, or those of one step; with one those of the step it is
    /// taken to be at.
    fn scenario_cases(
        &mut self,
        file: &str,
        read: &Read,
    ) -> std::result::Result<Vec<Case>, Box<dyn std::error::Error>> {
        let arguments = self.arguments;
        let one_step = !arguments.asking.server.is_empty() || arguments.step.at.is_some();
        let at = read.revision(&arguments.step)?;
        let last = read.scenario.history.steps().last().map(|step| &*step.name);
        let named = arguments.step.at.as_deref().or(read.scenario.start.as_deref()).or(last);
        self.same_step(file, named)?;
        let (held, other): (Vec<_>, Vec<_>) =
            read.scenario.expectations.iter().cloned().partition(|one| !one_step || one.revision == at);
        let mut cases = self.cases(file, Some(read), &held)?;
        for expectation in other.iter().filter(|one| self.is_meant(file, one)).cloned().collect::<Vec<_>>() {
            cases.push(self.known(file, Case::skipped(&expectation, "applies at another step")));
        }
        Ok(cases)
    }

    fn spec_cases(&mut self, name: &str, spec: Spec) -> std::result::Result<Vec<Case>, Box<dyn std::error::Error>> {
        let arguments = self.arguments;
        let beside = |scenario: &str| match Path::new(name).parent().map(|folder| folder.join(scenario)) {
            Some(path) if name != "-" && path.exists() => path.to_string_lossy().into_owned(),
            _ => scenario.to_owned(),
        };
        let scenario = arguments.scenario.clone().or_else(|| spec.scenario.as_deref().map(beside));
        let read = match scenario {
            Some(scenario) => {
                self.note(Path::new(&scenario));
                Some(input::read_noting(&scenario, &mut |path| self.note(path))?)
            }
            None if arguments.asking.server.is_empty() => {
                return Err(TestError::NothingToHold(name.to_owned()).into());
            }
            None => None,
        };
        let at = arguments.step.at.clone().or_else(|| spec.at.as_ref().map(|(step, _)| step.clone()));
        self.same_step(name, at.as_deref())?;
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
        self.cases(name, read.as_ref(), &expectations)
    }

    /// Refuses expectations for another step than the one that the server is at, where both are known.
    fn same_step(&self, file: &str, wanted: Option<&str>) -> std::result::Result<(), TestError> {
        match (&self.server_step, wanted) {
            (Some(server), Some(wanted)) if server != wanted => {
                let (server, file) = (server.clone(), file.to_owned());
                Err(TestError::OtherStep { server, file, wanted: wanted.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// Holds expectations: questions against the servers, where there are any; the rest, and without servers everything,
    /// against the scenario.
    fn cases(
        &mut self,
        file: &str,
        read: Option<&Read>,
        expectations: &[Expectation],
    ) -> std::result::Result<Vec<Case>, Box<dyn std::error::Error>> {
        let servers = self.arguments.asking.servers();
        if !servers.is_empty() {
            known_networks(self.arguments, &servers, read, expectations)?;
        }
        let meant: Vec<_> = expectations.iter().filter(|one| self.is_meant(file, one)).collect();
        if servers.is_empty() {
            let read = read.expect("without a server there is a scenario");
            return Ok(self.cases_offline(file, read, &meant));
        }
        self.cases_of_servers(file, &servers, read, &meant)
    }

    fn cases_offline(&mut self, file: &str, read: &Read, expectations: &[&Expectation]) -> Vec<Case> {
        let history = Arc::new(read.scenario.history.clone());
        let (mut verifier, mut commands) = (Verifier::new(&history), Commands::new(&read.name, &history));
        let mut cases = Vec::with_capacity(expectations.len());
        for expectation in expectations {
            let case = timed(|| verifier.hold(expectation));
            let command = case.mismatch.as_ref().and_then(|_| commands.of(expectation));
            cases.push(self.known(file, Case { command, ..case }));
        }
        cases
    }

    fn cases_of_servers(
        &mut self,
        file: &str,
        servers: &Servers,
        read: Option<&Read>,
        expectations: &[&Expectation],
    ) -> std::result::Result<Vec<Case>, Box<dyn std::error::Error>> {
        let history = read.map(|read| Arc::new(read.scenario.history.clone()));
        let mut verifier = history.as_ref().map(Verifier::new);
        let mut cases: Vec<Option<Case>> = Vec::with_capacity(expectations.len());
        let (mut tasks, mut sent) = (Vec::new(), Vec::new());
        for expectation in expectations {
            let Some(question) = SentQuestion::of(expectation) else {
                let case = match &mut verifier {
                    Some(verifier) => timed(|| verifier.hold(expectation)),
                    None => Case::skipped(expectation, "not a query, and no --scenario was given"),
                };
                cases.push(Some(self.known(file, case)));
                continue;
            };
            if !matches!(question.from, From::Subnet(_)) && servers.lacks_network() {
                return Err(TestError::NoNetwork(file.to_owned()).into());
            }
            cases.push(match servers.of_asker(&question.from) {
                Some(server) => {
                    let within = self.arguments.within.unwrap_or_default();
                    tasks.push(Task { server, expectation, within, retries: self.arguments.retry });
                    sent.push((cases.len(), question));
                    None
                }
                None => {
                    let case = Case::skipped(expectation, &format!("no server for {}", question.from.name()));
                    Some(self.known(file, case))
                }
            });
        }
        self.arguments.asking.patience().hold_all(&tasks, |number, held| {
            let ((index, question), task) = (&sent[number], &tasks[number]);
            let TaskOutcome { mismatch, earlier, took } = held;
            let at = self.server_step.as_ref().map_or_else(String::new, |step| format!("   # at step {step}"));
            let (command, took) = (Some(format!("{}{at}", question.dig(task.server))), Some(took));
            let case = Case { command, took, earlier, ..Case::held(task.expectation, mismatch) };
            cases[*index] = Some(self.known(file, case));
        });
        Ok(cases.into_iter().map(|case| case.expect("every expectation was looked at or skipped")).collect())
    }
}

/// A case with how long it took.
fn timed(hold: impl FnOnce() -> Case) -> Case {
    let begun = Instant::now();
    let case = hold();
    Case { took: Some(begun.elapsed()), ..case }
}

/// Refuses servers for networks that neither the scenario nor any expectation has.
fn known_networks(
    arguments: &TestArguments,
    servers: &Servers,
    read: Option<&Read>,
    expectations: &[Expectation],
) -> std::result::Result<(), TestError> {
    let sent = expectations.iter().filter_map(SentQuestion::of).filter_map(|sent| match sent.from {
        From::Network(name) => Some(name.to_string()),
        _ => None,
    });
    let mut known: BTreeSet<String> = sent.collect();
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
struct Commands<'h> {
    scenario: &'h str,
    history: &'h Arc<History>,
    plans: BTreeMap<Revision, Plan>,
}

impl<'h> Commands<'h> {
    fn new(scenario: &'h str, history: &'h Arc<History>) -> Self {
        Self { scenario, history, plans: BTreeMap::new() }
    }

    /// The line for an expectation; absent if it is not a question.
    fn of(&mut self, expectation: &Expectation) -> Option<String> {
        let Self { scenario, history, plans } = self;
        let sent = SentQuestion::of(expectation)?;
        let revision = expectation.revision;
        let plan = plans.entry(revision).or_insert_with(|| plan(&compile(history, revision), listen::DEFAULT_ADDRESS));
        let step = input::step_at(history, revision).map_or_else(String::new, |step| format!(" --at {step}"));
        let network = match &sent.from {
            From::Network(name) => Some(name.as_str()),
            _ => None,
        };
        let meant = plan.listeners.iter().find(|one| one.network.as_ref().map(|own| own.as_str()) == network)?;
        Some(format!("{}   # at: ampls-dns serve {scenario}{step}", sent.dig(meant.address)))
    }
}

pub(super) fn duration(text: &str) -> std::result::Result<Duration, String> {
    let read = text.parse::<jiff::SignedDuration>().ok().filter(jiff::SignedDuration::is_positive);
    read.map(|time| time.unsigned_abs()).ok_or_else(|| "write a number and a unit, such as 500ms, 5s or 2m".to_owned())
}

/// A name, and a type after a blank; A without it.
fn question(text: &str) -> std::result::Result<(crate::dns::OwnerName, RecordType), Box<dyn std::error::Error>> {
    let (name, kind) = text.split_once(' ').unwrap_or((text, "A"));
    Ok((input::owner_name(name)?, input::record_type(kind.trim())?))
}
