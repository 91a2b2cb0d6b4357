//! Shapes to a history: names are resolved, addresses and dates read, events put in order. All faults at once.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::str::FromStr;
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net};
use jiff::civil::Date;

use super::Scenario;
use super::error::{Fault, nearest};
use super::expect::{Expectation, Expected, ExpectedAnswer, ExpectedFlow, From};
use super::known::Known;
use super::node::{Node, Range, Segment};
use super::shape::*;
use crate::catalogue::{Catalogue, Cloud, Operation};
use crate::dns::{OwnerName, RecordData, RecordSet, RecordType, master};
use crate::estate::history::{Append, Deletion, Limits, Switches, WorkspaceHop};
use crate::estate::network::RulesetRule;
use crate::estate::{
    AccessMode, AccessModeSettings, ApprovalState, ComponentSpec, DataCollectionEndpointSpec, DnsSetting, Event,
    Exclusion, Forward, ForwardTo, ForwarderKind, History, NetworkKind, NetworkSpec, OutboundRule, Place,
    PrivateEndpointSpec, PublicNetworkAccess, Recorded, ResolutionPolicy, ResourceSpec, RuleAction, RulesetSpec,
    ScopeSpec, StaticAddress, WorkspaceSpec, ZoneGroup, ZoneId,
};

/// Gives a shape its meaning.
pub(super) fn pour(file: &str, root: &Node, shape: ScenarioShape) -> Result<Scenario, Vec<Fault>> {
    let cloud = match shape.cloud {
        None | Some(CloudShape::AzureCloud) => Cloud::Public,
        Some(CloudShape::AzureUSGovernment) => Cloud::UsGovernment,
        Some(CloudShape::AzureChinaCloud) => Cloud::China,
    };
    let mut history = History::new(cloud);
    history.switches = switches(shape.switches.as_ref());
    let mut pourer = Pourer {
        root,
        file: file.into(),
        catalogue: Catalogue::of(cloud),
        history,
        faults: Vec::new(),
        path: Vec::new(),
        step: "the declarations".to_owned(),
        date: None,
        networks: Known::of("network"),
        subnets: HashMap::new(),
        inbound: Known::of("inbound endpoint"),
        rulesets: Known::of("ruleset"),
        resources: Known::of("resource"),
        specs: HashMap::new(),
        scopes: Known::of("scope"),
        endpoints: Known::of("private endpoint"),
        groups: HashMap::new(),
        zones: Known::of("private zone"),
        machines: Known::of("virtual machine"),
    };
    let expectations = pourer.scenario(&shape);
    let Pourer { history, faults, .. } = pourer;
    if !faults.is_empty() {
        return Err(faults);
    }
    let text = |text: Option<String>| text.map_or_else(|| Arc::from(""), |text| text.trim().into());
    Ok(Scenario {
        title: text(shape.title),
        about: text(shape.about),
        source: text(shape.source),
        history,
        start: shape.start,
        expectations,
    })
}

fn switches(shape: Option<&SwitchesShape>) -> Switches {
    let shape = shape.cloned().unwrap_or_default();
    Switches {
        deletion: match shape.deletion {
            Some(DeletionShape::DeleteIfOwner) => Deletion::DeleteIfOwner,
            Some(DeletionShape::DeleteByName) | None => Deletion::DeleteByName,
        },
        workspace_hop: match shape.workspace_hop {
            Some(WorkspaceHopShape::Always) => WorkspaceHop::Always,
            Some(WorkspaceHopShape::Scoped) | None => WorkspaceHop::Scoped,
        },
        append: match shape.append {
            Some(AppendShape::RewriteAll) => Append::RewriteAll,
            Some(AppendShape::OwnOnly) | None => Append::OwnOnly,
        },
        limits: match shape.limits {
            Some(LimitsShape::Preview) => Limits::Preview,
            Some(LimitsShape::General) | None => Limits::General,
        },
    }
}

struct Pourer<'n> {
    root: &'n Node,
    file: Arc<str>,
    catalogue: Arc<Catalogue>,
    history: History,
    faults: Vec<Fault>,
    /// Where in the tree the pourer stands.
    path: Vec<Segment>,
    /// The step it is in.
    step: String,
    /// The date of the event it is at.
    date: Option<Date>,
    networks: Known,
    subnets: HashMap<(String, String), Ipv4Net>,
    inbound: Known,
    rulesets: Known,
    resources: Known,
    specs: HashMap<String, ResourceSpec>,
    scopes: Known,
    endpoints: Known,
    groups: HashMap<String, ZoneGroup>,
    zones: Known,
    machines: Known,
}

