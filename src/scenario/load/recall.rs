//! What is known after a history: the names later events may refer to, as if the history had just been read.

use std::sync::Arc;

use super::{Connection, Loader, network};
use crate::estate::{Event, History, Revision, RoutingKey};

impl Loader<'_> {
    /// Learns what the events of a history did to the names.
    pub(super) fn recall(&mut self, history: &History) {
        for (number, recorded) in (1..).zip(history.events()) {
            self.step = match history.step_of(Revision(number)) {
                Some(step) => Arc::clone(&step.name),
                None => "the declarations".into(),
            };
            self.recall_event(&recorded.event);
        }
    }

    fn recall_event(&mut self, event: &Event) {
        match event {
            Event::CreateNetwork(spec) => {
                self.networks.add(spec.name.as_str());
                self.subnets.insert(spec.name.to_string(), spec.subnets.clone());
            }
            Event::DeleteNetwork { network } => self.forget_network(network.as_str()),
            Event::CreatePeering { between: [one, other] } => {
                self.peerings.insert(network::ordered(&[one.to_string(), other.to_string()]));
            }
            Event::DeletePeering { between: [one, other] } => {
                self.peerings.remove(&network::ordered(&[one.to_string(), other.to_string()]));
                for (from, to) in [(one, other), (other, one)] {
                    self.routing.remove(&RoutingKey::PeeringHalf(from.clone(), to.clone()));
                }
            }
            Event::SetRouting(routing) => {
                let key = routing.key();
                if let RoutingKey::PeeringHalf(from, to) = &key
                    && self.routing.contains(&RoutingKey::PeeringHalf(to.clone(), from.clone()))
                {
                    self.peerings.insert(network::ordered(&[from.to_string(), to.to_string()]));
                }
                self.routing.insert(key);
            }
            Event::DeleteRouting(key) => {
                if let RoutingKey::PeeringHalf(from, to) = key {
                    self.peerings.remove(&network::ordered(&[from.to_string(), to.to_string()]));
                }
                self.routing.remove(key);
            }
            Event::CreateInboundEndpoint { name, .. } => {
                self.inbound.add(name.as_str());
            }
            Event::DeleteInboundEndpoint { name } => self.inbound.remove(name.as_str(), &self.step, true),
            Event::SetRuleset(spec) => {
                self.rulesets.add(spec.name.as_str());
            }
            Event::DeleteRuleset { name } => self.rulesets.remove(name.as_str(), &self.step, true),
            Event::CreatePrivateDnsZone { zone } => {
                self.zones.add(&zone.to_string());
            }
            Event::DeletePrivateDnsZone { zone } => self.forget_zone(zone),
            Event::LinkZone { zone, network, .. } => {
                self.links.entry(zone.clone()).or_default().insert(network.to_string());
            }
            Event::UnlinkZone { zone, network } => {
                if let Some(linked) = self.links.get_mut(zone) {
                    linked.remove(network.as_str());
                }
            }
            Event::PutResource(spec) => {
                self.resources.add(spec.name().as_str());
                self.specs.insert(spec.name().to_string(), spec.clone());
            }
            Event::DeleteResource { resource } => self.forget_resource(resource.as_str()),
            Event::CreatePrivateLinkScope(spec) => {
                self.scopes.add(spec.name.as_str());
            }
            Event::DeletePrivateLinkScope { scope } => self.forget_scope(scope.as_str()),
            Event::AddScopedResource { scope, resource } => {
                self.scoped.entry(scope.to_string()).or_default().insert(resource.to_string());
            }
            Event::RemoveScopedResource { scope, resource } => {
                if let Some(resources) = self.scoped.get_mut(scope.as_str()) {
                    resources.remove(resource.as_str());
                }
            }
            Event::CreatePrivateEndpoint(spec) => {
                self.endpoints.add(spec.name.as_str());
                let (network, scope) = (spec.network.to_string(), spec.scope.to_string());
                let connection = Connection { network, scope, zone_group: spec.zone_group.clone() };
                self.connections.insert(spec.name.to_string(), connection);
            }
            Event::DeletePrivateEndpoint { endpoint } => self.forget_endpoint(endpoint.as_str()),
            Event::SetZoneGroup { endpoint, zone_group } => {
                if let Some(connection) = self.connections.get_mut(endpoint.as_str()) {
                    connection.zone_group = Some(zone_group.clone());
                }
            }
            Event::DeleteZoneGroup { endpoint } => {
                if let Some(connection) = self.connections.get_mut(endpoint.as_str()) {
                    connection.zone_group = None;
                }
            }
            Event::CreateVirtualMachine { name, .. } => {
                self.machines.add(name.as_str());
            }
            Event::SetDns { .. }
            | Event::PutRecordSet { .. }
            | Event::DeleteRecordSet { .. }
            | Event::SetAccessModes { .. }
            | Event::SetApproval { .. }
            | Event::OpenSession { .. }
            | Event::Reboot { .. }
            | Event::CutSessions { .. }
            | Event::SetOutboundRule { .. } => {}
        }
    }
}
