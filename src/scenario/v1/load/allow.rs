//! Findings that somebody accepts.

use super::Loader;
use crate::scenario::allow::Allowance;
use crate::scenario::node::Node;
use crate::scenario::v1::schema::*;

impl Loader<'_> {
    /// The entries of `allow`.
    pub(super) fn allow(&mut self, shapes: &[AllowSchema], node: &Node) -> Vec<Allowance> {
        let mut read = Vec::with_capacity(shapes.len());
        for (index, shape) in shapes.iter().enumerate() {
            let own = node.item(index);
            self.code(&shape.code, own.get("code").range);
            if shape.reason.trim().is_empty() {
                let message = "`reason` is empty".to_owned();
                let hint = "say why the finding is accepted: whoever reads the check sees it".to_owned();
                self.fault(own.get("reason").range, message, Some(hint));
            }
            let texts = |given: &Option<OneOrMoreSchema>| given.as_ref().map_or(Vec::new(), |own| own.names().to_vec());
            let names = texts(&shape.names);
            let names = names.iter().enumerate().filter_map(|(at, name)| {
                let range = own.get("names").item(at).range;
                self.owner_name(name, range)
            });
            let names = names.collect();
            let expires = self.date(shape.expires.as_deref(), own.get("expires"));
            read.push(Allowance {
                code: shape.code.clone(),
                object: shape.object.clone(),
                networks: texts(&shape.network).iter().map(|name| name.as_str().into()).collect(),
                names,
                reason: shape.reason.trim().into(),
                expires,
                place: self.place(own.range),
            });
        }
        read
    }
}
