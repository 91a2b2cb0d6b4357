//! Why a use is not served: the first rule that matches, in the order of stages.
//!
//! A: DNS gives no answer. B: a private zone has no such name or address. C: the answer is a private address at which
//! nothing arrives. D: the request arrives at an endpoint and is refused. E: it arrives at a public address and is refused.
//! F: the outbound rule drops it. Up to C the cause depends on network and name alone.

mod service;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::Code;
use super::alike::Alike;
use super::forwarding::{decided_in, way};
use super::judge::Service;
use super::route::Path;
use super::verdict::{Cause, Root, Standing};
use crate::catalogue::Operation;
use crate::compile::arrival::reach;
use crate::compile::member::{self, Member};
use crate::compile::reachability::{Reach, has, is_connected};
use crate::compile::state::{Endpoint, LinkedZone, Resource, Scope};
use crate::compile::{Compiled, ViewId, Writer, Zone};
use crate::dns::{OwnerName, RecordType};
use crate::estate::{
    AccessMode, ApprovalState, Associations, DnsSetting, EndpointTarget, ForwarderKind, MachineName, NetworkName,
    PublicNetworkAccess, ResourceName, ResourceSpec, ScopeName, ZoneId,
};
use crate::resolve::{Decision, Failure, Outcome, Question, decide, decide_addresses};

/// What is looked up again and again while causes are found.
pub(super) struct Causes<'w> {
    world: &'w Compiled,
    /// Endpoints by the zones of their zone groups.
    writers: HashMap<&'w ZoneId, Vec<&'w Endpoint>>,
    /// Endpoints by the private names they have an address for.
    holders: HashMap<&'w OwnerName, Vec<&'w Endpoint>>,
    /// Resources by the public names that are theirs.
    owners: HashMap<OwnerName, Vec<&'w Resource>>,
    /// What an endpoint created today would have, by public name.
    members: HashMap<OwnerName, Member>,
    /// Whether packets of a network get to an endpoint, as far as it was asked.
    reached: RefCell<HashMap<(Option<ViewId>, *const Endpoint), bool>>,
}

/// One use while its cause is looked for.
pub(super) struct Subject<'a> {
    pub(super) view: ViewId,
    pub(super) network: &'a NetworkName,
    pub(super) name: &'a OwnerName,
    pub(super) resource: Option<&'a ResourceName>,
    pub(super) operation: Operation,
    /// Absent for shared names.
    pub(super) service: Option<Service>,
    pub(super) flag: PublicNetworkAccess,
    pub(super) path: &'a Path,
    /// Scopes whose endpoints the network gets names of.
    pub(super) gets: &'a BTreeSet<ScopeName>,
    /// True if a machine in the network has a session to the resource.
    pub(super) session: bool,
    /// The machine whose agent asks, with what it is associated with.
    pub(super) agent: Option<(&'a MachineName, &'a Associations)>,
}

impl<'w> Causes<'w> {
    /// For the uses of the first one of resources that are alike.
    pub(super) fn of(world: &'w Compiled, alike: &Alike) -> Self {
        let state = &world.state;
        let mut writers: HashMap<_, Vec<_>> = HashMap::new();
        let mut holders: HashMap<_, Vec<_>> = HashMap::new();
        let endpoints: Vec<&Endpoint> = state.endpoints.values().map(Arc::as_ref).collect();
        for endpoint in in_order_of_names(endpoints) {
            for zone in endpoint.zone_group.iter().flat_map(|group| &group.zones) {
                writers.entry(zone).or_default().push(endpoint);
            }
            for one in &endpoint.members {
                holders.entry(&one.member.private).or_default().push(endpoint);
            }
        }
        let mut owners: HashMap<_, Vec<_>> = HashMap::new();
        let mut members = HashMap::new();
        let firsts = state.resources.values().filter(|own| alike.is_first(own.spec.name()));
        for resource in firsts {
            for one in member::of_resource(&state.catalogue, &resource.spec, None) {
                owners.entry(one.public.clone()).or_default().push(resource);
                members.insert(one.public.clone(), one);
            }
        }
        for own in owners.values_mut() {
            own.sort_by_key(|resource| resource.spec.name());
        }
        members.extend(member::base(&state.catalogue, None).into_iter().map(|one| (one.public.clone(), one)));
        Self { world, writers, holders, owners, members, reached: RefCell::default() }
    }

