//! Virtual machines: clients whose open sessions outlive a change of DNS or of rules.

/// What an outbound rule for the service tag `AzureMonitor` does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum RuleAction {
    /// New sessions to public Azure Monitor addresses are let out.
    #[default]
    Allow,
    /// They are not; sessions that are open stay open (source:
    /// private-link-security, the note on network security groups).
    Deny,
}

/// An outbound rule of a network's security group for the service tag `AzureMonitor`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutboundRule {
    /// Allow or deny.
    pub action: RuleAction,
}
