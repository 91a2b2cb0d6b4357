//! Functions on text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::{Arguments, MAX_TEXT};
use crate::import::id::{CLOSE, OPEN};
use crate::import::relaxed;
use crate::import::template::hash;
use crate::import::template::value::{Datum, Outcome, Trouble, Unknown, failed};

pub(super) const NAMES: [&str; 34] = [
    "base64",
    "base64tojson",
    "base64tostring",
    "builduri",
    "concat",
    "datauri",
    "datauritostring",
    "endswith",
    "first",
    "format",
    "guid",
    "indexof",
    "join",
    "json",
    "last",
    "lastindexof",
    "like",
    "padleft",
    "parseuri",
    "replace",
    "skip",
    "split",
    "startswith",
    "string",
    "substring",
    "take",
    "tolower",
    "toupper",
    "trim",
    "uniquestring",
    "uri",
    "uricomponent",
    "uricomponenttostring",
    "fail",
];

/// Holes of these names are one part of an id or a host name: they hold neither a slash nor a dot.
const ATOMS: [&str; 5] = ["subscription", "resourceGroup", "tenant", "location", "managementGroup"];

pub(super) fn call(own: &Arguments<'_>) -> Option<Outcome> {
    Some(match own.name {
        "base64" => own.text(0).and_then(|text| own.make_text(BASE64.encode(text))),
        "base64tojson" => decoded(own, 0).and_then(|text| from_json(own, &text)),
        "base64tostring" => decoded(own, 0).and_then(|text| own.make_text(text)),
        "builduri" => build_uri(own),
        "concat" => concat(own),
        "datauri" => own
            .text(0)
            .and_then(|text| own.make_text(format!("data:text/plain;charset=utf-8;base64,{}", BASE64.encode(text)))),
        "datauritostring" => data_uri(own),
        "endswith" | "startswith" => start_or_end(own),
        "first" | "last" => own.text(0).and_then(|text| {
            let one = if own.name == "first" { text.chars().next() } else { text.chars().next_back() };
            own.make_text(one.map(String::from).unwrap_or_default())
        }),
        "format" => format_text(own).and_then(|text| own.make_text(text)),
        "guid" => joined(own, "-").and_then(|text| own.make_text(hash::guid(&text))),
        "uniquestring" => joined(own, "-").and_then(|text| own.make_text(hash::unique_string(&text))),
        "indexof" | "lastindexof" => index_of(own),
        "join" => join(own),
        "json" => own.text(0).and_then(|text| from_json(own, text)),
        "like" => own.text(0).and_then(|text| Ok(Datum::Bool(like(text, own.text(1)?)))),
        "padleft" => pad(own),
        "parseuri" => parse_uri(own),
        "replace" => replace(own),
        "skip" | "take" => part(own),
        "split" => split(own),
        "string" => own.get(0).and_then(|value| own.make_text(value.written('"'))),
        "substring" => substring(own),
        "tolower" => own.text(0).and_then(|text| own.make_text(text.to_lowercase())),
        "toupper" => own.text(0).and_then(|text| own.make_text(text.to_uppercase())),
        "trim" => own.text(0).and_then(|text| own.make_text(text.trim())),
        "uri" => uri(own),
        "uricomponent" => own.text(0).and_then(|text| own.make_text(escaped(text))),
        "uricomponenttostring" => unescaped(own),
        "fail" => own.text(0).and_then(|text| failed(format!("the template calls `fail` with `{text}`"))),
        _ => return None,
    })
}

