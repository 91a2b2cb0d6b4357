//! The query log: the last queries, with their replies, and counts of all of them.
//!
//! ```text
//! worker ─ Recorder::now ─▶ ring + counts ──▶ Reader ─▶ LoggedQuery ─ document ─▶ QueryDocument ─▶ admin API, watch, log
//!        one lock a batch   (per worker)       └─▶ Counts of all workers ─▶ metrics
//! ```
//!
//! A worker copies the raw bytes of each query and reply into the slots of its own [`ring`] and adds to counters of its own,
//! under a lock that it takes once per batch; a reader holds that lock only while it copies a few slots. The worker allocates
//! nothing and shares nothing. Names, writers and sentences are formatted only when read ([`document`]), from the revision
//! that answered, which is kept as a [`Segment`]. [`filter`] selects queries, and [`QueryLog::wait`] waits for the next one.

mod count;
pub mod document;
pub mod filter;
mod question;
pub mod ring;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use self::count::{MAX_LABELS, NO_VIEW, OTHER_VIEWS};
use self::ring::{Facts, Ring};
use super::Bound;
use crate::compile::{Compiled, ViewId};
use crate::dns::{Rcode, Transport};
use crate::resolve::Response;

pub(crate) use count::{BOUNDS, Counts, RCODES};
pub use document::QueryDocument;
pub use filter::Filter;
pub use ring::Path;

/// How many queries are kept if nothing else is said.
pub const KEPT: usize = 1000;
/// How many revisions are kept for explanations; queries answered from older ones are shown without their writers.
const SEGMENTS: usize = 8;
/// How many slots are copied before a worker may have its lock back.
const COPIED_AT_ONCE: u64 = 32;
/// How long a waiting reader pauses between two looks.
const LOOKS_APART: Duration = Duration::from_millis(5);

/// The log of all workers: one per server.
#[derive(Debug)]
pub struct QueryLog {
    listeners: Vec<Bound>,
    kept: usize,
    slots: usize,
    workers: Mutex<Vec<Arc<Mutex<WorkerLog>>>>,
    segments: Mutex<Segments>,
    labels: Mutex<Vec<Arc<str>>>,
    collected: Mutex<Collected>,
    waiting: AtomicUsize,
    bell: Notify,
    begun: Instant,
    /// How many queries the log has left out.
    pub(super) unlogged: AtomicU64,
}

/// A revision queries were answered from.
#[derive(Debug)]
pub struct Segment {
    /// Its number, from 0; each that is published has the next.
    pub number: u64,
    /// The revision.
    pub world: Arc<Compiled>,
    /// The label each view is counted under.
    labels: Box<[u16]>,
}

#[derive(Debug, Default)]
struct Segments {
    next: u64,
    latest: VecDeque<Arc<Segment>>,
}

/// What one worker writes into.
#[derive(Debug)]
struct WorkerLog {
    ring: Ring,
    counts: Counts,
}

/// A query that was taken out of a ring.
#[derive(Debug)]
pub struct LoggedQuery {
    /// Its number among all queries, from 1, in the order they were read; absent in logs.
    pub sequence: Option<u64>,
    /// What is known besides the bytes.
    pub facts: Facts,
    /// The label of the view; absent if it was answered in none, or the revision is not kept any more.
    pub view: Option<Arc<str>>,
    query: Box<[u8]>,
    reply: Box<[u8]>,
    whole: bool,
    segment: Weak<Segment>,
    document: OnceLock<QueryDocument>,
}

#[derive(Debug, Default)]
struct Collected {
    reader: Reader,
    /// The number of the last query that was collected or lost.
    last: u64,
    lost: u64,
    kept: VecDeque<Arc<LoggedQuery>>,
}

/// Who reads the rings, and how far it is.
#[derive(Debug, Default)]
pub struct Reader {
    positions: Vec<u64>,
}

/// The queries that are kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The queries, the oldest first.
    pub queries: Vec<Arc<LoggedQuery>>,
    /// The number of the last query there was.
    pub last: u64,
}

impl QueryLog {
    /// One for these listeners that keeps that many queries. Each worker has `slots` for queries that were not read yet;
    /// more than are kept help those who read steadily.
    pub fn new(listeners: Vec<Bound>, kept: usize, slots: usize) -> Self {
        Self {
            listeners,
            kept,
            slots: slots.max(kept),
            workers: Mutex::default(),
            segments: Mutex::default(),
            labels: Mutex::new(vec!["none".into(), "other".into(), "public".into()]),
            collected: Mutex::default(),
            waiting: AtomicUsize::new(0),
            bell: Notify::new(),
            begun: Instant::now(),
            unlogged: AtomicU64::new(0),
        }
    }

    /// When it began.
    pub fn begun(&self) -> Instant {
        self.begun
    }

