//! What there is at a step, in plain facts: networks and who answers them, zones and who wrote them, endpoints with their
//! addresses, scopes with their resources.

use std::collections::{BTreeMap, HashMap};

use indexmap::IndexMap;
use serde::Serialize;

use super::way::{Way, ways};
use super::{Condition, TimelineView};
use crate::assess::forwarding::forward_of;
use crate::assess::timeline::Row;
use crate::assess::{Assessment, Cell};
use crate::compile::reachability::is_connected;
use crate::compile::state::{Endpoint as EndpointState, Scope as ScopeState};
use crate::compile::{Compiled, Writer};
use crate::dns::{OwnerName, RecordType};
use crate::estate::scope::AccessMode;
use crate::estate::{
    ApprovalState, DnsSetting, EndpointName, EndpointTarget, ForwardTo, ForwarderKind, NetworkKind, NetworkName,
    NetworkSpec, ResolutionPolicy, ZoneId,
};
use crate::resolve::decide::rule_of;
use crate::resolve::{Outcome, decide_addresses};

/// The estate at one step.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Estate {
    /// Networks in the order declared.
    pub networks: Vec<Network>,
    /// Private zones by resource group.
    pub groups: Vec<ZoneGroup>,
    /// Private endpoints in the order created.
    pub endpoints: Vec<Endpoint>,
    /// Scopes in the order created.
    pub scopes: Vec<DrawnScope>,
    /// Resources that are in no scope.
    pub unscoped: Vec<Resource>,
}

/// A network, and who answers it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// Its name.
    pub name: String,
    /// `virtual network` or `on-premises network`.
    pub kind: &'static str,
    /// Its address space.
    pub address_space: Vec<String>,
    /// How its clients ask DNS.
    pub asks: String,
    /// The networks its server hands questions to.
    pub forwards_to: Vec<String>,
    /// Those of them that give no answer for a name.
    #[serde(skip)]
    pub unanswered_by: Vec<String>,
    /// The zones linked to it.
    pub links: Vec<Link>,
    /// The networks it is peered with.
    pub peered: Vec<String>,
    /// The ways to networks with private endpoints that lead through something, or where they end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<Way>,
    /// Its virtual machines.
    pub machines: Vec<String>,
    /// Who answers how many names, what is broken first.
    pub answers: Vec<Answers>,
    /// How many names are broken in it.
    pub broken: usize,
    /// The resource groups of the zones that what is broken comes from.
    pub broken_by: Vec<String>,
}

/// A link of a zone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// The zone's resource group.
    pub resource_group: String,
    /// The zone.
    pub zone: String,
    /// `Default` or `NxDomainRedirect`.
    pub resolution_policy: &'static str,
}

/// Names with the same kind of answer.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Answers {
    /// How they do.
    pub standing: Condition,
    /// Who answers: an endpoint, `public DNS`, or what is said in the place of an address.
    pub by: String,
    /// What is wrong; empty if nothing is.
    pub trouble: &'static str,
    /// The names.
    pub names: usize,
}

impl Answers {
    /// The answers in a few words: `8 names: pe2, not reachable`.
    pub fn words(&self) -> String {
        let names = super::super::count(self.names, "name");
        let trouble = if self.trouble.is_empty() { String::new() } else { format!(", {}", self.trouble) };
        format!("{names}: {}{trouble}", self.by)
    }
}

/// The private zones of a resource group.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct ZoneGroup {
    /// The resource group.
    pub resource_group: String,
    /// Its zones.
    pub zones: Vec<Zone>,
}

/// A private zone, and who wrote into it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Zone {
    /// Its name.
    pub name: String,
    /// Who wrote how many of its record sets.
    pub writers: Vec<Written>,
    /// Whose record sets were overwritten by another's.
    pub overwritten: Vec<Written>,
    /// The networks it is linked to.
    pub linked_to: usize,
    /// True if a network gets NXDOMAIN for every name below it.
    pub empty_and_linked: bool,
    /// Its record sets, the SOA left out: name, data, writer.
    pub record_sets: Vec<(String, String, String)>,
}

impl Zone {
    /// How it does.
    pub fn standing(&self) -> Condition {
        match self {
            _ if self.empty_and_linked || !self.overwritten.is_empty() => Condition::Broken,
            _ if self.writers.is_empty() => Condition::Plain,
            _ => Condition::Well,
        }
    }

