//! What decides which way packets take, as the provider azurerm writes it.

use super::Known;
use crate::import::id::ResourceId;
use crate::import::property::View;
use crate::import::reading::Reading;
use crate::import::routing::HubTables;

const SUBNET: &str = "microsoft.network/virtualnetworks/subnets";
const TABLE: &str = "microsoft.network/routetables";
const GROUP: &str = "microsoft.network/networksecuritygroups";
const GATEWAY: &str = "microsoft.network/virtualnetworkgateways";
const CIRCUIT: &str = "microsoft.network/expressroutecircuits";
const HUB: &str = "microsoft.network/virtualhubs";
const NEXT_HOPS: &[&str] = &["VirtualAppliance", "VirtualNetworkGateway", "VnetLocal", "Internet", "None"];
const POLICIES: &[&str] = &["Disabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled", "Enabled"];

/// The provider's types that decide which way packets take.
pub(super) const TYPES: [(&str, &str); 16] = [
    ("azurerm_route_table", TABLE),
    ("azurerm_route", "microsoft.network/routetables/routes"),
    ("azurerm_subnet_route_table_association", SUBNET),
    ("azurerm_network_security_group", GROUP),
    ("azurerm_network_security_rule", "microsoft.network/networksecuritygroups/securityrules"),
    ("azurerm_subnet_network_security_group_association", SUBNET),
    ("azurerm_firewall", "microsoft.network/azurefirewalls"),
    ("azurerm_virtual_hub", HUB),
    ("azurerm_virtual_hub_connection", "microsoft.network/virtualhubs/hubvirtualnetworkconnections"),
    ("azurerm_virtual_hub_route_table", "microsoft.network/virtualhubs/hubroutetables"),
    ("azurerm_virtual_hub_route_table_route", "microsoft.network/virtualhubs/hubroutetables/routes"),
    ("azurerm_virtual_network_gateway", GATEWAY),
    ("azurerm_local_network_gateway", "microsoft.network/localnetworkgateways"),
    ("azurerm_virtual_network_gateway_connection", "microsoft.network/connections"),
    ("azurerm_express_route_circuit", CIRCUIT),
    ("azurerm_network_interface", "microsoft.network/networkinterfaces"),
];

/// True for a type whose id is that of the subnet it is about.
pub(super) fn is_association(kind: &str) -> bool {
    matches!(kind, "azurerm_subnet_route_table_association" | "azurerm_subnet_network_security_group_association")
}

