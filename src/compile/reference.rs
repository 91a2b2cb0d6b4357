//! What events refer to by name: whether it exists, and why it does not.
//!
//! The fold checks the references of every event before the event has any effect. Readers of written events ask the same
//! [`State::find`] about each name, so that they can say where it is written.

use std::sync::Arc;

use ipnet::{IpNet, Ipv6Net};

use super::absence::{Absence, Missing, ObjectKind, name_fault};
use super::refusal::{NoIpv6, Reason};
use super::state::State;
use crate::catalogue::every_cloud;
use crate::dns::OwnerName;
use crate::estate::{
    ApprovalState, DnsSetting, EndpointTarget, Event, ForwardTo, InboundEndpointSpec, IpVersion, NetworkName,
    PrivateEndpointSpec, ResourceName, ResourceSpec, Routing, SubscriptionSpec, ZoneGroup, ZoneId,
};

/// What an event does to the name of an object.
enum Change {
    Creates,
    Deletes,
}

impl State {
    /// True if there is an object of that kind and name.
    pub fn has(&self, kind: ObjectKind, name: &str) -> bool {
        match kind {
            ObjectKind::Network => self.networks.contains_key(name),
            ObjectKind::InboundEndpoint => self.inbound.contains_key(name),
            ObjectKind::Ruleset => self.rulesets.contains_key(name),
            ObjectKind::PrivateZone => self.has_zone(name),
            ObjectKind::Resource => self.resources.contains_key(name),
            ObjectKind::Scope => self.scopes.contains_key(name),
            ObjectKind::PrivateEndpoint => self.endpoints.contains_key(name) || self.unresolved.contains_key(name),
            ObjectKind::VirtualMachine => self.machines.contains_key(name),
        }
    }

    /// True if there is a private zone of that name, which is its resource group and its apex.
    fn has_zone(&self, name: &str) -> bool {
        let id = name.split_once('/').and_then(|(group, apex)| {
            Some(ZoneId { resource_group: group.into(), apex: OwnerName::parse(apex).ok()? })
        });
        id.is_some_and(|id| self.zones.contains_key(&id))
    }

    /// The names of all objects of a kind.
    pub fn names(&self, kind: ObjectKind) -> Vec<String> {
        fn texts<N: ToString>(names: impl Iterator<Item = N>) -> Vec<String> {
            names.map(|name| name.to_string()).collect()
        }
        match kind {
            ObjectKind::Network => texts(self.networks.keys()),
            ObjectKind::InboundEndpoint => texts(self.inbound.keys()),
            ObjectKind::Ruleset => texts(self.rulesets.keys()),
            ObjectKind::PrivateZone => texts(self.zones.keys()),
            ObjectKind::Resource => texts(self.resources.keys()),
            ObjectKind::Scope => texts(self.scopes.keys()),
            ObjectKind::PrivateEndpoint => texts(self.endpoints.keys().chain(self.unresolved.keys())),
            ObjectKind::VirtualMachine => texts(self.machines.keys()),
        }
    }

    /// Looks a name up.
    ///
    /// # Errors
    /// [`Missing`] if there is no such object.
    pub fn find(&self, kind: ObjectKind, name: &str) -> Result<(), Missing> {
        if self.has(kind, name) { Ok(()) } else { Err(self.missing(kind, name)) }
    }

    /// Looks a private zone up.
    ///
    /// # Errors
    /// [`Missing`] if there is no such zone.
    pub fn find_zone(&self, id: &ZoneId) -> Result<(), Missing> {
        if self.zones.contains_key(id) { Ok(()) } else { Err(self.missing(ObjectKind::PrivateZone, &id.to_string())) }
    }

    fn missing(&self, kind: ObjectKind, name: &str) -> Missing {
        let name: Arc<str> = name.into();
        let absence = self.absent.get(&(kind, Arc::clone(&name))).copied().unwrap_or(Absence::NeverCreated);
        Missing { kind, name, absence }
    }

