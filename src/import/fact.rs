//! Facts: what artefacts say of each resource, attribute by attribute, and where they say it.
//!
//! Readers produce facts; the same fact twice is one, and two that differ are a contradiction, which names both places.
//! Values are in the form of the REST interface, references to other resources are their ids.

use std::collections::HashMap;

use indexmap::IndexMap;
use serde_json::Value;

use super::id::{ResourceId, UNKNOWN};
use super::report::{Provenance, Report, Topic};

/// A value and where it was stated.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) value: Value,
    pub(super) from: Provenance,
}

/// What is known of one resource.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) id: ResourceId,
    /// Where it was mentioned first; absent for what is only referred to.
    pub(super) declared: Option<Provenance>,
    /// Where it was referred to first.
    pub(super) referred: Option<Provenance>,
    /// True if it was stated by a template or plan: Azure has not computed anything of it yet.
    pub(super) planned: bool,
    pub(super) attributes: IndexMap<String, Fact>,
}

/// All facts, by the key of the resource's id, in the order stated.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) objects: IndexMap<String, Object>,
    contradictions: Vec<(ResourceId, String, Fact, Fact)>,
    /// Resource groups as they were spelled first.
    groups: IndexMap<String, String>,
    /// Children by the key of their parent and their type; made when all facts are read.
    below: HashMap<(String, String), Vec<usize>>,
}

impl Object {
    pub(super) fn get(&self, attribute: &str) -> Option<&Value> {
        self.attributes.get(attribute).map(|declared| &declared.value)
    }

    pub(super) fn text(&self, attribute: &str) -> Option<&str> {
        self.get(attribute)?.as_str()
    }

    /// The id an attribute refers to.
    pub(super) fn id_of(&self, attribute: &str) -> Option<ResourceId> {
        let text = self.text(attribute)?;
        Some(ResourceId::parse(text).unwrap_or_else(|| ResourceId::opaque(text)))
    }

    /// The attributes whose names begin so, with what follows in their names.
    pub(super) fn with<'o>(&'o self, prefix: &'o str) -> impl Iterator<Item = (&'o str, &'o Fact)> {
        self.attributes.iter().filter_map(move |(name, declared)| Some((name.strip_prefix(prefix)?, declared)))
    }

    /// Where it, or an attribute of it, was stated.
    pub(super) fn place(&self, attribute: &str) -> Option<Provenance> {
        let own = self.attributes.get(attribute).map(|declared| &declared.from);
        own.or(self.declared.as_ref()).or(self.referred.as_ref()).cloned()
    }

    /// The same as a list.
    pub(super) fn places(&self) -> Vec<Provenance> {
        self.declared.iter().chain(self.referred.iter()).take(1).cloned().collect()
    }
}

impl Facts {
    /// The object of an id, created if it is not there yet.
    fn object(&mut self, id: &ResourceId) -> &mut Object {
        if !id.group.is_empty() && id.group != UNKNOWN {
            self.groups.entry(id.group.to_ascii_lowercase()).or_insert_with(|| id.group.clone());
        }
        self.objects.entry(id.key()).or_insert_with(|| Object {
            id: id.clone(),
            declared: None,
            referred: None,
            planned: false,
            attributes: IndexMap::new(),
        })
    }

    /// Says that a resource exists.
    pub(super) fn exists(&mut self, id: &ResourceId, planned: bool, from: &Provenance) {
        let object = self.object(id);
        if object.declared.is_none() {
            object.planned = planned;
            object.declared = Some(from.clone());
        } else if !planned {
            object.planned = false;
        }
    }

    /// Says that something refers to a resource.
    pub(super) fn refers(&mut self, id: &ResourceId, from: &Provenance) {
        let object = self.object(id);
        if object.referred.is_none() {
            object.referred = Some(from.clone());
        }
    }

    /// Says what an attribute of a resource is.
    pub(super) fn tell(&mut self, id: &ResourceId, attribute: &str, value: impl Into<Value>, from: &Provenance) {
        let declared = Fact { value: value.into(), from: from.clone() };
        let object = self.object(id);
        match object.attributes.get(attribute) {
            None => {
                object.attributes.insert(attribute.to_owned(), declared);
            }
            Some(before) if same(&before.value, &declared.value) => {}
            Some(before) => {
                let before = before.clone();
                self.contradictions.push((id.clone(), attribute.to_owned(), before, declared));
            }
        }
    }

    /// Takes back what an attribute of a resource is, when more is found of it.
    pub(super) fn forget(&mut self, id: &ResourceId, attribute: &str) {
        self.object(id).attributes.shift_remove(attribute);
    }

    /// The same for a reference to another resource.
    pub(super) fn tell_id(&mut self, id: &ResourceId, attribute: &str, other: &ResourceId, from: &Provenance) {
        self.refers(other, from);
        self.tell(id, attribute, other.to_string(), from);
    }

    /// The object of that id.
    pub(super) fn get(&self, id: &ResourceId) -> Option<&Object> {
        self.objects.get(&id.key())
    }

