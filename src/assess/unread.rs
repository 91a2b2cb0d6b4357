//! What could not be checked: an estate with nothing in it, and the parts of an import that were not read.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::finding::stand_alone;
use super::verdict::Root;
use super::{Assessment, Code, Severity};
use crate::estate::Place;
use crate::import::{Provenance, Remark, Report, Topic};

impl Assessment {
    /// Adds a finding where the estate called `name` has nothing that could be checked.
    #[must_use]
    pub fn with_what_there_is(mut self, name: &str) -> Self {
        if self.extent.is_empty() {
            let message = format!("{name} has no networks, zones, scopes or resources: nothing was checked");
            self.findings.insert(0, stand_alone(Code::NothingToCheck, Root::Estate, message, None));
        }
        self
    }

    /// Adds a finding for each file of which parts were not read or are unknown: an error if one of them can decide what
    /// a name resolves to, a warning otherwise.
    #[must_use]
    pub fn with_unread(mut self, report: &Report) -> Self {
        let mut files: BTreeMap<Arc<str>, Vec<&Remark>> = BTreeMap::new();
        for remark in report.of(Topic::NotRead).chain(report.of(Topic::Unresolved)) {
            let file = remark.places.first().map_or_else(|| Arc::from("the import"), |place| Arc::clone(&place.file));
            files.entry(file).or_default().push(remark);
        }
        let kinds = kinds(report);
        for (file, remarks) in files.into_iter().rev() {
            let parts: usize = remarks.iter().map(|remark| remark.places.len().max(1)).sum();
            let (what, were) = if parts == 1 { ("part", "was") } else { ("parts", "were") };
            let deciding: usize = remarks.iter().map(|remark| decide_names(&kinds, remark)).sum();
            let which = match deciding {
                0 => ", none of them in a network, zone, link, zone group, endpoint or scope".to_owned(),
                some if some < parts => {
                    format!(", {some} of them in networks, zones, links, zone groups, endpoints or scopes")
                }
                _ => String::new(),
            };
            let message = format!(
                "{parts} {what} of {file} {were} not read or could not be resolved{which}: findings may be missing"
            );
            let first = remarks.iter().flat_map(|remark| &remark.places).next();
            let place =
                first.map(|place| Place { file: Arc::clone(&place.file), line: place.line, column: place.column });
            let mut finding = stand_alone(Code::ReadInPart, Root::File(file), message, place);
            if deciding == 0 {
                finding.severity = Severity::Warning;
            }
            finding.also = remarks.iter().map(|remark| remark.text.clone()).collect();
            self.findings.insert(0, finding);
        }
        // Errors come first.
        self.findings.sort_by_key(|one| one.severity);
        self
    }
}

/// Kinds of objects that decide what names resolve to, and what is below them.
const DECIDING: [&str; 6] = [
    "microsoft.network/virtualnetworks",
    "microsoft.network/privatednszones",
    "microsoft.network/privateendpoints",
    "microsoft.network/dnsresolvers",
    "microsoft.network/dnsforwardingrulesets",
    "microsoft.insights/privatelinkscopes",
];

/// How many parts that a remark is about can decide what a name resolves to. What is in no object that was read may be
/// anything.
fn decide_names(kinds: &Kinds<'_>, remark: &Remark) -> usize {
    let decides = |place: &&Provenance| {
        let kind = kind_at(kinds, place);
        kind.is_none_or(|kind| {
            DECIDING
                .iter()
                .any(|own| kind.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
        })
    };
    match remark.places.len() {
        0 => 1,
        _ => remark.places.iter().filter(decides).count(),
    }
}

/// The kind of each object that was read, by its file and its JSON pointer there.
type Kinds<'r> = HashMap<(&'r str, &'r str), &'r str>;

fn kinds(report: &Report) -> Kinds<'_> {
    let places = report.objects.iter().filter_map(|object| {
        let pointer = object.place.pointer.as_deref().filter(|pointer| !pointer.is_empty())?;
        Some(((&*object.place.file, pointer), &*object.kind))
    });
    places.collect()
}

/// The kind of the object that a place is in: of several the innermost.
fn kind_at<'r>(kinds: &Kinds<'r>, place: &Provenance) -> Option<&'r str> {
    let mut at = place.pointer.as_deref()?;
    loop {
        if let Some(kind) = kinds.get(&(&*place.file, at)) {
            return Some(kind);
        }
        at = &at[..at.rfind('/')?];
    }
}
