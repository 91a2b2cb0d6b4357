//! An estate with zones from files in it, and a world of nothing but such zones.

use std::sync::Arc;

use super::public::PublicDns;
use super::zone_files::ZoneFiles;
use super::{Compiled, Fold, Views};
use crate::estate::{Cloud, DnsSetting, Event, History, NetworkKind, NetworkName, NetworkSpec, Recorded};

/// Why zones cannot be linked in an estate.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LinkError {
    /// The network does not exist at this revision.
    #[error("cannot link zones to unknown network `{0}`: the estate has no such network at this step")]
    NoNetwork(NetworkName),
    /// Zones are linked to virtual networks only.
    #[error("cannot link zones to `{0}`, which is on-premises: private zones are linked to virtual networks only")]
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
                subnets_v6: Vec::new(),
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
