//! Flows: every name a resource is used through, resolved, routed and judged.

use std::sync::Arc;

use super::exit::Exits;
use super::judge::{Judgement, Mode, Request, Service, judge};
use super::route::{Path, route_from};
use crate::catalogue::{EndpointKind, EndpointRow, Operation};
use crate::compile::reachability::{Origin, between, has, is_connected};
use crate::compile::service::of_group;
use crate::compile::state::State;
use crate::compile::{Compiled, Fold, ViewId, compile, member};
use crate::dns::OwnerName;
use crate::estate::{
    ApprovalState, ArcConnection, Associations, DataCollectionRuleSpec, MachineName, PublicNetworkAccess, ResourceName,
    ResourceSpec, Revision, ServiceSpec,
};

/// Who opens the connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Client {
    /// Any client of a view, opening a new session now.
    View(ViewId),
    /// Any client of a view in this subnet, opening a new session now.
    Subnet(ViewId, Arc<str>),
    /// A virtual machine, with the sessions it has open.
    Machine(MachineName),
}

impl Client {
    /// What a person names: a virtual machine, a network, `NETWORK/SUBNET`, or `public` for outside every network. Absent if
    /// there is nothing of that name.
    pub fn named(world: &Compiled, name: &str) -> Option<Self> {
        if let Some((machine, _)) = world.state.machines.get_key_value(name) {
            return Some(Self::Machine(machine.clone()));
        }
        if let Some(view) = world.views.of_network(name) {
            return Some(Self::View(view));
        }
        if name == "public" {
            return Some(Self::View(ViewId::PUBLIC));
        }
        let (network, subnet) = name.split_once('/')?;
        world.state.networks.get(network)?.subnet(subnet)?;
        Some(Self::Subnet(world.views.of_network(network)?, subnet.into()))
    }

    /// Its view; absent for a machine that does not exist.
    pub fn view(&self, world: &Compiled) -> Option<ViewId> {
        match self {
            Self::View(view) | Self::Subnet(view, _) => Some(*view),
            Self::Machine(name) => world.views.of_network(world.state.machines.get(name)?.network.as_str()),
        }
    }
}

/// One way a resource is used, and how it ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flow {
    /// The resource.
    pub resource: ResourceName,
    /// What is done.
    pub operation: Operation,
    /// What for, in a few words.
    pub function: Arc<str>,
    /// The name that is resolved.
    pub name: OwnerName,
    /// The path it leads to.
    pub path: Path,
    /// The revision whose DNS the path is from, where that is an open session's and not this one.
    pub session: Option<Revision>,
    /// Whether Azure Monitor accepts it.
    pub judgement: Judgement,
}

