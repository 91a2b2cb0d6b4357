//! What network security groups do with packets: at the interface of the machine they leave, at its subnet, and at the
//! subnet of a private endpoint where its policy lets rules apply.
//!
//! Rules are looked at in order of their priority, Azure's default rules last (network-security-groups-overview). A rule for a
//! service tag never catches a private address, except for `VirtualNetwork`. Rules are for new connections: open ones go on.

use std::net::Ipv4Addr;
use std::sync::Arc;

use ipnet::Ipv4Net;

use super::reachability::{Origin, Reach, between, has};
use super::state::State;
use crate::estate::routing::NextHop;
use crate::estate::security::{Addresses, Direction, Protocol, SecurityGroup, SecurityRule};
use crate::estate::{Cloud, NetworkName, RuleAction};

/// What packets are sent with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Transport {
    protocol: Protocol,
    port: u16,
}

/// How private endpoints and Azure's services are used.
pub const HTTPS: Transport = Transport { protocol: Protocol::Tcp, port: 443 };

/// How DNS servers are asked.
pub const DNS: Transport = Transport { protocol: Protocol::Udp, port: 53 };

/// What rules do with packets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Passage {
    /// They let them pass.
    Open,
    /// They drop them; which rule does.
    Closed(String),
    /// The estate does not say enough.
    Unknown(String),
}

/// Where packets go.
#[derive(Clone, Copy, Debug)]
pub enum Destination<'d> {
    /// To a private address.
    Private(Ipv4Addr),
    /// To public addresses that these service tags hold, and no other.
    Public(&'d [&'d str]),
}

/// Service tags whose addresses may be among those of Azure Monitor: which ones is not published.
const MAYBE: [&str; 2] = ["AzureFrontDoor", "GuestAndHybridManagement"];

/// Whether packets leave where they begin. A client of which only the network is known may be in any of its subnets.
pub fn leaves(state: &State, origin: Origin<'_>, to: Destination<'_>, transport: Transport) -> Passage {
    if state.routes.groups().next().is_none() {
        return Passage::Open;
    }
    let mut at_machine = Passage::Open;
    if let Some(machine) = origin.machine {
        let own = state.routes.groups().find(|group| group.machines.contains(machine));
        if let Some(group) = own {
            let place = Place { network: origin.network, subnet: origin.subnet };
            at_machine = place.outbound(state, group, to, transport);
            if matches!(at_machine, Passage::Closed(_)) {
                return at_machine;
            }
        }
    }
    let subnets = match origin.subnet {
        Some(subnet) => vec![subnet],
        None => state.client_subnets(origin.network),
    };
    let mut verdicts: Vec<(&str, Passage)> = Vec::new();
    for subnet in subnets {
        let place = Place { network: origin.network, subnet: Some(subnet) };
        let passage = match state.routes.group_of(origin.network, subnet) {
            Some(group) => place.outbound(state, group, to, transport),
            None => Passage::Open,
        };
        verdicts.push((subnet, passage));
    }
    match (at_machine, one_of(origin.network, verdicts)) {
        (Passage::Open, passage) | (_, passage @ Passage::Closed(_)) => passage,
        (unknown, _) => unknown,
    }
}

/// The verdict of all subnets, if they have one.
fn one_of(network: &NetworkName, verdicts: Vec<(&str, Passage)>) -> Passage {
    let closed = verdicts.iter().find_map(|(subnet, passage)| match passage {
        Passage::Closed(why) => Some((*subnet, why.clone())),
        _ => None,
    });
    let unknown = verdicts.iter().find(|(_, passage)| matches!(passage, Passage::Unknown(_)));
    let open = verdicts.iter().find(|(_, passage)| *passage == Passage::Open);
    match (closed, unknown, open) {
        (_, Some((_, passage)), _) => passage.clone(),
        (Some((_, why)), None, None) => Passage::Closed(why),
        (Some((subnet, why)), None, Some((other, _))) => Passage::Unknown(format!(
            "{why}, and packets of {network}/{other} pass: name a machine in {network}/{subnet}"
        )),
        (None, None, _) => Passage::Open,
    }
}

