//! Text to a tree of nodes with their places. JSON is read the same way: it is YAML.
//!
//! The cost of a text is bounded before anything is built: its size, its depth, its faults, and how many nodes and bytes
//! there are once aliases are put in place of their anchors. A hostile text is an error, not a memory problem. Nodes
//! borrow from the text, so a tree costs about 48 bytes a node and nothing for its words.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, Span};
use hashbrown::HashTable;

use super::error::{Fault, Faults, shown};
pub(super) use super::range::Range;

/// The most bytes a scenario may have.
pub const MAX_OCTETS: usize = 64 << 20;
/// How deeply mappings and sequences may be nested.
pub const MAX_DEPTH: usize = 64;
/// The most nodes a scenario may have, each alias counted as everything it refers to.
pub const MAX_NODES: usize = 4_000_000;
/// The most bytes of events sent to a running server.
pub const MAX_REQUEST_OCTETS: usize = 1 << 20;
/// The most nodes of events sent to a running server, each alias counted as everything it refers to.
pub const MAX_REQUEST_NODES: usize = 60_000;
/// So many nodes any text may have, however short it is.
const FREE_NODES: usize = 100_000;
/// A long text may have one node for so many of its bytes. Names that differ, and values, take more than that.
const OCTETS_PER_NODE: usize = 3;
/// So many bytes aliases may add to any text, however short it is, and as many again for each of its bytes.
const FREE_OCTETS: usize = 1 << 20;
/// The most characters a key may have that is on one line with its value. YAML asks for 1024; JSON has no such rule,
/// and a question with a long name and its type has to fit.
const MAX_KEY: usize = 4096;

/// How much a text may cost.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    octets: usize,
    nodes: usize,
}

impl Bounds {
    /// For files on this machine.
    pub(super) const FILE: Self = Self { octets: MAX_OCTETS, nodes: MAX_NODES };
    /// For what is sent to a running server, which has other things to do.
    pub(super) const REQUEST: Self = Self { octets: MAX_REQUEST_OCTETS, nodes: MAX_REQUEST_NODES };

    /// What a text of so many bytes may have.
    fn of(self, length: usize) -> Size {
        Size { nodes: self.nodes.min(FREE_NODES.max(length / OCTETS_PER_NODE)), octets: FREE_OCTETS + 2 * length }
    }
}

/// A node and where it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Node<'t> {
    pub(super) range: Range,
    pub(super) value: Value<'t>,
}

/// What a node is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Value<'t> {
    /// A scalar.
    Scalar {
        text: Cow<'t, str>,
        /// True if it was written without quotes: only such ones can be numbers, booleans or nothing.
        plain: bool,
        /// True if its lines are those of the file, from the next one on (`|`).
        block: bool,
    },
    /// A sequence.
    Sequence(Vec<Node<'t>>),
    /// A mapping, in the order written; keys are unique.
    Mapping(Vec<(Key<'t>, Node<'t>)>),
}

/// A mapping's key and where it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Key<'t> {
    pub(super) range: Range,
    pub(super) text: Cow<'t, str>,
}

