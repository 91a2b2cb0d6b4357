//! Findings: what is wrong with an estate at one revision, for whom, and what to do about it.

mod met;
mod networks;
mod records;
mod scopes;
mod zones;

use std::collections::BTreeSet;
use std::fmt;

use crate::compile::Compiled;
use crate::compile::refusal::Reason;
use crate::dns::OwnerName;
use crate::estate::{NetworkName, Place, Revision};

/// How grave a finding is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// Something is broken or was refused.
    Error,
    /// Something will break, or is not as meant.
    Warning,
    /// Worth knowing.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

macro_rules! codes {
    ($($(#[doc = $title:literal])+ $code:ident = $number:literal, $severity:ident, $advice:literal, $source:literal;)*) => {
        /// What kind of finding it is. The number never changes its meaning.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Code {
            $($(#[doc = $title])+ $code = $number,)*
        }

        impl Code {
            /// All of them, by number.
            pub const ALL: &'static [Self] = &[$(Self::$code),*];

            /// What is wrong, in one line.
            pub fn title(self) -> &'static str {
                match self { $(Self::$code => concat!($($title),+).trim_ascii(),)* }
            }

            /// How grave it is.
            pub fn severity(self) -> Severity {
                match self { $(Self::$code => Severity::$severity,)* }
            }

            /// What to do.
            pub fn advice(self) -> &'static str {
                match self { $(Self::$code => $advice,)* }
            }

            /// Where the rule behind it is from.
            pub fn source(self) -> &'static str {
                match self { $(Self::$code => $source,)* }
            }
        }
    };
}