/// What a text function gives where an argument is unknown: text with the holes in their places.
pub(super) fn in_part(own: &Arguments<'_>) -> Option<Outcome> {
    let because = own.all.iter().find_map(Datum::unknown)?;
    let is_flat = |argument: &Datum| !matches!(argument, Datum::List(_) | Datum::Object(_) | Datum::Outputs(_));
    let pattern = match own.name {
        "concat" if own.all.iter().all(|one| is_flat(one) && !one.is_null()) => {
            // An unknown list can be meant as well, unless text is beside it.
            let has_text = own.all.iter().any(|one| match one {
                Datum::Unknown(unknown) => unknown.is_text_in_part(),
                _ => true,
            });
            if !has_text {
                return None;
            }
            own.all.iter().map(Datum::pattern).collect::<String>()
        }
        "format" if matches!(own.all.first(), Some(Datum::Text(_))) && own.all.iter().all(is_flat) => {
            match format_text(own) {
                Ok(text) => text,
                Err(trouble) => return Some(Err(trouble)),
            }
        }
        "tolower" | "toupper" => match own.all.first()? {
            Datum::Unknown(unknown) if unknown.is_text_in_part() => outside_holes(&unknown.pattern, |part| {
                if own.name == "tolower" { part.to_lowercase() } else { part.to_uppercase() }
            }),
            _ => return None,
        },
        "join" => match own.all {
            [Datum::List(items), Datum::Text(between)] if items.iter().all(is_flat) => {
                items.iter().map(Datum::pattern).collect::<Vec<_>>().join(between)
            }
            _ => return None,
        },
        "split" => return split_in_part(own),
        "startswith" => match own.all {
            [Datum::Unknown(unknown), Datum::Text(wanted)] => {
                let (start, wanted) = (unknown.known_start().to_lowercase(), wanted.to_lowercase());
                return match () {
                    () if start.starts_with(&wanted) => Some(Ok(Datum::Bool(true))),
                    () if !wanted.starts_with(&start) => Some(Ok(Datum::Bool(false))),
                    () => None,
                };
            }
            _ => return None,
        },
        _ => return None,
    };
    Some(match pattern.len() > MAX_TEXT {
        true => Err(Trouble::Fault("an expression returns more than 1 MiB of text, the limit".to_owned())),
        false => own.meter.spend(pattern.len() / 16).map(|()| Unknown::datum(pattern, &*because.why)),
    })
}

/// Changes what is outside the holes of a pattern.
fn outside_holes(pattern: &str, change: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find(OPEN) {
        out.push_str(&change(&rest[..at]));
        let end = rest[at..].find(CLOSE).map_or(rest.len(), |end| at + end + CLOSE.len_utf8());
        out.push_str(&rest[at..end]);
        rest = &rest[end..];
    }
    out.push_str(&change(rest));
    out
}

/// Splits a pattern where its holes cannot hold what it is split at.
fn split_in_part(own: &Arguments<'_>) -> Option<Outcome> {
    let [Datum::Unknown(unknown), Datum::Text(between)] = own.all else { return None };
    if !matches!(between.as_str(), "/" | ".") {
        return None;
    }
    let mut rest = unknown.pattern.as_str();
    while let Some(at) = rest.find(OPEN) {
        let inner = &rest[at + OPEN.len_utf8()..];
        let end = inner.find(CLOSE)?;
        if !ATOMS.contains(&&inner[..end]) {
            // After this hole the number of parts is unknown. What is in an id after a name has a known one.
            let before = rest[..at].ends_with('/');
            let after = inner[end + CLOSE.len_utf8()..].starts_with('/');
            let is_id = unknown.pattern.starts_with("/subscriptions/") && between.as_str() == "/";
            let at_end = inner.len() == end + CLOSE.len_utf8();
            if !(is_id && before && (after || at_end)) {
                return None;
            }
        }
        rest = &inner[end + CLOSE.len_utf8()..];
    }
    let part = |part: &str| match part.contains(OPEN) {
        true => Ok(Unknown::datum(part, &*unknown.why)),
        false => own.meter.text(part),
    };
    let parts = unknown.pattern.split(between.as_str()).map(part).collect::<Result<Vec<_>, _>>();
    Some(parts.and_then(|parts| own.make_list(parts)))
}

fn concat(own: &Arguments<'_>) -> Outcome {
    let mut text = String::new();
    for (index, argument) in own.all.iter().enumerate() {
        match argument {
            Datum::Text(_) | Datum::Int(_) | Datum::Bool(_) | Datum::Float(_) => {
                text.push_str(&argument.written('"'));
                if text.len() > MAX_TEXT {
                    break;
                }
            }
            _ => return own.wrong(index, "text"),
        }
    }
    own.make_text(text)
}

/// The most JSON that one call reads. Bicep loads at most half of that from a text file.
const MAX_JSON: usize = 256 << 10;

fn decoded(own: &Arguments<'_>, index: usize) -> Result<String, Trouble> {
    let octets = BASE64.decode(own.text(index)?).ok();
    match octets.and_then(|octets| String::from_utf8(octets).ok()) {
        Some(text) => Ok(text),
        None => own.wrong(index, "text in base64"),
    }
}

