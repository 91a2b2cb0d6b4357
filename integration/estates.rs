//! Histories made by chance that refer only to what exists: those that have a written form. Every kind of event is in
//! them, and names that look like anything but names.

use std::net::{Ipv4Addr, Ipv6Addr};

use ampls_dns::catalogue::{Catalogue, Cloud};
use ampls_dns::dns::{OwnerName, RecordData, RecordSet, RecordType};
use ampls_dns::estate::history::{Append, Deletion, Limits, Switches, WorkspaceHop};
use ampls_dns::estate::network::RulesetRule;
use ampls_dns::estate::{
    AccessMode, AccessModeSettings, ApprovalState, ComponentSpec, DataCollectionEndpointSpec, DnsSetting, Event,
    Exclusion, Forward, ForwardTo, ForwarderKind, History, NetworkKind, NetworkSpec, OutboundRule, PrivateEndpointSpec,
    PublicNetworkAccess, Recorded, ResolutionPolicy, ResourceSpec, RuleAction, RulesetSpec, ScopeSpec, StaticAddress,
    WorkspaceSpec, ZoneGroup, ZoneId,
};
use jiff::civil::Date;
use proptest::prelude::*;

/// Names of objects, most of them mistakable.
const NAMES: &[&str] = &[
    "plain",
    "vnet-1",
    "null",
    "~",
    "true",
    "No",
    "0",
    "1e3",
    "0x1F",
    "2021-12-01",
    "a b",
    "a: b",
    "a #b",
    "- a",
    "-",
    "[a]",
    "{a: b}",
    "a, b",
    "'a'",
    "\"a\"",
    "*a",
    "&a",
    "!a",
    "|",
    ">",
    "%a",
    "@a",
    "`a`",
    "a\\b",
    "naïve",
    "名前",
    "🔒",
    "\u{a0}x\u{2028}y",
    "name",
    "date",
    "global",
    "azureProvided",
    "=",
    "<<",
    "?",
    ": x",
    "x:",
];

/// Any history that has a written form.
pub fn histories() -> impl Strategy<Value = History> {
    let cloud = prop::sample::select(Cloud::ALL.to_vec());
    (cloud, 0u8..16, prop::collection::vec(any::<[u16; 8]>(), 0..60), 0usize..20).prop_map(
        |(cloud, switches, draws, declared)| {
            let mut maker = Maker { history: History::new(cloud), draw: [0; 8], at: 0, ..Maker::default() };
            let bit = |bit: u8| switches >> bit & 1 == 1;
            maker.history.switches = Switches {
                deletion: if bit(0) { Deletion::DeleteIfOwner } else { Deletion::DeleteByName },
                workspace_hop: if bit(1) { WorkspaceHop::Always } else { WorkspaceHop::Scoped },
                append: if bit(2) { Append::RewriteAll } else { Append::OwnOnly },
                limits: if bit(3) { Limits::Preview } else { Limits::General },
            };
            let mut steps = 0;
            for (index, draw) in draws.iter().enumerate() {
                if index == declared {
                    maker.history.end_declarations();
                }
                (maker.draw, maker.at) = (*draw, 0);
                let date = maker.date();
                if let Some(event) = maker.event() {
                    maker.history.push(Recorded { event, date, place: None });
                }
                if index >= declared && maker.pick(3) == 0 {
                    let about = NAMES[maker.pick(NAMES.len())].trim();
                    maker.history.end_step(&format!("{} {steps}", NAMES[steps % NAMES.len()]), about);
                    steps += 1;
                }
            }
            if draws.len() <= declared {
                maker.history.end_declarations();
            }
            maker.history.end_step("last", "");
            maker.history
        },
    )
}

/// Makes events from drawn numbers, and knows what exists.
struct Maker {
    history: History,
    draw: [u16; 8],
    at: usize,
    networks: Vec<NetworkSpec>,
    peerings: Vec<[String; 2]>,
    inbound: Vec<String>,
    rulesets: Vec<String>,
    resources: Vec<ResourceSpec>,
    scopes: Vec<String>,
    scoped: Vec<(String, String)>,
    endpoints: Vec<String>,
    zones: Vec<ZoneId>,
    links: Vec<(ZoneId, String)>,
    machines: Vec<String>,
}

impl Default for Maker {
    fn default() -> Self {
        Self {
            history: History::new(Cloud::Public),
            draw: [0; 8],
            at: 0,
            networks: Vec::new(),
            peerings: Vec::new(),
            inbound: Vec::new(),
            rulesets: Vec::new(),
            resources: Vec::new(),
            scopes: Vec::new(),
            scoped: Vec::new(),
            endpoints: Vec::new(),
            zones: Vec::new(),
            links: Vec::new(),
            machines: Vec::new(),
        }
    }
}

