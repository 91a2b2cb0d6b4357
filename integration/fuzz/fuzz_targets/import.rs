//! Artefacts of any kind: whatever the bytes, there are errors with places, or a scenario that reads back.
#![no_main]

use ampls_dns::import::{ImportFile, import};
use ampls_dns::scenario::Scenario;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // Two artefacts in one input, so that references between files are tried too.
    let (one, other) = data.iter().position(|octet| *octet == 0).map_or((data, &[][..]), |at| (&data[..at], &data[at + 1..]));
    let mut sources = vec![ImportFile { name: "one".into(), text: one }];
    if !other.is_empty() {
        sources.push(ImportFile { name: "other".into(), text: other });
    }
    match import(&sources) {
        Ok(imported) => {
            let written = imported.scenario.write();
            if let Err(errors) = Scenario::read("written", written.as_bytes()) {
                panic!("{errors}\n{written}");
            }
        }
        Err(errors) => assert!(errors.errors.iter().all(|error| error.place.line > 0)),
    }
});
