//! The question of a logged message.

use crate::dns::message::{Query, Refusal};
use crate::dns::{OwnerName, RecordType};

/// The name and the type a message asks for. A query that was cut off in its slot still has its question.
pub(super) fn asked(query: &[u8]) -> Option<(OwnerName, RecordType)> {
    let question = match Query::parse(query) {
        Ok(query) => query.echo.question,
        Err(Refusal::Reply(echo, _)) => echo.question,
        Err(Refusal::Drop) => return None,
    };
    let (rest, _class) = question.split_last_chunk::<2>()?;
    let (name, kind) = rest.split_last_chunk::<2>()?;
    Some((OwnerName::from_wire(name).ok()?, RecordType(u16::from_be_bytes(*kind))))
}
