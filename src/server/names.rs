//! Names as filters and faults point at them.

use std::fmt;
use std::str::FromStr;

use crate::dns::{NameError, OwnerName};

/// One name, the names below one, or any: `api.monitor.azure.com`, `*.ods.opinsights.azure.com`, `*`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum NamePattern {
    /// Every name.
    Any,
    /// This name alone.
    Exactly(OwnerName),
    /// Every name below this one, however many labels; the name itself not.
    Below(OwnerName),
}

impl NamePattern {
    /// True for names it points at; case never matters, since names have none.
    pub fn matches(&self, name: &OwnerName) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(own) => own == name,
            Self::Below(own) => name.is_below(own),
        }
    }
}

impl FromStr for NamePattern {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.strip_prefix('*') {
            Some("") => Ok(Self::Any),
            Some(rest) if rest.starts_with('.') && rest.len() > 1 => Ok(Self::Below(OwnerName::parse(&rest[1..])?)),
            _ => Ok(Self::Exactly(OwnerName::parse(text)?)),
        }
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.pad("*"),
            Self::Exactly(name) => name.fmt(f),
            Self::Below(name) => f.pad(&format!("*.{name}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_points_at_a_name_at_all_below_one_or_at_any() {
        let matches = |pattern: &str, name: &str| {
            let pattern: NamePattern = pattern.parse().expect("a good pattern");
            assert_eq!(pattern.to_string().parse::<NamePattern>().as_ref(), Ok(&pattern));
            pattern.matches(&OwnerName::parse(name).expect("a good name"))
        };
        assert!(matches("API.monitor.azure.com.", "api.monitor.azure.com"));
        assert!(!matches("monitor.azure.com", "api.monitor.azure.com"));
        assert!(matches("*.azure.com", "api.monitor.azure.com"));
        assert!(!matches("*.azure.com", "azure.com"));
        assert!(!matches("*.azure.com", "api.monitorazure.com"));
        assert!(matches("*", "."));
        assert!("*..com".parse::<NamePattern>().is_err());
        assert!("".parse::<NamePattern>().is_err());
    }
}
