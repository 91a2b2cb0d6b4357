use super::layout::{Drawing, Form, Kind, Plan, Route, Wire, outer, overlap};
use super::text::width;
use super::*;
use crate::scenario::builtin;
use crate::scenario::generate::{Size, generate};

fn tale(name: &str) -> TimelineView {
    let text = builtin::text(name).expect("it is built in");
    TimelineView::of(&Scenario::read(name, text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}")), &[])
}

fn generated(networks: u32, scopes: u32) -> TimelineView {
    let size = Size { networks, scopes, workspaces_per_scope: 5 };
    TimelineView::of_history(&Arc::new(generate(size, 1).expect("a good size")), &[])
}

fn holds(name: &str, drawing: &Drawing) {
    let boxes: Vec<_> = outer(drawing).collect();
    for (index, one) in boxes.iter().enumerate() {
        for other in &boxes[index + 1..] {
            assert!(!overlap(one.place, other.place), "{name}: {} and {} overlap", one.name, other.name);
        }
        let place = one.place;
        assert!(place.x >= 0.0 && place.x + place.width <= drawing.width, "{name}: {} is out of the drawing", one.name);
        assert!(
            place.y >= 0.0 && place.y + place.height <= drawing.height,
            "{name}: {} is out of the drawing",
            one.name
        );
    }
    let networks: Vec<_> = drawing.shapes.iter().filter(|shape| shape.kind == Kind::Network).collect();
    for (index, one) in networks.iter().enumerate() {
        let framed = boxes.iter().filter(|frame| frame.kind == Kind::Frame && overlap(frame.place, one.place));
        assert_eq!(framed.count(), 1, "{name}: {} is in one frame", one.name);
        for other in &networks[index + 1..] {
            assert!(!overlap(one.place, other.place), "{name}: {} and {} overlap", one.name, other.name);
        }
    }
    for shape in &drawing.shapes {
        let mut base = shape.place.y;
        let mut end = f64::INFINITY;
        for line in &shape.lines {
            let right = line.x + width(&line.text, line.bold) * line.size;
            assert!(right <= shape.place.x + shape.place.width, "{name}: `{}` is wider than its box", line.text);
            assert!(line.y <= shape.place.y + shape.place.height - 2.0, "{name}: `{}` is below its box", line.text);
            let beside = (line.y - base).abs() < f64::EPSILON && line.x >= end;
            assert!(line.y - base >= line.size || beside, "{name}: `{}` stands on another line", line.text);
            (base, end) = (line.y, right);
        }
    }
    for note in &drawing.notes {
        let right = note.x + width(&note.text, note.bold) * note.size;
        assert!(right <= drawing.width, "{name}: `{}` ends outside the drawing", note.text);
        let hidden = boxes.iter().find(|shape| {
            let place = shape.place;
            note.y > place.y
                && note.y - note.size < place.y + place.height
                && note.x < place.x + place.width
                && right > place.x
        });
        assert!(hidden.is_none(), "{name}: `{}` is behind {}", note.text, hidden.expect("just seen").name);
    }
    let texts = drawing.shapes.iter().flat_map(|shape| &shape.lines).chain(&drawing.notes).chain(&drawing.headings);
    for line in texts {
        assert!(!line.text.contains('…'), "{name}: `{}` is cut", line.text);
    }
    for edge in drawing.edges.iter().filter(|edge| edge.route == Route::Curve) {
        let crossed = boxes.iter().find(|shape| {
            let place = shape.place;
            edge.from.0 < place.x && place.x + place.width < edge.to.0
        });
        assert!(crossed.is_none(), "{name}: a line runs across the column of {}", crossed.expect("just seen").name);
        // Networks that forward in a circle have one line that runs back, and so have those that ask one that asks others.
        let circle = ["forwarding-circle", "several-dns-servers"].contains(&name);
        assert!(circle || edge.to.0 - edge.from.0 > 20.0, "{name}: a line runs from left to right");
    }
}

#[test]
fn no_box_touches_another_and_every_text_fits_in_every_built_in_scenario() {
    for name in builtin::names() {
        let tale = tale(name);
        let plan = Plan::of(&tale);
        let narrow = Plan::of_estates(plan.estates.clone(), Form::Narrow);
        for index in 0..tale.steps.len() {
            holds(name, &plan.draw(index));
            let drawing = narrow.draw(index);
            holds(name, &drawing);
            assert!(drawing.width < 480.0, "{name}: {} pixels are too wide for a phone", drawing.width);
        }
    }
}

#[test]
fn the_same_holds_for_thirty_networks_and_more() {
    for (networks, scopes) in [(1, 1), (8, 8), (9, 1), (30, 3), (30, 30), (200, 7)] {
        let tale = generated(networks, scopes);
        let plan = Plan::of(&tale);
        let narrow = Plan::of_estates(plan.estates.clone(), Form::Narrow);
        for index in 0..tale.steps.len() {
            holds(&format!("{networks} networks"), &plan.draw(index));
            holds(&format!("{networks} networks, narrow"), &narrow.draw(index));
        }
    }
}

#[test]
fn everything_stands_where_it_stood_in_the_step_before() {
    let tale = tale("two-scopes-one-dns");
    let plan = Plan::of(&tale);
    let drawings: Vec<_> = (0..tale.steps.len()).map(|index| plan.draw(index)).collect();
    for pair in drawings.windows(2) {
        for shape in &pair[0].shapes {
            let after = pair[1].shapes.iter().find(|one| one.kind == shape.kind && one.name == shape.name);
            assert!(after.is_none_or(|after| after.place == shape.place), "{}", shape.name);
        }
    }
    let deleted = drawings[3].shapes.iter().find(|shape| shape.name == "pe2").expect("it leaves a trace");
    assert_eq!(deleted.standing, None, "what is gone is shown as gone");
}

#[test]
fn what_broke_is_broken_in_the_drawing() {
    let tale = tale("two-scopes-one-dns");
    let plan = Plan::of(&tale);
    let broken = |index: usize| -> Vec<String> {
        let drawing = plan.draw(index);
        let broken = drawing.shapes.iter().filter(|shape| shape.standing == Some(Condition::Broken));
        broken.filter(|shape| shape.kind != Kind::Stop).map(|shape| shape.name.clone()).collect()
    };
    // Where packets end on the way to the first endpoint.
    let ends = plan.draw(1).shapes.into_iter().filter(|shape| shape.kind == Kind::Stop);
    let ends: Vec<_> = ends.filter(|shape| shape.standing == Some(Condition::Broken)).map(|shape| shape.name).collect();
    assert_eq!(ends, ["vnet2 to vnet1: vnet1"]);
    assert!(broken(0).is_empty());
    assert_eq!(broken(1), ["vnet2"]);
    assert_eq!(broken(2), ["vnet1", "vnet2", "rg-dns", "pe1"]);
    let second = &plan.estates[2].networks[0];
    assert_eq!((second.name.as_str(), second.broken), ("vnet1", 11));
}

#[test]
fn long_and_hostile_names_stay_in_their_boxes_and_out_of_the_markup() {
    let network = "<script>alert('&\\\"')<script> WWWWWWWWWW 漢字漢字漢字漢字漢字漢字";
    let scope = "<b>&lt;#quot;`**\\\"]})-->|end|WWWWWWWWWWWWWWWWWWWWWWWWWWWW<b>";
    let text = builtin::text("two-scopes-one-dns").expect("it is built in");
    let text = text.replace("vnet1:", &format!("\"{network}\":")).replace("[vnet1, ", &format!("[\"{network}\", "));
    let text = text.replace("networks: [vnet1", &format!("networks: [\"{network}\""));
    let text = text.replace("from: vnet1", &format!("from: \"{network}\""));
    let text = text.replace("subnet: vnet1/endpoints", &format!("subnet: \"{network}/endpoints\""));
    let text = text.replace("ampls1", &format!("\"{scope}\"")).replace("Two scopes, one DNS", "\"</title><script>\"");
    let scenario = Scenario::read("x", text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
    let tale = TimelineView::of(&scenario, &[]);
    let plan = Plan::of(&tale);
    for index in 0..tale.steps.len() {
        holds("hostile", &plan.draw(index));
        let svg = svg::file(&tale, &plan, index);
        assert!(!svg.contains("<script") && !svg.contains("<b>"), "{svg}");
        let chart = mermaid::flowchart(&tale, &plan.estates[index], index);
        let body = chart.split("---\n").last().expect("it has a body");
        assert!(!body.contains("<script") && !body.contains("<b>"), "{chart}");
    }
}

#[test]
fn texts_are_broken_between_words_and_whole_names_kept_together() {
    assert_eq!(text::broken("short", 10.0, false, 100.0), ["short"]);
    let lines = text::broken("one two three four five six seven", 10.0, false, 60.0);
    assert!(lines.len() > 2 && lines.iter().all(|line| width(line, false) * 10.0 <= 60.0), "{lines:?}");
    assert_eq!(lines.join(" "), "one two three four five six seven");
    let name = "privatelink.monitor.azure.com";
    assert_eq!(text::broken(name, 10.0, false, 120.0).concat(), name);
    assert!(text::broken(&"x".repeat(60), 10.0, false, 60.0).len() > 5);
    assert_eq!(text::broken("", 10.0, false, 60.0), [""]);
}

#[test]
fn peerings_forwarders_and_paths_are_rows_with_the_reason_where_packets_stop() {
    let plan = Plan::of(&tale("two-scopes-one-dns"));
    let drawing = plan.draw(1);
    let stopped: Vec<_> = drawing.edges.iter().filter(|edge| edge.wire == Wire::Packets).collect();
    assert_eq!(stopped.len(), 1);
    assert_eq!(stopped[0].standing, Condition::Broken);
    let notes: Vec<_> = drawing.notes.iter().map(|note| note.text.as_str()).collect();
    assert_eq!(notes, ["no path to vnet1: it is not peered with vnet2"]);
    assert!(drawing.shapes.iter().any(|shape| {
        shape.kind == Kind::Network && shape.name == "vnet2" && shape.spoken.contains("it is not peered with vnet2")
    }));

    let scenario = "version: 1
networks:
  hub: { addressSpace: [10.0.0.0/16] }
  spoke: { addressSpace: [10.1.0.0/16], dns: { default: network/hub } }
  other: { addressSpace: [10.2.0.0/16], dns: { default: network/hub } }
peerings: [[hub, spoke], [other, hub]]
";
    let scenario = Scenario::read("x", scenario.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
    let drawing = Plan::of(&TimelineView::of(&scenario, &[])).draw(0);
    let ends = |wire: Wire| {
        let edges = drawing.edges.iter().filter(move |edge| edge.wire == wire && !edge.spoken.starts_with("forwards"));
        edges.map(|edge| edge.spoken.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(ends(Wire::Peering), ["hub is peered with other", "hub is peered with spoke"]);
    assert_eq!(ends(Wire::Forward), ["spoke, other forwards queries to hub"]);
}

#[test]
fn only_the_line_to_a_server_that_gives_no_answer_is_broken() {
    let scenario = "version: 1
networks:
  hub: { addressSpace: [10.0.0.0/16] }
  far: { addressSpace: [10.9.0.0/16] }
  spoke: { addressSpace: [10.1.0.0/16], dns: { forward: { monitor.azure.com: network/far }, default: network/hub } }
  other: { addressSpace: [10.2.0.0/16], dns: { forward: { monitor.azure.com: network/hub }, default: network/far } }
  third: { addressSpace: [10.3.0.0/16], dns: { forward: { nobody.example: network/far }, default: network/hub } }
peerings: [[hub, spoke], [hub, other], [hub, third]]
workspaces: { ws: { customerId: 11111111-1111-4111-8111-111111111111, location: westeurope } }
";
    let scenario = Scenario::read("x", scenario.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
    let plan = Plan::of(&TimelineView::of(&scenario, &[]));
    let lines = |of: &str| {
        let drawing = plan.draw(0);
        let own = drawing.edges.into_iter().filter(|edge| edge.wire == Wire::Forward && edge.spoken.starts_with(of));
        own.map(|edge| (edge.spoken, edge.standing)).collect::<Vec<_>>()
    };
    for name in ["spoke", "other"] {
        let to_far = (format!("{name} forwards queries to far"), Condition::Broken);
        assert_eq!(lines(name), [to_far, (format!("{name} forwards queries to hub"), Condition::Plain)]);
    }
    // No name that anybody uses goes to the server that is out of reach.
    assert!(lines("third").iter().all(|(_, standing)| *standing == Condition::Plain));
}

#[test]
fn a_timeline_has_as_many_names_and_networks_as_it_can_afford() {
    let tale = tale("two-scopes-one-dns");
    assert_eq!((tale.left_out, tale.left_out_names), (0, 0));
    let whole = &tale.story;
    let (names, networks, steps) = (tale.names().len(), tale.networks().len(), tale.steps.len());
    assert!(names * networks * steps > 60, "{names} {networks} {steps}");
    for most in [1, 20, 60, names * networks * steps - 1, names * networks * steps] {
        let part = Timeline::of(&tale.steps, &tale.worlds, &[], most);
        assert!(part.rows.len() * steps <= most.max(steps), "{most}");
        let kept: Vec<_> =
            part.rows.iter().map(|row| &row.network).collect::<std::collections::BTreeSet<_>>().into_iter().collect();
        assert_eq!(part.rows.len(), (names - part.left_out.names) * (networks - part.left_out.networks), "{most}");
        assert_eq!(kept.len(), networks - part.left_out.networks);
        assert!(part.rows.iter().all(|row| whole.rows.contains(row)), "{most}");
        let changes = |row: &timeline::Row| row.cells.windows(2).any(|pair| pair[0] != pair[1]);
        assert!(part.left_out.names == 0 || part.rows.iter().any(changes), "{most}: what changes comes first");
    }
}
