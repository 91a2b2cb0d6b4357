//! The reference of a written form, as Markdown made from its JSON Schema.

use std::fmt::Write as _;

use serde_json::Value;

/// The keys of a file, its events, and every type, in the order of the schema.
pub fn markdown(schema: &Value) -> String {
    let mut out = String::from("## The file\n\n");
    properties(&mut out, schema);
    let types = schema.get("$defs").and_then(Value::as_object).into_iter().flatten();
    for (key, own) in types {
        let name = name(key);
        if key == "EventSchema" {
            write!(out, "\n## Events\n\n").expect(TEXT);
            writeln!(
                out,
                "An event has one of these keys. It also has `date` (YYYY-MM-DD) if its date differs from the date of its step.\n"
            )
            .expect(TEXT);
            out.push_str("| Event | Value | What it does |\n|---|---|---|\n");
            for (event, value) in own.get("oneOf").and_then(Value::as_array).into_iter().flatten().flat_map(required) {
                writeln!(out, "| `{event}` | {} | {} |", kind(value), description(value)).expect(TEXT);
            }
            out.push_str("\n## Types\n");
            continue;
        }
        writeln!(out, "\n### {name}\n").expect(TEXT);
        let about = description(own);
        if !about.is_empty() {
            writeln!(out, "{about}\n").expect(TEXT);
        }
        let values = own.get("oneOf").and_then(Value::as_array);
        let values: Vec<&Value> = values.into_iter().flatten().filter(|one| one.get("const").is_some()).collect();
        if !values.is_empty() {
            out.push_str("| Value | Meaning |\n|---|---|\n");
            for value in values {
                let word = value["const"].as_str().unwrap_or_default();
                writeln!(out, "| `{word}` | {} |", description(value)).expect(TEXT);
            }
        } else if fields(own).next().is_some() {
            properties(&mut out, own);
        } else {
            let several = own.get("anyOf").and_then(Value::as_array).into_iter().flatten();
            let mut lines = several.map(|one| match description(one) {
                about if about.is_empty() => format!("- {}\n", kind(one)),
                about => format!("- {}: {about}\n", kind(one)),
            });
            match lines.next() {
                Some(first) => out.extend(std::iter::once(first).chain(lines)),
                None => writeln!(out, "{}", kind(own)).expect(TEXT),
            }
        }
    }
    out
}

const TEXT: &str = "text can be written";

/// The fields that must be there.
fn required(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let keys = schema.get("required").and_then(Value::as_array);
    fields(schema).filter(move |(key, _)| keys.is_some_and(|keys| keys.iter().any(|one| one == key.as_str())))
}

fn fields(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

fn properties(out: &mut String, schema: &Value) {
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    out.push_str("| Key | Value | What it is |\n|---|---|---|\n");
    for (key, value) in fields(schema) {
        let required = if required.contains(&&**key) { " Required." } else { "" };
        writeln!(out, "| `{key}` | {} | {}{required} |", kind(value), description(value)).expect(TEXT);
    }
}

/// A description as one line of a table.
fn description(schema: &Value) -> String {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn name(definition: &str) -> &str {
    definition.strip_suffix("Schema").unwrap_or(definition)
}

/// What a value is, in words, with links to the types.
fn kind(schema: &Value) -> String {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = name(reference.rsplit('/').next().unwrap_or_default());
        let heading = if name == "Event" { "events".to_owned() } else { name.to_lowercase() };
        return format!("[{name}](#{heading})");
    }
    if let Some(word) = schema.get("const").and_then(Value::as_str) {
        return format!("`{word}`");
    }
    let several = ["anyOf", "oneOf"].into_iter().find_map(|key| schema.get(key)?.as_array());
    if let Some(several) = several {
        let kinds = several.iter().filter(|one| one.get("type").and_then(Value::as_str) != Some("null")).map(kind);
        return kinds.collect::<Vec<_>>().join(" or ");
    }
    let types = schema.get("type");
    let first = types
        .and_then(Value::as_array)
        .and_then(|all| all.iter().find_map(|one| one.as_str().filter(|one| *one != "null")));
    match types.and_then(Value::as_str).or(first) {
        Some("string") => "text".to_owned(),
        Some("integer") => "whole number".to_owned(),
        Some("boolean") => "`true` or `false`".to_owned(),
        Some("array") => match (schema.get("items").map(kind), schema.get("minItems"), schema.get("maxItems")) {
            (Some(items), Some(least), Some(most)) if least == most => format!("list of {least}: {items}"),
            (Some(items), ..) => format!("list: {items}"),
            (None, ..) => "list".to_owned(),
        },
        Some("object") => match schema.get("additionalProperties").filter(|one| one.is_object()) {
            Some(value) => format!("mapping: name to {}", kind(value)),
            None => "mapping".to_owned(),
        },
        _ => "any value".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Scenario, Spec};

    /// Paths of what has no description: every property, and every value of a choice of words.
    fn undescribed(schema: &Value, path: &str, found: &mut Vec<String>) {
        let has = |value: &Value| value.get("description").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        for (key, value) in fields(schema) {
            if !has(value) {
                found.push(format!("{path}/{key}"));
            }
        }
        if schema.get("enum").is_some() || schema.get("const").is_some() && !has(schema) {
            found.push(path.to_owned());
        }
        let inner: Vec<(String, &Value)> = match schema {
            Value::Object(all) => all.iter().map(|(key, value)| (key.clone(), value)).collect(),
            Value::Array(all) => all.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
            _ => Vec::new(),
        };
        for (key, value) in inner {
            undescribed(value, &format!("{path}/{key}"), found);
        }
    }

    #[test]
    fn every_property_and_every_value_has_a_description() {
        for schema in [Scenario::schema(), Spec::schema()] {
            let mut found = Vec::new();
            undescribed(&schema, "", &mut found);
            assert_eq!(found, Vec::<String>::new());
            assert!(schema["$id"].as_str().is_some_and(|id| id.starts_with("urn:ampls-dns:schema:")));
        }
    }

    #[test]
    fn the_reference_has_every_event_and_links_to_types() {
        let text = markdown(&Scenario::schema());
        for part in [
            "| `createPrivateEndpoint` | [PrivateEndpoint](#privateendpoint) |",
            "### PrivateEndpoint\n",
            "| `NxDomainRedirect` | ",
        ] {
            assert!(text.contains(part), "{part} is in {text}");
        }
        for target in text.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
            assert!(text.to_lowercase().contains(&format!("## {target}\n")), "{target}");
        }
    }
}
