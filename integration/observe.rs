//! What one sees of the real server while it runs: queries, numbers, faults and log lines.

use std::io::{BufRead, BufReader, Read};
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ampls_dns::compile::{Compiled, Zone, ZoneFiles};
use ampls_dns::dns::wire::{Received, decode, encode_query};
use ampls_dns::dns::{NameServers, OwnerName, Rcode, RecordType};
use ampls_dns::server::{Running, Settings, start};
use serde_json::{Value, json};

use crate::fixture::binary;

/// The real server with its admin address, and what it writes to stderr.
struct Server {
    process: Child,
    admin: String,
    vnet1: String,
    talk: Mutex<Receiver<String>>,
}

impl Server {
    fn with(arguments: &[&str]) -> Self {
        let mut process = binary()
            .args(["serve", "--at", "first-scope", "--admin", "127.0.0.1:0", "--listen", "vnet1=127.0.0.1:0"])
            .args(arguments)
            .env_remove("AMPLS_DNS_ADMIN")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary can be started");
        let stderr = BufReader::new(process.stderr.take().expect("it is piped"));
        let (tell, talk) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines() {
                let Ok(line) = line else { return };
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        let admin = loop {
            let line = talk.recv_timeout(Duration::from_secs(20)).expect("it says where its admin server is");
            if let Some((_, rest)) = line.split_once("admin: ") {
                break rest.split('"').next().unwrap_or_default().to_owned();
            }
        };
        let mut stdout = BufReader::new(process.stdout.take().expect("it is piped"));
        let mut line = String::new();
        while !line.contains("dig @") {
            line.clear();
            stdout.read_line(&mut line).expect("it prints where it listens");
        }
        let port = line.split_once(" -p ").and_then(|(_, rest)| rest.split(' ').next()).expect("the port").to_owned();
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        Self { process, admin, vnet1: format!("127.0.0.1:{port}"), talk: Mutex::new(talk) }
    }

    fn ask(&self, name: &str) -> Received {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a time-out is fine");
        let name = OwnerName::parse(name).expect("a good name");
        socket.send_to(&encode_query(1, &name, RecordType::A, Some(1232)), &self.vnet1).expect("loopback takes it");
        let mut buffer = [0; 2048];
        let length = loop {
            match socket.recv(&mut buffer) {
                // A signal to the test process, such as that of a child that ended, is not the end of waiting.
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                received => break received.expect("a reply in time"),
            }
        };
        decode(&buffer[..length]).expect("a reply that can be read")
    }

    fn agent() -> ureq::Agent {
        ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().new_agent()
    }

    fn get(&self, path: &str) -> (u16, String) {
        let mut answer = Self::agent().get(format!("{}{path}", self.admin)).call().expect("it answers");
        (answer.status().as_u16(), answer.body_mut().read_to_string().expect("it is text"))
    }

    fn json(&self, path: &str) -> Value {
        let (status, text) = self.get(path);
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).expect("it is JSON")
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = Self::agent().post(format!("{}{path}", self.admin)).header("Content-Type", "application/json");
        let mut answer = request.send(body.to_string()).expect("it answers");
        let text = answer.body_mut().read_to_string().expect("it is text");
        (answer.status().as_u16(), serde_json::from_str(&text).expect("it is JSON"))
    }

    fn delete(&self, path: &str) -> u16 {
        Self::agent().delete(format!("{}{path}", self.admin)).call().expect("it answers").status().as_u16()
    }

