//! The Test Anything Protocol, version 14: a line a case, and below one that fails a YAML block that says more.

use std::fmt::Write as _;

use super::verified::Verified;

/// All cases, numbered through.
pub fn text(all: &[Verified]) -> String {
    let count: usize = all.iter().map(|one| one.cases.len()).sum();
    // A plan of nothing wants a reason.
    let mut text = match count {
        0 => "TAP version 14\n1..0 # SKIP no expectations\n".to_owned(),
        count => format!("TAP version 14\n1..{count}\n"),
    };
    let cases = all.iter().flat_map(|one| one.cases.iter().map(move |case| (one, case)));
    for (number, (one, case)) in (1..).zip(cases) {
        let step = match case.expectation.step.as_str() {
            "" => String::new(),
            step => format!(" at {step}"),
        };
        let subject = escaped(&format!("{}{step}, {}", one.name, case.subject));
        // Writing to a String cannot fail.
        let _ = match (&case.mismatch, &case.skipped) {
            (None, None) => writeln!(text, "ok {number} - {subject}"),
            (None, Some(why)) => writeln!(text, "ok {number} - {subject} # SKIP {}", escaped(why)),
            (Some(_), _) => writeln!(text, "not ok {number} - {subject}"),
        };
        let Some(mismatch) = &case.mismatch else { continue };
        let place = case.expectation.place.to_string();
        let mut lines = vec![("expected", &mismatch.expected), ("found", &mismatch.found), ("at", &place)];
        lines.extend(case.command.as_ref().map(|command| ("ask", command)));
        text.push_str("  ---\n");
        for (key, value) in lines {
            // JSON's strings are YAML's double-quoted ones.
            let _ = writeln!(text, "  {key}: {}", serde_json::Value::from(value.as_str()));
        }
        text.push_str("  ...\n");
    }
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
        assert_eq!(text(&[]), "TAP version 14\n1..0 # SKIP no expectations\n");
    }
}
