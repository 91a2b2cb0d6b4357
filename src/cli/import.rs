//! `import`: from what people have of Azure to a scenario.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use indexmap::IndexMap;

use super::{Outcome, Result, document, format, output};
use crate::import::{
    DeploymentScope, ImportFile, Imported, MAX_OCTETS, Provenance, Remark, Topic, import_with, recognise,
};
use crate::output::{Format, imported, json};

/// How many files one call may have.
const MAX_FILES: usize = 100_000;

/// Create a scenario from exports of az, REST, ARM, Terraform and zone files; the report goes to stderr
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  \
        az network private-endpoint list -o json > endpoints.json\n  \
        ampls-dns import endpoints.json zones/*.zone -o estate.yaml\n  \
        terraform show -json plan.out | ampls-dns import - | ampls-dns check -\n  \
        ampls-dns import template.json parameters.json --format json > /dev/null\n  \
        ampls-dns import --azure-commands > export.sh && bash export.sh estate && ampls-dns import estate\n\n\
        The type of a file is detected from its content. Exit codes: 0 done, 1 files contradict each other (the first one\n\
        given wins) or something that could change DNS was not read, 2 a file cannot be read.")]
pub(super) struct ImportArguments {
    /// Files, folders (their .json, .jsonc, .tfstate and .zone files), or - for standard input
    #[arg(value_name = "FILE|FOLDER|-", required_unless_present = "azure_commands")]
    files: Vec<String>,
    /// Print a script that exports an estate from Azure into a folder; it only reads
    #[arg(long, conflicts_with = "files")]
    azure_commands: bool,
    /// That script for PowerShell
    #[arg(long, requires = "azure_commands")]
    powershell: bool,
    /// File to write the scenario to [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the output file if it exists
    #[arg(long, requires = "output")]
    force: bool,
    /// Exit with 0 even if something that could change DNS was not read
    #[arg(long)]
    allow_partial: bool,
    /// Id of the subscription that templates are deployed to
    #[arg(long, value_name = "ID")]
    subscription: Option<String>,
    /// Name of the resource group that templates are deployed to
    #[arg(long, value_name = "NAME")]
    resource_group: Option<String>,
    /// Region of that resource group, or of the deployment
    #[arg(long, value_name = "REGION")]
    location: Option<String>,
    /// Report format
    #[arg(long, value_parser = format::of::<Format>(), default_value = "text")]
    format: Format,
}

/// Why there is nothing to import.
#[derive(Debug, thiserror::Error)]
pub(super) enum ImportArgumentError {
    /// A file cannot be read.
    #[error("`{name}` cannot be read")]
    Unreadable {
        /// What was given.
        name: String,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// A folder has nothing that is an artefact.
    #[error("the folder `{0}` has no .json, .jsonc, .tfstate or .zone file that can be imported")]
    Empty(String),
    /// Too many files.
    #[error("there are more than {MAX_FILES} files\nhelp: pass folders with fewer files")]
    TooMany,
    /// The output exists.
    #[error("`{}` exists\nhelp: give another name, or --force to write over it", .0.display())]
    Exists(PathBuf),
    /// The output cannot be written.
    #[error("`{}` cannot be written", .name.display())]
    Unwritable {
        /// Where.
        name: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
}

/// The scripts that export an estate.
const BASH: &str = include_str!("azure_commands.sh");
const POWERSHELL: &str = include_str!("azure_commands.ps1");

pub(super) fn run(arguments: &ImportArguments) -> Result {
    if arguments.azure_commands {
        output::print(if arguments.powershell { POWERSHELL } else { BASH })?;
        return Ok(Outcome::Done);
    }
    if let Some(name) = arguments.output.as_ref().filter(|name| name.exists() && !arguments.force) {
        return Err(Box::new(ImportArgumentError::Exists(name.clone())));
    }
    let (texts, left) = read_all(&arguments.files)?;
    let sources: Vec<ImportFile<'_>> =
        texts.iter().map(|(name, text)| ImportFile { name: Arc::clone(name), text }).collect();
    let scope = DeploymentScope {
        subscription: arguments.subscription.clone(),
        resource_group: arguments.resource_group.clone(),
        location: arguments.location.clone(),
        ..DeploymentScope::default()
    };
    let mut made = import_with(&sources, &scope)?;
    left_out(&mut made, left);
    refusals(&mut made);
    made.report.remarks.sort_by_key(|remark| remark.topic);
    let text = document::with_schema(&made.scenario.write(), document::SCENARIO_SCHEMA);
    match &arguments.output {
        Some(name) => write(name, &text, arguments.force)?,
        None => output::print(&text)?,
    }
    output::say(
        match arguments.format {
            Format::Text => imported::text(&made.report),
            Format::Json => json(&made.report),
        }
        .trim_end(),
    );
    let partial = made.report.is_partial() && !arguments.allow_partial;
    if partial && arguments.format == Format::Text {
        output::say("\nsomething that could change DNS was not read: exit code 1 (0 with --allow-partial)");
    }
    Ok(if made.report.has_contradictions() || partial { Outcome::Failed } else { Outcome::Done })
}

/// What Azure would refuse cannot have been exported from it: something in the import does not fit.
fn refusals(made: &mut Imported) {
    let mut all: IndexMap<String, Vec<Provenance>> = IndexMap::new();
    for refusal in &made.refusals {
        let place = refusal.place.as_ref().map(|place| Provenance {
            file: Arc::clone(&place.file),
            pointer: None,
            line: place.line,
            column: place.column,
        });
        all.entry(format!("Azure would refuse this: {}", refusal.reason)).or_default().extend(place);
    }
    for (text, places) in all {
        made.report.remarks.push(Remark { topic: Topic::Inconsistent, text, places, get: None, changes_dns: true });
    }
}

/// Files of a folder that were left.
fn left_out(made: &mut Imported, left: Vec<String>) {
    let place = |file: String| Provenance { file: file.into(), pointer: None, line: 1, column: 1 };
    let places: Vec<Provenance> = left.into_iter().map(place).collect();
    if !places.is_empty() {
        let text = "`import` does not read this file of the folder".to_owned();
        made.report.remarks.push(Remark { topic: Topic::Unsupported, text, places, get: None, changes_dns: false });
    }
}

fn write(name: &Path, text: &str, force: bool) -> std::result::Result<(), ImportArgumentError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true);
    match force {
        true => options.create(true).truncate(true),
        // A file that came to be in the meantime is not written over either.
        false => options.create_new(true),
    };
    let file = options.open(name).and_then(|mut file| file.write_all(text.as_bytes()));
    file.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => ImportArgumentError::Exists(name.to_owned()),
        _ => ImportArgumentError::Unwritable { name: name.to_owned(), error },
    })
}

pub(super) type Texts = Vec<(Arc<str>, Vec<u8>)>;

/// The texts, and the files of folders that are none.
pub(super) type Found = (Texts, Vec<String>);

pub(super) fn read_all(names: &[String]) -> std::result::Result<Found, ImportArgumentError> {
    let mut texts = Texts::new();
    let mut left = Vec::new();
    for name in names {
        let unreadable = |error| ImportArgumentError::Unreadable { name: name.clone(), error };
        if name == "-" {
            let text = bounded(std::io::stdin().lock()).map_err(unreadable)?;
            texts.push(("<stdin>".into(), text));
            continue;
        }
        let path = Path::new(name);
        if path.is_dir() {
            let (own, others) = folder(name, path)?;
            texts.extend(own);
            left.extend(others);
        } else {
            let text = std::fs::File::open(path).and_then(bounded).map_err(unreadable)?;
            texts.push((name.as_str().into(), text));
        }
        if texts.len() > MAX_FILES {
            return Err(ImportArgumentError::TooMany);
        }
    }
    Ok((texts, left))
}

/// One byte more than is taken shows that there are too many; reading ends there.
fn bounded(from: impl std::io::Read) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    from.take(MAX_OCTETS as u64 + 1).read_to_end(&mut text)?;
    Ok(text)
}

/// The artefacts in a folder, by name; other files there are named and left.
fn folder(name: &str, path: &Path) -> std::result::Result<Found, ImportArgumentError> {
    let unreadable = |error| ImportArgumentError::Unreadable { name: name.to_owned(), error };
    let entries: std::io::Result<Vec<_>> = std::fs::read_dir(path).map_err(unreadable)?.collect();
    let mut paths: Vec<PathBuf> = entries.map_err(unreadable)?.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    let (mut texts, mut left) = (Texts::new(), Vec::new());
    for path in paths.into_iter().filter(|path| path.is_file()).take(MAX_FILES + 1) {
        let shown = path.display().to_string();
        let wanted = path
            .extension()
            .is_some_and(|extension| ["json", "jsonc", "tfstate", "zone"].iter().any(|wanted| extension == *wanted));
        if !wanted {
            left.push(shown);
            continue;
        }
        let unreadable = |error| ImportArgumentError::Unreadable { name: shown.clone(), error };
        let text = std::fs::File::open(&path).and_then(bounded).map_err(unreadable)?;
        // What is broken is reported by the import; what is something else has another purpose in that folder.
        let is_other = serde_json::from_slice::<serde::de::IgnoredAny>(&text).is_ok() && recognise(&text).is_none();
        match is_other {
            true => left.push(shown),
            false => texts.push((shown.as_str().into(), text)),
        }
    }
    if texts.is_empty() {
        return Err(ImportArgumentError::Empty(name.to_owned()));
    }
    Ok((texts, left))
}
