//! The sentence of each finding: what is broken and for whom, then why.

use std::collections::BTreeSet;

use super::{Draft, Failing, are, count, list, step_words};
use crate::assess::Code;
use crate::assess::exit::Exits;
use crate::assess::forwarding::decided_in;
use crate::assess::verdict::{Cause, Root, Standing};
use crate::compile::arrival::arrives;
use crate::compile::owner::Property;
use crate::compile::reachability::{Origin, Reach};
use crate::compile::refusal::Reason;
use crate::compile::state::{Endpoint, State};
use crate::compile::{Compiled, ViewId};
use crate::dns::{OwnerName, RecordType};
use crate::estate::{
    AccessMode, DnsSetting, EndpointName, ForwardTo, ForwarderKind, NetworkName, PublicNetworkAccess, ResourceSpec,
    RuleAction, ZoneId,
};

/// Words the finding of `cause`, and adds the objects it is about.
pub(super) fn describe(world: &Compiled, cause: &Cause, failing: &Failing, draft: &mut Draft) {
    draft.message = match &cause.root {
        Root::Estate => refused_as_configured(failing),
        Root::Circle(networks) => format!(
            "{} forward to each other: every name they ask for is SERVFAIL{}",
            list(networks),
            beyond(failing, networks)
        ),
        Root::Network(network) => of_network(world, cause.code, network, failing, draft),
        Root::Ruleset(ruleset) => of_ruleset(world, cause.code, ruleset, failing, draft),
        Root::Group(group) => of_group(world, cause.code, group, failing, draft),
        Root::Zone(id) if draft.message.is_empty() => {
            draft.zones.insert(id.clone());
            of_zone(world, cause.code, id, failing, draft)
        }
        Root::RecordSet(id, owner) => {
            draft.zones.insert(id.clone());
            of_record_set(world, cause.code, id, owner, failing)
        }
        Root::Endpoint(endpoint) => of_endpoint(world, cause.code, endpoint, failing, draft),
        Root::Overwritten { endpoint, by } => overwritten(world, endpoint, by.as_ref(), failing, draft),
        Root::Scope(scope) if draft.message.is_empty() => {
            draft.scopes.insert(scope.clone());
            draft.also.extend(across_tenants(&world.state, cause.code, scope, failing));
            of_scope(world, cause.code, scope, failing)
        }
        Root::ScopedElsewhere { scope, group } => {
            draft.scopes.insert(scope.clone());
            draft.zones.extend(zones_of(world, group, failing));
            format!(
                "{} of {} {} NXDOMAIN in {}: {} in {scope}, whose endpoints do not write to the zones in {group}",
                count(failing.names.len(), "name"),
                list(&*failing.resources),
                are(failing.names.len()),
                list(&*failing.networks),
                is_or_are(failing.resources.len()),
            )
        }
        Root::KeptByHand { endpoint, group } => kept_by_hand(world, endpoint, group, failing, draft),
        Root::Resource(name) if draft.message.is_empty() => of_resource(world, cause.code, name, failing, draft),
        Root::PeeringHalf(own, other) => format!(
            "{own} may drop packets that an appliance in {other} forwards: its peering with {other} has allowForwardedTraffic \
             false"
        ),
        Root::Prefix(prefix) => format!(
            "{} have the client prefix {prefix}, so their clients cannot be distinguished by address",
            list(&draft.networks)
        ),
        Root::Machine(machine) if cause.code == Code::MachineOutsideArcScope => format!(
            "the Arc server {machine} arrives at {} and is refused: it is not associated with {}",
            list(&*failing.resources),
            if failing.resources.len() == 1 { "it" } else { "them" }
        ),
        Root::Machine(machine) if cause.code == Code::MachineWithoutAssociation => {
            draft.networks.extend(failing.networks.iter().cloned());
            let agent = world.state.machines.get(machine).and_then(|own| own.associations.as_ref());
            match agent.and_then(|agent| agent.endpoint.as_ref()) {
                Some(endpoint) => format!(
                    "the agent of {machine} gets 403 for its configuration: {endpoint}, which it is associated with, is not in \
                     the scope of its private link"
                ),
                None => format!(
                    "the agent of {machine} gets 403 for its configuration: it is associated with no data collection endpoint"
                ),
            }
        }
        Root::Machine(_) if cause.code == Code::NotInAzure => std::mem::take(&mut draft.message),
        Root::Machine(machine) => {
            format!(
                "{machine} keeps sessions to {} that it opened before the rule that denies them",
                list(&draft.resources)
            )
        }
        Root::Zone(_)
        | Root::Scope(_)
        | Root::Resource(_)
        | Root::Id(_)
        | Root::Event(_)
        | Root::File(_)
        | Root::Allowance(_) => std::mem::take(&mut draft.message),
    };
}