    /// How bad it is that a use is not served.
    pub(super) fn standing(&self, subject: &Subject<'_>) -> Standing {
        let state = &self.world.state;
        if subject.service == Some(Service::Other) {
            return self.service_standing(subject);
        }
        let scopes = self.scopes(subject.resource);
        let reaches = scopes.iter().any(|scope| self.reaches_scope(subject.network, scope));
        match subject.path {
            Path::Public { .. } | Path::PrivateEndpoint { target: EndpointTarget::Scope(_), .. } => {}
            // Resource Manager has no private path that could be missing.
            Path::Blocked { .. } if reaches && !is_resource_manager(subject) => return Standing::Broken,
            Path::Blocked { .. } => return self.blocked(subject),
            _ => return Standing::Broken,
        }
        // What an agent is associated with, it is meant to use.
        if subject.service == Some(Service::AgentConfig) && subject.agent.is_some() {
            return Standing::Broken;
        }
        if subject.service == Some(Service::AgentConfig) {
            let mut specs = state.resources.values().map(|one| &one.spec);
            let is_there = specs.any(|spec| matches!(spec, ResourceSpec::DataCollectionEndpoint(_)));
            return if is_there { Standing::Broken } else { Standing::AtRisk };
        }
        if is_resource_manager(subject) {
            return Standing::Closed;
        }
        let holds = |scope: &Scope| self.endpoints(scope).any(|endpoint| endpoint.spec.network == *subject.network);
        let has_machine = || state.machines.values().any(|machine| machine.network == *subject.network);
        let is_related = scopes.iter().any(|scope| holds(scope) || subject.gets.contains(&scope.spec.name));
        if is_related || !scopes.is_empty() && subject.session || reaches && has_machine() {
            return Standing::Broken;
        }
        let leads_to_scope = |one: &Endpoint| one.spec.target.scope().is_some();
        let holds_another =
            || state.endpoints.values().any(|one| one.spec.network == *subject.network && leads_to_scope(one));
        let is_refused_by_scope = matches!(subject.path, Path::PrivateEndpoint { .. }) && self.is_open(subject);
        if reaches && !holds_another() || is_refused_by_scope { Standing::AtRisk } else { Standing::Closed }
    }

    /// How bad it is that an outbound rule leaves no path: it is meant where private link is in place.
    fn blocked(&self, subject: &Subject<'_>) -> Standing {
        let known = |apex: &OwnerName| self.world.state.catalogue.zone(apex).is_some();
        let is_linked = self.world.views.get(subject.view).links.iter().any(|(apex, _)| known(apex));
        if is_linked || !subject.gets.is_empty() { Standing::Closed } else { Standing::AtRisk }
    }

    /// Why a use is not served.
    pub(super) fn cause(&self, subject: &Subject<'_>) -> Cause {
        match subject.path {
            Path::PrivateEndpoint { target: EndpointTarget::Scope(scope), endpoint, .. }
                if !matches!(subject.service, Some(Service::Other | Service::Rule)) =>
            {
                self.refused_inside(subject, endpoint, scope)
            }
            Path::PrivateEndpoint { .. } => self.leads_to_another(subject),
            Path::Public { .. } if subject.service == Some(Service::Other) => self.service_refused_in_public(subject),
            Path::Public { .. } => self.refused_in_public(subject),
            Path::Blocked { .. } => Cause::new(Code::OutboundRuleLeavesNoPath, Root::Network(subject.network.clone())),
            _ => self.dns(subject),
        }
    }

    /// Stages A to C.
    fn dns(&self, subject: &Subject<'_>) -> Cause {
        let decision = decide_addresses(self.world, subject.view, subject.name);
        match &decision.outcome {
            Outcome::Failure { owner, why } => self.no_answer(subject, owner, why),
            Outcome::NameError { owner, by, .. } => match by.link {
                Some(_) => self.missing(subject, owner, &by.zone.id, by.seen_from),
                None => led_away(subject, &decision),
            },
            Outcome::NoData { owner, by } if by.link.is_some() => {
                // The writer of other records there removed the address of an endpoint.
                if let Some(lost) = self.lost(owner, &by.zone.id) {
                    return lost;
                }
                Cause::new(Code::NameWithoutAddress, Root::RecordSet(by.zone.id.clone(), owner.clone()))
            }
            Outcome::NoData { .. } => led_away(subject, &decision),
            Outcome::Answer(_) => self.nothing_arrives(subject, &decision),
        }
    }

