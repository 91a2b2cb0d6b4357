//! Every form that people import: whatever stands in it, there are errors with places, or a scenario that reads back.
#![no_main]

use ampls_dns::import::{ImportFile, import};
use ampls_dns::scenario::Scenario;
use libfuzzer_sys::fuzz_target;

/// What stands around the input; `%` is the input.
const FORMS: [&str; 12] = [
    r#"{"contentVersion": "1", "resources": [%]}"#,
    r#"{"contentVersion": "1", "languageVersion": "2.0", "resources": {"a": %}}"#,
    r#"{"contentVersion": "1", "resources": [{"type": "Microsoft.Network/privateDnsZones", "name": %}]}"#,
    r#"{"contentVersion": "1", "parameters": %, "resources": []}"#,
    r#"{"status": "Succeeded", "changes": [%]}"#,
    r#"{"predictedResources": [%]}"#,
    r#"{"count": 1, "total_records": 1, "data": [%]}"#,
    r#"{"version": 4, "lineage": "x", "resources": [%]}"#,
    r#"{"format_version": "1.2", "values": {"root_module": {"resources": [%]}}}"#,
    r#"{"format_version": "1.2", "planned_values": {"root_module": %}, "configuration": {"root_module": %}}"#,
    r#"{"version": 3, "deployment": {"resources": [%]}}"#,
    r#"{"value": [%]}"#,
];

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let Ok(rest) = std::str::from_utf8(rest) else { return };
    let text = FORMS[usize::from(*first) % FORMS.len()].replace('%', rest);
    match import(&[ImportFile { name: "form".into(), text: text.as_bytes() }]) {
        Ok(imported) => {
            let written = imported.scenario.write();
            if let Err(errors) = Scenario::read("written", written.as_bytes()) {
                panic!("{errors}\n{written}");
            }
        }
        Err(errors) => assert!(errors.errors.iter().all(|error| error.place.line > 0)),
    }
});
