//! A reply in `dig`'s form, and as JSON.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::provenance::WrittenDocument;
use crate::compile::{Compiled, ViewId};
use crate::dns::{RecordSet, Reply};
use crate::resolve::{Ede, Outcome, Question, decide, reply};

/// A reply with its surroundings, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct AnswerDocument {
    /// The view it was asked in.
    pub view: String,
    /// The step the estate is at; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The name asked for, with its final dot.
    pub name: String,
    /// The type asked for.
    pub r#type: String,
    /// Response code.
    pub rcode: String,
    /// Answer section.
    pub answer: Vec<RecordDocument>,
    /// Authority section.
    pub authority: Vec<RecordDocument>,
    /// Extended DNS error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_error: Option<ExtendedErrorDocument>,
    /// Who wrote the record set that answers; absent where no record set does, and for replies of other servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written: Option<WrittenDocument>,
}

/// One record, as JSON.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, Debug)]
pub struct RecordDocument {
    /// Owner name with its final dot.
    pub name: String,
    /// Seconds.
    pub ttl: u32,
    /// Type.
    pub r#type: String,
    /// Data in master-file form.
    pub data: String,
}

/// An extended DNS error, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema, Debug)]
pub struct ExtendedErrorDocument {
    /// Info-code.
    pub code: u16,
    /// Extra text.
    pub text: String,
}

/// The answer a view gives to a question, with the reason as a server in its default conduct gives it.
pub fn answered(world: &Compiled, view: ViewId, question: &Question) -> AnswerDocument {
    let decision = decide(world, view, question);
    let reply = reply(world, &decision, Ede::Include);
    let step = world.history.step_of(world.revision()).map(|step| &*step.name);
    let written = match &decision.outcome {
        Outcome::Answer(hop) => Some(WrittenDocument::of(world, &hop.owned)),
        _ => None,
    };
    AnswerDocument { written, ..document(world.views.get(view).label(), step, question, &reply) }
}

/// A reply as a document.
pub fn document(view: &str, step: Option<&str>, question: &Question, reply: &Reply<'_>) -> AnswerDocument {
    AnswerDocument {
        view: view.to_owned(),
        step: step.map(str::to_owned),
        name: question.name.dotted().to_string(),
        r#type: question.kind.to_string(),
        rcode: reply.rcode.to_string(),
        answer: reply.answer.iter().flat_map(|set| records(set)).collect(),
        authority: reply.authority.iter().flat_map(|set| records(set)).collect(),
        extended_error: reply
            .extended_error
            .as_ref()
            .map(|error| ExtendedErrorDocument { code: error.code, text: error.text.clone() }),
        written: None,
    }
}

/// A reply as `dig` prints it. There is no message, so id, sizes and times are left out.
pub fn text(document: &AnswerDocument) -> String {
    let AnswerDocument { view, step, name, r#type, rcode, answer, authority, extended_error, written: _ } = document;
    let mut text = String::new();
    let step = step.as_deref().map_or_else(String::new, |step| format!(", step {step}"));
    // Writing to a String cannot fail.
    let _ = writeln!(text, "; view {view}{step}");
    let _ = writeln!(text, ";; ->>HEADER<<- opcode: QUERY, status: {rcode}");
    let _ = writeln!(
        text,
        ";; flags: qr rd ra; QUERY: 1, ANSWER: {}, AUTHORITY: {}, ADDITIONAL: 0",
        answer.len(),
        authority.len()
    );
    if let Some(error) = extended_error {
        let _ = writeln!(text, "; EDE: {}: ({})", error.code, error.text);
    }
    let _ = writeln!(text, ";; QUESTION SECTION:\n;{name}\tIN\t{type}");
    for (title, section) in [("ANSWER", answer), ("AUTHORITY", authority)] {
        if !section.is_empty() {
            let _ = writeln!(text, "\n;; {title} SECTION:");
            for RecordDocument { name, ttl, r#type, data } in section {
                let _ = writeln!(text, "{name}\t{ttl}\tIN\t{type}\t{data}");
            }
        }
    }
    text
}

fn records(set: &RecordSet) -> impl Iterator<Item = RecordDocument> + '_ {
    set.data().iter().map(|data| RecordDocument {
        name: set.owner().dotted().to_string(),
        ttl: set.ttl(),
        r#type: set.kind().to_string(),
        data: data.to_string(),
    })
}
