//! How a case is written: the real binary with arguments, and what it must print.

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// The binary under test, with nothing of the environment that would change what it prints.
pub fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ampls-dns"));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("AMPLS_DNS_")) {
            command.env_remove(name);
        }
    }
    command.env_remove("RUST_LOG").env("NO_COLOR", "1").env("COLUMNS", "120");
    // Cases run side by side, and the admin server's own port is one.
    command.env("AMPLS_DNS_ADMIN", "off");
    command
}

/// What a run of the binary left: exit code, stdout and stderr together, as a snapshot wants them.
pub fn run(arguments: &[&str]) -> String {
    told(&binary().args(arguments).stdin(Stdio::null()).output().expect("the binary can be started"))
}

/// The same with text on standard input.
pub fn run_with(arguments: &[&str], input: &str) -> String {
    let mut child = binary()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary can be started");
    let mut stdin = child.stdin.take().expect("its standard input is piped");
    // The binary may end before it has read everything; what it says then is what the case is about.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    told(&child.wait_with_output().expect("the binary ends"))
}

fn told(output: &Output) -> String {
    let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).expect("the binary prints UTF-8");
    let code = output.status.code().expect("the binary is not ended by a signal");
    let mut told = format!("exit code {code}\n");
    for (name, octets) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        if !octets.is_empty() {
            told.push_str(&format!("--- {name}\n{}", text(octets)));
        }
    }
    told
}
