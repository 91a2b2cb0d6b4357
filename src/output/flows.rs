//! Flows for people and programs.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::count;
use super::story::standing_word;
use crate::assess::{Flow, Path, Unserved};

/// A flow, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct FlowDocument {
    /// The resource.
    pub resource: String,
    /// What is done.
    pub operation: &'static str,
    /// What for.
    pub function: String,
    /// The name that is resolved.
    pub name: String,
    /// The word for the path.
    pub path: &'static str,
    /// The address it leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The private endpoint it goes through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The scope of that endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The networks and appliances on the way, `app → hub (fw) → mon`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way: Option<String>,
    /// Why it is unknown whether packets arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reach_unknown: Option<String>,
    /// The revision whose DNS an open session goes by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_since: Option<u32>,
    /// True if the request is served.
    pub allowed: bool,
    /// The row of the table of decisions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u8>,
    /// HTTP status the client sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Error text the client sees.
    pub text: String,
    /// Why.
    pub reason: String,
    /// The code of the finding that covers it, where it is not served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// `broken`, `atRisk` or `closed`, where it is not served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<&'static str>,
}

/// A flow as a document.
pub fn document(flow: &Flow, unserved: Option<&Unserved>) -> FlowDocument {
    let (address, endpoint, scope) = match &flow.path {
        Path::Public { address } | Path::Blocked { address } | Path::Unreachable { address, .. } => {
            (Some(address), None, None)
        }
        Path::PrivateEndpoint { endpoint, scope, address, .. } => (Some(address), Some(endpoint), Some(scope)),
        Path::NameError | Path::NoData | Path::Failure(_) => (None, None, None),
    };
    let (way, unknown) = match &flow.path {
        Path::PrivateEndpoint { way, unknown, .. } => (way.clone(), unknown.clone()),
        _ => (None, None),
    };
    FlowDocument {
        way,
        reach_unknown: unknown,
        resource: flow.resource.to_string(),
        operation: flow.operation.name(),
        function: flow.function.to_string(),
        name: flow.name.to_string(),
        path: flow.path.word(),
        address: address.map(ToString::to_string),
        endpoint: endpoint.map(ToString::to_string),
        scope: scope.map(ToString::to_string),
        session_since: flow.session.map(|revision| revision.0),
        allowed: flow.judgement.allowed,
        row: flow.judgement.row.map(|row| row.0),
        status: flow.judgement.seen.status,
        text: flow.judgement.seen.text.clone(),
        reason: flow.judgement.reason.clone(),
        code: unserved.map(|one| one.cause.code.to_string()),
        standing: unserved.map(|one| standing_word(one.standing)),
    }
}

/// Flows as `flows` prints them: by resource, each with its path, decision, what the client sees, and the reason; then the
/// names that everybody in the network uses and that are not served, and the counts. `broken` is how many names are broken.
pub fn text(from: &str, flows: &[FlowDocument], everybody: &[&Unserved], broken: usize) -> String {
    let mut text = String::new();
    let denied = flows.iter().filter(|flow| !flow.allowed).count();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{} from {from}: {} allowed, {denied} denied; {} broken\n",
        count(flows.len(), "flow"),
        flows.len() - denied,
        count(broken, "name")
    );
    let mut resource = "";
    for flow in flows {
        if flow.resource != resource {
            resource = &flow.resource;
            let _ = writeln!(text, "{from} to {resource}");
        }
        let verdict = if flow.allowed { "allowed" } else { "DENIED" };
        let row = flow.row.map_or_else(String::new, |row| format!(", row {row}"));
        let path = match (&flow.endpoint, &flow.scope, &flow.address) {
            (Some(endpoint), Some(scope), Some(address)) => format!("private, {endpoint} of {scope} at {address}"),
            (_, _, Some(address)) => format!("{} at {address}", flow.path),
            _ => flow.path.to_owned(),
        };
        let session =
            flow.session_since.map_or_else(String::new, |since| format!(", session open since revision {since}"));
        let _ = writeln!(text, "  {:<9} {}: {}", flow.operation, flow.name, flow.function);
        let code = flow.code.as_ref().map_or_else(String::new, |code| format!(" [{code}]"));
        let _ = writeln!(text, "    {verdict}{row}: {path}{session}{code}");
        if let Some(way) = &flow.way {
            let _ = writeln!(text, "    way  {way}");
        }
        if let Some(why) = &flow.reach_unknown {
            let _ = writeln!(text, "    unknown whether packets arrive: {why}");
        }
        let status = flow.status.map_or_else(String::new, |status| format!("HTTP {status} "));
        let _ = writeln!(text, "    sees {}", format!("{status}{}", flow.text).trim());
        let _ = writeln!(text, "    because {}", flow.reason);
    }
    if !everybody.is_empty() {
        let _ = writeln!(text, "{from}, names that everybody uses");
    }
    for one in everybody {
        let _ = writeln!(text, "  {}: {} [{}]", one.used.name, standing_word(one.standing), one.cause.code);
    }
    text
}
