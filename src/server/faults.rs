//! Faults: failures injected on purpose.
//!
//! A [`Fault`] says which queries it hits (names, type, network, transport), what share of them, for how long, and what
//! happens to their replies. Its random generator is seeded: the n-th query that matches is hit or not, on every machine and
//! in every run. If several faults match, the oldest that hits is applied, alone. Nothing here touches a socket: the pipeline
//! calls [`Faults::hit`] while any fault is set.

pub(super) mod effect;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::names::NamePattern;
use crate::dns::wire::Transport;
use crate::dns::{ExtendedError, OwnerName, Rcode, RecordType};

/// The most faults at a time.
pub const MAX_FAULTS: usize = 100;
/// The longest a reply may be kept back; no resolver waits longer.
pub const MAX_DELAY: Duration = Duration::from_secs(60);

/// Which queries a fault can hit. Absent fields match everything.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FaultFilter {
    /// Names asked for.
    pub name: Option<NamePattern>,
    /// The type asked for.
    pub kind: Option<RecordType>,
    /// The network whose view is asked, or `public`.
    pub network: Option<String>,
    /// What the query travels by.
    pub transport: Option<Transport>,
}

/// What a fault makes of a reply, besides being late.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FaultEffect {
    /// No reply.
    Drop,
    /// This code and no records.
    Rcode(Rcode),
    /// TC set and no records, over UDP: the client has to come back over TCP, where nothing is truncated.
    Truncate,
    /// The answer of the revision before.
    Stale,
}

/// A failure to inject.
#[derive(Clone, PartialEq, Debug)]
pub struct Fault {
    /// Which queries it can hit.
    pub scope: FaultFilter,
    /// The share of matching queries it hits, from 0 for none to 1 for all.
    pub share: f64,
    /// Seed of the random generator.
    pub seed: u64,
    /// How long it lasts; absent if until it is cleared.
    pub lasts: Option<Duration>,
    /// Delay of replies; zero if they are not.
    pub delay: Duration,
    /// What the fault does to replies; absent if they are only late.
    pub effect: Option<FaultEffect>,
}

/// Why a fault cannot be set.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum FaultError {
    /// It does nothing.
    #[error("a fault needs a delay, an effect, or both")]
    Nothing,
    /// The share is out of bounds.
    #[error("the share {0} is not between 0 and 1")]
    Share(f64),
    /// It takes too long.
    #[error("a delay of {} s is too long; the longest is {} s", .0.as_secs_f64(), MAX_DELAY.as_secs())]
    Delay(Duration),
    /// There are too many.
    #[error("there are {MAX_FAULTS} faults already; clear some first")]
    TooMany,
}

/// A fault that hit a query.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FaultHit {
    /// The number of the fault.
    pub fault: u32,
    /// How late the reply is to be.
    pub delay: Duration,
    /// What is to become of it.
    pub effect: Option<FaultEffect>,
}

impl FaultHit {
    /// What the reply says about it, where it can: the info-code of an extended error.
    pub fn info_code(&self) -> u16 {
        match self.effect {
            None | Some(FaultEffect::Drop) => ExtendedError::OTHER,
            Some(FaultEffect::Stale) => ExtendedError::STALE_ANSWER,
            Some(FaultEffect::Rcode(_) | FaultEffect::Truncate) => ExtendedError::FORGED_ANSWER,
        }
    }
}

impl fmt::Display for FaultEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drop => f.write_str("no reply"),
            Self::Rcode(rcode) => rcode.fmt(f),
            Self::Truncate => f.write_str("truncated"),
            Self::Stale => f.write_str("the answer of the previous revision"),
        }
    }
}

impl fmt::Display for FaultHit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fault {}: {}", self.fault, Effect(self.delay, self.effect))
    }
}

/// `SERVFAIL, 500 ms late`.
struct Effect(Duration, Option<FaultEffect>);

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(delay, effect) = self;
        if let Some(effect) = effect {
            write!(f, "{effect}")?;
        }
        if !delay.is_zero() {
            write!(f, "{}{} ms late", if effect.is_some() { ", " } else { "" }, delay.as_millis())?;
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Effect(self.delay, self.effect))?;
        let FaultFilter { name, kind, network, transport } = &self.scope;
        if let Some(name) = name {
            write!(f, " for {name}")?;
        }
        if let Some(kind) = kind {
            write!(f, " {kind}")?;
        }
        if let Some(network) = network {
            write!(f, " from {network}")?;
        }
        if let Some(transport) = transport {
            write!(f, " over {}", transport.title())?;
        }
        if self.share < 1.0 {
            write!(f, ", of {} %", (self.share * 1000.0).round() / 10.0)?;
        }
        Ok(())
    }
}

