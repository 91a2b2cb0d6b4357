//! Which names a resource of another service has, and which record sets private endpoints to it write.

use super::served::Member;
use crate::catalogue::{Catalogue, ServiceHop, ServiceRow, ServiceZone, Slots, every_cloud};
use crate::dns::OwnerName;
use crate::estate::ServiceSpec;

/// A name of a resource, with what leads to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceName {
    /// The public name and the private one.
    pub member: Member,
    /// The public zone of the public name.
    pub public_zone: OwnerName,
    /// Names between the two.
    pub through: Vec<OwnerName>,
    /// True if all customers share it.
    pub is_shared: bool,
    /// When it carries the `privatelink` alias.
    pub hop: ServiceHop,
}

/// The names of one group id of a resource.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GroupNames {
    /// Those that are known.
    pub known: Vec<ServiceName>,
    /// True if there are others.
    pub others_unknown: bool,
    /// Hosts that were given and are in no zone of the group id.
    pub strangers: Vec<OwnerName>,
}

/// The names of a group id: the hosts that were given, else the records of the catalogue.
pub fn of_group(catalogue: &Catalogue, spec: &ServiceSpec, group: &str) -> GroupNames {
    let rows: Vec<&ServiceRow> = catalogue.service(&spec.kind, group).collect();
    let told = spec.hosts.iter().find(|(own, _)| own.eq_ignore_ascii_case(group)).map(|(_, hosts)| hosts.as_slice());
    match told.filter(|hosts| !hosts.is_empty()) {
        Some(hosts) => of_hosts(&rows, spec, group, hosts),
        // Where a group id can need one of several zones, the first one is the usual one.
        None => rows.first().map(|row| of_row(row, spec, group)).unwrap_or_default(),
    }
}

/// The members of a resource: those of all its group ids.
pub fn of_service(catalogue: &Catalogue, spec: &ServiceSpec) -> Vec<Member> {
    let names = spec.groups.iter().flat_map(|group| of_group(catalogue, spec, group).known);
    names.map(|name| name.member).collect()
}

fn slots(row: &ServiceRow, spec: &ServiceSpec, group: &str) -> Slots {
    let group = group.to_ascii_lowercase();
    Slots {
        name: Some(spec.name.as_str().to_ascii_lowercase()),
        region: spec.location.clone(),
        region_code: spec.location.as_deref().and_then(|own| every_cloud().region_code(own)).map(str::to_owned),
        slot: row.group.slot_in(&group).map(str::to_owned),
        ..Slots::default()
    }
}

fn of_hosts(rows: &[&ServiceRow], spec: &ServiceSpec, group: &str, hosts: &[OwnerName]) -> GroupNames {
    let mut names = GroupNames::default();
    for host in hosts {
        let found = rows.iter().find_map(|row| {
            row.zones.iter().find_map(|zone| {
                let zones = zone.names(&slots(row, spec, group), Some(host))?;
                let (public, private) = zones.of_host(host)?;
                let before = names.known.iter().filter(|one| one.member.zone == zones.private).count();
                let apex = zones.public.iter().find(|apex| public.is_within(apex))?.clone();
                let member = member(row, zone, &zones.private, public, private, before);
                let is_shared = zone.records.iter().filter(|record| ServiceZone::is_shared(record)).any(|record| {
                    let name = record.fill(&slots(row, spec, group)).and_then(|text| apex.child(&text).ok());
                    name.as_ref() == Some(&member.public)
                });
                let hop = if is_shared { ServiceHop::Always } else { row.hop };
                Some(ServiceName { member, public_zone: apex, through: Vec::new(), is_shared, hop })
            })
        });
        match found {
            Some(name) => names.known.push(name),
            None => names.strangers.push(host.clone()),
        }
    }
    names
}

fn of_row(row: &ServiceRow, spec: &ServiceSpec, group: &str) -> GroupNames {
    let slots = slots(row, spec, group);
    let mut names = GroupNames::default();
    for zone in &row.zones {
        names.others_unknown |= zone.others_unknown;
        let Some(zones) = zone.names(&slots, None) else {
            names.others_unknown = true;
            continue;
        };
        let apex = &zones.public[0];
        for (index, record) in zone.records.iter().enumerate() {
            let relative = record.fill(&slots);
            let both = relative.and_then(|text| Some((apex.child(&text).ok()?, zones.private.child(&text).ok()?)));
            let Some((public, private)) = both else {
                names.others_unknown = true;
                continue;
            };
            let is_shared = ServiceZone::is_shared(record);
            let through = zone.through.iter().filter_map(|own| OwnerName::parse(&own.fill(&slots)?).ok());
            names.known.push(ServiceName {
                member: member(row, zone, &zones.private, public, private, index),
                public_zone: apex.clone(),
                through: through.collect(),
                is_shared,
                hop: if is_shared { ServiceHop::Always } else { row.hop },
            });
        }
    }
    names
}

fn member(
    row: &ServiceRow,
    zone: &ServiceZone,
    apex: &OwnerName,
    public: OwnerName,
    private: OwnerName,
    index: usize,
) -> Member {
    let key = if index < zone.same_address { format!("first@{apex}") } else { private.to_string() };
    // Names that lie in the private zone from the start have no other.
    let public = if row.hop == ServiceHop::Never { private.clone() } else { public };
    Member { row: None, public, private, zone: apex.clone(), key, member_name: None }
}
