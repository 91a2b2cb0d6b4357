//! Networks, zones, records, resources, scopes and endpoints made from drawn numbers.

use std::net::{Ipv4Addr, Ipv6Addr};

use ampls_dns::compile::{member, service};
use ampls_dns::dns::{OwnerName, RecordData};
use ampls_dns::estate::network::RulesetRule;
use ampls_dns::estate::{
    AccessMode, AccessModeSettings, ApprovalState, ArcConnection, Associations, ComponentSpec,
    DataCollectionEndpointSpec, DataCollectionRuleSpec, DnsSetting, EndpointTarget, Exclusion, Forward, ForwardTo,
    ForwarderKind, IpVersion, NetworkKind, NetworkName, NetworkSpec, PrivateEndpointSpec, PublicNetworkAccess,
    ResourceName, ResourceSpec, RulesetName, RulesetSpec, ScopeName, ServiceSpec, StaticAddress, SubscriptionSpec,
    WorkspaceSpec, ZoneGroup, ZoneId,
};
use ipnet::Ipv4Net;

use super::maker::{Dates, Maker, Side};

fn name(text: &str) -> OwnerName {
    OwnerName::parse(text).expect("a good name")
}

impl Maker {
    pub(super) fn new_network(&mut self) -> NetworkSpec {
        let name = self.name("vnet");
        let side = match self.habits.side {
            Side::Whole | Side::Left => 0,
            Side::Right => 128,
        };
        // Some address spaces overlap, as they do where networks are not planned together.
        let number = if self.once_in(6) { self.count.saturating_sub(1) } else { self.count };
        let third = side + number % 128;
        let prefix = |text: String| text.parse().expect("a good prefix");
        let mut address_space = vec![prefix(format!("10.0.{third}.0/24"))];
        if self.flip() {
            address_space.push(prefix("fd00:1::/48".to_owned()));
        }
        let clients = self.pick(3);
        let sizes: &[u8] = match self.pick(8) {
            0 => &[28, 28],
            1 => &[27],
            2 => &[26, 28],
            3 => &[],
            _ => &[25, 26],
        };
        let mut next = Ipv4Addr::new(10, 0, third as u8, 0);
        let mut subnets: Vec<(String, Ipv4Net)> = Vec::new();
        for (index, size) in sizes.iter().enumerate() {
            let subnet = Ipv4Net::new(next, *size).expect("a good prefix");
            next = Ipv4Addr::from(u32::from(subnet.broadcast()).wrapping_add(1));
            let label = ["endpoints", "null", "a b", "🔒"][if index == 0 { 0 } else { self.pick(3) + 1 }];
            subnets.push((label.to_owned(), subnet));
        }
        let on_premises = self.once_in(5) && !self.state.networks.is_empty();
        NetworkSpec {
            name: name.into(),
            kind: if on_premises { NetworkKind::OnPremises } else { NetworkKind::Virtual },
            address_space,
            client_prefixes: (0..clients).map(|own| prefix(format!("127.0.{}.0/24", own + 10))).collect(),
            subnets,
            subnets_v6: Vec::new(),
            dns: if self.once_in(4) { self.dns() } else { DnsSetting::AzureProvided },
        }
    }

    pub(super) fn dns(&mut self) -> DnsSetting {
        if self.once_in(3) {
            return DnsSetting::AzureProvided;
        }
        let zones = self.state.catalogue.zones.clone();
        let mut suffixes = vec![name("."), name("sub.corp.example"), name("corp.example")];
        suffixes.extend(zones.iter().flat_map(|row| [row.private.clone(), row.public.clone()]));
        let mut forward: Vec<Forward> = Vec::new();
        for _ in 0..self.pick(4) {
            let suffix = suffixes.swap_remove(self.pick(suffixes.len()));
            forward.push(Forward { suffix, to: self.targets() });
        }
        let kind = if self.flip() { ForwarderKind::AcceptsChain } else { ForwarderKind::RestartsAtCname };
        DnsSetting::Custom { kind, forward, default: self.targets() }
    }

    /// One server, or two in order.
    fn targets(&mut self) -> Vec<ForwardTo> {
        let mut targets = vec![self.target()];
        if self.once_in(3) {
            targets.push(self.target());
        }
        targets
    }

