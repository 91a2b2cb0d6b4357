//! Names with slots, such as `{workspace}.ods.opinsights.azure.com`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A text with slots in braces: `{workspace}`, `{ingestion}`, `{live}`, `{region}`, `{dce}`, `{listed}`, `{amw}`, `{direct}`.
///
/// A slot represents one or more whole bytes of text; in host patterns it begins and ends at a label's border or at
/// other fixed text. A leading `*.` is a DNS wildcard and no slot.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Pattern {
    text: Arc<str>,
}

/// What fills the slots of a [`Pattern`]. A slot without a value keeps a pattern from being filled.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Slots {
    /// A workspace's `customerId`.
    pub workspace: Option<String>,
    /// First label of a component's ingestion host, `westeurope-5`.
    pub ingestion: Option<String>,
    /// First label of a component's live metrics host, `westeurope`.
    pub live: Option<String>,
    /// An Azure region.
    pub region: Option<String>,
    /// What is before `.handler.control`, `.ingest` and `.metrics.ingest` in a data collection endpoint's names.
    pub dce: Option<String>,
    /// A resource's name, lower-case.
    pub name: Option<String>,
    /// The code of its region, such as `we`.
    pub region_code: Option<String>,
    /// The slot of a web app, as its group id has it.
    pub slot: Option<String>,
}

impl Pattern {
    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True if nothing is left open.
    pub fn is_fixed(&self) -> bool {
        !self.text.contains('{')
    }

    /// The text with every slot filled; absent if one has no value.
    pub fn fill(&self, slots: &Slots) -> Option<String> {
        let mut filled = String::with_capacity(self.text.len() + 32);
        let mut rest = &*self.text;
        while let Some((before, behind)) = rest.split_once('{') {
            let (slot, behind) = behind.split_once('}')?;
            filled.push_str(before);
            filled.push_str(slots.get(slot)?);
            rest = behind;
        }
        filled.push_str(rest);
        Some(filled)
    }

    /// The names of its slots.
    pub fn slots(&self) -> impl Iterator<Item = &str> {
        self.text.split('{').skip(1).filter_map(|behind| behind.split_once('}').map(|(slot, _)| slot))
    }

    /// The name of its first slot.
    pub fn slot(&self) -> Option<&str> {
        let (_, behind) = self.text.split_once('{')?;
        behind.split_once('}').map(|(slot, _)| slot)
    }

    /// What is after its first slot, without the dot.
    pub fn behind_slot(&self) -> Option<&str> {
        self.text.split_once('}').map(|(_, behind)| behind.trim_start_matches('.'))
    }

    /// What the only slot of the pattern represents in `text`; absent if `text` does not match, if the slot would be
    /// empty, or if the pattern has no slot.
    pub fn slot_in<'t>(&self, text: &'t str) -> Option<&'t str> {
        let (before, behind) = self.text.split_once('{')?;
        let (_, after) = behind.split_once('}')?;
        text.strip_prefix(before)?.strip_suffix(after).filter(|value| !value.is_empty())
    }
}

impl Slots {
    fn get(&self, slot: &str) -> Option<&str> {
        match slot {
            "workspace" => self.workspace.as_deref(),
            "ingestion" => self.ingestion.as_deref(),
            "live" => self.live.as_deref(),
            "region" => self.region.as_deref(),
            "dce" => self.dce.as_deref(),
            "name" => self.name.as_deref(),
            "regionCode" => self.region_code.as_deref(),
            "slot" => self.slot.as_deref(),
            _ => None,
        }
    }
}

/// A pattern that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a pattern: braces must be closed and name one of {slots}", slots = SLOTS.join(", "))]
pub struct BadPattern(pub String);

/// What a slot can represent. `listed`, `amw` and `direct` are only matched, never filled: a value of a list in the row, an Azure
/// Monitor workspace with its region, and a data collection rule with its region. Nor are those of the second half: ids of
/// resources that only the resource itself knows.
const SLOTS: [&str; 33] = [
    "workspace",
    "ingestion",
    "live",
    "region",
    "dce",
    "listed",
    "amw",
    "direct",
    "name",
    "regionCode",
    "slot", //
    "NN",
    "accountGuid",
    "builtInEventHubNamespace",
    "dnsPrefix",
    "gateway",
    "guid",
    "host",
    "hostpoolId",
    "id",
    "internalAccountN",
    "key",
    "label",
    "n",
    "partitionId",
    "random",
    "service",
    "tenantGuidWithoutDashes",
    "vaultId",
    "workspaceGuid",
    "workspaceId",
    "x",
    "xy",
];

impl FromStr for Pattern {
    type Err = BadPattern;

    fn from_str(text: &str) -> Result<Self, BadPattern> {
        let mut rest = text;
        while let Some((_, behind)) = rest.split_once('{') {
            let (slot, behind) = behind.split_once('}').ok_or_else(|| BadPattern(text.to_owned()))?;
            if !SLOTS.contains(&slot) {
                return Err(BadPattern(text.to_owned()));
            }
            rest = behind;
        }
        Ok(Self { text: text.into() })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_filled_and_found_again() {
        let pattern: Pattern = "{ingestion}.in.applicationinsights.azure.com".parse().expect("a good pattern");
        let slots = Slots { ingestion: Some("westeurope-5".into()), ..Slots::default() };
        let host = pattern.fill(&slots).expect("the slot has a value");
        assert_eq!(host, "westeurope-5.in.applicationinsights.azure.com");
        assert_eq!(pattern.slot_in(&host), Some("westeurope-5"));
        assert_eq!(pattern.fill(&Slots::default()), None);
        assert_eq!(pattern.slot_in(".in.applicationinsights.azure.com"), None);
    }

    #[test]
    fn unknown_slots_are_refused() {
        assert!("{place}.x".parse::<Pattern>().is_err());
        assert!("{region.x".parse::<Pattern>().is_err());
    }
}
