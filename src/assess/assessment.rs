//! The assessment of a revision: which uses of names are not served and why, and the findings that follow.
//!
//! It is computed once for a revision. `check`, `flows`, `story`, `diff`, the page, the admin API, metrics and exit codes
//! read it, so that they all give the same number.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::alike::Alike;
use super::cause::{Causes, Subject};
use super::exit::Exits;
use super::finding::Finding;
use super::flow::{self, Client, Flow, flows};
use super::judge::{Judgement, Request, Service, judge};
use super::route::{Path, route};
use super::verdict::{Cause, Root, Standing, Unknown, Unserved, Use};
use super::{Code, finding};
use crate::catalogue::{EndpointKind, Operation};
use crate::compile::state::Machine;
use crate::compile::{Compiled, ViewId, member};
use crate::dns::OwnerName;
use crate::estate::{MachineName, NetworkName, PublicNetworkAccess, ResourceName, ResourceSpec, ScopeName, ZoneId};

/// The most pairs of a network and a resource that are assessed without being asked for: about a second of work.
const QUICK: usize = 20_000;

/// What is broken in one revision of an estate, and what to do about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assessment {
    /// The uses that are not served, in the order of networks and names; one of a resource is for all that are alike.
    unserved: Vec<Arc<Unserved>>,
    pub(super) alike: Arc<Alike>,
    /// The findings, errors first.
    pub findings: Vec<Finding>,
    /// What was checked.
    pub extent: Extent,
    /// What the names of each network are, in the order of networks and names; one name for those of resources that are alike.
    pairs: Vec<Pair>,
    /// Scopes whose private names each network gets.
    gets: BTreeMap<NetworkName, BTreeSet<ScopeName>>,
}

/// What a name is for a network: its worst use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Pair {
    /// The place of its first use among those that are not served.
    first: usize,
    standing: Standing,
}

/// How much was checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Extent {
    /// Networks.
    pub networks: usize,
    /// Scopes.
    pub scopes: usize,
    /// Flows: uses of names by clients.
    pub flows: usize,
    /// Private zones.
    pub zones: usize,
    /// Workspaces, components and data collection endpoints.
    pub resources: usize,
}

impl Extent {
    /// True if there is nothing that could be wrong.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// How many names are not served: pairs of a network and a public name, each counted once, by its worst use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Names that were meant to work and do not.
    pub broken: usize,
    /// Names that will probably be missed.
    pub at_risk: usize,
    /// Names that are refused as configured.
    pub closed: usize,
    /// Networks with broken names.
    pub networks: usize,
}

impl Assessment {
    /// True if a revision is small enough to be assessed without being asked to: at startup and at each scrape.
    pub fn is_quick(world: &Compiled) -> bool {
        world.state.networks.len() * world.state.resources.len() <= QUICK
    }

    /// Assesses a revision.
    pub fn of(world: &Compiled) -> Self {
        Self::with(world, Alike::of(world))
    }

    /// Assesses every resource of a revision by itself, slow as that is. It comes to the same as [`Assessment::of`].
    pub fn one_by_one(world: &Compiled) -> Self {
        Self::with(world, Alike::apart_from_all(world))
    }

