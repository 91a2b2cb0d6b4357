//! Master files made from drawn numbers, in the many ways people write them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ampls_dns::compile::State;
use ampls_dns::dns::OwnerName;
use ampls_dns::estate::{NetworkKind, NetworkName};

/// A zone as master-file text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ZoneText {
    /// What the zone's file is called: its apex and `.zone`.
    pub file: String,
    /// Its apex, which is also the origin the text is read with.
    pub apex: OwnerName,
    /// The virtual networks it is linked to; none for a zone of public DNS.
    pub links: Vec<NetworkName>,
    /// The master file.
    pub text: String,
    /// The owner names of its records.
    pub owners: Vec<OwnerName>,
}

/// A zone for each seed, as far as their names do not meet in one network.
pub(super) fn zones(state: &State, seeds: &[u64]) -> Vec<ZoneText> {
    let networks: Vec<NetworkName> = (state.networks.values())
        .filter(|spec| spec.kind == NetworkKind::Virtual)
        .map(|spec| spec.name.clone())
        .collect();
    let mut apexes: Vec<OwnerName> = ["corp.example", "sub.corp.example", "example.org", "com"].map(name).to_vec();
    apexes.extend(state.catalogue.zone_group().flat_map(|row| [row.private.clone(), row.public.clone()]));
    // Those that stand in the place of zones of the history, twice so that they come often.
    apexes.extend(state.zones.keys().map(|id| id.apex.clone()));
    apexes.extend(state.zones.keys().map(|id| id.apex.clone()));
    let mut taken: BTreeSet<(Option<NetworkName>, OwnerName)> = BTreeSet::new();
    let mut zones = Vec::new();
    for (index, seed) in seeds.iter().enumerate() {
        let mut dice = Dice(*seed);
        let apex = apexes[dice.below(apexes.len())].clone();
        let mut links = Vec::new();
        // Every third zone is public.
        if (index + dice.below(2)) % 3 != 2 {
            links = networks.iter().filter(|_| dice.below(3) != 0).cloned().collect();
            links.retain(|network| taken.insert((Some(network.clone()), apex.clone())));
            if links.is_empty() {
                continue;
            }
        } else if !taken.insert((None, apex.clone())) {
            continue;
        }
        let (text, owners) = master_file(&apex, &mut dice);
        let file = format!("{}-{index}.zone", apex);
        zones.push(ZoneText { file, apex, links, text, owners });
    }
    zones
}

/// SplitMix64 over one zone's seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % bound.max(1) as u64) as usize
    }
}

fn name(text: &str) -> OwnerName {
    OwnerName::parse(text).expect("a good name")
}

/// The text, and the owners of its records.
fn master_file(apex: &OwnerName, dice: &mut Dice) -> (String, Vec<OwnerName>) {
    let mut text = String::new();
    let mut owners = vec![apex.clone()];
    match dice.below(3) {
        0 => text.push_str("$TTL 1h\n"),
        1 => text.push_str("; a zone\r\n$TTL 300\r\n"),
        _ => write!(text, "$ORIGIN {}\n$TTL 2d\n", apex.dotted()).expect("strings take text"),
    }
    match dice.below(2) {
        0 => text.push_str("@ IN SOA ns1 hostmaster ( 7 1h 15m ; serial, refresh, retry\n  4w 60 )\n"),
        _ => {
            writeln!(text, "{} 900 SOA ns1.example. host\\.master.example. 1 2 3 4 5", apex.dotted()).expect("as above")
        }
    }
    if dice.below(2) == 0 {
        text.push_str("@ NS ns1\n\tNS ns2.example.\n");
    }
    if dice.below(3) == 0 {
        text.push_str("@ A 192.0.2.80\n@ IN TXT \"v=spf1 -all\" \"\"\n");
    }
    let labels =
        ["api", "www", "*", "a.b", "*.a", "live", "global.in.ai", "x\\.y", "hand", "loop", "far", "deep.er.still"];
    for label in labels {
        let owner = apex.child(label).expect("a good name");
        let targets = [
            "www".to_owned(),
            label.to_owned(),
            "loop".to_owned(),
            "api.monitor.azure.com.".to_owned(),
            "api.privatelink.monitor.azure.com.".to_owned(),
            "www.corp.example.".to_owned(),
            "nobody.example.".to_owned(),
        ];
        let last = dice.below(250) + 1;
        let line = match dice.below(12) {
            0 => format!("{label} CNAME {}\n", targets[dice.below(targets.len())]),
            1 => format!("{label} 30 IN CNAME {}\n", targets[dice.below(targets.len())]),
            2 => format!("{label} IN 1h30m A 192.0.2.{last}\n      A 192.0.2.{}\n", last / 2),
            3 => format!("{label} AAAA 2001:db8::{last:x}\n{label} A 198.51.100.{last}\n"),
            4 => format!("{} 0 A 10.0.1.{last}\n", owner.dotted()),
            5 => format!("{label} TXT ( \"a;b\" c\n \"d\\\"e\" \"\\255\" )\n"),
            6 => format!("{label} MX 10 www\n MX 20 mail.example.\n"),
            7 => format!("{label} SRV 0 5 443 www\n"),
            8 => format!("{label} PTR www\n{label} 2147483647 TXT long\n"),
            _ => continue,
        };
        text.push_str(&line);
        owners.push(owner);
    }
    (text, owners)
}
