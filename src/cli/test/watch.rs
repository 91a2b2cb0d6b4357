//! `test --watch`: the expectations again, whenever a file they come from changes.

use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Result, Run, TestArguments};
use crate::cli::output;
use crate::server::file_watch;

/// Holds the expectations until the program is ended. What cannot be read is reported, and the next change is waited for.
pub(super) fn run(arguments: &TestArguments) -> Result {
    // Files that are read now are watched, and those that were read before, so that a file that is broken or gone is seen again.
    let files: Arc<Mutex<Vec<PathBuf>>> = Arc::default();
    once(arguments, &files);
    let (sender, changes) = channel();
    let watched = Arc::clone(&files);
    let paths = move || watched.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let changed = move || {
        // The receiver ends with the program.
        let _ = sender.send(());
    };
    let name = match &arguments.specs[..] {
        [] => "built-in scenarios".to_owned(),
        specs => specs.join(", "),
    };
    let _watch = file_watch::watch_paths(&name, paths, changed)?;
    output::say("waiting for changes; ctrl-c ends");
    while changes.recv().is_ok() {
        // Changes while the last ones were looked at are one more look together.
        while changes.try_recv().is_ok() {}
        once(arguments, &files);
        output::say("waiting for changes; ctrl-c ends");
    }
    Ok(super::Outcome::Done)
}

fn once(arguments: &TestArguments, files: &Mutex<Vec<PathBuf>>) {
    let mut run = Run::new(arguments);
    if let Err(error) = run.hold() {
        output::complain(&*error);
    }
    let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
    for path in run.read {
        if !files.contains(&path) {
            files.push(path);
        }
    }
}
