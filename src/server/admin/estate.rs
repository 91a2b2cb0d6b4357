//! What a client meets in the estate: explanations, flows and findings.

#![expect(unused_qualifications, reason = "the macro writes them for types of queries")]

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::{UrlQuery, at, network, owner_name};
use super::problem::blocking;
use super::{Admin, Problem, documents};
use crate::assess::Finding;
use crate::assess::flow::Client;
use crate::catalogue::Operation;
use crate::compile::ViewId;
use crate::dns::RecordType;
use crate::dns::wire::Transport;
use crate::estate::NetworkName;
use crate::output::answer::answered;
use crate::output::explanation::{self, ExplanationDocument};
use crate::output::findings::{self, FindingDocument};
use crate::output::flows::{self as flow_report, FlowDocument};
use crate::resolve::explain::Chosen;
use crate::resolve::{Question, explain as explained};
use crate::server::faults::FaultQuestion;

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::new().routes(routes!(explain)).routes(routes!(flows)).routes(routes!(list_findings))
}

#[derive(Deserialize, IntoParams, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExplainQuery {
    /// The name to ask for.
    #[param(min_length = 1, max_length = 1024)]
    name: String,
    /// The network to ask from; `public`, which is the default, asks from outside every network.
    from: Option<String>,
    /// The client address to ask from, in place of a network: the longest client prefix that holds it decides.
    #[param(value_type = Option<String>)]
    from_address: Option<std::net::IpAddr>,
    /// The record type; `A` without it.
    r#type: Option<String>,
    /// A step's name or a revision; what is served without it.
    at: Option<String>,
}

/// An explanation with its text.
#[derive(Serialize, ToSchema, Debug)]
struct ExplainDocument {
    #[serde(flatten)]
    #[schema(value_type = documents::ExplanationDocument)]
    explanation: ExplanationDocument,
    /// The revision it is about.
    revision: u32,
    /// The same as `ampls-dns explain` prints it, and after it the faults.
    text: String,
    /// Faults that may hit the question over UDP, in words; only for what is served.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<String>,
}

/// Why a network gets the answer it gets.
#[utoipa::path(
    get, path = "/v1/explain", tag = "estate", params(ExplainQuery),
    responses(
        (status = OK, description = "The answer and the statements that lead to it.", body = ExplainDocument),
        (status = BAD_REQUEST, description = "The query parameters are invalid.", body = Problem, content_type = "application/problem+json"),
        (status = NOT_FOUND, description = "There is no such network or step.", body = Problem, content_type = "application/problem+json")
    )
)]
async fn explain(
    State(admin): State<Admin>,
    UrlQuery(query): UrlQuery<ExplainQuery>,
) -> Result<Json<ExplainDocument>, Problem> {
    blocking(move || {
        let name = owner_name(&query.name)?;
        let kind = match query.r#type.as_deref() {
            None => RecordType::A,
            Some(text) => text.parse().map_err(|error| Problem::bad(format!("`type`: {error}")))?,
        };
        let world = at(&admin, query.at.as_deref())?;
        let (view, chosen) = match (query.from.as_deref(), query.from_address) {
            (Some(_), Some(_)) => {
                return Err(Problem::bad("pass only one of `from` and `fromAddress`"));
            }
            (None, Some(address)) => match world.views.of_address(address) {
                Some((view, prefix)) => (view, Chosen::Source(prefix)),
                None => (ViewId::PUBLIC, Chosen::NoPrefix),
            },
            (from, None) => (network(&world, from.unwrap_or("public"))?, Chosen::Named),
        };
        let question = Question { name, kind };
        let told = explained(&world, view, chosen, &question);
        let answer = answered(&world, view, &question);
        let mut text = explanation::text(&told, &answer);
        let asked = FaultQuestion {
            name: &question.name,
            kind,
            view: world.views.get(view).label(),
            transport: Transport::Udp,
        };
        let faults = match &query.at {
            None => admin.control.service().faults().notes(&asked, std::time::Instant::now()),
            Some(_) => Vec::new(),
        };
        text.extend(faults.iter().map(|fault| format!("  {fault}\n")));
        let explanation = explanation::document(&told, answer);
        Ok(Json(ExplainDocument { explanation, revision: world.revision().0, text, faults }))
    })
    .await
}

#[derive(Deserialize, ToSchema, Clone, Copy, Debug)]
#[serde(rename_all = "camelCase")]
enum OperationName {
    Ingestion,
    Query,
    Config,
    Download,
    ResourceManager,
    DataPlane,
}

