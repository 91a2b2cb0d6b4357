//! Functions that depend on where a template is deployed to: ids, the resource group, the subscription, the cloud.

use std::rc::Rc;

use super::deployment::{Engine, Frame};
use super::function::{bounded, unknown_call};
use super::target::{Target, not_told};
use super::value::{Datum, Object, Outcome, Unknown, failed, hole};
use crate::import::id::OPEN;

impl<'t> Engine<'t> {
    /// Functions that depend on the deployment, and those that only Azure can answer.
    pub(super) fn of_deployment(&self, frame: &Frame<'t>, name: &str, values: &[Datum]) -> Outcome {
        let target = &frame.deployment.target;
        match name {
            "resourceid"
            | "subscriptionresourceid"
            | "tenantresourceid"
            | "managementgroupresourceid"
            | "extensionresourceid" => self.resource_id(target, name, values),
            "deployment" => self.deployment_object(frame),
            "environment" => self.environment(),
            "subscription" => {
                let id = target.subscription();
                let entries = [
                    ("id", self.joined(&format!("/subscriptions/{}", id.pattern()), &id)?),
                    ("subscriptionId", id),
                    ("tenantId", not_told("tenant")),
                ];
                self.open("subscription()", "only Azure knows it", &entries)
            }
            "resourcegroup" => {
                let Target::Group { group, location, .. } = target else {
                    return failed("`resourceGroup` is used in a deployment without a resource group");
                };
                let entries = [
                    ("id", self.joined(&target.id(), group)?),
                    ("name", group.clone()),
                    ("type", self.meter.text("Microsoft.Resources/resourceGroups")?),
                    ("location", location.clone()),
                ];
                self.open("resourceGroup()", "only Azure knows it", &entries)
            }
            "managementgroup" => {
                let name = match target {
                    Target::ManagementGroup { name, .. } => name.clone(),
                    _ => not_told("managementGroup"),
                };
                let id = format!("/providers/Microsoft.Management/managementGroups/{}", name.pattern());
                let entries = [
                    ("id", self.joined(&id, &name)?),
                    ("name", name),
                    ("type", self.meter.text("Microsoft.Management/managementGroups")?),
                ];
                self.open("managementGroup()", "only Azure knows it", &entries)
            }
            "tenant" => self.open("tenant()", "only Azure knows it", &[("tenantId", not_told("tenant"))]),
            // Both are allowed in default values of parameters only: there is one value for each parameter.
            "newguid" => {
                let parameter = frame.default_of.as_deref().unwrap_or_default();
                Ok(Unknown::of(&format!("newGuid {parameter}"), "`newGuid` returns a new value each time"))
            }
            "utcnow" => Ok(unknown_call("utcNow", values, "it is the time of the deployment")),
            "reference" => self.reference(frame, values),
            "references" => self.references(frame, values),
            "resourceinfo" => self.resource_info(frame, values),
            "listoutputswithsecurevalues" => Ok(unknown_call(name, values, "it contains secrets")),
            "deployer" => self.open("deployer()", "it depends on the user who deploys", &[]),
            "externalinputs" | "extensions" => {
                Ok(unknown_call(name, values, "it is known only when the parameters are used"))
            }
            "pickzones" | "providers" | "tologicalzone" | "tologicalzones" | "tophysicalzone" | "tophysicalzones"
            | "roledefinitions" => Ok(unknown_call(name, values, &format!("only Azure can evaluate `{name}`"))),
            name if name.starts_with("list") => {
                Ok(unknown_call(name, values, &format!("`{name}` needs a running service")))
            }
            name => failed(format!("unknown function `{name}`")),
        }
    }

    /// Text that may have holes.
    pub(super) fn joined(&self, pattern: &str, because: &Datum) -> Outcome {
        match pattern.contains(OPEN) {
            true => Ok(Unknown::datum(pattern, because.unknown().map_or("it is unknown", |unknown| &unknown.why))),
            false => bounded(&self.meter, pattern.to_owned()),
        }
    }

    /// An object with more members than are listed; those are unknown.
    pub(super) fn open(&self, token: &str, why: &str, entries: &[(&str, Datum)]) -> Outcome {
        self.meter.object(Object {
            entries: entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
            open: Some(Rc::new(Unknown { pattern: hole(token), why: why.to_owned() })),
        })
    }

    fn deployment_object(&self, frame: &Frame<'t>) -> Outcome {
        let own = &frame.deployment;
        let mut entries = vec![("name".to_owned(), own.name.clone())];
        if !matches!(own.target, Target::Group { .. }) {
            entries.push(("location".to_owned(), own.target.location()));
        }
        let version = super::deployment::entry(own.template, "contentVersion").and_then(serde_json::Value::as_str);
        let template = self.open(
            "deployment().properties.template",
            "only Azure knows it",
            &[("contentVersion", self.meter.text(version.unwrap_or("1.0.0.0"))?)],
        )?;
        let properties = self.open(
            "deployment().properties",
            "only Azure knows it",
            &[("template", template), ("mode", self.meter.text("Incremental")?)],
        )?;
        entries.push(("properties".to_owned(), properties));
        self.meter.entries(entries)
    }

