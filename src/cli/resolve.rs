//! `resolve`: the answer in dig's form, offline.

use clap::Args;

use super::{FormatArguments, Outcome, Result, ScenarioArguments, StepArguments, input, output};
use crate::output::{Format, answer, json};
use crate::resolve::Question;

/// Print the answer that a network gets, in the format of dig, without a server
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  ampls-dns resolve api.monitor.azure.com --from vnet1\n  \
    ampls-dns resolve api.monitor.azure.com AAAA --from vnet2 --at first-scope --format json")]
pub(super) struct ResolveArguments {
    /// Name to query
    name: String,
    /// Record type [default: A], and the scenario: a file, the name of a built-in one, or - for standard input
    #[arg(value_name = "TYPE|SCENARIO", num_args = 0..=2)]
    more: Vec<String>,
    /// Network to query from; `public` queries from outside all networks
    #[arg(long, value_name = "NETWORK", default_value = "public")]
    from: String,
    #[command(flatten)]
    scenario: ScenarioArguments,
    #[command(flatten)]
    step: StepArguments,
    #[command(flatten)]
    format: FormatArguments,
}

pub(super) fn run(arguments: &ResolveArguments) -> Result {
    let (kind, scenario) = input::type_and_scenario(&arguments.more, &arguments.scenario)?;
    let world = scenario.read()?.compile(&arguments.step)?;
    let view = input::view(&world, &arguments.from)?;
    let question = Question { name: input::owner_name(&arguments.name)?, kind };
    let document = answer::answered(&world, view, &question);
    output::print(&match arguments.format.format {
        Format::Text => answer::text(&document),
        Format::Json => json(&document),
    })?;
    Ok(Outcome::Done)
}
