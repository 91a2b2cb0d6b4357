//! Events for a history that continues: what is appended to a running server.
//!
//! The form is that of a scenario's step. What the events refer to may exist since any event of the history before.

use std::sync::Arc;

use crate::compile::State;
use crate::compile::refusal::Refusal;
use crate::estate::{History, Recorded};

/// Events to be appended as one step.
#[derive(Clone, PartialEq, Debug)]
pub struct Addition {
    /// The step's name.
    pub step: Arc<str>,
    /// One sentence about it; may be empty.
    pub about: Arc<str>,
    /// The events; at least one.
    pub events: Vec<Recorded>,
}

impl Addition {
    /// Events without a written form, as a step with a free name that goes on after the end of `history`.
    pub fn of(history: &History, events: Vec<Recorded>) -> Self {
        Self { step: free_name(history).into(), about: "".into(), events }
    }

    /// The events that mean nothing where the estate is in `state`, in the words of the fold.
    pub fn mistakes(&self, state: &State) -> Vec<Refusal> {
        let mut state = state.clone();
        let before = state.refusals.len();
        self.events.iter().for_each(|recorded| state.apply(recorded));
        state.refusals.split_off(before).into_iter().filter(|refusal| refusal.reason.is_mistake()).collect()
    }

    /// Appends the events to the history they were read for, as a step.
    pub fn append_to(self, history: &mut History) {
        for recorded in self.events {
            history.push(recorded);
        }
        history.end_step(&self.step, &self.about);
    }
}

/// The name of a step that was not given one.
pub(super) fn free_name(history: &History) -> String {
    let taken = |name: &String| history.step(name).is_some();
    (1_u32..).map(|number| format!("live-{number}")).find(|name| !taken(name)).expect("a history has fewer steps")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Scenario, builtin};

    fn history() -> History {
        let text = builtin::text("two-scopes-one-dns").expect("it is built in");
        Scenario::read("two-scopes-one-dns", text.as_bytes()).expect("it can be read").history
    }

    fn at_end(history: &History) -> Arc<State> {
        crate::compile::compile(&Arc::new(history.clone()), history.last()).state
    }

    fn read(text: &str) -> Result<Addition, String> {
        let history = history();
        let state = at_end(&history);
        Addition::read("events.yaml", text.as_bytes(), &history, &state).map_err(|errors| errors.to_string())
    }

    #[test]
    fn events_refer_to_what_the_history_has_made() {
        let text = "builtOn: 7\nstep: more\nevents:\n  - deletePrivateEndpoint: pe1\n";
        let addition = read(text).expect("good events");
        assert_eq!((&*addition.step, addition.events.len()), ("more", 1));
        assert_eq!(Addition::builds_on(text.as_bytes()), (Some(7), None));
        assert_eq!(Addition::builds_on(b"{generation: 3, events: 0}"), (None, Some(3)));
        assert_eq!(Addition::builds_on(b"[]"), (None, None));
        let place = addition.events[0].place.clone().expect("it was written");
        assert_eq!((&*place.file, place.line), ("events.yaml", 4));
    }

    #[test]
    fn a_list_alone_is_a_step_with_a_free_name() {
        let addition = read("[{deletePrivateEndpoint: pe1}]").expect("good events");
        assert_eq!(&*addition.step, "live-1");
        let mut after = history();
        addition.append_to(&mut after);
        let next = Addition::read("x", b"[{createPrivateLinkScope: {name: ampls9}}]", &after, &at_end(&after))
            .expect("good events");
        assert_eq!(&*next.step, "live-2");
        let gone =
            Addition::read("x", b"[{deletePrivateEndpoint: pe1}]", &after, &at_end(&after)).expect_err("it is gone");
        assert!(
            gone.to_string().contains("there is no private endpoint `pe1` at this point")
                && gone.to_string().contains("it was deleted in step `live-1`"),
            "{gone}"
        );
    }

    #[test]
    fn mistakes_are_told_with_their_places() {
        for (text, told) in [
            ("- deletePrivateEndpoint: pe7\n", "there is no private endpoint `pe7` at this point"),
            ("- deletePrivateEndpont: pe1\n", "did you mean `deletePrivateEndpoint`?"),
            ("- createPrivateLinkScope: { name: ampls1 }\n", "there is a scope `ampls1` already"),
            ("step: second-scope\nevents: [{deletePrivateEndpoint: pe1}]\n", "duplicate step `second-scope`"),
            ("events: []\n", "at least 1"),
            ("step: x\n", "missing key `events`"),
            ("just text\n", "a mapping"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(told) && error.contains("--> events.yaml:"), "{text}: {error}");
        }
    }

    /// Reading a scenario whole and reading its last step after the others gives the same events.
    #[test]
    fn what_is_known_after_a_history_is_what_was_known_while_it_was_read() {
        let mut compared = 0;
        for name in builtin::names() {
            let text = builtin::text(name).expect("it is built in");
            let whole = Scenario::read(name, text.as_bytes()).expect("it can be read");
            let written = whole.write();
            let Some(last) = whole.history.steps().len().checked_sub(1) else { continue };
            let from = whole.history.revisions_of(last);
            if from.is_empty() {
                continue;
            }
            let before = whole.history.until(crate::estate::Revision(from.start - 1), last);
            let written: serde_json::Value = serde_saphyr::from_str(&written).expect("what is written can be read");
            let mut part = written["steps"][last].clone();
            let object = part.as_object_mut().expect("a step is a mapping");
            object.retain(|key, _| matches!(key.as_str(), "date" | "events"));
            let text = part.to_string();
            let read = Addition::read(name, text.as_bytes(), &before, &at_end(&before))
                .unwrap_or_else(|errors| panic!("{name}: {errors}"));
            let told: Vec<_> = read.events.into_iter().map(|recorded| recorded.event).collect();
            let wanted: Vec<_> = from
                .filter_map(|at| whole.history.event(crate::estate::Revision(at)))
                .map(|one| one.event.clone())
                .collect();
            assert_eq!(told, wanted, "{name}");
            compared += 1;
        }
        assert!(compared > 40, "only {compared} scenarios have a last step with events");
    }
}
