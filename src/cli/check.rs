//! `check`: what is wrong with an estate, for whom, and what to do.

use std::path::PathBuf;

use clap::Args;

use super::allow::AllowArguments;
use super::{OperandArguments, Outcome, Result, StepArguments, format, input, output};
use crate::assess::{Assessment, Code, Finding, Severity};
use crate::estate::NetworkName;
use crate::output::findings::{self, CheckFormat, Denied};
use crate::scenario::AllowFile;

/// Report what is wrong with an estate; exit code 1 for findings of severity error, 2 if there is nothing to check
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  \
        ampls-dns check\n  \
        ampls-dns check my-estate.yaml --at first-scope --deny AMPLS005\n  \
        ampls-dns check my-estate.yaml --format sarif > findings.sarif\n  \
        ampls-dns check plan.json --format github                     what `import` reads, with places in it\n  \
        ampls-dns check main.json main.parameters.json\n  \
        ampls-dns check my-estate.yaml --write-baseline accepted.yaml  accept the current findings; later, pass the file with --baseline\n  \
        ampls-dns check my-estate.yaml --format markdown >> $GITHUB_STEP_SUMMARY")]
pub(super) struct CheckArguments {
    #[command(flatten)]
    scenario: OperandArguments,
    /// More files to import with it, such as the parameters of a template
    #[arg(value_name = "FILE")]
    more: Vec<String>,
    #[command(flatten)]
    step: StepArguments,
    /// Codes that make the check fail regardless of severity
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = code)]
    deny: Vec<Code>,
    /// Lowest severity that makes the check fail
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = FailOn::Error)]
    fail_on: FailOn,
    #[command(flatten)]
    accepted: AllowArguments,
    /// The same as --allow, for a file that --write-baseline wrote: findings from then are accepted, new ones are not
    #[arg(long, value_name = "FILE")]
    baseline: Option<String>,
    /// Accept the current findings: write them as `allow` entries to this file, and do not fail because of them
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    write_baseline: Option<PathBuf>,
    /// Network to check for; may be given several times [default: all]
    #[arg(long, value_name = "NETWORK")]
    from: Vec<String>,
    /// File to write to [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Output format
    #[arg(long, value_parser = format::of::<CheckFormat>(), default_value = "text")]
    format: CheckFormat,
}

/// The lowest severity that makes a check fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum FailOn {
    /// Errors.
    Error,
    /// Errors and warnings.
    Warning,
    /// All findings.
    Note,
}

impl From<FailOn> for Severity {
    fn from(own: FailOn) -> Self {
        match own {
            FailOn::Error => Self::Error,
            FailOn::Warning => Self::Warning,
            FailOn::Note => Self::Note,
        }
    }
}

pub(super) fn run(arguments: &CheckArguments) -> Result {
    let (name, assessment) = assess(arguments).or_else(|error| {
        let errors = input::errors_of(&*error, arguments.scenario.name());
        let file = errors.errors.first().map_or("", |error| &*error.place.file);
        if let Some(text) = findings::print_unreadable(file, &errors, arguments.format) {
            output::print_to(arguments.output.as_deref(), &text)?;
        }
        Err(error)
    })?;
    let denied = Denied { codes: &arguments.deny, severity: arguments.fail_on.into() };
    output::print_to(arguments.output.as_deref(), &findings::print(&name, &assessment, denied, arguments.format))?;
    let is_nothing = |one: &Finding| one.code == Code::NothingToCheck && one.severity == Severity::Error;
    if assessment.findings.iter().any(|one| is_nothing(one) && one.accepted.is_none()) {
        return Err(CheckError::Nothing(name).into());
    }
    let fails = assessment.findings.iter().any(|finding| denied.fails(finding));
    Ok(if fails { Outcome::Failed } else { Outcome::Done })
}

/// What the estate is called, and its findings.
fn assess(arguments: &CheckArguments) -> std::result::Result<(String, Assessment), Box<dyn std::error::Error>> {
    let read = arguments.scenario.estate(&arguments.more)?;
    let world = read.compile(&arguments.step)?;
    for network in &arguments.from {
        input::view(&world, network)?;
    }
    let networks: Vec<NetworkName> = arguments.from.iter().map(|name| name.as_str().into()).collect();
    let today = arguments.accepted.today();
    let mut allow = arguments.accepted.entries(&read.scenario.allow)?;
    if let Some(name) = &arguments.baseline {
        allow.extend(input::allow_file(name)?.allow);
    }
    let mut assessment = Assessment::of(&world).keep(&networks).with_what_there_is(&read.name);
    if let Some(report) = &read.report {
        assessment = assessment.with_unread(report);
    }
    if let Some(name) = &arguments.write_baseline {
        let entries = assessment.clone().accept(&allow, today).baseline(&format!("found on {today}"));
        let count = crate::output::count(entries.len(), "finding");
        let text = AllowFile { allow: entries.clone() }.write();
        std::fs::write(name, text).map_err(|error| CheckError::Unwritable { name: name.clone(), error })?;
        output::say(&format!("{count} accepted in `{}`", name.display()));
        allow.extend(entries);
    }
    let assessment = assessment.accept(&allow, today);
    Ok((read.name, assessment))
}

/// Why nothing was checked.
#[derive(Debug, thiserror::Error)]
enum CheckError {
    #[error("nothing was checked: `{0}` has no networks, zones, scopes or resources")]
    Nothing(String),
    #[error("`{}` cannot be written", .name.display())]
    Unwritable {
        name: PathBuf,
        #[source]
        error: std::io::Error,
    },
}

fn code(text: &str) -> std::result::Result<Code, String> {
    let all = Code::ALL;
    let found = all.iter().find(|code| code.to_string().eq_ignore_ascii_case(text)).copied();
    found.ok_or_else(|| format!("unknown code; expected {} to {}", all[0], all[all.len() - 1]))
}
