//! Names of objects. Each kind has a type of its own, so that a scope's name is never taken for an endpoint's.

use std::fmt;
use std::sync::Arc;

macro_rules! labels {
    ($($(#[$doc:meta])* $kind:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $kind(Arc<str>);

        impl $kind {
            /// The name as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $kind {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $kind {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($kind), "({})"), self.0)
            }
        }

        impl std::borrow::Borrow<str> for $kind {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    )*};
}

labels! {
    /// Name of a virtual or on-premises network.
    NetworkName,
    /// Name of a scope (AMPLS).
    ScopeName,
    /// Name of a workspace, component or data collection endpoint.
    ResourceName,
    /// Name of a private endpoint.
    EndpointName,
    /// Name of a virtual machine.
    MachineName,
    /// Name of a DNS Private Resolver's inbound endpoint.
    ResolverName,
    /// Name of a DNS forwarding ruleset.
    RulesetName,
}
