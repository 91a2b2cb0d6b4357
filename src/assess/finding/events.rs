//! Events that Azure would refuse.

use super::{Draft, Failing, Finding, finish, step_words};
use crate::assess::Code;
use crate::assess::verdict::{Cause, Root};
use crate::compile::Compiled;
use crate::compile::refusal::Reason;

/// A finding for each refused event. A failed provisioning is part of the finding of its endpoint.
pub(super) fn refused(world: &Compiled, findings: &mut Vec<Finding>) {
    for refusal in &world.state.refusals {
        let code = match &refusal.reason {
            Reason::Limit(_) => Code::LimitExceeded,
            Reason::SubnetExhausted { .. } | Reason::AddressTaken { .. } => continue,
            _ => Code::Refused,
        };
        let step = step_words(world, refusal.revision);
        let source = match &refusal.reason {
            Reason::Limit(exceeded) => {
                let source = &exceeded.limit.row().source;
                format!(" (source: {}, {})", source.text, source.date)
            }
            _ => String::new(),
        };
        let message = format!("{}{step}{source}", refusal.reason);
        let draft = Draft { message, revision: Some(refusal.revision), ..Draft::default() };
        let mut finding =
            finish(world, Cause::new(code, Root::Event(refusal.revision)), draft, Failing::default(), Vec::new());
        finding.place.clone_from(&refusal.place);
        findings.push(finding);
    }
}
