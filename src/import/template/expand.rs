//! Resources of a template: loops unrolled, conditions judged, deployments within it opened.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::deployment::{Condition, Deployment, Engine, Frame, Given, Instance, MAX_RESOURCES, Note, Round, entry};
use super::scope::append;
use super::target::{Target, not_told};
use super::value::{Datum, Trouble, Unknown, hole, same_name};
use crate::import::id::{OPEN, ResourceId};
use crate::import::property::escaped;

/// The most characters the name of a resource may have. Azure allows 260 in one part of a name, and fewer in most.
const MAX_NAME: usize = 4096;
/// How deep deployments may be nested.
const MAX_DEPTH: usize = 16;
/// The type of a deployment.
pub(super) const DEPLOYMENT: &str = "microsoft.resources/deployments";

/// A resource on its way to an instance.
struct Written<'t> {
    symbol: Option<String>,
    own: &'t Map<String, Value>,
    pointer: String,
    parent: Option<Rc<Instance<'t>>>,
    /// Its place among the resources of the template.
    order: usize,
}

impl<'t> Engine<'t> {
    /// Makes the instances of a deployment, and of those within it.
    pub(super) fn expand(&self, number: usize) {
        let deployment = self.deployment(number);
        if deployment.expanded.replace(true) {
            return;
        }
        let base = format!("{}/resources", deployment.pointer);
        let resources = entry(deployment.template, "resources");
        let all: Vec<(Option<String>, &'t Value, String)> = match resources {
            Some(Value::Array(items)) => {
                let items = items.iter().enumerate();
                items.map(|(index, item)| (None, item, format!("{base}/{index}"))).collect()
            }
            Some(Value::Object(entries)) => {
                let entries = entries.iter();
                entries.map(|(key, item)| (Some(key.clone()), item, format!("{base}/{}", escaped(key)))).collect()
            }
            Some(Value::String(_)) => {
                self.note(&base, "the `resources` of the template are an expression, which the importer does not read");
                Vec::new()
            }
            _ => Vec::new(),
        };
        // Deployments come first: names of other resources may come from their outputs.
        let mut all: Vec<_> = all.into_iter().enumerate().collect();
        all.sort_by_key(|(_, (_, item, _))| !entry(item, "type").and_then(Value::as_str).is_some_and(is_deployment));
        for (order, (symbol, item, pointer)) in all {
            match item.as_object() {
                Some(own) => self.unroll(&deployment, &Written { symbol, own, pointer, parent: None, order }),
                None => self.fault(&pointer, "expected an object: a resource of the template"),
            }
        }
        // In the order they are written again.
        deployment.resources.borrow_mut().sort_by_key(|number| self.instance(*number).order);
        let nested: Vec<Rc<Instance<'t>>> =
            deployment.resources.borrow().iter().map(|number| self.instance(*number)).collect();
        for one in nested.iter().filter(|one| one.nested.is_some() && one.condition != Condition::No) {
            let Some(inner) = one.nested else { continue };
            let outer = self.touched.take();
            let inner_deployment = self.deployment(inner);
            // Parameters are evaluated now: what they refer to by name comes before the deployment.
            for key in inner_deployment.given.keys() {
                if let Err(trouble @ Trouble::Fault(_)) = self.parameter(&inner_deployment, key) {
                    self.trouble(&one.pointer, trouble);
                }
            }
            one.refers.borrow_mut().extend(self.touched.replace(outer));
            self.expand(inner);
        }
    }

    fn fault(&self, pointer: &str, message: impl Into<String>) {
        self.notes.borrow_mut().push(Note::Fault { pointer: pointer.to_owned(), message: message.into() });
    }

    /// All rounds of a resource.
    fn unroll(&self, deployment: &Rc<Deployment<'t>>, written: &Written<'t>) {
        // Resources of Bicep's extensions are not Azure's.
        if written.own.contains_key("import") || written.own.contains_key("extension") {
            return;
        }
        let frame = Frame::of(deployment);
        let Some(copy) = written.own.get("copy") else { return self.make(deployment, written, frame, None, 0) };
        let name = match copy.get("name").and_then(Value::as_str) {
            Some(name) => name.to_owned(),
            None => written.symbol.clone().unwrap_or_default(),
        };
        let at = format!("{}/copy", written.pointer);
        let serial = entry(copy, "mode").and_then(Value::as_str).is_some_and(|mode| same_name(mode, "serial"));
        let batch = match serial {
            true => entry(copy, "batchSize").and_then(Value::as_i64).unwrap_or(1).max(1),
            false => 0,
        };
        match self.rounds(&frame, copy) {
            Ok(Ok(count)) => {
                for index in 0..count {
                    let round = Round { name: name.clone(), index, of_resource: true };
                    let mut inner = frame.clone();
                    inner.copies.push(round.clone());
                    self.make(deployment, written, inner, Some(round), batch);
                }
            }
            Ok(Err(why)) if is_relevant(written) => {
                self.note(&at, format!("the number of {} is unknown: {why}", described(written)));
            }
            Ok(Err(_)) => {}
            Err(Trouble::Failed(_)) if !is_relevant(written) => {}
            Err(trouble) => self.trouble(&at, trouble),
        }
    }

