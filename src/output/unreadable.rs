//! Why a scenario cannot be read, for the formats whose readers show errors beside lines or count cases.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::annotation::{self, Level};
use super::azure_pipelines;
use super::code_quality::{self, Issue};
use super::fingerprint::Fingerprints;
use crate::scenario::{ScenarioError, ScenarioErrors};

/// An annotation of GitHub for each error.
pub fn github(errors: &ScenarioErrors) -> String {
    let line = |error: &ScenarioError| {
        let title = error.code.unwrap_or("the scenario cannot be read");
        annotation::line(Level::Error, Some(&error.place), title, &text(error))
    };
    errors.errors.iter().map(line).collect()
}

/// An issue of Azure Pipelines for each error.
pub fn azure(errors: &ScenarioErrors) -> String {
    let line =
        |error: &ScenarioError| azure_pipelines::issue(Level::Error, Some(&error.place), error.code, &text(error));
    errors.errors.iter().map(line).collect()
}

/// An issue of a Code Quality report for each error.
pub fn issues(errors: &ScenarioErrors, fingerprints: &mut Fingerprints) -> Vec<Issue> {
    let issue = |error: &ScenarioError| {
        let check = error.code.unwrap_or("scenario");
        let fingerprint = fingerprints.of(&[check, &error.place.file, &error.message]);
        Issue::new(code_quality::Severity::Blocker, check, &error.place, fingerprint, text(error))
    };
    errors.errors.iter().map(issue).collect()
}

/// A JUnit suite of a file with an error for each.
pub fn suite(file: &str, errors: &ScenarioErrors) -> TestSuite {
    let mut suite = TestSuite::new(file);
    for error in &errors.errors {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(error.message.as_str()).set_type("unreadable").set_description(text(error));
        let mut case = TestCase::new(format!("{} can be read", error.place), status);
        case.set_classname(file);
        suite.add_test_case(case);
    }
    suite
}

/// A JUnit document with this suite alone.
pub fn junit(file: &str, errors: &ScenarioErrors) -> String {
    let mut report = Report::unnamed();
    report.add_test_suite(suite(file, errors));
    report.to_string().expect("text is written to memory")
}

/// A heading and a list, for a pull request.
pub fn markdown(file: &str, errors: &ScenarioErrors) -> String {
    let line = |error: &ScenarioError| {
        format!("- {}:{}: {}\n", error.place.file, error.place.line, text(error).replace('\n', "; "))
    };
    let lines: String = errors.errors.iter().map(line).collect();
    format!("### `{file}` cannot be read\n\n{lines}")
}

/// What is wrong, and what to do.
pub fn text(error: &ScenarioError) -> String {
    let hint = error.hint.as_ref().map_or_else(String::new, |hint| format!("\nhelp: {hint}"));
    format!("{}{hint}", error.message)
}
