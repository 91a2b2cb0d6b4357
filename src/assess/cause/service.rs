//! Why a name of another service is not served: the same stages, without scopes.

use super::{Causes, Subject, decided_in, in_order_of_names, no_rule};
use crate::assess::Code;
use crate::assess::route::Path;
use crate::assess::verdict::{Cause, Root, Standing};
use crate::compile::state::Endpoint;
use crate::estate::{ApprovalState, EndpointName, ZoneId};
use crate::resolve::{Outcome, decide_addresses};

impl<'w> Causes<'w> {
    /// How bad it is: a resource is meant to be used by those whose packets get to an endpoint of it.
    pub(super) fn service_standing(&self, subject: &Subject<'_>) -> Standing {
        let is_near = !self.near(subject).is_empty();
        let is_used = subject.session && !self.leading_to(subject).is_empty();
        match subject.path {
            Path::Blocked { .. } if !is_near => self.blocked(subject),
            Path::Public { .. } if !is_near && !is_used => Standing::Closed,
            _ => Standing::Broken,
        }
    }

    /// Stage B: the private zone `id` does not have the name.
    pub(super) fn service_missing(&self, subject: &Subject<'_>, holders: &[&'w Endpoint], id: &ZoneId) -> Cause {
        let own = self.leading_to(subject);
        let of = |code, endpoint: &Endpoint| Cause::new(code, Root::Endpoint(endpoint.spec.name.clone()));
        let writes = |one: &Endpoint| one.zone_group.as_ref().is_some_and(|group| group.zones.contains(id));
        if let Some(endpoint) = own.iter().find(|one| writes(one) && one.failed.is_some()) {
            return of(Code::ProvisioningFailed, endpoint);
        }
        if let Some(endpoint) = own.iter().find(|one| writes(one) && one.approval != ApprovalState::Approved) {
            return of(Code::ConnectionNotApproved, endpoint);
        }
        let private = holders.iter().flat_map(|one| &one.members).find(|one| one.member.public == *subject.name);
        if let Some(lost) = private.and_then(|one| self.lost(&one.member.private, id)) {
            return lost;
        }
        let near = self.near(subject);
        if let Some(endpoint) = near.iter().find(|one| one.zone_group.is_none()) {
            return of(Code::EndpointWithoutZoneGroup, endpoint);
        }
        let lacks = |one: &Endpoint| {
            one.zone_group.as_ref().is_some_and(|group| !group.zones.iter().any(|own| own.apex == id.apex))
                && one.members.iter().any(|member| member.member.zone == id.apex)
        };
        if let Some(endpoint) = near.iter().find(|one| lacks(one)) {
            return of(Code::ZoneMissingFromZoneGroup, endpoint);
        }
        Cause::new(Code::ResourceNameMissing, Root::Zone(id.clone()))
    }

    /// Stage D: the request arrives at an endpoint that leads to something else.
    pub(super) fn leads_to_another(&self, subject: &Subject<'_>) -> Cause {
        if let (Path::PrivateEndpoint { target, .. }, Some((machine, _))) = (subject.path, subject.agent)
            && target.service() == subject.resource
        {
            return Cause::new(Code::MachineOutsideArcScope, Root::Machine(machine.clone()));
        }
        let Outcome::Answer(hop) = &decide_addresses(self.world, subject.view, subject.name).outcome else {
            return no_rule(subject);
        };
        let served = |old: &Endpoint| old.spec.target.service() == subject.resource && self.is_connected(old);
        self.overwritten(&hop.owned, served).unwrap_or_else(|| {
            let root = Root::RecordSet(hop.by.zone.id.clone(), hop.owned.set.owner().clone());
            Cause::new(Code::AddressOfNoEndpoint, root)
        })
    }

    /// Stage E: the request arrives at the public address, and the resource refuses it.
    pub(super) fn service_refused_in_public(&self, subject: &Subject<'_>) -> Cause {
        let state = &self.world.state;
        let Some(resource) = subject.resource else { return no_rule(subject) };
        if self.leading_to(subject).is_empty() {
            let is_elsewhere = !state.private_groups(resource).is_empty();
            return match is_elsewhere {
                true => Cause::new(Code::RefusedAsConfigured, Root::Estate),
                false => Cause::new(Code::ResourceOutOfReach, Root::Resource(resource.clone())),
            };
        }
        let near = self.near(subject);
        if let Some(cause) = self.not_served_by(&near) {
            return cause;
        }
        let member = self.members.get(subject.name);
        let at = member.and_then(|one| decided_in(self.world, subject.view, &one.public, &one.private));
        if let Some(ruleset) = at.zip(member).and_then(|(at, one)| self.without_final_dot(at, &one.private)) {
            return Cause::new(Code::RuleWithoutFinalDot, Root::Ruleset(ruleset));
        }
        Cause::new(Code::ScopedButPublic, Root::Network(subject.network.clone()))
    }

    /// The endpoints of the name's resource that have an address for it, or would have one.
    fn leading_to(&self, subject: &Subject<'_>) -> Vec<&'w Endpoint> {
        let state = &self.world.state;
        let own = subject.resource.and_then(|name| state.resources.get(name));
        let names = own.into_iter().flat_map(|own| &own.endpoints);
        let endpoints = names.filter_map(|name: &EndpointName| state.endpoints.get(name)).map(|one| &**one);
        let has = |one: &&Endpoint| {
            one.members.iter().any(|member| member.member.public == *subject.name) || one.failed.is_some()
        };
        in_order_of_names(endpoints.filter(has).collect())
    }

    /// Those of them that packets of the network get to.
    fn near(&self, subject: &Subject<'_>) -> Vec<&'w Endpoint> {
        let own = self.leading_to(subject).into_iter();
        own.filter(|one| self.reaches(subject.network, one)).collect()
    }
}
