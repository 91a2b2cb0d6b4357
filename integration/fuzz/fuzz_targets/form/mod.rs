//! What the targets of the forms share: whatever is in a file of a form, there are errors with places, or a scenario that reads back.

use ampls_dns::import::{ImportFile, import};
use ampls_dns::scenario::Scenario;

/// Imports the input within one of the shapes, which its first byte picks, with another file if there is one; `%` in a shape is
/// the input.
pub fn holds(shapes: &[&str], data: &[u8], other: Option<&str>) {
    let Some((first, rest)) = data.split_first() else { return };
    let Ok(rest) = std::str::from_utf8(rest) else { return };
    let text = shapes[usize::from(*first) % shapes.len()].replace('%', rest);
    let own = ImportFile { name: "form".into(), text: text.as_bytes() };
    let other = other.map(|text| ImportFile { name: "other".into(), text: text.as_bytes() });
    match import(&std::iter::once(own).chain(other).collect::<Vec<_>>()) {
        Ok(imported) => {
            let written = imported.scenario.write();
            if let Err(errors) = Scenario::read("written", written.as_bytes()) {
                panic!("{errors}\n{written}");
            }
        }
        Err(errors) => assert!(errors.errors.iter().all(|error| error.place.line > 0)),
    }
}
