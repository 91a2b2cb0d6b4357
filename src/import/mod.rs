//! What people have, to a scenario: JSON of `az`, REST and ARM, `terraform show -json`, exported zone files.
//!
//! `source` sees from its content what a text is. One reader for each kind produces `fact`s: which resource has which
//! attribute, and in which file, at which JSON pointer and line it says so. Facts of one resource come together by its
//! id; what two artefacts say differently is a contradiction, and the first one wins. `build` makes a history of
//! the facts: objects are created in an order in which the record values come out as they were found. What is missing is
//! put in its simplest form and reported, with the command that gets it; nothing is left out in silence.
//!
//! Text in, scenario out: no file is opened here.

mod assemble;
mod collection;
mod command;
mod evaluated;
mod fact;
mod id;
mod json;
mod place;
mod property;
mod reading;
mod relaxed;
mod report;
mod rest;
mod routing;
mod source;
mod template;
mod terraform;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use indexmap::IndexMap;

pub use report::{FileRead, ImportError, ImportErrors, ObjectRead, Provenance, Remark, Report, Topic};
pub use source::{Kind, MAX_OCTETS, recognise};
pub use template::{DeploymentScope, Evaluated, ExpressionContext, deploy, evaluate};

use self::fact::Facts;
use self::reading::Reading;
use self::source::Read;
use crate::compile::refusal::Refusal;
use crate::scenario::Scenario;

/// A text and the name it is reported by.
#[derive(Clone, Debug)]
pub struct ImportFile<'t> {
    /// Usually a file's name.
    pub name: Arc<str>,
    /// Its content.
    pub text: &'t [u8],
}

/// What an import made.
#[derive(Clone, PartialEq, Debug)]
pub struct Imported {
    /// The scenario; its events know the places they come from.
    pub scenario: Scenario,
    /// What was found and what is missing.
    pub report: Report,
    /// The events of the scenario that Azure would refuse.
    pub refusals: Vec<Refusal>,
}

