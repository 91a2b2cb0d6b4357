//! Declarations that are wrong by themselves: what Azure does not have, and what contradicts itself.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::Draft;
use crate::assess::Code;
use crate::assess::verdict::{Cause, Root};
use crate::catalogue::existing;
use crate::compile::owner::Property;
use crate::compile::state::Scope;
use crate::compile::{Compiled, member};
use crate::estate::{AccessModeSettings, PublicNetworkAccess, ResolutionPolicy, ResourceName, ResourceSpec, Revision};

pub(super) fn find(world: &Compiled, drafts: &mut BTreeMap<Cause, Draft>) {
    same_customer_ids(world, drafts);
    for resource in world.state.resources.values() {
        of_resource(world, &resource.spec, drafts);
    }
    for scope in world.state.scopes.values() {
        modes(world, scope, drafts);
    }
    regions_of_agents(world, drafts);
    for (id, linked) in &world.state.zones {
        let is_privatelink = id.apex.labels().next().is_some_and(|label| label == b"privatelink");
        if is_privatelink && !linked.registers.is_empty() {
            let message = format!(
                "{id} is the registration zone of {}, whose machines register there",
                super::list(&linked.registers)
            );
            let draft = add(drafts, Code::RegistrationInPrivatelinkZone, Root::Zone(id.clone()), message);
            draft.networks.clone_from(&linked.registers);
            draft.zones.insert(id.clone());
        }
        let redirects = linked.links.iter().filter(|(_, policy)| **policy == ResolutionPolicy::NxDomainRedirect);
        let networks: BTreeSet<_> = redirects.map(|(network, _)| network.clone()).collect();
        if !is_privatelink && !networks.is_empty() {
            let message = format!(
                "the link of {id} to {} cannot have resolutionPolicy NxDomainRedirect: Azure supports it for privatelink zones only",
                super::list(&networks)
            );
            let draft = add(drafts, Code::NotInAzure, Root::Zone(id.clone()), message);
            draft.networks = networks;
            draft.zones.insert(id.clone());
        }
    }
    dates(world, drafts);
}

/// An agent gets its configuration from a data collection endpoint in the region of its machine
/// (data-collection-endpoint-overview, 2025-05-21).
fn regions_of_agents(world: &Compiled, drafts: &mut BTreeMap<Cause, Draft>) {
    for (name, machine) in &world.state.machines {
        let endpoint = machine.associations.as_ref().and_then(|own| own.endpoint.as_ref());
        let own = endpoint.and_then(|endpoint| world.state.resources.get(endpoint)).and_then(|own| own.spec.location());
        let (Some(endpoint), Some(own), Some(location)) = (endpoint, own, &machine.location) else { continue };
        if own != &**location {
            let message = format!(
                "{name} is in {location}, but {endpoint}, which configures its agent, is in {own}: Azure requires both in one region"
            );
            let draft = add(drafts, Code::NotInAzure, Root::Machine(name.clone()), message);
            draft.networks.insert(machine.network.clone());
            draft.resources.insert(endpoint.clone());
        }
    }
}

/// A scope that Azure would ask for its modes.
fn modes(world: &Compiled, scope: &Scope, drafts: &mut BTreeMap<Cause, Draft>) {
    let since = world.state.catalogue.rules.access_modes_since;
    let is_older = scope.created.is_some_and(|created| created < since);
    let names_modes = !scope.spec.lacks_modes || scope.access != AccessModeSettings::default();
    if let Some(created) = scope.created.filter(|_| world.state.is_legacy(scope) && names_modes) {
        let name = &scope.spec.name;
        let message = format!(
            "{name} was created on {created} and sets access modes, which scopes have only since {since}: it refuses \
             ingestion to resources outside it, but no queries"
        );
        add(drafts, Code::NotInAzure, Root::Scope(name.clone()), message).scopes.insert(name.clone());
        return;
    }
    if !scope.spec.lacks_modes || scope.has_modes || is_older {
        return;
    }
    let name = &scope.spec.name;
    let from = scope.created.map_or_else(String::new, |created| format!(" is from {created} and"));
    let message = format!(
        "{name}{from} does not set both access modes, which Azure requires: ampls-dns assumes Open for a missing one"
    );
    let draft = add(drafts, Code::ScopeWithoutModes, Root::Scope(name.clone()), message);
    draft.scopes.insert(name.clone());
}

fn add(drafts: &mut BTreeMap<Cause, Draft>, code: Code, root: Root, message: String) -> &mut Draft {
    let draft = drafts.entry(Cause::new(code, root)).or_default();
    draft.message = message;
    draft
}

fn same_customer_ids(world: &Compiled, drafts: &mut BTreeMap<Cause, Draft>) {
    let mut ids: BTreeMap<&str, Vec<&ResourceName>> = BTreeMap::new();
    for resource in world.state.resources.values() {
        if let ResourceSpec::Workspace(workspace) = &resource.spec {
            ids.entry(&workspace.customer_id).or_default().push(&workspace.name);
        }
    }
    for (id, mut own) in ids.into_iter().filter(|(_, own)| own.len() > 1) {
        own.sort();
        let message = format!("{} have the same customerId, so they share their names", super::list(&own));
        let draft = add(drafts, Code::SameCustomerId, Root::Id(id.to_owned()), message);
        draft.resources.extend(own.into_iter().cloned());
        let specs = draft.resources.iter().filter_map(|name| world.state.resources.get(name)).map(|one| &one.spec);
        let members = specs.flat_map(|spec| member::of_resource(&world.state.catalogue, spec, None));
        draft.names = members.map(|one| one.public).collect();
    }
}

