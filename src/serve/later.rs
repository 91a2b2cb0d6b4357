//! Answers that take time.
//!
//! Most queries are answered at once, from memory. What has to wait, for another server or for the clock, is a [`Later`]: a
//! future that ends in the octets of a reply, or in silence. Whoever took the query goes on with the next one; the reply is
//! sent on the socket the query came by when it is there. How many wait at a time is bounded by [`MAX_WAITING`]; beyond it
//! [`Listener`](super::Listener) replies SERVFAIL at once.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::answer::Response;

/// How many queries may wait for their replies at a time, over all listeners.
pub const MAX_WAITING: usize = 4096;
/// How long a server that is told to stop waits for replies that are on their way.
const LAST_WAIT: Duration = Duration::from_millis(500);

/// A reply that is on its way; `None` is silence.
pub type Later = Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send>>;

/// What became of a query.
pub enum Answer {
    /// It is answered: the reply, if there is one, can be sent.
    Now(Response),
    /// It will be answered.
    Later(Later),
}

/// The replies of one socket that are on their way, each sent by a task of its own on the thread of the socket.
#[derive(Default)]
pub(super) struct Waiting(JoinSet<()>);

impl Waiting {
    /// Sends a reply with `send` when it is there.
    pub(super) fn send_later<F: Future<Output = ()> + 'static>(
        &mut self,
        later: Later,
        send: impl FnOnce(Vec<u8>) -> F + 'static,
    ) {
        // Those that are done are forgotten, so that no more are kept than wait.
        while self.0.try_join_next().is_some() {}
        self.0.spawn_local(async move {
            if let Some(reply) = later.await {
                send(reply).await;
            }
        });
    }

    /// Waits for the replies that are nearly there, and gives up the others.
    pub(super) async fn finish(mut self) {
        let all = async { while self.0.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_WAIT, all).await.is_err() {
            tracing::debug!("queries that still waited for their replies were given up");
        }
    }
}
