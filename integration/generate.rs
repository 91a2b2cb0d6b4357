//! Histories made by chance, for the laws. Small worlds in which things meet: three networks, two resource groups, two
//! scopes, three endpoints, and any events in any order.

use std::net::Ipv4Addr;

use ampls_dns::catalogue::{Catalogue, Cloud};
use ampls_dns::dns::{OwnerName, RecordData, RecordSet, RecordType};
use ampls_dns::estate::{
    AccessMode, AccessModeSettings, ApprovalState, ComponentSpec, DnsSetting, Event, Forward, ForwardTo, ForwarderKind,
    History, NetworkKind, NetworkSpec, PrivateEndpointSpec, PublicNetworkAccess, Recorded, ResolutionPolicy,
    ResourceSpec, ScopeSpec, WorkspaceSpec, ZoneGroup, ZoneId,
};
use proptest::prelude::*;

/// The networks of every generated history.
pub const NETWORKS: [&str; 3] = ["vnet1", "vnet2", "vnet3"];

/// The GUIDs of the workspaces of every generated history.
pub const WORKSPACES: [&str; 2] = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"];

/// Any history.
pub fn histories() -> impl Strategy<Value = History> {
    (declarations(), prop::collection::vec(events(), 0..24)).prop_map(|(mut history, events)| {
        for (index, event) in events.into_iter().enumerate() {
            history.push(Recorded { event, date: None, place: None });
            history.end_step(&format!("step-{index}"), "");
        }
        history
    })
}

/// The estate every history begins with.
pub fn declarations() -> impl Strategy<Value = History> {
    let mut history = History::new(Cloud::Public);
    let mut push = |event| {
        history.push(Recorded { event, date: None, place: None });
    };
    for (index, name) in NETWORKS.iter().enumerate() {
        push(Event::CreateNetwork(network(name, u8::try_from(index).expect("three networks") + 1)));
    }
    for (index, guid) in WORKSPACES.iter().enumerate() {
        push(Event::PutResource(workspace(index, guid)));
    }
    push(Event::PutResource(component()));
    history.end_declarations();
    Just(history)
}

/// Any events that keep to one side of an estate: `side` 0 or 1 has a network, a resource group, a scope, an endpoint and
/// a workspace of its own.
pub fn events_of_side(side: usize) -> impl Strategy<Value = Vec<Event>> {
    let network = NETWORKS[side];
    let group = ["rg-a", "rg-b"][side];
    let (scope, endpoint, resource) = (["ampls1", "ampls2"][side], ["pe1", "pe2"][side], ["ws-0", "ws-1"][side]);
    let zone = prop::sample::select(zones(group));
    let event = prop_oneof![
        zone.clone().prop_map(|zone| Event::CreatePrivateDnsZone { zone }),
        zone.clone().prop_map(move |zone| Event::LinkZone {
            zone,
            network: network.into(),
            policy: ResolutionPolicy::Default,
        }),
        (zone, by_hand()).prop_map(|(zone, set)| {
            let set = set(&zone.apex);
            Event::PutRecordSet { zone, set }
        }),
        Just(Event::CreatePrivateLinkScope(ScopeSpec {
            name: scope.into(),
            access: AccessModeSettings::default(),
            created: None
        })),
        Just(Event::AddScopedResource { scope: scope.into(), resource: resource.into() }),
        Just(Event::RemoveScopedResource { scope: scope.into(), resource: resource.into() }),
        Just(Event::CreatePrivateEndpoint(PrivateEndpointSpec {
            name: endpoint.into(),
            scope: scope.into(),
            network: network.into(),
            subnet: "endpoints".to_owned(),
            zone_group: Some(ZoneGroup { zones: zones(group) }),
            ip_configurations: Vec::new(),
            approval: ApprovalState::Approved,
            created: None,
        })),
        Just(Event::DeletePrivateEndpoint { endpoint: endpoint.into() }),
    ];
    prop::collection::vec(event, 0..16)
}

