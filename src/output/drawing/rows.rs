//! What is below the boxes, a row each: forwarders of DNS queries, peerings, and the paths that packets take to private
//! endpoints, hop after hop, with a cross where they stop and the reason below.
//!
//! A row keeps its place from step to step.

use indexmap::{IndexMap, IndexSet};

use super::Condition;
use super::estate::{Estate, Network};
use super::layout::{Drawing, Edge, Form, GAP, HEAD, Kind, Line, Place, Plan, Route, Shape, Wire, extent};
use super::pen::{NAME, Pen};
use super::section::{Key, Section};
use super::way::{Stop, Way};
use crate::output::count;

/// The most rows of a section.
const MOST_ROWS: usize = 12;
/// From this many networks on, a box says how many they are.
const MANY: usize = 7;
/// Space between sections beside each other.
const BESIDE: f64 = 72.0;

/// The networks that one forwards to, those that give no answer, and how its clients ask DNS.
type Forwards<'e> = (&'e [String], &'e [String], &'e str);

/// A row in one step.
struct Row {
    wire: Wire,
    /// The first box.
    from: Label,
    /// What follows: one after the other for a path, else all beside the first.
    to: Vec<(Label, Condition)>,
    /// Where a path ends: before the box of this index in `to`.
    ends_at: Option<usize>,
    is_path: bool,
    remark: Option<(Condition, String)>,
}

/// What a box of a row says.
struct Label {
    text: String,
    spoken: String,
}

impl Label {
    fn of(text: impl ToString) -> Self {
        Self { text: text.to_string(), spoken: text.to_string() }
    }

    /// The networks, or how many they are.
    fn networks(names: &[String]) -> Self {
        let spoken = names.join("\n");
        let text = if names.len() < MANY { names.join(", ") } else { count(names.len(), "network") };
        Self { text, spoken }
    }
}

impl Plan {
    /// Gives the rows a place below everything else.
    pub(super) fn place_sections(&mut self) {
        let (mut x, mut top, mut bottom) = (self.margin(), self.height + HEAD - self.margin(), self.height);
        for (heading, mut keys) in [
            ("DNS forwarders", self.forwarders()),
            ("Peerings", self.peerings()),
            ("Paths of packets to private endpoints", self.paths()),
        ] {
            let more = keys.len().saturating_sub(MOST_ROWS);
            keys.truncate(MOST_ROWS);
            if keys.is_empty() {
                continue;
            }
            let width = self.width_of_rows(&keys);
            if x > self.margin() && x + width + self.margin() > self.width {
                (x, top) = (self.margin(), bottom + HEAD);
            }
            let mut y = top;
            let mut rows = Vec::with_capacity(keys.len());
            for key in keys {
                let height = self.height_of_row(&key, width);
                rows.push((key, y));
                y += height + GAP;
            }
            self.sections.push(Section {
                heading,
                place: Place { x, y: top, width, height: y - GAP - top },
                rows,
                more,
            });
            bottom = bottom.max(y - GAP);
            self.width = self.width.max(x + width + self.margin());
            x += width + BESIDE;
        }
        if !self.sections.is_empty() {
            self.height = bottom + self.margin();
        }
    }

    /// Draws the rows of a step.
    pub(super) fn draw_sections(&self, index: usize, drawing: &mut Drawing) {
        let estate = &self.estates[index];
        for section in &self.sections {
            let rows: Vec<_> = section.rows.iter().filter_map(|(key, y)| Some((row(estate, key)?, key, *y))).collect();
            if rows.is_empty() {
                continue;
            }
            let text = match section.more {
                0 => section.heading.to_owned(),
                more => format!("{}, and {more} more", section.heading),
            };
            let (x, y) = (section.place.x, section.place.y - 8.0);
            drawing.headings.push(Line { x, y, size: NAME, bold: true, quiet: true, mark: None, text });
            for (row, key, y) in rows {
                self.draw_row(&row, key, Place { y, ..section.place }, drawing);
            }
        }
    }

