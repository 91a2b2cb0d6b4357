//! Findings for people and programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use schemars::JsonSchema;
use serde::Serialize;

use super::annotation::{self, Level};
use super::code_quality::{self, Issue};
pub use super::denied::{Denied, Unreadable};
use super::fingerprint::Fingerprints;
pub use super::format::CheckFormat;
use super::{azure_pipelines, count, sarif, unreadable};
use crate::assess::{Assessment, Code, Finding, Severity};
use crate::estate::Place;

/// The findings of a scenario as they are printed. `file` is what the scenario is called.
pub fn print(file: &str, assessment: &Assessment, denied: Denied<'_>, format: CheckFormat) -> String {
    let findings = &assessment.findings;
    match format {
        CheckFormat::Text => format!("{}{}\n", text(findings), closing(assessment)),
        CheckFormat::Json => super::json(&check_document(assessment)),
        CheckFormat::Sarif => super::json(&sarif::document(file, findings, denied)),
        CheckFormat::Github => github(file, findings, denied),
        CheckFormat::Azure => azure(file, findings, denied),
        CheckFormat::Gitlab => gitlab(file, findings, denied),
        CheckFormat::Junit => junit(file, findings, denied),
        CheckFormat::Markdown => markdown(file, assessment),
    }
}

/// Why a scenario cannot be read, for the formats whose readers show errors beside lines; absent for the others, who have
/// nothing to say about what was not checked.
pub fn print_unreadable(file: &str, errors: Unreadable<'_>, format: CheckFormat) -> Option<String> {
    match format {
        CheckFormat::Sarif => Some(super::json(&sarif::unreadable(file, errors))),
        CheckFormat::Github => Some(unreadable::github(errors)),
        CheckFormat::Azure => Some(unreadable::azure(errors)),
        CheckFormat::Gitlab => Some(super::json(&unreadable::issues(errors, &mut Fingerprints::default()))),
        CheckFormat::Junit => Some(unreadable::junit(file, errors)),
        CheckFormat::Markdown => Some(unreadable::markdown(file, errors)),
        // Programs get the error document of every verb.
        CheckFormat::Text | CheckFormat::Json => None,
    }
}

/// What `check` prints as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct CheckDocument {
    /// The counts.
    pub summary: SummaryDocument,
    /// The findings, errors first.
    pub findings: Vec<FindingDocument>,
}

/// The counts of an assessment, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct SummaryDocument {
    /// Pairs of a network and a public name that do not work and are meant to.
    pub broken: usize,
    /// Pairs that will probably be missed.
    pub at_risk: usize,
    /// Pairs that are refused as configured.
    pub closed: usize,
    /// Networks with broken names.
    pub networks: usize,
    /// Findings of severity error.
    pub errors: usize,
    /// Findings of severity warning.
    pub warnings: usize,
    /// Findings of severity note.
    pub notes: usize,
    /// Findings that are accepted; they are in none of the other counts of findings.
    pub accepted: usize,
    /// What was checked.
    pub checked: ExtentDocument,
}

/// What was checked, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema, Debug)]
pub struct ExtentDocument {
    /// Networks.
    pub networks: usize,
    /// Scopes.
    pub scopes: usize,
    /// Flows: uses of names by clients.
    pub flows: usize,
}

/// An assessment as `check` prints it.
pub fn check_document(assessment: &Assessment) -> CheckDocument {
    CheckDocument {
        summary: summary_document(assessment),
        findings: assessment.findings.iter().map(document).collect(),
    }
}

/// The counts of an assessment.
pub fn summary_document(assessment: &Assessment) -> SummaryDocument {
    let counts = assessment.counts();
    let open = || assessment.findings.iter().filter(|finding| finding.accepted.is_none());
    let of = |severity| open().filter(|finding| finding.severity == severity).count();
    SummaryDocument {
        broken: counts.broken,
        at_risk: counts.at_risk,
        closed: counts.closed,
        networks: counts.networks,
        errors: of(Severity::Error),
        warnings: of(Severity::Warning),
        notes: of(Severity::Note),
        accepted: assessment.findings.len() - open().count(),
        checked: ExtentDocument {
            networks: assessment.extent.networks,
            scopes: assessment.extent.scopes,
            flows: assessment.extent.flows,
        },
    }
}

/// The last line of a check: what is broken and what was found, or what was checked.
pub fn closing(assessment: &Assessment) -> String {
    let extent = assessment.extent;
    if assessment.findings.is_empty() {
        return format!(
            "no findings: {}, {}, {}",
            count(extent.networks, "network"),
            count(extent.scopes, "scope"),
            count(extent.flows, "flow")
        );
    }
    let counts = assessment.counts();
    let mut parts = Vec::new();
    if counts.broken > 0 {
        parts.push(format!("{} broken in {}", count(counts.broken, "name"), count(counts.networks, "network")));
    }
    parts.extend((counts.at_risk > 0).then(|| format!("{} at risk", counts.at_risk)));
    parts.extend((counts.closed > 0).then(|| format!("{} closed", counts.closed)));
    let names = if parts.is_empty() { "no names broken".to_owned() } else { parts.join(", ") };
    format!("{names}; {}", summary(&assessment.findings))
}

