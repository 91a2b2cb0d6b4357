//! The manual is true: README.md and docs/ are read, their links followed and their commands run.
//!
//! A console block is a transcript: lines that begin with `$ ` are commands, and what follows is their output. The blocks of
//! one page share a folder, so a file that `cat` shows can be used by the commands after it. With `UPDATE_MANUAL=1` the
//! outputs, and the parts that are generated from the code, are written into the pages instead of compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use ampls_dns::cli::CommandLine;
use ampls_dns::compile::compile;
use ampls_dns::dns::{OwnerName, RecordType};
use ampls_dns::scenario::expect::{Expected, ExpectedAnswer, ExpectedFlow, From};
use ampls_dns::scenario::{Scenario, builtin};
use ampls_dns::server::{Settings, plan, start};
use clap::Parser as _;

use crate::fixture::{Folder, Server, binary, run, run_with};

const README: &str = include_str!("../README.md");
/// The most bytes of the README: a person reads it in a few minutes.
const README_BYTES: usize = 8 * 1024;

/// Verbs that talk to a running server.
const LIVE: [&str; 5] = ["step", "apply", "status", "fault", "snapshot"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// README.md and the pages of docs/, by path.
fn pages() -> BTreeMap<PathBuf, String> {
    let docs = std::fs::read_dir(root().join("docs")).expect("there is a manual");
    let docs = docs.map(|entry| entry.expect("the folder can be read").path());
    let all = docs.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let all = all.chain([root().join("README.md")]);
    all.map(|path| (path.clone(), std::fs::read_to_string(&path).expect("a page is text"))).collect()
}

fn updating() -> bool {
    std::env::var_os("UPDATE_MANUAL").is_some()
}

/// The page with `wanted` in it, or a failure that says how to get there.
fn settle(path: &Path, found: &str, wanted: &str) {
    if found != wanted && updating() {
        std::fs::write(path, wanted).expect("a page can be written");
    } else {
        let differs = found.lines().zip(wanted.lines()).find(|(found, wanted)| found != wanted);
        assert!(found == wanted, "{}: {differs:#?}; UPDATE_MANUAL=1 writes it", path.display());
    }
}

/// A command of a console block, and the output that follows.
struct Transcript<'a> {
    command: &'a str,
    output: &'a str,
}

/// The text of a page, with its console blocks apart.
fn blocks(text: &str) -> Vec<(bool, &str)> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("```console\n") {
        let (block, behind) = after.split_once("```\n").expect("a block ends");
        parts.push((false, before));
        parts.push((true, block));
        rest = behind;
    }
    parts.push((false, rest));
    parts
}

fn transcripts(block: &str) -> Vec<Transcript<'_>> {
    let starts = block.match_indices("$ ").map(|(at, _)| at).filter(|at| *at == 0 || block.as_bytes()[at - 1] == b'\n');
    let starts: Vec<usize> = starts.collect();
    let ends = starts.iter().skip(1).copied().chain([block.len()]);
    let one = |(start, end): (usize, usize)| {
        let (command, output) = block[start + 2..end].split_once('\n').expect("a command is a line");
        Transcript { command, output }
    };
    starts.iter().copied().zip(ends).map(one).collect()
}

/// Runs the transcripts of a page.
struct Session {
    folder: Folder,
    server: Option<Server>,
}

impl Session {
    fn new(page: &str) -> Self {
        let folder = Folder::new(&format!("manual-{page}"));
        #[cfg(unix)]
        for shared in ["integration", "zones"] {
            std::os::unix::fs::symlink(root().join(shared), folder.0.join(shared)).expect("a link can be made");
        }
        Self { folder, server: None }
    }

    /// What the command prints; absent where it is not run here.
    fn output(&mut self, transcript: &Transcript<'_>) -> Option<String> {
        let words: Vec<&str> = transcript.command.split(' ').collect();
        match words[0] {
            "cat" => {
                self.folder.write(words[1], transcript.output);
                None
            }
            "ampls-dns" if LIVE.contains(&words[1]) => Some(self.live(&words[1..])),
            "ampls-dns" if words[1] == "run" && !can_run() => None,
            "ampls-dns" => Some(self.offline(&words[1..])),
            "dig" => self.dig(&words[1..]),
            // The two commands at the top of the README have a case of their own.
            "cargo" => None,
            other => panic!("nobody runs `{other}`"),
        }
    }

