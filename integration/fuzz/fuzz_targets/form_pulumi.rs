//! Stack exports of Pulumi.
#![no_main]

mod form;

use libfuzzer_sys::fuzz_target;

const SHAPES: [&str; 1] = [r#"{"version": 3, "deployment": {"resources": [%]}}"#];

fuzz_target!(|data: &[u8]| form::holds(&SHAPES, data, None));
