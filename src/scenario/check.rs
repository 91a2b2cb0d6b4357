//! A tree of nodes against the JSON Schema: every unknown key, wrong type and missing key at once.
//!
//! The schema comes from the serde shapes, so there is one description of the written form. What the check lets pass it
//! also turns into the JSON value that serde reads: scalars become what the schema wants at their place, so that a name
//! that looks like a number stays a name. Where the form is wrong something of the right form is put instead, so that
//! the rest of the file can be checked as well.

use serde_json::{Map, Number, Value as Json};

use super::error::{Fault, Faults, INVALID_VALUE, choice, nearest, shown};
use super::node::{Key, Node, Range, Value};

/// Checks a node; faults are added to the list. The value follows the schema in any case, and keys that were taken for
/// others are renamed in the node.
pub(super) fn check(root: &Json, node: &mut Node<'_>, faults: &mut Faults) -> Json {
    Checker { root, faults }.check(root, node)
}

struct Checker<'s, 'f> {
    root: &'s Json,
    faults: &'f mut Faults,
}

impl<'s> Checker<'s, '_> {
    fn check(&mut self, schema: &'s Json, node: &mut Node<'_>) -> Json {
        if self.faults.is_full() {
            // Nothing is made of a text with so many errors.
            return Json::Null;
        }
        let branches = self.branches(schema);
        let (range, is_null) = (node.range, node.is_null());
        let wanted = |kind: &str| branches.iter().find(|branch| types(branch).any(|own| own == kind)).copied();
        match &mut node.value {
            Value::Mapping(entries) => match wanted("object") {
                Some(schema) => self.mapping(schema, range, entries),
                None => self.mismatch(schema, range, "a mapping"),
            },
            Value::Sequence(items) => match wanted("array") {
                Some(schema) => self.sequence(schema, range, items),
                None => self.mismatch(schema, range, "a list"),
            },
            Value::Scalar { .. } if is_null => {
                if wanted("null").is_some() {
                    Json::Null
                } else if let Some(schema) = wanted("object") {
                    // A key without a value is a mapping with nothing in it.
                    self.mapping(schema, range, &mut [])
                } else if let Some(schema) = wanted("array") {
                    self.sequence(schema, range, &mut [])
                } else {
                    self.mismatch(schema, range, "nothing")
                }
            }
            Value::Scalar { text, plain, .. } => self.scalar(schema, &branches, range, text, *plain),
        }
    }

    fn mapping(&mut self, schema: &'s Json, range: Range, entries: &mut [(Key<'_>, Node<'_>)]) -> Json {
        let form = Form::of(schema);
        let mut object = Map::new();
        let mut chosen: Option<&str> = None;
        let mut taken = None;
        for index in 0..entries.len() {
            if self.faults.is_full() {
                break;
            }
            let found = self.property(&form, entries, index, &mut taken);
            let (key, value) = &mut entries[index];
            let Some((name, own)) = found else {
                // What its value should be is unknown.
                self.faults.is_malformed(value.range);
                continue;
            };
            if key.text != name {
                key.text = name.clone().into();
            }
            if let Some(own) = form.alternative(&name) {
                if let Some(first) = chosen {
                    let message = format!("`{own}` and `{first}` are in one entry, but an entry has only one of them");
                    self.fault(Fault::plain(key.range, message).hint("start a new entry with `- `"));
                    continue;
                }
                chosen = Some(own);
            }
            let value = self.check(own, value);
            object.insert(name, value);
        }
        if let (Some(first), None) = (form.alternatives.first(), chosen) {
            // Unknown keys were reported.
            if entries.iter().all(|(key, _)| object.contains_key(&*key.text)) {
                let fault = Fault::plain(range, "this entry needs a key that says what happens");
                self.fault(fault.hint("such as `createPrivateEndpoint`; `ampls-dns schema` prints all of them"));
            }
            self.require(first, None, &mut object);
        }
        self.require(schema, Some(range), &mut object);
        Json::Object(object)
    }

    /// The property a key represents, and its schema. An unknown key is taken for the nearest known one.
    fn property(
        &mut self,
        form: &Form<'s>,
        entries: &[(Key<'_>, Node<'_>)],
        index: usize,
        taken: &mut Option<Vec<&'s str>>,
    ) -> Option<(String, &'s Json)> {
        let key = &entries[index].0;
        if let Some((name, own)) = form.properties().find(|(name, _)| *name == key.text) {
            return Some((name.to_owned(), own));
        }
        if let Some(more) = form.more {
            return Some((key.text.clone().into_owned(), more));
        }
        let fault = Fault::plain(key.range, format!("unknown key `{}`", shown(&key.text)));
        if !self.faults.are_printed() {
            self.fault(fault);
            return None;
        }
        let written = |name: &&str| entries.iter().any(|(own, _)| own.text == **name);
        let taken = taken.get_or_insert_with(|| form.properties().map(|(name, _)| name).filter(written).collect());
        let near = nearest(&key.text, form.properties().map(|(name, _)| name).filter(|name| !taken.contains(name)));
        let hint = match near {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None => choice(&key.text, form.properties().map(|(name, _)| name)),
        };
        self.fault(match hint {
            Some(hint) => fault.hint(hint),
            None => fault,
        });
        let (name, own) = form.properties().find(|(name, _)| Some(*name) == near)?;
        taken.push(name);
        Some((name.to_owned(), own))
    }

    /// Puts what a schema requires into an object that lacks it; reported only where a place is given.
    fn require(&mut self, schema: &'s Json, told: Option<Range>, object: &mut Map<String, Json>) {
        let required = schema.get("required").and_then(Json::as_array);
        for name in required.into_iter().flatten().filter_map(Json::as_str) {
            if object.contains_key(name) {
                continue;
            }
            if let Some(range) = told {
                let fault = Fault::plain(range, format!("missing key `{name}`"));
                self.fault(match name {
                    "version" => fault.hint("write `version: 1` at the top of the file"),
                    "customerId" => fault.hint(
                        "write the id of the workspace, such as `customerId: 11111111-1111-4111-8111-111111111111`; \
                         `az monitor log-analytics workspace show` prints it",
                    ),
                    _ => fault,
                });
            }
            let own = properties(schema).find(|(own, _)| *own == name);
            object.insert(name.to_owned(), own.map_or(Json::Null, |(_, own)| self.placeholder(own)));
        }
    }

    fn sequence(&mut self, schema: &'s Json, range: Range, items: &mut [Node<'_>]) -> Json {
        let bound = |name: &str| schema.get(name).and_then(Json::as_u64).and_then(|bound| usize::try_from(bound).ok());
        let (least, most) = (bound("minItems").unwrap_or(0), bound("maxItems").unwrap_or(usize::MAX));
        if !(least..=most).contains(&items.len()) {
            let wanted = match (least, most) {
                (least, usize::MAX) => format!("at least {least}"),
                (least, most) if least == most => format!("exactly {most}"),
                (least, most) => format!("{least} to {most}"),
            };
            self.fault(Fault::plain(range, format!("this list has a length of {}, expected {wanted}", items.len())));
        }
        let Some(own) = schema.get("items") else { return Json::Array(Vec::new()) };
        let mut list: Vec<Json> = Vec::with_capacity(items.len().min(most).min(1024));
        for item in items.iter_mut().take(most) {
            list.push(self.check(own, item));
            if self.faults.is_full() {
                break;
            }
        }
        while list.len() < least {
            list.push(self.placeholder(own));
        }
        Json::Array(list)
    }

    fn scalar(&mut self, schema: &'s Json, branches: &[&'s Json], range: Range, text: &str, plain: bool) -> Json {
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
                    return self.bounded(branch, value, range);
                }
            }
        }
        if words.is_empty() {
            return self.mismatch(schema, range, &format!("`{}`", shown(text)));
        }
        let fault = Fault::plain(range, format!("invalid value `{}`", shown(text))).code(INVALID_VALUE);
        let others =
            branches.iter().flat_map(|branch| types(branch)).filter(|kind| matches!(*kind, "array" | "object"));
        let list = words.iter().copied().chain(others.map(spoken)).collect::<Vec<_>>().join(", ");
        let near = nearest(text, words.iter().copied());
        self.fault(match near {
            Some(near) => fault.hint(format!("did you mean `{near}`? Expected one of {list}")),
            None => fault.hint(format!("expected one of {list}")),
        });
        near.map_or_else(|| self.placeholder(schema), |near| Json::String(near.to_owned()))
    }

    /// The value itself, or the nearest one within the schema's bounds.
    fn bounded(&mut self, schema: &Json, value: Json, range: Range) -> Json {
        let Some(number) = value.as_i64() else { return value };
        let bound = |name: &str| schema.get(name).and_then(Json::as_f64).map(|bound| bound as i64);
        let (least, most) = (bound("minimum").unwrap_or(i64::MIN), bound("maximum").unwrap_or(i64::MAX));
        if (least..=most).contains(&number) {
            return value;
        }
        let message = match least == most {
            true => format!("invalid value {number}, expected {least}"),
            false => format!("invalid value {number}, expected {least} to {most}"),
        };
        self.fault(Fault::plain(range, message));
        Json::Number(Number::from(number.clamp(least, most)))
    }

    fn mismatch(&mut self, schema: &'s Json, range: Range, found: &str) -> Json {
        let branches = self.branches(schema);
        let mut wanted: Vec<&str> = Vec::new();
        for kind in branches.iter().flat_map(|branch| types(branch)).filter(|kind| *kind != "null") {
            if !wanted.contains(&spoken(kind)) {
                wanted.push(spoken(kind));
            }
        }
        let fault = Fault::plain(range, format!("expected {}, found {found}", wanted.join(" or ")));
        self.fault(match (found, wanted.contains(&"a mapping"), wanted.contains(&"a list")) {
            ("a list", true, _) => fault.hint("write entries as `name: value` instead of `- value`"),
            ("a mapping", _, true) => fault.hint("write each entry on its own line, after `- `"),
            _ => fault,
        });
        self.placeholder(schema)
    }

    /// Some value that follows a schema.
    fn placeholder(&mut self, schema: &'s Json) -> Json {
        let branches = self.branches(schema);
        if branches.iter().any(|branch| types(branch).any(|kind| kind == "null")) {
            return Json::Null;
        }
        let Some(branch) = branches.first() else { return Json::Null };
        match types(branch).next() {
            Some("object") => {
                let mut object = Map::new();
                if let Some(first) = alternatives(branch).first() {
                    self.require(first, None, &mut object);
                }
                self.require(branch, None, &mut object);
                Json::Object(object)
            }
            Some("array") => {
                let least = branch.get("minItems").and_then(Json::as_u64).unwrap_or(0);
                let item = branch.get("items").map_or(Json::Null, |own| self.placeholder(own));
                Json::Array((0..least).map(|_| item.clone()).collect())
            }
            Some("integer") => branch.get("minimum").cloned().unwrap_or_else(|| 0.into()),
            Some("boolean") => Json::Bool(false),
            _ => Json::String(words(branch).first().map_or_else(String::new, |word| (*word).to_owned())),
        }
    }

    fn fault(&mut self, fault: Fault) {
        self.faults.add_of_form(fault);
    }

    /// The schemas a node may follow, references and choices resolved.
    fn branches(&self, schema: &'s Json) -> Vec<&'s Json> {
        if let Some(reference) = schema.get("$ref").and_then(Json::as_str) {
            let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            return target.map_or_else(Vec::new, |target| self.branches(target));
        }
        let choices = ["anyOf", "oneOf"].into_iter().find_map(|choice| schema.get(choice)?.as_array());
        match choices {
            Some(choices) if schema.get("properties").is_none() => {
                choices.iter().flat_map(|one| self.branches(one)).collect()
            }
            _ => vec![schema],
        }
    }
}

