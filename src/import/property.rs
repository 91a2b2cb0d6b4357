//! A JSON object as a reader looks at it: both nestings at once, any case, with a list of the properties that were not read.

use std::cell::RefCell;

use serde_json::{Map, Value};

/// Properties every resource has and that say nothing about DNS.
const GENERAL: &[&str] = &[
    "id",
    "name",
    "type",
    "etag",
    "tags",
    "location",
    "systemdata",
    "provisioningstate",
    "resourcegroup",
    "subscriptionid",
    "tenantid",
    "resourceguid",
    "kind",
    "apiversion",
    "dependson",
    "sku",
    "identity",
    "zones",
    "extendedlocation",
    "managedby",
    "comments",
    "copy",
    "condition",
    "metadata",
    "plan",
    "properties",
    "scope",
    "createddate",
    "modifieddate",
    "timeouts",
];

/// An object and where it is.
pub(super) struct View<'v> {
    top: Option<&'v Map<String, Value>>,
    inner: Option<&'v Map<String, Value>>,
    pointer: String,
    inner_name: &'v str,
    used: RefCell<Vec<String>>,
    faults: RefCell<Vec<Misfit>>,
    /// Properties that were requested and are text in brackets: they can be unknown.
    open: RefCell<Vec<(String, String)>>,
}

/// A value of another type than is wanted.
pub(super) struct Misfit {
    pub(super) pointer: String,
    pub(super) wanted: &'static str,
    pub(super) found: &'static str,
}

/// A value and its JSON pointer.
#[derive(Clone)]
pub(super) struct Placed<'v> {
    pub(super) value: &'v Value,
    pub(super) pointer: String,
}

impl<'v> View<'v> {
    /// A view on a value; one that is not an object has no properties.
    pub(super) fn of(value: &'v Value, pointer: &str) -> Self {
        let top = value.as_object();
        let inner = top.and_then(|top| top.iter().find(|(key, _)| key.eq_ignore_ascii_case("properties")));
        let own = Self {
            top,
            inner: inner.and_then(|(_, value)| value.as_object()),
            pointer: pointer.to_owned(),
            inner_name: inner.map_or("properties", |(key, _)| key),
            used: RefCell::new(Vec::new()),
            faults: RefCell::new(Vec::new()),
            open: RefCell::new(Vec::new()),
        };
        if top.is_none() {
            own.misfit(value, pointer, "an object");
        }
        if let Some((key, value)) = inner.filter(|(_, value)| !value.is_object() && !value.is_null()) {
            own.misfit(value, &format!("{pointer}/{}", escaped(key)), "an object");
        }
        own
    }

