//! The published revision: what all listeners answer from, replaced whole.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use ipnet::IpNet;

use super::Bound;
use super::faults::harm::harm;
use super::faults::{Asked, Faults, Harm, Strike};
use super::observe::{Chapter, Desk, KEPT, Made, Observatory, Road, Taking};
use crate::answer::{Asker, Extended, Prepared, Response, Subnets, respond};
use crate::compile::{Compiled, ViewId};
use crate::dns::OwnerName;
use crate::dns::message::{Class, Query};
use crate::dns::wire::Transport;
use tokio::sync::Semaphore;

/// How many replies may wait to be sent later, over all listeners; further ones are sent at once.
const MAX_LATER: usize = 8192;

/// How queries are answered, whatever the revision.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Conduct {
    /// Besides loopback, whose client subnet options are trusted.
    pub trusted: Vec<IpNet>,
    /// Whether replies carry the reason.
    pub extended: Extended,
}

/// A revision that can be replaced while queries are answered. Readers take no lock, and whoever read one keeps it whole.
#[derive(Debug)]
pub struct Publication {
    conduct: Conduct,
    listeners: Vec<Bound>,
    current: ArcSwap<Edition>,
    /// What was published before; absent at first.
    previous: ArcSwapOption<Edition>,
    observatory: Arc<Observatory>,
    faults: Faults,
    later: Arc<Semaphore>,
}

/// A revision with what the listeners are in it.
#[derive(Debug)]
pub(super) struct Edition {
    chapter: Arc<Chapter>,
    prepared: Prepared,
    /// The view of each listener; absent where it has no network, or one that does not exist in this revision.
    views: Vec<Option<ViewId>>,
    /// The addresses listened at, wildcards left out.
    premises: Vec<(IpAddr, Option<ViewId>)>,
}

impl Publication {
    /// The first revision, for these listeners.
    pub fn new(world: Arc<Compiled>, listeners: Vec<Bound>, conduct: Conduct) -> Self {
        let observatory = Observatory::new(listeners.clone(), KEPT, KEPT);
        Self::observed(world, listeners, conduct, observatory)
    }

    /// The same, with an observatory for these listeners.
    pub fn observed(world: Arc<Compiled>, listeners: Vec<Bound>, conduct: Conduct, observatory: Observatory) -> Self {
        let current = ArcSwap::from_pointee(Edition::new(world, &observatory, &listeners, None));
        let (previous, observatory) = (ArcSwapOption::empty(), Arc::new(observatory));
        Self {
            conduct,
            listeners,
            current,
            previous,
            observatory,
            faults: Faults::default(),
            later: Arc::new(Semaphore::new(MAX_LATER)),
        }
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
        let edition = Edition::new(world, &self.observatory, &self.listeners, Some(&before));
        self.current.store(Arc::new(edition));
        self.previous.store(Some(before));
    }

    /// The revision queries are answered from now.
    pub fn world(&self) -> Arc<Compiled> {
        Arc::clone(self.current.load().prepared.world())
    }

    /// The listeners.
    pub fn listeners(&self) -> &[Bound] {
        &self.listeners
    }

    /// What can be seen of the queries that are answered.
    pub fn observatory(&self) -> &Arc<Observatory> {
        &self.observatory
    }

    /// What goes wrong on purpose.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }
}

impl Edition {
    fn new(world: Arc<Compiled>, observatory: &Observatory, listeners: &[Bound], before: Option<&Self>) -> Self {
        let view = |bound: &Bound| world.views.of_network(bound.network.as_ref()?.as_str());
        let views: Vec<_> = listeners.iter().map(view).collect();
        let addresses = listeners.iter().map(|bound| bound.address.ip());
        let named = addresses.zip(views.iter().copied()).filter(|(address, _)| !address.is_unspecified());
        let premises = named.collect();
        Self {
            chapter: observatory.begin(&world),
            prepared: Prepared::new(world, before.map(|edition| &edition.prepared)),
            views,
            premises,
        }
    }
}

/// One listener's place at the publication: everything a worker needs to answer.
#[derive(Clone, Debug)]
pub struct Listener {
    publication: Arc<Publication>,
    index: usize,
    desk: Desk,
}

impl Listener {
    /// The listener of that index, for one more worker; absent if there are fewer listeners.
    pub fn new(publication: Arc<Publication>, index: usize) -> Option<Self> {
        let desk = publication.observatory.desk();
        Self::at(publication, index, desk)
    }

    /// The same, for a worker that has a desk. The listeners of one thread share it.
    pub(super) fn at(publication: Arc<Publication>, index: usize, desk: Desk) -> Option<Self> {
        (index < publication.listeners.len()).then_some(Self { publication, index, desk })
    }

    /// Where it listens.
    pub fn bound(&self) -> &Bound {
        &self.publication.listeners[self.index]
    }

    /// Answers one query from `source`. `asked_at` is the address it was sent to, if that is not the listener's own.
    /// Nothing is waited for: a fault makes no reply late here.
    pub fn respond(
        &self,
        source: SocketAddr,
        asked_at: Option<IpAddr>,
        transport: Transport,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Response {
        self.batch(|batch| {
            let done = batch.make(source, asked_at, transport, packet, out);
            batch.taking.take(&done.chapter, done.made, packet, out);
            done.made.response
        })
    }

    /// The same, waiting for replies that are late; absent where there is none.
    pub async fn reply(
        &self,
        source: SocketAddr,
        asked_at: Option<IpAddr>,
        transport: Transport,
        packet: &[u8],
    ) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        match self.batch(|batch| batch.answer(source, asked_at, transport, packet, &mut out)) {
            Answer::Now(Response::Silence) => None,
            Answer::Now(_) => Some(out),
            Answer::Later(later) => later.await,
        }
    }