    /// Ends it, and gives what it wrote to stderr after it was ready.
    fn end(mut self) -> Vec<String> {
        let ended = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        assert!(ended.expect("kill can be run").success());
        assert!(self.process.wait().expect("it ends").success());
        self.talk.lock().expect("nobody panics with it").iter().collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_last_queries_are_shown_filtered_and_waited_for() {
    let server = Server::with(&["--queries", "3"]);
    for name in ["a.example", "b.example", "api.monitor.azure.com", "c.example"] {
        server.ask(name);
    }
    let all = server.json("/v1/queries");
    assert_eq!((all["next"].as_u64(), all["missed"].as_u64()), (Some(4), Some(1)));
    let names: Vec<_> = all["queries"].as_array().expect("a list").iter().map(|query| &query["name"]).collect();
    assert_eq!(names, ["b.example", "api.monitor.azure.com", "c.example"]);
    let one = server.json("/v1/queries?writer=pe1&view=vnet1&rcode=noerror&type=a");
    assert_eq!(one["queries"].as_array().map(Vec::len), Some(1));
    let query = &one["queries"][0];
    assert_eq!((&query["answer"][0], &query["writer"]), (&json!("10.0.1.9"), &json!("pe1 of ampls1")));
    assert_eq!((&query["writtenIn"], &query["step"]), (&json!("first-scope"), &json!("first-scope")));
    let page = server.json("/v1/queries?since=2&limit=1");
    assert_eq!((&page["queries"][0]["sequence"], &page["next"]), (&json!(3), &json!(3)));
    assert_eq!(server.json("/v1/queries/wait?since=0&name=*.monitor.azure.com")["sequence"], 3);
    let waiting = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| server.json("/v1/queries/wait?name=later.example&timeout=20"));
        // The wait begins with those that come from now on, whenever that is.
        while !waiting.is_finished() {
            server.ask("later.example");
            std::thread::sleep(Duration::from_millis(20));
        }
        waiting.join().expect("it is found")
    });
    assert_eq!(waiting["rcode"], "NXDOMAIN");
    let (status, problem) = server.get("/v1/queries/wait?name=never.example&timeout=0.05");
    assert_eq!((status, problem.contains("no query has matched within 0.05 s")), (404, true), "{problem}");
    for bad in ["rcode=X", "type=?", "client=x", "limit=0", "transport=quic", "colour=red", "name=..", "since=-1"] {
        assert_eq!(server.get(&format!("/v1/queries?{bad}")).0, 400, "{bad}");
    }
    assert_eq!(server.get("/v1/queries/wait?timeout=61").0, 400);
    assert_eq!(server.get("/v1/queries/wait?timeout=NaN").0, 400);
}

#[test]
fn faults_are_set_seen_explained_and_cleared() {
    let server = Server::with(&[]);
    let body = json!({"effect": "rcode", "rcode": "REFUSED", "name": "*.monitor.azure.com", "network": "vnet1", "delayMilliseconds": 50});
    let (status, set) = server.post("/v1/faults", &body);
    assert_eq!((status, set["number"].as_u64()), (201, Some(1)), "{set}");
    let begun = Instant::now();
    let struck = server.ask("api.monitor.azure.com");
    assert!(begun.elapsed() >= Duration::from_millis(50));
    assert_eq!((struck.rcode, struck.answer.len()), (Rcode::REFUSED, 0));
    let told = struck.edns.and_then(|edns| edns.extended_error).expect("it is told");
    assert_eq!((told.code, &*told.text), (4, "fault 1: REFUSED, 50 ms late"));
    assert_eq!(server.ask("www.example.org").rcode, Rcode::NXDOMAIN);
    let seen = server.json("/v1/queries?fault=true");
    assert_eq!(seen["queries"].as_array().map(Vec::len), Some(1));
    assert_eq!(seen["queries"][0]["fault"], "fault 1: REFUSED, 50 ms late");
    let why = server.json("/v1/explain?name=api.monitor.azure.com&from=vnet1");
    let note = "fault 1 is set: REFUSED, 50 ms late for *.monitor.azure.com from vnet1";
    assert_eq!(why["faults"], json!([note]));
    assert!(why["text"].as_str().is_some_and(|text| text.ends_with(&format!("\n  {note}\n"))), "{why}");
    assert!(server.json("/v1/explain?name=www.example.org&from=vnet1").get("faults").is_none());
    let list = server.json("/v1/faults");
    assert_eq!(
        (&list[0]["matched"], &list[0]["hits"], &list[0]["fault"]["share"]),
        (&json!(1), &json!(1), &json!(1.0))
    );
    for bad in [
        json!({}),
        json!({"effect": "explode"}),
        json!({"effect": "drop", "share": 2}),
        json!({"effect": "drop", "network": "vnet9"}),
        json!({"effect": "drop", "name": ".."}),
        json!({"effect": "drop", "rcode": "SERVFAIL"}),
        json!({"effect": "drop", "colour": "red"}),
        json!({"delayMilliseconds": 60_001}),
        json!({"delayMilliseconds": -1}),
        json!({"effect": "drop", "seconds": -1}),
    ] {
        let (status, problem) = server.post("/v1/faults", &bad);
        assert_eq!((status, problem["status"].as_u64()), (400, Some(400)), "{bad}");
    }
    assert_eq!(
        (server.delete("/v1/faults/1"), server.delete("/v1/faults/1"), server.delete("/v1/faults/x")),
        (204, 404, 404)
    );
    assert_eq!(server.ask("api.monitor.azure.com").rcode, Rcode::NOERROR);
    assert_eq!(server.post("/v1/faults", &json!({"effect": "drop"})).0, 201);
    assert_eq!(server.post("/v1/reset", &json!({})).0, 200);
    assert_eq!(server.json("/v1/faults"), json!([]), "a reset clears them");
    assert_eq!(server.delete("/v1/faults"), 200);
}

