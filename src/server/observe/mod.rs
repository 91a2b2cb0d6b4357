//! What can be seen of the queries that are answered: the last of them, and how many there were.
//!
//! ```text
//! worker ─ Recorder::taking ─▶ ring + counts ──▶ Reader ─▶ LoggedQuery ─ sight ─▶ QueryDocument ─▶ admin API, watch, log
//!        one lock a batch   (per worker)       └─▶ Counts of all workers ─▶ metrics
//! ```
//!
//! A worker puts the raw octets of each query and reply into the slots of its own [`ring`] and adds to numbers of its own,
//! behind a lock that it takes once a batch and that nobody else wants for longer than it takes to copy some slots. It
//! allocates nothing and shares nothing. Names, writers and sentences are made when somebody reads ([`sight`]), from the
//! revision that answered, which is kept as a [`Segment`]. [`filter`] says which queries are wanted, and
//! [`QueryLog::wait`] waits for the next of them.

mod count;
pub mod filter;
pub mod ring;
pub mod sight;

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

pub(crate) use count::{BOUNDS, Counts, RCODES};
pub use filter::Filter;
pub use ring::Path;
pub use sight::QueryDocument;

/// How many queries are kept if nothing else is said.
pub const KEPT: usize = 1000;
/// How many revisions are kept for explanations; queries answered from older ones are shown without their writers.
const CHAPTERS: usize = 8;
/// How many slots are copied before a worker may have its lock back.
const COPIED_AT_ONCE: u64 = 32;
/// How often somebody who waits looks at most, however many queries there are.
const LOOKS_APART: Duration = Duration::from_millis(5);

/// Where everything that is seen comes together: one for each server.
#[derive(Debug)]
pub struct QueryLog {
    listeners: Vec<Bound>,
    kept: usize,
    slots: usize,
    desks: Mutex<Vec<Arc<Mutex<WorkerLog>>>>,
    chapters: Mutex<Chapters>,
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
struct Chapters {
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
    /// Its number among all queries, from 1, in the order they were read; absent where nobody numbers them.
    pub sequence: Option<u64>,
    /// What is known besides the octets.
    pub facts: Facts,
    /// The label of the view; absent if it was answered in none, or the revision is not kept any more.
    pub view: Option<Arc<str>>,
    query: Box<[u8]>,
    reply: Box<[u8]>,
    whole: bool,
    chapter: Weak<Segment>,
    sight: OnceLock<QueryDocument>,
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
    /// One for these listeners that keeps that many queries. Each worker has `slots` for queries that nobody has read yet;
    /// more than are kept help those who read steadily.
    pub fn new(listeners: Vec<Bound>, kept: usize, slots: usize) -> Self {
        Self {
            listeners,
            kept,
            slots: slots.max(kept),
            desks: Mutex::default(),
            chapters: Mutex::default(),
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

    /// A desk for one more worker.
    pub fn desk(self: &Arc<Self>) -> Recorder {
        let papers = Arc::new(Mutex::new(WorkerLog { ring: Ring::new(self.slots), counts: Counts::default() }));
        lock(&self.desks).push(Arc::clone(&papers));
        Recorder { observatory: Arc::clone(self), papers }
    }

    /// Takes note of a revision that is to be answered from.
    pub fn begin(&self, world: &Arc<Compiled>) -> Arc<Segment> {
        let mut known = lock(&self.labels);
        let labels = world.views.iter().map(|(_, view)| label(&mut known, view.label())).collect();
        drop(known);
        let mut chapters = lock(&self.chapters);
        let chapter = Arc::new(Segment { number: chapters.next, world: Arc::clone(world), labels });
        chapters.next += 1;
        chapters.latest.push_back(Arc::clone(&chapter));
        let gone = if chapters.latest.len() > CHAPTERS { chapters.latest.pop_front() } else { None };
        drop(chapters);
        // Freeing a large revision takes a while.
        drop(gone);
        chapter
    }

    /// The numbers of all workers.
    pub(crate) fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for papers in self.desks() {
            sum.add(&lock(&papers).counts);
        }
        sum
    }

    /// The labels views are counted under, by place.
    pub(crate) fn labels(&self) -> Vec<Arc<str>> {
        lock(&self.labels).clone()
    }

    /// How many queries there were, and how many of them were written over before anybody had read them. Where nobody reads,
    /// none is missed.
    pub fn seen_and_lost(&self) -> (u64, u64) {
        let seen = self.desks().iter().map(|papers| lock(papers).ring.written()).sum();
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
            // From here on a bell is heard, so nothing that comes behind the look is missed.
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

    /// What is to be seen of a query; made once.
    pub fn sight<'n>(&self, noted: &'n LoggedQuery) -> &'n QueryDocument {
        noted.sight.get_or_init(|| sight::document(noted, noted.chapter.upgrade().as_deref(), &self.listeners))
    }

    /// True if the filter lets the query through. What can be told from the octets alone is looked at first.
    pub fn lets_through(&self, filter: &Filter, noted: &LoggedQuery) -> bool {
        filter.may(noted) && filter.lets_through(self.sight(noted))
    }

