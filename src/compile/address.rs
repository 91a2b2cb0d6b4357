//! Addresses of private endpoints: each member gets one of its subnet, in Azure's order.

use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::member::Member;
use super::refusal::Reason;
use super::state::State;
use crate::catalogue::Catalogue;
use crate::estate::StaticAddress;

/// What the members of one endpoint get addresses from.
#[derive(Clone, Copy, Debug)]
pub struct Pool<'a> {
    /// The published rules and names.
    pub catalogue: &'a Catalogue,
    /// The endpoint's subnet.
    pub subnet: Ipv4Net,
    /// Addresses that were fixed by member.
    pub fixed: &'a [StaticAddress],
}

/// Why not every member has an address; none has one then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shortage {
    /// A fixed address is taken.
    Taken(Ipv4Addr),
    /// The subnet has not enough free addresses.
    Exhausted {
        /// How many are needed.
        needed: usize,
        /// How many addresses of the subnet can be given at all.
        size: usize,
    },
}

impl Pool<'_> {
    /// Gives each member an address: that of its key if it has one, a fixed one, or the lowest free one. `taken` are
    /// the addresses others have, `had` those of the endpoint's own members, by key.
    ///
    /// # Errors
    /// [`Shortage`], and nothing is given.
    pub fn give<T>(
        &self,
        mut taken: HashSet<Ipv4Addr>,
        had: impl IntoIterator<Item = (String, Ipv4Addr)>,
        wanted: impl IntoIterator<Item = (Member, T)>,
    ) -> Result<Vec<(Member, Ipv4Addr, T)>, Shortage> {
        let fixed: HashMap<&str, Ipv4Addr> = self.fixed.iter().map(|one| (one.member.as_str(), one.address)).collect();
        let fixed_anywhere: HashSet<Ipv4Addr> = fixed.values().copied().collect();
        let mut by_key: HashMap<String, Ipv4Addr> = had.into_iter().collect();
        taken.extend(by_key.values());
        let (from, to) = usable(self.catalogue, self.subnet);
        let (from, to) = (u32::from(from), u32::from(to));
        let mut next = from;
        let mut given = Vec::new();
        let mut missing = 0;
        for (member, rest) in wanted {
            let address = if let Some(address) = by_key.get(&member.key) {
                Some(*address)
            } else if let Some(address) = fixed.get(member.handle().as_str()) {
                if taken.contains(address) {
                    return Err(Shortage::Taken(*address));
                }
                Some(*address)
            } else {
                let is_free = |address: &Ipv4Addr| !taken.contains(address) && !fixed_anywhere.contains(address);
                let free = (next..=to).map(Ipv4Addr::from).find(is_free);
                next = free.map_or(to.saturating_add(1), |address| u32::from(address) + 1);
                free
            };
            let Some(address) = address else {
                missing += 1;
                continue;
            };
            taken.insert(address);
            by_key.insert(member.key.clone(), address);
            given.push((member, address, rest));
        }
        if missing > 0 {
            let distinct = given.iter().map(|(_, address, _)| *address).collect::<HashSet<_>>().len();
            return Err(Shortage::Exhausted {
                needed: distinct + missing,
                size: (to + 1).saturating_sub(from) as usize,
            });
        }
        Ok(given)
    }
}

impl State {
    /// Refuses a static address that the subnet cannot give.
    ///
    /// # Errors
    /// [`Reason::AddressOutside`] or [`Reason::AddressReserved`].
    pub fn can_be_given(&self, address: Ipv4Addr, subnet: Ipv4Net) -> Result<(), Reason> {
        let (first, last) = usable(&self.catalogue, subnet);
        if !subnet.contains(&address) {
            return Err(Reason::AddressOutside { address, subnet });
        }
        if !(first..=last).contains(&address) {
            return Err(Reason::AddressReserved(address));
        }
        Ok(())
    }
}

/// The first and the last address of a subnet that Azure gives.
pub fn usable(catalogue: &Catalogue, subnet: Ipv4Net) -> (Ipv4Addr, Ipv4Addr) {
    let rules = &catalogue.rules;
    let first = u32::from(subnet.network()).saturating_add(rules.reserved_at_start);
    let last = u32::from(subnet.broadcast()).saturating_sub(rules.reserved_at_end);
    (first.into(), last.into())
}
