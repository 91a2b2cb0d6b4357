//! The one way every query takes, regardless of transport.
//!
//! A transport (`udp`, [`tcp`](super::tcp)) receives messages and sends replies. It hands each message to a
//! `Batch` of its [`Listener`] as an [`Arrival`], and sends what the `Outcome` says:
//!
//! ```text
//! receive ─▶ parse once ─▶ choose the view ─▶ answer: copied, decided, or forwarded ─▶ faults ─▶ record ─▶ send
//! ```
//!
//! Messages that were read together are one batch: they are answered from one revision and recorded under one lock.

mod batch;
pub(super) mod late;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use self::late::Late;
use super::observe::Recorder;
use super::{Bound, Service};
use crate::dns::Transport;
use crate::resolve::Response;

pub(super) use batch::Batch;

/// A message, as its transport received it.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'p> {
    /// Where it came from.
    pub source: SocketAddr,
    /// The address it was sent to, if that is known and not the listener's own.
    pub asked_at: Option<IpAddr>,
    /// How it travelled, and how its reply will.
    pub transport: Transport,
    /// Its bytes.
    pub message: &'p [u8],
}

/// What to send for a message.
pub(super) enum Outcome {
    /// Nothing.
    Silence,
    /// The reply that was written.
    Now,
    /// What this resolves to.
    Late(Late),
}

/// One listener, for one worker: everything needed to answer.
#[derive(Clone, Debug)]
pub struct Listener {
    service: Arc<Service>,
    index: usize,
    recorder: Recorder,
}

impl<'p> Arrival<'p> {
    /// A message that was sent to the listener's own address.
    pub fn new(source: SocketAddr, transport: Transport, message: &'p [u8]) -> Self {
        Self { source, asked_at: None, transport, message }
    }
}

impl Outcome {
    fn of(response: Response) -> Self {
        if response == Response::Silence { Self::Silence } else { Self::Now }
    }
}

impl Listener {
    /// The listener of that index, for one more worker; absent if there are fewer listeners.
    pub fn new(service: Arc<Service>, index: usize) -> Option<Self> {
        let recorder = service.log().recorder();
        Self::with_recorder(service, index, recorder)
    }

    /// The same, for a worker that has a recorder. The listeners of one thread share it.
    pub(super) fn with_recorder(service: Arc<Service>, index: usize, recorder: Recorder) -> Option<Self> {
        (index < service.snapshots().listeners().len()).then_some(Self { service, index, recorder })
    }

    /// Where it listens.
    pub fn bound(&self) -> &Bound {
        &self.service.snapshots().listeners()[self.index]
    }

    /// Answers one query with what is known here. It does not wait for a delay, and where an upstream would be asked the
    /// reply is SERVFAIL.
    pub fn respond(&self, arrival: &Arrival<'_>, out: &mut Vec<u8>) -> Response {
        self.batch(|batch| batch.answer_now(arrival, out))
    }

    /// Loads the published revision once, for messages that were read just now.
    pub(super) fn batch<T>(&self, use_it: impl FnOnce(&mut Batch<'_>) -> T) -> T {
        let generation = self.service.snapshots().load();
        let faulty = self.service.faults().any();
        let recording = self.recorder.now();
        use_it(&mut Batch { listener: self, generation: &generation, faulty, recording })
    }
}

#[cfg(test)]
mod tests {
    use super::late::MAX_LATE;
    use super::*;
    use crate::compile::ViewId;
    use crate::compile::sample::{estate, name};
    use crate::dns::wire::{decode, encode_query};
    use crate::dns::{Rcode, RecordType};
    use crate::resolve::Ede;
    use crate::server::Conduct;

    fn listener(network: Option<&str>, conduct: Conduct) -> Listener {
        let bound = Bound { network: network.map(Into::into), address: ([127, 0, 0, 1], 5300).into() };
        let service = Service::new(Arc::new(estate([10, 0, 1, 9].into())), vec![bound], conduct);
        Listener::new(Arc::new(service), 0).expect("there is one")
    }

    /// Asked for 10.0.1.0/24: the view it is answered in.
    fn view(listener: &Listener, source: [u8; 4]) -> String {
        let mut packet = encode_query(1, &name("hostname.bind"), RecordType::TXT, Some(1232));
        packet[30] = 3;
        packet.truncate(packet.len() - 2);
        packet.extend([0, 11, 0, 8, 0, 7, 0, 1, 24, 0, 10, 0, 1]);
        let mut out = Vec::new();
        listener.respond(&Arrival::new((source, 4242).into(), Transport::Udp, &packet), &mut out);
        decode(&out).expect("a reply").answer[0].data.to_string()
    }

    #[test]
    fn client_subnets_are_trusted_from_loopback_and_where_it_is_said() {
        let trusted = vec!["10.9.0.0/16".parse().expect("a prefix")];
        let listener = listener(None, Conduct { trusted, ..Conduct::default() });
        assert_eq!(view(&listener, [127, 0, 0, 1]), "\"vnet1\"");
        assert_eq!(view(&listener, [10, 9, 8, 7]), "\"vnet1\"");
        assert_eq!(view(&listener, [10, 8, 8, 7]), "\"public\"");
    }

    #[test]
    fn reasons_are_left_out_if_so_wished() {
        let reason = |extended| {
            let packet = encode_query(1, &name("nobody.example"), RecordType::A, Some(1232));
            let mut out = Vec::new();
            let listener = listener(None, Conduct { extended, ..Conduct::default() });
            let arrival = Arrival::new(([127, 0, 0, 1], 4242).into(), Transport::Udp, &packet);
            let response = listener.respond(&arrival, &mut out);
            assert_eq!(response, Response::Answered(ViewId::PUBLIC, Rcode::NXDOMAIN));
            decode(&out).expect("a reply").edns.expect("an OPT record").extended_error
        };
        assert!(reason(Ede::Include).is_some());
        assert_eq!(reason(Ede::Omit), None);
    }

    #[test]
    fn beyond_the_most_that_may_wait_a_query_is_refused_at_once() {
        let upstreams = vec![([127, 0, 0, 1], 9).into()];
        let listener = listener(None, Conduct { upstreams, ..Conduct::default() });
        let packet = encode_query(1, &name("nobody.example"), RecordType::A, Some(1232));
        let mut out = Vec::new();
        let arrival = Arrival::new(([127, 0, 0, 1], 4242).into(), Transport::Udp, &packet);
        let ask = |out: &mut Vec<u8>| listener.batch(|batch| batch.answer(&arrival, out));
        let waiting = &listener.service.late;
        let all: Vec<_> = (0..MAX_LATE).map(|_| waiting.reserve().expect("a place")).collect();
        assert!(matches!(ask(&mut out), Outcome::Now), "there is no room to wait");
        let told = decode(&out).expect("a reply");
        assert_eq!(told.rcode, Rcode::SERVFAIL);
        let reason = told.edns.expect("an OPT record").extended_error;
        assert!(reason.is_some_and(|told| told.text.contains("4096 queries wait")));
        drop(all);
        let Outcome::Late(late) = ask(&mut out) else { panic!("an upstream is to be asked") };
        assert_eq!(waiting.left(), MAX_LATE - 1);
        // The client is gone.
        drop(late);
        assert_eq!(waiting.left(), MAX_LATE);
    }

    #[test]
    fn a_listener_whose_network_is_gone_goes_by_source_address() {
        let listener = listener(Some("vnet3"), Conduct::default());
        assert_eq!(view(&listener, [10, 0, 2, 7]), "\"vnet2\"");
    }
}
