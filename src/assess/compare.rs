//! What real DNS servers say of an estate's names, held against what their networks should get, with the likely cause of
//! what differs.
//!
//! Nothing is asked here: [`names`] says what to ask for, [`differences`] is given what was heard.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::net::IpAddr;

use super::timeline::names_of;
use super::verify::reply::{Read, is_public};
use crate::compile::zone::who;
use crate::compile::{Compiled, ViewId, Writer};
use crate::dns::wire::{Received, ReceivedData, ReceivedRecord};
use crate::dns::{OwnerName, Rcode, RecordData, RecordType};
use crate::estate::{EndpointName, EndpointTarget, NetworkName, ZoneId};
use crate::resolve::{Authority, Decision, Outcome, Question, Rule, decide};

/// What a server said of a name, or why it said nothing.
#[derive(Clone, PartialEq, Debug)]
pub struct Heard {
    /// The name that was asked for; the type is A.
    pub name: OwnerName,
    /// The reply, or why there is none.
    pub reply: Result<Received, String>,
}

/// An answer, as far as it is compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// Addresses of a private zone, or private ones.
    Private(BTreeSet<IpAddr>),
    /// Any public address: which one depends on where one asks.
    Public,
    /// The name exists without an address.
    NoData,
    /// The name does not exist.
    NameError,
    /// The server fails or refuses.
    Failed(Rcode),
    /// There is no reply that can be read, and why.
    Silent(String),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Private(addresses) => {
                let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                f.write_str(&addresses.join(", "))
            }
            Self::Public => f.write_str("public"),
            Self::NoData => f.write_str("NODATA"),
            Self::NameError => f.write_str("NXDOMAIN"),
            Self::Failed(code) => write!(f, "{code}"),
            Self::Silent(why) => f.write_str(why),
        }
    }
}

/// The likely cause of a difference.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LikelyCause {
    /// The server does not reply.
    NoReply,
    /// The server fails or refuses.
    ServerFails,
    /// A private zone of the estate is not linked to the network whose link should answer.
    ZoneNotLinked {
        /// The zone.
        zone: ZoneId,
        /// The network the question should be asked in.
        network: NetworkName,
    },
    /// The network's own server, or its ruleset, does not forward the name.
    ForwarderMissing {
        /// The suffix that is forwarded in the estate; absent for everything.
        suffix: Option<OwnerName>,
        /// Where it is forwarded to.
        to: String,
    },
    /// The zone is there without the record set, and its link falls back to public DNS (`NxDomainRedirect`).
    LinkFallsBack {
        /// The zone.
        zone: ZoneId,
    },
    /// Another writer's record set is there.
    OtherWriter {
        /// The zone.
        zone: ZoneId,
        /// Who wrote it in the estate.
        expected: String,
        /// The endpoint that has the address that was found, and its scope; absent if the estate has none.
        found: Option<(EndpointName, EndpointTarget)>,
    },
    /// The zone is there without the record set.
    RecordSetMissing {
        /// The zone.
        zone: ZoneId,
        /// Who wrote it in the estate.
        expected: String,
    },
    /// A record set is there that the estate does not have.
    RecordSetAdded {
        /// The zone.
        zone: ZoneId,
    },
    /// A private zone answers that is not linked in the estate.
    ZoneLinked {
        /// The name of the zone.
        zone: OwnerName,
    },
    /// Public DNS does not have the name.
    NotInPublicDns,
    /// Public DNS has a name that does not exist in the estate.
    InPublicDns,
    /// The server gets an answer where the estate's forwarders get none.
    ForwardsElsewhere,
}

