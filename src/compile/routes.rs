//! What decides which way packets take, besides who is peered: the objects as they are at one revision.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::estate::routing::{Appliance, EndpointPolicies, Gateway, PeeringFlags, RouteTable, Transit, VirtualHub};
use crate::estate::security::SecurityGroup;
use crate::estate::{NetworkName, Routing, RoutingKey};

/// Everything that decides which way packets take, besides who is peered.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    pub(super) objects: BTreeMap<RoutingKey, Routing>,
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

    /// The networks whose gateways a network uses, by `useRemoteGateways`.
    pub fn remote_gateways_of(&self, network: &NetworkName) -> impl Iterator<Item = &NetworkName> {
        self.objects().filter_map(move |one| match one {
            Routing::PeeringHalf(half) if half.from == *network && half.flags.remote_gateways == Some(true) => {
                Some(&half.to)
            }
            _ => None,
        })
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

    /// The route table of a subnet.
    pub fn table_of(&self, network: &NetworkName, subnet: &str) -> Option<&RouteTable> {
        let has = |(own, name): &(NetworkName, Arc<str>)| own == network && **name == *subnet;
        self.tables().find(|table| table.subnets.iter().any(has))
    }

    /// The security groups.
    pub fn groups(&self) -> impl Iterator<Item = &SecurityGroup> {
        self.objects().filter_map(|one| match one {
            Routing::SecurityGroup(group) => Some(group),
            _ => None,
        })
    }

    /// The security group of a subnet.
    pub fn group_of(&self, network: &NetworkName, subnet: &str) -> Option<&SecurityGroup> {
        let has = |(own, name): &(NetworkName, Arc<str>)| own == network && **name == *subnet;
        self.groups().find(|group| group.subnets.iter().any(has))
    }

    /// The route tables that subnets of a network have.
    pub fn tables_of(&self, network: &NetworkName) -> Vec<&RouteTable> {
        self.tables().filter(|table| table.subnets.iter().any(|(own, _)| own == network)).collect()
    }

    /// Which network policies apply to the private endpoints of a subnet.
    pub fn policy(&self, network: &NetworkName, subnet: &str) -> EndpointPolicies {
        match self.objects.get(&RoutingKey::EndpointPolicy(network.clone(), subnet.into())) {
            Some(Routing::EndpointPolicy(one)) => one.policy,
            _ => EndpointPolicies::Disabled,
        }
    }
}
