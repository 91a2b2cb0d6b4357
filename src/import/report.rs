//! What an import found, and what it did not find.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

/// The most places of one remark that are kept.
const MAX_PLACES: usize = 100;

/// Where something was stated.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// The file as it was named.
    pub file: Arc<str>,
    /// JSON pointer (RFC 6901); absent for zone files, empty for the whole document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)?;
        match self.pointer.as_deref() {
            None | Some("") => Ok(()),
            Some(pointer) => write!(f, " ({pointer})"),
        }
    }
}

/// What a remark is about, the gravest first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Topic {
    /// Two artefacts say different things of one object. The first one wins.
    Contradiction,
    /// What was stated does not fit together.
    Inconsistent,
    /// Objects and properties that could change DNS and were not read.
    NotRead,
    /// Something is referred to and not there.
    Missing,
    /// An expression or value that cannot be known from the artefacts.
    Unresolved,
    /// Values Azure has not given yet, allocated as Azure would.
    Predicted,
    /// What follows from other things that were stated.
    Inferred,
    /// Who wrote last.
    Order,
    /// Manual changes of record sets. Nothing in the import writes or deletes them.
    ByHand,
    /// Objects of kinds that have no part in this.
    Unsupported,
    /// Properties that were not read.
    UnknownProperty,
}

impl Topic {
    /// All, in order.
    pub const ALL: [Self; 11] = [
        Self::Contradiction,
        Self::Inconsistent,
        Self::NotRead,
        Self::Missing,
        Self::Unresolved,
        Self::Predicted,
        Self::Inferred,
        Self::Order,
        Self::ByHand,
        Self::Unsupported,
        Self::UnknownProperty,
    ];

    /// As a heading.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Contradiction => "contradictions",
            Self::Inconsistent => "inconsistent",
            Self::NotRead => "not read",
            Self::Missing => "missing",
            Self::Unresolved => "not resolved",
            Self::Predicted => "predicted",
            Self::Inferred => "inferred",
            Self::Order => "order of writes",
            Self::ByHand => "record sets by hand",
            Self::Unsupported => "not used",
            Self::UnknownProperty => "properties that were not read",
        }
    }
}

/// One thing worth telling about an import.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Remark {
    /// What it is about.
    pub topic: Topic,
    /// What was found.
    pub text: String,
    /// Where; for contradictions every place that says something else.
    pub places: Vec<Provenance>,
    /// The command that gets what is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub get: Option<String>,
    /// True if what was not read could change DNS: then the import is partial.
    pub changes_dns: bool,
}

impl Remark {
    /// True if it makes the import partial: something that could change DNS was not read, is not known, or is stated in two ways.
    pub fn makes_partial(&self) -> bool {
        self.changes_dns || self.topic == Topic::Contradiction
    }
}

/// What was read from one file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileRead {
    /// Its name.
    pub file: Arc<str>,
    /// What it was taken for.
    pub kind: String,
    /// How many objects it mentioned.
    pub objects: usize,
}

/// An object that a file declares.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectRead {
    /// Its resource type in lower case, such as `microsoft.network/privatednszones/a`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its names from the outermost resource in, joined with slashes.
    pub name: String,
    /// Where it is declared.
    pub place: Provenance,
}

/// What an import found.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The files, in the order given.
    pub files: Vec<FileRead>,
    /// The objects that the files declare, in the order read; one that several files declare is in it several times.
    pub objects: Vec<ObjectRead>,
    /// Remarks, by topic, each topic in the order found.
    pub remarks: Vec<Remark>,
    /// Where each remark is while they are gathered.
    #[serde(skip)]
    known: HashMap<(Topic, String), usize>,
}

impl Report {
    /// True if two artefacts say different things of one object.
    pub fn has_contradictions(&self) -> bool {
        self.of(Topic::Contradiction).next().is_some()
    }

    /// True if something that could change DNS was not read, or is not known from the files.
    pub fn is_partial(&self) -> bool {
        self.remarks.iter().any(|remark| remark.changes_dns)
    }

    /// The remarks of one topic.
    pub fn of(&self, topic: Topic) -> impl Iterator<Item = &Remark> {
        self.remarks.iter().filter(move |remark| remark.topic == topic)
    }

    /// Adds a remark, unless the same was stated already. What is not read, missing or unresolved could change DNS.
    pub(super) fn add(&mut self, topic: Topic, text: impl Into<String>, places: Vec<Provenance>, get: Option<String>) {
        let changes_dns = matches!(topic, Topic::NotRead | Topic::Missing | Topic::Unresolved);
        self.add_remark(Remark { topic, text: text.into(), places, get, changes_dns });
    }

    /// Adds a remark about something that has no part in DNS: it decides who may do what, or who sends where.
    pub(super) fn add_beside(&mut self, topic: Topic, text: String, places: Vec<Provenance>, get: Option<String>) {
        self.add_remark(Remark { topic, text, places, get, changes_dns: false });
    }

    /// Adds a remark about a property that was not read. What is new to the importer can change DNS where it is a property of
    /// something that decides what names resolve to.
    pub(super) fn add_property(&mut self, text: String, places: Vec<Provenance>, changes_dns: bool) {
        self.add_remark(Remark { topic: Topic::UnknownProperty, text, places, get: None, changes_dns });
    }

    fn add_remark(&mut self, remark: Remark) {
        let Remark { topic, text, places, get, changes_dns } = remark;
        match self.known.entry((topic, text.clone())) {
            Entry::Occupied(at) => {
                let one = &mut self.remarks[*at.get()];
                for place in places {
                    if one.places.len() < MAX_PLACES && !one.places.contains(&place) {
                        one.places.push(place);
                    }
                }
            }
            Entry::Vacant(new) => {
                new.insert(self.remarks.len());
                self.remarks.push(Remark { topic, text, places, get, changes_dns });
            }
        }
    }

    /// Puts the remarks in the order of their topics, when all are found.
    pub(super) fn close(&mut self) {
        self.known.clear();
        self.remarks.sort_by_key(|remark| remark.topic);
    }
}

/// Why a file cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportError {
    /// Where.
    pub place: Provenance,
    /// What was found.
    pub message: String,
    /// What to do; absent where the message says it all.
    pub hint: Option<String>,
}

impl std::error::Error for ImportError {}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\n --> {}", self.message, self.place)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhelp: {hint}"),
            None => Ok(()),
        }
    }
}

/// All that kept files from being read; at least one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportErrors {
    /// The errors, in the order of the files.
    pub errors: Vec<ImportError>,
}

impl std::error::Error for ImportErrors {}

impl fmt::Display for ImportErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}
