//! Streams of messages.
//!
//! `serve` takes whatever queries a read brings, answers them from one revision, in order, and sends the replies with
//! one write. What it takes from a client is bounded: connections, the time a message may be on its way, and the octets of
//! replies that wait. [`portable`] does the same by way of hickory-server, which also carries what is more than TCP.

pub mod portable;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, timeout_at};

use super::Listener;
use super::publish::Outcome;
use crate::dns::wire::Transport;

/// How long a connection may be idle, or a client may take to send a message or to read its replies, if nothing else is
/// said.
pub const IDLE: Duration = Duration::from_secs(10);
/// How many connections a listener has at a time on each worker; more wait until one ends.
pub const MAX_CONNECTIONS: usize = 1024;

/// How many replies of one connection may take time; until there are fewer, no more queries are read from it.
const MAX_LATE: usize = 128;
/// Octets a connection reads at first; it grows with the messages that come.
const FIRST_OCTETS: usize = 4096;
/// The longest message with its length in front.
const LONGEST: usize = 2 + u16::MAX as usize;
/// Octets of replies that are put together before they are written.
const REPLY_OCTETS: usize = 64 << 10;
/// How long to wait where no connection can be taken, as for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(10);

/// What carries TCP.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum TcpFrontEnd {
    /// Several queries a read, one write for their replies.
    #[default]
    Pipelined,
    /// hickory-server, message by message.
    Portable,
}

