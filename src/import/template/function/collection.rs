//! Functions on lists and objects. Unknown elements stay where they are and spoil nothing else.

use super::{Arguments, unknown_call};
use crate::import::template::value::{Datum, Object, Outcome, Trouble, Unknown, collate, failed};

/// The most numbers `range` may make, as on Azure.
const MAX_RANGE: i64 = 10_000;

pub(super) fn call(own: &Arguments<'_>) -> Option<Outcome> {
    Some(match own.name {
        "array" => array(own),
        "concat" if own.all.iter().any(|argument| matches!(argument, Datum::List(_))) => concat(own),
        "contains" => contains(own),
        "createarray" => own.make_list(own.all.to_vec()),
        "createobject" => create_object(own),
        "distinct" => whole_list(own, |items| own.make_list(distinct(own, items)?)),
        "empty" => empty(own),
        "first" | "last" if !matches!(own.all.first(), Some(Datum::Text(_))) => end(own),
        "flatten" => whole_list(own, |items| flatten(own, items)),
        "indexof" | "lastindexof" if !matches!(own.all.first(), Some(Datum::Text(_))) => {
            whole_list(own, |items| index_of(own, items))
        }
        "intersection" => intersection(own),
        "items" | "objectkeys" => items(own),
        "length" => length(own),
        "range" => range(own),
        "shallowmerge" => shallow_merge(own),
        "skip" | "take" if !matches!(own.all.first(), Some(Datum::Text(_))) => part(own),
        "union" => union(own),
        "coalesce" => coalesce(own),
        "equals" => equals(own),
        "null" => Ok(Datum::Null),
        "true" => Ok(Datum::Bool(true)),
        "false" => Ok(Datum::Bool(false)),
        _ => return None,
    })
}

/// Runs a function of a list; a list that is unknown as a whole gives an unknown value.
fn whole_list(own: &Arguments<'_>, run: impl Fn(&[Datum]) -> Outcome) -> Outcome {
    match own.all.first() {
        Some(Datum::Unknown(unknown)) => own.unknown(unknown),
        _ => run(own.list(0)?),
    }
}

fn array(own: &Arguments<'_>) -> Outcome {
    match own.get(0)? {
        list @ Datum::List(_) => Ok(list.clone()),
        Datum::Unknown(unknown) => own.unknown(unknown),
        other => own.make_list(vec![other.clone()]),
    }
}

fn concat(own: &Arguments<'_>) -> Outcome {
    let mut all = Vec::new();
    for (index, argument) in own.all.iter().enumerate() {
        match argument {
            Datum::Unknown(unknown) => return own.unknown(unknown),
            _ => all.extend_from_slice(own.list(index)?),
        }
    }
    own.make_list(all)
}

fn contains(own: &Arguments<'_>) -> Outcome {
    let wanted = own.get(1)?;
    match own.get(0)? {
        Datum::Text(text) => match wanted {
            Datum::Unknown(unknown) => own.unknown(unknown),
            wanted => Ok(Datum::Bool(text.contains(&wanted.written('"')))),
        },
        Datum::List(items) => {
            let mut open = None;
            for item in items.iter() {
                own.meter.spend(1 + item.parts().min(wanted.parts()) / 4)?;
                match item.equals(wanted) {
                    Some(true) => return Ok(Datum::Bool(true)),
                    Some(false) => {}
                    None => open = item.unknown().or(wanted.unknown()).cloned(),
                }
            }
            match open {
                Some(unknown) => own.unknown(&unknown),
                None => Ok(Datum::Bool(false)),
            }
        }
        Datum::Object(object) => match wanted {
            Datum::Unknown(unknown) => own.unknown(unknown),
            wanted => match (object.get(&wanted.written('"')), &object.open) {
                (Some(_), _) => Ok(Datum::Bool(true)),
                (None, None) => Ok(Datum::Bool(false)),
                (None, Some(unknown)) => Ok(unknown_call(own.name, own.all, &unknown.why)),
            },
        },
        Datum::Unknown(unknown) => {
            match wanted.as_text().is_some_and(|wanted| unknown.known_start().contains(wanted)) {
                true => Ok(Datum::Bool(true)),
                false => own.unknown(unknown),
            }
        }
        _ => own.wrong(0, "text, a list or an object"),
    }
}

fn create_object(own: &Arguments<'_>) -> Outcome {
    let mut object = Object::default();
    for pair in own.all.chunks(2) {
        let [key, value] = pair else {
            return failed("`createObject` needs pairs of a name and a value");
        };
        match key {
            Datum::Unknown(unknown) => return own.unknown(unknown),
            Datum::Text(key) => object.set(key, value.clone()),
            _ => return failed("the names in `createObject` must be text"),
        }
    }
    own.meter.spend(own.all.len() * own.all.len() / 8)?;
    own.meter.object(object)
}

