//! Finding and reading the scenario, and the things in it that flags name.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{OperandArguments, ScenarioArguments, StepArguments};
use crate::assess::flow::Client;
use crate::compile::{Compiled, ViewId, ZoneFiles, compile};
use crate::dns::{NameError, OwnerName, RecordType};
use crate::estate::{Event, History, MachineName, ResourceName, Revision};
use crate::import;
use crate::output::count;
use crate::scenario::{AllowFile, Allowance, Document, Scenario, ScenarioErrors, builtin};
use crate::server::source::{self, ZoneSource, beside};
use crate::server::{Description, EstateSource, Loaded};

/// The scenario every verb works on unless it is given another.
pub const DEFAULT: &str = "two-scopes-one-dns";

/// The largest scenario that is read, in bytes.
const MAX_OCTETS: u64 = 64 << 20;

/// Why the input cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// No file and no built-in scenario of that name.
    #[error("there is no file and no built-in scenario `{name}`\nhelp: {hint}")]
    NoScenario {
        /// What was given.
        name: String,
        /// What there is.
        hint: String,
    },
    /// The file cannot be read.
    #[error("the scenario `{name}` cannot be read")]
    Unreadable {
        /// What was given.
        name: String,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// The path is not a file, or the file is too large.
    #[error("the scenario `{name}` {what}")]
    Unfit {
        /// What was given.
        name: String,
        /// What is wrong with it.
        what: String,
    },
    /// It is not a scenario.
    #[error("{0}")]
    Scenario(ScenarioErrors),
    /// What Azure, Terraform or Bicep made cannot be imported.
    #[error("{0}")]
    Import(String),
    /// Both operand and option.
    #[error("duplicate scenario or type: `{0}` and `{1}`\nhelp: pass only one of them")]
    Twice(String, String),
    /// No such step.
    #[error("the scenario has no step `{name}`\nhelp: {hint}")]
    NoStep {
        /// What was given.
        name: String,
        /// What there is.
        hint: String,
    },
    /// No such network.
    #[error("the estate has no network `{name}` at this step\nhelp: {hint}")]
    NoNetwork {
        /// What was given.
        name: String,
        /// What there is.
        hint: String,
    },
    /// No such virtual machine.
    #[error("the scenario has no virtual machine `{name}`\nhelp: {hint}")]
    NoMachine {
        /// What was given.
        name: String,
        /// What there is.
        hint: String,
    },
    /// No such resource.
    #[error("the estate has no resource `{name}` at this step\nhelp: {hint}")]
    NoResource {
        /// What was given.
        name: String,
        /// What there is.
        hint: String,
    },
    /// No name.
    #[error("`{name}` is not a valid domain name: {error}")]
    BadName {
        /// What was given.
        name: String,
        /// Why.
        error: NameError,
    },
}

/// A scenario and the name it was found by.
pub(super) struct Read {
    /// What it is called in messages.
    pub(super) name: String,
    /// The scenario.
    pub(super) scenario: Scenario,
    /// What its import found; absent where it was not imported.
    pub(super) report: Option<import::Report>,
}

impl OperandArguments {
    /// Reads the scenario.
    pub(super) fn read(&self) -> Result<Read, InputError> {
        read(&self.wanted()?)
    }

    /// Reads the scenario, or what `import` makes of a file or folder, together with more files such as parameters.
    pub(super) fn estate(&self, more: &[String]) -> Result<Read, Box<dyn std::error::Error>> {
        let wanted = self.wanted()?;
        match more {
            [] => estate(&wanted),
            more => imported_together(&wanted, more),
        }
    }

    /// What is to be read, as it was given.
    pub(super) fn name(&self) -> &str {
        self.operand.as_deref().or(self.option.scenario.as_deref()).unwrap_or(DEFAULT)
    }

    /// What is to be read.
    fn wanted(&self) -> Result<String, InputError> {
        match (&self.operand, &self.option.scenario) {
            (Some(operand), Some(option)) if operand != option && std::env::var("AMPLS_DNS_SCENARIO").is_err() => {
                Err(InputError::Twice(operand.clone(), option.clone()))
            }
            (Some(operand), _) => Ok(operand.clone()),
            (None, option) => Ok(option.clone().unwrap_or_else(|| DEFAULT.to_owned())),
        }
    }
}

