//! Properties that count how many of their cases they are about.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestError, TestRunner};

/// Whether a case was one the property is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Premise {
    /// It was, and the property holds in it.
    Met,
    /// It was not.
    Missed,
}

impl Premise {
    /// Met if it is true.
    pub fn of(met: bool) -> Self {
        if met { Self::Met } else { Self::Missed }
    }
}

/// Runs a property over `cases` cases, and fails if less than `percent` of them meet its premise.
pub fn law<S>(cases: u32, percent: u32, strategy: S, property: impl Fn(S::Value) -> Result<Premise, TestCaseError>)
where
    S: Strategy,
    S::Value: std::fmt::Debug,
{
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let (met, all) = (Cell::new(0), Cell::new(0));
    let outcome = TestRunner::new(config).run(&strategy, |value| {
        all.set(all.get() + 1);
        if property(value)? == Premise::Met {
            met.set(met.get() + 1);
        }
        Ok(())
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, value)) => panic!("{reason}\nsmallest case: {value:?}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
    let (met, all) = (met.get(), all.get());
    assert!(met * 100 >= percent * all, "only {met} of {all} cases met the premise, and {percent} % must");
}
