//! A revision, ready to be answered from by copying.
//!
//! The bytes of the zones are answered from as they are. What is made here is how each view finds its zones, and the texts
//! of extended errors, which are rendered once per revision. A revision that follows another takes over the texts of all
//! zones that did not change.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::sections::{ends_at, overwriting, tells_of_missing};
use crate::compile::existing::has_rules;
use crate::compile::{Compiled, View, Zone};
use crate::dns::{Key, OwnerName, PackedZone, RecordType, Suffixes, key};
use crate::estate::{DnsSetting, History, NetworkKind, ResolutionPolicy, ZoneId};

/// A revision, ready to be answered from.
#[derive(Debug)]
pub struct Prepared {
    world: Arc<Compiled>,
    /// In the order of the views.
    views: Vec<ViewPlan>,
    public: Suffixes<ZoneSlot>,
    /// Public DNS of the networks that share the DNS of a legacy scope; empty where there are none.
    legacy_public: Suffixes<ZoneSlot>,
    reasons: AllReasons,
}

/// The reasons of each zone, by its identity; zones of public DNS by their apex.
#[derive(Debug, Default)]
struct AllReasons {
    private: HashMap<ZoneId, (Arc<Zone>, Arc<Reasons>)>,
    public: HashMap<OwnerName, (Arc<Zone>, Arc<Reasons>)>,
}

/// How a view's clients are answered.
#[derive(Debug)]
enum ViewPlan {
    /// From the zones linked to the network, then from public DNS.
    Linked {
        links: Suffixes<ZoneSlot>,
        /// True if forwarding rules come before public DNS: names that no link has are not decided here.
        rules: bool,
        /// True if public DNS is the one of networks that share the DNS of a legacy scope.
        legacy: bool,
    },
    /// From public DNS alone.
    Public,
    /// By servers of the network's own; not decided here.
    Custom,
}

/// The texts of a zone's extended errors.
#[derive(Debug, Default)]
pub(super) struct Reasons {
    /// Why a record set is what it is, by its origin.
    texts: hashbrown::HashMap<u32, Box<str>, RandomState>,
    /// Hashes of the names whose addresses were deleted: replies say so. A name that only shares a hash with one costs one
    /// unnecessary slow-path lookup.
    deleted: hashbrown::HashSet<u64, RandomState>,
}

/// A zone as one view sees it.
#[derive(Debug)]
pub(super) struct ZoneSlot {
    zone: Arc<Zone>,
    /// Absent if there is nothing to say about any of its record sets.
    reasons: Option<Arc<Reasons>>,
    /// True if names that are not known to be in it may exist.
    pub(super) unknown: bool,
    /// True if names it does not have may be asked again in public DNS.
    pub(super) redirects: bool,
    /// True if a reply may have to say something about any name that the zone does not have.
    tells: bool,
    /// True if names it does not have may exist all the same, outside the emulated zones.
    pub(super) ends: bool,
    /// True if names it does not have may exist by a rule of the catalogue.
    pub(super) rules: bool,
}

impl ZoneSlot {
    fn of(zone: &Arc<Zone>) -> Self {
        Self {
            unknown: zone.unknown().is_some(),
            zone: Arc::clone(zone),
            reasons: None,
            redirects: false,
            tells: false,
            ends: false,
            rules: false,
        }
    }

    pub(super) fn packed(&self) -> &PackedZone {
        self.zone.packed()
    }

    /// Why the record set with this origin is what it is; absent if there is nothing to say.
    pub(super) fn reason(&self, origin: u32) -> Option<&str> {
        self.reasons.as_ref()?.texts.get(&origin).map(|text| &**text)
    }

    /// True if a reply may have to say something about this name, which the zone does not have.
    pub(super) fn tells_of(&self, key: &Key) -> bool {
        self.tells || self.reasons.as_ref().is_some_and(|reasons| reasons.deleted.contains(&key.suffix(0).1))
    }
}

