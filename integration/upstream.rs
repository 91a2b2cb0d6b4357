//! Names outside the emulated zones, asked for at servers that are made up here: honest, lying, silent and gone.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ampls_dns::compile::compile;
use ampls_dns::dns::wire::{Received, decode, encode_query};
use ampls_dns::dns::{OwnerName, Rcode, RecordType};
use ampls_dns::resolve::Ede;
use ampls_dns::scenario::Scenario;
use ampls_dns::server::upstream::PATIENCE;
use ampls_dns::server::{Running, Settings, TcpFrontEnd, start};
use hickory_proto::op::{Message, MessageType, ResponseCode};
use hickory_proto::rr::rdata::{A, CNAME, NULL, SOA};
use hickory_proto::rr::{Name, RData, Record};

use crate::fixture::run;

/// Two networks: one with a linked blob zone that has one account, one without; and a data centre that takes whole chains
/// from public DNS.
const ESTATE: &str = "\
version: 1
networks:
  linked: {addressSpace: [10.0.1.0/24], clientPrefixes: [127.0.5.0/24]}
  plain: {addressSpace: [10.0.2.0/24]}
  datacentre: {kind: onPremises, addressSpace: [10.9.0.0/24], dns: {kind: acceptsChain, default: public}}
steps:
  - name: only
    events:
      - createPrivateDnsZones: {resourceGroup: rg-dns, zones: [privatelink.blob.core.windows.net], links: {linked: {}}}
      - putRecordSet: {resourceGroup: rg-dns, zone: privatelink.blob.core.windows.net, name: known, type: A, ttl: 10, records: [10.0.1.99]}
";

/// A TCP and a UDP socket on one port. The system chooses the port for TCP alone, so another is tried where UDP has it taken.
fn both_on_one_port() -> (TcpListener, UdpSocket, SocketAddr) {
    for _ in 0..64 {
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = tcp.local_addr().expect("it is bound");
        match UdpSocket::bind(address) {
            Ok(udp) => return (tcp, udp, address),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse, "{error}"),
        }
    }
    panic!("64 ports were free for TCP and none of them for UDP");
}

/// A server that is made up: what it replies to each query, and what it was asked.
struct Fake {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<(Message, bool)>>>,
}

impl Fake {
    /// `reply` gives what is sent, in order, for a query that came over TCP or not.
    fn new(reply: impl Fn(&Message, bool) -> Vec<Message> + Send + Sync + 'static) -> Self {
        let (tcp, udp, address) = both_on_one_port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let reply = Arc::new(reply);
        let (note, answer) = (Arc::clone(&asked), Arc::clone(&reply));
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = udp.recv_from(&mut buffer) {
                let query = Message::from_vec(&buffer[..length]).expect("our server sends good queries");
                note.lock().expect("nobody panics with it").push((query.clone(), false));
                for one in answer(&lowered(query), false) {
                    let _ = udp.send_to(&one.to_vec().expect("a good message"), from);
                }
            }
        });
        let note = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in tcp.incoming() {
                let Ok(mut stream) = stream else { continue };
                let query = Message::from_vec(&message(&mut stream)).expect("our server sends good queries");
                note.lock().expect("nobody panics with it").push((query.clone(), true));
                for one in reply(&lowered(query), true) {
                    let octets = one.to_vec().expect("a good message");
                    let length = u16::try_from(octets.len()).expect("a message that fits");
                    let _ = stream.write_all(&[&length.to_be_bytes()[..], &octets].concat());
                }
            }
        });
        Self { address, asked }
    }

    fn silent() -> Self {
        Self::new(|_, _| Vec::new())
    }

    /// The names it was asked for.
    fn names(&self) -> Vec<String> {
        let asked = self.asked.lock().expect("nobody panics with it");
        asked.iter().map(|(query, _)| query.queries[0].name().to_string().to_lowercase()).collect()
    }

    /// Where nobody listens.
    fn gone() -> SocketAddr {
        UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port")
    }
}

/// The query with its name in lower case: it comes in letters of random case.
fn lowered(mut query: Message) -> Message {
    let name = query.queries[0].name().to_lowercase();
    query.queries[0].set_name(name);
    query
}

