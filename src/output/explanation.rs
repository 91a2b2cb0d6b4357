//! Explanations for people and programs.

use std::fmt::Write as _;

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::AnswerDocument;
use crate::resolve::Explanation;
use crate::resolve::explain::Statement;

/// An explanation, as JSON: the answer and the statements that lead to it.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema, Debug)]
pub struct ExplanationDocument {
    /// What is answered.
    #[serde(flatten)]
    pub answer: AnswerDocument,
    /// Why, in the order of the decision.
    pub statements: Vec<StatementDocument>,
}

/// One statement, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema, Debug)]
pub struct StatementDocument {
    /// What kind of statement it is.
    pub kind: &'static str,
    /// The statement as a sentence.
    pub text: String,
}

/// An explanation as a document.
pub fn document(explanation: &Explanation, answer: AnswerDocument) -> ExplanationDocument {
    let statements = explanation.statements.iter();
    let statements =
        statements.map(|statement| StatementDocument { kind: kind(statement), text: statement.to_string() });
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

fn kind(statement: &Statement) -> &'static str {
    match statement {
        Statement::View { .. } => "view",
        Statement::Forward { .. } => "forward",
        Statement::Hop { .. } => "alias",
        Statement::Cut { .. } => "zoneCut",
        Statement::Redirected { .. } => "redirected",
        Statement::Answer { .. } => "answer",
        Statement::Displaced { .. } => "displaced",
        Statement::Reach { .. } => "reach",
        Statement::NoData { .. } => "noData",
        Statement::NameError { .. } => "nameError",
        Statement::Deleted { .. } => "deleted",
        Statement::Wanted { .. } => "wanted",
        Statement::Failure { .. } => "failure",
    }
}