    /// Refuses an event that refers to what does not exist, or creates what exists.
    pub(super) fn check_references(&self, event: &Event) -> Result<(), Reason> {
        match event {
            Event::CreateNetwork(spec) => {
                self.is_new(ObjectKind::Network, spec.name.as_str())?;
                self.dns(&spec.name, &spec.dns)
            }
            Event::SetDns { network, dns } => {
                self.network(network)?;
                self.dns(network, dns)
            }
            Event::DeleteNetwork { network } | Event::SetOutboundRule { network, .. } => self.network(network),
            Event::CreatePeering { between } => match self.pair(between) {
                Ok(()) if between[0] == between[1] => Err(Reason::PeeredWithItself(between[0].clone())),
                checked => checked,
            },
            Event::DeletePeering { between } => match self.pair(between) {
                Ok(()) if !self.are_peered(&between[0], &between[1]) => Err(Reason::NotPeered(between.clone())),
                checked => checked,
            },
            Event::SetRouting(routing) => self.routing(routing),
            Event::DeleteRouting(key) => {
                if self.routes.has(key) {
                    Ok(())
                } else {
                    Err(Reason::NoSuchRouting)
                }
            }
            Event::CreateInboundEndpoint(spec) => self.inbound_endpoint(spec),
            Event::DeleteInboundEndpoint { name } => Ok(self.find(ObjectKind::InboundEndpoint, name.as_str())?),
            Event::SetRuleset(spec) => {
                self.can_name(ObjectKind::Ruleset, spec.name.as_str())?;
                let targets = spec.rules.iter().flat_map(|rule| &rule.to);
                targets.into_iter().try_for_each(|to| self.forward_target(to))?;
                let networks = spec.links.iter().chain(&spec.outbound);
                networks.into_iter().try_for_each(|network| self.network(network))
            }
            Event::DeleteRuleset { name } => Ok(self.find(ObjectKind::Ruleset, name.as_str())?),
            // A zone that exists already is refused where it is created, with Azure's own words.
            Event::CreatePrivateDnsZone { zone } => can_be_named("resource group", &zone.resource_group),
            Event::DeletePrivateDnsZone { zone }
            | Event::SetZoneContents { zone, .. }
            | Event::PutRecordSet { zone, .. }
            | Event::DeleteRecordSet { zone, .. } => Ok(self.find_zone(zone)?),
            Event::LinkZone { zone, network, .. } => {
                self.find_zone(zone)?;
                self.network(network)
            }
            Event::UnlinkZone { zone, network } => {
                self.find_zone(zone)?;
                self.network(network)?;
                if !self.zones[zone].links.contains_key(network) {
                    return Err(Reason::NotLinked { zone: zone.clone(), network: network.clone() });
                }
                Ok(())
            }
            Event::SetSubscription(spec) => self.subscription(spec),
            Event::PutResource(spec) => self.resource_as(spec),
            Event::DeleteResource { resource } => self.resource(resource),
            Event::CreatePrivateLinkScope(spec) => self.is_new(ObjectKind::Scope, spec.name.as_str()),
            Event::SetAccessModes { scope, .. } | Event::DeletePrivateLinkScope { scope } => {
                Ok(self.find(ObjectKind::Scope, scope.as_str())?)
            }
            Event::AddScopedResource { scope, resource } => {
                self.find(ObjectKind::Scope, scope.as_str())?;
                self.resource(resource)?;
                self.can_be_scoped(resource)
            }
            Event::RemoveScopedResource { scope, resource } => {
                self.find(ObjectKind::Scope, scope.as_str())?;
                self.resource(resource)?;
                if !self.scopes[scope].resources.contains(resource) {
                    return Err(Reason::NotScoped { scope: scope.clone(), resource: resource.clone() });
                }
                Ok(())
            }
            Event::CreatePrivateEndpoint(spec) => self.endpoint_spec(spec),
            Event::CreateUnresolvedEndpoint(endpoint) => {
                self.is_new(ObjectKind::PrivateEndpoint, endpoint.name.as_str())?;
                endpoint.zone_group.as_ref().map_or(Ok(()), |group| self.zone_group(group))
            }
            Event::SetZoneGroup { endpoint, zone_group } => {
                self.find(ObjectKind::PrivateEndpoint, endpoint.as_str())?;
                self.zone_group(zone_group)
            }
            Event::SetApproval { endpoint, state } => {
                self.find(ObjectKind::PrivateEndpoint, endpoint.as_str())?;
                let own = self.endpoints.get(endpoint).map(|own| own.approval);
                match own == Some(ApprovalState::Disconnected) && *state != ApprovalState::Disconnected {
                    true => Err(Reason::Disconnected(endpoint.clone())),
                    false => Ok(()),
                }
            }
            Event::DeletePrivateEndpoint { endpoint } | Event::DeleteZoneGroup { endpoint } => {
                Ok(self.find(ObjectKind::PrivateEndpoint, endpoint.as_str())?)
            }
            Event::CreateVirtualMachine { .. }
            | Event::SetAssociations { .. }
            | Event::OpenSession { .. }
            | Event::Reboot { .. }
            | Event::CutSessions { .. } => self.machine_event(event),
        }
    }

