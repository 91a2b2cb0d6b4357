//! Kinds of objects, names they cannot have, and why there is no object of a name.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::estate::Revision;

/// A kind of object that has a name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum ObjectKind {
    /// A virtual or on-premises network.
    Network,
    /// An inbound endpoint of a DNS Private Resolver.
    InboundEndpoint,
    /// A DNS forwarding ruleset.
    Ruleset,
    /// A private DNS zone, named by resource group and apex with a slash between.
    PrivateZone,
    /// A monitored resource, or a resource of another service.
    Resource,
    /// A scope.
    Scope,
    /// A private endpoint.
    PrivateEndpoint,
    /// A virtual machine.
    VirtualMachine,
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Network => "network",
            Self::InboundEndpoint => "inbound endpoint",
            Self::Ruleset => "ruleset",
            Self::PrivateZone => "private zone",
            Self::Resource => "resource",
            Self::Scope => "scope",
            Self::PrivateEndpoint => "private endpoint",
            Self::VirtualMachine => "virtual machine",
        })
    }
}

/// Why there is no object of a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Absence {
    /// No event created it.
    NeverCreated,
    /// It was deleted.
    Deleted(Revision),
    /// Its creation was refused.
    Refused(Revision),
}

/// A reference to an object that does not exist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Missing {
    /// What was referred to.
    pub kind: ObjectKind,
    /// By which name.
    pub name: Arc<str>,
    /// Why there is none.
    pub absence: Absence,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, absence } = self;
        write!(f, "there is no {kind} `{name}` at this point")?;
        match absence {
            Absence::Refused(_) => f.write_str(": its creation was refused"),
            Absence::NeverCreated | Absence::Deleted(_) => Ok(()),
        }
    }
}

/// Networks and inbound endpoints that exist from the start, named before the events that create them: the declarations of
/// an estate can forward to each other in any order.
#[derive(Clone, Default, Debug)]
pub(super) struct Coming {
    names: HashSet<(ObjectKind, Arc<str>)>,
    /// The revision at which all of them are created.
    until: Revision,
}

impl Coming {
    /// Adds a name that exists from the start.
    pub(super) fn add(&mut self, kind: ObjectKind, name: &str) {
        self.names.insert((kind, name.into()));
    }

    /// Says at which revision all of them are created.
    pub(super) fn end_at(&mut self, until: Revision) {
        self.until = until;
    }

    /// True if an object of that name exists from the start, for an event that makes `revision`.
    pub(super) fn has(&self, kind: ObjectKind, name: &str, revision: Revision) -> bool {
        revision <= self.until && self.names.contains(&(kind, name.into()))
    }
}

/// The most characters a name of an object may have; Azure's own limits are lower and differ by kind.
const MAX_NAME: usize = 260;

/// What to do about a name that cannot be distinguished in the places names are written at; nothing for a good one.
pub fn name_fault(what: &str, name: &str) -> Option<&'static str> {
    Some(if name.is_empty() {
        "give it a name"
    } else if name.trim() != name || name.contains(char::is_control) {
        "remove spaces around it, and control characters"
    } else if name.contains('/') {
        "remove the slash: subnets are written as network/subnet"
    } else if name.chars().nth(MAX_NAME).is_some() {
        "use at most 260 characters"
    } else if name == "public" && what == "network" {
        "`public` is reserved for clients outside all networks"
    } else {
        return None;
    })
}
