//! How much of what files declare an import reads. [`declared`] finds the objects without the importer; here they are
//! held against the estate that the import makes of the same files.

mod declared;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ampls_dns::compile::{Compiled, compile};
use ampls_dns::dns::{OwnerName, RecordType};
use ampls_dns::estate::Event;
use ampls_dns::import::{DeploymentScope, ImportFile, ObjectRead, Report, Topic, import_with};
use serde_json::Value;

use declared::Declared;

/// What became of the objects of one file.
#[derive(Debug, Default)]
pub struct Counted {
    /// Objects in the estate.
    pub read: usize,
    /// Objects that are not in the estate, or not all of them is, and a remark or error says so.
    pub reported: Vec<String>,
    /// Objects that are in neither.
    pub dropped: Vec<String>,
    /// Objects of the estate that no file has.
    pub invented: Vec<String>,
    /// Declarations that a condition or an empty loop leaves out.
    pub not_deployed: usize,
}

impl Counted {
    /// Objects that are deployed.
    pub fn all(&self) -> usize {
        self.read + self.reported.len() + self.dropped.len()
    }

    /// Adds those of another file.
    pub fn add(&mut self, other: Self) {
        self.read += other.read;
        self.reported.extend(other.reported);
        self.dropped.extend(other.dropped);
        self.invented.extend(other.invented);
        self.not_deployed += other.not_deployed;
    }

    /// True if at least 95 % are read, none invented and none dropped in silence.
    pub fn holds(&self) -> bool {
        self.dropped.is_empty() && self.invented.is_empty() && self.read * 100 >= self.all() * 95
    }
}

/// Counts one file, imported together with files that belong to it, such as its parameters.
pub fn count(file: &str, text: &[u8], others: &[(String, Vec<u8>)]) -> Counted {
    let mut counted = Counted::default();
    let declared = declared::walk(&strict(text));
    let all = std::iter::once((file, text)).chain(others.iter().map(|(name, text)| (name.as_str(), text.as_slice())));
    let files: Vec<ImportFile<'_>> = all.map(|(name, text)| ImportFile { name: name.into(), text }).collect();
    // What a deployment of the templates says on the command line.
    let scope = DeploymentScope {
        subscription: Some("11111111-1111-4111-8111-111111111111".to_owned()),
        resource_group: Some("rg-corpus".to_owned()),
        location: Some("westeurope".to_owned()),
        ..DeploymentScope::default()
    };
    let imported = match import_with(&files, &scope) {
        Ok(imported) => imported,
        Err(errors) => {
            let why = errors.errors.first().map(ToString::to_string).unwrap_or_default().replace('\n', " ");
            counted.reported.extend(declared.iter().map(|one| format!("{} {}: {why}", one.kind, one.pointer)));
            return counted;
        }
    };
    let history = Arc::new(imported.scenario.history.clone());
    let estate = Estate::of(&compile(&history, history.last()), history.events().iter().map(|one| &one.event));
    let read = &imported.report.objects;
    let places = Places::of(file, &imported.report);
    let mut whole = Whole::of(file, read, &declared);
    for one in &declared {
        let instances = whole.instances(one);
        if instances.is_empty() {
            let said = places.about(&one.pointer) || one.within.iter().any(|pointer| places.at(pointer));
            let text = format!("{} {}", one.kind, one.pointer);
            match (said, one.conditional) {
                (true, _) => counted.reported.push(text),
                (false, true) => counted.not_deployed += 1,
                (false, false) => counted.dropped.push(text),
            }
        }
        for object in instances {
            let text = format!("{} {} {}", object.kind, object.name, one.pointer);
            if estate.has(&object, read, &places) {
                counted.read += 1;
            } else if places.about(&one.pointer) {
                counted.reported.push(text);
            } else {
                counted.dropped.push(text);
            }
        }
    }
    let texts: Vec<String> = files.iter().map(|one| String::from_utf8_lossy(one.text).to_lowercase()).collect();
    for (what, name) in estate.names() {
        let own =
            read.iter().any(|object| Estate::is(&name, &plain(object.name.rsplit('/').next().unwrap_or_default())));
        // A server that networks ask is called after its address; what addresses show to exist is reported by its name.
        let address = name.strip_prefix("dns-server-").unwrap_or(&name);
        let is_text = texts.iter().any(|text| text.contains(address));
        let is_reported = imported.report.remarks.iter().any(|remark| remark.text.to_lowercase().contains(&name));
        if !own && !is_text && !is_reported {
            counted.invented.push(format!("{what} {name}"));
        }
    }
    counted
}

/// A file as JSON: without comments, and with strings over several lines on one.
fn strict(text: &[u8]) -> Value {
    let text = String::from_utf8_lossy(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text));
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let mut quoted = false;
    while let Some(one) = rest.next() {
        match (quoted, one, rest.peek()) {
            (true, '\\', Some(_)) => {
                plain.push(one);
                plain.extend(rest.next());
            }
            (_, '"', _) => {
                quoted = !quoted;
                plain.push(one);
            }
            (false, '/', Some('/')) => while rest.next().is_some_and(|one| one != '\n') {},
            (false, '/', Some('*')) => {
                let mut before = ' ';
                rest.next();
                for one in rest.by_ref() {
                    if (before, one) == ('*', '/') {
                        break;
                    }
                    before = one;
                }
            }
            (_, one, _) => plain.push(if one.is_control() { ' ' } else { one }),
        }
    }
    serde_json::from_str(&plain).unwrap_or_default()
}

