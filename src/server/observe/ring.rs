//! The last queries of one worker, as raw bytes in slots of one size.
//!
//! A ring takes all its memory when it is made and none afterwards. A reader keeps a position of its own and learns how
//! many queries were written over before it came.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::compile::ViewId;
use crate::dns::Rcode;
use crate::dns::wire::Transport;
use crate::server::faults::FaultHit;

/// Bytes a slot has for a query and its reply together. What is longer is cut off, the reply first.
pub(super) const SLOT_OCTETS: usize = 17 * 64;
/// Bytes of a slot's near part, where most queries and replies fit as a whole. Near parts are close together, so that
/// writing them goes steadily through little memory; which of a slot's parts is used never changes what is kept.
///
/// Like those of a slot these are an odd number of cache lines: with a power of two all would contend for the same few sets
/// of the caches.
const NEAR_OCTETS: usize = 5 * 64;
/// Bytes of a query that are kept at most: a whole name, a question, and an OPT record with a client subnet and a cookie.
const QUERY_OCTETS: usize = 384;

/// How a reply was made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Path {
    /// By copying from the tables.
    Fast,
    /// By a decision, encoded.
    Slow,
    /// With what another server replied.
    Upstream,
}

/// What is known about a query besides its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts {
    /// Where it came from.
    pub source: SocketAddr,
    /// Which listener it came to, by its place among the listeners.
    pub listener: u32,
    /// What it travelled by.
    pub transport: Transport,
    /// The number of the segment it was answered from.
    pub segment: u64,
    /// How the reply was made.
    pub path: Path,
    /// The view it was answered in; absent if it was refused or met silence.
    pub view: Option<ViewId>,
    /// The reply's code; absent if none was sent.
    pub rcode: Option<Rcode>,
    /// The fault that hit it; absent if none did.
    pub fault: Option<FaultHit>,
    /// When it was read.
    pub at: Instant,
    /// How long until its reply was ready.
    pub latency: Duration,
}

/// Where a slot's bytes end.
#[derive(Clone, Copy, Debug)]
struct Kept {
    facts: Facts,
    query: u16,
    reply: u16,
    whole: bool,
}

/// A query as it is in a slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw<'r> {
    pub(super) facts: &'r Facts,
    pub(super) query: &'r [u8],
    pub(super) reply: &'r [u8],
    /// False if bytes of the query or the reply did not fit.
    pub(super) whole: bool,
}

/// Slots written round and round.
#[derive(Debug)]
pub(super) struct Ring {
    slots: Vec<Kept>,
    near: Box<[u8]>,
    far: Box<[u8]>,
    capacity: usize,
    written: u64,
}

impl Ring {
    /// A ring of that many slots; with none it only counts.
    pub(super) fn new(capacity: usize) -> Self {
        // The system gives zeroed memory when it is first written to: an empty ring costs nothing.
        let (near, far) = (vec![0; capacity * NEAR_OCTETS].into(), vec![0; capacity * SLOT_OCTETS].into());
        Self { slots: Vec::with_capacity(capacity), near, far, capacity, written: 0 }
    }

    /// How many queries were ever written.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Writes over the oldest query.
    pub(super) fn push(&mut self, facts: Facts, query: &[u8], reply: &[u8]) {
        let place = self.written;
        self.written += 1;
        if self.capacity == 0 {
            return;
        }
        let index = self.index(place);
        let kept_query = &query[..query.len().min(QUERY_OCTETS)];
        let kept_reply = &reply[..reply.len().min(SLOT_OCTETS - kept_query.len())];
        let length = kept_query.len() + kept_reply.len();
        let (part, at) = if length <= NEAR_OCTETS {
            (&mut self.near, index * NEAR_OCTETS)
        } else {
            (&mut self.far, index * SLOT_OCTETS)
        };
        let (at_query, at_reply) = part[at..at + length].split_at_mut(kept_query.len());
        at_query.copy_from_slice(kept_query);
        at_reply.copy_from_slice(kept_reply);
        let kept = Kept {
            facts,
            query: kept_query.len() as u16,
            reply: kept_reply.len() as u16,
            whole: kept_query.len() == query.len() && kept_reply.len() == reply.len(),
        };
        match self.slots.get_mut(index) {
            Some(slot) => *slot = kept,
            None => self.slots.push(kept),
        }
    }

