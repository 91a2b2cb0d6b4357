//! ARM templates.
#![no_main]

mod form;

use libfuzzer_sys::fuzz_target;

const SHAPES: [&str; 6] = [
    r#"{"contentVersion": "1", "resources": [%]}"#,
    r#"{"contentVersion": "1", "languageVersion": "2.0", "resources": {"a": %}}"#,
    r#"{"contentVersion": "1", "resources": [{"type": "Microsoft.Network/privateDnsZones", "name": %}]}"#,
    r#"{"contentVersion": "1", "parameters": %, "resources": []}"#,
    r#"{"contentVersion": "1", "variables": %, "resources": [{"type": "Microsoft.Network/privateDnsZones", "name": "[variables('a')]"}]}"#,
    r#"%"#,
];

fuzz_target!(|data: &[u8]| form::holds(&SHAPES, data, None));
