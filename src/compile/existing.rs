//! Public names that no zone holds and that exist all the same, or are known not to.
//!
//! The names of regions and stamps are everybody's. The names of resources exist while the resource does, and a scenario cannot know
//! all of them: a name that no resource of the estate has is *assumed* to be another team's, unless it looks like a typing
//! error. In real Azure it depends on whether the resource exists: there is no wildcard (MicrosoftDocs/azure-docs issue 15044,
//! F5Networks/f5-telemetry-streaming issue 20).

use std::fmt;
use std::sync::Arc;

use super::state::State;
use super::{Answer, Owned, member, public};
use crate::catalogue::existing::{self, Owns, Resource, ResourceKind, Subject};
use crate::catalogue::{Catalogue, EndpointKind, Hop, Source, doc_address};
use crate::dns::{OwnerName, RecordData, RecordSet, RecordType};
use crate::estate::Cloud;
use crate::estate::history::Undeclared;
use crate::estate::{ResourceSpec, Revision};

/// What is known about a public name that no zone holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Existing {
    /// Its record set; absent if it does not exist, or only names below it do.
    pub owned: Option<Owned>,
    /// Why.
    pub basis: Basis,
}

/// Why a name that no zone holds is taken to exist, or not to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Basis {
    /// It is documented, or was seen.
    Known(Source),
    /// Other stamps of its region were reported, this one was not.
    AssumedStamp(Source),
    /// It belongs to a resource that is not declared, and exists if that does.
    AssumedResource {
        /// What kind of resource.
        kind: String,
        /// Where the form of its names is from.
        source: Source,
    },
    /// Names below it exist.
    Above,
    /// It belongs to a resource that is not declared, and the switch says that there are no others.
    Undeclared {
        /// What kind of resource.
        kind: String,
    },
    /// It is nearly the name of a declared resource.
    NearMiss {
        /// The resource.
        resource: String,
        /// What its names begin with.
        id: String,
    },
    /// It is the name of a declared resource, with the suffix of another cloud.
    OtherCloud {
        /// The resource.
        resource: String,
        /// Its name in this cloud.
        right: OwnerName,
    },
    /// No name of its kind has that form.
    Malformed(String),
    /// It exists, outside the emulated zones.
    Outside {
        /// What is done through it.
        function: Arc<str>,
        /// What says so.
        source: Source,
    },
}

impl Existing {
    /// What the name answers to a question for a type.
    pub fn answer(&self, kind: RecordType) -> Answer {
        match &self.owned {
            Some(owned) if [RecordType::ANY, owned.set.kind()].contains(&kind) => Answer::Set(owned.clone()),
            Some(owned) if owned.set.alias().is_some() => Answer::Alias(owned.clone()),
            _ => Answer::NoData,
        }
    }

    /// True if the name exists.
    pub fn is_there(&self) -> bool {
        self.owned.is_some() || self.basis == Basis::Above
    }
}

impl Basis {
    /// True if the answer rests on an assumption.
    pub fn is_assumed(&self) -> bool {
        matches!(self, Self::AssumedStamp(_) | Self::AssumedResource { .. })
    }
}