impl Pourer<'_> {
    fn scenario(&mut self, shape: &ScenarioShape) -> Vec<Expectation> {
        self.declarations(shape);
        self.history.end_declarations();
        let mut names: HashMap<&str, usize> = HashMap::new();
        let mut expectations = Vec::new();
        for (index, step) in shape.steps.iter().enumerate() {
            self.path = vec![Segment::Key("steps".into()), Segment::Index(index)];
            if names.insert(&step.name, index).is_some() {
                self.fault_at(
                    "name",
                    format!("step `{}` stands here twice", step.name),
                    Some("give each step a name of its own".into()),
                );
            }
            self.step.clone_from(&step.name);
            let date = step.date.as_deref().and_then(|date| self.date(date, "date"));
            for (number, event) in step.events.iter().enumerate() {
                self.path.truncate(2);
                self.path.extend([Segment::Key("events".into()), Segment::Index(number)]);
                self.date = event.date.as_deref().and_then(|own| self.date(own, "date")).or(date);
                self.event(event);
            }
            self.history.end_step(&step.name, step.about.as_deref().unwrap_or_default().trim());
            for (number, expect) in step.expect.iter().enumerate() {
                self.path.truncate(2);
                self.path.extend([Segment::Key("expect".into()), Segment::Index(number)]);
                self.expect(&step.name, expect, &mut expectations);
            }
        }
        self.path.clear();
        if let Some(start) = &shape.start
            && !names.contains_key(start.as_str())
        {
            let hint = nearest(start, names.keys().copied());
            self.fault_at("start", format!("there is no step `{start}` to start at"), hint);
        }
        expectations
    }

    fn declarations(&mut self, shape: &ScenarioShape) {
        // Networks refer to each other and to inbound endpoints, so all names are known before any is looked at.
        for name in shape.networks.keys() {
            self.networks.add(name);
        }
        for name in shape.inbound_endpoints.keys() {
            self.inbound.add(name);
        }
        for (name, network) in &shape.networks {
            self.path = key_path(&["networks", name]);
            let spec = self.network(name, network);
            self.push(Event::CreateNetwork(spec));
        }
        for (index, pair) in shape.peerings.iter().enumerate() {
            self.path = vec![Segment::Key("peerings".into()), Segment::Index(index)];
            self.peering(pair, |between| Event::CreatePeering { between });
        }
        for (name, inbound) in &shape.inbound_endpoints {
            self.path = key_path(&["inboundEndpoints", name]);
            self.refer(|own| &own.networks, &inbound.network, "network");
            self.push(Event::CreateInboundEndpoint {
                name: name.as_str().into(),
                network: inbound.network.as_str().into(),
            });
        }
        for (name, ruleset) in &shape.rulesets {
            self.path = key_path(&["rulesets", name]);
            let spec = self.ruleset(name, ruleset);
            self.push(Event::SetRuleset(spec));
        }
        for (name, workspace) in &shape.workspaces {
            self.path = key_path(&["workspaces", name]);
            let spec = self.workspace(name, workspace);
            self.create_resource(spec);
        }
        for (name, component) in &shape.components {
            self.path = key_path(&["components", name]);
            let spec = self.component(name, component);
            self.create_resource(spec);
        }
        for (name, endpoint) in &shape.data_collection_endpoints {
            self.path = key_path(&["dataCollectionEndpoints", name]);
            let spec = self.data_collection_endpoint(name, endpoint);
            self.create_resource(spec);
        }
        for (name, machine) in &shape.virtual_machines {
            self.path = key_path(&["virtualMachines", name]);
            self.refer(|own| &own.networks, &machine.network, "network");
            self.machines.add(name);
            self.push(Event::CreateVirtualMachine {
                name: name.as_str().into(),
                network: machine.network.as_str().into(),
            });
        }
    }

    fn event(&mut self, event: &EventShape) {
        let place = self.path.clone();
        let before = self.faults.len();
        let mut told = 0;
        macro_rules! on {
            ($field:ident, $key:literal, |$shape:ident| $body:expr) => {
                if let Some($shape) = &event.$field {
                    told += 1;
                    self.path.clone_from(&place);
                    self.path.push(Segment::Key($key.into()));
                    $body;
                }
            };
        }
        on!(create_network, "createNetwork", |shape| {
            self.new_name(|own| &mut own.networks, &shape.name, "network");
            let spec = self.network(&shape.name, &shape.spec);
            self.push(Event::CreateNetwork(spec));
        });
        on!(delete_network, "deleteNetwork", |name| {
            self.refer(|own| &own.networks, name, "");
            self.networks.remove(name, &self.step);
            self.push(Event::DeleteNetwork { network: name.as_str().into() });
        });
        on!(create_peering, "createPeering", |pair| self.peering(pair, |between| Event::CreatePeering { between }));
        on!(delete_peering, "deletePeering", |pair| self.peering(pair, |between| Event::DeletePeering { between }));
        on!(set_dns, "setDns", |shape| {
            self.refer(|own| &own.networks, &shape.network, "network");
            let dns = self.dns(Some(&shape.dns));
            self.push(Event::SetDns { network: shape.network.as_str().into(), dns });
        });
        on!(create_inbound_endpoint, "createInboundEndpoint", |shape| {
            self.new_name(|own| &mut own.inbound, &shape.name, "inbound endpoint");
            self.refer(|own| &own.networks, &shape.spec.network, "network");
            self.push(Event::CreateInboundEndpoint {
                name: shape.name.as_str().into(),
                network: shape.spec.network.as_str().into(),
            });
        });
        on!(delete_inbound_endpoint, "deleteInboundEndpoint", |name| {
            self.refer(|own| &own.inbound, name, "");
            self.inbound.remove(name, &self.step);
            self.push(Event::DeleteInboundEndpoint { name: name.as_str().into() });
        });
        on!(set_ruleset, "setRuleset", |shape| {
            let spec = self.ruleset(&shape.name, &shape.spec);
            self.push(Event::SetRuleset(spec));
        });
        on!(delete_ruleset, "deleteRuleset", |name| {
            self.refer(|own| &own.rulesets, name, "");
            self.rulesets.remove(name, &self.step);
            self.push(Event::DeleteRuleset { name: name.as_str().into() });
        });
        on!(create_private_dns_zones, "createPrivateDnsZones", |shape| {
            for zone in self.zone_ids(&shape.resource_group, &shape.zones) {
                self.zones.add(&zone.to_string());
                self.push_at(&place, Event::CreatePrivateDnsZone { zone });
            }
            self.links(shape, &place);
        });
        on!(delete_private_dns_zones, "deletePrivateDnsZones", |shape| {
            for zone in self.zone_ids(&shape.resource_group, &shape.zones) {
                self.refer_zone(&zone, "zones");
                // Azure may refuse; what refers to the zone later is compile's to judge.
                self.push_at(&place, Event::DeletePrivateDnsZone { zone });
            }
        });
        on!(link_zones, "linkZones", |shape| {
            for zone in self.zone_ids(&shape.resource_group, &shape.zones) {
                self.refer_zone(&zone, "zones");
            }
            self.links(shape, &place);
        });
        on!(unlink_zones, "unlinkZones", |shape| {
            for zone in self.zone_ids(&shape.resource_group, &shape.zones) {
                self.refer_zone(&zone, "zones");
                for network in &shape.networks {
                    self.refer(|own| &own.networks, network, "networks");
                    let network = network.as_str().into();
                    self.push_at(&place, Event::UnlinkZone { zone: zone.clone(), network });
                }
            }
        });
        on!(put_record_set, "putRecordSet", |shape| self.record_set(shape, false));
        on!(delete_record_set, "deleteRecordSet", |shape| self.record_set(shape, true));
        on!(create_workspace, "createWorkspace", |shape| {
            let spec = self.workspace(&shape.name, &shape.spec);
            self.create_resource(spec);
        });
        on!(create_component, "createComponent", |shape| {
            let spec = self.component(&shape.name, &shape.spec);
            self.create_resource(spec);
        });
        on!(create_data_collection_endpoint, "createDataCollectionEndpoint", |shape| {
            let spec = self.data_collection_endpoint(&shape.name, &shape.spec);
            self.create_resource(spec);
        });
        on!(set_public_network_access, "setPublicNetworkAccess", |shape| self.set_access(shape));
        on!(delete_resource, "deleteResource", |name| {
            self.refer(|own| &own.resources, name, "");
            self.push(Event::DeleteResource { resource: name.as_str().into() });
        });
        on!(create_private_link_scope, "createPrivateLinkScope", |shape| {
            self.new_name(|own| &mut own.scopes, &shape.name, "scope");
            let created = shape.created.as_deref().and_then(|date| self.date(date, "created"));
            let access = self.modes(shape.ingestion_access_mode, shape.query_access_mode, &shape.exclusions);
            self.push(Event::CreatePrivateLinkScope(ScopeSpec { name: shape.name.as_str().into(), access, created }));
        });
        on!(set_access_modes, "setAccessModes", |shape| {
            self.refer(|own| &own.scopes, &shape.scope, "scope");
            let access = self.modes(shape.ingestion_access_mode, shape.query_access_mode, &shape.exclusions);
            self.push(Event::SetAccessModes { scope: shape.scope.as_str().into(), access });
        });
        on!(delete_private_link_scope, "deletePrivateLinkScope", |name| {
            self.refer(|own| &own.scopes, name, "");
            self.scopes.remove(name, &self.step);
            self.push(Event::DeletePrivateLinkScope { scope: name.as_str().into() });
        });
        on!(add_scoped_resource, "addScopedResource", |shape| {
            self.scoped(shape, &place, |scope, resource| Event::AddScopedResource { scope, resource });
        });
        on!(remove_scoped_resource, "removeScopedResource", |shape| {
            self.scoped(shape, &place, |scope, resource| Event::RemoveScopedResource { scope, resource });
        });
        on!(create_private_endpoint, "createPrivateEndpoint", |shape| self.private_endpoint(shape));
        on!(delete_private_endpoint, "deletePrivateEndpoint", |name| {
            self.refer(|own| &own.endpoints, name, "");
            self.endpoints.remove(name, &self.step);
            self.push(Event::DeletePrivateEndpoint { endpoint: name.as_str().into() });
        });
        on!(set_zone_group, "setZoneGroup", |shape| {
            self.refer(|own| &own.endpoints, &shape.endpoint, "endpoint");
            let zone_group = self.zone_group(&shape.zone_group);
            self.groups.insert(shape.endpoint.clone(), zone_group.clone());
            self.push(Event::SetZoneGroup { endpoint: shape.endpoint.as_str().into(), zone_group });
        });
        on!(repair_zone_group, "repairZoneGroup", |name| {
            self.refer(|own| &own.endpoints, name, "");
            match self.groups.get(name).cloned() {
                Some(zone_group) => self.push(Event::SetZoneGroup { endpoint: name.as_str().into(), zone_group }),
                None if self.endpoints.has(name) => {
                    let hint = "give it one with setZoneGroup".to_owned();
                    self.fault_here(format!("private endpoint `{name}` has no zone group to repair"), Some(hint));
                }
                None => {}
            }
        });
        on!(delete_zone_group, "deleteZoneGroup", |name| {
            self.refer(|own| &own.endpoints, name, "");
            self.push(Event::DeleteZoneGroup { endpoint: name.as_str().into() });
        });
        on!(set_approval, "setApproval", |shape| {
            self.refer(|own| &own.endpoints, &shape.endpoint, "endpoint");
            let state = approval(Some(shape.approval));
            self.push(Event::SetApproval { endpoint: shape.endpoint.as_str().into(), state });
        });
        on!(create_virtual_machine, "createVirtualMachine", |shape| {
            self.new_name(|own| &mut own.machines, &shape.name, "virtual machine");
            self.refer(|own| &own.networks, &shape.spec.network, "network");
            self.push(Event::CreateVirtualMachine {
                name: shape.name.as_str().into(),
                network: shape.spec.network.as_str().into(),
            });
        });
        on!(open_session, "openSession", |shape| {
            self.refer(|own| &own.machines, &shape.machine, "machine");
            self.refer(|own| &own.resources, &shape.resource, "resource");
            self.push(Event::OpenSession {
                machine: shape.machine.as_str().into(),
                resource: shape.resource.as_str().into(),
            });
        });
        on!(reboot, "reboot", |name| {
            self.refer(|own| &own.machines, name, "");
            self.push(Event::Reboot { machine: name.as_str().into() });
        });
        on!(cut_sessions, "cutSessions", |name| {
            self.refer(|own| &own.machines, name, "");
            self.push(Event::CutSessions { machine: name.as_str().into() });
        });
        on!(set_outbound_rule, "setOutboundRule", |shape| {
            self.refer(|own| &own.networks, &shape.network, "network");
            let action = match shape.action {
                ActionShape::Allow => RuleAction::Allow,
                ActionShape::Deny => RuleAction::Deny,
            };
            self.push(Event::SetOutboundRule { network: shape.network.as_str().into(), rule: OutboundRule { action } });
        });
        self.path = place;
        if told != 1 && self.faults.len() == before {
            let message = match told {
                0 => "an event needs a key that says what happens".to_owned(),
                _ => format!("an event says one thing, and this one says {told}"),
            };
            self.fault_here(message, Some("write one entry of the list for each event".into()));
        }
    }

    fn network(&mut self, name: &str, shape: &NetworkShape) -> NetworkSpec {
        let prefixes = |own: &mut Self, list: &[String], key: &str| -> Vec<IpNet> {
            let mut read = Vec::new();
            for (index, text) in list.iter().enumerate() {
                own.path.extend([Segment::Key(key.into()), Segment::Index(index)]);
                match IpNet::from_str(text) {
                    Ok(prefix) if prefix.trunc() == prefix => read.push(prefix),
                    Ok(prefix) => own.fault_here(
                        format!("{prefix} is no prefix: it has bits behind its length"),
                        Some(format!("did you mean `{}`?", prefix.trunc())),
                    ),
                    Err(_) => own.fault_here(
                        format!("`{text}` is no prefix"),
                        Some("write an address and a length, such as 10.0.1.0/24".into()),
                    ),
                }
                own.path.truncate(own.path.len() - 2);
            }
            read
        };
        let address_space = prefixes(self, &shape.address_space, "addressSpace");
        let client_prefixes = prefixes(self, &shape.client_prefixes, "clientPrefixes");
        let mut subnets = Vec::new();
        for (subnet, text) in &shape.subnets {
            self.path.extend(key_path(&["subnets", subnet]));
            match Ipv4Net::from_str(text) {
                Ok(prefix) if prefix.trunc() != prefix => self.fault_here(
                    format!("{prefix} is no prefix: it has bits behind its length"),
                    Some(format!("did you mean `{}`?", prefix.trunc())),
                ),
                Ok(prefix) => {
                    let inside = address_space.iter().any(|space| space.contains(&IpNet::V4(prefix)));
                    if !inside {
                        self.fault_here(
                            format!("subnet {subnet} ({prefix}) is not within the address space of {name}"),
                            Some("widen addressSpace, or give the subnet a prefix within it".into()),
                        );
                    }
                    subnets.push((subnet.clone(), prefix));
                    self.subnets.insert((name.to_owned(), subnet.clone()), prefix);
                }
                Err(_) => self.fault_here(
                    format!("`{text}` is no IPv4 prefix"),
                    Some("write an address and a length, such as 10.0.1.0/26".into()),
                ),
            }
            self.path.truncate(self.path.len() - 2);
        }
        self.path.push(Segment::Key("dns".into()));
        let dns = self.dns(shape.dns.as_ref());
        self.path.pop();
        NetworkSpec {
            name: name.into(),
            kind: match shape.kind {
                Some(NetworkKindShape::OnPremises) => NetworkKind::OnPremises,
                Some(NetworkKindShape::Virtual) | None => NetworkKind::Virtual,
            },
            address_space,
            client_prefixes,
            subnets,
            dns,
        }
    }

    fn dns(&mut self, shape: Option<&DnsShape>) -> DnsSetting {
        let Some(DnsShape::Custom(custom)) = shape else { return DnsSetting::AzureProvided };
        let mut forward = Vec::new();
        for (suffix, target) in &custom.forward {
            self.path.extend(key_path(&["forward", suffix]));
            if let (Some(suffix), Some(to)) = (self.name_here(suffix), self.target(target)) {
                forward.push(Forward { suffix, to });
            }
            self.path.truncate(self.path.len() - 2);
        }
        self.path.push(Segment::Key("default".into()));
        let default = custom.default.as_deref().and_then(|target| self.target(target)).unwrap_or(ForwardTo::Public);
        self.path.pop();
        let kind = match custom.kind {
            Some(ForwarderKindShape::AcceptsChain) => ForwarderKind::AcceptsChain,
            Some(ForwarderKindShape::RestartsAtCname) | None => ForwarderKind::RestartsAtCname,
        };
        DnsSetting::Custom { kind, forward, default }
    }

    /// Where a forward goes, as written at the present place.
    fn target(&mut self, text: &str) -> Option<ForwardTo> {
        match text.split_once('/') {
            None if text == "azureProvided" => Some(ForwardTo::AzureProvided),
            None if text == "public" => Some(ForwardTo::Public),
            Some(("network", name)) => {
                self.refer(|own| &own.networks, name, "");
                Some(ForwardTo::Network(name.into()))
            }
            Some(("inboundEndpoint", name)) => {
                self.refer(|own| &own.inbound, name, "");
                Some(ForwardTo::InboundEndpoint(name.into()))
            }
            _ => {
                let hint = "write azureProvided, public, network/NAME or inboundEndpoint/NAME".to_owned();
                self.fault_here(format!("`{text}` is nowhere a question can be sent"), Some(hint));
                None
            }
        }
    }

    fn peering(&mut self, pair: &[String; 2], event: impl FnOnce([crate::estate::NetworkName; 2]) -> Event) {
        for (index, name) in pair.iter().enumerate() {
            self.path.push(Segment::Index(index));
            self.refer(|own| &own.networks, name, "");
            self.path.pop();
        }
        if pair[0] == pair[1] {
            self.fault_here(format!("network `{}` cannot be peered with itself", pair[0]), None);
        }
        self.push(event([pair[0].as_str().into(), pair[1].as_str().into()]));
    }

    fn ruleset(&mut self, name: &str, shape: &RulesetShape) -> RulesetSpec {
        self.rulesets.add(name);
        let mut rules = Vec::new();
        for (index, rule) in shape.rules.iter().enumerate() {
            self.path.extend([Segment::Key("rules".into()), Segment::Index(index)]);
            self.path.push(Segment::Key("domain".into()));
            let domain = self.name_here(&rule.domain);
            self.path.pop();
            self.path.push(Segment::Key("target".into()));
            let to = self.target(&rule.target);
            self.path.pop();
            if let (Some(domain), Some(to)) = (domain, to) {
                let final_dot = rule.domain.ends_with('.');
                rules.push(RulesetRule { domain, final_dot, enabled: rule.enabled.unwrap_or(true), to });
            }
            self.path.truncate(self.path.len() - 2);
        }
        for (index, link) in shape.links.iter().enumerate() {
            self.path.extend([Segment::Key("links".into()), Segment::Index(index)]);
            self.refer(|own| &own.networks, link, "");
            self.path.truncate(self.path.len() - 2);
        }
        RulesetSpec { name: name.into(), rules, links: shape.links.iter().map(|link| link.as_str().into()).collect() }
    }

    fn workspace(&mut self, name: &str, shape: &WorkspaceShape) -> ResourceSpec {
        let customer_id = shape.customer_id.to_ascii_lowercase();
        if !is_guid(&customer_id) {
            self.fault_at(
                "customerId",
                format!("`{}` is no GUID", shape.customer_id),
                Some("write the workspace's customerId, such as 11111111-1111-4111-8111-111111111111".into()),
            );
        }
        let inbound = shape.perimeter_allows_inbound;
        ResourceSpec::Workspace(WorkspaceSpec {
            name: name.into(),
            customer_id,
            location: shape.location.to_ascii_lowercase(),
            ingestion: access(shape.ingestion, inbound),
            query: access(shape.query, inbound),
        })
    }

    fn component(&mut self, name: &str, shape: &ComponentShape) -> ResourceSpec {
        if let Some(workspace) = &shape.workspace {
            self.refer(|own| &own.resources, workspace, "workspace");
        }
        let part = |wanted: &str| {
            let parts = shape.connection_string.as_deref()?.split(';');
            parts.filter_map(|part| part.split_once('=')).find(|(key, _)| key.trim() == wanted).map(|(_, value)| value)
        };
        let ingestion = shape.ingestion_endpoint.as_deref().or_else(|| part("IngestionEndpoint"));
        let live = shape.live_endpoint.as_deref().or_else(|| part("LiveEndpoint"));
        self.foreign(ingestion, "ingestionEndpoint");
        // The global host has no label of a region.
        let regional = |label: &String| label.contains('-') && label != "dc";
        let ingestion = ingestion.map(first_label).filter(regional);
        let live = live.map(first_label).filter(|label| label != "live").or_else(|| {
            ingestion.as_ref().and_then(|label| label.rsplit_once('-')).map(|(region, _)| region.to_owned())
        });
        ResourceSpec::Component(ComponentSpec {
            name: name.into(),
            location: shape.location.to_ascii_lowercase(),
            ingestion_endpoint: ingestion,
            live_endpoint: live,
            workspace: shape.workspace.as_deref().map(Into::into),
            ingestion: access(shape.ingestion, None),
            query: access(shape.query, None),
        })
    }

    fn data_collection_endpoint(&mut self, name: &str, shape: &DataCollectionEndpointShape) -> ResourceSpec {
        let root = OwnerName::root();
        let mut read = |key: &str, text: &str| {
            self.foreign(Some(text), key);
            self.name_at(key, host(text)).unwrap_or_else(|| root.clone())
        };
        let configuration_access = read("configurationAccess", &shape.configuration_access);
        let logs_ingestion = read("logsIngestion", &shape.logs_ingestion);
        let metrics_ingestion = shape.metrics_ingestion.as_deref().map(|text| read("metricsIngestion", text));
        ResourceSpec::DataCollectionEndpoint(DataCollectionEndpointSpec {
            name: name.into(),
            location: shape.location.to_ascii_lowercase(),
            configuration_access,
            logs_ingestion,
            metrics_ingestion,
            public_network_access: access(shape.public_network_access, shape.perimeter_allows_inbound),
        })
    }

    fn create_resource(&mut self, spec: ResourceSpec) {
        let name = spec.name().to_string();
        if !self.resources.add(&name) {
            let hint = "names of workspaces, components and data collection endpoints are one set".to_owned();
            self.fault_here(format!("there is a resource `{name}` already"), Some(hint));
        }
        self.specs.insert(name, spec.clone());
        self.push(Event::PutResource(spec));
    }

    fn set_access(&mut self, shape: &SetAccessShape) {
        self.refer(|own| &own.resources, &shape.resource, "resource");
        let Some(mut spec) = self.specs.get(&shape.resource).cloned() else { return };
        let inbound = shape.perimeter_allows_inbound;
        let set = |flag: &mut PublicNetworkAccess, to: Option<AccessShape>| {
            if to.is_some() {
                *flag = access(to, inbound);
            }
        };
        match &mut spec {
            ResourceSpec::Workspace(one) => {
                set(&mut one.ingestion, shape.ingestion);
                set(&mut one.query, shape.query);
            }
            ResourceSpec::Component(one) => {
                set(&mut one.ingestion, shape.ingestion);
                set(&mut one.query, shape.query);
            }
            ResourceSpec::DataCollectionEndpoint(one) => {
                set(&mut one.public_network_access, shape.ingestion.or(shape.query));
            }
        }
        self.specs.insert(shape.resource.clone(), spec.clone());
        self.push(Event::PutResource(spec));
    }

    fn modes(
        &mut self,
        ingestion: Option<ModeShape>,
        query: Option<ModeShape>,
        exclusions: &[ExclusionShape],
    ) -> AccessModeSettings {
        for (index, exclusion) in exclusions.iter().enumerate() {
            self.path.extend([Segment::Key("exclusions".into()), Segment::Index(index)]);
            self.refer(
                |own| &own.endpoints,
                &exclusion.private_endpoint_connection_name,
                "privateEndpointConnectionName",
            );
            self.path.truncate(self.path.len() - 2);
        }
        AccessModeSettings {
            ingestion: mode(ingestion),
            query: mode(query),
            exclusions: exclusions
                .iter()
                .map(|one| Exclusion {
                    endpoint: one.private_endpoint_connection_name.as_str().into(),
                    ingestion: mode(Some(one.ingestion_access_mode)),
                    query: mode(Some(one.query_access_mode)),
                })
                .collect(),
        }
    }

    fn scoped(
        &mut self,
        shape: &ScopedResourceShape,
        place: &[Segment],
        event: impl Fn(crate::estate::ScopeName, crate::estate::ResourceName) -> Event,
    ) {
        self.refer(|own| &own.scopes, &shape.scope, "scope");
        for resource in shape.resource.names() {
            self.refer(|own| &own.resources, resource, "resource");
            self.push_at(place, event(shape.scope.as_str().into(), resource.as_str().into()));
        }
    }

    fn private_endpoint(&mut self, shape: &PrivateEndpointShape) {
        self.new_name(|own| &mut own.endpoints, &shape.name, "private endpoint");
        self.refer(|own| &own.scopes, &shape.scope, "scope");
        let Some((network, subnet)) = shape.subnet.split_once('/') else {
            let hint = "write network/subnet, such as vnet1/endpoints".to_owned();
            self.fault_at("subnet", format!("`{}` names no subnet", shape.subnet), Some(hint));
            return;
        };
        self.refer(|own| &own.networks, network, "subnet");
        let prefix = self.subnets.get(&(network.to_owned(), subnet.to_owned())).copied();
        if prefix.is_none() && self.networks.has(network) {
            let subnets = self.subnets.keys().filter(|(own, _)| own == network).map(|(_, subnet)| subnet.as_str());
            let hint = nearest(subnet, subnets);
            self.fault_at("subnet", format!("network `{network}` has no subnet `{subnet}`"), hint);
        }
        let mut ip_configurations = Vec::new();
        for (index, fixed) in shape.ip_configurations.iter().enumerate() {
            self.path.extend([Segment::Key("ipConfigurations".into()), Segment::Index(index)]);
            match fixed.private_ip_address.parse::<Ipv4Addr>() {
                Ok(address) => {
                    if let Some(prefix) = prefix {
                        self.in_subnet(address, prefix, &shape.subnet);
                    }
                    ip_configurations.push(StaticAddress { member: fixed.member_name.clone(), address });
                }
                Err(_) => {
                    let message = format!("`{}` is no IPv4 address", fixed.private_ip_address);
                    self.fault_at("privateIPAddress", message, None);
                }
            }
            self.path.truncate(self.path.len() - 2);
        }
        self.path.push(Segment::Key("zoneGroup".into()));
        let zone_group = shape.zone_group.as_ref().map(|group| self.zone_group(group));
        self.path.pop();
        if let Some(group) = &zone_group {
            self.groups.insert(shape.name.clone(), group.clone());
        }
        let created = shape.created.as_deref().and_then(|date| self.date(date, "created"));
        self.push(Event::CreatePrivateEndpoint(PrivateEndpointSpec {
            name: shape.name.as_str().into(),
            scope: shape.scope.as_str().into(),
            network: network.into(),
            subnet: subnet.to_owned(),
            zone_group,
            ip_configurations,
            approval: approval(shape.approval),
            created,
        }));
    }

    fn in_subnet(&mut self, address: Ipv4Addr, prefix: Ipv4Net, subnet: &str) {
        let rules = &self.catalogue.rules;
        let number = u32::from(address);
        let first = u32::from(prefix.network()).saturating_add(rules.reserved_at_start);
        let last = u32::from(prefix.broadcast()).saturating_sub(rules.reserved_at_end);
        if !prefix.contains(&address) {
            let hint = format!("the subnet is {prefix}");
            self.fault_at("privateIPAddress", format!("{address} is not in subnet {subnet}"), Some(hint));
        } else if !(first..=last).contains(&number) {
            let hint = format!("{} is the first one that can be given", Ipv4Addr::from(first));
            self.fault_at("privateIPAddress", format!("Azure keeps {address} of each subnet for itself"), Some(hint));
        }
    }

    fn zone_group(&mut self, shape: &ZoneGroupShape) -> ZoneGroup {
        let zones = match shape {
            ZoneGroupShape::ResourceGroup(group) => {
                let all: Vec<ZoneId> = self.zone_ids(group, &ZoneListShape::All(AllZonesShape::AzureMonitor));
                let here: Vec<_> = all.iter().filter(|zone| self.zones.has(&zone.to_string())).cloned().collect();
                if here.is_empty() {
                    let hint = "create them with createPrivateDnsZones before".to_owned();
                    self.fault_here(format!("resource group `{group}` has no zones of Azure Monitor"), Some(hint));
                }
                here
            }
            ZoneGroupShape::Zones(one) => self.group_zones(one),
            ZoneGroupShape::Several(several) => several.iter().flat_map(|one| self.group_zones(one)).collect(),
        };
        ZoneGroup { zones }
    }

    fn group_zones(&mut self, shape: &ZoneGroupZonesShape) -> Vec<ZoneId> {
        let zones = self.zone_ids(&shape.resource_group, &shape.zones);
        for zone in &zones {
            self.refer_zone(zone, "zones");
        }
        zones
    }

    fn zone_ids(&mut self, resource_group: &str, zones: &ZoneListShape) -> Vec<ZoneId> {
        let id = |apex: OwnerName| ZoneId { resource_group: resource_group.into(), apex };
        match zones {
            ZoneListShape::All(AllZonesShape::AzureMonitor) => {
                self.catalogue.zone_group().map(|row| id(row.private.clone())).collect()
            }
            ZoneListShape::Names(names) => {
                let mut read = Vec::new();
                for (index, name) in names.iter().enumerate() {
                    self.path.extend([Segment::Key("zones".into()), Segment::Index(index)]);
                    if let Some(apex) = self.name_here(name) {
                        self.foreign_name(&apex);
                        read.push(id(apex));
                    }
                    self.path.truncate(self.path.len() - 2);
                }
                read
            }
        }
    }

    fn links(&mut self, shape: &ZonesShape, place: &[Segment]) {
        for (network, link) in &shape.links {
            self.path.extend(key_path(&["links", network]));
            self.refer_by_key(|own| &own.networks, network);
            self.path.truncate(self.path.len() - 2);
            let policy = match link.resolution_policy {
                Some(PolicyShape::NxDomainRedirect) => ResolutionPolicy::NxDomainRedirect,
                Some(PolicyShape::Default) | None => ResolutionPolicy::Default,
            };
            for zone in self.zone_ids(&shape.resource_group, &shape.zones) {
                self.push_at(place, Event::LinkZone { zone, network: network.as_str().into(), policy });
            }
        }
    }

    fn record_set(&mut self, shape: &RecordSetShape, delete: bool) {
        let Some(apex) = self.name_at("zone", &shape.zone) else { return };
        let zone = ZoneId { resource_group: shape.resource_group.as_str().into(), apex };
        self.refer_zone(&zone, "zone");
        let kind = match shape.r#type.parse::<RecordType>() {
            Ok(kind) => kind,
            Err(error) => return self.fault_at("type", error.to_string(), None),
        };
        let owner = match zone.apex.child(&shape.name) {
            Ok(owner) => owner,
            Err(error) => return self.fault_at("name", format!("`{}` is no name: {error}", shape.name), None),
        };
        if delete {
            return self.push(Event::DeleteRecordSet { zone, owner, kind });
        }
        let ttl = shape.ttl.unwrap_or(self.catalogue.rules.manual_ttl);
        if shape.records.is_empty() {
            return self.fault_at("records", "a record set has at least one record".to_owned(), None);
        }
        let mut data: Vec<RecordData> = Vec::new();
        for (index, record) in shape.records.iter().enumerate() {
            self.path.extend([Segment::Key("records".into()), Segment::Index(index)]);
            if let Some(read) = self.record(&zone.apex, ttl, kind, record) {
                data.push(read);
            }
            self.path.truncate(self.path.len() - 2);
        }
        if let Some(set) = RecordSet::new(owner, ttl, data) {
            self.push(Event::PutRecordSet { zone, set });
        }
    }

    /// One record's data, read as a line of a master file. Names in it are absolute, with or without a final dot.
    fn record(&mut self, apex: &OwnerName, ttl: u32, kind: RecordType, text: &str) -> Option<RecordData> {
        let names = [RecordType::CNAME, RecordType::PTR, RecordType::MX, RecordType::SRV].contains(&kind);
        let dot = if names && !text.ends_with('.') { "." } else { "" };
        let quoted = if kind == RecordType::TXT && !text.starts_with('"') {
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
        } else {
            text.to_owned()
        };
        let line = format!("x {ttl} IN {kind} {quoted}{dot}\n");
        let read = if text.contains(['\n', '\r']) || kind == RecordType::SOA {
            None
        } else {
            match master::read(line.as_bytes(), Some(apex)) {
                Ok(zone) => zone.sets.into_iter().find(|set| set.kind() == kind).map(|set| set.data()[0].clone()),
                Err(_) => None,
            }
        };
        if read.is_none() {
            let hint = "write the data as a master file has it, such as 10.0.1.4 or 10 mail.example.com".to_owned();
            self.fault_here(format!("`{text}` is no data of type {kind}"), Some(hint));
        }
        read
    }

    fn expect(&mut self, step: &str, shape: &ExpectShape, expectations: &mut Vec<Expectation>) {
        let mut from = Vec::new();
        for name in shape.from.iter().flat_map(OneOrMoreShape::names) {
            if self.networks.has(name) {
                from.push(From::Network(name.as_str().into()));
            } else if name == "public" {
                from.push(From::Public);
            } else {
                self.refer(|own| &own.networks, name, "from");
            }
        }
        if from.is_empty() && shape.from.is_none() && !(shape.answers.is_empty() && shape.chain.is_empty()) {
            let hint = "add `from:` with networks, or public".to_owned();
            self.fault_here("answers need somebody who asks".to_owned(), Some(hint));
        }
        let mut add = |own: &Self, expected| {
            expectations.push(Expectation {
                step: step.to_owned(),
                revision: own.history.last(),
                expected,
                place: own.place(),
            });
        };
        for (question, answer) in &shape.answers {
            self.path.extend(key_path(&["answers", question]));
            let (name, kind) = question.split_once(' ').unwrap_or((question, "A"));
            let kind = kind.trim().parse::<RecordType>();
            if let Err(error) = &kind {
                self.fault_here(error.to_string(), None);
            }
            if let (Some(name), Ok(kind)) = (self.name_here(name), kind) {
                for from in &from {
                    let answer = expected_answer(answer.names());
                    add(self, Expected::Answer { from: from.clone(), name: name.clone(), kind, answer });
                }
            }
            self.path.truncate(self.path.len() - 2);
        }
        for (name, targets) in &shape.chain {
            self.path.extend(key_path(&["chain", name]));
            let targets: Vec<_> = targets.iter().filter_map(|target| self.name_here(target)).collect();
            if let Some(name) = self.name_here(name) {
                for from in &from {
                    add(self, Expected::Chain { from: from.clone(), name: name.clone(), targets: targets.clone() });
                }
            }
            self.path.truncate(self.path.len() - 2);
        }
        for (key, codes) in [("findings", &shape.findings), ("absentFindings", &shape.absent_findings)] {
            for (index, code) in codes.iter().enumerate() {
                self.path.extend([Segment::Key(key.into()), Segment::Index(index)]);
                let code = code.clone();
                add(self, if key == "findings" { Expected::Finding(code) } else { Expected::NoFinding(code) });
                self.path.truncate(self.path.len() - 2);
            }
        }
        for (index, flow) in shape.flows.iter().enumerate() {
            self.path.extend([Segment::Key("flows".into()), Segment::Index(index)]);
            if let Some(flow) = self.flow(flow) {
                add(self, Expected::Flow(flow));
            }
            self.path.truncate(self.path.len() - 2);
        }
        for (zone, records) in &shape.records {
            self.path.extend(key_path(&["records", zone]));
            let read = zone.split_once('/').and_then(|(group, apex)| Some((group, OwnerName::parse(apex).ok()?)));
            match read {
                Some((group, apex)) => {
                    let zone = ZoneId { resource_group: group.into(), apex };
                    self.refer_zone(&zone, "");
                    let mut wanted = Vec::new();
                    for (name, address) in records {
                        match (zone.apex.child(name), address.parse()) {
                            (Ok(owner), Ok(address)) => wanted.push((owner, address)),
                            _ => self.fault_at(name, format!("`{name}: {address}` is no name and IPv4 address"), None),
                        }
                    }
                    add(self, Expected::Records { zone, records: wanted });
                }
                None => {
                    let hint = "write the resource group, a slash and the zone's name".to_owned();
                    self.fault_here(format!("`{zone}` names no zone"), Some(hint));
                }
            }
            self.path.truncate(self.path.len() - 2);
        }
    }

    fn flow(&mut self, shape: &FlowShape) -> Option<ExpectedFlow> {
        let from = if self.machines.has(&shape.from) {
            From::Machine(shape.from.as_str().into())
        } else if shape.from == "public" {
            From::Public
        } else {
            self.refer(|own| &own.networks, &shape.from, "from");
            From::Network(shape.from.as_str().into())
        };
        self.refer(|own| &own.resources, &shape.to, "to");
        let operation = Operation::ALL.into_iter().find(|one| one.name() == shape.operation);
        if operation.is_none() {
            let names = Operation::ALL.iter().map(|one| one.name());
            let hint = nearest(&shape.operation, names);
            self.fault_at("operation", format!("`{}` is no operation", shape.operation), hint);
        }
        let words = ["public", "private", "unreachable", "blocked", "NXDOMAIN", "NODATA", "SERVFAIL"];
        if let Some(path) = shape.path.as_deref().filter(|path| !words.contains(path)) {
            self.fault_at("path", format!("`{path}` is no path"), nearest(path, words));
        }
        let name = match &shape.name {
            Some(name) => Some(self.name_at("name", name)?),
            None => None,
        };
        Some(ExpectedFlow {
            from,
            to: shape.to.as_str().into(),
            operation: operation?,
            name,
            path: shape.path.clone(),
            endpoint: shape.endpoint.as_deref().map(Into::into),
            allowed: shape.decision.map(|decision| decision == DecisionShape::Allow),
            row: shape.row,
            status: shape.status,
            text: shape.text.clone(),
        })
    }

    /// A host of another cloud does not belong here.
    fn foreign(&mut self, text: Option<&str>, key: &str) {
        if let Some(name) = text.and_then(|text| OwnerName::parse(host(text)).ok()) {
            self.path.push(Segment::Key(key.into()));
            self.foreign_name(&name);
            self.path.pop();
        }
    }

    /// A zone or host of another cloud does not belong here.
    fn foreign_name(&mut self, name: &OwnerName) {
        let own = self.catalogue.cloud;
        let is_in = |cloud: &Cloud| {
            let catalogue = Catalogue::of(*cloud);
            catalogue.zones.iter().any(|row| name.is_within(&row.private) || name.is_within(&row.public))
        };
        let other = Cloud::ALL.into_iter().find(|cloud| *cloud != own && is_in(cloud));
        if let Some(other) = other.filter(|_| !is_in(&own)) {
            let hint = format!("an estate is in one cloud: write `cloud: {other}`, or the name {own} has for it");
            self.fault_here(format!("{name} is a name of {other}, and this scenario is in {own}"), Some(hint));
        }
    }

    fn new_name(&mut self, known: impl Fn(&mut Self) -> &mut Known, name: &str, what: &str) {
        if !known(self).add(name) {
            let hint = format!("delete the {what} before, or give this one another name");
            self.fault_at("name", format!("there is a {what} `{name}` already"), Some(hint));
        }
    }

    /// A reference to something that must exist, written under `key` (or at the present place).
    fn refer(&mut self, known: impl Fn(&Self) -> &Known, name: &str, key: &str) {
        if let Err(dangling) = known(self).find(name) {
            self.fault_at(key, dangling.message, Some(dangling.hint));
        }
    }

    /// A reference that is a mapping's key: the last segment of the present path.
    fn refer_by_key(&mut self, known: impl Fn(&Self) -> &Known, name: &str) {
        if let Err(dangling) = known(self).find(name) {
            let range = self.range(&self.path);
            self.faults.push(Fault { range, message: dangling.message, hint: Some(dangling.hint) });
        }
    }

    fn refer_zone(&mut self, zone: &ZoneId, key: &str) {
        let name = zone.to_string();
        self.refer(|own| &own.zones, &name, key);
    }

    fn name_here(&mut self, text: &str) -> Option<OwnerName> {
        self.name_at("", text)
    }

    fn name_at(&mut self, key: &str, text: &str) -> Option<OwnerName> {
        match OwnerName::parse(text) {
            Ok(name) => Some(name),
            Err(error) => {
                self.fault_at(key, format!("`{text}` is no name: {error}"), None);
                None
            }
        }
    }

    fn date(&mut self, text: &str, key: &str) -> Option<Date> {
        let date = text.parse().ok();
        if date.is_none() {
            self.fault_at(key, format!("`{text}` is no date"), Some("write it as YYYY-MM-DD".into()));
        }
        date
    }

    fn push(&mut self, event: Event) {
        let place = self.place();
        self.record_event(event, place);
    }

    /// An event that stands in the text at `path`, wherever the pourer is within it.
    fn push_at(&mut self, path: &[Segment], event: Event) {
        let place = self.place_of(path);
        self.record_event(event, place);
    }

    fn record_event(&mut self, event: Event, place: Place) {
        self.history.push(Recorded { event, date: self.date, place: Some(place) });
    }

    fn place(&self) -> Place {
        // Events are told by their entry in the list, not by a part of it.
        let depth = match self.path.as_slice() {
            [Segment::Key(steps), _, Segment::Key(events), ..] if steps == "steps" && events == "events" => 4,
            _ => self.path.len(),
        };
        self.place_of(&self.path[..depth])
    }

    fn place_of(&self, path: &[Segment]) -> Place {
        let range = self.range(path);
        Place { file: Arc::clone(&self.file), line: range.line, column: range.column }
    }

    /// A key's place where the path ends at a key, else the node's.
    fn range(&self, path: &[Segment]) -> Range {
        self.root.key_at(path).unwrap_or_else(|| self.root.at(path).range)
    }

    fn fault_here(&mut self, message: String, hint: Option<String>) {
        self.fault_at("", message, hint);
    }

    /// A fault at the value under `key`, or at the present place where there is none.
    fn fault_at(&mut self, key: &str, message: String, hint: Option<String>) {
        let mut path = self.path.clone();
        if !key.is_empty() {
            path.push(Segment::Key(key.to_owned()));
        }
        let range = self.root.at(&path).range;
        self.faults.push(Fault { range, message, hint });
    }
}

