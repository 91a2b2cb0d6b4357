//! Forms in which Azure or a tool has evaluated everything already: what-if, `bicep snapshot`, Azure Resource Graph and
//! Pulumi. Their bodies are those of the REST interface.

use serde_json::{Map, Value};

use super::reading::Reading;
use super::report::Topic;
use super::rest::id_of;

/// The key that marks a secret in Pulumi's exports.
const PULUMI_SECRET: &str = "4dabf18193072939515e22adb298388d";

/// Properties that Azure sets by itself: a change that deletes them says nothing.
const SET_BY_AZURE: [&str; 4] = ["customDnsConfigs", "networkInterfaces", "provisioningState", "privateEndpoints"];

/// An entry of an object, in any case: PowerShell writes capital letters.
pub(super) fn entry<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The key as it is written.
fn key<'v>(value: &'v Value, name: &str) -> &'v str {
    let keys = value.as_object().into_iter().flat_map(Map::keys);
    keys.into_iter().find(|key| key.eq_ignore_ascii_case(name)).map_or("", String::as_str)
}

/// The list of changes of a what-if answer, with its pointer.
pub(super) fn changes(value: &Value) -> Option<(&Vec<Value>, String)> {
    let inner = match entry(value, "properties") {
        Some(inner) if entry(inner, "changes").is_some() => Some((inner, format!("/{}", key(value, "properties")))),
        _ => None,
    };
    let (own, base) = inner.unwrap_or((value, String::new()));
    let list = entry(own, "changes")?.as_array()?;
    let fits = list.iter().all(|one| entry(one, "changeType").is_some());
    fits.then(|| (list, format!("{base}/{}", key(own, "changes"))))
}

/// The rows of an answer of Azure Resource Graph: as objects, or as a table.
pub(super) fn rows(value: &Value) -> Option<&Value> {
    let data = entry(value, "data")?;
    let is_list = data.as_array().is_some_and(|rows| rows.iter().all(Value::is_object));
    let is_table = entry(data, "columns").is_some() && entry(data, "rows").is_some();
    let counted = ["count", "total_records", "totalRecords", "skip_token", "$skipToken", "SkipToken"];
    let counted = counted.iter().any(|name| entry(value, name).is_some());
    (is_table || is_list && (counted || value.as_object().is_some_and(|own| own.len() == 1))).then_some(data)
}

/// How much of an answer of Azure Resource Graph a file has.
#[derive(Clone, Copy)]
pub(super) struct Page {
    /// Rows in this file.
    pub(super) rows: u64,
    /// Rows of the whole answer, if the file says it.
    pub(super) total: Option<u64>,
    /// True if there is a token for a next page.
    pub(super) goes_on: bool,
}

