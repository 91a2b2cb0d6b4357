//! Record sets, who wrote them, what they displaced, and what was deleted.

#![expect(unused_qualifications, reason = "the macro writes them for types of queries")]

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::{Asked, at, owner_name};
use super::problem::blocking;
use super::{Admin, Problem};
use crate::compile::zone::who;
use crate::compile::{Compiled, Owned, Writer, Zone};
use crate::dns::{OwnerName, RecordSet};
use crate::estate::Revision;

/// How many record sets are listed if nothing is said.
const DEFAULT_LIMIT: usize = 1000;
/// The most record sets that are listed at once.
const MAX_LIMIT: usize = 10_000;

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::new().routes(routes!(record_sets))
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

/// Record sets and what was deleted.
#[derive(Serialize, ToSchema, Debug)]
#[serde(rename_all = "camelCase")]
struct RecordSetsDocument {
    /// The revision they are from.
    revision: u32,
    /// How many there are, whatever the limit.
    total: usize,
    /// The record sets, by zone, name and type.
    record_sets: Vec<RecordSetDocument>,
    /// What was deleted from these zones and has not been written again.
    deleted: Vec<DeletedDocument>,
}

#[derive(Serialize, ToSchema, Clone, Debug)]
#[serde(rename_all = "camelCase")]
struct ZoneName {
    /// Its resource group; absent in public DNS.
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_group: Option<String>,
    /// Its name.
    name: String,
}

#[derive(Serialize, ToSchema, Debug)]
#[serde(rename_all = "camelCase")]
struct RecordSetDocument {
    zone: ZoneName,
    /// Owner name.
    name: String,
    r#type: String,
    /// Seconds.
    ttl: u32,
    /// In master-file form.
    data: Vec<String>,
    written: WrittenDocument,
    /// What stood there before, the newest first.
    displaced: Vec<DisplacedDocument>,
}

/// Who wrote a record set, and when.
#[derive(Serialize, ToSchema, Debug)]
#[serde(rename_all = "camelCase")]
struct WrittenDocument {
    /// `endpoint`, `hand`, `zone`, `published`, `resource` or `file`.
    kind: &'static str,
    /// In words.
    by: String,
    /// The private endpoint whose zone group wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    /// The scope of that endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    /// The revision of the writing; 0 for what was there before any event.
    revision: u32,
    /// The step of that revision, if it is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
}

#[derive(Serialize, ToSchema, Debug)]
#[serde(rename_all = "camelCase")]
struct DisplacedDocument {
    /// In master-file form.
    data: Vec<String>,
    written: WrittenDocument,
}

#[derive(Serialize, ToSchema, Debug)]
#[serde(rename_all = "camelCase")]
struct DeletedDocument {
    zone: ZoneName,
    /// Owner name.
    name: String,
    r#type: String,
    /// What was there last.
    data: Vec<String>,
    written: WrittenDocument,
    /// The revision of the deletion.
    revision: u32,
    /// The step of that revision, if it is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
}

/// Record sets of private zones with their provenance: who wrote each at which step, what it displaced, what was deleted.
#[utoipa::path(
    get, path = "/v1/record-sets", tag = "estate", params(RecordSetsQuery),
    responses(
        (status = OK, description = "The record sets.", body = RecordSetsDocument),
        (status = BAD_REQUEST, description = "The query cannot be used.", body = Problem, content_type = "application/problem+json"),
        (status = NOT_FOUND, description = "There is no such zone or step.", body = Problem, content_type = "application/problem+json")
    )
)]
async fn record_sets(
    State(admin): State<Admin>,
    Asked(query): Asked<RecordSetsQuery>,
) -> Result<Json<RecordSetsDocument>, Problem> {
    blocking(move || {
        let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Problem::bad(format!("`limit` is {limit}, and not between 1 and {MAX_LIMIT}")));
        }
        let name = query.name.as_deref().map(owner_name).transpose()?;
        let world = at(&admin, query.at.as_deref())?;
        let zones = zones(&world, query.zone.as_deref(), name.as_ref())?;
        let skipped = query.offset.unwrap_or(0);
        let mut listed =
            RecordSetsDocument { revision: world.revision().0, total: 0, record_sets: Vec::new(), deleted: Vec::new() };
        for (zone, id) in zones {
            for owned in
                zone.sets().into_iter().filter(|owned| name.as_ref().is_none_or(|one| one == owned.set.owner()))
            {
                if listed.total >= skipped && listed.record_sets.len() < limit {
                    listed.record_sets.push(record_set(&world, &id, &owned));
                }
                listed.total += 1;
            }
            let mut tombstones: Vec<_> = zone.tombstones().collect();
            tombstones.sort();
            for (owner, kind) in
                tombstones.into_iter().filter(|(owner, _)| name.as_ref().is_none_or(|one| one == *owner))
            {
                let Some(tombstone) = zone.tombstone(owner, kind).filter(|_| listed.deleted.len() < MAX_LIMIT) else {
                    continue;
                };
                listed.deleted.push(DeletedDocument {
                    zone: id.clone(),
                    name: owner.to_string(),
                    r#type: kind.to_string(),
                    data: data(&tombstone.last.set),
                    written: written(&world, &tombstone.last),
                    revision: tombstone.revision.0,
                    step: step(&world, tombstone.revision),
                });
            }
        }
        Ok(Json(listed))
    })
    .await
}

