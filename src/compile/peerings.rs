//! Which networks are peered.

use std::collections::{BTreeMap, BTreeSet};

use crate::estate::NetworkName;

/// Pairs of networks that are peered.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Peerings {
    /// For each network those it is peered with.
    of: BTreeMap<NetworkName, BTreeSet<NetworkName>>,
}

impl Peerings {
    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.of.values().map(BTreeSet::len).sum::<usize>() / 2
    }

    /// True if the two are peered.
    pub fn has(&self, one: &NetworkName, other: &NetworkName) -> bool {
        self.of.get(one).is_some_and(|others| others.contains(other))
    }

    /// The networks that this one is peered with, by name.
    pub fn of<'p>(&'p self, network: &NetworkName) -> impl Iterator<Item = &'p NetworkName> + use<'p> {
        self.of.get(network).into_iter().flatten()
    }

    /// The pairs, each in order of names.
    pub fn iter(&self) -> impl Iterator<Item = [NetworkName; 2]> + '_ {
        let pairs = self.of.iter().flat_map(|(one, others)| others.iter().map(move |other| (one, other)));
        pairs.filter(|(one, other)| one < other).map(|(one, other)| [one.clone(), other.clone()])
    }

    /// Peers two networks.
    pub(super) fn insert(&mut self, [one, other]: &[NetworkName; 2]) {
        self.of.entry(one.clone()).or_default().insert(other.clone());
        self.of.entry(other.clone()).or_default().insert(one.clone());
    }

    /// Ends the peering of two networks, if there is one.
    pub(super) fn remove(&mut self, [one, other]: &[NetworkName; 2]) {
        for (from, to) in [(one, other), (other, one)] {
            if let Some(others) = self.of.get_mut(from) {
                others.remove(to);
                if others.is_empty() {
                    self.of.remove(from);
                }
            }
        }
    }

    /// Ends the peerings of a network.
    pub(super) fn remove_all(&mut self, network: &NetworkName) {
        for other in self.of.get(network).cloned().unwrap_or_default() {
            self.remove(&[network.clone(), other]);
        }
    }
}
