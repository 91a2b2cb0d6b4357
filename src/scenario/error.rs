//! Errors of a scenario: what was found, where, and what to do.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use unicode_width::UnicodeWidthChar;

use super::range::Range;
use crate::estate::Place;

/// The most errors of one text that are kept. Who made more has one mistake many times.
pub const MAX_ERRORS: usize = 1000;
/// The most errors that are printed at once.
const MAX_PRINTED: usize = 50;
/// The most characters of a word from the text that a message repeats.
const MAX_SHOWN: usize = 80;
/// The most words "did you mean" chooses from: with more, looking at all of them for each error takes too long.
const MAX_CHOICE: usize = 4096;

/// An error of a scenario. `Display` prints it with its line and carets below the place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScenarioError {
    /// Where.
    pub place: Place,
    /// How many characters it is about, from the place on; at least 1.
    pub width: u32,
    /// What was found.
    pub message: String,
    /// Code of the finding it is; absent for errors of form and reference.
    pub code: Option<&'static str>,
    /// What to do; absent where the message says it all.
    pub hint: Option<String>,
    /// The line, as far as it is printed, and the column its first character has.
    line: (String, u32),
}

/// All errors of a scenario, in the order of their places.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScenarioErrors {
    /// The errors; at least one and at most [`MAX_ERRORS`].
    pub errors: Vec<ScenarioError>,
}

impl ScenarioErrors {
    /// One error about a file as a whole, which could not be read.
    pub fn of_file(file: &str, message: String) -> Self {
        let place = Place { file: file.into(), line: 1, column: 1 };
        let error = ScenarioError { place, width: 1, message, code: None, hint: None, line: (String::new(), 1) };
        Self { errors: vec![error] }
    }
}

/// An error at a place of the text, without the text itself.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Fault {
    pub(super) range: Range,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) code: Option<&'static str>,
}

/// The code of errors about values Azure does not know, such as the access mode `Private`: the one finding that is made
/// while reading, because such a value has no meaning that an estate could have.
pub const INVALID_VALUE: &str = "AMPLS031";

impl Fault {
    pub(super) fn plain(range: Range, message: impl Into<String>) -> Self {
        Self { range, message: message.into(), hint: None, code: None }
    }

    pub(super) fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Faults as they are found.
#[derive(Default)]
pub(super) struct Faults {
    list: Vec<Fault>,
    known: HashSet<Fault>,
    /// Places where the form is wrong: the meaning of their values is not checked.
    malformed: HashSet<Range>,
}

impl Faults {
    /// A fault, unless the same was reported already, or there are enough.
    pub(super) fn add(&mut self, fault: Fault) {
        if !self.is_full() && self.known.insert(fault.clone()) {
            self.list.push(fault);
        }
    }

    /// A fault of form: later faults of meaning at its place are not reported.
    pub(super) fn add_of_form(&mut self, fault: Fault) {
        self.malformed.insert(fault.range);
        self.add(fault);
    }

    /// Marks a value whose meaning is not to be checked.
    pub(super) fn is_malformed(&mut self, range: Range) {
        self.malformed.insert(range);
    }

    /// A fault of meaning, unless the form is wrong at its place.
    pub(super) fn add_of_meaning(&mut self, fault: Fault) {
        if !self.malformed.contains(&fault.range) {
            self.add(fault);
        }
    }

