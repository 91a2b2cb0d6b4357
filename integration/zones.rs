//! Somebody's master files, served by the real binary.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ampls_dns::compile::compile;
use ampls_dns::dns::wire::{Received, decode, encode_query};
use ampls_dns::dns::{OwnerName, Rcode, RecordType};
use ampls_dns::resolve::{Outcome, Question, decide};
use ampls_dns::scenario::Scenario;

use crate::fixture::{binary, run};

const PUBLIC: &str = "\
$TTL 300
@ IN SOA ns.example. host.example. 1 2 3 4 60
@ IN NS ns.example.
api IN CNAME api.privatelink
gone IN CNAME gone.privatelink
*.any IN CNAME api
big IN TXT \"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\"
a.b.c IN A 192.0.2.9
";

const PRIVATE: &str = "\
$ORIGIN privatelink.shop.example.
$TTL 10
@ IN SOA ns.example. host.example. 1 2 3 4 5
api IN A 10.0.0.4
other IN A 10.0.0.5
api IN A 10.0.0.6
";

/// A folder of its own for a test, gone when it ends, and the server that has its zones.
struct Served {
    folder: PathBuf,
    server: Child,
    port: u16,
}

impl Served {
    fn with(name: &str, more: &[&str]) -> Self {
        let folder =
            folder(name, &[("shop.example.zone", &PUBLIC.replace("big IN", &big())), ("private.zone", PRIVATE)]);
        let mut server = binary()
            .args(["serve", "--listen", "127.0.0.1:0", "--zone"])
            .arg(&folder)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary can be started");
        let stdout = BufReader::new(server.stdout.take().expect("it is piped"));
        let port = stdout.lines().map_while(Result::ok).find_map(|line| {
            let rest = line.split_once("dig @127.0.0.1 -p ")?.1.to_owned();
            rest.split(' ').next()?.parse().ok()
        });
        Self { folder, server, port: port.expect("it tells where it listens") }
    }

    fn udp(&self, name: &str, kind: RecordType) -> Received {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        socket.set_read_timeout(Some(Duration::from_secs(5))).expect("a time-out is fine");
        socket.connect(("127.0.0.1", self.port)).expect("connecting sends nothing");
        socket.send(&question(name, kind)).expect("loopback takes it");
        let mut reply = [0; 4096];
        let length = socket.recv(&mut reply).expect("a reply in time");
        decode(&reply[..length]).expect("a reply that can be read")
    }

