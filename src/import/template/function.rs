//! Functions of template expressions that need nothing but their arguments.

use serde_json::{Map, Value, json};

/// Why an expression has no value.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Trouble {
    /// It has one when Azure deploys; it cannot be known from the template.
    Unresolved(String),
    /// The template is wrong.
    Fault(String),
}

pub(super) type Outcome = Result<Value, Trouble>;

/// The longest text an expression may make, in octets.
const MAX_TEXT: usize = 1 << 20;
/// The most items a list may get.
const MAX_ITEMS: usize = 10_000;

fn fault(text: impl Into<String>) -> Trouble {
    Trouble::Fault(text.into())
}

/// Text as Azure's functions take it: numbers and truth values are written out.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn bounded(text: String) -> Outcome {
    match text.len() > MAX_TEXT {
        true => Err(fault("the expression makes more than a mebibyte of text")),
        false => Ok(Value::String(text)),
    }
}

fn list(items: Vec<Value>) -> Outcome {
    match items.len() > MAX_ITEMS {
        true => Err(fault(format!("the expression makes a list of more than {MAX_ITEMS} items"))),
        false => Ok(Value::Array(items)),
    }
}

/// Calls a function.
///
/// # Errors
/// [`Trouble`] for arguments it does not take, and for functions whose value only Azure knows.
pub(super) fn call(name: &str, arguments: &[Value]) -> Outcome {
    let argument = |index: usize| {
        arguments.get(index).ok_or_else(|| fault(format!("`{name}` wants at least {} arguments", index + 1)))
    };
    let text = |index: usize| -> Result<String, Trouble> {
        match argument(index)? {
            Value::String(text) => Ok(text.clone()),
            other => Err(fault(format!("argument {} of `{name}` is {}, and text is wanted", index + 1, kind(other)))),
        }
    };
    let number = |index: usize| -> Result<i64, Trouble> {
        let value = argument(index)?;
        let read = value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
        read.ok_or_else(|| {
            fault(format!("argument {} of `{name}` is {}, and a number is wanted", index + 1, kind(value)))
        })
    };
    let truth = |index: usize| -> Result<bool, Trouble> { is_true(name, argument(index)?) };
    let calculated = |value: Option<i64>| {
        value.map(|value| json!(value)).ok_or_else(|| fault(format!("`{name}` has no number for these arguments")))
    };
    match name {
        "concat" => match arguments.first() {
            Some(Value::Array(_)) => {
                let mut all = Vec::new();
                for value in arguments {
                    match value {
                        Value::Array(items) => all.extend(items.iter().cloned()),
                        _ => return Err(fault("`concat` joins lists or texts, and not both")),
                    }
                }
                list(all)
            }
            _ => bounded(arguments.iter().map(text_of).collect()),
        },
        "format" => bounded(formatted(&text(0)?, arguments.get(1..).unwrap_or_default())?),
        "tolower" => bounded(text(0)?.to_lowercase()),
        "toupper" => bounded(text(0)?.to_uppercase()),
        "trim" => bounded(text(0)?.trim().to_owned()),
        "replace" => {
            let (own, from, to) = (text(0)?, text(1)?, text(2)?);
            if from.is_empty() {
                return Err(fault("`replace` has nothing to look for"));
            }
            if own.matches(&from).count().saturating_mul(to.len()) > MAX_TEXT {
                return Err(fault("the expression makes more than a mebibyte of text"));
            }
            bounded(own.replace(&from, &to))
        }
        "string" => match argument(0)? {
            Value::String(text) => Ok(json!(text)),
            other => bounded(other.to_string()),
        },
        "int" => Ok(json!(number(0)?)),
        "bool" => match argument(0)? {
            Value::Bool(own) => Ok(json!(own)),
            Value::Number(own) => Ok(json!(own.as_i64() != Some(0))),
            other => Ok(json!(text_of(other).eq_ignore_ascii_case("true"))),
        },
        "json" => {
            serde_json::from_str(&text(0)?).map_err(|error| fault(format!("`json` cannot read its text: {error}")))
        }
        "substring" => {
            let own = text(0)?;
            let from = usize::try_from(number(1)?).map_err(|_| fault("`substring` begins before its text"))?;
            let most = if arguments.len() > 2 { usize::try_from(number(2)?).ok() } else { Some(usize::MAX) };
            let most = most.ok_or_else(|| fault("`substring` has a length below 0"))?;
            bounded(own.chars().skip(from).take(most).collect())
        }
        "split" => {
            let own = text(0)?;
            let marks: Vec<String> = match argument(1)? {
                Value::Array(items) => items.iter().map(text_of).collect(),
                other => vec![text_of(other)],
            };
            let marks: Vec<char> = marks.iter().filter_map(|mark| mark.chars().next()).collect();
            list(own.split(marks.as_slice()).map(|part| json!(part)).collect())
        }
        "join" => match argument(0)? {
            Value::Array(items) => {
                let mark = text(1)?;
                if items.len().saturating_mul(mark.len()) > MAX_TEXT {
                    return Err(fault("the expression makes more than a mebibyte of text"));
                }
                bounded(items.iter().map(text_of).collect::<Vec<_>>().join(&mark))
            }
            other => Err(fault(format!("`join` wants a list, and has {}", kind(other)))),
        },
        "startswith" => Ok(json!(text(0)?.to_lowercase().starts_with(&text(1)?.to_lowercase()))),
        "endswith" => Ok(json!(text(0)?.to_lowercase().ends_with(&text(1)?.to_lowercase()))),
        "indexof" => {
            let (own, part) = (text(0)?.to_lowercase(), text(1)?.to_lowercase());
            let at = own.find(&part).map(|at| own[..at].chars().count());
            Ok(at.map_or(json!(-1), |at| json!(at)))
        }
        "padleft" => {
            let own = text_of(argument(0)?);
            let width = usize::try_from(number(1)?).unwrap_or(0).min(MAX_TEXT);
            let with = if arguments.len() > 2 { text(2)? } else { " ".to_owned() };
            let missing = width.saturating_sub(own.chars().count());
            let with = with.chars().next().unwrap_or(' ');
            bounded(format!("{}{own}", with.to_string().repeat(missing)))
        }
        "length" => Ok(json!(match argument(0)? {
            Value::String(text) => text.chars().count(),
            Value::Array(items) => items.len(),
            Value::Object(entries) => entries.len(),
            other => return Err(fault(format!("`length` wants text, a list or an object, and has {}", kind(other)))),
        })),
        "empty" => Ok(json!(match argument(0)? {
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(entries) => entries.is_empty(),
            other => other.is_null(),
        })),
        "first" | "last" => match argument(0)? {
            Value::Array(items) => {
                let item = if name == "first" { items.first() } else { items.last() };
                Ok(item.cloned().unwrap_or(Value::Null))
            }
            Value::String(text) => {
                let own = if name == "first" { text.chars().next() } else { text.chars().last() };
                Ok(json!(own.map(String::from).unwrap_or_default()))
            }
            other => Err(fault(format!("`{name}` wants text or a list, and has {}", kind(other)))),
        },
        "take" | "skip" => {
            let count = usize::try_from(number(1)?).unwrap_or(0);
            match argument(0)? {
                Value::Array(items) if name == "take" => Ok(items.iter().take(count).cloned().collect()),
                Value::Array(items) => Ok(items.iter().skip(count).cloned().collect()),
                Value::String(text) if name == "take" => Ok(json!(text.chars().take(count).collect::<String>())),
                Value::String(text) => Ok(json!(text.chars().skip(count).collect::<String>())),
                other => Err(fault(format!("`{name}` wants text or a list, and has {}", kind(other)))),
            }
        }
        "array" => match argument(0)? {
            Value::Array(items) => list(items.clone()),
            other => list(vec![other.clone()]),
        },
        "createarray" => list(arguments.to_vec()),
        "createobject" => {
            let mut entries = Map::new();
            for pair in arguments.chunks(2) {
                let [key, value] = pair else { return Err(fault("`createObject` wants keys with values")) };
                entries.insert(text_of(key), value.clone());
            }
            Ok(Value::Object(entries))
        }
        "union" => match arguments.first() {
            Some(Value::Object(_)) => {
                let mut entries = Map::new();
                for value in arguments {
                    let Value::Object(own) = value else { return Err(fault("`union` joins lists or objects")) };
                    entries.extend(own.clone());
                }
                Ok(Value::Object(entries))
            }
            _ => {
                let mut all: Vec<Value> = Vec::new();
                for value in arguments {
                    let Value::Array(items) = value else { return Err(fault("`union` joins lists or objects")) };
                    for item in items {
                        if all.len() > MAX_ITEMS / 10 {
                            return Err(fault("the list of `union` is too long"));
                        }
                        if !all.contains(item) {
                            all.push(item.clone());
                        }
                    }
                }
                list(all)
            }
        },
        "contains" => Ok(json!(match argument(0)? {
            Value::Array(items) => items.contains(argument(1)?),
            Value::Object(entries) => {
                let key = text(1)?;
                entries.keys().any(|own| own.eq_ignore_ascii_case(&key))
            }
            other => text_of(other).to_lowercase().contains(&text_of(argument(1)?).to_lowercase()),
        })),
        "range" => {
            let (from, count) = (number(0)?, number(1)?);
            if !(0..=i64::try_from(MAX_ITEMS).unwrap_or(0)).contains(&count) {
                return Err(fault(format!("`range` of {count} numbers is too long")));
            }
            list((0..count).map(|index| json!(from.saturating_add(index))).collect())
        }
        "coalesce" => Ok(arguments.iter().find(|value| !value.is_null()).cloned().unwrap_or(Value::Null)),
        "equals" => Ok(json!(match (argument(0)?, argument(1)?) {
            (Value::String(one), Value::String(other)) => one == other,
            (one, other) => one == other,
        })),
        "not" => Ok(json!(!truth(0)?)),
        "true" => Ok(json!(true)),
        "false" => Ok(json!(false)),
        "null" => Ok(Value::Null),
        "greater" => Ok(json!(number(0)? > number(1)?)),
        "greaterorequals" => Ok(json!(number(0)? >= number(1)?)),
        "less" => Ok(json!(number(0)? < number(1)?)),
        "lessorequals" => Ok(json!(number(0)? <= number(1)?)),
        "add" => calculated(number(0)?.checked_add(number(1)?)),
        "sub" => calculated(number(0)?.checked_sub(number(1)?)),
        "mul" => calculated(number(0)?.checked_mul(number(1)?)),
        "div" => calculated(number(0)?.checked_div(number(1)?)),
        "mod" => calculated(number(0)?.checked_rem(number(1)?)),
        "min" | "max" => {
            let items = match arguments {
                [Value::Array(items)] => items.as_slice(),
                items => items,
            };
            let numbers = items.iter().filter_map(Value::as_i64);
            calculated(if name == "min" { numbers.min() } else { numbers.max() })
        }
        "cidrsubnet" => {
            let (prefix, length, index) = (text(0)?, number(1)?, number(2)?);
            let found = prefix.parse::<ipnet::IpNet>().ok().and_then(|prefix| {
                let index = usize::try_from(index).ok().filter(|index| *index < MAX_ITEMS)?;
                prefix.trunc().subnets(u8::try_from(length).ok()?).ok()?.nth(index)
            });
            found.map(|prefix| json!(prefix.to_string())).ok_or_else(|| fault("there is no such subnet"))
        }
        "uri" => bounded(format!("{}/{}", text(0)?.trim_end_matches('/'), text(1)?.trim_start_matches('/'))),
        "uniquestring" | "guid" | "newguid" | "utcnow" | "reference" | "deployment" | "pickzones" | "base64" => {
            Err(Trouble::Unresolved(format!("`{name}` has a value only when Azure deploys")))
        }
        name if name.starts_with("list") => {
            Err(Trouble::Unresolved(format!("`{name}` has a value only when Azure deploys")))
        }
        name => Err(Trouble::Unresolved(format!("the function `{name}` is not evaluated here"))),
    }
}

