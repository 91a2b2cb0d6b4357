//! Record sets, who wrote them, what they overwrote, and what was deleted.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::provenance::{WrittenDocument, ZoneDocument, data, step};
use crate::compile::{Compiled, Owned, Zone};
use crate::dns::OwnerName;

/// Which record sets are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The zone's name; without it and without a name: all private zones.
    pub apex: Option<OwnerName>,
    /// The resource group of the zone.
    pub resource_group: Option<String>,
    /// The owner name. With a zone or a name, zones of public DNS are listed as well.
    pub name: Option<OwnerName>,
    /// How many to leave out before.
    pub offset: usize,
    /// The most record sets wanted.
    pub limit: usize,
}

/// Record sets and what was deleted.
#[derive(Serialize, JsonSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct RecordSetsDocument {
    /// The revision they are from.
    pub revision: u32,
    /// How many there are, regardless of the limit.
    pub total: usize,
    /// The record sets, by zone, name and type.
    pub record_sets: Vec<RecordSetDocument>,
    /// What was deleted from these zones and has not been written again.
    pub deleted: Vec<DeletedDocument>,
}

/// A record set with its provenance.
#[derive(Serialize, JsonSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct RecordSetDocument {
    /// The zone it is in.
    pub zone: ZoneDocument,
    /// Owner name.
    pub name: String,
    /// Type.
    pub r#type: String,
    /// Seconds.
    pub ttl: u32,
    /// In master-file form.
    pub data: Vec<String>,
    /// Who wrote it, and when.
    pub written: WrittenDocument,
    /// What it overwrote, the newest first.
    pub overwritten: Vec<OverwrittenDocument>,
}

/// A record set that another overwrote.
#[derive(Serialize, JsonSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct OverwrittenDocument {
    /// In master-file form.
    pub data: Vec<String>,
    /// Who wrote it, and when.
    pub written: WrittenDocument,
}

/// A record set that was deleted.
#[derive(Serialize, JsonSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct DeletedDocument {
    /// The zone it was in.
    pub zone: ZoneDocument,
    /// Owner name.
    pub name: String,
    /// Type.
    pub r#type: String,
    /// What was there last.
    pub data: Vec<String>,
    /// Who wrote that, and when.
    pub written: WrittenDocument,
    /// The revision of the deletion.
    pub revision: u32,
    /// The step of that revision, if it is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}

/// The record sets that pass the filter; absent if no zone does.
pub fn document(world: &Compiled, filter: &Filter) -> Option<RecordSetsDocument> {
    let zones = zones(world, filter);
    if zones.is_empty() && filter.apex.is_some() {
        return None;
    }
    let wanted = |owner: &OwnerName| filter.name.as_ref().is_none_or(|name| name == owner);
    let mut listed =
        RecordSetsDocument { revision: world.revision().0, total: 0, record_sets: Vec::new(), deleted: Vec::new() };
    for (zone, id) in zones {
        for owned in zone.sets().iter().filter(|owned| wanted(owned.set.owner())) {
            if listed.total >= filter.offset && listed.record_sets.len() < filter.limit {
                listed.record_sets.push(record_set(world, &id, owned));
            }
            listed.total += 1;
        }
        let mut tombstones: Vec<_> = zone.tombstones().filter(|(owner, _)| wanted(owner)).collect();
        tombstones.sort();
        for (owner, kind) in tombstones {
            let Some(tombstone) = zone.tombstone(owner, kind).filter(|_| listed.deleted.len() < filter.limit) else {
                continue;
            };
            listed.deleted.push(DeletedDocument {
                zone: id.clone(),
                name: owner.to_string(),
                r#type: kind.to_string(),
                data: data(&tombstone.last.set),
                written: WrittenDocument::of(world, &tombstone.last),
                revision: tombstone.revision.0,
                step: step(world, tombstone.revision),
            });
        }
    }
    Some(listed)
}

