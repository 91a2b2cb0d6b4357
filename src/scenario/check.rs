//! A tree of nodes against the JSON Schema: every unknown key, wrong type and missing key at once.
//!
//! The schema comes from the serde shapes, so there is one description of the written form. What the check lets pass it
//! also turns into the JSON value that serde reads: scalars become what the schema wants at their place, so that a name
//! that looks like a number stays a name.

use serde_json::{Map, Number, Value as Json};

use super::error::{Fault, nearest};
use super::node::{Node, Value};

/// Checks a node; faults are added to the list, and what is wrong is left out of the value.
pub(super) fn check(root: &Json, node: &Node, faults: &mut Vec<Fault>) -> Json {
    Checker { root }.check(root, node, faults)
}

struct Checker<'s> {
    root: &'s Json,
}

impl<'s> Checker<'s> {
    fn check(&self, schema: &'s Json, node: &Node, faults: &mut Vec<Fault>) -> Json {
        let branches = self.branches(schema);
        let wanted = |kind: &str| branches.iter().find(|branch| types(branch).any(|own| own == kind));
        match &node.value {
            Value::Mapping(entries) => match wanted("object") {
                Some(schema) => self.mapping(schema, node, entries, faults),
                None => self.mismatch(&branches, node, "a mapping", faults),
            },
            Value::Sequence(items) => match wanted("array") {
                Some(schema) => self.sequence(schema, node, items, faults),
                None => self.mismatch(&branches, node, "a list", faults),
            },
            Value::Scalar { .. } if node.is_null() => {
                if wanted("null").is_some() {
                    Json::Null
                } else if let Some(schema) = wanted("object") {
                    // A key without a value is a mapping with nothing in it.
                    self.mapping(schema, node, &[], faults)
                } else if wanted("array").is_some() {
                    Json::Array(Vec::new())
                } else {
                    self.mismatch(&branches, node, "nothing", faults)
                }
            }
            Value::Scalar { text, plain } => self.scalar(&branches, node, text, *plain, faults),
        }
    }

    fn mapping(
        &self,
        schema: &'s Json,
        node: &Node,
        entries: &[(super::node::Key, Node)],
        faults: &mut Vec<Fault>,
    ) -> Json {
        let properties = schema.get("properties").and_then(Json::as_object);
        let more = schema.get("additionalProperties");
        let mut object = Map::new();
        for (key, value) in entries {
            let own = properties.and_then(|properties| properties.get(&key.text));
            let own = own.or_else(|| more.filter(|more| more.is_object()));
            match own {
                Some(schema) => {
                    let value = self.check(schema, value, faults);
                    object.insert(key.text.clone(), value);
                }
                None => {
                    let known = properties.into_iter().flatten().map(|(name, _)| name.as_str());
                    let fault = Fault::plain(key.range, format!("the key `{}` is not known here", key.text));
                    faults.push(match nearest(&key.text, known) {
                        Some(hint) => fault.hint(hint),
                        None => fault,
                    });
                }
            }
        }
        let required = schema.get("required").and_then(Json::as_array);
        for name in required.into_iter().flatten().filter_map(Json::as_str) {
            if !entries.iter().any(|(key, _)| key.text == name) {
                faults.push(Fault::plain(node.range, format!("the key `{name}` is missing here")));
            }
        }
        Json::Object(object)
    }

    fn sequence(&self, schema: &'s Json, node: &Node, items: &[Node], faults: &mut Vec<Fault>) -> Json {
        let bound = |name: &str| schema.get(name).and_then(Json::as_u64).and_then(|bound| usize::try_from(bound).ok());
        if let Some(least) = bound("minItems").filter(|least| items.len() < *least) {
            faults.push(Fault::plain(node.range, format!("this list has {} and needs {least}", items.len())));
        }
        if let Some(most) = bound("maxItems").filter(|most| items.len() > *most) {
            faults.push(Fault::plain(node.range, format!("this list has {} and takes {most}", items.len())));
        }
        match schema.get("items") {
            Some(schema) => Json::Array(items.iter().map(|item| self.check(schema, item, faults)).collect()),
            None => Json::Array(Vec::new()),
        }
    }

