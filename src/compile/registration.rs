//! Autoregistration: the names of virtual machines in the registration zone of their network.
//!
//! Source: private-dns-autoregistration, 2022-09-27: a record set is written and removed with its machine, one that is written
//! by hand comes first, and unlinking the network removes those of its machines. With each goes a PTR record set, which Azure's
//! resolver answers in the machine's own network: no zone of the estate holds it.

use std::collections::{BTreeMap, HashMap};
use std::net::Ipv4Addr;
use std::sync::Arc;

use super::refusal::Reason;
use super::state::{Machine, State};
use super::zone::{Writer, Zone};
use crate::catalogue::every_cloud;
use crate::dns::{OwnerName, RecordData, RecordSet, RecordType};
use crate::estate::{MachineName, NetworkName, ZoneId};

impl State {
    /// Writes the names of the machines that a zone registers, and removes those of machines that it registers no more.
    pub(super) fn register(&mut self, id: &ZoneId) -> Result<(), Reason> {
        let revision = self.revision;
        let Some(linked) = self.zones.get(id) else { return Ok(()) };
        let machines = self.machines.iter().filter(|(_, machine)| linked.registers.contains(&machine.network));
        let named = machines
            .filter_map(|(name, machine)| Some((id.apex.child(name.as_str()).ok()?, (name.clone(), machine.address?))));
        let mut wanted: BTreeMap<OwnerName, (MachineName, Ipv4Addr)> = named.collect();
        let is_registered = |writer: &Writer| matches!(writer, Writer::Registration(_));
        let registered = linked.zone.iter().filter(|owned| is_registered(&owned.writer));
        let stale: Vec<OwnerName> =
            registered.map(|owned| owned.set.owner().clone()).filter(|owner| !wanted.contains_key(owner)).collect();
        let is_taken =
            |owner: &OwnerName| linked.zone.has(owner, RecordType::A) || linked.zone.has(owner, RecordType::CNAME);
        wanted.retain(|owner, _| !is_taken(owner));
        let linked = self.zones.get_mut(id).expect("it was just there");
        for owner in &stale {
            Arc::make_mut(&mut linked.zone).delete(owner, RecordType::A, revision);
        }
        let ttl = self.catalogue.rules.private_ttl;
        wanted.into_iter().try_for_each(|(owner, (machine, address))| {
            let set = RecordSet::single(owner, ttl, std::net::IpAddr::from(address).into());
            self.write(id, set, Writer::Registration(machine))
        })
    }

    /// For each machine whose name is registered, the name of its address with the PTR record set, as a zone of its own that
    /// only its network has: names of other addresses are not affected.
    pub(super) fn reverse_zones(&self) -> HashMap<&NetworkName, Vec<Zone>> {
        let mut zones: HashMap<&NetworkName, Vec<Zone>> = HashMap::new();
        for (name, machine) in &self.machines {
            if let Some(zone) = self.reverse_zone(name, machine) {
                zones.entry(&machine.network).or_default().push(zone);
            }
        }
        zones
    }

    fn reverse_zone(&self, name: &MachineName, machine: &Machine) -> Option<Zone> {
        let [a, b, c, d] = machine.address?.octets();
        let registration = self.zones.get(self.registration_zone(&machine.network)?)?;
        let registered = registration.zone.apex().child(name.as_str()).ok()?;
        let writer = Writer::Registration(name.clone());
        // It comes with the A record set, also where one that is written by hand is there now.
        let address = registration.zone.get(&registered, RecordType::A);
        let mut before = address.map(Arc::new);
        while before.as_ref().is_some_and(|owned| owned.writer != writer) {
            before = before.and_then(|owned| owned.overwritten.clone());
        }
        let revision = before.map_or(registration.zone.created, |owned| owned.revision);
        let apex = OwnerName::parse(&format!("{d}.{c}.{b}.{a}.in-addr.arpa")).ok()?;
        let id = ZoneId { resource_group: "autoregistration".into(), apex: apex.clone() };
        let mut zone = Zone::new(id, every_cloud().private_soa(&apex), writer.clone(), revision);
        let set = RecordSet::single(apex, self.catalogue.rules.private_ttl, RecordData::Ptr(registered));
        zone.write(set, writer, revision);
        Some(zone)
    }

    fn registration_zone(&self, network: &NetworkName) -> Option<&ZoneId> {
        let mut linked = self.linked.get(network).into_iter().flatten();
        linked.find(|id| self.zones.get(*id).is_some_and(|zone| zone.registers.contains(network)))
    }

    /// [`Self::register`] for the registration zone of a network, if it has one.
    pub(super) fn register_machines_of(&mut self, network: &NetworkName) -> Result<(), Reason> {
        match self.registration_zone(network).cloned() {
            Some(id) => self.register(&id),
            None => Ok(()),
        }
    }
}