/// The operands after a name: a record type, which is A unless it is given, and a scenario, in any order.
pub(super) fn type_and_scenario(
    operands: &[String],
    option: &ScenarioArguments,
) -> Result<(RecordType, OperandArguments), InputError> {
    let (types, rest): (Vec<_>, Vec<_>) = operands.iter().partition(|operand| record_type(operand).is_ok());
    let first = |all: &[&String]| match all {
        [] => Ok(None),
        [one] => Ok(Some((*one).clone())),
        [one, two, ..] => Err(InputError::Twice((*one).clone(), (*two).clone())),
    };
    let kind = first(&types)?.map_or(Ok(RecordType::A), |text| record_type(&text));
    let kind = kind.expect("it was read as a type before");
    Ok((kind, OperandArguments { operand: first(&rest)?, option: option.clone() }))
}

/// What `serve` serves: a scenario with zones from files, or those alone.
pub(super) struct Given {
    /// The scenario by file, name or `-`; absent for zones from files alone.
    scenario: Option<String>,
    /// The step to begin at.
    at: Option<String>,
    /// Master files and folders of them.
    zones: Vec<ZoneSource>,
    /// Files of accepted findings.
    allow: Vec<String>,
    /// What it is called in messages.
    name: String,
    /// Files the scenario named when it was read last, whether it could be read or not.
    named: Mutex<Vec<PathBuf>>,
}

/// Standard input or a pipe was read.
#[derive(Debug, thiserror::Error)]
#[error("standard input or a pipe can be read only once; name a file to reload it")]
struct ReadOnce;

impl Given {
    /// What the arguments of `serve` name, and what it holds now.
    pub(super) fn read(
        scenario: &OperandArguments,
        step: &StepArguments,
        zones: &[ZoneSource],
        allow: &[String],
    ) -> Result<(Self, Loaded), Box<dyn std::error::Error>> {
        let files = Arc::new(source::load(zones)?);
        let nothing_said = scenario.operand.is_none() && scenario.option.scenario.is_none();
        if nothing_said && !files.is_empty() {
            let names: Vec<String> = zones.iter().map(|zone| zone.path.display().to_string()).collect();
            let (name, named) = (names.join(", "), Mutex::default());
            let given = Self { scenario: None, at: None, zones: zones.to_vec(), allow: allow.to_vec(), name, named };
            let loaded = given.accepting(Loaded::of_files(files))?;
            return Ok((given, loaded));
        }
        let wanted = scenario.wanted()?;
        let mut named = Vec::new();
        let read = read_noting(&wanted, &mut |path| named.push(path.to_owned()))?;
        if step.at.is_some() {
            read.revision(step)?;
        }
        let (name, named) = (read.name.clone(), Mutex::new(named));
        let (zones, allow) = (zones.to_vec(), allow.to_vec());
        let given = Self { scenario: Some(wanted), at: step.at.clone(), zones, allow, name, named };
        let loaded = given.accepting(given.loaded(read, files))?;
        Ok((given, loaded))
    }

    /// The scenario as `--scenario` names it from any folder; absent for standard input and for zones from files alone.
    pub(super) fn scenario_path(&self) -> Option<PathBuf> {
        let name = self.scenario.as_deref().filter(|name| *name != "-")?;
        let path = Path::new(name);
        Some(if path.exists() {
            std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
        } else {
            path.to_owned()
        })
    }

    /// With the accepted findings of the files beside those of the scenario.
    fn accepting(&self, loaded: Loaded) -> Result<Loaded, Box<dyn std::error::Error>> {
        if self.allow.is_empty() {
            return Ok(loaded);
        }
        Ok(Loaded { allow: with_allow_files(&loaded.allow, &self.allow)?.into(), ..loaded })
    }