impl Reading<'_> {
    /// Reads what a deployment would change: the estate is what is there afterwards.
    pub(super) fn what_if(&mut self, value: &Value) {
        let Some((list, base)) = changes(value) else { return };
        for (index, change) in list.iter().enumerate() {
            let pointer = format!("{base}/{index}");
            let text = |name: &str| entry(change, name).and_then(Value::as_str).unwrap_or_default();
            let id = match text("resourceId") {
                "" => text("fullyQualifiedResourceId"),
                id => id,
            };
            let shown = super::fact::shown(&id.into());
            let (side, planned) = match text("changeType").to_ascii_lowercase().as_str() {
                "create" => ("after", true),
                "modify" | "nochange" | "noeffect" => ("after", false),
                "ignore" => ("before", false),
                "delete" => continue,
                "deploy" => {
                    let get = "az deployment group what-if --no-pretty-print (without --result-format ResourceIdOnly)";
                    self.remark(Topic::NotRead, format!("{shown} has no body"), &pointer, Some(get.to_owned()));
                    continue;
                }
                "unsupported" => {
                    let why = match text("unsupportedReason") {
                        "" => "Azure gives no reason",
                        why => why,
                    };
                    let why = super::fact::shown(&why.into());
                    self.remark(Topic::NotRead, format!("Azure did not evaluate {shown}: {why}"), &pointer, None);
                    continue;
                }
                other => {
                    let other = super::fact::shown(&other.into());
                    self.remark(Topic::NotRead, format!("{shown} has a change of type `{other}`"), &pointer, None);
                    continue;
                }
            };
            let Some(body) = entry(change, side).filter(|body| body.is_object()) else {
                self.remark(Topic::NotRead, format!("{shown} has no body"), &pointer, None);
                continue;
            };
            let mut body = body.clone();
            keep_what_azure_sets(&mut body, entry(change, "before"));
            self.planned = planned;
            let at = format!("{pointer}/{}", key(change, side));
            self.evaluated_resource(&body, id, &at);
        }
        let own = entry(value, "properties").filter(|own| entry(own, "changes").is_some()).unwrap_or(value);
        for change in entry(own, "potentialChanges").and_then(Value::as_array).into_iter().flatten() {
            let id = entry(change, "resourceId").unwrap_or(&Value::Null);
            let text = format!(
                "whether {} is deployed is unknown: what-if reports a potential change",
                super::fact::shown(id)
            );
            self.remark(Topic::NotRead, text, &base, None);
        }
        for one in entry(own, "diagnostics").and_then(Value::as_array).into_iter().flatten() {
            let message = entry(one, "message").or_else(|| entry(one, "code")).unwrap_or(&Value::Null);
            let text = format!("Azure did not evaluate the whole answer: {}", super::fact::shown(message));
            self.remark(Topic::NotRead, text, &base, None);
        }
    }

    /// Reads what `bicep snapshot` wrote.
    pub(super) fn snapshot(&mut self, value: &Value) {
        self.planned = true;
        for (index, one) in value["predictedResources"].as_array().into_iter().flatten().enumerate() {
            self.evaluated_resource(one, "", &format!("/predictedResources/{index}"));
        }
        // Such as that a nested deployment was not expanded.
        for (index, one) in value["diagnostics"].as_array().into_iter().flatten().enumerate() {
            let text = format!("Bicep did not evaluate the whole deployment: {}", super::fact::shown(one));
            self.remark(Topic::NotRead, text, &format!("/diagnostics/{index}"), None);
        }
    }

    /// A body of the REST interface in which expressions can be left.
    fn evaluated_resource(&mut self, body: &Value, id: &str, pointer: &str) {
        let own = super::id::ResourceId::parse(id).filter(|own| !own.kind.is_empty());
        let Some(own) = own.or_else(|| id_of(body)) else {
            let kind = entry(body, "type").map(super::fact::shown).unwrap_or_default();
            if super::rest::is_read(&kind.to_ascii_lowercase()) || kind.is_empty() {
                self.remark(Topic::NotRead, format!("the id of a resource of type `{kind}` is unknown"), pointer, None);
            }
            return;
        };
        self.note_expressions(body, pointer, 0);
        self.declared(&own, body, pointer);
    }

    /// Texts that are expressions still are unknown values.
    fn note_expressions(&mut self, value: &Value, pointer: &str, depth: usize) {
        match value {
            Value::String(text) if text.starts_with('[') && text.ends_with(']') && !text.starts_with("[[") => {
                let why = format!("the value of {} is known only to Azure", super::fact::shown(value));
                self.reasons.insert(pointer.to_owned(), why);
            }
            Value::Array(items) if depth < 64 => {
                for (index, item) in items.iter().enumerate() {
                    self.note_expressions(item, &format!("{pointer}/{index}"), depth + 1);
                }
            }
            Value::Object(entries) if depth < 64 => {
                for (key, value) in entries {
                    let at = format!("{pointer}/{}", super::property::escaped(key));
                    self.note_expressions(value, &at, depth + 1);
                }
            }
            _ => {}
        }
    }

    /// Reads one page of an answer of Azure Resource Graph.
    pub(super) fn graph(&mut self, value: &Value) -> Option<Page> {
        let data = rows(value)?;
        let pointer = format!("/{}", key(value, "data"));
        let made;
        let (list, pointer) = match data {
            Value::Array(list) => (list, pointer),
            table => {
                made = table_rows(table);
                (&made, format!("{pointer}/rows"))
            }
        };
        for (index, row) in list.iter().enumerate() {
            let at = format!("{pointer}/{index}");
            match id_of(row) {
                Some(id) => {
                    let text = |name: &str| entry(row, name).and_then(Value::as_str);
                    if let (Some(subscription), Some(tenant)) = (text("subscriptionId"), text("tenantId")) {
                        self.tenant(subscription, tenant, &format!("{at}/{}", key(row, "tenantId")));
                    }
                    self.declared(&id, row, &at);
                }
                None => self.remark(
                    Topic::NotRead,
                    "this row has neither an id nor type, name and resource group",
                    &at,
                    Some("add `id` to the columns that the query projects".to_owned()),
                ),
            }
        }
        let total = ["total_records", "totalRecords"].iter().find_map(|name| entry(value, name)?.as_u64());
        let token = ["skip_token", "$skipToken"].iter().find_map(|name| entry(value, name));
        let token = token.or_else(|| entry(value, "SkipToken"));
        let goes_on = token.is_some_and(|token| token.as_str().is_some_and(|token| !token.is_empty()));
        Some(Page { rows: list.len() as u64, total, goes_on })
    }

    /// Reads what `pulumi stack export` printed of azure-native resources.
    pub(super) fn pulumi(&mut self, value: &Value) {
        let list = value["deployment"]["resources"].as_array().into_iter().flatten();
        for (index, one) in list.enumerate() {
            let text = |name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default();
            let pointer = format!("/deployment/resources/{index}");
            let kind = text("type");
            if one.get("delete").and_then(Value::as_bool) == Some(true) || kind.starts_with("pulumi:") {
                continue;
            }
            let Some(id) = super::id::ResourceId::parse(text("id")).filter(|id| !id.kind.is_empty()) else {
                let modules = [
                    "network",
                    "privatedns",
                    "dnsresolver",
                    "insights",
                    "applicationinsights",
                    "monitor",
                    "operationalinsights",
                ];
                let own = kind.strip_prefix("azure-native:");
                if own.is_some_and(|own| modules.iter().any(|module| own.starts_with(module))) {
                    let text = format!("{} has no Azure resource id", super::fact::shown(&text("urn").into()));
                    self.remark(Topic::NotRead, text, &pointer, None);
                }
                continue;
            };
            if !kind.starts_with("azure-native:") {
                let text = format!("`{}` is not a type of azure-native", super::fact::shown(&kind.into()));
                let topic = if super::rest::is_read(&id.kind) { Topic::NotRead } else { Topic::Unsupported };
                self.remark(topic, text, &pointer, None);
                continue;
            }
            let side = if one.get("outputs").is_some_and(Value::is_object) { "outputs" } else { "inputs" };
            let Some(body) = one.get(side) else { continue };
            let body = without_secrets(body, 0);
            self.declared(&id, &body, &format!("{pointer}/{side}"));
        }
    }
}

