//! Addresses of private endpoints: each member gets one of its subnet, in Azure's order.

use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::StaticAddress;
use super::member::Member;
use crate::catalogue::Catalogue;

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
        let rules = &self.catalogue.rules;
        let (first, last) = (u32::from(self.subnet.network()), u32::from(self.subnet.broadcast()));
        let (from, to) = (first.saturating_add(rules.reserved_at_start), last.saturating_sub(rules.reserved_at_end));
        let mut next = from;
        let mut given = Vec::new();
        let mut missing = 0;
        for (member, rest) in wanted {
            let address = if let Some(address) = by_key.get(&member.key) {
                Some(*address)
            } else if let Some(address) = fixed.get(member.handle(self.catalogue).as_str()) {
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
