//! The scenarios that come with the program, embedded from `zones/scenarios/`.

macro_rules! scenarios {
    ($($name:literal),* $(,)?) => {
        /// Name and text of each, in order of names.
        const ALL: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../zones/scenarios/", $name, ".yaml")))),*];
    };
}

scenarios!["two-scopes-one-dns"];

/// The text of a built-in scenario.
pub fn text(name: &str) -> Option<&'static str> {
    ALL.iter().find(|(own, _)| *own == name).map(|(_, text)| *text)
}

/// The names of the built-in scenarios.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|(name, _)| *name)
}
