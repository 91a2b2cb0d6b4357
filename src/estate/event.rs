//! Everything that can happen to an estate, one variant each.

use std::net::Ipv4Addr;
use std::sync::Arc;

use super::{
    AccessModeSettings, ApprovalState, Associations, DnsSetting, EndpointName, InboundEndpointSpec, MachineName,
    NetworkName, OutboundRule, PrivateEndpointSpec, ResolutionPolicy, ResolverName, ResourceName, ResourceSpec,
    Routing, RoutingKey, RulesetName, RulesetSpec, ScopeName, ScopeSpec, SubscriptionSpec, Unresolved,
    UnresolvedEndpoint, ZoneGroup, ZoneId,
};
use crate::dns::{OwnerName, RecordSet, RecordType};

/// One thing that happens. Names of variants are those of the written form.
///
/// Whether what an event refers to exists, and whether Azure would refuse the event, is for `compile` to find.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "fields are documented by their types")]
pub enum Event {
    /// Creates a network.
    CreateNetwork(super::NetworkSpec),
    /// A network goes, and with it its links and peerings.
    DeleteNetwork { network: NetworkName },
    /// Two networks are peered, both ways.
    CreatePeering { between: [NetworkName; 2] },
    /// Their peering ends, both halves of it.
    DeletePeering { between: [NetworkName; 2] },
    /// An object that decides which way packets take is created or replaced.
    SetRouting(Routing),
    /// It goes.
    DeleteRouting(RoutingKey),
    /// A network asks DNS another way.
    SetDns { network: NetworkName, dns: DnsSetting },
    /// An inbound endpoint of a DNS Private Resolver appears in a network.
    CreateInboundEndpoint(InboundEndpointSpec),
    /// It goes.
    DeleteInboundEndpoint { name: ResolverName },
    /// A forwarding ruleset is created or replaced.
    SetRuleset(RulesetSpec),
    /// It goes.
    DeleteRuleset { name: RulesetName },

    /// A private zone is created, with nothing but its SOA.
    CreatePrivateDnsZone { zone: ZoneId },
    /// It is deleted; Azure refuses while it has links.
    DeletePrivateDnsZone { zone: ZoneId },
    /// A zone is linked to a network; linking again changes the policy.
    LinkZone { zone: ZoneId, network: NetworkName, policy: ResolutionPolicy, registration: bool },
    /// The link is removed.
    UnlinkZone { zone: ZoneId, network: NetworkName },
    /// Someone writes a record set by hand.
    PutRecordSet { zone: ZoneId, set: RecordSet },
    /// Someone deletes one by hand.
    DeleteRecordSet { zone: ZoneId, owner: OwnerName, kind: RecordType },

    /// What else a private zone has is unknown from now on; or is known again, if nothing is unresolved.
    SetZoneContents { zone: ZoneId, unresolved: Option<Unresolved> },

    /// Objects are put into a subscription; what is not listed stays where it is.
    SetSubscription(SubscriptionSpec),

    /// A resource is created, or changed to what the spec says.
    PutResource(ResourceSpec),
    /// It is deleted; Azure refuses while it is in a scope.
    DeleteResource { resource: ResourceName },

    /// A scope is created.
    CreatePrivateLinkScope(ScopeSpec),
    /// Its access modes change.
    SetAccessModes { scope: ScopeName, access: AccessModeSettings },
    /// It is deleted. Its private endpoints live on without connection, and their record sets stay.
    DeletePrivateLinkScope { scope: ScopeName },
    /// A resource is put into a scope; endpoints that exist get its record sets appended.
    AddScopedResource { scope: ScopeName, resource: ResourceName },
    /// It is taken out.
    RemoveScopedResource { scope: ScopeName, resource: ResourceName },

    /// A private endpoint is created: addresses are given, its zone group writes.
    CreatePrivateEndpoint(PrivateEndpointSpec),
    /// A private endpoint is created of which the scope or the network is unknown: what its zones have besides is unknown.
    CreateUnresolvedEndpoint(UnresolvedEndpoint),
    /// It is deleted, and with it the record sets of its zone group.
    DeletePrivateEndpoint { endpoint: EndpointName },
    /// Its zone group is created, replaced, or created again as it was (the repair): it writes all its record sets.
    SetZoneGroup { endpoint: EndpointName, zone_group: ZoneGroup },
    /// Its zone group is removed, and with it the record sets it wrote.
    DeleteZoneGroup { endpoint: EndpointName },
    /// Its connection is approved, rejected or made to wait.
    SetApproval { endpoint: EndpointName, state: ApprovalState },

    /// Creates a virtual machine in a network.
    CreateVirtualMachine {
        name: MachineName,
        network: NetworkName,
        subnet: Option<Arc<str>>,
        /// The address of its primary network interface; absent if it is not declared.
        address: Option<Ipv4Addr>,
        /// Its region; absent if it is not declared.
        location: Option<Arc<str>>,
        /// Absent if the associations of its agent are not declared.
        associations: Option<Associations>,
    },
    /// The associations of its agent become these.
    SetAssociations { machine: MachineName, associations: Associations },
    /// It opens a session to a resource, at the address its DNS gives at that moment.
    OpenSession { machine: MachineName, resource: ResourceName },
    /// It restarts: sessions end and are opened anew.
    Reboot { machine: MachineName },
    /// Its sessions are cut: they are opened anew.
    CutSessions { machine: MachineName },
    /// The outbound rule of a network for the service tag `AzureMonitor` is set.
    SetOutboundRule { network: NetworkName, rule: OutboundRule },
}
