"""What Microsoft publishes about Azure Monitor Private Link, as tables, and the rules that a mutation can break.

Sources, as pages and dates: private-link-design (2024-10-23), private-link-configure (2026-01-27), private-endpoint-dns
(2023-10-11 and 2025-08-04), private-dns-fallback (2025-02-04), private-resolver-endpoints-rulesets (2023-03-29), the support
team's ampls-ip-ranges (2025-12), logs/private-link-security (2022-01-05, scopes from before September 2021),
network-security-perimeter (2025-06-04), private-link-ipv6 (2026-07-07), virtual-networks-udr-overview (2023-05-27), virtual-network-manage-peering
(2018-02-09), disable-private-endpoint-network-policy (2023-07-26), network-security-groups-overview (2025-03-10),
service-tags-overview, inspect-traffic-with-azure-firewall (2025-03-25), howto-private-link of Virtual WAN (2023-03-30),
storage-private-endpoints (2025-07-08), data-collection-endpoint-overview (2025-05-21), data-collection-rule-associations
(2026-01-20), azure-docs issue 72045 (endpoints to another tenant), and real output of dig and of the Azure CLI.
"""

from dataclasses import dataclass, fields

MONITOR = "monitor.azure.com"
OMS = "oms.opinsights.azure.com"
ODS = "ods.opinsights.azure.com"
AGENTSVC = "agentsvc.azure-automation.net"
BLOB = "blob.core.windows.net"

# Public zones, in the order of private-endpoint-dns. The private zone has `privatelink.` in front.
PUBLIC_ZONES = [MONITOR, OMS, ODS, AGENTSVC, BLOB]
PRIVATE_ZONES = ["privatelink." + zone for zone in PUBLIC_ZONES]

# The names every endpoint of a scope serves, in the order in which they get addresses (six dumps agree).
BASE_NAMES = [
    "api." + MONITOR,
    "global.in.ai." + MONITOR,
    "profiler." + MONITOR,
    "live." + MONITOR,
    "diagservices-query." + MONITOR,
    "snapshot." + MONITOR,
    "scadvisorcontentpl." + BLOB,
    "global.handler.control." + MONITOR,
]
BOOTSTRAP = "global.handler.control." + MONITOR

# Names that did not exist in the first setups, and the first day on which an endpoint serves them.
BASE_SINCE = {
    "scadvisorcontentpl." + BLOB: "2021-04-19",
    "diagservices-query." + MONITOR: "2021-12-01",
    "global.handler.control." + MONITOR: "2021-12-01",
}
COMPRESSION_SINCE = "2021-12-01"
MODES_SINCE = "2021-09-01"

# Hosts that applications are configured with, each an alias of the next name.
ENTRY_HOSTS = {
    "management.azure.com": "management.privatelink.azure.com",
    "api.loganalytics.io": "api." + MONITOR,
    "api.applicationinsights.io": "api." + MONITOR,
    "dc.services.visualstudio.com": "dc.applicationinsights.microsoft.com",
    "dc.applicationinsights.microsoft.com": "dc.applicationinsights.azure.com",
    "dc.applicationinsights.azure.com": "global.in.ai." + MONITOR,
}
# Names below these are aliases of the name beside them.
ENTRY_SUFFIXES = {"api.monitor.azure.com": "api." + MONITOR, "api.loganalytics.io": "api." + MONITOR}
# Names that are known to go on behind the privatelink name, as dig showed: a server that starts anew at each alias asks
# for these as well.
TAILS = {
    "api.privatelink." + MONITOR: "draftprodglobal.trafficmanager.net",
    "global.in.ai.privatelink." + MONITOR: "dc.trafficmanager.net",
    "global.handler.control.privatelink." + MONITOR: "amcs-prod-global-handler.trafficmanager.net",
    # A hop, but into no zone of a scope: dig of 02/2022, azure-docs on Bastion.
    "management.privatelink.azure.com": "arm-frontdoor-prod.trafficmanager.net",
}
# Stamps and regions of Application Insights that public reports know, whether a component here has them or not.
STAMPS = ["westeurope-5", "westeurope-1", "northeurope-0"]
STAMP_NAMES = [f"{stamp}.in.ai.{MONITOR}" for stamp in STAMPS] + [
    f"{region}.livediagnostics.{MONITOR}" for region in ("westeurope", "northeurope")
]
# Hosts of Azure that no scope makes private: they have no alias into a scope's zones.
NEVER_PRIVATE = ["js.monitor.azure.com"]