fn from_json(own: &Arguments<'_>, text: &str) -> Outcome {
    if text.len() > MAX_JSON {
        return Err(Trouble::Fault(format!("`{}` is given more than {MAX_JSON} bytes of JSON, the limit", own.name)));
    }
    own.meter.spend(text.len() / 16)?;
    match serde_json::from_str(&relaxed::with_single_quotes(text)) {
        Ok(value) => own.meter.json(&value),
        Err(_) => own.wrong(0, "JSON"),
    }
}

fn joined(own: &Arguments<'_>, between: &str) -> Result<String, Trouble> {
    let mut parts = Vec::new();
    for index in 0..own.all.len() {
        parts.push(own.text(index)?);
    }
    match parts.is_empty() {
        true => failed(format!("`{}` needs at least one string", own.name)),
        false => Ok(parts.join(between)),
    }
}

fn join(own: &Arguments<'_>) -> Outcome {
    let (items, between) = (own.list(0)?, own.text(1)?);
    let mut text = String::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push_str(between);
        }
        text.push_str(&item.written('"'));
        if text.len() > MAX_TEXT {
            break;
        }
    }
    own.make_text(text)
}

fn start_or_end(own: &Arguments<'_>) -> Outcome {
    let (text, wanted) = (own.text(0)?.to_lowercase(), own.text(1)?.to_lowercase());
    Ok(Datum::Bool(match own.name {
        "startswith" => text.starts_with(&wanted),
        _ => text.ends_with(&wanted),
    }))
}

/// Where a text is in another; case is ignored.
fn index_of(own: &Arguments<'_>) -> Outcome {
    let (text, wanted) = (own.text(0)?.to_lowercase(), own.text(1)?.to_lowercase());
    let at = if own.name == "indexof" { text.find(&wanted) } else { text.rfind(&wanted) };
    let index = at.map(|at| text[..at].chars().count());
    Ok(Datum::Int(index.and_then(|index| i64::try_from(index).ok()).unwrap_or(-1)))
}

