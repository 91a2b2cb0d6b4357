//! Scopes, endpoints, resources and sessions that are not as meant.

use std::collections::{BTreeMap, BTreeSet};

use super::{Code, Finding, list};
use crate::assess::route::{Path, route};
use crate::compile::state::Session;
use crate::compile::zone::{Owned, Writer};
use crate::compile::{Compiled, compile, member};
use crate::dns::OwnerName;
use crate::estate::{AccessMode, ApprovalState, NetworkName, PublicNetworkAccess, ResourceSpec, RuleAction, ScopeName};

/// A subnet with more fixed bits than this is smaller than supported (a /27).
const SMALLEST_SUBNET: u8 = 27;

pub(super) fn find(compiled: &Compiled, met: &[(NetworkName, OwnerName, Owned)], findings: &mut Vec<Finding>) {
    resources(compiled, findings);
    scopes(compiled, findings);
    endpoints(compiled, findings);
    private_only(compiled, met, findings);
    sessions(compiled, findings);
}

fn resources(compiled: &Compiled, findings: &mut Vec<Finding>) {
    for (name, resource) in compiled.state.resources.iter().filter(|(_, resource)| resource.scopes.is_empty()) {
        let (ingestion, query) = match &resource.spec {
            ResourceSpec::Workspace(one) => (one.ingestion, one.query),
            ResourceSpec::Component(one) => (one.ingestion, one.query),
            ResourceSpec::DataCollectionEndpoint(one) => (one.public_network_access, one.public_network_access),
        };
        let disabled = |access| access == PublicNetworkAccess::Disabled;
        let what = match (disabled(ingestion), disabled(query)) {
            (true, true) => "ingestion and queries",
            (true, false) => "ingestion",
            (false, true) => "queries",
            (false, false) => continue,
        };
        let kind = resource.spec.kind();
        let message = format!("{kind} {name} refuses public {what} and is in no scope: nobody reaches it");
        findings.push(Finding::new(Code::ResourceOutOfReach, message));
    }
}

fn scopes(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let state = &compiled.state;
    for (name, scope) in &state.scopes {
        if scope.endpoints.is_empty() && !scope.resources.is_empty() {
            findings.push(Finding::new(Code::ScopeWithoutEndpoint, format!("{name} has no private endpoint")));
        }
        if state.is_legacy(scope) {
            let message = format!(
                "{name} is from before September 2021: ingestion to resources outside it is refused in every network that \
                 shares its DNS"
            );
            findings.push(Finding::new(Code::LegacyScope, message));
        }
    }
    let mut connected: BTreeMap<&NetworkName, BTreeSet<&ScopeName>> = BTreeMap::new();
    for endpoint in state.endpoints.values() {
        connected.entry(&endpoint.spec.network).or_default().insert(&endpoint.spec.scope);
    }
    for (network, scopes) in connected.into_iter().filter(|(_, scopes)| scopes.len() > 1) {
        let message = format!(
            "{network} has private endpoints of {} scopes, {}, and the limit is 1",
            scopes.len(),
            list(scopes.iter())
        );
        findings.push(Finding::new(Code::TwoScopesInNetwork, message).networks([network.clone()]));
    }
}

fn endpoints(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let state = &compiled.state;
    for endpoint in state.endpoints.values() {
        let name = &endpoint.spec.name;
        if endpoint.approval != ApprovalState::Approved {
            let message = format!("the connection of {name} to {} is {:?}", endpoint.spec.scope, endpoint.approval);
            findings.push(Finding::new(Code::ConnectionNotApproved, message).at(endpoint.revision, compiled));
        }
        if endpoint.zone_group.is_none() {
            let message = format!("{name} has no zone group: its addresses are in no zone");
            findings.push(
                Finding::new(Code::EndpointWithoutZoneGroup, message)
                    .names(endpoint.members.iter().map(|one| one.member.public.clone()))
                    .at(endpoint.revision, compiled),
            );
        }
        let subnet = state.networks.get(&endpoint.spec.network).and_then(|own| own.subnet(&endpoint.spec.subnet));
        if let Some(subnet) = subnet.filter(|subnet| subnet.prefix_len() > SMALLEST_SUBNET) {
            let message = format!("{name} is in {subnet}, smaller than the /27 that is supported");
            findings.push(Finding::new(Code::SmallSubnet, message).at(endpoint.revision, compiled));
        }
    }
}

