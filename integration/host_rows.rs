//! Every row of `host_rows.tsv`: what its name answers, whether it has the alias, who writes its record set, and how certain it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use ampls_dns::catalogue::existing::{self, Subject, is_alias_unknown, source_of};
use ampls_dns::catalogue::{Certainty, Hop};
use ampls_dns::compile::{Compiled, compile};
use ampls_dns::dns::wire::{Received, Transport, decode, encode_query};
use ampls_dns::dns::{OwnerName, Rcode, RecordType};
use ampls_dns::estate::Cloud;
use ampls_dns::resolve::{Forwarding, Response, respond};
use ampls_dns::scenario::Scenario;

use crate::fixture::context;

const ROWS: &str = include_str!("host_rows.tsv");

/// The row's columns.
struct Row<'r> {
    cloud: &'r str,
    pattern: &'r str,
    name: OwnerName,
    kind: &'r str,
    hop: &'r str,
    zone: Option<OwnerName>,
    record: &'r str,
    certainty: &'r str,
    answer: &'r str,
    leads_to: &'r str,
}

fn parse(name: &str) -> OwnerName {
    OwnerName::parse(name).expect("a good name")
}

fn rows() -> Vec<Row<'static>> {
    let lines = ROWS.lines().filter(|line| !line.starts_with('#'));
    let read = lines.map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [cloud, pattern, name, kind, hop, zone, record, certainty, answer, leads_to, sources] = columns[..] else {
            panic!("eleven columns: {line}")
        };
        assert!(sources.len() > 8, "sources: {line}");
        let zone = (zone != "-").then(|| parse(zone));
        Row { cloud, pattern, name: parse(name), kind, hop, zone, record, certainty, answer, leads_to }
    });
    read.collect()
}

/// An estate of a cloud: a network whose zones hold nothing, one without zones, and one with an endpoint whose scope has all
/// that the rows' names belong to.
struct Estate {
    /// Nothing is declared; `open` has no zone, `empty` has all of them with nothing in them.
    bare: Compiled,
    /// The same, where uncertain names have the alias.
    always: Compiled,
    /// All resources are declared and in a scope; the endpoint writes to the zones of `served`.
    scoped: Compiled,
    /// They are declared and in no scope.
    unscoped: Compiled,
    /// Both again, where uncertain names have the alias.
    scoped_always: Compiled,
    unscoped_always: Compiled,
}

