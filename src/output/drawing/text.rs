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

/// The text in lines that fit: broken between words, else after a dot, a hyphen, a slash or a comma, else anywhere.
pub fn broken(text: &str, size: f64, bold: bool, room: f64) -> Vec<String> {
    let fits = |text: &str| width(text.trim_end(), bold) * size <= room;
    let mut lines = Vec::new();
    let mut line = String::new();
    for piece in text.split_inclusive([' ', '.', '-', '/', ',']) {
        if fits(&format!("{line}{piece}")) {
            line.push_str(piece);
            continue;
        }
        // A name goes to the next line whole rather than being broken at its first dot.
        let kept = match line.rfind(' ') {
            Some(space) if !piece.starts_with(' ') && fits(&format!("{}{piece}", &line[space + 1..])) => {
                line.split_off(space + 1)
            }
            _ => String::new(),
        };
        if !line.trim().is_empty() {
            lines.push(line.trim_end().to_owned());
        }
        line = kept;
        for character in piece.chars() {
            if !line.is_empty() && !fits(&format!("{line}{character}")) {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
            }
            line.push(character);
        }
    }
    if !line.trim().is_empty() || lines.is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}
