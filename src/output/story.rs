//! A story as one table, and as JSON.

use std::cmp::Ordering;
use std::fmt::Write as _;

use serde::Serialize;

use super::count;
use super::findings::{FindingDocument, document as finding_document, severity_word, summary};
use crate::assess::timeline::{LeftOut, Row, Timeline};
use crate::assess::{Cell, Standing};

/// A story, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct StoryDocument {
    /// The steps in order.
    pub steps: Vec<StepDocument>,
    /// A row for each name and network.
    pub rows: Vec<RowDocument>,
    /// The part that is too large to show; absent if everything is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<LeftOutDocument>,
}

/// How much of a large history is left out.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Debug)]
pub struct LeftOutDocument {
    /// Names.
    pub names: usize,
    /// Networks.
    pub networks: usize,
}

/// A step, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct StepDocument {
    /// Its name.
    pub name: String,
    /// One sentence about it.
    pub about: String,
    /// The revision it ends at.
    pub revision: u32,
    /// What is wrong when it is over.
    pub findings: Vec<FindingDocument>,
    /// How many names are broken when it is over, each counted once in each network.
    pub broken: usize,
}

/// A name in a network through all steps, as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct RowDocument {
    /// The public name.
    pub name: String,
    /// The network.
    pub network: String,
    /// A cell a step; null where the network is not there.
    pub cells: Vec<Option<CellDocument>>,
}

/// What a network gets for a name, as JSON.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Debug)]
pub struct CellDocument {
    /// `public`, `private`, `noData`, `nameError` or `failure`.
    pub path: &'static str,
    /// The addresses.
    pub addresses: Vec<String>,
    /// The endpoint that wrote them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// False where a private address cannot be reached.
    pub reachable: bool,
    /// `broken`, `atRisk` or `closed` where not every use of the name is served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<&'static str>,
    /// True if the step before had another cell.
    pub changed: bool,
}

/// A story as a document.
pub fn document(story: &Timeline) -> StoryDocument {
    let steps = story.steps.iter().map(|step| StepDocument {
        name: step.name.to_string(),
        about: step.about.to_string(),
        revision: step.end.0,
        findings: step.assessment.findings.iter().map(finding_document).collect(),
        broken: step.assessment.counts().broken,
    });
    let rows = story.rows.iter().map(|row| RowDocument {
        name: row.name.to_string(),
        network: row.network.to_string(),
        cells: (0..row.cells.len()).map(|index| cell_document(story, row, index)).collect(),
    });
    let LeftOut { names, networks } = story.left_out;
    let left_out = (story.left_out != LeftOut::default()).then_some(LeftOutDocument { names, networks });
    StoryDocument { steps: steps.collect(), rows: rows.collect(), left_out }
}

