//! `scenarios`: what is built in.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{FormatArguments, Outcome, Result, document, input, output};
use crate::output::{Format, json};
use crate::scenario::builtin;

/// List the built-in scenarios, or print one
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  ampls-dns scenarios\n  ampls-dns scenarios show two-scopes-one-dns > my-estate.yaml"
)]
pub(super) struct ScenariosArguments {
    #[command(subcommand)]
    verb: Option<ScenariosVerb>,
    #[command(flatten)]
    format: FormatArguments,
}

#[derive(Subcommand, Debug)]
enum ScenariosVerb {
    /// Print a built-in scenario as its file
    Show {
        /// Name of the scenario
        name: String,
    },
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
    if let Some(ScenariosVerb::Show { name }) = &arguments.verb {
        let text = input::built_in_text(name)?;
        output::print(&document::with_schema(text, document::SCENARIO_SCHEMA))?;
        return Ok(Outcome::Done);
    }
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
