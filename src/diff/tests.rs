use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::compile::compile;
use crate::estate::History;
use crate::scenario::{Scenario, builtin};

fn history(name: &str) -> Arc<History> {
    let text = builtin::text(name).expect("it is built in");
    Arc::new(Scenario::read(name, text.as_bytes()).expect("it can be read").history)
}

fn at(history: &Arc<History>, step: &str) -> Compiled {
    compile(history, history.step(step).expect("there is such a step").end)
}

#[test]
fn a_second_scope_takes_shared_names_over_and_breaks_whoever_is_not_peered() {
    let history = history("two-scopes-one-dns");
    let diff = diff(&at(&history, "first-scope"), &at(&history, "second-scope"));
    let api = diff.answers.iter().find(|one| one.key.name.to_string() == "api.monitor.azure.com" && one.key.network == "vnet1");
    let api = api.expect("it changes");
    let private = |address: &str, endpoint: &str, reachable| {
        let (data, endpoint) = (vec![address.to_owned()], Some(endpoint.into()));
        Some(Seen::Private { data, endpoint, reachable })
    };
    assert_eq!((&api.before, &api.after), (&private("10.0.1.7", "pe1", true), &private("10.0.2.7", "pe2", false)));
    assert_eq!(api.effect(), Effect::Breaks);
    assert!(diff.flows.iter().any(|one| one.effect() == Effect::Breaks && one.key.client == "vnet1"));
    assert!(diff.findings.iter().any(|one| one.key.code == "AMPLS001" && one.before.is_none()));
    assert!(diff.record_sets.iter().any(|one| one.before.is_some() && one.after.is_some()));
    assert!(diff.answers.iter().all(|one| !one.key.name.to_string().contains("privatelink")), "aliases are told once");
}

#[test]
fn what_is_kept_concerns_the_networks_named() {
    let history = history("two-scopes-one-dns");
    let mut diff = diff(&at(&history, "first-scope"), &at(&history, "second-scope"));
    let all = diff.clone();
    diff.keep(&[]);
    assert_eq!(diff, all);
    diff.keep(&["vnet2".to_owned()]);
    assert!(!diff.answers.is_empty() && diff.answers.iter().all(|one| one.key.network == "vnet2"));
    assert!(diff.flows.iter().all(|one| one.key.client == "vnet2"));
}

#[test]
fn record_sets_no_public_name_leads_to_are_asked_by_themselves() {
    let text = "version: 1\nnetworks: { vnet1: { addressSpace: [10.0.1.0/24] } }\nsteps:\n- name: a\n  events:\n  - \
                createPrivateDnsZones: { resourceGroup: rg, zones: [corp.example], links: { vnet1: {} } }\n- name: b\n  \
                events:\n  - putRecordSet: { resourceGroup: rg, zone: corp.example, name: x, type: TXT, records: [hello] }\n";
    let history = Arc::new(Scenario::read("x", text.as_bytes()).expect("it can be read").history);
    let diff = diff(&at(&history, "a"), &at(&history, "b"));
    let told: Vec<_> = diff.answers.iter().map(|one| format!("{} {}", one.key.name, one.key.network)).collect();
    assert_eq!(told, ["x.corp.example vnet1"]);
    assert_eq!(diff.answers[0].before, Some(Seen::NameError));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn nothing_differs_from_itself_and_the_other_way_round_is_the_mirror(
        one in 0..builtin::names().count(), other in 0..builtin::names().count(), at: [prop::sample::Index; 2], same: bool,
    ) {
        let name = |index: usize| builtin::names().nth(index).expect("it is within the count");
        // The limits have a thousand resources: their flows are compared elsewhere, in less time.
        let large = |name: &str| name.contains("limit") || name.contains("thousand") || name.contains("hundred");
        prop_assume!(!large(name(one)) && !large(name(other)));
        let histories = [history(name(one)), history(name(if same { one } else { other }))];
        let worlds = [0, 1].map(|side| {
            let history = &histories[side];
            let revision = at[side].index(history.last().0 as usize + 1);
            compile(history, crate::estate::Revision(u32::try_from(revision).expect("it was one")))
        });
        prop_assert!(diff(&worlds[0], &worlds[0]).is_empty());
        prop_assert_eq!(diff(&worlds[0], &worlds[1]).mirrored(), diff(&worlds[1], &worlds[0]));
    }
}
