//! The last queries, and waiting for the next.

#![expect(unused_qualifications, reason = "the macro writes them for types of queries")]

use std::str::FromStr;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::UrlQuery;
use super::problem::blocking;
use super::{Admin, Problem};
use crate::dns::Rcode;
use crate::dns::wire::Transport;
use crate::server::observe::{Filter, QueryDocument};

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::new().routes(routes!(last)).routes(routes!(wait))
}

/// How many queries are shown if nothing else is said.
const SHOWN: usize = 100;
/// How many are shown at most.
const MOST_SHOWN: usize = 10_000;
/// How long a wait takes if nothing else is said.
const WAIT: f64 = 10.0;
/// How long it takes at most.
const LONGEST_WAIT: f64 = 60.0;

/// Which queries.
#[derive(Deserialize, IntoParams, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct QueryParameters {
    /// The name asked for; `*.azure.com` is every name below `azure.com`.
    name: Option<String>,
    /// The type asked for, such as `AAAA`.
    r#type: Option<String>,
    /// The network in whose view it was answered, or `public`.
    view: Option<String>,
    /// The reply's code, such as `NXDOMAIN`.
    rcode: Option<String>,
    /// `udp` or `tcp`.
    #[param(pattern = "^(udp|tcp)$")]
    transport: Option<String>,
    /// The client's address, or a prefix of it.
    client: Option<String>,
    /// Record data in the answer, such as an address.
    answer: Option<String>,
    /// A part of the writer's name: an endpoint or a scope.
    writer: Option<String>,
    /// Whether a fault changed the reply.
    fault: Option<bool>,
    /// Only queries numbered above this one.
    #[param(minimum = 0)]
    since: Option<u64>,
    /// How many queries at most: the newest, or with `since` the oldest after it.
    #[param(minimum = 1, maximum = 10_000)]
    limit: Option<usize>,
}

/// Which query, and how long to wait for it.
#[derive(Deserialize, IntoParams, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Awaited {
    /// The name asked for; `*.azure.com` is every name below `azure.com`.
    name: Option<String>,
    /// The type asked for, such as `AAAA`.
    r#type: Option<String>,
    /// The network in whose view it was answered, or `public`.
    view: Option<String>,
    /// The reply's code, such as `NXDOMAIN`.
    rcode: Option<String>,
    /// `udp` or `tcp`.
    #[param(pattern = "^(udp|tcp)$")]
    transport: Option<String>,
    /// The client's address, or a prefix of it.
    client: Option<String>,
    /// Record data in the answer, such as an address.
    answer: Option<String>,
    /// A part of the writer's name: an endpoint or a scope.
    writer: Option<String>,
    /// Whether a fault changed the reply.
    fault: Option<bool>,
    /// Queries numbered above this one count even if they have come already; without it only those that come from now on.
    #[param(minimum = 0)]
    since: Option<u64>,
    /// How many seconds to wait: 10 if nothing else is said, 60 at most.
    #[param(minimum = 0, maximum = 60)]
    timeout: Option<f64>,
}

/// Queries.
#[derive(Serialize, Deserialize, ToSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct QueriesDocument {
    /// The queries, the oldest first.
    pub queries: Vec<QueryDocument>,
    /// What to give as `since` to see what comes after these.
    pub next: u64,
    /// How many queries numbered above `since` are not kept any more.
    pub missed: u64,
}

impl QueryParameters {
    fn filter(&self) -> Result<Filter, Problem> {
        // JSON numbers of other languages end there.
        if let Some(since) = self.since.filter(|since| i64::try_from(*since).is_err()) {
            return Err(Problem::bad(format!("unknown query number {since}; the last query is {}", i64::MAX)));
        }
        let name = self.name.as_deref().map(|text| read("name", text, "a name or *.NAME")).transpose()?;
        let kind = self.r#type.as_deref().map(|text| read("type", text, "a record type, such as A")).transpose()?;
        let rcode = self.rcode.as_deref().map(rcode).transpose()?;
        Ok(Filter {
            name,
            kind,
            view: self.view.clone(),
            rcode,
            transport: self.transport.as_deref().map(transport).transpose()?,
            client: self.client.as_deref().map(client).transpose()?,
            answer: self.answer.clone(),
            writer: self.writer.clone(),
            fault: self.fault,
        })
    }
}

fn read<T: FromStr>(what: &str, text: &str, parameters: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::bad(format!("invalid {what} `{}`; write {parameters}", shown(text))))
}

/// As much of a text as an error repeats.
fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

