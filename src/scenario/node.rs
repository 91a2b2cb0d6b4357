//! Text to a tree of nodes with their places. JSON is read the same way: it is YAML.
//!
//! What a file can cost is bounded before anything is built: its size, its depth, and how many nodes and octets there
//! are once aliases are put in place of their anchors. A hostile file is an error, not a memory problem.

use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, Span};

use super::error::{Fault, Faults, shown};

/// The most octets a scenario may have.
pub const MAX_OCTETS: usize = 64 << 20;
/// How deep mappings and sequences may stand in one another.
pub const MAX_DEPTH: usize = 64;
/// The most nodes a scenario may have, each alias counted as all that it stands for.
pub const MAX_NODES: usize = 4_000_000;
/// The most characters a key may have that stands on one line with its value. YAML asks for 1024; JSON has no such rule,
/// and a question with a long name and its type has to fit.
const MAX_KEY: usize = 4096;

/// Where a node stands: line from 1, column from 1 in characters, and how many characters it has on that line.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Range {
    pub(super) line: u32,
    pub(super) column: u32,
    /// At least 1, but for a range without a place.
    pub(super) width: u32,
}

/// A node and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Node {
    pub(super) range: Range,
    pub(super) value: Value,
}

/// What a node is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Value {
    /// A scalar.
    Scalar {
        text: String,
        /// True if it was written without quotes: only such ones can be numbers, booleans or nothing.
        plain: bool,
    },
    /// A sequence.
    Sequence(Vec<Node>),
    /// A mapping, in the order written; keys are unique.
    Mapping(Vec<(Key, Node)>),
}

/// A mapping's key and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Key {
    pub(super) range: Range,
    pub(super) text: String,
}

impl Node {
    /// True for `null`, `~` and nothing at all.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null"))
    }

    /// The value under a key of a mapping with few keys; the node itself if there is none, so that a place is near.
    pub(super) fn get(&self, key: &str) -> &Self {
        self.find(key).unwrap_or(self)
    }

    /// The entries of the mapping under a key; none if there is no such key or no mapping.
    pub(super) fn entries_of(&self, key: &str) -> &[(Key, Self)] {
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
    pub(super) fn entries(&self) -> &[(Key, Self)] {
        match &self.value {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// Nodes and octets of text in it.
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

    /// What an alias stands for, at the alias's own place.
    fn clone_at(&self, range: Range) -> Self {
        Self { range, value: self.value.clone() }
    }
}

/// Reads the only document of a text. Faults that leave the rest readable are added to the list.
///
/// # Errors
/// The fault behind which nothing can be read.
pub(super) fn read(text: &[u8], faults: &mut Faults) -> Result<Node, Fault> {
    if text.len() > MAX_OCTETS {
        let most = MAX_OCTETS >> 20;
        return Err(Fault::plain(Range::default(), format!("the scenario has more than {most} MiB")));
    }
    let text = utf8(text)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.simple_key_max_lookahead = MAX_KEY;
    // The parser looks ahead of the nodes it gives; one more than here is allowed is an error in any case.
    options.flow_nesting_limit = MAX_DEPTH + 1;
    options.block_nesting_limit = MAX_DEPTH + 1;
    let mut builder = Builder { faults, open: Vec::new(), root: None, anchors: HashMap::new(), size: Size::default() };
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
                return Err(match indent.contains('\t') {
                    true => fault.hint("indent with spaces; YAML does not take tabs"),
                    false => fault,
                });
            }
        }
    }
    let empty = Fault::plain(Range { line: 1, column: 1, width: 1 }, "the scenario is empty")
        .hint("begin with `version: 1`; `ampls-dns schema` prints what can follow");
    builder.root.ok_or(empty)
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
enum Open {
    Sequence { range: Range, items: Vec<Node>, anchor: usize },
    Mapping { range: Range, entries: Vec<(Key, Node)>, key: Waiting, seen: HashMap<String, u32>, anchor: usize },
}

/// What an open mapping waits for.
enum Waiting {
    /// A key.
    Key,
    /// The value of this key.
    Value(Key),
    /// A value that is left out, because its key is at fault.
    Nothing,
}

struct Builder<'f> {
    faults: &'f mut Faults,
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, (Node, Size)>,
    size: Size,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Fault> {
        let range = range(span);
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                return Err(Fault::plain(range, "a second document begins here, and a scenario is one document")
                    .hint("put each scenario into a file of its own"));
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.count(Size { nodes: 1, octets: text.len() }, range)?;
                if let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) {
                    let message = format!("the tag `{}` means nothing here", shown(&tag.to_string()));
                    self.faults.add(Fault::plain(range, message).hint("remove it"));
                }
                let plain = style == ScalarStyle::Plain;
                self.close(Node { range, value: Value::Scalar { text: text.into_owned(), plain } }, anchor)?;
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open(Open::Sequence { range, items: Vec::new(), anchor }, range)?;
            }
            Event::MappingStart(_, anchor, _) => {
                let (entries, seen) = (Vec::new(), HashMap::new());
                self.open(Open::Mapping { range, entries, key: Waiting::Key, seen, anchor }, range)?;
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::Sequence { range, items, anchor }) => {
                    self.close(Node { range, value: Value::Sequence(items) }, anchor)?;
                }
                Some(Open::Mapping { range, entries, anchor, .. }) => {
                    self.close(Node { range, value: Value::Mapping(entries) }, anchor)?;
                }
                None => {}
            },
            Event::Alias(anchor) => {
                let Some((_, size)) = self.anchors.get(&anchor) else {
                    return Err(Fault::plain(range, "this alias stands within its own anchor").hint("write it out"));
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

    fn open(&mut self, open: Open, range: Range) -> Result<(), Fault> {
        self.count(Size::ONE, range)?;
        if self.open.len() >= MAX_DEPTH {
            return Err(Fault::plain(range, too_deep()));
        }
        self.open.push(open);
        Ok(())
    }

    fn count(&mut self, more: Size, range: Range) -> Result<(), Fault> {
        self.size = self.size.and(more);
        let message = if self.size.nodes > MAX_NODES {
            format!("the scenario has more than {MAX_NODES} nodes, each alias counted as all it stands for")
        } else if self.size.octets > MAX_OCTETS {
            format!("the scenario has more than {} MiB, each alias counted as all it stands for", MAX_OCTETS >> 20)
        } else {
            return Ok(());
        };
        Err(Fault::plain(range, message).hint("write fewer aliases of large anchors"))
    }

    fn close(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
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
                Waiting::Value(own) => entries.push((own, node)),
                Waiting::Nothing => {}
                Waiting::Key => {
                    *key = Waiting::Nothing;
                    let Value::Scalar { text, .. } = node.value else {
                        self.faults.add(Fault::plain(node.range, "a key is a word, not a mapping or list"));
                        return Ok(());
                    };
                    if let Some(before) = seen.insert(text.clone(), node.range.line) {
                        let message = format!("the key `{}` stands here twice", shown(&text));
                        let hint = format!("it stands in line {before} already; put both into one");
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
    format!("mappings and lists stand more than {MAX_DEPTH} deep in one another here")
}

fn range(span: &Span) -> Range {
    let (start, end) = (&span.start, &span.end);
    let width = if start.line() == end.line() { end.col().saturating_sub(start.col()) } else { 1 };
    Range { line: bounded(start.line()), column: bounded(start.col() + 1), width: bounded(width.max(1)) }
}

fn bounded(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