impl LikelyCause {
    /// The cause in a word, for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NoReply => "noReply",
            Self::ServerFails => "serverFails",
            Self::ZoneNotLinked { .. } => "zoneNotLinked",
            Self::ForwarderMissing { .. } => "forwarderMissing",
            Self::LinkFallsBack { .. } => "linkFallsBack",
            Self::OtherWriter { .. } => "otherWriter",
            Self::RecordSetMissing { .. } => "recordSetMissing",
            Self::RecordSetAdded { .. } => "recordSetAdded",
            Self::ZoneLinked { .. } => "zoneLinked",
            Self::NotInPublicDns => "notInPublicDns",
            Self::InPublicDns => "inPublicDns",
            Self::ForwardsElsewhere => "forwardsElsewhere",
        }
    }

    /// What to look at or to do.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::NoReply => "check the address, and that packets to port 53 reach it",
            Self::ServerFails => {
                "check the server's log: it refuses this client, or a server it forwards to does not answer"
            }
            Self::ZoneNotLinked { .. } => "link the zone to the network, or correct the scenario",
            Self::ForwarderMissing { .. } => {
                "add the conditional forwarder for the public zone, or correct the scenario"
            }
            Self::LinkFallsBack { .. } => "create the endpoint's zone group again, so that it writes its record sets",
            Self::OtherWriter { found: Some(_), .. } => {
                "the two endpoints write to one zone: give each scope zones of its own, or use one scope"
            }
            Self::OtherWriter { found: None, .. } => {
                "find out what has the address: an endpoint that is missing from the scenario, or a record set written by hand"
            }
            Self::RecordSetMissing { .. } => {
                "create the endpoint's zone group again, so that it writes its record sets"
            }
            Self::RecordSetAdded { .. } => "find out who wrote the record set, and add the endpoint to the scenario",
            Self::ZoneLinked { .. } => "find out which zone of that name is linked, and add it to the scenario",
            Self::NotInPublicDns => "check the resource's id or host name, and that it is not deleted",
            Self::InPublicDns => "the resource still exists: correct the scenario",
            Self::ForwardsElsewhere => "correct the network's forwarders in the scenario",
        }
    }
}

impl fmt::Display for LikelyCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoReply => f.write_str("the server does not reply"),
            Self::ServerFails => f.write_str("the server fails, or refuses this client"),
            Self::ZoneNotLinked { zone, network } => write!(f, "zone {zone} is not linked to {network}"),
            Self::ForwarderMissing { suffix: Some(suffix), to } => {
                write!(f, "the forwarder for {suffix} to {to} is missing")
            }
            Self::ForwarderMissing { suffix: None, to } => write!(f, "names are not forwarded to {to}"),
            Self::LinkFallsBack { zone } => {
                write!(f, "zone {zone} lacks the record set, and its link falls back to public DNS (NxDomainRedirect)")
            }
            Self::OtherWriter { zone, expected, found: Some((endpoint, scope)) } => {
                write!(
                    f,
                    "different writer: in zone {zone}, {endpoint} of {scope} wrote the record set; in the scenario, {expected} wrote it"
                )
            }
            Self::OtherWriter { zone, expected, found: None } => {
                write!(
                    f,
                    "different writer: in zone {zone}, a writer that is missing from the scenario wrote the record set; in the scenario, {expected} wrote it"
                )
            }
            Self::RecordSetMissing { zone, expected } => {
                write!(f, "zone {zone} lacks the record set of {expected}: it was deleted, or never written")
            }
            Self::RecordSetAdded { zone } => {
                write!(f, "zone {zone} has a record set that is missing from the scenario")
            }
            Self::ZoneLinked { zone } => {
                write!(f, "a zone {zone} answers, but in the scenario no such zone is linked to the network")
            }
            Self::NotInPublicDns => f.write_str("public DNS does not have the name"),
            Self::InPublicDns => f.write_str("public DNS has the name, but it does not exist in the scenario"),
            Self::ForwardsElsewhere => {
                f.write_str("the server returns an answer, but the scenario's forwarders get none")
            }
        }
    }
}

/// A name that a server answers differently.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The name.
    pub name: OwnerName,
    /// What the network gets in the estate.
    pub expected: End,
    /// What the server says.
    pub found: End,
    /// Why, probably.
    pub cause: LikelyCause,
}