/// The flows of a client to a resource, in the order of the catalogue, queries through ARM last.
///
/// An unknown machine has no flows.
pub fn flows(world: &Compiled, client: &Client, resource: &ResourceName) -> Vec<Flow> {
    let Some(spec) = world.state.resources.get(resource).map(|one| &one.spec) else { return Vec::new() };
    let (view, origin, then) = match client {
        Client::View(view) => (*view, world.views.get(*view).network.as_ref().map(Origin::from), None),
        Client::Subnet(view, subnet) => {
            let network = world.views.get(*view).network.as_ref();
            (*view, network.map(|network| Origin { network, subnet: Some(&**subnet), machine: None }), None)
        }
        Client::Machine(name) => {
            let Some(machine) = world.state.machines.get(name) else { return Vec::new() };
            let Some(view) = world.views.of_network(machine.network.as_str()) else { return Vec::new() };
            let session = machine.sessions.iter().find(|session| session.resource == *resource);
            let origin = Origin::machine(&world.state, name);
            (view, origin, session.filter(|session| session.opened < world.revision()).map(|session| session.opened))
        }
    };
    // An open session goes where DNS and rules sent it when it was opened; it is judged by what holds now.
    let before = then.map(|then| compile(&world.history, then));
    let (path_world, path_view) = match &before {
        Some(before) => match before.views.of_network(world.views.get(view).label()) {
            Some(view) => (before, view),
            None => (world, view),
        },
        None => (world, view),
    };
    let path_origin = match client {
        Client::Machine(name) => Origin::machine(&path_world.state, name),
        Client::View(_) | Client::Subnet(..) => origin,
    };
    let exits = Exits::of(&world.state, origin);
    let path_exits = before.as_ref().map(|before| Exits::of(&before.state, path_origin));
    let agent = match client {
        Client::Machine(name) => world.state.machines.get(name).and_then(|machine| machine.associations.as_ref()),
        Client::View(_) | Client::Subnet(..) => None,
    };
    let uses = uses_of_agent(world, spec, agent);
    let mut open: Vec<Option<Path>> = match path_exits {
        Some(exits) => {
            let path = |name, operation| exits.pass(route_from(path_world, path_view, path_origin, name), operation);
            let then = uses_then(path_world, client, resource);
            let is_open = |operation, name: &OwnerName| then.iter().any(|one| one.0 == operation && one.1 == *name);
            let open = |operation, name| is_open(operation, name).then(|| path(name, operation));
            uses.iter().map(|(operation, _, name, _)| open(*operation, name)).collect()
        }
        None => uses.iter().map(|_| None).collect(),
    };
    if let (Some(before), Client::Machine(machine)) = (&before, client) {
        end_sessions(before, world, machine, &mut open);
    }
    let flow = |((operation, function, name, request), open): (
        (Operation, Arc<str>, OwnerName, Request<'_>),
        Option<Path>,
    )| {
        let session = then.filter(|_| open.is_some());
        // No session came about, or its way is gone: the client tries anew, with what holds now.
        let path = open.unwrap_or_else(|| exits.pass(route_from(world, view, origin, &name), operation));
        let judgement = judge(&world.state, &path, &request);
        Flow { resource: resource.clone(), operation, function, name, path, session, judgement }
    };
    uses.into_iter().zip(open).map(flow).collect()
}

/// What a machine did with a resource when it opened its session: names that came to the resource or to its agent later are in
/// no open session.
fn uses_then(before: &Compiled, client: &Client, resource: &ResourceName) -> Vec<(Operation, OwnerName)> {
    let Client::Machine(machine) = client else { return Vec::new() };
    let Some(spec) = before.state.resources.get(resource).map(|own| &own.spec) else { return Vec::new() };
    let agent = before.state.machines.get(machine).and_then(|own| own.associations.as_ref());
    uses_of_agent(before, spec, agent).into_iter().map(|(operation, _, name, _)| (operation, name)).collect()
}

/// Leaves out sessions that did not come about where they were opened, and those whose way was gone at some time since, even
/// if it came back.
fn end_sessions(before: &Compiled, world: &Compiled, machine: &MachineName, open: &mut [Option<Path>]) {
    let then = before.revision();
    let end = |state: &State, open: &mut [Option<Path>]| {
        for path in open.iter_mut() {
            *path = path.take().filter(|path| passes(state, machine, path, then));
        }
    };
    end(&before.state, open);
    let mut fold = Fold::resume(before, &world.history);
    for revision in then.0 + 1..=world.revision().0 {
        if !open.iter().flatten().any(|path| matches!(path, Path::PrivateEndpoint { .. })) {
            return;
        }
        fold.to(Revision(revision));
        end(fold.state(), open);
    }
}

/// True if packets of a session pass, and their endpoint is the one it was opened to.
fn passes(state: &State, machine: &MachineName, path: &Path, then: Revision) -> bool {
    match path {
        Path::Public { .. } => true,
        Path::PrivateEndpoint { endpoint, address, .. } => {
            // A path that is gone ends its sessions: the endpoint's deletion, its connection's end, an unpeering, an address
            // that is freed with its scoped resource. Rules of security groups do not, they are for new ones; an appliance
            // that begins to deny does, as Azure Firewall drops the sessions it had allowed (firewall/rule-processing,
            // 2020-04-10).
            let origin = Origin::machine(state, machine);
            state.endpoints.get(endpoint).is_some_and(|endpoint| {
                endpoint.revision <= then
                    && endpoint.approval == ApprovalState::Approved
                    && is_connected(state, endpoint)
                    && has(endpoint, *address)
                    && origin.is_none_or(|origin| {
                        between(state, origin, &endpoint.spec.network, Some(*address)).may_arrive()
                    })
            })
        }
        _ => false,
    }
}

/// The same for a client whose agent is associated with what `agent` says: it asks no other data collection endpoint for its
/// configuration, and asks for that of its rules.
pub(super) fn uses_of_agent<'r>(
    world: &'r Compiled,
    spec: &'r ResourceSpec,
    agent: Option<&'r Associations>,
) -> Vec<(Operation, Arc<str>, OwnerName, Request<'r>)> {
    let mut uses = uses(world, spec);
    let Some(own) = agent else { return uses };
    match spec {
        ResourceSpec::DataCollectionEndpoint(one) if own.endpoint.as_ref() != Some(&one.name) => {
            uses.retain(|(operation, ..)| *operation != Operation::Config);
        }
        ResourceSpec::DataCollectionRule(one) if own.rules.contains(&one.name) => {
            let catalogue = &world.state.catalogue;
            let shared = member::base(catalogue, None);
            let rows = shared.into_iter().filter_map(|one| Some((one.endpoint_row(catalogue)?, one.public.clone())));
            uses.extend(rows.filter(|(row, _)| row.operations[0] == Operation::Config).map(|(row, name)| {
                let request = request(spec, Operation::Config, Service::AgentConfig);
                (Operation::Config, Arc::clone(&row.meaning), name, request)
            }));
        }
        ResourceSpec::Service(one) if one.is_arc_scope() => match &own.arc {
            Some(ArcConnection::Scope(scope)) if *scope != one.name => uses.clear(),
            _ => uses.iter_mut().for_each(|(.., request)| request.agent = agent),
        },
        _ => {}
    }
    for (.., request) in uses.iter_mut().filter(|(.., request)| request.service == Service::AgentConfig) {
        request.agent = agent;
    }
    uses
}

