//! Private endpoints of services other than scopes: which zones and record sets each group id of a resource type needs.
//!
//! The rows are data in `zones/<cloud>/services.yaml`. Type, group id and zones are documented in every row; the certainty of a
//! row is about its records.

use std::sync::Arc;

use serde::Deserialize;

use super::row_schema::{CertaintySchema, cited, pattern};
use super::{Operation, Pattern, Slots, Source};
use crate::dns::OwnerName;

/// What a private endpoint to one group id of a resource type needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceRow {
    /// The resource type, such as `Microsoft.KeyVault/vaults`.
    pub kind: Arc<str>,
    /// The group id, such as `vault`; a pattern where part of it is free, such as `sites-{slot}`.
    pub group: Pattern,
    /// The zones it writes to, in the order listed.
    pub zones: Vec<ServiceZone>,
    /// When its public names carry the `privatelink` alias.
    pub hop: ServiceHop,
    /// What is done through it.
    pub operation: Operation,
    /// The HTTP status of public requests that it refuses.
    pub refused_with: u16,
    /// What else is known, for people.
    pub note: Option<Arc<str>>,
    /// Where the row is from; its certainty is that of the records.
    pub source: Source,
}

/// A zone that endpoints of a row write to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceZone {
    /// The private zone.
    pub private: Pattern,
    /// The public zones whose aliases point into it; the first one is that of its records.
    pub public: Vec<Pattern>,
    /// The records, relative to the private zone.
    pub records: Vec<Pattern>,
    /// True if there are more records, which no source names.
    pub others_unknown: bool,
    /// How many of the records, from the first on, share one address.
    pub same_address: usize,
    /// Names between a public name and its private one.
    pub through: Vec<Pattern>,
}

/// When public names of a row carry the `privatelink` alias.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServiceHop {
    /// From the first approved endpoint to the last.
    WithEndpoint,
    /// Without any endpoint too.
    Always,
    /// Never: the names lie in the private zone itself.
    Never,
}

impl ServiceRow {
    /// True if the row is for that group id; Azure compares without case.
    pub fn is_for(&self, group: &str) -> bool {
        let (own, group) = (self.group.as_str().to_ascii_lowercase(), group.to_ascii_lowercase());
        match self.group.is_fixed() {
            true => own == group,
            false => self.group.slot_in(&group).is_some(),
        }
    }

    /// True if nothing is missing to build all record names of a resource that has a name and a region.
    pub fn records_are_known(&self) -> bool {
        let given =
            |pattern: &Pattern| pattern.slots().all(|slot| ["name", "region", "regionCode", "slot"].contains(&slot));
        self.zones.iter().all(|zone| {
            !zone.others_unknown && !zone.records.is_empty() && zone.records.iter().chain([&zone.private]).all(given)
        })
    }
}

impl ServiceZone {
    /// True if a record belongs to no single resource: all customers of the region, or of the cloud, share it.
    pub fn is_shared(record: &Pattern) -> bool {
        record.slots().all(|slot| ["region", "regionCode"].contains(&slot))
    }

    /// The zones of a resource with these slots: the private one, and the public ones, that of the records first. Slots of a
    /// zone that the resource does not fill are read from `host`, whose end they are part of.
    pub fn names(&self, slots: &Slots, host: Option<&OwnerName>) -> Option<ZoneNames> {
        let fill = |pattern: &Pattern| match pattern.fill(slots) {
            Some(text) => OwnerName::parse(&text).ok(),
            None => from_host(pattern, host?),
        };
        let private = fill(&self.private)?;
        let mut public: Vec<OwnerName> = self.public.iter().filter_map(fill).collect();
        // The private zone's name without `privatelink` is the public zone of the records, as a rule; the documentation's
        // table can have a zone above or below it.
        let stem = private.parent()?;
        let is_near = |one: &OwnerName| one.is_within(&stem) || stem.is_within(one);
        if public.first().is_some_and(is_near) {
            public.retain(|one| !is_near(one));
            public.insert(0, stem);
        }
        (!public.is_empty()).then_some(ZoneNames { private, public })
    }
}

/// The zones of one resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ZoneNames {
    /// The private zone.
    pub private: OwnerName,
    /// The public zones, that of the records first.
    pub public: Vec<OwnerName>,
}