/// What is known about a public name that no zone holds; absent where nothing is. `shares_legacy_dns` says which public DNS
/// the network that asks sees.
pub fn existing(state: &State, name: &OwnerName, apex: &OwnerName, shares_legacy_dns: bool) -> Option<Existing> {
    let catalogue = &*state.catalogue;
    if apex.is_root() || state.is_shared_zone(apex) {
        let basis = other_cloud(state, name).or_else(|| outside(catalogue, name))?;
        return Some(Existing { owned: None, basis });
    }
    if !catalogue.public_zones.iter().any(|zone| zone.apex == *apex) {
        return None;
    }
    let reading = existing::read(catalogue, name)?;
    let denied = |basis| Some(Existing { owned: None, basis });
    let is_private = reading.owns == Owns::Private;
    let (basis, hop) = match reading.subject {
        Subject::Malformed { resource, why } => {
            let near = resource.and_then(|resource| near(state, &resource));
            return match near {
                Some(Nearness::Near { resource, id }) => denied(Basis::NearMiss { resource, id }),
                Some(Nearness::Same) => None,
                None => denied(Basis::Malformed(why)),
            };
        }
        Subject::Above => {
            let has_private = !reading.while_scoped && is_hop(state, reading.hop);
            return denied(Basis::Above).filter(|_| !is_private || has_private);
        }
        Subject::Resource(resource) => {
            match near(state, &resource) {
                Some(Nearness::Same) => return None,
                Some(Nearness::Near { resource, id }) => return denied(Basis::NearMiss { resource, id }),
                None => {}
            }
            let kind = resource.kind.word().to_owned();
            if state.switches.undeclared == Undeclared::NameError {
                return denied(Basis::Undeclared { kind });
            }
            let is_scoped = match (reading.while_scoped, resource.kind) {
                (false, _) => true,
                (true, ResourceKind::Workspace) => shares_legacy_dns || state.has_hop_without_scope(),
                (true, _) => state.has_hop_without_scope(),
            };
            (Basis::AssumedResource { kind, source: reading.source.clone() }, is_scoped && is_hop(state, reading.hop))
        }
        Subject::UnreportedStamp => (Basis::AssumedStamp(reading.source.clone()), is_hop(state, reading.hop)),
        Subject::Region | Subject::Stamp => (Basis::Known(reading.source.clone()), is_hop(state, reading.hop)),
    };
    let ttl = catalogue.rules.public_ttl;
    let address = || RecordSet::single(name.clone(), ttl.tail, RecordData::A(doc_address(name)));
    let alias = |to| RecordSet::single(name.clone(), ttl.hop, RecordData::Cname(to));
    let set = match reading.owns {
        Owns::Alias(to) => alias(to),
        Owns::Private if !hop => return None,
        Owns::Private => address(),
        Owns::Public => match catalogue.zones.iter().find_map(|zone| name.moved(&zone.public, &zone.private)) {
            Some(to) if hop => alias(to),
            _ => address(),
        },
    };
    let owned = Owned { set, writer: public::published(true), revision: Revision(0), overwritten: None };
    Some(Existing { owned: Some(owned), basis })
}

/// Whether public names with this row's alias carry it, as the switches say.
pub(super) fn is_hop(state: &State, hop: Hop) -> bool {
    public::is_hop(hop, state.switches.uncertain_hop)
}

/// True if names missing from this public zone may exist by a rule.
pub fn has_rules(catalogue: &Catalogue, apex: &OwnerName) -> bool {
    let within =
        |text: Option<&str>| text.and_then(|text| OwnerName::parse(text).ok()).is_some_and(|name| name.is_within(apex));
    !apex.is_root()
        && !catalogue.shared.contains(apex)
        && (catalogue.endpoints.iter().any(|row| !row.record.is_fixed() && row.public_zone.is_within(apex))
            || catalogue.regional.iter().any(|row| within(row.name.behind_slot()))
            || catalogue.resources.iter().any(|row| within(row.name.behind_slot()))
            || catalogue.hosts.iter().any(|row| within(row.host.behind_slot())))
}

/// How a name's resource relates to the declared ones.
enum Nearness {
    /// It is declared.
    Same,
    /// It is nearly one.
    Near {
        /// The declared resource.
        resource: String,
        /// What its names begin with.
        id: String,
    },
}

/// The declared resource that a name means or nearly means. The ids and keys in names are random, so two of them are never
/// that near each other.
fn near(state: &State, asked: &Resource<'_>) -> Option<Nearness> {
    let ids = state.resources.iter().filter_map(|(name, resource)| match (&resource.spec, asked.kind) {
        (ResourceSpec::Workspace(one), ResourceKind::Workspace) => Some((name, one.customer_id.clone())),
        (spec @ ResourceSpec::DataCollectionEndpoint(_), ResourceKind::DataCollectionEndpoint) => {
            Some((name, member::slots(&state.catalogue, spec).dce?))
        }
        _ => None,
    });
    let mut found = None;
    for (name, id) in ids {
        if id == asked.id {
            return Some(Nearness::Same);
        }
        if found.is_none() && (is_near(&id, &asked.id) || *name.as_str() == *asked.id) {
            found = Some(Nearness::Near { resource: name.to_string(), id });
        }
    }
    found
}

