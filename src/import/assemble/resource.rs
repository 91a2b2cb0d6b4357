//! Workspaces, components and data collection endpoints: those that were mentioned, those that were planned, and those
//! that only show in the names a private endpoint serves.

use indexmap::IndexMap;

use super::{Builder, Endpoint, ScopeParts};
use crate::catalogue::EndpointKind;
use crate::compile::member;
use crate::dns::OwnerName;
use crate::estate::{
    ComponentSpec, DataCollectionEndpointSpec, DataCollectionRuleSpec, PublicNetworkAccess, ResourceName, ResourceSpec,
    ServiceSpec, WorkspaceSpec,
};
use crate::import::command::{self, show, word};
use crate::import::fact::Object;
use crate::import::id::ResourceId;
use crate::import::report::{Provenance, Topic};

const WORKSPACE: &str = "microsoft.operationalinsights/workspaces";
const COMPONENT: &str = "microsoft.insights/components";
const COLLECTION: &str = "microsoft.insights/datacollectionendpoints";

/// All resources by label, and where they were mentioned.
#[derive(Default)]
pub(super) struct Resources {
    pub(super) all: IndexMap<String, (ResourceSpec, Option<Provenance>)>,
    /// Labels by key of the id.
    labels: IndexMap<String, String>,
}

impl Resources {
    pub(super) fn add(&mut self, id: &ResourceId, label: String, spec: ResourceSpec, places: Vec<Provenance>) {
        self.labels.insert(id.key(), label.clone());
        self.all.insert(label, (spec, places.into_iter().next()));
    }

    /// The label of the resource with that id.
    pub(super) fn label(&self, id: &ResourceId) -> Option<&String> {
        self.labels.get(&id.key())
    }

    /// Keys of ids, each with its label.
    pub(super) fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().map(|(key, label)| (key.as_str(), label.as_str()))
    }
}

