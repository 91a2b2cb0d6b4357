//! A query as people and programs see it.

use std::time::SystemTime;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::question::asked;
use super::{Bound, LoggedQuery, Path, Segment};
use crate::compile::{Compiled, ViewId};
use crate::dns::wire::{Received, decode};
use crate::dns::{OwnerName, RecordType};
use crate::resolve::explain::of as writer;
use crate::resolve::{Outcome, Question, decide};

/// A query and what became of it, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct QueryDocument {
    /// Its number among all queries, from 1; absent in logs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sequence: Option<u64>,
    /// When it was read, RFC 3339, UTC.
    pub time: String,
    /// Microseconds from then until its reply, and those of the queries read with it, were ready.
    pub latency_microseconds: u64,
    /// Where it came from, address and port.
    pub client: String,
    /// Where it was asked, address and port.
    pub listener: String,
    /// `udp` or `tcp`.
    pub transport: String,
    /// The view it was answered in; absent if it was refused or met silence.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub view: Option<String>,
    /// The name asked for, in lower case, without final dot, escaped as in master files; absent if none can be read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// The type asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub r#type: Option<String>,
    /// The reply's code; absent if none was sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rcode: Option<String>,
    /// True if the reply says that it does not fit.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub truncated: bool,
    /// The names the question was an alias of, in the order followed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub aliases: Vec<String>,
    /// The data of the records of the type asked for.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub answer: Vec<String>,
    /// Who wrote the record set that answered.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub writer: Option<String>,
    /// The step of that writing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub written_in: Option<String>,
    /// The revision it was answered from; absent if that is not kept any more.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revision: Option<u32>,
    /// The step that revision is in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub step: Option<String>,
    /// How the reply was made: `fast` (copied from tables), `slow` (decided and encoded), `upstream`.
    pub path: String,
    /// The extended error the reply carries.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub extended_error: Option<QueryReason>,
    /// The fault that hit it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fault: Option<String>,
}

/// The extended error (RFC 8914) a reply carries.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, Debug)]
pub struct QueryReason {
    /// Info-code.
    pub code: u16,
    /// Extra text.
    pub text: String,
}

impl Path {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Slow => "slow",
            Self::Upstream => "upstream",
        }
    }
}

