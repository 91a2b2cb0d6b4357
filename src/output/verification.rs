//! Which expectations hold, for people and programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;

use super::annotation::{self, Level};
pub use super::format::TestFormat;
pub use super::verified::Verified;
use super::{count, tap};
use crate::assess::verify::{Case, Mismatch};

/// The cases as they are printed.
pub fn print(all: &[Verified], format: TestFormat) -> String {
    let documents = || all.iter().map(|one| document(&one.name, &one.cases)).collect::<Vec<_>>();
    match format {
        TestFormat::Text => text(&documents()),
        TestFormat::Json => super::json(&documents()),
        TestFormat::Junit => junit(all),
        TestFormat::Tap => tap::text(all),
        TestFormat::Github => github(all),
    }
}

/// The expectations of one scenario, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct VerificationDocument {
    /// The scenario.
    pub scenario: String,
    /// How many hold.
    pub passed: usize,
    /// How many do not.
    pub failed: usize,
    /// Those that do not.
    pub failures: Vec<FailureDocument>,
    /// How many answers rest on an assumption.
    #[serde(skip_serializing_if = "is_zero")]
    pub assumed: usize,
    /// How many were not looked at, by the reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub skipped: BTreeMap<String, usize>,
}

/// An expectation that does not hold, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct FailureDocument {
    /// The step; empty where a spec names none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub step: String,
    /// What was looked at.
    pub subject: String,
    /// Expected.
    pub expected: String,
    /// Found.
    pub found: String,
    /// Where the expectation is written, `file:line:column`.
    pub place: String,
    /// A command that asks the same; absent where it is no question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// The cases of a scenario as a document.
pub fn document(scenario: &str, cases: &[Case]) -> VerificationDocument {
    let failures: Vec<_> = cases
        .iter()
        .filter_map(|case| {
            let mismatch = case.mismatch.as_ref()?;
            Some(FailureDocument {
                step: case.expectation.step.clone(),
                subject: case.subject.clone(),
                expected: mismatch.expected.clone(),
                found: mismatch.found.clone(),
                place: case.expectation.place.to_string(),
                command: case.command.clone(),
            })
        })
        .collect();
    let mut skipped = BTreeMap::new();
    for why in cases.iter().filter_map(|case| case.skipped.clone()) {
        *skipped.entry(why).or_default() += 1;
    }
    VerificationDocument {
        scenario: scenario.to_owned(),
        passed: cases.len() - failures.len() - skipped.values().sum::<usize>(),
        failed: failures.len(),
        failures,
        assumed: cases.iter().filter(|case| case.assumed.is_some()).count(),
        skipped,
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// All scenarios as `test` prints them: a line each, what does not hold below it, and the sum at the end.
pub fn text(documents: &[VerificationDocument]) -> String {
    let mut text = String::new();
    for VerificationDocument { scenario, passed, failed, failures, assumed, skipped } in documents {
        let verdict = if *failed == 0 { "ok" } else { "FAILED" };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{verdict:<6} {scenario}: {}", count(*passed + *failed, "expectation"));
        for failure in failures {
            let step = if failure.step.is_empty() { String::new() } else { format!("step {}, ", failure.step) };
            let _ = writeln!(text, "  {step}{}", failure.subject);
            let _ = writeln!(text, "    --> {}", failure.place);
            if let Some(command) = &failure.command {
                let _ = writeln!(text, "    ask       {command}");
            }
            let _ = writeln!(text, "    expected  {}", failure.expected);
            let _ = writeln!(text, "    found     {}", failure.found);
        }
        if *assumed > 0 {
            let _ = writeln!(
                text,
                "  {} assumed: see `explain`; --no-assumptions fails on them",
                count(*assumed, "answer")
            );
        }
        for (why, cases) in skipped {
            let _ = writeln!(text, "  skipped {cases}: {why}");
        }
    }
    let passed: usize = documents.iter().map(|one| one.passed).sum();
    let failed: usize = documents.iter().map(|one| one.failed).sum();
    let skipped: usize = documents.iter().flat_map(|one| one.skipped.values()).sum();
    let skipped = if skipped == 0 { String::new() } else { format!(", {skipped} skipped") };
    let _ = writeln!(text, "\n{passed} passed, {failed} failed{skipped}");
    text
}

/// One JUnit document: a suite for each file, a case for each expectation.
fn junit(all: &[Verified]) -> String {
    let mut report = Report::unnamed();
    for one in all {
        let mut suite = TestSuite::new(&*one.name);
        for case in &one.cases {
            let status = match (&case.mismatch, &case.skipped) {
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
            let mut test = TestCase::new(&*case.subject, status);
            let step = &case.expectation.step;
            test.set_classname(if step.is_empty() { one.name.clone() } else { format!("{}.{step}", one.name) });
            suite.add_test_case(test);
        }
        report.add_test_suite(suite);
    }
    report.to_string().expect("text is written to memory")
}

/// A workflow command for each case that fails, and one that counts.
fn github(all: &[Verified]) -> String {
    let mut text = String::new();
    for case in all.iter().flat_map(|one| &one.cases) {
        if let Some(mismatch) = &case.mismatch {
            let place = Some(&case.expectation.place);
            text.push_str(&annotation::line(Level::Error, place, &case.subject, &long(case, mismatch)));
        }
    }
    let documents: Vec<_> = all.iter().map(|one| document(&one.name, &one.cases)).collect();
    let sum = self::text(&documents);
    // What is counted stands in the last line.
    text.push_str(&annotation::line(Level::Notice, None, "ampls-dns test", sum.lines().last().unwrap_or_default()));
    text
}

fn short(mismatch: &Mismatch) -> String {
    format!("expected {}, found {}", mismatch.expected, mismatch.found)
}

/// All that is known about a case that fails.
pub(super) fn long(case: &Case, mismatch: &Mismatch) -> String {
    let ask = case.command.as_ref().map_or_else(String::new, |command| format!("ask       {command}\n"));
    format!("expected  {}\nfound     {}\n{ask}written   {}", mismatch.expected, mismatch.found, case.expectation.place)
}
