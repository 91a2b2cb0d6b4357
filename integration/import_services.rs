//! Private endpoints of other services are read from what people have, with their names and addresses.

use std::path::Path;
use std::sync::Arc;

use ampls_dns::assess::Assessment;
use ampls_dns::compile::{Compiled, compile};
use ampls_dns::dns::OwnerName;
use ampls_dns::estate::{PublicNetworkAccess, ResourceSpec};
use ampls_dns::import::{ImportFile, Imported, import};
use ampls_dns::resolve::{Outcome, decide_addresses};

fn read(file: &str) -> Imported {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("integration/imports/services").join(file);
    let text = std::fs::read(&path).expect("the file is there");
    import(&[ImportFile { name: Arc::from(file), text: &text }]).unwrap_or_else(|errors| panic!("{errors}"))
}

fn world(imported: &Imported) -> Compiled {
    let history = Arc::new(imported.scenario.history.clone());
    compile(&history, history.last())
}

/// The names of the chain and the address at its end.
fn resolved(world: &Compiled, network: &str, name: &str) -> String {
    let view = world.views.of_network(network).expect("the network is there");
    let decision = decide_addresses(world, view, &OwnerName::parse(name).expect("a good name"));
    let Outcome::Answer(hop) = &decision.outcome else { return format!("{:?}", decision.outcome) };
    let address = hop.owned.set.ip_addresses().next().expect("the answer has an address");
    format!("{} {address}", hop.owner)
}

#[test]
fn a_key_vault_resolves_to_the_address_of_its_endpoint() {
    let imported = read("key-vault.json");
    let world = world(&imported);
    assert_eq!(resolved(&world, "vnet1", "kv1.vault.azure.net"), "kv1.privatelink.vaultcore.azure.net 10.9.1.4");
    assert_eq!(Assessment::of(&world).findings, []);
    // The vault itself is not in the import, so nothing says whether it takes public requests.
    let Some(ResourceSpec::Service(vault)) = world.state.resources.get("kv1").map(|own| &own.spec) else {
        panic!("the vault is there")
    };
    assert_eq!(vault.public_network_access, PublicNetworkAccess::Unknown);
    let missing = "kv1 is not in the import: whether it takes public requests is unknown";
    let own = imported.report.remarks.iter().find(|remark| remark.text == missing).expect("it is reported");
    assert!(own.get.as_deref().is_some_and(|get| get.starts_with("az resource show --ids ")) && !own.changes_dns);
    assert!(imported.scenario.write().contains("publicNetworkAccess: Unknown"));
}

#[test]
fn a_storage_account_keeps_the_record_set_of_its_zone_group() {
    let imported = read("storage.json");
    let world = world(&imported);
    let name = "stone.blob.core.windows.net";
    assert_eq!(resolved(&world, "hub", name), "stone.privatelink.blob.core.windows.net 10.0.1.4");
    assert_eq!(Assessment::of(&world).findings, []);
}

#[test]
fn an_azure_monitor_workspace_has_its_own_endpoint_and_is_in_no_scope() {
    let imported = read("azure-monitor-workspace.json");
    let world = world(&imported);
    let name = "amw-a1b2.eastus.prometheus.monitor.azure.com";
    let private = "amw-a1b2.privatelink.eastus.prometheus.monitor.azure.com 10.0.1.9";
    assert_eq!(resolved(&world, "hub", name), private);
    assert!(world.state.scopes.is_empty());
}

#[test]
fn a_template_whose_vault_has_no_name_yet_makes_no_scope_of_it() {
    let imported = read("key-vault.template.json");
    let world = world(&imported);
    assert!(world.state.scopes.is_empty() && world.state.endpoints.is_empty());
    let told = imported.report.remarks.iter().any(|remark| remark.text.contains("microsoft.keyvault/vaults"));
    assert!(told, "the endpoint is told of");
}

#[test]
fn terraform_gives_the_vault_its_flag_and_its_region() {
    let imported = read("key-vault.tfstate.json");
    let world = world(&imported);
    assert_eq!(resolved(&world, "hub", "kv-shop.vault.azure.net"), "kv-shop.privatelink.vaultcore.azure.net 10.4.1.7");
    let ResourceSpec::Service(vault) = &world.state.resources["kv-shop"].spec else { panic!("it is a vault") };
    assert_eq!(vault.public_network_access, PublicNetworkAccess::Disabled);
    assert_eq!(vault.location.as_deref(), Some("northeurope"));
    assert_eq!(Assessment::of(&world).findings, []);
    assert_eq!(imported.report.remarks.iter().map(|remark| &*remark.text).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn a_plan_follows_the_connection_to_the_vault() {
    // Nothing is applied yet: the id of the vault is in the configuration alone, and the address is predicted.
    let imported = read("key-vault.tfplan.json");
    let world = world(&imported);
    assert_eq!(resolved(&world, "hub", "kv-shop.vault.azure.net"), "kv-shop.privatelink.vaultcore.azure.net 10.4.1.4");
    assert!(world.state.scopes.is_empty());
    assert_eq!(Assessment::of(&world).findings, []);
}

#[test]
fn an_endpoint_with_ipv6_addresses_keeps_them() {
    let imported = read("storage-with-ipv6.json");
    let world = world(&imported);
    assert_eq!(
        resolved(&world, "hub", "stone.blob.core.windows.net"),
        "stone.privatelink.blob.core.windows.net fd00:10:1:1::9"
    );
    assert_eq!(world.state.refusals, []);
    assert_eq!(Assessment::of(&world).findings, []);
    // The import has no list of the zone's record sets, and nothing else is missing.
    let remarks: Vec<&str> = imported.report.remarks.iter().map(|remark| &*remark.text).collect();
    let known =
        ["the other record sets of private zone", "stone is not in the import: whether it takes public requests"];
    assert!(remarks.iter().all(|text| known.iter().any(|start| text.starts_with(start))), "{remarks:?}");
    // What is written is read again.
    let text = imported.scenario.write();
    let again =
        ampls_dns::scenario::Scenario::read("again", text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(text.contains("ipVersionType: IPv6") && again.history.last() == imported.scenario.history.last(), "{text}");
}
