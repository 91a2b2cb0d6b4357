//! Zones read from master files: in public DNS, or linked to networks.
//!
//! They are part of the [`State`](super::State) like all other zones. Each answers in place of the zone of its name,
//! published or linked, and has no history: its author wrote it, at no revision. All networks that are linked to a file's
//! zone share it.

use std::collections::HashMap;
use std::sync::Arc;

use super::zone::{Zone, Zones};
use crate::dns::OwnerName;
use crate::estate::NetworkName;

/// Zones from master files.
#[derive(Clone, Debug, Default)]
pub struct ZoneFiles {
    public: Zones,
    linked: HashMap<NetworkName, Zones>,
}

/// Two files have the same zone, in public DNS or linked to one network.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the zone `{apex}` is in more than one file{}", .network.as_ref().map_or_else(String::new, |to| format!(" linked to `{to}`")))]
pub struct SameZone {
    /// The zone.
    pub apex: OwnerName,
    /// The network; absent for public DNS.
    pub network: Option<NetworkName>,
}

impl ZoneFiles {
    /// Puts a zone into public DNS.
    ///
    /// # Errors
    /// [`SameZone`] if there is one of its name.
    pub fn publish(&mut self, zone: Arc<Zone>) -> Result<(), SameZone> {
        put(&mut self.public, zone).map_err(|apex| SameZone { apex, network: None })
    }

    /// Links a zone to a network.
    ///
    /// # Errors
    /// [`SameZone`] if one of its name is linked to it.
    pub fn link(&mut self, network: &NetworkName, zone: Arc<Zone>) -> Result<(), SameZone> {
        let linked = self.linked.entry(network.clone()).or_default();
        put(linked, zone).map_err(|apex| SameZone { apex, network: Some(network.clone()) })
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.public.is_empty() && self.linked.is_empty()
    }

    /// The public zones.
    pub fn public(&self) -> &Zones {
        &self.public
    }

    /// The zones linked to a network; absent if there is none.
    pub fn linked_to(&self, network: &str) -> Option<&Zones> {
        self.linked.get(network)
    }

    /// The networks that have linked zones, in no order.
    pub fn networks(&self) -> impl Iterator<Item = &NetworkName> {
        self.linked.keys()
    }

    /// All zones, each once, in no order.
    pub fn zones(&self) -> Vec<&Arc<Zone>> {
        let mut zones: Vec<_> = self.linked.values().chain([&self.public]).flat_map(Zones::values).collect();
        zones.sort_by_key(|zone| Arc::as_ptr(zone));
        zones.dedup_by(|one, other| Arc::ptr_eq(one, other));
        zones
    }
}

fn put(zones: &mut Zones, zone: Arc<Zone>) -> Result<(), OwnerName> {
    let apex = zone.apex().clone();
    match zones.insert(apex.clone(), zone) {
        Some(_) => Err(apex),
        None => Ok(()),
    }
}
