//! Where a name leads: the path a request takes.

use std::net::IpAddr;

use crate::compile::address::is_private;
use crate::compile::arrival::reach;
use crate::compile::reachability::{Origin, Reach, has};
use crate::compile::{Compiled, ViewId, Writer};
use crate::dns::OwnerName;
use crate::estate::{EndpointName, EndpointTarget, NetworkName, ZoneId};
use crate::resolve::{Failure, Outcome, decide_addresses};

/// The path of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Path {
    /// Over a public address.
    Public {
        /// The address.
        address: IpAddr,
        /// Why it is unknown whether outbound rules let packets pass; absent where they do.
        unknown: Option<String>,
    },
    /// Through a private endpoint.
    PrivateEndpoint {
        /// The endpoint.
        endpoint: EndpointName,
        /// Its next hop.
        target: EndpointTarget,
        /// The address.
        address: IpAddr,
        /// The way packets take to it, `app → hub (fw) → mon`; absent within one network.
        way: Option<String>,
        /// Why it is unknown whether packets arrive; absent where they do.
        unknown: Option<String>,
    },
    /// To a private address nothing answers at: packets do not arrive, or no endpoint has it.
    Unreachable {
        /// The address.
        address: IpAddr,
        /// What the endpoint that has the address leads to; absent if no endpoint has it.
        target: Option<EndpointTarget>,
        /// Why, in words.
        why: String,
    },
    /// A public address, and an outbound rule drops the packets.
    Blocked {
        /// The address.
        address: IpAddr,
        /// Which rule, in words.
        why: String,
    },
    /// The name does not exist.
    NameError,
    /// The name has no address.
    NoData,
    /// DNS gives no answer.
    Failure(Failure),
    /// The zone that has the say may have names that are unknown.
    Unknown {
        /// The zone.
        zone: ZoneId,
        /// Why, in words.
        why: String,
    },
}

impl Path {
    /// The word for it in output and expectations.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Public { .. } => "public",
            Self::PrivateEndpoint { .. } => "private",
            Self::Unreachable { .. } => "unreachable",
            Self::Blocked { .. } => "blocked",
            Self::NameError => "NXDOMAIN",
            Self::NoData => "NODATA",
            Self::Failure(_) => "SERVFAIL",
            Self::Unknown { .. } => "unknown",
        }
    }
}

/// True for an address at the end of a public chain here: which one it is says nothing.
pub fn is_documentation(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(address) if address.is_documentation())
}

/// Finds the path from a view to a name, up to the rules for public addresses.
pub fn route(world: &Compiled, view: ViewId, name: &OwnerName) -> Path {
    route_from(world, view, world.views.get(view).network.as_ref().map(Origin::from), name)
}

/// The same for a client of the view that is known better.
pub fn route_from(world: &Compiled, view: ViewId, origin: Option<Origin<'_>>, name: &OwnerName) -> Path {
    let decision = decide_addresses(world, view, name);
    let hop = match &decision.outcome {
        Outcome::Answer(hop) => hop,
        Outcome::NoData { .. } => return Path::NoData,
        Outcome::NameError { .. } => return Path::NameError,
        Outcome::Failure { owner, why: Failure::UnknownContents { zone, unresolved } } => {
            let why = format!("whether private zone {zone} has {owner} is unknown: {unresolved} could not be resolved");
            return Path::Unknown { zone: zone.clone(), why };
        }
        Outcome::Failure { why, .. } => return Path::Failure(why.clone()),
    };
    let Some(address) = hop.owned.set.ip_addresses().next() else { return Path::NoData };
    let public = Path::Public { address, unknown: None };
    // The answer decides, whichever servers it came through: a private address is one in public DNS too.
    let is_private_path = hop.by.link.is_some() || is_private(address);
    let Some(origin) = origin.filter(|_| is_private_path) else { return public };
    let network = origin.network;
    match reach(&world.state, origin, &hop.owned, address) {
        Some((home, verdict)) if !verdict.may_arrive() => {
            let target = endpoint_at(world, &hop.owned.writer, Some(&home), address).map(|(_, target)| target);
            Path::Unreachable { address, target, why: why(network, &home, &verdict) }
        }
        reached => match endpoint_at(world, &hop.owned.writer, reached.as_ref().map(|(home, _)| home), address) {
            Some((endpoint, target)) => {
                let way = reached.as_ref().and_then(|(home, verdict)| verdict.way(network, home));
                let unknown = match reached {
                    Some((_, Reach::Unknown(why))) => Some(why),
                    _ => None,
                };
                Path::PrivateEndpoint { endpoint, target, address, way, unknown }
            }
            None if reached.is_none() && !is_private(address) => public,
            None => Path::Unreachable { address, target: None, why: "no private endpoint has that address".to_owned() },
        },
    }
}

/// The endpoint that has an address: the one that wrote the record set if it lives and has it, else the one in the
/// network the address is reached in.
fn endpoint_at(
    world: &Compiled,
    writer: &Writer,
    home: Option<&NetworkName>,
    address: IpAddr,
) -> Option<(EndpointName, EndpointTarget)> {
    let having = |endpoint: &&std::sync::Arc<crate::compile::state::Endpoint>| has(endpoint, address);
    let endpoints = &world.state.endpoints;
    let is_there = |endpoint: &&std::sync::Arc<crate::compile::state::Endpoint>| Some(&endpoint.spec.network) == home;
    let own = match writer {
        Writer::Endpoint { endpoint, .. } => endpoints.get(endpoint).filter(having).filter(is_there),
        _ => None,
    };
    let found = own.or_else(|| endpoints.values().filter(having).find(is_there))?;
    Some((found.spec.name.clone(), found.spec.target.clone()))
}

fn why(from: &NetworkName, home: &NetworkName, verdict: &Reach) -> String {
    match verdict {
        Reach::NotPeered => format!("it is in {home}, which is not peered with {from}"),
        Reach::Stopped(why) => format!("it is in {home}, and {why}"),
        other => other.to_string(),
    }
}