    pub(super) fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The property of that name, from `properties` or beside it. `null` is none.
    pub(super) fn get(&self, name: &str) -> Option<Placed<'v>> {
        self.used.borrow_mut().push(name.to_ascii_lowercase());
        let find = |map: Option<&'v Map<String, Value>>, pointer: &str| {
            let (key, value) = map?.iter().find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_null())?;
            Some(Placed { value, pointer: format!("{pointer}/{}", escaped(key)) })
        };
        let found = find(self.inner, &format!("{}/{}", self.pointer, escaped(self.inner_name)))
            .or_else(|| find(self.top, &self.pointer))?;
        if is_open(found.value) {
            self.open.borrow_mut().push((name.to_owned(), found.pointer.clone()));
        }
        Some(found)
    }

    /// Text under a name.
    pub(super) fn text(&self, name: &str) -> Option<(&'v str, String)> {
        let placed = self.get(name)?;
        match placed.value.as_str() {
            Some(text) => Some((text, placed.pointer)),
            None => {
                self.misfit(placed.value, &placed.pointer, "text");
                None
            }
        }
    }

    /// A number from 0 up under a name.
    pub(super) fn number(&self, name: &str) -> Option<(u64, String)> {
        let placed = self.get(name)?;
        match placed.value.as_u64() {
            Some(number) => Some((number, placed.pointer)),
            None => {
                self.misfit(placed.value, &placed.pointer, "a whole number");
                None
            }
        }
    }

    /// True or false under a name.
    pub(super) fn flag(&self, name: &str) -> Option<(bool, String)> {
        let placed = self.get(name)?;
        match placed.value.as_bool() {
            Some(flag) => Some((flag, placed.pointer)),
            None => {
                self.misfit(placed.value, &placed.pointer, "true or false");
                None
            }
        }
    }

    /// Items of the list under a name.
    pub(super) fn items(&self, name: &str) -> Vec<Placed<'v>> {
        let Some(placed) = self.get(name) else { return Vec::new() };
        if !placed.value.is_array() {
            self.misfit(placed.value, &placed.pointer, "a list");
        }
        for item in placed.items().iter().filter(|item| is_open(item.value)) {
            self.open.borrow_mut().push((name.to_owned(), item.pointer.clone()));
        }
        placed.items()
    }

    /// Texts of the list under a name. `null` is none; Terraform writes it for what is known only after apply.
    pub(super) fn texts(&self, name: &str) -> Vec<(&'v str, String)> {
        let mut texts = Vec::new();
        for item in self.items(name).into_iter().filter(|item| !item.value.is_null()) {
            match item.text() {
                Some(text) => texts.push((text, item.pointer)),
                None => self.misfit(item.value, &item.pointer, "text"),
            }
        }
        texts
    }

    /// A view on the object under a name.
    pub(super) fn object(&self, name: &str) -> Option<Self> {
        Some(self.get(name)?.view())
    }

    fn misfit(&self, value: &Value, pointer: &str, wanted: &'static str) {
        // What could not be resolved stays the text it was; that was reported already.
        if is_open(value) {
            return;
        }
        let found = match value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        self.faults.borrow_mut().push(Misfit { pointer: pointer.to_owned(), wanted, found });
    }

    /// Properties that were asked for and can be unknown.
    pub(super) fn open(&self) -> Vec<(String, String)> {
        let mut open = self.open.take();
        open.dedup();
        open
    }

    /// Values of another type than was wanted.
    pub(super) fn misfits(&self) -> Vec<Misfit> {
        self.faults.take()
    }

    /// Says that properties are known and not relevant to DNS.
    pub(super) fn ignore(&self, names: &[&str]) {
        self.used.borrow_mut().extend(names.iter().map(|name| name.to_ascii_lowercase()));
    }

    /// The properties that were not read, with their pointers.
    pub(super) fn unread(&self) -> Vec<(String, String)> {
        let used = self.used.borrow();
        let mut unread = Vec::new();
        let inner = format!("{}/{}", self.pointer, escaped(self.inner_name));
        for (map, pointer) in [(self.top, &self.pointer), (self.inner, &inner)] {
            for (key, value) in map.into_iter().flatten() {
                let lower = key.to_ascii_lowercase();
                let empty = match value {
                    Value::Null => true,
                    Value::Array(items) => items.is_empty(),
                    Value::Object(entries) => entries.is_empty(),
                    Value::String(text) => text.is_empty(),
                    _ => false,
                };
                if !empty && !GENERAL.contains(&lower.as_str()) && !used.contains(&lower) {
                    unread.push((key.clone(), format!("{pointer}/{}", escaped(key))));
                }
            }
        }
        unread
    }
}

impl<'v> Placed<'v> {
    /// Its items, if it is a list.
    pub(super) fn items(&self) -> Vec<Self> {
        let items = self.value.as_array().into_iter().flatten().enumerate();
        items.map(|(index, value)| Self { value, pointer: format!("{}/{index}", self.pointer) }).collect()
    }

    pub(super) fn view(&self) -> View<'v> {
        View::of(self.value, &self.pointer)
    }

    pub(super) fn text(&self) -> Option<&'v str> {
        self.value.as_str()
    }
}

/// True for what is an expression.
fn is_open(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with('['))
}

/// A key as a token of a JSON pointer.
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
