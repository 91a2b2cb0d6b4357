//! What decides which way packets take, made from drawn numbers.

use std::net::Ipv4Addr;
use std::sync::Arc;

use ampls_dns::estate::routing::{
    Appliance, EndpointPolicies, EndpointPolicy, Forwards, Gateway, GatewayKind, NextHop, PeeringFlags, PeeringHalf,
    RouteTable, Transit, UserRoute, VirtualHub,
};
use ampls_dns::estate::security::{Addresses, Direction, Protocol, SecurityGroup, SecurityRule};
use ampls_dns::estate::{Event, MachineName, NetworkName, Routing, RuleAction};

use super::maker::{Maker, Side};

impl Maker {
    /// An object that is set, or one that goes.
    pub(super) fn routing(&mut self) -> Option<Event> {
        let there: Vec<_> = self.state.routes.objects().map(Routing::key).collect();
        if !there.is_empty() && self.flip() {
            return self.one(&there).map(Event::DeleteRouting);
        }
        self.new_routing().map(Event::SetRouting)
    }

    fn new_routing(&mut self) -> Option<Routing> {
        let (network, other) = (self.network()?, self.network()?);
        if network == other {
            return None;
        }
        let subnet = self.state.networks[&network].subnets.first().map(|(name, _)| Arc::<str>::from(name.as_str()));
        let address = Ipv4Addr::new(10, 0, self.pick(8) as u8, 4);
        let forwards = [Forwards::Allow, Forwards::Allow, Forwards::Deny, Forwards::Unknown][self.pick(4)];
        let side = match self.habits.side {
            Side::Whole => "",
            Side::Left => "left-",
            Side::Right => "right-",
        };
        let name: Arc<str> = format!("{side}object{}", self.pick(3)).into();
        Some(match self.pick(10) {
            0 | 1 => {
                let flags = PeeringFlags {
                    access: !self.once_in(5),
                    forwarded: self.flip(),
                    gateway_transit: Some(self.flip()),
                    remote_gateways: Some(self.flip()),
                };
                Routing::PeeringHalf(PeeringHalf { from: network, to: other, flags })
            }
            2 => {
                let kind = if self.flip() { GatewayKind::Vpn } else { GatewayKind::ExpressRoute };
                Routing::Gateway(Gateway { network, kind, connects: vec![other] })
            }
            3 => Routing::Appliance(Appliance { name, network, address, forwards }),
            4 => {
                let hops = [
                    NextHop::VirtualAppliance(address),
                    NextHop::VirtualNetworkGateway,
                    NextHop::VnetLocal,
                    NextHop::Internet,
                    NextHop::None,
                ];
                let prefix = ["0.0.0.0/0", "10.0.0.0/8", "10.0.3.0/24"][self.pick(3)].parse().expect("a good prefix");
                let routes = vec![UserRoute { prefix, next: hops[self.pick(5)] }];
                let subnets = subnet.into_iter().map(|subnet| (network.clone(), subnet)).collect();
                Routing::RouteTable(RouteTable {
                    name,
                    disable_bgp: self.flip(),
                    routes,
                    is_complete: !self.once_in(4),
                    subnets,
                })
            }
            5 => {
                let firewall = self.flip().then_some(forwards);
                let wan = format!("{side}wan").into();
                let unknown_routes = if self.once_in(4) { vec![other.clone()] } else { Vec::new() };
                let connections = vec![network, other];
                Routing::VirtualHub(VirtualHub { name, wan, connections, firewall, unknown_routes })
            }
            6 => {
                let by = self.flip().then_some(name);
                Routing::Transit(Transit { through: network.clone(), between: vec![network, other], by })
            }
            7 | 8 => Routing::SecurityGroup(self.security_group(name, &network, subnet)),
            _ => {
                let policies = [
                    EndpointPolicies::Disabled,
                    EndpointPolicies::NetworkSecurityGroupEnabled,
                    EndpointPolicies::RouteTableEnabled,
                    EndpointPolicies::Enabled,
                ];
                Routing::EndpointPolicy(EndpointPolicy { network, subnet: subnet?, policy: policies[self.pick(4)] })
            }
        })
    }

    fn security_group(&mut self, name: Arc<str>, network: &NetworkName, subnet: Option<Arc<str>>) -> SecurityGroup {
        let mut rules: Vec<SecurityRule> = Vec::new();
        for number in 0..1 + self.pick(3) {
            rules.push(SecurityRule {
                name: format!("rule{number}").into(),
                priority: 100 + 10 * number as u16,
                direction: if self.once_in(3) { Direction::Inbound } else { Direction::Outbound },
                access: if self.flip() { RuleAction::Allow } else { RuleAction::Deny },
                protocol: [Protocol::Any, Protocol::Any, Protocol::Tcp, Protocol::Udp][self.pick(4)],
                sources: vec![self.addresses()],
                destinations: vec![self.addresses(), self.addresses()],
                ports: vec![[(0, u16::MAX), (443, 443), (1, 1024)][self.pick(3)]],
            });
        }
        let there = self.state.machines.iter().filter(|(_, machine)| machine.network == *network);
        let machines: Vec<MachineName> = there.map(|(name, _)| name.clone()).collect();
        let machines = self.one(&machines).into_iter().collect();
        let subnets = subnet.into_iter().map(|subnet| (network.clone(), subnet)).collect();
        SecurityGroup { name, rules, subnets, machines }
    }

    fn addresses(&mut self) -> Addresses {
        let prefix = ["10.0.0.0/8", "10.0.3.0/24", "20.0.0.0/8"][self.pick(3)].parse().expect("a good prefix");
        let tag = ["AzureMonitor", "VirtualNetwork", "Storage.westeurope", "Internet"][self.pick(4)].into();
        [Addresses::Any, Addresses::Prefix(prefix), Addresses::Tag(tag)][self.pick(3)].clone()
    }
}
