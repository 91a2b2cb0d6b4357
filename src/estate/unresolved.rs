//! What an estate is known to have although its details are unknown.

use std::fmt;
use std::sync::Arc;

use super::{EndpointName, ZoneGroup};

/// Something that a source names and that could not be found out: an id, or what is left of an expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unresolved {
    /// The id as far as it is known.
    pub id: Arc<str>,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

/// A private endpoint whose scope or network could not be found out. It is connected to no scope of the estate, its addresses
/// are unknown, and so is what it writes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnresolvedEndpoint {
    /// Its name.
    pub name: EndpointName,
    /// What could not be found out.
    pub unresolved: Unresolved,
    /// The zones it writes to.
    pub zone_group: Option<ZoneGroup>,
}
