//! The writer: the one place where what is served changes.
//!
//! A [`Control`] holds what was read last ([`EstateSource`]), where it is now ([`Position`]) and named snapshots. Each
//! operation takes the writer's lock, makes the next revision beside the one that is served, publishes it whole, and only
//! then says so. An operation that fails changes nothing. Readers take no lock: they get the standing of one moment.
//!
//! Every publication has an [generation](Position::generation), which only grows. A revision's number alone says too little:
//! a client that goes back and appends other events reaches the same number with another history.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use tokio::sync::watch;

use super::Service;
use super::snapshot::Generation;
use crate::compile::refusal::Refusal;
use crate::compile::with_files::LinkError;
use crate::compile::{Compiled, Fold, State, ZoneFiles};
use crate::estate::Cloud;
use crate::estate::{Event, History, Recorded, Revision, Step};
use crate::scenario::addition::Addition;
use crate::scenario::{Allowance, Scenario, ScenarioErrors};

/// The most snapshots there can be at once: each holds a whole estate.
pub const MAX_SNAPSHOTS: usize = 64;
/// The most characters of a snapshot's name.
pub const MAX_SNAPSHOT_NAME: usize = 128;

/// The most events a history may grow to.
pub const MAX_EVENTS: usize = 1_000_000;

/// Where the estate is read from, again and again.
pub trait EstateSource: Send + Sync {
    /// What it is called in messages: a file, or the name of a built-in scenario.
    fn name(&self) -> &str;

    /// Reads it as it is now.
    ///
    /// # Errors
    /// What is wrong with it; then the estate that is served stays.
    fn load(&self) -> Result<Loaded, Box<dyn std::error::Error + Send + Sync>>;

    /// The files and folders it is read from; none for what cannot change.
    fn paths(&self) -> Vec<PathBuf>;
}

/// What a source gave.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What the scenario is called; may be empty.
    pub title: Arc<str>,
    /// Its events.
    pub history: Arc<History>,
    /// The step to begin at; absent for the last one.
    pub start: Option<String>,
    /// The findings that are accepted.
    pub allow: Arc<[Allowance]>,
    /// Zones from files.
    pub files: Arc<ZoneFiles>,
    /// True if there is nothing besides the zones from files: no estate, and no public DNS of Azure.
    pub files_only: bool,
    /// What the page shows of the scenario.
    pub description: Description,
}

/// What the page shows of a scenario besides its title and its events.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// What it is about; may be empty.
    pub about: Arc<str>,
    /// Where it is from; may be empty.
    pub source: Arc<str>,
    /// What `--scenario` takes to read it again, from any folder; absent where no file has it.
    pub argument: Option<String>,
}

impl Description {
    /// That of a scenario that no file has.
    pub fn of(scenario: &Scenario) -> Self {
        let (about, source) = (Arc::clone(&scenario.about), Arc::clone(&scenario.source));
        Self { about, source, argument: None }
    }
}

impl Loaded {
    /// Zones from files and nothing else.
    pub fn of_files(files: Arc<ZoneFiles>) -> Self {
        let history = Arc::new(History::new(Cloud::Public));
        let description = Description::default();
        Self { title: "".into(), description, history, start: None, allow: Arc::default(), files, files_only: true }
    }
}

