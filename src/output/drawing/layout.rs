//! Where everything stands.
//!
//! Columns from left to right follow a question: networks that ask through others, networks, the private zones they are
//! linked to, the endpoints that wrote those, the scopes behind them. Lines only run between neighbouring columns, so none
//! crosses a box. Networks with the same links stand in one frame with one line. A [`Plan`] has a place for everything
//! that exists in any step; [`Plan::draw`] fills it with what there is in one.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::estate::{DrawnScope, Endpoint, Estate, Network, Resource, ZoneGroup};
use super::text::fit;
use super::{Condition, TimelineView, Way};
use crate::output::count;

/// A rectangle, in pixels.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Place {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Place {
    fn middle(self) -> f64 {
        self.y + self.height / 2.0
    }

    fn right(self) -> f64 {
        self.x + self.width
    }

    fn bottom(self) -> f64 {
        self.y + self.height
    }
}

/// What kind of thing a box shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Networks with the same links.
    Frame,
    /// A network.
    Network,
    /// The private zones of a resource group.
    Zones,
    /// A private endpoint.
    Endpoint,
    /// A scope.
    DrawnScope,
    /// Resources in no scope.
    Unscoped,
    /// A place that packets come to on their way to an endpoint.
    Stop,
}

impl Kind {
    /// The word for it in classes and names of elements.
    pub fn word(self) -> &'static str {
        match self {
            Self::Frame => "frame",
            Self::Network => "network",
            Self::Zones => "zones",
            Self::Endpoint => "endpoint",
            Self::DrawnScope => "scope",
            Self::Unscoped => "unscoped",
            Self::Stop => "stop",
        }
    }
}

/// A line of text in a box.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// Left end, in pixels.
    pub x: f64,
    /// Base line.
    pub y: f64,
    /// Font size, in pixels.
    pub size: f64,
    /// Bold or not.
    pub bold: bool,
    /// Less important than the rest.
    pub quiet: bool,
    /// A sign before the text, as its shape and its colour say how it does.
    pub mark: Option<Condition>,
    /// The text, as much of it as fits.
    pub text: String,
}

/// A box as it is drawn in one step.
#[derive(Clone, PartialEq, Debug)]
pub struct Shape {
    /// Kind of thing.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Where.
    pub place: Place,
    /// How it does; absent for what was there before and is gone.
    pub standing: Option<Condition>,
    /// What it says.
    pub lines: Vec<Line>,
    /// All of what it says, uncut.
    pub spoken: String,
}

/// A line between two boxes.
#[derive(Clone, PartialEq, Debug)]
pub struct Edge {
    /// Left end.
    pub from: (f64, f64),
    /// Right end.
    pub to: (f64, f64),
    /// True if the arrow points to the left end.
    pub backwards: bool,
    /// How it does.
    pub standing: Condition,
    /// What it says.
    pub spoken: String,
}

/// A drawing of one step.
#[derive(Clone, PartialEq, Debug)]
pub struct Drawing {
    /// Width in pixels.
    pub width: f64,
    /// Height in pixels.
    pub height: f64,
    /// Headings of the columns.
    pub headings: Vec<Line>,
    /// Frames first, then what stands in them and beside them.
    pub shapes: Vec<Shape>,
    /// Lines between them.
    pub edges: Vec<Edge>,
}

const MARGIN: f64 = 16.0;
const PAD: f64 = 10.0;
const GAP: f64 = 14.0;
const GUTTER: f64 = 72.0;
const HEAD: f64 = 34.0;
const ROW: f64 = 17.0;
const NAME: f64 = 13.0;
const BODY: f64 = 11.5;
const SIGN: f64 = 16.0;
/// The most zones, resources and kinds of answers a box lists.
const MOST_ZONES: usize = 8;
const MOST_RESOURCES: usize = 6;
const MOST_ANSWERS: usize = 4;
const MOST_UNSCOPED: usize = 3;
const MOST_WAYS: usize = 12;
/// Width and height of a stop on a way, and of the line to the next.
const STOP: f64 = 176.0;
const STOP_ROW: f64 = 32.0;
const WIRE: f64 = 64.0;
/// Width of a network that is told in full.
const NETWORK: f64 = 288.0;
/// Height of a frame's heading.
const FRAME_HEAD: f64 = 22.0;
/// From this many networks on, each is two lines.
const MANY: usize = 9;