/// Imports artefacts together.
///
/// # Errors
/// All that keeps a file from being read, each with its place.
pub fn import(sources: &[ImportFile<'_>]) -> Result<Imported, ImportErrors> {
    import_with(sources, &DeploymentScope::default())
}

/// The same, with where templates are deployed to.
///
/// # Errors
/// All that keeps a file from being read, each with its place.
pub fn import_with(sources: &[ImportFile<'_>], scope: &DeploymentScope) -> Result<Imported, ImportErrors> {
    let mut facts = Facts::default();
    let mut report = Report::default();
    let mut errors = Vec::new();
    let mut unread = IndexMap::new();
    let mut pages = Pages::default();
    let mut read = Vec::new();
    for source in sources {
        match source::read(&source.name, source.text) {
            Ok(own) => read.push((source, own)),
            Err(faults) => errors.extend(faults),
        }
    }
    // Parameter files and linked templates are beside templates in any order.
    let mut parameters = Vec::new();
    let mut linked = HashMap::new();
    for (source, own) in &read {
        match own {
            Read::Json(Kind::Parameters, value) => {
                if let Some(entries) = template::parameters(value) {
                    parameters.push(template::ParameterFile { file: &source.name, entries });
                }
            }
            Read::Json(Kind::Template, value) => {
                linked.insert(base_name(&source.name).to_lowercase(), value);
            }
            _ => {}
        }
    }
    let links: Vec<(&str, Vec<&str>)> = read.iter().filter_map(|(source, own)| links(&source.name, own)).collect();
    let mut declared: HashSet<String> = HashSet::new();
    let mut files_of_parameters = Vec::new();
    for (source, own) in &read {
        let mut reading = Reading {
            facts: &mut facts,
            report: &mut report,
            errors: &mut errors,
            unread: &mut unread,
            file: Arc::clone(&source.name),
            planned: false,
            objects: 0,
            reasons: HashMap::new(),
        };
        let kind = match own {
            Read::Json(kind, value) => {
                match kind {
                    Kind::Template => {
                        declared.extend(template::parameter_names(value));
                        match deployed_by(&source.name, &links) {
                            Some(other) => {
                                let text = format!("this template is read as a part of {other}, which deploys it");
                                reading.remark(Topic::Inferred, text, "", None);
                            }
                            None => reading.template(value, source.text.len(), &parameters, &linked, scope),
                        }
                    }
                    Kind::TerraformState | Kind::TerraformPlan | Kind::TerraformRawState => reading.terraform(value),
                    Kind::WhatIf => reading.what_if(value),
                    Kind::Snapshot => reading.snapshot(value),
                    Kind::Pulumi => reading.pulumi(value),
                    Kind::ResourceGraph => {
                        if let Some(page) = reading.graph(value) {
                            pages.add(page, reading.at(""));
                        }
                    }
                    Kind::Parameters => files_of_parameters.push((Arc::clone(&source.name), value)),
                    Kind::Zone | Kind::Other => {}
                    Kind::Resources => reading.resources(value, ""),
                }
                *kind
            }
            Read::Zone(zone) => {
                reading.zone_file(zone, source.text);
                Kind::Zone
            }
        };
        let objects = reading.objects;
        report.files.push(FileRead { file: Arc::clone(&source.name), kind: kind.name().to_owned(), objects });
    }
    pages.report(&mut report);
    undeclared(&read, &declared, &files_of_parameters, &mut report);
    facts.settle();
    for ((kind, name), (count, places)) in unread {
        let times = if count == 1 { String::new() } else { format!(", {count} times") };
        report.add_property(format!("`{name}` of {kind}{times}"), places, reading::decides_names(&kind));
    }
    locate(&read, &mut facts, &mut report, &mut errors);
    if !errors.is_empty() {
        return Err(ImportErrors { errors });
    }
    facts.report_contradictions(&mut report);
    let (scenario, refusals) = assemble::assemble(&mut facts, &mut report);
    report.close();
    Ok(Imported { scenario, report, refusals })
}

/// A file's name without its folder.
fn base_name(file: &str) -> &str {
    file.rsplit(['/', '\\']).next().unwrap_or_default()
}

/// What a template says of templates that are elsewhere.
fn links<'r>(file: &'r str, own: &'r Read) -> Option<(&'r str, Vec<&'r str>)> {
    match own {
        Read::Json(Kind::Template, value) => Some((file, template::links(value))),
        _ => None,
    }
}

/// True if a URI, a path or an expression has the name of a file in it; the name is in lower case.
fn mentions(link: &str, name: &str) -> bool {
    let link = link.to_ascii_lowercase();
    link.match_indices(name).any(|(at, _)| {
        let before = link[..at].chars().next_back();
        let after = link[at + name.len()..].chars().next();
        let is_part =
            |own: Option<char>| own.is_some_and(|own| own.is_alphanumeric() || matches!(own, '-' | '_' | '.'));
        !name.is_empty() && !is_part(before) && !is_part(after)
    })
}

/// The template among the files that deploys this one.
fn deployed_by<'r>(file: &str, links: &[(&'r str, Vec<&str>)]) -> Option<&'r str> {
    let name = base_name(file).to_ascii_lowercase();
    let is_named = |link: &&str| mentions(link, &name);
    links.iter().find(|(other, links)| *other != file && links.iter().any(is_named)).map(|(other, _)| *other)
}

