//! Rules about what is declared: what is or will be wrong, whether or not a name fails because of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Draft;
use crate::assess::Code;
use crate::assess::alike::Alike;
use crate::assess::exit::Exits;
use crate::assess::forwarding::decided_in;
use crate::assess::route::{Path, route};
use crate::assess::verdict::{Cause, Root, Unknown, Unserved};
use crate::catalogue::every_cloud;
use crate::compile::reachability::{Origin, is_connected};
use crate::compile::refusal::Reason;
use crate::compile::service::of_group;
use crate::compile::state::{Addressed, Endpoint, Machine, Session};
use crate::compile::view::{Target, ViewId};
use crate::compile::{Answer, Compiled, Lookup, Owned, Writer, Zone, compile, member};
use crate::dns::{OwnerName, RecordType, WholeKey};
use crate::estate::{
    ApprovalState, DnsSetting, EndpointName, EndpointTarget, ForwardTo, ForwarderKind, MachineName, NetworkKind,
    NetworkName, ResolutionPolicy, ResourceSpec, ScopeName, ZoneId,
};

/// A subnet with more fixed bits than this is smaller than supported (a /27).
pub(super) const SMALLEST_SUBNET: u8 = 27;

/// What the rules find, by code and object. [`super::describe`] words it.
struct Found<'w> {
    world: &'w Compiled,
    drafts: BTreeMap<Cause, Draft>,
}

impl Found<'_> {
    fn add(&mut self, code: Code, root: Root) -> &mut Draft {
        self.drafts.entry(Cause::new(code, root)).or_default()
    }
}

pub(super) fn all(world: &Compiled, alike: &Alike, unknown: &Unknown) -> BTreeMap<Cause, Draft> {
    let mut found = Found { world, drafts: BTreeMap::new() };
    found.record_sets();
    found.empty_zones();
    found.zone_groups();
    found.misspelt_and_unused();
    found.taken_over();
    found.resources();
    found.scopes();
    found.endpoints();
    found.provisioning();
    found.sessions();
    found.prefixes();
    found.forwarders();
    found.links_without_effect();
    found.rulesets();
    found.targets();
    found.unknown_contents(alike, unknown);
    found.unknown_access(unknown);
    found.drafts
}

/// True if a finding that breaks nothing by itself follows from another one: a zone that is empty because an endpoint lost
/// its record sets, or because a scope has no endpoint.
pub(super) fn is_consequence(world: &Compiled, cause: &Cause, groups: &BTreeMap<&Cause, Vec<Arc<Unserved>>>) -> bool {
    if groups.contains_key(cause) {
        return false;
    }
    if let (Code::OverwrittenRecordSets, Root::Overwritten { by: None, .. }) = (cause.code, &cause.root) {
        // Names with an address that no endpoint has are a finding of their own.
        return groups.keys().any(|other| other.code == Code::AddressOfNoEndpoint);
    }
    let (Code::EmptyLinkedZone, Root::Group(group)) = (cause.code, &cause.root) else {
        return false;
    };
    let behind_forwarders = Cause::new(Code::ForwarderBeforeScope, Root::Group(Arc::clone(group)));
    let explained = groups.keys().any(|other| match (other.code, &other.root) {
        (
            Code::LostRecordSets
            | Code::ProvisioningFailed
            | Code::ConnectionNotApproved
            | Code::EndpointOfDeletedScope
            | Code::ZoneMissingFromZoneGroup
            | Code::EndpointWithoutZoneGroup,
            Root::Endpoint(_),
        ) => groups[other].iter().any(|one| decided_by(world, one, group)),
        (Code::ManualZoneLacksNames, Root::KeptByHand { .. }) | (Code::ScopeWithoutEndpoint, Root::Scope(_)) => {
            groups[other].iter().any(|one| decided_by(world, one, group))
        }
        _ => false,
    });
    explained || groups.contains_key(&&behind_forwarders)
}

/// True if an empty zone of a resource group decides the use.
fn decided_by(world: &Compiled, one: &Unserved, group: &str) -> bool {
    let Some(view) = world.views.of_network(one.used.network.as_str()) else { return false };
    let rows = &world.state.catalogue.zones;
    let private = rows.iter().find_map(|row| one.used.name.moved(&row.public, &row.private));
    let Some(private) = private else { return false };
    let Some(at) = decided_in(world, view, &one.used.name, &private) else { return false };
    let link = world.views.get(at).link_of(&WholeKey::of(&private));
    link.is_some_and(|link| *link.zone.id.resource_group == *group && link.zone.is_empty())
}

