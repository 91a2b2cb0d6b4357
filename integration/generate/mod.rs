//! The one generator of histories, shared by every property test.
//!
//! [`estates`] gives an [`Estate`]: a history and master files to serve beside it. [`histories`] gives the history alone.
//! Every event of a history refers only to what exists when it happens, so each history has a written form. Most begin
//! with a complete setup: networks, zones with links, scopes with resources, and private endpoints with zone groups. Any
//! events follow, among them those that Azure refuses. Names of objects are partly such that YAML could misread them, and
//! dates lie on both sides of the changes of April, September and December 2021.
//!
//! [`apart`] gives two lists of events that share nothing, for laws about order.
//!
//! [`law`] runs a property over generated cases. It counts the cases that meet the property's premise and fails if their
//! share is too small, so no property holds because nothing was tested.
//!
//! ```text
//! law(64, 50, estates(), |estate| {
//!     let world = compile(&Arc::new(estate.history.clone()), estate.history.last());
//!     if world.state.endpoints.is_empty() {
//!         return Ok(Premise::Missed);
//!     }
//!     …
//!     Ok(Premise::Met)
//! });
//! ```

mod maker;
mod mistake;
mod names;
mod objects;
mod routing;
mod share;
mod zone_text;

mod tests;

use std::fmt;

use ampls_dns::estate::Cloud;
use ampls_dns::estate::history::{
    Append, Deletion, Limits, RulesetChain, Switches, UncertainHop, Undeclared, WorkspaceHop,
};
use ampls_dns::estate::{Event, History, NetworkName};
use ampls_dns::scenario::Scenario;
use proptest::prelude::*;

pub use mistake::mistake;
pub use names::{kinds, names_to_ask};
pub use share::{Premise, law};
pub use zone_text::ZoneText;

use maker::{Habits, Maker, Side};

/// A history, and zones from master files that are served beside it.
#[derive(Clone)]
pub struct Estate {
    /// The events.
    pub history: History,
    /// Master files. No two public ones, and no two linked to one network, have the same apex. Those with links are linked to
    /// virtual networks that exist at the end of the history.
    pub zones: Vec<ZoneText>,
}

/// Shown as its written form.
impl fmt::Debug for Estate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", Scenario::of(self.history.clone()).write())?;
        for zone in &self.zones {
            let links: Vec<&str> = zone.links.iter().map(NetworkName::as_str).collect();
            writeln!(f, "--- {} linked to {links:?}\n{}", zone.file, zone.text)?;
        }
        Ok(())
    }
}

/// Any estate: a history, and up to six zones from master files, linked and public.
pub fn estates() -> impl Strategy<Value = Estate> {
    (made(), prop::collection::vec(any::<u64>(), 0..6)).prop_map(|(maker, seeds)| {
        let zones = zone_text::zones(&maker.state, &seeds);
        Estate { history: maker.finish(), zones }
    })
}

/// Any history.
pub fn histories() -> impl Strategy<Value = History> {
    made().prop_map(Maker::finish)
}

/// The declarations both sides of an estate begin with, and events of either side. The sides share no network, resource
/// group, scope, endpoint, resource or region, and nothing is dated.
pub fn apart() -> impl Strategy<Value = (History, [Vec<Event>; 2])> {
    let seeds = || (any::<u64>(), prop::collection::vec(any::<u64>(), 0..16));
    (seeds(), seeds()).prop_map(|(left, right)| {
        let mut history = History::new(Cloud::Public);
        let sides = [(Side::Left, left), (Side::Right, right)].map(|(side, (setup, events))| {
            let habits = Habits { side, ..Habits::default() };
            let mut maker = Maker::new(Cloud::Public, Switches::default(), habits);
            maker.declare(setup);
            let declared = maker.state.revision;
            maker.set_up(setup);
            events.into_iter().for_each(|seed| maker.happen(seed));
            let made = maker.finish();
            let (declarations, rest) = made.events().split_at(declared.0 as usize);
            declarations.iter().for_each(|recorded| {
                history.push(recorded.clone());
            });
            rest.iter().map(|recorded| recorded.event.clone()).collect::<Vec<_>>()
        });
        history.end_declarations();
        (history, sides)
    })
}

/// A maker that made a history.
fn made() -> impl Strategy<Value = Maker> {
    let cloud = prop_oneof![4 => Just(Cloud::Public), 1 => prop::sample::select(Cloud::ALL.to_vec())];
    let bits = prop_oneof![2 => Just(0u8), 3 => 0u8..128];
    // One history in twelve grows from nothing.
    let setup = prop_oneof![1 => Just(None), 11 => any::<u64>().prop_map(Some)];
    let events = prop::collection::vec(any::<u64>(), 0..40);
    (cloud, bits, any::<u64>(), setup, events).prop_map(|(cloud, bits, habits, setup, events)| {
        let mut maker = Maker::new(cloud, switches(bits), Habits::drawn(habits));
        if let Some(seed) = setup {
            maker.declare(seed);
            // What exists from the start can be objects alone, or all that was set up.
            let early = seed % 4 != 0;
            if early {
                maker.end_declarations();
            }
            maker.set_up(seed);
            if !early {
                maker.end_declarations();
            }
        } else {
            maker.end_declarations();
        }
        for seed in events {
            maker.happen(seed);
        }
        maker
    })
}

fn switches(bits: u8) -> Switches {
    let bit = |bit: u8| bits >> bit & 1 == 1;
    Switches {
        deletion: if bit(0) { Deletion::DeleteIfOwner } else { Deletion::DeleteByName },
        workspace_hop: if bit(1) { WorkspaceHop::Always } else { WorkspaceHop::Scoped },
        append: if bit(2) { Append::RewriteAll } else { Append::OwnOnly },
        limits: if bit(3) { Limits::Preview } else { Limits::General },
        undeclared: if bit(4) { Undeclared::NameError } else { Undeclared::Public },
        uncertain_hop: if bit(5) { UncertainHop::Always } else { UncertainHop::Never },
        ruleset_chain: if bit(6) { RulesetChain::Restarts } else { RulesetChain::Stands },
    }
}
