//! Is it alive, and is it ready?

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Admin;
use super::state::ReloadDocument;

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::new().routes(routes!(livez)).routes(routes!(readyz))
}

/// Whether queries should be sent here.
#[derive(Serialize, ToSchema, Debug)]
#[serde(rename_all = "camelCase")]
struct Readiness {
    /// Whether they should.
    ready: bool,
    /// Why not, and what else is wrong.
    reasons: Vec<String>,
    /// The current revision.
    revision: u32,
    /// How reading the source again went.
    reload: ReloadDocument,
}

/// The server runs.
#[utoipa::path(
    get, path = "/livez", tag = "health", security(()),
    responses((status = OK, description = "The server runs.", body = String))
)]
async fn livez() -> &'static str {
    "ok\n"
}

/// Whether queries should be sent here, with the reasons.
///
/// A reload that failed leaves the server ready, since the revision before is served on; the reasons mention it.
#[utoipa::path(
    get, path = "/readyz", tag = "health", security(()),
    responses(
        (status = OK, description = "Queries are answered.", body = Readiness),
        (status = SERVICE_UNAVAILABLE, description = "The server is shutting down.", body = Readiness)
    )
)]
async fn readyz(State(admin): State<Admin>) -> Response {
    let position = admin.control.position();
    let mut reasons = Vec::new();
    let ready = !admin.is_draining();
    if !ready {
        reasons.push("the server is shutting down".to_owned());
    }
    if let Some(failure) = &position.reloads.failure {
        reasons.push(format!("the last reload failed, and the server keeps the previous revision: {failure}"));
    }
    let body = Readiness {
        ready,
        reasons,
        revision: position.world.revision().0,
        reload: ReloadDocument::of(&position.reloads),
    };
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(body)).into_response()
}
