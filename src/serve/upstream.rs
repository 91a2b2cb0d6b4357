//! Whoever is asked about names outside the emulated world.
//!
//! Each question is asked of one server after the other, over UDP and, where the reply was cut, over TCP ([`exchange`]), until
//! one of them tells something or the time is over. What it tells is put together with the emulated part of the chain by
//! [`answer::elsewhere`](crate::answer::elsewhere). Nothing is kept for later: no answer crosses views.

mod exchange;
pub mod servers;

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use exchange::{Unheard, exchange};

use crate::answer::elsewhere::{Step, begin};
use crate::answer::{Extended, Question};
use crate::compile::{Compiled, ViewId};
use crate::dns::wire::Foreign;
use crate::dns::{ExtendedError, Rcode, Reply};

/// How long a client waits at most for an answer; stub resolvers give up after five seconds.
pub const PATIENCE: Duration = Duration::from_millis(4500);
/// How long one server is waited for while there are others, or while it may have missed the question.
const TRY: Duration = Duration::from_millis(1400);
/// The most questions that are on their way at a time. More are answered with SERVFAIL at once.
pub const MAX_ON_THE_WAY: usize = 2048;

/// RFC 8914, 4.24: an error of the network.
const NETWORK_ERROR: u16 = 23;

/// The servers to ask, in order.
#[derive(Debug)]
pub struct Upstreams {
    servers: Vec<SocketAddr>,
    slots: Arc<Semaphore>,
}

impl Upstreams {
    /// These servers; absent if there is none.
    pub fn new(servers: Vec<SocketAddr>) -> Option<Self> {
        (!servers.is_empty()).then(|| Self { servers, slots: Arc::new(Semaphore::new(MAX_ON_THE_WAY)) })
    }

    /// The servers, in the order they are asked.
    pub fn servers(&self) -> &[SocketAddr] {
        &self.servers
    }

    /// Answers a question that leads out of the emulated world, within [`PATIENCE`].
    pub fn resolve(
        self: &Arc<Self>,
        world: Arc<Compiled>,
        view: ViewId,
        question: Question,
        extended: Extended,
    ) -> impl Future<Output = Reply<'static>> + use<> {
        let own = Arc::clone(self);
        let slot = Arc::clone(&self.slots).try_acquire_owned();
        async move {
            let Ok(_slot) = slot else {
                let text = format!("{MAX_ON_THE_WAY} questions are on their way to the upstream already");
                return unheard(text, extended);
            };
            let until = Instant::now() + PATIENCE;
            let mut step = begin(&world, view, &question, extended);
            loop {
                match step {
                    Step::Done(reply) => return reply,
                    Step::Ask(pending) => {
                        step = match own.ask(&pending.ask, until).await {
                            Ok(told) => pending.go_on(&world, told, extended),
                            Err(why) => {
                                tracing::debug!(name = %pending.ask.name, why, "no upstream told anything");
                                pending.fail(why, extended)
                            }
                        }
                    }
                }
            }
        }
    }

    /// Asks one server after the other, and again, until one tells something.
    async fn ask(&self, question: &Question, until: Instant) -> Result<Foreign, String> {
        let mut failures: Vec<(SocketAddr, Unheard)> = Vec::new();
        // Those that said they could not help are not asked again.
        let mut left: Vec<SocketAddr> = self.servers.clone();
        while !left.is_empty() && Instant::now() < until {
            for server in left.clone() {
                let now = Instant::now();
                if now >= until {
                    break;
                }
                let patience = TRY.min(until - now);
                let why = match timeout(patience, exchange(server, question)).await {
                    Ok(Ok(told)) => match told.rcode {
                        Rcode::NOERROR | Rcode::NXDOMAIN => return Ok(told),
                        other => Unheard::Unwilling(other),
                    },
                    Ok(Err(why)) => why,
                    Err(_) => Unheard::Silent,
                };
                if !matches!(why, Unheard::Silent) {
                    left.retain(|one| *one != server);
                }
                failures.retain(|(one, _)| *one != server);
                failures.push((server, why));
            }
        }
        let told: Vec<String> = failures.iter().map(|(server, why)| format!("{server} {why}")).collect();
        Err(format!("{} is outside the emulated world, and no upstream answered: {}", question.name, told.join(", ")))
    }
}

fn unheard(text: String, extended: Extended) -> Reply<'static> {
    let extended_error = (extended == Extended::Shown).then_some(ExtendedError { code: NETWORK_ERROR, text });
    Reply { rcode: Rcode::SERVFAIL, answer: Vec::<Cow<'_, _>>::new(), authority: None, extended_error }
}