/// Where the template does not name what Azure sets, the value of today stays.
fn keep_what_azure_sets(body: &mut Value, before: Option<&Value>) {
    let Some(before) = before.and_then(|before| entry(before, "properties")).and_then(Value::as_object) else { return };
    let Some(own) = body.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for (name, value) in before {
        if SET_BY_AZURE.iter().any(|set| set.eq_ignore_ascii_case(name)) {
            own.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
}

/// Rows of a table as objects.
fn table_rows(table: &Value) -> Vec<Value> {
    let columns = entry(table, "columns").and_then(Value::as_array).into_iter().flatten();
    let names: Vec<&str> = columns.filter_map(|column| entry(column, "name")?.as_str()).collect();
    let rows = entry(table, "rows").and_then(Value::as_array).into_iter().flatten();
    let object = |row: &Value| {
        let cells = row.as_array().into_iter().flatten().cloned();
        Value::Object(names.iter().map(|name| (*name).to_owned()).zip(cells).collect())
    };
    rows.map(object).collect()
}

/// A value without Pulumi's secrets.
fn without_secrets(value: &Value, depth: usize) -> Value {
    match value {
        Value::Object(entries) if entries.contains_key(PULUMI_SECRET) => Value::Null,
        Value::Object(entries) if depth < 64 => entries
            .iter()
            .map(|(key, value)| (key.clone(), without_secrets(value, depth + 1)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) if depth < 64 => items.iter().map(|item| without_secrets(item, depth + 1)).collect(),
        other => other.clone(),
    }
}
