//! Catalogue and history to zones and views. Pure, and total on every history.
//!
//! [`state`] folds the events one by one; `network`, `linking`, `scoping` and `endpoint` hold what each kind of event does,
//! [`member`] which names an endpoint of a scope serves, [`service`] which a resource of another service has, `collection` which a collection rule has, [`owner`] whose an object is, `address` which addresses they get,
//! `reference` whether what an event names exists, [`absence`] why it does not, and [`refusal`] what Azure would refuse. [`zone`] has the one kind of
//! zone: record sets with their provenance, from events, from files ([`zone_files`], put in place by [`with_files`]) or of public DNS ([`public`]). The
//! [`view`]s, which answers are made from, follow from the folded state.
//!
//! A second scope that overwrites the first one's record sets is not an error here: it is the subject.

pub mod absence;
pub mod existing;
pub mod reachability;
mod reference;
pub mod refusal;

pub mod public;
pub mod with_files;
pub mod zone;
pub mod zone_files;

pub mod address;
pub mod arrival;
mod collection;
mod endpoint;
pub mod forwarded;
mod linking;
pub mod member;
mod network;
pub mod owner;
mod ownership;
pub mod peerings;
mod registration;
pub mod routes;
mod routing;
mod scoping;
pub mod security;
pub mod served;
pub mod service;
pub mod state;
mod target;
mod unresolved;

pub mod view;

#[cfg(test)]
pub(crate) mod sample;

use std::sync::Arc;

pub use absence::{Absence, Missing, ObjectKind};
pub use state::State;
pub use view::{Chosen, Link, NoServer, Target, View, ViewId, Views};
pub use zone::{Answer, Lookup, Owned, Tombstone, Writer, Zone, Zones};
pub use zone_files::ZoneFiles;

use crate::catalogue::Catalogue;
use crate::estate::{Event, History, Place, Revision};

/// One revision of an estate, ready to be asked.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The history it is made from, later events included.
    pub history: Arc<History>,
    /// The estate at this revision.
    pub state: Arc<State>,
    /// What each network's clients meet.
    pub views: Views,
}

impl Compiled {
    /// The revision.
    pub fn revision(&self) -> Revision {
        self.state.revision
    }

    /// Where the event of a record set is that was written by hand; absent for other writers, and for events without a text.
    pub fn place_of(&self, owned: &Owned) -> Option<&Place> {
        let index = usize::try_from(owned.revision.0).ok()?.checked_sub(1)?;
        let recorded = self.history.events().get(index).filter(|_| owned.writer == Writer::Manual)?;
        recorded.place.as_ref()
    }
}

/// Folds the history up to and including `at` and makes its views.
pub fn compile(history: &Arc<History>, at: Revision) -> Compiled {
    let mut fold = Fold::new(history);
    fold.to(at);
    fold.compiled()
}

/// The networks and inbound endpoints that declarations create, for [`State::declare`].
pub fn declared_names<'e>(
    declarations: impl IntoIterator<Item = &'e Event>,
) -> impl Iterator<Item = (ObjectKind, &'e str)> {
    declarations.into_iter().filter_map(|event| match event {
        Event::CreateNetwork(spec) => Some((ObjectKind::Network, spec.name.as_str())),
        Event::CreateInboundEndpoint(spec) => Some((ObjectKind::InboundEndpoint, spec.name.as_str())),
        _ => None,
    })
}

impl State {
    /// Says what the declarations of a history create, see [`State::declare`].
    pub fn declare_those_of(&mut self, history: &History) {
        let declarations = history.declarations().iter().map(|one| &one.event);
        self.declare(declared_names(declarations), history.declared());
    }
}

/// A fold over a history that can stop at any revision and go on.
#[derive(Clone, Debug)]
pub struct Fold {
    history: Arc<History>,
    state: State,
}

impl Fold {
    /// A fold that has seen no event yet.
    pub fn new(history: &Arc<History>) -> Self {
        Self::with_catalogue(Catalogue::of(history.cloud), history)
    }

    /// The same with other published data than the embedded.
    pub fn with_catalogue(catalogue: Arc<Catalogue>, history: &Arc<History>) -> Self {
        let mut state = State::new(catalogue, history.switches);
        state.declare_those_of(history);
        for zone in &history.public {
            state.public.insert(public::zone_of_file(zone));
        }
        Self { state, history: Arc::clone(history) }
    }

    /// A fold that goes on where `world` is, with zones from files as there. The events up to there must be those
    /// `world` was made from.
    pub fn resume(world: &Compiled, history: &Arc<History>) -> Self {
        Self { state: (*world.state).clone(), history: Arc::clone(history) }
    }

    /// Applies the events up to and including `at`; those it has seen already stay.
    pub fn to(&mut self, at: Revision) {
        while self.state.revision < at {
            let next = Revision(self.state.revision.0 + 1);
            let Some(recorded) = self.history.event(next) else { return };
            self.state.apply(recorded);
        }
    }

    /// The estate at the revision it is at.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The revision it is at, ready to be asked.
    pub fn compiled(&mut self) -> Compiled {
        self.state.compact();
        Compiled {
            history: Arc::clone(&self.history),
            views: Views::of(&self.state),
            state: Arc::new(self.state.clone()),
        }
    }
}
