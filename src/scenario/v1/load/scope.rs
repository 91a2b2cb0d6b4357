//! Scopes, what is in them, and the private endpoints that lead to them.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{EventSite, Loader};
use crate::compile::ObjectKind;
use crate::compile::address::usable;
use crate::compile::refusal::Reason;
use crate::estate::{
    AccessMode, AccessModeSettings, ApprovalState, Event, Exclusion, IpVersion, PrivateEndpointSpec, ScopeSpec,
    StaticAddress, Unresolved, UnresolvedEndpoint,
};
use crate::scenario::error::{choice, shown};
use crate::scenario::node::Node;
use crate::scenario::v1::schema::*;

impl Loader<'_> {
    pub(super) fn create_scope(&mut self, schema: &ScopeSchema, node: &Node, site: EventSite) {
        self.new_name(ObjectKind::Scope, &schema.name, node.get("name").range);
        let access = self.modes(schema.ingestion_access_mode, schema.query_access_mode, &schema.exclusions, node);
        let created = self.date(schema.created.as_deref(), node.get("created"));
        let lacks_modes = schema.ingestion_access_mode.is_none() || schema.query_access_mode.is_none();
        let spec = ScopeSpec { name: schema.name.as_str().into(), access, lacks_modes, created };
        self.push(site, Event::CreatePrivateLinkScope(spec));
    }

    pub(super) fn set_access_modes(&mut self, schema: &SetAccessModesSchema, node: &Node, site: EventSite) {
        self.refer(ObjectKind::Scope, &schema.scope, node.get("scope"));
        let access = self.modes(schema.ingestion_access_mode, schema.query_access_mode, &schema.exclusions, node);
        self.push(site, Event::SetAccessModes { scope: schema.scope.as_str().into(), access });
    }

    fn modes(
        &mut self,
        ingestion: Option<ModeSchema>,
        query: Option<ModeSchema>,
        exclusions: &[ExclusionSchema],
        node: &Node,
    ) -> AccessModeSettings {
        let mut poured = Vec::new();
        for (index, own) in exclusions.iter().enumerate() {
            let place = node.get("exclusions").item(index).get("privateEndpointConnectionName");
            self.refer(ObjectKind::PrivateEndpoint, &own.private_endpoint_connection_name, place);
            poured.push(Exclusion {
                endpoint: own.private_endpoint_connection_name.as_str().into(),
                ingestion: mode(Some(own.ingestion_access_mode)),
                query: mode(Some(own.query_access_mode)),
            });
        }
        AccessModeSettings { ingestion: mode(ingestion), query: mode(query), exclusions: poured }
    }

    pub(super) fn delete_scope(&mut self, name: &str, node: &Node, site: EventSite) {
        self.refer(ObjectKind::Scope, name, node);
        self.push(site, Event::DeletePrivateLinkScope { scope: name.into() });
    }

    pub(super) fn add_scoped_resources(&mut self, schema: &ScopedResourceSchema, node: &Node, site: EventSite) {
        self.refer(ObjectKind::Scope, &schema.scope, node.get("scope"));
        for (index, resource) in schema.resource.names().iter().enumerate() {
            self.refer(ObjectKind::Resource, resource, node.get("resource").item(index));
            let (scope, resource) = (schema.scope.as_str().into(), resource.as_str().into());
            self.push(site, Event::AddScopedResource { scope, resource });
        }
    }

    pub(super) fn remove_scoped_resources(&mut self, schema: &ScopedResourceSchema, node: &Node, site: EventSite) {
        self.refer(ObjectKind::Scope, &schema.scope, node.get("scope"));
        for (index, resource) in schema.resource.names().iter().enumerate() {
            let own = node.get("resource").item(index);
            self.refer(ObjectKind::Resource, resource, own);
            let scope = self.state.scopes.get(schema.scope.as_str());
            if scope.is_some_and(|scope| !scope.resources.contains(resource.as_str()))
                && self.state.has(ObjectKind::Resource, resource)
            {
                let reason = Reason::NotScoped { scope: shown(&schema.scope).into(), resource: shown(resource).into() };
                let hint = "add it first, with addScopedResource".to_owned();
                self.fault(own.range, reason.to_string(), Some(hint));
            }
            let (scope, resource) = (schema.scope.as_str().into(), resource.as_str().into());
            self.push(site, Event::RemoveScopedResource { scope, resource });
        }
    }

    pub(super) fn create_endpoint(&mut self, schema: &PrivateEndpointSchema, node: &Node, site: EventSite) {
        self.new_name(ObjectKind::PrivateEndpoint, &schema.name, node.get("name").range);
        let target = self.endpoint_target(schema, node);
        let zone_group = schema.zone_group.as_ref().map(|group| self.zone_group(group, node.get("zoneGroup")));
        let created = self.date(schema.created.as_deref(), node.get("created"));
        let Some((network, subnet)) = schema.subnet.split_once('/') else {
            let message = format!("`{}` is not a subnet", shown(&schema.subnet));
            let hint = "write network and subnet with a slash between, such as vnet1/endpoints".to_owned();
            return self.fault(node.get("subnet").range, message, Some(hint));
        };
        let ip_version = match schema.ip_version_type {
            Some(IpVersionSchema::IPv6) => IpVersion::V6,
            Some(IpVersionSchema::IPv4) | None => IpVersion::V4,
        };
        let prefix = self.subnet(network, subnet, ip_version, node.get("subnet"));
        let mut ip_configurations = Vec::new();
        for (index, fixed) in schema.ip_configurations.iter().enumerate() {
            let own = node.get("ipConfigurations").item(index).get("privateIPAddress");
            let text = &fixed.private_ip_address;
            let (address, family, example) = match ip_version {
                IpVersion::V4 => (text.parse().ok().map(IpAddr::V4), "IPv4", "10.0.1.4"),
                IpVersion::V6 => (text.parse().ok().map(IpAddr::V6), "IPv6", "fd00:0:0:1::4"),
            };
            match address {
                Some(address) => {
                    if let Some(prefix) = prefix {
                        self.in_subnet(address, prefix, own);
                    }
                    ip_configurations.push(StaticAddress { member: fixed.member_name.clone(), address });
                }
                None => {
                    let message = format!("`{}` is not an {family} address", shown(text));
                    self.fault(own.range, message, Some(format!("write it as {example}")));
                }
            }
        }
        let Some(target) = target else { return };
        let network = network.into();
        let approval = schema.approval.map(ApprovalState::from);
        let approval = approval.unwrap_or_else(|| self.state.first_approval(&network, &target));
        let spec = PrivateEndpointSpec {
            name: schema.name.as_str().into(),
            target,
            network,
            subnet: subnet.to_owned(),
            ip_version,
            zone_group,
            ip_configurations,
            approval,
            created,
        };
        self.push(site, Event::CreatePrivateEndpoint(spec));
    }

    /// A subnet that must exist.
    fn subnet(&mut self, network: &str, subnet: &str, version: IpVersion, node: &Node) -> Option<IpNet> {
        self.refer(ObjectKind::Network, network, node);
        let spec = self.state.networks.get(network)?;
        let (subnets, found) = (&spec.subnets, spec.subnet(subnet).map(IpNet::V4));
        let prefix = match version {
            IpVersion::V4 => found,
            IpVersion::V6 => spec.subnet_v6(subnet).map(IpNet::V6),
        };
        if found.is_none() {
            let hint = choice(subnet, subnets.iter().map(|(own, _)| own.as_str()));
            let hint = hint.unwrap_or_else(|| "add it to the `subnets` of the network".to_owned());
            let reason = Reason::NoSubnet { network: shown(network).into(), subnet: shown(subnet).into() };
            self.fault(node.range, reason.to_string(), Some(hint));
        }
        prefix
    }

    fn in_subnet(&mut self, address: IpAddr, prefix: IpNet, node: &Node) {
        if let Err(reason) = self.state.can_be_given(address, prefix) {
            let (first, last) = usable(&self.state.catalogue, prefix);
            let free = format!("write an address from {first} to {last}");
            self.fault(node.range, reason.to_string(), Some(free));
        }
    }

    pub(super) fn create_unresolved(&mut self, schema: &UnresolvedEndpointSchema, node: &Node, site: EventSite) {
        self.new_name(ObjectKind::PrivateEndpoint, &schema.name, node.get("name").range);
        let zone_group = schema.zone_group.as_ref().map(|group| self.zone_group(group, node.get("zoneGroup")));
        let unresolved = Unresolved { id: schema.unresolved.as_str().into() };
        let endpoint = UnresolvedEndpoint { name: schema.name.as_str().into(), unresolved, zone_group };
        self.push(site, Event::CreateUnresolvedEndpoint(endpoint));
    }

    pub(super) fn set_zone_group(&mut self, schema: &SetZoneGroupSchema, node: &Node, site: EventSite) {
        self.refer(ObjectKind::PrivateEndpoint, &schema.endpoint, node.get("endpoint"));
        let zone_group = self.zone_group(&schema.zone_group, node.get("zoneGroup"));
        self.push(site, Event::SetZoneGroup { endpoint: schema.endpoint.as_str().into(), zone_group });
    }

    pub(super) fn repair_zone_group(&mut self, name: &str, node: &Node, site: EventSite) {
        let unresolved = self.state.unresolved.get(name).map(|endpoint| endpoint.zone_group.clone());
        let resolved = self.state.endpoints.get(name).map(|endpoint| endpoint.zone_group.clone());
        let Some(group) = resolved.or(unresolved) else { return };
        match group {
            Some(zone_group) => self.push(site, Event::SetZoneGroup { endpoint: name.into(), zone_group }),
            None => {
                let message = format!("private endpoint `{}` has no zone group to repair", shown(name));
                self.fault(node.get("name").range, message, Some("give it one with setZoneGroup".to_owned()));
            }
        }
    }
}

fn mode(schema: Option<ModeSchema>) -> AccessMode {
    match schema {
        Some(ModeSchema::PrivateOnly) => AccessMode::PrivateOnly,
        Some(ModeSchema::Open) | None => AccessMode::Open,
    }
}
