//! `step`: a running server goes to another step.

use clap::Args;
use serde_json::{Value, json};

use super::client::ServerArguments;
use super::{FormatArguments, Outcome, Result};
use crate::client::admin::ClientError;
use crate::output::{self as documents, Format};

/// Go to another step of a running server
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  ampls-dns step\n  ampls-dns step previous\n  ampls-dns step second-scope\n\n\
    Exit code 1 if there is no further step."
)]
pub(super) struct StepVerbArguments {
    /// Where to go: next, previous, or a step's name
    #[arg(value_name = "next|previous|STEP", default_value = "next")]
    goal: String,
    #[command(flatten)]
    server: ServerArguments,
    #[command(flatten)]
    format: FormatArguments,
}

pub(super) fn run(arguments: &StepVerbArguments) -> Result {
    let client = arguments.server.client()?;
    let answer = match arguments.goal.as_str() {
        "next" => client.post("/v1/steps/next", "application/json", b""),
        "previous" => client.post("/v1/steps/previous", "application/json", b""),
        name => client.post("/v1/steps/goto", "application/json", json!({ "step": name }).to_string().as_bytes()),
    };
    match answer {
        Ok(position) => {
            super::output::print(&match arguments.format.format {
                Format::Text => format!("{}\n", position_text(&position)),
                Format::Json => documents::json(&position),
            })?;
            Ok(Outcome::Done)
        }
        Err(ClientError::Refused(problem)) if problem.is_conflict() => {
            super::output::complain(&ClientError::Refused(problem));
            Ok(Outcome::Failed)
        }
        Err(error) => Err(error.into()),
    }
}

/// Where a server is in its history, from its status.
pub(super) fn position_text(position: &Value) -> String {
    let step = position["step"].as_str().unwrap_or("-");
    format!("step {step}, revision {}", position["revision"])
}