/// A response code by its word.
pub(super) fn rcode(text: &str) -> Result<Rcode, Problem> {
    let upper = text.to_ascii_uppercase();
    let known = (0..=16).map(Rcode).find(|code| code.to_string() == upper);
    let number = || upper.strip_prefix("RCODE")?.parse().ok().filter(|code| *code < 4096).map(Rcode);
    known.or_else(number).ok_or_else(|| {
        let text = shown(text);
        Problem::bad(format!("invalid rcode `{text}`; write NOERROR, SERVFAIL, NXDOMAIN, REFUSED or RCODE9"))
    })
}

/// A transport by its word.
pub(super) fn transport(text: &str) -> Result<Transport, Problem> {
    Transport::named(text).ok_or_else(|| {
        let known = Transport::ALL.map(Transport::name).join(" or ");
        Problem::bad(format!("unknown transport `{}`; write {known}", shown(text)))
    })
}

fn client(text: &str) -> Result<IpNet, Problem> {
    let address = text.parse::<std::net::IpAddr>().map(IpNet::from);
    address
        .or_else(|_| text.parse())
        .map_err(|_| Problem::bad(format!("invalid client `{}`; write an address or a prefix", shown(text))))
}

/// The last queries, with the answers they got and who wrote them.
#[utoipa::path(
    get, path = "/v1/queries", tag = "queries", params(QueryParameters),
    responses(
        (status = OK, description = "The queries that match.", body = QueriesDocument),
        (status = BAD_REQUEST, description = "The filter is invalid.", body = Problem, content_type = "application/problem+json")
    )
)]
async fn last(
    State(admin): State<Admin>,
    UrlQuery(parameters): UrlQuery<QueryParameters>,
) -> Result<Json<QueriesDocument>, Problem> {
    let filter = parameters.filter()?;
    let limit = parameters.limit.unwrap_or(SHOWN);
    if !(1..=MOST_SHOWN).contains(&limit) {
        return Err(Problem::bad(format!("invalid limit {limit}, expected 1 to {MOST_SHOWN}")));
    }
    blocking(move || {
        let log = admin.control.service().log();
        let kept = log.kept();
        let since = parameters.since.unwrap_or_default();
        let oldest = kept.queries.first().and_then(|one| one.sequence).unwrap_or(kept.last + 1);
        let matching = kept.queries.iter().filter(|one| one.sequence > Some(since));
        let mut matching: Vec<_> = matching.filter(|one| log.lets_through(&filter, one)).collect();
        let mut next = kept.last;
        if matching.len() > limit {
            if parameters.since.is_some() {
                matching.truncate(limit);
                next = matching.last().and_then(|one| one.sequence).unwrap_or(next);
            } else {
                matching.drain(..matching.len() - limit);
            }
        }
        let queries = matching.into_iter().map(|one| log.document(one).clone()).collect();
        Ok(Json(QueriesDocument { queries, next, missed: (oldest - 1).saturating_sub(since) }))
    })
    .await
}

/// Wait for a query.
#[utoipa::path(
    get, path = "/v1/queries/wait", tag = "queries", params(Awaited),
    responses(
        (status = OK, description = "The first query that matches.", body = QueryDocument),
        (status = BAD_REQUEST, description = "The filter is invalid.", body = Problem, content_type = "application/problem+json"),
        (status = NOT_FOUND, description = "No query has matched in that time.", body = Problem, content_type = "application/problem+json")
    )
)]
async fn wait(
    State(admin): State<Admin>,
    UrlQuery(awaited): UrlQuery<Awaited>,
) -> Result<Json<QueryDocument>, Problem> {
    let Awaited { name, r#type, view, rcode, transport, client, answer, writer, fault, since, timeout } = awaited;
    let parameters =
        QueryParameters { name, r#type, view, rcode, transport, client, answer, writer, fault, since, limit: None };
    let filter = parameters.filter()?;
    let seconds = timeout.unwrap_or(WAIT);
    if !(0.0..=LONGEST_WAIT).contains(&seconds) {
        return Err(Problem::bad(format!("invalid timeout {seconds}, expected 0 to {LONGEST_WAIT} seconds")));
    }
    let until = tokio::time::Instant::now() + Duration::from_secs_f64(seconds);
    let log = admin.control.service().log();
    match log.wait(&filter, since, until).await {
        Some(found) => Ok(Json(log.document(&found).clone())),
        None => Err(Problem::missing(format!("no query has matched within {seconds} s"))),
    }
}
