//! `compare`: every name of an estate, asked for at real servers: our own, BIND and unbound with what is exported for them.

use ampls_dns::output::export::ExportFormat;
use serde_json::Value;

use crate::exports::exported_server;
use crate::fixture::{Server, run};

const ESTATE: &str = "two-scopes-one-dns";

/// What `compare` prints, as JSON, and its exit code.
fn compared(estate: &str, step: &str, servers: &[String]) -> (String, Value) {
    let mut arguments = vec!["compare", estate, "--at", step, "--format", "json"];
    for server in servers {
        arguments.extend(["--server", server]);
    }
    let told = run(&arguments);
    let (code, document) = told.split_once("\n--- stdout\n").unwrap_or_else(|| panic!("{told}"));
    (code.to_owned(), serde_json::from_str(document).unwrap_or_else(|error| panic!("{error}: {told}")))
}

/// The causes of a server's differences, with the name and the message of each.
fn causes(document: &Value) -> Vec<(&str, &str, &str)> {
    let differences = document["servers"][0]["differences"].as_array().expect("a list");
    differences
        .iter()
        .map(|one| {
            let field = |value: &'static str| one[value].as_str().expect("a text");
            (field("cause"), field("name"), field("message"))
        })
        .collect()
}

/// Serves a step of an estate for a network.
fn serve(estate: &str, step: &str, network: &str) -> (Server, String) {
    let server = Server::start(&[estate, "--at", step, "--listen", &format!("{network}=127.0.0.1:0")]);
    let argument = format!("{network}={}", server.dns[0]);
    (server, argument)
}

#[test]
fn the_same_step_does_not_differ() {
    for step in ["before", "first-scope", "second-scope", "second-endpoint-deleted"] {
        let (_server, at) = serve(ESTATE, step, "vnet1");
        let (code, document) = compared(ESTATE, step, &[at]);
        assert_eq!((code.as_str(), document["differing"].as_u64()), ("exit code 0", Some(0)), "{document:#}");
        assert!(document["asked"].as_u64() > Some(15), "{document:#}");
    }
}

#[test]
fn a_zone_that_is_not_linked_is_the_cause_of_public_addresses() {
    let (_server, at) = serve(ESTATE, "before", "vnet1");
    let (code, document) = compared(ESTATE, "first-scope", &[at]);
    let causes = causes(&document);
    assert_eq!(code, "exit code 1");
    assert!(causes.iter().all(|(cause, ..)| *cause == "zoneNotLinked"), "{causes:?}");
    let api = causes.iter().find(|(_, name, _)| *name == "api.monitor.azure.com").expect("the shared name differs");
    assert_eq!(api.2, "zone rg-dns/privatelink.monitor.azure.com is not linked to vnet1");
    let names = causes.iter().filter(|(_, name, _)| name.starts_with("11111111")).count();
    assert_eq!(names, 3, "the workspace's three names differ: {causes:?}");
}

#[test]
fn another_writer_is_named() {
    let (_server, at) = serve(ESTATE, "second-scope", "vnet1");
    let (code, document) = compared(ESTATE, "first-scope", &[at]);
    assert_eq!(code, "exit code 1");
    let causes = causes(&document);
    let api = causes.iter().find(|(_, name, _)| *name == "api.monitor.azure.com").expect("the shared name differs");
    assert_eq!(api.0, "otherWriter");
    let wrote = "in zone rg-dns/privatelink.monitor.azure.com, a writer that is missing from the scenario wrote the record set; in the scenario, pe1 wrote it";
    assert_eq!(api.2, format!("different writer: {wrote}"));
    // A workspace that is scoped there and not here: the zone answers there, and here the name has no alias into it.
    let scoped = causes.iter().find(|(_, name, _)| name.starts_with("22222222")).expect("the workspace differs");
    assert_eq!(scoped.0, "zoneLinked");
    let (_server, at) = serve(ESTATE, "first-scope", "vnet1");
    let (_, document) = compared(ESTATE, "second-scope", &[at]);
    let causes = self::causes(&document);
    let api = causes.iter().find(|(_, name, _)| *name == "api.monitor.azure.com").expect("the shared name differs");
    let wrote = "in zone rg-dns/privatelink.monitor.azure.com, pe1 of ampls1 wrote the record set; in the scenario, pe2 wrote it";
    assert_eq!((api.0, api.2), ("otherWriter", format!("different writer: {wrote}").as_str()));
}

