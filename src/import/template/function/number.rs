//! Functions on numbers, and comparisons.

use std::cmp::Ordering;

use super::Arguments;
use crate::import::template::value::{Datum, Outcome, Trouble, collate, failed};

pub(super) const NAMES: [&str; 15] = [
    "add",
    "sub",
    "mul",
    "div",
    "mod",
    "int",
    "float",
    "min",
    "max",
    "bool",
    "not",
    "greater",
    "greaterorequals",
    "less",
    "lessorequals",
];

pub(super) fn call(own: &Arguments<'_>) -> Option<Outcome> {
    Some(match own.name {
        "add" | "sub" | "mul" | "div" | "mod" => arithmetic(own),
        "int" => int(own),
        "float" => float(own),
        "min" | "max" => extreme(own),
        "bool" => bool(own),
        "not" => match own.all {
            [Datum::Bool(own)] => Ok(Datum::Bool(!own)),
            _ => own.wrong(0, "true or false"),
        },
        "greater" | "greaterorequals" | "less" | "lessorequals" => compared(own),
        _ => return None,
    })
}

fn arithmetic(own: &Arguments<'_>) -> Outcome {
    let (one, other) = (own.number(0)?, own.number(1)?);
    let result = match own.name {
        "add" => one.checked_add(other),
        "sub" => one.checked_sub(other),
        "mul" => one.checked_mul(other),
        "div" => one.checked_div(other),
        _ => one.checked_rem(other),
    };
    match result {
        Some(result) => Ok(Datum::Int(result)),
        None if other == 0 => failed(format!("`{}` divides by zero", own.name)),
        None => failed(format!("the result of `{}` is out of bounds", own.name)),
    }
}

fn int(own: &Arguments<'_>) -> Outcome {
    match own.get(0)? {
        Datum::Int(number) => Ok(Datum::Int(*number)),
        Datum::Text(text) => match text.trim().parse() {
            Ok(number) => Ok(Datum::Int(number)),
            Err(_) => own.wrong(0, "a whole number"),
        },
        _ => own.wrong(0, "a whole number or text"),
    }
}

fn float(own: &Arguments<'_>) -> Outcome {
    match own.get(0)? {
        #[allow(clippy::cast_precision_loss, reason = "numbers of templates are small")]
        Datum::Int(number) => Ok(Datum::Float(*number as f64)),
        Datum::Float(number) => Ok(Datum::Float(*number)),
        Datum::Text(text) => match text.trim().parse::<f64>().ok().filter(|number| number.is_finite()) {
            Some(number) => Ok(Datum::Float(number)),
            None => own.wrong(0, "a number"),
        },
        _ => own.wrong(0, "a number or text"),
    }
}

fn extreme(own: &Arguments<'_>) -> Outcome {
    let items = match own.all {
        [Datum::List(items)] => items.as_slice(),
        all => all,
    };
    let numbers = items.iter().map(|item| match item {
        Datum::Int(number) => Ok(*number),
        _ => failed(format!("`{}` needs whole numbers", own.name)),
    });
    let numbers = numbers.collect::<Result<Vec<i64>, Trouble>>()?;
    let found = if own.name == "min" { numbers.iter().min() } else { numbers.iter().max() };
    match found {
        Some(number) => Ok(Datum::Int(*number)),
        None => failed(format!("`{}` needs at least one number", own.name)),
    }
}

fn bool(own: &Arguments<'_>) -> Outcome {
    match own.get(0)? {
        Datum::Bool(own) => Ok(Datum::Bool(*own)),
        Datum::Int(number) => Ok(Datum::Bool(*number != 0)),
        Datum::Text(text) if matches!(text.to_ascii_lowercase().as_str(), "true" | "1") => Ok(Datum::Bool(true)),
        Datum::Text(text) if matches!(text.to_ascii_lowercase().as_str(), "false" | "0") => Ok(Datum::Bool(false)),
        _ => own.wrong(0, "`true`, `false` or a number"),
    }
}

fn compared(own: &Arguments<'_>) -> Outcome {
    let order = match (own.get(0)?, own.get(1)?) {
        (Datum::Int(one), Datum::Int(other)) => one.cmp(other),
        (Datum::Text(one), Datum::Text(other)) => collate(one, other),
        _ => return failed(format!("`{}` needs two numbers or two strings", own.name)),
    };
    Ok(Datum::Bool(match own.name {
        "greater" => order == Ordering::Greater,
        "greaterorequals" => order != Ordering::Less,
        "less" => order == Ordering::Less,
        _ => order != Ordering::Greater,
    }))
}