    fn target(&mut self) -> ForwardTo {
        let inbound: Vec<_> = self.state.inbound.keys().cloned().collect();
        match self.pick(6) {
            0 | 1 => self.network().map_or(ForwardTo::Public, ForwardTo::Network),
            2 => self.one(&inbound).map_or(ForwardTo::AzureProvided, ForwardTo::InboundEndpoint),
            3 | 4 => ForwardTo::AzureProvided,
            _ => ForwardTo::Public,
        }
    }

    pub(super) fn ruleset(&mut self) -> RulesetSpec {
        let known: Vec<RulesetName> = self.state.rulesets.keys().cloned().collect();
        let again = if self.flip() { self.one(&known) } else { None };
        let name_of = again.unwrap_or_else(|| self.name("ruleset").into());
        let apexes = self.state.catalogue.zones.clone();
        let mut rules = Vec::new();
        for _ in 0..self.pick(3) {
            let domain = match self.pick(3) {
                0 => name("."),
                1 => name("corp.example"),
                _ => apexes[self.pick(apexes.len())].public.clone(),
            };
            let final_dot = domain.is_root() || !self.once_in(4);
            let mut to = self.targets();
            // Azure refuses that target.
            if !self.once_in(4) {
                to.iter_mut().filter(|to| **to == ForwardTo::AzureProvided).for_each(|to| *to = ForwardTo::Public);
            }
            rules.push(RulesetRule { domain, final_dot, enabled: !self.once_in(5), to });
        }
        let mut links: Vec<NetworkName> = self.virtual_networks();
        links.retain(|_| !self.once_in(3));
        // Azure refuses a second ruleset of a network.
        if !self.once_in(4) {
            let others: Vec<_> = self.state.rulesets.values().filter(|one| one.name != name_of).cloned().collect();
            links.retain(|network| !others.iter().any(|one| one.links.contains(network)));
        }
        let outbound = if self.flip() { self.virtual_network() } else { None };
        RulesetSpec { name: name_of, outbound, rules, links }
    }

    pub(super) fn resource_group(&mut self) -> String {
        match self.habits.side {
            Side::Whole => {
                ["rg-dns", "rg-hub", "null", "rg: #1"][if self.habits.odd { self.pick(4) } else { self.pick(2) }]
            }
            Side::Left => "rg-left",
            Side::Right => "rg-right",
        }
        .to_owned()
    }

    /// The zones of a complete zone group in a resource group.
    pub(super) fn complete(&self, group: &str) -> Vec<ZoneId> {
        let id = |apex: &OwnerName| ZoneId { resource_group: group.into(), apex: apex.clone() };
        self.state.catalogue.zone_group().map(|row| id(&row.private)).collect()
    }

    /// Mostly one that endpoints write to; else one of somebody's own, one that hides public names, or one Azure refuses.
    pub(super) fn new_zone(&mut self) -> ZoneId {
        let resource_group = self.resource_group();
        let mut own = vec![name("corp.example"), name("sub.corp.example"), name("internal"), name("example.org")];
        own.extend(self.state.catalogue.zones.iter().map(|row| row.public.clone()));
        own.extend(self.state.catalogue.zones.iter().filter_map(|row| row.private.child("sub").ok()));
        let complete = self.complete(&resource_group);
        let services = self.service_zones();
        if self.once_in(4) && !services.is_empty() {
            let apex = services[self.pick(services.len())].clone();
            return ZoneId { resource_group: resource_group.into(), apex };
        }
        match self.once_in(3) {
            true => ZoneId { resource_group: resource_group.into(), apex: own.swap_remove(self.pick(own.len())) },
            false => complete[self.pick(complete.len())].clone(),
        }
    }

    /// Half of the time a name that has record sets.
    pub(super) fn owner(&mut self, zone: &ZoneId) -> OwnerName {
        let had: Vec<OwnerName> =
            self.state.zones[zone].zone.sets().iter().map(|owned| owned.set.owner().clone()).collect();
        if self.flip() {
            return self.one(&had).expect("a zone has its SOA");
        }
        let owners = ["@", "api", "*", "a.b", "*.in.ai", "live", "1e3", "null", "\\.x", "\\000\\255", "\\@", "x\\032y"];
        zone.apex.child(owners[self.pick(owners.len())]).expect("a good name")
    }

