//! Events of routing: halves of peerings, gateways, route tables, appliances, virtual hubs, transits, security groups.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::refusal::Reason;
use super::state::State;
use crate::estate::{MachineName, NetworkName, Routing, RoutingKey};

impl State {
    pub(super) fn set_routing(&mut self, routing: &Routing) -> Result<(), Reason> {
        if let Routing::PeeringHalf(half) = routing {
            self.refuse_overlap(&[half.from.clone(), half.to.clone()])?;
        }
        self.refuse_second_gateway(routing)?;
        self.take_places(routing);
        self.routes_mut().insert(routing.key(), routing.clone());
        if let Routing::PeeringHalf(half) = routing
            && self.routes.half(&half.to, &half.from).is_some()
        {
            Arc::make_mut(&mut self.peerings).insert(&[half.from.clone(), half.to.clone()]);
        }
        Ok(())
    }

    /// A network uses one gateway: its own, or that of one network that it is peered with.
    fn refuse_second_gateway(&self, routing: &Routing) -> Result<(), Reason> {
        let (network, refused) = match routing {
            Routing::Gateway(gateway) => (&gateway.network, &gateway.network),
            Routing::PeeringHalf(half) if half.flags.remote_gateways == Some(true) => (&half.from, &half.to),
            _ => return Ok(()),
        };
        let own = self.routes.gateways().map(|gateway| &gateway.network).find(|own| *own == network);
        let remote = self.routes.remote_gateways_of(network);
        match own.into_iter().chain(remote).find(|first| *first != refused) {
            Some(first) => {
                Err(Reason::SecondGateway { network: network.clone(), first: first.clone(), refused: refused.clone() })
            }
            None => Ok(()),
        }
    }

    /// A subnet has one route table and one security group, and a machine one: the new one takes the place of the old.
    fn take_places(&mut self, routing: &Routing) {
        let key = routing.key();
        let others = self.routes_mut().iter_mut().filter(|(other, _)| **other != key).map(|(_, object)| object);
        match routing {
            Routing::RouteTable(new) => {
                for object in others {
                    if let Routing::RouteTable(old) = object {
                        old.subnets.retain(|subnet| !new.subnets.contains(subnet));
                    }
                }
            }
            Routing::SecurityGroup(new) => {
                for object in others {
                    if let Routing::SecurityGroup(old) = object {
                        old.subnets.retain(|subnet| !new.subnets.contains(subnet));
                        old.machines.retain(|machine| !new.machines.contains(machine));
                    }
                }
            }
            _ => {}
        }
    }

    pub(super) fn delete_routing(&mut self, key: &RoutingKey) {
        self.routes_mut().remove(key);
        // With one half gone the other is Disconnected, and no packet passes (virtual-network-manage-peering).
        if let RoutingKey::PeeringHalf(from, to) = key {
            Arc::make_mut(&mut self.peerings).remove(&[from.clone(), to.clone()]);
        }
    }

    /// Forgets what is nothing without a network, and takes it out of the rest.
    pub(super) fn delete_routing_of(&mut self, network: &NetworkName) {
        let gone: Vec<MachineName> =
            self.machines.iter().filter(|(_, own)| own.network == *network).map(|(name, _)| name.clone()).collect();
        let objects = self.routes_mut();
        objects.retain(|key, _| !key.needs(network));
        for object in objects.values_mut() {
            match object {
                Routing::Gateway(one) => one.connects.retain(|own| own != network),
                Routing::RouteTable(one) => one.subnets.retain(|(own, _)| own != network),
                Routing::VirtualHub(one) => {
                    one.connections.retain(|own| own != network);
                    one.unknown_routes.retain(|own| own != network);
                }
                Routing::SecurityGroup(one) => {
                    one.subnets.retain(|(own, _)| own != network);
                    one.machines.retain(|own| !gone.contains(own));
                }
                Routing::PeeringHalf(_) | Routing::Appliance(_) | Routing::EndpointPolicy(_) | Routing::Transit(_) => {}
            }
        }
        objects.retain(|_, object| !matches!(object, Routing::Appliance(one) if one.network == *network));
        self.leave_transits(network);
    }

    /// A transit is known by what it joins: without a network it is another one, and with a single network left it is gone.
    fn leave_transits(&mut self, network: &NetworkName) {
        let objects = self.routes_mut();
        let left: Vec<_> = objects
            .extract_if(.., |_, object| matches!(object, Routing::Transit(one) if one.between.contains(network)))
            .collect();
        for (_, object) in left {
            let Routing::Transit(mut one) = object else { continue };
            one.between.retain(|own| own != network);
            if one.between.len() > 1 {
                let object = Routing::Transit(one);
                objects.entry(object.key()).or_insert(object);
            }
        }
    }

    /// Both halves of a peering go.
    pub(super) fn delete_peering(&mut self, between: &[NetworkName; 2]) {
        let [one, other] = between;
        Arc::make_mut(&mut self.peerings).remove(between);
        for (from, to) in [(one, other), (other, one)] {
            self.routes_mut().remove(&RoutingKey::PeeringHalf(from.clone(), to.clone()));
        }
    }

    fn routes_mut(&mut self) -> &mut BTreeMap<RoutingKey, Routing> {
        &mut Arc::make_mut(&mut self.routes).objects
    }

    /// The name of the subnet that holds an address.
    pub(super) fn subnet_of(&self, network: &NetworkName, address: Ipv4Addr) -> Option<&str> {
        let spec = self.networks.get(network)?;
        spec.subnets.iter().find(|(_, prefix)| prefix.contains(&address)).map(|(name, _)| name.as_str())
    }

    /// The length of the prefix of a network's address space that holds an address.
    pub(super) fn prefix_length(&self, network: &NetworkName, address: Ipv4Addr) -> Option<u8> {
        let spaces = &self.networks.get(network)?.address_space;
        let holding = spaces.iter().filter(|space| space.contains(&IpAddr::V4(address)));
        holding.map(ipnet::IpNet::prefix_len).max()
    }
}
