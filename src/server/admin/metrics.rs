//! The numbers, for Prometheus.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::blocking;
use super::{Admin, Problem};
use crate::assess::Assessment;
use crate::output::findings::summary_document;
use crate::server::metrics::{CONTENT_TYPE, Family, text};

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::new().routes(routes!(metrics))
}

/// What the server has done, as numbers in Prometheus' text format.
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses((status = OK, description = "The metrics.", body = String, content_type = "text/plain"))
)]
async fn metrics(State(admin): State<Admin>) -> Result<Response, Problem> {
    let text = blocking(move || {
        let position = admin.control.position();
        let reloads = &position.reloads;
        let outcomes = [("succeeded".to_owned(), reloads.succeeded), ("failed".to_owned(), reloads.failed)];
        let mut others = vec![
            Family::by_label("ampls_dns_reloads_total", "Reloads of the source, by result.", true, "outcome", outcomes),
            Family::gauge(
                "ampls_dns_reload_failing",
                "1 if the last reload failed and the server keeps an older revision, else 0.",
                f64::from(u8::from(reloads.failure.is_some())),
            ),
            Family::counter(
                "ampls_dns_publications_total",
                "Number of revisions that were published.",
                position.generation,
            ),
        ];
        if Assessment::is_quick(&position.world) {
            let assessment = admin.assessed.of(&position.world, position.allow());
            let broken = assessment.counts().broken;
            others.push(Family::gauge(
                "ampls_dns_broken_names",
                "Pairs of a network and a public name that do not work and are meant to; absent for a large estate.",
                f64::from(u32::try_from(broken).unwrap_or(u32::MAX)),
            ));
            let found = summary_document(&assessment);
            let standings = [
                ("error", found.errors),
                ("warning", found.warnings),
                ("note", found.notes),
                ("accepted", found.accepted),
            ];
            others.push(Family::by_label(
                "ampls_dns_findings",
                "Findings by severity, and those that are accepted; absent for a large estate.",
                false,
                "severity",
                standings.map(|(word, number)| (word.to_owned(), number as u64)),
            ));
        }
        let service = admin.control.service();
        Ok(text(service.log(), service.faults(), &service.snapshots().world(), others))
    })
    .await?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}
