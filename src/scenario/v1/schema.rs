//! The schema of the written form: what serde reads and the JSON Schema is made from.
//!
//! Field names are Azure's own where Azure has one. Nothing here has a meaning yet: `load` gives it one.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) use super::collection_schema::*;
pub(super) use super::list_schema::*;
pub(super) use super::routing_schema::*;

use crate::dns::Rcode;

/// A scenario: an estate and its history.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ScenarioSchema {
    /// Where editors find the JSON Schema of this file.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Version of the format.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// The cloud the estate is in. Default: `AzureCloud`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud: Option<CloudSchema>,
    /// Name of the scenario.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it shows, in a few sentences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Its source: page and date, or address of a thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What is assumed where Azure's behaviour is uncertain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub switches: Option<SwitchesSchema>,
    /// Networks by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub networks: IndexMap<String, NetworkSchema>,
    /// Peerings: pairs of networks, or halves with their flags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peerings: Vec<PeeringSchema>,
    /// Gateways by the network they are in.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub gateways: IndexMap<String, GatewaySchema>,
    /// Azure Firewalls and other appliances that forward packets, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub appliances: IndexMap<String, ApplianceSchema>,
    /// Route tables by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub route_tables: IndexMap<String, RouteTableSchema>,
    /// Hubs of Virtual WANs by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub virtual_hubs: IndexMap<String, VirtualHubSchema>,
    /// Transit networks that are declared without their routes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transits: Vec<TransitSchema>,
    /// Which network policies apply to the private endpoints of a subnet, by `network/subnet`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub private_endpoint_network_policies: IndexMap<String, EndpointPoliciesSchema>,
    /// Inbound endpoints of DNS Private Resolvers by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub inbound_endpoints: IndexMap<String, InboundEndpointSchema>,
    /// DNS forwarding rulesets by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub rulesets: IndexMap<String, RulesetSchema>,
    /// Log Analytics workspaces by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub workspaces: IndexMap<String, WorkspaceSchema>,
    /// Application Insights components by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub components: IndexMap<String, ComponentSchema>,
    /// Data collection endpoints by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub data_collection_endpoints: IndexMap<String, DataCollectionEndpointSchema>,
    /// Data collection rules by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub data_collection_rules: IndexMap<String, DataCollectionRuleSchema>,
    /// Resources of other services by name: key vaults, storage accounts, Azure Monitor workspaces.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub resources: IndexMap<String, ResourceSchema>,
    /// Virtual machines by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub virtual_machines: IndexMap<String, MachineSchema>,
    /// Network security groups by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub security_groups: IndexMap<String, SecurityGroupSchema>,
    /// Subscriptions by name, with what is in them from the start.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub subscriptions: IndexMap<String, SubscriptionSchema>,
    /// Zones from master files: private zones with what is in them, or zones of public DNS.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zone_files: Vec<ZoneFileSchema>,
    /// Further events that are applied before the first step, after all of the above.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventSchema>,
    /// The step that is used by default. Without it, the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Findings that are accepted, at every step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<AllowSchema>,
    /// What happens, step by step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepSchema>,
}

/// Findings that are accepted: `check` shows them as accepted, and they do not make it fail.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AllowSchema {
    /// The code, such as AMPLS040.
    pub code: String,
    /// The object to change, as `check --format json` names it under `object`. Default: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// The network it is accepted in, or several. Default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<OneOrMoreSchema>,
    /// The name it is accepted for, or several. Default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<OneOrMoreSchema>,
    /// The reason, which `check` prints.
    pub reason: String,
    /// The last day on which it is accepted, as YYYY-MM-DD. Without it, the entry never expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

/// Accepted findings in a file of their own.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AllowFileSchema {
    /// Version of the format.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// The findings that are accepted.
    pub allow: Vec<AllowSchema>,
}

/// A cloud by Azure's name.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::enum_variant_names, reason = "the names are Azure's")]
pub(super) enum CloudSchema {
    /// The public cloud.
    AzureCloud,
    /// The cloud of the US Government.
    AzureUSGovernment,
    /// The cloud in China, operated by 21Vianet.
    AzureChinaCloud,
}

/// What is assumed where Azure's behaviour is uncertain.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SwitchesSchema {
    /// Which record sets are deleted with a private endpoint. Default: `delete-by-name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion: Option<DeletionSchema>,
    /// When workspace names have the alias to a privatelink name in public DNS. Default: `scoped`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_hop: Option<WorkspaceHopSchema>,
    /// What an endpoint writes when a resource is added later. Default: `own-only`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub append: Option<AppendSchema>,
    /// Which limits apply. Default: `general`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<LimitsSchema>,
    /// Whether names of workspaces and endpoints exist that the scenario does not declare: `public` answers them as other
    /// teams' resources, `nameError` answers NXDOMAIN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undeclared: Option<UndeclaredSchema>,
    /// Whether public names carry the privatelink hop where it was never observed, such as REGION.handler.control.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncertain_hop: Option<UncertainHopSchema>,
    /// What Azure's resolver does with the aliases in an answer that a ruleset's target gave: it `stands`, or the resolver
    /// `restarts` at each alias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ruleset_chain: Option<RulesetChainSchema>,
}

