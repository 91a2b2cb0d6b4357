//! The history as it grows, with the estate that its events make. Each event is applied once, when it is added.

use std::sync::Arc;

use super::Placed;
use crate::catalogue::Catalogue;
use crate::compile::State;
use crate::compile::refusal::Refusal;
use crate::estate::{History, Place, Recorded};

/// A history and the state after its last event.
pub(super) struct Grown {
    history: History,
    state: State,
}

impl Grown {
    /// A history that begins with these declarations.
    pub(super) fn declared(catalogue: &Arc<Catalogue>, declarations: impl IntoIterator<Item = Placed>) -> Self {
        let mut history = History::new(catalogue.cloud);
        declarations.into_iter().for_each(|placed| {
            history.push(recorded(placed));
        });
        history.end_declarations();
        let mut state = State::without_public_dns(Arc::clone(catalogue), history.switches);
        state.declare_those_of(&history);
        history.declarations().iter().for_each(|one| state.apply(one));
        Self { history, state }
    }

    /// A step, unless nothing happens in it.
    pub(super) fn step(&mut self, name: &str, about: &str, events: Vec<Placed>) {
        if events.is_empty() {
            return;
        }
        for placed in events {
            let recorded = recorded(placed);
            self.state.apply(&recorded);
            self.history.push(recorded);
        }
        self.history.end_step(name, about);
    }

    /// The estate after the last event.
    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// The history, and what Azure would refuse of it.
    pub(super) fn finish(self) -> (History, Vec<Refusal>) {
        (self.history, self.state.refusals)
    }
}

fn recorded((event, place): Placed) -> Recorded {
    let place = place.map(|place| Place { file: place.file, line: place.line, column: place.column });
    Recorded { event, date: None, place }
}
