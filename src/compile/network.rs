//! Events of networks: creation, peering, rulesets.

use std::sync::Arc;

use ipnet::Ipv4Net;

use super::absence::{Absence, ObjectKind};
use super::refusal::Reason;
use super::state::State;
use crate::catalogue::Limit;
use crate::estate::{DnsSetting, ForwardTo, NetworkKind, NetworkName, NetworkSpec, RuleAction, RulesetSpec};

/// Subnets that hold no clients.
const OWN_SUBNETS: [&str; 5] = [
    "GatewaySubnet",
    "AzureFirewallSubnet",
    "AzureFirewallManagementSubnet",
    "AzureBastionSubnet",
    "RouteServerSubnet",
];

impl State {
    /// The subnets of a network that clients may be in: not those of gateways, appliances and private endpoints.
    pub(super) fn client_subnets(&self, network: &NetworkName) -> Vec<&str> {
        let Some(spec) = self.networks.get(network) else { return Vec::new() };
        let is_taken = |name: &str, prefix: &Ipv4Net| {
            OWN_SUBNETS.iter().any(|own| own.eq_ignore_ascii_case(name))
                || self.endpoints.values().any(|one| one.spec.network == *network && one.spec.subnet == name)
                || self.routes.appliances().any(|one| one.network == *network && prefix.contains(&one.address))
        };
        let subnets = spec.subnets.iter().filter(|(name, prefix)| !is_taken(name, prefix));
        subnets.map(|(name, _)| name.as_str()).collect()
    }

    pub(super) fn create_network(&mut self, spec: &NetworkSpec) -> Result<(), Reason> {
        let subnets = spec.subnets.iter().enumerate();
        let overlap = subnets.into_iter().find_map(|(at, (name, one))| {
            let before = spec.subnets[..at].iter();
            let (other, _) = before.into_iter().find(|(_, other)| one.contains(other) || other.contains(one))?;
            Some([other.clone(), name.clone()])
        });
        if let Some(subnets) = overlap {
            return Err(Reason::SubnetsOverlap { network: spec.name.clone(), subnets });
        }
        self.networks.insert(spec.name.clone(), Arc::new(spec.clone()));
        Ok(())
    }

    pub(super) fn set_dns(&mut self, network: &NetworkName, dns: &DnsSetting) {
        if let Some(spec) = self.networks.get_mut(network) {
            Arc::make_mut(spec).dns = dns.clone();
        }
    }

    pub(super) fn set_outbound_rule(&mut self, network: &NetworkName, action: RuleAction) -> Result<(), Reason> {
        self.only_virtual(network, || "a rule for a service tag".to_owned())?;
        self.outbound.insert(network.clone(), action);
        Ok(())
    }

    /// Refuses what only a virtual network can have.
    pub(super) fn only_virtual(&self, network: &NetworkName, what: impl FnOnce() -> String) -> Result<(), Reason> {
        match self.networks.get(network) {
            Some(own) if own.kind == NetworkKind::OnPremises => {
                Err(Reason::OnlyInVirtualNetworks { what: what(), network: network.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Deleting a network deletes its links (private-dns-virtual-network-links) and peerings.
    pub(super) fn delete_network(&mut self, network: &NetworkName) -> Result<(), Reason> {
        if let Some(endpoint) = self.endpoints.values().find(|endpoint| endpoint.spec.network == *network) {
            return Err(Reason::NetworkInUse { network: network.clone(), endpoint: endpoint.spec.name.clone() });
        }
        for zone in self.linked.remove(network).into_iter().flatten() {
            self.unlink_zone(&zone, network)?;
        }
        Arc::make_mut(&mut self.peerings).remove_all(network);
        self.delete_routing_of(network);
        let gone = Absence::Deleted(self.revision);
        let inbound = self.inbound.extract_if(.., |_, own| own.network == *network).map(|(name, _)| name);
        for name in inbound.collect::<Vec<_>>() {
            self.is_absent(ObjectKind::InboundEndpoint, name.as_str().into(), gone);
        }
        for ruleset in self.rulesets.values_mut() {
            if ruleset.links.contains(network) {
                Arc::make_mut(ruleset).links.retain(|linked| linked != network);
            }
            // Without its outbound endpoint a ruleset forwards nothing.
            if ruleset.outbound.as_ref() == Some(network) {
                Arc::make_mut(ruleset).rules.clear();
                Arc::make_mut(ruleset).outbound = None;
            }
        }
        let machines = self.machines.extract_if(.., |_, machine| machine.network == *network).map(|(name, _)| name);
        for name in machines.collect::<Vec<_>>() {
            self.is_absent(ObjectKind::VirtualMachine, name.as_str().into(), gone);
        }
        self.outbound.remove(network);
        self.networks.shift_remove(network);
        Ok(())
    }

    pub(super) fn create_peering(&mut self, between: &[NetworkName; 2]) -> Result<(), Reason> {
        self.refuse_overlap(between)?;
        self.delete_peering(between);
        Arc::make_mut(&mut self.peerings).insert(between);
        Ok(())
    }

    /// Peered networks must not overlap.
    pub(super) fn refuse_overlap(&self, between: &[NetworkName; 2]) -> Result<(), Reason> {
        let spaces = between.each_ref().map(|name| self.networks.get(name).map(|network| &network.address_space));
        if let [Some(one), Some(other)] = spaces {
            let overlap = one.iter().find_map(|a| {
                let b = other.iter().find(|b| a.contains(*b) || b.contains(a))?;
                Some([*a, *b])
            });
            if let Some(prefixes) = overlap {
                return Err(Reason::PeeringOverlaps { between: between.clone(), prefixes });
            }
        }
        Ok(())
    }

    pub(super) fn set_ruleset(&mut self, spec: &RulesetSpec) -> Result<(), Reason> {
        if let Some(rule) = spec.rules.iter().find(|rule| rule.to.contains(&ForwardTo::AzureProvided)) {
            return Err(Reason::RuleTargetsAzureDns { ruleset: spec.name.clone(), domain: rule.domain.clone() });
        }
        if let Some(network) = &spec.outbound {
            self.only_virtual(network, || format!("the outbound endpoint of the ruleset {}", spec.name))?;
        }
        for network in &spec.links {
            self.only_virtual(network, || format!("a link to the ruleset {}", spec.name))?;
            // A network can be linked to one ruleset (azure-docs pull request 125137, 2024-12).
            let mut others = self.rulesets.values().filter(|one| one.name != spec.name);
            if let Some(first) = others.find(|one| one.links.contains(network)) {
                let (network, first, refused) = (network.clone(), first.name.clone(), spec.name.clone());
                return Err(Reason::SecondRuleset { network, first, refused });
            }
        }
        self.keep(Limit::RulesPerRuleset, spec.name.as_str(), spec.rules.len(), None)?;
        self.keep(Limit::LinksPerRuleset, spec.name.as_str(), spec.links.len(), None)?;
        self.rulesets.insert(spec.name.clone(), Arc::new(spec.clone()));
        Ok(())
    }
}
