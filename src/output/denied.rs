//! Which findings fail a check.

use crate::assess::{Code, Finding, Severity};
use crate::scenario::ScenarioErrors;

/// The codes that fail whatever their severity.
#[derive(Clone, Copy, Debug)]
pub struct Denied<'c>(pub &'c [Code]);

/// Why a scenario cannot be read.
pub type Unreadable<'e> = &'e ScenarioErrors;

impl Denied<'_> {
    /// True if a check fails because of this.
    pub fn fails(self, finding: &Finding) -> bool {
        finding.severity == Severity::Error || self.has(finding)
    }

    /// True if its code is one of them.
    pub fn has(self, finding: &Finding) -> bool {
        self.0.contains(&finding.code)
    }
}
