use std::sync::Arc;

use super::*;
use crate::scenario::generate::{Size, generate};
use crate::scenario::{Scenario, builtin};

fn built_in(name: &str) -> TimelineView {
    let text = builtin::text(name).expect("it is built in");
    TimelineView::of(&Scenario::read(name, text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}")), &[])
}

fn explanations_hold(name: &str, tale: &TimelineView) {
    let page = Page::of(tale);
    for (at, label) in page.names.iter().enumerate() {
        let owner = OwnerName::parse(&label.name).expect("a name that was printed");
        for (column, network) in page.networks.iter().enumerate() {
            for (step, world) in tale.worlds.iter().enumerate() {
                let view = world.views.of_network(network);
                let told = view.map(|view| explained(world, view, &owner));
                assert_eq!(page.explanation(at, column, step), told, "{name}: {} in {network}", label.name);
            }
        }
    }
}

#[test]
fn explanations_are_what_explain_prints_in_every_built_in_scenario() {
    for name in builtin::names() {
        explanations_hold(name, &built_in(name));
    }
}

#[test]
fn names_that_look_like_the_marks_or_like_words_change_nothing() {
    let text = builtin::text("two-scopes-one-dns").expect("it is built in");
    let text = text.replace("vnet1", "\u{e000}a").replace("vnet2", "i").replace("second-scope", "in \u{e001}");
    let scenario = Scenario::read("x", text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
    explanations_hold("marks", &TimelineView::of(&scenario, &[]));
}

#[test]
fn shared_names_stand_first_and_the_counts_are_those_of_the_table() {
    let page = Page::of(&built_in("two-scopes-one-dns"));
    let kinds: Vec<_> = page.names.iter().map(|name| name.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "shared").count(), 8);
    assert!(kinds.is_sorted_by_key(|kind| ["shared", "regional", "resource"].iter().position(|one| one == kind)));
    assert_eq!(page.start, 2);
    let broken: Vec<_> = page.steps.iter().map(|step| step.broken).collect();
    let changed: Vec<_> = page.steps.iter().map(|step| step.changed).collect();
    assert_eq!((broken, changed), (vec![0, 13, 16, 27], vec![0, 26, 22, 22]));
}

#[test]
fn the_value_stays_small() {
    let size = |tale: &TimelineView| serde_json::to_string(&Page::of(tale)).expect("it has string keys only").len();
    let small = size(&built_in("two-scopes-one-dns"));
    let estate = generate(Size { networks: 30, scopes: 3, workspaces_per_scope: 5 }, 1).expect("a good size");
    let thirty = size(&TimelineView::of_history(&Arc::new(estate), &[]));
    assert!(small < 120_000 && thirty < 400_000, "{small} and {thirty} bytes");
}
