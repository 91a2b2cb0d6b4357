//! Views: what DNS a client meets, and which view a client's address belongs to.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::arrival::{can_ask, can_ask_endpoint};
use super::state::State;
use super::zone::Zone;
use crate::dns::{Suffixes, WholeKey};
use crate::estate::network::RulesetRule;
use crate::estate::{DnsSetting, ForwardTo, NetworkKind, NetworkName, ResolutionPolicy, RulesetSpec, ZoneId};

/// A view by its place in [`Views`]. The public view is [`ViewId::PUBLIC`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ViewId(pub u32);

impl ViewId {
    /// What a client outside every network sees.
    pub const PUBLIC: Self = Self(0);
}

/// A zone as one network sees it.
#[derive(Clone, Debug)]
pub struct Link {
    /// The zone.
    pub zone: Arc<Zone>,
    /// What happens to names it does not have.
    pub policy: ResolutionPolicy,
    /// For a zone from a file: the linked zone of the same name that it answers in place of.
    pub shadows: Option<ZoneId>,
}

/// How a network asks DNS, and what Azure's resolver would answer it.
#[derive(Clone, Debug)]
pub struct View {
    /// The network; absent in the public view.
    pub network: Option<NetworkName>,
    /// In Azure or not.
    pub kind: NetworkKind,
    /// How its clients ask.
    pub dns: DnsSetting,
    /// The zones linked to it, by apex: at most one of a name.
    pub links: Suffixes<Link>,
    /// Forwarding rulesets linked to it.
    pub rulesets: Vec<Arc<RulesetSpec>>,
    /// True if it is linked to zones that an endpoint of a legacy scope writes to: there the names of all workspaces lead
    /// into those zones.
    pub shares_legacy_dns: bool,
}

impl View {
    /// The linked zone that answers for the name with this key: the one with the longest apex (source:
    /// private-dns-privatednszone, best match by suffix).
    pub fn link_of(&self, key: &WholeKey) -> Option<&Link> {
        self.links.longest(key)
    }

    /// Its network's name, or `public`.
    pub fn label(&self) -> &str {
        self.network.as_ref().map_or("public", NetworkName::as_str)
    }
}

/// All views of a revision.
#[derive(Clone, Debug)]
pub struct Views {
    views: Vec<Arc<View>>,
    by_network: HashMap<NetworkName, ViewId>,
    inbound: HashMap<crate::estate::ResolverName, ViewId>,
    prefixes: Prefixes,
    /// Servers that a network forwards to and that its packets do not get to.
    out_of_reach: HashMap<ViewId, HashSet<ForwardTo>>,
}

impl Views {
    pub(super) fn of(state: &State) -> Self {
        let public = View {
            network: None,
            kind: NetworkKind::Virtual,
            dns: DnsSetting::AzureProvided,
            links: Suffixes::default(),
            rulesets: Vec::new(),
            shares_legacy_dns: false,
        };
        let legacy = state.legacy_zones();
        let mut reverse_zones = state.reverse_zones();
        let mut views = vec![Arc::new(public)];
        let mut by_network = HashMap::new();
        let mut prefixes = Vec::new();
        for network in state.networks.values() {
            let id = ViewId(u32::try_from(views.len()).expect("a scenario's size bounds its networks"));
            by_network.insert(network.name.clone(), id);
            prefixes.extend(network.prefixes().map(|prefix| (prefix, id)));
            let own = || state.linked.get(&network.name).into_iter().flatten();
            let linked = own().filter_map(|id| state.zones.get(id));
            let links = linked.map(|linked| {
                let policy = linked.links[&network.name];
                let link = Link { zone: Arc::clone(&linked.zone), policy, shadows: None };
                (linked.zone.apex().clone(), link)
            });
            let mut links: Suffixes<Link> = links.collect();
            for zone in reverse_zones.remove(&network.name).into_iter().flatten() {
                // A zone that is linked for addresses is asked in its place.
                if links.longest(&WholeKey::of(zone.apex())).is_none() {
                    let policy = ResolutionPolicy::Default;
                    links.insert(zone.apex().clone(), Link { zone: Arc::new(zone), policy, shadows: None });
                }
            }
            for zone in state.files.linked_to(network.name.as_str()).into_iter().flat_map(Suffixes::values) {
                let shadows = links.get(zone.apex()).map(|link| link.zone.id.clone());
                let link = Link { zone: Arc::clone(zone), policy: ResolutionPolicy::Default, shadows };
                links.insert(zone.apex().clone(), link);
            }
            let rulesets = state.rulesets.values().filter(|ruleset| ruleset.links.contains(&network.name));
            views.push(Arc::new(View {
                network: Some(network.name.clone()),
                kind: network.kind,
                dns: network.dns.clone(),
                links,
                rulesets: rulesets.cloned().collect(),
                shares_legacy_dns: own().any(|id| legacy.contains(id)),
            }));
        }
        // Of networks that claim the same prefix the first by name has it, regardless of the order they are declared in.
        prefixes.sort_by_key(|(_, id): &(IpNet, ViewId)| views[id.0 as usize].network.clone());
        let inbound =
            state.inbound.iter().filter_map(|(name, own)| Some((name.clone(), *by_network.get(&own.network)?)));
        let mut views = Self {
            inbound: inbound.collect(),
            views,
            by_network,
            prefixes: Prefixes::new(prefixes),
            out_of_reach: HashMap::new(),
        };
        views.out_of_reach = views.unreachable_servers(state);
        views
    }

