//! The assessment of what is served, computed once for each published revision.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;

use crate::assess::Assessment;
use crate::compile::Compiled;
use crate::scenario::Allowance;

/// A revision and its assessment, with the findings that were accepted on that day.
#[derive(Debug)]
struct Kept {
    world: Arc<Compiled>,
    allow: Arc<[Allowance]>,
    today: Date,
    assessment: Arc<Assessment>,
}

/// The assessment of the revision that was asked for last.
#[derive(Clone, Debug, Default)]
pub(super) struct Assessed(Arc<Mutex<Option<Kept>>>);

impl Assessed {
    /// The assessment of a revision, with what is accepted today. It may take a while for a large estate.
    pub(super) fn of(&self, world: &Arc<Compiled>, allow: &Arc<[Allowance]>) -> Arc<Assessment> {
        let today = today();
        // A panic while assessing leaves the last value, which is whole.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |own: &&Kept| {
            Arc::ptr_eq(&own.world, world) && Arc::ptr_eq(&own.allow, allow) && (allow.is_empty() || own.today == today)
        };
        if let Some(own) = kept.as_ref().filter(is_it) {
            return Arc::clone(&own.assessment);
        }
        let assessment = Arc::new(Assessment::of(world).accept(allow, today));
        let (world, allow) = (Arc::clone(world), Arc::clone(allow));
        *kept = Some(Kept { world, allow, today, assessment: Arc::clone(&assessment) });
        assessment
    }
}

/// The day by which entries of `allow` expire.
pub(super) fn today() -> Date {
    jiff::Zoned::now().date()
}
