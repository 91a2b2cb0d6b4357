//! What changes what is served: steps, events, reload and reset.

#![expect(unused_qualifications, reason = "the macro writes them for types of queries")]

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::{Body, Text, UrlQuery};
use super::problem::blocking;
use super::state::PositionDocument;
use super::{Admin, Problem};
use crate::estate::Revision;
use crate::server::control::{Appended, BuiltOn, Control, ControlError, Position};

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::new()
        .routes(routes!(next))
        .routes(routes!(previous))
        .routes(routes!(go_to))
        .routes(routes!(events))
        .routes(routes!(scenario))
        .routes(routes!(reload))
        .routes(routes!(reset))
}

/// Where to go.
#[derive(Deserialize, ToSchema, Debug)]
#[serde(deny_unknown_fields)]
struct Goal {
    /// The step's name.
    step: String,
}

/// What events build on, where the body does not say so.
#[derive(Deserialize, IntoParams, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct BuiltOnQuery {
    /// The revision.
    built_on: Option<u32>,
    /// The generation.
    generation: Option<u64>,
}

/// The written form of events, whose schema is that of scenarios.
struct Events;

impl utoipa::PartialSchema for Events {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::Object::new().into()
    }
}

impl ToSchema for Events {}

/// The written form of a scenario.
struct ScenarioFile;

impl utoipa::PartialSchema for ScenarioFile {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::Object::new().into()
    }
}

impl ToSchema for ScenarioFile {}

/// Events that were appended.
#[derive(Serialize, ToSchema, Debug)]
#[serde(rename_all = "camelCase")]
struct AppendedDocument {
    #[serde(flatten)]
    position: PositionDocument,
    /// The revision they were built on.
    built_on: u32,
    /// What Azure would refuse: these events are in the history and have no effect.
    refused: Vec<RefusedDocument>,
    /// Steps that lay ahead; they are left until the next reset or reload.
    left: Vec<String>,
}

/// An event Azure would refuse.
#[derive(Serialize, ToSchema, Debug)]
#[serde(rename_all = "camelCase")]
struct RefusedDocument {
    /// The revision the event made.
    revision: u32,
    /// The line of the body it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    /// Why.
    reason: String,
}

async fn change(
    admin: Admin,
    operation: impl FnOnce(&Control) -> Result<Arc<Position>, ControlError> + Send + 'static,
) -> Result<Json<PositionDocument>, Problem> {
    let position = blocking(move || Ok(operation(&admin.control)?)).await?;
    Ok(Json(PositionDocument::of(&position)))
}

/// Go to the next step.
#[utoipa::path(
    post, path = "/v1/steps/next", tag = "changes",
    responses(
        (status = OK, description = "The server is at the next step.", body = PositionDocument),
        (status = CONFLICT, description = "This is the last step.", body = Problem, content_type = "application/problem+json")
    )
)]
async fn next(State(admin): State<Admin>) -> Result<Json<PositionDocument>, Problem> {
    change(admin, Control::next).await
}

/// Go to the previous step.
#[utoipa::path(
    post, path = "/v1/steps/previous", tag = "changes",
    responses(
        (status = OK, description = "The server is at the previous step.", body = PositionDocument),
        (status = CONFLICT, description = "This is the first step.", body = Problem, content_type = "application/problem+json")
    )
)]
async fn previous(State(admin): State<Admin>) -> Result<Json<PositionDocument>, Problem> {
    change(admin, Control::previous).await
}

/// Go to a step by name.
#[utoipa::path(
    post, path = "/v1/steps/goto", tag = "changes", request_body = Goal,
    responses(
        (status = OK, description = "The server is at that step.", body = PositionDocument),
        (status = BAD_REQUEST, description = "The request body is invalid.", body = Problem, content_type = "application/problem+json"),
        (status = NOT_FOUND, description = "There is no such step.", body = Problem, content_type = "application/problem+json")
    )
)]
async fn go_to(State(admin): State<Admin>, Body(goal): Body<Goal>) -> Result<Json<PositionDocument>, Problem> {
    change(admin, move |control| control.go_to(&goal.step)).await
}

