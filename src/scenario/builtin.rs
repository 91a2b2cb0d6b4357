//! The scenarios that come with the program, embedded from `zones/scenarios/`.

use std::sync::LazyLock;

use include_dir::{Dir, include_dir};

static FOLDER: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/zones/scenarios");

/// Name and text of each, in order of names.
static ALL: LazyLock<Vec<(&'static str, &'static str)>> = LazyLock::new(|| {
    let scenarios = FOLDER.files().filter_map(|file| {
        let name = file.path().to_str()?.strip_suffix(".yaml")?;
        Some((name, file.contents_utf8()?))
    });
    let mut all: Vec<_> = scenarios.collect();
    all.sort_unstable();
    all
});

/// The text of a built-in scenario.
pub fn text(name: &str) -> Option<&'static str> {
    ALL.iter().find(|(own, _)| *own == name).map(|(_, text)| *text)
}

/// The names of the built-in scenarios.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_a_scenario() {
        for file in FOLDER.files() {
            let path = file.path();
            let is_text = file.contents_utf8().is_some();
            assert!(is_text && path.extension().is_some_and(|extension| extension == "yaml"), "{}", path.display());
        }
        assert_eq!(names().count(), FOLDER.files().count());
    }
}