impl Reading<'_> {
    /// A resource of [`TYPES`]; false for what is something else.
    pub(super) fn tf_routing(&mut self, id: &ResourceId, view: &View<'_>, known: &Known<'_, '_>) -> bool {
        let kind = known.resource.kind.as_str();
        if !TYPES.iter().any(|(own, _)| *own == kind) {
            return false;
        }
        match kind {
            "azurerm_route_table" => self.tf_route_table(id, view),
            "azurerm_route" => self.tf_route(id, view),
            "azurerm_subnet_route_table_association" => {
                self.tf_id(id, "routeTable", view, "route_table_id", known, TABLE);
                view.ignore(&["subnet_id"]);
            }
            "azurerm_subnet_network_security_group_association" => {
                self.tf_id(id, "securityGroup", view, "network_security_group_id", known, GROUP);
                view.ignore(&["subnet_id"]);
            }
            "azurerm_network_security_group" => {
                for item in view.items("security_rule") {
                    let own = item.view();
                    if let Some((name, _)) = own.text("name") {
                        let rule = id.child("securityRules", name);
                        self.exists(&rule, &item.pointer);
                        self.tf_security_rule(&rule, &own);
                    }
                    self.close("security_rule", &own);
                }
            }
            "azurerm_network_security_rule" => self.tf_security_rule(id, view),
            "azurerm_firewall" => self.tf_firewall(id, view, known),
            "azurerm_virtual_hub" => {
                self.tf_id(id, "virtualWan", view, "virtual_wan_id", known, "microsoft.network/virtualwans");
                if let Some(route) = view.items("route").first() {
                    self.hub_routes(&id.child("hubRouteTables", "defaultRouteTable"), &route.pointer);
                }
                view.ignore(&[
                    "address_prefix",
                    "sku",
                    "hub_routing_preference",
                    "branch_to_branch_traffic_enabled",
                    "default_route_table_id",
                    "virtual_router_asn",
                    "virtual_router_ips",
                    "virtual_router_auto_scale_min_capacity",
                ]);
            }
            "azurerm_virtual_hub_connection" => {
                let kind = "microsoft.network/virtualnetworks";
                self.tf_id(id, "network", view, "remote_virtual_network_id", known, kind);
                for item in view.items("routing").into_iter().take(1) {
                    self.tf_hub_connection_routing(id, &item.view(), known);
                }
                view.ignore(&["internet_security_enabled", "enable_internet_security"]);
            }
            "azurerm_virtual_hub_route_table" => {
                if let Some(route) = view.items("route").first() {
                    self.hub_routes(id, &route.pointer);
                }
                view.ignore(&["labels"]);
            }
            "azurerm_virtual_hub_route_table_route" => {
                let table = view.text("route_table_id").and_then(|(text, _)| ResourceId::parse(text));
                let resource = known.resource;
                let planned = || {
                    let tables = known.plan.resolve(&resource.address, &resource.module, &["route_table_id"], "");
                    tables.into_iter().next()
                };
                let table = match table.or_else(planned) {
                    Some(hub) if hub.kind == HUB => Some(hub.child("hubRouteTables", "defaultRouteTable")),
                    other => other,
                };
                self.hub_routes(&table.unwrap_or_else(|| id.clone()), view.pointer());
                view.ignore(&["destinations", "destinations_type", "next_hop", "next_hop_type"]);
            }
            "azurerm_virtual_network_gateway" => self.tf_gateway(id, view, known),
            "azurerm_local_network_gateway" => {
                let prefixes = self.prefixes(&view.texts("address_space"));
                self.tell(id, "addressSpace", prefixes, view.pointer());
                view.ignore(&["gateway_address", "gateway_fqdn", "bgp_settings"]);
            }
            "azurerm_virtual_network_gateway_connection" => self.tf_connection(id, view, known),
            // Connections refer to it; what is at its other end is not in it.
            "azurerm_express_route_circuit" => view.ignore(&[
                "service_provider_name",
                "peering_location",
                "bandwidth_in_mbps",
                "bandwidth_in_gbps",
                "sku",
                "allow_classic_operations",
                "express_route_port_id",
                "authorization_key",
                "rate_limiting_enabled",
                "service_key",
                "service_provider_provisioning_state",
            ]),
            _ => self.tf_interface(id, view, known),
        }
        true
    }

    /// The outbound endpoint a ruleset's queries leave from.
    pub(super) fn tf_outbound_endpoint(&mut self, id: &ResourceId, view: &View<'_>, known: &Known<'_, '_>) {
        let key = "private_dns_resolver_outbound_endpoint_ids";
        if let Some((text, pointer)) = view.texts(key).first() {
            self.tell_id(id, "outboundEndpoint", text, pointer);
            return;
        }
        let resource = known.resource;
        let kind = "microsoft.network/dnsresolvers/outboundendpoints";
        let found = known.plan.candidates(&resource.address, &resource.module, &[key], kind);
        if let (true, [(other, _)]) = (resource.planned, found.as_slice()) {
            let from = self.at(&resource.pointer);
            self.facts.tell_id(id, "outboundEndpoint", other, &from);
        }
    }

    /// What a subnet says of the private endpoints in it, by the names of all versions of the provider.
    pub(super) fn tf_subnet_policy(&mut self, id: &ResourceId, view: &View<'_>) {
        let enforced = view.flag("enforce_private_link_endpoint_network_policies");
        let enabled = view.flag("private_endpoint_network_policies_enabled");
        if let Some(found) = view.text("private_endpoint_network_policies") {
            self.word(id, "endpointPolicies", Some(found), POLICIES);
        } else if let Some((flag, pointer)) = enabled {
            self.tell(id, "endpointPolicies", if flag { "Enabled" } else { "Disabled" }, &pointer);
        } else if let Some((flag, pointer)) = enforced {
            // Up to 3.x: true means that the policies are switched off.
            self.tell(id, "endpointPolicies", if flag { "Disabled" } else { "Enabled" }, &pointer);
        }
    }

    /// The flags of a half of a peering; the provider's defaults are in every plan and state.
    pub(super) fn tf_peering_flags(&mut self, id: &ResourceId, view: &View<'_>) {
        let flags = [
            ("allow_virtual_network_access", "allowVirtualNetworkAccess"),
            ("allow_forwarded_traffic", "allowForwardedTraffic"),
            ("allow_gateway_transit", "allowGatewayTransit"),
            ("use_remote_gateways", "useRemoteGateways"),
        ];
        for (name, attribute) in flags {
            self.record_flag(id, view, name, attribute);
        }
    }

    fn tf_hub_connection_routing(&mut self, id: &ResourceId, view: &View<'_>, known: &Known<'_, '_>) {
        // In a plan the ids of tables may be known only after apply; the configuration says which resources they are of.
        let planned = |path: &[&str]| -> Vec<String> {
            let resource = known.resource;
            let found = known.plan.resolve(&resource.address, &resource.module, path, "");
            let is_hub = |id: &ResourceId| id.kind == HUB;
            found
                .iter()
                .map(|id| if is_hub(id) { "defaultRouteTable".to_owned() } else { id.name().to_owned() })
                .collect()
        };
        let associated = view.text("associated_route_table_id").map(|(text, _)| text.to_owned());
        let associated = associated.filter(|text| !text.is_empty());
        let associated = associated.or_else(|| planned(&["routing", "associated_route_table_id"]).pop());
        let propagated = view.items("propagated_route_table").into_iter().next();
        let propagated = propagated.as_ref().map(|item| item.view());
        let (ids, labels) = match &propagated {
            Some(one) => (one.texts("route_table_ids"), one.texts("labels")),
            None => (Vec::new(), Vec::new()),
        };
        let mut ids: Vec<String> = ids.iter().map(|(text, _)| (*text).to_owned()).collect();
        if ids.is_empty() {
            ids = planned(&["routing", "propagated_route_table", "route_table_ids"]);
        }
        let labels: Vec<&str> = labels.iter().map(|(text, _)| *text).collect();
        let has_map = |name: &str| view.text(name).is_some_and(|(text, _)| !text.is_empty());
        let has_routes = !view.items("static_vnet_route").is_empty()
            || has_map("inbound_route_map_id")
            || has_map("outbound_route_map_id");
        // A block without ids and labels has some that are unknown before apply.
        let is_known = !ids.is_empty() || !labels.is_empty() || !known.resource.planned;
        let tables = HubTables {
            associated: associated.as_deref(),
            propagated: propagated.is_some() && is_known,
            ids: &ids,
            labels: &labels,
        };
        self.hub_tables(id, &tables, has_routes, view.pointer());
        if let Some(one) = &propagated {
            self.close("propagated_route_table", one);
        }
        view.ignore(&["static_vnet_propagate_static_routes_enabled", "static_vnet_local_route_override_criteria"]);
        self.close("routing", view);
    }

    fn tf_route_table(&mut self, id: &ResourceId, view: &View<'_>) {
        self.record_flag(id, view, "disable_bgp_route_propagation", "disableBgp");
        if let Some((flag, pointer)) = view.flag("bgp_route_propagation_enabled") {
            self.tell(id, "disableBgp", !flag, &pointer);
        }
        for item in view.items("route") {
            let own = item.view();
            if let Some((name, _)) = own.text("name") {
                let route = id.child("routes", name);
                self.exists(&route, &item.pointer);
                self.tf_route(&route, &own);
            }
            self.close("route", &own);
        }
        view.ignore(&["subnets"]);
    }

    fn tf_route(&mut self, id: &ResourceId, view: &View<'_>) {
        self.record_text(id, view, "address_prefix", "addressPrefix");
        self.word(id, "nextHopType", view.text("next_hop_type"), NEXT_HOPS);
        if let Some((text, pointer)) = view.text("next_hop_in_ip_address").filter(|(text, _)| !text.is_empty())
            && let Some(address) = self.address(text, &pointer)
        {
            self.tell(id, "nextHopIpAddress", address.to_string(), &pointer);
        }
    }

    fn tf_security_rule(&mut self, id: &ResourceId, view: &View<'_>) {
        if let Some((number, pointer)) = view.number("priority") {
            self.tell(id, "priority", number, &pointer);
        }
        self.word(id, "direction", view.text("direction"), &["Inbound", "Outbound"]);
        self.word(id, "access", view.text("access"), &["Allow", "Deny"]);
        self.record_text(id, view, "protocol", "protocol");
        let lists = [
            ("source_address_prefix", "source_address_prefixes", "sources"),
            ("destination_address_prefix", "destination_address_prefixes", "destinations"),
            ("destination_port_range", "destination_port_ranges", "ports"),
        ];
        for (one, several, attribute) in lists {
            let own = view.text(one).filter(|(text, _)| !text.is_empty());
            let more = view.texts(several);
            let texts: Vec<&str> = own.iter().chain(&more).map(|(text, _)| *text).collect();
            if !texts.is_empty() {
                self.tell(id, attribute, texts, view.pointer());
            }
        }
        for name in ["source_application_security_group_ids", "destination_application_security_group_ids"] {
            if view.get(name).is_some_and(|list| !list.items().is_empty()) {
                self.tell(id, "applicationSecurityGroups", true, view.pointer());
            }
        }
        view.ignore(&["source_port_range", "source_port_ranges", "description"]);
    }

    fn tf_firewall(&mut self, id: &ResourceId, view: &View<'_>, known: &Known<'_, '_>) {
        for item in view.items("ip_configuration").into_iter().take(1) {
            let own = item.view();
            self.tf_block_id(id, "subnet", &own, "subnet_id", known, &["ip_configuration", "subnet_id"], SUBNET);
            self.tf_address(id, "address", &own, "private_ip_address");
            own.ignore(&["public_ip_address_id"]);
            self.close("ip_configuration", &own);
        }
        for item in view.items("virtual_hub").into_iter().take(1) {
            let own = item.view();
            self.tf_block_id(id, "virtualHub", &own, "virtual_hub_id", known, &["virtual_hub", "virtual_hub_id"], HUB);
            own.ignore(&["private_ip_address", "public_ip_addresses", "public_ip_count"]);
            self.close("virtual_hub", &own);
        }
        view.ignore(&[
            "sku_name",
            "sku_tier",
            "firewall_policy_id",
            "threat_intel_mode",
            "private_ip_ranges",
            "management_ip_configuration",
            "dns_servers",
            "dns_proxy_enabled",
        ]);
    }

    fn tf_gateway(&mut self, id: &ResourceId, view: &View<'_>, known: &Known<'_, '_>) {
        self.word(id, "gatewayType", view.text("type"), &["Vpn", "ExpressRoute"]);
        for item in view.items("ip_configuration").into_iter().take(1) {
            let own = item.view();
            self.tf_block_id(id, "subnet", &own, "subnet_id", known, &["ip_configuration", "subnet_id"], SUBNET);
            own.ignore(&["public_ip_address_id", "private_ip_address_allocation"]);
            self.close("ip_configuration", &own);
        }
        view.ignore(&[
            "vpn_type",
            "sku",
            "generation",
            "active_active",
            "enable_bgp",
            "bgp_enabled",
            "bgp_settings",
            "vpn_client_configuration",
            "custom_route",
            "private_ip_address_enabled",
            "bgp_route_translation_for_nat_enabled",
            "dns_forwarding_enabled",
            "ip_sec_replay_protection_enabled",
            "remote_vnet_traffic_enabled",
            "virtual_wan_traffic_enabled",
            "default_local_network_gateway_id",
            "policy_group",
            "minimum_scale_unit",
            "maximum_scale_unit",
        ]);
    }

    fn tf_connection(&mut self, id: &ResourceId, view: &View<'_>, known: &Known<'_, '_>) {
        self.tf_id(id, "gateway", view, "virtual_network_gateway_id", known, GATEWAY);
        // The type says what is at the other end; in a plan its id may be known only after apply.
        let (attribute, key, kind) = match view.text("type").map(|(text, _)| text) {
            Some("Vnet2Vnet") => ("otherGateway", "peer_virtual_network_gateway_id", GATEWAY),
            Some("ExpressRoute") => ("circuit", "express_route_circuit_id", CIRCUIT),
            _ => ("localGateway", "local_network_gateway_id", "microsoft.network/localnetworkgateways"),
        };
        self.tf_id(id, attribute, view, key, known, kind);
        view.ignore(&[
            "local_network_gateway_id",
            "peer_virtual_network_gateway_id",
            "express_route_circuit_id",
            "type",
            "shared_key",
            "routing_weight",
            "enable_bgp",
            "bgp_enabled",
            "connection_mode",
            "connection_protocol",
            "dpd_timeout_seconds",
            "ipsec_policy",
            "traffic_selector_policy",
            "use_policy_based_traffic_selectors",
            "local_azure_ip_address_enabled",
            "express_route_gateway_bypass",
            "private_link_fast_path_enabled",
            "authorization_key",
            "egress_nat_rule_ids",
            "ingress_nat_rule_ids",
            "custom_bgp_addresses",
        ]);
    }

    /// An interface that forwards packets is that of an appliance; others have no part in this.
    fn tf_interface(&mut self, id: &ResourceId, view: &View<'_>, known: &Known<'_, '_>) {
        let forwards = [view.flag("ip_forwarding_enabled"), view.flag("enable_ip_forwarding")];
        let is_appliance = forwards.into_iter().flatten().any(|(flag, _)| flag);
        for item in view.items("ip_configuration").into_iter().take(1) {
            let own = item.view();
            if is_appliance {
                self.tf_block_id(id, "subnet", &own, "subnet_id", known, &["ip_configuration", "subnet_id"], SUBNET);
                self.tf_address(id, "forwardsAt", &own, "private_ip_address");
            } else {
                self.tf_subnet_of_interface(id, &own, known);
            }
            own.ignore(&[
                "subnet_id",
                "private_ip_address",
                "private_ip_address_allocation",
                "private_ip_address_version",
                "public_ip_address_id",
                "primary",
                "gateway_load_balancer_frontend_ip_configuration_id",
            ]);
            self.close("ip_configuration", &own);
        }
        self.own_servers(id, view, "dns_servers");
        view.ignore(&[
            "accelerated_networking_enabled",
            "enable_accelerated_networking",
            "applied_dns_servers",
            "auxiliary_mode",
            "auxiliary_sku",
            "edge_zone",
            "internal_dns_name_label",
            "internal_domain_name_suffix",
            "mac_address",
            "private_ip_address",
            "private_ip_addresses",
            "virtual_machine_id",
        ]);
    }

    /// The subnet of an interface that forwards nothing: it says where its machine is, and can stay unknown.
    fn tf_subnet_of_interface(&mut self, id: &ResourceId, own: &View<'_>, known: &Known<'_, '_>) {
        if let Some((text, pointer)) = own.text("subnet_id") {
            self.tell_id(id, "subnet", text, &pointer);
            return;
        }
        let resource = known.resource;
        let path = ["ip_configuration", "subnet_id"];
        let found = known.plan.candidates(&resource.address, &resource.module, &path, SUBNET);
        if let (true, [(subnet, _)]) = (resource.planned, found.as_slice()) {
            let from = self.at(&resource.pointer);
            self.facts.tell_id(id, "subnet", subnet, &from);
        }
    }

    fn tf_address(&mut self, id: &ResourceId, attribute: &str, view: &View<'_>, key: &str) {
        if let Some((text, pointer)) = view.text(key).filter(|(text, _)| !text.is_empty())
            && let Some(address) = self.address(text, &pointer)
        {
            self.tell(id, attribute, address.to_string(), &pointer);
        }
    }
}