codes! {
    /// Record sets of a living private endpoint were displaced by another's
    DisplacedRecordSets = 1, Error,
        "use one scope for all networks that share DNS, or give the second endpoint zones of its own, linked to its own \
         networks only; to restore the first endpoint's record sets, create its zone group again",
        "private-link-design, 2024-10-23";
    /// Zones no longer hold record sets of a living private endpoint
    LostRecordSets = 2, Error,
        "create the endpoint's zone group again, so that it writes all its record sets",
        "MicrosoftDocs/azure-docs issues 58044 and 122192";
    /// A network resolves names to private addresses it cannot reach
    UnreachableAddresses = 3, Error,
        "peer the network with the endpoint's network, give it an endpoint and zones of its own, or unlink the zones",
        "private-link-design, 2024-10-23";
    /// A linked zone is empty and answers NXDOMAIN for every name below it
    EmptyLinkedZone = 4, Error,
        "unlink the zone until an endpoint has written to it, or set resolutionPolicy NxDomainRedirect on the link",
        "Azure/Enterprise-Scale issue 1017";
    /// A zone of Azure Monitor Private Link is missing from a zone group
    ZoneMissingFromZoneGroup = 5, Warning,
        "add the zone to the endpoint's zone group, and link it to the same networks",
        "Azure/missionlz issue 455";
    /// A zone that an endpoint writes to is not linked to a network that uses its other zones
    ZoneNotLinked = 6, Warning,
        "link the zone to the network too, so that all names of the endpoint are private there",
        "private-link-configure, 2026-01-27";
    /// Two networks claim the same client prefix
    EqualClientPrefixes = 7, Warning,
        "give one of the networks a client prefix of its own (clientPrefixes); until then only a listener of its own or \
         EDNS client subnet tells its clients apart",
        "one address space cannot tell two networks apart";
    /// Azure would refuse the event, and it had no effect
    Refused = 8, Error,
        "change the event to what Azure accepts",
        "see the message";
    /// Provisioning of a private endpoint or of a scoped resource failed
    ProvisioningFailed = 9, Error,
        "use a larger subnet (a /27 or more) and create the endpoint there; a subnet with an endpoint in it cannot grow",
        "ampls-ip-ranges, Microsoft support Japan, 2025-12";
    /// An event would exceed one of Azure's limits, and it had no effect
    LimitExceeded = 10, Error,
        "split the estate so that it stays within the limit",
        "see the message";
    /// A private zone's name looks like a misspelt zone of Azure Monitor Private Link
    MisspeltZone = 11, Warning,
        "create the zone under its right name; record sets in this one are never asked for",
        "didieryemalin/appinsights-ampls-lab, a zone with a dot in the place of a dash";
    /// A private zone that no endpoint of a scope ever writes to
    UnusedZone = 12, Warning,
        "delete the zone; it has no part in Azure Monitor Private Link",
        "MicrosoftDocs/azure-docs issue 106461";
    /// A resource refuses public access and is in no scope
    ResourceOutOfReach = 13, Warning,
        "add the resource to a scope, or enable its public network access; until then nobody reaches it",
        "logs/private-link-configure, 2021-08-01";
    /// A scope has resources but no private endpoint
    ScopeWithoutEndpoint = 14, Warning,
        "create a private endpoint for the scope; until then it changes nothing for anybody",
        "private-link-configure, 2026-01-27";
    /// A forwarder names privatelink zones in the place of the public ones
    ForwarderForPrivatelink = 15, Warning,
        "forward the public zone (monitor.azure.com, not privatelink.monitor.azure.com): a server that takes whole chains \
         never asks for the privatelink name",
        "private-endpoint-dns, 2023-10-11";
    /// A forwarder leads to a linked zone that nothing has been written to
    ForwarderBeforeScope = 16, Error,
        "switch the forwarder on once the scope's endpoint has written its record sets, or unlink the empty zone",
        "MicrosoftDocs/azure-docs issue 85525";
    /// The canary name of browsers exists, so they may ask DNS of their own and pass private resolution by
    CanaryExists = 17, Warning,
        "leave use-application-dns.net without record sets: NXDOMAIN tells browsers to keep to the network's DNS",
        "private-link-configure, 2026-01-27, browser DNS settings";
    /// Private endpoints of two scopes are in one network
    TwoScopesInNetwork = 18, Warning,
        "connect a network to one scope only (how Azure enforces it is uncertain)",
        "ampls-limitations, 2023-10-10";
    /// A forwarding ruleset is linked to the network of its own target
    RulesetLoop = 19, Error,
        "unlink the ruleset from the network that its inbound endpoint is in",
        "private-resolver-endpoints-rulesets, 2023-03-29";
    /// A subnet for private endpoints is smaller than supported
    SmallSubnet = 20, Warning,
        "use a /27 or larger: 11 addresses are needed for one workspace, and Azure keeps 5 of each subnet",
        "private-link-configure, 2026-01-27";
    /// A rule's domain has no final dot, so the rule never matches
    RuleWithoutFinalDot = 21, Warning,
        "end the rule's domain with a dot",
        "private-resolver-endpoints-rulesets, 2023-03-29";
    /// A private endpoint has no zone group: nothing is written to DNS
    EndpointWithoutZoneGroup = 22, Note,
        "add a zone group, or copy the endpoint's addresses into your own DNS by hand",
        "Microsoft support Japan on private DNS of scopes, 2024-03";
    /// A hand-made zone takes over a whole public zone of Azure Monitor
    PublicZoneTakenOver = 23, Warning,
        "put the record sets into the privatelink zone: names missing from this one are NXDOMAIN, other customers' too",
        "Microsoft support Japan on private DNS of scopes, 2024-03";
    /// Links of a network have no effect, because its own DNS server never asks Azure
    LinkWithoutEffect = 24, Warning,
        "forward the public zones to 168.63.129.16 or to an inbound endpoint in the linked network",
        "private-endpoint-dns-integration, 2023-11-15";
    /// A scope from before September 2021 refuses ingestion to all resources outside it
    LegacyScope = 25, Warning,
        "create a new scope with access modes, and move the endpoints to it",
        "private-link-design as of 2021";
    /// The connection of a private endpoint is not approved: no packet passes
    ConnectionNotApproved = 26, Warning,
        "approve the connection on the scope",
        "private-endpoint-overview, approval workflow";
    /// A virtual machine still talks over a public address, in a session from before the rule that denies it
    SessionOutlivesRule = 27, Warning,
        "reboot the machine or cut its sessions",
        "private-link-security, the note on network security groups";
    /// A scope that refuses strangers answers shared names for networks with resources outside it
    PrivateOnlyOnSharedDns = 28, Warning,
        "set the mode to Open, exclude the endpoint's connection, or add the resources to the scope",
        "MicrosoftDocs/azure-docs pull request 111746";
    /// A component's regional host is NXDOMAIN where somebody else's zone is linked
    ComponentNameMissing = 29, Error,
        "add the component to the scope whose endpoint writes to the zone, or set resolutionPolicy NxDomainRedirect on the \
         link",
        "Azure/ALZ-Bicep issue 720";
    /// A DNS server or ruleset forwards to something that does not exist any more
    ForwarderLeadsNowhere = 30, Error,
        "forward to a network or inbound endpoint that exists",
        "private-resolver-endpoints-rulesets, 2023-03-29";
    /// A value that Azure does not know, such as the access mode Private; told while reading, as an error with its place
    InvalidValue = 31, Error,
        "write one of the values the message names",
        "Azure/missionlz issue 1028";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("AMPLS{:03}", *self as u16))
    }
}

