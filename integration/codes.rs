//! The catalogue of findings, code by code: `codes/NNN-….yaml` has an estate in which the finding is there, with its severity, networks
//! and names, and one that differs in a single thing and has no such finding. `codes/first-NNN-before-MMM.yaml` has two
//! reasons for one name, of which the first is the cause.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ampls_dns::assess::verify::verify;
use ampls_dns::assess::{Assessment, Code};
use ampls_dns::compile::Fold;
use ampls_dns::scenario::{Expected, Scenario, builtin};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("integration/codes")
}

/// The estates by the name of their file.
fn files() -> BTreeMap<String, Scenario> {
    let entries = std::fs::read_dir(folder()).expect("the folder is there");
    let files = entries.map(|entry| {
        let path = entry.expect("its entries can be read").path();
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let text = std::fs::read(&path).expect("a file can be read");
        (name.clone(), Scenario::read(&name, &text).unwrap_or_else(|errors| panic!("{errors}")))
    });
    files.collect()
}

#[test]
fn estates_of_the_catalogue_have_the_findings_that_they_state() {
    let mut faults = Vec::new();
    for (name, scenario) in files() {
        for case in verify(&Arc::new(scenario.history), &scenario.expectations) {
            if let Some(mismatch) = case.mismatch {
                let (step, subject) = (&case.expectation.step, &case.subject);
                let (expected, found) = (mismatch.expected, mismatch.found);
                faults.push(format!("{name} at {step}: {subject}: expected {expected}, found {found}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Codes that no estate alone can have: what cannot be read, what a check was given or an import did not say, entries that
/// accept findings, and that no rule explains a name. `accepted.rs` and `unresolved.rs` have these codes, and what comes near.
const OF_NO_ESTATE: [Code; 7] = [
    Code::InvalidValue,
    Code::NothingToCheck,
    Code::ReadInPart,
    Code::NoRuleSaysWhy,
    Code::AcceptanceExpired,
    Code::AcceptanceUnused,
    Code::UnknownContents,
];

#[test]
fn every_code_has_an_estate_with_it_and_a_near_one_without() {
    let files = files();
    for code in Code::ALL.iter().filter(|code| !OF_NO_ESTATE.contains(code)) {
        let own = files.iter().find(|(name, _)| name.starts_with(&format!("{:03}-", *code as u16)));
        let (name, scenario) = own.unwrap_or_else(|| panic!("{code} has no file"));
        let (mut has, mut lacks) = (BTreeSet::new(), BTreeSet::new());
        for one in &scenario.expectations {
            match &one.expected {
                Expected::Finding(finding) if finding.code == code.to_string() => {
                    let is_whole = finding.networks.is_some() && finding.names.is_some() && finding.severity.is_some();
                    assert!(is_whole, "{name} states severity, networks and names of each {code}");
                    has.insert(one.step.as_str());
                }
                Expected::NoFinding(absent) if *absent == code.to_string() => {
                    lacks.insert(one.step.as_str());
                }
                _ => {}
            }
        }
        assert!(!has.is_empty() && !lacks.is_empty(), "{name}: {code} is at {has:?} and not at {lacks:?}");
        assert!(has.is_disjoint(&lacks), "{name}: {has:?} and {lacks:?}");
    }
}

/// The order in which causes are looked for, stage by stage, as published with the catalogue. A code that can be the cause in several
/// stages is where it comes first.
const ORDER: [&[u16]; 7] = [
    &[30, 33, 19, 32],
    &[23, 26, 9, 43, 2, 22, 41, 14, 39, 5, 38, 25, 4, 16, 29, 47],
    &[42, 1, 3],
    &[40, 37, 28, 13],
    &[45, 34, 6, 24, 15, 21, 35, 36, 46],
    &[27, 44],
    &[58],
];

#[test]
fn findings_of_one_severity_come_in_the_order_of_causes() {
    let place = |code: Code| ORDER.iter().flat_map(|stage| stage.iter()).position(|own| *own == code as u16);
    let mut pairs = BTreeSet::new();
    let built_in = builtin::names().map(|name| {
        let text = builtin::text(name).expect("it is built in");
        (name.to_owned(), Scenario::read(name, text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}")))
    });
    // A thousand resources cost seconds.
    let is_large = |name: &str| ["limit", "hundred", "thousand"].iter().any(|word| name.contains(word));
    for (name, scenario) in files().into_iter().chain(built_in).filter(|(name, _)| !is_large(name)) {
        let history = Arc::new(scenario.history);
        let mut fold = Fold::new(&history);
        for step in history.steps() {
            fold.to(step.end);
            let findings = Assessment::of(&fold.compiled()).findings;
            assert!(findings.is_sorted_by_key(|one| one.severity), "{name} at {}", step.name);
            for severity in findings.iter().map(|one| one.severity).collect::<BTreeSet<_>>() {
                let own = findings.iter().filter(|one| one.severity == severity);
                let places: Vec<(Code, usize)> = own.filter_map(|one| Some((one.code, place(one.code)?))).collect();
                for two in places.windows(2) {
                    assert!(two[0].1 <= two[1].1, "{name} at {}: {} before {}", step.name, two[0].0, two[1].0);
                    pairs.insert((two[0].0, two[1].0));
                }
            }
            // Of one code the finding with the most names comes first.
            for two in findings.windows(2) {
                let is_same = two[0].code == two[1].code && two[0].severity == two[1].severity;
                assert!(!is_same || two[0].names.len() >= two[1].names.len(), "{name} at {}", step.name);
            }
        }
    }
    assert!(pairs.iter().filter(|(one, other)| one != other).count() > 25, "{} pairs", pairs.len());
}
