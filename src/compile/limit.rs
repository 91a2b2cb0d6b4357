//! Azure's limits, dated.

use jiff::civil::{Date, date};

use crate::estate::history::Limits;

/// A limit of Azure's on estates.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
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
    /// Private zones of a subscription; an estate is taken for one.
    ZonesPerSubscription,
    /// Record sets of a zone.
    RecordSetsPerZone,
    /// Records of a record set.
    RecordsPerRecordSet,
    /// Networks a zone is linked to.
    LinksPerZone,
    /// Zones a network is linked to.
    ZonesPerNetwork,
    /// Rules of a ruleset.
    RulesPerRuleset,
    /// Networks a ruleset is linked to.
    LinksPerRuleset,
}

impl Limit {
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
            Self::LinksPerZone => "linked networks",
            Self::ZonesPerNetwork => "linked zones",
            Self::RulesPerRuleset => "rules",
            Self::LinksPerRuleset => "linked networks",
        }
    }

    /// True if how Azure enforces the limit is uncertain: exceeding it only warns.
    pub fn only_warns(self) -> bool {
        self == Self::ScopesPerNetwork
    }

    /// The page that says so.
    pub fn source(self) -> &'static str {
        match self {
            Self::ZonesPerZoneGroup => "private-endpoint-dns-integration, 2023-11-15",
            Self::ResourcesPerScope => "logs/private-link-configure, 2021-08-01",
            Self::EndpointsPerScope
            | Self::WorkspacesPerScope
            | Self::ComponentsPerScope
            | Self::ScopesPerResource
            | Self::ScopesPerNetwork => "ampls-limitations, 2023-10-10",
            Self::ZonesPerSubscription
            | Self::RecordSetsPerZone
            | Self::RecordsPerRecordSet
            | Self::LinksPerZone
            | Self::ZonesPerNetwork => "dns-limits-private-zones, 2023-10-09",
            Self::RulesPerRuleset | Self::LinksPerRuleset => "private-resolver-endpoints-rulesets, 2023-03-29",
        }
    }

    /// The figure that held on `date` (undated: now); absent where the limit did not exist.
    pub fn most(self, limits: Limits, on: Option<Date>) -> Option<usize> {
        let compression = date(2021, 12, 1);
        let before_compression = on.is_some_and(|on| on < compression);
        // The preview figures came with the page of October 2023.
        let preview = limits == Limits::Preview && on.is_none_or(|on| on >= date(2023, 10, 10));
        Some(match self {
            Self::ZonesPerZoneGroup => 5,
            Self::EndpointsPerScope => 10,
            Self::ResourcesPerScope if before_compression => 50,
            Self::ResourcesPerScope => return None,
            Self::WorkspacesPerScope | Self::ComponentsPerScope if before_compression => return None,
            Self::WorkspacesPerScope => {
                if preview {
                    3000
                } else {
                    300
                }
            }
            Self::ComponentsPerScope => {
                if preview {
                    10_000
                } else {
                    1000
                }
            }
            Self::ScopesPerResource => {
                if preview {
                    100
                } else {
                    5
                }
            }
            Self::ScopesPerNetwork => 1,
            Self::RecordSetsPerZone => 25_000,
            Self::RecordsPerRecordSet => 20,
            Self::ZonesPerSubscription | Self::LinksPerZone | Self::ZonesPerNetwork | Self::RulesPerRuleset => 1000,
            Self::LinksPerRuleset => 500,
        })
    }
}
