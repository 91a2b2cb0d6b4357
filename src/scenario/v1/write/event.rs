//! Events to shapes.

use std::net::Ipv4Addr;
use std::sync::Arc;

use indexmap::IndexMap;
use ipnet::Ipv4Net;
use jiff::civil::Date;

use super::collection;
use crate::catalogue::Catalogue;
use crate::compile::State;
use crate::dns::OwnerName;
use crate::estate::{
    AccessMode, AccessModeSettings, ApprovalState, Associations, ComponentSpec, DataCollectionEndpointSpec, DnsSetting,
    EndpointTarget, Event, ForwardTo, ForwarderKind, History, InboundEndpointSpec, IpVersion, NetworkKind, NetworkName,
    NetworkSpec, PrivateEndpointSpec, PublicNetworkAccess, Recorded, ResolutionPolicy, ResourceSpec, Routing,
    RuleAction, RulesetSpec, ScopeSpec, ServiceSpec, UnresolvedEndpoint, WorkspaceSpec, ZoneGroup, ZoneId,
};
use crate::scenario::v1::load::region;
use crate::scenario::v1::schema::*;

/// An event as an entry of one of the maps at the top of a scenario.
pub(super) enum Declaration<'e> {
    Network(String, NetworkSchema),
    Peering([String; 2]),
    Routing(&'e Routing),
    InboundEndpoint(String, InboundEndpointSchema),
    Ruleset(String, RulesetSchema),
    Workspace(String, WorkspaceSchema),
    Component(String, ComponentSchema),
    DataCollectionEndpoint(String, DataCollectionEndpointSchema),
    DataCollectionRule(String, DataCollectionRuleSchema),
    Resource(String, ResourceSchema),
    Subscription(String, SubscriptionSchema),
    VirtualMachine(String, MachineSchema),
    /// There is no map for such events.
    None,
}

pub(super) fn declaration(event: &Event) -> Declaration<'_> {
    match event {
        Event::CreateNetwork(spec) => Declaration::Network(spec.name.to_string(), network(spec)),
        Event::CreatePeering { between: [one, other] } => Declaration::Peering([one.to_string(), other.to_string()]),
        Event::SetRouting(routing) => Declaration::Routing(routing),
        Event::CreateInboundEndpoint(spec) => {
            Declaration::InboundEndpoint(spec.name.to_string(), inbound_endpoint(spec))
        }
        Event::SetRuleset(spec) => Declaration::Ruleset(spec.name.to_string(), ruleset(spec)),
        Event::PutResource(ResourceSpec::Workspace(spec)) => {
            Declaration::Workspace(spec.name.to_string(), workspace(spec))
        }
        Event::PutResource(ResourceSpec::Component(spec)) => {
            Declaration::Component(spec.name.to_string(), component(spec))
        }
        Event::PutResource(ResourceSpec::DataCollectionEndpoint(spec)) => {
            Declaration::DataCollectionEndpoint(spec.name.to_string(), data_collection_endpoint(spec))
        }
        Event::PutResource(ResourceSpec::DataCollectionRule(spec)) => {
            Declaration::DataCollectionRule(spec.name.to_string(), collection::rule(spec))
        }
        Event::SetSubscription(spec) => match collection::declared_subscription(spec) {
            Some(own) => Declaration::Subscription(spec.name.to_string(), own),
            None => Declaration::None,
        },
        Event::PutResource(ResourceSpec::Service(spec)) => Declaration::Resource(spec.name.to_string(), service(spec)),
        Event::CreateVirtualMachine { name, network, subnet, address, location, associations } => {
            let own = machine(network, subnet.as_deref(), *address, location.as_deref(), associations.as_ref());
            Declaration::VirtualMachine(name.to_string(), own)
        }
        _ => Declaration::None,
    }
}

/// Writes events one stretch after the other.
pub(super) struct Events {
    /// The estate after the events that were written.
    state: State,
}