    /// What the events of virtual machines refer to.
    fn machine_event(&self, event: &Event) -> Result<(), Reason> {
        match event {
            Event::CreateVirtualMachine { name, network, subnet, associations, .. } => {
                self.is_new(ObjectKind::VirtualMachine, name.as_str())?;
                associations.iter().try_for_each(|own| self.can_be_associated(own))?;
                subnet.as_ref().map_or_else(|| self.network(network), |subnet| self.subnet(network, subnet))
            }
            Event::SetAssociations { machine, associations } => {
                self.find(ObjectKind::VirtualMachine, machine.as_str())?;
                self.can_be_associated(associations)
            }
            Event::OpenSession { machine, resource } => {
                self.find(ObjectKind::VirtualMachine, machine.as_str())?;
                self.resource(resource)
            }
            Event::Reboot { machine } | Event::CutSessions { machine } => {
                Ok(self.find(ObjectKind::VirtualMachine, machine.as_str())?)
            }
            _ => Ok(()),
        }
    }

    /// What is put into a subscription exists; resource groups are what zones say they are.
    fn subscription(&self, spec: &SubscriptionSpec) -> Result<(), Reason> {
        can_be_named("subscription", &spec.name)?;
        can_be_named("tenant", &spec.tenant)?;
        spec.networks.iter().try_for_each(|network| self.network(network))?;
        spec.resources.iter().try_for_each(|resource| self.resource(resource))?;
        let mut scopes = spec.scopes.iter();
        scopes.try_for_each(|scope| Ok(self.find(ObjectKind::Scope, scope.as_str())?))
    }

    fn is_new(&self, kind: ObjectKind, name: &str) -> Result<(), Reason> {
        self.can_name(kind, name)?;
        if self.has(kind, name) { Err(Reason::Exists { kind, name: name.into() }) } else { Ok(()) }
    }

    fn can_name(&self, kind: ObjectKind, name: &str) -> Result<(), Reason> {
        can_be_named(&kind.to_string(), name)
    }

    fn pair(&self, between: &[NetworkName; 2]) -> Result<(), Reason> {
        between.iter().try_for_each(|network| self.network(network))
    }

    fn network(&self, name: &NetworkName) -> Result<(), Reason> {
        Ok(self.find(ObjectKind::Network, name.as_str())?)
    }

