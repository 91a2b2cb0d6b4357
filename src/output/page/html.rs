//! The page: one HTML file with everything in it; it loads nothing from elsewhere.
//!
//! The same file serves two ways. With a value inside it works from a file; with none it asks the server it came from. The
//! policy it carries lets its own script run and no other, so that everything in a scenario stays text.

use std::fmt::Write as _;
use std::sync::LazyLock;

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::Page;
use crate::output::drawing::svg::escape;

const TEMPLATE: &str = include_str!("page.html");
const SCRIPT: &str = include_str!("page.js");

/// The style sheet: that of the page, and that of drawings.
static STYLE: LazyLock<String> =
    LazyLock::new(|| format!("{}{}", include_str!("page.css"), include_str!("../drawing/drawing.css")));

/// The content security policy of the page, as the header and the page itself have it.
pub static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(&STYLE)
    )
});

/// The page without a value, for a server.
pub static SERVED: LazyLock<String> = LazyLock::new(|| put_together("ampls-dns", "null"));

/// The page with its value inside.
pub fn file(page: &Page) -> String {
    let json = serde_json::to_string(page).expect("documents have string keys only");
    let title = if page.title.is_empty() { "An estate" } else { &page.title };
    put_together(title, &inert(&json))
}

/// JSON that cannot end the element it is in, nor begin another.
fn inert(json: &str) -> String {
    let mut inert = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            // Outside its strings JSON has none of these.
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a String cannot fail.
                let _ = write!(inert, "\\u{:04x}", u32::from(character));
            }
            other => inert.push(other),
        }
    }
    inert
}

/// Fills the template from its beginning to its end, so that inserted text is never searched again.
fn put_together(title: &str, story: &str) -> String {
    let title = escape(title);
    let mut page = String::with_capacity(TEMPLATE.len() + STYLE.len() + SCRIPT.len() + story.len());
    let mut rest = TEMPLATE;
    while let Some((before, behind)) = rest.split_once("{{") {
        let (slot, after) = behind.split_once("}}").unwrap_or((behind, ""));
        page.push_str(before);
        page.push_str(match slot {
            "policy" => &POLICY,
            "title" => &title,
            "style" => &STYLE,
            "script" => SCRIPT,
            "story" => story,
            _ => "",
        });
        rest = after;
    }
    page.push_str(rest);
    page
}
