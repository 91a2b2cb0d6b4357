//! What exists while a scenario is read: names that later events may refer to.

use std::collections::HashMap;
use std::sync::Arc;

use super::error::{choice, nearest, shown};

/// Names of one kind of object.
pub(super) struct Known {
    what: &'static str,
    names: HashMap<String, Life>,
    /// A name could not be read: whoever refers to something unknown may mean that one.
    lost: bool,
}

/// What is known of an object.
enum Life {
    /// It exists.
    Lives,
    /// It was deleted if Azure let it happen, which is not for this floor to decide.
    Doubtful,
    /// It was deleted in this step.
    Deleted(Arc<str>),
}

/// Why a name cannot be used as it is.
pub(super) struct Dangling {
    pub(super) message: String,
    pub(super) hint: String,
}

impl Known {
    /// Names of `what`, in singular.
    pub(super) fn of(what: &'static str) -> Self {
        Self { what, names: HashMap::new(), lost: false }
    }

    /// What the names are names of.
    pub(super) fn what(&self) -> &'static str {
        self.what
    }

    /// True if the name can be referred to.
    pub(super) fn has(&self, name: &str) -> bool {
        matches!(self.names.get(name), Some(Life::Lives | Life::Doubtful))
    }

    /// A name comes to be; false if it exists for certain.
    pub(super) fn add(&mut self, name: &str) -> bool {
        self.lost |= name.is_empty();
        !matches!(self.names.insert(name.to_owned(), Life::Lives), Some(Life::Lives))
    }

    /// A name goes, for certain or if Azure lets it.
    pub(super) fn remove(&mut self, name: &str, step: &Arc<str>, certain: bool) {
        if let Some(life) = self.names.get_mut(name) {
            *life = if certain { Life::Deleted(Arc::clone(step)) } else { Life::Doubtful };
        }
    }

    /// Nothing if the name can be referred to, else why not. `told` is false where nobody will read it: what the name may
    /// have been meant for is not searched for then.
    pub(super) fn find(&self, name: &str, told: bool) -> Result<(), Dangling> {
        let what = self.what;
        if self.has(name) || name.is_empty() {
            return Ok(());
        }
        let name = &shown(name);
        if let Some(Life::Deleted(step)) = self.names.get(name) {
            let message = format!("{what} `{name}` was deleted in step `{step}`");
            return Err(Dangling { message, hint: format!("create the {what} again before this") });
        }
        if self.lost {
            return Ok(());
        }
        let message = format!("there is no {what} `{name}` at this point");
        if !told {
            return Err(Dangling { message, hint: format!("create the {what} before this") });
        }
        let living = || self.names.keys().map(String::as_str).filter(|name| self.has(name) && !name.is_empty());
        let hint = match nearest(name, living()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if living().next().is_none() => format!("no {what} exists at this point; create one before"),
            None => match choice("", living()) {
                Some(all) => format!("create the {what} before this; {all}"),
                None => format!("create the {what} before this"),
            },
        };
        Err(Dangling { message, hint })
    }
}
