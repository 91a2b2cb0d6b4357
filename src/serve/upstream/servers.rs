//! Which servers are asked: those named, or those of the system.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::Path;
use std::str::FromStr;

use crate::serve::{Bound, StartError};

/// Where the system keeps its resolvers (resolv.conf(5)).
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// The port of DNS, where none is said.
const PORT: u16 = 53;

/// An upstream as named. Written `ADDRESS[:PORT]`, or `system`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Named {
    /// A server.
    Server(SocketAddr),
    /// Those of `/etc/resolv.conf`.
    System,
}

/// A text that names no upstream.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is no upstream; write ADDRESS, ADDRESS:PORT, [ADDRESS]:PORT for IPv6, or `system`")]
pub struct NamedError(String);

impl FromStr for Named {
    type Err = NamedError;

    fn from_str(text: &str) -> Result<Self, NamedError> {
        if text == "system" {
            return Ok(Self::System);
        }
        let address = text.parse::<SocketAddr>();
        let address = address.or_else(|_| text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, PORT)));
        address.map(Self::Server).map_err(|_| NamedError(text.to_owned()))
    }
}

/// Why the servers of the system are not known.
#[derive(Debug, thiserror::Error)]
pub enum SystemError {
    /// The file cannot be read.
    #[error("the system's resolvers are not known: `{RESOLV_CONF}` cannot be read; name the upstream by its address")]
    Unreadable(#[source] io::Error),
    /// The file names none.
    #[error("`{RESOLV_CONF}` names no resolver; name the upstream by its address")]
    Nobody,
}

/// The servers that are meant, in order, each once.
///
/// # Errors
/// [`SystemError`] if those of the system are wanted and not known.
pub fn servers(named: &[Named]) -> Result<Vec<SocketAddr>, SystemError> {
    let mut servers = Vec::new();
    for one in named {
        match one {
            Named::Server(server) => servers.push(*server),
            Named::System => servers.extend(of_system(Path::new(RESOLV_CONF))?),
        }
    }
    let mut seen = std::collections::HashSet::new();
    servers.retain(|server| seen.insert(*server));
    Ok(servers)
}

fn of_system(path: &Path) -> Result<Vec<SocketAddr>, SystemError> {
    let text = fs::read_to_string(path).map_err(SystemError::Unreadable)?;
    let servers: Vec<_> = in_text(&text).collect();
    if servers.is_empty() { Err(SystemError::Nobody) } else { Ok(servers) }
}

/// The `nameserver` lines of a resolv.conf; of IPv6 addresses with a zone the zone is left out.
fn in_text(text: &str) -> impl Iterator<Item = SocketAddr> {
    text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let address = words.next().filter(|word| *word == "nameserver").and(words.next())?;
        let address = address.split_once('%').map_or(address, |(address, _)| address);
        Some(SocketAddr::new(address.parse().ok()?, PORT))
    })
}

/// Refuses upstreams that are listeners of this server.
pub(in crate::serve) fn refuse_own(upstreams: &[SocketAddr], listeners: &[Bound]) -> Result<(), StartError> {
    for upstream in upstreams {
        let leads_here = |bound: &&Bound| {
            let own = bound.address;
            own.port() == upstream.port()
                && (own.ip() == upstream.ip() || own.ip().is_unspecified() && is_of_this_machine(upstream.ip()))
        };
        if let Some(bound) = listeners.iter().find(leads_here) {
            return Err(StartError::OwnUpstream { upstream: *upstream, listener: bound.address });
        }
    }
    Ok(())
}

/// True if a socket can be bound there: only a machine's own addresses let one.
fn is_of_this_machine(address: IpAddr) -> bool {
    address.is_unspecified() || address.is_loopback() || UdpSocket::bind((address, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(address: &str) -> Bound {
        Bound { network: None, address: address.parse().expect("a good address") }
    }

    #[test]
    fn an_upstream_is_an_address_with_or_without_a_port_or_the_system() {
        let server = |text: &str| text.parse::<Named>().map_err(|error| error.to_string());
        let at = |text: &str| Ok(Named::Server(text.parse().expect("a good address")));
        assert_eq!(server("10.0.0.1"), at("10.0.0.1:53"));
        assert_eq!(server("10.0.0.1:5353"), at("10.0.0.1:5353"));
        assert_eq!(server("fd00::1"), at("[fd00::1]:53"));
        assert_eq!(server("[fd00::1]:54"), at("[fd00::1]:54"));
        assert_eq!(server("system"), Ok(Named::System));
        assert!(server("dns.example").is_err_and(|error| error.contains("`dns.example` is no upstream")));
    }

    #[test]
    fn resolvers_of_the_system_are_read_from_their_lines() {
        let text = "# made\nsearch x.example\nnameserver 127.0.0.11\n nameserver\tfe80::1%eth0\nnameserver nonsense\n";
        let servers: Vec<String> = in_text(text).map(|server| server.to_string()).collect();
        assert_eq!(servers, ["127.0.0.11:53", "[fe80::1]:53"]);
    }

    #[test]
    fn an_upstream_that_leads_back_is_refused_also_behind_a_wildcard() {
        let refused = |upstream: &str, listener| {
            let upstream = upstream.parse().expect("a good address");
            refuse_own(&[upstream], &[bound("127.0.0.1:1"), bound(listener)]).is_err()
        };
        assert!(refused("127.0.0.1:5300", "127.0.0.1:5300"));
        assert!(refused("127.0.0.7:5300", "0.0.0.0:5300"));
        assert!(!refused("127.0.0.1:5301", "0.0.0.0:5300"));
        assert!(!refused("127.0.0.2:5300", "127.0.0.1:5300"));
        assert!(!refused("198.51.100.7:5300", "0.0.0.0:5300"));
    }
}
