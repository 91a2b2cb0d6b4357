//! Where to listen, and the sockets for it.
//!
//! UDP and TCP of one listener share the port number, also where the system chooses it. TCP is bound first and shares its
//! address with no other socket: a second instance on the same address gets an error, never half of the queries.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::num::NonZeroUsize;
use std::str::FromStr;

use socket2::{Domain, Protocol, Socket, Type};

use crate::compile::Compiled;
use crate::estate::NetworkName;

/// Where the public view is served if nothing else is said.
pub const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 5300);
/// The most networks that get a port of their own if nothing else is said.
pub const MAX_PORTS_OF_NETWORKS: usize = 32;
/// How many bytes of queries the kernel is asked to keep while the server is busy: enough for 10,000 queries at once.
pub const RECEIVE_BUFFER_OCTETS: usize = 4 << 20;

/// How many connections the kernel keeps until they are accepted.
const TCP_BACKLOG: i32 = 1024;
/// How often another port is tried where the system's choice is free for one transport only.
const PORT_ATTEMPTS: usize = 32;

/// One listener as wanted: an address and a port, for one network or for everybody. Written `[NETWORK=]ADDRESS:PORT`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Listen {
    /// The network of every client that asks here; absent where the source address decides.
    pub network: Option<NetworkName>,
    /// Where; with port 0 the system chooses one.
    pub address: SocketAddr,
}

/// A text that says no listener.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a valid listen address; write ADDRESS:PORT or NETWORK=ADDRESS:PORT, such as 127.0.0.1:5300, [::1]:5300 or \
     vnet1=127.0.0.1:5301"
)]
pub struct ListenError(pub String);

impl FromStr for Listen {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, ListenError> {
        let wrong = || ListenError(text.to_owned());
        let (network, address) = match text.rsplit_once('=') {
            Some(("", _)) => return Err(wrong()),
            Some((network, address)) => (Some(NetworkName::from(network)), address),
            None => (None, text),
        };
        Ok(Self { network, address: address.parse().map_err(|_| wrong())? })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(network) = &self.network {
            write!(f, "{network}=")?;
        }
        write!(f, "{}", self.address)
    }
}

/// Where to listen if nothing is said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// The listeners: the public view's first, then one for each network in the order declared.
    pub listeners: Vec<Listen>,
    /// True if there are more networks than [`MAX_PORTS_OF_NETWORKS`]: then none has a port of its own, and the source
    /// address decides at the only one.
    pub by_prefix_only: bool,
}

/// One port for the public view and one for each network after it. If `first` has port 0, the system chooses all of them,
/// and it chooses for networks that the numbers do not reach.
pub fn plan(world: &Compiled, first: SocketAddr) -> Plan {
    let networks: Vec<_> = world.views.iter().filter_map(|(_, view)| view.network.clone()).collect();
    let by_prefix_only = networks.len() > MAX_PORTS_OF_NETWORKS;
    let mut listeners = vec![Listen { network: None, address: first }];
    if !by_prefix_only {
        let mut port = first.port();
        for network in networks {
            port = if port == 0 { 0 } else { port.checked_add(1).unwrap_or(0) };
            listeners.push(Listen { network: Some(network), address: SocketAddr::new(first.ip(), port) });
        }
    }
    Plan { listeners, by_prefix_only }
}

/// A listener that is bound.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bound {
    /// Its network; absent where the source address decides.
    pub network: Option<NetworkName>,
    /// Where, with the port there really is, for UDP and TCP.
    pub address: SocketAddr,
}

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is in use, perhaps by another instance.
    #[error(
        "port {} of {} is already in use over {transport}; stop what listens there, or choose another port with `--listen`, \
         such as `--listen {}`",
        .requested.address.port(), .requested.address.ip(), elsewhere(.requested)
    )]
    Taken {
        /// What was wanted.
        requested: Listen,
        /// `UDP` or `TCP`.
        transport: &'static str,
    },
    /// The port is one that only privileged processes may have.
    #[error(
        "this user has no permission to listen on port {} of {}; choose a port from 1024 with `--listen`, such as `--listen {}`, or \
         give the process the capability CAP_NET_BIND_SERVICE",
        .requested.address.port(), .requested.address.ip(), elsewhere(.requested)
    )]
    Denied {
        /// What was wanted.
        requested: Listen,
    },
    /// The address is not this machine's.
    #[error("{} is not an address of this machine; choose another with `--listen`", .0.address.ip())]
    NotHere(Listen),
    /// The same place was asked for twice.
    #[error("duplicate listen address {0}; each `--listen` needs an address or a port of its own")]
    Twice(SocketAddr),
    /// A listener is for a network that does not exist.
    #[error("`--listen {requested}` has an unknown network; the scenario has {}", known.join(", "))]
    UnknownNetwork {
        /// What was wanted.
        requested: Listen,
        /// The networks there are.
        known: Vec<String>,
    },
    /// A server to ask is this server itself.
    #[error(
        "the upstream {server} is this server itself, which listens at {listener}: queries would loop; name the \
         server that knows public DNS with `--upstream`, or listen elsewhere with `--listen`"
    )]
    OwnUpstream {
        /// The server that was to be asked.
        server: SocketAddr,
        /// Where this one listens.
        listener: SocketAddr,
    },
    /// The system refused for another reason.
    #[error("cannot listen at {requested}")]
    Socket {
        /// What was wanted.
        requested: Listen,
        /// The system's reason.
        source: io::Error,
    },
    /// A thread or its event loop could not be made.
    #[error("cannot start a thread to serve on")]
    Thread(#[source] io::Error),
}