    /// Stage A: DNS gives no answer.
    fn no_answer(&self, subject: &Subject<'_>, owner: &OwnerName, why: &Failure) -> Cause {
        let label = |view: ViewId| self.world.views.get(view).network.clone();
        let ways = [owner, subject.name].map(|name| way(self.world, subject.view, name));
        let network = |at: Option<ViewId>| Root::Network(at.and_then(label).unwrap_or_else(|| subject.network.clone()));
        match why {
            Failure::ForwardTargetGone => {
                let root = match &ways[0].ruleset {
                    Some(ruleset) => Root::Ruleset(ruleset.clone()),
                    None => network(ways[0].passed.last().copied()),
                };
                Cause::new(Code::ForwarderLeadsNowhere, root)
            }
            Failure::RulesetLoop => {
                let root = ways.iter().find_map(|way| way.ruleset.clone()).map(Root::Ruleset);
                Cause::new(Code::RulesetLoop, root.unwrap_or_else(|| network(Some(subject.view))))
            }
            Failure::ForwardLoop => {
                let circle = ways.iter().find_map(|way| Some(&way.passed[way.circle?..]));
                let mut networks: Vec<NetworkName> =
                    circle.into_iter().flatten().filter_map(|view| label(*view)).collect();
                networks.sort();
                Cause::new(Code::ForwardingCircle, Root::Circle(networks))
            }
            Failure::UnknownContents { zone, .. } => Cause::new(Code::UnknownContents, Root::Zone(zone.clone())),
            Failure::AzureDnsOutOfReach | Failure::ForwardTargetOutOfReach => {
                Cause::new(Code::DnsServerOutOfReach, network(ways[0].passed.last().copied()))
            }
            Failure::AliasLoop | Failure::TooManyAliases => {
                let question = Question { name: subject.name.clone(), kind: RecordType::A };
                let decision = decide(self.world, subject.view, &question);
                let zone = decision.hops.iter().rev().find(|hop| hop.by.link.is_some());
                match zone {
                    Some(hop) => {
                        let root = Root::RecordSet(hop.by.zone.id.clone(), hop.owner.clone());
                        Cause::new(Code::NameWithoutAddress, root)
                    }
                    None => no_rule(subject),
                }
            }
        }
    }

