//! Estates of any size, for trying out how things grow. The same numbers give the same estate always.
//!
//! Each scope has a resource group with the five zones, a private endpoint, and its share of the networks linked to the
//! zones. Where there are more scopes than networks, or than groups of zones Azure lets one have, several share a network and its zones, and overwrite each other.

use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};

use crate::catalogue::Catalogue;
use crate::estate::{
    AccessModeSettings, ApprovalState, Cloud, DnsSetting, EndpointTarget, Event, History, IpVersion, NetworkKind,
    NetworkName, NetworkSpec, PrivateEndpointSpec, PublicNetworkAccess, Recorded, ResolutionPolicy, ResourceSpec,
    ScopeSpec, WorkspaceSpec, ZoneGroup, ZoneId,
};

/// How large an estate is to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size {
    /// Virtual networks, each a /24 of 10.0.0.0/8: at most 65,536.
    pub networks: u32,
    /// Scopes, each with a private endpoint.
    pub scopes: u32,
    /// Workspaces of each scope: at most 300, Azure's limit.
    pub workspaces_per_scope: u32,
}

/// Why there is no estate of that size.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SizeError {
    /// More networks than prefixes.
    #[error("there are {0} networks, but 10.0.0.0/8 has only 65536 prefixes of length 24")]
    Networks(u32),
    /// Scopes need a network to be in.
    #[error("scopes need at least one network for their endpoints")]
    NoNetwork,
    /// Azure's limit.
    #[error("there are {0} workspaces in each scope, but a scope can have 300")]
    Workspaces(u32),
    /// Azure's limit.
    #[error("{0} networks share the zones of a scope, but a zone can have 1000 links; pass a larger `--scopes`")]
    Links(u32),
    /// A history is bounded.
    #[error("the estate would have {0} workspaces, but the limit is 1,000,000")]
    Large(u64),
}

/// Regions workspaces are spread over. Few, because all workspaces of a region share an endpoint's addresses.
const REGIONS: [&str; 4] = ["westeurope", "northeurope", "eastus", "westus3"];

/// The most groups of five zones. Azure lets a subscription have 1,000 private zones
/// (dns-limits-private-zones, 2023-10-09), and some room is left for more.
const MAX_GROUPS: u32 = 190;

/// The most workspaces that are made.
const MAX_WORKSPACES: u64 = 1_000_000;

/// Makes an estate.
///
/// # Errors
/// [`SizeError`] if Azure, or the address space, would not have it.
pub fn generate(size: Size, seed: u64) -> Result<History, SizeError> {
    let Size { networks, scopes, workspaces_per_scope } = size;
    let all = u64::from(scopes) * u64::from(workspaces_per_scope);
    match size {
        _ if networks > 65_536 => return Err(SizeError::Networks(networks)),
        _ if networks == 0 && scopes > 0 => return Err(SizeError::NoNetwork),
        _ if workspaces_per_scope > 300 => return Err(SizeError::Workspaces(workspaces_per_scope)),
        _ if all > MAX_WORKSPACES => return Err(SizeError::Large(all)),
        _ if scopes > 0 && networks.div_ceil(scopes.min(MAX_GROUPS)) > 1000 => {
            return Err(SizeError::Links(networks.div_ceil(scopes.min(MAX_GROUPS))));
        }
        _ => {}
    }
    let mut chance = Chance(seed);
    let mut history = History::new(Cloud::Public);
    let mut push = |event| {
        history.push(Recorded { event, date: None, place: None });
    };
    for index in 0..networks {
        push(Event::CreateNetwork(network(index)));
    }
    for scope in 0..scopes {
        for index in 0..workspaces_per_scope {
            push(Event::PutResource(workspace(scope, index, &mut chance)));
        }
    }
    history.end_declarations();
    // As many groups of zones as there are scopes, or networks if those are fewer, or as Azure lets one have. The first network of a group is its
    // hub: the endpoint is there, and the others are peered with it.
    let groups = scopes.min(networks).min(MAX_GROUPS);
    for group in 0..groups {
        for index in (group..networks).step_by(groups as usize).skip(1) {
            let event = Event::CreatePeering { between: [network_name(group), network_name(index)] };
            history.push(Recorded { event, date: None, place: None });
        }
        for zone in zones(group) {
            history.push(Recorded {
                event: Event::CreatePrivateDnsZone { zone: zone.clone() },
                date: None,
                place: None,
            });
            for index in (group..networks).step_by(groups as usize) {
                let (network, policy) = (network_name(index), ResolutionPolicy::Default);
                let event = Event::LinkZone { zone: zone.clone(), network, policy, registration: false };
                history.push(Recorded { event, date: None, place: None });
            }
        }
    }
    history.end_step("zones", "Each group of networks gets its five zones, which are empty.");
    for scope in 0..scopes {
        for event in scope_events(scope, scope % groups, workspaces_per_scope) {
            history.push(Recorded { event, date: None, place: None });
        }
    }
    history.end_step("scopes", "Each scope gets its workspaces and its private endpoint.");
    Ok(history)
}

