//! What outbound rules do with packets to public addresses, by what is done there.

use std::net::Ipv4Addr;

use super::route::Path;
use crate::catalogue::Operation;
use crate::compile::State;
use crate::compile::reachability::Origin;
use crate::compile::security::{Destination, HTTPS, Passage, leaves};
use crate::estate::RuleAction;

/// The service tags that hold Azure Monitor's own addresses.
const MONITOR: [&str; 3] = ["AzureMonitor", "AzureCloud", "Internet"];
/// Those of Azure Resource Manager.
const RESOURCE_MANAGER: [&str; 3] = ["AzureResourceManager", "AzureCloud", "Internet"];
/// Those of storage accounts.
const STORAGE: [&str; 3] = ["Storage", "AzureCloud", "Internet"];

/// What the rules of a network, subnet or machine say to packets to public addresses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exits {
    monitor: Passage,
    resource_manager: Passage,
    storage: Passage,
}

impl Exits {
    /// Those of a client; without one nothing is closed.
    pub fn of(state: &State, origin: Option<Origin<'_>>) -> Self {
        let Some(origin) = origin else {
            return Self { monitor: Passage::Open, resource_manager: Passage::Open, storage: Passage::Open };
        };
        let by_groups = |tags: &[&str]| leaves(state, origin, Destination::Public(tags), HTTPS);
        let denied = state.outbound.get(origin.network) == Some(&RuleAction::Deny);
        let monitor = match denied {
            true => Passage::Closed("the outbound rule denies the service tag AzureMonitor".to_owned()),
            false => by_groups(&MONITOR),
        };
        Self { monitor, resource_manager: by_groups(&RESOURCE_MANAGER), storage: by_groups(&STORAGE) }
    }

    /// The path of an operation, where the rules are asked too. The service tag `AzureMonitor` holds neither Azure Resource
    /// Manager's addresses nor those of storage.
    pub fn pass(&self, path: Path, operation: Operation) -> Path {
        let Path::Public { address, .. } = path else { return path };
        let passage = match operation {
            Operation::ResourceManager => &self.resource_manager,
            Operation::Download => &self.storage,
            Operation::Ingestion | Operation::Query | Operation::Config => &self.monitor,
        };
        leave(address, passage)
    }

    /// What closes the way to Azure Monitor's public addresses, if anything does.
    pub fn closed(&self) -> Option<&str> {
        match &self.monitor {
            Passage::Closed(why) => Some(why),
            Passage::Open | Passage::Unknown(_) => None,
        }
    }
}

fn leave(address: Ipv4Addr, passage: &Passage) -> Path {
    match passage {
        Passage::Open => Path::Public { address, unknown: None },
        Passage::Closed(why) => Path::Blocked { address, why: why.clone() },
        Passage::Unknown(why) => Path::Public { address, unknown: Some(why.clone()) },
    }
}