fn message(stream: &mut TcpStream) -> Vec<u8> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).expect("a message in time");
    let mut octets = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut octets).expect("the rest of it");
    octets
}

fn name(text: &str) -> Name {
    Name::from_str(text).expect("a good name")
}

/// A reply with that code and these answers.
fn reply(query: &Message, code: ResponseCode, answers: Vec<Record>) -> Message {
    let mut reply = Message::response(query.metadata.id, query.metadata.op_code);
    reply.metadata.response_code = code;
    reply.metadata.recursion_available = true;
    reply.add_query(query.queries[0].clone());
    reply.add_answers(answers);
    reply
}

fn a(owner: &str, last: u8) -> Record {
    Record::from_rdata(name(owner), 300, RData::A(A(Ipv4Addr::new(198, 51, 100, last))))
}

fn alias(owner: &str, target: &str) -> Record {
    Record::from_rdata(name(owner), 300, RData::CNAME(CNAME(name(target))))
}

fn soa(owner: &str) -> Record {
    let data = SOA::new(name("ns.example."), name("host.example."), 7, 60, 60, 60, 60);
    Record::from_rdata(name(owner), 60, RData::SOA(data))
}

/// A server that knows one address for every name.
fn honest(last: u8) -> Fake {
    Fake::new(move |query, _| {
        let owner = query.queries[0].name().to_string();
        vec![reply(query, ResponseCode::NoError, vec![a(&owner, last)])]
    })
}

fn served_with(settings: Settings, upstreams: &[SocketAddr]) -> Running {
    let scenario = Scenario::read("estate", ESTATE.as_bytes()).expect("a good scenario");
    let history = Arc::new(scenario.history);
    let world = Arc::new(compile(&history, history.last()));
    let listeners = ["127.0.0.1:0", "linked=127.0.0.1:0", "plain=127.0.0.1:0", "datacentre=127.0.0.1:0"];
    let listeners = match settings.listeners.is_empty() {
        true => listeners.iter().map(|text| text.parse().expect("a good listener")).collect(),
        false => settings.listeners.clone(),
    };
    start(Settings { listeners, upstreams: upstreams.to_vec(), ..settings }, world).expect("free ports")
}

fn served(upstreams: &[SocketAddr]) -> Running {
    served_with(Settings::default(), upstreams)
}

fn at(server: &Running, network: &str) -> SocketAddr {
    server.address_of(Some(network)).expect("it has a listener")
}

fn query(id: u16, text: &str, kind: RecordType) -> Vec<u8> {
    encode_query(id, &OwnerName::parse(text).expect("a good name"), kind, Some(1232))
}

/// Asks over UDP, with the reply's octets.
fn exchange(server: SocketAddr, packet: &[u8]) -> Vec<u8> {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    socket.set_read_timeout(Some(Duration::from_secs(6))).expect("a time-out is fine");
    socket.connect(server).expect("connecting sends nothing");
    socket.send(packet).expect("loopback takes it");
    let mut buffer = [0; 4096];
    let length = socket.recv(&mut buffer).expect("a reply in time");
    buffer[..length].to_vec()
}

fn ask(server: SocketAddr, text: &str, kind: RecordType) -> Received {
    decode(&exchange(server, &query(1, text, kind))).expect("a reply that can be read")
}

fn connected(server: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(server).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(6))).expect("a time-out is fine");
    stream
}

fn framed(packet: &[u8]) -> Vec<u8> {
    [&u16::try_from(packet.len()).expect("a short message").to_be_bytes()[..], packet].concat()
}

/// Owner, type and data of each answer.
fn answers(received: &Received) -> Vec<String> {
    received.answer.iter().map(|one| format!("{} {} {}", one.owner, one.kind, one.data)).collect()
}

fn reason(received: &Received) -> (u16, String) {
    let told = received.edns.as_ref().and_then(|edns| edns.extended_error.clone()).expect("a reason");
    (told.code, told.text)
}

