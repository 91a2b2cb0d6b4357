//! `dnsmasq.conf`: host records, aliases, and `local=` for each zone, so that missing names are NXDOMAIN.
//!
//! Dnsmasq follows aliases among its own names. It sends no SOA with a negative answer; a wildcard has addresses only, and
//! is NXDOMAIN for other types; names that need an escape cannot be written.

use std::fmt::Write as _;

use super::words::{comment, plain};
use super::{Exported, File, Seen, SeenZone, Setting, bind::capital, hosts};
use crate::dns::{OwnerName, RecordData, RecordSet, RecordType};

pub(super) fn export(seen: &Seen, setting: &Setting) -> Exported {
    let mut left_out = super::failing(seen);
    let mut lines = String::new();
    for zone in seen.zones.values() {
        let Some(apex) = plain(zone.apex()).filter(|apex| !apex.contains('/')) else {
            left_out.push(format!("dnsmasq cannot hold the zone {}", zone.apex()));
            continue;
        };
        writeln!(lines, "\nlocal=/{apex}/").expect("a String takes any text");
        for (owner, sets) in zone.names() {
            let name = plain(owner).filter(|name| !name.contains('/') && !name[1..].contains('*'));
            let said = name.as_deref().is_some_and(|name| match name.strip_prefix("*.") {
                Some(parent) => wildcard(&mut lines, zone, parent, owner, sets),
                None => {
                    // Every set is written, also after one that cannot be.
                    let written: Vec<bool> = sets.iter().map(|set| record_set(&mut lines, name, set)).collect();
                    written.iter().all(|one| *one)
                }
            });
            if !said {
                left_out.push(format!("dnsmasq cannot hold all of {owner}"));
            }
        }
    }
    let mut text = comment(
        "#",
        [
            &*format!("{}, for dnsmasq.", capital(&setting.heading)),
            "Written by `ampls-dns export`. In this folder: dnsmasq --keep-in-foreground --conf-file=dnsmasq.conf",
            "Negative answers of dnsmasq have no SOA.",
        ],
    );
    text.push_str(&comment("# Left out:", &left_out));
    let (address, port) = (setting.listen.ip(), setting.listen.port());
    write!(
        text,
        "port={port}\nlisten-address={address}\nbind-interfaces\npid-file=\nno-hosts\nno-poll\nlocal-ttl=10\n\
         # Every other name is REFUSED. For an upstream: server=ADDRESS\nno-resolv\n{lines}"
    )
    .expect("a String takes any text");
    Exported { files: vec![File { name: "dnsmasq.conf".to_owned(), text }], left_out }
}

/// The addresses of a wildcard; false if there is more to it.
fn wildcard(lines: &mut String, zone: &SeenZone, parent: &str, owner: &OwnerName, sets: &[RecordSet]) -> bool {
    let mut all = true;
    for set in sets.iter() {
        all &= hosts::is_address(set);
        for data in set.data() {
            if let RecordData::A(_) | RecordData::Aaaa(_) = data {
                writeln!(lines, "address=/*.{parent}/{data}").expect("a String takes any text");
            }
        }
    }
    // A name that exists keeps the wildcard from what is below it (RFC 4592, 3.3).
    let Some(encloser) = owner.parent() else { return all };
    let depth = encloser.label_count() + 1;
    let mut below: Vec<OwnerName> = Vec::new();
    for name in zone.within(&encloser).filter(|name| name.is_below(&encloser) && *name != owner) {
        let mut child = name.clone();
        while child.label_count() > depth {
            child = child.parent().expect("a name of several labels has a parent");
        }
        if below.last() != Some(&child) && child != *owner {
            below.push(child);
        }
    }
    for child in below.iter().filter_map(plain) {
        writeln!(lines, "local=/{child}/").expect("a String takes any text");
    }
    all
}

/// A record set of a name; false if dnsmasq has no line for it.
fn record_set(lines: &mut String, name: &str, set: &RecordSet) -> bool {
    let ttl = set.ttl();
    set.data().iter().fold(true, |all, data| {
        let line = match data {
            RecordData::A(address) => Some(format!("host-record={name},{address},{ttl}")),
            RecordData::Aaaa(address) => Some(format!("host-record={name},{address},{ttl}")),
            RecordData::Cname(target) => plain(target).map(|target| format!("cname={name},{target},{ttl}")),
            RecordData::Mx { preference, exchange } => {
                plain(exchange).map(|exchange| format!("mx-host={name},{exchange},{preference}"))
            }
            RecordData::Ptr(target) => plain(target).map(|target| format!("ptr-record={name},{target}")),
            RecordData::Srv { priority, weight, port, target } => {
                plain(target).map(|target| format!("srv-host={name},{target},{port},{priority},{weight}"))
            }
            RecordData::Txt(strings) => Some(txt(name, strings)),
            RecordData::Soa(_) | RecordData::Ns(_) => Some(String::new()),
        };
        match &line {
            Some(line) => writeln!(lines, "{line}").expect("a String takes any text"),
            None => return false,
        }
        all
    })
}

/// A TXT record, in hexadecimal where its strings need more than quotes.
fn txt(name: &str, strings: &[Vec<u8>]) -> String {
    let simple = |octet: &u8| matches!(octet, b' '..=b'~') && !matches!(octet, b'"' | b'\\');
    if strings.iter().flatten().all(simple) {
        let quoted = strings.iter().map(|string| format!(",\"{}\"", String::from_utf8_lossy(string)));
        return format!("txt-record={name}{}", quoted.collect::<String>());
    }
    let octets = strings.iter().flat_map(|string| {
        let length = u8::try_from(string.len()).expect("a string has at most 255 bytes");
        std::iter::once(length).chain(string.iter().copied())
    });
    let hexadecimal: Vec<String> = octets.map(|octet| format!("{octet:02x}")).collect();
    format!("dns-rr={name},{},{}", RecordType::TXT.0, hexadecimal.join(":"))
}