/// A query as one line: time, view, question, outcome, writer, revision, path, client.
pub fn line(query: &QueryDocument) -> String {
    let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let mut line = format!(
        "{} {} {} {} {}",
        query.time,
        word(&query.view),
        word(&query.name),
        word(&query.r#type),
        outcome(query)
    );
    let mut add = |text: &str| line.push_str(text);
    if let Some(writer) = &query.writer {
        add(&format!(" written by {writer}"));
        if let Some(step) = &query.written_in {
            add(&format!(" in step {step}"));
        }
    }
    add(&format!(" ({} {}, {} us, {}", query.transport, query.client, query.latency_microseconds, query.path));
    if let Some(revision) = query.revision {
        add(&format!(", revision {revision}"));
    }
    add(")");
    if let Some(fault) = &query.fault {
        add(&format!(" [{fault}]"));
    }
    line
}

/// The code, or silence, and the data.
pub fn outcome(query: &QueryDocument) -> String {
    let mut text = query.rcode.clone().unwrap_or_else(|| "silence".to_owned());
    if query.truncated {
        text.push_str(" truncated");
    }
    if query.rcode.as_deref() == Some("NOERROR") && query.answer.is_empty() && !query.truncated {
        text.push_str(" no data");
    }
    for data in &query.answer {
        text.push(' ');
        text.push_str(data);
    }
    text
}

pub(super) fn document(logged: &LoggedQuery, segment: Option<&Segment>, listeners: &[Bound]) -> QueryDocument {
    let facts = &logged.facts;
    let asked = asked(&logged.query);
    let reply = if logged.whole { decode(&logged.reply).ok() } else { None };
    let kind = asked.as_ref().map(|(_, kind)| *kind);
    let (aliases, answer) = reply.as_ref().map(|reply| chain(reply, kind)).unwrap_or_default();
    let mut document = QueryDocument {
        sequence: logged.sequence,
        time: time(facts.at.elapsed()),
        latency_microseconds: u64::try_from(facts.latency.as_micros()).unwrap_or(u64::MAX),
        client: facts.source.to_string(),
        listener: listeners.get(facts.listener as usize).map_or_else(String::new, |bound| bound.address.to_string()),
        transport: facts.transport.name().to_owned(),
        view: logged.view.as_deref().map(str::to_owned),
        name: asked.as_ref().map(|(name, _)| name.to_string()),
        r#type: kind.map(|kind| kind.to_string()),
        rcode: facts.rcode.map(|rcode| rcode.to_string()),
        truncated: logged.reply.get(2).is_some_and(|flags| flags & 0x02 != 0),
        aliases,
        answer,
        writer: None,
        written_in: None,
        revision: segment.map(|segment| segment.world.revision().0),
        step: segment.and_then(|segment| step(&segment.world, segment.world.revision())),
        path: facts.path.word().to_owned(),
        extended_error: reply
            .and_then(|reply| reply.edns?.extended_error)
            .map(|error| QueryReason { code: error.code, text: error.text }),
        fault: facts.fault.map(|hit| hit.to_string()),
    };
    if let (Some(segment), Some(view), Some((name, kind))) = (segment, facts.view, asked)
        && (!document.answer.is_empty() || !logged.whole)
    {
        add_writer(&mut document, &segment.world, view, name, kind, facts.path);
    }
    document
}

/// The aliases of a reply and the data they lead to.
fn chain(reply: &Received, kind: Option<RecordType>) -> (Vec<String>, Vec<String>) {
    let is_alias = |own: RecordType| own == RecordType::CNAME && kind != Some(RecordType::CNAME);
    let aliases = reply.answer.iter().filter(|record| is_alias(record.kind));
    let data = reply.answer.iter().filter(|record| !is_alias(record.kind));
    (
        aliases.map(|record| record.data.to_string().trim_end_matches('.').to_owned()).collect(),
        data.map(|record| record.data.to_string()).collect(),
    )
}

/// Who wrote what answered. What another server replied has a writer only where a linked zone took over its aliases.
fn add_writer(
    document: &mut QueryDocument,
    world: &Compiled,
    view: ViewId,
    name: OwnerName,
    kind: RecordType,
    path: Path,
) {
    let end = document.aliases.last().filter(|_| path == Path::Upstream);
    let name = end.and_then(|end| OwnerName::parse(end).ok()).unwrap_or(name);
    let question = Question { name, kind };
    let decision = decide(world, view, &question);
    let Outcome::Answer(hop) = &decision.outcome else { return };
    if path == Path::Upstream && hop.by.link.is_none() {
        return;
    }
    document.writer = Some(writer(&hop.owned.writer));
    document.written_in = step(world, hop.owned.revision);
    if document.answer.is_empty() {
        // The reply was too long for its slot; what it said can be said again.
        document.aliases = decision.hops.iter().skip(1).map(|hop| hop.owner.to_string()).collect();
        document.aliases.extend((!decision.hops.is_empty()).then(|| hop.owner.to_string()));
        document.answer = hop.owned.set.data().iter().map(ToString::to_string).collect();
    }
}

fn step(world: &Compiled, revision: crate::estate::Revision) -> Option<String> {
    world.history.step_of(revision).map(|step| step.name.to_string())
}

/// The time now, RFC 3339, UTC.
pub(in crate::server) fn now() -> String {
    time(std::time::Duration::ZERO)
}

/// The time that long ago.
fn time(ago: std::time::Duration) -> String {
    let at = SystemTime::now().checked_sub(ago).unwrap_or(SystemTime::UNIX_EPOCH);
    let at = Timestamp::try_from(at).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{at:.6}")
}
