//! A revision with its zones as tables.
//!
//! Each zone instance has one table, whichever views see it; a revision that follows another takes over the tables of all
//! zones that did not change.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use hashbrown::HashTable;

use super::respond::{RequestContext, Response};
use super::sections::{ends_at, tells_of_missing, told_about};
use super::{fast, respond};
use crate::compile::{Compiled, View, Zone};
use crate::dns::table::Key;
use crate::dns::wire::Transport;
use crate::dns::{OwnerName, RecordType, Table, table};
use crate::estate::{DnsSetting, History, NetworkKind, ResolutionPolicy};

/// A revision, ready to be answered from.
#[derive(Debug)]
pub struct Prepared {
    world: Arc<Compiled>,
    /// In the order of the views.
    views: Vec<ViewPlan>,
    public: Zones,
    /// By the address of the zone or table, which stays where it is as long as it is kept here.
    ready: HashMap<usize, Arc<PackedZone>>,
}

/// How a view's clients are answered.
#[derive(Debug)]
enum ViewPlan {
    /// From the zones linked to the network, then from public DNS.
    Linked {
        links: Zones,
        /// True if forwarding rules come before public DNS: what no link has is not decided here.
        rules: bool,
    },
    /// From public DNS alone.
    Public,
    /// By servers of the network's own; not decided here.
    Custom,
}

/// A zone and its table.
#[derive(Debug)]
struct PackedZone {
    /// Absent for zones from files, whose tables are kept there.
    zone: Option<Arc<Zone>>,
    /// Absent where a zone breaks a rule that tables keep.
    table: Option<Arc<Table>>,
    /// Hashes of the names whose addresses were deleted: something is told about them. A name that only shares its hash
    /// takes the long road for nothing.
    tombstones: HashSet<u64>,
}

/// Zones among which the one with the longest name has the say.
#[derive(Debug, Default)]
struct Zones {
    index: HashTable<Indexed>,
    held: Vec<ZoneSlot>,
    most_labels: usize,
}

/// A zone in the index: the hash of its name, and its place among those held.
#[derive(Debug)]
struct Indexed {
    hash: u64,
    at: u32,
}

/// A zone as one view meets it.
#[derive(Debug)]
pub(super) struct ZoneSlot {
    // Kept here too, so that a look-up has no farther to go.
    apex: OwnerName,
    table: Option<Arc<Table>>,
    ready: Arc<PackedZone>,
    /// True if names it does not have may be asked again in public DNS.
    pub(super) redirects: bool,
    /// True if something may be told about any name it does not have.
    tells: bool,
    /// True if names it does not have may exist all the same, outside the emulated world.
    pub(super) ends: bool,
}

impl ZoneSlot {
    pub(super) fn table(&self) -> Option<&Table> {
        self.table.as_deref()
    }

    /// True if something may be told about this name, which the zone does not have.
    pub(super) fn tells_of(&self, key: &Key) -> bool {
        self.tells || !self.ready.tombstones.is_empty() && self.ready.tombstones.contains(&key.suffix(0).1)
    }
}

impl Prepared {
    /// Makes the tables of a revision; those that `before` has for the same zones are taken over.
    pub fn new(world: Arc<Compiled>, before: Option<&Self>) -> Self {
        let mut making = Builder { world: &world, before, ready: HashMap::new() };
        let public = making.public();
        let views = world.views.iter().map(|(_, view)| making.way(view)).collect();
        let ready = making.ready;
        Self { views, public, ready, world }
    }

    /// The revision.
    pub fn world(&self) -> &Arc<Compiled> {
        &self.world
    }

