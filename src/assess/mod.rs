//! Access: a flow is a client, a resource and an operation; it is resolved, routed and judged, in that order.
//!
//! How a request arrives comes from DNS and reachability, never from a flag: [`route()`] finds the path a name leads to,
//! [`judge`] applies the table of decisions, [`flow`] puts both together for every name a resource is used through.

mod accept;
mod alike;
pub mod assessment;
mod cause;
pub mod client_cache;
pub mod code;
pub mod compare;
pub mod diff;
pub mod exit;
pub mod finding;
pub mod flow;
pub(crate) mod forwarding;
pub mod judge;
pub mod other_flow;
pub mod route;
pub mod timeline;
mod unread;
pub mod verdict;
pub mod verify;

pub use assessment::{Assessment, Counts, Extent};
pub use code::{Code, Severity};
pub use finding::{Acceptance, Finding};
pub use flow::{Flow, flows};
pub use judge::{Judgement, Row, Seen};
pub use other_flow::{OtherFlow, other_flows};
pub use route::{Path, route, route_from};
pub use timeline::{Cell, Timeline};
pub use verdict::{Cause, Root, Standing, Unserved, Use};
