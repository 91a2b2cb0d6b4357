//! Networks that cannot be told apart, and DNS servers that do not ask whom they should.

use std::collections::{BTreeMap, BTreeSet};

use super::{Code, Finding, list};
use crate::compile::Compiled;
use crate::compile::view::{Target, ViewId};
use crate::estate::{DnsSetting, ForwardTo, ForwarderKind, NetworkKind, NetworkName, ResolutionPolicy};

pub(super) fn find(compiled: &Compiled, findings: &mut Vec<Finding>) {
    equal_prefixes(compiled, findings);
    forwarders(compiled, findings);
    links_without_effect(compiled, findings);
    rulesets(compiled, findings);
    leads_nowhere(compiled, findings);
}

fn leads_nowhere(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let is_gone = |to: &ForwardTo| compiled.views.target(to, ViewId::PUBLIC) == Target::Gone;
    for (_, view) in compiled.views.iter() {
        let Some(network) = &view.network else { continue };
        let own = match &view.dns {
            DnsSetting::Custom { forward, default, .. } => {
                let all = forward.iter().map(|one| (one.suffix.to_string(), &one.to));
                all.chain([("everything else".to_owned(), default)]).collect()
            }
            DnsSetting::AzureProvided => Vec::new(),
        };
        let rules = view.rulesets.iter().flat_map(|ruleset| &ruleset.rules);
        let rules = rules.filter(|rule| rule.enabled).map(|rule| (rule.domain.to_string(), &rule.to));
        let lost: Vec<_> = own.into_iter().chain(rules).filter(|(_, to)| is_gone(to)).map(|(what, _)| what).collect();
        if !lost.is_empty() {
            let message = format!("{network} forwards {} to a server that does not exist any more", lost.join(", "));
            findings.push(Finding::new(Code::ForwarderLeadsNowhere, message).networks([network.clone()]));
        }
    }
}

fn equal_prefixes(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let mut claims: BTreeMap<ipnet::IpNet, Vec<NetworkName>> = BTreeMap::new();
    for network in compiled.state.networks.values() {
        for prefix in network.prefixes().collect::<BTreeSet<_>>() {
            claims.entry(prefix.trunc()).or_default().push(network.name.clone());
        }
    }
    for (prefix, networks) in claims.into_iter().filter(|(_, networks)| networks.len() > 1) {
        let message = format!(
            "{} have the client prefix {prefix}; its clients are taken for those of {}, declared first",
            list(networks.iter()),
            networks[0]
        );
        findings.push(Finding::new(Code::EqualClientPrefixes, message).networks(networks));
    }
}

fn forwarders(compiled: &Compiled, findings: &mut Vec<Finding>) {
    for (id, view) in compiled.views.iter() {
        let (Some(network), DnsSetting::Custom { kind, forward, .. }) = (&view.network, &view.dns) else { continue };
        let rows = &compiled.state.catalogue.zones;
        let wrong: Vec<_> = forward
            .iter()
            .filter(|one| rows.iter().any(|row| row.private == one.suffix))
            .filter(|one| {
                !forward
                    .iter()
                    .any(|other| rows.iter().any(|row| row.private == one.suffix && row.public == other.suffix))
            })
            .map(|one| one.suffix.clone())
            .collect();
        if !wrong.is_empty() {
            let effect = match kind {
                ForwarderKind::RestartsAtCname => "works only because this server starts anew at each alias",
                ForwarderKind::AcceptsChain => "is never used: this server takes the whole public chain",
            };
            let message = format!("{network} forwards {} and not its public zone; that {effect}", list(wrong.iter()));
            findings
                .push(Finding::new(Code::ForwarderForPrivatelink, message).names(wrong).networks([network.clone()]));
        }
        // Whatever servers stand between: what counts is where the names are decided in the end.
        let empty = rows.iter().filter(|row| {
            let at = super::met::decided_in(compiled, id, &row.public, &row.private);
            let link = at.and_then(|at| compiled.views.get(at).links.get(&row.private));
            link.is_some_and(|link| link.zone.is_empty() && link.policy == ResolutionPolicy::Default)
        });
        let empty: BTreeSet<_> = empty.map(|row| row.private.clone()).collect();
        if !empty.is_empty() {
            let message = format!("{network} forwards to where {} is linked and empty", list(empty.iter()));
            findings.push(Finding::new(Code::ForwarderBeforeScope, message).names(empty).networks([network.clone()]));
        }
    }
}

