//! Private zones, their links, and the record sets that were found in them.

use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};

use super::{Builder, Endpoint, Networks, Placed};
use crate::dns::{OwnerName, RecordData, RecordSet, RecordType};
use crate::estate::{Event, NetworkName, ResolutionPolicy, ZoneId};
use crate::import::command::{self, word};
use crate::import::fact::{Fact, Facts, Object, shown};
use crate::import::id::{CLOSE, OPEN, ResourceId, UNKNOWN};
use crate::import::reading::record;
use crate::import::report::{Provenance, Topic};

const ZONE: &str = "microsoft.network/privatednszones";
/// The shortest TTL a record set of a private zone has, in seconds.
///
/// Source: az network private-dns record-set, `--ttl`; Azure refuses 0.
const MIN_TTL: u32 = 1;

/// A record set that was found in a zone.
pub(super) struct Found {
    pub(super) set: RecordSet,
    /// Name of the private endpoint that says it wrote it.
    pub(super) creator: Option<String>,
    pub(super) place: Option<Provenance>,
}

impl Found {
    /// Its address, if it has one and nothing else.
    pub(super) fn address(&self) -> Option<Ipv4Addr> {
        match self.set.data() {
            [RecordData::A(address)] => Some(*address),
            _ => None,
        }
    }
}

/// Linked networks, each with its policy and where it was stated.
pub(super) type Links = IndexMap<NetworkName, Link>;

/// How a zone is linked to a network.
#[derive(Clone)]
pub(super) struct Link {
    policy: ResolutionPolicy,
    registration: bool,
    place: Option<Provenance>,
}

/// A private zone.
pub(super) struct Zone {
    pub(super) id: ZoneId,
    pub(super) resource: ResourceId,
    pub(super) links: Links,
    pub(super) sets: Sets,
    /// True if every record set of the zone is known.
    pub(super) whole: bool,
    /// How many record sets the source says it has, the SOA among them, where it does not list them.
    pub(super) said: Option<u64>,
    /// True for zones of templates and plans: what is not said there is not there.
    planned: bool,
    /// True for one whose name is unknown: it has a placeholder name.
    pub(super) unnamed: bool,
    /// True if it is known to have record sets that are not known.
    pub(super) partial: bool,
    /// True for zones that others only refer to: what they have is not known.
    pub(super) referred: bool,
    pub(super) place: Option<Provenance>,
}

/// The record sets of a zone, by owner name and type.
type Sets = IndexMap<(OwnerName, RecordType), Found>;

/// A record set that a zone group says it wrote.
struct Written<'f> {
    /// Name of the private endpoint.
    endpoint: &'f str,
    kind: &'f str,
    name: &'f str,
    declared: &'f Fact,
}

/// What zone groups of endpoints that lead to other services say they wrote, by the key of the zone's id.
fn written_by_groups(facts: &Facts) -> HashMap<&str, Vec<Written<'_>>> {
    let mut zones: HashMap<&str, Vec<Written<'_>>> = HashMap::new();
    for object in facts.of("microsoft.network/privateendpoints") {
        if object.id_of("scope").is_some_and(|id| id.kind == "microsoft.insights/privatelinkscopes") {
            continue;
        }
        for (what, declared) in object.with("writes ") {
            let mut parts = what.rsplitn(3, ' ');
            if let (Some(name), Some(kind), Some(zone)) = (parts.next(), parts.next(), parts.next()) {
                zones.entry(zone).or_default().push(Written { endpoint: object.id.name(), kind, name, declared });
            }
        }
    }
    zones
}

/// All zones, by the key of their id.
#[derive(Default)]
pub(super) struct Zones {
    pub(super) all: IndexMap<String, Zone>,
    by_id: HashMap<ZoneId, usize>,
}

