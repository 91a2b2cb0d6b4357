//! The published revision: what all listeners answer from, replaced whole.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use arc_swap::ArcSwap;
use ipnet::IpNet;
use tokio::sync::Semaphore;

use super::Bound;
use super::later::{Answer, Later, MAX_WAITING};
use super::upstream::Upstream;
use crate::answer::{Asker, Extended, Journey, Outside, Prepared, Response, Subnets};
use crate::compile::{Compiled, ViewId};
use crate::dns::message::Query;
use crate::dns::wire::{Transport, encode};
use crate::dns::{ExtendedError, Rcode, Reply};

/// RFC 8914, 4.1: an error that fits no other code.
const OTHER: u16 = 0;

/// How queries are answered, whatever the revision.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Conduct {
    /// Besides loopback, whose client subnet options are trusted.
    pub trusted: Vec<IpNet>,
    /// Whether replies carry the reason.
    pub extended: Extended,
    /// The servers asked for names outside the emulated world, in order; if empty, such names do not exist.
    pub upstreams: Vec<SocketAddr>,
}

/// A revision that can be replaced while queries are answered. Readers take no lock, and whoever read one keeps it whole.
#[derive(Debug)]
pub struct Publication {
    conduct: Conduct,
    upstream: Option<Arc<Upstream>>,
    listeners: Vec<Bound>,
    current: ArcSwap<Edition>,
    /// A permit for each query whose reply is on its way.
    waiting: Arc<Semaphore>,
}

/// A revision with what the listeners are in it.
#[derive(Debug)]
pub(super) struct Edition {
    prepared: Prepared,
    /// The view of each listener; absent where it has no network, or one that does not exist in this revision.
    views: Vec<Option<ViewId>>,
    /// The addresses listened at, wildcards left out.
    premises: Vec<(IpAddr, Option<ViewId>)>,
}

impl Publication {
    /// The first revision, for these listeners.
    pub fn new(world: Arc<Compiled>, listeners: Vec<Bound>, conduct: Conduct) -> Self {
        let current = ArcSwap::from_pointee(Edition::new(world, &listeners, None));
        let upstream = Upstream::new(conduct.upstreams.clone()).map(Arc::new);
        Self { conduct, upstream, listeners, current, waiting: Arc::new(Semaphore::new(MAX_WAITING)) }
    }

    /// Replaces the revision. Batches of queries that are being answered finish with the old one.
    pub fn publish(&self, world: Arc<Compiled>) {
        for listener in &self.listeners {
            if let Some(network) =
                listener.network.as_ref().filter(|one| world.views.of_network(one.as_str()).is_none())
            {
                tracing::warn!(%network, address = %listener.address, "the network of a listener is gone; it goes by source address");
            }
        }
        tracing::info!(revision = world.revision().0, "revision published");
        let before = self.current.load_full();
        let edition = Edition::new(world, &self.listeners, Some(&before));
        self.current.store(Arc::new(edition));
    }

    /// The revision queries are answered from now.
    pub fn world(&self) -> Arc<Compiled> {
        Arc::clone(self.current.load().prepared.world())
    }

    /// The listeners.
    pub fn listeners(&self) -> &[Bound] {
        &self.listeners
    }
}

impl Edition {
    fn new(world: Arc<Compiled>, listeners: &[Bound], before: Option<&Self>) -> Self {
        let view = |bound: &Bound| world.views.of_network(bound.network.as_ref()?.as_str());
        let views: Vec<_> = listeners.iter().map(view).collect();
        let addresses = listeners.iter().map(|bound| bound.address.ip());
        let named = addresses.zip(views.iter().copied()).filter(|(address, _)| !address.is_unspecified());
        let premises = named.collect();
        Self { prepared: Prepared::new(world, before.map(|edition| &edition.prepared)), views, premises }
    }
}

/// One listener's place at the publication: everything it needs to answer.
#[derive(Clone, Debug)]
pub struct Listener {
    publication: Arc<Publication>,
    index: usize,
}

impl Listener {
    /// The listener of that index; absent if there are fewer.
    pub fn new(publication: Arc<Publication>, index: usize) -> Option<Self> {
        (index < publication.listeners.len()).then_some(Self { publication, index })
    }

    /// Where it listens.
    pub fn bound(&self) -> &Bound {
        &self.publication.listeners[self.index]
    }

