//! Laws of the import that need no file.

use super::*;

fn one(text: &str) -> Result<Imported, ImportErrors> {
    import(&[ImportFile { name: "f.json".into(), text: text.as_bytes() }])
}

#[test]
fn nothing_comes_of_nothing() {
    let imported = one("[]").expect("an empty list is what az prints where there is nothing");
    assert_eq!(imported.scenario.history.events().len(), 0);
}