#[test]
fn a_forwarded_answer_has_the_clients_own_id_spelling_and_options() {
    let upstream = honest(1);
    let server = served(&[upstream.address]);
    let mut packet = query(4711, "www.elsewhere.example", RecordType::A);
    packet[13..16].make_ascii_uppercase();
    // DO and CD.
    packet[3] |= 0x10;
    let flags = packet.len() - 4;
    packet[flags] |= 0x80;
    let octets = exchange(at(&server, "plain"), &packet);
    assert_eq!(octets[12..39], packet[12..39], "the question as it was spelled");
    let received = decode(&octets).expect("a reply that can be read");
    assert_eq!((received.id, received.rcode), (4711, Rcode::NOERROR));
    assert_eq!(answers(&received), ["www.elsewhere.example A 198.51.100.1"]);
    assert!(received.recursion_available && !received.authoritative && !received.authentic_data);
    assert!(received.checking_disabled && received.edns.is_some_and(|edns| edns.dnssec_ok));
    let asked = upstream.asked.lock().expect("nobody panics with it");
    let [(sent, false)] = asked.as_slice() else { panic!("asked once, by UDP") };
    assert!(sent.metadata.recursion_desired && sent.metadata.checking_disabled);
    assert!(sent.edns.as_ref().is_some_and(|edns| edns.flags().dnssec_ok && edns.options().as_ref().is_empty()));
}

#[test]
fn names_of_the_emulated_world_and_of_this_network_never_leave() {
    let upstream = honest(1);
    let server = served(&[upstream.address]);
    for (text, kind) in [
        ("api.monitor.azure.com", RecordType::A),
        ("nobody.monitor.azure.com", RecordType::A),
        ("nobody.privatelink.blob.core.windows.net", RecordType::A),
        ("5.1.0.10.in-addr.arpa", RecordType::PTR),
        ("10.in-addr.arpa", RecordType::SOA),
        ("9.31.172.in-addr.arpa", RecordType::PTR),
        ("1.64.100.in-addr.arpa", RecordType::PTR),
        ("1.2.3.4.d.f.ip6.arpa", RecordType::PTR),
        ("a.e.f.ip6.arpa", RecordType::PTR),
        ("use-application-dns.net", RecordType::A),
        ("localhost", RecordType::A),
        ("printer.local", RecordType::A),
        ("any.invalid", RecordType::A),
        ("router.home.arpa", RecordType::A),
    ] {
        ask(at(&server, "linked"), text, kind);
        assert_eq!(upstream.names(), Vec::<String>::new(), "{text}");
    }
    let canary = ask(at(&server, "plain"), "use-application-dns.net", RecordType::A);
    assert_eq!(canary.rcode, Rcode::NXDOMAIN);
    assert!(reason(&canary).1.contains("is never forwarded"), "{canary:?}");
    // What only looks like them leaves.
    for text in ["localhost.example", "8.8.8.8.in-addr.arpa", "9.32.172.in-addr.arpa", "172.in-addr.arpa", "ip6.arpa"] {
        ask(at(&server, "plain"), text, RecordType::PTR);
    }
    assert_eq!(upstream.names().len(), 5);
}

#[test]
fn without_an_upstream_nothing_leaves_and_the_reason_says_so() {
    let server = served(&[]);
    for text in ["www.elsewhere.example", "nobody.blob.core.windows.net"] {
        let received = ask(at(&server, "plain"), text, RecordType::A);
        assert_eq!(received.rcode, Rcode::NXDOMAIN);
        assert_eq!(reason(&received), (0, format!("{text} is outside the emulated zones")));
    }
}

