//! Which of zones, rules and servers answers: linked zones against rules of a ruleset (MicrosoftDocs/azure-docs issues 100273 and
//! 109292, pull requests 123643 and 125137; private-resolver-endpoints-rulesets, 2023-03-29), Azure Firewall as DNS proxy
//! (Azure Firewall DNS settings, 2020-06-30), and registration zones (private-dns-autoregistration, 2022-09-27).

use crate::fixture::run_with;

/// A hub with an endpoint and a resolver, a spoke, and a network that is linked to what a test links it to.
const ESTATE: &str = "version: 1
networks:
  hub: { addressSpace: [10.0.0.0/16], subnets: { pe: 10.0.2.0/26, in: 10.0.3.0/28 } }
  spoke: { addressSpace: [10.1.0.0/16] }
  other: { addressSpace: [10.2.0.0/16] }
peerings: [[hub, spoke], [hub, other]]
inboundEndpoints: { in: { network: hub, subnet: in } }
workspaces: { ws: { customerId: 11111111-1111-4111-8111-111111111111, location: westeurope } }
steps:
  - name: endpoint
    events:
      - createPrivateDnsZones: { resourceGroup: rg, zones: azuremonitor, links: { hub: {} } }
      - createPrivateLinkScope: { name: s, ingestionAccessMode: Open, queryAccessMode: Open }
      - addScopedResource: { scope: s, resource: ws }
      - createPrivateEndpoint: { name: pe, scope: s, subnet: hub/pe, zoneGroup: rg }
  - name: changed
    events:
";

/// Holds the expectations after these events.
fn holds(events: &str, expectations: &str) {
    holds_in(ESTATE, events, expectations);
}

/// The same in another estate.
fn holds_in(estate: &str, events: &str, expectations: &str) {
    let text = format!("{estate}{events}    expect:\n{expectations}");
    let tested = run_with(&["test", "-"], &text);
    assert!(tested.starts_with("exit code 0") && !tested.contains(" 0 passed"), "{tested}\n{text}");
}

#[test]
fn a_linked_zone_comes_before_a_rule_of_its_name_also_where_it_lacks_the_name() {
    holds(
        "      - createPrivateDnsZones: { resourceGroup: own, zones: [corp.example], links: { spoke: {} } }
      - putRecordSet: { resourceGroup: own, zone: corp.example, name: www, type: A, records: [10.1.0.9] }
      - createPrivateDnsZones: { resourceGroup: others, zones: [corp.example], links: { hub: {} } }
      - putRecordSet: { resourceGroup: others, zone: corp.example, name: www, type: A, records: [10.0.0.8] }
      - putRecordSet: { resourceGroup: others, zone: corp.example, name: mail, type: A, records: [10.0.0.9] }
      - setRuleset: { name: r, links: [spoke, other], rules: [{ domain: corp.example., target: inboundEndpoint/in }] }
",
        "      - from: spoke
        answers: { www.corp.example: 10.1.0.9, mail.corp.example: NXDOMAIN }
      - from: other
        answers: { www.corp.example: 10.0.0.8, mail.corp.example: 10.0.0.9 }
",
    );
}

#[test]
fn rules_and_zones_match_the_name_that_is_asked_for_and_each_target_of_an_alias_again() {
    // The zone of the alias' target is linked, and the rule takes the name before there is an alias.
    holds(
        "      - linkZones: { resourceGroup: rg, zones: azuremonitor, links: { spoke: {} } }
      - setRuleset: { name: r, links: [spoke], rules: [{ domain: monitor.azure.com., target: public }] }
",
        "      - from: spoke
        answers: { api.monitor.azure.com: public, api.privatelink.monitor.azure.com: 10.0.2.7, 11111111-1111-4111-8111-111111111111.ods.opinsights.azure.com: 10.0.2.5 }
",
    );
    // Nothing matches the name that is asked for; public DNS has an alias, and a rule matches its target.
    holds(
        "      - setRuleset: { name: r, links: [spoke], rules: [{ domain: privatelink.monitor.azure.com., target: inboundEndpoint/in }] }
",
        "      - from: spoke
        answers: { api.monitor.azure.com: 10.0.2.7, js.monitor.azure.com: public, www.example.org: NXDOMAIN }
",
    );
}

#[test]
fn an_explanation_names_the_zone_that_a_rule_keeps_from_being_asked() {
    let hidden = "private zone rg/privatelink.monitor.azure.com, linked to spoke, is not asked for \
                  api.privatelink.monitor.azure.com: a rule of ruleset r matched first";
    let linked = "      - linkZones: { resourceGroup: rg, zones: azuremonitor, links: { spoke: {} } }\n";
    let rule = |domain: &str| {
        format!("      - setRuleset: {{ name: r, links: [spoke], rules: [{{ domain: {domain}, target: public }}] }}\n")
    };
    let restarts = |text: &str| text.replace("version: 1\n", "version: 1\nswitches: { rulesetChain: restarts }\n");
    let both = format!("{ESTATE}{linked}{}", rule("monitor.azure.com."));
    for (text, is_hidden) in [
        (both.clone(), true),
        (restarts(&both), false),
        (format!("{ESTATE}{linked}{}", rule("ods.opinsights.azure.com.")), false),
        (format!("{ESTATE}{}", rule("monitor.azure.com.")), false),
    ] {
        let explained = run_with(&["explain", "api.monitor.azure.com", "--from", "spoke", "--scenario", "-"], &text);
        assert!(explained.starts_with("exit code 0"), "{explained}");
        assert_eq!(explained.contains(hidden), is_hidden, "{explained}\n{text}");
    }
}

