//! Owner names: absolute, lower-case, at most 255 bytes in wire form.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The most octets a name may have in wire form, the root's octet included (RFC 1035, 2.3.4).
pub const MAX_NAME_OCTETS: usize = 255;
/// The most octets one label may have (RFC 1035, 2.3.4).
pub const MAX_LABEL_OCTETS: usize = 63;

/// An absolute name that owns records.
///
/// Kept in wire form, lower-case and uncompressed, final root octet included, so that two spellings of one name are
/// equal and a look-up needs no conversion. Cloning is cheap.
///
/// `Display` prints it as Azure and people write it, without the final dot (the root is `.`); [`OwnerName::dotted`]
/// prints it as `dig` and master files do. Octets outside printable ASCII, dots and backslashes within a label are
/// escaped as in RFC 1035, 5.1.
///
/// The order is the canonical one of RFC 4034, 6.1: by labels from right to left.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OwnerName(Arc<[u8]>);

/// Why a text is not an owner name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was written where a name should be.
    #[error("a name cannot be empty")]
    Empty,
    /// Two dots in a row, or a dot at the start.
    #[error("a name cannot have an empty label (two dots in a row, or a dot at the start)")]
    EmptyLabel,
    /// One label is too long.
    #[error("the label `{0}` has more than 63 bytes")]
    LongLabel(String),
    /// The whole name is too long.
    #[error("the name has more than 255 bytes")]
    LongName,
    /// A backslash that is followed by neither a character nor three digits up to 255.
    #[error("a backslash must be followed by a character or by three digits up to 255")]
    Escape,
    /// A character that is not allowed in a name unescaped.
    #[error("`{0}` is not allowed in a name")]
    Character(char),
    /// Wire form that ends early or contains a compression pointer.
    #[error("the bytes are not an uncompressed name")]
    Wire,
}

impl OwnerName {
    /// The root, `.`.
    pub fn root() -> Self {
        Self(Arc::from([0u8].as_slice()))
    }

