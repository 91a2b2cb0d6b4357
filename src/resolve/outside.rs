//! Where the emulated zones end, and how answers from beyond it come back in.
//!
//! A name is outside if it is in none of the emulated zones: the root holds nothing here, and of zones that are not
//! Azure Monitor's alone ([`Catalogue::shared`](crate::catalogue::Catalogue::shared)) only a few names are known. Names that
//! mean something within one host or network only are never outside ([`stays`]).
//!
//! A [`ForwardedQuery`] is a question that leads there. It says what another server is to be asked, takes what that replies, and
//! goes on: each alias is decided anew, as [`decide()`](super::decide()) does it, so that a target below a zone linked to the
//! network is answered by that zone, NXDOMAIN included. What the other server says about names that are not outside is left.
//! There is no socket and no clock here: the holder of a forwarded query asks for it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::context::{RequestContext, place};
use super::decide::{Decision, MAX_ALIASES, Outcome, Question, walk};
use super::reverse::octet;
use super::sections::{Ede, OTHER, ends_at, reply};
use crate::compile::existing::Basis;
use crate::compile::{Compiled, Target};
use crate::dns::foreign::{self, ForeignRecord, ForeignReply, Mixed};
use crate::dns::message::{Class, OwnedEcho, Query};
use crate::dns::wire::{SubnetEcho, Transport};
use crate::dns::{ExtendedError, OwnerName, Rcode, RecordType};

/// True if what the decision ends at is nothing that this world has a word on.
pub(super) fn is_outside(world: &Compiled, decision: &Decision<'_>) -> bool {
    let (owner, by, missing) = match &decision.outcome {
        Outcome::Answer(hop) => (&hop.owner, &hop.by, false),
        Outcome::NoData { owner, by } => (owner, by, false),
        Outcome::NameError { owner, by, .. } => (owner, by, true),
        Outcome::Failure { .. } => return false,
    };
    let apex = by.zone.apex();
    // A declared resource's name with another cloud's suffix is a mistake, and no other server knows better.
    let is_mistake = by.existing.as_ref().is_some_and(|own| matches!(own.basis, Basis::OtherCloud { .. }));
    let ends_here = apex.is_root() || missing && ends_at(world, apex);
    by.link.is_none() && !is_mistake && ends_here && by.zone.file().is_none() && !stays(owner)
}

/// Domains that mean something within one host, network or protocol only.
///
/// Sources: RFC 6761, 6.2 to 6.4; RFC 6762, 3; RFC 7686; RFC 8375; RFC 9476; and `use-application-dns.net`, by which
/// browsers ask whether they are to leave DNS to the network.
const OWN_DOMAINS: [&str; 8] =
    ["alt", "home.arpa", "invalid", "local", "localhost", "onion", "test", "use-application-dns.net"];

/// True for names that are never asked for elsewhere: those of one host or network, and the reverse names of addresses
/// that have no owner (RFC 6303, 4; RFC 7793).
pub fn stays(name: &OwnerName) -> bool {
    let mut rest = Some(name.clone());
    while let Some(ancestor) = rest.filter(|ancestor| !ancestor.is_root()) {
        if OWN_DOMAINS.contains(&ancestor.to_string().as_str()) {
            return true;
        }
        rest = ancestor.parent();
    }
    let Some((address, bits)) = reverse_prefix(name) else { return false };
    match address {
        IpAddr::V4(address) => PRIVATE_V4.iter().any(|(own, length)| {
            bits >= *length && u32::from(address) >> (32 - length) == u32::from(Ipv4Addr::from(*own)) >> (32 - length)
        }),
        IpAddr::V6(address) => PRIVATE_V6.iter().any(|(own, length)| {
            bits >= *length && u128::from(address) >> (128 - length) == u128::from(*own) >> (128 - length)
        }),
    }
}

