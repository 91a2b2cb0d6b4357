//! Errors as JSON documents, for programs that expect one.

use serde_json::{Value, json};

use super::InputError;
use crate::output::findings::{CheckFormat, print_unreadable};
use crate::output::format::OutputFormat as _;
use crate::output::tap;
use crate::scenario::ScenarioErrors;

/// Why the arguments cannot be used, in the format that they ask for; absent for formats for people, and for words that are no
/// format.
pub(super) fn of_arguments(error: &clap::Error, verb: &str, format: &str) -> Option<String> {
    let text = error.to_string();
    let message = text.lines().next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    match format {
        "json" => Some(crate::output::json(&json!({ "error": {
            "message": message,
            "help": "`--help` lists the arguments",
            "causes": [],
            "places": [],
        } }))),
        // Formats of other verbs are for what they print alone, such as zones.
        _ if !matches!(verb, "check" | "test" | "diff") => None,
        "tap" => Some(format!("{}{}", tap::VERSION, tap::bail_out(message))),
        other => {
            let format = *CheckFormat::ALL.iter().find(|format| format.name() == other)?;
            print_unreadable("command line", &ScenarioErrors::of_file("command line", message.to_owned()), format)
        }
    }
}

/// An error as a JSON document, for a program that expects one.
pub(super) fn error_document(error: &(dyn std::error::Error + 'static)) -> Value {
    let causes: Vec<String> =
        std::iter::successors(error.source(), |cause| cause.source()).map(ToString::to_string).collect();
    let places = match error.downcast_ref() {
        Some(InputError::Scenario(errors)) => errors.errors.as_slice(),
        _ => &[],
    };
    let places: Vec<Value> = places
        .iter()
        .map(|one| {
            json!({
                "file": &*one.place.file, "line": one.place.line, "column": one.place.column,
                "message": one.message, "code": one.code, "help": one.hint,
            })
        })
        .collect();
    let message = error.to_string();
    let own = message.split_once("\nhelp: ").map(|(_, help)| help);
    json!({ "error": {
        "message": message.lines().next().unwrap_or_default(),
        "help": own.or_else(|| super::output::next_step(error)),
        "causes": causes,
        "places": places,
    } })
}