    /// What the public cloud says of itself.
    fn environment(&self) -> Outcome {
        let text = |text: &str| self.meter.text(text);
        let suffixes = [
            ("storage", text("core.windows.net")?),
            ("keyvaultDns", text(".vault.azure.net")?),
            ("sqlServerHostname", text(".database.windows.net")?),
            ("acrLoginServer", text(".azurecr.io")?),
            ("azureDatalakeAnalyticsCatalogAndJob", text("azuredatalakeanalytics.net")?),
            ("azureDatalakeStoreFileSystem", text("azuredatalakestore.net")?),
        ];
        let authentication = [
            ("loginEndpoint", text("https://login.microsoftonline.com/")?),
            ("tenant", text("common")?),
            ("identityProvider", text("AAD")?),
        ];
        let why = "only Azure knows it";
        let entries = [
            ("name", text("AzureCloud")?),
            ("resourceManager", text("https://management.azure.com/")?),
            ("graph", text("https://graph.windows.net/")?),
            ("portal", text("https://portal.azure.com")?),
            ("authentication", self.open("environment().authentication", why, &authentication)?),
            ("suffixes", self.open("environment().suffixes", why, &suffixes)?),
        ];
        self.open("environment()", why, &entries)
    }

    /// The id that a type and names mean; subscription and resource group may be before the type.
    fn resource_id(&self, target: &Target, function: &str, values: &[Datum]) -> Outcome {
        self.meter.spend(4)?;
        let unknown = values.iter().find_map(Datum::unknown);
        let (base, values) = match function {
            "extensionresourceid" => match values.split_first() {
                Some((base, rest)) => (Some(base.pattern()), rest),
                None => return failed("`extensionResourceId` needs an id"),
            },
            _ => (None, values),
        };
        let is_type = |value: &Datum| {
            value.as_text().is_some_and(|text| text.split_once('/').is_some_and(|(space, _)| space.contains('.')))
        };
        let Some(at) = values.iter().position(is_type) else {
            return match unknown {
                Some(unknown) => Ok(unknown_call(function, values, &unknown.why)),
                None => failed(format!("`{function}` needs a type such as Microsoft.Network/virtualNetworks")),
            };
        };
        let (before, kind, names) = (&values[..at], values[at].pattern(), &values[at + 1..]);
        let part = |value: &Datum, what: &str| match value {
            Datum::Text(text) if text.is_empty() => hole(what),
            value => value.pattern(),
        };
        let start = match (function, base, before) {
            (_, Some(base), []) => base.trim_end_matches('/').to_owned(),
            ("tenantresourceid", None, _) => String::new(),
            ("managementgroupresourceid", None, before) => {
                let name = match (before, target) {
                    ([name, ..], _) => name.pattern(),
                    ([], Target::ManagementGroup { name, .. }) => name.pattern(),
                    _ => hole("managementGroup"),
                };
                format!("/providers/Microsoft.Management/managementGroups/{name}")
            }
            ("subscriptionresourceid", None, before) => {
                let id =
                    before.first().map_or_else(|| target.subscription().pattern(), |own| part(own, "subscription"));
                format!("/subscriptions/{id}")
            }
            (_, None, []) => target.id(),
            (_, None, [group]) => {
                format!(
                    "/subscriptions/{}/resourceGroups/{}",
                    target.subscription().pattern(),
                    part(group, "resourceGroup")
                )
            }
            (_, None, [subscription, group]) => format!(
                "/subscriptions/{}/resourceGroups/{}",
                part(subscription, "subscription"),
                part(group, "resourceGroup")
            ),
            _ => return failed(format!("`{function}` has too many arguments before the type")),
        };
        let names: Vec<String> = names.iter().map(Datum::pattern).collect();
        match append(&start, &kind, &names.join("/")) {
            Ok(id) => match id.contains(OPEN) {
                true => {
                    let why = unknown.map_or("the subscription or resource group is not in the import", |own| &own.why);
                    Ok(Unknown::datum(id, why))
                }
                false => bounded(&self.meter, id),
            },
            Err(count) => failed(format!("`{function}` of {kind} has {count} names")),
        }
    }
}

/// An id from where it begins, a type and names that are separated by slashes; the count of names if it is wrong.
pub(super) fn append(start: &str, kind: &str, names: &str) -> Result<String, usize> {
    let mut kinds = kind.trim_end_matches('/').split('/');
    let mut id = format!("{start}/providers/{}", kinds.next().unwrap_or_default());
    let names: Vec<&str> = names.trim_end_matches('/').split('/').collect();
    let kinds: Vec<&str> = kinds.collect();
    if kinds.len() != names.len() {
        return Err(names.len());
    }
    for (kind, name) in kinds.iter().zip(&names) {
        id.push_str(&format!("/{kind}/{name}"));
    }
    Ok(id)
}
