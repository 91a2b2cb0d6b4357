//! Data collection rules, associations and subscriptions, to shapes.

use crate::estate::{ArcConnection, Associations, DataCollectionRuleSpec, SubscriptionSpec};
use crate::scenario::v1::schema::*;

pub(super) fn rule(spec: &DataCollectionRuleSpec) -> DataCollectionRuleSchema {
    DataCollectionRuleSchema {
        location: spec.location.clone(),
        data_collection_endpoint: spec.endpoint.as_ref().map(ToString::to_string),
        logs_ingestion: spec.logs_ingestion.as_ref().map(ToString::to_string),
        metrics_ingestion: spec.metrics_ingestion.as_ref().map(ToString::to_string),
    }
}

pub(super) fn associations(own: &Associations) -> AssociationsSchema {
    AssociationsSchema {
        data_collection_rules: texts(&own.rules),
        configuration_access_endpoint: own.endpoint.as_ref().map(ToString::to_string),
        arc_private_link_scope: own.arc.as_ref().map(|own| match own {
            ArcConnection::Unassociated => "none".to_owned(),
            ArcConnection::Scope(name) => name.to_string(),
        }),
    }
}

/// A subscription that is declared; absent where it has what no declaration can have.
pub(super) fn declared_subscription(spec: &SubscriptionSpec) -> Option<SubscriptionSchema> {
    spec.scopes.is_empty().then(|| SubscriptionSchema {
        tenant: spec.tenant.to_string(),
        networks: texts(&spec.networks),
        resources: texts(&spec.resources),
        resource_groups: texts(&spec.resource_groups),
    })
}

pub(super) fn subscription(spec: &SubscriptionSpec) -> SetSubscriptionSchema {
    SetSubscriptionSchema {
        name: spec.name.to_string(),
        tenant: spec.tenant.to_string(),
        networks: texts(&spec.networks),
        resources: texts(&spec.resources),
        scopes: texts(&spec.scopes),
        resource_groups: texts(&spec.resource_groups),
    }
}

fn texts<N: ToString>(names: &[N]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}