/// What the resolver does with the aliases in the answer of a ruleset target.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RulesetChainSchema {
    /// It accepts the answer as it is.
    Stands,
    /// It resolves each alias again.
    Restarts,
}

/// How names of resources are answered that the scenario does not declare.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(super) enum UndeclaredSchema {
    /// As public names of resources of other teams.
    Public,
    /// As NXDOMAIN.
    NameError,
}

/// Whether names have an alias to a privatelink name that was never observed.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum UncertainHopSchema {
    /// They do not.
    Never,
    /// They do.
    Always,
}

/// Which record sets Azure deletes with a private endpoint.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DeletionSchema {
    /// All record sets with the names of the endpoint, regardless of who wrote them last.
    DeleteByName,
    /// Only the record sets that the endpoint wrote last.
    DeleteIfOwner,
}

/// When the names of a workspace have an alias to a privatelink name in public DNS.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum WorkspaceHopSchema {
    /// Only while the workspace is in a scope.
    Scoped,
    /// Always.
    Always,
}

/// What an endpoint writes when a resource is added to its scope later.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AppendSchema {
    /// Only the record sets of the new resource.
    OwnOnly,
    /// All its record sets again.
    RewriteAll,
}

/// Which of the limits that Microsoft has published apply.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum LimitsSchema {
    /// The limits of general availability.
    General,
    /// The limits of the preview.
    Preview,
}

/// A virtual or on-premises network.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NetworkSchema {
    /// Whether it is in Azure. Default: `virtual`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<NetworkKindSchema>,
    /// `true` is the same as `kind: onPremises`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_premises: Option<bool>,
    /// Prefixes of its address space.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub address_space: Vec<String>,
    /// Further source prefixes whose clients count as being in this network.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub client_prefixes: Vec<String>,
    /// Subnets by name: an IPv4 prefix, or a list of an IPv4 and an IPv6 prefix.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub subnets: IndexMap<String, OneOrMoreSchema>,
    /// The DNS server of its clients. Default: Azure-provided DNS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns: Option<DnsSchema>,
}

/// Where a network is.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(super) enum NetworkKindSchema {
    /// A virtual network in Azure.
    Virtual,
    /// A network outside Azure. It reaches virtual networks that it is peered with, and their peers.
    OnPremises,
}

/// The DNS server that the clients of a network use.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(untagged)]
pub(super) enum DnsSchema {
    /// Azure-provided DNS.
    Named(AzureProvidedSchema),
    /// A DNS server of its own.
    Custom(CustomDnsSchema),
}

/// The DNS server of Azure.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(super) enum AzureProvidedSchema {
    /// 168.63.129.16: linked zones first, then public DNS.
    AzureProvided,
}

/// A DNS server that forwards.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CustomDnsSchema {
    /// What it does with a CNAME in an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<ForwarderKindSchema>,
    /// Conditional forwarders: suffix to target, or to several in order; the first reachable one is queried.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub forward: IndexMap<String, OneOrMoreSchema>,
    /// The target for all other names: `azureProvided`, `public`, `network/NAME` or `inboundEndpoint/NAME`, or several of them in
    /// order; `public` without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<OneOrMoreSchema>,
}

/// What a DNS server does with an alias in an answer it forwarded for.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(super) enum ForwarderKindSchema {
    /// It resolves the target of the alias again, by its own rules, as BIND and unbound do.
    RestartsAtCname,
    /// It accepts the whole chain from the other server, as dnsmasq does.
    AcceptsChain,
}

/// Something that is in a network.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct InNetworkSchema {
    /// The network.
    pub network: String,
}

/// An inbound endpoint of a DNS Private Resolver.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct InboundEndpointSchema {
    /// The network.
    pub network: String,
    /// The subnet of that network: its security group decides who can ask. Its first usable address is the endpoint's unless
    /// `privateIPAddress` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet: Option<String>,
    /// Its address: it can be asked from where packets get to it.
    #[serde(rename = "privateIPAddress", skip_serializing_if = "Option::is_none")]
    pub private_ip_address: Option<String>,
}

/// A virtual machine's place.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MachineSchema {
    /// The network.
    pub network: String,
    /// The subnet of that network; its route table and security group apply. Without it, the machine may be in any
    /// subnet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet: Option<String>,
    /// The address of its primary network interface. Where its network has a registration zone, its name has this address there.
    #[serde(rename = "privateIPAddress", skip_serializing_if = "Option::is_none")]
    pub private_ip_address: Option<String>,
    /// Its region: the data collection endpoint that its agent is configured by has to be in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// What its agent is associated with. Without it that is not known: any data collection endpoint of a scope will do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub associations: Option<AssociationsSchema>,
}

/// A DNS forwarding ruleset.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RulesetSchema {
    /// The network of the outbound endpoint that sends its queries: targets that are unreachable from there are not
    /// queried. Without it, every target counts as reachable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbound_endpoint: Option<InNetworkSchema>,
    /// Its rules.
    #[serde(default)]
    pub rules: Vec<RuleSchema>,
    /// Networks it is linked to.
    #[serde(default)]
    pub links: Vec<String>,
}