    fn offline(&self, arguments: &[&str]) -> String {
        let mut command = binary();
        command.env_remove("AMPLS_DNS_ADMIN").current_dir(&self.folder.0).args(arguments).stdin(Stdio::null());
        let output = command.output().expect("the binary can be started");
        let text = String::from_utf8(output.stdout).expect("it prints text");
        let failed = output.status.code() == Some(2);
        assert!(!failed, "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        text
    }

    fn live(&mut self, arguments: &[&str]) -> String {
        let server = self
            .server
            .get_or_insert_with(|| Server::start(&["--listen", "127.0.0.1:0,vnet1=127.0.0.1:0,vnet2=127.0.0.1:0"]));
        let mut command = binary();
        command.current_dir(&self.folder.0).args(arguments).args(["--admin", &server.admin.to_string()]);
        let output = command.output().expect("the binary can be started");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        let mut text = String::from_utf8(output.stdout).expect("it prints text");
        for (number, address) in server.dns.iter().enumerate() {
            text = text.replace(&address.to_string(), &format!("127.0.0.1:530{number}"));
        }
        text
    }

    fn dig(&self, arguments: &[&str]) -> Option<String> {
        let scenario = Scenario::read("x", builtin::text("two-scopes-one-dns").expect("it is built in").as_bytes());
        let scenario = scenario.unwrap_or_else(|errors| panic!("{errors}"));
        let end = scenario.history.step("second-scope").expect("it is there").end;
        let world = Arc::new(compile(&Arc::new(scenario.history), end));
        let listeners = plan(&world, SocketAddr::from(([127, 0, 0, 1], 0))).listeners;
        let server = start(Settings { listeners, ..Settings::default() }, world).expect("loopback has free ports");
        let port = server.address_of(Some("vnet1")).expect("it listens").port().to_string();
        let words = arguments.iter().map(|word| if *word == "5301" { &*port } else { *word });
        match Command::new("dig").args(words).output() {
            Ok(output) => {
                let text = String::from_utf8(output.stdout).expect("it is text");
                // The id of a query is random.
                let line = |line: &str| match line.split_once(", id: ") {
                    Some((before, _)) => format!("{before}, id: 4660\n"),
                    None => format!("{line}\n"),
                };
                Some(text.lines().map(line).collect())
            }
            Err(error) => {
                assert!(!in_ci(), "dig cannot be run: {error}");
                None
            }
        }
    }
}

fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

/// Whether this system lets `ampls-dns run` work, which has cases of its own.
fn can_run() -> bool {
    let tried = binary().env_remove("AMPLS_DNS_ADMIN").args(["run", "--from", "vnet1", "--", "true"]).output();
    tried.is_ok_and(|output| output.status.success())
}

#[test]
fn transcripts_are_what_the_commands_print() {
    let mut ran = 0;
    for (path, text) in pages() {
        let mut session = Session::new(&path.file_stem().expect("it has a name").to_string_lossy());
        let mut wanted = String::new();
        for (is_console, part) in blocks(&text) {
            if !is_console {
                wanted.push_str(part);
                continue;
            }
            wanted.push_str("```console\n");
            for transcript in transcripts(part) {
                let output = session.output(&transcript);
                ran += usize::from(output.is_some());
                let output = output.unwrap_or_else(|| transcript.output.to_owned());
                write!(wanted, "$ {}\n{output}", transcript.command).expect("text can be written");
            }
            wanted.push_str("```\n");
        }
        settle(&path, &text, &wanted);
    }
    assert!(ran > 15, "{ran} commands");
}

#[test]
fn commands_of_other_blocks_are_ones_the_program_knows() {
    let mut seen = 0;
    for (path, text) in pages() {
        let shell = text.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap_or_default());
        for line in shell.flat_map(str::lines).filter(|line| line.starts_with("ampls-dns ")) {
            let line = line.split(" #").next().unwrap_or_default().split(" > ").next().unwrap_or_default();
            let words = line.split_whitespace().map(|word| word.trim_matches('\''));
            if let Err(error) = CommandLine::try_parse_from(words) {
                panic!("{}: `{line}`: {error}", path.display());
            }
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen} commands");
}

/// The anchor GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|char| char.is_alphanumeric() || *char == ' ' || *char == '-' || *char == '_');
    kept.map(|char| if char == ' ' { '-' } else { char }).collect()
}