fn key_path(keys: &[&str]) -> Vec<Segment> {
    keys.iter().map(|key| Segment::Key((*key).to_owned())).collect()
}

fn expected_answer(words: &[String]) -> ExpectedAnswer {
    match words {
        [word] if word == "public" => ExpectedAnswer::Public,
        [word] if word == "NXDOMAIN" => ExpectedAnswer::NameError,
        [word] if word == "NODATA" => ExpectedAnswer::NoData,
        [word] if word == "SERVFAIL" => ExpectedAnswer::Failure,
        words => ExpectedAnswer::Data(words.to_vec()),
    }
}

fn mode(shape: Option<ModeShape>) -> AccessMode {
    match shape {
        Some(ModeShape::PrivateOnly) => AccessMode::PrivateOnly,
        Some(ModeShape::Open) | None => AccessMode::Open,
    }
}

fn approval(shape: Option<ApprovalShape>) -> ApprovalState {
    match shape {
        Some(ApprovalShape::Pending) => ApprovalState::Pending,
        Some(ApprovalShape::Rejected) => ApprovalState::Rejected,
        Some(ApprovalShape::Approved) | None => ApprovalState::Approved,
    }
}

fn access(shape: Option<AccessShape>, inbound: Option<bool>) -> PublicNetworkAccess {
    match shape {
        Some(AccessShape::Disabled) => PublicNetworkAccess::Disabled,
        Some(AccessShape::SecuredByPerimeter) => {
            PublicNetworkAccess::SecuredByPerimeter { inbound_allowed: inbound.unwrap_or(false) }
        }
        Some(AccessShape::Enabled) | None => PublicNetworkAccess::Enabled,
    }
}

fn is_guid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|octet| octet.is_ascii_hexdigit()))
}

/// The host of an address such as `https://host/path`, or the host itself.
fn host(text: &str) -> &str {
    let behind = text.split_once("://").map_or(text, |(_, behind)| behind);
    let end = behind.find(['/', ':']).unwrap_or(behind.len());
    behind[..end].trim()
}

fn first_label(text: &str) -> String {
    host(text).split('.').next().unwrap_or_default().to_ascii_lowercase()
}
