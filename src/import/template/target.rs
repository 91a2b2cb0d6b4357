//! Where a template is deployed to.

use super::value::{Datum, Unknown};

/// Where a template is deployed to. Parts that were not given are unknown.
#[derive(Clone, Debug)]
pub(super) enum Target {
    Group { subscription: Datum, group: Datum, location: Datum },
    Subscription { subscription: Datum, location: Datum },
    ManagementGroup { name: Datum, location: Datum },
    Tenant { location: Datum },
}

/// A subscription, resource group or region that the import was not given.
pub(super) fn not_told(what: &str) -> Datum {
    let words = match what {
        "subscription" => "the subscription is not in the import",
        "resourceGroup" => "the resource group is not in the import",
        "location" => "the region of the deployment is not in the import",
        "managementGroup" => "the management group is not in the import",
        _ => "the tenant is not in the import",
    };
    Unknown::of(what, words)
}

impl Target {
    /// The target as an id, without a slash at its end.
    pub(super) fn id(&self) -> String {
        match self {
            Self::Group { subscription, group, .. } => {
                format!("/subscriptions/{}/resourceGroups/{}", subscription.pattern(), group.pattern())
            }
            Self::Subscription { subscription, .. } => format!("/subscriptions/{}", subscription.pattern()),
            // Ids of resources do not name their management group.
            Self::ManagementGroup { .. } | Self::Tenant { .. } => String::new(),
        }
    }

    pub(super) fn subscription(&self) -> Datum {
        match self {
            Self::Group { subscription, .. } | Self::Subscription { subscription, .. } => subscription.clone(),
            _ => not_told("subscription"),
        }
    }

    pub(super) fn location(&self) -> Datum {
        match self {
            Self::Group { location, .. }
            | Self::Subscription { location, .. }
            | Self::ManagementGroup { location, .. }
            | Self::Tenant { location } => location.clone(),
        }
    }
}
