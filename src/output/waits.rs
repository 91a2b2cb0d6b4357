//! What a caching client sees after each step, for people and programs.

use std::fmt::Write as _;

use serde::Serialize;

use super::story::{CellDocument, cell_word, plain_cell};
use crate::assess::Cell;
use crate::assess::client_cache::Wait;

/// A step as a client meets it, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct WaitDocument {
    /// The step.
    pub step: String,
    /// The names whose answers changed.
    pub changes: Vec<ChangeDocument>,
    /// Sessions that stay open: the resource, and the step at whose DNS they were opened.
    pub sessions: Vec<(String, Option<String>)>,
}

/// A changed name, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct ChangeDocument {
    /// The name.
    pub name: String,
    /// What the client saw before.
    pub before: CellDocument,
    /// What it sees in the end.
    pub after: CellDocument,
    /// The second from which on it sees that at the latest.
    pub from_second: u32,
}

/// The steps as documents.
pub fn document(waits: &[Wait]) -> Vec<WaitDocument> {
    let one = |wait: &Wait| WaitDocument {
        step: wait.step.to_string(),
        changes: wait
            .overlaps
            .iter()
            .map(|overlap| ChangeDocument {
                name: overlap.name.to_string(),
                before: plain_cell(&overlap.before),
                after: plain_cell(&overlap.after),
                from_second: overlap.from,
            })
            .collect(),
        sessions: wait
            .sessions
            .iter()
            .map(|(resource, step)| (resource.to_string(), step.as_ref().map(ToString::to_string)))
            .collect(),
    };
    waits.iter().map(one).collect()
}

/// A cell in a word, with `!` after an address that cannot be reached.
fn word(cell: &Cell) -> String {
    let reached = !matches!(cell, Cell::Private { reachable: false, .. });
    format!("{}{}", cell_word(cell), if reached { "" } else { " !" })
}

/// The steps as `story --client` prints them.
pub fn text(machine: &str, waits: &[Wait]) -> String {
    let mut text = format!("{machine}, which repeats its queries and caches each answer for its TTL\n");
    for wait in waits {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\n{}", wait.step);
        let width = wait.overlaps.iter().map(|overlap| overlap.name.to_string().len()).max().unwrap_or(0);
        for overlap in &wait.overlaps {
            let (before, after) = (word(&overlap.before), word(&overlap.after));
            let until = overlap.from.saturating_sub(1);
            let _ = match overlap.from {
                0 => writeln!(text, "  {:<width$}  from second 0: {after}", overlap.name),
                from => {
                    writeln!(text, "  {:<width$}  until second {until}: {before}; from {from}: {after}", overlap.name)
                }
            };
        }
        if wait.overlaps.is_empty() {
            text.push_str("  no answer changes\n");
        }
        for (resource, step) in &wait.sessions {
            let since = step.as_deref().unwrap_or("the declarations");
            let _ = writeln!(
                text,
                "  the open session to {resource} keeps the address it got in {since} until it is closed"
            );
        }
    }
    text
}
