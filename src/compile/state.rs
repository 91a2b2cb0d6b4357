//! The estate after some of its events, and the fold that makes it.
//!
//! [`State::apply`] takes one event at a time. What Azure would refuse changes nothing and is kept as a [`Refusal`]: a
//! history can always be applied to its end.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use indexmap::IndexMap;
use jiff::civil::Date;

use super::absence::{Absence, Coming, ObjectKind};
use super::member::Member;
use super::owner::Owners;
use super::peerings::Peerings;
use super::public::PublicDns;
use super::refusal::{Reason, Refusal};
use super::routes::Routes;
use super::zone::Zone;
use super::zone_files::ZoneFiles;
use crate::catalogue::Catalogue;
use crate::dns::{OwnerName, RecordData, RecordType, WholeKey};
use crate::estate::history::Switches;
use crate::estate::{
    AccessModeSettings, ApprovalState, Associations, EndpointName, Event, InboundEndpointSpec, MachineName,
    NetworkName, NetworkSpec, PrivateEndpointSpec, Recorded, ResolutionPolicy, ResolverName, ResourceName,
    ResourceSpec, Revision, RuleAction, RulesetName, RulesetSpec, ScopeName, ScopeSpec, UnresolvedEndpoint, ZoneGroup,
    ZoneId,
};

/// A private zone and the networks it is linked to.
#[derive(Clone, Debug)]
pub struct LinkedZone {
    /// The zone.
    pub zone: Arc<Zone>,
    /// Its links.
    pub links: BTreeMap<NetworkName, ResolutionPolicy>,
    /// The linked networks whose registration zone it is.
    pub registers: BTreeSet<NetworkName>,
}

/// A resource and the scopes it is in.
#[derive(Clone, Debug)]
pub struct Resource {
    /// What it is.
    pub spec: ResourceSpec,
    /// The scopes it is in, in the order it was put there.
    pub scopes: Vec<ScopeName>,
    /// The private endpoints that lead to it without a scope, in the order they were created.
    pub endpoints: Vec<EndpointName>,
}

/// A scope and what is connected to it.
#[derive(Clone, Debug)]
pub struct Scope {
    /// What it is.
    pub spec: ScopeSpec,
    /// Its access modes now.
    pub access: AccessModeSettings,
    /// When it was created; absent if undated.
    pub created: Option<Date>,
    /// True once access modes were set on it; before September 2021 that was not possible.
    pub has_modes: bool,
    /// Its scoped resources in the order they were added.
    pub resources: indexmap::IndexSet<ResourceName>,
    /// Its private endpoints in the order they were created.
    pub endpoints: Vec<EndpointName>,
}

/// A member with its address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Addressed {
    /// The name.
    pub member: Member,
    /// Its address.
    pub address: IpAddr,
    /// The resources it is there for; none for the names every endpoint has.
    pub resources: Vec<ResourceName>,
}

impl Addressed {
    /// The type of the record set that its name has.
    pub fn record_type(&self) -> RecordType {
        RecordData::from(self.address).kind()
    }
}

/// A private endpoint.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// What it is.
    pub spec: PrivateEndpointSpec,
    /// The revision its creation made.
    pub revision: Revision,
    /// When it was created; absent if undated.
    pub created: Option<Date>,
    /// State of its connection now.
    pub approval: ApprovalState,
    /// The zones it writes to now.
    pub zone_group: Option<ZoneGroup>,
    /// The zones it has written to; only from those can it delete.
    pub written: BTreeSet<ZoneId>,
    /// Its members with their addresses, in the order the addresses were given; none if its provisioning failed.
    pub members: Vec<Addressed>,
    /// Why its provisioning failed, if it did.
    pub failed: Option<String>,
    /// Resources whose addresses could not be given.
    pub failed_resources: Vec<ResourceName>,
}

/// An open session of a virtual machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// The resource it is for.
    pub resource: ResourceName,
    /// The revision at whose DNS it was opened.
    pub opened: Revision,
}

/// A virtual machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Machine {
    /// The network it is in.
    pub network: NetworkName,
    /// The subnet it is in, where that is known.
    pub subnet: Option<Arc<str>>,
    /// The address of its primary network interface, where that is known.
    pub address: Option<Ipv4Addr>,
    /// Its region, where that is known.
    pub location: Option<Arc<str>>,
    /// Its open sessions.
    pub sessions: Vec<Session>,
    /// What its agent is associated with; absent where that is not known.
    pub associations: Option<Associations>,
}

