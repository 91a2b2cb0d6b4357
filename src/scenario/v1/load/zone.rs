//! Private zones, their links, their record sets made by hand, and zone groups.

use super::{EventSite, Loader};
use crate::compile::ObjectKind;
use crate::compile::refusal::Reason;
use crate::dns::{OwnerName, RecordData, RecordSet, RecordType, master};
use crate::estate::{Event, ResolutionPolicy, ZoneGroup, ZoneId};
use crate::scenario::error::shown;
use crate::scenario::node::{Node, Range};
use crate::scenario::v1::schema::*;

impl Loader<'_> {
    pub(super) fn create_zones(&mut self, schema: &ZonesSchema, node: &Node, site: EventSite) {
        let zones = self.zone_ids(&schema.resource_group, &schema.zones, node);
        self.name(node.get("resourceGroup").range, &schema.resource_group, "resource group");
        for zone in &zones {
            self.push(site, Event::CreatePrivateDnsZone { zone: zone.clone() });
        }
        self.link(&zones, &schema.links, node, site);
    }

    pub(super) fn delete_zones(&mut self, schema: &ZoneGroupZonesSchema, node: &Node, site: EventSite) {
        for zone in self.living_zones(&schema.resource_group, &schema.zones, node) {
            self.push(site, Event::DeletePrivateDnsZone { zone });
        }
    }

    pub(super) fn link_zones(&mut self, schema: &LinkZonesSchema, node: &Node, site: EventSite) {
        let zones = self.living_zones(&schema.resource_group, &schema.zones, node);
        self.link(&zones, &schema.links, node, site);
    }

    pub(super) fn link(
        &mut self,
        zones: &[ZoneId],
        links: &indexmap::IndexMap<String, LinkSchema>,
        node: &Node,
        site: EventSite,
    ) {
        for ((network, link), (key, _)) in links.iter().zip(node.entries_of("links")) {
            let found = self.state.find(ObjectKind::Network, network);
            self.verdict(found, key.range);
            let policy = match link.resolution_policy {
                Some(PolicySchema::NxDomainRedirect) => ResolutionPolicy::NxDomainRedirect,
                Some(PolicySchema::Default) | None => ResolutionPolicy::Default,
            };
            let registration = link.registration_enabled.unwrap_or(false);
            for zone in zones {
                let (zone, network) = (zone.clone(), network.as_str().into());
                let event = Event::LinkZone { zone, network, policy, registration };
                self.push(site, event);
            }
        }
    }

    pub(super) fn unlink_zones(&mut self, schema: &UnlinkSchema, node: &Node, site: EventSite) {
        let zones = self.living_zones(&schema.resource_group, &schema.zones, node);
        for (index, network) in schema.networks.names().iter().enumerate() {
            let own = node.get("networks").item(index);
            self.refer(ObjectKind::Network, network, own);
            for zone in &zones {
                let linked = self.state.zones.get(zone);
                if linked.is_some_and(|linked| !linked.links.contains_key(network.as_str()))
                    && self.state.has(ObjectKind::Network, network)
                {
                    let reason = Reason::NotLinked { zone: zone.clone(), network: shown(network).into() };
                    self.fault(own.range, reason.to_string(), Some("link it first, with linkZones".to_owned()));
                }
                self.push(site, Event::UnlinkZone { zone: zone.clone(), network: network.as_str().into() });
            }
        }
    }

    /// The zones a list names, whether they exist or not.
    fn zone_ids(&mut self, resource_group: &str, zones: &ZoneListSchema, node: &Node) -> Vec<ZoneId> {
        let id = |apex: OwnerName| ZoneId { resource_group: resource_group.into(), apex };
        match zones {
            ZoneListSchema::All(AllZonesSchema::AzureMonitor) => {
                self.catalogue.zone_group().map(|row| id(row.private.clone())).collect()
            }
            ZoneListSchema::Names(names) => {
                let mut read: Vec<ZoneId> = Vec::new();
                for (index, name) in names.iter().enumerate() {
                    let range = node.get("zones").item(index).range;
                    let Some(apex) = self.owner_name(name, range) else { continue };
                    self.is_foreign(&apex, range);
                    read.push(id(apex));
                }
                read
            }
        }
    }

    /// The zones a list names, all of which must exist.
    fn living_zones(&mut self, resource_group: &str, zones: &ZoneListSchema, node: &Node) -> Vec<ZoneId> {
        let ids = self.zone_ids(resource_group, zones, node);
        for (index, zone) in ids.iter().enumerate() {
            self.refer_zone(zone, node.get("zones").item(index).range);
        }
        ids
    }

    /// A zone that must exist.
    pub(super) fn refer_zone(&mut self, zone: &ZoneId, range: Range) {
        if self.lenient {
            return;
        }
        let found = self.state.find_zone(zone);
        self.verdict(found, range);
    }

    pub(super) fn zone_group(&mut self, schema: &ZoneGroupSchema, node: &Node) -> ZoneGroup {
        let zones = match schema {
            ZoneGroupSchema::ResourceGroup(group) => {
                let mut here = self.zone_ids(group, &ALL_ZONES, node);
                here.retain(|zone| self.state.zones.contains_key(zone));
                if here.is_empty() && !group.is_empty() {
                    let message =
                        format!("resource group `{}` has no zones of Azure Monitor at this point", shown(group));
                    let hint = "create them first, with createPrivateDnsZones".to_owned();
                    self.fault(node.range, message, Some(hint));
                }
                here
            }
            ZoneGroupSchema::Zones(one) => self.living_zones(&one.resource_group, &one.zones, node),
            ZoneGroupSchema::Several(several) => several
                .iter()
                .enumerate()
                .flat_map(|(index, one)| self.living_zones(&one.resource_group, &one.zones, node.item(index)))
                .collect(),
        };
        ZoneGroup { zones }
    }

    pub(super) fn put_record_set(&mut self, schema: &RecordSetSchema, node: &Node, site: EventSite) {
        let found = self.record_set_name(&schema.resource_group, &schema.zone, &schema.name, &schema.r#type, node);
        let Some((zone, owner, kind)) = found else { return };
        let ttl = schema.ttl.unwrap_or(self.catalogue.rules.manual_ttl);
        let mut data: Vec<RecordData> = Vec::new();
        for (index, text) in schema.records.iter().enumerate() {
            data.extend(self.record(&zone.apex, kind, text, node.get("records").item(index).range));
        }
        if let Some(set) = RecordSet::new(owner, ttl, data) {
            self.push(site, Event::PutRecordSet { zone, set });
        }
    }

    pub(super) fn delete_record_set(&mut self, schema: &RecordSetNameSchema, node: &Node, site: EventSite) {
        let found = self.record_set_name(&schema.resource_group, &schema.zone, &schema.name, &schema.r#type, node);
        if let Some((zone, owner, kind)) = found {
            self.push(site, Event::DeleteRecordSet { zone, owner, kind });
        }
    }

    fn record_set_name(
        &mut self,
        resource_group: &str,
        zone: &str,
        name: &str,
        kind: &str,
        node: &Node,
    ) -> Option<(ZoneId, OwnerName, RecordType)> {
        let range = node.get("type").range;
        let kind = kind.parse::<RecordType>().map_err(|error| self.fault(range, error.to_string(), None)).ok();
        let apex = self.owner_name(zone, node.get("zone").range)?;
        self.is_foreign(&apex, node.get("zone").range);
        let zone = ZoneId { resource_group: resource_group.into(), apex };
        self.refer_zone(&zone, node.get("zone").range);
        match zone.apex.child(name) {
            Ok(owner) => kind.map(|kind| (zone, owner, kind)),
            Err(error) => {
                let message = format!("`{}` is not a valid domain name: {error}", shown(name));
                self.fault(node.get("name").range, message, None);
                None
            }
        }
    }

    /// One record's data in master-file form. Names in it are absolute, with or without a final dot.
    pub(super) fn record(
        &mut self,
        apex: &OwnerName,
        kind: RecordType,
        text: &str,
        range: Range,
    ) -> Option<RecordData> {
        if kind == RecordType::A
            && let Ok(address) = text.parse()
        {
            return Some(RecordData::A(address));
        }
        let read = read_record(apex, kind, text);
        if let Err(hint) = &read {
            let message = format!("`{}` is not valid data of {kind} records", shown(text));
            self.fault(range, message, Some(hint.clone()));
        }
        read.ok()
    }

    /// A zone by resource group and name, as `rg-dns/privatelink.monitor.azure.com`; it must exist.
    pub(super) fn zone_id(&mut self, text: &str, range: Range) -> Option<ZoneId> {
        let Some((group, apex)) = text.split_once('/') else {
            let message = format!("`{}` is not a private zone", shown(text));
            let hint = "write resource group and name of the zone with a slash between".to_owned();
            self.fault(range, message, Some(hint));
            return None;
        };
        let zone = ZoneId { resource_group: group.into(), apex: self.owner_name(apex, range)? };
        self.refer_zone(&zone, range);
        Some(zone)
    }
}

/// Record data from master-file form, or a hint on what to write.
fn read_record(apex: &OwnerName, kind: RecordType, text: &str) -> Result<RecordData, String> {
    let example = match kind {
        RecordType::A => "write an IPv4 address, such as 10.0.1.4",
        RecordType::AAAA => "write an IPv6 address, such as 2001:db8::4",
        RecordType::CNAME | RecordType::PTR => "write a name, such as host.example.com",
        RecordType::MX => "write preference and host, such as 10 mail.example.com",
        RecordType::SRV => "write priority, weight, port and host, such as 0 5 443 host.example.com",
        RecordType::TXT => "write text of up to 255 bytes, or several quoted strings of them",
        RecordType::SOA => "write host, mailbox, serial, refresh, retry, expire and minimum",
        _ => "private zones hold A, AAAA, CNAME, MX, PTR, SOA, SRV and TXT",
    };
    let names = [RecordType::CNAME, RecordType::PTR, RecordType::MX, RecordType::SRV].contains(&kind);
    let dot = if names && !text.ends_with('.') { "." } else { "" };
    let quoted = match kind {
        // Text without quotes of its own is one string.
        RecordType::TXT if !text.starts_with('"') => {
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
        }
        _ => text.to_owned(),
    };
    if text.contains(['\n', '\r', ';', '(', ')']) && kind != RecordType::TXT || quoted.contains(['\n', '\r']) {
        return Err(example.to_owned());
    }
    let line = format!("@ 0 IN {kind} {quoted}{dot}\n");
    let zone = master::read(line.as_bytes(), Some(apex)).map_err(|errors| {
        let said = errors.first().map_or_else(String::new, |error| format!("{}; ", error.kind));
        format!("{said}{example}")
    })?;
    let set = zone.sets.into_iter().find(|set| set.kind() == kind);
    set.map(|set| set.data()[0].clone()).ok_or_else(|| example.to_owned())
}