impl Prepared {
    /// Prepares a revision. The reasons that `before` has for zones that did not change are taken over.
    pub fn new(world: Arc<Compiled>, before: Option<&Self>) -> Self {
        let mut builder = Builder { world: &world, before, reasons: AllReasons::default() };
        let public = builder.public(false);
        let has_legacy = world.views.iter().any(|(_, view)| view.shares_legacy_dns);
        let legacy_public = if has_legacy { builder.public(true) } else { Suffixes::default() };
        let views = world.views.iter().map(|(_, view)| builder.plan(view)).collect();
        let reasons = builder.reasons;
        Self { views, public, legacy_public, reasons, world }
    }

    /// The revision.
    pub fn world(&self) -> &Arc<Compiled> {
        &self.world
    }

    /// The zone that answers for a name in a view; absent where that is not decided here.
    pub(super) fn zone_of(&self, view: usize, key: &Key) -> Option<&ZoneSlot> {
        match self.views.get(view)? {
            ViewPlan::Linked { links, rules, legacy } => match links.longest(key) {
                Some(slot) => Some(slot),
                None if *rules => None,
                None if *legacy => self.legacy_public.longest(key),
                None => self.public.longest(key),
            },
            ViewPlan::Public => self.public.longest(key),
            ViewPlan::Custom => None,
        }
    }
}

struct Builder<'m> {
    world: &'m Compiled,
    before: Option<&'m Prepared>,
    reasons: AllReasons,
}

impl Builder<'_> {
    fn public(&mut self, legacy: bool) -> Suffixes<ZoneSlot> {
        let world = self.world;
        let mut slots = Suffixes::default();
        for zone in world.state.public_dns(legacy).zones() {
            let known = self.before.and_then(|before| before.reasons.public.get(zone.apex()));
            let reasons = self.reasons_of(zone, known);
            if let Some(reasons) = reasons.as_ref().filter(|_| !legacy) {
                self.reasons.public.insert(zone.apex().clone(), (Arc::clone(zone), Arc::clone(reasons)));
            }
            let tells = tells_of_missing(world, zone.apex());
            let ends = ends_at(world, zone.apex());
            let rules = zone.file().is_none() && has_rules(&world.state.catalogue, zone.apex());
            slots.insert(zone.apex().clone(), ZoneSlot { tells, ends, rules, reasons, ..ZoneSlot::of(zone) });
        }
        for zone in world.state.files.public().values() {
            slots.insert(zone.apex().clone(), ZoneSlot::of(zone));
        }
        slots
    }

    fn plan(&mut self, view: &View) -> ViewPlan {
        if matches!(view.dns, DnsSetting::Custom { .. }) {
            return ViewPlan::Custom;
        }
        if view.kind == NetworkKind::OnPremises {
            return ViewPlan::Public;
        }
        let links = view.links.iter().map(|(apex, link)| {
            let reasons = if link.zone.file().is_some() { None } else { self.reasons_of_private(&link.zone) };
            let redirects = link.policy == ResolutionPolicy::NxDomainRedirect;
            (apex.clone(), ZoneSlot { redirects, reasons, ..ZoneSlot::of(&link.zone) })
        });
        ViewPlan::Linked { links: links.collect(), rules: !view.rulesets.is_empty(), legacy: view.shares_legacy_dns }
    }

    fn reasons_of_private(&mut self, zone: &Arc<Zone>) -> Option<Arc<Reasons>> {
        if let Some((_, reasons)) = self.reasons.private.get(&zone.id) {
            return Some(Arc::clone(reasons));
        }
        let known = self.before.and_then(|before| before.reasons.private.get(&zone.id));
        let reasons = self.reasons_of(zone, known)?;
        self.reasons.private.insert(zone.id.clone(), (Arc::clone(zone), Arc::clone(&reasons)));
        Some(reasons)
    }

    /// The reasons of a zone: those of the revision before, if the zone is the same and no text can have changed.
    fn reasons_of(&self, zone: &Arc<Zone>, known: Option<&(Arc<Zone>, Arc<Reasons>)>) -> Option<Arc<Reasons>> {
        // The texts name steps, which a longer history may have more of.
        let same_steps = |reasons: &Reasons| {
            reasons.texts.is_empty()
                || self.before.is_some_and(|before| same(&before.world.history, &self.world.history))
        };
        if let Some((before, reasons)) = known
            && Arc::ptr_eq(before, zone)
            && same_steps(reasons)
        {
            return Some(Arc::clone(reasons));
        }
        let texts = zone
            .overwriting()
            .filter_map(|(origin, owned)| Some((origin, overwriting(self.world, &owned)?.into_boxed_str())));
        let deleted = zone.tombstones().filter(|(_, kind)| *kind == RecordType::A);
        let reasons =
            Reasons { texts: texts.collect(), deleted: deleted.map(|(name, _)| key::hash_of(name.wire())).collect() };
        (!reasons.texts.is_empty() || !reasons.deleted.is_empty()).then(|| Arc::new(reasons))
    }
}

