//! No field is accepted and ignored: every field of the written forms changes something, or is refused.
//!
//! The fields are those of the JSON Schema, so a new one without an example fails. Examples are the built-in scenarios and
//! the files in `integration/fields/`. A field counts as read if taking an occurrence out, or writing another value there,
//! changes what the estate answers, reports or draws, or cannot be read any more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use ampls_dns::assess::Assessment;
use ampls_dns::assess::flow::Client;
use ampls_dns::assess::verify::verify;
use ampls_dns::compile::Fold;
use ampls_dns::output::drawing::{Estate, TimelineView};
use ampls_dns::output::page::Page;
use ampls_dns::output::{findings, flows};
use ampls_dns::scenario::{AllowFile, Document, Scenario, Spec, builtin};
use serde_json::Value;

/// A place in a document: keys and indexes from the top.
type Pointer = Vec<Step>;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Step {
    Key(String),
    Index(usize),
}

/// The schema of a form, to walk documents by.
struct Form {
    root: Value,
    name: &'static str,
}

impl Form {
    /// All fields, as `Schema.field`.
    fn fields(&self) -> BTreeSet<String> {
        let mut fields = BTreeSet::new();
        let mut collect = |of: &str, node: &Value| collect_fields(of, node, &mut fields);
        let mut top = self.root.clone();
        if let Some(top) = top.as_object_mut() {
            top.remove("$defs");
        }
        collect(self.name, &top);
        for (name, node) in self.root["$defs"].as_object().into_iter().flatten() {
            collect(name, node);
        }
        fields
    }

    /// Schemas of objects or lists that a node allows, each with the name it is defined under.
    fn variants<'s>(&'s self, of: &'s str, node: &'s Value, into: &mut Vec<(&'s str, &'s Value)>) {
        if let Some(reference) = node["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap_or_default();
            if let Some((name, node)) = self.root["$defs"].as_object().and_then(|all| all.get_key_value(name)) {
                self.variants(name, node, into);
            }
        }
        into.push((of, node));
        for word in ["anyOf", "oneOf", "allOf"] {
            for one in node[word].as_array().into_iter().flatten() {
                self.variants(of, one, into);
            }
        }
    }

    /// Finds every occurrence of every field in a document.
    fn occurrences(
        &self,
        of: &str,
        node: &Value,
        value: &Value,
        at: &[Step],
        into: &mut BTreeMap<String, Vec<Pointer>>,
    ) {
        let mut variants = Vec::new();
        self.variants(of, node, &mut variants);
        match value {
            Value::Object(entries) => {
                let has = |key: &str| variants.iter().any(|(_, node)| node["properties"].get(key).is_some());
                // Of several forms of an object it is one that has all of its keys.
                let fits = |node: &Value| {
                    let own = |key: &String| node["properties"].get(key).is_some();
                    node["properties"].is_object() && entries.keys().filter(|key| has(key)).any(own)
                };
                for (key, own) in entries {
                    let at: Pointer = at.iter().cloned().chain([Step::Key(key.clone())]).collect();
                    let mut known = false;
                    for (of, node) in variants.iter().filter(|(_, node)| fits(node)) {
                        if let Some(schema) = node["properties"].get(key) {
                            known = true;
                            into.entry(format!("{of}.{key}")).or_default().push(at.clone());
                            self.occurrences(of, schema, own, &at, into);
                        }
                    }
                    if !known {
                        for (of, node) in variants.iter().filter(|(_, node)| node["additionalProperties"].is_object()) {
                            self.occurrences(of, &node["additionalProperties"], own, &at, into);
                        }
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let at: Pointer = at.iter().cloned().chain([Step::Index(index)]).collect();
                    for (of, node) in variants.iter().filter(|(_, node)| node["items"].is_object()) {
                        self.occurrences(of, &node["items"], item, &at, into);
                    }
                }
            }
            _ => {}
        }
    }
}

fn collect_fields(of: &str, node: &Value, into: &mut BTreeSet<String>) {
    match node {
        Value::Object(entries) => {
            into.extend(node["properties"].as_object().into_iter().flatten().map(|(key, _)| format!("{of}.{key}")));
            for (key, own) in entries {
                match (key.as_str(), own) {
                    ("properties", Value::Object(own)) => own.values().for_each(|own| collect_fields(of, own, into)),
                    ("properties", _) => {}
                    _ => collect_fields(of, own, into),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|own| collect_fields(of, own, into)),
        _ => {}
    }
}

fn find<'v>(value: &'v mut Value, at: &[Step]) -> Option<&'v mut Value> {
    at.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Index(index) => value.get_mut(index),
    })
}