#[test]
fn whether_aliases_in_a_rules_answer_are_looked_up_again_is_a_switch() {
    let events = "      - linkZones: { resourceGroup: rg, zones: azuremonitor, links: { spoke: {} } }
      - setRuleset: { name: r, links: [spoke], rules: [{ domain: monitor.azure.com., target: public }] }
";
    for (switch, answer) in [("stands", "public"), ("restarts", "10.0.2.7")] {
        let estate = ESTATE.replace("version: 1\n", &format!("version: 1\nswitches: {{ rulesetChain: {switch} }}\n"));
        let expected = format!("      - from: spoke\n        answers: {{ api.monitor.azure.com: {answer} }}\n");
        holds_in(&estate, events, &expected);
    }
}

#[test]
fn a_network_with_dns_servers_of_its_own_uses_neither_its_links_nor_its_ruleset() {
    holds(
        "      - linkZones: { resourceGroup: rg, zones: azuremonitor, links: { spoke: {} } }
      - setRuleset: { name: r, links: [spoke], rules: [{ domain: ods.opinsights.azure.com., target: inboundEndpoint/in }] }
      - setDns: { network: spoke, dns: { kind: acceptsChain, default: public } }
",
        "      - from: spoke
        answers: { api.monitor.azure.com: public, 11111111-1111-4111-8111-111111111111.ods.opinsights.azure.com: public }
      - findings: { code: AMPLS024, object: spoke }
",
    );
}

#[test]
fn a_network_is_linked_to_one_ruleset() {
    let first = "      - setRuleset: { name: a, links: [spoke], rules: [{ domain: monitor.azure.com., target: inboundEndpoint/in }] }\n";
    let second = "      - setRuleset: { name: b, links: [spoke, other], rules: [{ domain: ods.opinsights.azure.com., target: inboundEndpoint/in }] }\n";
    let law = "11111111-1111-4111-8111-111111111111.ods.opinsights.azure.com";
    holds(
        &format!("{first}{second}"),
        &format!(
            "      - from: spoke
        answers: {{ api.monitor.azure.com: 10.0.2.7, {law}: public }}
      - findings: {{ code: AMPLS008, object: \"b cannot be linked to spoke: a is linked to it, and a network is linked to one ruleset only in step changed\" }}
"
        ),
    );
    // The first one makes room, or is deleted. A ruleset can be set again.
    let again = first.replace("[spoke]", "[hub]").replace("inboundEndpoint/in", "public");
    for events in [format!("{first}{again}{second}"), format!("{first}      - deleteRuleset: a\n{second}{second}")] {
        holds(
            &events,
            &format!("      - from: spoke\n        answers: {{ {law}: 10.0.2.5 }}\n      - absentFindings: AMPLS008\n"),
        );
    }
}

#[test]
fn a_firewall_that_is_a_dns_proxy_answers_as_its_network_whatever_the_clients_network_is_linked_to() {
    holds(
        "      - createPrivateDnsZones: { resourceGroup: own, zones: [privatelink.monitor.azure.com], links: { spoke: {} } }
      - putRecordSet: { resourceGroup: own, zone: privatelink.monitor.azure.com, name: api, type: A, records: [10.1.0.9] }
      - setDns: { network: hub, dns: { kind: acceptsChain, default: azureProvided } }
      - setDns: { network: spoke, dns: { kind: acceptsChain, default: network/hub } }
",
        "      - from: [hub, spoke]
        answers: { api.monitor.azure.com: 10.0.2.7 }
      - findings: { code: AMPLS024, object: spoke }
",
    );
    // It can ask other servers than Azure's: those of an office do not know the zones.
    holds(
        "      - createNetwork: { name: office, kind: onPremises, addressSpace: [192.168.0.0/16] }
      - setGateway: { network: hub, kind: vpn, connects: [office] }
      - setDns: { network: hub, dns: { kind: acceptsChain, default: network/office } }
      - setDns: { network: spoke, dns: { kind: acceptsChain, default: network/hub } }
",
        "      - from: [hub, spoke]
        answers: { api.monitor.azure.com: public }
",
    );
}

#[test]
fn the_firewall_of_a_virtual_hub_asks_a_server_in_a_connected_network_because_a_hub_has_no_links() {
    holds(
        "      - deletePeering: [hub, spoke]
      - setVirtualHub: { name: v, virtualWan: wan, connections: [hub, spoke], firewall: Allow }
      - setDns: { network: spoke, dns: { kind: acceptsChain, default: inboundEndpoint/in } }
",
        "      - from: spoke
        answers: { api.monitor.azure.com: 10.0.2.7 }
      - flows:
          - { from: spoke, to: ws, operation: query, path: private, decision: allow }
",
    );
}

#[test]
fn a_zone_registers_machines_of_several_networks_and_a_network_in_one_zone() {
    holds(
        "      - createPrivateDnsZones: { resourceGroup: a, zones: [corp.example], links: { spoke: { registrationEnabled: true }, other: { registrationEnabled: true } } }
      - createPrivateDnsZones: { resourceGroup: b, zones: [lab.example], links: { spoke: {} } }
",
        "      - absentFindings: [AMPLS008, AMPLS010]\n",
    );
    holds(
        "      - createPrivateDnsZones: { resourceGroup: a, zones: [corp.example], links: { spoke: { registrationEnabled: true } } }
      - createPrivateDnsZones: { resourceGroup: b, zones: [lab.example], links: { spoke: { registrationEnabled: true } } }
",
        "      - findings: { code: AMPLS008 }\n",
    );
}