    fn unreachable_servers(&self, state: &State) -> HashMap<ViewId, HashSet<ForwardTo>> {
        let mut unreachable: HashMap<ViewId, HashSet<ForwardTo>> = HashMap::new();
        let mut look = |id: ViewId, to: &ForwardTo| {
            let (Target::Network(at) | Target::Azure(at)) = self.target(to, id) else { return };
            let Some(from) = &self.get(id).network else { return };
            let is_reached = match to {
                ForwardTo::InboundEndpoint(name) => {
                    state.inbound.get(name).is_some_and(|endpoint| can_ask_endpoint(state, from, endpoint))
                }
                _ if at == id => true,
                _ => self.get(at).network.as_ref().is_some_and(|home| can_ask(state, from, home)),
            };
            if !is_reached {
                unreachable.entry(id).or_default().insert(to.clone());
            }
        };
        for (id, view) in self.iter() {
            if let DnsSetting::Custom { forward, default, .. } = &view.dns {
                forward.iter().flat_map(|one| &one.to).chain(default).for_each(|to| look(id, to));
            }
        }
        for ruleset in state.rulesets.values() {
            let outbound = ruleset.outbound.as_ref().and_then(|network| self.of_network(network.as_str()));
            let Some(id) = outbound else { continue };
            ruleset.rules.iter().flat_map(|rule| &rule.to).for_each(|to| look(id, to));
        }
        unreachable
    }

    /// True if packets of a network do not get to the server it forwards to.
    fn is_out_of_reach(&self, from: ViewId, to: &ForwardTo) -> bool {
        self.out_of_reach.get(&from).is_some_and(|servers| servers.contains(to))
    }

    /// The server that is asked of several: the first one that exists and that packets get to. A server that answers is
    /// never passed over for what it answers (private-resolver-endpoints-rulesets, 2023-03-29). `from` is the network packets
    /// leave from, where it is known; `at` is the one whose server or ruleset forwards.
    pub fn choose(&self, to: &[ForwardTo], at: ViewId, from: Option<ViewId>) -> Chosen {
        let mut skipped = Vec::new();
        let mut failed = None;
        for to in to {
            let target = self.target(to, at);
            let is_out_of_reach = from.is_some_and(|from| self.is_out_of_reach(from, to));
            if target != Target::Gone && !is_out_of_reach {
                return Chosen { skipped, target: Ok(target) };
            }
            skipped.push(target);
            // What exists and is not reached says more than what is gone.
            failed = match failed {
                Some(NoServer::OutOfReach) => failed,
                _ if is_out_of_reach => Some(NoServer::OutOfReach),
                _ => Some(NoServer::Gone),
            };
        }
        Chosen { skipped, target: Err(failed.unwrap_or(NoServer::Gone)) }
    }

