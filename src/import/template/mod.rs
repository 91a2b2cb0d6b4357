//! ARM templates, to resources: parameters and variables put in, loops unrolled, conditions judged, nested deployments
//! followed. What only Azure can compute stays unknown, and is reported where it matters.
//!
//! `expression` parses, `function` computes, `value` is what it computes with, `evaluate` knows where an expression is
//! written, `scope` and `runtime` answer for the deployment and its resources, `expand` makes instances of resources,
//! `order` sorts them, and this file hands them to the reader of resources.

mod deployment;
mod evaluate;
mod expand;
mod expression;
mod function;
mod hash;
mod order;
mod runtime;
mod scope;
mod target;
mod value;

use std::collections::HashMap;

use indexmap::IndexMap;
use serde_json::{Map, Value};
use typed_arena::Arena;

use self::deployment::{Condition, Engine, Given, Note, entry};
use self::target::{Target, not_told};
use self::value::{Datum, Trouble, Unknown, same_name};
use super::reading::Reading;
use super::report::Topic;

/// Where templates are deployed to, as far as the import knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeploymentScope {
    /// Id of the subscription.
    pub subscription: Option<String>,
    /// Name of the resource group.
    pub resource_group: Option<String>,
    /// Region of the resource group, or of the deployment where it has none.
    pub location: Option<String>,
    /// Name of the management group.
    pub management_group: Option<String>,
    /// Name of the deployment; the name of the file if it is not given.
    pub name: Option<String>,
}

/// A parameter file's entries, with the names of the files they come from.
pub(super) struct ParameterFile<'t> {
    pub(super) file: &'t str,
    pub(super) entries: &'t Map<String, Value>,
}

/// What an expression is evaluated with.
#[derive(Clone, Debug, Default)]
pub struct ExpressionContext<'t> {
    /// A template: its parameters' default values, variables and functions are used.
    pub template: Option<&'t Value>,
    /// Where it is deployed to.
    pub scope: DeploymentScope,
    /// Rounds of loops, by the loop's name; one without a name is the resource's own.
    pub rounds: Vec<(String, i64)>,
}

/// What became of an expression.
#[derive(Clone, PartialEq, Debug)]
pub enum Evaluated {
    /// Its value.
    Known(Value),
    /// Only Azure knows it; the reason.
    Unknown(String),
    /// Azure would refuse it; the reason.
    Refused(String),
}

/// Evaluates one value of a template, such as `[concat('a', 'b')]`.
pub fn evaluate(value: &Value, context: &ExpressionContext<'_>) -> Evaluated {
    let arena = Arena::new();
    let empty = Value::Null;
    let template = context.template.unwrap_or(&empty);
    let engine = Engine::new(&arena, 0);
    let deployment = root(&engine, template, "main", &context.scope, HashMap::new());
    let mut frame = deployment::Frame::of(&deployment);
    for (name, index) in &context.rounds {
        frame = frame.with_round(name, *index, name.is_empty());
    }
    match engine.value(&frame, value, "") {
        Ok(found) => known(&engine, &found),
        Err(Trouble::Fault(why) | Trouble::Failed(why)) => Evaluated::Refused(why),
    }
}

/// The resources and outputs of a template: names of those that are deployed, and outputs by name.
///
/// # Errors
/// Why the template is refused.
pub fn deploy(
    template: &Value,
    parameters: &Map<String, Value>,
    scope: &DeploymentScope,
) -> Result<(Vec<String>, IndexMap<String, Evaluated>), String> {
    let arena = Arena::new();
    let engine = Engine::new(&arena, 0);
    let given = given(&engine, template, parameters.iter())?;
    let deployment = root(&engine, template, "main", scope, given);
    engine.expand(0);
    let order = engine.order();
    if let Some(Note::Fault { message, .. }) =
        engine.notes.borrow().iter().find(|note| matches!(note, Note::Fault { .. }))
    {
        return Err(message.clone());
    }
    let deployed = order.sorted.iter().map(|number| engine.instance(*number));
    let deployed = deployed.filter(|one| !one.existing && one.nested.is_none() && one.condition != Condition::No);
    let names = deployed.filter(|one| one.kind != expand::DEPLOYMENT).map(|one| one.name.pattern()).collect();
    let outputs = entry(template, "outputs").and_then(Value::as_object).into_iter().flat_map(Map::keys);
    let outputs = outputs.map(|name| {
        let value = match engine.output(deployment.number, name) {
            Ok(Datum::Object(object)) => known(&engine, object.get("value").unwrap_or(&Datum::Null)),
            Ok(other) => known(&engine, &other),
            Err(Trouble::Fault(why) | Trouble::Failed(why)) => Evaluated::Refused(why),
        };
        (name.clone(), value)
    });
    Ok((names, outputs.collect()))
}