impl Events {
    pub(super) fn new(history: &History) -> Self {
        let mut state = State::without_public_dns(Catalogue::of(history.cloud), history.switches);
        state.declare_those_of(history);
        Self { state }
    }

    /// Takes note of events that were written elsewhere.
    pub(super) fn has_been(&mut self, events: &[Recorded]) {
        events.iter().for_each(|recorded| self.state.apply(recorded));
    }

    /// Events of one stretch, `date` being that of all of them that need none of their own.
    pub(super) fn schemas(&mut self, events: &[Recorded], date: Option<Date>) -> Vec<EventSchema> {
        let mut schemas = Vec::new();
        let mut rest = events;
        // How many of the rest have the date of the first.
        let mut together = 0;
        while let Some(first) = rest.first() {
            if together == 0 {
                together = rest.iter().take_while(|one| one.date == first.date).count();
            }
            let (what, taken) = self.next(&rest[..together]);
            self.has_been(&rest[..taken]);
            let own = first.date.filter(|own| Some(*own) != date).map(|own| own.to_string());
            schemas.push(EventSchema { date: own, what });
            rest = &rest[taken..];
            together -= taken;
        }
        schemas
    }

    /// The next entry, and how many events it represents.
    fn next(&self, events: &[Recorded]) -> (WhatSchema, usize) {
        match &events[0].event {
            Event::CreatePrivateDnsZone { zone } => {
                let zones = run(events, zone, |event| match event {
                    Event::CreatePrivateDnsZone { zone } => Some(zone),
                    _ => None,
                });
                let (links, taken) = links(&events[zones.len()..], &zones);
                let count = zones.len() + taken;
                let (resource_group, zones) = self.zones(&zones);
                (WhatSchema::CreatePrivateDnsZones(ZonesSchema { resource_group, zones, links }), count)
            }
            Event::DeletePrivateDnsZone { zone } => {
                let zones = run(events, zone, |event| match event {
                    Event::DeletePrivateDnsZone { zone } => Some(zone),
                    _ => None,
                });
                let (resource_group, list) = self.zones(&zones);
                let schema = ZoneGroupZonesSchema { resource_group, zones: list };
                (WhatSchema::DeletePrivateDnsZones(schema), zones.len())
            }
            Event::LinkZone { zone, network, policy, registration } => {
                let zones = run(events, zone, |event| match event {
                    Event::LinkZone { zone, network: own, policy: own_policy, registration: own_registration }
                        if own == network && own_policy == policy && own_registration == registration =>
                    {
                        Some(zone)
                    }
                    _ => None,
                });
                let (links, count) = links(events, &zones);
                let (resource_group, zones) = self.zones(&zones);
                (WhatSchema::LinkZones(LinkZonesSchema { resource_group, zones, links }), count)
            }
            Event::UnlinkZone { zone, network } => {
                let zones = run(events, zone, |event| match event {
                    Event::UnlinkZone { zone, network: own } if own == network => Some(zone),
                    _ => None,
                });
                let (resource_group, list) = self.zones(&zones);
                let networks = OneOrMoreSchema::One(network.to_string());
                (WhatSchema::UnlinkZones(UnlinkSchema { resource_group, zones: list, networks }), zones.len())
            }
            Event::AddScopedResource { scope, .. } => {
                let resources: Vec<String> = events
                    .iter()
                    .map_while(|one| match &one.event {
                        Event::AddScopedResource { scope: own, resource } if own == scope => Some(resource.to_string()),
                        _ => None,
                    })
                    .collect();
                let count = resources.len();
                (WhatSchema::AddScopedResource(scoped(scope.as_str(), resources)), count)
            }
            Event::RemoveScopedResource { scope, .. } => {
                let resources: Vec<String> = events
                    .iter()
                    .map_while(|one| match &one.event {
                        Event::RemoveScopedResource { scope: own, resource } if own == scope => {
                            Some(resource.to_string())
                        }
                        _ => None,
                    })
                    .collect();
                let count = resources.len();
                (WhatSchema::RemoveScopedResource(scoped(scope.as_str(), resources)), count)
            }
            single => (self.single(single), 1),
        }
    }

