//! Findings as SARIF 2.1.0, the form code scanning reads.
//!
//! Source: docs.oasis-open.org/sarif/sarif/v2.1.0, and what docs.github.com says of SARIF support for code scanning: every
//! result needs a location, and `help.markdown` is what people see.

use serde_json::{Value as Json, json};

use super::denied::{Denied, Unreadable};
use super::fingerprint::Fingerprints;
use crate::assess::{Code, Finding, Severity};
use crate::estate::Place;

/// The schema of the form.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The rule of errors that are no finding: what cannot be read has no code.
const UNREADABLE: &str = "scenario";

/// The findings of the scenario called `file`. Those denied are errors regardless of severity.
pub fn document(file: &str, findings: &[Finding], denied: Denied<'_>) -> Json {
    let mut fingerprints = Fingerprints::default();
    let results = findings.iter().map(|finding| {
        let networks: Vec<_> = finding.networks.iter().map(ToString::to_string).collect();
        let names: Vec<_> = finding.names.iter().map(ToString::to_string).collect();
        let mut text = format!("{}.", finding.message);
        for (what, list) in [("For", &networks), ("Names", &names)] {
            if !list.is_empty() {
                text.push_str(&format!(" {what}: {}.", list.join(", ")));
            }
        }
        for also in &finding.also {
            text.push_str(&format!(" Also: {also}."));
        }
        let suppressions: Vec<Json> = finding
            .accepted
            .iter()
            .map(|own| json!({ "kind": "external", "status": "accepted", "justification": own.reason }))
            .collect();
        json!({
            "suppressions": suppressions,
            "ruleId": finding.code.to_string(),
            "ruleIndex": Code::ALL.iter().position(|code| *code == finding.code),
            "level": if denied.has(finding) { "error" } else { level(finding.severity) },
            "message": { "text": text },
            "locations": [location(file, finding.place.as_ref())],
            // GitHub recognises an alert of an earlier run by the hash of its line, which changes with every edit above it.
            "partialFingerprints": { "primaryLocationLineHash": fingerprint(&mut fingerprints, file, finding) },
            "properties": { "networks": networks, "names": names },
        })
    });
    log(results.collect(), true)
}

/// A finding is the same in a later run if its code, its file and what happened are; its line may have moved.
pub(super) fn fingerprint(fingerprints: &mut Fingerprints, file: &str, finding: &Finding) -> String {
    let file = finding.place.as_ref().map_or(file, |place| &*place.file);
    fingerprints.of(&[&finding.code.to_string(), file, &finding.message])
}

/// Why a scenario cannot be read.
pub fn unreadable(file: &str, errors: Unreadable<'_>) -> Json {
    let mut fingerprints = Fingerprints::default();
    let results = errors.errors.iter().map(|error| {
        let hint = error.hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"));
        let mut location = location(file, Some(&error.place));
        location["physicalLocation"]["region"]["endColumn"] = json!(error.place.column + error.width);
        json!({
            "ruleId": error.code.unwrap_or(UNREADABLE),
            "level": "error",
            "message": { "text": format!("{}{hint}.", error.message) },
            "locations": [location],
            "partialFingerprints": {
                "primaryLocationLineHash": fingerprints.of(&[UNREADABLE, &error.place.file, &error.message]),
            },
        })
    });
    log(results.collect(), false)
}

fn log(results: Vec<Json>, successful: bool) -> Json {
    let mut rules: Vec<Json> = Code::ALL.iter().map(|code| rule(*code)).collect();
    if !successful {
        rules.push(json!({
            "id": UNREADABLE,
            "shortDescription": { "text": "The scenario cannot be read" },
            "help": { "text": "`ampls-dns schema` prints all keys of a scenario." },
            "defaultConfiguration": { "level": "error" },
        }));
    }
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "ampls-dns",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            } },
            // Columns are counted in characters.
            "columnKind": "unicodeCodePoints",
            "invocations": [{ "executionSuccessful": successful }],
            "results": results,
        }],
    })
}

fn rule(code: Code) -> Json {
    let (title, advice, source) = (code.title(), code.advice(), code.source());
    json!({
        "id": code.to_string(),
        "name": format!("{code:?}"),
        "shortDescription": { "text": title },
        "fullDescription": { "text": format!("{title}. To do: {advice}.") },
        "help": {
            "text": format!("{title}. To do: {advice}. Source: {source}."),
            "markdown": format!("**{title}.**\n\n**To do:** {advice}.\n\n*Source: {source}.*"),
        },
        "defaultConfiguration": { "level": level(code.severity()) },
        "properties": { "tags": ["dns", "azure-monitor", "private-link"] },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// The place, or the file as a whole.
fn location(file: &str, place: Option<&Place>) -> Json {
    let artifact = |file: &str| json!({ "uri": uri(file) });
    json!({ "physicalLocation": match place {
        Some(Place { file, line, column }) => {
            json!({ "artifactLocation": artifact(file), "region": { "startLine": line, "startColumn": column } })
        }
        None => json!({ "artifactLocation": artifact(file) }),
    } })
}

/// A file's name as a URI reference (RFC 3986): from the current folder, or from the root.
fn uri(file: &str) -> String {
    let mut uri = String::with_capacity(file.len());
    if file.starts_with('/') {
        uri.push_str("file://");
    }
    for octet in file.bytes() {
        match octet {
            b'\\' => uri.push('/'),
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(octet.into()),
            octet if octet.is_ascii_alphanumeric() => uri.push(octet.into()),
            octet => uri.push_str(&format!("%{octet:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_become_references() {
        assert_eq!(uri("a b/ü.yaml"), "a%20b/%C3%BC.yaml");
        assert_eq!(uri("/estates/x.yaml"), "file:///estates/x.yaml");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
    }
}
