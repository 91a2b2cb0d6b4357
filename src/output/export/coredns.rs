//! `Corefile` and zone files: the `file` plugin, a server block a zone.

use std::fmt::Write as _;

use super::words::{comment, quoted};
use super::{Exported, File, Seen, Setting, bind::capital, zone};

pub(super) fn export(seen: &Seen, setting: &Setting) -> Exported {
    let mut text = comment(
        "#",
        [
            &*format!("{}, for CoreDNS.", capital(&setting.heading)),
            "Written by `ampls-dns export`. In this folder: coredns -conf Corefile",
            "CoreDNS does not follow aliases into another zone: such a name has its addresses here, without the chain.",
        ],
    );
    text.push_str(&comment("# SERVFAIL in the estate, missing here:", seen.failing.iter().map(ToString::to_string)));
    let (address, port) = (setting.listen.ip(), setting.listen.port());
    for zone in seen.zones.values() {
        let (name, file) = (quoted(zone.apex()), zone::path(zone));
        let name = name.trim_end_matches('.');
        write!(
            text,
            "\n{name}:{port} {{\n    bind {address}\n    file {file} {{\n        reload 0\n    }}\n    errors\n}}\n"
        )
        .expect("a String takes any text");
    }
    write!(
        text,
        "\n# Every other name. For an upstream, replace the template with `forward . ADDRESS`.\n\
         .:{port} {{\n    bind {address}\n    template ANY ANY . {{\n        rcode REFUSED\n    }}\n    errors\n}}\n"
    )
    .expect("a String takes any text");
    let mut files = vec![File { name: "Corefile".to_owned(), text }];
    files.extend(zone::files(seen, setting));
    Exported { files, left_out: super::failing(seen) }
}