/// Where remarks say that something is not read or not known.
struct Places(BTreeSet<String>);

impl Places {
    fn of(file: &str, report: &Report) -> Self {
        let says = [Topic::Contradiction, Topic::Inconsistent, Topic::NotRead, Topic::Missing, Topic::Unresolved];
        let remarks = report.remarks.iter().filter(|remark| says.contains(&remark.topic));
        let places = remarks.flat_map(|remark| &remark.places).filter(|place| *place.file == *file);
        Self(places.filter_map(|place| place.pointer.clone()).collect())
    }

    fn at(&self, pointer: &str) -> bool {
        self.0.contains(pointer)
    }

    /// True for a remark at that place or within it.
    fn about(&self, pointer: &str) -> bool {
        let within = format!("{pointer}/");
        self.at(pointer) || self.0.range(within.clone()..).next().is_some_and(|one| one.starts_with(&within))
    }
}

/// What the import read of a file, by the pointers of declarations.
struct Whole(BTreeMap<(&'static str, String), Vec<ObjectRead>>);

impl Whole {
    fn of(file: &str, read: &[ObjectRead], declared: &[Declared]) -> Self {
        let known: BTreeSet<(&str, &str)> = declared.iter().map(|one| (one.kind, one.pointer.as_str())).collect();
        let mut all: BTreeMap<(&'static str, String), Vec<ObjectRead>> = BTreeMap::new();
        for object in read.iter().filter(|object| *object.place.file == *file) {
            let Some(kind) = declared::KINDS.into_iter().find(|kind| *kind == object.kind) else { continue };
            let mut pointer = object.place.pointer.as_deref().unwrap_or_default();
            // The nearest declaration of that type around the place: a body is within its declaration.
            while !known.contains(&(kind, pointer)) {
                match pointer.rfind('/') {
                    Some(at) => pointer = &pointer[..at],
                    None => break,
                }
            }
            all.entry((kind, pointer.to_owned())).or_default().push(object.clone());
        }
        Self(all)
    }

    fn instances(&mut self, declared: &Declared) -> Vec<ObjectRead> {
        self.0.remove(&(declared.kind, declared.pointer.clone())).unwrap_or_default()
    }
}

/// The record sets of a zone, by owner name and type.
type RecordSets = BTreeSet<(OwnerName, RecordType)>;

/// The names of an estate, by what they are of.
#[derive(Default)]
struct Estate {
    networks: BTreeMap<String, Vec<String>>,
    zones: BTreeMap<String, Vec<(OwnerName, RecordSets)>>,
    links: BTreeMap<String, usize>,
    scopes: BTreeMap<String, usize>,
    /// With true for those that have a zone group.
    endpoints: BTreeMap<String, bool>,
    resources: BTreeSet<String>,
    peered: BTreeSet<String>,
    inbound: BTreeSet<String>,
    /// Rules and links.
    rulesets: BTreeMap<String, (usize, usize)>,
}

/// A name as the estate writes it, in lower case.
fn plain(name: &str) -> String {
    let known = name.trim().chars().filter(|character| !matches!(character, '\u{2039}' | '\u{203a}'));
    known.map(|character| if character == '/' { '-' } else { character.to_ascii_lowercase() }).take(200).collect()
}

/// What a zone is called whose name nobody can know before it is deployed.
fn stand_in(name: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    let plain = name.chars().map(|character| if is_plain(character) { character } else { '-' });
    format!("{}.invalid", plain.collect::<String>())
}

impl Estate {
    fn of<'e>(world: &Compiled, events: impl Iterator<Item = &'e Event>) -> Self {
        let state = &world.state;
        let mut own = Self::default();
        for (name, spec) in &state.networks {
            let subnets = spec.subnets.iter().map(|(name, _)| plain(name));
            own.networks.entry(plain(name.as_str())).or_default().extend(subnets);
        }
        for (id, linked) in &state.zones {
            let sets = linked.zone.iter().map(|set| (set.set.owner().clone(), set.set.kind()));
            let apex = id.apex.to_string().to_ascii_lowercase();
            own.zones.entry(apex).or_default().push((id.apex.clone(), sets.collect()));
        }
        for event in events {
            if let Event::LinkZone { zone, .. } = event {
                *own.links.entry(zone.apex.to_string().to_ascii_lowercase()).or_default() += 1;
            }
        }
        for (name, scope) in &state.scopes {
            own.scopes.insert(plain(name.as_str()), scope.resources.len());
        }
        for (name, endpoint) in &state.endpoints {
            own.endpoints.insert(plain(name.as_str()), endpoint.zone_group.is_some());
        }
        for (name, endpoint) in &state.unresolved {
            own.endpoints.insert(plain(name.as_str()), endpoint.zone_group.is_some());
        }
        own.resources = state.resources.keys().map(|name| plain(name.as_str())).collect();
        own.peered = state.peerings.iter().flatten().map(|name| plain(name.as_str())).collect();
        own.inbound = state.inbound.keys().map(|name| plain(name.as_str())).collect();
        for (name, spec) in &state.rulesets {
            own.rulesets.insert(plain(name.as_str()), (spec.rules.len(), spec.links.len()));
        }
        own
    }

    /// True if the estate has an object that was read.
    fn has(&self, object: &ObjectRead, read: &[ObjectRead], places: &Places) -> bool {
        let names: Vec<String> = object.name.split('/').map(plain).collect();
        let (Some(first), Some(last)) = (names.first(), names.last()) else { return false };
        let said = |one: &ObjectRead| one.place.pointer.as_deref().is_some_and(|pointer| places.about(pointer));
        // Objects below one parent are counted, apart from those with a remark: they have no names in the estate.
        let siblings = |is_wanted: &dyn Fn(&ObjectRead) -> bool| {
            let all = read.iter().filter(|other| other.kind == object.kind && is_wanted(other));
            let own = all.filter(|other| plain(other.name.split('/').next().unwrap_or_default()) == *first);
            own.map(|other| other.name.to_ascii_lowercase()).collect::<BTreeSet<_>>().len()
        };
        let fits =
            |count: usize| count >= siblings(&|_| true) || !said(object) && count >= siblings(&|other| !said(other));
        match object.kind.as_str() {
            "microsoft.network/virtualnetworks" => Self::named(self.networks.keys(), first),
            "microsoft.network/virtualnetworks/subnets" => {
                let own = self.networks.iter().filter(|(name, _)| Self::is(name, first));
                own.flat_map(|(_, subnets)| subnets).any(|name| Self::is(name, last))
            }
            "microsoft.network/virtualnetworks/virtualnetworkpeerings" => Self::named(self.peered.iter(), first),
            "microsoft.network/privatednszones" => {
                self.zones.contains_key(first) || self.zones.contains_key(&stand_in(first))
            }
            "microsoft.network/privatednszones/virtualnetworklinks" => {
                let own = self.links.get(first).or_else(|| self.links.get(&stand_in(first)));
                own.is_some_and(|links| fits(*links))
            }
            "microsoft.network/privateendpoints" => Self::named(self.endpoints.keys(), first),
            "microsoft.network/privateendpoints/privatednszonegroups" => {
                self.endpoints.iter().any(|(name, has_group)| *has_group && Self::is(name, first))
            }
            "microsoft.insights/privatelinkscopes" => Self::named(self.scopes.keys(), first),
            "microsoft.insights/privatelinkscopes/scopedresources" => {
                let mut own = self.scopes.iter().filter(|(name, _)| Self::is(name, first));
                own.any(|(_, resources)| fits(*resources))
            }
            "microsoft.insights/components"
            | "microsoft.insights/datacollectionendpoints"
            | "microsoft.operationalinsights/workspaces" => Self::named(self.resources.iter(), first),
            "microsoft.network/dnsresolvers/inboundendpoints" => {
                Self::named(self.inbound.iter(), last) || Self::named(self.inbound.iter(), first)
            }
            // A resolver and its outbound endpoints are in the estate as what asks for a ruleset.
            "microsoft.network/dnsresolvers" | "microsoft.network/dnsresolvers/outboundendpoints" => true,
            "microsoft.network/dnsforwardingrulesets" => Self::named(self.rulesets.keys(), first),
            "microsoft.network/dnsforwardingrulesets/forwardingrules" => {
                self.rulesets.iter().any(|(name, (rules, _))| Self::is(name, first) && fits(*rules))
            }
            "microsoft.network/dnsforwardingrulesets/virtualnetworklinks" => {
                self.rulesets.iter().any(|(name, (_, links))| Self::is(name, first) && fits(*links))
            }
            kind => {
                let Some(Ok(kind)) = kind.rsplit('/').next().map(str::parse::<RecordType>) else { return false };
                self.zones
                    .get(first)
                    .into_iter()
                    .flatten()
                    .any(|(apex, sets)| apex.child(last).is_ok_and(|owner| sets.contains(&(owner, kind))))
            }
        }
    }

    /// True for the name, or the name with what tells it from another of that name.
    fn is(name: &str, wanted: &str) -> bool {
        name == wanted || name.strip_prefix(wanted).is_some_and(|more| more.starts_with('-'))
    }

    fn named<'n>(mut names: impl Iterator<Item = &'n String>, wanted: &str) -> bool {
        names.any(|name| Self::is(name, wanted))
    }

    fn names(&self) -> Vec<(&'static str, String)> {
        let mut all: Vec<(&'static str, String)> = Vec::new();
        all.extend(self.networks.keys().map(|name| ("network", name.clone())));
        all.extend(self.zones.keys().map(|name| ("zone", name.clone())));
        all.extend(self.scopes.keys().map(|name| ("scope", name.clone())));
        all.extend(self.endpoints.keys().map(|name| ("private endpoint", name.clone())));
        all.extend(self.resources.iter().map(|name| ("resource", name.clone())));
        all
    }
}
