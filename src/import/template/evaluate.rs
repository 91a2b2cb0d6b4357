//! Expressions where they are written: parameters, variables, loops, lambdas and functions of the template.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value;

use super::deployment::{Engine, Frame, entry};
use super::expression::{self, Expression};
use super::function::{self, unknown_call};
use super::value::{Datum, Object, Outcome, Trouble, Unknown, failed, same_name};
use crate::import::id::OPEN;
use crate::import::property::escaped;

/// How often a loop may run, as on Azure.
const MAX_ROUNDS: i64 = 800;
/// The most expressions that are kept parsed.
const MAX_PARSED: usize = 50_000;

impl<'t> Engine<'t> {
    /// A value with its expressions evaluated. What fails within a list or object makes that element unknown.
    pub(super) fn value(&self, frame: &Frame<'t>, value: &Value, pointer: &str) -> Outcome {
        self.deeper(|| match value {
            Value::String(text) => self.text(frame, text),
            Value::Array(items) => {
                let mut all = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    all.push(self.element(frame, item, &format!("{pointer}/{index}"))?);
                }
                self.meter.list(all)
            }
            Value::Object(entries) => {
                let mut object = Object::default();
                for (key, value) in entries {
                    if let Some(copies) = value.as_array().filter(|copies| same_name(key, "copy") && are_loops(copies))
                    {
                        for (index, copy) in copies.iter().enumerate() {
                            let name = copy.get("name").and_then(Value::as_str).unwrap_or_default();
                            let at = format!("{pointer}/copy/{index}");
                            let list = match self.looped(frame, name, copy, &at) {
                                Err(Trouble::Failed(why)) => Unknown::of(&at, why),
                                other => other?,
                            };
                            object.set(name, list);
                        }
                        continue;
                    }
                    let name = match key.starts_with('[') {
                        true => match self.text(frame, key)? {
                            Datum::Unknown(unknown) => unknown.pattern.clone(),
                            other => other.written('"'),
                        },
                        false => key.clone(),
                    };
                    let value = self.element(frame, value, &format!("{pointer}/{}", escaped(key)))?;
                    object.entries.push((name, value));
                }
                self.meter.object(object)
            }
            other => self.meter.json(other),
        })
    }

    fn element(&self, frame: &Frame<'t>, value: &Value, pointer: &str) -> Outcome {
        match self.value(frame, value, pointer) {
            Err(Trouble::Failed(why)) => Ok(Unknown::of(pointer, why)),
            other => other,
        }
    }

    /// A text: an expression, or text as it is.
    pub(super) fn text(&self, frame: &Frame<'t>, text: &str) -> Outcome {
        // Templates made by expressions have their unknown parts as holes.
        if text.contains(OPEN) && !text.contains('\'') {
            return Ok(Unknown::datum(text, "it is unknown"));
        }
        if !text.starts_with('[') {
            return self.meter.text(text);
        }
        let known = self.parsed.borrow().get(text).cloned();
        if let Some(expression) = known {
            return self.expression(frame, &expression);
        }
        self.meter.spend(text.len() / 16)?;
        match expression::read(text) {
            Some(Ok(expression)) => {
                let expression = Rc::new(expression);
                if self.parsed.borrow().len() < MAX_PARSED {
                    self.parsed.borrow_mut().insert(text.to_owned(), Rc::clone(&expression));
                }
                self.expression(frame, &expression)
            }
            Some(Err(message)) => Err(Trouble::Fault(message)),
            None => self.meter.text(match text.strip_prefix("[[") {
                Some(rest) => format!("[{rest}"),
                None => text.to_owned(),
            }),
        }
    }

    /// Name, count and input of a loop; the list it makes.
    pub(super) fn looped(&self, frame: &Frame<'t>, name: &str, copy: &Value, pointer: &str) -> Outcome {
        let count = match self.rounds(frame, copy)? {
            Ok(count) => count,
            Err(why) => return Ok(Unknown::of(pointer, why)),
        };
        let input = entry(copy, "input").unwrap_or(&Value::Null);
        let mut all = Vec::new();
        for index in 0..count {
            let round = frame.with_round(name, index, false);
            all.push(self.element(&round, input, &format!("{pointer}/input"))?);
        }
        self.meter.list(all)
    }

    /// How often a loop runs, or why that is unknown.
    pub(super) fn rounds(&self, frame: &Frame<'t>, copy: &Value) -> Result<Result<i64, String>, Trouble> {
        let Some(count) = entry(copy, "count") else { return failed("the loop has no count") };
        match self.value(frame, count, "")? {
            Datum::Unknown(unknown) => Ok(Err(unknown.why.clone())),
            count => match count.as_text().map_or(Some(count.clone()), |text| text.parse().ok().map(Datum::Int)) {
                Some(Datum::Int(count @ 0..=MAX_ROUNDS)) => Ok(Ok(count)),
                Some(Datum::Int(count)) => {
                    Err(Trouble::Fault(format!("the loop runs {count} times, and the limit is {MAX_ROUNDS}")))
                }
                _ => failed("the count of the loop is not a number"),
            },
        }
    }

    /// The value of an expression.
    pub(super) fn expression(&self, frame: &Frame<'t>, expression: &Expression) -> Outcome {
        self.deeper(|| match expression {
            Expression::Text(text) => self.meter.text(text.as_str()),
            Expression::Number(number) => Ok(Datum::Int(*number)),
            Expression::Member(of, name) => {
                let of = self.expression(frame, of)?;
                let name = self.expression(frame, name)?;
                self.member(&of, &name)
            }
            Expression::Call(name, arguments) => self.call(frame, name, arguments),
        })
    }

    /// A member of a value. One that is missing fails.
    fn member(&self, of: &Datum, name: &Datum) -> Outcome {
        match self.try_member(of, name)? {
            Some(found) => Ok(found),
            None => failed(match (of, name) {
                (Datum::Null, _) => format!("cannot read `{}` of null", name.written('"')),
                (Datum::List(items), Datum::Int(index)) => {
                    format!("index {index} is outside a list with {} elements", items.len())
                }
                _ => format!("`{}` does not exist", name.written('"')),
            }),
        }
    }

    /// A member of a value, if it has it.
    fn try_member(&self, of: &Datum, name: &Datum) -> Result<Option<Datum>, Trouble> {
        let unknown = |why: &str| Unknown::of(&format!("{}.{}", of.pattern(), name.pattern()), why);
        Ok(match (of, name) {
            (Datum::Unknown(own), _) => Some(unknown(&own.why)),
            (_, Datum::Unknown(own)) => Some(unknown(&own.why)),
            (Datum::Null, _) => None,
            (Datum::Outputs(number), Datum::Text(name)) => {
                let has =
                    entry(self.deployment(*number).template, "outputs").and_then(|all| entry(all, name)).is_some();
                match has {
                    true => Some(self.output(*number, name)?).filter(|value| !value.is_null()),
                    false => None,
                }
            }
            (Datum::List(items), Datum::Int(index)) => {
                usize::try_from(*index).ok().and_then(|index| items.get(index)).cloned()
            }
            (Datum::Object(object), Datum::Text(key)) => match (object.get(key), &object.open) {
                (Some(found), _) => Some(found.clone()),
                (None, Some(own)) => Some(Unknown::of(&format!("{}.{}", own.pattern, key.as_str()), own.why.as_str())),
                (None, None) => None,
            },
            _ => return failed(format!("{} has no member with that index type ({})", of.kind(), name.kind())),
        })
    }

    fn call(&self, frame: &Frame<'t>, name: &str, arguments: &[Expression]) -> Outcome {
        match name {
            "if" => return self.branch(frame, arguments),
            "and" | "or" => return self.and_or(frame, name, arguments),
            "coalesce" => return self.coalesce(frame, arguments),
            "lambda" => return failed("`lambda` is only allowed as an argument"),
            "map" | "filter" | "reduce" | "sort" | "toobject" | "groupby" | "mapvalues" => {
                return self.with_lambda(frame, name, arguments);
            }
            _ => {}
        }
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(match self.expression(frame, argument)? {
                // Only members are asked one by one.
                Datum::Outputs(number) if name != "tryget" => self.outputs(number)?,
                value => value,
            });
        }
        if name.contains('.') {
            return self.own_function(frame, name, values);
        }
        // A function may walk over all of what it gets.
        let parts = values.iter().map(Datum::parts).fold(0, usize::saturating_add);
        self.meter.spend(parts / 16)?;
        let first = |what: &str| match values.first() {
            Some(Datum::Text(text)) => Ok(text.to_string()),
            _ => failed(format!("`{name}` needs the name of a {what}")),
        };
        match name {
            "parameters" => {
                let name = first("parameter")?;
                match &frame.function {
                    Some(parameters) => match parameters.get(&name.to_ascii_lowercase()) {
                        Some(value) => Ok(value.clone()),
                        None => failed(format!("the function does not declare parameter `{name}`")),
                    },
                    None => self.parameter(&frame.deployment, &name),
                }
            }
            "variables" => self.variable(&frame.deployment, &first("variable")?),
            "lambdavariables" => {
                let name = first("variable")?;
                match frame.locals.iter().rev().find(|(own, _)| same_name(own, &name)) {
                    Some((_, value)) => Ok(value.clone()),
                    None => failed(format!("no enclosing lambda has a variable `{name}`")),
                }
            }
            "copyindex" => copy_index(frame, &values),
            "tryget" => self.try_get(&values),
            "indexfromend" | "tryindexfromend" => self.counted_from_end(name, &values),
            _ => match function::call(&self.meter, name, &values) {
                Some(outcome) => outcome,
                None => self.of_deployment(frame, name, &values),
            },
        }
    }

    fn branch(&self, frame: &Frame<'t>, arguments: &[Expression]) -> Outcome {
        let [condition, yes, no] = arguments else { return failed("`if` needs a condition and two values") };
        match self.expression(frame, condition)? {
            Datum::Bool(true) => self.expression(frame, yes),
            Datum::Bool(false) => self.expression(frame, no),
            Datum::Text(text) if same_name(&text, "true") => self.expression(frame, yes),
            Datum::Text(text) if same_name(&text, "false") => self.expression(frame, no),
            Datum::Unknown(unknown) => {
                let either = |outcome: Outcome| match outcome {
                    Err(Trouble::Failed(why)) => Ok(Unknown::of("fails", why)),
                    other => other,
                };
                let (yes, no) = (either(self.expression(frame, yes))?, either(self.expression(frame, no))?);
                match yes.equals(&no) {
                    Some(true) => Ok(yes),
                    _ => Ok(unknown_call("if", &[Datum::Unknown(Rc::clone(&unknown)), yes, no], &unknown.why)),
                }
            }
            other => failed(format!("the condition of `if` must be true or false, found {}", other.kind())),
        }
    }

    fn and_or(&self, frame: &Frame<'t>, name: &str, arguments: &[Expression]) -> Outcome {
        let decides = name == "or";
        let mut open = None;
        let mut values = Vec::new();
        for argument in arguments {
            let value = self.expression(frame, argument)?;
            match &value {
                Datum::Bool(own) if *own == decides => return Ok(Datum::Bool(decides)),
                Datum::Bool(_) => {}
                Datum::Unknown(unknown) => open = Some(unknown.why.clone()),
                other => return failed(format!("`{name}` needs true or false, found {}", other.kind())),
            }
            values.push(value);
        }
        match open {
            Some(why) => Ok(unknown_call(name, &values, &why)),
            None => Ok(Datum::Bool(!decides)),
        }
    }

    fn coalesce(&self, frame: &Frame<'t>, arguments: &[Expression]) -> Outcome {
        for (index, argument) in arguments.iter().enumerate() {
            match self.expression(frame, argument)? {
                Datum::Null => {}
                // Text of which a part is known is not null.
                Datum::Unknown(unknown) if !unknown.is_text_in_part() && index + 1 < arguments.len() => {
                    let mut all = vec![Datum::Unknown(Rc::clone(&unknown))];
                    for rest in &arguments[index + 1..] {
                        match self.expression(frame, rest) {
                            Ok(value) => all.push(value),
                            Err(Trouble::Failed(_)) => {}
                            Err(fault) => return Err(fault),
                        }
                    }
                    return Ok(unknown_call("coalesce", &all, &unknown.why));
                }
                value => return Ok(value),
            }
        }
        Ok(Datum::Null)
    }

    /// Follows names and indexes; the first that is missing ends the chain with null.
    fn try_get(&self, values: &[Datum]) -> Outcome {
        let Some((first, keys)) = values.split_first() else { return failed("`tryGet` needs a value") };
        let mut own = first.clone();
        for key in keys {
            let from_end = match key {
                Datum::Object(object) if object.get("fromEnd").is_some() => object.get("value"),
                _ => None,
            };
            let next = match from_end {
                Some(index) => match self.counted_from_end("tryindexfromend", &[own, index.clone()])? {
                    Datum::Null => None,
                    value => Some(value),
                },
                None => self.try_member(&own, key)?,
            };
            match next {
                Some(next) => own = next,
                None => return Ok(Datum::Null),
            }
        }
        Ok(own)
    }

    fn counted_from_end(&self, name: &str, values: &[Datum]) -> Outcome {
        match values {
            [Datum::Unknown(unknown), ..] | [_, Datum::Unknown(unknown), ..] => {
                Ok(unknown_call(name, values, &unknown.why))
            }
            [Datum::Null, _] if name == "tryindexfromend" => Ok(Datum::Null),
            [Datum::List(items), Datum::Int(index)] => {
                let at = usize::try_from(*index).ok().filter(|index| *index > 0);
                match at.and_then(|index| items.get(items.len().checked_sub(index)?)) {
                    Some(found) => Ok(found.clone()),
                    None if name == "tryindexfromend" => Ok(Datum::Null),
                    None => {
                        failed(format!("index {index} from the end is outside a list with {} elements", items.len()))
                    }
                }
            }
            _ => failed(format!("`{name}` needs a list and an index")),
        }
    }

    /// A function that the template defines.
    fn own_function(&self, frame: &Frame<'t>, name: &str, values: Vec<Datum>) -> Outcome {
        self.meter.spend(8)?;
        let (space, name) = name.split_once('.').unwrap_or(("", name));
        let spaces = entry(frame.deployment.template, "functions").and_then(Value::as_array);
        let member = spaces.into_iter().flatten().find_map(|own| {
            let own_space = entry(own, "namespace").and_then(Value::as_str)?;
            entry(own, "members").filter(|_| same_name(own_space, space)).and_then(|members| entry(members, name))
        });
        let Some(member) = member else { return failed(format!("the template has no function `{space}.{name}`")) };
        let names = entry(member, "parameters").and_then(Value::as_array).into_iter().flatten();
        let names = names.filter_map(|own| entry(own, "name").and_then(Value::as_str));
        let parameters: HashMap<String, Datum> = names.map(str::to_ascii_lowercase).zip(values).collect();
        let inner = Frame {
            deployment: Rc::clone(&frame.deployment),
            copies: Vec::new(),
            locals: Vec::new(),
            function: Some(Rc::new(parameters)),
            default_of: None,
        };
        match entry(member, "output").and_then(|output| entry(output, "value")) {
            Some(value) => self.value(&inner, value, ""),
            None => failed(format!("the function `{space}.{name}` has no output")),
        }
    }

    fn with_lambda(&self, frame: &Frame<'t>, name: &str, arguments: &[Expression]) -> Outcome {
        let Some((list, lambdas)) = arguments.split_first() else { return failed(format!("`{name}` needs a list")) };
        let list = match self.expression(frame, list)? {
            Datum::Outputs(number) => self.outputs(number)?,
            list => list,
        };
        let lambda = |index: usize| match lambdas.get(index) {
            Some(Expression::Call(call, parts)) if call == "lambda" => {
                let Some((body, names)) = parts.split_last() else { return failed("a lambda needs a body") };
                let names = names.iter().map(|own| match own {
                    Expression::Text(text) => Ok(text.as_str()),
                    _ => failed("the variables of a lambda must be strings"),
                });
                Ok((names.collect::<Result<Vec<&str>, Trouble>>()?, body))
            }
            _ => failed(format!("`{name}` needs a lambda")),
        };
        let run = |(names, body): &(Vec<&str>, &Expression), values: &[Datum]| {
            let mut inner = frame.clone();
            inner.locals.extend(names.iter().map(|name| (*name).to_owned()).zip(values.iter().cloned()));
            self.expression(&inner, body)
        };
        if let Datum::Unknown(unknown) = &list {
            return Ok(unknown_call(name, std::slice::from_ref(&list), &unknown.why));
        }
        if name == "mapvalues" {
            let Datum::Object(object) = &list else { return failed("`mapValues` needs an object") };
            let lambda = lambda(0)?;
            let mut all = Vec::new();
            for (key, value) in &object.entries {
                all.push((key.clone(), run(&lambda, std::slice::from_ref(value))?));
            }
            return self.meter.entries(all);
        }
        let Datum::List(items) = &list else {
            return failed(format!("`{name}` needs a list, found {}", list.kind()));
        };
        let number = |index: usize| Datum::Int(i64::try_from(index).unwrap_or(i64::MAX));
        match name {
            "map" => {
                let lambda = lambda(0)?;
                let mut all = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    all.push(run(&lambda, &[item.clone(), number(index)])?);
                }
                self.meter.list(all)
            }
            "filter" => {
                let lambda = lambda(0)?;
                let mut all = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    match run(&lambda, &[item.clone(), number(index)])? {
                        Datum::Bool(true) => all.push(item.clone()),
                        Datum::Bool(false) => {}
                        // Perhaps it is in the list, perhaps not.
                        Datum::Unknown(unknown) => {
                            all.push(unknown_call("perhaps", std::slice::from_ref(item), &unknown.why));
                        }
                        _ => return failed("the lambda of `filter` must return true or false"),
                    }
                }
                self.meter.list(all)
            }
            "reduce" => {
                let Some(start) = lambdas.first() else { return failed("`reduce` needs a first value") };
                let mut own = self.expression(frame, start)?;
                let lambda = lambda(1)?;
                for (index, item) in items.iter().enumerate() {
                    own = run(&lambda, &[own, item.clone(), number(index)])?;
                }
                Ok(own)
            }
            "sort" => {
                let lambda = lambda(0)?;
                let mut sorted: Vec<Datum> = Vec::with_capacity(items.len());
                for item in items.iter() {
                    // The place after all that do not come after it.
                    let (mut low, mut high) = (0, sorted.len());
                    while low < high {
                        let middle = usize::midpoint(low, high);
                        match run(&lambda, &[item.clone(), sorted[middle].clone()])? {
                            Datum::Bool(true) => high = middle,
                            Datum::Bool(false) => low = middle + 1,
                            Datum::Unknown(unknown) => {
                                return Ok(unknown_call(name, std::slice::from_ref(&list), &unknown.why));
                            }
                            _ => return failed("the lambda of `sort` must return true or false"),
                        }
                    }
                    self.meter.spend(sorted.len() / 64)?;
                    sorted.insert(low, item.clone());
                }
                self.meter.list(sorted)
            }
            _ => self.grouped(name, items, &lambda(0)?, &lambda(1).ok(), &run),
        }
    }

    /// `toObject` and `groupBy`: elements by the key a lambda gives.
    #[allow(clippy::type_complexity, reason = "lambdas and how they are run")]
    fn grouped(
        &self,
        name: &str,
        items: &[Datum],
        key_of: &(Vec<&str>, &Expression),
        value_of: &Option<(Vec<&str>, &Expression)>,
        run: &dyn Fn(&(Vec<&str>, &Expression), &[Datum]) -> Outcome,
    ) -> Outcome {
        let mut object = Object::default();
        let mut groups: Vec<(String, Vec<Datum>)> = Vec::new();
        for item in items {
            let key = match run(key_of, std::slice::from_ref(item))? {
                Datum::Text(text) => text.to_string(),
                Datum::Unknown(unknown) => {
                    object.open = Some(unknown);
                    continue;
                }
                _ => return failed(format!("the keys of `{name}` must be strings")),
            };
            let value = match value_of {
                Some(lambda) => run(lambda, std::slice::from_ref(item))?,
                None => item.clone(),
            };
            match name {
                "groupby" => match groups.iter_mut().find(|(own, _)| same_name(own, &key)) {
                    Some((_, group)) => group.push(value),
                    None => groups.push((key, vec![value])),
                },
                _ => {
                    self.meter.spend(object.entries.len() / 16)?;
                    object.set(&key, value);
                }
            }
        }
        for (key, group) in groups {
            object.entries.push((key, self.meter.list(group)?));
        }
        self.meter.object(object)
    }
}

fn are_loops(copies: &[Value]) -> bool {
    !copies.is_empty() && copies.iter().all(|copy| copy.get("name").is_some() && copy.get("count").is_some())
}

/// The number of the round, of the loop with that name or of the nearest one.
fn copy_index(frame: &Frame<'_>, values: &[Datum]) -> Outcome {
    let (name, offset) = match values {
        [] => (None, 0),
        [Datum::Int(offset)] => (None, *offset),
        [Datum::Text(name)] => (Some(name), 0),
        [Datum::Text(name), Datum::Int(offset)] => (Some(name), *offset),
        _ => return failed("`copyIndex` needs the name of a loop, an offset, or both"),
    };
    let rounds = || frame.copies.iter().rev();
    let round = match name {
        Some(name) => rounds().find(|round| same_name(&round.name, name)),
        None => rounds().find(|round| round.of_resource).or_else(|| rounds().next()),
    };
    match round {
        Some(round) => Ok(Datum::Int(round.index.saturating_add(offset))),
        None => failed("`copyIndex` is used outside of its loop"),
    }
}
