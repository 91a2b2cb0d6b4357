//! The published revision: what all listeners answer from, replaced whole.

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};

use super::Bound;
use super::observe::{QueryLog, Segment};
use crate::compile::{Compiled, ViewId};
use crate::resolve::Prepared;

/// A revision that can be replaced while queries are answered. Readers take no lock and keep the generation they loaded.
#[derive(Debug)]
pub struct SnapshotStore {
    listeners: Vec<Bound>,
    log: Arc<QueryLog>,
    current: ArcSwap<Generation>,
    /// What was published before; absent at first.
    previous: ArcSwapOption<Generation>,
}

/// A revision, and what each listener is in it.
#[derive(Debug)]
pub(super) struct Generation {
    pub(super) segment: Arc<Segment>,
    pub(super) prepared: Prepared,
    /// The view of each listener; absent where it has no network, or one that does not exist in this revision.
    pub(super) views: Vec<Option<ViewId>>,
    /// The addresses the server listens on, wildcards left out.
    pub(super) local_addresses: Vec<(IpAddr, Option<ViewId>)>,
}

impl SnapshotStore {
    /// The first revision, for these listeners.
    pub(super) fn new(world: Arc<Compiled>, listeners: Vec<Bound>, log: Arc<QueryLog>) -> Self {
        let current = ArcSwap::from_pointee(Generation::new(world, &log, &listeners, None));
        Self { listeners, log, current, previous: ArcSwapOption::empty() }
    }

    /// Replaces the revision. Batches of queries that are being answered finish with the old one.
    pub fn publish(&self, world: Arc<Compiled>) {
        for listener in &self.listeners {
            let gone = |network: &&crate::estate::NetworkName| world.views.of_network(network.as_str()).is_none();
            if let Some(network) = listener.network.as_ref().filter(gone) {
                tracing::warn!(
                    %network, address = %listener.address,
                    "the network of a listener is gone; the source address decides the view there"
                );
            }
        }
        tracing::info!(revision = world.revision().0, "revision published");
        let before = self.current.load_full();
        let next = Generation::new(world, &self.log, &self.listeners, Some(&before));
        self.current.store(Arc::new(next));
        self.previous.store(Some(before));
    }

    /// What is published now, to be published again without any work.
    pub(super) fn current(&self) -> Arc<Generation> {
        self.current.load_full()
    }

    /// The generation to answer a batch of queries from.
    pub(super) fn load(&self) -> arc_swap::Guard<Arc<Generation>> {
        self.current.load()
    }

    /// What was published before the current revision; absent at first.
    pub(super) fn previous(&self) -> Option<Arc<Generation>> {
        self.previous.load_full()
    }

    /// Publishes a generation again that was published before.
    pub(super) fn publish_again(&self, generation: Arc<Generation>) {
        tracing::info!(revision = generation.prepared.world().revision().0, "revision published again");
        self.current.store(generation);
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

impl Generation {
    fn new(world: Arc<Compiled>, log: &QueryLog, listeners: &[Bound], before: Option<&Self>) -> Self {
        let view = |bound: &Bound| world.views.of_network(bound.network.as_ref()?.as_str());
        let views: Vec<_> = listeners.iter().map(view).collect();
        let addresses = listeners.iter().map(|bound| bound.address.ip());
        let local_addresses = addresses.zip(views.iter().copied()).filter(|(own, _)| !own.is_unspecified()).collect();
        Self {
            segment: log.begin(&world),
            prepared: Prepared::new(world, before.map(|generation| &generation.prepared)),
            views,
            local_addresses,
        }
    }
}
