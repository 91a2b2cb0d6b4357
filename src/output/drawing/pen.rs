//! Writes the lines of a box from its upper edge down.

use super::Condition;
use super::shape::{Line, Place};
use super::text::{broken, width};
use crate::output::count;

/// Space between the edge of a box and its text.
pub(super) const PAD: f64 = 10.0;
/// Height of a line.
pub(super) const ROW: f64 = 17.0;
/// Font size of names.
pub(super) const NAME: f64 = 13.0;
/// Font size of everything else.
pub(super) const BODY: f64 = 11.5;
const SIGN: f64 = 16.0;

/// A box that is being written.
pub(super) struct Pen {
    place: Place,
    y: f64,
    lines: Vec<Line>,
    spoken: String,
}

impl Pen {
    pub(super) fn new(place: Place) -> Self {
        Self { place, y: place.y + PAD - 4.0, lines: Vec::new(), spoken: String::new() }
    }

    /// How high a box must be for what was written.
    pub(super) fn height(&self) -> f64 {
        self.y - self.place.y + PAD
    }

    /// The lines, and all that is said.
    pub(super) fn written(self) -> (Vec<Line>, String) {
        (self.lines, self.spoken)
    }

    pub(super) fn name(&mut self, text: &str) {
        self.write(text, NAME, true, false, None);
    }

    pub(super) fn quiet(&mut self, text: &str) {
        self.write(text, BODY, false, true, None);
    }

    pub(super) fn line(&mut self, text: &str, mark: Option<Condition>) {
        self.write(text, BODY, false, false, mark);
    }

    /// Says how many of a list were left out, if any were.
    pub(super) fn more(&mut self, all: usize, most: usize, what: &str) {
        if all > most {
            self.quiet(&format!("and {}", count(all - kept(all, most), &format!("more {what}"))));
        }
    }

    pub(super) fn gap(&mut self, height: f64) {
        self.y += height;
    }

    /// The width of the box.
    pub(super) fn width(&self) -> f64 {
        self.place.width
    }

    /// The width of a line without a sign.
    pub(super) fn room(&self) -> f64 {
        self.place.width - 2.0 * PAD
    }

    /// Where the next line begins.
    pub(super) fn at(&self) -> f64 {
        self.y
    }

    /// Continues at this height.
    pub(super) fn move_to(&mut self, y: f64) {
        self.y = y;
    }

    /// Several signs with a word each, side by side as far as they fit.
    pub(super) fn signs(&mut self, signs: Vec<(Condition, String)>) {
        self.y += ROW;
        let left = self.place.x + PAD;
        let mut x = left;
        let size = BODY - 1.0;
        for (standing, text) in signs {
            let width = SIGN - 2.0 + width(&text, false) * size;
            if x > left && x + width > self.place.x + self.place.width - 4.0 {
                self.y += ROW;
                x = left;
            }
            let text_x = x + SIGN - 3.0;
            self.lines.push(Line { x: text_x, y: self.y, size, bold: false, quiet: false, mark: Some(standing), text });
            x += width + 9.0;
        }
    }

    /// Says something that the box has no line for.
    pub(super) fn say(&mut self, text: &str) {
        if !self.spoken.is_empty() {
            self.spoken.push('\n');
        }
        self.spoken.push_str(text);
    }

    fn write(&mut self, text: &str, size: f64, bold: bool, quiet: bool, mark: Option<Condition>) {
        let x = self.place.x + PAD + if mark.is_some() { SIGN } else { 0.0 };
        let room = self.place.x + self.place.width - PAD - x;
        self.say(text);
        let mut mark = mark;
        let is_trouble = mark == Some(Condition::Broken);
        for text in broken(text, size, bold || is_trouble, room) {
            self.y += ROW;
            self.lines.push(Line { x, y: self.y, size, bold, quiet, mark: mark.take(), text });
        }
    }
}

/// How many of a list are shown: all, or as many as leave a line to say how many more there are.
pub(super) fn kept(all: usize, most: usize) -> usize {
    if all > most { most - 1 } else { all }
}
