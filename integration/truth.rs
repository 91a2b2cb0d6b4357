//! What people reported as wrong, each as a file with the right values: `truth/NAME.yaml` is tested as a whole, and what
//! expectations cannot say is asserted here.

use crate::fixture::{run, run_with};

/// Holds the expectations of a file.
fn holds(name: &str) {
    let file = format!("{}/integration/truth/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    let told = run(&["test", &file]);
    assert!(told.starts_with("exit code 0") && !told.contains(" 0 passed"), "{told}");
}

macro_rules! files {
    ($($test:ident = $name:literal,)*) => {
        $(
            #[test]
            fn $test() {
                holds($name);
            }
        )*

        #[test]
        fn every_file_is_held() {
            let folder = format!("{}/integration/truth", env!("CARGO_MANIFEST_DIR"));
            let files = std::fs::read_dir(folder).expect("the folder is there").count();
            assert_eq!([$($name),*].len(), files);
        }
    };
}

files! {
    dns_server_out_of_reach = "dns-server-out-of-reach",
    equal_prefixes = "equal-prefixes",
    forwarder_per_workspace = "forwarder-per-workspace",
    forwarding_loop = "forwarding-loop",
    hosts_of_two_endpoints = "hosts-of-two-endpoints",
    hosts_that_exist = "hosts-that-exist",
    legacy_scope_on_another_dns = "legacy-scope-on-another-dns",
    live_metrics_follow_the_query_flag = "live-metrics-follow-the-query-flag",
    names_that_exist = "names-that-exist",
    one_suffix_forwarded = "one-suffix-forwarded",
    overlapping_subnets = "overlapping-subnets",
    region_with_blanks = "region-with-blanks",
    ruleset_hides_zone = "ruleset-hides-zone",
    scope_without_modes = "scope-without-modes",
    story_of_an_empty_zone = "story-of-an-empty-zone",
    three_addresses_of_a_data_collection_endpoint = "three-addresses-of-a-data-collection-endpoint",
    transit_through_hub_firewall = "transit-through-hub-firewall",
    what_azure_does_not_have = "what-azure-does-not-have",
    workspace_of_another_scope = "workspace-of-another-scope",
    zones_linked_to_no_network = "zones-linked-to-no-network",
}

/// A field that would have no effect is an error with its place.
#[test]
fn a_perimeter_without_a_secured_resource_is_refused() {
    let text = "version: 1\nworkspaces:\n  a: { customerId: aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa, location: westus2, \
                perimeterAllowsInbound: true }\n";
    let told = run_with(&["check", "-"], text);
    assert!(told.starts_with("exit code 2") && told.contains("has no effect without SecuredByPerimeter"), "{told}");
    assert!(told.contains("<stdin>:3"), "{told}");
}

/// Two fields that say different things are an error: neither is ignored.
#[test]
fn an_endpoint_that_contradicts_the_connection_string_is_refused() {
    let text = "version: 1\ncomponents:\n  c: { location: westeurope, ingestionEndpoint: westeurope-1, connectionString: \
                \"InstrumentationKey=33333333-3333-4333-8333-333333333333;IngestionEndpoint=https://westeurope-5.in.applicationinsights.azure.com/\" }\n";
    let told = run_with(&["check", "-"], text);
    assert!(told.starts_with("exit code 2"), "{told}");
    assert!(
        told.contains("`ingestionEndpoint` contradicts `connectionString`") && told.contains("<stdin>:3"),
        "{told}"
    );
    let same = run_with(&["check", "-"], &text.replace("westeurope-1", "westeurope-5"));
    assert!(same.starts_with("exit code 0"), "{same}");
}

/// The order in which networks are declared decides nothing.
#[test]
fn turning_declarations_round_changes_no_answer() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/integration/truth/equal-prefixes.yaml");
    let text = std::fs::read_to_string(file).expect("it is there");
    let lines: Vec<&str> = text.lines().collect();
    let a = lines.iter().position(|line| line.starts_with("  a: ")).expect("it has a");
    let mut turned = lines.clone();
    turned.swap(a, a + 1);
    assert!(turned[a].starts_with("  b: "), "{turned:?}");
    let ask = |text: &str| {
        run_with(&["explain", "api.monitor.azure.com", "--from-address", "10.50.0.9", "--scenario", "-"], text)
    };
    assert_eq!(ask(&text), ask(&turned.join("\n")));
}

/// The story lists names that change because of an empty linked zone, for the estate and for one machine.
#[test]
fn the_story_shows_names_that_an_empty_zone_takes() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/integration/truth/story-of-an-empty-zone.yaml");
    let told = run(&["story", file]);
    assert!(told.contains("7 answers changed; 7 broken (+7)"), "{told}");
    let client = run(&["story", file, "--client", "vm"]);
    assert!(client.contains("api.monitor.azure.com") && client.contains("NXDOMAIN"), "{client}");
    let diff = run(&["diff", &format!("{file}@before"), "@linked"]);
    assert!(diff.contains("live.monitor.azure.com"), "{diff}");
}
