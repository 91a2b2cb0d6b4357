//! A JSON value to YAML a person likes to read: what holds much in blocks, what fits on a line on one line.

use serde_json::{Map, Value as Json};

/// What is on one line has at most this many characters.
const WIDTH: usize = 116;
/// Keys whose mappings and lists are always written as blocks, one entry a line.
const BLOCKS: &[&str] = &[
    "networks",
    "peerings",
    "gateways",
    "appliances",
    "routeTables",
    "virtualHubs",
    "transits",
    "inboundEndpoints",
    "rulesets",
    "workspaces",
    "components",
    "dataCollectionEndpoints",
    "resources",
    "virtualMachines",
    "steps",
    "events",
    "expect",
    "replies",
];

/// The text of a mapping.
pub(super) fn text(value: &Json) -> String {
    let mut out = String::new();
    if let Json::Object(entries) = value {
        mapping(entries, 0, &mut out);
    }
    out
}

fn mapping(entries: &Map<String, Json>, indent: usize, out: &mut String) {
    for (index, (key, value)) in entries.iter().enumerate() {
        if index > 0 {
            out.push_str(&" ".repeat(indent));
        }
        out.push_str(&scalar(key));
        out.push(':');
        block(value, indent, BLOCKS.contains(&key.as_str()), out);
    }
}

/// A value after its key, up to the end of its last line.
fn block(value: &Json, indent: usize, forced: bool, out: &mut String) {
    let short = fits(value, indent);
    match value {
        Json::Object(entries) if !entries.is_empty() && (forced || !short) => {
            out.push('\n');
            out.push_str(&" ".repeat(indent + 2));
            mapping(entries, indent + 2, out);
        }
        Json::Array(items) if !items.is_empty() && (forced || !short) => {
            out.push('\n');
            for item in items {
                out.push_str(&" ".repeat(indent + 2));
                out.push('-');
                match item {
                    Json::Object(entries) if !fits(item, indent + 4) || is_step(entries) || entries.len() == 1 => {
                        out.push(' ');
                        mapping(entries, indent + 4, out);
                    }
                    item => block(item, indent + 2, false, out),
                }
            }
        }
        _ => {
            out.push(' ');
            out.push_str(&flow(value));
            out.push('\n');
        }
    }
}

/// Steps have lists of their own.
fn is_step(entries: &Map<String, Json>) -> bool {
    entries.contains_key("events") || entries.contains_key("expect")
}

/// True if a value may be on one line.
fn fits(value: &Json, indent: usize) -> bool {
    indent + flow(value).chars().count() <= WIDTH
}

/// A value on one line.
fn flow(value: &Json) -> String {
    match value {
        Json::Object(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{}: {}", scalar(key), flow(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Json::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Json::String(text) => scalar(text),
        other => other.to_string(),
    }
}

/// Text as a plain scalar where that cannot be taken for anything else, else in quotes.
fn scalar(text: &str) -> String {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.' | b'/' | b'@' | b' ');
    let begins = text.bytes().next().is_some_and(|octet| octet.is_ascii_alphanumeric() || octet == b'/');
    let word = matches!(text.to_ascii_lowercase().as_str(), "null" | "true" | "false" | "yes" | "no" | "on" | "off");
    if begins && !text.ends_with(' ') && text.bytes().all(plain) && !word {
        return text.to_owned();
    }
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(character);
            }
            '\n' => quoted.push_str("\\n"),
            ' '..='~' => quoted.push(character),
            _ if character.is_alphanumeric() => quoted.push(character),
            _ => quoted.push_str(&format!("\\U{:08X}", u32::from(character))),
        }
    }
    quoted.push('"');
    quoted
}
