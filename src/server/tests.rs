//! The server over real sockets of the loopback interface, all ports chosen by the system.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::*;
use crate::compile::sample::{estate, name};
use crate::compile::{Zone, ZoneFiles};
use crate::dns::NameServers;
use crate::dns::wire::{Received, decode, encode_query};
use crate::dns::{Rcode, RecordType};
use crate::server::faults::{Fault, FaultEffect, FaultFilter};

/// Longer than any reply takes, short enough to fail by.
const PATIENCE: Duration = Duration::from_secs(5);

fn world() -> Arc<Compiled> {
    Arc::new(estate([10, 0, 1, 9].into()))
}

fn served(listeners: &[&str]) -> Running {
    served_by(TcpFrontEnd::default(), listeners)
}

fn served_by(tcp: TcpFrontEnd, listeners: &[&str]) -> Running {
    let listeners = listeners.iter().map(|text| text.parse().expect("a good listener")).collect();
    start(Settings { listeners, tcp, ..Settings::default() }, world()).expect("free ports")
}

fn client(server: SocketAddr) -> UdpSocket {
    let own = if server.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" };
    client_at(own, server)
}

/// A socket that takes datagrams from nowhere but the server's address.
fn client_at(own: &str, server: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind(own).expect("a free port");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time-out is fine");
    socket.connect(server).expect("connecting sends nothing");
    socket
}

fn query(id: u16, text: &str, kind: RecordType) -> Vec<u8> {
    encode_query(id, &name(text), kind, Some(1232))
}

fn receive(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = [0; 65_535];
    let length = socket.recv(&mut buffer).expect("a reply in time");
    buffer[..length].to_vec()
}

fn ask(socket: &UdpSocket, packet: &[u8]) -> Received {
    socket.send(packet).expect("loopback takes it");
    decode(&receive(socket)).expect("a reply that can be read")
}

fn connected(server: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(server).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out is fine");
    stream
}

fn framed(packet: &[u8]) -> Vec<u8> {
    let length = u16::try_from(packet.len()).expect("a short message");
    [&length.to_be_bytes()[..], packet].concat()
}

fn read_message(stream: &mut TcpStream) -> Vec<u8> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).expect("a reply in time");
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut message).expect("the rest of the reply");
    message
}

fn ask_tcp(stream: &mut TcpStream, packet: &[u8]) -> Received {
    stream.write_all(&framed(packet)).expect("the server reads");
    decode(&read_message(stream)).expect("a reply that can be read")
}

fn last_address(received: &Received) -> String {
    received.answer.last().expect("an answer").data.to_string()
}

#[test]
fn each_network_has_its_port_and_its_answers() {
    let server = served(&["127.0.0.1:0", "vnet1=127.0.0.1:0", "vnet2=127.0.0.1:0"]);
    let packet = query(1, "api.monitor.azure.com", RecordType::A);
    for (network, address) in [(None, "192.0.2.1"), (Some("vnet1"), "10.0.1.9"), (Some("vnet2"), "192.0.2.1")] {
        let at = server.address_of(network).expect("it was asked for");
        let udp = ask(&client(at), &packet);
        assert_eq!(last_address(&udp), address);
        assert_eq!(ask_tcp(&mut connected(at), &packet), udp);
    }
}

#[test]
fn a_source_address_of_a_client_prefix_is_in_that_network() {
    let server = served(&["0.0.0.0:0"]);
    let port = server.listeners()[0].address.port();
    let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let packet = query(1, "api.monitor.azure.com", RecordType::A);
    assert_eq!(last_address(&ask(&client_at("127.0.1.5:0", at), &packet)), "10.0.1.9");
    assert_eq!(last_address(&ask(&client_at("127.0.0.1:0", at), &packet)), "192.0.2.1");
}

