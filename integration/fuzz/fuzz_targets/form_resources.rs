//! Resources as `az` and REST print them.
#![no_main]

mod form;

use libfuzzer_sys::fuzz_target;

const SHAPES: [&str; 3] = [r#"{"value": [%]}"#, r#"[%]"#, r#"%"#];

fuzz_target!(|data: &[u8]| form::holds(&SHAPES, data, None));
