//! A drawing as SVG: as a file of its own, or as pieces that a page puts together.
//!
//! A piece is a box or a line with all its text. Most of them are the same in many steps, so a page that keeps each piece
//! once stays small.

use std::fmt::Write as _;

use super::layout::{Drawing, Edge, Kind, Line, Plan, Shape};
use super::text::{fit, wrap};
use super::{Condition, TimelineView};

/// How a file of its own looks; the page has the same classes in its own style sheet.
const STYLE: &str = include_str!("drawing.css");

/// Pixels above the drawing of a file for its title, and below for the legend.
const TITLE: f64 = 78.0;
const LEGEND: f64 = 34.0;

/// The step of that index as an SVG file.
pub fn file(tale: &TimelineView, plan: &Plan, index: usize) -> String {
    let drawing = plan.draw(index);
    let step = &tale.steps[index];
    let width = drawing.width.max(700.0);
    let height = drawing.height + TITLE + LEGEND;
    let title = if tale.title.is_empty() { "An estate" } else { &tale.title };
    let heading = match &*step.name {
        "" => title.to_owned(),
        name => format!("{title}: {name}"),
    };
    let mut svg = String::new();
    // Writing to a String cannot fail.
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         class=\"drawing file\" role=\"img\" aria-labelledby=\"title about\">\n<title id=\"title\">{}</title>\n\
         <desc id=\"about\">{}</desc>\n<style>{STYLE}</style>\n<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n\
         <text class=\"title\" x=\"16\" y=\"30\" font-size=\"18\">{}</text>\n",
        escape(&heading),
        escape(&step.about),
        escape(&fit(&heading, 18.0, true, width - 32.0)),
    );
    for (line, y) in wrap(&step.about, 13.0, width - 32.0, 2).iter().zip([52.0, 69.0]) {
        let _ = writeln!(svg, "<text class=\"about\" x=\"16\" y=\"{y}\" font-size=\"13\">{}</text>", escape(line));
    }
    let _ = writeln!(svg, "<g transform=\"translate(0 {TITLE})\">");
    for piece in pieces(&drawing) {
        svg.push_str(&piece);
        svg.push('\n');
    }
    let _ = writeln!(svg, "</g>\n{}</svg>", legend(TITLE + drawing.height + 14.0));
    svg
}

/// What the signs mean.
fn legend(y: f64) -> String {
    let mut text = String::new();
    let mut x = 28.0;
    let signs = [
        (Condition::Broken, "broken"),
        (Condition::Well, "private, and reached"),
        (Condition::Public, "public"),
        (Condition::Plain, "nothing to say"),
    ];
    for (standing, word) in signs {
        text.push_str(&sign(x - 14.0, y, standing));
        let _ = writeln!(text, "<text class=\"quiet\" x=\"{x}\" y=\"{y}\" font-size=\"11.5\">{word}</text>");
        x += super::text::width(word, false) * 11.5 + 34.0;
    }
    text
}

/// The pieces of a drawing, in the order they are painted: headings, lines, then boxes.
pub fn pieces(drawing: &Drawing) -> Vec<String> {
    let headings = drawing.headings.iter().map(|line| format!("<g class=\"heading\">{}</g>", text(line)));
    let frames = drawing.shapes.iter().filter(|shape| shape.kind == Kind::Frame).map(shape);
    let boxes = drawing.shapes.iter().filter(|shape| shape.kind != Kind::Frame).map(shape);
    headings.chain(frames).chain(drawing.edges.iter().map(edge)).chain(boxes).collect()
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

/// A sign of 10 by 10 pixels that stands on the base line: a cross, a tick, a ring, a dash.
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
    let bend = (x2 - x1) / 2.0;
    let standing = edge.standing.word();
    let arrow = if edge.backwards {
        format!("M{} {}l-7 4l7 4z", x1 + 7.0, y1 - 4.0)
    } else {
        format!("M{} {}l7 4l-7 4z", x2 - 7.0, y2 - 4.0)
    };
    let (start, end) = if edge.backwards { (x1 + 6.0, x2) } else { (x1, x2 - 6.0) };
    let mut svg = format!(
        "<g class=\"edge {standing}\"><title>{}{}</title><path class=\"wire\" d=\"M{start} {y1}C{} {y1} {} {y2} {end} {y2}\"/>\
         <path class=\"head\" d=\"{arrow}\"/>",
        if edge.standing == Condition::Broken { "Broken. " } else { "" },
        escape(&edge.spoken),
        x1 + bend,
        x2 - bend,
    );
    if edge.standing == Condition::Broken {
        let (x, y) = ((x1 + x2) / 2.0, (y1 + y2) / 2.0);
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

/// A text as it stands in XML and HTML, between tags and in attributes. Characters XML does not know, and those that turn
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
