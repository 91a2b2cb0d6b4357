//! What two estates differ in, for people, pull requests and programs.

use std::fmt::Write as _;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::count;
pub use super::format::DiffFormat;
use crate::assess::Path;
use crate::assess::diff::{
    Change, Diff, Effect, End, FindingKey, FindingState, FlowKey, LeftOut, RecordSetKey, Seen, Written,
};
use crate::assess::route::is_documentation;

/// What two estates differ in, as JSON. A side on which something is not there is null.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Debug, Default)]
#[serde(rename_all = "camelCase")]
pub struct DiffDocument {
    /// Record sets of private zones.
    pub record_sets: Vec<RecordSetChange>,
    /// Answers, those that change alike in several networks together.
    pub answers: Vec<AnswerChange>,
    /// Flows, those that change alike for several clients together.
    pub flows: Vec<FlowChange>,
    /// Findings.
    pub findings: Vec<FindingChange>,
    /// How many names break, each counted once in each network.
    pub names_break: usize,
    /// How many names heal.
    pub names_heal: usize,
    /// What was not compared, because there is too much of it; absent where everything was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<LeftOutDocument>,
}

/// A record set that differs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct RecordSetChange {
    /// Resource group and zone.
    pub zone: String,
    /// Owner name, relative to the zone; `@` for the zone's own.
    pub name: String,
    /// Type.
    pub r#type: String,
    /// Before.
    pub before: Option<RecordSetSide>,
    /// After.
    pub after: Option<RecordSetSide>,
}

/// A record set on one side.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct RecordSetSide {
    /// Seconds.
    pub ttl: u32,
    /// Data in master-file form.
    pub data: Vec<String>,
    /// Who wrote it.
    pub by: String,
}

/// An answer that differs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct AnswerChange {
    /// The name.
    pub name: String,
    /// The type.
    pub r#type: String,
    /// The networks it changes in; `public` is outside all of them.
    pub networks: Vec<String>,
    /// Before.
    pub before: Option<AnswerSide>,
    /// After.
    pub after: Option<AnswerSide>,
    /// `breaks`, `heals`, `adds`, `removes` or `changes`.
    pub effect: String,
}

/// An answer on one side.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct AnswerSide {
    /// `public`, `private`, `noData`, `nameError` or `failure`.
    pub path: String,
    /// The data.
    pub data: Vec<String>,
    /// The endpoint that wrote them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// False where a private address cannot be reached.
    pub reachable: bool,
}

/// A flow that differs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct FlowChange {
    /// The networks and virtual machines it changes for; `public` is outside all networks.
    pub clients: Vec<String>,
    /// The resource.
    pub resource: String,
    /// What is done.
    pub operation: String,
    /// The name it goes through.
    pub name: String,
    /// What for.
    pub function: String,
    /// Before.
    pub before: Option<FlowSide>,
    /// After.
    pub after: Option<FlowSide>,
    /// `breaks`, `heals`, `adds`, `removes` or `changes`.
    pub effect: String,
}

/// A flow on one side.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct FlowSide {
    /// True if it is allowed; null where nothing says whether it is.
    pub allowed: Option<bool>,
    /// The word for the path.
    pub path: String,
    /// The endpoint it goes through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The address it leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The HTTP status the client sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why.
    pub reason: String,
}

/// A finding that is there on one side only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct FindingChange {
    /// True if it appears, false if it disappears.
    pub appears: bool,
    /// Its code.
    pub code: String,
    /// `error`, `warning` or `note`.
    pub severity: String,
    /// Why it is accepted; absent where it is not accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
    /// What happened.
    pub message: String,
    /// The networks concerned.
    pub networks: Vec<String>,
    /// The names concerned.
    pub names: Vec<String>,
}

/// How much of two large estates was not compared.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Debug)]
pub struct LeftOutDocument {
    /// Answers of networks.
    pub answers: usize,
    /// Pairs of client and resource.
    pub flows: usize,
}

impl DiffDocument {
    /// True if nothing differs.
    pub fn is_empty(&self) -> bool {
        self.record_sets.is_empty() && self.answers.is_empty() && self.flows.is_empty() && self.findings.is_empty()
    }
}

