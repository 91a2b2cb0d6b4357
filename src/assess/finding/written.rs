//! Declarations that are wrong by themselves: what Azure does not have, and what contradicts itself.

use std::collections::BTreeMap;

use super::Draft;
use crate::assess::Code;
use crate::assess::verdict::{Cause, Root};
use crate::compile::{Compiled, member};
use crate::estate::{PublicNetworkAccess, ResourceName, ResourceSpec};

pub(super) fn find(world: &Compiled, drafts: &mut BTreeMap<Cause, Draft>) {
    same_customer_ids(world, drafts);
    for resource in world.state.resources.values() {
        of_resource(world, &resource.spec, drafts);
    }
    dates(world, drafts);
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
    match spec {
        ResourceSpec::Component(one) => {
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
        ResourceSpec::Workspace(_) => {}
    }
}

/// The first step or event whose date is before that of an earlier one.
fn dates(world: &Compiled, drafts: &mut BTreeMap<Cause, Draft>) {
    let history = &world.history;
    let mut newest: Option<(jiff::civil::Date, crate::estate::Revision)> = None;
    for at in 1..=world.revision().0 {
        let at = crate::estate::Revision(at);
        let Some(date) = history.event(at).and_then(|recorded| recorded.date) else { continue };
        if let Some((before, earlier)) = newest.filter(|(before, _)| date < *before) {
            let named = |revision| match history.step_of(revision) {
                Some(step) => format!("step {}", step.name),
                None => format!("revision {revision}"),
            };
            let message = format!("{} ({date}) comes after {} ({before})", named(at), named(earlier));
            add(drafts, Code::DatesRunBackwards, Root::Event(at), message).revision = Some(at);
            return;
        }
        newest = Some((date, at));
    }
}
