//! Private endpoints and their zone groups.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use jiff::civil::Date;

use super::{EndpointName, NetworkName, ResourceName, ScopeName, ZoneId};

/// State of the connection between a private endpoint and what it leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ApprovalState {
    /// Packets pass.
    #[default]
    Approved,
    /// It is not approved yet; no packet passes.
    Pending,
    /// It was refused; no packet passes.
    Rejected,
    /// The target's owner deleted it: no packet passes, and it cannot be approved any more (source: private-endpoint-overview,
    /// states of a connection; Azure API for FHIR, design of private link).
    Disconnected,
}

/// Which addresses a private endpoint has (`ipVersionType`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum IpVersion {
    /// IPv4: it writes A record sets.
    #[default]
    V4,
    /// IPv6: it writes AAAA record sets. A preview for some services in some regions (source: private-link-ipv6, 2026-07-07).
    V6,
}

/// The zones a private endpoint writes its record sets into; at most five (source: private-endpoint-dns-integration,
/// 2023-11-15).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ZoneGroup {
    /// The zones, in the order listed.
    pub zones: Vec<ZoneId>,
}

/// An address the user fixed for one member (`ipConfigurations`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StaticAddress {
    /// `memberName`, such as `api` or `ods-westeurope`.
    pub member: String,
    /// `privateIPAddress`.
    pub address: IpAddr,
}

/// What a private endpoint leads to.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum EndpointTarget {
    /// A scope, with all resources in it.
    Scope(ScopeName),
    /// A resource of another service.
    Service {
        /// The resource.
        resource: ResourceName,
        /// The group id: which part of the resource.
        group: Arc<str>,
    },
}

impl EndpointTarget {
    /// The scope, if it is one.
    pub fn scope(&self) -> Option<&ScopeName> {
        match self {
            Self::Scope(scope) => Some(scope),
            Self::Service { .. } => None,
        }
    }

    /// The resource of another service, if it is one.
    pub fn service(&self) -> Option<&ResourceName> {
        match self {
            Self::Scope(_) => None,
            Self::Service { resource, .. } => Some(resource),
        }
    }
}

impl fmt::Display for EndpointTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scope(scope) => f.pad(scope.as_str()),
            Self::Service { resource, group } => f.pad(&format!("{resource}/{group}")),
        }
    }
}

/// A private endpoint as created.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PrivateEndpointSpec {
    /// Its name.
    pub name: EndpointName,
    /// Its next hop.
    pub target: EndpointTarget,
    /// The network it is in.
    pub network: NetworkName,
    /// The subnet's name in that network.
    pub subnet: String,
    /// Which addresses it has.
    pub ip_version: IpVersion,
    /// The zones it writes to; without a group nothing is written.
    pub zone_group: Option<ZoneGroup>,
    /// Fixed addresses by member; other members get addresses in Azure's order.
    pub ip_configurations: Vec<StaticAddress>,
    /// State of its connection.
    pub approval: ApprovalState,
    /// When it was created, if that differs from the event's own date.
    pub created: Option<Date>,
}
