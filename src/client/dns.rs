//! Asking DNS servers: what `test --server` sends, and what it takes for a reply.
//!
//! Plain blocking sockets: who asks waits anyway, and many questions are asked from many threads.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::assess::compare::Heard;
use crate::assess::verify::{Mismatch, SentQuestion, holds, reply::is_public};
use crate::dns::wire::{MAX_TCP_OCTETS, Received, Transport, decode};
use crate::dns::{OwnerName, Rcode, RecordType};
use crate::scenario::Expectation;
use crate::scenario::expect::{Asking, From};

/// How long to wait before a server is asked again for what it does not say yet.
const PAUSE: Duration = Duration::from_millis(200);
/// The most servers and names that are asked at the same time.
const MAX_THREADS: usize = 16;

/// How patient a client is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// How long one try waits for its reply.
    pub timeout: Duration,
    /// How often to send a query over UDP before giving up.
    pub tries: NonZeroU32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(2), tries: NonZeroU32::MIN.saturating_add(2) }
    }
}

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// None came in time.
    #[error("no reply from {0} in {1:?}")]
    Silence(SocketAddr, Duration),
    /// Nothing listens there.
    #[error("no server listens at {0}")]
    Refused(SocketAddr),
    /// What came cannot be read.
    #[error("the reply of {0} cannot be read: {1}")]
    Unreadable(SocketAddr, String),
    /// The reply is to another question.
    #[error("{0} answered a different question")]
    OtherQuestion(SocketAddr),
    /// The network refuses.
    #[error("cannot query {0}: {1}")]
    Failed(SocketAddr, io::Error),
}

/// A question for a server, and what must be true of the reply.
#[derive(Clone, Copy, Debug)]
pub struct Task<'e> {
    /// Where to ask.
    pub server: SocketAddr,
    /// What must be true.
    pub expectation: &'e Expectation,
    /// How long to ask again where the expectation does not say it; zero for once.
    pub within: Duration,
    /// How many more tries it gets after one that failed.
    pub retries: u32,
}

/// What came of a task.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TaskOutcome {
    /// What differed in the last try; absent if it is as expected.
    pub mismatch: Option<Mismatch>,
    /// What differed in the tries before.
    pub earlier: Vec<Mismatch>,
    /// How long all tries took.
    pub took: Duration,
}

impl Patience {
    /// Asks a server. A truncated reply over UDP is asked for again over TCP, unless UDP is all that is allowed.
    ///
    /// # Errors
    /// [`AskError`], when there is no reply to this very question.
    pub fn ask(&self, server: SocketAddr, sent: &SentQuestion) -> Result<Received, AskError> {
        let (transport, again) = sent.transport();
        let reply = match transport {
            Transport::Udp => self.over_udp(server, sent)?,
            Transport::Tcp => self.over_tcp(server, sent)?,
        };
        if reply.truncated && again { self.over_tcp(server, sent) } else { Ok(reply) }
    }

    /// Tries until one holds or there are no more.
    fn hold(&self, task: &Task<'_>) -> TaskOutcome {
        let begun = Instant::now();
        let mut earlier = Vec::new();
        loop {
            let mismatch = self.hold_once(task);
            match mismatch {
                Some(mismatch) if earlier.len() < task.retries as usize => {
                    earlier.push(mismatch);
                    thread::sleep(PAUSE);
                }
                mismatch => return TaskOutcome { mismatch, earlier, took: begun.elapsed() },
            }
        }
    }

    /// Asks until the reply is what is expected or the time is over; what differs then.
    fn hold_once(&self, task: &Task<'_>) -> Option<Mismatch> {
        let sent = SentQuestion::of(task.expectation)?;
        let end = Instant::now() + task.expectation.asking.within.unwrap_or(task.within);
        loop {
            let heard = self.ask(task.server, &sent).map_err(|error| error.to_string());
            let mismatch = holds(task.expectation, heard.as_ref().map_err(String::as_str), &is_public)?;
            if Instant::now() + PAUSE >= end {
                return Some(mismatch);
            }
            thread::sleep(PAUSE);
        }
    }