/// The names a resource is used through, with what is asked there.
pub(super) fn uses<'r>(
    world: &'r Compiled,
    spec: &'r ResourceSpec,
) -> Vec<(Operation, Arc<str>, OwnerName, Request<'r>)> {
    let catalogue = &world.state.catalogue;
    if let ResourceSpec::Service(service) = spec {
        return of_service(world, service);
    }
    if let ResourceSpec::DataCollectionRule(rule) = spec {
        return of_rule(rule);
    }
    let own = member::of_resource(catalogue, spec, None);
    let regional = own.iter().any(|one| one.kind(catalogue) == Some(EndpointKind::Regional));
    let shared = member::base(catalogue, None);
    let mut uses = Vec::new();
    for one in own.iter().chain(&shared) {
        let Some(row) = one.endpoint_row(catalogue) else { continue };
        let Some(service) = service(spec, row, regional) else { continue };
        for operation in &row.operations {
            // Live metrics are sent and watched through the same name; blocking queries blocks watching
            // (private-link-design, 2024-10-23).
            let service = if *operation == Operation::Query { Service::Query } else { service };
            let request = request(spec, *operation, service);
            uses.push((*operation, Arc::clone(&row.meaning), one.public.clone(), request));
        }
    }
    // Queries through ARM are never private: no zone of a scope owns the privatelink name of management.azure.com.
    let arm =
        catalogue.hosts.iter().find(|host| host.leads_to.is_none() && host.host.as_str().starts_with("management."));
    let host = arm.and_then(|host| OwnerName::parse(host.host.as_str()).ok());
    if let (Some(name), false) = (host, matches!(spec, ResourceSpec::DataCollectionEndpoint(_))) {
        let (flag, flag_name) = query_flag(spec);
        let (resource, service) = (spec.name(), Service::Query);
        let request = Request {
            resource,
            service,
            mode: Mode::None,
            flag,
            flag_name,
            agent: None,
            refused_with: 403,
            is_shared: false,
        };
        uses.push((Operation::ResourceManager, "queries through ARM, never private".into(), name, request));
    }
    uses
}

/// The names of a resource of another service: one use of each, judged by its own flag.
fn of_service<'r>(world: &'r Compiled, spec: &'r ServiceSpec) -> Vec<(Operation, Arc<str>, OwnerName, Request<'r>)> {
    let catalogue = &world.state.catalogue;
    let mut uses = Vec::new();
    for group in &spec.groups {
        let row = catalogue.service(&spec.kind, group).next();
        let operation = row.map_or(Operation::DataPlane, |row| row.operation);
        let request = Request {
            resource: &spec.name,
            service: Service::Other,
            mode: Mode::None,
            flag: spec.public_network_access,
            flag_name: "publicNetworkAccess",
            agent: None,
            refused_with: 403,
            is_shared: false,
        };
        // A wildcard is not a name that a client asks for.
        let names = of_group(catalogue, spec, group).known.into_iter();
        for name in names.filter(|name| !name.member.public.is_wildcard()) {
            let function: Arc<str> = format!("{group} of {}", spec.kind).into();
            // An Arc scope serves the machines that are in it alone.
            let is_shared = name.is_shared && !spec.is_arc_scope();
            let refused_with = row.map_or(403, |row| row.refused_with);
            let request = Request { is_shared, refused_with, ..request.clone() };
            uses.push((operation, function, name.member.public, request));
        }
    }
    uses
}

