//! Events of routing: halves of peerings, gateways, route tables, appliances, virtual hubs, transits.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::refusal::Reason;
use super::state::{State, ordered};
use crate::estate::routing::{Appliance, EndpointPolicies, Gateway, PeeringFlags, RouteTable, Transit, VirtualHub};
use crate::estate::{NetworkName, Routing, RoutingKey};

/// Everything that decides which way packets take, besides who is peered.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    objects: BTreeMap<RoutingKey, Routing>,
}

impl Routes {
    /// True if nothing was said about ways.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// True if there is such an object.
    pub fn has(&self, key: &RoutingKey) -> bool {
        self.objects.contains_key(key)
    }

    /// All objects, in order of their kinds and names.
    pub fn objects(&self) -> impl Iterator<Item = &Routing> {
        self.objects.values()
    }

    /// The flags of the half of a peering, if that half is there.
    pub fn half(&self, from: &NetworkName, to: &NetworkName) -> Option<PeeringFlags> {
        match self.objects.get(&RoutingKey::PeeringHalf(from.clone(), to.clone()))? {
            Routing::PeeringHalf(half) => Some(half.flags),
            _ => None,
        }
    }

    /// The gateways.
    pub fn gateways(&self) -> impl Iterator<Item = &Gateway> {
        self.objects().filter_map(|one| match one {
            Routing::Gateway(gateway) => Some(gateway),
            _ => None,
        })
    }

    /// The appliances.
    pub fn appliances(&self) -> impl Iterator<Item = &Appliance> {
        self.objects().filter_map(|one| match one {
            Routing::Appliance(appliance) => Some(appliance),
            _ => None,
        })
    }

    /// The hubs of Virtual WANs.
    pub fn hubs(&self) -> impl Iterator<Item = &VirtualHub> {
        self.objects().filter_map(|one| match one {
            Routing::VirtualHub(hub) => Some(hub),
            _ => None,
        })
    }

    /// The declared transits.
    pub fn transits(&self) -> impl Iterator<Item = &Transit> {
        self.objects().filter_map(|one| match one {
            Routing::Transit(transit) => Some(transit),
            _ => None,
        })
    }

    /// The route tables.
    pub fn tables(&self) -> impl Iterator<Item = &RouteTable> {
        self.objects().filter_map(|one| match one {
            Routing::RouteTable(table) => Some(table),
            _ => None,
        })
    }

    /// The route tables that subnets of a network have.
    pub fn tables_of(&self, network: &NetworkName) -> Vec<&RouteTable> {
        self.tables().filter(|table| table.subnets.iter().any(|(own, _)| own == network)).collect()
    }

    /// What applies to the private endpoints of a subnet.
    pub fn policy(&self, network: &NetworkName, subnet: &str) -> EndpointPolicies {
        match self.objects.get(&RoutingKey::EndpointPolicy(network.clone(), subnet.into())) {
            Some(Routing::EndpointPolicy(one)) => one.policy,
            _ => EndpointPolicies::Disabled,
        }
    }
}

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
