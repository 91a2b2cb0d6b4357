//! References of a plan: which resource an attribute will hold the id of, followed through the configuration: resources,
//! variables of modules, their outputs, and loops.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::import::id::ResourceId;

/// How many references may be followed in a row.
const MAX_DEPTH: usize = 16;
/// How many steps one search may take.
const MAX_STEPS: usize = 10_000;

/// A plan's configuration and the instances of its resources.
pub(super) struct Plan<'t> {
    configuration: Option<&'t Value>,
    variables: Option<&'t Value>,
    /// Resources of the configuration, by the calls that lead to their module, and by address in it.
    configured: HashMap<String, HashMap<String, &'t Value>>,
    instances: Vec<Instance>,
    by_address: HashMap<String, usize>,
    /// Instances by the calls that lead to their module, with type and name.
    by_base: HashMap<(String, String), Turns>,
    by_id: HashMap<String, Vec<usize>>,
    /// Instances by the type of the resource they make.
    by_kind: HashMap<String, Vec<usize>>,
}

/// The instances of one resource of the configuration, which a loop may make thousands of.
#[derive(Default)]
struct Turns {
    all: Vec<usize>,
    by_index: HashMap<String, Vec<usize>>,
    /// The addresses of the modules they are in.
    modules: HashSet<String>,
}

/// The resource whose attribute is followed.
#[derive(Clone, Copy)]
struct Own<'o> {
    /// Its configuration.
    resource: &'o Value,
    instance: &'o Instance,
    /// True if what it loops over is followed: each turn of that loop is of the same index.
    is_loop: bool,
}

/// An instance of a resource and the id it has or will have.
struct Instance {
    module: String,
    /// Type and name, such as `azurerm_subnet.pe`.
    base: String,
    /// What is in brackets after it; empty without `count` and `for_each`.
    index: String,
    id: ResourceId,
}

impl Instance {
    fn of(address: &str, module: &str, id: ResourceId) -> Self {
        let own = address.strip_prefix(module).unwrap_or(address).trim_start_matches('.');
        let (base, index) = own.split_once('[').map_or((own, ""), |(base, index)| (base, index.trim_end_matches(']')));
        let index = index.trim_matches('"');
        Self { module: module.to_owned(), base: base.to_owned(), index: index.to_owned(), id }
    }
}

impl<'t> Plan<'t> {
    pub(super) fn of(value: &'t Value) -> Self {
        let configuration = value.get("configuration").and_then(|own| own.get("root_module"));
        let mut configured = HashMap::new();
        if let Some(root) = configuration {
            index(root, "", &mut configured);
        }
        Self {
            configuration,
            variables: value.get("variables"),
            configured,
            instances: Vec::new(),
            by_address: HashMap::new(),
            by_base: HashMap::new(),
            by_id: HashMap::new(),
            by_kind: HashMap::new(),
        }
    }

    /// Says which id the resource at an address has.
    pub(super) fn add(&mut self, address: &str, module: &str, id: ResourceId) {
        let own = Instance::of(address, module, id);
        let number = self.instances.len();
        self.by_address.entry(address.to_owned()).or_insert(number);
        let turns = self.by_base.entry((plain(module), own.base.clone())).or_default();
        turns.all.push(number);
        turns.by_index.entry(own.index.clone()).or_default().push(number);
        turns.modules.insert(module.to_owned());
        self.by_id.entry(own.id.key()).or_default().push(number);
        self.by_kind.entry(own.id.kind.clone()).or_default().push(number);
        self.instances.push(own);
    }

    /// The id of the resource at an address.
    pub(super) fn id(&self, address: &str) -> Option<ResourceId> {
        self.by_address.get(address).map(|number| self.instances[*number].id.clone())
    }

    /// True if the id of the resource at an address is known.
    pub(super) fn has(&self, address: &str) -> bool {
        self.by_address.contains_key(address)
    }

