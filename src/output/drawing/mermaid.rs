//! A step as a Mermaid flowchart, for pages that draw those themselves.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::estate::{Estate, Network};
use super::{Condition, TimelineView};

/// The step of that index as a flowchart. Networks with the same links and the same answers are one node.
pub fn flowchart(tale: &TimelineView, estate: &Estate, index: usize) -> String {
    let step = &tale.steps[index];
    let mut chart = Chart::default();
    // Writing to a String cannot fail.
    let title = [&*tale.title, &*step.name].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
    if !title.is_empty() {
        let _ = writeln!(chart.text, "---\ntitle: {}\n---", serde_json::Value::from(title));
    }
    chart.text.push_str("flowchart LR\n");
    let alike = alike(&estate.networks);
    chart.networks(&alike);
    chart.zones(estate);
    chart.scopes(estate);
    chart.endpoints(estate);
    chart.questions(&alike);
    chart.ways(&alike, estate);
    chart.finish()
}

/// A chart being written, and the nodes that lines refer to by name.
#[derive(Default)]
struct Chart<'e> {
    text: String,
    /// Nodes that are broken.
    broken: Vec<String>,
    /// Lines between nodes, and whether they are broken.
    lines: Vec<(String, bool)>,
    networks: HashMap<&'e str, String>,
    groups: HashMap<&'e str, String>,
    scopes: HashMap<&'e str, String>,
}

