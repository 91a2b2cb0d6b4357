//! References of a plan: which resource an attribute will hold the id of, followed through the configuration: resources,
//! variables of modules, their outputs, and loops.

use std::collections::HashMap;

use serde_json::Value;

use crate::import::id::ResourceId;

/// How many references may be followed behind one another.
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
    by_base: HashMap<(String, String), Vec<usize>>,
    by_id: HashMap<String, Vec<usize>>,
}

/// An instance of a resource and the id it has or will have.
struct Instance {
    module: String,
    /// Type and name, such as `azurerm_subnet.pe`.
    base: String,
    /// What stands in brackets behind it; empty without `count` and `for_each`.
    index: String,
    id: ResourceId,
}

impl Instance {
    fn of(address: &str, module: &str, id: ResourceId) -> Self {
        let own = address.strip_prefix(module).unwrap_or(address).trim_start_matches('.');
        let (base, index) = own.split_once('[').map_or((own, ""), |(base, index)| (base, index.trim_end_matches(']')));
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
        }
    }

    /// Says which id the resource at an address has.
    pub(super) fn add(&mut self, address: &str, module: &str, id: ResourceId) {
        let own = Instance::of(address, module, id);
        let number = self.instances.len();
        self.by_address.entry(address.to_owned()).or_insert(number);
        self.by_base.entry((plain(module), own.base.clone())).or_default().push(number);
        self.by_id.entry(own.id.key()).or_default().push(number);
        self.instances.push(own);
    }

    /// The id of the resource at an address.
    pub(super) fn id(&self, address: &str) -> Option<ResourceId> {
        self.by_address.get(address).map(|number| self.instances[*number].id.clone())
    }

    /// The configuration of a resource of a module.
    fn configured(&self, module: &str, base: &str) -> Option<&'t Value> {
        self.configured.get(&plain(module))?.get(base).copied()
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
        self.follow(expression, module, Some((resource, &own)), 0, &mut steps, &mut found);
        found.retain(|id| kind.is_empty() || id.kind == kind);
        let mut unique: Vec<ResourceId> = Vec::new();
        for id in found {
            if !unique.iter().any(|own| own.key() == id.key()) {
                unique.push(id);
            }
        }
        unique
    }

    /// What an attribute of that kind can hold, and whether the references say it outright. Of an id that is put together
    /// from a network's, the subnets of that network can be meant; behind a local value only what the module has.
    pub(super) fn candidates(&self, address: &str, module: &str, path: &[&str], kind: &str) -> Vec<(ResourceId, bool)> {
        let found = self.resolve(address, module, path, kind);
        if !found.is_empty() || kind.is_empty() {
            return found.into_iter().map(|id| (id, true)).collect();
        }
        let of_kind = self.instances.iter().filter(|one| one.id.kind == kind);
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
        own: Option<(&Value, &Instance)>,
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
                let looped = references.iter().any(|one| matches!(*one, "count.index" | "each.key"));
                self.reference(reference, module, own, looped, depth, steps, found);
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "a walk with what it carries along")]
    fn reference(
        &self,
        reference: &str,
        module: &str,
        own: Option<(&Value, &Instance)>,
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
                if let Some((resource, instance)) = own
                    && let Some(expression) = resource.get("for_each_expression")
                {
                    let mut all = Vec::new();
                    self.follow(expression, module, None, depth + 1, steps, &mut all);
                    // Of a loop over resources it is the one with the same key.
                    let same = |id: &&ResourceId| {
                        let all = self.by_id.get(&id.key());
                        all.into_iter().flatten().any(|number| self.instances[*number].index == instance.index)
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
                let numbers = self.by_base.get(&(plain(module), base));
                let near: Vec<&Instance> =
                    numbers.into_iter().flatten().map(|number| &self.instances[*number]).collect();
                let mut all: Vec<&Instance> = near.iter().copied().filter(|one| one.module == module).collect();
                if all.is_empty() {
                    all = near;
                }
                if !index.is_empty() {
                    all.retain(|one| one.index.trim_matches('"') == index.trim_matches('"'));
                } else if let Some((_, instance)) = own.filter(|_| looped)
                    && all.iter().any(|one| one.index == instance.index)
                {
                    // The one of the same turn of the loop.
                    all.retain(|one| one.index == instance.index);
                }
                found.extend(all.into_iter().map(|one| one.id.clone()));
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
