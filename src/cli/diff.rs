//! `diff`: what two estates differ in, for whom.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::allow::AllowArguments;
use super::client::ServerArguments;
use super::input::{self, InputError};
use super::{Outcome, Result, StepArguments, format, output};
use crate::assess::diff::{Accepting, diff_accepting};
use crate::compile::{Compiled, compile};
use crate::estate::{History, Revision};
use crate::output::diff::{DiffDocument, DiffFormat, document, print};
use crate::output::unreadable;
use crate::scenario::{Addition, Allowance, Scenario};

/// Show how two estates differ: record sets, answers in each network, flows and findings
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  \
        ampls-dns diff two-scopes-one-dns@first-scope @second-scope          two steps of a scenario\n  \
        ampls-dns diff main.yaml branch.yaml --format markdown               for a pull request\n  \
        ampls-dns diff estate.yaml --add second-scope.yaml --from vnet1      what one more scope would break\n  \
        ampls-dns diff --running first-scope                                 from a step of a running server to now\n\n\
        SIDE is a scenario, FILE or NAME, followed by @STEP if it is not the one the scenario starts at; @STEP alone is\n\
        a step of the other side's; or it is a file or folder that `import` reads. Nothing is printed where nothing differs.\n\
        --add takes events in the form of `apply`, or what `import` reads.")]
pub(super) struct DiffArguments {
    /// Before
    #[arg(value_name = "SIDE", required = true)]
    before: String,
    /// After; with --add, the first side is used for both; with --running, the default is what is served now
    #[arg(value_name = "SIDE")]
    after: Option<String>,
    /// File with events to add to the second side, after its step; may be given several times
    #[arg(long, value_name = "FILE", conflicts_with = "running")]
    add: Vec<String>,
    /// Step of the sides that do not name one with @STEP
    #[arg(long, value_name = "STEP", conflicts_with = "running")]
    at: Option<String>,
    /// Networks and virtual machines to compare [default: all]
    #[arg(long, value_name = "NETWORK|VM", value_delimiter = ',')]
    from: Vec<String>,
    /// Compare steps or revisions of a running server
    #[arg(long)]
    running: bool,
    /// Admin address of the running server [default: 127.0.0.1:5299]
    #[arg(long, value_name = "URL|ADDRESS:PORT", env = "AMPLS_DNS_ADMIN", hide_env_values = true)]
    admin: Option<String>,
    /// File with the token of the server
    #[arg(long, value_name = "FILE", env = "AMPLS_DNS_ADMIN_TOKEN_FILE", hide_env_values = true)]
    admin_token_file: Option<PathBuf>,
    #[command(flatten)]
    accepted: AllowArguments,
    /// Exit with 1 if anything differs
    #[arg(long)]
    exit_code: bool,
    /// Output format
    #[arg(long, value_parser = format::of::<DiffFormat>(), default_value = "text")]
    format: DiffFormat,
}

/// Why there is nothing to compare.
#[derive(Debug, thiserror::Error)]
enum DiffError {
    #[error(
        "--allow and --date are for estates that are read here\nhelp: a running server marks what its scenario accepts"
    )]
    Accepted,
    #[error("there is one side only\nhelp: name a second scenario, a step of the first as @STEP, or events with --add")]
    OneSide,
    #[error("`{0}` names a step but no scenario\nhelp: write it as SCENARIO{0}, or after the side that names one")]
    NoScenario(String),
    #[error("neither side has a network or virtual machine `{0}`\nhelp: {1}")]
    NoClient(String, String),
    #[error("--admin names no running server: {0}")]
    Admin(String),
    #[error("the events of `{0}` cannot be added")]
    Addition(String, #[source] InputError),
}

pub(super) fn run(arguments: &DiffArguments) -> Result {
    let compared = if arguments.running { running(arguments) } else { offline(arguments) };
    let document = compared.or_else(|error| {
        if arguments.format == DiffFormat::Markdown {
            let errors = input::errors_of(&*error, &arguments.before);
            let file = errors.errors.first().map_or("", |error| &*error.place.file);
            output::print(&unreadable::markdown(file, &errors))?;
        }
        Err(error)
    })?;
    let text = match (document.is_empty(), arguments.format) {
        // An empty list is still a document, and what was not compared is reported in any case.
        (true, DiffFormat::Text | DiffFormat::Markdown) if document.left_out.is_none() => String::new(),
        (_, format) => print(&document, format),
    };
    match arguments.format {
        DiffFormat::Text => output::print_difference(&text)?,
        _ => output::print(&text)?,
    }
    // Estates that were not compared completely may differ.
    let differs = !document.is_empty() || document.left_out.is_some();
    Ok(if arguments.exit_code && differs { Outcome::Failed } else { Outcome::Done })
}

/// An estate at a revision.
#[derive(Clone)]
struct Side {
    history: Arc<History>,
    revision: Revision,
    /// The findings its scenario accepts.
    allow: Arc<[Allowance]>,
}

impl Side {
    /// Reads `SCENARIO`, `SCENARIO@STEP`, or a step of the other side's scenario.
    fn read(
        text: &str,
        other: Option<&str>,
        at: Option<&str>,
    ) -> std::result::Result<Self, Box<dyn std::error::Error>> {
        let (name, step) = split(text);
        let name = match (name, other.map(split)) {
            ("", Some((other, _))) if !other.is_empty() => other,
            ("", _) => return Err(DiffError::NoScenario(text.to_owned()).into()),
            (name, _) => name,
        };
        let read = input::estate(name)?;
        let revision = read.revision(&StepArguments { at: step.or(at).map(str::to_owned) })?;
        let Scenario { history, allow, .. } = read.scenario;
        Ok(Self { history: Arc::new(history), revision, allow: allow.into() })
    }

