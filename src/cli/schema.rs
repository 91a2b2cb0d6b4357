//! `schema`: the JSON Schema of the written form.

use clap::Args;

use super::{Outcome, Result, output};
use crate::output::json;
use crate::scenario::{Scenario, Spec};

/// Print the JSON Schema of scenario or spec files, for editors and checkers
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  ampls-dns schema > ampls-dns.schema.json\n  ampls-dns schema spec > ampls-dns-spec.schema.json"
)]
pub(super) struct SchemaArguments {
    /// Of which files
    #[arg(value_enum, default_value_t = Of::Scenario)]
    of: Of,
}

/// A kind of file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum Of {
    /// An estate and what happens to it.
    Scenario,
    /// Expectations alone, as `test` takes them.
    Spec,
}

pub(super) fn run(arguments: &SchemaArguments) -> Result {
    output::print(&json(&match arguments.of {
        Of::Scenario => Scenario::schema(),
        Of::Spec => Spec::schema(),
    }))?;
    Ok(Outcome::Done)
}
