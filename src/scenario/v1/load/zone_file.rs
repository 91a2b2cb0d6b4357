//! Zones from master files: private zones with what is in them, or zones of public DNS.

use std::sync::Arc;

use super::{Loader, undated};
use crate::compile::ObjectKind;
use crate::compile::refusal::Reason;
use crate::dns::master::{self, MasterError, ParsedZone};
use crate::dns::{OwnerName, RecordSet, RecordType};
use crate::estate::{Event, Place, PublicZone, ZoneId};
use crate::scenario::error::shown;
use crate::scenario::node::{Node, Range};
use crate::scenario::v1::schema::ZoneFileSchema;

/// How many faults of one master file are reported.
const MAX_TOLD: usize = 20;

impl Loader<'_> {
    pub(super) fn zone_file(&mut self, schema: &ZoneFileSchema, node: &Node) {
        let Some((text, range)) = self.master_text(schema, node) else { return };
        let Some(zone) = self.parsed(schema, node, &text, range) else { return };
        match &schema.resource_group {
            Some(group) => self.private_zone(group, zone, schema, node, range),
            None if schema.links.is_empty() => self.public_zone(zone, schema, node, range),
            None => {
                let hint = "write the zone's `resourceGroup`: it distinguishes zones of one name".to_owned();
                self.fault(node.get("links").range, "only private zones are linked".to_owned(), Some(hint));
            }
        }
    }

    /// The text, and where the scenario says what it is.
    fn master_text(&mut self, schema: &ZoneFileSchema, node: &Node) -> Option<(Vec<u8>, Range)> {
        match (&schema.file, &schema.text) {
            (Some(path), None) => {
                let range = node.get("file").range;
                match (self.files)(path) {
                    Ok(text) => Some((text, range)),
                    Err(why) => {
                        let message = format!("the zone file `{}` cannot be read: {why}", shown(path));
                        let hint = "check the path: it starts in the folder of the scenario".to_owned();
                        self.fault(range, message, Some(hint));
                        None
                    }
                }
            }
            (None, Some(text)) => Some((text.clone().into_bytes(), node.get("text").range)),
            (given, _) => {
                let message =
                    if given.is_some() { "a zone has `file` or `text`, not both" } else { "there is no zone" };
                self.fault(node.range, message.to_owned(), Some("write `file: PATH` or `text: |`".to_owned()));
                None
            }
        }
    }

    fn parsed(&mut self, schema: &ZoneFileSchema, node: &Node, text: &[u8], range: Range) -> Option<ParsedZone> {
        let origin = match (&schema.origin, &schema.file) {
            (Some(origin), _) => Some(self.owner_name(origin, node.get("origin").range)?),
            (None, Some(path)) => {
                let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
                OwnerName::parse(name.strip_suffix(".zone").unwrap_or(name)).ok()
            }
            (None, None) => None,
        };
        match master::read(text, origin.as_ref()) {
            Ok(zone) => Some(zone),
            Err(errors) => {
                let of = schema.file.as_ref().map_or_else(String::new, |path| format!("`{}`, ", shown(path)));
                for error in errors.iter().take(MAX_TOLD) {
                    let MasterError { line, column, kind, .. } = error;
                    let message = format!("{of}line {line}, column {column}: {kind}");
                    self.fault(range, message, kind.hint().map(str::to_owned));
                }
                None
            }
        }
    }

    fn private_zone(&mut self, group: &str, zone: ParsedZone, schema: &ZoneFileSchema, node: &Node, range: Range) {
        self.name(node.get("resourceGroup").range, group, "resource group");
        self.is_foreign(&zone.apex, range);
        let site = undated(range);
        let id = ZoneId { resource_group: group.into(), apex: zone.apex };
        if self.state.zones.contains_key(&id) {
            let exists = Reason::Exists { kind: ObjectKind::PrivateZone, name: id.to_string().into() };
            self.fault(range, exists.to_string(), None);
        }
        self.push(site, Event::CreatePrivateDnsZone { zone: id.clone() });
        let (file, line) = self.lines_of(schema, node, range);
        for (set, own) in zone.sets.into_iter().zip(zone.lines) {
            let place = Place { file: Arc::clone(&file), line: line(own), column: 1 };
            self.push_at(place, None, Event::PutRecordSet { zone: id.clone(), set });
        }
        self.link(&[id], &schema.links, node, site);
    }

    /// The file a zone's records are in, and its line for each line of the zone's text.
    fn lines_of(&self, schema: &ZoneFileSchema, node: &Node, range: Range) -> (Arc<str>, impl Fn(u32) -> u32 + use<>) {
        // A text within the scenario has the scenario's lines, if it is written as it is: as a block.
        let (file, before) = match &schema.file {
            Some(path) => (path.as_str().into(), 0),
            None => (Arc::clone(&self.file), range.line),
        };
        let keeps_lines = schema.file.is_some() || node.get("text").is_block();
        (file, move |own: u32| if keeps_lines { before + own } else { before })
    }

    fn public_zone(&mut self, zone: ParsedZone, schema: &ZoneFileSchema, node: &Node, range: Range) {
        let (file, line) = self.lines_of(schema, node, range);
        let is_soa = |(set, _): &(RecordSet, u32)| set.kind() == RecordType::SOA;
        let placed = zone.sets.into_iter().zip(zone.lines.into_iter().map(line));
        let (soa, sets): (Vec<_>, Vec<_>) = placed.partition(is_soa);
        let Some((soa, soa_line)) = soa.into_iter().next() else {
            let hint =
                "add an SOA record: negative answers contain it; for a private zone, write its `resourceGroup` instead"
                    .to_owned();
            self.fault(range, format!("the zone `{}` has no SOA record", zone.apex), Some(hint));
            return;
        };
        if self.history.public.iter().any(|other| other.soa.owner() == soa.owner()) {
            self.fault(range, format!("there is a public zone `{}` already", zone.apex), None);
        }
        self.history.public.push(Arc::new(PublicZone { file, soa, soa_line, sets }));
    }
}