    /// Reads what is new to a reader, in the order the queries were read from the network.
    /// Gives the queries and how many were lost to the reader.
    pub fn read(&self, reader: &mut Reader) -> (Vec<LoggedQuery>, u64) {
        let mut found = Vec::new();
        let mut lost = 0;
        let desks = self.desks();
        reader.positions.resize(desks.len(), 0);
        for (papers, position) in desks.iter().zip(&mut reader.positions) {
            let end = lock(papers).ring.written();
            while *position < end {
                let most = COPIED_AT_ONCE.min(end - *position);
                let mut copied = Vec::with_capacity(COPIED_AT_ONCE as usize);
                let read = lock(papers).ring.read(*position, most, |raw| {
                    copied.push((*raw.facts, Box::from(raw.query), Box::from(raw.reply), raw.whole));
                });
                *position = read.0;
                lost += read.1;
                found.append(&mut copied);
            }
        }
        // Each worker's are in order already; several workers' are not.
        found.sort_by_key(|(facts, ..): &(Facts, Box<[u8]>, Box<[u8]>, bool)| facts.at);
        let chapters: Vec<Arc<Segment>> = lock(&self.chapters).latest.iter().cloned().collect();
        let found = found.into_iter().map(|(facts, query, reply, whole)| {
            let chapter = chapters.iter().find(|chapter| chapter.number == facts.chapter);
            let view = chapter.and_then(|chapter| Some(chapter.world.views.get(facts.view?).label().into()));
            let chapter = chapter.map(Arc::downgrade).unwrap_or_default();
            LoggedQuery { sequence: None, facts, view, query, reply, whole, chapter, sight: OnceLock::new() }
        });
        (found.collect(), lost)
    }

    fn collect(&self, collected: &mut Collected) {
        let (new, lost) = self.read(&mut collected.reader);
        collected.last += lost;
        collected.lost += lost;
        for mut noted in new {
            collected.last += 1;
            noted.sequence = Some(collected.last);
            if collected.kept.len() >= self.kept {
                collected.kept.pop_front();
            }
            collected.kept.push_back(Arc::new(noted));
        }
    }

    fn desks(&self) -> Vec<Arc<Mutex<WorkerLog>>> {
        lock(&self.desks).clone()
    }
}

impl Segment {
    fn label(&self, view: Option<ViewId>) -> u16 {
        view.map_or(NO_VIEW, |view| self.labels.get(view.0 as usize).copied().unwrap_or(OTHER_VIEWS))
    }
}

/// The place of a view's label; that of all other views once there are too many.
fn label(known: &mut Vec<Arc<str>>, view: &str) -> u16 {
    // The first two are no view's, whatever a network is called.
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

/// Where one worker takes down what it answers.
#[derive(Clone, Debug)]
pub struct Recorder {
    observatory: Arc<QueryLog>,
    papers: Arc<Mutex<WorkerLog>>,
}

/// A batch of queries that is being answered.
pub(super) struct Recording<'d> {
    desk: &'d Recorder,
    papers: MutexGuard<'d, WorkerLog>,
    begun: Instant,
    count: u64,
    replies: u64,
}

impl Recorder {
    /// Begins a batch of queries that were read just now. Nothing may be awaited until it ends.
    pub(super) fn taking(&self) -> Recording<'_> {
        self.taking_since(Instant::now())
    }

    /// The same for queries that were read earlier.
    pub(super) fn taking_since(&self, begun: Instant) -> Recording<'_> {
        Recording { desk: self, papers: lock(&self.papers), begun, count: 0, replies: 0 }
    }
}

impl Recording<'_> {
    /// When the queries were read.
    pub(super) fn begun(&self) -> Instant {
        self.begun
    }

    /// Takes down a query and its reply.
    pub(super) fn take(&mut self, chapter: &Segment, made: Made, query: &[u8], reply: &[u8]) {
        let Made { source, listener, transport, road, response, fault } = made;
        let (view, rcode) = match response {
            crate::resolve::Response::Silence => (None, None),
            crate::resolve::Response::Refused(rcode) => (None, Some(rcode)),
            crate::resolve::Response::Answered(view, rcode) => (Some(view), Some(rcode)),
            // Nobody was asked after all; the reply is the one for that.
            crate::resolve::Response::Outside(view) => {
                (Some(view), reply.get(3).map(|octet| crate::dns::Rcode(u16::from(octet & 0x0f))))
            }
        };
        let reply = if rcode.is_some() { reply } else { &[] };
        let WorkerLog { ring, counts } = &mut *self.papers;
        counts.reply(chapter.label(view), transport, road, rcode, reply);
        let facts = Facts {
            source,
            listener,
            transport,
            chapter: chapter.number,
            road,
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
    pub(super) transport: crate::dns::wire::Transport,
    pub(super) road: Path,
    pub(super) response: crate::resolve::Response,
    pub(super) fault: Option<super::faults::FaultHit>,
}

impl Drop for Recording<'_> {
    fn drop(&mut self) {
        if self.count == 0 {
            return;
        }
        let latency = self.begun.elapsed();
        self.papers.ring.ready(self.count, latency);
        self.papers.counts.took(latency, self.replies);
        // Whoever waits has said so before it looked at our papers, and we hold them.
        if self.desk.observatory.waiting.load(Ordering::Relaxed) > 0 {
            self.desk.observatory.bell.notify_waiters();
        }
    }
}

/// Somebody waits as long as this lives.
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

/// A lock that outlives a panic of whoever held it: what stands behind it is whole between any two lines.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub(crate) mod tests;
