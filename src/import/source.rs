//! From text to facts: what kind of artefact a text is, seen from its content, and which reader takes it.

use std::sync::Arc;

use serde_json::Value;

use super::evaluated;
use super::id::{ResourceId, UNKNOWN};
use super::json;
use super::reading::Reading;
use super::relaxed;
use super::report::{ImportError, Provenance};
use super::rest::id_of;
use crate::dns::{RecordType, master};

/// The most bytes one file may have.
pub const MAX_OCTETS: usize = 64 << 20;

/// What a text is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Resources as the REST interface and `az` print them.
    Resources,
    /// An ARM template.
    Template,
    /// The parameters of one.
    Parameters,
    /// `terraform show -json` of a state.
    TerraformState,
    /// `terraform show -json` of a plan.
    TerraformPlan,
    /// The answer of a what-if.
    WhatIf,
    /// What `bicep snapshot` writes.
    Snapshot,
    /// A page of an answer of Azure Resource Graph.
    ResourceGraph,
    /// `terraform.tfstate`, or what `terraform state pull` prints.
    TerraformRawState,
    /// What `pulumi stack export` prints.
    Pulumi,
    /// A zone file.
    Zone,
    /// Something of Azure or Terraform that one command makes readable.
    Other,
}

impl Kind {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Resources => "Azure resources",
            Self::Template => "ARM template",
            Self::Parameters => "ARM parameters",
            Self::TerraformState => "Terraform state",
            Self::TerraformPlan => "Terraform plan",
            Self::WhatIf => "what-if answer",
            Self::Snapshot => "Bicep snapshot",
            Self::ResourceGraph => "Azure Resource Graph answer",
            Self::TerraformRawState => "Terraform state file",
            Self::Pulumi => "Pulumi stack export",
            Self::Zone => "zone file",
            Self::Other => "other form",
        }
    }
}

/// A text whose type was detected.
pub(super) enum Read {
    Json(Kind, Value),
    Zone(master::ParsedZone),
}

/// Looks at a text: what it is, and its content.
///
/// # Errors
/// Why it is none of the artefacts that are read; the place is in the file, pointers where they help.
pub(super) fn read(file: &Arc<str>, text: &[u8]) -> Result<Read, Vec<ImportError>> {
    let place = |line: usize, column: usize| Provenance {
        file: Arc::clone(file),
        pointer: None,
        line: u32::try_from(line.max(1)).unwrap_or(u32::MAX),
        column: u32::try_from(column.max(1)).unwrap_or(u32::MAX),
    };
    let error = |line, column, message: String, hint: Option<&str>| {
        vec![ImportError { place: place(line, column), message, hint: hint.map(str::to_owned) }]
    };
    if text.len() > MAX_OCTETS {
        return Err(error(1, 1, format!("the file is larger than {} MiB, the limit", MAX_OCTETS >> 20), None));
    }
    let own = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    if let Some((what, command)) = other_form(own) {
        return Err(error(1, 1, format!("this is {what}"), Some(command)));
    }
    let first = own.iter().position(|octet| !octet.is_ascii_whitespace());
    let Some(first) = first else {
        return Err(error(1, 1, "the file is empty".to_owned(), Some("pass the output of `az … -o json`")));
    };
    if matches!(own[first], b'{' | b'[') && !own[first..].starts_with(b"[default]") {
        let value = match json::read(own).or_else(|_| {
            // People write comments and long strings into templates.
            let strict = relaxed::strict(own);
            json::read(&strict).map_err(|fault| {
                let (line, column) = place_of((fault.line, fault.column), &strict, own);
                json::Fault { line, column, ..fault }
            })
        }) {
            Ok(value) => value,
            Err(fault) => {
                return Err(error(
                    fault.line,
                    fault.column,
                    fault.message,
                    Some("pass the output of `az … -o json`, `az rest` or `terraform show -json` unchanged"),
                ));
            }
        };
        if let Some((what, command)) = other_json(&value) {
            return Err(error(1, 1, format!("this is {what}"), Some(command)));
        }
        return match kind_of(&value) {
            Some(kind) => Ok(Read::Json(kind, value)),
            None => {
                let mut errors = error(
                    1,
                    1,
                    "this JSON is not a known file of Azure or Terraform".to_owned(),
                    Some(
                        "expected resources with `id`, or with `type` and `name`; a template with `resources` and `contentVersion`; or `terraform show -json` with `format_version`",
                    ),
                );
                errors[0].place.pointer = Some(String::new());
                Err(errors)
            }
        };
    }
    if !looks_like_zone(own) {
        let text = String::from_utf8_lossy(&own[..own.len().min(1 << 16)]);
        let hint = if text.lines().any(|line| line.starts_with("version:")) && text.contains("networks:") {
            "this is already a scenario: pass it to the other verbs, such as `ampls-dns check FILE`"
        } else {
            "pass JSON of az, REST, ARM or `terraform show -json`, or the output of `az network private-dns zone export`"
        };
        return Err(error(1, 1, "this is neither JSON nor a zone file".to_owned(), Some(hint)));
    }
    match master::read(own, None) {
        Ok(zone) => Ok(Read::Zone(zone)),
        Err(faults) => Err(faults
            .into_iter()
            .map(|fault| ImportError {
                place: place(fault.line, fault.column),
                hint: fault.kind.hint().map(str::to_owned),
                message: fault.kind.to_string(),
            })
            .collect()),
    }
}

