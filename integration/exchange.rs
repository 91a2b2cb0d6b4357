//! Queries to a server over sockets, and records of its replies as documents.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use ampls_dns::dns::wire::{Received, ReceivedRecord, decode};
use ampls_dns::output::answer::RecordDocument;

/// How long a reply may take; loopback answers at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends a query over UDP and reads the reply.
pub fn ask(at: SocketAddr, packet: &[u8]) -> Received {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback has free ports");
    socket.set_read_timeout(Some(PATIENCE)).expect("the time is not zero");
    socket.send_to(packet, at).expect("loopback takes datagrams");
    let mut reply = [0; 1500];
    let length = socket.recv(&mut reply).expect("the server answers");
    decode(&reply[..length]).expect("the reply is a message")
}

/// Sends a query over a TCP connection of its own and reads the reply.
pub fn ask_over_tcp(at: SocketAddr, packet: &[u8]) -> Received {
    let mut stream = TcpStream::connect(at).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("the time is not zero");
    let length = u16::try_from(packet.len()).expect("a query is short").to_be_bytes();
    stream.write_all(&[&length[..], packet].concat()).expect("the server reads");
    let mut length = [0; 2];
    stream.read_exact(&mut length).expect("the server answers");
    let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut reply).expect("the server sends whole messages");
    decode(&reply).expect("the reply is a message")
}

/// Received records as documents have them.
pub fn records(records: &[ReceivedRecord]) -> Vec<RecordDocument> {
    let record = |record: &ReceivedRecord| RecordDocument {
        name: record.owner.dotted().to_string(),
        ttl: record.ttl,
        r#type: record.kind.to_string(),
        data: record.data.to_string(),
    };
    records.iter().map(record).collect()
}
