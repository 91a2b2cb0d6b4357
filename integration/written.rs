//! The written form: what is written reads back to the same, and no text makes the reader fail.

use std::fmt::Write as _;
use std::sync::Arc;

use ampls_dns::compile::{Fold, State};
use ampls_dns::estate::{Event, History, Recorded, Revision};
use ampls_dns::scenario::{Scenario, builtin};
use proptest::prelude::*;

use crate::generate::{Premise, histories, law};

/// A history without places.
fn told(history: &History) -> Vec<(Event, Option<jiff::civil::Date>)> {
    history.events().iter().map(|one| (one.event.clone(), one.date)).collect()
}

/// The estate after each event, as text.
fn states(history: &History) -> Vec<String> {
    let history = Arc::new(history.clone());
    let mut fold = Fold::new(&history);
    let mut states = Vec::new();
    for revision in 0..=history.last().0 {
        fold.to(Revision(revision));
        states.push(shown(fold.state()));
    }
    states
}

/// All of a state that has an order.
fn shown(state: &State) -> String {
    let mut text = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        state.revision,
        state.networks,
        state.peerings,
        state.inbound,
        state.rulesets,
        state.resources,
        state.scopes,
        state.endpoints,
        state.machines,
        state.outbound,
    );
    for (id, linked) in &state.zones {
        let mut gone: Vec<_> = linked.zone.tombstones().map(|(owner, kind)| (owner.to_string(), kind)).collect();
        gone.sort_unstable();
        write!(text, " {id} {:?} {:?} {gone:?}", linked.links, linked.zone.sets()).expect("strings take text");
    }
    for refusal in &state.refusals {
        write!(text, " {} {:?}", refusal.revision, refusal.reason).expect("strings take text");
    }
    text
}

#[test]
fn every_history_reads_back_to_the_same() {
    law(96, 75, histories(), |history| {
        let text = Scenario::of(history.clone()).write();
        let read = match Scenario::read("written", text.as_bytes()) {
            Ok(read) => read.history,
            Err(errors) => return Err(TestCaseError::fail(format!("{errors}\n{text}"))),
        };
        prop_assert_eq!(told(&history), told(&read), "{}", text);
        prop_assert_eq!(history.steps(), read.steps());
        prop_assert_eq!(history.declared(), read.declared());
        prop_assert_eq!((history.cloud, history.switches), (read.cloud, read.switches));
        prop_assert_eq!(Scenario::of(read.clone()).write(), text);
        prop_assert_eq!(states(&history), states(&read));
        let writes =
            |one: &Recorded| matches!(&one.event, Event::CreatePrivateEndpoint(spec) if spec.zone_group.is_some());
        Ok(Premise::of(history.events().iter().any(writes)))
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>(), octets in any::<Vec<u8>>()) {
        for text in [text.as_bytes(), &octets] {
            if let Err(errors) = Scenario::read("any", text) {
                prop_assert!(!errors.to_string().is_empty());
            }
        }
    }

    /// Real scenarios with a part of their text replaced get further than noise.
    #[test]
    fn no_damage_to_a_scenario_makes_the_reader_panic(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0usize..40, "[ -~\t\n\u{e9}]{0,12}"), 1..6),
        name in prop::sample::select(vec!["two-scopes-one-dns", "docs-06-on-premises-through-the-connected-network"]),
    ) {
        let mut text: Vec<char> = builtin::text(name).expect("a built-in scenario").chars().collect();
        for (at, length, instead) in cuts {
            let from = at.index(text.len());
            let to = (from + length).min(text.len());
            text.splice(from..to, instead.chars());
        }
        let text: String = text.into_iter().collect();
        if let Err(errors) = Scenario::read("damaged", text.as_bytes()) {
            for error in &errors.errors {
                prop_assert!(error.place.line >= 1 && error.place.column >= 1 && error.width >= 1);
            }
            prop_assert!(!errors.to_string().is_empty());
        }
    }
}