fn known(engine: &Engine<'_>, found: &Datum) -> Evaluated {
    let found = match found {
        Datum::Outputs(number) => match engine.outputs(*number) {
            Ok(found) => found,
            Err(Trouble::Fault(why) | Trouble::Failed(why)) => return Evaluated::Refused(why),
        },
        found => found.clone(),
    };
    match found.unknown() {
        Some(unknown) => Evaluated::Unknown(unknown.why.clone()),
        None => Evaluated::Known(found.to_json("", &mut |_, _| Value::Null)),
    }
}

/// The deployment of a file.
fn root<'t>(
    engine: &Engine<'t>,
    template: &'t Value,
    file: &str,
    scope: &DeploymentScope,
    given: HashMap<String, Given<'t>>,
) -> std::rc::Rc<deployment::Deployment<'t>> {
    let told = |own: &Option<String>, what: &str| match own {
        Some(text) => engine.meter.text(text.as_str()).unwrap_or_else(|_| not_told(what)),
        None => not_told(what),
    };
    let schema = entry(template, "$schema").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    let schema = schema.rsplit('/').next().unwrap_or_default().trim_end_matches('#').to_owned();
    let (subscription, location) = (told(&scope.subscription, "subscription"), told(&scope.location, "location"));
    let target = match schema.as_str() {
        "subscriptiondeploymenttemplate.json" => Target::Subscription { subscription, location },
        "managementgroupdeploymenttemplate.json" => {
            Target::ManagementGroup { name: told(&scope.management_group, "managementGroup"), location }
        }
        "tenantdeploymenttemplate.json" => Target::Tenant { location },
        _ if scope.management_group.is_some() && scope.resource_group.is_none() => {
            Target::ManagementGroup { name: told(&scope.management_group, "managementGroup"), location }
        }
        _ => Target::Group { subscription, group: told(&scope.resource_group, "resourceGroup"), location },
    };
    let name = scope.name.as_deref().unwrap_or(file);
    let name = engine.meter.text(name).unwrap_or(Datum::Null);
    engine.add_deployment(template, "", name, target, given, None, 0)
}

/// Parameters of parameter files for the root deployment; they are values, apart from secrets and inputs from outside.
fn given<'t, 'p>(
    engine: &Engine<'t>,
    template: &'t Value,
    entries: impl Iterator<Item = (&'p String, &'p Value)>,
) -> Result<HashMap<String, Given<'t>>, String> {
    let declared = entry(template, "parameters");
    let mut given = HashMap::new();
    for (name, written) in entries {
        if declared.and_then(|all| entry(all, name)).is_none() {
            continue;
        }
        let value = match given_value(engine, name, written) {
            Ok(value) => value,
            Err(Trouble::Fault(why) | Trouble::Failed(why)) => return Err(why),
        };
        given.insert(name.to_ascii_lowercase(), Given::Ready(value));
    }
    Ok(given)
}

/// The value that an entry of a parameter file gives.
fn given_value(engine: &Engine<'_>, name: &str, written: &Value) -> Result<Datum, Trouble> {
    if entry(written, "reference").is_some() {
        Ok(Unknown::of(name, "it is a secret from a key vault"))
    } else if entry(written, "expression").is_some() {
        Ok(Unknown::of(name, "it is known only when the parameters are used"))
    } else {
        engine.meter.json(entry(written, "value").unwrap_or(&Value::Null))
    }
}

