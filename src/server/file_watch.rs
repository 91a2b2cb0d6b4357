//! Watching files that something is read from.
//!
//! The folder of each file is watched, not the file: editors put another one in its place, and Kubernetes puts another
//! target of a link beside it. Any event there is a reason to look; a reload follows only if what the files are has
//! changed, and no event came for a moment. Where the system reports nothing, as on shares of other machines, looking every
//! other second finds it as well.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::Control;

/// How long no event may come before the files are read.
const QUIET: Duration = Duration::from_millis(100);
/// How long they are waited for if events go on.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the thread checks the files without any event.
const LOOK: Duration = Duration::from_secs(2);

/// Looks for changes of files until it is dropped.
#[derive(Debug)]
pub struct FileWatch {
    stop: Sender<WatchMessage>,
    thread: Option<JoinHandle<()>>,
}

/// A message to the watching thread.
enum WatchMessage {
    Event,
    Stop,
}

/// Why files cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// There is nothing that could change.
    #[error("{0} cannot change, so there is nothing to watch; give a file, or remove `--watch`")]
    Nothing(String),
    /// The system does not report changes.
    #[error("files cannot be watched")]
    System(#[from] notify::Error),
    /// It has no thread.
    #[error("failed to start the watch thread")]
    Thread(#[source] std::io::Error),
}

/// Watches the files of `control`'s source and reloads when they change.
///
/// # Errors
/// [`WatchError`].
pub fn watch(control: Arc<Control>) -> Result<FileWatch, WatchError> {
    let name = control.source().name().to_owned();
    let read = Arc::clone(&control);
    let changed = move || {
        tracing::info!("the files have changed");
        // A failure is logged where it happens, and kept for the admin API.
        let _ = control.reload();
    };
    watch_paths(&name, move || read.source().paths(), changed)
}

/// Watches files and calls `changed` when they have. `paths` is asked again after each call: what is read then may name others.
/// `name` is what they are called together.
///
/// # Errors
/// [`WatchError`].
pub fn watch_paths(
    name: &str,
    paths: impl Fn() -> Vec<PathBuf> + Send + 'static,
    changed: impl FnMut() + Send + 'static,
) -> Result<FileWatch, WatchError> {
    let now = paths();
    if now.is_empty() {
        return Err(WatchError::Nothing(name.to_owned()));
    }
    let (sender, told) = channel();
    let stop = sender.clone();
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading is an event, too, and we read.
        if !matches!(event, Ok(notify::Event { kind: EventKind::Access(_), .. })) {
            let _ = sender.send(WatchMessage::Event);
        }
    })?;
    let mut watch = Watch { stamps: FileStamps::of(&now), paths, changed, watcher, folders: BTreeSet::new() };
    watch.follow();
    let thread = std::thread::Builder::new().name("ampls-dns-watch".to_owned());
    let thread = thread.spawn(move || watch.run(&told)).map_err(WatchError::Thread)?;
    Ok(FileWatch { stop, thread: Some(thread) })
}

impl Drop for FileWatch {
    fn drop(&mut self) {
        let _ = self.stop.send(WatchMessage::Stop);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that watches files panicked");
        }
    }
}

struct Watch<P, C> {
    paths: P,
    changed: C,
    watcher: RecommendedWatcher,
    folders: BTreeSet<PathBuf>,
    stamps: FileStamps,
}

