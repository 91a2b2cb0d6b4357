//! Answers of a what-if.
#![no_main]

mod form;

use libfuzzer_sys::fuzz_target;

const SHAPES: [&str; 3] = [
    r#"{"status": "Succeeded", "changes": [%]}"#,
    r#"{"status": "Succeeded", "properties": {"changes": [%], "potentialChanges": [%]}}"#,
    r#"{"Status": "Succeeded", "Changes": [{"ChangeType": "Create", "ResourceId": "x", "After": %}]}"#,
];

fuzz_target!(|data: &[u8]| form::holds(&SHAPES, data, None));
