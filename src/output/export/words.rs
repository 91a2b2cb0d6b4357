//! Names of zones, networks and steps where other programs read them: in comments, quotes and paths.

use std::fmt::Write as _;

use crate::compile::{Compiled, ViewId};
use crate::dns::OwnerName;

/// Whose DNS it is, and at which step: `the DNS of network vnet1 at step second-scope`.
pub(super) fn heading(world: &Compiled, view: ViewId) -> String {
    let whose = match &world.views.get(view).network {
        Some(network) => format!("the DNS of network {}", one_line(network.as_str())),
        None => "public DNS".to_owned(),
    };
    format!("{whose}{}", step(world))
}

/// ` at step second-scope`, or nothing before the first step.
pub(super) fn step(world: &Compiled) -> String {
    let step = world.history.step_of(world.revision());
    step.map_or_else(String::new, |step| format!(" at step {}", one_line(&step.name)))
}

/// A text that stays in the comment it is put in, regardless of what the user called a thing.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|one| if one.is_control() || matches!(one, '\u{2028}' | '\u{2029}') { ' ' } else { one }).collect()
}

/// A name as one part of a path: letters, digits, `-`, `_` and dots within stay, every other byte becomes `%` and two
/// hexadecimal digits.
pub(super) fn file_name(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for (index, octet) in text.bytes().enumerate() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(octet)),
            b'.' if index > 0 => name.push('.'),
            _ => write!(name, "%{octet:02x}").expect("a String takes any text"),
        }
    }
    if name.is_empty() { "%".to_owned() } else { name }
}

/// The file name of a zone, without its ending.
pub(super) fn zone_file(apex: &OwnerName) -> String {
    file_name(&apex.to_string())
}

/// A name with its final dot in which every byte but letters, digits, `-`, `_`, `*` and `/` is escaped as three digits, so
/// that it can be in any kind of quotes.
pub(super) fn quoted(name: &OwnerName) -> String {
    let mut text = String::new();
    for label in name.labels() {
        for &octet in label {
            match octet {
                b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'*' | b'/' => text.push(char::from(octet)),
                _ => write!(text, "\\{octet:03}").expect("a String takes any text"),
            }
        }
        text.push('.');
    }
    if text.is_empty() { ".".to_owned() } else { text }
}

/// A name without its final dot, where it has nothing in it that needs an escape.
pub(super) fn plain(name: &OwnerName) -> Option<String> {
    let text = quoted(name);
    (!text.contains('\\') && !name.is_root()).then(|| text.trim_end_matches('.').to_owned())
}

/// Lines of comment.
pub(super) fn comment(mark: &str, lines: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    lines.into_iter().map(|line| format!("{mark} {}", line.as_ref()).trim_end().to_owned() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_its_folder() {
        for (text, name) in [
            ("rg-dns", "rg-dns"),
            ("..", "%2e."),
            ("../x", "%2e.%2fx"),
            ("", "%"),
            (".hidden", "%2ehidden"),
            ("a b/c\\d", "a%20b%2fc%5cd"),
        ] {
            assert_eq!(file_name(text), name);
        }
        let zone = OwnerName::parse("0/25.2.0.192.in-addr.arpa").expect("a good name");
        assert_eq!(zone_file(&zone), "0%2f25.2.0.192.in-addr.arpa");
    }

    #[test]
    fn quotes_and_backslashes_of_a_name_end_no_string() {
        let name = OwnerName::parse(r#"a\"b\;c\'d\.e.example"#).expect("a good name");
        assert_eq!(quoted(&name), r"a\034b\059c\039d\046e.example.");
        assert_eq!(plain(&name), None);
        assert_eq!(one_line("x\ny\u{2028}z"), "x y z");
    }
}
