//! Who wrote a record set, and in which zone it is, as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::compile::zone::who;
use crate::compile::{Compiled, Owned, Writer, Zone};
use crate::dns::RecordSet;
use crate::estate::{Place, Revision};
use crate::resolve::explain::SpeakingZone;

/// A zone.
#[derive(Serialize, JsonSchema, Clone, PartialEq, Eq, Debug)]
#[serde(rename_all = "camelCase")]
pub struct ZoneDocument {
    /// Its resource group; absent in public DNS and for a zone from a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_group: Option<String>,
    /// Its name.
    pub name: String,
    /// The file it was read from; absent for other zones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// Who wrote a record set.
#[derive(Serialize, JsonSchema, Clone, PartialEq, Eq, Debug)]
#[serde(rename_all = "camelCase")]
pub struct WriterDocument {
    /// `endpoint`, `manual`, `zone`, `published`, `resource` or `file`.
    pub kind: &'static str,
    /// In words.
    pub by: String,
    /// The private endpoint whose zone group wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The scope of that endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The resource whose public name it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The zone file, or the file with the event of what was written by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line of its first record, or of that event, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// Who wrote a record set, and when.
#[derive(Serialize, JsonSchema, Clone, PartialEq, Eq, Debug)]
#[serde(rename_all = "camelCase")]
pub struct WrittenDocument {
    /// Who wrote it.
    #[serde(flatten)]
    pub writer: WriterDocument,
    /// The revision of the writing; 0 for what was there before any event.
    pub revision: u32,
    /// The step of that revision, if it is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}

impl From<SpeakingZone> for ZoneDocument {
    fn from(zone: SpeakingZone) -> Self {
        let SpeakingZone { apex, resource_group, file } = zone;
        Self {
            resource_group: resource_group.map(|group| group.to_string()),
            name: apex.to_string(),
            file: file.map(|file| file.to_string()),
        }
    }
}

impl ZoneDocument {
    /// A zone, public or private.
    pub fn of(zone: &Zone, private: bool) -> Self {
        let file = zone.file().map(ToString::to_string);
        let resource_group = (private && file.is_none()).then(|| zone.id.resource_group.to_string());
        Self { resource_group, name: zone.apex().to_string(), file }
    }
}

impl WriterDocument {
    /// A writer.
    pub fn of(writer: &Writer) -> Self {
        let none =
            Self { kind: "", by: who(writer), endpoint: None, scope: None, resource: None, file: None, line: None };
        match writer {
            Writer::Endpoint { endpoint, target } => Self {
                kind: "endpoint",
                endpoint: Some(endpoint.to_string()),
                scope: target.scope().map(ToString::to_string),
                resource: target.service().map(ToString::to_string),
                ..none
            },
            Writer::Manual => Self { kind: "manual", ..none },
            Writer::Registration(_) => Self { kind: "registration", ..none },
            Writer::Zone => Self { kind: "zone", ..none },
            Writer::Published { .. } => Self { kind: "published", ..none },
            Writer::Resource(resource) => Self { kind: "resource", resource: Some(resource.to_string()), ..none },
            Writer::File { file, line } => {
                Self { kind: "file", file: Some(file.to_string()), line: Some(*line), ..none }
            }
        }
    }
}

impl WriterDocument {
    /// A writer, and where the event of the writing is.
    pub fn at(writer: &Writer, place: Option<&Place>) -> Self {
        let document = Self::of(writer);
        match place {
            Some(place) => Self { file: Some(place.file.to_string()), line: Some(place.line), ..document },
            None => document,
        }
    }
}

impl WrittenDocument {
    /// How a record set came to be there.
    pub fn of(world: &Compiled, owned: &Owned) -> Self {
        let writer = WriterDocument::at(&owned.writer, world.place_of(owned));
        Self { writer, revision: owned.revision.0, step: step(world, owned.revision) }
    }
}

/// The step a revision is in.
pub(super) fn step(world: &Compiled, revision: Revision) -> Option<String> {
    world.history.step_of(revision).map(|step| step.name.to_string())
}

/// The data of a record set, in master-file form.
pub(super) fn data(set: &RecordSet) -> Vec<String> {
    set.data().iter().map(ToString::to_string).collect()
}