/// Names worth asking for.
pub fn names() -> impl Strategy<Value = OwnerName> {
    let mut names: Vec<String> = [
        "api.monitor.azure.com",
        "api.loganalytics.io",
        "x.api.loganalytics.io",
        "global.in.ai.monitor.azure.com",
        "in.ai.monitor.azure.com",
        "dc.services.visualstudio.com",
        "westeurope-5.in.applicationinsights.azure.com",
        "westeurope.livediagnostics.monitor.azure.com",
        "privatelink.monitor.azure.com",
        "api.privatelink.monitor.azure.com",
        "scadvisorcontentpl.blob.core.windows.net",
        "management.azure.com",
        "nobody.monitor.azure.com",
        "example.org",
        "hand.privatelink.monitor.azure.com",
        "loop.privatelink.monitor.azure.com",
        ".",
    ]
    .map(str::to_owned)
    .to_vec();
    for guid in WORKSPACES {
        names.push(format!("{guid}.ods.opinsights.azure.com"));
        names.push(format!("{guid}.privatelink.ods.opinsights.azure.com"));
    }
    prop::sample::select(names).prop_map(|name| OwnerName::parse(&name).expect("a good name"))
}

/// Types worth asking for.
pub fn kinds() -> impl Strategy<Value = RecordType> {
    prop::sample::select(vec![
        RecordType::A,
        RecordType::A,
        RecordType::AAAA,
        RecordType::CNAME,
        RecordType::TXT,
        RecordType::SOA,
        RecordType::HTTPS,
    ])
}

fn events() -> impl Strategy<Value = Event> {
    let network = prop::sample::select(NETWORKS.to_vec());
    let scope = prop::sample::select(vec!["ampls1", "ampls2"]);
    let endpoint = prop::sample::select(vec!["pe1", "pe2", "pe3"]);
    let resource = prop::sample::select(vec!["ws-0", "ws-1", "ai"]);
    prop_oneof![
        3 => zone().prop_map(|zone| Event::CreatePrivateDnsZone { zone }),
        4 => (zone(), network.clone(), any::<bool>()).prop_map(|(zone, network, redirect)| Event::LinkZone {
            zone,
            network: network.into(),
            policy: if redirect { ResolutionPolicy::NxDomainRedirect } else { ResolutionPolicy::Default },
        }),
        1 => (zone(), network.clone()).prop_map(|(zone, network)| Event::UnlinkZone { zone, network: network.into() }),
        1 => zone().prop_map(|zone| Event::DeletePrivateDnsZone { zone }),
        2 => (zone(), by_hand()).prop_map(|(zone, set)| {
            let set = set(&zone.apex);
            Event::PutRecordSet { zone, set }
        }),
        2 => (scope.clone(), any::<bool>()).prop_map(|(name, private)| {
            let mode = if private { AccessMode::PrivateOnly } else { AccessMode::Open };
            let access = AccessModeSettings { ingestion: mode, query: mode, exclusions: Vec::new() };
            Event::CreatePrivateLinkScope(ScopeSpec { name: name.into(), access, created: None })
        }),
        3 => (scope.clone(), resource.clone()).prop_map(|(scope, resource)| Event::AddScopedResource {
            scope: scope.into(),
            resource: resource.into(),
        }),
        1 => (scope.clone(), resource).prop_map(|(scope, resource)| Event::RemoveScopedResource {
            scope: scope.into(),
            resource: resource.into(),
        }),
        4 => (endpoint.clone(), scope, network.clone(), prop::sample::select(vec!["rg-a", "rg-b"])).prop_map(
            |(name, scope, network, group)| Event::CreatePrivateEndpoint(PrivateEndpointSpec {
                name: name.into(),
                scope: scope.into(),
                network: network.into(),
                subnet: "endpoints".to_owned(),
                zone_group: Some(ZoneGroup { zones: zones(group) }),
                ip_configurations: Vec::new(),
                approval: ApprovalState::Approved,
                created: None,
            })
        ),
        2 => endpoint.clone().prop_map(|endpoint| Event::DeletePrivateEndpoint { endpoint: endpoint.into() }),
        1 => endpoint.prop_map(|endpoint| Event::SetZoneGroup {
            endpoint: endpoint.into(),
            zone_group: ZoneGroup { zones: zones("rg-a") },
        }),
        1 => (network.clone(), network.clone()).prop_map(|(a, b)| Event::CreatePeering { between: [a.into(), b.into()] }),
        1 => (network.clone(), network, any::<bool>()).prop_map(|(network, to, restarts)| Event::SetDns {
            network: network.into(),
            dns: DnsSetting::Custom {
                kind: if restarts { ForwarderKind::RestartsAtCname } else { ForwarderKind::AcceptsChain },
                forward: vec![Forward {
                    suffix: OwnerName::parse("monitor.azure.com").expect("a good name"),
                    to: ForwardTo::Network(to.into()),
                }],
                default: ForwardTo::AzureProvided,
            },
        }),
    ]
}