    fn loaded(&self, read: Read, files: Arc<ZoneFiles>) -> Loaded {
        let argument = self.scenario_path().filter(|path| !is_stream(&path.to_string_lossy()));
        let argument = argument.map(|path| path.to_string_lossy().into_owned());
        let description = Description { argument, ..Description::of(&read.scenario) };
        let Scenario { title, history, start, allow, .. } = read.scenario;
        // If the step no longer exists, the new estate is served all the same.
        let at = self.at.clone().filter(|at| history.step(at).is_some());
        let (history, allow) = (Arc::new(history), allow.into());
        Loaded { title, description, history, start: at.or(start), allow, files, files_only: false }
    }
}

impl EstateSource for Given {
    fn name(&self) -> &str {
        &self.name
    }

    fn load(&self) -> Result<Loaded, Box<dyn std::error::Error + Send + Sync>> {
        let files = Arc::new(source::load(&self.zones)?);
        match self.scenario.as_deref() {
            Some(name) if is_stream(name) => Err(Box::new(ReadOnce)),
            Some(name) => {
                let mut named = Vec::new();
                let read = read_noting(name, &mut |path| named.push(path.to_owned()));
                *self.named.lock().unwrap_or_else(PoisonError::into_inner) = named;
                Ok(self.accepting(self.loaded(read?, files)).map_err(|error| error.to_string())?)
            }
            None => Ok(self.accepting(Loaded::of_files(files)).map_err(|error| error.to_string())?),
        }
    }

    fn paths(&self) -> Vec<PathBuf> {
        let scenario = self.scenario.iter().filter(|name| *name != "-" && Path::new(name).exists());
        let named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        let zones = self.zones.iter().map(|zone| zone.path.clone());
        let allow = self.allow.iter().map(PathBuf::from);
        scenario.map(PathBuf::from).chain(zones).chain(allow).chain(named.iter().cloned()).collect()
    }
}

/// A file of accepted findings cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the accepted findings in `{name}`\nhelp: `check --write-baseline {name}` writes such a file")]
struct UnreadableAllowFile {
    name: String,
    #[source]
    error: std::io::Error,
}

/// The entries of a scenario and those of files.
pub(super) fn with_allow_files(
    of_scenario: &[Allowance],
    files: &[String],
) -> Result<Vec<Allowance>, Box<dyn std::error::Error>> {
    let mut entries = of_scenario.to_vec();
    for name in files {
        entries.extend(allow_file(name)?.allow);
    }
    Ok(entries)
}

/// Reads a file of accepted findings.
pub(super) fn allow_file(name: &str) -> Result<AllowFile, Box<dyn std::error::Error>> {
    let text = std::fs::read(name).map_err(|error| UnreadableAllowFile { name: name.to_owned(), error })?;
    Ok(AllowFile::read(name, &text).map_err(InputError::Scenario)?)
}

/// Reads a scenario by file, name or `-`.
pub(super) fn read(name: &str) -> Result<Read, InputError> {
    read_noting(name, &mut |_| {})
}

/// The files beside a scenario or a spec; each that is asked for is noted.
fn beside_noted(name: &str, note: &mut dyn FnMut(&Path)) -> impl Fn(&str) -> Result<Vec<u8>, String> {
    // What comes by standard input names files relative to the current folder.
    let own = (!is_stream(name)).then_some(Path::new(name));
    let folder = own.and_then(Path::parent).unwrap_or(Path::new(""));
    let (files, note) = (beside(own), RefCell::new(note));
    move |path| {
        (note.borrow_mut())(&folder.join(path));
        files(path)
    }
}

/// Reads a scenario and notes the files it names.
pub(super) fn read_noting(name: &str, note: &mut dyn FnMut(&Path)) -> Result<Read, InputError> {
    if let Some(read) = imported(name).map_err(|error| InputError::Import(error.to_string()))? {
        return Ok(read);
    }
    with_text(name, |file, text| {
        if is_stream(name) && import::recognise(text).is_some() {
            let source = import::ImportFile { name: file.into(), text };
            let made = import::import(&[source]).map_err(|errors| InputError::Import(errors.to_string()))?;
            return Ok(Read { name: file.to_owned(), scenario: made.scenario, report: Some(made.report) });
        }
        let files = beside_noted(name, note);
        let scenario = Scenario::read_with(file, text, &files).map_err(InputError::Scenario)?;
        Ok(Read { name: file.to_owned(), scenario, report: None })
    })
}

