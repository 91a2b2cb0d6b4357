//! `test`: the expectations of scenarios, held against what is.

use std::sync::Arc;

use clap::Args;

use super::{FormatArguments, Outcome, Result, input, output};
use crate::report::{Format, json, verification};
use crate::scenario::builtin;
use crate::verify::verify;

/// Hold the `expect:` sections of scenarios against what they do; exit code 1 if one does not hold
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  ampls-dns test\n  ampls-dns test my-estate.yaml two-scopes-one-dns --format json")]
pub(super) struct TestArguments {
    /// Scenarios: files, names of built-in ones, or - for standard input; without any, all built-in ones
    #[arg(value_name = "SCENARIO")]
    scenarios: Vec<String>,
    #[command(flatten)]
    format: FormatArguments,
}

pub(super) fn run(arguments: &TestArguments) -> Result {
    let all: Vec<String> = if arguments.scenarios.is_empty() {
        builtin::names().map(str::to_owned).collect()
    } else {
        arguments.scenarios.clone()
    };
    let mut documents = Vec::new();
    for name in &all {
        let scenario = input::read(name)?.scenario;
        let cases = verify(&Arc::new(scenario.history), &scenario.expectations);
        documents.push(verification::document(name, &cases));
    }
    output::print(&match arguments.format.format {
        Format::Text => verification::text(&documents),
        Format::Json => json(&documents),
    })?;
    Ok(if documents.iter().all(|one| one.failed == 0) { Outcome::Done } else { Outcome::Failed })
}
