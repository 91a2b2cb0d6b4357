//! The roof: the command line. A file per verb; this one has the grammar and the exit codes.
//!
//! Data goes to stdout, talk to stderr. Exit codes: 0 done, 1 the thing asked about failed, 2 could not run.

mod allow;
mod apply;
mod check;
mod client;
mod colour;
mod compare;
mod compose;
mod diff;
mod document;
mod error_document;
mod explain;
mod export;
mod fault;
mod flows;
mod format;
mod generate;
mod healthcheck;
mod import;
mod init;
mod input;
mod output;
mod progress;
mod records;
mod resolve;
mod run;
mod scenarios;
mod schema;
mod serve;
mod snapshot;
mod status;
mod step;
mod story;
mod test;
mod watch;
mod whole_file;

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use clap::{ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub use input::InputError;

use crate::output::Format;

/// Why a verb could not run, or what it found out.
pub(crate) enum Outcome {
    /// Done, and all is well.
    Done,
    /// Done, and the thing asked about failed.
    Failed,
}

/// Answers DNS as Azure does in networks with Azure Monitor Private Link, and says why.
#[derive(Parser, Debug)]
#[command(
    name = "ampls-dns",
    version,
    max_term_width = 120,
    after_help = "Examples:\n  \
        ampls-dns serve                                             serve the built-in scenario\n  \
        ampls-dns story                                             what happens in it, step by step\n  \
        ampls-dns explain api.monitor.azure.com --from vnet1        why vnet1 gets that answer\n  \
        ampls-dns check my-estate.yaml                              what is wrong with an estate\n\n\
        Without --scenario, every verb works on the built-in scenario two-scopes-one-dns.\n\
        Exit codes: 0 done, 1 the thing asked about failed, 2 could not run."
)]
pub struct CommandLine {
    #[command(subcommand)]
    verb: Verb,
    /// When output is coloured
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        env = "AMPLS_DNS_COLOR",
        default_value = "auto",
        help_heading = "Global options"
    )]
    color: colour::When,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Serve(serve::ServeArguments),
    Run(run::RunArguments),
    Resolve(resolve::ResolveArguments),
    Explain(explain::ExplainArguments),
    Records(records::RecordsArguments),
    Story(story::StoryArguments),
    Check(check::CheckArguments),
    Flows(flows::FlowsArguments),
    Test(test::TestArguments),
    Compare(compare::CompareArguments),
    Diff(diff::DiffArguments),
    Init(init::InitArguments),
    Import(import::ImportArguments),
    Export(export::ExportArguments),
    Compose(compose::ComposeArguments),
    Step(step::StepVerbArguments),
    Apply(apply::ApplyArguments),
    Status(status::StatusArguments),
    Snapshot(snapshot::SnapshotArguments),
    Fault(fault::FaultArguments),
    Watch(watch::WatchArguments),
    Healthcheck(healthcheck::HealthcheckArguments),
    Scenarios(scenarios::ScenariosArguments),
    Generate(generate::GenerateArguments),
    Schema(schema::SchemaArguments),
    Completions(document::CompletionsArguments),
    Man(document::ManArguments),
}

/// Which scenario, and where in it.
#[derive(Args, Debug, Clone, Default)]
pub(crate) struct ScenarioArguments {
    /// Scenario: a file, the name of a built-in one, or - for standard input
    #[arg(long, value_name = "FILE|NAME|-", env = "AMPLS_DNS_SCENARIO")]
    pub(crate) scenario: Option<String>,
}

/// The same for verbs that take the scenario as operand too.
#[derive(Args, Debug, Clone, Default)]
pub(crate) struct OperandArguments {
    /// Scenario: a file, the name of a built-in one, or - for standard input
    #[arg(value_name = "SCENARIO")]
    pub(crate) operand: Option<String>,
    #[command(flatten)]
    pub(crate) option: ScenarioArguments,
}

/// At which step.
#[derive(Args, Debug, Clone, Default)]
pub(crate) struct StepArguments {
    /// Step to use [default: the scenario's `start:`, or its last step]
    #[arg(long, value_name = "STEP", env = "AMPLS_DNS_AT")]
    pub(crate) at: Option<String>,
}