/// A rule of a ruleset.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RuleSchema {
    /// The domain, with its final dot.
    pub domain: String,
    /// Where to: `public`, `network/NAME` or `inboundEndpoint/NAME`, or several of them in order; the first reachable one is
    /// queried.
    pub target: OneOrMoreSchema,
    /// Rules that are not enabled are skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// A Log Analytics workspace.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WorkspaceSchema {
    /// The GUID its host names begin with.
    pub customer_id: String,
    /// Azure region; without it, names with a region in them are unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Whether public requests may ingest data.
    #[serde(rename = "publicNetworkAccessForIngestion", skip_serializing_if = "Option::is_none")]
    pub ingestion: Option<AccessSchema>,
    /// Whether public requests may query data.
    #[serde(rename = "publicNetworkAccessForQuery", skip_serializing_if = "Option::is_none")]
    pub query: Option<AccessSchema>,
    /// With SecuredByPerimeter: whether the inbound rules of the perimeter allow public requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perimeter_allows_inbound: Option<PerimeterSchema>,
}

/// Whether the inbound rules of a perimeter allow public requests.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug)]
#[serde(untagged)]
pub(super) enum PerimeterSchema {
    /// The same for ingestion and queries.
    Both(bool),
    /// One each.
    Each(PerimeterEachSchema),
}

/// Whether the inbound rules of a perimeter allow public requests, separately for ingestion and queries.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PerimeterEachSchema {
    /// For ingestion.
    pub ingestion: bool,
    /// For queries.
    pub query: bool,
}

/// Whether a resource accepts requests from public networks.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AccessSchema {
    /// It does.
    Enabled,
    /// It refuses them.
    Disabled,
    /// The inbound rules of a network security perimeter decide.
    SecuredByPerimeter,
    /// Nothing says what it does. What depends on it is unknown.
    Unknown,
}

/// An Application Insights component.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ComponentSchema {
    /// Azure region; without it, names with a region in them are unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Its ingestion host, its address, or the first label of it, such as `westeurope-5`; `global` for components that
    /// use the global host only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingestion_endpoint: Option<String>,
    /// Its live metrics host, its address, or the first label of it; `global` for the global host. Without it the
    /// ingestion host's label without the number after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live_endpoint: Option<String>,
    /// Its connection string, instead of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_string: Option<String>,
    /// The workspace that stores its data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// Whether public requests may ingest data.
    #[serde(rename = "publicNetworkAccessForIngestion", skip_serializing_if = "Option::is_none")]
    pub ingestion: Option<AccessSchema>,
    /// Whether public requests may query data.
    #[serde(rename = "publicNetworkAccessForQuery", skip_serializing_if = "Option::is_none")]
    pub query: Option<AccessSchema>,
    /// With SecuredByPerimeter: whether the inbound rules of the perimeter allow public requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perimeter_allows_inbound: Option<PerimeterSchema>,
}

/// A data collection endpoint.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DataCollectionEndpointSchema {
    /// Azure region; without it, names with a region in them are unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Host or address of its configuration endpoint.
    pub configuration_access: AddressSchema,
    /// Host or address of its logs ingestion endpoint.
    pub logs_ingestion: AddressSchema,
    /// Host or address of its metrics ingestion endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_ingestion: Option<AddressSchema>,
    /// Whether public requests are allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_network_access: Option<AccessSchema>,
    /// With SecuredByPerimeter: whether the inbound rules of the perimeter allow public requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perimeter_allows_inbound: Option<bool>,
}

/// A resource of another service, to which private endpoints connect without a scope.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ResourceSchema {
    /// Its type, such as Microsoft.KeyVault/vaults.
    #[serde(rename = "type")]
    pub kind: String,
    /// Azure region; without it, names with a region in them are unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Its group ids that are in use, such as blob and file. Default: the first one of its type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_ids: Vec<String>,
    /// Its public host names by group id, where they do not follow from its name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub hosts: IndexMap<String, Vec<String>>,
    /// Group ids that have an approved private endpoint outside the scenario, such as that of another team or tenant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub private_endpoints_elsewhere: Vec<String>,
    /// Whether public requests are allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_network_access: Option<AccessSchema>,
    /// With SecuredByPerimeter: whether the inbound rules of the perimeter allow public requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perimeter_allows_inbound: Option<bool>,
}

/// A host or address, alone or under `endpoint` as Azure has it.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(untagged)]
pub(super) enum AddressSchema {
    /// The host or address.
    Bare(String),
    /// It under its key.
    Keyed(KeyedAddressSchema),
}

/// A host or address under its key.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct KeyedAddressSchema {
    /// The host or address.
    pub endpoint: String,
}

impl AddressSchema {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Bare(text) | Self::Keyed(KeyedAddressSchema { endpoint: text }) => text,
        }
    }
}

/// A named group of events.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StepSchema {
    /// Its name.
    pub name: String,
    /// One sentence about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The date of its events, as YYYY-MM-DD. Without it, the newest rules apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// What happens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventSchema>,
    /// What must be true after its events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<ExpectSchema>,
}

