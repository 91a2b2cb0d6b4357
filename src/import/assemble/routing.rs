//! Which way packets take: halves of peerings, route tables, firewalls and other appliances, gateways, virtual hubs, and the
//! rules of security groups. What is referenced but not in the import is reported, and unknown where it decides.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net};
use serde_json::Value;

use super::Builder;
use super::label::clean;
use super::network::{Network, Networks};
use crate::estate::routing::{
    Appliance, EndpointPolicies, EndpointPolicy, Forwards, Gateway, GatewayKind, NextHop, RouteTable, UserRoute,
    VirtualHub,
};
use crate::estate::security::{Addresses, Direction, Protocol, SecurityGroup, SecurityRule, parse_ports};
use crate::estate::{DnsSetting, Event, NetworkKind, NetworkName, NetworkSpec, Routing, RuleAction};
use crate::import::command::show;
use crate::import::fact::Object;
use crate::import::id::ResourceId;
use crate::import::report::{Provenance, Topic};
use crate::import::routing::OWN_ROUTES;

const SUBNET: &str = "microsoft.network/virtualnetworks/subnets";

impl Builder<'_> {
    /// Everything that decides which way packets take, besides peerings, in the order in which a scenario has it.
    pub(super) fn routing(&mut self, networks: &mut Networks) {
        let gateways = self.gateways(networks);
        let appliances = self.appliances(networks);
        let tables = self.route_tables(networks);
        let hubs = self.virtual_hubs(networks);
        let policies = self.endpoint_policies(networks);
        let groups = self.security_groups(networks);
        let all = gateways.into_iter().chain(appliances).chain(tables).chain(hubs).chain(policies);
        networks.routing = all.collect();
        networks.groups = groups;
    }

    /// A subnet that is in the import, by the labels of its network and itself.
    fn known_subnet(&mut self, networks: &mut Networks, id: &ResourceId) -> Option<(NetworkName, Arc<str>)> {
        let parent = id.parent().filter(|parent| id.kind == SUBNET && !self.is_unknown_network(parent))?;
        let network = self.add_network(networks, &parent);
        let name = clean(id.name());
        let spec = &networks.by_label(&network)?.spec;
        spec.subnet(&name).is_some().then(|| (network.as_str().into(), name.as_str().into()))
    }

    /// The subnets that refer to an object of this kind, by its id.
    fn subnets_with(
        &mut self,
        networks: &mut Networks,
        attribute: &str,
    ) -> Vec<(ResourceId, ResourceId, Option<Provenance>)> {
        let facts = self.facts;
        let mut all = Vec::new();
        for object in facts.of(SUBNET) {
            if let Some(other) = object.id_of(attribute)
                && self.known_subnet(networks, &object.id).is_some()
            {
                all.push((object.id.clone(), other, object.place(attribute)));
            }
        }
        all
    }

    fn route_tables(&mut self, networks: &mut Networks) -> Vec<(Routing, Option<Provenance>)> {
        let facts = self.facts;
        let mut tables: Vec<(String, RouteTable, Option<Provenance>)> = Vec::new();
        for (subnet, id, place) in self.subnets_with(networks, "routeTable") {
            let Some(subnet) = self.known_subnet(networks, &subnet) else { continue };
            if let Some((_, table, _)) = tables.iter_mut().find(|(key, ..)| *key == id.key()) {
                table.subnets.push(subnet);
                continue;
            }
            let label = self.labels.of("route table", &id);
            let object = facts.get(&id).filter(|object| object.declared.is_some());
            if object.is_none() {
                let text = format!("route table {label} is referenced but not in the import: its routes are unknown");
                self.missing(text, place.iter().cloned().collect(), show("network route-table show", &id));
            }
            let mut is_complete = object.is_some();
            let mut routes = Vec::new();
            for route in facts.children(&id, "routes") {
                match user_route(route) {
                    Some(route) => routes.push(route),
                    None => {
                        is_complete = false;
                        let text = format!(
                            "route {} of {label} has an unknown next hop: the importer ignores the route",
                            route.id.name()
                        );
                        self.report.add(Topic::Unresolved, text, route.places(), None);
                    }
                }
            }
            let disable_bgp = object.and_then(|one| one.get("disableBgp")?.as_bool()).unwrap_or(false);
            let name = label.as_str().into();
            let table = RouteTable { name, disable_bgp, routes, is_complete, subnets: vec![subnet] };
            tables.push((id.key(), table, object.and_then(|object| object.declared.clone()).or(place)));
        }
        tables.into_iter().map(|(_, table, place)| (Routing::RouteTable(table), place)).collect()
    }

    /// Azure Firewalls, and interfaces with IP forwarding. Their rules are not read.
    fn appliances(&mut self, networks: &mut Networks) -> Vec<(Routing, Option<Provenance>)> {
        let facts = self.facts;
        let mut all = Vec::new();
        let firewalls = facts.of("microsoft.network/azurefirewalls").map(|one| (one, "address"));
        let interfaces = facts.of("microsoft.network/networkinterfaces").map(|one| (one, "forwardsAt"));
        for (object, attribute) in firewalls.chain(interfaces).collect::<Vec<_>>() {
            let is_firewall = attribute == "address";
            let subnet = object.id_of("subnet").and_then(|id| id.parent());
            let Some(network) = subnet.filter(|id| !self.is_unknown_network(id)) else { continue };
            let address: Option<Ipv4Addr> = object.text(attribute).and_then(|text| text.parse().ok());
            let Some(address) = address else {
                if is_firewall {
                    let text = format!(
                        "firewall {} has no private address in the import, so routes to it are unknown",
                        object.id.name()
                    );
                    self.missing(text, object.places(), show("network firewall show", &object.id));
                }
                continue;
            };
            let network = self.add_network(networks, &network);
            let name: Arc<str> = self.labels.of("appliance", &object.id).into();
            let text = format!("the rules of {name} are not read, so it is unknown whether it forwards packets");
            self.report.add(Topic::Unresolved, text, object.places(), None);
            let network = network.as_str().into();
            let appliance = Appliance { name, network, address, forwards: Forwards::Unknown };
            all.push((Routing::Appliance(appliance), object.place(attribute)));
        }
        all
    }

    /// Gateways, with the on-premises networks that connections join to them.
    fn gateways(&mut self, networks: &mut Networks) -> Vec<(Routing, Option<Provenance>)> {
        let facts = self.facts;
        let mut all = Vec::new();
        for object in facts.of("microsoft.network/virtualnetworkgateways").collect::<Vec<_>>() {
            let network = object.id_of("subnet").and_then(|id| id.parent());
            let Some(network) = network.filter(|id| !self.is_unknown_network(id)) else { continue };
            let network: NetworkName = self.add_network(networks, &network).as_str().into();
            let kind = match object.text("gatewayType") {
                Some("ExpressRoute") => GatewayKind::ExpressRoute,
                _ => GatewayKind::Vpn,
            };
            let mut connects = Vec::new();
            for connection in facts.of("microsoft.network/connections") {
                let ends = ["gateway", "otherGateway"].map(|end| connection.id_of(end));
                let is_own = |end: &Option<ResourceId>| end.as_ref().is_some_and(|id| id.key() == object.id.key());
                let other = match &ends {
                    [near, far] if is_own(near) => far,
                    [near, far] if is_own(far) => near,
                    _ => continue,
                };
                let joined = match (connection.id_of("localGateway"), other) {
                    (Some(local), _) => Some(self.add_premises(networks, &local)),
                    (None, Some(other)) => self.network_of_gateway(networks, other, connection),
                    (None, None) => {
                        self.circuit(connection, &network);
                        None
                    }
                };
                if let Some(joined) = joined.filter(|joined| *joined != network && !connects.contains(joined)) {
                    connects.push(joined);
                }
            }
            let known = all.iter().any(|(one, _)| matches!(one, Routing::Gateway(own) if own.network == network));
            if known {
                let text = format!("{network} has several gateways: the importer uses the first one");
                self.report.add(Topic::NotRead, text, object.places(), None);
                continue;
            }
            all.push((Routing::Gateway(Gateway { network, kind, connects }), object.place("subnet")));
        }
        all
    }

    /// The network of the gateway at the other end of a connection of two gateways.
    fn network_of_gateway(
        &mut self,
        networks: &mut Networks,
        id: &ResourceId,
        connection: &Object,
    ) -> Option<NetworkName> {
        let network = self.facts.get(id).and_then(|object| object.id_of("subnet")?.parent());
        let Some(network) = network.filter(|id| !self.is_unknown_network(id)) else {
            let text = format!(
                "connection {} joins gateway {}, which is not in the import, so the networks that it connects are unknown",
                connection.id.name(),
                id.name()
            );
            self.missing(text, connection.places(), show("network vnet-gateway show", id));
            return None;
        };
        Some(self.add_network(networks, &network).as_str().into())
    }

    /// A connection to an ExpressRoute circuit: which networks are at the other end is in no template.
    fn circuit(&mut self, connection: &Object, network: &NetworkName) {
        let text = match connection.id_of("circuit") {
            Some(circuit) => format!(
                "connection {} joins circuit {} to {network}, but the on-premises networks at the other end are unknown",
                connection.id.name(),
                circuit.name()
            ),
            None => format!("connection {} has no remote end in the import", connection.id.name()),
        };
        self.report.add(Topic::Unresolved, text, connection.places(), None);
    }

    /// The on-premises network of a local network gateway.
    fn add_premises(&mut self, networks: &mut Networks, id: &ResourceId) -> NetworkName {
        if let Some(network) = networks.all.get(&id.key()) {
            return network.spec.name.clone();
        }
        let object = self.facts.get(id);
        let label = self.labels.of("network", id);
        let items = object.and_then(|object| object.get("addressSpace")?.as_array());
        let prefixes = items.into_iter().flatten().filter_map(|item| item.as_str()?.parse::<IpNet>().ok());
        let spec = NetworkSpec {
            name: label.as_str().into(),
            kind: NetworkKind::OnPremises,
            address_space: prefixes.collect(),
            client_prefixes: Vec::new(),
            subnets: Vec::new(),
            subnets_v6: Vec::new(),
            dns: DnsSetting::AzureProvided,
        };
        let places = object.map_or_else(Vec::new, Object::places);
        if spec.address_space.is_empty() {
            let text = format!("local network gateway {label} has no address space in the import");
            self.missing(text, places.clone(), show("network local-gateway show", id));
        }
        networks.add(id.key(), Network::new(spec, places.into_iter().next()));
        label.as_str().into()
    }

    fn virtual_hubs(&mut self, networks: &mut Networks) -> Vec<(Routing, Option<Provenance>)> {
        let facts = self.facts;
        let mut all = Vec::new();
        for object in facts.of("microsoft.network/virtualhubs").collect::<Vec<_>>() {
            if object.declared.is_none() {
                continue;
            }
            let name: Arc<str> = self.labels.of("virtual hub", &object.id).into();
            let wan = object.id_of("virtualWan");
            if wan.is_none() {
                let text = format!(
                    "virtual hub {name} has no Virtual WAN in the import: the importer assumes a separate Virtual WAN"
                );
                self.missing(text, object.places(), show("network vhub show", &object.id));
            }
            let wan: Arc<str> = wan.map_or_else(|| Arc::clone(&name), |id| self.labels.of("virtual wan", &id).into());
            let mut connections: Vec<NetworkName> = Vec::new();
            let mut unknown_routes: Vec<NetworkName> = Vec::new();
            let mut tables = facts.children(&object.id, "hubroutetables");
            let is_all_unknown = tables.any(|table| table.get(OWN_ROUTES).is_some());
            for connection in facts.children(&object.id, "hubvirtualnetworkconnections") {
                let network = connection.id_of("network").filter(|id| !self.is_unknown_network(id));
                let Some(network) = network else { continue };
                let label = self.add_network(networks, &network).as_str().into();
                if connections.contains(&label) {
                    continue;
                }
                if is_all_unknown || connection.get(OWN_ROUTES).is_some() {
                    unknown_routes.push(label.clone());
                }
                connections.push(label);
            }
            if connections.is_empty() {
                let text = format!(
                    "virtual hub {name} has no connections in the import, so it is unknown which networks reach each other through it"
                );
                self.missing(text, object.places(), show("network vhub connection list", &object.id));
            }
            let in_it = |one: &Object| one.id_of("virtualHub").is_some_and(|id| id.key() == object.id.key());
            let has_firewall =
                object.id_of("firewall").is_some() || facts.of("microsoft.network/azurefirewalls").any(in_it);
            let firewall = has_firewall.then_some(Forwards::Unknown);
            if has_firewall {
                let text = format!(
                    "the rules of the firewall in {name} are not read, so it is unknown whether it forwards packets"
                );
                self.report.add(Topic::Unresolved, text, object.places(), None);
            }
            let hub = VirtualHub { name, wan, connections, firewall, unknown_routes };
            all.push((Routing::VirtualHub(hub), object.declared.clone()));
        }
        all
    }

    fn endpoint_policies(&mut self, networks: &mut Networks) -> Vec<(Routing, Option<Provenance>)> {
        let facts = self.facts;
        let mut all = Vec::new();
        for object in facts.of(SUBNET).collect::<Vec<_>>() {
            let policy = match object.text("endpointPolicies") {
                Some("NetworkSecurityGroupEnabled") => EndpointPolicies::NetworkSecurityGroupEnabled,
                Some("RouteTableEnabled") => EndpointPolicies::RouteTableEnabled,
                Some("Enabled") => EndpointPolicies::Enabled,
                _ => continue,
            };
            if let Some((network, subnet)) = self.known_subnet(networks, &object.id) {
                let place = object.place("endpointPolicies");
                all.push((Routing::EndpointPolicy(EndpointPolicy { network, subnet, policy }), place));
            }
        }
        all
    }

    fn security_groups(&mut self, networks: &mut Networks) -> Vec<(Routing, Option<Provenance>)> {
        let facts = self.facts;
        let mut groups: Vec<(String, SecurityGroup, Option<Provenance>)> = Vec::new();
        for (subnet, id, place) in self.subnets_with(networks, "securityGroup") {
            let Some(subnet) = self.known_subnet(networks, &subnet) else { continue };
            if let Some((_, group, _)) = groups.iter_mut().find(|(key, ..)| *key == id.key()) {
                group.subnets.push(subnet);
                continue;
            }
            let label = self.labels.of("security group", &id);
            let object = facts.get(&id).filter(|object| object.declared.is_some());
            if object.is_none() {
                let text = format!(
                    "security group {label} is referenced but not in the import: the importer uses only Azure's default rules"
                );
                self.missing(text, place.iter().cloned().collect(), show("network nsg show", &id));
            }
            let mut rules = Vec::new();
            for rule in facts.children(&id, "securityrules") {
                match security_rule(rule) {
                    Some(rule) => rules.push(rule),
                    None => {
                        let text = format!(
                            "cannot read all fields of rule {} of {label}: the importer ignores the rule",
                            rule.id.name()
                        );
                        self.report.add(Topic::NotRead, text, rule.places(), None);
                    }
                }
            }
            let (name, machines) = (label.as_str().into(), Vec::new());
            let group = SecurityGroup { name, rules, subnets: vec![subnet], machines };
            groups.push((id.key(), group, object.and_then(|object| object.declared.clone()).or(place)));
        }
        groups.into_iter().map(|(_, group, place)| (Routing::SecurityGroup(group), place)).collect()
    }
}