#[test]
fn an_alias_into_a_linked_zone_is_answered_there_nxdomain_included() {
    let upstream = Fake::new(|query, _| {
        let owner = query.queries[0].name().to_string();
        let account = owner.split('.').next().unwrap_or_default();
        let private = format!("{account}.privatelink.blob.core.windows.net.");
        let tail = "blob.ams20.store.core.windows.net.";
        vec![reply(query, ResponseCode::NoError, vec![alias(&owner, &private), alias(&private, tail), a(tail, 20)])]
    });
    let server = served(&[upstream.address]);
    let public = |account: &str| {
        vec![
            format!("{account}.blob.core.windows.net CNAME {account}.privatelink.blob.core.windows.net."),
            format!("{account}.privatelink.blob.core.windows.net CNAME blob.ams20.store.core.windows.net."),
            "blob.ams20.store.core.windows.net A 198.51.100.20".to_owned(),
        ]
    };
    let missing = ask(at(&server, "linked"), "acct.blob.core.windows.net", RecordType::A);
    assert_eq!(missing.rcode, Rcode::NXDOMAIN);
    assert_eq!(answers(&missing), public("acct")[..1]);
    assert_eq!(missing.authority[0].owner.to_string(), "privatelink.blob.core.windows.net");
    let known = ask(at(&server, "linked"), "known.blob.core.windows.net", RecordType::A);
    assert_eq!(answers(&known)[1..], ["known.privatelink.blob.core.windows.net A 10.0.1.99"]);
    // Where no zone is linked the upstream's own records stand; so they do behind a forwarder that takes whole chains.
    for network in ["plain", "datacentre"] {
        let plain = ask(at(&server, network), "acct.blob.core.windows.net", RecordType::A);
        assert_eq!((plain.rcode, answers(&plain)), (Rcode::NOERROR, public("acct")), "{network}");
    }
}

#[test]
fn an_alias_to_an_emulated_name_is_decided_here_whatever_the_upstream_says_of_it() {
    let upstream = Fake::new(|query, _| {
        let owner = query.queries[0].name().to_string();
        let target = "api.monitor.azure.com.";
        vec![reply(query, ResponseCode::NoError, vec![alias(&owner, target), a(target, 66)])]
    });
    let server = served(&[upstream.address]);
    let own = ask(at(&server, "plain"), "api.monitor.azure.com", RecordType::A);
    let received = ask(at(&server, "plain"), "portal.elsewhere.example", RecordType::A);
    assert_eq!(answers(&received)[1..], answers(&own));
    assert!(!answers(&own).is_empty());
}

#[test]
fn a_target_the_upstream_says_nothing_of_is_asked_for_and_circles_end() {
    let upstream = Fake::new(|query, _| {
        let owner = query.queries[0].name().to_string();
        let answer = match owner.as_str() {
            "one.example." => alias(&owner, "two.example."),
            "two.example." => a(&owner, 2),
            "round.example." => alias(&owner, "about.example."),
            _ => alias(&owner, "round.example."),
        };
        vec![reply(query, ResponseCode::NoError, vec![answer])]
    });
    let server = served(&[upstream.address]);
    let received = ask(at(&server, "plain"), "one.example", RecordType::A);
    assert_eq!(answers(&received), ["one.example CNAME two.example.", "two.example A 198.51.100.2"]);
    let round = ask(at(&server, "plain"), "round.example", RecordType::A);
    assert_eq!(round.rcode, Rcode::SERVFAIL);
    assert!(reason(&round).1.contains("form a loop"), "{round:?}");
}

#[test]
fn negative_answers_and_types_nobody_knows_pass_through() {
    let upstream = Fake::new(|query, _| {
        let owner = query.queries[0].name().to_string();
        let mut told = match u16::from(query.queries[0].query_type()) {
            65_280 => {
                let data = RData::Unknown { code: 65_280.into(), rdata: NULL::with(vec![1, 2, 0, 255]) };
                return vec![reply(query, ResponseCode::NoError, vec![Record::from_rdata(name(&owner), 60, data)])];
            }
            1 => reply(query, ResponseCode::NXDomain, Vec::new()),
            _ => reply(query, ResponseCode::NoError, Vec::new()),
        };
        // The second is of no zone the name is in.
        told.add_authorities([soa("example."), soa("other.example.")]);
        vec![told]
    });
    let server = served(&[upstream.address]);
    let unknown = exchange(at(&server, "plain"), &query(1, "x.example", RecordType(65_280)));
    assert!(unknown.windows(6).any(|octets| octets == [0, 4, 1, 2, 0, 255]), "{unknown:?}");
    for (kind, rcode) in [(RecordType::A, Rcode::NXDOMAIN), (RecordType::AAAA, Rcode::NOERROR)] {
        let received = ask(at(&server, "plain"), "x.example", kind);
        assert_eq!((received.rcode, received.answer.len(), received.authority.len()), (rcode, 0, 1));
        assert_eq!(received.authority[0].owner.to_string(), "example");
    }
}

