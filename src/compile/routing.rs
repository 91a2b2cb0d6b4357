//! Events of routing: halves of peerings, gateways, route tables, appliances, virtual hubs, transits.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::refusal::Reason;
use super::state::{State, ordered};
use crate::estate::{NetworkName, Routing, RoutingKey};

impl State {
    pub(super) fn set_routing(&mut self, routing: &Routing) -> Result<(), Reason> {
        if let Routing::PeeringHalf(half) = routing {
            self.refuse_overlap(&[half.from.clone(), half.to.clone()])?;
        }
        self.routes_mut().insert(routing.key(), routing.clone());
        if let Routing::PeeringHalf(half) = routing
            && self.routes.half(&half.to, &half.from).is_some()
        {
            self.peerings.insert(ordered(&[half.from.clone(), half.to.clone()]));
        }
        Ok(())
    }

    pub(super) fn delete_routing(&mut self, key: &RoutingKey) {
        self.routes_mut().remove(key);
        // With one half gone the other is Disconnected, and no packet passes (virtual-network-manage-peering).
        if let RoutingKey::PeeringHalf(from, to) = key {
            self.peerings.remove(&ordered(&[from.clone(), to.clone()]));
        }
    }

    /// Forgets what is nothing without a network, and takes it out of the rest.
    pub(super) fn delete_routing_of(&mut self, network: &NetworkName) {
        let objects = self.routes_mut();
        objects.retain(|key, _| !key.needs(network));
        for object in objects.values_mut() {
            match object {
                Routing::Gateway(one) => one.connects.retain(|own| own != network),
                Routing::RouteTable(one) => one.subnets.retain(|(own, _)| own != network),
                Routing::VirtualHub(one) => one.connections.retain(|own| own != network),
                Routing::Transit(one) => one.between.retain(|own| own != network),
                Routing::PeeringHalf(_) | Routing::Appliance(_) | Routing::EndpointPolicy(_) => {}
            }
        }
        objects.retain(|_, object| !matches!(object, Routing::Appliance(one) if one.network == *network));
    }

    /// Both halves of a peering go.
    pub(super) fn delete_peering(&mut self, between: &[NetworkName; 2]) {
        let [one, other] = between;
        self.peerings.remove(&ordered(between));
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
