//! What all rows of the data have: names, patterns, dates and sources.

use jiff::civil::Date;
use serde::Deserialize;

use super::{Certainty, Pattern, Source};
use crate::dns::OwnerName;

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "camelCase")]
pub(super) enum CertaintySchema {
    Documented,
    Observed,
    Inferred,
    Uncertain,
}

pub(super) fn cited(text: String, date: String, certainty: CertaintySchema) -> Source {
    let certainty = match certainty {
        CertaintySchema::Documented => Certainty::Documented,
        CertaintySchema::Observed => Certainty::Observed,
        CertaintySchema::Inferred => Certainty::Inferred,
        CertaintySchema::Uncertain => Certainty::Uncertain,
    };
    Source { text: text.into(), date: date.into(), certainty }
}

pub(super) fn name(text: &str) -> Result<OwnerName, String> {
    OwnerName::parse(text).map_err(|error| format!("{text}: {error}"))
}

pub(super) fn pattern(text: &str) -> Result<Pattern, String> {
    text.parse().map_err(|error: super::pattern::BadPattern| error.to_string())
}

pub(super) fn date(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| format!("`{text}` is not a date"))
}
