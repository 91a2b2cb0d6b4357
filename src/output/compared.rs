//! What `compare` found out, for people and programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::{Format, count, json};
use crate::assess::compare::{Difference, LikelyCause};

/// A server that was held against a network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ComparedServer {
    /// The network, or `public`.
    pub network: String,
    /// Where the server listens.
    pub server: String,
    /// How many names it was asked for.
    pub asked: usize,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// The comparison, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
struct ComparisonDocument {
    asked: usize,
    differing: usize,
    servers: Vec<ServerDocument>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
struct ServerDocument {
    network: String,
    server: String,
    asked: usize,
    differences: Vec<DifferenceDocument>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
struct DifferenceDocument {
    name: String,
    expected: String,
    found: String,
    cause: &'static str,
    message: String,
    advice: &'static str,
}

/// Prints a comparison.
pub fn print(servers: &[ComparedServer], format: Format) -> String {
    match format {
        Format::Text => text(servers),
        Format::Json => json(&document(servers)),
    }
}

fn document(servers: &[ComparedServer]) -> ComparisonDocument {
    let difference = |one: &Difference| DifferenceDocument {
        name: one.name.to_string(),
        expected: one.expected.to_string(),
        found: one.found.to_string(),
        cause: one.cause.word(),
        message: one.cause.to_string(),
        advice: one.cause.advice(),
    };
    let server = |one: &ComparedServer| ServerDocument {
        network: one.network.clone(),
        server: one.server.clone(),
        asked: one.asked,
        differences: one.differences.iter().map(difference).collect(),
    };
    ComparisonDocument {
        asked: servers.iter().map(|one| one.asked).sum(),
        differing: servers.iter().map(|one| one.differences.len()).sum(),
        servers: servers.iter().map(server).collect(),
    }
}

/// Differences are grouped by cause.
fn text(servers: &[ComparedServer]) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    for one in servers {
        let differing = one.differences.len();
        let asked = count(one.asked, "name");
        let _ = match differing {
            0 => writeln!(text, "{} at {}: {asked} queries, no answer differs", one.network, one.server),
            _ => writeln!(text, "{} at {}: {asked} queries, {differing} answers differ", one.network, one.server),
        };
        let mut causes: BTreeMap<&LikelyCause, Vec<&Difference>> = BTreeMap::new();
        for difference in &one.differences {
            causes.entry(&difference.cause).or_default().push(difference);
        }
        for (cause, differences) in causes {
            let _ = writeln!(text, "  {cause}");
            for one in differences {
                let _ = writeln!(text, "    {}  expected {}, found {}", one.name, one.expected, one.found);
            }
            let _ = writeln!(text, "    do  {}", cause.advice());
        }
    }
    let asked = servers.iter().map(|one| one.asked).sum();
    let differing: usize = servers.iter().map(|one| one.differences.len()).sum();
    let at = count(servers.len(), "server");
    let _ = match differing {
        0 => writeln!(text, "{} compared at {at}: no answer differs", count(asked, "name")),
        1 => writeln!(text, "{} compared at {at}: 1 answer differs", count(asked, "name")),
        _ => writeln!(text, "{} compared at {at}: {differing} answers differ", count(asked, "name")),
    };
    text
}
