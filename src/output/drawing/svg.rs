//! A drawing as SVG: as a file of its own, or as pieces that a page puts together.
//!
//! A piece is a box or a line with all its text. Most of them are the same in many steps, so a page that keeps each piece
//! once stays small.

use std::fmt::Write as _;

use super::layout::{Drawing, Edge, Kind, Line, Plan, Route, Shape, Wire};
use super::text::broken;
use super::{Condition, TimelineView};

/// How a file of its own looks; the page has the same classes in its own style sheet.
const STYLE: &str = include_str!("drawing.css");

/// Pixels below the drawing of a file for the legend.
const LEGEND: f64 = 34.0;

/// The step of that index as an SVG file.
pub fn file(tale: &TimelineView, plan: &Plan, index: usize) -> String {
    let drawing = plan.draw(index);
    let step = &tale.steps[index];
    let width = drawing.width.max(900.0);
    let title = if tale.title.is_empty() { "An estate" } else { &tale.title };
    let heading = match &*step.name {
        "" => title.to_owned(),
        name => format!("{title}: {name}"),
    };
    let mut top = 8.0;
    let mut texts = String::new();
    // Writing to a String cannot fail.
    for line in broken(&heading, 18.0, true, width - 32.0) {
        top += 22.0;
        let _ = writeln!(texts, "<text class=\"title\" x=\"16\" y=\"{top}\" font-size=\"18\">{}</text>", escape(&line));
    }
    for line in broken(&step.about, 13.0, false, width - 32.0) {
        top += 18.0;
        let _ = writeln!(texts, "<text class=\"about\" x=\"16\" y=\"{top}\" font-size=\"13\">{}</text>", escape(&line));
    }
    top += 10.0;
    let height = drawing.height + top + LEGEND;
    let mut svg = String::new();
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         class=\"drawing file\" role=\"img\" aria-labelledby=\"title about\">\n<title id=\"title\">{}</title>\n\
         <desc id=\"about\">{}</desc>\n<style>{STYLE}</style>\n<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n\
         {texts}",
        escape(&heading),
        escape(&step.about),
    );
    let _ = writeln!(svg, "<g transform=\"translate(0 {top})\">");
    for piece in pieces(&drawing) {
        svg.push_str(&piece);
        svg.push('\n');
    }
    let _ = writeln!(svg, "</g>\n{}</svg>", legend(top + drawing.height + 14.0));
    svg
}

/// What the signs and the lines mean.
fn legend(y: f64) -> String {
    let mut text = String::new();
    let mut x = 28.0;
    let word = |text: &mut String, x: f64, sign: String, wide: f64, word: &str| {
        text.push_str(&sign);
        let _ = writeln!(text, "<text class=\"quiet\" x=\"{}\" y=\"{y}\" font-size=\"11.5\">{word}</text>", x + wide);
        super::text::width(word, false) * 11.5 + 34.0 + wide
    };
    let signs = [
        (Condition::Broken, "broken"),
        (Condition::Well, "private and reachable"),
        (Condition::Public, "public"),
        (Condition::Plain, "nothing to report"),
    ];
    for (standing, meaning) in signs {
        x += word(&mut text, x, sign(x - 14.0, y, standing), 0.0, meaning);
    }
    let lines = [
        (Wire::Peering, Condition::Plain, "peering"),
        (Wire::Forward, Condition::Plain, "forwarded queries"),
        (Wire::Packets, Condition::Well, "packets pass"),
        (Wire::Packets, Condition::Broken, "packets stop"),
    ];
    for (wire, standing, meaning) in lines {
        let (from, to) = ((x - 14.0, y - 4.0), (x + 30.0, y - 4.0));
        let line = Edge { from, to, route: Route::Curve, wire, backwards: false, standing, spoken: String::new() };
        x += word(&mut text, x, edge(&line), 36.0, meaning);
    }
    text
}

/// The pieces of a drawing, in the order they are painted: headings, frames, lines, boxes, then remarks.
pub fn pieces(drawing: &Drawing) -> Vec<String> {
    let headings = drawing.headings.iter().map(|line| format!("<g class=\"heading\">{}</g>", text(line)));
    let frames = drawing.shapes.iter().filter(|shape| shape.kind == Kind::Frame).map(shape);
    let boxes = drawing.shapes.iter().filter(|shape| shape.kind != Kind::Frame).map(shape);
    let notes = drawing.notes.iter().map(|line| format!("<g class=\"note\">{}</g>", text(line)));
    headings.chain(frames).chain(drawing.edges.iter().map(edge)).chain(boxes).chain(notes).collect()
}

