//! Private DNS zones: their identity, and the policy of their links.

use std::fmt;
use std::sync::Arc;

use crate::dns::{OwnerName, RecordSet};

/// Which private DNS zone: resource group and name together. Two zones may share a name and have nothing else in
/// common (source: private-dns-privatednszone).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ZoneId {
    /// The resource group.
    pub resource_group: Arc<str>,
    /// The zone's name, its apex.
    pub apex: OwnerName,
}

impl fmt::Display for ZoneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.resource_group, self.apex)
    }
}

/// A zone of public DNS from a file. It replaces the published one of its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicZone {
    /// The file, as it was named.
    pub file: Arc<str>,
    /// Its SOA record set, which is at its apex.
    pub soa: RecordSet,
    /// The line of the SOA in the file, from 1.
    pub soa_line: u32,
    /// Its other record sets, each with the line of its first record.
    pub sets: Vec<(RecordSet, u32)>,
}

/// What Azure's resolver does for one link when the zone has no such name.
///
/// Source: private-dns-fallback, 2025-02-04.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum ResolutionPolicy {
    /// NXDOMAIN is the answer.
    #[default]
    Default,
    /// Public DNS is asked for the same name; A, AAAA and CNAME in `privatelink` zones only.
    NxDomainRedirect,
}
