//! Resources of other services, and private endpoints that lead to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Loader;
use super::resource::access;
use crate::compile::ObjectKind;
use crate::compile::refusal::Reason;
use crate::compile::service::of_group;
use crate::dns::OwnerName;
use crate::estate::{EndpointTarget, ResourceSpec, ServiceSpec};
use crate::scenario::error::{choice, shown};
use crate::scenario::node::Node;
use crate::scenario::v1::schema::*;

impl Loader<'_> {
    pub(super) fn service(&mut self, name: &str, schema: &ResourceSchema, node: &Node) -> Option<ResourceSpec> {
        let catalogue = Arc::clone(&self.catalogue);
        let rows: Vec<_> = catalogue.services_of(&schema.kind).collect();
        let Some(first) = rows.first() else {
            let message = format!("`{}` is not a type with private endpoints of its own", shown(&schema.kind));
            let hint = choice(&schema.kind, catalogue.services().iter().map(|row| &*row.kind));
            let hint = hint.unwrap_or_else(|| "write a type such as Microsoft.KeyVault/vaults".to_owned());
            self.fault(node.get("type").range, message, Some(hint));
            return None;
        };
        // Azure compares group ids without case; the catalogue has them as the documentation writes them.
        let group = |text: &str| {
            let row = rows.iter().find(|row| row.is_for(text))?;
            Some(if row.group.is_fixed() { Arc::from(row.group.as_str()) } else { Arc::from(text) })
        };
        let mut groups: Vec<Arc<str>> = Vec::new();
        for (index, text) in schema.group_ids.iter().enumerate() {
            match group(text) {
                Some(own) => groups.push(own),
                None => self.no_group(&schema.kind, text, node.get("groupIds").item(index)),
            }
        }
        if schema.group_ids.is_empty() {
            groups.push(first.group.as_str().into());
        }
        let mut hosts: BTreeMap<Arc<str>, Vec<OwnerName>> = BTreeMap::new();
        for (text, told) in &schema.hosts {
            let own = node.get("hosts").get(text);
            let Some(group) = group(text).filter(|group| groups.contains(group)) else {
                self.no_group(&schema.kind, text, own);
                continue;
            };
            let names = told.iter().enumerate();
            let names: Vec<_> = names.filter_map(|(at, host)| self.owner_name(host, own.item(at).range)).collect();
            hosts.insert(group, names);
        }
        let mut elsewhere = Vec::new();
        for (index, text) in schema.private_endpoints_elsewhere.iter().enumerate() {
            match group(text).filter(|group| groups.contains(group)) {
                Some(own) => elsewhere.push(own),
                None => self.no_group(&schema.kind, text, node.get("privateEndpointsElsewhere").item(index)),
            }
        }
        self.only_secured(schema.perimeter_allows_inbound.is_some(), &[schema.public_network_access], node);
        let spec = ServiceSpec {
            name: name.into(),
            kind: Arc::clone(&first.kind),
            location: schema.location.as_deref().map(super::resource::location),
            groups,
            hosts,
            endpoints_elsewhere: elsewhere,
            public_network_access: access(schema.public_network_access, schema.perimeter_allows_inbound),
        };
        for group in &spec.groups {
            for host in of_group(&catalogue, &spec, group).strangers {
                let message = format!("`{}` is not a host of {} ({group})", shown(&host.to_string()), spec.kind);
                let zones = rows.iter().filter(|row| row.is_for(group)).flat_map(|row| &row.zones);
                let public: Vec<String> = zones.flat_map(|zone| &zone.public).map(ToString::to_string).collect();
                let hint = format!("its hosts end in {}", public.join(" or "));
                self.fault(node.get("hosts").get(group).range, message, Some(hint));
            }
        }
        Some(ResourceSpec::Service(spec))
    }

    fn no_group(&mut self, kind: &str, text: &str, node: &Node) {
        let catalogue = Arc::clone(&self.catalogue);
        let message = format!("`{}` is not a group id of this {}", shown(text), shown(kind));
        let groups: Vec<&str> = catalogue.services_of(kind).map(|row| row.group.as_str()).collect();
        let hint = choice(text, groups.iter().copied())
            .unwrap_or_else(|| format!("it has {}; those in use are in `groupIds`", groups.join(", ")));
        self.fault(node.range, message, Some(hint));
    }

    /// What an endpoint leads to: a scope, or a group id of a resource.
    pub(super) fn endpoint_target(&mut self, schema: &PrivateEndpointSchema, node: &Node) -> Option<EndpointTarget> {
        match (&schema.scope, &schema.resource) {
            (Some(scope), None) => {
                self.refer(ObjectKind::Scope, scope, node.get("scope"));
                if schema.group_id.is_some() {
                    let message = "a private endpoint of a scope has the group id azuremonitor".to_owned();
                    self.fault(node.get("groupId").range, message, Some("remove `groupId`".to_owned()));
                }
                Some(EndpointTarget::Scope(scope.as_str().into()))
            }
            (None, Some(resource)) => self.service_target(resource, schema.group_id.as_deref(), node),
            (Some(_), Some(_)) => {
                let message = "a private endpoint connects to one target".to_owned();
                let hint = "write `scope`, or `resource` with `groupId`".to_owned();
                self.fault(node.get("resource").range, message, Some(hint));
                None
            }
            (None, None) => {
                let message = "a private endpoint connects to a scope or to a resource".to_owned();
                let hint = "write `scope`, or `resource` with `groupId`".to_owned();
                self.fault(node.range, message, Some(hint));
                None
            }
        }
    }

    fn service_target(&mut self, resource: &str, group: Option<&str>, node: &Node) -> Option<EndpointTarget> {
        self.refer(ObjectKind::Resource, resource, node.get("resource"));
        let own = self.state.resources.get(resource).map(|own| own.spec.clone());
        let spec = match own {
            Some(ResourceSpec::Service(spec)) => spec,
            Some(other) => {
                let wanted = "resource with private endpoints of its own";
                let reason = Reason::OtherKind { resource: shown(resource).into(), kind: other.kind(), wanted };
                let hint = "put it into a scope, and connect the endpoint to that".to_owned();
                self.fault(node.get("resource").range, reason.to_string(), Some(hint));
                return None;
            }
            // What does not exist is a fault of its own; in an addition it may come later.
            None => {
                let group = group?.into();
                return Some(EndpointTarget::Service { resource: resource.into(), group });
            }
        };
        let found = match group {
            Some(text) => spec.group(text),
            None => spec.groups.first().filter(|_| spec.groups.len() == 1),
        };
        if found.is_none() {
            let message = match group {
                Some(text) => {
                    Reason::NoSuchGroup { resource: shown(resource).into(), group: shown(text).into() }.to_string()
                }
                None => format!("`{}` has several group ids", shown(resource)),
            };
            let groups: Vec<&str> = spec.groups.iter().map(|group| &**group).collect();
            let own = if group.is_some() { node.get("groupId").range } else { node.get("resource").range };
            self.fault(own, message, Some(format!("write one of {} as `groupId`", groups.join(", "))));
        }
        Some(EndpointTarget::Service { resource: resource.into(), group: Arc::clone(found?) })
    }
}
