//! Which findings fail a check.

use crate::assess::{Code, Finding, Severity};
use crate::scenario::ScenarioErrors;

/// What makes a check fail.
#[derive(Clone, Copy, Debug)]
pub struct Denied<'c> {
    /// Codes that fail regardless of severity.
    pub codes: &'c [Code],
    /// The least severe findings that fail.
    pub severity: Severity,
}

/// Why a scenario cannot be read.
pub type Unreadable<'e> = &'e ScenarioErrors;

impl Denied<'_> {
    /// True if a check fails because of this. What is accepted never makes it fail.
    pub fn fails(self, finding: &Finding) -> bool {
        finding.accepted.is_none() && finding.severity <= self.severity || self.has(finding)
    }

    /// True if its code is one of them.
    pub fn has(self, finding: &Finding) -> bool {
        finding.accepted.is_none() && self.codes.contains(&finding.code)
    }
}
