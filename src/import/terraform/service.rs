//! Resources of other services that private endpoints lead to: where they are, and whether they let public requests in.

use crate::import::id::ResourceId;
use crate::import::property::View;
use crate::import::reading::{Reading, host};
use crate::import::rest;

/// Types of the provider azurerm that have private endpoints of their own, and the types of resources they make.
pub(super) const TYPES: [(&str, &str); 34] = [
    ("azurerm_app_configuration", "microsoft.appconfiguration/configurationstores"),
    ("azurerm_arc_private_link_scope", "microsoft.hybridcompute/privatelinkscopes"),
    ("azurerm_automation_account", "microsoft.automation/automationaccounts"),
    ("azurerm_batch_account", "microsoft.batch/batchaccounts"),
    ("azurerm_cognitive_account", "microsoft.cognitiveservices/accounts"),
    ("azurerm_container_registry", "microsoft.containerregistry/registries"),
    ("azurerm_cosmosdb_account", "microsoft.documentdb/databaseaccounts"),
    ("azurerm_dashboard_grafana", "microsoft.dashboard/grafana"),
    ("azurerm_data_factory", "microsoft.datafactory/factories"),
    ("azurerm_databricks_workspace", "microsoft.databricks/workspaces"),
    ("azurerm_eventgrid_domain", "microsoft.eventgrid/domains"),
    ("azurerm_eventgrid_topic", "microsoft.eventgrid/topics"),
    ("azurerm_eventhub_namespace", "microsoft.eventhub/namespaces"),
    ("azurerm_iothub", "microsoft.devices/iothubs"),
    ("azurerm_key_vault", "microsoft.keyvault/vaults"),
    ("azurerm_kubernetes_cluster", "microsoft.containerservice/managedclusters"),
    ("azurerm_kusto_cluster", "microsoft.kusto/clusters"),
    ("azurerm_linux_function_app", "microsoft.web/sites"),
    ("azurerm_linux_web_app", "microsoft.web/sites"),
    ("azurerm_machine_learning_workspace", "microsoft.machinelearningservices/workspaces"),
    ("azurerm_monitor_workspace", "microsoft.monitor/accounts"),
    ("azurerm_mssql_managed_instance", "microsoft.sql/managedinstances"),
    ("azurerm_mssql_server", "microsoft.sql/servers"),
    ("azurerm_mysql_flexible_server", "microsoft.dbformysql/flexibleservers"),
    ("azurerm_postgresql_flexible_server", "microsoft.dbforpostgresql/flexibleservers"),
    ("azurerm_recovery_services_vault", "microsoft.recoveryservices/vaults"),
    ("azurerm_redis_cache", "microsoft.cache/redis"),
    ("azurerm_search_service", "microsoft.search/searchservices"),
    ("azurerm_servicebus_namespace", "microsoft.servicebus/namespaces"),
    ("azurerm_signalr_service", "microsoft.signalrservice/signalr"),
    ("azurerm_storage_account", "microsoft.storage/storageaccounts"),
    ("azurerm_synapse_workspace", "microsoft.synapse/workspaces"),
    ("azurerm_windows_function_app", "microsoft.web/sites"),
    ("azurerm_windows_web_app", "microsoft.web/sites"),
];

/// The same for what Azure has no private DNS zone for.
pub(super) const WITHOUT_ZONES: [(&str, &str); 2] = [
    ("azurerm_application_gateway", "microsoft.network/applicationgateways"),
    ("azurerm_private_link_service", "microsoft.network/privatelinkservices"),
];

/// Attributes that say whether a service takes requests over public addresses.
pub(super) const ACCESSES: [&str; 3] =
    ["public_network_access_enabled", "public_network_enabled", "public_network_access"];

/// True for a type that has private endpoints of its own.
pub(super) fn is_service(kind: &str) -> bool {
    TYPES.iter().chain(&WITHOUT_ZONES).any(|(own, _)| *own == kind)
}

impl Reading<'_> {
    /// A resource of another service. What else it has, has no part in DNS.
    pub(super) fn tf_service(&mut self, id: &ResourceId, view: &View<'_>) {
        self.tf_location(id, view);
        for found in ACCESSES.iter().filter_map(|name| view.get(name)) {
            match found.value.as_bool() {
                Some(flag) => self.tell(id, "publicNetworkAccess", rest::ACCESSES[usize::from(!flag)], &found.pointer),
                None => self.service_access(id, &found),
            }
        }
        if let Some((text, pointer)) = view.text("query_endpoint")
            && let Some(host) = self.name(host(text), &pointer)
        {
            self.tell(id, "host", host.to_string(), &pointer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use crate::estate::Cloud;

    #[test]
    fn every_type_has_private_endpoints_of_its_own() {
        let catalogue = Catalogue::of(Cloud::Public);
        for (kind, azure) in TYPES {
            assert!(catalogue.services_of(azure).next().is_some(), "{kind}: {azure}");
        }
    }
}
