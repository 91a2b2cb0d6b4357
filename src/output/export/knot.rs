//! `knot.conf` and zone files: an authoritative server that follows aliases within one zone only.

use std::fmt::Write as _;

use super::words::{comment, quoted, zone_file};
use super::{Exported, File, Seen, Setting, bind::capital, zone};

pub(super) fn export(seen: &Seen, setting: &Setting) -> Exported {
    let mut text = comment(
        "#",
        [
            &*format!("{}, for Knot DNS.", capital(&setting.heading)),
            "Written by `ampls-dns export`. In this folder: knotd -c knot.conf",
            "Knot does not follow aliases into another zone: such a name has its addresses here, without the chain.",
            "Names outside these zones are REFUSED. For an upstream: `mod-dnsproxy` as global-module of the default template.",
        ],
    );
    text.push_str(&comment("# SERVFAIL in the estate, missing here:", seen.failing.iter().map(ToString::to_string)));
    let (address, port) = (setting.listen.ip(), setting.listen.port());
    write!(
        text,
        "server:\n    rundir: \".\"\n    listen: \"{address}@{port}\"\n\nlog:\n  - target: stderr\n    any: warning\n\n\
         database:\n    storage: \"knot-database\"\n\ntemplate:\n  - id: default\n    storage: \"zones\"\n    \
         zonefile-sync: -1\n    zonefile-load: whole\n    journal-content: none\n\nzone:\n"
    )
    .expect("a String takes any text");
    for zone in seen.zones.values() {
        let (name, file) = (quoted(zone.apex()).replace('\\', "\\\\"), zone_file(zone.apex()));
        // Knot takes `%` and a letter in a file's name for a variable of its own.
        let file = file.replace('%', "%%");
        writeln!(text, "  - domain: \"{name}\"\n    file: \"{file}.zone\"").expect("a String takes any text");
    }
    let mut files = vec![File { name: "knot.conf".to_owned(), text }];
    files.extend(zone::files(seen, setting));
    Exported { files, left_out: super::failing(seen) }
}
