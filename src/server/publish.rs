//! The published revision: what all listeners answer from, replaced whole.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use ipnet::IpNet;

use super::Bound;
use super::faults::harm::harm;
use super::faults::{Asked, FaultEffect, FaultHit, Faults};
use super::observe::{KEPT, Made, Path, QueryLog, Recorder, Recording, Segment};
use super::upstream::Upstream;
use crate::compile::{Compiled, ViewId};
use crate::dns::message::{Class, Query};
use crate::dns::wire::{Transport, encode};
use crate::dns::{ExtendedError, OwnerName, Rcode, Reply};
use crate::resolve::{Ede, ForwardedQuery, Forwarding, Prepared, RequestContext, Response, Subnets, respond};
use tokio::sync::Semaphore;

/// How many replies may be on their way at a time, over all listeners. Of further ones those that only a fault makes late are
/// sent at once, and those that an upstream is to be asked for are SERVFAIL.
const MAX_LATER: usize = 4096;
/// RFC 8914, 4.1: an error that fits no other code.
const OTHER: u16 = 0;

/// How queries are answered, whatever the revision.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Conduct {
    /// Besides loopback, whose client subnet options are trusted.
    pub trusted: Vec<IpNet>,
    /// Whether replies carry the reason.
    pub extended: Ede,
    /// The servers asked for names outside the emulated world, in order; if empty, such names do not exist.
    pub upstreams: Vec<SocketAddr>,
}

/// What is to be sent for a query.
pub(super) enum Outcome {
    /// Nothing.
    Silence,
    /// The reply that was written.
    Now,
    /// What comes of this; nothing if it ends without a reply.
    Later(Later),
}

/// A reply that takes time, or none. Nothing else waits for it.
pub(super) type Later = Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send>>;

/// A revision that can be replaced while queries are answered. Readers take no lock, and whoever read one keeps it whole.
#[derive(Debug)]
pub struct SnapshotStore {
    conduct: Conduct,
    upstream: Option<Arc<Upstream>>,
    listeners: Vec<Bound>,
    current: ArcSwap<Generation>,
    /// What was published before; absent at first.
    previous: ArcSwapOption<Generation>,
    observatory: Arc<QueryLog>,
    faults: Faults,
    later: Arc<Semaphore>,
}

/// A revision with what the listeners are in it.
#[derive(Debug)]
pub(super) struct Generation {
    chapter: Arc<Segment>,
    prepared: Prepared,
    /// The view of each listener; absent where it has no network, or one that does not exist in this revision.
    views: Vec<Option<ViewId>>,
    /// The addresses listened at, wildcards left out.
    local_addresses: Vec<(IpAddr, Option<ViewId>)>,
}

impl SnapshotStore {
    /// The first revision, for these listeners.
    pub fn new(world: Arc<Compiled>, listeners: Vec<Bound>, conduct: Conduct) -> Self {
        let observatory = QueryLog::new(listeners.clone(), KEPT, KEPT);
        Self::observed(world, listeners, conduct, observatory)
    }