/// RFC 6303, 4.1 and 4.2, with 100.64.0.0/10 of RFC 7793.
const PRIVATE_V4: [([u8; 4], u32); 11] = [
    ([10, 0, 0, 0], 8),
    ([172, 16, 0, 0], 12),
    ([192, 168, 0, 0], 16),
    ([0, 0, 0, 0], 8),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([192, 0, 2, 0], 24),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([255, 255, 255, 255], 32),
    ([100, 64, 0, 0], 10),
];

/// RFC 6303, 4.3 to 4.6: the unspecified address, loopback, unique local, link-local and documentation addresses.
const PRIVATE_V6: [(Ipv6Addr, u32); 5] = [
    (Ipv6Addr::UNSPECIFIED, 128),
    (Ipv6Addr::LOCALHOST, 128),
    (Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0), 8),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
];

/// The address bits of a name in `in-addr.arpa` or `ip6.arpa`, and how many; labels in front of them do not count.
fn reverse_prefix(name: &OwnerName) -> Option<(IpAddr, u32)> {
    let labels: Vec<&[u8]> = name.labels().collect();
    match labels.as_slice() {
        [front @ .., b"in-addr", b"arpa"] => {
            let reply: Vec<u8> = front.iter().rev().map_while(|label| octet(label)).take(4).collect();
            let mut octets = [0; 4];
            octets[..reply.len()].copy_from_slice(&reply);
            Some((IpAddr::V4(octets.into()), reply.len() as u32 * 8))
        }
        [front @ .., b"ip6", b"arpa"] => {
            let digit = |label: &&[u8]| match label {
                [digit] => char::from(*digit).to_digit(16).map(u128::from),
                _ => None,
            };
            let reply: Vec<u128> = front.iter().rev().map_while(digit).take(32).collect();
            let bits = reply.iter().enumerate().fold(0, |bits, (at, digit)| bits | digit << (124 - 4 * at));
            Some((IpAddr::V6(bits.into()), reply.len() as u32 * 4))
        }
        _ => None,
    }
}

/// A question on its way beyond the emulated zones and back, all of it in one revision.
#[derive(Clone, Debug)]
pub struct ForwardedQuery {
    world: Arc<Compiled>,
    echo: OwnedEcho,
    transport: Transport,
    question: Question,
    subnet: Option<SubnetEcho>,
    extended: Ede,
    /// Who decides the rest of the chain.
    server: Target,
    /// The names met so far, the one that is asked for among them.
    met: Vec<OwnerName>,
    /// The aliases met so far.
    answer: Vec<ForeignRecord>,
}

impl ForwardedQuery {
    /// The journey of a query for whose answer the world does not suffice; absent where it does.
    pub fn begin(
        world: &Arc<Compiled>,
        context: &RequestContext<'_>,
        transport: Transport,
        query: &Query<'_>,
    ) -> Option<Self> {
        if !matches!(query.class, Class::IN | Class::ANY) {
            return None;
        }
        let (view, subnet) = place(world, context, query.echo.edns.as_ref()).ok()?;
        let question = Question { name: OwnerName::from_wire(query.name).ok()?, kind: query.kind };
        let mut journey = Self {
            world: Arc::clone(world),
            echo: query.echo.to_owned(),
            transport,
            met: vec![question.name.clone()],
            question,
            subnet,
            extended: context.extended,
            server: Target::Network(view),
            answer: Vec::new(),
        };
        let name = journey.question.name.clone();
        match journey.decide(&name) {
            Decided::Outside => Some(journey),
            Decided::Inside(_) => None,
        }
    }

    /// The client's question.
    pub fn question(&self) -> &Question {
        &self.question
    }

    /// The name of the client's question in wire form, as the client spelled it.
    pub fn spelling(&self) -> &[u8] {
        self.echo.as_echo().asked().map_or(&[], |(name, _)| name)
    }

    /// The name another server is to be asked for next.
    pub fn asks(&self) -> &OwnerName {
        self.met.last().expect("the name of the question is met first")
    }

