//! JSON of a size that is bounded before a value is built.

use serde_json::Value;

/// What an object with entries costs beside them, in values.
const OBJECT: usize = 6;
/// What a list with items costs beside them, in values.
const LIST: usize = 4;
/// So much any text may cost, however short it is.
const FREE: usize = 200_000;
/// A long text may cost one value for so many of its bytes. What Azure and Terraform print has more than ten for each.
const OCTETS_PER_VALUE: usize = 4;

/// How deeply serde_json takes values in one another.
const MAX_DEPTH: usize = 128;

/// Why a text is not read.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) line: usize,
    /// In bytes, from 1.
    pub(super) column: usize,
    pub(super) message: String,
}

/// Reads a text as JSON, unless its values would take many times its own size.
pub(super) fn read(text: &[u8]) -> Result<Value, Fault> {
    let most = FREE.max(text.len() / OCTETS_PER_VALUE);
    if let Some(at) = exceeds(text, most) {
        let before = &text[..at];
        return Err(Fault {
            line: memchr::memchr_iter(b'\n', before).count() + 1,
            column: at - memchr::memrchr(b'\n', before).map_or(0, |end| end + 1) + 1,
            message: "the file has more values than its size allows".to_owned(),
        });
    }
    serde_json::from_slice(text).map_err(|fault| {
        let text = fault.to_string();
        let what = text.split(" at line ").next().unwrap_or_default();
        let what = match what {
            "recursion limit exceeded" => "values are nested deeper than 128",
            what => what,
        };
        let message = format!("this is not valid JSON: {what}");
        Fault { line: fault.line(), column: fault.column(), message }
    })
}

/// Where the values up to there cost more than `most`. Text that is not JSON may be counted wrongly, and is refused afterwards.
fn exceeds(text: &[u8], most: usize) -> Option<usize> {
    let (mut cost, mut at, mut depth) = (0, 0, 0_usize);
    let is_empty = |at: usize, end: u8| {
        text[at + 1..].iter().find(|octet| !octet.is_ascii_whitespace()).is_none_or(|octet| *octet == end)
    };
    while let Some(octet) = text.get(at) {
        cost += match octet {
            b'"' => {
                at += 1;
                while let Some(next) = text.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
                    at += next;
                    if text[at] == b'"' {
                        break;
                    }
                    at += 2;
                }
                0
            }
            b',' => 1,
            b'{' if !is_empty(at, b'}') => OBJECT,
            b'[' if !is_empty(at, b']') => LIST,
            _ => 0,
        };
        match octet {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            // It is refused for that, and sooner.
            return None;
        }
        if cost > most {
            return Some(at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_strings_is_no_value() {
        let text = br#"{"a": "[1,2,{\"\\", "b": [[], {}, [1, 2]]}"#;
        assert!(serde_json::from_slice::<Value>(text).is_ok());
        let cost = OBJECT + 1 + LIST + 2 + LIST + 1;
        assert_eq!(exceeds(text, cost), None);
        assert!(exceeds(text, cost - 1).is_some());
    }

    #[test]
    fn a_text_of_values_alone_is_refused_at_its_place() {
        let text = format!("[\n{}1]", "1,\n".repeat(1_000_000));
        let fault = read(text.as_bytes()).expect_err("it has more values than bytes allow");
        // 3,000,004 bytes may have 750,001 values, four of which the list takes: the 749,998th comma is one too many.
        assert_eq!((fault.line, fault.column), (749_999, 2));
        assert!(read(format!("[{}1]", "1,".repeat(100_000)).as_bytes()).is_ok());
    }

    #[test]
    fn strings_without_an_end_are_an_error() {
        for text in ["\"", "\"\\", "[\"a", "{\"a\":"] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