    fn tcp(&self, name: &str, kind: RecordType) -> Received {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a time-out is fine");
        let packet = question(name, kind);
        let length = u16::try_from(packet.len()).expect("a short query");
        stream.write_all(&[&length.to_be_bytes()[..], &packet].concat()).expect("it reads");
        let mut length = [0; 2];
        stream.read_exact(&mut length).expect("a reply in time");
        let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut reply).expect("the rest of it");
        decode(&reply).expect("a reply that can be read")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Twenty records of some hundred octets each: too many for a datagram.
fn big() -> String {
    let text = "x".repeat(100);
    let lines: String = (0..20).map(|number| format!("big IN TXT {number}{text}\n")).collect();
    format!("{lines}big IN")
}

fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("ampls-dns-zones-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).expect("the temporary folder can be written to");
    for (file, text) in files {
        fs::write(folder.join(file), text).expect("the temporary folder can be written to");
    }
    folder
}

fn question(name: &str, kind: RecordType) -> Vec<u8> {
    encode_query(7, &OwnerName::parse(name).expect("a good name"), kind, Some(1232))
}

/// Code, answers and the owner of the SOA in the authority section.
fn told(received: &Received) -> String {
    let answers = received.answer.iter().map(|one| format!(" {} {}", one.kind, one.data));
    let soa = received.authority.iter().map(|one| format!(" / {} {}", one.owner, one.ttl));
    format!("{}{}{}", received.rcode, answers.collect::<String>(), soa.collect::<String>())
}

#[test]
fn master_files_are_answered_from_with_aliases_across_them() {
    for more in [&["--workers", "2"][..], &["--tcp", "portable"]] {
        let served = Served::with(&more[1..].concat(), more);
        for (name, kind, wanted) in [
            ("api.shop.example", RecordType::A, "NOERROR CNAME api.privatelink.shop.example. A 10.0.0.4 A 10.0.0.6"),
            (
                "x.any.shop.example",
                RecordType::A,
                "NOERROR CNAME api.shop.example. CNAME api.privatelink.shop.example. A 10.0.0.4 A 10.0.0.6",
            ),
            // The zone that says no is the child's, also behind an alias.
            (
                "api.shop.example",
                RecordType::AAAA,
                "NOERROR CNAME api.privatelink.shop.example. / privatelink.shop.example 5",
            ),
            (
                "gone.shop.example",
                RecordType::A,
                "NXDOMAIN CNAME gone.privatelink.shop.example. / privatelink.shop.example 5",
            ),
            ("nobody.shop.example", RecordType::A, "NXDOMAIN / shop.example 60"),
            ("b.c.shop.example", RecordType::A, "NOERROR / shop.example 60"),
            ("other.privatelink.shop.example", RecordType::ANY, "NOERROR A 10.0.0.5"),
            ("elsewhere.test", RecordType::A, "NXDOMAIN / . 86400"),
        ] {
            assert_eq!(told(&served.udp(name, kind)), wanted, "{name} {kind}");
            assert_eq!(served.tcp(name, kind), served.udp(name, kind), "{name} {kind}");
        }
        let short = served.udp("big.shop.example", RecordType::TXT);
        assert!(short.truncated && short.answer.is_empty());
        assert_eq!(served.tcp("big.shop.example", RecordType::TXT).answer.len(), 21);
        assert_eq!(served.udp("nobody.shop.example", RecordType::SOA).rcode, Rcode::NXDOMAIN);
    }
}

#[test]
fn master_files_are_linked_to_networks_that_need_no_scenario() {
    let folder =
        folder("linked", &[("public.zone", &format!("$ORIGIN shop.example.\n{PUBLIC}")), ("private.zone", PRIVATE)]);
    let path = |file: &str| folder.join(file).to_str().expect("a readable path").to_owned();
    let linked = format!("vnet1+vnet2={}", path("private.zone"));
    let mut server = binary()
        .args(["serve", "--listen", "127.0.0.1:0", "--listen", "vnet1=127.0.0.1:0", "--listen", "vnet2=127.0.0.1:0"])
        .args(["--zone", &path("public.zone"), &linked])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary can be started");
    let stdout = BufReader::new(server.stdout.take().expect("it is piped"));
    let ports = stdout.lines().map_while(Result::ok).filter_map(|line| {
        let rest = line.split_once("dig @127.0.0.1 -p ")?.1.to_owned();
        rest.split(' ').next()?.parse::<u16>().ok()
    });
    let ports: Vec<u16> = ports.take(3).collect();
    let met: Vec<_> = ports
        .iter()
        .map(|port| {
            let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
            socket.set_read_timeout(Some(Duration::from_secs(5))).expect("a time-out is fine");
            let ask = |name: &str, kind| {
                socket.send_to(&question(name, kind), ("127.0.0.1", *port)).expect("loopback takes it");
                let mut reply = [0; 4096];
                let length = socket.recv(&mut reply).expect("a reply in time");
                told(&decode(&reply[..length]).expect("a reply that can be read"))
            };
            // The last two leave the fast road.
            [
                ask("api.shop.example", RecordType::A),
                ask("nobody.privatelink.shop.example", RecordType::A),
                ask("other.privatelink.shop.example", RecordType::ANY),
                ask("privatelink.shop.example", RecordType::SOA),
            ]
        })
        .collect();
    let _ = (server.kill(), server.wait());
    let _ = fs::remove_dir_all(&folder);
    let [public, vnet1, vnet2] = met.try_into().expect("three listeners");
    assert_eq!(public[0], "NXDOMAIN CNAME api.privatelink.shop.example. / shop.example 60");
    assert_eq!(vnet1[0], "NOERROR CNAME api.privatelink.shop.example. A 10.0.0.4 A 10.0.0.6");
    assert_eq!(vnet1[1], "NXDOMAIN / privatelink.shop.example 5");
    assert_eq!(vnet1[2], "NOERROR A 10.0.0.5");
    assert_eq!(vnet1[3], "NOERROR SOA ns.example. host.example. 1 2 3 4 5");
    assert_eq!(vnet1, vnet2);
}

#[test]
fn a_zone_cannot_be_linked_to_a_network_nobody_knows() {
    let folder = folder("nowhere", &[("private.zone", PRIVATE)]);
    let zone = format!("vnet9={}", folder.join("private.zone").display());
    let told = run(&["serve", "two-scopes-one-dns", "--listen", "127.0.0.1:0", "--zone", &zone]);
    let _ = fs::remove_dir_all(&folder);
    assert!(told.starts_with("exit code 2\n"), "{told}");
    assert!(told.contains("cannot link zones to unknown network `vnet9`"), "{told}");
}

#[test]
fn a_scenario_names_zone_files_beside_it() {
    let scenario = "version: 1\nnetworks:\n  vnet1: { addressSpace: [10.0.1.0/24] }\nzoneFiles:\n  \
                    - { file: private.zone, resourceGroup: rg, links: { vnet1: {} } }\n";
    let folder = folder("beside", &[("private.zone", PRIVATE), ("scenario.yaml", scenario)]);
    let path = folder.join("scenario.yaml");
    let path = path.to_str().expect("a readable path");
    let told = run(&["resolve", "api.privatelink.shop.example", "--from", "vnet1", "--scenario", path]);
    let _ = fs::remove_dir_all(&folder);
    assert!(told.contains("10.0.0.4") && told.contains("10.0.0.6"), "{told}");
}

/// An explanation of an answer from a zone file, private or public, names the file and the line it comes from.
#[test]
fn explanations_name_the_line_of_a_zone_file() {
    let scenario = "version: 1\nnetworks:\n  vnet1: { addressSpace: [10.0.1.0/24] }\nzoneFiles:\n  \
                    - { file: private.zone, resourceGroup: rg, links: { vnet1: {} } }\n  - file: shop.zone\n";
    let public = "$ORIGIN shop.example.\n@ 60 SOA ns host 1 2 3 4 5\nwww 30 A 192.0.2.4\n";
    let folder = folder("lines", &[("private.zone", PRIVATE), ("shop.zone", public), ("scenario.yaml", scenario)]);
    let path = folder.join("scenario.yaml");
    let path = path.to_str().expect("a readable path");
    let explained = |name: &str| run(&["explain", name, "--from", "vnet1", "--scenario", path]);
    let (private, public) = (explained("api.privatelink.shop.example"), explained("www.shop.example"));
    let _ = fs::remove_dir_all(&folder);
    assert!(private.contains("written by hand (private.zone:4)"), "{private}");
    assert!(public.contains("has A 192.0.2.4, written by ") && public.contains("shop.zone:3"), "{public}");
}

#[test]
fn a_file_that_is_no_zone_ends_the_server_with_its_lines() {
    let folder = folder("bad", &[("shop.example.zone", "@ 1 SOA a b 1 2 3 4 5\nx 1 A 10.0.0.256\n")]);
    let path = folder.join("shop.example.zone");
    let path = path.to_str().expect("a readable path");
    let told = run(&["serve", "--listen", "127.0.0.1:0", "--zone", path]).replace(path, "FILE");
    let _ = fs::remove_dir_all(&folder);
    assert!(told.starts_with("exit code 2\n"), "{told}");
    assert!(told.contains("`FILE` cannot be served as a zone\n"), "{told}");
    assert!(told.contains("line 2, column 7: `10.0.0.256` is not an IPv4 address"), "{told}");
}

/// An export of a private zone, and somebody's public zone.
const WITH_ZONE_FILES: &str = "\
version: 1
networks:
  vnet1: { addressSpace: [10.0.1.0/24] }
zoneFiles:
  - file: exported/privatelink.monitor.azure.com.zone
    resourceGroup: rg-dns
    links: { vnet1: { resolutionPolicy: NxDomainRedirect } }
  - text: |
      $ORIGIN shop.example.
      @ 60 SOA ns host 1 2 3 4 5
      www 30 CNAME api.monitor.azure.com.
steps:
  - name: later
    events:
      - deleteRecordSet: { resourceGroup: rg-dns, zone: privatelink.monitor.azure.com, name: api, type: A }
";

#[test]
fn zones_come_from_files_too_and_are_written_back_without_them() {
    let exported = "$TTL 10\n@ IN SOA azureprivatedns.net. host.example. 1 2 3 4 5\n@ IN NS made.up.\napi A 10.0.1.4\n";
    let files = |path: &str| match path {
        "exported/privatelink.monitor.azure.com.zone" => Ok(exported.as_bytes().to_vec()),
        other => Err(format!("there is no {other}")),
    };
    let scenario = Scenario::read_with("s.yaml", WITH_ZONE_FILES.as_bytes(), &files).expect("a good scenario");
    let address = |scenario: &Scenario, at| {
        let world = compile(&Arc::new(scenario.history.clone()), at);
        let view = world.views.of_network("vnet1").expect("it is there");
        let name = OwnerName::parse("www.shop.example").expect("a good name");
        let decision = decide(&world, view, &Question { name, kind: RecordType::A });
        let last = match &decision.outcome {
            Outcome::Answer(hop) => hop.owned.set.data()[0].to_string(),
            other => format!("{other:?}"),
        };
        (decision.hops.len(), last)
    };
    for scenario in [&scenario, &Scenario::read("again", scenario.write().as_bytes()).expect("it reads back")] {
        assert_eq!(address(scenario, scenario.history.declared()), (2, "10.0.1.4".to_owned()));
        // The link redirects, so public DNS answers what was deleted.
        let (hops, last) = address(scenario, scenario.history.last());
        assert!(hops > 2 && last != "10.0.1.4", "{hops} {last}");
    }
}
