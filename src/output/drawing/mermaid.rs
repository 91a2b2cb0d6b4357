//! A step as a Mermaid flowchart, for pages that draw those themselves.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::estate::{Estate, Network};
use super::{Condition, TimelineView};

/// The step of that index as a flowchart. Networks with the same links and the same answers are one node.
pub fn flowchart(tale: &TimelineView, estate: &Estate, index: usize) -> String {
    let step = &tale.steps[index];
    let mut text = String::new();
    // Writing to a String cannot fail.
    let title = [&*tale.title, &*step.name].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
    if !title.is_empty() {
        let _ = writeln!(text, "---\ntitle: {}\n---", serde_json::Value::from(title));
    }
    text.push_str("flowchart LR\n");
    let mut broken: Vec<String> = Vec::new();
    let mut wires: Vec<(String, bool)> = Vec::new();

    let alike = alike(&estate.networks);
    let mut node_of: HashMap<&str, String> = HashMap::new();
    open(&mut text, "networks", "Networks");
    for (at, networks) in alike.iter().enumerate() {
        let id = format!("n{at}");
        let first = networks[0];
        let names: Vec<&str> = networks.iter().map(|one| one.name.as_str()).collect();
        let mut lines = vec![names.join(", "), first.asks.clone()];
        lines.extend(first.ways.iter().cloned());
        lines.extend(first.answers.iter().map(|answers| match answers.standing {
            Condition::Broken => format!("BROKEN {}", answers.words()),
            _ => answers.words(),
        }));
        node(&mut text, &id, ("[", "]"), &lines);
        if first.broken > 0 {
            broken.push(id.clone());
        }
        node_of.extend(names.into_iter().map(|name| (name, id.clone())));
    }
    text.push_str("  end\n");

    let mut group_of: HashMap<&str, String> = HashMap::new();
    for (at, group) in estate.groups.iter().enumerate() {
        let id = format!("z{at}");
        open(&mut text, &id, &format!("Private zones of {}", group.resource_group));
        for (number, zone) in group.zones.iter().enumerate() {
            let own = format!("{id}z{number}");
            node(&mut text, &own, ("[(", ")]"), &[zone.name.clone(), zone.words()]);
            if zone.standing() == Condition::Broken {
                broken.push(own);
            }
        }
        text.push_str("  end\n");
        group_of.insert(&group.resource_group, id);
    }

    let mut scope_of: HashMap<&str, String> = HashMap::new();
    for (at, scope) in estate.scopes.iter().enumerate() {
        let id = format!("s{at}");
        let mut lines = vec![
            scope.name.clone(),
            format!("ingestion {}, query {}", scope.ingestion_access_mode, scope.query_access_mode),
        ];
        lines.extend(scope.resources.iter().map(|one| format!("{} ({})", one.name, one.kind)));
        node(&mut text, &id, ("{{", "}}"), &lines);
        scope_of.insert(&scope.name, id);
    }
    if !estate.unscoped.is_empty() {
        let lines = estate.unscoped.iter().map(|one| format!("{} ({})", one.name, one.kind));
        node(
            &mut text,
            "unscoped",
            ("[", "]"),
            &["in no scope".to_owned()].into_iter().chain(lines).collect::<Vec<_>>(),
        );
    }
    for (at, endpoint) in estate.endpoints.iter().enumerate() {
        let id = format!("e{at}");
        let place = format!("in {}/{}", endpoint.network, endpoint.subnet);
        node(&mut text, &id, ("([", "])"), &[endpoint.name.clone(), place, endpoint.range(), endpoint.words()]);
        let is_broken = endpoint.standing() == Condition::Broken;
        if is_broken {
            broken.push(id.clone());
        }
        for group in endpoint.writes_to.iter().filter_map(|group| group_of.get(group.as_str())) {
            let label = if is_broken { "BROKEN writes" } else { "writes" };
            wires.push((format!("{id} -->|\"{label}\"| {group}"), is_broken));
        }
        if let Some(scope) = scope_of.get(endpoint.scope.as_str()) {
            wires.push((format!("{id} --- {scope}"), !endpoint.connected));
        }
    }
    for networks in &alike {
        let first = networks[0];
        let from = &node_of[first.name.as_str()];
        let mut groups: Vec<&str> = first.links.iter().map(|link| link.resource_group.as_str()).collect();
        groups.dedup();
        for group in groups {
            let Some(to) = group_of.get(group) else { continue };
            let is_broken = first.broken_by.iter().any(|by| by == group);
            let label = if is_broken { "BROKEN asks" } else { "asks" };
            wires.push((format!("{from} -->|\"{label}\"| {to}"), is_broken));
        }
        for to in first.forwards_to.iter().filter_map(|to| node_of.get(to.as_str())).filter(|to| *to != from) {
            wires.push((format!("{from} -.->|\"hands on to\"| {to}"), false));
        }
    }
    for (wire, _) in &wires {
        let _ = writeln!(text, "  {wire}");
    }
    text.push_str("  classDef broken stroke:#b3141c,stroke-width:3px,color:#b3141c\n");
    if !broken.is_empty() {
        let _ = writeln!(text, "  class {} broken", broken.join(","));
    }
    let red: Vec<String> =
        (0..).zip(&wires).filter(|(_, (_, broken))| *broken).map(|(at, _): (usize, _)| at.to_string()).collect();
    if !red.is_empty() {
        let _ = writeln!(text, "  linkStyle {} stroke:#b3141c,stroke-width:2px,stroke-dasharray:6", red.join(","));
    }
    text
}

/// Networks that differ in their names only, in the order of the first of them.
fn alike(networks: &[Network]) -> Vec<Vec<&Network>> {
    let same = |one: &Network, other: &Network| {
        one.links == other.links
            && one.asks == other.asks
            && one.ways == other.ways
            && one.answers == other.answers
            && one.forwards_to == other.forwards_to
    };
    let mut alike: Vec<Vec<&Network>> = Vec::new();
    for network in networks {
        match alike.iter_mut().find(|group| same(group[0], network)) {
            Some(group) => group.push(network),
            None => alike.push(vec![network]),
        }
    }
    alike
}

fn open(text: &mut String, id: &str, title: &str) {
    let _ = writeln!(text, "  subgraph {id}[\"{}\"]", escape(title));
}

fn node(text: &mut String, id: &str, (left, right): (&str, &str), lines: &[String]) {
    let label: Vec<String> = lines.iter().map(|line| escape(line)).collect();
    let _ = writeln!(text, "    {id}{left}\"{}\"{right}", label.join("<br/>"));
}

/// A text within a quoted label: what Mermaid, its markdown or HTML would read becomes a number.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '.' | ',' | ':' | '-' | '/' | '(' | ')' => {
                escaped.push(character)
            }
            other if other.is_control() => escaped.push('\u{fffd}'),
            other if other.is_ascii() => {
                let _ = write!(escaped, "#{};", u32::from(other));
            }
            other => escaped.push(other),
        }
    }
    escaped
}
