//! The Test Anything Protocol, version 14: a line a case, and below one that fails a YAML block that says more. The plan is the
//! last line, so that cases can be printed as they are known.

use std::fmt::Write as _;

use crate::assess::verify::Case;

/// The first line.
pub const VERSION: &str = "TAP version 14\n";

/// The last line, for so many cases.
pub fn plan(cases: usize) -> String {
    match cases {
        // A plan of nothing wants a reason.
        0 => "1..0 # SKIP no expectations\n".to_owned(),
        cases => format!("1..{cases}\n"),
    }
}

/// The last line in place of the plan, if the run ends before all cases are known.
pub fn bail_out(why: &str) -> String {
    format!("Bail out! {}\n", escaped(why))
}

/// A case with its number, from 1.
pub fn case(number: usize, file: &str, case: &Case) -> String {
    let mut text = String::new();
    let step = match case.expectation.step.as_str() {
        "" => String::new(),
        step => format!(" at {step}"),
    };
    let subject = escaped(&format!("{file}{step}, {}", case.subject));
    // Writing to a String cannot fail.
    let _ = match (&case.mismatch, &case.skipped) {
        (None, None) => writeln!(text, "ok {number} - {subject}"),
        (None, Some(why)) => writeln!(text, "ok {number} - {subject} # SKIP {}", escaped(why)),
        (Some(_), _) => writeln!(text, "not ok {number} - {subject}"),
    };
    let Some(mismatch) = &case.mismatch else { return text };
    let place = case.expectation.place.to_string();
    let mut lines = vec![("expected", &mismatch.expected), ("found", &mismatch.found), ("at", &place)];
    lines.extend(case.command.as_ref().map(|command| ("ask", command)));
    text.push_str("  ---\n");
    for (key, value) in lines {
        // JSON's strings are YAML's double-quoted ones.
        let _ = writeln!(text, "  {key}: {}", serde_json::Value::from(value.as_str()));
    }
    text.push_str("  ...\n");
    text
}

/// A description: a hash would begin a directive.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('#', "\\#").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_begins_no_directive_and_nothing_is_a_plan_with_a_reason() {
        assert_eq!(escaped("a # SKIP\\ b\nc"), "a \\# SKIP\\\\ b c");
        assert_eq!(plan(0), "1..0 # SKIP no expectations\n");
    }
}