    fn scalar(&self, branches: &[&'s Json], node: &Node, text: &str, plain: bool, faults: &mut Vec<Fault>) -> Json {
        let words: Vec<&str> = branches.iter().flat_map(|branch| words(branch)).collect();
        if words.contains(&text) {
            return Json::String(text.to_owned());
        }
        for branch in branches {
            for kind in types(branch) {
                let value = match kind {
                    "integer" if plain => text.parse().ok().map(|number: i64| Json::Number(Number::from(number))),
                    "boolean" if plain => text.parse().ok().map(Json::Bool),
                    "string" if words_of(branch).is_none() => Some(Json::String(text.to_owned())),
                    _ => None,
                };
                if let Some(value) = value {
                    self.in_bounds(branch, &value, node, faults);
                    return value;
                }
            }
        }
        if !words.is_empty() {
            let fault = Fault::plain(node.range, format!("`{text}` is none of the values this can have"));
            let list = words.join(", ");
            faults.push(match nearest(text, words.iter().copied()).filter(|hint| hint.starts_with("did")) {
                Some(hint) => fault.hint(format!("{hint} It can be {list}")),
                None => fault.hint(format!("it can be {list}")),
            });
            return Json::Null;
        }
        self.mismatch(branches, node, &format!("`{text}`"), faults)
    }

    fn in_bounds(&self, schema: &Json, value: &Json, node: &Node, faults: &mut Vec<Fault>) {
        let Some(number) = value.as_i64() else { return };
        let bound = |name: &str| schema.get(name).and_then(Json::as_i64);
        let (least, most) = (bound("minimum").unwrap_or(i64::MIN), bound("maximum").unwrap_or(i64::MAX));
        if !(least..=most).contains(&number) {
            let message = if least == most {
                format!("{number} stands here, and {least} is the only value this can have")
            } else {
                format!("{number} is not between {least} and {most}")
            };
            faults.push(Fault::plain(node.range, message));
        }
    }

    fn mismatch(&self, branches: &[&Json], node: &Node, found: &str, faults: &mut Vec<Fault>) -> Json {
        let mut wanted: Vec<&str> = branches.iter().flat_map(|branch| types(branch)).map(spoken).collect();
        wanted.dedup();
        wanted.retain(|one| *one != "nothing");
        faults.push(Fault::plain(node.range, format!("{found} stands here, and {} is wanted", wanted.join(" or "))));
        Json::Null
    }

    /// The schemas a node may follow, references and alternatives resolved.
    fn branches(&self, schema: &'s Json) -> Vec<&'s Json> {
        if let Some(reference) = schema.get("$ref").and_then(Json::as_str) {
            let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            return target.map_or_else(Vec::new, |target| self.branches(target));
        }
        for alternatives in ["anyOf", "oneOf"] {
            if let Some(own) = schema.get(alternatives).and_then(Json::as_array) {
                return own.iter().flat_map(|one| self.branches(one)).collect();
            }
        }
        vec![schema]
    }
}

/// The types a schema allows. A constant is text.
fn types(schema: &Json) -> impl Iterator<Item = &str> {
    let own = schema.get("type");
    let constant = schema.get("const").is_some() && own.is_none();
    let one = own.and_then(Json::as_str).or(constant.then_some("string"));
    one.into_iter().chain(own.and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str))
}

/// The words a schema allows; absent where it allows any.
fn words_of(schema: &Json) -> Option<Vec<&str>> {
    if let Some(constant) = schema.get("const").and_then(Json::as_str) {
        return Some(vec![constant]);
    }
    Some(schema.get("enum")?.as_array()?.iter().filter_map(Json::as_str).collect())
}

fn words(schema: &Json) -> Vec<&str> {
    words_of(schema).unwrap_or_default()
}

fn spoken(kind: &str) -> &str {
    match kind {
        "object" => "a mapping",
        "array" => "a list",
        "string" => "text",
        "integer" => "a whole number",
        "boolean" => "true or false",
        "null" => "nothing",
        other => other,
    }
}
