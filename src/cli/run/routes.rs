//! Which addresses a network reaches, as routes of the loopback interface.
//!
//! A prefix that is routed as *local* belongs to this machine: connections are refused, because nothing listens. One that
//! is routed to the interface without being local is dropped by the kernel, which does not forward: connections time out.

use std::collections::BTreeMap;

use ipnet::{IpNet, Ipv4Net};

use crate::compile::Compiled;
use crate::estate::NetworkName;

/// What happens to packets to a prefix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reach {
    /// It is reachable: connections are refused.
    Refused,
    /// It is not reachable: connections time out.
    Dropped,
}

/// Ranges that are not routed on the Internet.
const PRIVATE: [([u8; 4], u8); 4] =
    [([10, 0, 0, 0], 8), ([172, 16, 0, 0], 12), ([192, 168, 0, 0], 16), ([100, 64, 0, 0], 10)];

/// The routes that give clients of `from` what they reach; `None` is outside every network.
pub(super) fn routes(world: &Compiled, from: Option<&NetworkName>) -> BTreeMap<IpNet, Reach> {
    let state = &world.state;
    let reaches = |to: &NetworkName| from.is_some_and(|from| state.reaches(from, to));
    let spaces = |reachable: bool| {
        let networks = state.networks.values().filter(move |network| reaches(&network.name) == reachable);
        networks.flat_map(|network| network.address_space.iter().map(IpNet::trunc))
    };
    let reachable: Vec<IpNet> = spaces(true).collect();
    // A route to a reachable network takes precedence over part of its range being used elsewhere too.
    let elsewhere = spaces(false).filter(|space| !reachable.iter().any(|wider| wider.contains(space)));
    let private = PRIVATE.iter().filter_map(|(address, length)| Ipv4Net::new((*address).into(), *length).ok());

    let mut routes = BTreeMap::from([(Ipv4Net::default().into(), Reach::Refused)]);
    routes.extend(private.map(|prefix| (prefix.into(), Reach::Dropped)));
    routes.extend(elsewhere.map(|prefix| (prefix, Reach::Dropped)));
    routes.extend(reachable.iter().map(|prefix| (*prefix, Reach::Refused)));
    routes
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Arc;

    use super::*;
    use crate::compile::compile;
    use crate::scenario::Scenario;

    const ESTATE: &str = "version: 1
networks:
  spoke: { addressSpace: [10.1.0.0/16] }
  hub: { addressSpace: [10.0.0.0/16] }
  island: { addressSpace: [10.2.0.0/16, 8.8.0.0/16] }
  twin: { addressSpace: [10.0.1.0/24] }
  office: { kind: onPremises, addressSpace: [10.9.0.0/16] }
peerings: [[spoke, hub], [hub, office]]
";

    fn reach(from: Option<&str>, address: &str) -> Reach {
        let scenario = Scenario::read("x", ESTATE.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
        let end = scenario.history.last();
        let world = compile(&Arc::new(scenario.history), end);
        let address: IpAddr = address.parse().expect("an address");
        let routes = routes(&world, from.map(NetworkName::from).as_ref());
        let longest =
            routes.iter().filter(|(prefix, _)| prefix.contains(&address)).max_by_key(|(prefix, _)| prefix.prefix_len());
        *longest.expect("IPv4 has a default route").1
    }

    #[test]
    fn own_and_peered_networks_refuse_others_drop_and_the_internet_refuses() {
        assert_eq!(reach(Some("spoke"), "10.1.0.4"), Reach::Refused);
        assert_eq!(reach(Some("spoke"), "10.0.0.4"), Reach::Refused);
        assert_eq!(reach(Some("spoke"), "10.2.0.4"), Reach::Dropped);
        assert_eq!(reach(Some("spoke"), "8.8.8.8"), Reach::Dropped);
        assert_eq!(reach(Some("spoke"), "10.77.0.4"), Reach::Dropped);
        assert_eq!(reach(Some("spoke"), "20.0.0.1"), Reach::Refused);
        assert_eq!(reach(None, "10.1.0.4"), Reach::Dropped);
        assert_eq!(reach(None, "20.0.0.1"), Reach::Refused);
    }

    #[test]
    fn a_range_inside_a_reachable_one_is_that_of_the_reachable_network() {
        assert_eq!(reach(Some("spoke"), "10.0.1.4"), Reach::Refused);
        assert_eq!(reach(Some("twin"), "10.0.1.4"), Reach::Refused);
        assert_eq!(reach(Some("twin"), "10.0.2.4"), Reach::Dropped);
    }

    #[test]
    fn an_office_reaches_spokes_through_the_hub() {
        assert_eq!(reach(Some("office"), "10.1.0.4"), Reach::Refused);
    }
}