/// What `--scenario` takes to read a scenario again; absent for standard input and pipes.
pub(super) fn again(name: &str) -> Option<String> {
    (!is_stream(name)).then(|| name.to_owned())
}

/// True for what is read once and has no length: standard input, and pipes such as the shell's `<(…)`.
fn is_stream(name: &str) -> bool {
    name == "-" || std::fs::metadata(name).is_ok_and(|metadata| is_pipe(&metadata))
}

#[cfg(unix)]
fn is_pipe(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type())
}

#[cfg(not(unix))]
fn is_pipe(_: &std::fs::Metadata) -> bool {
    false
}

/// Reads an estate: a scenario by file, name or `-`, or what `import` makes of a file, a stream or a folder.
pub(super) fn estate(name: &str) -> Result<Read, Box<dyn std::error::Error>> {
    if is_stream(name) {
        // It can be read once: what it is, is seen from what was read.
        let (file, text) = with_text(name, |file, text| Ok((file.to_owned(), text.to_vec())))?;
        if import::recognise(&text).is_some() {
            return made(&file, std::slice::from_ref(&file), &[(file.as_str().into(), text)]);
        }
        let scenario = Scenario::read_with(&file, &text, &beside(None)).map_err(InputError::Scenario)?;
        return Ok(Read { name: file, scenario, report: None });
    }
    match imported(name)? {
        Some(read) => Ok(read),
        None => Ok(read(name)?),
    }
}

/// What `import` makes of a file or folder; absent for what is none of its artefacts.
pub(super) fn imported(name: &str) -> Result<Option<Read>, Box<dyn std::error::Error>> {
    let path = Path::new(name);
    let is_artefact = path.is_dir() && builtin::text(name).is_none()
        || path.is_file() && with_text(name, |_, text| Ok(import::recognise(text).is_some()))?;
    if !is_artefact {
        return Ok(None);
    }
    imported_together(name, &[]).map(Some)
}

/// What `import` makes of a file or folder and more of them.
fn imported_together(name: &str, more: &[String]) -> Result<Read, Box<dyn std::error::Error>> {
    let names: Vec<String> = std::iter::once(name.to_owned()).chain(more.iter().cloned()).collect();
    let (texts, _) = super::import::read_all(&names)?;
    made(name, &names, &texts)
}

/// What `import` makes of texts.
fn made(name: &str, names: &[String], texts: &[(Arc<str>, Vec<u8>)]) -> Result<Read, Box<dyn std::error::Error>> {
    let sources: Vec<_> =
        texts.iter().map(|(name, text)| import::ImportFile { name: Arc::clone(name), text }).collect();
    let made = import::import(&sources)?;
    if !made.report.remarks.is_empty() {
        let remarks = count(made.report.remarks.len(), "remark");
        let names = names.join(" ");
        super::output::say(&format!("`ampls-dns import {names}` prints {remarks} about this"));
    }
    if made.report.is_partial() {
        super::output::say("parts that could change DNS were not read, so the result is incomplete");
    }
    Ok(Read { name: name.to_owned(), scenario: made.scenario, report: Some(made.report) })
}

