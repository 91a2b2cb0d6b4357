//! Resources as the REST interface and `az` print them, to facts. Both nestings: under `properties`, and flattened.

use serde_json::Value;

use super::id::{OPEN, ResourceId};
use super::property::{Placed, View};
use super::reading::{Reading, host, record};
use super::report::Topic;
use crate::catalogue::{Catalogue, services};
use crate::dns::RecordType;
use crate::estate::Cloud;

/// The types that are read.
pub(super) const KINDS: [&str; 23] = [
    "microsoft.insights/privatelinkscopes",
    "microsoft.insights/privatelinkscopes/scopedresources",
    "microsoft.insights/privatelinkscopes/privateendpointconnections",
    "microsoft.insights/privatelinkscopes/privatelinkresources",
    "microsoft.insights/components",
    "microsoft.insights/datacollectionendpoints",
    super::collection::RULE,
    "microsoft.operationalinsights/workspaces",
    "microsoft.network/privateendpoints",
    "microsoft.network/privateendpoints/privatednszonegroups",
    "microsoft.network/networkinterfaces",
    "microsoft.network/privatednszones",
    "microsoft.network/privatednszones/virtualnetworklinks",
    "microsoft.network/virtualnetworks",
    "microsoft.network/virtualnetworks/subnets",
    "microsoft.network/virtualnetworks/virtualnetworkpeerings",
    "microsoft.network/dnsresolvers",
    "microsoft.network/dnsresolvers/inboundendpoints",
    "microsoft.network/dnsresolvers/outboundendpoints",
    "microsoft.network/dnsforwardingrulesets",
    "microsoft.network/dnsforwardingrulesets/forwardingrules",
    "microsoft.network/dnsforwardingrulesets/virtualnetworklinks",
    "microsoft.network/privatednszones/",
];

const SCOPED_RESOURCE: &str = "microsoft.insights/privatelinkscopes/scopedresources";

/// DNS security policies: rules that block names, and the networks they are for.
const DNS_POLICY: &str = "microsoft.network/dnsresolverpolicies";

/// True for types that are read.
pub(super) fn is_read(kind: &str) -> bool {
    KINDS.contains(&kind)
        || super::routing::KINDS.contains(&kind)
        || record_type(kind).is_some()
        || super::collection::is_association(kind)
}

/// True for types of which something is read although they are not relevant to DNS by themselves: resources of other services, and
/// machines.
pub(super) fn is_beside(kind: &str) -> bool {
    is_service(kind) || super::collection::is_machine(kind)
}

/// The record type of a record set's resource type.
pub(super) fn record_type(kind: &str) -> Option<RecordType> {
    let own = kind.strip_prefix("microsoft.network/privatednszones/")?;
    matches!(own, "a" | "aaaa" | "cname" | "mx" | "ptr" | "soa" | "srv" | "txt").then(|| own.parse().ok())?
}

/// The id of a value that looks like a resource.
pub(super) fn id_of(value: &Value) -> Option<ResourceId> {
    let view = View::of(value, "");
    let text = |name: &str| view.get(name).and_then(|placed| placed.text());
    if let Some(id) = text("id").and_then(ResourceId::parse).filter(|id| !id.kind.is_empty()) {
        return Some(id);
    }
    let (kind, name) = (text("type")?, text("name")?);
    let names: Vec<&str> = name.split('/').collect();
    if kind.matches('/').count() != names.len() || !kind.contains('.') {
        return None;
    }
    let group = text("resourceGroup").unwrap_or(super::id::UNKNOWN);
    Some(ResourceId::of(super::id::UNKNOWN, group, kind, &names))
}

/// The ids of a subscription and of its tenant, of a value that is a subscription.
pub(super) fn account(value: &Value) -> Option<(&str, &str)> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let id = text("id")?.trim_start_matches("/subscriptions/");
    is_guid(id).then_some(id).zip(text("tenantId"))
}

/// True for types that have private endpoints of their own, in any cloud.
fn is_service(kind: &str) -> bool {
    Cloud::ALL.iter().any(|cloud| services(*cloud).iter().any(|row| row.kind.eq_ignore_ascii_case(kind)))
}

