//! What Azure publishes. Zones per cloud, endpoints and their record sets, entry hosts, public DNS.
//!
//! All of it is data in `zones/`, embedded in the binary: `zones/<cloud>/catalogue.yaml` holds the rows, each with its
//! source and the date it is from, `zones/<cloud>/services.yaml` those of other services' private endpoints, and `zones/<cloud>/public/*.zone` holds public DNS where names are fixed, in
//! master-file format. `zones/every-cloud.yaml` holds what is the same in all clouds, such as limits. Where names depend on a resource or region the rows hold patterns. [`load`] reads them.
//!
//! Of an estate this layer knows nothing but which cloud it is in.

pub mod every_cloud;
pub mod existing;
pub mod load;
pub mod pattern;
mod row_schema;
pub mod service;

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::civil::Date;

pub use every_cloud::{EveryCloud, FlowOwner, Limit, LimitRow, OtherFlowRow, Through, every_cloud};
pub use load::services;
pub use pattern::{Pattern, Slots};
pub use service::{ServiceHop, ServiceRow, ServiceZone};

use crate::dns::{OwnerName, RecordSet};
use crate::estate::Cloud;

impl Cloud {
    /// True if the name is within a zone or host family of this cloud.
    pub fn has(self, name: &OwnerName) -> bool {
        let catalogue = Catalogue::of(self);
        // The first label of a host is a name or pattern; the rest belongs to the cloud.
        let mut hosts = catalogue.hosts.iter().filter_map(|row| row.host.as_str().split_once('.'));
        catalogue.zones.iter().any(|row| name.is_within(&row.private) || name.is_within(&row.public))
            || hosts.any(|(_, family)| OwnerName::parse(family).is_ok_and(|host| name.is_within(&host)))
    }
}

/// Where a fact is from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// What says so: page, issue, post.
    pub text: Arc<str>,
    /// The source's own date, or the date it was read.
    pub date: Arc<str>,
    /// How sure it is.
    pub certainty: Certainty,
}

/// How sure a fact is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Certainty {
    /// Documented by Microsoft.
    Documented,
    /// Seen in real output.
    Observed,
    /// Follows from sources that do not state it.
    Inferred,
    /// Not settled.
    Uncertain,
}

impl fmt::Display for Certainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Documented => "documented",
            Self::Observed => "observed",
            Self::Inferred => "inferred",
            Self::Uncertain => "uncertain",
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, date, certainty } = self;
        match &**date {
            "undated" => write!(f, "{text} (undated, {certainty})"),
            date => write!(f, "{text} ({date}, {certainty})"),
        }
    }
}

/// A private DNS zone that belongs to Azure Monitor Private Link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ZoneRow {
    /// The private zone, `privatelink.…`.
    pub private: OwnerName,
    /// The public zone whose aliases point into it.
    pub public: OwnerName,
    /// Setups older than this do not have it; absent where it was there from the beginning.
    pub since: Option<Date>,
    /// True for the zones a complete zone group has; the others exist but are left out (US Government's `adx` zone:
    /// six zones do not fit into a zone group of five).
    pub in_zone_group: bool,
    /// Where the row is from.
    pub source: Source,
}

/// Whom a name belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum EndpointKind {
    /// One name for all customers.
    Global,
    /// One name for all customers of a region (or of a numbered stamp in it); written for scoped components.
    Regional,
    /// A workspace's own name.
    Workspace,
    /// A data collection endpoint's own name.
    DataCollectionEndpoint,
}

impl EndpointKind {
    /// True for names that belong to no single resource, which any second endpoint on the same zones overwrites.
    pub fn is_shared(self) -> bool {
        matches!(self, Self::Global | Self::Regional)
    }
}

/// What a request to a name does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Operation {
    /// Telemetry and logs go in.
    Ingestion,
    /// Data is read.
    Query,
    /// An agent asks for its configuration.
    Config,
    /// Solution packs are fetched.
    Download,
    /// Data is read through Azure Resource Manager.
    ResourceManager,
    /// Any operation of a service other than Azure Monitor.
    DataPlane,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Ingestion, Self::Query, Self::Config, Self::Download, Self::ResourceManager, Self::DataPlane];

    /// The word for it in flags and data.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingestion => "ingestion",
            Self::Query => "query",
            Self::Config => "config",
            Self::Download => "download",
            Self::ResourceManager => "resourceManager",
            Self::DataPlane => "dataPlane",
        }
    }
}