    /// Networks that forward queries in any step, those that do so alike together.
    fn forwarders(&self) -> Vec<Key> {
        let names = self.union(|estate| {
            let forwarding = estate.networks.iter().filter(|one| !one.forwards_to.is_empty());
            forwarding.map(|one| one.name.clone()).collect()
        });
        let mut alike: IndexMap<Vec<Option<Forwards<'_>>>, Vec<String>> = IndexMap::new();
        for name in names {
            let forwards = |estate| {
                let one = network(estate, &name)?;
                Some((one.forwards_to.as_slice(), one.unanswered_by.as_slice(), one.asks.as_str()))
            };
            alike.entry(self.estates.iter().map(forwards).collect()).or_default().push(name);
        }
        alike.into_values().map(Key::Forwarding).collect()
    }

    /// Peerings of any step: each is drawn once, from the network that has the most of those that are not drawn yet.
    fn peerings(&self) -> Vec<Key> {
        let mut open: IndexSet<(String, String)> = IndexSet::new();
        for one in self.estates.iter().flat_map(|estate| &estate.networks) {
            for other in &one.peered {
                let known = open.contains(&(other.clone(), one.name.clone()));
                if !known {
                    open.insert((one.name.clone(), other.clone()));
                }
            }
        }
        let mut keys = Vec::new();
        while !open.is_empty() {
            let mut counts: IndexMap<&String, usize> = IndexMap::new();
            for (one, other) in &open {
                *counts.entry(one).or_default() += 1;
                *counts.entry(other).or_default() += 1;
            }
            let most = counts.values().copied().max().unwrap_or(0);
            let hub =
                counts.into_iter().find(|(_, own)| *own == most).map(|(name, _)| name.clone()).unwrap_or_default();
            let (own, rest): (Vec<_>, Vec<_>) = open.into_iter().partition(|(one, other)| *one == hub || *other == hub);
            let peers = own.into_iter().map(|(one, other)| if one == hub { other } else { one });
            keys.push(Key::Peering(hub.clone(), peers.collect()));
            open = rest.into_iter().collect();
        }
        keys
    }

    /// Paths of any step that are more than a peering, those that end in any step first.
    fn paths(&self) -> Vec<Key> {
        let mut worst: IndexMap<Key, Condition> = IndexMap::new();
        for one in self.estates.iter().flat_map(|estate| &estate.networks) {
            for way in &one.ways {
                let standing = worst.entry(Key::Path(one.name.clone(), way.to.clone())).or_insert(way.standing);
                *standing = way.standing.min(*standing);
            }
        }
        worst.sort_by(|_, one, _, other| one.cmp(other));
        worst.into_keys().collect()
    }

    /// Width of a box of a row, and of the line to the next one.
    fn hop(&self) -> (f64, f64) {
        match self.form {
            Form::Wide => (176.0, 64.0),
            Form::Narrow => (140.0, 40.0),
        }
    }

    fn width_of_rows(&self, keys: &[Key]) -> f64 {
        let (hop, wire) = self.hop();
        let rows = self.estates.iter().flat_map(|estate| keys.iter().filter_map(|key| row(estate, key)));
        let most = rows.map(|row| if row.is_path { row.to.len() + 1 } else { 2 }).max().unwrap_or(2);
        let widest = match self.form {
            Form::Wide => f64::INFINITY,
            Form::Narrow => self.width - self.margin() * 2.0,
        };
        extent(most, hop, wire).max(extent(2, hop, wire)).min(widest.max(extent(2, hop, wire)))
    }

    /// The height of a row: that of its highest step.
    fn height_of_row(&self, key: &Key, width: f64) -> f64 {
        let heights = self.estates.iter().filter_map(|estate| row(estate, key)).map(|row| {
            let mut drawing = Drawing {
                width,
                height: 0.0,
                headings: Vec::new(),
                shapes: Vec::new(),
                edges: Vec::new(),
                notes: Vec::new(),
            };
            self.draw_row(&row, key, Place { width, ..Place::default() }, &mut drawing)
        });
        heights.fold(0.0, f64::max)
    }