impl Builder<'_> {
    pub(super) fn resources(&mut self, scopes: &mut Vec<ScopeParts>, endpoints: &mut [Endpoint]) -> Resources {
        let facts = self.facts;
        let mut resources = Resources::default();
        for kind in [WORKSPACE, COMPONENT, COLLECTION] {
            for object in facts.of(kind).filter(|object| object.declared.is_some()) {
                let label = self.labels.of("resource", &object.id);
                let spec = match kind {
                    WORKSPACE => self.workspace(object, &label),
                    COMPONENT => self.component(object, &label, &resources),
                    _ => self.collection_endpoint(object, &label),
                };
                if let Some(spec) = spec {
                    resources.add(&object.id, label, spec, object.places());
                }
            }
        }
        let unknown = self.scoped(scopes, endpoints, &resources);
        self.inferred(scopes, endpoints, &mut resources, unknown);
        self.rules(&mut resources);
        resources
    }

    fn workspace(&mut self, object: &Object, label: &str) -> Option<ResourceSpec> {
        let customer_id = match object.text("customerId") {
            Some(text) => text.to_owned(),
            None if object.planned => {
                let guid = made_up_guid(&object.id.key());
                let text =
                    format!("workspace {label} has no customerId before it is deployed: the importer uses {guid}");
                self.report.add(Topic::Predicted, text, object.places(), None);
                guid
            }
            None => {
                let guid = made_up_guid(&object.id.key());
                let text = format!(
                    "workspace {label} has no customerId in the import, so its host names are unknown: the importer uses {guid}"
                );
                self.report.add(Topic::Unresolved, text, object.places(), Some(show("resource show", &object.id)));
                guid
            }
        };
        let location = location(object);
        if location.is_none() {
            let text = format!(
                "the region of workspace {label} is unknown: workspaces of unknown regions get their addresses as if they were in one region"
            );
            self.report.add(Topic::Predicted, text, object.places(), Some(show("resource show", &object.id)));
        }
        Some(ResourceSpec::Workspace(WorkspaceSpec {
            name: label.into(),
            customer_id,
            location,
            ingestion: self.access(object, "publicNetworkAccessForIngestion"),
            query: self.access(object, "publicNetworkAccessForQuery"),
        }))
    }

    pub(super) fn access(&mut self, object: &Object, attribute: &str) -> PublicNetworkAccess {
        match object.text(attribute) {
            Some("Disabled") => PublicNetworkAccess::Disabled,
            Some("Unknown") => PublicNetworkAccess::Unknown,
            Some("SecuredByPerimeter") => {
                let text = format!(
                    "the access rules of the network security perimeter of {} are not in the import: the importer assumes that it denies all inbound requests",
                    object.id.name()
                );
                let get = "az network perimeter profile access-rule list".to_owned();
                self.missing_beside(text, object.places(), get);
                PublicNetworkAccess::SecuredByPerimeter { inbound_allowed: false }
            }
            None | Some("Enabled") => PublicNetworkAccess::Enabled,
            Some(other) => {
                let text = format!(
                    "the public network access `{}` of {} is not a value of Azure: whether it takes public requests is unknown",
                    crate::import::fact::shown(&other.into()),
                    object.id.name()
                );
                self.report.add_beside(Topic::NotRead, text, object.place(attribute).into_iter().collect(), None);
                PublicNetworkAccess::Unknown
            }
        }
    }

    /// The label of a regional host of components, such as `westeurope-5`; absent for the global ones.
    fn regional(&mut self, object: &Object, attribute: &str, slot: &str) -> Option<String> {
        let private = self.privatelink_host(object, attribute);
        let public = private.and_then(|name| self.catalogue.public_name(&name)).map(|name| name.to_string());
        let host = public.as_deref().or_else(|| object.text(attribute))?;
        let label = {
            let entry = self
                .catalogue
                .hosts
                .iter()
                .filter(|row| row.leads_to.is_some())
                .map(|row| row.host.as_str().to_owned());
            let own = self.catalogue.endpoints.iter().map(|row| format!("{}.{}", row.record, row.public_zone));
            let mut behind = entry.chain(own).filter_map(|pattern| pattern.strip_prefix(slot).map(str::to_owned));
            behind.find_map(|behind| {
                host.strip_suffix(behind.as_str()).filter(|label| !label.contains('.')).map(str::to_owned)
            })
        };
        match label {
            Some(label) if label == "global" => None,
            Some(label) => Some(label),
            None => {
                let entry = self.catalogue.hosts.iter().filter(|row| row.leads_to.is_some());
                let own = self.catalogue.endpoints.iter().map(|row| format!("{}.{}", row.record, row.public_zone));
                let known = entry.map(|row| row.host.as_str().to_owned()).chain(own).any(|known| known == host);
                if !known {
                    let text = format!("`{host}` is not a known ingestion host: the importer assumes the global host");
                    self.report.add(Topic::NotRead, text, object.place(attribute).into_iter().collect(), None);
                }
                None
            }
        }
    }

    /// The host of an attribute, where it is a `privatelink` name.
    fn privatelink_host(&self, object: &Object, attribute: &str) -> Option<OwnerName> {
        let name = object.text(attribute).and_then(|text| OwnerName::parse(text).ok())?;
        self.catalogue.public_name(&name).map(|_| name)
    }

    fn component(&mut self, object: &Object, label: &str, resources: &Resources) -> Option<ResourceSpec> {
        let location = location(object);
        let mut ingestion = self.regional(object, "ingestionEndpoint", "{ingestion}");
        let mut live = self.regional(object, "liveEndpoint", "{live}");
        if object.get("ingestionEndpoint").is_none() {
            match (object.planned, &location) {
                (true, Some(location)) => {
                    let host = format!("{location}-0");
                    let text = format!(
                        "component {label} has no connection string before it is deployed: the importer assumes the ingestion host {host}, whose number Azure assigns"
                    );
                    self.report.add(Topic::Predicted, text, object.places(), None);
                    (ingestion, live) = (Some(host), Some(location.clone()));
                }
                (true, None) => {
                    let text = format!(
                        "component {label} has no connection string before it is deployed, and its region is unknown: the importer assumes that it sends to the global host"
                    );
                    self.report.add(Topic::Unresolved, text, object.places(), None);
                }
                (false, _) => {
                    let text = format!(
                        "component {label} has no connection string in the import: the importer assumes that it sends to the global host"
                    );
                    self.missing(text, object.places(), show("resource show", &object.id));
                }
            }
        }
        let workspace = object.id_of("workspace").and_then(|id| resources.labels.get(&id.key()).cloned());
        let workspace = workspace.filter(|label| {
            resources.all.get(label).is_some_and(|(spec, _)| matches!(spec, ResourceSpec::Workspace(_)))
        });
        if let (None, Some(id)) = (&workspace, object.id_of("workspace")) {
            let text = format!("the workspace {} of component {label} is not in the import", id.name());
            self.missing_beside(text, object.place("workspace").into_iter().collect(), show("resource show", &id));
        }
        Some(ResourceSpec::Component(ComponentSpec {
            name: label.into(),
            location,
            ingestion_endpoint: ingestion,
            live_endpoint: live,
            ingestion_privatelink_host: self.privatelink_host(object, "ingestionEndpoint"),
            live_privatelink_host: self.privatelink_host(object, "liveEndpoint"),
            workspace: workspace.map(ResourceName::from),
            ingestion: self.access(object, "publicNetworkAccessForIngestion"),
            query: self.access(object, "publicNetworkAccessForQuery"),
        }))
    }

    fn collection_endpoint(&mut self, object: &Object, label: &str) -> Option<ResourceSpec> {
        let location = location(object);
        let host = |attribute: &str| {
            object.text(attribute).and_then(|text| OwnerName::parse(text).ok()).filter(|name| !name.is_root())
        };
        let (mut access, mut logs, mut metrics) =
            (host("configurationAccess"), host("logsIngestion"), host("metricsIngestion"));
        if access.is_none() || logs.is_none() {
            let short: String =
                label.chars().filter(|own| own.is_ascii_alphanumeric() || *own == '-').take(40).collect();
            let zone = self.catalogue.endpoints.iter().find(|row| row.kind == EndpointKind::DataCollectionEndpoint);
            let suffix = zone.map(|row| row.public_zone.to_string()).unwrap_or_default();
            let region = location.as_deref().unwrap_or_default();
            let made = |middle: &str| {
                let name = OwnerName::parse(&format!("{short}-0000.{region}-1.{middle}.{suffix}")).ok();
                name.filter(|_| !region.is_empty())
            };
            (access, logs, metrics) = (made("handler.control"), made("ingest"), made("metrics.ingest"));
            match object.planned {
                _ if region.is_empty() => {}
                true => {
                    let text = format!(
                        "data collection endpoint {label} has no host names before it is deployed: the importer uses {short}-0000.{region}-1"
                    );
                    self.report.add(Topic::Predicted, text, object.places(), None);
                }
                false => {
                    let text = format!(
                        "data collection endpoint {label} has no host names in the import: the importer uses {short}-0000.{region}-1"
                    );
                    let get = show("resource show", &object.id);
                    self.report.add(Topic::Unresolved, text, object.places(), Some(get));
                }
            }
        }
        let (Some(configuration_access), Some(logs_ingestion)) = (access, logs) else {
            let text =
                format!("cannot derive host names for data collection endpoint {label}: the importer ignores it");
            self.report.add(Topic::NotRead, text, object.places(), Some(show("resource show", &object.id)));
            return None;
        };
        let named = [("configurationAccess", Some(&configuration_access)), ("logsIngestion", Some(&logs_ingestion))];
        for (attribute, name) in named.into_iter().chain([("metricsIngestion", metrics.as_ref())]) {
            let Some(name) = name else { continue };
            let place = object.place(attribute);
            if self.is_foreign(name, place.clone()) {
                return None;
            }
            if !self.catalogue.is_data_collection_host(name) {
                let text = format!(
                    "`{name}` is not a host of a data collection endpoint: the importer ignores endpoint {label}"
                );
                let get = show("resource show", &object.id);
                self.report.add(Topic::NotRead, text, place.into_iter().collect(), Some(get));
                return None;
            }
        }
        Some(ResourceSpec::DataCollectionEndpoint(DataCollectionEndpointSpec {
            name: label.into(),
            location,
            configuration_access,
            logs_ingestion,
            metrics_ingestion: metrics,
            public_network_access: self.access(object, "publicNetworkAccess"),
        }))
    }

    /// Puts resources into scopes as scoped resources say; returns those whose resource is unknown, by scope.
    fn scoped(
        &mut self,
        scopes: &mut Vec<ScopeParts>,
        endpoints: &[Endpoint],
        resources: &Resources,
    ) -> Vec<(usize, ResourceId, Vec<Provenance>)> {
        let facts = self.facts;
        let mut unknown = Vec::new();
        for object in facts.of("microsoft.insights/privatelinkscopes/scopedresources") {
            let Some(scope) = object.id.parent() else { continue };
            let Some(id) = object.id_of("resource") else {
                if object.declared.is_some() && object.get("kind").is_none() {
                    let text = format!(
                        "the resource of scoped resource {} is unknown: the importer ignores it",
                        object.id.name()
                    );
                    self.report.add(Topic::NotRead, text, object.places(), None);
                }
                continue;
            };
            let is_told = |id: &ResourceId| facts.get(id).is_some_and(|object| object.declared.is_some());
            if scope.has_unknown_name() && !is_told(&scope) {
                let text =
                    format!("the scope of scoped resource {} is unknown: the importer ignores it", object.id.name());
                self.report.add(Topic::NotRead, text, object.places(), None);
                continue;
            }
            let at = self.add_scope(scopes, &scope);
            let places: Vec<Provenance> = object.place("resource").into_iter().collect();
            match resources.labels.get(&id.key()) {
                Some(label) => {
                    let own = &mut scopes[at];
                    if !own.resources.contains(label) {
                        own.resources.push(label.clone());
                    }
                    let needs = object.get("dependsOn").and_then(serde_json::Value::as_array).into_iter().flatten();
                    for need in needs.filter_map(serde_json::Value::as_str) {
                        let endpoint = endpoints.iter().find(|one| one.id.key() == need.to_ascii_lowercase());
                        own.after.extend(endpoint.map(|one| (label.clone(), one.label.clone())));
                    }
                }
                None => unknown.push((at, id, places)),
            }
        }
        unknown
    }

    /// Resources that only show in the names their private endpoint serves.
    fn inferred(
        &mut self,
        scopes: &mut [ScopeParts],
        endpoints: &[Endpoint],
        resources: &mut Resources,
        mut unknown: Vec<(usize, ResourceId, Vec<Provenance>)>,
    ) {
        for endpoint in endpoints {
            let Some(scope) = scopes.iter().position(|scope| scope.label == endpoint.scope) else { continue };
            let explained = |label: &String| -> Vec<OwnerName> {
                let members =
                    resources.all.get(label).map(|(spec, _)| member::of_resource(&self.catalogue, spec, None));
                members.into_iter().flatten().map(|member| member.public).collect()
            };
            let known: Vec<OwnerName> = scopes[scope].resources.iter().flat_map(explained).collect();
            let base: Vec<OwnerName> =
                member::base(&self.catalogue, None).into_iter().map(|member| member.public).collect();
            let mut rest: Vec<&OwnerName> =
                endpoint.addresses.keys().filter(|name| !known.contains(name) && !base.contains(name)).collect();
            // Resources of the import that are not known to be scoped.
            let labels: Vec<String> =
                resources.all.keys().filter(|label| !scopes[scope].resources.contains(label)).cloned().collect();
            for label in labels {
                let own: Vec<OwnerName> = member::of_resource(&self.catalogue, &resources.all[&label].0, None)
                    .into_iter()
                    .map(|member| member.public)
                    .collect();
                if own.iter().any(|name| rest.contains(&name)) {
                    rest.retain(|name| !own.contains(name));
                    let text = format!(
                        "{label} is in scope {}: private endpoint {} serves its names",
                        endpoint.scope, endpoint.label
                    );
                    let get = Some(scoped_list(&scopes[scope].id));
                    self.report.add(Topic::Inferred, text, endpoint.place.iter().cloned().collect(), get);
                    scopes[scope].resources.push(label);
                }
            }
            let found = self.found_in_names(&rest, endpoint);
            for (spec, names) in found {
                let kind = match spec {
                    ResourceSpec::Workspace(_) => WORKSPACE,
                    ResourceSpec::Component(_) => COMPONENT,
                    ResourceSpec::DataCollectionEndpoint(_) => COLLECTION,
                    ResourceSpec::DataCollectionRule(_) | ResourceSpec::Service(_) => continue,
                };
                // If one resource of that kind is scoped and unknown, and one is seen, they are the same.
                let alike: Vec<usize> = unknown
                    .iter()
                    .enumerate()
                    .filter(|(_, (at, id, _))| *at == scope && id.kind == kind)
                    .map(|(index, _)| index)
                    .collect();
                let label = match alike.as_slice() {
                    [one] => {
                        let (_, id, _) = unknown.remove(*one);
                        let label = self.labels.of("resource", &id);
                        resources.labels.insert(id.key(), label.clone());
                        label
                    }
                    _ => self.labels.new_name("resource", spec.name().as_str()),
                };
                let spec = renamed(spec, &label);
                rest.retain(|name| !names.contains(name));
                let unknown = match spec.location() {
                    Some(_) => "its public network access is unknown",
                    None => "its region and its public network access are unknown",
                };
                let text = format!(
                    "{} {label} is inferred from the names that private endpoint {} serves; {unknown}",
                    spec.kind(),
                    endpoint.label
                );
                self.report.add(
                    Topic::Inferred,
                    text,
                    endpoint.place.iter().cloned().collect(),
                    Some(scoped_list(&scopes[scope].id)),
                );
                scopes[scope].resources.push(label.clone());
                resources.all.insert(label, (spec, endpoint.place.clone()));
            }
            for name in rest {
                let text = format!("private endpoint {} serves {name}, which is not a known name", endpoint.label);
                self.report.add(Topic::NotRead, text, endpoint.place.iter().cloned().collect(), None);
            }
        }
        for (at, id, places) in unknown {
            let text = format!(
                "{} is in scope {}, but the resource is not in the import",
                crate::import::fact::described(&id),
                scopes[at].label
            );
            self.missing(text, places, show("resource show", &id));
        }
    }

    /// What resources names belong to, with the names each explains.
    fn found_in_names(&self, names: &[&OwnerName], endpoint: &Endpoint) -> Vec<(ResourceSpec, Vec<OwnerName>)> {
        let mut by_slot: IndexMap<(u8, String), Vec<(usize, OwnerName)>> = IndexMap::new();
        for name in names {
            for (index, row) in self.catalogue.endpoints.iter().enumerate() {
                let Some(relative) = name.relative_to(&row.public_zone) else { continue };
                let Some(slot) = row.record.slot_in(&relative) else { continue };
                let kind = match row.kind {
                    EndpointKind::Workspace if crate::import::rest::is_guid(slot) => 0,
                    EndpointKind::Regional if !slot.contains('.') => 1,
                    EndpointKind::DataCollectionEndpoint if slot.contains('.') => 2,
                    _ => continue,
                };
                // `dce.ingest` is the end of `dce.metrics.ingest` too: the longer pattern is meant.
                if kind == 2 && row.record.as_str() == "{dce}.ingest" && slot.ends_with(".metrics") {
                    continue;
                }
                by_slot.entry((kind, slot.to_owned())).or_default().push((index, (*name).clone()));
                break;
            }
        }
        let region_of = |label: &str| -> String {
            let own = label.split('.').next_back().unwrap_or(label);
            match own.rsplit_once('-') {
                Some((region, number)) if number.bytes().all(|octet| octet.is_ascii_digit()) => region.to_owned(),
                _ => own.to_owned(),
            }
        };
        let mut lives: Vec<String> = by_slot
            .iter()
            .filter(|((kind, _), rows)| {
                *kind == 1
                    && rows.iter().all(|(row, _)| self.catalogue.endpoints[*row].record.as_str().starts_with("{live}"))
            })
            .map(|((_, slot), _)| slot.clone())
            .collect();
        let mut found = Vec::new();
        for ((kind, slot), rows) in &by_slot {
            let mut names: Vec<OwnerName> = rows.iter().map(|(_, name)| name.clone()).collect();
            let flags = PublicNetworkAccess::Unknown;
            let spec = match kind {
                0 => ResourceSpec::Workspace(WorkspaceSpec {
                    name: format!("workspace-{}", &slot[..8]).into(),
                    customer_id: slot.clone(),
                    location: endpoint.region_of(&names),
                    ingestion: flags,
                    query: flags,
                }),
                1 if lives.contains(slot) => continue,
                1 => {
                    let region = region_of(slot);
                    let live = lives.iter().position(|live| *live == region);
                    if live.is_some() {
                        let of_live = &by_slot[&(1, region.clone())];
                        names.extend(of_live.iter().map(|(_, name)| name.clone()));
                    }
                    ResourceSpec::Component(ComponentSpec {
                        name: format!("component-{slot}").into(),
                        location: Some(region.clone()),
                        ingestion_endpoint: Some(slot.clone()),
                        live_endpoint: Some(region),
                        ingestion_privatelink_host: None,
                        live_privatelink_host: None,
                        workspace: None,
                        ingestion: flags,
                        query: flags,
                    })
                }
                _ => {
                    let host = |start: &str| {
                        let own = rows.iter().find(|(row, _)| {
                            let record = self.catalogue.endpoints[*row].record.as_str();
                            record.strip_prefix("{dce}.").is_some_and(|record| record.starts_with(start))
                        });
                        own.map(|(_, name)| name.clone())
                    };
                    let (Some(access), Some(logs)) = (host("handler"), host("ingest")) else { continue };
                    ResourceSpec::DataCollectionEndpoint(DataCollectionEndpointSpec {
                        name: slot.split('.').next().unwrap_or(slot).into(),
                        location: Some(region_of(slot)),
                        configuration_access: access,
                        logs_ingestion: logs,
                        metrics_ingestion: host("metrics"),
                        public_network_access: flags,
                    })
                }
            };
            found.push((spec, names));
        }
        lives.clear();
        found
    }
}