fn is_or_are(count: usize) -> &'static str {
    if count > 1 { "they are" } else { "it is" }
}

fn beyond(failing: &Failing, networks: &[NetworkName]) -> String {
    let others: Vec<_> = failing.networks.iter().filter(|one| !networks.contains(one)).collect();
    if others.is_empty() {
        String::new()
    } else {
        format!(", and so it is in {}, which forwards to them", list(others))
    }
}

fn refused_as_configured(failing: &Failing) -> String {
    let (refuse, them) = if failing.resources.len() == 1 { ("refuses", "it") } else { ("refuse", "them") };
    let resources = list(&*failing.resources);
    format!("{resources} {refuse} public access, and {} no private path to {them}", has_or_have(&failing.networks))
}

fn has_or_have(networks: &[NetworkName]) -> String {
    format!("{} {}", list(networks), if networks.len() == 1 { "has" } else { "have" })
}

fn of_network(world: &Compiled, code: Code, network: &NetworkName, failing: &Failing, draft: &mut Draft) -> String {
    draft.networks.insert(network.clone());
    let state = &world.state;
    let view = world.views.of_network(network.as_str()).unwrap_or(ViewId::PUBLIC);
    let linked = || {
        let apexes = world.views.get(view).links.iter().map(|(apex, _)| apex);
        list(apexes.filter(|apex| state.catalogue.zone(apex).is_some()).collect::<BTreeSet<_>>())
    };
    match code {
        Code::ForwarderLeadsNowhere => {
            let is_gone = |to: &ForwardTo| world.views.target(to, ViewId::PUBLIC) == crate::compile::Target::Gone;
            let what = match &world.views.get(view).dns {
                DnsSetting::Custom { forward, default, .. } => {
                    let lost =
                        forward.iter().filter(|one| one.to.iter().any(is_gone)).map(|one| one.suffix.to_string());
                    let rest = default.iter().any(is_gone).then(|| "everything else".to_owned());
                    list(lost.chain(rest))
                }
                DnsSetting::AzureProvided => "names".to_owned(),
            };
            let effect = effect(failing, "SERVFAIL");
            format!("{network} forwards {what} to a server that does not exist{effect}")
        }
        Code::DnsServerOutOfReach => {
            format!("{network} asks a DNS server that it cannot reach{}", effect(failing, "SERVFAIL"))
        }
        Code::TwoScopesInNetwork => {
            let scopes = list(&draft.scopes);
            format!("{network} has private endpoints of {} scopes, {scopes}, and the limit is 1", draft.scopes.len())
        }
        Code::LinkWithoutEffect => format!(
            "{network} is linked to {}, and its own DNS server never asks Azure there{}",
            linked(),
            effect(failing, "public there and refused")
        ),
        Code::ForwarderForPrivatelink => of_privatelink_forwarder(world, view, network, draft),
        Code::SomeZonesForwarded => {
            let asks = |row: &&crate::catalogue::ZoneRow| {
                let label = "x";
                let names = row.public.child(label).ok().zip(row.private.child(label).ok());
                names.is_some_and(|(public, private)| decided_in(world, view, &public, &private).is_some())
            };
            let rows = &state.catalogue.zones;
            let missing = list(rows.iter().filter(|row| row.in_zone_group && !asks(row)).map(|row| &row.public));
            let names = if failing.is_empty() { draft.names.len() } else { failing.names.len() };
            let refused = if failing.is_empty() { "" } else { ", and the resources refuse public access" };
            format!(
                "{network} does not forward {missing} to Azure: {} of scoped resources {} public there{refused}",
                count(names, "name"),
                are(names)
            )
        }
        Code::ScopedButPublic => {
            let resources = || failing.resources.iter().filter_map(|name| state.resources.get(name));
            let scopes = resources().flat_map(|own| &own.scopes).filter_map(|scope| state.scopes.get(scope));
            let own = resources().flat_map(|own| &own.endpoints);
            let endpoints: BTreeSet<_> = scopes.flat_map(|scope| &scope.endpoints).chain(own).cloned().collect();
            let reached = |name: &&EndpointName| {
                state.endpoints.get(*name).is_some_and(|one| state.reaches_endpoint(network, one))
            };
            let near = list(endpoints.iter().filter(reached));
            draft.endpoints.extend(endpoints.iter().filter(reached).cloned());
            format!(
                "{network} gets public addresses for {}, which {} public access; the private endpoint {near} is reachable",
                list(&*failing.resources),
                if failing.resources.len() == 1 { "refuses" } else { "refuse" },
            )
        }
        Code::OutboundRuleLeavesNoPath => of_outbound_rules(state, network, failing, draft),
        _ => format!(
            "{} {} not work in {network}, and no rule explains why",
            count(failing.names.len(), "name"),
            if failing.names.len() == 1 { "does" } else { "do" }
        ),
    }
}

