//! Plans of Terraform and OpenTofu.
#![no_main]

mod form;

use libfuzzer_sys::fuzz_target;

const SHAPES: [&str; 4] = [
    r#"{"format_version": "1.2", "planned_values": {"root_module": %}, "configuration": {"root_module": %}}"#,
    r#"{"format_version": "1.2", "planned_values": {"root_module": {"resources": [%]}}, "configuration": {"root_module": {"resources": [%]}}}"#,
    r#"{"format_version": "1.2", "planned_values": {"root_module": {}}, "prior_state": {"values": {"root_module": %}}, "resource_changes": [%]}"#,
    r#"{"format_version": "1.2", "planned_values": {"root_module": {"resources": [%]}}, "resource_changes": [%], "configuration": {"root_module": {"resources": [%]}}}"#,
];

fuzz_target!(|data: &[u8]| form::holds(&SHAPES, data, None));
