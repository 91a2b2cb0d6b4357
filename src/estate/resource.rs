//! Resources: those a scope can hold, which are workspaces, components and data collection endpoints; collection rules; and those of
//! other services.

use super::{DataCollectionRuleSpec, PublicNetworkAccess, ResourceName, ServiceSpec};
use crate::dns::OwnerName;

/// A Log Analytics workspace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorkspaceSpec {
    /// Its resource name.
    pub name: ResourceName,
    /// The GUID its host names begin with, lower-case.
    pub customer_id: String,
    /// Azure region, such as `westeurope`; absent if it is unknown.
    pub location: Option<String>,
    /// `publicNetworkAccessForIngestion`.
    pub ingestion: PublicNetworkAccess,
    /// `publicNetworkAccessForQuery`.
    pub query: PublicNetworkAccess,
}

/// An Application Insights component.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ComponentSpec {
    /// Its resource name.
    pub name: ResourceName,
    /// Azure region; absent if it is unknown.
    pub location: Option<String>,
    /// The first label of its ingestion host, such as `westeurope-5`: region and a number Azure assigned.
    /// Absent for components that use the global host only (instrumentation keys without a connection string).
    pub ingestion_endpoint: Option<String>,
    /// The first label of its live metrics host, such as `westeurope`. Absent as above.
    pub live_endpoint: Option<String>,
    /// The name of its ingestion host, where the client connects to the `privatelink` name instead of the public one.
    pub ingestion_privatelink_host: Option<OwnerName>,
    /// The same for its live metrics host.
    pub live_privatelink_host: Option<OwnerName>,
    /// Its workspace, if it is workspace-based.
    pub workspace: Option<ResourceName>,
    /// `publicNetworkAccessForIngestion`.
    pub ingestion: PublicNetworkAccess,
    /// `publicNetworkAccessForQuery`.
    pub query: PublicNetworkAccess,
}

/// A data collection endpoint. Its host names are read from its JSON, never built (source: public DNS record
/// lists of such endpoints).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DataCollectionEndpointSpec {
    /// Its resource name.
    pub name: ResourceName,
    /// Azure region; absent if it is unknown.
    pub location: Option<String>,
    /// Host of `configurationAccess.endpoint`.
    pub configuration_access: OwnerName,
    /// Host of `logsIngestion.endpoint`.
    pub logs_ingestion: OwnerName,
    /// Host of `metricsIngestion.endpoint`; endpoints from before metrics ingestion have none.
    pub metrics_ingestion: Option<OwnerName>,
    /// `networkAcls.publicNetworkAccess`.
    pub public_network_access: PublicNetworkAccess,
}

/// Any resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ResourceSpec {
    /// A Log Analytics workspace.
    Workspace(WorkspaceSpec),
    /// An Application Insights component.
    Component(ComponentSpec),
    /// A data collection endpoint.
    DataCollectionEndpoint(DataCollectionEndpointSpec),
    /// A data collection rule, which no scope holds.
    DataCollectionRule(DataCollectionRuleSpec),
    /// A resource of another service, which no scope holds.
    Service(ServiceSpec),
}

impl ResourceSpec {
    /// Its resource name.
    pub fn name(&self) -> &ResourceName {
        match self {
            Self::Workspace(one) => &one.name,
            Self::Component(one) => &one.name,
            Self::DataCollectionEndpoint(one) => &one.name,
            Self::DataCollectionRule(one) => &one.name,
            Self::Service(one) => &one.name,
        }
    }

    /// Its Azure region; absent if it is unknown.
    pub fn location(&self) -> Option<&str> {
        let location = match self {
            Self::Workspace(one) => &one.location,
            Self::Component(one) => &one.location,
            Self::DataCollectionEndpoint(one) => &one.location,
            Self::DataCollectionRule(one) => &one.location,
            Self::Service(one) => &one.location,
        };
        location.as_deref()
    }

    /// What kind of resource it is, in plain words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Workspace(_) => "workspace",
            Self::Component(_) => "component",
            Self::DataCollectionEndpoint(_) => "data collection endpoint",
            Self::DataCollectionRule(_) => "data collection rule",
            Self::Service(_) => "resource with private endpoints of its own",
        }
    }
}
