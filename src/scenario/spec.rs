//! Expectations alone: what a scenario, the emulator or any DNS server is held against.
//!
//! The entries are those a scenario's steps have under `expect:`. Nothing is known of an estate here, so names of networks
//! and resources are taken as they are; whoever holds the expectations says what is not there.

use std::sync::Arc;

use super::expect::Expectation;
use super::shape::SpecShape;
use super::{Files, Scenario, ScenarioErrors, pour, shaped, write, written};
use crate::estate::Place;

/// Expectations, and what they are about.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Spec {
    /// What it is called; may be empty.
    pub title: Arc<str>,
    /// What it is for; may be empty.
    pub about: Arc<str>,
    /// The scenario it is held against where there is no server, as written; absent where it names none.
    pub scenario: Option<String>,
    /// The step of that scenario, and where it is written; absent for the one the scenario starts at.
    pub at: Option<(String, Place)>,
    /// What must be true, in the order written. Steps and revisions in it mean nothing.
    pub expectations: Vec<Expectation>,
}

/// A file that says what must be true.
#[derive(Clone, PartialEq, Debug)]
pub enum Document {
    /// An estate, with expectations at its steps.
    Scenario(Box<Scenario>),
    /// Expectations alone.
    Spec(Spec),
}

impl Document {
    /// Reads either: a file with `expect` at its top is a spec. `file` is the name errors give; `files` has the files a
    /// scenario names.
    ///
    /// # Errors
    /// All that is wrong, each with its place.
    pub fn read(file: &str, text: &[u8], files: &Files<'_>) -> Result<Self, ScenarioErrors> {
        written(file, text, |root, faults| match root.entries().iter().any(|(key, _)| key.text == "expect") {
            true => {
                let shape = shaped(&Spec::schema(), root, faults)?;
                Some(Self::Spec(pour::pour_spec(file, root, shape, faults)))
            }
            false => {
                let shape = shaped(&Scenario::schema(), root, faults)?;
                Some(Self::Scenario(Box::new(pour::pour(file, root, shape, files, faults))))
            }
        })
    }
}

impl Spec {
    /// The spec as YAML text that reads back to the same, but for places.
    pub fn write(&self) -> String {
        write::spec(self)
    }

    /// The JSON Schema of the written form.
    pub fn schema() -> serde_json::Value {
        let mut schema = schemars::schema_for!(SpecShape).to_value();
        if let Some(object) = schema.as_object_mut() {
            object.insert("title".to_owned(), "ampls-dns spec".into());
        }
        schema
    }
}
