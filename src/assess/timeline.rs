//! The story of a history: which names changed for which network, step by step.

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use jiff::civil::Date;

use super::{Assessment, assessment};
use crate::compile::arrival::reach;
use crate::compile::{Compiled, Fold, Owned, ViewId, Writer, member};
use crate::dns::OwnerName;
use crate::estate::{EndpointName, History, NetworkName, Revision, Step};
use crate::resolve::{Decision, Outcome, decide_addresses};
use crate::scenario::Allowance;

/// What a network gets for a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cell {
    /// A public address.
    Public(Vec<IpAddr>),
    /// Private addresses, by a linked zone or a record made by hand.
    Private {
        /// The addresses.
        addresses: Vec<IpAddr>,
        /// The endpoint that wrote them; absent for record sets made by hand.
        endpoint: Option<EndpointName>,
        /// False if it is certain that the network does not reach all of them.
        reachable: bool,
    },
    /// The name exists without an address.
    NoData,
    /// There is no such name.
    NameError,
    /// No answer can be given.
    Failure,
}

/// One name in one network, through all steps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The public name.
    pub name: OwnerName,
    /// The network.
    pub network: NetworkName,
    /// What it gets, a cell for each of [`Timeline::steps`]; absent where the network does not exist yet or any more.
    pub cells: Vec<Option<Cell>>,
}

/// One step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StepSummary {
    /// The step's name.
    pub name: Arc<str>,
    /// One sentence about it; may be empty.
    pub about: Arc<str>,
    /// The revision it ends at.
    pub end: Revision,
    /// What is wrong when it is over.
    pub assessment: Arc<Assessment>,
}

/// The most cells of a timeline: names by networks by steps. Beyond it names about which nothing changes are left out
/// first, then the last networks.
pub const MOST_CELLS: usize = 300_000;

/// How much of a large history is left out of its timeline.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LeftOut {
    /// Names.
    pub names: usize,
    /// Networks.
    pub networks: usize,
}

/// A history as changes of names in networks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Timeline {
    /// The steps in order.
    pub steps: Vec<StepSummary>,
    /// Names in canonical order, networks in the order declared.
    pub rows: Vec<Row>,
    /// The part that is too large to show.
    pub left_out: LeftOut,
}

impl Timeline {
    /// Marks in every step the findings that entries of `allow` accept, as [`Assessment::accept`] does.
    pub fn accept(&mut self, entries: &[Allowance], today: Date) {
        if entries.is_empty() {
            return;
        }
        for step in &mut self.steps {
            step.assessment = Arc::new(Assessment::clone(&step.assessment).accept(entries, today));
        }
    }

    /// Makes the timeline of a history. `networks` keeps to those named; empty means all.
    pub fn tell(history: &Arc<History>, networks: &[NetworkName]) -> Self {
        let mut fold = Fold::new(history);
        let at_end = |step: &Step| {
            fold.to(step.end);
            fold.compiled()
        };
        let worlds: Vec<Compiled> = history.steps().iter().map(at_end).collect();
        Self::of(history.steps(), &worlds, networks, MOST_CELLS)
    }

    /// Makes the timeline of steps whose estates are compiled already, one for each of them, in at most so many cells. `networks` as in
    /// [`Timeline::tell`].
    pub fn of(steps: &[Step], worlds: &[Compiled], networks: &[NetworkName], most: usize) -> Self {
        let mut names = BTreeSet::new();
        let mut seen = indexmap::IndexSet::new();
        for world in worlds {
            names.extend(names_of(world));
            seen.extend(world.state.networks.keys().cloned());
        }
        seen.retain(|network| networks.is_empty() || networks.contains(network));
        let there = LeftOut { names: names.len(), networks: seen.len() };
        let affordable = (most / worlds.len().max(1)).max(1);
        if names.len() * seen.len() > affordable {
            let changing = changing(worlds);
            // The names of at least one network, as far as they fit.
            let each = (affordable / seen.len().clamp(1, FEW_NETWORKS)).max(1);
            let (first, rest): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| changing.contains(name));
            names = first.into_iter().chain(rest).take(each).collect();
            seen.truncate((affordable / names.len().max(1)).max(1));
        }
        let left_out = LeftOut { names: there.names - names.len(), networks: there.networks - seen.len() };
        let mut rows = Vec::with_capacity(names.len() * seen.len());
        for name in &names {
            for network in &seen {
                let cells = worlds.iter().map(|world| {
                    let view = world.views.of_network(network.as_str())?;
                    Some(cell(world, view, name))
                });
                rows.push(Row { name: name.clone(), network: network.clone(), cells: cells.collect() });
            }
        }
        let steps = steps.iter().zip(worlds).map(|(step, world)| StepSummary {
            name: Arc::clone(&step.name),
            about: Arc::clone(&step.about),
            end: step.end,
            assessment: Arc::new(Assessment::of(world).keep(networks)),
        });
        Self { steps: steps.collect(), rows, left_out }
    }

    /// Keeps the first steps only.
    pub fn keep_first(&mut self, steps: usize) {
        self.steps.truncate(steps);
        self.rows.iter_mut().for_each(|row| row.cells.truncate(steps));
    }
}