    /// A recorder for one more worker.
    pub fn recorder(self: &Arc<Self>) -> Recorder {
        let worker = Arc::new(Mutex::new(WorkerLog { ring: Ring::new(self.slots), counts: Counts::default() }));
        lock(&self.workers).push(Arc::clone(&worker));
        Recorder { log: Arc::clone(self), worker }
    }

    /// Starts a segment: queries are answered from this revision from now on.
    pub fn begin(&self, world: &Arc<Compiled>) -> Arc<Segment> {
        let mut known = lock(&self.labels);
        let labels = world.views.iter().map(|(_, view)| label(&mut known, view.label())).collect();
        drop(known);
        let mut segments = lock(&self.segments);
        let segment = Arc::new(Segment { number: segments.next, world: Arc::clone(world), labels });
        segments.next += 1;
        segments.latest.push_back(Arc::clone(&segment));
        let gone = if segments.latest.len() > SEGMENTS { segments.latest.pop_front() } else { None };
        drop(segments);
        // Freeing a large revision takes a while.
        drop(gone);
        segment
    }

    /// The numbers of all workers.
    pub(crate) fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for worker in self.workers() {
            sum.add(&lock(&worker).counts);
        }
        sum
    }

    /// The labels views are counted under, by place.
    pub(crate) fn labels(&self) -> Vec<Arc<str>> {
        lock(&self.labels).clone()
    }

    /// How many queries there were, and how many of them were written over before a reader read them. Without a reader,
    /// none is missed.
    pub fn seen_and_lost(&self) -> (u64, u64) {
        let seen = self.workers().iter().map(|worker| lock(worker).ring.written()).sum();
        (seen, lock(&self.collected).lost)
    }

    /// The queries that are kept, as of now.
    pub fn kept(&self) -> Kept {
        let mut collected = lock(&self.collected);
        self.collect(&mut collected);
        Kept { queries: collected.kept.iter().cloned().collect(), last: collected.last }
    }

    /// Waits until a query is seen that the filter lets through, and gives the first: of those numbered above `since`, or
    /// without it of those that come from now on. Absent if there is none by `until`.
    pub async fn wait(
        &self,
        filter: &Filter,
        since: Option<u64>,
        until: tokio::time::Instant,
    ) -> Option<Arc<LoggedQuery>> {
        let _waiting = Waiting::new(&self.waiting);
        let mut looked_to = since.unwrap_or_else(|| self.kept().last);
        loop {
            let rung = self.bell.notified();
            tokio::pin!(rung);
            // From here on a bell is heard, so nothing that comes after the look is missed.
            rung.as_mut().enable();
            let kept = self.kept();
            let new = kept.queries.iter().filter(|one| one.sequence > Some(looked_to));
            if let Some(found) = new.into_iter().find(|one| self.lets_through(filter, one)) {
                return Some(Arc::clone(found));
            }
            looked_to = looked_to.max(kept.last);
            if tokio::time::timeout_at(until, rung).await.is_err() {
                return None;
            }
            tokio::time::sleep(LOOKS_APART).await;
        }
    }

    /// A query as a document; made once.
    pub fn document<'n>(&self, logged: &'n LoggedQuery) -> &'n QueryDocument {
        logged.document.get_or_init(|| document::document(logged, logged.segment.upgrade().as_deref(), &self.listeners))
    }

    /// True if the query matches the filter. It checks first what the bytes alone show.
    pub fn lets_through(&self, filter: &Filter, logged: &LoggedQuery) -> bool {
        filter.may(logged) && filter.lets_through(self.document(logged))
    }

    /// Reads what is new to a reader, in the order the queries were read from the network.
    /// Gives the queries and how many were lost to the reader.
    pub fn read(&self, reader: &mut Reader) -> (Vec<LoggedQuery>, u64) {
        let mut found = Vec::new();
        let mut lost = 0;
        let workers = self.workers();
        reader.positions.resize(workers.len(), 0);
        for (worker, position) in workers.iter().zip(&mut reader.positions) {
            let end = lock(worker).ring.written();
            while *position < end {
                let most = COPIED_AT_ONCE.min(end - *position);
                let mut copied = Vec::with_capacity(COPIED_AT_ONCE as usize);
                let read = lock(worker).ring.read(*position, most, |raw| {
                    copied.push((*raw.facts, Box::from(raw.query), Box::from(raw.reply), raw.whole));
                });
                *position = read.0;
                lost += read.1;
                found.append(&mut copied);
            }
        }
        // Each worker's are in order already; several workers' are not.
        found.sort_by_key(|(facts, ..): &(Facts, Box<[u8]>, Box<[u8]>, bool)| facts.at);
        let segments: Vec<Arc<Segment>> = lock(&self.segments).latest.iter().cloned().collect();
        let found = found.into_iter().map(|(facts, query, reply, whole)| {
            let segment = segments.iter().find(|segment| segment.number == facts.segment);
            let view = segment.and_then(|segment| Some(segment.world.views.get(facts.view?).label().into()));
            let segment = segment.map(Arc::downgrade).unwrap_or_default();
            LoggedQuery { sequence: None, facts, view, query, reply, whole, segment, document: OnceLock::new() }
        });
        (found.collect(), lost)
    }

    fn collect(&self, collected: &mut Collected) {
        let (new, lost) = self.read(&mut collected.reader);
        collected.last += lost;
        collected.lost += lost;
        for mut logged in new {
            collected.last += 1;
            logged.sequence = Some(collected.last);
            if collected.kept.len() >= self.kept {
                collected.kept.pop_front();
            }
            collected.kept.push_back(Arc::new(logged));
        }
    }

    fn workers(&self) -> Vec<Arc<Mutex<WorkerLog>>> {
        lock(&self.workers).clone()
    }
}

