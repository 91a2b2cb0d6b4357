//! Findings: what is wrong with an estate at one revision, for whom, and what to do about it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::Ipv4Addr;

use super::Compiled;
use super::refusal::Reason;
use super::state::{Addressed, Endpoint, State};
use super::zone::{Owned, Writer, Zone};
use crate::catalogue::EndpointKind;
use crate::dns::{OwnerName, RecordType};
use crate::estate::{EndpointName, NetworkName, Place, ResolutionPolicy, Revision, ZoneId};

/// How grave a finding is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// Something is broken or was refused.
    Error,
    /// Something will break, or is not as meant.
    Warning,
    /// Worth knowing.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

macro_rules! codes {
    ($($(#[doc = $title:literal])+ $code:ident = $number:literal, $severity:ident, $advice:literal, $source:literal;)*) => {
        /// What kind of finding it is. The number never changes its meaning.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Code {
            $($(#[doc = $title])+ $code = $number,)*
        }

        impl Code {
            /// All of them, by number.
            pub const ALL: &'static [Self] = &[$(Self::$code),*];

            /// What is wrong, in one line.
            pub fn title(self) -> &'static str {
                match self { $(Self::$code => concat!($($title),+).trim_ascii(),)* }
            }

            /// How grave it is.
            pub fn severity(self) -> Severity {
                match self { $(Self::$code => Severity::$severity,)* }
            }

            /// What to do.
            pub fn advice(self) -> &'static str {
                match self { $(Self::$code => $advice,)* }
            }

            /// Where the rule behind it is from.
            pub fn source(self) -> &'static str {
                match self { $(Self::$code => $source,)* }
            }
        }
    };
}

codes! {
    /// Record sets of a living private endpoint were displaced by another's
    DisplacedRecordSets = 1, Error,
        "use one scope for all networks that share DNS, or give the second endpoint zones of its own, linked to its own \
         networks only; to restore the first endpoint's record sets, create its zone group again",
        "private-link-design, 2024-10-23";
    /// Zones no longer hold record sets of a living private endpoint
    LostRecordSets = 2, Error,
        "create the endpoint's zone group again, so that it writes all its record sets",
        "MicrosoftDocs/azure-docs issues 58044 and 122192";
    /// A network resolves names to private addresses it cannot reach
    UnreachableAddresses = 3, Error,
        "peer the network with the endpoint's network, give it an endpoint and zones of its own, or unlink the zones",
        "private-link-design, 2024-10-23";
    /// A linked zone is empty and answers NXDOMAIN for every name below it
    EmptyLinkedZone = 4, Error,
        "unlink the zone until an endpoint has written to it, or set resolutionPolicy NxDomainRedirect on the link",
        "Azure/Enterprise-Scale issue 1017";
    /// A zone of Azure Monitor Private Link is missing from a zone group
    ZoneMissingFromZoneGroup = 5, Warning,
        "add the zone to the endpoint's zone group, and link it to the same networks",
        "Azure/missionlz issue 455";
    /// A zone that an endpoint writes to is not linked to a network that uses its other zones
    ZoneNotLinked = 6, Warning,
        "link the zone to the network too, so that all names of the endpoint are private there",
        "private-link-configure, 2026-01-27";
    /// Two networks claim the same client prefix
    EqualClientPrefixes = 7, Warning,
        "give one of the networks a client prefix of its own (clientPrefixes); until then only a listener of its own or \
         EDNS client subnet tells its clients apart",
        "one address space cannot tell two networks apart";
    /// Azure would refuse the event, and it had no effect
    Refused = 8, Error,
        "change the event to what Azure accepts",
        "see the message";
    /// Provisioning of a private endpoint or of a scoped resource failed
    ProvisioningFailed = 9, Error,
        "use a larger subnet (a /27 or more) and create the endpoint there; a subnet with an endpoint in it cannot grow",
        "ampls-ip-ranges, Microsoft support Japan, 2025-12";
    /// An event would exceed one of Azure's limits, and it had no effect
    LimitExceeded = 10, Error,
        "split the estate so that it stays within the limit",
        "see the message";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("AMPLS{:03}", *self as u16))
    }
}