/// How to print.
#[derive(Args, Debug, Clone, Default)]
pub(crate) struct FormatArguments {
    /// Output format
    #[arg(long, value_parser = format::of::<Format>(), default_value = "text")]
    pub(crate) format: Format,
}

/// Runs the command line and says how it ended.
pub fn run() -> ExitCode {
    let matches = match CommandLine::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return refuse(&error),
    };
    let wants_json = format_of(&matches).is_some_and(|format| format == "json");
    let command = match CommandLine::from_arg_matches(&matches) {
        Ok(command) => command,
        Err(error) => return refuse(&error),
    };
    command.color.apply();
    progress::begin(&command.verb);
    let outcome = match command.verb {
        Verb::Serve(arguments) => serve::run(&arguments),
        Verb::Run(arguments) => return run::run(&arguments),
        Verb::Resolve(arguments) => resolve::run(&arguments),
        Verb::Explain(arguments) => explain::run(&arguments),
        Verb::Records(arguments) => records::run(&arguments),
        Verb::Story(arguments) => story::run(&arguments),
        Verb::Check(arguments) => check::run(&arguments),
        Verb::Flows(arguments) => flows::run(&arguments),
        Verb::Test(arguments) => test::run(&arguments),
        Verb::Compare(arguments) => compare::run(&arguments),
        Verb::Diff(arguments) => diff::run(&arguments),
        Verb::Step(arguments) => step::run(&arguments),
        Verb::Apply(arguments) => apply::run(&arguments),
        Verb::Status(arguments) => status::run(&arguments),
        Verb::Snapshot(arguments) => snapshot::run(&arguments),
        Verb::Fault(arguments) => fault::run(&arguments),
        Verb::Watch(arguments) => watch::run(&arguments),
        Verb::Healthcheck(arguments) => healthcheck::run(&arguments),
        Verb::Scenarios(arguments) => scenarios::run(&arguments),
        Verb::Export(arguments) => export::run(&arguments),
        Verb::Init(arguments) => init::run(&arguments),
        Verb::Import(arguments) => import::run(&arguments),
        Verb::Generate(arguments) => generate::run(&arguments),
        Verb::Compose(arguments) => compose::run(&arguments),
        Verb::Schema(arguments) => schema::run(&arguments),
        Verb::Completions(arguments) => document::completions(&arguments),
        Verb::Man(arguments) => document::man(&arguments),
    };
    progress::end();
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::from(1),
        Err(error) => {
            if wants_json && !output::has_printed() {
                // What cannot be written is complained about below, too.
                let _ = output::print(&crate::output::json(&error_document::error_document(&*error)));
            }
            output::complain(&*error);
            ExitCode::from(2)
        }
    }
}

/// Prints why the arguments cannot be used, or the help that they ask for, and returns the exit code.
fn refuse(error: &clap::Error) -> ExitCode {
    // What cannot be written cannot be complained about either.
    let _ = error.print();
    if !error.use_stderr() {
        return ExitCode::SUCCESS;
    }
    // The words of a command inside a network are not ours.
    let given: Vec<OsString> = std::env::args_os().skip(1).take_while(|word| word != "--").collect();
    let whole = given.iter().find_map(|word| word.to_str()?.strip_prefix("--format="));
    let parted = || given.windows(2).find(|pair| pair[0] == "--format").and_then(|pair| pair[1].to_str());
    let verb = given.iter().find(|word| !word.as_encoded_bytes().starts_with(b"-")).and_then(|word| word.to_str());
    let verb = verb.unwrap_or_default();
    let format = whole.or_else(parted);
    if let Some(document) = format.and_then(|format| error_document::of_arguments(error, verb, format)) {
        let _ = output::print(&document);
    }
    ExitCode::from(if verb == "run" { run::NOT_CREATED } else { 2 })
}

/// The value of `--format` of the verb that is run.
fn format_of(matches: &ArgMatches) -> Option<&OsStr> {
    let deeper = matches.subcommand().and_then(|(_, verb)| format_of(verb));
    let own = || matches.try_get_raw("format").ok().flatten().and_then(|mut values| values.next());
    deeper.or_else(own)
}

/// What a verb returns.
pub(crate) type Result = std::result::Result<Outcome, Box<dyn std::error::Error>>;