#[test]
fn links_lead_to_files_and_headings_that_exist() {
    let mut followed = 0;
    let more = ["docker/README.md", "CONTRIBUTING.md", "SECURITY.md"].map(|name| root().join(name));
    let more = more.into_iter().filter(|path| path.exists());
    let more = more.map(|path| (path.clone(), std::fs::read_to_string(&path).expect("a page is text")));
    for (path, text) in pages().into_iter().chain(more) {
        let folder = path.parent().expect("a page is in a folder");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") {
                continue;
            }
            let (file, heading) = link.split_once('#').map_or((link, None), |(file, heading)| (file, Some(heading)));
            let target = if file.is_empty() { path.clone() } else { folder.join(file) };
            assert!(target.exists(), "{} links to {link}", path.display());
            if let Some(heading) = heading {
                let page = std::fs::read_to_string(&target).expect("a page is text");
                let mut anchors =
                    page.lines().filter(|line| line.starts_with('#')).map(|line| anchor(line.trim_start_matches('#')));
                assert!(anchors.any(|own| own == heading), "{} links to {link}", path.display());
            }
            followed += 1;
        }
    }
    assert!(followed > 100, "{followed} links");
}

#[test]
fn the_readme_is_short_and_maps_the_manual() {
    assert!(README.len() <= README_BYTES, "{} bytes; move parts to docs/", README.len());
    for path in pages().keys().filter(|path| path.parent().is_some_and(|parent| parent.ends_with("docs"))) {
        let name = path.file_name().expect("a page has a name").to_string_lossy().into_owned();
        assert!(README.contains(&format!("docs/{name}")), "the README does not link to docs/{name}");
    }
}

#[test]
fn the_two_commands_are_at_the_top() {
    let commands: Vec<_> = README.lines().filter_map(|line| line.strip_prefix("$ ")).take(2).collect();
    assert_eq!(commands, ["cargo run -- serve", "cargo test"]);
    let (head, _) = README.split_once("```console\n$ cargo run").expect("it has the command");
    assert!(head.starts_with("# ampls-dns\n\n") && head.len() < 400, "one sentence stands before it: {head}");
}

#[test]
fn the_transcript_of_serve_is_what_it_prints_and_sigterm_ends_it() {
    let blocks = blocks(README);
    let (_, block) = blocks.iter().find(|(is_console, _)| *is_console).expect("the README has a transcript");
    let wanted = transcripts(block).swap_remove(0).output;
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
    let ports = stdout.lines().filter_map(|line| line.split_once("dig @127.0.0.1 -p "));
    let ports = ports.filter_map(|(_, rest)| rest.split(' ').next());
    for (index, port) in ports.enumerate() {
        shown = shown.replace(&format!("-p {port} "), &format!("-p {} ", 5300 + index));
        shown = shown.replace(&format!("127.0.0.1:{port} "), &format!("127.0.0.1:{} ", 5300 + index));
    }
    // The width of the column of addresses depends on the ports.
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(wanted).contains(&words(&shown)), "{shown}");
    let steady = |text: &str| -> Vec<String> {
        let without_time = |line: &str| match line.split_once("ready after ") {
            Some((before, after)) => {
                format!("{before}ready after {}", after.split_once(' ').map_or("", |(_, rest)| rest))
            }
            None => line.to_owned(),
        };
        text.lines().filter(|line| !line.is_empty()).map(without_time).collect()
    };
    let both: Vec<_> = steady(wanted).into_iter().filter(|line| !words(&shown).contains(&words(line))).collect();
    assert_eq!(both, steady(&talk));
}

#[test]
fn example_scenarios_hold() {
    let mut held = 0;
    for (path, text) in pages() {
        for yaml in text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            let said = run_with(&["test", "-"], yaml);
            assert!(said.contains(" passed, 0 failed"), "{}: {said}", path.display());
            held += 1;
        }
    }
    assert!(held >= 2, "{held} examples");
}

/// Replaces the table of a page, from its head to the first line that is not of it.
fn with_table(text: &str, table: &str) -> String {
    let head = table.lines().next().expect("a table has a head");
    let start = text.find(head).unwrap_or_else(|| panic!("the page has no table with the head {head}"));
    let length: usize =
        text[start..].split_inclusive('\n').take_while(|line| line.starts_with('|')).map(str::len).sum();
    format!("{}{}\n{}", &text[..start], table.trim_end(), &text[start + length..])
}

/// Replaces what is between the marks of a page.
fn with_generated(text: &str, generated: &str) -> String {
    let (head, rest) = text.split_once("<!-- generated -->\n").expect("the page marks its generated part");
    let (_, tail) = rest.split_once("<!-- /generated -->").expect("the generated part ends");
    format!("{head}<!-- generated -->\n{generated}<!-- /generated -->{tail}")
}

#[test]
fn the_scenario_reference_is_the_schema() {
    let path = root().join("docs/scenario.md");
    let text = std::fs::read_to_string(&path).expect("the page exists");
    let generated = ampls_dns::output::reference::markdown(&Scenario::schema());
    settle(&path, &text, &with_generated(&text, &format!("\n{}\n", generated.trim_end())));
}