/// Something worth telling.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What kind.
    pub code: Code,
    /// How grave.
    pub severity: Severity,
    /// What happened here, in one sentence without the final stop.
    pub message: String,
    /// The names concerned, in canonical order; public names where there are any.
    pub names: Vec<OwnerName>,
    /// The networks concerned, by name.
    pub networks: Vec<NetworkName>,
    /// The revision that brought it about, where one event did.
    pub revision: Option<Revision>,
    /// Where that event was written.
    pub place: Option<Place>,
}

impl Finding {
    fn new(code: Code, message: String) -> Self {
        Self {
            code,
            severity: code.severity(),
            message,
            names: Vec::new(),
            networks: Vec::new(),
            revision: None,
            place: None,
        }
    }

    fn names(mut self, names: impl IntoIterator<Item = OwnerName>) -> Self {
        self.names = names.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        self
    }

    fn networks(mut self, networks: impl IntoIterator<Item = NetworkName>) -> Self {
        self.networks = networks.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        self
    }

    fn at(mut self, revision: Revision, compiled: &Compiled) -> Self {
        self.revision = Some(revision);
        self.place = compiled.history.event(revision).and_then(|recorded| recorded.place.clone());
        self
    }
}

/// All findings of a revision, the gravest first, then by code and time.
pub(super) fn findings(compiled: &Compiled) -> Vec<Finding> {
    let mut findings = Vec::new();
    displaced_and_lost(compiled, &mut findings);
    unreachable(compiled, &mut findings);
    empty_zones(compiled, &mut findings);
    missing_zones(compiled, &mut findings);
    equal_prefixes(compiled, &mut findings);
    refused(compiled, &mut findings);
    findings.sort_by(|a, b| {
        (a.severity, a.code, a.revision, &a.message).cmp(&(b.severity, b.code, b.revision, &b.message))
    });
    findings
}

/// What a zone holds in the place of one of an endpoint's record sets.
enum Held<'z> {
    /// What the endpoint wrote.
    Own,
    /// What another wrote.
    Others(&'z Owned),
    /// Nothing.
    Nothing,
}

fn held<'z>(zone: &'z Zone, endpoint: &EndpointName, member: &Addressed) -> Held<'z> {
    match zone.get(&member.member.private, RecordType::A) {
        None => Held::Nothing,
        Some(owned) => match &owned.writer {
            Writer::Endpoint { endpoint: writer, .. } if writer == endpoint => Held::Own,
            _ if owned.set.addresses().eq([member.address]) => Held::Own,
            _ => Held::Others(owned),
        },
    }
}

fn displaced_and_lost(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let state = &compiled.state;
    for endpoint in state.endpoints.values() {
        let name = &endpoint.spec.name;
        let mut displaced: BTreeMap<(Revision, String), Vec<&Addressed>> = BTreeMap::new();
        let mut lost = Vec::new();
        let mut networks = BTreeSet::new();
        for (id, zone) in zones_written(state, endpoint) {
            for member in members_in(state, endpoint, &id) {
                match held(zone, name, member) {
                    Held::Own => continue,
                    Held::Others(owned) => {
                        displaced.entry((owned.revision, who(&owned.writer))).or_default().push(member);
                    }
                    Held::Nothing => lost.push(member),
                }
                networks.extend(state.zones[&id].links.keys().cloned());
            }
        }
        for ((revision, by), members) in displaced {
            let shared = members.iter().filter(|member| kind_of(state, member).is_shared()).count();
            let what = match (shared, members.len()) {
                (shared, all) if shared == all => count(all, "shared record set"),
                (0, all) => count(all, "record set"),
                (shared, all) => format!("{} ({shared} of them shared)", count(all, "record set")),
            };
            let step = step_words(compiled, revision);
            let message = format!("{by} displaced {what} of {name} ({}){step}", endpoint.spec.scope);
            findings.push(
                Finding::new(Code::DisplacedRecordSets, message)
                    .names(members.iter().map(|member| member.member.public.clone()))
                    .networks(networks.iter().cloned())
                    .at(revision, compiled),
            );
        }
        if !lost.is_empty() {
            let message = format!(
                "{name} ({}) lives, but its zones no longer hold {} of it",
                endpoint.spec.scope,
                count(lost.len(), "record set")
            );
            let graves = lost.iter().filter_map(|member| {
                let zone = zones_written(state, endpoint).find(|(id, _)| member.member.private.is_below(&id.apex))?.1;
                zone.grave(&member.member.private, RecordType::A).map(|grave| grave.revision)
            });
            let revision = graves.max();
            let finding = Finding::new(Code::LostRecordSets, message)
                .names(lost.iter().map(|member| member.member.public.clone()))
                .networks(networks.iter().cloned());
            findings.push(match revision {
                Some(revision) => finding.at(revision, compiled),
                None => finding,
            });
        }
    }
}

