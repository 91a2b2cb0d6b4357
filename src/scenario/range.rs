//! Where something is in a scenario's text.

/// Where a node is: line from 1, column from 1 in characters, and how many characters it has on that line.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Range {
    pub(super) line: u32,
    pub(super) column: u32,
    /// At least 1, but for a range without a place.
    pub(super) width: u32,
}