    /// The query to another server.
    pub fn query(&self, id: u16) -> Vec<u8> {
        let echo = self.echo.as_echo();
        foreign::encode_question(id, self.asks(), self.question.kind, self.dnssec_ok(), echo.checking_disabled)
    }

    fn dnssec_ok(&self) -> bool {
        self.echo.as_echo().edns.is_some_and(|edns| edns.dnssec_ok)
    }

    /// Reads a reply to that query; absent where the bytes are none.
    pub fn read(&self, id: u16, octets: &[u8]) -> Option<ForeignReply> {
        foreign::read_reply(octets, id, self.asks(), self.question.kind)
    }

    /// Takes what the other server replied. The reply to the client, if there is no more to ask.
    ///
    /// Of the answer section, it reads only the chain from the name of the question.
    pub fn take_reply(&mut self, reply: ForeignReply) -> Option<Vec<u8>> {
        if !matches!(reply.rcode, Rcode::NOERROR | Rcode::NXDOMAIN) {
            return Some(self.failed(OTHER, &format!("the reply for {} was {}", self.asks(), reply.rcode)));
        }
        let asked = self.asks().clone();
        loop {
            let name = self.asks().clone();
            // The alias that a DNAME gives follows it, for resolvers without DNAME (RFC 6672, 3.1).
            let redirects = |one: &&ForeignRecord| {
                let owner = one.owner();
                one.kind() == DNAME && owner != name && name.is_within(&owner)
            };
            let redirecting: Vec<_> = reply.answer.iter().filter(redirects).cloned().collect();
            let here: Vec<&ForeignRecord> = reply.answer.iter().filter(|one| one.owner() == name).collect();
            let asked_for = |one: &&ForeignRecord| [RecordType::ANY, one.kind()].contains(&self.question.kind);
            if here.iter().any(asked_for) {
                let signed = |one: &&ForeignRecord| asked_for(one) || one.kind() == RecordType::RRSIG;
                self.answer.extend(here.into_iter().filter(signed).cloned());
                return Some(self.end(Rcode::NOERROR, &reply));
            }
            let alias = here.iter().find_map(|one| one.alias());
            let Some(target) = alias else {
                let negative = reply.rcode == Rcode::NXDOMAIN || soa_for(&reply, &name).is_some();
                return match negative || name == asked {
                    true => Some(self.end(reply.rcode, &reply)),
                    // An alias without a word on its target: that is asked for next.
                    false => None,
                };
            };
            self.answer.extend(redirecting);
            let carries = |one: &&ForeignRecord| matches!(one.kind(), RecordType::CNAME | RecordType::RRSIG);
            self.answer.extend(here.into_iter().filter(carries).cloned());
            if self.met.contains(&target) {
                return Some(self.failed(OTHER, &circle(&target)));
            }
            self.met.push(target.clone());
            if self.met.len() > MAX_ALIASES {
                let text = format!("more than {MAX_ALIASES} aliases, the last one to {target}");
                return Some(self.failed(OTHER, &text));
            }
            match self.decide(&target) {
                Decided::Inside(octets) => return Some(octets),
                // What leads outside again by way of names of this world is asked for anew.
                Decided::Outside if *self.asks() != target => return None,
                Decided::Outside => {}
            }
        }
    }

    /// SERVFAIL, and why.
    pub fn failed(&self, code: u16, text: &str) -> Vec<u8> {
        let extended_error = Some(ExtendedError { code, text: text.to_owned() });
        self.write(Mixed { rcode: Rcode::SERVFAIL, answer: Vec::new(), authority: Vec::new(), extended_error })
    }

