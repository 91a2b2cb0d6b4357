//! What an import found, for people and programs.

use std::fmt::Write as _;

use super::count;
use crate::import::{Report, Topic};

/// The most places of one remark that are printed.
const MAX_PLACES: usize = 3;

/// The report as `import` prints it: what was read, then the remarks under the heading of their topic.
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    for file in &report.files {
        let _ = writeln!(text, "{}: {}, {}", file.file, file.kind, count(file.objects, "object"));
    }
    for topic in Topic::ALL {
        let remarks: Vec<_> = report.of(topic).collect();
        if remarks.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n{} ({})", topic.heading(), remarks.len());
        for remark in remarks {
            let _ = writeln!(text, "  {}", remark.text);
            for place in remark.places.iter().take(MAX_PLACES) {
                let _ = writeln!(text, "    --> {place}");
            }
            if remark.places.len() > MAX_PLACES {
                let _ = writeln!(text, "    and {}", count(remark.places.len() - MAX_PLACES, "more place"));
            }
            if let Some(get) = &remark.get {
                let _ = writeln!(text, "    get: {get}");
            }
        }
    }
    text
}