impl ZoneNames {
    /// The public name and the private one of a host that is given by either; absent if it is in neither zone.
    pub fn of_host(&self, host: &OwnerName) -> Option<(OwnerName, OwnerName)> {
        if host.is_below(&self.private) {
            return Some((host.moved(&self.private, self.public.first()?)?, host.clone()));
        }
        let public = self.public.iter().find(|zone| host.is_below(zone))?;
        Some((host.clone(), host.moved(public, &self.private)?))
    }
}

/// The zone whose one open label is in the host, before the rest of the pattern.
fn from_host(pattern: &Pattern, host: &OwnerName) -> Option<OwnerName> {
    let behind = OwnerName::parse(pattern.behind_slot()?).ok()?;
    let relative = host.relative_to(&behind)?;
    let label = relative.rsplit('.').next()?;
    let before = pattern.as_str().split('{').next()?;
    behind.child(&format!("{before}{label}")).ok()
}

/// The rows of a file.
///
/// # Errors
/// A sentence that says which row is wrong.
pub(super) fn read(text: &str) -> Result<Vec<ServiceRow>, String> {
    let schema: Schema = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    let rows: Vec<ServiceRow> = schema.services.into_iter().map(row).collect::<Result<_, _>>()?;
    for (index, own) in rows.iter().enumerate() {
        let group = own.group.as_str();
        let is_twin = |one: &ServiceRow| {
            let zones = one.zones.iter().map(|zone| &zone.private).eq(own.zones.iter().map(|zone| &zone.private));
            one.kind == own.kind && one.group == own.group && zones
        };
        if rows[..index].iter().any(is_twin) {
            return Err(format!("duplicate {} {group}", own.kind));
        }
        if own.zones.is_empty() {
            return Err(format!("{} {group} has no zone", own.kind));
        }
        for zone in &own.zones {
            if zone.public.is_empty() || zone.records.is_empty() && !zone.others_unknown {
                return Err(format!("{} {group}: {} has no public zone or no record", own.kind, zone.private));
            }
        }
    }
    Ok(rows)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Schema {
    services: Vec<RowSchema>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RowSchema {
    #[serde(rename = "type")]
    kind: String,
    group_id: String,
    zones: Vec<ZoneSchema>,
    #[serde(default)]
    hop: HopSchema,
    #[serde(default)]
    operation: OperationSchema,
    #[serde(default = "forbidden")]
    refused_with: u16,
    note: Option<String>,
    source: String,
    date: String,
    certainty: CertaintySchema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ZoneSchema {
    private: String,
    public: Vec<String>,
    records: Vec<String>,
    #[serde(default)]
    others_unknown: bool,
    #[serde(default)]
    same_address: usize,
    #[serde(default)]
    through: Vec<String>,
}

#[derive(Deserialize, Clone, Copy, Default)]
#[serde(rename_all = "camelCase")]
enum HopSchema {
    #[default]
    WithEndpoint,
    Always,
    Never,
}

#[derive(Deserialize, Clone, Copy, Default)]
#[serde(rename_all = "camelCase")]
enum OperationSchema {
    #[default]
    DataPlane,
    Query,
}

fn forbidden() -> u16 {
    403
}

fn row(schema: RowSchema) -> Result<ServiceRow, String> {
    let wrong = |what: String| format!("{} {}: {what}", schema.kind, schema.group_id);
    let patterns = |texts: &[String]| texts.iter().map(|text| pattern(text)).collect::<Result<Vec<_>, _>>();
    let zone = |own: &ZoneSchema| {
        Ok(ServiceZone {
            private: pattern(&own.private)?,
            public: patterns(&own.public)?,
            records: patterns(&own.records)?,
            others_unknown: own.others_unknown,
            same_address: own.same_address,
            through: patterns(&own.through)?,
        })
    };
    Ok(ServiceRow {
        kind: schema.kind.as_str().into(),
        group: pattern(&schema.group_id).map_err(wrong)?,
        zones: schema.zones.iter().map(zone).collect::<Result<_, String>>().map_err(wrong)?,
        hop: match schema.hop {
            HopSchema::WithEndpoint => ServiceHop::WithEndpoint,
            HopSchema::Always => ServiceHop::Always,
            HopSchema::Never => ServiceHop::Never,
        },
        operation: match schema.operation {
            OperationSchema::DataPlane => Operation::DataPlane,
            OperationSchema::Query => Operation::Query,
        },
        refused_with: schema.refused_with,
        note: schema.note.map(Into::into),
        source: cited(schema.source, schema.date, schema.certainty),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::catalogue::{Catalogue, every_cloud, services};
    use crate::estate::Cloud;

    fn name(text: &str) -> OwnerName {
        OwnerName::parse(text).expect("a good name")
    }

    fn row(cloud: Cloud, kind: &str, group: &str) -> ServiceRow {
        Catalogue::of(cloud).service(kind, group).next().expect("the row is there").clone()
    }

    #[test]
    fn every_cloud_has_the_rows_of_the_documentation() {
        // The table of private-endpoint-dns (2025-08-04) with the rows of service pages: 103, 50 and 35, of which one each in the
        // first two clouds is Azure Monitor's own; in the last two clouds one row of it can name several group ids.
        let counts = Cloud::ALL.map(|cloud| services(cloud).len());
        assert_eq!(counts, [102, 58, 43]);
        let types = Cloud::ALL
            .map(|cloud| services(cloud).iter().map(|row| row.kind.to_ascii_lowercase()).collect::<HashSet<_>>().len());
        assert_eq!(types, [68, 34, 24]);
    }

    #[test]
    fn every_row_has_its_source_and_fills_its_zones() {
        for cloud in Cloud::ALL {
            for row in services(cloud) {
                assert!(row.source.text.len() > 4 && row.source.date.len() > 3, "{row:?}");
                let slots = Slots {
                    name: Some("one".into()),
                    region: Some("westeurope".into()),
                    region_code: Some("we".into()),
                    ..Slots::default()
                };
                for zone in &row.zones {
                    let open = zone.private.fill(&slots).is_none();
                    let names = zone.names(&slots, Some(&name("one.two.database.windows.net")));
                    assert!(open || names.is_some(), "{row:?}");
                }
            }
        }
    }

    #[test]
    fn a_host_tells_its_record_and_its_zone() {
        let slots = Slots { name: Some("mi1".into()), region: Some("westeurope".into()), ..Slots::default() };
        let managed = row(Cloud::Public, "microsoft.sql/managedinstances", "managedInstance");
        let host = name("mi1.ab12.database.windows.net");
        let names = managed.zones[0].names(&slots, Some(&host)).expect("the label is in the host");
        assert_eq!(names.private, name("privatelink.ab12.database.windows.net"));
        let private = name("mi1.privatelink.ab12.database.windows.net");
        assert_eq!(names.of_host(&host), Some((host.clone(), private.clone())));
        assert_eq!(names.of_host(&private), Some((host, private)));
        assert!(managed.zones[0].names(&slots, None).is_none());
    }

    #[test]
    fn public_names_end_in_the_zone_of_the_records() {
        let slots = Slots { name: Some("one".into()), region: Some("westeurope".into()), ..Slots::default() };
        let first = |kind: &str, group: &str| {
            let row = row(Cloud::Public, kind, group);
            row.zones[0].names(&slots, None).expect("all slots are filled").public[0].to_string()
        };
        assert_eq!(first("Microsoft.KeyVault/vaults", "vault"), "vault.azure.net");
        assert_eq!(first("Microsoft.Batch/batchAccounts", "batchAccount"), "batch.azure.com");
        assert_eq!(first("Microsoft.Storage/storageAccounts", "blob"), "blob.core.windows.net");
        assert_eq!(first("Microsoft.Kusto/clusters", "cluster"), "westeurope.kusto.windows.net");
        assert_eq!(
            first("Microsoft.App/managedEnvironments", "managedEnvironments"),
            "westeurope.azurecontainerapps.io"
        );
    }

    #[test]
    fn group_ids_are_compared_without_case_and_may_be_open() {
        assert!(row(Cloud::Public, "Microsoft.Web/sites", "sites-staging").group.slot().is_some());
        assert!(row(Cloud::Public, "MICROSOFT.KEYVAULT/VAULTS", "Vault").records_are_known());
        assert!(!row(Cloud::Public, "Microsoft.Automation/automationAccounts", "webhook").records_are_known());
        assert_eq!(every_cloud().region_code("westeurope"), Some("we"));
    }

    #[test]
    fn rows_that_are_wrong_are_refused() {
        let text = "services:\n  - type: A/b\n    groupId: c\n    zones: []\n    source: somebody\n    date: 2025-01-01\n    \
                    certainty: documented\n";
        assert_eq!(read(text).expect_err("it has no zone"), "A/b c has no zone");
        let slot = text.replace("zones: []", "zones: [{private: p.x, public: [x], records: ['{what}']}]");
        assert!(read(&slot).expect_err("the slot is unknown").contains("is not a pattern"));
    }
}
