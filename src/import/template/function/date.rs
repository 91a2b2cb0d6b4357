//! Functions on dates, with .NET's formats.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::Arguments;
use crate::import::template::value::{Datum, Outcome, Trouble, failed};

pub(super) const NAMES: [&str; 3] = ["datetimeadd", "datetimetoepoch", "datetimefromepoch"];

pub(super) fn call(own: &Arguments<'_>) -> Option<Outcome> {
    Some(match own.name {
        "datetimeadd" => add(own),
        "datetimetoepoch" => instant(own).map(|own| Datum::Int(own.as_second())),
        "datetimefromepoch" => match Timestamp::from_second(match own.number(0) {
            Ok(number) => number,
            Err(trouble) => return Some(Err(trouble)),
        }) {
            Ok(instant) => own.make_text(instant.to_string()),
            Err(_) => own.wrong(0, "seconds since 1970"),
        },
        _ => return None,
    })
}

fn instant(own: &Arguments<'_>) -> Result<Timestamp, Trouble> {
    let text = own.text(0)?.trim();
    let zoned = text.parse::<Timestamp>().ok();
    let local = || text.parse::<DateTime>().ok().and_then(|own| own.to_zoned(TimeZone::UTC).ok());
    match zoned.or_else(|| local().map(|own| own.timestamp())) {
        Some(instant) => Ok(instant),
        None => own.wrong(0, "a date and time such as 2024-05-01T12:00:00Z"),
    }
}

fn add(own: &Arguments<'_>) -> Outcome {
    let start = instant(own)?.to_zoned(TimeZone::UTC);
    let Ok(span) = own.text(1)?.parse::<Span>() else { return own.wrong(1, "a duration such as P1D") };
    let Ok(end) = start.checked_add(span) else { return failed("the date is out of bounds") };
    let format = match own.all.get(2) {
        Some(_) => own.text(2)?,
        None => "M/d/yyyy h:mm:ss tt",
    };
    own.make_text(formatted(end.datetime(), format))
}

/// A date in a .NET format: the standard ones that are common in templates, else letter by letter.
fn formatted(date: DateTime, format: &str) -> String {
    let format = match format {
        "u" => "yyyy-MM-dd HH:mm:ssZ",
        "s" => "yyyy-MM-ddTHH:mm:ss",
        "o" | "O" => "yyyy-MM-ddTHH:mm:ss.fffffffZ",
        "d" => "M/d/yyyy",
        "G" => "M/d/yyyy h:mm:ss tt",
        own => own,
    };
    let mut out = String::new();
    let mut letters = format.chars().peekable();
    while let Some(letter) = letters.next() {
        let mut count = 1;
        while letters.peek() == Some(&letter) {
            letters.next();
            count += 1;
        }
        let hour = match date.hour() % 12 {
            0 => 12,
            hour => hour,
        };
        let half = if date.hour() < 12 { "AM" } else { "PM" };
        let fraction = format!("{:09}", date.subsec_nanosecond());
        out.push_str(&match letter {
            'y' if count <= 2 => format!("{:02}", date.year() % 100),
            'y' => format!("{:04}", date.year()),
            'M' => format!("{:01$}", date.month(), count.min(2)),
            'd' => format!("{:01$}", date.day(), count.min(2)),
            'H' => format!("{:01$}", date.hour(), count.min(2)),
            'h' => format!("{:01$}", hour, count.min(2)),
            'm' => format!("{:01$}", date.minute(), count.min(2)),
            's' => format!("{:01$}", date.second(), count.min(2)),
            'f' => fraction[..count.min(9)].to_owned(),
            't' => half[..count.min(2)].to_owned(),
            'K' => "Z".to_owned(),
            own => own.to_string().repeat(count),
        });
    }
    out
}