fn of_resource(world: &Compiled, spec: &ResourceSpec, drafts: &mut BTreeMap<Cause, Draft>) {
    let root = || Root::Resource(spec.name().clone());
    let catalogue = &world.state.catalogue;
    if let Some((region, why)) =
        spec.location().and_then(|region| Some((region, existing::unknown_region(catalogue, region)?)))
    {
        let message = format!("{} is in {region}: {why}", spec.name());
        add(drafts, Code::UnknownRegion, root(), message).resources.insert(spec.name().clone());
    }
    match spec {
        ResourceSpec::Component(one) => {
            if let Some((label, why)) = one
                .ingestion_endpoint
                .as_ref()
                .and_then(|label| Some((label, existing::unknown_stamp(catalogue, label)?)))
            {
                let message = format!("{} sends to {label}, which no public source mentions: {why}", one.name);
                add(drafts, Code::UnknownStamp, root(), message).resources.insert(one.name.clone());
            }
            let hosts: Vec<_> =
                [&one.ingestion_privatelink_host, &one.live_privatelink_host].into_iter().flatten().collect();
            if !hosts.is_empty() {
                let message = format!(
                    "{} connects to {}: TLS fails, because the certificate has the public name",
                    one.name,
                    super::list(hosts)
                );
                add(drafts, Code::PrivatelinkHost, root(), message).resources.insert(one.name.clone());
            }
            let secured = |access| matches!(access, PublicNetworkAccess::SecuredByPerimeter { .. });
            if secured(one.ingestion) || secured(one.query) {
                let message = format!(
                    "component {} cannot be SecuredByPerimeter: components are not members of a network security \
                     perimeter, their workspaces are",
                    one.name
                );
                add(drafts, Code::NotInAzure, root(), message).resources.insert(one.name.clone());
            }
            let workspace = one.workspace.as_ref().and_then(|name| world.state.resources.get(name));
            let Some(ResourceSpec::Workspace(workspace)) = workspace.map(|own| &own.spec) else { return };
            let tenant = |name: &ResourceName| world.state.owners.tenant(Property::Resource, name.as_str());
            if let Some((own, other)) = tenant(&one.name).zip(tenant(&workspace.name))
                && own != other
            {
                let message = format!(
                    "component {} belongs to tenant {own} and its workspace {} to tenant {other}: Azure joins them in one tenant only",
                    one.name, workspace.name
                );
                let draft = add(drafts, Code::NotInAzure, root(), message);
                draft.resources.extend([one.name.clone(), workspace.name.clone()]);
            }
            let closed = |access| access == PublicNetworkAccess::Disabled;
            if closed(one.query) != closed(workspace.query) {
                let (locked, open) =
                    if closed(one.query) { (&one.name, &workspace.name) } else { (&workspace.name, &one.name) };
                let message = format!(
                    "{locked} refuses public queries and {open} does not: the telemetry of component {} can be read \
                     through {open}",
                    one.name
                );
                let draft = add(drafts, Code::HalfLocked, root(), message);
                draft.resources.extend([one.name.clone(), workspace.name.clone()]);
                return;
            }
            let scopes = |name| world.state.resources.get(name).map_or(&[][..], |own| own.scopes.as_slice());
            let (own, others) = (scopes(&one.name), scopes(&workspace.name));
            if !own.is_empty() && !own.iter().any(|scope| others.contains(scope)) {
                let message = format!(
                    "component {} is in {}, but its workspace {} is not: queries of its telemetry through the workspace \
                     count as queries of a resource outside the scope",
                    one.name,
                    super::list(own),
                    workspace.name
                );
                let draft = add(drafts, Code::HalfLocked, root(), message);
                draft.resources.extend([one.name.clone(), workspace.name.clone()]);
            }
        }
        ResourceSpec::DataCollectionEndpoint(one) => {
            let own = |host: &crate::dns::OwnerName| host.labels().next().map(<[u8]>::to_vec);
            let first = own(&one.configuration_access);
            let hosts = [Some(&one.logs_ingestion), one.metrics_ingestion.as_ref()];
            let others: Vec<_> = hosts.into_iter().flatten().filter(|host| own(host) != first).collect();
            if !others.is_empty() {
                let message = format!(
                    "{} has the host {} of one endpoint and {} of another",
                    one.name,
                    one.configuration_access,
                    super::list(others)
                );
                add(drafts, Code::HostsOfTwoEndpoints, root(), message).resources.insert(one.name.clone());
            }
        }
        ResourceSpec::Workspace(_) | ResourceSpec::DataCollectionRule(_) | ResourceSpec::Service(_) => {}
    }
}

/// The first step or event whose date is before that of an earlier one.
fn dates(world: &Compiled, drafts: &mut BTreeMap<Cause, Draft>) {
    let history = &world.history;
    let events = (1..=world.revision().0).map(Revision);
    let mut dated: Vec<(Revision, Date, Option<&str>)> =
        events.filter_map(|at| Some((at, history.event(at)?.date?, None))).collect();
    let empty = history.steps().iter().filter(|step| step.end <= world.revision());
    dated.extend(empty.filter_map(|step| Some((step.end, step.date?, Some(&*step.name)))));
    dated.sort_by_key(|(at, _, step)| (*at, step.is_some()));
    let named = |at: Revision, step: Option<&str>| match (step, history.step_of(at)) {
        (Some(step), _) => format!("step {step}"),
        (None, Some(step)) => format!("step {}", step.name),
        (None, None) => format!("revision {at}"),
    };
    let backwards = dated.windows(2).find(|pair| pair[1].1 < pair[0].1);
    if let Some([(earlier, before, first), (at, date, second)]) = backwards {
        let message = format!("{} ({date}) comes after {} ({before})", named(*at, *second), named(*earlier, *first));
        let draft = add(drafts, Code::DatesRunBackwards, Root::Event(*at), message);
        draft.revision = second.is_none().then_some(*at);
    }
}