/// The zones that are meant, private ones first, then zones from files, then public DNS.
fn zones<'w>(world: &'w Compiled, filter: &Filter) -> Vec<(&'w Zone, ZoneDocument)> {
    let state = &world.state;
    let named = |zone: &Zone| filter.apex.as_ref().is_none_or(|apex| apex == zone.apex());
    let private = state.zones.iter().filter(|(id, _)| {
        filter.resource_group.as_ref().is_none_or(|group| **group == *id.resource_group)
            && filter.apex.as_ref().is_none_or(|apex| *apex == id.apex)
    });
    let mut found: Vec<(&Zone, ZoneDocument)> =
        private.map(|(_, linked)| (&*linked.zone, ZoneDocument::of(&linked.zone, true))).collect();
    if filter.resource_group.is_some() || filter.apex.is_none() && filter.name.is_none() {
        return found;
    }
    let holding = |zone: &Zone| match &filter.apex {
        Some(_) => named(zone),
        None => filter.name.as_ref().is_some_and(|name| name.is_within(zone.apex())),
    };
    let files = state.files.zones();
    let mut others: Vec<&Zone> = files.into_iter().map(|zone| &**zone).filter(|zone| holding(zone)).collect();
    others.sort_by(|one, other| one.apex().cmp(other.apex()).then_with(|| one.file().cmp(&other.file())));
    let mut public: Vec<&Zone> = state.public.zones().map(|zone| &**zone).filter(|zone| holding(zone)).collect();
    public.sort_by(|one, other| one.apex().cmp(other.apex()));
    found.extend(others.into_iter().chain(public).map(|zone| (zone, ZoneDocument::of(zone, false))));
    found
}

fn record_set(world: &Compiled, zone: &ZoneDocument, owned: &Owned) -> RecordSetDocument {
    let mut overwritten = Vec::new();
    let mut before = owned.overwritten.as_deref();
    while let Some(one) = before {
        overwritten.push(OverwrittenDocument { data: data(&one.set), written: WrittenDocument::of(world, one) });
        before = one.overwritten.as_deref();
    }
    RecordSetDocument {
        zone: zone.clone(),
        name: owned.set.owner().to_string(),
        r#type: owned.set.kind().to_string(),
        ttl: owned.set.ttl(),
        data: data(&owned.set),
        written: WrittenDocument::of(world, owned),
        overwritten,
    }
}

/// Record sets as `records` prints them: zone by zone, each with who wrote it and what it overwrote.
pub fn text(document: &RecordSetsDocument) -> String {
    let mut text = String::new();
    let mut zone = None;
    for set in &document.record_sets {
        heading(&mut text, &mut zone, &set.zone);
        let _ = writeln!(text, "  {} {} {} {}", set.name, set.ttl, set.r#type, set.data.join(", "));
        let _ = writeln!(text, "    written by {}", written(&set.written));
        for one in &set.overwritten {
            let _ = writeln!(text, "    overwrote {}, written by {}", one.data.join(", "), written(&one.written));
        }
    }
    for one in &document.deleted {
        heading(&mut text, &mut zone, &one.zone);
        let _ = writeln!(text, "  {} {} was deleted{}", one.name, one.r#type, in_step(one.step.as_deref()));
        let _ = writeln!(text, "    it was {}, written by {}", one.data.join(", "), written(&one.written));
    }
    let left = document.total - document.record_sets.len();
    if left > 0 {
        let _ = writeln!(text, "{left} more; select with --zone, --name, --offset and --limit");
    }
    text
}

fn heading<'d>(text: &mut String, last: &mut Option<&'d ZoneDocument>, zone: &'d ZoneDocument) {
    if *last == Some(zone) {
        return;
    }
    *last = Some(zone);
    let _ = match (&zone.resource_group, &zone.file) {
        (Some(group), _) => writeln!(text, "private zone {} in {group}", zone.name),
        (None, Some(file)) => writeln!(text, "zone {} from {file}", zone.name),
        (None, None) => writeln!(text, "public zone {}", zone.name),
    };
}

fn written(written: &WrittenDocument) -> String {
    let step = in_step(written.step.as_deref());
    match (&written.writer.file, written.writer.line) {
        // The name of a zone file's author is the place itself.
        (Some(file), Some(line)) if written.writer.kind == "manual" => {
            format!("{}{step} ({file}:{line})", written.writer.by)
        }
        _ => format!("{}{step}", written.writer.by),
    }
}

fn in_step(step: Option<&str>) -> String {
    step.map_or_else(String::new, |step| format!(" in step {step}"))
}