fn scope_events(scope: u32, group: u32, workspaces: u32) -> Vec<Event> {
    let name = format!("ampls-{scope:04}");
    let created = ScopeSpec {
        name: name.as_str().into(),
        access: AccessModeSettings::default(),
        lacks_modes: false,
        created: None,
    };
    let mut events = vec![Event::CreatePrivateLinkScope(created)];
    events.extend((0..workspaces).map(|index| Event::AddScopedResource {
        scope: name.as_str().into(),
        resource: workspace_name(scope, index).into(),
    }));
    events.push(Event::CreatePrivateEndpoint(PrivateEndpointSpec {
        name: format!("pe-{scope:04}").into(),
        target: EndpointTarget::Scope(name.into()),
        network: network_name(group),
        subnet: "endpoints".to_owned(),
        ip_version: IpVersion::V4,
        zone_group: Some(ZoneGroup { zones: zones(group) }),
        ip_configurations: Vec::new(),
        approval: ApprovalState::Approved,
        created: None,
    }));
    events
}

fn zones(group: u32) -> Vec<ZoneId> {
    let resource_group = format!("rg-dns-{group:04}");
    let id = |apex| ZoneId { resource_group: resource_group.as_str().into(), apex };
    Catalogue::of(Cloud::Public).zone_group().map(|row| id(row.private.clone())).collect()
}

fn network(index: u32) -> NetworkSpec {
    let base = Ipv4Addr::from(0x0a00_0000 + index * 256);
    let prefix = |length| Ipv4Net::new(base, length).expect("a length below 33");
    NetworkSpec {
        name: network_name(index),
        kind: NetworkKind::Virtual,
        address_space: vec![IpNet::V4(prefix(24))],
        client_prefixes: Vec::new(),
        subnets: vec![("endpoints".to_owned(), prefix(25))],
        subnets_v6: Vec::new(),
        dns: DnsSetting::AzureProvided,
    }
}

fn network_name(index: u32) -> NetworkName {
    format!("vnet-{index:05}").into()
}

fn workspace_name(scope: u32, index: u32) -> String {
    format!("ws-{scope:04}-{index:03}")
}

fn workspace(scope: u32, index: u32, chance: &mut Chance) -> ResourceSpec {
    let (high, low) = (chance.next(), chance.next());
    // Version 4, variant 1 of RFC 9562.
    let customer_id = format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    );
    let region = REGIONS[(chance.next() % REGIONS.len() as u64) as usize];
    ResourceSpec::Workspace(WorkspaceSpec {
        name: workspace_name(scope, index).into(),
        customer_id,
        location: Some(region.to_owned()),
        ingestion: PublicNetworkAccess::Enabled,
        query: PublicNetworkAccess::Enabled,
    })
}

/// SplitMix64: the same numbers everywhere, from a seed.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_numbers_give_the_same_estate() {
        let size = Size { networks: 5, scopes: 2, workspaces_per_scope: 3 };
        let once = generate(size, 7).expect("a good size");
        assert_eq!(once, generate(size, 7).expect("a good size"));
        assert_ne!(once, generate(size, 8).expect("a good size"));
        assert_eq!(once.steps().len(), 2);
    }

    #[test]
    fn sizes_azure_would_not_have_are_refused() {
        let size = |networks, scopes, workspaces_per_scope| Size { networks, scopes, workspaces_per_scope };
        assert_eq!(generate(size(1, 1, 301), 0), Err(SizeError::Workspaces(301)));
        assert_eq!(generate(size(0, 1, 1), 0), Err(SizeError::NoNetwork));
        assert_eq!(generate(size(70_000, 1, 1), 0), Err(SizeError::Networks(70_000)));
        assert_eq!(generate(size(2000, 1, 1), 0), Err(SizeError::Links(2000)));
        assert!(matches!(generate(size(10_000, 10_000, 300), 0), Err(SizeError::Large(_))));
    }
}