impl<'t> Node<'t> {
    /// True for `null`, `~` and nothing at all.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true, .. } if matches!(text.as_ref(), "" | "~" | "null"))
    }

    /// True for a text written as a block, whose lines are those of the file.
    pub(super) fn is_block(&self) -> bool {
        matches!(self.value, Value::Scalar { block: true, .. })
    }

    /// The value under a key of a mapping with few keys; the node itself if there is none, so that a place is near.
    pub(super) fn get(&self, key: &str) -> &Self {
        self.find(key).unwrap_or(self)
    }

    /// The entries of the mapping under a key; none if there is no such key or no mapping.
    pub(super) fn entries_of(&self, key: &str) -> &[(Key<'t>, Self)] {
        self.find(key).map_or(&[], Self::entries)
    }

    fn find(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(own, _)| own.text == key).map(|(_, value)| value)
    }

    /// An item of a sequence; the node itself if it is none.
    pub(super) fn item(&self, index: usize) -> &Self {
        match &self.value {
            Value::Sequence(items) => items.get(index).unwrap_or(self),
            _ => self,
        }
    }

    /// The entries of a mapping; none for other nodes.
    pub(super) fn entries(&self) -> &[(Key<'t>, Self)] {
        match &self.value {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// Nodes and bytes of text in it.
    fn size(&self) -> Size {
        match &self.value {
            Value::Scalar { text, .. } => Size { nodes: 1, octets: text.len() },
            Value::Sequence(items) => items.iter().map(Self::size).fold(Size::ONE, Size::and),
            Value::Mapping(entries) => entries
                .iter()
                .map(|(key, value)| Size { nodes: 1, octets: key.text.len() }.and(value.size()))
                .fold(Size::ONE, Size::and),
        }
    }

    /// What an alias represents, at the alias's own place.
    fn clone_at(&self, range: Range) -> Self {
        Self { range, value: self.value.clone() }
    }
}

/// Reads the only document of a text. Faults that leave the rest readable are added to the list.
///
/// # Errors
/// The fault after which nothing can be read.
pub(super) fn read<'t>(text: &'t [u8], bounds: Bounds, faults: &mut Faults) -> Result<Node<'t>, Fault> {
    if text.len() > bounds.octets {
        let message = format!("the text has more than {} MiB", bounds.octets >> 20);
        return Err(Fault::plain(Range::default(), message).hint("split it"));
    }
    let text = utf8(text)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.simple_key_max_lookahead = MAX_KEY;
    // The parser looks ahead of the nodes it gives; one more than here is allowed is an error in any case.
    options.flow_nesting_limit = MAX_DEPTH + 1;
    options.block_nesting_limit = MAX_DEPTH + 1;
    let mut builder = Builder {
        faults,
        open: Vec::new(),
        root: None,
        anchors: HashMap::new(),
        hasher: RandomState::new(),
        size: Size::default(),
        most: bounds.of(text.len()),
    };
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => builder.take(event, &span)?,
            Err(error) => {
                let marker = error.marker();
                let range = Range { line: bounded(marker.line()), column: bounded(marker.col() + 1), width: 1 };
                if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
                    return Err(Fault::plain(range, too_deep()));
                }
                let fault = Fault::plain(range, format!("this cannot be read as YAML: {}", error.info()));
                let line = text.lines().nth(marker.line().saturating_sub(1)).unwrap_or_default();
                let indent = &line[..line.len() - line.trim_start().len()];
                return Err(match yaml_hint(&error.info(), indent) {
                    Some(hint) => fault.hint(hint),
                    None => fault,
                });
            }
        }
    }
    let empty = Fault::plain(Range { line: 1, column: 1, width: 1 }, "the scenario is empty")
        .hint("begin with `version: 1`; `ampls-dns schema` prints all keys");
    builder.root.ok_or(empty)
}

/// What to write instead of what is not YAML; absent where the parser's own words say it.
fn yaml_hint(info: &str, indent: &str) -> Option<&'static str> {
    if indent.contains('\t') {
        return Some("indent with spaces; YAML does not take tabs");
    }
    if info.contains("unclosed bracket") || info.contains("mismatched bracket") {
        return Some("close each `[` with `]` and each `{` with `}`, the inner one first");
    }
    if info.contains("unclosed quote") {
        return Some(
            "end the text with the same quotation mark; write a mark inside '…' twice, and inside \"…\" as `\\\"`",
        );
    }
    if info.contains("flow mapping") {
        return Some("a `{` before this place is not closed, or a comma is missing: write `}` or `,`");
    }
    if info.contains("flow sequence") {
        return Some("a `[` before this place is not closed, or a comma is missing: write `]` or `,`");
    }
    let is_indentation =
        info.contains("block mapping") || info.contains("block collection") || info.contains("mapping values");
    is_indentation
        .then_some("check the indentation: keys of one mapping start in the same column, and a key ends with `: `")
}

fn utf8(text: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(text).map_err(|error| {
        let before = &text[..error.valid_up_to()];
        let line = before.iter().filter(|octet| **octet == b'\n').count() + 1;
        let start = before.iter().rposition(|octet| *octet == b'\n').map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
        let range = Range { line: bounded(line), column: bounded(column), width: 1 };
        Fault::plain(range, "the scenario is not UTF-8").hint("save the file as UTF-8")
    })
}

/// How much there is of something.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    octets: usize,
}

impl Size {
    const ONE: Self = Self { nodes: 1, octets: 0 };

    fn and(self, other: Self) -> Self {
        Self { nodes: self.nodes.saturating_add(other.nodes), octets: self.octets.saturating_add(other.octets) }
    }
}

/// An open mapping or sequence.
enum Open<'t> {
    Sequence {
        range: Range,
        items: Vec<Node<'t>>,
        anchor: usize,
    },
    Mapping {
        range: Range,
        entries: Vec<(Key<'t>, Node<'t>)>,
        key: Waiting<'t>,
        /// The entries by the hash of their keys.
        seen: HashTable<u32>,
        anchor: usize,
    },
}

/// What an open mapping waits for.
enum Waiting<'t> {
    /// A key.
    Key,
    /// The value of this key.
    Value(Key<'t>),
    /// A value that is left out, because its key is at fault.
    Nothing,
}

