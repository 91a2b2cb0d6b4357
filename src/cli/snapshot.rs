//! `snapshot`: what a running server serves, kept under a name.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::ServerArguments;
use super::diff::encoded;
use super::step::position_text;
use super::{FormatArguments, Outcome, Result, output};
use crate::output::{self as documents, Format};

/// Save what a running server serves under a name, and restore it
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  ampls-dns snapshot take before-the-change\n  \
    ampls-dns snapshot restore before-the-change\n  ampls-dns snapshot list")]
pub(super) struct SnapshotArguments {
    #[command(subcommand)]
    verb: SnapshotVerb,
}

#[derive(Subcommand, Debug)]
enum SnapshotVerb {
    /// Save what is served under a name, replacing a snapshot of that name
    Take(NamedArguments),
    /// Restore a snapshot: it is served again
    Restore(NamedArguments),
    /// Delete a snapshot
    Delete(NamedArguments),
    /// List the snapshots
    List {
        #[command(flatten)]
        server: ServerArguments,
        #[command(flatten)]
        format: FormatArguments,
    },
}

#[derive(Args, Debug)]
struct NamedArguments {
    /// Name of the snapshot: letters, digits, `.`, `-` and `_`
    name: String,
    #[command(flatten)]
    server: ServerArguments,
    #[command(flatten)]
    format: FormatArguments,
}

pub(super) fn run(arguments: &SnapshotArguments) -> Result {
    let (text, document, format) = match &arguments.verb {
        SnapshotVerb::Take(NamedArguments { name, server, format }) => {
            let body = json!({ "name": name }).to_string();
            let taken = server.client()?.post("/v1/snapshots", "application/json", body.as_bytes())?;
            (format!("took {}", line(&taken)), taken, format)
        }
        SnapshotVerb::Restore(NamedArguments { name, server, format }) => {
            let path = format!("/v1/snapshots/{}/restore", encoded(name));
            let position = server.client()?.post(&path, "application/json", b"")?;
            (format!("{}\n", position_text(&position)), position, format)
        }
        SnapshotVerb::Delete(NamedArguments { name, server, format }) => {
            server.client()?.delete(&format!("/v1/snapshots/{}", encoded(name)))?;
            (format!("deleted {name}\n"), json!({ "deleted": name }), format)
        }
        SnapshotVerb::List { server, format } => {
            let all = server.client()?.get("/v1/snapshots")?;
            let lines: String = all.as_array().into_iter().flatten().map(line).collect();
            let text = if lines.is_empty() { "there are no snapshots\n".to_owned() } else { lines };
            (text, all, format)
        }
    };
    output::print(&match format.format {
        Format::Text => text,
        Format::Json => documents::json(&document),
    })?;
    Ok(Outcome::Done)
}

/// A snapshot on one line.
fn line(snapshot: &Value) -> String {
    format!("{}: {}\n", snapshot["name"].as_str().unwrap_or_default(), position_text(snapshot))
}
