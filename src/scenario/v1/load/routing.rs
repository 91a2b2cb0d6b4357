//! What decides which way packets take: halves of peerings, gateways, route tables, appliances, virtual hubs, transits; and
//! the security groups that let them pass or not.

use std::net::Ipv4Addr;
use std::sync::Arc;

use ipnet::Ipv4Net;

use super::{EventSite, Loader, undated};
use crate::compile::ObjectKind;
use crate::compile::refusal::Reason;
use crate::estate::routing::{
    Appliance, EndpointPolicies, EndpointPolicy, Forwards, Gateway, GatewayKind, NextHop, PeeringFlags, PeeringHalf,
    RouteTable, Transit, UserRoute, VirtualHub,
};
use crate::estate::security::{Addresses, Direction, Protocol, SecurityGroup, SecurityRule, parse_ports};
use crate::estate::{Event, NetworkName, Routing, RoutingKey, RuleAction};
use crate::scenario::error::shown;
use crate::scenario::node::{Node, Range};
use crate::scenario::v1::schema::*;

impl Loader<'_> {
    /// The maps at the top of a scenario, in the order of the schema.
    pub(super) fn routing_maps(&mut self, schema: &ScenarioSchema, root: &Node) {
        for ((name, own), (key, node)) in schema.gateways.iter().zip(root.entries_of("gateways")) {
            self.refer_to_network(name, key.range);
            let gateway = self.gateway(name, own.kind, &own.connects, node);
            self.set_routing(Routing::Gateway(gateway), undated(key.range));
        }
        for ((name, own), (key, node)) in schema.appliances.iter().zip(root.entries_of("appliances")) {
            self.name(key.range, name, "appliance");
            if let Some(appliance) = self.appliance(name, own, node) {
                self.set_routing(Routing::Appliance(appliance), undated(key.range));
            }
        }
        for ((name, own), (key, node)) in schema.route_tables.iter().zip(root.entries_of("routeTables")) {
            self.name(key.range, name, "route table");
            let table = self.route_table(name, own, node);
            self.set_routing(Routing::RouteTable(table), undated(key.range));
        }
        for ((name, own), (key, node)) in schema.virtual_hubs.iter().zip(root.entries_of("virtualHubs")) {
            self.name(key.range, name, "virtual hub");
            let hub = self.virtual_hub(name, own, node);
            self.set_routing(Routing::VirtualHub(hub), undated(key.range));
        }
        for (index, own) in schema.transits.iter().enumerate() {
            let node = root.get("transits").item(index);
            let transit = self.transit(own, node);
            self.set_routing(Routing::Transit(transit), undated(node.range));
        }
        let policies = &schema.private_endpoint_network_policies;
        for ((name, own), (key, _)) in policies.iter().zip(root.entries_of("privateEndpointNetworkPolicies")) {
            if let Some(policy) = self.endpoint_policy(name, *own, key.range) {
                self.set_routing(Routing::EndpointPolicy(policy), undated(key.range));
            }
        }
    }

    pub(super) fn set_routing(&mut self, routing: Routing, site: EventSite) {
        self.push(site, Event::SetRouting(routing));
    }

    pub(super) fn peering(&mut self, schema: &PeeringSchema, node: &Node, site: EventSite) {
        match schema {
            PeeringSchema::Pair(pair) => self.create_peering(pair, node, site),
            PeeringSchema::Half(half) => self.set_peering(half, node, site),
        }
    }

    pub(super) fn set_peering(&mut self, schema: &PeeringHalfSchema, node: &Node, site: EventSite) {
        self.refer(ObjectKind::Network, &schema.from, node.get("from"));
        self.refer(ObjectKind::Network, &schema.to, node.get("to"));
        if schema.from == schema.to {
            let reason = Reason::PeeredWithItself(shown(&schema.from).into());
            self.fault(node.range, reason.to_string(), Some("name two networks".to_owned()));
            return;
        }
        let flags = PeeringFlags {
            access: schema.allow_virtual_network_access.unwrap_or(true),
            forwarded: schema.allow_forwarded_traffic.unwrap_or(false),
            gateway_transit: Some(schema.allow_gateway_transit.unwrap_or(false)),
            remote_gateways: Some(schema.use_remote_gateways.unwrap_or(false)),
        };
        let (from, to): (NetworkName, NetworkName) = (schema.from.as_str().into(), schema.to.as_str().into());
        self.set_routing(Routing::PeeringHalf(PeeringHalf { from, to, flags }), site);
    }

    pub(super) fn set_gateway(&mut self, schema: &NamedGatewaySchema, node: &Node, site: EventSite) {
        self.refer(ObjectKind::Network, &schema.network, node.get("network"));
        let gateway = self.gateway(&schema.network, schema.kind, &schema.connects, node);
        self.set_routing(Routing::Gateway(gateway), site);
    }

    fn gateway(&mut self, network: &str, kind: GatewayKindSchema, connects: &[String], node: &Node) -> Gateway {
        Gateway {
            network: network.into(),
            kind: match kind {
                GatewayKindSchema::Vpn => GatewayKind::Vpn,
                GatewayKindSchema::ExpressRoute => GatewayKind::ExpressRoute,
            },
            connects: self.network_names(connects, node.get("connects")),
        }
    }

    fn network_names(&mut self, names: &[String], node: &Node) -> Vec<NetworkName> {
        for (index, name) in names.iter().enumerate() {
            self.refer(ObjectKind::Network, name, node.item(index));
        }
        names.iter().map(|name| name.as_str().into()).collect()
    }

    pub(super) fn appliance(&mut self, name: &str, schema: &ApplianceSchema, node: &Node) -> Option<Appliance> {
        self.refer(ObjectKind::Network, &schema.network, node.get("network"));
        let address = self.private_address(&schema.address, node.get("privateIPAddress").range)?;
        let forwards = schema.forwards.map_or(Forwards::Allow, forwards);
        Some(Appliance { name: name.into(), network: schema.network.as_str().into(), address, forwards })
    }

    fn private_address(&mut self, text: &str, range: Range) -> Option<Ipv4Addr> {
        let address = text.parse().ok();
        if address.is_none() {
            let hint = "write four numbers, such as 10.0.1.4".to_owned();
            self.fault(range, format!("`{}` is not an IPv4 address", shown(text)), Some(hint));
        }
        address
    }

    pub(super) fn route_table(&mut self, name: &str, schema: &RouteTableSchema, node: &Node) -> RouteTable {
        let mut routes = Vec::new();
        for (index, route) in schema.routes.iter().enumerate() {
            let node = node.get("routes").item(index);
            let prefix =
                self.prefix::<Ipv4Net>(&route.address_prefix, node.get("addressPrefix").range, |prefix| prefix.trunc());
            let next = self.next_hop(route, node);
            routes.extend(prefix.zip(next).map(|(prefix, next)| UserRoute { prefix, next }));
        }
        let mut subnets = Vec::new();
        for (index, text) in schema.subnets.iter().enumerate() {
            subnets.extend(self.subnet_by_path(text, node.get("subnets").item(index).range));
        }
        let disable_bgp = schema.disable_bgp_route_propagation.unwrap_or(false);
        let is_complete = schema.is_complete.unwrap_or(true);
        RouteTable { name: name.into(), disable_bgp, routes, is_complete, subnets }
    }

    fn next_hop(&mut self, schema: &RouteSchema, node: &Node) -> Option<NextHop> {
        let address = schema.next_hop_ip_address.as_deref();
        if schema.next_hop_type != NextHopSchema::VirtualAppliance && address.is_some() {
            let message = "only a route to a VirtualAppliance has a `nextHopIpAddress`".to_owned();
            self.fault(node.get("nextHopIpAddress").range, message, Some("remove the address".to_owned()));
        }
        Some(match (schema.next_hop_type, address) {
            (NextHopSchema::VirtualAppliance, Some(text)) => {
                NextHop::VirtualAppliance(self.private_address(text, node.get("nextHopIpAddress").range)?)
            }
            (NextHopSchema::VirtualAppliance, None) => {
                let message = "a route to a VirtualAppliance lacks `nextHopIpAddress`".to_owned();
                self.fault(node.range, message, Some("write the private address of the appliance".to_owned()));
                return None;
            }
            (NextHopSchema::VirtualNetworkGateway, _) => NextHop::VirtualNetworkGateway,
            (NextHopSchema::VnetLocal, _) => NextHop::VnetLocal,
            (NextHopSchema::Internet, _) => NextHop::Internet,
            (NextHopSchema::None, _) => NextHop::None,
        })
    }

    /// A subnet, written `network/subnet`.
    fn subnet_by_path(&mut self, text: &str, range: Range) -> Option<(NetworkName, Arc<str>)> {
        if self.lenient {
            return text.split_once('/').map(|(network, subnet)| (network.into(), subnet.into()));
        }
        let found = text.split_once('/').filter(|(network, subnet)| {
            self.state.networks.get(*network).is_some_and(|spec| spec.subnet(subnet).is_some())
        });
        if found.is_none() {
            let hint = "write NETWORK/SUBNET, both as declared".to_owned();
            self.fault(range, format!("there is no subnet `{}` at this point", shown(text)), Some(hint));
        }
        found.map(|(network, subnet)| (network.into(), subnet.into()))
    }

    pub(super) fn virtual_hub(&mut self, name: &str, schema: &VirtualHubSchema, node: &Node) -> VirtualHub {
        VirtualHub {
            name: name.into(),
            wan: schema.virtual_wan.as_str().into(),
            connections: self.network_names(&schema.connections, node.get("connections")),
            firewall: schema.firewall.map(forwards),
            unknown_routes: self.network_names(&schema.unknown_routes, node.get("unknownRoutes")),
        }
    }

    pub(super) fn transit(&mut self, schema: &TransitSchema, node: &Node) -> Transit {
        self.refer(ObjectKind::Network, &schema.through, node.get("through"));
        if schema.between.len() < 2 {
            let message = "a transit is between two or more networks".to_owned();
            self.fault(node.get("between").range, message, Some("name the networks that it joins".to_owned()));
        }
        Transit {
            through: schema.through.as_str().into(),
            between: self.network_names(&schema.between, node.get("between")),
            by: schema.by.as_deref().map(Into::into),
        }
    }

    pub(super) fn endpoint_policy(
        &mut self,
        subnet: &str,
        policy: EndpointPoliciesSchema,
        range: Range,
    ) -> Option<EndpointPolicy> {
        let (network, subnet) = self.subnet_by_path(subnet, range)?;
        let policy = match policy {
            EndpointPoliciesSchema::Disabled => EndpointPolicies::Disabled,
            EndpointPoliciesSchema::NetworkSecurityGroupEnabled => EndpointPolicies::NetworkSecurityGroupEnabled,
            EndpointPoliciesSchema::RouteTableEnabled => EndpointPolicies::RouteTableEnabled,
            EndpointPoliciesSchema::Enabled => EndpointPolicies::Enabled,
        };
        Some(EndpointPolicy { network, subnet, policy })
    }

    /// The security groups at the top of a scenario, which name virtual machines.
    pub(super) fn security_groups(&mut self, schema: &ScenarioSchema, root: &Node) {
        for ((name, own), (key, node)) in schema.security_groups.iter().zip(root.entries_of("securityGroups")) {
            self.name(key.range, name, "security group");
            let group = self.security_group(name, own, node);
            self.set_routing(Routing::SecurityGroup(group), undated(key.range));
        }
    }

    pub(super) fn security_group(&mut self, name: &str, schema: &SecurityGroupSchema, node: &Node) -> SecurityGroup {
        let mut rules: Vec<SecurityRule> = Vec::new();
        for (index, own) in schema.rules.iter().enumerate() {
            let node = node.get("rules").item(index);
            self.name(node.get("name").range, &own.name, "rule");
            let Some(rule) = self.security_rule(own, node) else { continue };
            let same = |one: &&SecurityRule| one.priority == rule.priority && one.direction == rule.direction;
            if let Some(other) = rules.iter().find(same) {
                let message = format!("the rules `{}` and `{}` have the same priority", other.name, rule.name);
                let hint = "give each rule of a direction a priority of its own".to_owned();
                self.fault(node.get("priority").range, message, Some(hint));
            }
            rules.push(rule);
        }
        let mut subnets = Vec::new();
        for (index, text) in schema.subnets.iter().enumerate() {
            subnets.extend(self.subnet_by_path(text, node.get("subnets").item(index).range));
        }
        for (index, machine) in schema.virtual_machines.iter().enumerate() {
            self.refer(ObjectKind::VirtualMachine, machine, node.get("virtualMachines").item(index));
        }
        let machines = schema.virtual_machines.iter().map(|name| name.as_str().into()).collect();
        SecurityGroup { name: name.into(), rules, subnets, machines }
    }

    fn security_rule(&mut self, schema: &SecurityRuleSchema, node: &Node) -> Option<SecurityRule> {
        if !(100..=4096).contains(&schema.priority) {
            let message = format!("`{}` is not a priority", schema.priority);
            self.fault(node.get("priority").range, message, Some("write a number from 100 to 4096".to_owned()));
        }
        let sources = self.addresses(schema.source_address_prefix.as_ref(), node.get("sourceAddressPrefix"));
        let destinations =
            self.addresses(schema.destination_address_prefix.as_ref(), node.get("destinationAddressPrefix"));
        let mut ports = Vec::new();
        let site = node.get("destinationPortRange");
        for text in schema.destination_port_range.iter().flat_map(OneOrMoreSchema::names) {
            let port = parse_ports(text);
            if port.is_none() {
                let hint = "write *, a port or a range such as 1-1024".to_owned();
                self.fault(site.range, format!("`{}` is not a range of ports", shown(text)), Some(hint));
            }
            ports.extend(port);
        }
        if schema.destination_port_range.is_none() {
            ports.push((0, u16::MAX));
        }
        Some(SecurityRule {
            name: schema.name.as_str().into(),
            priority: schema.priority,
            direction: match schema.direction {
                DirectionSchema::Inbound => Direction::Inbound,
                DirectionSchema::Outbound => Direction::Outbound,
            },
            access: match schema.access {
                ActionSchema::Allow => RuleAction::Allow,
                ActionSchema::Deny => RuleAction::Deny,
            },
            protocol: match schema.protocol {
                Some(ProtocolSchema::Tcp) => Protocol::Tcp,
                Some(ProtocolSchema::Udp) => Protocol::Udp,
                Some(ProtocolSchema::Icmp | ProtocolSchema::Esp | ProtocolSchema::Ah) => Protocol::Other,
                Some(ProtocolSchema::Any) | None => Protocol::Any,
            },
            sources: sources?,
            destinations: destinations?,
            ports,
        })
    }

    /// Addresses of a rule; without any all are meant.
    fn addresses(&mut self, schema: Option<&OneOrMoreSchema>, node: &Node) -> Option<Vec<Addresses>> {
        let Some(schema) = schema else { return Some(vec![Addresses::Any]) };
        let mut read = Vec::new();
        for text in schema.names() {
            let one = Addresses::parse(text);
            if one.is_none() {
                let message = format!("`{}` is neither a prefix nor a service tag", shown(text));
                let hint = "write *, a prefix such as 10.0.1.0/24, or a tag such as VirtualNetwork".to_owned();
                self.fault(node.range, message, Some(hint));
            }
            read.extend(one);
        }
        (!read.is_empty()).then_some(read)
    }

    pub(super) fn delete_routing(&mut self, schema: &RoutingKeySchema, node: &Node, site: EventSite) {
        let mut keys: Vec<RoutingKey> = Vec::new();
        if let Some(half) = &schema.peering {
            keys.push(RoutingKey::PeeringHalf(half.from.as_str().into(), half.to.as_str().into()));
        }
        keys.extend(schema.gateway.as_deref().map(|network| RoutingKey::Gateway(network.into())));
        keys.extend(schema.route_table.as_deref().map(|name| RoutingKey::RouteTable(name.into())));
        keys.extend(schema.appliance.as_deref().map(|name| RoutingKey::Appliance(name.into())));
        keys.extend(schema.virtual_hub.as_deref().map(|name| RoutingKey::VirtualHub(name.into())));
        if let Some(transit) = &schema.transit {
            keys.push(Routing::Transit(self.transit(transit, node.get("transit"))).key());
        }
        keys.extend(schema.security_group.as_deref().map(|name| RoutingKey::SecurityGroup(name.into())));
        if let Some(subnet) = &schema.endpoint_policy {
            let subnet = self.subnet_by_path(subnet, node.get("endpointPolicy").range);
            keys.extend(subnet.map(|(network, subnet)| RoutingKey::EndpointPolicy(network, subnet)));
        }
        let [key] = keys.as_slice() else {
            let message = "expected exactly one object to delete".to_owned();
            self.fault(node.range, message, Some("write one key, such as `gateway: hub`".to_owned()));
            return;
        };
        let key = key.clone();
        if !self.state.routes.has(&key) && !self.lenient {
            self.fault(node.range, Reason::NoSuchRouting.to_string(), Some("set it before it is deleted".to_owned()));
        }
        self.push(site, Event::DeleteRouting(key));
    }
}

fn forwards(schema: ForwardsSchema) -> Forwards {
    match schema {
        ForwardsSchema::Allow => Forwards::Allow,
        ForwardsSchema::Deny => Forwards::Deny,
        ForwardsSchema::Unknown => Forwards::Unknown,
    }
}
