//! Flows for people and programs.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::count;
use super::story::standing_word;
use crate::assess::flow::Client;
use crate::assess::{Assessment, Flow, OtherFlow, Path, Unserved, flows, other_flows};
use crate::catalogue::Operation;
use crate::compile::Compiled;
use crate::estate::ResourceName;

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
    /// The name that is resolved; empty where a flow stays inside Azure.
    pub name: String,
    /// False for what no scope governs as it governs the names of resources; `reason` says what decides it then.
    pub governed: bool,
    /// The word for the path; `azure` where a flow stays inside Azure.
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
    /// True if the request is served; null where that is unknown.
    pub allowed: Option<bool>,
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

/// The flows of a client to resources, as far as they are of `operation`: those that scopes govern, then those that none
/// does, resource by resource.
pub fn documents(
    world: &Compiled,
    client: &Client,
    resources: &[ResourceName],
    operation: Option<Operation>,
    assessment: &Assessment,
) -> Vec<FlowDocument> {
    let is_wanted = |own: Operation| operation.is_none_or(|operation| own == operation);
    let view = client.view(world);
    let mut documents = Vec::new();
    for resource in resources {
        let governed = flows(world, client, resource).into_iter().filter(|flow| is_wanted(flow.operation));
        documents.extend(governed.map(|flow| document(&flow, assessment.of_flow(world, client, &flow).as_deref())));
        let others = view.into_iter().flat_map(|view| other_flows(world, view, resource));
        documents.extend(others.filter(|flow| is_wanted(flow.row.operation)).map(|flow| other_document(&flow)));
    }
    documents
}

/// A flow as a document.
pub fn document(flow: &Flow, unserved: Option<&Unserved>) -> FlowDocument {
    let (address, endpoint, scope) = ends(&flow.path);
    let (way, unknown) = match &flow.path {
        Path::PrivateEndpoint { way, unknown, .. } => (way.clone(), unknown.clone()),
        Path::Public { unknown, .. } => (None, unknown.clone()),
        _ => (None, None),
    };
    FlowDocument {
        governed: true,
        way,
        reach_unknown: unknown,
        resource: flow.resource.to_string(),
        operation: flow.operation.name(),
        function: flow.function.to_string(),
        name: flow.name.to_string(),
        path: flow.path.word(),
        address,
        endpoint,
        scope,
        session_since: flow.session.map(|revision| revision.0),
        allowed: (!flow.judgement.is_unknown).then_some(flow.judgement.allowed),
        row: flow.judgement.row.map(|row| row.0),
        status: flow.judgement.seen.status,
        text: flow.judgement.seen.text.clone(),
        reason: flow.judgement.reason.clone(),
        code: unserved.map(|one| one.cause.code.to_string()),
        standing: unserved.map(|one| standing_word(one.standing)),
    }
}

/// Address, endpoint and scope at the end of a path.
fn ends(path: &Path) -> (Option<String>, Option<String>, Option<String>) {
    match path {
        Path::Public { address, .. } | Path::Blocked { address, .. } | Path::Unreachable { address, .. } => {
            (Some(address.to_string()), None, None)
        }
        Path::PrivateEndpoint { endpoint, target, address, .. } => {
            (Some(address.to_string()), Some(endpoint.to_string()), target.scope().map(ToString::to_string))
        }
        Path::NameError | Path::NoData | Path::Failure(_) | Path::Unknown { .. } => (None, None, None),
    }
}

/// A flow that no scope governs, as a document.
fn other_document(flow: &OtherFlow) -> FlowDocument {
    let (address, endpoint, scope) = flow.path.as_ref().map_or((None, None, None), |(_, path)| ends(path));
    let arrives = |path: &Path| matches!(path, Path::Public { .. } | Path::PrivateEndpoint { .. });
    FlowDocument {
        resource: flow.resource.to_string(),
        operation: flow.row.operation.name(),
        function: flow.row.flow.to_string(),
        name: flow.path.as_ref().map_or_else(String::new, |(name, _)| name.to_string()),
        governed: false,
        path: flow.path.as_ref().map_or("azure", |(_, path)| path.word()),
        address,
        endpoint,
        scope,
        way: None,
        reach_unknown: None,
        session_since: None,
        allowed: match &flow.path {
            Some((_, Path::Unknown { .. })) => None,
            Some((_, path)) => Some(arrives(path)),
            None => Some(true),
        },
        row: None,
        status: None,
        text: String::new(),
        reason: format!("{} ({})", flow.row.rule, flow.row.source),
        code: None,
        standing: None,
    }
}

/// Flows as `flows` prints them: by resource, each with its path, decision, what the client sees, and the reason; then the
/// names that everybody in the network uses and that are not served, and the counts. `broken` is how many names are broken.
pub fn text(from: &str, flows: &[FlowDocument], everybody: &[&Unserved], broken: usize) -> String {
    let mut text = String::new();
    let governed: Vec<_> = flows.iter().filter(|flow| flow.governed).collect();
    let of = |allowed: Option<bool>| governed.iter().filter(|flow| flow.allowed == allowed).count();
    let unknown = match of(None) {
        0 => String::new(),
        some => format!(", {some} unknown"),
    };
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{} from {from}: {} allowed, {} denied{unknown}; {} broken\n",
        count(governed.len(), "flow"),
        of(Some(true)),
        of(Some(false)),
        count(broken, "name")
    );
    let mut resource = "";
    for flow in flows {
        if flow.resource != resource {
            resource = &flow.resource;
            let _ = writeln!(text, "{from} to {resource}");
        }
        if !flow.governed {
            let _ = writeln!(text, "  {:<9} {}", flow.operation, flow.function);
            let at = flow.address.as_ref().map_or_else(String::new, |address| format!(" at {address}"));
            let path = match &*flow.name {
                "" => "inside Azure".to_owned(),
                name => format!("{name}, {}{at}", flow.path),
            };
            let _ = writeln!(text, "    in no scope: {path}");
            let _ = writeln!(text, "    because {}", flow.reason);
            continue;
        }
        let verdict = match flow.allowed {
            Some(true) => "allowed",
            Some(false) => "DENIED",
            None => "unknown",
        };
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
            let _ = writeln!(text, "    it is unknown whether packets arrive: {why}");
        }
        let status = flow.status.map_or_else(String::new, |status| format!("HTTP {status} "));
        let _ = writeln!(text, "    sees {}", format!("{status}{}", flow.text).trim());
        let _ = writeln!(text, "    because {}", flow.reason);
    }
    if !everybody.is_empty() {
        let _ = writeln!(text, "{from}, shared names");
    }
    for one in everybody {
        let _ = writeln!(text, "  {}: {} [{}]", one.used.name, standing_word(one.standing), one.cause.code);
    }
    text
}