#[test]
fn record_sets_that_are_missing_or_added_are_told_apart() {
    let (_server, at) = serve(ESTATE, "second-endpoint-deleted", "vnet1");
    let (_, document) = compared(ESTATE, "second-scope", &[at]);
    let missing = causes(&document).into_iter().find(|(_, name, _)| *name == "api.monitor.azure.com");
    let message =
        "zone rg-dns/privatelink.monitor.azure.com lacks the record set of pe2: it was deleted, or never written";
    assert_eq!(missing, Some(("recordSetMissing", "api.monitor.azure.com", message)));
    let (_server, at) = serve(ESTATE, "second-scope", "vnet1");
    let (_, document) = compared(ESTATE, "second-endpoint-deleted", &[at]);
    let added = causes(&document).into_iter().find(|(_, name, _)| *name == "api.monitor.azure.com");
    assert_eq!(added.map(|(cause, ..)| cause), Some("recordSetAdded"));
}

#[test]
fn a_forwarder_that_is_missing_is_named_with_its_suffix() {
    let estate = "hub-and-spoke-custom-dns";
    let (_server, at) = serve(estate, "in-azure", "office-chains");
    let (code, document) = compared(estate, "public-zones-forwarded", &[at]);
    assert_eq!(code, "exit code 1");
    let api = causes(&document).into_iter().find(|(_, name, _)| *name == "api.monitor.azure.com");
    let message = "the forwarder for monitor.azure.com to DNS in hub is missing";
    assert_eq!(api, Some(("forwarderMissing", "api.monitor.azure.com", message)));
}

#[test]
fn text_has_the_causes_with_their_names_and_what_to_do() {
    let (_server, at) = serve(ESTATE, "before", "vnet1");
    let told = run(&["compare", "--scenario", ESTATE, "--at", "first-scope", "--server", &at]);
    for part in [
        "exit code 1",
        "\n  zone rg-dns/privatelink.monitor.azure.com is not linked to vnet1\n",
        "    api.monitor.azure.com  expected 10.0.1.9, found public\n",
        "    do  link the zone to the network, or correct the scenario\n",
    ] {
        assert!(told.contains(part), "{part:?} in {told}");
    }
}

#[test]
fn what_cannot_be_compared_is_an_error_and_silence_a_difference() {
    let unknown = run(&["compare", ESTATE, "--server", "nowhere=127.0.0.1:1"]);
    assert!(unknown.starts_with("exit code 2") && unknown.contains("nowhere"), "{unknown}");
    let bare = run(&["compare", ESTATE, "--server", "127.0.0.1:1"]);
    assert!(bare.starts_with("exit code 2") && bare.contains("NETWORK=ADDRESS"), "{bare}");
    let none = run(&["compare", ESTATE]);
    assert!(none.starts_with("exit code 2") && none.contains("--server"), "{none}");
    // Nothing answers there: the first name is asked for, and no other.
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("loopback has free ports");
    let at = format!("vnet1={}", socket.local_addr().expect("it is bound"));
    let silent = run(&["compare", ESTATE, "--server", &at, "--timeout", "50ms", "--tries", "1", "--format", "json"]);
    assert!(silent.starts_with("exit code 1") && silent.contains("\"noReply\""), "{silent}");
    assert!(silent.contains("\"asked\": 1,"), "{silent}");
}

/// A server of another make, with the configuration that is exported for a step, differs from another step only.
fn holds_against(form: ExportFormat) {
    let Some((peer, address)) = exported_server(form, ESTATE, "first-scope", "vnet1") else { return };
    let at = format!("vnet1={address}");
    let (code, document) = compared(ESTATE, "first-scope", std::slice::from_ref(&at));
    assert_eq!((code.as_str(), document["differing"].as_u64()), ("exit code 0", Some(0)), "{form:?}: {document:#}");
    assert!(document["asked"].as_u64() > Some(15), "{document:#}");
    let (code, document) = compared(ESTATE, "second-scope", &[at]);
    let api = causes(&document).into_iter().find(|(_, name, _)| *name == "api.monitor.azure.com");
    assert_eq!((code.as_str(), api.map(|(cause, ..)| cause)), ("exit code 1", Some("otherWriter")), "{document:#}");
    drop(peer);
}

#[test]
fn bind_is_compared() {
    holds_against(ExportFormat::Bind);
}

#[test]
fn unbound_is_compared() {
    holds_against(ExportFormat::Unbound);
}
