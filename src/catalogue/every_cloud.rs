//! What holds in every cloud: limits, names Azure keeps for itself, what it puts into a new private zone.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;
use serde::Deserialize;

use super::load::CatalogueError;
use super::row_schema::{CertaintySchema, cited, date, name};
use super::{Operation, Source};
use crate::dns::{OwnerName, RecordData, RecordSet, RecordType, Soa};

/// Facts that are the same in every cloud.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EveryCloud {
    /// Azure's limits, one row for each [`Limit`].
    limits: Vec<LimitRow>,
    /// The fewest and the most labels a private zone's name has.
    pub zone_labels: Sourced<(usize, usize)>,
    /// Zone names Azure keeps for itself; names below them can be created.
    pub reserved_zones: Sourced<HashSet<OwnerName>>,
    /// The TTL and the data of the SOA record set of a private zone.
    pub private_soa: Sourced<(u32, Soa)>,
    /// The longest TTL Azure's resolver shows for the SOA of a private zone.
    pub longest_soa_ttl: Sourced<u32>,
    /// Which NXDOMAIN of a link that falls back is asked again in public DNS.
    fallback: Sourced<Fallback>,
    /// Zone names that people create for Azure Monitor and that no endpoint of a scope writes to.
    pub unwritten_zones: Vec<Sourced<OwnerName>>,
    /// Codes of regions, by region.
    region_codes: Sourced<HashMap<String, String>>,
    /// Where private endpoints can have IPv6 addresses.
    pub ipv6_endpoints: Sourced<Ipv6Endpoints>,
    /// Flows that no scope governs as it governs the names of resources.
    pub other_flows: Vec<OtherFlowRow>,
}

/// A flow of a resource that no scope governs, or that it governs in another way than by one resource and one name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OtherFlowRow {
    /// What it is.
    pub flow: Arc<str>,
    /// The kinds of resources it belongs to.
    pub of: Vec<FlowOwner>,
    /// What is done.
    pub operation: Operation,
    /// Which name it takes.
    pub through: Through,
    /// What decides it, in one sentence.
    pub rule: Arc<str>,
    /// Who says so.
    pub source: Source,
}

/// The kind of resource a flow belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub enum FlowOwner {
    /// A workspace.
    #[serde(rename = "workspace")]
    Workspace,
    /// A component with a workspace.
    #[serde(rename = "component with workspace")]
    WorkspaceBasedComponent,
    /// A data collection endpoint.
    #[serde(rename = "data collection endpoint")]
    DataCollectionEndpoint,
}

/// Which name a flow takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Through {
    /// None: it stays inside Azure.
    None,
    /// The name of the resource's region with this function.
    Region(Arc<str>),
    /// The name that queries of workspaces go to.
    Queries,
}

/// Where private endpoints can have IPv6 addresses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ipv6Endpoints {
    /// The types of resources they lead to.
    pub types: Vec<Arc<str>>,
    /// The regions of resource and endpoint.
    pub regions: Vec<Arc<str>>,
}

/// What a link that falls back to public DNS falls back for.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Fallback {
    /// The first label of the zone's name.
    label: String,
    /// The types asked for.
    types: Vec<RecordType>,
}

/// A fact, and where it is from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sourced<T> {
    /// The fact.
    pub value: T,
    /// Who says so.
    pub source: Source,
}

/// A limit of Azure's on estates.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Limit {
    /// Zones in a zone group.
    ZonesPerZoneGroup,
    /// Private endpoints of a scope.
    EndpointsPerScope,
    /// Workspaces, components and data collection endpoints of a scope together, before December 2021.
    ResourcesPerScope,
    /// Workspaces of a scope.
    WorkspacesPerScope,
    /// Components of a scope.
    ComponentsPerScope,
    /// Scopes a resource is in.
    ScopesPerResource,
    /// Scopes a network is connected to.
    ScopesPerNetwork,
    /// Private zones of a subscription; what is in no subscription is taken for one.
    ZonesPerSubscription,
    /// Record sets of a zone.
    RecordSetsPerZone,
    /// Records of a record set.
    RecordsPerRecordSet,
    /// Networks a zone is linked to.
    LinksPerZone,
    /// Networks whose registration zone a zone is.
    RegistrationLinksPerZone,
    /// Zones a network is linked to.
    ZonesPerNetwork,
    /// Rules of a ruleset.
    RulesPerRuleset,
    /// Networks a ruleset is linked to.
    LinksPerRuleset,
    /// Data collection rules a machine is associated with.
    RulesPerMachine,
}

