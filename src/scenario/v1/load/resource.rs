//! Workspaces, components and data collection endpoints.

use std::collections::HashSet;

use super::{EventSite, Loader};
use crate::catalogue::Catalogue;
use crate::compile::ObjectKind;
use crate::compile::refusal::Reason;
use crate::dns::OwnerName;
use crate::estate::{
    ComponentSpec, DataCollectionEndpointSpec, Event, PublicNetworkAccess, ResourceSpec, ServiceSpec, WorkspaceSpec,
};
use crate::scenario::error::shown;
use crate::scenario::node::{Node, Range};
use crate::scenario::v1::schema::*;

impl Loader<'_> {
    pub(super) fn workspace(&mut self, name: &str, schema: &WorkspaceSchema, node: &Node) -> ResourceSpec {
        let customer_id = schema.customer_id.to_ascii_lowercase();
        if !is_guid(&customer_id) {
            let message = format!("`{}` is not a GUID", shown(&schema.customer_id));
            let hint = "write the workspace's customerId, such as 11111111-1111-4111-8111-111111111111".to_owned();
            self.fault(node.get("customerId").range, message, Some(hint));
        }
        let inbound = schema.perimeter_allows_inbound;
        self.only_secured(inbound.is_some(), &[schema.ingestion, schema.query], node);
        ResourceSpec::Workspace(WorkspaceSpec {
            name: name.into(),
            customer_id,
            location: schema.location.as_deref().map(location),
            ingestion: access(schema.ingestion, for_ingestion(inbound)),
            query: access(schema.query, for_query(inbound)),
        })
    }

    pub(super) fn component(&mut self, name: &str, schema: &ComponentSchema, node: &Node) -> ResourceSpec {
        if let Some(workspace) = &schema.workspace {
            self.refer(ObjectKind::Resource, workspace, node.get("workspace"));
            let other = self.state.resources.get(workspace.as_str()).map(|one| &one.spec);
            if let Some(other) = other.filter(|spec| !matches!(spec, ResourceSpec::Workspace(_))) {
                let reason = Reason::NotAWorkspace { resource: shown(workspace).into(), kind: other.kind() };
                self.fault(node.get("workspace").range, reason.to_string(), None);
            }
        }
        let from_string = node.get("connectionString").range;
        let part = |wanted: &str| {
            let parts = schema.connection_string.as_deref()?.split(';').filter_map(|part| part.split_once('='));
            parts.map(|(key, value)| (key.trim(), value.trim())).find(|(key, _)| *key == wanted).map(|(_, value)| value)
        };
        if schema.connection_string.is_some()
            && part("InstrumentationKey").is_none()
            && part("IngestionEndpoint").is_none()
        {
            let hint =
                "it looks like InstrumentationKey=…;IngestionEndpoint=https://…;LiveEndpoint=https://…".to_owned();
            self.fault(from_string, "this is not a connection string".to_owned(), Some(hint));
        }
        let given = |own: Option<&str>, key: &str, wanted: &str| match own {
            Some(text) => Some((text.to_owned(), node.get(key).range)),
            None => part(wanted).map(|text| (text.to_owned(), from_string)),
        };
        let told_twice = [
            ("ingestionEndpoint", schema.ingestion_endpoint.as_deref(), part("IngestionEndpoint")),
            ("liveEndpoint", schema.live_endpoint.as_deref(), part("LiveEndpoint")),
        ];
        for (key, own, from) in told_twice {
            let (Some(own), Some(from)) = (own, from) else { continue };
            let label = |text: &str| host(text).split('.').next().unwrap_or_default().to_ascii_lowercase();
            if label(own) != label(from) {
                let message = format!("`{key}` contradicts `connectionString`, which has `{}`", shown(from));
                self.fault(node.get(key).range, message, Some(format!("remove `{key}`, or correct it")));
            }
        }
        let (mut private_ingestion, mut private_live) = (None, None);
        let ingestion = given(schema.ingestion_endpoint.as_deref(), "ingestionEndpoint", "IngestionEndpoint")
            .and_then(|(text, range)| self.stamp(&text, range, &mut private_ingestion));
        let live = match given(schema.live_endpoint.as_deref(), "liveEndpoint", "LiveEndpoint") {
            Some((text, range)) => self.stamp(&text, range, &mut private_live),
            None => ingestion.as_deref().map(|label| region(label).to_owned()),
        };
        let inbound = schema.perimeter_allows_inbound;
        self.only_secured(inbound.is_some(), &[schema.ingestion, schema.query], node);
        ResourceSpec::Component(ComponentSpec {
            name: name.into(),
            location: schema.location.as_deref().map(location),
            ingestion_endpoint: ingestion,
            live_endpoint: live,
            ingestion_privatelink_host: private_ingestion,
            live_privatelink_host: private_live,
            workspace: schema.workspace.as_deref().map(Into::into),
            ingestion: access(schema.ingestion, for_ingestion(inbound)),
            query: access(schema.query, for_query(inbound)),
        })
    }

    /// The first label of a regional host, given as such or as host or address; absent for the global hosts. A host that is
    /// given by its `privatelink` name goes to `private` too.
    fn stamp(&mut self, text: &str, range: Range, private: &mut Option<OwnerName>) -> Option<String> {
        if text == "global" {
            return None;
        }
        let host = host(text);
        let name = self.owner_name(host, range)?;
        if name.label_count() == 1 {
            return Some(name.to_string());
        }
        let public = self.catalogue.public_name(&name);
        if public.is_some() {
            *private = Some(name.clone());
        }
        let name = public.unwrap_or(name);
        let host = name.to_string();
        if self.hosts.global.contains(&host) {
            return None;
        }
        for behind in &self.hosts.regional {
            match host.strip_suffix(behind.as_str()) {
                Some("global") => return None,
                // The region is one label.
                Some(label) if !label.contains('.') => return Some(label.to_owned()),
                _ => {}
            }
        }
        if self.is_foreign(&name, range) {
            return None;
        }
        let message = format!("`{}` is not a host that components send to", shown(&host));
        let hint = "write the host from the connection string, only its first label such as westeurope-5, or `global`";
        self.fault(range, message, Some(hint.to_owned()));
        None
    }

    pub(super) fn data_collection_endpoint(
        &mut self,
        name: &str,
        schema: &DataCollectionEndpointSchema,
        node: &Node,
    ) -> ResourceSpec {
        let mut read = |key: &str, schema: &AddressSchema| {
            let range = node.get(key).get("endpoint").range;
            let name = self.owner_name(host(schema.text()), range);
            if let Some(name) = &name
                && !self.is_foreign(name, range)
                && !self.catalogue.is_data_collection_host(name)
            {
                let message = format!("`{}` is not a host of a data collection endpoint", shown(&name.to_string()));
                let hint =
                    "copy it from the JSON of the endpoint, such as dce-ab12.westeurope-1.ingest.monitor.azure.com";
                self.fault(range, message, Some(hint.to_owned()));
            }
            name.unwrap_or_else(OwnerName::root)
        };
        let configuration_access = read("configurationAccess", &schema.configuration_access);
        let logs_ingestion = read("logsIngestion", &schema.logs_ingestion);
        let metrics_ingestion = schema.metrics_ingestion.as_ref().map(|schema| read("metricsIngestion", schema));
        self.only_secured(schema.perimeter_allows_inbound.is_some(), &[schema.public_network_access], node);
        ResourceSpec::DataCollectionEndpoint(DataCollectionEndpointSpec {
            name: name.into(),
            location: schema.location.as_deref().map(location),
            configuration_access,
            logs_ingestion,
            metrics_ingestion,
            public_network_access: access(schema.public_network_access, schema.perimeter_allows_inbound),
        })
    }

    /// Inbound rules of a perimeter say nothing about a resource that no perimeter secures.
    pub(super) fn only_secured(&mut self, has_rules: bool, access: &[Option<AccessSchema>], node: &Node) {
        if has_rules && !access.iter().any(|own| matches!(own, Some(AccessSchema::SecuredByPerimeter))) {
            let message = "`perimeterAllowsInbound` has no effect without SecuredByPerimeter".to_owned();
            let hint = "set public network access to SecuredByPerimeter, or remove it".to_owned();
            self.fault(node.get("perimeterAllowsInbound").range, message, Some(hint));
        }
    }

    /// True if an endpoint's name in the catalogue has the form of this host.
    pub(super) fn create_resource(&mut self, spec: ResourceSpec, name: Range, site: EventSite) {
        self.new_name(ObjectKind::Resource, spec.name().as_str(), name);
        self.push(site, Event::PutResource(spec));
    }

    pub(super) fn update_resource(&mut self, spec: ResourceSpec, node: &Node, site: EventSite) {
        let name = spec.name().to_string();
        self.refer(ObjectKind::Resource, &name, node.get("name"));
        let before = self.state.resources.get(name.as_str()).map(|one| one.spec.kind());
        if let Some(kind) = before.filter(|kind| *kind != spec.kind()) {
            let reason = Reason::OtherKind { resource: shown(&name).into(), kind, wanted: spec.kind() };
            self.fault(node.get("name").range, reason.to_string(), None);
        }
        self.push(site, Event::PutResource(spec));
    }

    pub(super) fn set_public_network_access(&mut self, schema: &SetAccessSchema, node: &Node, site: EventSite) {
        self.refer(ObjectKind::Resource, &schema.resource, node.get("resource"));
        let spec = self.state.resources.get(schema.resource.as_str()).map(|one| one.spec.clone());
        let Some(mut spec) = spec else { return };
        let inbound = schema.perimeter_allows_inbound;
        self.only_secured(inbound.is_some(), &[schema.ingestion, schema.query], node);
        let set = |flag: &mut PublicNetworkAccess, to: Option<AccessSchema>, inbound: Option<bool>| {
            if to.is_some() {
                *flag = access(to, inbound);
            }
        };
        match &mut spec {
            ResourceSpec::Workspace(WorkspaceSpec { ingestion, query, .. })
            | ResourceSpec::Component(ComponentSpec { ingestion, query, .. }) => {
                set(ingestion, schema.ingestion, for_ingestion(inbound));
                set(query, schema.query, for_query(inbound));
            }
            ResourceSpec::Service(ServiceSpec { public_network_access: flag, .. })
            | ResourceSpec::DataCollectionEndpoint(DataCollectionEndpointSpec {
                public_network_access: flag, ..
            }) => {
                if schema.query.is_some() {
                    let message = "this type of resource has one flag for all requests".to_owned();
                    self.fault(node.get("query").range, message, Some("write `ingestion` alone".to_owned()));
                }
                set(flag, schema.ingestion, for_ingestion(inbound));
            }
            ResourceSpec::DataCollectionRule(_) => {
                let message = "a data collection rule has no flag for public network access".to_owned();
                self.fault(
                    node.get("resource").range,
                    message,
                    Some("set it on its data collection endpoint".to_owned()),
                );
            }
        }
        self.push(site, Event::PutResource(spec));
    }

    pub(super) fn delete_resource(&mut self, name: &str, node: &Node, site: EventSite) {
        self.refer(ObjectKind::Resource, name, node);
        self.push(site, Event::DeleteResource { resource: name.into() });
    }
}