impl Maker {
    /// The next number below `bound`; the eight drawn ones are stirred into more.
    fn pick(&mut self, bound: usize) -> usize {
        let round = self.at / 8;
        let drawn = usize::from(self.draw[self.at % 8]);
        self.at += 1;
        (drawn >> (round % 8)).wrapping_add(round * 7) % bound.max(1)
    }

    fn flip(&mut self) -> bool {
        self.pick(2) == 1
    }

    fn one<T: Clone>(&mut self, list: &[T]) -> Option<T> {
        (!list.is_empty()).then(|| list[self.pick(list.len())].clone())
    }

    /// A name none of `taken` has.
    fn name(&mut self, taken: &[String]) -> String {
        let mut name = NAMES[self.pick(NAMES.len())].trim().to_owned();
        while taken.contains(&name) {
            name.push('x');
        }
        name
    }

    fn date(&mut self) -> Option<Date> {
        let (some, year, month, day) = (self.flip(), self.pick(12), self.pick(12), self.pick(28));
        some.then(|| Date::new(2019 + year as i16, month as i8 + 1, day as i8 + 1).expect("a date of the calendar"))
    }

    fn event(&mut self) -> Option<Event> {
        let network = |own: &mut Self| {
            let names: Vec<String> = own.networks.iter().map(|spec| spec.name.to_string()).collect();
            own.one(&names)
        };
        Some(match self.pick(40) {
            0..=4 => Event::CreateNetwork(self.new_network()),
            5 => {
                let network = network(self)?;
                self.networks.retain(|spec| spec.name.as_str() != network);
                self.peerings.retain(|pair| !pair.contains(&network));
                self.links.retain(|(_, linked)| *linked != network);
                Event::DeleteNetwork { network: network.into() }
            }
            6 => {
                let (one, other) = (network(self)?, network(self)?);
                if one == other {
                    return None;
                }
                self.peerings.push([one.clone(), other.clone()]);
                Event::CreatePeering { between: [one.into(), other.into()] }
            }
            7 => {
                let [one, other] = self.one(&self.peerings.clone())?;
                self.peerings.retain(|pair| !(pair.contains(&one) && pair.contains(&other)));
                Event::DeletePeering { between: [other.into(), one.into()] }
            }
            8 => Event::SetDns { network: network(self)?.into(), dns: self.dns() },
            9 => {
                let network = network(self)?;
                let name = self.name(&self.inbound.clone());
                self.inbound.push(name.clone());
                Event::CreateInboundEndpoint { name: name.into(), network: network.into() }
            }
            10 => {
                let name = self.one(&self.inbound.clone())?;
                self.inbound.retain(|own| *own != name);
                Event::DeleteInboundEndpoint { name: name.into() }
            }
            11 => Event::SetRuleset(self.ruleset()),
            12 => {
                let name = self.one(&self.rulesets.clone())?;
                self.rulesets.retain(|own| *own != name);
                Event::DeleteRuleset { name: name.into() }
            }
            13..=16 => {
                let zone = self.new_zone();
                self.zones.push(zone.clone());
                Event::CreatePrivateDnsZone { zone }
            }
            17 => {
                let zone = self.one(&self.zones.clone())?;
                self.zones.retain(|own| *own != zone);
                self.links.retain(|(own, _)| *own != zone);
                Event::DeletePrivateDnsZone { zone }
            }
            18 | 19 => {
                let (zone, network) = (self.one(&self.zones.clone())?, network(self)?);
                self.links.push((zone.clone(), network.clone()));
                let policy = if self.flip() { ResolutionPolicy::NxDomainRedirect } else { ResolutionPolicy::Default };
                Event::LinkZone { zone, network: network.into(), policy }
            }
            20 => {
                let (zone, network) = self.one(&self.links.clone())?;
                self.links.retain(|own| *own != (zone.clone(), network.clone()));
                Event::UnlinkZone { zone, network: network.into() }
            }
            21 | 22 => {
                let zone = self.one(&self.zones.clone())?;
                let owner = self.owner(&zone.apex);
                let ttl = self.pick(90_000) as u32 + 1;
                let data = self.data();
                Event::PutRecordSet { zone, set: RecordSet::new(owner, ttl, data).expect("records of one type") }
            }
            23 => {
                let zone = self.one(&self.zones.clone())?;
                let owner = self.owner(&zone.apex);
                let kinds = [RecordType::A, RecordType::TXT, RecordType::SRV, RecordType(65_280)];
                Event::DeleteRecordSet { zone, owner, kind: kinds[self.pick(4)] }
            }
            24..=26 => Event::PutResource(self.new_resource()),
            27 => {
                let before = self.one(&self.resources.clone())?;
                let after = self.changed(before);
                self.resources.retain(|spec| spec.name() != after.name());
                self.resources.push(after.clone());
                Event::PutResource(after)
            }
            28 => {
                let spec = self.one(&self.resources.clone())?;
                self.resources.retain(|own| own.name() != spec.name());
                self.scoped.retain(|(_, resource)| resource != spec.name().as_str());
                Event::DeleteResource { resource: spec.name().clone() }
            }
            29 => {
                let name = self.name(&self.scopes.clone());
                self.scopes.push(name.clone());
                let created = self.date();
                Event::CreatePrivateLinkScope(ScopeSpec { name: name.into(), access: self.modes(), created })
            }
            30 => Event::SetAccessModes { scope: self.one(&self.scopes.clone())?.into(), access: self.modes() },
            31 => {
                let scope = self.one(&self.scopes.clone())?;
                self.scopes.retain(|own| *own != scope);
                self.scoped.retain(|(own, _)| *own != scope);
                Event::DeletePrivateLinkScope { scope: scope.into() }
            }
            32 => {
                let (scope, resource) = (self.one(&self.scopes.clone())?, self.one(&self.resources.clone())?);
                let resource = resource.name().to_string();
                self.scoped.push((scope.clone(), resource.clone()));
                Event::AddScopedResource { scope: scope.into(), resource: resource.into() }
            }
            33 => {
                let (scope, resource) = self.one(&self.scoped.clone())?;
                self.scoped.retain(|own| *own != (scope.clone(), resource.clone()));
                Event::RemoveScopedResource { scope: scope.into(), resource: resource.into() }
            }
            34 => Event::CreatePrivateEndpoint(self.new_endpoint()?),
            35 => self.endpoint_event()?,
            36 => {
                let network = network(self)?;
                let name = self.name(&self.machines.clone());
                self.machines.push(name.clone());
                Event::CreateVirtualMachine { name: name.into(), network: network.into() }
            }
            37 => {
                let machine = self.one(&self.machines.clone())?.into();
                let resource = self.one(&self.resources.clone())?.name().clone();
                Event::OpenSession { machine, resource }
            }
            38 => {
                let machine = self.one(&self.machines.clone())?.into();
                if self.flip() { Event::Reboot { machine } } else { Event::CutSessions { machine } }
            }
            _ => {
                let network = network(self)?.into();
                let action = if self.flip() { RuleAction::Deny } else { RuleAction::Allow };
                Event::SetOutboundRule { network, rule: OutboundRule { action } }
            }
        })
    }