/// The estate at one revision.
#[derive(Clone, Debug)]
pub struct State {
    /// What Azure publishes.
    pub catalogue: Arc<Catalogue>,
    /// What is assumed where Azure is uncertain.
    pub switches: Switches,
    /// The revision it is the state of.
    pub revision: Revision,
    /// Networks in the order declared.
    pub networks: IndexMap<NetworkName, Arc<NetworkSpec>>,
    /// Peerings.
    pub peerings: Arc<Peerings>,
    /// What else decides which way packets take.
    pub routes: Arc<Routes>,
    /// Inbound endpoints of DNS Private Resolvers.
    pub inbound: BTreeMap<ResolverName, Arc<InboundEndpointSpec>>,
    /// Forwarding rulesets.
    pub rulesets: BTreeMap<RulesetName, Arc<RulesetSpec>>,
    /// Who owns what.
    pub owners: Arc<Owners>,
    /// Private zones.
    pub zones: BTreeMap<ZoneId, LinkedZone>,
    /// For each network the zones linked to it.
    pub linked: HashMap<NetworkName, BTreeSet<ZoneId>>,
    /// Workspaces, components, data collection endpoints, and resources of other services.
    pub resources: Arc<IndexMap<ResourceName, Resource>>,
    /// Scopes.
    pub scopes: IndexMap<ScopeName, Arc<Scope>>,
    /// Private endpoints.
    pub endpoints: IndexMap<EndpointName, Arc<Endpoint>>,
    /// Private endpoints whose scope or network is unknown.
    pub unresolved: BTreeMap<EndpointName, UnresolvedEndpoint>,
    /// Virtual machines.
    pub machines: IndexMap<MachineName, Machine>,
    /// Outbound rules for the service tag `AzureMonitor`; networks without one allow.
    pub outbound: BTreeMap<NetworkName, RuleAction>,
    /// Public DNS.
    pub public: PublicDns,
    /// False where public DNS is not asked: then it holds no names of resources.
    pub(super) has_public_dns: bool,
    /// Public DNS as networks see it that share the DNS of a legacy scope: names of all workspaces carry the hop. Absent
    /// while there is no such scope.
    pub(super) legacy_public: Option<PublicDns>,
    /// Zones from files; each answers in place of the public or linked zone of its name.
    pub files: Arc<ZoneFiles>,
    /// Events that had no effect because Azure would refuse them.
    pub refusals: Vec<Refusal>,
    /// Names that were given, or refused, and refer to nothing now.
    pub(super) absent: Arc<HashMap<(ObjectKind, Arc<str>), Absence>>,
    /// Names that declarations give, for declarations that come before them.
    pub(super) coming: Arc<Coming>,
}

impl State {
    /// The empty estate.
    pub fn new(catalogue: Arc<Catalogue>, switches: Switches) -> Self {
        Self {
            public: PublicDns::published(&catalogue, switches.uncertain_hop),
            legacy_public: None,
            has_public_dns: true,
            catalogue,
            switches,
            revision: Revision(0),
            networks: IndexMap::new(),
            peerings: Arc::default(),
            routes: Arc::default(),
            inbound: BTreeMap::new(),
            rulesets: BTreeMap::new(),
            owners: Arc::default(),
            zones: BTreeMap::new(),
            linked: HashMap::new(),
            resources: Arc::default(),
            scopes: IndexMap::new(),
            endpoints: IndexMap::new(),
            unresolved: BTreeMap::new(),
            machines: IndexMap::new(),
            outbound: BTreeMap::new(),
            files: Arc::default(),
            refusals: Vec::new(),
            absent: Arc::default(),
            coming: Arc::default(),
        }
    }

    /// The empty estate for those who do not ask its DNS: whether events are possible, and what exists after them.
    pub fn without_public_dns(catalogue: Arc<Catalogue>, switches: Switches) -> Self {
        Self { has_public_dns: false, ..Self::new(catalogue, switches) }
    }