    fn single(&self, event: &Event) -> WhatSchema {
        match event {
            Event::CreateNetwork(spec) => {
                WhatSchema::CreateNetwork(NamedNetworkSchema { name: spec.name.to_string(), spec: network(spec) })
            }
            Event::DeleteNetwork { network } => WhatSchema::DeleteNetwork(network.to_string()),
            Event::CreatePeering { between: [one, other] } => {
                WhatSchema::CreatePeering([one.to_string(), other.to_string()])
            }
            Event::DeletePeering { between: [one, other] } => {
                WhatSchema::DeletePeering([one.to_string(), other.to_string()])
            }
            Event::SetRouting(routing) => super::routing::set(routing),
            Event::DeleteRouting(key) => super::routing::delete(key),
            Event::SetDns { network, dns: own } => {
                let dns = dns(own).unwrap_or(DnsSchema::Named(AzureProvidedSchema::AzureProvided));
                WhatSchema::SetDns(SetDnsSchema { network: network.to_string(), dns })
            }
            Event::CreateInboundEndpoint(spec) => WhatSchema::CreateInboundEndpoint(NamedInboundEndpointSchema {
                name: spec.name.to_string(),
                spec: inbound_endpoint(spec),
            }),
            Event::DeleteInboundEndpoint { name } => WhatSchema::DeleteInboundEndpoint(name.to_string()),
            Event::SetRuleset(spec) => {
                WhatSchema::SetRuleset(NamedRulesetSchema { name: spec.name.to_string(), spec: ruleset(spec) })
            }
            Event::DeleteRuleset { name } => WhatSchema::DeleteRuleset(name.to_string()),
            Event::PutRecordSet { zone, set } => WhatSchema::PutRecordSet(RecordSetSchema {
                resource_group: zone.resource_group.to_string(),
                zone: zone.apex.to_string(),
                name: relative(set.owner(), zone),
                r#type: set.kind().to_string(),
                ttl: Some(set.ttl()),
                records: set.data().iter().map(ToString::to_string).collect(),
            }),
            Event::DeleteRecordSet { zone, owner, kind } => WhatSchema::DeleteRecordSet(RecordSetNameSchema {
                resource_group: zone.resource_group.to_string(),
                zone: zone.apex.to_string(),
                name: relative(owner, zone),
                r#type: kind.to_string(),
            }),
            Event::PutResource(spec) => self.resource(spec),
            Event::DeleteResource { resource } => WhatSchema::DeleteResource(resource.to_string()),
            Event::CreatePrivateLinkScope(spec) => WhatSchema::CreatePrivateLinkScope(scope(spec)),
            Event::SetAccessModes { scope, access } => WhatSchema::SetAccessModes(SetAccessModesSchema {
                scope: scope.to_string(),
                ingestion_access_mode: Some(mode(access.ingestion)),
                query_access_mode: Some(mode(access.query)),
                exclusions: exclusions(access),
            }),
            Event::DeletePrivateLinkScope { scope } => WhatSchema::DeletePrivateLinkScope(scope.to_string()),
            Event::CreatePrivateEndpoint(spec) => WhatSchema::CreatePrivateEndpoint(self.endpoint(spec)),
            Event::CreateUnresolvedEndpoint(endpoint) => {
                WhatSchema::CreateUnresolvedEndpoint(self.unresolved_endpoint(endpoint))
            }
            Event::SetZoneContents { zone, unresolved } => WhatSchema::SetZoneContents(ZoneContentsSchema {
                resource_group: zone.resource_group.to_string(),
                zone: zone.apex.to_string(),
                unresolved: unresolved.as_ref().map(ToString::to_string),
            }),
            Event::DeletePrivateEndpoint { endpoint } => WhatSchema::DeletePrivateEndpoint(named(endpoint.as_str())),
            Event::SetZoneGroup { endpoint, zone_group } => WhatSchema::SetZoneGroup(SetZoneGroupSchema {
                endpoint: endpoint.to_string(),
                zone_group: self.zone_group(zone_group),
            }),
            Event::DeleteZoneGroup { endpoint } => WhatSchema::DeleteZoneGroup(named(endpoint.as_str())),
            Event::SetApproval { endpoint, state } => WhatSchema::SetApproval(SetApprovalSchema {
                endpoint: endpoint.to_string(),
                approval: approval(*state),
            }),
            Event::SetAssociations { machine, associations } => WhatSchema::SetAssociations(SetAssociationsSchema {
                machine: machine.to_string(),
                associations: collection::associations(associations),
            }),
            Event::SetSubscription(spec) => WhatSchema::SetSubscription(collection::subscription(spec)),
            Event::CreateVirtualMachine { name, network, subnet, address, location, associations } => {
                let spec = machine(network, subnet.as_deref(), *address, location.as_deref(), associations.as_ref());
                WhatSchema::CreateVirtualMachine(NamedMachineSchema { name: name.to_string(), spec })
            }
            Event::OpenSession { machine, resource } => {
                WhatSchema::OpenSession(SessionSchema { machine: machine.to_string(), resource: resource.to_string() })
            }
            Event::Reboot { machine } => WhatSchema::Reboot(machine.to_string()),
            Event::CutSessions { machine } => WhatSchema::CutSessions(machine.to_string()),
            Event::SetOutboundRule { network, rule } => WhatSchema::SetOutboundRule(OutboundRuleSchema {
                network: network.to_string(),
                action: match rule.action {
                    RuleAction::Allow => ActionSchema::Allow,
                    RuleAction::Deny => ActionSchema::Deny,
                },
            }),
            Event::CreatePrivateDnsZone { .. }
            | Event::DeletePrivateDnsZone { .. }
            | Event::LinkZone { .. }
            | Event::UnlinkZone { .. }
            | Event::AddScopedResource { .. }
            | Event::RemoveScopedResource { .. } => unreachable!("these are written in runs"),
        }
    }