/// The document without the field, and with other values there.
fn changed(document: &Value, at: &[Step]) -> Vec<Value> {
    let mut all = Vec::new();
    let with = |new: Value| {
        let mut document = document.clone();
        *find(&mut document, at)? = new;
        Some(document)
    };
    let mut copy = document.clone();
    let Some(own) = find(&mut copy, at).cloned() else { return all };
    if let Some((Step::Key(key), around)) = at.split_last() {
        let mut without = document.clone();
        if let Some(Value::Object(entries)) = find(&mut without, around) {
            entries.remove(key);
            all.push(without);
        }
    }
    let others: Vec<Value> = match &own {
        Value::Bool(own) => vec![(!own).into()],
        Value::Number(own) => vec![(own.as_u64().unwrap_or_default() + 1).into()],
        Value::String(own) => ["Disabled", "PrivateOnly", "Deny", "NxDomainRedirect", "public", "error", "note"]
            .into_iter()
            .filter(|word| word != own)
            .map(Value::from)
            .chain([format!("{own}x").into(), format!("1{own}").into()])
            .collect(),
        Value::Array(own) if !own.is_empty() => vec![own[1..].to_vec().into(), vec![own[0].clone(); 2].into()],
        Value::Object(own) if own.len() > 1 => {
            vec![own.clone().into_iter().skip(1).collect::<serde_json::Map<_, _>>().into()]
        }
        _ => Vec::new(),
    };
    all.extend(others.into_iter().filter_map(with));
    all
}

/// What can be seen of a scenario.
fn seen(scenario: &Scenario) -> String {
    let mut text = String::new();
    let history = Arc::new(scenario.history.clone());
    let view = TimelineView::of(scenario, &[]);
    let json = |value: &dyn erased::Json| value.text();
    let mut see = |what: String| writeln!(text, "{what}").expect("text is written to memory");
    see(format!("{} {} {}", view.title, view.about, view.source));
    see(json(&Page::of(&view)));
    let today = jiff::civil::date(2026, 1, 1);
    let mut fold = Fold::new(&history);
    for (index, step) in history.steps().iter().enumerate() {
        fold.to(step.end);
        let world = fold.compiled();
        let assessment = Assessment::of(&world);
        see(json(&findings::check_document(&assessment.clone().accept(&scenario.allow, today))));
        see(format!("{:?}", Estate::at(&view, index)));
        let resources: Vec<_> = world.state.resources.keys().cloned().collect();
        let machines = world.state.machines.keys().cloned().map(Client::Machine);
        for client in world.views.iter().map(|(id, _)| Client::View(id)).chain(machines) {
            see(json(&flows::documents(&world, &client, &resources, None, &assessment)));
        }
        for linked in world.state.zones.values() {
            for owned in linked.zone.sets() {
                see(format!("{:?}", owned.set));
            }
        }
        for network in world.state.networks.values() {
            for prefix in network.prefixes() {
                see(format!("{:?}", world.views.of_address(prefix.addr())));
            }
        }
    }
    for case in verify(&history, &scenario.expectations) {
        see(format!("{} {:?}", case.subject, case.mismatch));
    }
    text
}

/// Values of several types as JSON text.
mod erased {
    pub(super) trait Json {
        fn text(&self) -> String;
    }

    impl<T: serde::Serialize> Json for T {
        fn text(&self) -> String {
            serde_json::to_string(self).expect("documents have text for keys")
        }
    }
}

/// What can be seen of a document that was read, or why it cannot be.
fn read(kind: &str, document: &Value) -> Result<String, String> {
    let text = document.to_string();
    let files = |name: &str| match name {
        "public.zone" => {
            Ok(b"$TTL 60\n@ SOA ns.example. host.example. 1 2 3 4 5\n@ NS ns.example.\nwww A 192.0.2.7\n".to_vec())
        }
        other => Err(format!("there is no {other}")),
    };
    match kind {
        "spec" => match Document::read("x", text.as_bytes(), &files) {
            Ok(Document::Spec(spec)) => {
                let scenario = builtin::text(spec.scenario.as_deref().unwrap_or("two-scopes-one-dns"));
                let scenario = scenario.ok_or("no such scenario")?;
                let scenario = Scenario::read("y", scenario.as_bytes()).map_err(|errors| errors.to_string())?;
                let history = Arc::new(scenario.history);
                let revision = match &spec.at {
                    Some((step, _)) => history.step(step).ok_or("no such step")?.end,
                    None => history.last(),
                };
                let own = spec.expectations.iter().cloned();
                let own: Vec<_> = own.map(|one| ampls_dns::scenario::Expectation { revision, ..one }).collect();
                let cases = verify(&history, &own);
                let told = ampls_dns::output::verification::Verified {
                    name: "spec".to_owned(),
                    title: spec.title.to_string(),
                    about: spec.about.to_string(),
                    cases,
                };
                let format = ampls_dns::output::format::TestFormat::Text;
                let shown = ampls_dns::output::verification::Printer::new(format).file(&told);
                let cases = told.cases.iter();
                Ok(shown + &cases.map(|case| format!("{} {:?}\n", case.subject, case.mismatch)).collect::<String>())
            }
            Ok(Document::Scenario(_)) => Err("not a spec".to_owned()),
            Err(errors) => Err(errors.to_string()),
        },
        "allow" => AllowFile::read("x", text.as_bytes()).map_err(|errors| errors.to_string()).map(|file| {
            let scenario = builtin::text("two-scopes-one-dns").expect("it is built in");
            let history = Arc::new(Scenario::read("y", scenario.as_bytes()).expect("it can be read").history);
            let world = ampls_dns::compile::compile(&history, history.last());
            let accepted = Assessment::of(&world).accept(&file.allow, jiff::civil::date(2026, 1, 1));
            erased::Json::text(&findings::check_document(&accepted))
        }),
        _ => Scenario::read_with("x", text.as_bytes(), &files)
            .map_err(|errors| errors.to_string())
            .map(|scenario| seen(&scenario)),
    }
}