impl Segment {
    fn label(&self, view: Option<ViewId>) -> u16 {
        view.map_or(NO_VIEW, |view| self.labels.get(view.0 as usize).copied().unwrap_or(OTHER_VIEWS))
    }
}

/// The place of a view's label; that of all other views once there are too many.
fn label(known: &mut Vec<Arc<str>>, view: &str) -> u16 {
    // The first two are not views of networks.
    let own = known.iter().skip(2).position(|label| **label == *view).map(|place| place + 2);
    let place = own.unwrap_or_else(|| {
        if known.len() >= MAX_LABELS {
            return usize::from(OTHER_VIEWS);
        }
        known.push(view.into());
        known.len() - 1
    });
    place as u16
}

/// Where one worker records what it answers.
#[derive(Clone, Debug)]
pub struct Recorder {
    log: Arc<QueryLog>,
    worker: Arc<Mutex<WorkerLog>>,
}

/// A batch of queries that is being answered.
pub(super) struct Recording<'d> {
    recorder: &'d Recorder,
    worker: MutexGuard<'d, WorkerLog>,
    begun: Instant,
    count: u64,
    replies: u64,
}

impl Recorder {
    /// Begins a batch of queries that were read just now. Nothing may be awaited until it ends.
    pub(super) fn now(&self) -> Recording<'_> {
        self.since(Instant::now())
    }

    /// The same for queries that were read earlier.
    pub(super) fn since(&self, begun: Instant) -> Recording<'_> {
        Recording { recorder: self, worker: lock(&self.worker), begun, count: 0, replies: 0 }
    }
}

impl Recording<'_> {
    /// When the queries were read.
    pub(super) fn begun(&self) -> Instant {
        self.begun
    }

    /// Records a query and its reply.
    pub(super) fn record(&mut self, segment: &Segment, made: Made, query: &[u8], reply: &[u8]) {
        let Made { source, listener, transport, path, response, fault } = made;
        let (view, rcode) = match response {
            Response::Silence => (None, None),
            Response::Refused(rcode) => (None, Some(rcode)),
            Response::Answered(view, rcode) => (Some(view), Some(rcode)),
            // No upstream was asked; the reply says why.
            Response::Outside(view) => (Some(view), reply.get(3).map(|octet| Rcode(u16::from(octet & 0x0f)))),
        };
        let reply = if rcode.is_some() { reply } else { &[] };
        let WorkerLog { ring, counts } = &mut *self.worker;
        counts.reply(segment.label(view), transport, path, rcode, reply);
        let facts = Facts {
            source,
            listener,
            transport,
            segment: segment.number,
            path,
            view,
            rcode,
            fault,
            at: self.begun,
            latency: Duration::ZERO,
        };
        ring.push(facts, query, reply);
        self.count += 1;
        self.replies += u64::from(rcode.is_some());
    }
}

/// How a reply came about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made {
    pub(super) source: SocketAddr,
    pub(super) listener: u32,
    pub(super) transport: Transport,
    pub(super) path: Path,
    pub(super) response: Response,
    pub(super) fault: Option<super::faults::FaultHit>,
}

impl Drop for Recording<'_> {
    fn drop(&mut self) {
        if self.count == 0 {
            return;
        }
        let latency = self.begun.elapsed();
        self.worker.ring.ready(self.count, latency);
        self.worker.counts.took(latency, self.replies);
        // A reader that waits has said so before it looked at this worker's log, which is locked here.
        if self.recorder.log.waiting.load(Ordering::Relaxed) > 0 {
            self.recorder.log.bell.notify_waiters();
        }
    }
}

/// Counts a waiting reader until it is dropped.
struct Waiting<'w>(&'w AtomicUsize);

impl<'w> Waiting<'w> {
    fn new(count: &'w AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Locks even after a panic of another holder: the data is consistent between any two lines.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub(crate) mod tests;
