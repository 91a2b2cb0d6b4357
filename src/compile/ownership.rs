//! What follows from the subscription and the tenant of an object.
//!
//! Who owns an object has no part in DNS or in the decisions of a scope. It decides who approves a connection, what a scope can hold,
//! and what counts towards the limits of a subscription.

use std::sync::Arc;

use super::owner::Property;
use super::refusal::Reason;
use super::state::State;
use crate::catalogue::Limit;
use crate::estate::{ApprovalState, EndpointTarget, NetworkName, ResourceName, ScopeName, SubscriptionSpec, ZoneId};

impl State {
    pub(super) fn set_subscription(&mut self, spec: &SubscriptionSpec) -> Result<(), Reason> {
        Arc::make_mut(&mut self.owners).put(spec);
        Ok(())
    }

    /// The state that a connection starts in if the scenario does not set one: only the owner of the target can approve it, and the
    /// creator of the endpoint has rights only in the tenant of its network.
    ///
    /// Source: MicrosoftDocs/azure-docs issue 72045, 2021-03; key-vault/private-link-service, 2021-03-31.
    pub fn first_approval(&self, network: &NetworkName, target: &EndpointTarget) -> ApprovalState {
        let own = self.owners.tenant(Property::Network, network.as_str());
        match own.zip(self.owners.tenant_of_target(target)) {
            Some((own, other)) if own != other => ApprovalState::Pending,
            _ => ApprovalState::Approved,
        }
    }

    /// Refuses to put a resource into the scope of another tenant: that needs rights in both (uncertain).
    pub(super) fn in_one_tenant(&self, scope: &ScopeName, resource: &ResourceName) -> Result<(), Reason> {
        let own = self.owners.tenant(Property::Scope, scope.as_str());
        match own.zip(self.owners.tenant(Property::Resource, resource.as_str())) {
            Some((own, other)) if own != other => Err(Reason::OtherTenant {
                scope: scope.clone(),
                resource: resource.clone(),
                tenants: [Arc::clone(own), Arc::clone(other)],
            }),
            _ => Ok(()),
        }
    }

    /// Refuses one zone too many in a subscription. Resource groups without a declared subscription count as one.
    pub(super) fn keep_zones_of_subscription(&self, zone: &ZoneId) -> Result<(), Reason> {
        let of = |group: &str| self.owners.subscription(Property::ResourceGroup, group);
        let own = of(&zone.resource_group);
        let count = match self.owners.is_empty() {
            true => self.zones.len(),
            // Zones of one resource group are next to each other: its subscription is looked up once.
            false => {
                let (mut group, mut is_own) = (None, false);
                let counts = self.zones.keys().filter(|id| {
                    if group != Some(&id.resource_group) {
                        (group, is_own) = (Some(&id.resource_group), of(&id.resource_group) == own);
                    }
                    is_own
                });
                counts.count()
            }
        };
        let name = own.map_or_else(|| "the subscription".to_owned(), |own| format!("subscription {own}"));
        self.keep(Limit::ZonesPerSubscription, &name, count + 1, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use crate::dns::OwnerName;
    use crate::estate::history::Switches;
    use crate::estate::{Cloud, Event, Recorded};

    fn subscription(name: &str, tenant: &str, group: &str) -> Event {
        Event::SetSubscription(SubscriptionSpec {
            name: name.into(),
            tenant: tenant.into(),
            networks: Vec::new(),
            resources: Vec::new(),
            scopes: Vec::new(),
            resource_groups: vec![group.into()],
        })
    }

    /// How many of 600 zones in each of two resource groups are refused.
    fn refused(subscriptions: Vec<Event>) -> usize {
        let mut state = State::new(Catalogue::of(Cloud::Public), Switches::default());
        let zone = |group: &str, number: usize| Event::CreatePrivateDnsZone {
            zone: ZoneId {
                resource_group: group.into(),
                apex: OwnerName::parse(&format!("z{number}.example")).expect("a good name"),
            },
        };
        let zones = ["one", "two"].into_iter().flat_map(|group| (0..600).map(move |number| zone(group, number)));
        for event in subscriptions.into_iter().chain(zones) {
            state.apply(&Recorded { event, date: None, place: None });
        }
        state.refusals.len()
    }

    #[test]
    fn each_subscription_has_its_own_thousand_zones() {
        // dns-limits-private-zones, 2023-10-09: 1,000 private zones in a subscription.
        assert_eq!(refused(Vec::new()), 200);
        assert_eq!(refused(vec![subscription("a", "contoso", "one")]), 0);
        assert_eq!(refused(vec![subscription("a", "contoso", "one"), subscription("b", "contoso", "two")]), 0);
        assert_eq!(refused(vec![subscription("a", "contoso", "one"), subscription("a", "contoso", "two")]), 200);
    }
}