#[test]
fn two_questions_back_to_back_are_answered_in_order_also_on_one_connection() {
    let server = served(&["vnet1=127.0.0.1:0"]);
    let at = server.listeners()[0].address;
    let (a, aaaa) =
        (query(1, "api.monitor.azure.com", RecordType::A), query(2, "api.monitor.azure.com", RecordType::AAAA));
    let socket = client(at);
    socket.send(&a).expect("loopback takes it");
    socket.send(&aaaa).expect("loopback takes it");
    let mut stream = connected(at);
    stream.write_all(&[framed(&a), framed(&aaaa)].concat()).expect("the server reads");
    for mut take in
        [Box::new(|| receive(&socket)) as Box<dyn FnMut() -> Vec<u8>>, Box::new(|| read_message(&mut stream))]
    {
        let first = decode(&take()).expect("a reply that can be read");
        let second = decode(&take()).expect("a reply that can be read");
        assert_eq!((first.id, last_address(&first).as_str()), (1, "10.0.1.9"));
        assert_eq!((second.id, second.answer.len(), second.authority.len()), (2, 1, 1));
        assert_eq!(second.rcode, Rcode::NOERROR);
    }
}

#[test]
fn more_queries_than_a_batch_holds_are_all_answered_in_order() {
    let server = served(&["vnet1=127.0.0.1:0"]);
    let socket = client(server.listeners()[0].address);
    for id in 0..200 {
        socket.send(&query(id, "api.monitor.azure.com", RecordType::A)).expect("loopback takes it");
    }
    for id in 0..200 {
        assert_eq!(decode(&receive(&socket)).expect("a reply that can be read").id, id);
    }
}

#[test]
fn a_long_answer_is_truncated_with_its_opt_record_and_whole_over_tcp() {
    let server = served(&["vnet1=127.0.0.1:0"]);
    let at = server.listeners()[0].address;
    let packet = query(1, "longer.privatelink.monitor.azure.com", RecordType::TXT);
    let short = ask(&client(at), &packet);
    assert!(short.truncated && short.answer.is_empty() && short.edns.is_some());
    let whole = ask_tcp(&mut connected(at), &packet);
    assert_eq!((whole.truncated, whole.answer.len()), (false, 16));
    // Too many bytes for a client without EDNS, few enough for one with.
    let plain = encode_query(2, &name("long.privatelink.monitor.azure.com"), RecordType::TXT, None);
    let short = ask(&client(at), &plain);
    assert!(short.truncated && short.answer.is_empty() && short.edns.is_none());
    assert_eq!(ask_tcp(&mut connected(at), &plain).answer.len(), 1);
    let long = query(3, "long.privatelink.monitor.azure.com", RecordType::TXT);
    assert_eq!(ask(&client(at), &long).answer.len(), 1);
}

#[test]
fn unusual_queries_get_the_same_replies_over_both_transports() {
    let server = served(&["vnet1=127.0.0.1:0"]);
    let at = server.listeners()[0].address;
    let good = query(1, "api.monitor.azure.com", RecordType::A);
    let last = good.len();
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut packet = good.clone();
        change(&mut packet);
        packet
    };
    let cases = [
        ("EDNS version 1", Rcode::BADVERS, with(&|packet| packet[last - 5] = 1)),
        ("an unknown flag", Rcode::NOERROR, with(&|packet| packet[last - 3] = 1)),
        ("DO", Rcode::NOERROR, with(&|packet| packet[last - 4] = 0x80)),
        (
            "an unknown option",
            Rcode::NOERROR,
            with(&|packet| {
                packet[last - 1] = 6;
                packet.extend([0xff, 0xee, 0, 2, 1, 2]);
            }),
        ),
        (
            "a cookie",
            Rcode::NOERROR,
            with(&|packet| {
                packet[last - 1] = 12;
                packet.extend([0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]);
            }),
        ),
        ("opcode STATUS", Rcode::NOTIMP, with(&|packet| packet[2] = 0x10)),
        ("opcode 15", Rcode::NOTIMP, with(&|packet| packet[2] = 0x78)),
        ("CHAOS", Rcode::REFUSED, with(&|packet| packet[last - 12] = 3)),
        ("AXFR", Rcode::REFUSED, query(1, "monitor.azure.com", RecordType::AXFR)),
        ("a loop of nobody's", Rcode::NXDOMAIN, query(1, "nobody.example", RecordType::A)),
        ("no EDNS", Rcode::NOERROR, encode_query(1, &name("api.monitor.azure.com"), RecordType::A, None)),
        ("no recursion", Rcode::NOERROR, with(&|packet| packet[2] = 0)),
        ("CD and AD", Rcode::NOERROR, with(&|packet| packet[3] = 0x30)),
    ];
    let (socket, mut stream) = (client(at), connected(at));
    for (what, rcode, packet) in cases {
        let udp = ask(&socket, &packet);
        assert_eq!(udp.rcode, rcode, "{what}");
        assert_eq!(udp.edns.is_some(), packet.len() >= last || what == "AXFR" || what.ends_with("nobody's"), "{what}");
        // Neither option is echoed, and what the reply has besides is the reason.
        let reason = udp.edns.as_ref().map_or(0, |edns| usize::from(edns.extended_error.is_some()));
        assert_eq!(udp.edns.as_ref().map_or(0, |edns| edns.options), reason, "{what}");
        assert_eq!(ask_tcp(&mut stream, &packet), udp, "{what}");
    }
}