    /// The server a network's own DNS server asks of several.
    pub fn choose_from(&self, to: &[ForwardTo], at: ViewId) -> Chosen {
        self.choose(to, at, Some(at))
    }

    /// The server a rule of a ruleset asks for a network that the ruleset is linked to.
    pub fn choose_by_rule(&self, ruleset: &RulesetSpec, rule: &RulesetRule, at: ViewId) -> Chosen {
        let outbound = ruleset.outbound.as_ref().and_then(|network| self.of_network(network.as_str()));
        self.choose(&rule.to, at, outbound)
    }

    /// The view of that id.
    pub fn get(&self, id: ViewId) -> &View {
        &self.views[id.0 as usize]
    }

    /// All views, the public one first, then the networks in the order declared.
    pub fn iter(&self) -> impl Iterator<Item = (ViewId, &View)> {
        (0..).map(ViewId).zip(self.views.iter().map(|view| &**view))
    }

    /// The view of a network.
    pub fn of_network(&self, network: &str) -> Option<ViewId> {
        self.by_network.get(network).copied()
    }

    /// The view of the network an inbound endpoint is in.
    pub fn of_inbound(&self, name: &str) -> Option<ViewId> {
        self.inbound.get(name).copied()
    }

    /// The view of the longest client prefix that holds the address, with that prefix; absent if none does.
    pub fn of_address(&self, address: IpAddr) -> Option<(ViewId, IpNet)> {
        self.prefixes.longest(address)
    }

    /// How many leading bits of the address decide its view: all addresses that share them have the same one.
    pub fn deciding_bits(&self, address: IpAddr) -> u8 {
        self.prefixes.deciding_bits(address)
    }

    /// Where a forward goes: a network's own DNS, Azure's resolver in a network, or public DNS (absent).
    pub fn target(&self, to: &ForwardTo, from: ViewId) -> Target {
        let own = |id: Option<ViewId>| id.map_or(Target::Gone, Target::Network);
        match to {
            ForwardTo::Public => Target::Public,
            ForwardTo::AzureProvided => Target::Azure(from),
            ForwardTo::Network(network) => own(self.of_network(network.as_str())),
            ForwardTo::InboundEndpoint(name) => self.of_inbound(name.as_str()).map_or(Target::Gone, Target::Azure),
        }
    }
}

/// Which of several servers is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chosen {
    /// Those before it, which cannot be asked.
    pub skipped: Vec<Target>,
    /// The server.
    pub target: Result<Target, NoServer>,
}

/// Why none can be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoServer {
    /// They do not exist.
    Gone,
    /// Packets do not get to them.
    OutOfReach,
}

/// Who is asked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Target {
    /// The server that answers the clients of this network.
    Network(ViewId),
    /// Azure's resolver, asked from within this network.
    Azure(ViewId),
    /// Public DNS.
    Public,
    /// What was named is not there any more.
    Gone,
}

/// Prefixes with a view each, for the longest match. Of equal prefixes the one given first counts; that they are equal is
/// a finding.
#[derive(Clone, Debug, Default)]
pub struct Prefixes {
    /// Prefixes in order of network address, then length; each with the index of the shortest one around it.
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    prefix: IpNet,
    view: ViewId,
    around: Option<usize>,
}

impl Prefixes {
    /// Builds the table.
    pub fn new(prefixes: impl IntoIterator<Item = (IpNet, ViewId)>) -> Self {
        let mut rows: Vec<Row> =
            prefixes.into_iter().map(|(prefix, view)| Row { prefix: prefix.trunc(), view, around: None }).collect();
        rows.sort_by_key(|row| row.prefix);
        rows.dedup_by_key(|row| row.prefix);
        let mut open: Vec<usize> = Vec::new();
        for index in 0..rows.len() {
            while open.last().is_some_and(|around| !rows[*around].prefix.contains(&rows[index].prefix)) {
                open.pop();
            }
            rows[index].around = open.last().copied();
            open.push(index);
        }
        Self { rows }
    }

