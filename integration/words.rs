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
const RIGHT: [(&str, &str, usize); 2] = [("docs/clients.md", "nobody", 1), ("docs/serving.md", "nobody", 1)];

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

/// Lines of a file with their numbers; comments of source code alone if `comments` is set.
fn lines_of(root: &Path, path: &Path, comments: bool) -> Vec<(String, usize, String)> {
    let text = std::fs::read_to_string(path).expect("it is text");
    let name = path.strip_prefix(root).unwrap_or(path).display().to_string();
    let numbered = text.lines().enumerate().map(|(line, text)| (name.clone(), line + 1, text.to_owned()));
    numbered.filter(|(_, _, text)| !comments || text.trim_start().starts_with("//")).collect()
}

/// Titles and descriptions of the built-in scenarios.
fn titles() -> Vec<(String, usize, String)> {
    let mut found = Vec::new();
    for name in ampls_dns::scenario::builtin::names() {
        let text = ampls_dns::scenario::builtin::text(name).expect("it is built in");
        let value: serde_json::Value = serde_saphyr::from_str(text).expect("it is YAML");
        let steps = value.get("steps").and_then(|steps| steps.as_array()).cloned().unwrap_or_default();
        for part in std::iter::once(&value).chain(&steps) {
            for key in ["title", "about"] {
                if let Some(text) = part.get(key).and_then(|text| text.as_str()) {
                    found.push((format!("zones/scenarios/{name}.yaml"), 1, text.to_owned()));
                }
            }
        }
    }
    found
}

#[test]
fn messages_comments_scenarios_and_manual_use_the_words_of_the_writing_guide() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = all_messages(root);
    assert!(all.len() > 1000, "{} messages", all.len());
    let (mut sources, mut manual) = (Vec::new(), vec![root.join("README.md"), root.join("SECURITY.md")]);
    files(&root.join("src"), &mut sources);
    files(&root.join("docs"), &mut manual);
    for path in &sources {
        let is_code = path.extension().is_some_and(|own| own == "rs");
        let is_page = path.extension().is_some_and(|own| own == "js" || own == "html");
        // Octets are the word of the wire format.
        let is_wire = path.starts_with(root.join("src/dns"));
        let mut lines = if is_code || is_page { lines_of(root, path, is_code) } else { Vec::new() };
        lines.retain(|(_, _, text)| !is_wire || !text.to_lowercase().contains("octet"));
        all.extend(lines);
    }
    manual.iter().for_each(|path| all.extend(lines_of(root, path, false)));
    let titles = titles();
    assert!(titles.len() > 200, "{} titles and descriptions", titles.len());
    all.extend(titles);
    let mut uses: std::collections::BTreeMap<(String, &str), Vec<String>> = std::collections::BTreeMap::new();
    for (file, line, text) in &all {
        let lower = text.to_lowercase();
        // What is in braces or backticks is a name of the program; "there is no" and "is no longer" are plain English.
        let plain = without_names(&lower).replace("there is no", "").replace("is no longer", "");
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

/// The text with `x` for what braces and backticks hold.
fn without_names(text: &str) -> String {
    let mut depth = 0_usize;
    let mut plain = String::new();
    let prose = text.split('`').step_by(2);
    for character in prose.flat_map(|part| part.chars().chain([' ', 'x', ' '])) {
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
    ["src", "docs", "zones"].iter().for_each(|folder| files(&root.join(folder), &mut all));
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
