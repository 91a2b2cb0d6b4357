//! What could not be checked: an estate with nothing in it or without networks, and the parts of an import that were not read.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::finding::{count, list_first, stand_alone};
use super::verdict::Root;
use super::{Assessment, Code, Severity};
use crate::estate::Place;
use crate::import::{Provenance, Remark, Report, Topic};

impl Assessment {
    /// Adds a finding where the estate called `name` has nothing that could be checked, or no network to check names in.
    #[must_use]
    pub fn with_what_there_is(mut self, name: &str) -> Self {
        if self.extent.is_empty() {
            let message = format!("{name} has no networks, zones, scopes or resources: nothing was checked");
            self.findings.insert(0, stand_alone(Code::NothingToCheck, Root::Estate, message, None));
        } else if self.extent.networks == 0 {
            let message = format!("{name} has no networks, and names resolve in networks: no name was checked");
            let mut finding = stand_alone(Code::NothingToCheck, Root::Estate, message, None);
            // Part of an estate can be checked for what is wrong in it by itself.
            finding.severity = Severity::Warning;
            self.findings.push(finding);
            self.findings.sort_by_key(|one| one.severity);
        }
        self
    }

    /// Adds a finding for each file of which parts were not read or are unknown, or that refers to something that is not in the
    /// import: an error if a part that was not read can decide what a name resolves to, a warning otherwise.
    #[must_use]
    pub fn with_unread(mut self, report: &Report) -> Self {
        let mut files: BTreeMap<Arc<str>, Vec<&Remark>> = BTreeMap::new();
        for remark in report.remarks.iter().filter(|remark| remark.makes_partial()) {
            let file = remark.places.first().map_or_else(|| Arc::from("the import"), |place| Arc::clone(&place.file));
            files.entry(file).or_default().push(remark);
        }
        let kinds = kinds(report);
        for (file, remarks) in files.into_iter().rev() {
            let deciding: usize =
                remarks.iter().filter(|one| !is_missing(one)).map(|one| decide_names(&kinds, one)).sum();
            let message = message(&file, &remarks, deciding);
            let place = remarks.iter().flat_map(|remark| &remark.places).next().map(place_of);
            let mut finding = stand_alone(Code::ReadInPart, Root::File(file), message, place);
            if deciding == 0 {
                finding.severity = Severity::Warning;
            }
            finding.also = remarks.iter().map(|remark| with_places(remark)).collect();
            self.findings.insert(0, finding);
        }
        // Errors come first.
        self.findings.sort_by_key(|one| one.severity);
        self
    }
}

/// True for a remark on something that a file refers to and that no file has.
fn is_missing(remark: &Remark) -> bool {
    remark.topic == Topic::Missing
}

/// How many parts of a file were not read and how many are missing; `deciding` of the former can decide what a name resolves to.
fn message(file: &str, remarks: &[&Remark], deciding: usize) -> String {
    let parts = |missing: bool| -> usize {
        let own = remarks.iter().filter(|remark| is_missing(remark) == missing);
        own.map(|remark| remark.places.len().max(1)).sum()
    };
    let counted = |parts: usize| count(parts, "part");
    let were = |parts: usize| if parts == 1 { "was" } else { "were" };
    let (unread, missing) = (parts(false), parts(true));
    let which = match deciding {
        0 => ", none of them in a network, zone, link, zone group, endpoint or scope".to_owned(),
        some if some < unread => {
            format!(", {some} of them in networks, zones, links, zone groups, endpoints or scopes")
        }
        _ => String::new(),
    };
    let not_read = (unread > 0)
        .then(|| format!("{} of {file} {} not read or could not be resolved{which}", counted(unread), were(unread)));
    let not_there = (missing > 0).then(|| {
        let is = if missing == 1 { "is" } else { "are" };
        format!("{} that {file} refers to {is} not in the import", counted(missing))
    });
    let both: Vec<String> = not_read.into_iter().chain(not_there).collect();
    format!("{}: findings may be missing", both.join("; "))
}

/// What a remark says, with its first places.
fn with_places(remark: &Remark) -> String {
    match list_first(remark.places.iter().map(place_of), MOST_PLACES) {
        none if none.is_empty() => remark.text.clone(),
        places => format!("{} ({places})", remark.text),
    }
}

fn place_of(place: &Provenance) -> Place {
    Place { file: Arc::clone(&place.file), line: place.line, column: place.column }
}

/// The most places of one remark that a finding shows.
const MOST_PLACES: usize = 3;

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
