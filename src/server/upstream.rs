//! Other servers, asked for names outside the emulated zones.
//!
//! What is asked, and what becomes of the reply, is decided by a [`ForwardedQuery`]; here is how: a socket, and with it a source
//! port, for each try, an unpredictable id, TCP where a reply says that it is truncated, and the next server where one
//! fails, refuses or says nothing for a while. A server that was asked before may still reply. After [`PATIENCE`] the client gets
//! SERVFAIL, which is before clients give up by themselves. Clients that wait for the same question share one: it is sent
//! for the first of them, and its reply goes to all. Nothing is kept from one question to the next.
//!
//! Each question has its name in letters of random case, which most servers keep. It makes replies harder to forge, and
//! shows when an upstream forwards back to this server: the question returns in the spelling it was sent in.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::Bound;
use crate::dns::foreign::ForeignReply;
use crate::dns::message::HEADER_OCTETS;
use crate::dns::{ExtendedError, Rcode};
use crate::resolve::ForwardedQuery;

/// How long a client waits at most, regardless of other servers. Resolvers of clients give up after 5 s.
pub const PATIENCE: Duration = Duration::from_millis(4500);

/// How long a server may say nothing before the next one, or it again, is asked.
const TURN: Duration = Duration::from_millis(1000);
/// The most tries for one question of a client, its aliases included.
const MOST_TRIES: usize = 12;
/// The most sockets open to other servers at a time; further tries wait for one.
const MOST_SOCKETS: usize = 256;
/// How many clients may wait for the same question at a time.
const MOST_ALIKE: usize = 1024;
/// With fewer letters than this, a client's own spelling may be that of a question that was sent by chance.
const LETTERS_OF_A_SPELLING: usize = 8;
/// The port of DNS.
const PORT: u16 = 53;
/// Where the system keeps its resolvers.
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// A server to ask, as written: `ADDRESS[:PORT]`, or `system` for those of `/etc/resolv.conf`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UpstreamServer {
    /// This one.
    At(SocketAddr),
    /// The system's own.
    System,
}

/// A text that says no server to ask.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a server address; write an address with or without a port, such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53, or `system`"
)]
pub struct UpstreamServerError(String);

impl FromStr for UpstreamServer {
    type Err = UpstreamServerError;

    fn from_str(text: &str) -> Result<Self, UpstreamServerError> {
        if text == "system" {
            return Ok(Self::System);
        }
        let address = text.parse::<SocketAddr>().or_else(|_| {
            let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
            bare.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, PORT))
        });
        match address {
            Ok(address) if !address.ip().is_unspecified() && address.port() != 0 => {
                Ok(Self::At(SocketAddr::new(address.ip().to_canonical(), address.port())))
            }
            _ => Err(UpstreamServerError(text.to_owned())),
        }
    }
}

impl fmt::Display for UpstreamServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(address) => address.fmt(f),
            Self::System => f.write_str("system"),
        }
    }
}

/// Why the system's servers cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum SystemError {
    /// The file cannot be read.
    #[error(
        "`{RESOLV_CONF}` cannot be read, so `--upstream system` has no server to forward to; name one with `--upstream ADDRESS`"
    )]
    Unreadable(#[source] io::Error),
    /// The file is not as it should be.
    #[error("`{RESOLV_CONF}` cannot be parsed: {0}; name a server with `--upstream ADDRESS`")]
    Malformed(String),
    /// The file names none.
    #[error("`{RESOLV_CONF}` names no server; name one with `--upstream ADDRESS`")]
    Empty,
}

/// The servers to ask, in order, each once.
///
/// # Errors
/// [`SystemError`], where the system's are wanted and cannot be had.
pub fn addresses(wanted: &[UpstreamServer]) -> Result<Vec<SocketAddr>, SystemError> {
    let mut found = Vec::new();
    for one in wanted {
        let these = match one {
            UpstreamServer::At(address) => vec![*address],
            UpstreamServer::System => system(Path::new(RESOLV_CONF))?,
        };
        for address in these {
            if !found.contains(&address) {
                found.push(address);
            }
        }
    }
    Ok(found)
}