/// Whether packets enter the subnet of a private endpoint that has `address`. Its security group counts only where the
/// subnet's policy says so, and only in the public cloud (disable-private-endpoint-network-policy, 2023-07-26).
pub fn enters(state: &State, origin: Origin<'_>, home: &NetworkName, address: Ipv4Addr, way: &Reach) -> Passage {
    let own = |one: &&Arc<super::state::Endpoint>| one.spec.network == *home && has(one, address.into());
    let Some(endpoint) = state.endpoints.values().find(own) else { return Passage::Open };
    let subnet = &*endpoint.spec.subnet;
    if !state.routes.policy(home, subnet).has_groups() || state.catalogue.cloud != Cloud::Public {
        return Passage::Open;
    }
    enters_subnet(state, origin, (home, subnet), address, (way, HTTPS))
}

/// Whether packets that took a way enter a subnet to one of its addresses, by the subnet's security group.
pub fn enters_subnet(
    state: &State,
    origin: Origin<'_>,
    (home, subnet): (&NetworkName, &str),
    address: Ipv4Addr,
    (way, transport): (&Reach, Transport),
) -> Passage {
    let Some(group) = state.routes.group_of(home, subnet) else { return Passage::Open };
    let place = Place { network: home, subnet: Some(subnet) };
    let mut verdicts: Vec<Passage> = Vec::new();
    for source in sources(state, origin, way) {
        let passage = place.inbound(state, group, source, address, transport);
        if !verdicts.contains(&passage) {
            verdicts.push(passage);
        }
    }
    match verdicts.as_slice() {
        [] => Passage::Open,
        [one] => one.clone(),
        all => {
            let unknown = all.iter().find(|one| matches!(one, Passage::Unknown(_)));
            unknown.cloned().unwrap_or_else(|| {
                Passage::Unknown(format!(
                    "security group {} lets some addresses of {} into {home}/{subnet} and not others",
                    group.name, origin.network
                ))
            })
        }
    }
}

/// The addresses packets may be from: those of the client, and that of the last appliance, which may put its own in their
/// place.
fn sources(state: &State, origin: Origin<'_>, way: &Reach) -> Vec<Ipv4Net> {
    let mut sources = prefixes(state, origin.network, origin.subnet);
    if let Reach::ThroughAppliance(through) = way
        && let Some((name, _)) = through.last()
        && let Some(appliance) = state.routes.appliances().find(|one| one.name == *name)
    {
        sources.push(Ipv4Net::from(appliance.address));
    }
    sources
}

/// The prefixes a client's address is in.
fn prefixes(state: &State, network: &NetworkName, subnet: Option<&str>) -> Vec<Ipv4Net> {
    let Some(spec) = state.networks.get(network) else { return Vec::new() };
    if let Some(prefix) = subnet.and_then(|subnet| spec.subnet(subnet)) {
        return vec![prefix];
    }
    let spaces = spec.address_space.iter().filter_map(|space| match space {
        ipnet::IpNet::V4(space) => Some(*space),
        ipnet::IpNet::V6(_) => None,
    });
    spaces.collect()
}

/// How much of some packets a rule catches.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Catch {
    Nothing,
    Part,
    All,
}

impl Catch {
    fn of(is_caught: bool) -> Self {
        if is_caught { Self::All } else { Self::Nothing }
    }

    /// How much of a prefix another one holds.
    fn part(holder: &Ipv4Net, held: &Ipv4Net) -> Self {
        match (holder.contains(held), held.contains(holder)) {
            (true, _) => Self::All,
            (false, true) => Self::Part,
            (false, false) => Self::Nothing,
        }
    }
}