#[test]
fn the_same_seed_strikes_the_same_queries_of_a_running_server() {
    let server = Server::with(&[]);
    let codes = || -> Vec<u16> { (0..12).map(|_| server.ask("www.example.org").rcode.0).collect() };
    let mut rounds = Vec::new();
    for _ in 0..2 {
        server.post("/v1/faults", &json!({"effect": "rcode", "share": 0.3, "seed": 7}));
        rounds.push(codes());
        server.delete("/v1/faults");
    }
    let servfail = Rcode::SERVFAIL.0;
    let struck: Vec<_> = (0..12).filter(|nth| rounds[0][*nth] == servfail).collect();
    assert_eq!(struck, [1, 5, 8, 10]);
    assert_eq!(rounds[0], rounds[1]);
}

#[test]
fn the_numbers_are_what_was_asked() {
    let server = Server::with(&[]);
    for name in ["api.monitor.azure.com", "api.monitor.azure.com", "www.example.org"] {
        server.ask(name);
    }
    let (status, text) = server.get("/metrics");
    assert_eq!(status, 200);
    for line in [
        r#"ampls_dns_replies_total{view="vnet1",transport="udp",rcode="NOERROR"} 2"#,
        r#"ampls_dns_replies_total{view="vnet1",transport="udp",rcode="NXDOMAIN"} 1"#,
        r#"ampls_dns_replies_by_path_total{path="fast"} 2"#,
        "ampls_dns_reply_duration_seconds_count 3",
        r#"ampls_dns_step_info{step="first-scope"} 1"#,
        r#"ampls_dns_reloads_total{outcome="failed"} 0"#,
        "ampls_dns_networks 2",
    ] {
        assert!(text.lines().any(|own| own == line), "{line}\n{text}");
    }
    assert!(!text.contains("example"), "names asked for are no label");
}

/// A server that knows one public zone and nothing else.
fn upstream() -> Running {
    let text = "$ORIGIN example.org.\n$TTL 60\n@ SOA ns host 1 2 3 4 5\nwww A 198.51.100.7\n";
    let mut zones = ZoneFiles::default();
    let zone = Zone::read("example.org.zone", text.as_bytes(), None, NameServers::Keep).expect("a good zone");
    zones.publish(Arc::new(zone)).expect("one zone");
    let listeners = vec!["127.0.0.1:0".parse().expect("a good listener")];
    let world = Arc::new(Compiled::of_files(Arc::new(zones)));
    start(Settings { listeners, ..Settings::default() }, world).expect("a free port")
}

#[test]
fn what_an_upstream_answered_is_seen_counted_and_struck_by_faults_like_the_rest() {
    let upstream = upstream();
    let server = Server::with(&["--upstream", &upstream.listeners()[0].address.to_string()]);
    let address = |received: &Received| received.answer.last().map(|record| record.data.to_string());
    assert_eq!(address(&server.ask("www.example.org")).as_deref(), Some("198.51.100.7"));
    assert_eq!(server.ask("nobody.example.org").rcode, Rcode::NXDOMAIN);
    let seen = server.json("/v1/queries?name=www.example.org");
    let seen = &seen["queries"][0];
    assert_eq!(
        (&seen["view"], &seen["rcode"], &seen["path"]),
        (&json!("vnet1"), &json!("NOERROR"), &json!("upstream"))
    );
    assert!(seen["answer"].to_string().contains("198.51.100.7"), "{seen}");
    let (_, text) = server.get("/metrics");
    for line in [
        r#"ampls_dns_replies_total{view="vnet1",transport="udp",rcode="NOERROR"} 1"#,
        r#"ampls_dns_replies_total{view="vnet1",transport="udp",rcode="NXDOMAIN"} 1"#,
        r#"ampls_dns_replies_by_path_total{path="upstream"} 2"#,
    ] {
        assert!(text.lines().any(|own| own == line), "{line}\n{text}");
    }
    let fault = json!({"name": "www.example.org", "delayMilliseconds": 300, "effect": "rcode", "rcode": "SERVFAIL"});
    let (status, told) = server.post("/v1/faults", &fault);
    assert_eq!(status, 201, "{told}");
    let begun = Instant::now();
    assert_eq!(server.ask("www.example.org").rcode, Rcode::SERVFAIL);
    assert!(begun.elapsed() >= Duration::from_millis(300));
}