    /// Draws a row from the upper edge of `place`, and says how high it is.
    fn draw_row(&self, row: &Row, key: &Key, place: Place, drawing: &mut Drawing) -> f64 {
        let bottom = if row.is_path {
            self.draw_path(row, key, place, drawing)
        } else {
            self.draw_fan(row, key, place, drawing)
        };
        let Some((standing, text)) = &row.remark else { return bottom - place.y };
        // A remark has no box: its text begins where boxes do.
        let mut pen = Pen::new(Place { x: place.x - 8.0, y: bottom - 8.0, width: place.width + 16.0, height: 0.0 });
        match standing {
            Condition::Broken => pen.line(text, Some(Condition::Broken)),
            _ => pen.quiet(text),
        }
        let end = pen.at() + 4.0;
        drawing.notes.extend(pen.written().0);
        end - place.y
    }

    /// Boxes one after the other, or one below the other where they do not fit.
    fn draw_path(&self, row: &Row, key: &Key, place: Place, drawing: &mut Drawing) -> f64 {
        let (hop, wire) = self.hop();
        let labels: Vec<&Label> = std::iter::once(&row.from).chain(row.to.iter().map(|(label, _)| label)).collect();
        let fits = extent(labels.len(), hop, wire) <= place.width;
        let height = labels.iter().map(|label| height_of(label, hop)).fold(0.0, f64::max);
        let mut before: Option<Place> = None;
        for (at, label) in labels.iter().enumerate() {
            let own = match before {
                None => Place { width: hop, height, ..place },
                Some(before) if fits => Place { x: before.x + hop + wire, ..before },
                Some(before) => Place { y: before.y + height + 26.0, ..before },
            };
            let is_passed = row.ends_at.is_none_or(|end| at <= end);
            let worst = row.to.iter().map(|(_, standing)| *standing).min().unwrap_or(Condition::Plain);
            let standing = if is_passed || worst != Condition::Broken { Condition::Plain } else { Condition::Broken };
            self.draw_box(label, key, own, standing, row, drawing);
            if let Some(before) = before {
                let standing = row.to[at - 1].1;
                let (from, to, route) = if fits {
                    ((before.right(), before.middle()), (own.x, own.middle()), Route::Curve)
                } else {
                    let x = own.x + hop / 2.0;
                    ((x, before.bottom()), (x, own.y), Route::Down)
                };
                let spoken = row.remark.as_ref().map_or_else(String::new, |(_, words)| words.clone());
                drawing.edges.push(Edge { from, to, route, wire: row.wire, backwards: false, standing, spoken });
            }
            before = Some(own);
        }
        before.map_or(place.y, |last| last.bottom())
    }

    /// A box with a line to each of several others.
    fn draw_fan(&self, row: &Row, key: &Key, place: Place, drawing: &mut Drawing) -> f64 {
        let (hop, wire) = self.hop();
        let mut y = place.y;
        let mut others = Vec::with_capacity(row.to.len());
        for (label, standing) in &row.to {
            let own = Place { x: place.x + hop + wire, y, width: hop, height: height_of(label, hop) };
            others.push((own, label, *standing));
            y = own.bottom() + 6.0;
        }
        let bottom = y - 6.0;
        let height = height_of(&row.from, hop);
        let from = Place { x: place.x, y: ((place.y + bottom - height) / 2.0).max(place.y), width: hop, height };
        self.draw_box(&row.from, key, from, Condition::Plain, row, drawing);
        for (own, label, standing) in others {
            self.draw_box(label, key, own, Condition::Plain, row, drawing);
            drawing.edges.push(Edge {
                from: (from.right(), from.middle()),
                to: (own.x, own.middle()),
                route: Route::Curve,
                wire: row.wire,
                backwards: false,
                standing,
                spoken: match row.wire {
                    Wire::Peering => format!("{} is peered with {}", row.from.text, label.text),
                    _ => format!("{} forwards queries to {}", row.from.text, label.text),
                },
            });
        }
        bottom.max(from.bottom())
    }