fn unreachable(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let state = &compiled.state;
    for (network, linked) in &state.linked {
        let mut names: BTreeMap<NetworkName, Vec<OwnerName>> = BTreeMap::new();
        for zone in linked.iter().filter_map(|id| state.zones.get(id)) {
            for owned in zone.zone.iter() {
                for address in owned.set.addresses() {
                    if let Some(home) = home_of(state, owned, address)
                        && !state.reaches(network, &home)
                    {
                        names.entry(home).or_default().push(public_name(state, zone.zone.apex(), owned.set.owner()));
                    }
                }
            }
        }
        for (home, names) in names {
            let message = format!(
                "{network} resolves {} to addresses in {home}, which it is not peered with",
                count(names.len(), "name")
            );
            findings.push(Finding::new(Code::UnreachableAddresses, message).names(names).networks([network.clone()]));
        }
    }
}

fn empty_zones(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let state = &compiled.state;
    for (id, linked) in &state.zones {
        let struck = linked.links.iter().filter(|(_, policy)| **policy == ResolutionPolicy::Default);
        let networks: Vec<_> = struck.map(|(network, _)| network.clone()).collect();
        let known = state.catalogue.zone(&id.apex);
        if let (true, false, Some(row)) = (linked.zone.is_empty(), networks.is_empty(), known) {
            let message = format!(
                "{id} is linked to {} and has no record sets: every name below {} that leads into it is NXDOMAIN there",
                count(networks.len(), "network"),
                row.public
            );
            findings.push(Finding::new(Code::EmptyLinkedZone, message).names([id.apex.clone()]).networks(networks));
        }
    }
}

