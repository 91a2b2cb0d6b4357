//! Resources of services other than Azure Monitor's: what has private endpoints of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{PublicNetworkAccess, ResourceName};
use crate::dns::OwnerName;

/// A resource that private endpoints lead to without a scope: a key vault, a storage account, an Azure Monitor workspace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceSpec {
    /// Its resource name.
    pub name: ResourceName,
    /// Its type, such as `Microsoft.KeyVault/vaults`, as the catalogue writes it.
    pub kind: Arc<str>,
    /// Azure region; absent if it is unknown: then names with a region in them are unknown too.
    pub location: Option<String>,
    /// The group ids of it that are in use.
    pub groups: Vec<Arc<str>>,
    /// Its public host names by group id, where they are given instead of built from its name.
    pub hosts: BTreeMap<Arc<str>, Vec<OwnerName>>,
    /// Group ids that have an approved private endpoint outside the estate, such as in another tenant.
    pub endpoints_elsewhere: Vec<Arc<str>>,
    /// `publicNetworkAccess`.
    pub public_network_access: PublicNetworkAccess,
}

impl ServiceSpec {
    /// The group id as it is declared here; Azure compares without case.
    pub fn group(&self, text: &str) -> Option<&Arc<str>> {
        self.groups.iter().find(|own| own.eq_ignore_ascii_case(text))
    }

    /// True for a private link scope of Azure Arc.
    pub fn is_arc_scope(&self) -> bool {
        self.kind.eq_ignore_ascii_case("Microsoft.HybridCompute/privateLinkScopes")
    }

    /// True if the group id has an approved private endpoint outside the estate.
    pub fn has_endpoint_elsewhere(&self, group: &str) -> bool {
        self.endpoints_elsewhere.iter().any(|own| own.eq_ignore_ascii_case(group))
    }
}