struct Builder<'f, 't> {
    faults: &'f mut Faults,
    open: Vec<Open<'t>>,
    root: Option<Node<'t>>,
    anchors: HashMap<usize, (Node<'t>, Size)>,
    hasher: RandomState,
    size: Size,
    most: Size,
}

impl<'t> Builder<'_, 't> {
    fn take(&mut self, event: Event<'t>, span: &Span) -> Result<(), Fault> {
        let range = range(span);
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                return Err(Fault::plain(range, "a second YAML document begins here, but a scenario is one document")
                    .hint("put each scenario into a file of its own"));
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.count(Size { nodes: 1, octets: text.len() }, range)?;
                if let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) {
                    let message = format!("unsupported YAML tag `{}`", shown(&tag.to_string()));
                    self.faults.add(Fault::plain(range, message).hint("remove it"));
                }
                let (plain, block) = (style == ScalarStyle::Plain, style == ScalarStyle::Literal);
                self.close(Node { range, value: Value::Scalar { text, plain, block } }, anchor)?;
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open(Open::Sequence { range, items: Vec::new(), anchor }, range)?;
            }
            Event::MappingStart(_, anchor, _) => {
                let (entries, seen) = (Vec::new(), HashTable::new());
                self.open(Open::Mapping { range, entries, key: Waiting::Key, seen, anchor }, range)?;
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::Sequence { range, mut items, anchor }) => {
                    items.shrink_to_fit();
                    self.close(Node { range, value: Value::Sequence(items) }, anchor)?;
                }
                Some(Open::Mapping { range, mut entries, anchor, .. }) => {
                    entries.shrink_to_fit();
                    self.close(Node { range, value: Value::Mapping(entries) }, anchor)?;
                }
                None => {}
            },
            Event::Alias(anchor) => {
                let Some((_, size)) = self.anchors.get(&anchor) else {
                    return Err(Fault::plain(range, "this alias is inside its own anchor").hint("write it out"));
                };
                // Counted before it is copied.
                self.count(*size, range)?;
                let node = self.anchors[&anchor].0.clone_at(range);
                self.close(node, 0)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, open: Open<'t>, range: Range) -> Result<(), Fault> {
        self.count(Size::ONE, range)?;
        if self.open.len() >= MAX_DEPTH {
            return Err(Fault::plain(range, too_deep()));
        }
        self.open.push(open);
        Ok(())
    }

    fn count(&mut self, more: Size, range: Range) -> Result<(), Fault> {
        self.size = self.size.and(more);
        let most = self.most;
        let message = if self.size.nodes > most.nodes {
            format!("more than {} values, the limit for a file of this size; each alias counts in full", most.nodes)
        } else if self.size.octets > most.octets {
            format!("more than {} bytes, the limit for a file of this size; each alias counts in full", most.octets)
        } else {
            return Ok(());
        };
        Err(Fault::plain(range, message).hint("split the text, or use fewer aliases of large anchors"))
    }

    fn close(&mut self, node: Node<'t>, anchor: usize) -> Result<(), Fault> {
        if anchor > 0 {
            let size = node.size();
            // The anchor's own copy is held besides the node itself.
            self.count(size, node.range)?;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::Sequence { items, .. }) => items.push(node),
            Some(Open::Mapping { entries, key, seen, .. }) => match std::mem::replace(key, Waiting::Key) {
                Waiting::Value(own) => {
                    let (hasher, index) = (&self.hasher, entries.len());
                    let hash = hasher.hash_one(&own.text);
                    entries.push((own, node));
                    let of = |index: &u32| hasher.hash_one(&entries[*index as usize].0.text);
                    seen.insert_unique(hash, bounded(index), of);
                }
                Waiting::Nothing => {}
                Waiting::Key => {
                    *key = Waiting::Nothing;
                    if self.faults.is_full() {
                        return Err(Fault::plain(node.range, "too many errors: the rest is not read"));
                    }
                    let Value::Scalar { text, .. } = node.value else {
                        self.faults.add(Fault::plain(node.range, "a key must be text, not a mapping or list"));
                        return Ok(());
                    };
                    let same = |index: &u32| entries[*index as usize].0.text == text;
                    if let Some(before) = seen.find(self.hasher.hash_one(&text), same) {
                        let line = entries[*before as usize].0.range.line;
                        let message = format!("duplicate key `{}`", shown(&text));
                        let hint = format!("it is already in line {line}; merge the two");
                        self.faults.add(Fault::plain(node.range, message).hint(hint));
                        return Ok(());
                    }
                    *key = Waiting::Value(Key { range: node.range, text });
                }
            },
        }
        Ok(())
    }
}

fn too_deep() -> String {
    format!("mappings and lists are nested more than {MAX_DEPTH} deep here")
}

fn range(span: &Span) -> Range {
    let (start, end) = (&span.start, &span.end);
    let width = if start.line() == end.line() { end.col().saturating_sub(start.col()) } else { 1 };
    Range { line: bounded(start.line()), column: bounded(start.col() + 1), width: bounded(width.max(1)) }
}

fn bounded(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