/// The zones that are meant, private ones first.
fn zones<'w>(
    world: &'w Compiled,
    wanted: Option<&str>,
    name: Option<&OwnerName>,
) -> Result<Vec<(&'w Zone, ZoneName)>, Problem> {
    let (group, apex) =
        match wanted.map(|text| text.rsplit_once('/').map_or((None, text), |(group, apex)| (Some(group), apex))) {
            None => (None, None),
            Some((group, apex)) => (group, Some(owner_name(apex)?)),
        };
    let mut found = Vec::new();
    for (id, linked) in &world.state.zones {
        if group.is_none_or(|group| group == &*id.resource_group) && apex.as_ref().is_none_or(|apex| *apex == id.apex) {
            let resource_group = Some(id.resource_group.to_string());
            found.push((&*linked.zone, ZoneName { resource_group, name: id.apex.to_string() }));
        }
    }
    if group.is_none() && (apex.is_some() || name.is_some()) {
        let public = world.state.public.zones().filter(|zone| match (&apex, name) {
            (Some(apex), _) => apex == zone.apex(),
            (None, Some(name)) => name.is_within(zone.apex()),
            (None, None) => false,
        });
        let mut public: Vec<_> = public.collect();
        public.sort_by(|one, other| one.apex().cmp(other.apex()));
        let public = public.into_iter();
        found.extend(public.map(|zone| (&**zone, ZoneName { resource_group: None, name: zone.apex().to_string() })));
    }
    match wanted {
        Some(wanted) if found.is_empty() => Err(Problem::missing(format!("there is no zone {wanted:?} at this step"))),
        _ => Ok(found),
    }
}

fn record_set(world: &Compiled, zone: &ZoneName, owned: &Owned) -> RecordSetDocument {
    let mut displaced = Vec::new();
    let mut before = owned.displaced.as_deref();
    while let Some(one) = before {
        displaced.push(DisplacedDocument { data: data(&one.set), written: written(world, one) });
        before = one.displaced.as_deref();
    }
    RecordSetDocument {
        zone: zone.clone(),
        name: owned.set.owner().to_string(),
        r#type: owned.set.kind().to_string(),
        ttl: owned.set.ttl(),
        data: data(&owned.set),
        written: written(world, owned),
        displaced,
    }
}

fn written(world: &Compiled, owned: &Owned) -> WrittenDocument {
    let (kind, endpoint, scope) = match &owned.writer {
        Writer::Endpoint { endpoint, scope } => ("endpoint", Some(endpoint.to_string()), Some(scope.to_string())),
        Writer::Manual => ("hand", None, None),
        Writer::File { .. } => ("file", None, None),
        Writer::Zone => ("zone", None, None),
        Writer::Published { .. } => ("published", None, None),
        Writer::Resource(_) => ("resource", None, None),
    };
    let (by, revision) = (who(&owned.writer), owned.revision.0);
    WrittenDocument { kind, by, endpoint, scope, revision, step: step(world, owned.revision) }
}

fn data(set: &RecordSet) -> Vec<String> {
    set.data().iter().map(ToString::to_string).collect()
}

fn step(world: &Compiled, revision: Revision) -> Option<String> {
    world.history.step_of(revision).map(|step| step.name.to_string())
}
