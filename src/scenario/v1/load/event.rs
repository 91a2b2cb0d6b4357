//! Events of every kind. What takes more than a few lines stands in the file of its object.

use super::{Loader, Told};
use crate::compile::ObjectKind;
use crate::estate::{ApprovalState, Event, OutboundRule, Routing, RuleAction};
use crate::scenario::node::Node;
use crate::scenario::v1::schema::*;

impl Loader<'_> {
    /// An event as told by `list_item`; `date` is its step's.
    pub(super) fn event(&mut self, shape: &EventSchema, date: Option<jiff::civil::Date>, list_item: &Node) {
        let own = self.date(shape.date.as_deref(), list_item.get("date"));
        let told = Told { date: own.or(date), range: list_item.range };
        let happening = list_item.entries().iter().find(|(key, _)| key.text != "date");
        let node = happening.map_or(list_item, |(_, value)| value);
        match &shape.what {
            WhatSchema::CreateNetwork(own) => {
                self.new_name(ObjectKind::Network, &own.name, node.get("name").range);
                let spec = self.network(&own.name, &own.spec, node);
                self.push(told, Event::CreateNetwork(spec));
            }
            WhatSchema::DeleteNetwork(name) => self.delete_network(name, node, told),
            WhatSchema::CreatePeering(pair) => self.create_peering(pair, node, told),
            WhatSchema::DeletePeering(pair) => self.delete_peering(pair, node, told),
            WhatSchema::SetPeering(own) => self.set_peering(own, node, told),
            WhatSchema::SetGateway(own) => self.set_gateway(own, node, told),
            WhatSchema::SetAppliance(own) => {
                self.name(node.get("name").range, &own.name, "appliance");
                if let Some(appliance) = self.appliance(&own.name, &own.spec, node) {
                    self.set_routing(Routing::Appliance(appliance), told);
                }
            }
            WhatSchema::SetRouteTable(own) => {
                self.name(node.get("name").range, &own.name, "route table");
                let table = self.route_table(&own.name, &own.spec, node);
                self.set_routing(Routing::RouteTable(table), told);
            }
            WhatSchema::SetVirtualHub(own) => {
                self.name(node.get("name").range, &own.name, "virtual hub");
                let hub = self.virtual_hub(&own.name, &own.spec, node);
                self.set_routing(Routing::VirtualHub(hub), told);
            }
            WhatSchema::SetTransit(own) => {
                let transit = self.transit(own, node);
                self.set_routing(Routing::Transit(transit), told);
            }
            WhatSchema::SetEndpointPolicy(own) => {
                let policy = own.private_endpoint_network_policies;
                if let Some(policy) = self.endpoint_policy(&own.subnet, policy, node.get("subnet").range) {
                    self.set_routing(Routing::EndpointPolicy(policy), told);
                }
            }
            WhatSchema::SetSecurityGroup(own) => {
                self.name(node.get("name").range, &own.name, "security group");
                let group = self.security_group(&own.name, &own.spec, node);
                self.set_routing(Routing::SecurityGroup(group), told);
            }
            WhatSchema::DeleteRouting(own) => self.delete_routing(own, node, told),
            WhatSchema::SetDns(own) => {
                self.refer(ObjectKind::Network, &own.network, node.get("network"));
                let dns = self.dns(Some(&own.dns), node.get("dns"));
                self.push(told, Event::SetDns { network: own.network.as_str().into(), dns });
            }
            WhatSchema::CreateInboundEndpoint(own) => {
                self.new_name(ObjectKind::InboundEndpoint, &own.name, node.get("name").range);
                self.refer(ObjectKind::Network, &own.spec.network, node.get("network"));
                let (name, network) = (own.name.as_str().into(), own.spec.network.as_str().into());
                self.push(told, Event::CreateInboundEndpoint { name, network });
            }
            WhatSchema::DeleteInboundEndpoint(name) => {
                self.refer(ObjectKind::InboundEndpoint, name, node);
                self.push(told, Event::DeleteInboundEndpoint { name: name.as_str().into() });
            }
            WhatSchema::SetRuleset(own) => {
                self.name(node.get("name").range, &own.name, "ruleset");
                let spec = self.ruleset(&own.name, &own.spec, node);
                self.push(told, Event::SetRuleset(spec));
            }
            WhatSchema::DeleteRuleset(name) => {
                self.refer(ObjectKind::Ruleset, name, node);
                self.push(told, Event::DeleteRuleset { name: name.as_str().into() });
            }
            WhatSchema::CreatePrivateDnsZones(own) => self.create_zones(own, node, told),
            WhatSchema::DeletePrivateDnsZones(own) => self.delete_zones(own, node, told),
            WhatSchema::LinkZones(own) => self.link_zones(own, node, told),
            WhatSchema::UnlinkZones(own) => self.unlink_zones(own, node, told),
            WhatSchema::PutRecordSet(own) => self.put_record_set(own, node, told),
            WhatSchema::DeleteRecordSet(own) => self.delete_record_set(own, node, told),
            WhatSchema::CreateWorkspace(own) => {
                let spec = self.workspace(&own.name, &own.spec, node);
                self.create_resource(spec, node.get("name").range, told);
            }
            WhatSchema::UpdateWorkspace(own) => {
                let spec = self.workspace(&own.name, &own.spec, node);
                self.update_resource(spec, node, told);
            }
            WhatSchema::CreateComponent(own) => {
                let spec = self.component(&own.name, &own.spec, node);
                self.create_resource(spec, node.get("name").range, told);
            }
            WhatSchema::UpdateComponent(own) => {
                let spec = self.component(&own.name, &own.spec, node);
                self.update_resource(spec, node, told);
            }
            WhatSchema::CreateDataCollectionEndpoint(own) => {
                let spec = self.data_collection_endpoint(&own.name, &own.spec, node);
                self.create_resource(spec, node.get("name").range, told);
            }
            WhatSchema::UpdateDataCollectionEndpoint(own) => {
                let spec = self.data_collection_endpoint(&own.name, &own.spec, node);
                self.update_resource(spec, node, told);
            }
            WhatSchema::SetPublicNetworkAccess(own) => self.set_public_network_access(own, node, told),
            WhatSchema::DeleteResource(name) => self.delete_resource(name, node, told),
            WhatSchema::CreatePrivateLinkScope(own) => self.create_scope(own, node, told),
            WhatSchema::SetAccessModes(own) => self.set_access_modes(own, node, told),
            WhatSchema::DeletePrivateLinkScope(name) => self.delete_scope(name, node, told),
            WhatSchema::AddScopedResource(own) => self.add_scoped_resources(own, node, told),
            WhatSchema::RemoveScopedResource(own) => self.remove_scoped_resources(own, node, told),
            WhatSchema::CreatePrivateEndpoint(own) => self.create_endpoint(own, node, told),
            WhatSchema::DeletePrivateEndpoint(own) => {
                let name = self.endpoint_name(own, node);
                self.push(told, Event::DeletePrivateEndpoint { endpoint: name.into() });
            }
            WhatSchema::SetZoneGroup(own) => self.set_zone_group(own, node, told),
            WhatSchema::RepairZoneGroup(own) => {
                let name = self.endpoint_name(own, node);
                self.repair_zone_group(name, node, told);
            }
            WhatSchema::DeleteZoneGroup(own) => {
                let name = self.endpoint_name(own, node);
                self.push(told, Event::DeleteZoneGroup { endpoint: name.into() });
            }
            WhatSchema::SetApproval(own) => {
                self.refer(ObjectKind::PrivateEndpoint, &own.endpoint, node.get("endpoint"));
                let state = ApprovalState::from(own.approval);
                self.push(told, Event::SetApproval { endpoint: own.endpoint.as_str().into(), state });
            }
            WhatSchema::CreateVirtualMachine(own) => {
                self.new_name(ObjectKind::VirtualMachine, &own.name, node.get("name").range);
                self.machine(&own.name, &own.spec, node, told);
            }
            WhatSchema::OpenSession(own) => {
                self.refer(ObjectKind::VirtualMachine, &own.machine, node.get("machine"));
                self.refer(ObjectKind::Resource, &own.resource, node.get("resource"));
                let (machine, resource) = (own.machine.as_str().into(), own.resource.as_str().into());
                self.push(told, Event::OpenSession { machine, resource });
            }
            WhatSchema::Reboot(name) => {
                self.refer(ObjectKind::VirtualMachine, name, node);
                self.push(told, Event::Reboot { machine: name.as_str().into() });
            }
            WhatSchema::CutSessions(name) => {
                self.refer(ObjectKind::VirtualMachine, name, node);
                self.push(told, Event::CutSessions { machine: name.as_str().into() });
            }
            WhatSchema::SetOutboundRule(own) => {
                self.refer(ObjectKind::Network, &own.network, node.get("network"));
                let action = match own.action {
                    ActionSchema::Allow => RuleAction::Allow,
                    ActionSchema::Deny => RuleAction::Deny,
                };
                let network = own.network.as_str().into();
                self.push(told, Event::SetOutboundRule { network, rule: OutboundRule { action } });
            }
        }
    }

    /// A private endpoint that must exist, written alone or under `name`.
    fn endpoint_name<'s>(&mut self, shape: &'s NameSchema, node: &Node) -> &'s str {
        self.refer(ObjectKind::PrivateEndpoint, shape.name(), node.get("name"));
        shape.name()
    }
}

impl From<ApprovalSchema> for ApprovalState {
    fn from(shape: ApprovalSchema) -> Self {
        match shape {
            ApprovalSchema::Approved => Self::Approved,
            ApprovalSchema::Pending => Self::Pending,
            ApprovalSchema::Rejected => Self::Rejected,
        }
    }
}
