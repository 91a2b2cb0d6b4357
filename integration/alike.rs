//! Resources that are alike are assessed together, and that changes nothing: every verdict and finding is the one that each
//! resource gets by itself.
//!
//! The estates are generated ones in which every workspace and component has two twins: created, scoped and deleted with
//! it, with ids of their own. Nothing else that happens to the first happens to its twins, so that some of them are alike
//! and others are not. Networks have twins too: with prefixes of their own, and linked to the same zones.

use std::net::Ipv4Addr;
use std::sync::Arc;

use ampls_dns::assess::{Assessment, Finding, Root, Unserved};
use ampls_dns::compile::{Compiled, Fold, compile};
use ampls_dns::estate::{Event, History, NetworkName, Recorded, ResourceName, ResourceSpec, Revision};
use ampls_dns::scenario::Scenario;
use ampls_dns::scenario::generate::{Size, generate};
use ipnet::IpNet;

use proptest::test_runner::TestCaseError;

use crate::generate::{Premise, histories, law};
use crate::verdicts::{built_in, is_large};

/// The name of a twin.
fn twin(name: &ResourceName, number: usize) -> ResourceName {
    format!("{name}-twin{number}").as_str().into()
}

/// The name of a network's twin.
fn twin_network(name: &NetworkName, number: usize) -> NetworkName {
    format!("{name}-twin{number}").as_str().into()
}

/// The address space of a twin: the same one in a part of 10.0.0.0/8 that no other network uses.
fn twin_prefix(prefix: IpNet, number: usize) -> IpNet {
    let IpNet::V4(own) = prefix else { return prefix };
    let [_, second, third, fourth] = own.addr().octets();
    let part = 64 * u8::try_from(number).expect("there are two twins");
    IpNet::new(Ipv4Addr::new(10, part.wrapping_add(second % 64), third, fourth).into(), own.prefix_len())
        .expect("the length is one of IPv4")
}

/// The same event for a twin; absent for events that a twin has no part in.
fn of_twin(event: &Event, number: usize) -> Option<Event> {
    Some(match event {
        Event::PutResource(ResourceSpec::Workspace(own)) => {
            let mut own = own.clone();
            own.name = twin(&own.name, number);
            // Each twin has an id that no other has.
            let digit = own.customer_id.pop()?.to_digit(16)?;
            own.customer_id.push(char::from_digit((digit + 5 * u32::try_from(number).ok()?) % 16, 16)?);
            Event::PutResource(ResourceSpec::Workspace(own))
        }
        Event::PutResource(ResourceSpec::Component(own)) => {
            let mut own = own.clone();
            own.name = twin(&own.name, number);
            Event::PutResource(ResourceSpec::Component(own))
        }
        Event::AddScopedResource { scope, resource } => {
            Event::AddScopedResource { scope: scope.clone(), resource: twin(resource, number) }
        }
        Event::RemoveScopedResource { scope, resource } => {
            Event::RemoveScopedResource { scope: scope.clone(), resource: twin(resource, number) }
        }
        Event::DeleteResource { resource } => Event::DeleteResource { resource: twin(resource, number) },
        Event::CreateNetwork(own) => {
            let mut own = own.clone();
            own.name = twin_network(&own.name, number);
            own.address_space.retain(|prefix| matches!(prefix, IpNet::V4(_)));
            own.address_space.iter_mut().for_each(|prefix| *prefix = twin_prefix(*prefix, number));
            (own.client_prefixes, own.subnets, own.subnets_v6) = Default::default();
            Event::CreateNetwork(own)
        }
        Event::DeleteNetwork { network } => Event::DeleteNetwork { network: twin_network(network, number) },
        Event::CreatePeering { between: [one, other] } => {
            Event::CreatePeering { between: [one.clone(), twin_network(other, number)] }
        }
        Event::SetDns { network, dns } => Event::SetDns { network: twin_network(network, number), dns: dns.clone() },
        Event::LinkZone { zone, network, policy, registration } => Event::LinkZone {
            zone: zone.clone(),
            network: twin_network(network, number),
            policy: *policy,
            registration: *registration,
        },
        Event::UnlinkZone { zone, network } => {
            Event::UnlinkZone { zone: zone.clone(), network: twin_network(network, number) }
        }
        Event::SetOutboundRule { network, rule } => {
            Event::SetOutboundRule { network: twin_network(network, number), rule: *rule }
        }
        _ => return None,
    })
}

/// The history with two twins for every workspace and component.
fn with_twins(history: &History) -> Arc<History> {
    let mut twins = history.until(Revision(0), 0);
    let push = |twins: &mut History, recorded: &Recorded| {
        twins.push(recorded.clone());
        for number in [1, 2] {
            if let Some(event) = of_twin(&recorded.event, number) {
                twins.push(Recorded { event, ..recorded.clone() });
            }
        }
    };
    for recorded in history.declarations() {
        push(&mut twins, recorded);
    }
    twins.end_declarations();
    for (index, step) in history.steps().iter().enumerate() {
        for revision in history.revisions_of(index) {
            if let Some(recorded) = history.event(Revision(revision)) {
                push(&mut twins, recorded);
            }
        }
        twins.end_step(&step.name, &step.about);
    }
    Arc::new(twins)
}

/// A finding without its uses, which are for several resources in one assessment and not in the other.
fn without_uses(finding: &Finding) -> Finding {
    Finding { uses: Vec::new(), ..finding.clone() }
}

