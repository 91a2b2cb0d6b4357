//! `named.conf` and zone files.
//!
//! BIND follows aliases from one of its zones into another only where it may recurse. So it may, with a root zone that
//! has nothing: every question ends in a zone that is here.

use std::fmt::Write as _;
use std::net::SocketAddr;

use super::words::{comment, quoted};
use super::{Exported, File, Seen, Setting, zone};

pub(super) fn export(seen: &Seen, setting: &Setting) -> Exported {
    let mut text = comment(
        "//",
        [
            &*format!("{}, for BIND 9.", capital(&setting.heading)),
            "Written by `ampls-dns export`. In this folder: named -g -c named.conf",
            "Recursion is on so that BIND follows aliases from one zone into another. BIND queries no other server: it has an empty",
            "root zone, so all other names are NXDOMAIN. For an upstream, add `forward only; forwarders { ADDRESS; };` to",
            "the options and remove the root zone.",
        ],
    );
    text.push_str(&comment("// SERVFAIL in the estate, missing here:", seen.failing.iter().map(ToString::to_string)));
    let (four, six) = match setting.listen {
        SocketAddr::V4(at) => (format!("{{ {}; }}", at.ip()), "{ none; }".to_owned()),
        SocketAddr::V6(at) => ("{ none; }".to_owned(), format!("{{ {}; }}", at.ip())),
    };
    let port = setting.listen.port();
    write!(
        text,
        "options {{\n    directory \".\";\n    listen-on port {port} {four};\n    listen-on-v6 port {port} {six};\n    \
         recursion yes;\n    allow-query {{ any; }};\n    allow-recursion {{ any; }};\n        notify no;\n    pid-file none;\n    session-keyfile none;\n    \
         dnssec-validation no;\n    empty-zones-enable no;\n    // The estate can have owner names that BIND would reject.\n    \
         check-names primary ignore;\n    check-integrity no;\n}};\n\ncontrols {{ }};\n\n"
    )
    .expect("a String takes any text");
    for zone in seen.zones.values() {
        let name = quoted(zone.apex());
        let (name, file) = (name.trim_end_matches('.'), zone::path(zone));
        writeln!(text, "zone \"{name}\" {{ type primary; file \"{file}\"; }};").expect("a String takes any text");
    }
    text.push_str("zone \".\" { type primary; file \"zones/root\"; };\n");
    let mut files = vec![File { name: "named.conf".to_owned(), text }];
    files.extend(zone::files(seen, setting));
    files.push(File { name: "zones/root".to_owned(), text: zone::empty_root() });
    Exported { files, left_out: super::failing(seen) }
}

/// With a capital at its start.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
