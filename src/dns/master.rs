//! Master files: the text form of zones (RFC 1035, 5), both ways.
//!
//! [`read`] goes once over the octets of a file and gathers its records into record sets; [`write()`] prints record sets so
//! that [`read`] gives them back. Nothing else is touched: no other file, no clock, no log.
//!
//! The reader is our own because hickory-proto's opens the files that `$INCLUDE` names, says nothing about where in the
//! text an error is, and is slow where a million records are loaded. Ours holds offsets only; line and column of an error
//! are counted when there is one.
//!
//! What it takes: `$TTL` and `$ORIGIN`, comments, parentheses, a blank owner for the previous one, `@`, quoted strings,
//! `\.` and `\DDD`, TTL and class in either order or left out, TTLs with units (`1h30m`), CRLF, a byte order mark and a
//! last line without an end. The types are those of [`RecordData`](crate::dns::RecordData). [`read`] leaves name
//! servers at the apex out: every valid master file has them, and no private zone can. A delegation below the apex is an
//! error.
//!
//! Files that `az network private-dns zone export` writes are read as they are: its SOA names may lack the final dot, so
//! an SOA name that has a dot anywhere is taken as absolute.

pub(in crate::dns) mod error;
pub(in crate::dns) mod reader;

use std::fmt::Write as _;

pub use error::{MAX_ERRORS, MasterError, MasterErrorKind};
pub use reader::MAX_TTL;

use super::gather::{Gathered, NameServers, gather};
use super::{OwnerName, RecordSet};

/// A zone as a master file describes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParsedZone {
    /// The owner of the SOA; without one the origin that was given, else the first `$ORIGIN`.
    pub apex: OwnerName,
    /// The SOA first if there is one, then in order of first appearance. A set has the TTL of its first record.
    pub sets: Vec<RecordSet>,
    /// The line of the first record of each of the sets, from 1.
    pub lines: Vec<u32>,
    /// How many name server records at the apex were left out.
    pub skipped: usize,
}
/// Reads a zone. `origin` is what relative names end in until the text says `$ORIGIN`.
///
/// # Errors
/// All errors of the text in its order, at most [`MAX_ERRORS`].
pub fn read(text: &[u8], origin: Option<&OwnerName>) -> Result<ParsedZone, Vec<MasterError>> {
    read_with_remarks(text, origin, |_, _| {})
}

