//! Questions to answers.
//!
//! [`decide()`] is the only lookup. A [`Decision`] becomes a [`Reply`](crate::dns::Reply) in [`sections`], an
//! [`Explanation`] in [`mod@explain`], and bytes in [`mod@respond`]. Nothing here keeps state. A [`Prepared`] revision
//! answers most queries by copying from the packed bytes of its zones.

pub mod context;
pub mod decide;
pub mod explain;
mod fast;
pub mod outside;
pub mod prepared;
pub mod respond;
mod reverse;
pub mod sections;

pub use context::{Forwarding, RequestContext, Subnets};
pub use decide::{
    Authority, Decision, Failure, Forwarded, Hop, MAX_ALIASES, Outcome, Question, Rule, decide, decide_addresses,
};
pub use explain::{Explanation, explain};
pub use outside::ForwardedQuery;
pub use prepared::Prepared;
pub use respond::{Response, answer, parse, respond};
pub use sections::{Ede, reply};
