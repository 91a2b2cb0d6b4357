//! What is served now.

use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::blocking;
use super::{Admin, Problem, documents};
use crate::assess::Assessment;
use crate::estate::NetworkName;
use crate::output::findings::{self, SummaryDocument};
use crate::output::state::{EstateDocument, estate};
use crate::server::control::{Position, Reloads};

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::new().routes(routes!(state))
}

/// The position in the history.
#[derive(Serialize, ToSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub(super) struct PositionDocument {
    /// The revision that is served: how many events have happened.
    revision: u32,
    /// How many publications there have been; unlike the revision it only grows.
    generation: u64,
    /// The step it is at; absent where the history has no steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
}

impl PositionDocument {
    pub(super) fn of(position: &Position) -> Self {
        let step = position.step().map(|step| step.name.to_string());
        Self { revision: position.world.revision().0, generation: position.generation, step }
    }
}

/// How reading the source again went.
#[derive(Serialize, ToSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReloadDocument {
    /// How often it went well.
    succeeded: u64,
    /// How often it failed.
    failed: u64,
    /// When it was tried last (RFC 3339); absent if never.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<String>,
    /// Why the last one failed; absent if it went well.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

impl ReloadDocument {
    pub(super) fn of(reloads: &Reloads) -> Self {
        Self {
            succeeded: reloads.succeeded,
            failed: reloads.failed,
            last: reloads.last.map(timestamp),
            failure: reloads.failure.as_deref().map(str::to_owned),
        }
    }
}

/// A moment as RFC 3339 writes it, in whole milliseconds.
pub(super) fn timestamp(moment: SystemTime) -> String {
    match jiff::Timestamp::try_from(moment) {
        Ok(moment) => format!("{moment:.3}"),
        // A clock set beyond the year 9999.
        Err(_) => "unknown".to_owned(),
    }
}

/// What is served.
#[derive(Serialize, ToSchema, Debug)]
#[serde(rename_all = "camelCase")]
struct StateDocument {
    /// What the scenario is called; may be empty.
    title: String,
    /// Where it is read from.
    source: String,
    /// The cloud, by Azure's name.
    cloud: String,
    #[serde(flatten)]
    position: PositionDocument,
    /// The step a reset leads to; absent where the scenario has no steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    /// The steps of the history in order.
    steps: Vec<StepDocument>,
    /// Where queries of any network are answered by source address.
    listeners: Vec<String>,
    #[serde(flatten)]
    #[schema(value_type = documents::EstateDocument)]
    estate: EstateDocument,
    /// How reading the source again went.
    reload: ReloadDocument,
    /// How many names are not served, and how many findings there are; absent for a large estate, whose findings are at
    /// `/v1/findings`.
    #[schema(value_type = Option<documents::SummaryDocument>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    assessment: Option<SummaryDocument>,
}

#[derive(Serialize, ToSchema, Debug)]
#[serde(rename_all = "camelCase")]
struct StepDocument {
    name: String,
    /// One sentence about it; may be empty.
    about: String,
    /// The revision it ends at.
    revision: u32,
    /// Whether this is the current position.
    current: bool,
}

/// What is served now: the position in the history, and what the estate has.
#[utoipa::path(
    get, path = "/v1/state", tag = "state",
    responses((status = OK, description = "The state of the server.", body = StateDocument))
)]
async fn state(State(admin): State<Admin>) -> Result<Json<StateDocument>, Problem> {
    blocking(move || Ok(Json(document(&admin)))).await
}

fn document(admin: &Admin) -> StateDocument {
    let position = admin.control.position();
    let world = &position.world;
    let listeners = admin.control.service().snapshots().listeners();
    let steps = world.history.steps().iter().enumerate().map(|(index, step)| StepDocument {
        name: step.name.to_string(),
        about: step.about.to_string(),
        revision: step.end.0,
        current: position.step == Some(index),
    });
    let address_of = |network: &NetworkName| {
        let listener = listeners.iter().find(|bound| bound.network.as_ref() == Some(network));
        listener.map(|bound| bound.address.to_string())
    };
    StateDocument {
        title: position.title.to_string(),
        source: admin.control.source().name().to_owned(),
        cloud: world.history.cloud.to_string(),
        position: PositionDocument::of(&position),
        start: position.start().map(|step| step.name.to_string()),
        steps: steps.collect(),
        listeners: listeners
            .iter()
            .filter(|bound| bound.network.is_none())
            .map(|bound| bound.address.to_string())
            .collect(),
        estate: estate(world, address_of),
        reload: ReloadDocument::of(&position.reloads),
        assessment: Assessment::is_quick(world)
            .then(|| findings::summary_document(&admin.assessed.of(world, position.allow()))),
    }
}