    /// Its contents in a few words: `7 by pe2, overwrote 7 of pe1`.
    pub fn words(&self) -> String {
        if self.writers.is_empty() {
            return if self.empty_and_linked { "empty: every name below it is NXDOMAIN" } else { "empty" }.to_owned();
        }
        let list = |written: &[Written], word: &str| {
            let each = written.iter().map(|one| format!("{} {word} {}", one.record_sets, one.by));
            each.collect::<Vec<_>>().join(", ")
        };
        let mut words = list(&self.writers, "by");
        if !self.overwritten.is_empty() {
            words.push_str(&format!(", overwrote {}", list(&self.overwritten, "of")));
        }
        words
    }
}

/// How many record sets were written, besides the SOA.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Written {
    /// The endpoint, or `hand`.
    pub by: String,
    /// How many.
    pub record_sets: usize,
}

/// A private endpoint.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// Its name.
    pub name: String,
    /// Its scope.
    pub scope: String,
    /// Its network.
    pub network: String,
    /// Its subnet.
    pub subnet: String,
    /// Its addresses with the names they are for.
    pub addresses: Vec<(String, Vec<String>)>,
    /// The resource groups of the zones it writes to.
    pub writes_to: Vec<String>,
    /// How many record sets its zones should hold of it.
    pub wanted: usize,
    /// How many they do hold.
    pub held: usize,
    /// What is wrong with it, in a few words; empty if nothing is.
    pub trouble: String,
    /// True if packets pass.
    pub connected: bool,
}

impl Endpoint {
    /// How it does.
    pub fn standing(&self) -> Condition {
        match self {
            _ if !self.trouble.is_empty() || self.held < self.wanted => Condition::Broken,
            _ if self.wanted == 0 => Condition::Plain,
            _ => Condition::Well,
        }
    }

    /// What became of its record sets, in a few words.
    pub fn words(&self) -> String {
        match self {
            _ if !self.trouble.is_empty() => self.trouble.clone(),
            _ if self.writes_to.is_empty() => "no zone group: writes nothing".to_owned(),
            _ if self.held < self.wanted => {
                format!("lost {} of its {} record sets", self.wanted - self.held, self.wanted)
            }
            _ => format!("holds all {} record sets", self.wanted),
        }
    }

    /// Its addresses in a few words: `10.0.1.4 to 10.0.1.16, 13 addresses`.
    pub fn range(&self) -> String {
        match self.addresses.as_slice() {
            [] => "no address".to_owned(),
            [(only, _)] => only.clone(),
            [(first, _), .., (last, _)] => format!("{first} to {last}, {} addresses", self.addresses.len()),
        }
    }
}

/// A scope.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct DrawnScope {
    /// Its name.
    pub name: String,
    /// `ingestionAccessMode`.
    pub ingestion_access_mode: &'static str,
    /// `queryAccessMode`.
    pub query_access_mode: &'static str,
    /// Its resources.
    pub resources: Vec<Resource>,
    /// Its private endpoints.
    pub endpoints: Vec<String>,
}

/// A resource.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: &'static str,
    /// Its region.
    pub location: String,
}

impl Estate {
    /// The estate at the end of the step of that index.
    pub fn at(tale: &TimelineView, index: usize) -> Self {
        let world = &tale.worlds[index];
        let state = &world.state;
        let mut rows: HashMap<&NetworkName, Vec<&Row>> = HashMap::new();
        for row in &tale.story.rows {
            rows.entry(&row.network).or_default().push(row);
        }
        let assessment = &tale.story.steps[index].assessment;
        let told = tale.networks();
        let shown = |name: &NetworkName| told.is_empty() || told.contains(name);
        let networks = state.networks.values().filter(|spec| shown(&spec.name)).map(|spec| {
            let rows = rows.get(&spec.name).map_or(&[][..], Vec::as_slice);
            network(world, assessment, spec, rows, index)
        });
        let mut groups: IndexMap<&str, Vec<Zone>> = IndexMap::new();
        for id in state.zones.keys() {
            groups.entry(&id.resource_group).or_default().push(zone(world, id));
        }
        let groups = groups.into_iter().map(|(group, zones)| ZoneGroup { resource_group: group.to_owned(), zones });
        let resource = |name: &crate::estate::ResourceName| {
            let spec = &state.resources.get(name)?.spec;
            Some(Resource {
                name: name.to_string(),
                kind: spec.kind(),
                location: spec.location().unwrap_or("region unknown").to_owned(),
            })
        };
        let unscoped = state.resources.iter().filter(|(_, one)| one.scopes.is_empty());
        Self {
            networks: networks.collect(),
            groups: groups.collect(),
            endpoints: state.endpoints.values().map(|one| endpoint(world, one)).collect(),
            scopes: state
                .scopes
                .values()
                .map(|one| scope(one, one.resources.iter().filter_map(resource).collect()))
                .collect(),
            unscoped: unscoped.filter_map(|(name, _)| resource(name)).collect(),
        }
    }
}

