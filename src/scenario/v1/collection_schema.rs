//! The schema of collection rules, of what agents are associated with, and of subscriptions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A data collection rule.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DataCollectionRuleSchema {
    /// Azure region; without it, names with a region in them are unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The data collection endpoint that its data is sent to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_collection_endpoint: Option<String>,
    /// Host or address of its own endpoint for logs, which rules of kind Direct have. No private endpoint serves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs_ingestion: Option<String>,
    /// The same for metrics.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_ingestion: Option<String>,
}

/// What the agent of a machine is associated with.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AssociationsSchema {
    /// The data collection rules it collects by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_collection_rules: Vec<String>,
    /// The data collection endpoint it gets its configuration from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration_access_endpoint: Option<String>,
    /// For an Arc server: the private link scope of Azure Arc that it is in, or `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arc_private_link_scope: Option<String>,
}

/// The associations of a machine from now on.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SetAssociationsSchema {
    /// The machine.
    pub machine: String,
    /// All its associations; those that are not listed end.
    pub associations: AssociationsSchema,
}

/// A subscription and objects that are in it. Who owns an object decides who approves connections and what a scope can hold; DNS and
/// access modes are the same for all.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SubscriptionSchema {
    /// The Microsoft Entra tenant it belongs to.
    pub tenant: String,
    /// Networks, with the private endpoints in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<String>,
    /// Resources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// Resource groups of private zones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource_groups: Vec<String>,
}

/// A subscription and objects that come to it.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SetSubscriptionSchema {
    /// Its name.
    pub name: String,
    /// The Microsoft Entra tenant it belongs to.
    pub tenant: String,
    /// Networks, with the private endpoints in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<String>,
    /// Resources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// Scopes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Resource groups of private zones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource_groups: Vec<String>,
}