/// Why what was loaded cannot be served.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OriginError {
    /// It has no step of the name it shall begin at.
    #[error(transparent)]
    NoStep(#[from] NoStep),
    /// Zones from files cannot be linked where they should.
    #[error(transparent)]
    Link(#[from] LinkError),
}

/// A [`Loaded`] estate at its beginning, ready to be served again.
#[derive(Debug)]
pub struct Origin {
    title: Arc<str>,
    allow: Arc<[Allowance]>,
    description: Description,
    /// Before the first event.
    ground: Compiled,
    /// At the step it begins at.
    world: Arc<Compiled>,
    step: Option<usize>,
    /// The same with its tables, once it was published: a reset takes no work.
    prepared: OnceLock<Arc<Generation>>,
}

/// A step that is not there.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there is no step `{name}`{}", hint(.known))]
pub struct NoStep {
    /// What was asked for.
    pub name: String,
    /// The steps there are.
    pub known: Vec<String>,
}

fn hint(known: &[String]) -> String {
    match known {
        [] => "; the history has no steps".to_owned(),
        known => format!("; the steps are {}", known.join(", ")),
    }
}

impl Origin {
    /// Compiles what was loaded.
    ///
    /// # Errors
    /// [`OriginError`].
    pub fn new(loaded: Loaded) -> Result<Self, OriginError> {
        let Loaded { title, description, history, start, allow, files, files_only } = loaded;
        if files_only {
            let ground = Compiled::of_files(files);
            let world = Arc::new(ground.clone());
            return Ok(Self { title, description, allow, world, ground, step: None, prepared: OnceLock::new() });
        }
        let step = match start {
            Some(name) => Some(index_of(&history, &name)?),
            None => history.steps().len().checked_sub(1),
        };
        let ground = Fold::new(&history).compiled();
        // The networks the zones are linked to are there where the estate begins to be served, not before the first event.
        let world = at(&ground, &history, end(&history, step)).with_files(Arc::clone(&files))?;
        let (ground, world) = (ground.with_unchecked_files(files), Arc::new(world));
        Ok(Self { title, description, allow, ground, world, step, prepared: OnceLock::new() })
    }

    /// What the scenario is called; may be empty.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The findings that are accepted.
    pub fn allow(&self) -> &Arc<[Allowance]> {
        &self.allow
    }

    /// The estate where it begins.
    pub fn world(&self) -> &Arc<Compiled> {
        &self.world
    }
}

/// What is served at one moment.
#[derive(Clone, Debug)]
pub struct Position {
    /// How many publications there have been, this one included.
    pub generation: u64,
    /// What the scenario is called; may be empty.
    pub title: Arc<str>,
    /// The estate, with its whole history.
    pub world: Arc<Compiled>,
    /// The step it is at, by its index in the history; absent where the history has no steps.
    pub step: Option<usize>,
    /// How reading the source again went.
    pub reloads: Reloads,
    origin: Arc<Origin>,
}

impl Position {
    /// The step it is at; absent where the history has no steps.
    pub fn step(&self) -> Option<&Step> {
        self.world.history.steps().get(self.step?)
    }

    /// The findings that are accepted: the entries of the scenario that is served.
    pub fn allow(&self) -> &Arc<[Allowance]> {
        self.origin.allow()
    }

    /// The step a reset leads to; absent where the scenario has no steps.
    pub fn start(&self) -> Option<&Step> {
        self.origin.world.history.steps().get(self.origin.step?)
    }

    /// What the page shows of the scenario.
    pub fn description(&self) -> &Description {
        &self.origin.description
    }

    /// True as long as no events were appended to what was read.
    pub fn is_as_read(&self) -> bool {
        Arc::ptr_eq(&self.world.history, &self.origin.world.history)
    }

    /// The estate at a step's name or a revision's number. Absent if there is neither.
    pub fn at(&self, text: &str) -> Option<Arc<Compiled>> {
        let history = &self.world.history;
        let revision = match history.step(text) {
            Some(step) => step.end,
            None => text.parse().ok().map(Revision).filter(|revision| *revision <= history.last())?,
        };
        Some(self.at_revision(revision))
    }

    /// The estate at a revision of its history; the last one for what is beyond.
    pub fn at_revision(&self, revision: Revision) -> Arc<Compiled> {
        if revision == self.world.revision() {
            return Arc::clone(&self.world);
        }
        Arc::new(at(&self.origin.ground, &self.world.history, revision))
    }
}

/// How reading the source again went.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reloads {
    /// How often it went well.
    pub succeeded: u64,
    /// How often it failed.
    pub failed: u64,
    /// When it was tried last; absent if never.
    pub last: Option<SystemTime>,
    /// Why the last one failed; absent if it went well.
    pub failure: Option<Arc<str>>,
}

/// Sent to those who wait for changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The publication.
    pub generation: u64,
    /// The revision that is served now.
    pub revision: Revision,
    /// The step it is at, if any.
    pub step: Option<Arc<str>>,
}