    /// Holds many expectations at the same time, and says what came of each as soon as it is known: the index of the task
    /// and the result. Returns when all are known.
    pub fn hold_all(&self, tasks: &[Task<'_>], mut known: impl FnMut(usize, TaskOutcome)) {
        let next = AtomicUsize::new(0);
        let (sender, results) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 0..tasks.len().min(MAX_THREADS) {
                let (sender, next) = (sender.clone(), &next);
                scope.spawn(move || {
                    while let Some((index, task)) = {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        tasks.get(index).map(|task| (index, task))
                    } {
                        if sender.send((index, self.hold(task))).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(sender);
            results.iter().for_each(|(index, held)| known(index, held));
        });
    }

    /// Asks a server for the addresses of many names at the same time: what was heard, in the order of the names. A server that
    /// does not reply to the first one is not asked for the others.
    pub fn hear_all(&self, server: SocketAddr, from: &From, names: &[OwnerName]) -> Vec<Heard> {
        let hear = |name: &OwnerName| {
            let sent =
                SentQuestion { from: from.clone(), name: name.clone(), kind: RecordType::A, asking: Asking::default() };
            let reply = self.ask(server, &sent).map_err(|error| error.to_string());
            Heard { name: name.clone(), reply }
        };
        let Some((first, others)) = names.split_first() else { return Vec::new() };
        let mut heard = vec![hear(first)];
        if heard[0].reply.is_err() {
            return heard;
        }
        let share = others.len().div_ceil(MAX_THREADS).max(1);
        thread::scope(|scope| {
            let parts = others.chunks(share).map(|part| scope.spawn(|| part.iter().map(hear).collect::<Vec<_>>()));
            let parts: Vec<_> = parts.collect();
            heard.extend(parts.into_iter().flat_map(|part| part.join().expect("asking does not panic")));
        });
        heard
    }

    fn over_udp(&self, server: SocketAddr, sent: &SentQuestion) -> Result<Received, AskError> {
        let failed = |error: io::Error| failed(server, error);
        let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        // A socket of its own for each question has a port of its own, which is half of what makes a reply hard to forge.
        let socket = UdpSocket::bind((any, 0)).map_err(failed)?;
        socket.connect(server).map_err(failed)?;
        let mut buffer = [0; MAX_TCP_OCTETS];
        for _ in 0..self.tries.get() {
            let id = random_id();
            socket.send(&sent.packet(id)).map_err(failed)?;
            let end = Instant::now() + self.timeout;
            loop {
                let left = end.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                socket.set_read_timeout(Some(left)).map_err(failed)?;
                let length = match socket.recv(&mut buffer) {
                    Ok(length) => length,
                    Err(error) if is_timeout(&error) => break,
                    Err(error) => return Err(failed(error)),
                };
                // Anything with another id is late or forged; the true reply may still come.
                if buffer[..length].first_chunk::<2>() == Some(&id.to_be_bytes()) {
                    return read(server, sent, &buffer[..length]);
                }
            }
        }
        Err(AskError::Silence(server, self.timeout * self.tries.get()))
    }

    fn over_tcp(&self, server: SocketAddr, sent: &SentQuestion) -> Result<Received, AskError> {
        let failed = |error: io::Error| match is_timeout(&error) {
            true => AskError::Silence(server, self.timeout),
            false => failed(server, error),
        };
        let mut stream = TcpStream::connect_timeout(&server, self.timeout).map_err(failed)?;
        stream.set_read_timeout(Some(self.timeout)).map_err(failed)?;
        stream.set_write_timeout(Some(self.timeout)).map_err(failed)?;
        let id = random_id();
        let packet = sent.packet(id);
        let length = u16::try_from(packet.len()).expect("a query is short");
        stream.write_all(&[&length.to_be_bytes()[..], &packet].concat()).map_err(failed)?;
        let mut length = [0; 2];
        stream.read_exact(&mut length).map_err(failed)?;
        let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut reply).map_err(failed)?;
        if reply.first_chunk::<2>() != Some(&id.to_be_bytes()) {
            return Err(AskError::OtherQuestion(server));
        }
        read(server, sent, &reply)
    }
}

/// Reads a reply with the right id. Servers that refuse may leave the question out.
fn read(server: SocketAddr, sent: &SentQuestion, reply: &[u8]) -> Result<Received, AskError> {
    let reply = decode(reply).map_err(|error| AskError::Unreadable(server, error.to_string()))?;
    match &reply.question {
        Some((name, kind)) if (name, *kind) == (&sent.name, sent.kind) => Ok(reply),
        None if reply.rcode != Rcode::NOERROR => Ok(reply),
        _ => Err(AskError::OtherQuestion(server)),
    }
}

fn failed(server: SocketAddr, error: io::Error) -> AskError {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => AskError::Refused(server),
        _ => AskError::Failed(server, error),
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// An unpredictable id: std's hashers have keys from the system's randomness, and differ from one to the next.
fn random_id() -> u16 {
    RandomState::new().build_hasher().finish() as u16
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::dns::wire::encode_query;
    use crate::scenario::{Document, Expectation};

    const SPEC: &str = "version: 1\nexpect: [{ from: public, replies: { a.example: { rcode: SERVFAIL } } }]\n";

    fn expectation() -> Expectation {
        match Document::read("spec.yaml", SPEC.as_bytes(), &|_| Err(String::new())) {
            Ok(Document::Spec(spec)) => spec.expectations[0].clone(),
            other => panic!("{other:?}"),
        }
    }

    fn sent() -> SentQuestion {
        SentQuestion::of(&expectation()).expect("it is a question")
    }

    fn patience() -> Patience {
        Patience { timeout: Duration::from_millis(300), tries: NonZeroU32::MIN.saturating_add(1) }
    }

    /// A server that sends what `replies` makes of each query, and the query's sender knows nothing of the thread.
    fn server(replies: impl Fn(usize, &[u8]) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback has free ports");
        let address = socket.local_addr().expect("it is bound");
        thread::spawn(move || {
            let mut buffer = [0; 600];
            for number in 0.. {
                let Ok((length, from)) = socket.recv_from(&mut buffer) else { return };
                for reply in replies(number, &buffer[..length]) {
                    let _ = socket.send_to(&reply, from);
                }
            }
        });
        address
    }

    fn reply(query: &[u8], flags: [u8; 2]) -> Vec<u8> {
        let mut reply = query.to_vec();
        reply[2..4].copy_from_slice(&flags);
        reply
    }

    #[test]
    fn a_reply_with_another_id_is_passed_over_and_one_to_another_question_is_refused() {
        let at = server(|_, query| {
            let mut forged = reply(query, [0x81, 0x83]);
            forged[0] ^= 1;
            vec![forged, reply(query, [0x81, 0x82])]
        });
        assert_eq!(patience().ask(at, &sent()).expect("the second is the reply").rcode, Rcode::SERVFAIL);
        let at = server(|_, query| {
            let other = OwnerName::parse("b.example").expect("a good name");
            let id = u16::from_be_bytes([query[0], query[1]]);
            vec![reply(&encode_query(id, &other, RecordType::A, None), [0x81, 0x80])]
        });
        assert!(matches!(patience().ask(at, &sent()), Err(AskError::OtherQuestion(_))));
        let at = server(|_, query| vec![query[..20].to_vec()]);
        assert!(matches!(patience().ask(at, &sent()), Err(AskError::Unreadable(..))));
    }

    #[test]
    fn a_lost_datagram_is_sent_again_and_silence_has_an_end() {
        let at = server(|number, query| if number == 0 { vec![] } else { vec![reply(query, [0x81, 0x82])] });
        assert_eq!(patience().ask(at, &sent()).expect("the second try is answered").rcode, Rcode::SERVFAIL);
        let at = server(|_, _| vec![]);
        assert!(matches!(patience().ask(at, &sent()), Err(AskError::Silence(..))));
    }

    #[test]
    fn where_nobody_listens_is_said_at_once() {
        let port = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("loopback has ports");
        assert!(matches!(patience().ask(port, &sent()), Err(AskError::Refused(_))));
    }

    #[test]
    fn a_truncated_reply_is_asked_for_again_over_tcp() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
        let address = listener.local_addr().expect("it is bound");
        let socket = UdpSocket::bind(address).expect("the same number is free for datagrams");
        thread::spawn(move || {
            let mut buffer = [0; 600];
            let (length, from) = socket.recv_from(&mut buffer).expect("a query comes");
            let _ = socket.send_to(&reply(&buffer[..length], [0x83, 0x80]), from);
            let (mut stream, _) = listener.accept().expect("it comes again");
            let mut length = [0; 2];
            stream.read_exact(&mut length).expect("it has a length");
            let mut query = vec![0; usize::from(u16::from_be_bytes(length))];
            stream.read_exact(&mut query).expect("it is whole");
            stream.write_all(&[&length[..], &reply(&query, [0x81, 0x82])].concat()).expect("it takes a reply");
        });
        let heard = patience().ask(address, &sent()).expect("TCP answers");
        assert!(!heard.truncated && heard.rcode == Rcode::SERVFAIL);
    }

    #[test]
    fn a_server_is_asked_until_it_says_what_is_expected() {
        let at = server(|number, query| vec![reply(query, [0x81, if number < 2 { 0x83 } else { 0x82 }])]);
        let expectation = expectation();
        let hold = |within, retries| {
            let within = Duration::from_secs(within);
            let mut all = Vec::new();
            let task = Task { server: at, expectation: &expectation, within, retries };
            patience().hold_all(&[task], |index, held| all.push((index, held)));
            assert_eq!(all.len(), 1);
            all.remove(0).1
        };
        let once = hold(0, 0);
        assert_eq!(once.mismatch.as_ref().map(|one| one.found.as_str()), Some("rcode NXDOMAIN"));
        let again = hold(0, 2);
        assert_eq!((again.mismatch, again.earlier.len()), (None, 1), "the third reply is as expected");
        assert!(again.took >= PAUSE);
        assert_eq!(hold(20, 0).mismatch, None);
    }
}
