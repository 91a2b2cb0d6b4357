//! Replies that take time, because a fault delays them or an upstream is asked first. No other reply waits for them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many replies may take time at once, over all listeners. Beyond that, replies that only a fault delays are sent at
/// once, and queries that need an upstream get SERVFAIL.
pub(in crate::server) const MAX_LATE: usize = 4096;

/// A reply that takes time; `None` if it ends without a reply.
pub(in crate::server) type Late = Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send>>;

/// How many more replies may take time.
#[derive(Debug)]
pub(in crate::server) struct LateReplies(Arc<Semaphore>);

impl Default for LateReplies {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_LATE)))
    }
}

impl LateReplies {
    /// A place for one more, kept until it is dropped; absent if there are too many.
    pub(super) fn reserve(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).try_acquire_owned().ok()
    }

    #[cfg(test)]
    pub(super) fn left(&self) -> usize {
        self.0.available_permits()
    }
}