/// The elements without repeats, in order.
fn distinct(own: &Arguments<'_>, items: &[Datum]) -> Result<Vec<Datum>, Trouble> {
    let mut unique: Vec<Datum> = Vec::new();
    for item in items {
        own.meter.spend(unique.len().saturating_mul(item.parts()) / 16)?;
        if !unique.iter().any(|own| own.equals(item) == Some(true)) {
            unique.push(item.clone());
        }
    }
    Ok(unique)
}

fn empty(own: &Arguments<'_>) -> Outcome {
    Ok(Datum::Bool(match own.get(0)? {
        Datum::Null => true,
        Datum::Text(text) => text.is_empty(),
        Datum::List(items) => items.is_empty(),
        Datum::Object(object) => object.entries.is_empty() && object.open.is_none(),
        Datum::Outputs(_) => false,
        // Text of which a part is known is not empty.
        Datum::Unknown(unknown) if unknown.is_text_in_part() => false,
        Datum::Unknown(unknown) => return own.unknown(unknown),
        _ => return own.wrong(0, "text, a list or an object"),
    }))
}

fn end(own: &Arguments<'_>) -> Outcome {
    whole_list(own, |items| {
        let one = if own.name == "first" { items.first() } else { items.last() };
        Ok(one.cloned().unwrap_or(Datum::Null))
    })
}

fn flatten(own: &Arguments<'_>, items: &[Datum]) -> Outcome {
    let mut all = Vec::new();
    for item in items {
        match item {
            Datum::List(inner) => all.extend_from_slice(inner),
            unknown @ Datum::Unknown(_) => all.push(unknown.clone()),
            _ => return failed("`flatten` needs a list of lists"),
        }
    }
    own.make_list(all)
}

fn index_of(own: &Arguments<'_>, items: &[Datum]) -> Outcome {
    let wanted = own.get(1)?;
    let mut found = -1;
    for (index, item) in items.iter().enumerate() {
        own.meter.spend(1 + item.parts().min(wanted.parts()) / 4)?;
        match item.equals(wanted) {
            Some(true) => {
                found = i64::try_from(index).unwrap_or(i64::MAX);
                if own.name == "indexof" {
                    break;
                }
            }
            Some(false) => {}
            None => {
                let unknown = item.unknown().or(wanted.unknown());
                return Ok(unknown_call(own.name, own.all, unknown.map_or("", |unknown| &unknown.why)));
            }
        }
    }
    Ok(Datum::Int(found))
}

fn intersection(own: &Arguments<'_>) -> Outcome {
    if let Some(Datum::Unknown(unknown)) = own.all.iter().find(|argument| matches!(argument, Datum::Unknown(_))) {
        return own.unknown(unknown);
    }
    match own.get(0)? {
        Datum::List(items) => {
            let mut kept = distinct(own, items)?;
            for index in 1..own.all.len() {
                let others = own.list(index)?;
                own.meter.spend(kept.len().saturating_mul(others.len()))?;
                kept.retain(|one| others.iter().any(|other| one.equals(other) == Some(true)));
            }
            own.make_list(kept)
        }
        Datum::Object(object) => {
            let mut kept = object.entries.clone();
            for index in 1..own.all.len() {
                let other = own.object(index)?;
                own.meter.spend(kept.len().saturating_mul(other.entries.len()))?;
                kept.retain(|(key, value)| other.get(key).is_some_and(|own| own.equals(value) == Some(true)));
            }
            own.meter.entries(kept)
        }
        _ => own.wrong(0, "a list or an object"),
    }
}

fn items(own: &Arguments<'_>) -> Outcome {
    let object = match own.get(0)? {
        Datum::Unknown(unknown) => return own.unknown(unknown),
        _ => own.object(0)?,
    };
    let mut entries: Vec<&(String, Datum)> = object.entries.iter().collect();
    entries.sort_by(|(one, _), (other, _)| collate(one, other));
    let mut list = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let key = own.meter.text(key.as_str())?;
        list.push(match own.name {
            "items" => own.meter.entries(vec![("key".to_owned(), key), ("value".to_owned(), value.clone())])?,
            _ => key,
        });
    }
    own.make_list(list)
}