/// Why nothing was changed.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum ControlError {
    /// No such step.
    #[error(transparent)]
    NoStep(#[from] NoStep),
    /// There is no step after this one.
    #[error("this is the last step")]
    AtEnd,
    /// There is no step before this one.
    #[error("this is the first step")]
    AtStart,
    /// Events were built on something else than what is served.
    #[error("the events build on {built_on}, but the server is at revision {current} of generation {generation}")]
    Stale {
        /// What they were built on.
        built_on: BuiltOn,
        /// The current revision.
        current: Revision,
        /// Its generation.
        generation: u64,
    },
    /// The events do not say what they build on.
    #[error("the events do not say which revision they build on; name it with `builtOn`")]
    BuiltOnNothing,
    /// The events cannot be read.
    #[error("{0}")]
    Events(ScenarioErrors),
    /// There is nothing to append.
    #[error("there are no events to append")]
    NoEvents,
    /// The scenario cannot be read.
    #[error("{0}")]
    Scenario(ScenarioErrors),
    /// The scenario cannot be served.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// The events refer to what does not exist, or give names that cannot be given.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Mistakes(Vec<Refusal>),
    /// The history is long enough.
    #[error("the history would have more than {MAX_EVENTS} events, the limit; reset it")]
    TooManyEvents,
    /// No snapshot of that name.
    #[error("there is no snapshot `{name}`{}", match .known.as_slice() {
        [] => "; none was taken".to_owned(),
        known => format!("; the snapshots are {}", known.join(", ")),
    })]
    NoSnapshot {
        /// What was asked for.
        name: String,
        /// The snapshots there are.
        known: Vec<String>,
    },
    /// A name no snapshot can have.
    #[error(
        "invalid snapshot name {name:?}; use at most {MAX_SNAPSHOT_NAME} letters, digits, `.`, \
         `-` and `_`"
    )]
    BadSnapshotName {
        /// What was given.
        name: String,
    },
    /// There are enough snapshots.
    #[error("there are {MAX_SNAPSHOTS} snapshots, the limit; delete one")]
    TooManySnapshots,
    /// The source cannot be read; what is served stays.
    #[error("{name} cannot be used: {why}")]
    Reload {
        /// The source.
        name: String,
        /// Why.
        why: Arc<str>,
    },
}

/// What events build on. Absent parts are not compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BuiltOn {
    /// The revision.
    pub revision: Option<Revision>,
    /// The generation.
    pub generation: Option<u64>,
}

impl std::fmt::Display for BuiltOn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.revision, self.generation) {
            (Some(revision), Some(generation)) => write!(f, "revision {revision} of generation {generation}"),
            (Some(revision), None) => write!(f, "revision {revision}"),
            (None, Some(generation)) => write!(f, "generation {generation}"),
            (None, None) => f.write_str("nothing"),
        }
    }
}

/// Events that were appended.
#[derive(Clone, Debug)]
pub struct Appended {
    /// What is served now.
    pub position: Arc<Position>,
    /// The revision they were built on.
    pub before: Revision,
    /// Steps that lay ahead and are gone until the next reset or reload.
    pub left: Vec<String>,
}

/// A snapshot as documents show it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// Its name.
    pub name: String,
    /// Its revision.
    pub revision: Revision,
    /// The step it is at, if any.
    pub step: Option<String>,
    /// When it was taken.
    pub taken: SystemTime,
}

/// The writer, shared by everything that may change what is served.
pub struct Control {
    service: Arc<Service>,
    source: Box<dyn EstateSource>,
    position: ArcSwap<Position>,
    changes: watch::Sender<Change>,
    /// Held while writing.
    writer: Mutex<Writer>,
}

/// What is done with every revision that is published.
type AtPublish = Box<dyn Fn(&Position) + Send>;

#[derive(Default)]
struct Writer {
    snapshots: BTreeMap<String, Saved>,
    at_reset: Vec<Box<dyn Fn() + Send>>,
    at_publish: Vec<AtPublish>,
}

struct Saved {
    taken: SystemTime,
    title: Arc<str>,
    world: Arc<Compiled>,
    step: Option<usize>,
    origin: Arc<Origin>,
    prepared: Arc<Generation>,
}

/// What is to be published.
struct Next {
    title: Arc<str>,
    world: Arc<Compiled>,
    step: Option<usize>,
    origin: Arc<Origin>,
    reloads: Reloads,
    /// The same with its tables, if it was published before.
    prepared: Option<Arc<Generation>>,
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control").field("source", &self.source.name()).finish_non_exhaustive()
    }
}

