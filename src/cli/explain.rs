//! `explain`: the decision hop by hop, with who wrote what and whom it overwrote.

use clap::Args;

use super::{FormatArguments, Outcome, Result, ScenarioArguments, StepArguments, input, output};
use crate::output::answer::answered;
use crate::output::{Format, explanation, json};
use crate::resolve::explain::Chosen;
use crate::resolve::{Question, explain};

/// Explain why a network gets its answer
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  ampls-dns explain api.monitor.azure.com --from vnet1\n  \
    ampls-dns explain api.monitor.azure.com --from-address 10.0.1.9 --at second-endpoint-deleted")]
pub(super) struct ExplainArguments {
    /// Name to query
    name: String,
    /// Record type [default: A], and the scenario: a file, the name of a built-in one, or - for standard input
    #[arg(value_name = "TYPE|SCENARIO", num_args = 0..=2)]
    more: Vec<String>,
    /// Network to query from; `public` queries from outside all networks
    #[arg(long, value_name = "NETWORK", default_value = "public", conflicts_with = "from_address")]
    from: String,
    /// Client address to query from: the longest matching client prefix decides the network
    #[arg(long, value_name = "ADDRESS")]
    from_address: Option<std::net::IpAddr>,
    #[command(flatten)]
    scenario: ScenarioArguments,
    #[command(flatten)]
    step: StepArguments,
    #[command(flatten)]
    format: FormatArguments,
}

pub(super) fn run(arguments: &ExplainArguments) -> Result {
    let (kind, scenario) = input::type_and_scenario(&arguments.more, &arguments.scenario)?;
    let world = scenario.read()?.compile(&arguments.step)?;
    let (view, chosen) = match arguments.from_address {
        Some(address) => match world.views.of_address(address) {
            Some((view, prefix)) => (view, Chosen::Source(prefix)),
            None => (crate::compile::ViewId::PUBLIC, Chosen::NoPrefix),
        },
        None => (input::view(&world, &arguments.from)?, Chosen::Named),
    };
    let question = Question { name: input::owner_name(&arguments.name)?, kind };
    let explanation = explain(&world, view, chosen, &question);
    let answer = answered(&world, view, &question);
    output::print(&match arguments.format.format {
        Format::Text => explanation::text(&explanation, &answer),
        Format::Json => json(&explanation::document(&explanation, answer)),
    })?;
    Ok(Outcome::Done)
}
