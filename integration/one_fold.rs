//! One fold: a scenario that is loaded, events that are appended, artefacts that are imported and a history that is compiled
//! go through the same fold. All refuse the same events with the same message.

use std::sync::Arc;

use ampls_dns::compile::refusal::Refusal;
use ampls_dns::compile::{Compiled, Fold, State, compile};
use ampls_dns::estate::{Event, History, Recorded, Revision};
use ampls_dns::scenario::{Addition, Scenario};
use ampls_dns::server::control::{BuiltOn, Control, ControlError, Loaded, Origin, Source};
use ampls_dns::server::{Conduct, Service};
use proptest::prelude::*;

use crate::generate::{Premise, histories, law, mistake};

/// An estate that was loaded once.
struct Fixed(Arc<History>);

impl Source for Fixed {
    fn name(&self) -> &str {
        "generated"
    }

    fn load(&self) -> Result<Loaded, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Loaded {
            title: "".into(),
            history: Arc::clone(&self.0),
            start: None,
            files: Arc::default(),
            files_only: false,
        })
    }

    fn paths(&self) -> Vec<std::path::PathBuf> {
        Vec::new()
    }
}

/// The writer of a server that serves a history at its end.
fn control(history: &History) -> Control {
    let source = Fixed(Arc::new(history.clone()));
    let origin = Origin::new(source.load().expect("it is there")).expect("it has no start of its own");
    let store = Service::new(Arc::clone(origin.world()), Vec::new(), Conduct::default());
    Control::new(Arc::new(store), Box::new(source), origin)
}

fn at_the_end() -> impl Fn(&Control) -> BuiltOn {
    |control| BuiltOn { revision: None, edition: Some(control.standing().edition) }
}

fn compiled(history: &History) -> Compiled {
    compile(&Arc::new(history.clone()), history.last())
}

/// What was refused, without places.
fn refused(state: &State) -> Vec<(Revision, String)> {
    state.refusals.iter().map(|refusal| (refusal.revision, refusal.reason.to_string())).collect()
}

/// A history as the text form of one more step would have it: `event` behind its end.
fn with(history: &History, event: &Event) -> History {
    let mut longer = history.clone();
    longer.push(Recorded { event: event.clone(), date: None, place: None });
    longer.end_step("one more", "");
    longer
}

/// The date and the events of the last step of a scenario, as text of their own.
fn last_step(scenario: &str) -> String {
    let at = scenario.rfind("\n  - name: ").expect("it has steps");
    let step = &scenario[at + 1..];
    let date = step.lines().find_map(|line| line.strip_prefix("    date: "));
    let events = step.split_once("\n    events:\n").map_or("", |(_, events)| events);
    let date = date.map_or_else(String::new, |date| format!("date: {date}\n"));
    format!("{date}events:\n{events}")
}

#[test]
fn an_event_that_refers_to_nothing_is_refused_everywhere_with_one_message() {
    law(128, 95, (histories(), any::<u64>()), |(history, seed)| {
        let state = compiled(&history).state;
        let event = mistake(&state, seed);
        let longer = with(&history, &event);

        // The fold.
        let folded = compiled(&longer).state;
        let new: Vec<&Refusal> = folded.refusals[state.refusals.len()..].iter().collect();
        prop_assert_eq!(new.len(), 1, "{:?} is not refused", event);
        prop_assert!(new[0].reason.is_mistake(), "{:?}: {}", event, new[0].reason);
        let said = new[0].reason.to_string();

        // A scenario with the event in it. References in the words of the fold, with a place.
        let text = Scenario::of(longer.clone()).write();
        let errors = Scenario::read("generated", text.as_bytes()).expect_err("the event is wrong");
        let found = errors.errors.iter().any(|error| error.message == said);
        prop_assert!(found, "{:?}: {:?}\n{}\n{}", event, said, errors, text);

        // The event alone, as text behind the history.
        let step = last_step(&text);
        let server = control(&history);
        let errors = match server.append("events", step.as_bytes(), at_the_end()(&server)) {
            Err(ControlError::Events(errors)) => errors,
            other => return Err(TestCaseError::fail(format!("{event:?}: {other:?}"))),
        };
        prop_assert!(errors.errors.iter().any(|error| error.message == said), "{:?}: {:?}\n{}", event, said, errors);

        // The event alone, as a value.
        match server.append_events(vec![event.clone()], at_the_end()(&server)) {
            Err(error @ ControlError::Mistakes(_)) => prop_assert_eq!(error.to_string(), said),
            other => return Err(TestCaseError::fail(format!("{event:?}: {other:?}"))),
        }
        prop_assert_eq!(server.standing().world.revision(), history.last());
        Ok(Premise::Met)
    });
}

#[test]
fn what_azure_refuses_is_refused_alike_however_it_is_told() {
    law(48, 35, histories(), |history| {
        let wanted = refused(&compiled(&history).state);

        // Written and read again.
        let text = Scenario::of(history.clone()).write();
        let read = Scenario::read("generated", text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
        prop_assert_eq!(&refused(&compiled(&read.history).state), &wanted);

        // Appended one by one, as values: dates are not told so, hence without them.
        let mut undated = History::new(history.cloud);
        undated.switches = history.switches;
        for recorded in history.events() {
            undated.push(Recorded { event: recorded.event.clone(), date: None, place: None });
        }
        undated.end_step("last", "");
        let mut ground = History::new(history.cloud);
        ground.switches = history.switches;
        let server = control(&ground);
        for events in undated.events().chunks(16) {
            let events = events.iter().map(|recorded| recorded.event.clone()).collect();
            let appended = server.append_events(events, at_the_end()(&server));
            // What an undated history refuses, a later event may refer to; such a history ends here.
            if appended.is_err() {
                break;
            }
        }
        let served = server.standing().world.revision();
        let alike = compile(&Arc::new(undated), served);
        prop_assert_eq!(refused(&server.standing().world.state), refused(&alike.state));
        Ok(Premise::of(!wanted.is_empty()))
    });
}

#[test]
fn events_appended_as_text_leave_the_state_they_leave_as_values() {
    law(32, 60, histories(), |history| {
        // The last step of the history, told to a server that stands before it.
        let index = history.steps().len() - 1;
        let from = history.revisions_of(index);
        if from.is_empty() {
            return Ok(Premise::Missed);
        }
        let before = history.until(Revision(from.start - 1), index);
        let text = Scenario::of(history.clone()).write();
        let step = last_step(&text);
        let state = compiled(&before).state;
        let addition = Addition::read("events", step.as_bytes(), &before, &state)
            .unwrap_or_else(|errors| panic!("{errors}\n{step}"));
        let mut longer = before;
        addition.append_to(&mut longer);
        prop_assert_eq!(refused(&compiled(&longer).state), refused(&compiled(&history).state));
        let events = |one: &History| -> Vec<Event> { one.events().iter().map(|one| one.event.clone()).collect() };
        prop_assert_eq!(events(&longer), events(&history));
        Ok(Premise::Met)
    });
}

#[test]
fn a_fold_that_stops_and_goes_on_refuses_what_one_that_does_not_stop_refuses() {
    law(48, 35, histories(), |history| {
        let history = Arc::new(history);
        let mut fold = Fold::new(&history);
        for revision in 1..=history.last().0 {
            fold.to(Revision(revision));
            fold = Fold::resume(&fold.compiled(), &history);
        }
        let wanted = compile(&history, history.last());
        prop_assert_eq!(refused(&fold.compiled().state), refused(&wanted.state));
        Ok(Premise::of(!wanted.state.refusals.is_empty()))
    });
}
