//! Errors as people see them, each message once; hostile texts; the same scenario in several spellings.

use super::*;
use crate::estate::{Event, ForwardTo, PublicNetworkAccess, ResourceSpec};

/// What most cases begin with: networks, resources, a scope with its endpoint.
const ESTATE: &str = "\
version: 1
networks:
  vnet1: { addressSpace: [10.0.1.0/24], subnets: { endpoints: 10.0.1.0/26 } }
  vnet2: { addressSpace: [10.0.2.0/24], subnets: { endpoints: 10.0.2.0/26 } }
workspaces:
  ws-alpha: { customerId: 11111111-1111-4111-8111-111111111111, location: westeurope }
components:
  ai-alpha: { location: westeurope, ingestionEndpoint: westeurope-5 }
virtualMachines:
  vm1: { network: vnet1 }
steps:
  - name: first
    events:
      - createPrivateDnsZones: { resourceGroup: rg-dns, zones: azuremonitor, links: { vnet1: {} } }
      - createPrivateLinkScope: { name: ampls1 }
      - addScopedResource: { scope: ampls1, resource: ws-alpha }
      - createPrivateEndpoint: { name: pe1, scope: ampls1, subnet: vnet1/endpoints, zoneGroup: rg-dns }
";

fn read(text: &str) -> Scenario {
    Scenario::read("estate.yaml", text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn errors(text: impl AsRef<[u8]>) -> ScenarioErrors {
    match Scenario::read("estate.yaml", text.as_ref()) {
        Ok(_) => panic!("this can be read:\n{}", String::from_utf8_lossy(text.as_ref())),
        Err(errors) => errors,
    }
}

/// The estate and one more step.
fn with_step(lines: &str) -> String {
    format!("{ESTATE}  - name: second\n{lines}")
}

/// The errors of cases, each under the words for it.
fn rendered(cases: &[(&str, String)]) -> String {
    cases.iter().map(|(case, text)| format!("== {case}\n{}\n\n", errors(text))).collect()
}

fn events(scenario: &Scenario) -> Vec<Event> {
    scenario.history.events().iter().map(|recorded| recorded.event.clone()).collect()
}

#[test]
fn errors_of_syntax_are_told_at_their_place() {
    let cases = [
        ("an open bracket", "version: 1\nnetworks: { vnet1: { addressSpace: [10.0.0.0/8 }\n".to_owned()),
        ("a tab as indent", "version: 1\nnetworks:\n\tvnet1: {}\n".to_owned()),
        ("nothing at all", "# only a comment\n".to_owned()),
        ("two documents", "version: 1\n---\nversion: 1\n".to_owned()),
        ("an alias without anchor", "version: 1\ntitle: *nowhere\n".to_owned()),
        ("an alias in its own anchor", "version: 1\nnetworks: &all { vnet1: *all }\n".to_owned()),
        ("a tag", "version: 1\ntitle: !secret x\n".to_owned()),
        ("a key that is a list", "version: 1\n[a, b]: x\n".to_owned()),
        ("a key twice", "version: 1\nnetworks:\n  vnet1: {}\n  vnet2: {}\n  vnet1: {}\n".to_owned()),
    ];
    insta::assert_snapshot!(rendered(&cases));
    insta::assert_snapshot!("not_utf8", errors(b"version: 1\ntitle: caf\xe9\n"));
}

/// The mistakes of a first scenario: each error says what is wrong, where, and what to write instead.
#[test]
fn common_mistakes_say_what_to_write_instead() {
    let cases = [
        ("version: 1\nnetworks: { a: { addressSpace: [10.0.0.0/24] }\n", "unclosed bracket", (2, 11), "close each `[`"),
        (
            "version: 1\nnetworks:\n  a: { addressSpace: [10.0.0.0/24 }\n",
            "mismatched bracket",
            (3, 22),
            "close each `[`",
        ),
        ("version: 1\ntitle: \"abc\n", "unclosed quote", (2, 8), "end the text with the same quotation mark"),
        (
            "version: 1\nnetworks:\n  a:\n      addressSpace: [10.0.0.0/24]\n    kind: virtual\n",
            "did not find expected key",
            (5, 5),
            "keys of one mapping start in the same column",
        ),
        ("version: 1\nnetworks:\n\ta: {}\n", "tabs", (3, 2), "indent with spaces"),
        (
            "version: 1\nnetworks:\n  - a\n",
            "expected a mapping, found a list",
            (3, 3),
            "write entries as `name: value`",
        ),
        ("version: 1\nsteps: { a: {} }\n", "expected a list, found a mapping", (2, 8), "after `- `"),
        ("networks: {}\n", "missing key `version`", (1, 1), "write `version: 1` at the top"),
        (
            "version: 1\nworkspaces: { w: { location: westeurope } }\n",
            "missing key `customerId`",
            (2, 18),
            "such as `customerId: ",
        ),
    ];
    for (text, message, place, hint) in cases {
        let errors = Scenario::read("x", text.as_bytes()).expect_err(text);
        let first = &errors.errors[0];
        assert!(first.message.contains(message), "{text}: {}", first.message);
        assert_eq!((first.place.line, first.place.column), place, "{text}");
        let own = first.hint.as_deref().unwrap_or_default();
        assert!(own.contains(hint), "{text}: {own}");
    }
}

#[test]
fn errors_of_form_are_told_at_their_place() {
    let event = |text: &str| with_step(&format!("    events:\n      - {text}\n"));
    let cases = [
        ("a list in the place of a mapping", "[version, 1]\n".to_owned()),
        ("no version", "networks: {}\n".to_owned()),
        ("another version", "version: 2\n".to_owned()),
        ("a misspelt key", "version: 1\nnetworks:\n  vnet1: { adressSpace: [10.0.0.0/8] }\n".to_owned()),
        ("a key from nowhere", "version: 1\nserver: 10.0.0.1\n".to_owned()),
        ("a misspelt word", "version: 1\ncloud: AzureClod\n".to_owned()),
        ("a word from nowhere", "version: 1\nswitches: { limits: all }\n".to_owned()),
        ("text in the place of a list", "version: 1\nnetworks:\n  vnet1: { addressSpace: 10.0.0.0/8 }\n".to_owned()),
        ("nothing in the place of text", "version: 1\nworkspaces:\n  ws: { customerId: , location: x }\n".to_owned()),
        ("a number as text", "version: 1\nsteps:\n  - name: a\n    expect: [{ flows: [{ from: public, to: x, operation: query, row: one }] }]\n".to_owned()),
        ("three networks peered", "version: 1\nnetworks: { a: {}, b: {} }\npeerings: [[a, b, a]]\n".to_owned()),
        ("one network peered", "version: 1\nnetworks: { a: {} }\npeerings: [[a]]\n".to_owned()),
        ("an event without a key", event("date: 2024-01-01")),
        ("an event that is text", event("reboot")),
        ("an event with two keys", event("{ reboot: vm1, cutSessions: vm1 }")),
        ("a misspelt event", event("creatPrivateEndpoint: { name: pe2, scope: ampls1, subnet: vnet1/endpoints }")),
        ("an event from nowhere", event("explode: vm1")),
        ("an event lacks keys", event("createPrivateEndpoint: { name: pe2 }")),
        ("a record set without records", event("putRecordSet: { resourceGroup: rg-dns, zone: privatelink.monitor.azure.com, name: x, type: A, records: [] }")),
        ("a TTL out of bounds", event("putRecordSet: { resourceGroup: rg-dns, zone: privatelink.monitor.azure.com, name: x, type: A, ttl: 0, records: [10.0.0.1] }")),
        ("a word for the zones", event("linkZones: { resourceGroup: rg-dns, zones: azuremonitr, links: { vnet2: {} } }")),
        ("a policy from nowhere", event("linkZones: { resourceGroup: rg-dns, zones: azuremonitor, links: { vnet2: { resolutionPolicy: NXDomainRedirect } } }")),
    ];
    insta::assert_snapshot!(rendered(&cases));
}

#[test]
fn errors_of_networks_are_told_at_their_place() {
    let network = |text: &str| format!("version: 1\nnetworks:\n  vnet1: {{ {text} }}\n  vnet2: {{}}\n");
    let top = |text: &str| format!("version: 1\nnetworks:\n  vnet1: {{}}\n  vnet2: {{}}\n{text}\n");
    let event = |text: &str| with_step(&format!("    events:\n      - {text}\n"));
    let cases = [
        ("no prefix", network("addressSpace: [10.0.1.0]")),
        ("an address with a length", network("addressSpace: [10.0.1.7/24]")),
        ("a client prefix", network("clientPrefixes: [localhost]")),
        ("a subnet outside", network("addressSpace: [10.0.1.0/24], subnets: { endpoints: 10.0.2.0/26 }")),
        ("a subnet of nothing", network("subnets: { endpoints: 10.0.2.0/26 }")),
        ("a subnet's name", network("addressSpace: [10.0.1.0/24], subnets: { a/b: 10.0.1.0/26 }")),
        ("kind twice", network("kind: virtual, onPremises: true")),
        ("a target from nowhere", network("dns: { default: 8.8.8.8 }")),
        ("a forward to an unknown network", network("dns: { forward: { x.example: network/vnet3 } }")),
        ("a forward to an unknown endpoint", network("dns: { default: inboundEndpoint/inbound }")),
        ("a suffix that is no name", network("dns: { forward: { a..b: public } }")),
        ("a network called public", "version: 1\nnetworks: { public: {} }\n".to_owned()),
        ("a name of blanks", "version: 1\nnetworks: { ' ': {}, '': {} }\n".to_owned()),
        ("a peering with nobody", top("peerings: [[vnet1, vnet22]]")),
        ("a peering with itself", top("peerings: [[vnet1, vnet1]]")),
        ("an inbound endpoint nowhere", top("inboundEndpoints: { inbound: { network: nowhere } }")),
        (
            "a ruleset's rules and links",
            top(
                "rulesets: { rules1: { rules: [{ domain: 'a b', target: public }, { domain: x., target: network/vnet }], links: [vnet] } }",
            ),
        ),
        ("a machine nowhere", top("virtualMachines: { vm: { network: vnet3 } }")),
        ("a network created twice", event("createNetwork: { name: vnet1, addressSpace: [10.0.0.0/24] }")),
        (
            "a network deleted twice",
            with_step(
                "    events:\n      - deleteNetwork: vnet2\n  - name: third\n    events:\n      - deleteNetwork: vnet2\n",
            ),
        ),
        ("a peering that is not there", event("deletePeering: [vnet1, vnet2]")),
        ("a ruleset that is not there", event("deleteRuleset: rules1")),
        ("DNS of an unknown network", event("setDns: { network: vnet, dns: azureProvided }")),
        ("a machine that is not there", event("reboot: vm")),
        ("a rule for nobody", event("setOutboundRule: { network: 10.0.0.0/8, action: Deny }")),
    ];
    insta::assert_snapshot!(rendered(&cases));
}

#[test]
fn errors_of_resources_and_scopes_are_told_at_their_place() {
    let top = |text: &str| format!("version: 1\n{text}\n");
    let event = |text: &str| with_step(&format!("    events:\n      - {text}\n"));
    let endpoint = |text: &str| event(&format!("createPrivateEndpoint: {{ name: pe2, scope: ampls1, {text} }}"));
    let guid = "11111111-1111-4111-8111-111111111111";
    let cases = [
        ("no GUID", top("workspaces: { ws: { customerId: 1234, location: westeurope } }")),
        (
            "one name for two resources",
            top(&format!(
                "workspaces: {{ x: {{ customerId: {guid}, location: westeurope }} }}\ncomponents: {{ x: {{ location: westeurope }} }}"
            )),
        ),
        ("a workspace that is not there", top("components: { ai: { location: westeurope, workspace: ws } }")),
        (
            "a workspace that is none",
            top("components: { one: { location: westeurope }, two: { location: westeurope, workspace: one } }"),
        ),
        (
            "a host nobody sends to",
            top("components: { ai: { location: westeurope, ingestionEndpoint: https://telemetry.example.com/ } }"),
        ),
        (
            "a host of another cloud",
            top(
                "components: { ai: { location: usgovvirginia, ingestionEndpoint: https://usgovvirginia-0.in.applicationinsights.azure.us/ } }",
            ),
        ),
        ("no connection string", top("components: { ai: { location: westeurope, connectionString: westeurope-5 } }")),
        (
            "no host",
            top(
                "dataCollectionEndpoints: { dce: { location: westeurope, configurationAccess: 'https://a b/', logsIngestion: x..y } }",
            ),
        ),
        ("a resource that is not there", event("setPublicNetworkAccess: { resource: ws-beta, query: Disabled }")),
        (
            "queries of a collection endpoint",
            with_step(
                "    events:\n      - createDataCollectionEndpoint: { name: dce, location: westeurope, configurationAccess: a.example, logsIngestion: b.example }\n      - setPublicNetworkAccess: { resource: dce, query: Disabled }\n",
            ),
        ),
        ("a workspace updated as component", event("updateComponent: { name: ws-alpha, location: westeurope }")),
        ("a scope twice", event("createPrivateLinkScope: { name: ampls1 }")),
        ("a scope that is not there", event("addScopedResource: { scope: ampls, resource: ws-alpha }")),
        (
            "a resource that is not there, of several",
            event("addScopedResource: { scope: ampls1, resource: [ws-alpha, ws-alpa] }"),
        ),
        ("a resource that is not in the scope", event("removeScopedResource: { scope: ampls1, resource: ai-alpha }")),
        ("no subnet", endpoint("subnet: vnet1")),
        ("an unknown network", endpoint("subnet: vnet3/endpoints")),
        ("an unknown subnet", endpoint("subnet: vnet1/endpoint")),
        (
            "an address outside",
            endpoint("subnet: vnet1/endpoints, ipConfigurations: [{ memberName: api, privateIPAddress: 10.0.1.64 }]"),
        ),
        (
            "an address Azure keeps",
            endpoint("subnet: vnet1/endpoints, ipConfigurations: [{ memberName: api, privateIPAddress: 10.0.1.3 }]"),
        ),
        (
            "no address",
            endpoint("subnet: vnet1/endpoints, ipConfigurations: [{ memberName: api, privateIPAddress: 10.0.1 }]"),
        ),
        ("a group without zones", endpoint("subnet: vnet1/endpoints, zoneGroup: rg-dnz")),
        (
            "a zone that is not there",
            endpoint(
                "subnet: vnet1/endpoints, zoneGroup: { resourceGroup: rg-other, zones: [privatelink.monitor.azure.com] }",
            ),
        ),
        ("no date", endpoint("subnet: vnet1/endpoints, created: 2021-13-01")),
        ("a date in another form", event("{ reboot: vm1, date: 1.12.2021 }")),
        (
            "an endpoint deleted before",
            with_step(
                "    events:\n      - deletePrivateEndpoint: pe1\n  - name: third\n    events:\n      - repairZoneGroup: pe1\n      - deletePrivateEndpoint: { name: pe1 }\n",
            ),
        ),
        (
            "an exclusion for nobody",
            event(
                "setAccessModes: { scope: ampls1, exclusions: [{ privateEndpointConnectionName: pe9, ingestionAccessMode: Open, queryAccessMode: Open }] }",
            ),
        ),
        (
            "no zone group to repair",
            with_step("    events:\n      - deleteZoneGroup: pe1\n      - repairZoneGroup: pe1\n"),
        ),
    ];
    insta::assert_snapshot!(rendered(&cases));
}

#[test]
fn errors_of_zones_are_told_at_their_place() {
    let event = |text: &str| with_step(&format!("    events:\n      - {text}\n"));
    let set = |text: &str| {
        event(&format!("putRecordSet: {{ resourceGroup: rg-dns, zone: privatelink.monitor.azure.com, {text} }}"))
    };
    let cases = [
        (
            "a zone of another cloud",
            event("createPrivateDnsZones: { resourceGroup: rg, zones: [privatelink.monitor.azure.us] }"),
        ),
        ("no name", event("createPrivateDnsZones: { resourceGroup: rg, zones: ['privatelink..com'] }")),
        ("no resource group", event("createPrivateDnsZones: { resourceGroup: '', zones: azuremonitor }")),
        (
            "a link to nobody",
            event("createPrivateDnsZones: { resourceGroup: rg, zones: [x.example], links: { vnet3: {} } }"),
        ),
        (
            "zones of another group",
            event("linkZones: { resourceGroup: rg, zones: [privatelink.monitor.azure.com], links: { vnet1: {} } }"),
        ),
        (
            "a link that is not there",
            event(
                "unlinkZones: { resourceGroup: rg-dns, zones: [privatelink.monitor.azure.com], networks: [vnet1, vnet2] }",
            ),
        ),
        (
            "a record set of another zone",
            event("deleteRecordSet: { resourceGroup: rg-dns, zone: monitor.azure.com, name: api, type: A }"),
        ),
        ("no record type", set("name: x, type: ADDRESS, records: [10.0.0.1]")),
        ("no name of a record set", set("name: x..y, type: A, records: [10.0.0.1]")),
        ("no address", set("name: x, type: A, records: [10.0.0.256]")),
        ("no IPv6 address", set("name: x, type: AAAA, records: [10.0.0.1]")),
        ("no alias", set("name: x, type: CNAME, records: ['a b']")),
        ("no mail exchange", set("name: x, type: MX, records: [mail.example.com]")),
        ("no service", set("name: x, type: SRV, records: [0 0 host.example.com]")),
        ("a long text", set(&format!("name: x, type: TXT, records: [{}]", "x".repeat(256)))),
        ("two lines", set("name: x, type: A, records: [\"10.0.0.1\\ny 10 IN A 10.0.0.2\"]")),
        ("name servers", set("name: x, type: NS, records: [ns.example.com]")),
    ];
    insta::assert_snapshot!(rendered(&cases));
}

#[test]
fn errors_of_steps_and_expectations_are_told_at_their_place() {
    let expect = |text: &str| with_step(&format!("    expect:\n      - {text}\n"));
    let cases = [
        ("a step twice", format!("{ESTATE}  - name: first\n")),
        ("a start nowhere", format!("{ESTATE}start: frist\n")),
        ("a date of a step", with_step("    date: yesterday\n")),
        ("nobody asks", expect("answers: { api.monitor.azure.com: public }")),
        ("nothing is asked", expect("{ from: vnet1, findings: [AMPLS001] }")),
        ("somebody unknown asks", expect("{ from: [vnet1, vm1], answers: { api.monitor.azure.com: public } }")),
        ("no question", expect("{ from: vnet1, answers: { a..b: public, api.monitor.azure.com AAAAA: public } }")),
        (
            "no answer",
            expect("{ from: vnet1, answers: { a.example: NXDOMIAN, b.example: [], c.example: [10.0.0.1, x] } }"),
        ),
        ("no chain", expect("{ from: vnet1, chain: { a.example: [b.example, c..d] } }")),
        ("no code", expect("{ findings: AMPLS1, absentFindings: [overwritten] }")),
        (
            "no flow",
            expect("flows: [{ from: vnet3, to: ws, operation: qery, path: privat, endpoint: pe, name: a..b }]"),
        ),
        (
            "no records",
            expect(
                "records: { privatelink.monitor.azure.com: {}, rg/x.example: {}, rg-dns/privatelink.monitor.azure.com: { a..b: 10.0.0.1, c: x } }",
            ),
        ),
    ];
    insta::assert_snapshot!(rendered(&cases));
}

#[test]
fn all_errors_of_a_text_are_told_at_once_and_in_its_order() {
    let text = "\
version: 1
cloud: AzureCloud
networks:
  vnet1: { adressSpace: [10.0.1.0/24], subnets: { endpoints: 10.0.1.0/26 } }
workspaces:
  ws-alpha: { customerId: 1, location: westeurope, publicNetworkAccessForQuery: disabled }
start: last
steps:
  - name: first
    events:
      - createPrivateDnsZones: { resourceGroup: rg-dns, links: { vnet2: {} } }
      - createPrivateLinkScope: { ingestionAccessMode: PrivateOnly }
      - addScopedResource: { scope: ampls1, resource: ws-alph }
      - createPrivateEndpoint: { name: pe1, scope: ampls1, subnet: vnet1/endpoint, zoneGroup: rg-dns }
";
    insta::assert_snapshot!(errors(text));
}

/// A key that is near to a known one is read as that one, so that what depends on it is not reported as well.
#[test]
fn a_misspelt_key_is_told_and_nothing_that_follows_from_it() {
    let text =
        ESTATE.replace("networks:", "netwroks:").replace("subnets:", "subnet:").replace("name: ampls1", "nmae: ampls1");
    let messages: Vec<String> = errors(text).errors.into_iter().map(|error| error.message).collect();
    let unknown = |key: &str| format!("unknown key `{key}`");
    assert_eq!(messages, ["netwroks", "subnet", "subnet", "nmae"].map(unknown));
}

#[test]
fn an_estate_of_many_thousand_workspaces_is_read_in_one_go() {
    let mut text = "version: 1\nworkspaces:\n".to_owned();
    for number in 0..20_000 {
        text += &format!(
            "  ws-{number}: {{ customerId: {number:08x}-1111-4111-8111-111111111111, location: westeurope }}\n"
        );
    }
    text += "steps:\n  - name: all\n    events:\n      - createPrivateLinkScope: { name: ampls }\n";
    text += "      - addScopedResource:\n          scope: ampls\n          resource:\n";
    for number in 0..20_000 {
        text += &format!("            - ws-{number}\n");
    }
    let scenario = read(&text);
    assert_eq!(scenario.history.last().0, 40_001);
    assert_eq!(events(&scenario), events(&read(&scenario.write())));
}

#[test]
fn long_lines_are_cut_around_the_place() {
    let text = format!("version: 1\nnetworks: {{ a: {{}}, {}vnet1: {{ dns: nowhere }}, b: {{}} }}\n", " ".repeat(300));
    insta::assert_snapshot!("long_line", errors(text));
}

#[test]
fn more_errors_than_anybody_reads_are_counted() {
    let keys = |count: usize| (0..count).map(|key| format!("k{key}: 1\n")).collect::<String>();
    let few = errors(format!("version: 1\n{}", keys(60)));
    assert_eq!(few.errors.len(), 60);
    assert!(few.to_string().ends_with("\n\nand 10 more"));
    let many = errors(format!("version: 1\n{}", keys(20_000)));
    assert_eq!(many.errors.len(), error::MAX_ERRORS);
    assert!(many.to_string().ends_with("\n\nand at least 950 more"));
}

#[test]
fn only_errors_that_are_printed_say_what_may_have_been_meant() {
    let events: String = (0..60).map(|_| "      - deletePrivateEndpoint: ep1\n").collect();
    let keys: String = (0..60).map(|key| format!("  steb{key}: 1\n")).collect();
    let text = format!(
        "version: 1\nnetworks: {{ n: {{ addressSpace: [10.0.0.0/16], subnets: {{ s: 10.0.0.0/24 }} }} }}\nsteps:\n  - name: a\n    \
         events:\n      - createPrivateLinkScope: {{ name: a }}\n      - createPrivateEndpoint: {{ name: ep, scope: a, subnet: n/s }}\n{events}"
    );
    let hints = |found: &ScenarioErrors| -> Vec<bool> {
        let meant = |hint: &Option<String>| hint.as_deref().is_some_and(|hint| hint.starts_with("did you mean"));
        found.errors.iter().map(|error| meant(&error.hint)).collect()
    };
    let wanted = [vec![true; 50], vec![false; 10]].concat();
    assert_eq!(hints(&errors(text)), wanted);
    assert_eq!(errors(format!("version: 1\nswitches:\n{keys}")).errors.len(), 60);
}

#[test]
fn hostile_texts_are_errors_and_no_memory_problem() {
    let mut laughs = "version: 1\na: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (own, other) in ('b'..='z').zip('a'..='y') {
        laughs += &format!("{own}: &{own} [{}]\n", vec![format!("*{other}"); 10].join(", "));
    }
    let big = "x".repeat(10 << 20);
    let cases = [
        (laughs, "more than 100000 values"),
        (format!("version: 1\na: &a {big}\nb: [{}]\n", vec!["*a"; 5000].join(", ")), " bytes, the limit"),
        (
            format!("version: 1\na: &a [{}]\nb: [{}]\n", vec!["1"; 5000].join(", "), vec!["*a"; 5000].join(", ")),
            "more than 100000 values",
        ),
        (format!("version: 1\na: {}", "[".repeat(100_000)), "more than 64 deep"),
        (format!("version: 1\na: {}{}", "[".repeat(65), "]".repeat(65)), "more than 64 deep"),
        (format!("version: 1\na:\n  {}x", "- ".repeat(100_000)), "more than 64 deep"),
        (
            format!("version: 1\na:\n{}", (1..200).map(|at| format!("{}a:\n", " ".repeat(at))).collect::<String>()),
            "more than 64 deep",
        ),
        (format!("version: 1\na: {{{}", "a: {".repeat(100_000)), "more than 64 deep"),
        (format!("version: 1\na: &a [&b [&c [&d [{}]]]]\n", vec!["1"; 900_000].join(",")), " values, the limit"),
        (format!("version: 1\ntitle: {big}\nworkspaces: {{ {}: }}", "y".repeat(2000)), "missing key"),
        (format!("version: 1\ncloud: {big}\n"), "invalid value `xxx"),
        (format!("version: 1\n? {big}\n: 1\n"), "unknown key"),
        (" ".repeat(MAX_OCTETS + 1), "more than 64 MiB"),
    ];
    for (text, wanted) in cases {
        let rendered = errors(text).to_string();
        assert!(rendered.contains(wanted), "{}", &rendered[..rendered.len().min(2000)]);
        assert!(rendered.len() < 4000);
    }
}

#[test]
fn a_text_reads_the_same_with_other_line_ends_a_mark_or_tabs_between() {
    let plain = events(&read(ESTATE));
    assert_eq!(plain, events(&read(&ESTATE.replace('\n', "\r\n"))));
    assert_eq!(plain, events(&read(&format!("\u{feff}{ESTATE}"))));
    assert_eq!(plain, events(&read(&ESTATE.replace(", ", ",\t").replace(": {", ":\t{"))));
    let error = errors("\u{feff}versoin: 1\r\nversion: 1\r\n").to_string();
    assert!(error.contains("\n1 | versoin: 1\n  | ^^^^^^^"), "{error}");
}

#[test]
fn json_reads_as_yaml_does() {
    let yaml = read(ESTATE);
    let json = r#"{
	"version": 1,
	"networks": {
		"vnet1": {"addressSpace": ["10.0.1.0/24"], "subnets": {"endpoints": "10.0.1.0\/26"}},
		"vnet2": {"addressSpace": ["10.0.2.0/24"], "subnets": {"endpoints": "10.0.2.0/26"}}
	},
	"workspaces": {"ws-alpha":{"customerId":"11111111-1111-4111-8111-111111111111","location":"westeurope"}},
	"components": {"ai-alpha":{"location":"westeurope","ingestionEndpoint":"westeurope-5","workspace":null}},
	"virtualMachines": {"vm1": {"network": "vnet1"}},
	"title": "caf\u00e9 \ud83d\udd12",
	"steps": [{"name": "f\u0069rst", "events": [
		{"createPrivateDnsZones": {"resourceGroup": "rg-dns", "zones": "azuremonitor", "links": {"vnet1": {}}}},
		{"createPrivateLinkScope": {"name": "ampls1"}},
		{"addScopedResource": {"scope": "ampls1", "resource": ["ws-alpha"]}},
		{"createPrivateEndpoint": {"name": "pe1", "scope": "ampls1", "subnet": "vnet1/endpoints", "zoneGroup": "rg-dns"}}
	]}]
}"#;
    assert_eq!(events(&yaml), events(&read(json)));
    assert_eq!(yaml.history.steps(), read(json).history.steps());
}