impl Networks {
    /// The events of all that decides which way packets take.
    pub(super) fn routing_events(&self) -> impl Iterator<Item = (Event, Option<Provenance>)> + '_ {
        self.routing.iter().map(|(routing, place)| (Event::SetRouting(routing.clone()), place.clone()))
    }

    /// Those of security groups, which a scenario has last.
    pub(super) fn group_events(&self) -> impl Iterator<Item = (Event, Option<Provenance>)> + '_ {
        self.groups.iter().map(|(group, place)| (Event::SetRouting(group.clone()), place.clone()))
    }
}

fn user_route(object: &Object) -> Option<UserRoute> {
    let prefix = object.text("addressPrefix")?.parse::<Ipv4Net>().ok()?.trunc();
    let next = match object.text("nextHopType")? {
        "VirtualAppliance" => NextHop::VirtualAppliance(object.text("nextHopIpAddress")?.parse().ok()?),
        "VirtualNetworkGateway" => NextHop::VirtualNetworkGateway,
        "VnetLocal" => NextHop::VnetLocal,
        "Internet" => NextHop::Internet,
        "None" => NextHop::None,
        _ => return None,
    };
    Some(UserRoute { prefix, next })
}

fn security_rule(object: &Object) -> Option<SecurityRule> {
    if object.get("applicationSecurityGroups").is_some() {
        return None;
    }
    let list = |attribute: &str| -> Vec<&str> {
        let items = object.get(attribute).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str).collect()
    };
    let addresses = |attribute: &str| -> Option<Vec<Addresses>> {
        let texts = list(attribute).into_iter().filter(|text| !is_ipv6(text));
        let read: Vec<Addresses> = texts.map(Addresses::parse).collect::<Option<_>>()?;
        (!read.is_empty()).then_some(read)
    };
    let ports: Vec<(u16, u16)> = list("ports").into_iter().map(parse_ports).collect::<Option<_>>()?;
    Some(SecurityRule {
        name: clean(object.id.name()).into(),
        priority: u16::try_from(object.get("priority")?.as_u64()?).ok().filter(|own| (100..=4096).contains(own))?,
        direction: if object.text("direction")? == "Inbound" { Direction::Inbound } else { Direction::Outbound },
        access: if object.text("access")? == "Allow" { RuleAction::Allow } else { RuleAction::Deny },
        protocol: match object.text("protocol")?.to_ascii_lowercase().as_str() {
            "*" => Protocol::Any,
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => Protocol::Other,
        },
        sources: addresses("sources")?,
        destinations: addresses("destinations")?,
        ports: if ports.is_empty() { return None } else { ports },
    })
}

fn is_ipv6(text: &str) -> bool {
    text.split('/').next().is_some_and(|text| text.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6()))
}
