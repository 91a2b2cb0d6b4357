//! Which expectations hold, for people and programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use indexmap::IndexMap;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestRerun, TestSuite};
use serde::Serialize;

use super::annotation::{self, Level};
use super::code_quality::{self, Issue};
use super::denied::Unreadable;
use super::fingerprint::Fingerprints;
pub use super::format::TestFormat;
pub use super::verified::Verified;
use super::{azure_pipelines, count, tap, unreadable};
use crate::assess::verify::{Case, Mismatch};
use crate::scenario::{Expectation, Expected};

/// Prints results as they are known, where the format has no summary in front.
///
/// Text, TAP and the commands of GitHub and Azure Pipelines are printed case by case, and documents at the end.
#[derive(Debug)]
pub struct Printer {
    format: TestFormat,
    cases: usize,
    /// True once the file of the next case has a failure in the text.
    is_failing: bool,
}

impl Printer {
    /// A printer of a format.
    pub fn new(format: TestFormat) -> Self {
        Self { format, cases: 0, is_failing: false }
    }

    /// What comes before all cases.
    pub fn begin(&self) -> &'static str {
        if self.format == TestFormat::Tap { tap::VERSION } else { "" }
    }

    /// A case of a file.
    pub fn case(&mut self, file: &str, case: &Case) -> String {
        self.cases += 1;
        match (self.format, &case.mismatch) {
            (TestFormat::Text, Some(mismatch)) => {
                let heading = if self.is_failing { String::new() } else { format!("FAILED {file}\n") };
                self.is_failing = true;
                heading + &failure_text(&failure(case, mismatch))
            }
            (TestFormat::Tap, _) => tap::case(self.cases, file, case),
            (TestFormat::Github, Some(mismatch)) => {
                let place = Some(&case.expectation.place);
                annotation::line(Level::Error, place, &case.subject, &long(case, mismatch))
            }
            (TestFormat::Azure, Some(mismatch)) => {
                let text = format!("{}: {}", case.subject, short(mismatch));
                azure_pipelines::issue(Level::Error, Some(&case.expectation.place), Some(EXPECTATION), &text)
            }
            _ => String::new(),
        }
    }

    /// A file whose cases are all known.
    pub fn file(&mut self, one: &Verified) -> String {
        self.is_failing = false;
        match self.format {
            TestFormat::Text => file_text(&titled(one)),
            _ => String::new(),
        }
    }

    /// What comes after all files.
    pub fn end(&self, all: &[Verified]) -> String {
        let documents = || all.iter().map(titled).collect::<Vec<_>>();
        match self.format {
            TestFormat::Text => format!("\n{}\n", sum(&documents())),
            TestFormat::Json => super::json(&documents()),
            TestFormat::Junit => junit(all, None),
            TestFormat::Tap => tap::plan(self.cases),
            TestFormat::Github => annotation::line(Level::Notice, None, "ampls-dns test", &sum(&documents())),
            TestFormat::Azure => {
                azure_pipelines::issue(Level::Notice, None, None, &format!("ampls-dns test: {}", sum(&documents())))
            }
            TestFormat::Gitlab => gitlab(all, None),
        }
    }

    /// What comes after the files that were verified, if the run ends at `file` because of errors.
    pub fn failed(&self, all: &[Verified], file: &str, errors: Unreadable<'_>) -> String {
        match self.format {
            // Programs get the error document of every verb, and people read the error itself.
            TestFormat::Text | TestFormat::Json => String::new(),
            TestFormat::Junit => junit(all, Some((file, errors))),
            TestFormat::Tap => {
                let text =
                    |error: &crate::scenario::ScenarioError| format!("{}: {}", error.place, unreadable::text(error));
                tap::bail_out(&errors.errors.first().map_or_else(String::new, text))
            }
            TestFormat::Github => unreadable::github(errors),
            TestFormat::Azure => unreadable::azure(errors),
            TestFormat::Gitlab => gitlab(all, Some(errors)),
        }
    }
}

/// The rule of expectations that do not hold, for CI systems that sort by rule.
const EXPECTATION: &str = "expectation";

