//! Facts to a history: objects get names, references are followed, and events are put in an order in which the record
//! values come out as they were found.
//!
//! `network`, `resource`, `zone` and `endpoint` say what there is; `timeline` folds events in several orders, to find
//! the one that agrees with the zones; `events` puts it all down, and `grown` applies it while it is put down.

mod collection;
mod endpoint;
mod events;
mod grown;
mod label;
mod network;
mod owner;
mod resource;
mod routing;
mod service;
mod timeline;
mod zone;

use std::sync::Arc;

use self::endpoint::Endpoint;
use self::label::Labels;
use self::network::Networks;
use self::resource::Resources;
use self::zone::Zones;
use super::fact::Facts;
use super::id::ResourceId;
use super::report::{Provenance, Report, Topic};
use crate::catalogue::Catalogue;
use crate::compile::refusal::Refusal;
use crate::dns::OwnerName;
use crate::estate::{Cloud, Event, UnresolvedEndpoint};
use crate::import::command::show;
use crate::scenario::Scenario;

/// An event, and where what it does was written.
type Placed = (Event, Option<Provenance>);

/// What is known while the history is made.
struct Builder<'f> {
    facts: &'f Facts,
    report: &'f mut Report,
    catalogue: Arc<Catalogue>,
    labels: Labels,
    /// Private endpoints whose scope or network is unknown.
    unresolved: Vec<(UnresolvedEndpoint, Option<Provenance>)>,
    /// Resources of other services, and the endpoints that lead to them.
    services: service::Services,
}

/// A scope with what is in it.
struct ScopeParts {
    label: String,
    id: ResourceId,
    /// Resources in scoping order, by label.
    resources: Vec<String>,
    /// Resources that were scoped after a private endpoint of this scope was made, by the endpoint's label.
    after: Vec<(String, String)>,
    created: Option<jiff::civil::Date>,
}

/// The scenario of the facts, and what Azure would refuse of it.
pub(super) fn assemble(facts: &mut Facts, report: &mut Report) -> (Scenario, Vec<Refusal>) {
    endpoint::join_interfaces(facts);
    facts.report_contradictions(report);
    facts.close();
    let cloud = cloud_of(facts);
    let mut own = Builder {
        facts,
        report,
        catalogue: Catalogue::of(cloud),
        labels: Labels::default(),
        unresolved: Vec::new(),
        services: service::Services::default(),
    };
    let zones = own.zones();
    let mut networks = own.networks();
    let mut scopes = own.scopes();
    let mut endpoints = own.endpoints(&mut scopes, &mut networks, &zones);
    let resources = own.resources(&mut scopes, &mut endpoints);
    own.monitor_workspaces(&resources);
    own.fill_subnets(&mut networks, &endpoints);
    own.routing(&mut networks);
    let machines = own.machines(&mut networks, &resources);
    own.events(Parts { zones, networks, scopes, endpoints, resources, machines })
}

/// The cloud most names are of.
fn cloud_of(facts: &Facts) -> Cloud {
    let mut names: Vec<OwnerName> = Vec::new();
    for object in facts.objects.values() {
        if object.id.kind == "microsoft.network/privatednszones" {
            names.extend(OwnerName::parse(object.id.name()).ok());
        }
        names.extend(object.with("address ").filter_map(|(name, _)| OwnerName::parse(name).ok()));
        for attribute in ["configurationAccess", "ingestionEndpoint"] {
            names.extend(object.text(attribute).and_then(|text| OwnerName::parse(text).ok()));
        }
    }
    let count = |cloud: &Cloud| names.iter().filter(|name| cloud.has(name)).count();
    let counts: Vec<(usize, Cloud)> = Cloud::ALL.iter().map(|cloud| (count(cloud), *cloud)).collect();
    // With none, or as many, it is the first: the public one.
    counts.iter().rev().max_by_key(|(count, _)| *count).map_or(Cloud::Public, |(_, cloud)| *cloud)
}

