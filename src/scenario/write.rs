//! The way back: a scenario as text that reads to the same history.
//!
//! What was written once for many (`azuremonitor`, a resource group for a zone group, a step's date) comes out one by
//! one: the history does not know how it was written.

use indexmap::IndexMap;

use super::expect::{Expected, ExpectedAnswer, ExpectedFlow};
use super::shape::*;
use super::{Expectation, Scenario};
use crate::catalogue::Cloud;
use crate::dns::{RecordSet, RecordType};
use crate::estate::history::{Append, Deletion, Limits, WorkspaceHop};
use crate::estate::{
    AccessMode, AccessModeSettings, ApprovalState, DnsSetting, Event, Exclusion, ForwardTo, ForwarderKind, NetworkKind,
    NetworkSpec, PublicNetworkAccess, Recorded, ResolutionPolicy, ResourceSpec, RuleAction, RulesetSpec, ZoneGroup,
    ZoneId,
};

pub(super) fn write(scenario: &Scenario) -> String {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let history = &scenario.history;
    let mut shape = ScenarioShape {
        version: 1,
        cloud: Some(match history.cloud {
            Cloud::Public => CloudShape::AzureCloud,
            Cloud::UsGovernment => CloudShape::AzureUSGovernment,
            Cloud::China => CloudShape::AzureChinaCloud,
        }),
        title: text(&scenario.title),
        about: text(&scenario.about),
        source: text(&scenario.source),
        start: scenario.start.clone(),
        switches: Some(switches(scenario)),
        ..ScenarioShape::default()
    };
    let mut known = std::collections::HashSet::new();
    let declared = history.declared().0 as usize;
    for recorded in &history.events()[..declared] {
        declare(&mut shape, &recorded.event, &mut known);
    }
    let mut from = declared;
    for step in history.steps() {
        let to = step.end.0 as usize;
        let events = history.events()[from..to].iter().map(|recorded| event(recorded, &mut known)).collect();
        let expect = scenario.expectations.iter().filter(|one| *one.step == *step.name).map(expect).collect();
        shape.steps.push(StepShape {
            name: step.name.to_string(),
            about: text(&step.about),
            date: None,
            events,
            expect,
        });
        from = to;
    }
    serde_saphyr::to_string(&shape).expect("the shapes have string keys and finite numbers only")
}

fn switches(scenario: &Scenario) -> SwitchesShape {
    let switches = &scenario.history.switches;
    SwitchesShape {
        deletion: Some(match switches.deletion {
            Deletion::DeleteByName => DeletionShape::DeleteByName,
            Deletion::DeleteIfOwner => DeletionShape::DeleteIfOwner,
        }),
        workspace_hop: Some(match switches.workspace_hop {
            WorkspaceHop::Scoped => WorkspaceHopShape::Scoped,
            WorkspaceHop::Always => WorkspaceHopShape::Always,
        }),
        append: Some(match switches.append {
            Append::OwnOnly => AppendShape::OwnOnly,
            Append::RewriteAll => AppendShape::RewriteAll,
        }),
        limits: Some(match switches.limits {
            Limits::General => LimitsShape::General,
            Limits::Preview => LimitsShape::Preview,
        }),
    }
}

/// A declaration. Those are of the kinds `pour` makes from the sections above the steps.
fn declare(shape: &mut ScenarioShape, event: &Event, known: &mut std::collections::HashSet<String>) {
    match event {
        Event::CreateNetwork(spec) => {
            shape.networks.insert(spec.name.to_string(), network(spec));
        }
        Event::CreatePeering { between } => shape.peerings.push(between.each_ref().map(ToString::to_string)),
        Event::CreateInboundEndpoint { name, network } => {
            shape.inbound_endpoints.insert(name.to_string(), InNetworkShape { network: network.to_string() });
        }
        Event::SetRuleset(spec) => {
            shape.rulesets.insert(spec.name.to_string(), ruleset(spec));
        }
        Event::PutResource(spec) => {
            known.insert(spec.name().to_string());
            let name = spec.name().to_string();
            match resource(spec) {
                ResourceShape::Workspace(one) => {
                    shape.workspaces.insert(name, one);
                }
                ResourceShape::Component(one) => {
                    shape.components.insert(name, one);
                }
                ResourceShape::DataCollectionEndpoint(one) => {
                    shape.data_collection_endpoints.insert(name, one);
                }
            }
        }
        Event::CreateVirtualMachine { name, network } => {
            shape.virtual_machines.insert(name.to_string(), InNetworkShape { network: network.to_string() });
        }
        _ => {}
    }
}