/// Documents with examples of fields: the built-in scenarios that are small, and the files beside this one.
fn examples(kind: &str) -> Vec<(String, Value)> {
    let mut documents = Vec::new();
    if kind == "scenario" {
        let small = builtin::names().filter_map(|name| Some((name.to_owned(), builtin::text(name)?)));
        documents.extend(small.filter(|(_, text)| text.len() < 12_000).map(|(name, text)| (name, parsed(text))));
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("integration/fields");
    let files = std::fs::read_dir(folder).expect("the folder is there");
    let mut files: Vec<_> = files.map(|entry| entry.expect("its entries can be read").path()).collect();
    files.sort();
    for file in files {
        let name = file.file_name().expect("a file has a name").to_string_lossy().into_owned();
        if name.starts_with(kind) {
            documents.push((name, parsed(&std::fs::read_to_string(&file).expect("the file can be read"))));
        }
    }
    documents
}

fn parsed(text: &str) -> Value {
    serde_saphyr::from_str(text).expect("an example is YAML")
}

/// In so many places a field is tried before it counts as ignored.
const MOST_PLACES: usize = 12;

/// Holds that every field of a form is read. `exempt` has fields that something else shows, with what it is.
fn every_field_is_read(kind: &str, form: &Form, exempt: &[(&str, &str)]) {
    let mut open = form.fields();
    for (field, _) in exempt {
        assert!(open.remove(*field), "{field} is exempt and no field");
    }
    let mut tried: BTreeMap<String, usize> = BTreeMap::new();
    for (name, document) in examples(kind) {
        let mut found = BTreeMap::new();
        form.occurrences(form.name, &form.root, &document, &[], &mut found);
        found.retain(|field, _| open.contains(field));
        if found.is_empty() {
            continue;
        }
        let before = read(kind, &document).unwrap_or_else(|errors| panic!("{name}: {errors}"));
        for (field, places) in found {
            for at in places.into_iter().take(4) {
                let tried = tried.entry(field.clone()).or_default();
                *tried += 1;
                if *tried > MOST_PLACES {
                    break;
                }
                let is_read = changed(&document, &at).iter().any(|document| match read(kind, document) {
                    Ok(after) => after != before,
                    // What a form requires says nothing about what is done with it.
                    Err(errors) => !errors.contains("is missing") && !errors.contains("lacks"),
                });
                if is_read {
                    open.remove(&field);
                    break;
                }
            }
        }
    }
    let told = |field: &String| match tried.get(field) {
        None => format!("{field}: no example has it"),
        Some(tried) => format!("{field}: nothing changed in {tried} places"),
    };
    let open: Vec<_> = open.iter().map(told).collect();
    assert!(open.is_empty(), "{} fields of {kind} are accepted and ignored:\n{}", open.len(), open.join("\n"));
}

#[test]
fn every_field_of_a_scenario_is_read() {
    let form = Form { root: Scenario::schema(), name: "Scenario" };
    let over_the_network = "how long a server is asked again; the DNS client's own tests ask one that changes";
    let counted = "zones count towards its limit of 1000; the fold's own test has so many";
    let exempt = [
        ("ExpectSchema.within", over_the_network),
        ("Scenario.$schema", "it is for editors"),
        ("SubscriptionSchema.resourceGroups", counted),
        ("SetSubscriptionSchema.resourceGroups", counted),
    ];
    every_field_is_read("scenario", &form, &exempt);
}

#[test]
fn every_field_of_a_spec_is_read() {
    let form = Form { root: Spec::schema(), name: "Spec" };
    let over_the_network = "how long a server is asked again; the DNS client's own tests ask one that changes";
    let exempt = [("ExpectSchema.within", over_the_network), ("Spec.$schema", "it is for editors")];
    every_field_is_read("spec", &form, &exempt);
}

#[test]
fn every_field_of_accepted_findings_is_read() {
    every_field_is_read("allow", &Form { root: AllowFile::schema(), name: "Allow" }, &[]);
}
