//! `run`: real programs inside a network of the estate, as this user and as nobody.
//!
//! Where `CI=true`, a missing program or a system without namespaces is a failure; elsewhere the case ends early.

use std::io::{Read as _, Write as _};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::fixture::{Folder, binary, eventually};

const NAME: &str = "api.monitor.azure.com";

fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

fn exists(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).stdout(Stdio::null()).status();
    let found = found.is_ok_and(|status| status.success());
    assert!(found || !in_ci(), "`{program}` is not installed");
    found
}

/// Runs the command inside, with exit code and both outputs.
fn inside(arguments: &[&str]) -> (i32, String) {
    finished(binary().env_remove("AMPLS_DNS_ADMIN").arg("run").args(arguments))
}

fn finished(command: &mut Command) -> (i32, String) {
    let output: Output = command.stdin(Stdio::null()).output().expect("the program can be started");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().expect("it is not ended by a signal"), text)
}

/// False where the system does not allow it, which the error explains.
fn allowed() -> bool {
    let (code, text) = inside(&["--from", "vnet1", "--", "true"]);
    if code == 0 {
        return true;
    }
    assert_eq!(code, 125, "{text}");
    assert!(text.contains("  because ") && text.contains("\nhelp: "), "{text}");
    assert!(!in_ci(), "{text}");
    false
}

/// The programs that resolve a name, and what shows that they did.
fn clients() -> Vec<(&'static str, Vec<&'static str>)> {
    vec![
        ("dig", vec!["dig", "+short", NAME]),
        ("nslookup", vec!["nslookup", NAME]),
        ("getent", vec!["getent", "ahostsv4", NAME]),
        ("python3", vec!["python3", "-c", "import socket; print(socket.gethostbyname('api.monitor.azure.com'))"]),
        (
            "node",
            vec!["node", "-e", "require('dns').lookup('api.monitor.azure.com', (_, address) => console.log(address))"],
        ),
        ("node", vec!["node", "-e", "require('dns').resolve4('api.monitor.azure.com', (_, all) => console.log(all))"]),
    ]
}

#[test]
fn every_client_gets_the_answer_of_its_network() {
    if !allowed() {
        return;
    }
    for (program, command) in clients().iter().filter(|(program, _)| exists(program)) {
        for (step, address) in [("first-scope", "10.0.1.9"), ("second-scope", "10.0.2.7")] {
            let (code, text) = inside(&[&["--from", "vnet1", "--at", step, "--"], &command[..]].concat());
            assert!(code == 0 && text.contains(address), "{program} at {step}: {text}");
        }
    }
}

#[test]
fn nobody_needs_no_privilege() {
    if !allowed() || !exists("setpriv") {
        return;
    }
    // The test binary may be where nobody cannot read.
    let folder = Folder::new("run-as-nobody");
    let own = folder.0.join("ampls-dns");
    std::fs::copy(env!("CARGO_BIN_EXE_ampls-dns"), &own).expect("it can be copied");
    let as_nobody = |arguments: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&own).arg("run").args(arguments);
        finished(command.current_dir("/").env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", "/"))
    };
    let (code, text) = as_nobody(&["--from", "vnet1", "--", "id", "-u"]);
    if code != 0 && text.starts_with("setpriv:") {
        assert!(!in_ci(), "{text}");
        return;
    }
    assert_eq!((code, text.trim()), (0, "65534"));
    for (program, command) in clients() {
        let path = format!("PATH=/usr/local/bin:/usr/bin:/bin command -v {program}");
        if !Command::new("sh").args(["-c", &path]).stdout(Stdio::null()).status().is_ok_and(|status| status.success()) {
            continue;
        }
        let (code, text) = as_nobody(&[&["--from", "vnet1", "--at", "first-scope", "--"], &command[..]].concat());
        assert!(code == 0 && text.contains("10.0.1.9"), "{program}: {text}");
    }
}

#[test]
fn reachable_addresses_refuse_and_unreachable_ones_time_out() {
    if !allowed() || !exists("python3") {
        return;
    }
    let connect = "import socket\nfor address in ('10.0.1.9', '10.0.2.7', '20.0.0.1'):\n  s = socket.socket(); s.settimeout(1)\n  \
                   try: s.connect((address, 443)); print(address, 'connected')\n  except Exception as error: print(address, type(error).__name__)";
    let (_, text) = inside(&["--from", "vnet1", "--", "python3", "-c", connect]);
    assert!(
        text.contains("10.0.1.9 ConnectionRefusedError\n20.0")
            || text.contains("10.0.1.9 ConnectionRefusedError\n10.0.2.7")
    );
    assert!(text.contains("10.0.2.7 timeout") || text.contains("10.0.2.7 TimeoutError"), "{text}");
    assert!(text.contains("20.0.0.1 ConnectionRefusedError"), "{text}");
    // Nothing outside has changed.
    let outside = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    assert!(!outside.contains("168.63.129.16"), "{outside}");
}

