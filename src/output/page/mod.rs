//! The value the page draws: a whole scenario, every step of it, as one JSON document.
//!
//! It holds per step the estate, its drawing, what is wrong, and for each name in each network the answer and the
//! explanation, exactly as `explain NAME --from NETWORK --at STEP` prints it. All of that is very repetitive, so what
//! occurs more than once is in a pool and is referred to by its index; lines of explanations have marks in the place
//! of the name, the network and the step, so that networks that see the same share them.
//!
//! [`html`] puts the value into the page.

pub mod html;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use serde::Serialize;

use super::drawing::layout::{Form, Plan};
use super::drawing::{Estate, TimelineView, estate, svg};
use super::findings::{self, FindingDocument};
use super::story::{CellDocument, plain_cell, standing_word};
use super::{answer, explanation};
use crate::assess::{Cell, Standing};
use crate::catalogue::EndpointKind;
use crate::compile::{Compiled, ViewId, member};
use crate::dns::OwnerName;
use crate::resolve::explain::Chosen;
use crate::resolve::{decide_addresses, explain};

/// A whole scenario, as the page draws it.
#[derive(Clone, PartialEq, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// The form of this document: 1.
    pub version: u32,
    /// Who made it, such as `ampls-dns 0.1.0`.
    pub generator: String,
    /// What the scenario is called; may be empty.
    pub title: String,
    /// Its description; may be empty.
    pub about: String,
    /// Where the story is from; may be empty.
    pub source: String,
    /// What `--scenario` was given; absent where it is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// The step to look at first, as an index of `steps`.
    pub start: usize,
    /// How many networks are left out because the page would be too large.
    pub left_out: usize,
    /// How many names about which nothing changes are left out for the same reason.
    pub left_out_names: usize,
    /// The steps in order.
    pub steps: Vec<Step>,
    /// Networks of the table, in the order declared.
    pub networks: Vec<String>,
    /// Names of the table: shared ones first, then regional ones, then those of resources.
    pub names: Vec<Name>,
    /// For each name and network, in that order: an index of `cells` and one of `explanations` for each step, one after
    /// the other; -1 twice where the network is not there.
    pub rows: Vec<Vec<i32>>,
    /// What a network can get for a name.
    pub cells: Vec<PageCell>,
    /// Explanations: indexes of `lines`.
    pub explanations: Vec<Vec<u32>>,
    /// Lines of explanations, with marks.
    pub lines: Vec<String>,
    /// The marks in `lines`: what represents the name, the network and the step.
    pub marks: [char; 3],
    /// Findings.
    pub findings: Vec<FindingDocument>,
    /// What the estates consist of.
    pub parts: Parts,
    /// The drawings.
    pub drawing: Drawing,
    /// The same in one column, for narrow screens.
    pub narrow: Drawing,
}

/// One step.
#[derive(Clone, PartialEq, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Its name; empty for events after the last step.
    pub name: String,
    /// One sentence about it; may be empty.
    pub about: String,
    /// The revision it ends at.
    pub revision: u32,
    /// `2 errors, 1 warning`.
    pub summary: String,
    /// What is wrong when it is over: indexes of `findings`.
    pub findings: Vec<u32>,
    /// How many answers are others than in the step before.
    pub changed: usize,
    /// How many names are broken, each counted once in each network.
    pub broken: usize,
    /// What there is: indexes of `parts`.
    pub estate: EstateIndex,
    /// Its drawing: indexes of `drawing.pieces`.
    pub drawing: Vec<u32>,
    /// The same in one column: indexes of `narrow.pieces`.
    pub narrow: Vec<u32>,
}

/// An estate by its parts.
#[derive(Clone, PartialEq, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct EstateIndex {
    /// Its networks.
    pub networks: Vec<u32>,
    /// Its zones by resource group.
    pub zones: Vec<u32>,
    /// Its private endpoints.
    pub endpoints: Vec<u32>,
    /// Its scopes.
    pub scopes: Vec<u32>,
    /// Its resources in no scope.
    pub unscoped: Vec<estate::Resource>,
}