/// Every name of an estate: those that are in use or that an endpoint serves, and those that are in private zones with an
/// address or an alias. A name below `privatelink` is asked for by the public name that leads to it.
pub fn names(world: &Compiled) -> BTreeSet<OwnerName> {
    let mut names = names_of(world);
    for zone in world.state.zones.values() {
        for owned in zone.zone.sets() {
            let owner = owned.set.owner();
            let is_asked = matches!(owned.set.kind(), RecordType::A | RecordType::CNAME) && !owner.is_wildcard();
            let public = world.state.catalogue.public_name(owner);
            if is_asked && !public.is_some_and(|public| names.contains(&public)) {
                names.insert(owner.clone());
            }
        }
    }
    names
}

/// What differs between a network and what the server said that should answer like it, in the order of the names.
pub fn differences(world: &Compiled, view: ViewId, heard: &[Heard]) -> Vec<Difference> {
    let decided: Vec<Decision<'_>> = heard
        .iter()
        .map(|one| decide(world, view, &Question { name: one.name.clone(), kind: RecordType::A }))
        .collect();
    let pairs: Vec<(End, End)> =
        decided.iter().zip(heard).map(|(decision, heard)| (expected(decision), found(heard))).collect();
    // Zones that evidently answer there: some name of theirs came from them, or was denied by them.
    let seen: HashSet<&ZoneId> = (decided.iter().zip(&pairs))
        .filter(|(_, (_, found))| matches!(found, End::Private(_) | End::NameError | End::NoData))
        .filter_map(|(decision, _)| authority(decision).filter(|by| by.link.is_some()).map(|by| &by.zone.id))
        .collect();
    let differing = decided.iter().zip(heard).zip(pairs).filter(|(_, (expected, found))| expected != found);
    differing
        .map(|((decision, heard), (expected, found))| {
            let cause = cause(world, decision, heard, &expected, &found, &seen);
            Difference { name: heard.name.clone(), expected, found, cause }
        })
        .collect()
}

fn expected(decision: &Decision<'_>) -> End {
    match &decision.outcome {
        Outcome::Answer(hop) if hop.by.link.is_some() => {
            End::Private(hop.owned.set.addresses().map(IpAddr::V4).collect())
        }
        Outcome::Answer(_) => End::Public,
        Outcome::NoData { .. } => End::NoData,
        Outcome::NameError { .. } => End::NameError,
        Outcome::Failure { .. } => End::Failed(Rcode::SERVFAIL),
    }
}

fn found(heard: &Heard) -> End {
    let reply = match &heard.reply {
        Ok(reply) => reply,
        Err(why) => return End::Silent(why.clone()),
    };
    let read = Read::of(reply, &heard.name, RecordType::A);
    match reply.rcode {
        Rcode::NXDOMAIN => End::NameError,
        Rcode::NOERROR if read.records.is_empty() => End::NoData,
        Rcode::NOERROR if is_public(&read.records) => End::Public,
        Rcode::NOERROR => End::Private(read.records.iter().filter_map(|record| address(record)).collect()),
        code => End::Failed(code),
    }
}

fn address(record: &ReceivedRecord) -> Option<IpAddr> {
    match &record.data {
        ReceivedData::Known(RecordData::A(address)) => Some(IpAddr::V4(*address)),
        _ => None,
    }
}

/// Who decides a name in the end.
fn authority<'d, 'w>(decision: &'d Decision<'w>) -> Option<&'d Authority<'w>> {
    match &decision.outcome {
        Outcome::Answer(hop) => Some(&hop.by),
        Outcome::NoData { by, .. } | Outcome::NameError { by, .. } => Some(by),
        Outcome::Failure { .. } => None,
    }
}