#[test]
fn malformed_messages_get_format_errors_over_both_transports() {
    let server = served(&["127.0.0.1:0"]);
    let at = server.listeners()[0].address;
    let (socket, mut stream) = (client(at), connected(at));
    let good = encode_query(7, &name("api.monitor.azure.com"), RecordType::A, None);
    let mut none = good[..12].to_vec();
    none[5] = 0;
    let mut pointer = good[..12].to_vec();
    pointer.extend([0xc0, 12, 0, 1, 0, 1]);
    let trailing = [&good[..], &[0; 3]].concat();
    for packet in [none, pointer, trailing, good[..good.len() - 1].to_vec()] {
        for received in [ask(&socket, &packet), ask_tcp(&mut stream, &packet)] {
            assert_eq!((received.id, received.rcode, received.answer.len()), (7, Rcode::FORMERR, 0));
        }
    }
}

#[test]
fn replies_and_fragments_meet_silence() {
    let server = served(&["127.0.0.1:0"]);
    let at = server.listeners()[0].address;
    let mut reply = query(1, "api.monitor.azure.com", RecordType::A);
    reply[2] |= 0x80;
    let socket = client(at);
    let mut stream = connected(at);
    for silent in [&reply[..], &reply[..11]] {
        socket.send(silent).expect("loopback takes it");
        stream.write_all(&framed(silent)).expect("the server reads");
    }
    socket.send(&[]).expect("loopback takes it");
    // Queries of one socket are answered in order, so an earlier answer would come first.
    let good = query(2, "api.monitor.azure.com", RecordType::A);
    assert_eq!(ask(&socket, &good).id, 2);
    assert_eq!(ask_tcp(&mut stream, &good).id, 2);
    // Anything after an empty message ends a connection.
    stream.write_all(&[&[0, 0][..], &framed(&good)].concat()).expect("the server reads");
    let ended = stream.read(&mut [0; 2]);
    assert!(ended.as_ref().map_or_else(|error| error.kind() == io::ErrorKind::ConnectionReset, |read| *read == 0));
}

#[test]
fn the_spelling_of_a_question_comes_back() {
    let server = served(&["vnet1=127.0.0.1:0"]);
    let at = server.listeners()[0].address;
    let mut packet = query(1, "api.monitor.azure.com", RecordType::A);
    packet[14] = b'P';
    packet[20] = b'I';
    let socket = client(at);
    socket.send(&packet).expect("loopback takes it");
    assert_eq!(receive(&socket)[12..39], packet[12..39]);
    let mut stream = connected(at);
    stream.write_all(&framed(&packet)).expect("the server reads");
    assert_eq!(read_message(&mut stream)[12..39], packet[12..39]);
}

#[test]
fn a_wildcard_listener_answers_from_the_address_that_was_asked() {
    let server = served(&["0.0.0.0:0"]);
    let port = server.listeners()[0].address.port();
    for (last, reverse) in [(2, "2.0.0.127.in-addr.arpa"), (1, "1.0.0.127.in-addr.arpa")] {
        // The client's socket is connected: a reply from any other address never reaches it.
        let socket = client(SocketAddr::from(([127, 0, 0, last], port)));
        let received = ask(&socket, &query(1, "api.monitor.azure.com", RecordType::A));
        assert_eq!(last_address(&received), "192.0.2.1");
        let named = ask(&socket, &query(2, reverse, RecordType::PTR));
        assert_eq!(last_address(&named), "public.ampls-dns.invalid.");
    }
}