fn scoped_list(scope: &ResourceId) -> String {
    format!(
        "az monitor private-link-scope scoped-resource list -g {} --scope-name {}",
        command::group(&scope.group),
        word(scope.name())
    )
}

fn renamed(spec: ResourceSpec, label: &str) -> ResourceSpec {
    let name = ResourceName::from(label);
    match spec {
        ResourceSpec::Workspace(one) => ResourceSpec::Workspace(WorkspaceSpec { name, ..one }),
        ResourceSpec::Component(one) => ResourceSpec::Component(ComponentSpec { name, ..one }),
        ResourceSpec::DataCollectionEndpoint(one) => {
            ResourceSpec::DataCollectionEndpoint(DataCollectionEndpointSpec { name, ..one })
        }
        ResourceSpec::DataCollectionRule(one) => {
            ResourceSpec::DataCollectionRule(DataCollectionRuleSpec { name, ..one })
        }
        ResourceSpec::Service(one) => ResourceSpec::Service(ServiceSpec { name, ..one }),
    }
}

/// The region of a resource; absent if nothing says it.
pub(super) fn location(object: &Object) -> Option<String> {
    let known = object.text("location").filter(|text| !text.is_empty() && !text.contains(char::is_whitespace));
    known.map(str::to_owned)
}

/// A GUID that represents one Azure has not given yet: the same for the same resource.
fn made_up_guid(of: &str) -> String {
    // FNV-1a, twice with different starts.
    let hash =
        |start: u64| of.bytes().fold(start, |hash, octet| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3));
    let (one, other) = (hash(0xcbf2_9ce4_8422_2325), hash(0x9e37_79b9_7f4a_7c15));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        one >> 32,
        (one >> 16) & 0xffff,
        one & 0xfff,
        (other >> 48) & 0xfff,
        other & 0xffff_ffff_ffff
    )
}