/// A finding, as JSON.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, JsonSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct FindingDocument {
    /// Stable code.
    pub code: String,
    /// `error`, `warning` or `note`.
    pub severity: String,
    /// What the code represents.
    pub title: &'static str,
    /// The object to change, as an entry of `allow` names it.
    pub object: String,
    /// Why it is accepted; absent where it is not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<AcceptanceDocument>,
    /// What happened here.
    pub message: String,
    /// The names concerned.
    pub names: Vec<String>,
    /// The networks concerned.
    pub networks: Vec<String>,
    /// The resources concerned.
    pub resources: Vec<String>,
    /// The private endpoints concerned.
    pub endpoints: Vec<String>,
    /// The scopes concerned.
    pub scopes: Vec<String>,
    /// The private zones concerned, each as resource group and name.
    pub zones: Vec<String>,
    /// What follows from it and needs no action of its own.
    pub also: Vec<String>,
    /// What to do.
    pub advice: &'static str,
    /// Where the rule is from.
    pub source: &'static str,
    /// Where the event was written, `file:line:column`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// Why a finding is accepted, as JSON.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, JsonSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct AcceptanceDocument {
    /// The reason that is given.
    pub reason: String,
    /// The last day on which it is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

/// A finding as a document.
pub fn document(finding: &Finding) -> FindingDocument {
    FindingDocument {
        code: finding.code.to_string(),
        severity: finding.severity.to_string(),
        title: finding.code.title(),
        object: finding.object.clone(),
        accepted: finding.accepted.as_ref().map(|own| AcceptanceDocument {
            reason: own.reason.clone(),
            expires: own.expires.map(|date| date.to_string()),
        }),
        message: finding.message.clone(),
        names: texts(&finding.names),
        networks: texts(&finding.networks),
        resources: texts(&finding.resources),
        endpoints: texts(&finding.endpoints),
        scopes: texts(&finding.scopes),
        zones: texts(&finding.zones),
        also: finding.also.clone(),
        advice: finding.code.advice(),
        source: finding.code.source(),
        place: finding.place.as_ref().map(ToString::to_string),
    }
}

fn texts<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

/// The most items of a list that text shows.
const SHOWN: usize = 10;

/// Items as text shows them: the first ten, and how many more there are.
fn shown<T: ToString>(items: &[T], between: &str) -> String {
    first(items, SHOWN, between)
}

/// The first items, and how many more there are.
fn first<T: ToString>(items: &[T], most: usize, between: &str) -> String {
    let mut texts = texts(&items[..items.len().min(most)]);
    texts.extend(items.len().checked_sub(most).filter(|more| *more > 0).map(|more| format!("and {more} more")));
    texts.join(between)
}

/// The most findings that text shows.
const FINDINGS_SHOWN: usize = 500;

/// Findings as `check` prints them: the first 500, and how many more there are of each code.
pub fn text(findings: &[Finding]) -> String {
    let (first, rest) = findings.split_at(findings.len().min(FINDINGS_SHOWN));
    let mut text = listed(first, SHOWN);
    if !rest.is_empty() {
        let mut codes: BTreeMap<Code, usize> = BTreeMap::new();
        rest.iter().for_each(|one| *codes.entry(one.code).or_default() += 1);
        let codes: Vec<String> = codes.iter().map(|(code, number)| format!("{number} {code}")).collect();
        let _ = writeln!(
            text,
            "{} more: {}\n  {:<7} --from NETWORK lists those of one network, and --format json lists all\n",
            count(rest.len(), "finding"),
            codes.join(", "),
            "help"
        );
    }
    text
}

/// The same with at most so many sentences on what follows from a finding.
fn listed(findings: &[Finding], most: usize) -> String {
    let mut text = String::new();
    for finding in findings {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}[{}]: {}", severity_word(finding), finding.code, finding.message);
        if let Some(own) = &finding.accepted {
            let until = own.expires.map_or_else(String::new, |date| format!(" (until {date})"));
            let _ = writeln!(text, "  {:<7} {}{until}", "reason", own.reason);
        }
        if let Some(place) = &finding.place {
            let _ = writeln!(text, "  --> {place}");
        }
        let lists = [
            ("for", shown(&finding.networks, ", ")),
            ("names", shown(&finding.names, "\n          ")),
            ("of", shown(&finding.resources, ", ")),
            ("also", first(&finding.also, most, "\n          ")),
        ];
        for (word, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
            let _ = writeln!(text, "  {word:<7} {list}");
        }
        let _ = writeln!(text, "  {:<7} {}", "do", finding.code.advice());
        let _ = writeln!(text, "  {:<7} {}\n", "source", finding.code.source());
    }
    text
}

/// `error`, or `accepted error`.
pub(super) fn severity_word(finding: &Finding) -> String {
    let accepted = if finding.accepted.is_some() { "accepted " } else { "" };
    format!("{accepted}{}", finding.severity)
}

