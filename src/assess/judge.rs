//! The table of decisions: who is let in, by which row, and what a client sees.
//!
//! Source of the table: private-link-design, 2024-10-23, and a public lab that checked it for queries
//! (cpinotossi/cptdazsentinel README).

use std::fmt;

use super::route::Path;
use crate::compile::state::{Scope, State};
use crate::estate::{
    AccessMode, ArcConnection, Associations, EndpointName, EndpointTarget, PublicNetworkAccess, ResourceName,
    ResourceSpec, ScopeName,
};

/// A row of the table of decisions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Row(pub u8);

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Which mode of a scope an operation is judged by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// `ingestionAccessMode`.
    Ingestion,
    /// `queryAccessMode`.
    Query,
    /// None: names of one resource are outside every mode.
    None,
}

/// What kind of service refuses; decides what the client sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Service {
    /// Log Analytics ingestion, and the old agent's services.
    LogIngestion,
    /// Application Insights ingestion, live metrics, profiler and snapshots among it.
    ComponentIngestion,
    /// Queries.
    Query,
    /// A data collection endpoint.
    DataCollection,
    /// The agent's bootstrap, `global.handler.control`.
    AgentConfig,
    /// Solution packs: for everybody.
    Download,
    /// The own endpoint of a data collection rule.
    Rule,
    /// Another service, which no scope has a part in.
    Other,
}

/// What a client sees.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// HTTP status; absent where there is no HTTP.
    pub status: Option<u16>,
    /// Error text, or what happens instead of HTTP.
    pub text: String,
}

/// How a flow is decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judgement {
    /// True if the request is served, as far as is known.
    pub allowed: bool,
    /// True if nothing says whether it is.
    pub is_unknown: bool,
    /// The row that decided; absent where the request never arrived.
    pub row: Option<Row>,
    /// What the client sees.
    pub seen: Seen,
    /// Why, in one sentence.
    pub reason: String,
}

/// What is judged.
#[derive(Clone, Debug)]
pub struct Request<'r> {
    /// The resource.
    pub resource: &'r ResourceName,
    /// What is asked.
    pub service: Service,
    /// Which mode holds.
    pub mode: Mode,
    /// The resource's own public flag for it.
    pub flag: PublicNetworkAccess,
    /// The flag's name in Azure's words.
    pub flag_name: &'static str,
    /// What the agent that asks is associated with; absent where that is not known.
    pub agent: Option<&'r Associations>,
    /// The HTTP status of a public request that the flag refuses.
    pub refused_with: u16,
    /// True for a name that all resources of its type share, and that each of them serves.
    pub is_shared: bool,
}

/// Judges a request that takes `path`.
pub fn judge(state: &State, path: &Path, request: &Request<'_>) -> Judgement {
    let resource = request.resource;
    let never = |text: &str, reason: String| Judgement {
        allowed: false,
        is_unknown: false,
        row: None,
        seen: Seen { status: None, text: text.to_owned() },
        reason,
    };
    match path {
        Path::NameError => never("NXDOMAIN", "the name does not exist, so no connection is tried".to_owned()),
        Path::NoData => never("NODATA", "the name has no address, so no connection is tried".to_owned()),
        Path::Unknown { why, .. } => Judgement { is_unknown: true, ..never("unknown", why.clone()) },
        Path::Failure(_) => never("SERVFAIL", "DNS gives no answer, so no connection is tried".to_owned()),
        Path::Unreachable { address, why, .. } => {
            never("connection times out", format!("{address} cannot be reached: {why}"))
        }
        Path::Blocked { address, why } => never("connection times out", format!("{address} is public, and {why}")),
        Path::Public { .. } if request.service == Service::AgentConfig => {
            configured(state, request, "the agent arrives over a public address")
        }
        Path::Public { .. } => by_flag(request, Arrival::Public),
        Path::PrivateEndpoint { endpoint, target: EndpointTarget::Service { resource: own, group }, .. } => {
            let arc = request.agent.and_then(|agent| agent.arc.as_ref());
            if arc.is_some_and(|arc| *arc != ArcConnection::Scope(own.clone())) {
                let reason = format!("the machine arrives through {endpoint} and is not associated with {own}");
                return never("refused", reason);
            }
            let serves = |other: &ResourceName| {
                let kind = |name: &ResourceName| match state.resources.get(name).map(|one| &one.spec) {
                    Some(ResourceSpec::Service(spec)) => Some(spec.kind.clone()),
                    _ => None,
                };
                request.is_shared && kind(other).is_some() && kind(other) == kind(resource)
            };
            if own != resource && serves(own) {
                let text =
                    format!("the request arrives through {endpoint} of {own}, which serves the shared name as well");
                return allow(None, text);
            }
            if own == resource {
                return allow(
                    None,
                    format!("the request arrives through {endpoint}, which is connected to {group} of {own}"),
                );
            }
            never(
                "TLS fails",
                format!("the request arrives through {endpoint}, which is connected to {own} and not to {resource}"),
            )
        }
        Path::PrivateEndpoint { endpoint, target: EndpointTarget::Scope(scope), .. } => match state.scopes.get(scope) {
            None => never("connection times out", format!("{endpoint} is not routable: {scope} is deleted")),
            Some(_) if matches!(request.service, Service::Other | Service::Rule) => never(
                "TLS fails",
                format!("the request arrives through {endpoint} of {scope}, which does not serve {resource}"),
            ),
            Some(own) => privately(state, own, endpoint, request, resource),
        },
    }
}

