//! Events of resources and scopes.

use std::collections::BTreeSet;
use std::iter::once;
use std::sync::Arc;

use jiff::civil::Date;

use super::refusal::Reason;
use super::state::{Resource, Scope, State};
use crate::catalogue::Limit;
use crate::estate::history::WorkspaceHop;
use crate::estate::{AccessModeSettings, ResourceName, ResourceSpec, ScopeName, ScopeSpec, ZoneId};

impl State {
    pub(super) fn put_resource(&mut self, spec: &ResourceSpec) -> Result<(), Reason> {
        if let ResourceSpec::Workspace(new) = spec
            && let Some(own) = self.resources.get(spec.name()).filter(|own| !own.scopes.is_empty())
            && let ResourceSpec::Workspace(before) = &own.spec
            && before.customer_id != new.customer_id
        {
            let (resource, id) = (new.name.clone(), before.customer_id.clone());
            return Err(Reason::CustomerIdIsFixed { resource, id });
        }
        let before = self.resources.get(spec.name()).map(|own| &own.spec);
        if let Some(ResourceSpec::Service(_) | ResourceSpec::DataCollectionRule(_)) = before {
            self.withdraw(spec.name());
        }
        let resources = Arc::make_mut(&mut self.resources);
        match resources.get_mut(spec.name()) {
            Some(resource) => resource.spec = spec.clone(),
            None => {
                let resource = Resource { spec: spec.clone(), scopes: Vec::new(), endpoints: Vec::new() };
                resources.insert(spec.name().clone(), resource);
            }
        }
        self.publish_names(spec.name());
        Ok(())
    }

    pub(super) fn delete_resource(&mut self, name: &ResourceName) -> Result<(), Reason> {
        let Some(resource) = self.resources.get(name) else { return Ok(()) };
        if let Some(scope) = resource.scopes.first() {
            return Err(Reason::ResourceIsScoped { resource: name.clone(), scope: scope.clone() });
        }
        self.withdraw(name);
        self.end_associations(name);
        let gone = Arc::make_mut(&mut self.resources).shift_remove(name);
        // Names that it shared with others of its type are still theirs.
        if let Some(ResourceSpec::Service(gone)) = gone.map(|own| own.spec) {
            let is_alike = |spec: &ResourceSpec| matches!(spec, ResourceSpec::Service(own) if own.kind == gone.kind);
            let alike = self.resources.iter().filter(|(_, own)| is_alike(&own.spec)).map(|(name, _)| name.clone());
            for other in alike.collect::<Vec<_>>() {
                self.publish_names(&other);
            }
        }
        Ok(())
    }

    /// Makes the names that are a resource's own cease to exist.
    fn withdraw(&mut self, name: &ResourceName) {
        if !self.has_public_dns {
            return;
        }
        let Some(spec) = self.resources.get(name).map(|own| own.spec.clone()) else { return };
        if let ResourceSpec::DataCollectionRule(rule) = &spec {
            return self.withdraw_rule(rule);
        }
        for public in once(&mut self.public).chain(&mut self.legacy_public) {
            public.withdraw(&self.catalogue, &spec, self.revision);
        }
    }

    pub(super) fn create_scope(&mut self, spec: &ScopeSpec, date: Option<Date>) -> Result<(), Reason> {
        // An exclusion names a connection, and a new scope has none yet.
        if let Some(exclusion) = spec.access.exclusions.first() {
            return Err(Reason::NoSuchConnection { scope: spec.name.clone(), endpoint: exclusion.endpoint.clone() });
        }
        let created = spec.created.or(date);
        let scope = Scope {
            spec: spec.clone(),
            access: spec.access.clone(),
            created,
            has_modes: false,
            resources: indexmap::IndexSet::new(),
            endpoints: Vec::new(),
        };
        self.scopes.insert(spec.name.clone(), Arc::new(scope));
        Ok(())
    }

    /// Sets access modes. A scope from before they existed has them from then on, and is legacy no more.
    pub(super) fn set_access_modes(
        &mut self,
        name: &ScopeName,
        access: &AccessModeSettings,
        date: Option<Date>,
    ) -> Result<(), Reason> {
        let since = self.catalogue.rules.access_modes_since;
        let Some(scope) = self.scopes.get_mut(name) else { return Ok(()) };
        let stranger = access.exclusions.iter().find(|exclusion| !scope.endpoints.contains(&exclusion.endpoint));
        if let Some(exclusion) = stranger {
            return Err(Reason::NoSuchConnection { scope: name.clone(), endpoint: exclusion.endpoint.clone() });
        }
        let scope = Arc::make_mut(scope);
        scope.access = access.clone();
        scope.has_modes |= date.is_none_or(|date| date >= since);
        self.publish_legacy_names();
        Ok(())
    }

    /// Deletes a scope. Its resources are in it no more; its private endpoints stay, with their record sets, and lead
    /// nowhere (connection state Disconnected; source: private-endpoint-overview, "Access to a private-link resource
    /// using approval workflow").
    pub(super) fn delete_scope(&mut self, name: &ScopeName) -> Result<(), Reason> {
        let Some(scope) = self.scopes.shift_remove(name) else { return Ok(()) };
        let resources = Arc::make_mut(&mut self.resources);
        for resource in &scope.resources {
            if let Some(resource) = resources.get_mut(resource) {
                resource.scopes.retain(|scope| scope != name);
            }
        }
        for resource in &scope.resources {
            self.publish_names(resource);
        }
        if self.is_legacy(&scope) {
            self.publish_legacy_names();
        }
        Ok(())
    }