/// What a zone holds in the place of one of an endpoint's record sets.
enum Holder {
    /// What the endpoint wrote.
    Own,
    /// What another wrote.
    Others(Box<Owned>),
    /// Nothing.
    Nothing,
}

fn holder(zone: &Zone, endpoint: &EndpointName, member: &Addressed) -> Holder {
    match zone.get(&member.member.private, member.record_type()) {
        None => Holder::Nothing,
        Some(owned) => match &owned.writer {
            Writer::Endpoint { endpoint: writer, .. } if writer == endpoint => Holder::Own,
            _ if owned.set.ip_addresses().eq([member.address]) => Holder::Own,
            _ => Holder::Others(Box::new(owned)),
        },
    }
}

/// The zones of an endpoint's group that exist; none while its connection has not been approved.
fn zones_written<'s>(world: &'s Compiled, endpoint: &'s Endpoint) -> impl Iterator<Item = (&'s ZoneId, &'s Zone)> {
    let group = endpoint.zone_group.as_ref().filter(|_| endpoint.approval == ApprovalState::Approved);
    let zones = group.into_iter().flat_map(|group| &group.zones);
    zones.filter_map(|id| Some((id, &*world.state.zones.get(id)?.zone)))
}

impl Found<'_> {
    /// Record sets of endpoints that others overwrote, or that are gone.
    fn record_sets(&mut self) {
        let world = self.world;
        for endpoint in world.state.endpoints.values() {
            let name = &endpoint.spec.name;
            for (id, zone) in zones_written(world, endpoint) {
                let own = endpoint.members.iter().filter(|one| one.member.zone == id.apex);
                for member in own {
                    let (code, root, revision) = match holder(zone, name, member) {
                        Holder::Own => continue,
                        Holder::Others(owned) => {
                            let by = match &owned.writer {
                                Writer::Endpoint { endpoint, .. } => Some(endpoint.clone()),
                                _ => None,
                            };
                            let root = Root::Overwritten { endpoint: name.clone(), by };
                            (Code::OverwrittenRecordSets, root, Some(owned.revision))
                        }
                        Holder::Nothing => {
                            let tombstone = zone.tombstone(&member.member.private, member.record_type());
                            let revision = tombstone.map(|tombstone| tombstone.revision);
                            (Code::LostRecordSets, Root::Endpoint(name.clone()), revision)
                        }
                    };
                    let draft = self.add(code, root);
                    draft.names.insert(member.member.public.clone());
                    let linked = world.state.zones.get(id);
                    draft.networks.extend(linked.into_iter().flat_map(|linked| linked.links.keys().cloned()));
                    draft.zones.insert(id.clone());
                    draft.revision = draft.revision.max(revision);
                }
            }
        }
    }

    fn empty_zones(&mut self) {
        let world = self.world;
        for (id, linked) in world.state.zones.iter().filter(|(_, linked)| linked.zone.is_empty()) {
            if linked.zone.unknown().is_some() {
                continue;
            }
            let cuts = linked.links.iter().filter(|(_, policy)| **policy == ResolutionPolicy::Default);
            let networks: Vec<_> = cuts.map(|(network, _)| network.clone()).collect();
            if world.state.catalogue.zone(&id.apex).is_some() && !networks.is_empty() {
                let draft = self.add(Code::EmptyLinkedZone, Root::Group(Arc::clone(&id.resource_group)));
                draft.zones.insert(id.clone());
                draft.networks.extend(networks);
            }
        }
    }

    /// Zones that are missing from zone groups, or not linked where others of the group are.
    fn zone_groups(&mut self) {
        let world = self.world;
        let state = &world.state;
        for endpoint in state.endpoints.values() {
            let Some(group) = &endpoint.zone_group else { continue };
            let root = || Root::Endpoint(endpoint.spec.name.clone());
            let existed = |since: Option<jiff::civil::Date>| {
                since.is_none_or(|since| endpoint.created.is_none_or(|created| created >= since))
            };
            let is_missing = |apex: &&OwnerName| !group.zones.iter().any(|id| id.apex == **apex);
            let missing: BTreeSet<_> = match &endpoint.spec.target {
                EndpointTarget::Scope(_) => {
                    let wanted = state.catalogue.zone_group().filter(|row| existed(row.since)).map(|row| &row.private);
                    wanted.filter(is_missing).collect()
                }
                EndpointTarget::Service { .. } => {
                    endpoint.members.iter().map(|one| &one.member.zone).filter(is_missing).collect()
                }
            };
            let lies_in = |one: &Addressed, apexes: &BTreeSet<&OwnerName>| apexes.contains(&one.member.zone);
            if !missing.is_empty() {
                let names = endpoint.members.iter().filter(|one| lies_in(one, &missing));
                let draft = self.add(Code::ZoneMissingFromZoneGroup, root());
                draft.names.extend(names.map(|one| one.member.public.clone()));
                draft.revision = Some(endpoint.revision);
            }
            let there: Vec<_> = group.zones.iter().filter_map(|id| Some((id, state.zones.get(id)?))).collect();
            if !there.is_empty() && there.iter().all(|(_, linked)| linked.links.is_empty()) {
                let draft = self.add(Code::ZonesLinkedNowhere, root());
                draft.names.extend(endpoint.members.iter().map(|one| one.member.public.clone()));
                draft.zones.extend(there.iter().map(|(id, _)| (*id).clone()));
                draft.revision = Some(endpoint.revision);
            }
            let networks: BTreeSet<_> = there.iter().flat_map(|(_, linked)| linked.links.keys()).collect();
            for network in networks {
                let own = state.linked.get(network);
                let sees = |apex: &OwnerName| own.into_iter().flatten().any(|linked| linked.apex == *apex);
                let unseen: BTreeSet<_> = there.iter().map(|(id, _)| &id.apex).filter(|apex| !sees(apex)).collect();
                if !unseen.is_empty() {
                    let names = endpoint.members.iter().filter(|one| lies_in(one, &unseen));
                    let draft = self.add(Code::ZoneNotLinked, root());
                    draft.names.extend(names.map(|one| one.member.public.clone()));
                    draft.networks.insert(network.clone());
                    draft
                        .zones
                        .extend(there.iter().filter(|(id, _)| unseen.contains(&id.apex)).map(|(id, _)| (*id).clone()));
                }
            }
        }
    }

    fn misspelt_and_unused(&mut self) {
        let state = &self.world.state;
        for (id, linked) in &state.zones {
            let code = if every_cloud().unwritten_zones.iter().any(|row| row.value == id.apex) {
                Code::UnusedZone
            } else if state.catalogue.zone(&id.apex).is_none() && super::describe::meant(state, id).is_some() {
                Code::MisspeltZone
            } else {
                continue;
            };
            let draft = self.add(code, Root::Zone(id.clone()));
            draft.networks.extend(linked.links.keys().cloned());
        }
    }

    /// Zones under the public names: what they do not have is NXDOMAIN, regardless of whose it is.
    fn taken_over(&mut self) {
        let state = &self.world.state;
        for (id, linked) in state.zones.iter().filter(|(_, linked)| !linked.links.is_empty()) {
            if state.catalogue.zones.iter().any(|row| row.public == id.apex) {
                let draft = self.add(Code::PublicZoneTakenOver, Root::Zone(id.clone()));
                draft.networks.extend(linked.links.keys().cloned());
            }
            let canary = super::describe::canary();
            if has_address(&linked.zone, &canary) {
                let draft = self.add(Code::CanaryExists, Root::Zone(id.clone()));
                draft.names.insert(canary);
                draft.networks.extend(linked.links.keys().cloned());
            }
        }
    }

    fn resources(&mut self) {
        let resources = Arc::clone(&self.world.state.resources);
        for (name, resource) in resources.iter().filter(|(_, resource)| resource.scopes.is_empty()) {
            let has_endpoint = !self.world.state.private_groups(name).is_empty() || !resource.endpoints.is_empty();
            if super::describe::refuses(&resource.spec).is_some() && !has_endpoint {
                self.add(Code::ResourceOutOfReach, Root::Resource(name.clone()));
            }
        }
    }

    fn scopes(&mut self) {
        let state = &self.world.state;
        for (name, scope) in &state.scopes {
            if scope.endpoints.is_empty() && !scope.resources.is_empty() {
                self.add(Code::ScopeWithoutEndpoint, Root::Scope(name.clone()));
            }
            if state.is_legacy(scope) {
                self.add(Code::LegacyScope, Root::Scope(name.clone()));
            }
        }
        let mut connected: BTreeMap<&NetworkName, BTreeSet<&ScopeName>> = BTreeMap::new();
        for endpoint in state.endpoints.values() {
            let scope = endpoint.spec.target.scope();
            connected.entry(&endpoint.spec.network).or_default().extend(scope);
        }
        for (network, scopes) in connected.into_iter().filter(|(_, scopes)| scopes.len() > 1) {
            let draft = self.add(Code::TwoScopesInNetwork, Root::Network(network.clone()));
            draft.networks.insert(network.clone());
            draft.scopes.extend(scopes.into_iter().cloned());
        }
    }

    fn endpoints(&mut self) {
        let state = &self.world.state;
        for endpoint in state.endpoints.values() {
            let root = || Root::Endpoint(endpoint.spec.name.clone());
            // Where the scope is deleted, the connection cannot be approved any more.
            if endpoint.approval != ApprovalState::Approved && is_connected(state, endpoint) {
                self.add(Code::ConnectionNotApproved, root()).revision = Some(endpoint.revision);
            }
            if !is_connected(state, endpoint) {
                let draft = self.add(Code::EndpointOfDeletedScope, root());
                draft.names.extend(endpoint.members.iter().map(|one| one.member.public.clone()));
                draft.revision = Some(endpoint.revision);
            }
            if let EndpointTarget::Service { resource, group } = &endpoint.spec.target
                && let Some(ResourceSpec::Service(spec)) = state.resources.get(resource).map(|own| &own.spec)
                && of_group(&state.catalogue, spec, group).others_unknown
            {
                self.add(Code::RecordNamesUnknown, root()).revision = Some(endpoint.revision);
            }
            if endpoint.zone_group.is_none() {
                let draft = self.add(Code::EndpointWithoutZoneGroup, root());
                draft.names.extend(endpoint.members.iter().map(|one| one.member.public.clone()));
                draft.revision = Some(endpoint.revision);
            }
            let subnet = state.networks.get(&endpoint.spec.network).and_then(|own| own.subnet(&endpoint.spec.subnet));
            if subnet.is_some_and(|subnet| subnet.prefix_len() > SMALLEST_SUBNET) {
                self.add(Code::SmallSubnet, root()).revision = Some(endpoint.revision);
            }
        }
    }

    /// Endpoints whose provisioning failed. It is over with the endpoint, or when the resource is taken out again.
    fn provisioning(&mut self) {
        let state = &self.world.state;
        for refusal in &state.refusals {
            let (Reason::SubnetExhausted { endpoint, .. } | Reason::AddressTaken { endpoint, .. }) = &refusal.reason
            else {
                continue;
            };
            let own = state.endpoints.get(endpoint);
            if own.is_some_and(|one| one.failed.is_some() || !one.failed_resources.is_empty()) {
                let draft = self.add(Code::ProvisioningFailed, Root::Endpoint(endpoint.clone()));
                draft.revision = draft.revision.max(Some(refusal.revision));
            }
        }
    }

    /// Sessions that were opened before an outbound rule came to close the way to public addresses.
    fn sessions(&mut self) {
        let state = &self.world.state;
        for (name, machine) in &state.machines {
            if machine.sessions.is_empty() || Exits::of(state, Origin::machine(state, name)).closed().is_none() {
                continue;
            }
            let older = machine.sessions.iter().filter(|session| opened_publicly(self.world, name, machine, session));
            let older: Vec<_> = older.map(|session| session.resource.clone()).collect();
            if !older.is_empty() {
                let draft = self.add(Code::SessionOutlivesRule, Root::Machine(name.clone()));
                draft.networks.insert(machine.network.clone());
                draft.resources.extend(older);
            }
        }
    }

    fn prefixes(&mut self) {
        let mut claims: BTreeMap<ipnet::IpNet, BTreeSet<NetworkName>> = BTreeMap::new();
        for network in self.world.state.networks.values() {
            for prefix in network.prefixes() {
                claims.entry(prefix.trunc()).or_default().insert(network.name.clone());
            }
        }
        for (prefix, networks) in claims.into_iter().filter(|(_, networks)| networks.len() > 1) {
            self.add(Code::EqualClientPrefixes, Root::Prefix(prefix)).networks.extend(networks);
        }
    }

    fn forwarders(&mut self) {
        let world = self.world;
        let rows = &world.state.catalogue.zones;
        for (id, view) in world.views.iter() {
            let (Some(network), DnsSetting::Custom { kind, forward, .. }) = (&view.network, &view.dns) else {
                continue;
            };
            let forwards = |suffix: &OwnerName| forward.iter().any(|one| one.suffix == *suffix);
            let wrong = rows.iter().any(|row| forwards(&row.private) && !forwards(&row.public));
            if wrong {
                let draft = self.add(Code::ForwarderForPrivatelink, Root::Network(network.clone()));
                draft.networks.insert(network.clone());
            }
            let names = public_names_of_scopes(world, id, network);
            let subject = rows.iter().any(|row| {
                let at = decided_in(world, id, &row.public, &row.private);
                at.is_some_and(|at| world.views.get(at).links.get(&row.private).is_some())
            });
            if subject && !names.is_empty() && !(wrong && *kind == ForwarderKind::AcceptsChain) {
                let draft = self.add(Code::SomeZonesForwarded, Root::Network(network.clone()));
                draft.networks.insert(network.clone());
                draft.names.extend(names);
            }
        }
    }

    fn links_without_effect(&mut self) {
        let world = self.world;
        for (id, view) in world.views.iter() {
            let Some(network) = &view.network else { continue };
            let is_known = |apex: &&OwnerName| world.state.catalogue.zone(apex).is_some();
            if !view.links.iter().any(|(apex, _)| is_known(&apex)) {
                continue;
            }
            let asks = |of: ViewId, own: &DnsSetting| match own {
                DnsSetting::AzureProvided => false,
                DnsSetting::Custom { forward, default, .. } => {
                    let mut targets = forward.iter().map(|one| &one.to).chain([default]);
                    targets.any(|to| azure_behind(world, to, of) == Some(id))
                }
            };
            let asks_azure = match &view.dns {
                DnsSetting::AzureProvided => view.kind == NetworkKind::Virtual,
                own => asks(id, own),
            };
            // A resolver elsewhere may ask from within this network.
            let asked_from_elsewhere = world.state.inbound.values().any(|own| own.network == *network)
                || world.views.iter().any(|(other, view)| other != id && asks(other, &view.dns));
            if !asks_azure && !asked_from_elsewhere {
                let draft = self.add(Code::LinkWithoutEffect, Root::Network(network.clone()));
                draft.networks.insert(network.clone());
            }
        }
    }

    fn rulesets(&mut self) {
        let world = self.world;
        for ruleset in world.state.rulesets.values() {
            let root = || Root::Ruleset(ruleset.name.clone());
            let undotted = ruleset.rules.iter().filter(|rule| !rule.final_dot).map(|rule| rule.domain.clone());
            let undotted: Vec<_> = undotted.collect();
            if !undotted.is_empty() {
                let draft = self.add(Code::RuleWithoutFinalDot, root());
                draft.names.extend(undotted);
                draft.networks.extend(ruleset.links.iter().cloned());
            }
            for rule in ruleset.rules.iter().filter(|rule| rule.enabled) {
                let asking = ruleset.links.iter().filter_map(|link| world.views.of_network(link.as_str()));
                let homes = asking.filter_map(|at| {
                    let target = world.views.choose_by_rule(ruleset, rule, at).target.ok()?;
                    // A network without DNS of its own asks Azure's resolver, and so its rulesets.
                    world.views.get(azure_at(world, target)?).network.as_ref()
                });
                for home in homes.filter(|home| ruleset.links.contains(home)) {
                    let draft = self.add(Code::RulesetLoop, root());
                    draft.networks.insert(home.clone());
                }
            }
        }
    }

    /// Zones that may have names which are unknown, with the names in use that depend on them.
    fn unknown_contents(&mut self, alike: &Alike, unknown: &Unknown) {
        for (id, linked) in &self.world.state.zones {
            if linked.zone.unknown().is_none() {
                continue;
            }
            let draft = self.add(Code::UnknownContents, Root::Zone(id.clone()));
            for (network, name) in unknown.contents.get(id).into_iter().flatten() {
                draft.names.extend(alike.names(name).iter().cloned());
                draft.networks.insert(network.clone());
            }
        }
    }

    /// Resources of which nothing says whether they take public requests, with the networks that send them some.
    fn unknown_access(&mut self, unknown: &Unknown) {
        for (resource, uses) in &unknown.access {
            let draft = self.add(Code::PublicAccessUnknown, Root::Resource(resource.clone()));
            for (network, name) in uses {
                draft.names.insert(name.clone());
                draft.networks.insert(network.clone());
            }
        }
    }

    /// Targets of forwards that do not exist.
    fn targets(&mut self) {
        let world = self.world;
        let is_gone = |to: &ForwardTo| world.views.target(to, ViewId::PUBLIC) == Target::Gone;
        for (_, view) in world.views.iter() {
            let (Some(network), DnsSetting::Custom { forward, default, .. }) = (&view.network, &view.dns) else {
                continue;
            };
            if forward.iter().flat_map(|one| &one.to).chain(default).any(is_gone) {
                let draft = self.add(Code::ForwarderLeadsNowhere, Root::Network(network.clone()));
                draft.networks.insert(network.clone());
            }
        }
        for ruleset in world.state.rulesets.values() {
            if ruleset.rules.iter().any(|rule| rule.enabled && rule.to.iter().any(is_gone)) {
                let draft = self.add(Code::ForwarderLeadsNowhere, Root::Ruleset(ruleset.name.clone()));
                draft.networks.extend(ruleset.links.iter().cloned());
            }
        }
    }
}

