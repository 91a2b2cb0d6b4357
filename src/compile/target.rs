//! Resources of other services as targets of private endpoints, and what that does to their public names.

use std::collections::BTreeSet;
use std::iter::once;
use std::sync::Arc;

use super::refusal::Reason;
use super::service::of_group;
use super::state::State;
use crate::catalogue::ServiceHop;
use crate::estate::{ApprovalState, EndpointTarget, ResourceName, ResourceSpec, ServiceSpec};

impl State {
    /// Refuses a target that is not a resource of another service, or has no such group id.
    pub(super) fn service_target(&self, resource: &ResourceName, group: &str) -> Result<(), Reason> {
        let Some(own) = self.resources.get(resource) else { return Ok(()) };
        let ResourceSpec::Service(spec) = &own.spec else {
            let (resource, kind) = (resource.clone(), own.spec.kind());
            return Err(Reason::OtherKind { resource, kind, wanted: "resource with private endpoints of its own" });
        };
        match spec.group(group) {
            Some(_) => Ok(()),
            None => Err(Reason::NoSuchGroup { resource: resource.clone(), group: group.into() }),
        }
    }

    /// The group ids of a resource that an approved private endpoint leads to, in the estate or outside it.
    pub fn private_groups(&self, name: &ResourceName) -> BTreeSet<Arc<str>> {
        let Some(own) = self.resources.get(name) else { return BTreeSet::new() };
        let ResourceSpec::Service(spec) = &own.spec else { return BTreeSet::new() };
        let endpoints = own.endpoints.iter().filter_map(|endpoint| self.endpoints.get(endpoint));
        let approved = endpoints.filter(|endpoint| endpoint.approval == ApprovalState::Approved);
        let here = approved.filter_map(|endpoint| match &endpoint.spec.target {
            EndpointTarget::Service { group, .. } => spec.group(group).cloned(),
            EndpointTarget::Scope(_) => None,
        });
        here.chain(spec.endpoints_elsewhere.iter().cloned()).collect()
    }

    /// Makes the public names of a resource exist, with the `privatelink` alias where an approved private endpoint leads to
    /// them or all customers share them.
    pub(super) fn publish_service(&mut self, spec: &ServiceSpec) {
        let private = self.private_groups(&spec.name);
        let revision = self.revision;
        for group in &spec.groups {
            let has_endpoint = private.iter().any(|own| own.eq_ignore_ascii_case(group));
            for name in of_group(&self.catalogue, spec, group).known {
                let hop = name.hop == ServiceHop::Always || has_endpoint;
                for public in once(&mut self.public).chain(&mut self.legacy_public) {
                    public.announce_service(&self.catalogue, &spec.name, &name, hop, revision);
                }
            }
        }
    }
}
