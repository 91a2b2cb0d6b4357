//! Networks, their DNS, peerings and rulesets.

use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};

use super::{EventSite, Loader};
use crate::compile::ObjectKind;
use crate::compile::refusal::Reason;
use crate::estate::network::RulesetRule;
use crate::estate::{
    DnsSetting, Event, Forward, ForwardTo, ForwarderKind, InboundEndpointSpec, NetworkKind, NetworkName, NetworkSpec,
    RulesetSpec,
};
use crate::scenario::error::shown;
use crate::scenario::node::{Node, Range};
use crate::scenario::v1::schema::*;

impl Loader<'_> {
    pub(super) fn network(&mut self, name: &str, schema: &NetworkSchema, node: &Node) -> NetworkSpec {
        let address_space = self.prefixes(&schema.address_space, node.get("addressSpace"));
        let client_prefixes = self.prefixes(&schema.client_prefixes, node.get("clientPrefixes"));
        let (mut subnets, mut subnets_v6) = (Vec::new(), Vec::new());
        for ((subnet, texts), (key, node)) in schema.subnets.iter().zip(node.entries_of("subnets")) {
            self.name(key.range, subnet, "subnet");
            let (mut own, mut own_v6, mut is_read) = (Vec::new(), Vec::new(), true);
            for (index, text) in texts.names().iter().enumerate() {
                let range = match texts {
                    OneOrMoreSchema::One(_) => node.range,
                    OneOrMoreSchema::More(_) => node.item(index).range,
                };
                let Some(prefix) = self.prefix::<IpNet>(text, range, |prefix| prefix.trunc()) else {
                    is_read = false;
                    continue;
                };
                self.is_in_space(name, subnet, prefix, &address_space, range);
                match prefix {
                    IpNet::V4(prefix) => own.push((subnet.clone(), prefix)),
                    IpNet::V6(prefix) => own_v6.push((subnet.clone(), prefix)),
                }
            }
            if is_read && (own.len() != 1 || own_v6.len() > 1) {
                let message = format!("subnet `{}` needs one IPv4 prefix and at most one IPv6 prefix", shown(subnet));
                self.fault(node.range, message, Some("write [10.0.1.0/24, fd00:0:0:1::/64]".to_owned()));
            }
            subnets.append(&mut own);
            subnets_v6.append(&mut own_v6);
        }
        NetworkSpec {
            name: name.into(),
            kind: self.kind(schema, node),
            address_space,
            client_prefixes,
            subnets,
            subnets_v6,
            dns: self.dns(schema.dns.as_ref(), node.get("dns")),
        }
    }

    fn is_in_space(&mut self, network: &str, subnet: &str, prefix: IpNet, address_space: &[IpNet], range: Range) {
        if address_space.iter().any(|space| space.contains(&prefix)) {
            return;
        }
        let message = format!("subnet `{}` is not within the address space of its network", shown(subnet));
        let hint = match address_space {
            [] => format!("give network `{}` an addressSpace that holds {prefix}", shown(network)),
            spaces => {
                let spaces: Vec<String> = spaces.iter().map(ToString::to_string).collect();
                format!("the address space of `{}` is {}", shown(network), spaces.join(", "))
            }
        };
        self.fault(range, message, Some(hint));
    }

    fn kind(&mut self, schema: &NetworkSchema, node: &Node) -> NetworkKind {
        match (schema.kind, schema.on_premises) {
            (Some(NetworkKindSchema::OnPremises), Some(false)) | (Some(NetworkKindSchema::Virtual), Some(true)) => {
                let message = "`kind` and `onPremises` contradict each other".to_owned();
                self.fault(node.get("onPremises").range, message, Some("write `kind` alone".to_owned()));
                NetworkKind::Virtual
            }
            (Some(NetworkKindSchema::OnPremises), _) | (None, Some(true)) => NetworkKind::OnPremises,
            _ => NetworkKind::Virtual,
        }
    }

    fn prefixes(&mut self, texts: &[String], node: &Node) -> Vec<IpNet> {
        let mut read = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            read.extend(self.prefix::<IpNet>(text, node.item(index).range, |prefix| prefix.trunc()));
        }
        read
    }

    pub(super) fn prefix<P>(&mut self, text: &str, range: Range, truncated: impl Fn(&P) -> P) -> Option<P>
    where
        P: FromStr + PartialEq + std::fmt::Display,
    {
        match text.parse::<P>() {
            Ok(prefix) if truncated(&prefix) == prefix => Some(prefix),
            Ok(prefix) => {
                let whole = truncated(&prefix);
                let message = format!("`{prefix}` is an address with a length, not the start of a prefix");
                self.fault(range, message, Some(format!("did you mean `{whole}`?")));
                Some(whole)
            }
            Err(_) => {
                let hint = "write an address and a length, such as 10.0.1.0/24".to_owned();
                self.fault(range, format!("`{}` is not an address prefix", shown(text)), Some(hint));
                None
            }
        }
    }

    pub(super) fn dns(&mut self, schema: Option<&DnsSchema>, node: &Node) -> DnsSetting {
        let Some(DnsSchema::Custom(custom)) = schema else { return DnsSetting::AzureProvided };
        let mut forward = Vec::new();
        for ((suffix, target), (key, node)) in custom.forward.iter().zip(node.entries_of("forward")) {
            let suffix = self.owner_name(suffix, key.range);
            if let Some(suffix) = &suffix {
                self.is_foreign(suffix, key.range);
            }
            let to = self.servers(target, node);
            forward.extend(suffix.zip(to).map(|(suffix, to)| Forward { suffix, to }));
        }
        let default = custom.default.as_ref().and_then(|target| self.servers(target, node.get("default")));
        let kind = match custom.kind {
            Some(ForwarderKindSchema::AcceptsChain) => ForwarderKind::AcceptsChain,
            Some(ForwarderKindSchema::RestartsAtCname) | None => ForwarderKind::RestartsAtCname,
        };
        DnsSetting::Custom { kind, forward, default: default.unwrap_or_else(|| vec![ForwardTo::Public]) }
    }

    /// Where a question is sent on: one server, or several in order.
    fn servers(&mut self, schema: &OneOrMoreSchema, node: &Node) -> Option<Vec<ForwardTo>> {
        let mut targets = Vec::new();
        for (index, text) in schema.names().iter().enumerate() {
            let range = match schema {
                OneOrMoreSchema::One(_) => node.range,
                OneOrMoreSchema::More(_) => node.item(index).range,
            };
            targets.push(self.target(text, range)?);
        }
        if targets.is_empty() {
            let hint = "write azureProvided, public, network/NAME or inboundEndpoint/NAME".to_owned();
            self.fault(node.range, "expected at least one server to forward to".to_owned(), Some(hint));
            return None;
        }
        Some(targets)
    }

    /// A virtual machine in a network, and in a subnet of it where that is written.
    pub(super) fn machine(&mut self, name: &str, schema: &MachineSchema, node: &Node, site: EventSite) {
        self.refer(ObjectKind::Network, &schema.network, node.get("network"));
        let subnet = self.own_subnet(&schema.network, schema.subnet.as_deref(), node);
        let text = schema.private_ip_address.as_deref();
        let address = self.own_address(text, subnet, node);
        let spaces = self.state.networks.get(&*schema.network).map(|own| own.address_space.clone());
        if let Some((address, spaces)) = address.zip(spaces)
            && !spaces.iter().any(|space| space.contains(&IpAddr::V4(address)))
        {
            let message = format!("{address} is not in the address space of {}", shown(&schema.network));
            self.fault(node.get("privateIPAddress").range, message, None);
        }
        let associations = schema.associations.as_ref().map(|own| self.associations(own, node.get("associations")));
        let subnet = schema.subnet.as_deref().map(Into::into);
        let (name, network) = (name.into(), schema.network.as_str().into());
        let location = schema.location.as_deref().map(|text| super::resource::location(text).into());
        self.push(site, Event::CreateVirtualMachine { name, network, subnet, address, location, associations });
    }

    /// An inbound endpoint of a DNS Private Resolver.
    pub(super) fn inbound_endpoint(
        &mut self,
        name: &str,
        schema: &InboundEndpointSchema,
        node: &Node,
        site: EventSite,
    ) {
        self.refer(ObjectKind::Network, &schema.network, node.get("network"));
        let subnet = self.own_subnet(&schema.network, schema.subnet.as_deref(), node);
        let address = self.own_address(schema.private_ip_address.as_deref(), subnet, node);
        let spec = InboundEndpointSpec {
            name: name.into(),
            network: schema.network.as_str().into(),
            subnet: schema.subnet.as_deref().map(Into::into),
            address,
        };
        self.push(site, Event::CreateInboundEndpoint(spec));
    }

    /// The address that an object in a network has, which its subnet has to be able to give.
    fn own_address(&mut self, text: Option<&str>, subnet: Option<Ipv4Net>, node: &Node) -> Option<Ipv4Addr> {
        let (text, range) = (text?, node.get("privateIPAddress").range);
        let Ok(address) = text.parse::<Ipv4Addr>() else {
            self.fault(range, format!("`{}` is not an IPv4 address", shown(text)), None);
            return None;
        };
        if let Some(reason) = subnet.and_then(|subnet| self.state.can_be_given(address, subnet).err()) {
            self.fault(range, reason.to_string(), None);
        }
        Some(address)
    }

    /// The prefix of a subnet that an object in a network names.
    fn own_subnet(&mut self, network: &str, subnet: Option<&str>, node: &Node) -> Option<Ipv4Net> {
        let subnet = subnet?;
        let network = self.state.networks.get(network)?;
        let prefix = network.subnet(subnet);
        if prefix.is_none() {
            let (network, subnet) = (network.name.clone(), shown(subnet).into());
            let hint = "write the name of a subnet of that network".to_owned();
            self.fault(node.get("subnet").range, Reason::NoSubnet { network, subnet }.to_string(), Some(hint));
        }
        prefix
    }

    /// Where a question is sent on.
    fn target(&mut self, text: &str, range: Range) -> Option<ForwardTo> {
        let (kind, name, target) = match text.split_once('/') {
            None if text == "azureProvided" => return Some(ForwardTo::AzureProvided),
            None if text == "public" => return Some(ForwardTo::Public),
            Some(("network", name)) => (ObjectKind::Network, name, ForwardTo::Network(name.into())),
            Some(("inboundEndpoint", name)) => {
                (ObjectKind::InboundEndpoint, name, ForwardTo::InboundEndpoint(name.into()))
            }
            _ => {
                let hint = "write azureProvided, public, network/NAME or inboundEndpoint/NAME".to_owned();
                self.fault(range, format!("unknown forward target `{}`", shown(text)), Some(hint));
                return None;
            }
        };
        if !self.lenient {
            let found = self.state.find(kind, name);
            self.verdict(found, range);
        }
        Some(target)
    }

    pub(super) fn ruleset(&mut self, name: &str, schema: &RulesetSchema, node: &Node) -> RulesetSpec {
        self.names.add(ObjectKind::Ruleset, name);
        let mut rules = Vec::new();
        for (index, rule) in schema.rules.iter().enumerate() {
            let node = node.get("rules").item(index);
            let domain = self.owner_name(&rule.domain, node.get("domain").range);
            if let Some(domain) = &domain {
                self.is_foreign(domain, node.get("domain").range);
            }
            let to = self.servers(&rule.target, node.get("target"));
            if let (Some(domain), Some(to)) = (domain, to) {
                let final_dot = rule.domain.ends_with('.');
                rules.push(RulesetRule { domain, final_dot, enabled: rule.enabled.unwrap_or(true), to });
            }
        }
        for (index, link) in schema.links.iter().enumerate() {
            self.refer(ObjectKind::Network, link, node.get("links").item(index));
        }
        if let Some(outbound) = &schema.outbound_endpoint {
            self.refer(ObjectKind::Network, &outbound.network, node.get("outboundEndpoint").get("network"));
        }
        let outbound = schema.outbound_endpoint.as_ref().map(|one| one.network.as_str().into());
        let links = schema.links.iter().map(|link| link.as_str().into()).collect();
        RulesetSpec { name: name.into(), outbound, rules, links }
    }

    pub(super) fn delete_network(&mut self, name: &str, node: &Node, site: EventSite) {
        self.refer(ObjectKind::Network, name, node);
        self.push(site, Event::DeleteNetwork { network: name.into() });
    }

    pub(super) fn create_peering(&mut self, pair: &[String; 2], node: &Node, site: EventSite) {
        if let Some(between) = self.pair(pair, node) {
            self.push(site, Event::CreatePeering { between });
        }
    }

    pub(super) fn delete_peering(&mut self, pair: &[String; 2], node: &Node, site: EventSite) {
        let Some(between) = self.pair(pair, node) else { return };
        let known = pair.iter().all(|name| self.state.has(ObjectKind::Network, name));
        if known && !self.state.are_peered(&between[0], &between[1]) {
            let reason = Reason::NotPeered(pair.each_ref().map(|name| shown(name).into()));
            self.fault(node.range, reason.to_string(), Some("create the peering first".to_owned()));
        }
        self.push(site, Event::DeletePeering { between });
    }

    fn pair(&mut self, pair: &[String; 2], node: &Node) -> Option<[NetworkName; 2]> {
        for (index, name) in pair.iter().enumerate() {
            self.refer(ObjectKind::Network, name, node.item(index));
        }
        if pair[0] == pair[1] {
            let reason = Reason::PeeredWithItself(shown(&pair[0]).into());
            self.fault(node.range, reason.to_string(), Some("name two networks".to_owned()));
            return None;
        }
        Some([pair[0].as_str().into(), pair[1].as_str().into()])
    }
}