#[test]
fn a_truncated_reply_is_asked_for_again_over_tcp_and_the_client_gets_what_fits() {
    let upstream = Fake::new(|query, tcp| {
        let owner = query.queries[0].name().to_string();
        if !tcp {
            let mut short = reply(query, ResponseCode::NoError, Vec::new());
            short.metadata.truncation = true;
            return vec![short];
        }
        vec![reply(query, ResponseCode::NoError, (0..100).map(|last| a(&owner, last)).collect())]
    });
    for tcp in [TcpFrontEnd::Pipelined, TcpFrontEnd::Portable] {
        let server = served_with(Settings { tcp, ..Settings::default() }, &[upstream.address]);
        let by_udp = ask(at(&server, "plain"), "many.example", RecordType::A);
        assert!(by_udp.truncated && by_udp.answer.is_empty() && by_udp.edns.is_some());
        let mut stream = connected(at(&server, "plain"));
        stream.write_all(&framed(&query(9, "many.example", RecordType::A))).expect("the server reads");
        let by_tcp = decode(&message(&mut stream)).expect("a reply that can be read");
        assert_eq!((by_tcp.id, by_tcp.truncated, by_tcp.answer.len()), (9, false, 100));
    }
}

#[test]
fn lies_about_id_and_question_are_passed_over_and_records_nobody_asked_for_are_left() {
    let upstream = Fake::new(|query, _| {
        let owner = query.queries[0].name().to_string();
        let mut id = reply(query, ResponseCode::NoError, vec![a(&owner, 66)]);
        id.metadata.id = id.metadata.id.wrapping_add(1);
        let mut question = reply(query, ResponseCode::NoError, vec![a("bank.example.", 66)]);
        question.queries[0].set_name(name("bank.example."));
        let mut asked = reply(query, ResponseCode::NoError, vec![a(&owner, 66)]);
        asked.metadata.message_type = MessageType::Query;
        let mut honest = reply(query, ResponseCode::NoError, vec![a("bank.example.", 66), a(&owner, 1)]);
        honest.answers[1].ttl = u32::MAX;
        honest.add_authority(soa("example."));
        honest.add_additional(a("ns.example.", 66));
        vec![id, question, asked, honest]
    });
    let server = served(&[upstream.address]);
    let received = ask(at(&server, "plain"), "www.example", RecordType::A);
    assert_eq!(answers(&received), ["www.example A 198.51.100.1"]);
    assert!(received.authority.is_empty() && received.additional.is_empty());
    assert_eq!(received.answer[0].ttl, 604_800, "a TTL of 136 years is none");
}

