//! A name that a private endpoint has an address for.

use crate::catalogue::{Catalogue, EndpointKind, EndpointRow};
use crate::dns::OwnerName;

/// A name an endpoint needs an address for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Index of its row in [`Catalogue::endpoints`]; absent for names of other services.
    pub row: Option<usize>,
    /// The public name that leads to it, such as `api.monitor.azure.com`.
    pub public: OwnerName,
    /// The name in the private zone, such as `api.privatelink.monitor.azure.com`.
    pub private: OwnerName,
    /// The private zone it is written to.
    pub zone: OwnerName,
    /// Names with equal keys share one address.
    pub key: String,
    /// `memberName` for static addresses; absent where it is unknown.
    pub member_name: Option<String>,
}

impl Member {
    /// What a static address for it is identified by: its member name, or where that is unknown the name of its record in
    /// the private zone, such as `westeurope-5.in.ai` (inferred from one dump of a network interface).
    pub fn handle(&self) -> String {
        let record = || self.private.relative_to(&self.zone).unwrap_or_else(|| self.private.to_string());
        self.member_name.clone().unwrap_or_else(record)
    }

    /// Its row of the catalogue; absent for names of other services.
    pub fn endpoint_row<'c>(&self, catalogue: &'c Catalogue) -> Option<&'c EndpointRow> {
        self.row.map(|row| &catalogue.endpoints[row])
    }

    /// Whom its name belongs to; absent for names of other services.
    pub fn kind(&self, catalogue: &Catalogue) -> Option<EndpointKind> {
        self.endpoint_row(catalogue).map(|row| row.kind)
    }

    /// True if its name belongs to no single resource of Azure Monitor.
    pub fn is_shared(&self, catalogue: &Catalogue) -> bool {
        self.kind(catalogue).is_some_and(EndpointKind::is_shared)
    }
}
