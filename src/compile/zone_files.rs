//! Zones read from master files: in public DNS, or linked to networks.
//!
//! They are part of the [`State`](super::State) like all other zones. Each answers in place of the zone of its name,
//! published or linked, and has no history: its author wrote it, at no revision. All networks that are linked to a file's
//! zone share it.

use std::collections::HashMap;
use std::sync::Arc;

use super::public::PublicDns;
use super::zone::{Zone, Zones};
use super::{Compiled, Fold, Views};
use crate::catalogue::Cloud;
use crate::dns::{OwnerName, WholeKey};
use crate::estate::{DnsSetting, Event, History, NetworkKind, NetworkName, NetworkSpec, Recorded};

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

impl super::State {
    /// The zone of public DNS that answers for a name: the one with the longest apex. A zone from a file comes before the
    /// published one of its name.
    pub fn public_zone_of(&self, key: &WholeKey) -> &Arc<Zone> {
        let published = self.public.zone_of_key(key);
        let file = self.files.public.longest(key);
        let longer = file.filter(|file| file.apex().wire().len() >= published.apex().wire().len());
        longer.unwrap_or(published)
    }
}

/// Why zones cannot be linked in an estate.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LinkError {
    /// The network does not exist at this revision.
    #[error("zones are to be linked to `{0}`, and the estate has no such network at this step")]
    NoNetwork(NetworkName),
    /// Zones are linked to virtual networks only.
    #[error("zones are to be linked to `{0}`, which is on-premises: private zones are linked to virtual networks only")]
    OnPremises(NetworkName),
}

impl Compiled {
    /// The same estate with these zones.
    ///
    /// # Errors
    /// [`LinkError`] if a zone cannot be linked where it should.
    pub fn with_files(self, files: Arc<ZoneFiles>) -> Result<Self, LinkError> {
        for network in files.networks() {
            match self.views.of_network(network.as_str()).map(|id| self.views.get(id).kind) {
                Some(NetworkKind::Virtual) => {}
                Some(NetworkKind::OnPremises) => return Err(LinkError::OnPremises(network.clone())),
                None => return Err(LinkError::NoNetwork(network.clone())),
            }
        }
        Ok(self.with_unchecked_files(files))
    }

    /// The same estate with these zones. Zones linked to networks that it does not have (yet) are not seen by anyone.
    pub fn with_unchecked_files(mut self, files: Arc<ZoneFiles>) -> Self {
        Arc::make_mut(&mut self.state).files = files;
        self.views = Views::of(&self.state);
        self
    }

    /// A world that has these zones and nothing else: the networks they are linked to, with no addresses, and no public
    /// DNS besides them.
    pub fn of_files(files: Arc<ZoneFiles>) -> Self {
        let mut history = History::new(Cloud::Public);
        let mut networks: Vec<&NetworkName> = files.networks().collect();
        networks.sort();
        for name in networks {
            let spec = NetworkSpec {
                name: name.clone(),
                kind: NetworkKind::Virtual,
                address_space: Vec::new(),
                client_prefixes: Vec::new(),
                subnets: Vec::new(),
                dns: DnsSetting::AzureProvided,
            };
            history.push(Recorded { event: Event::CreateNetwork(spec), date: None, place: None });
        }
        history.end_declarations();
        let last = history.last();
        let mut fold = Fold::new(&Arc::new(history));
        fold.to(last);
        fold.state.public = PublicDns::bare();
        fold.state.files = files;
        fold.compiled()
    }
}