    /// The servers that the DNS server of a network forwards to exist. A network can name itself.
    fn dns(&self, own: &NetworkName, dns: &DnsSetting) -> Result<(), Reason> {
        let DnsSetting::Custom { forward, default, .. } = dns else { return Ok(()) };
        let targets = forward.iter().flat_map(|one| &one.to).chain(default);
        let others = targets.filter(|to| !matches!(to, ForwardTo::Network(network) if network == own));
        others.into_iter().try_for_each(|to| self.forward_target(to))
    }

    fn forward_target(&self, to: &ForwardTo) -> Result<(), Reason> {
        let (kind, name) = match to {
            ForwardTo::Network(network) => (ObjectKind::Network, network.as_str()),
            ForwardTo::InboundEndpoint(inbound) => (ObjectKind::InboundEndpoint, inbound.as_str()),
            ForwardTo::AzureProvided | ForwardTo::Public => return Ok(()),
        };
        match self.coming.has(kind, name, self.revision) {
            true => Ok(()),
            false => Ok(self.find(kind, name)?),
        }
    }

    pub(super) fn resource(&self, name: &ResourceName) -> Result<(), Reason> {
        Ok(self.find(ObjectKind::Resource, name.as_str())?)
    }

    /// A scope holds workspaces, components and data collection endpoints.
    fn can_be_scoped(&self, name: &ResourceName) -> Result<(), Reason> {
        match &self.resources[name].spec {
            spec @ (ResourceSpec::Service(_) | ResourceSpec::DataCollectionRule(_)) => Err(Reason::OtherKind {
                resource: name.clone(),
                kind: spec.kind(),
                wanted: "workspace, component or data collection endpoint",
            }),
            _ => Ok(()),
        }
    }

    fn inbound_endpoint(&self, spec: &InboundEndpointSpec) -> Result<(), Reason> {
        self.is_new(ObjectKind::InboundEndpoint, spec.name.as_str())?;
        self.network(&spec.network)?;
        let Some(subnet) = &spec.subnet else { return Ok(()) };
        self.subnet(&spec.network, subnet)?;
        match (spec.address, self.networks[&spec.network].subnet(subnet)) {
            (Some(address), Some(prefix)) => self.can_be_given(address, prefix),
            _ => Ok(()),
        }
    }

    fn subnet(&self, network: &NetworkName, subnet: &str) -> Result<(), Reason> {
        self.network(network)?;
        match self.networks[network].subnet(subnet) {
            Some(_) => Ok(()),
            None => Err(Reason::NoSubnet { network: network.clone(), subnet: subnet.into() }),
        }
    }

    /// What decides which way packets take names networks and subnets.
    fn routing(&self, routing: &Routing) -> Result<(), Reason> {
        match routing {
            Routing::PeeringHalf(half) => {
                self.network(&half.from)?;
                self.network(&half.to)?;
                if half.from == half.to {
                    return Err(Reason::PeeredWithItself(half.from.clone()));
                }
                Ok(())
            }
            Routing::Gateway(gateway) => {
                self.network(&gateway.network)?;
                gateway.connects.iter().try_for_each(|network| self.network(network))
            }
            Routing::RouteTable(table) => {
                table.subnets.iter().try_for_each(|(network, subnet)| self.subnet(network, subnet))
            }
            Routing::Appliance(appliance) => self.network(&appliance.network),
            Routing::VirtualHub(hub) => hub.connections.iter().try_for_each(|network| self.network(network)),
            Routing::Transit(transit) => {
                self.network(&transit.through)?;
                transit.between.iter().try_for_each(|network| self.network(network))
            }
            Routing::EndpointPolicy(policy) => self.subnet(&policy.network, &policy.subnet),
            Routing::SecurityGroup(group) => {
                group.subnets.iter().try_for_each(|(network, subnet)| self.subnet(network, subnet))?;
                let machines = group.machines.iter();
                machines.into_iter().try_for_each(|one| Ok(self.find(ObjectKind::VirtualMachine, one.as_str())?))
            }
        }
    }