/// Events to append to the served history, as one step.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AdditionSchema {
    /// The revision they build on: the one that was served when the client read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 4_294_967_295_u32))]
    pub built_on: Option<u32>,
    /// The generation they build on, where the revision's number is not enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub generation: Option<u64>,
    /// The step's name; `live-N` without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// One sentence about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The date of the events, as YYYY-MM-DD. Without it, the newest rules apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// What happens.
    #[schemars(length(min = 1))]
    pub events: Vec<EventSchema>,
}

/// One event: one key that names it, and `date` if it differs from that of its step.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventSchema {
    /// When it happens, as YYYY-MM-DD. Default: the date of the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// What happens.
    #[serde(flatten)]
    pub what: WhatSchema,
}

/// What happens.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase")]
pub(super) enum WhatSchema {
    /// Creates a network.
    CreateNetwork(NamedNetworkSchema),
    /// Deletes a network with its links and peerings.
    DeleteNetwork(String),
    /// Peers two networks in both directions.
    CreatePeering([String; 2]),
    /// Removes the peering of two networks.
    DeletePeering([String; 2]),
    /// Creates or changes one half of a peering; packets pass once both halves exist.
    SetPeering(PeeringHalfSchema),
    /// Creates or changes the gateway of a network.
    SetGateway(NamedGatewaySchema),
    /// Creates or changes an appliance.
    SetAppliance(NamedApplianceSchema),
    /// Creates or replaces a route table.
    SetRouteTable(NamedRouteTableSchema),
    /// Creates or changes a hub of a Virtual WAN.
    SetVirtualHub(NamedVirtualHubSchema),
    /// Declares a transit network without its routes.
    SetTransit(TransitSchema),
    /// Sets which network policies apply to the private endpoints of a subnet.
    SetEndpointPolicy(EndpointPolicySchema),
    /// Creates or replaces a network security group.
    SetSecurityGroup(NamedSecurityGroupSchema),
    /// Deletes an object that decides the path of packets.
    DeleteRouting(RoutingKeySchema),
    /// Puts objects into a subscription. Those that are not listed stay where they are.
    SetSubscription(SetSubscriptionSchema),
    /// Changes the DNS server of a network.
    SetDns(SetDnsSchema),
    /// Creates an inbound endpoint of a DNS Private Resolver.
    CreateInboundEndpoint(NamedInboundEndpointSchema),
    /// Deletes an inbound endpoint.
    DeleteInboundEndpoint(String),
    /// Creates or replaces a DNS forwarding ruleset.
    SetRuleset(NamedRulesetSchema),
    /// Deletes a forwarding ruleset.
    DeleteRuleset(String),
    /// Creates private zones, and links them if `links` is given.
    CreatePrivateDnsZones(ZonesSchema),
    /// Deletes private zones. Azure refuses while they have links.
    DeletePrivateDnsZones(ZoneGroupZonesSchema),
    /// Links zones to networks. Linking again changes the policy.
    LinkZones(LinkZonesSchema),
    /// Removes links.
    UnlinkZones(UnlinkSchema),
    /// Writes a record set by hand.
    PutRecordSet(RecordSetSchema),
    /// Deletes a record set by hand.
    DeleteRecordSet(RecordSetNameSchema),
    /// Creates a workspace.
    CreateWorkspace(NamedWorkspaceSchema),
    /// Replaces the settings of a workspace.
    UpdateWorkspace(NamedWorkspaceSchema),
    /// Creates a component.
    CreateComponent(NamedComponentSchema),
    /// Replaces the settings of a component.
    UpdateComponent(NamedComponentSchema),
    /// Creates a data collection endpoint.
    CreateDataCollectionEndpoint(NamedDataCollectionEndpointSchema),
    /// Replaces the settings of a data collection endpoint.
    UpdateDataCollectionEndpoint(NamedDataCollectionEndpointSchema),
    /// Creates a data collection rule.
    CreateDataCollectionRule(NamedDataCollectionRuleSchema),
    /// Replaces the settings of a data collection rule.
    UpdateDataCollectionRule(NamedDataCollectionRuleSchema),
    /// Creates a resource of another service.
    CreateResource(NamedResourceSchema),
    /// Replaces the settings of a resource of another service.
    UpdateResource(NamedResourceSchema),
    /// Changes whether a resource accepts public requests. What is left out stays as it is.
    SetPublicNetworkAccess(SetAccessSchema),
    /// Deletes a resource. Azure refuses while it is in a scope.
    DeleteResource(String),
    /// Creates a scope.
    CreatePrivateLinkScope(ScopeSchema),
    /// Changes the access modes of a scope.
    SetAccessModes(SetAccessModesSchema),
    /// Deletes a scope. Its private endpoints remain without connection, and their record sets remain.
    DeletePrivateLinkScope(String),
    /// Adds resources to a scope, in the order listed.
    AddScopedResource(ScopedResourceSchema),
    /// Removes resources from a scope.
    RemoveScopedResource(ScopedResourceSchema),
    /// Creates a private endpoint: it gets addresses, and its zone group writes record sets.
    CreatePrivateEndpoint(PrivateEndpointSchema),
    /// Deletes a private endpoint with the record sets of its zone group.
    DeletePrivateEndpoint(NameSchema),
    /// Creates a private endpoint whose scope or network is unknown. Names that are not known to be in its zones are answered
    /// SERVFAIL.
    CreateUnresolvedEndpoint(UnresolvedEndpointSchema),
    /// Says that a private zone may have record sets that are unknown, or that all are known. Names that such a zone is not
    /// known to have are answered SERVFAIL.
    SetZoneContents(ZoneContentsSchema),
    /// Creates or replaces the zone group of a private endpoint, which writes all its record sets.
    SetZoneGroup(SetZoneGroupSchema),
    /// Creates the zone group of a private endpoint again as it is, which writes all its record sets.
    RepairZoneGroup(NameSchema),
    /// Removes the zone group of a private endpoint with the record sets it wrote.
    DeleteZoneGroup(NameSchema),
    /// Approves or rejects the connection of a private endpoint, or makes it wait.
    SetApproval(SetApprovalSchema),
    /// Creates a virtual machine in a network.
    CreateVirtualMachine(NamedMachineSchema),
    /// Replaces the associations of the agent of a machine.
    SetAssociations(SetAssociationsSchema),
    /// A machine opens a session to a resource, at the address that its DNS returns at that moment.
    OpenSession(SessionSchema),
    /// Restarts a machine: it closes its sessions and opens them again.
    Reboot(String),
    /// Closes the sessions of a machine; it opens them again.
    CutSessions(String),
    /// Sets the outbound rule of a network for the service tag AzureMonitor.
    SetOutboundRule(OutboundRuleSchema),
}