    /// Stage B: the private zone `id`, linked to the network of `at`, has no name `private`.
    fn missing(&self, subject: &Subject<'_>, private: &OwnerName, id: &ZoneId, at: ViewId) -> Cause {
        let state = &self.world.state;
        // A zone from a file is not the estate's: the author of the file left the name out.
        let Some(linked) = state.zones.get(id) else {
            return Cause::new(Code::PublicZoneTakenOver, Root::Zone(id.clone()));
        };
        let zone = &linked.zone;
        let holders = self.holders.get(private).map_or(&[][..], Vec::as_slice);
        if subject.service == Some(Service::Other) {
            return self.service_missing(subject, holders, id);
        }
        // Endpoints of other services write names of their own there.
        let writers: Vec<&Endpoint> = self.writers.get(id).into_iter().flatten().copied().collect();
        let writers: Vec<&Endpoint> = writers.into_iter().filter(|one| one.spec.target.scope().is_some()).collect();
        let writers = writers.as_slice();
        let owners = self.owners.get(subject.name).map_or(&[][..], Vec::as_slice);
        let of = |code, endpoint: &Endpoint| Cause::new(code, Root::Endpoint(endpoint.spec.name.clone()));
        let writes = |endpoint: &Endpoint| writers.iter().any(|own| own.spec.name == endpoint.spec.name);
        let is_scoped = |endpoint: &Endpoint| {
            owners.iter().any(|own| endpoint.spec.target.scope().is_some_and(|scope| own.scopes.contains(scope)))
        };
        let is_wanted = |endpoint: &Endpoint| owners.is_empty() || is_scoped(endpoint);

        if state.catalogue.zone(&id.apex).is_none() {
            return Cause::new(Code::PublicZoneTakenOver, Root::Zone(id.clone()));
        }
        if let (Some(Service::Rule), Some(rule)) = (subject.service, subject.resource) {
            return Cause::new(Code::RuleHiddenByZone, Root::Resource(rule.clone()));
        }
        let waiting =
            |one: &&&Endpoint| writes(one) && one.approval != ApprovalState::Approved && self.is_connected(one);
        if let Some(endpoint) = holders.iter().find(waiting) {
            return of(Code::ConnectionNotApproved, endpoint);
        }
        let failed = |one: &&&Endpoint| {
            let resource = |own: &&Resource| one.failed_resources.contains(own.spec.name());
            one.failed.is_some() && is_wanted(one) || owners.iter().any(resource)
        };
        if let Some(endpoint) = writers.iter().find(failed) {
            return of(Code::ProvisioningFailed, endpoint);
        }
        let in_served_scope = owners.iter().flat_map(|own| &own.scopes).any(|scope| self.has_endpoint(scope));
        if let Some(first) = writers.first()
            && writers.iter().all(|one| !self.is_connected(one))
            && !in_served_scope
        {
            return of(Code::EndpointOfDeletedScope, first);
        }
        if let Some(lost) = self.lost(private, id) {
            return lost;
        }
        let decided = self.world.views.get(at).network.as_ref().unwrap_or(subject.network);
        let is_near = |endpoint: &Endpoint| self.reaches(subject.network, endpoint) || self.reaches(decided, endpoint);
        if let Some(endpoint) = holders.iter().find(|one| one.zone_group.is_none() && is_near(one)) {
            if self.is_kept_by_hand(&id.resource_group) {
                let (endpoint, group) = (endpoint.spec.name.clone(), Arc::clone(&id.resource_group));
                return Cause::new(Code::ManualZoneLacksNames, Root::KeptByHand { endpoint, group });
            }
            return of(Code::EndpointWithoutZoneGroup, endpoint);
        }
        if let (Some(bare), false) = (self.without_endpoint(subject, private, zone, owners, writers), in_served_scope) {
            return bare;
        }
        let lives = |one: &Endpoint| one.approval == ApprovalState::Approved && self.is_connected(one);
        let row = self.members.get(subject.name).and_then(|one| one.endpoint_row(&state.catalogue));
        let since = row.and_then(|row| row.since);
        let is_older = |one: &Endpoint| since.is_some_and(|since| one.created.is_some_and(|created| created < since));
        if let Some(endpoint) = writers.iter().find(|one| lives(one) && is_older(one) && is_wanted(one)) {
            return of(Code::EndpointOlderThanName, endpoint);
        }
        let lacks = |one: &Endpoint| {
            let group = one.zone_group.as_ref();
            group.is_some_and(|group| !group.zones.iter().any(|own| own.apex == id.apex))
        };
        let shares_links = |one: &Endpoint| {
            let group = one.zone_group.iter().flat_map(|group| &group.zones);
            group.filter_map(|own| state.zones.get(own)).any(|linked| linked.links.contains_key(decided))
        };
        let incomplete = |one: &&&Endpoint| lacks(one) && (shares_links(one) || is_near(one));
        if let Some(endpoint) = holders.iter().find(incomplete) {
            return of(Code::ZoneMissingFromZoneGroup, endpoint);
        }
        let elsewhere: BTreeSet<_> =
            owners.iter().flat_map(|own| &own.scopes).filter(|scope| self.has_endpoint(scope)).collect();
        if let Some(scope) = elsewhere.first() {
            let root = Root::ScopedElsewhere { scope: (*scope).clone(), group: Arc::clone(&id.resource_group) };
            return Cause::new(Code::ScopedElsewhere, root);
        }
        let is_workspace = |own: &&Resource| matches!(own.spec, ResourceSpec::Workspace(_)) && own.scopes.is_empty();
        let legacy = state
            .scopes
            .values()
            .filter(|scope| state.is_legacy(scope) && self.endpoints(scope).any(|one| writes(one) || is_near(one)));
        if owners.iter().any(is_workspace)
            && let Some(scope) = legacy.map(|scope| &scope.spec.name).min()
        {
            return Cause::new(Code::LegacyScope, Root::Scope(scope.clone()));
        }
        if zone.is_empty() {
            return Cause::new(Code::EmptyLinkedZone, Root::Group(Arc::clone(&id.resource_group)));
        }
        Cause::new(Code::ComponentNameMissing, Root::Group(Arc::clone(&id.resource_group)))
    }