/// So many networks are shown before names are left out for more of them.
const FEW_NETWORKS: usize = 10;

/// The public names whose answers can change in a step: those with a record set that changes, and those below a zone whose
/// links change.
fn changing(worlds: &[Compiled]) -> HashSet<OwnerName> {
    let mut owners: HashSet<OwnerName> = HashSet::new();
    let mut apexes: HashSet<OwnerName> = HashSet::new();
    for (before, after) in worlds.iter().zip(worlds.iter().skip(1)) {
        for (one, other) in [(before, after), (after, before)] {
            for (id, linked) in &one.state.zones {
                let theirs = other.state.zones.get(id);
                if theirs.map_or(!linked.links.is_empty(), |theirs| theirs.links != linked.links) {
                    apexes.insert(id.apex.clone());
                }
                let theirs = theirs.map(|linked| &linked.zone);
                if theirs.is_some_and(|theirs| Arc::ptr_eq(theirs, &linked.zone)) {
                    continue;
                }
                let same = |owned: &Owned| {
                    theirs
                        .and_then(|zone| zone.get(owned.set.owner(), owned.set.kind()))
                        .is_some_and(|own| own.set == owned.set)
                };
                owners.extend(linked.zone.iter().filter(|owned| !same(owned)).map(|owned| owned.set.owner().clone()));
            }
        }
    }
    let mut names = HashSet::new();
    for world in worlds {
        let state = &world.state;
        let own = state.resources.values().flat_map(|one| member::of_resource(&state.catalogue, &one.spec, None));
        let served = state.endpoints.values().flat_map(|endpoint| &endpoint.members).map(|one| one.member.clone());
        let is_touched = |name: &OwnerName| owners.contains(name) || apexes.iter().any(|apex| name.is_within(apex));
        let touched = own.chain(served).filter(|member| is_touched(&member.private) || is_touched(&member.public));
        names.extend(touched.map(|member| member.public));
    }
    names
}

/// The public names a revision is about: those in use, and those that its endpoints serve.
pub fn names_of(world: &Compiled) -> BTreeSet<OwnerName> {
    let endpoints = world.state.endpoints.values();
    let served = endpoints.flat_map(|endpoint| &endpoint.members).map(|one| one.member.public.clone());
    assessment::used_names(world).into_iter().chain(served).collect()
}

/// What a view gets for the addresses of a name.
pub fn cell(world: &Compiled, view: ViewId, name: &OwnerName) -> Cell {
    cell_of(world, &decide_addresses(world, view, name))
}

/// The outcome of a decision about the addresses of a name.
pub fn cell_of(world: &Compiled, decision: &Decision<'_>) -> Cell {
    let view = decision.view;
    match &decision.outcome {
        Outcome::Answer(hop) => {
            let addresses: Vec<_> = hop.owned.set.ip_addresses().collect();
            if hop.by.link.is_none() {
                return Cell::Public(addresses);
            }
            let endpoint = match &hop.owned.writer {
                Writer::Endpoint { endpoint, .. } => Some(endpoint.clone()),
                _ => None,
            };
            let from = world.views.get(view).network.as_ref();
            let arrives = |address: &IpAddr| {
                let verdict = from.and_then(|from| reach(&world.state, from, &hop.owned, *address));
                verdict.is_none_or(|(_, verdict)| verdict.may_arrive())
            };
            Cell::Private { reachable: addresses.iter().all(arrives), addresses, endpoint }
        }
        Outcome::NoData { .. } => Cell::NoData,
        Outcome::NameError { .. } => Cell::NameError,
        Outcome::Failure { .. } => Cell::Failure,
    }
}
