//! Events of every kind. What takes more than a few lines is in the file of its object.

use super::{EventSite, Loader};
use crate::compile::ObjectKind;
use crate::estate::{ApprovalState, Event, OutboundRule, Routing, RuleAction, Unresolved, ZoneId};
use crate::scenario::node::Node;
use crate::scenario::v1::schema::*;

impl Loader<'_> {
    /// An event as stated by `list_item`; `date` is its step's.
    pub(super) fn event(&mut self, schema: &EventSchema, date: Option<jiff::civil::Date>, list_item: &Node) {
        let own = self.date(schema.date.as_deref(), list_item.get("date"));
        let site = EventSite { date: own.or(date), range: list_item.range };
        let happening = list_item.entries().iter().find(|(key, _)| key.text != "date");
        let node = happening.map_or(list_item, |(_, value)| value);
        match &schema.what {
            WhatSchema::CreateNetwork(own) => self.create_network(own, node, site),
            WhatSchema::DeleteNetwork(name) => self.delete_network(name, node, site),
            WhatSchema::CreatePeering(pair) => self.create_peering(pair, node, site),
            WhatSchema::DeletePeering(pair) => self.delete_peering(pair, node, site),
            WhatSchema::SetPeering(own) => self.set_peering(own, node, site),
            WhatSchema::SetGateway(own) => self.set_gateway(own, node, site),
            WhatSchema::SetAppliance(own) => self.set_appliance(own, node, site),
            WhatSchema::SetRouteTable(own) => self.set_route_table(own, node, site),
            WhatSchema::SetVirtualHub(own) => self.set_virtual_hub(own, node, site),
            WhatSchema::SetTransit(own) => self.set_transit(own, node, site),
            WhatSchema::SetEndpointPolicy(own) => self.set_endpoint_policy(own, node, site),
            WhatSchema::SetSecurityGroup(own) => self.set_security_group(own, node, site),
            WhatSchema::DeleteRouting(own) => self.delete_routing(own, node, site),
            WhatSchema::SetSubscription(own) => self.set_subscription(own, node, site),
            WhatSchema::SetDns(own) => self.set_dns(own, node, site),
            WhatSchema::CreateInboundEndpoint(own) => self.create_inbound_endpoint(own, node, site),
            WhatSchema::DeleteInboundEndpoint(name) => self.delete_inbound_endpoint(name, node, site),
            WhatSchema::SetRuleset(own) => self.set_ruleset(own, node, site),
            WhatSchema::DeleteRuleset(name) => self.delete_ruleset(name, node, site),
            WhatSchema::CreatePrivateDnsZones(own) => self.create_zones(own, node, site),
            WhatSchema::DeletePrivateDnsZones(own) => self.delete_zones(own, node, site),
            WhatSchema::LinkZones(own) => self.link_zones(own, node, site),
            WhatSchema::UnlinkZones(own) => self.unlink_zones(own, node, site),
            WhatSchema::PutRecordSet(own) => self.put_record_set(own, node, site),
            WhatSchema::DeleteRecordSet(own) => self.delete_record_set(own, node, site),
            WhatSchema::CreateWorkspace(own) => self.create_workspace(own, node, site),
            WhatSchema::UpdateWorkspace(own) => self.update_workspace(own, node, site),
            WhatSchema::CreateComponent(own) => self.create_component(own, node, site),
            WhatSchema::UpdateComponent(own) => self.update_component(own, node, site),
            WhatSchema::CreateDataCollectionEndpoint(own) => self.create_data_collection_endpoint(own, node, site),
            WhatSchema::UpdateDataCollectionEndpoint(own) => self.update_data_collection_endpoint(own, node, site),
            WhatSchema::CreateDataCollectionRule(own) => {
                let spec = self.data_collection_rule(&own.name, &own.spec, node);
                self.create_resource(spec, node.get("name").range, site);
            }
            WhatSchema::UpdateDataCollectionRule(own) => {
                let spec = self.data_collection_rule(&own.name, &own.spec, node);
                self.update_resource(spec, node, site);
            }
            WhatSchema::CreateResource(own) => self.create_service(own, node, site),
            WhatSchema::UpdateResource(own) => self.update_service(own, node, site),
            WhatSchema::SetPublicNetworkAccess(own) => self.set_public_network_access(own, node, site),
            WhatSchema::DeleteResource(name) => self.delete_resource(name, node, site),
            WhatSchema::CreatePrivateLinkScope(own) => self.create_scope(own, node, site),
            WhatSchema::SetAccessModes(own) => self.set_access_modes(own, node, site),
            WhatSchema::DeletePrivateLinkScope(name) => self.delete_scope(name, node, site),
            WhatSchema::AddScopedResource(own) => self.add_scoped_resources(own, node, site),
            WhatSchema::RemoveScopedResource(own) => self.remove_scoped_resources(own, node, site),
            WhatSchema::CreatePrivateEndpoint(own) => self.create_endpoint(own, node, site),
            WhatSchema::DeletePrivateEndpoint(own) => self.delete_private_endpoint(own, node, site),
            WhatSchema::CreateUnresolvedEndpoint(own) => self.create_unresolved(own, node, site),
            WhatSchema::SetZoneContents(own) => self.set_zone_contents(own, node, site),
            WhatSchema::SetZoneGroup(own) => self.set_zone_group(own, node, site),
            WhatSchema::RepairZoneGroup(own) => {
                let name = self.endpoint_name(own, node);
                self.repair_zone_group(name, node, site);
            }
            WhatSchema::DeleteZoneGroup(own) => self.delete_zone_group(own, node, site),
            WhatSchema::SetApproval(own) => self.set_approval(own, node, site),
            WhatSchema::CreateVirtualMachine(own) => self.create_virtual_machine(own, node, site),
            WhatSchema::SetAssociations(own) => self.set_associations(own, node, site),
            WhatSchema::OpenSession(own) => self.open_session(own, node, site),
            WhatSchema::Reboot(name) => self.reboot(name, node, site),
            WhatSchema::CutSessions(name) => self.cut_sessions(name, node, site),
            WhatSchema::SetOutboundRule(own) => self.set_outbound_rule(own, node, site),
        }
    }

    fn create_network(&mut self, own: &NamedNetworkSchema, node: &Node, site: EventSite) {
        self.new_name(ObjectKind::Network, &own.name, node.get("name").range);
        let spec = self.network(&own.name, &own.spec, node);
        self.push(site, Event::CreateNetwork(spec));
    }

    fn set_appliance(&mut self, own: &NamedApplianceSchema, node: &Node, site: EventSite) {
        self.name(node.get("name").range, &own.name, "appliance");
        if let Some(appliance) = self.appliance(&own.name, &own.spec, node) {
            self.set_routing(Routing::Appliance(appliance), site);
        }
    }

    fn set_route_table(&mut self, own: &NamedRouteTableSchema, node: &Node, site: EventSite) {
        self.name(node.get("name").range, &own.name, "route table");
        let table = self.route_table(&own.name, &own.spec, node);
        self.set_routing(Routing::RouteTable(table), site);
    }

    fn set_virtual_hub(&mut self, own: &NamedVirtualHubSchema, node: &Node, site: EventSite) {
        self.name(node.get("name").range, &own.name, "virtual hub");
        let hub = self.virtual_hub(&own.name, &own.spec, node);
        self.set_routing(Routing::VirtualHub(hub), site);
    }

    fn set_transit(&mut self, own: &TransitSchema, node: &Node, site: EventSite) {
        let transit = self.transit(own, node);
        self.set_routing(Routing::Transit(transit), site);
    }

    fn set_endpoint_policy(&mut self, own: &EndpointPolicySchema, node: &Node, site: EventSite) {
        let policy = own.private_endpoint_network_policies;
        if let Some(policy) = self.endpoint_policy(&own.subnet, policy, node.get("subnet").range) {
            self.set_routing(Routing::EndpointPolicy(policy), site);
        }
    }

    fn set_security_group(&mut self, own: &NamedSecurityGroupSchema, node: &Node, site: EventSite) {
        self.name(node.get("name").range, &own.name, "security group");
        let group = self.security_group(&own.name, &own.spec, node);
        self.set_routing(Routing::SecurityGroup(group), site);
    }

    fn set_dns(&mut self, own: &SetDnsSchema, node: &Node, site: EventSite) {
        self.refer(ObjectKind::Network, &own.network, node.get("network"));
        let dns = self.dns(Some(&own.dns), node.get("dns"));
        self.push(site, Event::SetDns { network: own.network.as_str().into(), dns });
    }

    fn create_inbound_endpoint(&mut self, own: &NamedInboundEndpointSchema, node: &Node, site: EventSite) {
        self.new_name(ObjectKind::InboundEndpoint, &own.name, node.get("name").range);
        self.inbound_endpoint(&own.name, &own.spec, node, site);
    }

    fn delete_inbound_endpoint(&mut self, name: &str, node: &Node, site: EventSite) {
        self.refer(ObjectKind::InboundEndpoint, name, node);
        self.push(site, Event::DeleteInboundEndpoint { name: name.into() });
    }

    fn set_ruleset(&mut self, own: &NamedRulesetSchema, node: &Node, site: EventSite) {
        self.name(node.get("name").range, &own.name, "ruleset");
        let spec = self.ruleset(&own.name, &own.spec, node);
        self.push(site, Event::SetRuleset(spec));
    }

    fn delete_ruleset(&mut self, name: &str, node: &Node, site: EventSite) {
        self.refer(ObjectKind::Ruleset, name, node);
        self.push(site, Event::DeleteRuleset { name: name.into() });
    }

    fn create_workspace(&mut self, own: &NamedWorkspaceSchema, node: &Node, site: EventSite) {
        let spec = self.workspace(&own.name, &own.spec, node);
        self.create_resource(spec, node.get("name").range, site);
    }

    fn update_workspace(&mut self, own: &NamedWorkspaceSchema, node: &Node, site: EventSite) {
        let spec = self.workspace(&own.name, &own.spec, node);
        self.update_resource(spec, node, site);
    }

    fn create_component(&mut self, own: &NamedComponentSchema, node: &Node, site: EventSite) {
        let spec = self.component(&own.name, &own.spec, node);
        self.create_resource(spec, node.get("name").range, site);
    }

    fn update_component(&mut self, own: &NamedComponentSchema, node: &Node, site: EventSite) {
        let spec = self.component(&own.name, &own.spec, node);
        self.update_resource(spec, node, site);
    }

    fn create_data_collection_endpoint(
        &mut self,
        own: &NamedDataCollectionEndpointSchema,
        node: &Node,
        site: EventSite,
    ) {
        let spec = self.data_collection_endpoint(&own.name, &own.spec, node);
        self.create_resource(spec, node.get("name").range, site);
    }

    fn update_data_collection_endpoint(
        &mut self,
        own: &NamedDataCollectionEndpointSchema,
        node: &Node,
        site: EventSite,
    ) {
        let spec = self.data_collection_endpoint(&own.name, &own.spec, node);
        self.update_resource(spec, node, site);
    }

    fn create_service(&mut self, own: &NamedResourceSchema, node: &Node, site: EventSite) {
        if let Some(spec) = self.service(&own.name, &own.spec, node) {
            self.create_resource(spec, node.get("name").range, site);
        }
    }

    fn update_service(&mut self, own: &NamedResourceSchema, node: &Node, site: EventSite) {
        if let Some(spec) = self.service(&own.name, &own.spec, node) {
            self.update_resource(spec, node, site);
        }
    }

    fn delete_private_endpoint(&mut self, own: &NameSchema, node: &Node, site: EventSite) {
        let name = self.endpoint_name(own, node);
        self.push(site, Event::DeletePrivateEndpoint { endpoint: name.into() });
    }

    fn set_zone_contents(&mut self, own: &ZoneContentsSchema, node: &Node, site: EventSite) {
        let Some(apex) = self.owner_name(&own.zone, node.get("zone").range) else { return };
        let zone = ZoneId { resource_group: own.resource_group.as_str().into(), apex };
        self.refer_zone(&zone, node.get("zone").range);
        let unresolved = own.unresolved.as_deref().map(|id| Unresolved { id: id.into() });
        self.push(site, Event::SetZoneContents { zone, unresolved });
    }

    fn delete_zone_group(&mut self, own: &NameSchema, node: &Node, site: EventSite) {
        let name = self.endpoint_name(own, node);
        self.push(site, Event::DeleteZoneGroup { endpoint: name.into() });
    }

    fn set_approval(&mut self, own: &SetApprovalSchema, node: &Node, site: EventSite) {
        self.refer(ObjectKind::PrivateEndpoint, &own.endpoint, node.get("endpoint"));
        let state = ApprovalState::from(own.approval);
        self.push(site, Event::SetApproval { endpoint: own.endpoint.as_str().into(), state });
    }

    fn create_virtual_machine(&mut self, own: &NamedMachineSchema, node: &Node, site: EventSite) {
        self.new_name(ObjectKind::VirtualMachine, &own.name, node.get("name").range);
        self.machine(&own.name, &own.spec, node, site);
    }

    fn open_session(&mut self, own: &SessionSchema, node: &Node, site: EventSite) {
        self.refer(ObjectKind::VirtualMachine, &own.machine, node.get("machine"));
        self.refer(ObjectKind::Resource, &own.resource, node.get("resource"));
        let (machine, resource) = (own.machine.as_str().into(), own.resource.as_str().into());
        self.push(site, Event::OpenSession { machine, resource });
    }

    fn reboot(&mut self, name: &str, node: &Node, site: EventSite) {
        self.refer(ObjectKind::VirtualMachine, name, node);
        self.push(site, Event::Reboot { machine: name.into() });
    }

    fn cut_sessions(&mut self, name: &str, node: &Node, site: EventSite) {
        self.refer(ObjectKind::VirtualMachine, name, node);
        self.push(site, Event::CutSessions { machine: name.into() });
    }

    fn set_outbound_rule(&mut self, own: &OutboundRuleSchema, node: &Node, site: EventSite) {
        self.refer(ObjectKind::Network, &own.network, node.get("network"));
        let action = match own.action {
            ActionSchema::Allow => RuleAction::Allow,
            ActionSchema::Deny => RuleAction::Deny,
        };
        let network = own.network.as_str().into();
        self.push(site, Event::SetOutboundRule { network, rule: OutboundRule { action } });
    }

    /// A private endpoint that must exist, written alone or under `name`.
    fn endpoint_name<'s>(&mut self, schema: &'s NameSchema, node: &Node) -> &'s str {
        self.refer(ObjectKind::PrivateEndpoint, schema.name(), node.get("name"));
        schema.name()
    }
}

impl From<ApprovalSchema> for ApprovalState {
    fn from(schema: ApprovalSchema) -> Self {
        match schema {
            ApprovalSchema::Approved => Self::Approved,
            ApprovalSchema::Pending => Self::Pending,
            ApprovalSchema::Rejected => Self::Rejected,
            ApprovalSchema::Disconnected => Self::Disconnected,
        }
    }
}