fn network(world: &Compiled, assessment: &Assessment, spec: &NetworkSpec, rows: &[&Row], index: usize) -> Network {
    let state = &world.state;
    let mut answers: BTreeMap<(Condition, String, &'static str), usize> = BTreeMap::new();
    let (mut broken_by, mut unanswered_by): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut broken = 0;
    let mut unreached: Vec<EndpointName> = Vec::new();
    for row in rows {
        let Some(cell) = &row.cells[index] else { continue };
        if let Cell::Private { endpoint: Some(endpoint), reachable: false, .. } = cell
            && !unreached.contains(endpoint)
        {
            unreached.push(endpoint.clone());
        }
        if matches!(cell, Cell::Failure) {
            unanswered_by.extend(asked(world, &spec.name, &row.name));
        }
        let is_broken = assessment.is_broken(&spec.name, &row.name);
        let (by, trouble) = match cell {
            Cell::Public(_) => ("public DNS".to_owned(), if is_broken { "refused" } else { "" }),
            Cell::Private { endpoint, reachable, .. } => (
                endpoint.as_ref().map_or_else(|| "a record set made by hand".to_owned(), ToString::to_string),
                match (reachable, is_broken) {
                    (false, _) => "not reachable",
                    (true, true) => "refused",
                    (true, false) => "",
                },
            ),
            Cell::NoData if is_broken => ("NODATA".to_owned(), "no address"),
            Cell::NameError if is_broken => ("NXDOMAIN".to_owned(), "no such name"),
            Cell::NoData | Cell::NameError => ("does not exist at this step".to_owned(), ""),
            Cell::Failure => ("SERVFAIL".to_owned(), "no answer"),
        };
        let standing = match cell {
            _ if is_broken => Condition::Broken,
            Cell::Private { .. } => Condition::Well,
            Cell::Public(_) => Condition::Public,
            _ => Condition::Plain,
        };
        *answers.entry((standing, by, trouble)).or_default() += 1;
        if is_broken {
            broken += 1;
            broken_by.extend(decided_by(world, &spec.name, &row.name));
        }
    }
    for names in [&mut broken_by, &mut unanswered_by] {
        names.sort();
        names.dedup();
    }
    let links = state.linked.get(&spec.name).into_iter().flatten().filter_map(|id| {
        let policy = state.zones.get(id)?.links.get(&spec.name)?;
        Some(Link {
            resource_group: id.resource_group.to_string(),
            zone: id.apex.to_string(),
            resolution_policy: match policy {
                ResolutionPolicy::Default => "Default",
                ResolutionPolicy::NxDomainRedirect => "NxDomainRedirect",
            },
        })
    });
    let peered = state.peerings.of(&spec.name).map(ToString::to_string);
    let machines = state.machines.iter().filter(|(_, machine)| machine.network == spec.name);
    let mut answers: Vec<Answers> =
        answers.into_iter().map(|((standing, by, trouble), names)| Answers { standing, by, trouble, names }).collect();
    answers.sort_by_key(|one| (one.standing, std::cmp::Reverse(one.names)));
    Network {
        name: spec.name.to_string(),
        kind: match spec.kind {
            NetworkKind::Virtual => "virtual network",
            NetworkKind::OnPremises => "on-premises network",
        },
        address_space: spec.address_space.iter().map(ToString::to_string).collect(),
        asks: asks(world, spec),
        forwards_to: forwards_to(world, spec),
        unanswered_by,
        links: links.collect(),
        peered: peered.collect(),
        ways: ways(state, &spec.name, |home| {
            let has = |endpoint: &EndpointState| endpoint.spec.network == *home;
            unreached.iter().any(|one| state.endpoints.get(one).is_some_and(|endpoint| has(endpoint)))
        }),
        machines: machines.map(|(name, _)| name.to_string()).collect(),
        answers,
        broken,
        broken_by,
    }
}

/// The resource group of the private zone that decides a name for a network, if one does.
fn decided_by(world: &Compiled, network: &NetworkName, name: &OwnerName) -> Option<String> {
    let view = world.views.of_network(network.as_str())?;
    let decision = decide_addresses(world, view, name);
    let by = match &decision.outcome {
        Outcome::Answer(hop) => &hop.by,
        Outcome::NoData { by, .. } | Outcome::NameError { by, .. } => by,
        Outcome::Failure { .. } => return None,
    };
    by.link.is_some().then(|| by.zone.id.resource_group.to_string())
}

fn asks(world: &Compiled, spec: &NetworkSpec) -> String {
    match &spec.dns {
        DnsSetting::AzureProvided if spec.kind == NetworkKind::OnPremises => "public DNS".to_owned(),
        DnsSetting::AzureProvided => {
            let rulesets = world.state.rulesets.values().filter(|ruleset| ruleset.links.contains(&spec.name));
            let rules = rulesets.flat_map(|ruleset| &ruleset.rules).filter(|rule| rule.enabled);
            let rules: Vec<_> = rules.map(|rule| format!("{} to {}", rule.domain, targets(world, &rule.to))).collect();
            if rules.is_empty() {
                "Azure-provided DNS".to_owned()
            } else {
                format!("Azure-provided DNS; rules: {}", rules.join(", "))
            }
        }
        DnsSetting::Custom { forward, default, .. } => {
            let rules = forward.iter().map(|one| format!("{} to {}", one.suffix, targets(world, &one.to)));
            let default =
                format!("{}to {}", if forward.is_empty() { "all " } else { "else " }, targets(world, default));
            format!("own DNS: {}", rules.chain([default]).collect::<Vec<_>>().join(", "))
        }
    }
}

fn targets(world: &Compiled, to: &[ForwardTo]) -> String {
    to.iter().map(|one| target(world, one)).collect::<Vec<_>>().join(" or else ")
}

fn target(world: &Compiled, to: &ForwardTo) -> String {
    match to {
        ForwardTo::AzureProvided => "168.63.129.16".to_owned(),
        ForwardTo::Network(network) => network.to_string(),
        ForwardTo::InboundEndpoint(name) => match world.state.inbound.get(name) {
            Some(own) => format!("{name} in {}", own.network),
            None => format!("{name}, which no longer exists"),
        },
        ForwardTo::Public => "public DNS".to_owned(),
    }
}

/// The networks a network's questions are handed to, by its own server or by rulesets linked to it.
fn forwards_to(world: &Compiled, spec: &NetworkSpec) -> Vec<String> {
    let mut to: Vec<&ForwardTo> = Vec::new();
    match &spec.dns {
        DnsSetting::Custom { forward, default, .. } => {
            to.extend(forward.iter().flat_map(|one| &one.to).chain(default));
        }
        DnsSetting::AzureProvided => {
            let rulesets = world.state.rulesets.values().filter(|ruleset| ruleset.links.contains(&spec.name));
            to.extend(
                rulesets.flat_map(|ruleset| &ruleset.rules).filter(|rule| rule.enabled).flat_map(|rule| &rule.to),
            );
        }
    }
    let networks = to.into_iter().filter_map(|to| home_of(world, to)).filter(|to| *to != spec.name.as_str());
    let mut networks: Vec<String> = networks.collect();
    networks.sort();
    networks.dedup();
    networks
}

/// The network of a server that is forwarded to.
fn home_of(world: &Compiled, to: &ForwardTo) -> Option<String> {
    match to {
        ForwardTo::Network(network) => Some(network.to_string()),
        ForwardTo::InboundEndpoint(name) => world.state.inbound.get(name).map(|own| own.network.to_string()),
        ForwardTo::AzureProvided | ForwardTo::Public => None,
    }
}

/// The networks whose servers a network asks for a name that it gets no answer for.
fn asked(world: &Compiled, network: &NetworkName, name: &OwnerName) -> Vec<String> {
    let Some(id) = world.views.of_network(network.as_str()) else { return Vec::new() };
    let view = world.views.get(id);
    let decision = decide_addresses(world, id, name);
    // A server that starts anew at each alias asks for the alias that fails; others are asked for the whole chain.
    let name = match (&decision.outcome, &view.dns) {
        (Outcome::Failure { owner, .. }, DnsSetting::Custom { kind: ForwarderKind::RestartsAtCname, .. }) => owner,
        _ => name,
    };
    let to = forward_of(&view.dns, name).or_else(|| rule_of(view, name).map(|(_, rule)| &*rule.to));
    to.unwrap_or_default().iter().filter_map(|to| home_of(world, to)).collect()
}

fn zone(world: &Compiled, id: &ZoneId) -> Zone {
    let linked = &world.state.zones[id];
    let mut writers: BTreeMap<String, usize> = BTreeMap::new();
    let mut overwritten: BTreeMap<String, usize> = BTreeMap::new();
    let mut record_sets = Vec::new();
    for owned in linked.zone.sets() {
        if owned.set.kind() == RecordType::SOA {
            continue;
        }
        let by = writer(&owned.writer);
        let data = owned.set.data().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        record_sets.push((owned.set.owner().to_string(), format!("{} {data}", owned.set.kind()), by.clone()));
        *writers.entry(by).or_default() += 1;
        // What an existing endpoint still needs is overwritten; what a deleted one left is history.
        if let Some(before) = &owned.overwritten
            && let Writer::Endpoint { endpoint, .. } = &before.writer
            && world.state.endpoints.contains_key(endpoint)
        {
            *overwritten.entry(endpoint.to_string()).or_default() += 1;
        }
    }
    let by_default = linked.links.values().any(|policy| *policy == ResolutionPolicy::Default);
    let list = |written: BTreeMap<String, usize>| {
        let mut list: Vec<_> = written.into_iter().map(|(by, record_sets)| Written { by, record_sets }).collect();
        list.sort_by_key(|one| std::cmp::Reverse(one.record_sets));
        list
    };
    let of_azure_monitor = world.state.catalogue.zone(&id.apex).is_some();
    Zone {
        name: id.apex.to_string(),
        empty_and_linked: linked.zone.is_empty() && by_default && of_azure_monitor,
        writers: list(writers),
        overwritten: list(overwritten),
        linked_to: linked.links.len(),
        record_sets,
    }
}

fn writer(writer: &Writer) -> String {
    match writer {
        Writer::Endpoint { endpoint, .. } => endpoint.to_string(),
        Writer::Manual => "hand".to_owned(),
        Writer::Registration(_) => "autoregistration".to_owned(),
        Writer::File { file, .. } => file.to_string(),
        Writer::Zone | Writer::Published { .. } | Writer::Resource(_) => "Azure".to_owned(),
    }
}

fn endpoint(world: &Compiled, one: &EndpointState) -> Endpoint {
    let state = &world.state;
    let zones = one.zone_group.as_ref().map_or(&[][..], |group| &group.zones);
    let (mut wanted, mut held) = (0, 0);
    let mut addresses: IndexMap<String, Vec<String>> = IndexMap::new();
    for member in &one.members {
        addresses.entry(member.address.to_string()).or_default().push(member.member.public.to_string());
        let apex = &member.member.zone;
        for id in zones.iter().filter(|id| id.apex == *apex) {
            wanted += 1;
            let owned =
                state.zones.get(id).and_then(|linked| linked.zone.get(&member.member.private, member.record_type()));
            let own =
                |writer: &Writer| matches!(writer, Writer::Endpoint { endpoint, .. } if *endpoint == one.spec.name);
            held += usize::from(owned.is_some_and(|owned| own(&owned.writer)));
        }
    }
    let is_there = is_connected(state, one);
    let trouble = match (&one.failed, one.approval) {
        (Some(_), _) => "provisioning failed: too few addresses",
        (None, _) if !is_there => match one.spec.target {
            EndpointTarget::Scope(_) => "its scope is gone: disconnected",
            EndpointTarget::Service { .. } => "its resource is gone: disconnected",
        },
        (None, ApprovalState::Pending) => "connection waits for approval",
        (None, ApprovalState::Rejected) => "connection rejected",
        (None, ApprovalState::Disconnected) => "connection deleted by its owner",
        (None, ApprovalState::Approved) if !one.failed_resources.is_empty() => "too few addresses for all resources",
        (None, ApprovalState::Approved) => "",
    };
    let mut writes_to: Vec<String> = zones.iter().map(|id| id.resource_group.to_string()).collect();
    writes_to.sort();
    writes_to.dedup();
    Endpoint {
        name: one.spec.name.to_string(),
        scope: one.spec.target.to_string(),
        network: one.spec.network.to_string(),
        subnet: one.spec.subnet.clone(),
        addresses: addresses.into_iter().collect(),
        writes_to,
        wanted,
        held,
        trouble: trouble.to_owned(),
        connected: is_there && one.approval == ApprovalState::Approved,
    }
}

fn scope(one: &ScopeState, resources: Vec<Resource>) -> DrawnScope {
    let mode = |mode| match mode {
        AccessMode::Open => "Open",
        AccessMode::PrivateOnly => "PrivateOnly",
    };
    DrawnScope {
        name: one.spec.name.to_string(),
        ingestion_access_mode: mode(one.access.ingestion),
        query_access_mode: mode(one.access.query),
        resources,
        endpoints: one.endpoints.iter().map(ToString::to_string).collect(),
    }
}