/// Networks whose shared names lead to a scope that refuses strangers, while resources exist that are not in it.
fn private_only(compiled: &Compiled, all: &[(NetworkName, OwnerName, Owned)], findings: &mut Vec<Finding>) {
    let state = &compiled.state;
    let mut met: BTreeMap<ScopeName, BTreeSet<NetworkName>> = BTreeMap::new();
    for (network, _, owned) in all {
        let Writer::Endpoint { endpoint, scope } = &owned.writer else { continue };
        let Some(own) = state.scopes.get(scope) else { continue };
        let excluded = own.access.exclusions.iter().find(|one| one.endpoint == *endpoint);
        let (ingestion, query) = match excluded {
            Some(exclusion) => (exclusion.ingestion, exclusion.query),
            None => (own.access.ingestion, own.access.query),
        };
        let refuses = ingestion == AccessMode::PrivateOnly || query == AccessMode::PrivateOnly;
        // Only shared names carry requests for strangers' resources.
        let shared = state.endpoints.get(endpoint).is_some_and(|endpoint| {
            endpoint.members.iter().any(|one| one.member.private == *owned.set.owner() && one.resources.is_empty())
        });
        if refuses && shared {
            met.entry(scope.clone()).or_default().insert(network.clone());
        }
    }
    for (scope, networks) in met {
        let own = &state.scopes[&scope];
        let modes = own.access.exclusions.iter().map(|one| (one.ingestion, one.query));
        let modes = modes.chain([(own.access.ingestion, own.access.query)]);
        let (ingestion, query) = modes.fold((false, false), |(ingestion, query), mode| {
            (ingestion | (mode.0 == AccessMode::PrivateOnly), query | (mode.1 == AccessMode::PrivateOnly))
        });
        // Which mode judges what: Log Analytics ingestion and data collection endpoints none.
        let is_judged = |spec: &ResourceSpec| match spec {
            ResourceSpec::Workspace(_) => query,
            ResourceSpec::Component(_) => query || ingestion,
            ResourceSpec::DataCollectionEndpoint(_) => false,
        };
        let strangers =
            state.resources.iter().filter(|(name, one)| !own.resources.contains(*name) && is_judged(&one.spec));
        let strangers: Vec<_> = strangers.map(|(name, _)| name).take(5).collect();
        let what = match (ingestion, query) {
            (true, true) => "ingestion and queries",
            (true, false) => "ingestion",
            _ => "queries",
        };
        if !strangers.is_empty() {
            let message = format!(
                "{scope} is PrivateOnly for {what} and answers shared names for {}: such requests there to {} are refused",
                list(networks.iter()),
                list(strangers.iter())
            );
            findings.push(Finding::new(Code::PrivateOnlyOnSharedDns, message).networks(networks));
        }
    }
}

/// Sessions that were opened before an outbound rule came to deny the service tag.
fn sessions(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let state = &compiled.state;
    for (name, machine) in &state.machines {
        let Some(rule) = state.outbound.get(&machine.network).filter(|rule| rule.action == RuleAction::Deny) else {
            continue;
        };
        let older = machine.sessions.iter().filter(|session| session.opened < rule.since);
        let older = older.filter(|session| opened_publicly(compiled, &machine.network, session));
        let older: Vec<_> = older.map(|session| session.resource.clone()).collect();
        if !older.is_empty() {
            let message =
                format!("{name} keeps its sessions to {} from before the rule that denies them", list(older.iter()));
            findings.push(Finding::new(Code::SessionOutlivesRule, message).networks([machine.network.clone()]));
        }
    }
}

/// True if the DNS of the moment when a session was opened led to no private address of its resource, whichever servers the
/// answer came through.
fn opened_publicly(compiled: &Compiled, network: &NetworkName, session: &Session) -> bool {
    let before = compile(&compiled.history, session.opened);
    let (Some(view), Some(resource)) =
        (before.views.of_network(network.as_str()), before.state.resources.get(&session.resource))
    else {
        return false;
    };
    let names = member::of_resource(&before.state.catalogue, &resource.spec, None);
    !names.iter().any(|one| matches!(route(&before, view, &one.public), Path::PrivateEndpoint { .. }))
}
