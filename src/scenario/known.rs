//! What exists while a scenario is read: names that later events may refer to.

use std::collections::HashMap;

use super::error::nearest;

/// Names of one kind of object, with those that were deleted and in which step.
#[derive(Default)]
pub(super) struct Known {
    what: &'static str,
    living: HashMap<String, ()>,
    deleted: HashMap<String, String>,
}

/// Why a name cannot be referred to.
pub(super) struct Dangling {
    pub(super) message: String,
    pub(super) hint: String,
}

impl Known {
    /// Names of `what`, in singular.
    pub(super) fn of(what: &'static str) -> Self {
        Self { what, living: HashMap::new(), deleted: HashMap::new() }
    }

    /// True if the name lives.
    pub(super) fn has(&self, name: &str) -> bool {
        self.living.contains_key(name)
    }

    /// A name comes to be; false if it lives already.
    pub(super) fn add(&mut self, name: &str) -> bool {
        self.deleted.remove(name);
        self.living.insert(name.to_owned(), ()).is_none()
    }

    /// A name goes.
    pub(super) fn remove(&mut self, name: &str, step: &str) {
        self.living.remove(name);
        self.deleted.insert(name.to_owned(), step.to_owned());
    }

    /// The names that live.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.living.keys().map(String::as_str)
    }

    /// Nothing if the name lives, else why it cannot be referred to.
    pub(super) fn find(&self, name: &str) -> Result<(), Dangling> {
        if self.has(name) {
            return Ok(());
        }
        let what = self.what;
        if let Some(step) = self.deleted.get(name) {
            let message = format!("{what} `{name}` was deleted in step {step}");
            return Err(Dangling { message, hint: format!("create the {what} again before this event") });
        }
        let hint = match nearest(name, self.names()) {
            Some(hint) if hint.starts_with("did") => hint,
            _ if self.living.is_empty() => format!("no {what} exists at this point; create it before"),
            Some(hint) => format!("create the {what} before; {hint}"),
            None => format!("create the {what} before"),
        };
        Err(Dangling { message: format!("there is no {what} `{name}`"), hint })
    }
}