fn missing_zones(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let state = &compiled.state;
    for endpoint in state.endpoints.values() {
        let Some(group) = &endpoint.zone_group else { continue };
        let existed = |since: Option<jiff::civil::Date>| {
            since.is_none_or(|since| endpoint.created.is_none_or(|created| created >= since))
        };
        let wanted = state.catalogue.zone_group().filter(|row| existed(row.since));
        let missing: Vec<_> =
            wanted.map(|row| &row.private).filter(|apex| !group.zones.iter().any(|id| id.apex == **apex)).collect();
        if !missing.is_empty() {
            let unwritten = endpoint
                .members
                .iter()
                .filter(|one| missing.contains(&&state.catalogue.endpoints[one.member.row].private_zone));
            let message = format!(
                "the zone group of {} lacks {}, so it writes nothing there",
                endpoint.spec.name,
                list(missing.iter())
            );
            findings.push(
                Finding::new(Code::ZoneMissingFromZoneGroup, message)
                    .names(unwritten.map(|one| one.member.public.clone()))
                    .at(endpoint.revision, compiled),
            );
        }
        let networks: BTreeSet<_> =
            group.zones.iter().filter_map(|id| state.zones.get(id)).flat_map(|zone| zone.links.keys()).collect();
        for network in networks {
            let sees =
                |id: &ZoneId| state.linked.get(network).into_iter().flatten().any(|linked| linked.apex == id.apex);
            let unseen: Vec<_> =
                group.zones.iter().filter(|id| state.zones.contains_key(id) && !sees(id)).map(|id| &id.apex).collect();
            if !unseen.is_empty() {
                let message = format!(
                    "{network} is linked to zones of {} but not to {}",
                    endpoint.spec.name,
                    list(unseen.iter())
                );
                findings.push(
                    Finding::new(Code::ZoneNotLinked, message)
                        .names(unseen.into_iter().cloned())
                        .networks([network.clone()]),
                );
            }
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

fn refused(compiled: &Compiled, findings: &mut Vec<Finding>) {
    for refusal in &compiled.state.refusals {
        let code = match &refusal.reason {
            Reason::Limit(_) => Code::LimitExceeded,
            Reason::SubnetExhausted { .. } | Reason::AddressTaken { .. } => Code::ProvisioningFailed,
            _ => Code::Refused,
        };
        let step = step_words(compiled, refusal.revision);
        let source = match &refusal.reason {
            Reason::Limit(exceeded) => format!(" (source: {})", exceeded.limit.source()),
            _ => String::new(),
        };
        let message = format!("{}{step}{source}", refusal.reason);
        findings.push(Finding::new(code, message).at(refusal.revision, compiled));
    }
}

/// The zones of an endpoint's group that exist; none while its connection has not been approved.
fn zones_written<'s>(state: &'s State, endpoint: &'s Endpoint) -> impl Iterator<Item = (ZoneId, &'s Zone)> {
    let group = endpoint.zone_group.as_ref().filter(|_| endpoint.approval == crate::estate::ApprovalState::Approved);
    let zones = group.into_iter().flat_map(|group| &group.zones);
    zones.filter_map(|id| Some((id.clone(), &*state.zones.get(id)?.zone)))
}

fn members_in<'s>(state: &'s State, endpoint: &'s Endpoint, id: &ZoneId) -> impl Iterator<Item = &'s Addressed> {
    let rows = &state.catalogue.endpoints;
    let apex = id.apex.clone();
    endpoint.members.iter().filter(move |member| rows[member.member.row].private_zone == apex)
}

fn kind_of(state: &State, member: &Addressed) -> EndpointKind {
    state.catalogue.endpoints[member.member.row].kind
}

/// The network an address of a record set is in: that of the endpoint that wrote it, else that of an endpoint that has
/// the address, else the first network whose address space holds it.
pub fn home_of(state: &State, owned: &Owned, address: Ipv4Addr) -> Option<NetworkName> {
    if let Writer::Endpoint { endpoint, .. } = &owned.writer
        && let Some(endpoint) = state.endpoints.get(endpoint)
    {
        return Some(endpoint.spec.network.clone());
    }
    let endpoint = state.endpoints.values().find(|one| one.members.iter().any(|member| member.address == address));
    match endpoint {
        Some(endpoint) => Some(endpoint.spec.network.clone()),
        None => state.networks.values().find(|network| network.holds(address)).map(|network| network.name.clone()),
    }
}

/// The public name that leads to a name in a private zone; the name itself where the zone is not Azure Monitor's.
fn public_name(state: &State, apex: &OwnerName, owner: &OwnerName) -> OwnerName {
    let row = state.catalogue.zone(apex);
    row.and_then(|row| owner.moved(apex, &row.public)).unwrap_or_else(|| owner.clone())
}

/// Who wrote something, in words.
pub fn who(writer: &Writer) -> String {
    match writer {
        Writer::Endpoint { endpoint, scope } => format!("{endpoint} ({scope})"),
        Writer::Hand => "somebody by hand".to_owned(),
        Writer::Zone => "the zone's creation".to_owned(),
        Writer::Published { .. } => "public DNS".to_owned(),
        Writer::Resource(name) => format!("public DNS, for {name}"),
    }
}

fn step_words(compiled: &Compiled, revision: Revision) -> String {
    compiled.history.step_of(revision).map_or_else(String::new, |step| format!(" in step {}", step.name))
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn list<T: fmt::Display>(items: impl Iterator<Item = T>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
