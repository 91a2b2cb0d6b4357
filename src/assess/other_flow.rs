//! Flows of resources that no scope governs: what path they take, and what decides them instead.

use super::exit::Exits;
use super::route::{Path, route};
use crate::catalogue::{FlowOwner, OtherFlowRow, Through, every_cloud};
use crate::compile::{Compiled, ViewId, member};
use crate::dns::OwnerName;
use crate::estate::{ResourceName, ResourceSpec};

/// A flow that no scope governs as it governs the names of resources.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OtherFlow {
    /// The resource.
    pub resource: ResourceName,
    /// What it is, and what decides it.
    pub row: &'static OtherFlowRow,
    /// The name it takes and the path that leads to; absent where it stays inside Azure.
    pub path: Option<(OwnerName, Path)>,
}

/// The other flows of a resource, for a client in a view.
pub fn other_flows(world: &Compiled, view: ViewId, resource: &ResourceName) -> Vec<OtherFlow> {
    let Some(spec) = world.state.resources.get(resource).map(|one| &one.spec) else { return Vec::new() };
    let catalogue = &world.state.catalogue;
    let name = |row: &OtherFlowRow| match &row.through {
        Through::None => None,
        Through::Queries => {
            let base = member::base(catalogue, None).into_iter();
            base.into_iter()
                .find(|one| one.endpoint_row(catalogue).is_some_and(|row| row.workspace_queries))
                .map(|one| one.public)
        }
        Through::Region(function) => {
            let slots = member::slots(catalogue, spec);
            let own = catalogue.regional.iter().find(|own| own.function == *function);
            own.and_then(|own| own.name.fill(&slots)).and_then(|text| OwnerName::parse(&text).ok())
        }
    };
    let rows = every_cloud().other_flows.iter().filter(|row| row.of.iter().any(|owner| is_owner(spec, *owner)));
    let exits = Exits::of(&world.state, world.views.get(view).network.as_ref().map(Into::into));
    let flow = |row: &'static OtherFlowRow| {
        let path = name(row).map(|name| {
            let path = exits.pass(route(world, view, &name), row.operation);
            (name, path)
        });
        OtherFlow { resource: resource.clone(), row, path }
    };
    rows.map(flow).collect()
}

fn is_owner(spec: &ResourceSpec, owner: FlowOwner) -> bool {
    match spec {
        ResourceSpec::Workspace(_) => owner == FlowOwner::Workspace,
        ResourceSpec::Component(one) => owner == FlowOwner::WorkspaceBasedComponent && one.workspace.is_some(),
        ResourceSpec::DataCollectionEndpoint(_) => owner == FlowOwner::DataCollectionEndpoint,
        ResourceSpec::DataCollectionRule(_) | ResourceSpec::Service(_) => false,
    }
}
