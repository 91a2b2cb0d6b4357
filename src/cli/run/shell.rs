//! The shell that starts where no command is given: its prompt begins with network and step.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;

use tokio::process::Command;

/// The file with what the prompt shows. The shell reads it for each prompt, so the step is the current one; it is data to
/// the shell and never expanded.
pub(super) const PROMPT_FILE: &str = "AMPLS_DNS_PROMPT_FILE";

// The file is read outside PS1: bash 5.2 does not return from `$(<FILE)` in it.
const BASH: &str = r#"[ -r ~/.bashrc ] && . ~/.bashrc
__ampls_dns_prompt() {
  __ampls_dns_place=$(<"$AMPLS_DNS_PROMPT_FILE")
  case "$PS1" in
    *__ampls_dns_place*) ;;
    *) PS1='($__ampls_dns_place) '"$PS1" ;;
  esac
}
PROMPT_COMMAND="${PROMPT_COMMAND:+$PROMPT_COMMAND
}__ampls_dns_prompt"
"#;

const ZSH: &str = r#"ZDOTDIR="$AMPLS_DNS_ZDOTDIR"
[ -n "$ZDOTDIR" ] || unset ZDOTDIR
unset AMPLS_DNS_ZDOTDIR
[ -r "${ZDOTDIR:-$HOME}/.zshenv" ] && . "${ZDOTDIR:-$HOME}/.zshenv"
[ -r "${ZDOTDIR:-$HOME}/.zshrc" ] && . "${ZDOTDIR:-$HOME}/.zshrc"
setopt prompt_subst
__ampls_dns_prompt() {
  case "$PROMPT" in
    *AMPLS_DNS_PROMPT_FILE*) ;;
    *) PROMPT='(${$(<"$AMPLS_DNS_PROMPT_FILE")//\%/%%}) '"$PROMPT" ;;
  esac
}
precmd_functions+=(__ampls_dns_prompt)
"#;

const FISH: &str = "functions -q fish_prompt; and functions -c fish_prompt __ampls_dns_prompt
function fish_prompt
  printf '(%s) ' (cat $AMPLS_DNS_PROMPT_FILE)
  functions -q __ampls_dns_prompt; and __ampls_dns_prompt; or printf '> '
end";

const POSIX: &str = "PS1='($(cat \"$AMPLS_DNS_PROMPT_FILE\")) $ '\n";

/// The user's shell, with the files that set its prompt in `folder`.
pub(super) fn command(folder: &Path) -> io::Result<Command> {
    let shell =
        std::env::var_os("SHELL").filter(|shell| !shell.is_empty()).unwrap_or_else(|| OsString::from("/bin/sh"));
    let mut command = Command::new(&shell);
    match Path::new(&shell).file_name().and_then(|name| name.to_str()).unwrap_or_default() {
        "bash" => {
            let file = folder.join("bashrc");
            fs::write(&file, BASH)?;
            command.arg("--rcfile").arg(file);
        }
        "zsh" => {
            fs::write(folder.join(".zshrc"), ZSH)?;
            command.env("AMPLS_DNS_ZDOTDIR", std::env::var_os("ZDOTDIR").unwrap_or_default()).env("ZDOTDIR", folder);
        }
        "fish" => {
            command.args(["--init-command", FISH]);
        }
        _ => {
            let file = folder.join("shrc");
            fs::write(&file, POSIX)?;
            command.env("ENV", file);
        }
    }
    Ok(command)
}

/// What the prompt shows: network and step, without anything that moves a terminal's cursor.
pub(super) fn prompt(network: &str, step: Option<&str>) -> String {
    let text = match step {
        Some(step) => format!("{network} {step}"),
        None => network.to_owned(),
    };
    text.chars().filter(|char| !char.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_is_network_and_step() {
        assert_eq!(prompt("vnet1", Some("second-scope")), "vnet1 second-scope");
        assert_eq!(prompt("vnet1", None), "vnet1");
        assert_eq!(prompt("a\u{1b}[2Jb", None), "a[2Jb");
    }
}
