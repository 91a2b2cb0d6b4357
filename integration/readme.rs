//! The README's transcripts are true: each is run again.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;

use ampls_dns::compile::compile;
use ampls_dns::scenario::{Scenario, builtin};
use ampls_dns::server::{Settings, plan, start};

use crate::fixture::{Folder, Server, binary, run};

const README: &str = include_str!("../README.md");

/// Command and output of each console block.
fn transcripts() -> Vec<(String, String)> {
    let blocks = README.split("```console\n").skip(1).map(|block| block.split("```").next().unwrap_or_default());
    blocks
        .map(|block| {
            let (command, output) = block.split_once('\n').expect("a block has a command");
            (command.strip_prefix("$ ").expect("a command begins with a dollar").to_owned(), output.to_owned())
        })
        .collect()
}

#[test]
fn the_two_commands_stand_at_the_top() {
    let commands: Vec<_> = transcripts().into_iter().map(|(command, _)| command).take(2).collect();
    assert_eq!(commands, ["cargo run --release -- serve", "cargo test"]);
    assert!(README.starts_with("# ampls-dns\n\n```console\n$ cargo run"));
}

#[test]
fn transcripts_of_verbs_are_what_the_verbs_print() {
    let mut verbs = 0;
    for (command, output) in transcripts() {
        let Some(arguments) = command.strip_prefix("ampls-dns ") else { continue };
        if LIVE.iter().any(|verb| arguments.starts_with(verb)) {
            continue;
        }
        verbs += 1;
        let told = run(&arguments.split(' ').collect::<Vec<_>>());
        let stdout = told.split_once("--- stdout\n").map_or("", |(_, stdout)| stdout);
        let stdout = stdout.split("--- stderr\n").next().unwrap_or_default();
        assert_eq!(stdout, output, "{command}");
    }
    assert!(verbs >= 2);
}

/// Verbs that talk to a running server.
const LIVE: [&str; 3] = ["step", "apply", "status"];

#[test]
fn the_transcript_of_live_changes_is_what_a_running_server_says() {
    let server = Server::start(&["--listen", "127.0.0.1:0,vnet1=127.0.0.1:0,vnet2=127.0.0.1:0"]);
    let folder = Folder::new("readme");
    let (first, rest) = transcripts()
        .into_iter()
        .find(|(command, _)| command.starts_with("ampls-dns step"))
        .expect("the README tells of live changes");
    let whole = format!("$ {first}\n{rest}");
    let mut told = 0;
    for part in whole.split("$ ").skip(1) {
        let (command, wanted) = part.split_once('\n').expect("a command has output");
        let words: Vec<&str> = command.split(' ').collect();
        if words[0] == "cat" {
            folder.write(words[1], wanted);
            continue;
        }
        let mut said = binary();
        said.current_dir(&folder.0).args(&words[1..]).args(["--admin", &server.admin.to_string()]);
        let said = said.output().expect("the binary can be started");
        let mut shown = String::from_utf8(said.stdout).expect("it is text");
        for (number, address) in server.dns.iter().enumerate() {
            shown = shown.replace(&address.to_string(), &format!("127.0.0.1:530{number}"));
        }
        assert_eq!(shown, wanted, "{command}: {}", String::from_utf8_lossy(&said.stderr));
        told += 1;
    }
    assert_eq!(told, 3);
}

