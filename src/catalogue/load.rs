//! The embedded data to a [`Catalogue`].
//!
//! Each cloud is read once, when it is first asked for. Tests prove that all of them load, so reading cannot fail in the
//! product; [`read`] is what they test with data that does fail.

use std::sync::{Arc, OnceLock};

use include_dir::{Dir, File, include_dir};
use serde::Deserialize;

use super::row_schema::{CertaintySchema, cited, date, name, pattern};
use super::{
    Catalogue, ChainRow, Cloud, EndpointKind, EndpointRow, EntryHost, Hop, Operation, OutsideHost, PublicTtl,
    PublicZone, RegionRow, RegionalRow, ResourceRow, Rules, ServiceRow, ZoneRow, service,
};
use crate::dns::{OwnerName, RecordType, master};

/// A catalogue that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The rows are not as they should be.
    #[error("the rows of the catalogue: {0}")]
    Rows(String),
    /// A zone file is not as it should be.
    #[error("the public zone {zone}: {what}")]
    Zone {
        /// File name.
        zone: String,
        /// What is wrong.
        what: String,
    },
}

/// The embedded catalogue of a cloud.
pub fn embedded(cloud: Cloud) -> Arc<Catalogue> {
    static LOADED: [OnceLock<Arc<Catalogue>>; 3] = [const { OnceLock::new() }; 3];
    let slot = Cloud::ALL.iter().position(|one| *one == cloud).expect("ALL has every cloud");
    let loaded = LOADED[slot].get_or_init(|| {
        let (rows, zones) = source(cloud);
        Arc::new(read(rows, &zones).expect("the embedded catalogues are tested to load"))
    });
    Arc::clone(loaded)
}

/// The embedded rows of other services of a cloud. They are read on demand: most estates never do.
pub fn services(cloud: Cloud) -> &'static [ServiceRow] {
    static LOADED: [OnceLock<Vec<ServiceRow>>; 3] = [const { OnceLock::new() }; 3];
    let slot = Cloud::ALL.iter().position(|one| *one == cloud).expect("ALL has every cloud");
    LOADED[slot].get_or_init(|| {
        service::read(rows(cloud, "services.yaml")).expect("the embedded rows of services are tested to load")
    })
}

/// A zone file's name and text.
type ZoneText = (&'static str, &'static str);

/// The folders of the clouds: rows in `catalogue.yaml`, and public zones in `public/`, one file each.
static CLOUDS: [(Cloud, Dir<'_>); 3] = [
    (Cloud::Public, include_dir!("$CARGO_MANIFEST_DIR/zones/azure-cloud")),
    (Cloud::UsGovernment, include_dir!("$CARGO_MANIFEST_DIR/zones/azure-us-government")),
    (Cloud::China, include_dir!("$CARGO_MANIFEST_DIR/zones/azure-china-cloud")),
];

fn folder(cloud: Cloud) -> &'static Dir<'static> {
    &CLOUDS.iter().find(|(own, _)| *own == cloud).expect("each cloud has a folder").1
}

/// The text of a file of rows of a cloud.
fn rows(cloud: Cloud, name: &str) -> &'static str {
    folder(cloud).get_file(name).and_then(File::contents_utf8).expect("each folder has its rows")
}

/// Rows and zone files of a cloud.
fn source(cloud: Cloud) -> (&'static str, Vec<ZoneText>) {
    let files = folder(cloud).get_dir("public").into_iter().flat_map(Dir::files);
    let zones = files.map(|file| {
        let name = file.path().file_name().and_then(|name| name.to_str()?.strip_suffix(".zone"));
        (name.expect("public zones are files `NAME.zone`"), file.contents_utf8().expect("zone files are text"))
    });
    (rows(cloud, "catalogue.yaml"), zones.collect())
}

/// Reads a catalogue from its rows in YAML and its public zones in master-file format.
///
/// # Errors
/// [`CatalogueError`] says which row or zone file is wrong, and where.
pub fn read(rows: &str, zones: &[(&str, &str)]) -> Result<Catalogue, CatalogueError> {
    let schema: Schema = serde_saphyr::from_str(rows).map_err(|error| CatalogueError::Rows(error.to_string()))?;
    let public_zones = zones.iter().map(|(name, text)| public_zone(name, text)).collect::<Result<_, _>>()?;
    assemble(schema, public_zones).map_err(CatalogueError::Rows)
}

