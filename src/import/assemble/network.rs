//! Networks, their subnets, peerings and DNS: forwarders, inbound endpoints, rulesets.

use std::net::{IpAddr, Ipv4Addr};

use indexmap::IndexMap;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::label::clean;
use super::{Builder, Endpoint};
use crate::dns::OwnerName;
use crate::estate::network::RulesetRule;
use crate::estate::routing::{PeeringFlags, PeeringHalf};
use crate::estate::{
    DnsSetting, Event, ForwardTo, ForwarderKind, InboundEndpointSpec, NetworkKind, NetworkName, NetworkSpec, Routing,
    RulesetSpec,
};
use crate::import::command::{self, show, word};
use crate::import::fact::Object;
use crate::import::id::ResourceId;
use crate::import::report::{Provenance, Topic};

const NETWORK: &str = "microsoft.network/virtualnetworks";
const SUBNET: &str = "microsoft.network/virtualnetworks/subnets";
const INBOUND: &str = "microsoft.network/dnsresolvers/inboundendpoints";
const RULESET: &str = "microsoft.network/dnsforwardingrulesets";
/// Azure's own resolver.
const AZURE_DNS: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);
/// Where subnets without a known prefix are placed.
const UNTOLD: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(10, 255, 0, 0), 16);

/// A network on its way to an event.
pub(super) struct Network {
    pub(super) spec: NetworkSpec,
    place: Option<Provenance>,
    /// Names of subnets without a known prefix.
    open: Vec<String>,
}

impl Network {
    /// A network without open subnets.
    pub(super) fn new(spec: NetworkSpec, place: Option<Provenance>) -> Self {
        Self { spec, place, open: Vec::new() }
    }
}

/// A peering on its way to events.
pub(super) struct Peering {
    between: [NetworkName; 2],
    halves: Vec<PeeringHalf>,
    place: Option<Provenance>,
}

impl Peering {
    /// Both halves, if both are known; else a peering without known flags. A half that lets nothing in closes it completely.
    fn events(&self) -> Vec<(Event, Option<Provenance>)> {
        let mut halves = self.halves.clone();
        if let [one] = halves.as_slice()
            && !one.flags.access
        {
            let flags =
                PeeringFlags { gateway_transit: Some(false), remote_gateways: Some(false), ..PeeringFlags::default() };
            halves.push(PeeringHalf { from: one.to.clone(), to: one.from.clone(), flags });
        }
        if halves.len() < 2 {
            return vec![(Event::CreatePeering { between: self.between.clone() }, self.place.clone())];
        }
        halves.into_iter().map(|half| (Event::SetRouting(Routing::PeeringHalf(half)), self.place.clone())).collect()
    }
}

/// The subnet of an inbound endpoint, where the network is known to have it and it holds the address.
fn inbound_subnet(
    networks: &Networks,
    object: &Object,
    network: &str,
    address: Option<Ipv4Addr>,
) -> Option<std::sync::Arc<str>> {
    let subnet = object.id_of("subnet")?;
    let prefix = networks.by_label(network)?.spec.subnet(subnet.name())?;
    address.is_none_or(|address| prefix.contains(&address)).then(|| subnet.name().into())
}

/// A half of a peering, by what is known about it.
fn half(object: &Object, from: &str, to: &str) -> PeeringHalf {
    let flag = |name: &str| object.get(name).and_then(serde_json::Value::as_bool);
    let flags = PeeringFlags {
        access: flag("allowVirtualNetworkAccess").unwrap_or(true),
        forwarded: flag("allowForwardedTraffic").unwrap_or(false),
        gateway_transit: Some(flag("allowGatewayTransit").unwrap_or(false)),
        remote_gateways: Some(flag("useRemoteGateways").unwrap_or(false)),
    };
    PeeringHalf { from: from.into(), to: to.into(), flags }
}

/// All networks, and what is between them.
#[derive(Default)]
pub(super) struct Networks {
    /// By key of the id; those of unknown servers have no id.
    pub(super) all: IndexMap<String, Network>,
    /// Both networks, and the halves that are known.
    pub(super) peerings: Vec<Peering>,
    /// What else decides which way packets take.
    pub(super) routing: Vec<(Routing, Option<Provenance>)>,
    /// Security groups.
    pub(super) groups: Vec<(Routing, Option<Provenance>)>,
    pub(super) inbound: Vec<(InboundEndpointSpec, Option<Provenance>)>,
    pub(super) rulesets: Vec<(RulesetSpec, Option<Provenance>)>,
    /// Inbound endpoints by address.
    addresses: IndexMap<Ipv4Addr, String>,
}

