//! What two revisions of the running server differ in.

#![expect(unused_qualifications, reason = "the macro writes them for types of queries")]

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::{UrlQuery, at};
use super::assessed::today;
use super::problem::blocking;
use super::{Admin, Problem, documents};
use crate::assess::diff::{Accepting, diff_accepting};
use crate::output::diff::{DiffDocument, document};

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::new().routes(routes!(difference))
}

#[derive(Deserialize, IntoParams, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DiffQuery {
    /// A step's name or a revision: before.
    from: String,
    /// A step's name or a revision: after; what is served without it.
    to: Option<String>,
    /// A network or virtual machine to keep to, or several with commas between; all without it.
    client: Option<String>,
}

/// What two revisions differ in: record sets, answers of each network, flows and findings.
#[utoipa::path(
    get, path = "/v1/diff", tag = "estate", params(DiffQuery),
    responses(
        (status = OK, description = "The differences.", body = documents::DiffDocument),
        (status = BAD_REQUEST, description = "The query parameters are invalid.", body = Problem, content_type = "application/problem+json"),
        (status = NOT_FOUND, description = "There is no such step.", body = Problem, content_type = "application/problem+json")
    )
)]
async fn difference(
    State(admin): State<Admin>,
    UrlQuery(query): UrlQuery<DiffQuery>,
) -> Result<Json<DiffDocument>, Problem> {
    blocking(move || {
        let (before, after) = (at(&admin, Some(&query.from))?, at(&admin, query.to.as_deref())?);
        let clients: Vec<String> = query.client.iter().flat_map(|list| list.split(',')).map(str::to_owned).collect();
        let position = admin.control.position();
        let accepting = Accepting { before: position.allow(), after: position.allow(), today: today() };
        Ok(Json(document(&diff_accepting(&before, &after, &clients, accepting))))
    })
    .await
}
