//! `healthcheck`: a real query to a running server, for containers that have no other client.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use clap::Args;

use super::{Outcome, Result, output};
use crate::client::admin::reachable;
use crate::dns::wire::{decode, encode_query};
use crate::dns::{OwnerName, RecordType};
use crate::server::Listen;
use crate::server::listen::DEFAULT_ADDRESS;

/// Send a query to a running server over UDP, and fail if it does not answer
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  ampls-dns healthcheck\n  ampls-dns healthcheck 127.0.0.1:53\n  \
    HEALTHCHECK CMD [\"/ampls-dns\", \"healthcheck\"]          in a Dockerfile\n\n\
    Without an address: the first of AMPLS_DNS_LISTEN, else 127.0.0.1:5300. Exit code 1 if there is no answer.")]
pub(super) struct HealthcheckArguments {
    /// Where the server listens for queries; a wildcard address means this machine
    #[arg(
        value_name = "[NETWORK=]ADDRESS:PORT",
        env = "AMPLS_DNS_LISTEN",
        hide_env_values = true,
        value_delimiter = ','
    )]
    address: Vec<Listen>,
    /// How long to wait for the answer
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = clap::value_parser!(u64).range(1..=60))]
    timeout: u64,
}

/// How often the question is sent: a datagram may be lost.
const TRIES: u32 = 2;

pub(super) fn run(arguments: &HealthcheckArguments) -> Result {
    let mut address = arguments.address.first().map_or(DEFAULT_ADDRESS, |listen| listen.address);
    address.set_ip(reachable(address.ip()));
    match ask(address, Duration::from_secs(arguments.timeout)) {
        Ok(told) => {
            output::print(&format!("{address} answers: {told}\n"))?;
            Ok(Outcome::Done)
        }
        Err(why) => {
            output::say(&format!("{address} does not answer: {why}"));
            Ok(Outcome::Failed)
        }
    }
}

/// Asks for the server's own name for the view, which no fault and no upstream has a part in.
fn ask(address: SocketAddr, time: Duration) -> std::result::Result<String, String> {
    let own: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(own).and_then(|socket| socket.connect(address).map(|()| socket));
    let socket = socket.map_err(|error| error.to_string())?;
    let name = OwnerName::parse("hostname.bind").expect("a constant name");
    // The port is chance as well: there is no reason to forge this answer, and an old one is not taken for it.
    let id = u16::try_from(std::process::id() & 0xffff).unwrap_or_default() ^ 0x5aa5;
    let mut query = encode_query(id, &name, RecordType::TXT, None);
    // Its class is CHAOS.
    if let Some(last) = query.last_mut() {
        *last = 3;
    }
    let mut out = [0; 1232];
    let mut why = "no answer in time".to_owned();
    for _ in 0..TRIES {
        let until = Instant::now() + time / TRIES;
        if let Err(error) = socket.send(&query) {
            why = error.to_string();
            continue;
        }
        while let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            socket.set_read_timeout(Some(left)).map_err(|error| error.to_string())?;
            match socket.recv(&mut out) {
                Ok(octets) => match decode(&out[..octets]) {
                    Ok(reply) if reply.id == id => return Ok(reply.rcode.to_string()),
                    _ => why = "the reply does not answer the query".to_owned(),
                },
                Err(error) => {
                    let late = matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut);
                    if !late {
                        why = error.to_string();
                    }
                    break;
                }
            }
        }
    }
    Err(why)
}