    pub(super) fn data(&mut self, apex: &OwnerName) -> Vec<RecordData> {
        let hosts = [
            name("x.example"),
            name("."),
            name("a\\.b.example"),
            apex.child("api").expect("a good name"),
            apex.child("a.b").expect("a good name"),
            name("api.monitor.azure.com"),
            name("www.corp.example"),
        ];
        let host = hosts[self.pick(hosts.len())].clone();
        let (number, count) = (self.pick(65_536) as u16, self.pick(3) as u8 + 1);
        let octets = [self.pick(256) as u8, self.pick(256) as u8, b'"', b'\\', b';', b' ', b'\n', b'x'];
        let third = self.pick(4) as u8;
        let kind = self.pick(10);
        let one = |own: u8| match kind {
            0 => RecordData::Aaaa(Ipv6Addr::new(0xfd00, number, 0, 0, 0, 0, 0, u16::from(own))),
            1 | 2 => RecordData::Cname(host.clone()),
            3 => RecordData::Ptr(host.clone()),
            4 => RecordData::Mx { preference: number, exchange: host.clone() },
            5 => RecordData::Srv { priority: number, weight: 1, port: u16::from(own), target: host.clone() },
            6 => RecordData::Txt(vec![octets.to_vec(), Vec::new(), vec![own; 255]]),
            _ => RecordData::A(Ipv4Addr::new(10, 0, third, own)),
        };
        // No record is twice in a set (RFC 2181, 5).
        let count = if matches!(kind, 1..=4) { 1 } else { count };
        (1..=count).map(one).collect()
    }

    fn access(&mut self) -> PublicNetworkAccess {
        match self.pick(5) {
            0 | 1 => PublicNetworkAccess::Enabled,
            2 => PublicNetworkAccess::Disabled,
            own => PublicNetworkAccess::SecuredByPerimeter { inbound_allowed: own == 3 },
        }
    }

