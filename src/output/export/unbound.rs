//! `unbound.conf`: a static local zone for each zone, so that missing names are NXDOMAIN with the zone's SOA.
//!
//! Unbound does not follow aliases of local data, so they are flattened. Local data has no wildcards either: where one
//! leads to the addresses of the name it is below, as those of public DNS do, that name is a `redirect` zone; a zone
//! with any other wildcard is an `auth-zone` with a file of its own.

use std::fmt::Write as _;

use super::words::{comment, quoted};
use super::{Exported, File, Seen, SeenZone, Setting, bind::capital, zone};
use crate::dns::{OwnerName, RecordSet};

pub(super) fn export(seen: &Seen, setting: &Setting) -> Exported {
    let mut text = comment(
        "#",
        [
            &*format!("{}, for unbound.", capital(&setting.heading)),
            "Written by `ampls-dns export`. In this folder: unbound -d -c unbound.conf",
            "Unbound does not follow aliases of local data: such names have their addresses here, without the chain.",
        ],
    );
    text.push_str(&comment("# SERVFAIL in the estate, missing here:", seen.failing.iter().map(ToString::to_string)));
    let (address, port) = (setting.listen.ip(), setting.listen.port());
    write!(
        text,
        "server:\n    interface: {address}\n    port: {port}\n    do-daemonize: no\n    directory: \"\"\n    chroot: \"\"\n    \
         username: \"\"\n    pidfile: \"\"\n    use-syslog: no\n    logfile: \"\"\n    module-config: \"iterator\"\n"
    )
    .expect("a String takes any text");
    if !address.is_loopback() {
        text.push_str("    access-control: 0.0.0.0/0 allow\n    access-control: ::0/0 allow\n");
    }
    text.push_str(
        "    # Every other name. For an upstream, remove the next local-zone line and add at the end:\n    \
         # forward-zone:\n    #     name: \".\"\n    #     forward-addr: ADDRESS\n    local-zone: \".\" refuse\n",
    );
    let (files, local): (Vec<_>, Vec<_>) = seen.zones.values().partition(|zone| redirects(zone).is_none());
    for zone in local {
        let redirects = redirects(zone).unwrap_or_default();
        writeln!(text, "\n    local-zone: \"{}\" static", quoted(zone.apex())).expect("a String takes any text");
        data(&mut text, zone.soa());
        for (owner, sets) in zone.names() {
            if redirects.contains(&owner) {
                writeln!(text, "    # With all names below it.\n    local-zone: \"{}\" redirect", quoted(owner))
                    .expect("a String takes any text");
            }
            if !owner.is_wildcard() {
                sets.iter().for_each(|set| data(&mut text, set));
            }
        }
    }
    for zone in &files {
        writeln!(text, "\n    local-zone: \"{}\" transparent", quoted(zone.apex())).expect("a String takes any text");
    }
    for zone in &files {
        write!(
            text,
            "\nauth-zone:\n    name: \"{}\"\n    zonefile: \"{}\"\n    for-downstream: yes\n    for-upstream: yes\n    \
             fallback-enabled: no\n",
            quoted(zone.apex()),
            zone::path(zone)
        )
        .expect("a String takes any text");
    }
    let mut exported = vec![File { name: "unbound.conf".to_owned(), text }];
    let own: Vec<_> = files.iter().map(|zone| zone::path(zone)).collect();
    exported.extend(zone::files(seen, setting).into_iter().filter(|file| own.contains(&file.name)));
    Exported { files: exported, left_out: super::failing(seen) }
}

fn data(text: &mut String, set: &RecordSet) {
    for data in set.data() {
        // The data is in single quotes, so a quote in it is written by number.
        let data = data.to_string().replace('\'', "\\039");
        let (owner, ttl, kind) = (quoted(set.owner()), set.ttl(), set.kind());
        writeln!(text, "    local-data: '{owner} {ttl} IN {kind} {data}'").expect("a String takes any text");
    }
}

/// The names that become `redirect` zones for their wildcards; absent if one of them cannot.
fn redirects(zone: &SeenZone) -> Option<Vec<&OwnerName>> {
    let wildcards = zone.names().iter().filter(|(owner, _)| owner.is_wildcard());
    let redirect = |(wildcard, sets): (&OwnerName, &Vec<RecordSet>)| {
        let parent = wildcard.parent()?;
        let (parent, own) = zone.names().get_key_value(&parent)?;
        let same = own.len() == sets.len() && own.iter().zip(sets).all(|(a, b)| a.data() == b.data());
        let alone = zone.within(parent).all(|name| name == wildcard || name == parent);
        (same && alone && parent != zone.apex()).then_some(parent)
    };
    wildcards.map(redirect).collect()
}
