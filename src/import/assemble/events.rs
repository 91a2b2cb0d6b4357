//! The history: declarations, then steps. Zones and scopes come first, each private endpoint is a step of its own, and
//! what nothing in the import writes or deletes is done by hand at the end.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::endpoint::Endpoint;
use super::grown::Grown;
use super::owner::Subscriptions;
use super::timeline::Played;
use super::zone::{Zone, Zones};
use super::{Builder, Parts, Placed, ScopeParts};
use crate::compile::refusal::Refusal;
use crate::compile::{State, Writer};
use crate::dns::RecordType;
use crate::estate::{
    AccessMode, AccessModeSettings, EndpointName, Event, Exclusion, ResourceSpec, ScopeSpec, Unresolved,
};
use crate::import::command::{self, word};
use crate::import::report::{Provenance, Topic};
use crate::scenario::Scenario;

/// The most names one remark lists.
const MAX_NAMES: usize = 40;

impl Builder<'_> {
    pub(super) fn events(&mut self, mut parts: Parts) -> (Scenario, Vec<Refusal>) {
        self.links(&mut parts.zones, &mut parts.networks, &parts.endpoints);
        let played =
            self.play(&parts.networks, &mut parts.scopes, &mut parts.endpoints, &parts.resources, &parts.zones);
        let kind = |spec: &ResourceSpec| match spec {
            ResourceSpec::Workspace(_) => 0,
            ResourceSpec::Component(_) => 1,
            ResourceSpec::DataCollectionEndpoint(_) => 2,
            ResourceSpec::DataCollectionRule(_) => 3,
            ResourceSpec::Service(_) => 4,
        };
        let mut all: Vec<_> = parts.resources.all.values().cloned().collect();
        all.sort_by_key(|(spec, _)| kind(spec));
        let mut declarations = parts.networks.events();
        declarations.extend(all.into_iter().map(|(spec, place)| (Event::PutResource(spec), place)));
        declarations.extend(self.services.resource_events());
        declarations.extend(parts.networks.group_events());
        declarations.append(&mut parts.machines);
        let subscriptions = self.subscriptions(&parts);
        declarations.extend(subscriptions.declarations());
        let mut grown = Grown::declared(&self.catalogue, declarations);

        grown.step("zones", "The private zones and their links.", parts.zones.events());
        let scopes = self.scope_events(&parts, &played, &subscriptions);
        grown.step("scopes", "The scopes, without private endpoints yet.", scopes);
        let mut names: HashSet<String> =
            ["zones", "scopes", "services", "scoped-later", "exclusions", "by-hand", "unknown"]
                .map(str::to_owned)
                .into();
        for (position, index) in played.order.iter().enumerate() {
            let endpoint = &parts.endpoints[*index];
            let mut events = scoped(&endpoint.scope, &played.before[position], endpoint.place.clone());
            events.push((Event::CreatePrivateEndpoint(endpoint.spec()), endpoint.place.clone()));
            let mut name = format!("endpoint-{}", endpoint.label);
            while !names.insert(name.clone()) {
                name.push('-');
            }
            let about = format!("Private endpoint {} gets its addresses and writes its record sets.", endpoint.label);
            grown.step(&name, &about, events);
        }
        let about = "The private endpoints of other services, and the record sets they write.";
        grown.step("services", about, self.services.endpoint_events());
        let connected: HashSet<&str> = parts.endpoints.iter().map(|endpoint| endpoint.scope.as_str()).collect();
        let has_endpoints = |at: usize| connected.contains(parts.scopes[at].label.as_str());
        let mut later: Vec<Placed> = Vec::new();
        for (at, label) in played.after.iter().filter(|(at, _)| has_endpoints(*at)) {
            let place = parts.resources.all.get(label).and_then(|(_, place)| place.clone());
            later.extend(scoped(&parts.scopes[*at].label, std::slice::from_ref(label), place));
        }
        let about = "Resources added to the scope after its private endpoint was created.";
        grown.step("scoped-later", about, later);
        let exclusions = self.exclusions(&parts);
        grown.step("exclusions", "Access modes for single private endpoint connections.", exclusions);
        let by_hand = self.by_hand(&parts, &played, grown.state());
        let about = "Manual changes of record sets. Nothing in the import writes or deletes them.";
        grown.step("by-hand", about, by_hand);
        let unknown = self.unknown(&parts.zones, grown.state());
        grown.step("unknown", "Zones and endpoints whose record sets are not all in the import.", unknown);
        let (history, refusals) = grown.finish();

        let mut scenario = Scenario::of(history);
        let files: Vec<&str> = self.report.files.iter().map(|file| &*file.file).collect();
        scenario.title = "Imported estate".into();
        scenario.about =
            "Imported from exported files. The importer inferred the order of events from addresses and record values."
                .into();
        scenario.source = match files.len() {
            0..=8 => files.join(", "),
            more => format!("{} and {} more files", files[..8].join(", "), more - 8),
        }
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect::<String>()
        .trim()
        .into();
        (scenario, refusals)
    }

    /// Endpoints of which the scope or the network is unknown, and zones that have more record sets than are known.
    fn unknown(&mut self, zones: &Zones, state: &State) -> Vec<Placed> {
        let endpoints = std::mem::take(&mut self.unresolved).into_iter();
        let mut events: Vec<Placed> =
            endpoints.map(|(endpoint, place)| (Event::CreateUnresolvedEndpoint(endpoint), place)).collect();
        let contents = |zone: &Zone| {
            let unresolved = Unresolved { id: format!("the list of record sets of {}", zone.id).into() };
            (Event::SetZoneContents { zone: zone.id.clone(), unresolved: Some(unresolved) }, zone.place.clone())
        };
        // That their contents are missing was reported.
        let is_open = |zone: &&Zone| zone.partial || zone.referred && !zone.whole && zone.said.is_none();
        events.extend(zones.all.values().filter(is_open).map(contents));
        for zone in zones.all.values() {
            let said = zone.said.filter(|_| !zone.partial);
            let (Some(said), Some(linked)) = (said, state.zones.get(&zone.id)) else { continue };
            let known = linked.zone.len() as u64;
            if said > known {
                let text = format!(
                    "{} reports {said} record sets, but the import has only {known} of them: all other names in the zone are unknown",
                    zone.id.apex
                );
                let group = self.facts.group(&zone.resource.group).to_owned();
                let get = format!(
                    "az network private-dns record-set list -g {} -z {}",
                    command::group(&group),
                    word(&zone.id.apex)
                );
                self.missing(text, zone.place.iter().cloned().collect(), get);
                events.push(contents(zone));
            }
        }
        events
    }

    fn scope_events(&mut self, parts: &Parts, played: &Played, subscriptions: &Subscriptions) -> Vec<Placed> {
        let mut events: Vec<Placed> = Vec::new();
        for (at, scope) in parts.scopes.iter().enumerate() {
            let place = self.facts.get(&scope.id).and_then(|object| object.place("queryAccessMode"));
            let access = self.modes(scope);
            let legacy = scope.created.is_some_and(|date| date < self.catalogue.rules.access_modes_since);
            let spec = ScopeSpec {
                name: scope.label.as_str().into(),
                access: access.clone(),
                // Those it has now were set since.
                lacks_modes: legacy || self.lacks_modes(scope),
                created: scope.created,
            };
            events.push((Event::CreatePrivateLinkScope(spec), place.clone()));
            events.extend(subscriptions.of_scope(&scope.label).map(|event| (event, place.clone())));
            if legacy && access != AccessModeSettings::default() {
                // Modes that are not the ones it was born with were set since.
                events.push((Event::SetAccessModes { scope: scope.label.as_str().into(), access }, place));
            }
            if !parts.endpoints.iter().any(|endpoint| endpoint.scope == scope.label) {
                for (_, label) in played.after.iter().filter(|(own, _)| *own == at) {
                    let place = parts.resources.all.get(label).and_then(|(_, place)| place.clone());
                    events.extend(scoped(&scope.label, std::slice::from_ref(label), place));
                }
            }
        }
        events
    }

    /// True if the import has the scope and not both of its modes. What the import only refers to is reported as missing.
    fn lacks_modes(&self, scope: &ScopeParts) -> bool {
        let object = self.facts.get(&scope.id).filter(|object| object.declared.is_some());
        let modes = ["ingestionAccessMode", "queryAccessMode"];
        object.is_some_and(|object| modes.iter().any(|attribute| object.text(attribute).is_none()))
    }

    fn modes(&self, scope: &ScopeParts) -> AccessModeSettings {
        let object = self.facts.get(&scope.id);
        let mode = |attribute: &str| mode(object.and_then(|object| object.text(attribute)));
        AccessModeSettings {
            ingestion: mode("ingestionAccessMode"),
            query: mode("queryAccessMode"),
            exclusions: Vec::new(),
        }
    }

    fn exclusions(&mut self, parts: &Parts) -> Vec<Placed> {
        let facts = self.facts;
        let mut events = Vec::new();
        for scope in &parts.scopes {
            let mut access = self.modes(scope);
            let mut place = None;
            for object in facts.children(&scope.id, "privateendpointconnections") {
                let said = ["excluded ingestionAccessMode", "excluded queryAccessMode"];
                if said.iter().all(|attribute| object.get(attribute).is_none()) {
                    continue;
                }
                let endpoint = object.id_of("endpoint").map(|id| id.key());
                let endpoint =
                    parts.endpoints.iter().find(|one| Some(one.id.key()) == endpoint && one.scope == scope.label);
                match endpoint {
                    Some(endpoint) => {
                        place = place.or_else(|| object.place(said[0]));
                        access.exclusions.push(Exclusion {
                            endpoint: EndpointName::from(endpoint.label.as_str()),
                            ingestion: mode(object.text(said[0])),
                            query: mode(object.text(said[1])),
                        });
                    }
                    None => {
                        let text = format!(
                            "scope {} excludes connection {}, whose private endpoint is not in the import",
                            scope.label,
                            object.id.name()
                        );
                        let get = "az network private-endpoint list".to_owned();
                        self.missing_beside(text, object.place(said[0]).into_iter().collect(), get);
                    }
                }
            }
            if !access.exclusions.is_empty() {
                events.push((Event::SetAccessModes { scope: scope.label.as_str().into(), access }, place));
            }
        }
        events
    }

    /// Record sets in zones that no endpoint writes, and record sets of endpoints that the zones do not have.
    fn by_hand(&mut self, parts: &Parts, played: &Played, now: &State) -> Vec<Placed> {
        let mut events = Vec::new();
        let written = played.by_zone();
        for zone in parts.zones.all.values() {
            let mut gone: IndexMap<usize, Vec<String>> = IndexMap::new();
            let short = |owner: &crate::dns::OwnerName| owner.relative_to(&zone.id.apex).unwrap_or_default();
            for (owner, writer) in written.get(&zone.id).into_iter().flatten() {
                let found = zone.sets.contains_key(&((*owner).clone(), RecordType::A));
                if zone.whole && !found {
                    gone.entry(*writer).or_default().push(short(owner));
                    let event =
                        Event::DeleteRecordSet { zone: zone.id.clone(), owner: (*owner).clone(), kind: RecordType::A };
                    events.push((event, zone.place.clone()));
                }
            }
            let mut kept: IndexMap<usize, usize> = IndexMap::new();
            let mut made: IndexMap<Option<String>, Vec<String>> = IndexMap::new();
            let mut over: IndexMap<usize, Vec<String>> = IndexMap::new();
            let is_of_service = |owner: &crate::dns::OwnerName, found: &crate::dns::RecordSet| {
                let owned = now.zones.get(&zone.id).and_then(|linked| linked.zone.get(owner, found.kind()));
                owned.is_some_and(|owned| {
                    let writer = matches!(&owned.writer, Writer::Endpoint { target, .. } if target.service().is_some());
                    writer && owned.set.ip_addresses().eq(found.ip_addresses())
                })
            };
            for ((owner, kind), found) in &zone.sets {
                if matches!(*kind, RecordType::A | RecordType::AAAA) && is_of_service(owner, &found.set) {
                    continue;
                }
                let written = played.written.get(&(zone.id.clone(), owner.clone())).filter(|_| *kind == RecordType::A);
                match written {
                    Some((address, writer))
                        if found.address() == Some(*address) && found.set.ttl() == self.catalogue.rules.private_ttl =>
                    {
                        *kept.entry(*writer).or_default() += 1;
                        continue;
                    }
                    Some((_, writer)) => over.entry(*writer).or_default().push(short(owner)),
                    None => {}
                }
                if written.is_none() || found.creator.is_some() {
                    made.entry(found.creator.clone()).or_default().push(short(owner));
                }
                let event = Event::PutRecordSet { zone: zone.id.clone(), set: found.set.clone() };
                events.push((event, found.place.clone()));
            }
            self.tell_by_hand(zone, &parts.endpoints, gone, kept, made, over);
        }
        events
    }

    fn tell_by_hand(
        &mut self,
        zone: &Zone,
        endpoints: &[Endpoint],
        gone: IndexMap<usize, Vec<String>>,
        kept: IndexMap<usize, usize>,
        made: IndexMap<Option<String>, Vec<String>>,
        over: IndexMap<usize, Vec<String>>,
    ) {
        let places: Vec<Provenance> = zone.place.iter().cloned().collect();
        let apex = &zone.id.apex;
        for (writer, count) in kept {
            let (sets, matches) = if count == 1 { ("record set", "matches") } else { ("record sets", "match") };
            let text = format!("{count} {sets} of {apex} {matches} what {} writes", endpoints[writer].label);
            self.report.add(Topic::Order, text, places.clone(), None);
        }
        for (writer, names) in gone {
            let text = format!(
                "{} writes {} to {apex}, but the zone does not have them: the importer assumes that they were deleted later",
                endpoints[writer].label,
                listed(&names)
            );
            self.report.add(Topic::ByHand, text, places.clone(), None);
        }
        for (writer, names) in over {
            let text = format!(
                "{} in {apex} have other values than {} writes: the importer assumes that they were changed later",
                listed(&names),
                endpoints[writer].label
            );
            self.report.add(Topic::ByHand, text, places.clone(), None);
        }
        for (creator, names) in made {
            match creator {
                Some(creator) => {
                    let known = endpoints.iter().any(|one| one.id.name().eq_ignore_ascii_case(&creator));
                    let why = if known { "which now writes other record sets" } else { "which is not in the import" };
                    let text = format!(
                        "the metadata of {} in {apex} names the private endpoint {creator}, {why}",
                        listed(&names)
                    );
                    let get = (!known).then(|| {
                        format!("az network private-endpoint list --query {}", word(format!("[?name=='{creator}']")))
                    });
                    self.report.add(Topic::ByHand, text, places.clone(), get);
                }
                None => {
                    let text = format!(
                        "nothing in the import writes {} of {apex}: the importer assumes that they were written by hand",
                        listed(&names)
                    );
                    self.report.add(Topic::ByHand, text, places.clone(), None);
                }
            }
        }
    }
}

fn listed(names: &[String]) -> String {
    let mut text = names.iter().take(MAX_NAMES).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > MAX_NAMES {
        text.push_str(&format!(" and {} more", names.len() - MAX_NAMES));
    }
    text
}

fn mode(text: Option<&str>) -> AccessMode {
    match text {
        Some("PrivateOnly") => AccessMode::PrivateOnly,
        _ => AccessMode::Open,
    }
}

fn scoped(scope: &str, labels: &[String], place: Option<Provenance>) -> Vec<Placed> {
    let one = |label: &String| Event::AddScopedResource { scope: scope.into(), resource: label.as_str().into() };
    labels.iter().map(|label| (one(label), place.clone())).collect()
}
