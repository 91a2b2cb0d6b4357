//! Errors of a scenario: what was found, where, and what to do.

use std::fmt;
use std::sync::Arc;

use super::node::Range;
use crate::estate::Place;

/// The most errors that are told at once.
const MAX_TOLD: usize = 50;

/// Something wrong at a place of the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    pub(super) range: Range,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Fault {
    pub(super) fn plain(range: Range, message: impl Into<String>) -> Self {
        Self { range, message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// An error of a scenario. `Display` prints it with its line and a caret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScenarioError {
    /// Where.
    pub place: Place,
    /// What was found.
    pub message: String,
    /// What to do; absent where the message says it all.
    pub hint: Option<String>,
    line: String,
    width: u32,
}

/// All errors of a scenario, in the order of their places.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScenarioErrors {
    /// The errors; never empty.
    pub errors: Vec<ScenarioError>,
}

impl ScenarioErrors {
    pub(super) fn new(file: &str, text: &[u8], mut faults: Vec<Fault>) -> Self {
        faults.sort_by_key(|fault| (fault.range.line, fault.range.column));
        faults.dedup();
        let file: Arc<str> = file.into();
        let lines: Vec<&[u8]> = text.split(|octet| *octet == b'\n').collect();
        let errors = faults.into_iter().map(|fault| {
            let Range { line, column, width } = fault.range;
            let shown = lines.get((line as usize).wrapping_sub(1)).copied().unwrap_or_default();
            ScenarioError {
                place: Place { file: Arc::clone(&file), line: line.max(1), column: column.max(1) },
                message: fault.message,
                hint: fault.hint,
                line: String::from_utf8_lossy(shown).trim_end_matches('\r').trim_start_matches('\u{feff}').to_owned(),
                width,
            }
        });
        Self { errors: errors.collect() }
    }
}

impl std::error::Error for ScenarioErrors {}

impl fmt::Display for ScenarioErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().take(MAX_TOLD).enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{error}")?;
        }
        if self.errors.len() > MAX_TOLD {
            write!(f, "\n\nand {} more errors", self.errors.len() - MAX_TOLD)?;
        }
        Ok(())
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.place.line.to_string();
        let gutter = " ".repeat(number.len());
        let column = self.place.column as usize;
        writeln!(f, "error: {}", self.message)?;
        writeln!(f, "{gutter}--> {}", self.place)?;
        writeln!(f, "{gutter} |")?;
        // A long line is cut around the place, so that the caret stays in sight.
        let skipped = if column > 100 { column - 60 } else { 0 };
        let shown: String = self.line.chars().skip(skipped).take(160).collect();
        writeln!(f, "{number} | {}", shown.replace('\t', " "))?;
        let left = shown.chars().count().saturating_sub(column - 1 - skipped).max(1);
        let carets = "^".repeat((self.width as usize).clamp(1, left));
        write!(f, "{gutter} | {}{carets}", " ".repeat(column - 1 - skipped))?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

/// A hint from what there is: the nearest word, else all of them if they are few.
pub(super) fn nearest<'a>(given: &str, words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut words: Vec<&str> = words.into_iter().collect();
    words.sort_unstable();
    words.dedup();
    let distance = |word: &str| strsim::damerau_levenshtein(&word.to_lowercase(), &given.to_lowercase());
    let near = words.iter().map(|word| (distance(word), *word)).min();
    match near {
        None => None,
        Some((distance, word)) if distance <= 2.max(given.len() / 3) => Some(format!("did you mean `{word}`?")),
        Some(_) if words.len() <= 24 => Some(format!("there is {}", words.join(", "))),
        Some(_) => None,
    }
}
