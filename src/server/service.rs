//! What all listeners share: the published revision, how queries are answered, faults, the query log and upstreams.

use std::net::SocketAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::faults::Faults;
use super::observe::{KEPT, QueryLog};
use super::pipeline::late::LateReplies;
use super::upstream::Upstream;
use super::{Bound, SnapshotStore};
use crate::compile::Compiled;
use crate::resolve::Ede;

/// How queries are answered, regardless of the revision.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Conduct {
    /// Senders whose client subnet options are trusted, besides loopback.
    pub trusted: Vec<IpNet>,
    /// Whether replies carry the reason.
    pub extended: Ede,
    /// The servers asked for names outside the emulated zones, in order; if empty, such names do not exist.
    pub upstreams: Vec<SocketAddr>,
}

/// The state that all listeners of a server share.
#[derive(Debug)]
pub struct Service {
    snapshots: SnapshotStore,
    log: Arc<QueryLog>,
    faults: Faults,
    pub(super) conduct: Conduct,
    pub(super) upstream: Option<Arc<Upstream>>,
    pub(super) late: LateReplies,
}

impl Service {
    /// A service that publishes `world` to these listeners.
    pub fn new(world: Arc<Compiled>, listeners: Vec<Bound>, conduct: Conduct) -> Self {
        let log = QueryLog::new(listeners.clone(), KEPT, KEPT);
        Self::with_log(world, listeners, conduct, log)
    }

    /// The same, with a query log made for these listeners.
    pub fn with_log(world: Arc<Compiled>, listeners: Vec<Bound>, conduct: Conduct, log: QueryLog) -> Self {
        let log = Arc::new(log);
        Self {
            snapshots: SnapshotStore::new(world, listeners, Arc::clone(&log)),
            log,
            faults: Faults::default(),
            upstream: Upstream::new(conduct.upstreams.clone()).map(Arc::new),
            conduct,
            late: LateReplies::default(),
        }
    }

    /// The published revision.
    pub fn snapshots(&self) -> &SnapshotStore {
        &self.snapshots
    }

    /// The queries answered so far.
    pub fn log(&self) -> &Arc<QueryLog> {
        &self.log
    }

    /// The faults that are set.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }
}
