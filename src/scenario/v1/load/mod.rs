//! Shapes to a history: names are resolved, addresses and dates read, events put in order. All faults at once.
//!
//! Each function gets a shape and the node it was made from, which has the place. Where the form was wrong the shape has
//! something else than the node; [`Node::get`] then gives a place nearby, and faults there are not reported twice.

mod allow;
mod collection;
mod event;
mod expect;
mod network;
mod resource;
mod routing;
mod scope;
mod service;
mod zone;
mod zone_file;

pub(super) use resource::region;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;
use resource::Hosts;

use super::schema::*;
use crate::catalogue::Catalogue;
use crate::compile::absence::name_fault;
use crate::compile::refusal::Reason;
use crate::compile::{Absence, Missing, ObjectKind, State};
use crate::dns::OwnerName;
use crate::estate::history::{
    Append, Deletion, Limits, RulesetChain, Switches, UncertainHop, Undeclared, WorkspaceHop,
};
use crate::estate::{Cloud, Event, History, Place, Recorded, Revision};
use crate::scenario::addition::{self, Addition};
use crate::scenario::error::{Fault, Faults, choice, shown};
use crate::scenario::expect::Expectation;
use crate::scenario::names::Names;
use crate::scenario::node::{Node, Range};
use crate::scenario::{AllowFile, Files, Scenario, Spec};

/// Gives a shape its meaning. The scenario is whole if no fault was found.
pub(super) fn load(
    file: &str,
    root: &Node,
    schema: ScenarioSchema,
    files: &Files<'_>,
    faults: &mut Faults,
) -> Scenario {
    let cloud = match schema.cloud {
        None | Some(CloudSchema::AzureCloud) => Cloud::Public,
        Some(CloudSchema::AzureUSGovernment) => Cloud::UsGovernment,
        Some(CloudSchema::AzureChinaCloud) => Cloud::China,
    };
    let mut history = History::new(cloud);
    history.switches = switches(schema.switches.as_ref());
    let state = State::without_public_dns(Catalogue::of(cloud), history.switches);
    let nothing = History::new(cloud);
    let mut pourer = Loader::new(file, files, history, state, &nothing, faults);
    pourer.declarations(&schema, root);
    let expectations = pourer.steps(&schema, root);
    let allow = pourer.allow(&schema.allow, root.get("allow"));
    let history = pourer.history;
    let text = |text: Option<String>| text.map_or_else(|| Arc::from(""), |text| text.trim().into());
    Scenario {
        title: text(schema.title),
        about: text(schema.about),
        source: text(schema.source),
        history,
        start: schema.start,
        expectations,
        allow,
    }
}

/// Gives events their meaning that go on after the end of `site`, where the estate is in `state`. They are whole if no
/// fault was found.
pub(super) fn load_addition(
    file: &str,
    root: &Node,
    schema: AdditionSchema,
    site: &History,
    state: &State,
    faults: &mut Faults,
) -> Addition {
    let files = |_: &str| Err("events name no files".to_owned());
    let mut history = History::new(site.cloud);
    history.switches = site.switches;
    let mut pourer = Loader::new(file, &files, history, state.clone(), site, faults);
    let range = root.get("step").range;
    let step = match schema.step {
        Some(name) => {
            pourer.name(range, &name, "step");
            if site.step(&name).is_some() {
                let message = format!("duplicate step `{}`", shown(&name));
                pourer.fault(range, message, Some("give this one another name".to_owned()));
            }
            name
        }
        None => addition::free_name(site),
    };
    pourer.step = step.as_str().into();
    let date = pourer.date(schema.date.as_deref(), root.get("date"));
    for (index, event) in schema.events.iter().enumerate() {
        pourer.event(event, date, root.get("events").item(index));
    }
    Addition {
        step: step.into(),
        about: schema.about.unwrap_or_default().trim().into(),
        events: pourer.history.events().to_vec(),
    }
}

/// Gives a spec its meaning. It is whole if no fault was found.
pub(super) fn load_spec(file: &str, root: &Node, schema: SpecSchema, faults: &mut Faults) -> Spec {
    let nothing = History::new(Cloud::Public);
    let state = State::without_public_dns(Catalogue::of(nothing.cloud), nothing.switches);
    let mut pourer = Loader::new(file, &|_| Err(String::new()), nothing.clone(), state, &nothing, faults);
    pourer.lenient = true;
    pourer.step = schema.at.as_deref().unwrap_or_default().into();
    let mut expectations = Vec::new();
    for (index, expect) in schema.expect.iter().enumerate() {
        pourer.expect(expect, root.get("expect").item(index), &mut expectations);
    }
    let at = schema.at.map(|step| (step, pourer.place(root.get("at").range)));
    let text = |text: Option<String>| text.map_or_else(|| Arc::from(""), |text| text.trim().into());
    Spec { title: text(schema.title), about: text(schema.about), scenario: schema.scenario, at, expectations }
}