    fn with(world: &Compiled, alike: Alike) -> Self {
        let causes = Causes::of(world, &alike);
        let names = names(world, &alike);
        let weight = |one: &NameUse<'_>| one.resource.map_or(1, |resource| alike.resources(resource).len());
        let flows_of_network: usize = names.iter().flat_map(|(_, uses)| uses).map(weight).sum();
        let mut found = Found::default();
        let mut extent = Extent {
            networks: world.state.networks.len(),
            scopes: world.state.scopes.len(),
            zones: world.state.zones.len() + world.state.files.zones().len(),
            resources: world.state.resources.len(),
            flows: 0,
        };
        let mut judged = vec![Vec::new(); names.len()];
        for group in &alike.networks {
            let Some((first, others)) = group.split_first() else { continue };
            let Some(view) = world.views.of_network(first.as_str()) else { continue };
            extent.flows += flows_of_network * group.len();
            let own = of_network(world, &causes, &alike, &names, &mut judged, view, first);
            for network in others {
                let unserved = own.unserved.iter().map(|one| one.in_network(network)).collect();
                found.add(network, OfNetwork { unserved, unknown: own.unknown.clone(), gets: own.gets.clone() });
            }
            found.add(first, own);
        }
        let gets = std::mem::take(&mut found.gets);
        let nothing = BTreeSet::new();
        for (machine, own) in &world.state.machines {
            let Some(view) = world.views.of_network(own.network.as_str()) else { continue };
            let client = Client::Machine(machine.clone());
            // Rules and routes of its own subnet or interface may part a machine from the rest of its network.
            let is_apart = is_apart(world, machine, own);
            let used = own.sessions.iter().map(|session| &session.resource);
            let others = world.state.resources.keys().filter(|name| is_apart && alike.is_first(name));
            let agent = own.associations.as_ref();
            let collected = agent.into_iter().flat_map(|agent| agent.rules.iter().chain(&agent.endpoint));
            let is_arc = |name: &&ResourceName| {
                let spec = world.state.resources.get(*name).map(|one| &one.spec);
                matches!(spec, Some(ResourceSpec::Service(own)) if own.is_arc_scope())
            };
            let arc = agent.and_then(|agent| agent.arc.as_ref()).map(|_| world.state.resources.keys().filter(is_arc));
            let arc: BTreeSet<&ResourceName> = arc.into_iter().flatten().collect();
            let resources: BTreeSet<&ResourceName> =
                used.chain(others).chain(collected).chain(arc.iter().copied()).collect();
            let is_agents =
                |flow: &Flow| agent.is_some() && flow.operation == Operation::Config || arc.contains(&flow.resource);
            for resource in resources {
                let all = flows(world, &client, resource).into_iter();
                for flow in all.filter(|flow| is_apart || flow.session.is_some() || is_agents(flow)) {
                    extent.flows += alike.resources(resource).len();
                    if flow.judgement.allowed || flow.judgement.is_unknown {
                        continue;
                    }
                    let gets = gets.get(&own.network).unwrap_or(&nothing);
                    let unserved = unserved(world, &causes, view, Some(machine), &flow, gets);
                    let of_network = found.unserved.entry(own.network.clone()).or_default();
                    of_network.extend(unserved.into_iter().flat_map(|one| alike.apart(one)));
                }
            }
        }
        let Found { unserved, unknown, .. } = found;
        let in_order = |mut own: Vec<Unserved>| {
            own.sort();
            own.dedup();
            own
        };
        let mut unserved: Vec<Unserved> = unserved.into_values().flat_map(in_order).collect();
        empty_zones_behind_forwarders(world, &mut unserved);
        let unserved: Vec<Arc<Unserved>> = unserved.into_iter().map(Arc::new).collect();
        let pairs = pairs(&alike, &unserved);
        let findings = finding::findings(world, &alike, &unserved, &unknown);
        Self { unserved, alike: Arc::new(alike), findings, extent, pairs, gets }
    }

    /// How many networks are not assessed, because another whose clients meet the same is.
    pub fn networks_saved(&self) -> usize {
        self.alike.networks.iter().map(|group| group.len() - 1).sum()
    }