#[test]
fn every_event_knows_where_it_was_written() {
    let scenario = read(ESTATE);
    let places: Vec<String> = scenario
        .history
        .events()
        .iter()
        .map(|recorded| recorded.place.as_ref().map_or_else(String::new, ToString::to_string))
        .collect();
    assert_eq!(places[0], "estate.yaml:3:3");
    assert_eq!(places[2], "estate.yaml:6:3");
    assert_eq!(places[places.len() - 1], "estate.yaml:17:9");
}

#[test]
fn names_that_look_like_numbers_stay_names() {
    let text = "version: 1\nnetworks: { 1: {}, 0x1f: {}, 2021-12-01: {}, yes: {} }\npeerings: [[1, 0x1f]]\n";
    let names: Vec<String> = events(&read(text))
        .iter()
        .filter_map(|event| match event {
            Event::CreateNetwork(spec) => Some(spec.name.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(names, ["1", "0x1f", "2021-12-01", "yes"]);
}

#[test]
fn endpoints_of_components_are_read_from_labels_hosts_and_connection_strings() {
    let read =
        |keys: &str| match events(&read(&format!("version: 1\ncomponents: {{ ai: {{ location: x, {keys} }} }}\n")))
            .remove(0)
        {
            Event::PutResource(ResourceSpec::Component(spec)) => (spec.ingestion_endpoint, spec.live_endpoint),
            other => panic!("{other:?}"),
        };
    let both = (Some("westeurope-5".to_owned()), Some("westeurope".to_owned()));
    let string = "InstrumentationKey=11111111-1111-4111-8111-111111111111;\
                  IngestionEndpoint=https://westeurope-5.in.applicationinsights.azure.com/;\
                  LiveEndpoint=https://westeurope.livediagnostics.monitor.azure.com/";
    assert_eq!(read("ingestionEndpoint: westeurope-5"), both);
    assert_eq!(read("ingestionEndpoint: westeurope-5.in.applicationinsights.azure.com"), both);
    assert_eq!(read("ingestionEndpoint: https://WestEurope-5.in.ai.monitor.azure.com/"), both);
    assert_eq!(read(&format!("connectionString: '{string}'")), both);
    assert_eq!(read("connectionString: InstrumentationKey=1"), (None, None));
    assert_eq!(read("ingestionEndpoint: https://dc.services.visualstudio.com/"), (None, None));
    assert_eq!(read("ingestionEndpoint: https://global.in.ai.monitor.azure.com/"), (None, None));
    assert_eq!(read("ingestionEndpoint: westeurope-5, liveEndpoint: global"), (both.0.clone(), None));
    assert_eq!(read("ingestionEndpoint: northeurope"), (Some("northeurope".into()), Some("northeurope".into())));
}

#[test]
fn hosts_of_a_collection_endpoint_are_read_bare_as_addresses_and_as_azure_has_them() {
    let text = "\
version: 1
dataCollectionEndpoints:
  dce:
    location: westeurope
    configurationAccess: { endpoint: 'https://dce-x1.westeurope-1.handler.control.monitor.azure.com' }
    logsIngestion: https://dce-x1.westeurope-1.ingest.monitor.azure.com:443/
    metricsIngestion: dce-x1.westeurope-1.metrics.ingest.monitor.azure.com
    publicNetworkAccess: SecuredByPerimeter
    perimeterAllowsInbound: true
";
    let Event::PutResource(ResourceSpec::DataCollectionEndpoint(spec)) = events(&read(text)).remove(0) else {
        panic!("a collection endpoint")
    };
    assert_eq!(spec.configuration_access.to_string(), "dce-x1.westeurope-1.handler.control.monitor.azure.com");
    assert_eq!(spec.logs_ingestion.to_string(), "dce-x1.westeurope-1.ingest.monitor.azure.com");
    assert_eq!(
        spec.metrics_ingestion.map(|name| name.to_string()).as_deref(),
        Some("dce-x1.westeurope-1.metrics.ingest.monitor.azure.com")
    );
    assert_eq!(spec.public_network_access, PublicNetworkAccess::SecuredByPerimeter { inbound_allowed: true });
}

#[test]
fn networks_can_forward_to_each_other_whatever_their_order() {
    let text = "\
version: 1
networks:
  spoke: { dns: { kind: acceptsChain, forward: { corp.example: network/onprem }, default: inboundEndpoint/inbound } }
  onprem: { onPremises: true, dns: { default: public } }
  hub: {}
inboundEndpoints: { inbound: { network: hub } }
";
    let Event::CreateNetwork(spoke) = events(&read(text)).remove(0) else { panic!("a network") };
    let crate::estate::DnsSetting::Custom { forward, default, .. } = spoke.dns else { panic!("a server of its own") };
    assert_eq!(forward[0].to, [ForwardTo::Network("onprem".into())]);
    assert_eq!(default, [ForwardTo::InboundEndpoint("inbound".into())]);
}

#[test]
fn a_zone_group_by_resource_group_has_the_zones_that_exist_then() {
    let text = "\
version: 1
networks:
  vnet1: { addressSpace: [10.0.1.0/24], subnets: { endpoints: 10.0.1.0/26 } }
steps:
  - name: one
    events:
      - createPrivateDnsZones: { resourceGroup: rg, zones: [privatelink.ods.opinsights.azure.com, corp.example] }
      - createPrivateLinkScope: { name: ampls }
      - createPrivateEndpoint: { name: pe, scope: ampls, subnet: vnet1/endpoints, zoneGroup: rg }
      - createPrivateDnsZones: { resourceGroup: rg, zones: [privatelink.monitor.azure.com] }
      - repairZoneGroup: pe
      - setZoneGroup: { endpoint: pe, zoneGroup: rg }
";
    let groups: Vec<usize> = events(&read(text))
        .iter()
        .filter_map(|event| match event {
            Event::CreatePrivateEndpoint(spec) => spec.zone_group.as_ref().map(|group| group.zones.len()),
            Event::SetZoneGroup { zone_group, .. } => Some(zone_group.zones.len()),
            _ => None,
        })
        .collect();
    assert_eq!(groups, [1, 1, 2]);
}

#[test]
fn what_azure_refuses_to_delete_can_still_be_referred_to() {
    // The zone is linked, the resource is scoped, and the network has an endpoint in it.
    let text = with_step(
        "    events:
      - deletePrivateDnsZones: { resourceGroup: rg-dns, zones: [privatelink.monitor.azure.com] }
      - deleteResource: ws-alpha
      - deleteNetwork: vnet1
  - name: third
    events:
      - linkZones: { resourceGroup: rg-dns, zones: [privatelink.monitor.azure.com], links: { vnet1: {} } }
      - addScopedResource: { scope: ampls1, resource: ws-alpha }
",
    );
    read(&text);
}

#[test]
fn dates_are_the_events_own_or_the_steps() {
    let text = with_step(
        "    date: 2021-08-31\n    events:\n      - reboot: vm1\n      - { cutSessions: vm1, date: 2021-09-01 }\n",
    );
    let dates: Vec<String> =
        read(&text).history.events().iter().filter_map(|recorded| recorded.date.map(|date| date.to_string())).collect();
    assert_eq!(dates, ["2021-08-31", "2021-09-01"]);
}

#[test]
fn expectations_name_each_asker_and_are_written_back() {
    let text = with_step(
        "    expect:
      - from: [vnet1, public]
        answers: { api.monitor.azure.com: 10.0.1.9, x.example TXT: hello, y.example CNAME: z.example, z.example: NODATA }
        chain: { api.monitor.azure.com: [api.privatelink.monitor.azure.com] }
      - findings: AMPLS001
        absentFindings: [AMPLS002, AMPLS003]
      - flows: [{ from: vm1, to: ws-alpha, operation: resourceManager, path: SERVFAIL, decision: deny, row: 4, status: 403, text: no }]
      - records: { rg-dns/privatelink.monitor.azure.com: { api: 10.0.1.9, '@': 10.0.1.1 } }
",
    );
    let scenario = read(&text);
    assert_eq!(scenario.expectations.len(), 8 + 2 + 3 + 1 + 1);
    let rendered = |scenario: &Scenario| -> Vec<_> {
        scenario.expectations.iter().map(|one| (one.step.clone(), one.revision, one.expected.clone())).collect()
    };
    assert_eq!(rendered(&scenario), rendered(&read(&scenario.write())));
}

#[test]
fn what_is_written_is_what_a_person_would_write() {
    let scenario = read(builtin::text("two-scopes-one-dns").expect("it is built in"));
    insta::assert_snapshot!(scenario.write());
}

#[test]
fn faults_of_zone_files_stand_where_the_scenario_names_them() {
    let files = |path: &str| match path {
        "bad.zone" => Ok(b"@ 1 SOA a b 1 2 3 4 5\nx 1 A 10.0.0.256\n".to_vec()),
        "apex.zone" => Ok(b"a 1 A 10.0.0.1\n".to_vec()),
        other => Err(format!("there is no {other}")),
    };
    let text = "\
version: 1
networks:
  vnet1: { addressSpace: [10.0.1.0/24] }
zoneFiles:
  - file: missing.zone
  - file: bad.zone
  - { file: apex.zone, origin: shop.example, resourceGroup: rg }
  - { file: apex.zone, origin: shop.example }
  - { text: '@ 1 SOA a b 1 2 3 4 5', origin: shop.example, links: { vnet1: {} } }
  - { file: a, text: b }
";
    let errors = Scenario::read_with("s.yaml", text.as_bytes(), &files).expect_err("nothing in it is right");
    insta::assert_snapshot!(errors);
}
