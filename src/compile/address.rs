//! Addresses of private endpoints: each member gets one of its subnet, in Azure's order.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

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
    pub subnet: IpNet,
    /// Addresses that were fixed by member.
    pub fixed: &'a [StaticAddress],
}

/// Why not every member has an address; none has one then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shortage {
    /// A fixed address is taken.
    Taken(IpAddr),
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
        mut taken: HashSet<IpAddr>,
        had: impl IntoIterator<Item = (String, IpAddr)>,
        wanted: impl IntoIterator<Item = (Member, T)>,
    ) -> Result<Vec<(Member, IpAddr, T)>, Shortage> {
        let fixed: HashMap<&str, IpAddr> = self.fixed.iter().map(|one| (one.member.as_str(), one.address)).collect();
        let fixed_anywhere: HashSet<IpAddr> = fixed.values().copied().collect();
        let mut by_key: HashMap<String, IpAddr> = had.into_iter().collect();
        taken.extend(by_key.values());
        let (from, to) = usable(self.catalogue, self.subnet);
        let (from, to) = (number(from), number(to));
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
                let is_free = |address: &IpAddr| !taken.contains(address) && !fixed_anywhere.contains(address);
                let free = (next..=to).map(|number| address_of(number, self.subnet)).find(is_free);
                next = free.map_or(to.saturating_add(1), |address| number(address) + 1);
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
                size: usize::try_from((to + 1).saturating_sub(from)).unwrap_or(usize::MAX),
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
    pub fn can_be_given(&self, address: impl Into<IpAddr>, subnet: impl Into<IpNet>) -> Result<(), Reason> {
        let (address, subnet) = (address.into(), subnet.into());
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
pub fn usable(catalogue: &Catalogue, subnet: impl Into<IpNet>) -> (IpAddr, IpAddr) {
    let (rules, subnet) = (&catalogue.rules, subnet.into());
    let first = number(subnet.network()).saturating_add(rules.reserved_at_start.into());
    let last = number(subnet.broadcast()).saturating_sub(rules.reserved_at_end.into());
    (address_of(first, subnet), address_of(last, subnet))
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

/// The address of that number, in the family of the subnet.
fn address_of(number: u128, subnet: IpNet) -> IpAddr {
    match subnet {
        IpNet::V4(_) => Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX)).into(),
        IpNet::V6(_) => Ipv6Addr::from(number).into(),
    }
}

/// True for an address that is routed in private networks alone.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private(),
        IpAddr::V6(address) => address.is_unique_local(),
    }
}