/// A question a fault may hit.
#[derive(Clone, Copy, Debug)]
pub struct FaultQuestion<'q> {
    /// The name asked for.
    pub name: &'q OwnerName,
    /// The type asked for.
    pub kind: RecordType,
    /// The label of the view it is asked in.
    pub view: &'q str,
    /// What it travels by.
    pub transport: Transport,
}

impl FaultFilter {
    /// True if the fault may hit this question.
    pub fn holds(&self, question: &FaultQuestion<'_>) -> bool {
        self.name.as_ref().is_none_or(|name| name.matches(question.name))
            && self.kind.is_none_or(|kind| kind == question.kind)
            && self.network.as_ref().is_none_or(|network| network == question.view)
            && self.transport.is_none_or(|transport| transport == question.transport)
    }
}

impl Fault {
    /// True if it hits the n-th query it could hit, counted from 0.
    pub fn hits(&self, nth: u64) -> bool {
        // The first 53 bits make a number below 1 of which every one can be written exactly.
        (mixed(self.seed, nth) >> 11) as f64 / ((1u64 << 53) as f64) < self.share
    }

    /// True if it can hit at all over this transport.
    fn works_over(&self, transport: Transport) -> bool {
        self.effect != Some(FaultEffect::Truncate) || transport.is_datagram()
    }

    fn check(&self) -> Result<(), FaultError> {
        if self.delay.is_zero() && self.effect.is_none() {
            return Err(FaultError::Nothing);
        }
        if !(0.0..=1.0).contains(&self.share) {
            return Err(FaultError::Share(self.share));
        }
        if self.delay > MAX_DELAY {
            return Err(FaultError::Delay(self.delay));
        }
        Ok(())
    }
}

