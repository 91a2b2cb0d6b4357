//! Second floor: the written form of a history. Text to history and back, and errors that say where.
//!
//! [`node`] reads YAML (JSON is YAML) into a tree with places, within bounds; `check` holds the tree against the JSON
//! Schema that is made from the serde shapes in `shape`, and reports everything that is wrong at once; `pour` gives the
//! shapes their meaning: names are resolved, addresses looked at, events put in order. [`expect`] is what a step's end
//! must look like. `write` goes the way back.
//!
//! Errors are what cannot be read. What Azure would refuse is no error here: `compile` finds it.

pub mod builtin;
pub mod error;
pub mod expect;
pub mod node;

mod check;
mod known;
mod pour;
mod shape;
mod write;

use std::sync::Arc;

pub use error::{ScenarioError, ScenarioErrors};
pub use expect::{Expectation, Expected};

use crate::estate::History;

/// A scenario: a history, where to look at it from, and what must be true of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// What it is called; may be empty.
    pub title: Arc<str>,
    /// What it tells; may be empty.
    pub about: Arc<str>,
    /// Where the story is from; may be empty.
    pub source: Arc<str>,
    /// The events.
    pub history: History,
    /// The step it is looked at from; absent for the last one.
    pub start: Option<String>,
    /// What must be true at the end of steps, in the order written.
    pub expectations: Vec<Expectation>,
}

impl Scenario {
    /// Reads a scenario. `file` is the name errors give.
    ///
    /// # Errors
    /// All that is wrong, each with its place.
    pub fn read(file: &str, text: &[u8]) -> Result<Self, ScenarioErrors> {
        let fail = |faults| ScenarioErrors::new(file, text, faults);
        let root = node::read(text).map_err(|fault| fail(vec![fault]))?;
        let mut faults = Vec::new();
        let schema = Self::schema();
        let json = check::check(&schema, &root, &mut faults);
        if !faults.is_empty() {
            return Err(fail(faults));
        }
        let shape: shape::ScenarioShape = serde_json::from_value(json).map_err(|error| {
            // The check lets nothing pass that the shapes do not take; this is the net below it.
            fail(vec![error::Fault::plain(root.range, format!("the scenario cannot be read: {error}"))])
        })?;
        pour::pour(file, &root, shape).map_err(fail)
    }

    /// The scenario as YAML text that reads back to the same.
    pub fn write(&self) -> String {
        write::write(self)
    }

    /// The JSON Schema of the written form.
    pub fn schema() -> serde_json::Value {
        let mut schema = schemars::schema_for!(shape::ScenarioShape).to_value();
        if let Some(object) = schema.as_object_mut() {
            object.insert("title".to_owned(), "ampls-dns scenario".into());
        }
        schema
    }
}
