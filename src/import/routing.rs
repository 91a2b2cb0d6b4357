//! What decides which way packets take, as Azure's REST interface and templates write it: route tables, firewalls, gateways and
//! their connections, virtual hubs, security groups.

use super::id::ResourceId;
use super::property::View;
use super::reading::Reading;

const NEXT_HOPS: &[&str] = &["VirtualAppliance", "VirtualNetworkGateway", "VnetLocal", "Internet", "None"];
const POLICIES: &[&str] = &["Disabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled", "Enabled"];
const DIRECTIONS: &[&str] = &["Inbound", "Outbound"];
const ACCESSES: &[&str] = &["Allow", "Deny"];

/// Types that decide which way packets take.
pub(super) const KINDS: [&str; 10] = [
    "microsoft.network/routetables",
    "microsoft.network/routetables/routes",
    "microsoft.network/azurefirewalls",
    "microsoft.network/virtualnetworkgateways",
    "microsoft.network/localnetworkgateways",
    "microsoft.network/connections",
    "microsoft.network/virtualhubs",
    "microsoft.network/virtualhubs/hubvirtualnetworkconnections",
    "microsoft.network/networksecuritygroups",
    "microsoft.network/networksecuritygroups/securityrules",
];

impl Reading<'_> {
    /// A resource of [`KINDS`].
    pub(super) fn routing(&mut self, id: &ResourceId, view: &View<'_>) {
        match id.kind.as_str() {
            "microsoft.network/routetables" => self.route_table(id, view),
            "microsoft.network/routetables/routes" => self.route(id, view),
            "microsoft.network/azurefirewalls" => self.firewall(id, view),
            "microsoft.network/virtualnetworkgateways" => self.gateway(id, view),
            "microsoft.network/localnetworkgateways" => {
                if let Some(space) = view.object("localNetworkAddressSpace") {
                    let prefixes = self.prefixes(&space.texts("addressPrefixes"));
                    self.tell(id, "addressSpace", prefixes, space.pointer());
                    self.close("an address space", &space);
                }
                view.ignore(&["gatewayIpAddress", "bgpSettings", "fqdn"]);
            }
            "microsoft.network/connections" => self.gateway_connection(id, view),
            "microsoft.network/virtualhubs" => self.virtual_hub(id, view),
            "microsoft.network/virtualhubs/hubvirtualnetworkconnections" => {
                if let Some(network) = view.object("remoteVirtualNetwork") {
                    self.linked(id, "network", &network);
                }
                view.ignore(&[
                    "allowHubToRemoteVnetTransit",
                    "allowRemoteVnetToUseHubVnetGateways",
                    "enableInternetSecurity",
                    "routingConfiguration",
                ]);
            }
            "microsoft.network/networksecuritygroups" => {
                for item in view.items("securityRules") {
                    let own = item.view();
                    if let Some((name, _)) = own.text("name") {
                        let rule = id.child("securityRules", name);
                        self.exists(&rule, &item.pointer);
                        self.security_rule(&rule, &own);
                    }
                    self.close("microsoft.network/networksecuritygroups/securityrules", &own);
                }
                view.ignore(&["defaultSecurityRules", "flushConnection", "networkInterfaces", "subnets", "flowLogs"]);
            }
            _ => self.security_rule(id, view),
        }
    }

    /// What a subnet says of routes and rules.
    pub(super) fn subnet_routing(&mut self, id: &ResourceId, view: &View<'_>) {
        for (name, attribute) in [("routeTable", "routeTable"), ("networkSecurityGroup", "securityGroup")] {
            if let Some(other) = view.object(name) {
                self.linked(id, attribute, &other);
            }
        }
        self.word(id, "endpointPolicies", view.text("privateEndpointNetworkPolicies"), POLICIES);
    }

    /// The flags of a half of a peering.
    pub(super) fn peering_flags(&mut self, id: &ResourceId, view: &View<'_>) {
        for name in ["allowVirtualNetworkAccess", "allowForwardedTraffic", "allowGatewayTransit", "useRemoteGateways"] {
            self.record_flag(id, view, name, name);
        }
    }

    /// A flag as an attribute.
    pub(super) fn record_flag(&mut self, id: &ResourceId, view: &View<'_>, name: &str, attribute: &str) {
        if let Some((flag, pointer)) = view.flag(name) {
            self.tell(id, attribute, flag, &pointer);
        }
    }

    fn route_table(&mut self, id: &ResourceId, view: &View<'_>) {
        self.record_flag(id, view, "disableBgpRoutePropagation", "disableBgp");
        for item in view.items("routes") {
            let own = item.view();
            if let Some((name, _)) = own.text("name") {
                let route = id.child("routes", name);
                self.exists(&route, &item.pointer);
                self.route(&route, &own);
            }
            self.close("microsoft.network/routetables/routes", &own);
        }
        view.ignore(&["subnets"]);
    }

    fn route(&mut self, id: &ResourceId, view: &View<'_>) {
        self.record_text(id, view, "addressPrefix", "addressPrefix");
        self.word(id, "nextHopType", view.text("nextHopType"), NEXT_HOPS);
        if let Some((text, pointer)) = view.text("nextHopIpAddress").filter(|(text, _)| !text.is_empty())
            && let Some(address) = self.address(text, &pointer)
        {
            self.tell(id, "nextHopIpAddress", address.to_string(), &pointer);
        }
        view.ignore(&["hasBgpOverride"]);
    }

    /// Its rules are not read: whether it lets packets pass is unknown.
    fn firewall(&mut self, id: &ResourceId, view: &View<'_>) {
        for item in view.items("ipConfigurations").into_iter().take(1) {
            let own = item.view();
            if let Some(subnet) = own.object("subnet") {
                self.linked(id, "subnet", &subnet);
            }
            if let Some((text, pointer)) = own.text("privateIPAddress")
                && let Some(address) = self.address(text, &pointer)
            {
                self.tell(id, "address", address.to_string(), &pointer);
            }
            own.ignore(&["publicIPAddress", "privateIPAllocationMethod"]);
            self.close("an address configuration", &own);
        }
        if let Some(hub) = view.object("virtualHub") {
            self.linked(id, "virtualHub", &hub);
        }
        view.ignore(&[
            "firewallPolicy",
            "threatIntelMode",
            "additionalProperties",
            "applicationRuleCollections",
            "natRuleCollections",
            "networkRuleCollections",
            "managementIpConfiguration",
            "hubIPAddresses",
            "ipGroups",
            "autoscaleConfiguration",
        ]);
    }

    fn gateway(&mut self, id: &ResourceId, view: &View<'_>) {
        self.word(id, "gatewayType", view.text("gatewayType"), &["Vpn", "ExpressRoute", "LocalGateway"]);
        for item in view.items("ipConfigurations").into_iter().take(1) {
            let own = item.view();
            if let Some(subnet) = own.object("subnet") {
                self.linked(id, "subnet", &subnet);
            }
            own.ignore(&["publicIPAddress", "privateIPAllocationMethod", "privateIPAddress"]);
            self.close("an address configuration", &own);
        }
        view.ignore(&[
            "vpnType",
            "enableBgp",
            "activeActive",
            "bgpSettings",
            "vpnGatewayGeneration",
            "vpnClientConfiguration",
            "gatewayDefaultSite",
            "enablePrivateIpAddress",
            "customRoutes",
            "natRules",
            "adminState",
            "allowRemoteVnetTraffic",
            "allowVirtualWanTraffic",
            "disableIPSecReplayProtection",
            "enableBgpRouteTranslationForNat",
            "enableDnsForwarding",
            "inboundDnsForwardingEndpoint",
            "packetCaptureDiagnosticState",
            "resiliencyModel",
        ]);
    }

    fn gateway_connection(&mut self, id: &ResourceId, view: &View<'_>) {
        let others = [
            ("virtualNetworkGateway1", "gateway"),
            ("virtualNetworkGateway2", "otherGateway"),
            ("localNetworkGateway2", "localGateway"),
            ("peer", "circuit"),
        ];
        for (name, attribute) in others {
            if let Some(other) = view.object(name) {
                if let Some((text, pointer)) = other.text("id") {
                    self.tell_id(id, attribute, text, &pointer);
                }
                other.ignore(&["properties", "id", "name", "location", "type", "tags", "etag"]);
            }
        }
        view.ignore(&[
            "connectionType",
            "connectionProtocol",
            "connectionMode",
            "routingWeight",
            "sharedKey",
            "enableBgp",
            "usePolicyBasedTrafficSelectors",
            "ipsecPolicies",
            "trafficSelectorPolicies",
            "authorizationKey",
            "expressRouteGatewayBypass",
            "enablePrivateLinkFastPath",
            "dpdTimeoutSeconds",
            "useLocalAzureIpAddress",
            "connectionStatus",
            "ingressBytesTransferred",
            "egressBytesTransferred",
            "gatewayCustomBgpIpAddresses",
            "ingressNatRules",
            "egressNatRules",
            "tunnelConnectionStatus",
        ]);
    }

    fn virtual_hub(&mut self, id: &ResourceId, view: &View<'_>) {
        for (name, attribute) in [("virtualWan", "virtualWan"), ("azureFirewall", "firewall")] {
            if let Some(other) = view.object(name) {
                self.linked(id, attribute, &other);
            }
        }
        view.ignore(&[
            "addressPrefix",
            "routeTable",
            "virtualHubRouteTableV2s",
            "virtualRouterAsn",
            "virtualRouterIps",
            "virtualRouterAutoScaleConfiguration",
            "routingState",
            "sku",
            "kind",
            "vpnGateway",
            "expressRouteGateway",
            "p2SVpnGateway",
            "securityProviderName",
            "securityPartnerProvider",
            "allowBranchToBranchTraffic",
            "preferredRoutingGateway",
            "hubRoutingPreference",
            "bgpConnections",
            "ipConfigurations",
            "routeMaps",
        ]);
    }

    fn security_rule(&mut self, id: &ResourceId, view: &View<'_>) {
        if let Some((number, pointer)) = view.number("priority") {
            self.tell(id, "priority", number, &pointer);
        }
        self.word(id, "direction", view.text("direction"), DIRECTIONS);
        self.word(id, "access", view.text("access"), ACCESSES);
        self.record_text(id, view, "protocol", "protocol");
        let lists = [
            ("sourceAddressPrefix", "sourceAddressPrefixes", "sources"),
            ("destinationAddressPrefix", "destinationAddressPrefixes", "destinations"),
            ("destinationPortRange", "destinationPortRanges", "ports"),
        ];
        for (one, several, attribute) in lists {
            let own = view.text(one).filter(|(text, _)| !text.is_empty());
            let texts: Vec<&str> = own.iter().map(|(text, _)| *text).collect();
            let more = view.texts(several);
            let texts: Vec<&str> = texts.into_iter().chain(more.iter().map(|(text, _)| *text)).collect();
            if !texts.is_empty() {
                self.tell(id, attribute, texts, view.pointer());
            }
        }
        for name in ["sourceApplicationSecurityGroups", "destinationApplicationSecurityGroups"] {
            if view.get(name).is_some_and(|list| !list.items().is_empty()) {
                self.tell(id, "applicationSecurityGroups", true, view.pointer());
            }
        }
        view.ignore(&["sourcePortRange", "sourcePortRanges", "description"]);
    }
}
