//! Where everything is.
//!
//! Columns from left to right follow a query: networks that forward to others, networks, the private zones they are linked
//! to, the endpoints that wrote those, and their scopes. Lines only run between neighbouring columns, so none crosses a
//! box. In the narrow form the columns are below each other, and lines run in lanes at the left side. Networks with the
//! same links share one frame with one line. Below the boxes are the rows of `rows.rs`: forwarders, peerings
//! and paths of packets.
//!
//! A [`Plan`] has a place for everything that exists in any step; [`Plan::draw`] fills it with what there is in one. No
//! text is cut: a box is as high as its longest text in any step.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::{IndexMap, IndexSet};

use super::estate::{Estate, Network};
use super::pen::{BODY, NAME, PAD, Pen};
use super::section::Section;
use super::{Condition, TimelineView};

pub use super::shape::{Drawing, Edge, Form, Kind, Line, Place, Route, Shape, Wire};

/// Space around the drawing and between boxes.
pub(super) const GAP: f64 = 14.0;
const GUTTER: f64 = 60.0;
/// Height of a heading.
pub(super) const HEAD: f64 = 34.0;
/// Width of a network that is shown in full.
const NETWORK: f64 = 288.0;
/// Width of a network that is two lines.
const SMALL_NETWORK: f64 = 178.0;
/// Space between networks of a frame.
const BETWEEN: f64 = 8.0;
/// Width of every box in the narrow form.
const NARROW: f64 = 320.0;
/// The distance of two lanes: the most, and the least where there are many.
const LANE: f64 = 9.0;
const CLOSE_LANE: f64 = 2.0;
/// The space that lanes take before they come closer together.
const LANES: f64 = 64.0;
/// From this many networks on, each is two lines.
const MANY: usize = 9;

/// An identity in a drawing: kind and name.
pub(super) type Id = (&'static str, String);

/// Both ends of a line and how it runs.
type Ends = ((f64, f64), (f64, f64), Route);

/// A line between boxes as an estate has it.
struct Tie {
    from: Id,
    to: Id,
    wire: Wire,
    backwards: bool,
    standing: Condition,
    spoken: String,
}

/// Whether a box has something to show in a step.
pub(super) enum Presence {
    /// It is there.
    There(Condition),
    /// It was there before.
    Gone,
    /// It was never there.
    NotYet,
}

/// Places for everything that exists in any step.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// The estate of each step.
    pub estates: Vec<Estate>,
    pub(super) form: Form,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) compact: bool,
    /// Networks that share a frame; its place in the list is the frame's name.
    pub(super) frames: Vec<Vec<String>>,
    places: IndexMap<Id, Place>,
    headings: Vec<Line>,
    ties: IndexMap<(Id, Id), Ends>,
    pub(super) sections: Vec<Section>,
}

/// What a network is linked to, and forwards to with the servers that give no answer, step by step: those with the same share
/// a frame.
type Signature = Vec<Option<(BTreeSet<(String, String)>, [Vec<String>; 2])>>;

impl Plan {
    /// Gives everything in a scenario a place, in columns.
    pub fn of(tale: &TimelineView) -> Self {
        Self::of_estates((0..tale.steps.len()).map(|index| Estate::at(tale, index)).collect(), Form::Wide)
    }

    /// Gives everything in these estates a place.
    pub fn of_estates(estates: Vec<Estate>, form: Form) -> Self {
        let mut plan = Self {
            width: 0.0,
            height: 0.0,
            form,
            compact: false,
            frames: Vec::new(),
            places: IndexMap::new(),
            headings: Vec::new(),
            ties: IndexMap::new(),
            sections: Vec::new(),
            estates,
        };
        plan.lay_out();
        plan
    }

    /// Space around the drawing.
    pub(super) fn margin(&self) -> f64 {
        match self.form {
            Form::Wide => 16.0,
            Form::Narrow => 6.0,
        }
    }