    /// The same, with an observatory for these listeners.
    pub fn observed(world: Arc<Compiled>, listeners: Vec<Bound>, conduct: Conduct, observatory: QueryLog) -> Self {
        let current = ArcSwap::from_pointee(Generation::new(world, &observatory, &listeners, None));
        let (previous, observatory) = (ArcSwapOption::empty(), Arc::new(observatory));
        Self {
            upstream: Upstream::new(conduct.upstreams.clone()).map(Arc::new),
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
        let edition = Generation::new(world, &self.observatory, &self.listeners, Some(&before));
        self.current.store(Arc::new(edition));
        self.previous.store(Some(before));
    }

    /// What is published now, to be published again without any work.
    pub(super) fn current(&self) -> Arc<Generation> {
        self.current.load_full()
    }

    /// Puts what was published once in the place of the revision.
    pub(super) fn publish_again(&self, edition: Arc<Generation>) {
        tracing::info!(revision = edition.prepared.world().revision().0, "revision published again");
        self.current.store(edition);
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
    pub fn observatory(&self) -> &Arc<QueryLog> {
        &self.observatory
    }

    /// What goes wrong on purpose.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }
}

impl Generation {
    fn new(world: Arc<Compiled>, observatory: &QueryLog, listeners: &[Bound], before: Option<&Self>) -> Self {
        let view = |bound: &Bound| world.views.of_network(bound.network.as_ref()?.as_str());
        let views: Vec<_> = listeners.iter().map(view).collect();
        let addresses = listeners.iter().map(|bound| bound.address.ip());
        let named = addresses.zip(views.iter().copied()).filter(|(address, _)| !address.is_unspecified());
        let local_addresses = named.collect();
        Self {
            chapter: observatory.begin(&world),
            prepared: Prepared::new(world, before.map(|edition| &edition.prepared)),
            views,
            local_addresses,
        }
    }
}

/// One listener's place at the publication: everything a worker needs to answer.
#[derive(Clone, Debug)]
pub struct Listener {
    publication: Arc<SnapshotStore>,
    index: usize,
    desk: Recorder,
}

impl Listener {
    /// The listener of that index, for one more worker; absent if there are fewer listeners.
    pub fn new(publication: Arc<SnapshotStore>, index: usize) -> Option<Self> {
        let desk = publication.observatory.desk();
        Self::at(publication, index, desk)
    }

    /// The same, for a worker that has a desk. The listeners of one thread share it.
    pub(super) fn at(publication: Arc<SnapshotStore>, index: usize, desk: Recorder) -> Option<Self> {
        (index < publication.listeners.len()).then_some(Self { publication, index, desk })
    }

    /// Where it listens.
    pub fn bound(&self) -> &Bound {
        &self.publication.listeners[self.index]
    }

    /// Answers one query from `source` with what is known here, and waits for nothing: not for a fault that makes replies
    /// late, nor for an upstream: where one is to be asked the reply is SERVFAIL. `asked_at` is the address it was sent to, if that is not the listener's own.
    pub fn respond(
        &self,
        source: SocketAddr,
        asked_at: Option<IpAddr>,
        transport: Transport,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Response {
        self.batch(|batch| {
            let mut done = batch.make(source, asked_at, transport, packet, out);
            if let Response::Outside(_) = done.made.response {
                let extended = self.publication.conduct.extended;
                done.made.response =
                    bare(extended, Rcode::SERVFAIL, "no upstream is asked here", transport, packet, out);
            }
            batch.taking.take(&done.edition.chapter, done.made, packet, out);
            done.made.response
        })
    }

    /// Reads the publication once, for a batch of queries that were read just now.
    pub(super) fn batch<T>(&self, use_it: impl FnOnce(&mut Batch<'_>) -> T) -> T {
        let edition = self.publication.current.load();
        let faulty = self.publication.faults.any();
        use_it(&mut Batch { listener: self, edition: &edition, faulty, taking: self.desk.taking() })
    }

    fn context<'e>(&self, edition: &'e Generation, source: IpAddr, asked_at: Option<IpAddr>) -> RequestContext<'e> {
        let own = self.bound().address.ip();
        let conduct = &self.publication.conduct;
        let trusted = source.is_loopback() || conduct.trusted.iter().any(|prefix| prefix.contains(&source));
        RequestContext {
            listener: edition.views[self.index],
            source,
            asked_at: asked_at.or((!own.is_unspecified()).then_some(own)),
            subnets: if trusted { Subnets::Trusted } else { Subnets::Ignored },
            extended: conduct.extended,
            outside: if conduct.upstreams.is_empty() { Forwarding::Off } else { Forwarding::On },
            local_addresses: &edition.local_addresses,
        }
    }
}

/// A batch of queries, answered from one revision and taken down together.
pub(super) struct Batch<'b> {
    listener: &'b Listener,
    edition: &'b Arc<Generation>,
    /// True if a fault may strike.
    faulty: bool,
    taking: Recording<'b>,
}

/// A reply that is made, and from which revision.
struct Done {
    made: Made,
    edition: Arc<Generation>,
}

impl Batch<'_> {
    /// Answers one of them, or says what will.
    pub(super) fn answer(
        &mut self,
        source: SocketAddr,
        asked_at: Option<IpAddr>,
        transport: Transport,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Outcome {
        let mut done = if self.faulty {
            self.make(source, asked_at, transport, packet, out)
        } else {
            let (response, road) = self.look_up(self.edition, source, asked_at, transport, packet, out);
            let made = self.made(source, transport, road, response);
            if !matches!(response, Response::Outside(_)) {
                self.taking.take(&self.edition.chapter, made, packet, out);
                return if response == Response::Silence { Outcome::Silence } else { Outcome::Now };
            }
            Done { made, edition: Arc::clone(self.edition) }
        };
        let delay = done.made.fault.map_or(Duration::ZERO, |strike| strike.delay);
        match done.made.response {
            Response::Silence => {}
            Response::Outside(view) => match self.outside(&done, view, asked_at, packet) {
                Some(later) => return Outcome::Later(later),
                None => {
                    let why = format!("{MAX_LATER} queries wait for their replies already");
                    let extended = self.listener.publication.conduct.extended;
                    done.made.response = bare(extended, Rcode::SERVFAIL, &why, transport, packet, out);
                }
            },
            Response::Answered(..) | Response::Refused(_) if delay.is_zero() => {}
            Response::Answered(..) | Response::Refused(_) => {
                if let Ok(place) = Arc::clone(&self.listener.publication.later).try_acquire_owned() {
                    let (desk, begun) = (self.listener.desk.clone(), self.taking.begun());
                    let (query, reply) = (packet.to_vec(), out.clone());
                    return Outcome::Later(Box::pin(async move {
                        tokio::time::sleep_until((begun + delay).into()).await;
                        desk.taking_since(begun).take(&done.edition.chapter, done.made, &query, &reply);
                        drop(place);
                        Some(reply)
                    }));
                }
            }
        }
        self.taking.take(&done.edition.chapter, done.made, packet, out);
        if done.made.response == Response::Silence { Outcome::Silence } else { Outcome::Now }
    }

    /// What comes of asking an upstream; absent where too many replies are on their way.
    fn outside(&self, done: &Done, view: ViewId, asked_at: Option<IpAddr>, packet: &[u8]) -> Option<Later> {
        let place = self.listener.clone();
        let publication = &place.publication;
        let permit = Arc::clone(&publication.later).try_acquire_owned().ok()?;
        let upstream = Arc::clone(publication.upstream.as_ref().expect("nothing leads outside without"));
        let (edition, made, begun) = (Arc::clone(&done.edition), done.made, self.taking.begun());
        let context = place.context(&edition, made.source.ip(), asked_at);
        let journey = ForwardedQuery::begin(edition.prepared.world(), &context, made.transport, packet);
        let travelling = upstream.travel(journey.expect("what leads outside is the beginning of a journey"));
        let packet = packet.to_vec();
        Some(Box::pin(async move {
            let mut out = travelling.await?;
            drop(permit);
            let rcode = Rcode(u16::from(out[3] & 0x0f));
            let mut response = Response::Answered(view, rcode);
            if let Some(strike) = &made.fault {
                let extended = place.publication.conduct.extended;
                response = harm(strike, &packet, made.transport, extended, response, &mut out);
                tokio::time::sleep_until((begun + strike.delay).into()).await;
            }
            let made = Made { response, road: Path::Upstream, ..made };
            place.desk.taking_since(begun).take(&edition.chapter, made, &packet, &out);
            Some(out)
        }))
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
            if strike.harm == Some(FaultEffect::Stale)
                && let Some(previous) = self.listener.publication.previous.load_full()
            {
                edition = previous;
                (response, road) = self.look_up(&edition, source, asked_at, transport, packet, out);
            }
            // Nobody is asked what is not told.
            let told_here =
                matches!(strike.harm, Some(FaultEffect::Drop | FaultEffect::Rcode(_) | FaultEffect::Truncate));
            let extended = self.listener.publication.conduct.extended;
            if let Response::Outside(view) = response
                && told_here
            {
                bare(extended, Rcode::NOERROR, "", transport, packet, out);
                response = Response::Answered(view, Rcode::NOERROR);
            }
            response = harm(&strike, packet, transport, extended, response, out);
        }
        Done { made: Made { fault, ..self.made(source, transport, road, response) }, edition }
    }

