//! `reference` and its kin: what a deployed resource says of itself, as far as it follows from the template.

use std::rc::Rc;

use super::deployment::{Condition, Engine, Frame, Instance};
use super::function::unknown_call;
use super::value::{Datum, Object, Outcome, Trouble, Unknown, failed, hole, same_name};
use crate::import::id::ResourceId;

impl<'t> Engine<'t> {
    /// The resource that an id, a symbolic name or a plain name means; names make it a dependency.
    fn found(&self, frame: &Frame<'t>, text: &str) -> Option<usize> {
        if text.starts_with('/') {
            return self.with_id(text);
        }
        let number = self.with_name(frame, text)?;
        self.touched.borrow_mut().push(number);
        Some(number)
    }

    /// The resource with that id; parts that are unknown can be any.
    pub(super) fn with_id(&self, text: &str) -> Option<usize> {
        if let Some(number) = self.by_id.borrow().get(&text.to_ascii_lowercase()) {
            return Some(*number);
        }
        let id = ResourceId::parse(text)?;
        let by_name = self.by_name.borrow();
        let near = by_name.get(&format!("{} {}", id.kind, id.names.join("/").to_ascii_lowercase()))?;
        let can = |number: &&usize| {
            let other = self.instance(**number);
            ResourceId::parse(&other.id).is_some_and(|other| other.can_be(&id))
        };
        let mut can = near.iter().filter(can);
        match (can.next(), can.next()) {
            (Some(one), None) => Some(*one),
            _ => None,
        }
    }

    /// The resource of that symbolic name, with an index for rounds of a loop, or of that plain name.
    pub(super) fn with_name(&self, frame: &Frame<'t>, text: &str) -> Option<usize> {
        let mut deployment = Some(Rc::clone(&frame.deployment));
        while let Some(own) = deployment {
            let all = own.resources.borrow().clone();
            let found = all.iter().copied().find(|number| {
                let one = self.instance(*number);
                let symbol = one.symbol.as_ref().is_some_and(|symbol| match &one.round {
                    Some(round) => same_name(&format!("{symbol}[{}]", round.index), text),
                    None => same_name(symbol, text),
                });
                symbol || one.symbol.is_none() && one.name.as_text().is_some_and(|name| same_name(name, text))
            });
            if found.is_some() {
                return found;
            }
            deployment = own.evaluate_in.as_ref().map(|outer| Rc::clone(&outer.deployment));
        }
        None
    }

    pub(super) fn reference(&self, frame: &Frame<'t>, values: &[Datum]) -> Outcome {
        let Some(first) = values.first() else { return failed("`reference` needs a resource") };
        let wanted = match first {
            Datum::Text(text) => text.to_string(),
            Datum::Unknown(unknown) => unknown.pattern.clone(),
            other => return failed(format!("`reference` needs a resource, found {}", other.kind())),
        };
        let full = values.iter().skip(1).any(|value| value.as_text().is_some_and(|text| same_name(text, "full")));
        match self.found(frame, &wanted) {
            Some(number) => self.state(number, full),
            None => {
                let why = format!("{} is not deployed here", crate::import::fact::shown(&wanted.as_str().into()));
                let token = match full {
                    true => format!("reference full {wanted}"),
                    false => format!("reference {wanted}"),
                };
                self.open(&token, &why, &[])
            }
        }
    }

    /// What a resource says of itself once it is deployed.
    fn state(&self, number: usize, full: bool) -> Outcome {
        let one = self.instance(number);
        if let Some(nested) = one.nested {
            self.expand(nested);
            let properties = self.open(
                &format!("reference {}", one.id),
                "only Azure knows it",
                &[("outputs", Datum::Outputs(nested)), ("provisioningState", self.meter.text("Succeeded")?)],
            )?;
            return match full {
                true => self.open("reference full", "only Azure knows it", &[("properties", properties)]),
                false => Ok(properties),
            };
        }
        let token = format!("reference {}", one.id);
        let why = format!("Azure sets it when {} is deployed", crate::import::fact::shown(&one.id.as_str().into()));
        if one.existing {
            return self.open(&token, &why, &[]);
        }
        let body = self.body(&one)?;
        let Datum::Object(body) = body else { return Ok(body) };
        let properties = self.properties(&one, &body, &token, &why)?;
        if !full {
            return Ok(properties);
        }
        let mut object = Object {
            entries: body.entries.clone(),
            open: Some(Rc::new(Unknown { pattern: hole(&format!("reference full {}", one.id)), why })),
        };
        object.set("properties", properties);
        for (key, value) in [("apiVersion", one.own.get("apiVersion")), ("type", one.own.get("type"))] {
            if let Some(text) = value.and_then(serde_json::Value::as_str) {
                object.set(key, self.meter.text(text)?);
            }
        }
        object.set("resourceId", self.joined(&one.id, &one.name)?);
        self.meter.object(object)
    }