    /// The uses that are not served, each by itself.
    pub fn unserved(&self) -> impl Iterator<Item = Unserved> + '_ {
        self.unserved.iter().flat_map(|one| self.alike.uses(one))
    }

    /// The uses that are not served because of a finding, each by itself.
    pub fn uses_of<'a>(&'a self, finding: &'a Finding) -> impl Iterator<Item = Unserved> + 'a {
        finding.uses.iter().flat_map(|one| self.alike.uses(one))
    }

    /// The uses that are not served and that every client of a network has.
    pub fn of_everybody(&self) -> impl Iterator<Item = &Unserved> {
        self.unserved.iter().map(Arc::as_ref).filter(|one| one.used.resource.is_none())
    }

    /// What a name is for a network; absent where everything is served.
    pub fn standing(&self, network: &NetworkName, name: &OwnerName) -> Option<Standing> {
        let name = self.alike.first_name(name);
        let of = |pair: &Pair| &self.unserved[pair.first].used;
        let at = self.pairs.binary_search_by(|pair| (&of(pair).network, &of(pair).name).cmp(&(network, name))).ok()?;
        Some(self.pairs[at].standing)
    }

    /// True if a name that was meant to work in a network does not.
    pub fn is_broken(&self, network: &NetworkName, name: &OwnerName) -> bool {
        self.standing(network, name) == Some(Standing::Broken)
    }

    /// The broken names, by network.
    pub fn broken(&self) -> impl Iterator<Item = (NetworkName, OwnerName)> + '_ {
        let broken = self.pairs.iter().filter(|pair| pair.standing == Standing::Broken);
        broken.flat_map(|pair| {
            let Use { network, name, .. } = &self.unserved[pair.first].used;
            self.alike.names(name).iter().map(|name| (network.clone(), name.clone()))
        })
    }

    /// How many names are not served.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        let mut last = None;
        for pair in &self.pairs {
            let Use { network, name, .. } = &self.unserved[pair.first].used;
            let names = self.alike.names(name).len();
            match pair.standing {
                Standing::Broken => {
                    counts.broken += names;
                    counts.networks += usize::from(last.replace(network) != Some(network));
                }
                Standing::AtRisk => counts.at_risk += names,
                Standing::Closed => counts.closed += names,
            }
        }
        counts
    }

    /// Why a use is not served; absent where it is.
    pub fn cause_of(&self, used: &Use) -> Option<&Unserved> {
        let exact = |used: &Use| {
            let from = self.unserved.partition_point(|one| one.used < *used);
            let mut own = self.unserved[from..].iter().take_while(|one| one.used <= *used);
            own.find(|one| one.used == *used).map(Arc::as_ref)
        };
        let first = Use {
            name: self.alike.first_name(&used.name).clone(),
            resource: used.resource.as_ref().map(|resource| self.alike.first(resource).clone()),
            ..used.clone()
        };
        exact(used).or_else(|| exact(&first))
    }

    /// Why a flow of a client is not served; absent where it is, and outside every network.
    pub fn of_flow(&self, world: &Compiled, client: &Client, flow: &Flow) -> Option<Cow<'_, Unserved>> {
        let (network, machine) = match client {
            Client::View(view) => (world.views.get(*view).network.clone()?, None),
            // Its routes and rules may be others than those of its network.
            Client::Subnet(view, _) => {
                let is_denied = !flow.judgement.allowed && !flow.judgement.is_unknown;
                let gets = self.gets.get(world.views.get(*view).network.as_ref()?)?;
                let unserved =
                    is_denied.then(|| unserved(world, &Causes::of(world, &Alike::default()), *view, None, flow, gets));
                return unserved.flatten().map(Cow::Owned);
            }
            Client::Machine(name) => (world.state.machines.get(name)?.network.clone(), Some(name.clone())),
        };
        let used = |resource, machine| Use {
            network: network.clone(),
            name: flow.name.clone(),
            resource,
            operation: flow.operation,
            machine,
        };
        if flow.judgement.allowed {
            return None;
        }
        let resource = || Some(flow.resource.clone());
        let own = machine.and_then(|machine| self.cause_of(&used(resource(), Some(machine))));
        let own = own.or_else(|| self.cause_of(&used(resource(), None))).or_else(|| self.cause_of(&used(None, None)));
        own.map(Cow::Borrowed)
    }

    /// The same for some networks alone.
    #[must_use]
    pub fn keep(mut self, networks: &[NetworkName]) -> Self {
        if networks.is_empty() {
            return self;
        }
        self.unserved.retain(|one| networks.contains(&one.used.network));
        self.pairs = pairs(&self.alike, &self.unserved);
        self.findings.retain(|one| one.concerns(networks));
        self.extent.networks = networks.len();
        self
    }
}

/// The public names in use: those of each resource, the names that every endpoint has, and the regional ones of
/// the estate.
pub fn used_names(world: &Compiled) -> BTreeSet<OwnerName> {
    names(world, &Alike::default()).into_iter().map(|(name, _)| name).collect()
}

/// What is done through a name.
struct NameUse<'w> {
    resource: Option<&'w ResourceName>,
    operation: Operation,
    /// Absent where only arriving counts.
    request: Option<Request<'w>>,
}

