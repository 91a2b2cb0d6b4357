//! The written form: what is written reads back to the same, and no text makes the reader fail.

use std::collections::BTreeSet;

use ampls_dns::estate::{Event, History};
use ampls_dns::scenario::{Scenario, builtin};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::estates::histories;

/// A history without places.
fn told(history: &History) -> Vec<(Event, Option<jiff::civil::Date>)> {
    history.events().iter().map(|one| (one.event.clone(), one.date)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_history_reads_back_to_the_same(history in histories()) {
        let text = Scenario::of(history.clone()).write();
        let read = match Scenario::read("written", text.as_bytes()) {
            Ok(read) => read.history,
            Err(errors) => return Err(TestCaseError::fail(format!("{errors}\n{text}"))),
        };
        prop_assert_eq!(told(&history), told(&read), "{}", text);
        prop_assert_eq!(history.steps(), read.steps());
        prop_assert_eq!(history.declared(), read.declared());
        prop_assert_eq!((history.cloud, history.switches), (read.cloud, read.switches));
        prop_assert_eq!(Scenario::of(read).write(), text);
    }

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

#[test]
fn the_generated_histories_have_every_kind_of_event() {
    let mut runner = TestRunner::deterministic();
    let mut kinds = BTreeSet::new();
    for _ in 0..300 {
        let history = histories().new_tree(&mut runner).expect("a history").current();
        for recorded in history.events() {
            let name = format!("{:?}", recorded.event);
            kinds.insert(name.split([' ', '(', '{']).next().unwrap_or_default().to_owned());
        }
    }
    let all = [
        "AddScopedResource",
        "CreateInboundEndpoint",
        "CreateNetwork",
        "CreatePeering",
        "CreatePrivateDnsZone",
        "CreatePrivateEndpoint",
        "CreatePrivateLinkScope",
        "CreateVirtualMachine",
        "CutSessions",
        "DeleteInboundEndpoint",
        "DeleteNetwork",
        "DeletePeering",
        "DeletePrivateDnsZone",
        "DeletePrivateEndpoint",
        "DeletePrivateLinkScope",
        "DeleteRecordSet",
        "DeleteResource",
        "DeleteRuleset",
        "DeleteZoneGroup",
        "LinkZone",
        "OpenSession",
        "PutRecordSet",
        "PutResource",
        "Reboot",
        "RemoveScopedResource",
        "SetAccessModes",
        "SetApproval",
        "SetDns",
        "SetOutboundRule",
        "SetRuleset",
        "SetZoneGroup",
        "UnlinkZone",
    ];
    assert_eq!(kinds, all.map(str::to_owned).into());
}
