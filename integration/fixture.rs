//! How a case is written: the real binary with arguments, and what it must print.

use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use ampls_dns::compile::ViewId;
use ampls_dns::dns::wire::{Received, decode, encode_query};
use ampls_dns::dns::{OwnerName, RecordType};
use ampls_dns::resolve::{Ede, Forwarding, RequestContext, Subnets};
use serde_json::Value;

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

/// The real binary serving, on free ports of loopback, until it is dropped.
pub struct Server {
    child: Child,
    /// Where its admin server is.
    pub admin: SocketAddr,
    /// Where it answers, in the order of `--listen`.
    pub dns: Vec<SocketAddr>,
    talk: Arc<Mutex<String>>,
}

impl Server {
    /// Starts `serve` with these arguments behind `--admin 127.0.0.1:0`, and waits until it answers.
    pub fn start(arguments: &[&str]) -> Self {
        Self::of(binary().env_remove("AMPLS_DNS_ADMIN").args(["serve", "--admin", "127.0.0.1:0"]).args(arguments))
    }

    /// Starts a command that serves and tells where its admin server is.
    pub fn of(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary can be started");
        let talk = Arc::new(Mutex::new(String::new()));
        let (ready, is_ready) = mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let heard = Arc::clone(&talk);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if line.starts_with("ctrl-c ends") {
                    let _ = ready.send(());
                }
                let mut heard = heard.lock().expect("nobody panics with it");
                heard.push_str(&line);
                heard.push('\n');
            }
        });
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let is_ready = is_ready.recv_timeout(Duration::from_secs(60));
        let told = || talk.lock().expect("nobody panics with it").clone();
        is_ready.unwrap_or_else(|_| panic!("it does not serve: {}", told()));
        let text = told();
        let admin = text.lines().find_map(|line| line.strip_prefix("admin: http://"));
        let admin =
            admin.and_then(|address| address.parse().ok()).unwrap_or_else(|| panic!("no admin address: {text}"));
        let mut dns = Vec::new();
        let mut lines = stdout.lines();
        let wanted = text.matches("UDP and TCP").count();
        assert_eq!(wanted, 1, "{text}");
        // What it prints is there before it says that ctrl-c ends it; nothing follows until then.
        while let Some(Ok(line)) = lines.next() {
            if let Some((ip, rest)) = line.split_once("dig @").and_then(|(_, rest)| rest.split_once(" -p ")) {
                let port = rest.split(' ').next().unwrap_or_default();
                dns.push(format!("{ip}:{port}").parse().expect("an address"));
            }
            if dns.len() == listeners(command) {
                break;
            }
        }
        Self { child, admin, dns, talk }
    }

    /// The process it is.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// What it has said so far.
    pub fn talk(&self) -> String {
        self.talk.lock().expect("nobody panics with it").clone()
    }

    /// Sends it a signal by name.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.expect("kill can be run").success());
    }

    /// Waits until it has ended by itself; true if it ended well.
    pub fn has_ended_well(&mut self) -> bool {
        eventually("it ends", || self.child.try_wait().expect("it is ours").map(|status| status.success()))
    }

    /// Sends a request and gives back status, head and body.
    pub fn http(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String, Value) {
        let mut stream = TcpStream::connect(self.admin).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time-out can be set");
        let own_host = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host"));
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        if !own_host {
            head.push_str(&format!("Host: {}\r\n", self.admin));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        // It may answer, and close, before it has read everything; what it says then is what the case is about.
        let _ = stream.write_all(format!("{head}\r\n{body}").as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) =
            answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer to {method} {path}: {answer}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, head.to_owned(), serde_json::from_str(body).unwrap_or_else(|_| body.into()))
    }

    /// Gets a document.
    pub fn get(&self, path: &str) -> Value {
        let (status, _, body) = self.http("GET", path, &[], "");
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Sends JSON or YAML.
    pub fn post(&self, path: &str, body: &str) -> (u16, Value) {
        let kind = if body.starts_with('{') { "application/json" } else { "application/yaml" };
        let (status, _, body) = self.http("POST", path, &[("Content-Type", kind)], body);
        (status, body)
    }

    /// The addresses a name has at a listener, or the response code.
    pub fn addresses(&self, listener: usize, name: &str) -> String {
        let reply = ask(self.dns[listener], name);
        let addresses = reply.answer.iter().filter(|record| record.kind == RecordType::A);
        let addresses: Vec<String> = addresses.map(|record| record.data.to_string()).collect();
        if addresses.is_empty() { reply.rcode.to_string() } else { addresses.join(" ") }
    }
}

fn listeners(command: &Command) -> usize {
    let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let given = arguments.iter().zip(arguments.iter().skip(1)).filter(|(flag, _)| *flag == "--listen");
    given.map(|(_, value)| value.split(',').count()).sum()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is known about a query from loopback that is answered without a socket.
pub fn context(view: Option<ViewId>, outside: Forwarding) -> RequestContext<'static> {
    RequestContext {
        listener: view,
        source: Ipv4Addr::LOCALHOST.into(),
        asked_at: None,
        subnets: Subnets::Ignored,
        extended: Ede::Include,
        outside,
        local_addresses: &[],
    }
}

/// Asks for the addresses of a name over UDP.
pub fn ask(server: SocketAddr, name: &str) -> Received {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback has free ports");
    socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a time-out can be set");
    let name = OwnerName::parse(name).expect("a good name");
    socket.send_to(&encode_query(7, &name, RecordType::A, Some(1232)), server).expect("it can be sent");
    let mut out = [0; 4096];
    let octets = socket.recv(&mut out).expect("the server answers");
    decode(&out[..octets]).expect("a reply")
}

/// Tries until there is something; far longer than anything takes that goes well.
pub fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < until, "{what}: not within 30 s");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A folder of its own for a case, gone when it ends.
pub struct Folder(pub std::path::PathBuf);

impl Folder {
    /// An empty one.
    pub fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("ampls-dns-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("the temporary folder can be written to");
        Self(folder)
    }

    /// Writes a file in it and gives its path.
    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("it can be written");
        path.to_str().expect("a readable path").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Several things people read, each under its heading: one snapshot for all of a kind.
#[derive(Default)]
pub struct Readings(String);

impl Readings {
    /// Adds one.
    pub fn add(&mut self, heading: &str, text: &str) {
        self.0.push_str(&format!("=== {heading}\n{}\n\n", text.trim_end()));
    }

    /// All of them.
    pub fn text(&self) -> &str {
        &self.0
    }
}