/// Line and column of a fault in a text, when it was found in a text of the same length.
fn place_of((line, column): (usize, usize), strict: &[u8], text: &[u8]) -> (usize, usize) {
    let line_starts = strict.split_inclusive(|octet| *octet == b'\n').take(line.saturating_sub(1));
    let at = line_starts.map(<[u8]>::len).sum::<usize>() + column.saturating_sub(1);
    let before = &text[..at.min(text.len())];
    let line = before.iter().filter(|octet| **octet == b'\n').count() + 1;
    let start = before.iter().rposition(|octet| *octet == b'\n').map_or(0, |at| at + 1);
    (line, before.len() - start + 1)
}

/// What kind of artefact a text is; absent where it is none that is read.
pub fn recognise(text: &[u8]) -> Option<Kind> {
    match read(&"".into(), text) {
        Ok(Read::Json(kind, _)) => Some(kind),
        Ok(Read::Zone(_)) => Some(Kind::Zone),
        Err(_) if is_of_azure(text) => Some(Kind::Other),
        Err(_) => None,
    }
}

/// True for what is of Azure, Terraform or Pulumi although it cannot be read. Its lines may hold secrets: it must not be
/// taken for a scenario, whose errors show the line.
fn is_of_azure(text: &[u8]) -> bool {
    let own = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    if other_form(own).is_some() {
        return true;
    }
    let first = own.iter().find(|octet| !octet.is_ascii_whitespace());
    if !matches!(first, Some(b'{' | b'[')) {
        return false;
    }
    let text = String::from_utf8_lossy(&own[..own.len().min(1 << 20)]);
    let marks = [
        "\"terraform_version\"",
        "\"format_version\"",
        "\"lineage\"",
        "\"encrypted_data\"",
        "\"contentVersion\"",
        "deploymentParameters.json",
        "deploymentTemplate.json",
        "\"azure-native:",
        "/providers/Microsoft.",
        "/providers/microsoft.",
    ];
    marks.iter().any(|mark| text.contains(mark))
}

/// What a text is that cannot be read as it is, and the command that makes it readable.
fn other_form(own: &[u8]) -> Option<(&'static str, &'static str)> {
    if own.starts_with(b"PK\x03\x04") {
        return Some(("a binary Terraform plan", "run `terraform show -json FILE > plan.json` and import that"));
    }
    let text = String::from_utf8_lossy(&own[..own.len().min(1 << 16)]);
    let line = |test: &dyn Fn(&str) -> bool| text.lines().any(|line| test(line.trim_start()));
    if own.iter().find(|octet| !octet.is_ascii_whitespace()).is_some_and(|octet| matches!(octet, b'{' | b'[')) {
        return None;
    }
    if line(&|line| line.starts_with("using '") || line.starts_with("using none")) {
        return Some((
            "a Bicep parameter file",
            "run `bicep build-params FILE --outfile FILE.json` and import that, or `bicep snapshot FILE`",
        ));
    }
    if line(&|line| line.starts_with("resource ") && line.contains("'Microsoft."))
        || line(&|line| line.starts_with("module ") && line.contains(" = {") && line.contains('\''))
    {
        return Some(("Bicep", "run `az bicep build --file FILE --stdout > FILE.json` and import that"));
    }
    if line(&|line| {
        line.starts_with("resource \"") || line.starts_with("provider \"") || line.starts_with("data \"azurerm_")
    }) {
        return Some((
            "a Terraform source file",
            "run `terraform plan -out plan.bin && terraform show -json plan.bin > plan.json` and import that",
        ));
    }
    let assigned = |line: &str| {
        let name = line.split_once('=').map(|(name, _)| name.trim_end());
        name.is_some_and(|name| {
            !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-'))
        })
    };
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    if first.is_some_and(|first| assigned(first) && !looks_like_zone(own)) {
        return Some((
            "a file of Terraform variables",
            "run `terraform plan -var-file FILE -out plan.bin && terraform show -json plan.bin > plan.json` and import that",
        ));
    }
    None
}

/// The same for JSON.
fn other_json(value: &Value) -> Option<(&'static str, &'static str)> {
    if value.get("encrypted_data").is_some() && value.get("encryption_version").is_some() {
        return Some(("an encrypted OpenTofu state", "run `tofu state pull > state.json` and import that"));
    }
    let version = value.get("version").and_then(Value::as_u64);
    if version.is_some_and(|version| version < 4) && (value.get("lineage").is_some() || value.get("modules").is_some())
    {
        return Some((
            "a state file of Terraform before 0.12",
            "run `terraform state pull > state.json` with a newer Terraform and import that",
        ));
    }
    None
}