/// How much is assessed together with others, if it comes to the same as each by itself; else what differs.
fn same(world: &Compiled) -> Result<Saved, String> {
    let (together, each) = (Assessment::of(world), Assessment::one_by_one(world));
    let sorted = |of: &Assessment| {
        let mut all: Vec<Unserved> = of.unserved().collect();
        all.sort();
        all
    };
    let (left, right) = (sorted(&together), sorted(&each));
    for (one, other) in left.iter().zip(&right) {
        if one != other {
            return Err(format!("together:\n{one:#?}\neach by itself:\n{other:#?}"));
        }
    }
    if left.len() != right.len() {
        return Err(format!("{} uses together, {} each by itself", left.len(), right.len()));
    }
    if (together.counts(), together.extent) != (each.counts(), each.extent) {
        return Err(format!("{:?} and {:?}", together.counts(), each.counts()));
    }
    if !together.broken().all(|(network, name)| together.is_broken(&network, &name) && each.is_broken(&network, &name))
    {
        return Err("a name that is broken together and not by itself".to_owned());
    }
    for (one, other) in together.findings.iter().zip(&each.findings) {
        if without_uses(one) != without_uses(other) {
            return Err(format!("together:\n{one:#?}\neach by itself:\n{other:#?}"));
        }
        let (mut uses, mut by_itself): (Vec<_>, Vec<_>) =
            (together.uses_of(one).collect(), each.uses_of(other).collect());
        uses.sort();
        by_itself.sort();
        if uses != by_itself {
            return Err(format!("{} has other uses", one.code));
        }
    }
    if together.findings.len() != each.findings.len() {
        return Err(format!("{} findings and {}", together.findings.len(), each.findings.len()));
    }
    let rows = |of: &Assessment| of.findings.iter().map(|finding| finding.uses.len()).sum::<usize>();
    Ok(Saved { uses: rows(&each) - rows(&together), networks: together.networks_saved() })
}

/// What is not assessed because its like is.
struct Saved {
    uses: usize,
    networks: usize,
}

/// Random histories in which so many percent have something that is assessed together.
fn in_random_histories(percent: u32, saves: impl Fn(&Saved) -> bool) {
    law(96, percent, histories(), |history| {
        let history = with_twins(&history);
        let world = compile(&history, history.last());
        let saved = same(&world).map_err(TestCaseError::fail)?;
        Ok(Premise::of(saves(&saved)))
    });
}

#[test]
fn resources_that_are_alike_get_the_verdicts_that_each_gets_by_itself() {
    in_random_histories(60, |saved| saved.uses > 0);
}

#[test]
fn networks_whose_clients_meet_the_same_get_the_verdicts_that_each_gets_by_itself() {
    in_random_histories(25, |saved| saved.networks > 0);
}

#[test]
fn the_record_set_of_a_wildcard_is_the_cause_for_all_resources_that_it_answers_for() {
    let text = "
version: 1
switches: {workspaceHop: always}
networks: {app: {addressSpace: [10.0.0.0/24]}}
workspaces:
  one: {customerId: 00000001-0000-4111-8111-111111111111, location: westeurope}
  two: {customerId: 00000002-0000-4111-8111-111111111111, location: westeurope}
steps:
- name: by hand
  events:
  - createPrivateLinkScope: {name: scope, ingestionAccessMode: Open, queryAccessMode: Open}
  - addScopedResource: {scope: scope, resource: one}
  - addScopedResource: {scope: scope, resource: two}
  - createPrivateDnsZones: {resourceGroup: rg, zones: [privatelink.oms.opinsights.azure.com], links: {app: {}}}
  - putRecordSet: {resourceGroup: rg, zone: privatelink.oms.opinsights.azure.com, name: '*', type: CNAME, records: [missing.agentsvc.azure-automation.net]}
";
    let history = Arc::new(Scenario::read("wildcard.yaml", text.as_bytes()).expect("a good scenario").history);
    let world = compile(&history, history.last());
    same(&world).unwrap_or_else(|text| panic!("{text}"));
    let assessment = Assessment::of(&world);
    let roots: Vec<Root> =
        assessment.unserved().filter(|one| one.used.resource.is_some()).map(|one| one.cause.root.clone()).collect();
    assert!(!roots.is_empty());
    for root in roots {
        let Root::RecordSet(_, owner) = &root else { panic!("{root:?}") };
        assert_eq!(owner.to_string(), "*.privatelink.oms.opinsights.azure.com");
    }
}

#[test]
fn twins_in_the_built_in_scenarios_get_the_same_verdicts() {
    let mut met = 0;
    for (name, history) in built_in().filter(|(name, _)| !is_large(name)) {
        let history = with_twins(&history);
        let mut fold = Fold::new(&history);
        for step in history.steps() {
            fold.to(step.end);
            let saved = same(&fold.compiled()).unwrap_or_else(|text| panic!("{name}, {}: {text}", step.name));
            met += usize::from(saved.uses > 0);
        }
    }
    assert!(met > 100, "{met} steps have resources that are alike");
}

#[test]
fn text_shows_five_hundred_findings_and_counts_the_rest() {
    let size = Size { networks: 60, scopes: 30, workspaces_per_scope: 2 };
    let history = Arc::new(generate(size, 1).expect("the size is allowed"));
    let assessment = Assessment::of(&compile(&history, history.last()));
    let findings = assessment.findings.len();
    assert!(findings > 500, "{findings} findings");
    let text = ampls_dns::output::findings::text(&assessment.findings);
    let shown = text.lines().filter(|line| line.contains("[AMPLS")).count();
    assert_eq!(shown, 500);
    assert!(text.contains(&format!("{} findings more: ", findings - 500)), "the rest is counted");
}