fn same(one: &Arc<History>, other: &Arc<History>) -> bool {
    Arc::ptr_eq(one, other)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::net::IpAddr;

    use proptest::prelude::*;

    use super::*;
    use crate::compile::{Fold, ZoneFiles, sample};
    use crate::dns::NameServers;
    use crate::dns::wire::Transport;
    use crate::dns::wire::{decode, encode_query};
    use crate::dns::{OwnerName, RecordData, RecordSet};
    use crate::estate::Cloud;
    use crate::estate::{Event, NetworkSpec, Recorded, Revision, ZoneId};
    use crate::resolve::fast::respond_fast;
    use crate::resolve::{Ede, Forwarding, RequestContext, Subnets, parse};

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

    /// Names that meet, miss and are below one another.
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
                    Event::LinkZone { zone, network: network.into(), policy, registration: false },
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
                subnets_v6: Vec::new(),
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
            let zone = Arc::new(Zone::read("file", text.as_bytes(), None, NameServers::Keep).expect("a good zone"));
            if place != 1 {
                files.publish(Arc::clone(&zone)).expect("three names");
            }
            if place != 0 {
                files.link(&"one".into(), zone).expect("three names");
            }
        }
        files
    }

    /// Asks on both paths and holds the replies equal; true if the fast one was taken.
    fn ask(prepared: &Prepared, context: &RequestContext<'_>, transport: Transport, packet: &[u8]) -> bool {
        let (mut quick, mut slow) = (vec![0xaa; 7], Vec::new());
        let response = crate::resolve::respond(prepared.world(), context, transport, packet, &mut slow);
        let Ok(query) = parse(packet, context.extended) else { return false };
        let Some(fast) = respond_fast(prepared, context, transport, &query, &mut quick) else { return false };
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
        fn both_paths_lead_to_the_same_reply(
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
    fn ordinary_questions_take_the_fast_path() {
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
    fn reasons_of_zones_that_did_not_change_are_taken_over() {
        let zone = |apex: &str| ZoneId { resource_group: "rg".into(), apex: name(apex) };
        let link = |apex: &str| Event::LinkZone {
            zone: zone(apex),
            network: "one".into(),
            policy: ResolutionPolicy::Default,
            registration: false,
        };
        let put = |owner: &str, last: u8| Event::PutRecordSet {
            zone: zone(&owner[2..]),
            set: RecordSet::single(name(owner), 10, RecordData::A([10, 0, 0, last].into())),
        };
        let delete =
            |owner: &str| Event::DeleteRecordSet { zone: zone(&owner[2..]), owner: name(owner), kind: RecordType::A };
        let (mut fold, history) = fold(vec![
            Event::CreatePrivateDnsZone { zone: zone("p.example") },
            Event::CreatePrivateDnsZone { zone: zone("q.example") },
            link("p.example"),
            link("q.example"),
            put("a.p.example", 1),
            put("a.q.example", 1),
            delete("a.p.example"),
            delete("a.q.example"),
            put("b.p.example", 1),
        ]);
        fold.to(Revision(history.last().0 - 1));
        let before = Prepared::new(Arc::new(fold.compiled()), None);
        fold.to(history.last());
        let after = Prepared::new(Arc::new(fold.compiled()), Some(&before));
        let of = |prepared: &Prepared, apex: &str| {
            let (_, reasons) = &prepared.reasons.private[&zone(apex)];
            Arc::clone(reasons)
        };
        assert!(Arc::ptr_eq(&of(&before, "q.example"), &of(&after, "q.example")));
        assert!(!Arc::ptr_eq(&of(&before, "p.example"), &of(&after, "p.example")));
    }
}
