//! Zones read from master files and served as they are: in public DNS, or linked to networks.
//!
//! They stand in the place of zones of the same name, published or linked, and have no history: nobody wrote them at any
//! revision. A million records fit, since they are never more than the [`Table`] they were read into, which all networks
//! share.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Compiled, Fold, ViewId};
use crate::catalogue::Cloud;
use crate::dns::{OwnerName, Table};
use crate::estate::{DnsSetting, Event, History, NetworkKind, NetworkName, NetworkSpec, Recorded};

/// Zones from master files, by name.
#[derive(Clone, Debug, Default)]
pub struct ZoneFiles {
    public: ByApex,
    linked: HashMap<NetworkName, ByApex>,
}

type ByApex = HashMap<OwnerName, Arc<Table>>;

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
    pub fn publish(&mut self, table: Arc<Table>) -> Result<(), SameZone> {
        put(&mut self.public, table).map_err(|apex| SameZone { apex, network: None })
    }

    /// Links a zone to a network.
    ///
    /// # Errors
    /// [`SameZone`] if one of its name is linked to it.
    pub fn link(&mut self, network: &NetworkName, table: Arc<Table>) -> Result<(), SameZone> {
        let linked = self.linked.entry(network.clone()).or_default();
        put(linked, table).map_err(|apex| SameZone { apex, network: Some(network.clone()) })
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.public.is_empty() && self.linked.is_empty()
    }

    /// The public zones, in no order.
    pub fn public(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.public.values()
    }

    /// The zones linked to a network, in no order.
    pub fn linked_to(&self, network: &str) -> impl Iterator<Item = &Arc<Table>> {
        self.linked.get(network).into_iter().flat_map(HashMap::values)
    }

    /// The networks that have linked zones, in no order.
    pub fn networks(&self) -> impl Iterator<Item = &NetworkName> {
        self.linked.keys()
    }

    /// The public zone of that very name.
    pub fn get(&self, apex: &OwnerName) -> Option<&Arc<Table>> {
        self.public.get(apex)
    }

    /// The zone of that very name linked to a network.
    pub fn get_linked(&self, network: &str, apex: &OwnerName) -> Option<&Arc<Table>> {
        self.linked.get(network)?.get(apex)
    }

    /// The public zone with the longest name that `name` is within.
    pub fn zone_of(&self, name: &OwnerName) -> Option<&Arc<Table>> {
        longest(&self.public, name)
    }

    /// Of the zones linked to a network the one with the longest name that `name` is within.
    pub fn linked_zone_of(&self, network: &str, name: &OwnerName) -> Option<&Arc<Table>> {
        longest(self.linked.get(network)?, name)
    }
}

fn put(zones: &mut ByApex, table: Arc<Table>) -> Result<(), OwnerName> {
    let apex = table.apex().clone();
    match zones.insert(apex.clone(), table) {
        Some(_) => Err(apex),
        None => Ok(()),
    }
}

fn longest<'z>(zones: &'z ByApex, name: &OwnerName) -> Option<&'z Arc<Table>> {
    let mut rest = name.wire();
    loop {
        if let Some(zone) = zones.get(rest) {
            return Some(zone);
        }
        let length = usize::from(rest[0]);
        if length == 0 {
            return None;
        }
        rest = &rest[1 + length..];
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
    pub fn with_files(mut self, files: Arc<ZoneFiles>) -> Result<Self, LinkError> {
        for network in files.networks() {
            match self.views.of_network(network.as_str()).map(|id| self.views.get(id).kind) {
                Some(NetworkKind::Virtual) => {}
                Some(NetworkKind::OnPremises) => return Err(LinkError::OnPremises(network.clone())),
                None => return Err(LinkError::NoNetwork(network.clone())),
            }
        }
        self.files = files;
        Ok(self)
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
        fold.state.public = super::public::PublicDns::bare();
        Self { files, ..fold.compiled() }
    }

    /// True if the zone that has the say over this apex in a view is one from a file.
    pub fn is_from_file(&self, view: ViewId, apex: &OwnerName, linked: bool) -> bool {
        match &self.views.get(view).network {
            Some(network) if linked => self.files.get_linked(network.as_str(), apex).is_some(),
            _ => self.files.get(apex).is_some(),
        }
    }
}