fn privately(
    state: &State,
    scope: &Scope,
    endpoint: &EndpointName,
    request: &Request<'_>,
    resource: &ResourceName,
) -> Judgement {
    let name = &scope.spec.name;
    if request.service == Service::Download {
        return allow(None, format!("solution packs are open to everyone, also through {endpoint}"));
    }
    if request.service == Service::AgentConfig {
        return bootstrap(state, scope, endpoint, request);
    }
    let mode = effective(state, scope, endpoint, request.mode);
    if scope.resources.contains(resource) {
        let row = if mode == Some(AccessMode::PrivateOnly) { Row(2) } else { Row(1) };
        return allow(Some(row), format!("the request arrives through {endpoint}, and {resource} is in {name}"));
    }
    // Names of one resource are outside the modes. A legacy scope refuses their ingestion as well.
    let refuses_names_of_one = mode.is_none() && state.is_legacy(scope) && request.service != Service::Query;
    if mode == Some(AccessMode::PrivateOnly) || refuses_names_of_one {
        let row = Row(if request.flag == PublicNetworkAccess::Disabled { 6 } else { 5 });
        let (text, what) = match request.service {
            Service::Query => (
                "(InsufficientAccessError) Inner error code: PrivateLinkValidationFailedError".to_owned(),
                "queryAccessMode",
            ),
            _ if refuses_names_of_one => (refusal(request.service).text, "ingestionAccessMode"),
            _ => (
                "{\"itemsReceived\":1,\"itemsAccepted\":0,\"errors\":[{\"index\":0,\"statusCode\":403,\"message\":\
                 \"Component private link id does not match incoming link id and private endpoint connection does not \
                 have restrictive flag disabled\"}]}"
                    .to_owned(),
                "ingestionAccessMode",
            ),
        };
        let legacy = if state.is_legacy(scope) { ", as in all scopes created before September 2021" } else { "" };
        return Judgement {
            allowed: false,
            is_unknown: false,
            row: Some(row),
            seen: Seen { status: Some(403), text },
            reason: format!(
                "the request arrives through {endpoint} of {name}, {resource} is not in {name}, and its {what} is \
                 PrivateOnly{legacy}"
            ),
        };
    }
    by_flag(request, Arrival::Through { endpoint, scope: name })
}

/// How a request that is judged by the resource's own flag arrives.
enum Arrival<'a> {
    Public,
    Through { endpoint: &'a EndpointName, scope: &'a ScopeName },
}

fn by_flag(request: &Request<'_>, arrival: Arrival<'_>) -> Judgement {
    let Request { resource, flag, flag_name, .. } = request;
    if request.service == Service::Download {
        return allow(None, "the host is open to everyone over its public address".to_owned());
    }
    if request.service == Service::Rule {
        let text = format!("the endpoint of {resource} itself is public, and none of its settings refuses requests");
        return allow(None, text);
    }
    let (how, allowed_row, denied_row) = match arrival {
        Arrival::Public => ("the request arrives over a public address".to_owned(), 7, 8),
        Arrival::Through { endpoint, scope } => (
            format!(
                "the request arrives through {endpoint} of {scope}; {resource} is not in that scope, so the request counts as public"
            ),
            3,
            4,
        ),
    };
    // The table is that of scopes; other services have their flag alone.
    let row = |row| (request.service != Service::Other).then_some(Row(row));
    match flag {
        PublicNetworkAccess::Enabled => allow(row(allowed_row), format!("{how}; {flag_name} of {resource} is Enabled")),
        PublicNetworkAccess::SecuredByPerimeter { inbound_allowed: true } => {
            allow(row(10), format!("{how}; the perimeter of {resource} has an inbound rule for it"))
        }
        PublicNetworkAccess::Unknown => Judgement {
            allowed: true,
            is_unknown: true,
            row: None,
            seen: Seen { status: None, text: "unknown".to_owned() },
            reason: format!("{how}; {flag_name} of {resource} is unknown"),
        },
        PublicNetworkAccess::SecuredByPerimeter { inbound_allowed: false } => Judgement {
            allowed: false,
            is_unknown: false,
            row: row(10),
            // The texts that are known name the flag; what a perimeter's refusal reads for others is not.
            seen: match request.service {
                Service::Query => refusal(Service::Query),
                _ => Seen { status: Some(403), text: String::new() },
            },
            reason: format!("{how}; the perimeter of {resource} has no inbound rule for it"),
        },
        PublicNetworkAccess::Disabled => Judgement {
            allowed: false,
            is_unknown: false,
            row: row(denied_row),
            seen: Seen { status: Some(request.refused_with), ..refusal(request.service) },
            reason: format!("{how}; {flag_name} of {resource} is Disabled"),
        },
    }
}