/// A workflow command for each finding; what no one event brought about is at the top of the file.
fn github(file: &str, findings: &[Finding], denied: Denied<'_>) -> String {
    let top = top(file);
    let line = |finding: &Finding| {
        let title = format!("{}: {}", finding.code, finding.code.title());
        let place = finding.place.as_ref().unwrap_or(&top);
        annotation::line(shown_as(finding, denied), Some(place), &title, &message(finding))
    };
    findings.iter().map(line).collect()
}

/// A logging command for each finding, and a line for each note.
fn azure(file: &str, findings: &[Finding], denied: Denied<'_>) -> String {
    let top = top(file);
    let line = |finding: &Finding| {
        let place = finding.place.as_ref().unwrap_or(&top);
        let code = finding.code.to_string();
        azure_pipelines::issue(shown_as(finding, denied), Some(place), Some(&code), &message(finding))
    };
    findings.iter().map(line).collect()
}

/// A Code Quality report with an issue for each finding.
fn gitlab(file: &str, findings: &[Finding], denied: Denied<'_>) -> String {
    let (top, mut fingerprints) = (top(file), Fingerprints::default());
    let issue = |finding: &Finding| {
        let severity = match shown_as(finding, denied) {
            Level::Error => code_quality::Severity::Major,
            Level::Warning => code_quality::Severity::Minor,
            Level::Notice => code_quality::Severity::Info,
        };
        let fingerprint = sarif::fingerprint(&mut fingerprints, file, finding);
        let place = finding.place.as_ref().unwrap_or(&top);
        Issue::new(severity, &finding.code.to_string(), place, fingerprint, message(finding))
    };
    super::json(&findings.iter().map(issue).collect::<Vec<_>>())
}

/// Where a finding is shown that no one event caused.
fn top(file: &str) -> Place {
    Place { file: file.into(), line: 1, column: 1 }
}

/// How CI systems show a finding.
fn shown_as(finding: &Finding, denied: Denied<'_>) -> Level {
    match finding.severity {
        _ if denied.fails(finding) => Level::Error,
        _ if finding.accepted.is_some() => Level::Notice,
        Severity::Note => Level::Notice,
        _ => Level::Warning,
    }
}

/// The most sentences on what follows from a finding that an annotation has, because CI systems cut long ones off.
const MOST_IN_ANNOTATION: usize = 50;

/// A finding as CI systems show it: what happened, for whom, and what to do.
fn message(finding: &Finding) -> String {
    let networks: Vec<_> = finding.networks.iter().map(ToString::to_string).collect();
    let whom = if networks.is_empty() { String::new() } else { format!("\nfor {}", networks.join(", ")) };
    let accepted = finding.accepted.as_ref().map_or_else(String::new, |own| format!("\naccepted: {}", own.reason));
    let also =
        finding.also.iter().take(MOST_IN_ANNOTATION).fold(String::new(), |text, one| format!("{text}\nalso: {one}"));
    let more = match finding.also.len().saturating_sub(MOST_IN_ANNOTATION) {
        0 => String::new(),
        more => format!("\nand {more} more"),
    };
    format!("{}{whom}{also}{more}{accepted}\ndo: {}", finding.message, finding.code.advice())
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
                status.set_description(listed(&own, usize::MAX));
                status
            }
            None => TestCaseStatus::success(),
        };
        let mut case = TestCase::new(format!("{code} {}", code.title()), status);
        case.set_classname(file);
        if fails.is_none() && !own.is_empty() {
            case.set_system_out(listed(&own, usize::MAX));
        }
        suite.add_test_case(case);
    }
    let mut report = Report::unnamed();
    report.add_test_suite(suite);
    report.to_string().expect("text is written to memory")
}

/// A table that GitHub and GitLab render.
fn markdown(file: &str, assessment: &Assessment) -> String {
    let findings = &assessment.findings;
    let mut text = format!("### `{file}`: {}\n", closing(assessment));
    if !findings.is_empty() {
        text.push_str("\n| | Code | What happened | For | What to do | Where |\n|---|---|---|---|---|---|\n");
    }
    for finding in findings {
        let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
        let networks: Vec<_> = finding.networks.iter().map(|network| cell(network.as_str())).collect();
        let place = finding.place.as_ref().map_or_else(String::new, |place| format!("{}:{}", place.file, place.line));
        let also = finding.also.iter().fold(String::new(), |text, one| format!("{text}; {one}"));
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            severity_word(finding),
            finding.code,
            cell(&format!("{}{also}", finding.message)),
            networks.join(", "),
            cell(finding.code.advice()),
            cell(&place)
        );
    }
    text
}

/// How many there are of each severity.
pub fn summary(findings: &[Finding]) -> String {
    let open = || findings.iter().filter(|finding| finding.accepted.is_none());
    let of = |severity| open().filter(|finding| finding.severity == severity).count();
    let accepted = findings.len() - open().count();
    if findings.is_empty() {
        return "no findings".to_owned();
    }
    let notes = of(Severity::Note);
    let mut text = format!("{}, {}", count(of(Severity::Error), "error"), count(of(Severity::Warning), "warning"));
    if notes > 0 {
        text.push_str(&format!(", {}", count(notes, "note")));
    }
    if accepted > 0 {
        text.push_str(&format!(", {accepted} accepted"));
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
