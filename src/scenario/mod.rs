//! The written form of a history. Text to history and back, and errors that say where.
//!
//! `node` reads YAML (JSON is YAML) into a tree with places, within bounds. The number at its top says which version of the
//! form it is; `v1` is the only one so far. `check` holds the tree against the JSON Schema that is made from the serde
//! shapes in `v1::schema`, and reports everything that is wrong at once. `v1::load` gives the shapes their meaning and
//! folds the events as it goes: whether what a name refers to exists is the fold's verdict. [`expect`] is what must be true
//! when a step is over, and a [`spec`] is that alone. `v1::write` goes the way back. An [`addition`] is events alone, for a
//! history that goes on.
//!
//! Errors are what cannot be read. What Azure would refuse is not an error here: it is `compile` that finds it.

pub mod addition;
pub mod allow;
pub mod builtin;
pub mod error;
pub mod expect;
pub mod generate;
pub mod spec;

mod check;
mod names;
mod node;
mod range;
mod text;
mod v1;

use std::sync::Arc;

pub use addition::Addition;
pub use allow::{AllowFile, Allowance};
pub use error::{ScenarioError, ScenarioErrors};
pub use expect::{
    Asking, Expectation, Expected, ExpectedAnswer, ExpectedFinding, ExpectedFlow, ExpectedNames, ExpectedReply,
};
pub use node::{MAX_DEPTH, MAX_NODES, MAX_OCTETS, MAX_REQUEST_NODES, MAX_REQUEST_OCTETS};
pub use spec::{Document, Spec};

use crate::estate::History;

/// How a scenario gets at the files it names.
pub type Files<'f> = dyn Fn(&str) -> Result<Vec<u8>, String> + 'f;

/// A scenario: a history, where to look at it from, and what must be true of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// What it is called; may be empty.
    pub title: Arc<str>,
    /// Its description; may be empty.
    pub about: Arc<str>,
    /// Where the story is from; may be empty.
    pub source: Arc<str>,
    /// The events.
    pub history: History,
    /// The step to show; absent for the last one.
    pub start: Option<String>,
    /// What must be true when steps are over, in the order written.
    pub expectations: Vec<Expectation>,
    /// The findings that are accepted.
    pub allow: Vec<Allowance>,
}

impl Scenario {
    /// A scenario that is a history and nothing more.
    pub fn of(history: History) -> Self {
        let nothing: Arc<str> = "".into();
        Self {
            title: Arc::clone(&nothing),
            about: Arc::clone(&nothing),
            source: nothing,
            history,
            start: None,
            expectations: Vec::new(),
            allow: Vec::new(),
        }
    }

    /// Reads a scenario that names no files. `file` is the name errors give.
    ///
    /// # Errors
    /// All that is wrong, each with its place.
    pub fn read(file: &str, text: &[u8]) -> Result<Self, ScenarioErrors> {
        Self::read_with(file, text, &|_| Err("files are not read here; give the zone as `text:`".to_owned()))
    }

    /// Reads a scenario, and by `files` the files it names: from the path as written to the bytes, or why there are none.
    ///
    /// # Errors
    /// All that is wrong, each with its place.
    pub fn read_with(file: &str, text: &[u8], files: &Files<'_>) -> Result<Self, ScenarioErrors> {
        written(file, text, |root, faults| match Version::of(root, faults)? {
            Version::V1 => v1::scenario(file, root, files, faults),
        })
    }

    /// The scenario as YAML text that reads back to the same, but for places. Events after the last step become a step
    /// `afterwards`.
    pub fn write(&self) -> String {
        v1::write_scenario(self)
    }

    /// The JSON Schema of the written form.
    pub fn schema() -> serde_json::Value {
        v1::scenario_schema()
    }
}

/// A version of the written form, by the number at the top of a file.
#[derive(Clone, Copy)]
enum Version {
    V1,
}

impl Version {
    /// The version a file is written in; nothing for one that is unknown, which is reported. A file that does not say its
    /// version is taken for one of the newest, whose schema asks for the number.
    fn of(root: &node::Node<'_>, faults: &mut error::Faults) -> Option<Self> {
        let node = root.entries().iter().find(|(key, _)| key.text == "version").map(|(_, node)| node);
        let node::Value::Scalar { text, plain: true, .. } = &node.map_or(root, |node| node).value else {
            return Some(Self::V1);
        };
        match text.parse::<i64>() {
            Ok(number) if number != i64::from(v1::VERSION) => {
                let range = node.map_or(root.range, |node| node.range);
                let message = format!("unknown version {number} of the scenario format");
                faults.add(error::Fault::plain(range, message).hint(format!("write `version: {}`", v1::VERSION)));
                None
            }
            _ => Some(Self::V1),
        }
    }
}
/// Reads a text as a tree and gives it to `load`; all faults that are found make it an error.
fn written<T>(
    file: &str,
    text: &[u8],
    load: impl FnOnce(&mut node::Node<'_>, &mut error::Faults) -> Option<T>,
) -> Result<T, ScenarioErrors> {
    let mut faults = error::Faults::default();
    let mut root = match node::read(text, node::Bounds::FILE, &mut faults) {
        Ok(root) => root,
        Err(fault) => {
            faults.add(fault);
            return Err(faults.in_text(file, text));
        }
    };
    match load(&mut root, &mut faults) {
        Some(loaded) if faults.is_empty() => Ok(loaded),
        _ => Err(faults.in_text(file, text)),
    }
}

/// The tree as a shape, as far as it follows the schema.
fn shaped<S: serde::de::DeserializeOwned>(
    schema: &serde_json::Value,
    root: &mut node::Node<'_>,
    faults: &mut error::Faults,
) -> Option<S> {
    let json = check::check(schema, root, faults);
    if faults.is_full() {
        return None;
    }
    // The check lets nothing pass that the shapes do not take; this is the net below it.
    let unreadable = |error| faults.add(error::Fault::plain(root.range, format!("the file cannot be read: {error}")));
    serde_json::from_value(json).map_err(unreadable).ok()
}

#[cfg(test)]
mod tests;