/// An identity in a drawing: kind and name.
type Id = (&'static str, String);

/// The left and the right end of a line.
type Ends = ((f64, f64), (f64, f64));

/// A line between boxes as an estate has it.
struct Tie {
    from: Id,
    to: Id,
    backwards: bool,
    standing: Condition,
    spoken: String,
}

/// Places for everything that exists in any step.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// The estate of each step.
    pub estates: Vec<Estate>,
    width: f64,
    height: f64,
    compact: bool,
    /// True if some network's address space and DNS do not fit into one line.
    wordy: bool,
    /// Networks that share a frame; its place in the list is the frame's name.
    frames: Vec<Vec<String>>,
    places: IndexMap<Id, Place>,
    headings: Vec<(f64, f64, &'static str)>,
    ties: IndexMap<(Id, Id), Ends>,
    /// Where the ways to endpoints begin, below everything else; absent if no step has any.
    ways: Option<f64>,
    /// Where each way that is drawn begins and ends, in the order of their rows: the same row in each step.
    way_rows: Vec<(String, String)>,
}

/// What a network is linked to and forwards to, step by step: those with the same share a frame.
type Signature = Vec<Option<(BTreeSet<(String, String)>, Vec<String>)>>;

impl Plan {
    /// Gives everything in a tale a place.
    pub fn of(tale: &TimelineView) -> Self {
        Self::of_estates((0..tale.steps.len()).map(|index| Estate::at(tale, index)).collect())
    }

    /// Gives everything in these estates a place.
    pub fn of_estates(estates: Vec<Estate>) -> Self {
        let mut plan = Self {
            width: 0.0,
            height: 0.0,
            compact: false,
            wordy: false,
            frames: Vec::new(),
            places: IndexMap::new(),
            headings: Vec::new(),
            ties: IndexMap::new(),
            ways: None,
            way_rows: Vec::new(),
            estates,
        };
        plan.lay_out();
        plan
    }

    fn lay_out(&mut self) {
        let signatures = self.signatures();
        self.compact = signatures.len() >= MANY;
        let room = NETWORK - 2.0 * PAD;
        let long = |one: &Network| super::text::width(&place_and_dns(one), false) * BODY > room;
        self.wordy = self.estates.iter().flat_map(|estate| &estate.networks).any(long);
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
            there().any(|(_, forwards)| !forwards.is_empty()) && there().all(|(links, _)| links.is_empty())
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
            let unique: indexmap::IndexSet<(Id, Id)> = all.map(|tie| (tie.from, tie.to)).collect();
            unique.into_iter().collect()
        };
        let rank = |names: &indexmap::IndexSet<String>, of: &dyn Fn(&str) -> Option<usize>| {
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

        let mut x = MARGIN;
        let frame = |index: usize| ("frame", index.to_string());
        let columns: [(&'static str, Vec<Id>); 5] = [
            ("Networks that ask through others", (0..asking_frames).map(frame).collect()),
            ("Networks: who answers them", (asking_frames..self.frames.len()).map(frame).collect()),
            ("Private DNS zones", groups.iter().map(|name| ("zones", name.clone())).collect()),
            ("Private endpoints", endpoints.iter().map(|name| ("endpoint", name.clone())).collect()),
            (
                "Scopes and their resources",
                // What is in no scope yet stands on top, where lines leave room.
                self.any_unscoped()
                    .then(|| ("unscoped", String::new()))
                    .into_iter()
                    .chain(scopes.iter().map(|name| ("scope", name.clone())))
                    .collect(),
            ),
        ];
        let mut bottom = MARGIN + HEAD;
        for (heading, ids) in columns {
            if ids.is_empty() {
                continue;
            }
            let sizes: Vec<(f64, f64)> = ids.iter().map(|id| self.size(id)).collect();
            let width = sizes.iter().map(|size| size.0).fold(0.0, f64::max);
            self.headings.push((x, width, heading));
            let mut cursor = MARGIN + HEAD;
            for (id, (_, height)) in ids.into_iter().zip(sizes) {
                // As near as the boxes above allow to the middle of what it is tied to in the column before.
                let middles: Vec<f64> = ties
                    .iter()
                    .filter(|(_, to)| *to == id)
                    .filter_map(|(from, _)| self.places.get(from).map(|place| place.middle()))
                    .collect();
                #[expect(clippy::cast_precision_loss, reason = "a handful of neighbours")]
                let wished = middles.iter().sum::<f64>() / middles.len().max(1) as f64 - height / 2.0;
                let y = if middles.is_empty() { cursor } else { cursor.max(wished.round()) };
                self.places.insert(id.clone(), Place { x, y, width, height });
                self.place_networks(&id, Place { x, y, width, height });
                cursor = y + height + GAP;
            }
            bottom = bottom.max(cursor - GAP);
            x += width + GUTTER;
        }
        self.width = (x - GUTTER + MARGIN).max(320.0);
        self.height = bottom + MARGIN;
        self.place_ways();
        self.place_ties(&ties);
    }

    /// Networks in the order they first appear, each with its links in every step.
    fn signatures(&self) -> IndexMap<String, Signature> {
        let networks = self.union(|estate| estate.networks.iter().map(|one| one.name.clone()).collect());
        let of = |name: &String, estate: &Estate| {
            let network = estate.networks.iter().find(|one| one.name == *name)?;
            let links = network.links.iter().map(|link| (link.resource_group.clone(), link.zone.clone()));
            Some((links.collect(), network.forwards_to.clone()))
        };
        let signature = |name: &String| self.estates.iter().map(|estate| of(name, estate)).collect();
        networks.iter().map(|name| (name.clone(), signature(name))).collect()
    }

    fn union(&self, names: impl Fn(&Estate) -> Vec<String>) -> indexmap::IndexSet<String> {
        self.estates.iter().flat_map(names).collect()
    }

    fn any_unscoped(&self) -> bool {
        self.estates.iter().any(|estate| !estate.unscoped.is_empty())
    }

    fn most(&self, of: impl Fn(&Estate) -> usize) -> usize {
        self.estates.iter().map(of).max().unwrap_or(0)
    }

    fn size(&self, (kind, name): &Id) -> (f64, f64) {
        let high = |lines: usize| PAD * 2.0 + rows(lines) - 4.0;
        match *kind {
            "frame" => {
                let networks = self.frames[name.parse::<usize>().unwrap_or(0)].len();
                let across = self.across(networks);
                let (width, height) = self.card();
                let down = networks.div_ceil(across);
                (PAD * 2.0 + extent(across, width, 8.0), PAD * 2.0 + FRAME_HEAD + extent(down, height, 8.0))
            }
            "zones" => {
                let zones = self.zones_of(name).len();
                (316.0, high(2 + 2 * zones.min(MOST_ZONES) + usize::from(zones > MOST_ZONES)) + 6.0)
            }
            "endpoint" => (268.0, high(4)),
            "scope" => {
                let own = |estate: &Estate| {
                    estate.scopes.iter().find(|one| one.name == *name).map_or(0, |one| one.resources.len())
                };
                (264.0, high(2 + listed(self.most(own), MOST_RESOURCES)))
            }
            _ => (264.0, high(1 + listed(self.most(|estate| estate.unscoped.len()), MOST_UNSCOPED))),
        }
    }

    /// How many networks stand side by side in a frame.
    fn across(&self, networks: usize) -> usize {
        match networks {
            _ if !self.compact => 1,
            0..=2 => 1,
            3..=6 => 2,
            7..=24 => 3,
            _ => 4,
        }
    }

    /// Width and height of a network.
    fn card(&self) -> (f64, f64) {
        let kinds = |estate: &Estate| estate.networks.iter().map(|one| one.answers.len()).max().unwrap_or(0);
        if self.compact {
            return (178.0, PAD * 2.0 + rows(2) - 8.0);
        }
        (NETWORK, PAD * 2.0 + rows(2 + usize::from(self.wordy) + listed(self.most(kinds), MOST_ANSWERS)) - 4.0)
    }

    fn place_networks(&mut self, id: &Id, frame: Place) {
        if id.0 != "frame" {
            return;
        }
        let networks = self.frames[id.1.parse::<usize>().unwrap_or(0)].clone();
        let across = self.across(networks.len());
        let (width, height) = self.card();
        for (index, network) in networks.into_iter().enumerate() {
            let place = Place {
                x: frame.x + PAD + extent(index % across, width, 8.0) + if index % across > 0 { 8.0 } else { 0.0 },
                y: frame.y
                    + PAD
                    + FRAME_HEAD
                    + extent(index / across, height, 8.0)
                    + if index / across > 0 { 8.0 } else { 0.0 },
                width,
                height,
            };
            self.places.insert(("network", network), place);
        }
    }

    /// Spreads the ends of lines over the sides of their boxes, in the order of their other ends.
    fn place_ties(&mut self, ties: &[(Id, Id)]) {
        let spread = |id: &Id, other_of: &dyn Fn(&(Id, Id)) -> Option<Id>| -> BTreeMap<Id, f64> {
            let Some(place) = self.places.get(id) else { return BTreeMap::new() };
            let mut others: Vec<Id> = ties.iter().filter_map(other_of).collect();
            others.sort_by(|a, b| {
                let middle = |id: &Id| self.places.get(id).map_or(0.0, |place| place.middle());
                middle(a).total_cmp(&middle(b)).then(a.cmp(b))
            });
            #[expect(clippy::cast_precision_loss, reason = "far fewer lines than 2^52")]
            let step = place.height / (others.len() + 1) as f64;
            let mut at = place.y;
            let next = |other| {
                at += step;
                (other, at)
            };
            others.into_iter().map(next).collect()
        };
        let mut placed = IndexMap::new();
        for (from, to) in ties {
            let (Some(left), Some(right)) = (self.places.get(from), self.places.get(to)) else { continue };
            let leaving = spread(from, &|(one, other)| (one == from).then(|| other.clone()));
            let arriving = spread(to, &|(other, one)| (one == to).then(|| other.clone()));
            let ends = ((left.right(), round(leaving[to])), (right.x, round(arriving[from])));
            placed.insert((from.clone(), to.clone()), ends);
        }
        self.ties = placed;
    }

    /// Zones of a resource group in any step.
    fn zones_of(&self, group: &str) -> indexmap::IndexSet<String> {
        self.union(|estate| {
            let own = estate.groups.iter().filter(|one| one.resource_group == group);
            own.flat_map(|one| one.zones.iter().map(|zone| zone.name.clone())).collect()
        })
    }

    fn frame_of(&self, network: &str) -> Option<usize> {
        self.frames.iter().position(|frame| frame.iter().any(|one| one == network))
    }

    fn ties_at(&self, index: usize) -> Vec<Tie> {
        let estate = &self.estates[index];
        let mut ties: IndexMap<(Id, Id), Tie> = IndexMap::new();
        let mut tie = |tie: Tie| {
            let known = ties.entry((tie.from.clone(), tie.to.clone()));
            let known =
                known.or_insert_with(|| Tie { standing: Condition::Plain, spoken: tie.spoken.clone(), ..copy(&tie) });
            known.standing = known.standing.min(tie.standing);
        };
        let frame = |index: usize| ("frame", index.to_string());
        for network in &estate.networks {
            let Some(own) = self.frame_of(&network.name) else { continue };
            if network.links.is_empty() {
                for other in network.forwards_to.iter().filter_map(|to| self.frame_of(to)) {
                    if other != own {
                        tie(Tie {
                            from: frame(own),
                            to: frame(other),
                            backwards: false,
                            standing: if network.broken > 0 { Condition::Broken } else { Condition::Plain },
                            spoken: "hands questions on".to_owned(),
                        });
                    }
                }
            }
            for link in &network.links {
                tie(Tie {
                    from: frame(own),
                    to: ("zones", link.resource_group.clone()),
                    backwards: false,
                    standing: if network.broken_by.contains(&link.resource_group) {
                        Condition::Broken
                    } else {
                        Condition::Plain
                    },
                    spoken: format!("zones of {} are linked", link.resource_group),
                });
            }
        }
        for endpoint in &estate.endpoints {
            for group in &endpoint.writes_to {
                tie(Tie {
                    from: ("zones", group.clone()),
                    to: ("endpoint", endpoint.name.clone()),
                    backwards: true,
                    standing: endpoint.standing(),
                    spoken: format!("{} writes to {group}: {}", endpoint.name, endpoint.words()),
                });
            }
            tie(Tie {
                from: ("endpoint", endpoint.name.clone()),
                to: ("scope", endpoint.scope.clone()),
                backwards: false,
                standing: if endpoint.connected { Condition::Plain } else { Condition::Broken },
                spoken: format!("{} connects to {}", endpoint.name, endpoint.scope),
            });
        }
        // A line needs a column between none of its ends.
        ties.into_values().filter(|tie| tie.from != tie.to).collect()
    }

    /// Draws the step of that index.
    pub fn draw(&self, index: usize) -> Drawing {
        let estate = &self.estates[index];
        let mut shapes = Vec::new();
        for ((kind, name), place) in &self.places {
            let shape = match *kind {
                "frame" => self.frame(index, name, *place),
                "network" => {
                    let find = |estate: &Estate| estate.networks.iter().find(|one| one.name == *name).cloned();
                    let network = find(estate);
                    self.shape(
                        Kind::Network,
                        name,
                        *place,
                        index,
                        network.as_ref(),
                        |one, pen| self.network(one, pen),
                        find,
                    )
                }
                "zones" => {
                    let find = |estate: &Estate| estate.groups.iter().find(|one| one.resource_group == *name).cloned();
                    let group = find(estate);
                    let zones = self.zones_of(name);
                    self.shape(
                        Kind::Zones,
                        name,
                        *place,
                        index,
                        group.as_ref(),
                        |one, pen| zone_group(one, &zones, pen),
                        find,
                    )
                }
                "endpoint" => {
                    let find = |estate: &Estate| estate.endpoints.iter().find(|one| one.name == *name).cloned();
                    let one = find(estate);
                    self.shape(Kind::Endpoint, name, *place, index, one.as_ref(), endpoint, find)
                }
                "scope" => {
                    let find = |estate: &Estate| estate.scopes.iter().find(|one| one.name == *name).cloned();
                    let one = find(estate);
                    self.shape(Kind::DrawnScope, name, *place, index, one.as_ref(), scope, find)
                }
                _ => {
                    let find = |estate: &Estate| Some(estate.unscoped.clone()).filter(|list| !list.is_empty());
                    let one = find(estate);
                    // What is scoped now is no loss, so an empty box leaves no trace.
                    one.as_ref().and_then(|list| {
                        self.shape(
                            Kind::Unscoped,
                            "in no scope",
                            *place,
                            index,
                            Some(list),
                            |list, pen| unscoped(list, pen),
                            find,
                        )
                    })
                }
            };
            shapes.extend(shape);
        }
        let edges = self.ties_at(index).into_iter().filter_map(|tie| {
            let (from, to) = *self.ties.get(&(tie.from, tie.to))?;
            Some(Edge { from, to, backwards: tie.backwards, standing: tie.standing, spoken: tie.spoken })
        });
        let headings = self.headings.iter().map(|(x, width, text)| Line {
            x: *x,
            y: MARGIN + 12.0,
            size: NAME,
            bold: true,
            quiet: true,
            mark: None,
            text: fit(text, NAME, true, *width + GUTTER - 12.0),
        });
        let mut drawing = Drawing {
            width: self.width,
            height: self.height,
            headings: headings.collect(),
            edges: edges.collect(),
            shapes,
        };
        self.draw_ways(estate, &mut drawing);
        drawing
    }

    /// Leaves room for the ways below the columns: a row each, those that end in any step first.
    fn place_ways(&mut self) {
        let mut worst: IndexMap<(String, String), Condition> = IndexMap::new();
        for (from, way) in self.estates.iter().flat_map(all_ways) {
            let standing = worst.entry((from.to_owned(), way.to.clone())).or_insert(way.standing);
            *standing = way.standing.min(*standing);
        }
        worst.sort_by(|_, one, _, other| one.cmp(other));
        self.way_rows = worst.into_keys().take(MOST_WAYS).collect();
        let most = self.way_rows.len();
        if most == 0 {
            return;
        }
        let shown = self.estates.iter().flat_map(|estate| self.shown_ways(estate));
        let stops = shown.map(|(_, _, way)| way.through.len() + 2).max().unwrap_or(2);
        self.width = self.width.max(MARGIN * 2.0 + extent(stops, STOP, WIRE));
        self.ways = Some(self.height + HEAD - MARGIN);
        self.height += HEAD + extent(most, STOP_ROW, GAP);
    }

    /// The ways of a step that are drawn, each with its row and the network it begins in.
    fn shown_ways<'e>(&self, estate: &'e Estate) -> Vec<(usize, &'e str, &'e Way)> {
        let row = |from: &str, way: &Way| self.way_rows.iter().position(|(own, to)| own == from && *to == way.to);
        all_ways(estate).filter_map(|(from, way)| Some((row(from, way)?, from, way))).collect()
    }

    /// The ways to private endpoints: stop after stop, and a cross where packets end.
    fn draw_ways(&self, estate: &Estate, drawing: &mut Drawing) {
        let Some(top) = self.ways else { return };
        let all = self.shown_ways(estate);
        if all.is_empty() {
            return;
        }
        let more = estate.networks.iter().map(|one| one.ways.len()).sum::<usize>() - all.len();
        let heading = match more {
            0 => "Ways to private endpoints".to_owned(),
            more => format!("Ways to private endpoints, and {more} more"),
        };
        let (size, width) = (NAME, self.width - MARGIN * 2.0);
        drawing.headings.push(Line {
            x: MARGIN,
            y: top - 8.0,
            size,
            bold: true,
            quiet: true,
            mark: None,
            text: fit(&heading, size, true, width),
        });
        for (row, from, way) in all {
            let y = top + extent(row, STOP_ROW, GAP) + if row > 0 { GAP } else { 0.0 };
            let middle = y + STOP_ROW / 2.0;
            let stops = way.through.iter().map(super::way::Stop::words);
            let names: Vec<String> = std::iter::once(from.to_owned()).chain(stops).chain([way.to.clone()]).collect();
            for (at, name) in names.iter().enumerate() {
                let x = MARGIN + extent(at, STOP, WIRE) + if at > 0 { WIRE } else { 0.0 };
                let place = Place { x, y, width: STOP, height: STOP_ROW };
                let mut pen = Pen::new(place);
                pen.name(name, None);
                pen.say(&way.words);
                let is_passed = way.ends_at.is_none_or(|end| at <= end);
                let standing =
                    if is_passed || way.standing != Condition::Broken { Condition::Plain } else { Condition::Broken };
                drawing.shapes.push(Shape {
                    kind: Kind::Stop,
                    name: format!("{from} to {}: {name}", way.to),
                    place,
                    standing: Some(standing),
                    lines: pen.lines,
                    spoken: pen.spoken,
                });
                if at + 1 < names.len() {
                    let standing =
                        if way.ends_at.is_some_and(|end| end <= at) { way.standing } else { Condition::Well };
                    drawing.edges.push(Edge {
                        from: (x + STOP, middle),
                        to: (x + STOP + WIRE, middle),
                        backwards: false,
                        standing,
                        spoken: way.words.clone(),
                    });
                }
            }
        }
    }

    /// A box for what is there; an empty one for what was there before; nothing for what is yet to come.
    #[expect(clippy::too_many_arguments, reason = "one call a kind")]
    fn shape<T>(
        &self,
        kind: Kind,
        name: &str,
        place: Place,
        index: usize,
        there: Option<&T>,
        write: impl Fn(&T, &mut Pen) -> Condition,
        find: impl Fn(&Estate) -> Option<T>,
    ) -> Option<Shape> {
        let mut pen = Pen::new(place);
        let standing = match there {
            Some(one) => Some(write(one, &mut pen)),
            None if self.estates[..index].iter().any(|estate| find(estate).is_some()) => {
                pen.name(name, None);
                pen.quiet("deleted");
                None
            }
            None => return None,
        };
        Some(Shape { kind, name: name.to_owned(), place, standing, lines: pen.lines, spoken: pen.spoken })
    }

    fn frame(&self, index: usize, name: &str, place: Place) -> Option<Shape> {
        let estate = &self.estates[index];
        let members = &self.frames[name.parse::<usize>().ok()?];
        let there: Vec<&Network> = estate.networks.iter().filter(|one| members.contains(&one.name)).collect();
        let first = there.first()?;
        let mut linked: IndexMap<&str, usize> = IndexMap::new();
        for link in &first.links {
            *linked.entry(&link.resource_group).or_default() += 1;
        }
        let each = linked.iter().map(|(group, zones)| {
            let all = estate.groups.iter().find(|one| one.resource_group == *group).map_or(0, |one| one.zones.len());
            match (*zones, all) {
                (1, 1) => format!("the zone of {group}"),
                (zones, all) if zones == all => format!("all {all} zones of {group}"),
                (zones, all) => format!("{zones} of {all} zones of {group}"),
            }
        });
        let each = each.collect::<Vec<_>>().join(", ");
        let what = match (each.is_empty(), first.forwards_to.as_slice()) {
            (false, _) => format!("linked to {each}"),
            (true, []) => "linked to no private zone".to_owned(),
            (true, to) => format!("asking {}", to.join(", ")),
        };
        let mut pen = Pen::new(place);
        pen.quiet(&format!("{} {what}", count(there.len(), "network")));
        Some(Shape {
            kind: Kind::Frame,
            name: name.to_owned(),
            place,
            standing: Some(Condition::Plain),
            lines: pen.lines,
            spoken: pen.spoken,
        })
    }

    fn network(&self, one: &Network, pen: &mut Pen) -> Condition {
        let standing = if one.broken > 0 {
            Condition::Broken
        } else {
            one.answers.iter().map(|answers| answers.standing).min().unwrap_or(Condition::Plain)
        };
        pen.name(&one.name, None);
        if self.compact {
            let mut sums: BTreeMap<Condition, usize> = BTreeMap::new();
            for answers in &one.answers {
                *sums.entry(answers.standing).or_default() += answers.names;
            }
            let word = |standing| match standing {
                Condition::Broken => "broken",
                Condition::Well => "private",
                Condition::Public => "public",
                Condition::Plain => "none",
            };
            let sums = sums.into_iter().map(|(standing, names)| (standing, format!("{names} {}", word(standing))));
            pen.signs(sums.collect());
            pen.say(&one.asks);
            for answers in &one.answers {
                pen.say(&answers.words());
            }
            return standing;
        }
        if self.wordy {
            pen.quiet(&one.address_space.join(" "));
            pen.quiet(&one.asks);
        } else {
            pen.quiet(&place_and_dns(one));
        }
        for way in &one.ways {
            pen.say(&way.words);
        }
        for answers in one.answers.iter().take(kept(one.answers.len(), MOST_ANSWERS)) {
            pen.line(&answers.words(), Some(answers.standing));
        }
        pen.more(one.answers.len(), MOST_ANSWERS, "kind of answer");
        standing
    }
}

/// The ways of a step, each with the network it begins in.
fn all_ways(estate: &Estate) -> impl Iterator<Item = (&str, &Way)> {
    estate.networks.iter().flat_map(|one| one.ways.iter().map(move |way| (one.name.as_str(), way)))
}

fn place_and_dns(one: &Network) -> String {
    format!("{}, {}", one.address_space.join(" "), one.asks)
}

fn copy(tie: &Tie) -> Tie {
    Tie {
        from: tie.from.clone(),
        to: tie.to.clone(),
        backwards: tie.backwards,
        standing: tie.standing,
        spoken: String::new(),
    }
}

fn zone_group(one: &ZoneGroup, all: &indexmap::IndexSet<String>, pen: &mut Pen) -> Condition {
    pen.name(&one.resource_group, None);
    let linked = one.zones.iter().map(|zone| zone.linked_to).max().unwrap_or(0);
    pen.quiet(&format!("{}, linked to {}", count(one.zones.len(), "private zone"), count(linked, "network")));
    pen.gap(6.0);
    let mut standing = Condition::Plain;
    for (index, name) in all.iter().enumerate() {
        let zone = one.zones.iter().find(|zone| zone.name == *name);
        standing = zone.map_or(standing, |zone| standing.min(zone.standing()));
        match zone {
            _ if index >= MOST_ZONES => {}
            Some(zone) => {
                pen.line(&zone.name, None);
                pen.line(&zone.words(), Some(zone.standing()));
            }
            None => pen.gap(ROW * 2.0),
        }
    }
    if all.len() > MOST_ZONES {
        pen.quiet(&format!("and {} more", all.len() - MOST_ZONES));
    }
    standing
}

fn endpoint(one: &Endpoint, pen: &mut Pen) -> Condition {
    pen.name(&one.name, None);
    pen.quiet(&format!("in {}/{}", one.network, one.subnet));
    pen.line(&one.range(), None);
    pen.line(&one.words(), Some(one.standing()));
    one.standing()
}

fn scope(one: &DrawnScope, pen: &mut Pen) -> Condition {
    pen.name(&one.name, None);
    pen.quiet(&format!("ingestion {}, query {}", one.ingestion_access_mode, one.query_access_mode));
    resources(&one.resources, MOST_RESOURCES, pen);
    Condition::Plain
}

fn unscoped(list: &[Resource], pen: &mut Pen) -> Condition {
    pen.name("in no scope", None);
    resources(list, MOST_UNSCOPED, pen);
    Condition::Plain
}

fn resources(list: &[Resource], most: usize, pen: &mut Pen) {
    for one in list.iter().take(kept(list.len(), most)) {
        pen.line(&format!("{} ({}, {})", one.name, one.kind, one.location), None);
    }
    pen.more(list.len(), most, "resource");
}

/// How many of a list are shown: all, or as many as leave a line to say how many more there are.
fn kept(all: usize, most: usize) -> usize {
    if all > most { most - 1 } else { all }
}

/// How many lines a list takes.
fn listed(all: usize, most: usize) -> usize {
    all.min(most)
}

#[expect(clippy::cast_precision_loss, reason = "far fewer lines than 2^52")]
fn rows(lines: usize) -> f64 {
    ROW * lines as f64
}

/// How far `number` boxes reach.
#[expect(clippy::cast_precision_loss, reason = "far fewer boxes than 2^52")]
fn extent(number: usize, size: f64, gap: f64) -> f64 {
    (number as f64 * (size + gap) - gap).max(0.0)
}

fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// Writes the lines of a box from its upper edge down.
struct Pen {
    place: Place,
    y: f64,
    lines: Vec<Line>,
    spoken: String,
}

impl Pen {
    fn new(place: Place) -> Self {
        Self { place, y: place.y + PAD - 4.0, lines: Vec::new(), spoken: String::new() }
    }

    fn name(&mut self, text: &str, mark: Option<Condition>) {
        self.write(text, NAME, true, false, mark);
    }

    fn quiet(&mut self, text: &str) {
        self.write(text, BODY, false, true, None);
    }

    fn line(&mut self, text: &str, mark: Option<Condition>) {
        self.write(text, BODY, false, false, mark);
    }

    fn more(&mut self, all: usize, most: usize, what: &str) {
        if all > most {
            self.quiet(&format!("and {}", count(all - kept(all, most), &format!("more {what}"))));
        }
    }

    fn gap(&mut self, height: f64) {
        self.y += height;
    }

    /// Several signs with a word each, side by side in one line.
    fn signs(&mut self, signs: Vec<(Condition, String)>) {
        self.y += ROW;
        let mut x = self.place.x + PAD;
        let size = BODY - 1.0;
        for (standing, text) in signs {
            let width = SIGN - 2.0 + super::text::width(&text, false) * size;
            if x + width > self.place.right() - 4.0 {
                break;
            }
            let text_x = x + SIGN - 3.0;
            self.lines.push(Line { x: text_x, y: self.y, size, bold: false, quiet: false, mark: Some(standing), text });
            x += width + 9.0;
        }
    }

    /// Says something in the uncut text only.
    fn say(&mut self, text: &str) {
        if !self.spoken.is_empty() {
            self.spoken.push('\n');
        }
        self.spoken.push_str(text);
    }

    fn write(&mut self, text: &str, size: f64, bold: bool, quiet: bool, mark: Option<Condition>) {
        self.y += ROW;
        let x = self.place.x + PAD + if mark.is_some() { SIGN } else { 0.0 };
        let room = self.place.right() - PAD - x;
        self.say(text);
        self.lines.push(Line { x, y: self.y, size, bold, quiet, mark, text: fit(text, size, bold, room) });
    }
}

/// All boxes that must not touch each other: frames, and boxes in no frame.
pub fn outer(drawing: &Drawing) -> impl Iterator<Item = &Shape> {
    drawing.shapes.iter().filter(|shape| shape.kind != Kind::Network)
}

/// True if the two share any point.
pub fn overlap(one: Place, other: Place) -> bool {
    one.x < other.right() && other.x < one.right() && one.y < other.bottom() && other.y < one.bottom()
}
