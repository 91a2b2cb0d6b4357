//! `check`: what is wrong with an estate, for whom, and what to do.

use clap::Args;

use super::{FormatArguments, OperandArguments, Outcome, Result, StepArguments, output};
use crate::compile::Severity;
use crate::report::{Format, findings, json};

/// Report what is wrong with an estate: exit code 1 if anything of severity error is
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  ampls-dns check\n  ampls-dns check my-estate.yaml --at first-scope --deny AMPLS005"
)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    scenario: OperandArguments,
    #[command(flatten)]
    step: StepArguments,
    /// Codes that make the check fail whatever their severity
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = code)]
    deny: Vec<crate::compile::Code>,
    #[command(flatten)]
    format: FormatArguments,
}

pub(super) fn run(arguments: &CheckArguments) -> Result {
    let world = arguments.scenario.read()?.compile(&arguments.step)?;
    let found = world.findings();
    output::print(&match arguments.format.format {
        Format::Text => findings::text(&found),
        Format::Json => json(&found.iter().map(findings::document).collect::<Vec<_>>()),
    })?;
    let fails = |one: &crate::compile::Finding| one.severity == Severity::Error || arguments.deny.contains(&one.code);
    Ok(if found.iter().any(fails) { Outcome::Failed } else { Outcome::Done })
}

fn code(text: &str) -> std::result::Result<crate::compile::Code, String> {
    let all = crate::compile::Code::ALL;
    let found = all.iter().find(|code| code.to_string().eq_ignore_ascii_case(text)).copied();
    found.ok_or_else(|| format!("there is no such code; there are {} to {}", all[0], all[all.len() - 1]))
}
