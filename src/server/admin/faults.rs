//! Faults on purpose: list, set and clear them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::{Body, PathName};
use super::queries::{rcode, transport};
use super::{Admin, Problem};
use crate::dns::{Rcode, Transport};
use crate::server::faults::{Armed, Fault, FaultEffect, FaultError, FaultFilter};

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::new().routes(routes!(list, set, clear_all)).routes(routes!(clear))
}

/// What the fault does to replies.
#[derive(Deserialize, Serialize, ToSchema, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "camelCase")]
enum EffectName {
    /// There is no reply.
    Drop,
    /// The code in `rcode`, and no records.
    Rcode,
    /// TC and no records, over UDP; over TCP such a fault does nothing.
    Truncate,
    /// The answer of the revision before.
    Stale,
}

/// A fault: at least a `effect` or a delay. What is absent of `name`, `type`, `network` and `transport` does not matter.
#[derive(Deserialize, Serialize, ToSchema, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FaultDocument {
    /// What the fault does to replies.
    #[serde(skip_serializing_if = "Option::is_none")]
    effect: Option<EffectName>,
    /// The code of `effect: rcode`: SERVFAIL if nothing else is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    rcode: Option<String>,
    /// Delay of replies.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 60_000)]
    delay_milliseconds: u64,
    /// The name asked for; `*.azure.com` is every name below `azure.com`.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The type asked for, such as `AAAA`.
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<String>,
    /// The network whose view is asked, or `public`.
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<String>,
    /// `udp` or `tcp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^(udp|tcp)$")]
    transport: Option<String>,
    /// Of the queries it could hit, how many it does: from 0 for none to 1 for all.
    #[serde(default = "all")]
    #[schema(minimum = 0, maximum = 1, default = 1)]
    share: f64,
    /// Seed of the random generator: the same seed hits the same of the queries that match, in the order they arrive.
    #[serde(default)]
    seed: u64,
    /// How many seconds it lasts; without it until it is cleared.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 31_536_000)]
    seconds: Option<f64>,
}

/// The longest a fault may last: a year.
const LONGEST: f64 = 31_536_000.0;

fn all() -> f64 {
    1.0
}

/// A fault that is set.
#[derive(Serialize, ToSchema, Debug)]
#[serde(rename_all = "camelCase")]
struct SetFaultDocument {
    /// Its number.
    number: u32,
    /// What it does, in words.
    about: String,
    /// What was asked for.
    fault: FaultDocument,
    /// How many queries it could have hit.
    matched: u64,
    /// How many it did.
    hits: u64,
    /// How many seconds are left; absent if it lasts until it is cleared.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds_left: Option<f64>,
}

/// How many faults were cleared.
#[derive(Serialize, ToSchema, Debug)]
struct Cleared {
    cleared: usize,
}

impl FaultDocument {
    fn fault(&self) -> Result<Fault, Problem> {
        let effect = match (self.effect, &self.rcode) {
            (Some(EffectName::Rcode), code) => {
                Some(FaultEffect::Rcode(code.as_deref().map(rcode).transpose()?.unwrap_or(Rcode::SERVFAIL)))
            }
            (_, Some(_)) => return Err(Problem::bad("`rcode` goes with `effect: rcode` only")),
            (Some(EffectName::Drop), None) => Some(FaultEffect::Drop),
            (Some(EffectName::Truncate), None) => Some(FaultEffect::Truncate),
            (Some(EffectName::Stale), None) => Some(FaultEffect::Stale),
            (None, None) => None,
        };
        // JSON numbers of other languages end there.
        if i64::try_from(self.seed).is_err() {
            return Err(Problem::bad(format!("invalid seed {}, expected 0 to {}", self.seed, i64::MAX)));
        }
        let name = self.name.as_deref().map(str::parse).transpose();
        let kind = self.r#type.as_deref().map(str::parse).transpose();
        let lasts = match self.seconds {
            Some(seconds) if !(0.0..=LONGEST).contains(&seconds) => {
                return Err(Problem::bad(format!("invalid `seconds` {seconds}, expected 0 to {LONGEST}")));
            }
            seconds => seconds.map(Duration::from_secs_f64),
        };
        Ok(Fault {
            scope: FaultFilter {
                name: name.map_err(|error| Problem::bad(format!("invalid name: {error}")))?,
                kind: kind.map_err(|error| Problem::bad(format!("invalid type: {error}")))?,
                network: self.network.clone(),
                transport: self.transport.as_deref().map(transport).transpose()?,
            },
            share: self.share,
            seed: self.seed,
            lasts,
            delay: Duration::from_millis(self.delay_milliseconds),
            effect,
        })
    }

