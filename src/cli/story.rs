//! `story`: which names changed for which network, step by step.

use std::sync::Arc;

use clap::Args;

use super::allow::AllowArguments;
use super::{OperandArguments, Outcome, Result, format, input, output};
use crate::assess::Timeline;
use crate::assess::client_cache::waits;
use crate::estate::{History, NetworkName, Revision};
use crate::output::drawing::layout::Plan;
use crate::output::drawing::{TimelineView, mermaid, svg};
use crate::output::format::StoryFormat;
use crate::output::page::{Page, html};
use crate::output::{json, story, waits as report};

/// Show step by step which names changed for which network, and what broke
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  ampls-dns story\n  ampls-dns story my-estate.yaml --from vnet1 --format json\n  \
    ampls-dns story --format html > story.html\n  \
    ampls-dns story --format svg --at first-scope > first-scope.svg\n  \
    ampls-dns story docs-43-sessions-outlive-a-deny-rule --client vm"
)]
pub(super) struct StoryArguments {
    #[command(flatten)]
    scenario: OperandArguments,
    /// Networks to show [default: all]
    #[arg(long, value_name = "NETWORK")]
    from: Vec<String>,
    /// Show what this virtual machine sees at each second after a step, with its open sessions
    #[arg(long, value_name = "VM", conflicts_with = "from")]
    client: Option<String>,
    /// Show up to and including this step; a drawing is of this step, and a page opens at it
    #[arg(long, value_name = "STEP")]
    at: Option<String>,
    #[command(flatten)]
    accepted: AllowArguments,
    /// File to write to [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<std::path::PathBuf>,
    /// Output format
    #[arg(long, value_parser = format::of::<StoryFormat>(), default_value = "text")]
    format: StoryFormat,
}

/// A client's story is not one that can be drawn.
#[derive(Debug, thiserror::Error)]
#[error("--client shows one machine as text or JSON\nhelp: remove --client to draw the estate")]
struct NotDrawn;

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
        let text = match arguments.format {
            StoryFormat::Text => report::text(name, &told),
            StoryFormat::Json => json(&report::document(&told)),
            StoryFormat::Svg | StoryFormat::Mermaid | StoryFormat::Html => return Err(NotDrawn.into()),
        };
        output::print_to(arguments.output.as_deref(), &text)?;
        return Ok(Outcome::Done);
    }
    let networks: Vec<NetworkName> = arguments.from.iter().map(|name| name.as_str().into()).collect();
    let (allow, today) = (arguments.accepted.entries(&read.scenario.allow)?, arguments.accepted.today());
    let told = || {
        let mut told = up_to(&history, &networks, end);
        told.accept(&allow, today);
        told
    };
    let width = if arguments.output.is_none() { output::width() } else { None };
    let text = match arguments.format {
        StoryFormat::Text => story::text(&told(), width),
        StoryFormat::Json => json(&story::document(&told())),
        StoryFormat::Svg | StoryFormat::Mermaid | StoryFormat::Html => {
            let mut tale = TimelineView::of(&read.scenario, &networks).accept(&allow, today);
            tale.start = arguments.at.as_deref().and_then(|name| tale.step(name)).unwrap_or(tale.start);
            drawn(arguments.format, &tale, &read.name)
        }
    };
    output::print_to(arguments.output.as_deref(), &text)?;
    Ok(Outcome::Done)
}

fn up_to(history: &Arc<History>, networks: &[NetworkName], end: Revision) -> Timeline {
    let mut told = Timeline::tell(history, networks);
    let steps = told.steps.iter().take_while(|step| step.end <= end).count();
    told.keep_first(steps);
    told
}

fn drawn(format: StoryFormat, tale: &TimelineView, scenario: &str) -> String {
    if format == StoryFormat::Html {
        let mut page = Page::of(tale);
        page.scenario = input::again(scenario);
        return html::file(&page);
    }
    let plan = Plan::of(tale);
    match format {
        StoryFormat::Mermaid => mermaid::flowchart(tale, &plan.estates[tale.start], tale.start),
        _ => svg::file(tale, &plan, tale.start),
    }
}
