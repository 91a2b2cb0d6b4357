//! Parameter files, beside a template that needs them.
#![no_main]

mod form;

use libfuzzer_sys::fuzz_target;

const SHAPES: [&str; 3] = [
    r#"{"contentVersion": "1", "parameters": {"a": {"value": %}}}"#,
    r#"{"contentVersion": "1", "parameters": {"a": %}}"#,
    r#"{"contentVersion": "1", "parameters": %}"#,
];

/// What the parameters are for.
const TEMPLATE: &str = r#"{"contentVersion": "1", "parameters": {"a": {"type": "object"}},
    "resources": [{"type": "Microsoft.Network/privateDnsZones", "name": "[string(parameters('a'))]"}]}"#;

fuzz_target!(|data: &[u8]| form::holds(&SHAPES, data, Some(TEMPLATE)));
