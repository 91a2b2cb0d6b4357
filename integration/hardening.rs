//! What may go wrong around the server and what strangers may send it: it goes on, and its cost is bounded.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use ampls_dns::dns::wire::decode;
use ampls_dns::scenario::{MAX_REQUEST_NODES, MAX_REQUEST_OCTETS};

use crate::fixture::{Folder, Server, ask, binary, eventually, run};

const LISTEN: [&str; 2] = ["--listen", "127.0.0.1:0,vnet1=127.0.0.1:0"];
const SHARED: &str = "api.monitor.azure.com";
const MIB: u64 = 1 << 20;
/// More than any request may take beyond what the server has at rest.
const MOST_OF_A_REQUEST: u64 = 32 * MIB;

/// A number of a process from `/proc`, in bytes.
fn memory(process: u32, field: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = text.lines().find_map(|line| line.strip_prefix(field)).expect("Linux has it");
    let number = line.trim_start_matches(':').trim().trim_end_matches(" kB");
    number.parse::<u64>().expect("a number") * 1024
}

/// Begins a new peak of a process's memory.
fn forget_peak(process: u32) {
    fs::write(format!("/proc/{process}/clear_refs"), "5").expect("it is our own process");
}

/// Runs the binary by a shell that limits it first.
fn limited(limit: &str, arguments: &[&str]) -> Output {
    let own = binary();
    let program = own.get_program().to_str().expect("a readable path").to_owned();
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{limit}; exec \"$@\""), "sh", &program]).args(arguments);
    command.env("NO_COLOR", "1").env_remove("RUST_LOG").stdin(Stdio::null()).output().expect("there is a shell")
}

/// An address no server listens at just now.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("loopback has free ports")
}

fn answers_within(server: SocketAddr, time: Duration) -> bool {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    socket.set_read_timeout(Some(time)).expect("a time-out can be set");
    socket
        .send_to(
            b"\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03api\x07monitor\x05azure\x03com\x00\x00\x01\x00\x01",
            server,
        )
        .expect("it can be sent");
    socket.recv(&mut [0; 512]).is_ok()
}

/// Texts that are small for what they ask to be built.
fn bombs(octets: usize) -> Vec<(&'static str, String)> {
    let filled = |open: &str, unit: &str, close: &str| {
        format!("{open}{}{close}", unit.repeat((octets - open.len() - close.len()) / unit.len()))
    };
    let mut aliases = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (one, other) in "abcdefgh".chars().zip("bcdefghi".chars()) {
        aliases.push_str(&format!("{other}: &{other} [{}]\n", vec![format!("*{one}"); 9].join(", ")));
    }
    vec![
        ("numbers", filled("[", "1,", "1]")),
        ("empty lists", filled("[", "[],", "[]]")),
        ("unknown events", filled("", "- bogus: 1\n", "")),
        ("events that name nothing", filled("", "- deletePrivateEndpoint: nobody\n", "")),
        ("unknown keys", (0..octets / 12).map(|number| format!("k{number}: 1\n")).collect()),
        ("aliases", aliases),
        ("one anchor many times", filled("a: &a [x, x, x, x, x, x, x, x, x]\nb: [", "*a, ", "]\n")),
        (
            "long text many times",
            format!("a: &a {}\nb: [{}]\n", "x".repeat(octets / 2), vec!["*a"; octets / 8].join(", ")),
        ),
        ("nesting", "[".repeat(octets)),
        ("good events", filled("", "- createPrivateLinkScope: {name: s}\n", "")),
    ]
}

#[test]
fn no_request_takes_more_than_its_share_of_memory_and_what_it_took_is_given_back() {
    let server = Server::start(&LISTEN);
    let process = server.process();
    // What is made once at the first request is no part of it.
    server.post("/v1/events?builtOn=27", "[deletePrivateEndpoint: pe9]");
    for (name, text) in bombs(MAX_REQUEST_OCTETS - 16) {
        let rest = memory(process, "VmRSS");
        forget_peak(process);
        let (status, problem) = server.post("/v1/events?builtOn=27", &text);
        assert!(matches!(status, 409 | 422), "{name}: {status} {problem}");
        let errors = problem["errors"].as_array().map_or(0, Vec::len);
        assert!(status == 409 || (1..=50).contains(&errors), "{name}: {problem}");
        let more = memory(process, "VmHWM").saturating_sub(rest);
        assert!(more <= MOST_OF_A_REQUEST, "{name}: {} MiB more", more / MIB);
    }
    assert_eq!(server.post("/v1/events?builtOn=27", &" ".repeat(MAX_REQUEST_OCTETS + 1)).0, 413);
    let many = format!("[{}1]", "1,".repeat(MAX_REQUEST_NODES));
    let (_, problem) = server.post("/v1/events?builtOn=27", &many);
    let told = format!("more than {MAX_REQUEST_NODES} values");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(&told)), "{problem}");
    assert_eq!(server.addresses(1, SHARED), "10.0.2.7");
}