/// What a template says of templates that are elsewhere, with expressions as they are written.
pub(super) fn links(template: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    let mut left = vec![(template, 0)];
    while let Some((value, depth)) = left.pop() {
        match value {
            Value::Object(entries) if depth < 128 => {
                for (key, inner) in entries {
                    if same_name(key, "templateLink") {
                        let texts =
                            ["relativePath", "uri", "id"].into_iter().filter_map(|name| entry(inner, name)?.as_str());
                        found.extend(texts);
                    }
                    left.push((inner, depth + 1));
                }
            }
            Value::Array(items) if depth < 128 => left.extend(items.iter().map(|item| (item, depth + 1))),
            _ => {}
        }
    }
    found
}

/// The names of the parameters that a template declares, in lower case.
pub(super) fn parameter_names(template: &Value) -> impl Iterator<Item = String> + '_ {
    let declared = entry(template, "parameters").and_then(Value::as_object);
    declared.into_iter().flat_map(Map::keys).map(|name| name.to_ascii_lowercase())
}

/// The names of the parameters in a parameter file, with their JSON pointers.
pub(super) fn given_names(value: &Value) -> Vec<(&str, String)> {
    let base = match (entry(value, "parameters"), entry(value, "properties")) {
        (Some(_), _) => "/parameters",
        (None, Some(_)) => "/properties/parameters",
        (None, None) => "",
    };
    let names = parameters(value).into_iter().flat_map(Map::keys);
    names.map(|name| (name.as_str(), format!("{base}/{}", super::property::escaped(name)))).collect()
}

impl Reading<'_> {
    /// Reads a template with its parameter files; `linked` are other templates by the name of their file.
    pub(super) fn template(
        &mut self,
        value: &Value,
        bytes: usize,
        files: &[ParameterFile<'_>],
        linked: &HashMap<String, &Value>,
        scope: &DeploymentScope,
    ) {
        self.planned = true;
        let arena = Arena::new();
        let mut engine = Engine::new(&arena, bytes);
        engine.linked_parameters =
            files.iter().map(|file| (super::base_name(file.file).to_lowercase(), file.entries)).collect();
        engine.linked = linked.iter().map(|(name, value)| (name.clone(), *value)).collect();
        let stem = stem(&self.file);
        let own: Vec<&ParameterFile<'_>> = files.iter().filter(|file| self::stem(file.file) == stem).collect();
        // A file that is named after the template is for it; others are for every template that declares their names.
        let of_others = files.iter().filter(|file| self::stem(file.file) != stem);
        let entries = of_others.chain(own.iter().copied()).flat_map(|file| file.entries.iter());
        let given = match given(&engine, value, entries) {
            Ok(given) => given,
            Err(why) => return self.error("", why, None),
        };
        root(&engine, value, &stem, scope, given);
        engine.expand(0);
        let order = engine.order();
        self.instances(&engine, &order);
        for note in engine.notes.take() {
            match note {
                Note::Fault { pointer, message } => self.error(&pointer, message, None),
                Note::NotKnown { pointer, text } => self.remark(Topic::Unresolved, text, &pointer, None),
            }
        }
    }

    /// Hands the instances on, in the order in which they are deployed.
    fn instances(&mut self, engine: &Engine<'_>, order: &order::Order) {
        for number in &order.sorted {
            let one = engine.instance(*number);
            if one.existing || one.condition == Condition::No || one.kind == expand::DEPLOYMENT {
                continue;
            }
            let Some(id) = super::id::ResourceId::parse(&one.id) else {
                if super::rest::is_read(&one.kind) {
                    let text = format!("the id of this {} is unknown: the importer ignores it", one.kind);
                    self.remark(Topic::Unresolved, text, &one.pointer, None);
                }
                continue;
            };
            let is_read = super::rest::is_read(&one.kind);
            if !is_read && !super::rest::is_beside(&one.kind) {
                self.declared(&id, &Value::Object(Map::new()), &one.pointer);
                continue;
            }
            let body = match engine.body(&one) {
                Ok(body) => body,
                // Nothing of it has to be known.
                Err(_) if !is_read => {
                    self.declared(&id, &Value::Object(Map::new()), &one.pointer);
                    continue;
                }
                Err(Trouble::Fault(message)) => {
                    self.error(&one.pointer, message, None);
                    continue;
                }
                Err(Trouble::Failed(why)) => {
                    self.remark(Topic::Unresolved, why, &one.pointer, None);
                    continue;
                }
            };
            let mut reasons = HashMap::new();
            let mut value = body.to_json(&one.pointer, &mut |pointer, unknown| {
                reasons.insert(pointer.to_owned(), unknown.why.clone());
                // An id with unknown parts still says which resource is meant.
                match unknown.pattern.starts_with('/') {
                    true => Value::String(unknown.pattern.clone()),
                    false => Value::String(format!("[{}]", unknown.pattern)),
                }
            });
            self.reasons.extend(reasons);
            if let Value::Object(entries) = &mut value {
                if one.kind == "microsoft.insights/privatelinkscopes/scopedresources" {
                    let before = order.before(*number);
                    let ids = before.into_iter().map(|number| engine.instance(number));
                    let ids = ids.filter(|one| one.kind.starts_with("microsoft.network/privateendpoints"));
                    let ids = ids.filter_map(|one| super::id::ResourceId::parse(&one.id));
                    let mut ids: Vec<Value> = ids.map(|id| id.to_string().into()).collect();
                    ids.sort_by_key(ToString::to_string);
                    entries.insert("dependsOn".to_owned(), ids.into());
                }
                if let Some(version) = one.own.get("apiVersion").filter(|version| version.is_string()) {
                    entries.insert("apiVersion".to_owned(), version.clone());
                }
            }
            if let Some(unknown) = one.name.unknown() {
                self.unknown_name(&id, &one.pointer, &unknown.why);
            }
            self.declared(&id, &value, &one.pointer);
        }
    }
}

