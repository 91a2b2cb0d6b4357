//! Filters over logged queries.

use std::net::IpAddr;

use ipnet::IpNet;

use super::LoggedQuery;
use super::document::QueryDocument;
use super::question::asked;
use crate::dns::wire::Transport;
use crate::dns::{OwnerName, Rcode, RecordType};
use crate::server::names::NamePattern;

/// What a query must be like. What is absent does not matter.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// The name asked for.
    pub name: Option<NamePattern>,
    /// The type asked for.
    pub kind: Option<RecordType>,
    /// The label of the view it was answered in.
    pub view: Option<String>,
    /// The reply's code.
    pub rcode: Option<Rcode>,
    /// What it travelled by.
    pub transport: Option<Transport>,
    /// Where it came from.
    pub client: Option<IpNet>,
    /// Record data in the answer.
    pub answer: Option<String>,
    /// A part of the writer's name: an endpoint or a scope.
    pub writer: Option<String>,
    /// True for queries that a fault has hit, false for others.
    pub fault: Option<bool>,
}

impl Filter {
    /// False if the bytes and what is beside them say no already.
    pub(super) fn may(&self, logged: &LoggedQuery) -> bool {
        let facts = &logged.facts;
        self.rcode.is_none_or(|rcode| facts.rcode == Some(rcode))
            && self.transport.is_none_or(|transport| facts.transport == transport)
            && self.fault.is_none_or(|fault| facts.fault.is_some() == fault)
            && self.client.is_none_or(|client| client.contains(&canonical(facts.source.ip())))
            && self.view.as_ref().is_none_or(|view| logged.view.as_deref() == Some(view))
            && (self.name.is_none() && self.kind.is_none() || self.asks(asked(&logged.query)))
    }

    fn asks(&self, asked: Option<(OwnerName, RecordType)>) -> bool {
        asked.is_some_and(|(name, kind)| {
            self.name.as_ref().is_none_or(|pattern| pattern.matches(&name))
                && self.kind.is_none_or(|wanted| wanted == kind)
        })
    }

    /// True if the answer and its writer are what is wanted too.
    pub(super) fn lets_through(&self, query: &QueryDocument) -> bool {
        let has = |writer: &String| query.writer.as_ref().is_some_and(|own| own.contains(writer.as_str()));
        self.answer.as_ref().is_none_or(|answer| query.answer.contains(answer)) && self.writer.as_ref().is_none_or(has)
    }
}

fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}