#[test]
fn no_file_takes_more_than_twenty_times_its_size() {
    let folder = Folder::new("bombs");
    let octets = 3_000_000;
    // Program, stacks and what every run takes.
    let rest = 160 * MIB;
    for (name, text) in bombs(octets) {
        let file = folder.write("bomb.yaml", &text);
        let limit = (rest + 20 * text.len() as u64) / 1024;
        for verb in ["check", "test", "import"] {
            let output = limited(&format!("ulimit -v {limit}"), &[verb, &file]);
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.signal(), None, "{verb} {name}: {told}");
            assert_eq!(output.status.code(), Some(2), "{verb} {name}: {told}");
            assert!(told.starts_with("error") && told.contains("bomb.yaml:"), "{verb} {name}: {told}");
        }
    }
}

#[test]
fn silent_http_clients_shut_nobody_out() {
    let server = Server::start(&LISTEN);
    let silent: Vec<TcpStream> = (0..257)
        .map(|number| {
            let mut stream = TcpStream::connect(server.admin).expect("it is accepted");
            // A third says nothing, a third half a head, and a third half a body.
            let text = [
                "",
                "GET /v1/state HTTP/1.1\r\nHo",
                "POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\
                         Content-Type: application/json\r\nContent-Length: 10\r\n\r\n[",
            ][number % 3];
            let _ = stream.write_all(text.as_bytes());
            stream
        })
        .collect();
    for path in ["/readyz", "/livez", "/v1/state"] {
        let begun = Instant::now();
        server.get(path);
        assert!(begun.elapsed() < Duration::from_secs(2), "{path} took {:?}", begun.elapsed());
    }
    drop(silent);
}

