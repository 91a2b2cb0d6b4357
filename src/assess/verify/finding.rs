//! Expectations of findings.

use std::collections::BTreeSet;

use super::Mismatch;
use crate::assess::{Assessment, Finding, Severity};
use crate::estate::NetworkName;
use crate::scenario::{ExpectedFinding, ExpectedNames};

/// What differs, where there is no such finding.
pub(super) fn held_finding(assessment: &Assessment, expected: &ExpectedFinding) -> Option<Mismatch> {
    let findings = &assessment.findings;
    if findings.iter().any(|finding| is_expected(finding, expected)) {
        return None;
    }
    let mut own: Vec<String> = findings
        .iter()
        .filter(|one| one.code.to_string() == expected.code)
        .map(|one| stated(&whole(one, expected)))
        .collect();
    if own.is_empty() {
        own = findings.iter().map(|one| one.code.to_string()).collect();
        own.dedup();
    }
    let found = if own.is_empty() { "no findings".to_owned() } else { own.join(", ") };
    Some(Mismatch { expected: stated(expected), found })
}

/// True if a finding is as expected.
pub fn is_expected(finding: &Finding, expected: &ExpectedFinding) -> bool {
    let same = |names: &ExpectedNames| match names {
        ExpectedNames::Count(count) => finding.names.len() == *count as usize,
        ExpectedNames::These(names) => {
            names.iter().collect::<BTreeSet<_>>() == finding.names.iter().collect::<BTreeSet<_>>()
        }
    };
    let networks = |own: &Vec<NetworkName>| {
        own.iter().collect::<BTreeSet<_>>() == finding.networks.iter().collect::<BTreeSet<_>>()
    };
    finding.code.to_string() == expected.code
        && expected.object.as_ref().is_none_or(|object| *object == finding.object)
        && expected.severity.is_none_or(|severity| severity == finding.severity.to_string())
        && expected.networks.as_ref().is_none_or(networks)
        && expected.names.as_ref().is_none_or(same)
}

/// A finding, as far as an expectation looks at it.
fn whole(finding: &Finding, expected: &ExpectedFinding) -> ExpectedFinding {
    let names = expected.names.as_ref().map(|names| match names {
        ExpectedNames::Count(_) => ExpectedNames::Count(u32::try_from(finding.names.len()).unwrap_or(u32::MAX)),
        ExpectedNames::These(_) => ExpectedNames::These(finding.names.to_vec()),
    });
    ExpectedFinding {
        code: finding.code.to_string(),
        object: expected.object.as_ref().map(|_| finding.object.clone()),
        severity: expected.severity.map(|_| match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }),
        networks: expected.networks.as_ref().map(|_| finding.networks.to_vec()),
        names,
    }
}

/// `AMPLS001 of pe1 (error) for vnet1; names a, b`.
pub(super) fn stated(finding: &ExpectedFinding) -> String {
    let mut text = finding.code.clone();
    let list = |items: Vec<String>| if items.is_empty() { "none".to_owned() } else { items.join(", ") };
    if let Some(object) = &finding.object {
        text.push_str(&format!(" of {object}"));
    }
    if let Some(severity) = finding.severity {
        text.push_str(&format!(" ({severity})"));
    }
    if let Some(networks) = &finding.networks {
        text.push_str(&format!(" for {}", list(networks.iter().map(ToString::to_string).collect())));
    }
    match &finding.names {
        Some(ExpectedNames::Count(count)) => text.push_str(&format!("; {count} names")),
        Some(ExpectedNames::These(names)) => {
            text.push_str(&format!("; names {}", list(names.iter().map(ToString::to_string).collect())));
        }
        None => {}
    }
    text
}
