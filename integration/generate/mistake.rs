//! Events that mean nothing where they stand.

use ampls_dns::compile::State;
use ampls_dns::dns::OwnerName;
use ampls_dns::estate::network::RulesetRule;
use ampls_dns::estate::{
    AccessModeSettings, ApprovalState, Associations, DnsSetting, EndpointTarget, Event, Forward, ForwardTo,
    ForwarderKind, InboundEndpointSpec, IpVersion, NetworkKind, NetworkSpec, OutboundRule, PrivateEndpointSpec,
    ResolutionPolicy, RuleAction, RulesetSpec, ScopeSpec, StaticAddress, SubscriptionSpec, ZoneGroup, ZoneId,
};

/// The name of nothing.
const NOBODY: &str = "nobody at all";

/// An event that refers to what does not exist, or creates what exists.
pub fn mistake(state: &State, seed: u64) -> Event {
    let which = seed % 37;
    let event = of_networks(state, seed, which).or_else(|| of_scopes(state, seed, which));
    // An estate without such objects has no network of that name either.
    event.unwrap_or(Event::DeletePrivateEndpoint { endpoint: NOBODY.into() })
}

/// Of networks, rulesets and zones.
fn of_networks(state: &State, seed: u64, which: u64) -> Option<Event> {
    let nobody = NOBODY;
    let nothing = ZoneId { resource_group: nobody.into(), apex: state.catalogue.zones[0].private.clone() };
    let pick = |count: usize| (seed >> 32) as usize % count.max(1);
    let network = state.networks.keys().nth(pick(state.networks.len())).cloned();
    let other = state.networks.keys().nth(pick(state.networks.len()) + 1).cloned();
    let zone = state.zones.keys().nth(pick(state.zones.len())).cloned();
    match which {
        0 => Some(Event::DeleteNetwork { network: nobody.into() }),
        1 => network.clone().map(|network| Event::CreatePeering { between: [network.clone(), network] }),
        2 => network.clone().map(|network| Event::CreatePeering { between: [network, nobody.into()] }),
        3 => network
            .clone()
            .zip(other)
            .filter(|(one, other)| !state.are_peered(one, other))
            .map(|(one, other)| Event::DeletePeering { between: [one, other] }),
        4 => Some(Event::SetDns { network: nobody.into(), dns: DnsSetting::AzureProvided }),
        5 => Some(Event::CreateInboundEndpoint(InboundEndpointSpec {
            name: "new".into(),
            network: nobody.into(),
            subnet: None,
            address: None,
        })),
        6 => Some(Event::DeleteInboundEndpoint { name: nobody.into() }),
        7 => Some(Event::SetRuleset(RulesetSpec {
            name: "new".into(),
            outbound: None,
            rules: Vec::new(),
            links: vec![nobody.into()],
        })),
        8 => Some(Event::DeleteRuleset { name: nobody.into() }),
        9 => Some(Event::DeletePrivateDnsZone { zone: nothing.clone() }),
        10 => network.clone().map(|network| {
            let policy = ResolutionPolicy::Default;
            Event::LinkZone { zone: nothing.clone(), network, policy, registration: false }
        }),
        11 => zone.clone().map(|zone| {
            let policy = ResolutionPolicy::Default;
            Event::LinkZone { zone, network: nobody.into(), policy, registration: false }
        }),
        12 => zone
            .clone()
            .zip(network.clone())
            .filter(|(zone, network)| !state.zones[zone].links.contains_key(network))
            .map(|(zone, network)| Event::UnlinkZone { zone, network }),
        13 => Some(Event::DeleteRecordSet {
            owner: nothing.apex.child("api").expect("a good name"),
            zone: nothing.clone(),
            kind: ampls_dns::dns::RecordType::A,
        }),
        30 => network.clone().map(|name| Event::CreateNetwork((*state.networks[&name]).clone())),
        31 => network.clone().map(|network| {
            let to = ForwardTo::InboundEndpoint(nobody.into());
            let dns = DnsSetting::Custom { kind: ForwarderKind::default(), forward: Vec::new(), default: vec![to] };
            Event::SetDns { network, dns }
        }),
        32 => {
            let (domain, to) = (OwnerName::root(), ForwardTo::Network(nobody.into()));
            let rules = vec![RulesetRule { domain, final_dot: true, enabled: true, to: vec![to] }];
            Some(Event::SetRuleset(RulesetSpec { name: "new".into(), outbound: None, rules, links: Vec::new() }))
        }
        33 => {
            let forward = vec![Forward { suffix: OwnerName::root(), to: vec![ForwardTo::Network(nobody.into())] }];
            let dns = DnsSetting::Custom { kind: ForwarderKind::default(), forward, default: vec![ForwardTo::Public] };
            Some(Event::CreateNetwork(NetworkSpec {
                name: "new".into(),
                kind: NetworkKind::Virtual,
                address_space: Vec::new(),
                client_prefixes: Vec::new(),
                subnets: Vec::new(),
                subnets_v6: Vec::new(),
                dns,
            }))
        }
        34 => Some(Event::SetOutboundRule { network: nobody.into(), rule: OutboundRule { action: RuleAction::Deny } }),
        _ => None,
    }
}

