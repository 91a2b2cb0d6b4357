//! What an estate has at a revision: networks, zones, scopes and private endpoints.

use schemars::JsonSchema;
use serde::Serialize;

use crate::compile::Compiled;
use crate::estate::{NetworkKind, NetworkName};

/// The objects of an estate.
#[derive(Serialize, JsonSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct EstateDocument {
    /// The networks in the order declared.
    pub networks: Vec<NetworkDocument>,
    /// Private DNS zones.
    pub zones: Vec<PrivateZoneDocument>,
    /// Scopes.
    pub scopes: Vec<ScopeDocument>,
    /// Private endpoints.
    pub endpoints: Vec<EndpointDocument>,
}

/// A network.
#[derive(Serialize, JsonSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct NetworkDocument {
    /// Its name.
    pub name: String,
    /// `virtual` or `onPremises`.
    pub kind: &'static str,
    /// The number of its view.
    pub view: u32,
    /// Prefixes whose clients are in it.
    pub prefixes: Vec<String>,
    /// Where its clients ask, regardless of their address; absent if only the source address distinguishes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listener: Option<String>,
}

/// A private DNS zone.
#[derive(Serialize, JsonSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct PrivateZoneDocument {
    /// Its resource group.
    pub resource_group: String,
    /// Its name.
    pub name: String,
    /// How many record sets it has, the SOA included.
    pub record_sets: usize,
    /// The networks it is linked to.
    pub links: Vec<String>,
}

/// A scope.
#[derive(Serialize, JsonSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct ScopeDocument {
    /// Its name.
    pub name: String,
    /// Scoped resources in the order they were added.
    pub resources: Vec<String>,
    /// Its private endpoints.
    pub endpoints: Vec<String>,
}

/// A private endpoint.
#[derive(Serialize, JsonSchema, Debug)]
#[serde(rename_all = "camelCase")]
pub struct EndpointDocument {
    /// Its name.
    pub name: String,
    /// The scope it leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The resource of another service it leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Its network.
    pub network: String,
    /// Its subnet.
    pub subnet: String,
    /// Its addresses in the order they were given.
    pub addresses: Vec<String>,
    /// Why its provisioning failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// The estate of a revision. `listener` returns where the clients of a network ask, if a server listens for them.
pub fn estate(world: &Compiled, listener: impl Fn(&NetworkName) -> Option<String>) -> EstateDocument {
    let state = &world.state;
    let networks = world.views.iter().filter_map(|(id, view)| {
        let name = view.network.as_ref()?;
        let prefixes = state.networks.get(name).into_iter().flat_map(|spec| spec.prefixes());
        Some(NetworkDocument {
            name: name.to_string(),
            kind: match view.kind {
                NetworkKind::Virtual => "virtual",
                NetworkKind::OnPremises => "onPremises",
            },
            view: id.0,
            prefixes: prefixes.map(|prefix| prefix.to_string()).collect(),
            listener: listener(name),
        })
    });
    let zones = state.zones.iter().map(|(id, linked)| PrivateZoneDocument {
        resource_group: id.resource_group.to_string(),
        name: id.apex.to_string(),
        record_sets: linked.zone.len(),
        links: linked.links.keys().map(ToString::to_string).collect(),
    });
    let scopes = state.scopes.iter().map(|(name, scope)| ScopeDocument {
        name: name.to_string(),
        resources: scope.resources.iter().map(ToString::to_string).collect(),
        endpoints: scope.endpoints.iter().map(ToString::to_string).collect(),
    });
    let endpoints = state.endpoints.iter().map(|(name, endpoint)| {
        let mut addresses: Vec<String> = Vec::new();
        for member in &endpoint.members {
            let address = member.address.to_string();
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        EndpointDocument {
            name: name.to_string(),
            scope: endpoint.spec.target.scope().map(ToString::to_string),
            resource: endpoint.spec.target.service().map(ToString::to_string),
            network: endpoint.spec.network.to_string(),
            subnet: endpoint.spec.subnet.clone(),
            addresses,
            failed: endpoint.failed.clone(),
        }
    });
    EstateDocument {
        networks: networks.collect(),
        zones: zones.collect(),
        scopes: scopes.collect(),
        endpoints: endpoints.collect(),
    }
}