    /// A scope of the name's resources that has no endpoint; for a name everybody has, one whose zone has no writer.
    fn without_endpoint(
        &self,
        subject: &Subject<'_>,
        private: &OwnerName,
        zone: &Zone,
        owners: &[&Resource],
        writers: &[&Endpoint],
    ) -> Option<Cause> {
        let state = &self.world.state;
        let bare: BTreeSet<_> =
            owners.iter().flat_map(|own| &own.scopes).filter(|one| !self.has_endpoint(one)).collect();
        if let Some(scope) = bare.first() {
            return Some(Cause::new(Code::ScopeWithoutEndpoint, Root::Scope((*scope).clone())));
        }
        let is_shared = self.members.get(subject.name).is_some_and(|one| one.is_shared(&state.catalogue));
        let lives = |one: &Endpoint| one.approval == ApprovalState::Approved && self.is_connected(one);
        if is_shared && !writers.iter().any(|one| lives(one)) {
            let last = zone.tombstone(private, RecordType::A).and_then(|tombstone| match &tombstone.last.writer {
                Writer::Endpoint { target, .. } => target.scope().cloned(),
                _ => None,
            });
            let is_bare = |name: &ScopeName| {
                state.scopes.get(name).is_some_and(|scope| scope.endpoints.is_empty() && !scope.resources.is_empty())
            };
            let scope =
                last.filter(is_bare).or_else(|| state.scopes.keys().filter(|name| is_bare(name)).min().cloned());
            if let Some(scope) = scope {
                return Some(Cause::new(Code::ScopeWithoutEndpoint, Root::Scope(scope)));
            }
        }
        None
    }

    /// True if a zone of scopes in a resource group has record sets written by hand.
    fn is_kept_by_hand(&self, group: &str) -> bool {
        let state = &self.world.state;
        let own = state.zones.iter().filter(|(id, _)| *id.resource_group == *group);
        let mut of_scopes = own.filter(|(id, _)| state.catalogue.zone(&id.apex).is_some());
        of_scopes.any(|(_, linked)| linked.zone.iter().any(|owned| owned.writer == Writer::Manual))
    }

    /// That a zone has lost the record set of an endpoint that writes to it.
    fn lost(&self, private: &OwnerName, id: &ZoneId) -> Option<Cause> {
        let holders = self.holders.get(private)?;
        let writers = self.writers.get(id)?;
        let writes = |endpoint: &&&Endpoint| writers.iter().any(|own| own.spec.name == endpoint.spec.name);
        let lives = |one: &&&Endpoint| one.approval == ApprovalState::Approved && self.is_connected(one);
        let endpoint = holders.iter().filter(writes).find(lives)?;
        Some(Cause::new(Code::LostRecordSets, Root::Endpoint(endpoint.spec.name.clone())))
    }