/// Append events as one step after the revision that is served.
///
/// The body has the form of a scenario's step, as JSON or YAML; a list of events alone is one, too. It names the revision it
/// builds on, or the query does. Steps that lay ahead are left until the next reset or reload.
#[utoipa::path(
    post, path = "/v1/events", tag = "changes", params(BuiltOnQuery),
    request_body(content(
        (Events = "application/json"),
        (Events = "application/yaml")
    )),
    responses(
        (status = OK, description = "The events are applied.", body = AppendedDocument),
        (status = BAD_REQUEST, description = "The request has no revision in `builtOn`.", body = Problem, content_type = "application/problem+json"),
        (status = CONFLICT, description = "The server is at another revision.", body = Problem, content_type = "application/problem+json"),
        (status = UNPROCESSABLE_ENTITY, description = "The events cannot be read.", body = Problem, content_type = "application/problem+json")
    )
)]
async fn events(
    State(admin): State<Admin>,
    UrlQuery(query): UrlQuery<BuiltOnQuery>,
    Text(text): Text,
) -> Result<Json<AppendedDocument>, Problem> {
    let given = BuiltOn { revision: query.built_on.map(Revision), generation: query.generation };
    blocking(move || {
        let Appended { position, before, left } = admin.control.append("events", &text, given)?;
        let refusals = position.world.state.refusals.iter().filter(|refusal| refusal.revision > before);
        let refused = refusals.map(|refusal| RefusedDocument {
            revision: refusal.revision.0,
            line: refusal.place.as_ref().map(|place| place.line),
            reason: refusal.reason.to_string(),
        });
        Ok(Json(AppendedDocument {
            position: PositionDocument::of(&position),
            built_on: before.0,
            refused: refused.collect(),
            left,
        }))
    })
    .await
}

/// Serve a scenario from its start, in the place of the one the server was started with.
///
/// The body is a scenario file, as JSON or YAML; it cannot name other files. Appended events are gone, snapshots stay. A reset
/// returns to this scenario, a reload to the one the server was started with. The same request twice has the same effect as once.
#[utoipa::path(
    put, path = "/v1/scenario", tag = "changes",
    request_body(content(
        (ScenarioFile = "application/json"),
        (ScenarioFile = "application/yaml")
    )),
    responses(
        (status = OK, description = "The server serves the scenario.", body = PositionDocument),
        (status = CONFLICT, description = "The scenario has too many events.", body = Problem, content_type = "application/problem+json"),
        (status = UNPROCESSABLE_ENTITY, description = "The scenario cannot be read; the server keeps the current revision.", body = Problem, content_type = "application/problem+json")
    )
)]
async fn scenario(State(admin): State<Admin>, Text(text): Text) -> Result<Json<PositionDocument>, Problem> {
    change(admin, move |control| control.replace("scenario", &text)).await
}

/// Read the source again.
///
/// The server stays at the step it is at, if there still is one of that name; else it goes to where the scenario begins.
#[utoipa::path(
    post, path = "/v1/reload", tag = "changes",
    responses(
        (status = OK, description = "The source was read again.", body = PositionDocument),
        (status = UNPROCESSABLE_ENTITY, description = "The source is invalid; the server keeps the previous revision.", body = Problem, content_type = "application/problem+json")
    )
)]
async fn reload(State(admin): State<Admin>) -> Result<Json<PositionDocument>, Problem> {
    change(admin, Control::reload).await
}

/// Go back to what was read last, at the step it begins at. Snapshots stay.
#[utoipa::path(
    post, path = "/v1/reset", tag = "changes",
    responses((status = OK, description = "The server is at the start again.", body = PositionDocument))
)]
async fn reset(State(admin): State<Admin>) -> Result<Json<PositionDocument>, Problem> {
    change(admin, |control| Ok(control.reset())).await
}
