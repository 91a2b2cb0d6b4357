//! Faults of the machine around the server: system calls that are interrupted, a clock that jumps, disks that fill up, clients
//! that read slowly, files that are cut short or replaced, and a system that does not tell of changes. The server and the
//! verbs go on, or end with an error and leave what was there.
//!
//! `strace` interrupts the calls and libfaketime moves the clock. Where `CI=true`, it is a failure if one of them is missing.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use ampls_dns::dns::wire::{decode, encode_query};
use ampls_dns::dns::{OwnerName, RecordType};
use ampls_dns::scenario::builtin;

use crate::fixture::{Folder, Server, binary, eventually, run};

const SHARED: &str = "api.monitor.azure.com";
const SERVE: [&str; 6] = ["serve", "--admin", "127.0.0.1:0", "--listen", "vnet1=127.0.0.1:0", "two-scopes-one-dns"];

/// True if a tool is there; where `CI=true` it has to be.
fn is_there(tool: &str, found: bool) -> bool {
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(found || !ci, "{tool} is not installed");
    found
}

/// A command that runs the binary while `strace` changes what the system returns; absent where there is no `strace`.
fn with_faults(inject: &[&str]) -> Option<Command> {
    let found = Command::new("strace").arg("-V").output().is_ok_and(|output| output.status.success());
    if !is_there("strace", found) {
        return None;
    }
    let mut command = Command::new("strace");
    // The server is the process that is started, and strace a process beside it, so that signals meet the server.
    command.args(["-D", "-f", "-qq", "-o", "/dev/null"]);
    for one in inject {
        command.args(["-e", &format!("inject={one}")]);
    }
    command.arg(binary().get_program()).env("NO_COLOR", "1").env_remove("AMPLS_DNS_ADMIN");
    Some(command)
}

/// A query in the form it has over TCP.
fn framed(id: u16, name: &str) -> Vec<u8> {
    let name = OwnerName::parse(name).expect("a good name");
    let query = encode_query(id, &name, RecordType::A, None);
    let length = u16::try_from(query.len()).expect("a query is short");
    [&length.to_be_bytes()[..], &query].concat()
}

/// One reply from a TCP connection: its id and number of answers.
fn reply(stream: &mut impl std::io::Read) -> (u16, usize) {
    let mut length = [0; 2];
    stream.read_exact(&mut length).expect("a reply begins");
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut message).expect("a reply is whole");
    let reply = decode(&message).expect("a reply has the form of one");
    (reply.id, reply.answer.len())
}

/// The id of the reply to a query over TCP.
fn reply_to(stream: &mut std::net::TcpStream, id: u16) -> u16 {
    stream.write_all(&framed(id, SHARED)).expect("the connection is open");
    reply(stream).0
}

fn connect(server: SocketAddr) -> std::net::TcpStream {
    let stream = std::net::TcpStream::connect(server).expect("it accepts");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out can be set");
    stream
}

#[test]
fn interrupted_system_calls_lose_nothing() {
    let calls = "readv,writev,recvfrom,sendto,recvmsg,sendmsg,recvmmsg,sendmmsg,accept4,epoll_wait,epoll_pwait";
    // Every fourth call says that a signal interrupted it. Not `write`: threads wake each other by it, which no signal interrupts.
    let every_fourth = format!("{calls}:error=EINTR:when=2+4");
    // The loader of programs does not try again, so that reading fails only behind it.
    let Some(mut command) = with_faults(&[&every_fourth, "read:error=EINTR:when=40+4"]) else { return };
    let server = Server::of(command.args(SERVE));
    for _ in 0..200 {
        assert_eq!(server.addresses(0, SHARED), "10.0.2.7");
    }
    let mut stream = connect(server.dns[0]);
    for id in 0..100 {
        assert_eq!(reply_to(&mut stream, id), id);
    }
    assert_eq!(server.addresses(0, SHARED), "10.0.2.7");
}

