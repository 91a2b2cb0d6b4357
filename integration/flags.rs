//! No flag is accepted and ignored: `flags.txt` says for every flag of every verb what shows that it changes something.
//!
//! The flags are those of the command line's own grammar, so a new one without an entry fails.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;

use ampls_dns::cli::CommandLine;
use clap::{Command, CommandFactory as _};

use crate::fixture::{Server, ask, binary, eventually, run};

const ENTRIES: &str = include_str!("flags.txt");

/// All flags of a verb and of the verbs below it, as `verb --flag`.
fn flags(verb: &str, command: &Command, into: &mut BTreeSet<String>) {
    let long = command.get_arguments().filter_map(|argument| argument.get_long());
    into.extend(long.filter(|long| !["help", "version"].contains(long)).map(|long| format!("{verb} --{long}")));
    for own in command.get_subcommands() {
        let name = format!("{verb} {}", own.get_name());
        flags(name.trim(), own, into);
    }
}

#[test]
fn every_flag_changes_something() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples = folder.join("integration/fields").to_str().expect("the path is text").to_owned();
    let scratch = std::env::temp_dir().join(format!("ampls-dns-flags-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).expect("a folder can be made");
    let mut open = BTreeSet::new();
    flags("", &CommandLine::command(), &mut open);
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut faults = Vec::new();
    for (number, line) in ENTRIES.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
        let parts: Vec<&str> = line.split(" | ").collect();
        if !open.remove(parts[0]) {
            faults.push(format!("{}: there is no such flag, or it has two entries", parts[0]));
        }
        let told = |side: usize| {
            let new = scratch.join(format!("{number}-{side}"));
            let text = parts[side].replace("{fields}", &examples).replace("{new}", new.to_str().expect("it is text"));
            let arguments: Vec<&str> = text.split_whitespace().collect();
            run(&arguments)
        };
        match parts[..] {
            [flag, shown] => {
                let (file, text) = shown.split_once(": ").expect("a file and a text in it");
                let source = known.entry(file.to_owned());
                let source = source.or_insert_with(|| std::fs::read_to_string(folder.join(file)).unwrap_or_default());
                if !source.contains(text) {
                    faults.push(format!("{flag}: `{text}` is not in {file}"));
                }
            }
            [flag, _, _] => {
                let (without, with) = (told(1), told(2));
                if without == with {
                    faults.push(format!("{flag} changes nothing:\n{with}"));
                } else if with.starts_with("exit code 2") {
                    faults.push(format!("{flag} cannot be used:\n{with}"));
                }
            }
            _ => faults.push(format!("{line}: two or three parts")),
        }
    }
    std::fs::remove_dir_all(&scratch).expect("the folder can be removed");
    faults.extend(open.iter().map(|flag| format!("{flag}: no entry in flags.txt")));
    assert!(faults.is_empty(), "{} flags:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_filter_of_watch_keeps_queries_out() {
    let server = Server::start(&["--listen", "127.0.0.1:0"]);
    for name in ["api.monitor.azure.com", "live.monitor.azure.com"] {
        ask(server.dns[0], name);
    }
    let admin = server.admin.to_string();
    let base = ["watch", "--admin", &admin, "--last", "10", "--count", "2", "--timeout", "1"];
    let seen = |more: &[&str]| {
        let arguments: Vec<&str> = base.iter().copied().chain(more.iter().copied()).collect();
        run(&arguments)
    };
    let all = seen(&[]);
    assert!(all.contains("api.monitor.azure.com") && all.contains("live.monitor.azure.com"), "{all}");
    for filter in [
        &["--answer", "10.0.1.9"][..],
        &["--client", "192.0.2.0/24"],
        &["--fault", "true"],
        &["--name", "live.*"],
        &["--rcode", "SERVFAIL"],
        &["--transport", "tcp"],
        &["--type", "AAAA"],
        &["--view", "vnet1"],
        &["--writer", "pe1"],
    ] {
        let text = seen(filter);
        assert!(!text.contains("api.monitor.azure.com"), "{filter:?} keeps nothing out:\n{text}");
    }
    let json = seen(&["--format", "json"]);
    assert!(json.contains("\"name\""), "{json}");
}

/// What `serve` writes to its ready file with these arguments.
fn ready(case: &str, arguments: &[&str]) -> String {
    let file = std::env::temp_dir().join(format!("ampls-dns-ready-{}-{case}.json", std::process::id()));
    let _ = std::fs::remove_file(&file);
    let mut command = binary();
    command.arg("serve").args(arguments).arg("--ready-file").arg(&file);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let child = child.as_mut().expect("the binary can be started");
    let text = eventually("the ready file is written", || {
        std::fs::read_to_string(&file).ok().filter(|text| serde_json::from_str::<serde_json::Value>(text).is_ok())
    });
    child.kill().and_then(|()| child.wait()).expect("it can be ended");
    text
}

#[test]
fn serve_listens_where_it_is_told_and_says_so() {
    let port = 20_000 + std::process::id() % 20_000;
    let text = ready("port", &["--base-port", &port.to_string()]);
    assert!(text.contains(&format!("127.0.0.1:{port}\"")), "{text}");
}

#[test]
fn init_writes_what_it_is_told_and_over_files_only_by_force() {
    let folder = std::env::temp_dir().join(format!("ampls-dns-init-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let folder = folder.to_str().expect("the path is text");
    let written = |arguments: &[&str]| {
        let told = run(&[&["init", folder][..], arguments].concat());
        let text = std::fs::read_to_string(Path::new(folder).join("estate.yaml")).expect("it is written");
        (told, text)
    };
    let (_, first) = written(&[]);
    let (told, kept) = written(&["--hub-and-spoke"]);
    assert!(told.starts_with("exit code 2") && kept == first, "{told}");
    let (_, second) = written(&["--hub-and-spoke", "--force"]);
    let (_, third) = written(&["--from-scenario", "approval", "--force"]);
    assert!(first != second && second != third && third.contains("approval"), "{third}");
}

#[test]
fn completions_are_put_where_the_shell_looks() {
    let home = std::env::temp_dir().join(format!("ampls-dns-home-{}", std::process::id()));
    std::fs::create_dir_all(&home).expect("a folder can be made");
    let output = binary().env("HOME", &home).args(["completions", "fish", "--install"]).output();
    assert!(output.expect("the binary can be started").status.success());
    assert!(home.join(".config/fish/completions/ampls-dns.fish").exists());
}