/// The subnet that a security group applies to.
#[derive(Clone, Copy)]
struct Place<'p> {
    network: &'p NetworkName,
    subnet: Option<&'p str>,
}

impl Place<'_> {
    fn outbound(self, state: &State, group: &SecurityGroup, to: Destination<'_>, transport: Transport) -> Passage {
        let own = prefixes(state, self.network, self.subnet);
        let default = match to {
            Destination::Private(address) if self.virtual_network(state, address) != Catch::Nothing => {
                (RuleAction::Allow, "AllowVnetOutBound")
            }
            Destination::Private(_) => (RuleAction::Deny, "DenyAllOutBound"),
            Destination::Public(_) => (RuleAction::Allow, "AllowInternetOutBound"),
        };
        let catches = |rule: &SecurityRule| {
            let source = most(&rule.sources, |one| match one {
                Addresses::Any => Catch::All,
                Addresses::Tag(tag) => Catch::of(is_tag(tag, "VirtualNetwork")),
                Addresses::Prefix(prefix) => {
                    let parts: Vec<_> = own.iter().map(|own| Catch::part(prefix, own)).collect();
                    match (parts.iter().min(), parts.iter().max()) {
                        (Some(least), Some(most)) if least == most => *most,
                        (_, Some(Catch::Nothing)) | (None, _) | (_, None) => Catch::Nothing,
                        _ => Catch::Part,
                    }
                }
            });
            let destination = most(&rule.destinations, |one| match to {
                Destination::Private(address) => self.is_private(state, one, address),
                Destination::Public(tags) => self.is_public(state, one, tags),
            });
            source.min(destination)
        };
        decide(self, group, Direction::Outbound, transport, default, catches)
    }

    fn inbound(
        self,
        state: &State,
        group: &SecurityGroup,
        source: Ipv4Net,
        address: Ipv4Addr,
        transport: Transport,
    ) -> Passage {
        let first = source.addr();
        let default = match self.virtual_network(state, first) {
            Catch::All | Catch::Part => (RuleAction::Allow, "AllowVnetInBound"),
            Catch::Nothing => (RuleAction::Deny, "DenyAllInBound"),
        };
        let catches = |rule: &SecurityRule| {
            let from = most(&rule.sources, |one| match one {
                Addresses::Any => Catch::All,
                Addresses::Prefix(prefix) => Catch::part(prefix, &source),
                Addresses::Tag(tag) if is_tag(tag, "VirtualNetwork") => self.virtual_network(state, first),
                Addresses::Tag(_) => Catch::Nothing,
            });
            let to = most(&rule.destinations, |one| self.is_private(state, one, address));
            from.min(to)
        };
        decide(self, group, Direction::Inbound, transport, default, catches)
    }

    fn is_private(self, state: &State, addresses: &Addresses, address: Ipv4Addr) -> Catch {
        match addresses {
            Addresses::Any => Catch::All,
            Addresses::Prefix(prefix) => Catch::of(prefix.contains(&address)),
            Addresses::Tag(tag) if is_tag(tag, "VirtualNetwork") => self.virtual_network(state, address),
            Addresses::Tag(_) => Catch::Nothing,
        }
    }

    /// Which addresses a service has is not modelled, so a prefix of public ones may hold some of them.
    fn is_public(self, state: &State, addresses: &Addresses, tags: &[&str]) -> Catch {
        match addresses {
            Addresses::Any => Catch::All,
            Addresses::Prefix(prefix) if prefix.prefix_len() == 0 => Catch::All,
            Addresses::Prefix(prefix) => {
                let is_public = !(prefix.addr().is_private() || prefix.addr().is_link_local());
                if is_public { Catch::Part } else { Catch::Nothing }
            }
            Addresses::Tag(tag) if tags.iter().any(|own| is_tag(tag, own)) => Catch::All,
            // A tag of one region, and tags whose addresses were not compared.
            Addresses::Tag(tag) => {
                let family = tag.split('.').next().unwrap_or(tag);
                let may = tags.iter().chain(&MAYBE).any(|own| is_tag(family, own));
                let by_route = is_tag(tag, "VirtualNetwork") && self.has_default_route(state);
                if may || by_route { Catch::Part } else { Catch::Nothing }
            }
        }
    }

    /// The service tag `VirtualNetwork`: the network, what it is peered with or reaches by a gateway, and the prefixes of the
    /// subnet's own routes (service-tags-overview). Where it is not known whether packets get there, nor is it whether the tag
    /// holds the address.
    fn virtual_network(self, state: &State, address: Ipv4Addr) -> Catch {
        let Some(own) = state.networks.get(self.network) else { return Catch::Nothing };
        if own.holds(address) || self.routes(state).any(|(prefix, _)| prefix.contains(&address)) {
            return Catch::All;
        }
        let origin = Origin { network: self.network, subnet: self.subnet, machine: None };
        let others = state.networks.values().filter(|other| other.holds(address));
        let ways = others.map(|other| between(state, origin, &other.name, Some(address.into())));
        let catches = ways.map(|way| match (way.arrives(), way.may_arrive()) {
            (true, _) => Catch::All,
            (false, true) => Catch::Part,
            (false, false) => Catch::Nothing,
        });
        catches.max().unwrap_or(Catch::Nothing)
    }

    fn has_default_route(self, state: &State) -> bool {
        self.routes(state).any(|(prefix, next)| prefix.prefix_len() == 0 && next != NextHop::Internet)
    }

    fn routes(self, state: &State) -> impl Iterator<Item = (Ipv4Net, NextHop)> {
        let table = self.subnet.and_then(|subnet| state.routes.table_of(self.network, subnet));
        table.into_iter().flat_map(|table| &table.routes).map(|route| (route.prefix, route.next))
    }
}

