//! The page, and the value it draws.
//!
//! The value is made once for a history: stepping back and forth only moves what the page shows of it. Pages ask again
//! after every change, and learn from the tag that nothing is new.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::assessed::today;
use super::problem::blocking;
use super::{Admin, Problem};
use crate::compile::Compiled;
use crate::estate::History;
use crate::output::drawing::{TimelineView, steps};
use crate::output::page::{Page, html};
use crate::scenario::Allowance;
use crate::server::control::Position;

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::new().routes(routes!(page)).routes(routes!(story))
}

/// The largest value that is held, in bytes.
const MOST_KEPT: usize = 16 << 20;

/// The value of the history that was asked for last.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept(Arc<Mutex<Option<CachedTimeline>>>);

/// The document of a history.
#[derive(Clone, Debug)]
struct CachedTimeline {
    /// What it was made from. As long as it is held here, no other history has its address.
    history: Arc<History>,
    title: Arc<str>,
    allow: Arc<[Allowance]>,
    today: Date,
    start: Option<Arc<str>>,
    tag: String,
    json: Arc<str>,
}

impl Kept {
    fn of(&self, position: &Position) -> CachedTimeline {
        let start = position.start().map(|step| Arc::clone(&step.name));
        // A panic while the document is made leaves the last value, which is complete.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (history, today) = (&position.world.history, today());
        let same = |cached: &&CachedTimeline| {
            let accepts_the_same = cached.allow.is_empty() || cached.today == today;
            Arc::ptr_eq(&cached.history, history)
                && Arc::ptr_eq(&cached.allow, position.allow())
                && accepts_the_same
                && cached.title == position.title
                && cached.start == start
        };
        if let Some(cached) = kept.as_ref().filter(same) {
            return cached.clone();
        }
        let json: Arc<str> = value(position, start.as_deref(), today).into();
        let digest = Sha256::digest(json.as_bytes());
        let tag = digest.iter().take(12).fold(String::new(), |tag, octet| format!("{tag}{octet:02x}"));
        let cached = CachedTimeline {
            history: Arc::clone(history),
            title: Arc::clone(&position.title),
            allow: Arc::clone(position.allow()),
            today,
            start,
            tag: format!("\"{tag}\""),
            json,
        };
        // What is large is made again rather than held beside the answers.
        *kept = (cached.json.len() <= MOST_KEPT).then(|| cached.clone());
        cached
    }
}

/// The value as JSON.
fn value(position: &Position, start: Option<&str>, today: Date) -> String {
    let steps = steps(&position.world.history);
    let worlds = steps.iter().map(|step| Compiled::clone(&position.at_revision(step.end))).collect();
    let mut tale = TimelineView::of_worlds(steps, worlds, &[]).accept(position.allow(), today);
    let described = position.description();
    tale.title = Arc::clone(&position.title);
    tale.about = Arc::clone(&described.about);
    tale.source = Arc::clone(&described.source);
    tale.start = start.and_then(|name| tale.step(name)).unwrap_or(tale.start);
    let mut page = Page::of(&tale);
    page.scenario = described.argument.clone().filter(|_| position.is_as_read());
    serde_json::to_string(&page).expect("values of the page have string keys only")
}

/// The page: timeline, drawing, answers and explanations, following this server.
#[utoipa::path(
    get, path = "/", tag = "page",
    responses((status = OK, description = "One self-contained page.", body = String, content_type = "text/html"))
)]
async fn page() -> Response {
    let policy = format!("{}; frame-ancestors 'none'", *html::POLICY);
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(html::SERVED.as_str())).into_response()
}

/// The value the page draws: every step with its estate, drawing, findings, answers and explanations.
#[utoipa::path(
    get, path = "/v1/story", tag = "page",
    responses(
        (status = OK, description = "The data of the page, as `story --format html` embeds it.", body = serde_json::Value,
         headers(("etag" = String, description = "The version of the data; send it back as If-None-Match."))),
        (status = NOT_MODIFIED, description = "The data has the version in If-None-Match.")
    )
)]
async fn story(State(admin): State<Admin>, headers: HeaderMap) -> Result<Response, Problem> {
    let cached = blocking(move || Ok(admin.story.of(&admin.control.position()))).await?;
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let known = known.flat_map(|tags| tags.split(',')).any(|tag| tag.trim().trim_start_matches("W/") == cached.tag);
    let tag = [(header::ETAG, cached.tag)];
    if known {
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    Ok((tag, [(header::CONTENT_TYPE, "application/json")], cached.json.to_string()).into_response())
}
