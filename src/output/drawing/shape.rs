//! What a drawing consists of: boxes with lines of text, and lines between them, each with its place.

use super::Condition;

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
    pub(super) fn middle(self) -> f64 {
        self.y + self.height / 2.0
    }

    pub(super) fn right(self) -> f64 {
        self.x + self.width
    }

    pub(super) fn bottom(self) -> f64 {
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
    /// A network or a device in a row below the boxes: an end of a peering, of a forwarder or of a path, or a hop of one.
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
    /// The text.
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
    /// All of what it says, and what a drawing has no room for.
    pub spoken: String,
}

/// What a line between two boxes means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wire {
    /// A link of a zone, the record sets of an endpoint, or its connection to a scope.
    Tie,
    /// Forwarded DNS queries.
    Forward,
    /// A peering.
    Peering,
    /// Packets.
    Packets,
}

impl Wire {
    /// The word for it in classes.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tie => "tie",
            Self::Forward => "forward",
            Self::Peering => "peering",
            Self::Packets => "packets",
        }
    }
}

/// How a line runs between its ends.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Route {
    /// From left to right, bent once.
    Curve,
    /// To a lane left of the boxes, down in it, and back to the right.
    Lane(f64),
    /// Straight down.
    Down,
}

/// A line between two boxes.
#[derive(Clone, PartialEq, Debug)]
pub struct Edge {
    /// Where it begins.
    pub from: (f64, f64),
    /// Where it ends.
    pub to: (f64, f64),
    /// How it runs.
    pub route: Route,
    /// What it means.
    pub wire: Wire,
    /// True if the arrow points to the beginning.
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
    /// Frames first, then what is in them and beside them.
    pub shapes: Vec<Shape>,
    /// Lines between them.
    pub edges: Vec<Edge>,
    /// Remarks on rows below the boxes.
    pub notes: Vec<Line>,
}

/// The form of a drawing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Columns from left to right.
    Wide,
    /// One column, for narrow screens: everything from top to bottom, with lines at its left side.
    Narrow,
}