#[test]
fn logs_are_objects_with_every_query() {
    let server = Server::with(&["--log-format", "json", "--log-queries"]);
    server.ask("api.monitor.azure.com");
    server.ask("a\\010b\\\".example");
    let lines = server.end();
    let objects: Vec<Value> =
        lines.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("an object: {line}"))).collect();
    assert!(objects.iter().all(|object| object["timestamp"].is_string() && object["level"].is_string()));
    let queries: Vec<_> = objects.iter().filter(|object| object["message"] == "query").collect();
    assert_eq!(queries.len(), 2, "what was asked before the end is written");
    assert_eq!((&queries[0]["view"], &queries[0]["answer"][0]), (&json!("vnet1"), &json!("10.0.1.9")));
    assert_eq!((&queries[0]["writer"], &queries[0]["revision"].is_u64()), (&json!("pe1 of ampls1"), &true));
    assert_eq!(queries[1]["name"], r#"a\010b\".example"#);
    assert!(objects.iter().any(|object| object["message"] == "stopping"));
}

#[test]
fn logs_for_people_have_a_line_a_query() {
    let server = Server::with(&["--log-queries"]);
    server.ask("api.monitor.azure.com");
    let lines = server.end();
    let query = lines
        .iter()
        .find(|line| line.contains(" vnet1 api.monitor.azure.com A NOERROR 10.0.1.9 written by pe1 of ampls1"));
    assert!(query.is_some(), "{lines:?}");
}

#[test]
fn watch_shows_queries_as_they_come_and_ends_when_it_is_told() {
    let server = Server::with(&[]);
    server.ask("before.example");
    let watch = |arguments: &[&str]| {
        let mut command = binary();
        command.args(["watch", "--admin", &server.admin]).args(arguments).env_remove("AMPLS_DNS_ADMIN_TOKEN_FILE");
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null());
        command.spawn().expect("the binary can be started")
    };
    let mut watching = watch(&["--name", "*.monitor.azure.com", "--count", "2", "--timeout", "30", "--format", "json"]);
    let mut out = BufReader::new(watching.stdout.take().expect("it is piped"));
    while watching.try_wait().expect("it can be looked at").is_none() {
        server.ask("api.monitor.azure.com");
        server.ask("other.example");
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut text = String::new();
    out.read_to_string(&mut text).expect("it is text");
    assert_eq!(watching.wait().expect("it ends").code(), Some(0));
    let objects: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert_eq!(objects.len(), 2);
    assert!(objects.iter().all(|query| query["name"] == "api.monitor.azure.com"));
    // What was there before is shown as well, a line each where nobody draws a table.
    let told = watch(&["--name", "before.example", "--count", "1"]).wait_with_output().expect("it ends");
    let text = String::from_utf8(told.stdout).expect("it is text");
    assert!(told.status.success() && text.contains(" vnet1 before.example A NXDOMAIN (udp "), "{text}");
    let told = watch(&["--name", "never.example", "--count", "1", "--timeout", "0.1"]).wait_with_output();
    assert_eq!(told.expect("it ends").status.code(), Some(1));
    let told = watch(&["--rcode", "X"]).wait_with_output().expect("it ends");
    assert_eq!(told.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&told.stderr).contains("invalid rcode `X`"));
}

#[test]
fn the_manual_names_metrics_and_faults_that_there_are() {
    let readme = include_str!("../docs/serving.md");
    let server = Server::with(&[]);
    server.ask("api.monitor.azure.com");
    let (_, text) = server.get("/metrics");
    let named: Vec<_> = readme.split("`ampls_dns_").skip(1).filter_map(|rest| rest.split(['`', '{']).next()).collect();
    assert!(named.len() > 15, "{named:?}");
    for name in &named {
        assert!(text.contains(&format!("# TYPE ampls_dns_{name} ")), "ampls_dns_{name}");
    }
    let faults: Vec<_> = readme.lines().filter(|line| line.starts_with("ampls-dns fault set ")).collect();
    assert!(faults.len() >= 2, "{faults:?}");
    let admin = server.admin.to_string();
    for line in faults {
        let arguments: Vec<&str> = line.split_whitespace().skip(1).map(|word| word.trim_matches('\'')).collect();
        let set = crate::fixture::run(&[&arguments[..], &["--admin", &admin]].concat());
        assert!(set.starts_with("exit code 0"), "{line}: {set}");
    }
}