impl Builder<'_> {
    /// True for a name of another cloud, which is reported: it has no place in this estate.
    fn is_foreign(&mut self, name: &OwnerName, place: Option<Provenance>) -> bool {
        let own = self.catalogue.cloud;
        let other = Cloud::ALL.iter().find(|cloud| **cloud != own && cloud.has(name));
        let Some(other) = other.filter(|_| !own.has(name)) else { return false };
        let text = format!(
            "{name} belongs to {}, but most of the import is in {}: the importer ignores it",
            other.name(),
            own.name()
        );
        self.report.add(Topic::NotRead, text, place.into_iter().collect(), None);
        true
    }

    fn missing(&mut self, text: String, places: Vec<Provenance>, get: String) {
        self.report.add(Topic::Missing, text, places, Some(get));
    }

    /// The same for what has no part in DNS.
    fn missing_beside(&mut self, text: String, places: Vec<Provenance>, get: String) {
        self.report.add_beside(Topic::Missing, text, places, Some(get));
    }

    fn scopes(&mut self) -> Vec<ScopeParts> {
        let facts = self.facts;
        let mut scopes: Vec<ScopeParts> = Vec::new();
        for object in facts.of("microsoft.insights/privatelinkscopes") {
            if object.id.has_unknown_name() && object.declared.is_none() {
                continue;
            }
            self.add_scope(&mut scopes, &object.id);
        }
        scopes
    }

    /// A scope, mentioned or only referred to; its place in the list.
    fn add_scope(&mut self, scopes: &mut Vec<ScopeParts>, id: &ResourceId) -> usize {
        if let Some(at) = scopes.iter().position(|scope| scope.id.key() == id.key()) {
            return at;
        }
        let facts = self.facts;
        let label = self.labels.of("scope", id);
        let object = facts.get(id);
        let declared = object.is_some_and(|object| object.declared.is_some());
        let has_modes = object.is_some_and(|object| {
            object.get("queryAccessMode").is_some() && object.get("ingestionAccessMode").is_some()
        });
        // A scope without references replaces the one that an endpoint must connect to; that was reported.
        let is_stand_in = object.is_none();
        if !declared && !is_stand_in {
            let places = object.map_or_else(Vec::new, super::fact::Object::places);
            let get = format!("{} --api-version 2021-07-01-preview", show("resource show", id));
            self.missing(
                format!("scope {label} is referenced but not in the import: the importer assumes that its access modes are Open"),
                places,
                get,
            );
        } else if object.is_some_and(|object| object.get("withoutModes").is_some()) {
            let places = object.map_or_else(Vec::new, super::fact::Object::places);
            let text = format!(
                "scope {label} is deployed by API version 2019-10-17-preview, which has no access modes: ingestion is PrivateOnly and queries are Open, as Azure did before access modes existed"
            );
            self.report.add(Topic::Inferred, text, places, None);
        } else if !has_modes && !is_stand_in {
            let places = object.map_or_else(Vec::new, super::fact::Object::places);
            let text = match object.is_some_and(|object| object.planned) {
                true => format!("scope {label} has no access modes in the import: the importer assumes Open"),
                false => format!(
                    "scope {label} has no access modes in the import, because `az monitor private-link-scope show` does not print them (API version 2019-10-17-preview): the importer assumes Open"
                ),
            };
            self.missing_beside(
                text,
                places,
                format!("{} --api-version 2021-07-01-preview", show("resource show", id)),
            );
        }
        let created = object.and_then(|object| object.text("created")).and_then(|text| text.parse().ok());
        scopes.push(ScopeParts { label, id: id.clone(), resources: Vec::new(), after: Vec::new(), created });
        scopes.len() - 1
    }
}

/// The parts of the estate, ready for events.
struct Parts {
    zones: Zones,
    networks: Networks,
    scopes: Vec<ScopeParts>,
    endpoints: Vec<Endpoint>,
    resources: Resources,
    /// What creates machines whose agents are associated with something.
    machines: Vec<Placed>,
}
