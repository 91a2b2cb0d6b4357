//! Values of the template language: JSON, and what only Azure can know.
//!
//! An unknown value keeps its pattern: the text with a hole where a part is missing. Two values with one pattern are
//! equal wherever Azure's would be, so names and ids meet although parts of them are unknown.

use std::cell::Cell;
use std::cmp::Ordering;
use std::fmt::Write as _;
use std::rc::Rc;

use serde_json::{Map, Number, Value};

use crate::import::id::{CLOSE, OPEN};

/// The longest pattern that is kept as it is; longer ones are replaced by their hash.
const MAX_PATTERN: usize = 2048;
/// The most values one value may have in it. Values share their parts, so few bytes can hold more than anybody can walk over.
const MAX_PARTS: usize = 500_000;

/// How much is held while one file is read, and how much work was done.
#[derive(Debug)]
pub(super) struct Meter {
    pub(super) live: Cell<usize>,
    pub(super) work: Cell<usize>,
    pub(super) depth: Cell<usize>,
    pub(super) most_live: usize,
    pub(super) most_work: usize,
}

/// A part of a value that is shared and counted as long as it exists.
#[derive(Debug)]
pub(super) struct Metered<T> {
    pub(super) own: T,
    bytes: usize,
    /// How many values are in it, shared ones counted each time.
    parts: usize,
    meter: Rc<Meter>,
}

impl<T> Drop for Metered<T> {
    fn drop(&mut self) {
        self.meter.live.set(self.meter.live.get().saturating_sub(self.bytes));
    }
}

impl<T> std::ops::Deref for Metered<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.own
    }
}

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Datum {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Rc<Metered<String>>),
    List(Rc<Metered<Vec<Datum>>>),
    Object(Rc<Metered<Object>>),
    Unknown(Rc<Unknown>),
    /// The outputs of a deployment, by its number: evaluated one by one when they are asked for.
    Outputs(usize),
}

/// An object; its names ignore case and keep their spelling.
#[derive(Debug, Default)]
pub(super) struct Object {
    pub(super) entries: Vec<(String, Datum)>,
    /// The object as an unknown value, where a name that is missing here may exist on Azure, as with deployed resources.
    pub(super) open: Option<Rc<Unknown>>,
}

/// A value that only Azure knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Unknown {
    /// Text with holes, such as `/subscriptions/‹subscription›/…`; one hole for values that are no text.
    pub(super) pattern: String,
    /// Why it is unknown.
    pub(super) why: String,
}

/// Why an expression has no value.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Trouble {
    /// The template is wrong, or costs more than is allowed: it is not read.
    Fault(String),
    /// Azure would refuse the deployment here; the rest of the template is read.
    Failed(String),
}

pub(super) type Outcome = Result<Datum, Trouble>;

pub(super) fn failed<T>(message: impl Into<String>) -> Result<T, Trouble> {
    Err(Trouble::Failed(message.into()))
}

impl Meter {
    pub(super) fn new(file_bytes: usize) -> Rc<Self> {
        Rc::new(Self {
            live: Cell::new(0),
            work: Cell::new(0),
            depth: Cell::new(0),
            most_live: (16 << 20) + file_bytes.saturating_mul(4),
            most_work: 3_000_000 + file_bytes.saturating_mul(8),
        })
    }

    /// Counts work; what grows beyond all bounds ends here.
    pub(super) fn spend(&self, work: usize) -> Result<(), Trouble> {
        let spent = self.work.get().saturating_add(work);
        self.work.set(spent);
        match spent > self.most_work {
            true => Err(Trouble::Fault(
                "evaluating the template takes too much work: its values or loops are too large".to_owned(),
            )),
            false => Ok(()),
        }
    }

    fn hold<T>(self: &Rc<Self>, own: T, bytes: usize, parts: usize) -> Result<Rc<Metered<T>>, Trouble> {
        self.spend(1 + bytes / 64)?;
        if parts > MAX_PARTS {
            let message = format!("a value is too large: it has more than {MAX_PARTS} values in it");
            return Err(Trouble::Fault(message));
        }
        let live = self.live.get().saturating_add(bytes);
        if live > self.most_live {
            return Err(Trouble::Fault(
                "evaluating the template takes too much memory: its values are too large".to_owned(),
            ));
        }
        self.live.set(live);
        Ok(Rc::new(Metered { own, bytes, parts, meter: Rc::clone(self) }))
    }

    pub(super) fn text(self: &Rc<Self>, text: impl Into<String>) -> Outcome {
        let text = text.into();
        let bytes = text.len() + 64;
        Ok(Datum::Text(self.hold(text, bytes, 1)?))
    }

