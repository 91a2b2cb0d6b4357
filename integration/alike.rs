//! Resources that are alike are assessed together, and that changes nothing: every verdict and finding is the one that each
//! resource gets by itself.
//!
//! The estates are generated ones in which every workspace and component has two twins: created, scoped and deleted with
//! it, with ids of their own. Nothing else that happens to the first happens to its twins, so that some of them are alike
//! and others are not.

use std::sync::Arc;

use ampls_dns::assess::{Assessment, Finding, Unserved};
use ampls_dns::compile::{Compiled, Fold, compile};
use ampls_dns::estate::{Event, History, Recorded, ResourceName, ResourceSpec, Revision};

use proptest::test_runner::TestCaseError;

use crate::generate::{Premise, histories, law};
use crate::verdicts::{built_in, is_large};

/// The name of a twin.
fn twin(name: &ResourceName, number: usize) -> ResourceName {
    format!("{name}-twin{number}").as_str().into()
}

/// The same event for a twin; absent for events that a twin has no part in.
fn of_twin(event: &Event, number: usize) -> Option<Event> {
    Some(match event {
        Event::PutResource(ResourceSpec::Workspace(own)) => {
            let mut own = own.clone();
            own.name = twin(&own.name, number);
            // Each twin has an id that no other has.
            let digit = own.customer_id.pop()?.to_digit(16)?;
            own.customer_id.push(char::from_digit((digit + 5 * u32::try_from(number).ok()?) % 16, 16)?);
            Event::PutResource(ResourceSpec::Workspace(own))
        }
        Event::PutResource(ResourceSpec::Component(own)) => {
            let mut own = own.clone();
            own.name = twin(&own.name, number);
            Event::PutResource(ResourceSpec::Component(own))
        }
        Event::AddScopedResource { scope, resource } => {
            Event::AddScopedResource { scope: scope.clone(), resource: twin(resource, number) }
        }
        Event::RemoveScopedResource { scope, resource } => {
            Event::RemoveScopedResource { scope: scope.clone(), resource: twin(resource, number) }
        }
        Event::DeleteResource { resource } => Event::DeleteResource { resource: twin(resource, number) },
        _ => return None,
    })
}

/// The history with two twins for every workspace and component.
fn with_twins(history: &History) -> Arc<History> {
    let mut twins = history.until(Revision(0), 0);
    let push = |twins: &mut History, recorded: &Recorded| {
        twins.push(recorded.clone());
        for number in [1, 2] {
            if let Some(event) = of_twin(&recorded.event, number) {
                twins.push(Recorded { event, ..recorded.clone() });
            }
        }
    };
    for recorded in history.declarations() {
        push(&mut twins, recorded);
    }
    twins.end_declarations();
    for (index, step) in history.steps().iter().enumerate() {
        for revision in history.revisions_of(index) {
            if let Some(recorded) = history.event(Revision(revision)) {
                push(&mut twins, recorded);
            }
        }
        twins.end_step(&step.name, &step.about);
    }
    Arc::new(twins)
}

/// A finding without its uses, which are for several resources in one assessment and not in the other.
fn without_uses(finding: &Finding) -> Finding {
    Finding { uses: Vec::new(), ..finding.clone() }
}

/// How many uses are assessed together with others, if it comes to the same as the other; else what differs.
fn same(world: &Compiled) -> Result<usize, String> {
    let (together, each) = (Assessment::of(world), Assessment::one_by_one(world));
    let sorted = |of: &Assessment| {
        let mut all: Vec<Unserved> = of.unserved().collect();
        all.sort();
        all
    };
    let (left, right) = (sorted(&together), sorted(&each));
    for (one, other) in left.iter().zip(&right) {
        if one != other {
            return Err(format!("together:\n{one:#?}\neach by itself:\n{other:#?}"));
        }
    }
    if left.len() != right.len() {
        return Err(format!("{} uses together, {} each by itself", left.len(), right.len()));
    }
    if (together.counts(), together.extent) != (each.counts(), each.extent) {
        return Err(format!("{:?} and {:?}", together.counts(), each.counts()));
    }
    if !together.broken().all(|(network, name)| together.is_broken(&network, &name) && each.is_broken(&network, &name))
    {
        return Err("a name that is broken together and not by itself".to_owned());
    }
    for (one, other) in together.findings.iter().zip(&each.findings) {
        if without_uses(one) != without_uses(other) {
            return Err(format!("together:\n{one:#?}\neach by itself:\n{other:#?}"));
        }
        let (mut uses, mut by_itself): (Vec<_>, Vec<_>) =
            (together.uses_of(one).collect(), each.uses_of(other).collect());
        uses.sort();
        by_itself.sort();
        if uses != by_itself {
            return Err(format!("{} has other uses", one.code));
        }
    }
    if together.findings.len() != each.findings.len() {
        return Err(format!("{} findings and {}", together.findings.len(), each.findings.len()));
    }
    let rows = |of: &Assessment| of.findings.iter().map(|finding| finding.uses.len()).sum::<usize>();
    Ok(rows(&each) - rows(&together))
}

#[test]
fn resources_that_are_alike_get_the_verdicts_that_each_gets_by_itself() {
    law(96, 60, histories(), |history| {
        let history = with_twins(&history);
        let world = compile(&history, history.last());
        let saved = same(&world).map_err(TestCaseError::fail)?;
        Ok(if saved > 0 { Premise::Met } else { Premise::Missed })
    });
}

#[test]
fn twins_in_the_built_in_scenarios_get_the_same_verdicts() {
    let mut met = 0;
    for (name, history) in built_in().filter(|(name, _)| !is_large(name)) {
        let history = with_twins(&history);
        let mut fold = Fold::new(&history);
        for step in history.steps() {
            fold.to(step.end);
            let saved = same(&fold.compiled()).unwrap_or_else(|text| panic!("{name}, {}: {text}", step.name));
            met += usize::from(saved > 0);
        }
    }
    assert!(met > 100, "{met} steps have resources that are alike");
}
