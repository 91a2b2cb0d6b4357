//! A question of an expectation, as bytes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ipnet::IpNet;

use super::{no_such_network, view};
use crate::compile::Compiled;
use crate::dns::message::ClientSubnet;
use crate::dns::wire::{MAX_UDP_OCTETS, Received, Transport, decode, encode_query, encode_subnet_query};
use crate::dns::{OwnerName, RecordType};
use crate::resolve::{Ede, Forwarding, Outcome, Question, RequestContext, Response, Subnets, decide, respond};
use crate::scenario::expect::{Asking, From};
use crate::scenario::{Expectation, Expected};

/// A question as it is sent: RD set, class IN, with EDNS and the UDP size every path carries.
#[derive(Clone, PartialEq, Debug)]
pub struct SentQuestion {
    /// Who asks.
    pub from: From,
    /// The name.
    pub name: OwnerName,
    /// The type.
    pub kind: RecordType,
    /// By which transport, and for how long.
    pub asking: Asking,
}

impl SentQuestion {
    /// The question of an expectation; absent for expectations that are none.
    pub fn of(expectation: &Expectation) -> Option<Self> {
        let (from, name, kind) = match &expectation.expected {
            Expected::Answer { from, name, kind, .. } | Expected::Reply { from, name, kind, .. } => (from, name, *kind),
            Expected::Chain { from, name, .. } => (from, name, RecordType::A),
            _ => return None,
        };
        Some(Self { from: from.clone(), name: name.clone(), kind, asking: expectation.asking })
    }

    /// The bytes of the query.
    pub fn packet(&self, id: u16) -> Vec<u8> {
        const SIZE: u16 = MAX_UDP_OCTETS as u16;
        match &self.from {
            From::Subnet(subnet) => encode_subnet_query(id, &self.name, self.kind, SIZE, &told(subnet)),
            _ => encode_query(id, &self.name, self.kind, Some(SIZE)),
        }
    }

    /// The transport to begin with, and whether a truncated reply is asked for again over TCP.
    pub fn transport(&self) -> (Transport, bool) {
        match self.asking.transport {
            Some(only) => (only, false),
            None => (Transport::Udp, true),
        }
    }

    /// What a world replies, as bytes that are read again.
    ///
    /// # Errors
    /// Why there is no reply.
    pub fn offline(&self, world: &Compiled) -> Result<Received, String> {
        let view = view(world, &self.from).ok_or_else(no_such_network)?;
        let is_subnet = matches!(self.from, From::Subnet(_));
        let context = RequestContext {
            listener: (!is_subnet).then_some(view),
            source: IpAddr::V4(Ipv4Addr::LOCALHOST),
            asked_at: None,
            subnets: if is_subnet { Subnets::Trusted } else { Subnets::Ignored },
            extended: Ede::Include,
            local_addresses: &[],
            outside: Forwarding::Off,
        };
        let (first, again) = self.transport();
        let (packet, mut out) = (self.packet(1), Vec::new());
        let mut ask = |transport| match respond(world, &context, transport, &packet, &mut out) {
            // Names outside are denied here, so no other server is asked.
            Response::Silence | Response::Outside(_) => Err("no reply".to_owned()),
            Response::Refused(_) | Response::Answered(..) => decode(&out).map_err(|error| error.to_string()),
        };
        let reply = ask(first)?;
        if reply.truncated && again { ask(Transport::Tcp) } else { Ok(reply) }
    }

    /// The assumption that a world's answer rests on.
    pub(super) fn assumed_in(&self, world: &Compiled) -> Option<String> {
        let question = Question { name: self.name.clone(), kind: self.kind };
        let decision = decide(world, view(world, &self.from)?, &question);
        decision.assumption().map(ToString::to_string)
    }

    /// True if public DNS answers it in a world, and no linked zone.
    pub(super) fn is_public_in(&self, world: &Compiled) -> bool {
        let question = Question { name: self.name.clone(), kind: self.kind };
        view(world, &self.from).is_some_and(
            |view| matches!(&decide(world, view, &question).outcome, Outcome::Answer(hop) if hop.by.link.is_none()),
        )
    }

    /// The `dig` line that asks a server the same.
    pub fn dig(&self, server: SocketAddr) -> String {
        let mut line = format!("dig @{}", server.ip());
        if server.port() != 53 {
            line.push_str(&format!(" -p {}", server.port()));
        }
        line.push_str(&format!(" {} {}", self.name, self.kind));
        if let From::Subnet(subnet) = &self.from {
            line.push_str(&format!(" +subnet={subnet}"));
        }
        line.push_str(match self.asking.transport {
            None => "",
            Some(Transport::Udp) => " +ignore",
            Some(Transport::Tcp) => " +tcp",
        });
        line
    }
}

/// The subnet as the option has it, further bits zero.
fn told(subnet: &IpNet) -> ClientSubnet {
    let family = if subnet.addr().is_ipv4() { 1 } else { 2 };
    let source_length = subnet.prefix_len();
    ClientSubnet { family, source_length, address: (source_length > 0).then(|| subnet.network()) }
}