/// Gives accepted findings their meaning. They are whole if no fault was found.
pub(super) fn load_allow_file(file: &str, root: &Node, schema: &AllowFileSchema, faults: &mut Faults) -> AllowFile {
    let nothing = History::new(Cloud::Public);
    let state = State::without_public_dns(Catalogue::of(nothing.cloud), nothing.switches);
    let mut loader = Loader::new(file, &|_| Err(String::new()), nothing.clone(), state, &nothing, faults);
    AllowFile { allow: loader.allow(&schema.allow, root.get("allow")) }
}

fn switches(schema: Option<&SwitchesSchema>) -> Switches {
    let Some(schema) = schema else { return Switches::default() };
    Switches {
        deletion: match schema.deletion {
            Some(DeletionSchema::DeleteIfOwner) => Deletion::DeleteIfOwner,
            Some(DeletionSchema::DeleteByName) | None => Deletion::DeleteByName,
        },
        workspace_hop: match schema.workspace_hop {
            Some(WorkspaceHopSchema::Always) => WorkspaceHop::Always,
            Some(WorkspaceHopSchema::Scoped) | None => WorkspaceHop::Scoped,
        },
        append: match schema.append {
            Some(AppendSchema::RewriteAll) => Append::RewriteAll,
            Some(AppendSchema::OwnOnly) | None => Append::OwnOnly,
        },
        limits: match schema.limits {
            Some(LimitsSchema::Preview) => Limits::Preview,
            Some(LimitsSchema::General) | None => Limits::General,
        },
        undeclared: match schema.undeclared {
            Some(UndeclaredSchema::NameError) => Undeclared::NameError,
            Some(UndeclaredSchema::Public) | None => Undeclared::Public,
        },
        ruleset_chain: match schema.ruleset_chain {
            Some(RulesetChainSchema::Restarts) => RulesetChain::Restarts,
            Some(RulesetChainSchema::Stands) | None => RulesetChain::Stands,
        },
        uncertain_hop: match schema.uncertain_hop {
            Some(UncertainHopSchema::Always) => UncertainHop::Always,
            Some(UncertainHopSchema::Never) | None => UncertainHop::Never,
        },
    }
}

/// What is known at one moment of the story.
struct Loader<'f> {
    file: Arc<str>,
    files: &'f Files<'f>,
    catalogue: Arc<Catalogue>,
    hosts: Hosts,
    history: History,
    faults: &'f mut Faults,
    /// The step that is read.
    step: Arc<str>,
    /// The estate after the events so far.
    state: State,
    /// The history the events go on from; empty but for additions.
    before: &'f History,
    names: Names,
    /// True where nothing is known of the estate, and names are taken as they are.
    lenient: bool,
}

/// When and where an event is written.
#[derive(Clone, Copy)]
struct EventSite {
    date: Option<Date>,
    range: Range,
}

impl<'f> Loader<'f> {
    fn new(
        file: &str,
        files: &'f Files<'f>,
        history: History,
        state: State,
        before: &'f History,
        faults: &'f mut Faults,
    ) -> Self {
        let catalogue = Arc::clone(&state.catalogue);
        Self {
            file: file.into(),
            files,
            hosts: Hosts::of(&catalogue),
            catalogue,
            history,
            faults,
            step: "the declarations".into(),
            state,
            before,
            names: Names::default(),
            lenient: false,
        }
    }
}

