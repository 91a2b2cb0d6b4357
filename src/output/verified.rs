//! The results of the expectations of one file.

use crate::assess::verify::Case;

/// The cases of one file.
#[derive(Clone, PartialEq, Debug)]
pub struct Verified {
    /// What the file is called.
    pub name: String,
    /// The title of a spec; empty where it has none, and for scenarios.
    pub title: String,
    /// What a spec is for; empty as above.
    pub about: String,
    /// Its expectations, in the order written.
    pub cases: Vec<Case>,
}

impl Verified {
    /// True if nothing differs from what is expected.
    pub fn holds(&self) -> bool {
        self.cases.iter().all(|case| case.mismatch.is_none())
    }
}
