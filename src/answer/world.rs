//! What a server answers from: one compiled revision, and how much it tells.

use std::net::IpAddr;

use ipnet::IpNet;

use super::decide::{Question, decide};
use super::sections::{Extended, reply};
use crate::compile::{Compiled, ViewId};
use crate::dns::Reply;

/// One revision as it is served. Immutable; a newer one replaces it whole.
#[derive(Clone, Debug)]
pub struct World {
    /// The revision.
    pub compiled: Compiled,
    /// Whether replies carry reasons.
    pub extended: Extended,
}

impl World {
    /// A revision as it is served by default.
    pub fn new(compiled: Compiled) -> Self {
        Self { compiled, extended: Extended::Shown }
    }

    /// The view of a network's own listener.
    pub fn view_of_network(&self, network: &str) -> Option<ViewId> {
        self.compiled.views.of_network(network)
    }

    /// The view a source address (or EDNS client subnet) belongs to, with the client prefix that decided; the public
    /// view without a prefix where none holds it.
    pub fn view_of_address(&self, address: IpAddr) -> (ViewId, Option<IpNet>) {
        match self.compiled.views.of_address(address) {
            Some((view, prefix)) => (view, Some(prefix)),
            None => (ViewId::PUBLIC, None),
        }
    }

    /// A view's label: its network's name, or `public`.
    pub fn label(&self, view: ViewId) -> &str {
        self.compiled.views.get(view).label()
    }

    /// Decides a question and hands its reply to `with`.
    ///
    /// The reply borrows from the decision, so it is lent and not returned.
    pub fn answer<T>(&self, view: ViewId, question: &Question, with: impl FnOnce(&Reply<'_>) -> T) -> T {
        let decision = decide(&self.compiled, view, question);
        with(&reply(&self.compiled, &decision, self.extended))
    }
}