/// What a zone is called whose name is unknown: a placeholder for the name, in a domain that no zone can be in (RFC 6761).
fn stand_in(name: &str) -> Option<OwnerName> {
    let plain = |character: char| match character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.') {
        true => character.to_ascii_lowercase(),
        false => '-',
    };
    let known: String = name.chars().filter(|character| !matches!(*character, OPEN | CLOSE)).map(plain).collect();
    let labels: Vec<&str> = known.split('.').filter(|label| !label.is_empty()).collect();
    OwnerName::parse(&format!("{}.invalid", labels.join("."))).ok().filter(|_| !labels.is_empty())
}

impl Zones {
    pub(super) fn get(&self, id: &ZoneId) -> Option<&Zone> {
        self.by_id.get(id).map(|index| &self.all[*index])
    }

    /// What creates and links them. Zones with equal links are next to each other, so that they read as one entry.
    pub(super) fn events(&self) -> Vec<Placed> {
        // By resource group and links, a link being a network, whether it goes on to public DNS, and whether it registers.
        type Alike = (Arc<str>, Vec<(NetworkName, bool, bool)>);
        let mut alike: IndexMap<Alike, Vec<&Zone>> = IndexMap::new();
        for zone in self.all.values() {
            let links = zone.links.iter().map(|(name, link)| {
                (name.clone(), link.policy == ResolutionPolicy::NxDomainRedirect, link.registration)
            });
            alike.entry((Arc::clone(&zone.id.resource_group), links.collect())).or_default().push(zone);
        }
        let mut events = Vec::new();
        for zones in alike.values() {
            events.extend(
                zones.iter().map(|zone| (Event::CreatePrivateDnsZone { zone: zone.id.clone() }, zone.place.clone())),
            );
            for network in zones.first().into_iter().flat_map(|zone| zone.links.keys()) {
                for zone in zones {
                    if let Some(link) = zone.links.get(network) {
                        let Link { policy, registration, place } = link.clone();
                        let (id, network) = (zone.id.clone(), network.clone());
                        let event = Event::LinkZone { zone: id, network, policy, registration };
                        events.push((event, place.or_else(|| zone.place.clone())));
                    }
                }
            }
        }
        events
    }
}