/// Something worth telling.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What kind.
    pub code: Code,
    /// How grave.
    pub severity: Severity,
    /// What happened here, in one sentence without the final stop.
    pub message: String,
    /// The names concerned, in canonical order; public names where there are any.
    pub names: Vec<OwnerName>,
    /// The networks concerned, by name.
    pub networks: Vec<NetworkName>,
    /// The revision that brought it about, where one event did.
    pub revision: Option<Revision>,
    /// Where that event was written.
    pub place: Option<Place>,
}

impl Finding {
    fn new(code: Code, message: String) -> Self {
        Self {
            code,
            severity: code.severity(),
            message,
            names: Vec::new(),
            networks: Vec::new(),
            revision: None,
            place: None,
        }
    }

    fn names(mut self, names: impl IntoIterator<Item = OwnerName>) -> Self {
        self.names = names.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        self
    }

    fn networks(mut self, networks: impl IntoIterator<Item = NetworkName>) -> Self {
        self.networks = networks.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        self
    }

    fn at(mut self, revision: Revision, compiled: &Compiled) -> Self {
        self.revision = Some(revision);
        self.place = compiled.history.event(revision).and_then(|recorded| recorded.place.clone());
        self
    }
}

/// All findings of a revision, the gravest first, then by code and time.
pub fn findings(compiled: &Compiled) -> Vec<Finding> {
    let mut findings = Vec::new();
    let met = met::all(compiled);
    records::find(compiled, &met, &mut findings);
    zones::find(compiled, &mut findings);
    networks::find(compiled, &mut findings);
    scopes::find(compiled, &met, &mut findings);
    refused(compiled, &mut findings);
    findings.sort_by(|a, b| {
        (a.severity, a.code, a.revision, &a.message).cmp(&(b.severity, b.code, b.revision, &b.message))
    });
    findings
}

fn refused(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let failing = |name: &crate::estate::EndpointName| {
        let endpoint = compiled.state.endpoints.get(name);
        endpoint.is_some_and(|one| one.failed.is_some() || !one.failed_resources.is_empty())
    };
    for refusal in &compiled.state.refusals {
        // A failed provisioning is over with its endpoint, or when the resource is taken out again.
        if let Reason::SubnetExhausted { endpoint, .. } | Reason::AddressTaken { endpoint, .. } = &refusal.reason
            && !failing(endpoint)
        {
            continue;
        }
        let code = match &refusal.reason {
            Reason::Limit(_) => Code::LimitExceeded,
            Reason::SubnetExhausted { .. } | Reason::AddressTaken { .. } => Code::ProvisioningFailed,
            _ => Code::Refused,
        };
        let step = step_words(compiled, refusal.revision);
        let source = match &refusal.reason {
            Reason::Limit(exceeded) => {
                let source = &exceeded.limit.row().source;
                format!(" (source: {}, {})", source.text, source.date)
            }
            _ => String::new(),
        };
        let message = format!("{}{step}{source}", refusal.reason);
        findings.push(Finding::new(code, message).at(refusal.revision, compiled));
    }
}

pub(super) fn step_words(compiled: &Compiled, revision: Revision) -> String {
    compiled.history.step_of(revision).map_or_else(String::new, |step| format!(" in step {}", step.name))
}

pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

pub(super) fn list<T: fmt::Display>(items: impl Iterator<Item = T>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
