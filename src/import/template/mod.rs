//! ARM templates, to resources: parameters and variables put in, loops unrolled, conditions judged, nested deployments
//! followed. What only Azure can compute stays as the expression it is, and is reported.
//!
//! `expression` reads, `function` computes, `evaluate` knows the template an expression stands in, and this file walks
//! its resources.

mod evaluate;
mod expression;
mod function;

use serde_json::{Map, Value};

use self::evaluate::{Scope, Template};
use self::function::Trouble;
use super::fact::shown;
use super::id::{ResourceId, UNKNOWN};
use super::property::escaped;
use super::reading::Reading;
use super::report::Topic;

/// How deep deployments may stand in one another.
const MAX_DEPTH: usize = 8;
/// The most resources one file may have when its loops are unrolled.
const MAX_RESOURCES: usize = 20_000;

/// A resource of a template, evaluated.
struct Deployed {
    id: ResourceId,
    value: Value,
    pointer: String,
    depends_on: Vec<String>,
}

impl Reading<'_> {
    /// Reads a template. `given` are parameters from parameter files.
    pub(super) fn template(&mut self, value: &Value, pointer: &str, given: &Map<String, Value>) {
        let scope = Scope { subscription: UNKNOWN.to_owned(), group: UNKNOWN.to_owned() };
        self.planned = true;
        let budget = std::rc::Rc::new(evaluate::Budget::default());
        let template = Template::new(value, pointer, given.clone(), scope, budget);
        let mut left = MAX_RESOURCES;
        self.deployment(&template, 0, &mut left);
    }

    fn deployment(&mut self, template: &Template<'_>, depth: usize, left: &mut usize) {
        let mut deployed = Vec::new();
        let resources = template.resources();
        for (symbol, resource, pointer) in &resources {
            self.deploy(template, symbol.as_deref(), resource, pointer, None, &mut deployed, depth, left);
        }
        self.troubles(template);
        for one in self.in_order(deployed) {
            let mut value = one.value;
            if let Value::Object(entries) = &mut value {
                entries.insert("dependsOn".to_owned(), one.depends_on.into());
            }
            self.told(&one.id, &value, &one.pointer);
        }
    }

    /// Evaluates a resource and what is nested in it.
    #[allow(clippy::too_many_arguments, reason = "a walk with what it carries along")]
    fn deploy(
        &mut self,
        template: &Template<'_>,
        symbol: Option<&str>,
        resource: &Value,
        pointer: &str,
        parent: Option<&ResourceId>,
        deployed: &mut Vec<Deployed>,
        depth: usize,
        left: &mut usize,
    ) {
        let Some(own) = resource.as_object() else {
            return self.error(pointer, "an object is wanted here: a resource of the template", None);
        };
        if own.get("existing").and_then(Value::as_bool) == Some(true) {
            return;
        }
        let (name, count) = match own.get("copy") {
            None => (None, 1),
            Some(copy) => match template.copies(copy) {
                Ok((name, count)) => (Some(name), count),
                Err(trouble) => {
                    self.trouble(&format!("{pointer}/copy"), trouble);
                    return;
                }
            },
        };
        for index in 0..count {
            if *left == 0 {
                return self.error(pointer, format!("the template has more than {MAX_RESOURCES} resources"), None);
            }
            *left -= 1;
            template.enter_copy(name.as_deref(), index);
            self.deploy_one(template, symbol, own, pointer, parent, deployed, depth, left);
            template.leave_copy();
        }
    }

    #[allow(clippy::too_many_arguments, reason = "a walk with what it carries along")]
    fn deploy_one(
        &mut self,
        template: &Template<'_>,
        symbol: Option<&str>,
        own: &Map<String, Value>,
        pointer: &str,
        parent: Option<&ResourceId>,
        deployed: &mut Vec<Deployed>,
        depth: usize,
        left: &mut usize,
    ) {
        if let Some(condition) = own.get("condition") {
            let at = format!("{pointer}/condition");
            match template.value(condition, &at).and_then(|value| function::is_true("condition", &value)) {
                Ok(true) => {}
                Ok(false) => return,
                Err(Trouble::Unresolved(why)) => {
                    let text =
                        format!("whether this resource is deployed depends on what is not known: {why}; it is taken");
                    self.remark(Topic::Unresolved, text, &at, None);
                }
                Err(trouble) => return self.trouble(&at, trouble),
            }
        }
        let id = match template.id(own, parent) {
            Ok(id) => id,
            Err(trouble) => return self.trouble(&format!("{pointer}/name"), trouble),
        };
        if id.kind == "microsoft.resources/deployments" {
            return self.nested(template, own, pointer, depth, left);
        }
        let mut entries = Map::new();
        for (key, value) in own {
            match key.as_str() {
                "resources" | "copy" | "condition" | "dependsOn" | "type" | "name" | "apiVersion" | "scope" => {}
                key => {
                    entries.insert(key.to_owned(), template.evaluated(value, &format!("{pointer}/{}", escaped(key))));
                }
            }
        }
        let depends_on = own.get("dependsOn").and_then(Value::as_array).into_iter().flatten();
        let mut depends: Vec<String> = Vec::new();
        for (index, one) in depends_on.enumerate() {
            let at = format!("{pointer}/dependsOn/{index}");
            match template.value(one, &at) {
                Ok(Value::String(text)) => depends.extend(template.dependency(&text)),
                Ok(_) | Err(Trouble::Unresolved(_)) => {}
                Err(trouble) => self.trouble(&at, trouble),
            }
        }
        if let Some(parent) = parent {
            depends.push(parent.to_string());
        }
        deployed.push(Deployed {
            id: id.clone(),
            value: Value::Object(entries),
            pointer: pointer.to_owned(),
            depends_on: depends,
        });
        let _ = symbol;
        let nested: Vec<(Option<String>, &Value, String)> = match own.get("resources") {
            Some(Value::Array(items)) => {
                let items = items.iter().enumerate();
                items.map(|(index, item)| (None, item, format!("{pointer}/resources/{index}"))).collect()
            }
            _ => Vec::new(),
        };
        if depth < 100 {
            for (symbol, item, at) in nested {
                self.deploy(template, symbol.as_deref(), item, &at, Some(&id), deployed, depth + 20, left);
            }
        }
    }

    /// A deployment within the deployment.
    fn nested(
        &mut self,
        template: &Template<'_>,
        own: &Map<String, Value>,
        pointer: &str,
        depth: usize,
        left: &mut usize,
    ) {
        if depth >= MAX_DEPTH {
            return self.error(pointer, format!("deployments stand more than {MAX_DEPTH} deep in one another"), None);
        }
        match template.nested(own, pointer) {
            Ok(Some(inner)) => self.deployment(&inner, depth + 1, left),
            Ok(None) => self.remark(
                Topic::Unresolved,
                "the template of this deployment is not in the file",
                pointer,
                Some("give the linked template too, with its parameters".to_owned()),
            ),
            Err(trouble) => self.trouble(pointer, trouble),
        }
    }

    fn trouble(&mut self, pointer: &str, trouble: Trouble) {
        match trouble {
            Trouble::Fault(message) => self.error(pointer, message, None),
            Trouble::Unresolved(why) => self.remark(Topic::Unresolved, why, pointer, None),
        }
    }

    fn troubles(&mut self, template: &Template<'_>) {
        for (pointer, trouble) in template.take_troubles() {
            self.trouble(&pointer, trouble);
        }
    }

    /// Resources in the order of what they depend on; a circle is an error.
    fn in_order(&mut self, deployed: Vec<Deployed>) -> Vec<Deployed> {
        let keys: std::collections::HashMap<String, usize> =
            deployed.iter().enumerate().map(|(index, one)| (one.id.key(), index)).collect();
        let needs: Vec<Vec<usize>> = deployed
            .iter()
            .map(|one| one.depends_on.iter().filter_map(|id| keys.get(&id.to_ascii_lowercase()).copied()).collect())
            .collect();
        // 0 not seen, 1 on the way, 2 done.
        let mut state = vec![0_u8; deployed.len()];
        let mut order = Vec::with_capacity(deployed.len());
        for start in 0..deployed.len() {
            if state[start] != 0 {
                continue;
            }
            let mut way = vec![(start, 0)];
            state[start] = 1;
            while let Some((at, next)) = way.pop() {
                match needs[at].get(next) {
                    None => {
                        state[at] = 2;
                        order.push(at);
                    }
                    Some(&need) => {
                        way.push((at, next + 1));
                        match state[need] {
                            0 => {
                                state[need] = 1;
                                way.push((need, 0));
                            }
                            1 if need != at => {
                                let (one, other) =
                                    (shown(&deployed[at].id.name().into()), shown(&deployed[need].id.name().into()));
                                let message = format!("`{one}` and `{other}` depend on each other in a circle");
                                let pointer = format!("{}/dependsOn", deployed[at].pointer);
                                self.error(&pointer, message, Some("remove one of the dependencies"));
                            }
                            _ => {}
                        }
                    }
                }
            }
        }
        let mut slots: Vec<Option<Deployed>> = deployed.into_iter().map(Some).collect();
        order.into_iter().filter_map(|index| slots[index].take()).collect()
    }
}

/// The values of a parameter file, or of a deployment's parameters.
pub(super) fn parameters(value: &Value) -> Map<String, Value> {
    let own = value.get("parameters").and_then(Value::as_object);
    own.into_iter()
        .flatten()
        .filter_map(|(key, one)| Some((key.to_ascii_lowercase(), one.get("value")?.clone())))
        .collect()
}