fn compiled(text: &str) -> Compiled {
    let scenario = Scenario::read("rows.yaml", text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    let last = scenario.history.last();
    let world = compile(&Arc::new(scenario.history), last);
    assert!(world.state.refusals.is_empty(), "{:?}", world.state.refusals);
    world
}

impl Estate {
    fn of(cloud: Cloud) -> Self {
        let head = format!("version: 1\ncloud: {cloud}\n");
        let networks = "networks:
  open: { addressSpace: [10.1.0.0/16] }
  empty: { addressSpace: [10.2.0.0/16] }
";
        let linked =
            "events:\n- createPrivateDnsZones: { resourceGroup: none, zones: azuremonitor, links: { empty: {} } }\n";
        let (region, stamp, suffix) = match cloud {
            Cloud::Public => ("westeurope", "westeurope-0", "com"),
            Cloud::UsGovernment => ("usgovvirginia", "usgovvirginia-1", "us"),
            Cloud::China => ("chinaeast2", "chinaeast2-0", "cn"),
        };
        let others = match cloud {
            Cloud::Public => {
                "uk: { location: uksouth, ingestionEndpoint: uksouth-0 }, us: { location: westus, ingestionEndpoint: westus-0 }"
            }
            _ => "",
        };
        let declared = format!(
            "networks: {{ served: {{ addressSpace: [10.3.0.0/16], subnets: {{ pe: 10.3.0.0/24 }} }} }}
workspaces: {{ ws: {{ customerId: 33333333-3333-4333-8333-333333333333, location: {region} }} }}
components: {{ ai: {{ location: {region}, ingestionEndpoint: {stamp} }}, {others} }}
dataCollectionEndpoints:
  dce:
    location: {region}
    configurationAccess: dce-x-a1b2.{region}-1.handler.control.monitor.azure.{suffix}
    logsIngestion: dce-x-a1b2.{region}-1.ingest.monitor.azure.{suffix}
    metricsIngestion: dce-x-a1b2.{region}-1.metrics.ingest.monitor.azure.{suffix}
"
        );
        let scope = "events:
- createPrivateDnsZones: { resourceGroup: rg, zones: azuremonitor, links: { served: {} } }
- createPrivateLinkScope: { name: s, ingestionAccessMode: Open, queryAccessMode: Open }
- addScopedResource: { scope: s, resource: ws }
- addScopedResource: { scope: s, resource: ai }
OTHERS- addScopedResource: { scope: s, resource: dce }
- createPrivateEndpoint: { name: pe, scope: s, subnet: served/pe, zoneGroup: rg }
";
        let rest = |name: &str| format!("- addScopedResource: {{ scope: s, resource: {name} }}\n");
        let scope = scope.replace("OTHERS", &if others.is_empty() { String::new() } else { rest("uk") + &rest("us") });
        let always = format!("{head}switches: {{ uncertainHop: always }}\n");
        Self {
            bare: compiled(&format!("{head}{networks}{linked}")),
            always: compiled(&format!("{always}{networks}{linked}")),
            scoped_always: compiled(&format!("{always}{declared}{scope}")),
            unscoped_always: compiled(&format!("{always}{declared}")),
            scoped: compiled(&format!("{head}{declared}{scope}")),
            unscoped: compiled(&format!("{head}{declared}")),
        }
    }
}

/// The reply in a network; absent where the question is for another server.
fn ask(world: &Compiled, network: &str, name: &OwnerName, outside: Forwarding) -> Option<Received> {
    let context = context(world.views.of_network(network), outside);
    let packet = encode_query(1, name, RecordType::A, Some(1232));
    let mut bytes = Vec::new();
    let response = respond(world, &context, Transport::Udp, &packet, &mut bytes);
    (!matches!(response, Response::Outside(_))).then(|| decode(&bytes).expect("a reply that can be read"))
}

fn reason(reply: &Received) -> String {
    reply.edns.as_ref().and_then(|edns| edns.extended_error.clone()).map_or_else(String::new, |error| error.text)
}

/// The names a reply's aliases lead to, in order.
fn aliases(reply: &Received) -> Vec<String> {
    let aliases = reply.answer.iter().filter(|record| record.kind == RecordType::CNAME);
    aliases.map(|record| record.data.to_string().trim_end_matches('.').to_owned()).collect()
}

impl Row<'_> {
    /// Its form with `privatelink`.
    fn private(&self) -> Option<OwnerName> {
        let zone = self.zone.as_ref()?;
        let public = parse(zone.to_string().strip_prefix("privatelink.")?);
        // An alias has the form of what it leads to.
        let name = if self.answer == "alias" { parse(self.leads_to) } else { self.name.clone() };
        name.moved(&public, zone)
    }

    /// What is wrong with the answer of public DNS.
    fn answer(&self, estate: &Estate) -> Result<(), String> {
        let name = &self.name;
        let reply = ask(&estate.bare, "open", name, Forwarding::Off).expect("no other server is asked");
        let led = aliases(&reply);
        let ends = reply.rcode == Rcode::NOERROR && reply.answer.last().is_some_and(|last| last.kind == RecordType::A);
        let assumed = reason(&reply).starts_with("assumed: ");
        let leaves = ask(&estate.bare, "open", name, Forwarding::On).is_none();
        let private = self.private().map(|name| name.to_string());
        let good = match self.answer {
            "chain" => {
                ends && !assumed
                    && led.len() > 1
                    && led[0].contains('.')
                    && led.iter().any(|one| one.contains("privatelink"))
            }
            "alias" => ends && !assumed && led.first().map(String::as_str) == Some(self.leads_to),
            // With the alias the address is that of the form with privatelink.
            "address" if self.hop == "yes" && private.is_some() => ends && led.first() == private.as_ref(),
            "address" => ends && !assumed && led.is_empty(),
            "assumed" => ends && assumed && led.is_empty(),
            "outside" => reply.rcode == Rcode::NXDOMAIN && reason(&reply).contains("exists outside the emulated zones"),
            "NODATA" => reply.rcode == Rcode::NOERROR && reply.answer.is_empty(),
            "left out" => reply.rcode == Rcode::NXDOMAIN,
            "those seen" => {
                let other = parse(&name.to_string().replacen("westeurope", "northeurope", 1));
                let other = ask(&estate.bare, "open", &other, Forwarding::Off).expect("it stays");
                ends && !assumed && led.is_empty() && other.rcode == Rcode::NXDOMAIN
            }
            word => panic!("`{word}` is not a word of the rows"),
        };
        let may_leave = self.answer == "outside" || !self.is_of_azure_monitor(&estate.bare);
        match (good, leaves == (self.answer == "outside") || may_leave) {
            (true, true) => Ok(()),
            (false, _) => Err(format!("{} {led:?} {:?} {}", reply.rcode, reply.answer.len(), reason(&reply))),
            (true, false) => Err(format!("leaves: {leaves}")),
        }
    }

    fn is_of_azure_monitor(&self, world: &Compiled) -> bool {
        let apex = world.state.public.zone_of(&self.name).apex();
        !apex.is_root() && !world.state.catalogue.shared.contains(apex)
    }

    /// What is wrong with the alias: with it, a linked zone that holds nothing answers NXDOMAIN.
    fn alias(&self, estate: &Estate) -> Result<(), String> {
        if ["outside", "left out", "NODATA"].contains(&self.answer) {
            return Ok(());
        }
        let rcode = |world: &Compiled, network: &str| {
            ask(world, network, &self.name, Forwarding::Off).map_or(Rcode::SERVFAIL, |reply| reply.rcode)
        };
        let of_alias = self.answer == "alias";
        let owned = self.zone.is_some() || of_alias;
        let expect = |what: &str, world: &Compiled, network: &str, expected: Rcode| match rcode(world, network) {
            found if found == expected => Ok(()),
            found => Err(format!("{what}: expected {expected}, found {found}")),
        };
        match self.hop {
            // Those without a zone of a scope stay public.
            "yes" => expect("alias", &estate.bare, "empty", if owned { Rcode::NXDOMAIN } else { Rcode::NOERROR }),
            "no" => expect("no alias", &estate.bare, "empty", Rcode::NOERROR)
                .and_then(|()| expect("no alias, with the switch", &estate.always, "empty", Rcode::NOERROR)),
            "ifPrivateEndpoint" => expect("its own zone", &estate.bare, "empty", Rcode::NOERROR),
            "ifScoped" => {
                expect("undeclared", &estate.bare, "empty", Rcode::NOERROR)?;
                self.alias_if_scoped(&estate.unscoped, &estate.scoped)
            }
            // What it leads to has an alias of its own.
            "unknown" if of_alias => Ok(()),
            "unknown" => {
                for network in ["empty", "open"] {
                    expect("no alias by default", &estate.bare, network, Rcode::NOERROR)?;
                }
                let catalogue = &estate.bare.state.catalogue;
                let is_zone = catalogue.zones.iter().any(|zone| self.name.is_within(&zone.public));
                let reading = existing::read(catalogue, &self.name);
                if reading.as_ref().is_some_and(|reading| reading.while_scoped && reading.hop == Hop::Always) {
                    // The name has the form of a data collection endpoint's, so that nothing tells it apart from one of another team.
                    return expect("undeclared, with the switch", &estate.always, "empty", Rcode::NOERROR);
                }
                if is_alias_unknown(catalogue, &self.name) != is_zone {
                    return Err(format!("explained as unknown: {}", !is_zone));
                }
                // The names of what can be in a scope have the alias while it is in one, by the switch.
                if self.kind == "perResource" && reading.is_some_and(|reading| reading.while_scoped) {
                    for (what, world) in [("unscoped", &estate.unscoped), ("scoped", &estate.scoped)] {
                        match self.first_alias(world) {
                            None => {}
                            Some(alias) => return Err(format!("by default, {what}: alias to {alias}")),
                        }
                    }
                    expect("undeclared, with the switch", &estate.always, "empty", Rcode::NOERROR)?;
                    return self.alias_if_scoped(&estate.unscoped_always, &estate.scoped_always);
                }
                let expected = if is_zone { Rcode::NXDOMAIN } else { Rcode::NOERROR };
                expect("with the switch", &estate.always, "empty", expected)
            }
            word => panic!("`{word}` is not a word of the rows"),
        }
    }

    /// The first alias of the name of a declared resource.
    fn first_alias(&self, world: &Compiled) -> Option<String> {
        let reply = ask(world, "served", &self.name, Forwarding::Off).expect("it stays");
        aliases(&reply).first().cloned()
    }

    /// What is wrong with the alias of a resource's name, which it has in a scope only.
    fn alias_if_scoped(&self, unscoped: &Compiled, scoped: &Compiled) -> Result<(), String> {
        let catalogue = &scoped.state.catalogue;
        let private = catalogue.zones.iter().find_map(|zone| self.name.moved(&zone.public, &zone.private));
        match (self.first_alias(unscoped), self.first_alias(scoped)) {
            (None, scoped) if scoped.is_some() && scoped == private.map(|name| name.to_string()) => Ok(()),
            other => Err(format!("alias unscoped and scoped: {other:?}")),
        }
    }

    /// What is wrong with who writes its record set.
    fn record(&self, estate: &Estate) -> Result<(), String> {
        let private = match (&self.zone, self.private()) {
            (Some(_), Some(private)) => private,
            // The zones of a resource's own endpoints are none of a scope's.
            _ if ["-", "own"].contains(&self.record) => return Ok(()),
            (zone, _) if self.record == "unknown" && zone.is_none() => return Ok(()),
            _ => return Err("no form with privatelink".to_owned()),
        };
        let zones = estate.scoped.state.zones.values().map(|one| &one.zone);
        let has = zones
            .into_iter()
            .any(|zone| Some(zone.apex()) == self.zone.as_ref() && zone.get(&private, RecordType::A).is_some());
        let expected = match self.record {
            "always" | "ifScoped" => true,
            "-" => false,
            "unknown" => return Ok(()),
            word => panic!("`{word}` is not a word of the rows"),
        };
        match has == expected {
            true => Ok(()),
            false => Err(format!("record of {private}: expected {expected}, found {has}")),
        }
    }

    /// What is wrong with whom it belongs to, and with how certain the knowledge of it is.
    fn knowledge(&self, estate: &Estate) -> Result<(), String> {
        let catalogue = &estate.bare.state.catalogue;
        let reading = existing::read(catalogue, &self.name);
        let is_right = match (self.kind, reading.as_ref().map(|reading| &reading.subject)) {
            _ if ["outside", "left out", "NODATA"].contains(&self.answer) => true,
            ("perResource", Some(Subject::Resource(_))) => true,
            ("regional", Some(Subject::Region | Subject::Stamp)) => true,
            ("shared", None | Some(Subject::Above | Subject::Region)) => true,
            ("shared", Some(_)) => {
                let fixed = |row: &ampls_dns::catalogue::EndpointRow| {
                    row.record.is_fixed()
                        && row.public_zone.child(row.record.as_str()).is_ok_and(|own| own == self.name)
                };
                catalogue.hosts.iter().any(|row| row.host.as_str() == self.pattern)
                    || catalogue.endpoints.iter().any(fixed)
            }
            _ => false,
        };
        if !is_right {
            return Err(format!("a {} name is read as {reading:?}", self.kind));
        }
        let source = match self.answer {
            "left out" | "NODATA" => return Ok(()),
            "outside" => {
                let row =
                    catalogue.outside.iter().find(|row| match row.host.parent().filter(|_| row.host.is_wildcard()) {
                        Some(parent) => self.name.is_below(&parent),
                        None => {
                            row.host == self.name
                                || row.host.to_string().starts_with("*-")
                                    && self.name.to_string().ends_with(&row.host.to_string()[1..])
                        }
                    });
                row.map(|row| &row.source)
            }
            _ => source_of(catalogue, &self.name),
        };
        let Some(source) = source else { return Err("its source is not known".to_owned()) };
        let is_certain = matches!(source.certainty, Certainty::Documented | Certainty::Observed);
        match self.certainty {
            "documented" | "observed" if !is_certain => {
                Err(format!("certainty: {} by {}", source.certainty, source.text))
            }
            "documented" | "observed" | "inferred" | "uncertain" => Ok(()),
            word => panic!("`{word}` is not a word of the rows"),
        }
    }
}

