//! Names taken apart for lookups: one pass from the root gives the hash of every suffix.
//!
//! Zones, names, closest enclosers and wildcards are all found by the hash of a suffix, so each name is hashed once.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

use foldhash::SharedSeed;
use foldhash::fast::FoldHasher;

use super::name::MAX_NAME_OCTETS;

/// The most labels of a [`Key`] on the fast path; the root is not counted. Names with more take the slow path.
pub const MAX_KEY_LABELS: usize = 32;
/// The most labels any name can have: 127 labels of one octet, and the root.
pub const MAX_LABELS: usize = 127;

/// A key for any name.
pub type WholeKey = Key<{ MAX_LABELS + 1 }>;

/// Starts every hash. It is random, so an attacker cannot make up names with one hash, and the same for all zones, so that one
/// pass over a name serves them all.
static SEED: LazyLock<(u64, SharedSeed)> = LazyLock::new(|| {
    let random = RandomState::new();
    (random.hash_one(1), SharedSeed::from_u64(random.hash_one(2)))
});

/// The hash of the name that is one label longer than the name with the hash `rest`.
fn longer(rest: u64, label: &[u8], seed: &SharedSeed) -> u64 {
    let mut hasher = FoldHasher::with_seed(rest, seed);
    hasher.write(label);
    hasher.finish()
}

/// The hash of the wildcard directly below the name with the hash `encloser`.
pub(super) fn wildcard_hash(encloser: u64) -> u64 {
    let (_, seed) = &*SEED;
    longer(encloser, b"*", seed)
}

/// The hash of a whole name in wire form, lower-case.
pub fn hash_of(wire: &[u8]) -> u64 {
    let (start, _) = &*SEED;
    hash_below(*start, wire.strip_suffix(&[0]).unwrap_or(wire))
}

/// The hash of a relative name (wire form without the root's octet) below the name with the hash `apex`.
pub(super) fn hash_below(apex: u64, relative: &[u8]) -> u64 {
    let (_, seed) = &*SEED;
    // Most names are one label below their zone.
    if let Some((&length, label)) = relative.split_first()
        && label.len() == usize::from(length)
    {
        return longer(apex, label, seed);
    }
    let mut starts = [0u8; MAX_NAME_OCTETS];
    let mut count = 0;
    let mut at = 0;
    while let Some(&length) = relative.get(at) {
        starts[count] = at as u8;
        count += 1;
        at += 1 + usize::from(length);
    }
    starts[..count].iter().rev().fold(apex, |hash, &at| {
        let at = usize::from(at);
        longer(hash, &relative[at + 1..at + 1 + usize::from(relative[at])], seed)
    })
}

/// A name in lower case, with the place and the hash of every suffix. The root has one of the `PLACES`, so a name has one
/// label less at most.
#[derive(Clone)]
pub struct Key<const PLACES: usize = { MAX_KEY_LABELS + 1 }> {
    wire: [u8; MAX_NAME_OCTETS],
    length: usize,
    labels: usize,
    /// Where each label starts, the root's last.
    starts: [u8; PLACES],
    /// The hash of the suffix that starts there.
    hashes: [u64; PLACES],
}

impl<const PLACES: usize> Default for Key<PLACES> {
    fn default() -> Self {
        Self { wire: [0; MAX_NAME_OCTETS], length: 1, labels: 0, starts: [0; PLACES], hashes: [0; PLACES] }
    }
}

impl<const PLACES: usize> Key<PLACES> {
    /// Takes a name: uncompressed wire form in any case, at most 255 bytes. False if it has too many
    /// labels; the key is of no use then.
    pub fn set(&mut self, name: &[u8]) -> bool {
        let (start, seed) = &*SEED;
        self.length = name.len();
        let wire = &mut self.wire[..name.len()];
        wire.copy_from_slice(name);
        // A length octet is below 64 and so never an upper-case letter: the whole wire form can be lowered at once.
        wire.make_ascii_lowercase();
        let mut at = 0;
        self.labels = 0;
        while let Some(&length @ 1..) = wire.get(at) {
            if self.labels + 1 == PLACES {
                return false;
            }
            self.starts[self.labels] = at as u8;
            self.labels += 1;
            at += 1 + usize::from(length);
        }
        self.starts[self.labels] = at as u8;
        self.hashes[self.labels] = *start;
        let mut hash = *start;
        for index in (0..self.labels).rev() {
            let at = usize::from(self.starts[index]);
            hash = longer(hash, &wire[at + 1..at + 1 + usize::from(wire[at])], seed);
            self.hashes[index] = hash;
        }
        true
    }

    /// The name in wire form, lower-case.
    pub fn wire(&self) -> &[u8] {
        &self.wire[..self.length]
    }

    /// How many labels it has; the root is not counted.
    pub fn labels(&self) -> usize {
        self.labels
    }

    /// Where the label of that index starts; the last index is the root's.
    pub fn start(&self, label: usize) -> usize {
        usize::from(self.starts[label])
    }

    /// The suffix that starts with the label of that index, and its hash.
    pub fn suffix(&self, label: usize) -> (&[u8], u64) {
        (&self.wire[self.start(label)..self.length], self.hashes[label])
    }
}

impl WholeKey {
    /// The key of a name.
    pub fn of(name: &super::OwnerName) -> Self {
        let mut key = Self::default();
        let whole = key.set(name.wire());
        debug_assert!(whole, "no name has more than 127 labels");
        key
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dns::OwnerName;

    proptest! {
        #[test]
        fn hashes_do_not_depend_on_the_way_they_are_made(labels in prop::collection::vec("[a-zA-Z0-9]{1,9}", 0..9)) {
            let text = if labels.is_empty() { ".".to_owned() } else { labels.join(".") };
            let name = OwnerName::parse(&text).expect("a good name");
            let mut key: Key = Key::default();
            prop_assert!(key.set(name.wire()));
            prop_assert_eq!(key.labels(), labels.len());
            let whole = WholeKey::of(&name);
            for label in 0..=key.labels() {
                let (suffix, hash) = key.suffix(label);
                prop_assert_eq!(hash, hash_of(suffix));
                prop_assert_eq!((suffix, hash), whole.suffix(label));
                let front = &name.wire()[..key.start(label)];
                prop_assert_eq!(hash_below(hash, front), hash_of(name.wire()));
            }
        }
    }

    #[test]
    fn the_longest_names_have_a_whole_key() {
        let name = OwnerName::parse(&"a.".repeat(127)).expect("127 labels fit");
        assert_eq!(WholeKey::of(&name).labels(), 127);
        assert!(!Key::<33>::default().set(name.wire()));
    }
}
