//! The history: events in the order they happened. It only grows.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use jiff::civil::Date;

use super::{Cloud, Event, PublicZone};

/// The state after the n-th event; 0 is the empty estate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Revision(pub u32);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Where something was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// File name as given by the user; `<stdin>` or the scenario's name where there is no file.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// An event, and when and where it was stated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recorded {
    /// What happened.
    pub event: Event,
    /// When; undated events follow the newest rules.
    pub date: Option<Date>,
    /// Where it was written, if it was.
    pub place: Option<Place>,
}

/// A named stretch of the history.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Its name, unique in the history.
    pub name: Arc<str>,
    /// One sentence for people; may be empty.
    pub about: Arc<str>,
    /// The state when the step is over.
    pub end: Revision,
    /// The date of a step without events; the others have it in their events.
    pub date: Option<Date>,
}

/// All events of an estate in order, with the steps they belong to.
///
/// Events before [`History::declared`] are declarations: what exists from the start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct History {
    /// The cloud the estate is in.
    pub cloud: Cloud,
    /// Switches where Azure's behaviour is uncertain, see [`Switches`].
    pub switches: Switches,
    /// Zones of public DNS besides those of the catalogue, there from the start.
    pub public: Vec<Arc<PublicZone>>,
    events: Vec<Recorded>,
    declared: Revision,
    steps: Vec<Step>,
}

/// What to assume where Azure's behaviour is undocumented. Defaults match the reports there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Switches {
    /// Which record sets go when a private endpoint is deleted.
    pub deletion: Deletion,
    /// When workspace names carry the `privatelink` hop in public DNS.
    pub workspace_hop: WorkspaceHop,
    /// What an endpoint writes when a resource is scoped later.
    pub append: Append,
    /// Which limits hold.
    pub limits: Limits,
    /// Whether names of resources exist that the estate does not declare.
    pub undeclared: Undeclared,
    /// Whether names carry the `privatelink` hop on which it was never observed.
    pub uncertain_hop: UncertainHop,
    /// What Azure's resolver does with the aliases in an answer that a ruleset's target gave.
    pub ruleset_chain: RulesetChain,
}

/// Which record sets go when a private endpoint is deleted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Deletion {
    /// Those with its names, regardless of who wrote them last (MicrosoftDocs/azure-docs issues 122192 and 58044).
    #[default]
    DeleteByName,
    /// Those it wrote last itself.
    DeleteIfOwner,
}

/// When workspace names carry the `privatelink` hop in public DNS.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum WorkspaceHop {
    /// While the workspace is in some scope.
    #[default]
    Scoped,
    /// Always.
    Always,
}

/// What an endpoint writes when a resource is scoped later.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Append {
    /// The resource's own record sets.
    #[default]
    OwnOnly,
    /// All record sets of the endpoint again.
    RewriteAll,
}

/// Whether names of resources exist that the estate does not declare: other teams' workspaces and endpoints.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Undeclared {
    /// They do, publicly, if they have the form of such names and are not nearly a declared one.
    #[default]
    Public,
    /// They do not: NXDOMAIN.
    NameError,
}

/// Whether names carry the `privatelink` hop on which it was never observed, such as `{region}.handler.control`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum UncertainHop {
    /// They do not. Of the names in a public list 16 come with their form with `privatelink`, and none of these
    /// (mypdns/matrix issue 543).
    #[default]
    Never,
    /// They do, so that a linked zone answers NXDOMAIN for them.
    Always,
}

/// What Azure's resolver does with the aliases in an answer that a ruleset's target gave.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RulesetChain {
    /// The answer is whole: a zone linked for an alias's target is not asked (MicrosoftDocs/azure-docs issue 100273).
    #[default]
    Stands,
    /// Each alias's target is decided anew.
    Restarts,
}

/// Which limits hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Limits {
    /// Those of general availability on the event's date.
    #[default]
    General,
    /// The preview figures (ampls-limitations).
    Preview,
}

impl History {
    /// A history without events.
    pub fn new(cloud: Cloud) -> Self {
        Self {
            cloud,
            switches: Switches::default(),
            public: Vec::new(),
            events: Vec::new(),
            declared: Revision(0),
            steps: Vec::new(),
        }
    }

    /// Adds an event; it makes the returned revision.
    pub fn push(&mut self, recorded: Recorded) -> Revision {
        self.events.push(recorded);
        self.last()
    }

    /// Says that the events so far are declarations: what exists from the start.
    pub fn end_declarations(&mut self) {
        self.declared = self.last();
    }

    /// The events that are declarations.
    pub fn declarations(&self) -> &[Recorded] {
        &self.events[..self.declared.0 as usize]
    }

    /// The state when all is declared and no step has begun.
    pub fn declared(&self) -> Revision {
        self.declared
    }

    /// Ends a step here: it holds the events since the step before.
    pub fn end_step(&mut self, name: &str, about: &str) {
        self.steps.push(Step { name: name.into(), about: about.into(), end: self.last(), date: None });
    }

    /// Dates the last step, if it has no events.
    pub fn date_empty_step(&mut self, date: Date) {
        let index = self.steps.len().saturating_sub(1);
        if self.revisions_of(index).is_empty()
            && let Some(step) = self.steps.last_mut()
        {
            step.date = Some(date);
        }
    }

    /// The history as it was at `revision`: its first `steps` steps, and no later event.
    #[must_use]
    pub fn until(&self, revision: Revision, steps: usize) -> Self {
        let events = self.events.len().min(revision.0 as usize);
        Self {
            cloud: self.cloud,
            switches: self.switches,
            public: self.public.clone(),
            events: self.events[..events].to_vec(),
            declared: self.declared.min(revision),
            steps: self.steps[..self.steps.len().min(steps)].to_vec(),
        }
    }

    /// The newest revision.
    pub fn last(&self) -> Revision {
        Revision(u32::try_from(self.events.len()).expect("histories are bounded far below 2^32 events"))
    }

    /// The events, the one that made revision 1 first.
    pub fn events(&self) -> &[Recorded] {
        &self.events
    }

    /// The event that made `revision`; absent for revision 0 and beyond the end.
    pub fn event(&self, revision: Revision) -> Option<&Recorded> {
        self.events.get((revision.0 as usize).checked_sub(1)?)
    }

    /// The steps in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The step of that name.
    pub fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| &*step.name == name)
    }

    /// The step whose events made `revision`; absent for declarations and for events after the last step.
    pub fn step_of(&self, revision: Revision) -> Option<&Step> {
        if revision <= self.declared {
            return None;
        }
        self.steps.iter().find(|step| revision <= step.end)
    }

    /// The revisions a step's events made, by the step's index.
    pub fn revisions_of(&self, index: usize) -> Range<u32> {
        let from = if index == 0 { self.declared } else { self.steps[index - 1].end };
        from.0 + 1..self.steps[index].end.0 + 1
    }
}
