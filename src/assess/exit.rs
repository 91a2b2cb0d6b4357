//! What outbound rules do with packets to public addresses, by what is done there.

use std::net::IpAddr;

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
/// Those that hold the addresses of every service.
const OTHERS: [&str; 2] = ["AzureCloud", "Internet"];

/// What the rules of a network, subnet or machine say to packets to public addresses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exits {
    monitor: Passage,
    resource_manager: Passage,
    storage: Passage,
    others: Passage,
}

impl Exits {
    /// Those of a client; without one nothing is closed.
    pub fn of(state: &State, origin: Option<Origin<'_>>) -> Self {
        let Some(origin) = origin else {
            let open = || Passage::Open;
            return Self { monitor: open(), resource_manager: open(), storage: open(), others: open() };
        };
        let by_groups = |tags: &[&str]| leaves(state, origin, Destination::Public(tags), HTTPS);
        let denied = state.outbound.get(origin.network) == Some(&RuleAction::Deny);
        let monitor = match denied {
            true => Passage::Closed("the outbound rule denies the service tag AzureMonitor".to_owned()),
            false => by_groups(&MONITOR),
        };
        let (resource_manager, storage) = (by_groups(&RESOURCE_MANAGER), by_groups(&STORAGE));
        Self { monitor, resource_manager, storage, others: by_groups(&OTHERS) }
    }

    /// The path of an operation, where the rules are asked too. The service tag `AzureMonitor` holds neither Azure Resource
    /// Manager's addresses nor those of storage.
    pub fn pass(&self, path: Path, operation: Operation) -> Path {
        let Path::Public { address, .. } = path else { return path };
        let passage = match operation {
            Operation::ResourceManager => &self.resource_manager,
            Operation::Download => &self.storage,
            Operation::Ingestion | Operation::Query | Operation::Config => &self.monitor,
            Operation::DataPlane => &self.others,
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

fn leave(address: IpAddr, passage: &Passage) -> Path {
    match passage {
        Passage::Open => Path::Public { address, unknown: None },
        Passage::Closed(why) => Path::Blocked { address, why: why.clone() },
        Passage::Unknown(why) => Path::Public { address, unknown: Some(why.clone()) },
    }
}
