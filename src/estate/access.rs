//! What a resource says to requests over public addresses.

/// Whether requests that come over public addresses are let in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum PublicNetworkAccess {
    /// They are.
    #[default]
    Enabled,
    /// They are not.
    Disabled,
    /// The network security perimeter's inbound rules decide.
    SecuredByPerimeter {
        /// What those rules say to a public request.
        inbound_allowed: bool,
    },
    /// Nothing says whether they are.
    Unknown,
}