fn of_privatelink_forwarder(world: &Compiled, view: ViewId, network: &NetworkName, draft: &mut Draft) -> String {
    let (DnsSetting::Custom { kind, forward, .. }, rows) = (&world.views.get(view).dns, &world.state.catalogue.zones)
    else {
        return String::new();
    };
    let private: Vec<_> = forward.iter().filter(|one| rows.iter().any(|row| row.private == one.suffix)).collect();
    let wrong: Vec<_> = private
        .iter()
        .filter(|one| {
            let public = rows.iter().find(|row| row.private == one.suffix).map(|row| &row.public);
            !forward.iter().any(|other| Some(&other.suffix) == public)
        })
        .map(|one| one.suffix.clone())
        .collect();
    // Where the public zone is forwarded as well, its servers are the wrong ones.
    let (wrong, public) = match wrong.is_empty() {
        false => (wrong, "and not the public zone"),
        true => (private.iter().map(|one| one.suffix.clone()).collect(), "and the public zone to other servers"),
    };
    draft.names.extend(wrong.iter().cloned());
    let why = match kind {
        ForwarderKind::RestartsAtCname => "this works only because the server restarts at each alias",
        ForwarderKind::AcceptsChain => "this rule is never used, because the server takes the whole public chain",
    };
    format!("{network} forwards {} {public}; {why}", list(wrong))
}

fn of_outbound_rules(state: &State, network: &NetworkName, failing: &Failing, draft: &mut Draft) -> String {
    let rule = match state.outbound.get(network) {
        Some(RuleAction::Deny) => format!("the outbound rule of {network} denies AzureMonitor"),
        _ => format!("outbound rules in {network} drop packets to public addresses"),
    };
    let origins = std::iter::once(Origin::from(network));
    let machines = failing.machines.iter().filter_map(|machine| Origin::machine(state, machine));
    let closed = origins.chain(machines).filter_map(|origin| {
        Exits::of(state, Some(origin)).closed().filter(|_| !state.outbound.contains_key(network)).map(str::to_owned)
    });
    let reasons: BTreeSet<String> = closed.collect();
    draft.also = reasons.into_iter().take(MOST_REASONS).collect();
    format!(
        "{rule}, and {} {} no private path from there",
        list(&*failing.resources),
        if failing.resources.len() == 1 { "has" } else { "have" },
    )
}

/// `: 3 names are SERVFAIL in vnet1`, or nothing.
fn effect(failing: &Failing, what: &str) -> String {
    if failing.is_empty() { String::new() } else { format!(": {}", failing.are(what)) }
}

fn of_ruleset(
    world: &Compiled,
    code: Code,
    name: &crate::estate::RulesetName,
    failing: &Failing,
    draft: &Draft,
) -> String {
    let rules = world.state.rulesets.get(name).map_or(&[][..], |own| own.rules.as_slice());
    match code {
        Code::RulesetLoop => format!(
            "{name} forwards to the resolver of {}, to which it is linked{}",
            if draft.networks.is_empty() { list(&*failing.networks) } else { list(&draft.networks) },
            effect(failing, "SERVFAIL")
        ),
        Code::RuleWithoutFinalDot => {
            let rules: Vec<_> = rules.iter().filter(|rule| !rule.final_dot).map(|rule| &rule.domain).collect();
            let what = if rules.len() == 1 { "the rule" } else { "the rules" };
            let has = if rules.len() == 1 { "has" } else { "have" };
            format!(
                "{what} {} of {name} {has} no final dot{}",
                list(rules),
                effect(failing, "public there and refused")
            )
        }
        _ => {
            let is_gone = |to: &ForwardTo| world.views.target(to, ViewId::PUBLIC) == crate::compile::Target::Gone;
            let lost = rules.iter().filter(|rule| rule.enabled && rule.to.iter().any(is_gone)).map(|rule| &rule.domain);
            format!("{name} forwards {} to a server that does not exist{}", list(lost), effect(failing, "SERVFAIL"))
        }
    }
}

