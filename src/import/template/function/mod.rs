//! Functions of the template language that need nothing but their arguments.
//!
//! `collection`, `text`, `number`, `address` and `date` compute. A function whose arguments are unknown in part gives
//! what is known all the same, or an unknown value with the pattern of the call.

mod address;
mod collection;
mod date;
mod number;
mod text;

use std::rc::Rc;

use super::value::{Datum, Meter, Object, Outcome, Trouble, Unknown, failed};

/// The longest text a function may make.
const MAX_TEXT: usize = 1 << 20;
/// The most elements a list may have.
const MAX_ITEMS: usize = 100_000;

/// Arguments of a call, as a function asks for them.
pub(super) struct Arguments<'a> {
    pub(super) name: &'a str,
    pub(super) all: &'a [Datum],
    pub(super) meter: &'a Rc<Meter>,
}

/// Calls a function by its name in lower case; absent for names that are no function of this kind.
pub(super) fn call(meter: &Rc<Meter>, name: &str, all: &[Datum]) -> Option<Outcome> {
    // Every function may read its texts from the first character to the last.
    let text: usize = all.iter().filter_map(Datum::as_text).map(str::len).sum();
    if let Err(trouble) = meter.spend(text / 32) {
        return Some(Err(trouble));
    }
    let arguments = Arguments { name, all, meter };
    if let Some(outcome) = collection::call(&arguments) {
        return Some(outcome);
    }
    if !(text::NAMES.contains(&name)
        || number::NAMES.contains(&name)
        || address::NAMES.contains(&name)
        || date::NAMES.contains(&name))
    {
        return None;
    }
    // These compute with whole values: one unknown part makes the result unknown.
    if let Some(unknown) = all.iter().find_map(Datum::unknown) {
        return Some(match text::in_part(&arguments) {
            Some(outcome) => outcome,
            None => Ok(unknown_call(name, all, &unknown.why)),
        });
    }
    text::call(&arguments)
        .or_else(|| number::call(&arguments))
        .or_else(|| address::call(&arguments))
        .or_else(|| date::call(&arguments))
}

/// The unknown value of a call with unknown arguments: equal calls give equal patterns.
pub(super) fn unknown_call(name: &str, all: &[Datum], why: &str) -> Datum {
    let patterns: Vec<String> = all.iter().map(Datum::pattern).collect();
    Unknown::of(&format!("{name}({})", patterns.join(",")), why)
}

/// Text, unless it is longer than any text may be.
pub(super) fn bounded(meter: &Rc<Meter>, text: String) -> Outcome {
    match text.len() > MAX_TEXT {
        true => Err(Trouble::Fault("an expression returns more than 1 MiB of text, the limit".to_owned())),
        false => meter.text(text),
    }
}

impl Arguments<'_> {
    pub(super) fn wrong<T>(&self, index: usize, wanted: &str) -> Result<T, Trouble> {
        match self.all.get(index) {
            Some(found) => {
                failed(format!("argument {} of `{}` must be {wanted}, found {}", index + 1, self.name, found.kind()))
            }
            None => failed(format!("`{}` is missing argument {}", self.name, index + 1)),
        }
    }

    pub(super) fn get(&self, index: usize) -> Result<&Datum, Trouble> {
        match self.all.get(index) {
            Some(own) => Ok(own),
            None => self.wrong(index, "a value"),
        }
    }

    pub(super) fn text(&self, index: usize) -> Result<&str, Trouble> {
        match self.all.get(index).and_then(Datum::as_text) {
            Some(text) => Ok(text),
            None => self.wrong(index, "text"),
        }
    }

    pub(super) fn number(&self, index: usize) -> Result<i64, Trouble> {
        match self.all.get(index) {
            Some(Datum::Int(number)) => Ok(*number),
            _ => self.wrong(index, "a whole number"),
        }
    }

    pub(super) fn list(&self, index: usize) -> Result<&[Datum], Trouble> {
        match self.all.get(index) {
            Some(Datum::List(items)) => Ok(items),
            _ => self.wrong(index, "a list"),
        }
    }

    pub(super) fn object(&self, index: usize) -> Result<&Object, Trouble> {
        match self.all.get(index) {
            Some(Datum::Object(object)) => Ok(object),
            _ => self.wrong(index, "an object"),
        }
    }

    /// Makes a list, unless it is longer than any list may be.
    pub(super) fn make_list(&self, items: Vec<Datum>) -> Outcome {
        match items.len() > MAX_ITEMS {
            true => Err(Trouble::Fault(format!(
                "`{}` returns a list of more than {MAX_ITEMS} elements, the limit",
                self.name
            ))),
            false => self.meter.list(items),
        }
    }

    pub(super) fn make_text(&self, text: impl Into<String>) -> Outcome {
        bounded(self.meter, text.into())
    }

    /// An unknown value because of this unknown argument.
    pub(super) fn unknown(&self, because: &Unknown) -> Outcome {
        Ok(unknown_call(self.name, self.all, &because.why))
    }
}
