//! Fifth floor: values to text and JSON. Nothing is decided here; each value is printed in both forms from one place.

pub mod annotation;
pub mod answer;
pub mod compose;
pub mod diff;
pub mod drawing;
pub mod explanation;
pub mod export;
pub mod findings;
pub mod flows;
pub mod imported;
pub mod page;
pub mod provenance;
pub mod record_sets;
pub mod sarif;
pub mod story;
pub mod tap;
pub mod verification;
pub mod waits;

/// How a value is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON document.
    Json,
}

/// A JSON document as it is printed: indented, with a final line end.
pub fn json(value: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("values of this floor have string keys only");
    text.push('\n');
    text
}

/// `1 error`, `2 errors`.
pub fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
