//! JSON as people write templates: comments, a comma after the last element, strings over several lines.
//!
//! The strict form has the same length, so that places stay where they are.

use std::borrow::Cow;

/// The text as strict JSON: comments and commas after the last element become blanks, so do line ends in strings.
pub(super) fn strict(text: &[u8]) -> Cow<'_, [u8]> {
    let mut own = Cow::Borrowed(text);
    let mut blank = |at: usize| own.to_mut()[at] = b' ';
    let (mut at, mut comma) = (0, None);
    while at < text.len() {
        match text[at] {
            b'"' => {
                comma = None;
                at += 1;
                while at < text.len() && text[at] != b'"' {
                    match text[at] {
                        b'\\' => at += 1,
                        b'\n' | b'\r' | b'\t' => blank(at),
                        _ => {}
                    }
                    at += 1;
                }
            }
            b'/' if text.get(at + 1) == Some(&b'/') => {
                while at < text.len() && text[at] != b'\n' {
                    blank(at);
                    at += 1;
                }
                continue;
            }
            b'/' if text.get(at + 1) == Some(&b'*') => {
                let end = text[at + 2..].windows(2).position(|pair| pair == b"*/").map(|end| at + end + 4);
                let end = end.unwrap_or(text.len());
                while at < end {
                    if text[at] != b'\n' {
                        blank(at);
                    }
                    at += 1;
                }
                continue;
            }
            b',' => comma = Some(at),
            b']' | b'}' => {
                if let Some(at) = comma.take() {
                    blank(at);
                }
            }
            b' ' | b'\n' | b'\r' | b'\t' => {}
            _ => comma = None,
        }
        at += 1;
    }
    own
}

/// The text with single quotes around names and strings made double, as `json()` of templates accepts it.
pub(super) fn with_single_quotes(text: &str) -> Cow<'_, str> {
    if !text.contains('\'') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut inside = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (inside, letter) {
            (None, '\'' | '"') => {
                inside = Some(letter);
                out.push('"');
            }
            (Some(quote), own) if quote == own => {
                inside = None;
                out.push('"');
            }
            (Some('\''), '"') => out.push_str("\\\""),
            (Some(_), '\\') => match letters.next() {
                Some('\'') => out.push('\''),
                Some(next) => {
                    out.push('\\');
                    out.push(next);
                }
                None => out.push('\\'),
            },
            (_, own) => out.push(own),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_becomes_json_of_the_same_length() {
        let text =
            "{ // one\n \"a\": \"x // y\", /* two\n three */ \"b\": [1, 2,],\n \"c\": \"[concat('d',\n 'e')]\", }";
        let strict = strict(text.as_bytes());
        assert_eq!(strict.len(), text.len());
        let value: serde_json::Value = serde_json::from_slice(&strict).expect("it is JSON now");
        assert_eq!(value, serde_json::json!({"a": "x // y", "b": [1, 2], "c": "[concat('d',  'e')]"}));
        for odd in ["", "/", "/*", "\"", "\"\\", ",]", "//"] {
            assert_eq!(super::strict(odd.as_bytes()).len(), odd.len());
        }
    }

    #[test]
    fn single_quotes_become_double_ones() {
        assert_eq!(with_single_quotes("{'a': 'it\\'s \"b\"'}"), "{\"a\": \"it's \\\"b\\\"\"}");
        assert_eq!(with_single_quotes("{\"a\": \"it's\"}"), "{\"a\": \"it's\"}");
    }
}