fn system(file: &Path) -> Result<Vec<SocketAddr>, SystemError> {
    let text = std::fs::read(file).map_err(SystemError::Unreadable)?;
    let config = resolv_conf::Config::parse(text).map_err(|error| SystemError::Malformed(error.to_string()))?;
    let servers: Vec<_> = config
        .nameservers
        .into_iter()
        .map(|server| SocketAddr::new(IpAddr::from(server).to_canonical(), PORT))
        .collect();
    if servers.is_empty() { Err(SystemError::Empty) } else { Ok(servers) }
}

/// The listener that a server to ask is, if it is one of our own: questions would come back to where they came from.
pub(super) fn own(server: SocketAddr, listeners: &[Bound]) -> Option<&Bound> {
    let met = |bound: &&Bound| {
        let here = bound.address.ip();
        let everywhere = here.is_unspecified() && here.is_ipv4() == server.ip().is_ipv4() && is_local(server.ip());
        bound.address.port() == server.port() && (here == server.ip() || everywhere)
    };
    listeners.iter().find(met)
}

/// True if the address is one of this machine's: only those can be bound.
fn is_local(ip: IpAddr) -> bool {
    ip.is_loopback() || std::net::UdpSocket::bind((ip, 0)).is_ok()
}

/// The servers to ask.
#[derive(Debug)]
pub struct Upstream {
    servers: Vec<SocketAddr>,
    sockets: Semaphore,
    /// The questions that are on their way, each as it is sent but for its id and spelling.
    sent: Mutex<HashMap<Vec<u8>, Sent>>,
}

/// What came of a question.
type Heard = Result<ForeignReply, (SocketAddr, Trouble)>;

/// A question that is on its way.
#[derive(Debug)]
struct Sent {
    /// Its name as it is sent.
    spelling: Arc<[u8]>,
    /// What came of it, for those who wait for the same.
    heard: Arc<watch::Sender<Option<Heard>>>,
}

/// Why a server's reply was of no use.
#[derive(Clone, Debug)]
enum Trouble {
    /// It said nothing.
    Silent,
    /// The network or the machine said no.
    Network(Arc<io::Error>),
    /// The question came back to here.
    Returned,
    /// Too many clients wait for it already.
    Crowded,
    /// It was not asked any more: there were too many tries before.
    TooManyTries,
    /// It replied with a code that says nothing about the name.
    Refused(Rcode),
}

impl Upstream {
    /// These servers, in the order in which they are asked; absent if there is none.
    pub fn new(servers: Vec<SocketAddr>) -> Option<Self> {
        (!servers.is_empty()).then(|| Self { servers, sockets: Semaphore::new(MOST_SOCKETS), sent: Mutex::default() })
    }

    /// Goes on a journey to its end: the bytes of the reply to the client. They are there within [`PATIENCE`].
    pub async fn travel(self: Arc<Self>, journey: ForwardedQuery) -> Option<Vec<u8>> {
        Some(self.ask_until_done(journey).await)
    }

    async fn ask_until_done(&self, mut journey: ForwardedQuery) -> Vec<u8> {
        let deadline = Instant::now() + PATIENCE;
        let mut left = MOST_TRIES;
        loop {
            match self.ask_with_others(&journey, deadline, &mut left).await {
                Ok(reply) => {
                    if let Some(reply) = journey.take_reply(reply) {
                        return reply;
                    }
                }
                Err((server, trouble)) => {
                    let (code, text) = trouble.code_and_text(server);
                    match trouble {
                        Trouble::Returned => tracing::warn!(name = %journey.asks(), "{text}"),
                        _ => tracing::debug!(name = %journey.asks(), text, "no answer from upstream"),
                    }
                    return journey.failed(code, &text);
                }
            }
        }
    }

