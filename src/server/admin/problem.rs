//! Problem documents (RFC 9457): what was wrong with a request, and what to do.

use std::any::Any;
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::scenario::ScenarioErrors;
use crate::server::control::ControlError;

/// How long a request may take. Waiting for a query is bounded by its own time-out, which is shorter.
const TIME: Duration = Duration::from_secs(120);
/// The most errors of one text that are reported.
const MAX_ERRORS: usize = 50;

/// What was wrong with a request. Nothing was changed.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// What kind of problem it is: `about:blank` where the status says it all.
    pub r#type: &'static str,
    /// The kind in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What happened here, and what to do.
    pub detail: String,
    /// The revision that is served, where events were built on another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_revision: Option<u32>,
    /// The generation that is served, where events were built on another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// What is wrong with the text that was sent, place by place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<TextError>,
}

/// Something wrong in a text that was sent.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct TextError {
    /// What was found.
    pub detail: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// How many characters it is about.
    pub width: u32,
    /// Code of the finding it is, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Problem {
    /// A problem that its status says all of.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("error");
        let detail = detail.into();
        let errors = Vec::new();
        Self {
            r#type: "about:blank",
            title,
            status: status.as_u16(),
            detail,
            current_revision: None,
            generation: None,
            errors,
        }
    }

    /// A request that cannot be read.
    pub fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// Something named that is not there.
    pub fn missing(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    fn kind(mut self, r#type: &'static str, title: &'static str) -> Self {
        (self.r#type, self.title) = (r#type, title);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).expect("a problem has string keys only");
        (status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))], body).into_response()
    }
}

impl From<ControlError> for Problem {
    fn from(error: ControlError) -> Self {
        let detail = error.to_string();
        match error {
            ControlError::NoStep(_) | ControlError::NoSnapshot { .. } => Self::missing(detail),
            ControlError::AtEnd | ControlError::AtStart => Self::new(StatusCode::CONFLICT, detail)
                .kind("urn:ampls-dns:problem:no-further-step", "There is no further step"),
            ControlError::TooManySnapshots | ControlError::TooManyEvents => Self::new(StatusCode::CONFLICT, detail),
            ControlError::Stale { current, generation, .. } => Self {
                current_revision: Some(current.0),
                generation: Some(generation),
                ..Self::new(StatusCode::CONFLICT, detail)
                    .kind("urn:ampls-dns:problem:stale", "Built on another revision")
            },
            ControlError::Mistakes(_) | ControlError::Origin(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail),
            ControlError::BuiltOnNothing | ControlError::NoEvents | ControlError::BadSnapshotName { .. } => {
                Self::bad(detail)
            }
            ControlError::Events(errors) | ControlError::Scenario(errors) => Self::from(errors),
            ControlError::Reload { .. } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
                .kind("urn:ampls-dns:problem:reload-failed", "The server keeps the previous revision"),
        }
    }
}

impl From<ScenarioErrors> for Problem {
    fn from(told: ScenarioErrors) -> Self {
        let number = told.errors.len();
        let detail = match told.errors.first() {
            Some(first) if number == 1 => {
                format!("line {}, column {}: {}", first.place.line, first.place.column, first.message)
            }
            Some(first) => format!(
                "{number} errors; the first in line {}, column {}: {}",
                first.place.line, first.place.column, first.message
            ),
            None => "the events cannot be read".to_owned(),
        };
        let errors = told.errors.into_iter().take(MAX_ERRORS).map(|error| TextError {
            detail: error.message,
            line: error.place.line,
            column: error.place.column,
            width: error.width,
            code: error.code,
            hint: error.hint,
        });
        let errors = errors.collect();
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail);
        Self { errors, ..problem.kind("urn:ampls-dns:problem:events", "The events cannot be read") }
    }
}

/// Does what may take long, or blocks, beside the event loop.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => {
            let told = error.try_into_panic().map(|panic| message(&*panic));
            tracing::error!(error = told.unwrap_or_default(), "an admin request panicked");
            Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the request failed; see the log of the server"))
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// What there is no route for.
pub(super) async fn no_route(request: Request) -> Problem {
    Problem::missing(format!("unknown path {}; /openapi.json lists all paths", request.uri().path()))
}

/// What there is a route for, by another method.
pub(super) async fn no_method(request: Request) -> Problem {
    let detail = format!(
        "method {} is not allowed at {}; /openapi.json lists all methods",
        request.method(),
        request.uri().path()
    );
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}

/// Ends what takes too long.
pub(super) async fn bounded_in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(TIME, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let detail = format!("the request took longer than {} s", TIME.as_secs());
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).into_response()
        }
    }
}
