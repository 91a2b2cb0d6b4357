//! Expressions in the template they stand in: its parameters, variables and resources.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::expression::{self, Expression};
use super::function::{self, Outcome, Trouble, text_of};
use crate::import::id::{ResourceId, UNKNOWN};
use crate::import::property::escaped;

/// How deep evaluation may go: values within values, calls within calls, variables that use variables.
const MAX_DEPTH: usize = 200;
/// How many values may be made while one file is read.
const MAX_WORK: usize = 4_000_000;
/// How often a loop may run (Azure's own limit, deployment-script-free templates).
const MAX_COPIES: i64 = 800;

/// Where a template is deployed to.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    pub(super) subscription: String,
    pub(super) group: String,
}

/// What evaluation of one file may cost.
#[derive(Debug, Default)]
pub(super) struct Budget {
    work: Cell<usize>,
    depth: Cell<usize>,
}

/// A template with its parameters.
pub(super) struct Template<'t> {
    value: &'t Value,
    pointer: String,
    given: Map<String, Value>,
    scope: Scope,
    budget: Rc<Budget>,
    variables: RefCell<HashMap<String, Value>>,
    /// Parameters and variables that are being evaluated: one that is met again is a circle.
    under_way: RefCell<Vec<String>>,
    copies: RefCell<Vec<(Option<String>, i64)>>,
    troubles: RefCell<Vec<(String, Trouble)>>,
}

impl<'t> Template<'t> {
    pub(super) fn new(
        value: &'t Value,
        pointer: &str,
        given: Map<String, Value>,
        scope: Scope,
        budget: Rc<Budget>,
    ) -> Self {
        Self {
            value,
            pointer: pointer.to_owned(),
            given,
            scope,
            budget,
            variables: RefCell::default(),
            under_way: RefCell::default(),
            copies: RefCell::default(),
            troubles: RefCell::default(),
        }
    }