    /// Asks, or waits for the reply to the same question of another client.
    async fn ask_with_others(&self, journey: &ForwardedQuery, deadline: Instant, left: &mut usize) -> Heard {
        let first = self.servers[0];
        loop {
            let mut heard = match self.join(journey) {
                Err(trouble) => return Err((first, trouble)),
                Ok(Joined::First(own)) => {
                    let heard = self.ask(journey, &own.spelling, deadline, left).await;
                    own.heard.send_replace(Some(heard.clone()));
                    return heard;
                }
                Ok(Joined::Beside(heard)) => heard,
            };
            match timeout_at(deadline, heard.wait_for(Option::is_some)).await {
                Ok(Ok(heard)) => return heard.clone().expect("it was waited for"),
                // The client that asked is gone: another one has to.
                Ok(Err(_)) => {}
                Err(_) => return Err((first, Trouble::Silent)),
            }
        }
    }

    fn join(&self, journey: &ForwardedQuery) -> Result<Joined<'_>, Trouble> {
        let question = journey.query(0);
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(alike) = sent.get(&question) else {
            let spelling: Arc<[u8]> =
                spelled(journey.asks().wire()).map_err(|error| Trouble::Network(Arc::new(error)))?.into();
            let heard = Arc::new(watch::Sender::new(None));
            sent.insert(question.clone(), Sent { spelling: Arc::clone(&spelling), heard: Arc::clone(&heard) });
            return Ok(Joined::First(First { sent: &self.sent, question, spelling, heard }));
        };
        let is_first = journey.asks() == &journey.question().name;
        if is_first && journey.spelling() == &*alike.spelling && letters(&alike.spelling) >= LETTERS_OF_A_SPELLING {
            return Err(Trouble::Returned);
        }
        match alike.heard.receiver_count() < MOST_ALIKE {
            true => Ok(Joined::Beside(alike.heard.subscribe())),
            false => Err(Trouble::Crowded),
        }
    }

    /// Asks the servers in turn until one of them has said something about the name.
    async fn ask(&self, journey: &ForwardedQuery, spelling: &[u8], deadline: Instant, left: &mut usize) -> Heard {
        let mut tries = FuturesUnordered::new();
        let mut order = self.servers.iter().copied().cycle();
        let mut first_round = self.servers.len();
        let mut turn = Instant::now();
        let mut last = (self.servers[0], Trouble::Silent);
        // Servers that have failed for good; if all have, there is nothing to wait for.
        let mut failed = Vec::new();
        loop {
            let more = *left > 0 && failed.len() < self.servers.len();
            if !more && tries.is_empty() {
                let spent = failed.is_empty();
                return Err(if spent { (last.0, Trouble::TooManyTries) } else { last });
            }
            tokio::select! {
                biased;
                Some((server, outcome)) = tries.next(), if !tries.is_empty() => match outcome {
                    Ok(reply) => return Ok(reply),
                    Err(trouble) => {
                        if !failed.contains(&server) {
                            failed.push(server);
                        }
                        last = (server, trouble);
                        // A server that was not asked yet is asked now, not after the time of the one before.
                        if first_round > 0 {
                            turn = Instant::now();
                        }
                    }
                },
                () = sleep_until(deadline) => return Err(last),
                () = sleep_until(turn), if more => {
                    let server = order.by_ref().find(|server| !failed.contains(server)).expect("one has not failed");
                    (*left, first_round) = (*left - 1, first_round.saturating_sub(1));
                    turn = Instant::now() + TURN;
                    tries.push(async move { (server, self.ask_one(journey, spelling, server, deadline).await) });
                }
            }
        }
    }

    async fn ask_one(
        &self,
        journey: &ForwardedQuery,
        spelling: &[u8],
        server: SocketAddr,
        deadline: Instant,
    ) -> Result<ForeignReply, Trouble> {
        let _open = self.sockets.acquire().await.expect("the semaphore is never closed");
        let reply = async {
            let reply = ask_udp(journey, spelling, server).await?;
            if reply.truncated { ask_tcp(journey, spelling, server).await } else { Ok(reply) }
        };
        let reply = match timeout_at(deadline, reply).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => return Err(Trouble::Network(Arc::new(error))),
            Err(_) => return Err(Trouble::Silent),
        };
        match reply.rcode {
            Rcode::NOERROR | Rcode::NXDOMAIN => Ok(reply),
            other => Err(Trouble::Refused(other)),
        }
    }
}