    /// A resource's creation or change; a change of flags alone is written as such.
    fn resource(&self, spec: &ResourceSpec) -> WhatSchema {
        let before = self.state.resources.get(spec.name()).map(|one| &one.spec);
        if let Some(schema) = before.and_then(|before| flags(before, spec)) {
            return WhatSchema::SetPublicNetworkAccess(schema);
        }
        let name = spec.name().to_string();
        match (spec, before.is_some()) {
            (ResourceSpec::Workspace(spec), known) => {
                let schema = NamedWorkspaceSchema { name, spec: workspace(spec) };
                if known { WhatSchema::UpdateWorkspace(schema) } else { WhatSchema::CreateWorkspace(schema) }
            }
            (ResourceSpec::Component(spec), known) => {
                let schema = NamedComponentSchema { name, spec: component(spec) };
                if known { WhatSchema::UpdateComponent(schema) } else { WhatSchema::CreateComponent(schema) }
            }
            (ResourceSpec::DataCollectionEndpoint(spec), known) => {
                let schema = NamedDataCollectionEndpointSchema { name, spec: data_collection_endpoint(spec) };
                match known {
                    true => WhatSchema::UpdateDataCollectionEndpoint(schema),
                    false => WhatSchema::CreateDataCollectionEndpoint(schema),
                }
            }
            (ResourceSpec::DataCollectionRule(spec), known) => {
                let schema = NamedDataCollectionRuleSchema { name, spec: collection::rule(spec) };
                match known {
                    true => WhatSchema::UpdateDataCollectionRule(schema),
                    false => WhatSchema::CreateDataCollectionRule(schema),
                }
            }
            (ResourceSpec::Service(spec), known) => {
                let schema = NamedResourceSchema { name, spec: service(spec) };
                if known { WhatSchema::UpdateResource(schema) } else { WhatSchema::CreateResource(schema) }
            }
        }
    }

