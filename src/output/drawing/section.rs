//! The rows below the boxes by their identity, each with its place, the same in every step.

use super::shape::Place;

/// What a row is about, the same in every step.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Key {
    /// Networks that forward alike.
    Forwarding(Vec<String>),
    /// The network that these peerings are drawn from, and the networks that none of the rows before has.
    Peering(String, Vec<String>),
    /// From a network to a network with private endpoints.
    Path(String, String),
}

/// Rows under a heading.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Section {
    pub(super) heading: &'static str,
    pub(super) place: Place,
    /// Each with its upper edge.
    pub(super) rows: Vec<(Key, f64)>,
    /// How many were left out.
    pub(super) more: usize,
}