impl Limit {
    /// All limits.
    pub const ALL: [Self; 16] = [
        Self::ZonesPerZoneGroup,
        Self::EndpointsPerScope,
        Self::ResourcesPerScope,
        Self::WorkspacesPerScope,
        Self::ComponentsPerScope,
        Self::ScopesPerResource,
        Self::ScopesPerNetwork,
        Self::ZonesPerSubscription,
        Self::RecordSetsPerZone,
        Self::RecordsPerRecordSet,
        Self::LinksPerZone,
        Self::RegistrationLinksPerZone,
        Self::ZonesPerNetwork,
        Self::RulesPerRuleset,
        Self::LinksPerRuleset,
        Self::RulesPerMachine,
    ];

    /// What is counted, in plural.
    pub fn what(self) -> &'static str {
        match self {
            Self::ZonesPerZoneGroup => "zones in its zone group",
            Self::EndpointsPerScope => "private endpoints",
            Self::ResourcesPerScope => "scoped resources",
            Self::WorkspacesPerScope => "workspaces",
            Self::ComponentsPerScope => "components",
            Self::ScopesPerResource => "scopes",
            Self::ScopesPerNetwork => "scopes connected",
            Self::ZonesPerSubscription => "private zones",
            Self::RecordSetsPerZone => "record sets",
            Self::RecordsPerRecordSet => "records",
            Self::LinksPerZone | Self::LinksPerRuleset => "linked networks",
            Self::RegistrationLinksPerZone => "networks linked with registrationEnabled",
            Self::ZonesPerNetwork => "linked zones",
            Self::RulesPerRuleset => "rules",
            Self::RulesPerMachine => "data collection rules",
        }
    }

    /// What is known of it.
    pub fn row(self) -> &'static LimitRow {
        let row = every_cloud().limits.iter().find(|row| row.limit == self);
        row.expect("the loader refuses data without a row for each limit")
    }
}

/// What is known of a limit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LimitRow {
    /// Which limit.
    pub limit: Limit,
    /// Its figure.
    most: usize,
    /// It holds from then on; absent if it always did.
    since: Option<Date>,
    /// It does not hold any more from then on; absent if it still does.
    until: Option<Date>,
    /// The figure of the preview, and since when there is one.
    preview: Option<(usize, Date)>,
    /// True if exceeding it only warns.
    pub only_warns: bool,
    /// Who says so.
    pub source: Source,
}

impl LimitRow {
    /// The figure that held on `on` (undated: now), with the preview's figures or without; absent where the limit did not
    /// exist.
    pub fn most(&self, with_preview: bool, on: Option<Date>) -> Option<usize> {
        let began = |since: Date| on.is_none_or(|on| on >= since);
        if self.since.is_some_and(|since| !began(since)) || self.until.is_some_and(began) {
            return None;
        }
        match self.preview {
            Some((most, since)) if with_preview && began(since) => Some(most),
            _ => Some(self.most),
        }
    }
}

impl EveryCloud {
    /// True if Azure keeps the zone name for itself.
    pub fn is_reserved_zone(&self, apex: &OwnerName) -> bool {
        self.reserved_zones.value.contains(apex)
    }

    /// True if the name is one of the zones Azure keeps for itself, or below one.
    pub fn is_within_reserved_zone(&self, name: &OwnerName) -> bool {
        let mut rest = Some(name.clone());
        while let Some(ancestor) = rest {
            if self.reserved_zones.value.contains(&ancestor) {
                return true;
            }
            rest = ancestor.parent();
        }
        false
    }

    /// True if a link with the policy `NxDomainRedirect` asks public DNS for names of this type that its zone does not have.
    pub fn falls_back(&self, apex: &OwnerName, kind: RecordType) -> bool {
        let Fallback { label, types } = &self.fallback.value;
        types.contains(&kind) && apex.labels().next().is_some_and(|own| own == label.as_bytes())
    }

    /// The code of a region, as names of Backup, Site Recovery and others have it.
    pub fn region_code(&self, region: &str) -> Option<&str> {
        self.region_codes.value.get(region).map(String::as_str)
    }

    /// The SOA record set of a private zone as Azure makes it.
    pub fn private_soa(&self, apex: &OwnerName) -> RecordSet {
        let (ttl, soa) = &self.private_soa.value;
        RecordSet::single(apex.clone(), *ttl, RecordData::Soa(soa.clone()))
    }
}

