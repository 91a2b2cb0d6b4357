//! Data collection rules, what agents are associated with, and subscriptions.

use super::resource::{host, location};
use super::{EventSite, Loader};
use crate::compile::ObjectKind;
use crate::compile::refusal::Reason;
use crate::dns::OwnerName;
use crate::estate::{ArcConnection, Associations, DataCollectionRuleSpec, Event, ResourceSpec, SubscriptionSpec};
use crate::scenario::error::shown;
use crate::scenario::node::Node;
use crate::scenario::v1::schema::*;

impl Loader<'_> {
    pub(super) fn data_collection_rule(
        &mut self,
        name: &str,
        schema: &DataCollectionRuleSchema,
        node: &Node,
    ) -> ResourceSpec {
        if let Some(endpoint) = &schema.data_collection_endpoint {
            self.collection_endpoint(endpoint, node.get("dataCollectionEndpoint"));
        }
        let logs_ingestion = self.host_of_rule(schema.logs_ingestion.as_deref(), node.get("logsIngestion"));
        let metrics_ingestion = self.host_of_rule(schema.metrics_ingestion.as_deref(), node.get("metricsIngestion"));
        ResourceSpec::DataCollectionRule(DataCollectionRuleSpec {
            name: name.into(),
            location: schema.location.as_deref().map(location),
            endpoint: schema.data_collection_endpoint.as_deref().map(Into::into),
            logs_ingestion,
            metrics_ingestion,
        })
    }

    /// A host of a rule of kind Direct. It is read from the rule, and lies in the zone of Azure Monitor.
    fn host_of_rule(&mut self, text: Option<&str>, node: &Node) -> Option<OwnerName> {
        let name = self.owner_name(host(text?), node.range)?;
        if self.is_foreign(&name, node.range) {
            return None;
        }
        if !self.catalogue.zones.iter().any(|zone| name.is_below(&zone.public)) {
            let message = format!("`{}` is not a host of a data collection rule", shown(&name.to_string()));
            let hint =
                "copy it from `endpoints` of the rule, such as rule-ab12-westeurope.logs.z1.ingest.monitor.azure.com";
            self.fault(node.range, message, Some(hint.to_owned()));
            return None;
        }
        Some(name)
    }

    pub(super) fn associations(&mut self, schema: &AssociationsSchema, node: &Node) -> Associations {
        for (index, rule) in schema.data_collection_rules.iter().enumerate() {
            let is_it = |spec: &ResourceSpec| matches!(spec, ResourceSpec::DataCollectionRule(_));
            self.resource_of_kind(rule, "data collection rule", is_it, node.get("dataCollectionRules").item(index));
        }
        if let Some(endpoint) = &schema.configuration_access_endpoint {
            self.collection_endpoint(endpoint, node.get("configurationAccessEndpoint"));
        }
        let arc = schema.arc_private_link_scope.as_deref().map(|name| match name {
            "none" => ArcConnection::Unassociated,
            name => {
                let is_it = |spec: &ResourceSpec| matches!(spec, ResourceSpec::Service(own) if own.is_arc_scope());
                self.resource_of_kind(name, "private link scope of Azure Arc", is_it, node.get("arcPrivateLinkScope"));
                ArcConnection::Scope(name.into())
            }
        });
        Associations {
            arc,
            rules: schema.data_collection_rules.iter().map(|rule| rule.as_str().into()).collect(),
            endpoint: schema.configuration_access_endpoint.as_deref().map(Into::into),
        }
    }

    pub(super) fn set_associations(&mut self, own: &SetAssociationsSchema, node: &Node, site: EventSite) {
        self.refer(ObjectKind::VirtualMachine, &own.machine, node.get("machine"));
        let associations = self.associations(&own.associations, node.get("associations"));
        self.push(site, Event::SetAssociations { machine: own.machine.as_str().into(), associations });
    }

    pub(super) fn subscription(&mut self, name: &str, schema: &SubscriptionSchema, node: &Node, site: EventSite) {
        let SubscriptionSchema { tenant, networks, resources, resource_groups } = schema.clone();
        let name = name.to_owned();
        let whole = SetSubscriptionSchema { name, tenant, networks, resources, scopes: Vec::new(), resource_groups };
        self.set_subscription(&whole, node, site);
    }

    pub(super) fn set_subscription(&mut self, schema: &SetSubscriptionSchema, node: &Node, site: EventSite) {
        self.name(node.get("name").range, &schema.name, "subscription");
        self.name(node.get("tenant").range, &schema.tenant, "tenant");
        let lists = [
            ("networks", ObjectKind::Network, &schema.networks),
            ("resources", ObjectKind::Resource, &schema.resources),
            ("scopes", ObjectKind::Scope, &schema.scopes),
        ];
        for (key, kind, names) in lists {
            for (index, own) in names.iter().enumerate() {
                self.refer(kind, own, node.get(key).item(index));
            }
        }
        self.push(
            site,
            Event::SetSubscription(SubscriptionSpec {
                name: schema.name.as_str().into(),
                tenant: schema.tenant.as_str().into(),
                networks: schema.networks.iter().map(|own| own.as_str().into()).collect(),
                resources: schema.resources.iter().map(|own| own.as_str().into()).collect(),
                scopes: schema.scopes.iter().map(|own| own.as_str().into()).collect(),
                resource_groups: schema.resource_groups.iter().map(|own| own.as_str().into()).collect(),
            }),
        );
    }

    fn collection_endpoint(&mut self, name: &str, node: &Node) {
        let is_it = |spec: &ResourceSpec| matches!(spec, ResourceSpec::DataCollectionEndpoint(_));
        self.resource_of_kind(name, "data collection endpoint", is_it, node);
    }

    fn resource_of_kind(
        &mut self,
        name: &str,
        wanted: &'static str,
        is_it: impl Fn(&ResourceSpec) -> bool,
        node: &Node,
    ) {
        self.refer(ObjectKind::Resource, name, node);
        let spec = self.state.resources.get(name).map(|one| &one.spec);
        if let Some(kind) = spec.filter(|spec| !is_it(spec)).map(ResourceSpec::kind) {
            let reason = Reason::OtherKind { resource: shown(name).into(), kind, wanted };
            self.fault(node.range, reason.to_string(), None);
        }
    }
}