/// The hosts that are a rule's own: data is sent there without a data collection endpoint.
fn of_rule(rule: &DataCollectionRuleSpec) -> Vec<(Operation, Arc<str>, OwnerName, Request<'_>)> {
    let function: Arc<str> = "ingestion at the rule's own endpoint, never private".into();
    let one = |host: &OwnerName| {
        let request = Request {
            resource: &rule.name,
            service: Service::Rule,
            mode: Mode::None,
            flag: PublicNetworkAccess::Enabled,
            flag_name: "publicNetworkAccess",
            agent: None,
            refused_with: 403,
            is_shared: false,
        };
        (Operation::Ingestion, Arc::clone(&function), host.clone(), request)
    };
    rule.hosts().map(one).collect()
}

/// What a resource uses a row's name for; absent where it does not.
fn service(spec: &ResourceSpec, row: &EndpointRow, regional: bool) -> Option<Service> {
    let ingestion = row.operations.contains(&Operation::Ingestion);
    Some(match (spec, row.kind) {
        (ResourceSpec::Workspace(_), EndpointKind::Workspace) => Service::LogIngestion,
        (ResourceSpec::Workspace(_), EndpointKind::Global) => match row.operations[0] {
            Operation::Query if row.workspace_queries => Service::Query,
            Operation::Config => Service::AgentConfig,
            Operation::Download => Service::Download,
            _ => return None,
        },
        (ResourceSpec::Component(_), EndpointKind::Regional) => Service::ComponentIngestion,
        // A component with a regional host does not use the global twins of it.
        (ResourceSpec::Component(_), EndpointKind::Global) if ingestion => {
            if regional && row.regional_twin {
                return None;
            }
            Service::ComponentIngestion
        }
        (ResourceSpec::Component(_), EndpointKind::Global) if row.operations[0] == Operation::Query => Service::Query,
        (ResourceSpec::DataCollectionEndpoint(_), EndpointKind::DataCollectionEndpoint) => Service::DataCollection,
        (ResourceSpec::DataCollectionEndpoint(_), EndpointKind::Global) if row.operations[0] == Operation::Config => {
            Service::AgentConfig
        }
        _ => return None,
    })
}

fn request(spec: &ResourceSpec, operation: Operation, service: Service) -> Request<'_> {
    let mode = match service {
        Service::ComponentIngestion => Mode::Ingestion,
        Service::Query => Mode::Query,
        // Log Analytics ingestion is judged by no scope mode, and so are a data collection endpoint's own names
        // (private-link-design, 2024-10-23; the latter inferred).
        Service::LogIngestion
        | Service::DataCollection
        | Service::AgentConfig
        | Service::Download
        | Service::Rule
        | Service::Other => Mode::None,
    };
    let (flag, flag_name) = if operation == Operation::Query { query_flag(spec) } else { ingestion_flag(spec) };
    Request { resource: spec.name(), service, mode, flag, flag_name, agent: None, refused_with: 403, is_shared: false }
}

fn query_flag(spec: &ResourceSpec) -> (PublicNetworkAccess, &'static str) {
    match spec {
        ResourceSpec::Workspace(one) => (one.query, "publicNetworkAccessForQuery"),
        ResourceSpec::Component(one) => (one.query, "publicNetworkAccessForQuery"),
        ResourceSpec::DataCollectionEndpoint(one) => (one.public_network_access, "publicNetworkAccess"),
        ResourceSpec::DataCollectionRule(_) => (PublicNetworkAccess::Enabled, "publicNetworkAccess"),
        ResourceSpec::Service(one) => (one.public_network_access, "publicNetworkAccess"),
    }
}

fn ingestion_flag(spec: &ResourceSpec) -> (PublicNetworkAccess, &'static str) {
    match spec {
        ResourceSpec::Workspace(one) => (one.ingestion, "publicNetworkAccessForIngestion"),
        ResourceSpec::Component(one) => (one.ingestion, "publicNetworkAccessForIngestion"),
        ResourceSpec::DataCollectionEndpoint(one) => (one.public_network_access, "publicNetworkAccess"),
        ResourceSpec::DataCollectionRule(_) => (PublicNetworkAccess::Enabled, "publicNetworkAccess"),
        ResourceSpec::Service(one) => (one.public_network_access, "publicNetworkAccess"),
    }
}