/// Service tags are written in any case.
fn is_tag(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

fn most(addresses: &[Addresses], catch: impl Fn(&Addresses) -> Catch) -> Catch {
    addresses.iter().map(catch).max().unwrap_or(Catch::Nothing)
}

/// The first rule that catches the packets decides, and the default rule where none does. One that catches part of them
/// decides only if it says the same as the rest.
fn decide(
    place: Place<'_>,
    group: &SecurityGroup,
    direction: Direction,
    transport: Transport,
    default: (RuleAction, &str),
    catches: impl Fn(&SecurityRule) -> Catch,
) -> Passage {
    let is_sent_so = |rule: &SecurityRule| {
        let protocol = rule.protocol == Protocol::Any || rule.protocol == transport.protocol;
        protocol && rule.ports.iter().any(|(from, to)| (*from..=*to).contains(&transport.port))
    };
    let mut rules: Vec<&SecurityRule> =
        group.rules.iter().filter(|rule| rule.direction == direction && is_sent_so(rule)).collect();
    rules.sort_by_key(|rule| rule.priority);
    let mut parts: Vec<&SecurityRule> = Vec::new();
    let mut verdict = default;
    for rule in rules {
        match catches(rule) {
            Catch::Nothing => {}
            Catch::Part => parts.push(rule),
            Catch::All => {
                verdict = (rule.access, &rule.name);
                break;
            }
        }
    }
    let at = match place.subnet {
        Some(subnet) => format!("{}/{subnet}", place.network),
        None => place.network.to_string(),
    };
    let (access, name) = verdict;
    match parts.into_iter().find(|rule| rule.access != access) {
        Some(rule) => Passage::Unknown(format!(
            "rule {} of security group {} at {at} applies to only some of these packets, and it is unknown to which",
            rule.name, group.name
        )),
        None if access == RuleAction::Allow => Passage::Open,
        None => Passage::Closed(format!("rule {name} of security group {} at {at} drops the packets", group.name)),
    }
}