/// The names of an estate with their uses: those of each resource, and for everybody the names that every endpoint has and
/// the regional ones of the estate.
///
/// Of resources that are alike only the first one's are there.
fn names<'w>(world: &'w Compiled, alike: &Alike) -> Vec<(OwnerName, Vec<NameUse<'w>>)> {
    let state = &world.state;
    let catalogue = &state.catalogue;
    let mut names: BTreeMap<OwnerName, Vec<NameUse<'w>>> = BTreeMap::new();
    let everybody = |name: OwnerName, operation, names: &mut BTreeMap<OwnerName, Vec<NameUse<'w>>>| {
        let uses = names.entry(name).or_default();
        if !uses.iter().any(|one| one.resource.is_none()) {
            uses.push(NameUse { resource: None, operation, request: None });
        }
    };
    // In a zone that is not Azure Monitor's alone its names mean something only where Azure Monitor is used.
    let is_other = |resource: &crate::compile::state::Resource| matches!(resource.spec, ResourceSpec::Service(_));
    let is_monitored = !state.scopes.is_empty()
        || !state.resources.values().all(is_other)
        || state
            .zones
            .keys()
            .any(|id| catalogue.zone(&id.apex).is_some_and(|row| !catalogue.shared.contains(&row.public)));
    for one in member::base(&state.catalogue, None) {
        let row = one.endpoint_row(catalogue);
        if let Some(row) = row.filter(|row| is_monitored || !catalogue.shared.contains(&row.public_zone)) {
            everybody(one.public, row.operations[0], &mut names);
        }
    }
    for (resource, own) in state.resources.iter().filter(|(name, _)| alike.is_first(name)) {
        for one in member::of_resource(&state.catalogue, &own.spec, None) {
            let row = one.endpoint_row(catalogue).filter(|row| row.kind == EndpointKind::Regional);
            if let Some(row) = row {
                everybody(one.public, row.operations[0], &mut names);
            }
        }
        for (operation, _, name, request) in flow::uses(world, &own.spec) {
            let uses = names.entry(name).or_default();
            let is_dce = matches!(own.spec, ResourceSpec::DataCollectionEndpoint(_));
            if request.service == Service::AgentConfig && !is_dce {
                // The bootstrap is one use of a network, regardless of its workspaces.
                if let Some(shared) = uses.iter_mut().find(|one| one.resource.is_none()) {
                    shared.request.get_or_insert(request);
                }
                continue;
            }
            uses.push(NameUse { resource: Some(resource), operation, request: Some(request) });
        }
    }
    names.into_iter().collect()
}

/// What is found out about the networks of an estate.
#[derive(Default)]
struct Found {
    unserved: BTreeMap<NetworkName, Vec<Unserved>>,
    unknown: Unknown,
    gets: BTreeMap<NetworkName, BTreeSet<ScopeName>>,
}

impl Found {
    fn add(&mut self, network: &NetworkName, own: OfNetwork) {
        self.unserved.insert(network.clone(), own.unserved);
        for (zone, name) in own.unknown.contents {
            self.unknown.contents.entry(zone).or_default().insert((network.clone(), name));
        }
        for (resource, name) in own.unknown.access {
            self.unknown.access.entry(resource).or_default().insert((network.clone(), name));
        }
        self.gets.insert(network.clone(), own.gets);
    }
}

/// What is found out about one network.
struct OfNetwork {
    unserved: Vec<Unserved>,
    unknown: UnknownOfNetwork,
    /// Scopes whose private names it gets.
    gets: BTreeSet<ScopeName>,
}

/// What is neither served nor broken in a network.
#[derive(Clone, Default)]
struct UnknownOfNetwork {
    /// Names that depend on a zone whose contents are unknown.
    contents: Vec<(ZoneId, OwnerName)>,
    /// Resources of which it is unknown whether they let in what arrives at their names.
    access: Vec<(ResourceName, OwnerName)>,
}

