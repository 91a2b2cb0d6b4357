//! Names of objects in the scenario: the resource's own name, and more where two would have the same.

use std::collections::{HashMap, HashSet};

use crate::import::id::{CLOSE, OPEN, ResourceId, UNKNOWN};

/// The most characters of a name; what is longer is cut.
const MAX_NAME: usize = 200;

/// Names given so far. Each kind of object has names of its own.
#[derive(Default)]
pub(super) struct Labels {
    given: HashMap<(&'static str, String), String>,
    taken: HashSet<(&'static str, String)>,
}

impl Labels {
    /// The name of a resource: the one it was given before, else its own, with its resource group after where another
    /// resource has the same.
    pub(super) fn of(&mut self, kind: &'static str, id: &ResourceId) -> String {
        let key = (kind, id.key());
        if let Some(label) = self.given.get(&key) {
            return label.clone();
        }
        let own = match id.kind.is_empty() {
            true => unwrapped(id.name()),
            false => clean(id.name()),
        };
        let own = match id.group.as_str() {
            UNKNOWN | "" => self.new_name(kind, &own),
            group => {
                let taken = self.taken.contains(&(kind, own.clone()));
                self.new_name(kind, &if taken { clean(&format!("{own}-{group}")) } else { own })
            }
        };
        self.given.insert(key, own.clone());
        own
    }

    /// A name that is not used yet.
    pub(super) fn new_name(&mut self, kind: &'static str, wanted: &str) -> String {
        let wanted = clean(wanted);
        let mut name = wanted.clone();
        let mut number = 2;
        while !self.taken.insert((kind, name.clone())) {
            name = format!("{wanted}-{number}");
            number += 1;
        }
        name
    }
}

/// A name that can be written: no slash, no control characters, no blanks around it.
pub(super) fn clean(name: &str) -> String {
    let plain = |character: char| if character == '/' || character.is_control() { '-' } else { character };
    // What is unknown of a name is called by what represents it.
    let known = name.chars().filter(|character| !matches!(*character, OPEN | CLOSE));
    let short: String = known.take(MAX_NAME).map(plain).collect();
    match short.trim() {
        "" => "unnamed".to_owned(),
        "public" => "public-".to_owned(),
        short => short.to_owned(),
    }
}

/// A name for what an expression such as `[parameters('vnetId')]` represents: the word in its quotes.
fn unwrapped(expression: &str) -> String {
    clean(expression.split('\'').nth(1).unwrap_or(expression))
}