/// A name, alone or under `name`.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(untagged)]
pub(super) enum NameSchema {
    /// The name.
    Bare(String),
    /// The name under its key.
    Keyed(KeyedNameSchema),
}

/// A name under its key.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct KeyedNameSchema {
    /// The name.
    pub name: String,
}

impl NameSchema {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Bare(name) | Self::Keyed(KeyedNameSchema { name }) => name,
        }
    }
}

macro_rules! named {
    ($($(#[$doc:meta])* $name:ident of $inner:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
        #[serde(rename_all = "camelCase")]
        #[schemars(extend("unevaluatedProperties" = false))]
        pub(super) struct $name {
            /// Its name.
            pub name: String,
            #[serde(flatten)]
            pub spec: $inner,
        }
    )*};
}

named! {
    /// An appliance with its name.
    NamedApplianceSchema of ApplianceSchema;
    /// A virtual machine with its name.
    NamedMachineSchema of MachineSchema;
    /// A security group with its name.
    NamedSecurityGroupSchema of SecurityGroupSchema;
    /// A route table with its name.
    NamedRouteTableSchema of RouteTableSchema;
    /// A hub with its name.
    NamedVirtualHubSchema of VirtualHubSchema;
    /// A network with its name.
    NamedNetworkSchema of NetworkSchema;
    /// An inbound endpoint with its name.
    NamedInboundEndpointSchema of InboundEndpointSchema;
    /// A ruleset with its name.
    NamedRulesetSchema of RulesetSchema;
    /// A workspace with its name.
    NamedWorkspaceSchema of WorkspaceSchema;
    /// A component with its name.
    NamedComponentSchema of ComponentSchema;
    /// A data collection endpoint with its name.
    NamedDataCollectionEndpointSchema of DataCollectionEndpointSchema;
    /// A data collection rule with its name.
    NamedDataCollectionRuleSchema of DataCollectionRuleSchema;
    /// A resource of another service with its name.
    NamedResourceSchema of ResourceSchema;
}

/// The new DNS server of a network.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SetDnsSchema {
    /// The network.
    pub network: String,
    /// How its clients ask.
    pub dns: DnsSchema,
}

/// Zones of a resource group, with links.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ZonesSchema {
    /// The resource group.
    pub resource_group: String,
    /// The zones: `azuremonitor` for all of the cloud's zone group, or names.
    pub zones: ZoneListSchema,
    /// Links by network.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub links: IndexMap<String, LinkSchema>,
}

/// Zones and the networks to link them to.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LinkZonesSchema {
    /// The resource group.
    pub resource_group: String,
    /// The zones: `azuremonitor` for all of the cloud's zone group, or names.
    pub zones: ZoneListSchema,
    /// Links by network.
    pub links: IndexMap<String, LinkSchema>,
}

/// Zones and the networks to unlink them from.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UnlinkSchema {
    /// The resource group.
    pub resource_group: String,
    /// The zones: `azuremonitor` for all of the cloud's zone group, or names.
    pub zones: ZoneListSchema,
    /// The network, or several.
    pub networks: OneOrMoreSchema,
}

/// All zones of a cloud's zone group, by one word.
pub(super) const ALL_ZONES: ZoneListSchema = ZoneListSchema::All(AllZonesSchema::AzureMonitor);

/// Zones by one word or by name.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(untagged)]
pub(super) enum ZoneListSchema {
    /// All of the cloud's zone group.
    All(AllZonesSchema),
    /// These.
    Names(Vec<String>),
}

/// All zones that Azure Monitor Private Link needs.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum AllZonesSchema {
    /// The zones of the group azuremonitor in this cloud.
    AzureMonitor,
}

