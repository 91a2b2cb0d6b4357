//! Exports are held against the servers they are for: BIND, Knot DNS, unbound and dnsmasq, started on loopback with what was
//! written, answer as the network is answered. Where `CI=true`, a missing server is a failure; CoreDNS is run where there is
//! one, since Debian has none.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use ampls_dns::assess::timeline::names_of;
use ampls_dns::compile::{Compiled, Lookup, ViewId, compile};
use ampls_dns::dns::wire::{Received, ReceivedData, decode, encode_query};
use ampls_dns::dns::{OwnerName, Rcode, RecordData, RecordType, master};
use ampls_dns::output::export::seen::{End, FAMILIES, end};
use ampls_dns::output::export::{Aliases, ExportFormat, Exported, Seen, Which, folder, server, zones};
use ampls_dns::resolve::{Decision, Failure, Outcome, Question, decide};
use ampls_dns::scenario::{Scenario, builtin};
use proptest::prelude::*;

use crate::fixture::run;
use crate::generate::{Premise, histories, law, names_to_ask};

/// Everything an export could get wrong: wildcards, aliases within a zone, across zones and to nowhere, several addresses,
/// every type, zones of one name, names that need quoting, forwarders for less than a zone and for more.
const ODD: &str = include_str!("exports/odd.yaml");

fn read(name: &str) -> Scenario {
    let text = if name == "odd" { ODD } else { builtin::text(name).expect("the scenario is built in") };
    Scenario::read(name, text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The estate after each step.
fn worlds(name: &str) -> Vec<(String, Compiled)> {
    let scenario = read(name);
    let history = Arc::new(scenario.history);
    let steps = history.steps().iter().map(|step| (format!("{name} at {}", step.name), compile(&history, step.end)));
    steps.collect()
}

fn last(name: &str) -> (String, Compiled) {
    worlds(name).pop().expect("a scenario has steps")
}

fn name(text: &str) -> OwnerName {
    OwnerName::parse(text).expect("a good name")
}

fn asked<'w>(world: &'w Compiled, view: ViewId, name: &OwnerName, kind: RecordType) -> Decision<'w> {
    decide(world, view, &Question { name: name.clone(), kind })
}

/// Names to ask in a view: those the estate is about, all that own records, names between, beside and below them.
fn questions(world: &Compiled, seen: &Seen) -> BTreeSet<OwnerName> {
    let mut names = names_of(world);
    for zone in seen.zones.values() {
        names.insert(zone.apex().clone());
        names.extend(["nobody", "nobody.at.all"].iter().filter_map(|label| zone.apex().child(label).ok()));
        for owner in zone.names().keys() {
            names.extend(owner.parent().filter(|parent| parent.is_within(zone.apex())));
            if !owner.is_wildcard() {
                names.extend(owner.child("x").ok());
                names.insert(owner.clone());
            } else if let Some(parent) = owner.parent() {
                names.extend(["x", "x.y"].iter().filter_map(|label| parent.child(label).ok()));
            }
        }
    }
    names
}

fn addresses(end: Option<End>) -> BTreeSet<IpAddr> {
    match end {
        Some(End::Addresses(addresses)) => addresses,
        _ => BTreeSet::new(),
    }
}

/// True for a name that exists by a rule of the catalogue and is in no zone: exports have the names of zones only.
fn is_known_by_rule(decision: &Decision<'_>, name: &OwnerName) -> bool {
    let first = match &decision.outcome {
        _ if !decision.hops.is_empty() => decision.hops.first(),
        Outcome::Answer(hop) => Some(hop),
        _ => None,
    };
    first.is_some_and(|hop| match hop.by.zone.lookup(name) {
        Lookup::Name(sets) => sets.iter().next().is_none(),
        Lookup::Wildcard(_) => false,
        Lookup::Missing => true,
    })
}

