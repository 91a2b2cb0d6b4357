//! Events of private zones: creation, links, record sets by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;

use super::refusal::{Exceeded, Reason};
use super::state::{LinkedZone, State};
use super::zone::{Lookup, Writer, Zone};
use crate::catalogue::{Limit, every_cloud};
use crate::dns::{OwnerName, RecordSet, RecordType};
use crate::estate::history::Limits;
use crate::estate::{NetworkName, ResolutionPolicy, ZoneId};

impl State {
    pub(super) fn create_zone(&mut self, id: &ZoneId) -> Result<(), Reason> {
        if self.zones.contains_key(id) {
            return Err(Reason::ZoneExists(id.clone()));
        }
        let facts = every_cloud();
        if facts.is_reserved_zone(&id.apex) {
            return Err(Reason::ReservedZoneName(id.apex.clone()));
        }
        let (least, most) = facts.zone_labels.value;
        if !(least..=most).contains(&id.apex.label_count()) {
            return Err(Reason::ZoneLabels(id.apex.clone()));
        }
        let zone = Zone::new(id.clone(), facts.private_soa(&id.apex), Writer::Zone, self.revision);
        self.keep_zones_of_subscription(id)?;
        self.zones.insert(
            id.clone(),
            LinkedZone { zone: Arc::new(zone), links: BTreeMap::new(), registers: BTreeSet::new() },
        );
        Ok(())
    }

    pub(super) fn delete_zone(&mut self, id: &ZoneId) -> Result<(), Reason> {
        match self.zones.get(id) {
            None => Ok(()),
            Some(linked) if !linked.links.is_empty() => {
                Err(Reason::ZoneHasLinks { zone: id.clone(), links: linked.links.len() })
            }
            Some(_) => {
                self.zones.remove(id);
                Ok(())
            }
        }
    }

    pub(super) fn link_zone(
        &mut self,
        id: &ZoneId,
        network: &NetworkName,
        policy: ResolutionPolicy,
        registration: bool,
    ) -> Result<(), Reason> {
        self.only_virtual(network, || format!("a link to the zone {id}"))?;
        let already = self.linked.get(network);
        if let Some(linked) = already.into_iter().flatten().find(|other| other.apex == id.apex && *other != id) {
            return Err(Reason::ZoneNameTaken {
                network: network.clone(),
                linked: linked.clone(),
                refused: id.clone(),
            });
        }
        let new = already.is_none_or(|zones| !zones.contains(id));
        let zones_of_network = already.map_or(0, |zones| zones.len()) + usize::from(new);
        self.find_zone(id)?;
        let links = self.zones[id].links.len() + usize::from(new);
        self.keep(Limit::ZonesPerNetwork, network.as_str(), zones_of_network, None)?;
        self.keep(Limit::LinksPerZone, &id.to_string(), links, None)?;
        if registration {
            self.only_registration_zone(id, network)?;
        }
        let linked = self.zones.get_mut(id).expect("its links were just counted");
        linked.links.insert(network.clone(), policy);
        let changes = match registration {
            true => linked.registers.insert(network.clone()),
            false => linked.registers.remove(network),
        };
        self.linked.entry(network.clone()).or_default().insert(id.clone());
        if changes { self.register(id) } else { Ok(()) }
    }

    /// A network has one registration zone, and a zone registers the machines of a number of networks.
    ///
    /// Sources: private-dns-autoregistration, 2022-09-27; dns-limits-private-zones, 2023-10-09.
    fn only_registration_zone(&self, id: &ZoneId, network: &NetworkName) -> Result<(), Reason> {
        let others = self.linked.get(network).into_iter().flatten().filter(|other| *other != id);
        let mut registering = others.filter(|other| self.zones[*other].registers.contains(network));
        if let Some(first) = registering.next() {
            let (network, first, refused) = (network.clone(), first.clone(), id.clone());
            return Err(Reason::SecondRegistrationZone { network, first, refused });
        }
        let own = &self.zones[id].registers;
        let registers = own.len() + usize::from(!own.contains(network));
        self.keep(Limit::RegistrationLinksPerZone, &id.to_string(), registers, None)
    }

    pub(super) fn unlink_zone(&mut self, id: &ZoneId, network: &NetworkName) -> Result<(), Reason> {
        let registered = self.zones.get_mut(id).is_some_and(|linked| {
            linked.links.remove(network);
            linked.registers.remove(network)
        });
        if let Some(zones) = self.linked.get_mut(network) {
            zones.remove(id);
        }
        if registered { self.register(id) } else { Ok(()) }
    }

    pub(super) fn delete_record_set(&mut self, id: &ZoneId, owner: &OwnerName, kind: RecordType) -> Result<(), Reason> {
        let revision = self.revision;
        let Some(linked) = self.zones.get_mut(id) else { return Ok(()) };
        Arc::make_mut(&mut linked.zone).delete(owner, kind, revision);
        // What was registered under the name comes back.
        if linked.registers.is_empty() { Ok(()) } else { self.register(id) }
    }

    pub(super) fn put_record_set(&mut self, id: &ZoneId, set: &RecordSet) -> Result<(), Reason> {
        self.find_zone(id)?;
        if alias_conflicts(&self.zones[id].zone, set) {
            return Err(Reason::AliasNotAlone(set.owner().clone()));
        }
        self.keep(Limit::RecordsPerRecordSet, &set.owner().to_string(), set.data().len(), None)?;
        self.write(id, set.clone(), Writer::Manual)
    }

    /// Writes a record set into a private zone, within the zone's limit.
    pub(super) fn write(&mut self, id: &ZoneId, set: RecordSet, writer: Writer) -> Result<(), Reason> {
        let revision = self.revision;
        self.find_zone(id)?;
        let linked = &self.zones[id];
        if !set.owner().is_within(linked.zone.apex()) {
            return Err(Reason::OutsideZone { owner: set.owner().clone(), zone: id.clone() });
        }
        let new = !linked.zone.has(set.owner(), set.kind());
        self.keep(Limit::RecordSetsPerZone, &id.to_string(), linked.zone.len() + usize::from(new), None)?;
        let linked = self.zones.get_mut(id).expect("it was just there");
        Arc::make_mut(&mut linked.zone).write(set, writer, revision);
        Ok(())
    }

    /// Refuses what would exceed a limit that Azure enforces.
    pub(super) fn keep(&self, limit: Limit, of: &str, found: usize, on: Option<Date>) -> Result<(), Reason> {
        let row = limit.row();
        match row.most(self.switches.limits == Limits::Preview, on) {
            Some(most) if found > most && !row.only_warns => {
                Err(Reason::Limit(Exceeded { limit, of: of.to_owned(), most, found }))
            }
            _ => Ok(()),
        }
    }
}

/// True if writing `set` would put a CNAME beside other data or at the apex, or more than one CNAME at a name.
///
/// Source: dns-private-records, 2024-02-07.
fn alias_conflicts(zone: &Zone, set: &RecordSet) -> bool {
    let others = |other: &OwnerName, kind| match zone.lookup(other) {
        Lookup::Name(sets) => {
            sets.iter().any(|owned| (owned.set.kind() == RecordType::CNAME) != (kind == RecordType::CNAME))
        }
        Lookup::Wildcard(_) | Lookup::Missing => false,
    };
    let is_alias = set.kind() == RecordType::CNAME;
    (is_alias && (set.owner() == zone.apex() || set.data().len() > 1)) || others(set.owner(), set.kind())
}