    /// Stage C: the answer is a private address, and nothing arrives there.
    fn nothing_arrives(&self, subject: &Subject<'_>, decision: &Decision<'_>) -> Cause {
        let Outcome::Answer(hop) = &decision.outcome else { return no_rule(subject) };
        let state = &self.world.state;
        let Some(address) = hop.owned.set.ip_addresses().next() else { return no_rule(subject) };
        let record_set = || {
            Cause::new(
                Code::AddressOfNoEndpoint,
                Root::RecordSet(hop.by.zone.id.clone(), hop.owned.set.owner().clone()),
            )
        };
        let Some((home, verdict)) = reach(state, subject.network, &hop.owned, address) else { return record_set() };
        let having = |one: &&Endpoint| has(one, address);
        let writer = match &hop.owned.writer {
            Writer::Endpoint { endpoint, .. } => state.endpoints.get(endpoint).map(Arc::as_ref),
            _ => None,
        };
        let there = || state.endpoints.values().map(Arc::as_ref).find(|one| one.spec.network == home && having(one));
        let Some(endpoint) = writer.filter(having).or_else(there) else { return record_set() };
        let of = |code| Cause::new(code, Root::Endpoint(endpoint.spec.name.clone()));
        match verdict {
            Reach::NotApproved(_) => return of(Code::ConnectionNotApproved),
            Reach::Disconnected => return of(Code::EndpointOfDeletedScope),
            _ => {}
        }
        if !self.is_connected(endpoint) {
            return of(Code::EndpointOfDeletedScope);
        }
        let was_reached = |old: &Endpoint| self.reaches(subject.network, old);
        match self.overwritten(&hop.owned, was_reached) {
            Some(cause) => cause,
            None => of(Code::UnreachableAddresses),
        }
    }

    /// That the record set overwrote one of an endpoint that is still there and that `served`.
    fn overwritten(&self, owned: &crate::compile::Owned, served: impl Fn(&Endpoint) -> bool) -> Option<Cause> {
        let by = match &owned.writer {
            Writer::Endpoint { endpoint, .. } => Some(endpoint.clone()),
            _ => None,
        };
        let mut before = owned.overwritten.as_ref();
        while let Some(old) = before {
            if let Writer::Endpoint { endpoint, .. } = &old.writer
                && Some(endpoint) != by.as_ref()
                && let Some(one) = self.world.state.endpoints.get(endpoint)
                && one.members.iter().any(|member| member.member.private == *owned.set.owner())
                && served(one)
            {
                let root = Root::Overwritten { endpoint: endpoint.clone(), by };
                return Some(Cause::new(Code::OverwrittenRecordSets, root));
            }
            before = old.overwritten.as_ref();
        }
        None
    }

    /// Stage D: the request arrives at an endpoint, and its scope refuses it.
    fn refused_inside(
        &self,
        subject: &Subject<'_>,
        endpoint: &crate::estate::EndpointName,
        scope: &ScopeName,
    ) -> Cause {
        let state = &self.world.state;
        let of = |code| Cause::new(code, Root::Scope(scope.clone()));
        let Some(own) = state.scopes.get(scope) else {
            return Cause::new(Code::EndpointOfDeletedScope, Root::Endpoint(endpoint.clone()));
        };
        let is_bootstrap = subject.service == Some(Service::AgentConfig);
        let has_dce = |scope: &Scope| {
            let mut specs = scope.resources.iter().filter_map(|name| state.resources.get(name)).map(|one| &one.spec);
            specs.any(|spec| matches!(spec, ResourceSpec::DataCollectionEndpoint(_)))
        };
        let served = |old: &Endpoint| {
            let other = old.spec.target.scope().filter(|own| *own != scope);
            let Some(scope) = other.and_then(|own| state.scopes.get(own)) else {
                return false;
            };
            let has = match subject.resource {
                Some(resource) => scope.resources.contains(resource),
                None => is_bootstrap && has_dce(scope),
            };
            has && self.is_connected(old) && self.reaches(subject.network, old)
        };
        let question = Question { name: subject.name.clone(), kind: RecordType::A };
        if let Outcome::Answer(hop) = &decide(self.world, subject.view, &question).outcome
            && let Some(cause) = self.overwritten(&hop.owned, served)
        {
            return cause;
        }
        if let Some((machine, _)) = subject.agent.filter(|_| is_bootstrap) {
            return Cause::new(Code::MachineWithoutAssociation, Root::Machine(machine.clone()));
        }
        if is_bootstrap {
            return of(Code::AgentWithoutDataCollectionEndpoint);
        }
        let scopes = self.scopes(subject.resource);
        if scopes.iter().any(|scope| self.reaches_scope(subject.network, scope)) {
            return of(Code::ThroughAnotherScope);
        }
        let exclusion = own.access.exclusions.iter().find(|one| one.endpoint == *endpoint);
        let modes = exclusion.map_or((own.access.ingestion, own.access.query), |one| (one.ingestion, one.query));
        let mode = if subject.service == Some(Service::Query) { modes.1 } else { modes.0 };
        if state.is_legacy(own) && subject.service != Some(Service::Query) {
            return of(Code::LegacyScope);
        }
        if mode == AccessMode::PrivateOnly {
            return of(Code::PrivateOnlyOnSharedDns);
        }
        match subject.resource {
            Some(resource) if scopes.is_empty() => {
                Cause::new(Code::ResourceOutOfReach, Root::Resource(resource.clone()))
            }
            _ => Cause::new(Code::RefusedAsConfigured, Root::Estate),
        }
    }