    fn new_network(&mut self) -> NetworkSpec {
        let taken: Vec<String> = self.networks.iter().map(|spec| spec.name.to_string()).collect();
        let name = self.name(&taken);
        let third = self.pick(256);
        let prefix = |text: String| text.parse().expect("a good prefix");
        let mut address_space = vec![prefix(format!("10.0.{third}.0/24"))];
        if self.flip() {
            address_space.push(prefix("fd00:1::/48".to_owned()));
        }
        let clients = self.pick(3);
        let subnets = self.pick(3);
        let spec = NetworkSpec {
            name: name.into(),
            kind: if self.flip() { NetworkKind::OnPremises } else { NetworkKind::Virtual },
            address_space,
            client_prefixes: (0..clients).map(|own| prefix(format!("127.0.{own}.0/24"))).collect(),
            subnets: (0..subnets)
                .map(|own| {
                    let subnet = NAMES[(third + own) % NAMES.len()].trim().to_owned();
                    (subnet, format!("10.0.{third}.{}/26", own * 64).parse().expect("a good prefix"))
                })
                .collect(),
            dns: self.dns(),
        };
        self.networks.push(spec.clone());
        spec
    }

    fn dns(&mut self) -> DnsSetting {
        if self.flip() {
            return DnsSetting::AzureProvided;
        }
        let suffixes = [".", "sub.corp.example", "x.example"];
        let count = self.pick(4);
        let forward = suffixes[..count].iter().map(|suffix| {
            let suffix = OwnerName::parse(suffix).expect("a good name");
            Forward { suffix, to: self.target() }
        });
        let forward = forward.collect();
        let kind = if self.flip() { ForwarderKind::AcceptsChain } else { ForwarderKind::RestartsAtCname };
        DnsSetting::Custom { kind, forward, default: self.target() }
    }