    /// Answers a query; as [`respond()`] does, only faster where it can be.
    pub fn respond(
        &self,
        context: &RequestContext<'_>,
        transport: Transport,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Response {
        self.respond_fast(context, transport, packet, out)
            .unwrap_or_else(|| respond(&self.world, context, transport, packet, out))
    }

    /// Answers a query where that takes no more than copying; absent where it does, and [`respond()`] is to be asked.
    pub fn respond_fast(
        &self,
        context: &RequestContext<'_>,
        transport: Transport,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Option<Response> {
        fast::respond(self, context, transport, packet, out)
    }

    /// The zone that has the say over a name in a view; absent where that is not decided here.
    pub(super) fn zone_of(&self, view: usize, key: &Key) -> Option<&ZoneSlot> {
        match self.views.get(view)? {
            ViewPlan::Linked { links, rules } => match links.of(key) {
                Some(held) => Some(held),
                None if *rules => None,
                None => self.public.of(key),
            },
            ViewPlan::Public => self.public.of(key),
            ViewPlan::Custom => None,
        }
    }
}

struct Builder<'m> {
    world: &'m Compiled,
    before: Option<&'m Prepared>,
    ready: HashMap<usize, Arc<PackedZone>>,
}

impl Builder<'_> {
    fn public(&mut self) -> Zones {
        let world = self.world;
        let mut held = Vec::new();
        for zone in world.state.public.zones().filter(|zone| world.files.get(zone.apex()).is_none()) {
            let ready = self.ready(zone);
            let ends = ends_at(world, zone.apex());
            held.push(ZoneSlot { tells: tells_of_missing(world, zone.apex()), ends, ..ZoneSlot::of(ready) });
        }
        held.extend(world.files.public().map(|table| self.held_of_file(table)));
        Zones::new(held)
    }

    fn way(&mut self, view: &View) -> ViewPlan {
        if matches!(view.dns, DnsSetting::Custom { .. }) {
            return ViewPlan::Custom;
        }
        if view.kind == NetworkKind::OnPremises {
            return ViewPlan::Public;
        }
        let files = &self.world.files;
        let network = view.network.as_ref().map_or("", |network| network.as_str());
        let own = view.links.values().filter(|link| files.get_linked(network, link.zone.apex()).is_none());
        let links = own.map(|link| ZoneSlot {
            redirects: link.policy == ResolutionPolicy::NxDomainRedirect,
            ..ZoneSlot::of(self.ready(&link.zone))
        });
        let mut links: Vec<ZoneSlot> = links.collect();
        links.extend(files.linked_to(network).map(|table| self.held_of_file(table)));
        ViewPlan::Linked { links: Zones::new(links), rules: !view.rulesets.is_empty() }
    }

    /// A zone from a file. Its table is there already; the same file's is shared by all that see it.
    fn held_of_file(&mut self, table: &Arc<Table>) -> ZoneSlot {
        let address = Arc::as_ptr(table) as usize;
        let ready = self.ready.entry(address).or_insert_with(|| {
            Arc::new(PackedZone { zone: None, table: Some(Arc::clone(table)), tombstones: HashSet::new() })
        });
        ZoneSlot::of(Arc::clone(ready))
    }

    fn ready(&mut self, zone: &Arc<Zone>) -> Arc<PackedZone> {
        let address = Arc::as_ptr(zone) as usize;
        if let Some(ready) = self.ready.get(&address) {
            return Arc::clone(ready);
        }
        let known = self.before.and_then(|before| {
            let ready = before.ready.get(&address)?;
            // Reasons name steps, which a longer history may have more of.
            let told = ready.table.as_ref().is_some_and(|table| table.has_reasons());
            let same = !told || same_steps(&before.world.history, &self.world.history);
            same.then(|| Arc::clone(ready))
        });
        let ready = known.unwrap_or_else(|| Arc::new(PackedZone::new(self.world, zone)));
        self.ready.insert(address, Arc::clone(&ready));
        ready
    }
}

fn same_steps(one: &Arc<History>, other: &Arc<History>) -> bool {
    Arc::ptr_eq(one, other)
}

impl PackedZone {
    fn new(world: &Compiled, zone: &Arc<Zone>) -> Self {
        let sets = zone.iter().map(|owned| (&owned.set, told_about(world, owned)));
        let table = Table::of(zone.soa().clone(), sets).ok();
        let tombstones = zone.tombstones().filter(|(_, kind)| *kind == RecordType::A);
        let tombstones = tombstones.map(|(name, _)| table::hash_of(name.wire())).collect();
        Self { zone: Some(Arc::clone(zone)), table: table.map(Arc::new), tombstones }
    }
}

impl Zones {
    fn new(held: Vec<ZoneSlot>) -> Self {
        let mut zones = Self { index: HashTable::with_capacity(held.len()), most_labels: 0, held };
        for at in 0..zones.held.len() {
            let apex = &zones.held[at].apex;
            let hash = table::hash_of(apex.wire());
            zones.most_labels = zones.most_labels.max(apex.label_count());
            let at = u32::try_from(at).expect("there are fewer zones than that");
            zones.index.insert_unique(hash, Indexed { hash, at }, |indexed| indexed.hash);
        }
        zones
    }