fn shape(one: &Shape) -> String {
    let standing = one.standing.map_or("gone", Condition::word);
    let place = one.place;
    let spoken = match one.standing {
        Some(Condition::Broken) => format!("Broken. {}", one.spoken),
        _ => one.spoken.clone(),
    };
    let mut svg = format!(
        "<g class=\"box {} {standing}\" data-kind=\"{0}\" data-name=\"{}\"><title>{}</title>\
         <rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\"/>",
        one.kind.word(),
        escape(&one.name),
        escape(&spoken),
        place.x,
        place.y,
        place.width,
        place.height,
        if one.kind == Kind::Frame { 12 } else { 8 },
    );
    if one.standing == Some(Condition::Broken) {
        // A bar and a cross in the corner: what broke is seen without its colour.
        let _ =
            write!(svg, "<path class=\"bar\" d=\"M{} {}v{}\"/>", place.x + 2.0, place.y + 8.0, place.height - 16.0,);
    }
    for line in &one.lines {
        svg.push_str(&text(line));
    }
    svg.push_str("</g>");
    svg
}

fn text(line: &Line) -> String {
    let classes = match (line.bold, line.quiet) {
        (true, true) => "name quiet",
        (true, false) => "name",
        (false, true) => "quiet",
        (false, false) => "",
    };
    let class = if classes.is_empty() { String::new() } else { format!(" class=\"{classes}\"") };
    let sign = line.mark.map_or_else(String::new, |mark| sign(line.x - 14.0, line.y, mark));
    let trouble = if line.mark == Some(Condition::Broken) { " class=\"trouble\"".to_owned() } else { class };
    format!(
        "{sign}<text{trouble} x=\"{}\" y=\"{}\" font-size=\"{}\">{}</text>",
        line.x,
        line.y,
        line.size,
        escape(&line.text)
    )
}

/// A sign of 10 by 10 pixels that is on the base line: a cross, a tick, a ring, a dash.
fn sign(x: f64, y: f64, standing: Condition) -> String {
    let top = y - 9.0;
    let path = match standing {
        Condition::Broken => format!("M{} {top}l8 8m0 -8l-8 8", x + 1.0),
        Condition::Well => format!("M{x} {}l3 4l6 -8", y - 4.0),
        Condition::Public => format!("M{} {top}a4 4 0 1 1 -0.01 0z", x + 5.0),
        Condition::Plain => format!("M{} {}h7", x + 1.0, y - 4.0),
    };
    format!("<path class=\"sign {}\" d=\"{path}\"/>", standing.word())
}

fn edge(edge: &Edge) -> String {
    let ((x1, y1), (x2, y2)) = (edge.from, edge.to);
    let (standing, wire) = (edge.standing.word(), edge.wire.word());
    let has_head = edge.wire != Wire::Peering;
    // The line ends where the arrow begins.
    let (start, end) = match (has_head, edge.backwards) {
        (false, _) => (0.0, 0.0),
        (true, true) => (6.0, 0.0),
        (true, false) => (0.0, 6.0),
    };
    let right = |x: f64, y: f64| format!("M{} {}l7 4l-7 4z", x - 7.0, y - 4.0);
    let (path, arrow, (x, y)) = match edge.route {
        Route::Curve => {
            let bend = (x2 - x1) / 2.0;
            let path = format!("M{} {y1}C{} {y1} {} {y2} {} {y2}", x1 + start, x1 + bend, x2 - bend, x2 - end);
            let arrow = if edge.backwards { format!("M{} {}l-7 4l7 4z", x1 + 7.0, y1 - 4.0) } else { right(x2, y2) };
            (path, arrow, ((x1 + x2) / 2.0, (y1 + y2) / 2.0))
        }
        Route::Lane(lane) => {
            let path = format!("M{} {y1}H{lane}V{y2}H{}", x1 - start, x2 - end);
            let arrow = if edge.backwards { right(x1, y1) } else { right(x2, y2) };
            (path, arrow, (lane, (y1 + y2) / 2.0))
        }
        Route::Down => {
            let path = format!("M{x1} {y1}V{}", y2 - end);
            (path, format!("M{} {}l4 7l4 -7z", x2 - 4.0, y2 - 7.0), ((x1 + x2) / 2.0, (y1 + y2) / 2.0))
        }
    };
    let mut svg = format!(
        "<g class=\"edge {standing} {wire}\"><title>{}{}</title><path class=\"wire\" d=\"{path}\"/>",
        if edge.standing == Condition::Broken { "Broken. " } else { "" },
        escape(&edge.spoken),
    );
    if has_head {
        let _ = write!(svg, "<path class=\"head\" d=\"{arrow}\"/>");
    }
    if edge.standing == Condition::Broken {
        let _ = write!(
            svg,
            "<circle class=\"knot\" cx=\"{x}\" cy=\"{y}\" r=\"8\"/><path class=\"sign broken\" d=\"M{} {}l7 7m0 -7l-7 7\"/>",
            x - 3.5,
            y - 3.5
        );
    }
    svg.push_str("</g>");
    svg
}

/// A text for XML and HTML, between tags and in attributes. Characters XML does not know, and those that turn
/// the direction of what follows, are shown as replaced.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(character),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other if other.is_control() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}