    fn endpoint(&self, spec: &PrivateEndpointSpec) -> PrivateEndpointSchema {
        PrivateEndpointSchema {
            name: spec.name.to_string(),
            scope: spec.target.scope().map(ToString::to_string),
            resource: spec.target.service().map(ToString::to_string),
            group_id: match &spec.target {
                EndpointTarget::Service { group, .. } => Some(group.to_string()),
                EndpointTarget::Scope(_) => None,
            },
            subnet: format!("{}/{}", spec.network, spec.subnet),
            ip_version_type: (spec.ip_version == IpVersion::V6).then_some(IpVersionSchema::IPv6),
            zone_group: spec.zone_group.as_ref().map(|group| self.zone_group(group)),
            ip_configurations: spec
                .ip_configurations
                .iter()
                .map(|one| IpConfigurationSchema {
                    member_name: one.member.clone(),
                    private_ip_address: one.address.to_string(),
                })
                .collect(),
            approval: (spec.approval != self.state.first_approval(&spec.network, &spec.target))
                .then(|| approval(spec.approval)),
            created: spec.created.map(|date| date.to_string()),
        }
    }

    fn unresolved_endpoint(&self, endpoint: &UnresolvedEndpoint) -> UnresolvedEndpointSchema {
        UnresolvedEndpointSchema {
            name: endpoint.name.to_string(),
            unresolved: endpoint.unresolved.to_string(),
            zone_group: endpoint.zone_group.as_ref().map(|group| self.zone_group(group)),
        }
    }

    fn zone_group(&self, group: &ZoneGroup) -> ZoneGroupSchema {
        let parts = group.zones.chunk_by(|one, other| one.resource_group == other.resource_group);
        let mut parts: Vec<ZoneGroupZonesSchema> = parts
            .map(|part| {
                let (resource_group, zones) = self.zones(&part.iter().collect::<Vec<_>>());
                ZoneGroupZonesSchema { resource_group, zones }
            })
            .collect();
        match parts.pop() {
            // The resource group alone represents those that exist.
            Some(ZoneGroupZonesSchema { resource_group, zones: ZoneListSchema::All(_) })
                if parts.is_empty() && group.zones.iter().all(|zone| self.state.zones.contains_key(zone)) =>
            {
                ZoneGroupSchema::ResourceGroup(resource_group)
            }
            Some(only) if parts.is_empty() => ZoneGroupSchema::Zones(only),
            last => ZoneGroupSchema::Several(parts.into_iter().chain(last).collect()),
        }
    }

    /// Zones of one resource group, as its name and a list.
    fn zones(&self, zones: &[&ZoneId]) -> (String, ZoneListSchema) {
        let group = zones.first().map_or_else(String::new, |zone| zone.resource_group.to_string());
        if zones.iter().map(|zone| &zone.apex).eq(self.state.catalogue.zone_group().map(|row| &row.private)) {
            return (group, ALL_ZONES);
        }
        (group, ZoneListSchema::Names(zones.iter().map(|zone| zone.apex.to_string()).collect()))
    }
}

fn scope(ScopeSpec { name, access, lacks_modes, created }: &ScopeSpec) -> ScopeSchema {
    let named = |own: AccessMode| (!lacks_modes || own != AccessMode::Open).then(|| mode(own));
    ScopeSchema {
        name: name.to_string(),
        ingestion_access_mode: named(access.ingestion),
        query_access_mode: named(access.query),
        exclusions: exclusions(access),
        created: created.map(|date| date.to_string()),
    }
}

/// The zones of the events at the front that are alike and in one resource group.
fn run<'e>(events: &'e [Recorded], first: &ZoneId, zone: impl Fn(&'e Event) -> Option<&'e ZoneId>) -> Vec<&'e ZoneId> {
    events
        .iter()
        .map_while(|one| zone(&one.event))
        .take_while(|zone| zone.resource_group == first.resource_group)
        .collect()
}