/// The pairs of a network and a name among uses in their order.
fn pairs(alike: &Alike, unserved: &[Arc<Unserved>]) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = Vec::new();
    for (at, one) in unserved.iter().enumerate() {
        let last = pairs.last_mut().filter(|pair| {
            let used = &unserved[pair.first].used;
            used.network == one.used.network && used.name == one.used.name
        });
        match last {
            Some(last) => last.standing = last.standing.min(one.standing),
            None if *alike.first_name(&one.used.name) == one.used.name => {
                pairs.push(Pair { first: at, standing: one.standing });
            }
            None => {}
        }
    }
    pairs
}

/// Paths that were judged for a name, with what came out for each of its uses.
type Judged = Vec<((Path, Arc<Exits>), Arc<[Served]>)>;

/// Whether a use is served.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Served {
    Yes,
    No,
    /// Nothing says what the resource does with public requests.
    Unknown,
}

/// The most paths that are remembered for a name: networks mostly share them.
const REMEMBERED: usize = 8;

/// True if a machine may have other ways than the rest of its network.
fn is_apart(world: &Compiled, name: &MachineName, machine: &Machine) -> bool {
    let routes = &world.state.routes;
    let by_subnet = machine.subnet.as_deref().is_some_and(|_| {
        !routes.tables_of(&machine.network).is_empty()
            || routes.groups().any(|group| group.subnets.iter().any(|(network, _)| *network == machine.network))
    });
    by_subnet || routes.groups().any(|group| group.machines.contains(name))
}

/// Why a flow of a client in this view is not served, as its path and routes are; absent if its resource is gone.
fn unserved(
    world: &Compiled,
    causes: &Causes<'_>,
    view: ViewId,
    machine: Option<&MachineName>,
    flow: &Flow,
    gets: &BTreeSet<ScopeName>,
) -> Option<Unserved> {
    let network = world.views.get(view).network.as_ref()?;
    let spec = &world.state.resources.get(&flow.resource)?.spec;
    let own = machine.and_then(|name| Some((name, world.state.machines.get(name)?.associations.as_ref()?)));
    let uses = flow::uses_of_agent(world, spec, own.map(|(_, agent)| agent));
    let (operation, _, name, request) = uses.into_iter().find(|one| one.0 == flow.operation && one.2 == flow.name)?;
    let subject = Subject {
        view,
        network,
        name: &name,
        resource: Some(&flow.resource),
        operation,
        service: Some(request.service),
        flag: request.flag,
        path: &flow.path,
        gets,
        session: is_used(world, network, &flow.resource),
        agent: own,
    };
    let (standing, cause) = (causes.standing(&subject), causes.cause(&subject));
    let (network, resource) = (network.clone(), Some(flow.resource.clone()));
    let used = Use { network, name, resource, operation, machine: machine.cloned() };
    Some(Unserved { used, standing, cause: Arc::new(cause) })
}

