//! Code Quality reports of GitLab: a JSON list of issues that a merge request shows beside the lines.
//!
//! Source: docs.gitlab.com, Code Quality, "Code Quality report format": description, check_name, fingerprint, severity,
//! location.path and location.lines.begin are all that GitLab reads. A path is relative to the repository, without `./`.

use serde::Serialize;

use crate::estate::Place;

/// How grave an issue is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Debug)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// For information.
    Info,
    /// It does not make the job fail.
    Minor,
    /// It makes the job fail.
    Major,
    /// Nothing could be checked.
    Blocker,
}

/// An issue.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: Severity,
    location: Location,
}

#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
struct Lines {
    begin: u32,
}

impl Issue {
    /// An issue at a place.
    pub fn new(severity: Severity, check: &str, place: &Place, fingerprint: String, description: String) -> Self {
        let path = place.file.strip_prefix("./").unwrap_or(&place.file).to_owned();
        let location = Location { path, lines: Lines { begin: place.line } };
        Self { description, check_name: check.to_owned(), fingerprint, severity, location }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_relative_without_a_dot() {
        let place = Place { file: "./estates/a.yaml".into(), line: 4, column: 1 };
        let issue = Issue::new(Severity::Minor, "AMPLS001", &place, "f".into(), "d".into());
        let json = serde_json::to_value(issue).expect("it has string keys");
        assert_eq!(json["location"], serde_json::json!({ "path": "estates/a.yaml", "lines": { "begin": 4 } }));
        assert_eq!(json["severity"], "minor");
    }
}