/// A name (or pattern of names) for which a private endpoint of a scope gets an address and writes a record set.
///
/// Rows are in the order in which Azure gives addresses (source: inferred from six dumps, 2020 to 2025):
/// workspace names, then regional ones, then data collection endpoints' names, then the global ones.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EndpointRow {
    /// Record name relative to the zone, such as `api`, `{ingestion}.in.ai` or `{workspace}`.
    pub record: Pattern,
    /// The private zone it is written to.
    pub private_zone: OwnerName,
    /// The public zone the same record name has its alias in.
    pub public_zone: OwnerName,
    /// Whom the name belongs to.
    pub kind: EndpointKind,
    /// Whether its public name has the alias, for the names of resources while the resource is in a scope.
    pub hop: Hop,
    /// What is done through it; at least one.
    pub operations: Vec<Operation>,
    /// Member name of its address, such as `api` or `ods-{region}`; absent where it is unknown.
    pub member: Option<Pattern>,
    /// Member name before endpoint compression, such as `ods-{workspace}`; absent where it did not differ.
    pub member_before_compression: Option<Pattern>,
    /// Endpoints created before this date do not have it.
    pub since: Option<Date>,
    /// True if all resources of one region share one address since endpoint compression.
    pub compressed: bool,
    /// True for the name that queries of workspaces go to.
    pub workspace_queries: bool,
    /// True for a global name that components with a regional host of their own do not use.
    pub regional_twin: bool,
    /// What the name is for, in one sentence.
    pub meaning: Arc<str>,
    /// Where the row is from.
    pub source: Source,
}

/// A public host that leads to an endpoint's name, or stays public.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EntryHost {
    /// The host, or a pattern such as `{ingestion}.in.applicationinsights.azure.com` or `*.api.loganalytics.io`.
    pub host: Pattern,
    /// The public name of the endpoint it leads to; absent for hosts that are never private.
    pub leads_to: Option<Pattern>,
    /// Whether a host that leads to no endpoint of a scope carries a `privatelink` alias of its own.
    pub hop: Hop,
    /// What is done through it, in Azure's words: `AI ingestion`, `LA query`, …
    pub function: Arc<str>,
    /// Where the row is from.
    pub source: Source,
}

/// A public alias chain whose names depend on a resource or region, such as a workspace's.
///
/// Used for an endpoint row's names that no zone file has; the first matching row decides. Without any match the
/// `privatelink` name carries its documentation address itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChainRow {
    /// The public name it begins at, such as `{workspace}.ods.opinsights.azure.com`.
    pub start: Pattern,
    /// Only for this region; absent for any.
    pub region: Option<Arc<str>>,
    /// The names after the `privatelink` hop, in order; the last one owns the address.
    pub behind: Vec<Pattern>,
    /// Where the row is from.
    pub source: Source,
}

/// Whether a public name carries the `privatelink` alias, so that a linked zone answers for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hop {
    /// It does.
    Always,
    /// It does not.
    Never,
    /// It was never observed: a switch decides.
    Unknown,
}

/// A region, and the stamps (`REGION-N`) of Application Insights that were reported in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegionRow {
    /// Its name, such as `westeurope`.
    pub region: Arc<str>,
    /// Numbers seen in lists of resolved names or in several real connection strings.
    pub stamps: Vec<u8>,
    /// Numbers seen in examples only.
    pub weak: Vec<u8>,
    /// True if `REGION-global` was seen.
    pub global: bool,
    /// Where the row is from.
    pub source: Source,
}

/// A public name of a region that no private endpoint serves, such as `{region}.handler.control.monitor.azure.com`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegionalRow {
    /// The name.
    pub name: Pattern,
    /// What is done through it, in a few words.
    pub function: Arc<str>,
    /// Whether it carries the `privatelink` alias.
    pub hop: Hop,
    /// What the slot `listed` can represent.
    pub only: Vec<Arc<str>>,
    /// Where the row is from.
    pub source: Source,
}

/// A public name of one resource that no private endpoint of a scope serves, such as an Azure Monitor workspace's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResourceRow {
    /// The name.
    pub name: Pattern,
    /// What kind of resource it belongs to.
    pub kind: Arc<str>,
    /// Whether it carries the `privatelink` alias.
    pub hop: Hop,
    /// Where the row is from.
    pub source: Source,
}

/// A host outside Azure Monitor's zones that exists.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutsideHost {
    /// The host; with `*` as its first label all names below the rest.
    pub host: OwnerName,
    /// What is done through it, in a few words.
    pub function: Arc<str>,
    /// Where the row is from.
    pub source: Source,
}

/// A zone of public DNS.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicZone {
    /// Its apex.
    pub apex: OwnerName,
    /// Its record sets, SOA first.
    pub sets: Vec<RecordSet>,
    /// Names in it whose aliases or addresses are inferred, not seen.
    pub inferred_names: Vec<OwnerName>,
}

/// Default TTLs of public answers, in seconds (suggested defaults; real ones are uncertain).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PublicTtl {
    /// Hops under names of Azure Monitor.
    pub hop: u32,
    /// Names of the traffic manager.
    pub traffic_manager: u32,
    /// Addresses at the end.
    pub tail: u32,
}