fn event(recorded: &Recorded, known: &mut std::collections::HashSet<String>) -> EventShape {
    let mut shape = EventShape { date: recorded.date.map(|date| date.to_string()), ..EventShape::default() };
    match &recorded.event {
        Event::CreateNetwork(spec) => {
            shape.create_network = Some(NamedNetworkShape { name: spec.name.to_string(), spec: network(spec) });
        }
        Event::DeleteNetwork { network } => shape.delete_network = Some(network.to_string()),
        Event::CreatePeering { between } => shape.create_peering = Some(between.each_ref().map(ToString::to_string)),
        Event::DeletePeering { between } => shape.delete_peering = Some(between.each_ref().map(ToString::to_string)),
        Event::SetDns { network, dns: setting } => {
            shape.set_dns = Some(SetDnsShape { network: network.to_string(), dns: dns(setting) });
        }
        Event::CreateInboundEndpoint { name, network } => {
            shape.create_inbound_endpoint = Some(placed(name, network));
        }
        Event::DeleteInboundEndpoint { name } => shape.delete_inbound_endpoint = Some(name.to_string()),
        Event::SetRuleset(spec) => {
            shape.set_ruleset = Some(NamedRulesetShape { name: spec.name.to_string(), spec: ruleset(spec) });
        }
        Event::DeleteRuleset { name } => shape.delete_ruleset = Some(name.to_string()),
        Event::CreatePrivateDnsZone { zone } => shape.create_private_dns_zones = Some(zones(zone, IndexMap::new())),
        Event::DeletePrivateDnsZone { zone } => shape.delete_private_dns_zones = Some(zones(zone, IndexMap::new())),
        Event::LinkZone { zone, network, policy } => {
            let policy = match policy {
                ResolutionPolicy::Default => PolicyShape::Default,
                ResolutionPolicy::NxDomainRedirect => PolicyShape::NxDomainRedirect,
            };
            let link = LinkShape { resolution_policy: Some(policy) };
            shape.link_zones = Some(zones(zone, IndexMap::from([(network.to_string(), link)])));
        }
        Event::UnlinkZone { zone, network } => {
            shape.unlink_zones = Some(UnlinkShape {
                resource_group: zone.resource_group.to_string(),
                zones: ZoneListShape::Names(vec![zone.apex.to_string()]),
                networks: vec![network.to_string()],
            });
        }
        Event::PutRecordSet { zone, set } => shape.put_record_set = Some(record_set(zone, set)),
        Event::DeleteRecordSet { zone, owner, kind } => {
            shape.delete_record_set = Some(RecordSetShape {
                resource_group: zone.resource_group.to_string(),
                zone: zone.apex.to_string(),
                name: owner.relative_to(&zone.apex).unwrap_or_else(|| owner.to_string()),
                r#type: kind.to_string(),
                ..RecordSetShape::default()
            });
        }
        Event::PutResource(spec) => put_resource(&mut shape, spec, known),
        Event::DeleteResource { resource } => shape.delete_resource = Some(resource.to_string()),
        Event::CreatePrivateLinkScope(spec) => {
            let (ingestion, query, exclusions) = modes(&spec.access);
            shape.create_private_link_scope = Some(ScopeShape {
                name: spec.name.to_string(),
                ingestion_access_mode: Some(ingestion),
                query_access_mode: Some(query),
                exclusions,
                created: spec.created.map(|date| date.to_string()),
            });
        }
        Event::SetAccessModes { scope, access } => {
            let (ingestion, query, exclusions) = modes(access);
            shape.set_access_modes = Some(SetAccessModesShape {
                scope: scope.to_string(),
                ingestion_access_mode: Some(ingestion),
                query_access_mode: Some(query),
                exclusions,
            });
        }
        Event::DeletePrivateLinkScope { scope } => shape.delete_private_link_scope = Some(scope.to_string()),
        Event::AddScopedResource { scope, resource } => shape.add_scoped_resource = Some(scoped(scope, resource)),
        Event::RemoveScopedResource { scope, resource } => {
            shape.remove_scoped_resource = Some(scoped(scope, resource));
        }
        Event::CreatePrivateEndpoint(spec) => {
            let fixed = spec.ip_configurations.iter().map(|fixed| IpConfigurationShape {
                member_name: fixed.member.clone(),
                private_ip_address: fixed.address.to_string(),
            });
            shape.create_private_endpoint = Some(PrivateEndpointShape {
                name: spec.name.to_string(),
                scope: spec.scope.to_string(),
                subnet: format!("{}/{}", spec.network, spec.subnet),
                zone_group: spec.zone_group.as_ref().map(zone_group),
                ip_configurations: fixed.collect(),
                approval: Some(approval(spec.approval)),
                created: spec.created.map(|date| date.to_string()),
            });
        }
        Event::DeletePrivateEndpoint { endpoint } => shape.delete_private_endpoint = Some(endpoint.to_string()),
        Event::SetZoneGroup { endpoint, zone_group: group } => {
            let (endpoint, zone_group) = (endpoint.to_string(), zone_group(group));
            shape.set_zone_group = Some(SetZoneGroupShape { endpoint, zone_group });
        }
        Event::DeleteZoneGroup { endpoint } => shape.delete_zone_group = Some(endpoint.to_string()),
        Event::SetApproval { endpoint, state } => {
            shape.set_approval = Some(SetApprovalShape { endpoint: endpoint.to_string(), approval: approval(*state) });
        }
        Event::CreateVirtualMachine { name, network } => shape.create_virtual_machine = Some(placed(name, network)),
        Event::OpenSession { machine, resource } => {
            shape.open_session = Some(SessionShape { machine: machine.to_string(), resource: resource.to_string() });
        }
        Event::Reboot { machine } => shape.reboot = Some(machine.to_string()),
        Event::CutSessions { machine } => shape.cut_sessions = Some(machine.to_string()),
        Event::SetOutboundRule { network, rule } => {
            let action = match rule.action {
                RuleAction::Allow => ActionShape::Allow,
                RuleAction::Deny => ActionShape::Deny,
            };
            shape.set_outbound_rule = Some(OutboundRuleShape { network: network.to_string(), action });
        }
    }
    shape
}

