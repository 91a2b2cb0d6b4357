//! Attributes that changed between versions of the provider azurerm. Old and new are read side by side, whichever is there.
//!
//! Source: hashicorp/terraform-provider-azurerm, website/docs/guides/5.0-upgrade-guide, 4.0-upgrade-guide and
//! 3.0-upgrade-guide, and CHANGELOG.md up to 5.2.0 (2026-08-20).

/// Whether a resource takes requests over public addresses: a flag up to version 4, one of Azure's words since 5.0.
pub(super) struct Access {
    /// Up to 4.x, and for Application Insights in 5.x: true means Enabled.
    pub(super) flag: &'static str,
    /// Since 5.0: Enabled, Disabled or SecuredByPerimeter.
    pub(super) word: &'static str,
    /// The property of the REST interface.
    pub(super) property: &'static str,
}

/// Ingestion and queries of workspaces and components.
pub(super) const ACCESSES: [Access; 2] = [
    Access {
        flag: "internet_ingestion_enabled",
        word: "internet_ingestion_access_type",
        property: "publicNetworkAccessForIngestion",
    },
    Access {
        flag: "internet_query_enabled",
        word: "internet_query_access_type",
        property: "publicNetworkAccessForQuery",
    },
];

/// A child that names its parent: by name and resource group in older versions, by id in newer ones. The id wins.
pub(super) struct Parent {
    /// How the type of the child begins or ends.
    pub(super) child: &'static str,
    /// Name of the parent; up to 4.x for children of private DNS zones.
    pub(super) name: &'static str,
    /// Id of the parent; since 5.0 for children of private DNS zones.
    pub(super) id: &'static str,
    /// The parent's type.
    pub(super) kind: &'static str,
}

/// Children and their parents.
pub(super) const PARENTS: [Parent; 13] = [
    Parent {
        child: "azurerm_private_dns_zone_virtual_network_link",
        name: "private_dns_zone_name",
        id: "private_dns_zone_id",
        kind: "microsoft.network/privatednszones",
    },
    Parent {
        child: "_record",
        name: "zone_name",
        id: "private_dns_zone_id",
        kind: "microsoft.network/privatednszones",
    },
    Parent {
        child: "azurerm_subnet",
        name: "virtual_network_name",
        id: "virtual_network_id",
        kind: "microsoft.network/virtualnetworks",
    },
    Parent {
        child: "azurerm_virtual_network_peering",
        name: "virtual_network_name",
        id: "virtual_network_id",
        kind: "microsoft.network/virtualnetworks",
    },
    Parent { child: "azurerm_route", name: "route_table_name", id: "", kind: "microsoft.network/routetables" },
    Parent {
        child: "azurerm_network_security_rule",
        name: "network_security_group_name",
        id: "",
        kind: "microsoft.network/networksecuritygroups",
    },
    Parent {
        child: "azurerm_virtual_hub_connection",
        name: "",
        id: "virtual_hub_id",
        kind: "microsoft.network/virtualhubs",
    },
    Parent {
        child: "azurerm_virtual_hub_route_table",
        name: "",
        id: "virtual_hub_id",
        kind: "microsoft.network/virtualhubs",
    },
    Parent {
        child: "azurerm_monitor_private_link_scoped_service",
        name: "scope_name",
        id: "private_link_scope_id",
        kind: "microsoft.insights/privatelinkscopes",
    },
    Parent {
        child: "azurerm_private_dns_resolver_inbound_endpoint",
        name: "",
        id: "private_dns_resolver_id",
        kind: "microsoft.network/dnsresolvers",
    },
    Parent {
        child: "azurerm_private_dns_resolver_outbound_endpoint",
        name: "",
        id: "private_dns_resolver_id",
        kind: "microsoft.network/dnsresolvers",
    },
    Parent {
        child: "azurerm_private_dns_resolver_forwarding_rule",
        name: "",
        id: "dns_forwarding_ruleset_id",
        kind: "microsoft.network/dnsforwardingrulesets",
    },
    Parent {
        child: "azurerm_private_dns_resolver_virtual_network_link",
        name: "",
        id: "dns_forwarding_ruleset_id",
        kind: "microsoft.network/dnsforwardingrulesets",
    },
];

/// How a type of the provider names its parent; absent for types that have none.
pub(super) fn parent(kind: &str) -> Option<&'static Parent> {
    PARENTS.iter().find(|own| own.child == kind || own.child.starts_with('_') && kind.ends_with(own.child))
}
