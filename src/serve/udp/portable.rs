//! One datagram at a time, by what every system has.

use std::io;
use std::rc::Rc;

use tokio::net::UdpSocket;

use super::{QUERY_OCTETS, Road, send_one};
use crate::answer::Response;
use crate::dns::wire::Transport;
use crate::serve::Listener;
use crate::serve::later::{Answer, Waiting};

pub(super) struct Portable {
    listener: Listener,
    query: Box<[u8]>,
    reply: Vec<u8>,
    waiting: Waiting,
}

impl Portable {
    pub(super) fn new(listener: Listener) -> Self {
        Self { listener, query: vec![0; QUERY_OCTETS].into(), reply: Vec::new(), waiting: Waiting::default() }
    }
}

impl Road for Portable {
    async fn round(&mut self, socket: &Rc<UdpSocket>) -> io::Result<()> {
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
        match self.listener.respond(source.ip(), None, Transport::Udp, packet, &mut self.reply) {
            Answer::Now(Response::Silence) => {}
            Answer::Now(_) => send_one(socket, || socket.try_send_to(&self.reply, source)).await,
            Answer::Later(later) => {
                let socket = Rc::clone(socket);
                self.waiting.send_later(later, async move |reply| {
                    send_one(&socket, || socket.try_send_to(&reply, source)).await;
                });
            }
        }
        Ok(())
    }

    fn waiting(self) -> Waiting {
        self.waiting
    }
}