impl Networks {
    pub(super) fn by_label(&self, label: &str) -> Option<&Network> {
        self.all.values().find(|network| network.spec.name.as_str() == label)
    }

    /// Events that declare them.
    pub(super) fn events(&self) -> Vec<(Event, Option<Provenance>)> {
        let networks = self.all.values().map(|one| (Event::CreateNetwork(one.spec.clone()), one.place.clone()));
        let peerings = self.peerings.iter().flat_map(Peering::events);
        let inbound =
            self.inbound.iter().map(|(spec, place)| (Event::CreateInboundEndpoint(spec.clone()), place.clone()));
        let rulesets = self.rulesets.iter().map(|(spec, place)| (Event::SetRuleset(spec.clone()), place.clone()));
        networks.chain(peerings).chain(self.routing_events()).chain(inbound).chain(rulesets).collect()
    }

    /// Adds a network.
    pub(super) fn add(&mut self, key: String, network: Network) {
        self.all.insert(key, network);
    }
}

impl Builder<'_> {
    pub(super) fn networks(&mut self) -> Networks {
        let facts = self.facts;
        let mut networks = Networks::default();
        for object in facts.of(NETWORK).filter(|object| !self.is_unknown_network(&object.id)).collect::<Vec<_>>() {
            self.add_network(&mut networks, &object.id);
        }
        for object in facts.of("microsoft.network/dnsresolvers") {
            if let Some(id) = object.id_of("network").filter(|id| !self.is_unknown_network(id)) {
                self.add_network(&mut networks, &id);
            }
        }
        for object in facts.of(INBOUND) {
            let subnet = object.id_of("subnet").and_then(|id| id.parent());
            let resolver = object.id.parent().and_then(|id| facts.get(&id)?.id_of("network"));
            let network = subnet.or(resolver).filter(|id| object.declared.is_some() && !self.is_unknown_network(id));
            let Some(network) = network else {
                if object.declared.is_some() {
                    let text = format!(
                        "the network of inbound endpoint {} is unknown: the importer ignores the endpoint",
                        object.id.name()
                    );
                    self.report.add(Topic::NotRead, text, object.places(), None);
                }
                continue;
            };
            let network = self.add_network(&mut networks, &network);
            let label = self.labels.of("inbound endpoint", &object.id);
            match object.text("address").and_then(|text| text.parse().ok()) {
                Some(address) => {
                    networks.addresses.insert(address, label.clone());
                }
                None => {
                    let text = format!(
                        "inbound endpoint {label} has no address in the import, so it is unknown which servers forward to it"
                    );
                    self.missing(text, object.places(), show("resource show", &object.id));
                }
            }
            let address = object.text("address").and_then(|text| text.parse().ok());
            let spec = InboundEndpointSpec {
                name: label.as_str().into(),
                subnet: inbound_subnet(&networks, object, &network, address),
                network: network.as_str().into(),
                address,
            };
            networks.inbound.push((spec, object.place("address")));
        }
        self.peerings(&mut networks);
        self.rulesets(&mut networks);
        let servers: Vec<(String, Vec<String>, Option<Provenance>)> = facts
            .of(NETWORK)
            .filter_map(|object| {
                let servers = object.get("dnsServers")?.as_array()?;
                let texts = servers.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect();
                Some((object.id.key(), texts, object.place("dnsServers")))
            })
            .collect();
        for (key, servers, place) in servers {
            let dns = self.dns(&mut networks, &key, &servers, place);
            if let Some(network) = networks.all.get_mut(&key) {
                network.spec.dns = dns;
            }
        }
        networks
    }

    /// A network, mentioned or only referred to; its label.
    pub(super) fn add_network(&mut self, networks: &mut Networks, id: &ResourceId) -> String {
        if let Some(network) = networks.all.get(&id.key()) {
            return network.spec.name.to_string();
        }
        let facts = self.facts;
        let label = self.labels.of("network", id);
        let object = facts.get(id);
        let list = |attribute: &str| {
            let items = object.and_then(|object| object.get(attribute)).and_then(serde_json::Value::as_array);
            let items = items.into_iter().flatten().filter_map(|item| item.as_str()?.parse::<IpNet>().ok());
            items.collect::<Vec<IpNet>>()
        };
        let mut spec = NetworkSpec {
            name: label.as_str().into(),
            kind: NetworkKind::Virtual,
            address_space: list("addressSpace"),
            client_prefixes: Vec::new(),
            subnets: Vec::new(),
            subnets_v6: Vec::new(),
            dns: DnsSetting::AzureProvided,
        };
        let mut open = Vec::new();
        for subnet in facts.children(id, "subnets") {
            let name = clean(subnet.id.name());
            match subnet.text("prefix").and_then(|text| text.parse::<Ipv4Net>().ok()) {
                Some(prefix) => self.add_subnet(&mut spec, &name, prefix, subnet.place("prefix")),
                None => open.push(name.clone()),
            }
            if let Some(prefix) = subnet.text("prefixV6").and_then(|text| text.parse::<Ipv6Net>().ok()) {
                let prefix = prefix.trunc();
                if !spec.address_space.iter().any(|space| space.contains(&IpNet::V6(prefix))) {
                    spec.address_space.push(prefix.into());
                }
                spec.subnets_v6.push((name, prefix));
            }
        }
        let unresolved = id.kind.is_empty() && !id.name().starts_with('[');
        if !unresolved && object.is_none_or(|object| object.declared.is_none()) {
            let mut places = object.map_or_else(Vec::new, Object::places);
            if places.is_empty() {
                places.extend(facts.children(id, "subnets").flat_map(Object::places).next());
            }
            let text = format!("network {label} is referenced but not in the import");
            self.missing(text, places, show("network vnet show", id));
        }
        let place = object.and_then(|object| object.place("addressSpace"));
        networks.all.insert(id.key(), Network { spec, place, open });
        label
    }

    fn add_subnet(&mut self, spec: &mut NetworkSpec, name: &str, prefix: Ipv4Net, place: Option<Provenance>) {
        let prefix = prefix.trunc();
        if spec.subnet(name).is_some() {
            return;
        }
        if !spec.address_space.iter().any(|space| space.contains(&IpNet::V4(prefix))) {
            if !spec.address_space.is_empty() {
                let text = format!(
                    "subnet {name} ({prefix}) is not within the address space of {}: the importer adds it",
                    spec.name
                );
                self.report.add(Topic::Inconsistent, text, place.into_iter().collect(), None);
            }
            spec.address_space.push(IpNet::V4(prefix));
        }
        spec.subnets.push((name.to_owned(), prefix));
    }

    fn peerings(&mut self, networks: &mut Networks) {
        let facts = self.facts;
        for object in facts.of("microsoft.network/virtualnetworks/virtualnetworkpeerings") {
            let (Some(one), Some(other)) = (object.id.parent(), object.id_of("remote")) else {
                if object.declared.is_some() {
                    let name = object.id.name();
                    let text = format!(
                        "the remote network of peering {name} is not in the import: the importer ignores the peering"
                    );
                    self.report.add(Topic::NotRead, text, object.places(), None);
                }
                continue;
            };
            if self.is_unknown_network(&one) || self.is_unknown_network(&other) {
                let text = format!(
                    "the remote network of peering {} is unknown: the importer ignores the peering",
                    object.id.name()
                );
                self.report.add(Topic::NotRead, text, object.places(), None);
                continue;
            }
            let state = object.text("peeringState").unwrap_or("Connected");
            let (one, other) = (self.add_network(networks, &one), self.add_network(networks, &other));
            if !state.eq_ignore_ascii_case("Connected") {
                let text = format!(
                    "the peering of {one} and {other} is {state} and carries no packets: the importer ignores it"
                );
                self.report.add(Topic::Inconsistent, text, object.places(), None);
                continue;
            }
            if one == other {
                continue;
            }
            let half = half(object, &one, &other);
            let between: [NetworkName; 2] = [half.from.clone(), half.to.clone()];
            let reversed = [between[1].clone(), between[0].clone()];
            let known = networks.peerings.iter_mut().find(|own| own.between == between || own.between == reversed);
            match known {
                Some(own) if own.halves.iter().any(|one| one.from == half.from) => {}
                Some(own) => own.halves.push(half),
                None => networks.peerings.push(Peering { between, halves: vec![half], place: object.place("remote") }),
            }
        }
    }

    /// How a network with DNS servers of its own asks.
    fn dns(&mut self, networks: &mut Networks, key: &str, servers: &[String], place: Option<Provenance>) -> DnsSetting {
        let addresses: Vec<Ipv4Addr> = servers.iter().filter_map(|text| text.parse().ok()).collect();
        // That an expression is unknown is reported with the property.
        for other in servers.iter().filter(|text| text.parse::<Ipv4Addr>().is_err() && !text.starts_with('[')) {
            let other = crate::import::fact::shown(&other.as_str().into());
            let text = format!("the DNS server {other} has no IPv4 address: the importer ignores it");
            self.report.add(Topic::NotRead, text, place.iter().cloned().collect(), None);
        }
        let Some(first) = addresses.first() else { return DnsSetting::AzureProvided };
        // Clients take the first server that answers.
        if *first == AZURE_DNS {
            return DnsSetting::AzureProvided;
        }
        let mut default: Vec<ForwardTo> = Vec::new();
        for address in &addresses {
            let server = match *address {
                AZURE_DNS => ForwardTo::AzureProvided,
                address => self.server(networks, address, Some(key), place.clone()),
            };
            self.join(networks, key, &server, place.clone());
            if !default.contains(&server) {
                default.push(server);
            }
        }
        DnsSetting::Custom { kind: ForwarderKind::RestartsAtCname, forward: Vec::new(), default }
    }

    /// A DNS server outside the import is asked: packets get there, whichever way that is.
    fn join(&mut self, networks: &mut Networks, key: &str, server: &ForwardTo, place: Option<Provenance>) {
        let ForwardTo::Network(outside) = server else { return };
        let Some(network) = networks.all.get(key).map(|network| network.spec.name.clone()) else { return };
        let is_outside =
            networks.by_label(outside.as_str()).is_some_and(|own| own.spec.kind == NetworkKind::OnPremises);
        let between = [network, outside.clone()];
        if is_outside && !networks.peerings.iter().any(|own| own.between == between) {
            networks.peerings.push(Peering { between, halves: Vec::new(), place });
        }
    }

    /// What answers at the address of a DNS server.
    fn server(
        &mut self,
        networks: &mut Networks,
        address: Ipv4Addr,
        of: Option<&str>,
        place: Option<Provenance>,
    ) -> ForwardTo {
        if let Some(name) = networks.addresses.get(&address) {
            return ForwardTo::InboundEndpoint(name.as_str().into());
        }
        let holder = networks.all.iter().find(|(_, network)| network.spec.holds(address));
        if let Some((key, network)) = holder {
            let name = network.spec.name.clone();
            let text = format!(
                "the DNS server {address} is in {name}, and its forwarders are not in the import: the importer assumes that it forwards to 168.63.129.16"
            );
            self.report.add(Topic::Inferred, text, place.into_iter().collect(), None);
            return match of == Some(key.as_str()) {
                true => ForwardTo::AzureProvided,
                false => ForwardTo::Network(name),
            };
        }
        let text = format!(
            "the DNS server {address} is in no network of the import: the importer assumes that it is outside Azure and asks public DNS"
        );
        let get = "az dns-resolver inbound-endpoint list -g GROUP --dns-resolver-name NAME".to_owned();
        self.report.add(Topic::Missing, text, place.iter().cloned().collect(), Some(get));
        let key = format!("server {address}");
        if let Some(known) = networks.all.get(&key) {
            return ForwardTo::Network(known.spec.name.clone());
        }
        let name = self.labels.new_name("network", &format!("dns-server-{address}"));
        let spec = NetworkSpec {
            name: name.as_str().into(),
            kind: NetworkKind::OnPremises,
            address_space: vec![IpNet::new_assert(IpAddr::V4(address), 32)],
            client_prefixes: Vec::new(),
            subnets: Vec::new(),
            subnets_v6: Vec::new(),
            dns: DnsSetting::AzureProvided,
        };
        networks.all.insert(key, Network { spec, place, open: Vec::new() });
        ForwardTo::Network(name.as_str().into())
    }

    /// The networks that a ruleset is linked to.
    fn linked_networks(&mut self, networks: &mut Networks, id: &ResourceId, label: &str) -> Vec<NetworkName> {
        let facts = self.facts;
        let mut links = Vec::new();
        for object in facts.children(id, "virtualnetworklinks") {
            if let Some(network) = object.id_of("network").filter(|id| !self.is_unknown_network(id)) {
                let name = self.add_network(networks, &network);
                links.push(NetworkName::from(name));
            } else {
                let link = object.id.name();
                let text = format!("link {link} of ruleset {label} is to an unknown network: the importer ignores it");
                self.report.add(Topic::NotRead, text, object.places(), None);
            }
        }
        links
    }

    /// Reports a forwarding rule that says too little.
    fn lost_rule(&mut self, object: &Object, what: &str) {
        let rule = object.id.names.join("/");
        let text = format!("forwarding rule {rule} is ignored: its {what} unknown");
        self.report.add(Topic::NotRead, text, object.places(), None);
    }

    fn rulesets(&mut self, networks: &mut Networks) {
        let facts = self.facts;
        let mut ids: IndexMap<String, ResourceId> = IndexMap::new();
        for object in facts.objects.values() {
            let own = match object.id.kind.as_str() {
                RULESET => Some(object.id.clone()),
                kind if kind.starts_with(RULESET) => object.id.parent(),
                _ => None,
            };
            if let Some(id) = own {
                ids.entry(id.key()).or_insert(id);
            }
        }
        for id in ids.into_values() {
            let label = self.labels.of("ruleset", &id);
            let mut rules = Vec::new();
            let mut place = facts.get(&id).and_then(|object| object.declared.clone());
            for object in facts.children(&id, "forwardingrules") {
                let Some((written, domain)) =
                    object.text("domainName").and_then(|text| Some((text, OwnerName::parse(text).ok()?)))
                else {
                    self.lost_rule(object, "domain is");
                    continue;
                };
                let at = object.place("domainName");
                place = place.or_else(|| at.clone());
                if self.is_foreign(&domain, at.clone()) {
                    continue;
                }
                let targets = object.get("targets").and_then(serde_json::Value::as_array).into_iter().flatten();
                let targets: Vec<Ipv4Addr> = targets.filter_map(|one| one.as_str()?.parse().ok()).collect();
                let mut to: Vec<ForwardTo> = Vec::new();
                for address in targets {
                    let server = match address {
                        AZURE_DNS => ForwardTo::AzureProvided,
                        address => self.server(networks, address, None, object.place("targets")),
                    };
                    if !to.contains(&server) {
                        to.push(server);
                    }
                }
                if to.is_empty() {
                    self.lost_rule(object, "target DNS servers are");
                    continue;
                }
                let enabled = object.text("forwardingRuleState") != Some("Disabled");
                rules.push(RulesetRule { domain, final_dot: written.ends_with('.'), enabled, to });
            }
            let mut links = self.linked_networks(networks, &id, &label);
            links.dedup();
            let outbound = facts.get(&id).and_then(|object| object.id_of("outboundEndpoint"));
            let outbound = outbound.and_then(|endpoint| {
                let subnet = facts.get(&endpoint)?.id_of("subnet").and_then(|id| id.parent());
                subnet.or_else(|| facts.get(&endpoint.parent()?)?.id_of("network"))
            });
            let outbound = outbound.filter(|id| !self.is_unknown_network(id));
            let outbound = outbound.map(|id| {
                let name = NetworkName::from(self.add_network(networks, &id));
                for server in rules.iter().flat_map(|rule| &rule.to) {
                    self.join(networks, &id.key(), server, place.clone());
                }
                name
            });
            let (group, name) = (facts.group(&id.group).to_owned(), id.name().to_owned());
            let places: Vec<Provenance> = place.iter().cloned().collect();
            if links.is_empty() {
                let text =
                    format!("ruleset {label} is linked to no network of the import, so no network uses its rules");
                self.missing(
                    text,
                    places.clone(),
                    format!(
                        "az dns-resolver vnet-link list -g {} --ruleset-name {}",
                        command::group(&group),
                        word(&name)
                    ),
                );
            }
            if rules.is_empty() {
                let text = format!("ruleset {label} has no rules in the import");
                self.missing(
                    text,
                    places,
                    format!(
                        "az dns-resolver forwarding-rule list -g {} --ruleset-name {}",
                        command::group(&group),
                        word(&name)
                    ),
                );
            }
            networks.rulesets.push((RulesetSpec { name: label.as_str().into(), outbound, rules, links }, place));
        }
    }

    /// Network and subnet of an endpoint, by label; created where they are missing.
    pub(super) fn subnet_of(
        &mut self,
        networks: &mut Networks,
        id: Option<&ResourceId>,
        endpoint: &str,
    ) -> (String, String) {
        let whole = id.filter(|id| id.kind == SUBNET).and_then(|id| Some((id.parent()?, clean(id.name()))));
        let (network, subnet) = match whole {
            Some(found) => found,
            // What cannot be resolved still is one subnet; without any reference the endpoint is alone in it.
            None => match id {
                Some(id) => (id.clone(), "endpoints".to_owned()),
                None => (ResourceId::opaque(&format!("network-of-{endpoint}")), "endpoints".to_owned()),
            },
        };
        let label = self.add_network(networks, &network);
        if let Some(own) = networks.all.get_mut(&network.key())
            && own.spec.subnet(&subnet).is_none()
            && !own.open.contains(&subnet)
        {
            own.open.push(subnet.clone());
        }
        (label, subnet)
    }

    /// Gives the subnets of endpoints a prefix where none is known: around the addresses that are known.
    pub(super) fn fill_subnets(&mut self, networks: &mut Networks, endpoints: &[Endpoint]) {
        let mut untold = UNTOLD.subnets(24).into_iter().flatten();
        let spaces: Vec<IpNet> = networks.all.values().flat_map(|network| network.spec.address_space.clone()).collect();
        let keys: Vec<String> = networks.all.keys().cloned().collect();
        for key in keys {
            let Some(network) = networks.all.get(&key) else { continue };
            let label = network.spec.name.to_string();
            for subnet in network.open.clone() {
                let of_this: Vec<&Endpoint> =
                    endpoints.iter().filter(|one| one.network == label && one.subnet == subnet).collect();
                let of_services =
                    self.services.places().filter(|(network, own, _)| *network == label && *own == subnet);
                let of_services: Vec<Vec<Ipv4Addr>> = of_services.map(|(.., addresses)| addresses).collect();
                if of_this.is_empty() && of_services.is_empty() {
                    continue;
                }
                let addresses = of_this.iter().flat_map(|one| one.known_addresses());
                let addresses: Vec<Ipv4Addr> = addresses.chain(of_services.into_iter().flatten()).collect();
                let rules = &self.catalogue.rules;
                let found = around(&addresses, rules.reserved_at_start, rules.reserved_at_end);
                let prefix = match found {
                    Some(prefix) => prefix,
                    None => {
                        let free = |prefix: &Ipv4Net| !spaces.iter().any(|space| space.contains(&IpNet::V4(*prefix)));
                        let Some(prefix) = untold.by_ref().find(free) else { continue };
                        prefix
                    }
                };
                let why =
                    if found.is_some() { "which contains the addresses of its endpoints" } else { "which is free" };
                let text = format!(
                    "the prefix of subnet {label}/{subnet} is not in the import: the importer uses {prefix}, {why}"
                );
                let places: Vec<Provenance> = of_this.first().and_then(|one| one.place.clone()).into_iter().collect();
                self.report.add(Topic::Predicted, text, places.clone(), None);
                let mut spec = networks.all[&key].spec.clone();
                // What was guessed around addresses may be wider than the network.
                self.add_subnet(&mut spec, &subnet, prefix, places.into_iter().next());
                if let Some(network) = networks.all.get_mut(&key) {
                    network.spec = spec;
                }
            }
        }
    }
}

/// The smallest prefix of at least 32 addresses in which Azure could give all of these.
fn around(addresses: &[Ipv4Addr], at_start: u32, at_end: u32) -> Option<Ipv4Net> {
    let first = *addresses.iter().min()?;
    (8..=27).rev().find_map(|length| {
        let prefix = Ipv4Net::new(first, length).ok()?.trunc();
        let from = u32::from(prefix.network()).saturating_add(at_start);
        let to = u32::from(prefix.broadcast()).saturating_sub(at_end);
        addresses.iter().all(|address| (from..=to).contains(&u32::from(*address))).then_some(prefix)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_found_around_addresses_that_azure_could_have_given() {
        let address = |last: u8| Ipv4Addr::new(10, 0, 0, last);
        let around = |all: &[Ipv4Addr]| around(all, 4, 1).map(|prefix| prefix.to_string());
        assert_eq!(around(&[address(4), address(19)]).as_deref(), Some("10.0.0.0/27"));
        assert_eq!(around(&[address(33)]).as_deref(), Some("10.0.0.0/26"));
        assert_eq!(around(&[]), None);
    }
}