/// A resource that is new is created; of one that is there only the flags can have changed.
fn put_resource(shape: &mut EventShape, spec: &ResourceSpec, known: &mut std::collections::HashSet<String>) {
    let name = spec.name().to_string();
    if known.insert(name.clone()) {
        match resource(spec) {
            ResourceShape::Workspace(spec) => shape.create_workspace = Some(NamedWorkspaceShape { name, spec }),
            ResourceShape::Component(spec) => shape.create_component = Some(NamedComponentShape { name, spec }),
            ResourceShape::DataCollectionEndpoint(spec) => {
                shape.create_data_collection_endpoint = Some(NamedDataCollectionEndpointShape { name, spec });
            }
        }
        return;
    }
    let (ingestion, query) = match spec {
        ResourceSpec::Workspace(one) => (one.ingestion, Some(one.query)),
        ResourceSpec::Component(one) => (one.ingestion, Some(one.query)),
        ResourceSpec::DataCollectionEndpoint(one) => (one.public_network_access, None),
    };
    shape.set_public_network_access = Some(SetAccessShape {
        resource: name,
        ingestion: Some(access(ingestion)),
        query: query.map(access),
        perimeter_allows_inbound: inbound(ingestion).or(query.and_then(inbound)),
    });
}

enum ResourceShape {
    Workspace(WorkspaceShape),
    Component(ComponentShape),
    DataCollectionEndpoint(DataCollectionEndpointShape),
}

