//! Findings that are accepted.

use super::Loader;
use crate::scenario::allow::Allowance;
use crate::scenario::node::Node;
use crate::scenario::v1::schema::*;

impl Loader<'_> {
    /// The entries of `allow`.
    pub(super) fn allow(&mut self, schemas: &[AllowSchema], node: &Node) -> Vec<Allowance> {
        let mut read = Vec::with_capacity(schemas.len());
        for (index, schema) in schemas.iter().enumerate() {
            let own = node.item(index);
            self.code(&schema.code, own.get("code").range);
            if schema.reason.trim().is_empty() {
                let message = "`reason` is empty".to_owned();
                let hint = "write why you accept the finding; `check` prints it".to_owned();
                self.fault(own.get("reason").range, message, Some(hint));
            }
            let texts = |given: &Option<OneOrMoreSchema>| given.as_ref().map_or(Vec::new(), |own| own.names().to_vec());
            let names = texts(&schema.names);
            let names = names.iter().enumerate().filter_map(|(at, name)| {
                let range = own.get("names").item(at).range;
                self.owner_name(name, range)
            });
            let names = names.collect();
            let expires = self.date(schema.expires.as_deref(), own.get("expires"));
            read.push(Allowance {
                code: schema.code.clone(),
                object: schema.object.clone(),
                networks: texts(&schema.network).iter().map(|name| name.as_str().into()).collect(),
                names,
                reason: schema.reason.trim().into(),
                expires,
                place: self.place(own.range),
            });
        }
        read
    }
}