    fn made(&self, source: SocketAddr, transport: Transport, road: Path, response: Response) -> Made {
        Made { source, listener: self.listener.index as u32, transport, road, response, fault: None }
    }

    /// The fault that strikes a question, if one does. What is no question for data is never struck.
    fn strike(&self, response: Response, transport: Transport, packet: &[u8]) -> Option<FaultHit> {
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
        edition: &Generation,
        source: SocketAddr,
        asked_at: Option<IpAddr>,
        transport: Transport,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> (Response, Path) {
        let context = self.listener.context(edition, source.ip(), asked_at);
        match edition.prepared.respond_fast(&context, transport, packet, out) {
            Some(response) => (response, Path::Fast),
            None => (respond(edition.prepared.world(), &context, transport, packet, out), Path::Slow),
        }
    }
}

/// A reply without data to a query that could have been answered; silence for what is none.
fn bare(extended: Ede, rcode: Rcode, why: &str, transport: Transport, packet: &[u8], out: &mut Vec<u8>) -> Response {
    let Ok(mut query) = Query::parse(packet) else { return Response::Silence };
    extended.settle(&mut query.echo);
    let extended_error = match extended {
        Ede::Include if !why.is_empty() => Some(ExtendedError { code: OTHER, text: why.to_owned() }),
        Ede::Include | Ede::Omit => None,
    };
    encode(&query.echo, &Reply { rcode, answer: Vec::new(), authority: None, extended_error }, None, transport, out);
    Response::Refused(rcode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::sample::{estate, name};
    use crate::dns::wire::{decode, encode_query};
    use crate::dns::{Rcode, RecordType};

    fn listener(network: Option<&str>, conduct: Conduct) -> Listener {
        let bound = Bound { network: network.map(Into::into), address: ([127, 0, 0, 1], 5300).into() };
        let publication = SnapshotStore::new(Arc::new(estate([10, 0, 1, 9].into())), vec![bound], conduct);
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
        assert!(reason(Ede::Include).is_some());
        assert_eq!(reason(Ede::Omit), None);
    }

    #[test]
    fn beyond_the_most_that_may_wait_a_query_is_refused_at_once() {
        let upstreams = vec![([127, 0, 0, 1], 9).into()];
        let listener = listener(None, Conduct { upstreams, ..Conduct::default() });
        let packet = encode_query(1, &name("nobody.example"), RecordType::A, Some(1232));
        let mut out = Vec::new();
        let source = ([127, 0, 0, 1], 4242).into();
        let ask = |out: &mut Vec<u8>| listener.batch(|batch| batch.answer(source, None, Transport::Udp, &packet, out));
        let waiting = &listener.publication.later;
        let most = u32::try_from(MAX_LATER).expect("a small number");
        let all = waiting.try_acquire_many(most).expect("nobody waits");
        assert!(matches!(ask(&mut out), Outcome::Now), "there is no room to wait");
        let told = decode(&out).expect("a reply");
        assert_eq!(told.rcode, Rcode::SERVFAIL);
        let reason = told.edns.expect("an OPT record").extended_error;
        assert!(reason.is_some_and(|told| told.text.contains("4096 queries wait")));
        drop(all);
        let Outcome::Later(later) = ask(&mut out) else { panic!("it is to be asked for elsewhere") };
        assert_eq!(waiting.available_permits(), MAX_LATER - 1);
        // Nobody waits for it any more.
        drop(later);
        assert_eq!(waiting.available_permits(), MAX_LATER);
    }

    #[test]
    fn a_listener_whose_network_is_gone_goes_by_source_address() {
        let listener = listener(Some("vnet3"), Conduct::default());
        assert_eq!(view(&listener, [10, 0, 2, 7]), "\"vnet2\"");
    }
}