#[test]
fn ipv6_is_served_where_there_is_some() {
    if UdpSocket::bind("[::1]:0").is_err() {
        // Containers often have no IPv6 at all; then there is nothing to serve.
        return;
    }
    let server = served(&["vnet1=[::1]:0", "[::]:0"]);
    let packet = query(1, "api.monitor.azure.com", RecordType::A);
    let named = server.listeners()[0].address;
    assert_eq!(last_address(&ask(&client(named), &packet)), "10.0.1.9");
    assert_eq!(last_address(&ask_tcp(&mut connected(named), &packet)), "10.0.1.9");
    let wildcard = SocketAddr::new("::1".parse().expect("an address"), server.listeners()[1].address.port());
    assert_eq!(last_address(&ask(&client(wildcard), &packet)), "192.0.2.1");
}

#[test]
fn portable_udp_answers_as_batches_do() {
    let fast = served(&["vnet1=127.0.0.1:0"]);
    let bound = vec![Bound { network: Some("vnet1".into()), address: fast.listeners()[0].address }];
    let service = Arc::new(Service::new(world(), bound, Conduct::default()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (stop, stopped) = watch::channel(false);
    let (at, is_at) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        runtime.block_on(async {
            let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
            at.send(socket.local_addr().expect("it is bound")).expect("the test waits for it");
            let place = Listener::new(service, 0).expect("there is one");
            udp::serve_portably(socket, place, stopped).await;
        });
    });
    let portable = client(is_at.recv().expect("it binds"));
    let fast = client(fast.listeners()[0].address);
    for packet in [
        query(1, "api.monitor.azure.com", RecordType::A),
        query(2, "longer.privatelink.monitor.azure.com", RecordType::TXT),
        query(3, "nobody.example", RecordType::AAAA),
        vec![0; 12],
    ] {
        assert_eq!(ask(&portable, &packet), ask(&fast, &packet));
    }
    stop.send_replace(true);
    thread.join().expect("it stops");
}

#[test]
fn a_new_revision_is_answered_from_once_it_is_published() {
    let server = served(&["vnet1=127.0.0.1:0"]);
    let at = server.listeners()[0].address;
    let (socket, mut stream) = (client(at), connected(at));
    for last in 20..60u8 {
        server.publish(Arc::new(estate([10, 0, 1, last].into())));
        let packet = query(u16::from(last), "api.monitor.azure.com", RecordType::A);
        let expected = format!("10.0.1.{last}");
        assert_eq!(last_address(&ask(&socket, &packet)), expected);
        assert_eq!(last_address(&ask_tcp(&mut stream, &packet)), expected);
    }
}

#[test]
fn client_subnets_are_trusted_from_loopback() {
    let server = served(&["127.0.0.1:0"]);
    let mut packet = query(1, "api.monitor.azure.com", RecordType::A);
    packet.truncate(packet.len() - 2);
    packet.extend([0, 11, 0, 8, 0, 7, 0, 1, 24, 0, 10, 0, 1]);
    let at = server.listeners()[0].address;
    for received in [ask(&client(at), &packet), ask_tcp(&mut connected(at), &packet)] {
        assert_eq!(last_address(&received), "10.0.1.9");
        assert_eq!(received.edns.and_then(|edns| edns.client_subnet), Some((24, 24)));
    }
}

#[test]
fn a_second_instance_on_the_same_address_is_an_error() {
    let first = served(&["127.0.0.1:0"]);
    let listeners = vec![Listen { network: None, address: first.listeners()[0].address }];
    let second = start(Settings { listeners, ..Settings::default() }, world());
    assert!(matches!(second, Err(StartError::Taken { transport: "TCP", .. })));
}

#[test]
fn a_listener_for_a_network_that_is_not_there_is_an_error() {
    let listeners = vec!["vnet3=127.0.0.1:0".parse().expect("a good listener")];
    let error = start(Settings { listeners, ..Settings::default() }, world()).expect_err("there is no vnet3");
    assert_eq!(error.to_string(), "`--listen vnet3=127.0.0.1:0` has an unknown network; the scenario has vnet1, vnet2");
}

