//! `completions` and `man`: printed from the same grammar as the help.

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

/// Print the manual page
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  ampls-dns man | man -l -")]
pub(super) struct ManArguments {}

pub(super) fn completions(arguments: &CompletionsArguments) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut CommandLine::command(), "ampls-dns", &mut script);
    output::print(&String::from_utf8(script)?)?;
    Ok(Outcome::Done)
}

pub(super) fn man(_arguments: &ManArguments) -> Result {
    let mut page = Vec::new();
    let command = CommandLine::command();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for verb in command.get_subcommands() {
        let named = verb.clone().name(format!("ampls-dns-{}", verb.get_name()));
        clap_mangen::Man::new(named).render(&mut page)?;
    }
    output::print(&String::from_utf8(page)?)?;
    Ok(Outcome::Done)
}