    /// All objects of a type, those that are only referred to included.
    pub(super) fn of<'f>(&'f self, kind: &'f str) -> impl Iterator<Item = &'f Object> {
        self.objects.values().filter(move |object| object.id.kind == kind)
    }

    /// Objects of a type that are children of a resource.
    pub(super) fn children(&self, parent: &ResourceId, kind: &str) -> impl Iterator<Item = &Object> {
        let found = self.below.get(&(parent.key(), format!("{}/{kind}", parent.kind)));
        found.into_iter().flatten().map(|index| &self.objects[*index])
    }

    /// Finds out which resources are children of which, when all facts are read.
    pub(super) fn close(&mut self) {
        self.below.clear();
        for (index, object) in self.objects.values().enumerate() {
            if let Some(parent) = object.id.parent() {
                self.below.entry((parent.key(), object.id.kind.clone())).or_default().push(index);
            }
        }
    }

    /// A resource group as it was spelled first.
    pub(super) fn group<'f>(&'f self, group: &'f str) -> &'f str {
        match group {
            UNKNOWN | "" => "imported",
            group => self.groups.get(&group.to_ascii_lowercase()).map_or(group, String::as_str),
        }
    }

    /// Templates and plans do not say in which subscription or resource group they will be deployed. Where exactly one
    /// resource that others mention can be meant, it is that one.
    pub(super) fn settle(&mut self) {
        let whole: Vec<ResourceId> =
            self.objects.values().map(|object| &object.id).filter(|id| id.is_whole()).cloned().collect();
        let mut by_kind: HashMap<String, Vec<&ResourceId>> = HashMap::new();
        for id in &whole {
            by_kind.entry(format!("{} {}", id.kind, id.name().to_ascii_lowercase())).or_default().push(id);
        }
        let mut meant: HashMap<String, ResourceId> = HashMap::new();
        for object in self.objects.values().filter(|object| !object.id.is_whole() && !object.id.kind.is_empty()) {
            let near = by_kind.get(&format!("{} {}", object.id.kind, object.id.name().to_ascii_lowercase()));
            let mut can = near.into_iter().flatten().filter(|id| id.can_be(&object.id));
            if let (Some(one), None) = (can.next(), can.next()) {
                meant.insert(object.id.key(), (*one).clone());
            }
        }
        // Of what is only known in part, the same resource can still be stated with more and with less of its id.
        let partial: Vec<ResourceId> = self
            .objects
            .values()
            .map(|object| &object.id)
            .filter(|id| !id.is_whole() && !id.kind.is_empty() && !meant.contains_key(&id.key()))
            .cloned()
            .collect();
        let key = |id: &ResourceId| format!("{} {}", id.kind, id.name().to_ascii_lowercase());
        let mut grouped: HashMap<String, Vec<&ResourceId>> = HashMap::new();
        for id in partial.iter().filter(|id| id.group != UNKNOWN) {
            grouped.entry(key(id)).or_default().push(id);
        }
        for id in partial.iter().filter(|id| id.group == UNKNOWN) {
            let mut can = grouped.get(&key(id)).into_iter().flatten().filter(|own| own.can_be(id));
            if let (Some(one), None) = (can.next(), can.next()) {
                meant.insert(id.key(), (*one).clone());
            }
        }
        // What has a child that was found is with it, unless its children disagree.
        let mut parents: HashMap<String, Option<ResourceId>> = HashMap::new();
        for object in self.objects.values() {
            let Some(parent) = object.id.parent().filter(|parent| !parent.is_whole()) else { continue };
            let found = meant.get(&object.id.key()).and_then(ResourceId::parent);
            if let Some(found) = found.filter(|_| !meant.contains_key(&parent.key())) {
                let own = parents.entry(parent.key()).or_insert_with(|| Some(found.clone()));
                own.take_if(|own| own.key() != found.key());
            }
        }
        meant.extend(parents.into_iter().filter_map(|(key, found)| Some((key, found?))));
        // A child of what was found is with it.
        for object in self.objects.values().filter(|object| !object.id.is_whole()) {
            let Some(parent) = object.id.parent() else { continue };
            if let (Some(found), false) = (meant.get(&parent.key()).cloned(), meant.contains_key(&object.id.key())) {
                let kind = object.id.kind.rsplit('/').next().unwrap_or_default();
                meant.insert(object.id.key(), found.child(kind, object.id.name()));
            }
        }
        if meant.is_empty() {
            return;
        }
        let rename = |value: Value| -> Value {
            let one = |text: String| meant.get(&text.to_ascii_lowercase()).map_or(text, ToString::to_string);
            match value {
                Value::String(text) => Value::String(one(text)),
                Value::Array(items) => items
                    .into_iter()
                    .map(|item| match item {
                        Value::String(text) => Value::String(one(text)),
                        other => other,
                    })
                    .collect(),
                other => other,
            }
        };
        let objects = std::mem::take(&mut self.objects);
        for (key, object) in objects {
            let id = meant.get(&key).unwrap_or(&object.id).clone();
            if let Some(from) = &object.declared {
                self.exists(&id, object.planned, from);
            }
            if let Some(from) = &object.referred {
                self.refers(&id, from);
            }
            self.object(&id);
            for (attribute, declared) in object.attributes {
                self.tell(&id, &attribute, rename(declared.value), &declared.from);
            }
        }
    }