    fn target(&mut self) -> ForwardTo {
        let network = self.networks.last().map(|spec| spec.name.clone());
        match (self.pick(4), network, self.inbound.last()) {
            (0, Some(name), _) => ForwardTo::Network(name),
            (1, _, Some(name)) => ForwardTo::InboundEndpoint(name.clone().into()),
            (2, ..) => ForwardTo::AzureProvided,
            _ => ForwardTo::Public,
        }
    }

    fn ruleset(&mut self) -> RulesetSpec {
        let name = NAMES[self.pick(NAMES.len())].trim().to_owned();
        self.rulesets.push(name.clone());
        let count = self.pick(3);
        let rules = (0..count)
            .map(|_| {
                let (final_dot, root) = (self.flip(), self.flip());
                RulesetRule {
                    domain: OwnerName::parse(if root { "." } else { "corp.example" }).expect("a good name"),
                    final_dot: final_dot || root,
                    enabled: self.flip(),
                    to: self.target(),
                }
            })
            .collect();
        let links = self.networks.iter().map(|spec| spec.name.clone()).collect();
        RulesetSpec { name: name.into(), rules, links }
    }

    fn new_zone(&mut self) -> ZoneId {
        let catalogue = Catalogue::of(self.history.cloud);
        let mut names: Vec<OwnerName> = catalogue.zone_group().map(|row| row.private.clone()).collect();
        names.push(OwnerName::parse("corp.example").expect("a good name"));
        let resource_group = ["rg-dns", "null", "rg: #1"][self.pick(3)].into();
        ZoneId { resource_group, apex: names[self.pick(names.len())].clone() }
    }

    fn owner(&mut self, apex: &OwnerName) -> OwnerName {
        let owners = ["@", "api", "*", "a.b", "1e3", "null", "\\.x", "\\000\\255", "\\@", "x\\032y"];
        apex.child(owners[self.pick(owners.len())]).expect("a good name")
    }

    fn data(&mut self) -> Vec<RecordData> {
        let name = |text: &str| OwnerName::parse(text).expect("a good name");
        let host = name(["x.example", ".", "a\\.b.example"][self.pick(3)]);
        let (number, count) = (self.pick(65_536) as u16, self.pick(3) as u8 + 1);
        let octets = [self.draw[0] as u8, self.draw[1] as u8, b'"', b'\\', b';', b' ', b'\n', b'x'];
        let kind = self.pick(7);
        let one = |own: u8| match kind {
            0 => RecordData::A(Ipv4Addr::new(10, 0, 0, own)),
            1 => RecordData::Aaaa(Ipv6Addr::new(0xfd00, number, 0, 0, 0, 0, 0, u16::from(own))),
            2 => RecordData::Cname(host.clone()),
            3 => RecordData::Ptr(host.clone()),
            4 => RecordData::Mx { preference: number, exchange: host.clone() },
            5 => RecordData::Srv { priority: number, weight: 1, port: u16::from(own), target: host.clone() },
            _ => RecordData::Txt(vec![octets.to_vec(), Vec::new(), vec![own; 255]]),
        };
        let count = if kind == 2 { 1 } else { count };
        (1..=count).map(one).collect()
    }

    fn access(&mut self) -> PublicNetworkAccess {
        match self.pick(4) {
            0 => PublicNetworkAccess::Enabled,
            1 => PublicNetworkAccess::Disabled,
            own => PublicNetworkAccess::SecuredByPerimeter { inbound_allowed: own == 2 },
        }
    }

    fn new_resource(&mut self) -> ResourceSpec {
        let taken: Vec<String> = self.resources.iter().map(|spec| spec.name().to_string()).collect();
        let name = self.name(&taken).into();
        let spec = match self.pick(3) {
            0 => ResourceSpec::Workspace(WorkspaceSpec {
                name,
                customer_id: format!("{:08x}-1111-4111-8111-11111111e111", self.pick(65_536)),
                location: "westeurope".to_owned(),
                ingestion: self.access(),
                query: self.access(),
            }),
            1 => self.component(name),
            _ => self.data_collection_endpoint(name),
        };
        self.resources.push(spec.clone());
        spec
    }