/// True if a zone has an address or an alias for a name. A name without address means the same as none to browsers
/// (support.mozilla.org, canary domain).
fn has_address(zone: &Zone, name: &OwnerName) -> bool {
    match zone.lookup(name) {
        Lookup::Name(sets) | Lookup::Wildcard(sets) => {
            [RecordType::A, RecordType::AAAA].into_iter().any(|kind| !matches!(sets.answer(kind), Answer::NoData))
        }
        Lookup::Missing => false,
    }
}

/// True if the DNS of the moment when a session was opened led to no private address of its resource, whichever servers the
/// answer came through.
fn opened_publicly(world: &Compiled, name: &MachineName, machine: &Machine, session: &Session) -> bool {
    let before = compile(&world.history, session.opened);
    if Exits::of(&before.state, Origin::machine(&before.state, name)).closed().is_some() {
        return false;
    }
    let (Some(view), Some(resource)) =
        (before.views.of_network(machine.network.as_str()), before.state.resources.get(&session.resource))
    else {
        return false;
    };
    let names = member::of_resource(&before.state.catalogue, &resource.spec, None);
    !names.iter().any(|one| matches!(route(&before, view, &one.public), Path::PrivateEndpoint { .. }))
}

/// Names of scoped resources and of their endpoints that a network's own DNS does not ask Azure for, although the network
/// reaches an endpoint of the scope.
fn public_names_of_scopes(world: &Compiled, view: ViewId, network: &NetworkName) -> BTreeSet<OwnerName> {
    let state = &world.state;
    let reached = state.endpoints.values().filter(|one| {
        one.zone_group.is_some() && one.approval == ApprovalState::Approved && state.reaches_endpoint(network, one)
    });
    let mut names = BTreeSet::new();
    for one in reached.flat_map(|endpoint| &endpoint.members) {
        if decided_in(world, view, &one.member.public, &one.member.private).is_none() {
            names.insert(one.member.public.clone());
        }
    }
    names
}

/// The network in which Azure's resolver is asked at the end of a forward, if it is.
fn azure_behind(world: &Compiled, to: &[ForwardTo], from: ViewId) -> Option<ViewId> {
    azure_at(world, world.views.choose_from(to, from).target.ok()?)
}

/// The network in which a server asks Azure's resolver, if it does.
fn azure_at(world: &Compiled, target: Target) -> Option<ViewId> {
    match target {
        Target::Azure(at) => Some(at),
        Target::Network(at) if world.views.get(at).dns == DnsSetting::AzureProvided => Some(at),
        Target::Network(_) | Target::Public | Target::Gone => None,
    }
}