/// A story as one table: a line for each name and network, a column a step.
///
/// What changed since the step before is marked with `*`, a broken name with `!`, one at risk with `~`. Networks that see
/// the same in every step share a line. Where the table is wider than `columns`, each name has a list of its changes instead.
pub fn text(story: &Timeline, columns: Option<usize>) -> String {
    let mut lines: Vec<Line> = Vec::new();
    let mut at = 0;
    while at < story.rows.len() {
        let name = &story.rows[at].name;
        let end = story.rows[at..].iter().position(|row| row.name != *name).map_or(story.rows.len(), |more| at + more);
        let mut groups: Vec<(Vec<String>, &Row)> = Vec::new();
        for row in &story.rows[at..end] {
            let standings = |row: &Row| -> Vec<_> { (0..row.cells.len()).map(|at| standing(story, row, at)).collect() };
            let alike = |other: &Row| other.cells == row.cells && standings(other) == standings(row);
            match groups.iter_mut().find(|(_, other)| alike(other)) {
                Some((networks, _)) => networks.push(row.network.to_string()),
                None => groups.push((vec![row.network.to_string()], row)),
            }
        }
        for (index, (networks, row)) in groups.into_iter().enumerate() {
            let shown = if index == 0 { name.to_string() } else { String::new() };
            let cells = (0..row.cells.len()).map(|index| cell_text(story, row, index)).collect();
            lines.push((shown, networks.join(", "), cells));
        }
        at = end;
    }
    let header = (
        "name".to_owned(),
        "network".to_owned(),
        story.steps.iter().map(|step| format!("  {}", step.name)).collect::<Vec<_>>(),
    );
    let width = |column: &dyn Fn(&Line) -> usize| lines.iter().chain([&header]).map(column).max().unwrap_or(0);
    let name_width = width(&|line| line.0.len());
    let network_width = width(&|line| line.1.len());
    let cell_widths: Vec<usize> = (0..story.steps.len()).map(|index| width(&|line| line.2[index].len())).collect();
    let table_width = name_width + network_width + 2 + cell_widths.iter().map(|width| width + 2).sum::<usize>();
    let mut text = String::new();
    if columns.is_some_and(|columns| table_width > columns) {
        list(&mut text, story, &lines);
        lines.clear();
    }
    let header = text.is_empty().then_some(&header);
    for (name, network, cells) in header.into_iter().chain(&lines) {
        let mut line = format!("{name:<name_width$}  {network:<network_width$}");
        for (cell, width) in cells.iter().zip(&cell_widths) {
            // Writing to a String cannot fail.
            let _ = write!(line, "  {cell:<width$}");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str("\n* changed in this step   ! broken in this network   ~ at risk\n\n");
    let LeftOut { names, networks } = story.left_out;
    if names + networks > 0 {
        let _ = writeln!(
            text,
            "too many to show: {} and {} are left out; those that change come first\nhelp: choose networks with \
             `--from NETWORK`; `explain NAME` explains one name\n",
            count(names, "name"),
            count(networks, "network")
        );
    }
    for (index, step) in story.steps.iter().enumerate() {
        let changed = story.rows.iter().filter(|row| index > 0 && changed(row, index)).count();
        let about = if step.about.is_empty() { String::new() } else { format!(": {}", step.about) };
        let _ = writeln!(
            text,
            "{}{about}\n  {}; {}; {}",
            step.name,
            if index == 0 { "start".to_owned() } else { count(changed, "answer") + " changed" },
            broken(story, index),
            summary(&step.assessment.findings),
        );
        for finding in &step.assessment.findings {
            let why = finding.accepted.as_ref().map_or_else(String::new, |own| format!("; accepted: {}", own.reason));
            let _ = writeln!(text, "  {}[{}]: {}{why}", severity_word(finding), finding.code, finding.message);
        }
    }
    text
}

/// Each name with its networks, and the steps at which its answer changes.
fn list(text: &mut String, story: &Timeline, lines: &[Line]) {
    let step_width = story.steps.iter().map(|step| step.name.len()).max().unwrap_or(0);
    for (name, networks, cells) in lines {
        if !name.is_empty() {
            let _ = writeln!(text, "{name}");
        }
        let _ = writeln!(text, "  {networks}");
        let mut before = "";
        for (step, cell) in story.steps.iter().zip(cells) {
            let own = cell.trim_start_matches("* ").trim_start();
            if own != before {
                let _ = writeln!(text, "    {:<step_width$}  {own}", step.name);
            }
            before = own;
        }
    }
}

/// Name, networks and cells of a line of the table.
type Line = (String, String, Vec<String>);

fn changed(row: &Row, index: usize) -> bool {
    index > 0 && row.cells[index] != row.cells[index - 1]
}

/// `27 broken (+11)`.
fn broken(story: &Timeline, index: usize) -> String {
    let count = |index: usize| story.steps[index].assessment.counts().broken;
    let now = count(index);
    let before = index.checked_sub(1).map_or(now, count);
    match now.cmp(&before) {
        Ordering::Greater => format!("{now} broken (+{})", now - before),
        Ordering::Less => format!("{now} broken (-{})", before - now),
        Ordering::Equal => format!("{now} broken"),
    }
}

fn standing(story: &Timeline, row: &Row, index: usize) -> Option<Standing> {
    story.steps[index].assessment.standing(&row.network, &row.name)
}

/// The word for a standing in documents.
pub(super) fn standing_word(standing: Standing) -> &'static str {
    match standing {
        Standing::Broken => "broken",
        Standing::AtRisk => "atRisk",
        Standing::Closed => "closed",
    }
}

fn cell_text(story: &Timeline, row: &Row, index: usize) -> String {
    let mark = if changed(row, index) { "* " } else { "  " };
    let cell = row.cells[index].as_ref().map_or_else(|| "-".to_owned(), cell_word);
    let standing = match standing(story, row, index) {
        Some(Standing::Broken) => " !",
        Some(Standing::AtRisk) => " ~",
        _ => "",
    };
    format!("{mark}{cell}{standing}")
}

fn cell_document(story: &Timeline, row: &Row, index: usize) -> Option<CellDocument> {
    let standing = standing(story, row, index).map(standing_word);
    Some(CellDocument { changed: changed(row, index), standing, ..plain_cell(row.cells[index].as_ref()?) })
}

/// A cell in a word.
pub(super) fn cell_word(cell: &Cell) -> String {
    match cell {
        Cell::Public(_) => "public".to_owned(),
        Cell::Private { addresses, .. } => addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        Cell::NoData => "NODATA".to_owned(),
        Cell::NameError => "NXDOMAIN".to_owned(),
        Cell::Failure => "SERVFAIL".to_owned(),
    }
}

/// A cell by itself, as a document that has not changed.
pub(super) fn plain_cell(cell: &Cell) -> CellDocument {
    let (path, addresses, endpoint, reachable) = match cell {
        Cell::Public(addresses) => ("public", addresses.as_slice(), None, true),
        Cell::Private { addresses, endpoint, reachable } => {
            ("private", addresses.as_slice(), endpoint.as_ref(), *reachable)
        }
        Cell::NoData => ("noData", [].as_slice(), None, true),
        Cell::NameError => ("nameError", [].as_slice(), None, true),
        Cell::Failure => ("failure", [].as_slice(), None, true),
    };
    CellDocument {
        path,
        addresses: addresses.iter().map(ToString::to_string).collect(),
        endpoint: endpoint.map(ToString::to_string),
        reachable,
        standing: None,
        changed: false,
    }
}
