//! Zones read from master files and served as they are, as public zones.
//!
//! They stand in the place of published zones of the same name and have no history: nobody wrote them at any revision.
//! A million records fit, since they are never more than the [`Table`] they were read into.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Compiled, State, Views};
use crate::catalogue::{Catalogue, Cloud};
use crate::dns::{OwnerName, Table};
use crate::estate::History;

/// Zones from master files, by name.
#[derive(Clone, Debug, Default)]
pub struct ZoneFiles {
    zones: HashMap<OwnerName, Arc<Table>>,
}

/// Two files have the same zone.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the zone `{0}` is in more than one file")]
pub struct SameZone(pub OwnerName);

impl ZoneFiles {
    /// Takes the zones.
    ///
    /// # Errors
    /// [`SameZone`] if two have one name.
    pub fn new(tables: impl IntoIterator<Item = Table>) -> Result<Self, SameZone> {
        let mut zones = HashMap::new();
        for table in tables {
            let apex = table.apex().clone();
            if zones.insert(apex.clone(), Arc::new(table)).is_some() {
                return Err(SameZone(apex));
            }
        }
        Ok(Self { zones })
    }

    /// All zones.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.zones.values()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.zones.is_empty()
    }

    /// How many zones there are.
    pub fn len(&self) -> usize {
        self.zones.len()
    }

    /// The zone of that very name.
    pub fn get(&self, apex: &OwnerName) -> Option<&Arc<Table>> {
        self.zones.get(apex)
    }

    /// The zone with the longest name that `name` is within.
    pub fn zone_of(&self, name: &OwnerName) -> Option<&Arc<Table>> {
        let mut rest = name.wire();
        loop {
            if let Some(zone) = self.zones.get(rest) {
                return Some(zone);
            }
            let length = usize::from(rest[0]);
            if length == 0 {
                return None;
            }
            rest = &rest[1 + length..];
        }
    }
}

impl Compiled {
    /// The same estate with these zones in its public DNS.
    #[must_use]
    pub fn with_files(mut self, files: ZoneFiles) -> Self {
        self.files = Arc::new(files);
        self
    }

    /// A world that has these zones and nothing else: no network, and no public DNS besides them.
    pub fn of_files(files: ZoneFiles) -> Self {
        let history = History::new(Cloud::Public);
        let mut state = State::new(Catalogue::of(history.cloud), history.switches);
        state.public = super::public::PublicDns::bare();
        Self { views: Views::of(&state), state: Arc::new(state), history: Arc::new(history), files: Arc::new(files) }
    }
}
