//! Workflow commands of GitHub Actions: lines on stdout that become annotations of a commit.
//!
//! Source: docs.github.com, workflow commands for GitHub Actions; the escapes are those of actions/toolkit,
//! packages/core/src/command.ts.

use crate::estate::Place;

/// How grave an annotation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// Shown as a failure of the job.
    Error,
    /// It may.
    Warning,
    /// It informs.
    Notice,
}

/// An annotation as a line. Without a place it belongs to the job.
pub fn line(level: Level, place: Option<&Place>, title: &str, message: &str) -> String {
    let level = match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Notice => "notice",
    };
    let title = property(title);
    let properties = match place {
        Some(Place { file, line, column }) => {
            format!("file={},line={line},col={column},title={title}", property(file))
        }
        None => format!("title={title}"),
    };
    format!("::{level} {properties}::{}\n", data(message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_ends_the_command_or_a_property() {
        let place = Place { file: "a,b:c.yaml".into(), line: 3, column: 7 };
        assert_eq!(
            line(Level::Error, Some(&place), "100%: x", "one: a, b\n::error::two"),
            "::error file=a%2Cb%3Ac.yaml,line=3,col=7,title=100%25%3A x::one: a, b%0A::error::two\n"
        );
        assert_eq!(line(Level::Notice, None, "t", ""), "::notice title=t::\n");
    }
}