    fn region(&mut self) -> &'static str {
        let regions = match self.habits.side {
            Side::Whole => ["westeurope", "northeurope"],
            Side::Left => ["westeurope"; 2],
            Side::Right => ["eastus"; 2],
        };
        regions[self.pick(2)]
    }

    pub(super) fn new_resource(&mut self) -> ResourceSpec {
        let name = self.name("resource").into();
        match self.pick(8) {
            5 | 6 => self.service(name),
            7 => self.rule(name),
            0..=1 => ResourceSpec::Workspace(WorkspaceSpec {
                name,
                customer_id: format!("{:08x}-{:04x}-4111-8111-11111111e111", self.count, self.habits.side as usize),
                location: Some(self.region().to_owned()),
                ingestion: self.access(),
                query: self.access(),
            }),
            2 | 3 => self.component(name),
            _ => self.data_collection_endpoint(name),
        }
    }

    fn component(&mut self, name: ResourceName) -> ResourceSpec {
        let region = self.region();
        let (stamp, odd) = (format!("{region}-5"), ["null", "1e3", "x-y"]);
        let mut label = |own: &str| match self.pick(8) {
            0 => None,
            1 if self.habits.odd => Some(odd[self.pick(3)].to_owned()),
            _ => Some(own.to_owned()),
        };
        let (ingestion_endpoint, live_endpoint) = (label(&stamp), label(region));
        let workspace = self.state.resources.values().find(|one| matches!(one.spec, ResourceSpec::Workspace(_)));
        let workspace = workspace.map(|one| one.spec.name().clone());
        ResourceSpec::Component(ComponentSpec {
            name,
            location: Some(region.to_owned()),
            ingestion_endpoint,
            live_endpoint,
            ingestion_privatelink_host: None,
            live_privatelink_host: None,
            workspace: workspace.filter(|_| self.flip()),
            ingestion: self.access(),
            query: self.access(),
        })
    }

    fn data_collection_endpoint(&mut self, name: ResourceName) -> ResourceSpec {
        let public = self.state.catalogue.zones[0].public.clone();
        let region = self.region();
        let label = format!("dce{}-ab1c.{region}-1", self.count);
        let host = |part: &str| public.child(&format!("{label}.{part}")).expect("a good name");
        ResourceSpec::DataCollectionEndpoint(DataCollectionEndpointSpec {
            name,
            location: Some(region.to_owned()),
            configuration_access: host("handler.control"),
            logs_ingestion: host("ingest"),
            metrics_ingestion: self.flip().then(|| host("metrics.ingest")),
            public_network_access: self.access(),
        })
    }

    /// Resource types and group ids of other services that the cloud has.
    fn service_kinds(&self) -> Vec<(&'static str, &'static [&'static str])> {
        let all: [(&str, &[&str]); 6] = [
            // All its names are shared, and the two sides of an estate share nothing.
            ("Microsoft.HybridCompute/privateLinkScopes", &["hybridcompute"]),
            ("Microsoft.KeyVault/vaults", &["vault"]),
            ("Microsoft.Storage/storageAccounts", &["blob", "file"]),
            ("Microsoft.Monitor/accounts", &["prometheusMetrics"]),
            ("Microsoft.DataFactory/factories", &["dataFactory", "portal"]),
            ("Microsoft.ContainerRegistry/registries", &["registry"]),
        ];
        let is_there = |(kind, groups): &(&str, &[&str])| {
            let is_known = |group: &&str| self.state.catalogue.service(kind, group).next().is_some();
            (self.habits.side == Side::Whole || !kind.contains("HybridCompute")) && groups.iter().all(is_known)
        };
        all.into_iter().filter(is_there).collect()
    }

    /// The private zones that such resources have names in.
    pub(super) fn service_zones(&self) -> Vec<OwnerName> {
        let specs = self
            .service_kinds()
            .into_iter()
            .map(|(kind, groups)| service_spec("any".into(), kind, groups, "westeurope"));
        let names = specs.flat_map(|spec| service::of_service(&self.state.catalogue, &spec));
        let mut zones: Vec<OwnerName> = names.map(|member| member.zone).collect();
        zones.sort();
        zones.dedup();
        zones
    }

    fn service(&mut self, name: ResourceName) -> ResourceSpec {
        let kinds = self.service_kinds();
        let (kind, groups) = kinds[self.pick(kinds.len())];
        let groups = if self.flip() { &groups[..1] } else { groups };
        let region = self.region();
        let mut spec = service_spec(name, kind, groups, region);
        if self.once_in(4) {
            spec.endpoints_elsewhere = vec![spec.groups[0].clone()];
        }
        spec.public_network_access = self.access();
        ResourceSpec::Service(spec)
    }

    /// A rule, once in a while of kind Direct, which has hosts of its own.
    fn rule(&mut self, name: ResourceName) -> ResourceSpec {
        let public = self.state.catalogue.zones[0].public.clone();
        let region = self.region();
        let host = |label: String| public.child(&format!("{label}.logs.z1.ingest")).expect("a good name");
        let direct = self.flip().then(|| host(format!("rule{}-ab1c-{region}", self.count)));
        let endpoints = self.of_kind(|spec| matches!(spec, ResourceSpec::DataCollectionEndpoint(_)));
        ResourceSpec::DataCollectionRule(DataCollectionRuleSpec {
            name,
            location: Some(region.to_owned()),
            endpoint: if self.flip() { self.one(&endpoints) } else { None },
            logs_ingestion: direct,
            metrics_ingestion: None,
        })
    }

    fn of_kind(&self, is_it: impl Fn(&ResourceSpec) -> bool) -> Vec<ResourceName> {
        let all = self.state.resources.iter().filter(|(_, own)| is_it(&own.spec));
        all.map(|(name, _)| name.clone()).collect()
    }

    /// A resource that a scope can hold.
    pub(super) fn scopable(&mut self) -> Option<ResourceName> {
        let none = |spec: &ResourceSpec| matches!(spec, ResourceSpec::Service(_) | ResourceSpec::DataCollectionRule(_));
        let all = self.of_kind(|spec| !none(spec));
        self.one(&all)
    }

    pub(super) fn associations(&mut self) -> Associations {
        let mut rules = self.of_kind(|spec| matches!(spec, ResourceSpec::DataCollectionRule(_)));
        rules.retain(|_| !self.once_in(3));
        let endpoints = self.of_kind(|spec| matches!(spec, ResourceSpec::DataCollectionEndpoint(_)));
        let arc = self.of_kind(|spec| matches!(spec, ResourceSpec::Service(own) if own.is_arc_scope()));
        let arc = match self.pick(3) {
            0 => None,
            1 => Some(ArcConnection::Unassociated),
            _ => self.one(&arc).map(ArcConnection::Scope),
        };
        Associations { rules, endpoint: if self.once_in(3) { None } else { self.one(&endpoints) }, arc }
    }

    /// Objects that come to a subscription, of one of two tenants.
    pub(super) fn subscription(&mut self) -> SubscriptionSpec {
        let number = self.pick(3);
        let side = match self.habits.side {
            Side::Whole => "",
            Side::Left => "left-",
            Side::Right => "right-",
        };
        let mut networks: Vec<NetworkName> = self.state.networks.keys().cloned().collect();
        networks.retain(|_| self.flip());
        let mut resources: Vec<ResourceName> = self.state.resources.keys().cloned().collect();
        resources.retain(|_| self.flip());
        let mut scopes: Vec<ScopeName> = self.state.scopes.keys().cloned().collect();
        scopes.retain(|_| self.flip());
        let resource_groups = if self.flip() { vec![self.resource_group().into()] } else { Vec::new() };
        SubscriptionSpec {
            name: format!("{side}sub{number}").into(),
            tenant: format!("{side}tenant{}", number / 2).into(),
            networks,
            resources,
            scopes,
            resource_groups,
        }
    }

    /// The resource with other flags, or with much else changed as well.
    pub(super) fn changed(&mut self, before: ResourceSpec) -> ResourceSpec {
        let name = before.name().clone();
        match (before, self.flip()) {
            (ResourceSpec::Workspace(spec), flags) => ResourceSpec::Workspace(WorkspaceSpec {
                ingestion: self.access(),
                query: self.access(),
                location: if flags { spec.location } else { Some(self.region().to_owned()) },
                ..spec
            }),
            (ResourceSpec::Component(spec), true) => {
                ResourceSpec::Component(ComponentSpec { ingestion: self.access(), query: self.access(), ..spec })
            }
            (ResourceSpec::DataCollectionEndpoint(spec), true) => {
                let public_network_access = self.access();
                ResourceSpec::DataCollectionEndpoint(DataCollectionEndpointSpec { public_network_access, ..spec })
            }
            (ResourceSpec::Component(_), false) => self.component(name),
            (ResourceSpec::DataCollectionEndpoint(_), false) => self.data_collection_endpoint(name),
            (ResourceSpec::DataCollectionRule(_), _) => self.rule(name),
            (ResourceSpec::Service(spec), _) => {
                ResourceSpec::Service(ServiceSpec { public_network_access: self.access(), ..spec })
            }
        }
    }

    /// Access modes of a scope; exclusions are of connections to it, once in a while of another's.
    pub(super) fn modes(&mut self, scope: &ScopeName) -> AccessModeSettings {
        let mut mode = || if self.flip() { AccessMode::PrivateOnly } else { AccessMode::Open };
        let (ingestion, query) = (mode(), mode());
        let modes = (mode(), mode());
        let any = self.once_in(6);
        let endpoints = self.state.endpoints.values().filter(|one| any || one.spec.target.scope() == Some(scope));
        let endpoints: Vec<_> = endpoints.map(|one| one.spec.name.clone()).collect();
        let endpoint = self.one(&endpoints).filter(|_| self.flip());
        let exclusion = |endpoint| Exclusion { endpoint, ingestion: modes.0, query: modes.1 };
        AccessModeSettings { ingestion, query, exclusions: endpoint.map(exclusion).into_iter().collect() }
    }

    pub(super) fn approval(&mut self) -> ApprovalState {
        let states =
            [ApprovalState::Approved, ApprovalState::Approved, ApprovalState::Pending, ApprovalState::Rejected];
        states[self.pick(4)]
    }

    pub(super) fn new_endpoint(&mut self, grouped: bool) -> Option<PrivateEndpointSpec> {
        let of_service = self.once_in(6);
        self.new_endpoint_of(grouped, of_service)
    }

    /// An endpoint of a scope, or of a resource of another service if there is one.
    pub(super) fn new_endpoint_of(&mut self, grouped: bool, of_service: bool) -> Option<PrivateEndpointSpec> {
        let services: Vec<(ResourceName, std::sync::Arc<str>)> = (self.state.resources.iter())
            .filter_map(|(name, own)| match &own.spec {
                ResourceSpec::Service(spec) => Some(spec.groups.iter().map(|group| (name.clone(), group.clone()))),
                _ => None,
            })
            .flatten()
            .collect();
        let service = if of_service { self.one(&services) } else { None };
        let target = match service {
            Some((resource, group)) => EndpointTarget::Service { resource, group },
            None => EndpointTarget::Scope(self.scope()?),
        };
        let networks = self.virtual_networks();
        let places: Vec<(NetworkName, String, Ipv4Net)> = (networks.iter())
            .flat_map(|network| {
                let subnets = &self.state.networks[network].subnets;
                subnets.iter().map(|(subnet, prefix)| (network.clone(), subnet.clone(), *prefix))
            })
            .collect();
        let (network, subnet, prefix) = self.one(&places)?;
        let created = if self.habits.dates == Dates::Mixed { self.date() } else { None };
        Some(PrivateEndpointSpec {
            name: self.name("pe").into(),
            network,
            subnet,
            ip_version: IpVersion::V4,
            zone_group: grouped.then(|| self.zone_group_for(&target)),
            ip_configurations: if self.once_in(4) { self.fixed(&target, prefix) } else { Vec::new() },
            approval: if self.once_in(3) { self.approval() } else { ApprovalState::Approved },
            created,
            target,
        })
    }

    /// Mostly the zones that the names of the target need.
    fn zone_group_for(&mut self, target: &EndpointTarget) -> ZoneGroup {
        let EndpointTarget::Service { resource, .. } = target else { return self.zone_group() };
        if self.once_in(8) {
            return self.zone_group();
        }
        let members = member::of_resource(&self.state.catalogue, &self.state.resources[resource].spec, None);
        let is_wanted = |id: &&ZoneId| members.iter().any(|member| member.zone == id.apex);
        ZoneGroup { zones: self.state.zones.keys().filter(is_wanted).take(5).cloned().collect() }
    }

    /// Static addresses of one or two members, one of them mostly real.
    fn fixed(&mut self, target: &EndpointTarget, prefix: Ipv4Net) -> Vec<StaticAddress> {
        let mut handles: Vec<String> = match target {
            EndpointTarget::Scope(scope) => {
                let resources = self.state.scopes[scope].resources.iter();
                let specs = resources.filter_map(|name| self.state.resources.get(name)).map(|one| &one.spec);
                let members = member::of_scope(&self.state.catalogue, specs, None);
                members.iter().map(|(member, _)| member.handle()).collect()
            }
            EndpointTarget::Service { resource, .. } => {
                let members = member::of_resource(&self.state.catalogue, &self.state.resources[resource].spec, None);
                members.iter().map(member::Member::handle).collect()
            }
        };
        handles.dedup();
        handles.extend(["null".to_owned(), "nobody".to_owned()]);
        let mut fixed: Vec<StaticAddress> = Vec::new();
        for _ in 0..self.pick(2) + 1 {
            let member = handles.swap_remove(self.pick(handles.len()));
            let address = Ipv4Addr::from(u32::from(prefix.network()) + 4 + self.pick(11) as u32);
            if fixed.iter().all(|one| one.member != member) {
                fixed.push(StaticAddress { member, address: address.into() });
            }
        }
        fixed
    }
}

/// A resource whose names follow from its name, but for those that are read from it.
fn service_spec(name: ResourceName, kind: &str, groups: &[&str], region: &str) -> ServiceSpec {
    let mut hosts = std::collections::BTreeMap::new();
    if kind == "Microsoft.Monitor/accounts" {
        let host = format!("amw-{}.{region}.prometheus.monitor.azure.com", name.as_str().len());
        hosts.insert("prometheusMetrics".into(), vec![self::name(&host)]);
    }
    ServiceSpec {
        name,
        kind: kind.into(),
        location: Some(region.to_owned()),
        groups: groups.iter().map(|group| (*group).into()).collect(),
        hosts,
        endpoints_elsewhere: Vec::new(),
        public_network_access: PublicNetworkAccess::Enabled,
    }
}