/// The truth of a value.
pub(super) fn is_true(name: &str, value: &Value) -> Result<bool, Trouble> {
    match value {
        Value::Bool(own) => Ok(*own),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        other => Err(fault(format!("`{name}` wants true or false, and has {}", kind(other)))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// `{0}` stands for the first argument; two braces stand for one.
fn formatted(pattern: &str, arguments: &[Value]) -> Result<String, Trouble> {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        let behind = &rest[at + 1..];
        if behind.starts_with(brace) {
            out.push_str(brace);
            rest = &behind[1..];
            continue;
        }
        let end = behind.find('}').filter(|_| brace == "{");
        let end = end.ok_or_else(|| fault("a brace of `format` stands alone"))?;
        let index = behind[..end].split(':').next().unwrap_or_default().trim().parse::<usize>();
        let value = index.ok().and_then(|index| arguments.get(index));
        let value = value.ok_or_else(|| fault(format!("`format` has no argument `{{{}}}`", &behind[..end])))?;
        out.push_str(&text_of(value));
        if out.len() > MAX_TEXT {
            return Err(fault("the expression makes more than a mebibyte of text"));
        }
        rest = &behind[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_do_what_azures_do() {
        let cases = [
            ("concat", json!(["a", 1, "b"]), json!("a1b")),
            ("concat", json!([[1], [2]]), json!([1, 2])),
            ("format", json!(["{0}/{1}-{{x}}", "a", 2]), json!("a/2-{x}")),
            ("split", json!(["a/b;c", ["/", ";"]]), json!(["a", "b", "c"])),
            ("substring", json!(["abcdef", 2, 3]), json!("cde")),
            ("last", json!([["x", "y"]]), json!("y")),
            ("replace", json!(["a.b.c", ".", "-"]), json!("a-b-c")),
            ("cidrsubnet", json!(["10.0.0.0/16", 24, 2]), json!("10.0.2.0/24")),
            ("union", json!([{"a": 1}, {"b": 2}]), json!({"a": 1, "b": 2})),
            ("range", json!([2, 3]), json!([2, 3, 4])),
            ("contains", json!([{"Key": 1}, "key"]), json!(true)),
            ("padleft", json!([7, 3, "0"]), json!("007")),
        ];
        for (name, arguments, wanted) in cases {
            let arguments = arguments.as_array().expect("a list").clone();
            assert_eq!(call(name, &arguments), Ok(wanted), "{name}");
        }
        assert!(matches!(call("uniqueString", &[json!("x")]), Err(Trouble::Unresolved(_))));
        assert!(matches!(call("div", &[json!(1), json!(0)]), Err(Trouble::Fault(_))));
        assert!(matches!(call("add", &[json!(i64::MAX), json!(1)]), Err(Trouble::Fault(_))));
        assert!(matches!(call("format", &[]), Err(Trouble::Fault(_))));
    }
}
