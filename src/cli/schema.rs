//! `schema`: the JSON Schema of the written form.

use clap::Args;

use super::{Outcome, Result, output};
use crate::report::json;
use crate::scenario::Scenario;

/// Print the JSON Schema of scenario files, for editors and checkers
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  ampls-dns schema > ampls-dns.schema.json")]
pub(super) struct SchemaArguments {}

pub(super) fn run(_arguments: &SchemaArguments) -> Result {
    output::print(&json(&Scenario::schema()))?;
    Ok(Outcome::Done)
}