    /// Reads presentation form. A final dot may be there or not: every name is absolute.
    ///
    /// # Errors
    /// [`NameError`] says which rule of RFC 1035, 2.3.4 and 5.1 the text breaks.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        match text {
            "" => return Err(NameError::Empty),
            "." => return Ok(Self::root()),
            _ => {}
        }
        let mut wire = Vec::with_capacity(text.len() + 2);
        let mut label = Vec::new();
        let mut characters = text.chars();
        let mut open = true;
        while let Some(character) = characters.next() {
            open = true;
            match character {
                '.' => {
                    close_label(&mut wire, &mut label)?;
                    open = false;
                }
                '\\' => label.push(escaped(&mut characters)?),
                '!'..='~' => label.push((character as u8).to_ascii_lowercase()),
                _ => return Err(NameError::Character(character)),
            }
        }
        if open {
            close_label(&mut wire, &mut label)?;
        }
        wire.push(0);
        if wire.len() > MAX_NAME_OCTETS { Err(NameError::LongName) } else { Ok(Self(wire.into())) }
    }

    /// Takes uncompressed wire form in any letter case; nothing may be after the root's octet.
    ///
    /// # Errors
    /// [`NameError::Wire`] or [`NameError::LongName`].
    pub fn from_wire(octets: &[u8]) -> Result<Self, NameError> {
        if octets.len() > MAX_NAME_OCTETS {
            return Err(NameError::LongName);
        }
        let mut at = 0;
        loop {
            match octets.get(at) {
                Some(0) if at + 1 == octets.len() => break,
                Some(&length) if (1..=MAX_LABEL_OCTETS as u8).contains(&length) => at += 1 + usize::from(length),
                _ => return Err(NameError::Wire),
            }
        }
        // A length octet is below 64 and so never an upper-case letter: the whole wire form can be lowered at once.
        Ok(Self(octets.iter().map(u8::to_ascii_lowercase).collect()))
    }

    /// Wire form: lower-case, uncompressed, with the root's octet.
    pub fn wire(&self) -> &[u8] {
        &self.0
    }

    /// The labels from left to right, the root's empty one left out.
    pub fn labels(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest: &[u8] = &self.0;
        std::iter::from_fn(move || {
            let (length, behind) = rest.split_first()?;
            if *length == 0 {
                return None;
            }
            let (label, behind) = behind.split_at(usize::from(*length));
            rest = behind;
            Some(label)
        })
    }

    /// How many labels it has; none for the root.
    pub fn label_count(&self) -> usize {
        self.labels().count()
    }

    /// True for `.` alone.
    pub fn is_root(&self) -> bool {
        self.0.len() == 1
    }

    /// The name one label shorter; absent for the root.
    pub fn parent(&self) -> Option<Self> {
        let length = usize::from(*self.0.first()?);
        (length > 0).then(|| Self(self.0[1 + length..].into()))
    }

    /// True if this name is `zone` or is anywhere below it.
    pub fn is_within(&self, zone: &Self) -> bool {
        self.prefix_of(zone).is_some()
    }

    /// True if this name is below `zone` and is not `zone` itself.
    pub fn is_below(&self, zone: &Self) -> bool {
        self.0.len() > zone.0.len() && self.is_within(zone)
    }

    /// The name relative to `zone`, as Azure names record sets: `@` for the apex. Absent outside the zone.
    pub fn relative_to(&self, zone: &Self) -> Option<String> {
        let octets = self.prefix_of(zone)?;
        if octets.is_empty() {
            return Some("@".to_owned());
        }
        let mut wire = octets.to_vec();
        wire.push(0);
        Some(Self(wire.into()).to_string())
    }

    /// The name `relative` (`@` for the apex) within `self`.
    ///
    /// # Errors
    /// As [`OwnerName::parse`] and [`OwnerName::under`].
    pub fn child(&self, relative: &str) -> Result<Self, NameError> {
        if relative == "@" { Ok(self.clone()) } else { Self::parse(relative)?.under(self) }
    }

    /// This name with `zone` put after it: `api` under `monitor.azure.com` is `api.monitor.azure.com`.
    ///
    /// # Errors
    /// [`NameError::LongName`] if the two are more than 255 bytes together.
    pub fn under(&self, zone: &Self) -> Result<Self, NameError> {
        let own = &self.0[..self.0.len() - 1];
        if own.len() + zone.0.len() > MAX_NAME_OCTETS {
            return Err(NameError::LongName);
        }
        Ok(Self(own.iter().chain(zone.0.iter()).copied().collect()))
    }

    /// The same name below `new` instead of `old`; absent if it is not in `old` or would be too long.
    pub fn moved(&self, old: &Self, new: &Self) -> Option<Self> {
        let own = self.prefix_of(old)?;
        (own.len() + new.0.len() <= MAX_NAME_OCTETS).then(|| Self(own.iter().chain(new.0.iter()).copied().collect()))
    }

    /// The wildcard that represents names directly below this one, `*.name` (RFC 4592).
    ///
    /// Absent where it would be too long.
    pub fn wildcard(&self) -> Option<Self> {
        (self.0.len() + 2 <= MAX_NAME_OCTETS).then(|| Self([1, b'*'].iter().chain(self.0.iter()).copied().collect()))
    }

    /// True if its first label is `*`.
    pub fn is_wildcard(&self) -> bool {
        self.0.starts_with(&[1, b'*'])
    }

    /// The name as `dig` and master files print it, with the final dot.
    pub fn dotted(&self) -> impl fmt::Display + '_ {
        Dotted(self)
    }

    /// Octets in front of `zone`, if this name is within it.
    fn prefix_of(&self, zone: &Self) -> Option<&[u8]> {
        let cut = self.0.len().checked_sub(zone.0.len())?;
        if self.0[cut..] != zone.0[..] {
            return None;
        }
        // The suffix must begin at a label's start, not within a label.
        let mut at = 0;
        while at < cut {
            at += 1 + usize::from(self.0[at]);
        }
        (at == cut).then(|| &self.0[..cut])
    }
}

fn close_label(wire: &mut Vec<u8>, label: &mut Vec<u8>) -> Result<(), NameError> {
    match label.len() {
        0 => return Err(NameError::EmptyLabel),
        1..=MAX_LABEL_OCTETS => wire.push(label.len() as u8),
        _ => return Err(NameError::LongLabel(String::from_utf8_lossy(label).into_owned())),
    }
    wire.append(label);
    Ok(())
}

fn escaped(characters: &mut std::str::Chars<'_>) -> Result<u8, NameError> {
    let first = characters.next().ok_or(NameError::Escape)?;
    let Some(hundreds) = first.to_digit(10) else {
        return if first.is_ascii_graphic() || first == ' ' {
            Ok((first as u8).to_ascii_lowercase())
        } else {
            Err(NameError::Escape)
        };
    };
    let mut digit = || characters.next().and_then(|c| c.to_digit(10)).ok_or(NameError::Escape);
    let value = hundreds * 100 + digit()? * 10 + digit()?;
    u8::try_from(value).map(|octet| octet.to_ascii_lowercase()).map_err(|_| NameError::Escape)
}

