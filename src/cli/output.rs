//! Writing to stdout and stderr.

use std::io::{self, IsTerminal as _, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use super::colour;

/// Writes data to stdout. A reader that has gone is not a failure.
pub(super) fn print(text: &str) -> Result<(), Box<dyn std::error::Error>> {
    write_out(text, colour::severities)
}

/// Writes a difference to stdout.
pub(super) fn print_difference(text: &str) -> Result<(), Box<dyn std::error::Error>> {
    write_out(text, colour::difference)
}

/// True once something was written to stdout.
static HAS_PRINTED: AtomicBool = AtomicBool::new(false);

/// True if stdout has something already.
pub(super) fn has_printed() -> bool {
    HAS_PRINTED.load(Ordering::Relaxed)
}

fn write_out(text: &str, paint: fn(&str) -> String) -> Result<(), Box<dyn std::error::Error>> {
    super::progress::end();
    HAS_PRINTED.fetch_or(!text.is_empty(), Ordering::Relaxed);
    let has_colour = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
    let painted = if has_colour { paint(text) } else { text.to_owned() };
    let text = painted;
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Box::new(error)),
        _ => Ok(()),
    }
}

/// The columns of the terminal that stdout is; absent where it is none.
pub(super) fn width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}

/// Writes data to a file, or to stdout where there is none.
pub(super) fn print_to(file: Option<&std::path::Path>, text: &str) -> Result<(), Box<dyn std::error::Error>> {
    match file {
        None => print(text),
        Some(file) => {
            let failed = |error| Unwritable { file: file.display().to_string(), error };
            Ok(super::whole_file::write(file, text.as_bytes()).map_err(failed)?)
        }
    }
}

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{file}`")]
struct Unwritable {
    file: String,
    #[source]
    error: io::Error,
}

/// Writes an error and its causes to stderr, once. Errors that bring their own heading and place are left as they are.
pub(super) fn complain(error: &(dyn std::error::Error + 'static)) {
    super::progress::end();
    let mut text = error.to_string();
    if !text.starts_with("error") {
        text.insert_str(0, "error: ");
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!("\n  because {error}"));
        cause = error.source();
    }
    if let Some(help) = next_step(error).filter(|_| !text.contains("\nhelp: ")) {
        text.push_str(&format!("\nhelp: {help}"));
    }
    let has_colour = anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
    let text = if has_colour { colour::severities(&text) } else { text };
    // If stderr is closed, this cannot be reported.
    let _ = writeln!(io::stderr().lock(), "{}", text.trim_end());
}

/// What to do about a file that could not be read or written, if that caused the error.
pub(super) fn next_step(error: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    let mut chain = std::iter::successors(Some(error), |error| error.source());
    match chain.find_map(|error| error.downcast_ref::<io::Error>())?.kind() {
        io::ErrorKind::NotFound => Some("check the path: a relative path starts in the current folder"),
        io::ErrorKind::IsADirectory => Some("pass a file, not a folder"),
        _ => None,
    }
}

/// Writes talk to stderr.
pub(super) fn say(text: &str) {
    super::progress::end();
    let _ = writeln!(io::stderr().lock(), "{text}");
}
