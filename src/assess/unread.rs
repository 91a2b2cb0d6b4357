//! What could not be checked: an estate with nothing in it, and the parts of an import that were not read.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::finding::stand_alone;
use super::verdict::Root;
use super::{Assessment, Code};
use crate::estate::Place;
use crate::import::{Remark, Report, Topic};

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

    /// Adds a finding for each file of which parts were not read or are unknown.
    #[must_use]
    pub fn with_unread(mut self, report: &Report) -> Self {
        let mut files: BTreeMap<Arc<str>, Vec<&Remark>> = BTreeMap::new();
        for remark in report.of(Topic::NotRead).chain(report.of(Topic::Unresolved)) {
            let file = remark.places.first().map_or_else(|| Arc::from("the import"), |place| Arc::clone(&place.file));
            files.entry(file).or_default().push(remark);
        }
        for (file, remarks) in files.into_iter().rev() {
            let parts: usize = remarks.iter().map(|remark| remark.places.len().max(1)).sum();
            let (what, were) = if parts == 1 { ("part", "was") } else { ("parts", "were") };
            let message =
                format!("{parts} {what} of {file} {were} not read or could not be resolved: findings may be missing");
            let first = remarks.iter().flat_map(|remark| &remark.places).next();
            let place =
                first.map(|place| Place { file: Arc::clone(&place.file), line: place.line, column: place.column });
            let mut finding = stand_alone(Code::ReadInPart, Root::File(file), message, place);
            finding.also = remarks.iter().map(|remark| remark.text.clone()).collect();
            self.findings.insert(0, finding);
        }
        self
    }
}
