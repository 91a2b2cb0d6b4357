//! `records`: the record sets of zones, who wrote each, what it overwrote, and what was deleted.

use clap::Args;

use super::{FormatArguments, OperandArguments, Outcome, Result, StepArguments, input, output};
use crate::output::record_sets::{self, Filter};
use crate::output::{Format, json};

/// Print record sets, who wrote them, and what they overwrote
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  ampls-dns records\n  \
    ampls-dns records --zone privatelink.monitor.azure.com --at second-scope\n  \
    ampls-dns records --name api.monitor.azure.com --format json")]
pub(super) struct RecordsArguments {
    /// Zone, as its name or as RESOURCEGROUP/NAME [default: all private zones]
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Owner name. With a zone or a name, zones of public DNS are listed too
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// How many record sets to skip
    #[arg(long, value_name = "N", default_value_t = 0)]
    offset: usize,
    /// How many record sets to print at most
    #[arg(long, value_name = "N", default_value_t = 1000)]
    limit: usize,
    #[command(flatten)]
    scenario: OperandArguments,
    #[command(flatten)]
    step: StepArguments,
    #[command(flatten)]
    format: FormatArguments,
}

/// There is no such zone.
#[derive(Debug, thiserror::Error)]
#[error("unknown zone `{zone}`\nhelp: {hint}")]
struct NoSuchZone {
    zone: String,
    hint: String,
}

pub(super) fn run(arguments: &RecordsArguments) -> Result {
    let world = arguments.scenario.read()?.compile(&arguments.step)?;
    let (group, apex) = match arguments.zone.as_deref() {
        None => (None, None),
        Some(text) => match text.rsplit_once('/') {
            Some((group, apex)) => (Some(group.to_owned()), Some(input::owner_name(apex)?)),
            None => (None, Some(input::owner_name(text)?)),
        },
    };
    let filter = Filter {
        apex,
        resource_group: group,
        name: arguments.name.as_deref().map(input::owner_name).transpose()?,
        offset: arguments.offset,
        limit: arguments.limit,
    };
    let Some(document) = record_sets::document(&world, &filter) else {
        let zone = arguments.zone.clone().unwrap_or_default();
        let there = world.state.zones.keys().map(|id| id.apex.to_string());
        let hint = input::hint(&zone, there, "private zones");
        return Err(NoSuchZone { zone, hint }.into());
    };
    output::print(&match arguments.format.format {
        Format::Text => record_sets::text(&document),
        Format::Json => json(&document),
    })?;
    Ok(Outcome::Done)
}
