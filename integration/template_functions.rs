//! The template language gives what Azure's pages print and Microsoft's own evaluator asserts.

use std::collections::BTreeMap;
use std::path::Path;

use ampls_dns::import::{DeploymentScope, Evaluated, ExpressionContext, deploy, evaluate};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Functions {
    sources: BTreeMap<String, String>,
    contexts: BTreeMap<String, Context>,
    vectors: Vec<Vector>,
}

/// What an expression is evaluated with.
#[derive(Clone, Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Context {
    parameters: Map<String, Value>,
    variables: Map<String, Value>,
    functions: Vec<Value>,
    subscription: Option<String>,
    resource_group: Option<String>,
    location: Option<String>,
    deployment_name: Option<String>,
    management_group: Option<String>,
    copy_index: Rounds,
}

#[derive(Clone, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Rounds {
    default: Option<i64>,
    named: BTreeMap<String, i64>,
}

/// A context by its name, or in place.
#[derive(Deserialize)]
#[serde(untagged)]
enum With {
    Named(String),
    Own(Box<Context>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    id: String,
    function: String,
    expression: String,
    #[serde(default, deserialize_with = "present")]
    gives: Option<Value>,
    #[serde(default)]
    fails: bool,
    #[serde(default)]
    unknown: bool,
    with: Option<With>,
    basis: String,
    source: String,
    #[allow(dead_code, reason = "for people who read the file")]
    note: Option<String>,
}

#[derive(Deserialize)]
struct Templates {
    templates: Vec<Template>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Template {
    id: String,
    about: String,
    basis: String,
    source: String,
    #[allow(dead_code, reason = "for people who read the file")]
    note: Option<String>,
    scope: Option<Context>,
    #[serde(default)]
    given: Map<String, Value>,
    template: Value,
    names: Option<Vec<String>>,
    #[serde(default)]
    outputs: Map<String, Value>,
}

/// A value that is there, `null` among them.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn read<T: serde::de::DeserializeOwned>(file: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("integration/templates").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

impl Context {
    fn scope(&self) -> DeploymentScope {
        DeploymentScope {
            subscription: self.subscription.clone(),
            resource_group: self.resource_group.clone(),
            location: self.location.clone(),
            management_group: self.management_group.clone(),
            name: self.deployment_name.clone(),
        }
    }

    fn template(&self) -> Value {
        let parameters = self.parameters.iter().map(|(name, value)| (name.clone(), json!({ "defaultValue": value })));
        json!({
            "parameters": parameters.collect::<Map<String, Value>>(),
            "variables": self.variables,
            "functions": self.functions,
        })
    }

    fn rounds(&self) -> Vec<(String, i64)> {
        let own = self.copy_index.default.map(|index| (String::new(), index));
        own.into_iter().chain(self.copy_index.named.iter().map(|(name, index)| (name.clone(), *index))).collect()
    }
}

/// Where expressions without a context are deployed to.
fn usual() -> Context {
    Context {
        subscription: Some("00000000-0000-0000-0000-000000000000".to_owned()),
        resource_group: Some("myRg".to_owned()),
        ..Context::default()
    }
}

/// Two values that say the same: 3 and 3.0 are one number.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}

#[test]
fn every_function_gives_what_azures_gives() {
    let all: Functions = read("functions.yaml");
    assert_eq!(all.vectors.len(), 463);
    let names: std::collections::BTreeSet<&str> = all.vectors.iter().map(|vector| vector.function.as_str()).collect();
    assert_eq!(names.len(), 116, "each function has a vector");
    let mut wrong = Vec::new();
    for vector in &all.vectors {
        assert!(all.sources.contains_key(&vector.source), "{}: {}", vector.id, vector.source);
        assert!(["doc", "engine", "derived"].contains(&vector.basis.as_str()), "{}: {}", vector.id, vector.basis);
        let context = match &vector.with {
            Some(With::Named(name)) => all.contexts[name].clone(),
            Some(With::Own(own)) => (**own).clone(),
            None => usual(),
        };
        let template = context.template();
        let found = evaluate(
            &Value::String(vector.expression.clone()),
            &ExpressionContext { template: Some(&template), scope: context.scope(), rounds: context.rounds() },
        );
        let holds = match (&found, &vector.gives) {
            (Evaluated::Known(found), Some(gives)) => same(found, gives),
            (Evaluated::Refused(_), None) => vector.fails,
            (Evaluated::Unknown(_), None) => vector.unknown,
            _ => false,
        };
        if !holds {
            wrong.push(format!("{} {}: {found:?}, expected {:?}", vector.id, vector.expression, vector.gives));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn whole_templates_deploy_what_azure_deploys() {
    let all: Templates = read("templates.yaml");
    assert_eq!(all.templates.len(), 21);
    for one in &all.templates {
        let what = format!("{} {} ({}: {})", one.id, one.about, one.basis, one.source);
        let scope = one.scope.clone().unwrap_or_else(usual).scope();
        let (names, outputs) = deploy(&one.template, &one.given, &scope).unwrap_or_else(|why| panic!("{what}: {why}"));
        if let Some(wanted) = &one.names {
            assert_eq!(&names, wanted, "{what}");
        }
        for (name, wanted) in &one.outputs {
            assert_eq!(outputs.get(name), Some(&Evaluated::Known(wanted.clone())), "{what}: {name}");
        }
    }
}