    /// The longest prefix that holds the address, and its view.
    pub fn longest(&self, address: IpAddr) -> Option<(ViewId, IpNet)> {
        let address = address.to_canonical();
        let host = IpNet::from(address);
        let mut at = self.rows.partition_point(|row| row.prefix <= host).checked_sub(1);
        // The nearest row at or before the address either holds it or lies within the ones that do.
        while let Some(index) = at {
            let row = &self.rows[index];
            if row.prefix.contains(&address) {
                return Some((row.view, row.prefix));
            }
            at = row.around;
        }
        None
    }

    /// How many leading bits of the address decide: every address that shares them has the same longest prefix. This is
    /// what a cache must know of an answer (RFC 7871, 7.2.1), since a prefix may have a longer one within it.
    pub fn deciding_bits(&self, address: IpAddr) -> u8 {
        let address = address.to_canonical();
        let host = IpNet::from(address);
        let at = self.rows.partition_point(|row| row.prefix <= host);
        // Of the prefixes that do not hold the address its neighbours in order share the most bits with it.
        let neighbours = [at.checked_sub(1), Some(at)].into_iter().flatten().filter_map(|index| self.rows.get(index));
        let apart = neighbours.filter(|row| !row.prefix.contains(&address));
        let told_apart = apart.filter_map(|row| Some(1 + shared(host, row.prefix)?));
        let matched = self.longest(address).map_or(0, |(_, prefix)| prefix.prefix_len());
        told_apart.chain([matched]).max().unwrap_or(0)
    }
}

/// How many leading bits a host shares with a prefix that does not hold it; absent if they are of two families.
fn shared(host: IpNet, prefix: IpNet) -> Option<u8> {
    let bits = match (host, prefix) {
        (IpNet::V4(host), IpNet::V4(prefix)) => (host.addr().to_bits() ^ prefix.addr().to_bits()).leading_zeros(),
        (IpNet::V6(host), IpNet::V6(prefix)) => (host.addr().to_bits() ^ prefix.addr().to_bits()).leading_zeros(),
        _ => return None,
    };
    Some(u8::try_from(bits).expect("an address has at most 128 bits"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_longest_prefix_decides_whatever_the_order() {
        let rows = [("10.0.0.0/8", 1), ("10.1.0.0/16", 2), ("10.1.2.0/24", 3), ("fd00::/8", 4)];
        let parsed = rows.map(|(prefix, id)| (prefix.parse().expect("a good prefix"), ViewId(id)));
        let mut backwards = parsed;
        backwards.reverse();
        for table in [Prefixes::new(parsed), Prefixes::new(backwards)] {
            let view = |address: &str| table.longest(address.parse().expect("a good address")).map(|(id, _)| id.0);
            assert_eq!(view("10.1.2.3"), Some(3));
            assert_eq!(view("10.1.3.3"), Some(2));
            assert_eq!(view("10.200.0.1"), Some(1));
            assert_eq!(view("11.0.0.1"), None);
            assert_eq!(view("fd00::1"), Some(4));
            assert_eq!(view("::ffff:10.1.2.3"), Some(3));
        }
    }

    proptest! {
        #[test]
        fn the_table_agrees_with_looking_at_every_prefix(
            rows in prop::collection::vec((any::<u32>(), 0u8..=32, 1u32..50), 0..40),
            address in any::<u32>(),
        ) {
            let rows: Vec<(IpNet, ViewId)> = rows
                .into_iter()
                .map(|(bits, length, id)| {
                    let net = ipnet::Ipv4Net::new(bits.into(), length).expect("at most 32").trunc();
                    (IpNet::V4(net), ViewId(id))
                })
                .collect();
            let address = IpAddr::V4(address.into());
            let holding = rows.iter().filter(|(prefix, _)| prefix.contains(&address));
            let longest = holding.map(|(prefix, _)| *prefix).max_by_key(IpNet::prefix_len);
            let table = Prefixes::new(rows.clone());
            prop_assert_eq!(table.longest(address).map(|(_, prefix)| prefix), longest);
            // Each prefix needs as many bits as say whether the address is in it.
            let needed = rows.iter().map(|(prefix, _)| match prefix.contains(&address) {
                true => prefix.prefix_len(),
                false => 1 + shared(IpNet::from(address), *prefix).expect("both are IPv4"),
            });
            prop_assert_eq!(table.deciding_bits(address), needed.max().unwrap_or(0));
        }
    }
}