    fn of(fault: &Fault) -> Self {
        let Fault { scope, share, seed, lasts, delay, effect } = fault;
        let FaultFilter { name, kind, network, transport } = scope;
        Self {
            effect: effect.map(|effect| match effect {
                FaultEffect::Drop => EffectName::Drop,
                FaultEffect::Rcode(_) => EffectName::Rcode,
                FaultEffect::Truncate => EffectName::Truncate,
                FaultEffect::Stale => EffectName::Stale,
            }),
            rcode: match effect {
                Some(FaultEffect::Rcode(code)) => Some(code.to_string()),
                _ => None,
            },
            delay_milliseconds: u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
            name: name.as_ref().map(ToString::to_string),
            r#type: kind.map(|kind| kind.to_string()),
            network: network.clone(),
            transport: transport.map(|transport| Transport::name(transport).to_owned()),
            share: *share,
            seed: *seed,
            seconds: lasts.map(|lasts| lasts.as_secs_f64()),
        }
    }
}

impl SetFaultDocument {
    fn of(armed: &Armed, now: Instant) -> Self {
        Self {
            number: armed.number,
            about: armed.fault.to_string(),
            fault: FaultDocument::of(&armed.fault),
            matched: armed.matched(),
            hits: armed.hits(),
            seconds_left: armed.until.map(|until| until.saturating_duration_since(now).as_secs_f64()),
        }
    }
}

/// The faults that are set, the oldest first.
#[utoipa::path(
    get, path = "/v1/faults", tag = "faults",
    responses((status = OK, description = "The faults.", body = [SetFaultDocument]))
)]
async fn list(State(admin): State<Admin>) -> Json<Vec<SetFaultDocument>> {
    let now = Instant::now();
    let current = admin.control.service().faults().current(now);
    Json(current.iter().map(|one| SetFaultDocument::of(one, now)).collect())
}

/// Set a fault. Of several that match a query, the oldest that hits is applied, alone.
#[utoipa::path(
    post, path = "/v1/faults", tag = "faults", request_body = FaultDocument,
    responses(
        (status = CREATED, description = "The fault is set.", body = SetFaultDocument),
        (status = BAD_REQUEST, description = "The fault is invalid.", body = Problem, content_type = "application/problem+json"),
        (status = CONFLICT, description = "The limit is reached.", body = Problem, content_type = "application/problem+json")
    )
)]
async fn set(
    State(admin): State<Admin>,
    Body(wanted): Body<FaultDocument>,
) -> Result<(StatusCode, Json<SetFaultDocument>), Problem> {
    let now = Instant::now();
    let fault = wanted.fault()?;
    let known = |network: &String| {
        let world = admin.control.service().snapshots().world();
        network == "public" || world.views.of_network(network).is_some()
    };
    if let Some(network) = fault.scope.network.as_ref().filter(|network| !known(network)) {
        let shown: String = network.chars().take(80).collect();
        return Err(Problem::bad(format!(
            "there is no network `{shown}`; write one that /v1/state lists, or `public`"
        )));
    }
    let set: Arc<Armed> = admin.control.service().faults().set(fault, now).map_err(|error| match error {
        FaultError::TooMany => Problem::new(StatusCode::CONFLICT, error.to_string()),
        other => Problem::bad(other.to_string()),
    })?;
    tracing::info!(fault = set.number, about = %set.fault, "fault set");
    Ok((StatusCode::CREATED, Json(SetFaultDocument::of(&set, now))))
}

/// Clear all faults.
#[utoipa::path(
    delete, path = "/v1/faults", tag = "faults",
    responses((status = OK, description = "All faults are cleared.", body = Cleared))
)]
async fn clear_all(State(admin): State<Admin>) -> Json<Cleared> {
    Json(Cleared { cleared: admin.control.service().faults().clear_all(Instant::now()) })
}

/// Clear one fault.
#[utoipa::path(
    delete, path = "/v1/faults/{number}", tag = "faults",
    params(("number" = u32, Path, description = "The number of the fault.")),
    responses(
        (status = NO_CONTENT, description = "The fault is cleared."),
        (status = NOT_FOUND, description = "No fault has that number.", body = Problem, content_type = "application/problem+json")
    )
)]
async fn clear(State(admin): State<Admin>, PathName(number): PathName) -> Result<StatusCode, Problem> {
    let cleared = number.parse().is_ok_and(|number| admin.control.service().faults().clear(number, Instant::now()));
    let shown: String = number.chars().take(80).collect();
    cleared.then_some(StatusCode::NO_CONTENT).ok_or_else(|| Problem::missing(format!("there is no fault {shown}")))
}
