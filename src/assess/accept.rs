//! Findings that are accepted: shown as accepted, and no reason for a check to fail.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;

use super::alike::Alike;
use super::finding::{Acceptance, stand_alone};
use super::verdict::Root;
use super::{Assessment, Code, Finding};
use crate::dns::OwnerName;
use crate::estate::NetworkName;
use crate::scenario::Allowance;

impl Assessment {
    /// Marks the findings that entries accept, whole: a finding that lists a network or name that no entry covers stays as
    /// it is. Entries that have expired by `today`, and those that match nothing, become findings themselves.
    #[must_use]
    pub fn accept(mut self, entries: &[Allowance], today: Date) -> Self {
        let is_expired = |entry: &Allowance| entry.expires.is_some_and(|expires| expires < today);
        let mut matches = vec![false; entries.len()];
        let covers: Vec<Covers<'_>> = entries.iter().map(Covers::of).collect();
        let mut places: HashMap<(&str, Option<&str>), Vec<usize>> = HashMap::new();
        for (index, entry) in entries.iter().enumerate() {
            places.entry((&*entry.code, entry.object.as_deref())).or_default().push(index);
        }
        let Self { findings, alike, .. } = &mut self;
        for finding in findings.iter_mut() {
            let code = finding.code.to_string();
            let keys = [(&*code, None), (&*code, Some(&*finding.object))];
            let mut own: Vec<usize> = keys.iter().filter_map(|key| places.get(key)).flatten().copied().collect();
            own.sort_unstable();
            if own.is_empty() {
                continue;
            }
            let mut used: Vec<usize> = Vec::new();
            let mut open = 0;
            for (network, name) in pairs(alike, finding) {
                let mut is_covered = false;
                for index in own.iter().copied().filter(|index| covers[*index].holds(network, name)) {
                    matches[index] = true;
                    if !is_expired(&entries[index]) {
                        is_covered = true;
                        if !used.contains(&index) {
                            used.push(index);
                        }
                    }
                }
                open += usize::from(!is_covered);
            }
            let used: Vec<&Allowance> = used.into_iter().map(|index| &entries[index]).collect();
            let mut reasons: Vec<&str> = used.iter().map(|entry| &*entry.reason).collect();
            reasons.dedup();
            if open == 0 && !used.is_empty() {
                let expires = used.iter().filter_map(|entry| entry.expires).min();
                finding.accepted = Some(Acceptance { reason: reasons.join("; "), expires });
            } else if !used.is_empty() {
                finding.also.push(format!("accepted in part: {}", reasons.join("; ")));
            }
        }
        for (index, (entry, matches)) in entries.iter().zip(matches).enumerate() {
            let what = match &entry.object {
                Some(object) => format!("{} of {object}", entry.code),
                None => entry.code.clone(),
            };
            let (code, message) = match entry.expires {
                Some(expires) if is_expired(entry) => {
                    let still = if matches { "" } else { ", and nothing matches it any more" };
                    let text = format!("the entry that accepts {what} expired on {expires}{still}: {}", entry.reason);
                    (Code::AcceptanceExpired, text)
                }
                _ if !matches => (
                    Code::AcceptanceUnused,
                    format!("the entry that accepts {what} matches no finding: {}", entry.reason),
                ),
                _ => continue,
            };
            self.findings.push(stand_alone(code, Root::Allowance(index), message, Some(entry.place.clone())));
        }
        self.findings.sort_by_key(|finding| (finding.accepted.is_some(), finding.severity));
        self
    }

    /// Entries that accept every finding there is, each for its networks and names only.
    pub fn baseline(&self, reason: &str) -> Vec<Allowance> {
        let open = self.findings.iter().filter(|finding| finding.accepted.is_none() && !is_of_entry(finding.code));
        let entry = |finding: &Finding| Allowance {
            code: finding.code.to_string(),
            object: Some(finding.object.clone()),
            networks: finding.networks.to_vec(),
            names: finding.names.to_vec(),
            reason: reason.into(),
            expires: None,
            place: crate::estate::Place { file: "".into(), line: 1, column: 1 },
        };
        open.map(entry).collect()
    }
}

/// True for the codes that are about entries of `allow`.
fn is_of_entry(code: Code) -> bool {
    matches!(code, Code::AcceptanceExpired | Code::AcceptanceUnused)
}

/// Each network with each name that does not work there; where nothing is listed, one pair of nothing.
fn pairs<'a>(alike: &'a Alike, finding: &'a Finding) -> Vec<(Option<&'a NetworkName>, Option<&'a OwnerName>)> {
    let worst = finding.uses.iter().map(|one| one.standing).min();
    if worst.is_some() {
        let uses = finding.uses.iter().filter(|one| Some(one.standing) == worst);
        let mut pairs: Vec<_> = uses.map(|one| (&one.used.network, alike.names_of(one))).collect();
        pairs.dedup();
        let each = pairs.into_iter().flat_map(|(network, names)| names.iter().map(move |own| (network, own)));
        return each.map(|(network, name)| (Some(network), Some(name))).collect();
    }
    let networks: Vec<_> = finding.networks.iter().map(Some).collect();
    let names: Vec<_> = finding.names.iter().map(Some).collect();
    let or_none = |empty: bool| if empty { 1 } else { 0 };
    let networks = networks.iter().copied().chain(std::iter::repeat_n(None, or_none(networks.is_empty())));
    let names = || names.iter().copied().chain(std::iter::repeat_n(None, or_none(names.is_empty())));
    networks.flat_map(|network| names().map(move |name| (network, name))).collect()
}

/// The networks and names that an entry accepts findings for; where it lists none, all.
struct Covers<'a> {
    networks: HashSet<&'a NetworkName>,
    names: HashSet<&'a OwnerName>,
}

impl<'a> Covers<'a> {
    fn of(entry: &'a Allowance) -> Self {
        Self { networks: entry.networks.iter().collect(), names: entry.names.iter().collect() }
    }

    fn holds(&self, network: Option<&NetworkName>, name: Option<&OwnerName>) -> bool {
        let has_network = self.networks.is_empty() || network.is_some_and(|own| self.networks.contains(own));
        let has_name = self.names.is_empty() || name.is_some_and(|own| self.names.contains(own));
        has_network && has_name
    }
}