/// A difference as a document.
pub fn document(diff: &Diff) -> DiffDocument {
    let mut answers: IndexMap<_, AnswerChange> = IndexMap::new();
    for change in &diff.answers {
        let effect = word(diff.effect_of(change));
        let key = (&change.key.name, change.key.kind, &change.before, &change.after, effect.clone());
        let alike = answers.entry(key).or_insert_with(|| AnswerChange {
            name: change.key.name.to_string(),
            r#type: change.key.kind.to_string(),
            networks: Vec::new(),
            before: change.before.as_ref().map(answer_side),
            after: change.after.as_ref().map(answer_side),
            effect: side_effect(effect, change.before.is_none(), change.after.is_none()),
        });
        alike.networks.push(change.key.network.clone());
    }
    let mut flows: Vec<FlowChange> = Vec::new();
    // Those that change alike for several clients need not be side by side.
    let mut places: IndexMap<_, usize> = IndexMap::new();
    for Change { key, before, after } in &diff.flows {
        let FlowKey { client, resource, operation, name, function } = key;
        let ends = [before, after]
            .map(|end| end.as_ref().map(|end| (end.allowed, end.is_broken, format!("{:?}", end.path), end.status)));
        let place = *places.entry((resource, operation, name, function, ends)).or_insert_with(|| {
            let change = Change { key: key.clone(), before: before.clone(), after: after.clone() };
            flows.push(FlowChange {
                clients: Vec::new(),
                resource: resource.clone(),
                operation: (*operation).to_owned(),
                name: name.to_string(),
                function: function.clone(),
                before: before.as_ref().map(flow_side),
                after: after.as_ref().map(flow_side),
                effect: side_effect(word(change.effect()), change.before.is_none(), change.after.is_none()),
            });
            flows.len() - 1
        });
        flows[place].clients.push(client.clone());
    }
    DiffDocument {
        record_sets: diff.record_sets.iter().map(record_set).collect(),
        answers: answers.into_values().collect(),
        flows,
        findings: diff.findings.iter().flat_map(finding).collect(),
        names_break: diff.breaks.len(),
        names_heal: diff.heals.len(),
        left_out: (diff.left_out != LeftOut::default())
            .then_some(LeftOutDocument { answers: diff.left_out.answers, flows: diff.left_out.flows }),
    }
}

/// The word for a change; what one side does not have is added or removed, and has not broken or healed.
fn side_effect(word: String, is_new: bool, is_gone: bool) -> String {
    match (word.as_str(), is_new, is_gone) {
        ("breaks", ..) => word,
        (_, true, _) => "adds".to_owned(),
        (_, _, true) => "removes".to_owned(),
        _ => word,
    }
}

fn word(effect: Effect) -> String {
    match effect {
        Effect::Breaks => "breaks",
        Effect::Heals => "heals",
        Effect::Neither => "changes",
    }
    .to_owned()
}

fn record_set(change: &Change<RecordSetKey, Written>) -> RecordSetChange {
    let side = |one: &Written| RecordSetSide { ttl: one.ttl, data: one.data.clone(), by: one.by.clone() };
    let RecordSetKey { zone, owner, kind } = &change.key;
    RecordSetChange {
        zone: zone.to_string(),
        name: owner.relative_to(&zone.apex).unwrap_or_else(|| owner.to_string()),
        r#type: kind.to_string(),
        before: change.before.as_ref().map(side),
        after: change.after.as_ref().map(side),
    }
}

fn answer_side(seen: &Seen) -> AnswerSide {
    let side = |path: &str, data: &[String]| AnswerSide {
        path: path.to_owned(),
        data: data.to_vec(),
        endpoint: None,
        reachable: true,
    };
    match seen {
        Seen::Public(data) => side("public", data),
        Seen::Private { data, endpoint, reachable } => AnswerSide {
            endpoint: endpoint.as_ref().map(ToString::to_string),
            reachable: *reachable,
            ..side("private", data)
        },
        Seen::NoData => side("noData", &[]),
        Seen::NameError => side("nameError", &[]),
        Seen::Failure => side("failure", &[]),
    }
}

fn flow_side(end: &End) -> FlowSide {
    let (endpoint, address) = match &end.path {
        Path::PrivateEndpoint { endpoint, address, .. } => (Some(endpoint.to_string()), Some(address)),
        // Any public address represents any other.
        Path::Public { address, .. } | Path::Blocked { address, .. } if is_documentation(*address) => (None, None),
        Path::Public { address, .. } | Path::Unreachable { address, .. } | Path::Blocked { address, .. } => {
            (None, Some(address))
        }
        Path::NameError | Path::NoData | Path::Failure(_) | Path::Unknown { .. } => (None, None),
    };
    FlowSide {
        allowed: end.allowed,
        path: end.path.word().to_owned(),
        endpoint,
        address: address.map(ToString::to_string),
        status: end.status,
        reason: end.reason.clone(),
    }
}

