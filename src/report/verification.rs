//! Which expectations hold, for people and programs.

use std::fmt::Write as _;

use serde::Serialize;

use super::count;
use crate::verify::Case;

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
}

/// An expectation that does not hold, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct FailureDocument {
    /// The step.
    pub step: String,
    /// What was looked at.
    pub subject: String,
    /// Expected.
    pub expected: String,
    /// Found.
    pub found: String,
    /// Where the expectation is written, `file:line:column`.
    pub place: String,
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
            })
        })
        .collect();
    VerificationDocument {
        scenario: scenario.to_owned(),
        passed: cases.len() - failures.len(),
        failed: failures.len(),
        failures,
    }
}

/// All scenarios as `test` prints them: a line each, what does not hold below it, and the sum at the end.
pub fn text(documents: &[VerificationDocument]) -> String {
    let mut text = String::new();
    for VerificationDocument { scenario, passed, failed, failures } in documents {
        let verdict = if *failed == 0 { "ok" } else { "FAILED" };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{verdict:<6} {scenario}: {}", count(*passed + *failed, "expectation"));
        for failure in failures {
            let _ = writeln!(text, "  step {}, {}", failure.step, failure.subject);
            let _ = writeln!(text, "    --> {}", failure.place);
            let _ = writeln!(text, "    expected  {}", failure.expected);
            let _ = writeln!(text, "    found     {}", failure.found);
        }
    }
    let passed: usize = documents.iter().map(|one| one.passed).sum();
    let failed: usize = documents.iter().map(|one| one.failed).sum();
    let _ = writeln!(text, "\n{passed} passed, {failed} failed");
    text
}
