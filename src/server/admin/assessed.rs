//! The assessment of what is served, computed once for each published revision.

use std::sync::{Arc, Mutex, PoisonError};

use crate::assess::Assessment;
use crate::compile::Compiled;

/// A revision and its assessment.
type Kept = (Arc<Compiled>, Arc<Assessment>);

/// The assessment of the revision that was asked for last.
#[derive(Clone, Debug, Default)]
pub(super) struct Assessed(Arc<Mutex<Option<Kept>>>);

impl Assessed {
    /// The assessment of a revision. It may take a while for a large estate.
    pub(super) fn of(&self, world: &Arc<Compiled>) -> Arc<Assessment> {
        // A panic while assessing leaves the last value, which is whole.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, assessment)) = kept.as_ref().filter(|(known, _)| Arc::ptr_eq(known, world)) {
            return Arc::clone(assessment);
        }
        let assessment = Arc::new(Assessment::of(world));
        *kept = Some((Arc::clone(world), Arc::clone(&assessment)));
        assessment
    }
}
