//! `story`: which names changed for which network, step by step.

use std::sync::Arc;

use clap::Args;

use super::{FormatArguments, OperandArguments, Outcome, Result, input, output};
use crate::answer::Story;
use crate::answer::cache::waits;
use crate::estate::NetworkName;
use crate::report::{Format, json, story, waits as report};

/// Tell step by step which names changed for which network, what broke and what healed
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  ampls-dns story\n  ampls-dns story my-estate.yaml --from vnet1 --format json\n  \
    ampls-dns story docs-43-sessions-outlive-a-deny-rule --client vm")]
pub(super) struct StoryArguments {
    #[command(flatten)]
    scenario: OperandArguments,
    /// Networks to tell about; without it, all
    #[arg(long, value_name = "NETWORK")]
    from: Vec<String>,
    /// Tell what this virtual machine sees, at which second after each step, with the sessions it has open
    #[arg(long, value_name = "VM", conflicts_with = "from")]
    client: Option<String>,
    /// Tell up to and including this step
    #[arg(long, value_name = "STEP")]
    at: Option<String>,
    #[command(flatten)]
    format: FormatArguments,
}

pub(super) fn run(arguments: &StoryArguments) -> Result {
    let read = arguments.scenario.read()?;
    let step = super::StepArguments { at: arguments.at.clone() };
    let end = if arguments.at.is_some() { read.revision(&step)? } else { read.scenario.history.last() };
    let history = Arc::new(read.scenario.history.clone());
    let last = crate::compile::compile(&history, end);
    for name in &arguments.from {
        input::view(&last, name)?;
    }
    if let Some(name) = &arguments.client {
        let machine = input::machine(&history, name)?;
        let mut told = waits(&history, &machine);
        told.retain(|wait| history.step(&wait.step).is_some_and(|step| step.end <= end));
        output::print(&match arguments.format.format {
            Format::Text => report::text(name, &told),
            Format::Json => json(&report::document(&told)),
        })?;
        return Ok(Outcome::Done);
    }
    let networks: Vec<NetworkName> = arguments.from.iter().map(|name| name.as_str().into()).collect();
    let mut told = Story::tell(&history, &networks);
    let steps = told.steps.iter().take_while(|step| step.end <= end).count();
    told.keep_first(steps);
    output::print(&match arguments.format.format {
        Format::Text => story::text(&told),
        Format::Json => json(&story::document(&told)),
    })?;
    Ok(Outcome::Done)
}
