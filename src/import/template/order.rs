//! The order in which Azure deploys: `dependsOn`, references by name, serial loops, and what is in deployments.

use std::collections::HashSet;

use serde_json::Value;

use super::deployment::{Condition, Engine, Note};
use super::value::{Datum, Trouble, same_name};
use crate::import::fact::shown;

/// For each instance two nodes: where it begins, and where it and all within it is done.
pub(super) struct Order {
    /// What each node comes after.
    needs: Vec<Vec<usize>>,
    /// Instances in the order they are done.
    pub(super) sorted: Vec<usize>,
}

impl<'t> Engine<'t> {
    /// Puts all instances in order; a circle is a fault.
    pub(super) fn order(&self) -> Order {
        let count = self.instances.borrow().len();
        let mut needs: Vec<Vec<usize>> = vec![Vec::new(); count * 2];
        // What only follows from references. Azure orders by some of them and not by others, so that a circle with one of
        // them is not a fault of the template.
        let mut inferred = HashSet::new();
        let homes = self.homes(count);
        for number in 0..count {
            let one = self.instance(number);
            needs[number * 2 + 1].push(number * 2);
            let (mut after, elsewhere) = self.depends_on(number, &homes);
            inferred.extend(elsewhere.iter().map(|before| (number * 2, before * 2 + 1)));
            after.extend(elsewhere);
            for before in one.refers.borrow().iter().filter(|before| !after.contains(before)) {
                inferred.insert((number * 2, before * 2 + 1));
            }
            after.splice(0..0, one.refers.borrow().iter().copied());
            // A round of a serial loop comes after the batch before.
            if let Some(round) = one.round.as_ref().filter(|_| one.batch > 0)
                && round.index >= one.batch
            {
                let start = round.index - round.index % one.batch;
                let same = |other: &usize| {
                    let other = self.instance(*other);
                    other.pointer == one.pointer
                        && other.frame.deployment.number == one.frame.deployment.number
                        && other.round.as_ref().is_some_and(|own| own.index >= start - one.batch && own.index < start)
                };
                let near = number.saturating_sub(MAX_NEAR)..number;
                after.extend(near.filter(same));
            }
            for before in after {
                let other = self.instance(before);
                if before != number && other.condition != Condition::No && !other.existing {
                    needs[number * 2].push(before * 2 + 1);
                }
            }
            if let Some(nested) = one.nested {
                for inner in self.deployment(nested).resources.borrow().iter() {
                    needs[number * 2 + 1].push(inner * 2 + 1);
                    needs[inner * 2].push(number * 2);
                }
            }
        }
        let sorted = self.sorted(&needs, &inferred);
        Order { needs, sorted }
    }

    /// What `dependsOn` of an instance means: ids, symbolic names, names of loops, plain names. Those of the instance's own
    /// deployment come first; where an id is of none of them, resources of other deployments that have it are second.
    fn depends_on(&self, number: usize, homes: &[usize]) -> (Vec<usize>, Vec<usize>) {
        let one = self.instance(number);
        let (mut found, mut elsewhere) = (Vec::new(), Vec::new());
        let list = match one.own.get("dependsOn") {
            Some(list @ Value::Array(_)) => list,
            Some(text @ Value::String(_)) => text,
            _ => return (found, elsewhere),
        };
        let all = match self.value(&one.frame, list, &format!("{}/dependsOn", one.pointer)) {
            Ok(Datum::List(items)) => items.to_vec(),
            Ok(_) | Err(Trouble::Failed(_)) => return (found, elsewhere),
            Err(trouble) => {
                self.trouble(&format!("{}/dependsOn", one.pointer), trouble);
                return (found, elsewhere);
            }
        };
        let home = homes[number];
        let own = self.deployments.borrow().get(home).cloned();
        let siblings = own.as_ref().map(|own| own.resources.borrow());
        let siblings: &[usize] = siblings.as_deref().map_or(&[], Vec::as_slice);
        for item in all {
            let text = match &item {
                Datum::Text(text) => text.to_string(),
                Datum::Unknown(unknown) => unknown.pattern.clone(),
                _ => continue,
            };
            if text.starts_with('/') {
                match self.with_id(&text) {
                    Some(other) if homes[other] == home => found.push(other),
                    // Deployments of different modules can have one name.
                    other => {
                        let is_own = |sibling: &&usize| self.instance(**sibling).id.eq_ignore_ascii_case(&text);
                        match siblings.iter().find(is_own) {
                            Some(own) => found.push(*own),
                            None => elsewhere.extend(other),
                        }
                    }
                }
                continue;
            }
            let of_loop = siblings.iter().copied().filter(|other| {
                let other = self.instance(*other);
                other.symbol.as_ref().is_some_and(|symbol| same_name(symbol, &text))
                    || other.round.as_ref().is_some_and(|round| same_name(&round.name, &text))
            });
            let before = found.len();
            found.extend(of_loop);
            if found.len() == before {
                found.extend(self.with_name(&one.frame, &text));
            }
        }
        (found, elsewhere)
    }