/// A finding that has another severity on the other side would be gone and there again.
fn finding(change: &Change<FindingKey, FindingState>) -> impl Iterator<Item = FindingChange> {
    let one = |state: &FindingState, appears| FindingChange {
        appears,
        code: change.key.code.clone(),
        severity: state.severity.to_string(),
        accepted: state.accepted.clone(),
        message: change.key.message.clone(),
        networks: change.key.networks.clone(),
        names: change.key.names.iter().map(ToString::to_string).collect(),
    };
    let gone = change.before.as_ref().map(|state| one(state, false));
    let new = change.after.as_ref().map(|state| one(state, true));
    gone.into_iter().chain(new)
}

/// A difference as it is printed. Where nothing differs, text and markdown are empty.
pub fn print(document: &DiffDocument, format: DiffFormat) -> String {
    match format {
        DiffFormat::Text => text(document),
        DiffFormat::Markdown => markdown(document),
        DiffFormat::Json => super::json(document),
    }
}

/// A difference as `diff` prints it: old lines begin with `-`, new ones with `+`.
fn text(document: &DiffDocument) -> String {
    let mut text = String::new();
    for (title, lines) in sections(document) {
        if !lines.is_empty() {
            let _ = writeln!(text, "{title}");
            for line in lines {
                let _ = writeln!(text, "  {line}");
            }
            text.push('\n');
        }
    }
    if !text.is_empty() {
        let _ = writeln!(text, "{}", summary(document));
    }
    if let Some(left_out) = &document.left_out {
        let _ = writeln!(text, "{}", not_compared(left_out));
    }
    text
}

/// What was not compared, and what to do about it.
fn not_compared(left_out: &LeftOutDocument) -> String {
    format!(
        "too many to compare: {} and the flows of {} of client and resource are left out; all record sets and findings were compared\nhelp: keep to a few networks with `--from NETWORK`",
        count(left_out.answers, "answer"),
        count(left_out.flows, "pair")
    )
}

/// A difference for a pull request: what breaks as a table, all of it in blocks that fold.
fn markdown(document: &DiffDocument) -> String {
    if document.is_empty() && document.left_out.is_none() {
        return String::new();
    }
    let mut text = format!("### What changes in DNS: {}\n", summary(document));
    if let Some(left_out) = &document.left_out {
        let _ = writeln!(text, "\n{}", not_compared(left_out));
    }
    let cell = |text: &str| text.replace('|', "\\|");
    let broken: Vec<_> = document.flows.iter().filter(|one| one.effect == "breaks").collect();
    if !broken.is_empty() {
        text.push_str("\n| For | Breaks | Through | Before | After |\n|---|---|---|---|---|\n");
        for flow in broken.iter().take(MAX_ROWS) {
            let _ = writeln!(
                text,
                "| {} | {} of {} | `{}` | {} | {} |",
                cell(&flow.clients.join(", ")),
                flow.operation,
                cell(&flow.resource),
                flow.name,
                cell(&flow_word(flow.before.as_ref())),
                cell(&flow_word(flow.after.as_ref()))
            );
        }
        if broken.len() > MAX_ROWS {
            let _ = writeln!(text, "\n{} more flows break; the details below list them all.", broken.len() - MAX_ROWS);
        }
    }
    for (title, lines) in sections(document) {
        if lines.is_empty() {
            continue;
        }
        // GitHub colours lines by their first character, so marks are there.
        let mut block: String = lines.iter().take(MAX_LINES).map(|line| format!("{line}\n")).collect();
        if lines.len() > MAX_LINES {
            let more = lines.len() - MAX_LINES;
            let _ = writeln!(block, "@@ {}; `ampls-dns diff` prints all of them @@", count(more, "more line"));
        }
        let _ = write!(text, "\n<details><summary>{title}</summary>\n\n```diff\n{block}```\n\n</details>\n");
    }
    text
}

/// The most rows of what breaks: with the folded sections, a summary stays below 60 lines.
const MAX_ROWS: usize = 20;
/// The most lines of a folded section: comments of GitHub have at most 65,536 characters.
const MAX_LINES: usize = 120;