impl<'e> Chart<'e> {
    fn networks(&mut self, alike: &[Vec<&'e Network>]) {
        open(&mut self.text, "networks", "Networks");
        for (at, networks) in alike.iter().enumerate() {
            let id = format!("n{at}");
            let first = networks[0];
            let names: Vec<&str> = networks.iter().map(|one| one.name.as_str()).collect();
            let mut lines = vec![names.join(", "), first.asks.clone()];
            lines.extend(first.ways.iter().map(|way| way.words.clone()));
            lines.extend(first.answers.iter().map(|answers| match answers.standing {
                Condition::Broken => format!("BROKEN {}", answers.words()),
                _ => answers.words(),
            }));
            node(&mut self.text, &id, ("[", "]"), &lines);
            if first.broken > 0 {
                self.broken.push(id.clone());
            }
            self.networks.extend(names.into_iter().map(|name| (name, id.clone())));
        }
        self.text.push_str("  end\n");
    }

    /// Private zones, those of a resource group together.
    fn zones(&mut self, estate: &'e Estate) {
        for (at, group) in estate.groups.iter().enumerate() {
            let id = format!("z{at}");
            open(&mut self.text, &id, &format!("Private zones of {}", group.resource_group));
            for (number, zone) in group.zones.iter().enumerate() {
                let own = format!("{id}z{number}");
                node(&mut self.text, &own, ("[(", ")]"), &[zone.name.clone(), zone.words()]);
                if zone.standing() == Condition::Broken {
                    self.broken.push(own);
                }
            }
            self.text.push_str("  end\n");
            self.groups.insert(&group.resource_group, id);
        }
    }

    /// Scopes with their resources, and the resources in no scope.
    fn scopes(&mut self, estate: &'e Estate) {
        for (at, scope) in estate.scopes.iter().enumerate() {
            let id = format!("s{at}");
            let modes = format!("ingestion {}, query {}", scope.ingestion_access_mode, scope.query_access_mode);
            let mut lines = vec![scope.name.clone(), modes];
            lines.extend(scope.resources.iter().map(|one| format!("{} ({})", one.name, one.kind)));
            node(&mut self.text, &id, ("{{", "}}"), &lines);
            self.scopes.insert(&scope.name, id);
        }
        if !estate.unscoped.is_empty() {
            let mut lines = vec!["in no scope".to_owned()];
            lines.extend(estate.unscoped.iter().map(|one| format!("{} ({})", one.name, one.kind)));
            node(&mut self.text, "unscoped", ("[", "]"), &lines);
        }
    }

    /// Private endpoints, the zones they write to and their scopes.
    fn endpoints(&mut self, estate: &'e Estate) {
        for (at, endpoint) in estate.endpoints.iter().enumerate() {
            let id = format!("e{at}");
            let place = format!("in {}/{}", endpoint.network, endpoint.subnet);
            let lines = [endpoint.name.clone(), place, endpoint.range(), endpoint.words()];
            node(&mut self.text, &id, ("([", "])"), &lines);
            let is_broken = endpoint.standing() == Condition::Broken;
            if is_broken {
                self.broken.push(id.clone());
            }
            for group in endpoint.writes_to.iter().filter_map(|group| self.groups.get(group.as_str())) {
                let label = if is_broken { "BROKEN writes" } else { "writes" };
                self.lines.push((format!("{id} -->|\"{label}\"| {group}"), is_broken));
            }
            if let Some(scope) = self.scopes.get(endpoint.scope.as_str()) {
                self.lines.push((format!("{id} --- {scope}"), !endpoint.connected));
            }
        }
    }

    /// Which zones the networks ask, and where they forward to.
    fn questions(&mut self, alike: &[Vec<&'e Network>]) {
        for networks in alike {
            let first = networks[0];
            let from = &self.networks[first.name.as_str()];
            let mut groups: Vec<&str> = first.links.iter().map(|link| link.resource_group.as_str()).collect();
            groups.dedup();
            for group in groups {
                let Some(to) = self.groups.get(group) else { continue };
                let is_broken = first.broken_by.iter().any(|by| by == group);
                let label = if is_broken { "BROKEN asks" } else { "asks" };
                self.lines.push((format!("{from} -->|\"{label}\"| {to}"), is_broken));
            }
            let targets = first.forwards_to.iter().filter_map(|name| Some((name, self.networks.get(name.as_str())?)));
            for (name, to) in targets.filter(|(_, to)| *to != from) {
                let is_broken = first.unanswered_by.contains(name);
                let label = if is_broken { "BROKEN forwards to" } else { "forwards to" };
                self.lines.push((format!("{from} -.->|\"{label}\"| {to}"), is_broken));
            }
        }
    }

    /// The ways to private endpoints, from stop to stop, and where they end.
    fn ways(&mut self, alike: &[Vec<&'e Network>], estate: &'e Estate) {
        let mut hubs: Vec<&str> = Vec::new();
        for networks in alike {
            let first = networks[0];
            for way in &first.ways {
                let Some(endpoint) = estate.endpoints.iter().position(|one| one.network == way.to) else { continue };
                let mut from = self.networks[first.name.as_str()].clone();
                let stops = way.through.iter().map(|stop| (stop.place.as_str(), stop.by.as_str()));
                let stops: Vec<_> = stops.chain([("", "")]).collect();
                for (at, (place, by)) in stops.into_iter().enumerate() {
                    let is_last = at == way.through.len();
                    let to = match self.networks.get(place) {
                        _ if is_last => format!("e{endpoint}"),
                        Some(id) => id.clone(),
                        // A virtual hub is not a network.
                        None => {
                            let known = hubs.iter().position(|hub| *hub == place);
                            let number = known.unwrap_or_else(|| {
                                let number = hubs.len();
                                node(&mut self.text, &format!("h{number}"), ("[[", "]]"), &[place.to_owned()]);
                                hubs.push(place);
                                number
                            });
                            format!("h{number}")
                        }
                    };
                    let by = if by.is_empty() { "path".to_owned() } else { format!("path through {by}") };
                    let label = match way.ends_at.filter(|end| *end <= at) {
                        Some(_) if way.standing == Condition::Broken => "BROKEN no path".to_owned(),
                        Some(_) => "unknown path".to_owned(),
                        None => by,
                    };
                    let is_broken = way.ends_at.is_some_and(|end| end <= at) && way.standing == Condition::Broken;
                    let line = (format!("{from} ==>|\"{}\"| {to}", escape(&label)), is_broken);
                    if from != to && !self.lines.contains(&line) {
                        self.lines.push(line);
                    }
                    from = to;
                }
            }
        }
    }

    fn finish(mut self) -> String {
        for (line, _) in &self.lines {
            let _ = writeln!(self.text, "  {line}");
        }
        self.text.push_str("  classDef broken stroke:#b3141c,stroke-width:3px,color:#b3141c\n");
        if !self.broken.is_empty() {
            let _ = writeln!(self.text, "  class {} broken", self.broken.join(","));
        }
        let red = (0..).zip(&self.lines).filter(|(_, (_, broken))| *broken);
        let red: Vec<String> = red.map(|(at, _): (usize, _)| at.to_string()).collect();
        if !red.is_empty() {
            let red = red.join(",");
            let _ = writeln!(self.text, "  linkStyle {red} stroke:#b3141c,stroke-width:2px,stroke-dasharray:6");
        }
        self.text
    }
}

/// Networks that differ in their names only, in the order of the first of them.
fn alike(networks: &[Network]) -> Vec<Vec<&Network>> {
    let same = |one: &Network, other: &Network| {
        one.links == other.links
            && one.ways == other.ways
            && one.asks == other.asks
            && one.answers == other.answers
            && one.forwards_to == other.forwards_to
            && one.unanswered_by == other.unanswered_by
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
