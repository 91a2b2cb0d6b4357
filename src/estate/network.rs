//! Networks and how each of them asks DNS.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{NetworkName, ResolverName};
use crate::dns::OwnerName;

/// Whether Azure's resolver can be reached from a network.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum NetworkKind {
    /// A virtual network in Azure: 168.63.129.16 answers in it.
    #[default]
    Virtual,
    /// A network outside Azure: 168.63.129.16 cannot be reached from it (source: private-endpoint-dns-integration,
    /// 2023-11-15).
    OnPremises,
}

/// A network as declared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NetworkSpec {
    /// Its name.
    pub name: NetworkName,
    /// In Azure or not.
    pub kind: NetworkKind,
    /// The address space packets are routed in.
    pub address_space: Vec<IpNet>,
    /// Further source prefixes of clients that count as being in this network, so that a lab can map a loopback range
    /// or a compose subnet to it.
    pub client_prefixes: Vec<IpNet>,
    /// Subnets by name, in the order declared.
    pub subnets: Vec<(String, Ipv4Net)>,
    /// The IPv6 prefixes of those subnets that have one too, by name.
    pub subnets_v6: Vec<(String, Ipv6Net)>,
    /// How its clients ask DNS.
    pub dns: DnsSetting,
}

/// The DNS server that the clients of a network use.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum DnsSetting {
    /// Azure-provided DNS, 168.63.129.16: linked zones first, then public DNS.
    /// On-premises networks with this setting ask public DNS.
    #[default]
    AzureProvided,
    /// A DNS server of the network's own, which forwards.
    Custom {
        /// Whether it starts anew at each CNAME of a forwarded answer or takes the chain as it came.
        kind: ForwarderKind,
        /// By suffix; the longest match decides, regardless of the order.
        forward: Vec<Forward>,
        /// For names that match no suffix: the first of these that can be asked; never empty.
        default: Vec<ForwardTo>,
    },
}

/// What a forwarding DNS server does with a CNAME in an answer it was given.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum ForwarderKind {
    /// Takes only the first hop and resolves the target by its own rules again, as Windows DNS Server and most
    /// resolvers with conditional forwarders do.
    #[default]
    RestartsAtCname,
    /// Passes on the whole chain as it was answered, as dnsmasq and plain proxies do.
    AcceptsChain,
}

/// A conditional forwarder.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Forward {
    /// Names at and below it are forwarded.
    pub suffix: OwnerName,
    /// Where to: the first of these that can be asked; never empty.
    pub to: Vec<ForwardTo>,
}

/// Where a DNS server sends a question on.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ForwardTo {
    /// 168.63.129.16 from within this server's own network: its linked zones, then public DNS.
    AzureProvided,
    /// The server that answers in another network, by the DNS setting of that network.
    Network(NetworkName),
    /// The inbound endpoint of a DNS Private Resolver: answers as 168.63.129.16 does in that endpoint's network.
    InboundEndpoint(ResolverName),
    /// Public DNS.
    Public,
}

/// An inbound endpoint of a DNS Private Resolver: Azure's resolver of its network has an address there, and the one who's packets
/// get to that address can ask it (private-resolver-endpoints-rulesets, 2023-03-29).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InboundEndpointSpec {
    /// Its name.
    pub name: ResolverName,
    /// The network it is in.
    pub network: NetworkName,
    /// The subnet it is in; absent where it is not known.
    pub subnet: Option<Arc<str>>,
    /// Its address; absent where Azure chose it and it is not known.
    pub address: Option<Ipv4Addr>,
}

/// A DNS forwarding ruleset: conditional forwarders of Azure's own resolver for the networks it is linked to.
///
/// Source: private-resolver-endpoints-rulesets, 2023-03-29.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RulesetSpec {
    /// Its name.
    pub name: super::RulesetName,
    /// The network of the outbound endpoint its queries leave from; where it is unknown, every target counts as reached.
    pub outbound: Option<NetworkName>,
    /// Its rules; the longest matching domain of the enabled ones decides.
    pub rules: Vec<RulesetRule>,
    /// Networks it is linked to.
    pub links: Vec<NetworkName>,
}

/// One rule of a ruleset.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RulesetRule {
    /// The domain as written; Azure wants a final dot.
    pub domain: OwnerName,
    /// False where the domain was written without the final dot Azure requires.
    pub final_dot: bool,
    /// Rules that are not enabled are skipped.
    pub enabled: bool,
    /// Where to: the first of these that can be asked; never empty. [`ForwardTo::AzureProvided`] is what Azure refuses.
    pub to: Vec<ForwardTo>,
}

impl NetworkSpec {
    /// The subnet of that name.
    pub fn subnet(&self, name: &str) -> Option<Ipv4Net> {
        self.subnets.iter().find(|(own, _)| own == name).map(|(_, prefix)| *prefix)
    }

    /// The IPv6 prefix of the subnet of that name.
    pub fn subnet_v6(&self, name: &str) -> Option<Ipv6Net> {
        self.subnets_v6.iter().find(|(own, _)| own == name).map(|(_, prefix)| *prefix)
    }

    /// True if its clients can have IPv6 addresses.
    pub fn has_ipv6(&self) -> bool {
        self.address_space.iter().any(|space| space.addr().is_ipv6())
    }

    /// The first address that Azure gives in it.
    pub fn first_address(&self) -> Option<Ipv4Addr> {
        self.address_space.iter().find_map(|space| match space.network() {
            IpAddr::V4(address) => Some(Ipv4Addr::from(u32::from(address).saturating_add(4))),
            IpAddr::V6(_) => None,
        })
    }

    /// True if the address is in the network's address space.
    pub fn holds(&self, address: impl Into<IpAddr>) -> bool {
        let address = address.into();
        self.address_space.iter().any(|prefix| prefix.contains(&address))
    }

    /// All prefixes whose clients are in this network.
    pub fn prefixes(&self) -> impl Iterator<Item = IpNet> + '_ {
        self.address_space.iter().chain(&self.client_prefixes).copied()
    }
}
