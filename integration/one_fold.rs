//! One fold: a scenario that is loaded, events that are appended, artefacts that are imported and a history that is compiled
//! go through the same fold. All refuse the same events with the same message.

use std::sync::Arc;

use ampls_dns::compile::refusal::Refusal;
use ampls_dns::compile::{Compiled, Fold, State, compile};
use ampls_dns::estate::{Event, History, Recorded, Revision};
use ampls_dns::import::{ImportFile, import};
use ampls_dns::scenario::{Addition, Scenario};
use ampls_dns::server::control::{BuiltOn, Control, ControlError, Description, EstateSource, Loaded, Origin};
use ampls_dns::server::{Conduct, Service};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::generate::{Premise, histories, law, mistake};

/// An estate that was loaded once.
struct Fixed(Arc<History>);

impl EstateSource for Fixed {
    fn name(&self) -> &str {
        "generated"
    }

    fn load(&self) -> Result<Loaded, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Loaded {
            description: Description::default(),
            title: "".into(),
            history: Arc::clone(&self.0),
            start: None,
            allow: Arc::default(),
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
    |control| BuiltOn { revision: None, generation: Some(control.position().generation) }
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
        prop_assert_eq!(server.position().world.revision(), history.last());
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
        let served = server.position().world.revision();
        let alike = compile(&Arc::new(undated), served);
        prop_assert_eq!(refused(&server.position().world.state), refused(&alike.state));
        Ok(Premise::of(!wanted.is_empty()))
    });
}

/// A resource of Azure's as the REST API lists it.
fn resource(kind: &str, name: &str, properties: &Value) -> Value {
    let id = format!("/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/{}", under(kind, name));
    json!({ "id": id, "name": name.rsplit('/').next(), "properties": properties })
}

/// Group, provider, types and names of an id.
fn under(kind: &str, name: &str) -> String {
    let (group, name) = name.split_once(':').unwrap_or(("rg", name));
    let (provider, types) = kind.split_once('/').expect("a kind has a provider");
    let parts: Vec<String> =
        types.split('/').zip(name.split('/')).map(|(kind, name)| format!("{kind}/{name}")).collect();
    format!("{group}/providers/{provider}/{}", parts.join("/"))
}

fn id_of(kind: &str, name: &str) -> Value {
    resource(kind, name, &Value::Null)["id"].clone()
}

const NETWORK: &str = "Microsoft.Network/virtualNetworks";
const ZONE: &str = "Microsoft.Network/privateDnsZones";
const LINK: &str = "Microsoft.Network/privateDnsZones/virtualNetworkLinks";

/// What an export lists: networks that are peered, zones with links; with things in it that Azure refuses.
fn artefact(seed: u64) -> Value {
    let bit = |at: u32| seed >> at & 1 == 1;
    let (second, subnet) =
        (if bit(0) { "10.0.0.0/17" } else { "10.1.0.0/16" }, if bit(1) { "10.0.1.0/25" } else { "10.0.2.0/24" });
    let peering = |from: &str, to: &str| {
        let remote = json!({ "remoteVirtualNetwork": { "id": id_of(NETWORK, to) }, "peeringState": "Connected" });
        resource("Microsoft.Network/virtualNetworks/virtualNetworkPeerings", &format!("{from}/to-{to}"), &remote)
    };
    let mut listed = vec![
        resource(
            NETWORK,
            "hub",
            &json!({
                "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] },
                "subnets": [
                    { "name": "one", "properties": { "addressPrefix": "10.0.1.0/24" } },
                    { "name": "two", "properties": { "addressPrefix": subnet } },
                ],
            }),
        ),
        resource(NETWORK, "spoke", &json!({ "addressSpace": { "addressPrefixes": [second] } })),
        peering("hub", "spoke"),
        peering("spoke", "hub"),
    ];
    let apex = "privatelink.monitor.azure.com";
    let link = |zone: &str, network: &str| {
        let properties = json!({ "virtualNetwork": { "id": id_of(NETWORK, network) }, "registrationEnabled": false });
        resource(LINK, &format!("{zone}/to-{network}"), &properties)
    };
    let zones = [
        (format!("rg:{apex}"), true),
        (format!("other:{apex}"), bit(2)),
        ("rg:azure.com".to_owned(), bit(3)),
        ("rg:single".to_owned(), bit(4)),
        ("rg:corp.example".to_owned(), bit(5)),
    ];
    for (zone, _) in zones.iter().filter(|(_, there)| *there) {
        listed.push(resource(ZONE, zone, &json!({ "numberOfRecordSets": 1 })));
        listed.push(link(zone, "spoke"));
    }
    Value::Array(listed)
}

#[test]
fn what_is_imported_is_refused_as_if_it_were_loaded_or_appended() {
    law(64, 80, any::<u64>(), |seed| {
        let text = artefact(seed).to_string();
        let sources = [ImportFile { name: "estate.json".into(), text: text.as_bytes() }];
        let imported = import(&sources).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
        let history = imported.scenario.history.clone();
        let state = compiled(&history).state;
        let wanted = refused(&state);
        // An import has no mistakes of its own making: only what Azure refuses.
        for refusal in &state.refusals {
            prop_assert!(!refusal.reason.is_mistake(), "{}\n{}", refusal.reason, text);
        }
        let planted = [
            (0, "cannot be peered: 10.0.0.0/16 and 10.0.0.0/17 overlap"),
            (1, "its subnets one and two overlap"),
            (2, "it is linked to rg/privatelink.monitor.azure.com, and a network can be linked to one"),
            (3, "azure.com cannot be created: Azure reserves that zone name"),
            (4, "single cannot be created: a zone's name has 2 to 34 labels"),
        ];
        // Without its network a peering or link is refused for that.
        let hub = seed >> 1 & 1 == 0;
        for (bit, said) in planted {
            let is_planted = seed >> bit & 1 == 1 && (bit != 0 || hub);
            let found = wanted.iter().any(|(_, text)| text.contains(said));
            prop_assert_eq!(found, is_planted, "{} {:?}\n{}", said, wanted, text);
        }

        // Loaded.
        let written = imported.scenario.write();
        let read = Scenario::read("estate", written.as_bytes()).unwrap_or_else(|errors| panic!("{errors}\n{written}"));
        prop_assert_eq!(&refused(&compiled(&read.history).state), &wanted);

        // Appended.
        let mut ground = History::new(history.cloud);
        ground.switches = history.switches;
        let server = control(&ground);
        for recorded in history.events() {
            let appended = server.append_events(vec![recorded.event.clone()], at_the_end()(&server));
            prop_assert!(appended.is_ok(), "{:?}: {:?}", recorded.event, appended.err());
        }
        prop_assert_eq!(&refused(&server.position().world.state), &wanted);
        Ok(Premise::of(!wanted.is_empty()))
    });
}

#[test]
fn events_appended_as_text_leave_the_state_they_leave_as_values() {
    law(32, 45, histories(), |history| {
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
