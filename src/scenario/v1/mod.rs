//! Version 1 of the written form: its schema, and the way from text to a history and back.

mod collection_schema;
mod list_schema;
mod load;
mod routing_schema;
mod schema;
mod write;

use serde_json::Value as Json;

use super::error::Faults;
use super::node::Node;
use super::{Addition, AllowFile, Files, Scenario, Spec, shaped};
use crate::compile::State;
use crate::estate::History;

/// The number at the top of a file of this version.
pub(super) const VERSION: u32 = 1;

/// A scenario from its tree.
pub(super) fn scenario(file: &str, root: &mut Node<'_>, files: &Files<'_>, faults: &mut Faults) -> Option<Scenario> {
    let schema = shaped(&scenario_schema(), root, faults)?;
    Some(load::load(file, root, schema, files, faults))
}

/// A spec from its tree.
pub(super) fn spec(file: &str, root: &mut Node<'_>, faults: &mut Faults) -> Option<Spec> {
    let schema = shaped(&spec_schema(), root, faults)?;
    Some(load::load_spec(file, root, schema, faults))
}

/// Accepted findings from their tree.
pub(super) fn allow_file(file: &str, root: &mut Node<'_>, faults: &mut Faults) -> Option<AllowFile> {
    let schema = shaped(&allow_schema(), root, faults)?;
    Some(load::load_allow_file(file, root, &schema, faults))
}

/// Events from their tree, behind the end of `history`, where the estate is in `state`.
pub(super) fn addition(
    file: &str,
    root: &mut Node<'_>,
    history: &History,
    state: &State,
    faults: &mut Faults,
) -> Option<Addition> {
    let schema = shaped(&addition_schema(), root, faults)?;
    Some(load::load_addition(file, root, schema, history, state, faults))
}

/// The text of a scenario.
pub(super) fn write_scenario(scenario: &Scenario) -> String {
    write::write(scenario)
}

/// The text of a spec.
pub(super) fn write_spec(spec: &Spec) -> String {
    write::spec(spec)
}

/// The text of accepted findings.
pub(super) fn write_allow_file(file: &AllowFile) -> String {
    write::allow_file(file)
}

/// The JSON Schema of accepted findings.
pub(super) fn allow_schema() -> Json {
    published(schemars::schema_for!(schema::AllowFileSchema), "allow")
}

/// The JSON Schema of scenarios.
pub(super) fn scenario_schema() -> Json {
    published(schemars::schema_for!(schema::ScenarioSchema), "scenario")
}

/// The JSON Schema of specs.
pub(super) fn spec_schema() -> Json {
    published(schemars::schema_for!(schema::SpecSchema), "spec")
}

/// The JSON Schema of events that are appended.
pub(super) fn addition_schema() -> Json {
    published(schemars::schema_for!(schema::AdditionSchema), "events")
}

/// A schema with its name and id. Every event has its description beside its key, where editors look for it.
fn published(schema: schemars::Schema, what: &str) -> Json {
    let mut schema = schema.to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert("$id".to_owned(), format!("urn:ampls-dns:schema:{what}:1").into());
        object.insert("title".to_owned(), format!("ampls-dns {what}").into());
    }
    let events = schema.pointer_mut("/$defs/EventSchema/oneOf").and_then(Json::as_array_mut);
    for event in events.into_iter().flatten() {
        let Some(description) = event.get("description").cloned() else { continue };
        let properties = event.get_mut("properties").and_then(Json::as_object_mut);
        for property in properties.into_iter().flatten().filter_map(|(_, property)| property.as_object_mut()) {
            property.insert("description".to_owned(), description.clone());
        }
    }
    schema
}