/// Of resources, scopes, private endpoints and virtual machines.
fn of_scopes(state: &State, seed: u64, which: u64) -> Option<Event> {
    let nobody = NOBODY;
    let nothing = ZoneId { resource_group: nobody.into(), apex: state.catalogue.zones[0].private.clone() };
    let pick = |count: usize| (seed >> 32) as usize % count.max(1);
    let network = state.networks.keys().nth(pick(state.networks.len())).cloned();
    let resource = state.resources.keys().nth(pick(state.resources.len())).cloned();
    let scope = state.scopes.keys().nth(pick(state.scopes.len())).cloned();
    let subnet = state.networks.values().find_map(|spec| Some((spec.name.clone(), spec.subnets.first()?.clone())));
    let endpoint = |network: &str, subnet: &str| PrivateEndpointSpec {
        name: "pe of nobody".into(),
        target: EndpointTarget::Scope(scope.clone().unwrap_or_else(|| nobody.into())),
        network: network.into(),
        subnet: subnet.to_owned(),
        ip_version: IpVersion::V4,
        zone_group: None,
        ip_configurations: Vec::new(),
        approval: ApprovalState::Approved,
        created: None,
    };
    match which {
        14 => Some(Event::DeleteResource { resource: nobody.into() }),
        15 => Some(Event::SetAccessModes { scope: nobody.into(), access: AccessModeSettings::default() }),
        16 => Some(Event::DeletePrivateLinkScope { scope: nobody.into() }),
        17 => scope.clone().map(|scope| Event::AddScopedResource { scope, resource: nobody.into() }),
        18 => resource.clone().map(|resource| Event::AddScopedResource { scope: nobody.into(), resource }),
        19 => scope
            .clone()
            .zip(resource.clone())
            .filter(|(scope, resource)| !state.scopes[scope].resources.contains(resource))
            .map(|(scope, resource)| Event::RemoveScopedResource { scope, resource }),
        20 => subnet.clone().map(|(network, (subnet, _))| {
            let own = PrivateEndpointSpec {
                target: EndpointTarget::Scope(nobody.into()),
                ..endpoint(network.as_str(), &subnet)
            };
            Event::CreatePrivateEndpoint(own)
        }),
        21 => network
            .clone()
            .filter(|_| scope.is_some())
            .map(|network| Event::CreatePrivateEndpoint(endpoint(network.as_str(), nobody))),
        22 => subnet.clone().filter(|_| scope.is_some()).map(|(network, (subnet, _))| {
            let group = ZoneGroup { zones: vec![nothing.clone()] };
            let own = PrivateEndpointSpec { zone_group: Some(group), ..endpoint(network.as_str(), &subnet) };
            Event::CreatePrivateEndpoint(own)
        }),
        23 => subnet.filter(|_| scope.is_some()).map(|(network, (subnet, prefix))| {
            let fixed = StaticAddress { member: "api".to_owned(), address: prefix.network().into() };
            let own = PrivateEndpointSpec { ip_configurations: vec![fixed], ..endpoint(network.as_str(), &subnet) };
            Event::CreatePrivateEndpoint(own)
        }),
        24 => Some(Event::DeleteZoneGroup { endpoint: nobody.into() }),
        25 => Some(Event::SetZoneGroup { endpoint: nobody.into(), zone_group: ZoneGroup { zones: Vec::new() } }),
        26 => Some(Event::SetApproval { endpoint: nobody.into(), state: ApprovalState::Approved }),
        27 => Some(Event::CreateVirtualMachine {
            name: "new".into(),
            network: nobody.into(),
            subnet: None,
            address: None,
            location: None,
            associations: None,
        }),
        35 => Some(Event::SetAssociations { machine: nobody.into(), associations: Associations::default() }),
        36 => Some(Event::SetSubscription(SubscriptionSpec {
            name: "sub".into(),
            tenant: "tenant".into(),
            networks: vec![nobody.into()],
            resources: Vec::new(),
            scopes: Vec::new(),
            resource_groups: Vec::new(),
        })),
        28 => Some(Event::Reboot { machine: nobody.into() }),
        29 => scope.clone().map(|name| {
            let access = AccessModeSettings::default();
            Event::CreatePrivateLinkScope(ScopeSpec { name, access, lacks_modes: false, created: None })
        }),
        _ => None,
    }
}