/// How a question joins those that are on their way.
enum Joined<'u> {
    /// It is the first of its like, and is sent.
    First(First<'u>),
    /// The result that equal queries share.
    Beside(watch::Receiver<Option<Heard>>),
}

/// A question that is sent for all that are like it, until it is dropped.
struct First<'u> {
    sent: &'u Mutex<HashMap<Vec<u8>, Sent>>,
    question: Vec<u8>,
    spelling: Arc<[u8]>,
    heard: Arc<watch::Sender<Option<Heard>>>,
}

impl Drop for First<'_> {
    fn drop(&mut self) {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.question);
    }
}

fn letters(name: &[u8]) -> usize {
    name.iter().filter(|octet| octet.is_ascii_alphabetic()).count()
}

/// A name in letters of random case. Where it has two, neither all lower nor all upper, as clients write names themselves.
fn spelled(name: &[u8]) -> io::Result<Vec<u8>> {
    let mut dice = [0_u8; 32];
    getrandom::fill(&mut dice).map_err(io::Error::other)?;
    let mut name = name.to_vec();
    let mut letters: Vec<&mut u8> = name.iter_mut().filter(|octet| octet.is_ascii_alphabetic()).collect();
    for (index, letter) in letters.iter_mut().enumerate() {
        if dice[index / 8 % dice.len()] >> (index % 8) & 1 == 1 {
            letter.make_ascii_uppercase();
        }
    }
    if let [first, .., last] = letters.as_mut_slice() {
        first.make_ascii_lowercase();
        last.make_ascii_uppercase();
    }
    Ok(name)
}

/// A question as it is sent.
fn question(journey: &ForwardedQuery, id: u16, spelling: &[u8]) -> Vec<u8> {
    let mut query = journey.query(id);
    query[HEADER_OCTETS..HEADER_OCTETS + spelling.len()].copy_from_slice(spelling);
    query
}

impl Trouble {
    /// The extended error that reports it.
    fn code_and_text(&self, server: SocketAddr) -> (u16, String) {
        match self {
            Self::Silent => (
                ExtendedError::NO_REACHABLE_AUTHORITY,
                format!("upstream {server} did not reply within {} ms", PATIENCE.as_millis()),
            ),
            Self::TooManyTries => {
                (ExtendedError::OTHER, format!("the aliases need more than {MOST_TRIES} queries to upstreams"))
            }
            Self::Returned => {
                let text = format!("forwarding loop: upstream {server} forwards to this server");
                (ExtendedError::OTHER, text)
            }
            Self::Crowded => (
                ExtendedError::OTHER,
                format!("{MOST_ALIKE} clients are already waiting for the same reply of an upstream"),
            ),
            Self::Network(error) => (ExtendedError::NETWORK_ERROR, format!("cannot query upstream {server}: {error}")),
            Self::Refused(rcode) => (ExtendedError::OTHER, format!("upstream {server} replied {rcode}")),
        }
    }
}

/// An unpredictable id.
fn fresh_id() -> io::Result<u16> {
    let mut octets = [0; 2];
    getrandom::fill(&mut octets).map_err(io::Error::other)?;
    Ok(u16::from_ne_bytes(octets))
}