#[test]
fn the_transcript_of_serve_is_what_it_prints_and_sigterm_ends_it() {
    let (_, wanted) = transcripts().swap_remove(0);
    let mut server = binary()
        .args(["serve", "--admin", "127.0.0.1:0", "--listen", "127.0.0.1:0,vnet1=127.0.0.1:0,vnet2=127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary can be started");
    let stderr = BufReader::new(server.stderr.take().expect("it is piped"));
    let mut talk = String::new();
    for line in stderr.lines() {
        let line = line.expect("it is text");
        // Its port is chance, too.
        let line = if line.starts_with("admin: ") { "admin: http://127.0.0.1:5299".to_owned() } else { line };
        talk.push_str(&line);
        talk.push('\n');
        if line.starts_with("ctrl-c") {
            break;
        }
    }
    let ended = Command::new("kill").args(["-TERM", &server.id().to_string()]).status().expect("kill can be run");
    assert!(ended.success());
    let output = server.wait_with_output().expect("it ends");
    assert!(output.status.success(), "SIGTERM ends it with exit code 0");
    let stdout = String::from_utf8(output.stdout).expect("it is text");
    // Ports and the time are chance; the README shows the default ones.
    let mut shown = stdout.clone();
    let ports = stdout.lines().filter_map(|line| line.strip_prefix("dig @127.0.0.1 -p "));
    let ports = ports.filter_map(|rest| rest.split(' ').next());
    for (index, port) in ports.enumerate() {
        shown = shown.replace(&format!("-p {port} "), &format!("-p {} ", 5300 + index));
        shown = shown.replace(&format!("-port={port} "), &format!("-port={} ", 5300 + index));
    }
    assert!(wanted.contains(&shown), "{shown}");
    let steady = |text: &str| -> Vec<String> {
        let without_time = |line: &str| match line.split_once("ready after ") {
            Some((before, after)) => {
                format!("{before}ready after {}", after.split_once(' ').map_or("", |(_, rest)| rest))
            }
            None => line.to_owned(),
        };
        text.lines().filter(|line| !line.is_empty()).map(without_time).collect()
    };
    let both: Vec<_> = steady(&wanted).into_iter().filter(|line| !shown.contains(line.as_str())).collect();
    assert_eq!(both, steady(&talk));
}

#[test]
fn the_transcript_of_dig_is_what_it_prints() {
    let scenario = Scenario::read("x", builtin::text("two-scopes-one-dns").expect("it is built in").as_bytes());
    let scenario = scenario.unwrap_or_else(|errors| panic!("{errors}"));
    let end = scenario.history.step("second-scope").expect("it is there").end;
    let world = Arc::new(compile(&Arc::new(scenario.history), end));
    let listeners = plan(&world, SocketAddr::from(([127, 0, 0, 1], 0))).listeners;
    let server = start(Settings { listeners, ..Settings::default() }, world).expect("loopback has free ports");
    let port = server.address_of(Some("vnet1")).expect("it listens").port().to_string();
    for (command, output) in transcripts().iter().filter(|(command, _)| command.starts_with("dig ")) {
        let words: Vec<_> = command.split(' ').skip(1).map(|word| word.replace("5301", &port)).collect();
        match Command::new("dig").args(&words).output() {
            Ok(told) => {
                let told = String::from_utf8(told.stdout).expect("it is text");
                let without_id = |text: &str| -> Vec<String> {
                    text.lines().map(|line| line.split(", id: ").next().unwrap_or_default().to_owned()).collect()
                };
                assert_eq!(without_id(&told), without_id(output), "{command}");
            }
            Err(error) => {
                let ci = std::env::var("CI").is_ok_and(|value| value == "true");
                assert!(!ci, "dig cannot be run: {error}");
            }
        }
    }
}

#[test]
fn the_example_estate_holds() {
    let yaml = README.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("there is an example");
    let told = crate::fixture::run_with(&["test", "-"], yaml);
    assert!(told.contains("1 passed, 0 failed"), "{told}");
}

#[test]
fn the_table_of_findings_is_the_codes() {
    assert!(README.contains(&ampls_dns::output::findings::table()), "print it with report::findings::table");
}

#[test]
fn every_scenario_stands_in_the_readme() {
    for name in builtin::names().filter(|name| *name != "two-scopes-one-dns") {
        assert!(README.contains(&format!("zones/scenarios/{name}.yaml")), "{name}");
    }
}

#[test]
fn every_command_of_the_tables_runs() {
    let rows = README.lines().filter(|line| line.starts_with("| ") && line.ends_with("` |"));
    let mut ran = 0;
    for row in rows {
        let command = row.trim_end_matches("` |").rsplit('`').next().unwrap_or_default();
        let Some(arguments) = command.strip_prefix("ampls-dns ") else { continue };
        let told = run(&arguments.split(' ').collect::<Vec<_>>());
        assert!(!told.starts_with("exit code 2"), "{command}: {told}");
        assert!(told.contains("--- stdout\n"), "{command} shows something");
        ran += 1;
    }
    assert!(ran > 40, "{ran} commands");
}
