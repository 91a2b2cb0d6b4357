//! `schema`: the JSON Schema of the written form.

use clap::Args;

use super::{Outcome, Result, output};
use crate::output::{json, reference};
use crate::scenario::{AllowFile, Scenario, Spec};

/// Print the JSON Schema of scenario, spec or allow files, for editors and checkers
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  ampls-dns schema > ampls-dns.schema.json\n  ampls-dns schema spec > ampls-dns-spec.schema.json"
)]
pub(super) struct SchemaArguments {
    /// Kind of files
    #[arg(value_enum, default_value_t = Of::Scenario)]
    of: Of,
    /// Output format
    #[arg(long, value_enum, default_value_t = Form::Json)]
    format: Form,
}

/// How the schema is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum Form {
    /// JSON Schema.
    Json,
    /// A reference for people.
    Markdown,
}

/// A kind of file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum Of {
    /// An estate and what happens to it.
    Scenario,
    /// Expectations alone, as `test` takes them.
    Spec,
    /// Accepted findings, as `check --allow` takes them.
    Allow,
}

pub(super) fn run(arguments: &SchemaArguments) -> Result {
    let schema = match arguments.of {
        Of::Scenario => Scenario::schema(),
        Of::Spec => Spec::schema(),
        Of::Allow => AllowFile::schema(),
    };
    output::print(&match arguments.format {
        Form::Json => json(&schema),
        Form::Markdown => reference::markdown(&schema),
    })?;
    Ok(Outcome::Done)
}
