//! A scenario back to text: history to shapes, shapes to YAML.
//!
//! Events that read as one entry are written as one: zones created and linked together, resources put into a scope in
//! one go. What is at the top of the text comes first there; declarations in any other order become `events`.

mod allow;
mod collection;
mod event;
mod expect;
mod routing;
mod yaml;

use indexmap::IndexMap;

use super::schema::*;
use crate::dns::{RecordSet, master};
use crate::estate::history::{
    Append, Deletion, Limits, RulesetChain, Switches, UncertainHop, Undeclared, WorkspaceHop,
};
use crate::estate::{Event, History, PublicZone, Recorded, ResourceSpec};
use crate::scenario::{AllowFile, Scenario, Spec};

/// The scenario as YAML text.
pub(super) fn write(scenario: &Scenario) -> String {
    let history = &scenario.history;
    let mut schema = ScenarioSchema {
        version: 1,
        cloud: Some(match history.cloud {
            crate::estate::Cloud::Public => CloudSchema::AzureCloud,
            crate::estate::Cloud::UsGovernment => CloudSchema::AzureUSGovernment,
            crate::estate::Cloud::China => CloudSchema::AzureChinaCloud,
        }),
        title: text(&scenario.title),
        about: text(&scenario.about),
        source: text(&scenario.source),
        switches: switches(history.switches),
        start: scenario.start.clone(),
        allow: allow::schemas(&scenario.allow),
        ..ScenarioSchema::default()
    };
    let declared = &history.events()[..history.declared().0 as usize];
    schema.zone_files = history.public.iter().map(|zone| public_zone(zone)).collect();
    let standing = declarations(&mut schema, declared);
    let mut events = event::Events::new(history);
    events.has_been(&declared[..standing]);
    schema.events = events.schemas(&declared[standing..], None);
    let mut end = declared.len();
    for step in history.steps() {
        let own = &history.events()[end..step.end.0 as usize];
        end = step.end.0 as usize;
        let mut written = self::step(&mut events, &step.name, &step.about, own);
        if own.is_empty() {
            written.date = step.date.map(|date| date.to_string());
        }
        written.expect = expect::schemas(scenario.expectations.iter().filter(|one| *one.step == *step.name));
        schema.steps.push(written);
    }
    if end < history.events().len() {
        schema.steps.push(step(&mut events, &unused_name(history), "", &history.events()[end..]));
    }
    yaml::text(&serde_json::to_value(&schema).expect("shapes have text for keys and no number that JSON lacks"))
}

/// A spec as YAML text.
pub(super) fn spec(spec: &Spec) -> String {
    let schema = SpecSchema {
        schema: None,
        version: 1,
        title: text(&spec.title),
        about: text(&spec.about),
        scenario: spec.scenario.clone(),
        at: spec.at.as_ref().map(|(step, _)| step.clone()),
        expect: expect::schemas(spec.expectations.iter()),
    };
    yaml::text(&serde_json::to_value(&schema).expect("shapes have text for keys and no number that JSON lacks"))
}

/// Accepted findings as YAML text.
pub(super) fn allow_file(file: &AllowFile) -> String {
    let schema = AllowFileSchema { version: 1, allow: allow::schemas(&file.allow) };
    yaml::text(&serde_json::to_value(&schema).expect("shapes have text for keys and no number that JSON lacks"))
}

fn public_zone(zone: &PublicZone) -> ZoneFileSchema {
    let sets: Vec<RecordSet> =
        std::iter::once(&zone.soa).chain(zone.sets.iter().map(|(set, _)| set)).cloned().collect();
    let text = master::write(zone.soa.owner(), &sets);
    ZoneFileSchema { file: None, text: Some(text), origin: None, resource_group: None, links: IndexMap::new() }
}

fn step(events: &mut event::Events, name: &str, about: &str, own: &[Recorded]) -> StepSchema {
    // One date for all of the step is at the step.
    let date = own.first().and_then(|first| first.date).filter(|date| own.iter().all(|one| one.date == Some(*date)));
    StepSchema {
        name: name.to_owned(),
        about: text(about),
        date: date.map(|date| date.to_string()),
        events: events.schemas(own, date),
        expect: Vec::new(),
    }
}

