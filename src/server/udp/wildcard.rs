//! Linux, at a wildcard address: each query carries the address it was sent to, and its reply leaves from there.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsRawFd;
use std::rc::Rc;

use nix::libc;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg, setsockopt, sockopt,
};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

use super::{Datagrams, QUERY_OCTETS, send_one};
use crate::dns::wire::Transport;
use crate::server::Listener;
use crate::server::pipeline::{Arrival, Outcome};

/// Makes the kernel report where each datagram was sent to.
pub(super) fn prepare(socket: &UdpSocket) -> io::Result<()> {
    match socket.local_addr()? {
        std::net::SocketAddr::V4(_) => setsockopt(socket, sockopt::Ipv4PacketInfo, &true)?,
        std::net::SocketAddr::V6(_) => setsockopt(socket, sockopt::Ipv6RecvPacketInfo, &true)?,
    }
    Ok(())
}

pub(super) struct Wildcard {
    listener: Listener,
    query: Box<[u8]>,
    control: Vec<u8>,
    reply: Vec<u8>,
}

impl Wildcard {
    pub(super) fn new(listener: Listener) -> Self {
        let control = nix::cmsg_space!(libc::in6_pktinfo);
        Self { listener, query: vec![0; QUERY_OCTETS].into(), control, reply: Vec::new() }
    }

    fn receive(&mut self, socket: &UdpSocket) -> io::Result<Received> {
        self.control.resize(self.control.capacity(), 0);
        let mut slices = [IoSliceMut::new(&mut self.query)];
        let flags = MsgFlags::MSG_DONTWAIT;
        let message = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut slices, Some(&mut self.control), flags)?;
        let asked_at = message.cmsgs()?.find_map(|control| match control {
            ControlMessageOwned::Ipv4PacketInfo(info) => Some(AskedAt::V4(info)),
            ControlMessageOwned::Ipv6PacketInfo(info) => Some(AskedAt::V6(info)),
            _ => None,
        });
        Ok(Received { length: message.bytes, from: message.address, asked_at })
    }
}

struct Received {
    length: usize,
    from: Option<SockaddrStorage>,
    asked_at: Option<AskedAt>,
}

/// Where a query was sent to.
enum AskedAt {
    V4(libc::in_pktinfo),
    V6(libc::in6_pktinfo),
}

impl AskedAt {
    fn address(&self) -> IpAddr {
        match self {
            // The address to reply from, which for a query sent to a broadcast address is not the one it was sent to.
            Self::V4(info) => IpAddr::V4(Ipv4Addr::from(u32::from_be(info.ipi_spec_dst.s_addr))),
            Self::V6(info) => IpAddr::V6(Ipv6Addr::from(info.ipi6_addr.s6_addr)),
        }
    }

    /// The same, for a reply: without the interface, which routing finds, except where the address is one of a link's.
    fn turned(self) -> Self {
        match self {
            Self::V4(info) => Self::V4(libc::in_pktinfo { ipi_ifindex: 0, ..info }),
            Self::V6(info) => {
                let on_link = Ipv6Addr::from(info.ipi6_addr.s6_addr).is_unicast_link_local();
                let ipi6_ifindex = if on_link { info.ipi6_ifindex } else { 0 };
                Self::V6(libc::in6_pktinfo { ipi6_ifindex, ..info })
            }
        }
    }

    fn control(&self) -> ControlMessage<'_> {
        match self {
            Self::V4(info) => ControlMessage::Ipv4PacketInfo(info),
            Self::V6(info) => ControlMessage::Ipv6PacketInfo(info),
        }
    }
}

impl Datagrams for Wildcard {
    async fn round(&mut self, socket: &Rc<UdpSocket>, late: &mut JoinSet<()>) -> io::Result<()> {
        let received = socket.try_io(Interest::READABLE, || self.receive(socket))?;
        let Some(from) = received.from else { return Ok(()) };
        let Some((source, port)) = ip_and_port(&from) else { return Ok(()) };
        if port == 0 {
            return Ok(());
        }
        let asked_at = received.asked_at.as_ref().map(AskedAt::address);
        let packet = &self.query[..received.length];
        let arrival = Arrival { asked_at, ..Arrival::new((source, port).into(), Transport::Udp, packet) };
        let reply = &mut self.reply;
        let outcome = self.listener.batch(|batch| batch.answer(&arrival, reply));
        let turned = received.asked_at.map(AskedAt::turned);
        match outcome {
            Outcome::Silence => {}
            Outcome::Now => send(socket, &self.reply, turned.as_ref(), &from).await,
            Outcome::Late(reply) => {
                let socket = Rc::clone(socket);
                late.spawn_local(async move {
                    if let Some(reply) = reply.await {
                        send(&socket, &reply, turned.as_ref(), &from).await;
                    }
                });
            }
        }
        Ok(())
    }
}

/// Sends a reply from the address its query was sent to.
async fn send(socket: &UdpSocket, reply: &[u8], turned: Option<&AskedAt>, to: &SockaddrStorage) {
    let control: Vec<_> = turned.into_iter().map(AskedAt::control).collect();
    let slices = [IoSlice::new(reply)];
    let flags = MsgFlags::MSG_DONTWAIT;
    send_one(socket, || Ok(sendmsg(socket.as_raw_fd(), &slices, &control, flags, Some(to))?)).await;
}

/// The address and port of a source; absent for families that are not the Internet's.
fn ip_and_port(source: &SockaddrStorage) -> Option<(IpAddr, u16)> {
    if let Some(four) = source.as_sockaddr_in() {
        return Some((IpAddr::V4(four.ip()), four.port()));
    }
    let six = source.as_sockaddr_in6()?;
    Some((IpAddr::V6(six.ip()), six.port()))
}