impl Control {
    /// The writer of a publication that serves `origin`, which is what `source` gave.
    pub fn new(service: Arc<Service>, source: Box<dyn EstateSource>, origin: Origin) -> Self {
        if Arc::ptr_eq(&service.snapshots().world(), &origin.world) {
            origin.prepared.get_or_init(|| service.snapshots().current());
        }
        let origin = Arc::new(origin);
        let position = Position {
            generation: 1,
            title: Arc::clone(&origin.title),
            world: Arc::clone(&origin.world),
            step: origin.step,
            reloads: Reloads::default(),
            origin,
        };
        let (changes, _) = watch::channel(change(&position));
        let position = ArcSwap::from_pointee(position);
        Self { service, source, position, changes, writer: Mutex::default() }
    }

    /// What is served now.
    pub fn position(&self) -> Arc<Position> {
        self.position.load_full()
    }

    /// What the listeners answer from.
    pub fn service(&self) -> &Arc<Service> {
        &self.service
    }

    /// Where the estate is read from.
    pub fn source(&self) -> &dyn EstateSource {
        &*self.source
    }

    /// Sees every publication from now on, the newest at least.
    pub fn changes(&self) -> watch::Receiver<Change> {
        self.changes.subscribe()
    }

    /// Has `also` done with every reset, before the beginning is served.
    pub fn at_reset(&self, also: impl Fn() + Send + 'static) {
        self.write().at_reset.push(Box::new(also));
    }

    /// Calls `also` with every revision that is published from now on, before the caller gets a reply.
    pub fn at_publish(&self, also: impl Fn(&Position) + Send + 'static) {
        self.write().at_publish.push(Box::new(also));
    }

    /// Goes to the step after this one.
    ///
    /// # Errors
    /// [`ControlError::AtEnd`].
    pub fn next(&self) -> Result<Arc<Position>, ControlError> {
        let writer = self.write();
        let position = self.position();
        let next = position.step.map_or(0, |step| step + 1);
        if next >= position.world.history.steps().len() {
            return Err(ControlError::AtEnd);
        }
        Ok(self.stand_at(&writer, &position, next))
    }

    /// Goes to the step before this one.
    ///
    /// # Errors
    /// [`ControlError::AtStart`].
    pub fn previous(&self) -> Result<Arc<Position>, ControlError> {
        let writer = self.write();
        let position = self.position();
        let previous = position.step.and_then(|step| step.checked_sub(1)).ok_or(ControlError::AtStart)?;
        Ok(self.stand_at(&writer, &position, previous))
    }

    /// Goes to a step.
    ///
    /// # Errors
    /// [`ControlError::NoStep`].
    pub fn go_to(&self, step: &str) -> Result<Arc<Position>, ControlError> {
        let writer = self.write();
        let position = self.position();
        let index = index_of(&position.world.history, step)?;
        Ok(self.stand_at(&writer, &position, index))
    }

    /// Appends the events of a text after the revision that is served, as a step of their own. `given` is what the caller
    /// says they build on; the text can say so itself. Steps that lay ahead are left until the next reset or reload.
    ///
    /// # Errors
    /// [`ControlError::Stale`], [`ControlError::BuiltOnNothing`] or [`ControlError::Events`].
    pub fn append(&self, file: &str, text: &[u8], given: BuiltOn) -> Result<Appended, ControlError> {
        let (revision, generation) = Addition::builds_on(text);
        let own = BuiltOn { revision: revision.map(Revision), generation };
        self.append_addition(&[given, own], |history, state| {
            Addition::read(file, text, history, state).map_err(ControlError::Events)
        })
    }

    /// Appends events as [`Control::append`] does, without a written form. The step gets a free name, and no event has a
    /// date.
    ///
    /// # Errors
    /// [`ControlError::Stale`], [`ControlError::BuiltOnNothing`], [`ControlError::NoEvents`] or [`ControlError::Mistakes`]. An event that Azure would
    /// refuse is not an error: it is appended, and has no effect.
    pub fn append_events(&self, events: Vec<Event>, given: BuiltOn) -> Result<Appended, ControlError> {
        self.append_addition(&[given], |history, state| {
            if events.is_empty() {
                return Err(ControlError::NoEvents);
            }
            let recorded = events.into_iter().map(|event| Recorded { event, date: None, place: None });
            let addition = Addition::of(history, recorded.collect());
            let mistakes = addition.mistakes(state);
            if mistakes.is_empty() { Ok(addition) } else { Err(ControlError::Mistakes(mistakes)) }
        })
    }