/// Everything the estates of all steps consist of, each thing once for each form it has.
#[derive(Clone, PartialEq, Serialize, Debug, Default)]
#[serde(rename_all = "camelCase")]
pub struct Parts {
    /// Networks and who answers them.
    pub networks: Vec<estate::Network>,
    /// Private zones by resource group, with their record sets and writers.
    pub zones: Vec<estate::ZoneGroup>,
    /// Private endpoints with their addresses.
    pub endpoints: Vec<estate::Endpoint>,
    /// Scopes with their resources.
    pub scopes: Vec<estate::DrawnScope>,
}

/// The drawings of all steps.
#[derive(Clone, PartialEq, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Drawing {
    /// Width in pixels, the same in every step.
    pub width: f64,
    /// Height in pixels, the same in every step.
    pub height: f64,
    /// Pieces of SVG.
    pub pieces: Vec<String>,
}

/// A name of the table.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Name {
    /// The public name.
    pub name: String,
    /// `shared`, `regional` or `resource`.
    pub kind: &'static str,
    /// The resources it belongs to; empty for shared names.
    pub resources: Vec<String>,
    /// What it is for.
    pub meaning: String,
}

/// What a network gets for a name.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct PageCell {
    /// The cell as `story --format json` has it.
    #[serde(flatten)]
    pub cell: CellDocument,
    /// True if the name is meant to work in the network and does not.
    pub broken: bool,
}

impl Page {
    /// Makes the value of a tale.
    pub fn of(tale: &TimelineView) -> Self {
        let names = tale.names();
        let networks = tale.networks();
        let labels = name_labels(tale);
        let mut order: Vec<usize> = (0..names.len()).collect();
        let rank = |kind| ["shared", "regional", "resource"].iter().position(|one| *one == kind);
        order.sort_by_key(|at| rank(labels[&names[*at]].0));

        let marks = unused(tale);
        let mut texts = Texts { marks, lines: Pool::default(), explanations: Pool::default() };
        let mut cells = Pool::default();
        let mut rows = Vec::with_capacity(order.len() * networks.len());
        let (mut changed, mut broken) = (vec![0; tale.steps.len()], vec![0; tale.steps.len()]);
        for at in &order {
            for (column, network) in networks.iter().enumerate() {
                let row = &tale.story.rows[at * networks.len() + column];
                let mut indexes = Vec::with_capacity(tale.steps.len() * 2);
                for (index, world) in tale.worlds.iter().enumerate() {
                    let view = world.views.of_network(network.as_str());
                    let (Some(cell), Some(view)) = (&row.cells[index], view) else {
                        indexes.extend([-1, -1]);
                        continue;
                    };
                    let assessment = &tale.story.steps[index].assessment;
                    let standing = assessment.standing(network, &row.name);
                    let is_broken = standing == Some(Standing::Broken);
                    changed[index] += usize::from(index > 0 && row.cells[index] != row.cells[index - 1]);
                    broken[index] += usize::from(is_broken);
                    indexes.push(signed(cells.index(page_cell(cell, standing))));
                    indexes.push(signed(texts.explain(world, view, &row.name)));
                }
                rows.push(indexes);
            }
        }

        let plan = Plan::of(tale);
        let mut parts = PartPools::default();
        let tall = Plan::of_estates(plan.estates.clone(), Form::Narrow);
        let mut found = Pool::default();
        let (mut drawing, mut narrow) = (Drawn::default(), Drawn::default());
        let mut steps = Vec::with_capacity(tale.steps.len());
        for (index, (step, chapter)) in tale.steps.iter().zip(&tale.story.steps).enumerate() {
            steps.push(Step {
                name: step.name.to_string(),
                about: step.about.to_string(),
                revision: step.end.0,
                summary: findings::summary(&chapter.assessment.findings),
                findings: chapter.assessment.findings.iter().map(|one| found.index(findings::document(one))).collect(),
                changed: changed[index],
                broken: broken[index],
                estate: parts.index(&plan.estates[index]),
                drawing: drawing.add(&plan, index),
                narrow: narrow.add(&tall, index),
            });
        }
        let name = |at: &usize| {
            let (kind, resources, meaning) = &labels[&names[*at]];
            Name {
                name: names[*at].to_string(),
                kind,
                resources: resources.iter().cloned().collect(),
                meaning: meaning.clone(),
            }
        };
        Self {
            version: 1,
            generator: concat!("ampls-dns ", env!("CARGO_PKG_VERSION")).to_owned(),
            title: tale.title.to_string(),
            about: tale.about.to_string(),
            source: tale.source.to_string(),
            scenario: None,
            start: tale.start,
            left_out: tale.left_out,
            left_out_names: tale.left_out_names,
            steps,
            networks: networks.iter().map(ToString::to_string).collect(),
            names: order.iter().map(name).collect(),
            rows,
            cells: cells.list,
            explanations: texts.explanations.list,
            lines: texts.lines.list,
            marks,
            findings: found.list,
            parts: parts.parts(),
            drawing: drawing.finish(),
            narrow: narrow.finish(),
        }
    }

