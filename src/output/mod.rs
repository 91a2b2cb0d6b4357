//! Output: results as documents, text and drawings. Nothing is decided here.
//!
//! Each kind of document has a file with its JSON form (a type that ends in `Document`) and its text; [`mod@format`] is the table
//! of all formats. Documents know neither the command line nor HTTP.

pub mod annotation;
pub mod answer;
pub mod azure_pipelines;
pub mod code_quality;
pub mod compared;
pub mod compose;
pub mod denied;
pub mod diff;
pub mod drawing;
pub mod explanation;
pub mod export;
pub mod findings;
pub mod fingerprint;
pub mod flows;
pub mod format;
pub mod imported;
pub mod page;
pub mod provenance;
pub mod record_sets;
pub mod reference;
pub mod sarif;
pub mod state;
pub mod story;
pub mod tap;
pub mod unreadable;
pub mod verification;
pub mod verified;
pub mod waits;

pub use format::Format;

/// A JSON document as it is printed: indented, with a final line end.
pub fn json(value: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("documents have string keys only");
    text.push('\n');
    text
}

/// `1 error`, `2 errors`.
pub fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
