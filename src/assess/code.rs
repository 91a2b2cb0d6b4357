//! The codes of findings: what each means, how severe it is, what to do, and the source of the rule.

use std::fmt;

/// How severe a finding is.
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

            /// How severe it usually is. A finding of the code is an error exactly if it covers a broken name, see
            /// [`Code::severity_without_uses`].
            pub fn severity(self) -> Severity {
                match self { $(Self::$code => Severity::$severity,)* }
            }

            /// What to do.
            pub fn advice(self) -> &'static str {
                match self { $(Self::$code => $advice,)* }
            }

            /// The source of the rule.
            pub fn source(self) -> &'static str {
                match self { $(Self::$code => $source,)* }
            }
        }
    };
}

codes! {
    /// A private endpoint overwrote the record sets of another
    OverwrittenRecordSets = 1, Error,
        "use one scope for all networks that share DNS, or give the second endpoint zones of its own, linked to its own \
         networks only; to restore the first endpoint's record sets, create its zone group again",
        "private-link-design, 2024-10-23";
    /// Record sets of a private endpoint are missing from its zones
    LostRecordSets = 2, Error,
        "create the endpoint's zone group again, so that it writes all its record sets",
        "MicrosoftDocs/azure-docs issues 58044 and 122192";
    /// Names resolve to a private endpoint that the network cannot reach
    UnreachableAddresses = 3, Error,
        "peer the network with the endpoint's network, give it an endpoint and zones of its own, or unlink the zones",
        "private-link-design, 2024-10-23";
    /// A linked zone is empty, so every name that its public zone aliases into it is NXDOMAIN
    EmptyLinkedZone = 4, Error,
        "unlink the zone until an endpoint has written to it, or set resolutionPolicy NxDomainRedirect on the link",
        "Azure/Enterprise-Scale issue 1017";
    /// A zone of Azure Monitor Private Link is missing from a zone group
    ZoneMissingFromZoneGroup = 5, Warning,
        "add the zone to the endpoint's zone group, and link it to the same networks",
        "Azure/missionlz issue 455";
    /// A network is linked to some zones of a private endpoint but not to the others
    ZoneNotLinked = 6, Warning,
        "link the zone to the network too, so that all names of the endpoint are private there",
        "private-link-configure, 2026-01-27";
    /// Two networks claim the same client prefix
    EqualClientPrefixes = 7, Warning,
        "give one of the networks another client prefix (clientPrefixes); until then, give it its own listener",
        "one address space cannot identify two networks";
    /// Azure would refuse the event, so it has no effect
    Refused = 8, Error,
        "change the event to what Azure accepts",
        "see the message";
    /// Provisioning of a private endpoint or of a scoped resource failed
    ProvisioningFailed = 9, Error,
        "use a larger subnet (a /27 or more) and create the endpoint there; a subnet with an endpoint in it cannot grow",
        "ampls-ip-ranges, Microsoft support Japan, 2025-12";
    /// An event would exceed one of Azure's limits, so it has no effect
    LimitExceeded = 10, Error,
        "split the estate so that it stays within the limit",
        "see the message";
    /// The name of a private zone looks like a misspelt zone of Azure Monitor Private Link
    MisspeltZone = 11, Warning,
        "create the zone with the correct name; no client queries the record sets in this one",
        "didieryemalin/appinsights-ampls-lab, a zone with a dot in the place of a dash";
    /// A private zone that no private endpoint of a scope writes to
    UnusedZone = 12, Warning,
        "delete the zone; Azure Monitor Private Link does not use it",
        "MicrosoftDocs/azure-docs issue 106461";
    /// A resource refuses public access and has no private path
    ResourceOutOfReach = 13, Warning,
        "add the resource to a scope, or give it a private endpoint where it has its own, or enable its public network access",
        "logs/private-link-configure, 2021-08-01";
    /// A scope has resources but no private endpoint
    ScopeWithoutEndpoint = 14, Warning,
        "create a private endpoint for the scope, or remove the resources from the scope",
        "private-link-configure, 2026-01-27";
    /// A conditional forwarder names a privatelink zone instead of its public zone
    ForwarderForPrivatelink = 15, Warning,
        "forward the public zone (monitor.azure.com, not privatelink.monitor.azure.com): a server that accepts whole \
         CNAME chains never queries the privatelink name",
        "private-endpoint-dns, 2023-10-11";
    /// Networks forward to a network whose linked zone is empty
    ForwarderBeforeScope = 16, Error,
        "enable the forwarder once the scope's endpoint has written its record sets, or unlink the empty zone",
        "MicrosoftDocs/azure-docs issue 85525";
    /// The canary name of browsers has an address, so browsers may use DNS over HTTPS and bypass private resolution
    CanaryExists = 17, Warning,
        "leave use-application-dns.net without address: NXDOMAIN makes browsers use the DNS of the network",
        "private-link-configure, 2026-01-27, browser DNS settings; support.mozilla.org, canary domain";
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
    /// A private endpoint has no zone group, so it writes nothing to DNS
    EndpointWithoutZoneGroup = 22, Note,
        "add a zone group, or copy the endpoint's addresses into your own DNS by hand",
        "Microsoft support Japan on private DNS of scopes, 2024-03";
    /// A private zone answers for names that public DNS has, whether it has them or not
    PublicZoneTakenOver = 23, Warning,
        "unlink the zone, or add a record set for every name that clients use: missing names are NXDOMAIN, including those of \
         other customers; record sets of a private endpoint belong in its privatelink zone",
        "Microsoft support Japan on private DNS of scopes, 2024-03";
    /// Zone links of a network have no effect, because its own DNS server never asks Azure
    LinkWithoutEffect = 24, Warning,
        "forward the public zones to 168.63.129.16 or to an inbound endpoint in the linked network",
        "private-endpoint-dns-integration, 2023-11-15";
    /// A scope created before September 2021 refuses ingestion to all resources outside it
    LegacyScope = 25, Warning,
        "create a new scope with access modes, and move the endpoints to it",
        "private-link-design as of 2021";
    /// The connection of a private endpoint is not approved: no packet passes
    ConnectionNotApproved = 26, Warning,
        "approve the connection on the scope or resource; for one that is Disconnected, delete the endpoint and create it again",
        "private-endpoint-overview, approval workflow";
    /// A virtual machine still uses a public address, in a session older than the rule that denies it
    SessionOutlivesRule = 27, Warning,
        "reboot the machine or close its sessions",
        "private-link-security, the note on network security groups";
    /// A PrivateOnly scope answers shared names for networks that use resources outside it
    PrivateOnlyOnSharedDns = 28, Warning,
        "set the mode to Open, exclude the endpoint's connection, or add the resources to the scope",
        "MicrosoftDocs/azure-docs pull request 111746";
    /// A name with a fixed alias is missing from a linked zone
    ComponentNameMissing = 29, Error,
        "add the resource to the scope whose endpoint writes to the zone, or set resolutionPolicy NxDomainRedirect on the link",
        "Azure/ALZ-Bicep issue 720";
    /// A DNS server or ruleset forwards to a target that does not exist
    ForwarderLeadsNowhere = 30, Error,
        "forward to a network or inbound endpoint that exists",
        "private-resolver-endpoints-rulesets, 2023-03-29";
    /// A value that Azure does not have, such as the access mode Private; reported while reading, with its place
    InvalidValue = 31, Error,
        "write one of the values that the message names",
        "Azure/missionlz issue 1028";
    /// Networks forward to each other in a loop
    ForwardingCircle = 32, Error,
        "forward one of the networks to Azure-provided DNS (168.63.129.16)",
        "private-resolver-endpoints-rulesets, 2023-03-29";
    /// A network cannot reach its DNS server
    DnsServerOutOfReach = 33, Error,
        "peer or join the networks, or ask Azure-provided DNS",
        "private-resolver-endpoints-rulesets, 2023-03-29; private-endpoint-dns-integration, 2023-11-15";
    /// A private endpoint writes to zones that no network is linked to
    ZonesLinkedNowhere = 34, Warning,
        "link the zones to the networks of the clients; peering does not extend zone links",
        "private-dns-virtual-network-links";
    /// A DNS server forwards only some of the public zones of Azure Monitor
    SomeZonesForwarded = 35, Warning,
        "forward all five public zones to a network where their privatelink zones are linked",
        "private-endpoint-dns, 2023-10-11";
    /// A resource with a private path refuses public access, and the network gets its public address
    ScopedButPublic = 36, Warning,
        "link the zones to the network, or ask a DNS server in a network that is linked to them",
        "MicrosoftDocs/azure-docs issue 73441";
    /// Requests for a scoped resource arrive through another scope, which refuses them
    ThroughAnotherScope = 37, Error,
        "add the resource to that scope, or give the network the zones of the resource's own scope",
        "microsoft/AzureTRE issues 2598 and 2646";
    /// A resource is in another scope than the one whose zones the network is linked to
    ScopedElsewhere = 38, Error,
        "add the resource to that scope too (a resource can be in five), or set resolutionPolicy NxDomainRedirect on the links",
        "private-link-design, 2024-10-23; private-dns-fallback, 2025-02-04";
    /// A private endpoint is older than a name, so it has no record set for it
    EndpointOlderThanName = 39, Error,
        "create the endpoint again",
        "endpoint dumps of 2021 and 2022; whether Azure adds the names to older endpoints is unknown (inferred)";
    /// Agents arrive through a scope without data collection endpoint and get no configuration
    AgentWithoutDataCollectionEndpoint = 40, Warning,
        "create a data collection endpoint in each region, associate the rules with it, and add it to the scope",
        "Azure/prometheus-collector, documentation on private link";
    /// A zone that is kept by hand lacks names
    ManualZoneLacksNames = 41, Error,
        "add the record sets, or give the endpoint a zone group",
        "Microsoft support Japan on private DNS of scopes, 2024-03";
    /// A name resolves to a private address that no private endpoint has
    AddressOfNoEndpoint = 42, Error,
        "correct or delete the record set",
        "a record set is not checked against endpoints (inferred from private-dns-privatednszone)";
    /// A private endpoint is connected to a scope or resource that is deleted
    EndpointOfDeletedScope = 43, Error,
        "delete the endpoint",
        "private-endpoint-overview, approval workflow";
    /// An outbound rule denies the public addresses, and there is no private path
    OutboundRuleLeavesNoPath = 44, Warning,
        "ignore this if it is intended; otherwise add the resource to a scope with a private path, or allow the service tag",
        "private-link-security, the note on network security groups; private-link-design, 2024-10-23";
    /// Queries through Azure Resource Manager are refused, because that host is never private
    QueriesThroughResourceManager = 45, Note,
        "ignore this if clients query the API directly; portal panes that query through Resource Manager stop working",
        "private-link-design, 2024-10-23; Azure/AKS issue 3284";
    /// Requests are refused as configured
    RefusedAsConfigured = 46, Note,
        "ignore this if it is intended",
        "private-link-design, 2024-10-23";
    /// A name exists in a private zone and has no address
    NameWithoutAddress = 47, Error,
        "add an A record set, or delete the other record sets of that name",
        "dns-private-records, 2024-02-07";
    /// Two workspaces have the same customerId, so they share their names
    SameCustomerId = 48, Error,
        "give each workspace its own customerId, as `az monitor log-analytics workspace show` prints it",
        "private-link-design, 2024-10-23";
    /// A resource is in a region that the cloud does not have
    UnknownRegion = 49, Warning,
        "write the short name of the region, such as westeurope; spaces and letter case are ignored",
        "azure-monitor-agent-network-configuration, 2024-11-14, and hosts reported for each region";
    /// A component sends to a host of Application Insights that no public source mentions
    UnknownStamp = 50, Warning,
        "copy the host from the component's connection string",
        "hosts in public lists and connection strings; the numbers follow no known rule, so others can exist (inferred)";
    /// A component connects to a privatelink name
    PrivatelinkHost = 51, Error,
        "use the public host in the connection string; DNS resolves it to the private address",
        "microsoft/ApplicationInsights-Java issue 3907";
    /// Something is declared that Azure does not allow
    NotInAzure = 52, Error,
        "declare only what Azure allows; the message says what",
        "private-resolver-endpoints-rulesets, 2023-03-29; virtual networks FAQ; network-security-perimeter, 2025-06-04; \
         data-collection-endpoint-overview, 2025-05-21; azure-docs issue 104948";
    /// Dates run backwards
    DatesRunBackwards = 53, Warning,
        "order the steps by date: the dates decide which rules of Azure apply",
        "rules of Azure changed in 2021 and later";
    /// A scope does not set its access modes
    ScopeWithoutModes = 54, Warning,
        "write ingestionAccessMode and queryAccessMode; Azure requires both since September 2021",
        "private-link-configure, 2026-01-27; microsoft.insights/2021-07-01-preview, accessModeSettings";
    /// A data collection endpoint has the hosts of two endpoints
    HostsOfTwoEndpoints = 55, Warning,
        "copy all hosts from the JSON of one data collection endpoint",
        "public DNS record lists of data collection endpoints";
    /// There is nothing to check
    NothingToCheck = 56, Error,
        "pass files with the networks too (az network vnet list), and with the zones, scopes and resources that they use; for \
         Terraform, the output of `terraform show -json`",
        "names resolve in networks, so an estate without one has no names that could break";
    /// A file was read only in part
    ReadInPart = 57, Error,
        "run `ampls-dns import` on the same files: its report shows where each part is, and the command that exports what is missing",
        "parts that were not read can break names without a finding";
    /// A name does not work, and no rule explains why
    NoRuleSaysWhy = 58, Error,
        "report the estate to the project",
        "every name that does not work has a cause";
    /// A component and its workspace have different query access
    HalfLocked = 59, Note,
        "put both into the same scopes, and set publicNetworkAccessForQuery of both to the same value",
        "private-link-design, 2024-10-23";
    /// An entry that accepts findings has expired
    AcceptanceExpired = 60, Warning,
        "fix the accepted finding, or give the `allow` entry a later date",
        "the date of the `allow` entry";
    /// An entry that accepts findings matches none
    AcceptanceUnused = 61, Note,
        "delete the `allow` entry: the finding that it accepted is fixed, or is at another step",
        "the `allow` entry";
    /// The contents of a private zone are unknown
    UnknownContents = 62, Warning,
        "add the missing parts to the import: the record sets of the zone, or the scope and network of the private endpoint",
        "the import does not show which record sets the zone has";
    /// A privatelink zone is the registration zone of a network
    RegistrationInPrivatelinkZone = 63, Warning,
        "link the zone without registrationEnabled: a network has one registration zone, and names of machines do not belong \
         in a privatelink zone",
        "private-dns-autoregistration, 2022-09-27";
    /// A linked zone has no record set for a resource that has a private endpoint elsewhere
    ResourceNameMissing = 64, Error,
        "link the zone that has the record set, write it into this one, or set resolutionPolicy NxDomainRedirect on the link",
        "storage-private-endpoints, 2025-07-08, known issues; private-link-azure-monitor-workspace, 2025-08-28";
    /// No source names all record sets of a private endpoint
    RecordNamesUnknown = 65, Warning,
        "write the `hosts` of the resource; `customDnsConfigs` of the endpoint lists them",
        "private-endpoint-dns, 2025-08-04, which names zones and no records";
    /// An agent gets no configuration over a private link, because of what it is associated with
    MachineWithoutAssociation = 66, Error,
        "associate the machine with a data collection endpoint of the scope (configurationAccessEndpoint), or add the endpoint \
         it is associated with to the scope",
        "Azure/prometheus-collector documentation on private link; data-collection-endpoint-overview, 2025-05-21";
    /// A linked zone hides the own endpoint of a data collection rule
    RuleHiddenByZone = 67, Error,
        "send through a data collection endpoint of the scope, or set resolutionPolicy NxDomainRedirect on the link: the endpoint of a rule itself cannot be private",
        "logs-ingestion-api-overview, 2026-08-13; that the name has the alias is uncertain (switch `uncertainHop`)";
    /// A data collection rule on a private link has no data collection endpoint in the scope
    RuleWithoutScopedEndpoint = 68, Warning,
        "give the rule a data collection endpoint and add that to the scope: with private links all rules must use one",
        "kubernetes-monitoring-firewall, 2025-08-25; data-collection-endpoint-overview, 2025-05-21";
    /// A private link scope of Azure Arc refuses a machine that is not associated with it
    MachineOutsideArcScope = 69, Error,
        "associate the machine with the scope, or give it DNS of its own: machines in a scope and outside it cannot share DNS",
        "azure-arc/servers/private-link-security, 2026-05-04";
    /// A peering may drop packets that an appliance forwards
    ForwardedPackets = 70, Warning,
        "set allowForwardedTraffic of that half of the peering to true; with true it does no harm",
        "virtual-network-manage-peering, 2018-02-09; a reader's test contradicts it (azure-docs issue 48390)";
    /// It is unknown whether a resource takes public requests, which networks send it
    PublicAccessUnknown = 71, Warning,
        "say in the scenario what publicNetworkAccess of the resource is, or export the resource too (az resource show)",
        "what nothing says can be either: a resource that refuses public requests answers 403";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("AMPLS{:03}", *self as u16))
    }
}

impl Code {
    /// How severe a finding is that covers no broken and no endangered name: an error only for refused events and for
    /// declarations that are wrong by themselves.
    pub fn severity_without_uses(self) -> Severity {
        match self {
            Self::Refused
            | Self::ProvisioningFailed
            | Self::LimitExceeded
            | Self::InvalidValue
            | Self::SameCustomerId
            | Self::PrivatelinkHost
            | Self::NotInAzure
            | Self::NothingToCheck
            | Self::ReadInPart => Severity::Error,
            Self::EmptyLinkedZone | Self::ForwarderBeforeScope | Self::OutboundRuleLeavesNoPath => Severity::Note,
            other if other.severity() == Severity::Error => Severity::Warning,
            other => other.severity(),
        }
    }
}