/// A place of the same kind with a port the system chooses, for hints.
fn elsewhere(requested: &Listen) -> Listen {
    Listen { network: requested.network.clone(), address: SocketAddr::new(requested.address.ip(), 0) }
}

/// A listener with its sockets, which do not block.
pub(super) struct Open {
    pub(super) bound: Bound,
    /// One for each worker, all at the same address.
    pub(super) udp: Vec<UdpSocket>,
    pub(super) tcp: TcpListener,
}

/// Opens all listeners or none.
pub(super) fn open(requested: &[Listen], workers: NonZeroUsize) -> Result<Vec<Open>, StartError> {
    for (index, one) in requested.iter().enumerate() {
        if one.address.port() != 0 && requested[..index].iter().any(|other| other.address == one.address) {
            return Err(StartError::Twice(one.address));
        }
    }
    let opened = requested.iter().map(|one| open_one(one, workers)).collect::<Result<Vec<_>, _>>()?;
    let least = opened.iter().filter_map(|(_, octets)| *octets).min();
    if let Some(octets) = least.filter(|octets| *octets < RECEIVE_BUFFER_OCTETS) {
        tracing::warn!(
            requested = RECEIVE_BUFFER_OCTETS,
            granted = octets,
            "the kernel's receive buffer is smaller than requested, so bursts may lose queries; on Linux raise \
             net.core.rmem_max"
        );
    }
    Ok(opened.into_iter().map(|(open, _)| open).collect())
}

/// Opens one listener, and says how many bytes of queries the kernel keeps for it where that can be known.
fn open_one(requested: &Listen, workers: NonZeroUsize) -> Result<(Open, Option<usize>), StartError> {
    let mut attempts = if requested.address.port() == 0 { PORT_ATTEMPTS } else { 1 };
    loop {
        attempts -= 1;
        let tcp = open_tcp(requested.address).map_err(|source| refused(requested, "TCP", source))?;
        let address = tcp.local_addr().map_err(|source| refused(requested, "TCP", source))?;
        match open_udp(address, workers) {
            Ok((udp, octets)) => {
                let bound = Bound { network: requested.network.clone(), address };
                return Ok((Open { bound, udp, tcp }, octets));
            }
            // The system chose the number for TCP alone; it may be in use for UDP.
            Err(source) if attempts > 0 && source.kind() == io::ErrorKind::AddrInUse => {}
            Err(source) => return Err(refused(requested, "UDP", source)),
        }
    }
}

fn refused(requested: &Listen, transport: &'static str, source: io::Error) -> StartError {
    let requested = requested.clone();
    match source.kind() {
        io::ErrorKind::AddrInUse => StartError::Taken { requested, transport },
        io::ErrorKind::PermissionDenied => StartError::Denied { requested },
        io::ErrorKind::AddrNotAvailable => StartError::NotHere(requested),
        _ => StartError::Socket { requested, source },
    }
}

fn open_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    prepare(&socket, address)?;
    // On Unix this lets a restarted server have its port back while old connections fade; two listeners still exclude
    // each other. On Windows it would let a second instance in.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(TCP_BACKLOG)?;
    Ok(socket.into())
}

/// Opens a socket for each worker. Where the address can be shared by several, another process could share it too; so it is
/// taken alone first, which fails if anybody has it.
fn open_udp(address: SocketAddr, workers: NonZeroUsize) -> io::Result<(Vec<UdpSocket>, Option<usize>)> {
    let (alone, octets) = bind_udp(address, |_| Ok(()))?;
    if workers == NonZeroUsize::MIN {
        return Ok((vec![alone.into()], octets));
    }
    #[cfg(target_os = "linux")]
    {
        drop(alone);
        let open = |_| bind_udp(address, |socket| socket.set_reuse_port(true));
        let opened = (0..workers.get()).map(open).collect::<io::Result<Vec<_>>>()?;
        let octets = opened.iter().filter_map(|(_, octets)| *octets).min();
        Ok((opened.into_iter().map(|(socket, _)| socket.into()).collect(), octets))
    }
    // Elsewhere the system does not spread datagrams over sockets; the workers take turns at one.
    #[cfg(not(target_os = "linux"))]
    {
        let sockets = (0..workers.get()).map(|_| Ok(alone.try_clone()?.into()));
        Ok((sockets.collect::<io::Result<_>>()?, octets))
    }
}