    /// Appends what `read` makes of the history and the state that are served.
    fn append_addition(
        &self,
        builds_on: &[BuiltOn],
        read: impl FnOnce(&History, &State) -> Result<Addition, ControlError>,
    ) -> Result<Appended, ControlError> {
        let writer = self.write();
        let position = self.position();
        let before = position.world.revision();
        let steps = position.step.map_or(0, |step| step + 1);
        let told = &position.world.history;
        let mut history = told.until(before, steps);
        for built_on in builds_on {
            let stale = built_on.revision.is_some_and(|own| own != before)
                || built_on.generation.is_some_and(|own| own != position.generation);
            if stale {
                return Err(ControlError::Stale {
                    built_on: *built_on,
                    current: before,
                    generation: position.generation,
                });
            }
        }
        let addition = read(&history, &position.world.state)?;
        if builds_on.iter().all(|built_on| *built_on == BuiltOn::default()) {
            return Err(ControlError::BuiltOnNothing);
        }
        let events = told.events().len().saturating_add(addition.events.len());
        if events > MAX_EVENTS {
            return Err(ControlError::TooManyEvents);
        }
        let left = told.steps().iter().skip(steps).map(|step| step.name.to_string()).collect();
        addition.append_to(&mut history);
        let history = Arc::new(history);
        let mut fold = Fold::resume(&position.world, &history);
        fold.to(history.last());
        let position = self.publish(&writer, "events", |before| Next {
            world: Arc::new(fold.compiled()),
            step: history.steps().len().checked_sub(1),
            ..Next::like(before)
        });
        Ok(Appended { position, before, left })
    }

    /// Reads the source again. The estate stays at the step it is at, if there still is one of that name; else it
    /// goes to where it begins. Appended events are gone.
    ///
    /// # Errors
    /// [`ControlError::Reload`]; then what is served stays, and the failure is kept in [`Position::reloads`].
    pub fn reload(&self) -> Result<Arc<Position>, ControlError> {
        let writer = self.write();
        let name = self.source.name();
        let read = self.source.load().map_err(|error| causes(&*error));
        let origin = read.and_then(|loaded| Origin::new(loaded).map_err(|error| error.to_string()));
        let last = Some(SystemTime::now());
        let origin = match origin {
            Ok(origin) => Arc::new(origin),
            Err(why) => {
                tracing::error!(source = name, error = %why, "reload failed; the server keeps the previous revision");
                let why: Arc<str> = why.into();
                let mut position = (*self.position()).clone();
                let failed = position.reloads.failed + 1;
                position.reloads = Reloads { failed, last, failure: Some(Arc::clone(&why)), ..position.reloads };
                self.position.store(Arc::new(position));
                return Err(ControlError::Reload { name: name.to_owned(), why });
            }
        };
        let before = self.position();
        let history = &origin.world.history;
        let stays = before.step().and_then(|step| index_of(history, &step.name).ok());
        let (world, step) = match stays {
            Some(step) if Some(step) != origin.step => {
                (Arc::new(at(&origin.ground, history, end(history, Some(step)))), Some(step))
            }
            _ => (Arc::clone(&origin.world), origin.step),
        };
        let position = self.publish(&writer, "reload", |before| {
            let reloads = Reloads { succeeded: before.reloads.succeeded + 1, last, failure: None, ..before.reloads };
            Next { title: Arc::clone(&origin.title), world, step, origin, reloads, prepared: None }
        });
        Ok(position)
    }