fn resource(spec: &ResourceSpec) -> ResourceShape {
    match spec {
        ResourceSpec::Workspace(one) => ResourceShape::Workspace(WorkspaceShape {
            customer_id: one.customer_id.clone(),
            location: one.location.clone(),
            ingestion: Some(access(one.ingestion)),
            query: Some(access(one.query)),
            perimeter_allows_inbound: inbound(one.ingestion).or(inbound(one.query)),
        }),
        ResourceSpec::Component(one) => ResourceShape::Component(ComponentShape {
            location: one.location.clone(),
            ingestion_endpoint: one.ingestion_endpoint.clone(),
            live_endpoint: one.live_endpoint.clone(),
            connection_string: None,
            workspace: one.workspace.as_ref().map(ToString::to_string),
            ingestion: Some(access(one.ingestion)),
            query: Some(access(one.query)),
        }),
        ResourceSpec::DataCollectionEndpoint(one) => {
            ResourceShape::DataCollectionEndpoint(DataCollectionEndpointShape {
                location: one.location.clone(),
                configuration_access: one.configuration_access.to_string(),
                logs_ingestion: one.logs_ingestion.to_string(),
                metrics_ingestion: one.metrics_ingestion.as_ref().map(ToString::to_string),
                public_network_access: Some(access(one.public_network_access)),
                perimeter_allows_inbound: inbound(one.public_network_access),
            })
        }
    }
}

fn network(spec: &NetworkSpec) -> NetworkShape {
    NetworkShape {
        kind: (spec.kind == NetworkKind::OnPremises).then_some(NetworkKindShape::OnPremises),
        address_space: spec.address_space.iter().map(ToString::to_string).collect(),
        client_prefixes: spec.client_prefixes.iter().map(ToString::to_string).collect(),
        subnets: spec.subnets.iter().map(|(name, prefix)| (name.clone(), prefix.to_string())).collect(),
        dns: Some(dns(&spec.dns)),
    }
}

fn dns(setting: &DnsSetting) -> DnsShape {
    match setting {
        DnsSetting::AzureProvided => DnsShape::Named(AzureProvidedShape::AzureProvided),
        DnsSetting::Custom { kind, forward, default } => DnsShape::Custom(CustomDnsShape {
            kind: Some(match kind {
                ForwarderKind::RestartsAtCname => ForwarderKindShape::RestartsAtCname,
                ForwarderKind::AcceptsChain => ForwarderKindShape::AcceptsChain,
            }),
            forward: forward.iter().map(|one| (one.suffix.to_string(), target(&one.to))).collect(),
            default: Some(target(default)),
        }),
    }
}

fn target(to: &ForwardTo) -> String {
    match to {
        ForwardTo::AzureProvided => "azureProvided".to_owned(),
        ForwardTo::Public => "public".to_owned(),
        ForwardTo::Network(name) => format!("network/{name}"),
        ForwardTo::InboundEndpoint(name) => format!("inboundEndpoint/{name}"),
    }
}

fn ruleset(spec: &RulesetSpec) -> RulesetShape {
    let rule = |rule: &crate::estate::network::RulesetRule| RuleShape {
        domain: if rule.final_dot { rule.domain.dotted().to_string() } else { rule.domain.to_string() },
        target: target(&rule.to),
        enabled: Some(rule.enabled),
    };
    RulesetShape {
        rules: spec.rules.iter().map(rule).collect(),
        links: spec.links.iter().map(ToString::to_string).collect(),
    }
}

fn placed(name: &impl ToString, network: &impl ToString) -> NamedInNetworkShape {
    NamedInNetworkShape { name: name.to_string(), spec: InNetworkShape { network: network.to_string() } }
}

fn zones(zone: &ZoneId, links: IndexMap<String, LinkShape>) -> ZonesShape {
    ZonesShape {
        resource_group: zone.resource_group.to_string(),
        zones: ZoneListShape::Names(vec![zone.apex.to_string()]),
        links,
    }
}

fn zone_group(group: &ZoneGroup) -> ZoneGroupShape {
    let one = |zone: &ZoneId| ZoneGroupZonesShape {
        resource_group: zone.resource_group.to_string(),
        zones: ZoneListShape::Names(vec![zone.apex.to_string()]),
    };
    ZoneGroupShape::Several(group.zones.iter().map(one).collect())
}

fn record_set(zone: &ZoneId, set: &RecordSet) -> RecordSetShape {
    RecordSetShape {
        resource_group: zone.resource_group.to_string(),
        zone: zone.apex.to_string(),
        name: set.owner().relative_to(&zone.apex).unwrap_or_else(|| set.owner().to_string()),
        r#type: set.kind().to_string(),
        ttl: Some(set.ttl()),
        records: set.data().iter().map(ToString::to_string).collect(),
    }
}

