//! Writing to stdout and stderr.

use std::io::{self, Write};

/// Writes data to stdout. A reader that has gone is no failure.
pub(super) fn print(text: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Box::new(error)),
        _ => Ok(()),
    }
}

/// Writes an error and its causes to stderr, once. Errors that bring their own heading and place are left as they are.
pub(super) fn complain(error: &dyn std::error::Error) {
    let mut text = error.to_string();
    if !text.starts_with("error") {
        text.insert_str(0, "error: ");
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!("\n  because {error}"));
        cause = error.source();
    }
    // If stderr is closed, this cannot be reported.
    let _ = writeln!(io::stderr().lock(), "{}", text.trim_end());
}

/// Writes talk to stderr.
pub(super) fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