    /// Its resources as they are written, with symbolic names where it has them.
    pub(super) fn resources(&self) -> Vec<(Option<String>, &'t Value, String)> {
        let base = format!("{}/resources", self.pointer);
        match self.value.get("resources") {
            Some(Value::Array(items)) => {
                let items = items.iter().enumerate();
                items.map(|(index, item)| (None, item, format!("{base}/{index}"))).collect()
            }
            Some(Value::Object(entries)) => {
                let entries = entries.iter();
                entries.map(|(key, item)| (Some(key.clone()), item, format!("{base}/{}", escaped(key)))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What went wrong since it was last asked.
    pub(super) fn take_troubles(&self) -> Vec<(String, Trouble)> {
        self.troubles.take()
    }

    pub(super) fn enter_copy(&self, name: Option<&str>, index: i64) {
        self.copies.borrow_mut().push((name.map(str::to_ascii_lowercase), index));
    }

    pub(super) fn leave_copy(&self) {
        self.copies.borrow_mut().pop();
    }

    /// Name and number of a loop.
    pub(super) fn copies(&self, copy: &Value) -> Result<(String, i64), Trouble> {
        let name = copy.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let count = copy.get("count").ok_or_else(|| Trouble::Fault("the loop has no count".to_owned()))?;
        let count = self.value(count, "")?;
        let count = count.as_i64().or_else(|| count.as_str().and_then(|text| text.parse().ok()));
        match count {
            Some(count @ 0..=MAX_COPIES) => Ok((name, count)),
            Some(count) => Err(Trouble::Fault(format!("the loop runs {count} times, and {MAX_COPIES} are the most"))),
            None => Err(Trouble::Fault("the count of the loop is no number".to_owned())),
        }
    }

    /// The id of a resource of this template.
    pub(super) fn id(&self, own: &Map<String, Value>, parent: Option<&ResourceId>) -> Result<ResourceId, Trouble> {
        let fault = |text: &str| Trouble::Fault(text.to_owned());
        let kind = own.get("type").and_then(Value::as_str).ok_or_else(|| fault("the resource has no type"))?;
        let kind = kind.split('@').next().unwrap_or_default();
        let name = match own.get("name") {
            // With symbolic names and in Bicep's own form, the name can stand among the properties.
            None => return Err(fault("the resource has no name")),
            Some(name) => match self.value(name, "") {
                Ok(name) => text_of(&name),
                // A name that only Azure can compute still tells resources apart.
                Err(Trouble::Unresolved(_)) => text_of(name),
                Err(trouble) => return Err(trouble),
            },
        };
        if let Some(parent) = parent {
            // A nested resource has the rest of type and name only; the whole is allowed too.
            let whole = kind.to_ascii_lowercase().strip_prefix(&format!("{}/", parent.kind)).map(str::to_owned);
            let kind = whole.as_deref().unwrap_or(kind);
            let name = name.strip_prefix(&format!("{}/", parent.names.join("/"))).unwrap_or(&name);
            let kinds = kind.split('/');
            return Ok(kinds.zip(name.split('/')).fold(parent.clone(), |id, (kind, name)| id.child(kind, name)));
        }
        let names: Vec<&str> = if name.starts_with('[') { vec![&name] } else { name.split('/').collect() };
        if kind.matches('/').count() != names.len() {
            if name.starts_with('[') {
                return Err(Trouble::Unresolved(format!("the name {name} of this resource cannot be known")));
            }
            return Err(Trouble::Fault(format!(
                "type `{kind}` and name `{name}` do not have the same number of parts"
            )));
        }
        Ok(ResourceId::of(&self.scope.subscription, &self.scope.group, kind, &names))
    }

    /// The id a dependency means: an id, a symbolic name or the name of a loop.
    pub(super) fn dependency(&self, text: &str) -> Vec<String> {
        if text.starts_with('/') {
            return vec![text.to_owned()];
        }
        let mut found = Vec::new();
        for (symbol, resource, _) in self.resources() {
            let Some(own) = resource.as_object() else { continue };
            let looped = own.get("copy").and_then(|copy| copy.get("name")).and_then(Value::as_str);
            if symbol.as_deref() == Some(text) || looped == Some(text) {
                found.extend(self.id(own, None).ok().map(|id| id.to_string()));
            }
        }
        found
    }

    /// The deployment a resource of type `Microsoft.Resources/deployments` is; absent where its template is elsewhere.
    pub(super) fn nested<'n>(&self, own: &'n Map<String, Value>, pointer: &str) -> Result<Option<Template<'n>>, Trouble>
    where
        't: 'n,
    {
        let Some(properties) = own.get("properties") else { return Ok(None) };
        let Some(template) = properties.get("template").filter(|template| template.is_object()) else {
            return Ok(None);
        };
        let inner = properties
            .get("expressionEvaluationOptions")
            .and_then(|options| options.get("scope"))
            .and_then(Value::as_str)
            .is_some_and(|scope| scope.eq_ignore_ascii_case("inner"));
        let mut scope = self.scope.clone();
        for (key, part) in [("resourceGroup", &mut scope.group), ("subscriptionId", &mut scope.subscription)] {
            if let Some(value) = own.get(key) {
                *part = match self.value(value, "") {
                    Ok(value) => text_of(&value),
                    Err(Trouble::Unresolved(_)) => UNKNOWN.to_owned(),
                    Err(trouble) => return Err(trouble),
                };
            }
        }
        let base = format!("{pointer}/properties");
        let mut given = Map::new();
        if inner {
            for (key, value) in properties.get("parameters").and_then(Value::as_object).into_iter().flatten() {
                if let Some(value) = value.get("value") {
                    let at = format!("{base}/parameters/{}/value", escaped(key));
                    given.insert(key.to_ascii_lowercase(), self.evaluated(value, &at));
                }
            }
        }
        let own = Template::new(template, &format!("{base}/template"), given, scope, Rc::clone(&self.budget));
        if inner {
            return Ok(Some(own));
        }
        // Without a scope of its own it uses the parameters and variables of the template it stands in.
        let mut own = own;
        for key in self.keys("parameters") {
            if let Ok(value) = self.parameter(&key) {
                own.given.insert(key.to_ascii_lowercase(), value);
            }
        }
        for key in self.keys("variables") {
            if let Ok(value) = self.variable(&key) {
                own.variables.borrow_mut().insert(key.to_ascii_lowercase(), value);
            }
        }
        Ok(Some(own))
    }

    fn keys(&self, section: &str) -> Vec<String> {
        self.value.get(section).and_then(Value::as_object).into_iter().flat_map(Map::keys).cloned().collect()
    }

    /// A value with its expressions evaluated; what cannot be is noted, and stays as it is.
    pub(super) fn evaluated(&self, value: &Value, pointer: &str) -> Value {
        match value {
            Value::Object(entries) => {
                let mut own = Map::new();
                for (key, value) in entries {
                    if key == "copy" && value.is_array() {
                        self.property_copies(value, &format!("{pointer}/copy"), &mut own);
                        continue;
                    }
                    own.insert(key.clone(), self.evaluated(value, &format!("{pointer}/{}", escaped(key))));
                }
                Value::Object(own)
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items.map(|(index, item)| self.evaluated(item, &format!("{pointer}/{index}"))).collect()
            }
            Value::String(_) => match self.value(value, pointer) {
                Ok(evaluated) => evaluated,
                Err(trouble) => {
                    let trouble = match trouble {
                        Trouble::Unresolved(why) => {
                            Trouble::Unresolved(format!("{} is not known: {why}", crate::import::fact::shown(value)))
                        }
                        fault => fault,
                    };
                    self.troubles.borrow_mut().push((pointer.to_owned(), trouble));
                    value.clone()
                }
            },
            other => other.clone(),
        }
    }

    /// Loops within an object: each makes a list under its name.
    fn property_copies(&self, copies: &Value, pointer: &str, own: &mut Map<String, Value>) {
        for copy in copies.as_array().into_iter().flatten() {
            match self.copies(copy) {
                Ok((name, count)) => {
                    let mut items = Vec::new();
                    for index in 0..count {
                        if self.spend(1).is_err() {
                            break;
                        }
                        self.enter_copy(Some(&name), index);
                        let input = copy.get("input").unwrap_or(&Value::Null);
                        items.push(self.evaluated(input, pointer));
                        self.leave_copy();
                    }
                    own.insert(name, Value::Array(items));
                }
                Err(trouble) => self.troubles.borrow_mut().push((pointer.to_owned(), trouble)),
            }
        }
    }

    /// A value with its expressions evaluated, or why one of them cannot be.
    pub(super) fn value(&self, value: &Value, pointer: &str) -> Outcome {
        self.deeper(|| match value {
            Value::String(text) => match expression::read(text) {
                Some(Ok(expression)) => self.result(&expression),
                Some(Err(message)) => Err(Trouble::Fault(message)),
                None => Ok(Value::String(text.strip_prefix("[[").map_or(text.clone(), |rest| format!("[{rest}")))),
            },
            Value::Array(items) => items.iter().map(|item| self.value(item, pointer)).collect(),
            Value::Object(entries) => {
                let mut own = Map::new();
                for (key, value) in entries {
                    if key == "copy" && value.is_array() {
                        self.property_copies(value, pointer, &mut own);
                        continue;
                    }
                    own.insert(key.clone(), self.value(value, pointer)?);
                }
                Ok(Value::Object(own))
            }
            other => Ok(other.clone()),
        })
    }

    fn deeper(&self, own: impl FnOnce() -> Outcome) -> Outcome {
        self.spend(1)?;
        let depth = self.budget.depth.get();
        if depth >= MAX_DEPTH {
            return Err(Trouble::Fault(format!("values are nested deeper than {MAX_DEPTH}, variables put in")));
        }
        self.budget.depth.set(depth + 1);
        let outcome = own();
        self.budget.depth.set(depth);
        outcome
    }

    /// Counts what is made; exponential growth ends here.
    fn spend(&self, work: usize) -> Result<(), Trouble> {
        let spent = self.budget.work.get().saturating_add(work);
        self.budget.work.set(spent);
        match spent > MAX_WORK {
            true => {
                Err(Trouble::Fault("evaluating the template takes too long: it grows beyond all bounds".to_owned()))
            }
            false => Ok(()),
        }
    }

    fn result(&self, expression: &Expression) -> Outcome {
        self.deeper(|| match expression {
            Expression::Text(text) => Ok(json!(text)),
            Expression::Number(number) => Ok(json!(number)),
            Expression::Member(of, name) => {
                let of = self.result(of)?;
                let name = self.result(name)?;
                let found = match (&of, &name) {
                    (Value::Array(items), Value::Number(index)) => {
                        index.as_u64().and_then(|index| items.get(usize::try_from(index).ok()?))
                    }
                    (Value::Object(entries), name) => {
                        let name = text_of(name);
                        entries.iter().find(|(key, _)| key.eq_ignore_ascii_case(&name)).map(|(_, value)| value)
                    }
                    _ => None,
                };
                match found {
                    Some(value) => self.copied(value),
                    None => {
                        let name = text_of(&name);
                        Err(Trouble::Unresolved(format!(
                            "`{name}` is not in the template, or has a value only when Azure deploys"
                        )))
                    }
                }
            }
            Expression::Call(name, arguments) => self.call(name, arguments),
        })
    }

    /// A copy of a value, counted.
    fn copied(&self, value: &Value) -> Outcome {
        self.spend(size(value))?;
        Ok(value.clone())
    }

    fn call(&self, name: &str, arguments: &[Expression]) -> Outcome {
        match name {
            // Only the branch that is taken is looked at.
            "if" => {
                let [condition, yes, no] = arguments else {
                    return Err(Trouble::Fault("`if` wants a condition and two values".to_owned()));
                };
                let condition = function::is_true("if", &self.result(condition)?)?;
                return self.result(if condition { yes } else { no });
            }
            "and" | "or" => {
                for argument in arguments {
                    let own = function::is_true(name, &self.result(argument)?)?;
                    if own == (name == "or") {
                        return Ok(json!(own));
                    }
                }
                return Ok(json!(name == "and"));
            }
            _ => {}
        }
        let arguments: Vec<Value> = arguments.iter().map(|argument| self.result(argument)).collect::<Result<_, _>>()?;
        let first = || arguments.first().map(text_of).unwrap_or_default();
        match name {
            "parameters" => self.parameter(&first()),
            "variables" => self.variable(&first()),
            "resourceid" => self.resource_id(&arguments),
            "subscriptionresourceid" => {
                let mut own = self.resource_id(&arguments)?;
                if let Some(mut id) = own.as_str().and_then(ResourceId::parse) {
                    id.group.clear();
                    own = json!(id.to_string());
                }
                Ok(own)
            }
            "extensionresourceid" => match arguments.as_slice() {
                [base, kind, names @ ..] => {
                    let mut text = text_of(base);
                    let mut kinds = text_of(kind);
                    let provider = kinds.split('/').next().unwrap_or_default().to_owned();
                    kinds = kinds.split_once('/').map(|(_, rest)| rest.to_owned()).unwrap_or_default();
                    text.push_str(&format!("/providers/{provider}"));
                    for (kind, name) in kinds.split('/').zip(names) {
                        text.push_str(&format!("/{kind}/{}", text_of(name)));
                    }
                    Ok(json!(text))
                }
                _ => Err(Trouble::Fault("`extensionResourceId` wants an id, a type and names".to_owned())),
            },
            "resourcegroup" => {
                let Scope { subscription, group } = &self.scope;
                let mut own = Map::new();
                own.insert("id".into(), json!(format!("/subscriptions/{subscription}/resourceGroups/{group}")));
                own.insert("name".into(), json!(group));
                Ok(Value::Object(own))
            }
            "subscription" => {
                let subscription = &self.scope.subscription;
                Ok(json!({ "id": format!("/subscriptions/{subscription}"), "subscriptionId": subscription }))
            }
            "environment" => Ok(json!({
                "name": "AzureCloud",
                "resourceManager": "https://management.azure.com/",
                "suffixes": { "storage": "core.windows.net", "keyvaultDns": ".vault.azure.net", "sqlServerHostname": ".database.windows.net" },
            })),
            "copyindex" => {
                let copies = self.copies.borrow();
                let (name, offset) = match arguments.as_slice() {
                    [] => (None, 0),
                    [Value::String(name)] => (Some(name.to_ascii_lowercase()), 0),
                    [Value::String(name), offset] => (Some(name.to_ascii_lowercase()), offset.as_i64().unwrap_or(0)),
                    [offset, ..] => (None, offset.as_i64().unwrap_or(0)),
                };
                let found = copies.iter().rev().find(|(own, _)| match &name {
                    Some(name) => own.as_ref() == Some(name),
                    None => own.is_some(),
                });
                match found {
                    Some((_, index)) => Ok(json!(index.saturating_add(offset))),
                    None => Err(Trouble::Fault("`copyIndex` stands in no such loop".to_owned())),
                }
            }
            "reference" => self.reference(&first(), arguments.len() > 2),
            "resourceinfo" => match self.find(&first()) {
                Some((id, ..)) => Ok(json!({ "id": id.to_string(), "name": id.name(), "type": id.kind })),
                None => Err(Trouble::Unresolved(format!("there is no resource `{}` in the template", first()))),
            },
            name => {
                let outcome = function::call(name, &arguments)?;
                self.spend(size(&outcome))?;
                Ok(outcome)
            }
        }
    }

    fn parameter(&self, name: &str) -> Outcome {
        let lower = name.to_ascii_lowercase();
        if let Some(value) = self.given.get(&lower) {
            // What could not be resolved outside stays what it is inside.
            return match value.as_str().is_some_and(|text| text.starts_with('[') && expression::read(text).is_some()) {
                true => Err(Trouble::Unresolved(format!("parameter `{name}` was given what is not known itself"))),
                false => self.copied(value),
            };
        }
        let own = self.value.get("parameters").and_then(Value::as_object);
        let own = own.and_then(|own| own.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)));
        match own.map(|(_, parameter)| parameter.get("defaultValue")) {
            Some(Some(value)) => self.named(&format!("parameter `{lower}`"), value),
            Some(None) => Err(Trouble::Unresolved(format!(
                "parameter `{name}` has no default value: give a parameter file with it"
            ))),
            None => Err(Trouble::Fault(format!("the template has no parameter `{name}`"))),
        }
    }

    fn variable(&self, name: &str) -> Outcome {
        let lower = name.to_ascii_lowercase();
        let known = self.variables.borrow().get(&lower).cloned();
        if let Some(value) = known {
            return self.copied(&value);
        }
        let all = self.value.get("variables").and_then(Value::as_object);
        let own = all.and_then(|own| own.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)));
        let value = match own {
            Some((_, value)) => self.named(&format!("variable `{lower}`"), value)?,
            // Variables can be made by loops.
            None => {
                let looped = all.and_then(|all| all.get("copy")).and_then(Value::as_array).into_iter().flatten();
                let mut looped = looped.filter(|copy| {
                    copy.get("name").and_then(Value::as_str).is_some_and(|own| own.eq_ignore_ascii_case(name))
                });
                let Some(copy) = looped.next() else {
                    return Err(Trouble::Fault(format!("the template has no variable `{name}`")));
                };
                let (own, count) = self.copies(copy)?;
                let mut items = Vec::new();
                for index in 0..count {
                    self.enter_copy(Some(&own), index);
                    let item = self.named(&format!("variable `{lower}`"), copy.get("input").unwrap_or(&Value::Null));
                    self.leave_copy();
                    items.push(item?);
                }
                Value::Array(items)
            }
        };
        self.variables.borrow_mut().insert(lower, value.clone());
        Ok(value)
    }

    /// Evaluates something that has a name, and that must not need itself.
    fn named(&self, what: &str, value: &Value) -> Outcome {
        if self.under_way.borrow().iter().any(|own| own == what) {
            let mut circle = self.under_way.borrow().clone();
            circle.push(what.to_owned());
            let from = circle.iter().position(|own| own == what).unwrap_or(0);
            let circle = circle[from..].iter().take(8).cloned().collect::<Vec<_>>().join(" needs ");
            return Err(Trouble::Fault(format!("references go in a circle: {circle}")));
        }
        self.under_way.borrow_mut().push(what.to_owned());
        let outcome = self.value(value, "");
        self.under_way.borrow_mut().pop();
        outcome
    }

    fn resource_id(&self, arguments: &[Value]) -> Outcome {
        let texts: Vec<String> = arguments.iter().map(text_of).collect();
        let kind = texts.iter().position(|text| text.contains('/') && text.contains('.') && !text.starts_with('/'));
        let Some(at) = kind else {
            return Err(Trouble::Fault("`resourceId` has no resource type among its arguments".to_owned()));
        };
        let (subscription, group) = match &texts[..at] {
            [] => (self.scope.subscription.as_str(), self.scope.group.as_str()),
            [group] => (self.scope.subscription.as_str(), group.as_str()),
            [subscription, group, ..] => (subscription.as_str(), group.as_str()),
        };
        let names: Vec<&str> = texts[at + 1..].iter().map(String::as_str).collect();
        if texts[at].matches('/').count() != names.len() {
            return Err(Trouble::Fault(format!("`resourceId` of {} has {} names", texts[at], names.len())));
        }
        let provider_kind = &texts[at];
        // The type keeps the case it is written in.
        let mut text = format!("/subscriptions/{subscription}/resourceGroups/{group}");
        let mut kinds = provider_kind.split('/');
        text.push_str(&format!("/providers/{}", kinds.next().unwrap_or_default()));
        for (kind, name) in kinds.zip(names) {
            text.push_str(&format!("/{kind}/{name}"));
        }
        Ok(json!(text))
    }

    /// A resource of this template by symbolic name, id or name.
    fn find(&self, text: &str) -> Option<(ResourceId, &'t Map<String, Value>, String)> {
        self.resources().into_iter().find_map(|(symbol, resource, pointer)| {
            let own = resource.as_object()?;
            let by_symbol = symbol.as_deref().is_some_and(|own| own == text);
            let id = self.id(own, None).ok()?;
            let found = by_symbol || id.key() == text.to_ascii_lowercase() || id.name() == text;
            found.then_some((id, own, pointer))
        })
    }

    /// What a resource of this template says of itself.
    fn reference(&self, text: &str, full: bool) -> Outcome {
        let what = format!("reference to `{text}`");
        if self.under_way.borrow().contains(&what) {
            return Err(Trouble::Fault(format!("references go in a circle: {what} needs itself")));
        }
        let elsewhere =
            || Trouble::Unresolved(format!("`{text}` is not in the template: only Azure knows its properties"));
        self.under_way.borrow_mut().push(what);
        let outcome = self.deeper(|| {
            let (id, own, pointer) = self.find(text).ok_or_else(elsewhere)?;
            if id.kind == "microsoft.resources/deployments" {
                let inner = self.nested(own, &pointer)?.ok_or_else(elsewhere)?;
                let mut outputs = Map::new();
                for (key, output) in inner.value.get("outputs").and_then(Value::as_object).into_iter().flatten() {
                    if let Some(value) = output.get("value")
                        && let Ok(value) = inner.value(value, "")
                    {
                        outputs.insert(key.clone(), json!({ "value": value }));
                    }
                }
                return Ok(json!({ "outputs": outputs }));
            }
            let properties = own.get("properties").unwrap_or(&Value::Null);
            // Single properties may be out of reach while others are not.
            let mut known = Map::new();
            for (key, value) in properties.as_object().into_iter().flatten() {
                if let Ok(value) = self.value(value, "") {
                    known.insert(key.clone(), value);
                }
            }
            match full {
                true => Ok(json!({ "id": id.to_string(), "name": id.name(), "properties": known })),
                false => Ok(Value::Object(known)),
            }
        });
        self.under_way.borrow_mut().pop();
        outcome
    }
}

/// How many values there are in one.
fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(size).fold(1, usize::saturating_add),
        Value::Object(entries) => entries.values().map(size).fold(1, usize::saturating_add),
        Value::String(text) => 1 + text.len() / 64,
        _ => 1,
    }
}