    /// One round of a resource.
    fn make(
        &self,
        deployment: &Rc<Deployment<'t>>,
        written: &Written<'t>,
        frame: Frame<'t>,
        round: Option<Round>,
        batch: i64,
    ) {
        if self.left.get() == 0 {
            return;
        }
        self.left.set(self.left.get() - 1);
        if self.left.get() == 0 {
            return self.fault(&written.pointer, format!("the template has more than {MAX_RESOURCES} resources"));
        }
        let outer = self.touched.take();
        let made = self.instance_of(deployment, written, frame, round, batch);
        let refers = self.touched.replace(outer);
        match made {
            Ok(Some(one)) => {
                one.refers.borrow_mut().extend(refers);
                let one = Rc::new(one);
                self.add(deployment, &one);
                for (index, item) in
                    written.own.get("resources").and_then(Value::as_array).into_iter().flatten().enumerate()
                {
                    let pointer = format!("{}/resources/{index}", written.pointer);
                    match item.as_object() {
                        Some(own) if pointer.len() < 4096 => {
                            let inner = Written {
                                symbol: None,
                                own,
                                pointer,
                                parent: Some(Rc::clone(&one)),
                                order: written.order,
                            };
                            // Loops cannot be on resources within resources; rounds of the outer one are seen.
                            self.make(deployment, &inner, one.frame.clone(), one.round.clone(), 0);
                        }
                        _ => self.fault(&pointer, "expected an object: a resource of the template"),
                    }
                }
            }
            Ok(None) => {}
            Err(trouble) => self.trouble(&written.pointer, trouble),
        }
    }

    fn add(&self, deployment: &Deployment<'t>, one: &Rc<Instance<'t>>) {
        let number = self.instances.borrow().len();
        self.instances.borrow_mut().push(Rc::clone(one));
        deployment.resources.borrow_mut().push(number);
        if one.condition == Condition::No {
            return;
        }
        let mut by_id = self.by_id.borrow_mut();
        let key = one.id.to_ascii_lowercase();
        // One that is deployed counts before one that exists already.
        if one.existing {
            by_id.entry(key).or_insert(number);
        } else {
            by_id.insert(key, number);
        }
        if let Some(id) = ResourceId::parse(&one.id) {
            let key = format!("{} {}", id.kind, id.names.join("/").to_ascii_lowercase());
            self.by_name.borrow_mut().entry(key).or_default().push(number);
        }
    }