    /// The deployment that each instance belongs to, by its place in the list.
    fn homes(&self, count: usize) -> Vec<usize> {
        let mut homes = vec![usize::MAX; count];
        for (home, own) in self.deployments.borrow().iter().enumerate() {
            for number in own.resources.borrow().iter() {
                homes[*number] = home;
            }
        }
        homes
    }

    fn sorted(&self, needs: &[Vec<usize>], inferred: &HashSet<(usize, usize)>) -> Vec<usize> {
        // 0 not seen, 1 on the way, 2 done.
        let mut state = vec![0_u8; needs.len()];
        let mut sorted = Vec::with_capacity(needs.len() / 2);
        for start in 0..needs.len() {
            if state[start] != 0 {
                continue;
            }
            let mut way = vec![(start, 0)];
            state[start] = 1;
            while let Some((at, next)) = way.pop() {
                let Some(&need) = needs[at].get(next) else {
                    state[at] = 2;
                    if at % 2 == 1 {
                        sorted.push(at / 2);
                    }
                    continue;
                };
                way.push((at, next + 1));
                match state[need] {
                    0 => {
                        state[need] = 1;
                        way.push((need, 0));
                    }
                    1 if need != at => {
                        let begin = way.iter().position(|(node, _)| *node == need).unwrap_or_default();
                        let circle = way[begin..].windows(2).map(|pair| (pair[0].0, pair[1].0));
                        let is_inferred = circle.chain([(at, need)]).any(|edge| inferred.contains(&edge));
                        let (one, other) = (self.instance(at / 2), self.instance(need / 2));
                        let name = |own: &Datum| shown(&own.pattern().into());
                        let (first, second) = (name(&one.name), name(&other.name));
                        let note = if is_inferred {
                            let text = format!(
                                "`{first}` and `{second}` refer to each other, so it is unknown which one Azure deploys first"
                            );
                            Note::NotKnown { pointer: one.pointer.clone(), text }
                        } else {
                            let message = format!("`{first}` and `{second}` depend on each other in a circle");
                            Note::Fault { pointer: format!("{}/dependsOn", one.pointer), message }
                        };
                        self.notes.borrow_mut().push(note);
                    }
                    _ => {}
                }
            }
        }
        sorted
    }
}

/// How far back the batch before a round of a serial loop is searched.
const MAX_NEAR: usize = 4096;

impl Order {
    /// All instances that are done before one begins.
    pub(super) fn before(&self, number: usize) -> HashSet<usize> {
        let mut seen = HashSet::new();
        let mut left = vec![number * 2];
        while let Some(node) = left.pop() {
            for need in &self.needs[node] {
                if seen.insert(*need) {
                    left.push(*need);
                }
            }
        }
        seen.into_iter().filter(|node| node % 2 == 1).map(|node| node / 2).collect()
    }
}