/// What a schema says of a mapping's keys.
struct Form<'s> {
    schema: &'s Json,
    /// Further keys, of which there is exactly one.
    alternatives: Vec<&'s Json>,
    /// What any other key has, where keys are names.
    more: Option<&'s Json>,
}

impl<'s> Form<'s> {
    fn of(schema: &'s Json) -> Self {
        let more = schema.get("additionalProperties").filter(|more| more.is_object());
        Self { schema, alternatives: alternatives(schema), more }
    }

    fn properties(&self) -> impl Iterator<Item = (&'s str, &'s Json)> {
        properties(self.schema).chain(self.alternatives.iter().flat_map(|one| properties(one)))
    }

    /// The name, if it is one of those that are alone.
    fn alternative(&self, name: &str) -> Option<&'s str> {
        self.alternatives.iter().flat_map(|one| properties(one)).map(|(own, _)| own).find(|own| *own == name)
    }
}

fn properties(schema: &Json) -> impl Iterator<Item = (&str, &Json)> {
    let own = schema.get("properties").and_then(Json::as_object);
    own.into_iter().flatten().map(|(name, own)| (name.as_str(), own))
}

/// The forms of which a mapping follows exactly one, besides its own properties.
fn alternatives(schema: &Json) -> Vec<&Json> {
    let own = schema.get("oneOf").and_then(Json::as_array);
    own.into_iter().flatten().filter(|one| one.get("properties").is_some()).collect()
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
        other => other,
    }
}