/// Why input cannot be used, at its places: the errors of a scenario, or one about `file` as a whole.
pub(super) fn errors_of<'e>(error: &'e (dyn std::error::Error + 'static), file: &str) -> Cow<'e, ScenarioErrors> {
    match error.downcast_ref() {
        Some(InputError::Scenario(errors)) => Cow::Borrowed(errors),
        own => {
            let file = match own {
                Some(
                    InputError::NoScenario { name, .. }
                    | InputError::Unreadable { name, .. }
                    | InputError::Unfit { name, .. },
                ) => name,
                _ => file,
            };
            let all = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
            Cow::Owned(ScenarioErrors::of_file(file, all.collect::<Vec<_>>().join(": ")))
        }
    }
}

/// Reads a scenario or a spec by file, name or `-`, returns its name for messages, and notes the files that it refers to.
pub(super) fn read_document(name: &str, note: &mut dyn FnMut(&Path)) -> Result<(String, Document), InputError> {
    with_text(name, |file, text| {
        let files = beside_noted(name, note);
        Ok((file.to_owned(), Document::read(file, text, &files).map_err(InputError::Scenario)?))
    })
}

/// Finds a text by file, name of a built-in scenario, or `-`, and passes it on with its name for messages.
pub(super) fn with_text<T>(
    name: &str,
    take: impl FnOnce(&str, &[u8]) -> Result<T, InputError>,
) -> Result<T, InputError> {
    if name == "-" {
        return take("<stdin>", &bounded(name, std::io::stdin().lock())?);
    }
    match std::fs::metadata(name) {
        Ok(metadata) if metadata.is_file() || is_pipe(&metadata) => {
            let file = std::fs::File::open(name);
            let file = file.map_err(|error| InputError::Unreadable { name: name.to_owned(), error })?;
            take(name, &bounded(name, file)?)
        }
        // A folder may have the name of a built-in scenario, as a lab of it does.
        Ok(_) => match builtin::text(name) {
            Some(text) => take(name, text.as_bytes()),
            None => {
                Err(InputError::Unfit { name: name.to_owned(), what: "is not a regular file or a pipe".to_owned() })
            }
        },
        Err(error) => match builtin::text(name) {
            Some(text) => take(name, text.as_bytes()),
            None if error.kind() == std::io::ErrorKind::NotFound => {
                let near = builtin::names().filter(|one| strsim::damerau_levenshtein(one, name) <= 3);
                let near: Vec<_> = near.map(|one| format!("`{one}`")).collect();
                let hint = match near.is_empty() {
                    false => format!("did you mean {}?", near.join(" or ")),
                    true => "give the path of a scenario file or the name of a built-in one: `ampls-dns scenarios` lists them, \
                             and `ampls-dns init` writes a file to start from"
                        .to_owned(),
                };
                Err(InputError::NoScenario { name: name.to_owned(), hint })
            }
            None => Err(InputError::Unreadable { name: name.to_owned(), error }),
        },
    }
}

/// Reads to the end, but never more than a scenario may have.
fn bounded(name: &str, from: impl std::io::Read) -> Result<Vec<u8>, InputError> {
    let mut text = Vec::new();
    let read = from.take(MAX_OCTETS + 1).read_to_end(&mut text);
    read.map_err(|error| InputError::Unreadable { name: name.to_owned(), error })?;
    if text.len() as u64 > MAX_OCTETS {
        let what = format!("is larger than {} MiB, the limit", MAX_OCTETS >> 20);
        return Err(InputError::Unfit { name: name.to_owned(), what });
    }
    Ok(text)
}

impl Read {
    /// The revision a step ends at: the one named, else the scenario's start, else the last.
    pub(super) fn revision(&self, at: &StepArguments) -> Result<Revision, InputError> {
        let history = &self.scenario.history;
        match &at.at {
            Some(name) => match history.step(name) {
                Some(step) => Ok(step.end),
                None => {
                    let steps = history.steps().iter().map(|step| step.name.to_string());
                    Err(InputError::NoStep { name: name.clone(), hint: hint(name, steps, "steps") })
                }
            },
            None => Ok(self.start()),
        }
    }

    /// The revision the scenario starts at.
    pub(super) fn start(&self) -> Revision {
        let start = self.scenario.start.as_deref().and_then(|name| self.scenario.history.step(name));
        start.map_or(self.scenario.history.last(), |step| step.end)
    }

    /// The revision compiled.
    pub(super) fn compile(&self, at: &StepArguments) -> Result<Compiled, InputError> {
        let revision = self.revision(at)?;
        Ok(compile(&Arc::new(self.scenario.history.clone()), revision))
    }
}

/// The step a revision is at, if any.
pub(super) fn step_at(history: &History, revision: Revision) -> Option<&str> {
    history.step_of(revision).map(|step| &*step.name)
}

/// The view of a network by name; `public` is the public view unless a network has that name.
pub(super) fn view(world: &Compiled, name: &str) -> Result<ViewId, InputError> {
    match world.views.of_network(name) {
        Some(view) => Ok(view),
        None if name == "public" => Ok(ViewId::PUBLIC),
        None => {
            let names = world.state.networks.keys().map(ToString::to_string).chain(["public".to_owned()]);
            Err(InputError::NoNetwork { name: name.to_owned(), hint: hint(name, names, "networks") })
        }
    }
}

/// Who opens connections: a network, a subnet, a virtual machine, or `public`.
pub(super) fn client(world: &Compiled, name: &str) -> Result<Client, InputError> {
    Client::named(world, name).ok_or_else(|| {
        let state = &world.state;
        let subnets = state.networks.values().flat_map(|network| {
            network
                .subnets
                .iter()
                .filter(|_| name.contains('/'))
                .map(|(subnet, _)| format!("{}/{subnet}", network.name))
        });
        let names = state.networks.keys().map(ToString::to_string).chain(subnets);
        let names = names.chain(state.machines.keys().map(ToString::to_string)).chain(["public".to_owned()]);
        InputError::NoNetwork { name: name.to_owned(), hint: hint(name, names, "networks") }
    })
}

/// A built-in scenario.
pub(super) fn built_in(name: &str) -> Result<Scenario, InputError> {
    Scenario::read(name, built_in_text(name)?.as_bytes()).map_err(InputError::Scenario)
}

/// The text of a built-in scenario.
pub(super) fn built_in_text(name: &str) -> Result<&'static str, InputError> {
    builtin::text(name).ok_or_else(|| InputError::NoScenario {
        name: name.to_owned(),
        hint: hint(name, builtin::names(), "built-in scenarios"),
    })
}

