//! What is known about a query besides its bytes, and the view that follows from it.

use std::net::IpAddr;

use super::sections::Ede;
use crate::compile::{Compiled, ViewId};
use crate::dns::message::{Edns, SubnetOption};
use crate::dns::wire::SubnetEcho;

/// What is known about a query besides its bytes.
#[derive(Clone, Copy, Debug)]
pub struct RequestContext<'s> {
    /// The view of the network the listener is for; absent at a listener whose clients are distinguished by address.
    pub listener: Option<ViewId>,
    /// Where the query came from.
    pub source: IpAddr,
    /// The address it was sent to, where that is known.
    pub asked_at: Option<IpAddr>,
    /// Whether the sender may say for whom it asks.
    pub subnets: Subnets,
    /// Whether replies carry the reason.
    pub extended: Ede,
    /// How names outside the emulated zones are answered.
    pub outside: Forwarding,
    /// The addresses the server listens at, each with the view of its network if it is for one.
    pub local_addresses: &'s [(IpAddr, Option<ViewId>)],
}

/// What a client subnet option of a sender counts for (RFC 7871, 11.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Subnets {
    /// Nothing: it is passed over like any unknown option, and the reply has none.
    #[default]
    Ignored,
    /// It says where the client is. The reply has it too, with the number of bits that decided.
    Trusted,
}

/// How names outside the emulated zones are answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Forwarding {
    /// They do not exist.
    #[default]
    Off,
    /// Another server is asked.
    On,
}

/// A trusted sender's client subnet option breaks a rule.
pub(super) struct MalformedSubnet;

/// The view, and what the reply says about the client subnet.
pub(super) fn place(
    world: &Compiled,
    context: &RequestContext<'_>,
    edns: Option<&Edns<'_>>,
) -> Result<(ViewId, Option<SubnetEcho>), MalformedSubnet> {
    let option = edns.and_then(|edns| edns.client_subnet).filter(|_| context.subnets == Subnets::Trusted);
    let subnet = match option {
        Some(SubnetOption::Malformed) => return Err(MalformedSubnet),
        Some(SubnetOption::Good(subnet)) => Some(subnet),
        None => None,
    };
    let view_of = |address| world.views.of_address(address).map_or(ViewId::PUBLIC, |(view, _)| view);
    let (view, scope_length) = match (context.listener, subnet.and_then(|subnet| subnet.address)) {
        (Some(view), _) => (view, 0),
        (None, Some(address)) => (view_of(address), world.views.deciding_bits(address)),
        (None, None) => (view_of(context.source), 0),
    };
    Ok((view, subnet.map(|subnet| SubnetEcho { subnet, scope_length })))
}
