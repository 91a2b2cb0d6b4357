//! Functions on prefixes: `parseCidr`, `cidrSubnet`, `cidrHost`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::Arguments;
use crate::import::template::value::{Datum, Outcome, Trouble, failed};

pub(super) const NAMES: [&str; 3] = ["parsecidr", "cidrsubnet", "cidrhost"];

pub(super) fn call(own: &Arguments<'_>) -> Option<Outcome> {
    Some(match own.name {
        "parsecidr" => parse(own),
        "cidrsubnet" => subnet(own),
        "cidrhost" => host(own),
        _ => return None,
    })
}

fn prefix(own: &Arguments<'_>) -> Result<IpNet, Trouble> {
    match own.text(0)?.parse::<IpNet>() {
        Ok(prefix) => Ok(prefix.trunc()),
        Err(_) => own.wrong(0, "a prefix such as 10.0.0.0/16"),
    }
}

/// The number of an address, and the address of a number in the same family.
fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(own) => u128::from(u32::from(own)),
        IpAddr::V6(own) => u128::from(own),
    }
}

fn address(like: &IpNet, number: u128) -> Option<IpAddr> {
    match like {
        IpNet::V4(_) => u32::try_from(number).ok().map(|number| Ipv4Addr::from(number).into()),
        IpNet::V6(_) => Some(Ipv6Addr::from(number).into()),
    }
}

fn parse(own: &Arguments<'_>) -> Outcome {
    let prefix = prefix(own)?;
    let (first, last) = (number(prefix.network()), number(prefix.broadcast()));
    let is_v4 = matches!(prefix, IpNet::V4(_));
    let small = first + 2 > last;
    let usable = match is_v4 && !small {
        true => (first + 1, last - 1),
        false => (first, last),
    };
    let text = |number: u128| own.meter.text(address(&prefix, number).map(|own| own.to_string()).unwrap_or_default());
    let mut entries = vec![
        ("network".to_owned(), text(first)?),
        ("netmask".to_owned(), own.meter.text(prefix.netmask().to_string())?),
    ];
    if is_v4 {
        entries.push(("broadcast".to_owned(), text(last)?));
    }
    entries.push(("firstUsable".to_owned(), text(usable.0)?));
    entries.push(("lastUsable".to_owned(), text(usable.1)?));
    entries.push(("cidr".to_owned(), Datum::Int(i64::from(prefix.prefix_len()))));
    own.meter.entries(entries)
}

fn subnet(own: &Arguments<'_>) -> Outcome {
    let prefix = prefix(own)?;
    let (length, index) = (own.number(1)?, own.number(2)?);
    let length = u8::try_from(length).ok().filter(|own| (prefix.prefix_len()..=prefix.max_prefix_len()).contains(own));
    let (Some(length), Ok(index)) = (length, u128::try_from(index)) else {
        return failed(format!("{prefix} has no subnets of length {}", own.number(1)?));
    };
    let bits = u32::from(length - prefix.prefix_len());
    let host_bits = u32::from(prefix.max_prefix_len() - length);
    if bits < 128 && index >> bits != 0 {
        return failed(format!("{prefix} has no subnet {index} of length {length}"));
    }
    let first = number(prefix.network()) + index.checked_shl(host_bits).unwrap_or_default();
    match address(&prefix, first) {
        Some(address) => own.make_text(format!("{address}/{length}")),
        None => failed(format!("{prefix} has no subnet {index} of length {length}")),
    }
}

fn host(own: &Arguments<'_>) -> Outcome {
    let prefix = prefix(own)?;
    let index = own.number(1)?;
    let found =
        u128::try_from(index).ok().and_then(|index| number(prefix.network()).checked_add(index)?.checked_add(1));
    let found = found.filter(|found| *found <= number(prefix.broadcast())).and_then(|found| address(&prefix, found));
    match found {
        Some(address) => own.make_text(address.to_string()),
        None => failed(format!("{prefix} has no host {index}")),
    }
}