/// A zone as a master file has it. With a resource group it is a private zone whose record sets were written by hand; without
/// one it is a zone of public DNS.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ZoneFileSchema {
    /// Path of the file, relative to the scenario.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The text itself, instead of a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Origin of relative names until the text sets `$ORIGIN`. Default: the file's name without `.zone`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The resource group of a private zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_group: Option<String>,
    /// Links of a private zone by network.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub links: IndexMap<String, LinkSchema>,
}

/// A link of a zone to a network.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LinkSchema {
    /// What happens to names the zone does not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution_policy: Option<PolicySchema>,
    /// True: the zone is the registration zone of the network, which can have only one. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_enabled: Option<bool>,
}

/// What happens to names that the linked zone does not have.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PolicySchema {
    /// They are NXDOMAIN or NODATA.
    Default,
    /// They are resolved in public DNS (fallback to internet).
    NxDomainRedirect,
}

/// A record set written by hand.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RecordSetSchema {
    /// The zone's resource group.
    pub resource_group: String,
    /// The zone's name.
    pub zone: String,
    /// Name relative to the zone, `@` for its apex.
    pub name: String,
    /// Record type: A, AAAA, CNAME, MX, PTR, SRV or TXT.
    pub r#type: String,
    /// Seconds. Default: 3600.
    #[schemars(range(min = 1, max = 2_147_483_647))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u32>,
    /// The records' data in master-file form.
    #[schemars(length(min = 1))]
    pub records: Vec<String>,
}

/// Which record set.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RecordSetNameSchema {
    /// The zone's resource group.
    pub resource_group: String,
    /// The zone's name.
    pub zone: String,
    /// Name relative to the zone, `@` for its apex.
    pub name: String,
    /// Record type: A, AAAA, CNAME, MX, PTR, SRV or TXT.
    pub r#type: String,
}

/// Flags of a resource.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SetAccessSchema {
    /// The resource.
    pub resource: String,
    /// publicNetworkAccessForIngestion, or publicNetworkAccess of a resource that has one flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingestion: Option<AccessSchema>,
    /// publicNetworkAccessForQuery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<AccessSchema>,
    /// With SecuredByPerimeter: whether the inbound rules of the perimeter allow public requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perimeter_allows_inbound: Option<PerimeterSchema>,
}

/// A scope (AMPLS).
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ScopeSchema {
    /// Its name.
    pub name: String,
    /// Its mode for ingestion. Default: Open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingestion_access_mode: Option<ModeSchema>,
    /// Its mode for queries. Default: Open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_access_mode: Option<ModeSchema>,
    /// Other modes for single private endpoint connections.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclusions: Vec<ExclusionSchema>,
    /// When it was created, as YYYY-MM-DD. Default: the date of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
}

/// Which resources clients of the scope can reach.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ModeSchema {
    /// Those of the scope and all others.
    Open,
    /// Those of the scope only.
    PrivateOnly,
}

/// Modes for one private endpoint connection.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ExclusionSchema {
    /// The private endpoint whose connection it is.
    pub private_endpoint_connection_name: String,
    /// Its mode for ingestion.
    pub ingestion_access_mode: ModeSchema,
    /// Its mode for queries.
    pub query_access_mode: ModeSchema,
}

/// The new access modes of a scope.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SetAccessModesSchema {
    /// The scope.
    pub scope: String,
    /// Its mode for ingestion. Default: Open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingestion_access_mode: Option<ModeSchema>,
    /// Its mode for queries. Default: Open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_access_mode: Option<ModeSchema>,
    /// Other modes for single private endpoint connections.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclusions: Vec<ExclusionSchema>,
}

/// A resource and a scope.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ScopedResourceSchema {
    /// The scope.
    pub scope: String,
    /// The resource, or several in order.
    pub resource: OneOrMoreSchema,
}

/// A private endpoint.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PrivateEndpointSchema {
    /// Its name.
    pub name: String,
    /// The scope it connects to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The resource of another service it connects to, in place of a scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The group id (part) of that resource, such as blob. Default: its only group id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<String>,
    /// The subnet of its addresses, as network/subnet.
    pub subnet: String,
    /// Which addresses it has: IPv4 without it. IPv6 is a preview for some services in some regions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_version_type: Option<IpVersionSchema>,
    /// The zones it writes to: a resource group (all of the cloud's zone group in it), or zones by name. Without
    /// it, the endpoint writes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone_group: Option<ZoneGroupSchema>,
    /// Fixed addresses by member name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ip_configurations: Vec<IpConfigurationSchema>,
    /// State of its connection. Without it Approved, and Pending if network and target belong to different tenants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalSchema>,
    /// When it was created, as YYYY-MM-DD. Default: the date of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
}

/// Which addresses a private endpoint has.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug)]
pub(super) enum IpVersionSchema {
    /// It writes A record sets.
    IPv4,
    /// It writes AAAA record sets.
    IPv6,
}

/// The zones of a zone group.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(untagged)]
pub(super) enum ZoneGroupSchema {
    /// All of the cloud's zone group in this resource group.
    ResourceGroup(String),
    /// Zones of one resource group.
    Zones(ZoneGroupZonesSchema),
    /// Zones of several resource groups.
    Several(Vec<ZoneGroupZonesSchema>),
}

/// Zones of one resource group.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ZoneGroupZonesSchema {
    /// The resource group.
    pub resource_group: String,
    /// The zones: `azuremonitor` for all of the cloud's zone group, or names.
    pub zones: ZoneListSchema,
}

