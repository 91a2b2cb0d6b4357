//! How wide a text is, guessed from above, since nothing here knows the font of the one who looks.

/// How wide a text is at a font size of 1, at most: no wider in DejaVu Sans or Verdana, the widest of the usual fonts.
pub fn width(text: &str, bold: bool) -> f64 {
    let plain: f64 = text.chars().map(character).sum();
    if bold { plain * 1.14 } else { plain }
}

fn character(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | 'I' | '\'' | '|' => 0.36,
        'f' | 't' | 'r' | ' ' | '.' | ',' | ':' | ';' | '!' | '/' | '\\' | '(' | ')' | '[' | ']' | '-' => 0.46,
        'm' | 'W' | 'M' | '@' | '%' => 1.02,
        'w' | '+' | '=' | '<' | '>' | '~' | '#' | 'D' | 'G' | 'H' | 'N' | 'O' | 'Q' | 'U' | '_' | '&' => 0.86,
        'A'..='Z' => 0.74,
        ' '..='~' => 0.65,
        _ => 1.25,
    }
}

/// The text, or as much of it as fits, with an ellipsis for the rest.
pub fn fit(text: &str, size: f64, bold: bool, room: f64) -> String {
    if width(text, bold) * size <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for character in text.chars() {
        kept.push(character);
        if width(&format!("{}…", kept.trim_end()), bold) * size > room {
            kept.pop();
            break;
        }
    }
    format!("{}…", kept.trim_end())
}

/// The text in lines that fit; the last one with an ellipsis where there are more than `most`.
pub fn wrap(text: &str, size: f64, room: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut words = text.split_whitespace().peekable();
    while words.peek().is_some() && lines.len() < most {
        let mut line = String::new();
        while let Some(word) = words.peek() {
            let longer = if line.is_empty() { (*word).to_owned() } else { format!("{line} {word}") };
            if !line.is_empty() && width(&longer, false) * size > room {
                break;
            }
            line = longer;
            words.next();
        }
        if lines.len() + 1 == most && words.peek().is_some() {
            line.extend(words.by_ref().flat_map(|word| [" ", word]));
        }
        lines.push(fit(&line, size, false, room));
    }
    lines
}
