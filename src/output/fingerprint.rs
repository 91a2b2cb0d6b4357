//! What a result is recognised by in a later run, when its line has moved.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

/// Fingerprints of the results of one run.
#[derive(Debug, Default)]
pub struct Fingerprints {
    seen: HashMap<String, u32>,
}

impl Fingerprints {
    /// The fingerprint of a result that is the same when these parts are. Equal results of one run are numbered, so that each has
    /// a fingerprint of its own.
    pub fn of(&mut self, parts: &[&str]) -> String {
        let mut hash = Sha256::new();
        for part in parts {
            // The length before each part: `ab`, `c` is another result than `a`, `bc`.
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let hash: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let number = self.seen.entry(hash.clone()).or_insert(0);
        *number += 1;
        format!("{hash}:{number}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_results_are_numbered_and_other_parts_are_another_result() {
        let mut all = Fingerprints::default();
        let (first, second, other) = (all.of(&["ab", "c"]), all.of(&["ab", "c"]), all.of(&["a", "bc"]));
        assert_eq!(first.replace(":1", ":2"), second);
        assert!(other.ends_with(":1") && other != first, "{other}");
        assert_eq!(Fingerprints::default().of(&["ab", "c"]), first);
    }
}
