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

/// Words that the writing guide replaces wherever they are not the term of the field, with what to write instead.
const WORDS: [(&str, &str); 8] = [
    ("told", "say who says what: \"the scenario says\", \"is shown\", \"is reported\""),
    ("tell", "say, show, report or explain"),
    ("stand", "is, begins, or is used for"),
    ("is no", "is not a, or unknown"),
    ("nobody", "not, nothing, or no server"),
    ("behind", "after, of, or connected to"),
    ("whatever", "regardless of, or any"),
    ("octets", "bytes"),
];

/// Where a word is the right one: a file, the word, and how often. The list only shrinks: fewer uses need a smaller number.
const RIGHT: [(&str, &str, usize); 2] = [("docs/clients.md", "nobody", 1), ("docs/serving.md", "nobody", 2)];

/// The word of [`WORDS`] that a word with the one after it is a form of.
fn replaced(word: &str, next: &str) -> Option<&'static str> {
    Some(match word {
        "told" => "told",
        "tell" | "tells" => "tell",
        "stand" | "stands" | "stood" => "stand",
        "nobody" | "somebody" => "nobody",
        "behind" => "behind",
        "whatever" | "whoever" => "whatever",
        "octet" | "octets" => "octets",
        "is" if next == "no" => "is no",
        _ => return None,
    })
}

/// Strings of a source file that are sentences, each with its line; tests are left out.
fn messages(source: &str) -> Vec<(usize, String)> {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let bytes = source.as_bytes();
    let (mut at, mut line, mut found) = (0, 1, Vec::new());
    while at < bytes.len() {
        let rest = &source[at..];
        let length = match bytes[at] {
            b'/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            // A character, such as '"'; a lifetime has no second quote.
            b'\'' if rest.starts_with("'\\") => 2 + rest[3..].find('\'').map_or(1, |end| end + 2),
            b'\'' => {
                let mut characters = rest.char_indices().skip(2);
                match characters.next() {
                    Some((end, '\'')) => end + 1,
                    _ => 1,
                }
            }
            b'"' => {
                let hashes = source[..at].bytes().rev().take_while(|byte| *byte == b'#').count();
                let is_raw = source[..at - hashes].ends_with('r');
                let end = if is_raw {
                    rest[1..].find(&format!("\"{}", "#".repeat(hashes))).map_or(rest.len(), |end| end + 2)
                } else {
                    let mut end = 1;
                    while end < rest.len() && rest.as_bytes()[end] != b'"' {
                        end += if rest.as_bytes()[end] == b'\\' { 2 } else { 1 };
                    }
                    (end + 1).min(rest.len())
                };
                let text = rest[1..end - 1].replace("\\n", " ");
                // A string goes on in the next line after a backslash.
                let text = text.split("\\\n").map(str::trim_start).collect::<String>();
                if text.trim().contains(' ') {
                    found.push((line, text));
                }
                end
            }
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        line += rest[..length].matches('\n').count();
        at += length;
    }
    found
}

/// All sentences that the product can print, by file and line.
fn all_messages(root: &Path) -> Vec<(String, usize, String)> {
    let mut sources = Vec::new();
    files(&root.join("src"), &mut sources);
    sources.retain(|path| path.extension().is_some_and(|own| own == "rs") && !path.ends_with("tests.rs"));
    sources.sort();
    let of = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("it is text");
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        messages(&text).into_iter().map(move |(line, text)| (name.clone(), line, text))
    };
    sources.into_iter().flat_map(of).collect()
}

/// Prints every message, for a reader: `just messages`.
#[test]
#[ignore = "prints a list for a reader"]
#[allow(clippy::print_stdout, reason = "the list is what a reader asked for")]
fn list_of_all_messages() {
    for (file, line, text) in all_messages(Path::new(env!("CARGO_MANIFEST_DIR"))) {
        println!("{file}:{line}: {text}");
    }
}

#[test]
fn messages_and_manual_use_the_words_of_the_writing_guide() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = all_messages(root);
    assert!(all.len() > 1000, "{} messages", all.len());
    let manual = [
        "README.md",
        "docs/tutorial.md",
        "docs/glossary.md",
        "docs/page.md",
        "docs/serving.md",
        "docs/import.md",
        "docs/clients.md",
        "docs/differences.md",
        "docs/testing.md",
        "docs/exports.md",
        "docs/stability.md",
        "src/output/page/page.html",
    ];
    for name in manual {
        let text = std::fs::read_to_string(root.join(name)).expect("it is text");
        all.extend(text.lines().enumerate().map(|(line, text)| (name.to_owned(), line + 1, text.to_owned())));
    }
    let mut uses: std::collections::BTreeMap<(String, &str), Vec<String>> = std::collections::BTreeMap::new();
    for (file, line, text) in &all {
        let lower = text.to_lowercase();
        // What is in braces is a name of the program, and "there is no" is plain English.
        let plain = without_braces(&lower).replace("there is no", "");
        let words: Vec<&str> = plain
            .split(|character: char| !character.is_alphanumeric() && character != '_' && character != '-')
            .filter(|word| !word.is_empty())
            .collect();
        for (at, word) in words.iter().enumerate() {
            if let Some(own) = replaced(word, words.get(at + 1).unwrap_or(&"")) {
                uses.entry((file.clone(), own)).or_default().push(format!("{file}:{line}: \"{word}\" in: {text}"));
            }
        }
    }
    let mut wrong = Vec::new();
    for ((file, word), found) in &uses {
        let right = RIGHT.iter().find(|(own, what, _)| own == file && what == word).map_or(0, |(_, _, count)| *count);
        let better = WORDS.iter().find(|(own, _)| own == word).map_or("", |(_, better)| *better);
        if found.len() != right {
            wrong.push(format!(
                "{} uses of \"{word}\", {right} expected; write {better}\n  {}",
                found.len(),
                found.join("\n  ")
            ));
        }
    }
    for (file, word, count) in RIGHT {
        if !uses.contains_key(&(file.to_owned(), word)) {
            wrong.push(format!("{file}: no use of \"{word}\" is left: remove the entry of {count}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The text with `x` for what braces hold.
fn without_braces(text: &str) -> String {
    let mut depth = 0_usize;
    let mut plain = String::new();
    for character in text.chars() {
        match character {
            '{' => {
                depth += 1;
                plain.push('x');
            }
            '}' => depth = depth.saturating_sub(1),
            other if depth == 0 => plain.push(other),
            _ => {}
        }
    }
    plain
}

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
