//! Which subscription and tenant an object belongs to.

use std::collections::HashMap;
use std::sync::Arc;

use crate::estate::{EndpointTarget, SubscriptionSpec};

/// What can be in a subscription.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Property {
    /// A network, with the private endpoints in it.
    Network,
    /// A resource.
    Resource,
    /// A scope.
    Scope,
    /// A resource group of private zones.
    ResourceGroup,
}

/// Subscriptions, their tenants and what is in them.
#[derive(Clone, Default, Debug)]
pub struct Owners {
    tenants: HashMap<Arc<str>, Arc<str>>,
    subscriptions: HashMap<(Property, Arc<str>), Arc<str>>,
}

impl Owners {
    /// True if no owner is declared.
    pub fn is_empty(&self) -> bool {
        self.subscriptions.is_empty()
    }

    /// Puts objects into a subscription.
    pub(super) fn put(&mut self, spec: &SubscriptionSpec) {
        self.tenants.insert(Arc::clone(&spec.name), Arc::clone(&spec.tenant));
        let networks = spec.networks.iter().map(|name| (Property::Network, name.as_str()));
        let resources = spec.resources.iter().map(|name| (Property::Resource, name.as_str()));
        let scopes = spec.scopes.iter().map(|name| (Property::Scope, name.as_str()));
        let groups = spec.resource_groups.iter().map(|name| (Property::ResourceGroup, &**name));
        for (kind, name) in networks.chain(resources).chain(scopes).chain(groups) {
            self.subscriptions.insert((kind, name.into()), Arc::clone(&spec.name));
        }
    }

    /// The subscription of an object; absent if it is not declared.
    pub fn subscription(&self, kind: Property, name: &str) -> Option<&Arc<str>> {
        if self.subscriptions.is_empty() {
            return None;
        }
        self.subscriptions.get(&(kind, name.into()))
    }

    /// The tenant of an object; absent if it is not declared.
    pub fn tenant(&self, kind: Property, name: &str) -> Option<&Arc<str>> {
        self.tenants.get(self.subscription(kind, name)?)
    }

    /// The tenant of what a private endpoint leads to.
    pub fn tenant_of_target(&self, target: &EndpointTarget) -> Option<&Arc<str>> {
        match target {
            EndpointTarget::Scope(scope) => self.tenant(Property::Scope, scope.as_str()),
            EndpointTarget::Service { resource, .. } => self.tenant(Property::Resource, resource.as_str()),
        }
    }
}
