//! Which subscription each object is in. It is written down where the import has several: one alone decides nothing.

use std::collections::HashMap;

use indexmap::{IndexMap, IndexSet};

use super::{Builder, Parts, Placed};
use crate::estate::{Event, SubscriptionSpec};
use crate::import::id::{ResourceId, UNKNOWN};
use crate::import::report::Topic;

/// Subscriptions by id, as it was written first.
#[derive(Default)]
pub(super) struct Subscriptions {
    all: IndexMap<String, SubscriptionSpec>,
    /// The subscription of each scope, by label.
    scopes: HashMap<String, String>,
}

impl Subscriptions {
    fn of(&mut self, id: &ResourceId) -> Option<&mut SubscriptionSpec> {
        let name = Some(id.subscription.as_str()).filter(|name| !matches!(*name, UNKNOWN | ""))?;
        let empty = || SubscriptionSpec {
            name: name.into(),
            tenant: "".into(),
            networks: Vec::new(),
            resources: Vec::new(),
            scopes: Vec::new(),
            resource_groups: Vec::new(),
        };
        Some(self.all.entry(name.to_ascii_lowercase()).or_insert_with(empty))
    }

    /// What declares them; scopes are put into theirs when they are created.
    pub(super) fn declarations(&self) -> Vec<Placed> {
        self.all.values().map(|spec| (Event::SetSubscription(spec.clone()), None)).collect()
    }

    /// What puts a scope into its subscription.
    pub(super) fn of_scope(&self, label: &str) -> Option<Event> {
        let spec = self.all.get(self.scopes.get(label)?)?;
        Some(Event::SetSubscription(SubscriptionSpec {
            name: spec.name.clone(),
            tenant: spec.tenant.clone(),
            networks: Vec::new(),
            resources: Vec::new(),
            scopes: vec![label.into()],
            resource_groups: Vec::new(),
        }))
    }
}

impl Builder<'_> {
    /// The subscriptions of all objects; none if the import has only one.
    pub(super) fn subscriptions(&mut self, parts: &Parts) -> Subscriptions {
        let facts = self.facts;
        let mut own = Subscriptions::default();
        for (key, network) in &parts.networks.all {
            if let Some(spec) = facts.objects.get(key).and_then(|object| own.of(&object.id)) {
                spec.networks.push(network.spec.name.clone());
            }
        }
        let services = self.services.labels();
        for (key, label) in parts.resources.labels().chain(services) {
            if let Some(spec) = facts.objects.get(key).and_then(|object| own.of(&object.id)) {
                spec.resources.push(label.into());
            }
        }
        for scope in &parts.scopes {
            if let Some(spec) = own.of(&scope.id) {
                let name = spec.name.to_ascii_lowercase();
                own.scopes.insert(scope.label.clone(), name);
            }
        }
        let mut groups: IndexSet<(String, std::sync::Arc<str>)> = IndexSet::new();
        for zone in parts.zones.all.values() {
            if let Some(spec) = own.of(&zone.resource)
                && groups.insert((spec.name.to_ascii_lowercase(), zone.id.resource_group.clone()))
            {
                spec.resource_groups.push(zone.id.resource_group.clone());
            }
        }
        if own.all.len() < 2 {
            return Subscriptions::default();
        }
        self.tenants(&mut own);
        own
    }

    /// The tenants of subscriptions. Where one is unknown it is taken to be that of the others: objects of two tenants would need an
    /// approval or be refused, and nothing says so.
    fn tenants(&mut self, own: &mut Subscriptions) {
        let facts = self.facts;
        let told = |key: &String| {
            let object = facts.objects.get(&format!("/subscriptions/{key}"))?;
            object.text("tenantId").map(std::sync::Arc::<str>::from)
        };
        let usual = own.all.keys().find_map(told);
        let mut unknown: Vec<&str> = Vec::new();
        for (key, spec) in &mut own.all {
            match (told(key), &usual) {
                (Some(tenant), _) => spec.tenant = tenant,
                (None, Some(usual)) => {
                    spec.tenant = usual.clone();
                    unknown.push(key);
                }
                (None, None) => spec.tenant = "unknown".into(),
            }
        }
        if !unknown.is_empty() {
            let text = format!(
                "the tenant of {} is unknown: the tenant of another subscription is used",
                match unknown.as_slice() {
                    [one] => format!("subscription {one}"),
                    several => format!("subscriptions {}", several.join(", ")),
                }
            );
            let get = "az account list --query \"[].{id:id, tenantId:tenantId}\"".to_owned();
            self.report.add(Topic::Predicted, text, Vec::new(), Some(get));
        }
    }
}
