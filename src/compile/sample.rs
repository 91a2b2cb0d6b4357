//! A small estate for tests that need something to ask: two networks, one of them linked to a private zone.

use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::civil::date;

use super::{Compiled, Fold};
use crate::catalogue::{Catalogue, PublicTtl, PublicZone, Rules};
use crate::dns::{OwnerName, RecordData, RecordSet, Soa};
use crate::estate::Cloud;
use crate::estate::{
    DnsSetting, Event, History, NetworkKind, NetworkName, NetworkSpec, Recorded, ResolutionPolicy, ZoneId,
};

/// The name, which is a good one.
pub fn name(text: &str) -> OwnerName {
    OwnerName::parse(text).expect("a good name")
}

/// `vnet1` (10.0.1.0/24 and 127.0.1.0/24) sees the zone `privatelink.monitor.azure.com`, in which `api` has the address
/// `api`, `long` has a TXT record of 768 bytes and `longer` has 16 of those; `vnet2` (10.0.2.0/24 and, within the other's
/// prefix, 127.0.1.128/25) does not. In public, `api.monitor.azure.com` is an alias of the private name, which has the
/// address 192.0.2.1.
pub fn estate(api: Ipv4Addr) -> Compiled {
    let zone = ZoneId { resource_group: "rg-dns".into(), apex: name("privatelink.monitor.azure.com") };
    let mut events = vec![
        Event::CreateNetwork(network("vnet1", "10.0.1.0/24", "127.0.1.0/24")),
        Event::CreateNetwork(network("vnet2", "10.0.2.0/24", "127.0.1.128/25")),
        Event::CreatePrivateDnsZone { zone: zone.clone() },
        Event::LinkZone {
            zone: zone.clone(),
            network: "vnet1".into(),
            policy: ResolutionPolicy::Default,
            registration: false,
        },
    ];
    let text = |letter: u8| RecordData::Txt(vec![vec![letter; 255]; 3]);
    for (label, data) in
        [("api", vec![RecordData::A(api)]), ("long", vec![text(b'x')]), ("longer", (b'a'..b'q').map(text).collect())]
    {
        let owner = zone.apex.child(label).expect("a good name");
        let set = RecordSet::new(owner, 10, data).expect("records of one type");
        events.push(Event::PutRecordSet { zone: zone.clone(), set });
    }
    let mut history = History::new(Cloud::Public);
    for event in events {
        history.push(Recorded { event, date: None, place: None });
    }
    let history = Arc::new(history);
    let mut fold = Fold::with_catalogue(catalogue(), &history);
    fold.to(history.last());
    fold.compiled()
}

fn network(label: &str, space: &str, clients: &str) -> NetworkSpec {
    let prefix = |text: &str| text.parse().expect("a good prefix");
    NetworkSpec {
        name: NetworkName::from(label),
        kind: NetworkKind::Virtual,
        address_space: vec![prefix(space)],
        client_prefixes: vec![prefix(clients)],
        subnets: Vec::new(),
        subnets_v6: Vec::new(),
        dns: DnsSetting::AzureProvided,
    }
}

pub fn catalogue() -> Arc<Catalogue> {
    let apex = name("monitor.azure.com");
    let soa = Soa {
        host: name("ns.example"),
        email: name("hostmaster.example"),
        serial: 1,
        refresh: 900,
        retry: 300,
        expire: 604_800,
        minimum: 60,
    };
    let sets = vec![
        RecordSet::single(apex.clone(), 300, RecordData::Soa(soa)),
        RecordSet::single(
            name("api.monitor.azure.com"),
            300,
            RecordData::Cname(name("api.privatelink.monitor.azure.com")),
        ),
        RecordSet::single(name("api.privatelink.monitor.azure.com"), 300, RecordData::A(Ipv4Addr::new(192, 0, 2, 1))),
    ];
    Arc::new(Catalogue {
        cloud: Cloud::Public,
        uncertainty: None,
        zones: Vec::new(),
        endpoints: Vec::new(),
        hosts: Vec::new(),
        regions: Vec::new(),
        regional: Vec::new(),
        resources: Vec::new(),
        outside: Vec::new(),
        chains: Vec::new(),
        shared: Vec::new(),
        public_zones: vec![PublicZone { apex, sets, inferred_names: Vec::new() }],
        rules: Rules {
            compression_since: date(2021, 12, 1),
            access_modes_since: date(2021, 9, 1),
            private_ttl: 10,
            manual_ttl: 3600,
            reserved_at_start: 4,
            reserved_at_end: 1,
            public_ttl: PublicTtl { hop: 300, traffic_manager: 60, tail: 10 },
        },
    })
}
