//! One datagram at a time, by what every system has.

use std::io;
use std::sync::Arc;

use tokio::net::UdpSocket;

use super::{QUERY_OCTETS, Road, send_later, send_one};
use crate::answer::Response;
use crate::dns::wire::Transport;
use crate::serve::Listener;
use crate::serve::publish::Answer;

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

impl Road for Portable {
    async fn round(&mut self, socket: &Arc<UdpSocket>) -> io::Result<()> {
        let (length, source) = match socket.try_recv_from(&mut self.query) {
            Ok(received) => received,
            // Windows tells here that an earlier reply met a closed port.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(()),
            Err(error) => return Err(error),
        };
        if source.port() == 0 {
            return Ok(());
        }
        let packet = &self.query[..length];
        match self.listener.batch(|batch| batch.answer(source, None, Transport::Udp, packet, &mut self.reply)) {
            Answer::Now(Response::Silence) => {}
            Answer::Now(_) => send_one(socket, || socket.try_send_to(&self.reply, source)).await,
            Answer::Later(later) => {
                send_later(socket, later, move |socket, reply| socket.try_send_to(reply, source));
            }
        }
        Ok(())
    }
}
