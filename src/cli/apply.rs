//! `apply`: events happen in a running server.

use std::io::Read as _;

use clap::Args;

use super::client::ServerArguments;
use super::step::position_text;
use super::{FormatArguments, Outcome, Result};
use crate::client::admin::ClientError;
use crate::output::{self as documents, Format, count};
use crate::server::admin::MAX_BODY_OCTETS;

/// Append events to the history of a running server, as one step
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  ampls-dns apply events.yaml\n  \
    echo '[{deletePrivateEndpoint: pe2}]' | ampls-dns apply -\n\n\
    The file is a step of a scenario: `step`, `about`, `date` and `events`. A plain list of events works too.\n\
    Without --built-on, the events build on the revision that is served now. Exit code 1 if the server has moved to another revision.")]
pub(super) struct ApplyArguments {
    /// File with the events, or - for standard input
    #[arg(value_name = "FILE|-")]
    file: String,
    /// Revision that the events build on: if another one is served, nothing changes
    #[arg(long, value_name = "REVISION")]
    built_on: Option<u32>,
    #[command(flatten)]
    server: ServerArguments,
    #[command(flatten)]
    format: FormatArguments,
}

/// Why the events cannot be sent.
#[derive(Debug, thiserror::Error)]
enum ApplyError {
    #[error("the events in `{file}` cannot be read")]
    Unreadable {
        file: String,
        #[source]
        error: std::io::Error,
    },
    #[error("`{file}` is larger than {most} MiB, the limit")]
    Large { file: String, most: usize },
}

pub(super) fn run(arguments: &ApplyArguments) -> Result {
    let client = arguments.server.client()?;
    let text = read(&arguments.file)?;
    let query = match arguments.built_on {
        Some(revision) => format!("builtOn={revision}"),
        // What the text says itself is compared as well.
        None => format!("generation={}", client.get("/v1/state")?["generation"]),
    };
    let name = if arguments.file == "-" { "<stdin>" } else { &arguments.file };
    match client.post(&format!("/v1/events?{query}"), "application/yaml", &text) {
        Ok(answer) => {
            super::output::print(&match arguments.format.format {
                Format::Text => told(&answer, name),
                Format::Json => documents::json(&answer),
            })?;
            Ok(Outcome::Done)
        }
        Err(ClientError::Refused(problem)) if problem.is_conflict() => {
            super::output::complain(&ClientError::Refused(problem));
            Ok(Outcome::Failed)
        }
        Err(ClientError::Refused(problem)) => Err(ClientError::Refused(problem.in_file(name)).into()),
        Err(error) => Err(error.into()),
    }
}

fn read(file: &str) -> std::result::Result<Vec<u8>, ApplyError> {
    let mut text = Vec::new();
    let most = MAX_BODY_OCTETS as u64 + 1;
    let read = match file {
        "-" => std::io::stdin().lock().take(most).read_to_end(&mut text),
        file => std::fs::File::open(file).and_then(|file| file.take(most).read_to_end(&mut text)),
    };
    match read {
        Err(error) => Err(ApplyError::Unreadable { file: file.to_owned(), error }),
        Ok(_) if text.len() > MAX_BODY_OCTETS => {
            Err(ApplyError::Large { file: file.to_owned(), most: MAX_BODY_OCTETS >> 20 })
        }
        Ok(_) => Ok(text),
    }
}

fn told(answer: &serde_json::Value, file: &str) -> String {
    let mut text = format!("{}\n", position_text(answer));
    for refused in answer["refused"].as_array().into_iter().flatten() {
        let (line, reason) = (&refused["line"], refused["reason"].as_str().unwrap_or_default());
        text.push_str(&format!("refused by Azure, {file}:{line}: {reason}\n"));
    }
    let left: Vec<&str> = answer["left"].as_array().into_iter().flatten().filter_map(|step| step.as_str()).collect();
    if !left.is_empty() {
        text.push_str(&format!("{} left until the next reset: {}\n", count(left.len(), "step"), left.join(", ")));
    }
    text
}