fn kind_of(value: &Value) -> Option<Kind> {
    let Value::Object(own) = value else {
        // An empty list is what `az … list` prints where there is nothing.
        let items = value.as_array()?;
        return (items.is_empty() || items.iter().any(is_resource)).then_some(Kind::Resources);
    };
    if own.get("predictedResources").is_some_and(Value::is_array) {
        return Some(Kind::Snapshot);
    }
    if evaluated::changes(value).is_some() {
        return Some(Kind::WhatIf);
    }
    if own.get("lineage").is_some() && own.get("resources").is_some_and(Value::is_array) {
        return Some(Kind::TerraformRawState);
    }
    let stack = own.get("deployment").and_then(|own| own.get("resources")).and_then(Value::as_array);
    if stack.is_some_and(|all| all.iter().all(|one| one.get("urn").is_some())) {
        return Some(Kind::Pulumi);
    }
    let schema = own.get("$schema").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    if own.contains_key("resources") && (own.contains_key("contentVersion") || schema.contains("deploymenttemplate")) {
        return Some(Kind::Template);
    }
    if own.get("parameters").is_some_and(Value::is_object)
        && (schema.contains("deploymentparameters") || own.contains_key("contentVersion"))
        || super::template::has_only_parameters(value)
    {
        return Some(Kind::Parameters);
    }
    if own.contains_key("planned_values") {
        return Some(Kind::TerraformPlan);
    }
    if own.contains_key("format_version") || own.contains_key("terraform_version") {
        return Some(Kind::TerraformState);
    }
    if let Some(items) = own.get("value").and_then(Value::as_array) {
        return (items.is_empty() || items.iter().any(is_resource)).then_some(Kind::Resources);
    }
    if id_of(value).is_none() && evaluated::rows(value).is_some() {
        return Some(Kind::ResourceGraph);
    }
    is_resource(value).then_some(Kind::Resources)
}

/// True for a resource, and for a subscription with its tenant.
fn is_resource(value: &Value) -> bool {
    id_of(value).is_some() || super::rest::account(value).is_some()
}

/// A directive, a comment of an export, or a line with a class and a type.
fn looks_like_zone(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&text[..text.len().min(1 << 20)]);
    text.lines().take(10_000).any(|line| {
        let words: Vec<&str> = line.split_ascii_whitespace().take(5).collect();
        matches!(words.first(), Some(&("$ORIGIN" | "$TTL" | "$INCLUDE" | "$GENERATE")))
            || words.windows(2).any(|pair| {
                pair[0].eq_ignore_ascii_case("IN") && pair[1].parse::<RecordType>().is_ok_and(|kind| kind.0 < 300)
            })
    })
}

impl Reading<'_> {
    /// The facts of a zone file. Its comments say which resource group it is from.
    pub(super) fn zone_file(&mut self, zone: &master::ParsedZone, text: &[u8]) {
        let text = String::from_utf8_lossy(text);
        let mut group = UNKNOWN.to_owned();
        let mut lines: std::collections::HashMap<String, u32> = std::collections::HashMap::new();
        for (index, line) in text.lines().enumerate() {
            if let Some((_, behind)) = line.split_once("Resource Group Name:").filter(|_| line.starts_with(';')) {
                let behind = behind.trim();
                if !behind.is_empty() && !behind.contains('/') {
                    group = behind.to_owned();
                }
            }
            let word = line.split_ascii_whitespace().next().unwrap_or_default().to_ascii_lowercase();
            if !line.starts_with(char::is_whitespace) && !word.is_empty() {
                lines.entry(word).or_insert(u32::try_from(index + 1).unwrap_or(u32::MAX));
            }
        }
        let kind = "microsoft.network/privatednszones";
        let id = ResourceId::of(UNKNOWN, &group, kind, &[&zone.apex.to_string()]);
        let file = Arc::clone(&self.file);
        let at = |line: u32| Provenance { file: Arc::clone(&file), pointer: None, line, column: 1 };
        let top = at(lines.get("$origin").copied().unwrap_or(1));
        self.exists_at(&id, top.clone());
        let mut names = Vec::new();
        let mut whole = false;
        for set in &zone.sets {
            if set.kind() == RecordType::SOA {
                whole = true;
                continue;
            }
            let Some(name) = set.owner().relative_to(&zone.apex) else { continue };
            names.push(format!("{name} {}", set.kind()));
            let own = id.child(&set.kind().to_string(), &name);
            let from = at(lines.get(&name.to_ascii_lowercase()).copied().unwrap_or(top.line));
            self.exists_at(&own, from.clone());
            self.facts.tell(&own, "ttl", set.ttl(), &from);
            let mut records: Vec<String> = set.data().iter().map(ToString::to_string).collect();
            records.sort();
            self.facts.tell(&own, "records", records, &from);
        }
        if whole {
            names.sort();
            self.facts.tell(&id, "recordSets", names, &top);
        }
    }
}
