//! Findings for people and programs.

use std::fmt::Write as _;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use schemars::JsonSchema;
use serde::Serialize;

use super::annotation::{self, Level};
pub use super::denied::{Denied, Unreadable};
pub use super::format::CheckFormat;
use super::{count, sarif};
use crate::assess::{Code, Finding, Severity};
use crate::estate::Place;

/// The findings of a scenario as they are printed. `file` is what the scenario is called.
pub fn print(file: &str, findings: &[Finding], denied: Denied<'_>, format: CheckFormat) -> String {
    match format {
        CheckFormat::Text => text(findings),
        CheckFormat::Json => super::json(&findings.iter().map(document).collect::<Vec<_>>()),
        CheckFormat::Sarif => super::json(&sarif::document(file, findings, denied)),
        CheckFormat::Github => github(file, findings, denied),
        CheckFormat::Junit => junit(file, findings, denied),
        CheckFormat::Markdown => markdown(file, findings),
    }
}

/// Why a scenario cannot be read, for the formats whose readers show errors beside lines; absent for the others, who have
/// nothing to say about what was not checked.
pub fn print_unreadable(file: &str, errors: Unreadable<'_>, format: CheckFormat) -> Option<String> {
    match format {
        CheckFormat::Sarif => Some(super::json(&sarif::unreadable(file, errors))),
        CheckFormat::Github => {
            let line = |error: &crate::scenario::ScenarioError| {
                let hint = error.hint.as_ref().map_or_else(String::new, |hint| format!("\nhint: {hint}"));
                let title = error.code.unwrap_or("the scenario cannot be read");
                annotation::line(Level::Error, Some(&error.place), title, &format!("{}{hint}", error.message))
            };
            Some(errors.errors.iter().map(line).collect())
        }
        _ => None,
    }
}

/// A finding, as JSON.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, JsonSchema, Debug)]
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

/// A workflow command for each finding; what no one event brought about stands at the top of the file.
fn github(file: &str, findings: &[Finding], denied: Denied<'_>) -> String {
    let top = Place { file: file.into(), line: 1, column: 1 };
    let line = |finding: &Finding| {
        let level = match finding.severity {
            _ if denied.fails(finding) => Level::Error,
            Severity::Note => Level::Notice,
            _ => Level::Warning,
        };
        let title = format!("{}: {}", finding.code, finding.code.title());
        let networks: Vec<_> = finding.networks.iter().map(ToString::to_string).collect();
        let whom = if networks.is_empty() { String::new() } else { format!("\nfor {}", networks.join(", ")) };
        let message = format!("{}{whom}\ndo: {}", finding.message, finding.code.advice());
        annotation::line(level, Some(finding.place.as_ref().unwrap_or(&top)), &title, &message)
    };
    findings.iter().map(line).collect()
}

/// One JUnit document: a case for each code, which fails where a check does.
fn junit(file: &str, findings: &[Finding], denied: Denied<'_>) -> String {
    let mut suite = TestSuite::new(file);
    // What is only found while reading cannot have been found.
    for code in Code::ALL.iter().filter(|code| **code != Code::InvalidValue) {
        let own: Vec<_> = findings.iter().filter(|finding| finding.code == *code).cloned().collect();
        let fails = own.iter().find(|finding| denied.fails(finding));
        let status = match fails {
            Some(first) => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(first.message.as_str()).set_type(code.severity().to_string());
                status.set_description(text(&own));
                status
            }
            None => TestCaseStatus::success(),
        };
        let mut case = TestCase::new(format!("{code} {}", code.title()), status);
        case.set_classname(file);
        if fails.is_none() && !own.is_empty() {
            case.set_system_out(text(&own));
        }
        suite.add_test_case(case);
    }
    let mut report = Report::unnamed();
    report.add_test_suite(suite);
    report.to_string().expect("text is written to memory")
}

/// A table that GitHub and GitLab render.
fn markdown(file: &str, findings: &[Finding]) -> String {
    let mut text = format!("### `{file}`: {}\n", summary(findings));
    if !findings.is_empty() {
        text.push_str("\n| | Code | What happened | For | What to do | Where |\n|---|---|---|---|---|---|\n");
    }
    for finding in findings {
        let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
        let networks: Vec<_> = finding.networks.iter().map(|network| cell(network.as_str())).collect();
        let place = finding.place.as_ref().map_or_else(String::new, |place| format!("{}:{}", place.file, place.line));
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            finding.severity,
            finding.code,
            cell(&finding.message),
            networks.join(", "),
            cell(finding.code.advice()),
            cell(&place)
        );
    }
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