impl<P: Fn() -> Vec<PathBuf>, C: FnMut()> Watch<P, C> {
    fn run(mut self, told: &Receiver<WatchMessage>) {
        loop {
            match told.recv_timeout(LOOK) {
                Ok(WatchMessage::Event) => {
                    if !is_quiet(told) {
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Ok(WatchMessage::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = FileStamps::of(&(self.paths)());
            if now != self.stamps {
                // What changes while it is read is an event, and another look.
                self.stamps = now;
                (self.changed)();
                // Files it names now, and did not name before, count as unchanged.
                self.stamps.add(&(self.paths)());
            }
            self.follow();
        }
    }

    /// Watches every folder the files are in now.
    fn follow(&mut self) {
        let folders: BTreeSet<PathBuf> = (self.paths)().iter().flat_map(|path| folders_of(path)).collect();
        for gone in self.folders.difference(&folders) {
            // It may be gone from the disk as well.
            let _ = self.watcher.unwatch(gone);
        }
        // Those watched before are watched anew: in a folder's place another one of its name may be.
        let mut watched = BTreeSet::new();
        for folder in folders {
            match self.watcher.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    watched.insert(folder);
                }
                Err(error) => tracing::debug!(folder = %folder.display(), %error, "a folder cannot be watched"),
            }
        }
        self.folders = watched;
    }
}

/// True when no event came for a moment; false if the watch is to stop.
fn is_quiet(told: &Receiver<WatchMessage>) -> bool {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        match told.recv_timeout(QUIET) {
            Ok(WatchMessage::Event) => {}
            Err(RecvTimeoutError::Timeout) => return true,
            Ok(WatchMessage::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
    true
}

/// The folder a file is in by its name, and the one it is in by its links.
fn folders_of(path: &Path) -> Vec<PathBuf> {
    let folder = |path: &Path| match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => PathBuf::from("."),
        Some(folder) => folder.to_owned(),
        None => PathBuf::from("."),
    };
    let mut folders = vec![folder(path)];
    if let Ok(real) = path.canonicalize() {
        folders.push(folder(&real));
    }
    if path.is_dir() {
        folders.push(path.to_owned());
    }
    folders
}

/// The state of files when the thread checked them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct FileStamps(Vec<(PathBuf, Option<Stamp>)>);

/// What distinguishes a file from another in its place, and from itself after a change.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Stamp {
    real: PathBuf,
    octets: u64,
    modified: Option<SystemTime>,
    node: (u64, u64, i64, i64),
}

impl FileStamps {
    fn of(paths: &[PathBuf]) -> Self {
        let mut stamps = Self::default();
        stamps.add(paths);
        stamps
    }

    fn add(&mut self, paths: &[PathBuf]) {
        for path in paths {
            self.add_one(path);
            let entries = std::fs::read_dir(path).into_iter().flatten().filter_map(Result::ok);
            let mut entries: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
            entries.retain(|entry| super::source::is_zone_file(entry));
            entries.sort();
            entries.iter().for_each(|entry| self.add_one(entry));
        }
    }

    fn add_one(&mut self, path: &Path) {
        if self.0.iter().any(|(own, _)| own == path) {
            return;
        }
        self.0.push((path.to_owned(), Stamp::of(path)));
        self.0.sort_by(|(one, _), (other, _)| one.cmp(other));
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        if metadata.is_dir() {
            // Its own times change with every file in it, also with files that are not read.
            return Some(Self { real: path.canonicalize().ok()?, octets: 0, modified: None, node: (0, 0, 0, 0) });
        }
        Some(Self {
            real: path.canonicalize().ok()?,
            octets: metadata.len(),
            modified: metadata.modified().ok(),
            node: node(&metadata),
        })
    }
}

#[cfg(unix)]
fn node(metadata: &std::fs::Metadata) -> (u64, u64, i64, i64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn node(_: &std::fs::Metadata) -> (u64, u64, i64, i64) {
    (0, 0, 0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rewrite_a_rename_over_and_another_target_behind_a_link_are_changes_and_reading_is_none() {
        let folder = std::env::temp_dir().join(format!("ampls-dns-seen-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the temporary folder can be written to");
        let file = folder.join("estate.yaml");
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("it can be written");
        write("estate.yaml", "one");
        let look = || FileStamps::of(std::slice::from_ref(&file));
        let first = look();
        let _ = std::fs::read(&file).expect("it can be read");
        write("beside.yaml", "nobody reads it");
        assert_eq!(look(), first);
        write("new.yaml", "one");
        std::fs::rename(folder.join("new.yaml"), &file).expect("it can be renamed");
        let second = look();
        assert_ne!(second, first);
        #[cfg(unix)]
        {
            std::fs::remove_file(&file).expect("it is there");
            assert_ne!(look(), second);
            for (name, text) in [("v1", "one"), ("v2", "two")] {
                std::fs::create_dir_all(folder.join(name)).expect("it can be made");
                write(&format!("{name}/estate.yaml"), text);
            }
            let point = |to: &str| {
                std::os::unix::fs::symlink(to, folder.join("tmp")).expect("it can be linked");
                std::fs::rename(folder.join("tmp"), folder.join("data")).expect("it can be renamed");
            };
            point("v1");
            std::os::unix::fs::symlink("data/estate.yaml", &file).expect("it can be linked");
            let before = look();
            point("v2");
            assert_ne!(look(), before);
        }
        let _ = std::fs::remove_dir_all(&folder);
    }
}
