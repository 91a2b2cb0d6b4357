//! The published revision: what all listeners answer from, replaced whole.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use ipnet::IpNet;
use tokio::sync::Semaphore;

use super::Bound;
use super::faults::harm::harm;
use super::faults::{Asked, Faults, Harm, Strike};
use super::later::{Answer, Later, MAX_WAITING};
use super::observe::{Chapter, Desk, KEPT, Made, Observatory, Road, Taking};
use super::upstream::Upstream;
use crate::answer::{Asker, Extended, Journey, Outside, Prepared, Response, Subnets, respond};
use crate::compile::{Compiled, ViewId};
use crate::dns::message::{Class, Query};
use crate::dns::wire::{Transport, encode};
use crate::dns::{ExtendedError, OwnerName, Rcode, Reply};

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
    /// What was published before; absent at first.
    previous: ArcSwapOption<Edition>,
    observatory: Arc<Observatory>,
    faults: Faults,
    /// A permit for each query whose reply is on its way.
    waiting: Arc<Semaphore>,
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
        Self {
            upstream: Upstream::new(conduct.upstreams.clone()).map(Arc::new),
            current: ArcSwap::from_pointee(Edition::new(world, &observatory, &listeners, None)),
            previous: ArcSwapOption::empty(),
            observatory: Arc::new(observatory),
            faults: Faults::default(),
            waiting: Arc::new(Semaphore::new(MAX_WAITING)),
            listeners,
            conduct,
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

    /// What is published now, to be published again without any work.
    pub(super) fn current(&self) -> Arc<Edition> {
        self.current.load_full()
    }

    /// Puts what was published once in the place of the revision.
    pub(super) fn publish_again(&self, edition: Arc<Edition>) {
        tracing::info!(revision = edition.prepared.world().revision().0, "revision published again");
        self.observatory.begin_again(&edition.chapter);
        self.previous.store(Some(self.current.swap(edition)));
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
    /// If it is answered now and not with silence, `out` holds the reply.
    pub fn respond(
        &self,
        source: SocketAddr,
        asked_at: Option<IpAddr>,
        transport: Transport,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Answer {
        self.batch(|batch| batch.answer(source, asked_at, transport, packet, out))
    }

    /// Reads the publication once, for a batch of queries that were read just now.
    pub(super) fn batch<T>(&self, use_it: impl FnOnce(&mut Batch<'_>) -> T) -> T {
        let edition = self.publication.current.load();
        let faulty = self.publication.faults.any();
        use_it(&mut Batch { listener: self, edition: &edition, faulty, taking: self.desk.taking() })
    }

    fn asker<'e>(&self, edition: &'e Edition, source: IpAddr, asked_at: Option<IpAddr>) -> Asker<'e> {
        let own = self.bound().address.ip();
        let conduct = &self.publication.conduct;
        let trusted = source.is_loopback() || conduct.trusted.iter().any(|prefix| prefix.contains(&source));
        Asker {
            listener: edition.views[self.index],
            source,
            asked_at: asked_at.or((!own.is_unspecified()).then_some(own)),
            subnets: if trusted { Subnets::Trusted } else { Subnets::Ignored },
            extended: conduct.extended,
            outside: if conduct.upstreams.is_empty() { Outside::Denied } else { Outside::Asked },
            premises: &edition.premises,
        }
    }
}

/// A batch of queries, answered from one revision and taken down together.
pub(super) struct Batch<'b> {
    listener: &'b Listener,
    edition: &'b Arc<Edition>,
    /// True if a fault may strike.
    faulty: bool,
    taking: Taking<'b>,
}