    /// The same scenario at another step.
    fn at(&self, step: &str) -> std::result::Result<Self, InputError> {
        let history = &self.history;
        let Some(found) = history.step(step) else {
            let steps = history.steps().iter().map(|step| step.name.to_string());
            return Err(InputError::NoStep { name: step.to_owned(), hint: input::hint(step, steps, "steps") });
        };
        Ok(Self { history: Arc::clone(history), revision: found.end, allow: Arc::clone(&self.allow) })
    }

    /// The same with more events after its revision.
    fn with(self, names: &[String]) -> std::result::Result<Self, Box<dyn std::error::Error>> {
        let mut history = self.history.until(self.revision, steps_until(&self.history, self.revision));
        for name in names {
            if let Some(read) = input::imported(name)? {
                append_new(&mut history, &read.scenario.history);
                continue;
            }
            let failed = |error| DiffError::Addition(name.clone(), error);
            let state = compile(&Arc::new(history.clone()), history.last()).state;
            let addition = input::with_text(name, |file, text| {
                Addition::read(file, text, &history, &state).map_err(InputError::Scenario)
            });
            addition.map_err(failed)?.append_to(&mut history);
        }
        Ok(Self { revision: history.last(), history: Arc::new(history), allow: self.allow })
    }

    fn compile(&self) -> Compiled {
        compile(&self.history, self.revision)
    }
}

/// Appends the events of another history that mean something after this one: an artefact mentions networks and zones
/// again that are there already, and what is there cannot be created.
fn append_new(history: &mut History, other: &History) {
    let mut state = compile(&Arc::new(history.clone()), history.last()).state.as_ref().clone();
    for recorded in other.events() {
        let mut next = state.clone();
        next.apply(recorded);
        if next.refusals.len() == state.refusals.len() {
            history.push(recorded.clone());
            state = next;
        }
    }
}

/// How many steps are over at a revision.
fn steps_until(history: &History, revision: Revision) -> usize {
    history.steps().iter().take_while(|step| step.end <= revision).count()
}

/// A side's scenario and step. A file whose name has an @ in it is a file.
fn split(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once('@') {
        Some((name, step)) if !std::path::Path::new(text).exists() => (name, Some(step)),
        _ => (text, None),
    }
}

fn offline(arguments: &DiffArguments) -> std::result::Result<DiffDocument, Box<dyn std::error::Error>> {
    let (first, second) = (&arguments.before, arguments.after.as_ref());
    if second.is_none() && arguments.add.is_empty() {
        return Err(DiffError::OneSide.into());
    }
    let before = Side::read(first, second.map(String::as_str), arguments.at.as_deref())?;
    let after = match second {
        // A step of the same scenario: it is read once.
        Some(second) if second.starts_with('@') && !std::path::Path::new(second).exists() => before.at(&second[1..])?,
        Some(second) if second != first => Side::read(second, Some(first), arguments.at.as_deref())?,
        _ => before.clone(),
    };
    let after = if arguments.add.is_empty() { after } else { after.with(&arguments.add)? };
    let accepted = &arguments.accepted;
    let (allow_before, allow_after) = (accepted.entries(&before.allow)?, accepted.entries(&after.allow)?);
    let accepting = Accepting { before: &allow_before, after: &allow_after, today: accepted.today() };
    let (before, after) = (before.compile(), after.compile());
    known(&arguments.from, &[&before, &after])?;
    Ok(document(&diff_accepting(&before, &after, &arguments.from, accepting)))
}

/// An unknown client would silently match nothing.
fn known(clients: &[String], worlds: &[&Compiled]) -> std::result::Result<(), DiffError> {
    let mut all: Vec<String> = vec!["public".to_owned()];
    for world in worlds {
        all.extend(world.state.networks.keys().map(ToString::to_string));
        all.extend(world.state.machines.keys().map(ToString::to_string));
    }
    all.sort();
    all.dedup();
    match clients.iter().find(|client| !all.contains(client)) {
        Some(unknown) => Err(DiffError::NoClient(unknown.clone(), input::hint(unknown, all, "networks"))),
        None => Ok(()),
    }
}

fn running(arguments: &DiffArguments) -> std::result::Result<DiffDocument, Box<dyn std::error::Error>> {
    if arguments.accepted.is_given() {
        return Err(DiffError::Accepted.into());
    }
    let server = ServerArguments::of(arguments.admin.as_deref(), arguments.admin_token_file.clone());
    let client = server.map_err(DiffError::Admin)?.client()?;
    let mut query = vec![("from", arguments.before.as_str())];
    query.extend(arguments.after.as_deref().map(|after| ("to", after)));
    let clients = arguments.from.join(",");
    query.extend((!clients.is_empty()).then_some(("client", clients.as_str())));
    let query: Vec<String> = query.iter().map(|(key, value)| format!("{key}={}", encoded(value))).collect();
    let value = client.get(&format!("/v1/diff?{}", query.join("&")))?;
    Ok(serde_json::from_value(value)?)
}

/// A value of a query or a part of a path (RFC 3986, 3.3 and 3.4).
pub(super) fn encoded(value: &str) -> String {
    let octet = |octet: u8| match octet {
        b'-' | b'.' | b'_' | b'~' => char::from(octet).to_string(),
        octet if octet.is_ascii_alphanumeric() => char::from(octet).to_string(),
        octet => format!("%{octet:02X}"),
    };
    value.bytes().map(octet).collect()
}
