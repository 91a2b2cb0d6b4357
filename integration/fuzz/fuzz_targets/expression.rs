//! Expressions of templates: whatever the text, there is a value, a reason why it is unknown, or a refusal.
#![no_main]

use ampls_dns::import::{ExpressionContext, evaluate};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = evaluate(&format!("[{text}]").into(), &ExpressionContext::default());
});