    /// Serves another scenario from its start, in the place of the one that was read from the source. Appended events are
    /// gone; snapshots stay, and so do zones from files. A reset returns to this scenario, a reload to the source. Doing it
    /// twice has the same effect as doing it once.
    ///
    /// # Errors
    /// [`ControlError::Scenario`], [`ControlError::Origin`] or [`ControlError::TooManyEvents`]; then what is served stays.
    pub fn replace(&self, file: &str, text: &[u8]) -> Result<Arc<Position>, ControlError> {
        let scenario = Scenario::read(file, text).map_err(ControlError::Scenario)?;
        let description = Description::of(&scenario);
        let Scenario { title, history, start, allow, .. } = scenario;
        if history.events().len() > MAX_EVENTS {
            return Err(ControlError::TooManyEvents);
        }
        let writer = self.write();
        let files = Arc::clone(&self.position().origin.ground.state.files);
        let (history, allow) = (Arc::new(history), allow.into());
        let loaded = Loaded { title, description, history, start, allow, files, files_only: false };
        let origin = Arc::new(Origin::new(loaded)?);
        Ok(self.publish(&writer, "scenario", |before| Next {
            title: Arc::clone(&origin.title),
            world: Arc::clone(&origin.world),
            step: origin.step,
            origin,
            prepared: None,
            ..Next::like(before)
        }))
    }

    /// Goes back to what was read last, at the step it begins at. Appended events are gone; snapshots stay.
    pub fn reset(&self) -> Arc<Position> {
        let writer = self.write();
        self.service.faults().clear_all(std::time::Instant::now());
        for also in &writer.at_reset {
            also();
        }
        self.publish(&writer, "reset", |before| Next {
            title: Arc::clone(&before.origin.title),
            world: Arc::clone(&before.origin.world),
            step: before.origin.step,
            prepared: before.origin.prepared.get().cloned(),
            ..Next::like(before)
        })
    }

    /// Keeps what is served under a name; one of that name before is replaced.
    ///
    /// # Errors
    /// [`ControlError::BadSnapshotName`] or [`ControlError::TooManySnapshots`].
    pub fn snapshot(&self, name: &str) -> Result<Snapshot, ControlError> {
        let fine = |character: char| character.is_ascii_alphanumeric() || ".-_".contains(character);
        // Names are in paths, where these two have a meaning of their own.
        if name.is_empty()
            || name.len() > MAX_SNAPSHOT_NAME
            || !name.chars().all(fine)
            || name.chars().all(|one| one == '.')
        {
            let name = name.chars().take(MAX_SNAPSHOT_NAME).collect();
            return Err(ControlError::BadSnapshotName { name });
        }
        let mut writer = self.write();
        if writer.snapshots.len() >= MAX_SNAPSHOTS && !writer.snapshots.contains_key(name) {
            return Err(ControlError::TooManySnapshots);
        }
        let Position { title, world, step, origin, .. } = (*self.position()).clone();
        // Nothing is published while the lock is held, so this is what was published with `world`.
        let prepared = self.service.snapshots().current();
        let saved = Saved { taken: SystemTime::now(), title, world, step, origin, prepared };
        let told = saved.told(name);
        writer.snapshots.insert(name.to_owned(), saved);
        Ok(told)
    }

    /// The snapshots there are, in order of their names.
    pub fn snapshots(&self) -> Vec<Snapshot> {
        self.write().snapshots.iter().map(|(name, saved)| saved.told(name)).collect()
    }

    /// Forgets a snapshot.
    ///
    /// # Errors
    /// [`ControlError::NoSnapshot`].
    pub fn forget(&self, name: &str) -> Result<(), ControlError> {
        let mut writer = self.write();
        match writer.snapshots.remove(name) {
            Some(_) => Ok(()),
            None => Err(no_snapshot(&writer, name)),
        }
    }

    /// Serves a snapshot again, with the history it had. The snapshot stays.
    ///
    /// # Errors
    /// [`ControlError::NoSnapshot`].
    pub fn restore(&self, name: &str) -> Result<Arc<Position>, ControlError> {
        let writer = self.write();
        let saved = writer.snapshots.get(name).ok_or_else(|| no_snapshot(&writer, name))?;
        Ok(self.publish(&writer, "restore", |before| Next {
            title: Arc::clone(&saved.title),
            world: Arc::clone(&saved.world),
            step: saved.step,
            origin: Arc::clone(&saved.origin),
            reloads: before.reloads.clone(),
            prepared: Some(Arc::clone(&saved.prepared)),
        }))
    }