    /// The explanation of a name in a network at a step, all by their places in this document; absent where the network
    /// is not there.
    pub fn explanation(&self, name: usize, network: usize, step: usize) -> Option<String> {
        let index = *self.rows[name * self.networks.len() + network].get(step * 2 + 1)?;
        let lines = &self.explanations[usize::try_from(index).ok()?];
        let values = [&self.names[name].name, &self.networks[network], &self.steps[step].name];
        let mut text = String::new();
        for line in lines {
            for character in self.lines[*line as usize].chars() {
                match self.marks.iter().position(|mark| *mark == character) {
                    Some(value) => text.push_str(values[value]),
                    None => text.push(character),
                }
            }
            text.push('\n');
        }
        Some(text)
    }
}

/// What `explain` prints for a name in a view.
pub fn explained(world: &Compiled, view: ViewId, name: &OwnerName) -> String {
    let question = decide_addresses(world, view, name).question;
    explanation::text(&explain(world, view, Chosen::Named, &question), &answer::answered(world, view, &question))
}

fn page_cell(cell: &Cell, standing: Option<Standing>) -> PageCell {
    let cell = CellDocument { standing: standing.map(standing_word), ..plain_cell(cell) };
    PageCell { cell, broken: standing == Some(Standing::Broken) }
}

fn signed(index: u32) -> i32 {
    i32::try_from(index).expect("MOST_ANSWERS bounds the pools")
}

/// Kind, resources and meaning of each name.
type Labels = HashMap<OwnerName, (&'static str, BTreeSet<String>, String)>;

fn name_labels(tale: &TimelineView) -> Labels {
    let mut labels = Labels::new();
    let mut add = |world: &Compiled, member: &member::Member, resource: Option<&str>| {
        let row = member.endpoint_row(&world.state.catalogue);
        let kind = match row.map(|row| row.kind) {
            Some(EndpointKind::Global) => "shared",
            Some(EndpointKind::Regional) => "regional",
            Some(EndpointKind::Workspace | EndpointKind::DataCollectionEndpoint) | None => "resource",
        };
        let meaning = row.map_or_else(|| "a name of another service".to_owned(), |row| row.meaning.to_string());
        let label = labels.entry(member.public.clone());
        let label = label.or_insert_with(|| (kind, BTreeSet::new(), meaning));
        label.1.extend(resource.map(str::to_owned));
    };
    for world in &tale.worlds {
        let state = &world.state;
        for (name, resource) in state.resources.iter() {
            for member in member::of_resource(&state.catalogue, &resource.spec, None) {
                add(world, &member, Some(name.as_str()));
            }
        }
        for one in state.endpoints.values().flat_map(|endpoint| &endpoint.members) {
            add(world, &one.member, None);
        }
        for member in member::base(&state.catalogue, None) {
            add(world, &member, None);
        }
    }
    // The host of Azure Resource Manager is not a name of Azure Monitor: resources are queried through it.
    for name in tale.names() {
        let meaning = || "queries through Azure Resource Manager, never private".to_owned();
        labels.entry(name).or_insert_with(|| ("resource", BTreeSet::new(), meaning()));
    }
    labels
}

/// Three characters of the private use area that no text of the tale has.
fn unused(tale: &TimelineView) -> [char; 3] {
    let mut used: BTreeSet<char> = BTreeSet::new();
    // All texts of explanations come from names of the estate and its steps, or from the program itself.
    for world in &tale.worlds {
        let state = &world.state;
        let networks = state.networks.keys().map(|name| name.as_str());
        let endpoints = state.endpoints.values().map(|one| &one.spec);
        let targets = endpoints.clone().filter_map(|one| one.target.scope()).map(|scope| scope.as_str());
        let endpoints = endpoints.map(|one| one.name.as_str()).chain(targets);
        let others = state.zones.keys().map(|id| &*id.resource_group);
        let rulesets = state.rulesets.keys().map(|name| name.as_str());
        used.extend(networks.chain(endpoints).chain(others).chain(rulesets).flat_map(str::chars));
        used.extend(state.inbound.keys().flat_map(|name| name.as_str().chars()));
        used.extend(state.resources.keys().flat_map(|name| name.as_str().chars()));
        used.extend(
            state
                .zones
                .values()
                .flat_map(|zone| zone.zone.tombstones())
                .flat_map(|(name, _)| name.to_string().chars().collect::<Vec<_>>()),
        );
    }
    used.extend(tale.steps.iter().flat_map(|step| step.name.chars()));
    let mut free = ('\u{e000}'..='\u{f8ff}').filter(|mark| !used.contains(mark));
    // Scenarios are bounded far below the 6400 characters of this area in names of their own; where one has them all,
    // control characters, which no name can have, serve.
    let mut next = |instead| free.next().unwrap_or(instead);
    [next('\u{1}'), next('\u{2}'), next('\u{3}')]
}

/// The pools of explanations.
struct Texts {
    marks: [char; 3],
    lines: Pool<String>,
    explanations: Pool<Vec<u32>>,
}

impl Texts {
    fn explain(&mut self, world: &Compiled, view: ViewId, name: &OwnerName) -> u32 {
        let text = explained(world, view, name);
        let step = world.history.step_of(world.revision()).map(|step| step.name.to_string());
        let name = name.to_string();
        let network = world.views.get(view).label().to_owned();
        let mut lines = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let mut marked =
                line.replace(&name, &self.marks[0].to_string()).replace(&network, &self.marks[1].to_string());
            // Only the heading says the step it is about; other lines name the step something was written in.
            if let Some(step) = step.as_ref().filter(|step| at == 0 && !step.is_empty()) {
                marked = marked.replace(step.as_str(), &self.marks[2].to_string());
            }
            lines.push(self.lines.index(marked));
        }
        self.explanations.index(lines)
    }
}