/// The n-th number of SplitMix64 from a seed (Steele, Lea and Flood, 2014): each by itself, without those before.
fn mixed(seed: u64, nth: u64) -> u64 {
    let mut z = seed.wrapping_add(nth.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A fault that is set.
#[derive(Debug)]
pub struct Armed {
    /// Its number, never used again.
    pub number: u32,
    /// What it is.
    pub fault: Fault,
    /// When it ends; absent if it does not by itself.
    pub until: Option<Instant>,
    matched: AtomicU64,
    hits: AtomicU64,
}

impl Armed {
    /// How many queries it could have hit.
    pub fn matched(&self) -> u64 {
        self.matched.load(Ordering::Relaxed)
    }

    /// How many it did.
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    fn is_over(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// All faults that are set.
#[derive(Debug, Default)]
pub struct Faults {
    /// True while there may be any: all that a query on the fast path reads.
    any: AtomicBool,
    armed: ArcSwap<Vec<Arc<Armed>>>,
    /// How many were ever set. Locked while the list changes.
    ever: Mutex<u32>,
    /// How many queries were hit by faults that are gone.
    hits_before: AtomicU64,
}

impl Faults {
    /// True while there may be faults.
    #[inline]
    pub fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// Sets a fault, and gives it with its number.
    ///
    /// # Errors
    /// [`FaultError`] says what is wrong with it.
    pub fn set(&self, fault: Fault, now: Instant) -> Result<Arc<Armed>, FaultError> {
        fault.check()?;
        let mut ever = self.change();
        let mut armed = self.current(now);
        if armed.len() >= MAX_FAULTS {
            return Err(FaultError::TooMany);
        }
        *ever += 1;
        let until = fault.lasts.and_then(|lasts| now.checked_add(lasts));
        let (matched, hits) = (AtomicU64::new(0), AtomicU64::new(0));
        let set = Arc::new(Armed { number: *ever, fault, until, matched, hits });
        armed.push(Arc::clone(&set));
        self.put(armed);
        Ok(set)
    }

    /// Clears one fault; false if there is none of that number.
    pub fn clear(&self, number: u32, now: Instant) -> bool {
        let _ever = self.change();
        let mut armed = self.current(now);
        let before = armed.len();
        armed.retain(|one| one.number != number);
        let cleared = armed.len() < before;
        self.put(armed);
        cleared
    }

    /// Clears all faults and says how many there were.
    pub fn clear_all(&self, now: Instant) -> usize {
        let _ever = self.change();
        let cleared = self.current(now).len();
        self.put(Vec::new());
        cleared
    }

    /// The faults that are set and not over, the oldest first.
    pub fn current(&self, now: Instant) -> Vec<Arc<Armed>> {
        self.armed.load().iter().filter(|one| !one.is_over(now)).cloned().collect()
    }

    /// How many queries were ever hit.
    pub fn hits(&self) -> u64 {
        let armed = self.armed.load();
        self.hits_before.load(Ordering::Relaxed) + armed.iter().map(|one| one.hits()).sum::<u64>()
    }

    /// What happens to a query.
    pub fn hit(&self, question: &FaultQuestion<'_>, now: Instant) -> Option<FaultHit> {
        let armed = self.armed.load();
        let holding = armed.iter().filter(|one| {
            !one.is_over(now) && one.fault.works_over(question.transport) && one.fault.scope.holds(question)
        });
        for one in holding {
            if one.fault.hits(one.matched.fetch_add(1, Ordering::Relaxed)) {
                one.hits.fetch_add(1, Ordering::Relaxed);
                return Some(FaultHit { fault: one.number, delay: one.fault.delay, effect: one.fault.effect });
            }
        }
        if !armed.is_empty() && armed.iter().all(|one| one.is_over(now)) {
            drop(armed);
            self.put_away(now);
        }
        None
    }

    /// The faults that may hit a question, as sentences, for explanations.
    pub fn notes(&self, question: &FaultQuestion<'_>, now: Instant) -> Vec<String> {
        let holding = self.current(now).into_iter();
        let holding = holding.filter(|one| one.fault.scope.holds(question) && one.fault.works_over(question.transport));
        holding.map(|one| format!("fault {} is set: {}", one.number, one.fault)).collect()
    }

    /// Forgets faults that are over, so that queries need not look at them.
    fn put_away(&self, now: Instant) {
        let _ever = self.change();
        self.put(self.current(now));
    }

    fn change(&self) -> MutexGuard<'_, u32> {
        self.ever.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the list; the caller holds the lock.
    fn put(&self, armed: Vec<Arc<Armed>>) {
        let any = !armed.is_empty();
        let before = self.armed.swap(Arc::new(armed.clone()));
        let gone = before.iter().filter(|one| !armed.iter().any(|kept| kept.number == one.number));
        self.hits_before.fetch_add(gone.map(|one| one.hits()).sum(), Ordering::Relaxed);
        self.any.store(any, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault() -> Fault {
        Fault {
            scope: FaultFilter::default(),
            share: 1.0,
            seed: 7,
            lasts: None,
            delay: Duration::ZERO,
            effect: Some(FaultEffect::Rcode(Rcode::SERVFAIL)),
        }
    }

    fn name(text: &str) -> OwnerName {
        OwnerName::parse(text).expect("a good name")
    }

    fn question<'q>(name: &'q OwnerName, view: &'q str) -> FaultQuestion<'q> {
        FaultQuestion { name, kind: RecordType::A, view, transport: Transport::Udp }
    }

    #[test]
    fn the_same_seed_strikes_the_same_queries() {
        let some = Fault { share: 0.3, ..fault() };
        let hit: Vec<u64> = (0..20).filter(|nth| some.hits(*nth)).collect();
        // Fixed here, so that no later version chooses other queries.
        assert_eq!(hit, [1, 5, 8, 10]);
        // The first number of the reference implementation from this seed.
        assert_eq!(mixed(1_234_567, 0), 6_457_827_717_110_365_317);
        let other = Fault { seed: 8, ..some.clone() };
        assert_ne!(hit, (0..20).filter(|nth| other.hits(*nth)).collect::<Vec<_>>());
        let share = (0..100_000).filter(|nth| some.hits(*nth)).count() as f64 / 100_000.0;
        assert!((share - 0.3).abs() < 0.01, "{share}");
        assert!((0..1000).all(|nth| fault().hits(nth)));
        assert!(!(0..1000).any(|nth| Fault { share: 0.0, ..fault() }.hits(nth)));
    }

    #[test]
    fn a_fault_strikes_within_its_scope_only() {
        let now = Instant::now();
        let faults = Faults::default();
        let scope = FaultFilter {
            name: Some("*.ods.opinsights.azure.com".parse().expect("a good pattern")),
            network: Some("vnet2".into()),
            ..FaultFilter::default()
        };
        assert!(!faults.any());
        let set = faults.set(Fault { scope, ..fault() }, now).expect("a good fault");
        assert!(faults.any());
        let (inside, outside) = (name("x.ods.opinsights.azure.com"), name("api.monitor.azure.com"));
        assert_eq!(faults.hit(&question(&outside, "vnet2"), now), None);
        assert_eq!(faults.hit(&question(&inside, "vnet1"), now), None);
        let hit = faults.hit(&question(&inside, "vnet2"), now).expect("it holds");
        assert_eq!(hit.to_string(), "fault 1: SERVFAIL");
        assert_eq!((set.matched(), set.hits(), faults.hits()), (1, 1, 1));
        assert_eq!(
            faults.notes(&question(&inside, "vnet2"), now),
            ["fault 1 is set: SERVFAIL for *.ods.opinsights.azure.com from vnet2"]
        );
        assert_eq!(faults.clear_all(now), 1);
        assert!(!faults.any() && faults.hits() == 1, "what has happened is not forgotten");
    }

    #[test]
    fn a_fault_ends_by_itself() {
        let now = Instant::now();
        let faults = Faults::default();
        let late = Fault { delay: Duration::from_millis(500), lasts: Some(Duration::from_secs(30)), ..fault() };
        faults.set(late, now).expect("a good fault");
        let (name, later) = (name("x"), now + Duration::from_secs(30));
        assert_eq!(
            faults.hit(&question(&name, "public"), now).map(|one| one.to_string()).as_deref(),
            Some("fault 1: SERVFAIL, 500 ms late")
        );
        assert_eq!(faults.hit(&question(&name, "public"), later), None);
        assert!(!faults.any() && faults.current(later).is_empty());
        assert!(!faults.clear(1, later));
    }

    #[test]
    fn the_oldest_fault_that_strikes_counts_alone() {
        let now = Instant::now();
        let faults = Faults::default();
        faults.set(Fault { share: 0.0, ..fault() }, now).expect("a good fault");
        faults.set(Fault { effect: Some(FaultEffect::Drop), ..fault() }, now).expect("a good fault");
        faults.set(fault(), now).expect("a good fault");
        let name = name("x");
        assert_eq!(faults.hit(&question(&name, "public"), now).map(|one| one.fault), Some(2));
        assert!(faults.clear(2, now));
        assert_eq!(faults.hit(&question(&name, "public"), now).map(|one| one.fault), Some(3));
    }

    #[test]
    fn nothing_is_truncated_over_tcp() {
        let now = Instant::now();
        let faults = Faults::default();
        faults.set(Fault { effect: Some(FaultEffect::Truncate), ..fault() }, now).expect("a good fault");
        let name = name("x");
        assert!(faults.hit(&question(&name, "public"), now).is_some());
        let over_tcp = FaultQuestion { transport: Transport::Tcp, ..question(&name, "public") };
        assert_eq!(faults.hit(&over_tcp, now), None);
    }

    #[test]
    fn a_fault_that_makes_no_sense_is_refused() {
        let now = Instant::now();
        let faults = Faults::default();
        let refused = |fault| faults.set(fault, now).expect_err("a bad fault").to_string();
        assert_eq!(refused(Fault { effect: None, ..fault() }), "a fault needs a delay, an effect, or both");
        assert_eq!(refused(Fault { share: 1.5, ..fault() }), "the share 1.5 is not between 0 and 1");
        assert!(refused(Fault { share: f64::NAN, ..fault() }).contains("NaN"));
        assert!(refused(Fault { delay: Duration::from_secs(61), ..fault() }).contains("the longest is 60 s"));
        for _ in 0..MAX_FAULTS {
            faults.set(fault(), now).expect("a good fault");
        }
        assert_eq!(faults.set(fault(), now).err(), Some(FaultError::TooMany));
        assert!(!faults.clear(999, now));
    }
}