    fn of(&self, key: &Key) -> Option<&ZoneSlot> {
        if self.held.is_empty() {
            return None;
        }
        (key.labels().saturating_sub(self.most_labels)..=key.labels()).find_map(|label| {
            let (suffix, hash) = key.suffix(label);
            let held = |indexed: &Indexed| &self.held[indexed.at as usize];
            self.index.find(hash, |one| one.hash == hash && held(one).apex.wire() == suffix).map(held)
        })
    }
}

impl ZoneSlot {
    /// A zone whose names are all there is to say.
    fn of(ready: Arc<PackedZone>) -> Self {
        let apex = match (&ready.zone, &ready.table) {
            (Some(zone), _) => zone.apex(),
            (None, Some(table)) => table.apex(),
            (None, None) => unreachable!("what is ready has a zone or a table"),
        };
        let (apex, table) = (apex.clone(), ready.table.clone());
        Self { apex, table, ready, redirects: false, tells: false, ends: false }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::prelude::*;

    use super::*;
    use crate::catalogue::Cloud;
    use crate::compile::{Fold, ZoneFiles, sample};
    use crate::dns::wire::{decode, encode_query};
    use crate::dns::{OwnerName, RecordData, RecordSet};
    use crate::estate::{Event, NetworkSpec, Recorded, Revision, ZoneId};
    use crate::resolve::{Ede, Forwarding, Subnets};

    fn name(text: &str) -> OwnerName {
        OwnerName::parse(text).expect("a good name")
    }

    fn context(view: Option<crate::compile::ViewId>, extended: Ede) -> RequestContext<'static> {
        RequestContext {
            listener: view,
            source: IpAddr::from([127, 0, 0, 1]),
            asked_at: None,
            subnets: Subnets::Trusted,
            extended,
            outside: Forwarding::Off,
            local_addresses: &[],
        }
    }

