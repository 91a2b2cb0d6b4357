//! Network security groups: rules for packets at subnets and at the interfaces of virtual machines.

use std::fmt;
use std::sync::Arc;

use ipnet::Ipv4Net;

use super::{MachineName, NetworkName, RuleAction};

/// A network security group. A subnet has at most one, and so has the interface of a machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecurityGroup {
    /// Its name.
    pub name: Arc<str>,
    /// Its rules; Azure's default rules come after them.
    pub rules: Vec<SecurityRule>,
    /// The subnets it is for.
    pub subnets: Vec<(NetworkName, Arc<str>)>,
    /// The virtual machines whose interfaces it is for.
    pub machines: Vec<MachineName>,
}

/// A rule of a security group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecurityRule {
    /// Its name.
    pub name: Arc<str>,
    /// Rules with lower numbers come first.
    pub priority: u16,
    /// Which packets it is for.
    pub direction: Direction,
    /// What it does with them.
    pub access: RuleAction,
    /// Their protocol.
    pub protocol: Protocol,
    /// Where they are from; never empty.
    pub sources: Vec<Addresses>,
    /// Where they go; never empty.
    pub destinations: Vec<Addresses>,
    /// The ports they go to, each from and to; never empty.
    pub ports: Vec<(u16, u16)>,
}

/// The direction that a rule applies to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Packets to the subnet or machine.
    Inbound,
    /// Packets from it.
    Outbound,
}

/// The protocol of packets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Protocol {
    /// Every one.
    #[default]
    Any,
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// One that neither HTTPS nor DNS uses.
    Other,
}

/// Addresses in a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Addresses {
    /// All.
    Any,
    /// Those of a prefix.
    Prefix(Ipv4Net),
    /// Those of a service tag, such as `VirtualNetwork` or `AzureMonitor`.
    Tag(Arc<str>),
}

impl Addresses {
    /// Reads `*`, an address, a prefix or a service tag; absent for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        if matches!(text, "*" | "Any" | "any" | "0.0.0.0/0") {
            return Some(Self::Any);
        }
        if let Ok(prefix) = text.parse::<Ipv4Net>() {
            return Some(Self::Prefix(prefix.trunc()));
        }
        if let Ok(address) = text.parse::<std::net::Ipv4Addr>() {
            return Some(Self::Prefix(Ipv4Net::from(address)));
        }
        let is_tag = text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.chars().all(|one| one.is_ascii_alphanumeric() || matches!(one, '.' | '_'));
        is_tag.then(|| Self::Tag(text.into()))
    }
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Prefix(prefix) => write!(f, "{prefix}"),
            Self::Tag(tag) => f.write_str(tag),
        }
    }
}

/// Reads `*`, a port or a range such as `1-1024`; absent for anything else.
pub fn parse_ports(text: &str) -> Option<(u16, u16)> {
    if text == "*" {
        return Some((0, u16::MAX));
    }
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let (from, to) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
    (from <= to).then_some((from, to))
}