    /// Answers one query from `source`. `asked_at` is the address it was sent to, if that is not the listener's own.
    /// If it is answered now and not with silence, `out` holds the reply.
    pub fn respond(
        &self,
        source: IpAddr,
        asked_at: Option<IpAddr>,
        transport: Transport,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Answer {
        self.edition(|edition| self.respond_from(edition, source, asked_at, transport, packet, out))
    }

    /// Reads the publication once, for a batch of queries.
    pub(super) fn edition<T>(&self, use_it: impl FnOnce(&Edition) -> T) -> T {
        use_it(&self.publication.current.load())
    }

    /// Answers one query of a batch.
    pub(super) fn respond_from(
        &self,
        edition: &Edition,
        source: IpAddr,
        asked_at: Option<IpAddr>,
        transport: Transport,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Answer {
        let own = self.bound().address.ip();
        let conduct = &self.publication.conduct;
        let trusted = source.is_loopback() || conduct.trusted.iter().any(|prefix| prefix.contains(&source));
        let asker = Asker {
            listener: edition.views[self.index],
            source,
            asked_at: asked_at.or((!own.is_unspecified()).then_some(own)),
            subnets: if trusted { Subnets::Trusted } else { Subnets::Ignored },
            extended: conduct.extended,
            outside: if conduct.upstreams.is_empty() { Outside::Denied } else { Outside::Asked },
            premises: &edition.premises,
        };
        match edition.prepared.respond(&asker, transport, packet, out) {
            Response::Outside(_) => {
                let journey = Journey::begin(edition.prepared.world(), &asker, transport, packet);
                let journey = journey.expect("what leads outside is the beginning of a journey");
                let upstream = self.publication.upstream.as_ref().expect("nothing leads outside without");
                self.wait(Box::pin(Arc::clone(upstream).travel(journey)), transport, packet, out)
            }
            response => Answer::Now(response),
        }
    }

    /// Has a query wait for its reply; SERVFAIL now if too many do.
    fn wait(&self, later: Later, transport: Transport, packet: &[u8], out: &mut Vec<u8>) -> Answer {
        match Arc::clone(&self.publication.waiting).try_acquire_owned() {
            Ok(permit) => Answer::Later(Box::pin(async move {
                let reply = later.await;
                drop(permit);
                reply
            })),
            Err(_) => {
                let why = format!("{MAX_WAITING} queries wait for their replies already");
                Answer::Now(fail(self.publication.conduct.extended, &why, transport, packet, out))
            }
        }
    }
}

/// SERVFAIL for a query that could have been answered; silence for what is none.
pub(super) fn fail(extended: Extended, why: &str, transport: Transport, packet: &[u8], out: &mut Vec<u8>) -> Response {
    let Ok(mut query) = Query::parse(packet) else { return Response::Silence };
    extended.settle(&mut query.echo);
    let extended_error = match extended {
        Extended::Shown => Some(ExtendedError { code: OTHER, text: why.to_owned() }),
        Extended::Left => None,
    };
    let reply = Reply { rcode: Rcode::SERVFAIL, answer: Vec::new(), authority: None, extended_error };
    encode(&query.echo, &reply, None, transport, out);
    Response::Refused(Rcode::SERVFAIL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::sample::{estate, name};
    use crate::dns::wire::{decode, encode_query};
    use crate::dns::{Rcode, RecordType};

    fn listener(network: Option<&str>, conduct: Conduct) -> Listener {
        let bound = Bound { network: network.map(Into::into), address: ([127, 0, 0, 1], 5300).into() };
        let publication = Publication::new(Arc::new(estate([10, 0, 1, 9].into())), vec![bound], conduct);
        Listener::new(Arc::new(publication), 0).expect("there is one")
    }

    /// Asked for 10.0.1.0/24: the view it is answered in.
    fn view(listener: &Listener, source: [u8; 4]) -> String {
        let mut packet = encode_query(1, &name("hostname.bind"), RecordType::TXT, Some(1232));
        packet[30] = 3;
        packet.truncate(packet.len() - 2);
        packet.extend([0, 11, 0, 8, 0, 7, 0, 1, 24, 0, 10, 0, 1]);
        let mut out = Vec::new();
        listener.respond(source.into(), None, Transport::Udp, &packet, &mut out);
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
            let answer = listener.respond([127, 0, 0, 1].into(), None, Transport::Udp, &packet, &mut out);
            let Answer::Now(response) = answer else { panic!("nothing is to be waited for") };
            assert_eq!(response, Response::Answered(ViewId::PUBLIC, Rcode::NXDOMAIN));
            decode(&out).expect("a reply").edns.expect("an OPT record").extended_error
        };
        assert!(reason(Extended::Shown).is_some());
        assert_eq!(reason(Extended::Left), None);
    }

    #[test]
    fn a_listener_whose_network_is_gone_goes_by_source_address() {
        let listener = listener(Some("vnet3"), Conduct::default());
        assert_eq!(view(&listener, [10, 0, 2, 7]), "\"vnet2\"");
    }
}