/// The expectations of one scenario, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct VerificationDocument {
    /// The scenario.
    pub scenario: String,
    /// The title of a spec.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// What a spec is for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// How many hold.
    pub passed: usize,
    /// How many do not.
    pub failed: usize,
    /// Those that do not.
    pub failures: Vec<FailureDocument>,
    /// How many answers rest on an assumption.
    #[serde(skip_serializing_if = "is_zero")]
    pub assumed: usize,
    /// How many held only after a try that failed.
    #[serde(skip_serializing_if = "is_zero")]
    pub flaky: usize,
    /// How many were skipped, by the reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub skipped: BTreeMap<String, usize>,
}

/// An expectation that does not hold, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct FailureDocument {
    /// The step; empty where a spec names none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub step: String,
    /// What was checked.
    pub subject: String,
    /// Expected.
    pub expected: String,
    /// Found.
    pub found: String,
    /// Where the expectation is written, `file:line:column`.
    pub place: String,
    /// A command that asks the same; absent where it is not a question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// The cases of a file as a document, with the title of a spec.
fn titled(one: &Verified) -> VerificationDocument {
    VerificationDocument { title: one.title.clone(), about: one.about.clone(), ..document(&one.name, &one.cases) }
}

/// The cases of a scenario as a document.
pub fn document(scenario: &str, cases: &[Case]) -> VerificationDocument {
    let failures: Vec<_> = cases.iter().filter_map(|case| Some(failure(case, case.mismatch.as_ref()?))).collect();
    let mut skipped = BTreeMap::new();
    for why in cases.iter().filter_map(|case| case.skipped.clone()) {
        *skipped.entry(why).or_default() += 1;
    }
    VerificationDocument {
        scenario: scenario.to_owned(),
        title: String::new(),
        about: String::new(),
        passed: cases.len() - failures.len() - skipped.values().sum::<usize>(),
        failed: failures.len(),
        failures,
        assumed: cases.iter().filter(|case| case.assumed.is_some()).count(),
        flaky: cases.iter().filter(|case| is_flaky(case)).count(),
        skipped,
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

fn is_flaky(case: &Case) -> bool {
    case.mismatch.is_none() && !case.earlier.is_empty()
}

fn failure(case: &Case, mismatch: &Mismatch) -> FailureDocument {
    FailureDocument {
        step: case.expectation.step.clone(),
        subject: case.subject.clone(),
        expected: mismatch.expected.clone(),
        found: mismatch.found.clone(),
        place: case.expectation.place.to_string(),
        command: case.command.clone(),
    }
}

/// An expectation that does not hold, as `test` prints it.
fn failure_text(failure: &FailureDocument) -> String {
    let step = if failure.step.is_empty() { String::new() } else { format!("step {}, ", failure.step) };
    let mut text = format!("  {step}{}\n    --> {}\n", failure.subject, failure.place);
    if let Some(command) = &failure.command {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "    ask       {command}");
    }
    let _ = writeln!(text, "    expected  {}\n    found     {}", failure.expected, failure.found);
    text
}

/// What `test` prints of a scenario after its failures: a line, and what else is to be known.
fn file_text(document: &VerificationDocument) -> String {
    let VerificationDocument { scenario, title, about, passed, failed, assumed, flaky, skipped, .. } = document;
    let title = if title.is_empty() { String::new() } else { format!(" ({title})") };
    let all = count(*passed + *failed, "expectation");
    let mut text = match failed {
        0 => format!("ok     {scenario}{title}: {all}\n"),
        _ => format!("  {failed} of {all} failed{title}\n"),
    };
    if !about.is_empty() {
        let _ = writeln!(text, "  {about}");
    }
    if *assumed > 0 {
        let assumed = count(*assumed, "answer");
        let _ =
            writeln!(text, "  based on assumptions: {assumed}; see `explain`, and fail on them with --no-assumptions");
    }
    if *flaky > 0 {
        let _ = writeln!(text, "  {} passed only after a retry", count(*flaky, "expectation"));
    }
    for (why, cases) in skipped {
        let _ = writeln!(text, "  skipped {cases}: {why}");
    }
    text
}

/// The last line of a test: how many hold.
fn sum(documents: &[VerificationDocument]) -> String {
    let passed: usize = documents.iter().map(|one| one.passed).sum();
    let failed: usize = documents.iter().map(|one| one.failed).sum();
    let skipped: usize = documents.iter().flat_map(|one| one.skipped.values()).sum();
    let skipped = if skipped == 0 { String::new() } else { format!(", {skipped} skipped") };
    format!("{passed} passed, {failed} failed{skipped}")
}

/// The network an expectation asks from; absent for what is true of the whole estate.
fn network(expectation: &Expectation) -> Option<String> {
    match &expectation.expected {
        Expected::Answer { from, .. } | Expected::Chain { from, .. } | Expected::Reply { from, .. } => {
            Some(from.name().into_owned())
        }
        Expected::Flow(flow) => Some(flow.from.name().into_owned()),
        Expected::Finding(_) | Expected::NoFinding(_) | Expected::Records { .. } => None,
    }
}

/// One JUnit document: a suite for each file and network, a case for each expectation.
fn junit(all: &[Verified], refused: Option<(&str, Unreadable<'_>)>) -> String {
    let mut report = Report::unnamed();
    let mut total = Duration::ZERO;
    for one in all {
        let mut suites: IndexMap<Option<String>, Vec<&Case>> = IndexMap::new();
        for case in &one.cases {
            suites.entry(network(&case.expectation)).or_default().push(case);
        }
        for (network, cases) in suites {
            let name = network.map_or_else(|| one.name.clone(), |network| format!("{}: {network}", one.name));
            let mut suite = TestSuite::new(name);
            suite.add_test_cases(cases.iter().map(|case| junit_case(&one.name, case)));
            let took = cases.iter().filter_map(|case| case.took).sum();
            suite.set_time(took);
            total += took;
            report.add_test_suite(suite);
        }
    }
    if let Some((file, errors)) = refused {
        report.add_test_suite(unreadable::suite(file, errors));
    }
    report.set_time(total);
    report.to_string().expect("text is written to memory")
}

fn junit_case(file: &str, case: &Case) -> TestCase {
    let mut status = match (&case.mismatch, &case.skipped) {
        (Some(mismatch), _) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(short(mismatch)).set_description(long(case, mismatch));
            status
        }
        (None, Some(why)) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(why.as_str());
            status
        }
        (None, None) => TestCaseStatus::success(),
    };
    for mismatch in &case.earlier {
        let mut rerun = TestRerun::new(NonSuccessKind::Failure);
        rerun.set_message(short(mismatch));
        status.add_rerun(rerun);
    }
    let mut test = TestCase::new(&*case.subject, status);
    let step = &case.expectation.step;
    test.set_classname(if step.is_empty() { file.to_owned() } else { format!("{file}.{step}") });
    if let Some(took) = case.took {
        test.set_time(took);
    }
    test
}

