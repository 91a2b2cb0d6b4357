//! How messages travel, and what that means for a reply.

use super::message::Echo;

/// The largest UDP reply, in bytes, regardless of what the client could take: no fragment on any usual path (DNS flag day 2020).
pub const MAX_UDP_OCTETS: usize = 1232;
/// The largest UDP reply to a client that does not say more, in bytes (RFC 1035, 4.2.1; RFC 6891, 6.2.3).
pub const MIN_UDP_OCTETS: usize = 512;
/// The largest message over TCP, in bytes (RFC 1035, 4.2.2).
pub const MAX_TCP_OCTETS: usize = 65_535;

/// How a message travels.
///
/// Everything that depends on it is a method, so a further transport is one more variant and its rows in this file; counters,
/// filters and labels go by [`Transport::ALL`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Transport {
    /// One datagram per message.
    Udp,
    /// A stream of messages.
    Tcp,
}

impl Transport {
    /// Every transport, in the order of [`Transport::index`].
    pub const ALL: [Self; 2] = [Self::Udp, Self::Tcp];

    /// Its place in [`Transport::ALL`], for tables with a row per transport.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its name in documents, labels and options: `udp`, `tcp`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        }
    }

    /// Its name in sentences: `UDP`, `TCP`.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        }
    }

    /// The transport of that name, in lower case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|transport| transport.name() == name)
    }

    /// True if each message is a datagram: replies that do not fit are truncated, and the client asks again over a stream.
    pub const fn is_datagram(self) -> bool {
        match self {
            Self::Udp => true,
            Self::Tcp => false,
        }
    }

    /// The maximum size of a reply to this message, in bytes.
    pub fn limit(self, echo: &Echo<'_>) -> usize {
        match echo.edns {
            _ if !self.is_datagram() => MAX_TCP_OCTETS,
            None => MIN_UDP_OCTETS,
            Some(edns) => usize::from(edns.udp_size).clamp(MIN_UDP_OCTETS, MAX_UDP_OCTETS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transport_is_found_by_its_name_and_its_index() {
        for (index, transport) in Transport::ALL.into_iter().enumerate() {
            assert_eq!((transport.index(), Transport::named(transport.name())), (index, Some(transport)));
            assert_eq!(transport.title().to_lowercase(), transport.name());
        }
        assert_eq!(Transport::named("UDP"), None);
    }
}