/// Reports parameters that no template declares: Azure would refuse them, and their names can be misspelt.
fn undeclared(
    read: &[(&ImportFile<'_>, Read)],
    declared: &HashSet<String>,
    files: &[(Arc<str>, &serde_json::Value)],
    report: &mut Report,
) {
    if !read.iter().any(|(_, own)| matches!(own, Read::Json(Kind::Template, _))) {
        return;
    }
    for (file, value) in files {
        for (name, pointer) in template::given_names(value) {
            if !declared.contains(&name.to_ascii_lowercase()) {
                let place = Provenance { file: Arc::clone(file), pointer: Some(pointer), line: 0, column: 0 };
                let text =
                    format!("parameter `{}` is not declared by a template of the import", fact::shown(&name.into()));
                report.add(Topic::NotRead, text, vec![place], None);
            }
        }
    }
}

/// Pages of answers of Azure Resource Graph.
#[derive(Default)]
struct Pages {
    /// How many rows were read, by how many the whole answer has, and the first of its pages.
    counted: IndexMap<u64, (u64, Provenance)>,
    /// The same for pages that do not say it: the last one that has a token for another, and whether one has none.
    open: Option<Provenance>,
    has_last: bool,
}

impl Pages {
    fn add(&mut self, page: evaluated::Page, place: Provenance) {
        match page.total {
            Some(total) => self.counted.entry(total).or_insert((0, place)).0 += page.rows,
            None if page.goes_on => self.open = Some(place),
            None => self.has_last = true,
        }
    }

    /// Reports pages that are missing. Several answers can have as many rows.
    fn report(self, report: &mut Report) {
        let get = "az graph query --first 1000 --skip-token TOKEN, until `skip_token` is null";
        for (total, (seen, place)) in self.counted {
            if total > 0 && seen % total != 0 || seen < total {
                let of = total * (seen / total.max(1) + 1);
                let text =
                    format!("the import has {seen} of {of} rows of an Azure Resource Graph answer: pages are missing");
                report.add(Topic::NotRead, text, vec![place], Some(get.to_owned()));
            }
        }
        if let Some(place) = self.open.filter(|_| !self.has_last) {
            let text = "the last page of an Azure Resource Graph answer is not in the import";
            report.add(Topic::NotRead, text, vec![place], Some(get.to_owned()));
        }
    }
}

/// Finds the lines of all JSON pointers, in one pass over each file.
fn locate(read: &[(&ImportFile<'_>, Read)], facts: &mut Facts, report: &mut Report, errors: &mut [ImportError]) {
    let mut wanted: HashMap<Arc<str>, HashSet<String>> = HashMap::new();
    let mut each = |visit: &mut dyn FnMut(&mut Provenance)| {
        facts.places_mut().for_each(&mut *visit);
        report.remarks.iter_mut().flat_map(|remark| &mut remark.places).for_each(&mut *visit);
        report.objects.iter_mut().map(|object| &mut object.place).for_each(&mut *visit);
        errors.iter_mut().map(|error| &mut error.place).for_each(&mut *visit);
    };
    each(&mut |place| {
        if let Some(pointer) = place.pointer.as_ref().filter(|_| place.line == 0) {
            wanted.entry(Arc::clone(&place.file)).or_default().insert(pointer.clone());
        }
    });
    let mut found = HashMap::new();
    for (source, own) in read {
        if let (Read::Json(..), Some(wanted)) = (own, wanted.get(&source.name)) {
            let text = source.text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source.text);
            // It was read as JSON before, so it is UTF-8.
            let text = std::str::from_utf8(text).unwrap_or_default();
            found.entry(Arc::clone(&source.name)).or_insert_with(|| place::find(text, wanted));
        }
    }
    each(&mut |place| {
        if let Some(pointer) = place.pointer.as_ref().filter(|_| place.line == 0) {
            // Within what was text in the text, the nearest place around it is the place.
            let known = found.get(&place.file);
            let mut around = pointer.as_str();
            let position = loop {
                match known.and_then(|known| known.get(around)) {
                    Some(position) => break *position,
                    None if around.is_empty() => break (1, 1),
                    None => around = around.rfind('/').map_or("", |at| &around[..at]),
                }
            };
            (place.line, place.column) = position;
        }
    });
}

#[cfg(test)]
mod tests;