    /// The configuration of a resource of a module.
    fn configured(&self, module: &str, base: &str) -> Option<&'t Value> {
        self.configured.get(&plain(module))?.get(base).copied()
    }

    /// True if the configuration sets an attribute of a resource, or of a block in it.
    pub(super) fn is_configured(&self, address: &str, module: &str, path: &[&str]) -> bool {
        let base = Instance::of(address, module, ResourceId::opaque("")).base;
        let mut found: Vec<&Value> =
            self.configured(module, &base).and_then(|own| own.get("expressions")).into_iter().collect();
        for key in path {
            let blocks = found.into_iter().flat_map(|own| match own {
                Value::Array(blocks) => blocks.iter().collect(),
                own => vec![own],
            });
            found = blocks.filter_map(|own| own.get(key)).collect();
        }
        !found.is_empty()
    }

    /// The ids an attribute will hold; of that kind only, unless it is empty.
    pub(super) fn resolve(&self, address: &str, module: &str, path: &[&str], kind: &str) -> Vec<ResourceId> {
        let own = Instance::of(address, module, ResourceId::opaque(""));
        let Some(resource) = self.configured(module, &own.base) else { return Vec::new() };
        let mut expressions = resource.get("expressions");
        for key in path {
            expressions = expressions.and_then(|own| match own {
                Value::Array(blocks) => blocks.first()?.get(key),
                own => own.get(key),
            });
        }
        let Some(expression) = expressions else { return Vec::new() };
        let mut found = Vec::new();
        let mut steps = 0;
        let own = Own { resource, instance: &own, is_loop: false };
        self.follow(expression, module, Some(own), 0, &mut steps, &mut found);
        let mut seen = HashSet::new();
        found.retain(|id| (kind.is_empty() || id.kind == kind) && seen.insert(id.key()));
        found
    }

    /// What an attribute of that kind can hold, and whether the references say it outright. Of an id that is put together
    /// from a network's, the subnets of that network can be meant; after a local value only what the module has.
    pub(super) fn candidates(&self, address: &str, module: &str, path: &[&str], kind: &str) -> Vec<(ResourceId, bool)> {
        let found = self.resolve(address, module, path, kind);
        if !found.is_empty() || kind.is_empty() {
            return found.into_iter().map(|id| (id, true)).collect();
        }
        let of_kind = self.by_kind.get(kind).into_iter().flatten().map(|number| &self.instances[*number]);
        if kind.ends_with("/subnets") {
            let networks = self.resolve(address, module, path, "microsoft.network/virtualnetworks");
            if !networks.is_empty() {
                let within = |one: &&Instance| {
                    one.id.parent().is_some_and(|parent| networks.iter().any(|own| own.key() == parent.key()))
                };
                return of_kind.filter(within).map(|one| (one.id.clone(), false)).collect();
            }
        }
        if !self.has_local(address, module, path) {
            return Vec::new();
        }
        of_kind.filter(|one| one.module == module).map(|one| (one.id.clone(), false)).collect()
    }

    /// True if an attribute comes from a local value, whose expression a plan does not have.
    fn has_local(&self, address: &str, module: &str, path: &[&str]) -> bool {
        let own = Instance::of(address, module, ResourceId::opaque(""));
        let mut expressions = self.configured(module, &own.base).and_then(|resource| resource.get("expressions"));
        for key in path {
            expressions = expressions.and_then(|own| match own {
                Value::Array(blocks) => blocks.first()?.get(key),
                own => own.get(key),
            });
        }
        let references = expressions.and_then(|own| own.get("references")).and_then(Value::as_array);
        references.into_iter().flatten().filter_map(Value::as_str).any(|one| one.starts_with("local."))
    }

    /// The configuration of a module, by its address with or without indexes.
    fn module(&self, address: &str) -> Option<&'t Value> {
        let mut config = self.configuration?;
        for call in calls(address) {
            config = config.get("module_calls")?.get(call)?.get("module")?;
        }
        Some(config)
    }

    fn follow(
        &self,
        expression: &Value,
        module: &str,
        own: Option<Own<'_>>,
        depth: usize,
        steps: &mut usize,
        found: &mut Vec<ResourceId>,
    ) {
        *steps += 1;
        if depth > MAX_DEPTH || *steps > MAX_STEPS {
            return;
        }
        if let Some(constant) = expression.get("constant_value") {
            for text in texts(constant) {
                found.extend(ResourceId::parse(text));
            }
        }
        let references = expression.get("references").and_then(Value::as_array);
        let references: Vec<&str> = references.into_iter().flatten().filter_map(Value::as_str).collect();
        for (index, reference) in references.iter().enumerate() {
            // Terraform lists each reference again without its last parts.
            let again = references[..index]
                .iter()
                .any(|before| before.strip_prefix(reference).is_some_and(|rest| rest.starts_with(['.', '['])));
            if !again {
                let looped = own.is_some_and(|own| own.is_loop)
                    || references.iter().any(|one| matches!(*one, "count.index" | "each.key"));
                self.reference(reference, module, own, looped, depth, steps, found);
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "a walk with what it carries along")]
    fn reference(
        &self,
        reference: &str,
        module: &str,
        own: Option<Own<'_>>,
        looped: bool,
        depth: usize,
        steps: &mut usize,
        found: &mut Vec<ResourceId>,
    ) {
        let parts: Vec<&str> = reference.split('.').collect();
        match parts.as_slice() {
            ["var", name, ..] => {
                let name = name.split('[').next().unwrap_or_default();
                match parent(module) {
                    Some((outer, call)) => {
                        let config = self.module(outer).and_then(|config| config.get("module_calls")?.get(call));
                        if let Some(expression) = config.and_then(|call| call.get("expressions")?.get(name)) {
                            self.follow(expression, outer, None, depth + 1, steps, found);
                        }
                    }
                    None => {
                        let value = self.variables.and_then(|all| all.get(name)?.get("value"));
                        for text in value.into_iter().flat_map(texts) {
                            found.extend(ResourceId::parse(text));
                        }
                    }
                }
            }
            ["module", call, rest @ ..] => {
                let name = call.split('[').next().unwrap_or_default();
                let Some(output) = rest.first().and_then(|output| output.split('[').next()) else { return };
                let inner = match module.is_empty() {
                    true => format!("module.{name}"),
                    false => format!("{module}.module.{name}"),
                };
                let expression =
                    self.module(&inner).and_then(|config| config.get("outputs")?.get(output)?.get("expression"));
                if let Some(expression) = expression {
                    self.follow(expression, &inner, None, depth + 1, steps, found);
                }
            }
            ["each", "value", ..] => {
                if let Some(own) = own
                    && let Some(expression) = own.resource.get("for_each_expression")
                {
                    let mut all = Vec::new();
                    let is_loop = Own { is_loop: true, ..own };
                    self.follow(expression, module, Some(is_loop), depth + 1, steps, &mut all);
                    // Of a loop over resources it is the one with the same key.
                    let same = |id: &&ResourceId| {
                        let all = self.by_id.get(&id.key());
                        all.into_iter().flatten().any(|number| self.instances[*number].index == own.instance.index)
                    };
                    match all.iter().find(same) {
                        Some(one) => found.push(one.clone()),
                        None => found.extend(all),
                    }
                }
            }
            _ => {
                let data = parts.first() == Some(&"data");
                let used = if data { 3 } else { 2 };
                if parts.len() < used {
                    return;
                }
                let joined = parts.join(".");
                // A key in brackets can have dots.
                let (base, index) = match joined.find('[') {
                    Some(at) if joined[..at].matches('.').count() < used => {
                        let rest = &joined[at + 1..];
                        (joined[..at].to_owned(), rest.split(']').next().unwrap_or_default())
                    }
                    _ => (parts[..used].join("."), ""),
                };
                let Some(turns) = self.by_base.get(&(plain(module), base)) else { return };
                let index = index.trim_matches('"');
                // Of a loop it is the same turn, if there is one.
                let same = own.filter(|_| looped && index.is_empty()).map(|own| own.instance.index.as_str());
                let same = same.filter(|same| turns.by_index.contains_key(*same));
                let numbers = match same.or((!index.is_empty()).then_some(index)) {
                    Some(index) => turns.by_index.get(index).map_or(&[][..], Vec::as_slice),
                    None => &turns.all,
                };
                // Those of this instance of the module, if it has any.
                let is_here = turns.modules.contains(module);
                let all = numbers.iter().map(|number| &self.instances[*number]);
                found.extend(all.filter(|one| !is_here || one.module == module).map(|one| one.id.clone()));
            }
        }
    }
}