#[test]
fn stopping_and_dropping_both_free_the_ports() {
    let requested = |address| Settings { listeners: vec![Listen { network: None, address }], ..Settings::default() };
    let first = served(&["127.0.0.1:0"]);
    let at = first.listeners()[0].address;
    // An open connection is closed, too.
    let mut open = connected(at);
    assert_eq!(ask_tcp(&mut open, &query(1, "api.monitor.azure.com", RecordType::A)).rcode, Rcode::NOERROR);
    drop(first);
    assert_eq!(open.read(&mut [0; 2]).ok(), Some(0));
    let second = start(requested(at), world()).expect("the port is free again");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(second.shutdown());
    drop(start(requested(at), world()).expect("the port is free again"));
}

#[test]
fn an_idle_connection_is_closed() {
    let settings = Settings {
        listeners: vec!["127.0.0.1:0".parse().expect("a good listener")],
        tcp_idle: Duration::from_millis(50),
        ..Settings::default()
    };
    let server = start(settings, world()).expect("free ports");
    let mut stream = connected(server.listeners()[0].address);
    // Half a frame keeps nothing open.
    stream.write_all(&[0]).expect("the server reads");
    assert_eq!(stream.read(&mut [0; 2]).ok(), Some(0));
}

#[test]
fn several_workers_answer_at_one_address_and_still_keep_others_out() {
    let listeners = vec!["vnet1=127.0.0.1:0".parse().expect("a good listener")];
    let workers = NonZeroUsize::new(3).expect("not zero");
    let settings = Settings { listeners, workers, ..Settings::default() };
    let server = start(settings.clone(), world()).expect("free ports");
    let at = server.listeners()[0].address;
    let packet = query(1, "api.monitor.azure.com", RecordType::A);
    // The kernel spreads clients by their ports; with as many as these each worker has some.
    for _ in 0..40 {
        assert_eq!(last_address(&ask(&client(at), &packet)), "10.0.1.9");
        assert_eq!(last_address(&ask_tcp(&mut connected(at), &packet)), "10.0.1.9");
    }
    server.publish(Arc::new(estate([10, 0, 1, 10].into())));
    for _ in 0..40 {
        assert_eq!(last_address(&ask(&client(at), &packet)), "10.0.1.10");
    }
    let listeners = vec![Listen { network: None, address: at }];
    let second = start(Settings { listeners, ..settings }, world());
    assert!(matches!(second, Err(StartError::Taken { transport: "TCP", .. })));
}

#[test]
fn many_queries_of_one_write_are_answered_in_order_however_they_are_cut() {
    let server = served(&["vnet1=127.0.0.1:0"]);
    let mut stream = connected(server.listeners()[0].address);
    // Their replies are more than what is put together for one write.
    let ids = 0..900u16;
    let all: Vec<u8> = ids
        .clone()
        .flat_map(|id| framed(&query(id, "longer.privatelink.monitor.azure.com", RecordType::TXT)))
        .collect();
    let mut writing = stream.try_clone().expect("a second handle");
    let writer = std::thread::spawn(move || {
        for piece in all.chunks(997) {
            writing.write_all(piece).expect("the server reads");
        }
    });
    for id in ids {
        assert_eq!(decode(&read_message(&mut stream)).expect("a reply that can be read").id, id);
    }
    writer.join().expect("everything is written");
    // The longest message there can be is read as a whole, too.
    let mut long = query(7, "api.monitor.azure.com", RecordType::A);
    long.resize(65_535, 0);
    assert_eq!(ask_tcp(&mut stream, &long).rcode, Rcode::FORMERR);
}

/// Two zones that are right together only: an alias into the other zone, both with the number in them.
fn numbered(number: u8) -> Arc<Compiled> {
    let head = "$TTL 10\n@ SOA ns host 1 2 3 4 5\n";
    let zone = |apex: &str, text: String| {
        let text = format!("{head}{text}");
        Zone::read(apex, text.as_bytes(), Some(&name(apex)), NameServers::Keep).expect("a good zone")
    };
    let mut files = ZoneFiles::default();
    for zone in [
        zone("one.test", format!("a CNAME n{number}.two.test.\n")),
        zone("two.test", format!("n{number} A 10.0.0.{number}\n")),
    ] {
        files.publish(Arc::new(zone)).expect("two names");
    }
    Arc::new(Compiled::of_files(Arc::new(files)))
}

