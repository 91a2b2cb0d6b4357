//! Halves of peerings through which packets come that an appliance forwards, and that do not allow those.

use super::reachability::Appliances;
use super::state::State;
use crate::estate::NetworkName;

/// The halves with `allowForwardedTraffic` false that packets from `from` through appliances to `to`, or their replies, enter
/// by without having begun in the network at the other end. Each is the network it belongs to and the one it connects to.
///
/// Source: virtual-network-manage-peering, 2018-02-09: without the flag, packets from spoke to spoke through an appliance do not
/// pass. A reader's test contradicts it (azure-docs issue 48390), so it decides no way.
pub fn closed_to_forwarded(
    state: &State,
    from: &NetworkName,
    through: &Appliances,
    to: &NetworkName,
) -> Vec<(NetworkName, NetworkName)> {
    let passed: Vec<&NetworkName> =
        [from].into_iter().chain(through.iter().map(|(_, network)| network)).chain([to]).collect();
    let mut halves = Vec::new();
    for pair in passed.windows(2) {
        let &[near, far] = pair else { continue };
        // The request began in `from` and its reply in `to`: what comes out of another network was forwarded there.
        let crossed = [(far, near, from), (near, far, to)];
        let forwarded = crossed.into_iter().filter(|&(_, out_of, began)| out_of != began);
        for (into, out_of, _) in forwarded {
            if state.routes.half(into, out_of).is_some_and(|flags| !flags.forwarded) {
                halves.push(((*into).clone(), (*out_of).clone()));
            }
        }
    }
    halves
}