/// The zones of a resource group that aliases point into.
fn zones_of(world: &Compiled, group: &str, failing: &Failing) -> BTreeSet<ZoneId> {
    let state = &world.state;
    let leads = |row: &&crate::catalogue::ZoneRow| failing.names.iter().any(|name| name.is_within(&row.public));
    let own = state.catalogue.zones.iter().filter(leads);
    let own = own.map(|row| ZoneId { resource_group: group.into(), apex: row.private.clone() });
    own.filter(|id| state.zones.contains_key(id)).collect()
}

/// What is wrong with the zones of a resource group.
fn kept_by_hand(
    world: &Compiled,
    endpoint: &EndpointName,
    group: &str,
    failing: &Failing,
    draft: &mut Draft,
) -> String {
    draft.endpoints.insert(endpoint.clone());
    let (zones, lack) = zones_without(world, group, failing, draft);
    format!(
        "{endpoint} has no zone group, and {zones}, kept by hand, {lack} {}: NXDOMAIN in {}",
        names_of_resources(failing),
        list(&*failing.networks)
    )
}

/// The zones of a resource group that failing names are missing from, and the verb that follows them.
fn zones_without(world: &Compiled, group: &str, failing: &Failing, draft: &mut Draft) -> (String, &'static str) {
    draft.zones.extend(zones_of(world, group, failing));
    match (draft.zones.len(), draft.zones.first()) {
        (1, Some(zone)) => (zone.to_string(), "lacks"),
        (several, _) => (format!("{several} zones in {group}"), "lack"),
    }
}

/// `3 names of ws-beta`.
fn names_of_resources(failing: &Failing) -> String {
    let of = if failing.resources.is_empty() { String::new() } else { format!(" of {}", list(&*failing.resources)) };
    format!("{}{of}", count(failing.names.len(), "name"))
}

fn of_group(world: &Compiled, code: Code, group: &str, failing: &Failing, draft: &mut Draft) -> String {
    let state = &world.state;
    if code == Code::ComponentNameMissing {
        let (zones, lack) = zones_without(world, group, failing, draft);
        return format!("{zones} {lack} {}: NXDOMAIN in {}", names_of_resources(failing), list(&*failing.networks));
    }
    let is_empty = |id: &ZoneId| state.zones.get(id).is_some_and(|linked| linked.zone.is_empty());
    if draft.zones.is_empty() {
        let own = state.zones.iter().filter(|(id, linked)| *id.resource_group == *group && !linked.links.is_empty());
        let own = own.filter(|(id, _)| state.catalogue.zone(&id.apex).is_some() && is_empty(id));
        draft.zones.extend(own.map(|(id, _)| id.clone()));
    }
    let zones = match (draft.zones.len(), draft.zones.first()) {
        (1, Some(zone)) => format!("{zone} is empty"),
        (several, _) => format!("{several} zones in {group} are empty"),
    };
    if failing.is_empty() {
        return format!(
            "{zones} and linked to {}: a name of a resource in a scope will be NXDOMAIN there",
            list(&draft.networks)
        );
    }
    let networks = failing.networks.iter().map(|network| {
        let Some(view) = world.views.of_network(network.as_str()) else { return network.to_string() };
        let at = failing.names.iter().find_map(|name| {
            let rows = &state.catalogue.zones;
            let private = rows.iter().find_map(|row| name.moved(&row.public, &row.private))?;
            decided_in(world, view, name, &private)
        });
        match at.and_then(|at| world.views.get(at).network.as_ref()).filter(|at| *at != network) {
            Some(at) => format!("{network} (through {at})"),
            None => format!("{network} (linked)"),
        }
    });
    let names = count(failing.names.len(), "name");
    format!("{zones}: {names} {} NXDOMAIN in {}", are(failing.names.len()), list(networks.collect::<Vec<_>>()))
}

