//! Text to a tree of nodes with their places. JSON is read the same way: it is YAML.
//!
//! What a file can cost is bounded before anything is built: its size, its depth, and how many nodes there are once
//! aliases are put in place of their anchors. A hostile file is an error, not a memory problem.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, Span};

use super::error::Fault;

/// The most octets a scenario may have.
pub const MAX_OCTETS: usize = 64 << 20;
/// How deep mappings and sequences may stand in one another.
pub const MAX_DEPTH: usize = 64;
/// The most nodes a scenario may have, each alias counted as all that it stands for.
pub const MAX_NODES: usize = 8_000_000;

/// Where a node stands: line from 1, column from 1 in characters, and how many characters it has on that line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Range {
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
    /// Characters; at least 1.
    pub width: u32,
}

/// A node and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// Its place.
    pub range: Range,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// A scalar. Only plain ones can be numbers, booleans or null.
    Scalar {
        /// Its text.
        text: String,
        /// True if it was written without quotes.
        plain: bool,
    },
    /// A sequence.
    Sequence(Vec<Node>),
    /// A mapping, in the order written; keys are unique.
    Mapping(Vec<(Key, Node)>),
}

/// A mapping's key and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    /// Its place.
    pub range: Range,
    /// Its text.
    pub text: String,
}

impl Node {
    /// True for `null`, `~` and nothing at all.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null"))
    }

    /// The node at a path of keys and indexes; the nearest one above it where the path leads nowhere.
    pub fn at(&self, path: &[Segment]) -> &Self {
        let mut node = self;
        for segment in path {
            let next = match (&node.value, segment) {
                (Value::Mapping(entries), Segment::Key(key)) => {
                    entries.iter().find(|(own, _)| own.text == *key).map(|(_, value)| value)
                }
                (Value::Sequence(items), Segment::Index(index)) => items.get(*index),
                _ => None,
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        node
    }

    /// The place of the last key of a path, where it leads to one.
    pub fn key_at(&self, path: &[Segment]) -> Option<Range> {
        let (Segment::Key(last), above) = path.split_last()? else { return None };
        match &self.at(above).value {
            Value::Mapping(entries) => entries.iter().find(|(own, _)| own.text == *last).map(|(key, _)| key.range),
            _ => None,
        }
    }
}

/// A step of a path into a tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Segment {
    /// Into a mapping.
    Key(String),
    /// Into a sequence.
    Index(usize),
}

/// Reads the only document of a text.
///
/// # Errors
/// One fault: what cannot be parsed cannot be looked at further.
pub fn read(text: &[u8]) -> Result<Node, Fault> {
    if text.len() > MAX_OCTETS {
        let most = MAX_OCTETS >> 20;
        return Err(Fault::plain(Range::default(), format!("the scenario has more than {most} MiB")));
    }
    let text = std::str::from_utf8(text).map_err(|error| {
        let before = &text[..error.valid_up_to()];
        let line = before.iter().filter(|octet| **octet == b'\n').count() + 1;
        let start = before.iter().rposition(|octet| *octet == b'\n').map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
        let range = Range { line: bounded(line), column: bounded(column), width: 1 };
        Fault::plain(range, "the scenario is not UTF-8").hint("save the file as UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => builder.take(event, &span)?,
            Err(error) => {
                let marker = error.marker();
                let range = Range { line: bounded(marker.line()), column: bounded(marker.col() + 1), width: 1 };
                // The parser looks ahead, and has a bound of its own for that.
                return Err(match error.info().as_str() {
                    "recursion limit exceeded" => Fault::plain(range, too_deep()),
                    what => Fault::plain(range, format!("this is no YAML: {what}")),
                });
            }
        }
    }
    builder.root.ok_or_else(|| {
        Fault::plain(Range { line: 1, column: 1, width: 1 }, "the scenario is empty")
            .hint("begin with `version: 1`; `ampls-dns schema` prints what can follow")
    })
}

/// An open mapping or sequence.
enum Open {
    Sequence { range: Range, items: Vec<Node>, anchor: usize },
    Mapping { range: Range, entries: Vec<(Key, Node)>, key: Option<Key>, seen: HashMap<String, Range>, anchor: usize },
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Fault> {
        let range = range(span);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(
                        Fault::plain(range, "a scenario is one document").hint("remove everything from this `---` on")
                    );
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1, range)?;
                if let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) {
                    return Err(Fault::plain(range, format!("the tag `{tag}` means nothing here")).hint("remove it"));
                }
                let plain = style == ScalarStyle::Plain;
                let node = Node { range, value: Value::Scalar { text: text.into_owned(), plain } };
                self.close(node, anchor)?;
            }
            Event::SequenceStart(_, anchor, _) => {
                self.push(Open::Sequence { range, items: Vec::new(), anchor }, range)?
            }
            Event::MappingStart(_, anchor, _) => {
                let open = Open::Mapping { range, entries: Vec::new(), key: None, seen: HashMap::new(), anchor };
                self.push(open, range)?;
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
                let Some((node, size)) = self.anchors.get(&anchor).map(|(node, size)| (node.clone_at(range), *size))
                else {
                    return Err(Fault::plain(range, "this alias stands within its own anchor").hint("write it out"));
                };
                self.count(size, range)?;
                self.close(node, 0)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn push(&mut self, open: Open, range: Range) -> Result<(), Fault> {
        self.count(1, range)?;
        if self.open.len() >= MAX_DEPTH {
            return Err(Fault::plain(range, too_deep()));
        }
        self.open.push(open);
        Ok(())
    }

    fn count(&mut self, more: usize, range: Range) -> Result<(), Fault> {
        self.nodes = self.nodes.saturating_add(more);
        if self.nodes > MAX_NODES {
            let what = format!("the scenario has more than {MAX_NODES} nodes, aliases counted as what they stand for");
            return Err(Fault::plain(range, what).hint("write fewer aliases of large anchors"));
        }
        Ok(())
    }

    fn close(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        if anchor > 0 {
            let size = node.size();
            // The anchor's own copy is held besides what it is put into.
            self.count(size, node.range)?;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::Sequence { items, .. }) => items.push(node),
            Some(Open::Mapping { entries, key, seen, .. }) => match key.take() {
                Some(own) => entries.push((own, node)),
                None => {
                    let Value::Scalar { text, .. } = node.value else {
                        return Err(Fault::plain(node.range, "a key must be a plain word"));
                    };
                    if let Some(before) = seen.insert(text.clone(), node.range) {
                        return Err(Fault::plain(node.range, format!("the key `{text}` stands here twice"))
                            .hint(format!("it stands in line {} already; put both into one", before.line)));
                    }
                    *key = Some(Key { range: node.range, text });
                }
            },
        }
        Ok(())
    }
}

impl Node {
    fn size(&self) -> usize {
        1 + match &self.value {
            Value::Scalar { .. } => 0,
            Value::Sequence(items) => items.iter().map(Self::size).sum(),
            Value::Mapping(entries) => entries.iter().map(|(_, value)| 1 + value.size()).sum(),
        }
    }

    /// What an alias stands for, at the alias's own place.
    fn clone_at(&self, range: Range) -> Self {
        Self { range, value: self.value.clone() }
    }
}

fn too_deep() -> String {
    format!("mappings and sequences stand more than {MAX_DEPTH} deep in one another")
}

fn range(span: &Span) -> Range {
    let (start, end) = (&span.start, &span.end);
    let width = if start.line() == end.line() { end.col().saturating_sub(start.col()) } else { 1 };
    Range { line: bounded(start.line()), column: bounded(start.col() + 1), width: bounded(width.max(1)) }
}

fn bounded(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