#[test]
fn steps_are_taken_from_inside_and_the_scenario_is_the_same_there() {
    if !allowed() || !exists("getent") {
        return;
    }
    let script = format!(
        "getent ahostsv4 {NAME} | head -1; ampls-dns step previous; getent ahostsv4 {NAME} | head -1; \
         ampls-dns explain {NAME} --from hub | head -1; cat /etc/resolv.conf; cat $AMPLS_DNS_PROMPT_FILE"
    );
    let folder = Folder::new("run-steps");
    let file = folder.write(
        "own.yaml",
        &ampls_dns::scenario::builtin::text("two-scopes-one-dns").expect("it is built in").replace("vnet1", "hub"),
    );
    let (code, text) = inside(&[&file, "--from", "hub", "--", "sh", "-c", &script]);
    assert_eq!(code, 0, "{text}");
    let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("no {part}: {text}"));
    assert!(at("10.0.2.7") < at("step first-scope, revision 24") && at("step first-scope") < at("10.0.1.9"), "{text}");
    assert!(text.contains("api.monitor.azure.com A from hub"), "{text}");
    assert!(text.contains("nameserver 168.63.129.16\n") && text.ends_with("hub first-scope"), "{text}");
}

#[test]
fn the_exit_code_is_that_of_the_command() {
    if !allowed() {
        return;
    }
    assert_eq!(inside(&["--from", "vnet1", "--", "sh", "-c", "exit 7"]).0, 7);
    assert_eq!(inside(&["--from", "vnet1", "--", "sh", "-c", "kill -9 $$"]).0, 137);
    assert_eq!(inside(&["--from", "vnet1", "--", "/etc/passwd"]).0, 126);
    let missing =
        binary().env("PATH", "/usr/bin:/bin").args(["run", "--from", "vnet1", "--", "no-such-program"]).output();
    assert_eq!(missing.expect("it can be started").status.code(), Some(127));
    let (code, text) = inside(&["--from", "vnet9", "--", "true"]);
    assert!(code == 125 && text.contains("no network `vnet9`"), "{text}");
    let (code, text) = inside(&["--", "true"]);
    assert!(code == 125 && text.contains("--from <NETWORK>"), "{text}");
    let (code, text) = inside(&["--from", "vnet1", "--upstream", "system", "--", "true"]);
    assert!(
        code == 125 && text.contains("`--upstream` is not possible with `run`") && text.contains("help: "),
        "{text}"
    );
}

#[test]
fn sigterm_ends_the_command() {
    if !allowed() {
        return;
    }
    let mut command = binary();
    command.args(["run", "--from", "vnet1", "--", "/bin/sh", "-c", "echo started; exec sleep 60"]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it can be started");
    let mut said = [0; 8];
    child.stdout.as_mut().expect("it is piped").read_exact(&mut said).expect("the command starts");
    assert_eq!(&said, b"started\n");
    let begun = Instant::now();
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill can be run");
    assert!(sent.success());
    let code = child.wait().expect("it ends").code();
    assert!(code == Some(143) && begun.elapsed() < Duration::from_secs(30), "{code:?}");
}

#[test]
fn the_shell_shows_network_and_step() {
    if !allowed() || !exists("script") {
        return;
    }
    for shell in ["/bin/sh", "/bin/bash"] {
        let command = format!("{} run --from vnet1", env!("CARGO_BIN_EXE_ampls-dns"));
        let mut child = Command::new("script")
            .args(["-qec", &command, "/dev/null"])
            .env("SHELL", shell)
            .env("HOME", "/nonexistent")
            .env("PROMPT_COMMAND", "true;")
            .env_remove("AMPLS_DNS_ADMIN")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it can be started");
        let mut stdin = child.stdin.take().expect("it is piped");
        let mut stdout = child.stdout.take().expect("it is piped");
        let shown = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&shown);
        let reader = std::thread::spawn(move || {
            let mut byte = [0];
            while matches!(stdout.read(&mut byte), Ok(1)) {
                kept.lock().expect("nobody panics with it").push(byte[0]);
            }
        });
        let text = || String::from_utf8_lossy(&shown.lock().expect("nobody panics with it")).into_owned();
        let mut send = |line: &str| stdin.write_all(line.as_bytes()).expect("the shell reads");
        eventually("the first prompt", || text().contains("(vnet1 second-scope) ").then_some(()));
        send("ampls-dns step previous\n");
        eventually("the second prompt", || text().contains("(vnet1 first-scope) ").then_some(()));
        send("exit 3\n");
        let code = child.wait().expect("it ends").code();
        drop(stdin);
        reader.join().expect("it reads to the end");
        assert_eq!(code, Some(3), "{shell}: {}", text());
    }
}

#[test]
fn a_refusal_names_the_setting_and_the_alternative() {
    if !allowed() || !exists("unshare") || !exists("setpriv") {
        return;
    }
    // The limit is that of a user namespace of its own; the machine's stays as it is.
    let script = format!(
        "echo 0 > /proc/sys/user/max_user_namespaces; exec setpriv --inh-caps=-all --bounding-set=-all {} run --from vnet1 -- true",
        env!("CARGO_BIN_EXE_ampls-dns")
    );
    let (code, text) = finished(Command::new("unshare").args(["-Ur", "sh", "-c", &script]));
    assert_eq!(code, 125, "{text}");
    assert!(text.contains("because user.max_user_namespaces is 0") && text.contains("ampls-dns serve"), "{text}");
}