#[test]
fn the_table_of_findings_is_the_codes() {
    let path = root().join("docs/checking.md");
    let text = std::fs::read_to_string(&path).expect("the page exists");
    settle(&path, &text, &with_table(&text, &ampls_dns::output::findings::table()));
}

#[test]
fn the_table_of_statements_is_the_scenarios_and_its_commands_run() {
    let path = root().join("docs/statements.md");
    let text = std::fs::read_to_string(&path).expect("the page exists");
    let mut table = String::from("| statement | scenario | command that shows it |\n|---|---|---|\n");
    for name in builtin::names().filter(|name| *name != "two-scopes-one-dns") {
        let scenario = Scenario::read(name, builtin::text(name).expect("it is built in").as_bytes());
        let scenario = scenario.unwrap_or_else(|errors| panic!("{errors}"));
        // Which command shows it best is chosen by people; `story` shows every scenario.
        let row = text.lines().find(|line| line.contains(&format!("[{name}](")));
        let statement = match name.starts_with("docs-") {
            true => sentence(&scenario.source).to_owned(),
            false => format!("{} ({})", scenario.title, scenario.source),
        };
        let command = row.and_then(|row| row.trim_end_matches("` |").rsplit('`').next());
        let command = command.map_or_else(|| format!("ampls-dns story {name}"), str::to_owned);
        writeln!(table, "| {statement} | [{name}](../zones/scenarios/{name}.yaml) | `{command}` |").expect("text");
    }
    settle(&path, &text, &with_table(&text, &table));

    let mut ran = 0;
    let mut silent = Vec::new();
    for (path, text) in pages() {
        for row in text.lines().filter(|line| line.starts_with("| ") && line.ends_with("` |")) {
            let command = row.trim_end_matches("` |").rsplit('`').next().unwrap_or_default();
            let Some(arguments) = command.strip_prefix("ampls-dns ") else { continue };
            let said = run(&arguments.split(' ').collect::<Vec<_>>());
            assert!(!said.starts_with("exit code 2"), "{command}: {said}");
            let shown = match row.split_once("](../zones/scenarios/").and_then(|(_, rest)| rest.split(".yaml").next()) {
                Some(name) => shows_what_is_expected(name, arguments, &said),
                None => DRAWN.iter().any(|(command, line)| arguments == *command && said.contains(line)),
            };
            if !shown {
                silent.push(format!("{}: `{command}` shows nothing that its scenario expects", path.display()));
            }
            ran += 1;
        }
    }
    assert!(silent.is_empty(), "{} commands:\n{}", silent.len(), silent.join("\n"));
    assert!(ran > 100, "{ran} commands");
}

/// Commands of tables that draw the built-in scenario, each with what its output has.
const DRAWN: [(&str, &str); 3] = [
    ("story --format html", "<title>"),
    ("story --format svg --at first-scope", "13 names: pe1"),
    ("story --format mermaid --at first-scope", "flowchart"),
];

/// The sentence of a source of one sentence: `PAGE, DATE: SENTENCE; MORE SOURCES`.
fn sentence(source: &str) -> &str {
    let (page, rest) = source.split_once(": ").unwrap_or_else(|| panic!("no sentence in {source:?}"));
    let date = page.rsplit_once(", ").and_then(|(_, date)| date.parse::<jiff::civil::Date>().ok());
    assert!(date.is_some(), "no page and date in {source:?}");
    let sentence = rest.split(';').next().unwrap_or_default();
    assert!(sentence.split(' ').count() >= 5, "no sentence in {source:?}");
    sentence
}

