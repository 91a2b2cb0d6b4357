//! Events of what could not be found out: zones with unknown contents, and endpoints that make them so.

use std::sync::Arc;

use super::refusal::Reason;
use super::state::State;
use crate::catalogue::Limit;
use crate::estate::{EndpointName, Unresolved, UnresolvedEndpoint, ZoneGroup, ZoneId};

impl State {
    pub(super) fn create_unresolved(&mut self, endpoint: &UnresolvedEndpoint) -> Result<(), Reason> {
        let group = endpoint.zone_group.as_ref();
        let zones = group.map_or(0, |group| group.zones.len());
        self.keep(Limit::ZonesPerZoneGroup, endpoint.name.as_str(), zones, None)?;
        let none = UnresolvedEndpoint { zone_group: None, ..endpoint.clone() };
        self.unresolved.insert(endpoint.name.clone(), none);
        self.set_unresolved_group(&endpoint.name, group)
    }

    /// Its record sets go with it, whichever they are.
    pub(super) fn delete_unresolved(&mut self, name: &EndpointName) {
        if let Some(endpoint) = self.unresolved.remove(name) {
            for zone in endpoint.zone_group.iter().flat_map(|group| &group.zones) {
                self.set_unknown(zone, Some(name), None);
            }
        }
    }

    pub(super) fn set_unresolved_group(
        &mut self,
        name: &EndpointName,
        group: Option<&ZoneGroup>,
    ) -> Result<(), Reason> {
        self.keep(Limit::ZonesPerZoneGroup, name.as_str(), group.map_or(0, |group| group.zones.len()), None)?;
        let Some(endpoint) = self.unresolved.get_mut(name) else { return Ok(()) };
        let unresolved = endpoint.unresolved.clone();
        let before = std::mem::replace(&mut endpoint.zone_group, group.cloned());
        for zone in before.iter().flat_map(|group| &group.zones) {
            self.set_unknown(zone, Some(name), None);
        }
        for zone in group.iter().flat_map(|group| &group.zones) {
            self.set_unknown(zone, Some(name), Some(&unresolved));
        }
        Ok(())
    }

    pub(super) fn set_unknown(&mut self, zone: &ZoneId, by: Option<&EndpointName>, unresolved: Option<&Unresolved>) {
        if let Some(linked) = self.zones.get_mut(zone) {
            Arc::make_mut(&mut linked.zone).set_unknown(by, unresolved);
        }
    }
}
