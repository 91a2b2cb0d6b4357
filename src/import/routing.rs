//! What decides which way packets take, as Azure's REST interface and templates write it: route tables, firewalls, gateways and
//! their connections, virtual hubs, security groups.

use super::id::ResourceId;
use super::property::View;
use super::reading::Reading;
use super::report::Topic;

const NEXT_HOPS: &[&str] = &["VirtualAppliance", "VirtualNetworkGateway", "VnetLocal", "Internet", "None"];
const POLICIES: &[&str] = &["Disabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled", "Enabled"];
const DIRECTIONS: &[&str] = &["Inbound", "Outbound"];
const ACCESSES: &[&str] = &["Allow", "Deny"];

/// Types that decide which way packets take.
pub(super) const KINDS: [&str; 11] = [
    "microsoft.network/routetables",
    "microsoft.network/routetables/routes",
    "microsoft.network/azurefirewalls",
    "microsoft.network/virtualnetworkgateways",
    "microsoft.network/localnetworkgateways",
    "microsoft.network/connections",
    "microsoft.network/virtualhubs",
    "microsoft.network/virtualhubs/hubroutetables",
    "microsoft.network/virtualhubs/hubvirtualnetworkconnections",
    "microsoft.network/networksecuritygroups",
    "microsoft.network/networksecuritygroups/securityrules",
];

/// Whether a connection or a route table of a virtual hub has routes that are not read.
pub(super) const OWN_ROUTES: &str = "ownRoutes";

/// The route tables that a connection of a virtual hub is associated with and propagates to.
pub(super) struct HubTables<'t> {
    pub(super) associated: Option<&'t str>,
    /// False if nothing is said of propagation.
    pub(super) propagated: bool,
    pub(super) ids: &'t [String],
    pub(super) labels: &'t [&'t str],
}

impl HubTables<'_> {
    /// True if they are those that a connection has where nothing else is said.
    fn are_default(&self) -> bool {
        let is_default =
            |id: &str| id.rsplit('/').next().is_some_and(|name| name.eq_ignore_ascii_case("defaultRouteTable"));
        let is_label = |label: &&str| label.eq_ignore_ascii_case("default");
        self.associated.is_none_or(is_default)
            && self.ids.iter().all(|id| is_default(id))
            && self.labels.iter().all(is_label)
            && (!self.propagated || !self.ids.is_empty() || !self.labels.is_empty())
    }
}

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
                if let Some(routing) = view.object("routingConfiguration") {
                    self.hub_connection_routing(id, &routing);
                }
                view.ignore(&[
                    "allowHubToRemoteVnetTransit",
                    "allowRemoteVnetToUseHubVnetGateways",
                    "enableInternetSecurity",
                ]);
            }
            "microsoft.network/virtualhubs/hubroutetables" => {
                // A route to the hub's own firewall is what every hub with a firewall is taken to have.
                let is_to_firewall = |text: &str| text.to_ascii_lowercase().contains("/azurefirewalls/");
                let routes = view.items("routes");
                let others: Vec<&str> = routes
                    .iter()
                    .filter(|item| !item.view().text("nextHop").is_some_and(|(text, _)| is_to_firewall(text)))
                    .map(|item| item.pointer.as_str())
                    .collect();
                if let Some(first) = others.first() {
                    self.hub_routes(id, first);
                }
                view.ignore(&["labels", "associatedConnections", "propagatingConnections"]);
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

    /// Reports routes of a route table of a virtual hub.
    pub(super) fn hub_routes(&mut self, id: &ResourceId, pointer: &str) {
        let text = format!(
            "the routes of route table {} of a virtual hub are not read: whether packets between the networks that are \
             connected to the hub arrive is unknown",
            id.name()
        );
        self.remark(Topic::NotRead, text, pointer, None);
        self.tell(id, OWN_ROUTES, true, pointer);
    }

    /// The route tables of a connection of a virtual hub. Only the default ones are read, by which all networks of a Virtual
    /// WAN reach each other.
    fn hub_connection_routing(&mut self, id: &ResourceId, view: &View<'_>) {
        let references = |view: &View<'_>, name: &str| -> Vec<String> {
            let texts = view.items(name).into_iter().filter_map(|item| Some(item.view().text("id")?.0.to_owned()));
            texts.collect()
        };
        let associated = view.object("associatedRouteTable").and_then(|one| Some(one.text("id")?.0.to_owned()));
        let propagated = view.object("propagatedRouteTables");
        let (ids, labels) = match &propagated {
            Some(one) => (references(one, "ids"), one.texts("labels")),
            None => (Vec::new(), Vec::new()),
        };
        let has_routes = view.object("vnetRoutes").is_some_and(|one| !one.items("staticRoutes").is_empty());
        let has_maps = ["inboundRouteMap", "outboundRouteMap"].into_iter().any(|name| view.object(name).is_some());
        let labels: Vec<&str> = labels.iter().map(|(text, _)| *text).collect();
        let tables = HubTables {
            associated: associated.as_deref(),
            propagated: propagated.is_some(),
            ids: &ids,
            labels: &labels,
        };
        self.hub_tables(id, &tables, has_routes || has_maps, view.pointer());
    }

    /// Reports route tables of a hub's connection other than the default ones.
    pub(super) fn hub_tables(&mut self, id: &ResourceId, tables: &HubTables<'_>, has_routes: bool, pointer: &str) {
        if has_routes || !tables.are_default() {
            let text = format!(
                "connection {} of a virtual hub has route tables or routes of its own, which are not read: whether packets \
                 from its network and to it arrive is unknown",
                id.name()
            );
            self.remark(Topic::NotRead, text, pointer, None);
            self.tell(id, OWN_ROUTES, true, pointer);
        }
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
