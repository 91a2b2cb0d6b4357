//! A line on a terminal while a verb works for more than a second.
//!
//! It is on stderr and only there if stderr is a terminal, so that nothing that is read by programs has it. It is gone
//! before the first line of output.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use super::Verb;

/// How long a verb works before a line is shown, and how often it is written again.
const PATIENCE: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(250);

/// What is shown, while it may be.
static STATE: Mutex<State> = Mutex::new(State::Over);

enum State {
    /// Nothing may be written any more.
    Over,
    /// A verb works; true once its line is shown.
    Working(bool),
}

/// Shows a line once `verb` has worked for more than a second, until something is printed or [`end`] is called.
pub(super) fn begin(verb: &Verb) {
    let Some(what) = work_of(verb) else { return };
    if !io::stderr().is_terminal() {
        return;
    }
    *lock() = State::Working(false);
    let begun = Instant::now();
    // The thread ends with the process or soon after the work.
    let watch = move || {
        thread::sleep(PATIENCE);
        while show(what, begun.elapsed()) {
            thread::sleep(TICK);
        }
    };
    // Without the thread there is no line, and the work is the same.
    let _ = thread::Builder::new().name("progress".to_owned()).spawn(watch);
}

/// Removes the line; nothing more is shown.
pub(super) fn end() {
    let mut state = lock();
    if matches!(*state, State::Working(true)) {
        let _ = write!(io::stderr().lock(), "\r\x1b[K");
    }
    *state = State::Over;
}

/// Writes the line again; false if the work is over.
fn show(what: &str, elapsed: Duration) -> bool {
    let mut state = lock();
    if matches!(*state, State::Over) {
        return false;
    }
    *state = State::Working(true);
    let mut out = io::stderr().lock();
    write!(out, "\r\x1b[K{}", line(what, elapsed)).and_then(|()| out.flush()).is_ok()
}

fn line(what: &str, elapsed: Duration) -> String {
    format!("{what}: {} s", elapsed.as_secs())
}

fn lock() -> std::sync::MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What a verb does; absent for those that wait, serve or talk themselves.
fn work_of(verb: &Verb) -> Option<&'static str> {
    Some(match verb {
        Verb::Resolve(_) => "resolving",
        Verb::Explain(_) => "explaining",
        Verb::Records(_) => "listing record sets",
        Verb::Story(_) => "comparing steps",
        Verb::Check(_) => "checking",
        Verb::Flows(_) => "judging flows",
        Verb::Compare(_) => "comparing with real servers",
        Verb::Diff(_) => "comparing",
        Verb::Export(_) => "exporting",
        Verb::Import(_) => "importing",
        Verb::Generate(_) => "generating",
        Verb::Compose(_) => "writing the compose file",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_is_done_and_for_how_long() {
        assert_eq!(line("checking", Duration::from_millis(2900)), "checking: 2 s");
    }

    #[test]
    fn nothing_is_shown_after_the_end() {
        end();
        assert!(!show("checking", Duration::from_secs(3)));
    }
}