    fn instance_of(
        &self,
        deployment: &Rc<Deployment<'t>>,
        written: &Written<'t>,
        frame: Frame<'t>,
        round: Option<Round>,
        batch: i64,
    ) -> Result<Option<Instance<'t>>, Trouble> {
        let own = written.own;
        let pointer = &written.pointer;
        let Some(kind) = own.get("type").and_then(Value::as_str) else {
            return Err(Trouble::Fault("the resource has no type".to_owned()));
        };
        let kind = kind.split('@').next().unwrap_or_default().trim_end_matches('/').to_owned();
        let relevant = is_relevant(written);
        let existing = own.get("existing").and_then(Value::as_bool) == Some(true);
        let condition = match own.get("condition") {
            None => Condition::Yes,
            Some(condition) => match self.value(&frame, condition, "") {
                Ok(Datum::Bool(true)) => Condition::Yes,
                Ok(Datum::Bool(false)) => Condition::No,
                Ok(Datum::Text(text)) if same_name(&text, "true") => Condition::Yes,
                Ok(Datum::Text(text)) if same_name(&text, "false") => Condition::No,
                Ok(Datum::Unknown(unknown)) => Condition::Perhaps(unknown.why.clone()),
                Ok(other) => Condition::Perhaps(format!("the condition is {}", other.kind())),
                Err(Trouble::Failed(why)) => Condition::Perhaps(why),
                Err(fault) => {
                    self.trouble(&format!("{pointer}/condition"), fault);
                    return Ok(None);
                }
            },
        };
        let name = match own.get("name") {
            Some(name) => match self.value(&frame, name, "") {
                Ok(Datum::Text(name)) if name.len() > MAX_NAME => {
                    let fault = Trouble::Fault(format!("the name is longer than {MAX_NAME} characters"));
                    self.trouble(&format!("{pointer}/name"), fault);
                    return Ok(None);
                }
                Ok(name) => name,
                Err(Trouble::Failed(why)) => Unknown::of(&at_round(pointer, round.as_ref()), why),
                Err(fault) => {
                    self.trouble(&format!("{pointer}/name"), fault);
                    return Ok(None);
                }
            },
            None if relevant => return Err(Trouble::Fault("the resource has no name".to_owned())),
            None => Unknown::of(&at_round(pointer, round.as_ref()), "the resource has no name"),
        };
        let kind = match &written.parent {
            // A resource within another has the rest of type and name; the whole is allowed too.
            Some(parent) if !kind.to_ascii_lowercase().starts_with(&format!("{}/", parent.kind)) => {
                format!("{}/{kind}", parent.kind)
            }
            _ => kind,
        };
        let written_kind = kind;
        let kind = written_kind.to_ascii_lowercase();
        let mut target = deployment.target.clone();
        if existing || kind == DEPLOYMENT {
            target = self.target(&frame, own, &target)?;
        }
        let id = self.id(written, &frame, &written_kind, &name, &target, round.as_ref())?;
        let nested = match kind == DEPLOYMENT && !existing && condition != Condition::No {
            true => self.nested(deployment, written, &frame, name.clone(), target)?,
            false => None,
        };
        if let (Condition::Perhaps(why), true) = (&condition, relevant || nested.is_some()) {
            // Of deployments it is said only if something in them matters.
            if nested.is_none() {
                self.note(
                    &format!("{pointer}/condition"),
                    format!(
                        "whether {} is deployed is unknown: {why}; the importer assumes that it is deployed",
                        described(written)
                    ),
                );
            }
        }
        Ok(Some(Instance {
            symbol: written.symbol.clone(),
            round,
            batch,
            own,
            order: written.order,
            pointer: pointer.clone(),
            frame,
            kind,
            name,
            id,
            existing,
            condition,
            nested,
            body: RefCell::default(),
            refers: RefCell::default(),
        }))
    }

    /// The id of a resource; what is unknown of it is a hole.
    fn id(
        &self,
        written: &Written<'t>,
        frame: &Frame<'t>,
        kind: &str,
        name: &Datum,
        target: &Target,
        round: Option<&Round>,
    ) -> Result<String, Trouble> {
        let pattern = name.pattern();
        let parts = kind.matches('/').count();
        let start = match written.own.get("scope").filter(|_| !same_name(kind, DEPLOYMENT)) {
            Some(scope) => match self.value(frame, scope, "")? {
                Datum::Text(text) if text.starts_with('/') => text.trim_end_matches('/').to_owned(),
                Datum::Text(text) => {
                    // `NAMESPACE/TYPE/NAME`, or with more pairs of them.
                    let pieces: Vec<&str> = text.split('/').collect();
                    let (kinds, names): (Vec<_>, Vec<_>) =
                        pieces.iter().skip(1).enumerate().partition(|(index, _)| index % 2 == 0);
                    let kind = std::iter::once(pieces[0]).chain(kinds.into_iter().map(|(_, own)| *own));
                    let kind = kind.collect::<Vec<_>>().join("/");
                    let names = names.into_iter().map(|(_, own)| *own).collect::<Vec<_>>().join("/");
                    append(&target.id(), &kind, &names).unwrap_or_else(|_| hole(&text))
                }
                Datum::Unknown(unknown) => unknown.pattern.clone(),
                _ => target.id(),
            },
            None => target.id(),
        };
        let names = match &written.parent {
            Some(parent) => {
                let parent = ResourceId::parse(&parent.id).map(|id| id.names.join("/")).unwrap_or_default();
                match pattern.starts_with(&format!("{parent}/")) {
                    true => pattern.clone(),
                    false => format!("{parent}/{pattern}"),
                }
            }
            None => pattern.clone(),
        };
        if let Ok(id) = append(&start, kind, &names) {
            return Ok(id);
        }
        if !pattern.contains(OPEN) {
            return Err(Trouble::Failed(format!(
                "type `{kind}` and name `{pattern}` do not have the same number of parts: the importer ignores the resource"
            )));
        }
        // How the unknown name is made up of parts is unknown either: its place distinguishes it.
        let own = hole(&at_round(&written.pointer, round));
        let names = vec![own; parts].join("/");
        append(&start, kind, &names).map_err(|_| Trouble::Failed(format!("the name of {kind} is unknown")))
    }

    /// Where a deployment or an existing resource is.
    fn target(&self, frame: &Frame<'t>, own: &Map<String, Value>, outer: &Target) -> Result<Target, Trouble> {
        let value = |key: &str, what: &str| match own.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match self.value(frame, value, "") {
                Ok(Datum::Null) => Ok(None),
                Ok(Datum::Text(text)) if text.is_empty() => Ok(Some(not_told(what))),
                Ok(value) => Ok(Some(value)),
                Err(Trouble::Failed(why)) => Ok(Some(Unknown::of(what, why))),
                Err(fault) => Err(fault),
            },
        };
        let location = value("location", "location")?;
        if let Some(scope) = value("scope", "managementGroup")? {
            let location = location.clone().unwrap_or_else(|| outer.location());
            let scope = scope.pattern();
            if scope == "/" {
                return Ok(Target::Tenant { location });
            }
            let name = scope.rsplit('/').next().unwrap_or_default();
            if scope.to_ascii_lowercase().contains("managementgroups/") {
                let name = match name.contains(OPEN) {
                    true => Unknown::datum(name, "the management group is unknown"),
                    false => self.meter.text(name)?,
                };
                return Ok(Target::ManagementGroup { name, location });
            }
        }
        let subscription = value("subscriptionId", "subscription")?;
        let group = value("resourceGroup", "resourceGroup")?;
        let same_group = |group: &Datum| match outer {
            Target::Group { group: own, .. } => own.equals(group) == Some(true),
            _ => false,
        };
        Ok(match (subscription, group) {
            (None, None) => outer.clone(),
            (subscription, Some(group)) => Target::Group {
                location: if same_group(&group) { outer.location() } else { not_told("location") },
                subscription: subscription.unwrap_or_else(|| outer.subscription()),
                group,
            },
            (Some(subscription), None) => {
                Target::Subscription { subscription, location: location.unwrap_or_else(|| outer.location()) }
            }
        })
    }

    /// The deployment that a resource is: its template, in place, by an expression or by a link.
    fn nested(
        &self,
        deployment: &Rc<Deployment<'t>>,
        written: &Written<'t>,
        frame: &Frame<'t>,
        name: Datum,
        target: Target,
    ) -> Result<Option<usize>, Trouble> {
        let Some(properties) = written.own.get("properties") else { return Ok(None) };
        let base = format!("{}/properties", written.pointer);
        if deployment.depth >= MAX_DEPTH {
            return Err(Trouble::Fault(format!("deployments are nested deeper than {MAX_DEPTH}")));
        }
        let (template, at) = match entry(properties, "template") {
            Some(template @ Value::Object(_)) => (template, format!("{base}/template")),
            Some(template @ Value::String(_)) => match self.value(frame, template, "") {
                Ok(value @ Datum::Object(_)) => {
                    let value = value.to_json("", &mut |_, unknown| Value::String(unknown.pattern.clone()));
                    self.meter.spend(size(&value))?;
                    (&*self.arena.alloc(value), format!("{base}/template"))
                }
                Ok(Datum::Unknown(unknown)) => {
                    self.note(&format!("{base}/template"), format!("the template is unknown: {}", unknown.why));
                    return Ok(None);
                }
                Ok(_) => return Ok(None),
                Err(Trouble::Failed(why)) => {
                    self.note(&format!("{base}/template"), format!("the template is unknown: {why}"));
                    return Ok(None);
                }
                Err(fault) => return Err(fault),
            },
            _ => match self.linked_template(frame, properties, &base) {
                Some(found) => found,
                None => return Ok(None),
            },
        };
        let inner = entry(properties, "expressionEvaluationOptions")
            .and_then(|options| entry(options, "scope"))
            .and_then(Value::as_str)
            .is_some_and(|scope| same_name(scope, "inner"))
            || entry(properties, "template").is_none();
        let mut given = HashMap::new();
        match entry(properties, "parameters") {
            Some(Value::Object(entries)) => {
                for (key, entry) in entries {
                    let pointer = format!("{base}/parameters/{}", escaped(key));
                    let written = Given::Written { entry, frame: frame.clone(), pointer };
                    given.insert(key.to_ascii_lowercase(), written);
                }
            }
            Some(whole @ Value::String(_)) => match self.value(frame, whole, "") {
                Ok(Datum::Object(object)) => {
                    for (key, value) in &object.entries {
                        let value = match value {
                            Datum::Object(own) => own.get("value").cloned().unwrap_or(Datum::Null),
                            other => other.clone(),
                        };
                        given.insert(key.to_ascii_lowercase(), Given::Ready(value));
                    }
                }
                Ok(_) | Err(Trouble::Failed(_)) => {
                    self.note(&format!("{base}/parameters"), "the parameters of this deployment are unknown");
                }
                Err(fault) => return Err(fault),
            },
            _ => {}
        }
        if let Some(link) = entry(properties, "parametersLink") {
            self.linked_parameters(frame, link, &format!("{base}/parametersLink"), &mut given)?;
        }
        let evaluate_in = (!inner).then(|| frame.clone());
        let own = self.add_deployment(template, &at, name, target, given, evaluate_in, deployment.depth + 1);
        Ok(Some(own.number))
    }

    /// What a link leads to, and the name of that file.
    fn linked_file(&self, frame: &Frame<'t>, link: &Value) -> Option<(String, String)> {
        let text = |key: &str| match entry(link, key).map(|value| self.value(frame, value, "")) {
            Some(Ok(Datum::Text(text))) => Some(text.to_string()),
            Some(Ok(Datum::Unknown(unknown))) => Some(unknown.pattern.clone()),
            _ => None,
        };
        let wanted = text("relativePath").or_else(|| text("uri")).or_else(|| text("id"))?;
        let file = wanted.split('?').next().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_lowercase();
        Some((wanted, file))
    }

    /// Of files by name, the one that a link leads to: a part of it can be unknown.
    fn linked_to<'f, T>(files: &'f HashMap<String, T>, wanted: &str, file: &str) -> Option<&'f T> {
        files.get(file).or_else(|| {
            let mut fitting = files.iter().filter(|(name, _)| crate::import::mentions(wanted, name));
            fitting.next().filter(|_| fitting.next().is_none()).map(|(_, found)| found)
        })
    }

    /// Parameters that are elsewhere: a file of this import with the same name. Those in the template win.
    fn linked_parameters(
        &self,
        frame: &Frame<'t>,
        link: &Value,
        at: &str,
        given: &mut HashMap<String, Given<'t>>,
    ) -> Result<(), Trouble> {
        let found = self.linked_file(frame, link);
        let entries = found.as_ref().and_then(|(wanted, file)| Self::linked_to(&self.linked_parameters, wanted, file));
        let Some(entries) = entries else {
            let shown = found
                .map_or_else(String::new, |(wanted, _)| format!(" `{}`", crate::import::fact::shown(&wanted.into())));
            self.note(
                at,
                format!("the parameters{shown} of this deployment are not in the import: pass that file too"),
            );
            return Ok(());
        };
        for (name, written) in *entries {
            let value = super::given_value(self, name, written)?;
            given.entry(name.to_ascii_lowercase()).or_insert(Given::Ready(value));
        }
        Ok(())
    }

    /// A template that is elsewhere: a file of this import with the same name.
    fn linked_template(&self, frame: &Frame<'t>, properties: &Value, base: &str) -> Option<(&'t Value, String)> {
        let link = entry(properties, "templateLink")?;
        let at = format!("{base}/templateLink");
        let Some((wanted, file)) = self.linked_file(frame, link) else {
            self.note(&at, "the template of this deployment is not in the import");
            return None;
        };
        let shown = crate::import::fact::shown(&wanted.as_str().into());
        match Self::linked_to(&self.linked, &wanted, &file) {
            Some(template) => Some((template, at)),
            None => {
                self.note(&at, format!("the template `{shown}` is not in the import: pass that file too"));
                None
            }
        }
    }
}

fn is_deployment(kind: &str) -> bool {
    kind.split('@').next().is_some_and(|kind| same_name(kind.trim_end_matches('/'), DEPLOYMENT))
}

/// True for resources that have a part in DNS.
fn is_relevant(written: &Written<'_>) -> bool {
    let kind = written.own.get("type").and_then(Value::as_str).unwrap_or_default();
    let kind = kind.split('@').next().unwrap_or_default().trim_end_matches('/').to_ascii_lowercase();
    let kind = match &written.parent {
        Some(parent) if !kind.contains('.') => format!("{}/{kind}", parent.kind),
        _ => kind,
    };
    crate::import::rest::is_read(&kind)
}

fn described(written: &Written<'_>) -> String {
    let kind = written.own.get("type").and_then(Value::as_str).unwrap_or_default();
    match &written.symbol {
        Some(symbol) => format!("`{symbol}` ({kind})"),
        None => kind.to_owned(),
    }
}

fn at_round(pointer: &str, round: Option<&Round>) -> String {
    match round {
        Some(round) => format!("{pointer}[{}]", round.index),
        None => pointer.to_owned(),
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(entries) => 1 + entries.values().map(size).sum::<usize>(),
        _ => 1,
    }
}