fn cause(
    world: &Compiled,
    decision: &Decision<'_>,
    heard: &Heard,
    expected: &End,
    found: &End,
    seen: &HashSet<&ZoneId>,
) -> LikelyCause {
    match found {
        End::Silent(_) => return LikelyCause::NoReply,
        End::Failed(_) => return LikelyCause::ServerFails,
        _ => {}
    }
    let Some(by) = authority(decision) else { return LikelyCause::ForwardsElsewhere };
    let zone = || by.zone.id.clone();
    let writer = || match &decision.outcome {
        Outcome::Answer(hop) => match &hop.owned.writer {
            Writer::Endpoint { endpoint, .. } => endpoint.to_string(),
            other => who(other),
        },
        _ => "no writer".to_owned(),
    };
    match (by.link.is_some(), expected, found) {
        (true, _, End::Public) if seen.contains(&by.zone.id) => LikelyCause::LinkFallsBack { zone: zone() },
        (true, _, End::Public) => not_asked_there(world, decision, by),
        (true, End::Private(_), End::Private(addresses)) => {
            LikelyCause::OtherWriter { zone: zone(), expected: writer(), found: endpoint_at(world, addresses) }
        }
        (true, End::Private(_), _) => LikelyCause::RecordSetMissing { zone: zone(), expected: writer() },
        (true, ..) => LikelyCause::RecordSetAdded { zone: zone() },
        (false, End::Public, _) | (false, _, End::Private(_)) => match private_zone(world, heard) {
            Some(zone) => LikelyCause::ZoneLinked { zone },
            None => LikelyCause::NotInPublicDns,
        },
        (false, ..) => LikelyCause::InPublicDns,
    }
}

/// Why a question did not get to the zone that should answer: no forwarder hands it on, or the zone is not linked.
fn not_asked_there(world: &Compiled, decision: &Decision<'_>, by: &Authority<'_>) -> LikelyCause {
    let label = |view: ViewId| world.views.get(view).label().to_owned();
    // Where whole chains are accepted, the network's own server forwards the first name, and others the rest.
    let authorities = [by].into_iter().chain(decision.hops.iter().rev().map(|hop| &hop.by));
    let own = authorities.filter_map(|by| by.forwards.first()).find(|forward| forward.by == decision.view);
    match own {
        Some(first) => {
            let to = match by.seen_from == first.by {
                true => "Azure-provided DNS".to_owned(),
                false => format!("DNS in {}", label(by.seen_from)),
            };
            let suffix = match &first.rule {
                Rule::Suffix(suffix) | Rule::Ruleset(_, suffix) => Some(suffix.clone()),
                Rule::Default => None,
            };
            LikelyCause::ForwarderMissing { suffix, to }
        }
        None => LikelyCause::ZoneNotLinked { zone: by.zone.id.clone(), network: label(by.seen_from).as_str().into() },
    }
}

/// The endpoint of the estate that has one of the addresses.
fn endpoint_at(world: &Compiled, addresses: &BTreeSet<IpAddr>) -> Option<(EndpointName, EndpointTarget)> {
    let mut endpoints = world.state.endpoints.values();
    let found = endpoints.find(|endpoint| endpoint.members.iter().any(|member| addresses.contains(&member.address)))?;
    Some((found.spec.name.clone(), found.spec.target.clone()))
}

/// The private zone that answered or denied a name: that of the first privatelink name the reply leads to. A private
/// address without one is in a zone under the public name itself.
fn private_zone(world: &Compiled, heard: &Heard) -> Option<OwnerName> {
    let reply = heard.reply.as_ref().ok()?;
    let read = Read::of(reply, &heard.name, RecordType::A);
    let zones = &world.state.catalogue.zones;
    let own = |name: &OwnerName| zones.iter().find(|row| name.is_within(&row.private)).map(|row| row.private.clone());
    let through = read.chain.iter().copied().chain([&heard.name]).find_map(own);
    let is_private = !read.records.is_empty() && !is_public(&read.records);
    through.or_else(|| {
        let last = read.chain.last().copied().unwrap_or(&heard.name);
        let public = zones.iter().find(|row| last.is_within(&row.public)).map(|row| row.public.clone());
        is_private.then(|| public.or_else(|| last.parent()).unwrap_or_else(|| last.clone()))
    })
}