fn of_zone(world: &Compiled, code: Code, id: &ZoneId, failing: &Failing, draft: &mut Draft) -> String {
    match code {
        Code::UnusedZone => format!("no private endpoint of a scope writes to {id}"),
        Code::MisspeltZone => {
            let right = meant(&world.state, id).map(|right| right.to_string()).unwrap_or_default();
            format!("{id} looks like a misspelling of {right}: no endpoint writes to it, and no alias points to it")
        }
        Code::UnknownContents => {
            let why = world.state.zones.get(id).and_then(|linked| linked.zone.unknown());
            let why = why.map_or_else(String::new, |why| format!(": {why} could not be resolved"));
            let names = match draft.names.len() {
                0 => String::new(),
                names => format!("; {} in {} are unknown", count(names, "name"), list(&draft.networks)),
            };
            format!("{id} may have record sets that are unknown{why}{names}")
        }
        Code::ResourceNameMissing => format!(
            "{id} has no record set for {} in {}, whose public name is an alias into it because {} has a private endpoint \
             elsewhere: NXDOMAIN",
            list(&*failing.names),
            list(&*failing.networks),
            list(&*failing.resources)
        ),
        Code::CanaryExists => format!("{id} gives {} an address in {}", canary(), list(&draft.networks)),
        _ => {
            let networks = if draft.networks.is_empty() { list(&*failing.networks) } else { list(&draft.networks) };
            format!("{id} answers for all of {} in {networks}{}", id.apex, effect(failing, "NXDOMAIN"))
        }
    }
}

fn of_record_set(world: &Compiled, code: Code, id: &ZoneId, owner: &OwnerName, failing: &Failing) -> String {
    let (names, networks) = (list(&*failing.names), list(&*failing.networks));
    if code == Code::NameWithoutAddress {
        return format!("{names} has no address in {networks}: {owner} in {id} does not resolve to an A record set");
    }
    let zone = world.state.zones.get(id);
    let addresses = zone.and_then(|linked| linked.zone.get(owner, RecordType::A).map(|own| list(own.set.addresses())));
    let addresses = addresses.unwrap_or_default();
    format!("{names} resolves to {addresses} in {networks}, an address that no private endpoint has")
}

/// The most reasons a finding repeats.
const MOST_REASONS: usize = 4;

/// Where packets of the networks and machines concerned end on their way to an endpoint, if anywhere but at a missing peering.
fn stopped<'w>(state: &'w State, endpoint: &'w Endpoint, failing: &'w Failing) -> impl Iterator<Item = String> + 'w {
    let networks = failing.networks.iter().map(Origin::from);
    let machines = failing.machines.iter().filter_map(|machine| Origin::machine(state, machine));
    let address = endpoint.members.first().map(|member| member.address);
    networks.chain(machines).filter_map(move |origin| match arrives(state, origin, &endpoint.spec.network, address?) {
        Reach::Stopped(why) => Some(why),
        _ => None,
    })
}

/// The zones that the names of an endpoint need and its zone group does not have.
fn lacking(state: &State, endpoint: &Endpoint) -> Vec<OwnerName> {
    let wanted: Vec<&OwnerName> = match endpoint.spec.target.scope() {
        Some(_) => state.catalogue.zone_group().map(|row| &row.private).collect(),
        None => endpoint.members.iter().map(|one| &one.member.zone).collect(),
    };
    let group = || endpoint.zone_group.iter().flat_map(|group| &group.zones);
    let mut missing: Vec<OwnerName> = Vec::new();
    for apex in wanted {
        if !group().any(|id| id.apex == *apex) && !missing.contains(apex) {
            missing.push(apex.clone());
        }
    }
    missing
}