    /// Stage E: the request arrives at a public address, and the resource refuses it.
    fn refused_in_public(&self, subject: &Subject<'_>) -> Cause {
        let state = &self.world.state;
        let Some(resource) = subject.resource else { return no_rule(subject) };
        if is_resource_manager(subject) {
            return Cause::new(Code::QueriesThroughResourceManager, Root::Resource(resource.clone()));
        }
        let scopes = self.scopes(Some(resource));
        if scopes.is_empty() {
            return Cause::new(Code::ResourceOutOfReach, Root::Resource(resource.clone()));
        }
        if let Some(scope) = scopes.iter().map(|one| &one.spec.name).min()
            && scopes.iter().all(|one| one.endpoints.is_empty())
        {
            return Cause::new(Code::ScopeWithoutEndpoint, Root::Scope(scope.clone()));
        }
        let near = scopes.iter().flat_map(|scope| self.endpoints(scope));
        let near: Vec<_> = near.filter(|one| self.reaches(subject.network, one)).collect();
        let near = in_order_of_names(near);
        if let Some(cause) = self.not_served_by(&near) {
            return cause;
        }
        let own = |code| Cause::new(code, Root::Network(subject.network.clone()));
        let Some(one) = self.members.get(subject.name) else { return own(Code::ScopedButPublic) };
        let view = self.world.views.get(subject.view);
        if let Some(at) = decided_in(self.world, subject.view, &one.public, &one.private) {
            let decided = self.world.views.get(at);
            let apex = &one.zone;
            let Some(network) = decided.network.as_ref().filter(|_| decided.links.get(apex).is_none()) else {
                return own(Code::ScopedButPublic);
            };
            let is_linked = |one: &&&Endpoint| self.zones_of(one).any(|zone| zone.links.contains_key(network));
            if let Some(partly) = near.iter().find(is_linked) {
                return Cause::new(Code::ZoneNotLinked, Root::Endpoint(partly.spec.name.clone()));
            }
            return match self.without_final_dot(at, &one.private) {
                Some(ruleset) => Cause::new(Code::RuleWithoutFinalDot, Root::Ruleset(ruleset)),
                None => own(Code::ScopedButPublic),
            };
        }
        let DnsSetting::Custom { kind, forward, .. } = &view.dns else { return own(Code::ScopedButPublic) };
        let asks = |row: &crate::catalogue::ZoneRow| {
            let (public, private) = ("x".to_owned(), "x".to_owned());
            let names = row.public.child(&public).ok().zip(row.private.child(&private).ok());
            names.is_some_and(|(public, private)| decided_in(self.world, subject.view, &public, &private).is_some())
        };
        let rows = &state.catalogue.zones;
        let asks_some = rows.iter().any(asks);
        let is_linked = view.links.iter().any(|(apex, _)| state.catalogue.zone(apex).is_some());
        if !asks_some && is_linked {
            return own(Code::LinkWithoutEffect);
        }
        let for_privatelink = forward.iter().any(|forward| forward.suffix == one.zone);
        if *kind == ForwarderKind::AcceptsChain && for_privatelink {
            return own(Code::ForwarderForPrivatelink);
        }
        own(if asks_some { Code::SomeZonesForwarded } else { Code::ScopedButPublic })
    }

    /// Why no network gets private names of the endpoints whose addresses a network reaches; absent if one does.
    fn not_served_by(&self, near: &[&Endpoint]) -> Option<Cause> {
        let Some(first) = near.first() else { return Some(Cause::new(Code::RefusedAsConfigured, Root::Estate)) };
        let of = |code| Some(Cause::new(code, Root::Endpoint(first.spec.name.clone())));
        if near.iter().all(|one| one.approval != ApprovalState::Approved) {
            return of(Code::ConnectionNotApproved);
        }
        if near.iter().all(|one| one.zone_group.is_none()) {
            return of(Code::EndpointWithoutZoneGroup);
        }
        if near.iter().all(|one| self.zones_of(one).all(|zone| zone.links.is_empty())) {
            return of(Code::ZonesLinkedNowhere);
        }
        None
    }

