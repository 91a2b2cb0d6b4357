//! What all readers share: the facts they produce, the faults and the unread properties they find, in one file.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use indexmap::IndexMap;

use super::fact::Facts;
use super::id::ResourceId;
use super::property::View;
use super::report::{ImportError, ObjectRead, Provenance, Report, Topic};
use crate::dns::{OwnerName, RecordData, RecordType, master};

/// The most errors of one file that are reported.
const MAX_ERRORS: usize = 50;
/// The most places of an unread property that are reported.
const MAX_PLACES: usize = 3;

/// Kinds of objects that decide what names resolve to, and what is below them. They have no property that the importer knows
/// and does not read, so one that it does not know can change DNS.
const DECIDING: [&str; 11] = [
    "microsoft.network/privatednszones",
    "microsoft.network/privateendpoints",
    "microsoft.network/dnsresolvers",
    "microsoft.network/dnsforwardingrulesets",
    "microsoft.insights/privatelinkscopes",
    "microsoft.insights/datacollectionendpoints",
    "azurerm_private_dns_",
    "azurerm_private_endpoint",
    "azurerm_monitor_private_link_",
    "azurerm_monitor_data_collection_endpoint",
    "azurerm_virtual_network_dns_servers",
];

/// The same for networks, but not for what is below them, and for parts of objects.
const DECIDING_PARTS: [&str; 14] = [
    "microsoft.network/virtualnetworks",
    "azurerm_virtual_network",
    "DHCP options",
    "a DNS configuration",
    "a record",
    "record",
    "record_sets",
    "a record set of a zone group",
    "a zone of a zone group",
    "private_dns_zone_configs",
    "private_dns_zone_group",
    "custom_dns_configs",
    "a target DNS server",
    "target_dns_servers",
];

/// True for objects and parts of them that decide what names resolve to.
pub(super) fn decides_names(kind: &str) -> bool {
    DECIDING.iter().any(|own| kind.starts_with(own)) || DECIDING_PARTS.contains(&kind)
}

/// One file on its way to facts.
pub(super) struct Reading<'r> {
    pub(super) facts: &'r mut Facts,
    pub(super) report: &'r mut Report,
    pub(super) errors: &'r mut Vec<ImportError>,
    /// Unread properties by kind and name: how often, and where first.
    pub(super) unread: &'r mut IndexMap<(String, String), (usize, Vec<Provenance>)>,
    pub(super) file: Arc<str>,
    /// True for templates and plans: nothing is computed yet.
    pub(super) planned: bool,
    /// How many objects were mentioned.
    pub(super) objects: usize,
    /// Why values are unknown, by their JSON pointer; such values are text in brackets.
    pub(super) reasons: HashMap<String, String>,
}

