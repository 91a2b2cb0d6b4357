//! What the user says exists: objects, the events that make, change and delete them, and the history of those events.
//!
//! The history is the ground state of everything: it only grows, and each event has a [`Revision`]. Nothing here knows
//! what an event *does* to DNS; that is `compile`'s part. Field names are Azure's own where Azure has one.

pub mod cloud;
pub mod label;

pub mod access;
pub mod collection;
pub mod endpoint;
pub mod machine;
pub mod network;
pub mod resource;
pub mod routing;
pub mod scope;
pub mod security;
pub mod service;
pub mod subscription;
pub mod unresolved;
pub mod zone;

pub mod event;
pub mod history;

pub use access::PublicNetworkAccess;
pub use cloud::{Cloud, UnknownCloud};
pub use collection::{ArcConnection, Associations, DataCollectionRuleSpec};
pub use endpoint::{ApprovalState, EndpointTarget, IpVersion, PrivateEndpointSpec, StaticAddress, ZoneGroup};
pub use event::Event;
pub use history::{History, Place, Recorded, Revision, Step};
pub use label::{EndpointName, MachineName, NetworkName, ResolverName, ResourceName, RulesetName, ScopeName};
pub use machine::{OutboundRule, RuleAction};
pub use network::{
    DnsSetting, Forward, ForwardTo, ForwarderKind, InboundEndpointSpec, NetworkKind, NetworkSpec, RulesetSpec,
};
pub use resource::{ComponentSpec, DataCollectionEndpointSpec, ResourceSpec, WorkspaceSpec};
pub use routing::{Routing, RoutingKey};
pub use scope::{AccessMode, AccessModeSettings, Exclusion, ScopeSpec};
pub use service::ServiceSpec;
pub use subscription::SubscriptionSpec;
pub use unresolved::{Unresolved, UnresolvedEndpoint};
pub use zone::{PublicZone, ResolutionPolicy, ZoneId};
