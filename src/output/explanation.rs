//! Explanations for people and programs.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::answer::AnswerDocument;
use super::provenance::{WriterDocument, WrittenDocument, ZoneDocument};
use crate::estate::ResolutionPolicy;
use crate::resolve::explain::{Said, Statement};
use crate::resolve::{Explanation, Failure};

/// An explanation, as JSON: the answer and the statements that lead to it.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema, Debug)]
pub struct ExplanationDocument {
    /// What is answered.
    #[serde(flatten)]
    pub answer: AnswerDocument,
    /// Why, in the order of the decision.
    pub statements: Vec<StatementDocument>,
}

/// One statement, as JSON: a sentence and what it is made from.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema, Debug)]
pub struct StatementDocument {
    /// The statement as a sentence.
    pub text: String,
    /// What it says.
    #[serde(flatten)]
    pub fact: Fact,
}

/// What a statement says. `kind` says which fields it has.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema, Debug)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[allow(missing_docs, reason = "the fields are those of the statements they are made from")]
pub enum Fact {
    /// Which view answers.
    View { view: String, dns: String, chosen: String },
    /// A server could not be asked, and the next one was.
    Skipped { name: String, by: String, server: String },
    /// A server forwarded the name.
    Forward { name: String, by: String, rule: String, to: String },
    /// An alias was followed.
    Alias { from: String, to: String, source: ServedFrom, inferred: bool },
    /// A linked zone answers from here on.
    ZoneCut { name: String, zone: ZoneDocument, network: String, fallback: bool },
    /// A zone from a file answers in place of the zone of its name.
    Shadowed { zone: ZoneDocument, by: String },
    /// The link of a zone sent the question on to public DNS.
    Redirected { name: String, zone: ZoneDocument },
    /// The record set that answers.
    Answer { owner: String, r#type: String, data: Vec<String>, written: WrittenDocument, source: ServedFrom },
    /// A record set that was overwritten.
    Overwritten { owner: String, data: Vec<String>, writer: WriterDocument, step: Option<String> },
    /// Whether an address can be reached, and by which way; `unknown` where the estate does not say enough.
    Reach { address: String, from: String, home: String, arrives: bool, unknown: bool, way: Option<String> },
    /// Why a public name that no zone holds is taken to exist, or not to.
    Basis { assumed: bool, shadowed_in: Option<String> },
    /// Where the knowledge of a public name is from.
    Known { name: String, by: String, date: String, certainty: String },
    /// No source shows whether a public name has its alias to a privatelink name; `has` is what `uncertainHop` says.
    AliasUnknown { name: String, has: bool },
    /// A linked zone is not asked for the target of an alias in the answer to a rule of a ruleset.
    ZoneHidden { name: String, zone: String, network: String, ruleset: String },
    /// The name has records of other types only.
    NoData { owner: String, r#type: String, source: ServedFrom },
    /// There is no such name.
    NameError { owner: String, source: ServedFrom, empty_zone: bool },
    /// The name was deleted.
    Deleted { owner: String, data: Vec<String>, writer: WriterDocument, step: Option<String> },
    /// A private endpoint has an address for the name, and its zone does not have it.
    Missing { owner: String, endpoint: String, address: String },
    /// No answer can be given.
    Failure { owner: String, reason: &'static str },
}

/// Where something is said.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema, Debug)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum ServedFrom {
    /// In a linked private zone.
    Private {
        /// The zone.
        zone: ZoneDocument,
    },
    /// In a zone of public DNS.
    Public {
        /// The zone.
        zone: ZoneDocument,
    },
    /// Nowhere: the name is outside the emulated zones.
    Outside,
}

/// An explanation as a document.
pub fn document(explanation: &Explanation, answer: AnswerDocument) -> ExplanationDocument {
    let statements = explanation.statements.iter();
    let statements = statements.map(|one| StatementDocument { text: one.to_string(), fact: fact(one) });
    ExplanationDocument { answer, statements: statements.collect() }
}

/// An explanation as `explain` prints it: a heading, then a line a statement.
pub fn text(explanation: &Explanation, answer: &AnswerDocument) -> String {
    let mut text = String::new();
    let step = answer.step.as_deref().map_or_else(String::new, |step| format!(", step {step}"));
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{} {} from {}{step}: {}",
        explanation.question.name,
        answer.r#type,
        answer.view,
        outcome(answer)
    );
    for statement in &explanation.statements {
        let _ = writeln!(text, "  {statement}");
    }
    text
}

fn outcome(answer: &AnswerDocument) -> String {
    let last = answer.answer.last().filter(|record| record.r#type == answer.r#type);
    match (answer.rcode.as_str(), last) {
        ("NOERROR", Some(last)) => {
            let data = answer.answer.iter().filter(|record| record.name == last.name && record.r#type == last.r#type);
            data.map(|record| record.data.as_str()).collect::<Vec<_>>().join(", ")
        }
        ("NOERROR", None) => "no data".to_owned(),
        (rcode, _) => rcode.to_owned(),
    }
}

fn fact(statement: &Statement) -> Fact {
    match statement.clone() {
        Statement::View { view, dns, chosen } => Fact::View { view, dns, chosen: chosen.to_string() },
        Statement::Skipped { name, by, server } => Fact::Skipped { name: name.to_string(), by, server },
        Statement::Forward { name, by, rule, to } => {
            Fact::Forward { name: name.to_string(), by, rule: rule.to_string(), to }
        }
        Statement::Hop { from, to, said, inferred } => {
            Fact::Alias { from: from.to_string(), to: to.to_string(), source: source(&said), inferred }
        }
        Statement::Cut { name, zone, network, policy } => Fact::ZoneCut {
            name: name.to_string(),
            zone: zone.into(),
            network,
            fallback: policy == ResolutionPolicy::NxDomainRedirect,
        },
        Statement::Shadowed { zone, file } => Fact::Shadowed { zone: zone.into(), by: file.to_string() },
        Statement::Redirected { name, zone } => Fact::Redirected { name: name.to_string(), zone: zone.into() },
        Statement::Answer { owner, kind, data, writer, place, revision, step, said } => Fact::Answer {
            owner: owner.to_string(),
            r#type: kind.to_string(),
            data,
            written: WrittenDocument {
                writer: WriterDocument::at(&writer, place.as_ref()),
                revision: revision.0,
                step,
            },
            source: source(&said),
        },
        Statement::Overwritten { owner, data, writer, step } => {
            Fact::Overwritten { owner: owner.to_string(), data, writer: WriterDocument::of(&writer), step }
        }
        Statement::Reach { address, from, home, verdict } => Fact::Reach {
            address: address.to_string(),
            from: from.to_string(),
            home: home.to_string(),
            arrives: verdict.arrives(),
            unknown: verdict.may_arrive() && !verdict.arrives(),
            way: verdict.way(&from, &home),
        },
        Statement::Basis { basis, shadowed_in } => Fact::Basis { assumed: basis.is_assumed(), shadowed_in },
        Statement::Known { owner, source } => Fact::Known {
            name: owner.to_string(),
            by: source.text.to_string(),
            date: source.date.to_string(),
            certainty: source.certainty.to_string(),
        },
        Statement::AliasUnknown { owner, has } => Fact::AliasUnknown { name: owner.to_string(), has },
        Statement::ZoneHidden { name, zone, network, ruleset } => {
            Fact::ZoneHidden { name: name.to_string(), zone: zone.to_string(), network, ruleset: ruleset.to_string() }
        }
        Statement::NoData { owner, kind, said } => {
            Fact::NoData { owner: owner.to_string(), r#type: kind.to_string(), source: source(&said) }
        }
        Statement::NameError { owner, said, empty } => {
            Fact::NameError { owner: owner.to_string(), source: source(&said), empty_zone: empty }
        }
        Statement::Deleted { owner, writer, data, step } => {
            Fact::Deleted { owner: owner.to_string(), data, writer: WriterDocument::of(&writer), step }
        }
        Statement::Wanted { owner, endpoint, address } => {
            Fact::Missing { owner: owner.to_string(), endpoint, address: address.to_string() }
        }
        Statement::Failure { owner, why } => Fact::Failure { owner: owner.to_string(), reason: reason(&why) },
    }
}

fn source(said: &Said) -> ServedFrom {
    match said {
        Said::Private(zone) => ServedFrom::Private { zone: zone.clone().into() },
        Said::Public(zone) => ServedFrom::Public { zone: zone.clone().into() },
        Said::Outside => ServedFrom::Outside,
    }
}

fn reason(failure: &Failure) -> &'static str {
    match failure {
        Failure::AliasLoop => "aliasLoop",
        Failure::TooManyAliases => "tooManyAliases",
        Failure::ForwardLoop => "forwardLoop",
        Failure::RulesetLoop => "rulesetLoop",
        Failure::AzureDnsOutOfReach => "azureDnsOutOfReach",
        Failure::ForwardTargetGone => "forwardTargetGone",
        Failure::UnknownContents { .. } => "unknownContents",
        Failure::ForwardTargetOutOfReach => "forwardTargetOutOfReach",
    }
}