/// A file's name without folders and endings: `main` for `main.json`, `main.parameters.json` and `main.bicepparam.json`.
fn stem(file: &str) -> String {
    let name = file.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name.strip_suffix(".jsonc").or_else(|| name.strip_suffix(".json")).unwrap_or(name);
    let endings = [".parameters", ".parameter", ".bicepparam", ".param", ".params", ".template"];
    let lower = name.to_ascii_lowercase();
    let ending = endings.iter().find(|ending| lower.ends_with(**ending)).map_or(0, |ending| ending.len());
    name[..name.len() - ending].to_owned()
}

/// The entries of a parameter file, or of a deployment's body.
pub(super) fn parameters(value: &Value) -> Option<&Map<String, Value>> {
    let own = entry(value, "parameters").or_else(|| entry(entry(value, "properties")?, "parameters"));
    own.or_else(|| has_only_entries(value).then_some(value)).and_then(Value::as_object)
}

/// True for a parameter file without schema and version: the entries themselves, or below `parameters`, as `az` takes both, or the
/// body of a deployment without its template.
pub(super) fn has_only_parameters(value: &Value) -> bool {
    let is_alone = |own: &Value, name: &str| {
        let entries = own
            .as_object()
            .filter(|own| !["id", "type", "resources", "template"].iter().any(|key| own.contains_key(*key)));
        entries.and_then(|own| own.get(name)).is_some_and(has_only_entries)
    };
    let is_body =
        || value.as_object().is_some_and(|own| own.len() == 1) && is_alone(&value["properties"], "parameters");
    has_only_entries(value) || is_alone(value, "parameters") || is_body()
}

/// True for an object whose entries all give a parameter a value.
fn has_only_entries(value: &Value) -> bool {
    let is_given = |written: &Value| {
        let own = written.as_object();
        own.is_some_and(|own| {
            let is_known = |key: &String| {
                ["value", "reference", "expression", "metadata"].iter().any(|known| same_name(key, known))
            };
            own.keys().all(is_known) && own.keys().any(|key| !same_name(key, "metadata"))
        })
    };
    value.as_object().is_some_and(|own| !own.is_empty() && own.values().all(is_given))
}