/// A reply that is made, and from which revision.
struct Done {
    made: Made,
    edition: Arc<Edition>,
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
        let mut done = if self.faulty {
            self.make(source, asked_at, transport, packet, out)
        } else {
            let (response, road) = self.look_up(self.edition, source, asked_at, transport, packet, out);
            let made = self.made(source, transport, road, response);
            if !matches!(response, Response::Outside(_)) {
                self.taking.take(&self.edition.chapter, made, packet, out);
                return Answer::Now(response);
            }
            Done { made, edition: Arc::clone(self.edition) }
        };
        let delay = done.made.fault.map_or(Duration::ZERO, |strike| strike.delay);
        let later = match done.made.response {
            Response::Outside(view) => Some(self.travel(&done, view, asked_at, packet)),
            Response::Silence => None,
            Response::Answered(..) | Response::Refused(_) => (!delay.is_zero()).then(|| self.late(&done, packet, out)),
        };
        if let Some(later) = later {
            let publication = &self.listener.publication;
            match Arc::clone(&publication.waiting).try_acquire_owned() {
                Ok(permit) => {
                    return Answer::Later(Box::pin(async move {
                        let reply = later.await;
                        drop(permit);
                        reply
                    }));
                }
                Err(_) => {
                    let why = format!("{MAX_WAITING} queries wait for their replies already");
                    done.made.response = fail(publication.conduct.extended, &why, transport, packet, out);
                }
            }
        }
        self.taking.take(&done.edition.chapter, done.made, packet, out);
        Answer::Now(done.made.response)
    }

    /// What comes of asking an upstream.
    fn travel(&self, done: &Done, view: ViewId, asked_at: Option<IpAddr>, packet: &[u8]) -> Later {
        let place = self.listener.clone();
        let (edition, made, begun) = (Arc::clone(&done.edition), done.made, self.taking.begun());
        let asker = place.asker(&edition, made.source.ip(), asked_at);
        let journey = Journey::begin(edition.prepared.world(), &asker, made.transport, packet);
        let journey = journey.expect("what leads outside is the beginning of a journey");
        let upstream = Arc::clone(place.publication.upstream.as_ref().expect("nothing leads outside without"));
        let packet = packet.to_vec();
        Box::pin(async move {
            let mut reply = upstream.travel(journey).await?;
            // The upper bits of a code that another server may have sent are not among those that are counted.
            let rcode = reply.get(3).map_or(Rcode::SERVFAIL, |octet| Rcode(u16::from(octet & 0x0f)));
            let mut response = Response::Answered(view, rcode);
            if let Some(strike) = &made.fault {
                let extended = place.publication.conduct.extended;
                response = harm(strike, &packet, made.transport, extended, response, &mut reply);
                tokio::time::sleep_until((begun + strike.delay).into()).await;
            }
            let made = Made { response, road: Road::Upstream, ..made };
            place.desk.taking_since(begun).take(&edition.chapter, made, &packet, &reply);
            Some(reply)
        })
    }

    /// A reply that is made already and sent later.
    fn late(&self, done: &Done, packet: &[u8], reply: &[u8]) -> Later {
        let (desk, begun) = (self.listener.desk.clone(), self.taking.begun());
        let (edition, made) = (Arc::clone(&done.edition), done.made);
        let (query, reply) = (packet.to_vec(), reply.to_vec());
        let delay = made.fault.map_or(Duration::ZERO, |strike| strike.delay);
        Box::pin(async move {
            tokio::time::sleep_until((begun + delay).into()).await;
            desk.taking_since(begun).take(&edition.chapter, made, &query, &reply);
            Some(reply)
        })
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
        let mut edition = Arc::clone(self.edition);
        let (mut response, mut road) = self.look_up(&edition, source, asked_at, transport, packet, out);
        let fault = if self.faulty { self.strike(response, transport, packet) } else { None };
        if let Some(strike) = fault {
            if strike.harm == Some(Harm::Stale)
                && let Some(previous) = self.listener.publication.previous.load_full()
            {
                edition = previous;
                (response, road) = self.look_up(&edition, source, asked_at, transport, packet, out);
            }
            // Nobody is asked what is not told.
            let told_here = matches!(strike.harm, Some(Harm::Drop | Harm::Rcode(_) | Harm::Truncate));
            response = match response {
                Response::Outside(view) if told_here => Response::Answered(view, Rcode::NOERROR),
                response => response,
            };
            let extended = self.listener.publication.conduct.extended;
            response = harm(&strike, packet, transport, extended, response, out);
        }
        Done { made: Made { fault, ..self.made(source, transport, road, response) }, edition }
    }

    fn made(&self, source: SocketAddr, transport: Transport, road: Road, response: Response) -> Made {
        Made { source, listener: self.listener.index as u32, transport, road, response, fault: None }
    }

    /// The fault that strikes a question, if one does. What is no question for data is never struck.
    fn strike(&self, response: Response, transport: Transport, packet: &[u8]) -> Option<Strike> {
        let (Response::Answered(view, _) | Response::Outside(view)) = response else { return None };
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
        let asker = self.listener.asker(edition, source.ip(), asked_at);
        match edition.prepared.respond_fast(&asker, transport, packet, out) {
            Some(response) => (response, Road::Fast),
            None => (respond(edition.prepared.world(), &asker, transport, packet, out), Road::Slow),
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
            let answer = listener.respond(([127, 0, 0, 1], 4242).into(), None, Transport::Udp, &packet, &mut out);
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