    /// Decides a name by the servers the rest of the chain belongs to.
    fn decide(&mut self, name: &OwnerName) -> Decided {
        let question = Question { name: name.clone(), kind: self.question.kind };
        let world = Arc::clone(&self.world);
        let world = &*world;
        let decision = walk(world, &mut self.server, &question);
        if !is_outside(world, &decision) {
            let own = reply(world, &decision, self.extended);
            let mut answer = std::mem::take(&mut self.answer);
            if own.rcode == Rcode::SERVFAIL {
                answer.clear();
            }
            answer.extend(own.answer.iter().flat_map(|set| ForeignRecord::of(set).collect::<Vec<_>>()));
            let authority = own.authority.iter().flat_map(|set| ForeignRecord::of(set).collect::<Vec<_>>()).collect();
            let extended_error = own.extended_error;
            return Decided::Inside(self.write(Mixed { rcode: own.rcode, answer, authority, extended_error }));
        }
        // The name itself was met already.
        let owners = decision.hops.iter().map(|hop| &hop.owner).chain([decision.outcome.owner()]);
        for owner in owners.skip(1) {
            if self.met.contains(owner) {
                return Decided::Inside(self.failed(OTHER, &circle(owner)));
            }
            self.met.push(owner.clone());
        }
        for hop in &decision.hops {
            self.answer.extend(ForeignRecord::of(&hop.shown()));
        }
        Decided::Outside
    }

    /// The other server's own end of the chain.
    fn end(&mut self, rcode: Rcode, reply: &ForeignReply) -> Vec<u8> {
        let name = self.asks().clone();
        let dnssec_ok = self.dnssec_ok();
        let answered = self.answer.iter().any(|one| one.owner() == name);
        let proves = |one: &&ForeignRecord| match one.kind() {
            RecordType::SOA => !answered && name.is_within(&one.owner()),
            RecordType::NSEC | NSEC3 | RecordType::RRSIG => dnssec_ok,
            _ => false,
        };
        let authority = reply.authority.iter().filter(proves).cloned().collect();
        let answer = std::mem::take(&mut self.answer);
        self.write(Mixed { rcode, answer, authority, extended_error: reply.extended_error.clone() })
    }

    /// The reply to the client, within what its transport and its OPT record allow.
    fn write(&self, mut reply: Mixed) -> Vec<u8> {
        if self.extended == Ede::Omit {
            reply.extended_error = None;
        }
        let mut out = Vec::new();
        foreign::encode(&self.echo.as_echo(), &reply, self.subnet, self.transport, &mut out);
        out
    }
}

fn circle(name: &OwnerName) -> String {
    format!("the aliases form a loop back to {name}")
}

/// What a name on the way is.
enum Decided {
    /// One of this world: the reply to the client.
    Inside(Vec<u8>),
    /// One that another server is to be asked for.
    Outside,
}

const DNAME: RecordType = RecordType(39);
const NSEC3: RecordType = RecordType(50);

