//! What was stated wrongly once about names and refusals beside a scope, each with its right value: aliases of other services' names
//! begin with the first approved endpoint and end with the last one (several public digs, 2020 to 2026), names that several
//! resources share are overwritten and deleted like those of scopes (digest of a support wiki on Grafana, 2026-04; Databricks,
//! Purview and Power BI pages), and refusals are known by what all builds write alike.

use crate::fixture::run_with;

/// Holds the expectations of a step after those before it.
fn holds(text: &str) {
    let tested = run_with(&["test", "-"], text);
    assert!(tested.starts_with("exit code 0") && !tested.contains(" 0 passed"), "{tested}");
}

#[test]
fn a_services_name_has_its_alias_with_the_first_approved_endpoint_and_loses_it_with_the_last() {
    let name = "kv-app.vault.azure.net";
    let alias = "kv-app.privatelink.vaultcore.azure.net";
    let has = |has: bool| match has {
        true => format!("    expect: [{{ from: office, replies: {{ {name}: {{ chain: [{alias}] }} }} }}]\n"),
        false => format!("    expect: [{{ from: office, replies: {{ {name}: {{ chain: [] }} }} }}]\n"),
    };
    let endpoint = |pe: &str, approval: &str| {
        format!(
            "    events: [{{ createPrivateEndpoint: {{ name: {pe}, resource: kv-app, subnet: net/pe, approval: {approval} }} }}]\n"
        )
    };
    holds(&format!(
        "version: 1
networks: {{ net: {{ addressSpace: [10.1.0.0/16], subnets: {{ pe: 10.1.1.0/24 }} }}, office: {{ addressSpace: [10.9.0.0/16] }} }}
resources: {{ kv-app: {{ type: Microsoft.KeyVault/vaults, location: westeurope }} }}
steps:
  - name: none
    events: []
{}  - name: pending
{}{}  - name: approved
    events: [{{ setApproval: {{ endpoint: one, approval: Approved }} }}]
{}  - name: second
{}{}  - name: first-deleted
    events: [{{ deletePrivateEndpoint: one }}]
{}  - name: last-deleted
    events: [{{ deletePrivateEndpoint: two }}]
{}",
        has(false),
        endpoint("one", "Pending"),
        has(false),
        has(true),
        endpoint("two", "Approved"),
        has(true),
        has(true),
        has(false),
    ));
}

#[test]
fn a_linked_zone_without_the_record_set_of_an_endpoint_elsewhere_is_a_finding() {
    holds(
        "version: 1
networks: { net: { addressSpace: [10.1.0.0/16] }, other: { addressSpace: [10.2.0.0/16], subnets: { pe: 10.2.1.0/24 } } }
resources: { kv-app: { type: Microsoft.KeyVault/vaults, location: westeurope } }
steps:
  - name: elsewhere
    events:
      - createPrivateDnsZones: { resourceGroup: mine, zones: [privatelink.vaultcore.azure.net], links: { net: {} } }
      - createPrivateDnsZones: { resourceGroup: theirs, zones: [privatelink.vaultcore.azure.net], links: { other: {} } }
      - createPrivateEndpoint: { name: pe, resource: kv-app, subnet: other/pe, zoneGroup: { resourceGroup: theirs, zones: [privatelink.vaultcore.azure.net] } }
    expect:
      - findings: [{ code: AMPLS064, networks: [net], names: [kv-app.vault.azure.net] }]
      - from: net
        answers: { kv-app.vault.azure.net: NXDOMAIN }
",
    );
}

/// The workspaces of a region share one name for signing in: the second endpoint overwrites it, and deleting that one deletes it
/// for both.
#[test]
fn names_that_resources_of_a_service_share_are_overwritten_and_deleted_like_those_of_scopes() {
    holds(
        "version: 1
networks: { net: { addressSpace: [10.1.0.0/16], subnets: { pe: 10.1.1.0/24 } } }
resources:
  one: { type: Microsoft.Databricks/workspaces, location: westeurope, groupIds: [browser_authentication] }
  two: { type: Microsoft.Databricks/workspaces, location: westeurope, groupIds: [browser_authentication] }
steps:
  - name: both
    events:
      - createPrivateDnsZones: { resourceGroup: rg, zones: [privatelink.azuredatabricks.net], links: { net: {} } }
      - createPrivateEndpoint: { name: first, resource: one, groupId: browser_authentication, subnet: net/pe, zoneGroup: { resourceGroup: rg, zones: [privatelink.azuredatabricks.net] } }
      - createPrivateEndpoint: { name: second, resource: two, groupId: browser_authentication, subnet: net/pe, zoneGroup: { resourceGroup: rg, zones: [privatelink.azuredatabricks.net] } }
    expect:
      - from: net
        answers: { westeurope.pl-auth.azuredatabricks.net: 10.1.1.5 }
  - name: second-deleted
    events: [{ deletePrivateEndpoint: second }]
    expect:
      - from: net
        answers: { westeurope.pl-auth.azuredatabricks.net: NXDOMAIN }
",
    );
}

/// Three builds of the service are known by their texts, which differ behind these words.
#[test]
fn refusals_have_the_words_that_all_builds_of_the_service_write() {
    for (mode, public) in [("PrivateOnly", "Enabled"), ("Open", "Disabled")] {
        holds(&format!(
            "version: 1
networks: {{ net: {{ addressSpace: [10.1.0.0/16], subnets: {{ pe: 10.1.1.0/24 }} }} }}
workspaces: {{ ws: {{ customerId: 11111111-1111-4111-8111-111111111111, location: westeurope }} }}
components: {{ own: {{ location: westeurope, workspace: ws }}, foreign: {{ location: westeurope, workspace: ws, publicNetworkAccessForIngestion: {public} }} }}
steps:
  - name: refused
    events:
      - createPrivateDnsZones: {{ resourceGroup: rg, zones: azuremonitor, links: {{ net: {{}} }} }}
      - createPrivateLinkScope: {{ name: s, ingestionAccessMode: {mode}, queryAccessMode: Open }}
      - addScopedResource: {{ scope: s, resource: own }}
      - createPrivateEndpoint: {{ name: pe, scope: s, subnet: net/pe, zoneGroup: rg }}
    expect:
      - flows:
          - {{ from: net, to: foreign, operation: ingestion, name: global.in.ai.monitor.azure.com, path: private, decision: deny, status: 403, text: Component private link id does not match incoming link }}
"
        ));
    }
}
