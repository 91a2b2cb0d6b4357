//! `init`: files to start from.

use std::path::{Path, PathBuf};

use clap::Args;

use super::input::{self, InputError};
use super::{Outcome, Result, document, output};
use crate::output::{compose, json};
use crate::scenario::{Expectation, Scenario, Spec};

/// Write files to start from: a scenario, a spec, a compose file, and the JSON Schemas for your editor
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  ampls-dns init\n  ampls-dns init lab --hub-and-spoke\n  \
    ampls-dns init lab --from-scenario fallback-to-internet\n\n\
    Files that exist are not replaced, unless --force is given.")]
pub(super) struct InitArguments {
    /// Folder for the files, created if it does not exist
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Start from a built-in scenario
    #[arg(long, value_name = "NAME", conflicts_with = "hub_and_spoke")]
    from_scenario: Option<String>,
    /// Start from a hub with the private endpoint, a spoke and an office
    #[arg(long)]
    hub_and_spoke: bool,
    /// Replace files that exist
    #[arg(long)]
    force: bool,
}

/// The scenario without any flag.
const ESTATE: &str = include_str!("init/estate.yaml");
/// The scenario of `--hub-and-spoke`.
const HUB_AND_SPOKE: &str = include_str!("init/hub-and-spoke.yaml");
/// The name of the scenario's file.
const SCENARIO_FILE: &str = "estate.yaml";

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
enum InitError {
    #[error("`{0}` exists already\nhelp: give another folder, or --force to replace the files")]
    Exists(String),
    #[error("cannot write `{file}`: {error}")]
    Unwritable { file: String, error: std::io::Error },
}

pub(super) fn run(arguments: &InitArguments) -> Result {
    let text = match &arguments.from_scenario {
        Some(name) => input::built_in_text(name)?,
        None if arguments.hub_and_spoke => HUB_AND_SPOKE,
        None => ESTATE,
    };
    let scenario = Scenario::read(SCENARIO_FILE, text.as_bytes()).map_err(InputError::Scenario)?;
    let spec = spec(&scenario);
    let step = scenario.start.clone();
    let read = input::Read { name: SCENARIO_FILE.to_owned(), scenario, report: None };
    let world = read.compile(&super::StepArguments { at: step.clone() })?;
    let binary = super::compose::this_binary();
    let token = super::compose::random_token()?;
    let options = compose::ComposeOptions {
        scenario: SCENARIO_FILE,
        is_file: true,
        step: step.as_deref(),
        server: binary.as_deref().map_or(compose::ServerImage::Built, compose::ServerImage::Binary),
        token: &token,
        client_image: compose::CLIENT_IMAGE,
    };
    let mut files = vec![
        (SCENARIO_FILE, document::with_schema(text, document::SCENARIO_SCHEMA)),
        ("compose.yaml", compose::text(&compose::file(&world, &options)?)),
        (document::SCENARIO_SCHEMA, json(&Scenario::schema())),
    ];
    if let Some(spec) = spec {
        files.push(("spec.yaml", document::with_schema(&spec.write(), document::SPEC_SCHEMA)));
        files.push((document::SPEC_SCHEMA, json(&Spec::schema())));
    }
    write(&arguments.folder, &files, arguments.force)?;

    let there = |name: &str| arguments.folder.join(name).display().to_string();
    let mut text = String::new();
    for (name, _) in &files {
        text.push_str(&format!("wrote {}\n", there(name)));
    }
    let scenario = there(SCENARIO_FILE);
    text.push_str(&format!(
        "\nnext:\n  ampls-dns check {scenario}\n  ampls-dns test {scenario}\n  ampls-dns serve {scenario} --watch\n"
    ));
    output::print(&text)?;
    Ok(Outcome::Done)
}

/// The expectations of the step that the scenario shows, or else of the last one that has some, as a spec of their own.
fn spec(scenario: &Scenario) -> Option<Spec> {
    let at = |step: &str| scenario.expectations.iter().any(|one| *one.step == *step);
    let last = scenario.history.steps().iter().rev().map(|step| &*step.name).find(|step| at(step));
    let step = scenario.start.as_deref().filter(|step| at(step)).or(last)?.to_owned();
    let expectations: Vec<Expectation> = scenario.expectations.iter().filter(|one| one.step == step).cloned().collect();
    let place = expectations.first()?.place.clone();
    Some(Spec {
        title: scenario.title.clone(),
        about: "The expected answers at this step. You can also test a running server with this file.".into(),
        scenario: Some(SCENARIO_FILE.to_owned()),
        at: Some((step, place)),
        expectations,
    })
}

/// Writes all files or, where one exists and may not be replaced, none.
fn write(folder: &Path, files: &[(&str, String)], force: bool) -> std::result::Result<(), InitError> {
    if let Some((name, _)) = files.iter().find(|(name, _)| !force && folder.join(name).exists()) {
        return Err(InitError::Exists(folder.join(name).display().to_string()));
    }
    let unwritable = |path: &Path, error| InitError::Unwritable { file: path.display().to_string(), error };
    std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, error))?;
    for (name, text) in files {
        let path = folder.join(name);
        super::whole_file::write(&path, text.as_bytes()).map_err(|error| unwritable(&path, error))?;
    }
    Ok(())
}
