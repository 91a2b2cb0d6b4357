//! What `bicep snapshot` writes.
#![no_main]

mod form;

use libfuzzer_sys::fuzz_target;

const SHAPES: [&str; 2] =
    [r#"{"predictedResources": [%]}"#, r#"{"predictedResources": [], "diagnostics": [%], "outputs": %}"#];

fuzz_target!(|data: &[u8]| form::holds(&SHAPES, data, None));
