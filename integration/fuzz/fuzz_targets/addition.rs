//! Any text as events for a history that goes on: errors have a place, and what is read can be appended and compiled.
#![no_main]

use std::sync::{Arc, LazyLock};

use ampls_dns::compile::{Compiled, compile};
use ampls_dns::estate::History;
use ampls_dns::scenario::{Addition, Scenario, builtin};
use libfuzzer_sys::fuzz_target;

static HISTORY: LazyLock<History> = LazyLock::new(|| {
    let text = builtin::text("two-scopes-one-dns").expect("it is built in");
    Scenario::read("two-scopes-one-dns", text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}")).history
});

static WORLD: LazyLock<Compiled> = LazyLock::new(|| compile(&Arc::new(HISTORY.clone()), HISTORY.last()));

fuzz_target!(|octets: &[u8]| {
    let _ = Addition::builds_on(octets);
    match Addition::read("fuzz", octets, &HISTORY, &WORLD.state) {
        Ok(addition) => {
            let mut history = HISTORY.clone();
            addition.append_to(&mut history);
            let history = Arc::new(history);
            let world = compile(&history, history.last());
            let _ = ampls_dns::assess::Assessment::of(&world);
        }
        Err(errors) => assert!(errors.errors.iter().all(|error| error.place.line > 0)),
    }
});