impl fmt::Display for OwnerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return f.write_str(".");
        }
        let mut text = String::with_capacity(self.0.len());
        for (index, label) in self.labels().enumerate() {
            if index > 0 {
                text.push('.');
            }
            for &octet in label {
                match octet {
                    b'.' | b'\\' | b'"' | b';' | b'(' | b')' | b'@' | b'$' => {
                        text.push('\\');
                        text.push(char::from(octet));
                    }
                    b'!'..=b'~' => text.push(char::from(octet)),
                    _ => text.push_str(&format!("\\{octet:03}")),
                }
            }
        }
        f.pad(&text)
    }
}

struct Dotted<'n>(&'n OwnerName);

impl fmt::Display for Dotted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_root() { f.pad(".") } else { f.pad(&format!("{}.", self.0)) }
    }
}

impl fmt::Debug for OwnerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnerName({self})")
    }
}

impl FromStr for OwnerName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

impl PartialOrd for OwnerName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for OwnerName {
    fn cmp(&self, other: &Self) -> Ordering {
        let mine: Vec<_> = self.labels().collect();
        let theirs: Vec<_> = other.labels().collect();
        mine.iter().rev().cmp(theirs.iter().rev())
    }
}

impl std::borrow::Borrow<[u8]> for OwnerName {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> OwnerName {
        OwnerName::parse(text).expect("a good name")
    }

    #[test]
    fn spelling_does_not_make_a_name_another_one() {
        assert_eq!(name("API.Monitor.Azure.com."), name("api.monitor.azure.com"));
        assert_eq!(name("api.monitor.azure.com").dotted().to_string(), "api.monitor.azure.com.");
        assert_eq!(name(".").to_string(), ".");
    }

    #[test]
    fn a_suffix_within_a_label_is_not_a_zone() {
        let zone = name("monitor.azure.com");
        assert!(name("api.monitor.azure.com").is_below(&zone));
        assert!(zone.is_within(&zone) && !zone.is_below(&zone));
        assert!(!name("xmonitor.azure.com").is_within(&zone));
        // A label whose octets look like the length octet and label of the zone.
        assert!(!name("a\\007monitor.azure.com").is_within(&name("monitor.azure.com")));
    }

    #[test]
    fn relative_names_are_azures() {
        let zone = name("privatelink.monitor.azure.com");
        assert_eq!(
            name("global.in.ai.privatelink.monitor.azure.com").relative_to(&zone).as_deref(),
            Some("global.in.ai")
        );
        assert_eq!(zone.relative_to(&zone).as_deref(), Some("@"));
        assert_eq!(zone.child("@").as_ref(), Ok(&zone));
        assert_eq!(zone.child("api"), Ok(name("api.privatelink.monitor.azure.com")));
        assert_eq!(
            name("api.monitor.azure.com").moved(&name("monitor.azure.com"), &zone),
            Some(name("api.privatelink.monitor.azure.com"))
        );
    }

    #[test]
    fn order_is_by_labels_from_the_right() {
        let mut names = ["snapshot.x", "api.x", "global.in.ai.x", "x", "diag.x"].map(name);
        names.sort();
        assert_eq!(names.map(|n| n.to_string()), ["x", "global.in.ai.x", "api.x", "diag.x", "snapshot.x"]);
    }

    #[test]
    fn rules_of_rfc_1035_are_kept() {
        assert_eq!(OwnerName::parse(""), Err(NameError::Empty));
        assert_eq!(OwnerName::parse("a..b"), Err(NameError::EmptyLabel));
        assert_eq!(OwnerName::parse(".a"), Err(NameError::EmptyLabel));
        assert_eq!(OwnerName::parse("a b"), Err(NameError::Character(' ')));
        assert_eq!(OwnerName::parse("a\\25x"), Err(NameError::Escape));
        assert!(matches!(OwnerName::parse(&"a".repeat(64)), Err(NameError::LongLabel(_))));
        assert_eq!(OwnerName::parse(&vec!["a".repeat(62); 5].join(".")), Err(NameError::LongName));
        assert_eq!(name("a\\.b.c").label_count(), 2);
        assert_eq!(name("a\\.b.c").to_string(), "a\\.b.c");
        assert_eq!(OwnerName::from_wire(&[3, b'A', b'p', b'i', 0]), Ok(name("api")));
        assert_eq!(OwnerName::from_wire(&[0xc0, 12]), Err(NameError::Wire));
        assert_eq!(OwnerName::from_wire(&[1, b'a', 0, 0]), Err(NameError::Wire));
    }
}