/// The zones of a complete zone group in a resource group.
fn zones(group: &str) -> Vec<ZoneId> {
    let id = |apex: &OwnerName| ZoneId { resource_group: group.into(), apex: apex.clone() };
    Catalogue::of(Cloud::Public).zone_group().map(|row| id(&row.private)).collect()
}

fn zone() -> impl Strategy<Value = ZoneId> {
    prop::sample::select([zones("rg-a"), zones("rg-b")].concat())
}

/// A record set somebody writes by hand, in a zone.
fn by_hand() -> impl Strategy<Value = fn(&OwnerName) -> RecordSet> {
    fn child(apex: &OwnerName, label: &str) -> OwnerName {
        apex.child(label).expect("a good name")
    }
    let address: fn(&OwnerName) -> RecordSet =
        |apex| RecordSet::single(child(apex, "hand"), 3600, RecordData::A(Ipv4Addr::new(10, 0, 9, 9)));
    let wildcard: fn(&OwnerName) -> RecordSet =
        |apex| RecordSet::single(child(apex, "*"), 3600, RecordData::A(Ipv4Addr::new(10, 0, 9, 10)));
    let looped: fn(&OwnerName) -> RecordSet =
        |apex| RecordSet::single(child(apex, "loop"), 3600, RecordData::Cname(child(apex, "loop")));
    let text: fn(&OwnerName) -> RecordSet =
        |apex| RecordSet::single(child(apex, "api"), 3600, RecordData::Txt(vec![b"by hand".to_vec()]));
    prop::sample::select(vec![address, wildcard, looped, text])
}

fn network(name: &str, number: u8) -> NetworkSpec {
    NetworkSpec {
        name: name.into(),
        kind: NetworkKind::Virtual,
        address_space: vec![format!("10.0.{number}.0/24").parse().expect("a good prefix")],
        client_prefixes: Vec::new(),
        subnets: vec![("endpoints".to_owned(), format!("10.0.{number}.0/25").parse().expect("a good prefix"))],
        dns: DnsSetting::AzureProvided,
    }
}

fn workspace(index: usize, guid: &str) -> ResourceSpec {
    ResourceSpec::Workspace(WorkspaceSpec {
        name: format!("ws-{index}").into(),
        customer_id: guid.to_owned(),
        location: "westeurope".to_owned(),
        ingestion: PublicNetworkAccess::Enabled,
        query: PublicNetworkAccess::Enabled,
    })
}

fn component() -> ResourceSpec {
    ResourceSpec::Component(ComponentSpec {
        name: "ai".into(),
        location: "westeurope".to_owned(),
        ingestion_endpoint: Some("westeurope-5".to_owned()),
        live_endpoint: Some("westeurope".to_owned()),
        workspace: None,
        ingestion: PublicNetworkAccess::Enabled,
        query: PublicNetworkAccess::Enabled,
    })
}