/// Links of all of `zones`, network by network, at the front of the events; and how many events they are.
fn links(events: &[Recorded], zones: &[&ZoneId]) -> (IndexMap<String, LinkSchema>, usize) {
    let mut links = IndexMap::new();
    let mut taken = 0;
    while let Some(part) = events.get(taken..taken + zones.len())
        && let Some(Recorded { event: Event::LinkZone { network, policy, registration, .. }, .. }) = part.first()
        && !links.contains_key(network.as_str())
        && part.iter().zip(zones).all(|(one, zone)| {
            let (zone, network) = ((*zone).clone(), network.clone());
            one.event == Event::LinkZone { zone, network, policy: *policy, registration: *registration }
        })
    {
        let resolution_policy = match policy {
            ResolutionPolicy::Default => None,
            ResolutionPolicy::NxDomainRedirect => Some(PolicySchema::NxDomainRedirect),
        };
        links.insert(
            network.to_string(),
            LinkSchema { resolution_policy, registration_enabled: registration.then_some(true) },
        );
        taken += zones.len();
    }
    (links, taken)
}

fn network(spec: &NetworkSpec) -> NetworkSchema {
    NetworkSchema {
        kind: (spec.kind == NetworkKind::OnPremises).then_some(NetworkKindSchema::OnPremises),
        on_premises: None,
        address_space: spec.address_space.iter().map(ToString::to_string).collect(),
        client_prefixes: spec.client_prefixes.iter().map(ToString::to_string).collect(),
        subnets: spec.subnets.iter().map(|(name, prefix)| (name.clone(), prefixes(spec, name, prefix))).collect(),
        dns: dns(&spec.dns),
    }
}

fn prefixes(spec: &NetworkSpec, subnet: &str, prefix: &Ipv4Net) -> OneOrMoreSchema {
    let other = spec.subnet_v6(subnet).map(|prefix| prefix.to_string());
    [prefix.to_string()].into_iter().chain(other).collect::<Vec<_>>().into()
}

fn dns(setting: &DnsSetting) -> Option<DnsSchema> {
    match setting {
        DnsSetting::AzureProvided => None,
        DnsSetting::Custom { kind, forward, default } => Some(DnsSchema::Custom(CustomDnsSchema {
            kind: Some(match kind {
                ForwarderKind::RestartsAtCname => ForwarderKindSchema::RestartsAtCname,
                ForwarderKind::AcceptsChain => ForwarderKindSchema::AcceptsChain,
            }),
            forward: forward.iter().map(|one| (one.suffix.to_string(), targets(&one.to))).collect(),
            default: Some(targets(default)),
        })),
    }
}

fn targets(to: &[ForwardTo]) -> OneOrMoreSchema {
    to.iter().map(target).collect::<Vec<_>>().into()
}

fn target(to: &ForwardTo) -> String {
    match to {
        ForwardTo::AzureProvided => "azureProvided".to_owned(),
        ForwardTo::Public => "public".to_owned(),
        ForwardTo::Network(name) => format!("network/{name}"),
        ForwardTo::InboundEndpoint(name) => format!("inboundEndpoint/{name}"),
    }
}

fn ruleset(spec: &RulesetSpec) -> RulesetSchema {
    let rules = spec.rules.iter().map(|rule| RuleSchema {
        // The root is a dot in any case.
        domain: if rule.final_dot { rule.domain.dotted().to_string() } else { rule.domain.to_string() },
        target: targets(&rule.to),
        enabled: (!rule.enabled).then_some(false),
    });
    let outbound = spec.outbound.as_ref().map(|network| InNetworkSchema { network: network.to_string() });
    let links = spec.links.iter().map(ToString::to_string).collect();
    RulesetSchema { outbound_endpoint: outbound, rules: rules.collect(), links }
}

fn workspace(spec: &WorkspaceSpec) -> WorkspaceSchema {
    WorkspaceSchema {
        customer_id: spec.customer_id.clone(),
        location: spec.location.clone(),
        ingestion: set(spec.ingestion),
        query: set(spec.query),
        perimeter_allows_inbound: perimeter(spec.ingestion, spec.query),
    }
}

