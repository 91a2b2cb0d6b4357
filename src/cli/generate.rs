//! `generate`: a scenario of any size.

use clap::Args;

use super::{Outcome, Result, document, output};
use crate::scenario::Scenario;
use crate::scenario::generate::{Size, generate};

/// Print a generated scenario of a given size, within Azure's limits
#[derive(Args, Debug)]
#[command(
    after_long_help = "Example:\n  ampls-dns generate --networks 1000 --scopes 300 --workspaces-per-scope 300 > large.yaml"
)]
pub(super) struct GenerateArguments {
    /// Virtual networks
    #[arg(long, default_value_t = 10)]
    networks: u32,
    /// Scopes, each with a private endpoint
    #[arg(long, default_value_t = 3)]
    scopes: u32,
    /// Workspaces of each scope
    #[arg(long, default_value_t = 5)]
    workspaces_per_scope: u32,
    /// Seed of the random generator: the same seed gives the same scenario
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(super) fn run(arguments: &GenerateArguments) -> Result {
    let GenerateArguments { networks, scopes, workspaces_per_scope, seed } = *arguments;
    let history = generate(Size { networks, scopes, workspaces_per_scope }, seed)?;
    let scenario = Scenario {
        title: format!("{networks} networks, {scopes} scopes").into(),
        about: format!("Generated: {workspaces_per_scope} workspaces in each scope, seed {seed}.").into(),
        source: "ampls-dns generate".into(),
        history,
        start: None,
        expectations: Vec::new(),
        allow: Vec::new(),
    };
    output::print(&document::with_schema(&scenario.write(), document::SCENARIO_SCHEMA))?;
    Ok(Outcome::Done)
}
