//! Questions worth asking in a generated estate.

use std::collections::BTreeSet;

use ampls_dns::assess::timeline::names_of;
use ampls_dns::compile::Compiled;
use ampls_dns::dns::{OwnerName, RecordType};
use proptest::prelude::*;

use super::ZoneText;

/// Names that are worth asking for whatever the estate.
const ALWAYS: [&str; 12] = [
    ".",
    "azure.com",
    "api.monitor.azure.com",
    "nobody.monitor.azure.com",
    "x.api.loganalytics.io",
    "dc.services.visualstudio.com",
    "management.azure.com",
    "privatelink.monitor.azure.com",
    "nobody.privatelink.monitor.azure.com",
    "example.org",
    "www.corp.example",
    "a.b.sub.corp.example",
];

/// All names worth asking for: public names of resources, owners of record sets in private zones and in master files,
/// what was deleted, names between them, and names that do not exist. In order, without duplicates.
pub fn names_to_ask(world: &Compiled, zones: &[ZoneText]) -> Vec<OwnerName> {
    let mut names: BTreeSet<OwnerName> = names_of(world);
    names.extend(ALWAYS.iter().map(|text| OwnerName::parse(text).expect("a good name")));
    for linked in world.state.zones.values() {
        names.extend(linked.zone.iter().map(|owned| owned.set.owner().clone()));
        names.extend(linked.zone.tombstones().map(|(owner, _)| owner.clone()));
        names.extend(linked.zone.apex().child("nobody"));
    }
    for zone in zones {
        names.extend(zone.owners.iter().cloned());
        names.extend(zone.apex.child("nobody.at"));
    }
    let between: Vec<OwnerName> = names.iter().filter_map(OwnerName::parent).collect();
    let below: Vec<OwnerName> = names.iter().step_by(3).filter_map(|name| name.child("x").ok()).collect();
    names.extend(between.into_iter().chain(below));
    names.into_iter().collect()
}

/// Types worth asking for, addresses more often than others.
pub fn kinds() -> impl Strategy<Value = RecordType> {
    prop::sample::select(vec![
        RecordType::A,
        RecordType::A,
        RecordType::A,
        RecordType::AAAA,
        RecordType::CNAME,
        RecordType::TXT,
        RecordType::MX,
        RecordType::SRV,
        RecordType::NS,
        RecordType::SOA,
        RecordType::HTTPS,
    ])
}