/// The network in which Azure's resolver is asked at the end of a forward, if it is.
fn azure_behind(compiled: &Compiled, to: &ForwardTo, from: ViewId) -> Option<ViewId> {
    match compiled.views.target(to, from) {
        Target::Azure(at) => Some(at),
        Target::Network(at) if compiled.views.get(at).dns == DnsSetting::AzureProvided => Some(at),
        Target::Network(_) | Target::Public | Target::Gone => None,
    }
}

fn links_without_effect(compiled: &Compiled, findings: &mut Vec<Finding>) {
    for (id, view) in compiled.views.iter() {
        let Some(network) = &view.network else { continue };
        let known = |link: &&crate::compile::Link| compiled.state.catalogue.zone(link.zone.apex()).is_some();
        let linked: BTreeSet<_> = view.links.values().filter(known).map(|link| link.zone.apex().clone()).collect();
        if linked.is_empty() {
            continue;
        }
        let asks_azure = match &view.dns {
            DnsSetting::AzureProvided => view.kind == NetworkKind::Virtual,
            DnsSetting::Custom { forward, default, .. } => {
                forward.iter().map(|one| &one.to).chain([default]).any(|to| azure_behind(compiled, to, id) == Some(id))
            }
        };
        // A resolver elsewhere may ask from within this network.
        let asked_from_elsewhere = compiled.state.inbound.values().any(|own| own == network)
            || compiled.views.iter().any(|(other, view)| match &view.dns {
                DnsSetting::Custom { forward, default, .. } if other != id => forward
                    .iter()
                    .map(|one| &one.to)
                    .chain([default])
                    .any(|to| azure_behind(compiled, to, other) == Some(id)),
                _ => false,
            });
        if !asks_azure && !asked_from_elsewhere {
            let message =
                format!("{network} is linked to {} but its own DNS never asks Azure there", list(linked.iter()));
            findings.push(Finding::new(Code::LinkWithoutEffect, message).names(linked).networks([network.clone()]));
        }
    }
}

fn rulesets(compiled: &Compiled, findings: &mut Vec<Finding>) {
    for ruleset in compiled.state.rulesets.values() {
        for rule in &ruleset.rules {
            if !rule.final_dot {
                let message = format!("the rule {} of {} has no final dot", rule.domain, ruleset.name);
                findings.push(
                    Finding::new(Code::RuleWithoutFinalDot, message)
                        .names([rule.domain.clone()])
                        .networks(ruleset.links.iter().cloned()),
                );
            }
            let home = match &rule.to {
                ForwardTo::InboundEndpoint(name) => compiled.state.inbound.get(name),
                // A network without DNS of its own asks Azure's resolver, and so its rulesets.
                ForwardTo::Network(name) => {
                    let own = compiled.state.networks.get(name);
                    own.filter(|own| own.dns == DnsSetting::AzureProvided).map(|own| &own.name)
                }
                _ => None,
            };
            let looped: Vec<NetworkName> =
                ruleset.links.iter().filter(|link| Some(*link) == home && rule.enabled).cloned().collect();
            if !looped.is_empty() {
                let message = format!(
                    "{} sends {} to the resolver of {}, to which it is linked",
                    ruleset.name,
                    rule.domain,
                    list(looped.iter())
                );
                findings.push(Finding::new(Code::RulesetLoop, message).names([rule.domain.clone()]).networks(looped));
            }
        }
    }
}