/// A fixed address.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct IpConfigurationSchema {
    /// Member name, such as `api` or `ods-westeurope`.
    pub member_name: String,
    /// The address.
    #[serde(rename = "privateIPAddress")]
    pub private_ip_address: String,
}

/// The state of a private endpoint connection.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ApprovalSchema {
    /// Packets pass.
    Approved,
    /// It waits for approval; no packet passes.
    Pending,
    /// It was rejected; no packet passes.
    Rejected,
    /// The target's owner deleted it; no packet passes, and it cannot be approved any more.
    Disconnected,
}

/// The new zone group of a private endpoint.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SetZoneGroupSchema {
    /// The private endpoint.
    pub endpoint: String,
    /// The zones.
    pub zone_group: ZoneGroupSchema,
}

/// A private endpoint whose scope or network is unknown.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UnresolvedEndpointSchema {
    /// Its name.
    pub name: String,
    /// What could not be resolved: an id, or the rest of an expression.
    pub unresolved: String,
    /// The zones it writes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone_group: Option<ZoneGroupSchema>,
}

/// Whether all record sets of a private zone are known.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ZoneContentsSchema {
    /// The resource group.
    pub resource_group: String,
    /// The zone.
    pub zone: String,
    /// What could not be resolved; without it the contents are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unresolved: Option<String>,
}

/// The new state of a connection.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SetApprovalSchema {
    /// The private endpoint.
    pub endpoint: String,
    /// The state.
    pub approval: ApprovalSchema,
}

/// A session of a virtual machine.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SessionSchema {
    /// The machine.
    pub machine: String,
    /// The resource.
    pub resource: String,
}

/// The outbound rule of a network for the service tag AzureMonitor.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OutboundRuleSchema {
    /// The network.
    pub network: String,
    /// What the rule does.
    pub action: ActionSchema,
}

/// What must be true at the end of a step.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ExpectSchema {
    /// The networks that send the queries; `public` is outside all networks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<OneOrMoreSchema>,
    /// The client subnets to send as EDNS client subnet, such as 10.0.1.0/24.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet: Option<OneOrMoreSchema>,
    /// Answers by name (or name and type): an address, several, or one of public, NXDOMAIN, NODATA, SERVFAIL.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub answers: IndexMap<String, OneOrMoreSchema>,
    /// Alias targets by name, in the order a client meets them.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub chain: IndexMap<String, Vec<String>>,
    /// Replies by name (or name and type), part by part.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub replies: IndexMap<String, ReplySchema>,
    /// The transport of the queries, or both, one after the other. Default: UDP, and TCP if a reply is truncated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<OneOrMoreTransportsSchema>,
    /// How long to repeat a query until the server gives the expected answer, such as 5s. Default: one query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// Expected findings: a code each, or a code with the networks and names that it must list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<FindingsSchema>,
    /// Codes of findings that must not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absent_findings: Option<OneOrMoreSchema>,
    /// Flows and how they end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flows: Vec<FlowSchema>,
    /// All record sets of a zone but its SOA, by resource group and zone: relative name to address.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub records: IndexMap<String, IndexMap<String, String>>,
}

/// A finding, or several.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(untagged)]
pub(super) enum FindingsSchema {
    /// One.
    One(FindingSchema),
    /// Several.
    More(Vec<FindingSchema>),
}

impl FindingsSchema {
    pub(super) fn all(&self) -> &[FindingSchema] {
        match self {
            Self::One(finding) => std::slice::from_ref(finding),
            Self::More(findings) => findings,
        }
    }
}

/// A finding by its code, or with what it must list.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(untagged)]
pub(super) enum FindingSchema {
    /// Its code.
    Code(String),
    /// Its code and more.
    Whole(WholeFindingSchema),
}

/// A finding with what it must list; what is left out is not checked.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WholeFindingSchema {
    /// Its code.
    pub code: String,
    /// The object to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// How severe it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<SeveritySchema>,
    /// The networks it lists, no more and no fewer, in any order; an empty list for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub networks: Option<Vec<String>>,
    /// The names it lists, no more and no fewer, in any order; or how many they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<NamesSchema>,
}

/// How severe a finding is.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum SeveritySchema {
    /// Something is broken.
    Error,
    /// Something will probably break.
    Warning,
    /// Something works and is worth knowing.
    Note,
}

/// Names, or how many they are.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(untagged)]
pub(super) enum NamesSchema {
    /// How many.
    Count(u32),
    /// The names.
    Names(Vec<String>),
}

/// A transport, or several.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(untagged)]
pub(super) enum OneOrMoreTransportsSchema {
    /// One.
    One(TransportSchema),
    /// Several.
    More(Vec<TransportSchema>),
}

/// How a query is sent.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum TransportSchema {
    /// In a datagram.
    Udp,
    /// Over a TCP connection.
    Tcp,
}