    fn draw_box(&self, label: &Label, key: &Key, place: Place, standing: Condition, row: &Row, drawing: &mut Drawing) {
        let mut pen = Pen::new(place);
        pen.name(&label.text);
        if label.spoken != label.text {
            pen.say(&label.spoken);
        }
        if let Some((_, words)) = &row.remark {
            pen.say(words);
        }
        let about = match key {
            Key::Forwarding(names) => format!("forwarding of {}", names.join(", ")),
            Key::Peering(hub, _) => format!("peerings of {hub}"),
            Key::Path(from, to) => format!("{from} to {to}"),
        };
        let (lines, spoken) = pen.written();
        let name = format!("{about}: {}", label.text);
        drawing.shapes.push(Shape { kind: Kind::Stop, name, place, standing: Some(standing), lines, spoken });
    }
}

fn height_of(label: &Label, width: f64) -> f64 {
    let mut pen = Pen::new(Place { width, ..Place::default() });
    pen.name(&label.text);
    pen.height()
}

fn network<'e>(estate: &'e Estate, name: &str) -> Option<&'e Network> {
    estate.networks.iter().find(|one| one.name == name)
}

/// A row as it is in a step; absent if there is nothing to draw.
fn row(estate: &Estate, key: &Key) -> Option<Row> {
    match key {
        Key::Forwarding(names) => {
            let there: Vec<&Network> = names.iter().filter_map(|name| network(estate, name)).collect();
            let first = there.first().filter(|one| !one.forwards_to.is_empty())?;
            let standing = |to: &String| match first.unanswered_by.contains(to) {
                true => Condition::Broken,
                false => Condition::Plain,
            };
            let names: Vec<String> = there.iter().map(|one| one.name.clone()).collect();
            Some(Row {
                wire: Wire::Forward,
                from: Label::networks(&names),
                to: first.forwards_to.iter().map(|to| (Label::of(to), standing(to))).collect(),
                ends_at: None,
                is_path: false,
                remark: Some((Condition::Plain, first.asks.clone())),
            })
        }
        Key::Peering(hub, peers) => {
            let own = network(estate, hub);
            let is_peered = |other: &&String| match own {
                Some(own) => own.peered.contains(*other),
                None => network(estate, other).is_some_and(|one| one.peered.contains(hub)),
            };
            let there: Vec<String> = peers.iter().filter(is_peered).cloned().collect();
            let to = match there.len() {
                0 => return None,
                1..MANY => there.iter().map(|one| (Label::of(one), Condition::Plain)).collect(),
                _ => vec![(Label::networks(&there), Condition::Plain)],
            };
            Some(Row { wire: Wire::Peering, from: Label::of(hub), to, ends_at: None, is_path: false, remark: None })
        }
        Key::Path(from, to) => {
            let way = network(estate, from)?.ways.iter().find(|way| way.to == *to)?;
            Some(path(from, way))
        }
    }
}

fn path(from: &str, way: &Way) -> Row {
    let names: Vec<String> = way.through.iter().map(Stop::words).chain([way.to.clone()]).collect();
    let standing = |at: usize| match way.ends_at {
        Some(end) if at == end => way.standing,
        // Packets never get here.
        Some(end) if at > end => Condition::Plain,
        _ => Condition::Well,
    };
    Row {
        wire: Wire::Packets,
        from: Label::of(from),
        to: names.into_iter().enumerate().map(|(at, name)| (Label::of(name), standing(at))).collect(),
        ends_at: way.ends_at,
        is_path: true,
        remark: Some((way.standing, way.words.clone())),
    }
}