/// Each section's title, and its lines: a mark, and what changes.
fn sections(document: &DiffDocument) -> [(String, Vec<String>); 4] {
    let mut record_sets = Vec::new();
    let mut zone = "";
    for change in &document.record_sets {
        if change.zone != zone {
            zone = &change.zone;
            record_sets.push(format!("@@ {zone} @@"));
        }
        for (mark, side) in [('-', &change.before), ('+', &change.after)] {
            if let Some(RecordSetSide { ttl, data, by }) = side {
                let data = data.join(", ");
                record_sets.push(format!("{mark} {} {ttl} {} {data}   ; by {by}", change.name, change.r#type));
            }
        }
    }
    let mut answers = Vec::new();
    for change in &document.answers {
        let kind = if change.r#type == "A" { String::new() } else { format!(" {}", change.r#type) };
        answers.push(format!("@@ {}{kind} in {}{} @@", change.name, change.networks.join(", "), loud(&change.effect)));
        answers.push(format!("- {}", answer_word(change.before.as_ref())));
        answers.push(format!("+ {}", answer_word(change.after.as_ref())));
    }
    let mut flows = Vec::new();
    for change in &document.flows {
        let FlowChange { clients, resource, operation, name, .. } = change;
        let whose = clients.join(", ");
        flows.push(format!("@@ {operation} of {resource} from {whose} through {name}{} @@", loud(&change.effect)));
        flows.push(format!("- {}", flow_word(change.before.as_ref())));
        flows.push(format!("+ {}", flow_word(change.after.as_ref())));
    }
    let findings = document.findings.iter().map(|one| {
        let mark = if one.appears { '+' } else { '-' };
        let whom = if one.networks.is_empty() { String::new() } else { format!(" (for {})", one.networks.join(", ")) };
        let (accepted, why) = match &one.accepted {
            Some(reason) => ("accepted ", format!("; accepted: {reason}")),
            None => ("", String::new()),
        };
        format!("{mark} {accepted}{}[{}]: {}{whom}{why}", one.severity, one.code, one.message)
    });
    let counted = Counted::of(document);
    [
        (counted.record_sets, record_sets),
        (counted.answers, answers),
        (counted.flows, flows),
        (counted.findings, findings.collect()),
    ]
}

fn loud(effect: &str) -> &'static str {
    match effect {
        "breaks" => ": BREAKS",
        "heals" => ": heals",
        "adds" => ": added",
        "removes" => ": removed",
        _ => "",
    }
}

fn answer_word(side: Option<&AnswerSide>) -> String {
    let Some(AnswerSide { path, data, endpoint, reachable }) = side else { return "no such network".to_owned() };
    let data = data.join(", ");
    match path.as_str() {
        "public" if data.is_empty() => "public".to_owned(),
        "public" => format!("{data}, public"),
        "private" => {
            let by = endpoint.as_ref().map_or_else(|| "by hand".to_owned(), |endpoint| format!("of {endpoint}"));
            format!("{data}, private, {by}{}", if *reachable { "" } else { ", unreachable" })
        }
        "noData" => "NODATA".to_owned(),
        "nameError" => "NXDOMAIN".to_owned(),
        _ => "SERVFAIL".to_owned(),
    }
}

fn flow_word(side: Option<&FlowSide>) -> String {
    let Some(FlowSide { allowed, path, endpoint, address, status, reason }) = side else {
        return "nothing".to_owned();
    };
    let verdict = match allowed {
        Some(true) => "allowed",
        Some(false) => "DENIED",
        None => "unknown",
    };
    let endpoint = endpoint.as_ref().map_or_else(String::new, |endpoint| format!(" through {endpoint}"));
    let address = address.as_ref().map_or_else(String::new, |address| format!(" at {address}"));
    let status = status.map_or_else(String::new, |status| format!(", HTTP {status}"));
    let reason = if *allowed == Some(true) { String::new() } else { format!(": {reason}") };
    format!("{verdict}, {path}{endpoint}{address}{status}{reason}")
}

/// How much differs, by section: the words of the headings and of the summary.
struct Counted {
    record_sets: String,
    answers: String,
    flows: String,
    findings: String,
}

impl Counted {
    fn of(document: &DiffDocument) -> Self {
        let answers: usize = document.answers.iter().map(|one| one.networks.len()).sum();
        let flows: usize = document.flows.iter().map(|one| one.clients.len()).sum();
        let new = document.findings.iter().filter(|one| one.appears).count();
        let gone = document.findings.len() - new;
        Self {
            record_sets: count(document.record_sets.len(), "record set"),
            answers: count(answers, "answer"),
            flows: count(flows, "flow"),
            findings: format!("{} ({new} new, {gone} gone)", count(document.findings.len(), "finding")),
        }
    }
}

/// How much differs, in a line: the headings of the sections, and the names that break or no longer do.
fn summary(document: &DiffDocument) -> String {
    let counted = Counted::of(document);
    let mut parts = Vec::new();
    parts.extend((!document.record_sets.is_empty()).then_some(counted.record_sets));
    parts.extend((!document.answers.is_empty()).then_some(counted.answers));
    parts.extend((!document.flows.is_empty()).then_some(counted.flows));
    parts.extend((!document.findings.is_empty()).then_some(counted.findings));
    let (breaks, heals) = (document.names_break, document.names_heal);
    parts.extend((breaks > 0).then(|| format!("{} broken", count(breaks, "name"))));
    parts.extend((heals > 0).then(|| format!("{} no longer broken", count(heals, "name"))));
    parts.join(", ")
}