    /// Says that the events up to `until` are declarations, and which networks and inbound endpoints they create: those may
    /// forward to each other in any order.
    pub fn declare<'n>(&mut self, names: impl IntoIterator<Item = (ObjectKind, &'n str)>, until: Revision) {
        let coming = Arc::make_mut(&mut self.coming);
        names.into_iter().for_each(|(kind, name)| coming.add(kind, name));
        coming.end_at(until);
    }

    /// Takes the next event; it makes the next revision whether it has an effect or not.
    pub fn apply(&mut self, recorded: &Recorded) {
        self.revision = Revision(self.revision.0 + 1);
        let outcome = self.check_references(&recorded.event).and_then(|()| self.effect(&recorded.event, recorded.date));
        self.note_absence(&recorded.event, outcome.is_ok());
        if let Err(refused) = outcome {
            self.refusals.push(Refusal { revision: self.revision, reason: refused, place: recorded.place.clone() });
        }
    }

    fn effect(&mut self, event: &Event, date: Option<Date>) -> Result<(), Reason> {
        match event {
            Event::CreateNetwork(spec) => self.create_network(spec),
            Event::DeleteNetwork { network } => self.delete_network(network),
            Event::CreatePeering { between } => self.create_peering(between),
            Event::DeletePeering { between } => {
                self.delete_peering(between);
                Ok(())
            }
            Event::SetRouting(routing) => self.set_routing(routing),
            Event::DeleteRouting(key) => {
                self.delete_routing(key);
                Ok(())
            }
            Event::SetDns { network, dns } => {
                self.set_dns(network, dns);
                Ok(())
            }
            Event::CreateInboundEndpoint(spec) => self.create_inbound_endpoint(spec),
            Event::DeleteInboundEndpoint { name } => {
                self.inbound.remove(name);
                Ok(())
            }
            Event::SetRuleset(spec) => self.set_ruleset(spec),
            Event::DeleteRuleset { name } => {
                self.rulesets.remove(name);
                Ok(())
            }
            Event::CreatePrivateDnsZone { zone } => self.create_zone(zone),
            Event::DeletePrivateDnsZone { zone } => self.delete_zone(zone),
            Event::LinkZone { zone, network, policy, registration } => {
                self.link_zone(zone, network, *policy, *registration)
            }
            Event::UnlinkZone { zone, network } => self.unlink_zone(zone, network),
            Event::PutRecordSet { zone, set } => self.put_record_set(zone, set),
            Event::DeleteRecordSet { zone, owner, kind } => self.delete_record_set(zone, owner, *kind),
            Event::SetZoneContents { zone, unresolved } => {
                self.set_unknown(zone, None, unresolved.as_ref());
                Ok(())
            }
            Event::PutResource(spec) => self.put_resource(spec),
            Event::DeleteResource { resource } => self.delete_resource(resource),
            Event::CreatePrivateLinkScope(spec) => self.create_scope(spec, date),
            Event::SetAccessModes { scope, access } => self.set_access_modes(scope, access, date),
            Event::DeletePrivateLinkScope { scope } => self.delete_scope(scope),
            Event::AddScopedResource { scope, resource } => self.add_scoped_resource(scope, resource, date),
            Event::RemoveScopedResource { scope, resource } => {
                self.remove_scoped_resource(scope, resource);
                Ok(())
            }
            Event::CreatePrivateEndpoint(spec) => self.create_endpoint(spec, date),
            Event::CreateUnresolvedEndpoint(endpoint) => self.create_unresolved(endpoint),
            Event::DeletePrivateEndpoint { endpoint }
            | Event::SetZoneGroup { endpoint, .. }
            | Event::DeleteZoneGroup { endpoint }
                if self.unresolved.contains_key(endpoint) =>
            {
                self.effect_on_unresolved(event, endpoint)
            }
            Event::DeletePrivateEndpoint { endpoint } => {
                self.delete_endpoint(endpoint);
                Ok(())
            }
            Event::SetZoneGroup { endpoint, zone_group } => self.set_zone_group(endpoint, zone_group),
            Event::DeleteZoneGroup { endpoint } => {
                self.delete_zone_group(endpoint);
                Ok(())
            }
            Event::SetApproval { endpoint, state } => {
                self.set_approval(endpoint, *state);
                Ok(())
            }
            Event::CreateVirtualMachine { name, network, subnet, address, location, associations } => {
                let machine = Machine {
                    network: network.clone(),
                    subnet: subnet.clone(),
                    address: *address,
                    location: location.clone(),
                    sessions: Vec::new(),
                    associations: associations.clone(),
                };
                self.create_machine(name, machine)
            }
            Event::SetAssociations { machine, associations } => self.set_associations(machine, associations),
            Event::SetSubscription(spec) => self.set_subscription(spec),
            Event::OpenSession { machine, resource } => {
                self.open_session(machine, resource);
                Ok(())
            }
            Event::Reboot { machine } | Event::CutSessions { machine } => {
                self.renew_sessions(machine);
                Ok(())
            }
            Event::SetOutboundRule { network, rule } => self.set_outbound_rule(network, rule.action),
        }
    }

    fn create_inbound_endpoint(&mut self, spec: &InboundEndpointSpec) -> Result<(), Reason> {
        self.only_virtual(&spec.network, || format!("the inbound endpoint {}", spec.name))?;
        self.inbound.insert(spec.name.clone(), Arc::new(spec.clone()));
        Ok(())
    }

    /// What happens to an endpoint of which the network or the target is unknown.
    fn effect_on_unresolved(&mut self, event: &Event, endpoint: &EndpointName) -> Result<(), Reason> {
        match event {
            Event::SetZoneGroup { zone_group, .. } => self.set_unresolved_group(endpoint, Some(zone_group)),
            Event::DeleteZoneGroup { .. } => self.set_unresolved_group(endpoint, None),
            _ => {
                self.delete_unresolved(endpoint);
                Ok(())
            }
        }
    }

    fn open_session(&mut self, machine: &MachineName, resource: &ResourceName) {
        if let Some(machine) = self.machines.get_mut(machine) {
            machine.sessions.retain(|session| session.resource != *resource);
            machine.sessions.push(Session { resource: resource.clone(), opened: self.revision });
        }
    }

    fn renew_sessions(&mut self, machine: &MachineName) {
        if let Some(machine) = self.machines.get_mut(machine) {
            machine.sessions.iter_mut().for_each(|session| session.opened = self.revision);
        }
    }

    /// Drops what changes to zones left unused.
    pub(super) fn compact(&mut self) {
        for linked in self.zones.values_mut().filter(|linked| linked.zone.has_unused()) {
            Arc::make_mut(&mut linked.zone).compact();
        }
        std::iter::once(&mut self.public).chain(&mut self.legacy_public).for_each(PublicDns::compact);
    }

    /// The zones linked to a network, longest name first.
    pub fn zones_of(&self, network: &NetworkName) -> Vec<(&LinkedZone, ResolutionPolicy)> {
        let ids = self.linked.get(network).into_iter().flatten();
        let mut zones: Vec<_> =
            ids.filter_map(|id| self.zones.get(id)).map(|zone| (zone, zone.links[network])).collect();
        zones.sort_by_key(|(zone, _)| std::cmp::Reverse(zone.zone.apex().label_count()));
        zones
    }

    /// Public DNS, as networks that share the DNS of a legacy scope see it or as all others do.
    pub fn public_dns(&self, shares_legacy_dns: bool) -> &PublicDns {
        self.legacy_public.as_ref().filter(|_| shares_legacy_dns).unwrap_or(&self.public)
    }

    /// The zone of public DNS that answers for a name: the one with the longest apex. A zone from a file comes before the
    /// published one of its name. `shares_legacy_dns` says which public DNS the network that asks sees.
    pub fn public_zone_of(&self, key: &WholeKey, shares_legacy_dns: bool) -> &Arc<Zone> {
        let published = self.public_dns(shares_legacy_dns).zone_of_key(key);
        let file = self.files.public().longest(key);
        let longer = file.filter(|file| file.apex().wire().len() >= published.apex().wire().len());
        longer.unwrap_or(published)
    }

    /// True if names missing from this zone of public DNS may exist all the same: it holds names of others too.
    pub fn is_shared_zone(&self, apex: &OwnerName) -> bool {
        self.catalogue.shared.contains(apex) || self.public.is_partial(apex)
    }

    /// True if the two are peered directly.
    pub fn are_peered(&self, one: &NetworkName, other: &NetworkName) -> bool {
        self.peerings.has(one, other)
    }

    /// The networks that this one is peered with, in the order declared.
    pub fn peers(&self, network: &NetworkName) -> Vec<&NetworkName> {
        let mut peers: Vec<&NetworkName> = self.peerings.of(network).collect();
        peers.sort_by_key(|peer| self.networks.get_index_of(*peer));
        peers
    }

    /// True if the scope is from before access modes: ingestion private only, queries open.
    ///
    /// Source: private-link-design as of 2021, "Private Links created before September 2021".
    pub fn is_legacy(&self, scope: &Scope) -> bool {
        !scope.has_modes && scope.created.is_some_and(|date| date < self.catalogue.rules.access_modes_since)
    }
}