/// The embedded facts.
pub fn every_cloud() -> &'static EveryCloud {
    static LOADED: OnceLock<EveryCloud> = OnceLock::new();
    LOADED.get_or_init(|| {
        read(include_str!("../../zones/every-cloud.yaml")).expect("the embedded facts are tested to load")
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Schema {
    limits: Vec<LimitSchema>,
    zone_labels: LabelsSchema,
    reserved_zone_names: ReservedSchema,
    private_soa: SoaSchema,
    longest_soa_ttl: TtlSchema,
    fallback: FallbackSchema,
    unwritten_zones: Vec<UnwrittenSchema>,
    other_flows: Vec<OtherFlowSchema>,
    region_codes: CodesSchema,
    ipv6_endpoints: Ipv6Schema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Ipv6Schema {
    types: Vec<Arc<str>>,
    regions: Vec<Arc<str>>,
    source: String,
    date: String,
    certainty: CertaintySchema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CodesSchema {
    codes: HashMap<String, String>,
    source: String,
    date: String,
    certainty: CertaintySchema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OtherFlowSchema {
    flow: String,
    of: Vec<FlowOwner>,
    operation: String,
    through: ThroughSchema,
    function: Option<String>,
    rule: String,
    source: String,
    date: String,
    certainty: CertaintySchema,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum ThroughSchema {
    None,
    Region,
    Queries,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LimitSchema {
    limit: Limit,
    most: usize,
    since: Option<String>,
    until: Option<String>,
    preview: Option<usize>,
    preview_since: Option<String>,
    #[serde(default)]
    only_warns: bool,
    source: String,
    date: String,
    certainty: CertaintySchema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LabelsSchema {
    least: usize,
    most: usize,
    source: String,
    date: String,
    certainty: CertaintySchema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ReservedSchema {
    names: Vec<String>,
    source: String,
    date: String,
    certainty: CertaintySchema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SoaSchema {
    ttl: u32,
    host: String,
    email: String,
    serial: u32,
    refresh: u32,
    retry: u32,
    expire: u32,
    minimum: u32,
    source: String,
    date: String,
    certainty: CertaintySchema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TtlSchema {
    ttl: u32,
    source: String,
    date: String,
    certainty: CertaintySchema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FallbackSchema {
    label: String,
    types: Vec<String>,
    source: String,
    date: String,
    certainty: CertaintySchema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UnwrittenSchema {
    zone: String,
    source: String,
    date: String,
    certainty: CertaintySchema,
}

fn read(text: &str) -> Result<EveryCloud, CatalogueError> {
    let schema: Schema = serde_saphyr::from_str(text).map_err(|error| CatalogueError::Rows(error.to_string()))?;
    assemble(schema).map_err(CatalogueError::Rows)
}

fn assemble(schema: Schema) -> Result<EveryCloud, String> {
    let limits = schema.limits.into_iter().map(limit).collect::<Result<Vec<_>, _>>()?;
    for wanted in Limit::ALL {
        let rows = limits.iter().filter(|row| row.limit == wanted).count();
        if rows != 1 {
            return Err(format!("{wanted:?} has {rows} rows, and needs one"));
        }
    }
    let (labels, reserved, soa) = (schema.zone_labels, schema.reserved_zone_names, schema.private_soa);
    let data = Soa {
        host: name(&soa.host)?,
        email: name(&soa.email)?,
        serial: soa.serial,
        refresh: soa.refresh,
        retry: soa.retry,
        expire: soa.expire,
        minimum: soa.minimum,
    };
    let (longest, fallback) = (schema.longest_soa_ttl, schema.fallback);
    let kind = |text: &String| text.parse::<RecordType>().map_err(|_| format!("`{text}` is not a record type"));
    let unwritten = |row: UnwrittenSchema| {
        Ok(Sourced { value: name(&row.zone)?, source: cited(row.source, row.date, row.certainty) })
    };
    Ok(EveryCloud {
        limits,
        zone_labels: Sourced {
            value: (labels.least, labels.most),
            source: cited(labels.source, labels.date, labels.certainty),
        },
        reserved_zones: Sourced {
            value: reserved.names.iter().map(|text| name(text)).collect::<Result<_, _>>()?,
            source: cited(reserved.source, reserved.date, reserved.certainty),
        },
        ipv6_endpoints: Sourced {
            value: Ipv6Endpoints { types: schema.ipv6_endpoints.types, regions: schema.ipv6_endpoints.regions },
            source: cited(schema.ipv6_endpoints.source, schema.ipv6_endpoints.date, schema.ipv6_endpoints.certainty),
        },
        region_codes: Sourced {
            value: schema.region_codes.codes,
            source: cited(schema.region_codes.source, schema.region_codes.date, schema.region_codes.certainty),
        },
        private_soa: Sourced { value: (soa.ttl, data), source: cited(soa.source, soa.date, soa.certainty) },
        longest_soa_ttl: Sourced { value: longest.ttl, source: cited(longest.source, longest.date, longest.certainty) },
        fallback: Sourced {
            value: Fallback {
                types: fallback.types.iter().map(kind).collect::<Result<_, _>>()?,
                label: fallback.label,
            },
            source: cited(fallback.source, fallback.date, fallback.certainty),
        },
        unwritten_zones: schema.unwritten_zones.into_iter().map(unwritten).collect::<Result<_, String>>()?,
        other_flows: schema.other_flows.into_iter().map(other_flow).collect::<Result<_, _>>()?,
    })
}

fn other_flow(schema: OtherFlowSchema) -> Result<OtherFlowRow, String> {
    let operation = Operation::ALL.into_iter().find(|one| one.name() == schema.operation);
    let through = match (schema.through, schema.function) {
        (ThroughSchema::None, None) => Through::None,
        (ThroughSchema::Queries, None) => Through::Queries,
        (ThroughSchema::Region, Some(function)) => Through::Region(function.into()),
        _ => return Err(format!("`{}` needs a function exactly if it goes through the name of a region", schema.flow)),
    };
    Ok(OtherFlowRow {
        operation: operation.ok_or_else(|| format!("`{}` is not an operation", schema.operation))?,
        flow: schema.flow.into(),
        of: schema.of,
        through,
        rule: schema.rule.into(),
        source: cited(schema.source, schema.date, schema.certainty),
    })
}

fn limit(schema: LimitSchema) -> Result<LimitRow, String> {
    let preview = match (schema.preview, &schema.preview_since) {
        (Some(most), Some(since)) => Some((most, date(since)?)),
        (None, None) => None,
        _ => return Err(format!("{:?} has a preview without date, or a date without preview", schema.limit)),
    };
    Ok(LimitRow {
        limit: schema.limit,
        most: schema.most,
        since: schema.since.as_deref().map(date).transpose()?,
        until: schema.until.as_deref().map(date).transpose()?,
        preview,
        only_warns: schema.only_warns,
        source: cited(schema.source, schema.date, schema.certainty),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> Option<Date> {
        Some(text.parse().expect("a date of the calendar"))
    }

    #[test]
    fn limits_have_the_figures_of_their_time() {
        let most = |limit: Limit, preview, date: &str| limit.row().most(preview, on(date));
        assert_eq!(most(Limit::ResourcesPerScope, false, "2021-11-30"), Some(50));
        assert_eq!(most(Limit::ResourcesPerScope, false, "2021-12-01"), None);
        assert_eq!(Limit::ResourcesPerScope.row().most(false, None), None);
        assert_eq!(most(Limit::WorkspacesPerScope, false, "2021-11-30"), None);
        assert_eq!(most(Limit::WorkspacesPerScope, true, "2023-10-09"), Some(300));
        assert_eq!(most(Limit::WorkspacesPerScope, true, "2023-10-10"), Some(3000));
        assert_eq!(Limit::ComponentsPerScope.row().most(true, None), Some(10_000));
        assert_eq!(Limit::ScopesPerResource.row().most(false, None), Some(5));
        assert!(Limit::ALL.iter().filter(|limit| limit.row().only_warns).eq([&Limit::ScopesPerNetwork]));
    }

    #[test]
    fn every_entry_has_its_source_and_date() {
        let facts = every_cloud();
        let others = [
            &facts.zone_labels.source,
            &facts.reserved_zones.source,
            &facts.private_soa.source,
            &facts.longest_soa_ttl.source,
            &facts.fallback.source,
        ];
        let unwritten = facts.unwritten_zones.iter().map(|row| &row.source);
        for source in facts.limits.iter().map(|row| &row.source).chain(others).chain(unwritten) {
            assert!(!source.text.is_empty(), "{source:?}");
            assert!(source.date.parse::<Date>().is_ok(), "{source:?}");
        }
    }

    #[test]
    fn a_link_falls_back_for_addresses_of_privatelink_zones_alone() {
        let falls_back =
            |apex: &str, kind| every_cloud().falls_back(&OwnerName::parse(apex).expect("a good name"), kind);
        assert!(falls_back("privatelink.monitor.azure.com", RecordType::AAAA));
        assert!(!falls_back("privatelink.monitor.azure.com", RecordType::TXT));
        assert!(!falls_back("monitor.azure.com", RecordType::A));
        assert!(!falls_back("x.privatelink.monitor.azure.com", RecordType::A));
    }

    #[test]
    fn names_below_reserved_ones_can_be_created() {
        let name = |text| OwnerName::parse(text).expect("a good name");
        let facts = every_cloud();
        assert!(facts.is_reserved_zone(&name("azure.com")));
        assert!(!facts.is_reserved_zone(&name("privatelink.monitor.azure.com")));
        assert!(facts.is_within_reserved_zone(&name("privatelink.monitor.azure.com")));
        assert!(!facts.is_within_reserved_zone(&name("corp.example")));
    }

    #[test]
    fn data_without_a_row_for_each_limit_is_refused() {
        let text = include_str!("../../zones/every-cloud.yaml").replace("linksPerRuleset", "rulesPerRuleset");
        let error = read(&text).expect_err("a limit has two rows");
        assert!(error.to_string().contains("RulesPerRuleset has 2 rows"), "{error}");
    }
}
