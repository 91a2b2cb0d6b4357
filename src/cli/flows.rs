//! `flows`: network, resource and operation, each resolved, routed and judged.

use clap::Args;

use super::{FormatArguments, OperandArguments, Outcome, Result, StepArguments, input, output};
use crate::assess::Assessment;
use crate::catalogue::Operation;
use crate::estate::ResourceName;
use crate::output::{Format, flows as report, json};

/// Show for each operation on a resource its path, whether it is allowed, and what the client sees
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  ampls-dns flows --from vnet1\n  \
    ampls-dns flows my-estate.yaml --from vm1 --to ws-alpha --operation ingestion\n\n\
    Exit code 1 if any of the flows is denied or does not arrive.")]
pub(super) struct FlowsArguments {
    #[command(flatten)]
    scenario: OperandArguments,
    #[command(flatten)]
    step: StepArguments,
    /// Network, subnet or virtual machine that opens the connection; `public` is outside all networks
    #[arg(long, value_name = "NETWORK[/SUBNET]|VM")]
    from: String,
    /// Resource to use [default: all]
    #[arg(long, value_name = "RESOURCE")]
    to: Option<String>,
    /// Operation: ingestion, query, config, download or resourceManager [default: all]
    #[arg(long, value_name = "OPERATION", value_parser = operation)]
    operation: Option<Operation>,
    #[command(flatten)]
    format: FormatArguments,
}

pub(super) fn run(arguments: &FlowsArguments) -> Result {
    let world = arguments.scenario.read()?.compile(&arguments.step)?;
    let client = input::client(&world, &arguments.from)?;
    let resources: Vec<ResourceName> = match &arguments.to {
        Some(name) => vec![input::resource(&world, name)?],
        None => world.state.resources.keys().cloned().collect(),
    };
    let assessment = Assessment::of(&world);
    let documents = report::documents(&world, &client, &resources, arguments.operation, &assessment);
    let network = client.view(&world).and_then(|view| world.views.get(view).network.clone());
    // Outside every network, locked resources are meant to be unreachable.
    let own = network.map(|network| assessment.keep(&[network]));
    let is_whole = arguments.to.is_none() && arguments.operation.is_none();
    let everybody: Vec<_> = own.iter().filter(|_| is_whole).flat_map(Assessment::of_everybody).collect();
    let broken = own.as_ref().map_or(0, |own| own.counts().broken);
    output::print(&match arguments.format.format {
        Format::Text => report::text(&arguments.from, &documents, &everybody, broken),
        Format::Json => json(&documents),
    })?;
    Ok(if documents.iter().all(|flow| flow.allowed == Some(true) || !flow.governed) {
        Outcome::Done
    } else {
        Outcome::Failed
    })
}

fn operation(text: &str) -> std::result::Result<Operation, String> {
    let found = Operation::ALL.into_iter().find(|one| one.name() == text);
    found.ok_or_else(|| "expected ingestion, query, config, download or resourceManager".to_owned())
}