/// A resource by name.
pub(super) fn resource(world: &Compiled, name: &str) -> Result<ResourceName, InputError> {
    match world.state.resources.get_key_value(name) {
        Some((name, _)) => Ok(name.clone()),
        None => {
            let names = world.state.resources.keys().map(ToString::to_string);
            Err(InputError::NoResource { name: name.to_owned(), hint: hint(name, names, "resources") })
        }
    }
}

/// A virtual machine that exists at some revision.
pub(super) fn machine(history: &History, name: &str) -> Result<MachineName, InputError> {
    let created = history.events().iter().filter_map(|recorded| match &recorded.event {
        Event::CreateVirtualMachine { name, .. } => Some(name.clone()),
        _ => None,
    });
    let all: Vec<MachineName> = created.collect();
    match all.iter().find(|own| own.as_str() == name) {
        Some(own) => Ok(own.clone()),
        None => {
            let names = all.iter().map(ToString::to_string);
            Err(InputError::NoMachine { name: name.to_owned(), hint: hint(name, names, "virtual machines") })
        }
    }
}

/// A name as the user typed it.
pub(super) fn owner_name(text: &str) -> Result<OwnerName, InputError> {
    OwnerName::parse(text).map_err(|error| InputError::BadName { name: text.to_owned(), error })
}

/// Reads a record type given on the command line.
pub(super) fn record_type(text: &str) -> Result<RecordType, String> {
    text.parse().map_err(|error: crate::dns::record::UnknownType| error.to_string())
}

pub(super) fn hint(given: &str, there_is: impl IntoIterator<Item = impl Into<String>>, what: &str) -> String {
    let all: Vec<String> = there_is.into_iter().map(Into::into).collect();
    let near = all.iter().filter(|one| strsim::damerau_levenshtein(one, given) <= 3);
    let near = near.min_by_key(|one| strsim::damerau_levenshtein(one, given));
    match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if all.is_empty() => format!("there are no {what}"),
        None => format!("the {what} are {}", all.join(", ")),
    }
}
