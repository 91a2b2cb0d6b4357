//! The loopback interface of the network namespace: up, with the address of Azure's DNS, and with routes.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{LinkFlags, LinkMessage};
use netlink_packet_route::route::{RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};

use super::routes::Reach;

/// The loopback interface is the first one of every network namespace.
const LOOPBACK: u32 = 1;
/// The kernel looks into this table before any other, so all routes are compared there.
const TABLE_LOCAL: u8 = 255;

/// The loopback interface of this namespace.
pub(super) struct Loopback {
    socket: Socket,
    routes: BTreeMap<IpNet, Reach>,
}

impl Loopback {
    /// Brings the interface up with one more address.
    pub(super) fn new(address: Ipv4Addr) -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        let own = Self { socket, routes: BTreeMap::new() };

        let mut link = LinkMessage::default();
        link.header.index = LOOPBACK;
        link.header.flags = LinkFlags::Up;
        link.header.change_mask = LinkFlags::Up;
        own.request(RouteNetlinkMessage::SetLink(link), 0)?;

        let mut message = AddressMessage::default();
        message.header.family = AddressFamily::Inet;
        message.header.prefix_len = 32;
        message.header.index = LOOPBACK;
        let address = IpAddr::V4(address);
        message.attributes = vec![AddressAttribute::Local(address), AddressAttribute::Address(address)];
        own.request(RouteNetlinkMessage::NewAddress(message), NLM_F_CREATE | NLM_F_REPLACE)?;
        Ok(own)
    }

    /// Replaces the routes.
    pub(super) fn set_routes(&mut self, wanted: BTreeMap<IpNet, Reach>) -> io::Result<()> {
        // The kernel may do without IPv6, and then nothing is routed over it.
        let has_ipv6 = std::path::Path::new("/proc/net/if_inet6").exists();
        let wanted: BTreeMap<_, _> =
            wanted.into_iter().filter(|(prefix, _)| prefix.addr().is_ipv4() || has_ipv6).collect();
        for (prefix, reach) in &self.routes {
            if wanted.get(prefix) != Some(reach) {
                self.request(RouteNetlinkMessage::DelRoute(route(*prefix, *reach)), 0)?;
            }
        }
        for (prefix, reach) in &wanted {
            if self.routes.get(prefix) != Some(reach) {
                self.request(RouteNetlinkMessage::NewRoute(route(*prefix, *reach)), NLM_F_CREATE | NLM_F_REPLACE)?;
            }
        }
        self.routes = wanted;
        Ok(())
    }

    /// Sends a request and waits for the kernel's acknowledgement.
    fn request(&self, message: RouteNetlinkMessage, flags: u16) -> io::Result<()> {
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | NLM_F_ACK | flags;
        let mut packet = NetlinkMessage::new(header, NetlinkPayload::from(message));
        packet.finalize();
        let mut bytes = vec![0; packet.buffer_len()];
        packet.serialize(&mut bytes);
        self.socket.send(&bytes, 0)?;

        let (reply, _) = self.socket.recv_from_full()?;
        let reply = NetlinkMessage::<RouteNetlinkMessage>::deserialize(&reply).map_err(io::Error::other)?;
        match reply.payload {
            NetlinkPayload::Error(error) if error.code.is_none() => Ok(()),
            NetlinkPayload::Error(error) => Err(error.to_io()),
            _ => Err(io::Error::other("unexpected reply of the kernel to a netlink request")),
        }
    }
}

fn route(prefix: IpNet, reach: Reach) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header = RouteHeader {
        address_family: if prefix.addr().is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 },
        destination_prefix_length: prefix.prefix_len(),
        table: TABLE_LOCAL,
        protocol: RouteProtocol::Static,
        scope: match reach {
            Reach::Refused => RouteScope::Host,
            Reach::Dropped => RouteScope::Link,
        },
        kind: match reach {
            Reach::Refused => RouteType::Local,
            Reach::Dropped => RouteType::Unicast,
        },
        ..RouteHeader::default()
    };
    if prefix.prefix_len() > 0 {
        message.attributes.push(RouteAttribute::Destination(prefix.network().into()));
    }
    message.attributes.push(RouteAttribute::Oif(LOOPBACK));
    message
}
