//! `completions` and `man`: made from the same grammar as the help. And the line by which editors find a file's schema.

use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;

use super::{CommandLine, Outcome, Result, output};

/// Where editors look for the schema of a scenario: beside it.
pub(super) const SCENARIO_SCHEMA: &str = "ampls-dns.schema.json";
/// The same for a spec.
pub(super) const SPEC_SCHEMA: &str = "ampls-dns-spec.schema.json";

/// The text of a file with a first line that names its schema, unless it has one.
pub(super) fn with_schema(text: &str, schema: &str) -> String {
    const LINE: &str = "# yaml-language-server: $schema=";
    if text.starts_with(LINE) { text.to_owned() } else { format!("{LINE}{schema}\n{text}") }
}

/// Print the completion script of a shell, or install it
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  ampls-dns completions bash --install\n  ampls-dns completions zsh > _ampls-dns"
)]
pub(super) struct CompletionsArguments {
    /// The shell
    shell: Shell,
    /// Write the script to the folder of your user where the shell looks for it: bash, fish and zsh
    #[arg(long)]
    install: bool,
}

/// Print the manual page, or write one page for each verb
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  ampls-dns man | man -l -\n  ampls-dns man -o ~/.local/share/man/man1")]
pub(super) struct ManArguments {
    /// Folder for the pages: ampls-dns.1, ampls-dns-serve.1 and so on
    #[arg(short, long, alias = "dir", value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Why a script or page could not be written.
#[derive(Debug, thiserror::Error)]
enum DocumentError {
    #[error("cannot write `{file}`: {error}")]
    Unwritable { file: String, error: std::io::Error },
    #[error(
        "the folder for completions of {0} is unknown\nhelp: print the script without --install, and load it in the profile of the shell"
    )]
    NoFolder(Shell),
    #[error(
        "the home folder is unknown: HOME is not set\nhelp: print the script without --install, and put it where your shell looks for it"
    )]
    NoHome,
}

pub(super) fn completions(arguments: &CompletionsArguments) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut CommandLine::command(), "ampls-dns", &mut script);
    let script = String::from_utf8(script)?;
    if !arguments.install {
        output::print(&script)?;
        return Ok(Outcome::Done);
    }
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty()).ok_or(DocumentError::NoHome)?;
    let (below, then) = match arguments.shell {
        Shell::Bash => (
            ".local/share/bash-completion/completions/ampls-dns",
            "new shells load it (needs the package bash-completion)",
        ),
        Shell::Fish => (".config/fish/completions/ampls-dns.fish", "new shells load it"),
        Shell::Zsh => (
            ".zfunc/_ampls-dns",
            "add `fpath+=~/.zfunc; autoload -Uz compinit; compinit` to ~/.zshrc if it is not there yet",
        ),
        other => return Err(DocumentError::NoFolder(other).into()),
    };
    let file = PathBuf::from(home).join(below);
    write(&file, script.as_bytes())?;
    output::print(&format!("wrote {}\n{then}\n", file.display()))?;
    Ok(Outcome::Done)
}

/// The pages by file name: the program, its verbs, and their verbs.
fn pages() -> std::io::Result<Vec<(String, Vec<u8>)>> {
    fn add(command: &Command, name: &str, pages: &mut Vec<(String, Vec<u8>)>) -> std::io::Result<()> {
        let mut page = Vec::new();
        clap_mangen::Man::new(command.clone().name(name.to_owned())).render(&mut page)?;
        pages.push((format!("{name}.1"), page));
        let mut verbs = command.get_subcommands().filter(|verb| verb.get_name() != "help" && !verb.is_hide_set());
        verbs.try_for_each(|verb| add(verb, &format!("{name}-{}", verb.get_name()), pages))
    }
    let mut pages = Vec::new();
    add(&CommandLine::command(), "ampls-dns", &mut pages)?;
    Ok(pages)
}

pub(super) fn man(arguments: &ManArguments) -> Result {
    let pages = pages()?;
    let Some(folder) = &arguments.output else {
        let all: Vec<u8> = pages.into_iter().flat_map(|(_, page)| page).collect();
        output::print(&String::from_utf8(all)?)?;
        return Ok(Outcome::Done);
    };
    for (name, page) in &pages {
        write(&folder.join(name), page)?;
    }
    output::print(&format!("wrote {} pages to {}\n", pages.len(), folder.display()))?;
    Ok(Outcome::Done)
}

/// Writes a file, and the folders it is in.
fn write(file: &Path, bytes: &[u8]) -> std::result::Result<(), DocumentError> {
    let folder = file.parent().map_or(Ok(()), std::fs::create_dir_all);
    let written = folder.and_then(|()| super::whole_file::write(file, bytes));
    written.map_err(|error| DocumentError::Unwritable { file: file.display().to_string(), error })
}