/// Drawings of one form.
#[derive(Default)]
struct Drawn {
    size: (f64, f64),
    pieces: Pool<String>,
}

impl Drawn {
    fn add(&mut self, plan: &Plan, index: usize) -> Vec<u32> {
        let drawing = plan.draw(index);
        self.size = (drawing.width, drawing.height);
        svg::pieces(&drawing).into_iter().map(|piece| self.pieces.index(piece)).collect()
    }

    fn finish(self) -> Drawing {
        Drawing { width: self.size.0, height: self.size.1, pieces: self.pieces.list }
    }
}

#[derive(Default)]
struct PartPools {
    networks: Pool<estate::Network>,
    zones: Pool<estate::ZoneGroup>,
    endpoints: Pool<estate::Endpoint>,
    scopes: Pool<estate::DrawnScope>,
}

impl PartPools {
    fn index(&mut self, estate: &Estate) -> EstateIndex {
        EstateIndex {
            networks: self.networks.all(&estate.networks),
            zones: self.zones.all(&estate.groups),
            endpoints: self.endpoints.all(&estate.endpoints),
            scopes: self.scopes.all(&estate.scopes),
            unscoped: estate.unscoped.clone(),
        }
    }

    fn parts(self) -> Parts {
        Parts {
            networks: self.networks.list,
            zones: self.zones.list,
            endpoints: self.endpoints.list,
            scopes: self.scopes.list,
        }
    }
}

/// Values in the order they first came, each once.
struct Pool<T> {
    list: Vec<T>,
    known: HashMap<T, u32>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { list: Vec::new(), known: HashMap::new() }
    }
}

impl<T: Clone + Eq + Hash> Pool<T> {
    fn index(&mut self, value: T) -> u32 {
        let next = u32::try_from(self.list.len()).expect("MOST_ANSWERS bounds the pools");
        let index = *self.known.entry(value.clone()).or_insert(next);
        if index == next {
            self.list.push(value);
        }
        index
    }

    fn all(&mut self, values: &[T]) -> Vec<u32> {
        values.iter().map(|value| self.index(value.clone())).collect()
    }
}
