//! A scenario as a drawing: who asks which zones, who wrote into them, and what broke.
//!
//! [`TimelineView`] is a scenario compiled once: every step, and its [`Timeline`]. [`estate`] says in plain facts what there is
//! at a step; [`layout`] gives all of it a place, the same place in every step, so that the eye sees what changes;
//! [`svg`] and [`mermaid`] print it. [`text`] guesses how wide a text is, and never too little.

mod boxes;
pub mod estate;
pub mod layout;
pub mod mermaid;
mod pen;
mod rows;
mod section;
mod shape;
pub mod svg;
pub mod text;
pub mod way;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::civil::Date;

use crate::assess::timeline::{self, Timeline};
use crate::compile::{Compiled, Fold};
use crate::dns::OwnerName;
use crate::estate::history::Step;
use crate::estate::{History, NetworkName};
use crate::scenario::{Allowance, Scenario};

pub use estate::Estate;
pub use way::Way;

/// The most answers (names by networks by steps) of a tale, each of which is explained. Beyond it names about which nothing
/// changes are left out, then the last networks.
pub const MOST_ANSWERS: usize = 40_000;

/// A scenario with every step compiled.
#[derive(Clone, Debug)]
pub struct TimelineView {
    /// What it is called; may be empty.
    pub title: Arc<str>,
    /// Its description; may be empty.
    pub about: Arc<str>,
    /// Where the story is from; may be empty.
    pub source: Arc<str>,
    /// The step that is drawn, as an index of `steps`.
    pub start: usize,
    /// The steps; never empty. Events after the last step of the history are a step without a name.
    pub steps: Vec<Step>,
    /// The estate at the end of each step.
    pub worlds: Vec<Compiled>,
    /// The names in the networks shown.
    pub story: Timeline,
    /// How many networks are left out because the tale would be too large.
    pub left_out: usize,
    /// How many names about which nothing changes are left out for the same reason.
    pub left_out_names: usize,
}

impl TimelineView {
    /// Reads a scenario. `networks` keeps to those named; empty means all.
    pub fn of(scenario: &Scenario, networks: &[NetworkName]) -> Self {
        let mut tale = Self::of_history(&Arc::new(scenario.history.clone()), networks);
        let start = scenario.start.as_deref().and_then(|name| tale.step(name));
        tale.start = start.unwrap_or(tale.steps.len() - 1);
        tale.title = Arc::clone(&scenario.title);
        tale.about = Arc::clone(&scenario.about);
        tale.source = Arc::clone(&scenario.source);
        tale
    }

    /// Reads a history without a title, at its last step.
    pub fn of_history(history: &Arc<History>, networks: &[NetworkName]) -> Self {
        let steps = steps(history);
        let mut fold = Fold::new(history);
        let at_end = |step: &Step| {
            fold.to(step.end);
            fold.compiled()
        };
        let worlds = steps.iter().map(at_end).collect();
        Self::of_worlds(steps, worlds, networks)
    }

    /// Reads steps that are compiled already, one world for each.
    pub fn of_worlds(steps: Vec<Step>, worlds: Vec<Compiled>, networks: &[NetworkName]) -> Self {
        let story = Timeline::of(&steps, &worlds, networks, MOST_ANSWERS);
        let timeline::LeftOut { names: left_out_names, networks: left_out } = story.left_out;
        let nothing: Arc<str> = "".into();
        Self {
            title: Arc::clone(&nothing),
            about: Arc::clone(&nothing),
            source: nothing,
            start: steps.len().saturating_sub(1),
            steps,
            worlds,
            story,
            left_out,
            left_out_names,
        }
    }

    /// Marks the findings that entries of `allow` accept on a day, in every step.
    #[must_use]
    pub fn accept(mut self, entries: &[Allowance], today: Date) -> Self {
        self.story.accept(entries, today);
        self
    }

    /// The index of the step of that name.
    pub fn step(&self, name: &str) -> Option<usize> {
        self.steps.iter().position(|step| &*step.name == name)
    }

    /// The names shown, in the story's order.
    pub fn names(&self) -> Vec<OwnerName> {
        names(&self.story)
    }

    /// The networks shown, in the order declared.
    pub fn networks(&self) -> Vec<NetworkName> {
        let rows = &self.story.rows;
        let first = rows.first().map(|row| &row.name);
        let of_first = rows.iter().take_while(|row| Some(&row.name) == first);
        of_first.map(|row| row.network.clone()).collect()
    }
}

/// The steps of a history. Events after the last one, and a history without any, make a step without a name.
pub fn steps(history: &History) -> Vec<Step> {
    let mut steps = history.steps().to_vec();
    if steps.last().is_none_or(|last| last.end < history.last()) {
        steps.push(Step { name: "".into(), about: "".into(), end: history.last(), date: None });
    }
    steps
}

fn names(story: &Timeline) -> Vec<OwnerName> {
    let mut names: Vec<OwnerName> = story.rows.iter().map(|row| row.name.clone()).collect();
    names.dedup();
    names
}

/// How something does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub enum Condition {
    /// It is broken for at least one network.
    Broken,
    /// It works, by a private address.
    Well,
    /// It is public.
    Public,
    /// There is nothing to say about it.
    Plain,
}

impl Condition {
    /// The word for it in classes of elements.
    pub fn word(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Well => "well",
            Self::Public => "public",
            Self::Plain => "plain",
        }
    }
}
