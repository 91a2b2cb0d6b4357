//! Which findings are accepted, and on which day.

use clap::Args;
use jiff::civil::Date;

use super::InputError;
use crate::scenario::{AllowFile, Allowance};

/// Findings that are accepted beside those of the scenario.
#[derive(Args, Debug)]
pub(super) struct AllowArguments {
    /// File with `allow` entries: findings that are accepted, beside those of the scenario; may be given several times
    #[arg(long, value_name = "FILE")]
    allow: Vec<String>,
    /// The day by which `allow` entries expire, as YYYY-MM-DD; today without it
    #[arg(long, value_name = "DATE")]
    date: Option<Date>,
}

/// A file of accepted findings cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the accepted findings in `{name}`\nhelp: `check --write-baseline {name}` writes such a file")]
struct Unreadable {
    name: String,
    #[source]
    error: std::io::Error,
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
        with_files(of_scenario, &self.allow)
    }
}

/// The entries of a scenario and those of files.
pub(super) fn with_files(
    of_scenario: &[Allowance],
    files: &[String],
) -> Result<Vec<Allowance>, Box<dyn std::error::Error>> {
    let mut entries = of_scenario.to_vec();
    for name in files {
        entries.extend(file(name)?.allow);
    }
    Ok(entries)
}

/// Reads a file of accepted findings.
pub(super) fn file(name: &str) -> Result<AllowFile, Box<dyn std::error::Error>> {
    let text = std::fs::read(name).map_err(|error| Unreadable { name: name.to_owned(), error })?;
    Ok(AllowFile::read(name, &text).map_err(InputError::Scenario)?)
}
