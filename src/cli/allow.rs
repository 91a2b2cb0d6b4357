//! Which findings are accepted, and on which day.

use clap::Args;
use jiff::civil::Date;

use super::input;
use crate::scenario::Allowance;

/// Findings that are accepted in addition to those of the scenario.
#[derive(Args, Debug)]
pub(super) struct AllowArguments {
    /// File with `allow` entries: findings to accept in addition to those of the scenario; may be given several times
    #[arg(long, value_name = "FILE")]
    allow: Vec<String>,
    /// Date for the expiry of `allow` entries, as YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE")]
    date: Option<Date>,
}

impl AllowArguments {
    /// The day on which entries count.
    pub(super) fn today(&self) -> Date {
        self.date.unwrap_or_else(|| jiff::Zoned::now().date())
    }

    /// True if a file or a day was given.
    pub(super) fn is_given(&self) -> bool {
        !self.allow.is_empty() || self.date.is_some()
    }

    /// The entries of the scenario and those of the files.
    pub(super) fn entries(&self, of_scenario: &[Allowance]) -> Result<Vec<Allowance>, Box<dyn std::error::Error>> {
        input::with_allow_files(of_scenario, &self.allow)
    }
}