fn of_endpoint(world: &Compiled, code: Code, name: &EndpointName, failing: &Failing, draft: &mut Draft) -> String {
    draft.endpoints.insert(name.clone());
    let state = &world.state;
    let Some(endpoint) = state.endpoints.get(name) else { return String::new() };
    let scope = &endpoint.spec.target;
    draft.scopes.extend(scope.scope().cloned());
    draft.resources.extend(scope.service().cloned());
    let group = endpoint.zone_group.iter().flat_map(|group| &group.zones);
    match code {
        Code::LostRecordSets => {
            let lost = draft.names.len().max(failing.names.len());
            let lost = count(lost, "record set");
            let emptied = draft.zones.iter().filter(|id| state.zones.get(*id).is_some_and(|own| own.zone.is_empty()));
            draft.also = emptied.map(|id| format!("{id} is empty")).collect();
            format!(
                "{lost} of {name} ({scope}) {} missing from its zones",
                if lost.starts_with("1 ") { "is" } else { "are" }
            )
        }
        Code::UnreachableAddresses if failing.is_empty() => format!(
            "{} of {name} resolve to addresses in {}, and whether {} can reach them is unknown",
            count(draft.names.len(), "name"),
            endpoint.spec.network,
            list(&draft.networks)
        ),
        Code::UnreachableAddresses => {
            let reasons: BTreeSet<String> = stopped(state, endpoint, failing).collect();
            draft.also = reasons.into_iter().take(MOST_REASONS).collect();
            format!(
                "{} of {name} resolve to addresses in {}, which {} cannot reach",
                if failing.names.len() == 1 { "1 name".to_owned() } else { count(failing.names.len(), "name") },
                endpoint.spec.network,
                list(&*failing.networks)
            )
        }
        Code::ConnectionNotApproved => format!(
            "the connection of {name} to {scope} is {:?}{}",
            endpoint.approval,
            if failing.is_empty() { String::new() } else { format!(": {}", failing.are("not usable")) }
        ),
        Code::EndpointWithoutZoneGroup => format!(
            "{name} has no zone group, so it writes no record sets{}",
            match failing.standing {
                None => String::new(),
                Some(_) => format!(": {}", failing.are("NXDOMAIN or refused")),
            }
        ),
        Code::SmallSubnet => {
            let subnet = state.networks.get(&endpoint.spec.network).and_then(|own| own.subnet(&endpoint.spec.subnet));
            let subnet = subnet.map_or_else(String::new, |subnet| subnet.to_string());
            format!("{name} is in {subnet}, smaller than the /27 that is supported")
        }
        Code::ProvisioningFailed => provisioning(world, name, failing, draft),
        Code::EndpointOfDeletedScope => {
            format!("{name} is connected to {scope}, which is deleted{}", effect(failing, "not usable"))
        }
        Code::EndpointOlderThanName => {
            let created = endpoint.created.map_or_else(String::new, |date| format!(" is from {date} and"));
            format!(
                "{name}{created} has no record sets for {}: NXDOMAIN in {}",
                list(&*failing.names),
                list(&*failing.networks)
            )
        }
        Code::ZoneMissingFromZoneGroup => {
            format!("the zone group of {name} lacks {}{}", list(lacking(state, endpoint)), effect(failing, "NXDOMAIN"))
        }
        Code::RecordNamesUnknown => {
            format!("no source names all record sets that {name} writes for {scope}, and no `hosts` are given")
        }
        Code::ZonesLinkedNowhere => format!(
            "{name} writes to {} in {}, but no network is linked to {}{}",
            count(draft.zones.len().max(group.clone().count()), "zone"),
            list(group.map(|id| &*id.resource_group).collect::<BTreeSet<_>>()),
            if draft.zones.len() == 1 { "it" } else { "them" },
            if failing.is_empty() {
                ": no client gets its addresses".to_owned()
            } else {
                effect(failing, "public there and refused")
            }
        ),
        _ => partly_linked(state, endpoint, failing, draft),
    }
}

/// Networks that are linked to some zones of an endpoint and not to others.
fn partly_linked(state: &State, endpoint: &Endpoint, failing: &Failing, draft: &Draft) -> String {
    let networks: Vec<&NetworkName> = match draft.networks.is_empty() {
        true => failing.networks.iter().collect(),
        false => draft.networks.iter().collect(),
    };
    let unseen = |id: &&ZoneId| {
        networks.iter().any(|network| {
            let own = state.linked.get(*network);
            !own.into_iter().flatten().any(|linked| linked.apex == id.apex)
        })
    };
    let group = endpoint.zone_group.iter().flat_map(|group| &group.zones);
    format!(
        "{} {} linked to some zones of {} but not to {}{}",
        list(&networks),
        are(networks.len()),
        endpoint.spec.name,
        list(group.filter(unseen).map(|id| &id.apex)),
        effect(failing, "public there and refused")
    )
}

