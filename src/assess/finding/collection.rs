//! Rules about data collection rules whose data does not take the private link.

use std::collections::BTreeMap;

use super::Draft;
use crate::assess::Code;
use crate::assess::route::{Path, route};
use crate::assess::verdict::{Cause, Root};
use crate::catalogue::Operation;
use crate::compile::{Compiled, member};
use crate::dns::OwnerName;
use crate::estate::{EndpointTarget, ResourceSpec};

/// Rules of machines whose agents are configured over a private link: each needs a data collection endpoint in that scope.
pub(super) fn find(world: &Compiled, drafts: &mut BTreeMap<Cause, Draft>) {
    let state = &world.state;
    let Some(bootstrap) = bootstrap(world).filter(|_| !state.machines.is_empty()) else { return };
    for machine in state.machines.values() {
        let Some(agent) = machine.associations.as_ref().filter(|agent| !agent.rules.is_empty()) else { continue };
        let Some(view) = world.views.of_network(machine.network.as_str()) else { continue };
        let Path::PrivateEndpoint { target: EndpointTarget::Scope(name), .. } = route(world, view, &bootstrap) else {
            continue;
        };
        let Some(scope) = state.scopes.get(&name) else { continue };
        for rule in &agent.rules {
            let Some(ResourceSpec::DataCollectionRule(spec)) = state.resources.get(rule).map(|own| &own.spec) else {
                continue;
            };
            let why = match spec.endpoint.as_ref().filter(|own| state.resources.contains_key(*own)) {
                Some(own) if scope.resources.contains(own) => continue,
                Some(own) => format!("the data collection endpoint of {rule}, {own}, is not in {name}"),
                None => format!("{rule} has no data collection endpoint"),
            };
            let draft =
                drafts.entry(Cause::new(Code::RuleWithoutScopedEndpoint, Root::Resource(rule.clone()))).or_default();
            draft.message = format!("{why}, and machines with the rule are configured through {name}");
            draft.networks.insert(machine.network.clone());
            draft.scopes.insert(name.clone());
            draft.resources.insert(rule.clone());
        }
    }
}

/// The name that agents ask for their configuration first.
fn bootstrap(world: &Compiled) -> Option<OwnerName> {
    let catalogue = &world.state.catalogue;
    let is_config =
        |one: &member::Member| one.endpoint_row(catalogue).is_some_and(|row| row.operations[0] == Operation::Config);
    member::base(catalogue, None).into_iter().find(is_config).map(|one| one.public)
}
