//! Makes events from drawn numbers. What exists is read from the state that the events so far lead to, so no event refers
//! to what is not there.

use std::collections::{HashMap, HashSet};

use ampls_dns::catalogue::Catalogue;
use ampls_dns::compile::State;
use ampls_dns::dns::{OwnerName, RecordSet, RecordType};
use ampls_dns::estate::Cloud;
use ampls_dns::estate::history::Switches;
use ampls_dns::estate::{
    Event, History, InboundEndpointSpec, NetworkKind, NetworkName, OutboundRule, Recorded, ResolutionPolicy,
    ResourceName, RuleAction, ScopeName, ScopeSpec, Unresolved, UnresolvedEndpoint, ZoneGroup, ZoneId,
};
use jiff::civil::Date;

/// Names that YAML, or a reader in a hurry, could take for something else.
const ODD: &[&str] = &[
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

/// Both sides of every change of Azure's that has a date: blob zone and solution packs in April 2021 (June in the other
/// clouds), access modes in September, shared addresses in December, preview limits in October 2023.
const DATES: [&str; 14] = [
    "2020-11-03",
    "2021-04-18",
    "2021-04-19",
    "2021-05-31",
    "2021-06-01",
    "2021-08-31",
    "2021-09-01",
    "2021-11-30",
    "2021-12-01",
    "2022-03-15",
    "2023-10-09",
    "2023-10-10",
    "2024-02-29",
    "2025-06-01",
];

/// Which objects a maker makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Side {
    /// All that there are.
    #[default]
    Whole,
    /// Those of one half of an estate.
    Left,
    /// Those of the other half.
    Right,
}

/// What all events of a history have in common.
#[derive(Clone, Copy, Debug, Default)]
pub struct Habits {
    pub side: Side,
    /// Some names are odd.
    pub odd: bool,
    pub dates: Dates,
}

/// When events happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Dates {
    /// No event has a date.
    #[default]
    Absent,
    /// Some have any date.
    Mixed,
    /// All have dates, in order.
    Ordered,
}

impl Habits {
    pub fn drawn(seed: u64) -> Self {
        let dates = [Dates::Absent, Dates::Mixed, Dates::Mixed, Dates::Ordered, Dates::Ordered];
        Self { side: Side::Whole, odd: seed % 2 == 1, dates: dates[(seed >> 8) as usize % dates.len()] }
    }
}

/// Makes events, and knows what exists.
#[derive(Debug)]
pub struct Maker {
    pub(super) state: State,
    pub(super) habits: Habits,
    history: History,
    declared: bool,
    /// Names by kind of object that are taken until their deletion is told.
    taken: HashMap<&'static str, HashSet<String>>,
    /// How many objects there have been, for numbers that differ.
    pub(super) count: usize,
    /// Where [`Dates::Ordered`] stands.
    era: usize,
    random: u64,
}

impl Maker {
    pub fn new(cloud: Cloud, switches: Switches, habits: Habits) -> Self {
        let mut history = History::new(cloud);
        history.switches = switches;
        Self {
            state: State::new(Catalogue::of(cloud), switches),
            habits,
            history,
            declared: false,
            taken: HashMap::new(),
            count: 0,
            era: 0,
            random: 0,
        }
    }

    /// The history, with what came after the last step in a step of its own.
    pub fn finish(mut self) -> History {
        if !self.declared {
            self.end_declarations();
        }
        self.history.end_step("last", "");
        self.history
    }