#[test]
fn a_full_disk_does_not_end_the_server_and_lost_lines_are_counted() {
    let (dns, admin) = (free(), free());
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let mut command = binary();
    command.env_remove("AMPLS_DNS_ADMIN").env("RUST_LOG", "debug").args(["serve", "--log-queries", "--admin"]);
    command.arg(admin.to_string()).args(["--listen", &format!("vnet1={dns}")]);
    let mut child = command.stdin(Stdio::null()).stdout(full()).stderr(full()).spawn().expect("it can be started");
    eventually("it answers", || answers_within(dns, Duration::from_millis(200)).then_some(()));
    assert_eq!(child.try_wait().expect("it is ours"), None);
    let lost = || {
        let mut stream = TcpStream::connect(admin).ok()?;
        stream
            .write_all(format!("GET /metrics HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\n\r\n").as_bytes())
            .ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        text.lines().find_map(|line| line.strip_prefix("ampls_dns_lines_unwritten_total "))?.parse::<u64>().ok()
    };
    let before = eventually("it counts", lost);
    assert!(before > 5, "{before} lines were not written");
    ask(dns, SHARED);
    eventually("the line of the query is counted", || lost().filter(|now| *now > before));
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(killed.expect("kill can be run").success());
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn a_signal_prints_statistics_and_the_server_goes_on() {
    let server = Server::start(&LISTEN);
    server.addresses(1, SHARED);
    server.signal("USR1");
    let talk = eventually("it prints them", || Some(server.talk()).filter(|talk| talk.contains("lines not written")));
    assert!(
        talk.contains("statistics: up for ") && talk.contains("replies: 1 over UDP, 0 over TCP; NOERROR 1"),
        "{talk}"
    );
    assert_eq!(server.addresses(1, SHARED), "10.0.2.7");
}

#[test]
fn what_is_killed_at_any_moment_starts_again_at_the_same_place() {
    let (dns, admin) = (free(), free());
    for delay in [0, 5, 20, 50, 200] {
        let mut command = binary();
        command.env_remove("AMPLS_DNS_ADMIN").args(["serve", "--admin"]).arg(admin.to_string());
        command.args(["--listen", &format!("vnet1={dns}")]).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it can be started");
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().expect("it is ours");
        assert_eq!(child.wait().expect("it is ours").signal(), Some(9));
    }
    let mut command = binary();
    command.env_remove("AMPLS_DNS_ADMIN").args(["serve", "--admin", &admin.to_string()]);
    let server = Server::of(command.args(["--listen", &format!("vnet1={dns}")]));
    assert_eq!((server.admin, server.addresses(0, SHARED).as_str()), (admin, "10.0.2.7"));
}

#[test]
fn without_descriptors_datagrams_are_answered_and_streams_again_afterwards() {
    let folder = Folder::new("descriptors");
    let own = binary();
    let program = own.get_program().to_str().expect("a readable path");
    let script = folder.write("limited.sh", &format!("ulimit -n 40\nexec '{program}' \"$@\"\n"));
    let mut command = Command::new("sh");
    command.arg(script).args(["serve", "--admin", "127.0.0.1:0"]).args(LISTEN).env("NO_COLOR", "1");
    let server = Server::of(&mut command);
    let streams: Vec<_> = (0..80)
        .flat_map(|_| [TcpStream::connect(server.dns[1]), TcpStream::connect(server.admin)])
        .filter_map(Result::ok)
        .collect();
    for _ in 0..5 {
        assert_eq!(server.addresses(1, SHARED), "10.0.2.7");
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(streams);
    eventually("the admin answers again", || TcpStream::connect(server.admin).is_ok().then(|| server.get("/readyz")));
    assert_eq!(server.addresses(1, SHARED), "10.0.2.7");
}

#[test]
fn too_little_memory_is_an_end_and_the_next_start_is_clean() {
    let (dns, admin) = (free(), free());
    let folder = Folder::new("memory");
    let estate = run(&["generate", "--networks", "100", "--scopes", "30", "--workspaces-per-scope", "100"]);
    let estate = folder.write("estate.yaml", estate.split_once("--- stdout\n").expect("it prints").1);
    let listen = dns.to_string();
    let arguments = ["serve", &estate, "--admin", &admin.to_string(), "--listen", &listen];
    let output = limited("ulimit -v 40000", &arguments);
    assert!(!output.status.success(), "40 MB are not enough");
    let mut command = binary();
    command.env_remove("AMPLS_DNS_ADMIN").args(arguments);
    assert_eq!(Server::of(&mut command).admin, admin);
}

#[test]
fn pipes_are_read_like_files() {
    let own = binary();
    let program = own.get_program().to_str().expect("a readable path");
    let shell = |script: &str| {
        let output =
            Command::new("bash").args(["-c", &script.replace("BIN", program)]).output().expect("there is bash");
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let estate = "<(BIN generate --networks 3 --scopes 2)";
    shell(&format!("BIN check {estate} || [ $? = 1 ]"));
    shell(&format!("BIN test {estate}"));
    assert!(shell(&format!("BIN story {estate}")).contains("changed"));
    shell("BIN check <(cat integration/azure-examples/arm-template.json) || [ $? = 1 ]");
    shell("BIN check - <integration/azure-examples/arm-template.json || [ $? = 1 ]");
    shell("BIN check <(BIN import integration/azure-examples/arm-template.json 2>/dev/null) || [ $? = 1 ]");
}

#[test]
fn a_client_subnet_of_no_family_is_returned_as_it_came() {
    let server = Server::start(&LISTEN);
    // Found by fuzzing: an OPT record with a subnet option of family 0 and a cookie.
    let query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01\x03api\x07monitor\x05azure\x03com\x00\x00\x01\x00\x01\
                  \x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x16\x00\x08\x00\x04\x00\x00\x00\x00\x00\x0a\x00\x0a\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a";
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a time-out can be set");
    socket.send_to(query, server.dns[0]).expect("it can be sent");
    let mut out = [0; 4096];
    let length = socket.recv(&mut out).expect("it is answered");
    let received = decode(&out[..length]).expect("a reply that can be read");
    let edns = received.edns.expect("the query had an OPT record");
    assert_eq!(edns.client_subnet, Some((0, 0)));
}

#[test]
fn each_threat_names_a_test_that_there_is() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    let text = fs::read_to_string(format!("{folder}docs/security.md")).expect("it is there");
    let mut sources = String::new();
    let mut folders = vec![format!("{folder}src"), format!("{folder}integration")];
    while let Some(one) = folders.pop() {
        for entry in fs::read_dir(one).expect("a folder").map_while(Result::ok) {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("target") && !path.ends_with("node_modules") {
                folders.push(path.to_string_lossy().into_owned());
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push_str(&fs::read_to_string(path).expect("it is text"));
            }
        }
    }
    let named: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with('|'))
        .filter_map(|line| line.rsplit('|').nth(1)?.trim().strip_prefix('`')?.strip_suffix('`'))
        .flat_map(|tests| tests.split("`, `"))
        .collect();
    assert!(named.len() > 25, "{named:?}");
    for test in named {
        assert!(sources.contains(&format!("fn {test}(")), "there is no test {test}");
    }
}