#[test]
fn every_row_is_answered_as_it_says_in_its_cloud() {
    let rows = rows();
    assert_eq!(rows.len(), 169);
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for cloud in Cloud::ALL {
        let estate = Estate::of(cloud);
        for row in rows.iter().filter(|row| row.cloud == cloud.name()) {
            *counted.entry(row.cloud).or_default() += 1;
            let checks = [row.answer(&estate), row.alias(&estate), row.record(&estate), row.knowledge(&estate)];
            wrong.extend(
                checks.into_iter().filter_map(Result::err).map(|why| format!("{} {}: {why}", row.cloud, row.pattern)),
            );
        }
    }
    assert_eq!(counted.values().copied().collect::<Vec<_>>(), [25, 107, 37]);
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Aliases of the management endpoints: seen in the public cloud, documented nowhere in the others.
#[test]
fn the_resource_manager_has_an_alias_in_the_public_cloud_and_in_no_other() {
    for (cloud, host, has) in [
        (Cloud::Public, "management.azure.com", true),
        (Cloud::Public, "login.microsoftonline.com", true),
        (Cloud::UsGovernment, "management.usgovcloudapi.net", false),
        (Cloud::UsGovernment, "login.microsoftonline.us", false),
        (Cloud::China, "management.chinacloudapi.cn", false),
        (Cloud::China, "login.partner.microsoftonline.cn", false),
    ] {
        let estate = Estate::of(cloud);
        for (world, network) in [(&estate.bare, "empty"), (&estate.always, "empty"), (&estate.scoped, "served")] {
            let reply = ask(world, network, &parse(host), Forwarding::Off).expect("it stays");
            let alias = aliases(&reply).iter().any(|one| one.contains("privatelink"));
            assert_eq!((reply.rcode, alias), (Rcode::NOERROR, has), "{host} in {network}");
        }
        let catalogue = &estate.bare.state.catalogue;
        let source = source_of(catalogue, &parse(host)).expect("a row of the catalogue");
        assert!(matches!(source.certainty, Certainty::Documented | Certainty::Observed), "{host}: {source:?}");
    }
}
