//! Specs, accepted findings and additions from text and back, in the version of the written form that the text says.

use super::error::{Faults, ScenarioErrors};
use super::node::{Key, Node, Value};
use super::{Addition, AllowFile, Document, Files, Spec, Version, node, v1, written};
use crate::compile::State;
use crate::estate::History;

impl Document {
    /// Reads either: a file with `expect` at its top is a spec. `file` is the name errors give; `files` has the files a
    /// scenario names.
    ///
    /// # Errors
    /// All that is wrong, each with its place.
    pub fn read(file: &str, text: &[u8], files: &Files<'_>) -> Result<Self, ScenarioErrors> {
        written(file, text, |root, faults| match root.entries().iter().any(|(key, _)| key.text == "expect") {
            true => match Version::of(root, faults)? {
                Version::V1 => v1::spec(file, root, faults).map(Self::Spec),
            },
            false => match Version::of(root, faults)? {
                Version::V1 => v1::scenario(file, root, files, faults).map(|read| Self::Scenario(Box::new(read))),
            },
        })
    }
}

impl Spec {
    /// The spec as YAML text that reads back to the same, but for places.
    pub fn write(&self) -> String {
        v1::write_spec(self)
    }

    /// The JSON Schema of the written form.
    pub fn schema() -> serde_json::Value {
        v1::spec_schema()
    }
}

impl AllowFile {
    /// Reads such a file. `file` is the name errors give.
    ///
    /// # Errors
    /// All that is wrong, each with its place.
    pub fn read(file: &str, text: &[u8]) -> Result<Self, ScenarioErrors> {
        written(file, text, |root, faults| match Version::of(root, faults)? {
            Version::V1 => v1::allow_file(file, root, faults),
        })
    }

    /// The entries as YAML text that reads back to the same, but for places.
    pub fn write(&self) -> String {
        v1::write_allow_file(self)
    }

    /// The JSON Schema of the written form.
    pub fn schema() -> serde_json::Value {
        v1::allow_schema()
    }
}

impl Addition {
    /// Reads a mapping with `events`, or a list of events alone, that goes on after the end of `history`, where the
    /// estate is in `state`. `file` is the name errors give. Without a name the step is called `live-N`, N being the lowest number that is free.
    ///
    /// # Errors
    /// All that is wrong, each with its place.
    pub fn read(file: &str, text: &[u8], history: &History, state: &State) -> Result<Self, ScenarioErrors> {
        let mut faults = Faults::default();
        let mut root = match node::read(text, node::Bounds::REQUEST, &mut faults) {
            Ok(root) => root,
            Err(fault) => {
                faults.add(fault);
                return Err(faults.in_text(file, text));
            }
        };
        if matches!(root.value, Value::Sequence(_)) {
            let range = root.range;
            let events = Key { range, text: "events".into() };
            root = Node { range, value: Value::Mapping(vec![(events, root)]) };
        }
        let addition = v1::addition(file, &mut root, history, state, &mut faults);
        match addition {
            Some(addition) if faults.is_empty() => Ok(addition),
            _ => Err(faults.in_text(file, text)),
        }
    }

    /// The revision and the generation a text says it builds on, even if something else is wrong with it. Who builds on something that
    /// is gone need not hear what does not fit what is there now.
    pub fn builds_on(text: &[u8]) -> (Option<u32>, Option<u64>) {
        let Ok(root) = node::read(text, node::Bounds::REQUEST, &mut Faults::default()) else { return (None, None) };
        let number = |key: &str| {
            let (_, node) = root.entries().iter().find(|(own, _)| own.text == key)?;
            match &node.value {
                Value::Scalar { text, plain: true, .. } => text.parse::<u64>().ok(),
                _ => None,
            }
        };
        (number("builtOn").and_then(|number| u32::try_from(number).ok()), number("generation"))
    }

    /// The JSON Schema of the written form.
    pub fn schema() -> serde_json::Value {
        v1::addition_schema()
    }
}