impl From<OperationName> for Operation {
    fn from(name: OperationName) -> Self {
        match name {
            OperationName::Ingestion => Self::Ingestion,
            OperationName::Query => Self::Query,
            OperationName::Config => Self::Config,
            OperationName::Download => Self::Download,
            OperationName::ResourceManager => Self::ResourceManager,
            OperationName::DataPlane => Self::DataPlane,
        }
    }
}

#[derive(Deserialize, IntoParams, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FlowsQuery {
    /// The network or virtual machine the connection is opened from; `public` is outside all networks.
    from: String,
    /// The resource to use; all without it.
    resource: Option<String>,
    /// What is done; everything without it.
    #[param(inline)]
    operation: Option<OperationName>,
    /// A step's name or a revision; what is served without it.
    at: Option<String>,
}

/// Which path each operation on a resource takes, whether it is allowed, and what the client sees.
#[utoipa::path(
    get, path = "/v1/flows", tag = "estate", params(FlowsQuery),
    responses(
        (status = OK, description = "The flows.", body = [documents::FlowDocument]),
        (status = BAD_REQUEST, description = "The query parameters are invalid.", body = Problem, content_type = "application/problem+json"),
        (status = NOT_FOUND, description = "There is no such network, resource or step.", body = Problem, content_type = "application/problem+json")
    )
)]
async fn flows(
    State(admin): State<Admin>,
    UrlQuery(query): UrlQuery<FlowsQuery>,
) -> Result<Json<Vec<FlowDocument>>, Problem> {
    blocking(move || {
        let operation = query.operation.map(Operation::from);
        let world = at(&admin, query.at.as_deref())?;
        let state = &world.state;
        let client = match Client::named(&world, &query.from) {
            Some(client) => client,
            None => Client::View(network(&world, &query.from)?),
        };
        let resources: Vec<_> = match &query.resource {
            Some(name) => match state.resources.get_key_value(name.as_str()) {
                Some((name, _)) => vec![name.clone()],
                None => return Err(Problem::missing(format!("there is no resource {name:?} at this step"))),
            },
            None => state.resources.keys().cloned().collect(),
        };
        let assessment = admin.assessed.of(&world, admin.control.position().allow());
        Ok(Json(flow_report::documents(&world, &client, &resources, operation, &assessment)))
    })
    .await
}

#[derive(Deserialize, IntoParams, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FindingsQuery {
    /// A step's name or a revision; what is served without it.
    at: Option<String>,
    /// Only those about this network or about none in particular, as `check --from`; all without it.
    network: Option<String>,
}

/// The most names, networks and resources in one answer: some tens of megabytes.
const MOST_LISTED: usize = 1_000_000;

/// What is wrong with the estate, the gravest first.
#[utoipa::path(
    get, path = "/v1/findings", tag = "estate", params(FindingsQuery), operation_id = "findings",
    responses(
        (status = OK, description = "The findings.", body = [documents::FindingDocument]),
        (status = BAD_REQUEST, description = "The query parameters are invalid, or the findings are too many for one answer.", body = Problem, content_type = "application/problem+json"),
        (status = NOT_FOUND, description = "There is no such step or network.", body = Problem, content_type = "application/problem+json")
    )
)]
async fn list_findings(
    State(admin): State<Admin>,
    UrlQuery(query): UrlQuery<FindingsQuery>,
) -> Result<Json<Vec<FindingDocument>>, Problem> {
    blocking(move || {
        let world = at(&admin, query.at.as_deref())?;
        let of: Vec<NetworkName> = query.network.iter().map(|name| name.as_str().into()).collect();
        for name in &of {
            network(&world, name.as_str())?;
        }
        let assessment = admin.assessed.of(&world, admin.control.position().allow());
        let found: Vec<&Finding> =
            assessment.findings.iter().filter(|one| of.is_empty() || one.concerns(&of)).collect();
        let listed: usize = found.iter().map(|one| one.names.len() + one.networks.len() + one.resources.len()).sum();
        if listed > MOST_LISTED {
            return Err(Problem::bad(format!(
                "{} findings list {listed} names, networks and resources, and an answer has {MOST_LISTED} at most; ask for \
                 those of one network with ?network=NAME",
                found.len()
            )));
        }
        Ok(Json(found.into_iter().map(findings::document).collect()))
    })
    .await
}