/// Fills the maps at the top of a scenario with as many events as are in their order; how many they are.
fn declarations(schema: &mut ScenarioSchema, events: &[Recorded]) -> usize {
    let mut filled = 0;
    for (index, recorded) in events.iter().enumerate() {
        let place = match &recorded.event {
            Event::CreateNetwork(_) => 0,
            Event::CreatePeering { .. } => 1,
            Event::SetRouting(routing) => routing::place(routing),
            Event::CreateInboundEndpoint { .. } => 8,
            Event::SetRuleset(_) => 9,
            Event::PutResource(ResourceSpec::Workspace(_)) => 10,
            Event::PutResource(ResourceSpec::Component(_)) => 11,
            Event::PutResource(ResourceSpec::DataCollectionEndpoint(_)) => 12,
            Event::PutResource(ResourceSpec::DataCollectionRule(_)) => 13,
            Event::PutResource(ResourceSpec::Service(_)) => 14,
            Event::CreateVirtualMachine { .. } => 15,
            Event::SetSubscription(_) => 17,
            _ => return index,
        };
        if recorded.date.is_some() || place < filled {
            return index;
        }
        filled = place;
        let new = match event::declaration(&recorded.event) {
            event::Declaration::Network(name, own) => put(&mut schema.networks, name, own),
            event::Declaration::Peering(pair) => {
                schema.peerings.push(PeeringSchema::Pair(pair));
                true
            }
            event::Declaration::Routing(routing) => routing::declare(schema, routing),
            event::Declaration::InboundEndpoint(name, own) => put(&mut schema.inbound_endpoints, name, own),
            event::Declaration::Ruleset(name, own) => put(&mut schema.rulesets, name, own),
            event::Declaration::Workspace(name, own) => put(&mut schema.workspaces, name, own),
            event::Declaration::Component(name, own) => put(&mut schema.components, name, own),
            event::Declaration::DataCollectionEndpoint(name, own) => {
                put(&mut schema.data_collection_endpoints, name, own)
            }
            event::Declaration::DataCollectionRule(name, own) => put(&mut schema.data_collection_rules, name, own),
            event::Declaration::Subscription(name, own) => put(&mut schema.subscriptions, name, own),
            event::Declaration::Resource(name, own) => put(&mut schema.resources, name, own),
            event::Declaration::VirtualMachine(name, own) => put(&mut schema.virtual_machines, name, own),
            event::Declaration::None => false,
        };
        if !new {
            return index;
        }
    }
    events.len()
}

/// Puts something under a new name; false if the name is taken.
fn put<T>(map: &mut IndexMap<String, T>, name: String, own: T) -> bool {
    match map.entry(name) {
        indexmap::map::Entry::Vacant(vacant) => {
            vacant.insert(own);
            true
        }
        indexmap::map::Entry::Occupied(_) => false,
    }
}

fn switches(switches: Switches) -> Option<SwitchesSchema> {
    (switches != Switches::default()).then_some(SwitchesSchema {
        deletion: Some(match switches.deletion {
            Deletion::DeleteByName => DeletionSchema::DeleteByName,
            Deletion::DeleteIfOwner => DeletionSchema::DeleteIfOwner,
        }),
        workspace_hop: Some(match switches.workspace_hop {
            WorkspaceHop::Scoped => WorkspaceHopSchema::Scoped,
            WorkspaceHop::Always => WorkspaceHopSchema::Always,
        }),
        append: Some(match switches.append {
            Append::OwnOnly => AppendSchema::OwnOnly,
            Append::RewriteAll => AppendSchema::RewriteAll,
        }),
        limits: Some(match switches.limits {
            Limits::General => LimitsSchema::General,
            Limits::Preview => LimitsSchema::Preview,
        }),
        undeclared: Some(match switches.undeclared {
            Undeclared::Public => UndeclaredSchema::Public,
            Undeclared::NameError => UndeclaredSchema::NameError,
        }),
        ruleset_chain: Some(match switches.ruleset_chain {
            RulesetChain::Stands => RulesetChainSchema::Stands,
            RulesetChain::Restarts => RulesetChainSchema::Restarts,
        }),
        uncertain_hop: Some(match switches.uncertain_hop {
            UncertainHop::Never => UncertainHopSchema::Never,
            UncertainHop::Always => UncertainHopSchema::Always,
        }),
    })
}

/// A name for a step that no step has.
fn unused_name(history: &History) -> String {
    let mut name = "afterwards".to_owned();
    while history.step(&name).is_some() {
        name.push('-');
    }
    name
}

fn text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
