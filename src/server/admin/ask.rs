//! Reading requests: bodies, queries and paths, each mistake a problem document.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;

use super::{Admin, MAX_BODY_OCTETS, Problem};
use crate::compile::{Compiled, ViewId};
use crate::dns::OwnerName;

/// The most names a message lists.
const MAX_KNOWN: usize = 40;

/// How long a body may take to arrive.
const BODY_TIME: std::time::Duration = std::time::Duration::from_secs(10);

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let kind = media_type(request.headers());
        if !(kind == "application/json" || kind.starts_with("application/") && kind.ends_with("+json")) {
            return Err(unsupported(&kind, "application/json"));
        }
        let text = octets(request).await?;
        let read = serde_json::from_slice(&text);
        read.map(Self).map_err(|error| Problem::bad(format!("invalid request body: {error}")))
    }
}

/// A body of YAML, which JSON is as well, as it was sent.
pub(super) struct Text(pub(super) Vec<u8>);

impl<S: Sync> FromRequest<S> for Text {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let kind = media_type(request.headers());
        let known =
            ["application/json", "application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "text/plain"];
        if !known.contains(&kind.as_str()) {
            return Err(unsupported(&kind, "application/json or application/yaml"));
        }
        octets(request).await.map(Self)
    }
}

/// The part after the question mark.
pub(super) struct UrlQuery<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for UrlQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(error) => Err(Problem::bad(format!("invalid query parameters: {}", error.body_text()))),
        }
    }
}

/// A name in the path.
pub(super) struct PathName(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for PathName {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(name)) => Ok(Self(name)),
            Err(error) => Err(Problem::bad(format!("invalid path: {}", error.body_text()))),
        }
    }
}

fn media_type(headers: &axum::http::HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn unsupported(kind: &str, wanted: &str) -> Problem {
    let found = if kind.is_empty() { "the body has no media type".to_owned() } else { format!("the body is {kind}") };
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("{found}; send {wanted} with its Content-Type"))
}

async fn octets(request: Request) -> Result<Vec<u8>, Problem> {
    let body = axum::body::to_bytes(request.into_body(), MAX_BODY_OCTETS);
    match tokio::time::timeout(BODY_TIME, body).await {
        Ok(Ok(octets)) => Ok(octets.into()),
        Ok(Err(_)) => {
            let detail = format!("the body cannot be read, or has more than {} MiB", MAX_BODY_OCTETS >> 20);
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail))
        }
        Err(_) => {
            let detail = format!("the body did not arrive within {} s", BODY_TIME.as_secs());
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, detail))
        }
    }
}

/// The estate at a step's name or a revision; what is served without either.
pub(super) fn at(admin: &Admin, text: Option<&str>) -> Result<Arc<Compiled>, Problem> {
    let position = admin.control.position();
    let Some(text) = text else { return Ok(Arc::clone(&position.world)) };
    position.at(text).ok_or_else(|| {
        let steps: Vec<&str> = position.world.history.steps().iter().map(|step| &*step.name).collect();
        let last = position.world.history.last();
        Problem::missing(format!(
            "there is no step or revision {text:?}; the steps are {}, and revisions go up to {last}",
            steps.join(", ")
        ))
    })
}

/// The view of a network; `public` is the public view unless a network has that name.
pub(super) fn network(world: &Compiled, name: &str) -> Result<ViewId, Problem> {
    match world.views.of_network(name) {
        Some(view) => Ok(view),
        None if name == "public" => Ok(ViewId::PUBLIC),
        None => {
            let known: Vec<&str> = world.state.networks.keys().map(|name| name.as_str()).take(MAX_KNOWN).collect();
            let detail = format!("there is no network {name:?} at this step; there are {}, public", known.join(", "));
            Err(Problem::missing(detail))
        }
    }
}

/// A name from the query.
pub(super) fn owner_name(text: &str) -> Result<OwnerName, Problem> {
    OwnerName::parse(text).map_err(|error| Problem::bad(format!("{text:?} is not a valid domain name: {error}")))
}