fn component(spec: &ComponentSpec) -> ComponentSchema {
    let global = || "global".to_owned();
    let usual = spec.ingestion_endpoint.as_deref().map(region);
    ComponentSchema {
        location: spec.location.clone(),
        ingestion_endpoint: match &spec.ingestion_privatelink_host {
            Some(host) => Some(host.to_string()),
            None => spec.ingestion_endpoint.clone(),
        },
        live_endpoint: match &spec.live_privatelink_host {
            Some(host) => Some(host.to_string()),
            None => (spec.live_endpoint.as_deref() != usual).then(|| spec.live_endpoint.clone().unwrap_or_else(global)),
        },
        connection_string: None,
        workspace: spec.workspace.as_ref().map(ToString::to_string),
        ingestion: set(spec.ingestion),
        query: set(spec.query),
        perimeter_allows_inbound: perimeter(spec.ingestion, spec.query),
    }
}

fn data_collection_endpoint(spec: &DataCollectionEndpointSpec) -> DataCollectionEndpointSchema {
    let address = |name: &OwnerName| AddressSchema::Bare(name.to_string());
    DataCollectionEndpointSchema {
        location: spec.location.clone(),
        configuration_access: address(&spec.configuration_access),
        logs_ingestion: address(&spec.logs_ingestion),
        metrics_ingestion: spec.metrics_ingestion.as_ref().map(address),
        public_network_access: set(spec.public_network_access),
        perimeter_allows_inbound: inbound(spec.public_network_access).filter(|allowed| *allowed),
    }
}

fn service(spec: &ServiceSpec) -> ResourceSchema {
    let texts = |groups: &[Arc<str>]| groups.iter().map(ToString::to_string).collect::<Vec<_>>();
    let hosts =
        spec.hosts.iter().map(|(group, hosts)| (group.to_string(), hosts.iter().map(ToString::to_string).collect()));
    ResourceSchema {
        kind: spec.kind.to_string(),
        location: spec.location.clone(),
        group_ids: texts(&spec.groups),
        hosts: hosts.collect(),
        private_endpoints_elsewhere: texts(&spec.endpoints_elsewhere),
        public_network_access: set(spec.public_network_access),
        perimeter_allows_inbound: inbound(spec.public_network_access).filter(|allowed| *allowed),
    }
}

/// What changed, if it is flags alone.
fn flags(before: &ResourceSpec, after: &ResourceSpec) -> Option<SetAccessSchema> {
    let mut same = before.clone();
    let schema = match (&mut same, after) {
        (ResourceSpec::Workspace(own), ResourceSpec::Workspace(new)) => {
            (own.ingestion, own.query) = (new.ingestion, new.query);
            both(new.ingestion, new.query)
        }
        (ResourceSpec::Component(own), ResourceSpec::Component(new)) => {
            (own.ingestion, own.query) = (new.ingestion, new.query);
            both(new.ingestion, new.query)
        }
        (ResourceSpec::DataCollectionEndpoint(own), ResourceSpec::DataCollectionEndpoint(new)) => {
            own.public_network_access = new.public_network_access;
            single(new.public_network_access)
        }
        (ResourceSpec::Service(own), ResourceSpec::Service(new)) => {
            own.public_network_access = new.public_network_access;
            single(new.public_network_access)
        }
        _ => return None,
    };
    (same == *after).then(|| SetAccessSchema { resource: after.name().to_string(), ..schema })
}

/// The change of a resource that has one flag.
fn single(flag: PublicNetworkAccess) -> SetAccessSchema {
    SetAccessSchema {
        ingestion: Some(access(flag)),
        perimeter_allows_inbound: inbound(flag).map(PerimeterSchema::Both),
        ..SetAccessSchema::default()
    }
}

