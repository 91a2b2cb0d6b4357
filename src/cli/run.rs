//! `run`: a command or a shell inside a network of the estate.
//!
//! On Linux this creates a network and a mount namespace, and for users other than root a user namespace. Inside,
//! `/etc/resolv.conf` names 168.63.129.16, and the server answers there on port 53 with the view of the network.
//! This process stays the server; the command is its child.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod namespace;
#[cfg(target_os = "linux")]
mod netlink;
#[cfg(target_os = "linux")]
mod refusal;
#[cfg(target_os = "linux")]
mod routes;
#[cfg(target_os = "linux")]
mod shell;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Args;

use super::{OperandArguments, StepArguments, output};

/// The exit code where the network could not be created, as `env` and container engines have it.
pub(super) const NOT_CREATED: u8 = 125;

/// Run a command, or a shell, inside a network of the estate
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  ampls-dns run --from vnet1 -- dig api.monitor.azure.com\n  \
    ampls-dns run my-estate.yaml --from hub --at first-scope -- pytest tests/\n  ampls-dns run --from vnet1\n\n\
    Linux only; root is not needed. Inside, /etc/resolv.conf names 168.63.129.16, and the server answers there with the\n\
    view of the network. Addresses that the network reaches refuse connections, because nothing listens there;\n\
    private addresses that it does not reach time out. `ampls-dns step next` works inside. Other machines, real DNS\n\
    servers among them, are not reachable: `--upstream` is not possible here, use `ampls-dns serve --upstream`.\n\n\
    The exit code is that of the command, 128 plus the number of the signal that ended it, 126 or 127 if it could not\n\
    be started, and 125 if the arguments are invalid or the network could not be created.")]
pub(super) struct RunArguments {
    #[command(flatten)]
    scenario: OperandArguments,
    /// Network to run in; `public` is outside all networks
    #[arg(long, value_name = "NETWORK")]
    from: String,
    #[command(flatten)]
    step: StepArguments,
    /// Not possible inside a network of the estate
    #[arg(long, value_name = "ADDRESS", hide = true)]
    upstream: Option<String>,
    /// Command and its arguments; without one, the shell that $SHELL names
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// `--upstream` was given.
#[derive(Debug, thiserror::Error)]
#[error(
    "`--upstream` is not possible with `run`: other DNS servers are not reachable from inside\nhelp: use `ampls-dns serve \
     --upstream` and point the program at its port"
)]
struct NoUpstream;

/// Runs the command and returns its exit code.
pub(super) fn run(arguments: &RunArguments) -> ExitCode {
    let ended = if arguments.upstream.is_some() { Err(NoUpstream.into()) } else { inside(arguments) };
    ended.unwrap_or_else(|error| {
        output::complain(&*error);
        ExitCode::from(NOT_CREATED)
    })
}

#[cfg(target_os = "linux")]
use linux::inside;

#[cfg(not(target_os = "linux"))]
fn inside(_arguments: &RunArguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    Err(NotLinux.into())
}

/// The system has no namespaces.
#[cfg(not(target_os = "linux"))]
#[derive(Debug, thiserror::Error)]
#[error(
    "`run` needs the namespaces of Linux\nhelp: use `ampls-dns serve` and ask the port of the network, or `ampls-dns compose` \
     for containers"
)]
struct NotLinux;