impl Builder<'_> {
    pub(super) fn zones(&mut self) -> Zones {
        let facts = self.facts;
        let mut zones = Zones::default();
        let written = written_by_groups(facts);
        // The subscriptions that have a resource group of that name.
        let mut subscriptions: HashMap<String, IndexSet<String>> = HashMap::new();
        for object in facts.of(ZONE) {
            let unnamed = object.id.has_unknown_name();
            let apex = match unnamed {
                true => stand_in(object.id.name()).filter(|_| object.declared.is_some()),
                false => OwnerName::parse(object.id.name()).ok(),
            };
            if unnamed {
                let own = shown(&object.id.name().into());
                let text = match &apex {
                    Some(apex) => {
                        format!("the name of private zone {own} is unknown: the importer uses the placeholder {apex}")
                    }
                    None => format!(
                        "the name of private zone {own} is unknown: the importer ignores the zone, its links and its record sets"
                    ),
                };
                self.report.add(Topic::NotRead, text, object.places(), None);
                if apex.is_none() {
                    continue;
                }
            }
            let Some(apex) = apex else {
                let text = format!(
                    "`{}` is not a valid zone name: the importer ignores the zone",
                    shown(&object.id.name().into())
                );
                self.report.add(Topic::NotRead, text, object.places(), None);
                continue;
            };
            if self.is_foreign(&apex, object.places().into_iter().next()) {
                continue;
            }
            let group = super::label::clean(facts.group(&object.id.group));
            // Resource groups of different subscriptions can share a name.
            let position = match object.id.subscription.as_str() {
                UNKNOWN => 0,
                own => {
                    let of_name = subscriptions.entry(group.to_ascii_lowercase()).or_default();
                    of_name.insert_full(own.to_ascii_lowercase()).0
                }
            };
            let group = if position == 0 { group } else { format!("{group}-{}", position + 1) };
            let mut id = ZoneId { resource_group: group.as_str().into(), apex };
            let mut number = 2;
            while zones.get(&id).is_some() {
                id.resource_group = format!("{group}-{number}").into();
                number += 1;
            }
            let (mut sets, unknown) = self.found(object, &id);
            if let Some(written) = written.get(object.id.key().as_str()) {
                self.add_written(object, &id, written, &mut sets);
            }
            let whole = object.get("recordSets").is_some();
            self.counted(object, &id, &sets);
            let zone = Zone {
                id,
                resource: object.id.clone(),
                links: IndexMap::new(),
                sets,
                said: (!whole).then(|| object.get("numberOfRecordSets")?.as_u64()).flatten(),
                whole,
                planned: object.planned,
                unnamed,
                partial: unnamed || unknown,
                referred: object.declared.is_none(),
                place: object.places().into_iter().next(),
            };
            zones.by_id.insert(zone.id.clone(), zones.all.len());
            zones.all.insert(object.id.key(), zone);
        }
        zones
    }

    /// The record sets of a zone; true if there are others, whose records are not known.
    fn found(&mut self, zone: &Object, id: &ZoneId) -> (Sets, bool) {
        let facts = self.facts;
        let listed: Option<HashSet<&str>> = zone
            .get("recordSets")
            .and_then(serde_json::Value::as_array)
            .map(|items| items.iter().filter_map(serde_json::Value::as_str).collect());
        let mut sets = IndexMap::new();
        let mut unknown = false;
        for kind in ["a", "aaaa", "cname", "mx", "ptr", "srv", "txt"] {
            for object in facts.children(&zone.id, kind) {
                let Ok(kind) = kind.parse::<RecordType>() else { continue };
                let own = id.apex.child(object.id.name());
                let Ok(owner) = own.map_err(|_| ()) else {
                    let text = format!(
                        "`{}` is not a valid name in {}: the importer ignores the record set",
                        shown(&object.id.name().into()),
                        id.apex
                    );
                    self.report.add(Topic::NotRead, text, object.places(), None);
                    continue;
                };
                let records = object.get("records").and_then(serde_json::Value::as_array).into_iter().flatten();
                let data: Vec<RecordData> = records.filter_map(|one| record(kind, one.as_str()?)).collect();
                let ttl = object.get("ttl").and_then(serde_json::Value::as_u64).and_then(|ttl| u32::try_from(ttl).ok());
                let mut ttl = ttl.unwrap_or(self.catalogue.rules.manual_ttl);
                if ttl < MIN_TTL {
                    let text = format!(
                        "record set {owner} {kind} has TTL {ttl}, but Azure accepts {MIN_TTL} to {}: the importer uses {MIN_TTL}",
                        crate::dns::master::MAX_TTL
                    );
                    self.report.add(Topic::Inconsistent, text, object.places(), None);
                    ttl = MIN_TTL;
                }
                let Some(set) = RecordSet::new(owner.clone(), ttl, data) else {
                    // Before a deployment they can be known to Azure alone.
                    let text = match object.planned {
                        true => format!(
                            "the records of record set {owner} {kind} are unknown: the importer ignores the record set"
                        ),
                        false => format!("record set {owner} {kind} has no records: the importer ignores it"),
                    };
                    unknown |= object.planned;
                    self.report.add(Topic::NotRead, text, object.places(), None);
                    continue;
                };
                let name = format!("{} {kind}", object.id.name().to_ascii_lowercase());
                if listed.as_ref().is_some_and(|listed| !listed.contains(name.as_str())) {
                    let text = format!(
                        "record set {owner} {kind} is in the import, but not in the complete list of {}",
                        id.apex
                    );
                    let mut places = object.places();
                    places.extend(zone.place("recordSets"));
                    let others =
                        places.iter().any(|place| Some(&place.file) != places.first().map(|first| &first.file));
                    // Of two whole lists it was stated before what the one has and the other has not.
                    if others
                        && !self
                            .report
                            .of(Topic::Contradiction)
                            .any(|one| one.text.contains(&format!("private zone {}", zone.id.name())))
                    {
                        self.report.add(Topic::Contradiction, text, places, None);
                    }
                }
                let creator = object.text("creator").and_then(|text| text.strip_prefix("created by private endpoint "));
                let creator = creator.and_then(|text| text.split(' ').next()).map(str::to_owned);
                sets.insert((owner, kind), Found { set, creator, place: object.place("records") });
            }
        }
        (sets, unknown)
    }

    /// Adds the record sets that zone groups say they wrote, where no list of the zone contradicts. Endpoints of scopes write theirs
    /// themselves.
    fn add_written(&self, zone: &Object, id: &ZoneId, written: &[Written<'_>], sets: &mut Sets) {
        if zone.get("recordSets").is_some() {
            return;
        }
        for Written { endpoint, kind, name, declared } in written {
            let (Ok(kind), Ok(owner)) = (kind.parse::<RecordType>(), id.apex.child(name)) else { continue };
            let texts = declared.value.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
            let data: Vec<RecordData> = texts.filter_map(|text| record(kind, text)).collect();
            if let Some(set) = RecordSet::new(owner.clone(), self.catalogue.rules.private_ttl, data) {
                let creator = Some((*endpoint).to_owned());
                sets.entry((owner, kind)).or_insert(Found { set, creator, place: Some(declared.from.clone()) });
            }
        }
    }

    /// What a zone says it has, and what was found.
    fn counted(&mut self, zone: &Object, id: &ZoneId, sets: &Sets) {
        let listed = zone.get("recordSets").and_then(serde_json::Value::as_array).map(Vec::len);
        let said = zone.get("numberOfRecordSets").and_then(serde_json::Value::as_u64);
        if let (Some(listed), Some(said)) = (listed, said) {
            // The SOA counts.
            if said != listed as u64 + 1 {
                let text = format!(
                    "{} reports {said} record sets, but its list has {} with the SOA: export both at the same time",
                    id.apex,
                    listed + 1
                );
                let places = [zone.place("numberOfRecordSets"), zone.place("recordSets")];
                self.report.add(Topic::Inconsistent, text, places.into_iter().flatten().collect(), None);
            }
        }
        let is_asked = zone.declared.is_none() || self.catalogue.zone(&id.apex).is_some();
        // With the SOA, it can have no others.
        let is_whole = said.is_some_and(|said| said == sets.len() as u64 + 1);
        if listed.is_none() && !zone.planned && is_asked && !is_whole {
            let what = match sets.len() {
                0 => "the contents".to_owned(),
                _ => "the other record sets".to_owned(),
            };
            let text = format!(
                "{what} of private zone {} are not in the import: the importer adds only what private endpoints write",
                id.apex
            );
            let group = self.facts.group(&zone.id.group).to_owned();
            self.missing(
                text,
                zone.places(),
                format!("az network private-dns record-set list -g {} -z {}", command::group(&group), word(&id.apex)),
            );
        }
    }

    /// Links that the files have.
    fn told_links(&mut self, zones: &mut Zones, networks: &mut Networks) {
        let facts = self.facts;
        for object in facts.of("microsoft.network/privatednszones/virtualnetworklinks") {
            let Some(zone) = object.id.parent() else { continue };
            let known = object.id_of("network").filter(|network| !self.is_unknown_network(network));
            let (network, zone) = match (known, zones.all.get_mut(&zone.key())) {
                (Some(network), Some(zone)) => (network, zone),
                (known, _) => {
                    let why = match known {
                        None => "is to an unknown network",
                        Some(_) => "belongs to a zone that is not in the import",
                    };
                    let (link, zone) = (shown(&object.id.name().into()), shown(&zone.name().into()));
                    let text = format!("link {link} of zone {zone} {why}: the importer ignores it");
                    self.report.add(Topic::NotRead, text, object.places(), None);
                    continue;
                }
            };
            let network = self.add_network(networks, &network);
            let policy = match object.text("resolutionPolicy") {
                Some("NxDomainRedirect") => ResolutionPolicy::NxDomainRedirect,
                _ => ResolutionPolicy::Default,
            };
            let registration = object.get("registrationEnabled").is_some();
            let link = Link { policy, registration, place: object.place("network") };
            zone.links.entry(network.as_str().into()).or_insert(link);
        }
    }

    /// Links of zones, and what can be said where there are none.
    pub(super) fn links(&mut self, zones: &mut Zones, networks: &mut Networks, endpoints: &[Endpoint]) {
        self.told_links(zones, networks);
        let facts = self.facts;
        let any = zones.all.values().any(|zone| !zone.links.is_empty());
        let counts: IndexMap<String, u64> = zones
            .all
            .keys()
            .filter_map(|key| {
                Some((key.clone(), facts.objects.get(key)?.get("numberOfVirtualNetworkLinks")?.as_u64()?))
            })
            .collect();
        // Zones of one zone group are linked alike as a rule; where their own count agrees, they are taken to be.
        let models: Vec<(ZoneId, Links)> = zones
            .all
            .values()
            .filter(|zone| !zone.links.is_empty())
            .map(|zone| (zone.id.clone(), zone.links.clone()))
            .collect();
        let mut of_count: HashMap<u64, Vec<usize>> = HashMap::new();
        let mut position: HashMap<&ZoneId, usize> = HashMap::new();
        for (index, (id, links)) in models.iter().enumerate() {
            of_count.entry(links.len() as u64).or_default().push(index);
            position.insert(id, index);
        }
        let mut writers: HashMap<&ZoneId, Vec<&Endpoint>> = HashMap::new();
        for one in endpoints {
            for id in one.zone_group.iter().flatten() {
                writers.entry(id).or_default().push(one);
            }
        }
        let keys: Vec<String> = zones.all.keys().cloned().collect();
        for key in keys {
            let zone = &zones.all[&key];
            if !zone.links.is_empty() || zone.planned || counts.get(&key) == Some(&0) {
                continue;
            }
            let (id, places) = (zone.id.clone(), zone.place.iter().cloned().collect::<Vec<_>>());
            let group = self.facts.group(&zone.resource.group).to_owned();
            let get =
                format!("az network private-dns link vnet list -g {} -z {}", command::group(&group), word(&id.apex));
            let grouped: &[&Endpoint] = writers.get(&id).map_or(&[], Vec::as_slice);
            let alike = counts.get(&key).and_then(|count| of_count.get(count));
            let model = alike.and_then(|alike| match grouped {
                [] => alike.first().copied(),
                grouped => {
                    let together = grouped.iter().flat_map(|one| &one.zone_group).flatten();
                    let together = together.filter_map(|id| position.get(id).copied());
                    together.filter(|index| alike.binary_search(index).is_ok()).min()
                }
            });
            let model = model.map(|index| &models[index]);
            if let Some((model, links)) = model {
                let text = format!(
                    "the links of {} are not in the import; it reports as many links as {}, so the importer assumes the same networks",
                    id.apex, model.apex
                );
                self.report.add(Topic::Missing, text, places, Some(get));
                let links = links.clone();
                zones.all[&key].links = links;
                continue;
            }
            // Nothing is known of any link: who has endpoints writing here asks the zone.
            let mut askers: Vec<String> = grouped.iter().map(|one| one.network.clone()).collect();
            if any || askers.is_empty() {
                self.missing(
                    format!(
                        "the links of {} are not in the import: the importer assumes that the zone is linked to no network",
                        id.apex
                    ),
                    places,
                    get,
                );
                continue;
            }
            askers.dedup();
            let text = format!(
                "no link of {} is in the import: the importer assumes that the zone is linked to {}",
                id.apex,
                askers.join(", ")
            );
            self.report.add(Topic::Missing, text, places, Some(get));
            let link = Link { policy: ResolutionPolicy::Default, registration: false, place: None };
            zones.all[&key].links = askers.into_iter().map(|name| (name.as_str().into(), link.clone())).collect();
        }
    }
}