/// Dates and figures that hold for a whole cloud.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rules {
    /// Endpoints created from then on are compressed: 2021-12-01.
    pub compression_since: Date,
    /// Scopes created from then on have access modes: 2021-09-01.
    pub access_modes_since: Date,
    /// TTL of record sets a private endpoint writes: 10.
    pub private_ttl: u32,
    /// TTL of record sets made by hand: 3600.
    pub manual_ttl: u32,
    /// Addresses Azure keeps at the start of each subnet: 4 (network address and .1 to .3).
    pub reserved_at_start: u32,
    /// Addresses Azure keeps at the end of each subnet: 1 (broadcast).
    pub reserved_at_end: u32,
    /// TTLs of public DNS.
    pub public_ttl: PublicTtl,
}

/// What Azure publishes for one cloud.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Catalogue {
    /// Which cloud.
    pub cloud: Cloud,
    /// What is uncertain about this whole catalogue, for people; absent where nothing is.
    pub uncertainty: Option<Arc<str>>,
    /// The private zones.
    pub zones: Vec<ZoneRow>,
    /// The names endpoints serve, in the order addresses are given.
    pub endpoints: Vec<EndpointRow>,
    /// The public hosts that lead to them.
    pub hosts: Vec<EntryHost>,
    /// The regions of the cloud.
    pub regions: Vec<RegionRow>,
    /// Public names of regions that no endpoint serves.
    pub regional: Vec<RegionalRow>,
    /// Public names of resources that no scope has.
    pub resources: Vec<ResourceRow>,
    /// Hosts outside the emulated zones that exist.
    pub outside: Vec<OutsideHost>,
    /// Chains of names that are not fixed.
    pub chains: Vec<ChainRow>,
    /// Public DNS where names are fixed.
    pub public_zones: Vec<PublicZone>,
    /// Those of them that hold names of others too: one that is missing here may exist, outside Azure Monitor.
    pub shared: Vec<OwnerName>,
    /// Dates and figures.
    pub rules: Rules,
}

impl Catalogue {
    /// True if a host can be one of a data collection endpoint: it has the form of one of their names in this cloud.
    pub fn is_data_collection_host(&self, host: &OwnerName) -> bool {
        let rows = self.endpoints.iter().filter(|row| row.kind == EndpointKind::DataCollectionEndpoint);
        let fits = |row: &EndpointRow| {
            host.relative_to(&row.public_zone).is_some_and(|relative| row.record.slot_in(&relative).is_some())
        };
        rows.into_iter().any(fits)
    }

    /// The embedded catalogue of a cloud.
    pub fn of(cloud: Cloud) -> Arc<Self> {
        load::embedded(cloud)
    }

    /// The zones a complete zone group writes to, in the order of the rows.
    pub fn zone_group(&self) -> impl Iterator<Item = &ZoneRow> {
        self.zones.iter().filter(|row| row.in_zone_group)
    }

    /// The public name whose alias leads to a name of a private zone of Azure Monitor.
    pub fn public_name(&self, private: &OwnerName) -> Option<OwnerName> {
        let row = self.zones.iter().find(|row| private.is_within(&row.private))?;
        private.moved(&row.private, &row.public)
    }

    /// Private endpoints of services other than scopes.
    pub fn services(&self) -> &'static [ServiceRow] {
        services(self.cloud)
    }

    /// The rows of a group id of a resource type, without regard to case. There are several where the same group id can need
    /// one of several zones.
    pub fn service(&self, kind: &str, group: &str) -> impl Iterator<Item = &'static ServiceRow> {
        self.services_of(kind).filter(move |row| row.is_for(group))
    }

    /// The rows of a resource type, without regard to case.
    pub fn services_of(&self, kind: &str) -> impl Iterator<Item = &'static ServiceRow> {
        self.services().iter().filter(move |row| row.kind.eq_ignore_ascii_case(kind))
    }

    /// The row of a private zone's apex.
    pub fn zone(&self, private: &OwnerName) -> Option<&ZoneRow> {
        self.zones.iter().find(|row| row.private == *private)
    }
}

/// The documentation address (RFC 5737) of a public name whose real one is not published: the same for the same name
/// always. Two names may share one; nothing depends on the difference.
pub fn doc_address(name: &OwnerName) -> Ipv4Addr {
    // FNV-1a, because its result is the same on every machine and in every version.
    let hash = name
        .wire()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| (hash ^ u64::from(*octet)).wrapping_mul(0x0000_0100_0000_01b3));
    let host = (hash % 254) as u8 + 1;
    if hash & 0x8000_0000 == 0 { Ipv4Addr::new(198, 51, 100, host) } else { Ipv4Addr::new(203, 0, 113, host) }
}