/// Why addresses could not be given.
fn provisioning(world: &Compiled, name: &EndpointName, failing: &Failing, draft: &mut Draft) -> String {
    let own = |reason: &&Reason| match reason {
        Reason::SubnetExhausted { endpoint, .. } | Reason::AddressTaken { endpoint, .. } => endpoint == name,
        _ => false,
    };
    let refusals = || world.state.refusals.iter().filter(move |refusal| own(&&refusal.reason));
    let last = refusals().next_back();
    draft.revision = last.map(|refusal| refusal.revision);
    let step = last.map_or_else(String::new, |refusal| step_words(world, refusal.revision));
    let reason = last.map_or_else(|| format!("the provisioning of {name} failed"), |one| one.reason.to_string());
    format!("{reason}{step}{}", effect(failing, "NXDOMAIN"))
}

fn overwritten(
    world: &Compiled,
    endpoint: &EndpointName,
    by: Option<&EndpointName>,
    failing: &Failing,
    draft: &mut Draft,
) -> String {
    let state = &world.state;
    draft.endpoints.insert(endpoint.clone());
    draft.endpoints.extend(by.cloned());
    let target_of = |name: &EndpointName| state.endpoints.get(name).map(|one| one.spec.target.clone());
    for target in [target_of(endpoint), by.and_then(target_of)].iter().flatten() {
        draft.scopes.extend(target.scope().cloned());
        draft.resources.extend(target.service().cloned());
    }
    let named = |name: &EndpointName| match target_of(name) {
        Some(target) => format!("{name} ({target})"),
        None => name.to_string(),
    };
    let shared = draft.names.iter().filter(|name| is_shared(state, name)).count();
    let what = match (shared, draft.names.len()) {
        (shared, all) if shared == all && all > 0 => count(all, "shared record set"),
        (0, all) => count(all, "record set"),
        (shared, all) => format!("{} ({shared} of them shared)", count(all, "record set")),
    };
    let step = draft.revision.map_or_else(String::new, |revision| step_words(world, revision));
    let who = by.map_or_else(|| "a record set written by hand".to_owned(), &named);
    let then = match (failing.is_empty(), by) {
        (false, _) => format!(": {}", failing.are("unreachable or refused")),
        (true, Some(by)) => format!("; both serve the networks, and deleting {by} deletes these record sets"),
        (true, None) => String::new(),
    };
    format!("{who} overwrote {what} of {}{step}{then}", named(endpoint))
}

fn is_shared(state: &State, name: &OwnerName) -> bool {
    let rows = state.endpoints.values().flat_map(|one| &one.members).find(|one| one.member.public == *name);
    rows.is_some_and(|one| one.member.is_shared(&state.catalogue))
}

fn of_scope(world: &Compiled, code: Code, name: &crate::estate::ScopeName, failing: &Failing) -> String {
    let state = &world.state;
    match code {
        Code::ScopeWithoutEndpoint => {
            let effect = match failing.standing {
                None => String::new(),
                Some(Standing::Broken) => format!(": {}", failing.are("NXDOMAIN")),
                Some(_) => format!(": {}", failing.are("refused")),
            };
            format!("{name} has resources but no private endpoint{effect}")
        }
        Code::LegacyScope => {
            let effect =
                if failing.is_empty() { String::new() } else { format!(": {}", failing.are("NXDOMAIN or refused")) };
            format!(
                "{name} was created before September 2021, so ingestion to resources outside it is refused in networks that \
                 share its DNS{effect}"
            )
        }
        Code::AgentWithoutDataCollectionEndpoint => format!(
            "{name} has no data collection endpoint: agents in {} get 403 for their configuration",
            list(&*failing.networks)
        ),
        Code::ThroughAnotherScope => {
            let own = failing.resources.iter().filter_map(|name| state.resources.get(name));
            let scopes: BTreeSet<_> = own.flat_map(|own| own.scopes.iter().cloned()).collect();
            format!(
                "requests from {} for {} arrive through {name}, which refuses them; {} in {}",
                list(&*failing.networks),
                list(&*failing.resources),
                is_or_are(failing.resources.len()),
                list(&scopes)
            )
        }
        _ => {
            let modes = state.scopes.get(name).map(|scope| (scope.access.ingestion, scope.access.query));
            let what = match modes {
                Some((AccessMode::PrivateOnly, AccessMode::PrivateOnly)) => " for ingestion and queries",
                Some((AccessMode::PrivateOnly, _)) => " for ingestion",
                Some((_, AccessMode::PrivateOnly)) => " for queries",
                _ => " for a connection",
            };
            format!(
                "{name} is PrivateOnly{what} and answers shared names for {}: it refuses requests for {}",
                list(&*failing.networks),
                list(&*failing.resources)
            )
        }
    }
}