/// Zones made of a view lead every name to the addresses its clients get.
fn holds(world: &Compiled, about: &str, aliases: Aliases, more: &[OwnerName]) {
    for (view, network) in world.views.iter() {
        let seen = Seen::new(world, view, aliases);
        for name in questions(world, &seen).iter().chain(more) {
            for kind in FAMILIES {
                let decision = asked(world, view, name, kind);
                // Of a zone with unknown contents an export has what is known, and says that names may be missing.
                let is_unknown =
                    matches!(&decision.outcome, Outcome::Failure { why: Failure::UnknownContents { .. }, .. });
                if is_unknown || is_known_by_rule(&decision, name) {
                    continue;
                }
                let wanted = end(&decision);
                let found = seen.end(name, kind);
                let place = format!("{about}: {name} {kind} from {}, {aliases:?}", network.label());
                assert_eq!(addresses(found.clone()), addresses(Some(wanted.clone())), "{place}");
                // An alias is followed only to names that some exported zone holds.
                let holds_both = seen.zone_of(name).is_some() && seen.zone_of(decision.outcome.owner()).is_some();
                if aliases == Aliases::Followed && wanted == End::NoData && holds_both {
                    assert_eq!(found, Some(End::NoData), "{place}");
                }
            }
        }
    }
}

const ALIASES: [Aliases; 4] = [Aliases::Followed, Aliases::FromNames, Aliases::WithinZone, Aliases::Flattened];

#[test]
fn zones_of_a_view_lead_to_its_addresses_in_every_scenario() {
    for (name, aliases) in builtin::names().zip(ALIASES.into_iter().cycle()) {
        let (about, world) = last(name);
        holds(&world, &about, aliases, &[]);
    }
    let (about, world) = last("odd");
    ALIASES.into_iter().for_each(|aliases| holds(&world, &about, aliases, &[]));
}

#[test]
fn zones_of_a_view_lead_to_its_addresses_in_any_history() {
    law(32, 75, (histories(), prop::sample::select(ALIASES.to_vec())), |(history, aliases)| {
        let history = Arc::new(history);
        let world = compile(&history, history.last());
        let names: Vec<OwnerName> = names_to_ask(&world, &[]).into_iter().step_by(4).collect();
        holds(&world, "a generated history", aliases, &names);
        Ok(Premise::of(world.views.iter().any(|(_, view)| !view.links.is_empty())))
    });
}

#[test]
fn azures_form_reads_back_to_the_same_zone() {
    law(32, 75, histories(), |history| {
        let history = Arc::new(history);
        let world = compile(&history, history.last());
        reads_back(&world);
        Ok(Premise::of(world.state.zones.values().any(|zone| !zone.zone.is_empty())))
    });
}

/// Both forms of zones are read by our own reader as what they were written from.
fn reads_back(world: &Compiled) {
    for which in [Which::Private, Which::SeenFrom(ViewId::PUBLIC)] {
        for form in [ExportFormat::Azure, ExportFormat::Zone] {
            for file in zones(world, form, which).files {
                let parsed = master::read(file.text.as_bytes(), None);
                let parsed = parsed.unwrap_or_else(|errors| panic!("{}: {errors:?}\n{}", file.name, file.text));
                let zone = match which {
                    Which::Private => {
                        let group = file.name.split('/').next().expect("a name has a first part");
                        let own = world
                            .state
                            .zones
                            .iter()
                            .find(|(id, _)| id.apex == parsed.apex && folder(&id.resource_group) == group);
                        &own.expect("the file is of a zone").1.zone
                    }
                    Which::SeenFrom(_) => world.state.public.zone_of(&parsed.apex),
                };
                assert_eq!(parsed.sets.first(), Some(zone.soa()), "{}", file.name);
                let read: BTreeSet<String> = parsed.sets.iter().map(ToString::to_string).collect();
                let wanted: BTreeSet<String> = zone.sets().iter().map(|owned| owned.set.to_string()).collect();
                assert_eq!(read, wanted, "{}", file.name);
                assert_eq!(parsed.skipped, usize::from(form == ExportFormat::Zone), "{}", file.name);
            }
        }
    }
}

#[test]
fn zone_files_read_back_to_the_same_zone() {
    for name in ["two-scopes-one-dns", "fallback-to-internet", "china", "odd"] {
        reads_back(&last(name).1);
    }
}

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ampls-dns-exports-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the temporary folder can be written");
        Self(path)
    }

    fn take(&self, exported: &Exported) {
        for file in &exported.files {
            let path = self.0.join(&file.name);
            std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folders can be made");
            std::fs::write(path, &file.text).expect("files can be written");
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A program of Debian's; servers stand where only root has its path.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/usr/local/sbin";
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file());
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(found.is_some() || !ci || name == "coredns", "`{name}` is not installed");
    found
}

