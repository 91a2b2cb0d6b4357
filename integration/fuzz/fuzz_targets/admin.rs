//! Any request to the admin API of a running server, on loopback: it is answered, never with an error of the server's own.
//!
//! The first octet chooses method and path, a line the query, and the rest is the body.
#![no_main]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ampls_dns::scenario::{Scenario, builtin};
use ampls_dns::server::admin::{self, Admin, AdminServer, Guard};
use ampls_dns::server::{Control, Loaded, Origin, Running, Settings, EstateSource, start};
use libfuzzer_sys::fuzz_target;

/// What is asked, and with which type of body.
const ROUTES: [(&str, &str, &str); 23] = [
    ("GET", "/v1/state", ""),
    ("GET", "/v1/explain", ""),
    ("GET", "/v1/findings", ""),
    ("GET", "/v1/flows", ""),
    ("GET", "/v1/record-sets", ""),
    ("DELETE", "/v1/snapshots/one", ""),
    ("GET", "/v1/diff", ""),
    ("GET", "/v1/queries", ""),
    ("GET", "/v1/snapshots", ""),
    ("GET", "/v1/faults", ""),
    ("GET", "/v1/story", ""),
    ("GET", "/metrics", ""),
    ("GET", "/openapi.json", ""),
    ("POST", "/v1/events", "application/yaml"),
    ("POST", "/v1/events", "application/json"),
    ("POST", "/v1/steps/next", "application/json"),
    ("POST", "/v1/steps/previous", "application/json"),
    ("POST", "/v1/steps/goto", "application/json"),
    ("POST", "/v1/snapshots", "application/json"),
    ("POST", "/v1/faults", "application/json"),
    ("POST", "/v1/reload", "application/json"),
    ("POST", "/v1/reset", "application/json"),
    ("DELETE", "/v1/faults", ""),
];

/// A built-in scenario.
struct Builtin;

impl EstateSource for Builtin {
    fn name(&self) -> &str {
        "two-scopes-one-dns"
    }

    fn load(&self) -> Result<Loaded, Box<dyn std::error::Error + Send + Sync>> {
        let text = builtin::text(self.name()).expect("it is built in");
        let Scenario { title, history, start, allow, .. } = Scenario::read(self.name(), text.as_bytes())?;
        let (history, allow) = (Arc::new(history), allow.into());
        let description = Default::default();
        Ok(Loaded { title, description, history, start, allow, files: Arc::default(), files_only: false })
    }

    fn paths(&self) -> Vec<std::path::PathBuf> {
        Vec::new()
    }
}

static SERVER: LazyLock<(SocketAddr, AdminServer, Running)> = LazyLock::new(|| {
    let origin = Origin::new(Builtin.load().expect("it can be read")).expect("it can be served");
    let listeners = vec!["127.0.0.1:0".parse().expect("a listener")];
    let running = start(Settings { listeners, ..Settings::default() }, Arc::clone(origin.world())).expect("free ports");
    let control = Arc::new(Control::new(Arc::clone(running.service()), Box::new(Builtin), origin));
    let address = "127.0.0.1:0".parse().expect("an address");
    let server = admin::start(address, Guard::new(None, Vec::new()), Admin::new(control)).expect("a free port");
    (server.address(), server, running)
});

fuzz_target!(|octets: &[u8]| {
    let Some((&which, rest)) = octets.split_first() else { return };
    let (method, path, kind) = ROUTES[usize::from(which) % ROUTES.len()];
    let end = rest.iter().position(|octet| *octet == b'\n').unwrap_or(rest.len());
    let (query, body) = (&rest[..end], rest.get(end + 1..).unwrap_or_default());
    // What a request line can have; waiting for a query would only take time.
    let mut query: String = query.iter().filter(|octet| octet.is_ascii_graphic()).map(|octet| char::from(*octet)).collect();
    if query.contains("wait") {
        query.clear();
    }
    let address = SERVER.0;
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out can be set");
    let mut request = format!("{method} {path}?{query} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    if !kind.is_empty() {
        request.push_str(&format!("Content-Type: {kind}\r\n"));
    }
    request.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    let _ = stream.write_all(&[request.as_bytes(), body].concat());
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    let head = String::from_utf8_lossy(&reply[..reply.len().min(12)]).into_owned();
    let status: u16 = head.strip_prefix("HTTP/1.1 ").and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{head:?}"));
    assert!(status < 500, "{method} {path}?{query}: {}", String::from_utf8_lossy(&reply));
});
