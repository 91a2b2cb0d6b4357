//! Private endpoints: what they connect, the addresses they have, the zones they write to.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use indexmap::IndexMap;
use jiff::civil::Date;

use super::{Builder, Networks, ScopeParts, Zones};
use crate::compile::member;
use crate::dns::OwnerName;
use crate::estate::{
    ApprovalState, EndpointTarget, IpVersion, PrivateEndpointSpec, StaticAddress, Unresolved, UnresolvedEndpoint,
    ZoneGroup, ZoneId,
};
use crate::import::command::{self, show, word};
use crate::import::fact::{Facts, Object};
use crate::import::id::ResourceId;
use crate::import::report::{Provenance, Topic};

const ENDPOINT: &str = "microsoft.network/privateendpoints";
const SCOPE: &str = "microsoft.insights/privatelinkscopes";
/// What private endpoints can lead to and Azure has no private DNS zone for.
///
/// Source: MicrosoftDocs/azure-docs articles/private-link/private-endpoint-overview.md (2025-03-25).
const WITHOUT_ZONES: [&str; 2] = ["microsoft.network/applicationgateways", "microsoft.network/privatelinkservices"];

/// A private endpoint on its way to an event.
pub(super) struct Endpoint {
    pub(super) label: String,
    pub(super) id: ResourceId,
    pub(super) scope: String,
    pub(super) network: String,
    pub(super) subnet: String,
    /// Addresses that are known, by public name, in the order of the names stated.
    pub(super) addresses: IndexMap<OwnerName, Ipv4Addr>,
    /// Member names that are known, by public name.
    members: BTreeMap<OwnerName, String>,
    pub(super) fixed: Vec<StaticAddress>,
    pub(super) zone_group: Option<Vec<ZoneId>>,
    pub(super) approval: ApprovalState,
    pub(super) created: Option<Date>,
    pub(super) place: Option<Provenance>,
}

impl Endpoint {
    /// What creates it.
    pub(super) fn spec(&self) -> PrivateEndpointSpec {
        PrivateEndpointSpec {
            name: self.label.as_str().into(),
            target: EndpointTarget::Scope(self.scope.as_str().into()),
            network: self.network.as_str().into(),
            subnet: self.subnet.clone(),
            ip_version: IpVersion::V4,
            zone_group: self.zone_group.clone().map(|zones| ZoneGroup { zones }),
            ip_configurations: self.fixed.clone(),
            approval: self.approval,
            created: self.created,
        }
    }
}

impl Endpoint {
    pub(super) fn known_addresses(&self) -> Vec<Ipv4Addr> {
        let fixed = self.fixed.iter().filter_map(|fixed| match fixed.address {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        });
        self.addresses.values().copied().chain(fixed).collect()
    }

    /// The region a workspace with these names is in: its member names end in it.
    pub(super) fn region_of(&self, names: &[OwnerName]) -> Option<String> {
        let member = names.iter().find_map(|name| self.members.get(name));
        let member = member.and_then(|member| member.split_once('-')).map(|(_, region)| region.to_owned());
        member.filter(|region| !region.contains('-'))
    }
}

/// Network interfaces say which addresses their private endpoint has.
pub(super) fn join_interfaces(facts: &mut Facts) {
    let interfaces: Vec<Object> = facts.of("microsoft.network/networkinterfaces").cloned().collect();
    for interface in interfaces {
        let Some(endpoint) = interface.id_of("endpoint") else { continue };
        for (name, declared) in interface.attributes.iter().filter(|(name, _)| *name != "endpoint") {
            facts.tell(&endpoint, name, declared.value.clone(), &declared.from);
            if name.starts_with("address ") {
                facts.tell(&endpoint, "interface", true, &declared.from);
            }
        }
    }
}

