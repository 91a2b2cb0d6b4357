//! `/v1/record-sets`: record sets with their provenance.

#![expect(unused_qualifications, reason = "the macro writes them for types of queries")]

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::{UrlQuery, at, owner_name};
use super::problem::blocking;
use super::{Admin, Problem, documents};
use crate::output::record_sets::{self, Filter, RecordSetsDocument};

/// How many record sets are listed if nothing is said.
const DEFAULT_LIMIT: usize = 1000;
/// The most record sets that are listed at once.
const MAX_LIMIT: usize = 10_000;

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::new().routes(routes!(list))
}

#[derive(Deserialize, IntoParams, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RecordSetsQuery {
    /// The zone, as its name, or as `resourceGroup/name`. Without zone and name: all private zones.
    #[param(min_length = 1, max_length = 1024)]
    zone: Option<String>,
    /// The owner name. With a zone or a name, zones of public DNS are listed as well.
    #[param(min_length = 1, max_length = 1024)]
    name: Option<String>,
    /// A step's name or a revision; what is served without it.
    at: Option<String>,
    /// The most record sets wanted; 1000 without it.
    #[param(minimum = 1, maximum = 10_000)]
    limit: Option<usize>,
    /// How many to leave out before.
    #[param(minimum = 0)]
    offset: Option<usize>,
}

/// Record sets of private zones with their provenance: who wrote each at which step, what it overwrote, what was deleted.
#[utoipa::path(
    get, path = "/v1/record-sets", operation_id = "record_sets", tag = "estate", params(RecordSetsQuery),
    responses(
        (status = OK, description = "The record sets.", body = documents::RecordSetsDocument),
        (status = BAD_REQUEST, description = "The query parameters are invalid.", body = Problem, content_type = "application/problem+json"),
        (status = NOT_FOUND, description = "There is no such zone or step.", body = Problem, content_type = "application/problem+json")
    )
)]
async fn list(
    State(admin): State<Admin>,
    UrlQuery(query): UrlQuery<RecordSetsQuery>,
) -> Result<Json<RecordSetsDocument>, Problem> {
    blocking(move || {
        let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Problem::bad(format!("invalid `limit` {limit}, expected 1 to {MAX_LIMIT}")));
        }
        let world = at(&admin, query.at.as_deref())?;
        let (group, apex) = match query.zone.as_deref() {
            None => (None, None),
            Some(text) => match text.rsplit_once('/') {
                Some((group, apex)) => (Some(group.to_owned()), Some(owner_name(apex)?)),
                None => (None, Some(owner_name(text)?)),
            },
        };
        let name = query.name.as_deref().map(owner_name).transpose()?;
        let filter = Filter { apex, resource_group: group, name, offset: query.offset.unwrap_or(0), limit };
        match record_sets::document(&world, &filter) {
            Some(document) => Ok(Json(document)),
            None => {
                let zone = query.zone.unwrap_or_default();
                Err(Problem::missing(format!("there is no zone {zone:?} at this step")))
            }
        }
    })
    .await
}
