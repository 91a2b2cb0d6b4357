//! A deployment: a template, where it is deployed to, and the parameters it is given.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Map, Value};
use typed_arena::Arena;

use super::expression::Expression;
use super::target::Target;
use super::value::{Datum, Meter, Outcome, Trouble, Unknown, failed, hole, same_name};

/// How deep evaluation may go: values within values, calls within calls, variables that use variables.
const MAX_DEPTH: usize = 200;
/// The most resources one file may have when its loops are unrolled.
pub(super) const MAX_RESOURCES: usize = 20_000;

/// All deployments of a file, and what was evaluated so far.
pub(super) struct Engine<'t> {
    /// Templates that expressions made.
    pub(super) arena: &'t Arena<Value>,
    pub(super) meter: Rc<Meter>,
    /// Expressions that were parsed, by their text.
    pub(super) parsed: RefCell<HashMap<String, Rc<Expression>>>,
    pub(super) deployments: RefCell<Vec<Rc<Deployment<'t>>>>,
    pub(super) instances: RefCell<Vec<Rc<Instance<'t>>>>,
    /// Instances by id in lower case, and by type and name where parts of the id are unknown.
    pub(super) by_id: RefCell<HashMap<String, usize>>,
    pub(super) by_name: RefCell<HashMap<String, Vec<usize>>>,
    /// What is being evaluated: what is met again is a circle.
    under_way: RefCell<Vec<(String, usize)>>,
    /// Instances that were referred to by name since the list was emptied.
    pub(super) touched: RefCell<Vec<usize>>,
    /// How many resources may still be made.
    pub(super) left: Cell<usize>,
    pub(super) notes: RefCell<Vec<Note>>,
    /// Templates of this import by the last part of their file name, for links.
    pub(super) linked: HashMap<String, &'t Value>,
    /// The entries of parameter files, by the name of the file in lower case.
    pub(super) linked_parameters: HashMap<String, &'t Map<String, Value>>,
}

/// Something worth reporting that was found while resources were made.
#[derive(Debug)]
pub(super) enum Note {
    /// The template is wrong here.
    Fault { pointer: String, message: String },
    /// A resource or part of it is unknown, and why.
    NotKnown { pointer: String, text: String },
}

/// A template with its parameters and its target.
pub(super) struct Deployment<'t> {
    /// Its place in the engine's list.
    pub(super) number: usize,
    pub(super) template: &'t Value,
    pub(super) pointer: String,
    pub(super) name: Datum,
    pub(super) target: Target,
    /// Parameters as they were given, by name in lower case.
    pub(super) given: HashMap<String, Given<'t>>,
    /// Where expressions are evaluated: absent for inner scope, the template around it for outer scope.
    pub(super) evaluate_in: Option<Frame<'t>>,
    pub(super) parameters: RefCell<HashMap<String, Datum>>,
    pub(super) variables: RefCell<HashMap<String, Datum>>,
    pub(super) outputs: RefCell<HashMap<String, Datum>>,
    /// Its resources, by their place in the engine's list.
    pub(super) resources: RefCell<Vec<usize>>,
    pub(super) expanded: Cell<bool>,
    pub(super) depth: usize,
}

/// A parameter as it was given.
pub(super) enum Given<'t> {
    /// By the template around it: an object with `value`, `copy` or `reference`, or an expression for one.
    Written { entry: &'t Value, frame: Frame<'t>, pointer: String },
    /// A value that is known already.
    Ready(Datum),
}

/// What an expression sees where it is written.
#[derive(Clone)]
pub(super) struct Frame<'t> {
    pub(super) deployment: Rc<Deployment<'t>>,
    pub(super) copies: Vec<Round>,
    /// Variables of lambdas, the innermost last.
    pub(super) locals: Vec<(String, Datum)>,
    /// The parameters of the user's function whose body this is.
    pub(super) function: Option<Rc<HashMap<String, Datum>>>,
    /// The parameter whose default value this is.
    pub(super) default_of: Option<Rc<str>>,
}

/// A round of a loop.
#[derive(Clone, Debug)]
pub(super) struct Round {
    pub(super) name: String,
    pub(super) index: i64,
    /// True for loops of resources; others are of properties, variables and outputs.
    pub(super) of_resource: bool,
}