/// The module a module was called in, and the name of the call.
fn parent(module: &str) -> Option<(&str, &str)> {
    let at = module.rfind("module.")?;
    let call = module[at + "module.".len()..].split('[').next().unwrap_or_default();
    Some((module[..at].trim_end_matches('.'), call))
}

/// The names of the calls that lead to a module.
fn calls(module: &str) -> impl Iterator<Item = &str> {
    module.split("module.").skip(1).map(|part| part.trim_end_matches('.').split('[').next().unwrap_or_default())
}

/// The same as one text.
fn plain(module: &str) -> String {
    calls(module).collect::<Vec<_>>().join(".")
}

/// Gathers the resources of a module and of those it calls.
fn index<'t>(config: &'t Value, calls: &str, found: &mut HashMap<String, HashMap<String, &'t Value>>) {
    let own = found.entry(calls.to_owned()).or_default();
    for resource in config.get("resources").and_then(Value::as_array).into_iter().flatten() {
        let text = |key: &str| resource.get(key).and_then(Value::as_str).unwrap_or_default();
        // The first one counts, by its address or by type and name.
        own.entry(text("address").to_owned()).or_insert(resource);
        own.entry(format!("{}.{}", text("type"), text("name"))).or_insert(resource);
    }
    for (name, call) in config.get("module_calls").and_then(Value::as_object).into_iter().flatten() {
        if let Some(module) = call.get("module") {
            let dot = if calls.is_empty() { "" } else { "." };
            index(module, &format!("{calls}{dot}{name}"), found);
        }
    }
}

/// All texts in a value.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        Value::Object(entries) => entries.values().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}