    /// Names that meet, miss and stand below one another.
    fn any_label() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec!["a", "b", "c", "*"])
    }

    fn any_owner() -> impl Strategy<Value = OwnerName> {
        let zones = vec!["privatelink.monitor.azure.com", "monitor.azure.com", "p.example", "x.p.example", "else.test"];
        (prop::collection::vec(any_label(), 0..3), prop::sample::select(zones)).prop_map(|(labels, zone)| {
            let front: String = labels.iter().map(|label| format!("{label}.")).collect();
            name(&format!("{front}{zone}"))
        })
    }

    fn any_set() -> impl Strategy<Value = RecordSet> {
        let data = prop_oneof![
            prop::collection::vec(any::<[u8; 4]>().prop_map(|a| RecordData::A(a.into())), 1..4),
            prop::collection::vec(any::<[u8; 16]>().prop_map(|a| RecordData::Aaaa(a.into())), 1..3),
            any_owner().prop_map(|target| vec![RecordData::Cname(target)]),
            any_owner().prop_map(|target| vec![RecordData::Cname(target)]),
            (1usize..6)
                .prop_map(|n| (0..n).map(|i| RecordData::Txt(vec![vec![b'x'; 40 * n], vec![i as u8]])).collect()),
            any_owner().prop_map(|exchange| vec![RecordData::Mx { preference: 5, exchange }]),
        ];
        (any_owner(), 0u32..5000, data).prop_map(|(owner, ttl, mut data)| {
            let mut seen = HashSet::new();
            data.retain(|one| seen.insert(one.clone()));
            RecordSet::new(owner, ttl, data).expect("records of one type")
        })
    }

    /// What happens in an estate of three networks and three private zones.
    fn any_event() -> impl Strategy<Value = Vec<Event>> {
        let zone = prop::sample::select(vec!["privatelink.monitor.azure.com", "p.example", "x.p.example"]);
        let zone = zone.prop_map(|apex| ZoneId { resource_group: "rg".into(), apex: name(apex) });
        let network = prop::sample::select(vec!["one", "two", "three"]);
        let policy = prop::sample::select(vec![ResolutionPolicy::Default, ResolutionPolicy::NxDomainRedirect]);
        prop_oneof![
            (zone.clone(), network, policy).prop_map(|(zone, network, policy)| {
                vec![
                    Event::CreatePrivateDnsZone { zone: zone.clone() },
                    Event::LinkZone { zone, network: network.into(), policy },
                ]
            }),
            (zone.clone(), any_set()).prop_map(|(zone, set)| vec![Event::PutRecordSet { zone, set }]),
            (zone.clone(), any_set()).prop_map(|(zone, set)| vec![Event::PutRecordSet { zone, set }]),
            (zone.clone(), any_set()).prop_map(|(zone, set)| vec![Event::PutRecordSet { zone, set }]),
            (zone, any_owner())
                .prop_map(|(zone, owner)| { vec![Event::DeleteRecordSet { zone, owner, kind: RecordType::A }] }),
        ]
    }

    fn fold(events: Vec<Event>) -> (Fold, Arc<History>) {
        let mut history = History::new(Cloud::Public);
        for label in ["one", "two", "three"] {
            let spec = NetworkSpec {
                name: label.into(),
                kind: if label == "three" { NetworkKind::OnPremises } else { NetworkKind::Virtual },
                address_space: vec!["10.0.0.0/16".parse().expect("a prefix")],
                client_prefixes: Vec::new(),
                subnets: Vec::new(),
                dns: DnsSetting::AzureProvided,
            };
            history.push(Recorded { event: Event::CreateNetwork(spec), date: None, place: None });
        }
        for event in events {
            history.push(Recorded { event, date: None, place: None });
        }
        let history = Arc::new(history);
        (Fold::with_catalogue(sample::catalogue(), &history), history)
    }

    /// Master files of zones with these record sets, as far as one zone can have them; each is public, linked to the first
    /// network, or both, as the numbers say.
    fn files(sets: Vec<RecordSet>, places: [u8; 3]) -> ZoneFiles {
        let apexes = [name("else.test"), name("p.example"), name("monitor.azure.com")];
        let mut texts: Vec<String> = apexes
            .iter()
            .map(|apex| format!("$ORIGIN {}\n@ 30 IN SOA ns.test. host.test. 1 2 3 4 9\n", apex.dotted()))
            .collect();
        let mut kept: Vec<RecordSet> = Vec::new();
        for set in sets {
            let Some(at) = apexes.iter().position(|apex| set.owner().is_within(apex)) else { continue };
            let clash = |other: &RecordSet| {
                other.owner() == set.owner()
                    && (other.kind() == set.kind() || other.alias().is_some() || set.alias().is_some())
            };
            let alias_at_apex = set.alias().is_some() && *set.owner() == apexes[at];
            if !alias_at_apex && !kept.iter().any(clash) {
                texts[at].push_str(&format!("{set}\n"));
                kept.push(set);
            }
        }
        let mut files = ZoneFiles::default();
        for (text, place) in texts.iter().zip(places) {
            let table = Arc::new(Table::read(text.as_bytes(), None).expect("a good zone"));
            if place != 1 {
                files.publish(Arc::clone(&table)).expect("three names");
            }
            if place != 0 {
                files.link(&"one".into(), table).expect("three names");
            }
        }
        files
    }

    /// Asks on both roads and holds the replies equal; true if the fast one was taken.
    fn ask(prepared: &Prepared, context: &RequestContext<'_>, transport: Transport, packet: &[u8]) -> bool {
        let (mut quick, mut slow) = (vec![0xaa; 7], Vec::new());
        let response = respond(prepared.world(), context, transport, packet, &mut slow);
        let Some(fast) = fast::respond(prepared, context, transport, packet, &mut quick) else { return false };
        assert_eq!(fast, response);
        assert_eq!(quick[..12], slow[..12], "headers");
        assert_eq!(decode(&quick), decode(&slow));
        let question = packet.len().min(slow.len());
        let end = 12 + packet[12..question].iter().position(|octet| *octet == 0).expect("a name ends") + 5;
        assert_eq!(quick[12..end], packet[12..end], "the question as it was spelled");
        true
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn both_roads_lead_to_the_same_reply(
            events in prop::collection::vec(any_event(), 0..25),
            file_sets in prop::option::of((prop::collection::vec(any_set(), 0..20), any::<[u8; 3]>())),
            questions in prop::collection::vec(
                (any_owner(), 0u16..20, prop::option::of(prop::sample::select(vec![100u16, 512, 1232, 4096])), any::<u16>()),
                1..20
            ),
            shown in any::<bool>(),
            tcp in any::<bool>(),
        ) {
            let (mut fold, history) = fold(events.concat());
            let middle = Revision(history.last().0 / 2);
            fold.to(middle);
            let before = Prepared::new(Arc::new(fold.compiled()), None);
            fold.to(history.last());
            let mut world = fold.compiled();
            if let Some((sets, places)) = file_sets {
                world = world.with_files(Arc::new(files(sets, places.map(|place| place % 3)))).expect("there is a network");
            }
            let prepared = Prepared::new(Arc::new(world), Some(&before));
            let extended = if shown { Ede::Include } else { Ede::Omit };
            let transport = if tcp { Transport::Tcp } else { Transport::Udp };
            for (owner, kind, size, bits) in questions {
                let kinds = [1, 1, 1, 28, 5, 16, 15, 6, 65, 255, 12, 33, 64, 1, 1, 1, 28, 5, 41, 252];
                let mut packet = encode_query(bits, &owner, RecordType(kinds[usize::from(kind)]), size);
                packet[2] ^= (bits & 1) as u8;
                packet[3] |= (bits & 0x10) as u8;
                let end = 12 + owner.wire().len();
                for (at, octet) in packet[12..end].iter_mut().enumerate() {
                    if bits >> (at % 16) & 1 == 1 {
                        octet.make_ascii_uppercase();
                    }
                }
                for (view, _) in prepared.world().views.iter() {
                    ask(&prepared, &context(Some(view), extended), transport, &packet);
                }
            }
        }
    }

    #[test]
    fn ordinary_questions_take_the_fast_road() {
        let world = sample::estate([10, 0, 1, 9].into());
        let vnet1 = world.views.of_network("vnet1");
        let prepared = Prepared::new(Arc::new(world), None);
        let took = |text: &str, kind, view| {
            let packet = encode_query(1, &name(text), kind, Some(1232));
            ask(&prepared, &context(view, Ede::Include), Transport::Udp, &packet)
        };
        for view in [None, vnet1] {
            assert!(took("api.monitor.azure.com", RecordType::A, view));
            assert!(took("api.monitor.azure.com", RecordType::AAAA, view));
        }
        assert!(took("nobody.privatelink.monitor.azure.com", RecordType::A, vnet1));
        assert!(!took("nobody.example", RecordType::A, vnet1), "a reason names it");
        assert!(!took("api.monitor.azure.com", RecordType::ANY, vnet1));
        assert!(!took("1.0.0.127.in-addr.arpa", RecordType::PTR, vnet1));
        assert!(!took("longer.privatelink.monitor.azure.com", RecordType::TXT, vnet1), "it is truncated");
    }

    #[test]
    fn tables_of_zones_that_did_not_change_are_taken_over() {
        let zone = |apex: &str| ZoneId { resource_group: "rg".into(), apex: name(apex) };
        let link =
            |apex: &str| Event::LinkZone { zone: zone(apex), network: "one".into(), policy: ResolutionPolicy::Default };
        let set = RecordSet::single(name("a.p.example"), 10, RecordData::A([10, 0, 0, 1].into()));
        let (mut fold, history) = fold(vec![
            Event::CreatePrivateDnsZone { zone: zone("p.example") },
            Event::CreatePrivateDnsZone { zone: zone("q.example") },
            link("p.example"),
            link("q.example"),
            Event::PutRecordSet { zone: zone("p.example"), set },
        ]);
        fold.to(Revision(history.last().0 - 1));
        let before = Prepared::new(Arc::new(fold.compiled()), None);
        fold.to(history.last());
        let after = Prepared::new(Arc::new(fold.compiled()), Some(&before));
        let of = |prepared: &Prepared, apex: &str| {
            let view = &prepared.world.views.get(prepared.world.views.of_network("one").expect("it is there"));
            let address = Arc::as_ptr(&view.links[&name(apex)].zone) as usize;
            Arc::clone(&prepared.ready[&address])
        };
        assert!(Arc::ptr_eq(&of(&before, "q.example"), &of(&after, "q.example")));
        assert!(!Arc::ptr_eq(&of(&before, "p.example"), &of(&after, "p.example")));
    }
}