/// Hosts that components send to.
pub(super) struct Hosts {
    /// What is after the region in the hosts that have one.
    regional: Vec<String>,
    /// Those that have none.
    global: HashSet<String>,
}

impl Hosts {
    pub(super) fn of(catalogue: &Catalogue) -> Self {
        let entry = catalogue.hosts.iter().filter(|row| row.leads_to.is_some()).map(|row| row.host.as_str().to_owned());
        let own = catalogue.endpoints.iter().map(|row| format!("{}.{}", row.record, row.public_zone));
        let mut hosts = Self { regional: Vec::new(), global: HashSet::new() };
        for host in entry.chain(own) {
            match ["{ingestion}", "{live}"].iter().find_map(|slot| host.strip_prefix(slot)) {
                Some(behind) => hosts.regional.push(behind.to_owned()),
                None => {
                    hosts.global.insert(host);
                }
            }
        }
        hosts
    }
}

/// A region as Azure compares it: `West US 2` is `westus2`.
pub(super) fn location(text: &str) -> String {
    text.chars().filter(|one| !one.is_whitespace()).map(|one| one.to_ascii_lowercase()).collect()
}

pub(super) fn access(schema: Option<AccessSchema>, inbound: Option<bool>) -> PublicNetworkAccess {
    match schema {
        Some(AccessSchema::Disabled) => PublicNetworkAccess::Disabled,
        Some(AccessSchema::Unknown) => PublicNetworkAccess::Unknown,
        Some(AccessSchema::SecuredByPerimeter) => {
            PublicNetworkAccess::SecuredByPerimeter { inbound_allowed: inbound.unwrap_or(false) }
        }
        Some(AccessSchema::Enabled) | None => PublicNetworkAccess::Enabled,
    }
}

fn for_ingestion(schema: Option<PerimeterSchema>) -> Option<bool> {
    schema.map(|schema| match schema {
        PerimeterSchema::Both(both) => both,
        PerimeterSchema::Each(each) => each.ingestion,
    })
}

fn for_query(schema: Option<PerimeterSchema>) -> Option<bool> {
    schema.map(|schema| match schema {
        PerimeterSchema::Both(both) => both,
        PerimeterSchema::Each(each) => each.query,
    })
}

fn is_guid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|octet| octet.is_ascii_hexdigit()))
}

/// The host of an address such as `https://host/path`, or the host itself.
pub(super) fn host(text: &str) -> &str {
    let behind = text.split_once("://").map_or(text, |(_, behind)| behind);
    let end = behind.find(['/', ':']).unwrap_or(behind.len());
    behind[..end].trim()
}

/// The region of a label such as `westeurope-5`.
pub(in crate::scenario) fn region(label: &str) -> &str {
    match label.rsplit_once('-') {
        Some((region, number)) if !region.is_empty() && number.bytes().all(|octet| octet.is_ascii_digit()) => region,
        _ => label,
    }
}