/// Whether a resource is deployed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Condition {
    Yes,
    No,
    /// Depends on what is unknown.
    Perhaps(String),
}

/// One resource of a template, one round of its loop.
pub(super) struct Instance<'t> {
    pub(super) symbol: Option<String>,
    pub(super) round: Option<Round>,
    /// How many rounds go at a time; 0 if all do.
    pub(super) batch: i64,
    pub(super) own: &'t Map<String, Value>,
    /// Its place among the resources of the template.
    pub(super) order: usize,
    pub(super) pointer: String,
    pub(super) frame: Frame<'t>,
    /// The type in lower case.
    pub(super) kind: String,
    pub(super) name: Datum,
    /// Its id; parts that are unknown are holes.
    pub(super) id: String,
    pub(super) existing: bool,
    pub(super) condition: Condition,
    /// The deployment it is.
    pub(super) nested: Option<usize>,
    pub(super) body: RefCell<Option<Datum>>,
    /// What it was found to refer to by name.
    pub(super) refers: RefCell<Vec<usize>>,
}

impl<'t> Frame<'t> {
    pub(super) fn of(deployment: &Rc<Deployment<'t>>) -> Self {
        match &deployment.evaluate_in {
            Some(frame) => frame.clone(),
            None => Self {
                deployment: Rc::clone(deployment),
                copies: Vec::new(),
                locals: Vec::new(),
                function: None,
                default_of: None,
            },
        }
    }

    pub(super) fn with_round(&self, name: &str, index: i64, of_resource: bool) -> Self {
        let mut own = self.clone();
        own.copies.push(Round { name: name.to_owned(), index, of_resource });
        own
    }
}

/// An entry of an object, in any case.
pub(super) fn entry<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.as_object()?.iter().find(|(key, _)| same_name(key, name)).map(|(_, value)| value)
}

impl<'t> Engine<'t> {
    pub(super) fn new(arena: &'t Arena<Value>, file_bytes: usize) -> Self {
        Self {
            arena,
            meter: Meter::new(file_bytes),
            parsed: RefCell::default(),
            deployments: RefCell::default(),
            instances: RefCell::default(),
            by_id: RefCell::default(),
            by_name: RefCell::default(),
            under_way: RefCell::default(),
            touched: RefCell::default(),
            left: Cell::new(MAX_RESOURCES),
            notes: RefCell::default(),
            linked: HashMap::new(),
            linked_parameters: HashMap::new(),
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a deployment")]
    pub(super) fn add_deployment(
        &self,
        template: &'t Value,
        pointer: &str,
        name: Datum,
        target: Target,
        given: HashMap<String, Given<'t>>,
        evaluate_in: Option<Frame<'t>>,
        depth: usize,
    ) -> Rc<Deployment<'t>> {
        let mut deployments = self.deployments.borrow_mut();
        let own = Rc::new(Deployment {
            number: deployments.len(),
            template,
            pointer: pointer.to_owned(),
            name,
            target,
            given,
            evaluate_in,
            parameters: RefCell::default(),
            variables: RefCell::default(),
            outputs: RefCell::default(),
            resources: RefCell::default(),
            expanded: Cell::new(false),
            depth,
        });
        deployments.push(Rc::clone(&own));
        own
    }

    pub(super) fn deployment(&self, number: usize) -> Rc<Deployment<'t>> {
        Rc::clone(&self.deployments.borrow()[number])
    }