fn length(own: &Arguments<'_>) -> Outcome {
    let length = match own.get(0)? {
        Datum::Text(text) => text.chars().count(),
        Datum::List(items) => items.len(),
        Datum::Object(object) if object.open.is_none() => object.entries.len(),
        Datum::Unknown(unknown) => return own.unknown(unknown),
        _ => return own.wrong(0, "text, a list or an object"),
    };
    Ok(Datum::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

fn range(own: &Arguments<'_>) -> Outcome {
    if let Some(unknown) = own.all.iter().find_map(Datum::unknown) {
        return own.unknown(unknown);
    }
    let (start, count) = (own.number(0)?, own.number(1)?);
    if count > MAX_RANGE {
        return Err(Trouble::Fault(format!("`range` returns {count} numbers, and the limit is {MAX_RANGE}")));
    }
    if count < 0 || start.checked_add(count).is_none() {
        return failed("the count of `range` is out of bounds");
    }
    own.make_list((start..start + count).map(Datum::Int).collect())
}

fn shallow_merge(own: &Arguments<'_>) -> Outcome {
    whole_list(own, |items| {
        let mut merged = Object::default();
        for item in items {
            match item {
                Datum::Object(object) => {
                    own.meter.spend(merged.entries.len().saturating_mul(object.entries.len()) / 8)?;
                    for (key, value) in &object.entries {
                        merged.set(key, value.clone());
                    }
                    if merged.open.is_none() {
                        merged.open.clone_from(&object.open);
                    }
                }
                Datum::Null => {}
                Datum::Unknown(unknown) => merged.open = Some(unknown.clone()),
                _ => return failed("`shallowMerge` needs a list of objects"),
            }
        }
        own.meter.object(merged)
    })
}

fn part(own: &Arguments<'_>) -> Outcome {
    whole_list(own, |items| {
        let count = match own.get(1)? {
            Datum::Unknown(unknown) => return own.unknown(unknown),
            _ => usize::try_from(own.number(1)?.max(0)).unwrap_or(usize::MAX).min(items.len()),
        };
        own.make_list(if own.name == "take" { &items[..count] } else { &items[count..] }.to_vec())
    })
}

fn union(own: &Arguments<'_>) -> Outcome {
    // A null beside others is left out.
    let given: Vec<&Datum> = own.all.iter().filter(|argument| !argument.is_null()).collect();
    if let Some(Datum::Unknown(unknown)) = given.iter().find(|argument| matches!(argument, Datum::Unknown(_))) {
        return own.unknown(unknown);
    }
    match given.first() {
        Some(Datum::List(_)) => {
            let mut all = Vec::new();
            for argument in given {
                match argument {
                    Datum::List(items) => all.extend_from_slice(items),
                    _ => return failed("`union` needs lists only, or objects only"),
                }
            }
            own.make_list(distinct(own, &all)?)
        }
        Some(Datum::Object(_)) => {
            let mut merged = Object::default();
            for argument in given {
                match argument {
                    Datum::Object(object) => merge(own, &mut merged, object)?,
                    _ => return failed("`union` needs lists only, or objects only"),
                }
            }
            own.meter.object(merged)
        }
        Some(_) => own.wrong(0, "a list or an object"),
        None => Ok(Datum::Null),
    }
}

/// Puts an object over another: objects within merge, everything else is replaced.
fn merge(own: &Arguments<'_>, into: &mut Object, from: &Object) -> Result<(), Trouble> {
    own.meter.spend(1 + into.entries.len().saturating_mul(from.entries.len()) / 8 + from.entries.len() / 2)?;
    if into.entries.is_empty() {
        into.entries.clone_from(&from.entries);
        into.open = into.open.take().or_else(|| from.open.clone());
        return Ok(());
    }
    for (key, value) in &from.entries {
        let merged = match (into.get(key), value) {
            (Some(Datum::Object(before)), Datum::Object(after)) => {
                let mut inner = Object { entries: before.entries.clone(), open: before.open.clone() };
                merge(own, &mut inner, after)?;
                own.meter.object(inner)?
            }
            _ => value.clone(),
        };
        into.set(key, merged);
    }
    if into.open.is_none() {
        into.open.clone_from(&from.open);
    }
    Ok(())
}

/// The first that is not null; arguments after an unknown one cannot be chosen. The evaluator asks one by one.
fn coalesce(own: &Arguments<'_>) -> Outcome {
    Ok(own.all.iter().find(|argument| !argument.is_null()).cloned().unwrap_or(Datum::Null))
}

fn equals(own: &Arguments<'_>) -> Outcome {
    let (one, other) = (own.get(0)?, own.get(1)?);
    own.meter.spend(8 + one.parts().min(other.parts()) / 4)?;
    match one.equals(other) {
        Some(equal) => Ok(Datum::Bool(equal)),
        None => {
            let because = one.unknown().or(other.unknown()).map_or("", |unknown: &std::rc::Rc<Unknown>| &unknown.why);
            Ok(unknown_call(own.name, own.all, because))
        }
    }
}
