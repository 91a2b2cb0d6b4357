//! Which server answers for which network.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::str::FromStr;

use crate::scenario::expect::From;

/// The port of DNS.
const PORT: u16 = 53;

/// A server on the command line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::cli) struct Server {
    /// The network it answers for; absent for the one in `--from`.
    pub(in crate::cli) network: Option<String>,
    /// Where it listens.
    pub(in crate::cli) address: SocketAddr,
}

impl FromStr for Server {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (network, address) = match text.rsplit_once('=') {
            Some((network, address)) if !network.is_empty() => (Some(network.to_owned()), address),
            _ => (None, text),
        };
        Ok(Self { network, address: self::address(address)? })
    }
}

/// An address, or a name this machine knows, with or without a port.
fn address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    if let Ok(address) = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        return Ok((address, PORT).into());
    }
    let hint = "write ADDRESS, ADDRESS:PORT or NETWORK=ADDRESS:PORT, such as vnet1=127.0.0.1:5301";
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().map_err(|_| hint.to_owned())?),
        None => (text, PORT),
    };
    let found = if host.is_empty() { None } else { (host, port).to_socket_addrs().ok().and_then(|mut all| all.next()) };
    found.ok_or_else(|| format!("no address is known for `{host}`; {hint}"))
}

/// All servers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Servers {
    named: Vec<(String, SocketAddr)>,
    /// The server without a network.
    bare: Option<SocketAddr>,
}

impl Servers {
    /// Those given; one without a network is in `from`.
    pub(super) fn of(servers: &[Server], from: Option<&str>) -> Self {
        let named = servers.iter().filter_map(|one| Some((one.network.as_deref().or(from)?.to_owned(), one.address)));
        let bare = servers.iter().find(|one| one.network.is_none()).map(|one| one.address);
        Self { named: named.collect(), bare }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.named.is_empty() && self.bare.is_none()
    }

    /// True if there is a server without a network.
    pub(super) fn lacks_network(&self) -> bool {
        self.named.is_empty() && self.bare.is_some()
    }

    /// The server for an asker: that of its network; for a client subnet the one without a network of its own, else the
    /// public one. The first one given counts.
    pub(super) fn of_asker(&self, from: &From) -> Option<SocketAddr> {
        let named = |name: &str| self.named.iter().find(|(own, _)| own == name).map(|(_, address)| *address);
        match from {
            From::Subnet(_) => self.bare.or_else(|| named("public")),
            other => named(&other.name()),
        }
    }

    /// Every server with its network.
    pub(super) fn named(&self) -> &[(String, SocketAddr)] {
        &self.named
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(texts: &[&str], from: Option<&str>) -> Servers {
        let read: Vec<Server> = texts.iter().map(|text| text.parse().expect("it is a server")).collect();
        Servers::of(&read, from)
    }

    #[test]
    fn a_server_has_a_network_of_its_own_or_that_of_from() {
        let all = servers(&["vnet1=127.0.0.1:5301", "10.0.0.4"], Some("vnet2"));
        let of = |name: &str| all.of_asker(&From::Network(name.into())).map(|address| address.to_string());
        assert_eq!(of("vnet1").as_deref(), Some("127.0.0.1:5301"));
        assert_eq!(of("vnet2").as_deref(), Some("10.0.0.4:53"));
        assert_eq!(of("vnet3"), None);
        assert_eq!(all.of_asker(&From::Public), None);
        let subnet = From::Subnet("10.0.1.0/24".parse().expect("a prefix"));
        assert_eq!(all.of_asker(&subnet).map(|address| address.port()), Some(53));
        assert!(servers(&["[::1]:53"], None).lacks_network() && servers(&["::1"], None).of_asker(&subnet).is_some());
    }

    #[test]
    fn what_is_no_server_is_told_with_an_example() {
        for text in ["", "vnet1=", "127.0.0.1:x", "127.0.0.1:99999", "=127.0.0.1", "nobody.invalid:53"] {
            let error = text.parse::<Server>().expect_err(text);
            assert!(error.contains("such as vnet1=127.0.0.1:5301"), "{text}: {error}");
        }
    }
}
