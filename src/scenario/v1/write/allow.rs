//! Accepted findings to shapes.

use crate::scenario::allow::Allowance;
use crate::scenario::v1::schema::*;

pub(super) fn schemas(entries: &[Allowance]) -> Vec<AllowSchema> {
    let several = |texts: Vec<String>| (!texts.is_empty()).then_some(OneOrMoreSchema::More(texts));
    let schema = |one: &Allowance| AllowSchema {
        code: one.code.clone(),
        object: one.object.clone(),
        network: several(one.networks.iter().map(ToString::to_string).collect()),
        names: several(one.names.iter().map(ToString::to_string).collect()),
        reason: one.reason.to_string(),
        expires: one.expires.map(|date| date.to_string()),
    };
    entries.iter().map(schema).collect()
}
