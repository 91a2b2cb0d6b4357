//! Which record sets a private endpoint of a scope has: the catalogue's rows, filled for the resources of the scope.

use std::collections::HashMap;

use jiff::civil::Date;

pub use super::served::Member;
use super::service;
use crate::catalogue::{Catalogue, EndpointKind, EndpointRow, Slots};
use crate::dns::OwnerName;
use crate::estate::{DataCollectionEndpointSpec, ResourceName, ResourceSpec};

/// What fills the slots of the catalogue's patterns for a resource.
///
/// The slot `dce` is found in the endpoint's own host names, because they are read and never built.
pub fn slots(catalogue: &Catalogue, resource: &ResourceSpec) -> Slots {
    let mut slots = Slots { region: resource.location().map(str::to_owned), ..Slots::default() };
    match resource {
        ResourceSpec::Workspace(workspace) => slots.workspace = Some(workspace.customer_id.clone()),
        ResourceSpec::Component(component) => {
            slots.ingestion.clone_from(&component.ingestion_endpoint);
            slots.live.clone_from(&component.live_endpoint);
        }
        ResourceSpec::DataCollectionEndpoint(endpoint) => {
            let host = &endpoint.configuration_access;
            let row = catalogue
                .endpoints
                .iter()
                .find(|row| row.kind == EndpointKind::DataCollectionEndpoint && host.is_below(&row.public_zone));
            slots.dce = row.and_then(|row| {
                let relative = host.relative_to(&row.public_zone)?;
                row.record.slot_in(&relative).map(str::to_owned)
            });
        }
        ResourceSpec::DataCollectionRule(_) | ResourceSpec::Service(_) => {}
    }
    slots
}

/// The members a resource adds to an endpoint that was created on `created`, in the order they get addresses.
pub fn of_resource(catalogue: &Catalogue, resource: &ResourceSpec, created: Option<Date>) -> Vec<Member> {
    let kind = match resource {
        ResourceSpec::Workspace(_) => EndpointKind::Workspace,
        ResourceSpec::Component(_) => EndpointKind::Regional,
        ResourceSpec::DataCollectionEndpoint(endpoint) => return of_endpoint(catalogue, resource, endpoint, created),
        // No private endpoint serves a rule's own hosts (data-collection-endpoint-overview, 2025-05-21).
        ResourceSpec::DataCollectionRule(_) => return Vec::new(),
        ResourceSpec::Service(service) => return service::of_service(catalogue, service),
    };
    members(catalogue, kind, &slots(catalogue, resource), created)
}

/// The members of a data collection endpoint: the hosts in its JSON, each by the row whose pattern it fits best. It has
/// three addresses always; where its JSON is from an API version that does not name the metrics host, that host has the
/// label of the logs host (source: ampls-ip-ranges; every dump of an endpoint has the three).
fn of_endpoint(
    catalogue: &Catalogue,
    resource: &ResourceSpec,
    endpoint: &DataCollectionEndpointSpec,
    created: Option<Date>,
) -> Vec<Member> {
    let rows = || {
        let rows = catalogue.endpoints.iter().enumerate();
        rows.filter(|(_, row)| row.kind == EndpointKind::DataCollectionEndpoint)
    };
    // The row of a host and what is in the place of the slot.
    let fit = |host: &OwnerName| {
        let fits = rows().filter_map(|(index, row)| {
            let relative = host.relative_to(&row.public_zone)?;
            Some((index, row.record.slot_in(&relative)?.to_owned()))
        });
        fits.min_by_key(|(_, slot)| slot.len())
    };
    let named =
        [Some(&endpoint.configuration_access), Some(&endpoint.logs_ingestion), endpoint.metrics_ingestion.as_ref()];
    let named: Vec<_> = named.into_iter().flatten().filter_map(fit).collect();
    let rest = fit(&endpoint.logs_ingestion).or_else(|| fit(&endpoint.configuration_access));
    let mut own = Vec::new();
    for (index, _) in rows() {
        let fits = named.iter().find(|(row, _)| *row == index);
        let unnamed = rest.as_ref().filter(|_| endpoint.metrics_ingestion.is_none());
        let Some((_, slot)) = fits.or(unnamed) else { continue };
        let slots = Slots { dce: Some(slot.clone()), ..slots(catalogue, resource) };
        let members = members(catalogue, EndpointKind::DataCollectionEndpoint, &slots, created);
        own.extend(members.into_iter().find(|member| member.row == Some(index)));
    }
    own
}

/// All members an endpoint needs that is created on `created` for a scope with these resources, in the order they get
/// addresses: those of workspaces, components and data collection endpoints, each kind in scoping order, then the ones
/// every endpoint has. With each, the resources it is there for.
///
/// Source: inferred from six dumps of endpoints, 2020 to 2025; the order of kinds among each other is uncertain.
pub fn of_scope<'r>(
    catalogue: &Catalogue,
    resources: impl IntoIterator<Item = &'r ResourceSpec>,
    created: Option<Date>,
) -> Vec<(Member, Vec<ResourceName>)> {
    let mut resources: Vec<&ResourceSpec> = resources.into_iter().collect();
    resources.sort_by_key(|resource| match resource {
        ResourceSpec::Workspace(_) => 0,
        ResourceSpec::Component(_) => 1,
        ResourceSpec::DataCollectionEndpoint(_) | ResourceSpec::DataCollectionRule(_) | ResourceSpec::Service(_) => 2,
    });
    let mut wanted: Vec<(Member, Vec<ResourceName>)> = Vec::new();
    let mut index = HashMap::new();
    for resource in resources {
        for one in of_resource(catalogue, resource, created) {
            let at = *index.entry(one.private.clone()).or_insert(wanted.len());
            match wanted.get_mut(at) {
                Some((_, owners)) => owners.push(resource.name().clone()),
                None => wanted.push((one, vec![resource.name().clone()])),
            }
        }
    }
    wanted.extend(base(catalogue, created).into_iter().map(|one| (one, Vec::new())));
    wanted
}

/// The members that every endpoint has, regardless of its scope.
pub fn base(catalogue: &Catalogue, created: Option<Date>) -> Vec<Member> {
    members(catalogue, EndpointKind::Global, &Slots::default(), created)
}

fn members(catalogue: &Catalogue, kind: EndpointKind, slots: &Slots, created: Option<Date>) -> Vec<Member> {
    let compressed = created.is_none_or(|date| date >= catalogue.rules.compression_since);
    let existed = |row: &EndpointRow| row.since.is_none_or(|since| created.is_none_or(|date| date >= since));
    let rows = catalogue.endpoints.iter().enumerate().filter(|(_, row)| row.kind == kind && existed(row));
    rows.filter_map(|(index, row)| {
        let record = row.record.fill(slots)?;
        let shares = row.compressed && compressed;
        let member_name = match &row.member_before_compression {
            Some(before) if !compressed => before.fill(slots),
            _ => row.member.as_ref().and_then(|member| member.fill(slots)),
        };
        Some(Member {
            row: Some(index),
            zone: row.private_zone.clone(),
            public: row.public_zone.child(&record).ok()?,
            private: row.private_zone.child(&record).ok()?,
            key: if shares {
                format!("{}@{}", row.private_zone, slots.region.as_deref().unwrap_or_default())
            } else {
                format!("{record}.{}", row.private_zone)
            },
            member_name,
        })
    })
    .collect()
}