/// True if the output of a command has a line that an expectation of the scenario states: the answer of a name in a network
/// at a step, the end of a flow, or a finding.
fn shows_what_is_expected(name: &str, arguments: &str, said: &str) -> bool {
    let scenario = Scenario::read(name, builtin::text(name).expect("it is built in").as_bytes());
    let scenario = scenario.unwrap_or_else(|errors| panic!("{errors}"));
    let words: Vec<&str> = arguments.split(' ').collect();
    let flag = |flag: &str| words.iter().position(|word| *word == flag).and_then(|at| words.get(at + 1).copied());
    let last = scenario.history.steps().last().map(|step| step.name.to_string());
    let at = flag("--at").map(str::to_owned).or_else(|| scenario.start.as_deref().map(str::to_owned)).or(last);
    scenario.expectations.iter().any(|one| {
        let is_at = at.as_deref() == Some(&*one.step);
        let is_from = |from: &From| flag("--from").is_none_or(|own| own == from.name());
        match (words[0], &one.expected) {
            ("story", Expected::Answer { from, name, kind: RecordType::A, answer }) => {
                story_says(said, &one.step, &from.name(), &name.to_string(), &answer_word(answer))
            }
            ("story", Expected::Finding(finding)) => {
                let steps = said.lines().skip_while(|line| !line.starts_with("* changed in this step"));
                let own = steps.skip_while(|line| line.split(':').next() != Some(&*one.step)).skip(1);
                let mut lines = own.take_while(|line| line.starts_with("  "));
                lines.any(|line| line.contains(&format!("[{}]", finding.code)))
            }
            ("resolve" | "explain", Expected::Answer { from, name, answer, .. }) => {
                let word = match answer {
                    // Public addresses are those for documentation.
                    ExpectedAnswer::Public if words[0] == "resolve" => "203.0.113.".to_owned(),
                    other => answer_word(other),
                };
                is_at && is_from(from) && words[1] == name.to_string() && said.contains(&word)
            }
            ("explain", Expected::Chain { from, name, targets }) => {
                let has = |target: &OwnerName| said.contains(&format!("is an alias of {target}"));
                is_at && is_from(from) && words[1] == name.to_string() && targets.iter().all(has)
            }
            ("check", Expected::Finding(finding)) => is_at && said.contains(&format!("[{}]", finding.code)),
            ("flows", Expected::Flow(flow)) => is_at && is_from(&flow.from) && flows_say(said, flow),
            _ => false,
        }
    })
}

fn answer_word(answer: &ExpectedAnswer) -> String {
    match answer {
        ExpectedAnswer::Data(data) => data.join(","),
        ExpectedAnswer::Public => "public".to_owned(),
        ExpectedAnswer::NameError => "NXDOMAIN".to_owned(),
        ExpectedAnswer::NoData => "NODATA".to_owned(),
        ExpectedAnswer::Failure => "SERVFAIL".to_owned(),
    }
}

/// True if the table of `story` has this answer in the column of the step, in a line of the name and network.
fn story_says(said: &str, step: &str, network: &str, name: &str, answer: &str) -> bool {
    let columns = |line: &str| -> Vec<String> {
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
    };
    let table = said.lines().skip_while(|line| !line.starts_with("name ")).take_while(|line| !line.is_empty());
    let mut table = table.map(|line| (!line.starts_with(' '), columns(line)));
    let Some((_, header)) = table.next() else { return false };
    let Some(column) = header.iter().position(|own| own == step) else { return false };
    let mut named = String::new();
    for (has_name, mut cells) in table {
        if has_name {
            named = cells.remove(0);
        }
        // Without the column of names.
        let is_network = cells[0].split(", ").any(|own| own == network);
        let cell = cells.get(column - 1).map(|cell| cell.trim_start_matches("* ").trim_end_matches([' ', '!', '~']));
        if named == name && is_network && cell == Some(answer) {
            return true;
        }
    }
    false
}

/// True if `flows` has the flow, and the line after it says its decision and row.
fn flows_say(said: &str, flow: &ExpectedFlow) -> bool {
    let name = flow.name.as_ref().map(ToString::to_string).unwrap_or_default();
    let to = format!(" to {}", flow.to);
    let own = said.lines().skip_while(|line| !line.ends_with(&to)).skip(1).take_while(|line| line.starts_with("  "));
    let lines: Vec<&str> = own.collect();
    lines.windows(2).any(|pair| {
        let is_it = pair[0].trim_start().starts_with(flow.operation.name()) && pair[0].contains(&name);
        let row = flow.row.map_or_else(String::new, |row| format!("row {row}:"));
        let decision = flow.allowed.map_or("", |allowed| if allowed { "allowed" } else { "denied" });
        is_it && pair[1].trim_start().to_lowercase().starts_with(decision) && pair[1].contains(&row)
    })
}

/// The plots of the measurements are drawn from the tables of their page.
#[test]
fn the_plots_of_the_measurements_are_those_of_their_tables() {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR")).join("integration/bench");
    let folder = tempfile::tempdir().expect("a folder for the plots");
    let mut draw = Command::new("python3");
    let drawn = draw.arg("-B").arg(bench.join("plots.py")).arg(bench.join("RESULTS.md")).arg(folder.path()).output();
    let drawn = drawn.expect("python3 runs");
    assert!(drawn.status.success(), "{}", String::from_utf8_lossy(&drawn.stderr));
    for plot in ["cpu-per-query.svg", "memory-per-record.svg", "start-by-networks.svg"] {
        let read = |folder: &Path| std::fs::read_to_string(folder.join(plot)).expect("a plot");
        assert!(read(folder.path()) == read(&bench), "{plot} is not that of RESULTS.md: run `just plots`");
    }
}