/// The agent's bootstrap over a private path wants a data collection endpoint in the scope, and where it is known what the agent is
/// associated with, that endpoint must be the one.
///
/// Source: Azure/prometheus-collector documentation on private link; two reports name a missing association and an endpoint
/// outside the scope as causes of the same refusal.
fn bootstrap(state: &State, scope: &Scope, endpoint: &EndpointName, request: &Request<'_>) -> Judgement {
    let is_dce = |name: &ResourceName| {
        state.resources.get(name).is_some_and(|one| matches!(one.spec, ResourceSpec::DataCollectionEndpoint(_)))
    };
    let (name, resource) = (&scope.spec.name, request.resource);
    let refused = |why: String| Judgement {
        allowed: false,
        is_unknown: false,
        row: None,
        seen: Seen {
            status: Some(403),
            text: "Data collection endpoint must be used to access configuration over private link.".to_owned(),
        },
        reason: format!("the agent arrives through {endpoint}, and {why}"),
    };
    match request.agent.map(|agent| &agent.endpoint) {
        Some(None) => return refused("it has no association with a data collection endpoint".to_owned()),
        Some(Some(own)) if !scope.resources.contains(own) => {
            return refused(format!("the data collection endpoint it is associated with, {own}, is not in {name}"));
        }
        Some(Some(_)) => return configured(state, request, &format!("the agent arrives through {endpoint} of {name}")),
        None => {}
    }
    // Of a data collection endpoint itself it must be this one, of other resources any that is associated.
    let fits = if is_dce(resource) { scope.resources.contains(resource) } else { scope.resources.iter().any(is_dce) };
    match fits {
        true => {
            allow(None, format!("the agent arrives through {endpoint}, and {name} has its data collection endpoint"))
        }
        false => refused(format!("{name} has no data collection endpoint for it")),
    }
}

/// The answer of the agent's bootstrap: its configuration, or where its endpoint gives it.
///
/// Source: microsoft/Docker-Provider, 2024-10-08, `ingestion_token_utils.go`; that it is so over a public address is inferred.
fn configured(state: &State, request: &Request<'_>, how: &str) -> Judgement {
    let endpoint = request.agent.and_then(|agent| agent.endpoint.as_ref());
    let Some((name, spec)) = endpoint.and_then(|name| Some((name, &state.resources.get(name)?.spec))) else {
        return allow(None, format!("{how}, where the host is open to everyone"));
    };
    let host = match spec {
        ResourceSpec::DataCollectionEndpoint(own) => own.configuration_access.to_string(),
        _ => String::new(),
    };
    Judgement {
        allowed: true,
        is_unknown: false,
        row: None,
        seen: Seen { status: Some(421), text: format!("x-ms-agent-config-endpoint: https://{host}") },
        reason: format!("{how}, and is redirected to {name}, which it is associated with"),
    }
}

/// The mode that holds for what arrives through an endpoint: the exclusion's for its connection, else the scope's;
/// legacy scopes refuse foreign ingestion and let queries pass.
fn effective(state: &State, scope: &Scope, endpoint: &EndpointName, mode: Mode) -> Option<AccessMode> {
    let exclusion = scope.access.exclusions.iter().find(|exclusion| exclusion.endpoint == *endpoint);
    let legacy = state.is_legacy(scope);
    Some(match (mode, exclusion) {
        (Mode::None, _) => return None,
        (Mode::Ingestion, _) if legacy => AccessMode::PrivateOnly,
        (Mode::Query, _) if legacy => AccessMode::Open,
        (Mode::Ingestion, Some(exclusion)) => exclusion.ingestion,
        (Mode::Query, Some(exclusion)) => exclusion.query,
        (Mode::Ingestion, None) => scope.access.ingestion,
        (Mode::Query, None) => scope.access.query,
    })
}

fn allow(row: Option<Row>, reason: String) -> Judgement {
    let seen = Seen { status: Some(200), text: String::new() };
    Judgement { allowed: true, is_unknown: false, row, seen, reason }
}

/// What a client sees when the resource's own flag refuses.
fn refusal(service: Service) -> Seen {
    let text = match service {
        Service::Query => "(InsufficientAccessError) Inner error code: NspValidationFailedError",
        Service::ComponentIngestion => {
            "Component private link id does not match incoming link and has publicNetworkAccessForIngestion=Disabled"
        }
        // An empty body, `Server: Microsoft-IIS/10.0`.
        Service::LogIngestion => "",
        Service::DataCollection | Service::AgentConfig | Service::Download | Service::Rule | Service::Other => "",
    };
    Seen { status: Some(403), text: text.to_owned() }
}
