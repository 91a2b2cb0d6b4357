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
    let schema = shaped(&form::<schema::ScenarioSchema>(), root, faults)?;
    Some(load::load(file, root, schema, files, faults))
}

/// A spec from its tree.
pub(super) fn spec(file: &str, root: &mut Node<'_>, faults: &mut Faults) -> Option<Spec> {
    let schema = shaped(&form::<schema::SpecSchema>(), root, faults)?;
    Some(load::load_spec(file, root, schema, faults))
}

/// Accepted findings from their tree.
pub(super) fn allow_file(file: &str, root: &mut Node<'_>, faults: &mut Faults) -> Option<AllowFile> {
    let schema = shaped(&form::<schema::AllowFileSchema>(), root, faults)?;
    Some(load::load_allow_file(file, root, &schema, faults))
}

/// Events from their tree, after the end of `history`, where the estate is in `state`.
pub(super) fn addition(
    file: &str,
    root: &mut Node<'_>,
    history: &History,
    state: &State,
    faults: &mut Faults,
) -> Option<Addition> {
    let schema = shaped(&form::<schema::AdditionSchema>(), root, faults)?;
    Some(load::load_addition(file, root, schema, history, state, faults))
}

/// What files are checked against: the schema as it comes from the types, where the keys of every event are written once.
fn form<T: schemars::JsonSchema>() -> Json {
    schemars::schema_for!(T).to_value()
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
    published(form::<schema::AllowFileSchema>(), "allow")
}

/// The JSON Schema of scenarios.
pub(super) fn scenario_schema() -> Json {
    published(form::<schema::ScenarioSchema>(), "scenario")
}

/// The JSON Schema of specs.
pub(super) fn spec_schema() -> Json {
    published(form::<schema::SpecSchema>(), "spec")
}

/// The JSON Schema of events that are appended.
pub(super) fn addition_schema() -> Json {
    published(form::<schema::AdditionSchema>(), "events")
}

/// A schema with its name and id. Every event has its description beside its key, where editors look for it.
fn published(mut schema: Json, what: &str) -> Json {
    if let Some(object) = schema.as_object_mut() {
        object.insert("$id".to_owned(), format!("urn:ampls-dns:schema:{what}:1").into());
        object.insert("title".to_owned(), format!("ampls-dns {what}").into());
    }
    if let Some(event) = schema.pointer_mut("/$defs/EventSchema").and_then(Json::as_object_mut) {
        closed_alternatives(event);
    }
    schema
}

/// Each event is complete in itself: it has the keys that all have, and no others. So validators and editors need no
/// keyword that looks at several schemas at once. Its description is also beside its key, where editors look for it.
fn closed_alternatives(event: &mut serde_json::Map<String, Json>) {
    event.remove("type");
    let common = event.remove("properties");
    let common = common.as_ref().and_then(Json::as_object);
    for alternative in event.get_mut("oneOf").and_then(Json::as_array_mut).into_iter().flatten() {
        let Some(alternative) = alternative.as_object_mut() else { continue };
        let description = alternative.get("description").cloned();
        if let Some(properties) = alternative.get_mut("properties").and_then(Json::as_object_mut) {
            for property in properties.values_mut().filter_map(Json::as_object_mut) {
                property.extend(description.iter().map(|text| ("description".to_owned(), text.clone())));
            }
            properties.extend(common.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())));
        }
        alternative.insert("additionalProperties".to_owned(), Json::Bool(false));
    }
}
