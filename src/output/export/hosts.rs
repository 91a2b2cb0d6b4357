//! Lines for `/etc/hosts`: addresses only, no aliases, and nothing that says a name does not exist.

use super::words::{comment, plain};
use super::{Exported, File, Seen, Setting};
use crate::dns::{RecordData, RecordSet};

pub(super) fn export(seen: &Seen, setting: &Setting) -> Exported {
    let mut left_out = Vec::new();
    let mut lines = String::new();
    for set in seen.zones.values().flat_map(|zone| zone.names().values().flatten()) {
        let owner = set.owner();
        let addresses: Vec<String> = set.data().iter().filter_map(address).collect();
        match plain(owner).filter(|name| !name.contains('*')) {
            _ if addresses.is_empty() => {}
            Some(name) => lines.extend(addresses.iter().map(|address| format!("{address} {name}\n"))),
            None => left_out.push(format!("{owner} {} cannot be in a hosts file", set.kind())),
        }
    }
    let mut text = comment(
        "#",
        [
            &*format!("Addresses of {}.", setting.heading),
            "Written by `ampls-dns export`. A hosts file has no aliases, no wildcards and no NXDOMAIN: the machine's own DNS",
            "resolves all names that are not in this file.",
        ],
    );
    text.push_str(&comment("# Left out:", &left_out));
    text.push_str(&lines);
    Exported { files: vec![File { name: "hosts".to_owned(), text }], left_out }
}

fn address(data: &RecordData) -> Option<String> {
    match data {
        RecordData::A(address) => Some(address.to_string()),
        RecordData::Aaaa(address) => Some(address.to_string()),
        _ => None,
    }
}

/// True for A and AAAA record sets.
pub(super) fn is_address(set: &RecordSet) -> bool {
    set.data().iter().any(|data| address(data).is_some())
}