    fn stand_at(&self, writer: &Writer, position: &Position, step: usize) -> Arc<Position> {
        let history = &position.world.history;
        let revision = end(history, Some(step));
        let world = if revision == position.world.revision() {
            Arc::clone(&position.world)
        } else if revision > position.world.revision() {
            Arc::new(at(&position.world, history, revision))
        } else {
            Arc::new(at(&position.origin.ground, history, revision))
        };
        self.publish(writer, "step", |before| Next { world, step: Some(step), ..Next::like(before) })
    }

    /// The lock keeps publications in order; the argument shows that the caller holds it.
    fn publish(&self, writer: &Writer, by: &str, next: impl FnOnce(&Position) -> Next) -> Arc<Position> {
        let before = self.position();
        let Next { title, world, step, origin, reloads, prepared } = next(&before);
        match prepared {
            Some(generation) => self.service.snapshots().publish_again(generation),
            None if Arc::ptr_eq(&before.world, &world) => {}
            None => self.service.snapshots().publish(Arc::clone(&world)),
        }
        if Arc::ptr_eq(&origin.world, &world) {
            origin.prepared.get_or_init(|| self.service.snapshots().current());
        }
        let position = Arc::new(Position { generation: before.generation + 1, title, world, step, reloads, origin });
        self.position.store(Arc::clone(&position));
        let step = position.step().map_or("-", |step| &*step.name);
        tracing::info!(by, step, revision = position.world.revision().0, generation = position.generation, "published");
        for also in &writer.at_publish {
            also(&position);
        }
        self.changes.send_replace(change(&position));
        position
    }

