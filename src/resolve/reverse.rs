//! Addresses in reverse names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::dns::OwnerName;

/// The address a name in `in-addr.arpa` or `ip6.arpa` represents (RFC 1035, 3.5; RFC 3596, 2.5).
pub(super) fn reversed(name: &OwnerName) -> Option<IpAddr> {
    let labels: Vec<&[u8]> = name.labels().collect();
    match labels.as_slice() {
        [d, c, b, a, b"in-addr", b"arpa"] => {
            Some(IpAddr::V4(Ipv4Addr::new(octet(a)?, octet(b)?, octet(c)?, octet(d)?)))
        }
        [nibbles @ .., b"ip6", b"arpa"] if nibbles.len() == 32 => {
            let bits = nibbles.iter().rev().try_fold(0u128, |bits, label| match label {
                [digit] => Some(bits << 4 | u128::from(char::from(*digit).to_digit(16)?)),
                _ => None,
            });
            bits.map(|bits| IpAddr::V6(Ipv6Addr::from(bits)))
        }
        _ => None,
    }
}

/// The number of a label in `in-addr.arpa`, written as numbers are.
pub(super) fn octet(label: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(label).ok()?;
    text.parse::<u8>().ok().filter(|value| value.to_string() == text)
}