/// `*` represents any text; case is ignored.
fn like(text: &str, pattern: &str) -> bool {
    let (text, pattern) = (text.to_lowercase(), pattern.to_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let others: Vec<&str> = parts.collect();
    let Some((last, middle)) = others.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn pad(own: &Arguments<'_>) -> Outcome {
    let text = match own.get(0)? {
        Datum::Int(number) => number.to_string(),
        _ => own.text(0)?.to_owned(),
    };
    let width = own.number(1)?;
    let with = match own.all.get(2) {
        Some(_) => own.text(2)?.chars().next().unwrap_or(' '),
        None => ' ',
    };
    let Ok(width) = usize::try_from(width) else { return own.wrong(1, "a length") };
    if width > MAX_TEXT {
        return Err(Trouble::Fault("an expression returns more than 1 MiB of text, the limit".to_owned()));
    }
    let missing = width.saturating_sub(text.chars().count());
    own.make_text(format!("{}{text}", String::from(with).repeat(missing)))
}

fn replace(own: &Arguments<'_>) -> Outcome {
    let (text, from, to) = (own.text(0)?, own.text(1)?, own.text(2)?);
    if from.is_empty() {
        return own.wrong(1, "text that is not empty");
    }
    let more = text.matches(from).count().saturating_mul(to.len());
    if text.len().saturating_add(more) > MAX_TEXT.saturating_mul(2) {
        return Err(Trouble::Fault("an expression returns more than 1 MiB of text, the limit".to_owned()));
    }
    own.make_text(text.replace(from, to))
}

fn part(own: &Arguments<'_>) -> Outcome {
    let text = own.text(0)?;
    let count = usize::try_from(own.number(1)?.max(0)).unwrap_or(usize::MAX);
    own.make_text(match own.name {
        "take" => text.chars().take(count).collect::<String>(),
        _ => text.chars().skip(count).collect(),
    })
}

fn split(own: &Arguments<'_>) -> Outcome {
    let text = own.text(0)?;
    let between: Vec<&str> = match own.get(1)? {
        Datum::Text(between) => vec![between.as_str()],
        Datum::List(items) => items.iter().filter_map(Datum::as_text).collect(),
        _ => return own.wrong(1, "a string or a list of strings"),
    };
    let mut parts = vec![text];
    for between in between.into_iter().filter(|between| !between.is_empty()) {
        parts = parts.into_iter().flat_map(|part| part.split(between)).collect();
    }
    let parts = parts.into_iter().map(|part| own.meter.text(part)).collect::<Result<Vec<_>, _>>()?;
    own.make_list(parts)
}

fn substring(own: &Arguments<'_>) -> Outcome {
    let letters: Vec<char> = own.text(0)?.chars().collect();
    own.meter.spend(letters.len() / 16)?;
    let start = usize::try_from(own.number(1)?).ok();
    let length = match own.all.get(2) {
        Some(_) => usize::try_from(own.number(2)?).ok(),
        None => start.and_then(|start| letters.len().checked_sub(start)),
    };
    let end = start.zip(length).and_then(|(start, length)| start.checked_add(length));
    match start.zip(end).and_then(|(start, end)| letters.get(start..end)) {
        Some(part) => own.make_text(part.iter().collect::<String>()),
        None => failed("`substring` goes beyond the end of the text"),
    }
}

fn data_uri(own: &Arguments<'_>) -> Outcome {
    let text = own.text(0)?;
    let Some((head, data)) = text.strip_prefix("data:").and_then(|text| text.split_once(',')) else {
        return own.wrong(0, "a data URI");
    };
    if !head.ends_with(";base64") {
        return own.make_text(data);
    }
    let octets = BASE64.decode(data).ok();
    match octets.and_then(|octets| String::from_utf8(octets).ok()) {
        Some(text) => own.make_text(text),
        None => own.wrong(0, "a data URI"),
    }
}

/// A relative address against a base (RFC 3986): the last segment of the base is replaced.
fn uri(own: &Arguments<'_>) -> Outcome {
    let (base, relative) = (own.text(0)?, own.text(1)?);
    if relative.contains("://") {
        return own.make_text(relative);
    }
    let Some((scheme, rest)) = base.split_once("://") else { return own.wrong(0, "a URI") };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    own.make_text(match relative.strip_prefix('/') {
        Some(relative) => format!("{scheme}://{host}/{relative}"),
        None => {
            let folder = path.rfind('/').map_or("", |at| &path[..=at]);
            format!("{scheme}://{host}/{folder}{relative}")
        }
    })
}

fn build_uri(own: &Arguments<'_>) -> Outcome {
    let object = own.object(0)?;
    let part = |name: &str| object.get(name).map(|value| value.written('"')).unwrap_or_default();
    let mut text = format!("{}://{}", part("scheme"), part("host"));
    if !part("port").is_empty() {
        text.push_str(&format!(":{}", part("port")));
    }
    text.push_str(&format!("/{}", part("path").trim_start_matches('/')));
    if !part("query").is_empty() {
        text.push_str(&format!("?{}", part("query").trim_start_matches('?')));
    }
    own.make_text(text)
}

fn parse_uri(own: &Arguments<'_>) -> Outcome {
    let Some((scheme, rest)) = own.text(0)?.split_once("://") else { return own.wrong(0, "a URI") };
    let (before, query) = rest.split_once('?').map_or((rest, ""), |(before, query)| (before, query));
    let (authority, path) = before.split_once('/').map_or((before, ""), |(authority, path)| (authority, path));
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    let port = match port.parse() {
        Ok(port) => Datum::Int(port),
        Err(_) => Datum::Int(if scheme.eq_ignore_ascii_case("http") { 80 } else { 443 }),
    };
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    own.meter.entries(vec![
        ("scheme".to_owned(), own.meter.text(scheme)?),
        ("host".to_owned(), own.meter.text(host)?),
        ("port".to_owned(), port),
        ("path".to_owned(), own.meter.text(format!("/{path}"))?),
        ("query".to_owned(), own.meter.text(query)?),
    ])
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for octet in text.bytes() {
        match octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.' | b'~') {
            true => out.push(char::from(octet)),
            false => out.push_str(&format!("%{octet:02X}")),
        }
    }
    out
}

fn unescaped(own: &Arguments<'_>) -> Outcome {
    let text = own.text(0)?.as_bytes();
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let hex = text.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| text[at] == b'%') {
            Some(octet) => {
                out.push(octet);
                at += 3;
            }
            None => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    match String::from_utf8(out) {
        Ok(text) => own.make_text(text),
        Err(_) => own.wrong(0, "escaped text"),
    }
}

/// `{0}` represents the first argument after the pattern, in .NET's forms; a doubled brace represents one. Unknown
/// arguments come in as holes.
fn format_text(own: &Arguments<'_>) -> Result<String, Trouble> {
    let mut out = String::new();
    let mut rest = own.text(0)?;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        let behind = &rest[at + 1..];
        if behind.starts_with(brace) {
            out.push_str(brace);
            rest = &behind[1..];
            continue;
        }
        let Some(end) = behind.find('}').filter(|_| brace == "{") else {
            return failed("unclosed brace in `format`; write `{{` for a brace in the text");
        };
        let (place, form) = behind[..end].split_once(':').map_or((&behind[..end], ""), |(place, form)| (place, form));
        let (index, width) = place.split_once(',').map_or((place, ""), |(index, width)| (index, width));
        let value = index.trim().parse::<usize>().ok().and_then(|index| own.all.get(index.checked_add(1)?));
        let Some(value) = value else { return failed(format!("`format` has no argument `{{{}}}`", &behind[..end])) };
        let text = match value {
            Datum::Unknown(unknown) => unknown.pattern.clone(),
            value => in_form(value, form)?,
        };
        let width: i64 = width.trim().parse().unwrap_or_default();
        let missing = usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX).saturating_sub(text.chars().count());
        if missing > MAX_TEXT {
            return Err(Trouble::Fault("an expression returns more than 1 MiB of text, the limit".to_owned()));
        }
        let blanks = " ".repeat(missing);
        match width < 0 {
            true => out.push_str(&format!("{text}{blanks}")),
            false => out.push_str(&format!("{blanks}{text}")),
        }
        if out.len() > MAX_TEXT {
            return Err(Trouble::Fault("an expression returns more than 1 MiB of text, the limit".to_owned()));
        }
        rest = &behind[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

/// A value in a .NET form such as `N0`, `D3` or `X`.
fn in_form(value: &Datum, form: &str) -> Result<String, Trouble> {
    let Datum::Int(number) = value else { return Ok(value.written('\'')) };
    let (letter, digits) = form.split_at(form.chars().next().map_or(0, char::len_utf8));
    let digits: usize = digits.parse().unwrap_or_default();
    if digits > 99 {
        return failed(format!("`{form}` is not a valid number format"));
    }
    let sign = if *number < 0 { "-" } else { "" };
    let size = number.unsigned_abs();
    let grouped = || {
        let plain = size.to_string();
        let mut out = String::new();
        for (index, digit) in plain.chars().enumerate() {
            if index > 0 && (plain.len() - index) % 3 == 0 {
                out.push(',');
            }
            out.push(digit);
        }
        out
    };
    let fraction = |digits: usize| if digits == 0 { String::new() } else { format!(".{}", "0".repeat(digits)) };
    Ok(match letter {
        "" | "G" | "g" => number.to_string(),
        "N" | "n" => format!("{sign}{}{}", grouped(), fraction(if form.len() > 1 { digits } else { 2 })),
        "F" | "f" => format!("{number}{}", fraction(if form.len() > 1 { digits } else { 2 })),
        "D" | "d" => format!("{sign}{size:0>digits$}"),
        "X" => format!("{number:0>digits$X}"),
        "x" => format!("{number:0>digits$x}"),
        "0" | "#" => format!("{sign}{size:0>width$}", width = form.matches('0').count()),
        _ => return failed(format!("the number format `{form}` is not supported")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_format_may_begin_with_any_letter() {
        for form in ["‹3", "é", "N", ""] {
            assert_eq!(in_form(&Datum::Int(7), form).is_ok(), form.is_ascii(), "{form}");
        }
    }

    #[test]
    fn stars_stand_for_any_text() {
        for (text, pattern, wanted) in [
            ("abc", "a*c", true),
            ("abc", "*b*", true),
            ("abc", "b*", false),
            ("ac", "a*b*c", false),
            ("abc", "abc", true),
        ] {
            assert_eq!(like(text, pattern), wanted, "{text} {pattern}");
        }
    }
}