    /// An operation that panicked has published nothing: what it left is whole.
    fn write(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Next {
    fn like(before: &Position) -> Self {
        let Position { title, world, step, reloads, origin, .. } = before.clone();
        Self { title, world, step, origin, reloads, prepared: None }
    }
}

impl Saved {
    fn told(&self, name: &str) -> Snapshot {
        let step = self.step.and_then(|step| self.world.history.steps().get(step));
        Snapshot {
            name: name.to_owned(),
            revision: self.world.revision(),
            step: step.map(|step| step.name.to_string()),
            taken: self.taken,
        }
    }
}

fn no_snapshot(writer: &Writer, name: &str) -> ControlError {
    ControlError::NoSnapshot { name: name.to_owned(), known: writer.snapshots.keys().cloned().collect() }
}

fn change(position: &Position) -> Change {
    let step = position.step().map(|step| Arc::clone(&step.name));
    Change { generation: position.generation, revision: position.world.revision(), step }
}

fn index_of(history: &History, name: &str) -> Result<usize, NoStep> {
    let index = history.steps().iter().position(|step| &*step.name == name);
    index.ok_or_else(|| {
        let known = history.steps().iter().map(|step| step.name.to_string()).collect();
        NoStep { name: name.to_owned(), known }
    })
}

/// Where a step ends; without steps, the end of the history.
fn end(history: &History, step: Option<usize>) -> Revision {
    step.map_or(history.last(), |step| history.steps()[step].end)
}

fn at(from: &Compiled, history: &Arc<History>, revision: Revision) -> Compiled {
    let mut fold = Fold::resume(from, history);
    fold.to(revision);
    fold.compiled()
}

/// An error and its causes on one line each.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::compile;
    use crate::scenario::{Scenario, builtin};
    use crate::server::Conduct;

    struct BuiltIn(&'static str);

    impl EstateSource for BuiltIn {
        fn name(&self) -> &str {
            self.0
        }

        fn load(&self) -> Result<Loaded, Box<dyn std::error::Error + Send + Sync>> {
            let text = builtin::text(self.0).expect("it is built in");
            let Scenario { title, history, start, allow, .. } = Scenario::read(self.0, text.as_bytes())?;
            let (history, allow, description) = (Arc::new(history), allow.into(), Description::default());
            Ok(Loaded { title, description, history, start, allow, files: Arc::default(), files_only: false })
        }

        fn paths(&self) -> Vec<PathBuf> {
            Vec::new()
        }
    }

    fn control(name: &'static str) -> Control {
        let origin = Origin::new(BuiltIn(name).load().expect("it can be read")).expect("it has its start");
        let service = Service::new(Arc::clone(origin.world()), Vec::new(), Conduct::default());
        Control::new(Arc::new(service), Box::new(BuiltIn(name)), origin)
    }

    /// What is served equals a fresh fold of the history, regardless of the changes that led there.
    fn check(control: &Control) {
        let position = control.position();
        let world = compile(&position.world.history, position.world.revision());
        assert_eq!(crate::assess::Assessment::of(&position.world), crate::assess::Assessment::of(&world));
        let sets = |world: &Compiled| {
            let zones = world.state.zones.values().map(|linked| linked.zone.sets());
            zones.collect::<Vec<_>>()
        };
        assert_eq!(sets(&position.world), sets(&world));
        assert!(Arc::ptr_eq(&control.service().snapshots().world(), &position.world));
    }

    #[test]
    fn every_road_to_a_step_leads_to_what_its_events_make() {
        // Each takes a while without optimisation, and they are alike.
        for name in ["two-scopes-one-dns"].into_iter().chain(builtin::names().step_by(9)) {
            let control = control(name);
            while control.previous().is_ok() {
                check(&control);
            }
            while control.next().is_ok() {
                check(&control);
            }
            let steps: Vec<_> = control.position().world.history.steps().iter().map(|step| step.name.clone()).collect();
            for step in steps.iter().step_by(2).chain(steps.iter().rev()) {
                assert_eq!(control.go_to(step).expect("it is there").step().map(|own| &own.name), Some(step));
                check(&control);
            }
            let position = control.reset();
            assert_eq!(position.step().map(|step| &step.name), position.start().map(|step| &step.name));
            check(&control);
        }
    }

    #[test]
    fn appended_events_follow_where_the_history_stands_and_snapshots_keep_their_own() {
        let control = control("two-scopes-one-dns");
        control.go_to("first-scope").expect("it is there");
        let built_on = BuiltOn { revision: Some(control.position().world.revision()), generation: None };
        let events = b"[createPrivateLinkScope: {name: other}]";
        let appended = control.append("x", events, built_on).expect("good events");
        assert_eq!(appended.left, ["second-scope", "second-endpoint-deleted"]);
        check(&control);
        control.snapshot("mine").expect("a good name");
        assert!(matches!(control.append("x", events, built_on), Err(ControlError::Stale { .. })));
        assert!(matches!(control.next(), Err(ControlError::AtEnd)));
        control.previous().expect("first-scope lies before");
        check(&control);
        assert_eq!(control.next().expect("what was appended is a step").step().map(|step| &*step.name), Some("live-1"));
        check(&control);
        let reloaded = control.reload().expect("it is built in");
        assert_eq!(reloaded.step().map(|step| &*step.name), Some("second-scope"), "the step is gone");
        check(&control);
        control.restore("mine").expect("it was taken");
        check(&control);
        assert!(control.position().world.state.scopes.contains_key("other"));
        control.reset();
        assert!(!control.position().world.state.scopes.contains_key("other"));
        check(&control);
    }

    #[test]
    fn waiting_readers_see_each_change_and_each_reset() {
        let control = control("two-scopes-one-dns");
        let mut changes = control.changes();
        let (told, was_told) = std::sync::mpsc::channel();
        control.at_reset(move || told.send(()).expect("somebody hears"));
        control.previous().expect("it is the third step");
        assert!(changes.has_changed().expect("the sender lives"));
        assert_eq!(changes.borrow_and_update().step.as_deref(), Some("first-scope"));
        assert!(was_told.try_recv().is_err());
        let (published, was_published) = std::sync::mpsc::channel();
        control.at_publish(move |position| published.send(position.generation).expect("the test receives it"));
        control.reset();
        assert_eq!(was_published.try_recv(), Ok(3));
        assert!(was_told.try_recv().is_ok());
        assert_eq!(changes.borrow_and_update().generation, 3);
    }

    #[test]
    fn there_are_not_more_snapshots_than_are_kept() {
        let control = control("two-scopes-one-dns");
        for number in 0..MAX_SNAPSHOTS {
            control.snapshot(&number.to_string()).expect("there is room");
        }
        assert_eq!(control.snapshot("more"), Err(ControlError::TooManySnapshots));
        control.snapshot("0").expect("its place is taken again");
        control.forget("1").expect("it is there");
        control.snapshot("more").expect("there is room again");
        assert_eq!(control.snapshots().len(), MAX_SNAPSHOTS);
    }
}
