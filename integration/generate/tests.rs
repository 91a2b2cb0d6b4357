//! What the generator makes: enough of everything that the properties are about.

use std::collections::BTreeMap;
use std::sync::Arc;

use ampls_dns::compile::{Compiled, compile};
use ampls_dns::dns::{RecordType, master};
use ampls_dns::estate::{DnsSetting, Event, ResolutionPolicy, ResourceSpec};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::{Estate, estates};

const CASES: usize = 400;

fn drawn() -> Vec<(Estate, Compiled)> {
    let mut runner = TestRunner::deterministic();
    let strategy = estates();
    let estate = |_| {
        let estate = strategy.new_tree(&mut runner).expect("an estate").current();
        let history = Arc::new(estate.history.clone());
        let world = compile(&history, history.last());
        (estate, world)
    };
    (0..CASES).map(estate).collect()
}

fn has(estate: &Estate, is_it: impl Fn(&Event) -> bool) -> bool {
    estate.history.events().iter().any(|recorded| is_it(&recorded.event))
}

/// What an estate can have, and the share of estates in percent that have it at least.
type Wanted = (&'static str, usize, fn(&Estate, &Compiled) -> bool);

const WANTED: [Wanted; 35] = [
    ("a private endpoint with a zone group", 80, |one, _| {
        has(
            one,
            |event| matches!(event, Event::CreatePrivateEndpoint(spec) if spec.zone_group.as_ref().is_some_and(|group| !group.zones.is_empty())),
        )
    }),
    ("record sets of an endpoint at the end", 70, |_, world| {
        let mut sets = world.state.zones.values().flat_map(|zone| zone.zone.sets());
        sets.any(|owned| matches!(owned.writer, ampls_dns::compile::Writer::Endpoint { .. }))
    }),
    ("several scopes", 80, |_, world| world.state.scopes.len() > 1),
    ("overwritten record sets", 50, |_, world| {
        world.state.zones.values().any(|zone| zone.zone.sets().iter().any(|owned| owned.overwritten.is_some()))
    }),
    ("deleted record sets", 30, |_, world| {
        world.state.zones.values().any(|zone| zone.zone.tombstones().next().is_some())
    }),
    ("links", 80, |_, world| world.state.zones.values().any(|zone| !zone.links.is_empty())),
    ("links with both policies", 30, |_, world| {
        let policies = || world.state.zones.values().flat_map(|zone| zone.links.values());
        policies().any(|policy| *policy == ResolutionPolicy::Default)
            && policies().any(|policy| *policy == ResolutionPolicy::NxDomainRedirect)
    }),
    ("custom DNS with forwarders", 30, |_, world| {
        world
            .state
            .networks
            .values()
            .any(|spec| matches!(&spec.dns, DnsSetting::Custom { forward, .. } if !forward.is_empty()))
    }),
    ("rulesets", 20, |_, world| !world.state.rulesets.is_empty()),
    ("inbound endpoints", 30, |_, world| !world.state.inbound.is_empty()),
    ("peerings", 35, |_, world| !world.state.peerings.is_empty()),
    ("security groups", 5, |_, world| world.state.routes.groups().next().is_some()),
    ("machines in a subnet", 10, |_, world| world.state.machines.values().any(|one| one.subnet.is_some())),
    ("several servers to forward to", 15, |_, world| {
        let rules = world.state.rulesets.values().flat_map(|ruleset| &ruleset.rules);
        rules.into_iter().any(|rule| rule.to.len() > 1)
            || world.state.networks.values().any(|spec| match &spec.dns {
                DnsSetting::Custom { forward, default, .. } => {
                    default.len() > 1 || forward.iter().any(|one| one.to.len() > 1)
                }
                DnsSetting::AzureProvided => false,
            })
    }),
    ("rulesets with an outbound endpoint", 10, |_, world| {
        world.state.rulesets.values().any(|ruleset| ruleset.outbound.is_some())
    }),
    ("objects of routing", 20, |_, world| !world.state.routes.is_empty()),
    ("on-premises networks", 30, |_, world| {
        world.state.networks.values().any(|spec| spec.kind == ampls_dns::estate::NetworkKind::OnPremises)
    }),
    ("workspaces", 60, |_, world| {
        world.state.resources.values().any(|one| matches!(one.spec, ResourceSpec::Workspace(_)))
    }),
    ("components", 60, |_, world| {
        world.state.resources.values().any(|one| matches!(one.spec, ResourceSpec::Component(_)))
    }),
    ("data collection endpoints", 40, |_, world| {
        world.state.resources.values().any(|one| matches!(one.spec, ResourceSpec::DataCollectionEndpoint(_)))
    }),
    ("resources of other services", 40, |_, world| {
        world.state.resources.values().any(|one| matches!(one.spec, ResourceSpec::Service(_)))
    }),
    ("approved private endpoints of other services", 20, |_, world| {
        world.state.endpoints.values().any(|one| {
            one.spec.target.service().is_some() && one.approval == ampls_dns::estate::ApprovalState::Approved
        })
    }),
    ("record sets of other services in linked zones", 8, |_, world| {
        let linked = world.state.zones.values().filter(|zone| !zone.links.is_empty());
        let mut sets = linked.into_iter().flat_map(|zone| zone.zone.sets());
        sets.any(|owned| match &owned.writer {
            ampls_dns::compile::Writer::Endpoint { target, .. } => target.service().is_some(),
            _ => false,
        })
    }),
    ("data collection rules", 25, |_, world| {
        world.state.resources.values().any(|one| matches!(one.spec, ResourceSpec::DataCollectionRule(_)))
    }),
    ("agents whose associations are known", 15, |_, world| {
        world.state.machines.values().any(|one| one.associations.is_some())
    }),
    ("owners of two tenants", 5, |one, _| {
        let tenants = one.history.events().iter().filter_map(|recorded| match &recorded.event {
            Event::SetSubscription(spec) => Some(spec.tenant.clone()),
            _ => None,
        });
        tenants.collect::<std::collections::BTreeSet<_>>().len() > 1
    }),
    ("static addresses", 20, |one, _| {
        has(one, |event| matches!(event, Event::CreatePrivateEndpoint(spec) if !spec.ip_configurations.is_empty()))
    }),
    ("connections that wait or are rejected", 20, |_, world| {
        world.state.endpoints.values().any(|one| one.approval != ampls_dns::estate::ApprovalState::Approved)
    }),
    ("sessions", 10, |_, world| world.state.machines.values().any(|one| !one.sessions.is_empty())),
    ("outbound rules", 15, |_, world| !world.state.outbound.is_empty()),
    ("endpoints from before and after April 2021", 10, |_, world| both_sides(world, "2021-04-19")),
    ("endpoints from before and after September 2021", 10, |_, world| both_sides(world, "2021-09-01")),
    ("endpoints from before and after December 2021", 10, |_, world| both_sides(world, "2021-12-01")),
    ("events that Azure refuses", 40, |_, world| !world.state.refusals.is_empty()),
    ("zone files", 60, |one, _| !one.zones.is_empty()),
];

fn both_sides(world: &Compiled, date: &str) -> bool {
    let date = date.parse().expect("a date of the calendar");
    let created = || world.state.endpoints.values().map(|one| one.created);
    created().any(|one| one.is_some_and(|one| one < date)) && created().any(|one| one.is_none_or(|one| one >= date))
}

#[test]
fn generated_estates_have_enough_of_everything() {
    let drawn = drawn();
    let mut lacking = Vec::new();
    for (what, percent, has) in WANTED {
        let met = drawn.iter().filter(|(estate, world)| has(estate, world)).count();
        if met * 100 < percent * CASES {
            lacking.push(format!("{what}: {met} of {CASES} estates, and {percent} % must"));
        }
    }
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
}

#[test]
fn generated_estates_have_every_kind_of_event() {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for (estate, _) in drawn() {
        for recorded in estate.history.events() {
            let name = format!("{:?}", recorded.event);
            *kinds.entry(name.split([' ', '(', '{']).next().unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    // `estate::Event` has 38 variants.
    assert_eq!(kinds.len(), 38, "{kinds:?}");
    assert!(kinds.values().all(|count| *count >= CASES / 20), "{kinds:?}");
}

#[test]
fn generated_zone_files_are_read_without_error() {
    let (mut linked, mut public, mut shadowing) = (0, 0, 0);
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for (estate, world) in drawn() {
        for zone in &estate.zones {
            let read = master::read(zone.text.as_bytes(), Some(&zone.apex));
            let read = read.unwrap_or_else(|errors| panic!("{errors:?}\n{}", zone.text));
            assert_eq!(read.apex, zone.apex);
            assert_eq!(read.sets.iter().filter(|set| set.kind() == RecordType::SOA).count(), 1);
            for set in &read.sets {
                assert!(zone.owners.contains(set.owner()), "{}\n{}", set.owner(), zone.text);
                *kinds.entry(set.kind().to_string()).or_default() += 1;
            }
            linked += usize::from(!zone.links.is_empty());
            public += usize::from(zone.links.is_empty());
            shadowing += usize::from(world.state.zones.keys().any(|id| id.apex == zone.apex));
            for network in &zone.links {
                assert!(world.views.of_network(network.as_str()).is_some());
            }
        }
    }
    assert!(linked > CASES / 2 && public > CASES / 4 && shadowing > CASES / 4, "{linked} {public} {shadowing}");
    for kind in ["A", "AAAA", "CNAME", "TXT", "MX", "SRV", "PTR"] {
        assert!(kinds.get(kind).is_some_and(|count| *count > 100), "{kinds:?}");
    }
}