/// Asks with a datagram from a port of its own. Datagrams that are no reply to it are ignored.
async fn ask_udp(journey: &ForwardedQuery, spelling: &[u8], server: SocketAddr) -> io::Result<ForeignReply> {
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    // From then on the kernel takes datagrams of this server alone, and reports a closed port.
    socket.connect(server).await?;
    let id = fresh_id()?;
    socket.send(&question(journey, id, spelling)).await?;
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        let length = socket.recv(&mut buffer).await?;
        if let Some(reply) = journey.read(id, &buffer[..length]) {
            return Ok(reply);
        }
        tracing::debug!(%server, "a datagram that does not answer the query is ignored");
    }
}

/// Asks over a connection of its own.
async fn ask_tcp(journey: &ForwardedQuery, spelling: &[u8], server: SocketAddr) -> io::Result<ForeignReply> {
    let mut stream = TcpStream::connect(server).await?;
    let id = fresh_id()?;
    let query = question(journey, id, spelling);
    let length = u16::try_from(query.len()).expect("a query of one question is short");
    stream.write_all(&[&length.to_be_bytes()[..], &query].concat()).await?;
    let length = stream.read_u16().await?;
    let mut reply = vec![0; usize::from(length)];
    stream.read_exact(&mut reply).await?;
    journey
        .read(id, &reply)
        .filter(|reply| !reply.truncated)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the reply over TCP does not answer the query"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_an_address_with_or_without_a_port_or_the_systems() {
        let at = |text: &str| match text.parse() {
            Ok(UpstreamServer::At(address)) => address.to_string(),
            other => panic!("{text} is {other:?}"),
        };
        assert_eq!(at("192.0.2.53"), "192.0.2.53:53");
        assert_eq!(at("192.0.2.53:5353"), "192.0.2.53:5353");
        assert_eq!(at("2001:db8::53"), "[2001:db8::53]:53");
        assert_eq!(at("[2001:db8::53]"), "[2001:db8::53]:53");
        assert_eq!(at("[2001:db8::53]:5353"), "[2001:db8::53]:5353");
        assert_eq!(at("::ffff:192.0.2.53"), "192.0.2.53:53");
        assert_eq!("system".parse(), Ok(UpstreamServer::System));
        for text in ["", "0.0.0.0", "[::]:53", "192.0.2.53:0", "dns.example", "192.0.2.53:", ":53"] {
            assert_eq!(text.parse::<UpstreamServer>(), Err(UpstreamServerError(text.into())), "{text}");
        }
    }

    #[test]
    fn a_listener_of_our_own_is_found_also_behind_a_wildcard() {
        let bound = |address: &str| Bound { network: None, address: address.parse().expect("an address") };
        let listeners = [bound("127.0.0.1:5300"), bound("0.0.0.0:5400"), bound("[::1]:5500")];
        let own = |server: &str| own(server.parse().expect("an address"), &listeners).map(|bound| bound.address.port());
        assert_eq!(own("127.0.0.1:5300"), Some(5300));
        assert_eq!(own("127.0.0.2:5300"), None);
        assert_eq!(own("127.0.0.2:5400"), Some(5400));
        assert_eq!(own("[::1]:5400"), None);
        assert_eq!(own("[::1]:5500"), Some(5500));
        // A documentation address belongs to no machine.
        assert_eq!(own("192.0.2.53:5400"), None);
    }

    #[test]
    fn the_systems_servers_are_those_of_its_file() {
        let file = std::env::temp_dir().join(format!("ampls-dns-resolv-{}", std::process::id()));
        let read = |text: &str| {
            std::fs::write(&file, text).expect("the temporary folder can be written to");
            system(&file)
        };
        let servers =
            read("# a comment\nsearch example\nnameserver 192.0.2.53\nnameserver 2001:db8::53\noptions edns0\n");
        let servers = servers.expect("two servers");
        assert_eq!(servers, ["192.0.2.53:53".parse().expect("good"), "[2001:db8::53]:53".parse().expect("good")]);
        assert!(matches!(read("search example\n"), Err(SystemError::Empty)));
        std::fs::remove_file(&file).expect("it was there");
        assert!(matches!(system(&file), Err(SystemError::Unreadable(_))));
    }
}