/// A reply; what is left out is not checked.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ReplySchema {
    /// Response code, such as NOERROR or NXDOMAIN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rcode: Option<RcodeSchema>,
    /// Alias targets in the order a client follows them; an empty list for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<Vec<String>>,
    /// What the aliases end at: an address, several, or one of public, NXDOMAIN, NODATA, SERVFAIL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<OneOrMoreSchema>,
    /// All records of the answer section in any order, each as owner name, type and data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<Vec<String>>,
    /// TTL of the records the aliases end at, or of the SOA where there are none: a number, or the lowest and highest as in
    /// 0..10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<TtlSchema>,
    /// Header bits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flags: Option<FlagsSchema>,
    /// The zone whose SOA is in the authority section, or none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soa: Option<String>,
    /// The extended DNS error: its info-code, its info-code and part of its text, or none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_error: Option<ErrorSchema>,
}

/// A response code of DNS.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum RcodeSchema {
    /// The name exists.
    NoError,
    /// The query was malformed.
    FormErr,
    /// The server could not answer.
    ServFail,
    /// The name does not exist.
    NxDomain,
    /// The server does not support this kind of query.
    NotImp,
    /// The server refuses to answer.
    Refused,
    /// The EDNS version is not supported.
    BadVers,
}

impl RcodeSchema {
    /// Each with its code.
    pub(super) const CODES: [(Self, Rcode); 7] = [
        (Self::NoError, Rcode::NOERROR),
        (Self::FormErr, Rcode::FORMERR),
        (Self::ServFail, Rcode::SERVFAIL),
        (Self::NxDomain, Rcode::NXDOMAIN),
        (Self::NotImp, Rcode::NOTIMP),
        (Self::Refused, Rcode::REFUSED),
        (Self::BadVers, Rcode::BADVERS),
    ];
}

/// Seconds.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(untagged)]
pub(super) enum TtlSchema {
    /// Exactly this many.
    Exact(u32),
    /// The lowest and the highest, such as 0..10.
    Range(String),
}

/// Header bits; those left out are not checked.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FlagsSchema {
    /// AA: the server is an authority for the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aa: Option<bool>,
    /// TC: the reply was cut off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tc: Option<bool>,
    /// RA: the server asks others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ra: Option<bool>,
    /// AD: all data is signed and was checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ad: Option<bool>,
}

/// An extended DNS error.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(untagged)]
pub(super) enum ErrorSchema {
    /// Its info-code.
    Code(u16),
    /// There is none.
    Word(AbsentSchema),
    /// Its info-code and more.
    Whole(CodedErrorSchema),
}

/// Nothing.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum AbsentSchema {
    /// There must be none.
    None,
}

/// An extended DNS error with its text.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CodedErrorSchema {
    /// Info-code.
    pub code: u16,
    /// Part of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Expectations alone, to check a DNS server, the emulator or a scenario against.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SpecSchema {
    /// Where editors find the JSON Schema of this file.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Version of the format.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The scenario to check without a server: a file, relative to this file, or the name of a built-in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// The step of the scenario. Default: the one that the scenario starts at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What must be true.
    pub expect: Vec<ExpectSchema>,
}

/// A flow and how it ends.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FlowSchema {
    /// The network or virtual machine.
    pub from: String,
    /// The resource.
    pub to: String,
    /// What is done.
    pub operation: OperationSchema,
    /// The name it goes through, where the operation goes through several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its path, or why it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathSchema>,
    /// The private endpoint it goes through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Whether Azure Monitor accepts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionSchema>,
    /// The row of the table of decisions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u8>,
    /// HTTP status the client sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Part of the error text the client sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Whether Azure Monitor accepts the request.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(super) enum DecisionSchema {
    /// It does.
    Allow,
    /// It refuses it.
    Deny,
}

/// What a client does with a resource.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(super) enum OperationSchema {
    /// Sends data to it.
    Ingestion,
    /// Queries it.
    Query,
    /// Gets its configuration, as agents do.
    Config,
    /// Downloads solution packs, as agents do.
    Download,
    /// Uses Azure Resource Manager.
    ResourceManager,
    /// Uses a resource of another service.
    DataPlane,
}

/// How a flow reaches the resource.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathSchema {
    /// Over a public address.
    #[serde(rename = "public")]
    Public,
    /// Through a private endpoint.
    #[serde(rename = "private")]
    Private,
    /// To a private address that the network cannot reach: connections time out.
    #[serde(rename = "unreachable")]
    Unreachable,
    /// An outbound rule blocks it.
    #[serde(rename = "blocked")]
    Blocked,
    /// The name does not exist.
    #[serde(rename = "NXDOMAIN")]
    NameError,
    /// The name has no address.
    #[serde(rename = "NODATA")]
    NoData,
    /// DNS could not answer.
    #[serde(rename = "SERVFAIL")]
    Failure,
}

impl PathSchema {
    /// Each with its word.
    pub(super) const WORDS: [(Self, &'static str); 7] = [
        (Self::Public, "public"),
        (Self::Private, "private"),
        (Self::Unreachable, "unreachable"),
        (Self::Blocked, "blocked"),
        (Self::NameError, "NXDOMAIN"),
        (Self::NoData, "NODATA"),
        (Self::Failure, "SERVFAIL"),
    ];

    /// What a word represents.
    pub(super) fn of(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, own)| *own == word).map(|(own, _)| *own)
    }

    /// The word for it.
    pub(super) fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(own, _)| *own == self).map_or("", |(_, word)| word)
    }
}
