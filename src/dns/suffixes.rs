//! Values by name, found by the longest suffix: zones, links.

use hashbrown::HashTable;

use super::OwnerName;
use super::key::{Key, WholeKey, hash_of};

/// Values by name. Of those whose name a question's name is within, the one with the longest name is found.
#[derive(Clone, Debug)]
pub struct Suffixes<V> {
    index: HashTable<Place>,
    values: Vec<(OwnerName, V)>,
    most_labels: usize,
}

/// The hash of a name, and where its value is.
#[derive(Clone, Debug)]
struct Place {
    hash: u64,
    at: u32,
}

impl<V> Default for Suffixes<V> {
    fn default() -> Self {
        Self { index: HashTable::new(), values: Vec::new(), most_labels: 0 }
    }
}

impl<V> Suffixes<V> {
    /// The value of the longest name that the key's name is within.
    pub fn longest<const PLACES: usize>(&self, key: &Key<PLACES>) -> Option<&V> {
        if self.values.is_empty() {
            return None;
        }
        (key.labels().saturating_sub(self.most_labels)..=key.labels()).find_map(|label| {
            let (suffix, hash) = key.suffix(label);
            self.find(suffix, hash).map(|at| &self.values[at].1)
        })
    }

    /// The value of the longest name that `name` is within.
    pub fn longest_of(&self, name: &OwnerName) -> Option<&V> {
        if self.values.is_empty() { None } else { self.longest(&WholeKey::of(name)) }
    }

    /// The value of exactly this name.
    pub fn get(&self, name: &OwnerName) -> Option<&V> {
        self.find(name.wire(), hash_of(name.wire())).map(|at| &self.values[at].1)
    }

    /// The value of exactly this name, to be changed.
    pub fn get_mut(&mut self, name: &OwnerName) -> Option<&mut V> {
        self.find(name.wire(), hash_of(name.wire())).map(|at| &mut self.values[at].1)
    }

    /// Puts a value in. Gives back the value that had this name before.
    pub fn insert(&mut self, name: OwnerName, value: V) -> Option<V> {
        let hash = hash_of(name.wire());
        if let Some(at) = self.find(name.wire(), hash) {
            return Some(std::mem::replace(&mut self.values[at].1, value));
        }
        self.most_labels = self.most_labels.max(name.label_count());
        let at = u32::try_from(self.values.len()).expect("there are fewer names than that");
        self.values.push((name, value));
        self.index.insert_unique(hash, Place { hash, at }, |place| place.hash);
        None
    }

    /// Names with their values, in the order in which the names were first put in.
    pub fn iter(&self) -> impl Iterator<Item = (&OwnerName, &V)> {
        self.values.iter().map(|(name, value)| (name, value))
    }

    /// The values, in the order in which their names were first put in.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.values.iter().map(|(_, value)| value)
    }

    /// The values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.values.iter_mut().map(|(_, value)| value)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    fn find(&self, wire: &[u8], hash: u64) -> Option<usize> {
        let same = |place: &Place| place.hash == hash && self.values[place.at as usize].0.wire() == wire;
        self.index.find(hash, same).map(|place| place.at as usize)
    }
}

impl<V> FromIterator<(OwnerName, V)> for Suffixes<V> {
    fn from_iter<I: IntoIterator<Item = (OwnerName, V)>>(values: I) -> Self {
        let mut suffixes = Self::default();
        for (name, value) in values {
            suffixes.insert(name, value);
        }
        suffixes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_longest_name_is_found(names in prop::collection::vec("([ab]\\.){0,3}[ab]", 0..8), asked in "([abc]\\.){0,4}[ab]") {
            let parsed = |text: &String| OwnerName::parse(text).expect("a good name");
            let suffixes: Suffixes<String> = names.iter().map(|name| (parsed(name), name.clone())).collect();
            let asked = parsed(&asked);
            let within = names.iter().filter(|name| asked.is_within(&parsed(name)));
            prop_assert_eq!(suffixes.longest_of(&asked), within.max_by_key(|name| name.len()));
            prop_assert_eq!(suffixes.get(&asked).is_some(), names.iter().any(|name| parsed(name) == asked));
        }
    }
}