#[test]
fn own_names_are_not_slowed_by_an_upstream_that_hangs_and_each_question_is_answered_within_five_seconds() {
    let upstream = Fake::silent();
    let server = served(&[upstream.address]);
    let there = at(&server, "plain");
    let begun = Instant::now();
    let waiting: Vec<_> = (0..300)
        .map(|id| {
            let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
            socket.set_read_timeout(Some(Duration::from_secs(6))).expect("a time-out is fine");
            socket.send_to(&query(id, &format!("n{id}.example"), RecordType::A), there).expect("loopback takes it");
            socket
        })
        .collect();
    let mut stream = connected(there);
    stream.write_all(&framed(&query(1, "slow.example", RecordType::A))).expect("the server reads");
    stream.write_all(&framed(&query(2, "api.monitor.azure.com", RecordType::A))).expect("the server reads");
    assert_eq!(
        decode(&message(&mut stream)).expect("a reply that can be read").id,
        2,
        "it does not wait for the first"
    );
    for _ in 0..20 {
        let asked = Instant::now();
        let own = ask(there, "api.monitor.azure.com", RecordType::A);
        assert_eq!(own.rcode, Rcode::NOERROR);
        assert!(
            asked.elapsed() < Duration::from_secs(2),
            "far from what the upstream is waited for: {:?}",
            asked.elapsed()
        );
    }
    let mut buffer = [0; 4096];
    for (id, socket) in (0..).zip(&waiting) {
        let length = socket.recv(&mut buffer).expect("an answer in time");
        let received = decode(&buffer[..length]).expect("a reply that can be read");
        assert_eq!((received.id, received.rcode), (id, Rcode::SERVFAIL));
        let (code, text) = reason(&received);
        assert!(code == 22 && text.contains("did not reply"), "{code} {text}");
    }
    let late = decode(&message(&mut stream)).expect("a reply that can be read");
    assert_eq!((late.id, late.rcode), (1, Rcode::SERVFAIL));
    // Within five seconds; the rest is for machines that are busy with other tests.
    assert!(PATIENCE < Duration::from_secs(5) && begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    let most = upstream.names().iter().filter(|asked| *asked == "n7.example.").count();
    assert!((1..=12).contains(&most), "{most} packets for one question");
}

#[test]
fn an_upstream_that_is_gone_is_told_at_once() {
    let server = served(&[Fake::gone(), Fake::gone()]);
    let begun = Instant::now();
    let received = ask(at(&server, "plain"), "www.example", RecordType::A);
    assert_eq!(received.rcode, Rcode::SERVFAIL);
    assert_eq!(reason(&received).0, 23);
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

#[test]
fn of_several_upstreams_the_next_is_asked_where_one_is_gone_refuses_or_says_nothing() {
    let refusing = Fake::new(|query, _| vec![reply(query, ResponseCode::Refused, Vec::new())]);
    let good = honest(3);
    for bad in [Fake::gone(), refusing.address, Fake::silent().address] {
        let server = served(&[bad, good.address]);
        let begun = Instant::now();
        let received = ask(at(&server, "plain"), "www.example", RecordType::A);
        assert_eq!(answers(&received), ["www.example A 198.51.100.3"]);
        assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    }
    let server = served(&[refusing.address]);
    let refused = ask(at(&server, "plain"), "www.example", RecordType::A);
    assert_eq!(refused.rcode, Rcode::SERVFAIL);
    assert!(reason(&refused).1.ends_with("replied REFUSED"), "{refused:?}");
}

#[test]
fn a_wildcard_socket_answers_later_from_the_address_it_was_asked_at() {
    let upstream = honest(4);
    let listeners = vec!["0.0.0.0:0".parse().expect("a good listener")];
    let server = served_with(Settings { listeners, ..Settings::default() }, &[upstream.address]);
    let port = server.listeners()[0].address.port();
    // The socket is connected, so a reply from another address would never come.
    let received = ask(SocketAddr::from(([127, 0, 0, 9], port)), "www.example", RecordType::A);
    assert_eq!(answers(&received), ["www.example A 198.51.100.4"]);
}

#[test]
fn strict_answers_carry_no_reason_cookies_as_they_came_and_no_name_for_the_server() {
    let cookie = [1, 2, 3, 4, 5, 6, 7, 8];
    let with_cookie = |text: &str, kind| {
        let mut packet = query(1, text, kind);
        packet.truncate(packet.len() - 2);
        packet.extend([0, 12, 0, 10, 0, 8]);
        packet.extend(cookie);
        packet
    };
    let echoed = |octets: &[u8]| octets.windows(12).any(|part| part == [&[0, 10, 0, 8][..], &cookie].concat());
    let upstream = Fake::new(|query, _| vec![reply(query, ResponseCode::Refused, Vec::new())]);
    for (extended, strict) in [(Ede::Include, false), (Ede::Omit, true)] {
        let server = served_with(Settings { extended, ..Settings::default() }, &[upstream.address]);
        let there = at(&server, "plain");
        // Copied, decided, refused and forwarded replies alike.
        for (text, kind) in [
            ("api.monitor.azure.com", RecordType::A),
            ("api.monitor.azure.com", RecordType::ANY),
            ("api.monitor.azure.com", RecordType::AXFR),
            ("www.example", RecordType::A),
        ] {
            let octets = exchange(there, &with_cookie(text, kind));
            assert_eq!(echoed(&octets), strict, "{text} {kind}");
            let edns = decode(&octets).expect("a reply that can be read").edns.expect("an OPT record");
            assert!(!strict || (edns.extended_error.is_none() && edns.options == 1), "{text} {kind}: {edns:?}");
        }
        let own = ask(there, "1.0.0.127.in-addr.arpa", RecordType::PTR);
        assert_eq!(own.rcode, if strict { Rcode::NXDOMAIN } else { Rcode::NOERROR });
    }
}

#[test]
fn a_question_that_comes_back_by_way_of_the_upstream_ends_at_once_with_a_hint() {
    // The made-up server forwards whatever it is asked to where it came from.
    let back = Arc::new(Mutex::new(None::<SocketAddr>));
    let forwards_to = Arc::clone(&back);
    let relay = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let upstream = relay.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        let relay = Arc::new(relay);
        let mut buffer = [0; 4096];
        while let Ok((length, from)) = relay.recv_from(&mut buffer) {
            let to = forwards_to.lock().expect("nobody panics with it").expect("it is set before anything is asked");
            let (relay, query) = (Arc::clone(&relay), buffer[..length].to_vec());
            std::thread::spawn(move || relay.send_to(&exchange(to, &query), from));
        }
    });
    let server = served(&[upstream]);
    let there = at(&server, "plain");
    *back.lock().expect("nobody panics with it") = Some(there);
    let begun = Instant::now();
    let received = ask(there, "www.example", RecordType::A);
    assert_eq!(received.rcode, Rcode::SERVFAIL);
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    assert_eq!(ask(there, "api.monitor.azure.com", RecordType::A).rcode, Rcode::NOERROR);
}

