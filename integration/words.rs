//! The text of the product is plain: phrases that the writing guide replaces do not return.

use std::path::{Path, PathBuf};

/// Phrases, and what to write instead.
const REPLACED: [(&str, &str); 22] = [
    ("stand behind the last", "trailing bytes after the last"),
    ("cannot have a thread", "failed to start the thread"),
    ("answers what no ampls-dns", "unexpected response from"),
    ("leave one away", "pass only one of them"),
    ("is no name a question can have", "is not a valid domain name"),
    ("and a mapping is wanted", "expected a mapping, found a list"),
    ("and a list is wanted", "expected a list, found a mapping"),
    ("is none of the values this can have", "invalid value, expected one of"),
    ("stands here twice", "duplicate key"),
    ("is nowhere a question can be sent", "unknown forward target"),
    ("have no part in dns", "ignored: not relevant to DNS"),
    ("zones no longer hold", "are missing from its zones"),
    ("hands it to", "forwards it to"),
    ("is cut off from public dns", "is answered by private zone (no fallback to public DNS)"),
    ("leads nowhere", "is not routable"),
    ("comes to be", "creates"),
    ("takes the long road", "costs one slow-path lookup"),
    ("the dearest part", "the most expensive part"),
    ("whatever it travelled by", "regardless of transport"),
    ("has no word on", "outside the emulated zones"),
    ("dice are thrown", "the random generator is seeded"),
    ("are to be linked to", "cannot link zones to unknown network"),
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    for path in entries.map(|entry| entry.expect("the folder can be read").path()) {
        let is_text =
            |extension: &std::ffi::OsStr| ["rs", "md", "yaml", "js", "html", "css"].iter().any(|one| extension == *one);
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(is_text) {
            found.push(path);
        }
    }
}

#[test]
fn phrases_that_the_writing_guide_replaces_do_not_return() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = ["README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root.join(name)).to_vec();
    ["src", "docs"].iter().for_each(|folder| files(&root.join(folder), &mut all));
    let mut found = Vec::new();
    for path in &all {
        let text = std::fs::read_to_string(path).expect("it is text");
        for (number, line) in text.lines().enumerate() {
            let line = line.to_lowercase();
            let replaced = REPLACED.iter().filter(|(phrase, _)| line.contains(phrase));
            found.extend(replaced.map(|(phrase, better)| {
                format!("{}:{}: \"{phrase}\": write \"{better}\"", path.display(), number + 1)
            }));
        }
    }
    assert!(all.len() > 200, "{} files", all.len());
    assert!(found.is_empty(), "{}", found.join("\n"));
}