    /// A resource that exists keeps its kind, and a component's workspace is one.
    fn resource_as(&self, spec: &ResourceSpec) -> Result<(), Reason> {
        self.can_name(ObjectKind::Resource, spec.name().as_str())?;
        if let ResourceSpec::Component(component) = spec
            && let Some(workspace) = &component.workspace
        {
            self.resource(workspace)?;
            let other = &self.resources[workspace].spec;
            if !matches!(other, ResourceSpec::Workspace(_)) {
                return Err(Reason::NotAWorkspace { resource: workspace.clone(), kind: other.kind() });
            }
        }
        if let ResourceSpec::DataCollectionRule(rule) = spec {
            rule.endpoint.iter().try_for_each(|endpoint| self.is_collection_endpoint(endpoint))?;
        }
        match self.resources.get(spec.name()) {
            Some(before) if before.spec.kind() != spec.kind() => {
                Err(Reason::OtherKind { resource: spec.name().clone(), kind: before.spec.kind(), wanted: spec.kind() })
            }
            _ => Ok(()),
        }
    }

    fn endpoint_spec(&self, spec: &PrivateEndpointSpec) -> Result<(), Reason> {
        self.is_new(ObjectKind::PrivateEndpoint, spec.name.as_str())?;
        match &spec.target {
            EndpointTarget::Scope(scope) => self.find(ObjectKind::Scope, scope.as_str())?,
            EndpointTarget::Service { resource, group } => {
                self.resource(resource)?;
                self.service_target(resource, group)?;
            }
        }
        if let Some(group) = &spec.zone_group {
            self.zone_group(group)?;
        }
        self.network(&spec.network)?;
        let Some(subnet) = self.networks[&spec.network].subnet(&spec.subnet) else {
            return Err(Reason::NoSubnet { network: spec.network.clone(), subnet: spec.subnet.as_str().into() });
        };
        let subnet = match spec.ip_version {
            IpVersion::V4 => IpNet::V4(subnet),
            IpVersion::V6 => {
                let prefix = self.ipv6_prefix(spec);
                prefix.map_err(|why| Reason::NoIpv6Endpoint { endpoint: spec.name.clone(), why })?.into()
            }
        };
        spec.ip_configurations.iter().try_for_each(|fixed| self.can_be_given(fixed.address, subnet))
    }

    /// What an endpoint has IPv6 addresses of.
    fn ipv6_prefix(&self, spec: &PrivateEndpointSpec) -> Result<Ipv6Net, NoIpv6> {
        let target = spec.target.service().and_then(|resource| self.resources.get(resource));
        let Some(ResourceSpec::Service(service)) = target.map(|own| &own.spec) else { return Err(NoIpv6::Scope) };
        let supported = &every_cloud().ipv6_endpoints.value;
        if !supported.types.iter().any(|own| own.eq_ignore_ascii_case(&service.kind)) {
            return Err(NoIpv6::Service(Arc::clone(&service.kind)));
        }
        // In an unknown region it can be possible.
        if let Some(region) =
            service.location.as_deref().filter(|own| !supported.regions.iter().any(|one| **one == **own))
        {
            return Err(NoIpv6::Region(region.into()));
        }
        let prefix = self.networks[&spec.network].subnet_v6(&spec.subnet);
        prefix.ok_or_else(|| NoIpv6::Subnet(format!("{}/{}", spec.network, spec.subnet).into()))
    }

    /// A zone group names zones that exist; with one that does not, Azure refuses the whole of it.
    fn zone_group(&self, group: &ZoneGroup) -> Result<(), Reason> {
        Ok(group.zones.iter().try_for_each(|zone| self.find_zone(zone))?)
    }