    /// The properties with what Azure adds and follows from names.
    fn properties(&self, one: &Instance<'t>, body: &Object, token: &str, why: &str) -> Outcome {
        let mut object = Object::default();
        if let Some(Datum::Object(own)) = body.get("properties") {
            object.entries.clone_from(&own.entries);
        }
        object.open = Some(Rc::new(Unknown { pattern: hole(token), why: why.to_owned() }));
        let name = one.name.pattern();
        match one.kind.as_str() {
            "microsoft.network/virtualnetworks" => {
                if let Some(Datum::List(subnets)) = object.get("subnets") {
                    let mut all = Vec::with_capacity(subnets.len());
                    for subnet in subnets.iter() {
                        all.push(match subnet {
                            Datum::Object(subnet) => {
                                let mut own = Object { entries: subnet.entries.clone(), open: object.open.clone() };
                                if let Some(name) = subnet.get("name") {
                                    let id = format!("{}/subnets/{}", one.id, name.pattern());
                                    own.set("id", self.joined(&id, &one.name)?);
                                }
                                self.meter.object(own)?
                            }
                            other => other.clone(),
                        });
                    }
                    object.set("subnets", self.meter.list(all)?);
                }
            }
            "microsoft.storage/storageaccounts" => {
                let mut endpoints = Vec::new();
                for service in ["blob", "file", "queue", "table", "dfs"] {
                    let address = format!("https://{name}.{service}.core.windows.net/");
                    endpoints.push((service, self.joined(&address, &one.name)?));
                }
                object.set("primaryEndpoints", self.open(&format!("{token}.primaryEndpoints"), why, &endpoints)?);
            }
            "microsoft.keyvault/vaults" => {
                object.set("vaultUri", self.joined(&format!("https://{name}.vault.azure.net/"), &one.name)?);
            }
            _ => {}
        }
        self.meter.object(object)
    }

    /// A resource as the template writes it, evaluated.
    pub(super) fn body(&self, one: &Rc<Instance<'t>>) -> Outcome {
        if let Some(body) = &*one.body.borrow() {
            return Ok(body.clone());
        }
        let outer = self.touched.take();
        let body = self.once(
            format!("resource {}", one.pointer),
            usize::try_from(one.round.as_ref().map_or(0, |round| round.index)).unwrap_or_default(),
            || {
                let mut entries = Vec::new();
                for (key, value) in one.own {
                    let left = [
                        "resources",
                        "copy",
                        "condition",
                        "dependsOn",
                        "type",
                        "name",
                        "apiVersion",
                        "scope",
                        "existing",
                        "comments",
                        "metadata",
                        "@options",
                    ];
                    if left.iter().any(|left| same_name(left, key)) {
                        continue;
                    }
                    let at = format!("{}/{}", one.pointer, crate::import::property::escaped(key));
                    let value = match self.value(&one.frame, value, &at) {
                        Err(Trouble::Failed(why)) => Unknown::of(&at, why),
                        other => other?,
                    };
                    entries.push((key.clone(), value));
                }
                self.meter.entries(entries)
            },
            Trouble::Failed,
        );
        one.refers.borrow_mut().extend(self.touched.replace(outer));
        let body = body?;
        *one.body.borrow_mut() = Some(body.clone());
        Ok(body)
    }

    /// The states of all rounds of a loop that are deployed.
    pub(super) fn references(&self, frame: &Frame<'t>, values: &[Datum]) -> Outcome {
        let Some(name) = values.first().and_then(Datum::as_text) else { return failed("`references` needs a name") };
        let full = values.iter().skip(1).any(|value| value.as_text().is_some_and(|text| same_name(text, "full")));
        let numbers = frame.deployment.resources.borrow().clone();
        let mut all = Vec::new();
        for number in numbers {
            let one = self.instance(number);
            if one.symbol.as_deref().is_some_and(|symbol| same_name(symbol, name)) && one.condition != Condition::No {
                self.touched.borrow_mut().push(number);
                all.push(self.state(number, full)?);
            }
        }
        self.meter.list(all)
    }

    pub(super) fn resource_info(&self, frame: &Frame<'t>, values: &[Datum]) -> Outcome {
        let Some(name) = values.first().and_then(Datum::as_text) else { return failed("`resourceInfo` needs a name") };
        let Some(number) = self.with_name(frame, name) else {
            return Ok(unknown_call("resourceInfo", values, "the template has no such resource"));
        };
        let one = self.instance(number);
        let text = |key: &str| self.meter.text(entry_text(&one, key));
        self.meter.entries(vec![
            ("id".to_owned(), self.joined(&one.id, &one.name)?),
            ("name".to_owned(), one.name.clone()),
            ("type".to_owned(), text("type")?),
            ("apiVersion".to_owned(), text("apiVersion")?),
        ])
    }
}

fn entry_text(one: &Instance<'_>, key: &str) -> String {
    one.own.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}