/// The SOA that says no for a name.
fn soa_for<'r>(reply: &'r ForeignReply, name: &OwnerName) -> Option<&'r ForeignRecord> {
    reply.authority.iter().find(|one| one.kind() == RecordType::SOA && name.is_within(&one.owner()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::compile::sample::{estate, name};
    use crate::dns::wire::{decode, encode_query};
    use crate::resolve::{Forwarding, Response, Subnets, parse, respond};

    fn context() -> RequestContext<'static> {
        RequestContext {
            listener: None,
            source: [10, 0, 1, 5].into(),
            asked_at: None,
            subnets: Subnets::Ignored,
            extended: Ede::Include,
            outside: Forwarding::On,
            local_addresses: &[],
        }
    }

    fn journey(text: &str, kind: RecordType) -> Option<ForwardedQuery> {
        let world = Arc::new(estate([10, 0, 1, 9].into()));
        let packet = encode_query(1, &name(text), kind, Some(1232));
        let query = parse(&packet, Ede::Include).expect("a good query");
        let journey = ForwardedQuery::begin(&world, &context(), Transport::Udp, &query);
        let response = respond(&world, &context(), Transport::Udp, &packet, &mut Vec::new());
        assert_eq!(matches!(response, Response::Outside(_)), journey.is_some(), "{text} {kind}");
        journey
    }

    #[test]
    fn names_of_one_host_or_network_and_of_private_addresses_stay() {
        for text in [
            "localhost",
            "a.localhost",
            "local",
            "x.test",
            "use-application-dns.net",
            "a.b.home.arpa",
            "10.in-addr.arpa",
            "4.3.2.10.in-addr.arpa",
            "16.172.in-addr.arpa",
            "31.172.in-addr.arpa",
            "1.168.192.in-addr.arpa",
            "0.in-addr.arpa",
            "1.0.0.127.in-addr.arpa",
            "64.100.in-addr.arpa",
            "127.100.in-addr.arpa",
            "255.255.255.255.in-addr.arpa",
            "8.b.d.0.1.0.0.2.ip6.arpa",
            "d.f.ip6.arpa",
            "b.e.f.ip6.arpa",
            "_x.1.1.168.192.in-addr.arpa",
        ] {
            assert!(stays(&name(text)), "{text}");
        }
        for text in [
            "example",
            "localhost.example",
            "arpa",
            "in-addr.arpa",
            "15.172.in-addr.arpa",
            "32.172.in-addr.arpa",
            "172.in-addr.arpa",
            "63.100.in-addr.arpa",
            "128.100.in-addr.arpa",
            "100.in-addr.arpa",
            "010.in-addr.arpa",
            "254.255.255.255.in-addr.arpa",
            "16.129.63.168.in-addr.arpa",
            "ip6.arpa",
            "f.ip6.arpa",
            "c.f.ip6.arpa",
            "c.e.f.ip6.arpa",
            "9.b.d.0.1.0.0.2.ip6.arpa",
            "application-dns.net",
        ] {
            assert!(!stays(&name(text)), "{text}");
        }
    }

    #[test]
    fn a_journey_begins_where_the_emulated_world_ends() {
        for text in ["www.example", "example", "8.8.8.8.in-addr.arpa"] {
            let journey = journey(text, RecordType::A).expect(text);
            assert_eq!(*journey.asks(), name(text));
        }
        assert!(journey("api.monitor.azure.com", RecordType::A).is_none());
        assert!(journey("nobody.monitor.azure.com", RecordType::A).is_none());
        assert!(journey("any.localhost", RecordType::A).is_none());
    }

    proptest! {
        #[test]
        fn whatever_another_server_sends_the_reply_is_whole_and_within_the_limit(
            owners in prop::collection::vec((0usize..5, 0usize..5, any::<bool>()), 0..30),
            rcode in 0u8..6,
            changes in prop::collection::vec((0usize..400, any::<u8>()), 0..4),
        ) {
            let names = ["www.example", "two.example", "api.monitor.azure.com", "x.privatelink.monitor.azure.com", "localhost"];
            let mut journey = journey("www.example", RecordType::A).expect("it is outside");
            let mut octets = encode_query(7, &name("www.example"), RecordType::A, None);
            octets[2] |= 0x80;
            octets[3] = rcode;
            octets[7] = owners.len() as u8;
            for (owner, target, is_alias) in owners {
                octets.extend_from_slice(name(names[owner]).wire());
                let target = name(names[target]);
                let data = if is_alias { target.wire() } else { &[192, 0, 2, 1] };
                octets.extend([0, if is_alias { 5 } else { 1 }, 0, 1, 0, 0, 0, 9, 0, data.len() as u8]);
                octets.extend_from_slice(data);
            }
            for (at, octet) in changes {
                if let Some(old) = octets.get_mut(at) {
                    *old = octet;
                }
            }
            if let Some(reply) = journey.read(7, &octets)
                && let Some(reply) = journey.take_reply(reply)
            {
                let received = decode(&reply).expect("a reply that can be read");
                prop_assert_eq!(received.question, Some((name("www.example"), RecordType::A)));
                prop_assert!(reply.len() <= 1232);
                let owners: Vec<_> = received.answer.iter().map(|one| one.owner.clone()).collect();
                prop_assert!(owners.first().is_none_or(|first| *first == name("www.example")), "{:?}", owners);
            }
        }
    }
}
