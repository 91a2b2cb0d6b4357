//! Colour of text output: severities, help lines, and the marks of differences.

use clap::ValueEnum;

/// When output is coloured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum When {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl When {
    /// Makes it hold for everything that is written from now on.
    pub(super) fn apply(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

const RED: &str = "\u{1b}[1;31m";
const YELLOW: &str = "\u{1b}[1;33m";
const CYAN: &str = "\u{1b}[1;36m";
const GREEN: &str = "\u{1b}[32m";
const PLAIN: &str = "\u{1b}[0m";

/// The text with its severities and help lines coloured.
pub(super) fn severities(text: &str) -> String {
    lines(text, |line| {
        let start = line.trim_start();
        let (word, colour) = [("error", RED), ("FAILED", RED), ("warning", YELLOW), ("note", CYAN), ("help", CYAN)]
            .into_iter()
            .find(|(word, _)| start.strip_prefix(word).is_some_and(|rest| rest.starts_with([':', '['])))?;
        let end = start.find(": ").unwrap_or(word.len()).min(start.find(']').map_or(usize::MAX, |at| at + 1));
        let (head, rest) = start.split_at(end.max(word.len()));
        let indent = &line[..line.len() - start.len()];
        Some(format!("{indent}{colour}{head}{PLAIN}{rest}"))
    })
}

/// A difference with what is gone in red and what is new in green.
pub(super) fn difference(text: &str) -> String {
    lines(text, |line| {
        let colour = match line.trim_start().as_bytes() {
            [b'-', b' ', ..] => RED,
            [b'+', b' ', ..] => GREEN,
            [b'@', b'@', ..] => CYAN,
            _ => return None,
        };
        Some(format!("{colour}{line}{PLAIN}"))
    })
}

fn lines(text: &str, paint: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (own, end) = line.strip_suffix('\n').map_or((line, ""), |own| (own, "\n"));
        out.push_str(paint(own).as_deref().unwrap_or(own));
        out.push_str(end);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_severities_at_the_start_of_a_line_are_coloured() {
        let text = "error[AMPLS001]: pe2 overwrote x\n  for     vnet1\nhelp: peer them\nerrors: none\n";
        assert_eq!(
            severities(text),
            "\u{1b}[1;31merror[AMPLS001]\u{1b}[0m: pe2 overwrote x\n  for     vnet1\n\u{1b}[1;36mhelp\u{1b}[0m: peer them\nerrors: none\n"
        );
    }

    #[test]
    fn a_difference_has_the_colours_of_diff() {
        assert_eq!(difference("  - a\n  b\n+ c\n"), "\u{1b}[1;31m  - a\u{1b}[0m\n  b\n\u{1b}[32m+ c\u{1b}[0m\n");
    }
}
