//! Zones that are empty, missing, misspelt or of no use.

use std::collections::BTreeSet;

use super::{Code, Finding, count, list};
use crate::catalogue::every_cloud;
use crate::compile::{Compiled, Lookup, member};
use crate::dns::OwnerName;
use crate::estate::{ResolutionPolicy, ResourceSpec, ZoneId};

pub(super) fn find(compiled: &Compiled, findings: &mut Vec<Finding>) {
    empty_zones(compiled, findings);
    missing_zones(compiled, findings);
    misspelt_and_unused(compiled, findings);
    taken_over(compiled, findings);
    component_names(compiled, findings);
}

/// Regional hosts of components always have the `privatelink` alias, so a linked zone without the name says NXDOMAIN.
fn component_names(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let state = &compiled.state;
    let components = state.resources.iter().filter(|(_, one)| matches!(one.spec, ResourceSpec::Component(_)));
    for (name, resource) in components {
        for member in member::of_resource(&state.catalogue, &resource.spec, None) {
            let row = &state.catalogue.endpoints[member.row];
            let zones =
                state.zones.iter().filter(|(id, linked)| id.apex == row.private_zone && !linked.zone.is_empty());
            let lacking = zones.filter(|(_, linked)| matches!(linked.zone.lookup(&member.private), Lookup::Missing));
            let struck: Vec<_> = lacking
                .flat_map(|(_, linked)| linked.links.iter())
                .filter(|(_, policy)| **policy == ResolutionPolicy::Default)
                .map(|(network, _)| network.clone())
                .collect();
            if !struck.is_empty() {
                let message = format!("{} of component {name} is NXDOMAIN in {}", member.public, list(struck.iter()));
                findings.push(
                    Finding::new(Code::ComponentNameMissing, message).names([member.public.clone()]).networks(struck),
                );
            }
        }
    }
}

fn empty_zones(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let state = &compiled.state;
    for (id, linked) in &state.zones {
        let known = state.catalogue.zone(&id.apex);
        // Those are struck whose names are decided where the zone is linked, by links of their own or through forwarders.
        let is_struck = |client| {
            let row = known?;
            let at = super::met::decided_in(compiled, client, &row.public, &row.private)?;
            let policy = linked.links.get(compiled.views.get(at).network.as_ref()?)?;
            (*policy == ResolutionPolicy::Default).then_some(())
        };
        let views = compiled.views.iter().filter_map(|(id, view)| Some((id, view.network.clone()?)));
        let networks: Vec<_> = match linked.zone.is_empty() {
            true => views.filter(|(id, _)| is_struck(*id).is_some()).map(|(_, network)| network).collect(),
            false => Vec::new(),
        };
        if let (true, false, Some(row)) = (linked.zone.is_empty(), networks.is_empty(), known) {
            let message = format!(
                "{id} is linked to {} and has no record sets: every name below {} that leads into it is NXDOMAIN there",
                count(networks.len(), "network"),
                row.public
            );
            findings.push(Finding::new(Code::EmptyLinkedZone, message).names([id.apex.clone()]).networks(networks));
        }
    }
}

fn missing_zones(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let state = &compiled.state;
    for endpoint in state.endpoints.values() {
        let Some(group) = &endpoint.zone_group else { continue };
        let existed = |since: Option<jiff::civil::Date>| {
            since.is_none_or(|since| endpoint.created.is_none_or(|created| created >= since))
        };
        let wanted = state.catalogue.zone_group().filter(|row| existed(row.since));
        let missing: Vec<_> =
            wanted.map(|row| &row.private).filter(|apex| !group.zones.iter().any(|id| id.apex == **apex)).collect();
        if !missing.is_empty() {
            let unwritten = endpoint
                .members
                .iter()
                .filter(|one| missing.contains(&&state.catalogue.endpoints[one.member.row].private_zone));
            let message = format!(
                "the zone group of {} lacks {}, so it writes nothing there",
                endpoint.spec.name,
                list(missing.iter())
            );
            findings.push(
                Finding::new(Code::ZoneMissingFromZoneGroup, message)
                    .names(unwritten.map(|one| one.member.public.clone()))
                    .at(endpoint.revision, compiled),
            );
        }
        let networks: BTreeSet<_> =
            group.zones.iter().filter_map(|id| state.zones.get(id)).flat_map(|zone| zone.links.keys()).collect();
        for network in networks {
            let sees =
                |id: &ZoneId| state.linked.get(network).into_iter().flatten().any(|linked| linked.apex == id.apex);
            let unseen: Vec<_> =
                group.zones.iter().filter(|id| state.zones.contains_key(id) && !sees(id)).map(|id| &id.apex).collect();
            if !unseen.is_empty() {
                let message = format!(
                    "{network} is linked to zones of {} but not to {}",
                    endpoint.spec.name,
                    list(unseen.iter())
                );
                findings.push(
                    Finding::new(Code::ZoneNotLinked, message)
                        .names(unseen.into_iter().cloned())
                        .networks([network.clone()]),
                );
            }
        }
    }
}

fn misspelt_and_unused(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let state = &compiled.state;
    for (id, linked) in &state.zones {
        let apex = id.apex.to_string();
        let networks = linked.links.keys().cloned();
        if every_cloud().unwritten_zones.iter().any(|row| row.value == id.apex) {
            let message = format!("{id} has no part in Azure Monitor Private Link: no endpoint writes to it");
            findings.push(Finding::new(Code::UnusedZone, message).names([id.apex.clone()]).networks(networks));
            continue;
        }
        if state.catalogue.zone(&id.apex).is_some() {
            continue;
        }
        let near = state.catalogue.zones.iter().map(|row| &row.private);
        let near = near.filter(|right| (1..=2).contains(&strsim::damerau_levenshtein(&right.to_string(), &apex)));
        for right in near {
            let message = format!("{id} looks like {right} misspelt: no endpoint writes to it, no alias leads to it");
            findings
                .push(Finding::new(Code::MisspeltZone, message).names([id.apex.clone()]).networks(networks.clone()));
        }
    }
}

/// Zones under the public names: what they do not hold is NXDOMAIN, whoever it belongs to.
fn taken_over(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let state = &compiled.state;
    for (id, linked) in state.zones.iter().filter(|(_, linked)| !linked.links.is_empty()) {
        if state.catalogue.zones.iter().any(|row| row.public == id.apex) {
            let message = format!("{id} takes over all of {} in {}", id.apex, list(linked.links.keys()));
            findings.push(
                Finding::new(Code::PublicZoneTakenOver, message)
                    .names([id.apex.clone()])
                    .networks(linked.links.keys().cloned()),
            );
        }
        let canary: OwnerName = OwnerName::parse("use-application-dns.net").expect("a constant name");
        if canary.is_within(&id.apex) && !matches!(linked.zone.lookup(&canary), Lookup::Missing) {
            let message = format!("{id} makes {canary} exist in {}", list(linked.links.keys()));
            findings
                .push(Finding::new(Code::CanaryExists, message).names([canary]).networks(linked.links.keys().cloned()));
        }
    }
}