    /// Every place, for its line to be found.
    pub(super) fn places_mut(&mut self) -> impl Iterator<Item = &mut Provenance> {
        let objects = self.objects.values_mut().flat_map(|object| {
            let own = object.declared.iter_mut().chain(object.referred.iter_mut());
            own.chain(object.attributes.values_mut().map(|declared| &mut declared.from))
        });
        let rivals = self.contradictions.iter_mut().flat_map(|(_, _, one, other)| [&mut one.from, &mut other.from]);
        objects.chain(rivals)
    }

    /// Contradictions as remarks, one for each attribute and pair of files.
    pub(super) fn report_contradictions(&mut self, report: &mut Report) {
        let all = std::mem::take(&mut self.contradictions);
        let of_values: std::collections::HashSet<String> =
            all.iter().filter(|(_, attribute, ..)| attribute == "records").map(|(id, ..)| id.key()).collect();
        for (id, attribute, one, other) in all {
            // Who wrote a record set is reported with what was written.
            if attribute == "creator" && of_values.contains(&id.key()) {
                continue;
            }
            let what = described(&id);
            let text = match attribute.as_str() {
                "recordSets" => {
                    let (missing, more) = difference(&one.value, &other.value);
                    let list = |names: Vec<String>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                    format!(
                        "{what} has different record sets in two files: only the first has {}, only the second has {}",
                        list(missing),
                        list(more)
                    )
                }
                _ => format!(
                    "{attribute} of {what} is {} in one place and {} in another",
                    shown(&one.value),
                    shown(&other.value)
                ),
            };
            report.add(Topic::Contradiction, text, vec![one.from, other.from], None);
        }
    }
}

/// What the one list has that the other has not, and the other way round.
fn difference(one: &Value, other: &Value) -> (Vec<String>, Vec<String>) {
    let names = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let (one, other) = (names(one), names(other));
    let only = |some: &[String], others: &[String]| -> Vec<String> {
        let others: std::collections::HashSet<&String> = others.iter().collect();
        let mut only: Vec<String> = some.iter().filter(|name| !others.contains(name)).cloned().collect();
        if only.len() > 20 {
            let more = only.len() - 20;
            only.truncate(20);
            only.push(format!("{more} more"));
        }
        only
    };
    (only(&one, &other), only(&other, &one))
}

/// Two values that say the same: Azure's names and ids have no case.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => one.eq_ignore_ascii_case(other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        _ => one == other,
    }
}

/// A resource in words.
pub(super) fn described(id: &ResourceId) -> String {
    let kind = match id.kind.as_str() {
        "microsoft.insights/privatelinkscopes" => "scope",
        "microsoft.insights/privatelinkscopes/privateendpointconnections" => "private endpoint connection",
        "microsoft.insights/privatelinkscopes/scopedresources" => "scoped resource",
        "microsoft.insights/components" => "component",
        "microsoft.insights/datacollectionendpoints" => "data collection endpoint",
        "microsoft.operationalinsights/workspaces" => "workspace",
        "microsoft.network/privateendpoints" => "private endpoint",
        "microsoft.network/privateendpoints/privatednszonegroups" => "zone group",
        "microsoft.network/networkinterfaces" => "network interface",
        "microsoft.network/privatednszones" => "private zone",
        "microsoft.network/privatednszones/virtualnetworklinks" => "link",
        "microsoft.network/virtualnetworks" => "network",
        "microsoft.network/virtualnetworks/subnets" => "subnet",
        "microsoft.network/virtualnetworks/virtualnetworkpeerings" => "peering",
        "microsoft.network/dnsresolvers" => "DNS resolver",
        "microsoft.network/dnsresolvers/inboundendpoints" => "inbound endpoint",
        "microsoft.network/dnsforwardingrulesets" => "forwarding ruleset",
        "microsoft.network/dnsforwardingrulesets/forwardingrules" => "forwarding rule",
        kind if kind.starts_with("microsoft.network/privatednszones/") => {
            let kind = kind.rsplit('/').next().unwrap_or_default().to_ascii_uppercase();
            return format!("record set {} {kind}", id.names.iter().rev().cloned().collect::<Vec<_>>().join("."));
        }
        "" => return format!("`{}`", id.name()),
        kind => return format!("{kind} {}", id.names.join("/")),
    };
    format!("{kind} {}", id.names.join("/"))
}

/// A value as a remark repeats it.
pub(super) fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    let clean = |character: char| if character.is_control() { '\u{fffd}' } else { character };
    let mut short: String = text.chars().take(160).map(clean).collect();
    if text.chars().nth(160).is_some() {
        short.push('…');
    }
    if short.is_empty() { "nothing".to_owned() } else { short }
}