/// Opens a socket, lets `share` set what must be set before it has the address, and says how large its receive buffer is.
fn bind_udp(address: SocketAddr, share: impl FnOnce(&Socket) -> io::Result<()>) -> io::Result<(Socket, Option<usize>)> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    prepare(&socket, address)?;
    let octets = enlarge(&socket);
    share(&socket)?;
    socket.bind(&address.into())?;
    Ok((socket, octets))
}

/// IPv6 sockets take no IPv4: source addresses would be written in two ways, and the two wildcards would collide.
fn prepare(socket: &Socket, address: SocketAddr) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    if address.is_ipv6() { socket.set_only_v6(true) } else { Ok(()) }
}

/// Asks for a large receive buffer and says what was granted, where the system reports it.
fn enlarge(socket: &Socket) -> Option<usize> {
    // A buffer that stays small is slower to lose than to fail for.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER_OCTETS);
    let granted = || {
        let octets = socket.recv_buffer_size().ok()?;
        // Linux counts its bookkeeping too, and says twice what it keeps for data.
        Some(if cfg!(target_os = "linux") { octets / 2 } else { octets })
    };
    #[cfg(target_os = "linux")]
    if granted().is_some_and(|octets| octets < RECEIVE_BUFFER_OCTETS) {
        // Processes with CAP_NET_ADMIN may go beyond the limit; for others nothing changes.
        let _ = nix::sys::socket::setsockopt(socket, nix::sys::socket::sockopt::RcvBufForce, &RECEIVE_BUFFER_OCTETS);
    }
    granted()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::sample::estate;

    fn listen(text: &str) -> Listen {
        text.parse().expect("a good listener")
    }

    #[test]
    fn a_listener_is_an_address_and_a_port_for_a_network_or_for_all() {
        assert_eq!(listen("vnet1=127.0.0.1:5301").network, Some("vnet1".into()));
        assert_eq!(listen("[::1]:0"), Listen { network: None, address: "[::1]:0".parse().expect("good") });
        for text in ["vnet1=127.0.0.1:5301", "0.0.0.0:53", "on-prem=[::]:53"] {
            assert_eq!(listen(text).to_string(), text);
        }
        for text in ["127.0.0.1", "5300", ":5300", "localhost:5300", "=127.0.0.1:53", "vnet1=", "127.0.0.1:66000"] {
            assert_eq!(text.parse::<Listen>(), Err(ListenError(text.into())));
        }
    }

    #[test]
    fn without_a_word_the_public_view_is_first_and_each_network_follows() {
        let plan = |first: &str| plan(&estate([10, 0, 1, 9].into()), first.parse().expect("good"));
        let ports = plan("127.0.0.1:5300");
        assert_eq!(
            ports.listeners.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["127.0.0.1:5300", "vnet1=127.0.0.1:5301", "vnet2=127.0.0.1:5302"]
        );
        assert!(!ports.by_prefix_only);
        assert!(plan("127.0.0.1:0").listeners.iter().all(|one| one.address.port() == 0));
        assert_eq!(plan("127.0.0.1:65534").listeners[2].address.port(), 0);
    }

    #[test]
    fn udp_and_tcp_share_the_number_the_system_chose() {
        let open = open(&[listen("127.0.0.1:0"), listen("127.0.0.1:0")], NonZeroUsize::MIN).expect("free ports");
        for one in &open {
            assert_ne!(one.bound.address.port(), 0);
            assert_eq!(one.udp[0].local_addr().ok(), Some(one.bound.address));
            assert_eq!(one.tcp.local_addr().ok(), Some(one.bound.address));
        }
        assert_ne!(open[0].bound.address, open[1].bound.address);
    }

    #[test]
    fn a_taken_port_is_named_with_the_way_out() {
        let first = open(&[listen("127.0.0.1:0")], NonZeroUsize::MIN).expect("a free port");
        let address = first[0].bound.address;
        let error = |requested: Listen| open(&[requested], NonZeroUsize::MIN).err().expect("an error").to_string();
        let requested = Listen { network: Some("vnet1".into()), address };
        assert_eq!(
            error(requested),
            format!(
                "port {} of 127.0.0.1 is already in use over TCP; stop what listens there, or choose another port with \
                 `--listen`, such as `--listen vnet1=127.0.0.1:0`",
                address.port()
            )
        );
        // Also where only one of the two transports is taken.
        let udp = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let address = udp.local_addr().expect("it is bound");
        assert!(error(Listen { network: None, address }).contains("over UDP"));
        assert!(matches!(open(&[listen("192.0.2.1:5300")], NonZeroUsize::MIN), Err(StartError::NotHere(_))));
        assert!(matches!(
            open(&[listen("127.0.0.1:5399"), listen("vnet1=127.0.0.1:5399")], NonZeroUsize::MIN),
            Err(StartError::Twice(_))
        ));
    }
}