    /// Says of the last `count` queries that their replies are ready.
    pub(super) fn ready(&mut self, count: u64, latency: Duration) {
        let first = self.written.saturating_sub(count.min(self.capacity as u64));
        for place in first..self.written {
            let index = self.index(place);
            self.slots[index].facts.latency = latency;
        }
    }

    /// Shows up to `most` queries from a position on, the oldest first. Gives the next position, and how many were written
    /// over before they could be shown.
    pub(super) fn read(&self, from: u64, most: u64, mut show: impl FnMut(Raw<'_>)) -> (u64, u64) {
        let oldest = self.written.saturating_sub(self.slots.len() as u64);
        let first = from.max(oldest);
        let end = self.written.min(first.saturating_add(most));
        for place in first..end {
            let index = self.index(place);
            let Kept { facts, query, reply, whole } = &self.slots[index];
            let length = usize::from(*query) + usize::from(*reply);
            let octets = if length <= NEAR_OCTETS {
                &self.near[index * NEAR_OCTETS..][..length]
            } else {
                &self.far[index * SLOT_OCTETS..][..length]
            };
            let (query, reply) = octets.split_at(usize::from(*query));
            show(Raw { facts, query, reply, whole: *whole });
        }
        (end, first - from.min(first))
    }

    fn index(&self, place: u64) -> usize {
        (place % self.capacity as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(super) fn facts(at: Instant) -> Facts {
        Facts {
            source: ([127, 0, 0, 1], 4242).into(),
            listener: 0,
            transport: Transport::Udp,
            segment: 0,
            path: Path::Fast,
            view: Some(ViewId::PUBLIC),
            rcode: Some(Rcode::NOERROR),
            fault: None,
            at,
            latency: Duration::ZERO,
        }
    }

    #[test]
    fn what_does_not_fit_a_slot_is_cut_off_and_told() {
        let mut ring = Ring::new(2);
        ring.push(facts(Instant::now()), &[1; 2048], &[2; 65_535]);
        ring.push(facts(Instant::now()), &[1; 50], &[2; SLOT_OCTETS - 50]);
        let mut seen = Vec::new();
        ring.read(0, 9, |raw| seen.push((raw.query.len(), raw.reply.len(), raw.whole)));
        assert_eq!(seen, [(QUERY_OCTETS, SLOT_OCTETS - QUERY_OCTETS, false), (50, SLOT_OCTETS - 50, true)]);
    }

    #[test]
    fn only_the_queries_of_a_batch_are_ready_with_it() {
        let mut ring = Ring::new(4);
        for octet in 0..3 {
            ring.push(facts(Instant::now()), &[octet], &[]);
        }
        ring.ready(2, Duration::from_micros(7));
        let mut seen = Vec::new();
        ring.read(0, 9, |raw| seen.push(raw.facts.latency.as_micros()));
        assert_eq!(seen, [0, 7, 7]);
        // A batch larger than the ring.
        ring.ready(99, Duration::from_micros(8));
    }

    #[test]
    fn without_slots_it_counts() {
        let mut ring = Ring::new(0);
        ring.push(facts(Instant::now()), &[1], &[2]);
        ring.ready(1, Duration::ZERO);
        assert_eq!(ring.read(0, 9, |_| panic!("nothing is kept")), (1, 1));
    }

    proptest! {
        #[test]
        fn every_query_is_shown_once_or_counted_as_lost(
            capacity in 1usize..9,
            rounds in prop::collection::vec((0usize..20, 1u64..9), 1..20),
        ) {
            let mut ring = Ring::new(capacity);
            let (mut written, mut position) = (0u64, 0u64);
            for (pushes, most) in rounds {
                for _ in 0..pushes {
                    // Replies of all lengths, near and far.
                    let reply = vec![written as u8; written as usize * 97 % SLOT_OCTETS / 2];
                    ring.push(facts(Instant::now()), &written.to_be_bytes(), &reply);
                    written += 1;
                }
                let mut expected = position;
                let mut shown = Vec::new();
                let (next, lost) = ring.read(position, most, |raw| {
                    shown.push((raw.query.to_vec(), raw.reply.to_vec()));
                });
                expected += lost;
                for (query, reply) in shown {
                    prop_assert_eq!(query, expected.to_be_bytes().to_vec());
                    prop_assert_eq!(reply, vec![expected as u8; expected as usize * 97 % SLOT_OCTETS / 2]);
                    expected += 1;
                }
                prop_assert_eq!(next, expected);
                prop_assert!(written - next <= capacity as u64);
                position = next;
            }
            prop_assert_eq!(ring.written(), written);
        }
    }
}
