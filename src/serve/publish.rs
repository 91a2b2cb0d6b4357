//! The published revision: what all listeners answer from, replaced whole.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use arc_swap::ArcSwap;
use ipnet::IpNet;

use super::Bound;
use super::upstream::Upstreams;
use crate::answer::respond::{question, respond_with};
use crate::answer::{Asker, Extended, Prepared, Response, Subnets, Upstream};
use crate::compile::{Compiled, ViewId};
use crate::dns::wire::Transport;

/// How queries are answered, whatever the revision.
#[derive(Clone, Debug, Default)]
pub struct Conduct {
    /// Besides loopback, whose client subnet options are trusted.
    pub trusted: Vec<IpNet>,
    /// Whether replies carry the reason.
    pub extended: Extended,
    /// Who is asked about names outside the emulated world.
    pub upstream: Option<Arc<Upstreams>>,
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

/// A reply that takes time, or none.
pub(super) type Later = Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send>>;

/// A revision that can be replaced while queries are answered. Readers take no lock, and whoever read one keeps it whole.
#[derive(Debug)]
pub struct Publication {
    conduct: Conduct,
    listeners: Vec<Bound>,
    current: ArcSwap<Edition>,
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
        Self { conduct, listeners, current }
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

    /// Answers one query from `source` with what is known here. `asked_at` is the address it was sent to, if that is not the listener's own.
    pub fn respond(
        &self,
        source: IpAddr,
        asked_at: Option<IpAddr>,
        transport: Transport,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Response {
        self.edition(|edition| self.respond_from(edition, source, asked_at, transport, packet, out))
    }

    /// Reads the publication once, for a batch of queries.
    pub(super) fn edition<T>(&self, use_it: impl FnOnce(&Edition) -> T) -> T {
        use_it(&self.publication.current.load())
    }

    /// Answers one query of a batch from what is known here.
    fn respond_from(
        &self,
        edition: &Edition,
        source: IpAddr,
        asked_at: Option<IpAddr>,
        transport: Transport,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Response {
        edition.prepared.respond(&self.asker(edition, source, asked_at), transport, packet, out)
    }

    /// Answers one query of a batch, or says what will.
    pub(super) fn take(
        &self,
        edition: &Edition,
        source: IpAddr,
        asked_at: Option<IpAddr>,
        transport: Transport,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Outcome {
        match self.respond_from(edition, source, asked_at, transport, packet, out) {
            Response::Silence => Outcome::Silence,
            Response::Refused(_) | Response::Answered(..) => Outcome::Now,
            Response::Elsewhere(view) => {
                let conduct = &self.publication.conduct;
                let (Some(upstream), Some(question)) = (&conduct.upstream, question(packet)) else {
                    return Outcome::Now;
                };
                let world = Arc::clone(edition.prepared.world());
                let (place, premises, packet) = (self.clone(), edition.premises.clone(), packet.to_vec());
                let (listener, extended) = (edition.views[self.index], conduct.extended);
                let resolving = upstream.resolve(Arc::clone(&world), view, question, extended);
                Outcome::Later(Box::pin(async move {
                    let reply = resolving.await;
                    let asker = place.asker_with(listener, &premises, source, asked_at);
                    let mut out = Vec::new();
                    respond_with(&world, &asker, transport, &packet, &reply, &mut out);
                    Some(out)
                }))
            }
        }
    }

    fn asker<'e>(&self, edition: &'e Edition, source: IpAddr, asked_at: Option<IpAddr>) -> Asker<'e> {
        self.asker_with(edition.views[self.index], &edition.premises, source, asked_at)
    }

    fn asker_with<'e>(
        &self,
        listener: Option<ViewId>,
        premises: &'e [(IpAddr, Option<ViewId>)],
        source: IpAddr,
        asked_at: Option<IpAddr>,
    ) -> Asker<'e> {
        let own = self.bound().address.ip();
        let conduct = &self.publication.conduct;
        let trusted = source.is_loopback() || conduct.trusted.iter().any(|prefix| prefix.contains(&source));
        Asker {
            listener,
            source,
            asked_at: asked_at.or((!own.is_unspecified()).then_some(own)),
            subnets: if trusted { Subnets::Trusted } else { Subnets::Ignored },
            extended: conduct.extended,
            upstream: if conduct.upstream.is_some() { Upstream::Somebody } else { Upstream::Nobody },
            premises,
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
            let response = listener.respond([127, 0, 0, 1].into(), None, Transport::Udp, &packet, &mut out);
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
