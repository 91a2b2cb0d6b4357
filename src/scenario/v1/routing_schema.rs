//! The written form of what decides which way packets take, and whether rules let them pass.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::list_schema::OneOrMoreSchema;

/// A peering: two networks, or one half of it with its flags.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(untagged)]
pub(super) enum PeeringSchema {
    /// Both halves, without gateway flags.
    Pair([String; 2]),
    /// One half.
    Half(PeeringHalfSchema),
}

/// One half of a peering, as `virtualNetworkPeerings` has it. Packets pass once both halves are there.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PeeringHalfSchema {
    /// The network it belongs to.
    pub from: String,
    /// The network that it connects to.
    pub to: String,
    /// False: packets from the other network are dropped. Default: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_virtual_network_access: Option<bool>,
    /// True: packets that the other network forwards are allowed. Default: false. Its effect is disputed, so false stops no
    /// packet here: AMPLS070 warns where an appliance forwards packets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_forwarded_traffic: Option<bool>,
    /// True: the other network may use the gateway of this one. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_gateway_transit: Option<bool>,
    /// True: this network uses the gateway of the other one. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_remote_gateways: Option<bool>,
}

/// The gateway of a virtual network.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GatewaySchema {
    /// Its kind.
    pub kind: GatewayKindSchema,
    /// The networks that it connects: on-premises ones, and virtual networks with a gateway that a connection joins to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connects: Vec<String>,
}

/// The kind of a gateway.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(super) enum GatewayKindSchema {
    /// A VPN gateway.
    Vpn,
    /// An ExpressRoute gateway.
    ExpressRoute,
}

/// A gateway with its network.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NamedGatewaySchema {
    /// The network it is in; a network has one.
    pub network: String,
    /// Its kind.
    pub kind: GatewayKindSchema,
    /// The networks that it connects: on-premises ones, and virtual networks with a gateway that a connection joins to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connects: Vec<String>,
}

/// A route table.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RouteTableSchema {
    /// True: it has no routes of gateways. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable_bgp_route_propagation: Option<bool>,
    /// Its routes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<RouteSchema>,
    /// False: it has routes that are not listed here, so their effect is unknown. Default: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_complete: Option<bool>,
    /// The subnets it applies to, `network/subnet` each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<String>,
}

/// A route.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RouteSchema {
    /// The addresses that it applies to.
    pub address_prefix: String,
    /// Its next hop.
    pub next_hop_type: NextHopSchema,
    /// The address of the appliance, with `VirtualAppliance`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_hop_ip_address: Option<String>,
}

/// The next hop of a route.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextHopSchema {
    /// The appliance at `nextHopIpAddress`.
    VirtualAppliance,
    /// The gateway of the network, or of the hub it is peered with.
    VirtualNetworkGateway,
    /// The network itself.
    VnetLocal,
    /// The internet.
    Internet,
    /// Nothing: the packets are dropped.
    None,
}

/// Azure Firewall or another appliance that forwards packets.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ApplianceSchema {
    /// The network it is in.
    pub network: String,
    /// Its private address.
    #[serde(rename = "privateIPAddress")]
    pub address: String,
    /// What it does with packets for private endpoints. Default: `Allow`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwards: Option<ForwardsSchema>,
}

/// What an appliance does with packets for private endpoints.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ForwardsSchema {
    /// It forwards them.
    Allow,
    /// It drops them.
    Deny,
    /// Unknown: findings that depend on it are warnings.
    Unknown,
}

/// A hub of a Virtual WAN.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct VirtualHubSchema {
    /// Its WAN: networks of one WAN reach each other.
    pub virtual_wan: String,
    /// The networks connected to it, virtual and on-premises.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connections: Vec<String>,
    /// What its firewall does with packets for private endpoints; without it there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firewall: Option<ForwardsSchema>,
    /// Connected networks with route tables of their own (associated and propagated ones, static routes): whether packets
    /// from there and to there arrive is unknown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_routes: Vec<String>,
}

/// A transit network, declared without its routes.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TransitSchema {
    /// The network in the middle.
    pub through: String,
    /// The networks that reach each other through it; each is peered with it.
    #[schemars(length(min = 2))]
    pub between: Vec<String>,
    /// What forwards the packets, in a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// Which network policies apply to the private endpoints of a subnet.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndpointPoliciesSchema {
    /// Neither security groups nor route tables. Azure's default.
    Disabled,
    /// Security groups.
    NetworkSecurityGroupEnabled,
    /// Route tables: a route at least as long as the network's prefix replaces the endpoint's own.
    RouteTableEnabled,
    /// Security groups and route tables.
    Enabled,
}

/// Which network policies apply to the private endpoints of a subnet.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct EndpointPolicySchema {
    /// The subnet, `network/subnet`.
    pub subnet: String,
    /// What applies.
    pub private_endpoint_network_policies: EndpointPoliciesSchema,
}

/// A network security group. Azure's default rules come after its own: packets within `VirtualNetwork` and to the internet
/// pass, others do not.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SecurityGroupSchema {
    /// Its rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<SecurityRuleSchema>,
    /// The subnets it applies to, `network/subnet` each; a subnet has one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<String>,
    /// The virtual machines whose network interfaces it applies to; a machine has one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub virtual_machines: Vec<String>,
}

/// A rule of a network security group. It applies to new connections: open ones continue.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SecurityRuleSchema {
    /// Its name.
    pub name: String,
    /// Rules with lower numbers come first.
    #[schemars(range(min = 100, max = 4096))]
    pub priority: u16,
    /// The direction of the packets: inbound to the subnet or machine, or outbound from it.
    pub direction: DirectionSchema,
    /// What it does with them.
    pub access: ActionSchema,
    /// Their protocol. Default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<ProtocolSchema>,
    /// Their source: `*`, a prefix or a service tag, or several. Default: `*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_address_prefix: Option<OneOrMoreSchema>,
    /// Their destination: `*`, a prefix or a service tag such as `AzureMonitor` or `VirtualNetwork`, or several.
    /// Default: `*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_address_prefix: Option<OneOrMoreSchema>,
    /// Their destination ports: `*`, `443`, `1-1024`, or several. Default: `*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_port_range: Option<OneOrMoreSchema>,
}

/// What an outbound rule does.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ActionSchema {
    /// Packets pass.
    Allow,
    /// New connections are blocked.
    Deny,
}

/// The direction that a rule applies to.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DirectionSchema {
    /// Packets to the subnet or machine.
    Inbound,
    /// Packets from it.
    Outbound,
}

/// The protocol of packets.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProtocolSchema {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP, which neither HTTPS nor DNS uses.
    Icmp,
    /// ESP, the same.
    Esp,
    /// AH, the same.
    Ah,
    /// Every one.
    #[serde(rename = "*")]
    Any,
}

/// Two networks: one half of their peering.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct HalfNameSchema {
    /// The network it belongs to.
    pub from: String,
    /// The network that it connects to.
    pub to: String,
}

/// One object to delete that decides the path of packets: exactly one of the keys.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RoutingKeySchema {
    /// One half of a peering; the other half is Disconnected then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peering: Option<HalfNameSchema>,
    /// The gateway of this network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// This route table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route_table: Option<String>,
    /// This appliance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appliance: Option<String>,
    /// This virtual hub.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub virtual_hub: Option<String>,
    /// This transit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transit: Option<TransitSchema>,
    /// This security group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_group: Option<String>,
    /// The network policies for private endpoints of this subnet, `network/subnet`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_policy: Option<String>,
}
