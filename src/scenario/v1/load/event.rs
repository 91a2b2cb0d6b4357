//! Events of every kind. What takes more than a few lines is in the file of its object.

use super::{Loader, Told};
use crate::compile::ObjectKind;
use crate::estate::{ApprovalState, Event, OutboundRule, Routing, RuleAction, Unresolved, ZoneId};
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
            WhatSchema::CreateNetwork(own) => self.create_network(own, node, told),
            WhatSchema::DeleteNetwork(name) => self.delete_network(name, node, told),
            WhatSchema::CreatePeering(pair) => self.create_peering(pair, node, told),
            WhatSchema::DeletePeering(pair) => self.delete_peering(pair, node, told),
            WhatSchema::SetPeering(own) => self.set_peering(own, node, told),
            WhatSchema::SetGateway(own) => self.set_gateway(own, node, told),
            WhatSchema::SetAppliance(own) => self.set_appliance(own, node, told),
            WhatSchema::SetRouteTable(own) => self.set_route_table(own, node, told),
            WhatSchema::SetVirtualHub(own) => self.set_virtual_hub(own, node, told),
            WhatSchema::SetTransit(own) => self.set_transit(own, node, told),
            WhatSchema::SetEndpointPolicy(own) => self.set_endpoint_policy(own, node, told),
            WhatSchema::SetSecurityGroup(own) => {
                self.name(node.get("name").range, &own.name, "security group");
                let group = self.security_group(&own.name, &own.spec, node);
                self.set_routing(Routing::SecurityGroup(group), told);
            }
            WhatSchema::DeleteRouting(own) => self.delete_routing(own, node, told),
            WhatSchema::SetDns(own) => self.set_dns(own, node, told),
            WhatSchema::CreateInboundEndpoint(own) => self.create_inbound_endpoint(own, node, told),
            WhatSchema::DeleteInboundEndpoint(name) => self.delete_inbound_endpoint(name, node, told),
            WhatSchema::SetRuleset(own) => self.set_ruleset(own, node, told),
            WhatSchema::DeleteRuleset(name) => self.delete_ruleset(name, node, told),
            WhatSchema::CreatePrivateDnsZones(own) => self.create_zones(own, node, told),
            WhatSchema::DeletePrivateDnsZones(own) => self.delete_zones(own, node, told),
            WhatSchema::LinkZones(own) => self.link_zones(own, node, told),
            WhatSchema::UnlinkZones(own) => self.unlink_zones(own, node, told),
            WhatSchema::PutRecordSet(own) => self.put_record_set(own, node, told),
            WhatSchema::DeleteRecordSet(own) => self.delete_record_set(own, node, told),
            WhatSchema::CreateWorkspace(own) => self.create_workspace(own, node, told),
            WhatSchema::UpdateWorkspace(own) => self.update_workspace(own, node, told),
            WhatSchema::CreateComponent(own) => self.create_component(own, node, told),
            WhatSchema::UpdateComponent(own) => self.update_component(own, node, told),
            WhatSchema::CreateDataCollectionEndpoint(own) => self.create_data_collection_endpoint(own, node, told),
            WhatSchema::UpdateDataCollectionEndpoint(own) => self.update_data_collection_endpoint(own, node, told),
            WhatSchema::SetPublicNetworkAccess(own) => self.set_public_network_access(own, node, told),
            WhatSchema::DeleteResource(name) => self.delete_resource(name, node, told),
            WhatSchema::CreatePrivateLinkScope(own) => self.create_scope(own, node, told),
            WhatSchema::SetAccessModes(own) => self.set_access_modes(own, node, told),
            WhatSchema::DeletePrivateLinkScope(name) => self.delete_scope(name, node, told),
            WhatSchema::AddScopedResource(own) => self.add_scoped_resources(own, node, told),
            WhatSchema::RemoveScopedResource(own) => self.remove_scoped_resources(own, node, told),
            WhatSchema::CreatePrivateEndpoint(own) => self.create_endpoint(own, node, told),
            WhatSchema::DeletePrivateEndpoint(own) => self.delete_private_endpoint(own, node, told),
            WhatSchema::CreateUnresolvedEndpoint(own) => self.create_unresolved(own, node, told),
            WhatSchema::SetZoneContents(own) => self.set_zone_contents(own, node, told),
            WhatSchema::SetZoneGroup(own) => self.set_zone_group(own, node, told),
            WhatSchema::RepairZoneGroup(own) => {
                let name = self.endpoint_name(own, node);
                self.repair_zone_group(name, node, told);
            }
            WhatSchema::DeleteZoneGroup(own) => self.delete_zone_group(own, node, told),
            WhatSchema::SetApproval(own) => self.set_approval(own, node, told),
            WhatSchema::CreateVirtualMachine(own) => self.create_virtual_machine(own, node, told),
            WhatSchema::OpenSession(own) => self.open_session(own, node, told),
            WhatSchema::Reboot(name) => self.reboot(name, node, told),
            WhatSchema::CutSessions(name) => self.cut_sessions(name, node, told),
            WhatSchema::SetOutboundRule(own) => self.set_outbound_rule(own, node, told),
        }
    }

    fn create_network(&mut self, own: &NamedNetworkSchema, node: &Node, told: Told) {
        self.new_name(ObjectKind::Network, &own.name, node.get("name").range);
        let spec = self.network(&own.name, &own.spec, node);
        self.push(told, Event::CreateNetwork(spec));
    }

    fn set_appliance(&mut self, own: &NamedApplianceSchema, node: &Node, told: Told) {
        self.name(node.get("name").range, &own.name, "appliance");
        if let Some(appliance) = self.appliance(&own.name, &own.spec, node) {
            self.set_routing(Routing::Appliance(appliance), told);
        }
    }

    fn set_route_table(&mut self, own: &NamedRouteTableSchema, node: &Node, told: Told) {
        self.name(node.get("name").range, &own.name, "route table");
        let table = self.route_table(&own.name, &own.spec, node);
        self.set_routing(Routing::RouteTable(table), told);
    }

    fn set_virtual_hub(&mut self, own: &NamedVirtualHubSchema, node: &Node, told: Told) {
        self.name(node.get("name").range, &own.name, "virtual hub");
        let hub = self.virtual_hub(&own.name, &own.spec, node);
        self.set_routing(Routing::VirtualHub(hub), told);
    }

    fn set_transit(&mut self, own: &TransitSchema, node: &Node, told: Told) {
        let transit = self.transit(own, node);
        self.set_routing(Routing::Transit(transit), told);
    }

    fn set_endpoint_policy(&mut self, own: &EndpointPolicySchema, node: &Node, told: Told) {
        let policy = own.private_endpoint_network_policies;
        if let Some(policy) = self.endpoint_policy(&own.subnet, policy, node.get("subnet").range) {
            self.set_routing(Routing::EndpointPolicy(policy), told);
        }
    }

    fn set_dns(&mut self, own: &SetDnsSchema, node: &Node, told: Told) {
        self.refer(ObjectKind::Network, &own.network, node.get("network"));
        let dns = self.dns(Some(&own.dns), node.get("dns"));
        self.push(told, Event::SetDns { network: own.network.as_str().into(), dns });
    }

    fn create_inbound_endpoint(&mut self, own: &NamedInNetworkSchema, node: &Node, told: Told) {
        self.new_name(ObjectKind::InboundEndpoint, &own.name, node.get("name").range);
        self.refer(ObjectKind::Network, &own.spec.network, node.get("network"));
        let (name, network) = (own.name.as_str().into(), own.spec.network.as_str().into());
        self.push(told, Event::CreateInboundEndpoint { name, network });
    }

    fn delete_inbound_endpoint(&mut self, name: &str, node: &Node, told: Told) {
        self.refer(ObjectKind::InboundEndpoint, name, node);
        self.push(told, Event::DeleteInboundEndpoint { name: name.into() });
    }

    fn set_ruleset(&mut self, own: &NamedRulesetSchema, node: &Node, told: Told) {
        self.name(node.get("name").range, &own.name, "ruleset");
        let spec = self.ruleset(&own.name, &own.spec, node);
        self.push(told, Event::SetRuleset(spec));
    }

    fn delete_ruleset(&mut self, name: &str, node: &Node, told: Told) {
        self.refer(ObjectKind::Ruleset, name, node);
        self.push(told, Event::DeleteRuleset { name: name.into() });
    }

    fn create_workspace(&mut self, own: &NamedWorkspaceSchema, node: &Node, told: Told) {
        let spec = self.workspace(&own.name, &own.spec, node);
        self.create_resource(spec, node.get("name").range, told);
    }

    fn update_workspace(&mut self, own: &NamedWorkspaceSchema, node: &Node, told: Told) {
        let spec = self.workspace(&own.name, &own.spec, node);
        self.update_resource(spec, node, told);
    }

    fn create_component(&mut self, own: &NamedComponentSchema, node: &Node, told: Told) {
        let spec = self.component(&own.name, &own.spec, node);
        self.create_resource(spec, node.get("name").range, told);
    }

    fn update_component(&mut self, own: &NamedComponentSchema, node: &Node, told: Told) {
        let spec = self.component(&own.name, &own.spec, node);
        self.update_resource(spec, node, told);
    }

    fn create_data_collection_endpoint(&mut self, own: &NamedDataCollectionEndpointSchema, node: &Node, told: Told) {
        let spec = self.data_collection_endpoint(&own.name, &own.spec, node);
        self.create_resource(spec, node.get("name").range, told);
    }

    fn update_data_collection_endpoint(&mut self, own: &NamedDataCollectionEndpointSchema, node: &Node, told: Told) {
        let spec = self.data_collection_endpoint(&own.name, &own.spec, node);
        self.update_resource(spec, node, told);
    }

    fn delete_private_endpoint(&mut self, own: &NameSchema, node: &Node, told: Told) {
        let name = self.endpoint_name(own, node);
        self.push(told, Event::DeletePrivateEndpoint { endpoint: name.into() });
    }

    fn set_zone_contents(&mut self, own: &ZoneContentsSchema, node: &Node, told: Told) {
        let Some(apex) = self.owner_name(&own.zone, node.get("zone").range) else { return };
        let zone = ZoneId { resource_group: own.resource_group.as_str().into(), apex };
        self.refer_zone(&zone, node.get("zone").range);
        let unresolved = own.unresolved.as_deref().map(|id| Unresolved { id: id.into() });
        self.push(told, Event::SetZoneContents { zone, unresolved });
    }

    fn delete_zone_group(&mut self, own: &NameSchema, node: &Node, told: Told) {
        let name = self.endpoint_name(own, node);
        self.push(told, Event::DeleteZoneGroup { endpoint: name.into() });
    }

    fn set_approval(&mut self, own: &SetApprovalSchema, node: &Node, told: Told) {
        self.refer(ObjectKind::PrivateEndpoint, &own.endpoint, node.get("endpoint"));
        let state = ApprovalState::from(own.approval);
        self.push(told, Event::SetApproval { endpoint: own.endpoint.as_str().into(), state });
    }

    fn create_virtual_machine(&mut self, own: &NamedMachineSchema, node: &Node, told: Told) {
        self.new_name(ObjectKind::VirtualMachine, &own.name, node.get("name").range);
        self.machine(&own.name, &own.spec, node, told);
    }

    fn open_session(&mut self, own: &SessionSchema, node: &Node, told: Told) {
        self.refer(ObjectKind::VirtualMachine, &own.machine, node.get("machine"));
        self.refer(ObjectKind::Resource, &own.resource, node.get("resource"));
        let (machine, resource) = (own.machine.as_str().into(), own.resource.as_str().into());
        self.push(told, Event::OpenSession { machine, resource });
    }

    fn reboot(&mut self, name: &str, node: &Node, told: Told) {
        self.refer(ObjectKind::VirtualMachine, name, node);
        self.push(told, Event::Reboot { machine: name.into() });
    }

    fn cut_sessions(&mut self, name: &str, node: &Node, told: Told) {
        self.refer(ObjectKind::VirtualMachine, name, node);
        self.push(told, Event::CutSessions { machine: name.into() });
    }

    fn set_outbound_rule(&mut self, own: &OutboundRuleSchema, node: &Node, told: Told) {
        self.refer(ObjectKind::Network, &own.network, node.get("network"));
        let action = match own.action {
            ActionSchema::Allow => RuleAction::Allow,
            ActionSchema::Deny => RuleAction::Deny,
        };
        let network = own.network.as_str().into();
        self.push(told, Event::SetOutboundRule { network, rule: OutboundRule { action } });
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
