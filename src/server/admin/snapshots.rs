//! Snapshots: what is served, kept under a name.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::{Body, PathName};
use super::problem::blocking;
use super::state::{PositionDocument, timestamp};
use super::{Admin, Problem};
use crate::server::control::Snapshot;

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::new().routes(routes!(list, take)).routes(routes!(forget)).routes(routes!(restore))
}

/// How to call it.
#[derive(Deserialize, ToSchema, Debug)]
#[serde(deny_unknown_fields)]
struct SnapshotRequest {
    /// Letters, digits, `.`, `-` and `_`.
    #[schema(pattern = "^[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*$", max_length = 128)]
    name: String,
}

/// A snapshot.
#[derive(Serialize, ToSchema, Debug)]
#[serde(rename_all = "camelCase")]
struct SnapshotDocument {
    name: String,
    /// Its revision.
    revision: u32,
    /// The step it is at, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    /// When it was taken (RFC 3339).
    taken: String,
}

impl From<Snapshot> for SnapshotDocument {
    fn from(snapshot: Snapshot) -> Self {
        let Snapshot { name, revision, step, taken } = snapshot;
        Self { name, revision: revision.0, step, taken: timestamp(taken) }
    }
}

/// The snapshots there are, in order of their names.
#[utoipa::path(
    get, path = "/v1/snapshots", tag = "snapshots",
    responses((status = OK, description = "The snapshots.", body = [SnapshotDocument]))
)]
async fn list(State(admin): State<Admin>) -> Result<Json<Vec<SnapshotDocument>>, Problem> {
    blocking(move || Ok(Json(admin.control.snapshots().into_iter().map(SnapshotDocument::from).collect()))).await
}

/// Keep what is served under a name; a snapshot of that name before is replaced.
#[utoipa::path(
    post, path = "/v1/snapshots", tag = "snapshots", request_body = SnapshotRequest,
    responses(
        (status = CREATED, description = "The snapshot is taken.", body = SnapshotDocument),
        (status = BAD_REQUEST, description = "The name or the request body is invalid.", body = Problem, content_type = "application/problem+json"),
        (status = CONFLICT, description = "The limit is reached.", body = Problem, content_type = "application/problem+json")
    )
)]
async fn take(
    State(admin): State<Admin>,
    Body(request): Body<SnapshotRequest>,
) -> Result<(StatusCode, Json<SnapshotDocument>), Problem> {
    blocking(move || Ok((StatusCode::CREATED, Json(admin.control.snapshot(&request.name)?.into())))).await
}

/// Forget a snapshot.
#[utoipa::path(
    delete, path = "/v1/snapshots/{name}", tag = "snapshots", params(("name" = String, Path, description = "The name of the snapshot.")),
    responses(
        (status = NO_CONTENT, description = "The snapshot is deleted."),
        (status = NOT_FOUND, description = "No snapshot has that name.", body = Problem, content_type = "application/problem+json")
    )
)]
async fn forget(State(admin): State<Admin>, PathName(name): PathName) -> Result<StatusCode, Problem> {
    blocking(move || {
        admin.control.forget(&name)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// Restore a snapshot: it is served again, with the history it had. The snapshot stays.
#[utoipa::path(
    post, path = "/v1/snapshots/{name}/restore", tag = "snapshots", params(("name" = String, Path, description = "The name of the snapshot.")),
    responses(
        (status = OK, description = "The server is at the snapshot again.", body = PositionDocument),
        (status = NOT_FOUND, description = "No snapshot has that name.", body = Problem, content_type = "application/problem+json")
    )
)]
async fn restore(State(admin): State<Admin>, PathName(name): PathName) -> Result<Json<PositionDocument>, Problem> {
    blocking(move || Ok(Json(PositionDocument::of(&*admin.control.restore(&name)?)))).await
}