    fn lay_out(&mut self) {
        let signatures = self.signatures();
        self.compact = signatures.len() >= MANY;
        let groups = self.union(|estate| estate.groups.iter().map(|one| one.resource_group.clone()).collect());
        let mut frames: IndexMap<&Signature, Vec<String>> = IndexMap::new();
        for (network, signature) in &signatures {
            frames.entry(signature).or_default().push(network.clone());
        }
        let first_group = |signature: &Signature| {
            let links = signature.iter().flatten().flat_map(|(links, _)| links);
            links.filter_map(|(group, _)| groups.get_index_of(group)).min().unwrap_or(usize::MAX)
        };
        let asks_others = |signature: &Signature| {
            let there = || signature.iter().flatten();
            there().any(|(_, [forwards, _])| !forwards.is_empty()) && there().all(|(links, _)| links.is_empty())
        };
        let mut sorted: Vec<(&Signature, Vec<String>)> = frames.into_iter().collect();
        sorted.sort_by_key(|(signature, _)| first_group(signature));
        let (asking, linked): (Vec<_>, Vec<_>) = sorted.into_iter().partition(|(signature, _)| asks_others(signature));
        let asking_frames = asking.len();
        self.frames = asking.into_iter().chain(linked).map(|(_, networks)| networks).collect();

        let endpoints = self.union(|estate| estate.endpoints.iter().map(|one| one.name.clone()).collect());
        let scopes = self.union(|estate| estate.scopes.iter().map(|one| one.name.clone()).collect());
        let ties: Vec<(Id, Id)> = {
            let all = (0..self.estates.len()).flat_map(|index| self.ties_at(index));
            let unique: IndexSet<(Id, Id)> = all.map(|tie| (tie.from, tie.to)).collect();
            unique.into_iter().collect()
        };
        let rank = |names: &IndexSet<String>, of: &dyn Fn(&str) -> Option<usize>| {
            let mut order: Vec<String> = names.iter().cloned().collect();
            order.sort_by_key(|name| of(name).unwrap_or(usize::MAX));
            order
        };
        let before = |kind: &str, name: &str, order: &dyn Fn(&str) -> Option<usize>| {
            let neighbours = ties.iter().filter(|(_, to)| to.0 == kind && to.1 == name);
            neighbours.filter_map(|(from, _)| order(&from.1)).min()
        };
        let endpoints = rank(&endpoints, &|name| before("endpoint", name, &|group| groups.get_index_of(group)));
        let place_of_endpoint = |name: &str| endpoints.iter().position(|one| one == name);
        let scopes = rank(&scopes, &|name| before("scope", name, &place_of_endpoint));

        let frame = |index: usize| ("frame", index.to_string());
        let columns: [(&'static str, Vec<Id>); 5] = [
            ("Networks that forward to others", (0..asking_frames).map(frame).collect()),
            ("Networks and their DNS servers", (asking_frames..self.frames.len()).map(frame).collect()),
            ("Private DNS zones", groups.iter().map(|name| ("zones", name.clone())).collect()),
            ("Private endpoints", endpoints.iter().map(|name| ("endpoint", name.clone())).collect()),
            (
                "Scopes and their resources",
                // What is in no scope yet is on top, where lines leave room.
                self.any_unscoped()
                    .then(|| ("unscoped", String::new()))
                    .into_iter()
                    .chain(scopes.iter().map(|name| ("scope", name.clone())))
                    .collect(),
            ),
        ];
        match self.form {
            Form::Wide => self.place_columns(columns, &ties),
            Form::Narrow => self.place_bands(columns, &ties),
        }
        self.place_sections();
    }

    /// Columns beside each other.
    fn place_columns(&mut self, columns: [(&'static str, Vec<Id>); 5], ties: &[(Id, Id)]) {
        let mut x = self.margin();
        let top = self.margin() + HEAD;
        let mut bottom = top;
        for (heading, ids) in columns {
            if ids.is_empty() {
                continue;
            }
            let width = ids.iter().map(|id| self.width_of(id)).fold(0.0, f64::max);
            self.head(heading, x, self.margin() + 12.0);
            let mut cursor = top;
            for id in ids {
                let height = self.height_of(&id, width);
                // As near as the boxes above allow to the middle of what it is tied to in the column before.
                let middles: Vec<f64> = ties
                    .iter()
                    .filter(|(_, to)| *to == id)
                    .filter_map(|(from, _)| self.places.get(from).map(|place| place.middle()))
                    .collect();
                #[expect(clippy::cast_precision_loss, reason = "a handful of neighbours")]
                let wished = middles.iter().sum::<f64>() / middles.len().max(1) as f64 - height / 2.0;
                let y = if middles.is_empty() { cursor } else { cursor.max(wished.round()) };
                self.place(&id, Place { x, y, width, height });
                cursor = y + height + GAP;
            }
            bottom = bottom.max(cursor - GAP);
            x += width + GUTTER;
        }
        self.width = (x - GUTTER + self.margin()).max(320.0);
        self.height = bottom + self.margin();
        self.place_ties(ties);
    }

    /// Columns below each other, with lanes for lines at the left side.
    fn place_bands(&mut self, columns: [(&'static str, Vec<Id>); 5], ties: &[(Id, Id)]) {
        let margin = self.margin();
        let mut cursor = margin;
        for (heading, ids) in columns {
            if ids.is_empty() {
                continue;
            }
            self.head(heading, margin, cursor + 12.0);
            cursor += 22.0;
            for id in ids {
                let height = self.height_of(&id, NARROW);
                self.place(&id, Place { x: margin, y: cursor, width: NARROW, height });
                cursor += height + GAP;
            }
            cursor += GAP;
        }
        self.height = cursor;
        let lanes = self.place_lanes(ties);
        for place in self.places.values_mut() {
            place.x += lanes;
        }
        for heading in &mut self.headings {
            heading.x += lanes;
        }
        self.width = margin * 2.0 + lanes + NARROW;
    }

    fn head(&mut self, text: &str, x: f64, y: f64) {
        let text = text.to_owned();
        self.headings.push(Line { x, y, size: NAME, bold: true, quiet: true, mark: None, text });
    }

    /// Networks in the order they first appear, each with its links in every step.
    fn signatures(&self) -> IndexMap<String, Signature> {
        let networks = self.union(|estate| estate.networks.iter().map(|one| one.name.clone()).collect());
        let of = |name: &String, estate: &Estate| {
            let network = estate.networks.iter().find(|one| one.name == *name)?;
            let links = network.links.iter().map(|link| (link.resource_group.clone(), link.zone.clone()));
            Some((links.collect(), [network.forwards_to.clone(), network.unanswered_by.clone()]))
        };
        let signature = |name: &String| self.estates.iter().map(|estate| of(name, estate)).collect();
        networks.iter().map(|name| (name.clone(), signature(name))).collect()
    }

    pub(super) fn union(&self, names: impl Fn(&Estate) -> Vec<String>) -> IndexSet<String> {
        self.estates.iter().flat_map(names).collect()
    }

    fn any_unscoped(&self) -> bool {
        self.estates.iter().any(|estate| !estate.unscoped.is_empty())
    }

    fn width_of(&self, (kind, name): &Id) -> f64 {
        match *kind {
            "frame" => {
                let networks = self.frames[name.parse::<usize>().unwrap_or(0)].len();
                let width = if self.compact { SMALL_NETWORK } else { NETWORK };
                PAD * 2.0 + extent(self.across(networks), width, BETWEEN)
            }
            "zones" => 316.0,
            "endpoint" => 268.0,
            _ => 264.0,
        }
    }

    /// The height of a box of this width: that of its highest step.
    fn height_of(&self, id: &Id, width: f64) -> f64 {
        let own = (0..self.estates.len()).map(|index| {
            let mut pen = Pen::new(Place { width, ..Place::default() });
            match self.write(id, index, &mut pen) {
                Presence::NotYet => 0.0,
                _ => pen.height(),
            }
        });
        let own = own.fold(0.0, f64::max);
        if id.0 != "frame" {
            return own;
        }
        own + self.cards(&id.1, Place { width, ..Place::default() }).last().map_or(0.0, |(_, last)| last.bottom() + PAD)
    }

    /// How many networks are side by side in a frame.
    fn across(&self, networks: usize) -> usize {
        match (self.form, networks) {
            _ if !self.compact => 1,
            (Form::Narrow, _) => 2,
            (Form::Wide, 0..=2) => 1,
            (Form::Wide, 3..=6) => 2,
            (Form::Wide, 7..=24) => 3,
            (Form::Wide, _) => 4,
        }
    }

    /// The networks of a frame, in rows below `top`, which is below the frame's heading.
    fn cards(&self, frame: &str, top: Place) -> Vec<(String, Place)> {
        let networks = &self.frames[frame.parse::<usize>().unwrap_or(0)];
        let across = self.across(networks.len());
        #[expect(clippy::cast_precision_loss, reason = "at most four")]
        let width = (top.width - PAD * 2.0 - BETWEEN * (across - 1) as f64) / across as f64;
        let mut cards = Vec::with_capacity(networks.len());
        let mut y = top.y;
        for row in networks.chunks(across) {
            let ids: Vec<Id> = row.iter().map(|name| ("network", name.clone())).collect();
            let height = ids.iter().map(|id| self.height_of(id, width)).fold(0.0, f64::max);
            for (at, (_, name)) in ids.into_iter().enumerate() {
                let x = top.x + PAD + extent(at, width, BETWEEN) + if at > 0 { BETWEEN } else { 0.0 };
                cards.push((name, Place { x, y, width, height }));
            }
            y += height + BETWEEN;
        }
        cards
    }

    fn place(&mut self, id: &Id, place: Place) {
        self.places.insert(id.clone(), place);
        if id.0 != "frame" {
            return;
        }
        let below = self
            .cards(&id.1, Place { width: place.width, ..Place::default() })
            .last()
            .map_or(0.0, |(_, last)| last.bottom());
        // What is left above the cards is the heading.
        let top = place.bottom() - PAD - below;
        for (network, card) in self.cards(&id.1, Place { y: top, ..place }) {
            self.places.insert(("network", network), card);
        }
    }

    /// Spreads the ends of lines over a side of their boxes, in the order of their other ends.
    fn spread(&self, ties: &[(Id, Id)], id: &Id, leaving: bool) -> BTreeMap<Id, f64> {
        let Some(place) = self.places.get(id) else { return BTreeMap::new() };
        let other = |(from, to): &(Id, Id)| match leaving {
            true => (from == id).then(|| to.clone()),
            false => (to == id).then(|| from.clone()),
        };
        let mut others: Vec<Id> = ties.iter().filter_map(other).collect();
        others.sort_by(|a, b| {
            let middle = |id: &Id| self.places.get(id).map_or(0.0, |place| place.middle());
            middle(a).total_cmp(&middle(b)).then(a.cmp(b))
        });
        // In the narrow form both kinds of ends share a side: what comes from above is in its upper half.
        let (top, height) = match (self.form, leaving) {
            (Form::Wide, _) => (place.y, place.height),
            (Form::Narrow, false) => (place.y, place.height / 2.0),
            (Form::Narrow, true) => (place.middle(), place.height / 2.0),
        };
        #[expect(clippy::cast_precision_loss, reason = "far fewer lines than 2^52")]
        let step = height / (others.len() + 1) as f64;
        let mut at = top;
        let next = |other| {
            at += step;
            (other, round(at))
        };
        others.into_iter().map(next).collect()
    }

    fn place_ties(&mut self, ties: &[(Id, Id)]) {
        let mut placed = IndexMap::new();
        for (from, to) in ties {
            let (Some(left), Some(right)) = (self.places.get(from), self.places.get(to)) else { continue };
            let (y1, y2) = (self.spread(ties, from, true)[to], self.spread(ties, to, false)[from]);
            placed.insert((from.clone(), to.clone()), ((left.right(), y1), (right.x, y2), Route::Curve));
        }
        self.ties = placed;
    }

    /// Gives each line a lane in which no other one overlaps it, the shortest nearest to the boxes, and says how wide the
    /// lanes are together.
    fn place_lanes(&mut self, ties: &[(Id, Id)]) -> f64 {
        let mut spans: Vec<(&(Id, Id), f64, f64)> = Vec::new();
        for tie in ties {
            if self.places.contains_key(&tie.0) && self.places.contains_key(&tie.1) {
                let (y1, y2) = (self.spread(ties, &tie.0, true)[&tie.1], self.spread(ties, &tie.1, false)[&tie.0]);
                spans.push((tie, y1, y2));
            }
        }
        spans.sort_by(|a, b| (a.2 - a.1).abs().total_cmp(&(b.2 - b.1).abs()));
        let mut lanes: Vec<Vec<(f64, f64)>> = Vec::new();
        let mut chosen = Vec::with_capacity(spans.len());
        for (tie, y1, y2) in spans {
            let (top, bottom) = (y1.min(y2) - 4.0, y1.max(y2) + 4.0);
            let is_free = |lane: &Vec<(f64, f64)>| lane.iter().all(|(a, b)| bottom < *a || *b < top);
            let lane = lanes.iter().position(is_free).unwrap_or_else(|| {
                lanes.push(Vec::new());
                lanes.len() - 1
            });
            lanes[lane].push((top, bottom));
            chosen.push((tie.clone(), y1, y2, lane));
        }
        #[expect(clippy::cast_precision_loss, reason = "far fewer lanes than 2^52")]
        let distance = (LANES / lanes.len().max(1) as f64).clamp(CLOSE_LANE, LANE);
        let width = if lanes.is_empty() { 0.0 } else { extent(lanes.len(), distance, 0.0) + 12.0 };
        let left = self.margin() + width;
        let ends = chosen.into_iter().map(|(tie, y1, y2, lane)| {
            let x = left - 12.0 - extent(lane, distance, 0.0);
            (tie, ((left, y1), (left, y2), Route::Lane(x)))
        });
        self.ties = ends.collect();
        width
    }

    fn frame_of(&self, network: &str) -> Option<usize> {
        self.frames.iter().position(|frame| frame.iter().any(|one| one == network))
    }

    fn ties_at(&self, index: usize) -> Vec<Tie> {
        let estate = &self.estates[index];
        let mut ties: IndexMap<(Id, Id), Tie> = IndexMap::new();
        let mut tie = |tie: Tie| {
            let standing = tie.standing;
            let known = ties.entry((tie.from.clone(), tie.to.clone())).or_insert(tie);
            known.standing = known.standing.min(standing);
        };
        let frame = |index: usize| ("frame", index.to_string());
        let broken = |is_broken: bool| if is_broken { Condition::Broken } else { Condition::Plain };
        for network in &estate.networks {
            let Some(own) = self.frame_of(&network.name) else { continue };
            if network.links.is_empty() {
                for (to, other) in network.forwards_to.iter().filter_map(|to| Some((to, self.frame_of(to)?))) {
                    tie(Tie {
                        from: frame(own),
                        to: frame(other),
                        wire: Wire::Forward,
                        backwards: false,
                        standing: broken(network.unanswered_by.contains(to)),
                        spoken: "forwards queries".to_owned(),
                    });
                }
            }
            for link in &network.links {
                tie(Tie {
                    from: frame(own),
                    to: ("zones", link.resource_group.clone()),
                    wire: Wire::Tie,
                    backwards: false,
                    standing: broken(network.broken_by.contains(&link.resource_group)),
                    spoken: format!("zones of {} are linked", link.resource_group),
                });
            }
        }
        for endpoint in &estate.endpoints {
            for group in &endpoint.writes_to {
                tie(Tie {
                    from: ("zones", group.clone()),
                    to: ("endpoint", endpoint.name.clone()),
                    wire: Wire::Tie,
                    backwards: true,
                    standing: endpoint.standing(),
                    spoken: format!("{} writes to {group}: {}", endpoint.name, endpoint.words()),
                });
            }
            tie(Tie {
                from: ("endpoint", endpoint.name.clone()),
                to: ("scope", endpoint.scope.clone()),
                wire: Wire::Tie,
                backwards: false,
                standing: broken(!endpoint.connected),
                spoken: format!("{} connects to {}", endpoint.name, endpoint.scope),
            });
        }
        // A line needs a column between none of its ends.
        ties.into_values().filter(|tie| tie.from != tie.to).collect()
    }

    /// Draws the step of that index.
    pub fn draw(&self, index: usize) -> Drawing {
        let mut shapes = Vec::new();
        for (id, place) in &self.places {
            let mut pen = Pen::new(*place);
            let standing = match self.write(id, index, &mut pen) {
                Presence::There(standing) => Some(standing),
                Presence::Gone => None,
                Presence::NotYet => continue,
            };
            let (kind, name) = match (id.0, id.1.as_str()) {
                ("frame", name) => (Kind::Frame, name),
                ("network", name) => (Kind::Network, name),
                ("zones", name) => (Kind::Zones, name),
                ("endpoint", name) => (Kind::Endpoint, name),
                ("scope", name) => (Kind::DrawnScope, name),
                _ => (Kind::Unscoped, "in no scope"),
            };
            let (lines, spoken) = pen.written();
            shapes.push(Shape { kind, name: name.to_owned(), place: *place, standing, lines, spoken });
        }
        let edges = self.ties_at(index).into_iter().filter_map(|tie| {
            let (from, to, route) = *self.ties.get(&(tie.from, tie.to))?;
            let (wire, backwards, standing, spoken) = (tie.wire, tie.backwards, tie.standing, tie.spoken);
            Some(Edge { from, to, route, wire, backwards, standing, spoken })
        });
        let mut drawing = Drawing {
            width: self.width,
            height: self.height,
            headings: self.headings.clone(),
            edges: edges.collect(),
            shapes,
            notes: Vec::new(),
        };
        self.draw_sections(index, &mut drawing);
        drawing
    }
}

/// True if a network's address space and DNS fit into one line of this width.
pub(super) fn is_short(one: &Network, room: f64) -> bool {
    super::text::width(&place_and_dns(one), false) * BODY <= room
}

/// A network's address space and how its clients ask DNS.
pub(super) fn place_and_dns(one: &Network) -> String {
    format!("{}, {}", one.address_space.join(" "), one.asks)
}

/// How far `number` boxes reach.
#[expect(clippy::cast_precision_loss, reason = "far fewer boxes than 2^52")]
pub(super) fn extent(number: usize, size: f64, gap: f64) -> f64 {
    (number as f64 * (size + gap) - gap).max(0.0)
}

fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// All boxes that must not touch each other: frames, and boxes in no frame.
pub fn outer(drawing: &Drawing) -> impl Iterator<Item = &Shape> {
    drawing.shapes.iter().filter(|shape| shape.kind != Kind::Network)
}

/// True if the two share any point.
pub fn overlap(one: Place, other: Place) -> bool {
    one.x < other.right() && other.x < one.right() && one.y < other.bottom() && other.y < one.bottom()
}
