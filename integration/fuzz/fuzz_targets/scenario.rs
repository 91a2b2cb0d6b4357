//! Any text as a scenario, YAML or JSON: errors have a place; what is read is written and read back the same; every step of
//! it compiles, and all that follows from it can be found out, told and exported.

#![no_main]

use std::net::SocketAddr;
use std::sync::Arc;

use ampls_dns::assess::Timeline;
use ampls_dns::compile::compile;
use ampls_dns::output::export::{ExportFormat, Which, server, zones};
use ampls_dns::scenario::Scenario;
use ampls_dns::assess::verify::verify;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let scenario = match Scenario::read("fuzz", octets) {
        Ok(scenario) => scenario,
        Err(errors) => {
            let told = errors.to_string();
            assert!(told.contains("fuzz:"), "{told}");
            return;
        }
    };
    let written = scenario.write();
    let again = Scenario::read("again", written.as_bytes()).unwrap_or_else(|errors| panic!("{errors}\n{written}"));
    assert_eq!(scenario.history.steps(), again.history.steps());
    let history = Arc::new(scenario.history);
    let world = compile(&history, history.last());
    let _ = (ampls_dns::assess::Assessment::of(&world), Timeline::tell(&history, &[]), verify(&history, &scenario.expectations));
    let _ = zones(&world, ExportFormat::Zone, Which::Private);
    for (view, _) in world.views.iter().take(3) {
        let exported = server(&world, ExportFormat::Unbound, view, SocketAddr::from(([127, 0, 0, 1], 5300)));
        assert!(exported.files.iter().all(|file| !file.name.starts_with('/') && !file.name.contains("..")));
    }
});