fn of_network(
    world: &Compiled,
    causes: &Causes<'_>,
    alike: &Alike,
    names: &[(OwnerName, Vec<NameUse<'_>>)],
    judged: &mut [Judged],
    view: ViewId,
    network: &NetworkName,
) -> OfNetwork {
    let (mut all, mut unknown) = (Vec::new(), UnknownOfNetwork::default());
    // Many names have one cause.
    let mut known: HashSet<Arc<Cause>> = HashSet::new();
    let exits = Arc::new(Exits::of(&world.state, Some(network.into())));
    let paths: Vec<Path> = names.iter().map(|(name, _)| route(world, view, name)).collect();
    // Scopes whose private names the network gets, whether packets arrive there or not: DNS says what was meant.
    let gets: BTreeSet<ScopeName> = paths
        .iter()
        .filter_map(|path| match path {
            Path::PrivateEndpoint { target, .. } | Path::Unreachable { target: Some(target), .. } => {
                target.scope().cloned()
            }
            _ => None,
        })
        .collect();
    for (((name, uses), path), judged) in names.iter().zip(&paths).zip(judged) {
        let served = match judged.iter().find(|((known, own), _)| known == path && *own == exits) {
            Some((_, served)) => Arc::clone(served),
            None => {
                let served: Arc<[Served]> = uses.iter().map(|one| is_served(world, path, &exits, one)).collect();
                if judged.len() >= REMEMBERED {
                    judged.clear();
                }
                judged.push(((path.clone(), Arc::clone(&exits)), Arc::clone(&served)));
                served
            }
        };
        // What is unknown is neither served nor broken; it is a finding of its own.
        if let Path::Unknown { zone, .. } = path {
            unknown.contents.push((zone.clone(), name.clone()));
            continue;
        }
        for (one, _) in uses.iter().zip(&*served).filter(|(_, served)| **served == Served::Unknown) {
            let resources = one.resource.map_or(&[][..], |first| alike.resources(first));
            // A name of each, in the same order, or one name of all.
            let names = alike.names(name).iter().cycle();
            unknown.access.extend(resources.iter().cloned().zip(names.cloned()));
        }
        let mut dns: Option<Arc<Cause>> = None;
        let mut share = |cause: Cause| match known.get(&cause) {
            Some(own) => Arc::clone(own),
            None => {
                let own = Arc::new(cause);
                known.insert(Arc::clone(&own));
                own
            }
        };
        for (one, _) in uses.iter().zip(&*served).filter(|(_, served)| **served == Served::No) {
            let path = &exits.pass(path.clone(), one.operation);
            let subject = Subject {
                view,
                network,
                name,
                resource: one.resource,
                operation: one.operation,
                service: one.request.as_ref().map(|request| request.service),
                flag: one.request.as_ref().map_or(PublicNetworkAccess::Enabled, |request| request.flag),
                path,
                gets: &gets,
                session: one.resource.is_some_and(|resource| is_used(world, network, resource)),
                agent: None,
            };
            let depends_on_use =
                matches!(path, Path::Public { .. } | Path::PrivateEndpoint { .. } | Path::Blocked { .. });
            let cause = match (&dns, depends_on_use) {
                (_, true) => share(causes.cause(&subject)),
                (Some(known), false) => Arc::clone(known),
                (None, false) => Arc::clone(dns.insert(share(causes.cause(&subject)))),
            };
            let used = Use {
                network: network.clone(),
                name: name.clone(),
                resource: one.resource.cloned(),
                operation: one.operation,
                machine: None,
            };
            let unserved = Unserved { standing: causes.standing(&subject), used, cause };
            all.extend(alike.apart(unserved));
        }
    }
    OfNetwork { unserved: all, unknown, gets }
}

/// True if a machine of the network has opened a session to the resource.
fn is_used(world: &Compiled, network: &NetworkName, resource: &ResourceName) -> bool {
    let machines = world.state.machines.values().filter(|machine| machine.network == *network);
    machines.flat_map(|machine| &machine.sessions).any(|session| session.resource == *resource)
}

fn is_served(world: &Compiled, path: &Path, exits: &Exits, uses: &NameUse<'_>) -> Served {
    let path = exits.pass(path.clone(), uses.operation);
    let is_served = match &uses.request {
        Some(request) => match judge(&world.state, &path, request) {
            Judgement { allowed: true, is_unknown: true, .. } => return Served::Unknown,
            judgement => judgement.allowed,
        },
        // Without a resource there is nothing to refuse; a rule that denies public addresses is meant.
        None => match path {
            Path::Public { .. } | Path::Blocked { .. } => true,
            // An endpoint of another service does not have these names.
            Path::PrivateEndpoint { target, .. } => target.scope().is_some(),
            _ => false,
        },
    };
    if is_served { Served::Yes } else { Served::No }
}

/// Empty zones of a resource group that every network meets through a forwarder have a code of their own.
fn empty_zones_behind_forwarders(world: &Compiled, unserved: &mut [Unserved]) {
    let mut met: BTreeMap<Root, bool> = BTreeMap::new();
    for one in unserved.iter().filter(|one| one.cause.code == Code::EmptyLinkedZone) {
        let Some(view) = world.views.of_network(one.used.network.as_str()) else { continue };
        let forwards = matches!(world.views.get(view).dns, crate::estate::DnsSetting::Custom { .. });
        *met.entry(one.cause.root.clone()).or_insert(true) &= forwards;
    }
    for one in unserved.iter_mut().filter(|one| one.cause.code == Code::EmptyLinkedZone) {
        if met.get(&one.cause.root) == Some(&true) {
            Arc::make_mut(&mut one.cause).code = Code::ForwarderBeforeScope;
        }
    }
}