    pub(super) fn list(self: &Rc<Self>, items: Vec<Datum>) -> Outcome {
        let bytes = items.len() * size_of::<Datum>() + 64;
        let parts = items.iter().map(Datum::parts).fold(1, usize::saturating_add);
        Ok(Datum::List(self.hold(items, bytes, parts)?))
    }

    pub(super) fn object(self: &Rc<Self>, object: Object) -> Outcome {
        let names: usize = object.entries.iter().map(|(key, _)| key.len()).sum();
        let bytes = object.entries.len() * (size_of::<Datum>() + size_of::<String>()) + names + 64;
        let parts = object.entries.iter().map(|(_, value)| value.parts()).fold(1, usize::saturating_add);
        Ok(Datum::Object(self.hold(object, bytes, parts)?))
    }

    /// An object of entries.
    pub(super) fn entries(self: &Rc<Self>, entries: Vec<(String, Datum)>) -> Outcome {
        self.object(Object { entries, open: None })
    }

    /// A value of plain JSON, without expressions.
    pub(super) fn json(self: &Rc<Self>, value: &Value) -> Outcome {
        match value {
            Value::Null => Ok(Datum::Null),
            Value::Bool(own) => Ok(Datum::Bool(*own)),
            Value::Number(number) => {
                Ok(number.as_i64().map_or_else(|| Datum::Float(number.as_f64().unwrap_or_default()), Datum::Int))
            }
            Value::String(text) => self.text(text.as_str()),
            Value::Array(items) => {
                let items = items.iter().map(|item| self.json(item)).collect::<Result<_, _>>()?;
                self.list(items)
            }
            Value::Object(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), self.json(value)?)))
                    .collect::<Result<_, _>>()?;
                self.entries(entries)
            }
        }
    }
}

impl Datum {
    /// How many values are in it, itself among them.
    pub(super) fn parts(&self) -> usize {
        match self {
            Self::List(items) => items.parts,
            Self::Object(object) => object.parts,
            _ => 1,
        }
    }
}

impl Object {
    pub(super) fn get(&self, name: &str) -> Option<&Datum> {
        self.entries.iter().find(|(key, _)| same_name(key, name)).map(|(_, value)| value)
    }

    /// Sets a property; one that exists keeps its spelling and place.
    pub(super) fn set(&mut self, name: &str, value: Datum) {
        match self.entries.iter_mut().find(|(key, _)| same_name(key, name)) {
            Some((_, own)) => *own = value,
            None => self.entries.push((name.to_owned(), value)),
        }
    }
}

