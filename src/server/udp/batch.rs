//! Linux, at an address of the listener's own: up to 32 queries a system call, and their replies in another.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, RawFd};
use std::rc::Rc;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, SockaddrIn6, SockaddrLike, recvmmsg, sendmmsg};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

use super::{Datagrams, QUERY_OCTETS, send_late};
use crate::dns::wire::Transport;
use crate::server::Listener;
use crate::server::pipeline::{Arrival, Outcome};

/// Queries a system call. Beyond 16 to 32 more gain nothing.
const QUERIES: usize = 32;
/// Batches until other listeners of the same thread get their turn.
const BATCHES: usize = 8;

/// Bytes from one query's buffer to the next: an odd number of cache lines, since with a power of two all buffers would
/// contend for the same few sets of the caches.
const STRIDE: usize = QUERY_OCTETS + 64;

/// A source address as the kernel writes it, of the family of the socket. One for both would be eight times as long.
pub(super) trait SourceAddress: SockaddrLike + Copy {
    /// The same, to be reckoned with.
    fn address(&self) -> SocketAddr;
}

impl SourceAddress for SockaddrIn {
    fn address(&self) -> SocketAddr {
        SocketAddrV4::from(*self).into()
    }
}

impl SourceAddress for SockaddrIn6 {
    fn address(&self) -> SocketAddr {
        SocketAddrV6::from(*self).into()
    }
}

/// Buffers for one batch, used again for each.
pub(super) struct Batch<S> {
    listener: Listener,
    queries: Box<[[u8; STRIDE]]>,
    /// Length and source of each query received.
    arrived: [Option<(usize, S)>; QUERIES],
    replies: [Vec<u8>; QUERIES],
    /// Where each reply goes.
    to: [Option<S>; QUERIES],
    /// How many replies there are, and how many of them are sent.
    ready: usize,
    sent: usize,
    // Each direction has its own: what was received changes the lengths kept in here.
    receiving: MultiHeaders<S>,
    sending: MultiHeaders<S>,
}

impl<S: SourceAddress> Batch<S> {
    pub(super) fn new(listener: Listener) -> Self {
        Self {
            listener,
            queries: vec![[0; STRIDE]; QUERIES].into(),
            arrived: [None; QUERIES],
            replies: std::array::from_fn(|_| Vec::new()),
            to: [None; QUERIES],
            ready: 0,
            sent: 0,
            receiving: MultiHeaders::preallocate(QUERIES, None),
            sending: MultiHeaders::preallocate(QUERIES, None),
        }
    }

    /// Receives what is there and says how many queries that are.
    fn receive(&mut self, socket: RawFd) -> nix::Result<usize> {
        let mut buffers = self.queries.iter_mut();
        let mut slices: [[IoSliceMut<'_>; 1]; QUERIES] = std::array::from_fn(|_| {
            let buffer = buffers.next().expect("there are as many buffers as slices");
            [IoSliceMut::new(&mut buffer[..QUERY_OCTETS])]
        });
        let flags = MsgFlags::MSG_DONTWAIT;
        let received = recvmmsg(socket, &mut self.receiving, slices.iter_mut(), flags, None)?;
        let mut count = 0;
        for (message, arrived) in received.zip(&mut self.arrived) {
            *arrived = message.address.map(|source| (message.bytes, source));
            count += 1;
        }
        Ok(count)
    }

    /// Answers the first `count` queries, all from one revision.
    fn answer(&mut self, count: usize, socket: &Rc<UdpSocket>, late: &mut JoinSet<()>) {
        (self.ready, self.sent) = (0, 0);
        self.listener.batch(|batch| {
            for (query, arrived) in self.queries.iter().zip(&self.arrived).take(count) {
                let Some((length, from)) = arrived else { continue };
                let source = from.address();
                if source.port() == 0 {
                    continue;
                }
                let reply = &mut self.replies[self.ready];
                match batch.answer(&Arrival::new(source, Transport::Udp, &query[..*length]), reply) {
                    Outcome::Silence => {}
                    Outcome::Now => {
                        self.to[self.ready] = Some(*from);
                        self.ready += 1;
                    }
                    Outcome::Late(reply) => send_late(reply, socket, source, late),
                }
            }
        });
    }

    /// Sends the replies that are left. One that cannot be sent is passed over: the client asks again.
    fn send(&mut self, socket: RawFd) -> io::Result<()> {
        while self.sent < self.ready {
            let left = self.sent..self.ready;
            let slices: [[IoSlice<'_>; 1]; QUERIES] =
                std::array::from_fn(|index| [IoSlice::new(self.replies.get(left.start + index).map_or(&[], |r| r))]);
            let flags = MsgFlags::MSG_DONTWAIT;
            let result = sendmmsg(socket, &mut self.sending, slices[..left.len()].iter(), &self.to[left], [], flags);
            match result.map(Iterator::count) {
                Ok(count) => self.sent += count.max(1),
                Err(Errno::EAGAIN) => return Err(io::ErrorKind::WouldBlock.into()),
                Err(Errno::EINTR) => {}
                Err(error) => {
                    tracing::debug!(%error, "a reply could not be sent");
                    self.sent += 1;
                }
            }
        }
        Ok(())
    }
}

impl<S: SourceAddress> Datagrams for Batch<S> {
    async fn round(&mut self, socket: &Rc<UdpSocket>, late: &mut JoinSet<()>) -> io::Result<()> {
        let fd = socket.as_raw_fd();
        for _ in 0..BATCHES {
            let count = socket.try_io(Interest::READABLE, || Ok(self.receive(fd)?))?;
            self.answer(count, socket, late);
            socket.async_io(Interest::WRITABLE, || self.send(fd)).await?;
            if count < QUERIES {
                // The kernel had no more, so there is no need to ask it again: later datagrams are a new event.
                return socket.try_io(Interest::READABLE, || Err(io::ErrorKind::WouldBlock.into()));
            }
        }
        Ok(())
    }
}
