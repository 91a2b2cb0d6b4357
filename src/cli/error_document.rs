//! Errors as JSON documents, for programs that expect one.

use serde_json::{Value, json};

use super::InputError;

/// Why the arguments cannot be used, as a JSON document.
pub(super) fn of_arguments(error: &clap::Error) -> Value {
    let text = error.to_string();
    let message = text.lines().next().unwrap_or_default();
    json!({ "error": {
        "message": message.strip_prefix("error: ").unwrap_or(message),
        "help": "`--help` lists the arguments",
        "causes": [],
        "places": [],
    } })
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
