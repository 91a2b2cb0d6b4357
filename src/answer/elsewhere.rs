//! Names outside the emulated world, answered with the help of somebody who knows them.
//!
//! The emulated world decides first. Where its part of a chain ends at a name it says nothing about, [`begin`] gives that name
//! to be [asked](Step::Ask) elsewhere, and [`Pending::go_on`] takes what was told. An alias in it may lead back: a target below a
//! zone linked to the network is answered there, NXDOMAIN included, and so is a target in emulated public DNS. That is how a
//! private zone takes a name over whose owner nobody here knows. Nothing here asks anybody.

use std::borrow::Cow;

use super::decide::{MAX_ALIASES, Question, decide_at};
use super::excerpt::excerpt_at;
use super::kept::is_kept;
use super::sections::{Extended, OTHER, displacement, reply};
use crate::compile::{Compiled, Target, ViewId};
use crate::dns::wire::Foreign;
use crate::dns::{ExtendedError, Rcode, RecordSet, RecordType, Reply};

/// RFC 8914, 4.23: nobody could be reached.
const NO_REACHABLE_AUTHORITY: u16 = 22;

/// How far an answer is.
#[derive(Debug)]
pub enum Step {
    /// It is whole.
    Done(Reply<'static>),
    /// A name is to be asked elsewhere.
    Ask(Pending),
}

/// An answer whose end is to be asked elsewhere.
#[derive(Debug)]
pub struct Pending {
    /// What the client asked.
    question: Question,
    view: ViewId,
    server: Target,
    /// The aliases so far.
    before: Vec<RecordSet>,
    /// The reason to tell, if the emulated part of the chain has one.
    extended_error: Option<ExtendedError>,
    /// What is to be asked now: the client's type for the name the aliases lead to.
    pub ask: Question,
}

/// Begins to answer a question. What is asked elsewhere in the end depends on nothing but the revision and the replies.
pub fn begin(world: &Compiled, view: ViewId, question: &Question, extended: Extended) -> Step {
    let pending = Pending {
        question: question.clone(),
        view,
        server: Target::Network(view),
        before: Vec::new(),
        extended_error: None,
        ask: question.clone(),
    };
    pending.decide(world, extended)
}

impl Pending {
    /// What the emulated world says about the name to be asked, behind the aliases so far.
    fn decide(mut self, world: &Compiled, extended: Extended) -> Step {
        let world = &*excerpt_at(world, self.view, self.server, &self.ask);
        let decision = decide_at(world, self.view, self.server, &self.ask);
        let outside = decision.outside().filter(|name| !is_kept(name)).cloned();
        let told = reply(world, &decision, extended);
        let own = told.answer.iter().map(|set| RecordSet::clone(set));
        let known = self.before.len();
        self.before.extend(own);
        match outside {
            Some(name) if self.before.len() <= MAX_ALIASES && !self.circles() => {
                // Why the last name is missing here matters no more; what the aliases displaced does.
                if let Some(displacing) = decision.hops.iter().rev().find_map(|hop| displacement(world, hop.owned)) {
                    self.extended_error =
                        (extended == Extended::Shown).then_some(ExtendedError { code: OTHER, text: displacing });
                }
                self.server = decision.server;
                self.ask.name = name;
                Step::Ask(self)
            }
            Some(name) => self
                .fail(format!("more than {MAX_ALIASES} aliases or a circle of them, the last one to {name}"), extended),
            None if known + told.answer.len() > MAX_ALIASES + 1 || self.circles() => {
                let name = self.ask.name.clone();
                self.fail(format!("more than {MAX_ALIASES} aliases or a circle of them, by way of {name}"), extended)
            }
            None => {
                let authority = told.authority.map(|set| Cow::Owned(set.into_owned()));
                let extended_error = told.extended_error.or(self.extended_error);
                let answer = self.before.into_iter().map(Cow::Owned).collect();
                Step::Done(Reply { rcode: told.rcode, answer, authority, extended_error })
            }
        }
    }

    /// Goes on with what was told about the name that was asked.
    pub fn go_on(mut self, world: &Compiled, told: Foreign, extended: Extended) -> Step {
        let kind = self.question.kind;
        let mut name = self.ask.name.clone();
        loop {
            let mut own = told.answer.iter().filter(|set| *set.owner() == name);
            let wanted: Vec<&RecordSet> =
                own.clone().filter(|set| kind == RecordType::ANY || set.kind() == kind).collect();
            if !wanted.is_empty() {
                self.before.extend(wanted.into_iter().cloned());
                return self.done(Rcode::NOERROR, None);
            }
            let Some(alias) = own.find(|set| set.alias().is_some()) else { break };
            self.before.push(alias.clone());
            name = alias.alias().cloned().unwrap_or(name);
            if self.before.len() > MAX_ALIASES || self.circles() {
                return self.fail(
                    format!("more than {MAX_ALIASES} aliases or a circle of them, the last one to {name}"),
                    extended,
                );
            }
            let next = Question { name: name.clone(), kind };
            let excerpt = excerpt_at(world, self.view, self.server, &next);
            let decision = decide_at(&excerpt, self.view, self.server, &next);
            // What is told behind an alias that leads back is not looked at: here it is known better.
            if decision.outside() != Some(&name) || is_kept(&name) {
                self.ask = next;
                return self.decide(world, extended);
            }
        }
        let negative = told.rcode != Rcode::NOERROR || told.soa.is_some();
        if negative || name == self.ask.name {
            return self.done(told.rcode, told.soa);
        }
        // Only a part of the chain was told.
        self.ask.name = name;
        Step::Ask(self)
    }

    /// The answer where nobody told anything.
    pub fn fail(self, why: String, extended: Extended) -> Step {
        let extended_error =
            (extended == Extended::Shown).then_some(ExtendedError { code: NO_REACHABLE_AUTHORITY, text: why });
        Step::Done(Reply { rcode: Rcode::SERVFAIL, answer: Vec::new(), authority: None, extended_error })
    }

    fn done(self, rcode: Rcode, soa: Option<RecordSet>) -> Step {
        Step::Done(Reply {
            rcode,
            answer: self.before.into_iter().map(Cow::Owned).collect(),
            authority: soa.map(Cow::Owned),
            extended_error: self.extended_error,
        })
    }

    /// True if the last alias leads to a name that was met before.
    fn circles(&self) -> bool {
        let Some((last, before)) = self.before.split_last() else { return false };
        let Some(target) = last.alias() else { return false };
        before.iter().chain([last]).any(|set| set.owner() == target)
    }
}
