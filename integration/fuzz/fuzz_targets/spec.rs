//! Any text as a scenario or a spec: errors have a place, and a spec's expectations can be held against an estate.
#![no_main]

use std::sync::{Arc, LazyLock};

use ampls_dns::assess::verify::verify;
use ampls_dns::estate::History;
use ampls_dns::scenario::{Document, Scenario, builtin};
use libfuzzer_sys::fuzz_target;

static HISTORY: LazyLock<Arc<History>> = LazyLock::new(|| {
    let text = builtin::text("two-scopes-one-dns").expect("it is built in");
    let scenario = Scenario::read("two-scopes-one-dns", text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
    Arc::new(scenario.history)
});

fuzz_target!(|octets: &[u8]| {
    let files = |_: &str| Err("no files here".to_owned());
    match Document::read("fuzz", octets, &files) {
        Ok(Document::Spec(spec)) => {
            let _ = verify(&HISTORY, &spec.expectations);
        }
        Ok(_) => {}
        Err(errors) => assert!(errors.errors.iter().all(|error| error.place.line > 0)),
    }
});
