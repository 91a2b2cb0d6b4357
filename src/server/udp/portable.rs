//! One datagram at a time, by what every system has.

use std::io;
use std::rc::Rc;

use tokio::net::UdpSocket;
use tokio::task::JoinSet;

use super::{Datagrams, QUERY_OCTETS, send_late, send_one};
use crate::dns::wire::Transport;
use crate::server::Listener;
use crate::server::pipeline::{Arrival, Outcome};

pub(super) struct Portable {
    listener: Listener,
    query: Box<[u8]>,
    reply: Vec<u8>,
}

impl Portable {
    pub(super) fn new(listener: Listener) -> Self {
        Self { listener, query: vec![0; QUERY_OCTETS].into(), reply: Vec::new() }
    }
}

impl Datagrams for Portable {
    async fn round(&mut self, socket: &Rc<UdpSocket>, late: &mut JoinSet<()>) -> io::Result<()> {
        let (length, source) = match socket.try_recv_from(&mut self.query) {
            Ok(received) => received,
            // On Windows this means that an earlier reply was sent to a closed port.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(()),
            Err(error) => return Err(error),
        };
        if source.port() == 0 {
            return Ok(());
        }
        let packet = &self.query[..length];
        let reply = &mut self.reply;
        let outcome = self.listener.batch(|batch| batch.answer(&Arrival::new(source, Transport::Udp, packet), reply));
        match outcome {
            Outcome::Silence => {}
            Outcome::Now => send_one(socket, || socket.try_send_to(&self.reply, source)).await,
            Outcome::Late(reply) => send_late(reply, socket, source, late),
        }
        Ok(())
    }
}