# The regions of the histories' resources.
REGIONS = ["westeurope", "northeurope"]

# Other services: group id, what the public name and the name of the private zone end in, and what clients do with the name.
SERVICES = {
    "Microsoft.KeyVault/vaults": ("vault", "vault.azure.net", "privatelink.vaultcore.azure.net", "dataPlane"),
    "Microsoft.Storage/storageAccounts": ("blob", BLOB, "privatelink." + BLOB, "dataPlane"),
    "Microsoft.Monitor/accounts": (
        "prometheusMetrics", "{region}.prometheus." + MONITOR, "privatelink.{region}.prometheus." + MONITOR, "query",
    ),
}

# Where private endpoints can have IPv6 addresses, a preview: types, and those of the regions above that have it.
IPV6_TYPES = ["Microsoft.KeyVault/vaults", "Microsoft.Storage/storageAccounts"]
IPV6_REGIONS = ["northeurope"]

# Azure keeps the network address, three more and the broadcast address of each subnet.
FIRST_ADDRESS = 4


def twin(name):
    """The privatelink name of a public name, or None if no zone of a scope would own it."""
    for zone in PUBLIC_ZONES:
        if name.endswith("." + zone):
            return name[: -len(zone)] + "privatelink." + zone
    return None


@dataclass(frozen=True)
class Rules:
    """Each rule as Azure has it. A mutation turns one of them round; the comparison must then fail."""

    longest_zone_wins: bool = True
    zone_owns_its_name_space: bool = True
    redirect_asks_public_dns: bool = True
    last_writer_wins: bool = True
    deletion_takes_the_name: bool = True
    overwritten_stays_away: bool = True
    workspaces_of_a_region_share_addresses: bool = True
    resources_come_before_base_names: bool = True
    links_stay_in_their_network: bool = True
    own_dns_ignores_own_links: bool = True
    zone_comes_before_rule: bool = True
    private_zone_is_asked_for_aliases: bool = True
    hop_only_when_scoped: bool = True
    pending_endpoint_writes_nothing: bool = True
    group_is_a_fixed_list: bool = True
    member_is_allowed: bool = True
    private_only_refuses_others: bool = True
    exclusions_replace_the_mode: bool = True
    log_ingestion_has_no_mode: bool = True
    open_leaves_it_to_the_flag: bool = True
    packets_need_a_way: bool = True
    bootstrap_needs_a_scoped_collection_endpoint: bool = True
    resource_manager_is_never_private: bool = True
    disabled_and_unrelated_is_closed: bool = True
    old_scope_is_private_only: bool = True
    old_scope_hides_other_workspaces: bool = True
    old_endpoint_lacks_newer_names: bool = True
    both_halves_of_a_peering_are_needed: bool = True
    gateway_is_used_with_both_flags: bool = True
    express_route_is_no_next_hop: bool = True
    own_route_comes_before_a_peering: bool = True
    longest_route_wins: bool = True
    endpoint_has_a_route_of_its_own: bool = True
    policy_lets_routes_apply: bool = True
    appliance_can_drop_packets: bool = True
    networks_of_a_wan_reach_each_other: bool = True
    firewall_of_a_hub_decides: bool = True
    session_outlives_a_rule: bool = True
    session_keeps_its_address: bool = True
    session_ends_with_its_way: bool = True
    machine_uses_what_is_scoped: bool = True
    perimeter_decides_on_public_requests: bool = True
    hop_of_a_service_needs_an_approved_endpoint: bool = True
    endpoint_of_a_service_lets_in: bool = True
    another_tenant_has_to_approve: bool = True
    scope_holds_resources_of_its_tenant: bool = True
    association_decides_on_configuration: bool = True
    associated_endpoint_must_be_scoped: bool = True
    subnet_has_routes_of_its_own: bool = True
    group_drops_where_packets_leave: bool = True
    group_of_a_machine_counts: bool = True
    group_of_an_endpoint_needs_the_policy: bool = True
    lower_priority_number_comes_first: bool = True
    rules_are_for_their_port_and_protocol: bool = True
    tag_of_a_service_is_public: bool = True
    ipv6_endpoint_has_record_sets_of_its_own: bool = True
    ipv6_endpoint_needs_a_region_that_has_it: bool = True
    ipv6_packets_need_a_peering: bool = True
    group_does_not_stop_ipv6: bool = True

    def mutated(self, name):
        return Rules(**{field.name: getattr(self, field.name) != (field.name == name) for field in fields(self)})


MUTATIONS = [field.name for field in fields(Rules)]