    fn component(&mut self, name: ampls_dns::estate::ResourceName) -> ResourceSpec {
        let labels = [None, Some("westeurope-5"), Some("westeurope"), Some("null"), Some("1e3"), Some("x-y")];
        let workspace = self.resources.iter().find(|spec| matches!(spec, ResourceSpec::Workspace(_)));
        let workspace = workspace.map(|spec| spec.name().clone());
        ResourceSpec::Component(ComponentSpec {
            name,
            location: "westeurope".to_owned(),
            ingestion_endpoint: labels[self.pick(labels.len())].map(str::to_owned),
            live_endpoint: labels[self.pick(labels.len())].map(str::to_owned),
            workspace: workspace.filter(|_| self.flip()),
            ingestion: self.access(),
            query: self.access(),
        })
    }

    fn data_collection_endpoint(&mut self, name: ampls_dns::estate::ResourceName) -> ResourceSpec {
        let public = Catalogue::of(self.history.cloud).zones[0].public.clone();
        let host = |label: &str| public.child(label).expect("a good name");
        ResourceSpec::DataCollectionEndpoint(DataCollectionEndpointSpec {
            name,
            location: "westeurope".to_owned(),
            configuration_access: host("dce.westeurope-1.handler.control"),
            logs_ingestion: host("dce.westeurope-1.ingest"),
            metrics_ingestion: self.flip().then(|| host("dce.westeurope-1.metrics.ingest")),
            public_network_access: self.access(),
        })
    }

    /// The resource with other flags, or with much else changed as well.
    fn changed(&mut self, before: ResourceSpec) -> ResourceSpec {
        let name = before.name().clone();
        match (before, self.flip()) {
            (ResourceSpec::Workspace(spec), flags) => ResourceSpec::Workspace(WorkspaceSpec {
                ingestion: self.access(),
                query: self.access(),
                location: if flags { spec.location } else { "northeurope".to_owned() },
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
        }
    }

    fn modes(&mut self) -> AccessModeSettings {
        let mut mode = || if self.flip() { AccessMode::PrivateOnly } else { AccessMode::Open };
        let (ingestion, query) = (mode(), mode());
        let modes = (mode(), mode());
        let endpoint = self.one(&self.endpoints.clone()).filter(|_| self.flip());
        let exclusion = |name: String| Exclusion { endpoint: name.into(), ingestion: modes.0, query: modes.1 };
        let exclusions = endpoint.map(exclusion).into_iter().collect();
        AccessModeSettings { ingestion, query, exclusions }
    }

    fn zone_group(&mut self) -> ZoneGroup {
        let from = self.pick(self.zones.len() + 1);
        ZoneGroup { zones: self.zones[from.min(self.zones.len())..].to_vec() }
    }

    fn new_endpoint(&mut self) -> Option<PrivateEndpointSpec> {
        let scope = self.one(&self.scopes.clone())?;
        let places: Vec<_> = self
            .networks
            .iter()
            .flat_map(|spec| spec.subnets.iter().map(|(subnet, prefix)| (spec.name.clone(), subnet.clone(), *prefix)))
            .filter(|(_, subnet, _)| !subnet.contains('/'))
            .collect();
        let (network, subnet, prefix) = self.one(&places)?;
        let name = self.name(&self.endpoints.clone());
        self.endpoints.push(name.clone());
        let member = NAMES[self.pick(NAMES.len())].to_owned();
        let address = Ipv4Addr::from(u32::from(prefix.network()) + 4 + self.pick(50) as u32);
        let states = [ApprovalState::Approved, ApprovalState::Pending, ApprovalState::Rejected];
        Some(PrivateEndpointSpec {
            name: name.into(),
            scope: scope.into(),
            network,
            subnet,
            zone_group: self.flip().then(|| self.zone_group()),
            ip_configurations: if self.flip() { vec![StaticAddress { member, address }] } else { Vec::new() },
            approval: states[self.pick(3)],
            created: self.date(),
        })
    }

    fn endpoint_event(&mut self) -> Option<Event> {
        let name = self.one(&self.endpoints.clone())?;
        let endpoint = name.clone().into();
        let states = [ApprovalState::Approved, ApprovalState::Pending, ApprovalState::Rejected];
        Some(match self.pick(4) {
            0 => {
                self.endpoints.retain(|own| *own != name);
                Event::DeletePrivateEndpoint { endpoint }
            }
            1 => Event::SetZoneGroup { endpoint, zone_group: self.zone_group() },
            2 => Event::DeleteZoneGroup { endpoint },
            _ => Event::SetApproval { endpoint, state: states[self.pick(3)] },
        })
    }
}
