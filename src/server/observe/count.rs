//! What one worker has answered, as numbers.
//!
//! Plain numbers under the worker's own lock; a total is the sum over all workers.

use std::time::Duration;

use super::ring::Path;
use crate::dns::Rcode;
use crate::dns::wire::Transport;

/// How many labels views have at most, those for no view and for further views included.
pub(super) const MAX_LABELS: usize = 66;
/// The label of replies that were made in no view.
pub(super) const NO_VIEW: u16 = 0;
/// The label all views share that have none of their own.
pub(super) const OTHER_VIEWS: u16 = 1;

/// The codes that are counted one by one; the last place is for all others.
pub(crate) const RCODES: [Option<Rcode>; 8] = [
    Some(Rcode::NOERROR),
    Some(Rcode::FORMERR),
    Some(Rcode::SERVFAIL),
    Some(Rcode::NXDOMAIN),
    Some(Rcode::NOTIMP),
    Some(Rcode::REFUSED),
    Some(Rcode::BADVERS),
    None,
];

/// Upper bounds of the latency buckets; what takes longer is in the one after.
pub(crate) const BOUNDS: [Duration; 12] = [
    Duration::from_micros(2),
    Duration::from_micros(5),
    Duration::from_micros(10),
    Duration::from_micros(25),
    Duration::from_micros(50),
    Duration::from_micros(100),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_millis(10),
    Duration::from_millis(100),
    Duration::from_secs(1),
    Duration::from_secs(5),
];

/// Replies by transport and code.
pub(crate) type Replies = [[u64; RCODES.len()]; Transport::ALL.len()];

/// Numbers since the start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Counts {
    /// By the label of the view.
    pub(crate) replies: Box<[Replies]>,
    /// Queries that met silence, by transport.
    pub(crate) silent: [u64; Transport::ALL.len()],
    /// Replies with TC set.
    pub(crate) truncated: u64,
    /// Replies by path: fast, slow, upstream.
    pub(crate) paths: [u64; 3],
    /// Replies with what an upstream replied, by code.
    pub(crate) upstream: [u64; RCODES.len()],
    /// Replies by the time they took: one more place than there are [`BOUNDS`].
    pub(crate) latencies: [u64; BOUNDS.len() + 1],
    /// All latencies together.
    pub(crate) latency: Duration,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            replies: vec![Replies::default(); MAX_LABELS].into(),
            silent: [0; Transport::ALL.len()],
            truncated: 0,
            paths: [0; 3],
            upstream: [0; RCODES.len()],
            latencies: [0; BOUNDS.len() + 1],
            latency: Duration::ZERO,
        }
    }
}

impl Counts {
    /// Counts one reply, or silence where there is no code.
    pub(super) fn reply(&mut self, label: u16, transport: Transport, path: Path, rcode: Option<Rcode>, reply: &[u8]) {
        let transport = transport.index();
        let Some(rcode) = rcode else {
            self.silent[transport] += 1;
            return;
        };
        let code = RCODES.iter().position(|known| *known == Some(rcode)).unwrap_or(RCODES.len() - 1);
        self.replies[usize::from(label)][transport][code] += 1;
        self.paths[path as usize] += 1;
        self.upstream[code] += u64::from(path == Path::Upstream);
        self.truncated += u64::from(reply.get(2).is_some_and(|flags| flags & 0x02 != 0));
    }

    /// Counts how long `count` replies took, each.
    pub(super) fn took(&mut self, latency: Duration, count: u64) {
        let bucket = BOUNDS.iter().position(|bound| latency <= *bound).unwrap_or(BOUNDS.len());
        self.latencies[bucket] += count;
        self.latency += latency * u32::try_from(count).unwrap_or(u32::MAX);
    }

    /// Adds another worker's.
    pub(crate) fn add(&mut self, other: &Self) {
        let mine = self.replies.iter_mut().flatten().flatten();
        for (mine, theirs) in mine.zip(other.replies.iter().flatten().flatten()) {
            *mine += theirs;
        }
        let mine = self.silent.iter_mut().chain(&mut self.paths).chain(&mut self.upstream).chain(&mut self.latencies);
        for (mine, theirs) in
            mine.zip(other.silent.iter().chain(&other.paths).chain(&other.upstream).chain(&other.latencies))
        {
            *mine += theirs;
        }
        self.truncated += other.truncated;
        self.latency += other.latency;
    }
}