#[test]
fn a_clock_that_jumps_changes_no_answer_and_closes_no_connection() {
    let library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
    if !is_there("libfaketime", Path::new(library).exists()) {
        return;
    }
    let folder = Folder::new("clock");
    // The clock of the wall alone: the one that counts on from the start of the machine does not jump.
    let clock = folder.write("clock", "+0d");
    let mut command = binary();
    command.env("LD_PRELOAD", library).env("FAKETIME_TIMESTAMP_FILE", &clock).env("FAKETIME_NO_CACHE", "1");
    command.env("DONT_FAKE_MONOTONIC", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let mut server = Server::of(command.env_remove("AMPLS_DNS_ADMIN").args(SERVE));
    let year = |server: &Server| {
        let asked = server.get("/v1/queries?limit=1");
        let at =
            asked["queries"][0]["time"].as_str().unwrap_or_else(|| panic!("a query has a time: {asked}")).to_owned();
        at.split_once('-').map(|(year, _)| year.parse::<i32>().expect("a year")).expect("a date")
    };
    let mut stream = connect(server.dns[0]);
    assert_eq!(server.addresses(0, SHARED), "10.0.2.7");
    let now = year(&server);
    for (jump, years) in [("+3653d", 10), ("-3653d", -10), ("-18263d", -50), ("+0d", 0)] {
        fs::write(&clock, jump).expect("it can be written");
        assert_eq!(server.addresses(0, SHARED), "10.0.2.7", "{jump}");
        let seen = year(&server) - now - years;
        assert!((-1..=1).contains(&seen), "{jump}: the server's clock did not jump");
        assert_eq!(reply_to(&mut stream, 9), 9, "{jump}");
        assert_eq!(server.http("GET", "/readyz", &[], "").0, 200, "{jump}");
        assert_eq!(server.http("GET", "/metrics", &[], "").0, 200, "{jump}");
        assert_eq!(server.post("/v1/reload", "{}").0, 200, "{jump}");
    }
    drop(stream);
    server.signal("TERM");
    assert!(server.has_ended_well(), "{}", server.talk());
}

/// Runs the binary where no file may get longer than a kilobyte, as on a disk that is full.
fn on_a_full_disk(arguments: &[&str]) -> Output {
    let own = binary();
    let program = own.get_program().to_str().expect("a readable path").to_owned();
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 2; exec \"$@\"", "sh", &program]).args(arguments);
    command.env("NO_COLOR", "1").stdin(Stdio::null()).output().expect("there is a shell")
}

#[test]
fn a_disk_that_is_full_in_the_middle_of_a_file_leaves_the_file_of_before() {
    let folder = Folder::new("full");
    let names = |folder: &Folder| -> BTreeSet<String> {
        let entries = fs::read_dir(&folder.0).expect("it is a folder").map(|entry| entry.expect("it can be read"));
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    };
    for arguments in [
        &["story", "two-scopes-one-dns", "-o"][..],
        &["check", "two-scopes-one-dns", "--format", "sarif", "-o"],
        &["export", "two-scopes-one-dns", "--from", "vnet1", "--format", "hosts", "-o"],
    ] {
        let file = folder.write("out.txt", "what was there before\n");
        let output = on_a_full_disk(&[arguments, &[&file]].concat());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
        assert!(told.contains("out.txt") && told.contains("File too large"), "{arguments:?}: {told}");
        assert_eq!(fs::read_to_string(&file).expect("it is there"), "what was there before\n", "{arguments:?}");
        assert_eq!(names(&folder), BTreeSet::from(["out.txt".to_owned()]), "{arguments:?} leaves nothing behind");
        // Where there is room the same command replaces it, and its rights stay.
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o640)).expect("it is ours");
        run(&[arguments, &[&file]].concat());
        assert!(fs::metadata(&file).expect("it is there").len() > 1024, "{arguments:?}");
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).expect("it is there").permissions());
        assert_eq!(mode & 0o777, 0o640, "{arguments:?}");
    }
}