    /// True while what is added will be printed. A search for a similar name is worth its time only then:
    /// a hostile file has as many errors as names.
    pub(super) fn are_printed(&self) -> bool {
        self.list.len() < MAX_PRINTED
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// True once no more errors are kept: further work has no effect.
    pub(super) fn is_full(&self) -> bool {
        self.list.len() >= MAX_ERRORS
    }

    /// The faults as errors in the text they were found in.
    pub(super) fn in_text(mut self, file: &str, text: &[u8]) -> ScenarioErrors {
        self.list.sort_by_key(|fault| (fault.range.line, fault.range.column));
        let file: Arc<str> = file.into();
        let mut lines = text.split(|octet| *octet == b'\n').enumerate().peekable();
        let mut cut = Cut::default();
        let errors = self.list.into_iter().map(|fault| {
            let Range { line, column, width } = fault.range;
            let wanted = (line as usize).saturating_sub(1);
            while lines.next_if(|(number, _)| *number < wanted).is_some() {}
            let own = lines.peek().map_or(&b""[..], |(_, own)| own);
            ScenarioError {
                place: Place { file: Arc::clone(&file), line: line.max(1), column: column.max(1) },
                width: width.max(1),
                message: fault.message,
                hint: fault.hint,
                code: fault.code,
                line: cut.around(own, line, column.max(1)),
            }
        });
        ScenarioErrors { errors: errors.collect() }
    }
}

/// Where the printed part of a line begins. Errors come in the order of their places, and a text may be one long line, so
/// each search goes on where the one before ended.
#[derive(Default)]
struct Cut {
    line: u32,
    /// Characters before the place, and the bytes they have.
    characters: u32,
    octets: usize,
}

impl Cut {
    /// The part of a line that is printed, and the column of its first character: a long line is cut around the place, so
    /// that the carets stay in sight.
    fn around(&mut self, own: &[u8], line: u32, column: u32) -> (String, u32) {
        let own = own.strip_prefix(b"\xef\xbb\xbf").unwrap_or(own);
        let skipped = if column > 100 { column - 60 } else { 0 };
        if self.line != line || self.characters > skipped {
            *self = Self { line, characters: 0, octets: 0 };
        }
        let begins = |octet: u8| octet & 0xc0 != 0x80;
        while self.characters < skipped && self.octets < own.len() {
            self.octets += 1;
            while own.get(self.octets).is_some_and(|octet| !begins(*octet)) {
                self.octets += 1;
            }
            self.characters += 1;
        }
        let rest = &own[self.octets..];
        let rest = String::from_utf8_lossy(&rest[..rest.len().min(160 * 4)]);
        let part = rest.trim_end_matches('\r').chars().take(160);
        // A tab is printed as one space, so that the carets are where the text does.
        (part.map(|character| if character.is_control() { ' ' } else { character }).collect(), skipped + 1)
    }
}

/// How many columns of a terminal are before the carets and below them, for the characters from `start` on. Characters of
/// East Asian scripts take two columns, combining marks none.
fn caret_columns(line: &str, start: usize, width: usize) -> (usize, usize) {
    let columns = |character: char| character.width().unwrap_or(0);
    let before = line.chars().take(start).map(columns).sum::<usize>() + start.saturating_sub(line.chars().count());
    let below = line.chars().skip(start).take(width).map(columns).sum::<usize>();
    (before, below.max(1))
}

impl std::error::Error for ScenarioErrors {}

impl fmt::Display for ScenarioErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().take(MAX_PRINTED).enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{error}")?;
        }
        match self.errors.len() {
            MAX_ERRORS.. => write!(f, "\n\nand at least {} more", MAX_ERRORS - MAX_PRINTED),
            more if more > MAX_PRINTED => write!(f, "\n\nand {} more", more - MAX_PRINTED),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for ScenarioError {}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.place.line.to_string();
        let gutter = " ".repeat(number.len());
        let (line, first) = &self.line;
        match self.code {
            Some(code) => writeln!(f, "error[{code}]: {}", self.message)?,
            None => writeln!(f, "error: {}", self.message)?,
        }
        writeln!(f, "{gutter}--> {}", self.place)?;
        writeln!(f, "{gutter} |")?;
        writeln!(f, "{number} | {line}")?;
        let (before, carets) = caret_columns(line, (self.place.column - first) as usize, self.width as usize);
        write!(f, "{gutter} | {}{}", " ".repeat(before), "^".repeat(carets))?;
        match &self.hint {
            Some(hint) => write!(f, "\nhelp: {hint}"),
            None => Ok(()),
        }
    }
}

/// A word from the text, as a message repeats it.
pub(super) fn shown(text: &str) -> String {
    let clean = |character: char| if character.is_control() { '\u{fffd}' } else { character };
    let mut short: String = text.chars().take(MAX_SHOWN).map(clean).collect();
    if text.chars().nth(MAX_SHOWN).is_some() {
        short.push('…');
    }
    short
}

/// "Did you mean": the word nearest to the one given, if one is near.
pub(super) fn nearest<'a>(given: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if given.is_empty() || given.len() > MAX_SHOWN {
        return None;
    }
    let lower = given.to_lowercase();
    // Further than this, two words have nothing to do with each other.
    let most = (given.chars().count() / 3).max(1);
    words
        .into_iter()
        .take(MAX_CHOICE)
        .filter(|word| word.len().abs_diff(given.len()) <= 2 * most)
        .map(|word| (strsim::damerau_levenshtein(&word.to_lowercase(), &lower), word))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, word)| word)
}

/// [`nearest`] as a hint; without a near word all of them, if they are few.
pub(super) fn choice<'a>(given: &str, words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut words: Vec<&str> = words.into_iter().take(MAX_CHOICE).collect();
    words.sort_unstable();
    words.dedup();
    match nearest(given, words.iter().copied()) {
        Some(word) => Some(format!("did you mean `{word}`?")),
        None if words.is_empty() => None,
        None if words.len() == 1 => Some(format!("expected {}", words[0])),
        None if words.len() <= 12 => Some(format!("expected one of {}", words.join(", "))),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carets_stand_below_characters_of_any_width() {
        assert_eq!(caret_columns("name: vnet1", 6, 5), (6, 5));
        // Two columns each.
        assert_eq!(caret_columns("網路: vnet1", 4, 5), (6, 5));
        assert_eq!(caret_columns("- 網路", 2, 2), (2, 4));
        // A combining mark has none of its own.
        assert_eq!(caret_columns("cafe\u{301}: x", 7, 1), (6, 1));
        // After the end of the line there is still one.
        assert_eq!(caret_columns("ab", 2, 9), (2, 1));
        assert_eq!(caret_columns("ab", 4, 9), (4, 1));
    }

    #[test]
    fn a_tab_is_printed_as_the_one_space_the_carets_count() {
        let (line, first) = Cut::default().around(b"\tname:\tvnet1", 1, 8);
        assert_eq!((line.as_str(), first), (" name: vnet1", 1));
        assert_eq!(caret_columns(&line, 7, 5), (7, 5));
    }
}