#[test]
fn clients_with_the_same_question_share_one_and_each_has_its_own_reply() {
    let fake = Fake::new(|query, _| {
        // Long enough for all of them to be there.
        std::thread::sleep(Duration::from_millis(500));
        vec![reply(query, ResponseCode::NoError, vec![a(&query.queries[0].name().to_string(), 7)])]
    });
    let server = served(&[fake.address]);
    let there = at(&server, "plain");
    let clients: Vec<_> = (0..60_u16)
        .map(|id| {
            let mut packet = query(id, "shared.example", RecordType::A);
            if id % 2 == 1 {
                packet[13..19].make_ascii_uppercase();
            }
            std::thread::spawn(move || (exchange(there, &packet), packet))
        })
        .collect();
    for client in clients {
        let (octets, packet) = client.join().expect("it has a reply");
        assert_eq!((&octets[..2], &octets[12..30]), (&packet[..2], &packet[12..30]), "its own id and spelling");
        assert_eq!(answers(&decode(&octets).expect("a reply")), ["shared.example A 198.51.100.7"]);
    }
    assert!(fake.names().len() <= 2, "{:?}", fake.names());
    let asked = fake.asked.lock().expect("nobody panics with it")[0].0.queries[0].name().to_string();
    assert!(asked != asked.to_lowercase() && asked != asked.to_uppercase(), "{asked}");
}

#[test]
fn an_upstream_that_is_this_server_is_explained_before_anything_is_served() {
    let port = Fake::gone().port();
    let told = |listen: String, upstream: String| run(&["serve", "--listen", &listen, "--upstream", &upstream]);
    for (listen, upstream) in [
        (format!("127.0.0.1:{port}"), format!("127.0.0.1:{port}")),
        (format!("0.0.0.0:{port}"), format!("127.0.0.7:{port}")),
    ] {
        let told = told(listen, upstream.clone());
        assert!(told.starts_with("exit code 2"), "{told}");
        assert!(told.contains(&format!("the upstream {upstream} is this server itself")), "{told}");
        assert!(!told.contains("ready after"), "{told}");
    }
    let told = told(format!("127.0.0.1:{port}"), "dns.example".to_owned());
    assert!(told.starts_with("exit code 2") && told.contains("`dns.example` is not a server address"), "{told}");
}