/// A port that was free for UDP and TCP a moment ago.
fn free_port() -> SocketAddr {
    loop {
        let tcp = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
        let at = tcp.local_addr().expect("it is bound");
        if UdpSocket::bind(at).is_ok() {
            return at;
        }
    }
}

/// A server that is running; it ends with the value.
struct Peer {
    child: Child,
    at: SocketAddr,
    socket: UdpSocket,
    _folder: Folder,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const SERVERS: [(ExportFormat, &str, &[&str]); 5] = [
    (ExportFormat::Bind, "named", &["-f", "-n", "1", "-c", "named.conf", "-g"]),
    (ExportFormat::Knot, "knotd", &["-c", "knot.conf"]),
    (ExportFormat::Unbound, "unbound", &["-d", "-c", "unbound.conf"]),
    (ExportFormat::Dnsmasq, "dnsmasq", &["--keep-in-foreground", "--conf-file=dnsmasq.conf"]),
    (ExportFormat::Coredns, "coredns", &["-conf", "Corefile"]),
];

impl Peer {
    fn start(program: &Path, arguments: &[&str], export: impl Fn(SocketAddr) -> Exported, probe: &OwnerName) -> Self {
        // Somebody else may take the port before the server does.
        for _ in 0..3 {
            let at = free_port();
            let folder = Folder::new();
            folder.take(&export(at));
            let log = std::fs::File::create(folder.0.join("log")).expect("files can be written");
            let child = Command::new(program)
                .args(arguments)
                .current_dir(&folder.0)
                .stdin(Stdio::null())
                .stdout(log.try_clone().expect("a file can be opened twice"))
                .stderr(log)
                .spawn()
                .expect("the server can be started");
            let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback has free ports");
            socket.connect(at).expect("loopback is reached");
            let mut peer = Self { child, at, socket, _folder: folder };
            let began = Instant::now();
            while began.elapsed() < Duration::from_secs(20) {
                let told = peer.try_ask(probe, RecordType::SOA, Duration::from_millis(50));
                // Servers may refuse, or fail, until a zone is loaded.
                if told.is_some_and(|told| told.rcode == Rcode::NOERROR || told.rcode == Rcode::NXDOMAIN) {
                    return peer;
                }
                if peer.child.try_wait().expect("it is our child").is_some() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            let log = std::fs::read_to_string(peer._folder.0.join("log")).unwrap_or_default();
            eprintln!("{} did not answer on {}: {log}", program.display(), peer.at);
        }
        panic!("{} does not start", program.display());
    }

    fn try_ask(&self, name: &OwnerName, kind: RecordType, wait: Duration) -> Option<Received> {
        static ID: AtomicU32 = AtomicU32::new(1);
        let id = u16::try_from(ID.fetch_add(1, Ordering::Relaxed) % 65_536).expect("it is below 65,536");
        self.socket.set_read_timeout(Some(wait)).expect("the time is not zero");
        self.socket.send(&encode_query(id, name, kind, Some(1232))).ok()?;
        let mut reply = [0; 4096];
        loop {
            let length = self.socket.recv(&mut reply).ok()?;
            if reply[..2] == id.to_be_bytes() {
                return Some(decode(&reply[..length]).expect("the reply is a message"));
            }
        }
    }

    fn ask(&self, name: &OwnerName, kind: RecordType) -> Received {
        let told = (0..3).find_map(|_| self.try_ask(name, kind, Duration::from_secs(2)));
        told.unwrap_or_else(|| panic!("{name} {kind} is answered"))
    }
}

fn received(reply: &Received) -> BTreeSet<IpAddr> {
    let address = |data: &ReceivedData| match data {
        ReceivedData::Known(RecordData::A(address)) => Some(IpAddr::V4(*address)),
        ReceivedData::Known(RecordData::Aaaa(address)) => Some(IpAddr::V6(*address)),
        _ => None,
    };
    reply.answer.iter().filter_map(|record| address(&record.data)).collect()
}

/// Asks a server everything, and holds it to what the view says and to the differences there may be.
fn check(peer: &Peer, form: ExportFormat, world: &Compiled, view: ViewId, about: &str) -> usize {
    let seen = Seen::new(world, view, form.aliases());
    let mut count = 0;
    for name in questions(world, &seen) {
        for kind in FAMILIES {
            count += 1;
            let decision = asked(world, view, &name, kind);
            let wanted = end(&decision);
            let reply = peer.ask(&name, kind);
            let place = format!("{form:?}, {about}: {name} {kind}: {wanted:?}, {reply:?}");
            if form == ExportFormat::Dnsmasq && name.to_string().contains('\\') {
                // Dnsmasq has no way to write it.
                continue;
            }
            assert_eq!(received(&reply), addresses(Some(wanted.clone())), "{place}");
            let status = match &wanted {
                End::Addresses(_) | End::NoData => Rcode::NOERROR,
                End::NameError => Rcode::NXDOMAIN,
                End::Failure => Rcode::SERVFAIL,
            };
            if reply.rcode != status {
                assert!(may_differ(form, &seen, &name, kind, &wanted, reply.rcode), "{place}");
            }
            let soa = reply.authority.iter().find(|record| record.kind == RecordType::SOA);
            match form {
                // No SOA in any negative answer.
                ExportFormat::Dnsmasq => assert!(soa.is_none(), "{place}"),
                _ if matches!(reply.rcode, Rcode::NXDOMAIN | Rcode::NOERROR) && reply.answer.is_empty() => {
                    let redirected = form == ExportFormat::Unbound && soa.is_none();
                    assert!(soa.is_some() || redirected, "{place}");
                }
                _ => {}
            }
            if form == ExportFormat::Bind && !decision.hops.is_empty() && seen.zone_of(&name).is_some() {
                let aliased = seen
                    .zone_of(&name)
                    .and_then(|zone| zone.lookup(&name))
                    .is_some_and(|sets| sets.iter().any(|set| set.alias().is_some()));
                let chain: Vec<_> = reply.answer.iter().filter(|one| one.kind == RecordType::CNAME).collect();
                let wanted: Vec<_> = decision.hops.iter().map(|hop| hop.owner.clone()).collect();
                let found: Vec<_> = chain.iter().map(|record| record.owner.clone()).collect();
                assert!(!aliased || wanted == found, "{place}");
            }
        }
    }
    // Nothing is forwarded.
    let outside = peer.ask(&name("www.outside.example"), RecordType::A);
    let no = if form == ExportFormat::Bind { Rcode::NXDOMAIN } else { Rcode::REFUSED };
    assert_eq!((outside.rcode, outside.answer.len()), (no, 0), "{form:?}, {about}");
    count
}

/// The differences of status that the README names.
fn may_differ(form: ExportFormat, seen: &Seen, name: &OwnerName, kind: RecordType, wanted: &End, found: Rcode) -> bool {
    let zone = seen.zone_of(name);
    match wanted {
        // What fails in the estate is missing, and names in no zone are refused.
        End::Failure => matches!(found, Rcode::NXDOMAIN | Rcode::REFUSED | Rcode::NOERROR),
        End::NameError if zone.is_none() => found == Rcode::REFUSED,
        // The chain is not followed to where it says NXDOMAIN: the name is taken out, and stays where others stand below it
        // or a wildcard would stand for it.
        End::NameError => {
            found == Rcode::NOERROR
                && zone.is_some_and(|zone| zone.lookup(name).is_some())
                && form != ExportFormat::Bind
        }
        // Dnsmasq knows a wildcard's addresses only, and no name that has neither records nor names below.
        End::NoData if form == ExportFormat::Dnsmasq => {
            let exact = zone.is_some_and(|zone| zone.names().contains_key(name));
            found == Rcode::NXDOMAIN && (!exact || kind == RecordType::AAAA)
        }
        _ => false,
    }
}

/// A name that a server answers once its zones are loaded.
fn probe(seen: &Seen) -> OwnerName {
    seen.zones.keys().next_back().expect("public DNS has zones").clone()
}

fn serve_and_check(form: ExportFormat, about: &str, world: &Compiled) -> usize {
    let (_, command, arguments) = SERVERS.iter().find(|(own, ..)| *own == form).expect("each form has a server");
    let Some(program) = program(command) else { return 0 };
    let mut count = 0;
    for (view, network) in world.views.iter() {
        let seen = Seen::new(world, view, form.aliases());
        let peer = Peer::start(&program, arguments, |at| server(world, form, view, at), &probe(&seen));
        count += check(&peer, form, world, view, &format!("{about}, from {}", network.label()));
    }
    count
}

/// A server of another make, with what is exported for a network of a built-in scenario at a step; absent where it is not
/// installed and need not be.
pub fn exported_server(form: ExportFormat, estate: &str, step: &str, network: &str) -> Option<(impl Drop, SocketAddr)> {
    let (_, command, arguments) = SERVERS.iter().find(|(own, ..)| *own == form).expect("each form has a server");
    let program = program(command)?;
    let (_, world) = worlds(estate).into_iter().find(|(about, _)| about.ends_with(&format!(" at {step}")))?;
    let view = world.views.of_network(network).expect("the network exists");
    let seen = Seen::new(&world, view, form.aliases());
    let peer = Peer::start(&program, arguments, |at| server(&world, form, view, at), &probe(&seen));
    let at = peer.at;
    Some((peer, at))
}

/// Every step of the first story, and others with redirects, forwarders, on-premises networks and resolvers.
fn everything(form: ExportFormat) {
    let mut worlds = worlds("two-scopes-one-dns");
    for name in [
        "fallback-to-internet",
        "docs-06-on-premises-through-the-connected-network",
        "hub-and-spoke-custom-dns",
        "hub-with-a-firewall-and-twelve-services",
        "ipv6-endpoint-of-a-storage-account",
    ] {
        worlds.push(last(name));
    }
    worlds.push(last("odd"));
    let count: usize = worlds.iter().map(|(about, world)| serve_and_check(form, about, world)).sum();
    let installed = program(SERVERS.iter().find(|(own, ..)| *own == form).expect("each form has a server").1).is_some();
    assert!(count > 5000 || !installed, "{count} questions");
}

#[test]
fn bind_answers_as_the_network_is_answered() {
    everything(ExportFormat::Bind);
}

#[test]
fn knot_answers_as_the_network_is_answered() {
    everything(ExportFormat::Knot);
}

#[test]
fn unbound_answers_as_the_network_is_answered() {
    everything(ExportFormat::Unbound);
}

#[test]
fn dnsmasq_answers_as_the_network_is_answered() {
    everything(ExportFormat::Dnsmasq);
}

#[test]
fn coredns_answers_as_the_network_is_answered() {
    everything(ExportFormat::Coredns);
}

/// Dnsmasq is a server that reads hosts files.
#[test]
fn a_hosts_file_has_the_addresses_of_every_name() {
    let Some(program) = program("dnsmasq") else { return };
    for (about, world) in [last("two-scopes-one-dns"), last("hub-and-spoke-custom-dns"), last("odd")] {
        for (view, _) in world.views.iter() {
            let seen = Seen::new(&world, view, ExportFormat::Hosts.aliases());
            let arguments = [
                "--no-daemon",
                "--no-hosts",
                "--addn-hosts=hosts",
                "--no-resolv",
                "--pid-file=",
                "--conf-file=port.conf",
            ];
            let export = |at: SocketAddr| {
                let mut exported = server(&world, ExportFormat::Hosts, view, at);
                let text = format!("port={}\nlisten-address=127.0.0.1\nbind-interfaces\nlocal=/probe/\n", at.port());
                exported.files.push(ampls_dns::output::export::File { name: "port.conf".to_owned(), text });
                exported
            };
            let peer = Peer::start(&program, &arguments, export, &name("probe"));
            for zone in seen.zones.values() {
                for owner in zone.names().keys().filter(|owner| !owner.is_wildcard()) {
                    for kind in FAMILIES {
                        let text = owner.to_string();
                        if text.contains(|one: char| !one.is_ascii_alphanumeric() && !"-_.".contains(one)) {
                            continue;
                        }
                        let wanted = addresses(Some(end(&asked(&world, view, owner, kind))));
                        assert_eq!(received(&peer.ask(owner, kind)), wanted, "{about}: {owner} {kind}");
                    }
                }
            }
        }
    }
}

#[test]
fn master_files_are_accepted_by_the_checkers_of_bind_knot_and_nsd() {
    let mut checked = 0;
    for (_, world) in [last("two-scopes-one-dns"), last("fallback-to-internet"), last("china"), last("odd")] {
        let public = zones(&world, ExportFormat::Zone, Which::SeenFrom(ViewId::PUBLIC));
        for exported in [zones(&world, ExportFormat::Zone, Which::Private), public] {
            let folder = Folder::new();
            folder.take(&exported);
            for file in &exported.files {
                let apex = master::read(file.text.as_bytes(), None).expect("it reads back").apex.to_string();
                for checker in ["named-checkzone", "kzonecheck", "nsd-checkzone"] {
                    let Some(program) = program(checker) else { continue };
                    let mut command = Command::new(program);
                    match checker {
                        "kzonecheck" => command.args(["-o", &apex, &file.name]),
                        _ => command.args([&apex, &file.name]),
                    };
                    let output = command.current_dir(&folder.0).output().expect("a checker can be run");
                    let told = String::from_utf8_lossy(&output.stdout).into_owned();
                    let told = told + &String::from_utf8_lossy(&output.stderr);
                    assert!(output.status.success(), "{checker} {}: {told}\n{}", file.name, file.text);
                    checked += 1;
                }
            }
        }
    }
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(checked > 100 || !ci, "{checked} checks");
}

/// Every file that a Corefile names is there, and is a zone of the block's name.
#[test]
fn a_corefile_names_zones_that_are_there() {
    let (_, world) = last("two-scopes-one-dns");
    for (view, _) in world.views.iter() {
        let exported = server(&world, ExportFormat::Coredns, view, SocketAddr::from(([127, 0, 0, 1], 5300)));
        let corefile = &exported.files[0];
        assert_eq!(corefile.name, "Corefile");
        let mut blocks = 0;
        for block in corefile.text.split("\n\n").filter(|block| block.contains("    file ")) {
            let apex = block.split(":5300 {").next().expect("a block has a head");
            let path = block.lines().find_map(|line| line.trim().strip_prefix("file ")).expect("it has a file");
            let path = path.trim_end_matches(" {");
            let file = exported.files.iter().find(|file| file.name == path).expect("the file is exported");
            let parsed = master::read(file.text.as_bytes(), None).expect("it is a zone");
            assert_eq!(parsed.apex, name(apex));
            // Each zone answers by itself: no alias that matters leads out of it.
            for set in parsed.sets.iter().filter(|set| set.kind() == RecordType::CNAME) {
                let found = addresses(Some(end(&asked(&world, view, set.owner(), RecordType::A))));
                assert!(found.is_empty() || set.alias().is_some_and(|to| to.is_within(&parsed.apex)), "{set}");
            }
            blocks += 1;
        }
        assert_eq!(blocks + 1, exported.files.len());
        assert_eq!(corefile.text.matches('{').count(), corefile.text.matches('}').count());
    }
}

#[test]
fn people_read_what_is_exported() {
    let vnet1 = ["--from", "vnet1", "--scenario", "two-scopes-one-dns"];
    for form in ["hosts", "unbound", "dnsmasq"] {
        let told = run(&[&["export", "--format", form][..], &vnet1].concat());
        insta::assert_snapshot!(format!("export-{form}"), told);
    }
    insta::assert_snapshot!("export-several-files", run(&[&["export", "--format", "zone"][..], &vnet1].concat()));
    for (arguments, wanted) in
        [(["--format", "azure", "--at", "before"], "zone"), (["--format", "hosts", "--from", "vnet3"], "vnet3")]
    {
        let told = run(&[&["export"], &arguments[..]].concat());
        assert!(told.starts_with("exit code 2") && told.contains(wanted), "{told}");
    }
}

#[test]
fn a_folder_gets_a_folder_for_each_network() {
    let folder = Folder::new();
    let out = folder.0.join("lab");
    let out = out.to_str().expect("the temporary folder has a name of letters");
    let told = run(&["export", "--format", "bind", "-o", out, "--listen", "127.0.0.1:5400"]);
    assert!(told.starts_with("exit code 0\n"), "{told}");
    for (network, port) in [("public", 5400), ("vnet1", 5401), ("vnet2", 5402)] {
        let text = std::fs::read_to_string(folder.0.join("lab").join(network).join("named.conf")).expect("it is there");
        assert!(text.contains(&format!("listen-on port {port} {{ 127.0.0.1; }};")), "{text}");
    }
    let told = run(&["export", "--format", "azure", "-o", out]);
    assert!(told.contains("5 files in "), "{told}");
    let path = folder.0.join("lab/rg-dns/privatelink.monitor.azure.com.zone");
    insta::assert_snapshot!("export-azure", std::fs::read_to_string(path).expect("it is there"));
    let path = folder.0.join("lab/vnet1/zones/privatelink.monitor.azure.com.zone");
    insta::assert_snapshot!("export-zone", std::fs::read_to_string(path).expect("it is there"));
}
