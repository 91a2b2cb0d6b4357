//! Record sets of endpoints that others displaced, that are gone, or that lead out of reach.

use std::collections::{BTreeMap, BTreeSet};

use super::{Code, Finding, Severity, count, step_words};
use crate::catalogue::EndpointKind;
use crate::compile::Compiled;
use crate::compile::reachability::{Reach, between, home_of};
use crate::compile::state::{Addressed, Endpoint, State};
use crate::compile::zone::who;
use crate::compile::zone::{Owned, Writer, Zone};
use crate::dns::{OwnerName, RecordType};
use crate::estate::{EndpointName, NetworkName, Revision, ZoneId};

pub(super) fn find(compiled: &Compiled, met: &[(NetworkName, OwnerName, Owned)], findings: &mut Vec<Finding>) {
    displaced_and_lost(compiled, findings);
    unreachable(compiled, met, findings);
}

/// What a zone holds in the place of one of an endpoint's record sets.
enum Held {
    /// What the endpoint wrote.
    Own,
    /// What another wrote.
    Others(Box<Owned>),
    /// Nothing.
    Nothing,
}

fn held(zone: &Zone, endpoint: &EndpointName, member: &Addressed) -> Held {
    match zone.get(&member.member.private, RecordType::A) {
        None => Held::Nothing,
        Some(owned) => match &owned.writer {
            Writer::Endpoint { endpoint: writer, .. } if writer == endpoint => Held::Own,
            _ if owned.set.addresses().eq([member.address]) => Held::Own,
            _ => Held::Others(Box::new(owned)),
        },
    }
}

fn displaced_and_lost(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let state = &compiled.state;
    for endpoint in state.endpoints.values() {
        let name = &endpoint.spec.name;
        let mut displaced: BTreeMap<(Revision, String), Vec<&Addressed>> = BTreeMap::new();
        let mut lost = Vec::new();
        let mut networks = BTreeSet::new();
        for (id, zone) in zones_written(state, endpoint) {
            for member in members_in(state, endpoint, &id) {
                match held(zone, name, member) {
                    Held::Own => continue,
                    Held::Others(owned) => {
                        displaced.entry((owned.revision, who(&owned.writer))).or_default().push(member);
                    }
                    Held::Nothing => lost.push(member),
                }
                networks.extend(state.zones[&id].links.keys().cloned());
            }
        }
        for ((revision, by), members) in displaced {
            let shared = members.iter().filter(|member| kind_of(state, member).is_shared()).count();
            let what = match (shared, members.len()) {
                (shared, all) if shared == all => count(all, "shared record set"),
                (0, all) => count(all, "record set"),
                (shared, all) => format!("{} ({shared} of them shared)", count(all, "record set")),
            };
            let step = step_words(compiled, revision);
            let message = format!("{by} displaced {what} of {name} ({}){step}", endpoint.spec.scope);
            findings.push(
                Finding::new(Code::DisplacedRecordSets, message)
                    .names(members.iter().map(|member| member.member.public.clone()))
                    .networks(networks.iter().cloned())
                    .at(revision, compiled),
            );
        }
        if !lost.is_empty() {
            let message = format!(
                "{name} ({}) lives, but its zones no longer hold {} of it",
                endpoint.spec.scope,
                count(lost.len(), "record set")
            );
            let tombstones = lost.iter().filter_map(|member| {
                let zone = zones_written(state, endpoint).find(|(id, _)| member.member.private.is_below(&id.apex))?.1;
                zone.tombstone(&member.member.private, RecordType::A).map(|tombstone| tombstone.revision)
            });
            let revision = tombstones.max();
            let finding = Finding::new(Code::LostRecordSets, message)
                .names(lost.iter().map(|member| member.member.public.clone()))
                .networks(networks.iter().cloned());
            findings.push(match revision {
                Some(revision) => finding.at(revision, compiled),
                None => finding,
            });
        }
    }
}

fn unreachable(compiled: &Compiled, met: &[(NetworkName, OwnerName, Owned)], findings: &mut Vec<Finding>) {
    let state = &compiled.state;
    let mut names: BTreeMap<(&NetworkName, NetworkName), Vec<OwnerName>> = BTreeMap::new();
    let mut unknown: BTreeMap<(&NetworkName, NetworkName), (Vec<OwnerName>, String)> = BTreeMap::new();
    for (network, public, owned) in met {
        for address in owned.set.addresses() {
            let Some(home) = home_of(state, network, owned, address) else { continue };
            match between(state, network, &home, Some(address)) {
                Reach::Unknown(why) => {
                    let (names, _) = unknown.entry((network, home)).or_insert_with(|| (Vec::new(), why));
                    names.push(public.clone());
                }
                verdict if verdict.arrives() => {}
                _ => names.entry((network, home)).or_default().push(public.clone()),
            }
        }
    }
    for ((network, home), (names, why)) in unknown {
        let message = format!(
            "{network} resolves {} to addresses in {home}, and whether it reaches them is unknown: {why}",
            count(names.len(), "name")
        );
        // Nobody knows that it is broken, so it is no error.
        let finding = Finding { severity: Severity::Warning, ..Finding::new(Code::UnreachableAddresses, message) };
        findings.push(finding.names(names).networks([network.clone()]));
    }
    for ((network, home), names) in names {
        let message = format!(
            "{network} resolves {} to addresses in {home}, which it is not peered with",
            count(names.len(), "name")
        );
        findings.push(Finding::new(Code::UnreachableAddresses, message).names(names).networks([network.clone()]));
    }
}

/// The zones of an endpoint's group that exist; none while its connection has not been approved.
fn zones_written<'s>(state: &'s State, endpoint: &'s Endpoint) -> impl Iterator<Item = (ZoneId, &'s Zone)> {
    let group = endpoint.zone_group.as_ref().filter(|_| endpoint.approval == crate::estate::ApprovalState::Approved);
    let zones = group.into_iter().flat_map(|group| &group.zones);
    zones.filter_map(|id| Some((id.clone(), &*state.zones.get(id)?.zone)))
}

fn members_in<'s>(state: &'s State, endpoint: &'s Endpoint, id: &ZoneId) -> impl Iterator<Item = &'s Addressed> {
    let rows = &state.catalogue.endpoints;
    let apex = id.apex.clone();
    endpoint.members.iter().filter(move |member| rows[member.member.row].private_zone == apex)
}

fn kind_of(state: &State, member: &Addressed) -> EndpointKind {
    state.catalogue.endpoints[member.member.row].kind
}

/// The public name that leads to a name in a private zone; the name itself where the zone is not Azure Monitor's.
pub(super) fn public_name(state: &State, apex: &OwnerName, owner: &OwnerName) -> OwnerName {
    let row = state.catalogue.zone(apex);
    row.and_then(|row| owner.moved(apex, &row.public)).unwrap_or_else(|| owner.clone())
}