    pub(super) fn instance(&self, number: usize) -> Rc<Instance<'t>> {
        Rc::clone(&self.instances.borrow()[number])
    }

    pub(super) fn note(&self, pointer: &str, text: impl Into<String>) {
        self.notes.borrow_mut().push(Note::NotKnown { pointer: pointer.to_owned(), text: text.into() });
    }

    pub(super) fn trouble(&self, pointer: &str, trouble: Trouble) {
        self.notes.borrow_mut().push(match trouble {
            Trouble::Fault(message) => Note::Fault { pointer: pointer.to_owned(), message },
            Trouble::Failed(text) => Note::NotKnown { pointer: pointer.to_owned(), text },
        });
    }

    /// Goes one level deeper, within bounds.
    pub(super) fn deeper<T>(&self, run: impl FnOnce() -> Result<T, Trouble>) -> Result<T, Trouble> {
        self.meter.spend(1)?;
        let depth = self.meter.depth.get();
        if depth >= MAX_DEPTH {
            return Err(Trouble::Fault(format!(
                "values are nested deeper than {MAX_DEPTH} after variables are substituted"
            )));
        }
        self.meter.depth.set(depth + 1);
        let outcome = run();
        self.meter.depth.set(depth);
        outcome
    }

    /// Evaluates what has a name; what is met again while it is evaluated is a circle.
    pub(super) fn once(
        &self,
        what: String,
        number: usize,
        run: impl FnOnce() -> Outcome,
        circle: fn(String) -> Trouble,
    ) -> Outcome {
        let what = (what, number);
        let met = {
            let under_way = self.under_way.borrow();
            let names = |at: usize| under_way[at..].iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
            under_way.iter().position(|own| *own == what).map(|at| names(at).join(" → "))
        };
        if let Some(way) = met {
            return Err(circle(format!("circular references: {}", crate::import::fact::shown(&way.into()))));
        }
        self.under_way.borrow_mut().push(what);
        let outcome = run();
        self.under_way.borrow_mut().pop();
        outcome
    }

    /// The value of a parameter.
    pub(super) fn parameter(&self, deployment: &Rc<Deployment<'t>>, name: &str) -> Outcome {
        let key = name.to_ascii_lowercase();
        if let Some(known) = deployment.parameters.borrow().get(&key) {
            return Ok(known.clone());
        }
        let value = self.once(
            format!("parameters('{name}')"),
            deployment.number,
            || self.parameter_anew(deployment, name, &key),
            Trouble::Fault,
        )?;
        deployment.parameters.borrow_mut().insert(key, value.clone());
        Ok(value)
    }

    fn parameter_anew(&self, deployment: &Rc<Deployment<'t>>, name: &str, key: &str) -> Outcome {
        let declared = entry(deployment.template, "parameters").and_then(|all| entry(all, name));
        let Some(declared) = declared else {
            return failed(format!("the template does not declare parameter `{name}`"));
        };
        let token = match deployment.depth {
            0 => name.to_owned(),
            _ => format!("{name} of {}", deployment.pointer),
        };
        let types = self.types(deployment, declared);
        if types.iter().any(|own| {
            entry(own, "type")
                .and_then(Value::as_str)
                .is_some_and(|own| same_name(own, "securestring") || same_name(own, "secureobject"))
        }) {
            return Ok(Unknown::of(&token, format!("parameter `{name}` is a secret")));
        }
        let given = match deployment.given.get(key) {
            Some(Given::Ready(value)) => value.clone(),
            Some(Given::Written { entry, frame, pointer }) => self.given(entry, frame, pointer, &token)?,
            None => Datum::Null,
        };
        if !given.is_null() {
            return Ok(given);
        }
        if let Some(default) = entry(declared, "defaultValue") {
            let mut frame = Frame::of(deployment);
            frame.default_of = Some(token.as_str().into());
            let pointer = format!("{}/parameters/{}/defaultValue", deployment.pointer, name);
            let value = self.value(&frame, default, &pointer)?;
            if !value.is_null() {
                return Ok(value);
            }
        }
        let nullable = |own: &&Value| entry(own, "nullable").and_then(Value::as_bool) == Some(true);
        if types.iter().any(nullable) || entry(declared, "defaultValue").is_some() {
            return Ok(Datum::Null);
        }
        Ok(Unknown::of(&token, format!("parameter `{name}` has no value")))
    }

    /// A type and the definitions it refers to.
    fn types<'v>(&self, deployment: &Deployment<'t>, declared: &'v Value) -> Vec<&'v Value>
    where
        't: 'v,
    {
        let mut all = vec![declared];
        let mut own = declared;
        for _ in 0..16 {
            let Some(name) = entry(own, "$ref").and_then(Value::as_str) else { break };
            let name = name.rsplit('/').next().unwrap_or_default();
            let Some(next) = entry(deployment.template, "definitions").and_then(|all| entry(all, name)) else { break };
            all.push(next);
            own = next;
        }
        all
    }

    /// A parameter as the template around it gives it.
    pub(super) fn given(&self, written: &'t Value, frame: &Frame<'t>, pointer: &str, token: &str) -> Outcome {
        let secret = || Ok(Unknown::of(token, "it is a secret from a key vault"));
        match written {
            Value::String(_) => match self.value(frame, written, pointer)? {
                Datum::Object(object) if object.get("reference").is_some() => secret(),
                Datum::Object(object) => Ok(object.get("value").cloned().unwrap_or(Datum::Null)),
                Datum::Unknown(unknown) => Ok(Unknown::of(token, unknown.why.clone())),
                _ => Ok(Datum::Null),
            },
            written if entry(written, "reference").is_some() => secret(),
            written => {
                if let Some(value) = entry(written, "value") {
                    return self.value(frame, value, &format!("{pointer}/value"));
                }
                if let Some(value) = entry(written, "expression") {
                    return self.value(frame, value, &format!("{pointer}/expression"));
                }
                match self.value(frame, written, pointer)? {
                    Datum::Object(object) => Ok(object.get("value").cloned().unwrap_or(Datum::Null)),
                    _ => Ok(Datum::Null),
                }
            }
        }
    }

    /// The value of a variable.
    pub(super) fn variable(&self, deployment: &Rc<Deployment<'t>>, name: &str) -> Outcome {
        let key = name.to_ascii_lowercase();
        if let Some(known) = deployment.variables.borrow().get(&key) {
            return Ok(known.clone());
        }
        let all = entry(deployment.template, "variables");
        let own = all.and_then(|all| entry(all, name)).filter(|_| key != "copy");
        let copy = || {
            let copies = all.and_then(|all| entry(all, "copy"))?.as_array()?;
            copies.iter().find(|copy| copy.get("name").and_then(Value::as_str).is_some_and(|own| same_name(own, name)))
        };
        let frame = Frame::of(deployment);
        let pointer = format!("{}/variables/{name}", deployment.pointer);
        let value = self.once(
            format!("variables('{name}')"),
            deployment.number,
            || match (own, copy()) {
                (Some(own), _) => self.value(&frame, own, &pointer),
                (None, Some(copy)) => self.looped(&frame, name, copy, &pointer),
                (None, None) => failed(format!("the template does not declare variable `{name}`")),
            },
            Trouble::Fault,
        )?;
        deployment.variables.borrow_mut().insert(key, value.clone());
        Ok(value)
    }

    /// An output, as `{type, value}`; null where it is not there.
    pub(super) fn output(&self, number: usize, name: &str) -> Outcome {
        let deployment = self.deployment(number);
        let key = name.to_ascii_lowercase();
        if let Some(known) = deployment.outputs.borrow().get(&key) {
            return Ok(known.clone());
        }
        let Some(own) = entry(deployment.template, "outputs").and_then(|all| entry(all, name)) else {
            return failed(format!("the deployment has no output `{name}`"));
        };
        let frame = Frame::of(&deployment);
        let pointer = format!("{}/outputs/{name}", deployment.pointer);
        let token = || hole(&format!("output {name} of {}", deployment.pointer));
        let value = self.once(
            format!("output {name}"),
            number,
            || {
                if let Some(condition) = entry(own, "condition") {
                    match self.value(&frame, condition, &pointer)? {
                        Datum::Bool(false) => return Ok(Datum::Null),
                        Datum::Unknown(unknown) => return Ok(Unknown::datum(token(), unknown.why.clone())),
                        _ => {}
                    }
                }
                let value = match (entry(own, "value"), entry(own, "copy")) {
                    (Some(value), _) => self.value(&frame, value, &format!("{pointer}/value")),
                    (None, Some(copy)) => self.looped(&frame, name, copy, &format!("{pointer}/copy")),
                    (None, None) => Ok(Datum::Null),
                };
                let value = match value {
                    Err(Trouble::Failed(why)) => Unknown::datum(token(), why),
                    other => other?,
                };
                self.meter.entries(vec![("value".to_owned(), value)])
            },
            Trouble::Failed,
        )?;
        deployment.outputs.borrow_mut().insert(key, value.clone());
        Ok(value)
    }

    /// All outputs as an object.
    pub(super) fn outputs(&self, number: usize) -> Outcome {
        let deployment = self.deployment(number);
        let names: Vec<&String> =
            entry(deployment.template, "outputs").and_then(Value::as_object).into_iter().flat_map(Map::keys).collect();
        let mut all = Vec::new();
        for name in names {
            match self.output(number, name)? {
                Datum::Null => {}
                value => all.push((name.clone(), value)),
            }
        }
        self.meter.entries(all)
    }
}