impl Reading<'_> {
    /// A document of resources: one, a list, or a page of a list.
    pub(super) fn resources(&mut self, value: &Value, pointer: &str) {
        let mut whole = true;
        let (items, pointer) = match value {
            Value::Array(items) => (items.as_slice(), pointer.to_owned()),
            Value::Object(entries) if id_of(value).is_none() && entries.get("value").is_some_and(Value::is_array) => {
                if entries.get("nextLink").is_some_and(|next| next.as_str().is_some_and(|next| !next.is_empty())) {
                    whole = false;
                    let next = entries["nextLink"].as_str().unwrap_or_default();
                    self.remark(
                        Topic::Missing,
                        "this is one page of a longer list",
                        &format!("{pointer}/nextLink"),
                        Some(format!("az rest --method get --url {}", super::command::word(next))),
                    );
                }
                let items = entries["value"].as_array().map_or(&[][..], Vec::as_slice);
                (items, format!("{pointer}/value"))
            }
            _ if self.account(value, pointer) => return,
            _ => return self.resource(value, pointer),
        };
        for (index, item) in items.iter().enumerate() {
            let pointer = format!("{pointer}/{index}");
            if !self.account(item, &pointer) {
                self.resource(item, &pointer);
            }
        }
        if whole {
            self.whole_zones(items, &pointer);
        }
    }

    /// A list with a zone's SOA in it is the whole of that zone.
    fn whole_zones(&mut self, items: &[Value], pointer: &str) {
        let mut zones: indexmap::IndexMap<String, (ResourceId, bool, Vec<String>)> = indexmap::IndexMap::new();
        for id in items.iter().filter_map(id_of) {
            let (Some(kind), Some(zone)) = (record_type(&id.kind), id.parent()) else { continue };
            let zone = ResourceId { kind: "microsoft.network/privatednszones".into(), ..zone };
            let (_, whole, names) = zones.entry(zone.key()).or_insert((zone, false, Vec::new()));
            match kind {
                RecordType::SOA => *whole = true,
                kind => names.push(format!("{} {kind}", id.name().to_ascii_lowercase())),
            }
        }
        for (id, _, mut names) in zones.into_values().filter(|(_, whole, _)| *whole) {
            names.sort();
            self.tell(&id, "recordSets", names, pointer);
        }
    }

    /// A DNS security policy has an effect where it is linked to a network.
    fn dns_policy(&mut self, id: &ResourceId, view: &View<'_>) {
        let policy = id.parent().map_or_else(|| id.name().to_owned(), |policy| policy.name().to_owned());
        if id.kind != format!("{DNS_POLICY}/virtualnetworklinks") {
            let text = format!("DNS security policy {policy} is ignored: such policies are not emulated");
            return self.remark(Topic::Unsupported, text, view.pointer(), None);
        }
        let network = view.object("virtualNetwork").and_then(|one| ResourceId::parse(one.text("id")?.0));
        let network = network.map_or_else(|| "a network".to_owned(), |network| network.name().to_owned());
        let text = format!(
            "DNS security policy {policy} is linked to {network} and is not read: names that it blocks there are answered"
        );
        self.remark(Topic::NotRead, text, view.pointer(), None);
    }

    /// A subscription with its tenant, as `az account list` prints it; false for what is something else.
    fn account(&mut self, value: &Value, pointer: &str) -> bool {
        let Some((subscription, tenant)) = account(value) else { return false };
        self.tenant(subscription, tenant, &format!("{pointer}/tenantId"));
        true
    }

    /// The tenant of a subscription.
    pub(super) fn tenant(&mut self, subscription: &str, tenant: &str, pointer: &str) {
        if is_guid(tenant) {
            let id = ResourceId::of(subscription, "", "", &[]);
            self.tell(&id, "tenantId", tenant.to_ascii_lowercase(), pointer);
        }
    }

    fn resource(&mut self, value: &Value, pointer: &str) {
        match id_of(value) {
            Some(id) => self.declared(&id, value, pointer),
            None => self.error(
                pointer,
                "this is not a resource: it has neither `id` nor `type` and `name`",
                Some("pass the output of `az … show -o json`, `az … list -o json` or `az rest`"),
            ),
        }
    }

    /// A resource whose id is known.
    pub(super) fn declared(&mut self, id: &ResourceId, value: &Value, pointer: &str) {
        let view = View::of(value, pointer);
        if id.kind == "microsoft.authorization/policyassignments"
            && id.name().to_ascii_lowercase().replace('-', "").contains("privatednszones")
        {
            let text = format!("policy assignment {} can create zone groups after the deployment", id.name());
            return self.remark(Topic::NotRead, text, pointer, None);
        }
        if is_service(&id.kind) {
            return self.service(id, &view);
        }
        if id.kind.starts_with(DNS_POLICY) {
            return self.dns_policy(id, &view);
        }
        if super::collection::is_machine(&id.kind) {
            return self.machine(id, &view);
        }
        if !is_read(&id.kind) {
            let text = format!("{} are ignored: not relevant to DNS", id.kind);
            return self.remark(Topic::Unsupported, text, pointer, None);
        }
        self.exists(id, pointer);
        match id.kind.as_str() {
            "microsoft.insights/privatelinkscopes" => self.scope(id, &view),
            "microsoft.insights/privatelinkscopes/scopedresources" => self.scoped(id, &view),
            "microsoft.insights/privatelinkscopes/privateendpointconnections" => self.connection(id, &view),
            "microsoft.insights/privatelinkscopes/privatelinkresources" => {
                // What every endpoint needs is in the catalogue.
                view.ignore(&["groupId", "requiredMembers", "requiredZoneNames"]);
            }
            "microsoft.insights/components" => self.component(id, &view),
            "microsoft.insights/datacollectionendpoints" => self.collection_endpoint(id, &view),
            super::collection::RULE => self.collection_rule(id, &view),
            kind if super::collection::is_association(kind) => self.association(id, &view),
            "microsoft.operationalinsights/workspaces" => self.workspace(id, &view),
            "microsoft.network/privateendpoints" => self.private_endpoint(id, &view),
            "microsoft.network/privateendpoints/privatednszonegroups" => self.zone_group(id, &view),
            "microsoft.network/networkinterfaces" => self.interface(id, &view),
            "microsoft.network/privatednszones" => {
                for name in ["numberOfRecordSets", "numberOfVirtualNetworkLinks"] {
                    if let Some((number, pointer)) = view.number(name) {
                        self.tell(id, name, number, &pointer);
                    }
                }
                view.ignore(&[
                    "maxNumberOfRecordSets",
                    "maxNumberOfVirtualNetworkLinks",
                    "maxNumberOfVirtualNetworkLinksWithRegistration",
                    "numberOfVirtualNetworkLinksWithRegistration",
                    "internalId",
                ]);
            }
            "microsoft.network/privatednszones/virtualnetworklinks" => self.zone_link(id, &view),
            "microsoft.network/virtualnetworks" => self.network(id, &view),
            "microsoft.network/virtualnetworks/subnets" => self.subnet(id, &view),
            "microsoft.network/virtualnetworks/virtualnetworkpeerings" => self.peering(id, &view),
            "microsoft.network/dnsresolvers" => {
                if let Some(network) = view.object("virtualNetwork") {
                    self.linked(id, "network", &network);
                }
                view.ignore(&["dnsResolverState"]);
            }
            "microsoft.network/dnsresolvers/inboundendpoints" => self.inbound(id, &view),
            "microsoft.network/dnsresolvers/outboundendpoints" => {
                if let Some(subnet) = view.object("subnet") {
                    self.linked(id, "subnet", &subnet);
                }
            }
            "microsoft.network/dnsforwardingrulesets" => {
                for item in view.items("dnsResolverOutboundEndpoints").into_iter().take(1) {
                    let own = item.view();
                    self.linked(id, "outboundEndpoint", &own);
                }
            }
            "microsoft.network/dnsforwardingrulesets/forwardingrules" => self.forwarding_rule(id, &view),
            "microsoft.network/dnsforwardingrulesets/virtualnetworklinks" => {
                if let Some(network) = view.object("virtualNetwork") {
                    self.linked(id, "network", &network);
                }
            }
            kind if super::routing::KINDS.contains(&kind) => self.routing(id, &view),
            _ => self.record_set(id, &view),
        }
        self.close(&id.kind, &view);
    }

    /// An object that has nothing but an id, as a reference.
    pub(super) fn linked(&mut self, id: &ResourceId, attribute: &str, other: &View<'_>) -> Option<ResourceId> {
        let declared = other.text("id").and_then(|(text, pointer)| self.tell_id(id, attribute, text, &pointer));
        self.close("a reference", other);
        declared
    }

    /// Text as an attribute.
    pub(super) fn record_text(&mut self, id: &ResourceId, view: &View<'_>, name: &str, attribute: &str) {
        if let Some((text, pointer)) = view.text(name).filter(|(text, _)| !text.starts_with('[')) {
            self.tell(id, attribute, text, &pointer);
        }
    }

    /// One of Azure's words; others are an error.
    pub(super) fn word(&mut self, id: &ResourceId, attribute: &str, found: Option<(&str, String)>, words: &[&str]) {
        let Some((text, pointer)) = found else { return };
        if text.starts_with('[') {
            // An expression that could not be resolved, which is a remark of its own.
            if attribute.starts_with("publicNetworkAccess") {
                self.tell(id, attribute, "Unknown", &pointer);
            }
            return;
        }
        match words.iter().find(|word| word.eq_ignore_ascii_case(text)) {
            Some(word) => self.tell(id, attribute, *word, &pointer),
            None => {
                let message = format!("unknown {attribute} `{}`", super::fact::shown(&text.into()));
                self.error(&pointer, message, Some(&format!("expected one of {}", words.join(", "))));
            }
        }
    }

    fn scope(&mut self, id: &ResourceId, view: &View<'_>) {
        if let Some(modes) = view.object("accessModeSettings") {
            self.word(id, "queryAccessMode", modes.text("queryAccessMode"), MODES);
            self.word(id, "ingestionAccessMode", modes.text("ingestionAccessMode"), MODES);
            for item in modes.items("exclusions") {
                let own = item.view();
                if let Some((name, _)) = own.text("privateEndpointConnectionName") {
                    let connection = id.child("privateEndpointConnections", name);
                    let from = self.at(&item.pointer);
                    self.facts.refers(&connection, &from);
                    self.word(&connection, "excluded queryAccessMode", own.text("queryAccessMode"), MODES);
                    self.word(&connection, "excluded ingestionAccessMode", own.text("ingestionAccessMode"), MODES);
                }
                self.close("an exclusion", &own);
            }
            self.close("access modes", &modes);
        }
        let version = view.get("apiVersion").and_then(|version| version.text().map(str::to_owned));
        if self.planned && version.as_deref() == Some("2019-10-17-preview") && view.get("accessModeSettings").is_none()
        {
            // That version has no access modes: the scope behaves as those made before there were any.
            self.tell(id, "created", BEFORE_ACCESS_MODES, view.pointer());
            self.tell(id, "withoutModes", true, view.pointer());
        }
        if let Some(system) = view.object("systemData")
            && let Some((text, pointer)) = system.text("createdAt")
            && let Some(date) = text.get(..10).filter(|date| date.parse::<jiff::civil::Date>().is_ok())
        {
            self.tell(id, "created", date, &pointer);
        }
        for item in view.items("privateEndpointConnections") {
            let own = item.view();
            if let Some((name, _)) = own.text("name") {
                let connection = id.child("privateEndpointConnections", name);
                self.exists(&connection, &item.pointer);
                self.connection(&connection, &own);
            }
            self.close("a private endpoint connection", &own);
        }
        view.ignore(&["scopeId"]);
    }

    fn connection(&mut self, id: &ResourceId, view: &View<'_>) {
        let Some(scope) = id.parent() else { return };
        let endpoint = view.object("privateEndpoint").and_then(|own| self.linked(id, "endpoint", &own));
        if let (Some(endpoint), pointer) = (&endpoint, view.pointer()) {
            let from = self.at(pointer);
            self.facts.tell_id(endpoint, "scope", &scope, &from);
        }
        if let Some(state) = view.object("privateLinkServiceConnectionState") {
            if let Some(endpoint) = &endpoint {
                self.word(endpoint, "status", state.text("status"), STATES);
            }
            state.ignore(&["status", "description", "actionsRequired", "actionRequired"]);
            self.close("a connection state", &state);
        }
        view.ignore(&["groupIds"]);
    }

    fn scoped(&mut self, id: &ResourceId, view: &View<'_>) {
        let kind = view.text("kind");
        if let Some((kind, pointer)) = kind.filter(|(kind, _)| !kind.eq_ignore_ascii_case("Resource")) {
            let text = format!("scoped resources of kind {kind} are ignored: not relevant to DNS");
            self.remark(Topic::Unsupported, text, &pointer, None);
            view.ignore(&["linkedResourceId", "subscriptionLocation"]);
            self.tell(id, "kind", kind, &pointer);
            return;
        }
        if let Some(scope) = id.parent() {
            let from = self.at(view.pointer());
            self.facts.refers(&scope, &from);
        }
        if let Some((text, pointer)) = view.text("linkedResourceId") {
            self.tell_id(id, "resource", text, &pointer);
        }
        if let Some(list) = view.get("dependsOn") {
            let texts: Vec<&str> = list.items().iter().filter_map(Placed::text).collect();
            self.tell(id, "dependsOn", texts, &list.pointer);
        }
        view.ignore(&["subscriptionLocation"]);
    }

    /// A resource of another service: where it is, and whether it lets public requests in. The rest has no part in DNS.
    fn service(&mut self, id: &ResourceId, view: &View<'_>) {
        self.exists(id, view.pointer());
        self.located(id, view);
        if let Some(found) = view.get("publicNetworkAccess") {
            self.service_access(id, &found);
        }
        let metrics = view.object("metrics");
        let query = metrics.as_ref().and_then(|metrics| metrics.text("prometheusQueryEndpoint"));
        if let Some((text, pointer)) = query {
            let host = text.split_once("://").map_or(text, |(_, behind)| behind);
            self.tell(id, "host", host.trim_end_matches('/'), &pointer);
        }
        match id.kind.as_str() {
            super::collection::CLUSTER => self.cluster(id, view),
            super::collection::MONITOR_WORKSPACE => self.default_ingestion(id, view),
            _ => {}
        }
    }

    /// Whether a resource of another service takes requests over public addresses. A word that is none of Azure's is reported
    /// where it counts.
    pub(super) fn service_access(&mut self, id: &ResourceId, found: &Placed<'_>) {
        match found.text() {
            Some("") => {}
            Some(text) if text.starts_with('[') => {
                let why = self.reasons.get(&found.pointer).map_or("it is an expression", String::as_str);
                let text = format!("the public network access of {} is unknown: {why}", super::fact::described(id));
                self.unknown_access(id, "publicNetworkAccess", text, &found.pointer);
            }
            Some(text) => {
                let word = ACCESSES.iter().find(|word| word.eq_ignore_ascii_case(text));
                self.tell(id, "publicNetworkAccess", *word.unwrap_or(&text), &found.pointer);
            }
            None => self.tell(id, "publicNetworkAccess", super::fact::shown(found.value), &found.pointer),
        }
    }

    /// Notes that it is unknown whether a resource takes requests over public addresses.
    pub(super) fn unknown_access(&mut self, id: &ResourceId, attribute: &str, text: String, pointer: &str) {
        let place = self.at(pointer);
        self.tell(id, attribute, "Unknown", pointer);
        self.report.add_beside(Topic::Unresolved, text, vec![place], None);
    }

    fn workspace(&mut self, id: &ResourceId, view: &View<'_>) {
        if let Some((text, pointer)) = view.text("customerId").filter(|(text, _)| !text.starts_with('[')) {
            self.customer_id(id, text, &pointer);
        }
        self.located(id, view);
        self.accesses(id, view);
        self.in_scopes(id, view);
        view.ignore(&["retentionInDays", "workspaceCapping", "features", "forceCmkForQuery"]);
    }

    pub(super) fn customer_id(&mut self, id: &ResourceId, text: &str, pointer: &str) {
        match is_guid(text) {
            true => self.tell(id, "customerId", text.to_ascii_lowercase(), pointer),
            false => {
                let message = format!("`{}` is not a GUID", super::fact::shown(&text.into()));
                self.error(pointer, message, Some("write the GUID at the start of the workspace's host names"));
            }
        }
    }

    pub(super) fn located(&mut self, id: &ResourceId, view: &View<'_>) {
        if let Some((text, pointer)) = view.text("location").filter(|(text, _)| !text.starts_with('[')) {
            self.tell(id, "location", text.to_ascii_lowercase().replace(' ', ""), &pointer);
        }
    }

    fn accesses(&mut self, id: &ResourceId, view: &View<'_>) {
        for name in ["publicNetworkAccessForIngestion", "publicNetworkAccessForQuery"] {
            self.word(id, name, view.text(name), ACCESSES);
        }
    }

    fn component(&mut self, id: &ResourceId, view: &View<'_>) {
        self.located(id, view);
        self.accesses(id, view);
        if let Some((text, pointer)) = view.text("ConnectionString") {
            self.connection_string(id, text, &pointer);
        }
        if let Some((text, pointer)) = view.text("WorkspaceResourceId") {
            self.tell_id(id, "workspace", text, &pointer);
        }
        self.in_scopes(id, view);
        view.ignore(&[
            "Application_Type",
            "applicationType",
            "AppId",
            "ApplicationId",
            "InstrumentationKey",
            "IngestionMode",
            "CreationDate",
            "TenantId",
            "Flow_Type",
            "flowType",
            "Request_Source",
            "requestSource",
            "RetentionInDays",
            "SamplingPercentage",
            "HockeyAppId",
            "HockeyAppToken",
            "Ver",
            "Name",
            "DisableIpMasking",
            "DisableLocalAuth",
            "ImmediatePurgeDataOn30Days",
            "ForceCustomerStorageForProfiler",
            "LaMigrationDate",
        ]);
    }

    /// The scoped resources by which a resource is in scopes.
    fn in_scopes(&mut self, id: &ResourceId, view: &View<'_>) {
        for item in view.items("privateLinkScopedResources") {
            let own = item.view();
            if let Some((text, pointer)) = own.text("resourceId")
                && let Some(scoped) = ResourceId::parse(text).filter(|scoped| scoped.kind == SCOPED_RESOURCE)
            {
                let from = self.at(&pointer);
                self.facts.refers(&scoped, &from);
                self.facts.tell_id(&scoped, "resource", id, &from);
            }
            own.ignore(&["scopeId"]);
            self.close("a scope of a resource", &own);
        }
    }

    /// Hosts of a connection string.
    pub(super) fn connection_string(&mut self, id: &ResourceId, text: &str, pointer: &str) {
        for (key, attribute) in [("IngestionEndpoint", "ingestionEndpoint"), ("LiveEndpoint", "liveEndpoint")] {
            let parts = text.split(';').filter_map(|part| part.split_once('='));
            let Some((_, address)) = parts.into_iter().find(|(own, _)| own.trim().eq_ignore_ascii_case(key)) else {
                continue;
            };
            if let Some(name) = self.name(host(address), pointer) {
                self.tell(id, attribute, name.to_string(), pointer);
            }
        }
    }

    fn collection_endpoint(&mut self, id: &ResourceId, view: &View<'_>) {
        self.located(id, view);
        for name in ["configurationAccess", "logsIngestion", "metricsIngestion"] {
            let Some(own) = view.object(name) else { continue };
            if let Some((text, pointer)) = own.text("endpoint")
                && let Some(host) = self.name(host(text), &pointer)
            {
                self.tell(id, name, host.to_string(), &pointer);
            }
            self.close(name, &own);
        }
        if let Some(own) = view.object("networkAcls") {
            self.word(id, "publicNetworkAccess", own.text("publicNetworkAccess"), ACCESSES);
            self.close("network ACLs", &own);
        }
        self.in_scopes(id, view);
        view.ignore(&["description", "immutableId", "failoverConfiguration"]);
    }

    fn private_endpoint(&mut self, id: &ResourceId, view: &View<'_>) {
        self.located(id, view);
        if let Some(subnet) = view.object("subnet") {
            self.linked(id, "subnet", &subnet);
        }
        for list in ["privateLinkServiceConnections", "manualPrivateLinkServiceConnections"] {
            for item in view.items(list) {
                let own = item.view();
                if let Some((text, pointer)) = own.text("privateLinkServiceId") {
                    self.tell_id(id, "scope", text, &pointer);
                }
                if let Some(state) = own.object("privateLinkServiceConnectionState") {
                    self.word(id, "status", state.text("status"), STATES);
                    state.ignore(&["description", "actionsRequired", "actionRequired"]);
                    self.close("a connection state", &state);
                } else if self.planned && list.starts_with("manual") {
                    self.tell(id, "status", "Pending", &item.pointer);
                }
                let groups: Vec<String> =
                    own.texts("groupIds").into_iter().map(|(text, _)| text.to_ascii_lowercase()).collect();
                if !groups.is_empty() {
                    self.tell(id, "groupIds", groups, &item.pointer);
                }
                own.ignore(&["requestMessage"]);
                self.close("a service connection", &own);
            }
        }
        for item in view.items("customDnsConfigs") {
            let own = item.view();
            let fqdn = own.text("fqdn");
            if let (Some((fqdn, at)), Some((text, pointer))) = (fqdn, usual_address(own.texts("ipAddresses"))) {
                self.served(id, fqdn, &at, text, &pointer);
                self.tell(id, "customDnsConfigs", true, &item.pointer);
            }
            self.close("a DNS configuration", &own);
        }
        for item in view.items("ipConfigurations") {
            let own = item.view();
            self.static_address(id, own.text("memberName"), own.text("privateIPAddress"));
            own.ignore(&["groupId"]);
            self.close("an address configuration", &own);
        }
        self.own_interfaces(id, view, "networkInterfaces");
        self.word(id, "ipVersion", view.text("ipVersionType"), IP_VERSIONS);
        view.ignore(&["customNetworkInterfaceName", "applicationSecurityGroups", "billingSku"]);
    }

    /// The address that a user chose for a member of an endpoint.
    pub(super) fn static_address(
        &mut self,
        id: &ResourceId,
        member: Option<(&str, String)>,
        address: Option<(&str, String)>,
    ) {
        if let (Some((member, _)), Some((text, pointer))) = (member, address)
            && let Some(address) = self.ip_address(text, &pointer)
        {
            self.tell(id, &format!("static {member}"), address.to_string(), &pointer);
        }
    }

    /// The network interfaces of an endpoint, which hold its addresses.
    pub(super) fn own_interfaces(&mut self, id: &ResourceId, view: &View<'_>, list: &str) {
        for item in view.items(list) {
            let own = item.view();
            if let Some((text, pointer)) = own.text("id")
                && let Some(interface) = self.reference(text, &pointer)
            {
                let from = self.at(&pointer);
                self.facts.tell_id(&interface, "endpoint", id, &from);
            }
            self.close("a reference to a network interface", &own);
        }
    }

    /// A name an endpoint serves, at an address. Private names count as the public ones they represent.
    pub(super) fn served(&mut self, id: &ResourceId, fqdn: &str, at: &str, address: &str, pointer: &str) {
        if let (Some(name), Some(address)) = (self.name(fqdn, at), self.ip_address(address, pointer)) {
            let public = Cloud::ALL.iter().find_map(|cloud| Catalogue::of(*cloud).public_name(&name)).unwrap_or(name);
            self.tell(id, &format!("address {public}"), address.to_string(), pointer);
        }
    }

    fn zone_group(&mut self, id: &ResourceId, view: &View<'_>) {
        let Some(endpoint) = id.parent() else { return };
        let mut zones = Vec::new();
        let from = self.at(view.pointer());
        self.facts.refers(&endpoint, &from);
        for item in view.items("privateDnsZoneConfigs") {
            let own = item.view();
            let mut written = None;
            if let Some((text, pointer)) = own.text("privateDnsZoneId")
                && let Some(zone) = self.reference(text, &pointer)
            {
                let from = self.at(&pointer);
                self.facts.refers(&zone, &from);
                zones.push(zone.to_string());
                written = Some(zone);
            }
            for set in own.items("recordSets") {
                let own = set.view();
                if let (Some(zone), Some((name, _))) = (&written, own.text("recordSetName")) {
                    let addresses: Vec<&str> = own.texts("ipAddresses").into_iter().map(|(text, _)| text).collect();
                    let kind = own.text("recordType").map_or("A", |(kind, _)| kind).to_ascii_lowercase();
                    let attribute = format!("writes {} {kind} {name}", zone.key());
                    self.tell(&endpoint, &attribute, addresses, &set.pointer);
                }
                if let (Some((fqdn, at)), Some((text, pointer))) =
                    (own.text("fqdn"), usual_address(own.texts("ipAddresses")))
                {
                    self.served(&endpoint, fqdn, &at, text, &pointer);
                }
                own.ignore(&["recordType", "recordSetName", "ttl"]);
                self.close("a record set of a zone group", &own);
            }
            self.close("a zone of a zone group", &own);
        }
        self.tell(&endpoint, "zoneGroup", zones, view.pointer());
    }

    fn interface(&mut self, id: &ResourceId, view: &View<'_>) {
        if let Some(endpoint) = view.object("privateEndpoint") {
            self.linked(id, "endpoint", &endpoint);
        }
        for item in view.items("ipConfigurations") {
            let own = item.view();
            let address = own.text("privateIPAddress");
            if let Some(link) = own.object("privateLinkConnectionProperties") {
                let member = link.text("requiredMemberName");
                for (fqdn, at) in link.texts("fqdns") {
                    if let Some((text, pointer)) = &address {
                        self.served(id, fqdn, &at, text, pointer);
                    }
                    if let (Some((member, pointer)), Some(name)) = (&member, self.name(fqdn, &at)) {
                        self.tell(id, &format!("member {name}"), *member, pointer);
                    }
                }
                link.ignore(&["groupId"]);
                self.close("a private link connection", &link);
            }
            if let Some(subnet) = own.object("subnet") {
                self.linked(id, "subnet", &subnet);
            }
            if let Some((text, pointer)) = &address
                && view.flag("enableIPForwarding").is_some_and(|(flag, _)| flag)
                && let Some(address) = self.address(text, pointer)
            {
                self.tell(id, "forwardsAt", address.to_string(), pointer);
            }
            own.ignore(&["primary", "privateIPAllocationMethod", "privateIPAddressVersion"]);
            self.close("an address configuration", &own);
        }
        if let Some(settings) = view.object("dnsSettings") {
            self.own_servers(id, &settings, "dnsServers");
        }
        view.ignore(&[
            "enableAcceleratedNetworking",
            "enableIPForwarding",
            "macAddress",
            "nicType",
            "hostedWorkloads",
            "networkSecurityGroup",
            "tapConfigurations",
            "vnetEncryptionSupported",
            "auxiliaryMode",
            "auxiliarySku",
            "disableTcpStateTracking",
            "allowPort25Out",
            "primary",
            "virtualMachine",
            "migrationPhase",
        ]);
    }

    /// DNS servers that an interface has of its own: its machine asks them instead of those of its network.
    pub(super) fn own_servers(&mut self, id: &ResourceId, view: &View<'_>, name: &str) {
        if let Some((_, pointer)) = view.texts(name).into_iter().next() {
            let text = format!(
                "network interface {} has DNS servers of its own, which are not read: its machine asks them, not those of its network",
                id.name()
            );
            self.remark(Topic::NotRead, text, &pointer, None);
        }
    }

    fn zone_link(&mut self, id: &ResourceId, view: &View<'_>) {
        if let Some(network) = view.object("virtualNetwork") {
            self.linked(id, "network", &network);
        }
        self.word(id, "resolutionPolicy", view.text("resolutionPolicy"), POLICIES);
        if let Some((true, pointer)) = view.flag("registrationEnabled") {
            self.registration(id, &pointer);
        }
        view.ignore(&["virtualNetworkLinkState"]);
    }

    /// A link that registers virtual machines. Before a deployment nothing has their records; afterwards they are among the
    /// record sets of the zone.
    pub(super) fn registration(&mut self, id: &ResourceId, pointer: &str) {
        if self.planned {
            let zone = id.parent().map_or_else(String::new, |zone| super::fact::shown(&zone.name().into()));
            let text =
                format!("the names of virtual machines that link {} registers in {zone} are not read", id.name());
            self.remark(Topic::NotRead, text, pointer, None);
        }
        self.tell(id, "registrationEnabled", true, pointer);
    }

    fn network(&mut self, id: &ResourceId, view: &View<'_>) {
        if let Some(space) = view.object("addressSpace") {
            let prefixes: Vec<String> = self.prefixes(&space.texts("addressPrefixes"));
            self.tell(id, "addressSpace", prefixes, space.pointer());
            space.ignore(&["ipamPoolPrefixAllocations"]);
            self.close("an address space", &space);
        }
        if let Some(options) = view.object("dhcpOptions") {
            let servers: Vec<String> =
                options.texts("dnsServers").into_iter().map(|(text, _)| text.to_owned()).collect();
            self.tell(id, "dnsServers", servers, options.pointer());
            self.close("DHCP options", &options);
        }
        for item in view.items("subnets") {
            let own = item.view();
            if let Some((name, _)) = own.text("name") {
                let subnet = id.child("subnets", name);
                self.exists(&subnet, &item.pointer);
                self.subnet(&subnet, &own);
            }
            self.close("microsoft.network/virtualnetworks/subnets", &own);
        }
        for item in view.items("virtualNetworkPeerings") {
            let own = item.view();
            if let Some((name, _)) = own.text("name") {
                let peering = id.child("virtualNetworkPeerings", name);
                self.exists(&peering, &item.pointer);
                self.peering(&peering, &own);
            }
            self.close("microsoft.network/virtualnetworks/virtualnetworkpeerings", &own);
        }
        view.ignore(&[
            "enableDdosProtection",
            "enableVmProtection",
            "ddosProtectionPlan",
            "encryption",
            "flowTimeoutInMinutes",
            "bgpCommunities",
            "flowLogs",
            "ipAllocations",
            "privateEndpointVNetPolicies",
            "defaultPublicNatGateway",
        ]);
    }

    /// Prefixes as they are written, each without host bits.
    pub(super) fn prefixes(&mut self, texts: &[(&str, String)]) -> Vec<String> {
        let mut read = Vec::new();
        for (text, pointer) in texts {
            match text.parse::<ipnet::IpNet>() {
                Ok(prefix) => read.push(prefix.trunc().to_string()),
                Err(_) if text.starts_with('[') => {}
                // Templates have such defaults for what must be given.
                Err(_) if text.is_empty() => {
                    let text = "an address prefix is empty: the importer ignores it";
                    self.remark(Topic::NotRead, text, pointer, None);
                }
                Err(_) => {
                    let message = format!("`{}` is not an address prefix", super::fact::shown(&(*text).into()));
                    self.error(pointer, message, Some("prefixes look like 10.0.1.0/24"));
                }
            }
        }
        read
    }

    fn subnet(&mut self, id: &ResourceId, view: &View<'_>) {
        let mut texts: Vec<(&str, String)> = view.text("addressPrefix").into_iter().collect();
        if texts.is_empty() {
            texts = view.texts("addressPrefixes");
        } else {
            view.ignore(&["addressPrefixes"]);
        }
        self.subnet_prefix(id, &texts);
        self.subnet_routing(id, view);
        view.ignore(&[
            "privateEndpoints",
            "privateLinkServiceNetworkPolicies",
            "delegations",
            "serviceEndpoints",
            "natGateway",
            "ipConfigurations",
            "purpose",
            "defaultOutboundAccess",
            "serviceAssociationLinks",
            "resourceNavigationLinks",
            "sharingScope",
        ]);
    }

    /// The first prefix of each family is the subnet's.
    pub(super) fn subnet_prefix(&mut self, id: &ResourceId, texts: &[(&str, String)]) {
        let prefixes = self.prefixes(texts);
        let of_version_6 = prefixes.iter().filter(|prefix| prefix.contains(':')).count();
        if of_version_6 > 1 || prefixes.len() - of_version_6 > 1 {
            let text =
                format!("subnet {} has several address prefixes: the importer uses the first one", id.names.join("/"));
            self.remark(Topic::NotRead, text, &texts[1].1, None);
        }
        if let Some(prefix) = prefixes.iter().find(|prefix| !prefix.contains(':')) {
            self.tell(id, "prefix", prefix.as_str(), &texts[0].1);
        }
        if let Some(prefix) = prefixes.iter().find(|prefix| prefix.contains(':')) {
            self.tell(id, "prefixV6", prefix.as_str(), &texts[0].1);
        }
    }

    fn peering(&mut self, id: &ResourceId, view: &View<'_>) {
        if let Some(remote) = view.object("remoteVirtualNetwork") {
            self.linked(id, "remote", &remote);
        }
        self.record_text(id, view, "peeringState", "peeringState");
        self.peering_flags(id, view);
        view.ignore(&[
            "remoteAddressSpace",
            "remoteVirtualNetworkAddressSpace",
            "peeringSyncLevel",
            "doNotVerifyRemoteGateways",
            "remoteBgpCommunities",
            "remoteVirtualNetworkEncryption",
            "peerCompleteVnets",
            "enableOnlyIPv6Peering",
            "localAddressSpace",
            "localVirtualNetworkAddressSpace",
            "localSubnetNames",
            "remoteSubnetNames",
        ]);
    }

    fn inbound(&mut self, id: &ResourceId, view: &View<'_>) {
        for item in view.items("ipConfigurations").into_iter().take(1) {
            let own = item.view();
            if let Some(subnet) = own.object("subnet") {
                self.linked(id, "subnet", &subnet);
            }
            if let Some((text, pointer)) = own.text("privateIpAddress")
                && let Some(address) = self.address(text, &pointer)
            {
                self.tell(id, "address", address.to_string(), &pointer);
            }
            own.ignore(&["privateIpAllocationMethod"]);
            self.close("an address configuration", &own);
        }
    }

    fn forwarding_rule(&mut self, id: &ResourceId, view: &View<'_>) {
        if let Some((text, pointer)) = view.text("domainName")
            && self.name(text, &pointer).is_some()
        {
            self.tell(id, "domainName", text, &pointer);
        }
        let mut targets = Vec::new();
        for item in view.items("targetDnsServers") {
            let own = item.view();
            targets.extend(self.target_server(&own, "ipAddress"));
            self.close("a target DNS server", &own);
        }
        self.tell(id, "targets", targets, view.pointer());
        self.word(id, "forwardingRuleState", view.text("forwardingRuleState"), &["Enabled", "Disabled"]);
    }

    /// The address of a server that a rule forwards to. Such servers are asked over IPv4, on the port of DNS.
    pub(super) fn target_server(&mut self, own: &View<'_>, name: &str) -> Option<String> {
        let (text, pointer) = own.text(name)?;
        if let Some((port, pointer)) = own.number("port").filter(|(port, _)| *port != 53) {
            let text = format!("the DNS server {text} listens on port {port}: the importer uses port 53");
            self.remark(Topic::NotRead, text, &pointer, None);
        }
        if text.contains(':') {
            let text = format!("the DNS server {text} has an IPv6 address: the importer ignores it");
            self.remark(Topic::NotRead, text, &pointer, None);
            return None;
        }
        self.address(text, &pointer).map(|address| address.to_string())
    }

    fn record_set(&mut self, id: &ResourceId, view: &View<'_>) {
        let Some(kind) = record_type(&id.kind) else { return };
        view.ignore(&["virtualNetworkId", "virtualNetworkLinkName"]);
        if let Some(zone) = id.parent() {
            let zone = ResourceId { kind: "microsoft.network/privatednszones".into(), ..zone };
            let from = self.at(view.pointer());
            self.facts.refers(&zone, &from);
        }
        if let Some((ttl, pointer)) = view.number("ttl") {
            match u32::try_from(ttl).ok().filter(|ttl| *ttl <= crate::dns::master::MAX_TTL) {
                Some(ttl) => self.tell(id, "ttl", ttl, &pointer),
                None => self.error(&pointer, format!("`{ttl}` is not a valid TTL"), Some("the maximum is 2147483647")),
            }
        }
        let mut records: Vec<(String, String)> = Vec::new();
        let dotted = |text: &str| if text.ends_with('.') { text.to_owned() } else { format!("{text}.") };
        let list = match kind {
            RecordType::A => ("aRecords", "ARecords"),
            RecordType::AAAA => ("aaaaRecords", "AAAARecords"),
            RecordType::MX => ("mxRecords", "MXRecords"),
            RecordType::PTR => ("ptrRecords", "PTRRecords"),
            RecordType::SRV => ("srvRecords", "SRVRecords"),
            RecordType::TXT => ("txtRecords", "TXTRecords"),
            RecordType::CNAME => ("cnameRecord", "CNAMERecord"),
            _ => ("soaRecord", "SOARecord"),
        };
        let items = match kind {
            RecordType::CNAME | RecordType::SOA => view.get(list.0).or_else(|| view.get(list.1)).into_iter().collect(),
            // Azure Resource Graph calls the list of every type `records`.
            _ => match view.items(list.0) {
                items if items.is_empty() => view.items("records"),
                items => items,
            },
        };
        for item in items {
            let own = item.view();
            let text = |name: &str| own.text(name).map(|(text, _)| text);
            let number = |name: &str| own.number(name).map_or(0, |(number, _)| number);
            let line = match kind {
                RecordType::A => text("ipv4Address").map(str::to_owned),
                RecordType::AAAA => text("ipv6Address").map(str::to_owned),
                RecordType::CNAME => text("cname").map(dotted),
                RecordType::PTR => text("ptrdname").map(dotted),
                RecordType::MX => text("exchange").map(|host| format!("{} {}", number("preference"), dotted(host))),
                RecordType::SRV => text("target").map(|host| {
                    format!("{} {} {} {}", number("priority"), number("weight"), number("port"), dotted(host))
                }),
                RecordType::TXT => {
                    let strings = own.texts("value");
                    Some(strings.iter().map(|(text, _)| quoted(text)).collect::<Vec<_>>().join(" "))
                }
                _ => text("host").zip(text("email")).map(|(host, email)| {
                    let times = ["serialNumber", "refreshTime", "retryTime", "expireTime", "minimumTtl"];
                    let times: Vec<String> = times.iter().map(|name| number(name).to_string()).collect();
                    format!("{} {} {}", dotted(host), dotted(email), times.join(" "))
                }),
            };
            self.close("a record", &own);
            match line.as_deref().and_then(|line| record(kind, line)) {
                Some(data) => records.push((data.to_string(), item.pointer)),
                None if line.is_none() => {}
                // That it is not known is reported with the property.
                None if line.as_deref().is_some_and(|line| line.contains(OPEN)) => {}
                None => {
                    let line = super::fact::shown(&line.unwrap_or_default().into());
                    self.error(&item.pointer, format!("`{line}` is not valid data of {kind} records"), None);
                }
            }
        }
        let pointer = records.first().map_or_else(|| view.pointer().to_owned(), |(_, pointer)| pointer.clone());
        let mut texts: Vec<String> = records.into_iter().map(|(text, _)| text).collect();
        texts.sort();
        self.tell(id, "records", texts, &pointer);
        if let Some(metadata) = view.object("metadata")
            && let Some((text, pointer)) = metadata.text("creator")
        {
            self.tell(id, "creator", text, &pointer);
        }
        view.ignore(&["fqdn", "isAutoRegistered", "targetResource", "trafficManagementProfile"]);
    }
}