impl Reading<'_> {
    /// A place in the file; its line is found later.
    pub(super) fn at(&self, pointer: &str) -> Provenance {
        Provenance { file: Arc::clone(&self.file), pointer: Some(pointer.to_owned()), line: 0, column: 0 }
    }

    pub(super) fn error(&mut self, pointer: &str, message: impl Into<String>, hint: Option<&str>) {
        let of_this = self.errors.iter().filter(|error| error.place.file == self.file).count();
        if of_this < MAX_ERRORS {
            let place = self.at(pointer);
            self.errors.push(ImportError { place, message: message.into(), hint: hint.map(str::to_owned) });
        }
    }

    pub(super) fn remark(&mut self, topic: Topic, text: impl Into<String>, pointer: &str, get: Option<String>) {
        let place = self.at(pointer);
        self.report.add(topic, text, vec![place], get);
    }

    /// Says that a resource exists, here.
    pub(super) fn exists(&mut self, id: &ResourceId, pointer: &str) {
        let from = self.at(pointer);
        self.exists_at(id, from);
    }

    /// Says that a resource exists, at a place of its own.
    pub(super) fn exists_at(&mut self, id: &ResourceId, from: Provenance) {
        self.facts.exists(id, self.planned, &from);
        // A link says that its zone exists.
        if let Some(zone) = id.parent().filter(|zone| zone.kind == "microsoft.network/privatednszones") {
            self.facts.refers(&zone, &from);
        }
        self.objects += 1;
        let object = ObjectRead { kind: id.kind.clone(), name: id.names.join("/"), place: from };
        self.report.objects.push(object);
    }

    pub(super) fn tell(
        &mut self,
        id: &ResourceId,
        attribute: &str,
        value: impl Into<serde_json::Value>,
        pointer: &str,
    ) {
        let from = self.at(pointer);
        self.facts.tell(id, attribute, value, &from);
    }

    /// A reference; what is not an id could not be resolved and represents itself.
    pub(super) fn tell_id(
        &mut self,
        id: &ResourceId,
        attribute: &str,
        text: &str,
        pointer: &str,
    ) -> Option<ResourceId> {
        let other = self.reference(text, pointer)?;
        let from = self.at(pointer);
        self.facts.tell_id(id, attribute, &other, &from);
        Some(other)
    }

    /// An id that is referred to.
    pub(super) fn reference(&mut self, text: &str, pointer: &str) -> Option<ResourceId> {
        match ResourceId::parse(text) {
            Some(id) => Some(id),
            // Terraform writes nothing where there is none.
            None if text.is_empty() => None,
            // That it is unknown is reported with the property.
            None if text.starts_with('[') => None,
            // Templates put ids together from parameters, which can be empty.
            None if self.planned && text.contains("//") => {
                let text = format!(
                    "a part of the id `{}` is empty: the importer ignores it",
                    super::fact::shown(&text.into())
                );
                self.remark(Topic::NotRead, text, pointer, None);
                None
            }
            None => {
                let message = format!("`{}` is not a resource id", super::fact::shown(&text.into()));
                self.error(pointer, message, Some("ids begin with /subscriptions/"));
                None
            }
        }
    }

    /// Says that a resource has a name that is unknown.
    pub(super) fn unknown_name(&mut self, id: &ResourceId, pointer: &str, why: &str) {
        let text = format!("the name of {} is unknown: {why}", super::fact::described(id));
        self.remark(Topic::Unresolved, text, &format!("{pointer}/name"), None);
    }

    /// What a view has left: misfits are errors, unread properties are listed.
    pub(super) fn close(&mut self, kind: &str, view: &View<'_>) {
        for misfit in view.misfits() {
            let message = format!("expected {}, found {}", misfit.wanted, misfit.found);
            self.error(&misfit.pointer, message, None);
        }
        for (name, pointer) in view.open() {
            if let Some(why) = self.reasons.get(&pointer) {
                let text = format!("`{name}` of {kind} is unknown: {why}");
                self.remark(Topic::Unresolved, text, &pointer, None);
            }
        }
        for (name, pointer) in view.unread() {
            let place = self.at(&pointer);
            let (count, places) = self.unread.entry((kind.to_owned(), name)).or_default();
            *count += 1;
            if places.len() < MAX_PLACES {
                places.push(place);
            }
        }
    }

    /// An address, or an error.
    pub(super) fn address(&mut self, text: &str, pointer: &str) -> Option<Ipv4Addr> {
        let read = text.parse();
        if read.is_err() && !text.starts_with('[') && !text.contains(':') {
            let message = format!("`{}` is not an IPv4 address", super::fact::shown(&text.into()));
            self.error(pointer, message, Some("addresses look like 10.0.1.4"));
        }
        read.ok()
    }

    /// An address of either family, or an error.
    pub(super) fn ip_address(&mut self, text: &str, pointer: &str) -> Option<IpAddr> {
        let read = text.parse();
        if read.is_err() && !text.starts_with('[') {
            let message = format!("`{}` is not an address", super::fact::shown(&text.into()));
            self.error(pointer, message, Some("addresses look like 10.0.1.4"));
        }
        read.ok()
    }

    /// A host or record name, or an error.
    pub(super) fn name(&mut self, text: &str, pointer: &str) -> Option<OwnerName> {
        if text.starts_with('[') {
            return None;
        }
        match OwnerName::parse(text) {
            Ok(name) => Some(name),
            Err(error) => {
                self.error(
                    pointer,
                    format!("`{}` is not a valid domain name: {error}", super::fact::shown(&text.into())),
                    None,
                );
                None
            }
        }
    }
}

/// The data of one record from its master-file form; names are absolute.
pub(super) fn record(kind: RecordType, text: &str) -> Option<RecordData> {
    if kind == RecordType::A {
        return text.parse().ok().map(RecordData::A);
    }
    if text.contains(['\n', '\r']) {
        return None;
    }
    let line = format!("@ 0 IN {kind} {text}\n");
    let zone = master::read(line.as_bytes(), Some(&OwnerName::root())).ok()?;
    zone.sets.into_iter().find(|set| set.kind() == kind).map(|set| set.data()[0].clone())
}

/// The host of an address such as `https://host/path`, or the host itself.
pub(super) fn host(text: &str) -> &str {
    let behind = text.split_once("://").map_or(text, |(_, behind)| behind);
    let end = behind.find(['/', ':']).unwrap_or(behind.len());
    behind[..end].trim()
}