impl Loader<'_> {
    fn declarations(&mut self, schema: &ScenarioSchema, root: &Node) {
        let entries = |key: &str| root.entries_of(key).iter();
        // Networks refer to each other and to inbound endpoints, so these names are known before any is looked at.
        for (key, _) in entries("networks") {
            self.name(key.range, &key.text, "network");
        }
        for (key, _) in entries("inboundEndpoints") {
            self.name(key.range, &key.text, "inbound endpoint");
        }
        let networks = entries("networks").map(|(key, _)| (ObjectKind::Network, &*key.text));
        let inbound = entries("inboundEndpoints").map(|(key, _)| (ObjectKind::InboundEndpoint, &*key.text));
        let created = schema.events.iter().filter_map(|event| match &event.what {
            WhatSchema::CreateNetwork(own) => Some((ObjectKind::Network, own.name.as_str())),
            WhatSchema::CreateInboundEndpoint(own) => Some((ObjectKind::InboundEndpoint, own.name.as_str())),
            _ => None,
        });
        let declared: Vec<(ObjectKind, &str)> = networks.chain(inbound).chain(created).collect();
        declared.iter().for_each(|(kind, name)| self.names.add(*kind, name));
        // How many declarations there are is known when the last of them was read.
        self.state.declare(declared, Revision(u32::MAX));
        for ((name, own), (key, node)) in schema.networks.iter().zip(entries("networks")) {
            let spec = self.network(name, own, node);
            self.push(undated(key.range), Event::CreateNetwork(spec));
        }
        for (index, own) in schema.peerings.iter().enumerate() {
            let node = root.get("peerings").item(index);
            self.peering(own, node, undated(node.range));
        }
        self.routing_maps(schema, root);
        for ((name, own), (key, node)) in schema.inbound_endpoints.iter().zip(entries("inboundEndpoints")) {
            self.inbound_endpoint(name, own, node, undated(key.range));
        }
        for ((name, own), (key, node)) in schema.rulesets.iter().zip(entries("rulesets")) {
            self.name(key.range, name, "ruleset");
            let spec = self.ruleset(name, own, node);
            self.push(undated(key.range), Event::SetRuleset(spec));
        }
        for ((name, own), (key, node)) in schema.workspaces.iter().zip(entries("workspaces")) {
            let spec = self.workspace(name, own, node);
            self.create_resource(spec, key.range, undated(key.range));
        }
        for ((name, own), (key, node)) in schema.components.iter().zip(entries("components")) {
            let spec = self.component(name, own, node);
            self.create_resource(spec, key.range, undated(key.range));
        }
        for ((name, own), (key, node)) in
            schema.data_collection_endpoints.iter().zip(entries("dataCollectionEndpoints"))
        {
            let spec = self.data_collection_endpoint(name, own, node);
            self.create_resource(spec, key.range, undated(key.range));
        }
        for ((name, own), (key, node)) in schema.data_collection_rules.iter().zip(entries("dataCollectionRules")) {
            let spec = self.data_collection_rule(name, own, node);
            self.create_resource(spec, key.range, undated(key.range));
        }
        for ((name, own), (key, node)) in schema.resources.iter().zip(entries("resources")) {
            if let Some(spec) = self.service(name, own, node) {
                self.create_resource(spec, key.range, undated(key.range));
            }
        }
        for ((name, own), (key, node)) in schema.virtual_machines.iter().zip(entries("virtualMachines")) {
            self.new_name(ObjectKind::VirtualMachine, name, key.range);
            self.machine(name, own, node, undated(key.range));
        }
        self.security_groups(schema, root);
        for ((name, own), (key, node)) in schema.subscriptions.iter().zip(entries("subscriptions")) {
            self.subscription(name, own, node, undated(key.range));
        }
        for (index, zone) in schema.zone_files.iter().enumerate() {
            self.zone_file(zone, root.get("zoneFiles").item(index));
        }
        for (index, event) in schema.events.iter().enumerate() {
            self.event(event, None, root.get("events").item(index));
        }
        self.history.end_declarations();
        self.state.declare([], self.history.declared());
    }

    fn steps(&mut self, schema: &ScenarioSchema, root: &Node) -> Vec<Expectation> {
        let mut names: HashMap<&str, u32> = HashMap::new();
        let mut expectations = Vec::new();
        for (index, step) in schema.steps.iter().enumerate() {
            let node = root.get("steps").item(index);
            let range = node.get("name").range;
            self.name(range, &step.name, "step");
            if let Some(line) = names.insert(&step.name, range.line) {
                let message = format!("duplicate step `{}`", shown(&step.name));
                self.fault(range, message, Some(format!("it is already in line {line}; give each step its own name")));
            }
            self.step = step.name.as_str().into();
            let date = self.date(step.date.as_deref(), node.get("date"));
            for (number, event) in step.events.iter().enumerate() {
                self.event(event, date, node.get("events").item(number));
            }
            self.history.end_step(&step.name, step.about.as_deref().unwrap_or_default().trim());
            if let Some(date) = date {
                self.history.date_empty_step(date);
            }
            for (number, expect) in step.expect.iter().enumerate() {
                self.expect(expect, node.get("expect").item(number), &mut expectations);
            }
        }
        if let Some(start) = schema.start.as_deref().filter(|start| !names.contains_key(start)) {
            let message = format!("unknown step `{}` in `start`", shown(start));
            let hint = choice(start, names.keys().copied());
            self.fault(root.get("start").range, message, hint);
        }
        expectations
    }

    /// A name that something new gets.
    fn new_name(&mut self, kind: ObjectKind, name: &str, range: Range) {
        self.name(range, name, &kind.to_string());
        if self.state.has(kind, name) && !name.is_empty() {
            let exists = Reason::Exists { kind, name: shown(name).into() };
            let hint = format!("delete the {kind} first, or give this one another name");
            self.fault(range, exists.to_string(), Some(hint));
        }
        self.names.add(kind, name);
    }

    /// Names can be anything that can be distinguished in the places names are written at.
    fn name(&mut self, range: Range, name: &str, what: &str) {
        if let Some(hint) = name_fault(what, name) {
            let reason = Reason::BadName { what: what.into(), name: shown(name).into() };
            self.fault(range, reason.to_string(), Some(hint.to_owned()));
        }
    }

    /// A reference to something that must exist.
    fn refer(&mut self, kind: ObjectKind, name: &str, node: &Node) {
        if !self.lenient {
            let found = self.state.find(kind, name);
            self.verdict(found, node.range);
        }
    }

    /// Reports what the fold says about a reference.
    fn verdict(&mut self, found: Result<(), Missing>, range: Range) {
        let Err(missing) = found else { return };
        if self.names.excuse(&missing) {
            return;
        }
        let printed = self.faults.are_printed();
        // Events of an addition continue the revisions of the history before.
        let history = match missing.absence {
            Absence::Deleted(revision) if revision <= self.before.last() => self.before,
            _ => &self.history,
        };
        let dangling = self.names.dangling(&missing, &self.state, history, &self.step, printed);
        self.fault(range, dangling.message, Some(dangling.hint));
    }

    /// The same for the network that a key names.
    fn refer_to_network(&mut self, name: &str, range: Range) {
        let found = self.state.find(ObjectKind::Network, name);
        self.verdict(found, range);
    }

    fn owner_name(&mut self, text: &str, range: Range) -> Option<OwnerName> {
        match OwnerName::parse(text) {
            Ok(name) => Some(name),
            Err(error) => {
                self.fault(range, format!("`{}` is not a valid domain name: {error}", shown(text)), None);
                None
            }
        }
    }

    fn date(&mut self, text: Option<&str>, node: &Node) -> Option<Date> {
        let text = text?;
        let date: Option<Date> = text.parse().ok().filter(|date: &Date| date.to_string() == text);
        if date.is_none() {
            self.fault(
                node.range,
                format!("`{}` is not a date", shown(text)),
                Some("write it as YYYY-MM-DD".to_owned()),
            );
        }
        date
    }

    /// True for a zone or host of another cloud, which is reported: it does not belong here.
    pub(super) fn is_foreign(&mut self, name: &OwnerName, range: Range) -> bool {
        let own = self.catalogue.cloud;
        if own.has(name) {
            return false;
        }
        let Some(other) = Cloud::ALL.iter().find(|cloud| cloud.has(name)) else { return false };
        let message = format!("`{name}` is a name of {other}, and this scenario is in {own}");
        let hint = format!("an estate is in one cloud: write `cloud: {other}`, or use the name that {own} has");
        self.fault(range, message, Some(hint));
        true
    }

    fn push(&mut self, site: EventSite, event: Event) {
        self.push_at(self.place(site.range), site.date, event);
    }

    fn push_at(&mut self, place: Place, date: Option<Date>, event: Event) {
        if self.faults.is_full() {
            return;
        }
        let recorded = Recorded { event, date, place: Some(place) };
        self.state.apply(&recorded);
        self.history.push(recorded);
    }

    fn place(&self, range: Range) -> Place {
        Place { file: Arc::clone(&self.file), line: range.line, column: range.column }
    }

    fn fault(&mut self, range: Range, message: String, hint: Option<String>) {
        self.faults.add_of_meaning(Fault { range, message, hint, code: None });
    }
}

fn undated(range: Range) -> EventSite {
    EventSite { date: None, range }
}