/// Serves connections until told to stop.
pub(super) async fn serve(listener: TcpListener, place: Listener, idle: Duration, mut stop: watch::Receiver<bool>) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = async {
            let slot = Arc::clone(&slots).acquire_owned().await.map_err(io::Error::other)?;
            Ok::<_, io::Error>((listener.accept().await?, slot))
        };
        let accepted = tokio::select! {
            biased;
            // The sender never goes before its threads do, but if it did, there would be nobody left to stop them.
            _ = stop.wait_for(|stop| *stop) => return,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok(((stream, from), slot)) => {
                let connection = Connection::new(stream, from, place.clone(), idle);
                let mut stop = stop.clone();
                tokio::task::spawn_local(async move {
                    let served = tokio::select! {
                        biased;
                        _ = stop.wait_for(|stop| *stop) => Ok(()),
                        served = connection.serve() => served,
                    };
                    if let Err(error) = served {
                        tracing::debug!(%error, "a connection ended with an error");
                    }
                    drop(slot);
                });
            }
            Err(error) => {
                tracing::debug!(%error, "a connection could not be taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

struct Connection {
    stream: TcpStream,
    from: SocketAddr,
    place: Listener,
    idle: Duration,
    /// What was read; `taken..filled` is not answered yet.
    queries: Vec<u8>,
    taken: usize,
    filled: usize,
    reply: Vec<u8>,
    /// Replies with their lengths in front.
    replies: Vec<u8>,
    /// Replies that take time. They are sent when they are there, behind whatever was asked later and answered before
    /// (RFC 7766, 6.2.1.1).
    late: JoinSet<Option<Vec<u8>>>,
}

/// What became of the queries read so far.
enum Progress {
    /// There is no whole message left; more is to be read.
    More,
    /// Enough replies wait; they are to be written first.
    Full,
    /// A message of no octets: nothing that follows can be trusted.
    End,
}

impl Connection {
    fn new(stream: TcpStream, from: SocketAddr, place: Listener, idle: Duration) -> Self {
        // Without it a reply that follows another may wait for the client's acknowledgement.
        let _ = stream.set_nodelay(true);
        let queries = vec![0; FIRST_OCTETS];
        Self {
            stream,
            from,
            place,
            idle,
            queries,
            taken: 0,
            filled: 0,
            reply: Vec::new(),
            replies: Vec::new(),
            late: JoinSet::new(),
        }
    }

    async fn serve(mut self) -> io::Result<()> {
        // A message must be whole by then, however slowly its octets come.
        let mut until = Instant::now() + self.idle;
        loop {
            tokio::select! {
                ready = timeout_at(until, self.stream.readable()), if self.late.len() < MAX_LATE => match ready {
                    Ok(ready) => ready?,
                    // A client that waits for a reply is not idle.
                    Err(_) if !self.late.is_empty() => {
                        until = Instant::now() + self.idle;
                        continue;
                    }
                    Err(_) => return Ok(()),
                },
                Some(done) = self.late.join_next(), if !self.late.is_empty() => {
                    self.put_late(done);
                    until = Instant::now() + self.idle;
                    if !self.write(until).await? {
                        return Ok(());
                    }
                    continue;
                }
            }
            match self.stream.try_read(&mut self.queries[self.filled..]) {
                // The client may have closed its half only.
                Ok(0) => return self.finish().await,
                Ok(length) => self.filled += length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            }
            loop {
                let before = self.taken;
                let progress = self.answer();
                if self.taken > before {
                    until = Instant::now() + self.idle;
                }
                if !self.write(until).await? {
                    return Ok(());
                }
                match progress {
                    Progress::Full => tokio::task::yield_now().await,
                    Progress::More => break,
                    Progress::End => return Ok(()),
                }
            }
            self.make_room();
            // One busy connection does not keep the others waiting.
            tokio::task::yield_now().await;
        }
    }

    /// Sends the replies that take time, and ends.
    async fn finish(mut self) -> io::Result<()> {
        while let Some(done) = self.late.join_next().await {
            self.put_late(done);
        }
        self.write(Instant::now() + self.idle).await?;
        Ok(())
    }

    /// Puts a reply that took time behind those that wait to be written.
    fn put_late(&mut self, done: Result<Option<Vec<u8>>, JoinError>) {
        match done {
            Ok(Some(reply)) => put(&mut self.replies, &reply),
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "a reply could not be made"),
        }
    }

    /// Answers the whole messages that were read, all from one revision.
    fn answer(&mut self) -> Progress {
        let Self { place, from, queries, taken, filled, reply, replies, late, .. } = self;
        place.batch(|batch| {
            loop {
                let Some((&[high, low], behind)) = queries[*taken..*filled].split_first_chunk::<2>() else {
                    return Progress::More;
                };
                let length = usize::from(u16::from_be_bytes([high, low]));
                if length == 0 {
                    return Progress::End;
                }
                let Some(query) = behind.get(..length) else { return Progress::More };
                let outcome = batch.answer(*from, None, Transport::Tcp, query, reply);
                *taken += 2 + length;
                match outcome {
                    Outcome::Silence => {}
                    Outcome::Now => put(replies, reply),
                    Outcome::Later(later) => {
                        late.spawn_local(later);
                    }
                }
                if replies.len() >= REPLY_OCTETS {
                    return Progress::Full;
                }
            }
        })
    }

    /// Writes the replies that wait; false if the client does not take them in time.
    async fn write(&mut self, until: Instant) -> io::Result<bool> {
        let mut sent = 0;
        while sent < self.replies.len() {
            match self.stream.try_write(&self.replies[sent..]) {
                Ok(length) => sent += length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    match timeout_at(until, self.stream.writable()).await {
                        Ok(ready) => ready?,
                        Err(_) => return Ok(false),
                    }
                }
                Err(error) => return Err(error),
            }
        }
        self.replies.clear();
        Ok(true)
    }

    /// Moves a message that is not whole to the front, and makes sure that the rest of it has room.
    fn make_room(&mut self) {
        self.queries.copy_within(self.taken..self.filled, 0);
        self.filled -= self.taken;
        self.taken = 0;
        if self.filled == self.queries.len() && self.filled < LONGEST {
            self.queries.resize(LONGEST.min(self.filled * 4), 0);
        }
    }
}

/// Puts a reply with its length in front behind others.
fn put(replies: &mut Vec<u8>, reply: &[u8]) {
    let length = u16::try_from(reply.len()).expect("replies keep the limit of their transport");
    replies.extend_from_slice(&length.to_be_bytes());
    replies.extend_from_slice(reply);
}
