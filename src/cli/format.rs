//! Values of `--format` from the table of output formats.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::output::format::OutputFormat;

/// Parses the name of a format of one kind of document; the help lists them all.
pub(super) fn of<F: OutputFormat>() -> impl TypedValueParser<Value = F> {
    let values = F::ALL.iter().map(|format| PossibleValue::new(format.name()).help(format.about()));
    PossibleValuesParser::new(values).map(|name| {
        let found = F::ALL.iter().find(|format| format.name() == name);
        *found.expect("the parser accepts no other names")
    })
}