    /// Keeps in mind why names that events created or deleted refer to nothing now.
    pub(super) fn note_absence(&mut self, event: &Event, succeeded: bool) {
        let deletes = matches!(
            event,
            Event::DeleteNetwork { .. }
                | Event::DeleteInboundEndpoint { .. }
                | Event::DeleteRuleset { .. }
                | Event::DeletePrivateDnsZone { .. }
                | Event::DeleteResource { .. }
                | Event::DeletePrivateLinkScope { .. }
                | Event::DeletePrivateEndpoint { .. }
        );
        // Most events create something, and most histories have deleted nothing: that must cost nothing.
        if succeeded && !deletes && self.absent.is_empty() {
            return;
        }
        let Some((kind, name, change)) = subject(event) else { return };
        match (change, succeeded) {
            (Change::Creates, true) => {
                let key = (kind, name);
                if self.absent.contains_key(&key) {
                    Arc::make_mut(&mut self.absent).remove(&key);
                }
            }
            (Change::Creates, false) if !self.has(kind, &name) => {
                self.is_absent(kind, name, Absence::Refused(self.revision))
            }
            (Change::Deletes, true) => self.is_absent(kind, name, Absence::Deleted(self.revision)),
            (Change::Creates | Change::Deletes, false) => {}
        }
    }

    pub(super) fn is_absent(&mut self, kind: ObjectKind, name: Arc<str>, why: Absence) {
        Arc::make_mut(&mut self.absent).insert((kind, name), why);
    }
}

fn can_be_named(what: &str, name: &str) -> Result<(), Reason> {
    match name_fault(what, name) {
        Some(_) => Err(Reason::BadName { what: what.into(), name: name.into() }),
        None => Ok(()),
    }
}

/// The object an event creates or deletes. Resources and rulesets are written whole each time, so their creation is not
/// refused for being one.
fn subject(event: &Event) -> Option<(ObjectKind, Arc<str>, Change)> {
    let (kind, name, change): (_, Arc<str>, _) = match event {
        Event::CreateNetwork(spec) => (ObjectKind::Network, spec.name.as_str().into(), Change::Creates),
        Event::DeleteNetwork { network } => (ObjectKind::Network, network.as_str().into(), Change::Deletes),
        Event::CreateInboundEndpoint(spec) => (ObjectKind::InboundEndpoint, spec.name.as_str().into(), Change::Creates),
        Event::DeleteInboundEndpoint { name } => (ObjectKind::InboundEndpoint, name.as_str().into(), Change::Deletes),
        Event::SetRuleset(spec) => (ObjectKind::Ruleset, spec.name.as_str().into(), Change::Creates),
        Event::DeleteRuleset { name } => (ObjectKind::Ruleset, name.as_str().into(), Change::Deletes),
        Event::CreatePrivateDnsZone { zone } => (ObjectKind::PrivateZone, zone.to_string().into(), Change::Creates),
        Event::DeletePrivateDnsZone { zone } => (ObjectKind::PrivateZone, zone.to_string().into(), Change::Deletes),
        Event::PutResource(spec) => (ObjectKind::Resource, spec.name().as_str().into(), Change::Creates),
        Event::DeleteResource { resource } => (ObjectKind::Resource, resource.as_str().into(), Change::Deletes),
        Event::CreatePrivateLinkScope(spec) => (ObjectKind::Scope, spec.name.as_str().into(), Change::Creates),
        Event::DeletePrivateLinkScope { scope } => (ObjectKind::Scope, scope.as_str().into(), Change::Deletes),
        Event::CreatePrivateEndpoint(spec) => (ObjectKind::PrivateEndpoint, spec.name.as_str().into(), Change::Creates),
        Event::CreateUnresolvedEndpoint(own) => {
            (ObjectKind::PrivateEndpoint, own.name.as_str().into(), Change::Creates)
        }
        Event::DeletePrivateEndpoint { endpoint } => {
            (ObjectKind::PrivateEndpoint, endpoint.as_str().into(), Change::Deletes)
        }
        Event::CreateVirtualMachine { name, .. } => (ObjectKind::VirtualMachine, name.as_str().into(), Change::Creates),
        _ => return None,
    };
    Some((kind, name, change))
}