/// Two names of properties: case is ignored.
pub(super) fn same_name(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// A hole with a name; the name holds no mark of its own.
pub(super) fn hole(name: &str) -> String {
    let clean = name.chars().filter(|character| !matches!(*character, OPEN | CLOSE));
    let clean: String = clean.map(|character| if character == '/' { '|' } else { character }).collect();
    format!("{OPEN}{clean}{CLOSE}")
}

impl Unknown {
    pub(super) fn datum(pattern: impl Into<String>, why: impl Into<String>) -> Datum {
        let mut pattern = pattern.into();
        if pattern.len() > MAX_PATTERN {
            pattern = hole(&super::hash::guid(&pattern));
        }
        Datum::Unknown(Rc::new(Self { pattern, why: why.into() }))
    }

    /// One hole with that name.
    pub(super) fn of(name: &str, why: impl Into<String>) -> Datum {
        Self::datum(hole(name), why)
    }

    /// The text before the first hole.
    pub(super) fn known_start(&self) -> &str {
        self.pattern.split(OPEN).next().unwrap_or_default()
    }

    /// True if some part of the text is known.
    pub(super) fn is_text_in_part(&self) -> bool {
        let mut inside = 0_usize;
        self.pattern.chars().any(|character| match character {
            OPEN => {
                inside += 1;
                false
            }
            CLOSE => {
                inside = inside.saturating_sub(1);
                false
            }
            _ => inside == 0,
        })
    }
}

impl Datum {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Object(_) | Self::Outputs(_) => "an object",
            Self::Unknown(_) => "an unknown value",
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The first unknown part.
    pub(super) fn unknown(&self) -> Option<&Rc<Unknown>> {
        match self {
            Self::Unknown(unknown) => Some(unknown),
            Self::List(items) => items.iter().find_map(Self::unknown),
            Self::Object(object) => object.entries.iter().find_map(|(_, value)| value.unknown()),
            _ => None,
        }
    }

    /// As a part of a text or pattern: what is known as it is, what is not as its pattern.
    pub(super) fn pattern(&self) -> String {
        match self {
            Self::Unknown(unknown) => unknown.pattern.clone(),
            other => other.written('\''),
        }
    }

    /// As text: texts as they are, objects and lists as JSON with that quote.
    pub(super) fn written(&self, quote: char) -> String {
        match self {
            Self::Null => String::new(),
            Self::Bool(true) => "True".to_owned(),
            Self::Bool(false) => "False".to_owned(),
            Self::Text(text) => text.to_string(),
            other => {
                let mut out = String::new();
                other.compact(quote, &mut out);
                out
            }
        }
    }

    fn compact(&self, quote: char, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(own) => out.push_str(if *own { "true" } else { "false" }),
            Self::Int(number) => {
                let _ = write!(out, "{number}");
            }
            Self::Float(number) => {
                let _ = write!(out, "{number:?}");
            }
            Self::Text(text) => quoted(text, quote, out),
            Self::Unknown(unknown) => quoted(&unknown.pattern, quote, out),
            Self::Outputs(number) => {
                let _ = write!(out, "{OPEN}outputs {number}{CLOSE}");
            }
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.compact(quote, out);
                }
                out.push(']');
            }
            Self::Object(object) => {
                out.push('{');
                for (index, (key, value)) in object.entries.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    quoted(key, quote, out);
                    out.push(':');
                    value.compact(quote, out);
                }
                out.push('}');
            }
        }
    }

    /// As JSON. Unknown parts are written by `unknown`, which sees their JSON pointer.
    pub(super) fn to_json(&self, pointer: &str, unknown: &mut dyn FnMut(&str, &Unknown) -> Value) -> Value {
        match self {
            Self::Null | Self::Outputs(_) => Value::Null,
            Self::Bool(own) => Value::Bool(*own),
            Self::Int(number) => Value::from(*number),
            Self::Float(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
            Self::Text(text) => Value::String(text.to_string()),
            Self::Unknown(own) => unknown(pointer, own),
            Self::List(items) => {
                let items = items.iter().enumerate();
                items.map(|(index, item)| item.to_json(&format!("{pointer}/{index}"), unknown)).collect()
            }
            Self::Object(object) => {
                let mut map = Map::new();
                for (key, value) in &object.entries {
                    let at = format!("{pointer}/{}", crate::import::property::escaped(key));
                    map.insert(key.clone(), value.to_json(&at, unknown));
                }
                Value::Object(map)
            }
        }
    }

    /// True or false if the two are known to be equal or not; absent if it depends on what is unknown.
    pub(super) fn equals(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Unknown(one), Self::Unknown(other)) if one.pattern == other.pattern => Some(true),
            (Self::Unknown(unknown), Self::Text(text)) | (Self::Text(text), Self::Unknown(unknown)) => {
                let start = unknown.known_start();
                (!text.starts_with(start)).then_some(false)
            }
            (Self::Unknown(unknown), _) | (_, Self::Unknown(unknown)) if unknown.is_text_in_part() => Some(false),
            (Self::Unknown(_) | Self::Outputs(_), _) | (_, Self::Unknown(_) | Self::Outputs(_)) => None,
            (Self::Null, Self::Null) => Some(true),
            (Self::Bool(one), Self::Bool(other)) => Some(one == other),
            (Self::Int(one), Self::Int(other)) => Some(one == other),
            #[allow(clippy::cast_precision_loss, reason = "numbers of templates are small")]
            (Self::Int(one), Self::Float(other)) | (Self::Float(other), Self::Int(one)) => Some(*one as f64 == *other),
            (Self::Float(one), Self::Float(other)) => Some(one == other),
            (Self::Text(one), Self::Text(other)) => Some(***one == ***other),
            (Self::List(one), Self::List(other)) => {
                if one.len() != other.len() {
                    return Some(false);
                }
                all(one.iter().zip(other.iter()).map(|(one, other)| one.equals(other)))
            }
            (Self::Object(one), Self::Object(other)) => {
                if one.entries.len() != other.entries.len() {
                    return Some(false);
                }
                all(one.entries.iter().map(|(key, value)| match other.get(key) {
                    Some(own) => value.equals(own),
                    None => Some(false),
                }))
            }
            _ => Some(false),
        }
    }
}

/// True if all are, false if one is not, absent if it depends.
fn all(each: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = true;
    for one in each {
        match one {
            Some(false) => return Some(false),
            None => known = false,
            Some(true) => {}
        }
    }
    known.then_some(true)
}

fn quoted(text: &str, quote: char, out: &mut String) {
    out.push(quote);
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            own if own == quote => {
                out.push('\\');
                out.push(own);
            }
            own if own.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(own));
            }
            own => out.push(own),
        }
    }
    out.push(quote);
}

/// The order in which people sort: letters without case first, lower case before upper where only case differs.
pub(super) fn collate(one: &str, other: &str) -> Ordering {
    let folded = |text: &str| text.to_lowercase();
    folded(one).cmp(&folded(other)).then_with(|| {
        let swapped = |text: &str| -> Vec<(bool, char)> {
            text.chars().map(|character| (character.is_uppercase(), character)).collect()
        };
        swapped(one).cmp(&swapped(other))
    })
}