fn both(ingestion: PublicNetworkAccess, query: PublicNetworkAccess) -> SetAccessSchema {
    SetAccessSchema {
        resource: String::new(),
        ingestion: Some(access(ingestion)),
        query: Some(access(query)),
        perimeter_allows_inbound: perimeter(ingestion, query),
    }
}

fn access(access: PublicNetworkAccess) -> AccessSchema {
    match access {
        PublicNetworkAccess::Enabled => AccessSchema::Enabled,
        PublicNetworkAccess::Disabled => AccessSchema::Disabled,
        PublicNetworkAccess::SecuredByPerimeter { .. } => AccessSchema::SecuredByPerimeter,
        PublicNetworkAccess::Unknown => AccessSchema::Unknown,
    }
}

/// A flag, unless it is what it is without being said.
fn set(flag: PublicNetworkAccess) -> Option<AccessSchema> {
    (flag != PublicNetworkAccess::default()).then(|| access(flag))
}

fn inbound(access: PublicNetworkAccess) -> Option<bool> {
    match access {
        PublicNetworkAccess::SecuredByPerimeter { inbound_allowed } => Some(inbound_allowed),
        _ => None,
    }
}

fn perimeter(ingestion: PublicNetworkAccess, query: PublicNetworkAccess) -> Option<PerimeterSchema> {
    match (inbound(ingestion).unwrap_or(false), inbound(query).unwrap_or(false)) {
        (false, false) => None,
        (true, true) => Some(PerimeterSchema::Both(true)),
        (ingestion, query) => Some(PerimeterSchema::Each(PerimeterEachSchema { ingestion, query })),
    }
}

fn exclusions(access: &AccessModeSettings) -> Vec<ExclusionSchema> {
    let schema = access.exclusions.iter().map(|one| ExclusionSchema {
        private_endpoint_connection_name: one.endpoint.to_string(),
        ingestion_access_mode: mode(one.ingestion),
        query_access_mode: mode(one.query),
    });
    schema.collect()
}

fn mode(mode: AccessMode) -> ModeSchema {
    match mode {
        AccessMode::Open => ModeSchema::Open,
        AccessMode::PrivateOnly => ModeSchema::PrivateOnly,
    }
}

fn approval(state: ApprovalState) -> ApprovalSchema {
    match state {
        ApprovalState::Approved => ApprovalSchema::Approved,
        ApprovalState::Pending => ApprovalSchema::Pending,
        ApprovalState::Rejected => ApprovalSchema::Rejected,
        ApprovalState::Disconnected => ApprovalSchema::Disconnected,
    }
}

fn scoped(scope: &str, mut resources: Vec<String>) -> ScopedResourceSchema {
    let resource = match resources.len() {
        1 => OneOrMoreSchema::One(resources.remove(0)),
        _ => OneOrMoreSchema::More(resources),
    };
    ScopedResourceSchema { scope: scope.to_owned(), resource }
}

fn machine(
    network: &NetworkName,
    subnet: Option<&str>,
    address: Option<Ipv4Addr>,
    location: Option<&str>,
    own: Option<&Associations>,
) -> MachineSchema {
    MachineSchema {
        network: network.to_string(),
        subnet: subnet.map(str::to_owned),
        private_ip_address: address.map(|address| address.to_string()),
        location: location.map(str::to_owned),
        associations: own.map(collection::associations),
    }
}

fn inbound_endpoint(spec: &InboundEndpointSpec) -> InboundEndpointSchema {
    InboundEndpointSchema {
        network: spec.network.to_string(),
        subnet: spec.subnet.as_deref().map(str::to_owned),
        private_ip_address: spec.address.map(|address| address.to_string()),
    }
}

fn named(name: &str) -> NameSchema {
    NameSchema::Bare(name.to_owned())
}

/// The owner's name within its zone; histories that were read have no others.
fn relative(owner: &OwnerName, zone: &ZoneId) -> String {
    owner.relative_to(&zone.apex).unwrap_or_else(|| owner.to_string())
}
