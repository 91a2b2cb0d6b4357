//! Names in a scenario: what they refer to is the fold's verdict; what was meant instead is found here.

use std::collections::{BTreeSet, HashSet};

use super::error::{choice, nearest, shown};
use crate::compile::{Absence, Missing, ObjectKind, State};
use crate::estate::{History, Revision};

/// Names that were read, whether or not the event that gives them could be.
#[derive(Default)]
pub(super) struct Names {
    read: HashSet<(ObjectKind, String)>,
    /// Kinds of which a name could not be read: a reference to something unknown may mean that one.
    lost: HashSet<ObjectKind>,
}

/// Why a name cannot be used as it is.
pub(super) struct Dangling {
    pub(super) message: String,
    pub(super) hint: String,
}

impl Names {
    /// A name is given to an object.
    pub(super) fn add(&mut self, kind: ObjectKind, name: &str) {
        if name.is_empty() {
            self.lost.insert(kind);
        }
        self.read.insert((kind, name.to_owned()));
    }

    /// What a reference to an object of a kind may have been meant for: what exists, and what would if the event that
    /// creates it could be read.
    fn candidates(&self, kind: ObjectKind, state: &State) -> BTreeSet<String> {
        let read = self.read.iter().filter(|(own, _)| *own == kind).map(|(_, name)| name.clone());
        let deleted =
            |name: &String| matches!(state.find(kind, name), Err(Missing { absence: Absence::Deleted(_), .. }));
        let mut names: BTreeSet<String> = read.filter(|name| !deleted(name)).collect();
        names.extend(state.names(kind));
        names.remove("");
        names
    }

    /// What is wrong with a reference, and what to do. `history` has the event that deleted the object, if one did, and
    /// `step` is the one that is read. `printed` is false where it is not printed: what the name may have been meant for is
    /// not searched for then.
    pub(super) fn dangling(
        &self,
        missing: &Missing,
        state: &State,
        history: &History,
        step: &str,
        printed: bool,
    ) -> Dangling {
        let kind = missing.kind;
        let name = shown(&missing.name);
        let message = Missing { name: name.as_str().into(), ..missing.clone() }.to_string();
        if let Absence::Deleted(revision) = missing.absence {
            let step = step_of(history, revision).unwrap_or(step);
            let hint = format!("it was deleted in step `{step}`: create the {kind} again before this");
            return Dangling { message, hint };
        }
        if !printed {
            return Dangling { message, hint: format!("create the {kind} before this") };
        }
        let names = self.candidates(kind, state);
        let known = || names.iter().map(String::as_str);
        let hint = match nearest(&name, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => format!("no {kind} exists at this point; create one first"),
            None => match choice("", known()) {
                Some(all) => format!("create the {kind} before this, or use {}", all.trim_start_matches("expected ")),
                None => format!("create the {kind} before this"),
            },
        };
        Dangling { message, hint }
    }

    /// True if an error about a missing object would only repeat another: the event that creates it is wrong itself, or is
    /// read later, or Azure refuses it.
    pub(super) fn excuse(&self, missing: &Missing) -> bool {
        match missing.absence {
            Absence::Refused(_) => true,
            Absence::Deleted(_) => false,
            Absence::NeverCreated => {
                let key = (missing.kind, missing.name.to_string());
                missing.name.is_empty() || self.lost.contains(&missing.kind) || self.read.contains(&key)
            }
        }
    }
}

/// The name of the step that made a revision, if that step is over.
fn step_of(history: &History, revision: Revision) -> Option<&str> {
    if revision <= history.declared() && history.declared() > Revision(0) {
        return Some("the declarations");
    }
    history.step_of(revision).map(|step| &*step.name)
}