#[test]
fn a_client_that_reads_slowly_gets_every_reply_whole() {
    let server = Server::of(binary().env_remove("AMPLS_DNS_ADMIN").args(SERVE));
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    // So small that the server can write replies in parts only.
    socket.set_recv_buffer_size(2048).expect("it can be small");
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out can be set");
    socket.connect(&server.dns[0].into()).expect("it accepts");
    let mut reader: std::net::TcpStream = socket.into();
    let mut writer = reader.try_clone().expect("it can be shared");
    const QUERIES: u16 = 20_000;
    let writing = std::thread::spawn(move || {
        for id in 0..QUERIES {
            writer.write_all(&framed(id, SHARED)).expect("the server takes them as the client reads");
        }
    });
    let mut seen = BTreeSet::new();
    for count in 0..QUERIES {
        // The pause is what a slow client does; no result is waited for.
        if count % 1_000 == 0 {
            std::thread::sleep(Duration::from_millis(50));
        }
        let (id, answers) = reply(&mut reader);
        assert!(answers > 0 && seen.insert(id), "reply {id} has {answers} records and comes once");
    }
    assert_eq!(seen.len(), usize::from(QUERIES));
    writing.join().expect("it wrote all");
}

/// The scenario of the tests with its endpoints' addresses in `10.0.OCTET.0`.
fn story(octet: u8) -> String {
    builtin::text("two-scopes-one-dns").expect("it is built in").replace("10.0.2.", &format!("10.0.{octet}."))
}

fn answers(server: &Server, octet: u8) {
    let wanted = format!("10.0.{octet}.7");
    eventually(&wanted, || (server.addresses(0, SHARED) == wanted).then_some(()));
}

#[test]
fn a_file_that_is_cut_short_or_rotated_away_leaves_what_is_served() {
    let folder = Folder::new("cut");
    let whole = story(2);
    let file = folder.write("estate.yaml", &whole);
    let zone = "$TTL 5\n@ SOA ns host 1 2 3 4 5\nhost A 192.0.2.1\n";
    let zone_file = folder.write("corp.example.zone", zone);
    let arguments =
        ["serve", "--admin", "127.0.0.1:0", "--listen", "vnet1=127.0.0.1:0", &file, "--watch", "--zone", &zone_file];
    let server = Server::of(binary().env_remove("AMPLS_DNS_ADMIN").args(arguments));
    answers(&server, 2);
    let failed = || server.get("/v1/state")["reload"]["failed"].as_u64().expect("a number");
    let still = |what: &str| {
        assert_eq!(server.addresses(0, SHARED), "10.0.2.7", "{what}");
        assert_eq!(server.addresses(0, "host.corp.example"), "192.0.2.1", "{what}");
    };
    let mut before = failed();
    let mut met = |what: &str| {
        eventually(what, || (failed() > before).then_some(()));
        before = failed();
        still(what);
    };
    folder.write("estate.yaml", "");
    met("an empty scenario");
    // In the middle of a key: what is left is no scenario.
    let cut = whole.find("createPrivateEndpoint").expect("it has one") + 10;
    folder.write("estate.yaml", &whole[..cut]);
    met("half a scenario");
    fs::rename(&file, folder.0.join("estate.yaml.1")).expect("it can be moved");
    met("no scenario");
    folder.write("estate.yaml", &whole);
    folder.write("corp.example.zone", &zone[..zone.len() - 8]);
    met("half a zone file");
    folder.write("corp.example.zone", &zone.replace("192.0.2.1", "192.0.2.9"));
    eventually("the new zone", || (server.addresses(0, "host.corp.example") == "192.0.2.9").then_some(()));
    folder.write("estate.yaml", &story(3));
    answers(&server, 3);
}

#[test]
fn a_system_that_reports_no_change_is_looked_at_every_other_second() {
    // As where all watches of the system are taken.
    let Some(mut command) = with_faults(&["inotify_add_watch:error=ENOSPC"]) else { return };
    let folder = Folder::new("untold");
    let file = folder.write("estate.yaml", &story(2));
    let server = Server::of(command.args([
        "serve",
        "--admin",
        "127.0.0.1:0",
        "--listen",
        "vnet1=127.0.0.1:0",
        &file,
        "--watch",
    ]));
    answers(&server, 2);
    folder.write("estate.yaml", &story(3));
    answers(&server, 3);
    // The folder goes, and another one with its name comes.
    fs::rename(&folder.0, folder.0.with_extension("old")).expect("it can be moved");
    fs::create_dir_all(&folder.0).expect("it can be made");
    folder.write("estate.yaml", &story(4));
    answers(&server, 4);
    let _ = fs::remove_dir_all(folder.0.with_extension("old"));
}
