//! Names that are asked of nobody else, whatever upstream there is.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::dns::OwnerName;

/// Special-use domains, and the name browsers take the absence of as leave to pass the resolver by.
///
/// Sources: RFC 6761 (6.2 to 6.4), RFC 6762 (22.1), RFC 7686 (2), RFC 8375 (4), RFC 9462 (6.4); for the last one
/// support.mozilla.org, "Canary domain - use-application-dns.net".
const DOMAINS: [&[u8]; 8] = [
    b"\x09localhost\0",
    b"\x07invalid\0",
    b"\x04test\0",
    b"\x05local\0",
    b"\x05onion\0",
    b"\x04home\x04arpa\0",
    b"\x08resolver\x04arpa\0",
    b"\x13use-application-dns\x03net\0",
];

/// Addresses that mean something in their own network only, or nothing: their reverse zones are kept (RFC 6303, 4; RFC 7793).
/// The last one is Azure's own resolver.
const V4: [([u8; 4], u8); 12] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 2, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([255, 255, 255, 255], 32),
    ([168, 63, 129, 16], 32),
];

/// The same of IPv6: first 32 bits, the rest being nought, and length.
const V6: [(u32, u8); 3] = [(0xfc00_0000, 7), (0xfe80_0000, 10), (0x2001_0db8, 32)];

/// True if a name is nobody else's business.
pub(super) fn is_kept(name: &OwnerName) -> bool {
    let mut rest = name.wire();
    while rest.len() > 1 {
        if DOMAINS.contains(&rest) {
            return true;
        }
        rest = &rest[1 + usize::from(rest[0])..];
    }
    reverse_prefix(name).is_some_and(|prefix| match prefix {
        IpNet::V4(prefix) => V4
            .iter()
            .any(|(address, length)| Ipv4Net::new((*address).into(), *length).is_ok_and(|kept| kept.contains(&prefix))),
        IpNet::V6(prefix) => {
            let own = |bits: u32, length| Ipv6Net::new(Ipv6Addr::from(u128::from(bits) << 96), length);
            let single = prefix.prefix_len() == 128 && (prefix.addr().is_loopback() || prefix.addr().is_unspecified());
            single || V6.iter().any(|(bits, length)| own(*bits, *length).is_ok_and(|kept| kept.contains(&prefix)))
        }
    })
}

/// The prefix a name below `in-addr.arpa` or `ip6.arpa` stands for; labels in front of a whole address do not count.
fn reverse_prefix(name: &OwnerName) -> Option<IpNet> {
    let labels: Vec<&[u8]> = name.labels().collect();
    match labels.as_slice() {
        [digits @ .., b"in-addr", b"arpa"] if !digits.is_empty() => {
            let mut octets = [0; 4];
            let mut length = 0;
            for (octet, label) in octets.iter_mut().zip(digits.iter().rev()) {
                *octet = std::str::from_utf8(label).ok()?.parse().ok()?;
                length += 8;
            }
            Some(IpNet::V4(Ipv4Net::new(Ipv4Addr::from(octets), length).ok()?))
        }
        [digits @ .., b"ip6", b"arpa"] if !digits.is_empty() => {
            let (mut bits, mut length) = (0u128, 0u8);
            for label in digits.iter().rev().take(32) {
                let [digit] = label else { return None };
                length += 4;
                bits |= u128::from(char::from(*digit).to_digit(16)?) << (128 - length);
            }
            Some(IpNet::V6(Ipv6Net::new(Ipv6Addr::from(bits), length).ok()?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_names_and_reverse_names_of_private_addresses_are_kept() {
        let kept = |text: &str| is_kept(&OwnerName::parse(text).expect("a good name"));
        let loopback = format!("1.{}ip6.arpa", "0.".repeat(31));
        for name in [
            "localhost",
            "a.localhost",
            "x.test",
            "printer.local",
            "hidden.onion",
            "nas.home.arpa",
            "use-application-dns.net",
            "_dns.resolver.arpa",
            "4.1.0.10.in-addr.arpa",
            "10.in-addr.arpa",
            "1.20.172.in-addr.arpa",
            "31.172.in-addr.arpa",
            "1.64.100.in-addr.arpa",
            "16.129.63.168.in-addr.arpa",
            "x.4.1.0.10.in-addr.arpa",
            "d.f.ip6.arpa",
            "a.e.f.ip6.arpa",
            "8.b.d.0.1.0.0.2.ip6.arpa",
            &loopback,
        ] {
            assert!(kept(name), "{name}");
        }
        for name in [
            "example.com",
            "localhost.example.com",
            "net",
            "arpa",
            "in-addr.arpa",
            "172.in-addr.arpa",
            "32.172.in-addr.arpa",
            "8.8.8.8.in-addr.arpa",
            "1.128.100.in-addr.arpa",
            "x.in-addr.arpa",
            "0.ip6.arpa",
            "0.6.2.ip6.arpa",
            "test.example",
        ] {
            assert!(!kept(name), "{name}");
        }
    }
}