#[test]
fn while_revisions_are_replaced_no_query_is_lost_and_none_is_answered_from_two_of_them() {
    let listeners = vec!["127.0.0.1:0".parse().expect("a good listener")];
    let workers = NonZeroUsize::new(2).expect("not zero");
    let server = start(Settings { listeners, workers, ..Settings::default() }, numbered(0)).expect("free ports");
    let at = server.listeners()[0].address;
    let over = AtomicBool::new(false);
    let answered = std::thread::scope(|scope| {
        let asking = |over_tcp: bool| {
            let over = &over;
            scope.spawn(move || {
                let (socket, mut stream) = (client(at), connected(at));
                let mut answered = 0u32;
                while !over.load(Ordering::Relaxed) || answered == 0 {
                    let packets: Vec<_> = (0..20).map(|id| query(id, "a.one.test", RecordType::A)).collect();
                    if over_tcp {
                        let all: Vec<u8> = packets.iter().flat_map(|packet| framed(packet)).collect();
                        stream.write_all(&all).expect("the server reads");
                    } else {
                        packets.iter().for_each(|packet| assert!(socket.send(packet).is_ok()));
                    }
                    for id in 0..20 {
                        let reply = if over_tcp { read_message(&mut stream) } else { receive(&socket) };
                        let reply = decode(&reply).expect("a reply that can be read");
                        assert_eq!((reply.id, reply.rcode, reply.answer.len()), (id, Rcode::NOERROR, 2));
                        let target = reply.answer[0].data.to_string();
                        let number = target.trim_start_matches('n').trim_end_matches(".two.test.");
                        assert_eq!(last_address(&reply), format!("10.0.0.{number}"));
                        answered += 1;
                    }
                }
                answered
            })
        };
        let threads = [asking(false), asking(true)];
        for number in 1..=250 {
            server.publish(numbered(number));
        }
        over.store(true, Ordering::Relaxed);
        threads.map(|thread| thread.join().expect("every reply was right"))
    });
    assert!(answered.iter().all(|count| *count > 0));
    assert_eq!(last_address(&ask(&client(at), &query(1, "a.one.test", RecordType::A))), "10.0.0.250");
}

fn fault(effect: Option<FaultEffect>, delay: Duration, name: &str) -> Fault {
    let scope = FaultFilter { name: Some(name.parse().expect("a good pattern")), ..FaultFilter::default() };
    Fault { scope, share: 1.0, seed: 0, lasts: None, delay, effect }
}

fn set(server: &Running, fault: Fault) {
    server.service().faults().set(fault, Instant::now()).expect("a good fault");
}

/// What the last query taken down says of its fault.
fn hit(server: &Running) -> Option<String> {
    let log = server.service().log();
    let kept = log.kept();
    kept.queries.last().and_then(|one| log.document(one).fault.clone())
}

#[test]
fn a_late_reply_keeps_no_other_waiting() {
    let late = Duration::from_millis(300);
    for listener in ["vnet1=127.0.0.1:0", "vnet1=0.0.0.0:0"] {
        let server = served(&[listener]);
        set(&server, fault(None, late, "*.azure.com"));
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, server.listeners()[0].address.port()));
        let slow = query(1, "api.monitor.azure.com", RecordType::A);
        let quick = query(2, "nobody.example", RecordType::A);
        let socket = client(at);
        let begun = Instant::now();
        socket.send(&slow).expect("loopback takes it");
        assert_eq!(ask(&socket, &quick).id, 2, "the quick one has not waited");
        let reply = decode(&receive(&socket)).expect("a reply");
        assert!(begun.elapsed() >= late);
        assert_eq!((reply.id, last_address(&reply)), (1, "10.0.1.9".into()));
        let log = server.service().log();
        let seen = log.kept().queries;
        let seen = seen.iter().map(|one| log.document(one)).find(|one| one.fault.is_some()).expect("it is seen");
        assert_eq!(seen.fault.as_deref(), Some("fault 1: 300 ms late"));
        assert!(seen.latency_microseconds >= 300_000);
        let mut stream = connected(at);
        let begun = Instant::now();
        stream.write_all(&[framed(&slow), framed(&quick)].concat()).expect("the server reads");
        let ids = [read_message(&mut stream), read_message(&mut stream)].map(|message| message[1]);
        assert!(begun.elapsed() >= late);
        assert_eq!(ids, [2, 1], "replies of one connection do not wait for each other");
        // The connection is still good.
        assert_eq!(ask_tcp(&mut stream, &quick).id, 2);
    }
}