/// [`read`], which also hands each record's owner and the last comment of its entry (without the semicolon and
/// trimmed) to `remark`.
///
/// # Errors
/// As [`read`].
pub fn read_with_remarks(
    text: &[u8],
    origin: Option<&OwnerName>,
    mut remark: impl FnMut(&OwnerName, &[u8]),
) -> Result<ParsedZone, Vec<MasterError>> {
    let gathered = gather(text, origin, NameServers::LeaveOut, &mut |record| {
        if let Some(comment) = record.comment {
            let owner = OwnerName::from_wire(record.owner).expect("the reader hands on names only");
            remark(&owner, comment);
        }
    })?;
    let Gathered { zone, has_soa, left_out } = gathered;
    let mut sets: Vec<(u32, RecordSet)> = Vec::new();
    for (owner, entry) in zone.entries() {
        sets.extend(entry.sets().map(|set| (set.origin, set.at(&owner))));
    }
    // A set's origin is the line of its first record, and no line has two.
    sets.sort_unstable_by_key(|(line, _)| *line);
    let soa = has_soa.then(|| (zone.soa_origin(), zone.soa().clone()));
    let (lines, sets) = soa.into_iter().chain(sets).unzip();
    Ok(ParsedZone { apex: zone.apex().clone(), sets, lines, skipped: left_out })
}
/// Prints a zone: `$ORIGIN`, then one line a record, owners relative to `apex`, each with its own TTL.
///
/// [`read`] returns the same record sets if the SOA, if any, is the first and at the apex, all owners are within
/// `apex`, and no TTL is above [`MAX_TTL`].
pub fn write(apex: &OwnerName, sets: &[RecordSet]) -> String {
    let mut text = format!("$ORIGIN {}\n", apex.dotted());
    for set in sets {
        let owner = set.owner().relative_to(apex).unwrap_or_else(|| set.owner().dotted().to_string());
        for data in set.data() {
            writeln!(text, "{owner} {} IN {} {data}", set.ttl(), set.kind()).expect("a String takes any text");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::dns::{RecordData, Soa};

    fn name(text: &str) -> OwnerName {
        OwnerName::parse(text).expect("a good name")
    }

    fn read_text(text: &str) -> ParsedZone {
        read(text.as_bytes(), None).unwrap_or_else(|errors| panic!("{errors:?}"))
    }

    fn lines(zone: &ParsedZone) -> Vec<String> {
        zone.sets.iter().map(|set| set.to_string().replace('\t', " ")).collect()
    }

    fn errors(text: &str) -> Vec<String> {
        let errors = read(text.as_bytes(), Some(&name("x.example"))).expect_err("the text has errors");
        errors.iter().map(ToString::to_string).collect()
    }

    const HEAD: &str = "$TTL 1h\n$ORIGIN x.example.\n@ IN SOA ns host 1 2 3 4 5\n";

    #[test]
    fn all_types_and_ways_to_write_them_are_read() {
        let zone = read_text(
            "\u{feff}; a comment\r\n\
             $TTL 1h30m ; default\r\n\
             $ORIGIN x.example.\r\n\
             \x20   \r\n\
             a 10 IN A 192.0.2.1\r\n\
             \tIN 20 A 192.0.2.2\r\n\
             @ IN SOA ns.y.example host ( ; opens\r\n\
               1 ; serial\r\n\
               1h 5m 4w ; times\r\n\
               10 )\r\n\
             @ NS ns.y.example.\r\n\
             $ORIGIN sub\r\n\
             A.B AAAA 2001:db8::1\r\n\
             c 1d CNAME @\r\n\
             m MX 10 mail.y.example.\r\n\
             _s._tcp SRV 1 2 443 a.b\r\n\
             \\046\\; IN TYPE12 \\@.y.example.\r\n\
             t TXT plain \"with ; and \\\" and \\233\" \"\"\r\n\
             a.x.example. 99 a 192.0.2.3",
        );
        assert_eq!(zone.apex, name("x.example"));
        assert_eq!(zone.skipped, 1);
        assert_eq!(
            lines(&zone),
            [
                "x.example. 5400 IN SOA ns.y.example. host.x.example. 1 3600 300 2419200 10",
                "a.x.example. 10 IN A 192.0.2.1\na.x.example. 10 IN A 192.0.2.2\na.x.example. 10 IN A 192.0.2.3",
                "a.b.sub.x.example. 5400 IN AAAA 2001:db8::1",
                "c.sub.x.example. 86400 IN CNAME sub.x.example.",
                "m.sub.x.example. 5400 IN MX 10 mail.y.example.",
                "_s._tcp.sub.x.example. 5400 IN SRV 1 2 443 a.b.sub.x.example.",
                "\\.\\;.sub.x.example. 5400 IN PTR \\@.y.example.",
                "t.sub.x.example. 5400 IN TXT \"plain\" \"with ; and \\\" and \\233\" \"\"",
            ]
        );
    }

    #[test]
    fn a_zone_without_an_soa_has_the_origin_as_its_apex() {
        let text = "$ORIGIN x.example.\n$ORIGIN y\na 1 A 192.0.2.1\n";
        assert_eq!(read_text(text).apex, name("x.example"));
        let zone = read(b"a 1 A 192.0.2.1", Some(&name("z.example"))).expect("a good zone");
        assert_eq!(zone.apex, name("z.example"));
        assert_eq!(lines(&zone), ["a.z.example. 1 IN A 192.0.2.1"]);
        assert_eq!(read(b"", None).expect_err("no name")[0].kind, MasterErrorKind::NoApex);
    }

    #[test]
    fn ttls_come_from_the_record_the_default_the_last_one_and_the_soa_in_this_order() {
        let zone = read_text(
            "x.example. SOA a. b. 1 2 3 4 7\na.x.example. A 192.0.2.1\nb.x.example. 9 A 192.0.2.1\nc.x.example. A 192.0.2.1\n$TTL 4\nd.x.example. A 192.0.2.1",
        );
        assert_eq!(zone.sets.iter().map(RecordSet::ttl).collect::<Vec<_>>(), [7, 7, 9, 9, 4]);
    }

    #[test]
    fn a_record_written_twice_counts_once() {
        let zone = read_text(&format!("{HEAD}a A 192.0.2.1\na A 192.0.2.1\nc CNAME a\nc CNAME a\n"));
        assert_eq!(zone.sets[1].data().len(), 1);
        assert_eq!(zone.sets[2].data().len(), 1);
    }

    #[test]
    fn remarks_are_the_comments_behind_records() {
        let mut remarks = Vec::new();
        let text =
            format!("{HEAD}; over it\n\na A 192.0.2.1 ; inferred \r\n$TTL 5 ; not this\nb A ( ; opens\n 192.0.2.2 )\n");
        read_with_remarks(text.as_bytes(), None, |owner, remark| {
            remarks.push(format!("{owner}: {}", String::from_utf8_lossy(remark)));
        })
        .expect("a good zone");
        assert_eq!(remarks, ["a.x.example: inferred", "b.x.example: opens"]);
    }

    #[test]
    fn every_error_names_its_place_and_reading_goes_on() {
        let text = "$TTL 5x\n\
                    $INCLUDE /etc/passwd\n\
                    $GENERATE 1-9 a$ A 192.0.2.$\n\
                    $TIME 5\n\
                    a 1 A 192.0.2.256\n\
                    é..b 1 A 192.0.2.1\n\
                    \x20 1 A 192.0.2.1\n\
                    b 1 CH A 192.0.2.1\n\
                    b 1 WKS x\n\
                    b 1 CAA 0 issue x\n\
                    b 1 A\n\
                    é 1 A 192.0.2.1\n\
                    b 1 A 192.0.2.1 192.0.2.2\n\
                    b 1 MX +1 m\n\
                    b 1 TXT \"é\" \"open\n\
                    b 1 A )\n\
                    b A 192.0.2.1\n\
                    c 1 A (( 192.0.2.1\n\
                    d 4294967296 A 192.0.2.1\n";
        assert_eq!(
            errors(text),
            [
                "line 1, column 6: `5x` is not a valid TTL",
                "line 2, column 1: `$INCLUDE` is not followed: a zone is read from one text, and no other file is opened",
                "line 3, column 1: `$GENERATE` is not part of the master file format (RFC 1035, 5.1)",
                "line 4, column 1: `$TIME` is not a known directive",
                "line 5, column 7: `192.0.2.256` is not an IPv4 address",
                "line 6, column 1: `é..b` is not a valid domain name: `é` is not allowed in a name",
                "line 7, column 3: the record has no owner: the line begins with a blank, and there is no record before it",
                "line 8, column 5: unsupported class `CH`, expected IN",
                "line 9, column 5: `WKS` is not a supported record type",
                "line 10, column 5: a private zone cannot hold CAA records",
                "line 11, column 6: an IPv4 address is missing",
                "line 12, column 1: `é` is not a valid domain name: `é` is not allowed in a name",
                "line 13, column 17: unexpected `192.0.2.2` after the end of the record",
                "line 14, column 8: `+1` is not a preference from 0 to 65535",
                "line 15, column 13: the quoted string does not end on its line",
                "line 16, column 7: a closing parenthesis without an opening one",
                "line 17, column 1: the record has no TTL, and no record or `$TTL` before it sets one",
                "line 18, column 8: a parenthesis within parentheses",
                "line 19, column 3: `4294967296` is not a valid TTL",
            ]
        );
    }

    #[test]
    fn rules_of_the_whole_zone_are_kept() {
        let text = format!(
            "{HEAD}sub NS ns\n\
                    c CNAME a\n\
                    c A 192.0.2.1\n\
                    a A 192.0.2.1\n\
                    a CNAME c\n\
                    d CNAME a\n\
                    d CNAME c\n\
                    y.example. A 192.0.2.1\n\
                    @ SOA ns host 1 2 3 4 5\n\
                    t TXT {}\n\
                    \"q\" A 192.0.2.1\n\
                    e A (\n",
            "x".repeat(256)
        );
        assert_eq!(
            errors(&text),
            [
                "line 4, column 1: `sub.x.example` is delegated, and the zone `x.example` cannot delegate names",
                "line 6, column 1: `c.x.example` is an alias and has another record as well",
                "line 8, column 1: `a.x.example` is an alias and has another record as well",
                "line 10, column 1: `d.x.example` is an alias and has another record as well",
                "line 11, column 1: `y.example` is not within the zone `x.example`",
                "line 12, column 1: a second SOA record",
                "line 13, column 7: the string has more than 255 bytes",
                "line 14, column 1: a quoted string cannot be used for an owner name",
                "line 15, column 5: the parenthesis is never closed",
            ]
        );
    }

    #[test]
    fn hostile_texts_are_bounded_errors() {
        assert_eq!(errors(&"(".repeat(1 << 20)).len(), 1);
        assert_eq!(errors(&"(\n(\n".repeat(1 << 10)).len(), MAX_ERRORS);
        assert_eq!(errors(&"a 1 A nowhere\n".repeat(1 << 12)).len(), MAX_ERRORS);
        assert!(errors(&format!("a 1 TXT {}", "x ".repeat(1 << 17)))[0].ends_with("too many fields"));
        assert!(errors(&format!("a 1 TXT {}", "xx ".repeat(1 << 15)))[0].ends_with("65,535 bytes together"));
        let utf16: Vec<u8> = "\u{feff}$TTL 1".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&utf16, None).expect_err("UTF-16")[0].kind, MasterErrorKind::Utf16);
    }

    #[test]
    fn zone_files_exported_by_the_azure_command_line_are_read() {
        let monitor = include_bytes!("../../integration/azure-examples/privatelink.monitor.azure.com.zone");
        let zone = read(monitor, None).expect("a good zone");
        assert_eq!(zone.apex, name("privatelink.monitor.azure.com"));
        assert_eq!(zone.sets.len(), 13);
        assert_eq!(
            lines(&zone)[..2],
            [
                // Written without their final dots.
                "privatelink.monitor.azure.com. 3600 IN SOA azureprivatedns.net. azureprivatedns-host.microsoft.com. \
                 1 3600 300 2419200 10",
                "eastus-8.in.ai.privatelink.monitor.azure.com. 10 IN A 10.20.1.7",
            ]
        );
        let others: [(&str, &[u8], &str); 4] = [
            (
                "privatelink.agentsvc.azure-automation.net",
                include_bytes!("../../integration/azure-examples/privatelink.agentsvc.azure-automation.net.zone"),
                "10.20.1.6",
            ),
            (
                "privatelink.blob.core.windows.net",
                include_bytes!("../../integration/azure-examples/privatelink.blob.core.windows.net.zone"),
                "10.20.1.15",
            ),
            (
                "privatelink.ods.opinsights.azure.com",
                include_bytes!("../../integration/azure-examples/privatelink.ods.opinsights.azure.com.zone"),
                "10.20.1.5",
            ),
            (
                "privatelink.oms.opinsights.azure.com",
                include_bytes!("../../integration/azure-examples/privatelink.oms.opinsights.azure.com.zone"),
                "10.20.1.4",
            ),
        ];
        for (apex, text, address) in others {
            let zone = read(text, None).expect("a good zone");
            assert_eq!(zone.apex, name(apex));
            assert_eq!(
                zone.sets.iter().flat_map(RecordSet::addresses).map(|a| a.to_string()).collect::<Vec<_>>(),
                [address]
            );
        }
    }

    fn any_name(under: OwnerName) -> impl Strategy<Value = OwnerName> {
        // Labels of any octets, so that escapes are met too.
        vec(vec(any::<u8>(), 1..12), 0..5).prop_map(move |labels| {
            let mut wire: Vec<u8> = Vec::new();
            for label in labels {
                wire.push(label.len() as u8);
                wire.extend(label);
            }
            wire.extend(under.wire());
            OwnerName::from_wire(&wire).expect("few and short labels")
        })
    }

    fn any_data() -> impl Strategy<Value = Vec<RecordData>> {
        let target = || any_name(OwnerName::root());
        prop_oneof![
            vec(any::<Ipv4Addr>().prop_map(RecordData::A), 1..4),
            vec(any::<Ipv6Addr>().prop_map(RecordData::Aaaa), 1..4),
            target().prop_map(|name| vec![RecordData::Cname(name)]),
            vec(target().prop_map(RecordData::Ptr), 1..4),
            vec(
                (any::<u16>(), target()).prop_map(|(preference, exchange)| RecordData::Mx { preference, exchange }),
                1..4
            ),
            vec(
                (any::<u16>(), any::<u16>(), any::<u16>(), target())
                    .prop_map(|(priority, weight, port, target)| RecordData::Srv { priority, weight, port, target }),
                1..4
            ),
            vec(vec(vec(any::<u8>(), 0..40), 1..4).prop_map(RecordData::Txt), 1..4),
        ]
    }

    fn any_soa() -> impl Strategy<Value = RecordData> {
        (any_name(OwnerName::root()), any_name(OwnerName::root()), any::<[u32; 5]>()).prop_map(
            |(host, email, [serial, refresh, retry, expire, minimum])| {
                RecordData::Soa(Soa { host, email, serial, refresh, retry, expire, minimum })
            },
        )
    }

    prop_compose! {
        fn any_zone()(apex in any_name(name("example")))(
            soa in proptest::option::of((0..=MAX_TTL, any_soa())),
            sets in vec((any_name(apex.clone()), 0..=MAX_TTL, any_data()), 0..12),
            apex in Just(apex),
        ) -> (OwnerName, Vec<RecordSet>) {
            let mut kept: Vec<RecordSet> =
                soa.into_iter().map(|(ttl, soa)| RecordSet::single(apex.clone(), ttl, soa)).collect();
            for (owner, ttl, mut data) in sets {
                let mut seen = std::collections::HashSet::new();
                data.retain(|one| seen.insert(one.clone()));
                let set = RecordSet::new(owner, ttl, data).expect("one type");
                // No two sets of one owner and type, no alias beside another set.
                let clash = |other: &RecordSet| {
                    other.owner() == set.owner()
                        && (other.kind() == set.kind() || other.alias().is_some() || set.alias().is_some())
                };
                if !kept.iter().any(clash) {
                    kept.push(set);
                }
            }
            (apex, kept)
        }
    }

    proptest! {
        #[test]
        fn reading_what_was_written_gives_the_same_sets((apex, sets) in any_zone()) {
            let zone = read(write(&apex, &sets).as_bytes(), None);
            let sets_before: Vec<usize> = sets.iter().map(|set| set.data().len()).collect();
            // `$ORIGIN` is the first line, and each record has one.
            let first_lines = sets_before.iter().scan(2, |line, records| {
                let first = *line;
                *line += u32::try_from(*records).expect("there are few");
                Some(first)
            });
            let lines = first_lines.collect();
            prop_assert_eq!(zone, Ok(ParsedZone { apex, sets, lines, skipped: 0 }));
        }

        #[test]
        fn no_octets_make_the_reader_panic(text in vec(any::<u8>(), 0..300)) {
            let _ = read(&text, None);
        }

        #[test]
        fn no_words_make_the_reader_panic(
            words in vec(proptest::sample::select(&[
                "\n", " ", "@", "(", ")", "\"", "\\", ";", "$ORIGIN", "$TTL", "1h", "IN", "SOA", "TXT", "A", "MX", "NS",
                "a.", "x", "1.2.3.4", "\\25", "..", "\r\n", "TYPE65",
            ][..]), 0..60),
        ) {
            let text = words.join(" ").replace("\n ", "\n");
            if let Err(errors) = read(text.as_bytes(), None) {
                prop_assert!(!errors.is_empty() && errors.len() <= MAX_ERRORS);
                prop_assert!(errors.is_sorted_by_key(|error| (error.line, error.column)));
            }
        }
    }
}
