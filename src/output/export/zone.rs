//! Master files that every authoritative server takes.

use super::words::{comment, one_line, step};
use super::{File, Seen, SeenZone, Setting, words};
use crate::compile::{Compiled, Zone};
use crate::dns::{RecordSet, RecordType, master};

/// What is said of the name server that private zones do not have.
const SYNTHETIC_NS: &str = "The NS record is added: Azure's private zones have none, but a master file needs one.";

/// A zone as it is.
pub(super) fn of_zone(world: &Compiled, zone: &Zone, private: bool) -> String {
    let whose = match private {
        true => format!("Private zone {} of resource group {}", zone.apex(), one_line(&zone.id.resource_group)),
        false => format!("Public zone {}, as emulated", zone.apex()),
    };
    let sets = zone.sets().into_iter().map(|owned| owned.set);
    let sets: Vec<RecordSet> = sets.filter(|set| set.kind() != RecordType::SOA).collect();
    text(&format!("{whose}{}.{}", step(world), incomplete(zone)), zone.soa(), sets.iter())
}

/// What a reader of an exported zone must know if it may have record sets that the estate does not know; empty otherwise.
pub(super) fn incomplete(zone: &Zone) -> String {
    zone.unknown().map_or_else(String::new, |why| {
        format!(
            " It may have other record sets, which are unknown: {} could not be resolved.",
            one_line(&why.to_string())
        )
    })
}

/// The zone files of a server's configuration, in a folder `zones`.
pub(super) fn files(seen: &Seen, setting: &Setting) -> Vec<File> {
    let file = |zone: &SeenZone| File {
        name: path(zone),
        text: text(&format!("{}, in {}.", zone.apex(), setting.heading), zone.soa(), zone.names().values().flatten()),
    };
    seen.zones.values().map(file).collect()
}

/// Where a zone of a server's configuration is.
pub(super) fn path(zone: &SeenZone) -> String {
    format!("zones/{}.zone", words::zone_file(zone.apex()))
}

/// A root zone with nothing below it.
pub(super) fn empty_root() -> String {
    comment(";", ["An empty root zone: no other name exists."])
        + "$ORIGIN .\n@ 10 IN SOA localhost. hostmaster.localhost. 1 3600 300 2419200 10\n@ 10 IN NS localhost.\nlocalhost 10 IN A 127.0.0.1\n"
}

fn text<'s>(heading: &str, soa: &'s RecordSet, sets: impl Iterator<Item = &'s RecordSet>) -> String {
    let sets: Vec<_> = std::iter::once(soa).chain(sets).cloned().collect();
    let own_servers = sets.iter().any(|set| set.kind() == RecordType::NS);
    let written_by = "Written by `ampls-dns export`.";
    let lines: &[&str] = if own_servers { &[heading, written_by] } else { &[heading, written_by, SYNTHETIC_NS] };
    let mut text = comment(";", lines.iter().copied());
    let written = master::write(soa.owner(), &sets);
    // `$ORIGIN` and the SOA are a line each; the name server is after them.
    let end = written.match_indices('\n').nth(1).map_or(written.len(), |(at, _)| at + 1);
    text.push_str(&written[..end]);
    if !own_servers {
        text.push_str(&format!("@ {} IN NS localhost.\n", soa.ttl()));
    }
    text.push_str(&written[end..]);
    text
}
