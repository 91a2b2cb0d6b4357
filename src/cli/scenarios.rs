//! `scenarios`: what is built in.

use clap::Args;
use serde::Serialize;

use super::{FormatArguments, Outcome, Result, input, output};
use crate::output::{Format, json};
use crate::scenario::builtin;

/// List the built-in scenarios, a line each
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  ampls-dns scenarios")]
pub(super) struct ScenariosArguments {
    #[command(flatten)]
    format: FormatArguments,
}

/// A built-in scenario, as JSON.
#[derive(Serialize)]
struct ListedDocument {
    name: &'static str,
    title: String,
    about: String,
    source: String,
}

pub(super) fn run(arguments: &ScenariosArguments) -> Result {
    let mut listed = Vec::new();
    for name in builtin::names() {
        let scenario = input::built_in(name)?;
        listed.push(ListedDocument {
            name,
            title: scenario.title.to_string(),
            about: scenario.about.to_string(),
            source: scenario.source.to_string(),
        });
    }
    let width = listed.iter().map(|one| one.name.len()).max().unwrap_or(0);
    output::print(&match arguments.format.format {
        Format::Text => listed.iter().map(|one| format!("{:<width$}  {}\n", one.name, one.title)).collect::<String>(),
        Format::Json => json(&listed),
    })?;
    Ok(Outcome::Done)
}