    pub fn end_declarations(&mut self) {
        self.declared = true;
        self.history.end_declarations();
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number below `bound`, or 0.
    pub(super) fn pick(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    /// True once in `times`.
    pub(super) fn once_in(&mut self, times: usize) -> bool {
        self.pick(times) == 0
    }

    pub(super) fn flip(&mut self) -> bool {
        self.once_in(2)
    }

    pub(super) fn one<T: Clone>(&mut self, list: &[T]) -> Option<T> {
        (!list.is_empty()).then(|| list[self.pick(list.len())].clone())
    }

    /// A new name for an object of a kind.
    pub(super) fn name(&mut self, kind: &'static str) -> String {
        self.count += 1;
        let side = match self.habits.side {
            Side::Whole => "",
            Side::Left => "left-",
            Side::Right => "right-",
        };
        let mut name = if self.habits.odd && self.once_in(3) {
            ODD[self.pick(ODD.len())].trim().to_owned()
        } else {
            format!("{side}{kind}{}", self.pick(8) + 1)
        };
        // What was to be deleted may have stayed.
        while self.exists(kind, &name) || !self.taken.entry(kind).or_default().insert(name.clone()) {
            name.push('x');
        }
        name
    }

    fn exists(&self, kind: &str, name: &str) -> bool {
        match kind {
            "vnet" => self.state.networks.contains_key(name),
            "inbound" => self.state.inbound.contains_key(name),
            "ruleset" => self.state.rulesets.contains_key(name),
            "resource" => self.state.resources.contains_key(name),
            "ampls" => self.state.scopes.contains_key(name),
            "pe" => self.state.endpoints.contains_key(name),
            "vm" => self.state.machines.contains_key(name),
            other => unreachable!("no object is named after {other}"),
        }
    }

    /// A deleted object's name can be given again.
    fn free(&mut self, kind: &'static str, name: &str) {
        self.taken.entry(kind).or_default().remove(name);
    }

    pub(super) fn date(&mut self) -> Option<Date> {
        let dates = self.habits.dates;
        let at = match dates {
            Dates::Absent => return None,
            Dates::Mixed if self.flip() => return None,
            Dates::Mixed => self.pick(DATES.len()),
            Dates::Ordered => self.era,
        };
        Some(DATES[at].parse().expect("a date of the calendar"))
    }

    /// Tells an event, and applies it.
    pub fn push(&mut self, event: Event) {
        if self.declared && self.habits.dates == Dates::Ordered && self.once_in(5) {
            self.era = (self.era + 1).min(DATES.len() - 1);
        }
        let recorded = Recorded { event, date: self.date(), place: None };
        self.state.apply(&recorded);
        self.history.push(recorded);
        if self.declared && self.once_in(4) {
            let about = if self.habits.odd { ODD[self.pick(ODD.len())].trim() } else { "" };
            let name = format!("{} {}", ODD[self.pick(ODD.len())], self.history.steps().len());
            self.history.end_step(name.trim(), about);
        }
    }

    /// Networks, resources and machines, as a scenario declares them.
    pub fn declare(&mut self, seed: u64) {
        self.random = seed ^ 0xdec1;
        if self.habits.dates == Dates::Ordered {
            self.era = self.pick(10);
        }
        let networks = self.pick(3) + 2;
        for _ in 0..networks {
            let spec = self.new_network();
            self.push(Event::CreateNetwork(spec));
        }
        for _ in 0..self.pick(networks + 1) {
            self.try_push(Self::peering);
        }
        if self.flip() {
            self.try_push(Self::inbound);
            self.try_push(|own| Some(Event::SetRuleset(own.ruleset())));
        }
        let resources = self.pick(5) + 2;
        for _ in 0..resources {
            let spec = self.new_resource();
            self.push(Event::PutResource(spec));
        }
        if self.flip() {
            self.try_push(Self::machine);
        }
    }

    /// Zones, scopes, and endpoints with zone groups, in an order people build them in.
    pub fn set_up(&mut self, seed: u64) {
        self.random = seed ^ 0x5e70;
        let groups = if self.once_in(4) { 2 } else { 1 };
        for _ in 0..groups {
            let group = self.resource_group();
            for zone in self.complete(&group) {
                // Some forget a zone.
                if !self.once_in(12) {
                    self.push(Event::CreatePrivateDnsZone { zone });
                }
            }
        }
        let groups: Vec<_> = self.state.zones.keys().map(|zone| zone.resource_group.clone()).collect();
        if let (true, Some(group)) = (self.flip(), self.one(&groups)) {
            for apex in self.service_zones() {
                let zone = ZoneId { resource_group: group.clone(), apex };
                if !self.once_in(4) && !self.state.zones.contains_key(&zone) {
                    self.push(Event::CreatePrivateDnsZone { zone });
                }
            }
        }
        let zones: Vec<ZoneId> = self.state.zones.keys().cloned().collect();
        let networks: Vec<NetworkName> = self.virtual_networks();
        for network in &networks {
            let Some(group) = self.one(&zones).map(|zone| zone.resource_group) else { continue };
            let policy = self.policy();
            for zone in zones.iter().filter(|zone| zone.resource_group == group) {
                if !self.once_in(10) {
                    let (zone, network) = (zone.clone(), network.clone());
                    self.push(Event::LinkZone { zone, network, policy, registration: false });
                }
            }
        }
        let scopes = self.pick(2) + 2;
        for _ in 0..scopes {
            let spec = self.new_scope();
            self.push(Event::CreatePrivateLinkScope(spec));
            for _ in 0..self.pick(4) {
                self.try_push(Self::scoping);
            }
        }
        if self.once_in(6) {
            for _ in 0..2 {
                let spec = self.subscription();
                self.push(Event::SetSubscription(spec));
            }
        }
        let endpoints = self.pick(3) + 3;
        for _ in 0..endpoints {
            self.try_push(|own| own.new_endpoint_of(true, false).map(Event::CreatePrivateEndpoint));
            if self.flip() {
                self.try_push(Self::scoping);
            }
        }
        if self.flip() {
            for _ in 0..2 {
                self.try_push(|own| own.new_endpoint_of(true, true).map(Event::CreatePrivateEndpoint));
            }
        }
    }

    fn try_push(&mut self, event: impl Fn(&mut Self) -> Option<Event>) {
        if let Some(event) = event(self) {
            self.push(event);
        }
    }

    /// Anything that can happen.
    pub fn happen(&mut self, seed: u64) {
        self.random = seed;
        if let Some(event) = self.event() {
            self.push(event);
        }
    }

    fn event(&mut self) -> Option<Event> {
        Some(match self.pick(76) {
            0 | 1 => Event::CreateNetwork(self.new_network()),
            2 => {
                let network = self.network()?;
                self.free("vnet", network.as_str());
                Event::DeleteNetwork { network }
            }
            3 | 4 => self.peering()?,
            5 => {
                let pairs: Vec<_> = self.state.peerings.iter().collect();
                let [one, other] = self.one(&pairs)?;
                Event::DeletePeering { between: if self.flip() { [one, other] } else { [other, one] } }
            }
            6..=8 => Event::SetDns { network: self.network()?, dns: self.dns() },
            9 | 10 => self.inbound()?,
            11 => {
                let names: Vec<_> = self.state.inbound.keys().cloned().collect();
                let name = self.one(&names)?;
                self.free("inbound", name.as_str());
                Event::DeleteInboundEndpoint { name }
            }
            12 | 13 => Event::SetRuleset(self.ruleset()),
            14 => {
                let names: Vec<_> = self.state.rulesets.keys().cloned().collect();
                let name = self.one(&names)?;
                self.free("ruleset", name.as_str());
                Event::DeleteRuleset { name }
            }
            15..=18 => Event::CreatePrivateDnsZone { zone: self.new_zone() },
            19 => Event::DeletePrivateDnsZone { zone: self.zone()? },
            20..=22 => {
                let network = if self.once_in(8) { self.network()? } else { self.virtual_network()? };
                let registration = self.once_in(20);
                Event::LinkZone { zone: self.zone()?, network, policy: self.policy(), registration }
            }
            23 | 24 => self.unlink()?,
            25..=30 => self.put_record_set()?,
            31..=33 => self.delete_record_set()?,
            34..=36 => Event::PutResource(self.new_resource()),
            37 | 38 => {
                let name = self.resource()?;
                let before = self.state.resources[&name].spec.clone();
                Event::PutResource(self.changed(before))
            }
            39 => {
                let resource = self.resource()?;
                self.free("resource", resource.as_str());
                Event::DeleteResource { resource }
            }
            40 | 41 => Event::CreatePrivateLinkScope(self.new_scope()),
            42 => {
                let scope = self.scope()?;
                Event::SetAccessModes { access: self.modes(&scope), scope }
            }
            43 => {
                let scope = self.scope()?;
                self.free("ampls", scope.as_str());
                Event::DeletePrivateLinkScope { scope }
            }
            44..=47 => self.scoping()?,
            48 => self.unscoping()?,
            49..=52 => {
                let grouped = !self.once_in(5);
                Event::CreatePrivateEndpoint(self.new_endpoint(grouped)?)
            }
            53..=58 => self.endpoint_event()?,
            59 => self.machine()?,
            60..=62 => {
                let machines: Vec<_> = self.state.machines.keys().cloned().collect();
                let machine = self.one(&machines)?;
                match self.pick(5) {
                    4 => Event::SetAssociations { machine, associations: self.associations() },
                    0 => Event::Reboot { machine },
                    1 => Event::CutSessions { machine },
                    _ => Event::OpenSession { machine, resource: self.resource()? },
                }
            }
            63..=65 => self.routing()?,
            66 | 67 => {
                let unresolved = (!self.once_in(3)).then(|| Unresolved { id: "[parameters('zone')]".into() });
                Event::SetZoneContents { zone: self.zone()?, unresolved }
            }
            68 => Event::CreateUnresolvedEndpoint(UnresolvedEndpoint {
                name: self.name("pe").into(),
                unresolved: Unresolved { id: "/subscriptions/?/resourceGroups/rg: x".into() },
                zone_group: (!self.once_in(4)).then(|| self.zone_group()),
            }),
            69 | 70 => Event::SetSubscription(self.subscription()),
            71 => Event::PutResource(self.new_resource()),
            _ => {
                let action = if self.flip() { RuleAction::Deny } else { RuleAction::Allow };
                Event::SetOutboundRule { network: self.network()?, rule: OutboundRule { action } }
            }
        })
    }

    fn unlink(&mut self) -> Option<Event> {
        let links: Vec<(ZoneId, NetworkName)> = (self.state.zones.iter())
            .flat_map(|(id, zone)| zone.links.keys().map(|network| (id.clone(), network.clone())))
            .collect();
        let (zone, network) = self.one(&links)?;
        Some(Event::UnlinkZone { zone, network })
    }

    fn unscoping(&mut self) -> Option<Event> {
        let scoped: Vec<(ScopeName, ResourceName)> = (self.state.scopes.iter())
            .flat_map(|(name, scope)| scope.resources.iter().map(|one| (name.clone(), one.clone())))
            .collect();
        let (scope, resource) = self.one(&scoped)?;
        Some(Event::RemoveScopedResource { scope, resource })
    }

    fn peering(&mut self) -> Option<Event> {
        let between = [self.network()?, self.network()?];
        (between[0] != between[1]).then_some(Event::CreatePeering { between })
    }

    fn inbound(&mut self) -> Option<Event> {
        let network = self.virtual_network()?;
        let subnets: Vec<(std::sync::Arc<str>, ipnet::Ipv4Net)> =
            self.state.networks[&network].subnets.iter().map(|(name, own)| (name.as_str().into(), *own)).collect();
        let subnet = if self.flip() { self.one(&subnets) } else { None };
        let address = subnet.as_ref().and_then(|(_, own)| own.hosts().nth(self.pick(8) + 3));
        let address = if self.flip() { address } else { None };
        Some(Event::CreateInboundEndpoint(InboundEndpointSpec {
            name: self.name("inbound").into(),
            network,
            subnet: subnet.map(|(name, _)| name),
            address,
        }))
    }

    fn machine(&mut self) -> Option<Event> {
        let network = self.network()?;
        let subnets: Vec<_> =
            self.state.networks[&network].subnets.iter().map(|(name, _)| name.as_str().into()).collect();
        let subnet = if self.flip() { self.one(&subnets) } else { None };
        let associations = if self.flip() { Some(self.associations()) } else { None };
        let location = if self.flip() { self.one(&["westeurope", "eastus"]).map(Into::into) } else { None };
        let (name, address) = (self.name("vm").into(), None);
        Some(Event::CreateVirtualMachine { name, network, subnet, address, location, associations })
    }

    fn scoping(&mut self) -> Option<Event> {
        Some(Event::AddScopedResource { scope: self.scope()?, resource: self.scopable()? })
    }

    fn new_scope(&mut self) -> ScopeSpec {
        let name = self.name("ampls");
        let created = if self.habits.dates == Dates::Mixed { self.date() } else { None };
        let mut access = self.modes(&ScopeName::from(name.as_str()));
        access.exclusions.clear();
        let lacks_modes = access == ampls_dns::estate::AccessModeSettings::default() && self.flip();
        ScopeSpec { name: name.into(), access, lacks_modes, created }
    }

    fn put_record_set(&mut self) -> Option<Event> {
        let zone = self.zone()?;
        let owner = self.owner(&zone);
        let ttl = [1, 10, 300, 3600, 86_400, 604_800][self.pick(6)];
        let data = self.data(&zone.apex);
        Some(Event::PutRecordSet { zone, set: RecordSet::new(owner, ttl, data).expect("records of one type") })
    }

    /// Mostly of what is there.
    fn delete_record_set(&mut self) -> Option<Event> {
        let zone = self.zone()?;
        let sets = self.state.zones[&zone].zone.sets();
        let sets: Vec<(OwnerName, RecordType)> = (sets.iter())
            .map(|owned| (owned.set.owner().clone(), owned.set.kind()))
            .filter(|(_, kind)| *kind != RecordType::SOA)
            .collect();
        let there = if self.once_in(6) { None } else { self.one(&sets) };
        let (owner, kind) = match there {
            Some(set) => set,
            None => {
                let kinds = [RecordType::A, RecordType::TXT, RecordType::SRV, RecordType(65_280)];
                (self.owner(&zone), kinds[self.pick(4)])
            }
        };
        Some(Event::DeleteRecordSet { zone, owner, kind })
    }

    fn endpoint_event(&mut self) -> Option<Event> {
        let names: Vec<_> = self.state.endpoints.keys().chain(self.state.unresolved.keys()).cloned().collect();
        let endpoint = self.one(&names)?;
        Some(match self.pick(6) {
            0 | 1 => {
                self.free("pe", endpoint.as_str());
                Event::DeletePrivateEndpoint { endpoint }
            }
            2 => Event::SetZoneGroup { endpoint, zone_group: self.zone_group() },
            3 => {
                // The repair: the group as it is.
                let resolved = self.state.endpoints.get(&endpoint).map(|own| own.zone_group.clone());
                let group = resolved.unwrap_or_else(|| self.state.unresolved[&endpoint].zone_group.clone())?;
                if !group.zones.iter().all(|zone| self.state.zones.contains_key(zone)) {
                    return None;
                }
                Event::SetZoneGroup { endpoint, zone_group: group }
            }
            4 => Event::DeleteZoneGroup { endpoint },
            _ => Event::SetApproval { endpoint, state: self.approval() },
        })
    }

    pub(super) fn policy(&mut self) -> ResolutionPolicy {
        if self.once_in(3) { ResolutionPolicy::NxDomainRedirect } else { ResolutionPolicy::Default }
    }

    pub(super) fn network(&mut self) -> Option<NetworkName> {
        let names: Vec<_> = self.state.networks.keys().cloned().collect();
        self.one(&names)
    }

    pub(super) fn virtual_networks(&self) -> Vec<NetworkName> {
        let networks = self.state.networks.values().filter(|spec| spec.kind == NetworkKind::Virtual);
        networks.map(|spec| spec.name.clone()).collect()
    }

    pub(super) fn virtual_network(&mut self) -> Option<NetworkName> {
        let names = self.virtual_networks();
        self.one(&names)
    }

    pub(super) fn scope(&mut self) -> Option<ScopeName> {
        let names: Vec<_> = self.state.scopes.keys().cloned().collect();
        self.one(&names)
    }

    pub(super) fn resource(&mut self) -> Option<ResourceName> {
        let names: Vec<_> = self.state.resources.keys().cloned().collect();
        self.one(&names)
    }

    pub(super) fn zone(&mut self) -> Option<ZoneId> {
        let zones: Vec<_> = self.state.zones.keys().cloned().collect();
        self.one(&zones)
    }

    pub(super) fn zone_group(&mut self) -> ZoneGroup {
        let Some(first) = self.zone() else { return ZoneGroup { zones: Vec::new() } };
        let mut zones: Vec<ZoneId> =
            self.state.zones.keys().filter(|zone| zone.resource_group == first.resource_group).cloned().collect();
        let known: Vec<OwnerName> = self.state.catalogue.zone_group().map(|row| row.private.clone()).collect();
        if self.once_in(4) {
            let from = self.pick(zones.len());
            zones.drain(..from);
        } else {
            zones.retain(|zone| known.contains(&zone.apex));
            zones.sort_by_key(|zone| known.iter().position(|apex| *apex == zone.apex));
        }
        ZoneGroup { zones }
    }
}
