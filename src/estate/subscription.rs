//! Subscriptions and tenants: who owns an object.

use std::sync::Arc;

use super::{NetworkName, ResourceName, ScopeName};

/// Objects that are put into a subscription of a tenant. An object without a subscription has no declared owner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubscriptionSpec {
    /// The subscription.
    pub name: Arc<str>,
    /// The Microsoft Entra tenant it belongs to.
    pub tenant: Arc<str>,
    /// Networks. A private endpoint is in the subscription of its network (source: private-endpoint-overview, 2025-03-25).
    pub networks: Vec<NetworkName>,
    /// Resources, those of scopes among them.
    pub resources: Vec<ResourceName>,
    /// Scopes.
    pub scopes: Vec<ScopeName>,
    /// Resource groups of private zones.
    pub resource_groups: Vec<Arc<str>>,
}
