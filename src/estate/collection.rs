//! Data collection rules, and what the agents of a machine are associated with: rules, the endpoint of their configuration, and the
//! private link scope of Azure Arc.

use super::ResourceName;
use crate::dns::OwnerName;

/// A data collection rule. No scope holds it (source: private-link-configure, 2026-01-27; a scope holds workspaces, components and
/// data collection endpoints).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DataCollectionRuleSpec {
    /// Its resource name.
    pub name: ResourceName,
    /// Azure region; absent if it is unknown.
    pub location: Option<String>,
    /// `dataCollectionEndpointId`: where the data of its sources is sent.
    pub endpoint: Option<ResourceName>,
    /// Host of `endpoints.logsIngestion`, which rules of kind Direct have.
    pub logs_ingestion: Option<OwnerName>,
    /// Host of `endpoints.metricsIngestion`, which rules of kind Direct can have.
    pub metrics_ingestion: Option<OwnerName>,
}

impl DataCollectionRuleSpec {
    /// The hosts that are its own.
    pub fn hosts(&self) -> impl Iterator<Item = &OwnerName> {
        self.logs_ingestion.iter().chain(&self.metrics_ingestion)
    }
}

/// The data collection rule associations of a machine.
///
/// Source: data-collection-rule-associations, 2026-01-20. The association with an endpoint is separate from those with rules, its
/// name is `configurationAccessEndpoint`, and there is one at most.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Associations {
    /// The rules that its agent collects by.
    pub rules: Vec<ResourceName>,
    /// The data collection endpoint that its agent gets its configuration from.
    pub endpoint: Option<ResourceName>,
    /// How it is connected to Azure Arc; absent for a machine that is not an Arc server.
    pub arc: Option<ArcConnection>,
}

/// How an Arc server is connected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ArcConnection {
    /// It is in no private link scope.
    Unassociated,
    /// It is in this private link scope of Azure Arc.
    Scope(ResourceName),
}