#[test]
fn faults_drop_refuse_and_truncate_what_they_are_for_and_nothing_else() {
    let server = served(&["vnet1=127.0.0.1:0"]);
    set(&server, fault(Some(FaultEffect::Drop), Duration::ZERO, "dropped.example"));
    set(&server, fault(Some(FaultEffect::Rcode(Rcode::SERVFAIL)), Duration::ZERO, "failing.example"));
    set(&server, fault(Some(FaultEffect::Truncate), Duration::ZERO, "api.monitor.azure.com"));
    let at = server.listeners()[0].address;
    let socket = client(at);
    socket.send(&query(1, "dropped.example", RecordType::A)).expect("loopback takes it");
    let failed = ask(&socket, &query(2, "failing.example", RecordType::A));
    assert_eq!((failed.id, failed.rcode), (2, Rcode::SERVFAIL), "nothing came for the first");
    let truncated = ask(&socket, &query(3, "api.monitor.azure.com", RecordType::A));
    assert!(truncated.truncated && truncated.answer.is_empty());
    assert_eq!(hit(&server).as_deref(), Some("fault 3: truncated"));
    let over_tcp = ask_tcp(&mut connected(at), &query(4, "api.monitor.azure.com", RecordType::A));
    assert_eq!((over_tcp.truncated, last_address(&over_tcp)), (false, "10.0.1.9".into()));
    assert_eq!(ask(&socket, &query(5, "other.example", RecordType::A)).rcode, Rcode::NXDOMAIN);
    assert_eq!(hit(&server), None);
    let log = server.service().log();
    let kept = log.kept().queries;
    let first = log.document(&kept[0]);
    assert_eq!((&first.rcode, first.fault.as_deref()), (&None, Some("fault 1: no reply")));
    assert_eq!(server.service().faults().clear_all(Instant::now()), 3);
    assert_eq!(ask(&socket, &query(6, "failing.example", RecordType::A)).rcode, Rcode::NXDOMAIN);
}

#[test]
fn a_stale_answer_is_that_of_the_revision_before() {
    let server = served(&["vnet1=127.0.0.1:0"]);
    set(&server, fault(Some(FaultEffect::Stale), Duration::ZERO, "*"));
    let socket = client(server.listeners()[0].address);
    let packet = query(1, "api.monitor.azure.com", RecordType::A);
    assert_eq!(last_address(&ask(&socket, &packet)), "10.0.1.9", "there is none before the first");
    server.publish(Arc::new(estate([10, 0, 1, 77].into())));
    let stale = ask(&socket, &packet);
    assert_eq!(last_address(&stale), "10.0.1.9");
    let told = stale.edns.and_then(|edns| edns.extended_error).expect("it is told");
    assert_eq!((told.code, &*told.text), (3, "fault 1: the answer of the previous revision"));
    server.service().faults().clear_all(Instant::now());
    assert_eq!(last_address(&ask(&socket, &packet)), "10.0.1.77");
}

/// What hickory-server adds is its own reading of a message: everything it can read gets the pipeline's reply, byte for byte
/// the same records.
#[test]
fn hickorys_tcp_front_end_gives_the_replies_of_the_pipeline() {
    let listeners = ["127.0.0.1:0", "vnet1=127.0.0.1:0"];
    let (own, portable) = (served(&listeners), served_by(TcpFrontEnd::Portable, &listeners));
    let api = query(1, "api.monitor.azure.com", RecordType::A);
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut packet = api.clone();
        change(&mut packet);
        packet
    };
    let last = api.len();
    let packets = [
        api.clone(),
        query(2, "longer.privatelink.monitor.azure.com", RecordType::TXT),
        query(3, "nobody.example", RecordType::AAAA),
        query(4, "monitor.azure.com", RecordType::AXFR),
        with(&|packet| packet[last - 5] = 1),
        with(&|packet| packet[last - 12] = 3),
        with(&|packet| packet[2] = 0x10),
        with(&|packet| packet[14] = b'P'),
        with(&|packet| {
            packet.truncate(last - 2);
            packet.extend([0, 11, 0, 8, 0, 7, 0, 1, 24, 0, 10, 0, 1]);
        }),
    ];
    for listener in 0..listeners.len() {
        let [mut one, mut other] = [&own, &portable].map(|server| connected(server.listeners()[listener].address));
        for packet in &packets {
            assert_eq!(ask_tcp(&mut one, packet), ask_tcp(&mut other, packet), "{packet:?}");
        }
    }
    let mut stream = connected(portable.listeners()[1].address);
    // The spelling of the question is kept.
    stream.write_all(&framed(&packets[7])).expect("the server reads");
    assert_eq!(read_message(&mut stream)[12..39], packets[7][12..39]);
    portable.publish(Arc::new(estate([10, 0, 1, 77].into())));
    assert_eq!(last_address(&ask_tcp(&mut stream, &api)), "10.0.1.77");
}