fn modes(access: &AccessModeSettings) -> (ModeShape, ModeShape, Vec<ExclusionShape>) {
    let mode = |mode| match mode {
        AccessMode::Open => ModeShape::Open,
        AccessMode::PrivateOnly => ModeShape::PrivateOnly,
    };
    let exclusion = |one: &Exclusion| ExclusionShape {
        private_endpoint_connection_name: one.endpoint.to_string(),
        ingestion_access_mode: mode(one.ingestion),
        query_access_mode: mode(one.query),
    };
    (mode(access.ingestion), mode(access.query), access.exclusions.iter().map(exclusion).collect())
}

fn scoped(scope: &impl ToString, resource: &impl ToString) -> ScopedResourceShape {
    ScopedResourceShape { scope: scope.to_string(), resource: OneOrMoreShape::One(resource.to_string()) }
}

fn approval(state: ApprovalState) -> ApprovalShape {
    match state {
        ApprovalState::Approved => ApprovalShape::Approved,
        ApprovalState::Pending => ApprovalShape::Pending,
        ApprovalState::Rejected => ApprovalShape::Rejected,
    }
}

fn access(access: PublicNetworkAccess) -> AccessShape {
    match access {
        PublicNetworkAccess::Enabled => AccessShape::Enabled,
        PublicNetworkAccess::Disabled => AccessShape::Disabled,
        PublicNetworkAccess::SecuredByPerimeter { .. } => AccessShape::SecuredByPerimeter,
    }
}

fn inbound(access: PublicNetworkAccess) -> Option<bool> {
    match access {
        PublicNetworkAccess::SecuredByPerimeter { inbound_allowed } => Some(inbound_allowed),
        PublicNetworkAccess::Enabled | PublicNetworkAccess::Disabled => None,
    }
}

fn expect(expectation: &Expectation) -> ExpectShape {
    let mut shape = ExpectShape::default();
    match &expectation.expected {
        Expected::Answer { from, name, kind, answer } => {
            shape.from = Some(OneOrMoreShape::One(from.name().to_owned()));
            let question = if *kind == RecordType::A { name.to_string() } else { format!("{name} {kind}") };
            let one = |word: &str| OneOrMoreShape::One(word.to_owned());
            let answer = match answer {
                ExpectedAnswer::Data(data) => OneOrMoreShape::More(data.clone()),
                ExpectedAnswer::Public => one("public"),
                ExpectedAnswer::NameError => one("NXDOMAIN"),
                ExpectedAnswer::NoData => one("NODATA"),
                ExpectedAnswer::Failure => one("SERVFAIL"),
            };
            shape.answers.insert(question, answer);
        }
        Expected::Chain { from, name, targets } => {
            shape.from = Some(OneOrMoreShape::One(from.name().to_owned()));
            shape.chain.insert(name.to_string(), targets.iter().map(ToString::to_string).collect());
        }
        Expected::Finding(code) => shape.findings.push(code.clone()),
        Expected::NoFinding(code) => shape.absent_findings.push(code.clone()),
        Expected::Flow(one) => shape.flows.push(flow(one)),
        Expected::Records { zone, records } => {
            let records = records.iter().map(|(owner, address)| {
                (owner.relative_to(&zone.apex).unwrap_or_else(|| owner.to_string()), address.to_string())
            });
            shape.records.insert(zone.to_string(), records.collect());
        }
    }
    shape
}

fn flow(flow: &ExpectedFlow) -> FlowShape {
    FlowShape {
        from: flow.from.name().to_owned(),
        to: flow.to.to_string(),
        operation: flow.operation.name().to_owned(),
        name: flow.name.as_ref().map(ToString::to_string),
        path: flow.path.clone(),
        endpoint: flow.endpoint.as_ref().map(ToString::to_string),
        decision: flow.allowed.map(|allowed| if allowed { DecisionShape::Allow } else { DecisionShape::Deny }),
        row: flow.row,
        status: flow.status,
        text: flow.text.clone(),
    }
}
