//! `completions` and `man`: printed from the same grammar as the help.

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{CommandLine, Outcome, Result, output};

/// Print the completion script of a shell
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  ampls-dns completions bash > /etc/bash_completion.d/ampls-dns")]
pub(super) struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

/// Print the manual page, or write a page for each verb to a folder
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  ampls-dns man | man -l -\n  ampls-dns man --dir /usr/local/share/man/man1")]
pub(super) struct ManArguments {
    /// Folder to write ampls-dns.1 and ampls-dns-VERB.1 to
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// A page cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`", path.display())]
struct Unwritable {
    path: PathBuf,
    #[source]
    error: std::io::Error,
}

pub(super) fn completions(arguments: &CompletionsArguments) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut CommandLine::command(), "ampls-dns", &mut script);
    output::print(&String::from_utf8(script)?)?;
    Ok(Outcome::Done)
}

pub(super) fn man(arguments: &ManArguments) -> Result {
    let pages = pages()?;
    match &arguments.dir {
        Some(folder) => {
            for (name, page) in pages {
                let path = folder.join(format!("{name}.1"));
                std::fs::write(&path, page).map_err(|error| Unwritable { path, error })?;
            }
        }
        None => output::print(&String::from_utf8(pages.into_iter().flat_map(|(_, page)| page).collect())?)?,
    }
    Ok(Outcome::Done)
}

/// The page of the program and one for each verb, with their names.
fn pages() -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let command = CommandLine::command();
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    let named = verbs.map(|verb| verb.clone().name(format!("ampls-dns-{}", verb.get_name())));
    std::iter::once(command.clone())
        .chain(named)
        .map(|one| {
            let mut page = Vec::new();
            let name = one.get_name().to_owned();
            clap_mangen::Man::new(one).render(&mut page)?;
            Ok((name, page))
        })
        .collect()
}