fn public_zone(name: &str, text: &str) -> Result<PublicZone, CatalogueError> {
    let wrong = |what: String| CatalogueError::Zone { zone: name.to_owned(), what };
    let mut inferred_names = Vec::new();
    // A record with this comment is one that was never observed.
    let remark = |owner: &OwnerName, remark: &[u8]| {
        if remark == b"inferred" {
            inferred_names.push(owner.clone());
        }
    };
    let parsed = master::read_with_remarks(text.as_bytes(), None, remark)
        .map_err(|errors| wrong(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
    if parsed.sets.first().is_none_or(|set| set.kind() != RecordType::SOA) {
        return Err(wrong("it has no SOA".to_owned()));
    }
    Ok(PublicZone { apex: parsed.apex, sets: parsed.sets, inferred_names })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Schema {
    cloud: String,
    uncertainty: Option<String>,
    rules: RulesSchema,
    zones: Vec<ZoneSchema>,
    endpoints: Vec<EndpointSchema>,
    hosts: Vec<HostSchema>,
    regions: Vec<RegionSchema>,
    regional: Vec<RegionalSchema>,
    resources: Vec<ResourceSchema>,
    outside: Vec<OutsideSchema>,
    chains: Vec<ChainSchema>,
    shared: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RulesSchema {
    compression_since: String,
    access_modes_since: String,
    private_ttl: u32,
    manual_ttl: u32,
    reserved_at_start: u32,
    reserved_at_end: u32,
    public_ttl: TtlSchema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TtlSchema {
    hop: u32,
    traffic_manager: u32,
    tail: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ZoneSchema {
    private: String,
    public: String,
    since: Option<String>,
    #[serde(default = "yes")]
    in_zone_group: bool,
    source: String,
    date: String,
    certainty: CertaintySchema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EndpointSchema {
    record: String,
    private_zone: String,
    public_zone: String,
    kind: KindSchema,
    #[serde(default = "always")]
    hop: HopSchema,
    operations: Vec<OperationSchema>,
    member: Option<String>,
    member_before_compression: Option<String>,
    since: Option<String>,
    #[serde(default)]
    compressed: bool,
    #[serde(default)]
    workspace_queries: bool,
    #[serde(default)]
    regional_twin: bool,
    meaning: String,
    source: String,
    date: String,
    certainty: CertaintySchema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HostSchema {
    host: String,
    leads_to: Option<String>,
    #[serde(default)]
    hop: HopSchema,
    function: String,
    source: String,
    date: String,
    certainty: CertaintySchema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RegionSchema {
    region: String,
    stamps: Vec<u8>,
    #[serde(default)]
    weak: Vec<u8>,
    #[serde(default)]
    global: bool,
    source: String,
    date: String,
    certainty: CertaintySchema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ResourceSchema {
    name: String,
    kind: String,
    hop: HopSchema,
    source: String,
    date: String,
    certainty: CertaintySchema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OutsideSchema {
    host: String,
    function: String,
    source: String,
    date: String,
    certainty: CertaintySchema,
}

#[derive(Deserialize, Clone, Copy, Default)]
#[serde(rename_all = "camelCase")]
enum HopSchema {
    Always,
    #[default]
    Never,
    Unknown,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RegionalSchema {
    name: String,
    function: String,
    hop: HopSchema,
    #[serde(default)]
    only: Vec<String>,
    source: String,
    date: String,
    certainty: CertaintySchema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChainSchema {
    start: String,
    region: Option<String>,
    behind: Vec<String>,
    source: String,
    date: String,
    certainty: CertaintySchema,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "camelCase")]
enum KindSchema {
    Global,
    Regional,
    Workspace,
    DataCollectionEndpoint,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "camelCase")]
enum OperationSchema {
    Ingestion,
    Query,
    Config,
    Download,
}

fn always() -> HopSchema {
    HopSchema::Always
}

fn yes() -> bool {
    true
}

fn assemble(schema: Schema, public_zones: Vec<PublicZone>) -> Result<Catalogue, String> {
    let rules = schema.rules;
    Ok(Catalogue {
        cloud: schema.cloud.parse::<Cloud>().map_err(|error| error.to_string())?,
        uncertainty: schema.uncertainty.map(|text| text.trim().into()),
        rules: Rules {
            compression_since: date(&rules.compression_since)?,
            access_modes_since: date(&rules.access_modes_since)?,
            private_ttl: rules.private_ttl,
            manual_ttl: rules.manual_ttl,
            reserved_at_start: rules.reserved_at_start,
            reserved_at_end: rules.reserved_at_end,
            public_ttl: PublicTtl {
                hop: rules.public_ttl.hop,
                traffic_manager: rules.public_ttl.traffic_manager,
                tail: rules.public_ttl.tail,
            },
        },
        zones: schema.zones.into_iter().map(zone).collect::<Result<_, _>>()?,
        endpoints: schema.endpoints.into_iter().map(endpoint).collect::<Result<_, _>>()?,
        hosts: schema.hosts.into_iter().map(host).collect::<Result<_, _>>()?,
        regions: schema.regions.into_iter().map(region).collect(),
        regional: schema.regional.into_iter().map(regional).collect::<Result<_, _>>()?,
        resources: schema.resources.into_iter().map(resource).collect::<Result<_, _>>()?,
        outside: schema.outside.into_iter().map(outside).collect::<Result<_, _>>()?,
        chains: schema.chains.into_iter().map(chain).collect::<Result<_, _>>()?,
        shared: shared(&schema.shared, &public_zones)?,
        public_zones,
    })
}

/// The zones that are not Azure Monitor's alone; each must be there.
fn shared(names: &[String], zones: &[PublicZone]) -> Result<Vec<OwnerName>, String> {
    let known = |apex: OwnerName| match zones.iter().any(|zone| zone.apex == apex) {
        true => Ok(apex),
        false => Err(format!("the shared zone {apex} is not a public zone")),
    };
    names.iter().map(|text| name(text).and_then(known)).collect()
}

fn zone(schema: ZoneSchema) -> Result<ZoneRow, String> {
    Ok(ZoneRow {
        private: name(&schema.private)?,
        public: name(&schema.public)?,
        since: schema.since.as_deref().map(date).transpose()?,
        in_zone_group: schema.in_zone_group,
        source: cited(schema.source, schema.date, schema.certainty),
    })
}

fn endpoint(schema: EndpointSchema) -> Result<EndpointRow, String> {
    if schema.operations.is_empty() {
        return Err(format!("{} has no operation", schema.record));
    }
    let operation = |operation: &OperationSchema| match operation {
        OperationSchema::Ingestion => Operation::Ingestion,
        OperationSchema::Query => Operation::Query,
        OperationSchema::Config => Operation::Config,
        OperationSchema::Download => Operation::Download,
    };
    Ok(EndpointRow {
        record: pattern(&schema.record)?,
        private_zone: name(&schema.private_zone)?,
        public_zone: name(&schema.public_zone)?,
        kind: match schema.kind {
            KindSchema::Global => EndpointKind::Global,
            KindSchema::Regional => EndpointKind::Regional,
            KindSchema::Workspace => EndpointKind::Workspace,
            KindSchema::DataCollectionEndpoint => EndpointKind::DataCollectionEndpoint,
        },
        hop: hop(schema.hop),
        operations: schema.operations.iter().map(operation).collect(),
        member: schema.member.as_deref().map(pattern).transpose()?,
        member_before_compression: schema.member_before_compression.as_deref().map(pattern).transpose()?,
        since: schema.since.as_deref().map(date).transpose()?,
        compressed: schema.compressed,
        workspace_queries: schema.workspace_queries,
        regional_twin: schema.regional_twin,
        meaning: schema.meaning.into(),
        source: cited(schema.source, schema.date, schema.certainty),
    })
}

fn host(schema: HostSchema) -> Result<EntryHost, String> {
    Ok(EntryHost {
        host: pattern(&schema.host)?,
        leads_to: schema.leads_to.as_deref().map(pattern).transpose()?,
        hop: hop(schema.hop),
        function: schema.function.into(),
        source: cited(schema.source, schema.date, schema.certainty),
    })
}

fn regional(schema: RegionalSchema) -> Result<RegionalRow, String> {
    Ok(RegionalRow {
        name: pattern(&schema.name)?,
        function: schema.function.into(),
        hop: hop(schema.hop),
        only: schema.only.into_iter().map(Into::into).collect(),
        source: cited(schema.source, schema.date, schema.certainty),
    })
}

fn region(schema: RegionSchema) -> RegionRow {
    RegionRow {
        region: schema.region.into(),
        stamps: schema.stamps,
        weak: schema.weak,
        global: schema.global,
        source: cited(schema.source, schema.date, schema.certainty),
    }
}

fn resource(schema: ResourceSchema) -> Result<ResourceRow, String> {
    Ok(ResourceRow {
        name: pattern(&schema.name)?,
        kind: schema.kind.into(),
        hop: hop(schema.hop),
        source: cited(schema.source, schema.date, schema.certainty),
    })
}

fn outside(schema: OutsideSchema) -> Result<OutsideHost, String> {
    Ok(OutsideHost {
        host: name(&schema.host)?,
        function: schema.function.into(),
        source: cited(schema.source, schema.date, schema.certainty),
    })
}

fn hop(schema: HopSchema) -> Hop {
    match schema {
        HopSchema::Always => Hop::Always,
        HopSchema::Never => Hop::Never,
        HopSchema::Unknown => Hop::Unknown,
    }
}

fn chain(schema: ChainSchema) -> Result<ChainRow, String> {
    Ok(ChainRow {
        start: pattern(&schema.start)?,
        region: schema.region.map(Into::into),
        behind: schema.behind.iter().map(|behind| pattern(behind)).collect::<Result<_, _>>()?,
        source: cited(schema.source, schema.date, schema.certainty),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;
    use crate::dns::RecordSet;

    fn fixed(catalogue: &Catalogue) -> HashMap<OwnerName, &RecordSet> {
        let sets = catalogue.public_zones.iter().flat_map(|zone| &zone.sets);
        sets.filter(|set| set.kind() != RecordType::SOA).map(|set| (set.owner().clone(), set)).collect()
    }

    #[test]
    fn every_row_has_its_source_and_date() {
        for cloud in Cloud::ALL {
            let catalogue = Catalogue::of(cloud);
            assert_eq!(catalogue.cloud, cloud);
            let zones = catalogue.zones.iter().map(|row| &row.source);
            let endpoints = catalogue.endpoints.iter().map(|row| &row.source);
            let hosts = catalogue.hosts.iter().map(|row| &row.source);
            let regional = catalogue.regional.iter().map(|row| &row.source);
            let chains = catalogue.chains.iter().map(|row| &row.source);
            let regions = catalogue.regions.iter().map(|row| &row.source);
            let resources = catalogue.resources.iter().map(|row| &row.source);
            let outside = catalogue.outside.iter().map(|row| &row.source);
            let others = regions.chain(resources).chain(outside);
            for source in zones.chain(endpoints).chain(hosts).chain(regional).chain(chains).chain(others) {
                assert!(source.text.len() > 4 && source.date.len() > 3, "{source:?}");
            }
        }
    }

    #[test]
    fn the_public_cloud_has_five_zones_and_us_government_a_sixth_outside_the_group() {
        let count = |cloud| {
            let catalogue = Catalogue::of(cloud);
            (catalogue.zones.len(), catalogue.zone_group().count())
        };
        assert_eq!(count(Cloud::Public), (5, 5));
        assert_eq!(count(Cloud::UsGovernment), (6, 5));
        assert!(Catalogue::of(Cloud::China).uncertainty.is_some());
    }

    #[test]
    fn every_fixed_endpoint_has_its_privatelink_alias_in_public_dns_where_it_was_seen() {
        for cloud in Cloud::ALL {
            let catalogue = Catalogue::of(cloud);
            let sets = fixed(&catalogue);
            for row in catalogue.endpoints.iter().filter(|row| row.record.is_fixed()) {
                let public = row.public_zone.child(row.record.as_str()).expect("a good name");
                let private = row.private_zone.child(row.record.as_str()).expect("a good name");
                let alias = sets[&public].alias();
                assert_eq!(alias, (row.hop == Hop::Always).then_some(&private), "{public}");
            }
        }
    }

    #[test]
    fn entry_hosts_lead_where_their_rows_say() {
        for cloud in Cloud::ALL {
            let catalogue = Catalogue::of(cloud);
            let sets = fixed(&catalogue);
            for host in catalogue.hosts.iter().filter(|host| host.host.is_fixed()) {
                let mut name = OwnerName::parse(host.host.as_str()).expect("a good name");
                let Some(to) = &host.leads_to else {
                    let hops = std::iter::successors(Some(&name), |name| sets[*name].alias()).take(16);
                    let hops: Vec<_> = hops.collect();
                    assert_eq!(sets[hops[hops.len() - 1]].addresses().count(), 1, "{name} is public");
                    assert_eq!(hops.len() > 1, host.hop == Hop::Always, "{name}");
                    continue;
                };
                let to = OwnerName::parse(to.as_str()).expect("a good name");
                let mut hops = 0;
                while name != to {
                    name = sets[&name].alias().expect("entry hosts are aliases").clone();
                    hops += 1;
                    assert!(hops < 16, "{} leads to {to}", host.host);
                }
            }
        }
    }

    #[test]
    fn every_chain_ends_at_a_documentation_address_of_its_own() {
        for cloud in Cloud::ALL {
            let catalogue = Catalogue::of(cloud);
            let sets = fixed(&catalogue);
            let mut tails = HashSet::new();
            for (name, set) in &sets {
                if let Some(alias) = set.alias() {
                    assert!(sets.contains_key(alias), "{name} leads to {alias}, which nothing is known of");
                }
                for address in set.addresses() {
                    assert!(address.is_documentation(), "{name} has {address}");
                    // Names below a wildcard have the address of the name above it.
                    assert!(name.is_wildcard() || tails.insert(address), "{address} stands twice");
                }
            }
        }
    }

    #[test]
    fn rows_and_zones_that_are_wrong_are_refused_with_a_place() {
        let (rows, zones) = source(Cloud::Public);
        let unknown = rows.replace("certainty: documented", "certainty: sure");
        assert!(matches!(read(&unknown, &zones), Err(CatalogueError::Rows(_))));
        let bad = [("x.example", "$ORIGIN x.example.\n@ 300 IN A 1.2.3.4\n")];
        let error = read(rows, &bad).expect_err("a zone without SOA is refused");
        assert_eq!(error.to_string(), "the public zone x.example: it has no SOA");
    }
}