/// True if at most two characters were mistyped.
fn is_near(id: &str, asked: &str) -> bool {
    const MOST: usize = 2;
    if id.len().abs_diff(asked.len()) > MOST || !id.is_ascii() {
        return false;
    }
    // Two changes leave one of three parts as it is, up to two places away: comparing that first is cheap.
    let third = id.len().div_ceil(MOST + 1).max(1);
    let kept =
        id.as_bytes().chunks(third).any(|part| asked.as_bytes().windows(part.len()).any(|window| window == part));
    kept && strsim::damerau_levenshtein(id, asked) <= MOST
}

/// A declared resource's name, with the suffix of another cloud.
fn other_cloud(state: &State, name: &OwnerName) -> Option<Basis> {
    let own = &state.catalogue;
    Cloud::ALL.into_iter().filter(|cloud| *cloud != own.cloud).find_map(|cloud| {
        let other = Catalogue::of(cloud);
        let rows = other.endpoints.iter().enumerate().filter(|(_, row)| !row.record.is_fixed());
        rows.into_iter().find_map(|(at, row)| {
            let relative = name.relative_to(&row.public_zone)?;
            let id = row.record.slot_in(&relative)?;
            let declared = state.resources.iter().find(|(_, one)| match (&one.spec, row.kind) {
                (ResourceSpec::Workspace(one), EndpointKind::Workspace) => one.customer_id == id,
                (spec @ ResourceSpec::DataCollectionEndpoint(_), EndpointKind::DataCollectionEndpoint) => {
                    member::slots(own, spec).dce.as_deref() == Some(id)
                }
                _ => false,
            });
            // The rows of all clouds are in one order.
            let right = own.endpoints.get(at)?.public_zone.child(&relative).ok()?;
            declared.map(|(resource, _)| Basis::OtherCloud { resource: resource.to_string(), right })
        })
    })
}

/// What is known about a host outside the emulated zones.
fn outside(catalogue: &Catalogue, name: &OwnerName) -> Option<Basis> {
    let row = catalogue.outside.iter().find(|row| match row.host.parent().filter(|_| row.host.is_wildcard()) {
        Some(parent) => name.is_below(&parent),
        None => row.host == *name || is_shaped(&row.host, name),
    })?;
    Some(Basis::Outside { function: Arc::clone(&row.function), source: row.source.clone() })
}

/// Hosts such as `*-agentservice-prod-1.azure-automation.net` have the rest of a label in common.
fn is_shaped(host: &OwnerName, name: &OwnerName) -> bool {
    let (host, name) = (host.to_string(), name.to_string());
    let behind = host.strip_prefix('*').filter(|behind| !behind.starts_with('.'));
    behind
        .is_some_and(|behind| name.strip_suffix(behind).is_some_and(|front| !front.is_empty() && !front.contains('.')))
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(source) => write!(f, "the name is known from {source}; its address is a documentation address"),
            Self::AssumedStamp(_) => f.write_str(
                "assumed: this stamp was never reported, but others of its region were; Azure answers it if it exists",
            ),
            Self::AssumedResource { kind, .. } => {
                write!(f, "assumed: no {kind} here has this name; Azure answers it if it exists")
            }
            Self::Above => f.write_str("names below it exist"),
            Self::Undeclared { kind } => {
                write!(f, "no {kind} here has this name, and the switch `undeclared` is `nameError`")
            }
            Self::NearMiss { resource, id } => write!(f, "did you mean {resource} ({id})?"),
            Self::OtherCloud { resource, right } => {
                write!(f, "{resource} is in another cloud's zone here; its name is {right}")
            }
            Self::Malformed(why) => f.write_str(why),
            Self::Outside { function, source } => {
                write!(
                    f,
                    "the name exists outside the emulated zones ({function}; {source}); an upstream can answer it"
                )
            }
        }
    }
}
