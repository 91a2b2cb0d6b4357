//! States of Terraform and OpenTofu, as files and as shown.
#![no_main]

mod form;

use libfuzzer_sys::fuzz_target;

const SHAPES: [&str; 3] = [
    r#"{"version": 4, "lineage": "x", "resources": [%]}"#,
    r#"{"format_version": "1.2", "values": {"root_module": {"resources": [%]}}}"#,
    r#"{"format_version": "1.2", "values": {"root_module": %}}"#,
];

fuzz_target!(|data: &[u8]| form::holds(&SHAPES, data, None));