    /// Reads the publication once, for a batch of queries that were read just now.
    pub(super) fn batch<T>(&self, use_it: impl FnOnce(&mut Batch<'_>) -> T) -> T {
        let edition = self.publication.current.load();
        let faulty = self.publication.faults.any();
        use_it(&mut Batch { listener: self, edition: &edition, faulty, taking: self.desk.taking() })
    }
}

/// What becomes of a query.
pub(super) enum Answer {
    /// The reply is at hand, if there is one.
    Now(Response),
    /// It is made, or sent, later; nothing else waits for it.
    Later(Later),
}

/// A reply that comes later; absent if none does after all.
pub(super) type Later = Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send>>;

/// A batch of queries, answered from one revision and taken down together.
pub(super) struct Batch<'b> {
    listener: &'b Listener,
    edition: &'b Edition,
    /// True if a fault may strike.
    faulty: bool,
    taking: Taking<'b>,
}

/// A reply that is made, and from which revision.
struct Done {
    made: Made,
    chapter: Arc<Chapter>,
}

impl Batch<'_> {
    /// Answers one of them.
    pub(super) fn answer(
        &mut self,
        source: SocketAddr,
        asked_at: Option<IpAddr>,
        transport: Transport,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Answer {
        if !self.faulty {
            let (response, road) = self.look_up(self.edition, source, asked_at, transport, packet, out);
            let made = self.made(source, transport, road, response);
            self.taking.take(&self.edition.chapter, made, packet, out);
            return Answer::Now(response);
        }
        let done = self.make(source, asked_at, transport, packet, out);
        let delay = done.made.fault.map_or(Duration::ZERO, |strike| strike.delay);
        let place = Arc::clone(&self.listener.publication.later).try_acquire_owned();
        match place {
            Ok(place) if !delay.is_zero() && done.made.response != Response::Silence => {
                let (desk, begun) = (self.listener.desk.clone(), self.taking.begun());
                let (query, reply) = (packet.to_vec(), out.clone());
                Answer::Later(Box::pin(async move {
                    tokio::time::sleep_until((begun + delay).into()).await;
                    desk.taking_since(begun).take(&done.chapter, done.made, &query, &reply);
                    drop(place);
                    Some(reply)
                }))
            }
            _ => {
                self.taking.take(&done.chapter, done.made, packet, out);
                Answer::Now(done.made.response)
            }
        }
    }

    /// Makes a reply, with what a fault makes of it.
    fn make(
        &self,
        source: SocketAddr,
        asked_at: Option<IpAddr>,
        transport: Transport,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Done {
        let (mut response, mut road) = self.look_up(self.edition, source, asked_at, transport, packet, out);
        let mut chapter = &self.edition.chapter;
        let fault = if self.faulty { self.strike(response, transport, packet) } else { None };
        let previous = self.listener.publication.previous.load();
        if let Some(strike) = fault {
            if strike.harm == Some(Harm::Stale)
                && let Some(previous) = &*previous
            {
                (response, road) = self.look_up(previous, source, asked_at, transport, packet, out);
                chapter = &previous.chapter;
            }
            let extended = self.listener.publication.conduct.extended;
            response = harm(&strike, packet, transport, extended, response, out);
        }
        let made = Made { fault, ..self.made(source, transport, road, response) };
        Done { made, chapter: Arc::clone(chapter) }
    }

    fn made(&self, source: SocketAddr, transport: Transport, road: Road, response: Response) -> Made {
        Made { source, listener: self.listener.index as u32, transport, road, response, fault: None }
    }

    /// The fault that strikes a question, if one does. What is no question for data is never struck.
    fn strike(&self, response: Response, transport: Transport, packet: &[u8]) -> Option<Strike> {
        let Response::Answered(view, _) = response else { return None };
        let query = Query::parse(packet).ok().filter(|query| query.class == Class::IN)?;
        let name = OwnerName::from_wire(query.name).ok()?;
        let view = self.edition.prepared.world().views.get(view).label();
        let asked = Asked { name: &name, kind: query.kind, view, transport };
        self.listener.publication.faults.strike(&asked, Instant::now())
    }

    #[inline]
    fn look_up(
        &self,
        edition: &Edition,
        source: SocketAddr,
        asked_at: Option<IpAddr>,
        transport: Transport,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> (Response, Road) {
        let listener = self.listener;
        let own = listener.bound().address.ip();
        let conduct = &listener.publication.conduct;
        let ip = source.ip();
        let trusted = ip.is_loopback() || conduct.trusted.iter().any(|prefix| prefix.contains(&ip));
        let asker = Asker {
            listener: edition.views[listener.index],
            source: ip,
            asked_at: asked_at.or((!own.is_unspecified()).then_some(own)),
            subnets: if trusted { Subnets::Trusted } else { Subnets::Ignored },
            extended: conduct.extended,
            premises: &edition.premises,
        };
        match edition.prepared.respond_fast(&asker, transport, packet, out) {
            Some(response) => (response, Road::Fast),
            None => (respond(edition.prepared.world(), &asker, transport, packet, out), Road::Slow),
        }
    }
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
        listener.respond((source, 4242).into(), None, Transport::Udp, &packet, &mut out);
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
            let response = listener.respond(([127, 0, 0, 1], 4242).into(), None, Transport::Udp, &packet, &mut out);
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