impl Builder<'_> {
    pub(super) fn endpoints(
        &mut self,
        scopes: &mut Vec<ScopeParts>,
        networks: &mut Networks,
        zones: &Zones,
    ) -> Vec<Endpoint> {
        let facts = self.facts;
        let mut endpoints = Vec::new();
        for object in facts.of(ENDPOINT) {
            let known = object.declared.is_some()
                || object.get("zoneGroup").is_some()
                || object.with("address ").next().is_some();
            if !known {
                let text = format!("private endpoint {} is referenced but not in the import", object.id.name());
                self.missing(text, object.places(), show("network private-endpoint show", &object.id));
                continue;
            }
            let scope = object.id_of("scope");
            if let Some(what) = self.leads_elsewhere(object, scope.as_ref()) {
                if self.service_endpoint(object, scope.as_ref(), networks, zones) {
                    continue;
                }
                self.other_endpoint(object, &what, scope.as_ref(), zones);
                continue;
            }
            let is_unknown = scope.as_ref().is_none_or(|id| id.has_unknown_name());
            if is_unknown && (object.declared.is_some() || !self.is_of_scope(object, zones)) {
                let text = format!(
                    "the target of private endpoint {} is unknown, so all other names in the zones of the endpoint are unknown too",
                    object.id.name()
                );
                self.report.add(Topic::NotRead, text, object.places(), None);
                self.unresolved_endpoint(object, "scope", scope.as_ref(), zones);
                continue;
            }
            let subnet = object.id_of("subnet");
            if subnet.as_ref().is_none_or(|id| self.is_unknown_network(id)) && object.declared.is_some() {
                let text = format!(
                    "the network of private endpoint {} is unknown, so all other names in the zones of the endpoint are unknown too",
                    object.id.name()
                );
                self.report.add(Topic::NotRead, text, object.places(), None);
                self.unresolved_endpoint(object, "network", subnet.as_ref(), zones);
                continue;
            }
            endpoints.push(self.endpoint(object, scope, scopes, networks, zones));
        }
        self.addresses_from_zones(&mut endpoints, zones);
        for endpoint in &mut endpoints {
            self.age(endpoint);
            if endpoint.addresses.is_empty() && endpoint.fixed.is_empty() {
                let planned = facts.get(&endpoint.id).is_some_and(|object| object.planned);
                let get = format!(
                    "az network private-endpoint dns-zone-group list -g {} --endpoint-name {}",
                    command::group(&endpoint.id.group),
                    word(endpoint.id.name())
                );
                let text = format!(
                    "the addresses of private endpoint {} are not in the import: the importer assigns addresses in Azure's order",
                    endpoint.label
                );
                let topic = if planned { Topic::Predicted } else { Topic::Missing };
                let places = endpoint.place.iter().cloned().collect();
                self.report.add(topic, text, places, (!planned).then_some(get));
            }
        }
        endpoints
    }

    /// True for an endpoint whose names or zones only endpoints of scopes have.
    fn is_of_scope(&self, object: &Object, zones: &Zones) -> bool {
        let is_of_others = |apex: &OwnerName| {
            let mut zones = self.catalogue.services().iter().flat_map(|row| &row.zones);
            zones.any(|zone| zone.private.as_str().eq_ignore_ascii_case(&apex.to_string()))
        };
        let group = told_group(object, zones).flatten().unwrap_or_default();
        let mut rows = self.catalogue.zone_group().filter(|row| !is_of_others(&row.private));
        rows.any(|row| {
            let mut names = object.with("address ").filter_map(|(name, _)| OwnerName::parse(name).ok());
            group.iter().any(|zone| zone.apex == row.private) || names.any(|name| name.is_within(&row.public))
        })
    }

    /// An endpoint that leads to something whose names are not known, or that has none in a private zone.
    fn other_endpoint(&mut self, object: &Object, what: &str, target: Option<&ResourceId>, zones: &Zones) {
        let has_group = object.get("zoneGroup").is_some() || object.get("zoneGroupUnknown").is_some();
        let name = object.id.name();
        if !has_group && target.is_some_and(|id| WITHOUT_ZONES.contains(&id.kind.as_str())) {
            let text = format!(
                "private endpoint {name} is connected to {what}, for which Azure has no private DNS zone: the endpoint changes no DNS answer"
            );
            self.report.add(Topic::Inferred, text, object.places(), None);
        } else {
            let text = format!(
                "private endpoint {name} is connected to {what}, whose names are unknown: only the record sets in the import are used"
            );
            self.report.add(Topic::NotRead, text, object.places(), None);
        }
        // What it writes into its zones is unknown, too.
        self.unresolved_endpoint(object, "names", target, zones);
    }

    /// An endpoint of which `what` is unknown: it is in the estate for the zones it writes to.
    fn unresolved_endpoint(&mut self, object: &Object, what: &str, id: Option<&ResourceId>, zones: &Zones) {
        let label = self.labels.of("endpoint", &object.id);
        let id = match id {
            Some(id) => crate::import::fact::described(id),
            None => format!("the {what} of private endpoint {label}"),
        };
        let zone_group = told_group(object, zones).flatten().map(|zones| ZoneGroup { zones });
        let unresolved = Unresolved { id: id.into() };
        let endpoint = UnresolvedEndpoint { name: label.as_str().into(), unresolved, zone_group };
        self.unresolved.push((endpoint, object.places().into_iter().next()));
    }

    /// What an endpoint leads to if it is not a scope: its target says so, or the groups it asks for.
    fn leads_elsewhere(&self, object: &Object, target: Option<&ResourceId>) -> Option<String> {
        if let Some(other) = target.filter(|id| !id.kind.is_empty()) {
            return (other.kind != SCOPE).then(|| other.kind.clone());
        }
        let groups = object.get("groupIds").and_then(serde_json::Value::as_array)?;
        let groups: Vec<&str> = groups.iter().filter_map(serde_json::Value::as_str).collect();
        (!groups.is_empty() && !groups.contains(&"azuremonitor"))
            .then(|| format!("a service of group {}", groups.join(", ")))
    }

    /// True for a network, or a subnet of one, that nothing in the import mentions and whose name is unknown.
    pub(super) fn is_unknown_network(&self, id: &ResourceId) -> bool {
        let network = match id.kind.as_str() {
            "microsoft.network/virtualnetworks/subnets" => id.parent(),
            "microsoft.network/virtualnetworks" => Some(id.clone()),
            _ => None,
        };
        let Some(network) = network else { return true };
        network.has_unknown_name() && self.facts.get(&network).is_none_or(|object| object.declared.is_none())
    }

    fn endpoint(
        &mut self,
        object: &Object,
        scope: Option<ResourceId>,
        scopes: &mut Vec<ScopeParts>,
        networks: &mut Networks,
        zones: &Zones,
    ) -> Endpoint {
        let label = self.labels.of("endpoint", &object.id);
        let get = show("network private-endpoint show", &object.id);
        if object.declared.is_none() {
            let text = format!("private endpoint {label} is known only from objects that reference it");
            self.missing(text, object.places(), get.clone());
        }
        let scope = scope.unwrap_or_else(|| {
            self.missing(
                format!("the scope of private endpoint {label} is not in the import"),
                object.places(),
                get.clone(),
            );
            ResourceId::of(&object.id.subscription, &object.id.group, SCOPE, &[&format!("scope-of-{label}")])
        });
        let at = self.add_scope(scopes, &scope);
        let subnet = object.id_of("subnet");
        if subnet.is_none() {
            self.missing(format!("the subnet of private endpoint {label} is not in the import"), object.places(), get);
        }
        let (network, subnet) = self.subnet_of(networks, subnet.as_ref(), &label);
        if object.text("ipVersion").is_some_and(|version| version != "IPv4") {
            let text = format!(
                "private endpoint {label} has IPv6 addresses (ipVersionType), which endpoints of Azure Monitor cannot have: the importer uses IPv4 addresses"
            );
            self.report.add(Topic::Inconsistent, text, object.places(), None);
        }
        let mut addresses = IndexMap::new();
        for (name, declared) in object.with("address ") {
            let address = declared.value.as_str().and_then(|text| text.parse().ok());
            if let (Ok(name), Some(address)) = (OwnerName::parse(name), address) {
                addresses.insert(name, address);
            }
        }
        let members = object
            .with("member ")
            .filter_map(|(name, declared)| Some((OwnerName::parse(name).ok()?, declared.value.as_str()?.to_owned())));
        let fixed = object.with("static ").filter_map(|(member, declared)| {
            Some(StaticAddress { member: member.to_owned(), address: declared.value.as_str()?.parse().ok()? })
        });
        let approval = approval(object);
        let mut own = Endpoint {
            scope: scopes[at].label.clone(),
            network,
            subnet,
            addresses,
            members: members.collect(),
            fixed: fixed.collect(),
            zone_group: None,
            approval,
            created: None,
            place: object.place("subnet"),
            id: object.id.clone(),
            label,
        };
        own.zone_group = self.group(object, &own, zones);
        own
    }

    /// The zones an endpoint writes to: stated, or seen from the record sets that say it made them.
    fn group(&mut self, object: &Object, endpoint: &Endpoint, zones: &Zones) -> Option<Vec<ZoneId>> {
        if let Some(group) = told_group(object, zones) {
            return group;
        }
        let label = &endpoint.label;
        if object.get("zoneGroupUnknown").is_some() {
            let group: Vec<ZoneId> = self
                .catalogue
                .zone_group()
                .filter_map(|row| {
                    zones.all.values().find(|zone| zone.id.apex == row.private).map(|zone| zone.id.clone())
                })
                .collect();
            let text = match group.is_empty() {
                true => format!(
                    "which zones private endpoint {label} writes to is known only after apply, and no zone of Azure Monitor is in the import"
                ),
                false => format!(
                    "which zones private endpoint {label} writes to is known only after apply: the importer assumes all Azure Monitor zones of the import"
                ),
            };
            self.report.add(Topic::Unresolved, text, object.place("zoneGroupUnknown").into_iter().collect(), None);
            return (!group.is_empty()).then_some(group);
        }
        let by_name = |creator: &Option<String>| {
            creator.as_deref().is_some_and(|creator| creator.eq_ignore_ascii_case(object.id.name()))
        };
        let ttl = self.catalogue.rules.private_ttl;
        let written = zones.all.values().filter(|zone| {
            zone.sets.values().any(|found| {
                let public = self.catalogue.public_name(found.set.owner());
                let same = public.and_then(|name| endpoint.addresses.get(&name).copied()) == found.address();
                by_name(&found.creator)
                    || found.creator.is_none() && found.set.ttl() == ttl && found.address().is_some() && same
            })
        });
        let group: Vec<ZoneId> = written.map(|zone| zone.id.clone()).collect();
        if !group.is_empty() {
            let names: Vec<String> = group.iter().map(|zone| zone.apex.to_string()).collect();
            let text = format!(
                "private endpoint {label} writes to {}: the record sets there have its name or its addresses",
                names.join(", ")
            );
            self.report.add(Topic::Inferred, text, object.places(), None);
            return Some(group);
        }
        if object.get("customDnsConfigs").is_none() && !object.planned {
            let text = format!(
                "the import does not show whether private endpoint {label} has a zone group: the importer assumes that it has none and writes no record sets"
            );
            let get = format!(
                "az network private-endpoint dns-zone-group list -g {} --endpoint-name {}",
                command::group(&object.id.group),
                word(object.id.name())
            );
            self.missing(text, object.places(), get);
        }
        None
    }

    /// Endpoints without known addresses have those of the record sets they made.
    fn addresses_from_zones(&mut self, endpoints: &mut [Endpoint], zones: &Zones) {
        for index in 0..endpoints.len() {
            if !endpoints[index].addresses.is_empty() || !endpoints[index].fixed.is_empty() {
                continue;
            }
            let own = &endpoints[index];
            let ttl = self.catalogue.rules.private_ttl;
            let mut addresses = IndexMap::new();
            for zone in own.zone_group.iter().flatten() {
                let alone = !endpoints.iter().enumerate().any(|(other, one)| {
                    other != index && one.zone_group.as_ref().is_some_and(|zones| zones.contains(zone))
                });
                for found in zones.get(zone).into_iter().flat_map(|zone| zone.sets.values()) {
                    let made = match &found.creator {
                        Some(creator) => creator.eq_ignore_ascii_case(own.id.name()),
                        None => alone && found.set.ttl() == ttl,
                    };
                    let public = self.catalogue.public_name(found.set.owner());
                    if let (true, Some(public), Some(address)) = (made, public, found.address()) {
                        addresses.insert(public, address);
                    }
                }
            }
            if !addresses.is_empty() {
                let text = format!(
                    "the addresses of private endpoint {} are read from the record sets that it wrote",
                    own.label
                );
                self.report.add(Topic::Inferred, text, own.place.iter().cloned().collect(), None);
                endpoints[index].addresses = addresses;
            }
        }
    }

    /// How old an endpoint is shows in the names it serves: some came later.
    fn age(&mut self, endpoint: &mut Endpoint) {
        let object = self.facts.get(&endpoint.id);
        let complete =
            object.is_some_and(|object| object.get("customDnsConfigs").is_some() || object.get("interface").is_some());
        if !complete || endpoint.addresses.is_empty() {
            return;
        }
        let names = |date: Option<Date>| -> Vec<OwnerName> {
            member::base(&self.catalogue, date).into_iter().map(|member| member.public).collect()
        };
        let all = names(None);
        let has: Vec<&OwnerName> = all.iter().filter(|name| endpoint.addresses.contains_key(*name)).collect();
        if has.is_empty() {
            return;
        }
        let before = |date: Date| date.yesterday().ok();
        let rows = self.catalogue.endpoints.iter().filter_map(|row| row.since);
        let mut dates: Vec<Option<Date>> = rows.chain([self.catalogue.rules.compression_since]).map(before).collect();
        dates.sort_unstable_by(|one, other| other.cmp(one));
        dates.dedup();
        let wrong = |date: Option<Date>| {
            let base = names(date);
            base.iter().filter(|name| !has.contains(name)).count()
                + has.iter().filter(|name| !base.contains(**name)).count()
        };
        let now = wrong(None);
        let best = dates.into_iter().flatten().map(|date| (wrong(Some(date)), date)).fold(
            None,
            |best: Option<(usize, Date)>, one| match best {
                Some(best) if best.0 <= one.0 => Some(best),
                _ => Some(one),
            },
        );
        if let Some((score, date)) = best.filter(|(score, _)| *score < now) {
            let _ = score;
            endpoint.created = Some(date);
            let text = format!(
                "private endpoint {} serves the names that endpoints created until {date} serve: the importer uses that date as its creation date",
                endpoint.label
            );
            self.report.add(Topic::Inferred, text, endpoint.place.iter().cloned().collect(), None);
        }
        let base = names(endpoint.created);
        let lacking: Vec<String> =
            base.iter().filter(|name| !endpoint.addresses.contains_key(*name)).map(ToString::to_string).collect();
        if !lacking.is_empty() {
            let text = format!(
                "private endpoint {} does not serve {}, but all other endpoints created at that time do",
                endpoint.label,
                lacking.join(", ")
            );
            self.report.add(Topic::Inconsistent, text, endpoint.place.iter().cloned().collect(), None);
        }
    }
}

/// The state of an endpoint's connection.
pub(super) fn approval(object: &Object) -> ApprovalState {
    match object.text("status") {
        Some("Pending") => ApprovalState::Pending,
        Some("Rejected") => ApprovalState::Rejected,
        Some("Disconnected") => ApprovalState::Disconnected,
        _ => ApprovalState::Approved,
    }
}

/// The zones that the source says an endpoint writes to; absent where it does not say.
pub(super) fn told_group(object: &Object, zones: &Zones) -> Option<Option<Vec<ZoneId>>> {
    let declared = object.get("zoneGroup").and_then(serde_json::Value::as_array)?;
    let ids = declared.iter().filter_map(|one| one.as_str());
    let mut group: Vec<ZoneId> = ids
        .filter_map(|id| zones.all.get(&id.to_ascii_lowercase()))
        .filter(|zone| !zone.unnamed)
        .map(|zone| zone.id.clone())
        .collect();
    let mut seen = std::collections::HashSet::new();
    group.retain(|id| seen.insert(id.clone()));
    // A group of no zones writes nothing, like none.
    Some((!group.is_empty()).then_some(group))
}
