//! Live changes, as users make them: over HTTP, by signal, by file, and with the verbs that talk to a running server.

use std::fs;
use std::process::Command;

use ampls_dns::Emulator;
use ampls_dns::scenario::builtin;
use serde_json::{Value, json};

use crate::fixture::{Folder, Readings, Server, ask, binary, eventually, run};

const LISTEN: [&str; 2] = ["--listen", "127.0.0.1:0,vnet1=127.0.0.1:0"];
/// The place of vnet1's listener.
const VNET1: usize = 1;
const SHARED: &str = "api.monitor.azure.com";

fn server(more: &[&str]) -> Server {
    Server::start(&[&LISTEN, more].concat())
}

fn story() -> &'static str {
    builtin::text("two-scopes-one-dns").expect("it is built in")
}

#[test]
fn steps_events_snapshots_and_reset_are_what_clients_see_next() {
    let server = server(&[]);
    let seen = || server.addresses(VNET1, SHARED);
    assert_eq!(seen(), "10.0.2.7");
    let (status, position) = server.post("/v1/steps/goto", r#"{"step": "first-scope"}"#);
    assert_eq!((status, &position["step"], seen().as_str()), (200, &json!("first-scope"), "10.0.1.9"));
    let (_, position) = server.post("/v1/steps/previous", "{}");
    assert_eq!(position["step"], "before");
    assert_eq!(server.post("/v1/steps/previous", "{}").0, 409);
    for _ in 0..3 {
        assert_eq!(server.post("/v1/steps/next", "{}").0, 200);
    }
    assert_eq!(seen(), "NXDOMAIN", "the second endpoint is deleted");
    let (status, problem) = server.post("/v1/steps/next", "{}");
    assert_eq!((status, &problem["detail"]), (409, &json!("this is the last step")));

    server.post("/v1/steps/goto", r#"{"step": "first-scope"}"#);
    let (status, snapshot) = server.post("/v1/snapshots", r#"{"name": "one"}"#);
    assert_eq!((status, &snapshot["step"]), (201, &json!("first-scope")));
    let revision = server.get("/v1/state")["revision"].as_u64().expect("a number");
    let events = format!("builtOn: {revision}\nevents:\n- deletePrivateEndpoint: pe1\n");
    let (status, done) = server.post("/v1/events", &events);
    assert_eq!(status, 200, "{done}");
    assert_eq!(done["left"], json!(["second-scope", "second-endpoint-deleted"]));
    assert_eq!(
        (&done["step"], &done["revision"], &done["builtOn"]),
        (&json!("live-1"), &json!(revision + 1), &json!(revision))
    );
    assert_eq!(seen(), "NXDOMAIN");
    let (status, stale) = server.post("/v1/events", &events);
    assert_eq!((status, &stale["currentRevision"]), (409, &json!(revision + 1)));
    let explained = server.get(&format!("/v1/explain?name={SHARED}&from=vnet1"));
    assert!(explained["text"].as_str().is_some_and(|text| text.contains("deleted in step live-1")), "{explained}");

    assert_eq!(server.post("/v1/snapshots/one/restore", "{}").0, 200);
    assert_eq!(seen(), "10.0.1.9");
    let (_, position) = server.post("/v1/reset", "{}");
    assert_eq!((&position["step"], seen().as_str()), (&json!("second-scope"), "10.0.2.7"));
    assert_eq!(server.get("/v1/snapshots").as_array().map(Vec::len), Some(1), "a reset leaves snapshots");
    assert_eq!(server.http("DELETE", "/v1/snapshots/one", &[], "").0, 204);
    assert_eq!(server.post("/v1/snapshots/one/restore", "{}").0, 404);
}

#[test]
fn a_number_reached_by_another_road_is_stale_by_its_edition() {
    let server = server(&[]);
    let before = server.get("/v1/state");
    let (revision, generation) = (before["revision"].as_u64().expect("a number"), &before["generation"]);
    server.post("/v1/steps/previous", "{}");
    server.post("/v1/steps/next", "{}");
    let events = "[createPrivateLinkScope: {name: other}]";
    let (status, stale) = server.post(&format!("/v1/events?builtOn={revision}&generation={generation}"), events);
    assert_eq!((status, &stale["currentRevision"]), (409, &json!(revision)));
    assert_eq!(server.post(&format!("/v1/events?builtOn={revision}"), events).0, 200);
}

#[test]
fn the_admin_says_what_the_verbs_say() {
    let server = server(&[]);
    let stdout = |arguments: &[&str]| {
        let told = run(arguments);
        told.split_once("--- stdout\n").expect("it prints").1.to_owned()
    };
    let json_of = |arguments: &[&str]| -> Value { serde_json::from_str(&stdout(arguments)).expect("it prints JSON") };
    for (at, step) in [("", "second-scope"), ("&at=first-scope", "first-scope"), ("&at=28", "second-endpoint-deleted")]
    {
        let mut explained = server.get(&format!("/v1/explain?name={SHARED}&from=vnet1{at}"));
        let text = explained["text"].take();
        assert_eq!(text, stdout(&["explain", SHARED, "--from", "vnet1", "--at", step]));
        let object = explained.as_object_mut().expect("an object");
        object.remove("text");
        object.remove("revision");
        assert_eq!(explained, json_of(&["explain", SHARED, "--from", "vnet1", "--at", step, "--format", "json"]));
        let at = at.replace('&', "?");
        assert_eq!(
            server.get(&format!("/v1/findings{at}")),
            json_of(&["check", "--at", step, "--format", "json"])["findings"]
        );
    }
    let flows = server.get("/v1/flows?from=vnet1&resource=ws-alpha&operation=query");
    let verb = ["flows", "--from", "vnet1", "--to", "ws-alpha", "--operation", "query", "--format", "json"];
    assert_eq!(flows, json_of(&verb));
    let sets =
        server.get("/v1/record-sets?zone=rg-dns/privatelink.monitor.azure.com&name=api.privatelink.monitor.azure.com");
    assert_eq!(sets["total"], 1);
    let set = &sets["recordSets"][0];
    assert_eq!((&set["data"], &set["written"]["endpoint"]), (&json!(["10.0.2.7"]), &json!("pe2")));
    assert_eq!(set["overwritten"][0]["written"]["step"], "first-scope");
    let deleted =
        &server.get("/v1/record-sets?zone=privatelink.monitor.azure.com&at=second-endpoint-deleted")["deleted"];
    let deleted: Vec<_> = deleted.as_array().expect("a list").iter().map(|one| one["name"].clone()).collect();
    assert!(deleted.contains(&json!("api.privatelink.monitor.azure.com")), "{deleted:?}");
}

#[test]
fn bad_input_is_a_problem_document_and_changes_nothing() {
    let server = server(&[]);
    let before = server.get("/v1/state");
    let long = "x".repeat(5 << 20);
    let (yaml, json) = (("Content-Type", "application/yaml"), ("Content-Type", "application/json"));
    // Method, path, headers, body, and the status it must meet.
    type Case<'c> = (&'c str, &'c str, &'c [(&'c str, &'c str)], &'c str, u16);
    let cases: &[Case<'_>] = &[
        ("GET", "/v1", &[], "", 404),
        ("DELETE", "/v1/state", &[], "", 405),
        ("POST", "/v1/steps/goto", &[json], r#"{"step": "nowhere"}"#, 404),
        ("POST", "/v1/steps/goto", &[json], r#"{"step": 7}"#, 400),
        ("POST", "/v1/steps/goto", &[json], r#"{"step": "before", "then": 1}"#, 400),
        ("POST", "/v1/steps/goto", &[json], "{", 400),
        ("POST", "/v1/steps/goto", &[json], "\u{fffd}", 400),
        ("POST", "/v1/steps/goto", &[], r#"{"step": "before"}"#, 415),
        ("POST", "/v1/events", &[("Content-Type", "text/html")], "[]", 415),
        ("POST", "/v1/events", &[yaml], "[deletePrivateEndpoint: pe1]", 400),
        ("POST", "/v1/events?builtOn=27", &[yaml], "", 422),
        ("POST", "/v1/events?builtOn=27", &[yaml], "[]", 422),
        ("POST", "/v1/events?builtOn=27", &[yaml], "[deletePrivateEndpoint: pe9]", 422),
        ("POST", "/v1/events?builtOn=27", &[yaml], "step: second-scope\nevents: [deletePrivateEndpoint: pe1]", 422),
        ("POST", "/v1/events?builtOn=27", &[yaml], "a: &a [*a, *a]", 422),
        ("POST", "/v1/events?builtOn=-1", &[yaml], "[deletePrivateEndpoint: pe1]", 400),
        ("POST", "/v1/events?since=27", &[yaml], "[deletePrivateEndpoint: pe1]", 400),
        ("POST", "/v1/events?builtOn=27", &[yaml], &long, 413),
        ("POST", "/v1/snapshots", &[json], r#"{"name": "../etc"}"#, 400),
        ("POST", "/v1/snapshots", &[json], r#"{"name": ".."}"#, 400),
        ("POST", "/v1/snapshots", &[json], r#"{"name": ""}"#, 400),
        ("POST", "/v1/snapshots/none/restore", &[], "", 404),
        ("DELETE", "/v1/snapshots/%FF", &[], "", 400),
        ("GET", "/v1/explain", &[], "", 400),
        ("GET", "/v1/explain?name=a..b", &[], "", 400),
        ("GET", "/v1/explain?name=a.example&from=vnet9", &[], "", 404),
        ("GET", "/v1/explain?name=a.example&type=AAAAA", &[], "", 400),
        ("GET", "/v1/explain?name=a.example&from=vnet1&fromAddress=10.0.0.1", &[], "", 400),
        ("GET", "/v1/explain?name=a.example&at=third-scope", &[], "", 404),
        ("GET", "/v1/explain?name=a.example&at=29", &[], "", 404),
        ("GET", "/v1/flows", &[], "", 400),
        ("GET", "/v1/flows?from=vnet1&resource=ws-gamma", &[], "", 404),
        ("GET", "/v1/flows?from=vnet1&operation=guess", &[], "", 400),
        ("GET", "/v1/record-sets?zone=nobody.example", &[], "", 404),
        ("GET", "/v1/record-sets?limit=0", &[], "", 400),
        ("GET", "/v1/record-sets?limit=many", &[], "", 400),
        ("GET", "/v1/findings?ats=1", &[], "", 400),
        ("GET", "/v1/findings?network=nowhere", &[], "", 404),
    ];
    for (method, path, headers, body, wanted) in cases {
        let case = format!("{method} {path} {}", body.chars().take(60).collect::<String>());
        let (status, head, problem) = server.http(method, path, headers, body);
        assert_eq!(status, *wanted, "{case}: {problem}");
        assert!(head.contains("content-type: application/problem+json"), "{case}: {head}");
        assert_eq!(problem["status"], *wanted, "{case}");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{case}: {problem}");
    }
    assert_eq!(server.get("/v1/state"), before);
    let (_, problem) =
        server.post("/v1/events?builtOn=27", "- deletePrivateEndpoint: pe1\n- deletePrivateEndpoint: pe9\n");
    let error = json!({
        "detail": "there is no private endpoint `pe9` at this point", "line": 2, "column": 26, "width": 3,
        "hint": "did you mean `pe2`?"
    });
    assert_eq!(problem["errors"], json!([error]));
}

#[test]
fn pages_from_elsewhere_and_names_by_rebinding_are_refused() {
    let own = server(&["--admin-host", "dns.lab.example"]);
    let address = own.admin.to_string();
    let port = own.admin.port();
    let post = |headers: &[(&str, &str)]| own.http("POST", "/v1/steps/previous", headers, "").0;
    let before = own.get("/v1/state")["generation"].clone();
    for host in
        ["attacker.example", &format!("attacker.example:{port}"), "localhost.attacker.example", "[::1", "127.0.0.1:x"]
    {
        assert_eq!(post(&[("Host", host)]), 421, "{host}");
    }
    for headers in [
        [("Origin", "http://attacker.example"), ("X-Any", "1")],
        [("Origin", "null"), ("X-Any", "1")],
        [("Origin", "http://127.0.0.1"), ("X-Any", "another port")],
        [("Origin", &*format!("http://{address}")), ("Origin", "http://attacker.example")],
        [("Sec-Fetch-Site", "cross-site"), ("X-Any", "1")],
        [("Sec-Fetch-Site", "same-site"), ("X-Any", "1")],
    ] {
        assert_eq!(post(&headers), 403, "{headers:?}");
    }
    assert_eq!(own.get("/v1/state")["generation"], before, "nothing was changed");
    for host in [&format!("localhost:{port}"), &format!("[::1]:{port}"), "dns.lab.example", "DNS.lab.example.:80"] {
        assert_eq!(own.http("GET", "/livez", &[("Host", host)], "").0, 200, "{host}");
    }
    // The server's own page asks like this.
    assert_eq!(post(&[("Origin", &format!("http://{address}")), ("Sec-Fetch-Site", "same-origin")]), 200);
}

#[test]
fn a_token_is_wanted_on_all_but_the_probes() {
    let folder = Folder::new("token");
    let secret = "0123456789abcdef0123456789abcdef";
    let token = folder.write("token", &format!("{secret}\n"));
    let server = server(&["--admin-token-file", &token]);
    let get = |path: &str, authorization: &str| server.http("GET", path, &[("Authorization", authorization)], "").0;
    for path in ["/livez", "/readyz"] {
        assert_eq!(server.http("GET", path, &[], "").0, 200, "{path}");
    }
    for path in ["/v1/state", "/openapi.json", "/nowhere", "//livez"] {
        let (status, head, _) = server.http("GET", path, &[], "");
        assert_eq!((status, head.contains("www-authenticate: Bearer")), (401, true), "{path}");
    }
    assert_eq!(get("/v1/state", &format!("Bearer {secret}")), 200);
    assert_eq!(get("/v1/state", &format!("bearer  {secret}")), 200);
    // `any:` and the secret, as a browser sends it.
    assert_eq!(get("/v1/state", "Basic YW55OjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm"), 200);
    for wrong in
        ["Bearer", "Bearer ", &format!("Bearer {secret}0"), &secret[1..], "Basic YW55", "Basic %%%", "Digest x"]
    {
        assert_eq!(get("/v1/state", wrong), 401, "{wrong}");
    }
    let admin = server.admin.to_string();
    let refused = run(&["status", "--admin", &admin]);
    assert!(refused.starts_with("exit code 2\n") && refused.contains("missing token"), "{refused}");
    let told = run(&["status", "--admin", &admin, "--admin-token-file", &token]);
    assert!(told.starts_with("exit code 0\n"), "{told}");
}

#[test]
fn an_admin_address_others_reach_needs_a_token_before_anything_is_served() {
    let mut all = Readings::default();
    all.add("error-admin-without-token", &run(&["serve", "--admin", "0.0.0.0:0", "--listen", "127.0.0.1:0"]));
    let folder = Folder::new("short-token");
    let token = folder.write("token", "short");
    let told = run(&["serve", "--admin", "0.0.0.0:0", "--admin-token-file", &token]).replace(&token, "TOKEN");
    all.add("error-admin-short-token", &told);
    all.add("error-admin-address", &run(&["serve", "--admin", "localhost"]));
    insta::assert_snapshot!("errors-of-the-admin-address", all.text());
}

#[test]
fn a_taken_admin_port_ends_the_start_only_if_somebody_named_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let address = taken.local_addr().expect("it is bound").to_string();
    let told = run(&["serve", "--admin", &address, "--listen", "127.0.0.1:0"]);
    let port = address.rsplit_once(':').expect("a port").1;
    assert!(told.starts_with("exit code 2\n"), "{told}");
    assert!(told.contains(&format!("error: port {port} of 127.0.0.1 is already in use")), "{told}");

    // Whoever has the default port, we or another program, it is taken.
    let _taken = std::net::TcpListener::bind("127.0.0.1:5299");
    let mut server = binary()
        .env_remove("AMPLS_DNS_ADMIN")
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the binary can be started");
    let stderr = std::io::BufReader::new(server.stderr.take().expect("it is piped"));
    let lines = std::io::BufRead::lines(stderr).map_while(Result::ok);
    let talk: Vec<String> = lines.take_while(|line| !line.starts_with("ctrl-c")).collect();
    let _ = (server.kill(), server.wait());
    let talk = talk.join("\n");
    assert!(talk.contains("the admin port is already in use") && !talk.contains("admin: http"), "{talk}");
}

#[test]
fn reloads_by_signal_and_by_request_stay_at_the_step_and_keep_the_sockets() {
    let folder = Folder::new("reload");
    let file = folder.write("estate.yaml", story());
    let server = server(&[&file]);
    server.post("/v1/steps/goto", r#"{"step": "first-scope"}"#);
    folder.write("estate.yaml", &story().replace("10.0.1.", "10.0.7."));
    server.signal("HUP");
    eventually("the signal is heard", || (server.addresses(VNET1, SHARED) == "10.0.7.9").then_some(()));
    let state = server.get("/v1/state");
    assert_eq!((&state["step"], &state["reload"]["succeeded"]), (&json!("first-scope"), &json!(1)));

    folder.write(
        "estate.yaml",
        &story().replace("name: first-scope", "name: another").replace("start: first", "start: an"),
    );
    let (status, position) = server.post("/v1/reload", "{}");
    assert_eq!((status, &position["step"]), (200, &json!("second-scope")), "the step is gone, so it begins anew");

    for bad in ["version: 1\nnetwork: {}\n", "", "\u{0}"] {
        folder.write("estate.yaml", bad);
        let (status, problem) = server.post("/v1/reload", "{}");
        assert_eq!(status, 422, "{problem}");
        assert_eq!(server.addresses(VNET1, SHARED), "10.0.2.7", "the revision before is served on");
    }
    fs::remove_file(&file).expect("it is there");
    assert_eq!(server.post("/v1/reload", "{}").0, 422);
    let ready = server.http("GET", "/readyz", &[], "");
    assert_eq!((ready.0, &ready.2["ready"], &ready.2["reload"]["failed"]), (200, &json!(true), &json!(4)));
    let reason = ready.2["reasons"][0].as_str().expect("a reason");
    assert!(reason.contains("the last reload failed"), "{reason}");
    assert!(server.talk().contains("reload failed"), "{}", server.talk());
    let told = run(&["status", "--admin", &server.admin.to_string()]);
    assert!(
        told.starts_with("exit code 1\n") && told.contains("failed, and the server keeps the previous revision"),
        "{told}"
    );

    folder.write("estate.yaml", story());
    assert_eq!(server.post("/v1/reload", "{}").0, 200);
    assert_eq!(server.get("/readyz")["reasons"], json!([]));
}

#[test]
fn appended_events_are_gone_after_a_reload_and_zones_from_files_are_read_again() {
    let folder = Folder::new("zones");
    let zone = |address: &str| format!("$TTL 5\n@ SOA ns host 1 2 3 4 5\nhost A {address}\n");
    let path = folder.write("corp.example.zone", &zone("192.0.2.1"));
    let server = server(&["two-scopes-one-dns", "--zone", &path]);
    assert_eq!(server.addresses(0, "host.corp.example"), "192.0.2.1");
    let events = "[createPrivateLinkScope: {name: other}]";
    assert_eq!(server.post("/v1/events?builtOn=27", events).0, 200);
    assert_eq!(server.addresses(0, "host.corp.example"), "192.0.2.1", "zones from files outlive events");
    folder.write("corp.example.zone", &zone("192.0.2.2"));
    assert_eq!(server.post("/v1/reload", "{}").0, 200);
    assert_eq!(server.addresses(0, "host.corp.example"), "192.0.2.2");
    assert_eq!(server.get("/v1/state")["revision"], 27);
    folder.write("corp.example.zone", "host A 192.0.2.x\n");
    assert_eq!(server.post("/v1/reload", "{}").0, 422);
    assert_eq!(server.addresses(0, "host.corp.example"), "192.0.2.2");
}

#[test]
fn a_watched_file_is_read_again_whatever_way_it_changes() {
    let folder = Folder::new("watch");
    let with = |octet: u8| story().replace("10.0.1.", &format!("10.0.{octet}."));
    let seen = |server: &Server, octet: u8| {
        let wanted = format!("10.0.{octet}.9");
        eventually(&wanted, || (server.addresses(VNET1, SHARED) == wanted).then_some(()));
    };
    let file = folder.write("estate.yaml", &with(1));
    let plain = server(&[&file, "--watch", "--at", "first-scope"]);
    seen(&plain, 1);
    folder.write("estate.yaml", &with(3));
    seen(&plain, 3);
    // As editors do it: another file is put in its place.
    fs::rename(folder.write("estate.yaml~", &with(4)), &file).expect("it can be renamed");
    seen(&plain, 4);
    folder.write("estate.yaml", "oh: no\n");
    eventually("the bad file is met", || (plain.get("/v1/state")["reload"]["failed"] != 0).then_some(()));
    seen(&plain, 4);
    folder.write("estate.yaml", &with(5));
    seen(&plain, 5);

    // As Kubernetes mounts a ConfigMap: the file is a link into a folder that is a link.
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        let mount = folder.0.join("mount");
        for (version, octet) in [("..v1", 6), ("..v2", 7)] {
            fs::create_dir_all(mount.join(version)).expect("it can be made");
            fs::write(mount.join(version).join("estate.yaml"), with(octet)).expect("it can be written");
        }
        let swap = |to: &str| {
            symlink(to, mount.join("..data_tmp")).expect("it can be linked");
            fs::rename(mount.join("..data_tmp"), mount.join("..data")).expect("it can be renamed");
        };
        swap("..v1");
        symlink("..data/estate.yaml", mount.join("estate.yaml")).expect("it can be linked");
        let mounted = mount.join("estate.yaml").to_str().expect("a readable path").to_owned();
        let server = server(&[&mounted, "--watch", "--at", "first-scope"]);
        seen(&server, 6);
        swap("..v2");
        fs::remove_dir_all(mount.join("..v1")).expect("it is there");
        seen(&server, 7);
    }
    let nothing = run(&["serve", "--watch", "--listen", "127.0.0.1:0"]);
    assert!(nothing.starts_with("exit code 2") && nothing.contains("nothing to watch"), "{nothing}");
}

#[test]
fn sigterm_drains() {
    let mut server = server(&["--drain", "60"]);
    server.signal("TERM");
    let unready = eventually("readiness fails", || {
        let (status, _, body) = server.http("GET", "/readyz", &[], "");
        (status == 503).then_some(body)
    });
    assert_eq!(unready["reasons"], json!(["the server is shutting down"]));
    assert_eq!(server.http("GET", "/livez", &[], "").0, 200);
    assert_eq!(server.addresses(VNET1, SHARED), "10.0.2.7", "queries are answered while it drains");
    server.signal("TERM");
    assert!(server.has_ended_well(), "a second signal does not wait");
}

#[test]
fn verbs_talk_to_a_running_server() {
    let mut all = Readings::default();
    let folder = Folder::new("verbs");
    let server = server(&[]);
    let admin = format!("http://{}/", server.admin);
    let verb = |arguments: &[&str]| {
        let mut told =
            run(&[arguments, &["--admin", &admin]].concat()).replace(folder.0.to_str().expect("readable"), "");
        for (number, address) in server.dns.iter().enumerate() {
            told = told.replace(&address.to_string(), &format!("127.0.0.1:530{number}"));
        }
        told
    };
    all.add("status", &verb(&["status"]));
    all.add("step-previous", &verb(&["step", "previous"]));
    assert!(verb(&["step", "--format", "json"]).contains("\"step\": \"second-scope\""));
    all.add("step-unknown", &verb(&["step", "third-scope"]));
    let events = folder.write(
        "events.yaml",
        "step: swap\nevents:\n  - deletePrivateEndpoint: pe1\n  - deletePrivateDnsZones: { resourceGroup: rg-dns, zones: azuremonitor }\n",
    );
    all.add("apply-stale", &verb(&["apply", &events, "--built-on", "3"]));
    all.add("apply", &verb(&["apply", &events]));
    all.add("apply-again", &verb(&["apply", &events]));
    all.add("step-at-the-end", &verb(&["step"]));
    all.add("apply-no-file", &verb(&["apply", "nowhere.yaml"]));
    all.add("error-admin-off", &run(&["status", "--admin", "off"]));
    all.add("error-admin-https", &run(&["status", "--admin", "https://127.0.0.1:5299"]));
    let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|one| one.local_addr()).expect("a free port");
    let told = run(&["status", "--admin", &closed.to_string()]).replace(&closed.to_string(), "127.0.0.1:5299");
    all.add("error-no-server", &told);
    insta::assert_snapshot!("verbs-of-a-running-server", all.text());
}

#[test]
fn a_healthcheck_is_a_real_query() {
    let mut server = server(&[]);
    let address = server.dns[0];
    let health =
        |listen: String| binary().arg("healthcheck").env("AMPLS_DNS_LISTEN", listen).output().expect("it runs");
    // As in a container: the address stands in the environment, and it is a wildcard.
    let told = health(format!("vnet1=0.0.0.0:{},0.0.0.0:53", address.port()));
    assert!(told.status.success(), "{told:?}");
    assert_eq!(String::from_utf8_lossy(&told.stdout), format!("{address} answers: NOERROR\n"));
    server.signal("TERM");
    assert!(server.has_ended_well());
    assert_eq!(health(address.to_string()).status.code(), Some(1));
    // Somebody else listens there, and does not answer.
    let mute = std::net::UdpSocket::bind("127.0.0.1:0").expect("loopback has free ports");
    let address = mute.local_addr().expect("it is bound").to_string();
    let told = binary().args(["healthcheck", &address, "--timeout", "1"]).output().expect("it runs");
    assert_eq!(told.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&told.stderr).contains("does not answer: no answer in time"), "{told:?}");
}

#[test]
fn every_route_is_in_the_openapi_document_and_answers() {
    let server = server(&[]);
    let document = server.get("/openapi.json");
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().expect("paths");
    for path in ["/livez", "/readyz", "/v1/state", "/v1/events", "/v1/snapshots/{name}/restore"] {
        assert!(paths.contains_key(path), "{path}");
    }
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().expect("methods") {
            let real = path.replace("{name}", "none");
            let (status, _, body) =
                server.http(&method.to_uppercase(), &real, &[("Content-Type", "application/json")], "");
            let told = operation["responses"].as_object().expect("responses");
            let known = told.contains_key(&status.to_string());
            assert!(known && status != 405, "{method} {path} gives {status}: {body}");
            assert!(!body["detail"].as_str().is_some_and(|detail| detail.contains("nothing at")), "{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{method} {path}");
        }
    }
    // The schemas of events are those of scenarios, and every reference leads somewhere.
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(reference).is_some(), "{reference} is missing");
    }
    assert!(document.pointer("/components/schemas/Events/properties/builtOn").is_some());
    // Routes that bypass the document would be registered like this.
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server/admin");
    for entry in fs::read_dir(folder).expect("it is there") {
        let path = entry.expect("it can be read").path();
        let text = fs::read_to_string(&path).expect("source is text");
        let wanted = usize::from(path.ends_with("mod.rs"));
        assert!(text.matches(".route(").count() <= wanted, "{} has a route without description", path.display());
    }
}

#[test]
fn two_hundred_emulators_live_in_one_process_and_share_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let emulators: Vec<Emulator> =
        (0..200).map(|_| runtime.block_on(Emulator::builder().start()).expect("loopback has free ports")).collect();
    let steps = [("before", ""), ("first-scope", "10.0.1.9"), ("second-scope", "10.0.2.7")];
    for (number, emulator) in emulators.iter().enumerate() {
        emulator.go_to(steps[number % 3].0).expect("the step is there");
    }
    let seen = |emulator: &Emulator| {
        let reply = ask(emulator.address_of("vnet1").expect("it has that network"), SHARED);
        reply.answer.last().expect("an address").data.to_string()
    };
    for (number, emulator) in emulators.iter().enumerate() {
        let (step, wanted) = steps[number % 3];
        let seen = seen(emulator);
        assert!(seen == wanted || wanted.is_empty() && !seen.starts_with("10."), "{step}: {seen}");
    }
    emulators[7].apply("- deletePrivateEndpoint: pe1").expect("good events");
    emulators[7].reset();
    assert_eq!(seen(&emulators[7]), "10.0.2.7");
    assert_eq!(emulators[7].control().position().generation, 4);
    assert_eq!(emulators[8].control().position().generation, 2);
}

#[test]
fn the_python_example_runs() {
    let server = server(&[]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/integration/embedding/test_shared_names.py");
    let python = Command::new("python3")
        .arg(script)
        .env("AMPLS_DNS_ADMIN", format!("http://{}", server.admin))
        .env_remove("http_proxy")
        .output();
    match python {
        Ok(told) => assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr)),
        Err(error) => {
            let ci = std::env::var("CI").is_ok_and(|value| value == "true");
            assert!(!ci, "python3 cannot be run: {error}");
        }
    }
    assert!(server.get("/v1/state")["generation"].as_u64() > Some(3), "it changed something");
}

#[test]
fn a_scenario_is_put_in_the_place_of_the_one_that_was_read() {
    let server = server(&[]);
    let other = builtin::text("fallback-to-internet").expect("it is built in");
    let mut seen = Vec::new();
    for _ in 0..2 {
        let (status, _, position) = server.http("PUT", "/v1/scenario", &[("Content-Type", "application/yaml")], other);
        assert_eq!(status, 200, "{position}");
        let state = server.get("/v1/state");
        seen.push((state["title"].clone(), state["revision"].clone(), state["step"].clone()));
    }
    assert_eq!(seen[0], seen[1], "twice has the effect of once");
    assert_ne!(seen[0].0, json!("Two scopes, one DNS"));
    // A reset returns to it, and what cannot be read changes nothing.
    assert_eq!(server.post("/v1/reset", "{}").0, 200);
    assert_eq!(server.get("/v1/state")["title"], seen[0].0);
    let broken = "version: 1\nnetworks: [a]\n";
    let (status, _, problem) = server.http("PUT", "/v1/scenario", &[("Content-Type", "application/yaml")], broken);
    assert_eq!((status, &problem["errors"][0]["line"]), (422, &json!(2)), "{problem}");
    assert_eq!(server.get("/v1/state")["title"], seen[0].0);
    // A reload returns to what the server was started with.
    assert_eq!(server.post("/v1/reload", "{}").0, 200);
    assert_eq!(server.get("/v1/state")["title"], json!("Two scopes, one DNS"));
    assert_eq!(server.addresses(VNET1, SHARED), "10.0.2.7");
}

#[test]
fn faults_and_snapshots_have_verbs() {
    let server = server(&[]);
    let admin = server.admin.to_string();
    let verb = |arguments: &[&str]| run(&[arguments, &["--admin", &admin]].concat());
    let set = verb(&["fault", "set", "rcode", "--rcode", "REFUSED", "--name", SHARED, "--network", "vnet1"]);
    assert!(set.starts_with("exit code 0") && set.contains("REFUSED"), "{set}");
    assert_eq!(server.addresses(VNET1, SHARED), "REFUSED");
    assert!(verb(&["fault", "list"]).contains("1 of 1 queries hit"));
    assert!(verb(&["fault", "clear", "1"]).contains("fault 1 cleared"));
    assert!(verb(&["fault", "list"]).contains("no fault is set"));
    let which = ["--name", SHARED, "--type", "A", "--network", "vnet1", "--transport", "udp"];
    let how = ["--delay", "5", "--share", "0.5", "--seed", "7", "--seconds", "600", "--format", "json"];
    let set = verb(&[&["fault", "set"], &which[..], &how[..]].concat());
    assert!(set.starts_with("exit code 0"), "{set}");
    let faults = server.get("/v1/faults");
    let fault = &faults[0]["fault"];
    let fields =
        [("name", json!(SHARED)), ("type", json!("A")), ("network", json!("vnet1")), ("transport", json!("udp"))];
    let numbers = [("delayMilliseconds", json!(5)), ("share", json!(0.5)), ("seed", json!(7))];
    for (field, value) in fields.into_iter().chain(numbers) {
        assert_eq!(fault[field], value, "{field} of {faults}");
    }
    assert!(faults[0]["secondsLeft"].as_f64().is_some_and(|left| left > 500.0 && left <= 600.0), "{faults}");
    assert!(verb(&["fault", "list", "--format", "json"]).contains("\"seed\": 7"));
    assert!(verb(&["fault", "clear", "--format", "json"]).starts_with("exit code 0"));
    let bad = verb(&["fault", "set", "drop", "--network", "vnet9"]);
    assert!(bad.starts_with("exit code 2") && bad.contains("vnet9"), "{bad}");

    assert!(verb(&["snapshot", "take", "here"]).contains("took here: step second-scope"));
    assert!(verb(&["step", "previous"]).contains("step first-scope"));
    assert!(verb(&["snapshot", "restore", "here"]).contains("step second-scope"));
    assert!(verb(&["snapshot", "list"]).contains("here: step second-scope"));
    assert!(verb(&["snapshot", "list", "--format", "json"]).contains("\"here\""));
    assert!(verb(&["snapshot", "delete", "here"]).contains("deleted here"));
    assert!(verb(&["snapshot", "list"]).contains("there are no snapshots"));
}

/// `--open` hands the address of the page to what opens addresses on this system.
#[cfg(target_os = "linux")]
#[test]
fn serve_opens_the_page() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new("opens-the-page");
    let (program, opened) = (folder.0.join("xdg-open"), folder.0.join("opened"));
    fs::write(&program, format!("#!/bin/sh\nprintf %s \"$1\" >'{}'\n", opened.display())).expect("it can be written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it can be made a program");
    let path = format!("{}:{}", folder.0.display(), std::env::var("PATH").unwrap_or_default());
    let mut command = binary();
    command.env_remove("AMPLS_DNS_ADMIN").env("PATH", path).args(["serve", "--admin", "127.0.0.1:0", "--open"]);
    let server = Server::of(command.args(["--listen", "vnet1=127.0.0.1:0"]));
    let page = format!("http://{}", server.admin);
    eventually("the page is opened", || fs::read_to_string(&opened).ok().filter(|text| *text == page));
}