/// A Code Quality report with an issue for each case that fails, and for each error.
fn gitlab(all: &[Verified], refused: Option<Unreadable<'_>>) -> String {
    let mut fingerprints = Fingerprints::default();
    let mut issues = Vec::new();
    for (one, case) in all.iter().flat_map(|one| one.cases.iter().map(move |case| (one, case))) {
        let Some(mismatch) = &case.mismatch else { continue };
        let fingerprint = fingerprints.of(&[EXPECTATION, &one.name, &case.expectation.step, &case.subject]);
        let text = format!("{}: {}", case.subject, short(mismatch));
        let severity = code_quality::Severity::Major;
        issues.push(Issue::new(severity, EXPECTATION, &case.expectation.place, fingerprint, text));
    }
    if let Some(errors) = refused {
        issues.extend(unreadable::issues(errors, &mut fingerprints));
    }
    super::json(&issues)
}

fn short(mismatch: &Mismatch) -> String {
    format!("expected {}, found {}", mismatch.expected, mismatch.found)
}

/// All that is known about a case that fails.
pub(super) fn long(case: &Case, mismatch: &Mismatch) -> String {
    let ask = case.command.as_ref().map_or_else(String::new, |command| format!("ask       {command}\n"));
    format!("expected  {}\nfound     {}\n{ask}written   {}", mismatch.expected, mismatch.found, case.expectation.place)
}
