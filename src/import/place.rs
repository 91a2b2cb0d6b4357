//! Lines and columns of JSON pointers, found in one pass over a text that is known to be JSON.

use std::collections::{HashMap, HashSet};

/// Line and column, both from 1.
pub(super) type Position = (u32, u32);

/// The positions of the values these pointers lead to; of keys where the value is after one.
pub(super) fn find(text: &str, wanted: &HashSet<String>) -> HashMap<String, Position> {
    let mut scan = Scan {
        text: text.as_bytes(),
        at: 0,
        line: 1,
        start: 0,
        counted: (0, 0),
        wanted,
        found: HashMap::new(),
        path: String::new(),
    };
    scan.blanks();
    scan.note();
    scan.value(0);
    scan.found
}

struct Scan<'t> {
    text: &'t [u8],
    at: usize,
    line: u32,
    /// Where the line begins.
    start: usize,
    /// A place of the line, and how many characters are before it. A text may be one long line: what was counted once is
    /// not counted again.
    counted: (usize, usize),
    wanted: &'t HashSet<String>,
    found: HashMap<String, Position>,
    path: String,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while let Some(octet) = self.peek() {
            match octet {
                b'\n' => {
                    self.line += 1;
                    self.start = self.at + 1;
                }
                b' ' | b'\t' | b'\r' => {}
                // Comments of templates are blanks.
                b'/' if self.text.get(self.at + 1) == Some(&b'/') => {
                    while self.peek().is_some_and(|octet| octet != b'\n') {
                        self.at += 1;
                    }
                    continue;
                }
                b'/' if self.text.get(self.at + 1) == Some(&b'*') => {
                    self.at += 2;
                    while self.peek().is_some() && !self.text[self.at..].starts_with(b"*/") {
                        self.line_end();
                        self.at += 1;
                    }
                    self.at += 1;
                }
                _ => return,
            }
            self.at += 1;
        }
    }

    /// Counts the line if one ends here.
    fn line_end(&mut self) {
        if self.peek() == Some(b'\n') {
            self.line += 1;
            self.start = self.at + 1;
        }
    }

    fn note(&mut self) {
        if self.wanted.contains(&self.path) {
            let (from, before) = if self.counted.0 < self.start { (self.start, 0) } else { self.counted };
            let begins = |octet: &&u8| **octet & 0xc0 != 0x80;
            let before = before + self.text[from..self.at].iter().filter(begins).count();
            self.counted = (self.at, before);
            let column = u32::try_from(before + 1).unwrap_or(u32::MAX);
            self.found.entry(self.path.clone()).or_insert((self.line, column));
        }
    }

    fn string(&mut self) -> String {
        let from = self.at;
        self.at += 1;
        while let Some(octet) = self.peek() {
            self.line_end();
            self.at += 1;
            match octet {
                b'\\' => self.at += 1,
                b'"' => break,
                _ => {}
            }
        }
        let text = &self.text[from..self.at.min(self.text.len())];
        serde_json::from_slice(text).unwrap_or_default()
    }

    fn value(&mut self, depth: usize) {
        // The text was read before within this depth.
        if depth > 256 {
            self.at = self.text.len();
        }
        self.blanks();
        match self.peek() {
            Some(b'{') => self.members(depth),
            Some(b'[') => self.items(depth),
            Some(b'"') => {
                self.string();
            }
            _ => {
                while self
                    .peek()
                    .is_some_and(|octet| !matches!(octet, b',' | b'}' | b']' | b'/' | b' ' | b'\n' | b'\r' | b'\t'))
                {
                    self.at += 1;
                }
            }
        }
    }

    fn members(&mut self, depth: usize) {
        self.at += 1;
        loop {
            self.blanks();
            match self.peek() {
                Some(b'"') => {
                    let length = self.path.len();
                    let (at, line, start) = (self.at, self.line, self.start);
                    let key = self.string();
                    self.path.push('/');
                    self.path.push_str(&super::property::escaped(&key));
                    let behind = std::mem::replace(&mut self.at, at);
                    (self.line, self.start) = (line, start);
                    self.note();
                    self.at = behind;
                    self.blanks();
                    self.at += 1;
                    self.value(depth + 1);
                    self.path.truncate(length);
                }
                Some(b',') => self.at += 1,
                _ => break,
            }
        }
        self.at += 1;
    }

    fn items(&mut self, depth: usize) {
        self.at += 1;
        let mut index = 0_usize;
        loop {
            self.blanks();
            match self.peek() {
                None | Some(b']') => break,
                Some(b',') => {
                    self.at += 1;
                    index += 1;
                }
                Some(_) => {
                    let length = self.path.len();
                    self.path.push_str(&format!("/{index}"));
                    self.note();
                    let before = self.at;
                    self.value(depth + 1);
                    self.path.truncate(length);
                    if self.at == before {
                        // No value begins like this: the text is not JSON after all.
                        self.at = self.text.len();
                    }
                }
            }
        }
        self.at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_lead_to_lines_and_columns() {
        let text = "{\n  \"a/b\": [1, {\"c\": \"x\\\"y\"}],\n  \"d\": null }";
        let wanted = ["", "/a~1b/1", "/a~1b/1/c", "/d"].map(str::to_owned).into();
        let found = find(text, &wanted);
        let at = |pointer: &str| found[pointer];
        assert_eq!([at(""), at("/a~1b/1"), at("/a~1b/1/c"), at("/d")], [(1, 1), (2, 14), (2, 15), (3, 3)]);
    }

    #[test]
    fn columns_count_characters_on_however_long_a_line() {
        let text = "{\"ä\": [\"ü\", 1, \"€€\", 2]}";
        let wanted = ["/ä", "/ä/1", "/ä/3"].map(str::to_owned).into();
        let found = find(text, &wanted);
        assert_eq!([found["/ä"], found["/ä/1"], found["/ä/3"]], [(1, 2), (1, 13), (1, 22)]);
    }

    #[test]
    fn a_long_line_takes_as_long_as_many_short_ones() {
        let items = 200_000;
        let text = format!("[{}]", vec!["{\"a\":\"some text\"}"; items].join(","));
        let wanted = (0..items).map(|index| format!("/{index}/a")).collect();
        let begin = std::time::Instant::now();
        assert_eq!(find(&text, &wanted).len(), items);
        // Counting from the start of the line for each of them takes minutes.
        assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
    }

    #[test]
    fn comments_and_long_strings_are_passed_over() {
        let text = "{ // \"x\": 1\n /* \"y\":\n 2 */ \"a\": \"one\ntwo\", \"b\": 1/**/, }";
        let found = find(text, &["/a", "/b"].map(str::to_owned).into());
        assert_eq!([found["/a"], found["/b"]], [(3, 7), (4, 7)]);
    }
}