    /// The zones of an endpoint's zone group that exist.
    fn zones_of(&self, endpoint: &Endpoint) -> impl Iterator<Item = &'w LinkedZone> {
        let group = endpoint.zone_group.iter().flat_map(|group| &group.zones);
        group.filter_map(|id| self.world.state.zones.get(id))
    }

    /// The ruleset of a network with a rule for the name that lacks its final dot.
    fn without_final_dot(&self, at: ViewId, name: &OwnerName) -> Option<crate::estate::RulesetName> {
        let rulesets = &self.world.views.get(at).rulesets;
        let catches = |set: &&Arc<crate::estate::RulesetSpec>| {
            set.rules.iter().any(|rule| rule.enabled && !rule.final_dot && name.is_within(&rule.domain))
        };
        rulesets.iter().find(catches).map(|set| set.name.clone())
    }

    /// The scopes a resource is in.
    fn scopes(&self, resource: Option<&ResourceName>) -> Vec<&'w Scope> {
        let state = &self.world.state;
        let own = resource.and_then(|name| state.resources.get(name));
        let names = own.into_iter().flat_map(|own| &own.scopes);
        names.filter_map(|name| state.scopes.get(name)).map(Arc::as_ref).collect()
    }

    fn endpoints(&self, scope: &'w Scope) -> impl Iterator<Item = &'w Endpoint> + use<'w> {
        let endpoints = &self.world.state.endpoints;
        scope.endpoints.iter().filter_map(|name| endpoints.get(name)).map(Arc::as_ref)
    }

    fn has_endpoint(&self, scope: &ScopeName) -> bool {
        self.world.state.scopes.get(scope).is_some_and(|scope| !scope.endpoints.is_empty())
    }

    fn reaches_scope(&self, network: &NetworkName, scope: &'w Scope) -> bool {
        self.endpoints(scope).any(|endpoint| self.reaches(network, endpoint))
    }

    /// True if packets of a network may get to an endpoint.
    fn reaches(&self, network: &NetworkName, endpoint: &Endpoint) -> bool {
        let key = (self.world.views.of_network(network.as_str()), std::ptr::from_ref(endpoint));
        let mut reached = self.reached.borrow_mut();
        *reached.entry(key).or_insert_with(|| self.world.state.reaches_endpoint(network, endpoint))
    }

    /// True while what the endpoint leads to is there.
    fn is_connected(&self, endpoint: &Endpoint) -> bool {
        is_connected(&self.world.state, endpoint)
    }

    fn is_open(&self, subject: &Subject<'_>) -> bool {
        matches!(
            subject.flag,
            PublicNetworkAccess::Enabled
                | PublicNetworkAccess::Unknown
                | PublicNetworkAccess::SecuredByPerimeter { inbound_allowed: true }
        )
    }
}

fn is_resource_manager(subject: &Subject<'_>) -> bool {
    subject.operation == Operation::ResourceManager
}

/// A name that an alias in a private zone leads out to public DNS, where there is no address.
fn led_away(subject: &Subject<'_>, decision: &Decision<'_>) -> Cause {
    match decision.hops.iter().rev().find(|hop| hop.by.link.is_some()) {
        Some(hop) => {
            let owner = hop.owned.set.owner().clone();
            Cause::new(Code::NameWithoutAddress, Root::RecordSet(hop.by.zone.id.clone(), owner))
        }
        None => no_rule(subject),
    }
}

fn no_rule(subject: &Subject<'_>) -> Cause {
    Cause::new(Code::NoRuleSaysWhy, Root::Network(subject.network.clone()))
}

fn in_order_of_names(mut endpoints: Vec<&Endpoint>) -> Vec<&Endpoint> {
    endpoints.sort_by(|one, other| one.spec.name.cmp(&other.spec.name));
    endpoints
}
