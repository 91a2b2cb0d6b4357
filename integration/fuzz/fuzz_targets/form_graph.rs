//! Answers of Azure Resource Graph.
#![no_main]

mod form;

use libfuzzer_sys::fuzz_target;

const SHAPES: [&str; 3] = [
    r#"{"count": 1, "total_records": 1, "data": [%]}"#,
    r#"{"totalRecords": 1, "count": 1, "data": {"columns": [{"name": "id"}, {"name": "properties"}], "rows": [%]}}"#,
    r#"{"Data": [%], "Count": 1, "SkipToken": null}"#,
];

fuzz_target!(|data: &[u8]| form::holds(&SHAPES, data, None));
