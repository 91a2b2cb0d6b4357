//! Fourth floor: questions to answers.
//!
//! [`decide()`] is the only lookup. A [`Decision`] becomes a [`Reply`](crate::dns::Reply) in [`sections`], an
//! [`Explanation`] in [`mod@explain`], and bytes in [`mod@respond`]. Nothing here keeps state.

pub mod cache;
pub mod decide;
pub mod explain;
pub mod respond;
pub mod sections;
pub mod story;

pub use decide::{Authority, Decision, Failure, Forwarded, Hop, MAX_ALIASES, Outcome, Question, Rule, decide};
pub use explain::{Explanation, explain};
pub use respond::{Asker, Response, Subnets, respond};
pub use sections::{Extended, reply};
pub use story::{Cell, Story};
