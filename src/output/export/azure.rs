//! A private zone as `az network private-dns zone export` writes it.
//!
//! Source: Azure CLI's zone exporter and its test files: a line of blanks after `$ORIGIN`, the SOA over several lines, the
//! owner on the first record of a name only, an empty line after each name.

use std::fmt::Write as _;

use super::words::one_line;
use crate::compile::{Compiled, Zone};
use crate::dns::{OwnerName, RecordData, RecordSet, RecordType};

pub(super) fn text(world: &Compiled, zone: &Zone) -> String {
    let apex = zone.apex();
    let mut text = format!(
        "\n; Exported zone file from Azure DNS\n;      Zone name: {}\n;      Resource Group Name: {}\n",
        apex,
        one_line(&zone.id.resource_group)
    );
    let incomplete = super::zone::incomplete(zone);
    if !incomplete.is_empty() {
        writeln!(text, ";     {incomplete}").expect(INFALLIBLE);
    }
    // There is no clock here: the day is that of the last dated event.
    let events = world.history.events().iter().take(usize::try_from(world.revision().0).unwrap_or(usize::MAX));
    if let Some(date) = events.filter_map(|recorded| recorded.date).max() {
        let (month, day, year) = (date.month(), date.day(), date.year());
        writeln!(text, ";      Date and time (UTC): {month:02}/{day:02}/{year} 00:00:00").expect(INFALLIBLE);
    }
    let soa = zone.soa();
    write!(text, "\n$TTL 3600\n$ORIGIN {}\n    \n@ {} IN SOA ", apex.dotted(), soa.ttl()).expect(INFALLIBLE);
    if let RecordData::Soa(data) = &soa.data()[0] {
        let (host, email) = (data.host.dotted(), data.email.dotted());
        writeln!(text, "{host} {email} (").expect(INFALLIBLE);
        for (number, what) in [
            (data.serial, "serial"),
            (data.refresh, "refresh"),
            (data.retry, "retry"),
            (data.expire, "expire"),
            (data.minimum, "minimum"),
        ] {
            writeln!(text, "              {number} ; {what}").expect(INFALLIBLE);
        }
        text.push_str("              )\n");
    }
    let mut last = apex.clone();
    for owned in zone.sets().into_iter().filter(|owned| owned.set.kind() != RecordType::SOA) {
        records(&mut text, apex, &mut last, &owned.set);
    }
    text.push_str("\n\n");
    text
}

/// A record set; `last` is the owner before it, which is not said twice.
fn records(text: &mut String, apex: &OwnerName, last: &mut OwnerName, set: &RecordSet) {
    let owner = set.owner().relative_to(apex).expect("a zone's record sets are in it");
    for data in set.data() {
        if set.owner() == last {
            text.push(' ');
        } else {
            write!(text, "\n{owner}").expect(INFALLIBLE);
            last.clone_from(set.owner());
        }
        writeln!(text, " {} IN {} {data}", set.ttl(), set.kind()).expect(INFALLIBLE);
    }
}

const INFALLIBLE: &str = "a String takes any text";
