//! `status`: what a running server serves.

use std::fmt::Write as _;

use clap::Args;
use serde_json::Value;

use super::client::ServerArguments;
use super::{FormatArguments, Outcome, Result};
use crate::output::{self as documents, Format, count};

/// Show what a running server serves, at which step, and whether its last reload succeeded
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  ampls-dns status\n  ampls-dns status --admin http://dns.lab.example:5299 --format json\n\n\
    Exit code 1 if its last reload failed."
)]
pub(super) struct StatusArguments {
    #[command(flatten)]
    server: ServerArguments,
    #[command(flatten)]
    format: FormatArguments,
}

pub(super) fn run(arguments: &StatusArguments) -> Result {
    let client = arguments.server.client()?;
    let state = client.get("/v1/state")?;
    super::output::print(&match arguments.format.format {
        Format::Text => text(&state),
        Format::Json => documents::json(&state),
    })?;
    Ok(if state["reload"]["failure"].is_null() { Outcome::Done } else { Outcome::Failed })
}

fn text(state: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |key: &str| state[key].as_array().cloned().unwrap_or_default();
    let (title, source) = (word(&state["title"]), word(&state["source"]));
    let mut text = if title.is_empty() { format!("{source}\n") } else { format!("{title} ({source})\n") };
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "revision {}, generation {}; {}, {}, {}, {}",
        state["revision"],
        state["generation"],
        count(list("networks").len(), "network"),
        count(list("zones").len(), "private zone"),
        count(list("scopes").len(), "scope"),
        count(list("endpoints").len(), "private endpoint"),
    );
    let steps = list("steps");
    if !steps.is_empty() {
        text.push_str("\nsteps\n");
    }
    for step in &steps {
        let here = if step["current"] == true { '>' } else { ' ' };
        let _ = writeln!(text, "{here} {}  (revision {})", word(&step["name"]), step["revision"]);
    }
    text.push_str("\nlisteners\n");
    for listener in list("listeners") {
        let _ = writeln!(text, "  {}  public view, or by source address", word(&listener));
    }
    for network in list("networks") {
        if let Some(listener) = network["listener"].as_str() {
            let _ = writeln!(text, "  {listener}  {}", word(&network["name"]));
        }
    }
    let reload = &state["reload"];
    if let Some(last) = reload["last"].as_str() {
        match reload["failure"].as_str() {
            Some(failure) => {
                let _ = writeln!(
                    text,
                    "\nthe reload at {last} failed, and the server keeps the previous revision:\n{failure}"
                );
            }
            None => {
                let _ = writeln!(text, "\nreloaded {last}");
            }
        }
    }
    text
}
