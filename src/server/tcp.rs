//! DNS over streams: several queries per read, one write for their replies.
//!
//! `Connection` runs over any stream of bytes ([`AsyncRead`] and [`AsyncWrite`]): it answers the queries of a read from one
//! revision, in order, and sends their replies with one write. What it accepts from a client is bounded: the time a message
//! may take to arrive, the replies that may take time, and the bytes of replies that wait. `serve` accepts TCP connections
//! for it, up to a limit. [`portable`] carries TCP by hickory-server instead.

pub mod portable;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, timeout_at};

use super::Listener;
use super::pipeline::{Arrival, Outcome};
use crate::dns::Transport;

/// By default, how long a connection may be idle, and how long a client may take to send a message or to read its replies.
pub const IDLE: Duration = Duration::from_secs(10);
/// How many connections a listener has at a time on each worker; more wait until one ends.
pub const MAX_CONNECTIONS: usize = 1024;

/// How many replies of one connection may take time; until there are fewer, no more queries are read from it.
const MAX_LATE: usize = 128;
/// Initial size of a connection's read buffer, in bytes; it grows with the messages that arrive.
const FIRST_OCTETS: usize = 4096;
/// The longest message with its length in front, in bytes.
const LONGEST: usize = 2 + u16::MAX as usize;
/// Replies are written once they add up to this many bytes.
const REPLY_OCTETS: usize = 64 << 10;
/// How long to wait if a connection cannot be accepted, for example because file descriptors have run out.
const PAUSE: Duration = Duration::from_millis(10);

/// What carries TCP.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum TcpFrontEnd {
    /// Several queries per read, one write for their replies.
    #[default]
    Pipelined,
    /// hickory-server, message by message.
    Portable,
}

/// Accepts TCP connections and serves them until stopped.
pub(super) async fn serve(listener: TcpListener, place: Listener, idle: Duration, mut stop: watch::Receiver<bool>) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = async {
            let slot = Arc::clone(&slots).acquire_owned().await.map_err(io::Error::other)?;
            Ok::<_, io::Error>((listener.accept().await?, slot))
        };
        let accepted = tokio::select! {
            biased;
            // The sender outlives its threads; if it did not, nothing could stop them.
            _ = stop.wait_for(|stop| *stop) => return,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok(((stream, source), slot)) => {
                // Without it a reply that follows another may wait for the client's acknowledgement.
                let _ = stream.set_nodelay(true);
                let connection = Connection::new(stream, source, Transport::Tcp, place.clone(), idle);
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
                tracing::debug!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// One connection: messages with their lengths in front, over a stream of bytes.
pub(super) struct Connection<S> {
    stream: S,
    source: SocketAddr,
    transport: Transport,
    place: Listener,
    idle: Duration,
    /// What was read; `taken..filled` is not answered yet.
    queries: Vec<u8>,
    taken: usize,
    filled: usize,
    reply: Vec<u8>,
    /// Replies with their lengths in front.
    replies: Vec<u8>,
    /// Replies that take time. Each is sent when it is ready, after replies to later queries that were ready before
    /// (RFC 7766, 6.2.1.1).
    late: JoinSet<Option<Vec<u8>>>,
}

/// What became of the queries read so far.
enum Progress {
    /// No whole message is left; read more.
    More,
    /// Enough replies wait; write them first.
    Full,
    /// An empty message: nothing that follows can be trusted.
    End,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// A connection from `source`, whose messages are those of `transport`.
    pub(super) fn new(stream: S, source: SocketAddr, transport: Transport, place: Listener, idle: Duration) -> Self {
        Self {
            stream,
            source,
            transport,
            place,
            idle,
            queries: vec![0; FIRST_OCTETS],
            taken: 0,
            filled: 0,
            reply: Vec::new(),
            replies: Vec::new(),
            late: JoinSet::new(),
        }
    }

    /// Answers queries until the client ends the connection or is idle for too long.
    pub(super) async fn serve(mut self) -> io::Result<()> {
        // A message must be whole by then, however slowly its bytes arrive.
        let mut until = Instant::now() + self.idle;
        loop {
            let length = tokio::select! {
                read = timeout_at(until, self.stream.read(&mut self.queries[self.filled..])),
                    if self.late.len() < MAX_LATE => match read {
                    // A signal came first; nothing was read.
                    Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Ok(read) => read?,
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
            };
            if length == 0 {
                // The client may have closed its half only.
                return self.finish().await;
            }
            self.filled += length;
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

    /// Puts a reply that took time after those that wait to be written.
    fn put_late(&mut self, done: Result<Option<Vec<u8>>, JoinError>) {
        match done {
            Ok(Some(reply)) => put(&mut self.replies, &reply),
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "a reply could not be made"),
        }
    }

    /// Answers the whole messages that were read, all from one revision.
    fn answer(&mut self) -> Progress {
        let Self { place, source, transport, queries, taken, filled, reply, replies, late, .. } = self;
        place.batch(|batch| {
            loop {
                let Some((&[high, low], rest)) = queries[*taken..*filled].split_first_chunk::<2>() else {
                    return Progress::More;
                };
                let length = usize::from(u16::from_be_bytes([high, low]));
                if length == 0 {
                    return Progress::End;
                }
                let Some(query) = rest.get(..length) else { return Progress::More };
                let outcome = batch.answer(&Arrival::new(*source, *transport, query), reply);
                *taken += 2 + length;
                match outcome {
                    Outcome::Silence => {}
                    Outcome::Now => put(replies, reply),
                    Outcome::Late(reply) => {
                        late.spawn_local(reply);
                    }
                }
                if replies.len() >= REPLY_OCTETS {
                    return Progress::Full;
                }
            }
        })
    }

    /// Writes the replies that wait; false if the client does not read them in time.
    async fn write(&mut self, until: Instant) -> io::Result<bool> {
        if self.replies.is_empty() {
            return Ok(true);
        }
        let written = async {
            self.stream.write_all(&self.replies).await?;
            self.stream.flush().await
        };
        let Ok(written) = timeout_at(until, written).await else { return Ok(false) };
        written?;
        self.replies.clear();
        Ok(true)
    }

    /// Moves an incomplete message to the front, and makes room for the rest of it.
    fn make_room(&mut self) {
        self.queries.copy_within(self.taken..self.filled, 0);
        self.filled -= self.taken;
        self.taken = 0;
        if self.filled == self.queries.len() && self.filled < LONGEST {
            self.queries.resize(LONGEST.min(self.filled * 4), 0);
        }
    }
}

/// Appends a reply with its length in front.
fn put(replies: &mut Vec<u8>, reply: &[u8]) {
    let length = u16::try_from(reply.len()).expect("replies keep the limit of their transport");
    replies.extend_from_slice(&length.to_be_bytes());
    replies.extend_from_slice(reply);
}