/// That resources which a scope refuses belong to another tenant, so that their owner cannot add them to it.
fn across_tenants(state: &State, code: Code, scope: &crate::estate::ScopeName, failing: &Failing) -> Option<String> {
    if !matches!(code, Code::PrivateOnlyOnSharedDns | Code::LegacyScope) {
        return None;
    }
    let own = state.owners.tenant(Property::Scope, scope.as_str())?;
    let tenant = |name: &&crate::estate::ResourceName| state.owners.tenant(Property::Resource, name.as_str());
    let foreign = || failing.resources.iter().filter(|name| tenant(name).is_some_and(|other| other != own));
    let tenants: BTreeSet<_> = foreign().filter_map(|name| tenant(&name)).collect();
    (!tenants.is_empty()).then(|| {
        format!(
            "{} {} to tenant {}, and cannot be added to {scope} of tenant {own}: exclude the connection, set the mode to Open, or \
             give the networks DNS of their own",
            list(foreign()),
            if foreign().count() == 1 { "belongs" } else { "belong" },
            list(tenants)
        )
    })
}

fn of_resource(
    world: &Compiled,
    code: Code,
    name: &crate::estate::ResourceName,
    failing: &Failing,
    draft: &mut Draft,
) -> String {
    draft.resources.insert(name.clone());
    let Some(resource) = world.state.resources.get(name) else { return String::new() };
    match code {
        Code::QueriesThroughResourceManager => format!(
            "queries of {name} through {} are refused everywhere: that host is never private, and the resource refuses \
             public queries",
            list(&*failing.names)
        ),
        Code::PublicAccessUnknown => format!(
            "{} sends requests for {} over public addresses, and nothing says whether {} {name} takes them",
            list(&draft.networks),
            list(&draft.names),
            kind_of(&resource.spec)
        ),
        Code::RuleHiddenByZone => format!(
            "the endpoint of {name} itself is hidden by a linked zone{}, and no private endpoint can write its name",
            effect(failing, "NXDOMAIN")
        ),
        _ => {
            let what = refuses(&resource.spec).unwrap_or("requests");
            let lack = match &resource.spec {
                ResourceSpec::Service(_) => "has no private endpoint",
                _ => "is in no scope",
            };
            format!("{} {name} refuses public {what} and {lack}, so no client can use it", kind_of(&resource.spec))
        }
    }
}

/// A resource's kind, or the type of one of another service.
fn kind_of(spec: &ResourceSpec) -> &str {
    match spec {
        ResourceSpec::Service(one) => &one.kind,
        other => other.kind(),
    }
}

/// What a resource refuses on its public addresses.
pub(super) fn refuses(spec: &ResourceSpec) -> Option<&'static str> {
    let (ingestion, query) = match spec {
        ResourceSpec::Workspace(one) => (one.ingestion, one.query),
        ResourceSpec::Component(one) => (one.ingestion, one.query),
        ResourceSpec::DataCollectionEndpoint(one) => (one.public_network_access, one.public_network_access),
        ResourceSpec::DataCollectionRule(_) => return None,
        ResourceSpec::Service(one) => {
            return (one.public_network_access == PublicNetworkAccess::Disabled).then_some("requests");
        }
    };
    let disabled = |access| access == PublicNetworkAccess::Disabled;
    match (disabled(ingestion), disabled(query)) {
        (true, true) => Some("ingestion and queries"),
        (true, false) => Some("ingestion"),
        (false, true) => Some("queries"),
        (false, false) => None,
    }
}

/// The zone of Azure Monitor that a zone's name is a misspelling of.
pub(super) fn meant(state: &State, id: &ZoneId) -> Option<OwnerName> {
    let apex = id.apex.to_string();
    let near = |right: &&OwnerName| (1..=2).contains(&strsim::damerau_levenshtein(&right.to_string(), &apex));
    state.catalogue.zones.iter().map(|row| &row.private).find(near).cloned()
}

/// The name that browsers ask for to learn whether they may use DNS over HTTPS.
pub(super) fn canary() -> OwnerName {
    OwnerName::parse("use-application-dns.net").expect("a constant name")
}