#[test]
fn what_hickorys_front_end_cannot_read_is_a_format_error_or_ends_the_connection() {
    let server = served_by(TcpFrontEnd::Portable, &["127.0.0.1:0"]);
    let mut stream = connected(server.listeners()[0].address);
    let good = encode_query(7, &name("api.monitor.azure.com"), RecordType::A, None);
    for packet in [[&good[..], &[0; 3]].concat(), good[..good.len() - 1].to_vec()] {
        let received = ask_tcp(&mut stream, &packet);
        assert_eq!((received.id, received.rcode, received.answer.len()), (7, Rcode::FORMERR, 0));
    }
    // A reply meets silence; what follows an empty message ends the connection.
    let mut reply = good.clone();
    reply[2] |= 0x80;
    stream.write_all(&framed(&reply)).expect("the server reads");
    assert_eq!(ask_tcp(&mut stream, &good).id, 7);
    stream.write_all(&[&[0, 0][..], &framed(&good)].concat()).expect("the server reads");
    let ended = stream.read(&mut [0; 2]);
    assert!(ended.as_ref().map_or_else(|error| error.kind() == io::ErrorKind::ConnectionReset, |read| *read == 0));
}

#[test]
fn hickorys_front_end_waits_for_late_replies_one_by_one() {
    let late = Duration::from_millis(100);
    let server = served_by(TcpFrontEnd::Portable, &["vnet1=127.0.0.1:0"]);
    set(&server, fault(None, late, "*.azure.com"));
    let mut stream = connected(server.listeners()[0].address);
    let begun = Instant::now();
    let both = [query(1, "api.monitor.azure.com", RecordType::A), query(2, "nobody.example", RecordType::A)];
    stream.write_all(&both.map(|packet| framed(&packet)).concat()).expect("the server reads");
    let ids = [read_message(&mut stream), read_message(&mut stream)].map(|message| message[1]);
    assert!(begun.elapsed() >= late && ids.contains(&1) && ids.contains(&2));
}

#[test]
fn a_connection_needs_no_socket_only_a_stream_of_bytes() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let bound = vec![Bound { network: Some("vnet1".into()), address: ([127, 0, 0, 1], 853).into() }];
    let service = Arc::new(Service::new(world(), bound, Conduct::default()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let tasks = LocalSet::new();
    let (mut near, far) = tokio::io::duplex(16);
    let place = Listener::new(service, 0).expect("there is one");
    let from = ([127, 0, 0, 1], 4242).into();
    let connection = tcp::Connection::new(far, from, crate::dns::Transport::Tcp, place, PATIENCE);
    let served = tasks.spawn_local(connection.serve());
    tasks.block_on(&runtime, async {
        for id in 1..3 {
            // Neither the query nor its reply fits the pipe at once.
            near.write_all(&framed(&query(id, "api.monitor.azure.com", RecordType::A))).await.expect("it is read");
            let mut reply = vec![0; usize::from(near.read_u16().await.expect("a reply"))];
            near.read_exact(&mut reply).await.expect("the rest of the reply");
            let reply = decode(&reply).expect("a reply that can be read");
            assert_eq!((reply.id, last_address(&reply).as_str()), (id, "10.0.1.9"));
        }
        near.shutdown().await.expect("it can be closed");
        served.await.expect("no panic").expect("the connection ends without an error");
    });
}
