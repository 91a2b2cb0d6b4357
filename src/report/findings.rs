//! Findings for people and programs.

use std::fmt::Write as _;

use serde::Serialize;
use utoipa::ToSchema;

use super::count;
use crate::compile::{Code, Finding, Severity};

/// A finding, as JSON.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, ToSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct FindingDocument {
    /// Stable code.
    pub code: String,
    /// `error`, `warning` or `note`.
    pub severity: String,
    /// What the code stands for.
    pub title: &'static str,
    /// What happened here.
    pub message: String,
    /// The names concerned.
    pub names: Vec<String>,
    /// The networks concerned.
    pub networks: Vec<String>,
    /// What to do.
    pub advice: &'static str,
    /// Where the rule is from.
    pub source: &'static str,
    /// Where the event was written, `file:line:column`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// A finding as a document.
pub fn document(finding: &Finding) -> FindingDocument {
    FindingDocument {
        code: finding.code.to_string(),
        severity: finding.severity.to_string(),
        title: finding.code.title(),
        message: finding.message.clone(),
        names: finding.names.iter().map(ToString::to_string).collect(),
        networks: finding.networks.iter().map(ToString::to_string).collect(),
        advice: finding.code.advice(),
        source: finding.code.source(),
        place: finding.place.as_ref().map(ToString::to_string),
    }
}

/// Findings as `check` prints them, with a line that counts them.
pub fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}[{}]: {}", finding.severity, finding.code, finding.message);
        if let Some(place) = &finding.place {
            let _ = writeln!(text, "  --> {place}");
        }
        let lists = [
            ("for", finding.networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
            ("names", finding.names.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n          ")),
        ];
        for (word, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
            let _ = writeln!(text, "  {word:<7} {list}");
        }
        let _ = writeln!(text, "  {:<7} {}", "do", finding.code.advice());
        let _ = writeln!(text, "  {:<7} {}\n", "source", finding.code.source());
    }
    let _ = writeln!(text, "{}", summary(findings));
    text
}

/// How many there are of each severity.
pub fn summary(findings: &[Finding]) -> String {
    let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    if findings.is_empty() {
        return "no findings".to_owned();
    }
    let notes = of(Severity::Note);
    let mut text = format!("{}, {}", count(of(Severity::Error), "error"), count(of(Severity::Warning), "warning"));
    if notes > 0 {
        text.push_str(&format!(", {}", count(notes, "note")));
    }
    text
}

/// The table of all codes, in markdown.
pub fn table() -> String {
    let mut text = String::from("| Code | Severity | What | What to do | Source |\n|---|---|---|---|---|\n");
    for code in Code::ALL {
        let _ = writeln!(
            text,
            "| {code} | {} | {} | {} | {} |",
            code.severity(),
            code.title(),
            code.advice(),
            code.source()
        );
    }
    text
}