/// The address of a name that is read: of both families the IPv4 one.
pub(super) fn usual_address(texts: Vec<(&str, String)>) -> Option<(&str, String)> {
    let at = texts.iter().position(|(text, _)| !text.contains(':')).unwrap_or(0);
    texts.into_iter().nth(at)
}

/// Text as a quoted string of a master file.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for octet in text.bytes() {
        match octet {
            b'"' | b'\\' => {
                quoted.push('\\');
                quoted.push(char::from(octet));
            }
            b' '..=b'~' => quoted.push(char::from(octet)),
            _ => quoted.push_str(&format!("\\{octet:03}")),
        }
    }
    quoted.push('"');
    quoted
}

/// True for text such as `11111111-1111-4111-8111-111111111111`.
pub(super) fn is_guid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|octet| octet.is_ascii_hexdigit()))
}

/// A day before scopes had access modes (MicrosoftDocs/azure-docs articles/azure-monitor/logs/private-link-configure.md).
const BEFORE_ACCESS_MODES: &str = "2021-08-31";

pub(super) const MODES: &[&str] = &["Open", "PrivateOnly"];
pub(super) const STATES: &[&str] = &["Approved", "Pending", "Rejected", "Disconnected"];
pub(super) const ACCESSES: &[&str] = &["Enabled", "Disabled", "SecuredByPerimeter"];
pub(super) const IP_VERSIONS: &[&str] = &["IPv4", "IPv6", "DualStack"];
pub(super) const POLICIES: &[&str] = &["Default", "NxDomainRedirect"];
