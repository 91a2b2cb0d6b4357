//! A name, or several of them, as the written form has it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A name or a list of names.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(untagged)]
pub(super) enum OneOrMoreSchema {
    /// One.
    One(String),
    /// Several.
    More(Vec<String>),
}

impl Default for OneOrMoreSchema {
    fn default() -> Self {
        Self::More(Vec::new())
    }
}

impl From<Vec<String>> for OneOrMoreSchema {
    fn from(mut names: Vec<String>) -> Self {
        if names.len() == 1 { Self::One(names.remove(0)) } else { Self::More(names) }
    }
}

impl OneOrMoreSchema {
    pub(super) fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::More(names) => names,
        }
    }
}