    pub(super) fn add_scoped_resource(
        &mut self,
        name: &ScopeName,
        resource: &ResourceName,
        date: Option<Date>,
    ) -> Result<(), Reason> {
        let (Some(scope), Some(own)) = (self.scopes.get(name), self.resources.get(resource)) else { return Ok(()) };
        if scope.resources.contains(resource) {
            return Ok(());
        }
        self.in_one_tenant(name, resource)?;
        let is_workspace = |spec: &ResourceSpec| matches!(spec, ResourceSpec::Workspace(_));
        let is_component = |spec: &ResourceSpec| matches!(spec, ResourceSpec::Component(_));
        let alike = |kind: fn(&ResourceSpec) -> bool| {
            scope.resources.iter().filter(|name| self.resources.get(*name).is_some_and(|one| kind(&one.spec))).count()
        };
        self.keep(Limit::ResourcesPerScope, name.as_str(), scope.resources.len() + 1, date)?;
        // Counting is only worth its time where the limit can be near.
        if scope.resources.len() >= 300 && is_workspace(&own.spec) {
            self.keep(Limit::WorkspacesPerScope, name.as_str(), alike(is_workspace) + 1, date)?;
        } else if scope.resources.len() >= 1000 && is_component(&own.spec) {
            self.keep(Limit::ComponentsPerScope, name.as_str(), alike(is_component) + 1, date)?;
        }
        self.keep(Limit::ScopesPerResource, resource.as_str(), own.scopes.len() + 1, date)?;

        let scope = Arc::make_mut(self.scopes.get_mut(name).expect("it was just there"));
        scope.resources.insert(resource.clone());
        let endpoints = scope.endpoints.clone();
        let own = Arc::make_mut(&mut self.resources).get_mut(resource).expect("it was just there");
        own.scopes.push(name.clone());
        self.publish_names(resource);
        endpoints.iter().try_for_each(|endpoint| self.append(endpoint, resource))
    }

    pub(super) fn remove_scoped_resource(&mut self, name: &ScopeName, resource: &ResourceName) {
        let Some(scope) = self.scopes.get_mut(name) else { return };
        let scope = Arc::make_mut(scope);
        if !scope.resources.shift_remove(resource) {
            return;
        }
        let endpoints = scope.endpoints.clone();
        if let Some(own) = Arc::make_mut(&mut self.resources).get_mut(resource) {
            own.scopes.retain(|scope| scope != name);
        }
        for endpoint in &endpoints {
            self.strip(endpoint, resource);
        }
        self.publish_names(resource);
    }

    /// True if the names of all resources carry the `privatelink` hop.
    pub(super) fn has_hop_without_scope(&self) -> bool {
        self.switches.workspace_hop == WorkspaceHop::Always
    }

    /// The private zones that make up the DNS of legacy scopes: those their endpoints write to, or where there is no zone
    /// group, those linked to the endpoint's network.
    pub(super) fn legacy_zones(&self) -> BTreeSet<ZoneId> {
        let legacy = self.scopes.values().filter(|scope| self.is_legacy(scope));
        let endpoints = legacy.flat_map(|scope| &scope.endpoints).filter_map(|name| self.endpoints.get(name));
        let zones = endpoints.flat_map(|endpoint| match &endpoint.zone_group {
            Some(group) => group.zones.to_vec(),
            None => self.linked.get(&endpoint.spec.network).into_iter().flatten().cloned().collect(),
        });
        zones.filter(|id| self.catalogue.zone(&id.apex).is_some()).collect()
    }

    pub(super) fn publish_names(&mut self, name: &ResourceName) {
        if !self.has_public_dns {
            return;
        }
        let Some(resource) = self.resources.get(name) else { return };
        match &resource.spec {
            ResourceSpec::Service(spec) => return self.publish_service(&spec.clone()),
            ResourceSpec::DataCollectionRule(spec) => return self.publish_rule(&spec.clone()),
            _ => {}
        }
        let hop = self.has_hop_without_scope() || !resource.scopes.is_empty();
        let (uncertain, revision) = (self.switches.uncertain_hop, self.revision);
        self.public.announce(&self.catalogue, &resource.spec, hop, uncertain, revision);
        if let Some(legacy) = &mut self.legacy_public {
            // Names of data collection endpoints are newer than legacy scopes; that the others resolve publicly is inferred
            // from the promise that an endpoint set up for some machines does not affect other machines.
            let hop = hop || matches!(resource.spec, ResourceSpec::Workspace(_));
            legacy.announce(&self.catalogue, &resource.spec, hop, uncertain, revision);
        }
    }

    /// Whether workspace names carry the hop can change with the endpoints of a legacy scope.
    pub(super) fn publish_if_legacy(&mut self, scope: &ScopeName) {
        if self.scopes.get(scope).is_some_and(|scope| self.is_legacy(scope)) {
            self.publish_legacy_names();
        }
    }

    /// Makes public DNS as the networks see it that share the DNS of a legacy scope, while there is such a scope.
    fn publish_legacy_names(&mut self) {
        if !self.has_public_dns {
            return;
        }
        let is_there = self.scopes.values().any(|scope| !scope.endpoints.is_empty() && self.is_legacy(scope));
        self.legacy_public = is_there.then(|| self.public.clone());
        let (uncertain, revision) = (self.switches.uncertain_hop, self.revision);
        let Some(legacy) = &mut self.legacy_public else { return };
        for resource in self.resources.values().filter(|own| matches!(own.spec, ResourceSpec::Workspace(_))) {
            legacy.announce(&self.catalogue, &resource.spec, true, uncertain, revision);
        }
    }
}
